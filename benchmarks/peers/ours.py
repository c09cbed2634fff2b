"""The library itself: the engine, driven by a clock that is pushed from event to event."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from math import inf, isnan

from benchmarks.peers.models import TIERS, Model, Starts, abandoned
from workassign import Agent, Engine, Interaction, Needs, Plan, Queue
from workassign.events import Assigned, Event
from workassign.policies.sla import first_response

__all__ = ["run"]


def run(model: Model) -> Starts:
    """Return when each service begins. What is submitted is built here, and counts."""
    engine = opened(model)
    rows, many = model.rows, len(model)
    queues = [f"tier-{cls % TIERS}" for cls in range(model.classes)]
    needs = [Needs({f"skill-{cls}": 1}) for cls in range(model.classes)]
    start, service, patience = abandoned(many), rows.service, rows.patience
    submit, complete, abandon = engine.submit, engine.complete, engine.abandon
    heap: list[
        tuple[float, int, Assigned | None]
    ] = []  # (instant, interaction, assignment; None: patience ends)
    coming, soon = 0, rows.arrival[0]
    while True:
        if heap and heap[0][0] < soon:
            at, number, held = heappop(heap)
            if held is None:
                if isnan(start[number]):
                    abandon(str(number), at)
                continue
            begun = assigned(complete(held.interaction, held.agent, held.fence, at))
            if begun is None:
                continue
            number = int(begun.interaction)
        elif coming == many:
            if not heap:
                return start
            soon = inf
            continue
        else:
            at, number, cls = soon, coming, rows.cls[coming]
            coming += 1
            soon = rows.arrival[coming] if coming < many else inf
            begun = assigned(submit(Interaction(id=str(number), queue=queues[cls], needs=needs[cls]), at))
            if begun is None:
                if patience is not None:
                    heappush(heap, (at + patience[number], number, None))
                continue
        start[number] = at
        heappush(heap, (at + service[number], number, begun))


def assigned(events: Sequence[Event]) -> Assigned | None:
    """Return what was assigned in a turn: whoever comes or is freed here is given one thing at most."""
    for event in events:
        if type(event) is Assigned:
            return event
    return None


def opened(model: Model) -> Engine:
    """Return an engine at whose door everybody has signed on at 0."""
    queue = [Queue(tier=tier, auto_accept=True, sla=first_response(20.0)) for tier in range(TIERS)]
    engine = Engine(Plan(queues={f"tier-{tier}": each for tier, each in enumerate(queue)}))
    for number, skills in enumerate(model.skills):
        agent = Agent(id=f"agent-{number}", skills={f"skill-{cls}": 1.0 for cls in skills})
        engine.add_agent(agent, 0.0)
        engine.sign_on(agent.id, 0.0)
    return engine
