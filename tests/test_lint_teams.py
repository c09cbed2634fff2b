"""What lint finds in groups, labels, phases, rotations and surges."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from workassign import Agent, Channel, Group, Interaction, Period, Plan, Queue, Rotation
from workassign.lint import lint
from workassign.policies.review import Review
from workassign.policies.surge import Borrow, Surge, Templates

SURGE = Surge(on=5, off=3)
LEND = Borrow(groups=("office",), queues={"care": 2})
PLAN = Plan(
    queues={"care": Queue(tier=2), "back": Queue(tier=3)},
    channels={"chat": Channel(), "mail": Channel()},
    groups={"office": Group(queues={"back": 1})},
)
BEA = Agent(id="bea", groups=("office",))
ANN = Agent(id="ann", queues={"care": 1})


def kinds(plan: Plan, *roster: Agent, sample: tuple[Interaction, ...] = ()) -> list[tuple[str, str]]:
    """Return kind and place of what is found of teams."""
    mine = ("empty_group", "idle_review", "idle_rotation", "idle_surge", "unserved_label")
    return [(each.kind, each.place) for each in lint(plan, roster, sample) if each.kind in mine]


def surging(**settings: Any) -> Plan:
    return attrs.evolve(PLAN, surge=attrs.evolve(SURGE, **settings))


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({}, "surge"),
        ({"borrow": LEND}, None),
        ({"borrow": LEND, "floor": 1}, "surge.floor"),
        ({"collapse": "thread", "floor": 2}, None),
        ({"collapse": "thread", "floor": 3}, "surge.floor"),
        ({"templates": Templates(attribute="topic", names={"late": "sorry"})}, None),
    ],
)
def test_a_surge_that_changes_nothing(settings: dict[str, Any], place: str | None) -> None:
    assert kinds(surging(**settings)) == ([] if place is None else [("idle_surge", place)])


def test_a_floor_counts_where_something_brings_a_later_tier() -> None:
    sample = (Interaction(id="i1", queue="care", tier=9),)
    assert kinds(surging(collapse="thread", floor=3), ANN, BEA, sample=sample) == []


def test_helpers_who_help_anyway() -> None:
    assert kinds(surging(borrow=LEND), ANN, BEA) == []
    anyway = attrs.evolve(BEA, queues={"care": 5})
    assert kinds(surging(borrow=LEND), ANN, anyway) == [("idle_surge", "surge.borrow.queues")]


def test_a_group_without_anybody_and_what_counts_on_it() -> None:
    plan = surging(borrow=LEND)
    assert kinds(PLAN, ANN, attrs.evolve(BEA, groups=())) == [("empty_group", "groups.office")]
    (found,) = (each for each in lint(plan, [ANN]) if each.kind == "empty_group")
    assert found.message == "nobody on the roster is in it, but surge.borrow counts on it"


def test_a_rotation_whose_turns_are_alike() -> None:
    periods = (Period(channels={"chat": 1}, seconds=60), Period(channels={"mail": 1}, seconds=60))
    for given, found in (
        (periods, []),
        ((periods[0], periods[0]), [("idle_rotation", "rotations.r.periods")]),
    ):
        rotation = Rotation(groups=("office",), periods=given)
        assert kinds(attrs.evolve(PLAN, rotations={"r": rotation}), ANN, BEA) == found


def test_a_phase_of_training_that_nobody_is_in() -> None:
    review = Review(queue="back", before={"trainee": 1.0}, after={"probation": 0.5})
    plan = attrs.evolve(PLAN, queues={**PLAN.queues, "care": Queue(review=review)})
    trainee = attrs.evolve(ANN, attributes={"phase": "trainee"})
    both = attrs.evolve(ANN, attributes={"phase": ["trainee", "probation"]})
    (found,) = (each for each in lint(plan, [trainee, BEA]) if each.kind == "idle_review")
    assert (found.place, found.message) == (
        "queues.care.review",
        "nobody on the roster has the phase probation",
    )
    assert kinds(plan, both, BEA) == []


def test_a_label_that_nobody_may_take() -> None:
    none = attrs.evolve(ANN, labels={"refund": 0, "law": 0})
    assert kinds(PLAN, none, attrs.evolve(BEA, labels={"refund": 1, "law": 0})) == [
        ("unserved_label", "labels.law")
    ]
    assert kinds(PLAN, none, BEA) == []  # she is not limited
