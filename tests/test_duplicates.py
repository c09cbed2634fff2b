"""What only says again what somebody said is told to be the same; what only looks like it is not."""

from __future__ import annotations

import csv
import gzip
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.planted import Found, measure, mentions_in, plant
from workassign.errors import UsageError
from workassign.social.mentions import Mention
from workassign.social.texts.duplicates import Nearby

REAL = Path(__file__).parents[2] / "shared/data/airline/airline_tweets_2015-02-16_21.csv.gz"

BAG = "@air you lost my suitcase on flight 1234 from Boston, still no word from your desk http://t.co/abc"
LONG = (
    "@air my third call today and your people hang up again, "
    "who can tell me where the refund for booking X7Y9 is?"
)
PLAIN = "@air the crew was rude, the food was cold and everybody around us had to wait for blankets"
NUMBERS = count()


def said(text: str, **other: Any) -> Mention:
    number = next(NUMBERS)
    given = {"id": f"m{number}", "at": 0.0, "author": f"a{number}", **other}
    return Mention(text=text, **given)


def same(first: str, second: str, **other: Any) -> bool:
    """Whether the second, by another author, collapses into the first."""
    nearby, one, two = Nearby(), said(first), said(second, **other)
    assert nearby.seen(one) is None
    return nearby.seen(two) == one.key


@pytest.mark.parametrize(
    "changed",
    [
        BAG,
        f"RT @jane: {BAG}",
        f"RT @jane: RT @mark: {BAG}",
        f"{BAG} via @jane",
        f"“@jane: {BAG}”",
        BAG.replace("abc", "xyz9"),
        BAG.replace("http://t.co/abc", ""),
        BAG.replace("http://t.co/abc", "bit.ly/2xYz"),
        BAG + " 😡😡",
        BAG.replace(",", " ...").replace("word", "word!"),
        BAG + " #fail #travel",
        "#fail " + BAG + " @mayor @news",
        BAG.upper(),
        BAG.replace(" ", " \n "),
        BAG.replace("you lost", "you&#32;lost"),
        BAG.replace("suitcase", "suit\u200bcase"),
        "\u202e" + BAG + "\u202c",
        BAG.replace("suitcase", "".join(chr(ord(char) + 0xFEE0) for char in "suitcase")),
        BAG.replace("word", "answer"),
        BAG.replace("suitcase", "siutcase"),
        BAG.replace("still ", ""),
        BAG.replace("still", "and still"),
        "@air you lost my suitcase on flight 1234 from Boston, still no wo…",
        "@air you lost my suitcase on flight 1234 from Boston, still no...",
        f"RT @jane: {BAG.replace('word', 'answer')} 🙏 http://t.co/other",
    ],
)
def test_what_was_passed_on_collapses(changed: str) -> None:
    assert same(BAG, changed)


def test_an_old_retweet_lost_what_did_not_fit_into_140_characters() -> None:
    text = LONG + " I am so tired of it, really"

    assert len(text) < 140 < len(f"RT @jane_flies: {text}")
    assert same(text, f"RT @jane_flies: {text}"[:140])


def test_the_whole_text_collapses_into_what_was_cut_off() -> None:
    """Whichever comes first."""
    assert same(LONG[:80] + "…", LONG)


def test_an_accent_is_the_same_composed_or_not() -> None:
    assert same(
        "@air café crème voucher not accepted at gate",
        "@air cafe\u0301 cre\u0300me voucher not accepted at gate",
    )


@pytest.mark.parametrize(
    "other",
    [
        BAG.replace("1234", "1235"),
        BAG.replace("Boston", "Denver"),
        BAG.replace("Boston", "Bozeman"),
        BAG.replace("lost", "never lost"),
        BAG.replace("lost", "damaged"),
        BAG.replace(", still no word", " and I found it myself in the hall, no thanks to"),
        f"They did the same to my parents last year, avoid them RT @jane: {BAG}",
        BAG.replace("no word", "word"),
        "@air you lost my suitcase on flight 1234 from Boston, will you pay for the shoes in it?",
    ],
)
def test_what_only_looks_alike_stays_apart(other: str) -> None:
    assert not same(BAG, other)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("third", "fourth"),
        ("today", "yesterday"),
        ("X7Y9", "X7Y8"),
        ("refund", "voucher"),
        ("can tell", "can't tell"),
        ("my", "$50 my"),
    ],
)
def test_days_numbers_codes_and_negations_tell(old: str, new: str) -> None:
    assert not same(LONG, LONG.replace(old, new, 1))


def test_a_name_is_what_mentions_write_with_a_capital() -> None:
    """Even where one author does not care for capitals."""
    nearby = Nearby()
    for place in "ABCDE":
        nearby.seen(said(f"Why is there no train from Quxville to platform {place}?"))
    small = "anybody else stuck in quxville because of the storm and the broken signal box?"
    nearby.seen(said(small))

    assert nearby.seen(said(small.replace("quxville", "zorbtown"))) is None


def test_names_of_ones_own_tell() -> None:
    text = "my new phonemax broke after a single week and nobody at the shop will repair it"
    nearby = Nearby(telling=["PhoneMax"])
    nearby.seen(said(text))

    assert same(text, text.replace("phonemax", "tablet"))
    assert nearby.seen(said(text.replace("phonemax", "tablet"))) is None


@pytest.mark.parametrize(
    "text", ["@air thank you!", "@air where is my bag?", "😡", "@air", "http://t.co/x", "done"]
)
def test_what_many_write_collapses_only_if_something_vouches_for_it(text: str) -> None:
    assert not same(text, text)
    assert same(text, f"RT @jane: {text}") or not any(char.isalpha() for char in text.partition(" ")[2])

    nearby, first = Nearby(), said(text, author="ann")
    nearby.seen(first)
    assert nearby.seen(said(text, author="ann")) == first.key
    assert nearby.seen(said(f"{text} please", author="ann")) is None


def test_the_network_knows_what_is_a_repost() -> None:
    nearby, first = Nearby(), said(PLAIN, network="x")
    nearby.seen(first)

    assert nearby.seen(said("", network="x", repost_of=first.id)) == first.key
    assert nearby.seen(said("something else", network="y", repost_of=first.id)) is None


def test_reposts_of_something_never_seen_collapse_into_the_first_of_them() -> None:
    nearby, first = Nearby(), said("ok", repost_of="elsewhere")

    assert nearby.seen(first) is None
    assert nearby.seen(said("so true", repost_of="elsewhere")) == first.key


def test_a_repost_of_what_has_collapsed_goes_where_that_went() -> None:
    nearby, first = Nearby(), said(PLAIN)
    again = said(PLAIN + " 🙏")
    nearby.seen(first)
    nearby.seen(again)

    assert nearby.seen(said("no text", repost_of=again.id)) == first.key


def test_each_brand_has_its_own() -> None:
    nearby, first = Nearby(), said(PLAIN)
    nearby.seen(first, "north")

    assert nearby.seen(said(PLAIN), "south") is None
    assert nearby.seen(said(PLAIN), "north") == first.key


def test_each_one_renews_the_window() -> None:
    nearby, first = Nearby(within=100.0), said(PLAIN)
    nearby.seen(first)

    assert nearby.seen(said(PLAIN, at=100.0)) == first.key
    assert nearby.seen(said(PLAIN, at=200.0)) == first.key
    assert nearby.seen(said(PLAIN, at=300.5)) is None
    assert len(nearby) == 1


def test_the_oldest_is_forgotten_when_there_are_too_many() -> None:
    nearby, first = Nearby(most=2), said(PLAIN)
    nearby.seen(first)
    nearby.seen(said(BAG))
    nearby.seen(said(PLAIN))
    nearby.seen(said(LONG))

    assert len(nearby) == 2
    assert nearby.seen(said(PLAIN)) == first.key
    assert nearby.seen(said(BAG)) is None


def test_what_is_forgotten_comes_as_new() -> None:
    nearby, first = Nearby(), said(PLAIN)
    nearby.seen(first)
    nearby.seen(said(PLAIN))

    assert nearby.forget(first.key)
    assert not nearby.forget(first.key)
    assert len(nearby) == 0
    assert nearby.seen(said(PLAIN)) is None


def test_the_same_key_again_is_answered_as_before() -> None:
    nearby, first, again = Nearby(), said(PLAIN), said(PLAIN)

    assert [nearby.seen(each) for each in (first, again, first, again)] == [None, first.key, None, first.key]
    assert len(nearby) == 1


def test_a_mention_that_comes_late_counts_as_new() -> None:
    nearby, first = Nearby(within=100.0), said(PLAIN, at=1_000.0)
    nearby.seen(first)

    assert nearby.seen(said(PLAIN, at=10.0)) == first.key
    assert nearby.seen(said(PLAIN, at=1_100.0)) == first.key


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"within": 0.0}, "within must be a number above 0"),
        ({"within": float("nan")}, "within must be"),
        ({"within": 1e9}, "within must be"),
        ({"most": 0}, "most must be a whole number from 1"),
        ({"most": 2.5}, "most must be a whole number"),
        ({"most": True}, "most must be a whole number"),
        ({"enough": -1.0}, "enough must be a number above 0"),
        ({"characters": 10}, "characters must be a whole number from 140"),
    ],
)
def test_settings_have_bounds(settings: dict[str, Any], rule: str) -> None:
    with pytest.raises(UsageError, match=rule):
        Nearby(**settings)


def test_an_instant_is_a_finite_number_and_nothing_is_lost_by_asking() -> None:
    nearby = Nearby()
    with pytest.raises(UsageError, match="at must be a finite number"):
        nearby.seen(said(PLAIN, at=float("nan")))

    assert len(nearby) == 0


WORDS = [
    "lost",
    "bag",
    "found",
    "crew",
    "Boston",
    "denver",
    "not",
    "12",
    "13",
    "the",
    "RT",
    "@x",
    "...",
    "#tag",
    "😡",
]
words = st.sampled_from(WORDS)
texts = st.lists(words, max_size=24).map(" ".join) | st.text(max_size=60)


@settings(max_examples=60)
@given(st.lists(texts, max_size=25))
def test_memory_is_bounded_and_answers_name_what_came_before(stream: list[str]) -> None:
    nearby, again = Nearby(most=5), Nearby(most=5)
    firsts: set[str] = set()
    for number, text in enumerate(stream):
        mention = said(text, id=str(number), at=float(number), author=str(number % 3))
        answer = nearby.seen(mention, "b")

        assert again.seen(mention, "b") == answer
        assert answer is None or answer in firsts
        assert len(nearby) <= 5
        if answer is None:
            firsts.add(mention.key)


@settings(max_examples=60)
@given(texts)
def test_a_text_is_always_like_itself_from_the_same_author(text: str) -> None:
    nearby, first = Nearby(), said(text, author="ann")
    nearby.seen(first)

    assert nearby.seen(said(text, author="ann")) == first.key


STREAMS = {
    "alike": lambda number: PLAIN,
    "alike but a number": lambda number: (
        f"My order {number} is late, please tell me where it is, nobody answers"
    ),
    "one word shared": lambda number: f"bag q{number}a q{number}b q{number}c q{number}d q{number}e",
    "one word repeated": lambda number: "spam " * 390 + str(number),
    "100,000 characters": lambda number: "bag lost " * 11_111 + str(number),
    "emoji": lambda number: "😡" * 1_900 + str(number),
    "zero width": lambda number: "\u200b" * 1_900 + str(number),
    "bidi": lambda number: "\u202e\u2066" * 900 + str(number),
    "entities": lambda number: "&amp;" * 390 + str(number),
    "hosts": lambda number: "-a" * 950 + f" a.b/{number}",
    "tags": lambda number: "#a" * 900 + str(number),
    "NUL": lambda number: "\0" * 1_900 + str(number),
}


@pytest.mark.parametrize("name", STREAMS)
def test_no_stream_of_mentions_makes_one_expensive(name: str) -> None:
    nearby = Nearby(most=500)
    mentions = [said(STREAMS[name](number), at=float(number)) for number in range(1_000)]

    start = perf_counter()
    for mention in mentions:
        nearby.seen(mention)
    assert (perf_counter() - start) / len(mentions) < 0.02
    assert len(nearby) <= 500


def test_five_megabytes_are_read_in_less_than_a_second() -> None:
    nearby, first = Nearby(), said("x" * 5_000_000)
    start = perf_counter()
    nearby.seen(first)

    assert nearby.seen(said("x" * 5_000_000)) == first.key
    assert nearby.seen(said("x" * 4_999_999)) is None
    assert perf_counter() - start < 1.0


def found(mentions: list[Mention]) -> Found:
    return measure(plant(mentions, 4, each=40, misses=220), Nearby(), lambda mention: mention.brand or "")


def test_planted_duplicates_are_found_among_made_up_tweets(tmp_path: Path) -> None:
    """Made of nothing but words that come again and again."""
    path = tmp_path / "tweets.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("tweet_id", "created_at", "airline", "user_hash", "text"))
        verbs, things = ("waited", "looked", "asked", "paid", "hoped"), ("meal", "seat", "room", "pass")
        for number in range(400):
            text = (
                f"@air order {number}: we {verbs[number % 5]} for that {things[number % 4]} since noon, "
                f"and the people at counter {number % 7} in Boston did nothing about it"
            )
            table.writerow(
                (number, f"2026-01-01 {number // 60:02}:{number % 60:02}:00+00:00", "air", number, text)
            )
    result = found(mentions_in(path))

    assert result.precision >= 0.98
    assert result.recall >= 0.9
    assert sum(result.collapsed.values()) == 0


@pytest.mark.skipif(not REAL.exists(), reason="../shared/data is not there")
def test_planted_duplicates_are_found_among_real_tweets_and_no_near_miss_is() -> None:
    result = found(mentions_in(REAL))

    assert result.precision >= 0.99
    assert result.recall >= 0.965
    assert sum(result.collapsed.values()) == 0
