"""Which mention only says again what an earlier one has said?

A retweet storm, a chain letter, a headline passed on: many mentions, one interaction. What comes
first is remembered, each one that is like it is told to be the same, for as long as they follow
each other within a window. Nothing is compared with everything: texts that could be alike are
found by the words that are rare in them and by how they begin and end.

Memory is bounded by the number of mentions remembered; the cost of a mention by how many of those
that share something with it are looked at. Same mentions, same answers: nothing here depends on
the order of a set or on `hash`.
"""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from collections.abc import Iterable
from itertools import chain

from workassign.errors import UsageError
from workassign.model import Instant
from workassign.social.mentions import Mention
from workassign.social.texts.likeness import Form, Rules, alike, read, telling_by_itself, written_as_name
from workassign.social.texts.telling import EVERYDAY, meaning

__all__ = ["Nearby"]

YEAR = 366 * 86_400.0

_KEYS = 8
"""A mention is found again by so many keys: its ends and its rarest words."""
_ASKED = 8
"""So many of a mention's words are looked up, the rarest first."""
_LISTED = 16
"""So many mentions, the newest, are kept under one word."""
_COMPARED = 6
"""So many mentions are compared word by word with a new one."""
_SHARED = 3
"""A mention that is compared has so many keys in common with the new one; a rare key counts twice.

A rare figure is enough: of a thousand orders in the same words, it is what finds the right one."""
_RARE = 3
"""A key is rare that at most so many mentions have."""
_SHORTEST = 4
"""Of so many words at least is a text that is like another without being equal."""
_KNOWN = 5
"""Of a word that was seen so often it is known how it is written."""
_READ = 64
"""Of so many words from the beginning the rarest are taken."""
_VOCABULARY = 50_000
"""So many different words are counted; then all counts are halved."""


class Nearby:
    """Finds near-duplicates among the mentions of a window of time.

    A mention collapses into an earlier one of the same group (a brand, a desk) when its text is

    - the same, but for letter case, white space, punctuation, emoji, handles, addresses in the web,
      hashtags at its ends, HTML entities, invisible and compatibility characters, `RT @user:`,
      `via @user` and quotation marks around it;
    - the same up to where it was cut off: it ends in dots, or in a word
      where networks cut (140 and 280 characters);
    - the same but for one plain word in seven or more, two in twenty, three in forty, at most four;

    and never when a word tells that was put in, taken out or changed: one with a digit, a sign of
    money, a negation, a day, a place, a name; nor for a word of the same kind with another meaning
    (lost, damaged). A name is what the mentions so far wrote with a capital nearly always; one that
    is hardly known yet: what this text writes with a capital within a sentence. *telling* adds names.

    Points say whether a text is one that many write without knowing of each other ("thank you!",
    "where is my bag?"): one for each different word of three letters and more that is not everybody's
    (`telling.EVERYDAY`), and a quarter for each word. Below *enough* it collapses only if it is equal
    and something vouches for it: a mark that it was passed on, or the same author. What is vouched for
    and not equal needs six tenths of these points.

    Where the network says what a mention repeats (`repost_of`), that alone decides.
    """

    def __init__(
        self,
        *,
        within: float = 86_400.0,
        most: int = 20_000,
        enough: float = 4.5,
        characters: int = 2_000,
        telling: Iterable[str] = (),
    ) -> None:
        """Remember mentions for *within* seconds since they or something like them last came.

        *within*: above 0, at most 366 days. *most*: so many are remembered, those that were renewed
        last, 1 to 10 million. *enough*: points, above 0, at most 100. *characters*: of a text
        longer than this only exact repeats are found, 140 to 100,000. *telling*: words, a change of
        which makes it another message, in any case: products, stations, people.

        Raises:
            UsageError: If a setting is out of its bounds.
        """
        _check("within", within, 0.0, YEAR, whole=False)
        _check("most", most, 1, 10_000_000)
        _check("enough", enough, 0.0, 100.0, whole=False)
        _check("characters", characters, 140, 100_000)
        self._within, self._most, self._characters = within, most, characters
        self._rules = Rules(enough, enough * 0.6)
        self._telling = frozenset(word.casefold() for word in telling)
        self._now = -math.inf
        self._sequence = 0
        # In the order in which they were renewed last.
        self._first: OrderedDict[tuple[str, str], _First] = OrderedDict()
        self._collapsed: OrderedDict[tuple[str, str], tuple[str, str]] = OrderedDict()
        self._groups: dict[str, _Group] = {}
        self._words = _Vocabulary()

    def __len__(self) -> int:
        """Return how many mentions are remembered: the first of each that were alike."""
        return len(self._first)

    def seen(self, mention: Mention, group: str = "") -> str | None:
        """Return the key of the first mention that says the same in *group*; None: this one is it.

        Mentions come in order of time; one that is older than the one before counts as being as new.
        The same key again is answered as before. Each mention that collapses renews the window.

        Cost: O(characters) and a bounded number of comparisons; about 50 us for a tweet.

        Raises:
            UsageError: If its instant is no finite number.
        """
        if not math.isfinite(mention.at):
            raise UsageError(f"at must be a finite number of seconds, not {mention.at!r}")
        self._now = max(self._now, mention.at)
        self._expire()
        name = (group, mention.key)
        known = self._by_name(name)
        if known is not None:
            return None if known.name == name else known.name[1]
        told = None if mention.repost_of is None else (group, _in(mention.network, mention.repost_of))
        first = None if told is None else self._by_name(told)
        if first is None:
            new = self._new(mention, name)
            first = self._like(new) or self._remember(new)
        self._renew(first)
        if told is not None and told != first.name:
            self._join(told, first)
        if first.name == name:
            return None
        self._join(name, first)
        return first.name[1]

    def forget(self, key: str, group: str = "") -> bool:
        """Forget the mention that was remembered as *key*; return whether it was.

        What says the same afterwards is new: its interaction is closed, say.
        """
        first = self._first.pop((group, key), None)
        if first is None:
            return False
        self._take_out(first)
        return True

    def _by_name(self, name: tuple[str, str]) -> _First | None:
        """Return what *name* is, or has collapsed into."""
        return self._first.get(name) or self._first.get(self._collapsed.get(name, name))

    def _join(self, name: tuple[str, str], first: _First) -> None:
        self._collapsed[name] = first.name
        self._collapsed.move_to_end(name)
        if len(self._collapsed) > self._most:
            self._collapsed.popitem(last=False)

    def _renew(self, first: _First) -> None:
        first.last = self._now
        self._first.move_to_end(first.name)

    def _expire(self) -> None:
        oldest = self._now - self._within
        while self._first:
            first = next(iter(self._first.values()))
            if first.last >= oldest:
                return
            self._first.popitem(last=False)
            self._take_out(first)

    def _new(self, mention: Mention, name: tuple[str, str]) -> _First:
        """Return *mention* as it would be remembered."""
        form = read(mention.text, self._characters)
        author = None if mention.author is None else _in(mention.network, mention.author)
        self._sequence += 1
        return _First(name, form, author, self._sequence, self._words.keys(form))

    def _like(self, new: _First) -> _First | None:
        """Return the first mention that says what the *new* one says."""
        known = self._groups.get(new.name[0])
        if known is None:
            return None
        for first in known.candidates(new):
            own = new.author is not None and new.author == first.author
            vouched = own or new.form.marked or first.form.marked
            if alike(first.form, new.form, vouched, self._rules, self._tells):
                return first
        return None

    def _tells(self, word: str, form: Form, doubt: bool) -> bool:
        if telling_by_itself(word) or word in self._telling:
            return True
        usual = self._words.is_name(word)
        if usual is None:
            return written_as_name(word, form) or (doubt and self._words.is_unknown(word))
        return usual

    def _remember(self, new: _First) -> _First:
        self._words.count(new.form)
        self._first[new.name] = new
        self._groups.setdefault(new.name[0], _Group()).put_in(new)
        if len(self._first) > self._most:
            _, oldest = self._first.popitem(last=False)
            self._take_out(oldest)
        return new

    def _take_out(self, first: _First) -> None:
        group = first.name[0]
        self._groups[group].take_out(first)
        if not self._groups[group].by_words:
            del self._groups[group]


def _check(name: str, value: float, least: float, most: float, *, whole: bool = True) -> None:
    fits = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if not fits or not least <= value <= most or value == 0:
        kind = "a whole number from" if whole else "a number above"
        raise UsageError(f"{name} must be {kind} {least:,g}, at most {most:,g}, not {value!r}")


def _in(network: str, name: str) -> str:
    return f"{network}/{name}" if network else name


class _First:
    """A mention that is remembered, or could be."""

    __slots__ = ("author", "form", "keys", "last", "name", "sequence")

    def __init__(
        self, name: tuple[str, str], form: Form, author: str | None, sequence: int, keys: list[str]
    ) -> None:
        self.name, self.form, self.author = name, form, author
        self.sequence, self.keys = sequence, keys
        self.last: Instant = -math.inf


class _Group:
    """What is remembered of one brand, by its words."""

    __slots__ = ("by_key", "by_words", "own")

    def __init__(self) -> None:
        self.by_words: dict[tuple[str, ...], dict[int, _First]] = {}
        self.own: dict[tuple[str, tuple[str, ...]], _First] = {}
        self.by_key: dict[str, list[_First]] = {}

    def put_in(self, first: _First) -> None:
        words = first.form.words
        self.by_words.setdefault(words, {})[first.sequence] = first
        if first.author is not None:
            self.own[first.author, words] = first
        del first.keys[_KEYS:]
        for key in first.keys:
            listed = self.by_key.setdefault(key, [])
            listed.append(first)
            if len(listed) > _LISTED:
                del listed[0]

    def take_out(self, first: _First) -> None:
        words = first.form.words
        same = self.by_words[words]
        del same[first.sequence]
        if not same:
            del self.by_words[words]
        if first.author is not None and self.own.get((first.author, words)) is first:
            del self.own[first.author, words]
        for key in first.keys:
            listed = self.by_key.get(key, [])
            if first in listed:
                listed.remove(first)
            if not listed:
                self.by_key.pop(key, None)

    def candidates(self, new: _First) -> list[_First]:
        """Return what may be like the *new* one, the likeliest first: the equal, then what shares most."""
        form, found = new.form, []
        if new.author is not None and (own := self.own.get((new.author, form.words))) is not None:
            found.append(own)
        if same := self.by_words.get(form.words):
            found.append(same[next(reversed(same))])
        likely = [
            (-shared, -first.sequence, first)
            for first, shared in self._sharing(new.keys).items()
            if shared >= _SHARED and (form.figures == first.form.figures or form.cut or first.form.cut)
        ]
        return found + [first for _, _, first in sorted(likely)[:_COMPARED]]

    def _sharing(self, keys: Iterable[str]) -> Counter[_First]:
        """Return how many of *keys* each has, rare ones counted several times."""
        lists: list[list[_First]] = []
        for key in keys:
            listed = self.by_key.get(key)
            if listed is not None:
                rare = 1 if len(listed) > _RARE else 2 if key.isalpha() else _SHARED
                lists += [listed] * rare
        return Counter(chain.from_iterable(lists)) if len(lists) >= _SHARED else Counter()


class _Vocabulary:
    """How often words were seen, and how often with a capital."""

    __slots__ = ("_capital", "_seen")

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()
        self._capital: Counter[str] = Counter()

    def keys(self, form: Form) -> list[str]:
        """Return by what *form* is looked up: its ends, then its rarest words; nothing if it is too short.

        Where one word changed, at least one end is whole.
        """
        words = form.words
        if len(words) < _SHORTEST:
            return []
        seen = self._seen
        rarest = sorted([(seen.get(word, 0), word) for word in {*words[:_READ]}])[:_ASKED]
        return ["<" + " ".join(words[:4]), ">" + " ".join(words[-4:]), *[word for _, word in rarest]]

    def count(self, form: Form) -> None:
        """Count the words of *form*, from the beginning."""
        words = dict.fromkeys(form.words[:_READ])
        self._seen.update(list(words))
        if form.capitals:
            self._capital.update([word for word in words if word in form.capitals])
        if len(self._seen) > _VOCABULARY:
            self._seen = _halved(self._seen)
            self._capital = _halved(self._capital)

    def is_name(self, word: str) -> bool | None:
        """Return whether *word* is written with a capital nearly always; None: it is hardly known."""
        seen = self._seen.get(word, 0)
        return None if seen < _KNOWN else self._capital.get(word, 0) * 5 > seen * 4

    def is_unknown(self, word: str) -> bool:
        """Return whether *word* was never written in small letters, and is none that everybody uses."""
        small = self._seen.get(word, 0) > self._capital.get(word, 0)
        return not (small or len(word) < 4 or word in EVERYDAY or meaning(word) is not None)


def _halved(counts: Counter[str]) -> Counter[str]:
    return Counter({word: number // 2 for word, number in counts.items() if number > 1})
