"""What does a mention say? Language, sentiment, topic, intent, urgency: None where nobody can tell.

What a file or a network says goes before what is guessed. Each thing is found out when it is first
asked for, and once: what is dropped early costs little.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

from workassign.errors import UsageError
from workassign.model import is_number
from workassign.social.conditions import READ, Facts
from workassign.social.learning.leans import Leans
from workassign.social.mentions import Mention, key_of
from workassign.social.texts.intents import INTENTS, URGENT, Words, intent_among, intent_words, urgency_words
from workassign.social.texts.keywords import Groups, Keywords, Tokens
from workassign.social.texts.topics import Language, Topic, plain

if TYPE_CHECKING:
    from workassign.social.learning.models import Model, Opinion
    from workassign.social.texts.sentiment import Sentiment

__all__ = ["Guess", "Understanding", "Understood"]

Guess: TypeAlias = Callable[[str], str | None]
"""Text -> the language that it is in; None: nobody can tell."""

_Group: TypeAlias = tuple[str, str | float]

SURE = 0.5
"""A topic of the model counts if it is at least so likely; else the words tell."""


class Understanding:
    """Finds out what mentions say, with the words of a plan file and whatever else there is."""

    def __init__(
        self,
        topics: Sequence[Topic] = (),
        languages: Mapping[str, Language] | None = None,
        *,
        guess: Guess | None = None,
        sentiment: Sentiment | Literal["model"] | None = None,
        model: Model | None = None,
        model_languages: Collection[str] = (),
        intents: Words = INTENTS,
        urgency: Mapping[float, tuple[str, ...]] = URGENT,
    ) -> None:
        """Read by *topics* and *languages*, words of *intents* and *urgency*, and by what else is given.

        Raises:
            PlanError: If a word of an intent or an urgency could never be found.
        """
        self.topics = {topic.name: topic for topic in topics}
        self.intents, self.levels = intent_words(intents), urgency_words(urgency)
        self.groups = Groups[_Group](
            {("topic", topic.name): Keywords(topic.words) for topic in topics}
            | {("intent", name): words for name, words in self.intents.items()}
            | {("urgency", level): words for level, words in self.levels.items()}
        )
        self._labels = {label: topic.name for topic in topics for label in topic.labels or (topic.name,)}
        self._languages = [
            (name, each, Keywords(each.words)) for name, each in (languages or {}).items() if each.words
        ]
        self._guess = guess
        self._sentiment = None if sentiment == "model" else sentiment
        self._by_model = sentiment == "model"
        self._model = model
        self._model_languages = frozenset(model_languages)
        self.threshold = 0.0 if model is None else model.threshold
        """What is less likely to need somebody needs nobody."""

    def of(self, mention: Mention, leans: Leans | None = None) -> Understood:
        """Return what *mention* says, to be found out as it is asked for.

        *leans*: what its author said before; the model asks, and adds what she says now.
        """
        return Understood(self, mention, leans)

    def topic(self, said: Understood) -> str | None:
        """Return the topic that the model is sure of, else the first that has a word in the text."""
        opinion = said.opinion
        # What the model knows of topics it knows of complaints.
        if opinion is not None and (opinion.negative or 0.0) >= SURE:
            label = opinion.likeliest_topic
            if label in self._labels and opinion.topic[label] >= SURE:
                return self._labels[label]
        return next((name for name in self.topics if ("topic", name) in said.groups), None)

    def language(self, said: Understood) -> str | None:
        """Return the language: as the source says it, else by its words, else as it is guessed.

        Of several with equally many words, the one that the plan names first.
        """
        if said.mention.language is not None:
            return said.mention.language
        best, most = None, 0
        for name, each, words in self._languages:
            found = words.different(said.tokens)
            if found >= each.at_least and found > most:
                best, most = name, found
        if best is None and self._guess is not None:
            return self._guess(said.mention.text)
        return best

    def sentiment(self, said: Understood) -> float | None:
        """Return the sentiment: as the source says it, else as it is found in the text.

        Raises:
            UsageError: If what finds it returns what is none.
        """
        if said.mention.sentiment is not None:
            return said.mention.sentiment
        if self._by_model:
            return None if said.opinion is None else said.opinion.mood
        if self._sentiment is None:
            return None
        found = self._sentiment(said.mention.text, said.language)
        if found is not None and not (is_number(found) and -1 <= found <= 1):
            what = repr(found) if is_number(found) else f"a {type(found).__name__}"
            raise UsageError(f"what tells sentiments must return None or a number from -1 to 1, not {what}")
        return found

    def opinion(self, said: Understood, leans: Leans | None) -> Opinion | None:
        """Return what the model makes of the text, and of what its author said before."""
        mention, languages = said.mention, self._model_languages
        if self._model is None or (languages and said.language not in (None, *languages)):
            return None
        if leans is None or mention.author is None:
            return self._model.read(mention.text)
        author = key_of(mention.network, mention.author)
        opinion = self._model.read(mention.text, leans.before(author))
        leans.add(author, opinion.lean)
        return opinion


class Understood:
    """What one mention says. Cost: of each thing, once, when it is first asked for."""

    def __init__(self, by: Understanding, mention: Mention, leans: Leans | None = None) -> None:
        self._by = by
        self._leans = leans
        self.mention = mention

    @cached_property
    def tokens(self) -> Tokens:
        """Its words, without handles and addresses."""
        return Tokens(plain(self.mention.text[:READ]))

    @cached_property
    def all_tokens(self) -> Tokens:
        """Its words, those of handles and addresses among them."""
        return Tokens(self.mention.text[:READ].casefold())

    @cached_property
    def groups(self) -> set[_Group]:
        """Of which topics, intents and urgencies it has words."""
        return self._by.groups.of(self.tokens)

    @cached_property
    def language(self) -> str | None:
        """ISO 639-1, or as the plan calls it."""
        return self._by.language(self)

    @cached_property
    def sentiment(self) -> float | None:
        """-1 to 1."""
        return self._by.sentiment(self)

    @cached_property
    def topic(self) -> str | None:
        """The name of one of the plan's topics."""
        return self._by.topic(self)

    @cached_property
    def intent(self) -> str | None:
        """What its author wants: see `intents`."""
        return intent_among(self._by.intents, lambda name: ("intent", name) in self.groups, self.tokens)

    @cached_property
    def urgency(self) -> float:
        """0 to 1: see `intents`."""
        return next((level for level in self._by.levels if ("urgency", level) in self.groups), 0.0)

    @cached_property
    def opinion(self) -> Opinion | None:
        """What the model makes of it."""
        return self._by.opinion(self, self._leans)

    @property
    def actionable(self) -> float | None:
        """How likely it asks for or needs something, 0 to 1; None: there is no model that could tell."""
        return None if self.opinion is None else self.opinion.actionable

    @property
    def needs_nobody(self) -> bool:
        """Whether the model finds that it needs nobody; false where there is none."""
        return self.actionable is not None and self.actionable < self._by.threshold

    @cached_property
    def facts(self) -> Facts:
        """What rules can ask before anybody has looked at who wrote it."""
        mention = self.mention
        return Facts(
            brand=mention.brand,
            network=mention.network,
            public=mention.public,
            language=self.language,
            topic=self.topic,
            intent=self.intent,
            sentiment=self.sentiment,
            urgency=self.urgency,
            followers=mention.followers,
            actionable=self.actionable,
            text=self.tokens.text,
            tokens=self.tokens,
        )
