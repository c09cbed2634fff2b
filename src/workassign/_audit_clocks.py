"""Do the clocks and alarms of a journal keep the laws? Followed from the facts alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from workassign import events as ev
from workassign.model import InteractionId

__all__ = ["FOLLOW_CLOCKS", "ClockAuditor"]

_MOVES: Mapping[type, Mapping[str, str]] = {
    ev.ClockPaused: {"runs": "stands", "is late": "stands late"},
    ev.ClockResumed: {"stands": "runs", "stands late": "is late"},
    ev.ClockStopped: dict.fromkeys(("runs", "is late", "stands", "stands late"), ""),
    ev.ClockCancelled: dict.fromkeys(("runs", "is late", "stands", "stands late"), ""),
    ev.SlaWarned: {"runs": "runs"},
    ev.SlaMissed: {"runs": "is late"},
}
"""Event -> how a clock stands before and after it; nothing: it is over."""

_ClockEvent: TypeAlias = (
    ev.ClockPaused | ev.ClockResumed | ev.ClockStopped | ev.ClockCancelled | ev.SlaWarned | ev.SlaMissed
)


class ClockAuditor:
    """Follows clocks and alarms, and notes every law that they break."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._clocks: dict[InteractionId, dict[str, str]] = {}
        self._alarms: set[tuple[str, str]] = set()

    def is_clock(self, event: ev.SlaMissed) -> bool:
        """Whether *event* is about a clock, not about the acceptance."""
        return event.target in self._clocks.get(event.interaction, ())

    def of_closed(self, is_open: Callable[[InteractionId], bool]) -> None:
        """Note the clocks of closed interactions, which must all be over. Cost: O(clocks)."""
        for interaction, clocks in self._clocks.items():
            if not is_open(interaction):
                self._note(f"{interaction!r} is closed, but its clocks are not over: {sorted(clocks)}")

    def started(self, event: ev.ClockStarted) -> None:
        """Follow the start of a clock."""
        clocks = self._clocks.setdefault(event.interaction, {})
        if event.target in clocks:
            self._note(f"ClockStarted, but {event.target!r} of {event.interaction!r} {clocks[event.target]}")
        if not (event.elapsed >= 0 and event.seconds > 0) or (event.due is not None and event.due < event.at):
            self._note(f"ClockStarted, but {event.target!r} of {event.interaction!r} has impossible times")
        clocks[event.target] = "is late" if event.due is None else "runs"

    def moved(self, event: _ClockEvent) -> None:
        """Follow what happens to a clock that was started."""
        if isinstance(event, ev.SlaMissed | ev.SlaWarned):
            self.is_past(event)
        clocks = self._clocks.get(event.interaction, {})
        before = clocks.pop(event.target, "is not there")
        after = _MOVES[type(event)].get(before)
        if after is None:
            self._note(f"{type(event).__name__}, but {event.target!r} of {event.interaction!r} {before}")
        elif after:
            clocks[event.target] = after
        if not clocks:
            self._clocks.pop(event.interaction, None)

    def is_past(self, event: ev.SlaMissed | ev.SlaWarned) -> None:
        """Note what is said before it is due."""
        if event.due > event.at:
            what = "missed" if isinstance(event, ev.SlaMissed) else "was warned of"
            self._note(f"{event.interaction!r} {what} at {event.at!r} what was due at {event.due!r}")

    def raised(self, event: ev.AlarmRaised) -> None:
        """Follow an alarm."""
        if (event.queue, event.alarm) in self._alarms:
            self._note(f"alarm {event.alarm!r} of queue {event.queue!r} was raised twice")
        self._alarms.add((event.queue, event.alarm))

    def cleared(self, event: ev.AlarmCleared) -> None:
        """Follow its end."""
        if (event.queue, event.alarm) not in self._alarms:
            self._note(f"alarm {event.alarm!r} of queue {event.queue!r} was cleared, but not raised")
        self._alarms.discard((event.queue, event.alarm))


FOLLOW_CLOCKS: Mapping[type, Callable[[ClockAuditor, Any], None]] = {
    ev.ClockStarted: ClockAuditor.started,
    **dict.fromkeys(_MOVES, ClockAuditor.moved),
    ev.AlarmRaised: ClockAuditor.raised,
    ev.AlarmCleared: ClockAuditor.cleared,
}
