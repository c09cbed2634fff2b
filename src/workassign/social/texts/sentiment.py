"""How does somebody feel who writes this? -1 (furious) to 1 (delighted), or None where nobody can tell."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from importlib.util import find_spec
from typing import TypeAlias

from workassign.errors import PlanError, UsageError
from workassign.social.texts.features import READ, mended

__all__ = ["Sentiment", "named", "vader"]

Sentiment: TypeAlias = Callable[[str, str | None], float | None]
"""(text, language or None if unknown) -> -1 to 1; None, not 0, for what it cannot read."""

MOST_EMOJI = 40
"""So many signs beyond letters count: each becomes a description of several words."""

_NAMES = re.compile(r"@\w+|https?://\S+")
_EMOJI = re.compile("[\u2190-\u2bff\U0001f000-\U0001ffff]")
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def vader() -> Sentiment:
    """Return VADER (Hutto and Gilbert 2014): the compound score of English texts, by words that it knows.

    None for a language that is known and not English, and for what holds no word that it knows. Mangled
    emoji and `&amp;` are mended; handles and addresses do not count (`@united` is no praise), neither do
    characters that nobody sees. VADER is quadratic in the words of a text with a "but", so that 1,000
    characters and 40 emoji are read, and no more. Cost: about 130 us for a tweet.

    Raises:
        UsageError: If vaderSentiment is not installed.
    """
    if find_spec("vaderSentiment") is None:
        raise UsageError('sentiment needs vaderSentiment: pip install "workassign[text]"')
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    scores = SentimentIntensityAnalyzer().polarity_scores

    def sentiment(text: str, language: str | None) -> float | None:
        if language is not None and language.lower().split("-")[0] != "en":
            return None
        found = scores(_readable(text))
        if not found["pos"] and not found["neg"] and not found["compound"]:
            return None
        return max(-1.0, min(float(found["compound"]), 1.0))

    return sentiment


def _readable(text: str) -> str:
    """Return what VADER is shown of *text*."""
    text = _NAMES.sub("", mended(text))
    if text.isascii() and text.isprintable():
        return text
    text = _NO_TEXT.sub("", text)
    signs = list(_EMOJI.finditer(text))
    if len(signs) > MOST_EMOJI:
        end = signs[MOST_EMOJI].start()
        text = text[:end] + _EMOJI.sub("", text[end:])
    return text[:READ]


def named(use: str) -> Sentiment:
    """Return the sentiment that is named: `vader`, or `module:function` for one of your own.

    Raises:
        PlanError: If there is none of that name.
        UsageError: If what it needs is not installed.
    """
    if use == "vader":
        return vader()
    module, _, name = use.partition(":")
    if not module or not name:
        raise PlanError([f"sentiment: must be vader, or module:function, not {use[:40]!r}"])
    try:
        target = getattr(importlib.import_module(module), name, None)
    except (ImportError, ValueError) as error:
        raise PlanError([f"sentiment: {use}: {error}: is it on PYTHONPATH?"]) from None
    if not callable(target):
        raise PlanError([f"sentiment: {module} has no function {name!r}"])
    found: Sentiment = target
    return found
