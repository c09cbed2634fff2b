"""Values travel between processes."""

import copy
import pickle
from collections.abc import Callable

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workassign import Agent, Customer, Interaction, Needs, Plan, Queue, UsageError
from workassign.commands import Submit
from workassign.model import maker
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


EVERYTHING = Interaction(
    id="i1",
    queue="vip",
    channel="chat",
    needs=Needs({"billing": 2}),
    customer=Customer(id="c", followers=3),
    sentiment=-0.5,
    tier=2,
    prefers="ann",
    ref="tweets/1",
    attributes={"lang": "es"},
    label="refund",
    not_before=60.0,
    parent="whole",
    shared_with=("press", "care"),
)


@pytest.mark.parametrize("make", [lambda like: like.named, maker], ids=["named", "made"])
@pytest.mark.parametrize("like", [Interaction(id="i1"), INTERACTION, EVERYTHING])
def test_one_that_is_named_anew_is_as_if_it_were_built(
    like: Interaction, make: Callable[[Interaction], Callable[[str], Interaction]]
) -> None:
    """Equal in every field, and in whatever is done with it."""
    named, built = make(like)("i2"), attrs.evolve(like, id="i2")
    assert type(named) is Interaction
    assert (named, hash(named), repr(named)) == (built, hash(built), repr(built))
    assert named != like
    assert like.id == "i1"
    assert pickle.loads(pickle.dumps(named)) == copy.copy(named) == copy.deepcopy(named) == built
    assert attrs.evolve(named, tier=9) == attrs.evolve(built, tier=9)
    assert attrs.asdict(named) == attrs.asdict(built)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        named.id = "i3"  # type: ignore[misc]


@pytest.mark.parametrize("name", ["", "x" * 201, "a\nb", "\ud800", None, 7, b"i"])
def test_an_id_that_is_no_name_is_refused_also_for_one_more_alike(name: object) -> None:
    with pytest.raises(UsageError, match="interaction id"):
        INTERACTION.named(name)  # type: ignore[arg-type]


def test_nothing_can_be_named_like_what_it_is_a_part_of() -> None:
    with pytest.raises(UsageError, match="cannot be its own parent"):
        EVERYTHING.named("whole")


@given(st.text())
def test_the_same_ids_are_names_for_one_more_alike_as_for_the_first(name: str) -> None:
    def built(make: Callable[[], Interaction]) -> Interaction | str:
        try:
            return make()
        except UsageError as problem:
            return str(problem)

    assert built(lambda: Interaction(id="i1").named(name)) == built(lambda: Interaction(id=name))
