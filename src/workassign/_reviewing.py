"""What follows when somebody proposes a reply, and when a reviewer has looked at one?

A reply that must be approved has a review beside it: an interaction of its own, in the queue of the
reviews. While that is open, what is replied to stays with its author, who cannot finish it; once it is
closed, however that came, she has it again.
"""

from __future__ import annotations

from workassign import commands as cmd
from workassign import events as ev
from workassign._asking import Turn
from workassign._deadlines import SLA
from workassign._interactions import Interactions
from workassign._locking import Locking
from workassign._pairing import Pairing
from workassign._records import Holding, Reviewed
from workassign._state import State
from workassign._talking import Talking
from workassign.model import Instant, Interaction, InteractionId
from workassign.needs import NAME_LIMIT
from workassign.policies.review import PHASE

__all__ = ["Reviewing"]


class Reviewing:
    """Decides which replies are looked at, and what an approval or a rejection leads to."""

    def __init__(
        self,
        state: State,
        pairing: Pairing,
        locking: Locking,
        interactions: Interactions,
        talking: Talking,
        turn: Turn,
    ) -> None:
        self._state = state
        self._pairing = pairing
        self._locking = locking
        self._interactions = interactions
        self._talking = talking
        self._turn = turn

    def propose(self, command: cmd.Propose, at: Instant) -> None:
        """Send a reply, unless somebody has to approve it before."""
        ids = (command.interaction, command.agent, command.fence)
        hold = self._interactions.holding("Propose", *ids, "assigned", at)
        if hold is None:
            return
        work, who = hold.work, command.interaction
        if who in self._state.reviews:
            self._turn.refuse(command, "is_review", f"interaction {who!r} is a review: approve or reject")
            return
        if not self._locking.may_answer(command, work, command.agent):
            return
        when = self._looked_at(hold)
        name = None if when is None else self._free_name(who)
        if name is not None and len(name) > NAME_LIMIT:
            reason = f"the id of a review of {who!r} would be longer than {NAME_LIMIT} letters"
            self._turn.refuse(command, "id_too_long", reason)
            return
        if when != "before":
            self._talking.answer(work, ev.ReplySent(at, who, command.agent, None, command.ref))
        if name is not None:
            self._open(hold, name, command, at, before=when == "before")

    def _looked_at(self, hold: Holding) -> str | None:
        """Return when somebody looks at the next reply: before or after it is sent; None: never."""
        work = hold.work
        review = work.sig.queue.plan.review
        if review is None:
            return None
        who, phase = work.interaction.id, hold.agent.agent.attributes.get(PHASE)
        number = self._state.replies.get(who, 0) + 1
        return next((when for when in ("before", "after") if review.asks(when, phase, who, number)), None)

    def _free_name(self, who: InteractionId) -> InteractionId:
        """Return the id of the next review: of the number of the reply, or of the next that is free."""
        number = self._state.replies.get(who, 0) + 1
        while (name := f"{who}/review-{number}") in self._state.works:
            number += 1
        return name

    def _open(
        self, hold: Holding, name: InteractionId, command: cmd.Propose, at: Instant, *, before: bool
    ) -> None:
        """Let a review wait in its queue."""
        state, work = self._state, hold.work
        review = work.sig.queue.plan.review
        assert review is not None
        what = work.interaction
        kind = ev.ReplyProposed if before else ev.ReplySampled
        asked = kind(at, what.id, command.agent, name, command.ref)
        if isinstance(asked, ev.ReplyProposed):
            state.reply_proposed(work, asked)
            self._pairing.freed.append(hold.agent)
        else:
            state.reply_sampled(asked)
        self._turn.facts.append(asked)
        own = Interaction(
            id=name,
            queue=review.queue,
            channel=what.channel,
            customer=what.customer,
            ref=command.ref,
            parent=what.id if before else None,
        )
        opened = self._pairing.moving.take_in(own, at, at)
        if opened.pending:
            self._pairing.deadlines.arm(SLA, opened)
        self._pairing.clocks.follow(opened, "submitted", at)
        self._pairing.bring(opened)

    def decide(self, command: cmd.Approve | cmd.Reject, at: Instant) -> None:
        """Take in what a reviewer says: a reply that waited for it is sent, or goes back."""
        ids = (command.interaction, command.agent, command.fence)
        name = type(command).__name__
        if self._interactions.holding(name, *ids, "assigned", at) is None:
            return
        review = self._state.reviews.get(command.interaction)
        if review is None:
            reason = f"interaction {command.interaction!r} is no review"
            self._turn.refuse(command, "not_a_review", reason)
        elif not review.open:
            reason = f"the reply of review {command.interaction!r} waits for nothing any more"
            self._turn.refuse(command, "decided", reason)
        elif self._interactions.has_all_parts_done(name, command.interaction, at) and self._may_be_sent(
            command, review
        ):
            self._decided(command, review, at)
            self._interactions.complete(*ids, at)

    def _may_be_sent(self, command: cmd.Approve | cmd.Reject, review: Reviewed) -> bool:
        """Whether nobody else writes while the reply would go out, or refuse."""
        if not review.awaited or isinstance(command, cmd.Reject):
            return True
        return self._locking.may_answer(command, self._state.works[review.interaction], review.author)

    def _decided(self, command: cmd.Approve | cmd.Reject, review: Reviewed, at: Instant) -> None:
        about = (at, review.interaction, command.agent, command.interaction)
        awaited = review.awaited
        event: ev.ReplyApproved | ev.ReplyRejected = ev.ReplyApproved(*about)
        if isinstance(command, cmd.Reject):
            event = ev.ReplyRejected(*about, command.reason)
        self._state.reply_decided(event)
        self._turn.facts.append(event)
        if not awaited:
            return
        work = self._state.works[review.interaction]
        assert work.hold is not None
        self._pairing.freed.append(work.hold.agent)
        if isinstance(command, cmd.Approve):
            ref = self._state.works[command.interaction].interaction.ref
            sent = ev.ReplySent(at, review.interaction, review.author, command.interaction, ref)
            self._talking.answer(work, sent)
