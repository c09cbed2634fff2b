"""What in a text can a model learn from? Words, pairs of words, their letters, and a few numbers.

Law: *the work is bounded by what is read*: the first `READ` characters, cut before anything else
looks at them; every pattern here is linear in what it is given.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from math import log, sqrt
from typing import NamedTuple

from workassign.social.texts.cleaning import unmangled
from workassign.social.texts.words import NEGATING, STRENGTHENING

__all__ = ["NUMBERS", "READ", "Features", "features", "letters", "mended"]

READ = 1000
"""So many characters of a text are looked at."""
LONGEST_WORD = 32
"""A word counts with so many characters."""
PAD = " "
NEGATED = 4
"""So many words after a negation are turned round, unless the sentence ends before."""

NUMBERS = (
    "valence",
    "good",
    "bad",
    "good words",
    "bad words",
    "best word",
    "worst word",
    "first valence",
    "last valence",
    "plain good",
    "plain bad",
    "question",
    "exclamations",
    "capitals",
    "length",
    "words",
    "log words",
    "link",
    "begins with a handle",
    "begins otherwise",
    "handles",
    "hashtag",
    "number",
    "quote",
    "dots",
    "why",
    "thanks first",
    "I",
    "you",
    "so long",
    "shouted word",
    "elongation",
    "emoji",
    "long",
    "short",
    "ends with a question",
    "ends with an exclamation",
    "negations",
    "link without question",
    "complaining",
    "complains",
    "praising",
    "praises",
    "asking",
    "asks",
    "complains and praises",
    "complaining less praising",
)
"""What is counted in a text, in this order; each number lies between -10 and 10."""

_STRAIGHT = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'})
_TOKEN = re.compile(
    r"@\w+|https?://\S+|#\w+|[^\W\d_]+(?:'[^\W\d_]+)?|\d+|[:;=8][-']?[)(dp/\\|\]]|[?!.]+|[^\w\s]",
    re.IGNORECASE,
)
_SPAN = re.compile(r"\b(?:\d+|two|three|four|five|an?) ?(?:hrs?|hours?|mins?|minutes?|days?|times?)\b")
_SHOUTED = re.compile(r"(?<![@#\w])[A-Z]{3,}")
_ELONGATED = re.compile(r"([^\W\d])\1\1")
_EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]")
_ENDS = frozenset(".?!,;:")
_I = frozenset(("i", "my", "me", "we", "our", "us", "i'm", "i've"))
_YOU = frozenset(("you", "your", "u", "ur", "yall", "y'all", "you're", "you've"))


class Features(NamedTuple):
    """What a text holds."""

    tokens: list[str]
    """Words and signs in lower case, in their order, between a begin and an end."""
    turned: list[str]
    """The words that stand behind a negation."""
    numbers: list[float]
    """As `NUMBERS` names them."""


def mended(text: str) -> str:
    """Return the first `READ` characters without what transport did to them.

    UTF-8 that was read as Latin-1 (mangled emoji), `&amp;` and the like, and typographic quotes.

    >>> mended("caf\u00c3\u00a9 &amp; bar \u00f0\u009f\u0098\u00a1")
    'café & bar 😡'
    """
    text = text[:READ]
    if not text.isascii():
        text = unmangled(text).translate(_STRAIGHT)
    return unescape(text) if "&" in text else text


def letters(token: str) -> list[str]:
    """Return the parts of two to five characters of a word with its ends; none of what is no word."""
    if not (token[0].isalpha() or token[0] == "#"):
        return []
    word = f"{PAD}{token}{PAD}"
    size = len(word)
    return [word[i : i + n] for n in range(2, 6) for i in range(size - n + 1)]


def features(text: str, lexicon: Mapping[str, float], lists: Mapping[str, frozenset[str]]) -> Features:
    """Return what there is in *text*; *lexicon*: word -> valence, *lists*: complaining, praising, asking.

    Cost: linear in the length of the text, of which `READ` characters are read.
    """
    text = mended(text)
    found = _TOKEN.findall(text)
    tokens, turned, valences, plain = _walked(found, lexicon)
    numbers = [*_of_valences(valences, plain), *_of_surface(text, tokens), *_of_lists(tokens, lists)]
    return Features(["<begin>", *tokens, "<end>"], turned, numbers)


def _walked(
    found: list[str], lexicon: Mapping[str, float]
) -> tuple[list[str], list[str], list[float], list[float]]:
    """Return tokens, those behind negations, valences with and without what stands around them."""
    tokens: list[str] = []
    turned: list[str] = []
    valences: list[float] = []
    plain: list[float] = []
    behind, boost = 0, 1.0
    for each in found:
        token = _token(each)
        tokens.append(token)
        if token in NEGATING or token.endswith("n't"):
            behind = NEGATED
            continue
        valence = lexicon.get(token[1:] if token[0] == "#" and len(token) > 1 else token)
        if token[0] in _ENDS and not valence:
            behind = 0
            continue
        if valence:
            plain.append(valence)
            stressed = valence * boost * (1.2 if len(each) > 1 and each.isupper() else 1.0)
            valences.append(-0.74 * stressed if behind else stressed)
        if behind:
            behind -= 1
            if token[0].isalpha():
                turned.append(f"not {token}")
        boost = 1.3 if token in STRENGTHENING else 1.0
    return tokens, turned, valences, plain


def _token(each: str) -> str:
    if each.isdigit():
        return f"<{min(len(each), 9)} digits>"
    token = each[:LONGEST_WORD].lower()
    return "<link>" if token.startswith("http") and "://" in token else token


def _of_valences(valences: list[float], plain: list[float]) -> list[float]:
    total = sum(valences)
    good = [each for each in valences if each > 0]
    bad = [each for each in valences if each < 0]
    return [
        total / sqrt(total * total + 15.0),
        min(sum(good) / 3, 10.0),
        max(sum(bad) / 3, -10.0),
        min(len(good), 10),
        min(len(bad), 10),
        max(good, default=0.0),
        min(bad, default=0.0),
        valences[0] if valences else 0.0,
        valences[-1] if valences else 0.0,
        min(sum(each for each in plain if each > 0) / 3, 10.0),
        max(sum(each for each in plain if each < 0) / 3, -10.0),
    ]


def _of_surface(text: str, tokens: list[str]) -> list[float]:
    words = [token for token in tokens if token[0].isalpha()]
    alphas = sum(map(str.isalpha, text))
    asked, linked = "?" in text, "<link>" in tokens
    last = text.rstrip()[-1:]
    return [
        asked,
        min(text.count("!"), 5),
        sum(map(str.isupper, text)) / alphas if alphas else 0.0,
        min(len(text) / 140, 3.0),
        min(len(words) / 30, 3.0),
        log(1 + len(words)),
        linked,
        text.startswith("@"),
        text.startswith(("=", ".", '"')),
        min(text.count("@"), 5),
        "#" in text,
        any("digits>" in token for token in tokens),
        '"' in text,
        ".." in text,
        asked and ("why" in words or "how" in words),
        words[:1] == ["thanks"],
        min(sum(map(_I.__contains__, words)) / 3, 3.0),
        min(sum(map(_YOU.__contains__, words)) / 3, 3.0),
        _SPAN.search(text.lower()) is not None,
        _SHOUTED.search(text) is not None,
        _ELONGATED.search(text) is not None,
        not text.isascii() and _EMOJI.search(text) is not None,
        len(text) > 130,
        len(text) < 40,
        last == "?",
        last == "!",
        min(sum(map(NEGATING.__contains__, words)), 5),
        linked and not asked,
    ]


def _of_lists(tokens: list[str], lists: Mapping[str, frozenset[str]]) -> list[float]:
    complaining, praising, asking = (
        min(sum(map(lists[name].__contains__, tokens)), 10) for name in ("complaining", "praising", "asking")
    )
    return [
        complaining,
        complaining > 0,
        praising,
        praising > 0,
        asking,
        asking > 0,
        complaining > 0 and praising > 0,
        min(complaining, 4) - min(praising, 4),
    ]
