"""Single operations and whole days, by pytest-benchmark, in three groups: `pytest benchmarks`.

Absolute times, for finding what a change did to one operation; ratios that can be quoted come
from `python -m benchmarks.lifecycle`.
"""

from __future__ import annotations

import random
from heapq import heappop, heappush
from typing import Any

import pytest

from benchmarks.lifecycle import Saturated, Size
from workassign import Agent, Engine, Interaction, Needs, Plan, Queue
from workassign.events import Assigned, Event
from workassign.policies.scoring import sentiment


@pytest.mark.benchmark(group="frequent")
def test_a_life_with_a_thousand_waiting(benchmark: Any) -> None:
    saturated = Saturated(Size(1_000, 100, 100, 100, 18))
    benchmark.pedantic(saturated.by_methods, setup=lambda: ((saturated.prepare(200),), {}), rounds=50)


@pytest.mark.benchmark(group="frequent")
def test_a_life_by_command_objects(benchmark: Any) -> None:
    saturated = Saturated(Size(1_000, 100, 100, 100, 18))
    benchmark.pedantic(saturated.by_commands, setup=lambda: ((saturated.prepare(200),), {}), rounds=50)


@pytest.mark.benchmark(group="targeted")
def test_a_plan_changes_with_ten_thousand_waiting(benchmark: Any) -> None:
    rng = random.Random(1)
    plans = [Plan(queues={"q": Queue(scoring=(sentiment(most=most),))}) for most in (600, 900)]
    engine = Engine(plans[0])
    for number in range(10_000):
        needs = Needs({f"skill-{number % 100}": 1})
        interaction = Interaction(id=str(number), queue="q", needs=needs, sentiment=rng.uniform(-1, 1))
        engine.submit(interaction, number / 100)
    turn = iter(range(1_000))
    benchmark(lambda: engine.change_plan(plans[(next(turn) + 1) % 2], 1_000.0))


@pytest.mark.benchmark(group="targeted")
def test_an_interaction_is_cancelled_from_the_middle(benchmark: Any) -> None:
    engine = Engine()
    made = iter(range(10_000_000))

    def cancel() -> None:
        number = next(made)
        engine.submit(Interaction(id=f"new-{number}"), 0.0)
        engine.cancel(f"new-{number}", 0.0)

    for number in range(10_000):
        engine.submit(Interaction(id=f"old-{number}"), 0.0)
    benchmark(cancel)


@pytest.mark.benchmark(group="simulation")
def test_an_hour_of_ten_agents(benchmark: Any) -> None:
    """A customer every two seconds, work that takes eighteen: ten agents at 90 %."""

    def hour() -> None:
        rng = random.Random(7)
        engine = Engine(Plan(queues={"default": Queue(auto_accept=True)}))
        for number in range(10):
            engine.add_agent(Agent(id=str(number)), 0.0)
            engine.sign_on(str(number), 0.0)
        ends: list[tuple[float, int, Assigned]] = []

        def begin(events: list[Event]) -> None:
            for event in events:
                if isinstance(event, Assigned):
                    heappush(ends, (event.at + rng.expovariate(1 / 18), event.fence, event))

        now = 0.0
        for number in range(1_800):
            now += rng.expovariate(0.5)
            while ends and ends[0][0] <= now:
                end, _, done = heappop(ends)
                begin(engine.complete(done.interaction, done.agent, done.fence, end))
            begin(engine.submit(Interaction(id=str(number)), now))

    benchmark.pedantic(hour, rounds=5)
