"""Who gets what now?

Every free agent names the interaction that she would take (`work` policy), the most urgent of
those named goes first, and among the agents who named it selection decides; until no pair is
left that fits and that no hold keeps apart. When a turn frees one agent, or brings one
interaction, that comes down to one look at the heads, and the rest is not asked.
"""

from __future__ import annotations

import heapq
from contextlib import closing
from math import inf
from typing import Any, TypeAlias

from workassign import events as ev
from workassign._asking import Asking, Rules, Turn
from workassign._clocks import Clocks
from workassign._deadlines import (
    BEAT,
    DELAY,
    GRACE,
    LEASE,
    OFFER,
    RAMP,
    REST,
    RESUME,
    RETRY,
    SHIFT,
    SLA,
    STICKY,
    WRAP_UP,
    Deadlines,
)
from workassign._index import Index
from workassign._moving import Moving
from workassign._reach import is_early
from workassign._records import PRESENT, AgentState, Signature, Work
from workassign._shifts import held_by_time, turning_points
from workassign._state import State
from workassign._timers import Timers, number
from workassign.model import LATEST, AgentId, Instant, Presence

__all__ = ["Pairing"]

_Named: TypeAlias = tuple[int, float, int, int, int, Any]
"""(tier, key, sequence) of an interaction; 0 and the agent who names it, or 1 and itself."""


class Pairing:
    """Brings free agents and waiting interactions together."""

    def __init__(self, state: State, asking: Asking, turn: Turn) -> None:
        self._state = state
        self._asking = asking
        self._turn = turn
        self.timers = Timers(state)
        self.deadlines = Deadlines(number, self.timers.counts)
        self.clocks = Clocks(state, asking, turn, self.deadlines)
        self.moving = Moving(state, asking, turn, self.deadlines, self.clocks)
        self.moving.count = self._count
        self.moving.is_taken = self._is_taken
        self.timers.moving = self.moving
        self.brought: list[Work] = []
        """Interactions that wait and stand nowhere yet."""
        self.freed: list[AgentState] = []
        """Agents who may have more room than before."""
        self.spreading: list[Work] = []
        """What this turn offered to one, of queues that ask several at once."""
        self.leaving: list[tuple[AgentState, Presence, str]] = []
        """Agents whose presence has to change before anything else, and the cause."""
        self.index = self._new_index()

    def settle(self, at: Instant) -> None:
        """Bring together what this turn freed and brought, until no pair is left that fits."""
        brought, freed = self.brought, self.freed
        self.brought, self.freed = [], []
        if self._state.stepped:
            for work in sorted(brought, key=_in_order):
                if work.sig.queue.rules.steps:
                    self.moving.take(work, at, at)
        if self.index.gates and freed:
            freed = self._with_the_kept(freed)
        if not brought and len(freed) == 1:
            self.employ(freed[0], at)
        elif not freed and len(brought) == 1:
            self.place(brought[0], at)
        else:
            self._settle_all(brought, freed, at)

    def _with_the_kept(self, freed: list[AgentState]) -> list[AgentState]:
        """Return *freed*, and whoever was kept free: there may be enough others now."""
        kept = {each.number: each for each in freed}
        for gate in self.index.gates:
            if len(gate.free) <= gate.most:
                kept |= {each.number: each for each in gate.free.values()}
        return [kept[number] for number in sorted(kept)] if len(kept) > 1 else freed

    def employ(self, agent: AgentState, at: Instant) -> None:
        """Give one freed agent what she would take, while she has room: where nobody is kept free."""
        index = self.index
        if agent.admitted:
            index.withdraw(agent)
        while index.open(agent, at):
            work = index.take(agent, at)
            if work is None:
                index.admit(agent)
                return
            self._hand_over(work, agent, at)
            if agent.load >= agent.pool and not self._state.mixed:
                agent.open = 0
                return
        self._drained(agent)

    def _drained(self, agent: AgentState) -> None:
        """Let *agent* go if she only had to be done with what she had."""
        if agent.presence is Presence.DRAINING and not agent.holdings:
            self.leaving.append((agent, agent.then or Presence.OFFLINE, "drained"))

    def place(self, work: Work, at: Instant) -> None:
        """Give one interaction to whom selection prefers, or let it wait."""
        agent = None
        if work.prefers is not None:
            agent = self.preferred(work)
            if agent is not None and not self._is_free(agent, work, at):
                if self._waits_for(work, agent, at):
                    return
                agent = None
            elif agent is not None and self._is_too_early(work, agent, at):
                agent = None
        if agent is None:
            agent = self.index.pick(work, at)
        if agent is None:
            self.wait(work, at)
        else:
            self.take(work, agent, at)

    def _is_taken(self, work: Work, at: Instant) -> bool:
        """Whether somebody would be given *work* at once, if it came in now: see `place`."""
        agent = None if work.prefers is None else self.preferred(work)
        if agent is not None and not self._is_free(agent, work, at):
            until = work.kept_until
            if until is not None and at < until:
                return False
        elif agent is not None and not self._is_too_early(work, agent, at):
            return True
        return self.index.pick(work, at) is not None

    def assign(self, work: Work, agent: AgentState, how: str, at: Instant) -> None:
        """Make *work* the agent's own without an offer."""
        self.moving.unmet.pop(work.interaction.id, None)
        event = ev.Assigned(at, work.interaction.id, agent.agent.id, self._state.fences + 1, how, None)
        self._state.assigned(work, agent, event)
        self._turn.facts.append(event)
        if self._state.clocked:
            self.clocks.follow(work, "accepted", at)

    def _hand_over(self, work: Work, agent: AgentState, at: Instant) -> None:
        """Offer *work* to *agent*, or assign it at once where the queue says so."""
        state = self._state
        rules: Rules = work.sig.queue.rules
        plan = rules.plan
        if self.moving.unmet:
            self.moving.unmet.pop(work.interaction.id, None)
        if plan.auto_accept:  # `assign`, written out: the hot path
            given = ev.Assigned(at, work.interaction.id, agent.agent.id, state.fences + 1, "auto", None)
            state.assigned(work, agent, given)
            self._turn.facts.append(given)
            if state.clocked:
                self.clocks.follow(work, "accepted", at)
            return
        if plan.offers > 1 and work.hold is None:
            self.spreading.append(work)
        offer = state.placed + 1
        event = ev.Offered(at, offer, work.interaction.id, agent.agent.id, at + plan.offer_for, plan.blind)
        rules.offers.items.append(state.offered(work, agent, event))  # `arm`, written out: the hot path
        if event.expires < self.deadlines.bound:
            self.deadlines.bound = event.expires
        self._turn.facts.append(event)

    def spread(self, at: Instant) -> None:
        """Offer to more agents what is offered to one, as far as somebody is free still."""
        works, self.spreading = self.spreading, []
        for work in sorted(works, key=lambda work: (work.sig.tier, work.key, work.seq)):
            hold = work.hold
            # Who prefers her asks nobody else; and one may have been taken back meanwhile.
            if work.stage != "offered" or hold is None or hold.agent.agent.id == work.preferred:
                continue
            for _ in range(work.sig.queue.plan.offers - 1):
                with closing(self.index.picks(work, at)) as picks:  # nothing may change before it is closed
                    agent = next((each for each in picks if work.interaction.id not in each.holdings), None)
                if agent is None:
                    break
                self.take(work, agent, at)

    def pull(self, agent: AgentState, at: Instant) -> bool:
        """Give *agent*, who asks for it, what she would take next; False if nothing waits for her."""
        index = self.index
        index.withdraw(agent)
        work = index.take(agent, at) if index.open(agent, at, asked=True) else None
        if work is not None:
            self.assign(work, agent, "pulled", at)
        self.freed.append(agent)
        return work is not None

    def give(self, work: Work, agent: AgentState, at: Instant) -> None:
        """Hand *work*, which waits, to a free agent."""
        self.index.leave(work)
        self.take(work, agent, at)

    def employ_all(self, agents: list[AgentState], at: Instant) -> None:
        """Give *agents* what they would take."""
        self._settle_all([], agents, at)

    def take(self, work: Work, agent: AgentState, at: Instant) -> None:
        """Hand *work*, which stands nowhere, to a free agent; let her stand on if she has room."""
        index = self.index
        if index.gates:
            self.freed.append(agent)  # who is not free any more is kept from nothing
        index.withdraw(agent)
        self._hand_over(work, agent, at)
        if agent.load >= agent.pool and not self._state.mixed:
            agent.open = 0
        elif index.open(agent, at):
            index.admit(agent)

    # --- several at once --------------------------------------------------------------------

    def _settle_all(self, brought: list[Work], freed: list[AgentState], at: Instant) -> None:
        """Bring several together: the most urgent interaction that anybody names goes first."""
        index = self.index
        for agent in freed:
            index.withdraw(agent)
            if index.open(agent, at):
                index.admit(agent)
            else:
                self._drained(agent)
        if index.moments.works:
            for work in brought:
                self._stand(work, at)
            self._settle_one_by_one(brought, freed, at)
            return
        named: list[_Named] = []
        for work in brought:
            self._stand(work, at)
            heapq.heappush(named, (work.sig.tier, work.key, work.seq, 1, work.seq, work))
        for agent in freed:
            self._name(agent, named, at)
        passed_over: list[_Named] = []
        while named:
            item = heapq.heappop(named)
            still = self._still_named(item, named, at)
            if still is None:
                continue
            taker = self._taker(still, at)
            if taker is None:
                passed_over.append(item)
                continue
            index.leave(still)
            self.take(still, taker, at)
            # Whoever named it names another at once: of a worse rank, it may be more urgent still.
            bereft = {taker.number: taker}
            while item[:3] == (still.sig.tier, still.key, still.seq):
                if item[3] == 0:
                    bereft[item[4]] = item[5]
                if not named:
                    break
                item = heapq.heappop(named)
            else:
                heapq.heappush(named, item)
            for agent in bereft.values():
                self._name(agent, named, at)
            for other in passed_over:
                heapq.heappush(named, other)
            passed_over.clear()

    def _name(self, agent: AgentState, named: list[_Named], at: Instant) -> None:
        """Add what *agent* would take to what is named."""
        if agent.admitted and (work := self.index.choose(agent, at)) is not None:
            heapq.heappush(named, (work.sig.tier, work.key, work.seq, 0, agent.number, agent))

    def _still_named(self, item: _Named, named: list[_Named], at: Instant) -> Work | None:
        """Return the interaction of *item* if it still holds; name anew what its agent would take."""
        if item[3] == 1:
            work: Work | None = item[5]
            return work if work is not None and work.stage == "waiting" else None
        agent: AgentState = item[5]
        work = self.index.choose(agent, at) if agent.admitted else None
        if work is not None and (work.sig.tier, work.key, work.seq) != item[:3]:
            self._name(agent, named, at)
            return None
        return work

    def _taker(self, work: Work, at: Instant) -> AgentState | None:
        """Return whom selection prefers for *work* among the free agents who would take it now."""
        index = self.index
        if work.prefers is not None:
            agent = self.preferred(work)
            if agent is not None and agent.admitted and index.choose(agent, at) is work:
                return agent
            if work.interaction.id in index.kept:
                return None
        for agent in index.picks(work, at):
            if index.choose(agent, at) is work:
                return agent
        return None

    def _settle_one_by_one(self, brought: list[Work], freed: list[AgentState], at: Instant) -> None:
        """Do the same where ranks change with every assignment: everybody names anew after each.

        It ends, as each assignment leaves less to give. Cost: O(assignments x agents x lines).
        """
        while (pair := self._next_pair(brought, freed, at)) is not None:
            self.index.leave(pair[0])
            self.take(*pair, at)

    def _next_pair(
        self, brought: list[Work], freed: list[AgentState], at: Instant
    ) -> tuple[Work, AgentState] | None:
        """Return the most urgent of what is named now, and who takes it."""
        named = {work.seq: work for work in brought if work.stage == "waiting"}
        for agent in freed:
            if agent.admitted and (work := self.index.choose(agent, at)) is not None:
                named[work.seq] = work
        for each in sorted(named.values(), key=lambda work: (work.sig.tier, work.key, work.seq)):
            if (taker := self._taker(each, at)) is not None:
                return each, taker
        return None

    # --- who may wait for whom --------------------------------------------------------------

    def _stand(self, work: Work, at: Instant) -> None:
        """Let *work* wait where it belongs: for the agent it prefers, or for anybody."""
        agent = None if work.prefers is None else self.preferred(work)
        if agent is None or not self._waits_for(work, agent, at):
            self.wait(work, at)

    def wait(self, work: Work, at: Instant) -> None:
        """Let *work* wait for anybody, for some of them when it is old enough."""
        if (due := self.index.wait(work, at)) is not None:
            self.deadlines.later(due, DELAY, work.seq, work)

    def _waits_for(self, work: Work, agent: AgentState, at: Instant) -> bool:
        """Let *work* wait for the agent it prefers, if there is time left for that."""
        until = work.kept_until
        if until is None or at >= until:
            return False
        self.index.wait_for(work, agent)
        self.deadlines.later(until, STICKY, work.seq, work)
        return True

    def preferred(self, work: Work) -> AgentState | None:
        """Return the agent that *work* prefers, if she is there, can do it and has not refused."""
        agent = self._state.agents.get(work.preferred or "")
        if agent is None or agent.presence not in PRESENT or not self.index.reaches(agent, work.sig):
            return None
        return None if work.refused is not None and agent.agent.id in work.refused else agent

    def _is_free(self, agent: AgentState, work: Work, at: Instant) -> bool:
        """Whether *agent* stands in her pools with room for *work*, and is not kept free for other work."""
        index, mask = self.index, self.index.link_of(work.sig).mask
        has_room = agent.admitted and agent.open & mask == mask
        return has_room and not index.withholds(agent, work, at)

    def _is_too_early(self, work: Work, agent: AgentState, at: Instant) -> bool:
        """Whether her delay keeps *work* from *agent*: not from whom it would wait for alone."""
        until = work.kept_until
        kept = until is not None and at < until
        return bool(self._state.delays) and not kept and is_early(agent.agent, work, at)

    def release(self, agent: AgentState) -> None:
        """Let nothing wait for *agent*: she is not there any more, or not the same."""
        index = self.index
        was_present = agent.profile.present.pop(agent.agent.id, None) is not None
        for line in (agent.personal or {}).values():
            while line.head is not None:
                self.fetch(line.head)
        agent.personal = None
        if was_present and index.refused:
            # Somebody else may be the last candidate now.
            for work in [work for work in index.refused.values() if index.reaches(agent, work.sig)]:
                self.fetch(work)

    def attract(self, agent: AgentState) -> None:
        """Place anew what prefers *agent*, who has come, or can do other things than before."""
        for work in list(self.index.fans.get(agent.agent.id, {}).values()):
            self.fetch(work)

    def cool_down(self, work: Work, retry: Instant, excluded: Instant) -> None:
        """Look at *work* again when the pair's cool-down ends, and when its exclusion does."""
        for due in (retry, excluded):
            self.deadlines.later(due, RETRY, work.seq, work)

    def look_again(self, work: Work) -> None:
        """A hold on *work* has ended: place it anew, if it still waits."""
        if work.stage == "waiting":
            self.fetch(work)

    def step(self, work: Work, due: Instant, at: Instant) -> None:
        """The time of a step of waiting *work* has come."""
        self.fetch(work)
        self.moving.take(work, due, at)

    def recount(self) -> None:
        """Somebody has come or gone: ask again what hangs on how many there are."""
        unmet, self.moving.unmet = self.moving.unmet, {}
        for who in unmet:
            self.fetch(self._state.works[who])

    def _count(self, sig: Signature, most: int, free: bool) -> int:
        """Return how many agents who are there could take *sig*, at most *most*; the *free* ones alone."""
        found = 0
        for profile in self.index.link_of(sig).profiles:
            for agent in profile.present.values():
                if agent.pool >= sig.units and (not free or self._may_be_given(agent, sig)):
                    found += 1
                    if found == most:
                        return found
        return found

    def _may_be_given(self, agent: AgentState, sig: Signature) -> bool:
        """Whether *agent* could be given such work now; the capacity policy is not asked."""
        at = self._turn.at
        return agent.is_ready(at) and agent.has_room(sig) and held_by_time(agent, sig.kind, at) is None

    def must_leave(self, agent: AgentState, presence: Presence) -> bool:
        """Whether it still holds that *agent* has to change to *presence*."""
        if self._state.agents.get(agent.agent.id) is not agent:
            return False
        drained = agent.presence is Presence.DRAINING and not agent.holdings
        if presence is Presence.AWAY:
            return agent.presence is Presence.AVAILABLE or (drained and agent.then is Presence.AWAY)
        return drained

    def bring(self, work: Work) -> None:
        """Let *work*, which waits again, be placed in this turn."""
        self.brought.append(work)
        if work.sig.queue.rules.steps:
            self.moving.arm(work, -inf)

    def withhold(self, work: Work) -> None:
        """Take waiting *work* out of its line, or from what is to be placed in this turn."""
        self.index.leave(work)
        if self.brought:  # a timer of this turn may have brought it
            self.brought = [other for other in self.brought if other is not work]

    def fetch(self, work: Work) -> None:
        """Take waiting *work* out of its line, to be placed anew in this turn."""
        if work.place is not None:  # else it has been fetched already
            self.index.leave(work)
            self.brought.append(work)

    def apart(self, work: Work, agent: AgentState, at: Instant) -> bool:
        """Whether a refusal keeps the two apart.

        The exclusion does, unless everybody who is there and could take it has refused: then the
        oldest of those refusals counts for its cool-down only.
        """
        refused = work.refused
        times = None if refused is None else refused.get(agent.agent.id)
        if refused is None or times is None or at >= times[1]:
            return False
        if at < times[0]:
            return True
        for profile in self.index.link_of(work.sig).profiles:
            for who, known in profile.present.items():
                if known.pool >= work.sig.units and (who not in refused or at >= refused[who][1]):
                    return True
        asked = (who for who, (retry, _) in refused.items() if retry < LATEST)  # the author of a reply is not
        candidates = (who for who in asked if self._is_candidate(who, work.sig))
        return agent.agent.id != next(candidates, None)

    def _is_candidate(self, agent: AgentId, sig: Signature) -> bool:
        known = self._state.agents.get(agent)
        if known is None or agent not in known.profile.present or known.pool < sig.units:
            return False
        return self.index.reaches(known, sig)

    # --- from the facts alone ---------------------------------------------------------------

    def prepare(self) -> None:
        """Make the policies of every queue ready to be asked."""
        for name, queue in self._state.queues.items():
            queue.rules = Rules(queue, self.deadlines) if name in self._state.plan.queues else None

    def start_over(self, at: Instant) -> None:
        """Derive everything anew within a turn, and bring together whatever fits now."""
        self.rebuild(at)
        self.brought = []  # they stand in lines again
        self.recount()
        self.freed = [each for each in self._state.agents.values() if each.presence is Presence.AVAILABLE]

    def rebuild(self, at: Instant) -> None:
        """Derive the index and the timers anew from the facts. Cost: O(what is open)."""
        state, deadlines = self._state, self.deadlines
        deadlines.clear()
        self.moving.unmet.clear()
        for sig in state.signatures():
            sig.link = None
        index = self.index = self._new_index()
        for agent in state.agents.values():
            agent.standings, agent.personal, agent.admitted = [], None, False
            index.enroll(agent)
            index.attend(agent)
            if agent.rest is not None and agent.rest > at:
                deadlines.later(agent.rest, REST, agent.number, agent)
            if agent.grace is not None:
                deadlines.later(agent.grace, GRACE, agent.number, agent)
            self.arm(agent, at)
        for hold in state.offers.values():
            deadlines.arm(OFFER, hold)
        for name, (_, until) in state.locks.items():
            deadlines.later(until, LEASE, state.works[name].seq, state.works[name])
        for known in state.conversations.values():
            for clock in known.clocks.values():
                self.clocks.arm(clock)
        for work in state.works.values():
            if work.stage != "closed":
                self._take_up(work, at)
        for agent in state.agents.values():
            if index.open(agent, at):
                index.admit(agent)

    def arm(self, agent: AgentState, at: Instant) -> None:
        """Wake when time changes what *agent* may be given."""
        if agent.ramp is not None and agent.ramp > at:
            self.deadlines.later(agent.ramp, RAMP, agent.number, agent)
        if agent.lease is not None:
            self.deadlines.later(agent.lease, BEAT, agent.number, agent)
        for due in turning_points(agent, self._state.plan.channels):
            if due > at:
                self.deadlines.later(due, SHIFT, agent.number, agent)

    def _new_index(self) -> Index:
        self.prepare()
        queues = self._state.plan.queues.values()
        self._turn.several = any(queue.offers > 1 for queue in queues)
        self._turn.kept = any(queue.keep_free is not None for queue in queues)
        index = self.timers.index = Index(self._state, self._asking, self.apart)
        self._turn.batched = bool(index.windows)
        self._turn.take_care()
        return index

    def _take_up(self, work: Work, at: Instant) -> None:
        """Put an open interaction into the lines, and its timers into theirs."""
        state, deadlines, hold, work.place = self._state, self.deadlines, work.hold, None
        if work.pending:
            deadlines.arm(SLA, work)
        if hold is not None and hold.until is not None:
            deadlines.later(hold.until, WRAP_UP, hold.fence or 0, hold)
        for times in (work.refused or {}).values():
            for due in times:
                if at < due < LATEST:
                    deadlines.later(due, RETRY, work.seq, work)
        if work.stage == "waiting":
            if work.sig.queue.rules.steps:
                self.moving.arm(work, at)
            self._stand(work, at)
        elif work.stage == "parked" and (until := state.parked[work.interaction.id].until) is not None:
            deadlines.later(until, RESUME, work.seq, work)


def _in_order(work: Work) -> int:
    return work.seq
