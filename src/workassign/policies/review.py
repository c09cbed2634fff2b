"""Which replies does somebody look at, before they are sent or after? By phase of training, as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import attrs

from workassign.model import InteractionId, range_problem

__all__ = ["PHASE", "Review"]

PHASE = "phase"
"""The attribute of an agent that says how far her training has come."""

_NOBODY: Mapping[str, float] = MappingProxyType({})


@attrs.frozen(kw_only=True)
class Review:
    """Replies of trainees go to a reviewer: a share of them before they are sent, or after, by phase."""

    queue: str
    """Where reviews wait; what is needed there finds the reviewers."""
    before: Mapping[str, float] = _NOBODY
    """Phase -> the share of replies, 0 to 1, that are sent only when somebody has approved them."""
    after: Mapping[str, float] = _NOBODY
    """Phase -> the share of the others that somebody looks at after they were sent."""
    units: float = 0.5
    """What an interaction takes up at most in its author's hands while her reply waits for approval."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong: the setting and the rule."""
        if not isinstance(self.queue, str):
            yield "queue", f"must be a name, not {self.queue!r}"
        for name in ("before", "after"):
            shares = getattr(self, name)
            if not isinstance(shares, Mapping):
                yield name, f"must be a table phase -> share, not {shares!r}"
                continue
            for phase, share in shares.items():
                if not isinstance(phase, str):
                    yield name, f"a phase must be a name, not {phase!r}"
                elif (problem := _share_problem(share)) is not None:
                    yield f"{name}.{phase}", problem
        if self.before == self.after == {}:
            yield "", "asks for no phase: give before or after"
        if self.units != 0 and (problem := range_problem(self.units)) is not None:
            yield "units", problem

    def asks(self, when: str, phase: object, interaction: InteractionId, number: int) -> bool:
        """Whether somebody looks at this reply: *when* is before or after, *number* is from 1.

        Whose phase is one of several is looked at as much as the strictest of them asks for.
        """
        shares: Mapping[Any, float] = getattr(self, when)
        phases = phase if isinstance(phase, tuple) else (phase,)
        share = max((shares.get(each, 0.0) for each in phases), default=0.0)
        return share > 0 and _drawn(when, interaction, number) < share


def _share_problem(share: object) -> str | None:
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        return f"must be a share from 0 to 1, not {share!r}"
    return None


def _drawn(when: str, interaction: InteractionId, number: int) -> float:
    """Return a number from 0 to below 1 that looks random, and is the same on every machine."""
    import hashlib

    text = f"{when}\n{number}\n{interaction}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]) / 2**48
