"""Values travel between processes."""

import copy
import pickle

import pytest

from workassign import Agent, Customer, Interaction, Needs, Plan, Queue, UsageError
from workassign.commands import Submit
from workassign.policies.scoring import capped, influence, sentiment
from workassign.policies.sla import first_response

INTERACTION = Interaction(
    id="i1",
    needs=Needs({"billing": 2}),
    customer=Customer(id="c", followers=3),
    attributes={"lang": "es", "urgent": True},
)
AGENT = Agent(id="ann", skills={"billing": 3}, queues={"vip": 1}, channels={"chat": 2}, capacity=2)


@pytest.mark.parametrize("value", [INTERACTION, AGENT, Submit(INTERACTION, key="k"), Needs({"es": 1})])
def test_a_value_that_was_pickled_or_copied_is_equal(value: object) -> None:
    assert pickle.loads(pickle.dumps(value)) == value
    assert copy.deepcopy(value) == value


def test_values_can_be_members_of_sets() -> None:
    assert len({INTERACTION, copy.copy(INTERACTION), AGENT}) == 2


def test_a_plan_that_was_pickled_decides_alike() -> None:
    scoring = (sentiment(), capped([(1.0, influence(most=60))], most=30))
    plan = Plan(queues={"vip": Queue(scoring=scoring, sla=first_response(60))}, skills=frozenset({"es"}))
    again = pickle.loads(pickle.dumps(plan))
    assert again.hash == plan.hash
    assert again.queues["vip"].scoring[1](INTERACTION, 0.0) == scoring[1](INTERACTION, 0.0)


@pytest.mark.parametrize(
    "build",
    [
        lambda: Agent(id="a", skills=["x"]),  # type: ignore[arg-type]
        lambda: Agent(id="a", queues=["x"]),  # type: ignore[arg-type]
        lambda: Agent(id="a", channels={"x"}),  # type: ignore[arg-type]
        lambda: Agent(id="a", capacity=1e-9),
        lambda: Needs(["x"]),  # type: ignore[arg-type]
        lambda: Interaction(id="i", attributes={"text": "x" * 5_000_000}),
        lambda: Interaction(id="i", attributes={"text": "\ud800"}),
        lambda: Interaction(id="i\0"),
        lambda: Interaction(id="i", sentiment=float("nan")),
        lambda: Customer(id="c", value=float("inf")),
        lambda: Customer(id="c", followers=-1),
    ],
)
def test_a_malformed_value_is_an_error_of_the_caller(build: object) -> None:
    with pytest.raises(UsageError):
        build()  # type: ignore[operator]
