"""Which conversation does a message continue? One customer, one concern, wherever she writes.

A conversation is one interaction. A message belongs to it if its customer wrote it and

- it answers a message of the conversation, ours or hers, or
- it stands in the same thread of the network (where that does not tell, in the thread of what it
  answers, whoever wrote that), or
- it came to the same brand soon after her last message, on any network that is known to be hers.

In a public thread others write, too: what they say is no part of her conversation.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import TypeAlias

import attrs

from workassign.model import AgentId, Customer, Instant, InteractionId
from workassign.social.happenings import Origin
from workassign.social.mentions import Mention, key_of
from workassign.social.replying.handover import Said

__all__ = ["Conversation", "ThreadSettings", "Threads"]

MESSAGES_KEPT = 200
"""A conversation remembers so many of its messages: the first one and the latest."""
SHARERS_KEPT = 10_000
"""A conversation remembers so many of those who said the same, the first ones; it counts all."""


@attrs.frozen(kw_only=True)
class ThreadSettings:
    """The table `[mentions.threads]`.

    Raises:
        ValueError: If a time is not positive, or there is room for no conversation.
    """

    within: float = 7 * 86_400.0
    """A conversation is remembered for so many seconds after its last message."""
    same_author_within: float | None = 3600.0
    """Who writes to the same brand again within so many seconds goes on with what she said before,
    even if her message does not say what it answers; None: it has to say so."""
    most: int = 100_000
    """So many conversations are remembered, the latest ones."""

    def __attrs_post_init__(self) -> None:
        """Check the times."""
        for name in ("within", "same_author_within"):
            seconds = getattr(self, name)
            if seconds is not None and seconds <= 0:
                raise ValueError(f"{name} must be positive, not {seconds!r}")
        if self.most < 1:
            raise ValueError(f"most must be at least 1, not {self.most}")


_Key: TypeAlias = tuple[str, ...]


@attrs.define(eq=False)
class Conversation:
    """What belongs to one interaction: its messages, and what was collapsed into it."""

    interaction: InteractionId
    customer: str | None
    brand: str | None
    last: Instant
    """When the latest message came."""
    thread: _Key = ()
    """Network and thread in which it began."""
    messages: list[Said] = attrs.field(factory=list)
    left_out: int = 0
    """Messages between the first and the others that are not remembered any more."""
    open: bool = True
    """Nobody has closed its interaction yet, as far as is known."""
    agent: AgentId | None = None
    """Who had it last."""
    contacts: int = 1
    """It is the customer's so-manieth conversation with the brand, of those that are remembered."""
    known: Customer | None = None
    """What was known of her when it began."""
    influence: float | None = None
    """How far what she says carries, before it is ranked: see `Influence.raw`."""
    score: float | None = None
    """The influence that the engine was told last, 0 to 100."""
    felt: float | None = None
    """The sentiment that the engine was told last, -1 to 1."""
    mentions: int = 1
    """So many share it: the first, and those that were collapsed into it."""
    reach: int = 0
    """The followers of everybody who said the same, added up, each author once."""
    sharers: dict[str, Origin] = attrs.field(factory=dict, repr=False)
    """Account, or key of a mention without one -> where she said the same; the customer's first."""
    keys: list[_Key] = attrs.field(factory=list, repr=False)

    @property
    def networks(self) -> tuple[str, ...]:
        """Where it took place, in the order in which it came there."""
        return tuple(dict.fromkeys(each.network for each in self.messages))

    def share(self, mention: Mention) -> bool:
        """Somebody said the same: *mention* was collapsed into it. Return whether she is remembered."""
        self.mentions += 1
        self.last = max(self.last, mention.at)
        who = _account(mention)
        if who in self.sharers:
            return True
        self.reach += mention.followers or 0
        if len(self.sharers) < SHARERS_KEPT:
            self.sharers[who] = Origin.of(mention)
        return who in self.sharers

    def keep(self, said: Said) -> None:
        """Remember a message."""
        self.last = max(self.last, said.at)
        self.messages.append(said)
        if len(self.messages) > MESSAGES_KEPT:
            del self.messages[1]
            self.left_out += 1


class Threads:
    """Remembers conversations; bounded in time and number.

    Customers are named by whoever asks, so that one person on several networks can be one customer.
    """

    def __init__(self, settings: ThreadSettings) -> None:
        self._settings = settings
        self._conversations: OrderedDict[InteractionId, Conversation] = OrderedDict()
        """In order of their latest message."""
        self._places: dict[_Key, Conversation] = {}

    def __len__(self) -> int:
        """Return how many conversations are remembered."""
        return len(self._conversations)

    @property
    def most(self) -> int:
        """How many are remembered at most."""
        return self._settings.most

    def find(self, mention: Mention, customer: str | None, brand: str | None) -> Conversation | None:
        """Return the conversation that *mention* goes on with; None: it begins one. Cost: O(1)."""
        for key in _answers(mention):
            found = self._places.get(key)
            if found is not None and (mention.ours or _hers(found, customer)):
                return found
        if customer is None or mention.ours:
            return None
        found = self._places.get(self._in_thread(mention, customer))
        return found or self._just_before(mention, customer, brand)

    def says_so(self, mention: Mention, found: Conversation, customer: str | None) -> bool:
        """Whether *mention* says itself that it goes on with what was *found*, beyond being near in time."""
        keys = [*_answers(mention), *([self._in_thread(mention, customer)] if customer else [])]
        return any(self._places.get(key) is found for key in keys)

    def _just_before(self, mention: Mention, customer: str, brand: str | None) -> Conversation | None:
        within = self._settings.same_author_within
        found = self._places.get(("by", customer, brand or ""))
        near = found is not None and within is not None and mention.at - found.last <= within
        return found if near else None

    def holding(self, key: str) -> Conversation | None:
        """Return the conversation of which the mention of this *key* is a message, or was collapsed into."""
        return self._places.get(("message", key))

    def get(self, interaction: InteractionId) -> Conversation | None:
        """Return a conversation; None: it is none, or too long ago."""
        return self._conversations.get(interaction)

    def begin(
        self, interaction: InteractionId, mention: Mention, customer: str | None, brand: str | None
    ) -> Conversation:
        """A conversation begins with *mention*."""
        before = None if customer is None else self._places.get(("by", customer, brand or ""))
        conversation = Conversation(interaction, customer, brand, mention.at, self._thread(mention))
        conversation.contacts = 1 if before is None else before.contacts + 1
        conversation.sharers[_account(mention)] = Origin.of(mention)
        self._conversations[interaction] = conversation
        self.go_on(conversation, mention)
        return conversation

    def renew(self, before: Conversation, interaction: InteractionId) -> Conversation:
        """What would have gone on with *before* begins a conversation of its own, which takes its place."""
        after = Conversation(interaction, before.customer, before.brand, before.last, before.thread)
        after.contacts, after.agent = before.contacts + 1, before.agent
        after.messages = [before.messages.pop()]
        del self._conversations[before.interaction]
        self._conversations[interaction] = after
        self._remember(after, list(before.keys), after.last)
        return after

    def share(self, conversation: Conversation, mention: Mention) -> None:
        """*mention* is collapsed into a conversation, which is remembered longer. Cost: O(1), amortised."""
        keys = [("message", mention.key)] if conversation.share(mention) else []
        self._remember(conversation, keys, mention.at)

    def go_on(self, conversation: Conversation, mention: Mention) -> None:
        """A conversation goes on with *mention*, of the customer or the brand. Cost: O(1), amortised."""
        by = "agent" if mention.ours else "customer"
        conversation.keep(Said(at=mention.at, by=by, ref=mention.key, network=mention.network))
        self._remember(conversation, [*self._places_of(mention, conversation)], mention.at)

    def _places_of(self, mention: Mention, conversation: Conversation) -> Iterator[_Key]:
        """Yield where a later message may find the conversation."""
        yield "message", mention.key
        if conversation.customer is not None:
            yield self._in_thread(mention, conversation.customer)
            if not mention.ours:
                yield "by", conversation.customer, conversation.brand or ""

    def _in_thread(self, mention: Mention, customer: str) -> _Key:
        return "thread", *self._thread(mention), customer

    def _thread(self, mention: Mention) -> _Key:
        """Return network and thread in which *mention* stands, as far as is known."""
        if mention.thread is None:
            for key in _answers(mention):
                answered = self._places.get(key)
                if answered is not None and answered.thread[0] == mention.network:
                    return answered.thread
        # What begins a thread is often named by its own id there.
        return mention.network, mention.thread or mention.in_reply_to or mention.id

    def _remember(self, conversation: Conversation, keys: Iterable[_Key], now: Instant) -> None:
        for key in keys:
            if self._places.get(key) is not conversation:
                self._places[key] = conversation
                conversation.keys.append(key)
        self._conversations.move_to_end(conversation.interaction)
        self._forget(now)

    def _forget(self, now: Instant) -> None:
        """Forget what is too old, or too many."""
        settings, known = self._settings, self._conversations
        while known:
            oldest = next(iter(known.values()))
            if len(known) <= settings.most and now - oldest.last <= settings.within:
                return
            del known[oldest.interaction]
            for key in oldest.keys:
                if self._places.get(key) is oldest:
                    del self._places[key]


def _account(mention: Mention) -> str:
    return mention.key if mention.author is None else key_of(mention.network, mention.author)


def _hers(conversation: Conversation, customer: str | None) -> bool:
    return customer is not None and conversation.customer == customer


def _answers(mention: Mention) -> Iterator[_Key]:
    """Yield the places of what *mention* says that it answers."""
    if mention.in_reply_to is not None:
        yield "message", key_of(mention.network, mention.in_reply_to)
