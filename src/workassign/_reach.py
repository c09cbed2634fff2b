"""Through which queue does an agent reach something, and how soon?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from workassign._records import Signature, Work
from workassign.model import Instant

__all__ = ["Reaching", "delay", "is_early"]


class Reaching(Protocol):
    """An agent, or all who are alike, as far as the queues go."""

    @property
    def queues(self) -> Mapping[str, int] | None:
        """Queue -> her priority; None: every queue."""

    @property
    def delays(self) -> Mapping[str, float]:
        """Queue -> seconds."""


def delay(who: Reaching, sig: Signature) -> float:
    """Return for how long something like this has to be in its queue before *who* is given it."""
    return who.delays.get(sig.queue.name, 0.0) if who.delays else 0.0


def is_early(who: Reaching, work: Work, at: Instant) -> bool:
    """Whether her delay keeps *who*, for whom it does not wait alone, from waiting *work*."""
    seconds = delay(who, work.sig)
    return seconds > 0 and at < work.came + seconds  # what is taken up before its time has still to come
