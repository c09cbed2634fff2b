"""When may a scenario be simulated by the compiled kernel, and how?

The kernel knows tables: tiers, head starts and speeds of ageing by stream, who can serve what at
which rank, the longest idle first, patience. What a scenario has beside that is named, and refused:
the engine simulates it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import fsum, inf
from typing import Any

import attrs
import numpy as np

from workassign.errors import UsageError
from workassign.lab import kernel
from workassign.lab.columns import Outcome
from workassign.lab.floor import Floor
from workassign.lab.habits import level_factor
from workassign.lab.scenario import Crew, Scenario, Stream
from workassign.model import Agent
from workassign.plan import Plan
from workassign.policies import ordering, selection, work
from workassign.policies.grades import alike
from workassign.policies.naming import describe
from workassign.queues import Queue

__all__ = ["play", "why_not"]

_QUEUE = {
    *("needs", "tier", "scoring", "head_start_cap", "selection", "work", "ordering", "auto_accept"),
    *("offer_for", "sla", "refusals", "reopen", "reopen_within"),
}
"""Settings of a queue that the kernel heeds, or that nothing in it can come to."""

_PLAN = {
    *("name", "queues", "channels", "skills", "attributes", "calendars", "retention", "successors"),
    *("reconnect_grace", "strikes"),
}
_AGENT = {"id", "skills", "queues", "attributes", "capacity"}
_CREW = {"name", "agents"}
_SELECTIONS = (selection.longest_idle, selection.best_skill)


def why_not(scenario: Scenario) -> str | None:
    """Return the first reason why the kernel cannot simulate *scenario*; None: it can."""
    return next(_reasons(scenario), None)


def _reasons(scenario: Scenario) -> Iterator[str]:
    if scenario.start < 0:
        yield f"it starts before instant 0, at {scenario.start:g}"
    if scenario.drain_for < inf or scenario.lines is not None or scenario.turn_away:
        yield "drain_for, lines and turn_away need the engine"
    yield from _unlike(scenario.plan, Plan(), _PLAN, "the plan")
    used = {stream.queue: scenario.plan.queues[stream.queue] for stream in scenario.streams}
    for name, queue in used.items():
        yield from _of_queue(name, queue)
    ranks = [queue.work for queue in used.values()]
    if any(not alike(each, ranks[0]) for each in ranks):
        yield "its queues have different work policies"
    for stream in scenario.streams:
        yield from _of_stream(stream, used[stream.queue])
    for crew in scenario.crews:
        yield from _unlike(crew, Crew(name=crew.name, agents=()), _CREW, f"crew {crew.name!r}")
        for agent in crew.agents:
            yield from _unlike(agent, Agent(id=agent.id), _AGENT, f"agent {agent.id!r}")
    units = {scenario.plan.channels[stream.channel].units for stream in scenario.streams}
    for crew in scenario.crews:
        for agent in crew.agents:
            if not max(units) <= agent.capacity < 2 * min(units):
                yield f"agent {agent.id!r} has room for several, or too little: one at a time is needed"


def _of_queue(name: str, queue: Queue) -> Iterator[str]:
    yield from _unlike(queue, Queue(), _QUEUE, f"queue {name!r}")
    if not queue.auto_accept:
        yield f"queue {name!r} makes offers: it needs auto_accept"
    if queue.ordering is not ordering.arrival:
        yield f"queue {name!r} is not in order of arrival"
    if queue.selection not in _SELECTIONS:
        yield f"queue {name!r} selects neither the longest idle nor the best skill"
    if queue.work is not work.greatest_need and _speeds(queue) is None:
        yield f"queue {name!r} has a work policy other than greatest_need and ageing"
    if not all(_is_ours(scorer) for scorer in queue.scoring):
        yield f"queue {name!r} is scored by a function that is not of workassign.policies"


def _of_stream(stream: Stream, queue: Queue) -> Iterator[str]:
    for setting in ("returns", "contagion"):
        if getattr(stream, setting) is not None:
            yield f"stream {stream.name!r} has {setting}"
    if isinstance(stream.handling, Mapping) and len({id(each) for each in stream.handling.values()}) > 1:
        yield f"stream {stream.name!r} takes crews differently long"
    if stream.customers is not None and queue.scoring:
        yield f"stream {stream.name!r} has customers who are scored one by one"
    if stream.needs.wants or queue.needs.wants:
        yield f"stream {stream.name!r} prefers some of those who could serve it"


def _unlike(value: Any, usual: Any, heeded: set[str], what: str) -> Iterator[str]:  # noqa: ANN401 - attrs values
    for field in attrs.fields(type(value)):
        if field.name not in heeded and getattr(value, field.name) != getattr(usual, field.name):
            yield f"{what} has {field.name}"


def _spec(policy: Any) -> tuple[str, Mapping[str, Any]]:  # noqa: ANN401 - any policy
    spec = describe(policy)
    return (str(spec["use"]), spec) if isinstance(spec, Mapping) else (str(spec or ""), {})


def _is_ours(policy: Any) -> bool:  # noqa: ANN401 - any policy
    use = _spec(policy)[0]
    return bool(use) and (":" not in use or use.startswith("workassign.policies."))


def _speeds(queue: Queue) -> Mapping[str, Any] | None:
    """Return the settings of `ageing`, if that is the queue's work policy."""
    use, spec = _spec(queue.work)
    return spec if use.rpartition(":")[2] == "ageing" and _is_ours(queue.work) else None


def play(scenario: Scenario, floor: Floor) -> None:
    """Let *floor*, which has not begun, be as it is when *scenario* is over.

    Raises:
        UsageError: If the scenario has something that the kernel does not know, or numba is missing.
    """
    if (reason := why_not(scenario)) is not None:
        raise UsageError(f"{scenario.name}: the compiled kernel cannot simulate it: {reason}")
    crowd, columns = floor.crowd, floor.columns
    found = kernel.run(
        _rules(scenario, floor),
        arrival=np.asarray(crowd.times),
        classes=np.asarray(crowd.streams, dtype=np.int64),
        service=np.asarray(crowd.work[0]),
        patience=np.asarray(crowd.patience),
    )
    served = ~np.isnan(found.start)
    ended = np.where(np.isfinite(found.end), found.end, np.nan)
    columns.started = _instants(found.start)
    columns.ended = _instants(ended)
    columns.agent = found.agent.tolist()
    left = np.where(np.isnan(ended), Outcome.WAITING, Outcome.ABANDONED)
    columns.outcome = np.where(served, Outcome.COMPLETED, left).tolist()
    columns.presence = [(place, scenario.start, "available") for place in range(len(floor.agents))]
    floor.closed_at = max(floor.end, float(np.nanmax(ended, initial=floor.end)))


def _instants(column: Any) -> list[float | None]:  # noqa: ANN401 - a column of floats
    """Return a column as a floor writes it; what is read is NaN where nothing happened."""
    return column.tolist()  # type: ignore[no-any-return]


def _rules(scenario: Scenario, floor: Floor) -> kernel.Rules:
    rows = [_row(scenario, stream, floor.agents) for stream in scenario.streams]
    eligible, rank, factor = (np.array(table) for table in zip(*rows, strict=True))
    queues = [scenario.plan.queues[stream.queue] for stream in scenario.streams]
    pairs = list(zip(scenario.streams, queues, strict=True))
    return kernel.Rules(
        eligible=eligible,
        tier=[queue.tier if stream.tier is None else stream.tier for stream, queue in pairs],
        head_start=[_head_start(stream, queue) for stream, queue in pairs],
        slope=[_slope(stream, queue) for stream, queue in pairs],
        rank=rank,
        factor=factor if (factor != 1.0).any() else None,
    )


def _row(
    scenario: Scenario, stream: Stream, agents: list[Agent]
) -> tuple[list[bool], list[float], list[float]]:
    """Return who can serve a stream, at which rank, and by what her handle time is multiplied."""
    queue = scenario.plan.queues[stream.queue]
    needs = queue.needs & stream.needs
    pair_key = getattr(queue.selection, "pair_key", None)
    may, ranks, factors = [], [], []
    for agent in agents:
        able = needs.met_by(agent.skills, agent.attributes, agent.id)
        may.append(able and (agent.queues is None or stream.queue in agent.queues))
        ranks.append(float(pair_key(needs, agent.skills)) if pair_key is not None and may[-1] else 0.0)
        factors.append(level_factor(stream, agent) if may[-1] else 1.0)
    return may, ranks, factors


def _head_start(stream: Stream, queue: Queue) -> float:
    template = stream.template
    return min(fsum(scorer(template, 0.0) for scorer in queue.scoring), queue.head_start_cap)


def _slope(stream: Stream, queue: Queue) -> float:
    settings = _speeds(queue)
    if settings is None:
        return 1.0
    return float(settings["speeds"].get(stream.queue, settings.get("otherwise", 1.0)))
