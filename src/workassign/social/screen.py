"""Which mentions need nobody? A funnel of named stages, each as the plan file says.

A stage drops a mention that meets all its conditions. Every mention that is dropped is counted
under the first stage that drops it, so: read = bad + no queue + dropped + entered.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import blake2b
from typing import TypeAlias

import attrs

from workassign.social.keywords import Keywords, Tokens
from workassign.social.mentions import Mention
from workassign.social.topics import plain

__all__ = ["REPEATED", "Screen", "Stage"]

REPEATED = "record repeated"
"""The stage that is always there, first: the same record with the same id once more."""

Test: TypeAlias = Callable[[Mention, Tokens], bool]
"""Whether a mention, given with its plain text, meets a condition."""

_WORD = re.compile(r"\w+")


@attrs.frozen(kw_only=True)
class Stage:
    """A stage drops what meets all conditions that it has.

    Raises:
        ValueError: If it has no condition, or one that nothing could meet.
    """

    name: str
    starts_with: tuple[str, ...] = ()
    """The text begins with one of these, in any case."""
    authors: tuple[str, ...] = ()
    """One of these wrote it: the brand's own accounts, say."""
    same_text_within: float | None = None
    """The same author wrote the same words at most so many seconds before."""
    sentiment_from: float | None = None
    """The sentiment is known and at least this, -1 to 1."""
    words: tuple[str, ...] = ()
    """One of these words or phrases is in the text."""
    no_words: tuple[str, ...] = ()
    """None of these is in the text."""
    no_question: bool = False
    """There is no question mark in the text."""
    most_words: int | None = None
    """There are at most so many words in the text, handles and addresses aside."""

    def __attrs_post_init__(self) -> None:
        """Check every condition."""
        conditions = attrs.fields(Stage)[1:]
        if all(getattr(self, each.name) in ((), None, False) for each in conditions):
            raise ValueError(f"has no condition; there are {', '.join(each.name for each in conditions)}")
        if self.name == REPEATED:
            raise ValueError(f"the name {REPEATED!r} is taken")
        if self.same_text_within is not None and self.same_text_within <= 0:
            raise ValueError(f"same_text_within must be positive, not {self.same_text_within!r}")
        if self.sentiment_from is not None and not -1 <= self.sentiment_from <= 1:
            raise ValueError(f"sentiment_from must be between -1 and 1, not {self.sentiment_from!r}")
        if self.most_words is not None and self.most_words < 0:
            raise ValueError(f"most_words must not be negative, not {self.most_words!r}")
        Keywords(self.words)
        Keywords(self.no_words)


class Screen:
    """Remembers ids and, where a stage asks, who wrote what when."""

    def __init__(self, stages: tuple[Stage, ...]) -> None:
        """Screen by *stages*, in their order."""
        self.names = [REPEATED, *dict.fromkeys(stage.name for stage in stages)]
        self._stages = [(stage.name, _tests(stage)) for stage in stages]
        self._seen: set[str] = set()

    def dropped_by(self, mention: Mention, tokens: Tokens | None = None) -> str | None:
        """Return the stage that drops *mention*, None if it is to be answered.

        Mentions come in order of time. *tokens*: of its plain text, where somebody has split it already.
        Cost: the length of the text.
        """
        if mention.id in self._seen:
            return REPEATED
        self._seen.add(mention.id)
        tokens = Tokens(plain(mention.text)) if tokens is None else tokens
        for name, tests in self._stages:
            if all(test(mention, tokens) for test in tests):
                return name
        return None


def _tests(stage: Stage) -> list[Test]:
    """Return the conditions of *stage*; the one that remembers comes last, so it keeps little."""
    tests: list[Test] = []
    if stage.starts_with:
        starts = tuple(each.casefold() for each in stage.starts_with)
        tests.append(lambda mention, _: mention.text.lstrip().casefold().startswith(starts))
    if stage.authors:
        authors = frozenset(stage.authors)
        tests.append(lambda mention, _: mention.author in authors)
    if (least := stage.sentiment_from) is not None:
        tests.append(lambda mention, _: mention.sentiment is not None and mention.sentiment >= least)
    if stage.no_question:
        tests.append(lambda _, tokens: "?" not in tokens.text)
    if (most := stage.most_words) is not None:
        tests.append(lambda _, tokens: len(_WORD.findall(tokens.text)) <= most)
    if stage.words:
        wanted = Keywords(stage.words)
        tests.append(lambda _, tokens: wanted.any(tokens))
    if stage.no_words:
        unwanted = Keywords(stage.no_words)
        tests.append(lambda _, tokens: not unwanted.any(tokens))
    if stage.same_text_within is not None:
        tests.append(_said_within(stage.same_text_within))
    return tests


def _said_within(window: float) -> Test:
    """Return whether the author said the same words at most *window* seconds before."""
    said: dict[tuple[str, bytes], float] = {}

    def test(mention: Mention, _: Tokens) -> bool:
        if mention.author is None:
            return False
        body = blake2b(" ".join(mention.text.casefold().split()).encode(), digest_size=16).digest()
        before = said.get((mention.author, body))
        said[mention.author, body] = mention.at
        return before is not None and mention.at - before <= window

    return test
