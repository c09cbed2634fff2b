"""What is said without an agent? Canned replies with blanks, by language, brand and network.

The law: *what a customer or a network put into a value never becomes anything but its letters*. A
value is cleaned and cut before it stands in a reply, and what was filled in is never read again, so
that no value can name another blank, write a line of its own or turn the direction of writing
around. A filled reply fits every network that it is for, whatever the values are.

A reply is plain text: whoever makes HTML of it escapes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import chain, pairwise, product
from typing import NamedTuple

import attrs

from workassign.errors import PlanError
from workassign.needs import checked_name
from workassign.social.replying.lengths import LIMITS, LINK, length, longest_length
from workassign.social.replying.values import BLANKS, cleaned, is_clean

__all__ = ["TEXT_LIMIT", "Replies", "Reply"]

TEXT_LIMIT = 10_000
"""A reply has at most so many characters before its blanks are filled."""


@attrs.frozen(kw_only=True)
class Reply:
    """A text with blanks: `{name}`, or `{name|there}` with what is said where nobody knows it.

    `{{` and `}}` are braces. The blanks are those of `BLANKS`; each value is cut to what is
    said there, so that the reply can be checked once and for all.

    Raises:
        ValueError: If the text is empty, too long for a network that it is for, has a control
            character or a blank that there is not, or a brace that is none of these.

    >>> reply = Reply(id="thanks", text="Thank you, {name|and have a good day}! {brand}")
    >>> reply.fill({"name": "Ana {case}", "brand": "Acme"}), reply.fill({"brand": "Acme"})
    ('Thank you, Ana {case}! Acme', 'Thank you, and have a good day! Acme')
    """

    id: str
    text: str
    language: str | None = None
    """ISO 639-1, or with a region (en, es-MX); None: for every language."""
    brand: str | None = None
    """None: for every brand."""
    networks: tuple[str, ...] = ()
    """Where it is said; empty: everywhere, so that it has to fit the shortest."""

    def __attrs_post_init__(self) -> None:
        """Check the text, and that it fits with the longest values."""
        checked_name(self.id, "id")
        if not self.text.strip() or len(self.text) > TEXT_LIMIT:
            raise ValueError(f"text must have 1 to {TEXT_LIMIT} characters, not {len(self.text)}")
        if not is_clean(self.text.replace("\n", "")):
            raise ValueError("text must have no control characters, and none that turns the writing around")
        for network in self.networks or LIMITS:
            most = LIMITS.get(network)
            if most is not None and (found := _longest(self.text, network)) > most:
                raise ValueError(
                    f"text has up to {found} characters with its blanks filled, but {network} takes {most}: "
                    "make it shorter, or name the networks that it is for"
                )

    def fill(self, values: Mapping[str, str | float]) -> str:
        """Return the text with each blank filled from *values*; those that it does not ask for are left.

        A blank without a value, or with one of which nothing is left when it is cleaned, takes
        what it says behind `|`, or is left out with the space before it. Cost: the length of the
        reply, and at most 400 characters of each value.

        Raises:
            UsageError: If a value is neither text nor a number: it names the blank.
        """
        asked = {part.blank for part in _parts(self.text) if part.blank}
        return _filled(self.text, {name: cleaned(name, values[name]) for name in asked if name in values})


class _Part(NamedTuple):
    """A piece of text, or a blank with what is said where it has no value."""

    text: str
    blank: str = ""


_PART = re.compile(r"\{\{|\}\}|\{[^{}]*\}|[{}]|[^{}]+")


@lru_cache(maxsize=1024)
def _parts(text: str) -> tuple[_Part, ...]:
    """Return what *text* is made of."""
    parts = []
    for found in _PART.findall(text):
        if found in ("{{", "}}"):
            parts.append(_Part(found[0]))
        elif found in ("{", "}"):
            raise ValueError(f"text has a {found} alone: a brace is written twice, {found * 2}")
        elif found[0] == "{":
            parts.append(_blank(found[1:-1]))
        else:
            parts.append(_Part(found))
    return tuple(parts)


def _blank(said: str) -> _Part:
    name, _, instead = said.partition("|")
    if name not in BLANKS:
        raise ValueError(f"text has a blank {name[:40]!r}; there are {', '.join(BLANKS)}")
    if (found := longest_length(instead)) > BLANKS[name]:
        raise ValueError(f"text has {found} characters instead of {name}, which has at most {BLANKS[name]}")
    return _Part(instead, name)


def _longest(text: str, network: str) -> int:
    """Return how long *text* is at most in *network*, whatever its blanks are filled with."""
    parts = _parts(text)
    whole = sum(BLANKS[part.blank] if part.blank else length(part.text, network) for part in parts)
    # What touches a blank without a space can make a link of its last word, or of its first.
    touching = (left.blank and right.blank for left, right in pairwise(parts))
    before = (right.blank and _TOUCHING.match(left.text[-1:]) for left, right in pairwise(parts))
    after = (left.blank and _TOUCHING.match(right.text[:1]) for left, right in pairwise(parts))
    return whole + LINK * sum(map(bool, chain(touching, before, after)))


_TOUCHING = re.compile(r"[\w.]")


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Return *text* with clean *values*; where there is none, without the space before its place."""
    said: list[str] = []
    gap = False
    for part in _parts(text):
        piece = (values.get(part.blank) or part.text) if part.blank else part.text
        if gap and piece:
            if not said:
                piece = piece.lstrip(" ,")
            elif piece[0] in " ,.;:!?\n" and said[-1].endswith(" "):
                said[-1] = said[-1][:-1]
        gap = not piece if part.blank else gap and not piece
        if piece:
            said.append(piece)
    whole = "".join(said)
    return whole.rstrip(" ") if gap else whole


class Replies:
    """The canned replies of a plan file, found by id, language, brand and network."""

    def __init__(self, replies: Iterable[Reply] = (), path: str = "mentions.replies") -> None:
        """Keep *replies*; *path* is where they stand in the plan file.

        Raises:
            PlanError: If two have the same id, language, brand and network.
        """
        self._found: dict[tuple[str, str | None, str | None, str | None], Reply] = {}
        problems = []
        for number, reply in enumerate(replies):
            language = None if reply.language is None else reply.language.casefold()
            for network in dict.fromkeys(reply.networks) or (None,):
                key = (reply.id, language, reply.brand, network)
                if key in self._found:
                    what = f"{reply.id!r} for the same language, brand and network"
                    problems.append(f"{path}[{number}]: there is another {what}")
                self._found.setdefault(key, reply)
        self._ids = frozenset(key[0] for key in self._found)
        if problems:
            raise PlanError(problems)

    def __contains__(self, id: object) -> bool:
        """Whether there is a reply of this id, in whatever language."""
        return id in self._ids

    def of(
        self, id: str, language: str | None = None, brand: str | None = None, network: str | None = None
    ) -> Reply | None:
        """Return the reply that fits best; None: there is none that fits.

        Her language goes before the brand's own words, and these before what suits the network: for
        es-MX one in es-MX is looked for, then in es, then one for every language; and in each
        language the brand's, then everybody's. Cost: at most twelve look-ups.
        """
        languages = [None] if language is None else [language.casefold(), _base(language), None]
        for key in product(languages, (brand, None), (network, None)):
            if (found := self._found.get((id, *key))) is not None:
                return found
        return None


def _base(language: str) -> str:
    return re.split("[-_]", language.casefold(), maxsplit=1)[0]
