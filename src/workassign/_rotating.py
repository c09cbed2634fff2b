"""Whose turn is it on which channels now?"""

from __future__ import annotations

from functools import partial

from workassign import events as ev
from workassign._asking import Turn
from workassign._deadlines import ROTATION, Deadlines
from workassign._roster import Roster
from workassign._state import State
from workassign.model import LATEST, Instant

__all__ = ["Rotating"]


class Rotating:
    """Lets the agents of a rotation go on to its next period, when its time or its load has come."""

    def __init__(self, state: State, roster: Roster, deadlines: Deadlines, turn: Turn) -> None:
        self._state = state
        self._roster = roster
        self._deadlines = deadlines
        self._turn = turn
        self._ends: dict[str, Instant] = {}
        """Rotation by schedule -> the end of its period."""
        self.arm(turn.at)

    def arm(self, at: Instant) -> None:
        """Wake at the end of every period; a schedule that has not begun begins with the next turn."""
        self._ends = {}
        plan = self._state.plan
        for name, rotation in plan.rotations.items():
            if rotation.queue is None:
                self._wake(name, rotation.at(at)[2] if name in self._state.periods else -LATEST)
        self._turn.loaded = any(each.queue is not None for each in plan.rotations.values())
        self._turn.take_care()

    def begin(self, at: Instant) -> None:
        """Begin every schedule, as another plan has it; what hangs on it is derived anew anyway."""
        for name, rotation in self._state.plan.rotations.items():
            if rotation.queue is None:
                number, begin, _ = rotation.at(at)
                event = ev.Rotated(at, begin, name, number + 1)
                self._state.rotated(event)
                self._turn.facts.append(event)

    def go_on(self, name: str, at: Instant) -> None:
        """Go on to the period that the schedule has at *at*."""
        number, begin, end = self._state.plan.rotations[name].at(at)
        self._rotate(name, number, begin, at)
        self._wake(name, end)

    def counts(self, name: str, due: Instant) -> bool:
        """Whether a rotation still goes on at *due*."""
        return self._ends.get(name) == due

    def follow(self, at: Instant) -> bool:
        """Let the load decide, once; whether anybody does something else now."""
        state, rotated = self._state, False
        for name, rotation in state.plan.rotations.items():
            if rotation.queue is None:
                continue
            length, second = state.queues[rotation.queue].tally.waiting, state.periods.get(name) == 1
            limit = rotation.off if second else rotation.on
            assert limit is not None
            if second != (length >= limit):
                self._rotate(name, 0 if second else 1, None, at)
                rotated = True
        return rotated

    def _rotate(self, name: str, number: int, due: Instant | None, at: Instant) -> None:
        rotation = self._state.plan.rotations[name]
        members = [agent for agent in self._state.agents.values() if rotation.has(agent.told)]
        event = ev.Rotated(at, due, name, number + 1)
        self._roster.reform(members, event, partial(self._state.rotated, event))

    def _wake(self, name: str, end: Instant) -> None:
        self._ends[name] = end
        number = list(self._state.plan.rotations).index(name)
        self._deadlines.later(end, ROTATION, number, name)
