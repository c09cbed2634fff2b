"""What may stand in a blank of a reply? A value, cleaned and cut, whoever wrote it."""

from __future__ import annotations

import re
import unicodedata

from workassign.errors import UsageError
from workassign.social.replying.lengths import LINK, longest_length, weight

__all__ = ["BLANKS", "cleaned", "is_clean"]

BLANKS = {
    "name": 40,
    "brand": 40,
    "desk": 40,
    "case": 40,
    "wait": 30,
    "until": 30,
    "opens": 30,
    "agents": 100,
    "article": 80,
    "link": 100,
}
"""Blank -> how long its value is at most, in characters as networks count them.

`name` is what the customer calls herself: no links, handles or tags of hers are passed on. `link`
is an address in the web, whole or not at all. All others are the operator's own words.
"""

_JOINERS = "\u200c\u200d"
"""They are no letters, but hold letters and emoji together."""

_MARKS = 2
"""So many accents may stand on a letter: more is meant to spill over other lines."""

_ELLIPSIS = "…"

_SIGNS = re.compile(r"[@#\uff20\uff03/\\:]+")
_DOTS = re.compile(r"[.\u3002\uff0e\uff61]+(?=\S)")
"""What links, mentions and tags are made with, in full width as well."""

_ADDRESS = re.compile(r"https?://[^\s<>\"']+")


def is_clean(text: str) -> bool:
    """Whether nothing in *text* is unseen: controls, marks of direction, surrogates, private use."""
    return all(char in _JOINERS or unicodedata.category(char)[0] != "C" for char in text)


def cleaned(blank: str, value: object) -> str:
    """Return *value* as it may stand in *blank*; empty if nothing of it may.

    Lines are joined, what is unseen is left out, and what is too long is cut at the end of a word.
    Cost: at most 400 characters are looked at.

    Raises:
        UsageError: If it is neither text nor a number.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UsageError(f"the value of {blank} must be text or a number, not {type(value).__name__}")
    most = BLANKS[blank]
    text = (value if isinstance(value, str) else _number(blank, value))[: most * 4]
    if blank == "link":
        return text if _ADDRESS.fullmatch(text) and is_clean(text) and longest_length(text) <= most else ""
    seen = _seen(" ".join(text.split()))
    return _cut(_harmless(seen) if blank == "name" else seen, most)


def _number(blank: str, value: float) -> str:
    """Return a number as text, a whole one with all its digits."""
    if not isinstance(value, int):
        return f"{value:.15g}"
    if value.bit_length() > 128:  # to write it down takes longer than its length
        raise UsageError(f"the value of {blank} must be a number of at most 38 digits")
    return str(value)


def _seen(text: str) -> str:
    """Return *text* without what is unseen, and with at most `_MARKS` accents on a letter."""
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= _MARKS and (char in _JOINERS or unicodedata.category(char)[0] != "C"):
            kept.append(char)
    return " ".join("".join(kept).split())


def _harmless(name: str) -> str:
    """Return *name* so that no network makes a link, a mention or a tag of it."""
    return " ".join(_DOTS.sub(". ", _SIGNS.sub(" ", name)).split())


def _cut(text: str, most: int) -> str:
    """Return *text* if it is at most *most* long, else so much of it, up to the end of a word."""
    if longest_length(text) <= most:
        return text
    words = text.split()
    kept = ""
    for word in words:
        longer = f"{kept} {word}".lstrip()
        if longest_length(longer + _ELLIPSIS) > most:
            break
        kept = longer
    return (kept or _begun(words[0], most - weight(_ELLIPSIS))) + _ELLIPSIS


def _begun(word: str, most: int) -> str:
    """Return the beginning of a single word that is too long itself."""
    used = 0
    for place, char in enumerate(word):
        used += weight(char)
        if used > most:
            return word[:place].rstrip(_JOINERS)
    assert most >= LINK  # or it would be too long as a link only, which a longer blank takes
    return word
