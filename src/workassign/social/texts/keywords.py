r"""Which of many words and phrases are in a text?

Words are matched whole; a phrase may be broken by any white space, and a `*` at the end stands for
any ending. A text is split once, into `Tokens`, whoever looks for words in it afterwards: a matcher
asks sets and walks a tree of first words, so that 5,000 words cost hardly more than five.

The law: *the same is found as by the regular expression* `(?<!\w)(?:one|two|…)(?!\w)`, in which
white space is `\s+` and a star `\w*`.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Generic, NamedTuple, TypeAlias, TypeVar

__all__ = ["Groups", "Keywords", "Tokens"]

Name = TypeVar("Name", bound=Hashable)

_BETWEEN = re.compile(r"(\W+)")
_SPACES = re.compile(r"\s+")


class Tokens:
    """A plain text (`topics.plain`), split into words and what is between them, once for all matchers.

    Cost: O(characters), about 5 us for a tweet. Memory: some times that of the text.
    """

    __slots__ = ("_beginnings", "_offsets", "parts", "text", "words")

    def __init__(self, text: str) -> None:
        """Split *text*, which is in lower case already."""
        self.text = text
        self.parts = _BETWEEN.split(text)
        """Words at even places, what is between them at odd ones; a word at either end may be empty."""
        self.words = frozenset(self.parts[::2])
        self._beginnings: dict[int, frozenset[str]] = {}
        self._offsets: list[int] | None = None

    def beginnings(self, length: int) -> frozenset[str]:
        """Return the first *length* characters of every word."""
        found = self._beginnings.get(length)
        if found is None:
            found = self._beginnings[length] = frozenset([word[:length] for word in self.words])
        return found

    @property
    def offsets(self) -> list[int]:
        """Where each of the parts begins in the text; and, last, where the text ends."""
        if self._offsets is None:
            self._offsets = list(accumulate(map(len, self.parts), initial=0))
        return self._offsets


class _End(NamedTuple):
    """A word or phrase is complete here, if what stands around it fits."""

    rank: int
    word: str
    lead: re.Pattern[str] | None
    tail: re.Pattern[str] | None
    open: bool
    """After the tail comes any ending."""


class _Node:
    """What may follow in a phrase: a whole word with what is before it, or the beginning of one."""

    __slots__ = ("ends", "follow", "stems")

    def __init__(self) -> None:
        self.follow: dict[str, _Node] = {}
        self.ends: list[_End] = []
        self.stems: dict[int, dict[str, list[_End]]] = {}


class _Match(NamedTuple):
    start: int
    rank: int
    end: int
    word: str


_Stems: TypeAlias = dict[int, set[str]]


class Keywords:
    """Finds any of its words in texts that were split into `Tokens`.

    Cost: building O(characters of all words); a question about 1 us and what the words of the text
    that begin a phrase cost, however many words are looked for.

    >>> words = Keywords(["refund*", "money back"])
    >>> words.found(Tokens("my money  back! refunded?"))
    ['money  back', 'refunded']
    """

    __slots__ = ("_all", "_alone", "_phrases", "_starts", "_stems")

    def __init__(self, words: Iterable[str]) -> None:
        """Look for *words*.

        Raises:
            ValueError: If one has no letter or digit, or a star elsewhere than at its end.
        """
        alone: set[str] = set()
        self._stems: _Stems = {}
        """Length -> the beginnings of that length, of single words with any ending."""
        self._all, self._phrases = _Node(), _Node()
        for rank, word in enumerate(words):
            stem, starred = _stem(word)
            parts = _BETWEEN.split(stem)
            _grow(self._all, parts, starred, rank, word)
            if len(parts) > 1:
                _grow(self._phrases, parts, starred, rank, word)
            elif starred:
                self._stems.setdefault(len(stem), set()).add(stem)
            else:
                alone.add(stem)
        self._alone = frozenset(alone)
        self._starts = frozenset(self._phrases.follow)

    def any(self, tokens: Tokens) -> bool:
        """Return whether any of the words is in the text."""
        if not self._alone.isdisjoint(tokens.words):
            return True
        for length, stems in self._stems.items():
            if not stems.isdisjoint(tokens.beginnings(length)):
                return True
        return self.has_phrase(tokens)

    def different(self, tokens: Tokens) -> int:
        """Return how many different ones of what is `found` there are."""
        if self._phrases.follow or self._phrases.stems:
            return len(set(self.found(tokens)))
        words = tokens.words & self._alone
        stems = [stem for length, each in self._stems.items() for stem in each & tokens.beginnings(length)]
        if stems:
            words |= {word for word in tokens.words if word.startswith(tuple(stems))}
        return len(words)

    def has_phrase(self, tokens: Tokens) -> bool:
        """Return whether any of the words that are more than one is in the text."""
        return self._begun(tokens) and next(_matches(self._phrases, tokens), None) is not None

    def first(self, tokens: Tokens) -> str | None:
        """Return the word, as it was given, that is found first; of several there the first given."""
        found = next(self._found(tokens), None)
        return None if found is None else found.word

    def found(self, tokens: Tokens) -> list[str]:
        """Return what is found, as the text has it, in its order; nothing overlaps."""
        text = tokens.text
        return [text[match.start : match.end] for match in self._found(tokens)]

    def _begun(self, tokens: Tokens) -> bool:
        """Return whether a phrase can be there at all."""
        if not self._starts.isdisjoint(tokens.words):
            return True
        stems = self._phrases.stems
        return any(not by_stem.keys().isdisjoint(tokens.beginnings(n)) for n, by_stem in stems.items())

    def _found(self, tokens: Tokens) -> Iterator[_Match]:
        """Yield from left to right, as a regular expression would: the first given wins a place."""
        if not self.any(tokens):
            return
        place, best = 0, None
        # Those that share their first word come one after the other.
        for match in _matches(self._all, tokens):
            if best is not None and match.start >= best.end:
                yield best
                place, best = best.end, None
            if match.start >= place and (best is None or match < best):
                best = match
        if best is not None:
            yield best


class Groups(Generic[Name]):
    """Which of several lists of words have one in a text? One look for all of them.

    Cost: building, all words; a question about 2 us and what the words of the text that begin a
    phrase cost, however many lists there are.

    >>> groups = Groups({"bags": Keywords(["bag*"]), "money": Keywords(["refund*", "money back"])})
    >>> sorted(groups.of(Tokens("my bags! and my money back")))
    ['bags', 'money']
    """

    __slots__ = ("_alone", "_phrases", "_stems")

    def __init__(self, groups: Mapping[Name, Keywords]) -> None:
        """Look for the words of *groups*, by name."""
        self._alone: dict[str, tuple[Name, ...]] = {}
        self._stems: dict[int, dict[str, tuple[Name, ...]]] = {}
        self._phrases: list[tuple[Name, Keywords]] = []
        for name, keywords in groups.items():
            for word in sorted(keywords._alone):
                self._alone[word] = (*self._alone.get(word, ()), name)
            for length, stems in keywords._stems.items():
                known = self._stems.setdefault(length, {})
                for stem in sorted(stems):
                    known[stem] = (*known.get(stem, ()), name)
            if keywords._phrases.follow or keywords._phrases.stems:
                self._phrases.append((name, keywords))

    def of(self, tokens: Tokens) -> set[Name]:
        """Return the names of the groups that have a word in the text."""
        found: set[Name] = set()
        alone = self._alone
        for word in tokens.words:
            if word in alone:
                found.update(alone[word])
        for length, stems in self._stems.items():
            for stem in stems.keys() & tokens.beginnings(length):
                found.update(stems[stem])
        for name, keywords in self._phrases:
            if name not in found and keywords.has_phrase(tokens):
                found.add(name)
        return found


def _stem(word: str) -> tuple[str, bool]:
    """Return *word* without its star, in lower case and with single spaces; whether it had one."""
    stem = word.casefold().replace("’", "'").strip()
    starred = stem.endswith("*")
    stem = stem[:-1] if starred else stem
    if "*" in stem or not any(char.isalnum() for char in stem):
        raise ValueError(f"{word!r} is no word to look for: letters or digits, and a * only at the end")
    return " ".join(stem.split()), starred


def _grow(root: _Node, parts: list[str], starred: bool, rank: int, word: str) -> None:
    """Add a phrase: its words one after the other, with what is before each but the first."""
    lead = tail = None
    if not parts[0]:
        lead, parts = re.compile(_loose(parts[1]) + r"\Z"), parts[2:]
    if not parts[-1]:
        tail, parts = re.compile(_loose(parts[-2])), parts[:-2]
    *steps, last = [parts[0], *map("".join, zip(parts[1::2], parts[2::2], strict=True))]
    node = root
    for step in steps:
        node = node.follow.setdefault(step, _Node())
    end = _End(rank, word, lead, tail, starred)
    if starred and tail is None:
        node.stems.setdefault(len(last), {}).setdefault(last, []).append(end)
    else:
        node.follow.setdefault(last, _Node()).ends.append(end)


def _loose(between: str) -> str:
    return r"\s+".join(map(re.escape, between.split(" ")))


def _matches(root: _Node, tokens: Tokens) -> Iterator[_Match]:
    """Yield every match, those that begin with an earlier word first."""
    words = tokens.parts[::2]
    follow, stems = root.follow, root.stems
    for place, word in enumerate(words):
        if word in follow or any(word[:length] in by_stem for length, by_stem in stems.items()):
            yield from _from(root, tokens, place)


def _from(node: _Node, tokens: Tokens, first: int) -> Iterator[_Match]:
    """Yield the matches whose first word is the one at place *first*."""
    parts, place = tokens.parts, first
    key = parts[2 * first]
    while True:
        for length, by_stem in node.stems.items():
            for end in by_stem.get(key[:length], ()):
                yield from _whole(end, tokens, first, place)
        following = node.follow.get(key)
        if following is None:
            return
        node = following
        for end in node.ends:
            yield from _whole(end, tokens, first, place)
        place += 1
        if 2 * place >= len(parts) or not (node.follow or node.stems):
            return
        key = _SPACES.sub(" ", parts[2 * place - 1]) + parts[2 * place]


def _whole(end: _End, tokens: Tokens, first: int, last: int) -> Iterator[_Match]:
    """Yield the match from word *first* to word *last*, if what stands around it fits."""
    parts, offsets = tokens.parts, tokens.offsets
    start, stop = offsets[2 * first], offsets[2 * last + 1]
    if end.lead is not None:
        before = end.lead.search(parts[2 * first - 1]) if first else None
        # A sign that follows a word at once is inside of something else: a#bag.
        if before is None or (before.start() == 0 and parts[2 * first - 2]):
            return
        start = offsets[2 * first - 1] + before.start()
    if end.tail is not None:
        after = end.tail.match(parts[2 * last + 1]) if 2 * last + 1 < len(parts) else None
        if after is None:
            return
        stop += after.end()
        if stop == offsets[2 * last + 2] and parts[2 * last + 2]:
            if not end.open:
                return
            stop = offsets[2 * last + 3]
    yield _Match(start, end.rank, stop, end.word)
