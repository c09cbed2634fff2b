"""Simulations say what is known exactly: closed forms, and a recursion to the last digit."""

from __future__ import annotations

import heapq
import json
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.truth.__main__ import compare_all, compare_case, summary
from benchmarks.truth.amounts import NotExpressed, amount
from benchmarks.truth.reading import which_agent, which_work
from benchmarks.truth.running import Budget
from workassign import Plan, Queue
from workassign.lab import theory
from workassign.lab.arrivals import Recorded
from workassign.lab.distributions import Given
from workassign.lab.scenario import Crew, Scenario, Stream
from workassign.lab.simulation import simulate

TRUTH = Path(__file__).parent.parent.parent / "shared" / "truth" / "truth.json"
SHORT = Budget(precision=0.2, first=12, by_control=6, most=5e4)


def exponential(mean: float) -> dict[str, Any]:
    return {"dist": "exponential", "mean": mean}


def classes(*rates: float, **more: Any) -> list[dict[str, Any]]:
    return [
        {"name": f"C{n}", "arrival": "poisson", "arrival_rate": rate, "patience": None, **more}
        for n, rate in enumerate(rates, start=1)
    ]


def pool(name: str, agents: int, **service: float) -> dict[str, Any]:
    means = {one: exponential(mean) for one, mean in service.items()}
    return {"name": name, "agents": agents, "service": means}


def case(name: str, outputs: dict[str, Any], **model: Any) -> dict[str, Any]:
    usual = {"agent_selection": "any idle agent", "work_selection": "first come first served"}
    return {"id": name, "model": usual | model, "outputs": outputs}


# --- to the last digit ----------------------------------------------------------------------------


@pytest.mark.parametrize("agents", [1, 3, 10])
def test_in_order_of_arrival_waits_are_those_of_the_recursion_to_the_last_digit(agents: int) -> None:
    dice = np.random.default_rng(agents)
    # Sixteenths can be added without rounding, so that both ways give the very same numbers.
    arrivals = np.cumsum(np.ceil(dice.exponential(16 / agents, 4000)) / 16)
    work = np.ceil(dice.exponential(0.9 * 16, 4000)) / 16
    scenario = Scenario(
        plan=Plan(queues={"default": Queue(auto_accept=True)}),
        streams=[Stream(name="all", arrivals=Recorded(arrivals), handling=Given(work))],
        crews=[Crew.of("all", agents)],
        duration=float(arrivals[-1]) + 1,
    )
    assert simulate(scenario).journeys.waits.tolist() == recursion(arrivals.tolist(), work.tolist(), agents)


def recursion(arrivals: list[float], work: list[float], agents: int) -> list[float]:
    """Kiefer and Wolfowitz (1955): who comes next is served by whoever is done first."""
    done, waits = [0.0] * agents, []
    for at, seconds in zip(arrivals, work, strict=True):
        begins = max(at, done[0])
        heapq.heapreplace(done, begins + seconds)
        waits.append(begins - at)
    return waits


# --- closed forms ---------------------------------------------------------------------------------


def check(known: dict[str, Any]) -> None:
    answer = compare_case(known, SHORT)
    assert answer["status"] == "ok", answer
    assert len(answer["outputs"]) + len(answer["skipped"]) >= len(known["outputs"])
    assert not answer["skipped"], answer["skipped"]


def test_who_waits_for_as_long_as_it_takes_waits_as_erlang_says() -> None:
    known = theory.waiting(3.2, 1.0, 4)
    check(
        case(
            "waiting",
            {
                "p_wait": known.delayed,
                "mean_wait": known.wait,
                "mean_queue": known.length,
                "occupancy": known.occupancy,
                "sl_0.5": known.within(0.5),
            },
            classes=classes(3.2),
            pools=[pool("P", 4, C1=1.0)],
        )
    )


def test_who_loses_patience_leaves_as_palm_says() -> None:
    known = theory.erlang_a(5.0, 1.0, 5, 2.0)
    check(
        case(
            "patience",
            {
                "p_wait": known.delayed,
                "p_abandon": known.abandoned,
                "mean_wait_all": known.wait,
                "occupancy": known.occupancy,
                "sl_served_of_all_0.2": known.within(0.2),
            },
            classes=classes(5.0, patience=exponential(2.0)),
            pools=[pool("P", 5, C1=1.0)],
        )
    )


@pytest.mark.parametrize("room", [0, 3])
def test_who_finds_the_room_full_is_turned_away_as_erlang_says(room: int) -> None:
    load, agents = 3.0, 4
    states = [1.0]
    for there in range(1, agents + room + 1):
        states.append(states[-1] * load / min(there, agents))
    shares = [each / sum(states) for each in states]
    length = sum(max(n - agents, 0) * share for n, share in enumerate(shares))
    outputs = {
        "p_block": shares[-1],
        "p_wait": sum(shares[agents:]),
        "mean_wait": length / (load * (1 - shares[-1])),
        "occupancy": load * (1 - shares[-1]) / agents,
    }
    check(case("room", outputs, classes=classes(load), pools=[pool("P", agents, C1=1.0)], waiting_room=room))


def test_urgent_classes_wait_as_cobham_says() -> None:
    known = theory.priorities([0.9, 1.4], 1.0, 3)
    check(
        case(
            "priority",
            {"mean_wait": known, "p_wait": theory.erlang_c(2.3, 3)},
            classes=classes(0.9, 1.4),
            pools=[pool("P", 3, C1=1.0, C2=1.0)],
            work_selection="strict class priority C1>C2>..., FCFS within class, no preemption",
        )
    )


def test_classes_that_age_at_two_speeds_wait_as_kleinrock_says() -> None:
    load, rest = 0.35, 1 - 1 / 3  # of each class, and 1 - the slower speed / the faster
    all_alike = 2 * load / (1 - 2 * load)
    slow = all_alike / (1 - load * rest)
    quick, lazy = classes(load, load)
    check(
        case(
            "ageing",
            {"mean_wait": [all_alike - load * slow * rest, slow], "mean_wait_all": all_alike},
            classes=[quick | {"aging_rate": 3.0}, lazy | {"aging_rate": 1.0}],
            pools=[pool("P", 1, C1=1.0, C2=1.0)],
            work_selection="the largest aging_rate * (time waited so far); no preemption",
        )
    )


def test_skills_that_overlap_give_the_figures_of_the_n_model() -> None:
    outputs = {
        "p_wait": [0.2919790825, 0.7131690298],
        "mean_wait": [0.1122996471, 1.971771042],
        "occupancy": [0.5484401048, 0.8015598952],
        "share_of_class_served_by_pool": [[0.783485864, 0.216514136], [0.0, 1.0]],
    }
    check(
        case(
            "n-model",
            outputs,
            classes=classes(1.4, 1.3),
            pools=[pool("own", 2, C1=1.0), pool("shared", 2, C1=1.0, C2=1.0)],
            agent_selection={"rule": "pool preference", "order": {"C1": ["own", "shared"], "C2": ["shared"]}},
            work_selection={
                "rule": "class preference per pool: first class with someone waiting",
                "order": {"own": ["C1"], "shared": ["C1", "C2"]},
            },
        )
    )


def test_last_come_first_served_spreads_waits_as_theory_says() -> None:
    known = theory.waiting(1.4, 1.0, 2)
    first = sqrt(2 * known.delayed / known.falls**2 - known.wait**2)
    last = sqrt(2 * known.delayed / known.falls**2 / (1 - 0.7) - known.wait**2)
    check(
        case(
            "orders", {"sd_fcfs": first, "sd_lcfs": last}, classes=classes(1.4), pools=[pool("P", 2, C1=1.0)]
        )
    )


# --- words ----------------------------------------------------------------------------------------


def told(**words: Any) -> dict[str, Any]:
    pools = [pool("P1", 1, C1=2.0, C2=1.0), pool("P2", 1, C1=1.0)]
    model: dict[str, Any] = case("words", {}, classes=classes(1.0, 1.0), pools=pools, **words)["model"]
    return model


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("any idle agent", "longest_idle"),
        ("longest idle compatible agent", "longest_idle"),
        ("the agent who has been idle longest", "longest_idle"),
        ("fastest first (order ['P2', 'P1'])", "order"),
        ("slowest first", "order"),
        ("random idle", "random"),
        ("uniformly random over the idle agents", "random"),
        ("send to the pool with more idle agents (count); tie -> P1", "most_idle"),
        ("agent with fewest items that is below its limit", "least"),
        ("agent with most spare capacity that fits", "least"),
        ("agent with most items that is still below its limit (fill up one agent first)", "most"),
    ],
)
def test_words_about_agents_are_known(words: str, kind: str) -> None:
    assert which_agent(told(agent_selection=words)).kind == kind


def test_the_fastest_is_whoever_takes_least_time_and_the_slowest_the_other() -> None:
    assert which_agent(told(agent_selection="fastest first")).order["C1"] == ["P2", "P1"]
    assert which_agent(told(agent_selection="slowest first")).order["C1"] == ["P1", "P2"]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("FCFS", "first"),
        ("earliest arrived waiting item the agent can do (all classes together)", "first"),
        ("last come first served", "last"),
        ("random order of service", "random"),
        ("strict class priority C2>C1, FCFS within class, no preemption", "tiers"),
        ("non-preemptive priority C1 > C2", "tiers"),
        ("serve the longest queue; ties -> C1", "weight"),
        ("largest weight x queue length, weights (2, 1)", "weight"),
        ("MaxWeight: largest mu * queue length", "weight"),
        ("queue that most exceeds its target share (0.25, 0.75) of the total", "ratio"),
        ("C2 first if it fits, then the other class; no reservation", "order"),
    ],
)
def test_words_about_work_are_known(words: str, kind: str) -> None:
    assert which_work(told(work_selection=words)).kind == kind


@pytest.mark.parametrize(
    "words",
    [
        {"agent_selection": "by the phase of the moon"},
        {"work_selection": "whatever shouts loudest"},
        {"work_selection": "preemptive priority C1 > C2"},
        {"work_selection": "priority C1 > C2, one agent reserved for C1"},
    ],
)
def test_words_that_are_not_known_are_never_guessed(words: dict[str, str]) -> None:
    model = told(**words)
    with pytest.raises(NotExpressed):
        (which_agent(model), which_work(model))
    answer = compare_case({"id": "unknown", "model": model, "outputs": {"mean_wait": [1.0, 1.0]}}, SHORT)
    assert answer["status"] == "not expressed"
    assert answer["reason"]


@pytest.mark.parametrize(
    ("data", "mean", "variation"),
    [
        ({"dist": "hyperexponential", "probs": [0.5, 0.5], "means": [1.0, 3.0]}, 2.0, 1.5),
        ({"dist": "hyperexponential", "mean": 2.0, "cv": 2.0}, 2.0, 4.0),
        ({"dist": "gamma", "mean": 2.0, "shape": 4.0}, 2.0, 0.25),
        ({"dist": "erlang", "k": 2, "rate": 0.5}, 2.0, 0.5),
        ({"dist": "uniform", "low": 1, "high": 3}, 2.0, 1 / 12),
        ({"dist": "deterministic", "mean": 2.0}, 2.0, 0.0),
    ],
)
def test_amounts_have_the_mean_and_the_variation_that_they_say(
    data: dict[str, Any], mean: float, variation: float
) -> None:
    values = amount(data).sample(np.random.default_rng(1), 200_000)
    assert values.mean() == pytest.approx(mean, rel=0.02)
    assert values.var() / values.mean() ** 2 == pytest.approx(variation, rel=0.05, abs=1e-9)


# --- the whole file -------------------------------------------------------------------------------


@pytest.mark.minutes
@pytest.mark.skipif(not TRUTH.exists(), reason="../shared/truth is not here")
def test_every_known_case_is_met_within_four_standard_errors() -> None:
    cases = json.loads(TRUTH.read_text(encoding="utf-8"))["cases"]
    whole = summary(list(compare_all(cases, Budget(), processes=2)))
    assert [each["id"] for each in whole["cases"] if each["status"] != "ok"] == []
    assert whole["max_abs_z"] <= 4
    assert 0.7 <= whole["mean_z2"] <= 1.5
