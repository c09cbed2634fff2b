"""Which scenario is a case's model? Classes become queues and skills, pools become crews."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

import attrs

from benchmarks.truth.amounts import NotExpressed, amount, spread
from benchmarks.truth.lengths import Demand
from benchmarks.truth.reading import WhichAgent, WhichWork
from benchmarks.truth.rules import (
    SHARE,
    at_random,
    longest_by_weight,
    most_idle_in_order,
    shortest_idle,
)
from benchmarks.truth.turns import Turn
from workassign import Agent, Needs, Plan, Queue
from workassign.lab.arrivals import Arrivals, Poisson, Profile, Renewal
from workassign.lab.distributions import Distribution, Exponential, Sum
from workassign.lab.scenario import Crew, Scenario, Stream
from workassign.model import Channel
from workassign.needs import ANYBODY
from workassign.policies import ordering, scoring, selection, work
from workassign.policies.admission import Overflow

__all__ = [
    "LOTS",
    "Model",
    "crew_name",
    "demand_of",
    "known_of",
    "read_model",
    "room_of",
    "scenario_of",
    "stream_name",
]


LOTS = 64
"""Lines of each class, where what waits is taken by lot; a decision costs a look at every line."""


def stream_name(place: int) -> str:
    """Return the name of the class at *place*: of its stream, its queue and its skill."""
    return f"k{place}"


def crew_name(place: int) -> str:
    """Return the name of the pool at *place*."""
    return f"p{place}"


@attrs.frozen(kw_only=True)
class Model:
    """A case's model, read."""

    classes: tuple[str, ...]
    pools: tuple[str, ...]
    arrivals: tuple[Arrivals, ...]
    patience: tuple[Distribution | None, ...]
    agents: tuple[int, ...]
    service: tuple[Mapping[int, Distribution], ...]
    """Of each class: pool -> service."""
    units: tuple[float, ...]
    capacity: tuple[float, ...]
    pace: tuple[tuple[float, ...], ...]
    room: int | None

    def can(self, pool: int) -> list[int]:
        """Return the classes that *pool* can serve."""
        return [k for k, service in enumerate(self.service) if pool in service]

    @property
    def is_flexible(self) -> bool:
        """Whether every pool can serve every class."""
        return all(len(self.can(pool)) == len(self.classes) for pool in range(len(self.pools)))


def read_model(data: Mapping[str, Any]) -> Model:
    """Return the model of a case.

    Raises:
        NotExpressed: If a part of it is not known.
    """
    classes, pools = data["classes"], data["pools"]
    known = [_of_class(pools, place, each) for place, each in enumerate(classes)]
    return Model(
        classes=tuple(each["name"] for each in classes),
        pools=tuple(pool["name"] for pool in pools),
        arrivals=tuple(_arrivals(each) for each in classes),
        patience=tuple(
            None if each.get("patience") is None else amount(each["patience"]) for each in classes
        ),
        agents=tuple(int(pool["agents"]) for pool in pools),
        service=tuple(known),
        units=tuple(float(each.get("units", 1.0)) for each in classes),
        capacity=tuple(_capacity(pool) for pool in pools),
        pace=tuple(_pace(pool) for pool in pools),
        room=data.get("waiting_room"),
    )


def _arrivals(each: Mapping[str, Any]) -> Arrivals:
    kind = str(each.get("arrival", "poisson")).lower()
    if "interarrival" in each:
        return Renewal(amount(each["interarrival"]))
    if "poisson" not in kind:
        raise NotExpressed(f"arrivals {kind!r}")
    if "piecewise" in kind or "rates" in each:
        rates, breakpoints = each["rates"], each.get("breakpoints", [])
        return Profile(rates, breakpoints) if breakpoints else Poisson(float(rates[0]))
    if kind != "poisson":
        raise NotExpressed(f"arrivals {kind!r}")
    return Poisson(float(each["arrival_rate"] if "arrival_rate" in each else each["rate"]))


def _of_class(pools: Any, place: int, each: Mapping[str, Any]) -> dict[int, Distribution]:
    """Return how long each pool takes for a class, its wrap-up included."""
    found: dict[int, Distribution] = {}
    for j, pool in enumerate(pools):
        if "service" not in pool:  # chats: work that takes 1 alone
            found[j] = amount(pool.get("work", each.get("work", {"dist": "exponential", "mean": 1.0})))
        elif each["name"] in pool["service"]:
            found[j] = amount(pool["service"][each["name"]])
        else:
            continue
        wrap_up = pool.get("wrap_up", each.get("wrap_up"))
        if wrap_up is not None:
            found[j] = Sum([found[j], amount(wrap_up)])
    if not found:
        raise NotExpressed(f"nobody serves {each['name']!r}")
    return found


def _capacity(pool: Mapping[str, Any]) -> float:
    return float(pool.get("capacity_units", pool.get("concurrent_items_per_agent", 1)))


def _pace(pool: Mapping[str, Any]) -> tuple[float, ...]:
    rates = pool.get("per_item_service_rate_by_number_held")
    if rates is None:
        if pool.get("concurrent_items_per_agent", 1) != 1 and "service" not in pool:
            raise NotExpressed("several items at a time, at no rate")
        return ()
    return tuple(float(rates[str(held)]) for held in range(1, len(rates) + 1))


def known_of(model: Model, since: float, until: float) -> dict[str, Any]:
    """Return what is known beforehand of what arrives between two instants: settings of `Counted`."""
    if any(isinstance(each, Renewal) for each in model.arrivals):
        return {}
    paced = any(model.pace)
    means = [
        tuple(by_pool[j].mean if j in by_pool else 0.0 for j in range(len(model.pools)))
        for by_pool in model.service
    ]
    return {
        "expected": sum(each.expected(0.0, until) - each.expected(0.0, since) for each in model.arrivals),
        "means": () if paced else tuple(means),
    }


def demand_of(model: Model) -> Demand:
    """Return what comes in and who could do it, for the length of a run."""
    fastest = [max([(n + 1) * rate for n, rate in enumerate(pace)], default=1.0) for pace in model.pace]
    units = [1.0 if pace else each for pace, each in zip(model.pace, model.capacity, strict=True)]
    return Demand(
        rates=[each.expected(0.0, 1e6) / 1e6 for each in model.arrivals],
        agents=[n * f * u for n, f, u in zip(model.agents, fastest, units, strict=True)],
        means=[
            {j: each.mean * (1.0 if model.pace[j] else model.units[k]) for j, each in by_pool.items()}
            for k, by_pool in enumerate(model.service)
        ],
        patience=[inf if each is None else each.mean for each in model.patience],
        spread=max(
            1.0 if isinstance(each, Exponential) else spread(each)
            for by_pool in model.service
            for each in by_pool.values()
        ),
    )


# --- the scenario ---------------------------------------------------------------------------


def scenario_of(model: Model, who: WhichAgent, what: WhichWork, duration: float) -> Scenario:
    """Return the scenario of *model* with these rules.

    Raises:
        NotExpressed: If no plan says so.
    """
    shared = model.room is not None and len(model.classes) > 1
    lines = sum(model.agents) + int(model.room or 0) if shared and model.is_flexible else None
    if lines is not None and max(model.capacity) > 1:
        raise NotExpressed("a waiting room that classes share, with several items at a time")
    one_queue = shared and lines is None
    if one_queue and what.kind not in ("first", "last", "random"):
        raise NotExpressed(f"a waiting room that classes share, with rule {what.kind!r} among them")
    most = model.room if lines is None else None
    if what.kind == "random":
        return _by_lot(model, who, duration, lines)
    queues = {
        stream_name(k): _queue(model, k, who, what, most)
        for k in range(1 if one_queue else len(model.classes))
    }
    streams = [
        _stream(model, k, who, what.kind == "head_start", 0 if one_queue else k)
        for k in range(len(model.classes))
    ]
    return Scenario(
        plan=Plan(queues=queues, channels=_channels(model)),
        streams=streams,
        crews=[_crew(model, j, who, what) for j in range(len(model.pools))],
        duration=duration,
        lines=lines,
    )


def _by_lot(model: Model, who: WhichAgent, duration: float, lines: int | None) -> Scenario:
    """Return a scenario that takes what waits by lot.

    A rule sees what stands first in each line. So there are many lines, and who comes stands in them in
    turn: two wait in one only where so many have come since the first.
    """
    if not model.is_flexible:
        raise NotExpressed("by lot, where not everybody can do everything")
    if model.room is not None and lines is None:
        lines = sum(model.agents) + int(model.room)
    if lines is not None and max(model.capacity) > 1:
        raise NotExpressed("by lot, with a waiting room, and several items at a time")
    streams, queues = [], {}
    rule = Queue(auto_accept=True, selection=_selection(who), work=at_random(1))
    for k, whole in enumerate(model.arrivals):
        stream = _stream(model, k, who, False, k)
        for lot in range(LOTS):
            name = f"{stream_name(k)}.{lot}"
            queues[name] = rule
            streams.append(
                attrs.evolve(stream, name=name, queue=name, arrivals=Turn(whole, stream_name(k), lot, LOTS))
            )
    what = WhichWork("first")
    crews = [_crew(model, j, who, what) for j in range(len(model.pools))]
    return Scenario(
        plan=Plan(queues=queues, channels=_channels(model)),
        streams=streams,
        crews=[
            attrs.evolve(crew, agents=[attrs.evolve(agent, queues=None) for agent in crew.agents])
            for crew in crews
        ],
        duration=duration,
        lines=lines,
    )


def _channels(model: Model) -> dict[str, Channel]:
    return {stream_name(k): Channel(units=units) for k, units in enumerate(model.units)}


def _stream(model: Model, k: int, who: WhichAgent, start: bool, queue: int) -> Stream:
    needed = who.kind in ("order", "most_idle") or not model.is_flexible
    works = model.service[k]
    same = len(set(works.values())) == 1 and model.is_flexible
    handling = next(iter(works.values())) if same else {crew_name(j): each for j, each in works.items()}
    return Stream(
        name=stream_name(k),
        arrivals=model.arrivals[k],
        handling=handling,
        patience=model.patience[k],
        queue=stream_name(queue),
        channel=stream_name(k),
        needs=Needs({stream_name(k): 1.0}) if needed else ANYBODY,
        attributes={"class": stream_name(k)} if start else {},
    )


def _crew(model: Model, j: int, who: WhichAgent, what: WhichWork) -> Crew:
    can = model.can(j)
    skills = {stream_name(k): _level(model, k, j, who) for k in can}
    if what.kind == "weight":
        by_class = what.figures[model.pools[j]]
        skills |= {f"weight {stream_name(k)}": float(by_class[model.classes[k]]) for k in can}
    queues = {stream_name(k): _priority(model, k, j, what) for k in can}
    whole = model.room is not None and len(model.classes) > 1
    agents = tuple(
        Agent(
            id=f"{crew_name(j)}-{number}",
            skills=skills,
            queues=None if whole else queues,
            capacity=model.capacity[j],
        )
        for number in range(model.agents[j])
    )
    return Crew(name=crew_name(j), agents=agents, pace=model.pace[j])


def _level(model: Model, k: int, j: int, who: WhichAgent) -> float:
    """Return how good pool *j* is at class *k*: better, the earlier the order has it."""
    order = who.order.get(model.classes[k])
    if order is None:
        return 1.0
    if model.pools[j] not in order:
        raise NotExpressed(f"the order of agents for {model.classes[k]!r} leaves out {model.pools[j]!r}")
    return float(len(order) - list(order).index(model.pools[j]))


def _priority(model: Model, k: int, j: int, what: WhichWork) -> int:
    """Return the place of class *k* in the order of pool *j*, from 1; among equals by the words on ties."""
    name = model.classes[k]
    if what.kind in ("weight", "ratio"):
        return list(what.ties).index(name) + 1
    order = what.order.get(model.pools[j])
    if what.kind not in ("order", "threshold") or order is None:
        return 1
    if name not in order:
        raise NotExpressed(f"the order of work for {model.pools[j]!r} leaves out {name!r}")
    return list(order).index(name) + 1


def _queue(model: Model, k: int, who: WhichAgent, what: WhichWork, most: int | None) -> Queue:
    tiers = what.order.get("") if what.kind == "tiers" else None
    starts = {stream_name(n): value for n, value in enumerate(_figures(model, what))}
    start = max(starts.values(), default=0.0) if what.kind == "head_start" else 0.0
    return Queue(
        auto_accept=True,
        tier=1 if tiers is None else list(tiers).index(model.classes[k]) + 1,
        ordering=ordering.last_first if what.kind == "last" else ordering.arrival,
        scoring=(scoring.by("class", starts),) if start else (),
        head_start_cap=max(start, 1.0),
        selection=_selection(who),
        work=_work(model, what),
        **room_of(most, one_for_all=model.is_flexible),
    )


def room_of(most: int | None, *, one_for_all: bool) -> dict[str, Any]:
    """Return the settings of a queue in which at most so many wait.

    Where not everybody can serve everything, something may find the room full and its agent free:
    it is let in, as it does not wait.
    """
    if most is None:
        return {}
    if most == 0 or one_for_all:
        return {"most": most}
    return {"overflow": (Overflow(length=most, free_below=1),)}


def _figures(model: Model, what: WhichWork) -> list[float]:
    if what.kind not in ("ageing", "head_start", "ratio", "threshold"):
        return []
    return [float(what.figures[name]) for name in model.classes if name in what.figures]


def _selection(who: WhichAgent) -> selection.Selection:
    known: dict[str, selection.Selection] = {
        "longest_idle": selection.longest_idle,
        "shortest_idle": shortest_idle,
        "order": selection.best_skill,
        "random": selection.random_idle(1),
        "most_idle": most_idle_in_order(),
        "least": selection.least_loaded,
        "most": selection.most_loaded,
    }
    return known[who.kind]


def _work(model: Model, what: WhichWork) -> work.WorkPolicy:
    place = {name: stream_name(k) for k, name in enumerate(model.classes)}
    if what.kind == "order":
        return work.queue_priority
    if what.kind == "ageing":
        return work.ageing({place[name]: float(speed) for name, speed in what.figures.items()})
    if what.kind == "ratio":
        return work.queue_ratio({place[name]: float(what.figures[name]) for name in what.ties})
    if what.kind == "threshold":
        return work.threshold({place[name]: int(least) for name, least in what.figures.items()})
    if what.kind == "weight":
        return _by_weight(what, place)
    return work.greatest_need


def _by_weight(what: WhichWork, place: Mapping[str, str]) -> work.WorkPolicy:
    """Return MaxWeight, or the longest queue; the weights of a pool that differ are its agents' own."""
    tables = list(what.figures.values())
    if any(table != tables[0] for table in tables):
        return longest_by_weight()
    ties = len(what.ties)
    # A little more weight breaks a tie as the words say, and changes nothing else.
    return work.max_weight(
        {place[name]: tables[0][name] * (1 + SHARE * (ties - n)) for n, name in enumerate(what.ties)}
    )
