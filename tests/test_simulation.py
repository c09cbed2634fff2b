"""A simulated floor does what its scenario says, with the engine's own decisions."""

from __future__ import annotations

import gc
import heapq
import pickle
import warnings
from collections import deque
from itertools import pairwise
from math import inf, nan
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workassign import Agent, Needs, Plan, Queue, UsageError
from workassign import events as ev
from workassign.errors import JournalError
from workassign.journal import entries, verify
from workassign.lab import theory
from workassign.lab.arrivals import Poisson, Profile, Recorded
from workassign.lab.distributions import Constant, Distribution, Exponential, Given, Pareto, Uniform
from workassign.lab.results import Result
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
from workassign.model import Channel
from workassign.policies import scoring, selection
from workassign.policies.sla import first_response
from workassign.stores.memory import MemoryStore

AT_ONCE = Queue(auto_accept=True)


def desk(
    *,
    arrivals: Any = None,
    handling: Distribution | dict[str, Distribution] | None = None,
    patience: Distribution | None = None,
    agents: int = 1,
    queue: Queue = AT_ONCE,
    duration: float = 1000.0,
    stream: dict[str, Any] | None = None,
    crew: dict[str, Any] | None = None,
    **settings: Any,
) -> Scenario:
    """One stream, one crew, one queue."""
    return Scenario(
        plan=Plan(queues={"default": queue}),
        streams=[
            Stream(
                name="mail",
                arrivals=Poisson(0.1) if arrivals is None else arrivals,
                handling=Exponential(5.0) if handling is None else handling,
                patience=patience,
                **(stream or {}),
            )
        ],
        crews=[Crew.of("crew", agents, **(crew or {}))],
        duration=duration,
        **settings,
    )


def traced(
    times: list[float], work: list[float], patience: list[float] | None = None, **more: Any
) -> Scenario:
    """A desk that these very customers come to."""
    return desk(
        arrivals=Recorded(times),
        handling=Given(work),
        patience=None if patience is None else Given(patience),
        **{"duration": times[-1] + 1.0, **more},
    )


# --- the same as others, to the last digit ------------------------------------------------------


@pytest.mark.parametrize("agents", [1, 3, 10])
def test_one_queue_gives_every_wait_of_the_kiefer_wolfowitz_recursion(agents: int) -> None:
    """W(n + 1) follows from the agents' workloads (Kiefer and Wolfowitz 1955)."""
    dice = np.random.default_rng(agents)
    times = np.cumsum(dice.standard_exponential(3_000) / (0.9 * agents))
    work = dice.standard_exponential(3_000)
    free = [0.0] * agents
    starts = []
    for at, seconds in zip(times.tolist(), work.tolist(), strict=True):
        start = max(at, free[0])
        starts.append(start)
        heapq.heapreplace(free, start + seconds)
    result = simulate(traced(times.tolist(), work.tolist(), agents=agents))
    assert result.journeys.started.tolist() == starts


SKILLS = [{place % 4, (place + 1 + place // 4) % 4} for place in range(12)]


def by_hand(times: list[float], kinds: list[int], work: list[float], patience: list[float]) -> list[float]:
    """Four kinds of work, priority kind % 2; first come, first served; the longest idle who can."""
    waiting: list[deque[int]] = [deque() for _ in range(4)]
    idle: dict[int, float] = dict.fromkeys(range(len(SKILLS)), 0.0)
    plans: list[tuple[float, int, int]] = []
    starts, number = [nan] * len(times), 0
    while number < len(times) or plans:
        if plans and (number == len(times) or plans[0][0] <= times[number]):
            at, who, agent = heapq.heappop(plans)
            if agent < 0:
                if who in waiting[kinds[who]]:
                    waiting[kinds[who]].remove(who)
                continue
            mine = [(kind % 2, times[waiting[kind][0]], kind) for kind in SKILLS[agent] if waiting[kind]]
            if mine:
                taken = waiting[min(mine)[2]].popleft()
                starts[taken] = at
                heapq.heappush(plans, (at + work[taken], taken, agent))
            else:
                idle[agent] = at
            continue
        at, kind = times[number], kinds[number]
        able = [(since, agent) for agent, since in idle.items() if kind in SKILLS[agent]]
        if able:
            agent = min(able)[1]
            del idle[agent]
            starts[number] = at
            heapq.heappush(plans, (at + work[number], number, agent))
        else:
            waiting[kind].append(number)
            heapq.heappush(plans, (at + patience[number], number, -1))
        number += 1
    return starts


@pytest.mark.parametrize("load", [0.8, 1.3])
def test_skills_and_priorities_give_every_start_of_a_loop_written_by_hand(load: float) -> None:
    dice = np.random.default_rng(7)
    times = np.cumsum(dice.standard_exponential(4_000) / (load * len(SKILLS)))
    kinds, work = dice.integers(0, 4, 4_000), dice.standard_exponential(4_000)
    patience = dice.standard_exponential(4_000) * 3
    scenario = Scenario(
        plan=Plan(queues={"first": attrs.evolve(AT_ONCE, tier=0), "second": attrs.evolve(AT_ONCE, tier=1)}),
        streams=[
            Stream(
                name=f"kind-{kind}",
                queue=("first", "second")[kind % 2],
                needs=Needs({f"skill-{kind}": 1}),
                arrivals=Recorded(times[kinds == kind]),
                handling=Given(work[kinds == kind]),
                patience=Given(patience[kinds == kind]),
            )
            for kind in range(4)
        ],
        crews=[
            Crew(
                name="all",
                agents=[
                    Agent(id=f"agent-{place}", skills={f"skill-{kind}": 1.0 for kind in sorted(skills)})
                    for place, skills in enumerate(SKILLS)
                ],
            )
        ],
        duration=float(times[-1]) + 1.0,
    )
    expected = by_hand(times.tolist(), kinds.tolist(), work.tolist(), patience.tolist())
    result = simulate(scenario)
    assert np.array_equal(result.journeys.started, expected, equal_nan=True)
    assert 0 < result.figures()["abandoned"] < 2_000


def test_abandonment_is_erlangs() -> None:
    """Erlang A: ten agents, ten customers a second, each as patient as two services."""
    scenario = desk(
        arrivals=Poisson(10.0),
        handling=Exponential(1.0),
        patience=Exponential(2.0),
        agents=10,
        duration=4_000.0,
    )
    exact = theory.erlang_a(10.0, 1.0, 10, 2.0)
    result = simulate(scenario, 3, warm_up=100.0)
    runs = [run["abandon_rate"] for run in result.batches(30)]
    error = float(np.std(runs, ddof=1)) / 30**0.5
    assert abs(np.mean(runs) - exact.abandoned) < 4 * error
    assert result.figures()["p_wait"] == pytest.approx(exact.delayed, rel=0.05)


# --- laws -----------------------------------------------------------------------------------------


@given(
    seed=st.integers(0, 1_000),
    rate=st.floats(0.02, 0.6),
    agents=st.integers(1, 4),
    patience=st.sampled_from([None, Exponential(20.0), Constant(15.0)]),
    wrap_up=st.sampled_from([None, 3.0]),
    auto=st.booleans(),
    lines=st.sampled_from([None, 3]),
    shifts=st.sampled_from([None, [(0.0, 100.0)], [(20.0, 90.0), (120.0, 180.0)]]),
    pace=st.sampled_from([(), (1.0, 0.6)]),
    turn_away=st.booleans(),
)
def test_whatever_the_scenario_nothing_is_lost_and_the_journal_is_lawful(
    *,
    seed: int,
    rate: float,
    agents: int,
    patience: Distribution | None,
    wrap_up: float | None,
    auto: bool,
    lines: int | None,
    shifts: Any,
    pace: tuple[float, ...],
    turn_away: bool,
) -> None:
    reaction = (
        None if auto else Reaction(delay=Uniform(0.0, 8.0), declined=0.2, unanswered=0.1, back_after=9.0)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OverloadWarning)
        scenario = desk(
            arrivals=Poisson(rate),
            patience=patience,
            agents=agents,
            queue=Queue(auto_accept=auto, wrap_up=wrap_up, offer_for=6.0, sla=first_response(10.0)),
            duration=200.0,
            drain_for=300.0,
            lines=lines,
            turn_away=turn_away,
            crew={"shifts": shifts, "pace": pace, "capacity": 2.0 if pace else 1.0, "reaction": reaction},
        )
    store = MemoryStore()
    kept, free = simulate(scenario, seed, journal=store, kpis=True), simulate(scenario, seed)
    assert verify(store).problems == []
    found = kept.figures(window=(0.0, 600.0))
    assert repr(found) == repr(free.figures(window=(0.0, 600.0)))
    assert found["entered"] == sum(found[name] for name in FATES)
    _agrees_with_the_live_figures(kept, found)
    _no_agent_holds_too_much(kept, 2 if pace else 1)


FATES = ("answered", "abandoned", "turned_away", "exited", "waiting")


def _agrees_with_the_live_figures(kept: Result, found: dict[str, float]) -> None:
    assert kept.kpis is not None
    live = kept.kpis.figures()
    assert (live.entered, live.answered, live.abandoned) == (
        found["entered"],
        found["answered"],
        found["abandoned"],
    )
    assert live.asa == (None if np.isnan(found["asa"]) else pytest.approx(found["asa"]))


def _no_agent_holds_too_much(result: Result, most: int) -> None:
    """Nobody has more than her capacity at any instant."""
    changes = [(at, 1, who) for at, who in zip(result.held.since, result.held.agent, strict=True)]
    changes += [(at, -1, who) for at, who in zip(result.held.until, result.held.agent, strict=True)]
    hands = [0] * len(result.agents)
    for _, change, who in sorted(changes, key=lambda each: (each[0], each[1])):
        hands[who] += change
        assert 0 <= hands[who] <= most


def test_what_waits_is_what_comes_times_how_long_it_waits() -> None:
    """Little's law, exactly, over a floor that begins and ends empty."""
    result = simulate(desk(arrivals=Poisson(0.5), handling=Exponential(3.0), agents=2), 1)
    window = (0.0, result.ended_at)
    found = result.figures(window=window)
    assert found["mean_queue"] * window[1] == pytest.approx(found["mean_wait"] * found["entered"])
    assert found["mean_in_hand"] * window[1] == pytest.approx(found["handle_time"] * found["entered"])


def test_another_plan_meets_the_same_customers() -> None:
    """Arrivals, work and patience belong to customers, whatever becomes of them."""
    one = desk(patience=Exponential(9.0), agents=1, arrivals=Poisson(0.3))
    other = attrs.evolve(
        one, crews=(Crew.of("others", 3),), plan=Plan(queues={"default": Queue(offer_for=9.0)})
    )
    a, b = simulate(one, 5), simulate(other, 5)
    assert a.ids == b.ids
    assert a.journeys.arrived.tolist() == b.journeys.arrived.tolist()
    done = (a.journeys.outcome == 2) & (b.journeys.outcome == 2)
    lasted = [(each.journeys.ended - each.journeys.started)[done] for each in (a, b)]
    assert lasted[0] == pytest.approx(lasted[1])


def test_a_further_stream_leaves_the_others_as_they_were() -> None:
    one = desk()
    further = Stream(name="calls", arrivals=Poisson(0.2), handling=Exponential(1.0))
    both = attrs.evolve(one, streams=(further, *one.streams), crews=(Crew.of("crew", 50),))
    mails = simulate(both, 3).to_columns()
    alone = simulate(one, 3).to_columns()
    assert mails["arrived"][mails["stream"] == "mail"].tolist() == alone["arrived"].tolist()


def test_one_seed_is_one_result_also_after_pickling() -> None:
    scenario = desk(patience=Exponential(9.0), queue=Queue(sla=first_response(9.0), auto_accept=True))
    first = simulate(scenario, 4)
    again = simulate(pickle.loads(pickle.dumps(scenario)), 4)
    assert repr(first.figures()) == repr(again.figures())
    assert repr(simulate(scenario, 5).figures()) != repr(first.figures())
    kept = pickle.loads(pickle.dumps(first))
    assert repr(kept.figures()) == repr(first.figures())


# --- customers ------------------------------------------------------------------------------------


def test_who_gave_up_comes_back_as_patient_as_before() -> None:
    """One long conversation; the other calls at 1, gives up after 3, and again 10 s after that."""
    scenario = traced(
        [0.0, 1.0],
        [30.0, 5.0],
        [99.0, 3.0],
        stream={"returns": Return(after=Constant(10.0), same=True, most=4)},
    )
    table = simulate(scenario).to_columns()
    assert table["interaction"].tolist() == ["mail-1", "mail-2", "mail-2~2", "mail-2~3"]
    assert table["arrived"].tolist() == [0.0, 1.0, 14.0, 27.0]
    assert table["outcome"].tolist() == ["completed", "abandoned", "abandoned", "completed"]
    assert table["started"][-1] == 30.0
    assert table["origin"].tolist() == [None, None, "mail-2", "mail-2"]


def test_a_share_of_those_who_gave_up_comes_back() -> None:
    scenario = traced(
        [0.0, *np.linspace(1.0, 2.0, 2_000)],
        [1e6] + [1.0] * 2_000,
        [99.0] + [1.0] * 2_000,
        stream={"returns": Return(share=0.3, after=Constant(5.0), most=2)},
        drain_for=100.0,
    )
    attempts = simulate(scenario).journeys.attempt
    assert (attempts == 2).sum() == pytest.approx(600, abs=80)


def test_who_posts_again_is_angrier_and_further_heard() -> None:
    scenario = traced(
        [0.0, 1.0],
        [50.0, 5.0],
        [99.0, 3.0],
        queue=Queue(auto_accept=True, scoring=(scoring.sentiment(900.0), scoring.influence(900.0))),
        stream={
            "returns": Return(after=Constant(1.0), angrier=0.4, reach=3.0, most=3),
            "customers": Customers(anger=Constant(0.5), influence=Constant(20.0)),
        },
    )
    store = MemoryStore()
    simulate(scenario, journal=store)
    told = [
        each.interaction
        for entry in entries(store)
        for each in entry.facts
        if isinstance(each, ev.Submitted) and each.interaction.id.startswith("mail-2")
    ]
    assert [each.sentiment for each in told] == [-0.5, pytest.approx(-0.9), -1.0]
    assert [each.customer.influence for each in told if each.customer] == [20.0, 60.0, 100.0]
    assert len({each.customer.id for each in told if each.customer}) == 1


def test_what_is_not_answered_makes_others_write() -> None:
    """Each begets 0.5 on average, and so on, while nobody answers: two for one in the end."""
    storm = desk(
        arrivals=Recorded(np.zeros(2_000)),
        handling=Constant(1.0),
        patience=Constant(5_000.0),
        duration=10_000.0,
        crew={"shifts": [(9_000.0, 10_000.0)]},
        stream={"contagion": Contagion(children=0.5, decay=20.0)},
    )
    assert simulate(storm, 1).figures()["entered"] == pytest.approx(4_000, rel=0.08)
    answered = attrs.evolve(storm, crews=(Crew.of("crowd", 6_000),))
    assert simulate(answered, 1).figures()["entered"] == 2_000


def test_no_more_than_the_lines_wait_or_talk() -> None:
    scenario = traced([0.0, 1.0, 2.0, 3.0, 11.5], [10.0] * 5, agents=1, lines=2)
    assert simulate(scenario).to_columns()["outcome"].tolist() == [
        "completed",
        "completed",
        "blocked",
        "blocked",
        "completed",
    ]


@pytest.mark.parametrize("most", [0, 1])
def test_who_finds_the_queue_full_is_blocked(most: int) -> None:
    scenario = desk(
        arrivals=Recorded([0.0, 1.0, 2.0, 30.0]),
        handling=Given([10.0] * 4),
        queue=Queue(auto_accept=True, most=most),
    )
    outcomes = simulate(scenario).to_columns()["outcome"].tolist()
    assert outcomes == ["completed", *["completed"] * most, *["blocked"] * (2 - most), "completed"]


def test_who_still_waits_when_the_desk_closes_is_turned_away() -> None:
    scenario = traced([0.0, 1.0, 2.0], [10.0] * 3, duration=5.0, turn_away=True)
    table = simulate(scenario).to_columns()
    assert table["outcome"].tolist() == ["completed", "turned_away", "turned_away"]
    assert table["ended"].tolist() == [10.0, 5.0, 5.0]


# --- agents ---------------------------------------------------------------------------------------


def test_agents_work_in_their_shifts_and_finish_what_they_hold() -> None:
    scenario = traced(
        [0.0, 1.0, 11.0, 21.0], [5.0, 30.0, 5.0, 5.0], crew={"shifts": [(10.0, 20.0), (50.0, 60.0)]}
    )
    result = simulate(scenario)
    assert result.journeys.started.tolist() == [10.0, 15.0, 50.0, 55.0]
    assert list(zip(result.there.since, result.there.until, strict=True)) == [(10.0, 45.0), (50.0, 60.0)]


def test_agents_take_nothing_during_a_break() -> None:
    scenario = traced([0.0, 12.0], [5.0, 5.0], crew={"breaks": [(10.0, 30.0)]})
    assert simulate(scenario).journeys.started.tolist() == [0.0, 30.0]


@pytest.mark.parametrize("breaks", [[(10.0, 30.0)], [(5.0, 20.0), (20.0, 30.0)]])
def test_who_has_a_break_when_her_shift_begins_comes_after_it(breaks: Any) -> None:
    scenario = traced([0.0], [5.0], crew={"shifts": [(10.0, 60.0)], "breaks": breaks}, duration=60.0)
    assert simulate(scenario).journeys.started.tolist() == [30.0]


def test_a_share_of_the_shifts_is_missed() -> None:
    scenario = desk(agents=2_000, arrivals=Recorded([0.0]), crew={"absence": 0.25})
    assert len(set(simulate(scenario).there.agent.tolist())) == pytest.approx(1_500, abs=60)


def test_a_shrinking_crew_lets_the_idle_go_first_and_then_whoever_is_done_first() -> None:
    """Three are busy till 30, 20 and 40 when only one may stay: the first two who are done leave."""
    scenario = traced(
        [0.0, 0.0, 0.0, 5.0, 12.0, 13.0],
        [30.0, 20.0, 40.0, 1.0, 10.0, 10.0],
        agents=4,
        crew={"sizes": [(0.0, 4), (10.0, 1)]},
    )
    result = simulate(scenario)
    assert result.journeys.started.tolist() == [0.0, 0.0, 0.0, 5.0, 40.0, 50.0]
    assert sorted(result.there.until.tolist()) == [10.0, 20.0, 30.0, 60.0]


def test_a_growing_crew_takes_what_waits() -> None:
    scenario = traced([0.0, 0.0, 0.0], [9.0] * 3, agents=3, crew={"sizes": [(0.0, 1), (4.0, 3)]})
    assert simulate(scenario).journeys.started.tolist() == [0.0, 4.0, 4.0]


def test_offers_are_declined_run_out_and_are_accepted_by_their_shares() -> None:
    reaction = Reaction(delay=Constant(2.0), declined=0.3, unanswered=0.1, back_after=1.0)
    scenario = desk(
        arrivals=Poisson(0.5), handling=Constant(1.0), agents=20, duration=4_000.0,
        queue=Queue(offer_for=5.0), crew={"reaction": reaction},
    )  # fmt: skip
    offers = simulate(scenario, 2).to_columns("offers")
    shares = {kind: (offers["verdict"] == kind).mean() for kind in ("declined", "expired", "accepted")}
    assert shares == {
        "declined": pytest.approx(0.3, abs=0.03),
        "expired": pytest.approx(0.1, abs=0.02),
        "accepted": pytest.approx(0.6, abs=0.04),
    }
    accepted = offers["verdict"] == "accepted"
    assert (offers["until"] - offers["offered"])[accepted] == pytest.approx(2.0)


def test_practice_makes_faster() -> None:
    scenario = traced([0.0, 100.0, 200.0], [10.0] * 3, crew={"learning": Learning(start=2.0, half=1.0)})
    each = simulate(scenario).journeys
    assert (each.ended - each.started).tolist() == [20.0, 15.0, 12.5]


def test_the_proficient_are_faster() -> None:
    scenario = Scenario(
        plan=Plan(queues={"default": AT_ONCE}),
        streams=[
            Stream(
                name="mail",
                needs=Needs({"french": 1}),
                arrivals=Recorded([0.0, 0.0, 0.0]),
                handling=Constant(10.0),
                by_level={1: 2.0, 3: 1.0},
            )
        ],
        crews=[
            Crew(
                name="all", agents=[Agent(id=f"at-{level}", skills={"french": level}) for level in (1, 2, 5)]
            )
        ],
        duration=1.0,
    )
    table = simulate(scenario).to_columns()
    took = dict(zip(table["agent"].tolist(), (table["ended"] - table["started"]).tolist(), strict=True))
    assert took == {"at-1": 20.0, "at-2": 15.0, "at-5": 10.0}


def test_crews_may_take_differently_long() -> None:
    scenario = Scenario(
        plan=Plan(queues={"default": attrs.evolve(AT_ONCE, selection=selection.best_skill)}),
        streams=[
            Stream(
                name="mail",
                arrivals=Recorded([0.0, 0.0]),
                handling={"fast": Constant(2.0), "default": Constant(8.0)},
            )
        ],
        crews=[Crew.of("fast", 1), Crew.of("slow", 1)],
        duration=1.0,
    )
    assert sorted(simulate(scenario).journeys.ended.tolist()) == [2.0, 8.0]


def test_conversations_slow_each_other_down() -> None:
    """Alone at pace 1, two at 0.5 each: 4 s of work done by 4, the other 4 s late at 12; then 2 alone."""
    scenario = traced([0.0, 4.0], [10.0, 4.0], crew={"capacity": 2.0, "pace": (1.0, 0.5)})
    # At 4 the first has 6 left. Both go on at half pace: the second is done at 12, the first has 2 left.
    assert simulate(scenario).journeys.ended.tolist() == [14.0, 12.0]


def test_a_wrap_up_keeps_the_agent() -> None:
    scenario = traced([0.0, 1.0], [10.0, 10.0], queue=attrs.evolve(AT_ONCE, wrap_up=5.0))
    each = simulate(scenario).journeys
    assert each.done.tolist() == [10.0, 25.0]
    assert each.ended.tolist() == [15.0, 30.0]


def test_what_takes_up_more_room_counts_by_its_units() -> None:
    scenario = Scenario(
        plan=Plan(
            queues={"default": AT_ONCE}, channels={"voice": Channel(units=2.0), "chat": Channel(units=1.0)}
        ),
        streams=[
            Stream(name="calls", channel="voice", arrivals=Recorded([0.0]), handling=Constant(10.0)),
            Stream(name="chats", channel="chat", arrivals=Recorded([20.0]), handling=Constant(10.0)),
        ],
        crews=[Crew.of("both", 1, capacity=2.0)],
        duration=40.0,
    )
    found = simulate(scenario).figures()
    assert found["occupancy"] == pytest.approx(30 / 80)
    assert found["utilisation"] == pytest.approx(20 / 40)


# --- results --------------------------------------------------------------------------------------


def test_what_arrives_while_it_warms_up_is_not_counted() -> None:
    result = simulate(desk(arrivals=Recorded(np.arange(0.0, 100.0)), agents=99, duration=100.0), warm_up=30.0)
    assert result.figures()["entered"] == 70
    assert [run["entered"] for run in result.batches(7)] == [10] * 7


def test_figures_can_be_asked_by_stream_queue_and_crew() -> None:
    scenario = Scenario(
        plan=Plan(queues={"a": AT_ONCE, "b": AT_ONCE}),
        streams=[
            Stream(name=name, queue=name, arrivals=Recorded([at]), handling=Constant(10.0))
            for name, at in (("a", 0.0), ("b", 1.0))
        ],
        crews=[Crew.of("one", 1, queues={"a": 1}), Crew.of("two", 1, queues={"b": 1})],
        duration=20.0,
    )
    result = simulate(scenario)
    assert result.figures(stream="a")["entered"] == result.figures(queue="b")["entered"] == 1
    assert result.figures(crew="one")["occupancy"] == pytest.approx(0.5)
    wrongs: list[dict[str, Any]] = [{"stream": "c"}, {"queue": "c"}, {"crew": "c"}]
    for wrong in wrongs:
        with pytest.raises(UsageError, match="there is no"):
            result.figures(**wrong)


@pytest.mark.parametrize("table", ["interactions", "offers", "agents", "queues", "intervals"])
def test_tables_become_frames(table: Any) -> None:
    result = simulate(desk(queue=Queue(), patience=Exponential(9.0)))
    columns = result.to_columns(table)
    frame = result.to_frame(table)
    assert list(frame) == list(columns)
    assert len({len(column) for column in columns.values()}) == 1


def test_results_are_written_as_parquet(tmp_path: Any) -> None:
    import pandas as pd  # type: ignore[import-untyped]

    result = simulate(desk())
    files = result.to_parquet(tmp_path)
    assert len(pd.read_parquet(files[0])) == len(result.ids)
    with pytest.raises(UsageError, match="no such folder"):
        result.to_parquet(tmp_path / "nowhere")


def test_a_result_shows_itself() -> None:
    result = simulate(desk())
    assert "entered" in repr(result)
    assert "<table>" in result._repr_html_()


def test_intervals_add_up() -> None:
    result = simulate(desk(arrivals=Poisson(0.3), patience=Exponential(20.0)))
    intervals = result.to_columns("intervals", every=100.0)
    whole = result.figures()
    for name in ("entered", "answered", "abandoned"):
        assert sum(intervals[name]) == whole[name]


# --- what cannot be -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: desk(agents=0), "a scenario without agents"),
        (lambda: desk(duration=inf), "or it never ends"),
        (lambda: desk(duration=nan), "or it never ends"),
        (lambda: desk(duration=-1.0), "duration must be positive"),
        (lambda: desk(drain_for=-1.0), "drain_for at least 0"),
        (lambda: desk(drain_for=nan), "drain_for at least 0"),
        (lambda: desk(handling=Pareto(1.0, 0.9)), "no finite mean"),
        (lambda: desk(arrivals=3.0), "must be arrivals"),
        (lambda: desk(handling=3.0), "must be a distribution"),  # type: ignore[arg-type]
        (lambda: desk(arrivals=Poisson(1e9)), "rates are per second"),
        (lambda: desk(stream={"queue": "vip"}), "the plan has no queue 'vip'"),
        (lambda: desk(stream={"channel": "fax"}), "the plan has no channel 'fax'"),
        (lambda: desk(stream={"returns": Return(after=Constant(1.0))}), "it needs a patience"),
        (lambda: desk(handling={"other": Constant(1.0)}), "leaves out crew 'crew'"),
        (lambda: desk(crew={"shifts": [(5.0, 1.0)]}), "the first before the second"),
        (lambda: desk(crew={"shifts": [(0.0, 5.0), (4.0, 9.0)]}), "must not overlap"),
        (lambda: desk(crew={"absence": 2.0}), "absence must be a share"),
        (lambda: desk(crew={"sizes": [(0.0, 7)]}), "sizes of crew 'crew' must be from 0 to 1"),
        (lambda: desk(crew={"pace": (0.0,)}), "pace of crew"),
        (lambda: desk(lines=0), "lines must be a whole number"),
        (lambda: Contagion(children=1.0, decay=1.0), "or it never ends"),
        (lambda: Return(share=nan, after=Constant(1.0)), "share must be a share"),
        (lambda: Crew.of("crew", -1), "from 0 to 1,000,000 agents"),
        (lambda: Learning(start=0.5), "start must be from 1"),
        (lambda: Reaction(delay=Constant(1.0), declined=0.6, unanswered=0.6), "at most 1 together"),
        (lambda: Scenario(plan=Plan(), streams=[], crews=[Crew.of("a", 1)], duration=1.0), "without streams"),
        (
            lambda: attrs.evolve(desk(), crews=(Crew.of("a", 1), Crew.of("a", 1))),
            "two crews are called 'a'",
        ),
    ],
)
def test_a_scenario_that_cannot_be_is_refused(make: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"seed": -1}, "seed must be a whole number"),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"warm_up": 1000.0}, "warm_up must be seconds"),
        ({"warm_up": nan}, "warm_up must be seconds"),
    ],
)
def test_a_run_that_cannot_be_is_refused(settings: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        simulate(desk(), **settings)


def test_too_few_given_values_are_an_error() -> None:
    with pytest.raises(UsageError, match="2 values are needed, but only 1 are given"):
        simulate(desk(arrivals=Recorded([0.0, 1.0]), handling=Given([1.0])))


def test_only_a_scenario_can_be_simulated() -> None:
    with pytest.raises(UsageError, match="only a Scenario"):
        simulate("desk")  # type: ignore[arg-type]


def test_a_journal_that_is_not_empty_is_left_alone() -> None:
    store = MemoryStore()
    simulate(desk(), journal=store)
    with pytest.raises(JournalError, match="has a journal already"):
        simulate(desk(), journal=store)


@pytest.mark.parametrize("arrivals", [Poisson(0.3), Profile((0.0, 0.6), (500.0,))])
def test_a_queue_that_would_grow_without_bound_is_warned_of(arrivals: Any) -> None:
    with pytest.warns(OverloadWarning, match="their queue grows without bound"):
        desk(arrivals=arrivals, handling=Exponential(5.0), agents=1)


def test_a_full_desk_whose_customers_give_up_is_none_to_warn_of() -> None:
    desk(arrivals=Poisson(5.0), handling=Exponential(5.0), patience=Exponential(9.0))


def test_what_nobody_can_do_waits_till_the_end() -> None:
    scenario = desk(arrivals=Recorded([1.0]), stream={"needs": Needs({"klingon": 1})})
    found = simulate(scenario).figures()
    assert (found["waiting"], found["answered"]) == (1, 0)


def test_nobody_coming_is_no_error() -> None:
    found = simulate(desk(arrivals=Poisson(0.0))).figures()
    assert found["entered"] == 0
    assert np.isnan(found["asa"])


def test_time_does_not_run_backwards_over_a_whole_day() -> None:
    store = MemoryStore()
    simulate(desk(queue=Queue(wrap_up=2.0), patience=Exponential(20.0), arrivals=Poisson(0.3)), journal=store)
    assert all(a.at <= b.at for a, b in pairwise(entries(store)))


def test_what_would_not_be_done_by_the_end_of_a_shift_is_not_begun_in_it() -> None:
    """Mails take 20 seconds, as the plan knows: nothing is begun in the last 20; the next shift takes it."""
    scenario = traced([0.0, 85.0, 86.0], [20.0] * 3, crew={"shifts": [(0.0, 100.0), (200.0, 300.0)]})
    plan = Plan(queues={"default": AT_ONCE}, channels={"default": Channel(handle_time=20.0)})
    assert simulate(scenario).journeys.started.tolist() == [0.0, 85.0, 200.0]
    known = attrs.evolve(scenario, plan=plan)
    assert simulate(known).journeys.started.tolist() == [0.0, 200.0, 220.0]


def test_policies_with_a_seed_draw_anew_for_each_seed_of_a_simulation() -> None:
    """Else the tenth customer would meet the same lot in every run, and runs were not independent."""
    queue = attrs.evolve(AT_ONCE, selection=selection.random_idle(7))
    scenario = traced([0.0], [1.0], agents=50, queue=queue)
    taken = [simulate(scenario, seed).journeys.agent[0] for seed in range(20)]
    assert len(set(taken)) > 10
    assert taken == [simulate(scenario, seed).journeys.agent[0] for seed in range(20)]
    store = MemoryStore()
    assert simulate(scenario, 3, journal=store).journeys.agent[0] == taken[3]
    assert verify(store).problems == []


def wordy() -> Scenario:
    """Return a desk whose stream has a name so long that those of its interactions are too long."""
    scenario = desk(arrivals=Recorded([1.0, 2.0]))
    return attrs.evolve(scenario, streams=[attrs.evolve(scenario.streams[0], name="s" * 199)])


def test_names_that_are_too_long_are_refused() -> None:
    """A stream's name may be as long as a name can be, those of its interactions no longer."""
    with pytest.raises(UsageError, match="interaction id must have 1 to 200 characters"):
        simulate(wordy())


@pytest.mark.parametrize("settings", [(700, 10, 10), (80_000, 5, 5), (0, 10, 10)])
def test_the_garbage_collector_is_as_it_was_after_a_run(settings: tuple[int, int, int]) -> None:
    """Whatever was set before: also that it is off, and also if the run fails."""
    before = gc.get_threshold()
    gc.set_threshold(*settings)
    try:
        simulate(desk(arrivals=Recorded([1.0, 2.0])))
        assert gc.get_threshold() == settings
        with pytest.raises(UsageError):
            simulate(wordy())
        assert gc.get_threshold() == settings
    finally:
        gc.set_threshold(*before)
