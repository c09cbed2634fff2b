"""Texts from outside: what is done to them, what is left alone, and how long it takes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workassign.social.texts.cleaning import TEXT_LIMIT, cleaned, cleaned_line
from workassign.social.texts.markup import text_of

HUGE = 5_000_000
SECONDS = 30
"""Far more than it takes (at most 4 s), far less than anything quadratic would."""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@air my bag is lost!",
        "two\nlines\tand a tab",
        "más de 3 €",
        "\U0001f469\u200d\U0001f467 \U0001f1ea\U0001f1f8 \u2764\ufe0f",
        "\u200f\u05e9\u05dc\u05d5\u05dd\u200e AB-12",
        "a\u2028b",
    ],
)
def test_what_people_write_is_left_alone(text: str) -> None:
    """Also joined emoji, and the marks that Hebrew and Arabic need."""
    assert cleaned(text) == (text, ())


@pytest.mark.parametrize(
    ("text", "kept", "notes"),
    [
        ("a\0\0b", "a\ufffdb", ("holds a NUL or a lone surrogate: replaced",)),
        ("a\ud83db", "a\ufffdb", ("holds a NUL or a lone surrogate: replaced",)),
        ("a\x07\x1bb\x7f", "a b ", ("holds control characters: replaced",)),
        ("pay \u202e001\u202c \u2066x\u2069", "pay 001 x", ("turns the direction of reading: removed",)),
        ("a\r\nb\rc", "a\nb\nc", ()),
        ("x" * (TEXT_LIMIT + 1), "x" * TEXT_LIMIT, ("has more than 100,000 characters: cut",)),
    ],
)
def test_what_does_harm_is_replaced_and_told(text: str, kept: str, notes: tuple[str, ...]) -> None:
    assert cleaned(text) == (kept, notes)


def test_a_message_behind_millions_of_signs_that_say_nothing_is_not_cut_off() -> None:
    text, notes = cleaned("\0" * HUGE + "my bag is lost")

    assert text == "\ufffdmy bag is lost"
    assert len(notes) == 1


@given(st.text(st.characters(codec=None) | st.sampled_from("\0\ud800\r\n\t\u202e\u2066\x85")))
def test_a_clean_text_is_short_and_writable_and_stays_as_it_is(text: str) -> None:
    clean, notes = cleaned(text)

    clean.encode()
    assert len(clean) <= min(len(text), TEXT_LIMIT)
    assert cleaned(clean) == (clean, ())
    assert notes or clean == text.replace("\r\n", "\n").replace("\r", "\n")


def test_a_name_is_one_short_line() -> None:
    assert cleaned_line(" Ann\n\u202e<script> " + "B" * HUGE, 20) == "Ann <script> BBBBBBB"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            '<p><span class="h-card"><a href="https://m.example">@<span>air</span></a></span> my bag</p>',
            "@air my bag",
        ),
        ("<p>one</p><p>two<br />three</p>", "one\n\ntwo\nthree"),
        ("3 &lt; 4 &amp;&amp; &#8364;5 &eacute;&nbsp;&unknown;", "3 < 4 && €5 é &unknown;"),
        ("I <3 you, and 5 > 4", "I <3 you, and 5 > 4"),
        ("<style>p{}</style><SCRIPT>if (a<b) '</p>'</SCRIPT ><!-- no -->yes<!doctype html>", "yes"),
        ("<a title=\"1 > 0\" href='x>y'>link</a>", "link"),
        ("<blockquote>said<br>before</blockquote>no", "> said\n> before\n\nno"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<script>never closed, nothing lost", "never closed, nothing lost"),
        ("<!-- never closed", "<!-- never closed"),
        ("<", "<"),
        ("</>", "</>"),
        ("&#" + "9" * 10_000 + ";", "&#" + "9" * 10_000 + ";"),
    ],
)
def test_html_becomes_what_it_says(source: str, said: str) -> None:
    assert text_of(source) == said


@pytest.mark.slow
@pytest.mark.parametrize(
    "bit",
    [
        "<!--",
        "<a ",
        '<a b="',
        "</",
        "&a",
        "<div>",
        "<script>",
        "<p>x",
    ],
)
def test_five_megabytes_of_markup_take_bounded_time(bit: str) -> None:
    began = time.perf_counter()

    cleaned(text_of(bit * (HUGE // len(bit))))

    assert time.perf_counter() - began < SECONDS
