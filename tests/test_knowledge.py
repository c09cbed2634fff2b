"""Which articles are suggested for a text, where they come from, and what a bad suggester can do: nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workassign.errors import UsageError
from workassign.social.happenings import Suggested
from workassign.social.replying.articles import read_articles
from workassign.social.replying.knowledge import READ, Article, Checked, Knowledge, Suggestion, suggested
from workassign.social.texts.topics import plain

BAGS = Article(
    id="bags", title="Lost luggage", text="If your bag is lost, file a report at the desk.", language="en"
)
MALETA = Article(
    id="maleta", title="Equipaje perdido", text="Si su maleta no llega, la buscamos.", language="es"
)
REFUND = Article(
    id="refund", title="Refunds", text="We refund tickets within seven days.", tags=("money back",)
)
SEATS = Article(id="seats", title="Seats", text="Choose a seat when you check in.", brand="Acme")
BASE = Knowledge([BAGS, MALETA, REFUND, SEATS])


def ids(found: Sequence[Suggestion]) -> list[str]:
    return [each.article.id for each in found]


def test_the_article_with_the_rarest_words_in_common_comes_first() -> None:
    assert ids(BASE.suggest("@acme my bag is lost!! https://x.co/bag", "en"))[0] == "bags"
    assert ids(BASE.suggest("I want my MONEY back")) == ["refund"]


def test_what_has_no_word_in_common_is_not_suggested() -> None:
    assert BASE.suggest("zzz") == BASE.suggest("") == ()
    assert Knowledge([]).suggest("my bag") == ()


def test_articles_in_another_language_or_of_another_brand_are_left_out() -> None:
    assert ids(BASE.suggest("mi maleta no llega", "en")) == []
    assert ids(BASE.suggest("mi maleta no llega", "es")) == ["maleta"]
    assert ids(BASE.suggest("mi maleta no llega")) == ["maleta"]
    assert ids(BASE.suggest("choose a seat", "en", "Other", least=0.3)) == []
    assert ids(BASE.suggest("choose a seat", "en", "Acme", least=0.3)) == ["seats"]


def test_articles_of_the_same_words_tie_and_stand_in_order_of_their_ids() -> None:
    twins = [
        Article(id=id, title="", text=text) for id, text in (("b", "one two three"), ("a", "three two one"))
    ]
    assert ids(Knowledge(twins).suggest("three one two")) == ["a", "b"]
    assert ids(Knowledge(twins[::-1]).suggest("three one two", most=1)) == ["a"]


def test_the_scores_are_those_of_scikit_learn() -> None:
    """To 1e-9, on articles and questions made of words of very different frequency."""
    text = pytest.importorskip("sklearn.feature_extraction.text")
    words = [f"w{i}" for i in range(40)]
    articles = [
        Article(id=f"a{n:02}", title=words[n], text=" ".join(words[i % 40] for i in range(n, 90, n % 7 + 1)))
        for n in range(30)
    ]
    vectors = text.TfidfVectorizer(sublinear_tf=True, smooth_idf=True, norm="l2", preprocessor=plain)
    known = vectors.fit_transform(article.words for article in articles)
    base = Knowledge(articles)
    for question in ("w1 w1 w2 w39 unknown", "w7", "W3 w3 w3 w10 w11 w12"):
        (theirs,) = (vectors.transform([question]) @ known.T).toarray()
        found = base.suggest(question, most=len(articles), least=0.0)
        ours = {each.article.id: each.score for each in found}
        for article, score in zip(articles, theirs, strict=True):
            assert ours.get(article.id, 0.0) == pytest.approx(float(score), abs=1e-9)


@given(st.text(max_size=200), st.lists(st.text(max_size=60), max_size=8))
@settings(max_examples=60, deadline=None)
def test_scores_are_from_0_to_1_and_fall_whatever_is_asked(question: str, texts: list[str]) -> None:
    base = Knowledge(Article(id=f"a{n}", title="", text=text) for n, text in enumerate(texts))
    scores = [each.score for each in base.suggest(question, least=0.0, most=100)]
    assert all(0 <= score <= 1 for score in scores)
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    "text",
    ["bag " * 1_250_000, "a" * 5_000_000, "@" * 5_000_000, "\u202e\0👩‍👩‍👧" * 500_000, "ab1 " * 1_000_000],
)
def test_five_megabytes_are_answered_as_fast_as_their_beginning(text: str) -> None:
    began = perf_counter()
    found = BASE.suggest(text)
    assert perf_counter() - began < 0.5  # it takes a millisecond
    assert found == BASE.suggest(text[:READ])


def test_two_articles_of_one_id_are_an_error() -> None:
    with pytest.raises(UsageError, match="there are two articles 'bags'"):
        Knowledge([BAGS, BAGS])


# --- suggesters of others ------------------------------------------------------------------------


def raising(text: str, language: str | None) -> Sequence[Suggestion]:
    raise RuntimeError(f"no answer to {text}")


@pytest.mark.parametrize("answer", [None, 3, "text", {"a": 1}, iter([Suggestion(BAGS, 1.0)])])
def test_a_suggester_that_returns_no_list_suggests_nothing_and_is_counted(answer: Any) -> None:
    checked = Checked(lambda text, language: answer)
    assert checked("my bag", "en") == ()
    assert (checked.asked, checked.failed + checked.rubbish > 0) == (1, True)


def test_a_suggester_that_raises_suggests_nothing_and_is_counted_without_a_word_of_the_text() -> None:
    checked = Checked(raising)
    assert checked("my secret", None) == checked("my secret") == ()
    assert (checked.asked, checked.failed, checked.error) == (2, 2, "RuntimeError")


def test_of_a_mixed_list_the_suggestions_are_passed_on() -> None:
    anything: Any = "refund"
    good, again = Suggestion(BAGS, 0.5), Suggestion(BAGS, 0.4)
    bad: list[Any] = [
        None,
        Suggestion(BAGS, float("nan")),
        Suggestion(REFUND, 2.0),
        Suggestion(anything, 0.1),
    ]
    checked = Checked(lambda text, language: [*bad, good, again, Suggestion(SEATS, 0)], most=1)
    assert checked("my bag") == (good,)
    assert (checked.failed, checked.rubbish) == (0, 5)


def test_a_knowledge_base_is_a_suggester() -> None:
    assert ids(Checked(BASE)("my bag is lost", "en"))[0] == "bags"


def test_what_was_suggested_is_an_event_with_references_alone() -> None:
    found = BASE.suggest("money back")
    assert suggested(5.0, "t1", found) == Suggested(
        at=5.0, interaction="t1", articles=(("refund", found[0].score),)
    )
    assert suggested(5.0, "t1", ()) is None


# --- where they come from ------------------------------------------------------------------------


def test_articles_are_read_from_json_lines(tmp_path: Path) -> None:
    file = tmp_path / "base.jsonl"
    lines = [
        {"id": "bags", "title": BAGS.title, "text": BAGS.text, "language": "en"},
        {"id": "refund", "title": "Refunds", "text": REFUND.text, "tags": ["money back"]},
    ]
    file.write_text("\n\n".join(map(json.dumps, lines)), encoding="utf-8")
    assert read_articles(file) == [BAGS, REFUND]


def test_articles_are_read_from_a_folder_of_markdown_in_order_of_their_paths(tmp_path: Path) -> None:
    (tmp_path / "es").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "no.md").write_text("# no", encoding="utf-8")
    (tmp_path / "refund.md").write_text("# Refunds\n\nWithin seven days.\n", encoding="utf-8")
    above = "---\nlanguage: es\nbrand: Acme\ntags: maletas, bolso\n---\nSe busca.\n"
    (tmp_path / "es" / "maleta.md").write_text(above, encoding="utf-8")
    assert read_articles(tmp_path) == [
        Article(
            id="es/maleta",
            title="es/maleta",
            text="Se busca.",
            language="es",
            brand="Acme",
            tags=("maletas", "bolso"),
        ),
        Article(id="refund", title="Refunds", text="Within seven days."),
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "line 1: is no JSON"),
        ("[" * 100_000, "line 1: is no JSON"),
        ("[]", "must be an object, not list"),
        ('{"id": "a", "title": "b"}', "text must be text"),
        ('{"id": 3, "title": "b", "text": ""}', "id must be text"),
        ('{"id": "", "title": "b", "text": ""}', "article id must have 1 to 200 characters"),
        ('{"id": "a", "title": "b", "text": "", "lang": "en"}', "'lang' is unknown; there are id, title"),
        ('{"id": "a", "title": "b", "text": "", "tags": "x"}', "tags must be a list"),
    ],
)
def test_a_bad_line_is_named_with_the_rule(tmp_path: Path, line: str, problem: str) -> None:
    file = tmp_path / "base.jsonl"
    file.write_text(line, encoding="utf-8")
    with pytest.raises(UsageError, match=r"base\.jsonl, line 1") as error:
        read_articles(file)
    assert problem in str(error.value)


def test_a_bad_page_or_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_articles(tmp_path / "none.jsonl")
    page = tmp_path / "a.md"
    page.write_text("---\nlang: en\n---\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"a\.md, line 2: must be `key: value`"):
        read_articles(tmp_path)
    page.write_text("---\nlanguage: en\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"a\.md: the line --- that ends"):
        read_articles(tmp_path)
    page.write_bytes(b"\xff")
    with pytest.raises(UsageError, match=r"a\.md: is no UTF-8"):
        read_articles(tmp_path)
