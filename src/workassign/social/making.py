"""Which interaction does a mention make? What an agent needs for it, who wrote it; never its text."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import attrs

from workassign.model import Customer, Interaction, Value
from workassign.needs import Needs
from workassign.social.mentions import Mention, name_of
from workassign.social.people.customers import CustomerFacts
from workassign.social.settings import MentionSettings
from workassign.social.texts.topics import Topic
from workassign.social.threads import Conversation
from workassign.social.understanding import Understanding, Understood

__all__ = ["Later", "Making", "again", "silent"]

BESIDE = "in_thread_of"
"""This attribute names the interaction of another customer, to whose messages, or ours, hers is an answer."""

_NO_ATTRIBUTES: Mapping[str, Value] = MappingProxyType({})

_DEAF = Understanding(intents={}, urgency={})
"""Finds nothing in any text: for what has none any more."""


class Making:
    """Makes interactions, as the settings say."""

    def __init__(self, settings: MentionSettings, topics: Mapping[str, Topic]) -> None:
        """Make what *settings* say of *topics*, by name."""
        self._settings = settings
        self._topics = topics

    def of(
        self,
        mention: Mention,
        said: Understood,
        queue: str,
        customer: Customer | None = None,
        attributes: Mapping[str, Value] = _NO_ATTRIBUTES,
        facts: CustomerFacts | None = None,
    ) -> Interaction:
        """Return the interaction that *mention* makes in *queue*, for what it *said*."""
        topic = None if said.topic is None else self._topics[said.topic]
        skills = {} if topic is None else dict(topic.skills)
        found: dict[str, Value] = {**mention.attributes, **attributes}
        for name in ("topic", "language", "intent"):
            if (value := getattr(said, name)) is not None:
                found[name] = value
        if said.urgency:
            found["urgency"] = said.urgency
        language = self._settings.languages.get(said.language or "")
        skills.update({} if language is None else language.skills)
        name = name_of(mention.key)
        return Interaction(
            id=name,
            queue=queue,
            channel=self._settings.channel,
            needs=Needs(skills),
            tier=None if topic is None else topic.tier,
            customer=customer,
            sentiment=said.sentiment,
            prefers=None if facts is None else facts.agent,
            ref=name if mention.network or not mention.line else f"line {mention.line}",
            attributes=found,
        )

    def plain(self, mention: Mention, queue: str, customer: Customer | None) -> Interaction:
        """Return what a message makes that has no text any more: nobody can tell what it is about."""
        return self.of(mention, _DEAF.of(mention), queue, customer)


def again(
    interaction: Interaction,
    conversation: Conversation,
    before: Conversation | None,
    beside: Conversation | None = None,
) -> Interaction:
    """Return *interaction*, with what is known of a customer who was here *before*.

    *beside*: the conversation of another customer, in which she writes: whoever had that knows the case.
    """
    attributes = dict(interaction.attributes)
    if conversation.contacts > 1:
        attributes.setdefault("contacts", conversation.contacts - 1)
    if beside is not None:
        attributes[BESIDE] = beside.interaction
    last = before or beside
    agent = interaction.prefers or (None if last is None else last.agent)
    if agent == interaction.prefers and len(attributes) == len(interaction.attributes):
        return interaction
    return attrs.evolve(interaction, prefers=agent, attributes=attributes)


@attrs.frozen
class Later:
    """A message that may still become an interaction of its own. Its text is gone."""

    mention: Mention
    who: str | None
    brand: str | None
    queue: str
    interaction: Interaction | None = None
    """What it would be; None: see `Making.plain`."""
    worse: float | None = None
    """The sentiment that the engine is told, if the conversation goes on."""


def silent(mention: Mention, sentiment: float | None) -> Mention:
    """Return *mention* without its text, with the sentiment that was found in it."""
    return attrs.evolve(mention, text="", sentiment=sentiment)
