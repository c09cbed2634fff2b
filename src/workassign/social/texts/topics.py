"""What is a mention about, in which language, and so: which queue, and what must an agent know?

Words are matched whole and in any case; a phrase may be broken by any white space, and a `*` at
the end of a word stands for any ending (`delay*`: delays, delayed). Handles and addresses in the
web do not count. The first topic, in the plan's order, that has a word in the text wins: one
mention, one topic, so that what an agent must know stays what one subject asks for. The skills of
the language come on top.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs

from workassign.social.texts.keywords import Keywords

__all__ = ["Language", "Topic", "plain"]

_NO_WORDS = re.compile(r"@\w+|https?://\S+|\bwww\.\S+")


@attrs.frozen(kw_only=True)
class Topic:
    """A subject, the words that betray it, and the skills that it needs (skill -> least level)."""

    name: str
    words: tuple[str, ...]
    skills: Mapping[str, float] = attrs.field(factory=dict)
    tier: int | None = None
    """The strict priority class of what is about it, 0 to 99; None: that of its queue."""
    labels: tuple[str, ...] = ()
    """What a trained model calls it, perhaps in several parts; none: as it is named here."""

    def __attrs_post_init__(self) -> None:
        """Raise a ValueError if a word could never be found, or there is no such tier."""
        Keywords(self.words)
        if self.tier is not None and not 0 <= self.tier <= 99:
            raise ValueError(f"tier must be from 0 to 99, not {self.tier}")


@attrs.frozen(kw_only=True)
class Language:
    """A language, words that hardly any other language has, and the skills that it needs."""

    words: tuple[str, ...] = ()
    skills: Mapping[str, float] = attrs.field(factory=dict)
    at_least: int = 2
    """So many different ones of these words make it this language."""

    def __attrs_post_init__(self) -> None:
        """Raise a ValueError if a word could never be found, or none would be enough."""
        Keywords(self.words)
        if self.at_least < 1:
            raise ValueError(f"at_least must be at least 1, not {self.at_least}")


def plain(text: str) -> str:
    """Return *text* in lower case without handles and addresses, apostrophes straight.

    >>> plain("@AirOne DON’T lose my bag http://t.co/x")
    " don't lose my bag "
    """
    return _NO_WORDS.sub("", text).casefold().replace("’", "'")
