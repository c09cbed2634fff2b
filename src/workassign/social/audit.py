"""How good is the screening, for ever? People label a sample of what was dropped, and what was kept.

A stage of the funnel says which share of what it drops is looked at all the same. Whether a mention
is in the sample is decided by its key and a seed: no dice, so a second run draws the same ones.

    precision = kept that needed an answer / kept
    recall    = kept that needed one / (kept that needed one + dropped that needed one)

What was dropped and needed an answer is estimated stage by stage, each label standing for the
dropped / labelled of its stage (stratified sampling; Cochran, Sampling Techniques, 3rd ed., ch. 5).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from hashlib import blake2b

import attrs

from workassign.errors import UsageError
from workassign.social.latest import Latest

__all__ = ["Audit", "AuditSettings", "Estimate", "Quality"]

Z = 1.959964
"""Of a 95 % interval."""
KEPT = ""
"""Stands for what was kept, where a stage is named."""


@attrs.frozen(kw_only=True)
class AuditSettings:
    """The table `[mentions.audit]`: which share of what is dropped is labelled by people.

    Raises:
        ValueError: If a share is none.
    """

    queue: str | None = None
    """What is sampled waits there for somebody who labels it; None: it is only marked."""
    share: float = 0.02
    """Of what each stage drops, 0 to 1; a stage's own `audit` goes before it."""
    seed: int = 0
    most: int = 100_000
    """So many samples are remembered until somebody labels them, the latest ones."""

    def __attrs_post_init__(self) -> None:
        """Check the share."""
        if not 0 <= self.share <= 1:
            raise ValueError(f"share must be between 0 and 1, not {self.share!r}")
        if self.most < 1:
            raise ValueError(f"most must be at least 1, not {self.most}")


@attrs.frozen
class Estimate:
    """A share, with its 95 % interval; None where nothing is known yet."""

    value: float | None
    low: float | None = None
    high: float | None = None


@attrs.frozen(kw_only=True)
class Quality:
    """What the labels say so far."""

    precision: Estimate
    recall: Estimate
    labelled: Mapping[str, tuple[int, int]]
    """Stage ("": kept) -> labelled, and of these how many needed an answer."""


class Audit:
    """Draws samples, takes labels, and says how good the screening is. Bounded memory."""

    def __init__(self, settings: AuditSettings) -> None:
        self._settings = settings
        self._left: Counter[str] = Counter()
        """Stage -> how many left the funnel there; "": how many were kept."""
        self._labelled: Counter[str] = Counter()
        self._needed: Counter[str] = Counter()
        self._open = Latest[str, str](settings.most)
        """Key of a mention that can be labelled -> its stage."""

    def kept(self, key: str) -> None:
        """A mention was kept: whoever answers it can say whether it needed that."""
        self._left[KEPT] += 1
        self._open.put(key, KEPT)

    def dropped(self, key: str, stage: str, share: float | None = None) -> bool:
        """A *stage* dropped a mention; return whether people are to label it.

        *share*: the stage's own, 0 to 1; None: that of all.
        """
        self._left[stage] += 1
        share = self._settings.share if share is None else share
        drawn = _number(f"{self._settings.seed}/{stage}/{key}") < share
        if drawn:
            self._open.put(key, stage)
        return drawn

    def not_kept(self, key: str) -> None:
        """What was kept did not come in after all, and says nothing of the screening."""
        if self._open.get(key) == KEPT:
            self._open.take(key)
            self._left[KEPT] -= 1

    def label(self, key: str, *, needed: bool) -> str:
        """Somebody looked at a mention: did it need an answer? Return its stage ("": it was kept).

        Raises:
            UsageError: If it is not among those to be labelled: unknown, too old, or labelled before.
        """
        stage = self._open.take(key)
        if stage is None:
            raise UsageError(f"mention {key[:200]!r} is not to be labelled: unknown, too old, or done before")
        self._labelled[stage] += 1
        self._needed[stage] += needed
        return stage

    def quality(self) -> Quality:
        """Return precision and recall, as far as the labels tell. Cost: the number of stages.

        The interval of the precision is Wilson's; that of the recall follows from the variances of
        its two parts (delta method), without a correction for small samples.
        """
        precision = self._precision()
        return Quality(
            precision=precision,
            recall=self._recall(precision),
            labelled={stage: (n, self._needed[stage]) for stage, n in sorted(self._labelled.items())},
        )

    def _precision(self) -> Estimate:
        n = self._labelled[KEPT]
        if not n:
            return Estimate(None)
        share, z2 = self._needed[KEPT] / n, Z * Z
        middle = (share + z2 / (2 * n)) / (1 + z2 / n)
        half = Z / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
        return Estimate(share, max(0.0, middle - half), min(1.0, middle + half))

    def _recall(self, precision: Estimate) -> Estimate:
        """Return the recall; None while nobody has labelled anything that was kept, or dropped."""
        stages = [stage for stage in self._left if stage != KEPT]
        looked, needed = (sum(each[stage] for stage in stages) for each in (self._labelled, self._needed))
        if precision.value is None or (stages and not looked):
            return Estimate(None)
        found, found_var = self._total(KEPT, self._labelled[KEPT], self._needed[KEPT])
        # Of a stage that is too small to have a label, nothing is known but what holds of them all.
        parts = [
            self._total(stage, self._labelled[stage], self._needed[stage])
            if self._labelled[stage]
            else self._total(stage, looked, needed)
            for stage in stages
        ]
        missed, missed_var = sum(total for total, _ in parts), sum(var for _, var in parts)
        everything = found + missed
        if not everything:
            return Estimate(None)
        # d(f / (f + m)) = (m df - f dm) / (f + m)^2
        spread = math.sqrt(missed**2 * found_var + found**2 * missed_var) / everything**2
        share = found / everything
        return Estimate(share, max(0.0, share - Z * spread), min(1.0, share + Z * spread))

    def _total(self, stage: str, labelled: int, needed: int) -> tuple[float, float]:
        """Return how many of a stage needed an answer, and the variance of that figure."""
        everything, share = self._left[stage], needed / labelled
        unseen = max(0.0, 1 - labelled / everything)
        return everything * share, everything**2 * share * (1 - share) / labelled * unseen


def _number(text: str) -> float:
    """Return a number from 0 to below 1 that belongs to *text*."""
    return int.from_bytes(blake2b(text.encode(errors="surrogatepass"), digest_size=7).digest()) / 2**56
