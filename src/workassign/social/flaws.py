"""What of the table `[mentions]` is in vain: topics that are never found, scorers without figures?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from workassign.linting.findings import Finding, finding
from workassign.linting.known import scorers
from workassign.plan import Plan
from workassign.social.intake import MentionSettings
from workassign.social.topics import word_pattern

__all__ = ["of_mentions"]


def of_mentions(plan: Plan, settings: MentionSettings, *, customers: bool = False) -> Iterator[Finding]:
    """Look for what mentions alone can never bring about.

    *customers*: followers and lifetime values are made up for a simulation.

    Cost: O(words squared).
    """
    yield from _of_topics(settings)
    yield from _of_scorers(plan, settings, customers=customers)


def _of_scorers(plan: Plan, settings: MentionSettings, *, customers: bool) -> Iterator[Finding]:
    """Look for scorers that ask for what no column holds."""
    columns = settings.columns
    fed = {
        "sentiment": columns.sentiment is not None,
        "influence": customers or columns.followers is not None,
        "customer_value": customers or columns.value is not None,
    }
    for name in dict.fromkeys(settings.queues.values()):
        for place, use in scorers(f"queues.{name}", plan.queues[name]):
            if not fed.get(use, True):
                message = f"gives mentions nothing: no column of [mentions] holds what {use} asks for"
                suggestion = "name the column in [mentions.columns]; or nothing, if other work comes there"
                yield finding("unfed_scorer", place, message, suggestion)


def _of_topics(settings: MentionSettings) -> Iterator[Finding]:
    """Look for topics that an earlier one always takes, and for those without words."""
    earlier: list[_Word] = []
    for number, topic in enumerate(settings.topics):
        place = f"mentions.topics[{number}]"
        takers = {word: taker for word in topic.words if (taker := _taker(word, earlier)) is not None}
        if not topic.words:
            yield finding("dead_topic", place, f"{topic.name} has no words: it is never found", "add some")
        elif len(takers) == len(topic.words):
            first, taker = next(iter(takers.items()))
            message = (
                f"{topic.name} is never found: earlier topics take each of its words, {taker} takes {first!r}"
            )
            yield finding("dead_topic", place, message, "put it before them, or give it words of its own")
        earlier += [_Word(topic.name, _plain(word), word_pattern((word,))) for word in topic.words]


class _Word(NamedTuple):
    topic: str
    text: str
    pattern: re.Pattern[str]


def _taker(word: str, earlier: list[_Word]) -> str | None:
    """Return an earlier topic that is found wherever *word* is; None: there is none."""
    text = _plain(word)
    for each in earlier:
        open_ends = each.text.endswith("*") and text.removesuffix("*").startswith(each.text[:-1])
        # Where a phrase is found, so is every word within it.
        within = not text.endswith("*") and each.pattern.search(text) is not None
        if open_ends or within or text == each.text:
            return each.topic
    return None


def _plain(word: str) -> str:
    """Return *word* as `word_pattern` reads it."""
    return " ".join(word.casefold().replace("’", "'").split())
