"""What follows when something is wished of, or due for, an interaction?"""

from __future__ import annotations

from workassign import commands as cmd
from workassign import events as ev
from workassign._absorbing import Absorbing
from workassign._admission import Admission
from workassign._aside import Aside
from workassign._asking import Asking, Rules, Turn
from workassign._deadlines import SLA, WRAP_UP
from workassign._linked import no_parent, open_parts
from workassign._locking import Locking
from workassign._moving import Passing
from workassign._offering import Offering, ends
from workassign._pairing import Pairing
from workassign._records import PRESENT, AgentState, Holding, QueueState, Work
from workassign._state import OVERFLOW, State
from workassign.events import Completed, Submitted
from workassign.model import AgentId, Fence, Instant, Interaction, InteractionId, Presence
from workassign.policies.offers import Backoff

__all__ = ["AWAITING", "HELD", "Interactions"]

AWAITING = "awaiting_approval"
HELD = ("assigned", "wrapping", AWAITING)
"""Stages of what somebody has accepted and has still."""


class Interactions:
    """Decides about interactions: from the submission to the end of the wrap-up."""

    def __init__(
        self,
        state: State,
        asking: Asking,
        pairing: Pairing,
        aside: Aside,
        locking: Locking,
        offering: Offering,
        turn: Turn,
    ) -> None:
        self._locking = locking
        self._offering = offering
        self._state = state
        self._asking = asking
        self._pairing = pairing
        self._aside = aside
        self._turn = turn
        self._deadlines = pairing.deadlines
        self._clocks = pairing.clocks
        self._admission = Admission(state, asking, pairing.moving, turn)
        self._absorbing = Absorbing(state, pairing.moving, pairing.clocks, turn)

    def submit(self, interaction: Interaction, at: Instant) -> list[ev.Event] | None:
        """Take in an interaction, or answer again for one that is known."""
        state, pairing = self._state, self._pairing
        if interaction.id in state.works:
            return self._submitted_again(state.works[interaction.id], interaction)
        usual = pairing.index.usual
        sig = usual.get((interaction.queue, interaction.channel, interaction.needs, interaction.tier))
        if (
            sig is None
            or interaction.prefers is not None
            or interaction.label is not None
            or interaction.not_before is not None
            or interaction.parent is not None
            or interaction.shared_with
        ):
            self._take_in(interaction, at)
            return None
        # `_take_in`, written out: the hot path, for what is like something that came in before.
        rules: Rules = sig.queue.rules
        event = Submitted(at, interaction, state.submitted + 1, sig.tier, at, 0.0, (), rules.target)
        work = state.submitted_(event, sig)
        self._turn.facts.append(event)
        link = sig.link
        if not link.pools.filled and not state.delays:
            link.line.push(work)
        elif (agent := pairing.index.pick(work, at)) is not None:
            pairing.take(work, agent, at)
        else:
            pairing.wait(work, at)
        lane = rules.sla
        if lane is not None and work.pending:  # not accepted yet, so that its timer is worth something
            lane.items.append(work)
            if at + lane.delay < self._deadlines.bound:
                self._deadlines.bound = at + lane.delay
        return None

    def _take_in(self, interaction: Interaction, at: Instant) -> None:
        """Take in an interaction that is new."""
        state = self._state
        queue = state.queues.get(interaction.queue)
        told = state.wordy or interaction.parent is not None or interaction.shared_with
        if queue is None or queue.rules is None or interaction.channel not in state.units or told:
            problem = self._problem(interaction)
            if problem is not None:
                self._turn.facts.append(ev.Refused(at, "Submit", interaction.id, *problem))
                return
            queue = state.queues[interaction.queue]
        special = interaction.not_before is not None or state.surge is not None
        if special and self._needs_no_place(interaction, queue, at):
            return
        rules: Rules = queue.rules
        landing: QueueState | None = queue
        why = ""
        if rules.door:
            landing, why = self._admission.landing(interaction, queue, at)
            if landing is None:
                return
        if rules.plain:
            tier = rules.tier if interaction.tier is None else interaction.tier
            event = ev.Submitted(at, interaction, state.submitted + 1, tier, at, 0.0, (), rules.target)
        else:
            event = ev.Submitted(
                at, interaction, state.submitted + 1, *self._asking.belongs(queue, interaction, at)
            )
        work = state.submitted_(event)
        self._turn.facts.append(event)
        lane = rules.sla
        if lane is not None:
            lane.items.append(work)  # `arm`, written out: the hot path
            if at + lane.delay < self._deadlines.bound:
                self._deadlines.bound = at + lane.delay
        elif work.pending:
            self._deadlines.arm(SLA, work)
        if state.clocked:
            self._clocks.follow(work, "submitted", at)
        if landing is not None and landing is not queue:
            self._pairing.moving.move(work, landing.name, OVERFLOW, at, Passing(reason=why))
            self._pairing.moving.take(work, at, at)
        elif rules.steps:
            self._pairing.moving.begin(work, at)
        link = work.sig.link
        if link is not None and not link.pools.filled and interaction.prefers is None and not state.delays:
            link.line.push(work)  # `place`, written out, for when nobody is free at all
        else:
            self._pairing.place(work, at)
        if rules.plain:
            self._remember(work, rules)

    def _remember(self, work: Work, rules: Rules) -> None:
        """Keep the signature of *work*, which has just come in, for others, if it needed nothing special."""
        who, state = work.interaction, self._state
        own = who.shared_with or who.label is not None or work.sig.link is None
        asked = rules.door or rules.steps or state.clocked or state.surge is not None
        if not own and not asked:
            self._pairing.index.usual[who.queue, who.channel, who.needs, who.tier] = work.sig

    def _needs_no_place(self, interaction: Interaction, queue: QueueState, at: Instant) -> bool:
        """Whether *interaction* is taken in without a place in a line: for later, or by a surge."""
        if interaction.not_before is not None and interaction.not_before > at:
            self._aside.schedule(interaction, float(interaction.not_before), at)
            return True
        surge = self._state.surge
        return surge is not None and surge.on and self._absorbing.takes(interaction, queue, at)

    def _submitted_again(self, known: Work, interaction: Interaction) -> list[ev.Event] | None:
        if known.first_said().interaction != interaction:  # it may have been updated since
            reason = f"interaction {interaction.id!r} was submitted before with another body"
            self._turn.facts.append(ev.Refused(self._turn.at, "Submit", interaction.id, "id_reused", reason))
            return None
        return [known.first_said()]

    def _problem(self, interaction: Interaction) -> tuple[str, str] | None:
        """Return what there is not that *interaction* names: the rule and the reason."""
        plan = self._state.plan
        for name in (interaction.queue, *interaction.shared_with):
            if name not in plan.queues:
                return "unknown_queue", f"there is no queue {name!r}"
        if interaction.channel not in plan.channels:
            return "unknown_channel", f"there is no channel {interaction.channel!r}"
        problem = plan.unknown(interaction.needs)
        if problem is not None or interaction.parent is None:
            return problem
        reason = no_parent(self._state, interaction.parent)
        return None if reason is None else ("no_open_parent", reason)

    def again(self, command: cmd.Command) -> list[ev.Event] | None:
        """Return the answer to a command that changed nothing, because it was said before."""
        if isinstance(command, cmd.Submit):
            known = self._state.works.get(command.interaction.id)
            return None if known is None else [known.first_said()]
        return (
            self._offering.acceptance(command.offer, command.agent)
            if isinstance(command, cmd.Accept)
            else None
        )

    def holding(
        self,
        command: str,
        interaction: InteractionId,
        agent: AgentId,
        fence: Fence,
        stage: str | None,
        at: Instant,
        *,
        also: str = "",
    ) -> Holding | None:
        """Return the holding that *agent* shows the fence of, or refuse; None: in any stage.

        *also* is another stage in which it may be.
        """
        work = self._state.works.get(interaction)
        hold = None if work is None else work.hold
        if work is None:
            rule, reason = "unknown_interaction", f"there is no interaction {interaction!r}"
        elif hold is None or hold.fence is None:
            rule, reason = "not_held", f"interaction {interaction!r} is {work.stage}: nobody holds it"
        elif hold.agent.agent.id != agent:
            rule, reason = "not_holder", f"interaction {interaction!r} is not held by {agent!r}"
        elif hold.fence != fence:
            rule, reason = (
                "stale_fence",
                f"interaction {interaction!r} is held under fence {hold.fence}, not {fence!r}",
            )
        elif stage is not None and work.stage not in (stage, also):
            rule, reason = "wrong_stage", f"interaction {interaction!r} is {work.stage}, not {stage}"
        else:
            return hold
        self._turn.facts.append(ev.Refused(at, command, str(interaction), rule, reason))
        return None

    def complete(self, interaction: InteractionId, agent: AgentId, fence: Fence, at: Instant) -> None:
        """Start the wrap-up, or close it where there is none."""
        state, pairing = self._state, self._pairing
        # By way of the agent: her few holdings are near, all interactions are far (in memory).
        who = state.agents.get(agent)
        if (
            who is None
            or (hold := who.holdings.get(interaction)) is None
            or hold.fence is None
            or hold.fence != fence
            or hold.until is not None
        ):
            self.holding("Complete", interaction, agent, fence, "assigned", at)  # to say why not
            return
        if state.parts and not self._may_be_completed(hold, at):
            return
        work = hold.work
        wrap_up = work.sig.queue.plan.wrap_up
        if wrap_up is None:
            event = Completed(at, interaction, agent, fence, None)
            state.completed(work, hold, event)
            self._turn.facts.append(event)
            if state.clocked:
                self._clocks.follow(work, "completed", at)
            if state.locks:
                self._locking.end(work, "closed", None, at)
            if pairing.index.gates:
                pairing.freed.append(who)  # somebody who was kept free may have it
            else:
                pairing.employ(who, at)
            return
        started = ev.WrapUpStarted(at, interaction, agent, fence, at + wrap_up)
        state.wrap_up_started(work, hold, started)
        self._deadlines.later(started.until, WRAP_UP, fence, hold)
        self._turn.facts.append(started)
        self._clocks.follow(work, "completed", at)

    def _may_be_completed(self, hold: Holding, at: Instant) -> bool:
        """Whether nothing is open still: no reply that awaits approval, no verdict, no part; or refuse."""
        work = hold.work
        who = work.interaction.id
        if work.stage == AWAITING:
            self.holding("Complete", who, hold.agent.agent.id, hold.fence or 0, "assigned", at)
            return False
        review = self._state.reviews.get(who)
        if review is not None and review.awaited:
            reason = f"a reply waits for review {who!r}: approve or reject it"
            self._turn.facts.append(ev.Refused(at, "Complete", who, "undecided", reason))
            return False
        return self.has_all_parts_done("Complete", who, at)

    def has_all_parts_done(self, command: str, interaction: InteractionId, at: Instant) -> bool:
        """Whether no part of it is open, or refuse."""
        part = next(open_parts(self._state, interaction), None)
        if part is not None:
            reason = f"a part of interaction {interaction!r} is open: {part.interaction.id!r}"
            self._turn.facts.append(ev.Refused(at, command, interaction, "open_children", reason))
        return part is None

    def finish(self, hold: Holding, due: Instant | None, at: Instant) -> None:
        """Close what *hold* holds and free its agent."""
        assert hold.fence is not None
        event = ev.Completed(at, hold.work.interaction.id, hold.agent.agent.id, hold.fence, due)
        self._state.completed(hold.work, hold, event)
        self._turn.facts.append(event)
        self._clocks.follow(hold.work, "completed", at)
        self._locking.end(hold.work, "closed", None, at)
        self._pairing.freed.append(hold.agent)

    def finish_wrap_up(self, command: cmd.FinishWrapUp, at: Instant) -> None:
        """Close what is in wrap-up."""
        ids = (command.interaction, command.agent, command.fence)
        hold = self.holding("FinishWrapUp", *ids, "wrapping", at)
        if hold is not None:
            self.finish(hold, None, at)

    def release(self, command: cmd.Release, at: Instant) -> None:
        """Take accepted work back into its place."""
        ids = (command.interaction, command.agent, command.fence)
        hold = self.holding("Release", *ids, "assigned", at, also=AWAITING)
        if hold is not None:
            self.withdraw(hold.work, "released", at)
            backoff = self._asking.backoff(hold.work, "declined", command.reason)
            self._requeue(hold, command.reason or "released", None, backoff, at)

    def _requeue(self, hold: Holding, cause: str, due: Instant | None, backoff: Backoff, at: Instant) -> None:
        work, agent = hold.work, hold.agent
        retry, excluded, _ = ends(backoff, at)
        ids = (work.interaction.id, agent.agent.id)
        event = ev.Requeued(at, *ids, cause, due, retry, excluded, self._offering.boost(work, backoff))
        self._state.requeued(work, event)
        self._turn.facts.append(event)
        self._clocks.follow(work, "requeued", at)
        self._pairing.cool_down(work, retry, excluded)
        self._pairing.bring(work)
        self._pairing.freed.append(agent)

    def open(self, command: cmd.Command, interaction: InteractionId) -> Work | None:
        """Return the interaction if it is open, or refuse."""
        work = self._state.works.get(interaction)
        if work is None:
            rule, reason = "unknown_interaction", f"there is no interaction {interaction!r}"
        elif work.stage == "closed":
            rule, reason = "closed", f"interaction {interaction!r} is closed"
        else:
            return work
        self._turn.refuse(command, rule, reason)
        return None

    def agent(self, command: cmd.Command, agent: AgentId) -> AgentState | None:
        """Return the agent, or refuse."""
        known = self._state.agents.get(agent)
        if known is None:
            self._turn.refuse(command, "unknown_agent", f"there is no agent {agent!r}")
        return known

    def to_the_side(self, work: Work, cause: str, at: Instant) -> None:
        """Take *work* out of its line, or back from whom it is offered to."""
        if work.stage == "offered":
            for hold in self._state.holdings(work):
                self._offering.rescind(hold, cause, at)
        elif work.stage == "waiting":
            if self._pairing.moving.unmet:
                self._pairing.moving.unmet.pop(work.interaction.id, None)
            self._pairing.withhold(work)

    def cancel(self, command: cmd.Cancel, at: Instant) -> None:
        """Close it, whoever has it."""
        work = self.open(command, command.interaction)
        if work is None:
            return
        if work.stage == "wrapping":
            self._turn.refuse(
                command, "wrong_stage", f"interaction {command.interaction!r} is served already"
            )
            return
        self._cancel_parts(command.interaction, command.reason or "parent cancelled", at)
        self._cancel(work, command.reason, at)

    def _cancel_parts(self, parent: InteractionId, reason: str, at: Instant) -> None:
        """Close all open parts of something, the smallest first; what is in wrap-up ends by itself."""
        for work in reversed([*open_parts(self._state, parent)] if self._state.parts else []):
            if work.stage != "wrapping":
                self._cancel(work, reason, at)

    def _cancel(self, work: Work, reason: str, at: Instant) -> None:
        self.to_the_side(work, "cancelled", at)
        if work.hold is not None:
            self._pairing.freed.append(work.hold.agent)
        event = ev.Cancelled(at, work.interaction.id, reason)
        self._state.cancelled(work, event)
        self._ended(work, event, "cancelled", reason or "cancelled")

    def _ended(self, work: Work, event: ev.Cancelled | ev.Abandoned, cause: str, why: str) -> None:
        """Let end with *work*, which was closed without being served, what hangs on it."""
        at = event.at
        state = self._state
        self._turn.facts.append(event)
        if state.clocked:
            self._clocks.follow(work, cause, at)
        if state.locks:
            self._locking.end(work, "closed", None, at)
        if state.reviews:
            self._give_back(work, why, at)

    def withdraw(self, work: Work, cause: str, at: Instant) -> None:
        """Take back the reply to *work* that waits for approval, if one does: its review is cancelled."""
        review = self._state.proposed.get(work.interaction.id)
        if review is not None:
            self._cancel_parts(review, cause, at)
            self._cancel(self._state.works[review], cause, at)

    def _give_back(self, review: Work, cause: str, at: Instant) -> None:
        """Let the author have again what awaited the approval of *review*, which is closed without one."""
        known = self._state.reviews.get(review.interaction.id)
        if known is not None and known.awaited:
            event = ev.ReplyWithdrawn(at, known.interaction, known.author, review.interaction.id, cause)
            self._state.reply_decided(event)
            self._turn.facts.append(event)
            self._pairing.freed.append(self._state.agents[known.author])

    def abandon(self, interaction: InteractionId, at: Instant) -> None:
        """Close it, unless somebody accepted it."""
        state = self._state
        work = state.works.get(interaction)
        if work is None or work.stage == "closed" or work.stage in HELD:
            command = cmd.Abandon(interaction)
            if self.open(command, interaction) is not None:
                reason = f"interaction {interaction!r} has its agent"
                self._turn.refuse(command, "already_accepted", reason)
            return
        if state.parts:
            self._cancel_parts(interaction, "parent abandoned", at)
        self.to_the_side(work, "abandoned", at)
        event = ev.Abandoned(at, interaction)
        state.abandoned(work, event)
        self._ended(work, event, "abandoned", "abandoned")

    def transfer(self, command: cmd.Transfer, at: Instant) -> None:
        """Move it to another queue."""
        work = self.open(command, command.interaction)
        if work is None:
            return
        if command.queue not in self._state.plan.queues:
            self._turn.refuse(command, "unknown_queue", f"there is no queue {command.queue!r}")
            return
        if command.queue == work.sig.queue.name and command.to is None:
            reason = f"interaction {command.interaction!r} is in {command.queue!r} already"
            self._turn.refuse(command, "same_queue", reason)
            return
        hold = None
        if work.stage in HELD or command.agent is not None:
            ids = (command.interaction, command.agent or "", command.fence or 0)
            hold = self.holding("Transfer", *ids, "assigned", at, also=AWAITING)
            if hold is None:
                return
        if command.to is not None and not self._can_be_passed(command, command.to, work):
            return
        if hold is not None:
            self.withdraw(work, "transferred", at)
            self._pairing.freed.append(hold.agent)
        self.to_the_side(work, "transferred", at)
        how = Passing(to=command.to, reset=command.age == "reset")
        if hold is not None:  # who passes it on does not get it back at once
            backoff = self._asking.backoff(work, "declined", "transferred")
            retry, excluded, _ = ends(backoff, at)
            how = how._replace(holder=hold.agent.agent.id, retry=retry, excluded=excluded)
            self._pairing.cool_down(work, retry, excluded)
        self._pairing.moving.move(work, command.queue, "asked", at, how)
        if work.stage == "waiting":
            self._pairing.bring(work)

    def _can_be_passed(self, command: cmd.Transfer, to: AgentId, work: Work) -> bool:
        """Whether a colleague is there and could do it, or refuse."""
        agent, state, hold = self.agent(command, to), self._state, work.hold
        if agent is None:
            return False
        if hold is not None and hold.fence is not None and hold.agent is agent:
            self._turn.refuse(command, "already_so", f"agent {to!r} has it already")
            return False
        if agent.presence not in PRESENT:
            self._turn.refuse(command, "not_there", f"agent {to!r} is {agent.presence.value}")
            return False
        if state.wrote(work) == to:
            self._turn.refuse(command, "own_reply", f"agent {to!r} wrote what would be reviewed")
            return False
        needs = state.needed(command.queue, work.interaction.needs)
        old = work.sig
        sig = state.signature(command.queue, old.kind, needs, old.tier, old.shared)
        if not agent.can_do(sig, needs):
            self._turn.refuse(command, "not_able", f"agent {to!r} cannot do it in queue {command.queue!r}")
            return False
        return True

    def assign(self, command: cmd.Assign, at: Instant) -> None:
        """Give it to an agent by hand."""
        work = self.open(command, command.interaction)
        if work is None:
            return
        agent = self.agent(command, command.agent)
        if agent is None:
            return
        if work.stage in HELD:
            self._turn.refuse(
                command, "already_accepted", f"interaction {command.interaction!r} has its agent"
            )
            return
        if self._state.wrote(work) == command.agent:
            self._turn.refuse(command, "own_reply", f"agent {command.agent!r} wrote what would be reviewed")
            return
        if agent.presence is Presence.OFFLINE:
            self._turn.refuse(command, "agent_offline", f"agent {command.agent!r} is offline")
            return
        room = self._has_room(agent, work)
        if not (command.override or room):
            self._turn.refuse(
                command, "no_room", f"agent {command.agent!r} has no room; override goes over it"
            )
            return
        how = "manual" if room else "override"
        self.to_the_side(work, "assigned by hand", at)
        self._pairing.index.withdraw(agent)
        self._pairing.assign(work, agent, how, at)
        self._pairing.freed.append(agent)

    def pull(self, command: cmd.Pull, at: Instant) -> None:
        """Give an agent who asks for it what she would take next."""
        agent = self.agent(command, command.agent)
        if agent is None:
            return
        if agent.presence is not Presence.AVAILABLE:
            self._turn.refuse(command, "not_available", f"agent {command.agent!r} is {agent.presence.value}")
        elif not self._pairing.pull(agent, at):
            reason = f"nothing waits that agent {command.agent!r} could take now"
            self._turn.refuse(command, "nothing_waits", reason)

    def _has_room(self, agent: AgentState, work: Work) -> bool:
        """Whether pool, channel limit and capacity policy leave room, whatever her presence."""
        sig = work.sig
        if (hers := agent.holdings.get(work.interaction.id)) is not None:
            return agent.has_room(sig, hers)  # what she is offered already takes up its room
        asked = self._state.plan.capacity is not None
        return agent.has_room(sig) and (not asked or self._asking.may_take(agent, sig.channel, sig.units))

    def take_back(self, hold: Holding, cause: str, due: Instant | None, at: Instant) -> None:
        """Take accepted work from an agent who is gone; what is in wrap-up is done."""
        if hold.work.hold is not hold:
            return  # it was a part of something else that was taken back with her
        if hold.until is not None:
            self.finish(hold, due, at)
        else:
            self.withdraw(hold.work, cause, at)
            self._requeue(hold, cause, due, self._asking.backoff(hold.work, "disconnected", cause), at)

    def sla_missed(self, work: Work, due: Instant, at: Instant) -> None:
        """The first response did not come in time."""
        event = ev.SlaMissed(at, due, work.interaction.id, "first_response")
        self._state.sla_missed(work, event)
        self._turn.facts.append(event)
