"""Are language, sentiment, intent and urgency what people would say, and None where nobody can tell?"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workassign.errors import PlanError, UsageError
from workassign.social.texts.features import READ, mended
from workassign.social.texts.intents import INTENTS, URGENT, intent_of, intents, urgency, urgency_of
from workassign.social.texts.language import guesser
from workassign.social.texts.sentiment import Sentiment, named, vader

HOSTILE = [
    "a" * 1_000_000,
    "😡" * 1_000_000,
    "good but bad " * 100_000,
    "((((a+)+)+)+)$" * 10_000,
    "@" * 1_000_000,
    "&amp;" * 1_000_000,
    "\u202e\0<script>alert(1)</script>" * 10_000,
    "\ud800" * 10_000,
    "!?" * 500_000,
]


@pytest.fixture(scope="module")
def sentiment() -> Sentiment:
    pytest.importorskip("vaderSentiment", reason="vaderSentiment is not installed")
    return vader()


def test_mangled_emoji_and_entities_are_mended() -> None:
    assert mended("rude \u00f0\u009f\u0098\u00a1 &amp; &lt;late&gt;") == "rude 😡 & <late>"


def test_letters_with_accents_stay() -> None:
    assert mended("café à la carte") == "café à la carte"


def test_who_is_furious_is_below_nought_and_who_is_delighted_above(sentiment: Sentiment) -> None:
    assert (sentiment("this is terrible, I hate it", "en") or 0) < -0.5
    assert (sentiment("thank you, this is great!", "en-US") or 0) > 0.5


def test_what_it_cannot_read_is_unknown_and_not_neutral(sentiment: Sentiment) -> None:
    assert sentiment("das ist furchtbar", "de") is None
    assert sentiment("flight 123 to Boston", "en") is None
    assert sentiment("", None) is None


def test_a_handle_is_no_praise(sentiment: Sentiment) -> None:
    assert sentiment("@united flight 12", "en") is None


def test_mangled_emoji_count_as_what_they_were(sentiment: Sentiment) -> None:
    mangled = sentiment("flight 12 \u00f0\u009f\u0098\u008a", "en")

    assert mangled == sentiment("flight 12 😊", "en")
    assert (mangled or 0) > 0.5


@pytest.mark.parametrize("text", HOSTILE)
def test_of_a_huge_text_the_beginning_decides(sentiment: Sentiment, text: str) -> None:
    begin = text[:READ]

    assert sentiment(text, None) == sentiment(begin, None)
    assert intent_of(text) == intent_of(begin)
    assert urgency_of(text) == urgency_of(begin)


@given(st.text(max_size=400))
@settings(max_examples=60, deadline=None)
def test_a_sentiment_is_from_minus_one_to_one(sentiment: Sentiment, text: str) -> None:
    found = sentiment(text, "en")

    assert found is None or -1 <= found <= 1


def test_a_sentiment_of_ones_own_is_named_by_module_and_function() -> None:
    assert named("tests.test_understand:gloomy")("whatever", None) == -1.0


def gloomy(text: str, language: str | None) -> float | None:
    return -1.0


@pytest.mark.parametrize(
    "use", ["vadr", "nowhere_at_all:score", "tests.test_understand:none", ":", "math:pi"]
)
def test_a_sentiment_that_is_not_there_is_refused(use: str) -> None:
    with pytest.raises(PlanError, match="sentiment: "):
        named(use)


def test_a_language_is_guessed_among_those_of_the_desk() -> None:
    pytest.importorskip("py3langid", reason="py3langid is not installed")
    guess = guesser(["en", "es"], rivals=["de"])

    assert guess("@united where is my bag? I have been waiting for hours") == "en"
    assert guess("hola, ¿dónde está mi maleta? llevo horas esperando") == "es"
    assert guess("wo ist mein Koffer? ich warte seit Stunden") == "de"


def test_two_guessers_do_not_disturb_each_other() -> None:
    pytest.importorskip("py3langid", reason="py3langid is not installed")
    german, spanish = guesser(["de"]), guesser(["es"])
    text = "where is my bag? I have been waiting for hours"

    assert (german(text), spanish(text)) == ("de", "es")


@pytest.mark.parametrize(
    "text", ["", "ok", "@united #fail http://t.co/abcdefghijkl", "12345 67890 !!!", "😡" * 50]
)
def test_a_text_without_words_has_no_language(text: str) -> None:
    pytest.importorskip("py3langid", reason="py3langid is not installed")

    assert guesser(["en", "es"])(text) is None


def test_the_language_of_a_huge_text_is_that_of_its_beginning() -> None:
    pytest.importorskip("py3langid", reason="py3langid is not installed")
    guess = guesser(["en", "es"])

    for text in HOSTILE:
        assert guess(text) == guess(text[:READ])


@pytest.mark.parametrize("languages", [[], ["xx"]])
def test_languages_that_nobody_knows_are_refused(languages: list[str]) -> None:
    pytest.importorskip("py3langid", reason="py3langid is not installed")
    with pytest.raises(UsageError, match="language"):
        guesser(languages)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("@united which gate is it?", "question"),
        ("could you send me the receipt", "request"),
        ("worst service ever", "complaint"),
        ("thanks, great crew!", "praise"),
        ("the app crashed when I paid", "bug report"),
        ("never again. I am switching to someone else", "churn threat"),
        ("thanks, but why is it so rude?", "complaint"),
        ("flight 12 to Boston", None),
        ("@united http://t.co/why", None),
    ],
)
def test_what_somebody_wants(text: str, intent: str | None) -> None:
    assert intent_of(text) == intent


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ("nice seats", "my flight is delayed"),
        ("my flight is delayed", "I fly tonight"),
        ("I fly tonight", "we are stranded in Boston"),
        ("we are stranded in Boston", "there is smoke in the cabin"),
    ],
)
def test_what_is_more_urgent(less: str, more: str) -> None:
    assert 0 <= urgency_of(less) < urgency_of(more) <= 1


def test_words_can_be_replaced() -> None:
    assert intents({"hunger": ("pizza",)})("PIZZA now") == "hunger"
    assert urgency({0.5: ("pizza",)})("pizza now") == 0.5


def test_words_that_could_never_be_found_are_refused() -> None:
    with pytest.raises(PlanError, match=r"intents\.hunger"):
        intents({"hunger": ("...",)})
    with pytest.raises(PlanError, match=r"urgency\.2"):
        urgency({2: ("pizza",)})


def test_every_word_of_the_lists_is_found_in_itself() -> None:
    for words in [*INTENTS.values(), *URGENT.values()]:
        assert all(word.strip() == word == word.lower() for word in words)
