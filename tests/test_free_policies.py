"""Policies that look at the moment: how many wait and since when, and how many are idle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from workassign import (
    Agent,
    Customer,
    Engine,
    Interaction,
    MemoryStore,
    Needs,
    Plan,
    PlanError,
    Queue,
    position,
    record,
)
from workassign import commands as cmd
from workassign import events as ev
from workassign.explain import explain, why_waiting
from workassign.inversions import inversions
from workassign.journal import entries, replay
from workassign.linting.bounds import starvation_bound
from workassign.model import Fence, OfferId
from workassign.policies import ordering, scoring, selection, work
from workassign.policies.batch import Batch
from workassign.policies.grades import free
from workassign.policies.selection import Bench
from workassign.policies.work import Head


def waiting(policy: work.WorkPolicy, *arrivals: str, **settings: Any) -> Engine:
    """An engine with queues a, b and c, where one interaction a second came, to these."""
    engine = Engine(Plan(queues={name: Queue(work=policy, auto_accept=True, **settings) for name in "abc"}))
    for at, queue in enumerate(arrivals):
        engine.submit(Interaction(id=f"{queue}{at}", queue=queue), float(at))
    return engine


def served(engine: Engine, at: float = 100.0, **agent: Any) -> list[str]:
    """What one agent takes, one after the other, at one instant."""
    engine.add_agent(Agent(id="ann", **agent), at)
    engine.sign_on("ann", at)
    found = []
    while taken := [event for event in engine.facts if isinstance(event, ev.Assigned)]:
        found.append(taken[0].interaction)
        engine.complete(taken[0].interaction, "ann", taken[0].fence, at)
        engine.check()
    return found


# --- which interaction ----------------------------------------------------------------------------


def test_the_longest_queue_goes_first_and_lengths_are_those_of_the_moment() -> None:
    """Among queues of equal lengths, what has waited longest."""
    assert served(waiting(work.longest_queue(), "a", "b", "b", "b")) == ["b1", "b2", "a0", "b3"]


def test_of_a_queue_counts_what_she_could_take() -> None:
    engine = waiting(work.longest_queue(), "a", "b")
    for number in range(5):
        engine.submit(Interaction(id=f"law{number}", queue="b", needs=Needs({"law": 1})), 2.0)
    assert served(engine)[0] == "a0"


def test_max_weight_weighs_lengths() -> None:
    assert served(waiting(work.max_weight({"a": 2.5}), "b", "b", "a"))[0] == "a2"
    assert served(waiting(work.max_weight({"a": 1.5}), "b", "b", "a"))[0] == "b0"


def test_a_weight_may_be_that_of_a_skill() -> None:
    """Where the queue has none, everything that needs the skill is one class, whatever else it needs."""
    engine = waiting(work.max_weight({"law": 2.0}), "a", "a", "a")
    engine.submit(Interaction(id="l1", queue="b", needs=Needs({"law": 1})), 3.0)
    engine.submit(Interaction(id="l2", queue="c", needs=Needs({"law": 1, "tax": 1})), 4.0)
    assert served(engine, skills={"law": 1, "tax": 1})[0] == "l1"


def test_a_queue_ratio_serves_what_exceeds_its_share_most() -> None:
    policy = work.queue_ratio({"a": 3, "b": 1})
    assert served(waiting(policy, "a", "a", "a", "b", "b"))[0] == "b3"
    assert served(waiting(policy, "b", "a", "a", "a", "a"))[0] == "a1"


def test_of_equal_excesses_the_queue_that_is_named_first_goes_first() -> None:
    assert served(waiting(work.queue_ratio({"b": 1, "a": 1}), "a", "b"))[0] == "b1"


@pytest.mark.parametrize(("at", "first"), [(9.0, "a0"), (20.0, "b6")])
def test_what_ages_faster_overtakes_in_time(at: float, first: str) -> None:
    """Twice as fast and six seconds later: it is first from the twelfth second on."""
    engine = waiting(work.ageing({"b": 2.0}), "a")
    engine.submit(Interaction(id="b6", queue="b"), 6.0)
    assert served(engine, at)[0] == first


def test_a_head_start_ages_too() -> None:
    engine = waiting(work.ageing({"b": 2.0}), "a", scoring=(scoring.sentiment(most=10),))
    engine.submit(Interaction(id="b6", queue="b", sentiment=-1.0), 6.0)
    assert served(engine, 7.0)[0] == "b6"


def test_a_threshold_puts_a_queue_first_while_more_wait_there() -> None:
    """The N-model: more than two of a go first, else b, else a."""
    found = served(waiting(work.threshold({"a": 2}), "b", "b", *"aaaa"), queues={"a": 2, "b": 1})
    assert found == ["a2", "a3", "b0", "b1", "a4", "a5"]


def test_tiers_stay_strict() -> None:
    engine = Engine(
        Plan(
            queues={
                "a": Queue(work=work.longest_queue(), auto_accept=True, tier=2),
                "b": Queue(work=work.longest_queue(), auto_accept=True),
            }
        )
    )
    for number, queue in enumerate("aaab"):
        engine.submit(Interaction(id=f"{queue}{number}", queue=queue), float(number))
    assert served(engine) == ["b3", "a0", "a1", "a2"]


def test_queues_with_another_policy_keep_their_own_rank() -> None:
    """The free one is shown the heads of its queues alone; ranks are compared as they are."""
    seen: list[list[str]] = []

    @free
    def noted(heads: Sequence[Head], skills: Mapping[str, float], now: float) -> list[float]:
        seen.append([head.queue for head in heads])
        return [1.5 for _ in heads]

    queues = {"a": Queue(work=noted), "b": Queue(work=work.queue_priority), "c": Queue(work=noted)}
    engine = Engine(Plan(queues=queues))
    for number, queue in enumerate("abc"):
        engine.submit(Interaction(id=queue, queue=queue), float(number))
    engine.add_agent(Agent(id="ann", queues={"a": 1, "b": 1, "c": 1}), 9.0)
    assert engine.sign_on("ann", 9.0)[-1].interaction == "b"  # type: ignore[union-attr]
    engine.add_agent(Agent(id="bob", queues={"a": 1, "b": 2, "c": 1}), 9.0)
    assert engine.sign_on("bob", 9.0)[-1].interaction == "a"  # type: ignore[union-attr]
    assert seen == [["a", "c"]] * len(seen)


def test_queues_of_a_plan_file_with_equal_settings_are_weighed_together() -> None:
    table = {"work": {"use": "queue_ratio", "shares": {"a": 1, "b": 1}}, "auto_accept": True}
    plan = Plan.from_data({"queues": {"a": table, "b": dict(table)}})
    engine = Engine(plan)
    for number, queue in enumerate("abb"):
        engine.submit(Interaction(id=f"{queue}{number}", queue=queue), float(number))
    assert served(engine)[0] == "b1"
    assert Plan.from_data(plan.to_data()).to_data() == plan.to_data()


def test_a_free_policy_is_told_how_things_are() -> None:
    """Length, age, key and priority; what waits for another counts."""
    seen: list[Head] = []

    @free
    def noted(heads: Sequence[Head], skills: Mapping[str, float], now: float) -> list[float]:
        if now == 50.0:
            assert skills == {"law": 2.0}
            seen.extend(heads)
        return [0.0 for _ in heads]

    queue = Queue(work=noted, auto_accept=True, scoring=(scoring.sentiment(most=100),), sticky_wait=600)
    engine = Engine(Plan(queues={"a": queue}))
    engine.add_agent(Agent(id="bob", skills={"law": 1}), 0.0)
    engine.sign_on("bob", 0.0)
    engine.submit(Interaction(id="his", queue="a", needs=Needs({"law": 1})), 5.0)
    engine.submit(Interaction(id="kept", queue="a", needs=Needs({"law": 1}), prefers="bob"), 10.0)
    engine.submit(Interaction(id="open", queue="a", needs=Needs({"law": 1}), sentiment=-0.2), 30.0)
    engine.add_agent(Agent(id="ann", skills={"law": 2.0}, queues={"a": 3}), 50.0)
    engine.sign_on("ann", 50.0)
    assert [tuple(head) for head in seen] == [("a", Needs({"law": 1}), 1, 2, 30.0, 10.0, 3)]


def test_when_it_fails_what_has_waited_longest_goes_first() -> None:
    @free
    def broken(heads: Sequence[Head], skills: Mapping[str, float], now: float) -> list[float]:
        return [0.0]  # for one too few

    engine = waiting(broken, "b", "a", "b")
    assert served(engine) == ["b0", "a1", "b2"]
    assert engine.snapshot()["failures"] == {"queues.a.work": 2}


# --- which agent ----------------------------------------------------------------------------------


def floor(policy: selection.Selection, *agents: Agent, **settings: Any) -> Engine:
    """An engine whose agents came one after the other."""
    engine = Engine(Plan(queues={"default": Queue(selection=policy, auto_accept=True, **settings)}))
    for at, agent in enumerate(agents):
        engine.add_agent(agent, float(at))
        engine.sign_on(agent.id, float(at))
    return engine


def taker(engine: Engine, number: int, at: float = 100.0, **interaction: Any) -> str:
    """Who is given one more."""
    (assigned,) = [
        event
        for event in engine.submit(Interaction(id=f"i{number}", **interaction), at)
        if isinstance(event, ev.Assigned)
    ]
    engine.check()
    return assigned.agent


def test_the_group_with_most_free_agents_goes_first() -> None:
    """Then the longest idle of it; of equal groups, the longest idle of all."""
    agents = [Agent(id="solo", skills={"x": 1}), *(Agent(id=f"p{i}", skills={"y": 1}) for i in range(3))]
    engine = floor(selection.most_idle(), *agents)
    assert [taker(engine, number) for number in range(4)] == ["p0", "p1", "solo", "p2"]


def test_what_is_wanted_comes_before_who_is_idle() -> None:
    agents = [Agent(id="solo", skills={"x": 1}), *(Agent(id=f"p{i}", skills={"y": 1}) for i in range(3))]
    engine = floor(selection.most_idle(), *agents)
    assert taker(engine, 0, needs=Needs('PREFER skills HAS "x"')) == "solo"


def test_a_free_selection_is_told_how_things_are() -> None:
    seen: list[tuple[Any, ...]] = []

    @free
    def noted(benches: Sequence[Bench], needs: Needs, sequence: int, now: float) -> list[float]:
        seen.append((sequence, now))
        seen.extend((*each[:4], each.first.id) for each in benches)
        return [0.0 for _ in benches]

    engine = floor(noted, Agent(id="solo", skills={"x": 1}), *(Agent(id=f"p{i}") for i in range(3)))
    assert [taker(engine, number) for number in range(2)] == ["solo", "p0"]
    assert seen == [
        (1, 100.0),
        ({"x": 1}, None, 1, 1, "solo"),
        ({}, None, 3, 3, "p0"),
        (2, 100.0),
        ({}, None, 3, 3, "p0"),
    ]


def test_attributes_that_somebody_asked_about_keep_nobody_apart() -> None:
    """A bench is a matter of skills and queues, not of what was ever asked for."""
    agents = [Agent(id="solo", skills={"x": 1}), Agent(id="es", attributes={"lang": "es"}), Agent(id="en")]
    engine = floor(selection.most_idle(), *agents)
    engine.submit(Interaction(id="hola", needs=Needs('lang == "fr"')), 50.0)
    assert taker(engine, 0) == "es"


def test_each_free_agent_is_equally_likely_each_time() -> None:
    """Who is always the first to come free again is asked no more often than the others."""
    engine = floor(selection.random_idle(seed=1), *(Agent(id=f"p{i}") for i in range(4)))
    found: Counter[str] = Counter()
    for number in range(4000):
        at = 100.0 + number
        who = taker(engine, number, at)
        found[who] += 1
        engine.complete(f"i{number}", who, engine.facts[-1].fence, at)  # type: ignore[union-attr]
    assert all(900 < count < 1100 for count in found.values())


def test_another_seed_is_another_draw() -> None:
    def order(seed: int) -> list[str]:
        engine = floor(selection.random_idle(seed=seed), *(Agent(id=f"p{i}") for i in range(8)))
        return [taker(engine, number) for number in range(8)]

    assert order(1) == order(1)
    assert order(1) != order(2)
    assert sorted(order(2)) == sorted(order(1))


def test_the_most_loaded_is_filled_before_the_next() -> None:
    engine = floor(selection.most_loaded, Agent(id="ann", capacity=3), Agent(id="bob", capacity=3))
    assert [taker(engine, number) for number in range(6)] == ["ann"] * 3 + ["bob"] * 3


# --- the order of a queue, and head starts --------------------------------------------------------


def test_the_last_to_come_goes_first() -> None:
    engine = waiting(work.greatest_need, *"aaa", ordering=ordering.last_first)
    assert served(engine) == ["a2", "a1", "a0"]


def test_a_random_order_is_the_same_for_the_same_seed() -> None:
    def order(seed: int) -> list[str]:
        return served(waiting(work.greatest_need, *"a" * 12, ordering=ordering.random_order(seed)))

    assert order(3) == order(3)
    assert order(3) != order(4)
    assert order(3) != sorted(order(3), key=lambda name: int(name[1:]))


def test_a_segment_has_a_head_start() -> None:
    engine = waiting(work.greatest_need, "a", scoring=(scoring.by("segment", {"vip": 90}),))
    vip = Customer(id="c", segment="vip")
    (submitted,) = engine.submit(Interaction(id="vip", queue="a", customer=vip), 60.0)
    assert submitted.terms == (("by", 90.0),)  # type: ignore[union-attr]
    assert served(engine) == ["vip", "a0"]


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda: work.max_weight({}), "weights must be a table"),
        (lambda: work.max_weight({"a": -1}), "weights.a must be a number from 0"),
        (lambda: work.queue_ratio({"a": 0}), "shares must not all be 0"),
        (lambda: work.ageing({"a": "fast"}), "speeds.a must be a number"),  # type: ignore[dict-item]
        (lambda: work.threshold({}), "above must be a table"),
        (lambda: work.threshold({"a": 1.5}), "above.a must be a whole number"),  # type: ignore[dict-item]
        (lambda: selection.random_idle(0.5), "seed must be a whole number"),  # type: ignore[arg-type]
        (lambda: ordering.random_order("x"), "seed must be a whole number"),  # type: ignore[arg-type]
        (lambda: scoring.by("segment", {}), "cases must be a table"),
        (lambda: scoring.by("segment", {"vip": -1}), "cases.vip must be a finite number"),
    ],
)
def test_settings_that_make_no_sense_are_named(make: Any, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        make()


# --- a queue that lets nothing wait ---------------------------------------------------------------


def test_a_queue_of_at_most_nothing_lets_in_only_what_is_taken_at_once() -> None:
    engine = floor(selection.longest_idle, Agent(id="ann"), most=0)
    assert taker(engine, 0) == "ann"
    (refused,) = engine.submit(Interaction(id="lost"), 101.0)
    assert isinstance(refused, ev.Refused)
    assert refused.rule == "queue_full"
    assert refused.reason == "queue 'default' lets nothing wait, and nobody takes it at once"
    engine.complete("i0", "ann", Fence(1), 102.0)
    assert taker(engine, 1, 103.0) == "ann"


def test_who_cannot_take_it_does_not_open_the_door() -> None:
    """For want of a skill, or of time: what comes to her only after a delay would have to wait."""
    engine = floor(selection.longest_idle, Agent(id="ann", delays={"default": 30.0}), most=0)
    for needs in (Needs({"law": 1}), Needs()):
        (refused,) = engine.submit(Interaction(id="lost", needs=needs), 100.0)
        assert isinstance(refused, ev.Refused)


def test_what_would_wait_for_whom_it_prefers_is_not_let_in() -> None:
    engine = floor(selection.longest_idle, Agent(id="ann"), Agent(id="bob"), most=0, sticky_wait=60)
    assert taker(engine, 0, prefers="ann") == "ann"
    (refused,) = engine.submit(Interaction(id="lost", prefers="ann"), 101.0)
    assert isinstance(refused, ev.Refused)
    assert taker(engine, 1, 102.0, prefers="nobody") == "bob"


def test_what_was_let_in_waits_again_after_a_refusal() -> None:
    engine = Engine(Plan(queues={"default": Queue(most=0)}))
    engine.add_agent(Agent(id="ann"), 0.0)
    engine.sign_on("ann", 0.0)
    engine.submit(Interaction(id="t1"), 1.0)
    engine.decline(OfferId(1), "ann", 2.0)
    assert position(engine, "t1") == 1
    engine.check()


def test_a_batch_would_let_everything_wait() -> None:
    batch = Batch(window=2, use=print)  # type: ignore[arg-type]
    with pytest.raises(PlanError, match="most = 0 lets nothing wait"):
        Plan(queues={"default": Queue(most=0, batch=batch)})


# --- after the fact -------------------------------------------------------------------------------


def a_day() -> tuple[Plan, MemoryStore, Engine]:
    """A recorded day under free policies."""
    rules = Queue(work=work.longest_queue(), selection=selection.most_idle(), auto_accept=True)
    plan, store = Plan(queues={"a": rules, "b": rules}), MemoryStore()
    engine = Engine(plan)
    recorder = record(engine, store)
    recorder.handle(cmd.AddAgent(Agent(id="ann")), 0.0)
    for number, queue in enumerate("abb"):
        recorder.handle(cmd.Submit(Interaction(id=f"{queue}{number}", queue=queue)), float(number))
    recorder.handle(cmd.SignOn("ann"), 10.0)
    recorder.flush()
    return plan, store, engine


def test_a_decision_is_explained_by_the_rank_of_that_instant() -> None:
    plan, store, _ = a_day()
    (decision,) = explain(plan, entries(store), "b1").decisions
    assert (decision.work, decision.selection, decision.notes) == ("longest_queue", "most_idle", ())
    assert [(each.interaction, each.rank) for each in decision.first] == [
        ("b1", -2.0),
        ("b2", -2.0),
        ("a0", -1.0),
    ]
    assert decision.candidates[0].keys is not None
    assert decision.candidates[0].keys.agent_key == -1.0


def test_why_it_waits_says_at_most_how_many_come_first() -> None:
    """Ranks change with everything that she takes, so it is no promise of exactly so many."""
    _, _, engine = a_day()
    texts = [way.text for way in why_waiting(engine, "a0").ways]
    assert any("up to 1 more come first for her" in text for text in texts), texts


def test_a_replay_stands_where_the_engine_stood_and_goes_on_alike() -> None:
    _, store, engine = a_day()
    again = replay(store)
    assert again.snapshot() == engine.snapshot()
    for each in (engine, again):
        each.check()
    done = [each.complete("b1", "ann", Fence(1), 20.0) for each in (engine, again)]
    assert done[0] == done[1]


def test_passing_over_what_is_older_is_counted() -> None:
    _, store, _ = a_day()
    found = inversions(store)
    assert (found.grants, found.inverted) == (1, 1)


@pytest.mark.parametrize(
    "queue",
    [
        Queue(work=work.longest_queue()),
        Queue(ordering=ordering.last_first),
        Queue(ordering=ordering.random_order(1)),
    ],
)
def test_nobody_is_promised_that_she_is_not_overtaken(queue: Queue) -> None:
    (bound,) = starvation_bound(Plan(queues={"default": queue}))
    assert bound.within is None
