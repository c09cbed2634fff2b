"""What do rules cost, next to the best rule there is? Each policy that a case lists, by its words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import attrs

from benchmarks.truth.amounts import NotExpressed
from benchmarks.truth.floors import Model, read_model
from benchmarks.truth.outputs import read_outputs
from benchmarks.truth.reading import WhichAgent, WhichWork, numbers
from benchmarks.truth.running import Formula, Output, Trial
from benchmarks.truth.steady import trial_of

__all__ = ["COST", "controlled", "optimal_cost", "weighed"]

COST = re.compile(r"cost|holding|\bh\b")
CLASS = r"(?:class |type |queue )?"


def controlled(case: Mapping[str, Any]) -> tuple[list[Trial], list[tuple[str, str]]]:
    """Return a trial for each policy that can be said in a plan, and what is not compared.

    Raises:
        NotExpressed: If something of the model is not known.
    """
    data, outputs = case["model"], case["outputs"]
    model, costs = read_model(data), _costs(data)
    who = WhichAgent("order", _fastest(model))
    trials: list[Trial] = []
    skipped: list[tuple[str, str]] = []
    for words, known in outputs.get("policies", {}).items():
        try:
            what = _rule(words, model, costs)
        except NotExpressed as error:
            skipped.append((f"policies.{words}", str(error)))
            continue
        best = optimal_cost(outputs)
        read = _known(words, known, model, costs, best, outputs.get("ratio_to_optimal", {}))
        trials.append(trial_of(model, who, what, {}, read))
    named = {"policies", "ratio_to_optimal"}
    reasons = dict.fromkeys(outputs, "no output of a rule: it is what they are compared with")
    skipped += [(name, reason) for name, reason in reasons.items() if name not in named]
    return trials, skipped


def weighed(case: Mapping[str, Any]) -> list[tuple[str, Trial]]:
    """Return trials of shipped rules whose figures follow from the model alone, and their names.

    MaxWeight by cost x speed, and thresholds that keep the agent of several classes for those that
    only she can serve while few of the others wait.
    """
    model, costs = read_model(case["model"]), _costs(case["model"])
    formula = _cost_rate(costs)
    who = WhichAgent("order", _fastest(model))
    rules = {
        "MaxWeight cost x speed": WhichWork("weight", figures=_by_speed(model, costs), ties=model.classes)
    }
    own = _own_first(model)
    elsewhere = [name for k, name in enumerate(model.classes) if len(model.service[k]) > 1]
    if 0 < len(elsewhere) < len(model.classes):
        for most in range(1, 9):
            figures = dict.fromkeys(elsewhere, most)
            rules[f"threshold {most}"] = WhichWork("threshold", order=own, figures=figures)
    return [
        (name, trial_of(model, who, what, {}, [Output(name, optimal_cost(case["outputs"]) or 1.0, formula)]))
        for name, what in rules.items()
    ]


def optimal_cost(outputs: Mapping[str, Any]) -> float | None:
    """Return the cost of the best rule that there is."""
    for name in ("optimal_average_cost", "optimal_cost_rate", "optimal_cost"):
        if name in outputs:
            return float(outputs[name])
    return None


# --- costs ----------------------------------------------------------------------------------


def _costs(data: Mapping[str, Any]) -> list[tuple[float, bool]]:
    """Return the cost of each class by time, and whether it counts in service too."""
    found = []
    for each in data["classes"]:
        named = [name for name in each if COST.search(name)]
        if len(named) != 1:
            raise NotExpressed(f"class {each['name']!r} has no cost, or several")
        found.append((float(each[named[0]]), "system" in named[0]))
    return found


def _cost_rate(costs: list[tuple[float, bool]]) -> Formula:
    def formula(sums: Mapping[str, Any]) -> Any:
        total = sum(
            cost * (sums[f"queue/{k}"] + (sums[f"hands/{k}"] if system else 0.0))
            for k, (cost, system) in enumerate(costs)
        )
        return total / sums["time"]

    return formula


def _known(
    words: str,
    known: Any,
    model: Model,
    costs: list[tuple[float, bool]],
    best: float | None,
    ratios: Mapping[str, float],
) -> list[Output]:
    """Return what is known of a policy: a cost, or a table of figures; and its ratio to the best."""
    name, cost = f"policies.{words}", _cost_rate(costs)
    if isinstance(known, int | float):
        found = [Output(name, float(known), cost)]
    else:
        usual = {key: value for key, value in known.items() if not key.startswith("cost")}
        found = [
            attrs.evolve(each, name=f"{name}.{each.name}") for each in read_outputs(usual, model).compared
        ]
        found += [Output(f"{name}.{key}", float(known[key]), cost) for key in known if key.startswith("cost")]
    if best is not None and words in ratios:
        found.append(Output(f"ratio_to_optimal.{words}", float(ratios[words]), _over(cost, best)))
    return found


def _over(cost: Formula, best: float) -> Formula:
    return lambda sums: cost(sums) / best


# --- rules ----------------------------------------------------------------------------------


def _fastest(model: Model) -> dict[str, list[str]]:
    """Return the pools of each class, the fastest first; of equal ones who can do least else."""
    return {
        name: [
            model.pools[j]
            for j in sorted(model.service[k], key=lambda j: (model.service[k][j].mean, len(model.can(j))))
        ]
        for k, name in enumerate(model.classes)
    }


def _own_first(model: Model) -> dict[str, list[str]]:
    """Return the classes of each pool, those first that fewest pools can serve."""
    return {
        pool: [model.classes[k] for k in sorted(model.can(j), key=lambda k: (len(model.service[k]), k))]
        for j, pool in enumerate(model.pools)
    }


def _by_speed(model: Model, costs: list[tuple[float, bool]]) -> dict[str, dict[str, float]]:
    return {
        pool: {
            name: costs[k][0] / model.service[k][j].mean if j in model.service[k] else 0.0
            for k, name in enumerate(model.classes)
        }
        for j, pool in enumerate(model.pools)
    }


def _rule(words: str, model: Model, costs: list[tuple[float, bool]]) -> WhichWork:
    """Return the rule of a policy's words.

    Raises:
        NotExpressed: If they are not known, or ask for idle agents while work waits.
    """
    text = words.lower()
    if re.search(r"(?<!non-)(?<!non )(?<!no )\bidling|idles?\b|reserv", text):
        raise NotExpressed("agents who idle while work waits for them: the engine leaves nobody so")
    if "preempt" in text and not re.search(r"non-?preempt|no preempt", text):
        raise NotExpressed("nobody is interrupted here")
    if re.search(r"threshold|more than \d+", text):
        return _threshold(text, model)
    if re.search(r"max-?weight", text):
        return WhichWork("weight", figures=_by_speed(model, costs), ties=model.classes)
    if "longest queue" in text:
        ones = {pool: dict.fromkeys(model.classes, 1.0) for pool in model.pools}
        return WhichWork("weight", figures=ones, ties=model.classes)
    if re.search(r"fcfs|fifo|first come", text):
        return WhichWork("first")
    first = _preferred(text, model)
    if first is not None:
        return WhichWork("order", {pool: _put_first(first, model, j) for j, pool in enumerate(model.pools)})
    if re.search(r"c-?mu|cµ|cμ|gcmu", text):
        speeds = _by_speed(model, costs)
        order = {
            pool: sorted((model.classes[k] for k in model.can(j)), key=lambda name: -speeds[pool][name])
            for j, pool in enumerate(model.pools)
        }
        return WhichWork("order", order)
    raise NotExpressed(f"policy {words!r}")


def _class(word: str, model: Model) -> str | None:
    """Return the class that a word means: its name, or its number from 1."""
    names = {name.lower(): name for name in model.classes}
    if word in names:
        return names[word]
    if word.isdigit() and 1 <= int(word) <= len(model.classes):
        return model.classes[int(word) - 1]
    return None


def _preferred(text: str, model: Model) -> str | None:
    for pattern in (
        rf"prefers? {CLASS}([\w-]+)",
        rf"priority (?:to|for) {CLASS}([\w-]+)",
        rf"{CLASS}([\w-]+) (?:always |goes )?first",
        rf"{CLASS}([\w-]+) has priority",
    ):
        match = re.search(pattern, text)
        if match is not None and (found := _class(match[1], model)) is not None:
            return found
    return None


def _put_first(first: str, model: Model, j: int) -> list[str]:
    names = [model.classes[k] for k in model.can(j)]
    return sorted(names, key=lambda name: name != first)


def _threshold(text: str, model: Model) -> WhichWork:
    """Return the rule of words like "class 1 first when more than 4 of class 1 wait, else class 2 first"."""
    match = re.search(rf"{CLASS}([\w-]+) first when more than (\d+)", text)
    least = numbers(match[2]) if match else []
    name = _class(match[1], model) if match else None
    if name is None:
        level = re.search(r"\bl\s*=\s*(\d+)", text)
        several = [each for k, each in enumerate(model.classes) if len(model.service[k]) > 1]
        if level is None or len(several) != 1:
            raise NotExpressed(f"threshold {text!r}")
        name, least = several[0], [float(level[1])]
    order = {
        pool: sorted((model.classes[k] for k in model.can(j)), key=lambda each: each == name)
        for j, pool in enumerate(model.pools)
    }
    return WhichWork("threshold", order=order, figures={name: int(least[0])})
