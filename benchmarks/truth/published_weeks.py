"""Weeks with two languages, a limit of lines, and customers who call again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from benchmarks.truth.amounts import NotExpressed
from benchmarks.truth.running import Formula, Output, Trial
from benchmarks.truth.telling import clock, figure, interval
from workassign import Agent, Needs, Plan, Queue
from workassign.lab.arrivals import Profile
from workassign.lab.columns import Outcome
from workassign.lab.distributions import Constant, Exponential, Uniform
from workassign.lab.results import Result
from workassign.lab.scenario import Crew, Return, Scenario, Stream
from workassign.policies import selection

__all__ = ["Week", "retrials_and_lines"]

_CONVENTIONS = ("SAME patience", "accumulated over all tries", "counts retrials", "disconnected", "EXPECTED")
"""Words of the conventions that are kept here; where one is missing, the case means something else."""


@attrs.frozen
class Week:
    """Adds up a day, of which a week has several, all alike."""

    days: float
    limit: float

    def __call__(self, result: Result) -> Mapping[str, float]:
        """Return counts by type, of all tries, and busy minutes by crew."""
        each = result.journeys
        first = np.where(each.origin >= 0, each.origin, np.arange(len(each)))
        waits = np.bincount(first, np.nan_to_num(each.waits), minlength=len(each))
        served = ~np.isnan(each.started)
        rows = {
            "arrived": np.ones(len(each)),
            "retrials": each.attempt > 1,
            "served": served,
            "abandoned": each.outcome == Outcome.ABANDONED,
            "disconnected": each.outcome == Outcome.TURNED_AWAY,
            # Who is served was served last: all waits of hers are before that.
            "in_target": served & (waits[first] <= self.limit),
        }
        found: dict[str, float] = {}
        for name, row in rows.items():
            many = np.bincount(each.stream, np.asarray(row, dtype=float), minlength=2)
            found |= {f"{name}/{k}": self.days * float(value) for k, value in enumerate(many)}
        busy = result.busy
        areas = np.bincount(result.crew_of[busy.agent], busy.until - busy.since, minlength=3)
        found |= {f"busy/{j}": float(value) for j, value in enumerate(areas)}
        found["busy/all"] = float(areas.sum())
        return found


def retrials_and_lines(case: Mapping[str, Any]) -> tuple[list[Trial], list[tuple[str, str]]]:
    """Return the trial of a day of such a week, and what is not compared.

    Raises:
        NotExpressed: If a sentence of it is not known.
    """
    model = case["model"]
    text, told = model["text"], " ".join(model.get("hidden_conventions", ()))
    missing = [words for words in _CONVENTIONS if words not in told]
    if missing or "random" not in model["agent_selection"]:
        raise NotExpressed(f"conventions that do not say {missing}, or agents not at random")
    days = figure(text, r"(\d+) (?:week)?days")
    span = re.search(r"(\d\d:\d\d)-(\d\d:\d\d)", text)
    if span is None:
        raise NotExpressed("hours of opening")
    length = clock(span[2]) - clock(span[1])
    many = [int(figure(text, rf"(\d+) {kind}")) for kind in ("English-only", "Spanish-only", "bilingual")]
    outputs = case["outputs"]
    limit = next((name for name in outputs if name.startswith("in_target")), "in_target_1min")
    scenario = Scenario(
        plan=Plan(queues={name: _queue() for name in ("english", "spanish")}),
        streams=[_stream(name, model, clock(span[1])) for name in ("english", "spanish")],
        crews=[
            _crew("english", many[0], ("english",), length),
            _crew("spanish", many[1], ("spanish",), length),
            _crew("bilingual", many[2], ("english", "spanish"), length),
        ],
        duration=length,
        lines=int(figure(text, r"(\d+) phone lines")),
        turn_away=True,
    )
    trial = Trial(
        scenario=scenario,
        warm_up=0.0,
        measure=Week(days, figure(limit, r"_(\d+(?:\.\d+)?)min")),
        outputs=_outputs(outputs, many, length, days),
        arrivals=sum(each.arrivals.expected(0.0, length) for each in scenario.streams),
    )
    return [trial], []


def _queue() -> Queue:
    return Queue(auto_accept=True, selection=selection.random_idle(1))


def _stream(name: str, model: Mapping[str, Any], opens: float) -> Stream:
    text, retrial = model["text"], model["retrial"]
    rates, edges = [], []
    for rate, begin, _ in re.findall(r"(\d+)/h each in (\d\d)-(\d\d)", text):
        rates.append(float(rate) / 60.0)
        edges.append(clock(begin) - opens)
    language = name.capitalize()
    low = figure(text, rf"uniform\((\d*\.?\d+),\s*\d*\.?\d+\) {language}")
    high = figure(text, rf"uniform\(\d*\.?\d+,\s*(\d*\.?\d+)\) {language}")
    return Stream(
        name=name,
        arrivals=Profile(rates, edges[1:]),
        handling=Uniform(low, high),
        patience=Exponential(figure(text, r"[Pp]atience exponential mean (\d*\.?\d+)")),
        queue=name,
        needs=Needs({name: 1.0}),
        returns=Return(
            share=figure(retrial, r"probability (\d*\.?\d+)"),
            after=Constant(figure(retrial, r"after (?:exactly )?(\d*\.?\d+) min")),
            same=True,
            most=1000,
        ),
    )


def _crew(name: str, many: int, skills: tuple[str, ...], length: float) -> Crew:
    agents = tuple(Agent(id=f"{name}-{n}", skills=dict.fromkeys(skills, 1.0)) for n in range(many))
    return Crew(name=name, agents=agents, shifts=[(0.0, length)])


def _outputs(outputs: Mapping[str, Any], many: list[int], length: float, days: float) -> list[Output]:
    found = []
    for name, value in outputs.items():
        if name == "occupancy_pct":
            for place, crew in enumerate(("english", "spanish", "bilingual")):
                found.append(
                    interval(f"{name}.{crew}", value[crew], _percent(str(place), many[place] * length))
                )
            found.append(interval(f"{name}.all", value["all"], _percent("all", sum(many) * length)))
            continue
        base = "in_target" if name.startswith("in_target") else name
        for k, each in enumerate(value):
            output = interval(f"{name}[{k}]", each, _of(f"{base}/{k}"))
            # A week is so many days alike; what is rare happens as it does in a Poisson process.
            found.append(attrs.evolve(output, least=days * output.exact if output.exact < 1 else 0.0))
    return found


def _percent(who: str, minutes: float) -> Formula:
    return lambda sums: 100.0 * sums[f"busy/{who}"] / minutes


def _of(name: str) -> Formula:
    return lambda sums: sums[name]
