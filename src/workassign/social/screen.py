"""Which mentions need nobody? A funnel of named stages, each as the plan file says.

A stage drops a mention that meets all its conditions. Every mention that is dropped is counted
under the first stage that drops it, so: read = bad + dropped + entered.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import blake2b
from typing import TypeAlias

import attrs

from workassign.model import Instant
from workassign.social.conditions import READ, When, condition
from workassign.social.funnel import COLLAPSED, JOINED, OURS, REFUSED, REPEATED
from workassign.social.mentions import Mention, key_of
from workassign.social.texts.keywords import Keywords
from workassign.social.understanding import Understood

__all__ = ["REPEATED", "Lately", "Screen", "Stage", "is_repost"]

TAKEN = (REPEATED, JOINED, COLLAPSED, OURS, REFUSED)
"""These stages are always there, and no other has their names."""

Test: TypeAlias = Callable[[Understood], bool]
"""Whether a mention meets a condition, by what it says."""

_WORD = re.compile(r"\w+")
_REPOST = re.compile(r"[\"'“”\s]*RT @?\w", re.IGNORECASE)


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
    names_none_of: tuple[str, ...] = ()
    """None of these is in the text, not even as a handle or a hashtag: it is not about us."""
    no_question: bool = False
    """There is no question mark in the text."""
    most_words: int | None = None
    """There are at most so many words in the text, handles and addresses aside."""
    reposts: bool = False
    """It repeats another's words: the network says so, or it begins with `RT @`."""
    needs_nobody: bool = False
    """A trained model finds that it needs nobody: less likely to than the threshold that training chose."""
    when: When = When()
    """Further conditions: of language, topic, intent, urgency, what the model thinks of it, …"""
    audit: float | None = None
    """People look at so much of what it drops, 0 to 1; None: at the share of `[mentions.audit]`."""

    def __attrs_post_init__(self) -> None:
        """Check every condition."""
        conditions = [each for each in attrs.fields(Stage)[1:] if each.name != "audit"]
        if all(getattr(self, each.name) in ((), None, False, When()) for each in conditions):
            raise ValueError(f"has no condition; there are {', '.join(each.name for each in conditions)}")
        if self.name in TAKEN:
            raise ValueError(f"the name {self.name!r} is taken")
        if self.same_text_within is not None and self.same_text_within <= 0:
            raise ValueError(f"same_text_within must be positive, not {self.same_text_within!r}")
        if self.sentiment_from is not None and not -1 <= self.sentiment_from <= 1:
            raise ValueError(f"sentiment_from must be between -1 and 1, not {self.sentiment_from!r}")
        if self.most_words is not None and self.most_words < 0:
            raise ValueError(f"most_words must not be negative, not {self.most_words!r}")
        if self.audit is not None and not 0 <= self.audit <= 1:
            raise ValueError(f"audit must be between 0 and 1, not {self.audit!r}")
        Keywords(self.words)
        Keywords(self.no_words)
        Keywords(self.names_none_of)


class Screen:
    """Asks the stages in their order; remembers, where a stage asks for that, who wrote what when."""

    def __init__(self, stages: tuple[Stage, ...]) -> None:
        """Screen by *stages*, in their order."""
        self._stages = [(stage, _tests(stage)) for stage in stages]

    def dropped_by(self, said: Understood) -> Stage | None:
        """Return the stage that drops a mention, None if it is to be answered.

        Mentions come in order of time. Cost: the length of the text, and what a condition makes
        somebody find out.
        """
        for stage, tests in self._stages:
            for test in tests:
                if not test(said):
                    break
            else:
                return stage
        return None


def is_repost(mention: Mention) -> bool:
    """Whether *mention* repeats another's words, as far as it shows."""
    return mention.repost_of is not None or _REPOST.match(mention.text, 0, READ) is not None


def _tests(stage: Stage) -> list[Test]:
    """Return the conditions of *stage*, cheap ones first; what remembers comes last, so it keeps little."""
    tests: list[Test] = []
    if stage.reposts:
        tests.append(lambda said: is_repost(said.mention))
    if stage.starts_with:
        starts = tuple(each.casefold() for each in stage.starts_with)
        longest = max(map(len, starts))
        tests.append(lambda said: _beginning(said.mention.text, longest).startswith(starts))
    if stage.authors:
        authors = frozenset(stage.authors)
        tests.append(lambda said: said.mention.author in authors)
    if stage.no_question:
        tests.append(lambda said: "?" not in said.tokens.text)
    if (most := stage.most_words) is not None:
        tests.append(lambda said: len(_WORD.findall(said.tokens.text)) <= most)
    if stage.words:
        wanted = Keywords(stage.words)
        tests.append(lambda said: wanted.any(said.tokens))
    if stage.no_words:
        unwanted = Keywords(stage.no_words)
        tests.append(lambda said: not unwanted.any(said.tokens))
    if stage.names_none_of:
        names = Keywords(stage.names_none_of)
        tests.append(lambda said: not names.any(said.all_tokens))
    if (least := stage.sentiment_from) is not None:
        tests.append(lambda said: said.sentiment is not None and said.sentiment >= least)
    if stage.needs_nobody:
        tests.append(lambda said: said.needs_nobody)
    if not stage.when.always:
        holds = condition(stage.when)
        tests.append(lambda said: holds(said.facts))
    if stage.same_text_within is not None:
        tests.append(_said_within(stage.same_text_within))
    return tests


def _beginning(text: str, length: int) -> str:
    """Return the first characters of *text*, without white space before them, in lower case."""
    return text.lstrip()[:length].casefold()


def _said_within(window: float) -> Test:
    """Return whether the author said the same words at most *window* seconds before."""
    lately = Lately(window)

    def test(said: Understood) -> bool:
        mention = said.mention
        if mention.author is None:
            return False
        words = " ".join(mention.text.casefold().split())
        return lately.again(f"{key_of(mention.network, mention.author)}\n{words}", mention.at)

    return test


MOST = 500_000


class Lately:
    """What came lately? Remembers keys for a while, in bounded memory.

    Two tables take turns: when the younger one spans the window, or is full, the older one goes.
    So a key is remembered for a window at least (unless more than `most` came), and for two at most.
    """

    def __init__(self, window: float, most: int = MOST) -> None:
        """Remember for *window* seconds, and at least the *most* latest keys that came within it."""
        self._window, self._most = window, most
        self._young: dict[bytes, Instant] = {}
        self._old: dict[bytes, Instant] = {}
        self._since: Instant | None = None

    def again(self, key: str, at: Instant) -> bool:
        """Whether *key* came at most a window ago; from now on it has come at *at*."""
        if self._since is None or at - self._since > self._window or len(self._young) >= self._most:
            self._old, self._young, self._since = self._young, {}, at
        digest = _digest(key)
        last = self._young.get(digest)
        if last is None:
            last = self._old.get(digest)
        self._young[digest] = at
        return last is not None and at - last <= self._window

    def forget(self, key: str) -> None:
        """*key* has not come after all."""
        digest = _digest(key)
        self._young.pop(digest, None)
        self._old.pop(digest, None)

    def __len__(self) -> int:
        """Return how many keys are remembered."""
        return len(self._young) + len(self._old)


def _digest(key: str) -> bytes:
    return blake2b(key.encode(errors="surrogatepass"), digest_size=16).digest()
