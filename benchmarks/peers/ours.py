"""The library itself: a scenario that is simulated around the engine."""

from __future__ import annotations

import numpy as np

from benchmarks.peers.models import TIERS, Model, Starts
from workassign import Agent, Needs, Plan, Queue
from workassign.lab import Crew, Given, Recorded, Scenario, Stream, simulate
from workassign.policies.sla import first_response

__all__ = ["run", "scenario"]


def run(model: Model) -> Starts:
    """Return when each service begins. Scenario, agents and interactions are built here, and count."""
    starts: Starts = simulate(scenario(model)).journeys.started.tolist()
    return starts


def scenario(model: Model) -> Scenario:
    """Return the model as a scenario: a stream a class, a queue a tier, offers and promises configured."""
    at, classes = model.arrival, range(model.classes)
    rows = [model.cls == cls for cls in classes]
    agents = [
        Agent(id=f"agent-{number}", skills={f"skill-{cls}": 1.0 for cls in skills})
        for number, skills in enumerate(model.skills)
    ]
    return Scenario(
        name=model.name,
        plan=Plan(
            queues={
                f"tier-{tier}": Queue(tier=tier, auto_accept=True, offer_for=30.0, sla=first_response(20.0))
                for tier in range(TIERS)
            }
        ),
        streams=[
            Stream(
                name=f"class-{cls}",
                queue=f"tier-{cls % TIERS}",
                needs=Needs({f"skill-{cls}": 1}),
                arrivals=Recorded(at[rows[cls]]),
                handling=Given(model.service[rows[cls]]),
                patience=None if model.patience is None else Given(model.patience[rows[cls]]),
            )
            for cls in classes
        ],
        crews=[Crew(name="all", agents=agents)],
        duration=float(np.nextafter(at[-1], np.inf)),
    )
