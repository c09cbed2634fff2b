"""What does a trained model say of a text? Probabilities by task, in pure Python, from a JSON file.

A model is data: weights by name, no code. A text becomes three blocks of values: words and pairs of
neighbours (inverse document frequencies), parts of words (the same, summed up word by word), both
scaled to length one, and numbers. The score of a label is intercept + sum of weight times value; the
probabilities are the softmax of the scores: the very numbers of scikit-learn's LogisticRegression.
What is summed up is summed up exactly (`fsum`), so that every Python gives the same bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise, zip_longest
from math import exp, fsum, log, sqrt
from operator import mul
from pathlib import Path
from typing import NamedTuple, TypeAlias

import attrs

from workassign.social.learning.written_models import (
    NEGATIVE,
    POSITIVE,
    SENTIMENT,
    TOPIC,
    Block,
    Task,
    Written,
    read_model,
    write_model,
)
from workassign.social.texts.features import NUMBERS, Features, features, letters

__all__ = ["Model", "Opinion", "before", "scored_words"]

REMEMBERED = 50_000
"""So many words are kept with what they add up to: most words come again."""

Vector: TypeAlias = tuple[float, ...]
"""A figure for every label of every task."""


class _Part(NamedTuple):
    """What a word adds to the scores, before its block is scaled, and to the squared length of the block."""

    sums: Vector
    squares: float


@attrs.frozen(kw_only=True)
class Opinion:
    """What a model says of one text."""

    sentiment: Mapping[str, float]
    """Label -> probability; empty if the model has no such task, as below."""
    topic: Mapping[str, float]
    """Label -> probability, given that it is a complaint."""
    negative: float | None = None
    """The probability that it is negative."""
    positive: float = 0.0
    """The probability that it is positive; 0 if the model knows no such label."""
    actionable: float | None = None
    """The probability that it is negative, or neither negative nor positive and holds a question mark."""
    lean: float = 0.0
    """The log odds of negative, as the text alone has it: what `Model.read` asks of earlier texts."""

    @property
    def mood(self) -> float | None:
        """Return P(positive) - P(negative), -1 to 1; None if the model has no such task."""
        return None if self.negative is None else max(-1.0, min(self.positive - self.negative, 1.0))

    @property
    def likeliest_sentiment(self) -> str | None:
        """Return the label with the greatest probability, the first of several."""
        return max(self.sentiment, key=self.sentiment.__getitem__, default=None)

    @property
    def likeliest_topic(self) -> str | None:
        """Return the topic with the greatest probability, the first of several."""
        return max(self.topic, key=self.topic.__getitem__, default=None)


class Model:
    """Reads texts. Remembers words, which changes no answer; may be shared by threads."""

    def __init__(self, written: Written) -> None:
        """Read as *written* says."""
        self.written = written
        self._lexicon = written.lexicon
        self._lists = {name: frozenset(words) for name, words in written.lists.items()}
        tasks = [written.tasks[name] for name in (SENTIMENT, TOPIC) if name in written.tasks]
        self._words = _vectors(written.words, tasks, "words")
        self._letters = _vectors(written.letters, tasks, "letters")
        self._numbers = _number_weights(written)
        self._bias = tuple(bias for task in tasks for bias in task.intercepts)
        self._spans = _spans(written)
        self._spelt: dict[str, _Part] = {}

    @classmethod
    def load(cls, path: Path) -> Model:
        """Return the model in the file at *path*.

        Raises:
            UsageError: If the file cannot be read.
            PlanError: If it is no model, or a wrong one; the place is named.
        """
        return cls(read_model(path))

    def save(self, path: Path) -> None:
        """Write the model; the same model gives the same bytes.

        Raises:
            UsageError: If the file cannot be written.
        """
        write_model(self.written, path)

    @property
    def threshold(self) -> float:
        """The least `Opinion.actionable` that makes somebody look, as it was chosen in training."""
        return self.written.thresholds.get("actionable", 0.5)

    def read(self, text: str, before: float = 0.0) -> Opinion:
        """Return what the model says of *text*; *before*: see `before`, 0 if nothing is known.

        Cost: linear in the first 1,000 characters; the rest is not read. About 110 us for a tweet.
        """
        scores = self.scores(text)
        if (span := self._spans.get(SENTIMENT)) is None:
            return Opinion(sentiment={}, topic=self._topic(scores))
        labels, first, last = span
        own = scores[first:last]
        asked = "?" in text
        negative = labels.index(self.written.roles[NEGATIVE])
        lean = _log_odds(own, negative)
        own[negative] += self.written.history * before
        shares = dict(zip(labels, _softmax(own), strict=True))
        bad = shares[labels[negative]]
        good = shares.get(self.written.roles.get(POSITIVE, ""), 0.0)
        return Opinion(
            sentiment=shares,
            topic=self._topic(scores),
            negative=bad,
            positive=good,
            actionable=1.0 - good if asked else bad,
            lean=lean,
        )

    def _topic(self, scores: list[float]) -> dict[str, float]:
        if (span := self._spans.get(TOPIC)) is None:
            return {}
        labels, first, last = span
        return dict(zip(labels, _softmax(scores[first:last]), strict=True))

    def probabilities(self, text: str) -> dict[str, dict[str, float]]:
        """Return task -> label -> probability, by the text alone."""
        scores = self.scores(text)
        return {
            task: dict(zip(labels, _softmax(scores[first:last]), strict=True))
            for task, (labels, first, last) in self._spans.items()
        }

    def scores(self, text: str) -> list[float]:
        """Return the score of every label, task after task."""
        found = features(text, self._lexicon, self._lists)
        words = [each for name in scored_words(found) if (each := self._words.get(name)) is not None]
        spelt = [self._part(token) for token in dict.fromkeys(found.tokens)]
        counted = [fsum(map(mul, found.numbers, weights)) for weights in self._numbers]
        # The sentiment comes first: what a topic leaves out (words, numbers) is missing at the end.
        blocks = (self._bias, _scaled(words), _scaled(spelt), counted)
        return list(map(fsum, zip_longest(*blocks, fillvalue=0.0)))

    def _part(self, token: str) -> _Part:
        """Return what the letters of *token* add up to."""
        found = self._spelt.get(token)
        if found is None:
            known = [each for name in letters(token) if (each := self._letters.get(name)) is not None]
            found = _Part(_summed(known), fsum(each.squares for each in known))
            if len(self._spelt) >= REMEMBERED:
                self._spelt.clear()
            self._spelt[token] = found
        return found


def before(leans: Sequence[float]) -> float:
    """Return what the leans of an author's earlier texts say: their mean, drawn to 0 by one text more.

    >>> before([]), before([2.0]), before([2.0, 1.0])
    (0.0, 1.0, 1.0)
    """
    return fsum(leans) / (len(leans) + 1)


def scored_words(found: Features) -> dict[str, None]:
    """Return the names of the words in a text, each once: words, pairs of neighbours, negated words."""
    tokens = found.tokens
    pairs = [f"{first} {second}" for first, second in pairwise(tokens)]
    return dict.fromkeys([*tokens, *found.turned, *pairs])


def _vectors(block: Block, tasks: Iterable[Task], kind: str) -> dict[str, _Part]:
    """Return what each word (or part of one) adds, times its frequency's weight."""
    columns = [weights for task in tasks for weights in task.weights(kind)]
    rows = zip(*columns, strict=True) if columns else [()] * len(block.names)
    return {
        name: _Part(tuple([idf * weight for weight in row]), idf * idf)
        for name, idf, row in zip(block.names, block.idf, rows, strict=True)
    }


def _number_weights(written: Written) -> list[Vector]:
    """Return for each label the weights of `NUMBERS`: a model that does not know one weighs it with 0."""
    numbers, found = written.numbers, []
    for name in (SENTIMENT, TOPIC):
        for weights in written.tasks[name].numbers if name in written.tasks else ():
            weighed = map(mul, numbers.scales, weights)
            known = dict(zip(numbers.names, weighed, strict=True))
            found.append(tuple(known.get(each, 0.0) for each in NUMBERS))
    return found


def _spans(written: Written) -> dict[str, tuple[tuple[str, ...], int, int]]:
    """Return task -> labels, and where their scores begin and end."""
    found, first = {}, 0
    for name in (SENTIMENT, TOPIC):
        if (task := written.tasks.get(name)) is None:
            continue
        last = first + len(task.labels)
        found[name] = (task.labels, first, last)
        first = last
    return found


def _summed(parts: Sequence[_Part]) -> Vector:
    return tuple(map(fsum, zip(*[sums for sums, _ in parts], strict=True)))


def _scaled(parts: Sequence[_Part]) -> Sequence[float]:
    """Return the sum of *parts*, scaled as if their values had length one; nothing if there are none."""
    known = [sums for sums, squares in parts if squares]
    if not known:
        return ()
    length = sqrt(fsum([squares for _, squares in parts]))
    return [fsum(column) / length for column in zip(*known, strict=True)]


def _softmax(scores: Sequence[float]) -> list[float]:
    top = max(scores)
    shares = [exp(score - top) for score in scores]
    total = fsum(shares)
    return [share / total for share in shares]


def _log_odds(scores: Sequence[float], label: int) -> float:
    """Return the log odds of one label against all others."""
    others = [score for number, score in enumerate(scores) if number != label]
    top = max(others)
    return scores[label] - top - log(fsum(exp(score - top) for score in others))
