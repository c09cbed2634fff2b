"""What follows when somebody says something about an interaction: customer, agent, bot, supervisor?"""

from __future__ import annotations

from workassign import commands as cmd
from workassign import events as ev
from workassign._aside import Aside
from workassign._asking import Asking, Turn
from workassign._deadlines import SLA
from workassign._interactions import Interactions
from workassign._locking import Locking
from workassign._pairing import Pairing
from workassign._records import Work
from workassign._state import State
from workassign.model import Instant, InteractionId, Status

__all__ = ["Talking"]


class Talking:
    """Decides about messages, replies, whose turn it is, and what is opened again."""

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
        self._aside = aside
        self._locking = locking
        self._state = state
        self._asking = asking
        self._pairing = pairing
        self._interactions = interactions
        self._turn = turn

    def customer_replied(self, command: cmd.CustomerReplied, at: Instant) -> None:
        """Note that the customer waits for an answer; open again what is closed."""
        work = self._known(command, command.interaction)
        if work is None:
            return
        if work.stage == "closed" and not self._opened_by_customer(command, work, at):
            return
        received = ev.MessageReceived(at, command.interaction, command.sentiment)
        self._state.message_received(work, received)
        self._turn.facts.append(received)
        self._set_open(work, "customer replied", at)
        self._follow(work, "customer replied", at)
        self._aside.replied(work, at)

    def _opened_by_customer(self, command: cmd.CustomerReplied, work: Work, at: Instant) -> bool:
        return self._may_reopen(command, work, at) and self._reopened(command, work, "customer replied", at)

    def agent_replied(self, command: cmd.AgentReplied, at: Instant) -> None:
        """Note that an agent has answered."""
        work = self._known(command, command.interaction)
        if work is None:
            return
        if self._interactions.agent(command, command.agent) is None:
            return
        if command.fence is not None:
            ids = (command.interaction, command.agent, command.fence)
            if self._interactions.holding("AgentReplied", *ids, None, at) is None:
                return
        if self._locking.may_answer(command, work, command.agent):
            self.answer(work, ev.ReplySent(at, command.interaction, command.agent))

    def bot_replied(self, command: cmd.BotReplied, at: Instant) -> None:
        """Note that something automatic has answered."""
        work = self._known(command, command.interaction)
        if work is not None:
            self._send(work, ev.ReplySent(at, command.interaction, None), "bot replied")

    def answer(self, work: Work, event: ev.ReplySent) -> None:
        """Let the customer be answered by an agent; whoever was writing is done."""
        self._send(work, event, "replied")
        self._locking.end(work, "replied", None, event.at)

    def _send(self, work: Work, event: ev.ReplySent, cause: str) -> None:
        self._state.reply_sent(work, event)
        self._turn.facts.append(event)
        self._follow(work, cause, event.at)

    def _follow(self, work: Work, cause: str, at: Instant) -> None:
        """Bring the clocks of *work* in line, and its steps with them."""
        self._pairing.clocks.follow(work, cause, at)
        if work.stage == "waiting" and any(step.slack is not None for step in work.sig.queue.plan.steps):
            self._pairing.fetch(work)

    def set_status(self, command: cmd.SetStatus, at: Instant) -> None:
        """Note whose turn it is."""
        work = self._known(command, command.interaction)
        if work is None:
            return
        known = self._state.conversations.get(command.interaction)
        status = Status.OPEN if known is None else known.status
        if work.stage == "closed":
            self._turn.refuse(command, "closed", f"interaction {command.interaction!r} is closed")
        elif command.status is status:
            self._turn.refuse(
                command, "already_so", f"interaction {command.interaction!r} is {status.value} already"
            )
        else:
            self._set(work, command.status, "asked", at)
            self._follow(work, command.status.value, at)

    def reopen(self, command: cmd.Reopen, at: Instant) -> None:
        """Open again what is closed."""
        work = self._known(command, command.interaction)
        if work is None:
            return
        if work.stage != "closed":
            self._turn.refuse(command, "not_closed", f"interaction {command.interaction!r} is {work.stage}")
        elif self._reopened(command, work, command.reason or "asked", at):
            self._set_open(work, "reopened", at)
            self._pairing.clocks.follow(work, "reopened", at)

    def _known(self, command: cmd.Command, interaction: InteractionId) -> Work | None:
        """Return the interaction, or refuse."""
        work = self._state.works.get(interaction)
        at = self._turn.at
        if work is not None and work.stage == "closed" and work.key < at - self._state.plan.retention:
            work = None  # whether it is still in memory depends on how much came since
        if work is None:
            self._turn.refuse(command, "unknown_interaction", f"there is no interaction {interaction!r}")
        return work

    def _may_reopen(self, command: cmd.CustomerReplied, work: Work, at: Instant) -> bool:
        """Whether the queue lets a customer open *work* again, or refuse."""
        plan, who = work.sig.queue.plan, command.interaction
        if not plan.reopen:
            self._turn.refuse(
                command, "closed", f"interaction {who!r} is closed, and stays so: submit another"
            )
        elif plan.reopen_within is not None and at - work.key > plan.reopen_within:
            self._turn.refuse(
                command, "closed", f"interaction {who!r} was closed too long ago: submit another"
            )
        else:
            return True
        return False

    def _reopened(self, command: cmd.Command, work: Work, cause: str, at: Instant) -> bool:
        """Let closed *work* wait again, or refuse where it has no place any more."""
        plan, name, who = self._state.plan, work.sig.queue.name, work.interaction.id
        name = name if name in plan.queues else plan.successors.get(name, name)
        if name not in plan.queues:
            self._turn.refuse(
                command, "unknown_queue", f"interaction {who!r}: there is no queue {name!r} any more"
            )
            return False
        if work.sig.channel not in plan.channels:
            reason = f"interaction {who!r}: there is no channel {work.sig.channel!r} any more"
            self._turn.refuse(command, "unknown_channel", reason)
            return False
        place = self._asking.belongs(self._state.queues[name], work.interaction, at)
        event = ev.Reopened(at, who, name, cause, *place)
        self._state.reopened(work, event)
        self._turn.facts.append(event)
        if work.pending:
            self._pairing.deadlines.arm(SLA, work)
        self._pairing.bring(work)
        return True

    def _set_open(self, work: Work, cause: str, at: Instant) -> None:
        """Make it everybody's turn again."""
        known = self._state.conversations.get(work.interaction.id)
        if known is not None and known.status is not Status.OPEN:
            self._set(work, Status.OPEN, cause, at)

    def _set(self, work: Work, status: Status, cause: str, at: Instant) -> None:
        event = ev.StatusChanged(at, work.interaction.id, status, cause)
        hold = work.hold
        self._state.status_changed(work, event)
        self._turn.facts.append(event)
        if hold is not None and work.sig.kind.discount is not None:
            self._pairing.freed.append(hold.agent)
