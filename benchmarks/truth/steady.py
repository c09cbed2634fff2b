"""Floors in the long run: one class or several, skills, speeds, chats, priorities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import attrs

from benchmarks.truth.counting import Counted
from benchmarks.truth.floors import LOTS, Model, demand_of, known_of, read_model, scenario_of
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
    usual = {name: value for name, value in outputs.items() if _order_of(name) is None}
    read = read_outputs(usual, model)
    what, skipped = which_work(data), read.skipped
    by_order: dict[Order, list[Output]] = {}
    for name, value in outputs.items():
        order = _order_of(name)
        if order is None:
            continue
        base = name.rpartition("_")[0]
        found = read_outputs({"sd_wait" if base == "sd" else base: value}, model).compared
        by_order.setdefault(order, []).extend(attrs.evolve(each, name=name) for each in found)
        if not found:
            skipped.append((name, "the name is not known"))
    if what.kind in by_order and not thresholds_of(usual):
        by_order[what.kind] += read.compared
        read.compared.clear()
    trials = [trial_of(model, who, WhichWork(kind), {}, each) for kind, each in by_order.items() if each]
    if read.compared:
        trials.append(trial_of(model, who, what, usual, read.compared))
    return trials, skipped


def _order_of(name: str) -> Order | None:
    """Return the order of service that an output is of, if its name ends so."""
    return _ORDERS.get(name.rpartition("_")[2])


Order = Literal["first", "last", "random"]
_ORDERS: Mapping[str, Order] = {
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
    measure = Counted(
        thresholds=thresholds_of(outputs),
        states="agent_time_share" in outputs,
        lots=lots,
        **known_of(model, warm_up, warm_up + length),
    )
    return Trial(
        scenario=scenario_of(model, who, what, warm_up + length),
        warm_up=warm_up,
        measure=measure,
        outputs=compared,
        controls=measure.controls,
        arrivals=rate * (warm_up + length),
    )
