"""What of the table `[mentions]` is in vain: topics that are never found, scorers without figures?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from workassign.linting.findings import Finding, finding
from workassign.linting.known import scorers
from workassign.plan import Plan
from workassign.social.settings import MentionSettings
from workassign.social.texts.keywords import Keywords, Tokens
from workassign.social.texts.topics import Topic

__all__ = ["of_mentions"]


def of_mentions(plan: Plan, settings: MentionSettings, *, customers: bool = False) -> Iterator[Finding]:
    """Look for what mentions alone can never bring about.

    *customers*: followers and lifetime values are made up for a simulation.

    Cost: O(words x topics).
    """
    yield from _of_topics(settings)
    yield from _of_scorers(plan, settings, customers=customers)


def _of_scorers(plan: Plan, settings: MentionSettings, *, customers: bool) -> Iterator[Finding]:
    """Look for scorers that ask for what no column holds."""
    columns = settings.columns
    if columns is None:  # no file: who fills the mentions may know anything
        return
    fed = {
        "sentiment": columns.sentiment is not None or settings.sentiment is not None,
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
    earlier: list[_Earlier] = []
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
        earlier.append(_earlier(topic))


class _Earlier(NamedTuple):
    topic: str
    words: frozenset[str]
    stems: frozenset[str]
    """The beginnings of words with any ending."""
    keywords: Keywords


def _earlier(topic: Topic) -> _Earlier:
    words = frozenset(map(_plain, topic.words))
    stems = frozenset(word[:-1] for word in words if word.endswith("*"))
    return _Earlier(topic.name, words, stems, Keywords(topic.words))


def _taker(word: str, earlier: list[_Earlier]) -> str | None:
    """Return an earlier topic that is found wherever *word* is; None: there is none."""
    text = _plain(word)
    stem = text.removesuffix("*")
    beginnings = {stem[:length] for length in range(len(stem) + 1)}
    # Where a phrase is found, so is every word within it.
    tokens = None if text.endswith("*") else Tokens(text)
    for each in earlier:
        within = tokens is not None and each.keywords.any(tokens)
        if within or text in each.words or not each.stems.isdisjoint(beginnings):
            return each.topic
    return None


def _plain(word: str) -> str:
    """Return *word* as `Keywords` reads it."""
    return " ".join(word.casefold().replace("’", "'").split())
