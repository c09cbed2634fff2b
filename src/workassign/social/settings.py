"""What does a plan file say of mentions? The table `[mentions]`, checked against the rest of the plan."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any, Literal

import attrs

from workassign.errors import PlanError
from workassign.model import Interaction
from workassign.needs import Needs
from workassign.plan import Plan
from workassign.settings import structured
from workassign.social.audit import AuditSettings
from workassign.social.files.readers import Columns
from workassign.social.people.influence import Influence
from workassign.social.replying.answers import Answer, Answers
from workassign.social.replying.desks import Desks, HelpDesk
from workassign.social.replying.replies import Replies, Reply
from workassign.social.replying.routes import Route, Routes
from workassign.social.screen import Stage
from workassign.social.texts.duplicates import Nearby
from workassign.social.texts.intents import INTENTS, URGENT
from workassign.social.texts.keywords import Keywords
from workassign.social.texts.sentiment import Sentiment, named
from workassign.social.texts.topics import Language, Topic
from workassign.social.threads import ThreadSettings
from workassign.social.understanding import Understanding

__all__ = ["Collapsing", "MentionSettings"]


@attrs.frozen(kw_only=True)
class Collapsing:
    """The table `[mentions.collapse]`: see `Nearby`, whose settings these are.

    Raises:
        UsageError: If a setting is out of its bounds.
    """

    within: float = 86_400.0
    """Seconds since something like it last came."""
    most: int = 20_000
    """So many mentions are remembered."""
    enough: float = 4.5
    """A text whose words say less than this collapses only if it was passed on, or she said it herself."""
    telling: tuple[str, ...] = ()
    """Words, a change of which makes it another message: products, stations, people."""

    def __attrs_post_init__(self) -> None:
        """Check the bounds."""
        self.finder()

    def finder(self) -> Nearby:
        """Return what finds near-duplicates by these settings."""
        return Nearby(within=self.within, most=self.most, enough=self.enough, telling=self.telling)


@attrs.frozen(kw_only=True)
class UrgentWords:
    """Words, and how urgent a mention is that has one of them."""

    level: float
    """0 to 1."""
    words: tuple[str, ...]

    def __attrs_post_init__(self) -> None:
        """Raise a ValueError for what cannot be: no such level, a word that could never be found."""
        if not 0 <= self.level <= 1:
            raise ValueError(f"level must be between 0 and 1, not {self.level!r}")
        Keywords(self.words)


@attrs.frozen(kw_only=True)
class MentionSettings:
    """The table `[mentions]` of a plan file.

    Raises:
        ValueError: If a number is out of its range.
    """

    columns: Columns | None = None
    """Which column of a file holds what; for files only."""
    channel: str = "default"
    """The channel on which mentions come."""
    queues: Mapping[str, str] = attrs.field(factory=dict)
    """Brand -> queue; `*` -> the queue of every other brand, and of none."""
    topics: tuple[Topic, ...] = ()
    languages: Mapping[str, Language] = attrs.field(factory=dict)
    guess_languages: tuple[str, ...] = ()
    """Guess in which of these a text is, where neither its source nor the words of `languages` tell:
    ISO 639-1, also those that nobody here speaks."""
    sentiment: str | None = None
    """Who tells how somebody felt, where no column does: `vader`, the `model`, or a `module:function`."""
    model: str | None = None
    """A file that `workassign train` wrote, beside the plan file."""
    model_languages: tuple[str, ...] = ()
    """The model says nothing of texts that are known to be in another language; none: it reads all."""
    intents: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    """Intent -> words; none: those of `workassign.social.texts.intents`."""
    urgency: tuple[UrgentWords, ...] = ()
    """How urgent words are; none: those of `workassign.social.texts.intents`."""
    screen: tuple[Stage, ...] = ()
    threads: ThreadSettings | None = None
    """None: each message is an interaction of its own."""
    collapse: Collapsing | None = None
    """None: nothing is taken for a near-duplicate."""
    audit: AuditSettings | None = None
    """None: nobody looks at what was dropped."""
    influence: Influence | None = None
    """None: no score is told; scorers go by followers."""
    influence_follows: int | None = None
    """The scale of influence is made anew from so many latest mentions; None: it stays as it is."""
    replies: tuple[Reply, ...] = ()
    answers: tuple[Answer, ...] = ()
    routes: tuple[Route, ...] = ()
    desks: Mapping[str, HelpDesk] = attrs.field(factory=dict)
    remember: float = 7 * 86_400.0
    """A mention that comes again within so many seconds is known already."""

    def __attrs_post_init__(self) -> None:
        """Check the numbers."""
        if not 0 < self.remember < math.inf:
            raise ValueError(f"remember must be positive, not {self.remember!r}")
        if self.influence_follows is not None and not 100 <= self.influence_follows <= 1_000_000:
            raise ValueError(f"influence_follows must be from 100 to 1000000, not {self.influence_follows}")

    @classmethod
    def from_data(cls, data: Mapping[str, Any], plan: Plan) -> MentionSettings:
        """Return the settings in the plan file's *data*, checked against the *plan* itself.

        Raises:
            PlanError: If anything is wrong; every problem is listed with its path.
        """
        if "mentions" not in data:
            raise PlanError(["mentions: is missing: which column of the file holds what?"])
        settings = structured(data["mentions"], cls, "mentions")
        if problems := settings.unknown_to(plan):
            raise PlanError(problems)
        return settings

    def file_columns(self) -> Columns:
        """Return which column of a file holds what.

        Raises:
            PlanError: If that is not said.
        """
        if self.columns is None:
            raise PlanError(["mentions.columns: is missing"])
        return self.columns

    def understanding(self, folder: Path = Path()) -> Understanding:
        """Return what finds out what mentions say; *folder* is that of the plan file, for its model.

        Raises:
            UsageError: If a library that it needs is not installed, or the model cannot be read.
            PlanError: If there is nobody of that name to tell sentiments, or a word could never be found.
        """
        from workassign.social.learning.models import Model
        from workassign.social.texts.language import guesser

        model = None if self.model is None else Model.load(folder / self.model)
        try:
            return Understanding(
                self.topics,
                self.languages,
                guess=guesser(self.guess_languages) if self.guess_languages else None,
                sentiment=self._sentiment(),
                model=model,
                model_languages=self.model_languages,
                intents=self.intents or INTENTS,
                urgency=self._urgent() or URGENT,
            )
        except PlanError as error:
            raise PlanError([f"mentions.{problem}" for problem in error.problems]) from None

    def _urgent(self) -> dict[float, tuple[str, ...]]:
        found: dict[float, tuple[str, ...]] = {}
        for each in self.urgency:
            found[each.level] = (*found.get(each.level, ()), *each.words)
        return found

    def _sentiment(self) -> Sentiment | Literal["model"] | None:
        if self.sentiment == "model":
            if self.model is None:
                raise PlanError(["sentiment: model: there is none; name it in mentions.model"])
            return "model"
        return None if self.sentiment is None else named(self.sentiment)

    def sample(self) -> list[Interaction]:
        """Return an interaction of every kind that mentions can make: queue, topic and language."""
        topics = [Topic(name="", words=()), *self.topics]
        languages = [
            ("", dict[str, float]()),
            *((name, dict(each.skills)) for name, each in self.languages.items()),
        ]
        kinds = product(dict.fromkeys(self.queues.values()), topics, languages)
        return [
            Interaction(
                id=_kind_of_mention(number, topic.name, language),
                queue=queue,
                channel=self.channel,
                needs=Needs({**topic.skills, **spoken}),
                tier=topic.tier,
            )
            for number, (queue, topic, (language, spoken)) in enumerate(kinds)
        ]

    def unknown_to(self, plan: Plan) -> list[str]:
        """Return the problems with what these settings name and *plan* does not have."""
        problems = []
        if self.channel not in plan.channels:
            problems.append(f"mentions.channel: there is no channel {self.channel!r}")
        if not self.queues:
            problems.append("mentions.queues: is missing: which queue takes which brand? (`*`: any other)")
        for brand, queue in self.queues.items():
            if queue not in plan.queues:
                problems.append(f"mentions.queues.{brand}: there is no queue {queue!r}")
        named = [(f"topics[{i}]", topic.skills) for i, topic in enumerate(self.topics)]
        named += [(f"languages.{name}", each.skills) for name, each in self.languages.items()]
        for path, skills in named:
            unknown = [] if plan.skills is None else [skill for skill in skills if skill not in plan.skills]
            problems += [f"mentions.{path}.skills: there is no skill {skill!r}" for skill in unknown]
        lane = None if self.audit is None else self.audit.queue
        if lane is not None and lane not in plan.queues:
            problems.append(f"mentions.audit.queue: there is no queue {lane!r}")
        problems += Routes(self.routes).problems(plan)
        return [*problems, *self._replies_and_desks(plan)]

    def _replies_and_desks(self, plan: Plan) -> list[str]:
        try:
            replies = Replies(self.replies)
            Answers(self.answers, replies)
            Desks(self.desks, plan, replies)
        except PlanError as error:
            return list(error.problems)
        return []


def _kind_of_mention(number: int, topic: str, language: str) -> str:
    """Return an id by which a reader finds topic and language again in the plan file."""
    said = ", ".join(part[:80] for part in (topic, language) if part)
    return f"mention {number} ({said})" if said and said.isprintable() else f"mention {number}"
