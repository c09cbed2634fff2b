"""What follows when an offer is answered, is not, or is taken back?"""

from __future__ import annotations

from workassign import commands as cmd
from workassign import events as ev
from workassign._asking import Asking, Turn
from workassign._deadlines import REST
from workassign._pairing import Pairing
from workassign._records import AgentState, Holding, Work
from workassign._state import State
from workassign.model import AgentId, Instant, OfferId, Presence
from workassign.policies.offers import Backoff

__all__ = ["Offering", "ends"]


class Offering:
    """Decides what becomes of offers, and for how long who refused is not asked again."""

    def __init__(self, state: State, asking: Asking, pairing: Pairing, turn: Turn) -> None:
        self._state = state
        self._asking = asking
        self._pairing = pairing
        self._turn = turn
        self._deadlines = pairing.deadlines
        self._clocks = pairing.clocks

    def accept(self, offer: OfferId, agent: AgentId, at: Instant) -> list[ev.Event] | None:
        """Make what was offered the agent's own, or answer again if it is."""
        state = self._state
        hold = state.offers.get(offer)
        if hold is None or hold.agent.agent.id != agent:
            return self._accepted_again(offer, agent, at)
        work, who = hold.work, hold.agent
        event = ev.Assigned(at, work.interaction.id, agent, state.fences + 1, "accepted", offer)
        state.assigned(work, who, event)
        self._turn.facts.append(event)
        timers = work.sig.queue.rules.offers.items
        while timers and not timers[0].pending:
            timers.popleft()  # most offers are accepted in turn: no dead ones pile up
        if state.clocked:
            self._clocks.follow(work, "accepted", at)
        # Her keys, or her room, may differ.
        if who.admitted or state.plan.capacity is not None or state.mixed:
            self._pairing.freed.append(who)
        if state.rivals:
            for rival in list(state.rivals.get(work.interaction.id, ())):
                self.rescind(rival, f"accepted by {agent}", at)
        return None

    def _accepted_again(self, offer: OfferId, agent: AgentId, at: Instant) -> list[ev.Event] | None:
        answer = self.acceptance(offer, agent)
        if answer is None:
            self._refuse_offer("Accept", offer, agent, at)
        return answer

    def acceptance(self, offer: OfferId, agent: AgentId) -> list[ev.Event] | None:
        """Return what accepting *offer* led to, if the agent still holds it."""
        who = self._state.agents.get(agent)
        for hold in who.holdings.values() if who is not None else ():
            if hold.offer == offer and hold.fence is not None:
                return [ev.Assigned(hold.since, hold.work.interaction.id, agent, hold.fence, hold.how, offer)]
        return None

    def _refuse_offer(self, command: str, offer: OfferId, agent: AgentId, at: Instant) -> None:
        """Say why *agent* cannot answer *offer*."""
        if not isinstance(offer, int) or not 0 < offer <= self._state.placed:
            rule, reason = "unknown_offer", f"offer {offer!r} was never made"
        elif offer in self._state.offers:
            rule, reason = "not_your_offer", f"offer {offer} was not made to {agent!r}"
        else:
            rule, reason = "offer_closed", f"offer {offer} is not open any more"
        self._turn.facts.append(ev.Refused(at, command, str(offer), rule, reason))

    def decline(self, command: cmd.Decline, at: Instant) -> None:
        """Take in a refusal."""
        hold = self._state.offers.get(command.offer)
        if hold is None or hold.agent.agent.id != command.agent:
            self._refuse_offer("Decline", command.offer, command.agent, at)
            return
        backoff = self._asking.backoff(hold.work, "declined", command.reason)
        ids = (command.offer, hold.work.interaction.id, command.agent, command.reason)
        event = ev.Declined(at, *ids, *ends(backoff, at), self.boost(hold.work, backoff))
        self._refused_by(hold, event, backoff, "declined")

    def _refused_by(
        self,
        hold: Holding,
        event: ev.Declined | ev.OfferExpired | ev.OfferRescinded,
        backoff: Backoff,
        cause: str,
    ) -> None:
        """Take in a refusal with all its consequences."""
        work, agent, at = hold.work, hold.agent, event.at
        self._state.refused_offer(hold, event)
        self._turn.facts.append(event)
        self._pairing.cool_down(work, *ends(backoff, at)[:2])
        if event.rest is not None:
            self._deadlines.later(event.rest, REST, agent.number, agent)
        if work.stage == "waiting":  # nobody else is asked for it still
            self._pairing.bring(work)
        self._pairing.freed.append(agent)
        lately = sum(1 for refusal in agent.refusals[cause] if refusal > at - backoff.window)
        if (
            backoff.pause_after is not None
            and lately >= backoff.pause_after
            and agent.presence is Presence.AVAILABLE
        ):
            self._pairing.leaving.append((agent, Presence.AWAY, f"{cause} {lately} times"))

    def boost(self, work: Work, backoff: Backoff) -> float:
        """Return the head start that a refusal gives *work*: no more than the cap of its queue leaves."""
        if not backoff.boost:
            return 0.0
        queue = work.sig.queue
        _, _, scored, _, _ = self._asking.belongs(queue, work.interaction, work.since)
        left = queue.plan.head_start_cap - scored - self._state.boosts.get(work.interaction.id, 0.0)
        return max(0.0, min(float(backoff.boost), left))

    def rescind(self, hold: Holding, cause: str, at: Instant) -> None:
        """Take an offer back; the agent has not refused anything."""
        assert hold.offer is not None
        ids = (hold.offer, hold.work.interaction.id, hold.agent.agent.id)
        event = ev.OfferRescinded(at, *ids, cause, None, None, None)
        self._state.refused_offer(hold, event)
        self._turn.facts.append(event)
        self._pairing.freed.append(hold.agent)

    def take_back(self, agent: AgentState, cause: str, at: Instant, *, lost: bool = False) -> None:
        """Take every open offer back from *agent*; *lost* with her connection, it is a refusal."""
        for hold in list(agent.holdings.values()):
            if not hold.pending:  # accepted, or taken back meanwhile with all the others
                continue
            if not lost:
                self.rescind(hold, cause, at)
                if hold.work.stage == "waiting":
                    self._pairing.bring(hold.work)
                continue
            backoff = self._asking.backoff(hold.work, "disconnected", cause)
            assert hold.offer is not None
            ids = (hold.offer, hold.work.interaction.id, agent.agent.id, cause)
            boost = self.boost(hold.work, backoff)
            event = ev.OfferRescinded(at, *ids, *ends(backoff, at), boost)
            self._refused_by(hold, event, backoff, "disconnected")

    def expired(self, hold: Holding, due: Instant, at: Instant) -> None:
        """An offer was not answered in time."""
        assert hold.offer is not None
        backoff = self._asking.backoff(hold.work, "expired", "")
        ids = (hold.offer, hold.work.interaction.id, hold.agent.agent.id)
        event = ev.OfferExpired(at, due, *ids, *ends(backoff, at), self.boost(hold.work, backoff))
        self._refused_by(hold, event, backoff, "expired")


def ends(backoff: Backoff, at: Instant) -> tuple[Instant, Instant, Instant | None]:
    """Return the ends of cool-down, exclusion and rest."""
    return at + backoff.cool_down, at + backoff.exclusion, None if backoff.rest is None else at + backoff.rest
