"""Which SLA clocks should run now, and what follows when one runs out?

Nothing here remembers what happened: after each fact the clocks of an interaction are brought in
line with how it stands. A clock runs while its condition holds (`_RUNS`); when that ends by what
the clock was waiting for, it has stopped, else it is cancelled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from workassign import events as ev
from workassign._asking import Asking, Turn
from workassign._deadlines import CLOCK, Deadlines
from workassign._records import Clock, Conversation, Work
from workassign._state import State
from workassign.model import Instant, Status
from workassign.policies.sla import Measure, Target
from workassign.queues import calendar_of

__all__ = ["Clocks", "elapsed"]


def _answered(known: Conversation | None, target: Target) -> bool:
    return known is not None and known.answered[target.bots]


def _is_waited_for(known: Conversation | None, target: Target) -> bool:
    """Whether the customer has the last word."""
    return known is None or known.unanswered[target.bots] is not None


_RUNS: Mapping[Measure, Callable[[Work, Conversation | None, Target], bool]] = {
    "accept": lambda work, known, target: work.stage in ("waiting", "offered", "parked"),
    "first_response": lambda work, known, target: not _answered(known, target),
    "next_response": lambda work, known, target: _answered(known, target) and _is_waited_for(known, target),
    "periodic_update": lambda work, known, target: _answered(known, target),
    "resolution": lambda work, known, target: work.stage != "wrapping",
}
"""While it is open: when a clock runs, or stands still."""

_ENDS: Mapping[Measure, str] = {
    "accept": "accepted",
    "first_response": "replied",
    "next_response": "replied",
    "periodic_update": "replied",
    "resolution": "completed",
}
"""The cause by which a clock has done its work."""

_ANEW = ("accept", "next_response", "periodic_update")
"""What these measured in an earlier opening is over."""


_MOVES = ("transferred", "plan changed")
"""The causes by which an interaction comes under other targets."""


def elapsed(clock: Clock, at: Instant) -> float:
    """Return how much of its own time *clock* has used up by *at*."""
    if clock.since is None:
        return clock.elapsed
    passed = at - clock.since if clock.calendar is None else clock.calendar.open_seconds(clock.since, at)
    return clock.elapsed + passed


class Clocks:
    """Starts, pauses, resumes, stops and cancels the clocks of interactions."""

    def __init__(self, state: State, asking: Asking, turn: Turn, deadlines: Deadlines) -> None:
        self._state = state
        self._conversations = state.conversations
        self._asking = asking
        self._turn = turn
        self._deadlines = deadlines

    def follow(self, work: Work, cause: str, at: Instant, *, anew: bool = False) -> None:
        """Bring the clocks of *work* in line after a fact, if there can be any; *cause* is it in a word.

        *anew*: what is measured to the acceptance begins again. Cost: O(targets of its queue).
        """
        if self._state.clocked:
            self.align(work, cause, at, anew=anew)

    def align(self, work: Work, cause: str, at: Instant, *, anew: bool = False) -> None:
        """Do as `follow` does, also where the plan that holds has no clocks any more."""
        known = self._conversations.get(work.interaction.id)
        moved = []
        if known is not None and cause in _MOVES:
            for name, clock in list(known.clocks.items()):
                if anew and clock.target.measures == "accept":
                    self._end(clock, cause, at)
                elif not self._belongs(clock):
                    moved.append(name)
                    self._end(clock, cause, at)
        for target in work.sig.queue.plan.targets:
            self._align_with(work, target, cause, target.label in moved, at)

    def _belongs(self, clock: Clock) -> bool:
        """Whether *clock* is one of the queue where its interaction is, under the plan that holds."""
        queue, calendars = clock.work.sig.queue, self._state.plan.calendars
        if queue is not clock.queue and clock.target.on_transfer == "restart":
            return False
        found = (each for each in queue.plan.targets if each.is_like(clock.target))
        return any(calendar_of(each, calendars) == clock.calendar for each in found)

    def _align_with(self, work: Work, target: Target, cause: str, moved: bool, at: Instant) -> None:
        known = self._conversations.get(work.interaction.id)
        clock = None if known is None else known.clocks.get(target.label)
        runs = work.stage != "closed" and _RUNS[target.measures](work, known, target)
        if work.stage == "parked" and self._state.parked[work.interaction.id].scheduled:
            runs = False  # what it is promised counts from its time on
        if clock is not None and (not runs or self._is_over(target, cause)):
            self._end(clock, cause, at)
            clock = None
        if clock is None and runs:
            clock = self._start(work, target, cause, moved, at)
        if clock is not None:
            self._pause_or_resume(clock, cause, at)

    def _is_over(self, target: Target, cause: str) -> bool:
        """Whether a clock that goes on running has done its work: the next update is another one."""
        return target.measures == "periodic_update" and cause in _said(target)

    def _start(self, work: Work, target: Target, cause: str, moved: bool, at: Instant) -> Clock | None:
        """Start a clock, unless its target says that there is none."""
        seconds = self._asking.within(work, target, at)
        if seconds is None:
            return None
        used, missed = self._carried(work, target, moved, cause)
        late = missed and used >= seconds
        due = None if late else self._ahead(target, seconds - used, at)
        warnings = () if late else self._warnings(target, seconds, used, at)
        ids = (at, work.interaction.id, target.label, cause)
        event = ev.ClockStarted(*ids, seconds, used, due, warnings)
        clock = self._conversations.clock_started(work, event, self._state.plan.calendars)
        self._turn.facts.append(event)
        self._set_going(clock, at)
        return clock

    def _carried(self, work: Work, target: Target, moved: bool, cause: str) -> tuple[float, bool]:
        """Return how much is used up already, and whether the target was missed by that."""
        known = self._conversations.get(work.interaction.id)
        spent = None if known is None else known.ended.get(target.label)
        # By way of a queue without the target it was moved, too: nothing was opened again.
        rule = target.on_transfer if moved or cause in _MOVES else target.on_reopen
        anew = rule == "restart" or (not moved and target.measures in _ANEW)
        return (0.0, False) if spent is None or anew else spent

    def _pause_or_resume(self, clock: Clock, cause: str, at: Instant) -> None:
        known, target = self._conversations[clock.work.interaction.id], clock.target
        paused = known.status is not Status.OPEN and known.status.value in target.pauses
        paused = paused or ("answered" in target.pauses and not _is_waited_for(known, target))
        if paused == (clock.since is None):
            return
        ids = (at, clock.work.interaction.id, target.label, cause)
        if paused:
            stopped = ev.ClockPaused(*ids, elapsed(clock, at))
            self._conversations.clock_paused(clock, stopped)
            self._turn.facts.append(stopped)
            return
        due = None if clock.missed else self._ahead(target, clock.seconds - clock.elapsed, at)
        ahead = () if clock.missed else self._warnings(target, clock.seconds, clock.elapsed, at)
        warnings = tuple((share, when) for share, when in ahead if share > clock.warned)
        event = ev.ClockResumed(*ids, due, warnings)
        self._conversations.clock_resumed(clock, event)
        self._turn.facts.append(event)
        self._set_going(clock, at)

    def _end(self, clock: Clock, cause: str, at: Instant) -> None:
        target = clock.target
        kind = ev.ClockStopped if cause in _said(target) else ev.ClockCancelled
        used = elapsed(clock, at)
        event = kind(at, clock.work.interaction.id, target.label, cause, used)
        self._conversations.clock_ended(clock, event)
        self._turn.facts.append(event)

    # --- thresholds -------------------------------------------------------------------------

    def _set_going(self, clock: Clock, at: Instant) -> None:
        """Say at once what is used up already, before anything else of this turn can end the clock."""
        while clock.wakes is not None and clock.wakes <= at:
            self.ran(clock, clock.wakes, at)
        self.arm(clock)

    def arm(self, clock: Clock) -> None:
        """Wake when the next threshold of *clock* is reached."""
        if (wakes := clock.wakes) is not None and clock.since is not None:
            self._deadlines.later(wakes, CLOCK, clock.number, clock)

    def ran(self, clock: Clock, due: Instant, at: Instant) -> None:
        """A threshold of *clock* is reached: a warning, or the end."""
        who, name = clock.work.interaction.id, clock.target.label
        if clock.warnings:
            warned = ev.SlaWarned(at, due, who, name, clock.warnings[0][0])
            self._conversations.sla_warned(clock, warned)
            self._turn.facts.append(warned)
            self.arm(clock)
            return
        missed = ev.SlaMissed(at, due, who, name)
        self._state.sla_missed(clock.work, missed)
        self._turn.facts.append(missed)

    def _ahead(self, target: Target, seconds: float, at: Instant) -> Instant:
        """Return when so many seconds of the target's own time are over; now, if they already are."""
        calendar = calendar_of(target, self._state.plan.calendars)
        seconds = max(seconds, 0.0)
        return at + seconds if calendar is None else calendar.due(at, seconds)

    def _warnings(self, target: Target, seconds: float, used: float, at: Instant) -> ev.Warnings:
        shares = (share for share in target.warn_at if share * seconds > used)
        return tuple((share, self._ahead(target, share * seconds - used, at)) for share in shares)


def _said(target: Target) -> tuple[str, ...]:
    """Return the causes that do what *target* asks for."""
    cause = _ENDS[target.measures]
    return (cause, "bot replied") if target.bots and cause == "replied" else (cause,)
