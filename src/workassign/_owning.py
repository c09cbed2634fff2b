"""What follows when somebody wishes to put something aside, to have it back, or to answer undisturbed?"""

from __future__ import annotations

from workassign import commands as cmd
from workassign import events as ev
from workassign._aside import Aside
from workassign._asking import Turn
from workassign._interactions import Interactions
from workassign._locking import Locking
from workassign._state import State
from workassign.model import Instant

__all__ = ["Owning"]


class Owning:
    """Decides whose an interaction is while it is with nobody, or with more than one."""

    def __init__(
        self, state: State, aside: Aside, locking: Locking, interactions: Interactions, turn: Turn
    ) -> None:
        self._locking = locking
        self._state = state
        self._aside = aside
        self._interactions = interactions
        self._turn = turn

    def park(self, command: cmd.Park, at: Instant) -> None:
        """Put it aside, unless nothing would bring it back."""
        work = self._interactions.open(command, command.interaction)
        if work is None:
            return
        who, until = command.interaction, command.until
        if until is None and not command.on_reply:
            self._turn.refuse(command, "no_way_back", f"interaction {who!r} would be parked for ever")
            return
        if until is not None and until <= at:
            self._turn.refuse(command, "already_due", f"interaction {who!r}: {until} is no later time")
            return
        hold = None
        if work.stage in ("assigned", "wrapping") or command.agent is not None:
            ids = (who, command.agent or "", command.fence or 0)
            hold = self._interactions.holding("Park", *ids, "assigned", at)
            if hold is None:
                return
        self._interactions.to_the_side(work, "parked", at)
        agent = None if hold is None else hold.agent.agent.id
        until = None if until is None else float(until)
        event = ev.Parked(at, who, agent, until, command.on_reply, command.same_agent)
        self._aside.park(work, event, hold)

    def resume(self, command: cmd.Resume, at: Instant) -> None:
        """Let what is parked wait again."""
        work = self._interactions.open(command, command.interaction)
        if work is None:
            return
        if work.stage != "parked":
            reason = f"interaction {command.interaction!r} is {work.stage}, not parked"
            self._turn.refuse(command, "not_parked", reason)
            return
        self._aside.resume(work, "asked", None, at)

    def lock(self, command: cmd.Lock, at: Instant) -> None:
        """Let only her answer, unless somebody else has the lock."""
        work = self._interactions.open(command, command.interaction)
        if work is None:
            return
        if command.agent not in self._state.agents:
            self._turn.refuse(command, "unknown_agent", f"there is no agent {command.agent!r}")
            return
        keeper = None if command.steal else self._locking.keeps_out(work, command.agent)
        if keeper is not None:
            self._turn.refuse(command, "locked", keeper)
            return
        self._locking.lock(work, command.agent, at)

    def unlock(self, command: cmd.Unlock, at: Instant) -> None:
        """Let everybody answer again."""
        work = self._interactions.open(command, command.interaction)
        if work is None:
            return
        keeper = self._locking.keeps_out(work, command.agent)
        if keeper is not None:
            self._turn.refuse(command, "locked", keeper)
        elif command.interaction not in self._state.locks:
            self._turn.refuse(command, "not_locked", f"interaction {command.interaction!r} is not locked")
        else:
            self._locking.end(work, "released", None, at)
