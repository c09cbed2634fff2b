"""Many words are found as fast as few, and just as a regular expression finds them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workassign.social.texts.keywords import Groups, Keywords, Tokens
from workassign.social.texts.topics import plain


def as_expression(words: list[str]) -> re.Pattern[str]:
    """What words and phrases mean, in full and slow."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(alternative, words))})(?!\w)" if words else r"(?!)")


def alternative(word: str) -> str:
    stem = word.casefold().replace("’", "'").strip()
    stem, any_ending = (stem[:-1], r"\w*") if stem.endswith("*") else (stem, "")
    return r"\s+".join(map(re.escape, stem.split())) + any_ending


def is_word(word: str) -> bool:
    stem = word.strip().removesuffix("*")
    return "*" not in stem and any(char.isalnum() for char in stem)


pieces = st.text(alphabet="ab_'+#-é\u200d \n", min_size=1, max_size=6)
asked = st.tuples(pieces, st.sampled_from(["", "*"])).map("".join).filter(is_word)
texts = st.text(alphabet="aabb_'+#-é\u200d \n", max_size=30)


@given(st.lists(asked, max_size=5), texts)
def test_the_same_is_found_as_by_a_regular_expression(words: list[str], text: str) -> None:
    pattern, keywords, tokens = as_expression(words), Keywords(words), Tokens(text)

    assert keywords.found(tokens) == pattern.findall(text)
    assert keywords.any(tokens) is (pattern.search(text) is not None)


@given(st.lists(asked, min_size=1, max_size=5), texts)
def test_the_first_word_is_the_one_whose_own_expression_matches_there(words: list[str], text: str) -> None:
    match = as_expression(words).search(text)
    first = Keywords(words).first(Tokens(text))

    if match is None:
        assert first is None
    else:
        fits = [word for word in words if as_expression([word]).match(text, match.start())]
        assert first == fits[0]


@pytest.mark.parametrize(
    ("words", "text", "found"),
    [
        (["bag"], "My BAG!", ["bag"]),
        (["bag"], "bags bagel @bag http://x.y/bag", []),
        (["delay*"], "Delayed, undelayed, DELAYS", ["delayed", "delays"]),
        (["money back"], "money \n back", ["money \n back"]),
        (["new york", "york"], "New York or York", ["new york", "york"]),
        (["don't", "c++", "carry-on"], "I DON’T c++ my carry-on", ["don't", "c++", "carry-on"]),
        (["#fail"], "#fail a#fail #failed", ["#fail"]),
        (["late*"], "late\u200bly", ["late"]),
        (["bag"], "\u202ebag\u202c", ["bag"]),
    ],
)
def test_words_are_whole_phrases_any_white_space_stars_any_ending(
    words: list[str], text: str, found: list[str]
) -> None:
    assert Keywords(words).found(Tokens(plain(text))) == found


WORDS = st.lists(
    st.sampled_from(["a", "ab", "a*", "ab*", "b", "a b", "c++", "-b", "b*"]), min_size=1, max_size=4
)
SAID = st.text(alphabet="ab c+-", max_size=20)


@given(WORDS, SAID)
def test_different_ones_are_counted_as_if_they_were_listed(words: list[str], text: str) -> None:
    tokens = Tokens(plain(text))
    assert Keywords(words).different(tokens) == len(set(Keywords(words).found(tokens)))


@given(st.lists(WORDS, min_size=1, max_size=4), SAID)
def test_groups_are_those_of_which_a_word_is_there(lists: list[list[str]], text: str) -> None:
    tokens = Tokens(plain(text))
    keywords = {number: Keywords(words) for number, words in enumerate(lists)}
    assert Groups(keywords).of(tokens) == {name for name, each in keywords.items() if each.any(tokens)}


@pytest.mark.parametrize("word", ["", "?!", "a*b", "*", " * "])
def test_a_word_that_could_never_be_found_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="is no word to look for"):
        Keywords([word])


@pytest.mark.parametrize(
    "text",
    [
        "bag " * 1_250_000,
        "a" * 5_000_000,
        "😡" * 1_250_000,
        "\u200b" * 1_500_000,
        "\u202e\u2066" * 800_000,
        "\x00" * 5_000_000,
        "lost " * 250_000,
        "-" * 5_000_000 + "bag",
    ],
    ids=["words", "one word", "emoji", "zero width", "bidi", "NUL", "phrases begun", "dashes"],
)
def test_a_text_of_five_megabytes_is_looked_through(text: str) -> None:
    keywords = Keywords(["lost my bag", "lost lost lost damn", "refund*", "c++", "- - bags"])

    assert not keywords.any(Tokens(plain(text)))
    assert keywords.found(Tokens(plain(text))) == []
