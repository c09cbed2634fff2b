"""Which rules do the words of a case mean? Texts, or tables of a rule and an order.

What is not recognised is said to be so, and never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import attrs

from benchmarks.truth.amounts import NotExpressed, amount

__all__ = ["WhichAgent", "WhichWork", "numbers", "which_agent", "which_work"]

Order = Mapping[str, Sequence[str]]


@attrs.frozen
class WhichAgent:
    """Which agent for an interaction?"""

    kind: Literal["longest_idle", "shortest_idle", "order", "random", "most_idle", "least", "most"]
    order: Order = attrs.field(factory=dict)
    """Class -> pools, the preferred first."""


@attrs.frozen
class WhichWork:
    """Which interaction for a freed agent?"""

    kind: Literal[
        "first", "last", "random", "tiers", "order", "ageing", "head_start", "ratio", "weight", "threshold"
    ]
    order: Order = attrs.field(factory=dict)
    """Pool -> classes, the preferred first; of `tiers` the same for all pools, under ""."""
    figures: Mapping[str, Any] = attrs.field(factory=dict)
    """Class -> its speed, share or least length; for weights pool -> class -> weight."""
    ties: Sequence[str] = ()
    """Classes: who goes first among equals."""


def numbers(text: str) -> list[float]:
    """Return the numbers in *text*, in order."""
    return [float(found) for found in re.findall(r"(?<![A-Za-z\d.])\d+(?:\.\d+)?", text)]


def _words(rule: object) -> tuple[str, Mapping[str, Any]]:
    """Return what a rule says, in small letters, and the table that it stands in."""
    if isinstance(rule, Mapping):
        return str(rule.get("rule", "")).lower(), rule
    return str(rule or "").lower(), {}


def _has(text: str, *patterns: str) -> bool:
    return any(re.search(pattern, text) for pattern in patterns)


def _named(text: str, names: Sequence[str]) -> list[str]:
    """Return those of *names* that *text* names, in its order."""
    found = []
    for name in names:
        at = re.search(rf"(?<![\w-]){re.escape(name.lower())}(?![\w-])", text.lower())
        if at is not None:
            found.append((at.start(), name))
    return [name for _, name in sorted(found)]


def _ties(text: str, names: Sequence[str]) -> list[str]:
    """Return *names*, those first that the words after "tie" name."""
    after = re.search(r"\bties?\b(.*)", text)
    first = _named(after[1], names) if after else []
    return [*first, *(name for name in names if name not in first)]


# --- which agent? -------------------------------------------------------------------------


def which_agent(model: Mapping[str, Any]) -> WhichAgent:
    """Return how *model* says that an agent is chosen.

    Raises:
        NotExpressed: If its words are not known.
    """
    text, table = _words(model.get("agent_selection", "any"))
    pools, order = [pool["name"] for pool in model["pools"]], table.get("order")
    if isinstance(order, Mapping) and _has(text, "prefer", "first pool", "order", "priorit", "rank", "^$"):
        return WhichAgent("order", {name: list(places) for name, places in order.items()})
    if _has(text, r"random", r"equally likely", r"equal probabilit"):
        return WhichAgent("random")
    if _has(text, r"(more|most|largest number of|greatest number of)[ -]idle", r"most[- ]idle.agents"):
        if not _has(text, r"agents|servers|count|pool"):
            raise NotExpressed(f"agent selection {text!r}")
        return WhichAgent("most_idle", {name: _ties(text, pools) for name in _classes(model)})
    for word, sign in (("fastest", 1.0), ("slowest", -1.0)):
        if word in text:
            return WhichAgent("order", _by_speed(model, _listed(text, pools), sign))
    if _has(
        text, r"longest[- ]idle", r"idle (the )?longest", r"\balis\b", r"longest[- ]waiting (agent|server)"
    ):
        return WhichAgent("longest_idle")
    if _has(text, r"(shortest|least)[- ]idle", r"most recently idle", r"last idle"):
        return WhichAgent("shortest_idle")
    if _has(text, r"fewest", r"least[- ]loaded", r"most (spare|free|remaining|room)", r"lowest load"):
        return WhichAgent("least")
    if _has(text, r"most items", r"fill", r"most[- ]loaded", r"fullest", r"(least|smallest) (spare|free)"):
        return WhichAgent("most")
    if isinstance(order, Sequence) and not isinstance(order, str):
        return WhichAgent("order", {name: list(order) for name in _classes(model)})
    if _has(text, r"^any", r"any (idle|free|available|compatible)", r"interchangeable", r"not needed"):
        return WhichAgent("longest_idle")
    if _has(text, r"prefer", r"own (pool|agent|server).*first", r"first pool") and (
        listed := _listed(text, pools)
    ):
        return WhichAgent("order", dict.fromkeys(_classes(model), listed))
    raise NotExpressed(f"agent selection {text!r}")


def _classes(model: Mapping[str, Any]) -> list[str]:
    return [each["name"] for each in model["classes"]]


def _listed(text: str, names: Sequence[str]) -> list[str]:
    """Return the names in brackets after "order", or all that are named if all are; else none."""
    found = _named(text, names)
    return found if len(found) == len(names) else []


def _by_speed(model: Mapping[str, Any], listed: list[str], sign: float) -> dict[str, list[str]]:
    """Return pools by speed: as listed, else by the mean service of each class."""
    found = {}
    for name in _classes(model):
        can = [pool for pool in model["pools"] if name in pool["service"]]
        by_mean = sorted(can, key=lambda pool: sign * _mean_of(pool["service"][name]))
        names = [pool["name"] for pool in can]
        found[name] = [p for p in listed if p in names] if listed else [pool["name"] for pool in by_mean]
    return found


def _mean_of(service: Mapping[str, Any]) -> float:
    return amount(service).mean


# --- which work? --------------------------------------------------------------------------


def which_work(model: Mapping[str, Any]) -> WhichWork:
    """Return how *model* says that work is chosen.

    Raises:
        NotExpressed: If its words are not known.
    """
    text, table = _words(model.get("work_selection", "first come first served"))
    classes, pools = _classes(model), [pool["name"] for pool in model["pools"]]
    if re.search(r"preempt|interrupt", re.sub(r"(no|non|not|without)[- ]?(preempt|interrupt)\w*", "", text)):
        raise NotExpressed(f"work selection {text!r}: nobody is interrupted here")
    if re.search(r"reserv", re.sub(r"\b(no|without)\s+reserv\w*", "", text)):
        raise NotExpressed(f"work selection {text!r}: reservation")
    order = table.get("order")
    known = (
        _by_figures(text, table, model, classes)
        or _by_order(text, order, classes, pools)
        or _by_time(text, model, classes)
    )
    if known is None:
        raise NotExpressed(f"work selection {text!r}")
    return known


def _by_figures(
    text: str, table: Mapping[str, Any], model: Mapping[str, Any], classes: list[str]
) -> WhichWork | None:
    """Return a rule that reckons with something."""
    each = {one["name"]: one for one in model["classes"]}
    ties = _ties(text, classes)
    if _has(text, r"ag(e)?ing|accumulat|delay[- ]dependent") or (
        "time waited" in text and all("aging_rate" in one for one in each.values())
    ):
        return WhichWork("ageing", figures={name: _figure(one, r"ag(e)?ing") for name, one in each.items()})
    if _has(text, r"head.?start|time.?credit"):
        found = {name: _figure(one, r"head.?start|credit", 0.0) for name, one in each.items()}
        return WhichWork("head_start", figures=found)
    if _has(text, r"target share|queue ratio|\bfqr\b|exceeds? its"):
        shares = table.get("shares") or table.get("targets") or _in_brackets(text, len(classes))
        return WhichWork("ratio", figures=_by_class(shares, classes, text), ties=ties)
    if _has(
        text, r"max.?weight", r"weight\w*.*(queue|length|waiting|q\b)", r"mu.*queue|queue.*\bmu", r"h ?\* ?mu"
    ):
        return WhichWork("weight", figures=_weights(text, table, model), ties=ties)
    if _has(
        text, r"longest queue|largest queue|(class|queue|line) (with|in which) (the )?(most|largest|longest)"
    ):
        ones = {pool["name"]: dict.fromkeys(classes, 1.0) for pool in model["pools"]}
        return WhichWork("weight", figures=ones, ties=ties)
    return None


def _figure(one: Mapping[str, Any], pattern: str, otherwise: float | None = None) -> float:
    """Return the figure of a class whose name is like *pattern*."""
    for name, value in one.items():
        if re.search(pattern, name) and isinstance(value, int | float):
            return float(value)
    if otherwise is None:
        raise NotExpressed(f"class {one['name']!r} says nothing like {pattern!r}")
    return otherwise


def _in_brackets(text: str, count: int) -> list[float]:
    """Return the first *count* numbers in brackets, or of a ratio such as 1:3."""
    for inside in re.findall(r"[(\[]([^()\[\]]*)[)\]]", text):
        found = numbers(inside)
        if len(found) == count:
            return found
    ratio = re.search(r"\d+(?:\.\d+)?(?:\s*:\s*\d+(?:\.\d+)?)+", text)
    found = numbers(ratio[0]) if ratio else []
    if len(found) != count:
        raise NotExpressed(f"{count} figures in {text!r}")
    return found


def _by_class(values: Any, classes: list[str], text: str) -> dict[str, float]:
    if isinstance(values, Mapping):
        return {name: float(values[name]) for name in classes}
    if len(values) != len(classes):
        raise NotExpressed(f"{len(classes)} figures in {text!r}")
    return {name: float(value) for name, value in zip(classes, values, strict=True)}


def _weights(text: str, table: Mapping[str, Any], model: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return the weight of each class for each pool: what is given, times the speed if the words say so."""
    classes = _classes(model)
    given = table.get("weights")
    cost = {one["name"]: _figure(one, r"cost|weight", 1.0) for one in model["classes"]}
    speed = _has(text, r"\bmu|rate|speed|/ ?mean")
    if given is not None:
        cost = _by_class(given, classes, text) if not _is_nested(given) else cost
    else:
        try:
            cost = _by_class(_in_brackets(text, len(classes)), classes, text)
        except NotExpressed:
            if not speed and not any(
                re.search("cost|weight", key) for one in model["classes"] for key in one
            ):
                raise
    found: dict[str, dict[str, float]] = {}
    for pool in model["pools"]:
        own = {name: cost[name] for name in classes}
        for name, service in pool["service"].items():
            if given is not None and _is_nested(given):
                own[name] = float(given[pool["name"]][name])
            elif speed:
                own[name] /= _mean_of(service)
        found[pool["name"]] = own
    return found


def _is_nested(given: object) -> bool:
    return isinstance(given, Mapping) and any(isinstance(value, Mapping) for value in given.values())


def _by_order(text: str, order: object, classes: list[str], pools: list[str]) -> WhichWork | None:
    """Return a rule that prefers some classes."""
    if isinstance(order, Mapping) and _has(text, "prefer", "first class", "priorit", "order", "^$"):
        return WhichWork("order", {pool: list(names) for pool, names in order.items()})
    chain = re.search(r"\S+(?:\s*>\s*\S+)+", text)
    if chain is not None and _has(text, "priorit", "class|type", "first"):
        return WhichWork("tiers", {"": _chained(chain[0], classes)})
    if isinstance(order, Sequence) and not isinstance(order, str):
        return WhichWork("tiers", {"": list(order)})
    if _has(
        text, r"(strict|static|non-?preemptive).*priorit|priorit\w* (in|by) .*order|hol\b|head.of.(the.)?line"
    ):
        named = _named(re.split(r"\bpriorit\w*", text, maxsplit=1)[-1], classes)
        return WhichWork("tiers", {"": [*named, *(name for name in classes if name not in named)]})
    return _first_named(text, classes, pools)


def _first_named(text: str, classes: list[str], pools: list[str]) -> WhichWork | None:
    """Return the rule of words like "voice first if it fits, then the other class"."""
    for name in classes:
        word = re.escape(name.lower())
        if _has(
            text,
            rf"(?<![\w-]){word} (goes |comes )?first\b",
            rf"\b(prefers?|priority (to|for)) (class )?{word}(?!\w)",
        ):
            rest = [each for each in _named(text, classes) if each != name]
            rest += [each for each in classes if each not in (name, *rest)]
            return WhichWork("order", {pool: [name, *rest] for pool in pools})
    return None


def _chained(chain: str, classes: list[str]) -> list[str]:
    """Return the classes of a chain like `C1>C2>...`; dots stand for all others, in their order."""
    named = []
    for part in re.split(r">", chain):
        word = part.strip().strip(",;.()[]")
        match = [name for name in classes if name.lower() == word]
        if match:
            named += match
        elif word:
            raise NotExpressed(f"priority {chain!r}: there is no class {word!r}")
    if len(named) < len(classes) and "..." not in chain:
        raise NotExpressed(f"priority {chain!r} leaves out a class")
    return [*named, *(name for name in classes if name not in named)]


def _by_time(text: str, model: Mapping[str, Any], classes: list[str]) -> WhichWork | None:
    """Return a rule that looks at when they came."""
    if _has(text, r"last[- ]come|\blcfs|\blifo|latest arriv|newest"):
        return WhichWork("last")
    if _has(text, r"random"):
        return WhichWork("random")
    if _has(
        text, r"first[- ]come|\bfcfs|\bfifo|earliest[- ]arriv|oldest|longest[- ]waiting|waited (the )?longest"
    ):
        return WhichWork("first")
    if _has(text, r"\bfirst in\b|arrival order|order of arrival"):
        return WhichWork("first")
    return None
