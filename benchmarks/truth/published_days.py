"""Days with three periods, two groups of agents whose sizes change, and a busyness that all share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from benchmarks.truth.amounts import NotExpressed
from benchmarks.truth.counting import busy_steps
from benchmarks.truth.running import Formula, Output, Trial
from benchmarks.truth.telling import figure, figures, interval
from workassign import Agent, Needs, Plan, Queue
from workassign.lab.arrivals import Busy, Profile
from workassign.lab.columns import Outcome
from workassign.lab.distributions import Exponential, Floats, Gamma
from workassign.lab.results import Result
from workassign.lab.scenario import Crew, Scenario, Stream
from workassign.policies import selection

__all__ = ["Day", "shifts_and_busyness"]

POWERS = 2
"""The number of arrivals, to so many powers, is what is known beforehand."""


@attrs.frozen
class Day:
    """Adds up a day."""

    periods: int
    limit: float
    expected: float
    """How many arrive, on average."""

    def __call__(self, result: Result) -> Mapping[str, float]:
        """Return counts by type and period, and agent time of the first group."""
        each = result.journeys
        served, soon = ~np.isnan(each.started), each.waits < self.limit
        left = each.outcome == Outcome.ABANDONED
        found = {
            "served": float(served.sum()),
            "abandoned": float(left.sum()),
            "good": float((served & soon).sum()),
            "left late": float((left & ~soon).sum()),
        }
        many = np.bincount(each.stream[served & soon], minlength=len(result.scenario.streams))
        found |= {f"good/{n // self.periods}/{n % self.periods}": float(v) for n, v in enumerate(many)}
        more = len(each) / self.expected - 1
        found |= {f"more^{power}": more**power for power in range(1, POWERS + 1)}
        for place, crew in enumerate(result.scenario.crews):
            found |= _agent_time(result, place, crew)
        return found


def _agent_time(result: Result, place: int, crew: Crew) -> dict[str, float]:
    """Return busy time, and the time of all who are there or still busy, until the last has gone."""
    who = np.flatnonzero(result.crew_of == place)
    at, busy = busy_steps(result.busy.of(who))
    end = result.ended_at
    edges = np.union1d(np.concatenate([[0.0], at, [since for since, _ in crew.sizes], [end]]), [])
    edges = edges[edges <= end]
    widths = np.diff(edges)
    many = np.append(0.0, busy)[np.searchsorted(at, edges[:-1], side="right")]
    starts = [since for since, _ in crew.sizes]
    sizes = np.array([size for _, size in crew.sizes], dtype=float)
    staff = sizes[np.searchsorted(starts, edges[:-1], side="right") - 1]
    return {
        f"busy/{place}": float((many * widths).sum()),
        f"there/{place}": float((np.maximum(staff, many) * widths).sum()),
    }


def shifts_and_busyness(case: Mapping[str, Any]) -> tuple[list[Trial], list[tuple[str, str]]]:
    """Return the trial of such a day, and what is not compared.

    Raises:
        NotExpressed: If a sentence of it is not known.
    """
    model = case["model"]
    text = model["text"]
    types = len(set(re.findall(r"type(\d+)", text)))
    match = re.search(r"(\w+) (\d+)-hour periods", text)
    count = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}.get(match[1] if match else "", 0)
    if match is None or not count or "strict" not in model["threshold"]:
        raise NotExpressed("the number of periods, or the threshold")
    length = 60.0 * int(match[2])
    shape = figure(text, r"Gamma\(shape (\d*\.?\d+)")
    groups = [[int(each) for each in figures(text, rf"group{j}", count)] for j in (0, 1)]
    work = figures(text, r"service rate", count)
    patience = figures(text, r"patience rate", count)
    streams = []
    for k in range(types):
        rates = figures(text, rf"type{k}", count)
        for period in range(count):
            own = [rate if place == period else 0.0 for place, rate in enumerate(rates)]
            usual = Profile(own, [length * (place + 1) for place in range(count - 1)])
            streams.append(
                Stream(
                    name=f"type{k} period{period}",
                    arrivals=Busy(usual, Gamma(1.0, shape), each=length * count, name="day"),
                    handling=Exponential(1.0 / work[period]),
                    patience=Exponential(1.0 / patience[period]),
                    needs=Needs({f"type{k}": 1.0}),
                )
            )
    expected = sum(each.arrivals.expected(0.0, length * count) for each in streams)
    scenario = Scenario(
        plan=Plan(queues={"default": Queue(auto_accept=True, selection=selection.best_skill)}),
        streams=streams,
        crews=[_crew(j, sizes, length, _levels(model["skills"], j)) for j, sizes in enumerate(groups)],
        duration=length * count,
    )
    trial = Trial(
        scenario=scenario,
        warm_up=0.0,
        measure=Day(count, figure(model["threshold"], r"(\d+) seconds") / 60.0, expected),
        outputs=_outputs(case["outputs"]),
        controls=dict(
            zip((f"more^{n}" for n in range(1, POWERS + 1)), _moments(expected, shape), strict=True)
        ),
        arrivals=expected,
        fewest=80,
    )
    return [trial], []


def _levels(text: str, group: int) -> dict[str, float]:
    """Return the skills of a group: better, the earlier it comes for a type."""
    found = {}
    for part in text.split(";"):
        name, _, order = part.partition(":")
        named = [int(each) for each in re.findall(r"group(\d+)", order)]
        if group in named:
            found[name.strip()] = float(len(named) - named.index(group))
    if not found:
        raise NotExpressed(f"skills of group {group} in {text!r}")
    return found


def _crew(j: int, sizes: list[int], length: float, levels: dict[str, float]) -> Crew:
    agents = tuple(Agent(id=f"group{j}-{n}", skills=levels) for n in range(max(sizes)))
    return Crew(
        name=f"group{j}",
        agents=agents,
        sizes=[(length * place, size) for place, size in enumerate(sizes)],
    )


def _moments(mean: float, shape: float) -> Floats:
    """Return E[(N / mean - 1)^p] for p from 1 on, where N is Poisson with a rate that is Gamma.

    From factorial moments, mean^p x E[B^p], and Stirling's numbers of the second kind.
    """
    factorial, rising = [1.0], 1.0
    for power in range(1, POWERS + 1):
        rising *= (shape + power - 1) / shape
        factorial.append(mean**power * rising)
    stirling = [[1.0]]
    for n in range(1, POWERS + 1):
        row = stirling[-1]
        stirling.append([(row[k - 1] if k else 0.0) + (k * row[k] if k < n else 0.0) for k in range(n + 1)])
    raw = [sum(stirling[n][k] * factorial[k] for k in range(n + 1)) / mean**n for n in range(POWERS + 1)]
    return np.array(
        [sum(_choose(p, k) * (-1.0) ** (p - k) * raw[k] for k in range(p + 1)) for p in range(1, POWERS + 1)]
    )


def _choose(n: int, k: int) -> float:
    return 1.0 if k == 0 else _choose(n - 1, k - 1) * n / k


def _outputs(outputs: Mapping[str, Any]) -> list[Output]:
    found = []
    for name, value in outputs.items():
        if name in ("served", "abandoned"):
            found.append(interval(name, value, _of(name)))
        elif name == "service_level":
            found.append(interval(name, value, _level))
        elif match := re.fullmatch(r"occupancy_group(\d)", name):
            found.append(interval(name, value, _occupancy(match[1])))
        elif name == "good_by_type_period":
            found += [
                interval(f"{name}[{k}][{p}]", each, _of(f"good/{k}/{p}"))
                for k, row in enumerate(value)
                for p, each in enumerate(row)
            ]
    return found


def _of(name: str) -> Formula:
    return lambda sums: sums[name]


def _level(sums: Mapping[str, Any]) -> Any:
    return sums["good"] / (sums["served"] + sums["left late"])


def _occupancy(group: str) -> Formula:
    return lambda sums: sums[f"busy/{group}"] / sums[f"there/{group}"]
