"""What is let in? Bounds at the door of a queue, and where else something goes: as data."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from workassign.model import range_problem, whole_problem

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
    """Where something that is submitted goes instead, when all that this asks for is so.

    The queue is asked first, at a cost of O(1). Of the newcomer is asked what a `Step` would ask of
    it, had it been let in: that costs the scoring of the queue, and a look at the agents or a forecast.
    """

    length: int | None = None
    """So many, or more, wait in the queue already."""
    closed: str | None = None
    """The calendar of this name is closed."""
    queue: str | None = None
    """It goes there, and on from there by what that queue says; None: it is refused."""
    oldest_age: float | None = None
    """Something in the queue, which nobody has, is so many seconds old, or older."""
    eligible_below: int | None = None
    """Fewer agents than this who are signed on could take the newcomer, with room or without."""
    free_below: int | None = None
    """Fewer agents than this could take it now."""
    expected_wait: float | None = None
    """It must be expected to wait for more than so many seconds; not so while nobody knows."""
    slack: float | None = None
    """When its wait is over as must be expected, so many seconds, or less, will be left until somebody
    must turn to it: of the target of acceptance or first response that is missed first."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong: the setting and the rule."""
        if not self.conditions:
            yield "", f"is always so: give {', '.join(CONDITIONS[:-1])} or {CONDITIONS[-1]}"
        for name in ("length", "eligible_below", "free_below"):
            if name in self.conditions:
                yield from whole(name, getattr(self, name))
        for name in ("oldest_age", "expected_wait", "slack"):
            if name in self.conditions and (problem := range_problem(getattr(self, name))):
                yield name, problem
        for name in ("closed", "queue"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                yield name, f"must be a name, not {value!r}"

    @property
    def conditions(self) -> tuple[str, ...]:
        """The names of what it asks for."""
        return tuple(name for name in CONDITIONS if getattr(self, name) is not None)

    @property
    def asks_newcomer(self) -> bool:
        """Whether it asks for anything that hangs on the newcomer."""
        return any(name in _OF_NEWCOMER for name in self.conditions)

    @property
    def forecasts(self) -> bool:
        """Whether it asks how long something will wait."""
        return self.expected_wait is not None or self.slack is not None

    def why(self, queue: str) -> str:
        """Return what is so, when this rule of *queue* holds."""
        told = (_TOLD[name].format(getattr(self, name)) for name in self.conditions)
        return f"queue {queue!r}: {', '.join(told)}"


_TOLD = {
    "length": "{} or more wait",
    "closed": "calendar {!r} is closed",
    "oldest_age": "something is {:g} s old or older",
    "eligible_below": "agents who could take it are fewer than {}",
    "free_below": "agents who are free for it are fewer than {}",
    "expected_wait": "more than {:g} s of waiting must be expected",
    "slack": "{:g} s or less would be left of its promise",
}
CONDITIONS = tuple(_TOLD)
"""All that a rule can ask for."""

_OF_NEWCOMER = ("eligible_below", "free_below", "expected_wait", "slack")


def whole(name: str, value: object, least: int = 1) -> Iterator[tuple[str, str]]:
    """Yield the rule that *value* breaks, if it bounds nothing."""
    if problem := whole_problem(value, least, MOST):
        yield name, problem
