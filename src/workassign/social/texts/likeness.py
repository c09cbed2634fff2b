"""Do two texts say the same, but for what changes when a message is passed on?

A text is read into a `Form`: entities, compatibility characters, letter case, zero-width
characters, addresses, handles, emoji, punctuation and hashtags at its ends are gone. Two forms are
alike if their words are the same, or one was cut off, or next to nothing changed that tells
anything (`telling`; a word with a digit and, as well as can be told, a name always do).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from hashlib import blake2b
from html import unescape
from typing import NamedTuple, TypeAlias

from workassign.social.texts.telling import EVERYDAY, TELLING, meaning

__all__ = ["Form", "Judge", "Rules", "alike", "read", "telling_by_itself", "written_as_name"]

Judge: TypeAlias = "Callable[[str, Form, bool], bool]"
"""Whether a word, in a text as it was written, is one that tells: a name, a figure, a negation.

In doubt (True: the word in its place has a capital, too) an unknown word with a capital is a name."""

_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_REST = r"(?:[^\s.]|\.(?!\.\.))*"  # up to white space, or to the dots of what was cut off
_LINK = re.compile(rf"[hH][tT][tT][pP][sS]?:{_REST}")
_ADDRESS = re.compile(rf"\b(?:www\.|[a-z0-9-]{{1,63}}\.[a-z]{{2,10}}/){_REST}", re.IGNORECASE)
_WORD = re.compile(r"[@#]?\w+|\.\.\.|[$€£¥%]|[\"“«]@\w+")
_LETTERS = re.compile(r"\w+")
# Scripts that put no spaces between words: each character stands for a word.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_NONE: frozenset[str] = frozenset()
_Words: TypeAlias = tuple[str, ...]
_MARKS = frozenset({"RT", "Rt", "rt", "MT", "mt", "via", "Via", "VIA"})
_SIGNS = frozenset("$€£¥%")
_LIMITS = frozenset({138, 139, 140, 278, 279, 280})
"""Lengths at which networks have cut off what was passed on."""


class Form(NamedTuple):
    """What is left of a text that is compared."""

    words: tuple[str, ...]
    tags: frozenset[str]
    """Hashtags before the first and after the last word."""
    text: str
    """With its capitals, without addresses: for telling names. Never shown."""
    capitals: frozenset[str]
    """The words that it writes with a capital somewhere."""
    cut: bool
    """It ends in dots, or in a word where a network cuts off: something may be missing."""
    marked: bool
    """It says that it was passed on: RT @…, via @…, or a quotation that begins with a handle."""
    points: float
    """One for each different word that says what it is about, a quarter for each word."""
    figures: tuple[str, ...]
    """The words with a digit, and signs of money, in order."""


class Rules(NamedTuple):
    """How much must be shared."""

    enough: float
    """So many points must be shared by what two authors wrote, to be one message."""
    vouched: float
    """So many where something vouches for it, and yet it is not equal."""


def read(text: str, characters: int) -> Form:
    """Return the form of *text*; one longer than *characters* is only ever like its exact repeats.

    Cost: O(characters), about 10 us for a tweet; of a longer text a digest is made.
    """
    if len(text) > characters:
        digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        return Form((f"\0{digest}",), _NONE, "", _NONE, False, False, 1_000_000, ())
    seen = _visible(text)[: 4 * characters]
    found = _WORD.findall(seen)
    marked = _drop_handles(found)
    cut = _drop_dots(found)
    begin, end = _between_tags(found)
    tags = _NONE
    if end - begin < len(found):
        tags = frozenset([word.casefold() for word in found[:begin] + found[end:]])
    found = [word.lstrip("#") for word in found[begin:end]]
    words = tuple([word.casefold() for word in found])
    if not words:
        # Nothing but emoji, handles, an address: it is what it is.
        return Form((f"\0{' '.join(text.split())}",), _NONE, "", _NONE, False, marked, 0, ())
    if not cut and len(text.strip()) in _LIMITS:
        # Many write as much as there is room for: what ends in an address or a hashtag is whole.
        cut = marked or (not tags and text.rstrip().endswith(found[-1]))
    capitals = frozenset([word for word, raw in zip(words, found, strict=True) if word != raw])
    return Form(words, tags, seen, capitals, cut, marked, _points(words), _figures(words))


def _visible(text: str) -> str:
    if "&" in text:
        text = unescape(text)
    if not text.isascii():
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
        if _UNSPACED.search(text):
            text = _UNSPACED.sub(r" \g<0> ", text)
    elif not text.isprintable():
        text = _INVISIBLE.sub("", text)
    text = text.replace("'", "").replace("’", "")
    if "http" in text or "HTTP" in text:
        text = _LINK.sub(" ", text)
    return _ADDRESS.sub(" ", text) if "/" in text or "www." in text else text


def _drop_handles(found: list[str]) -> bool:
    """Take handles out of *found*, with the RT or via before them; return whether there was one."""
    marked = bool(found) and (found[0][0] in '"“«' or found[0] == "RT")
    if not marked and _MARKS.isdisjoint(found):
        found[:] = [word for word in found if word[0] not in '@"“«']
        return False
    kept: list[str] = []
    for word in found:
        if word[0] not in '@"“«':
            kept.append(word)
        elif kept and kept[-1] in _MARKS:
            kept.pop()
            marked = True
    found[:] = kept[1:] if kept and kept[0] == "RT" else kept
    return marked


def _drop_dots(found: list[str]) -> bool:
    """Take dots out of *found*; return whether they were the last of it, hashtags aside."""
    if "..." not in found:
        return False
    last = len(found)
    while last and found[last - 1][0] == "#":
        last -= 1
    cut = last > 0 and found[last - 1] == "..."
    found[:] = [word for word in found if word != "..."]
    return cut


def _between_tags(found: Sequence[str]) -> tuple[int, int]:
    """Return where the words between the hashtags at both ends begin and end; all, if there are no others."""
    begin, end = 0, len(found)
    while begin < end and found[begin][0] == "#":
        begin += 1
    while end > begin and found[end - 1][0] == "#":
        end -= 1
    return (begin, end) if begin < end else (0, len(found))


def _points(words: Sequence[str]) -> float:
    said = {word for word in words if len(word) > 2 or not (word.isascii() and word.isalpha())}
    return len(said - EVERYDAY) + len(words) / 4


def _figures(words: Sequence[str]) -> tuple[str, ...]:
    odd = [word for word in words if not word.isalpha()]
    return tuple([word for word in odd if telling_by_itself(word)]) if odd else ()


def telling_by_itself(word: str) -> bool:
    """Return whether *word* tells, whatever the text: a figure, a sign of money, a negation, a day, a place.

    So does a word of a script without capitals, where nobody can see what is a name.
    """
    if word in TELLING or word in _SIGNS or (word[-1] == "s" and word[:-1] in TELLING):
        return True
    if word.isalpha():
        return word.upper() == word
    return any(char.isdigit() for char in word)


def written_as_name(word: str, form: Form) -> bool:
    """Return whether *form* writes its *word* as a name.

    That is: with a capital within a sentence, or with several; unless most of the text is capitals.
    """
    text = form.text
    if word not in form.capitals or sum(map(str.isupper, text)) * 2 > sum(map(str.isalpha, text)):
        return False
    for match in _LETTERS.finditer(text):
        written = match.group()
        if written.casefold() != word:
            continue
        if sum(map(str.isupper, written)) > 1:
            return True
        before = text[max(0, match.start() - 40) : match.start()].rstrip(" \n\t\"'“(#")
        if written[:1].isupper() and before and (before[-1].isalnum() or before[-1] in ",;&$-/"):
            # After a handle a sentence begins.
            return re.search(r"@\w+$", before) is None
    return False


def alike(old: Form, new: Form, vouched: bool, rules: Rules, tells: Judge) -> bool:
    """Return whether *old* and *new* say the same.

    *vouched*: a mark of a repost or the same author says that it may be. Then equal words are enough,
    however few; and fewer points, where words are not equal.

    Cost: O(words).
    """
    if old.words == new.words:
        return (vouched or new.points >= rules.enough) and not _other_tags(old, new)
    least = rules.vouched if vouched else rules.enough
    if min(old.points, new.points) < least:
        return False
    if _cut_from(new, old, vouched, tells) or _cut_from(old, new, vouched, tells):
        return True
    if old.figures != new.figures or _other_tags(old, new):
        return False
    changes = _allowed(max(len(old.words), len(new.words)), vouched)
    if not changes or abs(len(old.words) - len(new.words)) > changes:
        return False
    if len(frozenset(old.words).symmetric_difference(new.words)) > 2 * changes:
        return False
    return _Comparison(old, new, tells, whole=True).within(changes)


def _other_tags(old: Form, new: Form) -> bool:
    """Return whether each has hashtags that the other has not; added and cut ones do not count."""
    if old.tags <= new.tags or new.tags <= old.tags:
        return False
    return not (old.cut and _begun(old.tags, new.tags)) and not (new.cut and _begun(new.tags, old.tags))


def _begun(short: frozenset[str], full: frozenset[str]) -> bool:
    """Return whether each of *short* is in *full*, or one of these begins with it."""
    return all(any(tag.startswith(each) for tag in full) for each in short - full)


def _allowed(words: int, vouched: bool) -> int:
    """Return how many words may have changed in a text of so many *words*."""
    if words < (5 if vouched else 7):
        return 0
    return min(1 + words // 20, 4)


def _cut_from(short: Form, full: Form, vouched: bool, tells: Judge) -> bool:
    """Return whether *short* is the beginning of *full*; its last word may be cut off, too."""
    words = len(short.words)
    if not short.cut or words > len(full.words) or words < (4 if vouched else 6):
        return False
    begun = short.words[-1]
    if full.words[words - 1].startswith(begun) or "https".startswith(begun):
        short = short._replace(words=short.words[:-1])
    return _Comparison(full, short, tells, whole=False).within(_allowed(words, vouched))


class _Comparison(NamedTuple):
    """Two texts word by word."""

    old: Form
    new: Form
    tells: Judge
    whole: bool
    """Both have to end; else the old one may go on."""

    def within(self, changes: int) -> bool:
        """Return whether at most so many *changes*, none of which tells, make one of the other."""
        return self._rest(0, 0, changes, (), ())

    def _rest(self, i: int, j: int, changes: int, gone: _Words, come: _Words) -> bool:
        """Compare from word *i* and *j* on, when these words have *gone* and *come* before."""
        old, new = self.old.words, self.new.words
        most = min(len(old) - i, len(new) - j)
        same = 0
        while same + 16 <= most and old[i + same : i + same + 16] == new[j + same : j + same + 16]:
            same += 16
        while same < most and old[i + same] == new[j + same]:
            same += 1
        i, j = i + same, j + same
        if j == len(new) and (i == len(old) or not self.whole):
            # Of what was cut off, words must follow a change: else the cut would hide another end.
            return self.whole or same > 0 or not (gone or come)
        if not changes:
            return False
        taken = (*gone, old[i]) if i < len(old) else gone
        put = (*come, new[j]) if j < len(new) else come
        out = i < len(old) and self._free(old[i], new[j : j + 1], self.old, self.new, come)
        into = j < len(new) and self._free(new[j], old[i : i + 1], self.new, self.old, gone)
        return (
            (out and into and _fits(old[i], put) and self._rest(i + 1, j + 1, changes - 1, taken, put))
            or (out and self._rest(i + 1, j, changes - 1, taken, come))
            or (into and self._rest(i, j + 1, changes - 1, gone, put))
        )

    def _free(self, word: str, place: _Words, form: Form, other: Form, against: _Words) -> bool:
        """Return whether *word* may change: it does not tell, and is no other story than *against*."""
        doubt = word in form.capitals and any(each in other.capitals for each in (*place, *against))
        return _fits(word, against) and not self.tells(word, form, doubt)


def _fits(word: str, others: _Words) -> bool:
    """Return whether *word* for any of *others* is no other story."""
    said = meaning(word)
    return said is None or all(meaning(other) in (None, said) for other in others)
