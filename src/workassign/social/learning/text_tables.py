"""What are labelled texts as a table of values, and which weights tell their labels apart?

Needs scipy and scikit-learn. The values are those of `Model`, to the last rounding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import log
from typing import Any, NamedTuple

import numpy as np

from workassign.social.learning.models import scored_words
from workassign.social.learning.written_models import Block, Numbers, Task
from workassign.social.texts.features import NUMBERS, features, letters
from workassign.social.texts.words import ASKING, COMPLAINING, PRAISING

__all__ = ["LISTS", "Blocks", "Fit", "TextTable", "fitted", "task_of"]

LEAST_TEXTS = {"words": 2, "letters": 3}
"""What is in fewer texts is left out."""
NUMBER_SCALE = 0.1
"""Standard deviation of each number beside the words, which all together have length one."""
DIGITS = 6
TINY = 1e-4
"""A weight below this share of its task's largest is dropped."""
LISTS = {
    "complaining": tuple(sorted(COMPLAINING)),
    "praising": tuple(sorted(PRAISING)),
    "asking": tuple(sorted(ASKING)),
}


class Fit(NamedTuple):
    """A row of weights for each label."""

    labels: tuple[str, ...]
    intercepts: Any
    weights: Any


class Blocks(NamedTuple):
    """What texts are made of."""

    words: Block
    letters: Block
    numbers: Numbers

    @property
    def ends(self) -> list[int]:
        """Return the columns at which the words and the letters end."""
        return [len(self.words.names), len(self.words.names) + len(self.letters.names)]


class TextTable:
    """The features of all texts, taken out once."""

    def __init__(self, texts: Sequence[str], lexicon: dict[str, float]) -> None:
        """Read every text."""
        lists = {name: frozenset(words) for name, words in LISTS.items()}
        found = [features(text, lexicon, lists) for text in texts]
        self._words = [list(scored_words(each)) for each in found]
        self._letters = [
            [part for token in dict.fromkeys(each.tokens) for part in letters(token)] for each in found
        ]
        self._numbers = np.array([each.numbers for each in found], dtype=float)

    def matrix(self, train: Iterable[int]) -> tuple[Blocks, Any]:
        """Return what texts *train* are made of, and a row of values for each of all texts."""
        from scipy.sparse import csr_matrix, hstack  # type: ignore[import-untyped]

        rows = list(train)
        words = _block(self._words, rows, LEAST_TEXTS["words"])
        spelt = _block(self._letters, rows, LEAST_TEXTS["letters"])
        spread = self._numbers[rows].std(axis=0)
        scales = [_rounded(NUMBER_SCALE / each) if each > 1e-9 else 0.0 for each in spread]
        numbers = Numbers(names=NUMBERS, scales=tuple(scales))
        parts = [_values(self._words, words), _values(self._letters, spelt)]
        matrix = hstack([*parts, csr_matrix(self._numbers * np.array(scales))]).tocsr()
        return Blocks(words, spelt, numbers), matrix


def _block(texts: Sequence[Sequence[str]], rows: Sequence[int], least: int) -> Block:
    counts = Counter(name for row in rows for name in dict.fromkeys(texts[row]))
    names = sorted(name for name, count in counts.items() if count >= least)
    idf = [_rounded(1 + log((1 + len(rows)) / (1 + counts[name]))) for name in names]
    return Block(names=tuple(names), idf=tuple(idf))


def _values(texts: Sequence[Sequence[str]], block: Block) -> Any:  # noqa: ANN401 - scipy has no types
    """Return a row for each text: what it has of *block*, scaled as `Model` does."""
    from scipy.sparse import csr_matrix

    places = {name: number for number, name in enumerate(block.names)}
    idf = np.array(block.idf)
    values, columns, ends = [], [], [0]
    for text in texts:
        known = np.array([places[name] for name in text if name in places], dtype=int)
        weights = idf[known] if len(known) else np.zeros(0)
        values.append(weights / np.sqrt((weights**2).sum()) if len(known) else weights)
        columns.append(known)
        ends.append(ends[-1] + len(known))
    shape = (len(texts), len(block.names))
    matrix = csr_matrix((np.concatenate(values), np.concatenate(columns), ends), shape=shape)
    matrix.sum_duplicates()
    return matrix


def fitted(matrix: Any, labels: Any, weights: Any, strength: float) -> Fit:  # noqa: ANN401 - as above
    """Return what tells *labels* apart by logistic regression; *strength*: what lets weights grow."""
    from sklearn.linear_model import LogisticRegression

    found = LogisticRegression(C=strength, max_iter=2000).fit(matrix, labels, sample_weight=weights)
    intercepts, rows = found.intercept_, found.coef_
    if len(found.classes_) == 2:  # one row that is for the second label: softmax(0, s) = sigmoid(s)
        intercepts = np.concatenate([[0.0], intercepts])
        rows = np.concatenate([np.zeros_like(rows), rows])
    return Fit(tuple(str(each) for each in found.classes_), intercepts, rows)


def task_of(fit: Fit, blocks: Blocks, *, letters_only: bool = False) -> Task:
    """Return *fit* with rounded weights, the tiny ones dropped; *letters_only*: it was fitted to those."""
    least = TINY * float(abs(fit.weights).max())
    ends = [0, len(blocks.letters.names)] if letters_only else blocks.ends
    parts = [np.split(row, ends) for row in fit.weights]
    words, spelt, numbers = (
        tuple(tuple(_kept(float(each), least) for each in part[kind]) for part in parts) for kind in range(3)
    )
    intercepts = tuple(_rounded(float(each)) for each in fit.intercepts)
    return Task(
        labels=fit.labels,
        intercepts=intercepts,
        words=() if letters_only else words,
        letters=spelt,
        numbers=() if letters_only else numbers,
    )


def _kept(weight: float, least: float) -> float:
    return _rounded(weight) if abs(weight) >= least else 0


def _rounded(weight: float) -> float:
    return float(f"{weight:.{DIGITS}g}")
