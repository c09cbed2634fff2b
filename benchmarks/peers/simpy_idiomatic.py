"""The rival: SimPy as its guide teaches it, a process for each interaction.

One queue is a `Resource`. Skills are a `FilterStore` of idle agents whose requests are kept in order
by SimPy's own `SortedQueue`, as in its `PriorityResource`; losing patience is a condition on both.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

import simpy
from simpy.resources.resource import SortedQueue
from simpy.resources.store import FilterStoreGet

from benchmarks.peers.models import TIERS, Model, Starts, abandoned

__all__ = ["run"]

Process = Generator[simpy.Event, Any, None]


def run(model: Model) -> Starts:
    """Return when each service begins."""
    env, start = simpy.Environment(), abandoned(len(model))
    if model.patience is None:
        env.process(everybody_waits(env, model, start))
    else:
        env.process(with_skills(env, model, start))
    env.run()
    return start


def everybody_waits(env: simpy.Environment, model: Model, start: Starts) -> Process:
    agents = simpy.Resource(env, capacity=len(model.skills))
    service = model.rows.service

    def customer(number: int) -> Process:
        with agents.request() as request:
            yield request
            start[number] = env.now
            yield env.timeout(service[number])

    for number, gap in enumerate(model.rows.gap):
        yield env.timeout(gap)
        env.process(customer(number))


class Agent(NamedTuple):
    skills: frozenset[int]
    number: int


class Request(FilterStoreGet):
    """A request that comes before others by its key."""

    def __init__(self, store: Agents, cls: int, number: int) -> None:
        self.key = (cls % TIERS, number)
        super().__init__(store, lambda agent: cls in agent.skills)


class Agents(simpy.FilterStore):
    """Idle agents, longest first: who is put back goes to the end."""

    GetQueue = SortedQueue

    def ask(self, cls: int, number: int) -> Request:
        return Request(self, cls, number)


def with_skills(env: simpy.Environment, model: Model, start: Starts) -> Process:
    agents = Agents(env)
    agents.items = [Agent(frozenset(skills), number) for number, skills in enumerate(model.skills)]
    cls, service, patience = model.rows.cls, model.rows.service, model.rows.patience
    assert patience is not None

    def customer(number: int) -> Process:
        request = agents.ask(cls[number], number)
        yield request | env.timeout(patience[number])
        if not request.triggered:
            request.cancel()
            return
        start[number] = env.now
        yield env.timeout(service[number])
        yield agents.put(request.value)

    for number, gap in enumerate(model.rows.gap):
        yield env.timeout(gap)
        env.process(customer(number))
