"""Which figures follow from the columns of a simulation? By the names and formulas of `formulas`.

A figure of nothing is NaN: nothing happened, and that is neither good nor bad. Interactions count
where they arrived; what is averaged over time is so between the two ends of the window.
"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from workassign import formulas
from workassign.lab.columns import Outcome
from workassign.lab.distributions import Floats, Integers

__all__ = ["FIGURES", "Integers", "Journeys", "Spans", "figures", "overlap"]

Marks = NDArray[np.bool_]


@attrs.frozen(eq=False, kw_only=True)
class Journeys:
    """Interactions, a row each, in order of arrival; NaN for what did not happen."""

    arrived: Floats
    started: Floats
    """When somebody first accepted."""
    done: Floats
    """When the work was done, before any wrap-up."""
    ended: Floats
    """When it was closed, or its customer left."""
    outcome: Integers
    """See `Outcome`."""
    stream: Integers
    agent: Integers
    """Who had it last; -1: nobody."""
    attempt: Integers
    origin: Integers
    """The row of the first attempt, or of who made this one write; -1: none."""
    units: Floats
    """How much of an agent's capacity it takes up."""

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self.arrived.size)

    def of(self, rows: Marks | Integers) -> Journeys:
        """Return only these rows; origins still say rows of the whole."""
        return Journeys(**{field.name: getattr(self, field.name)[rows] for field in attrs.fields(Journeys)})

    @property
    def let_in(self) -> Marks:
        """Which were not blocked."""
        marks: Marks = self.outcome != Outcome.BLOCKED
        return marks

    @property
    def waits(self) -> Floats:
        """Seconds until somebody accepted, else until the customer left or was turned away; else NaN."""
        return np.where(np.isnan(self.started), self.ended, self.started) - self.arrived


@attrs.frozen(eq=False, kw_only=True)
class Spans:
    """From when to when agents held something, or were there: a row each."""

    agent: Integers
    since: Floats
    until: Floats
    weight: Floats
    """Units of capacity."""

    def of(self, agents: Integers) -> Spans:
        """Return those of some agents only."""
        rows = np.isin(self.agent, agents)
        return Spans(
            agent=self.agent[rows], since=self.since[rows], until=self.until[rows], weight=self.weight[rows]
        )

    def area(self, since: float, until: float) -> float:
        """Return weight x seconds between two instants."""
        return float((overlap(self.since, self.until, since, until) * self.weight).sum())


def overlap(begin: Floats, end: Floats, since: float, until: float) -> Floats:
    """Return for how many seconds of [since, until] each span lasts.

    >>> overlap(np.array([0.0, 5.0]), np.array([2.0, 20.0]), 1.0, 10.0).tolist()
    [1.0, 5.0]
    """
    seconds: Floats = np.maximum(np.minimum(end, until) - np.maximum(begin, since), 0.0)
    return seconds


FIGURES = {
    "entered": "interactions that arrived and were let in",
    "blocked": "interactions that found no line, or whose queue let nothing in",
    "answered": "entered, and accepted by an agent",
    "abandoned": "entered, and left by the customer before that",
    "turned_away": "entered, and turned away when the desk closed",
    "exited": "entered, and closed otherwise before an agent accepted",
    "waiting": "entered, and open at the end without anybody having accepted",
    "completed": "entered, and done",
    "block_rate": "blocked / (entered + blocked)",
    "abandon_rate": "abandoned / entered",
    "p_wait": "waited for more than 0 seconds / entered",
    "asa": "mean seconds to the acceptance, of those answered",
    "mean_wait": "mean seconds to the acceptance or the leaving, of all who had either",
    "wait_p50": "median of the seconds to the acceptance",
    "wait_p90": "90th percentile of the same",
    "wait_p95": "95th percentile of the same",
    "wait_max": "the longest of the same",
    "sl_offered": "answered within the threshold / entered",
    "sl_answered": "answered within the threshold / answered",
    "sl_drop_early_abandon": "answered within / (entered - abandoned within)",
    "sl_early_abandon_ok": "(answered within + abandoned within) / (answered + abandoned)",
    "handle_time": "mean seconds from acceptance to the end, wrap-up included, of those completed",
    "occupancy": "unit seconds held / unit seconds of capacity of those who are there",
    "utilisation": "seconds with anything in her hands / seconds there, over all agents",
    "mean_queue": "how many waited, on average over time",
    "mean_in_hand": "how many were in agents' hands, on average over time",
    "throughput": "completions per second",
}
"""What each figure is."""


def figures(
    journeys: Journeys,
    held: Spans,
    busy: Spans,
    there: Spans,
    window: tuple[float, float],
    threshold: float | Floats,
) -> dict[str, float]:
    """Return every figure of `FIGURES` of what arrived in the *window*.

    *journeys* are those of the scope, of any time; *held* what agents had in their hands by unit,
    *busy* when they had anything, *there* when they were there, by unit of capacity; *threshold* is
    the service level's, seconds, for all or one by row. Cost: O(n log n).
    """
    since, until = window
    within = (journeys.arrived >= since) & (journeys.arrived < until)
    mine = journeys.of(within & journeys.let_in)
    limit = threshold[within & journeys.let_in] if isinstance(threshold, np.ndarray) else threshold
    blocked = int((within & ~journeys.let_in).sum())
    found = {name: float("nan") for name in FIGURES}
    found |= _counts(mine, blocked)
    found |= _waits(mine, limit)
    found |= _over_time(journeys, held, busy, there, window)
    return found


def _counts(mine: Journeys, blocked: int) -> dict[str, float]:
    answered = ~np.isnan(mine.started)
    entered = len(mine)
    ends = {
        "abandoned": Outcome.ABANDONED,
        "turned_away": Outcome.TURNED_AWAY,
        "exited": Outcome.EXITED,
        "waiting": Outcome.WAITING,
    }
    counted = {name: int(((mine.outcome == end) & ~answered).sum()) for name, end in ends.items()}
    return {
        "entered": entered,
        "blocked": blocked,
        "answered": int(answered.sum()),
        **counted,
        "completed": int((mine.outcome == Outcome.COMPLETED).sum()),
        "block_rate": _share(blocked, entered + blocked),
        "abandon_rate": _number(formulas.abandon_rate(counted["abandoned"], entered)),
    }


def _waits(mine: Journeys, threshold: float | Floats) -> dict[str, float]:
    waits = mine.waits
    answered = ~np.isnan(mine.started)
    left = mine.outcome == Outcome.ABANDONED
    soon = waits <= threshold
    good, early = int((answered & soon).sum()), int((left & ~answered & soon).sum())
    entered, met = len(mine), int(answered.sum())
    waited = waits[answered]
    p50, p90, p95, most = (
        np.quantile(waited, [0.5, 0.9, 0.95, 1.0]).tolist() if waited.size else [float("nan")] * 4
    )
    over = mine.outcome == Outcome.COMPLETED
    known = waits[~np.isnan(waits)]
    return {
        "p_wait": _share(int((~(waits <= 0)).sum()), entered),
        "asa": _mean(waited),
        "mean_wait": _mean(known),
        "wait_p50": p50,
        "wait_p90": p90,
        "wait_p95": p95,
        "wait_max": most,
        "sl_offered": _number(formulas.sl_offered(good, entered)),
        "sl_answered": _number(formulas.sl_answered(good, met)),
        "sl_drop_early_abandon": _number(formulas.sl_drop_early_abandon(good, entered, early)),
        "sl_early_abandon_ok": _number(
            formulas.sl_early_abandon_ok(good, early, met, int((left & ~answered).sum()))
        ),
        "handle_time": _mean((mine.ended - mine.started)[over]),
    }


def _over_time(
    journeys: Journeys, held: Spans, busy: Spans, there: Spans, window: tuple[float, float]
) -> dict[str, float]:
    since, until = window
    waited = journeys.of(journeys.let_in)
    ends = np.where(np.isnan(waited.started), waited.ended, waited.started)
    queue = overlap(waited.arrived, np.where(np.isnan(ends), until, ends), since, until).sum()
    hands = overlap(
        np.where(np.isnan(waited.started), until, waited.started),
        np.where(np.isnan(waited.ended), until, waited.ended),
        since,
        until,
    ).sum()
    presence = float(overlap(there.since, there.until, since, until).sum())
    over = (waited.outcome == Outcome.COMPLETED) & (waited.ended >= since) & (waited.ended < until)
    return {
        "occupancy": _share(held.area(since, until), there.area(since, until)),
        "utilisation": _share(busy.area(since, until), presence),
        "mean_queue": float(queue) / (until - since),
        "mean_in_hand": float(hands) / (until - since),
        "throughput": float(over.sum()) / (until - since),
    }


def _share(part: float, whole: float) -> float:
    return _number(formulas.share(part, whole))


def _number(figure: float | None) -> float:
    return float("nan") if figure is None else float(figure)


def _mean(values: NDArray[Any]) -> float:
    return float(values.mean()) if values.size else float("nan")
