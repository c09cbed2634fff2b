"""What follows when something is wished of, or due for, an agent?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

import attrs

from workassign import commands as cmd
from workassign import events as ev
from workassign._asking import Turn
from workassign._deadlines import BEAT, GRACE, RAMP
from workassign._interactions import Interactions
from workassign._locking import Locking
from workassign._offering import Offering
from workassign._pairing import Pairing
from workassign._records import PRESENT, AgentState
from workassign._state import State
from workassign.groups import formed
from workassign.model import Agent, AgentId, Instant, Presence
from workassign.plan import Plan, unknown_names

__all__ = ["OF_AGENTS", "Roster"]

N = TypeVar("N", int, float)

STALLED = 1.0
"""A lease whose end is noticed so much later, in seconds, ran out while nobody was listening."""

OF_AGENTS = frozenset(
    {
        *(cmd.Accept, cmd.Decline, cmd.Complete, cmd.FinishWrapUp, cmd.Release, cmd.Transfer),
        *(cmd.AgentReplied, cmd.SignOn, cmd.SetPresence, cmd.Heartbeat),
        *(cmd.Propose, cmd.Approve, cmd.Reject),
    }
)
"""Commands by which an agent is heard of."""

_WISHED: Mapping[type, Presence] = {cmd.SignOn: Presence.AVAILABLE, cmd.SignOff: Presence.OFFLINE}


class Roster:
    """Decides about agents: who is on the roster, who is there."""

    def __init__(
        self,
        state: State,
        pairing: Pairing,
        offering: Offering,
        locking: Locking,
        interactions: Interactions,
        turn: Turn,
    ) -> None:
        self._offering = offering
        self._locking = locking
        self._state = state
        self._pairing = pairing
        self._interactions = interactions
        self._turn = turn
        self._deadlines = pairing.deadlines

    def _fits_plan(self, command: cmd.Command, agent: Agent) -> bool:
        """Whether the plan knows all that *agent* names, or refuse."""
        for what, name in unknown_names(self._state.plan, agent):
            self._turn.refuse(command, f"unknown_{what}", f"agent {agent.id!r}: there is no {what} {name!r}")
            return False
        return True

    def add(self, command: cmd.AddAgent, at: Instant) -> None:
        """Put somebody on the roster."""
        if command.agent.id in self._state.agents:
            self._turn.refuse(
                command, "already_there", f"agent {command.agent.id!r} is on the roster already"
            )
        elif self._fits_plan(command, command.agent):
            event = ev.AgentAdded(at, command.agent)
            self._tell_apart(command.agent)
            self._pairing.index.enroll(self._state.agent_added(event))
            self._turn.facts.append(event)

    def change(self, command: cmd.ChangeAgent, at: Instant) -> None:
        """Replace what an agent can do."""
        agent = self._interactions.agent(command, command.agent.id)
        if agent is None or not self._fits_plan(command, command.agent):
            return
        event = ev.AgentChanged(at, command.agent)
        self._tell_apart(command.agent)
        self.reform([agent], event, partial(self._state.agent_changed, agent, event))

    def reform(self, agents: Sequence[AgentState], event: ev.Event, happens: Callable[[], object]) -> None:
        """Let *event*, which *happens*, change what *agents* can do, and place anew what hangs on it."""
        pairing = self._pairing
        for agent in agents:
            pairing.index.withdraw(agent)
            pairing.release(agent)
        happens()
        self._turn.facts.append(event)
        for agent in agents:
            pairing.index.enroll(agent)
            pairing.index.attend(agent)
            pairing.attract(agent)
        pairing.recount()
        pairing.freed += agents

    def _tell_apart(self, told: Agent) -> None:
        """Take out of their lines what *told* is the first to tell apart: labels and ages, from now on."""
        state, formed_so = self._state, formed(told, self._state.plan.groups)
        labels = [label for label in formed_so.labels or () if label not in state.limited]
        delays = formed_so.delays.items()
        queues = [queue for queue, delay in delays if delay and delay not in state.delays.get(queue, ())]
        for work in state.works.values() if labels or queues else ():
            apart = work.interaction.label in labels or not set(queues).isdisjoint(work.sig.views)
            if work.stage == "waiting" and apart:
                self._pairing.fetch(work)

    def follow(self, agent: AgentState, at: Instant) -> None:
        """Take *agent* along under a new plan: to the successors of queues that are gone."""
        who, plan = agent.told, self._state.plan
        queues = None if who.queues is None else _moved(who.queues, plan)
        delays, channels = _moved(who.delays, plan), who.channels
        if channels is not None:
            channels = {name: most for name, most in channels.items() if name in plan.channels}
        if (queues, delays, channels) != (who.queues, who.delays, who.channels):
            new = attrs.evolve(who, queues=queues, channels=channels, delays=delays)
            event = ev.AgentChanged(at, new)
            self._state.agent_changed(agent, event)
            self._turn.facts.append(event)

    def remove(self, command: cmd.RemoveAgent, at: Instant) -> None:
        """Take somebody off the roster."""
        agent = self._interactions.agent(command, command.agent)
        if agent is None:
            return
        self._pairing.index.withdraw(agent)
        self._offering.take_back(agent, "agent removed", at)
        for hold in list(agent.holdings.values()):
            self._interactions.take_back(hold, "agent removed", None, at)
        self._pairing.freed = [other for other in self._pairing.freed if other is not agent]
        self._pairing.release(agent)
        self._locking.release_all(command.agent, at)
        event = ev.AgentRemoved(at, command.agent)
        self._state.agent_removed(agent, event)
        self._turn.facts.append(event)
        self._pairing.recount()

    def presence(
        self,
        agent: AgentState,
        presence: Presence,
        cause: str,
        at: Instant,
        *,
        grace: Instant | None = None,
        then: Presence | None = None,
    ) -> None:
        """Change an agent's presence, with all its consequences."""
        self._pairing.index.withdraw(agent)
        if presence is not Presence.AVAILABLE:
            self._offering.take_back(agent, presence.value, at)
        event = ev.PresenceChanged(at, agent.agent.id, presence, cause, grace, then)
        self._state.presence_changed(agent, event)
        self._turn.facts.append(event)
        if agent.ramp is not None:
            self._deadlines.later(agent.ramp, RAMP, agent.number, agent)
        if agent.lease is not None:
            self._deadlines.later(agent.lease, BEAT, agent.number, agent)
        if presence in PRESENT:
            self._pairing.index.attend(agent)
            self._pairing.attract(agent)
        else:
            self._pairing.release(agent)
        if grace is not None:
            self._deadlines.later(grace, GRACE, agent.number, agent)
        self._pairing.recount()
        self._pairing.freed.append(agent)

    def set_presence(self, command: cmd.SignOn | cmd.SignOff | cmd.SetPresence, at: Instant) -> None:
        """Change where an agent is, as asked."""
        agent = self._interactions.agent(command, command.agent)
        if agent is None:
            return
        presence = _WISHED.get(type(command)) or command.presence  # type: ignore[union-attr]
        accepted = any(not hold.pending for hold in agent.holdings.values())
        if presence is Presence.DRAINING and not accepted:
            presence = Presence.OFFLINE
        elif presence is Presence.OFFLINE and accepted and agent.presence is not Presence.OFFLINE:
            presence = Presence.DRAINING
        if presence is agent.presence and agent.then is None:
            self._turn.refuse(command, "already_so", f"agent {command.agent!r} is {presence.value} already")
        else:
            self.presence(agent, presence, "asked", at)

    def set_shift(self, command: cmd.SetShift, at: Instant) -> None:
        """Keep when an agent's shift ends."""
        agent = self._interactions.agent(command, command.agent)
        if agent is None:
            return
        until = None if command.until is None else float(command.until)
        if (until, command.presence) == (agent.shift, agent.after) or until is agent.shift is None:
            self._turn.refuse(command, "already_so", f"agent {command.agent!r}: it is so already")
        elif until is not None and until <= at:
            reason = f"a shift of agent {command.agent!r} cannot end in the past: sign her off"
            self._turn.refuse(command, "in_the_past", reason)
        else:
            self._shift(agent, ev.ShiftSet(at, command.agent, until, command.presence))
            self._pairing.arm(agent, at)
            self._pairing.freed.append(agent)

    def _shift(self, agent: AgentState, event: ev.ShiftSet) -> None:
        self._state.shift_set(agent, event)
        self._turn.facts.append(event)

    def turned(self, agent: AgentState, due: Instant, at: Instant) -> None:
        """It is too late in her shift for some work; or her shift is over, and she leaves."""
        if due != agent.shift:
            self._pairing.freed.append(agent)
            return
        after = agent.after
        self._shift(agent, ev.ShiftSet(at, agent.agent.id, None, after, due))
        if agent.presence in (Presence.OFFLINE, Presence.DRAINING, after):
            return
        accepted = any(not hold.pending for hold in agent.holdings.values())
        then = after if accepted and after is Presence.AWAY else None
        self.presence(agent, Presence.DRAINING if accepted else after, "shift over", at, then=then)

    def disconnect(self, command: cmd.Disconnect, at: Instant) -> None:
        """Take back what an agent was offered; let what she holds wait for her a while."""
        agent = self._interactions.agent(command, command.agent)
        if agent is None:
            return
        if agent.presence is Presence.OFFLINE:
            self._turn.refuse(command, "already_so", f"agent {command.agent!r} is offline already")
            return
        self._lose(agent, "disconnected", at)

    def _lose(self, agent: AgentState, cause: str, at: Instant) -> None:
        """Her connection is lost."""
        self._offering.take_back(agent, "disconnected", at, lost=True)
        grace = at + self._state.plan.reconnect_grace if agent.holdings else None
        self.presence(agent, Presence.OFFLINE, cause, at, grace=grace)

    def hear(self, agent: AgentId, at: Instant) -> None:
        """Somebody said something: it becomes a fact only once half of her lease is left, or less."""
        known, beat = self._state.agents.get(agent), self._state.plan.heartbeat
        if known is None or known.lease is None or beat is None:
            return
        if known.lease - at <= beat / 2:
            self._prolong(known, ev.Heard(at, agent, at + beat))

    def lease_over(self, agent: AgentState, due: Instant, at: Instant) -> None:
        """She was not heard of; or nobody was there who could have heard her."""
        beat = self._state.plan.heartbeat
        if beat is not None and at > due + STALLED:
            self._prolong(agent, ev.Heard(at, agent.agent.id, at + beat, due))
        else:
            self._lose(agent, "not heard", at)

    def _prolong(self, agent: AgentState, event: ev.Heard) -> None:
        self._state.heard(agent, event)
        self._turn.facts.append(event)
        self._deadlines.later(event.until, BEAT, agent.number, agent)

    def heartbeat(self, command: cmd.Heartbeat, at: Instant) -> None:
        """She is still there: that was heard already."""
        agent = self._interactions.agent(command, command.agent)
        if agent is not None and agent.presence is Presence.OFFLINE:
            self._turn.refuse(command, "agent_offline", f"agent {command.agent!r} is offline: sign on")

    def grace_over(self, agent: AgentState, due: Instant, at: Instant) -> None:
        """She did not come back: take back what she held."""
        event = ev.PresenceChanged(at, agent.agent.id, agent.presence, "grace over", None)
        self._state.presence_changed(agent, event)
        self._turn.facts.append(event)
        for hold in list(agent.holdings.values()):
            self._interactions.take_back(hold, "disconnected", due, at)


def _moved(table: Mapping[str, N], plan: Plan) -> dict[str, N]:
    """Return what is said of queues under *plan*; of two that have become one the smaller."""
    moved: dict[str, N] = {}
    for name, figure in table.items():
        new = name if name in plan.queues else plan.successors.get(name)
        if new is not None:
            moved[new] = min(figure, moved.get(new, figure))
    return moved
