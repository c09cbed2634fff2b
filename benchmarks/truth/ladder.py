"""Agents with one skill or several, each with a rank: a team told in a sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from benchmarks.truth.amounts import NotExpressed
from benchmarks.truth.counting import Counted
from benchmarks.truth.floors import Model, crew_name, room_of, stream_name
from benchmarks.truth.lengths import Demand, relaxation
from benchmarks.truth.outputs import read_outputs, thresholds_of
from benchmarks.truth.running import Trial
from workassign import Agent, Needs, Plan, Queue
from workassign.lab.arrivals import Poisson
from workassign.lab.distributions import Exponential
from workassign.lab.scenario import Crew, Scenario, Stream
from workassign.policies import selection, work

__all__ = ["ladder"]


def ladder(case: Mapping[str, Any]) -> tuple[list[Trial], list[tuple[str, str]]]:
    """Return the trial of a team with so many skills each, and what is not compared.

    Raises:
        NotExpressed: If something of it is not known.
    """
    data, outputs = case["model"], case["outputs"]
    text = data["text"]
    types = int(_number(text, r"(\d+) (?:call|contact|item|work)? ?types"))
    agents = int(_number(text, r"(\d+) agents"))
    group = int(_number(text, r"(\d+) per primary"))
    rate = _number(text, r"Poisson (\d*\.?\d+) ?/ ?\w+ each")
    mean = _number(text, r"service mean (\d*\.?\d+)")
    room = re.search(r"(?:waiting )?room of (\d+)", text)
    skills = int(data["skills_per_agent"])
    _check(text, types, agents, group, skills)
    crews = [_crew(g, group, types, skills) for g in range(types)]
    demand = Demand(
        rates=[rate] * types,
        agents=[float(group)] * types,
        means=[{j: mean for j in range(types) if (k - j) % types < skills} for k in range(types)],
        patience=[float("inf")] * types,
    )
    # The room keeps the memory short: who finds it full leaves.
    slow = relaxation(demand)
    if room is not None:
        slow = min(slow, 5 * mean + int(room[1]) / (rate * types))
    warm_up, length = 8 * slow, max(60 * slow, 8_000 / (rate * types))
    scenario = Scenario(
        plan=Plan(queues={"all": _queue(None if room is None else int(room[1]))}),
        streams=[_stream(k, rate, mean) for k in range(types)],
        crews=crews,
        duration=warm_up + length,
    )
    usual = {name: value for name, value in outputs.items() if not name.startswith("share_primary")}
    found = read_outputs(usual, _model(types, group))
    if "share_primary" in outputs:
        found.compared.append(_primary(types, float(outputs["share_primary"])))
    measure = Counted(
        thresholds=thresholds_of(usual), expected=rate * types * length, means=((mean,) * types,) * types
    )
    trial = Trial(
        scenario=scenario,
        warm_up=warm_up,
        measure=measure,
        outputs=found.compared,
        controls=measure.controls,
        arrivals=rate * types * (warm_up + length),
    )
    return [trial], found.skipped


def _number(text: str, pattern: str) -> float:
    match = re.search(pattern, text)
    if match is None:
        raise NotExpressed(f"nothing like {pattern!r} in {text!r}")
    return float(match[1])


def _check(text: str, types: int, agents: int, group: int, skills: int) -> None:
    for words in ("best skill rank", "best-ranked type", "rotated order", "longest idle", "FCFS"):
        if words not in text:
            raise NotExpressed(f"nothing like {words!r} in {text!r}")
    if types * group != agents or not 1 <= skills <= types:
        raise NotExpressed(f"{agents} agents, {group} for each of {types} types, {skills} skills each")


def _crew(g: int, group: int, types: int, skills: int) -> Crew:
    """Return the agents whose primary type is *g*: the others in rotated order, from g + 1 + n on."""
    agents = []
    for n in range(group):
        others = (
            [(g + 1 + (n + step) % (types - 1)) % types for step in range(types - 1)] if types > 1 else []
        )
        ranked = [g, *others][:skills]
        levels = {stream_name(k): float(types - rank) for rank, k in enumerate(ranked)}
        agents.append(Agent(id=f"{crew_name(g)}-{n}", skills=levels))
    return Crew(name=crew_name(g), agents=tuple(agents))


def _queue(most: int | None) -> Queue:
    return Queue(
        auto_accept=True,
        selection=selection.best_skill,
        work=work.best_skill,
        **room_of(most, one_for_all=False),
    )


def _stream(k: int, rate: float, mean: float) -> Stream:
    return Stream(
        name=stream_name(k),
        arrivals=Poisson(rate),
        handling=Exponential(mean),
        queue="all",
        needs=Needs({stream_name(k): 1.0}),
    )


def _model(types: int, group: int) -> Model:
    return Model(
        classes=tuple(stream_name(k) for k in range(types)),
        pools=tuple(crew_name(k) for k in range(types)),
        arrivals=(),
        patience=(),
        agents=(group,) * types,
        service=(),
        units=(),
        capacity=(1.0,) * types,
        pace=(),
        room=None,
    )


def _primary(types: int, exact: float) -> Any:
    from benchmarks.truth.running import Output

    def formula(sums: Any) -> Any:
        return sum(sums[f"by/{k}/{k}"] for k in range(types)) / sums["served/*"]

    return Output("share_primary", exact, formula)
