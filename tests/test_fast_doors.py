"""The engine's methods say what command objects say, and the same comes of both."""

from __future__ import annotations

from math import inf
from random import Random

import pytest

from tests.builders import Checked, rule
from workassign import Agent, Engine, Interaction, Needs, Plan, Queue, Target, UsageError
from workassign import commands as cmd
from workassign import events as ev
from workassign.policies import selection
from workassign.policies.escalation import Step
from workassign.policies.keep_free import KeepFree
from workassign.policies.sla import first_response

PLANS = {
    "accepted at once": Plan(
        queues={
            "a": Queue(auto_accept=True, tier=1, sla=first_response(20)),
            "b": Queue(auto_accept=True, tier=2, sla=first_response(5)),
        }
    ),
    "offered": Plan(queues={name: Queue(offer_for=5, sla=first_response(9)) for name in "ab"}),
    "kept free, and wrapped up": Plan(
        queues={
            "a": Queue(
                auto_accept=True, keep_free=KeepFree(agents=1, tier=0), selection=selection.round_robin
            ),
            "b": Queue(auto_accept=True, tier=1, wrap_up=2, selection=selection.best_skill),
        }
    ),
    "with clocks and steps": Plan(
        queues={
            "a": Queue(
                auto_accept=True,
                targets=(Target(measures="accept", within=8),),
                steps=(Step(after=4, queue="b"),),
            ),
            "b": Queue(auto_accept=True, sla=first_response(3)),
        }
    ),
}


def staffed(plan: Plan) -> Engine:
    """Return a center that four agents have come to."""
    engine = Checked(plan)
    for number in range(4):
        skills = {"x": 1.0, "y": 1.0} if number % 2 else {"x": 1.0}
        engine.add_agent(Agent(id=f"ann-{number}", skills=skills, capacity=1 + number // 3), 0.0)
        engine.sign_on(f"ann-{number}", 0.0)
    return engine


def lives(plan: Plan, seed: int) -> tuple[list[tuple[cmd.Command, float, list[ev.Event]]], Engine]:
    """Return what was said on a random day, when, what came of it, and the engine at its end."""
    random, engine, at = Random(seed), staffed(plan), 0.0
    held: dict[str, ev.Assigned] = {}
    said: list[tuple[cmd.Command, float, list[ev.Event]]] = []

    def say(command: cmd.Command) -> None:
        answer = engine.handle(command, at)
        said.append((command, at, answer))
        held.update({event.interaction: event for event in answer if isinstance(event, ev.Assigned)})

    for number in range(100):
        at += random.choice((0.0, 0.5, 1.0))
        queue, skill = random.choice((("a", "x"), ("a", "y"), ("b", "y")))
        prefers = random.choice((None, None, None, "ann-1"))
        say(cmd.Submit(Interaction(id=f"i{number}", queue=queue, needs=Needs({skill: 1}), prefers=prefers)))
        if random.random() < 0.4:
            say(cmd.Abandon(f"i{random.randrange(number + 2)}"))
        for name in random.sample(sorted(held), min(len(held), random.randrange(3))):
            given = held.pop(name)
            say(cmd.Complete(name, given.agent, given.fence))
    return said, engine


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_the_same_comes_of_a_method_as_of_the_command_object(plan: Plan, seed: int) -> None:
    said, other = lives(plan, seed)
    engine = staffed(plan)
    for command, at, answer in said:
        match command:
            case cmd.Submit():
                found = engine.submit(command.interaction, at)
            case cmd.Complete():
                found = engine.complete(command.interaction, command.agent, command.fence, at)
            case _:
                assert isinstance(command, cmd.Abandon)
                found = engine.abandon(command.interaction, at)
        assert found == answer
        assert engine.calm_until <= engine.next_wake
    assert engine.snapshot() == other.snapshot()
    assert engine.next_wake == other.next_wake


@pytest.mark.parametrize("name", ["", "x" * 201, "a\nb", None, 7, ["i1"]])
def test_to_abandon_what_has_no_name_is_an_error_of_the_caller(name: object) -> None:
    engine = Engine()
    engine.submit(Interaction(id="i1"), 0.0)
    with pytest.raises(UsageError, match="interaction of Abandon"):
        engine.abandon(name, 1.0)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="backwards"):
        engine.abandon("i1", -1.0)
    assert rule(engine.abandon("i2", 1.0)) == "unknown_interaction"


def test_nothing_is_due_before_the_instant_until_which_it_is_calm() -> None:
    """It may be too early, but never too late; who has asked for the next wake knows it exactly."""
    engine = Engine(Plan(queues={"default": Queue(sla=first_response(10))}))
    assert engine.calm_until <= engine.next_wake == inf
    engine.submit(Interaction(id="i1"), 0.0)
    engine.submit(Interaction(id="i2"), 5.0)
    assert engine.calm_until == engine.next_wake == 10.0
    engine.abandon("i1", 6.0)
    assert engine.calm_until <= 15.0
    assert engine.next_wake == 15.0 == engine.calm_until


def test_after_a_replay_it_is_not_known_to_be_calm_until_somebody_asks() -> None:
    engine = Engine(Plan(queues={"default": Queue(sla=first_response(10))}))
    interaction = Interaction(id="i1")
    (submitted,) = engine.submit(interaction, 0.0)
    copy = Engine(engine.plan)
    copy.absorb(0.0, cmd.Submit(interaction), [submitted], 0)
    assert copy.calm_until == -inf
    assert copy.next_wake == 10.0 == copy.calm_until


def test_what_is_alike_lives_by_the_rules_of_the_plan_that_holds() -> None:
    """Another tier, target or way to be accepted counts for whatever comes after the change."""
    first = Queue(auto_accept=True, sla=first_response(10))
    then = Queue(tier=3, sla=first_response(20), offer_for=5)
    engine = Checked(Plan(queues={"default": first}))
    engine.add_agent(Agent(id="ann", capacity=9), 0.0)
    engine.sign_on("ann", 0.0)
    like = Interaction(id="i1")
    kinds = [[type(event).__name__ for event in engine.submit(like.named(f"i{n}"), 0.0)] for n in range(2)]
    assert kinds == [["Submitted", "Assigned"]] * 2
    engine.change_plan(Plan(queues={"default": then}), 1.0)
    for number in range(2, 4):
        submitted, offered = engine.submit(like.named(f"i{number}"), 1.0)
        assert isinstance(submitted, ev.Submitted)
        assert (submitted.tier, submitted.target) == (3, 20.0)
        assert isinstance(offered, ev.Offered)
    engine.change_plan(Plan(queues={"other": first}, successors={"default": "other"}), 2.0)
    assert rule(engine.submit(like.named("i4"), 2.0)) == "unknown_queue"


def test_labels_that_somebody_limits_later_are_told_apart_from_then_on() -> None:
    engine = Checked(Plan(queues={"default": Queue(auto_accept=True)}))
    engine.add_agent(Agent(id="ann", capacity=9), 0.0)
    engine.sign_on("ann", 0.0)
    refund, plain = Interaction(id="r", label="refund"), Interaction(id="p")
    for number in range(2):
        assert len(engine.submit(plain.named(f"p{number}"), 0.0)) == 2
        assert len(engine.submit(refund.named(f"r{number}"), 0.0)) == 2
    engine.change_agent(Agent(id="ann", capacity=9, labels={"refund": 2}), 1.0)
    assert len(engine.submit(refund.named("r9"), 1.0)) == 1
    assert len(engine.submit(plain.named("p9"), 1.0)) == 2
