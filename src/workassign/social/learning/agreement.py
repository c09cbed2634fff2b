"""How well do scores and labels agree with what people said? AUC, confusion, precision, recall."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

__all__ = ["area", "confusion", "found", "same"]


def area(scores: Sequence[float], wanted: Sequence[bool]) -> float | None:
    """Return the area under the ROC curve: how often one that is wanted scores above one that is not.

    Ties count half (Hanley and McNeil 1982: the Mann-Whitney statistic). None: all are of one kind.
    Cost: O(n log n).

    >>> area([0.1, 0.4, 0.35, 0.8], [False, False, True, True])
    0.75
    """
    good = sum(map(bool, wanted))
    bad = len(wanted) - good
    if not good or not bad:
        return None
    pairs = sorted(zip(map(float, scores), map(bool, wanted), strict=True))
    below, won = 0, 0.0
    for _, tied in groupby(pairs, key=lambda pair: pair[0]):
        kinds = [kind for _, kind in tied]
        hits = sum(kinds)
        misses = len(kinds) - hits
        won += hits * (below + misses / 2)
        below += misses
    return won / (good * bad)


def found(said: Iterable[bool], wanted: Iterable[bool]) -> dict[str, float | int | None]:
    """Return precision, recall, F1 and the four counts; a ratio without a denominator is None.

    >>> found([True, True, False], [True, False, True])["precision"]
    0.5
    """
    counts = Counter(zip(map(bool, said), map(bool, wanted), strict=True))
    hits, false, missed = counts[True, True], counts[True, False], counts[False, True]
    return {
        "precision": _ratio(hits, hits + false),
        "recall": _ratio(hits, hits + missed),
        "f1": _ratio(2 * hits, 2 * hits + false + missed),
        "true_positive": hits,
        "false_positive": false,
        "false_negative": missed,
        "true_negative": counts[False, False],
    }


def confusion(said: Sequence[str], labels: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return label -> what was said of it -> how often; every name is in every row."""
    names = sorted({*said, *labels})
    counts = Counter(zip(labels, said, strict=True))
    return {label: {name: counts[label, name] for name in names} for label in sorted(set(labels))}


def same(said: Sequence[str], labels: Sequence[str]) -> Mapping[str, Any]:
    """Return the share that agrees, Cohen's kappa and the mean F1 over the labels.

    Kappa (Cohen 1960) is agreement beyond chance; None where chance alone agrees always.
    """
    total = len(labels)
    table = confusion(said, labels)
    right = sum(one == other for one, other in zip(said, labels, strict=True))
    told, given = Counter(said), Counter(labels)
    chance = sum(told[name] * given[name] for name in given) / total**2 if total else 0.0
    scores = [_ratio(2 * table[name][name], told[name] + given[name]) or 0.0 for name in sorted(given)]
    return {
        "accuracy": _ratio(right, total),
        "kappa": None if chance >= 1 or not total else (right / total - chance) / (1 - chance),
        "macro_f1": _ratio(sum(scores), len(scores)),
        "confusion": table,
    }


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
