"""The compiled kernel simulates what it knows as the engine does, and refuses the rest with a reason."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workassign import Agent, Needs, Plan, Queue, UsageError
from workassign.lab.arrivals import Poisson
from workassign.lab.compiled import why_not
from workassign.lab.distributions import Constant, Erlang, Exponential
from workassign.lab.scenario import (
    Contagion,
    Crew,
    Customers,
    Learning,
    OverloadWarning,
    Reaction,
    Return,
    Scenario,
    Stream,
)
from workassign.lab.simulation import simulate
from workassign.policies import ordering, scoring, selection, work
from workassign.policies.sla import first_response
from workassign.stores.memory import MemoryStore

AT_ONCE = Queue(auto_accept=True, sla=first_response(20.0))


def desk(**settings: Any) -> Scenario:
    """Two queues, two skills, five agents."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OverloadWarning)
        return attrs.evolve(_DESK, **settings)


_DESK = Scenario(
    plan=Plan(queues={"a": AT_ONCE, "b": attrs.evolve(AT_ONCE, tier=2)}),
    streams=[
        Stream(
            name=name,
            queue=name,
            needs=Needs({name: 1}),
            arrivals=Poisson(1.0),
            handling=Exponential(2.0),
            patience=Exponential(6.0),
        )
        for name in "ab"
    ],
    crews=[
        Crew(name="both", agents=[Agent(id=f"both-{n}", skills={"a": 2, "b": 3}) for n in range(3)]),
        Crew(name="one", agents=[Agent(id="a-1", skills={"a": 3}), Agent(id="b-1", skills={"b": 1})]),
    ],
    duration=300.0,
)


def same(scenario: Scenario, seed: int) -> None:
    one, other = simulate(scenario, seed), simulate(scenario, seed, kernel="compiled")
    for column in ("arrived", "started", "ended", "outcome", "agent"):
        expected, found = getattr(one.journeys, column), getattr(other.journeys, column)
        assert np.array_equal(found, expected, equal_nan=expected.dtype == np.float64), column
    assert repr(other.figures()) == repr(one.figures())


@given(
    seed=st.integers(0, 10_000),
    tiers=st.tuples(st.integers(0, 1), st.integers(0, 1)),
    heads=st.tuples(st.sampled_from([0.0, 3.0]), st.sampled_from([0.0, 5.0])),
    speeds=st.sampled_from([None, {"a": 2.0}, {"a": 0.25, "b": 3.0}]),
    selects=st.sampled_from([selection.longest_idle, selection.best_skill]),
    patience=st.sampled_from([None, Exponential(6.0), Constant(3.0)]),
    handling=st.sampled_from([Exponential(2.0), Constant(2.0), Erlang(2.0, 3)]),
    rate=st.sampled_from([0.4, 1.0, 1.6]),
    levels=st.sampled_from([{}, {1: 1.5, 3: 0.75}]),
)
@settings(max_examples=60)
def test_every_decision_is_the_engines(
    *,
    seed: int,
    tiers: tuple[int, int],
    heads: tuple[float, float],
    speeds: dict[str, float] | None,
    selects: Any,
    patience: Any,
    handling: Any,
    rate: float,
    levels: dict[int, float],
) -> None:
    queues = {
        name: attrs.evolve(
            AT_ONCE,
            tier=tier,
            selection=selects,
            work=work.greatest_need if speeds is None else work.ageing(speeds),
            scoring=(scoring.by("queue", {name: head}),) if head else (),
        )
        for name, tier, head in zip("ab", tiers, heads, strict=True)
    }
    streams = tuple(
        attrs.evolve(each, patience=patience, handling=handling, arrivals=Poisson(rate), by_level=levels)
        for each in _DESK.streams
    )
    same(desk(plan=Plan(queues=queues), streams=streams), seed)


def test_a_result_of_the_kernel_is_like_any_other() -> None:
    result = simulate(_DESK, 3, kernel="compiled", warm_up=50.0)
    assert set(result.to_columns()["outcome"]) == {"completed", "abandoned"}
    assert result.figures(crew="both")["occupancy"] > 0.5


def queue(**settings: Any) -> Callable[[], Scenario]:
    return lambda: desk(plan=Plan(queues={"a": attrs.evolve(AT_ONCE, **settings), "b": AT_ONCE}))


def stream(**settings: Any) -> Callable[[], Scenario]:
    return lambda: desk(streams=(attrs.evolve(_DESK.streams[0], **settings), _DESK.streams[1]))


def crew(**settings: Any) -> Callable[[], Scenario]:
    return lambda: desk(crews=(attrs.evolve(_DESK.crews[0], **settings), _DESK.crews[1]))


def agent(**settings: Any) -> Callable[[], Scenario]:
    return crew(agents=(Agent(id="x", skills={"a": 1}, **settings),))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (queue(auto_accept=False), "queue 'a' makes offers"),
        (queue(wrap_up=5.0), "queue 'a' has wrap_up"),
        (queue(most=3), "queue 'a' has most"),
        (queue(ordering=ordering.last_first), "not in order of arrival"),
        (queue(selection=selection.round_robin), "selects neither"),
        (queue(work=work.longest_queue()), "other than greatest_need and ageing"),
        (queue(work=work.ageing({"a": 2.0})), "different work policies"),
        (queue(scoring=(lambda interaction, at: 3.0,)), "scored by a function"),
        (stream(returns=Return(after=Constant(1.0))), "stream 'a' has returns"),
        (stream(contagion=Contagion(children=0.1, decay=1.0)), "stream 'a' has contagion"),
        (stream(handling={"both": Constant(1.0), "one": Constant(2.0)}), "takes crews differently long"),
        (crew(shifts=[(0.0, 5.0)]), "crew 'both' has shifts"),
        (crew(reaction=Reaction(delay=Constant(1.0))), "crew 'both' has reaction"),
        (crew(learning=Learning()), "crew 'both' has learning"),
        (agent(capacity=2.0), "agent 'x' has room for several"),
        (agent(pull=True), "agent 'x' has pull"),
        (lambda: desk(lines=5), "need the engine"),
        (lambda: desk(drain_for=5.0), "need the engine"),
        (lambda: desk(start=-5.0), "starts before instant 0"),
        (
            lambda: desk(plan=Plan(queues={"a": AT_ONCE, "b": AT_ONCE}, heartbeat=9.0)),
            "the plan has heartbeat",
        ),
    ],
)
def test_what_the_kernel_does_not_know_is_refused_with_a_reason(
    make: Callable[[], Scenario], reason: str
) -> None:
    scenario = make()
    assert reason in (why_not(scenario) or "")
    with pytest.raises(UsageError, match="the compiled kernel cannot simulate it"):
        simulate(scenario, kernel="compiled")


def test_customers_who_are_scored_one_by_one_are_the_engines() -> None:
    scored = attrs.evolve(AT_ONCE, scoring=(scoring.sentiment(60.0),))
    angry = attrs.evolve(_DESK.streams[0], customers=Customers(anger=Constant(1.0)))
    assert why_not(desk(streams=(angry, _DESK.streams[1]))) is None
    scenario = desk(plan=Plan(queues={"a": scored, "b": AT_ONCE}), streams=(angry, _DESK.streams[1]))
    assert "scored one by one" in (why_not(scenario) or "")


def test_the_kernel_keeps_no_journal() -> None:
    with pytest.raises(UsageError, match="no journal"):
        simulate(_DESK, kernel="compiled", journal=MemoryStore())
    with pytest.raises(UsageError, match="kernel must be engine or compiled"):
        simulate(_DESK, kernel="numpy")  # type: ignore[arg-type]
