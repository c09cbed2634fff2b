"""Days that begin empty, with rates that change, until the last customer has gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from benchmarks.truth.amounts import NotExpressed
from benchmarks.truth.counting import Counted
from benchmarks.truth.floors import Model, demand_of, known_of, read_model, scenario_of
from benchmarks.truth.lengths import load, relaxation
from benchmarks.truth.outputs import read_outputs, thresholds_of
from benchmarks.truth.reading import which_agent, which_work
from benchmarks.truth.running import Trial

__all__ = ["transient"]

FORGOTTEN = 20.0
"""After so many relaxation times at the same rates the state is the same on average: e^-20 is left."""


def transient(case: Mapping[str, Any]) -> tuple[list[Trial], list[tuple[str, str]]]:
    """Return the trial of a day, and what is not compared.

    Raises:
        NotExpressed: If something of it is not known.
    """
    data, outputs = case["model"], case["outputs"]
    if data.get("start", "empty") != "empty":
        raise NotExpressed(f"a day that starts {data['start']!r}")
    end = str(data.get("end", "")).lower()
    if end and not ("served to the end" in end or ("served" in end and "stop" in end)):
        raise NotExpressed(f"a day that ends so: {end!r}")
    model, horizon = read_model(data), float(data["horizon"])
    threshold = data.get("threshold")
    found = read_outputs(outputs, model, threshold)
    scenario = scenario_of(model, which_agent(data), which_work(data), horizon)
    measure = Counted(
        thresholds=thresholds_of(outputs, threshold),
        end_from=_settled(model, data, horizon),
        **known_of(model, 0.0, horizon),
    )
    trial = Trial(
        scenario=scenario,
        warm_up=0.0,
        measure=measure,
        outputs=found.compared,
        controls=measure.controls,
        arrivals=sum(each.expected(0.0, horizon) for each in model.arrivals),
    )
    return [trial], found.skipped


def _settled(model: Model, data: Mapping[str, Any], horizon: float) -> float:
    """Return since when the state is, on average, as at the end; the end itself if it never is before.

    The state at one instant says little; where rates have not changed for long, all of the time since
    says the same on average, and more surely.
    """
    last = max((edge for each in data["classes"] for edge in each.get("breakpoints", [])), default=0.0)
    rates = [
        float(each["rates"][-1] if "rates" in each else each["arrival_rate"]) for each in data["classes"]
    ]
    demand = attrs.evolve(demand_of(model), rates=rates)
    if load(demand) >= 1 and max(demand.patience) == float("inf"):
        return horizon
    return min(last + FORGOTTEN * relaxation(demand), horizon)
