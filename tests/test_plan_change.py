"""A plan changes while very much waits."""

import random

import pytest

from workassign import Agent, Customer, Engine, Interaction, Needs, Plan, Queue
from workassign.events import Assigned, Event
from workassign.policies.ordering import due
from workassign.policies.scoring import influence, sentiment
from workassign.policies.sla import first_response

WAITING = 100_000

OLD = Plan(queues={"news": Queue(auto_accept=True), "care": Queue(tier=2, auto_accept=True)})
NEW = Plan(
    queues={
        "care": Queue(
            auto_accept=True,
            scoring=(sentiment(most=900), influence(most=600)),
            head_start_cap=1_200,
            ordering=due,
            sla=first_response(1_800),
        )
    },
    successors={"news": "care"},
)


def interactions() -> list[Interaction]:
    rng = random.Random(5)
    needs = [Needs({f"skill-{number}": 1 + number % 3}) for number in range(50)]
    return [
        Interaction(
            id=f"i{number}",
            queue=rng.choice(["news", "care"]),
            needs=rng.choice(needs),
            sentiment=rng.choice([None, -1.0, -0.5, 0.2]),
            customer=Customer(id=f"c{number}", followers=rng.randrange(1_000_000)),
            tier=rng.choice([None, None, 0]),
        )
        for number in range(WAITING)
    ]


def taken(engine: Engine, at: float) -> list[str]:
    """Let one agent who can do everything take everything; return the order."""
    skills = {f"skill-{number}": 3 for number in range(50)}
    engine.add_agent(Agent(id="ann", skills=skills, capacity=WAITING), at)
    events: list[Event] = engine.sign_on("ann", at)
    return [event.interaction for event in events if isinstance(event, Assigned)]


@pytest.mark.slow
def test_the_order_after_a_plan_change_is_that_of_a_fresh_engine_with_the_new_plan() -> None:
    """With 100,000 waiting, a queue that is gone, another ordering and other scores."""
    changed, fresh = Engine(OLD), Engine(NEW)
    for number, interaction in enumerate(interactions()):
        changed.submit(interaction, number / 50)
        moved = {"queue": "care"} if interaction.queue == "news" else {}
        fields = ("id", "needs", "sentiment", "customer", "tier")
        same = {name: getattr(interaction, name) for name in fields} | {"queue": interaction.queue} | moved
        fresh.submit(Interaction(**same), number / 50)
    changed.change_plan(NEW, WAITING / 50)
    changed.check()

    order = taken(changed, WAITING / 50)

    assert len(order) == WAITING
    assert order == taken(fresh, WAITING / 50)
