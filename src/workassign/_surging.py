"""Is there a surge, and who helps?"""

from __future__ import annotations

from functools import partial

from workassign import events as ev
from workassign._asking import Turn
from workassign._deadlines import SURGE, Deadlines
from workassign._roster import Roster
from workassign._state import State
from workassign.model import Instant

__all__ = ["Surging"]


class Surging:
    """Begins a surge when too much has come in, and ends it when that has been over for a while."""

    def __init__(self, state: State, roster: Roster, deadlines: Deadlines, turn: Turn) -> None:
        self._state = state
        self._roster = roster
        self._deadlines = deadlines
        self._turn = turn
        self._armed: Instant | None = None
        """The end that is waited for."""
        self.arm()

    def arm(self) -> None:
        """Wait for the end of what is on, as the facts have it; every timer is gone."""
        surge = self._state.surge
        self._turn.surging = surge is not None
        self._turn.take_care()
        self._armed = None
        if surge is not None and surge.on:
            self._wait(surge.due)

    def follow(self, at: Instant) -> bool:
        """Begin a surge, once it is one; whether anybody may do something else now. Cost: O(1)."""
        surge = self._state.surge
        assert surge is not None
        begins = False
        if not surge.on and surge.reached:
            arrivals = surge.lately(at)
            begins = surge.rule.rate(arrivals) >= surge.rule.on
            if begins:
                event = ev.SurgeStarted(at, arrivals)
                self._reform(event, partial(self._state.surge_started, event))
        if surge.on and surge.due != self._armed:
            self._wait(surge.due)
        return begins

    def end(self, due: Instant | None, at: Instant) -> None:
        """It is over: it was at *due*, or another plan says so."""
        event = ev.SurgeEnded(at, due)
        self._reform(event, partial(self._state.surge_ended, event))

    def _reform(self, event: ev.SurgeStarted | ev.SurgeEnded, happens: partial[None]) -> None:
        surge = self._state.surge
        assert surge is not None
        members = [agent for agent in self._state.agents.values() if surge.rule.borrows(agent.told)]
        self._roster.reform(members, event, happens)

    def _wait(self, due: Instant) -> None:
        self._armed = due
        self._deadlines.later(due, SURGE, 0, "surge")
