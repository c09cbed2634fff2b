"""Which figure does the name of an output mean? A formula of sums, by name and by the shape of its value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import attrs
import numpy as np

from benchmarks.truth.floors import Model
from benchmarks.truth.running import Formula, Output, Sums

__all__ = ["NORMAL_99", "Outputs", "read_outputs", "thresholds_of"]

NORMAL_99 = 2.5758293035489004
"""Half of a 99 % interval is so many standard errors."""

Figure = Callable[[str], Formula]
"""Makes the formula of a scope: the place of a class, or `*`."""

SKIPPED = {
    r"^n_": "no output: how large the reference's own computation was",
    r"^p_loss|^p_queue_full|_trunc": "no output: what the reference's own computation leaves out",
    r"^bound_": "a bound, of another system",
}


@attrs.frozen
class Outputs:
    """What a case knows: what is compared, and what is not, with the reason."""

    compared: list[Output]
    skipped: list[tuple[str, str]]


def _ratio(above: str, below: str) -> Figure:
    return lambda scope: lambda sums: sums[f"{above}/{scope}"] / sums[f"{below}/{scope}"]


def _per_time(above: str) -> Figure:
    return lambda scope: lambda sums: sums[f"{above}/{scope}"] / sums["time"]


def _deviation(square: str, first: str, count: str) -> Figure:
    def of(scope: str) -> Formula:
        def formula(sums: Sums) -> Any:
            many = sums[f"{count}/{scope}"]
            mean = sums[f"{first}/{scope}"] / many
            return np.sqrt(np.maximum(sums[f"{square}/{scope}"] / many - mean * mean, 0.0))

        return formula

    return of


def _sum(name: str) -> Figure:
    return lambda scope: lambda sums: sums[f"{name}/{scope}"]


def _system(scope: str) -> Formula:
    waited, worked = _ratio("wait", "entered")(scope), _ratio("handled", "served")(scope)
    return lambda sums: waited(sums) + worked(sums)


def _number(scope: str) -> Formula:
    return lambda sums: (sums[f"queue/{scope}"] + sums[f"hands/{scope}"]) / sums["time"]


FIGURES: Mapping[str, Figure] = {
    "p_wait": _ratio("delayed", "arrived"),
    "p_wait_accepted": lambda scope: (
        lambda sums: (sums[f"delayed/{scope}"] - sums[f"blocked/{scope}"]) / sums[f"entered/{scope}"]
    ),
    "p_block": _ratio("blocked", "arrived"),
    "p_abandon": _ratio("left", "arrived"),
    "p_served": _ratio("served", "arrived"),
    "mean_wait": _ratio("wait", "entered"),
    "mean_wait_all": _ratio("wait", "entered"),
    "mean_wait_accepted": _ratio("wait", "entered"),
    "mean_wait_any_order": _ratio("wait", "entered"),
    "mean_wait_served": _ratio("wait_served", "served"),
    "mean_wait_abandoned": _ratio("wait_left", "left"),
    "sd_wait": _deviation("wait2", "wait", "entered"),
    "sd_wait_dll": _deviation("wait2", "wait", "entered"),
    "sd_wait_served": _deviation("wait2_served", "wait_served", "served"),
    "mean_queue": _per_time("queue"),
    "mean_time_in_system": _system,
    "mean_service_duration": _ratio("handled", "served"),
    "mean_number_in_system": _number,
    "mean_chats_in_service": _per_time("hands"),
    "mean_items_in_service": _per_time("hands"),
    "throughput": _per_time("served"),
    "expected_arrivals": _sum("arrived"),
    "expected_served": _sum("served"),
    "expected_abandoned": _sum("left"),
    "expected_blocked": _sum("blocked"),
}
"""Figures of a class, or of all."""

_LEVELS: Mapping[str, Callable[[str, str], Formula]] = {
    "": lambda t, s: lambda m: m[f"within {t}/{s}"] / m[f"entered/{s}"],
    "served_of_all": lambda t, s: lambda m: m[f"good {t}/{s}"] / m[f"arrived/{s}"],
    "served_of_served": lambda t, s: lambda m: m[f"good {t}/{s}"] / m[f"served/{s}"],
    "excl_short_abandon": lambda t, s: (
        lambda m: m[f"good {t}/{s}"] / (m[f"arrived/{s}"] - m[f"early {t}/{s}"])
    ),
    "served": lambda t, s: lambda m: m[f"good {t}/{s}"],
}
"""Service levels of a threshold and a scope, by what stands below."""

_OF_THRESHOLD: Mapping[str, str] = {
    "expected_served_within": "served",
    "ratio_served_within_over_arrivals": "served_of_all",
    "ratio_served_within_over_served": "served_of_served",
    "ratio_excl_short_abandon": "excl_short_abandon",
}
"""Outputs that mean the case's own threshold."""

_LEVEL = re.compile(
    r"^(?P<top>top_class_)?sl(?:_(?P<kind>served_of_all|served_of_served|excl_short_abandon))?"
    r"(?:_(?P<at>\d+(?:[.p]\d+)?))?$"
)
_WITHIN = re.compile(r"^served_within_(?P<at>\d+(?:[.p]\d+)?)_of_(?P<below>arrivals|served)$")


def _at(text: str) -> float:
    return float(text.replace("p", "."))


def thresholds_of(outputs: Mapping[str, Any], threshold: float | None = None) -> tuple[float, ...]:
    """Return every limit of a wait that some output asks about."""
    found = set() if threshold is None else {float(threshold)}
    for name, value in outputs.items():
        match = _LEVEL.match(name) or _WITHIN.match(name)
        if match is None:
            continue
        if match["at"] is not None:
            found.add(_at(match["at"]))
        else:
            found |= {_at(key) for key in _number_keys(value)}
    return tuple(sorted(found))


def _number_keys(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inside in value.items():
            if re.fullmatch(r"\d+(?:[.p]\d+)?", str(key)):
                yield str(key)
            yield from _number_keys(inside)


def read_outputs(outputs: Mapping[str, Any], model: Model, threshold: float | None = None) -> Outputs:
    """Return what *outputs* say of *model*."""
    found = Outputs([], [])
    for name, value in outputs.items():
        if name.endswith("_ci99") or value is None:
            continue
        reason = next((why for pattern, why in SKIPPED.items() if re.search(pattern, name)), None)
        made = None if reason else list(_named(name, value, model, threshold))
        if not made:
            found.skipped.append((name, reason or "the name is not known"))
            continue
        errors = _errors(outputs.get(f"{name}_ci99"), len(made))
        for (label, exact, formula), error in zip(made, errors, strict=True):
            found.compared.append(Output(label, float(exact), formula, error))
    return found


def _errors(half: Any, count: int) -> list[float]:
    """Return standard errors, of half 99 % intervals."""
    if half is None:
        return [0.0] * count
    halves = half if isinstance(half, Sequence) else [half] * count
    return [float(each) / NORMAL_99 for each in halves]


Made = tuple[str, float, Formula]


def _named(name: str, value: Any, model: Model, threshold: float | None) -> Iterator[Made]:
    base = re.sub(r"^exact_|_exact$", "", name)
    if base in FIGURES:
        yield from _scoped(name, value, FIGURES[base], model)
    elif base in _OF_THRESHOLD and threshold is not None:
        level = _LEVELS[_OF_THRESHOLD[base]]
        yield from _scoped(name, value, lambda scope: level(f"{threshold:g}", scope), model)
    elif (match := _LEVEL.match(base)) is not None:
        yield from _levels(name, value, match, model)
    elif (match := _WITHIN.match(base)) is not None:
        kind = "served_of_all" if match["below"] == "arrivals" else "served_of_served"
        level, at = _LEVELS[kind], f"{_at(match['at']):g}"
        yield from _scoped(name, value, lambda scope: level(at, scope), model)
    elif base in _OF_POOLS:
        yield from _OF_POOLS[base](name, value, model)


def _scoped(name: str, value: Any, figure: Figure, model: Model) -> Iterator[Made]:
    """Yield a figure of all classes (a number), of each (a list), or of those that are named."""
    if isinstance(value, int | float):
        yield name, value, figure("*")
    elif isinstance(value, Sequence) and len(value) == len(model.classes):
        for k, each in enumerate(value):
            yield f"{name}[{k}]", each, figure(str(k))
    elif isinstance(value, Mapping) and set(value) <= set(model.classes):
        for key, each in value.items():
            yield f"{name}.{key}", each, figure(str(model.classes.index(key)))


def _levels(name: str, value: Any, match: re.Match[str], model: Model) -> Iterator[Made]:
    level = _LEVELS[match["kind"] or ""]
    if isinstance(value, Mapping) and match["at"] is None:
        for key, each in value.items():
            label = f"{name}.{key}"
            if key in model.classes:
                scope = str(model.classes.index(key))
                for at, inner in each.items():
                    yield f"{label}.{at}", inner, level(f"{_at(at):g}", scope)
            elif match["top"]:
                yield label, each, level(f"{_at(key):g}", "0")
            else:
                yield from _scoped(label, each, partial(level, f"{_at(key):g}"), model)
    elif match["at"] is not None:
        at = f"{_at(match['at']):g}"
        if match["top"]:
            yield name, value, level(at, "0")
        else:
            yield from _scoped(name, value, partial(level, at), model)


# --- pools ----------------------------------------------------------------------------------


def _share_of_time(name: str, value: Any, model: Model) -> Iterator[Made]:
    """Yield busy agents / agents: of all, or by pool."""
    if isinstance(value, int | float):
        many = sum(model.agents)
        yield name, value, lambda sums: sums["busy/*"] / (many * sums["time"])
    elif len(value) == len(model.pools):
        for j, each in enumerate(value):
            yield f"{name}[{j}]", each, _busy(j, model.agents[j])


def _busy(j: int, many: int) -> Formula:
    return lambda sums: sums[f"busy/{j}"] / (many * sums["time"])


def _share_of_room(name: str, value: Any, model: Model) -> Iterator[Made]:
    room = sum(n * each for n, each in zip(model.agents, model.capacity, strict=True))
    if isinstance(value, int | float):
        yield name, value, lambda sums: sums["held/*"] / (room * sums["time"])


def _flows(below: str) -> Callable[[str, Any, Model], Iterator[Made]]:
    """Yield class by pool: served / *below*, a sum that may be of the class."""

    def made(name: str, value: Any, model: Model) -> Iterator[Made]:
        for k, row in enumerate(value):
            for j, each in enumerate(row):
                yield f"{name}[{k}][{j}]", each, _flow(k, j, below.replace("CLASS", str(k)))

    return made


def _flow(k: int, j: int, below: str) -> Formula:
    return lambda sums: sums[f"by/{k}/{j}"] / sums[below]


_COUNTS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}


def _states(name: str, value: Any, model: Model) -> Iterator[Made]:
    """Yield the share of agents' time in states such as `free`, `voice`, `two_chats`."""
    many = sum(model.agents)
    if not isinstance(value, Mapping):
        return
    for key, exact in value.items():
        state = _state(key, model)
        if state is not None:
            yield f"{name}.{key}", exact, _in_state(state, many)


def _in_state(state: str, many: int) -> Formula:
    return lambda sums: sums[f"state/{state}"] / (many * sums["time"])


def _state(key: str, model: Model) -> str | None:
    held = [0] * len(model.classes)
    if key in ("free", "idle", "empty"):
        return ",".join(map(str, held))
    words = key.lower().split("_and_")
    for word in words:
        number, _, rest = word.partition("_")
        count, rest = (_COUNTS[number], rest) if number in _COUNTS else (1, word)
        match = [k for k, name in enumerate(model.classes) if rest in (name.lower(), f"{name.lower()}s")]
        if not match:
            return None
        held[match[0]] += count
    return ",".join(map(str, held))


def _end(what: str) -> Callable[[str, Any, Model], Iterator[Made]]:
    def made(name: str, value: Any, model: Model) -> Iterator[Made]:
        yield name, value, lambda sums: sums[what]

    return made


_OF_POOLS: Mapping[str, Callable[[str, Any, Model], Iterator[Made]]] = {
    "occupancy": _share_of_time,
    "utilization": _share_of_time,
    "mean_busy_agents_fraction": _share_of_time,
    "mean_busy_over_horizon": _share_of_time,
    "capacity_utilization": _share_of_room,
    "mean_load": _share_of_room,
    "throughput_kj": _flows("time"),
    "matching_rate": _flows("time"),
    "share_of_class_served_by_pool": _flows("served/CLASS"),
    "share_of_class_served_by_server": _flows("served/CLASS"),
    "fraction_of_all_matches": _flows("served/*"),
    "agent_time_share": _states,
    "mean_queue_at_end": _end("queue_end"),
    "mean_number_in_system_at_end": _end("there_end"),
}
"""Outputs that are of pools, or of agents."""
