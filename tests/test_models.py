"""Do models of texts give scikit-learn's own numbers, survive their file, and refuse a bad one?"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workassign.errors import PlanError, UsageError
from workassign.social.learning.agreement import area, found, same
from workassign.social.learning.models import Model, before
from workassign.social.learning.text_tables import LISTS, TextTable, fitted, task_of
from workassign.social.learning.training import Labelled, threshold_for, train
from workassign.social.learning.written_models import SENTIMENT, TOPIC, Written, written_from
from workassign.social.texts.features import READ, features, letters, mended

pytest.importorskip("sklearn", reason="scikit-learn is not installed")

GOOD = ["thanks so much", "great crew", "love the new seats", "you guys rock :)", "awesome flight"]
BAD = ["my bag is lost", "on hold for 2 hours!!", "worst service ever", "flight delayed AGAIN", "so rude"]
NEUTRAL = [
    "what time is the flight?",
    "do you fly to Rome",
    "which gate",
    "see http://t.co/x",
    "is wifi free?",
]
TOPICS = {0: "luggage", 1: "waiting"}


def texts_of(seed: int, count: int = 240) -> list[Labelled]:
    dice = random.Random(seed)
    texts = []
    for number in range(count):
        label, pool = dice.choice([("negative", BAD), ("positive", GOOD), ("neutral", NEUTRAL)])
        parts = [
            dice.choice(pool),
            dice.choice(GOOD + BAD + NEUTRAL),
            dice.choice(["", "not", "#fail", "😡", "&amp;"]),
        ]
        texts.append(
            Labelled(
                text=f"@united {' '.join(parts)}",
                sentiment=label,
                topic=TOPICS[number % 2] if label == "negative" else None,
                day=f"2015-02-{17 + number % 3}",
                author=f"author {number % 30}",
            )
        )
    return texts


@pytest.fixture(scope="module")
def model() -> Model:
    return train(texts_of(1))


@pytest.fixture(scope="module")
def data(model: Model) -> dict[str, Any]:
    return json.loads(json.dumps(model.written.as_data()))  # type: ignore[no-any-return]


@pytest.mark.parametrize("labels", [("negative", "positive"), ("negative", "neutral", "positive")])
def test_the_probabilities_are_those_of_scikit_learn(labels: tuple[str, ...]) -> None:
    from scipy.special import expit, softmax  # type: ignore[import-untyped]
    from sklearn.linear_model import LogisticRegression

    labelled = [each for each in texts_of(2) if each.sentiment in labels]
    texts = [each.text for each in labelled]
    table = TextTable(texts, {"lost": -1.3, "great": 3.1})
    blocks, matrix = table.matrix(range(len(texts)))
    task = task_of(fitted(matrix, np.array([each.sentiment for each in labelled]), None, 1.0), blocks)
    found = Model(
        written_from(
            {
                "format": "workassign model 1",
                "lexicon": {"lost": -1.3, "great": 3.1},
                "lists": LISTS,
                "words": {"names": blocks.words.names, "idf": blocks.words.idf},
                "letters": {"names": blocks.letters.names, "idf": blocks.letters.idf},
                "numbers": {"names": blocks.numbers.names, "scales": blocks.numbers.scales},
                "tasks": {SENTIMENT: Written.as_data(model_of(task, blocks))["tasks"][SENTIMENT]},
                "roles": {"negative": "negative", "positive": "positive"},
                "thresholds": {},
                "history": 0.0,
                "trained": {},
            }
        )
    )
    # The rounded weights, put into a LogisticRegression of scikit-learn.
    theirs = LogisticRegression()
    theirs.classes_ = np.array(task.labels)
    rows = np.hstack([np.array(each) for each in (task.words, task.letters, task.numbers)])
    two = len(labels) == 2
    theirs.coef_ = rows[1:] if two else rows
    theirs.intercept_ = np.array(task.intercepts)[1:] if two else np.array(task.intercepts)
    expected = theirs.predict_proba(matrix)
    if not two:
        assert np.allclose(expected, softmax(theirs.decision_function(matrix), axis=1), atol=1e-15)
    else:
        assert np.allclose(expected[:, 1], expit(theirs.decision_function(matrix)), atol=1e-15)

    ours = [list(found.probabilities(text)[SENTIMENT].values()) for text in texts]

    assert np.abs(np.array(ours) - expected).max() < 1e-12


def model_of(task: Any, blocks: Any) -> Written:
    return Written(
        lexicon={},
        lists=LISTS,
        words=blocks.words,
        letters=blocks.letters,
        numbers=blocks.numbers,
        tasks={SENTIMENT: task},
        roles={"negative": "negative"},
        thresholds={},
        history=0.0,
        trained={},
    )


def test_the_same_labels_give_the_same_bytes(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path / "one.json")
    train(texts_of(1)).save(tmp_path / "two.json")

    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_a_model_says_the_same_after_it_was_written_and_read(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path / "model.json")
    again = Model.load(tmp_path / "model.json")

    for text in [*GOOD, *BAD, *NEUTRAL, "", "???", "日本語 😡", "a" * 10_000]:
        assert again.read(text, 0.7) == model.read(text, 0.7)


def test_what_is_remembered_of_words_changes_no_answer(model: Model) -> None:
    first = Model(model.written).read(BAD[0])

    assert model.read(BAD[0]) == model.read(BAD[0]) == first


@given(st.text(max_size=300), st.floats(-50, 50))
@settings(max_examples=60, deadline=None)
def test_whatever_is_read_gets_probabilities(model: Model, text: str, earlier: float) -> None:
    found = model.read(text, earlier)

    assert sum(found.sentiment.values()) == pytest.approx(1)
    assert sum(found.topic.values()) == pytest.approx(1)
    assert found.negative is not None
    assert found.actionable is not None
    assert 0 <= found.negative <= found.actionable + 1e-12 <= 1 + 2e-12


def test_a_question_that_does_not_praise_is_actionable(model: Model) -> None:
    asked, told = model.read("which gate?"), model.read("which gate")

    assert asked.actionable == pytest.approx(1 - asked.sentiment["positive"])
    assert told.actionable == told.negative


def test_who_was_angry_before_is_more_likely_to_be_so_again(model: Model) -> None:
    written = json.loads(json.dumps(model.written.as_data()))
    written["history"] = 0.4
    moved = Model(written_from(written))
    calm, angry = moved.read("which gate", 0.0), moved.read("which gate", before([3.0, 3.0]))

    assert calm.negative is not None
    assert angry.negative is not None
    assert angry.negative > calm.negative
    assert angry.lean == calm.lean


@pytest.mark.parametrize(
    "text",
    ["a" * 5_000_000, "😡" * 1_000_000, "but " * 1_000_000, "&amp;" * 1_000_000, "@" * 10**6, "\0" * 10**6],
)
def test_of_a_huge_text_the_beginning_is_read_and_nothing_else(model: Model, text: str) -> None:
    found = features(text, {}, {name: frozenset(words) for name, words in LISTS.items()})

    assert len(mended(text)) <= READ
    assert len(found.tokens) <= READ + 2
    assert sum(len(letters(token)) for token in found.tokens) <= 10 * READ
    if "?" not in text:
        assert model.read(text) == model.read(text[:READ])


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        (("format",), "workassign model 2", "format"),
        (("tasks", "sentiment", "intercepts"), ["x", 0, 0], "tasks.sentiment.intercepts[0]"),
        (("tasks", "sentiment", "intercepts"), [True, 0, 0], "tasks.sentiment.intercepts[0]"),
        (("tasks", "sentiment", "intercepts"), [1e300, 0, 0], "tasks.sentiment.intercepts[0]"),
        (("tasks", "sentiment", "intercepts"), [10**400, 0, 0], "tasks.sentiment.intercepts[0]"),
        (("tasks", "sentiment", "words"), [], "tasks.sentiment.words"),
        (("tasks", "sentiment", "words"), [[1], [1], [1]], "tasks.sentiment.words[0]"),
        (("tasks", "sentiment", "labels"), ["one", "one", "two"], "tasks.sentiment.labels"),
        (("tasks", "sentiment", "labels"), ["one"], "tasks.sentiment.labels"),
        (("tasks", "other"), {}, "tasks.other"),
        (("tasks",), {}, "tasks"),
        (("words", "names"), {"a": 1}, "words.names"),
        (("words", "idf"), [0], "words.idf"),
        (("numbers", "names"), ["shoe size"], "numbers.names[0]"),
        (("lexicon",), {"bad": float("inf")}, "lexicon.bad"),
        (("lists",), {}, "lists.complaining"),
        (("roles",), {"negative": "nobody"}, "roles.negative"),
        (("roles",), {}, "roles.negative"),
        (("history",), None, "history"),
        (("trained",), [], "trained"),
        (("more",), 1, "more"),
    ],
)
def test_a_wrong_model_is_refused_with_the_place(
    data: dict[str, Any], path: tuple[str, ...], value: object, place: str
) -> None:
    wrong = json.loads(json.dumps(data))
    target = wrong
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value

    with pytest.raises(PlanError) as refused:
        written_from(wrong)

    assert refused.value.problems[0].startswith(f"{place}:")


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "{", '{"format": NaN}', "[" * 100_000, '{"format": "workassign model 1"}', "\x80"],
)
def test_what_is_no_model_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "model.json").write_bytes(text.encode("latin-1"))

    with pytest.raises(PlanError, match=r"model\.json: "):
        Model.load(tmp_path / "model.json")


def test_a_missing_model_is_an_error_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        Model.load(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ([], "no labelled texts"),
        (["negative"] * 9, "nothing to tell apart"),
        (["neutral"] * 9, "nothing to find"),
        (["negative"] * 9 + ["neutral"], "only 1 texts"),
    ],
)
def test_labels_that_teach_nothing_are_refused(labels: list[str], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        train([Labelled(text="x", sentiment=label) for label in labels])


def test_one_day_without_authors_and_two_labels_is_enough() -> None:
    labelled = [
        Labelled(text=each.text, sentiment=each.sentiment)
        for each in texts_of(3)
        if each.sentiment != "neutral"
    ]

    found = train(labelled)

    assert TOPIC not in found.written.tasks
    assert (found.read(BAD[0]).negative or 0) > 0.5 > (found.read(GOOD[0]).negative or 1)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=60))
def test_the_area_is_that_of_scikit_learn(pairs: list[tuple[float, bool]]) -> None:
    from sklearn.metrics import roc_auc_score

    scores, wanted = [score for score, _ in pairs], [kind for _, kind in pairs]
    ours = area(scores, wanted)

    if len(set(wanted)) < 2:
        assert ours is None
    else:
        assert ours == pytest.approx(roc_auc_score(wanted, scores))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=200))
def test_the_threshold_finds_what_it_promises(shares: list[float]) -> None:
    limit = threshold_for(shares, [True] * len(shares), 0.95)

    assert found([share >= limit for share in shares], [True] * len(shares))["recall"] >= 0.95  # type: ignore[operator]


def test_agreement_beyond_chance_is_none_where_chance_always_agrees() -> None:
    assert same(["a", "a"], ["a", "a"])["kappa"] is None
    assert same(["a", "b"], ["a", "b"])["kappa"] == 1.0
