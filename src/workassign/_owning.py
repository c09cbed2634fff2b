"""What follows when somebody wishes to put aside, to lock, to write up for longer, or to pass on?"""

from __future__ import annotations

from workassign import commands as cmd
from workassign import events as ev
from workassign._aside import Aside
from workassign._asking import Asking, Turn
from workassign._deadlines import WRAP_UP
from workassign._interactions import AWAITING, HELD, Interactions
from workassign._locking import Locking
from workassign._moving import Passing
from workassign._pairing import Pairing
from workassign._state import State
from workassign.model import LATEST, LONGEST, Instant

__all__ = ["Owning"]


class Owning:
    """Decides whose an interaction is while it is with nobody, or with more than one."""

    def __init__(
        self,
        state: State,
        asking: Asking,
        pairing: Pairing,
        aside: Aside,
        locking: Locking,
        interactions: Interactions,
        turn: Turn,
    ) -> None:
        self._asking = asking
        self._pairing = pairing
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
        if work.stage in HELD or command.agent is not None:
            ids = (who, command.agent or "", command.fence or 0)
            hold = self._interactions.holding("Park", *ids, "assigned", at, also=AWAITING)
            if hold is None:
                return
            self._interactions.withdraw(work, "parked", at)
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
        if self._interactions.agent(command, command.agent) is None:
            return
        if command.steal or self._locking.may_answer(command, work, command.agent):
            self._locking.lock(work, command.agent, at)

    def unlock(self, command: cmd.Unlock, at: Instant) -> None:
        """Let everybody answer again."""
        work = self._interactions.open(command, command.interaction)
        if work is None:
            return
        if not self._locking.may_answer(command, work, command.agent):
            return
        if command.interaction not in self._state.locks:
            self._turn.refuse(command, "not_locked", f"interaction {command.interaction!r} is not locked")
        else:
            self._locking.end(work, "released", None, at)

    def extend(self, command: cmd.ExtendWrapUp, at: Instant) -> None:
        """Let a wrap-up last longer, within its limit."""
        ids = (command.interaction, command.agent, command.fence)
        hold = self._interactions.holding("ExtendWrapUp", *ids, "wrapping", at)
        if hold is None:
            return
        most, who = hold.work.sig.queue.plan.wrap_up_most, command.interaction
        assert hold.until is not None
        assert hold.wrapping is not None
        if most is None:
            self._turn.refuse(command, "not_extendable", f"the wrap-up of {who!r} cannot be extended")
            return
        until = hold.until + command.seconds
        if until > hold.wrapping + most:
            left = max(hold.wrapping + most - hold.until, 0.0)
            self._turn.refuse(command, "too_long", f"the wrap-up of {who!r} has only {left:g} seconds more")
            return
        event = ev.WrapUpExtended(at, *ids, until)
        self._state.wrap_up_extended(hold.work, hold, event)
        self._turn.facts.append(event)
        self._pairing.deadlines.later(until, WRAP_UP, command.fence, hold)

    def escalate(self, command: cmd.Escalate, at: Instant) -> None:
        """Pass it on to the next level; it comes back to her only where nobody else could take it."""
        ids = (command.interaction, command.agent, command.fence)
        hold = self._interactions.holding("Escalate", *ids, "assigned", at, also=AWAITING)
        if hold is None:
            return
        work = hold.work
        level = work.sig.queue.plan.next_level
        if level is None:
            reason = f"there is no level above queue {work.sig.queue.name!r}"
            self._turn.refuse(command, "no_next_level", reason)
            return
        self._interactions.withdraw(work, "escalated", at)
        self._pairing.freed.append(hold.agent)
        backoff = self._asking.backoff(work, "declined", "escalated")
        retry, end = at + backoff.cool_down, min(at + LONGEST, LATEST)
        self._pairing.cool_down(work, retry, end)
        how = Passing(command.agent, retry, end, reason=command.reason)
        self._pairing.moving.move(work, level, "next level", at, how)
        self._pairing.bring(work)
