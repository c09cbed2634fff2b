"""What was said about interactions, and how do their clocks stand? Facts, changed by events only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workassign import events as ev
from workassign._records import Clock, Conversation, Work
from workassign.hours import Calendar
from workassign.model import InteractionId
from workassign.queues import calendar_of

__all__ = ["Conversations"]


class Conversations(dict[InteractionId, Conversation]):
    """Conversations by interaction: only of those that have clocks, messages or a status.

    Like `_state`, of which it is a part, it never decides.
    """

    __slots__ = ("started",)

    def __init__(self) -> None:
        super().__init__()
        self.started = 0
        """Clocks started so far."""

    def clock(self, event: Any) -> Clock:  # noqa: ANN401 - any event of a clock
        """Return the clock that *event* is about."""
        return self[event.interaction].clocks[event.target]

    def missed(self, event: ev.SlaMissed) -> bool:
        """Note that a clock ran out, if it is one of these."""
        known = self.get(event.interaction)
        clock = None if known is None else known.clocks.get(event.target)
        if clock is None:
            return False
        clock.missed, clock.due = True, None
        return True

    def of(self, work: Work) -> Conversation:
        """Return what was said about *work*, kept from now on."""
        who = work.interaction
        known = self.get(who.id)
        if known is None:
            known = self[who.id] = Conversation(work.first_said().at, who.sentiment)
        return known

    def received(self, work: Work, event: ev.MessageReceived) -> None:
        """The customer waits for an answer."""
        known = self.of(work)
        known.unanswered = [event.at if since is None else since for since in known.unanswered]
        if event.sentiment is not None:
            known.sentiment = event.sentiment

    def reply_sent(self, work: Work, event: ev.ReplySent) -> None:
        """The customer has an answer."""
        known = self.of(work)
        work.version += 1
        for who in (0, 1) if event.agent is not None else (1,):
            known.answered[who], known.unanswered[who] = True, None

    def status_changed(self, work: Work, event: ev.StatusChanged) -> None:
        """It is somebody else's turn."""
        work.version += 1
        self.of(work).status = event.status

    def clock_started(self, work: Work, event: ev.ClockStarted, calendars: Mapping[str, Calendar]) -> Clock:
        """Let a clock run."""
        target = next(each for each in work.sig.queue.plan.targets if each.label == event.target)
        self.started += 1
        known = self.of(work)
        assert event.target not in known.clocks, f"{event}: it runs already"
        calendar = calendar_of(target, calendars)
        clock = known.clocks[event.target] = Clock(work, target, calendar, self.started, event)
        return clock

    def clock_paused(self, clock: Clock, event: ev.ClockPaused) -> None:
        """Let it stand still."""
        clock.elapsed, clock.since, clock.due, clock.warnings = event.elapsed, None, None, ()

    def clock_resumed(self, clock: Clock, event: ev.ClockResumed) -> None:
        """Let it go on."""
        clock.since, clock.due, clock.warnings = event.at, event.due, event.warnings

    def clock_ended(self, clock: Clock, event: ev.ClockStopped | ev.ClockCancelled) -> None:
        """Take it away, and remember how much was used up."""
        known = self[clock.work.interaction.id]
        del known.clocks[event.target]
        known.ended[event.target] = event.elapsed, clock.missed

    def sla_warned(self, clock: Clock, event: ev.SlaWarned) -> None:
        """The first of its warnings was given."""
        clock.warnings, clock.warned = clock.warnings[1:], event.share
