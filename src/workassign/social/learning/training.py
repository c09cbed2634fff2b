"""How does a model of texts come from labels? Logistic regression, with settings tried on held-out days.

Nothing but the labelled texts is looked at: how strongly weights are held down, the thresholds and
what an author's earlier texts count for are all chosen on days (or authors) that were held out in
turn. Same labels in the same order, same bytes out. Needs scikit-learn; reading texts does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

import attrs
import numpy as np

from workassign.errors import UsageError
from workassign.social.learning.agreement import area
from workassign.social.learning.models import Model, before
from workassign.social.learning.text_tables import LISTS, TextTable, fitted, task_of
from workassign.social.learning.written_models import NEGATIVE, POSITIVE, SENTIMENT, TOPIC, Written

__all__ = ["RECALL", "Labelled", "check_installed", "threshold_for", "train"]

RECALL = 0.95
"""The threshold finds so many of those that need somebody: a missed request costs more than a look."""
STRENGTHS = (0.5, 1.0, 2.0)
"""The inverse strengths of regularisation that are tried for the sentiment."""
TOPIC_STRENGTHS = (2.0, 6.0)
HISTORY = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
"""What an author's earlier texts may count for."""
TOPIC_LEAST = 20
"""A topic with fewer labels is left out."""
FOLDS = 5


@attrs.frozen(kw_only=True)
class Labelled:
    """A text and what people said of it."""

    text: str
    sentiment: str
    topic: str | None = None
    """What it complains of; None: nobody said."""
    weight: float = 1.0
    """How sure the label is, above 0."""
    day: str = ""
    """The day on which it was written, like 2015-02-17; held out as one."""
    author: str | None = None


def check_installed() -> None:
    """Check that models can be trained, before anything takes its time.

    Raises:
        UsageError: If scikit-learn is not installed.
    """
    if find_spec("sklearn") is None:
        raise UsageError('training needs scikit-learn: pip install "workassign[train]"')


def train(
    labelled: Sequence[Labelled],
    *,
    negative: str = "negative",
    positive: str = "positive",
    murmur: Callable[[str], None] = lambda _: None,
) -> Model:
    """Return a model of what is *labelled*, in order of time; *murmur* is told how far it is.

    *negative*, *positive*: the labels that mean it. Cost: about half a minute for 4,000 tweets.

    Raises:
        UsageError: If scikit-learn is missing, or there is nothing to tell apart.
    """
    check_installed()
    _check(labelled, negative)
    import_module("sklearn.linear_model")
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # One thread: the same sums in the same order, and no threads that wait for each other. It holds
    # for what is loaded by now.
    with threadpool_limits(1):
        return _trained(labelled, negative, positive, murmur)


def _trained(
    labelled: Sequence[Labelled], negative: str, positive: str, murmur: Callable[[str], None]
) -> Model:
    lexicon = _lexicon()
    data = _Labels(labelled, TextTable([each.text for each in labelled], lexicon), negative, positive)
    folds = _folds(labelled)
    held_out = _held_out(data, folds)
    strength, leans, goods = _sentiment_strength(data, held_out, murmur)
    history = _history(data, folds, leans)
    topic_strength = _topic_strength(data, held_out, murmur)
    blocks, matrix = data.table.matrix(range(len(labelled)))
    fits = {SENTIMENT: fitted(matrix, data.sentiments, data.weights, strength)}
    if topic_strength is not None:
        rows = data.complaints
        fits[TOPIC] = fitted(
            matrix[rows][:, slice(*blocks.ends)], data.topics[rows], data.weights[rows], topic_strength
        )
    roles = {NEGATIVE: negative, POSITIVE: positive}
    return Model(
        Written(
            lexicon=lexicon,
            lists=LISTS,
            words=blocks.words,
            letters=blocks.letters,
            numbers=blocks.numbers,
            tasks={name: task_of(fit, blocks, letters_only=name == TOPIC) for name, fit in fits.items()},
            roles={role: label for role, label in roles.items() if label in fits[SENTIMENT].labels},
            thresholds=_thresholds(data, folds, leans, goods, history),
            history=history,
            trained=_told(data, folds, strength, topic_strength),
        )
    )


class _Labels:
    """Labelled texts as arrays."""

    def __init__(self, labelled: Sequence[Labelled], table: TextTable, negative: str, positive: str) -> None:
        """Take what people said apart; a topic that is rare counts as none."""
        self.all = labelled
        self.table = table
        self.sentiments = np.array([each.sentiment for each in labelled])
        self.weights = np.array([each.weight for each in labelled])
        self.bad = self.sentiments == negative
        self.asked = np.array(["?" in each.text for each in labelled])
        self.actionable = self.bad | (self.asked & (self.sentiments != positive))
        self.negative, self.positive = negative, positive
        counts = Counter(each.topic for each in labelled if each.topic and each.sentiment == negative)
        kept = {topic for topic, count in counts.items() if count >= TOPIC_LEAST}
        self.topics = np.array([each.topic if each.topic in kept else "" for each in labelled])
        self.complaints = np.flatnonzero(self.bad & (self.topics != ""))


def _check(labelled: Sequence[Labelled], negative: str) -> None:
    if not labelled:
        raise UsageError("there are no labelled texts to train from")
    found = Counter(each.sentiment for each in labelled)
    if negative not in found:
        raise UsageError(f"no text has the label {negative[:40]!r}: there is nothing to find")
    if len(found) < 2:
        raise UsageError(f"every text has the label {negative[:40]!r}: there is nothing to tell apart")
    for label, count in sorted(found.items()):
        if count < FOLDS:
            raise UsageError(f"only {count} texts have the label {label[:40]!r}; training needs {FOLDS}")


def _lexicon() -> dict[str, float]:
    """Return the valences of words, if vaderSentiment is installed; the model carries them from then on."""
    if find_spec("vaderSentiment") is None:
        return {}
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    valences: Mapping[str, float] = SentimentIntensityAnalyzer().lexicon
    return {word: float(each) for word, each in sorted(valences.items()) if each and len(word) <= 32}


# --- what is chosen on held-out days --------------------------------------------------------


def _folds(labelled: Sequence[Labelled]) -> list[list[int]]:
    """Return the texts in two to `FOLDS` parts: neighbouring days together; one day: by author."""
    days: dict[str, list[int]] = {}
    for number, each in enumerate(labelled):
        days.setdefault(each.day, []).append(number)
    least = len(labelled) / (FOLDS + 1)
    folds: list[list[int]] = []
    for day in sorted(days):
        if folds and len(folds[-1]) < least:
            folds[-1] += days[day]
        else:
            folds.append(list(days[day]))
    if len(folds) > 1 and len(folds[-1]) < least:
        folds[-2:] = [folds[-2] + folds[-1]]
    return folds if len(folds) > 1 else _by_author(labelled)


def _by_author(labelled: Sequence[Labelled]) -> list[list[int]]:
    """Return three parts; no author is in two of them."""
    parts: dict[str, int] = {}
    folds: list[list[int]] = [[], [], []]
    for number, each in enumerate(labelled):
        who = f"no author {number}" if each.author is None else f"author {each.author}"
        folds[parts.setdefault(who, len(parts) % 3)].append(number)
    return [fold for fold in folds if fold]


class _Fold(NamedTuple):
    """Texts that were held out, all others, and the values of all texts as the others have them."""

    fold: Any
    others: Any
    matrix: Any
    letters: Any
    """Those values that are of parts of words."""


def _held_out(data: _Labels, folds: Sequence[Sequence[int]]) -> list[_Fold]:
    """Return the folds on which something can be tried: the other texts know every label."""
    found = []
    known = set(data.sentiments)
    for fold in folds:
        others = np.setdiff1d(np.arange(len(data.all)), np.array(fold))
        if set(data.sentiments[others]) == known:
            blocks, matrix = data.table.matrix(others.tolist())
            found.append(_Fold(np.array(fold), others, matrix, matrix[:, slice(*blocks.ends)]))
    return found


def _sentiment_strength(
    data: _Labels, held_out: Sequence[_Fold], murmur: Callable[[str], None]
) -> tuple[float, Any, Any]:
    """Return the strength with the best mean AUC of negative, and what it said of what was held out.

    That is the log odds of negative and the share of positive among the rest; NaN where nothing was
    held out. Of equally good strengths, the one that holds weights down more.
    """
    best = (-1.0, STRENGTHS[len(STRENGTHS) // 2], *_nothing(data))
    for strength in STRENGTHS:
        leans, goods = _nothing(data)
        for each in held_out:
            fit = fitted(
                each.matrix[each.others], data.sentiments[each.others], data.weights[each.others], strength
            )
            scores = each.matrix[each.fold] @ fit.weights.T + fit.intercepts
            leans[each.fold], goods[each.fold] = _apart(scores, fit.labels, data.negative, data.positive)
        quality = _mean_auc(data, [each.fold for each in held_out], leans)
        murmur(f"sentiment, strength {strength}: AUC {quality:.4f} on held-out texts")
        if quality > best[0]:
            best = (quality, strength, leans, goods)
    return best[1:]


def _nothing(data: _Labels) -> tuple[Any, Any]:
    return np.full(len(data.all), np.nan), np.full(len(data.all), np.nan)


def _apart(scores: Any, labels: Sequence[str], negative: str, positive: str) -> tuple[Any, Any]:  # noqa: ANN401
    """Return the log odds of negative, and the share of positive among the other labels."""
    bad = labels.index(negative)
    others = [number for number in range(len(labels)) if number != bad]
    rest = scores[:, others]
    top = rest.max(axis=1)
    shares = np.exp(rest - top[:, None])
    total = shares.sum(axis=1)
    good = shares[:, others.index(labels.index(positive))] / total if positive in labels else total * 0
    return scores[:, bad] - top - np.log(total), good


def _mean_auc(data: _Labels, folds: Sequence[Any], leans: Any) -> float:  # noqa: ANN401
    """Return the mean AUC of negative over those *folds* that have both kinds."""
    tried = [area(leans[fold].tolist(), data.bad[fold].tolist()) for fold in folds]
    found = [each for each in tried if each is not None]
    return sum(found) / len(found) if found else 0.5


def _history(data: _Labels, folds: Sequence[Sequence[int]], leans: Any) -> float:  # noqa: ANN401
    """Return what the earlier texts of an author should count for."""
    tried = [np.array(fold) for fold in folds if not np.isnan(leans[fold]).any()]
    earlier = _earlier(data, tried, leans)
    quality = {each: _mean_auc(data, tried, leans + each * earlier) for each in HISTORY}
    return max(HISTORY, key=lambda each: (quality[each], -each))


def _earlier(data: _Labels, folds: Sequence[Any], leans: Any) -> Any:  # noqa: ANN401
    """Return for each text what the author's earlier ones of the same fold say."""
    found = np.zeros(len(data.all))
    for fold in folds:
        said: dict[str, list[float]] = {}
        for number in sorted(fold.tolist()):
            if (author := data.all[number].author) is not None:
                found[number] = before(said.setdefault(author, []))
                said[author].append(float(leans[number]))
    return found


def _thresholds(
    data: _Labels,
    folds: Sequence[Sequence[int]],
    leans: Any,  # noqa: ANN401
    goods: Any,  # noqa: ANN401
    history: float,
) -> dict[str, float]:
    """Return the largest thresholds that find `RECALL` of what is actionable, and of what is negative."""
    tried = [np.array(fold) for fold in folds if not np.isnan(leans[fold]).any()]
    if not tried:
        return {"actionable": 0.5, "negative": 0.5}
    rows = np.concatenate(tried)
    bad = 1 / (1 + np.exp(-(leans + history * _earlier(data, tried, leans))))[rows]
    actionable = np.where(data.asked[rows], 1 - goods[rows] * (1 - bad), bad)
    return {
        "actionable": threshold_for(actionable, data.actionable[rows]),
        "negative": threshold_for(bad, data.bad[rows]),
    }


def threshold_for(shares: Any, wanted: Any, recall: float = RECALL) -> float:  # noqa: ANN401
    """Return the largest threshold, rounded down to 4 digits, at which *recall* of the *wanted* are found."""
    found = np.sort(np.asarray(shares)[np.asarray(wanted)])
    if not len(found):
        return 0.5
    missed = int((1 - recall) * len(found))
    return float(np.floor(found[missed] * 1e4) / 1e4)


def _topic_strength(data: _Labels, held_out: Sequence[_Fold], murmur: Callable[[str], None]) -> float | None:
    """Return the strength at which most held-out topics are right; None: there is nothing to tell apart.

    Topics go by letters alone: words and numbers add nothing to them.
    """
    if len(set(data.topics[data.complaints])) < 2:
        return None
    best, chosen = -1.0, TOPIC_STRENGTHS[0]
    for strength in TOPIC_STRENGTHS:
        right = 0
        for each in held_out:
            rows, asked = (
                np.intersect1d(each.others, data.complaints),
                np.intersect1d(each.fold, data.complaints),
            )
            if len(set(data.topics[rows])) < 2 or not len(asked):
                continue
            fit = fitted(each.letters[rows], data.topics[rows], data.weights[rows], strength)
            likeliest = (each.letters[asked] @ fit.weights.T + fit.intercepts).argmax(axis=1)
            right += int((np.array(fit.labels)[likeliest] == data.topics[asked]).sum())
        murmur(f"topic, strength {strength}: {right:,} right of held-out texts")
        if right > best:
            best, chosen = right, strength
    return chosen


def _told(
    data: _Labels, folds: Sequence[Sequence[int]], strength: float, topic_strength: float | None
) -> dict[str, Any]:
    """Return how it was trained."""
    return {
        "texts": len(data.all),
        "labels": dict(sorted(Counter(data.sentiments.tolist()).items())),
        "topics": dict(sorted(Counter(data.topics[data.complaints].tolist()).items())),
        "days": sorted({each.day for each in data.all}),
        "folds": [len(fold) for fold in folds],
        "strength": strength,
        "topic_strength": topic_strength,
        "recall": RECALL,
    }
