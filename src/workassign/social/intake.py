"""What becomes of a file of mentions? Read, screened, sorted into queues; nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import attrs

from workassign.errors import PlanError
from workassign.model import Instant, Interaction
from workassign.needs import Needs
from workassign.plan import Plan
from workassign.settings import structured
from workassign.social.funnel import Funnel
from workassign.social.mentions import BadRecord, Mention
from workassign.social.readers import Columns, read_mentions
from workassign.social.screen import Screen, Stage
from workassign.social.topics import Language, Sorter, Topic

__all__ = ["Intake", "MentionSettings", "take_in"]


@attrs.frozen(kw_only=True)
class MentionSettings:
    """The table `[mentions]` of a plan file."""

    columns: Columns
    channel: str = "default"
    """The channel on which mentions come."""
    queues: Mapping[str, str] = attrs.field(factory=dict)
    """Brand -> queue; `*` -> the queue of every other brand, and of none."""
    topics: tuple[Topic, ...] = ()
    languages: Mapping[str, Language] = attrs.field(factory=dict)
    screen: tuple[Stage, ...] = ()

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
        return problems


def _kind_of_mention(number: int, topic: str, language: str) -> str:
    """Return an id by which a reader finds topic and language again in the plan file."""
    said = ", ".join(part[:80] for part in (topic, language) if part)
    return f"mention {number} ({said})" if said and said.isprintable() else f"mention {number}"


@attrs.frozen(kw_only=True)
class Intake:
    """Interactions with the instant at which each arrives, in order, and how they came about."""

    arrivals: list[tuple[Instant, Interaction]]
    funnel: Funnel


def take_in(path: Path, settings: MentionSettings) -> Intake:
    """Return the interactions that the mentions in *path* make.

    A mention of a brand that has no queue is a bad record.

    Raises:
        UsageError: If the file is missing or damaged as a whole.
        PlanError: If it lacks a column that the settings name.
    """
    reading = read_mentions(path, settings.columns)
    screen = Screen(settings.screen)
    sorter = Sorter(settings.channel, settings.queues, settings.topics, settings.languages)
    dropped = dict.fromkeys(screen.names, 0)
    bad = list(reading.bad)
    arrivals: list[tuple[Instant, Interaction]] = []
    for mention in reading.mentions:
        queue = sorter.queue(mention)
        if queue is None:
            bad.append(BadRecord(mention.line, _no_queue(mention)))
        elif (stage := screen.dropped_by(mention)) is not None:
            dropped[stage] += 1
        else:
            arrivals.append((mention.at, sorter.interaction(mention, queue)))
    funnel = Funnel(
        read=len(reading.mentions) + len(reading.bad),
        bad=tuple(sorted(bad, key=lambda each: each.line)),
        dropped=dropped,
        entered=len(arrivals),
        notes=reading.notes,
        out_of_order=reading.out_of_order,
    )
    return Intake(arrivals=arrivals, funnel=funnel)


def _no_queue(mention: Mention) -> str:
    if mention.brand is None:
        return "has no brand, and no queue is for those"
    return f"brand {mention.brand!r} has no queue"
