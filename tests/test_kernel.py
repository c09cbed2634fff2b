"""The compiled kernel decides as the engine does, and as somebody who scans everything would."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from heapq import heappop, heappush
from math import inf, nan
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workassign import Agent, Engine, Interaction, Needs, Plan, Queue
from workassign.errors import UsageError
from workassign.events import Assigned
from workassign.lab.kernel import Played, Rules, run
from workassign.model import Instant
from workassign.policies.selection import best_skill, longest_idle

pytest.importorskip("numba", reason="the kernel is compiled by numba")

Served = list[tuple[float, int]]
"""By arrival number: when its service began and by whom; (infinity, -1): it never did."""


@attrs.frozen(kw_only=True)
class Day:
    """A small contact center and what comes in."""

    skills: list[dict[int, float]]
    """By agent: class -> level."""
    tier: list[int]
    head_start: list[float]
    slope: list[float]
    ranked: bool
    """The most proficient is asked first, then the longest idle."""
    arrival: list[float]
    classes: list[int]
    service: list[float]
    patience: list[float] | None


# Quarters: sums of them are exact, and much of what happens, happens at one instant.
quarters = st.integers(0, 8).map(lambda number: number / 4)


@st.composite
def days(draw: st.DrawFn, durations: st.SearchStrategy[float] = quarters, *, slopes: bool = False) -> Day:
    classes = draw(st.integers(1, 4))
    numbers, many = st.integers(0, classes - 1), draw(st.integers(1, 40))

    def each(of: st.SearchStrategy[Any], size: int) -> Any:
        return draw(st.lists(of, min_size=size, max_size=size))

    gaps = each(st.integers(0, 3).map(lambda number: number / 4), many)
    levels = st.dictionaries(numbers, st.sampled_from([1.0, 2.0]), max_size=classes)
    return Day(
        skills=each(levels, draw(st.integers(1, 5))),
        tier=each(st.integers(0, 2), classes),
        head_start=each(st.sampled_from([0.0, 0.0, 1.0, 3.0]), classes),
        slope=each(st.sampled_from([0.0, 0.5, 1.0, 3.0]), classes) if slopes else [1.0] * classes,
        ranked=draw(st.booleans()),
        arrival=np.cumsum(gaps).tolist(),
        classes=each(numbers, many),
        service=each(durations, many),
        patience=draw(st.none() | st.lists(durations, min_size=many, max_size=many)),
    )


def by_kernel(day: Day) -> Served:
    rank = [[-who.get(cls, 0.0) for who in day.skills] for cls in range(len(day.tier))]
    rules = Rules(
        eligible=[[cls in who for who in day.skills] for cls in range(len(day.tier))],
        tier=day.tier,
        head_start=day.head_start,
        slope=day.slope,
        rank=rank if day.ranked else None,
    )
    outcome = run(rules, arrival=day.arrival, classes=day.classes, service=day.service, patience=day.patience)
    starts = np.where(np.isnan(outcome.start), inf, outcome.start)
    return list(zip(starts.tolist(), outcome.agent.tolist(), strict=True))


Begun = list[tuple[int, int]]
"""Pairs of arrival number and agent."""


def play(
    day: Day, comes: Callable[[int, float], Begun], ends: Callable[[int, float], Begun],
    leaves: Callable[[int, float], None],
) -> Served:  # fmt: skip
    """Let time pass for whoever decides: arrivals first, then by arrival number."""
    served: Served = [(inf, -1)] * len(day.arrival)
    heap: list[tuple[float, int, bool]] = []
    coming = 0
    while heap or coming < len(day.arrival):
        if coming < len(day.arrival) and (not heap or day.arrival[coming] <= heap[0][0]):
            at, number, begun = day.arrival[coming], coming, comes(coming, day.arrival[coming])
            coming += 1
            if not begun and day.patience is not None:
                heappush(heap, (at + day.patience[number], number, False))
        else:
            at, number, is_end = heappop(heap)
            begun = ends(number, at) if is_end else []
            if not is_end and served[number][1] < 0:
                leaves(number, at)
        for one, agent in begun:
            served[one] = at, agent
            heappush(heap, (at + day.service[one], one, True))
    return served


def by_engine(day: Day) -> Served:
    def head_start(seconds: float) -> Callable[[Interaction, Instant], float]:
        return lambda interaction, at: seconds

    queues = {
        f"q{cls}": Queue(
            tier=tier, auto_accept=True, scoring=(head_start(day.head_start[cls]),),
            selection=best_skill if day.ranked else longest_idle,
        )
        for cls, tier in enumerate(day.tier)
    }  # fmt: skip
    engine = Engine(Plan(queues=queues))
    for number, who in enumerate(day.skills):
        skills: Mapping[str, float] = {f"s{cls}": level for cls, level in sorted(who.items())}
        engine.add_agent(Agent(id=f"agent-{number}", skills=skills), 0.0)
        engine.sign_on(f"agent-{number}", 0.0)
    holding: dict[int, Assigned] = {}

    def begun(events: list[Any]) -> Begun:
        found = []
        for event in events:
            if isinstance(event, Assigned):
                holding[int(event.interaction)] = event
                found.append((int(event.interaction), int(event.agent.removeprefix("agent-"))))
        return found

    def comes(number: int, at: float) -> Begun:
        cls = day.classes[number]
        interaction = Interaction(id=str(number), queue=f"q{cls}", needs=Needs({f"s{cls}": 1}))
        return begun(engine.submit(interaction, at))

    def ends(number: int, at: float) -> Begun:
        held = holding[number]
        return begun(engine.complete(held.interaction, held.agent, held.fence, at))

    def leaves(number: int, at: float) -> None:
        engine.abandon(str(number), at)

    return play(day, comes, ends, leaves)


def by_scanning(day: Day) -> Served:
    """Decide by looking at everything."""
    waiting: list[int] = []
    idle = dict.fromkeys(range(len(day.skills)), 0.0)
    serving: dict[int, int] = {}

    def comes(number: int, at: float) -> Begun:
        cls = day.classes[number]
        able = [
            (-day.skills[agent][cls] if day.ranked else 0.0, since, agent)
            for agent, since in idle.items()
            if cls in day.skills[agent]
        ]
        if not able:
            waiting.append(number)
            return []
        agent = serving[number] = min(able)[2]
        del idle[agent]
        return [(number, agent)]

    def ends(number: int, at: float) -> Begun:
        agent = serving.pop(number)

        def order(one: int) -> tuple[float, ...]:
            cls = day.classes[one]
            reference = day.arrival[one] - day.head_start[cls]
            return day.tier[cls], -day.slope[cls] * (at - reference), reference, one

        able = [one for one in waiting if day.classes[one] in day.skills[agent]]
        if not able:
            idle[agent] = at
            return []
        chosen = min(able, key=order)
        waiting.remove(chosen)
        serving[chosen] = agent
        return [(chosen, agent)]

    return play(day, comes, ends, lambda number, at: waiting.remove(number))


INSTANTLY = Day(
    skills=[{0: 1.0}, {0: 1.0, 1: 1.0}], tier=[1, 1], head_start=[1.0, 3.0], slope=[1.0, 1.0], ranked=False,
    arrival=[1.0, 1.5, 1.5, 1.5, 1.5], classes=[0, 1, 0, 0, 1],
    service=[2.0, 0.0, 0.0, 0.0, 0.5], patience=[9.0, 9.0, 9.0, 0.5, 9.0],
)  # fmt: skip
"""At 2.0 patience of number 3 ends, then the service of 4, then that of 2, which takes no time."""


@given(days())
@example(INSTANTLY)
def test_it_gives_everything_to_the_same_agent_at_the_same_instant_as_the_engine(day: Day) -> None:
    assert by_kernel(day) == by_engine(day)


@given(days(st.floats(0.0, 10.0)))
@settings(max_examples=30)
def test_it_does_so_to_the_last_digit(day: Day) -> None:
    assert by_kernel(day) == by_engine(day)


@given(days(slopes=True))
def test_with_several_speeds_of_ageing_it_decides_as_if_it_looked_at_everything(day: Day) -> None:
    assert by_kernel(day) == by_scanning(day)


# --- by hand ----------------------------------------------------------------------------------


def one_agent(**rules: Any) -> Played:
    """Return what becomes of three: the first is served, of class 0 and 1 one waits for her each."""
    return run(
        Rules(eligible=[[True], [True]], **rules),
        arrival=[0.0, 1.0, 2.0], classes=[0, 0, 1], service=[10.0, 1.0, 1.0],
    )  # fmt: skip


def test_what_came_first_is_served_first() -> None:
    assert one_agent().start.tolist() == [0.0, 10.0, 11.0]


def test_a_lower_tier_is_served_first() -> None:
    assert one_agent(tier=[2, 1]).start.tolist() == [0.0, 11.0, 10.0]


def test_a_head_start_overtakes() -> None:
    assert one_agent(head_start=[0.0, 1.5]).start.tolist() == [0.0, 11.0, 10.0]


def test_what_ages_faster_overtakes() -> None:
    assert one_agent(slope=[1.0, 2.0]).start.tolist() == [0.0, 11.0, 10.0]


def test_who_loses_patience_leaves() -> None:
    outcome = run(
        Rules(eligible=[[True]]), arrival=[0.0, 1.0, 2.0], classes=[0, 0, 0],
        service=[10.0, 1.0, 1.0], patience=[0.0, 5.0, inf],
    )  # fmt: skip
    assert outcome.agent.tolist() == [0, -1, 0]
    assert np.isnan(outcome.start[1])
    assert outcome.end.tolist() == [10.0, 6.0, 11.0]


def test_what_nobody_may_serve_waits_for_ever() -> None:
    outcome = run(Rules(eligible=[[False]]), arrival=[1.0], classes=[0], service=[1.0])
    assert outcome.agent.tolist() == [-1]
    assert outcome.end.tolist() == [inf]


@pytest.mark.parametrize("factor", [[1.0, 3.0], [[1.0, 3.0]]])
def test_a_service_takes_as_long_as_its_agent_needs(factor: Any) -> None:
    rules = Rules(eligible=[[True, True]], factor=factor)
    outcome = run(rules, arrival=[0.0, 0.0], classes=[0, 0], service=[2.0, 2.0])
    assert outcome.end.tolist() == [2.0, 6.0]


def test_a_rank_comes_before_the_longest_idle() -> None:
    rules = Rules(eligible=[[True, True]], rank=[[1.0, 0.0]])
    assert run(rules, arrival=[0.0], classes=[0], service=[1.0]).agent.tolist() == [1]


def test_a_morning_without_work_is_no_mistake() -> None:
    assert run(Rules(eligible=[[True]]), arrival=[], classes=[], service=[]).start.tolist() == []


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"eligible": [[1, 0]]}, "eligible must be a table of True and False"),
        ({"eligible": []}, "eligible must be a table of True and False"),
        ({"tier": [1, 2]}, r"tier must have 1 numbers, not \(2,\)"),
        ({"head_start": [-1.0]}, "head_start must be finite, at least 0"),
        ({"slope": [nan]}, "slope must be finite, at least 0"),
        ({"rank": [0.0, 0.0]}, "rank must have 1 x 2 numbers"),
        ({"rank": [[0.0, inf]]}, "rank must be finite"),
        ({"factor": [1.0]}, "factor must have 2 or 1 x 2 numbers"),
        ({"factor": ["fast"]}, "a table of rules must be numbers, not"),
    ],
)
def test_a_table_that_is_wrong_is_named(rules: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Rules(**{"eligible": [[True, True]], **rules})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"arrival": [1.0, 0.0]}, "arrival must be sorted"),
        ({"arrival": [-1.0, 0.0]}, "arrival must be at least 0 and finite"),
        ({"arrival": [0.0, inf]}, "arrival must be at least 0 and finite"),
        ({"classes": [0, 1]}, "classes must be numbers from 0 to 0"),
        ({"classes": [0.0, 0.0]}, "classes must be 2 whole numbers"),
        ({"service": [1.0]}, "service must be a row of 2 numbers"),
        ({"service": [1.0, -1.0]}, "service must be at least 0 and finite"),
        ({"patience": [1.0, nan]}, "patience must be at least 0"),
    ],
)
def test_an_array_that_is_wrong_is_named(wrong: dict[str, Any], message: str) -> None:
    given = {"arrival": [0.0, 1.0], "classes": [0, 0], "service": [1.0, 1.0]}
    with pytest.raises(ValueError, match=message):
        run(Rules(eligible=[[True]]), **{**given, **wrong})


def test_without_numba_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.delitem(sys.modules, "workassign.lab._kernel", raising=False)
    monkeypatch.delattr("workassign.lab._kernel", raising=False)
    with pytest.raises(UsageError, match=r'pip install "workassign\[fast\]"'):
        run(Rules(eligible=[[True]]), arrival=[0.0], classes=[0], service=[1.0])
