"""Does what is due still count?

Timers are never taken out of their heap: a timer counts if what it was set for still is as it was.
"""

from __future__ import annotations

from collections.abc import Callable

from workassign._deadlines import (
    AGE,
    BEAT,
    BREACH,
    DELAY,
    FORECAST,
    GRACE,
    LEASE,
    OFFER,
    RAMP,
    REST,
    RESUME,
    SHIFT,
    SLA,
    STEP,
    STICKY,
    SURGE,
    Timed,
    Timer,
)
from workassign._index import Index
from workassign._moving import Moving
from workassign._profiles import Window
from workassign._records import AgentState, Clock, Holding, Work
from workassign._shifts import turning_points
from workassign._state import State
from workassign.model import Instant

__all__ = ["Timers", "number"]


class Timers:
    """Knows of every kind of timer whether it still counts."""

    index: Index
    moving: Moving

    def __init__(self, state: State) -> None:
        self._state = state
        self.rotates: Callable[[str, Instant], bool] = _never
        """Whether a rotation still goes on at an instant."""

    def counts(self, timer: Timer) -> bool:
        """Whether a timer in the heap still counts."""
        due, kind, _, subject = timer
        if kind == SURGE:
            surge = self._state.surge
            return surge is not None and surge.on and surge.due == due
        if isinstance(subject, str):
            return self.rotates(subject, due)
        if isinstance(subject, Window):
            return subject.due == due
        if isinstance(subject, AgentState):
            if self._state.agents.get(subject.agent.id) is not subject:
                return False
            if kind == SHIFT:
                return due in turning_points(subject, self._state.plan.channels)
            ends = {REST: subject.rest, RAMP: subject.ramp, GRACE: subject.grace, BEAT: subject.lease}
            return ends[kind] == due
        if kind in (AGE, BREACH):
            return self._is_ahead(subject, kind, due)
        if isinstance(subject, Clock):
            return self._runs(subject) and subject.wakes == due
        if isinstance(subject, Holding):
            if kind == OFFER:
                return subject.pending
            return subject.work.hold is subject and subject.until == due
        assert isinstance(subject, Work)
        return self._counts_for(subject, kind, due)

    def _counts_for(self, work: Work, kind: int, due: Instant) -> bool:
        """Whether something is still due for *work* then."""
        if kind == STEP:
            return self.moving.counts(work, due)
        if kind == FORECAST:
            return self.moving.is_asked(work, due)
        if kind == SLA:
            return work.pending and work.due == due
        if kind == RESUME:
            parking = self._state.parked.get(work.interaction.id)
            return parking is not None and parking.until == due
        if kind == LEASE:
            lock = self._state.locks.get(work.interaction.id)
            return lock is not None and lock[1] == due
        if kind == STICKY:
            return work.interaction.id in self.index.kept and work.kept_until == due
        if kind == DELAY:
            return self.index.young.get(work.interaction.id, (None,))[0] == due
        # Offered to somebody else, it may come back before that refusal ends.
        return work.refused is not None and any(due in times for times in work.refused.values())

    def _is_ahead(self, subject: object, kind: int, due: Instant) -> bool:
        """Whether an alarm's limit is still ahead of *subject* at *due*.

        It is not, where it came to its queue later: then it was over that limit from the first.
        """
        work = subject.work if isinstance(subject, Clock) else subject
        assert isinstance(work, Work)
        alarms = work.sig.queue.plan.alarms
        if alarms is None or work.stage == "closed":
            return False
        came = work.came
        if work.interaction.not_before is not None and came == work.since:
            # It may have been taken up before its time.
            came = min(came, work.first_said().at)
        if came >= due:
            return False
        if kind == AGE:
            return alarms.oldest_age is not None and work.since + alarms.oldest_age == due
        if alarms.next_breach is None:
            return False
        if isinstance(subject, Clock):
            return self._runs(subject) and subject.due is not None and subject.due - alarms.next_breach == due
        return work.pending and work.due is not None and work.due - alarms.next_breach == due

    def _runs(self, clock: Clock) -> bool:
        known = self._state.conversations.get(clock.work.interaction.id)
        return known is not None and known.clocks.get(clock.target.label) is clock and clock.since is not None


def number(kind: int, item: Timed) -> int:
    """Tell the timers of one kind apart."""
    if isinstance(item, Holding):
        return item.offer or 0
    assert isinstance(item, Work)
    return item.seq


def _never(rotation: str, due: Instant) -> bool:
    return False
