"""How long is a text, as the network counts it?

| network | at most | counts |
| --- | --- | --- |
| twitter | 280 | a character as 1 or, outside of most European scripts, as 2; a link as 23 |
| mastodon | 500 | a character as 1, a link as 23 |
| bluesky | 300 | a character as 1 |

Sources: the configuration v3 of the library twitter-text; `max_characters` and
`characters_reserved_per_url` of a Mastodon server as it is installed; `maxGraphemes` of the lexicon
`app.bsky.feed.post`. Networks count what a reader sees as one character (an emoji of several
parts) once, here each part counts; and what only looks like a link (`a.b`) counts as the longer of
both. So a text is never longer there than it is here.
"""

from __future__ import annotations

import re

__all__ = ["LIMITS", "LINK", "length", "longest_length", "weight"]

LIMITS = {"twitter": 280, "mastodon": 500, "bluesky": 300}
"""Network -> how long a post may be."""

LINK = 23
"""A link counts as so many characters, where the network shortens it."""

_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
"""Code points that twitter counts as one character, both ends included."""


_LINKED = re.compile(r"\w\.\w")
"""What makes a word look like a link."""


def weight(char: str) -> int:
    """Return as how many characters twitter counts *char*."""
    point = ord(char)
    return 1 if point <= 4351 or any(low <= point <= high for low, high in _LIGHT) else 2


def length(text: str, network: str) -> int:
    """Return how long *text* is in *network*, at most; where it is unknown, in characters. Cost: linear.

    >>> length("Ana", "twitter"), length("安娜", "twitter"), length("安娜", "bluesky")
    (3, 4, 2)
    """
    each = weight if network == "twitter" else _one
    whole = sum(map(each, text))
    if network not in ("twitter", "mastodon"):
        return whole
    links = (word for word in text.split() if _LINKED.search(word) is not None)
    return whole + sum(_more(word, sum(map(each, word))) for word in links)


def longest_length(text: str) -> int:
    """Return how long *text* is where it is longest."""
    return max(length(text, network) for network in LIMITS)


def _one(_: str) -> int:
    return 1


def _more(word: str, alone: int) -> int:
    """Return by how much a word that may be a link counts for more than its characters."""
    if word.startswith(("https://", "http://")):
        return LINK - alone
    return max(LINK - alone, 0)
