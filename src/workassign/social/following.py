"""What follows when the engine has said something? Who was turned away comes in anew, or is counted.

Law: *nothing is lost in silence*. What the engine does not let in leaves the funnel at a stage, and
swallows nothing that its customer says later; a message that may not go on with an interaction is
one of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import attrs

from workassign import events as ev
from workassign.commands import Command, CustomerReplied, Submit, Update
from workassign.model import Instant, Interaction, InteractionId
from workassign.social import happenings as hp
from workassign.social.funnel import JOINED, REFUSED, REPEATED, Tally
from workassign.social.latest import Latest
from workassign.social.loudness import Loudness
from workassign.social.making import Later, Making, again
from workassign.social.mentions import Mention
from workassign.social.people.customers import known
from workassign.social.sampling import Samples
from workassign.social.threads import Conversation, Threads

__all__ = ["NOTHING", "Following", "Taken", "begun"]

_Closed: TypeAlias = ev.Completed | ev.Cancelled | ev.Abandoned | ev.Collapsed | ev.TemplateSent

WAITING = 10_000
"""So many messages are remembered of which the engine has not said yet whether they may go on."""


@attrs.frozen
class Taken:
    """What became of something: facts, and what the engine is to be told, in this order.

    Whatever the engine answers goes to `Front.see` before the next mention is taken, refusals above
    all: else nobody knows that somebody was turned away.
    """

    happenings: tuple[hp.Happening, ...] = ()
    commands: tuple[Command, ...] = ()


NOTHING = Taken()


class Following:
    """Keeps conversations in line with their interactions."""

    def __init__(
        self, threads: Threads, make: Making, samples: Samples, loudness: Loudness, tally: Tally
    ) -> None:
        self._threads, self._make, self._samples = threads, make, samples
        self._loudness, self._tally = loudness, tally
        self._asking = Latest[InteractionId, Later](WAITING)
        """By interaction: the message with which its customer wants to go on with it."""

    def go_on(self, mention: Mention, conversation: Conversation, later: Later) -> Taken:
        """Ask the engine to let her go on; *later* is what her message makes if it does not."""
        self._tally.left(mention, JOINED)
        self._threads.go_on(conversation, mention)
        into = conversation.interaction
        self._asking.put(into, later)
        fact = hp.Joined(at=mention.at, mention=mention.key, interaction=into)
        return Taken((fact,), (CustomerReplied(into, later.mention.sentiment),))

    def anew(
        self,
        later: Later,
        conversation: Conversation,
        interaction: Interaction,
        before: Conversation | None,
        at: Instant,
    ) -> Taken:
        """What had left the funnel enters after all, and begins a *conversation*."""
        raw = self._loudness.raw(later.mention)
        interaction = begun(conversation, interaction, before, raw)
        key = later.mention.key
        fact = hp.Entered(at=at, mention=key, interaction=interaction.id, queue=interaction.queue)
        return Taken((fact,), (Submit(interaction),))

    def see(self, event: ev.Event) -> Taken:
        """Take in what happened, and say what follows from it. Cost: O(1)."""
        saw = _SEEN.get(type(event))
        return NOTHING if saw is None else saw(self, event)

    def _assigned(self, event: ev.Assigned) -> Taken:
        if (conversation := self._threads.get(event.interaction)) is not None:
            conversation.agent = event.agent
        return NOTHING

    def _closed(self, event: _Closed) -> Taken:
        if (conversation := self._threads.get(event.interaction)) is not None:
            conversation.open = False
        return NOTHING

    def _reopened(self, event: ev.Reopened) -> Taken:
        if (conversation := self._threads.get(event.interaction)) is not None:
            conversation.open = True
        return NOTHING

    def _goes_on(self, event: ev.MessageReceived) -> Taken:
        later = self._asking.take(event.interaction)
        conversation = self._threads.get(event.interaction)
        if later is None or later.worse is None or conversation is None:
            return NOTHING
        conversation.felt = later.worse
        return Taken((), (Update(event.interaction, sentiment=later.worse),))

    def _refused(self, refused: ev.Refused) -> Taken:
        if refused.command == Submit.__name__:
            return self._not_let_in(refused)
        if refused.command == CustomerReplied.__name__:
            return self._may_not_go_on(refused)
        return NOTHING

    def _not_let_in(self, refused: ev.Refused) -> Taken:
        """Nobody will answer it: what its customer says next is not to wait for that."""
        stage = self._samples.not_let_in(refused.subject)
        if stage is not None:
            self._tally.audited[stage] -= 1
        conversation = self._threads.get(refused.subject)
        if conversation is None:
            return NOTHING
        first = conversation.messages[0].ref
        # That one is there: a front that has begun anew reads what another has taken in before.
        left_at = REPEATED if refused.rule == "id_reused" else REFUSED
        if left_at is REFUSED:
            self._threads.forget(conversation)
        self._tally.turned_away(left_at)
        return Taken((hp.Dropped(at=refused.at, mention=first, stage=left_at),))

    def _may_not_go_on(self, refused: ev.Refused) -> Taken:
        """What the customer says goes on with may not be opened again: it is an interaction of its own."""
        later, before = self._asking.take(refused.subject), self._threads.get(refused.subject)
        if later is None:  # somebody else has said so
            if before is not None and refused.rule in ("closed", "unknown_interaction"):
                before.open = False
            return NOTHING
        self._tally.anew(JOINED)
        interaction = later.interaction
        if interaction is None:  # it was thought to be open
            customer = known(later.mention, None)[0] if before is None else before.known
            interaction = self._make.plain(later.mention, later.queue, customer)
        if before is None:
            conversation = self._threads.begin(interaction.id, later.mention, later.who, later.brand)
        else:
            conversation = self._threads.renew(before, interaction.id, later.mention)
        return self.anew(later, conversation, interaction, before, refused.at)


_SEEN: Mapping[type, Callable[[Following, Any], Taken]] = {
    ev.Assigned: Following._assigned,
    ev.Completed: Following._closed,
    ev.Cancelled: Following._closed,
    ev.Abandoned: Following._closed,
    ev.Collapsed: Following._closed,
    ev.TemplateSent: Following._closed,
    ev.Reopened: Following._reopened,
    ev.MessageReceived: Following._goes_on,
    ev.Refused: Following._refused,
}


def begun(
    conversation: Conversation,
    interaction: Interaction,
    before: Conversation | None,
    raw: float | None,
    *,
    beside: Conversation | None = None,
) -> Interaction:
    """Note with what a *conversation* begins; return that, with what is known of who was here *before*.

    *raw*: how far it carries, before it is ranked. *beside*: another customer's, in which she writes.
    """
    customer = interaction.customer
    conversation.known, conversation.felt = customer, interaction.sentiment
    conversation.score, conversation.influence = None if customer is None else customer.influence, raw
    return again(interaction, conversation, before, beside)
