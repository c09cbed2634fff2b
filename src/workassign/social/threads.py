"""Which conversation does a message continue? One customer, one concern, wherever she writes.

A conversation is one interaction. A message belongs to it if its customer wrote it and

- it answers a message of the conversation, ours or hers, or
- it stands in the same thread of the network (where that does not tell, in the thread of what it
  answers, whoever wrote that), or
- it came to the same brand soon after her last message, on any network that is known to be hers.

In a public thread others write, too: what they say is no part of her conversation.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from itertools import islice
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
PLACES_KEPT = 1_000
"""In so many places a later message of hers, or of ours, finds a conversation: those of use last."""
SHARED_PLACES_KEPT = 20_000
"""In so many more it is found by what was collapsed into it."""
REACH = 10**12
"""Nobody reaches more people than this."""


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
            if seconds is not None and not 0 < seconds < math.inf:
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
    keys: dict[_Key, None] = attrs.field(factory=dict, repr=False)
    """Where a later message of hers, or of ours, finds it; what was of use last comes last."""
    shared_keys: dict[_Key, None] = attrs.field(factory=dict, repr=False)
    """Where it is found by what was collapsed into it."""

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
        self.reach = min(self.reach + int(min(mention.followers or 0, REACH)), REACH)
        if len(self.sharers) < SHARERS_KEPT:
            self.sharers[who] = Origin.of(mention)
        return who in self.sharers

    def worse(self, sentiment: float | None) -> float | None:
        """Return *sentiment* if the engine is to know of it: she feels worse than it was told."""
        told = 0.0 if self.felt is None else self.felt
        return sentiment if sentiment is not None and sentiment < told else None

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
        self._most_places = max(10 * settings.most, 2 * SHARED_PLACES_KEPT)

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

    def saying(self, key: str) -> Conversation | None:
        """Return the latest conversation that says what the mention of this *key* said first."""
        return self._places.get(("said", key)) or self.holding(key)

    def beside(self, mention: Mention) -> Conversation | None:
        """Return the conversation in which *mention* answers something, whoever's it is. Cost: O(1)."""
        return next((found for key in _answers(mention) if (found := self._places.get(key))), None)

    def get(self, interaction: InteractionId) -> Conversation | None:
        """Return a conversation; None: it is none, or too long ago."""
        return self._conversations.get(interaction)

    def begin(
        self,
        interaction: InteractionId,
        mention: Mention,
        customer: str | None,
        brand: str | None,
        said_first: str | None = None,
    ) -> Conversation:
        """A conversation begins with *mention*.

        *said_first*: key of the mention that said the same before and belongs to nothing that is open.
        """
        before = None if customer is None else self._places.get(("by", customer, brand or ""))
        conversation = Conversation(interaction, customer, brand, mention.at, self._thread(mention))
        conversation.contacts = 1 if before is None else before.contacts + 1
        self._put_in(conversation, mention)
        if said_first is not None:
            self._remember(conversation, conversation.keys, [("said", said_first)], mention.at)
        return conversation

    def renew(self, before: Conversation, interaction: InteractionId, mention: Mention) -> Conversation:
        """*mention*, which would have gone on with *before*, begins a conversation that takes its place.

        Whoever answers something of the old one goes on with the new one from now on.
        """
        last = max(before.last, mention.at)
        after = Conversation(interaction, before.customer, before.brand, last, before.thread)
        after.contacts, after.agent = before.contacts + 1, before.agent
        self.forget(before)
        self._put_in(after, mention)
        self._remember(after, after.keys, list(before.keys), mention.at)
        self._remember(after, after.shared_keys, list(before.shared_keys), mention.at)
        return after

    def forget(self, conversation: Conversation) -> None:
        """A conversation is none any more: what would have gone on with it begins another."""
        del self._conversations[conversation.interaction]
        for key in (*conversation.keys, *conversation.shared_keys):
            if self._places.get(key) is conversation:
                del self._places[key]

    def _put_in(self, conversation: Conversation, mention: Mention) -> None:
        conversation.sharers[_account(mention)] = Origin.of(mention)
        if (twin := self._conversations.get(conversation.interaction)) is not None:
            self.forget(twin)  # the same mention has come again, long after it was known
        self._conversations[conversation.interaction] = conversation
        self.go_on(conversation, mention)

    def share(self, conversation: Conversation, mention: Mention, said_first: str | None = None) -> None:
        """*mention* is collapsed into a conversation, which is remembered longer. Cost: O(1), amortised.

        *said_first*: key of the mention that said the same first.
        """
        keys: list[_Key] = [("message", mention.key)] if conversation.share(mention) else []
        self._remember(conversation, conversation.shared_keys, keys, mention.at)
        if said_first is not None:  # a storm is known as long as it goes on
            self._remember(conversation, conversation.keys, [("said", said_first)], mention.at)

    def go_on(self, conversation: Conversation, mention: Mention) -> None:
        """A conversation goes on with *mention*, of the customer or the brand. Cost: O(1), amortised."""
        by = "agent" if mention.ours else "customer"
        conversation.keep(Said(at=mention.at, by=by, ref=mention.key, network=mention.network))
        self._remember(conversation, conversation.keys, [*self._places_of(mention, conversation)], mention.at)

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

    def _remember(
        self, conversation: Conversation, own: dict[_Key, None], keys: Iterable[_Key], now: Instant
    ) -> None:
        """Remember that a conversation is found by *keys*, which are put behind its *own*."""
        for key in keys:
            self._places[key] = conversation
            own.pop(key, None)
            own[key] = None
        most = PLACES_KEPT if own is conversation.keys else SHARED_PLACES_KEPT
        if len(own) > most:  # many at once, for the first of a dict is not found at once
            for oldest in list(islice(own, most // 10)):
                del own[oldest]
                if self._places.get(oldest) is conversation:
                    del self._places[oldest]
        self._conversations.move_to_end(conversation.interaction)
        self._forget_some(now)

    def _forget_some(self, now: Instant) -> None:
        """Forget what is too old, or too many."""
        settings, known = self._settings, self._conversations
        while known:
            oldest = next(iter(known.values()))
            few = len(known) <= settings.most and len(self._places) <= self._most_places
            if few and now - oldest.last <= settings.within:
                return
            self.forget(oldest)


def _account(mention: Mention) -> str:
    return mention.key if mention.author is None else key_of(mention.network, mention.author)


def _hers(conversation: Conversation, customer: str | None) -> bool:
    return customer is not None and conversation.customer == customer


def _answers(mention: Mention) -> Iterator[_Key]:
    """Yield the places of what *mention* says that it answers."""
    if mention.in_reply_to is not None:
        yield "message", key_of(mention.network, mention.in_reply_to)
