"""How well is a file of mentions screened? Against its labels, beside simpler ways, with and without a model.

Labels measure and decide nothing here: neither a score nor a threshold looks at them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from time import perf_counter
from typing import Any

from workassign.errors import UsageError
from workassign.social.learning.agreement import area, confusion, found, same
from workassign.social.learning.labels import LabelledFile
from workassign.social.learning.leans import Leans
from workassign.social.learning.models import Model, Opinion
from workassign.social.texts.intents import intent_of, urgency_of
from workassign.social.texts.sentiment import vader
from workassign.social.texts.words import COMPLAINING, PRAISING

__all__ = ["opinions", "screened"]

NO_NEED = (None, "praise")
"""Intents that need nobody."""
CLEAR = 0.05
"""A compound score beyond that is positive or negative (Hutto and Gilbert 2014)."""


def opinions(model: Model, file: LabelledFile) -> list[Opinion]:
    """Return what *model* says of each mention, knowing what its author wrote before in this file."""
    leans, said = Leans(), []
    for mention in file.mentions:
        opinion = model.read(mention.text, leans.before(mention.author))
        leans.add(mention.author, opinion.lean)
        said.append(opinion)
    return said


def screened(
    file: LabelledFile,
    model: Model | None = None,
    *,
    labels: bool = True,
    clock: Callable[[], float] = perf_counter,
) -> dict[str, Any]:
    """Return the figures of screening *file* as data; without *labels* counts alone.

    Raises:
        UsageError: If there is nothing to screen, or the labels are all of one kind.
    """
    if not file.mentions:
        raise UsageError(f"there is nothing to screen: {file.read:,} records read, {len(file.bad):,} bad")
    told: dict[str, Any] = {
        "read": file.read,
        "bad": len(file.bad),
        "repeated": file.repeated,
        "outside": file.outside,
        "screened": len(file.mentions),
        "model": None if model is None else dict(model.written.trained),
    }
    start = clock()
    said = None if model is None else opinions(model, file)
    spent = clock() - start
    rules = _Rules([mention.text for mention in file.mentions], needed=model is None)
    spent = spent if model is not None else rules.spent
    told["mentions_per_s"] = round(len(file.mentions) / spent, 1) if spent > 0 else None
    told["counts"] = _counts(said, model, rules)
    if labels:
        told = {**_measured(file, said, model, rules), **told}
    return told


class _Rules:
    """What rules and VADER say of texts, without any training."""

    def __init__(self, texts: Sequence[str], *, needed: bool) -> None:
        """Read *texts*; *needed*: a missing vaderSentiment is an error, not a figure less."""
        start = perf_counter()
        self.has_vader = needed or find_spec("vaderSentiment") is not None
        score = vader() if self.has_vader else lambda _text, _language: None
        self.sentiments = [score(text, None) for text in texts]
        self.intents = [intent_of(text) for text in texts]
        self.urgencies = [urgency_of(text) for text in texts]
        self.spent = perf_counter() - start
        self.keywords = [_keywords(text) for text in texts]
        self.asked = ["?" in text for text in texts]
        self.bad = [-(each or 0.0) for each in self.sentiments]
        self.negative = [bad >= CLEAR for bad in self.bad]
        self.actionable = [
            bad or intent not in NO_NEED for bad, intent in zip(self.negative, self.intents, strict=True)
        ]

    @property
    def classes(self) -> list[str]:
        """Return the sentiment as one of three."""
        return [
            "negative" if each >= CLEAR else "positive" if each <= -CLEAR else "neutral" for each in self.bad
        ]


def _keywords(text: str) -> int:
    """Return how many more words complain than praise."""
    words = text[:1000].lower().split()
    plain = [word.strip("#.,!?;:()\"'") for word in words]
    return sum(word in COMPLAINING for word in plain) - sum(word in PRAISING for word in plain)


def _counts(said: Sequence[Opinion] | None, model: Model | None, rules: _Rules) -> dict[str, Any]:
    """Return how many of what was found."""
    actionable = sum(rules.actionable)
    if said is not None and model is not None:
        actionable = sum((each.actionable or 0.0) >= model.threshold for each in said)
    intents = Counter("none" if each is None else each for each in rules.intents)
    classes = Counter(each.likeliest_sentiment or "none" for each in said) if said else Counter(rules.classes)
    return {
        "actionable": actionable,
        "not_actionable": len(rules.intents) - actionable,
        "intents": dict(sorted(intents.items())),
        "sentiment": dict(sorted(classes.items())),
        "urgent": sum(each >= 0.6 for each in rules.urgencies),
    }


def _measured(
    file: LabelledFile, said: Sequence[Opinion] | None, model: Model | None, rules: _Rules
) -> dict[str, Any]:
    """Return every figure that needs labels."""
    roles = {"negative": "negative", "positive": "positive", **({} if model is None else model.written.roles)}
    rows = [row for row, each in enumerate(file.labelled) if each.sentiment]
    labels = [file.labelled[row].sentiment for row in rows]
    bad = [label == roles["negative"] for label in labels]
    if not rows:
        raise UsageError(f"no record has a label that can be used; {file.without_label:,} have none")
    if len(set(bad)) < 2:
        kind = "every" if bad[0] else "no"
        raise UsageError(f"{kind} label is {roles['negative'][:40]!r}: there is nothing to tell apart")
    wanted = [
        one or (rules.asked[row] and label != roles["positive"])
        for one, row, label in zip(bad, rows, labels, strict=True)
    ]
    scores = _Scored(rows, labels, bad, wanted)
    trained = {} if said is None or model is None else _trained(scores, said, model, file)
    return {
        **trained,
        "labels": dict(sorted(Counter(labels).items())),
        "without_label": file.without_label,
        "actionable_by_label": sum(wanted),
        "untrained": scores.of(
            [rules.bad[row] + rules.urgencies[row] for row in rows], rules.actionable, rules.negative
        ),
        "keywords_only": scores.of(
            [float(rules.keywords[row]) for row in rows],
            [count > 0 or asked for count, asked in zip(rules.keywords, rules.asked, strict=True)],
            [count > 0 for count in rules.keywords],
        ),
        "always_yes": scores.of([0.0] * len(rows), [True] * len(file.mentions), [True] * len(file.mentions)),
        "vader": {
            "auc_negative": area([rules.bad[row] for row in rows], bad),
            "sentiment": same([rules.classes[row] for row in rows], labels),
        }
        if rules.has_vader
        else None,
    }


class _Scored:
    """The rows that have labels, and what those say."""

    def __init__(self, rows: list[int], labels: list[str], bad: list[bool], wanted: list[bool]) -> None:
        """Keep them."""
        self.rows, self.labels, self.bad, self.wanted = rows, labels, bad, wanted

    def of(
        self, scores: Sequence[float], actionable: Sequence[bool], negative: Sequence[bool]
    ) -> dict[str, Any]:
        """Return the figures of one way to screen; *scores* are of the rows, the others of all mentions."""
        return {
            "auc_negative": area(scores, self.bad),
            "actionable": found([actionable[row] for row in self.rows], self.wanted),
            "without_question_mark": found([negative[row] for row in self.rows], self.bad),
        }


def _trained(scores: _Scored, said: Sequence[Opinion], model: Model, file: LabelledFile) -> dict[str, Any]:
    if any(each.negative is None for each in said):
        raise UsageError("the model knows no sentiment: train one with labels of it")
    thresholds = {"actionable": 0.5, "negative": 0.5, **model.written.thresholds}
    shares = [each.negative or 0.0 for each in said]
    figures = scores.of(
        [shares[row] for row in scores.rows],
        [(each.actionable or 0.0) >= thresholds["actionable"] for each in said],
        [share >= thresholds["negative"] for share in shares],
    )
    alone = [said[row].lean for row in scores.rows]
    likeliest = [said[row].likeliest_sentiment or "" for row in scores.rows]
    return {
        "auc_negative": figures["auc_negative"],
        "auc_negative_text_alone": area(alone, scores.bad),
        "precision_actionable": figures["actionable"]["precision"],
        "recall_actionable": figures["actionable"]["recall"],
        "actionable": figures["actionable"],
        "without_question_mark": figures["without_question_mark"],
        "negative_at_half": found([shares[row] >= 0.5 for row in scores.rows], scores.bad),
        "thresholds": {**thresholds, "chosen": "largest with recall >= 0.95 on held-out training days"},
        "sentiment": same(likeliest, scores.labels),
        "topic": _topic(scores, said, file),
    }


def _topic(scores: _Scored, said: Sequence[Opinion], file: LabelledFile) -> Mapping[str, Any] | None:
    """Return how often the likeliest topic is the labelled one, and the commonest topic would be."""
    rows = [
        row
        for row, bad in zip(scores.rows, scores.bad, strict=True)
        if bad and file.labelled[row].topic and said[row].topic
    ]
    if not rows:
        return None
    labels = [file.labelled[row].topic or "" for row in rows]
    told = [said[row].likeliest_topic or "" for row in rows]
    common, count = min(Counter(labels).items(), key=lambda each: (-each[1], each[0]))
    return {
        "count": len(rows),
        "accuracy": sum(one == other for one, other in zip(told, labels, strict=True)) / len(rows),
        "baseline_accuracy": count / len(rows),
        "baseline_topic": common,
        "confusion": confusion(told, labels),
    }
