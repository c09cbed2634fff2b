"""Floors in the long run: one class or several, skills, speeds, chats, priorities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import attrs

from benchmarks.truth.counting import Counted
from benchmarks.truth.floors import LOTS, Model, demand_of, read_model, scenario_of
from benchmarks.truth.lengths import relaxation
from benchmarks.truth.outputs import read_outputs, thresholds_of
from benchmarks.truth.reading import WhichAgent, WhichWork, which_agent, which_work
from benchmarks.truth.running import Output, Trial

__all__ = ["FEWEST", "orders", "steady", "trial_of"]

FEWEST = 4_000
"""A run has at least so many arrivals: below, setting it up costs more than it shows."""


def steady(case: Mapping[str, Any]) -> tuple[list[Trial], list[tuple[str, str]]]:
    """Return the trial of a case in the long run, and what is not compared.

    Raises:
        NotExpressed: If something of it is not known.
    """
    data, outputs = case["model"], case["outputs"]
    model = read_model(data)
    found = read_outputs(outputs, model)
    trial = trial_of(model, which_agent(data), which_work(data), outputs, found.compared)
    return [trial], found.skipped


def orders(case: Mapping[str, Any]) -> tuple[list[Trial], list[tuple[str, str]]]:
    """Return a trial for each order of service that an output names: `sd_fcfs`, `sd_lcfs`, `sd_random`."""
    data, outputs = case["model"], case["outputs"]
    model, who = read_model(data), which_agent(data)
    usual: dict[str, Any] = {}
    trials, skipped = [], []
    for name, value in outputs.items():
        order = next((kind for word, kind in _ORDERS.items() if name.endswith(f"_{word}")), None)
        if order is None:
            usual[name] = value
            continue
        base = name.rpartition("_")[0]
        read = read_outputs({"sd_wait" if base == "sd" else base: value}, model)
        named = [attrs.evolve(each, name=name) for each in read.compared]
        if named:
            trials.append(trial_of(model, who, WhichWork(order), {}, named))
        else:
            skipped.append((name, "the name is not known"))
    read = read_outputs(usual, model)
    if read.compared:
        trials.append(trial_of(model, who, which_work(data), usual, read.compared))
    return trials, [*skipped, *read.skipped]


_ORDERS: Mapping[str, Literal["first", "last", "random"]] = {
    "fcfs": "first",
    "fifo": "first",
    "random": "random",
    "siro": "random",
    "lcfs": "last",
    "lifo": "last",
}


def trial_of(
    model: Model, who: WhichAgent, what: WhichWork, outputs: Mapping[str, Any], compared: list[Output]
) -> Trial:
    """Return the trial of a floor with these rules: long enough to forget how it began."""
    demand = demand_of(model)
    rate, slow = sum(demand.rates), relaxation(demand)
    warm_up = 10.0 * slow
    length = max(60.0 * slow, FEWEST / rate)
    warm_up = max(warm_up, 0.02 * length)
    lots = LOTS if what.kind == "random" else 1
    measure = Counted(thresholds=thresholds_of(outputs), states="agent_time_share" in outputs, lots=lots)
    return Trial(
        scenario=scenario_of(model, who, what, warm_up + length),
        warm_up=warm_up,
        measure=measure,
        outputs=compared,
        arrivals=rate * (warm_up + length),
    )
