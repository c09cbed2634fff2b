"""How far does it carry what this author says? A score from 0 to 100, where Klout used to be.

What is known of a mention is added up on log scales, so that ten times as much adds the same
everywhere, and the sum is ranked among what the desk itself has seen: 50 is the desk's median.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

import attrs

from workassign.errors import PlanError, UsageError
from workassign.model import whole_problem
from workassign.settings import structured
from workassign.social.mentions import Mention

__all__ = ["DEFAULT_SCALE", "History", "Influence", "Rolling", "Weights", "calibrated"]

DEFAULT_SCALE = (0.0, 8.0)
"""Without a history: 0 for nobody, 100 for a verified author with a million followers and a post
that a thousand people have reacted to (6 + 0.5 + 1.5). 300 followers alone are 31."""

DIGITS = 3
"""Parts and sums are rounded to so many: equal authors stay equal on every platform, histories stay small."""

LARGEST_COUNT = 1e12
"""Any count beyond this is as good as this."""

QUANTILES = 101


@attrs.frozen(kw_only=True)
class Weights:
    """What ten times as much of each adds to the sum; `verified`: what being so adds. 0 to 10 each."""

    followers: float = 1.0
    verified: float = 0.5
    engagement: float = 0.5
    """Likes, reposts and replies of this post, added up."""
    reach: float = 0.5
    """Followers of everybody who repeated it, added up: a storm that was collapsed into it."""

    def __attrs_post_init__(self) -> None:
        """Raise a ValueError if a weight is out of its range, or nothing has any."""
        weights = attrs.asdict(self)
        for name, weight in weights.items():
            if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight <= 10:
                raise ValueError(f"{name} must be a number from 0 to 10, not {weight!r}")
        if not any(weights.values()):
            raise ValueError("a weight must be above 0: else all are alike")


@attrs.frozen(kw_only=True)
class Influence:
    """A scale for influence: the same mention always gets the same score on it.

    Raises:
        ValueError: If there are fewer than two quantiles or more than 1001, they fall, or one is
            no finite number.

    >>> from workassign.social.mentions import Mention
    >>> scale = Influence()
    >>> scale.score(Mention(id="1", at=0, text="", author="a", followers=9_999, verified=True))
    56.25
    >>> scale.score(Mention(id="2", at=0, text="", author="b")) is None
    True
    """

    quantiles: tuple[float, ...] = DEFAULT_SCALE
    """Equally spaced quantiles of the desk's own sums, the smallest first."""
    weights: Weights = attrs.field(factory=Weights)

    def __attrs_post_init__(self) -> None:
        """Check the quantiles."""
        object.__setattr__(self, "quantiles", _checked_quantiles(self.quantiles))

    def parts(self, mention: Mention, reach: float = 0) -> dict[str, float]:
        """Return what each thing that is known adds to the sum; empty where nothing is.

        *reach*: the followers of everybody who repeated it, added up; 0: nobody did.
        """
        weights, found = self.weights, dict[str, float]()
        if mention.followers is not None:
            found["followers"] = weights.followers * _log(mention.followers)
        if mention.verified is not None:
            found["verified"] = weights.verified * mention.verified
        likes, reposts, replies = mention.likes, mention.reposts, mention.replies
        if likes is not None or reposts is not None or replies is not None:
            found["engagement"] = weights.engagement * _log((likes or 0) + (reposts or 0) + (replies or 0))
        if reach > 0:
            found["reach"] = weights.reach * _log(reach)
        return {name: round(each, DIGITS) for name, each in found.items()}

    def raw(self, mention: Mention, reach: float = 0) -> float | None:
        """Return the sum of the parts; None where nothing is known. It has no upper end of its own."""
        parts = self.parts(mention, reach)
        return round(math.fsum(parts.values()), DIGITS) if parts else None

    def louder(self, raw: float | None, reach: float) -> float:
        """Return the sum of what had *raw* alone, with a *reach*: see `raw`."""
        return round((raw or 0.0) + self.weights.reach * _log(reach), DIGITS)

    def score(self, mention: Mention, reach: float = 0) -> float | None:
        """Return where the mention stands among what the desk has seen: 0 to 100; None: nothing is known.

        The middle of its rank where several are equal, linear between the quantiles; never less
        for more of anything. Cost: some microseconds.
        """
        raw = self.raw(mention, reach)
        return None if raw is None else self.rank(raw)

    def rank(self, raw: float) -> float:
        """Return the score, 0 to 100, of a sum."""
        steps, last = self.quantiles, len(self.quantiles) - 1
        if raw < steps[0]:
            return 0.0
        if raw > steps[last]:
            return 100.0
        left, right = bisect_left(steps, raw), bisect_right(steps, raw)
        if right > left:  # it is a quantile itself, perhaps several: their middle
            return round(50 * (left + right - 1) / last, 2)
        low, high = steps[left - 1], steps[left]
        return round(100 * (left - 1 + (raw - low) / (high - low)) / last, 2)

    def as_data(self) -> dict[str, Any]:
        """Return it as a table of plain data, for a TOML or JSON file."""
        return {"quantiles": list(self.quantiles), "weights": attrs.asdict(self.weights)}

    @classmethod
    def from_data(cls, data: object, path: str = "influence") -> Influence:
        """Return what a table says; what it leaves out is as ever.

        Raises:
            PlanError: If anything in it is wrong or unknown; every problem with its path.
        """
        if not isinstance(data, Mapping):
            raise PlanError([f"{path}: must be a table, not {type(data).__name__}"])
        return structured(data, cls, path)


class History:
    """What the desk has seen, as far as a scale needs it: how many mentions had which sum.

    The order does not matter. Memory: one number for each different sum, so at most some ten
    thousand whatever comes, for a sum has three digits behind the point and logs are small.
    """

    def __init__(self, weights: Weights | None = None) -> None:
        """Begin with none, to be added up by *weights*."""
        self._by = Influence(weights=weights or Weights())
        self._counts: Counter[float] = Counter()

    def add(self, mention: Mention) -> None:
        """Take in a mention, by what it is without any storm; one of which nothing is known says nothing."""
        raw = self._by.raw(mention)
        if raw is not None:
            self._counts[raw] += 1

    def __len__(self) -> int:
        """Return how many mentions there were of which something was known."""
        return self._counts.total()

    def scale(self) -> Influence:
        """Return the scale on which a mention's score is its percentile; without any: the default.

        Cost: O(different sums x log).
        """
        return _scale(self._counts, self._by)


def calibrated(history: Iterable[Mention], weights: Weights | None = None) -> Influence:
    """Return the scale that the desk's own *history* makes; without any: the default scale.

    Read once, in any order, in bounded memory: see `History`.
    """
    seen = History(weights)
    for mention in history:
        seen.add(mention)
    return seen.scale()


class Rolling:
    """A scale that follows the desk: made anew every so often, of the latest mentions.

    It depends on the stream alone, not on a clock: the same mentions in the same order get the
    same scores. Until `every` mentions have come, it is the scale that it was begun with.
    """

    def __init__(self, begin: Influence | None = None, *, last: int = 20_000, every: int = 1_000) -> None:
        """Begin with the scale *begin* (None: the default), learn from the *last* so many mentions.

        Raises:
            UsageError: If *last* is not from 2 to 10 million, or *every* not from 1 to *last*.
        """
        if problem := whole_problem(last, 2, 10_000_000):
            raise UsageError(f"last {problem}")
        if problem := whole_problem(every, 1, last):
            raise UsageError(f"every {problem}")
        self._every = every
        self._begin = Influence() if begin is None else begin
        self._scale = self._begin
        self._raws: deque[float] = deque(maxlen=last)
        self._new = 0

    @property
    def scale(self) -> Influence:
        """The scale that holds now; to be kept, so that a restart begins with it."""
        return self._scale

    def score(self, mention: Mention, reach: float = 0) -> float | None:
        """Return the mention's score by what came before it, then learn from it.

        Cost: some microseconds, and once in `every` mentions O(`last`).
        """
        found = self._scale.score(mention, reach)
        raw = self._begin.raw(mention)
        if raw is not None:
            self.learn(raw)
        return found

    def learn(self, raw: float) -> None:
        """Take in the sum of a mention, without its reach."""
        self._raws.append(raw)
        self._new += 1
        if self._new == self._every:
            self._new = 0
            self._scale = _scale(Counter(self._raws), self._begin)


def _scale(counts: Counter[float], begin: Influence) -> Influence:
    """Return the scale of so many mentions with each sum; without any, *begin*."""
    if not counts:
        return begin
    ranked = sorted(counts)
    ends = list(accumulate(counts[raw] for raw in ranked))
    steps = [_quantile(ranked, ends, step) for step in range(QUANTILES)]
    return attrs.evolve(begin, quantiles=tuple(steps))


def _quantile(ranked: Sequence[float], ends: Sequence[int], step: int) -> float:
    """Return a quantile, linear between neighbours (type 7 of Hyndman and Fan, 1996, as numpy's)."""
    # In whole numbers, so that no platform rounds a rank its own way.
    below, rest = divmod(step * (ends[-1] - 1), QUANTILES - 1)
    low = ranked[bisect_right(ends, below)]
    if not rest:
        return low
    high = ranked[bisect_right(ends, below + 1)]
    return round(low + (high - low) * rest / (QUANTILES - 1), DIGITS)


def _log(count: float) -> float:
    """Return log10(1 + count); 0 for what is no count: less than nothing, or NaN."""
    return math.log10(1 + min(count, LARGEST_COUNT)) if count > 0 else 0.0


def _checked_quantiles(quantiles: Sequence[float]) -> tuple[float, ...]:
    if not isinstance(quantiles, list | tuple) or not 2 <= len(quantiles) <= 1001:
        raise ValueError("quantiles must be a list of 2 to 1001 numbers")
    for each in quantiles:
        if isinstance(each, bool) or not isinstance(each, int | float) or not math.isfinite(each):
            raise ValueError(f"a quantile must be a finite number, not {each!r}")
    if list(quantiles) != sorted(quantiles):
        raise ValueError("quantiles must rise")
    return tuple(map(float, quantiles))
