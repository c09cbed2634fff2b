r"""How many planted duplicates are found among mentions, and are near-misses kept apart?

Mentions are passed on in the ways in which people do it, and beside them come some that only look
like it; all by dice with a seed. What the finder makes of them is compared with the truth, by kind.
Mentions come from a CSV file of the airlines' shape: the real ones, or what
`examples/airline/generate.py` writes. None of the lists here are those of the finder.

    python -m benchmarks.planted ../shared/data/airline/airline_tweets_2015-02-16_21.csv.gz \
        --seeds 1,2,3 --json out/planted.json
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple, TypeAlias

import attrs

from benchmarks.command import parser, write
from benchmarks.near_misses import MISSES, Miss
from workassign.social.files.readers import Columns, read_mentions
from workassign.social.mentions import Mention
from workassign.social.texts.duplicates import Nearby

__all__ = ["DUPLICATES", "Change", "Found", "Planted", "measure", "plant"]

Change: TypeAlias = Callable[[str, Random, Sequence[str]], "str | None"]
"""How a text looks after somebody passed it on; given words to put into it. None: not that text."""

_ADDRESS = re.compile(r"https?://\S+")
_WORD = re.compile(r"\w+")
_NO_WORD = re.compile(r"https?://\S+|@\w+")
_PLAIN = re.compile(r"(?<![\w@#/.&'’])[a-z]{3,}(?![\w'’/;])")


def _words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TELLING = _words_of(
    """
    not never nothing nobody none neither unless hardly barely without cannot dont cant wont isnt
    havent didnt nor one two three four five six seven eight nine ten half third fourth second twice
    hundred hundreds today tomorrow yesterday tonight morning afternoon evening noon midnight
    """
)
"""Negations, numbers, days: who changes these says something else, though they are small words."""

_FACES = ("😡", "🙏", "😂😂", "✈️", " 👏🏽", " :)", "!!!", " ❤️ ❤️")
_TAGS = ("#fail", "#travel", "#customerservice", "#wow", "#news")


def _handle(dice: Random) -> str:
    return f"@{dice.choice(('jane', 'mark', 'flyer', 'news', 'the'))}_{dice.randrange(10_000)}"


def _address(dice: Random) -> str:
    return "http://t.co/" + "".join(dice.choices("abcdefghijkmnpqrstuvwxyzABCDEFGH0123456789", k=10))


def repost(text: str, dice: Random, _: Sequence[str]) -> str:
    return f"RT {_handle(dice)}: {text}"


def via(text: str, dice: Random, _: Sequence[str]) -> str:
    return f"{text} via {_handle(dice)}"


def quote(text: str, dice: Random, _: Sequence[str]) -> str:
    return f"“{_handle(dice)}: {text}”"


def other_address(text: str, dice: Random, _: Sequence[str]) -> str:
    if _ADDRESS.search(text):
        return _ADDRESS.sub(lambda _: _address(dice), text)
    return f"{text} {_address(dice)}"


def other_word(text: str, dice: Random, words: Sequence[str]) -> str | None:
    return _on_word(text, dice, lambda word: dice.choice([each for each in words if each != word]))


def misspelt(text: str, dice: Random, _: Sequence[str]) -> str | None:
    def swapped(word: str) -> str:
        at = dice.randrange(len(word) - 1)
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    return _on_word(text, dice, swapped)


def word_left_out(text: str, dice: Random, _: Sequence[str]) -> str | None:
    return _on_word(text, dice, lambda _: "")


def word_put_in(text: str, dice: Random, words: Sequence[str]) -> str | None:
    return _on_word(text, dice, lambda word: f"{dice.choice(words)} {word}")


def _on_word(text: str, dice: Random, change: Callable[[str], str]) -> str | None:
    """Change one plain word: small letters, no figure, negation or day, no part of a handle or address."""
    bare = _NO_WORD.sub(lambda match: " " * len(match.group()), text)
    plain = [match for match in _PLAIN.finditer(bare) if match.group() not in _TELLING]
    if not plain:
        return None
    match = dice.choice(plain)
    return text[: match.start()] + change(match.group()) + text[match.end() :]


def cut_off(text: str, dice: Random, _: Sequence[str]) -> str | None:
    """Keep from 60 to 90 % and end in dots."""
    kept = text[: int(len(text) * dice.uniform(0.6, 0.9))]
    return kept.rstrip() + dice.choice(("…", "...", " …")) if len(_words(kept)) >= 6 else None


def old_repost(text: str, dice: Random, _: Sequence[str]) -> str | None:
    """Pass it on as it was done by hand: what does not fit into 140 characters is lost."""
    whole = f"RT {_handle(dice)}: {text}"
    return whole[:140] if len(whole) > 140 else None


def face_added(text: str, dice: Random, _: Sequence[str]) -> str:
    face = dice.choice(_FACES)
    return dice.choice((f"{text}{face}", f"{face}{text}", f"{text} {face}"))


def tags_added(text: str, dice: Random, _: Sequence[str]) -> str:
    return f"{text} {' '.join(dice.sample(_TAGS, 2))} {_handle(dice)}"


def other_letters(text: str, dice: Random, _: Sequence[str]) -> str:
    """Other case, entities, wide or invisible characters, white space."""
    return dice.choice(
        (
            text.upper(),
            text.lower(),
            text.replace("&", "&amp;").replace("'", "&#39;"),
            text.replace(" ", "  "),
            text[:9] + "\u200b" + text[9:],
            "\u202a" + text + "\u202c",
            re.sub(
                r"(?<![\w@/.])[a-z]+(?![\w/])", lambda m: "".join(chr(ord(c) + 0xFEE0) for c in m[0]), text
            ),
        )
    )


def _both(*changes: Change) -> Change:
    def change(text: str, dice: Random, words: Sequence[str]) -> str | None:
        for each in changes:
            changed = each(text, dice, words)
            if changed is None:
                return None
            text = changed
        return text

    return change


DUPLICATES: dict[str, Change] = {
    "RT prefix": repost,
    "via suffix": via,
    "quoted": quote,
    "address changed or added": other_address,
    "one word changed": other_word,
    "one word misspelt": misspelt,
    "one word left out": word_left_out,
    "one word put in": word_put_in,
    "cut off": cut_off,
    "RT prefix, cut at 140": old_repost,
    "emoji or signs added": face_added,
    "hashtags and handle added": tags_added,
    "other letters": other_letters,
    "RT prefix, address, emoji": _both(other_address, face_added, repost),
    "one word changed, emoji": _both(other_word, face_added),
    "one word changed, RT prefix": _both(other_word, repost),
    "one word changed, cut off": _both(other_word, cut_off),
    "RT prefix, cut off": _both(cut_off, repost),
    "all but cut off": _both(other_word, other_address, face_added, tags_added, repost),
}


class Planted(NamedTuple):
    """A mention, and what it is."""

    mention: Mention
    kind: str = ""
    """How it was made of another; empty: it was there."""
    of: str | None = None
    """The key of the other one."""
    same: bool = False
    """It says the same as that one; else it only looks like it."""


def plant(
    mentions: Sequence[Mention], seed: int, *, each: int = 100, misses: int = 500, words: int = 10
) -> list[Planted]:
    """Return *mentions* with *each* duplicates of every kind and near-misses planted, in order of time.

    Duplicates are made of mentions with at least so many *words*, and come from other authors within
    six hours. Near-misses of every kind in turn, *misses* in all: pairs where they are made up.
    """
    dice = Random(f"planted {seed}")
    vocabulary = _plain_words(mentions)
    long = [mention for mention in mentions if len(_words(mention.text)) >= words]
    found = [Planted(mention) for mention in mentions]
    for kind, change in DUPLICATES.items():
        for mention in _drawn(change, long, each, dice, vocabulary):
            text = change(mention.text, dice, vocabulary)
            if text is not None:
                found.append(
                    Planted(_next(mention, text, dice, f"{kind} {len(found)}"), kind, mention.key, True)
                )
    kinds = list(MISSES.items())
    for number, (kind, miss) in enumerate(kinds):
        share = misses * (number + 1) // len(kinds) - misses * number // len(kinds)
        found += _missed(kind, miss, mentions, share, dice)
    return sorted(found, key=lambda planted: planted.mention.at)


def _drawn(
    change: Change, mentions: Sequence[Mention], number: int, dice: Random, words: Sequence[str]
) -> list[Mention]:
    """Return some of the *mentions* whose text can be changed so."""
    fitting = [mention for mention in mentions if change(mention.text, Random(0), words) is not None]
    return dice.choices(fitting, k=number) if fitting else []


def _missed(
    kind: str, miss: Miss, mentions: Sequence[Mention], number: int, dice: Random
) -> Iterator[Planted]:
    """Yield near-misses of what is there, or of a text that is put there for it."""
    shuffled = dice.sample(mentions, len(mentions))
    made = 0
    for mention in shuffled:
        if made == number:
            return
        texts = miss(mention.text, dice)
        if texts is None:
            continue
        name = f"{kind} {made}"
        first = mention if texts[0] == mention.text else _next(mention, texts[0], dice, f"{name} a")
        if first is not mention:
            yield Planted(first)
        yield Planted(_next(first, texts[1], dice, f"{name} b"), kind, first.key)
        made += 1


def _next(mention: Mention, text: str, dice: Random, name: str) -> Mention:
    """Return what another author writes within six hours after *mention*."""
    at = mention.at + dice.uniform(1.0, 6 * 3600.0)
    return attrs.evolve(
        mention, id=f"planted {name}", at=at, text=text, author=f"author of {name}", repost_of=None
    )


def _plain_words(mentions: Sequence[Mention]) -> list[str]:
    """Return the words that were written three times or more, and always small."""
    written = Counter(word for mention in mentions for word in re.findall(r"[A-Za-z]{3,}", mention.text))
    return sorted(
        word
        for word, times in written.items()
        if times > 2
        and word.islower()
        and word not in _TELLING
        and not written[word.capitalize()] + written[word.upper()]
    )


def _words(text: str) -> list[str]:
    return _WORD.findall(_NO_WORD.sub(" ", text))


@attrs.frozen(kw_only=True)
class Found:
    """What became of what was planted."""

    right: dict[str, int]
    """Kind of duplicate -> how many were told to be the same as what they were made of."""
    wrong: dict[str, int]
    """Kind of duplicate -> how many were told to be the same as something else."""
    planted: dict[str, int]
    collapsed: dict[str, int]
    """Kind of near-miss -> how many were told to be the same as anything."""
    missed: list[tuple[Planted, str | None]] = attrs.field(repr=False)
    """What went wrong, and what it was told to be the same as."""
    microseconds: float
    """A mention, on average."""

    @property
    def precision(self) -> float:
        """Right ones among all that were told to be the same."""
        right = sum(self.right.values())
        told = right + sum(self.wrong.values()) + sum(self.collapsed.values())
        return right / told if told else 1.0

    @property
    def recall(self) -> float:
        """Right ones among the duplicates that were planted."""
        return sum(self.right.values()) / max(1, sum(self.planted[kind] for kind in self.right))


def measure(planted: Sequence[Planted], nearby: Nearby, group: Callable[[Mention], str]) -> Found:
    """Return what *nearby* makes of *planted*.

    A duplicate is right if it is the same as what it was made of, or as what that one was the same
    as. What the mentions that were there are told to be counts for nothing here.
    """
    start = perf_counter()
    told = {each.mention.key: nearby.seen(each.mention, group(each.mention)) for each in planted}
    took = perf_counter() - start
    made = [each for each in planted if each.kind]
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    collapsed: Counter[str] = Counter()
    missed = []
    for each in made:
        answer = told[each.mention.key]
        expected = (told[each.of] or each.of) if each.same and each.of is not None else None
        if each.same and answer == expected:
            right[each.kind] += 1
            continue
        if answer is not None:
            (wrong if each.same else collapsed)[each.kind] += 1
        if each.same or answer is not None:
            missed.append((each, answer))
    same = dict.fromkeys(each.kind for each in made if each.same)
    apart = dict.fromkeys(each.kind for each in made if not each.same)
    return Found(
        right={kind: right[kind] for kind in same},
        wrong={kind: wrong[kind] for kind in same},
        planted=dict(Counter(each.kind for each in made)),
        collapsed={kind: collapsed[kind] for kind in apart},
        missed=missed,
        microseconds=took / max(1, len(planted)) * 1e6,
    )


def mentions_in(path: Path) -> list[Mention]:
    """Return the mentions in a CSV file of the airlines' shape."""
    columns = Columns(id="tweet_id", at="created_at", text="text", brand="airline", author="user_hash")
    return list(read_mentions(path, columns).mentions)


def main(argv: Sequence[str] | None = None) -> None:
    """Plant, measure, print, and write the figures."""
    command = parser(__doc__)
    command.add_argument("file", type=Path)
    command.add_argument("--seeds", default="1,2,3")
    command.add_argument("--words", type=int, default=10, help="of so many words at least are originals")
    command.add_argument("--show", type=int, default=0, help="so many of what went wrong (texts!)")
    options = command.parse_args(argv)
    mentions = mentions_in(options.file)
    runs = []
    for seed in options.seeds.split(","):
        planted = plant(mentions, int(seed), words=options.words)
        runs.append(measure(planted, Nearby(), lambda mention: mention.brand or ""))
        texts = {each.mention.key: each.mention.text for each in planted}
        for each, answer in runs[-1].missed[: options.show]:
            lines = (f"{each.kind}, {answer}", texts[each.of or ""], each.mention.text)
            sys.stdout.write("\n    ".join(map(repr, lines)) + "\n")
    figures = _figures(runs)
    for kind, row in figures["kinds"].items():
        sys.stdout.write(f"{kind:28} {row}\n")
    sys.stdout.write(f"{ {name: value for name, value in figures.items() if name != 'kinds'} }\n")
    write(figures, options.json)


def _figures(runs: Sequence[Found]) -> dict[str, Any]:
    kinds: dict[str, dict[str, int]] = {}
    for run in runs:
        for kind in run.right:
            row = kinds.setdefault(kind, {"planted": 0, "right": 0, "wrong": 0})
            row["planted"] += run.planted[kind]
            row["right"] += run.right[kind]
            row["wrong"] += run.wrong[kind]
        for kind, collapsed in run.collapsed.items():
            row = kinds.setdefault(kind, {"near_misses": 0, "collapsed": 0})
            row["near_misses"] += run.planted[kind]
            row["collapsed"] += collapsed
    return {
        "kinds": kinds,
        "precision": [round(run.precision, 4) for run in runs],
        "recall": [round(run.recall, 4) for run in runs],
        "near_misses": sum(row.get("near_misses", 0) for row in kinds.values()),
        "near_misses_collapsed": sum(row.get("collapsed", 0) for row in kinds.values()),
        "microseconds": round(median(run.microseconds for run in runs), 1),
    }


if __name__ == "__main__":
    main()
