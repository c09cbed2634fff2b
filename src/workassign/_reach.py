"""Through which queues does an agent reach something, how early and how soon?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from workassign._records import Signature, Work
from workassign.model import Instant

__all__ = ["Reaching", "delay", "delays", "is_early", "priority"]


class Reaching(Protocol):
    """An agent, or all who are alike, as far as the queues go."""

    @property
    def queues(self) -> Mapping[str, int] | None:
        """Queue -> her priority; None: every queue."""

    @property
    def delays(self) -> Mapping[str, float]:
        """Queue -> seconds."""


def priority(queues: Mapping[str, int] | None, sig: Signature) -> int:
    """Return the best priority of who has these *queues* for one through which she sees *sig*."""
    return 1 if queues is None else min((queues[view] for view in sig.views if view in queues), default=1)


def delay(who: Reaching, sig: Signature) -> tuple[float, str]:
    """Return for how long *who* is given nothing of *sig*, and through which queue: the shortest.

    A batch weighs everything that waits together: in its queue no delay counts.
    """
    if sig.queue.plan.batch is not None:
        return 0.0, sig.queue.name
    views = [view for view in sig.views if who.queues is None or view in who.queues] or sig.views
    return min((who.delays.get(view, 0.0), view) for view in views)


def delays(known: Mapping[str, tuple[float, ...]], sig: Signature) -> tuple[float, ...]:
    """Return the delays, by queue *known*, that somebody may have for *sig*, the shortest first."""
    if sig.queue.plan.batch is not None:
        return ()
    if len(sig.views) == 1:
        return known.get(sig.views[0], ())
    return tuple(sorted({each for view in sig.views for each in known.get(view, ())}))


def is_early(who: Reaching, work: Work, at: Instant) -> bool:
    """Whether her delay keeps *who*, for whom it does not wait alone, from waiting *work*."""
    seconds = delay(who, work.sig)[0] if who.delays else 0.0
    return seconds > 0 and at < work.came + seconds  # what is taken up before its time has still to come
