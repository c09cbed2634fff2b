"""What is let in? Bounds at the door of a queue, and where else something goes: as data."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from workassign.model import range_problem

__all__ = ["MOST", "Overflow", "Quota"]

MOST = 1_000_000_000
"""No bound is larger."""


@attrs.frozen(kw_only=True)
class Quota:
    """At most so many are let in within each window of time; windows begin at the multiples of `per`."""

    number: int
    per: float
    """Seconds."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong: the setting and the rule."""
        yield from whole("number", self.number)
        if problem := range_problem(self.per):
            yield "per", problem


@attrs.frozen(kw_only=True)
class Overflow:
    """Where something that is submitted goes instead, when all that this asks for is so."""

    length: int | None = None
    """So many, or more, wait in the queue already."""
    closed: str | None = None
    """The calendar of this name is closed."""
    queue: str | None = None
    """It goes there, and on from there by what that queue says; None: it is refused."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong: the setting and the rule."""
        if self.length is not None:
            yield from whole("length", self.length)
        if self.length is None and self.closed is None:
            yield "", "is always so: give length or closed"
        for name in ("closed", "queue"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                yield name, f"must be a name, not {value!r}"


def whole(name: str, value: object) -> Iterator[tuple[str, str]]:
    """Yield the rule that *value* breaks, if it bounds nothing."""
    if type(value) is not int or not 1 <= value <= MOST:
        yield name, f"must be a whole number from 1 to {MOST}, not {value!r}"
