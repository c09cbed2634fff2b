"""Who may answer now, while somebody writes?

A lock keeps all others from answering, and nothing else: whose the interaction is, does not depend on
it. It is a lease: whoever holds it says so again in time, or it ends.
"""

from __future__ import annotations

from workassign import events as ev
from workassign._asking import Turn
from workassign._deadlines import LEASE, Deadlines
from workassign._records import Work
from workassign._state import State
from workassign.commands import Command
from workassign.model import AgentId, Instant

__all__ = ["Locking"]


class Locking:
    """Gives locks, and takes them away."""

    def __init__(self, state: State, turn: Turn, deadlines: Deadlines) -> None:
        self._state = state
        self._turn = turn
        self._deadlines = deadlines

    def lock(self, work: Work, agent: AgentId, at: Instant) -> None:
        """Let only *agent* answer, as long as the plan says; whoever had the lock has it no more."""
        before = self._state.locks.get(work.interaction.id)
        stolen = None if before is None or before[0] == agent else before[0]
        until = at + self._state.plan.lock_lease
        event = ev.Locked(at, work.interaction.id, agent, until, stolen)
        self._state.locked(event)
        self._turn.facts.append(event)
        self._deadlines.later(until, LEASE, work.seq, work)

    def end(self, work: Work, cause: str, due: Instant | None, at: Instant) -> None:
        """Let everybody answer again, if *work* is locked."""
        lock = self._state.locks.get(work.interaction.id)
        if lock is not None:
            event = ev.Unlocked(at, due, work.interaction.id, lock[0], cause)
            self._state.unlocked(event)
            self._turn.facts.append(event)

    def release_all(self, agent: AgentId, at: Instant) -> None:
        """Take every lock from *agent*, who is leaving for good. Cost: O(locks)."""
        state = self._state
        locked = [state.works[name] for name, lock in state.locks.items() if lock[0] == agent]
        for work in sorted(locked, key=lambda work: work.seq):
            self.end(work, "released", None, at)

    def may_answer(self, command: Command, work: Work, agent: AgentId) -> bool:
        """Whether nobody else has the lock, or refuse."""
        lock = self._state.locks.get(work.interaction.id)
        if lock is None or lock[0] == agent:
            return True
        reason = f"interaction {work.interaction.id!r} is locked by {lock[0]!r}"
        self._turn.refuse(command, "locked", reason)
        return False
