"""What is added up in one run? Sums by class and pool, of which every output is a formula.

Keys: `name/CLASS`, places from 0, or `name/*` for all classes together; `busy/POOL`; `by/CLASS/POOL`.
An interaction counts where it arrived; what is averaged over time is so within the window.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from workassign.lab.columns import Outcome
from workassign.lab.distributions import Floats
from workassign.lab.measures import Spans, overlap
from workassign.lab.results import Result

__all__ = ["Counted", "occupied"]

Marks = NDArray[np.bool_]


@attrs.frozen(kw_only=True)
class Counted:
    """Adds up a run; made once for a case, and sent to whoever runs it."""

    thresholds: tuple[float, ...] = ()
    lots: int = 1
    """So many streams, one after the other, are one class."""
    states: bool = False
    """Add up for how long agents had how many of which class."""
    expected: float | None = None
    """How many arrive in the window on average; None: it is not known."""
    means: tuple[tuple[float, ...], ...] = ()
    """Mean service by class and pool, any number where it does not happen; none: it is not known."""
    end_from: float | None = None
    """What is there at the end is averaged from this instant on; None: not added up."""

    def __call__(self, result: Result) -> Mapping[str, float]:
        """Return the sums."""
        since, until = result.window
        streams = len(result.scenario.streams) // self.lots
        found: dict[str, float] = {"time": until - since, "one": 1.0}
        for name, row in self._by_class(result, since, until).items():
            values = np.bincount(result.journeys.stream // self.lots, row, minlength=streams)
            found |= {f"{name}/{k}": float(value) for k, value in enumerate(values)}
            found[f"{name}/*"] = float(values.sum())
        found |= _by_pool(result, since, until, self.lots)
        if self.expected is not None:
            found["more arrivals"] = found["arrived/*"] / self.expected - 1
        if self.expected is not None and self.means:
            usual = sum(
                found[f"by/{k}/{j}"] * mean for k, row in enumerate(self.means) for j, mean in enumerate(row)
            )
            found["more work"] = (found["handled/*"] - usual) / self.expected
        if self.states:
            found |= occupied(result, since, until)
        if self.end_from is not None:
            found |= _at_end(result, self.end_from, until)
        return found

    @property
    def controls(self) -> dict[str, float]:
        """Sums whose expectations are known: how many arrive; how long who is served takes beyond the mean.

        Whom an agent is given does not depend on how long it is going to take: so that is 0 on average.
        """
        known = {"more arrivals": 0.0} if self.expected is not None else {}
        return known | ({"more work": 0.0} if known and self.means else {})

    def _by_class(self, result: Result, since: float, until: float) -> dict[str, Floats]:
        """Return rows of what is added up by class: one value for each interaction."""
        each = result.journeys
        arrived = (each.arrived >= since) & (each.arrived < until)
        blocked = arrived & (each.outcome == Outcome.BLOCKED)
        entered = arrived & ~blocked
        waits = np.where(entered, np.nan_to_num(each.waits), 0.0)
        served = entered & ~np.isnan(each.started)
        left = entered & (each.outcome == Outcome.ABANDONED) & ~served
        began = np.where(np.isnan(each.started), each.ended, each.started)
        let_in = each.outcome != Outcome.BLOCKED
        rows: dict[str, Any] = {
            "arrived": arrived,
            "blocked": blocked,
            "entered": entered,
            "served": served,
            "left": left,
            "delayed": (entered & (waits > 0)) | blocked,
            "wait": waits,
            "wait2": waits * waits,
            "wait_served": waits * served,
            "wait2_served": waits * waits * served,
            "wait_left": waits * left,
            "handled": np.where(served, np.nan_to_num(each.ended - each.started), 0.0),
            "queue": let_in * overlap(each.arrived, np.where(np.isnan(began), until, began), since, until),
            "hands": _in_hands(each.started, each.ended, since, until),
        }
        for limit in self.thresholds:
            soon = waits <= limit
            rows[f"good {limit:g}"] = served & soon
            rows[f"early {limit:g}"] = left & soon
            rows[f"within {limit:g}"] = entered & soon
        return {name: np.asarray(row, dtype=float) for name, row in rows.items()}


def _in_hands(started: Floats, ended: Floats, since: float, until: float) -> Floats:
    spans = overlap(np.nan_to_num(started, nan=until), np.nan_to_num(ended, nan=until), since, until)
    return np.where(np.isnan(started), 0.0, spans)


def _by_pool(result: Result, since: float, until: float, lots: int) -> dict[str, float]:
    """Return who was served by whom, of those who arrived in the window, and busy seconds."""
    each, pools = result.journeys, len(result.scenario.crews)
    mine = (each.arrived >= since) & (each.arrived < until) & ~np.isnan(each.started)
    place = result.crew_of[each.agent[mine]] + pools * (each.stream[mine] // lots)
    many = np.bincount(place, minlength=pools * len(result.scenario.streams) // lots)
    found = {f"by/{n // pools}/{n % pools}": float(value) for n, value in enumerate(many)}
    for name, spans in (("busy", result.busy), ("held", result.held)):
        area = overlap(spans.since, spans.until, since, until) * spans.weight
        sums = np.bincount(result.crew_of[spans.agent], area, minlength=pools)
        found |= {f"{name}/{j}": float(value) for j, value in enumerate(sums)}
        found[f"{name}/*"] = float(sums.sum())
    return found


def _at_end(result: Result, since: float, until: float) -> dict[str, float]:
    """Return how many wait, and how many are there, at the end: just then, or on average from *since*."""
    each = result.journeys
    let_in = each.outcome != Outcome.BLOCKED
    began = np.where(np.isnan(each.started), each.ended, each.started)
    if since >= until:
        queue = let_in & (each.arrived < until) & (began >= until)
        there = let_in & (each.arrived < until) & (each.ended >= until)
        return {"queue_end": float(queue.sum()), "there_end": float(there.sum())}
    width = until - since
    queue_area = overlap(each.arrived, began, since, until)[let_in].sum()
    area = overlap(each.arrived, each.ended, since, until)[let_in].sum()
    return {"queue_end": float(queue_area) / width, "there_end": float(area) / width}


def occupied(result: Result, since: float, until: float) -> dict[str, float]:
    """Return agent seconds by what they had in their hands: `state/1,0` is one of the first class.

    States that an agent was never in are left out of a run, and count as 0.
    """
    each = result.journeys
    taken = ~np.isnan(each.started)
    streams = len(result.scenario.streams)
    agents = np.tile(each.agent[taken], 2)
    at = np.concatenate([each.started[taken], np.nan_to_num(each.ended[taken], nan=until)])
    kinds = np.tile(each.stream[taken], 2)
    steps = np.repeat([1, -1], taken.sum())
    order = np.lexsort((steps, at, agents))
    agents, at, kinds, steps = agents[order], np.clip(at[order], since, until), kinds[order], steps[order]
    # Counts go back to 0 at the end of each agent's day, as everything is finished.
    held = np.stack([np.cumsum(np.where(kinds == k, steps, 0)) for k in range(streams)])
    same = np.append(agents[1:] == agents[:-1], False)
    seconds = np.where(same, np.append(np.diff(at), 0.0), 0.0)
    found: dict[str, float] = {}
    states, which = np.unique(held, axis=1, return_inverse=True)
    areas = np.bincount(which.ravel(), seconds)
    for state, area in zip(states.T.tolist(), areas.tolist(), strict=True):
        found["state/" + ",".join(map(str, state))] = area
    idle = "state/" + ",".join(["0"] * streams)
    found[idle] = len(result.agents) * (until - since) - (sum(found.values()) - found.get(idle, 0.0))
    return found


def busy_steps(spans: Spans) -> tuple[Floats, Floats]:
    """Return instants, and how many agents are busy from each on."""
    at = np.concatenate([spans.since, spans.until])
    steps = np.repeat([1.0, -1.0], len(spans.since))
    order = np.argsort(at, kind="stable")
    return at[order], np.cumsum(steps[order])


def column(runs: Sequence[Mapping[str, float]], name: str) -> Floats:
    """Return what the runs say of *name*; 0 where one says nothing."""
    return np.array([run.get(name, 0.0) for run in runs])
