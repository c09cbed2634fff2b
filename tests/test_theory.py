"""The closed forms: known figures, the laws between them, and plain sums over all states."""

from __future__ import annotations

from math import exp, inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workassign import UsageError
from workassign.lab import theory

RATE, AGENTS = st.floats(0.05, 40), st.integers(1, 40)


def stationary(arrivals: float, agents: int, leaving: float, most: int = 600) -> list[float]:
    """How likely each number of customers is, solved state by state; service takes 1."""
    states = [1.0]
    for number in range(1, most):
        states.append(states[-1] * arrivals / (min(number, agents) + max(0, number - agents) * leaving))
        scale = max(states)
        states = [each / scale for each in states] if scale > 1e100 else states
    total = sum(states)
    return [each / total for each in states]


def test_erlangs_own_tables() -> None:
    """Blocking at 10 erlangs with 10 and 15 lines; the loads at which one call in a hundred is lost."""
    assert theory.erlang_b(10, 10) == pytest.approx(0.21458, abs=1e-5)
    assert theory.erlang_b(10, 15) == pytest.approx(0.03650, abs=1e-5)
    for lines, load in ((1, 0.0101), (5, 1.361), (10, 4.461), (20, 12.03), (100, 84.06)):
        assert theory.erlang_b(load, lines) == pytest.approx(0.01, rel=2e-3)


def test_eighty_twenty_as_the_calculators_have_it() -> None:
    """A hundred calls in half an hour of three minutes each: 14 agents, 89 % within 20 s."""
    assert theory.agents_for(100 / 1800, 180, share=0.8, within=20) == 14
    found = theory.waiting(100 / 1800, 180, 14)
    assert found.within(20) == pytest.approx(0.888, abs=1e-3)
    assert found.wait == pytest.approx(7.8, abs=0.1)


@given(arrivals=RATE, agents=AGENTS, patience=st.floats(0.2, 20), time=st.floats(0, 5))
def test_with_patience_it_is_what_the_states_add_up_to(
    arrivals: float, agents: int, patience: float, time: float
) -> None:
    """Delay, leaving, queue and occupancy from all states; the share in time by small steps of time."""
    states = stationary(arrivals, agents, 1 / patience, 40 * 20 + 200)
    found = theory.erlang_a(arrivals, 1, agents, patience)
    length = sum(max(0, number - agents) * share for number, share in enumerate(states))
    busy = sum(min(number, agents) * share for number, share in enumerate(states))
    assert found.delayed == pytest.approx(sum(states[agents:]), abs=1e-9)
    assert found.length == pytest.approx(length, abs=1e-6)
    assert found.occupancy == pytest.approx(busy / agents, abs=1e-9)
    assert found.wait == pytest.approx(found.length / arrivals)
    assert found.abandoned == pytest.approx(1 - busy / arrivals, abs=1e-6)  # who comes is served, or leaves
    assert found.within(0) == pytest.approx(1 - found.delayed)
    assert 1 - found.delayed - 1e-9 <= found.within(time) <= 1 - found.abandoned + 1e-9
    assert found.within(1e4) == pytest.approx(1 - found.abandoned, abs=1e-6)


@pytest.mark.parametrize(("arrivals", "agents", "patience", "time"), [(10, 10, 2, 0.2), (6, 4, 0.5, 0.4)])
def test_who_is_served_in_time_is_what_many_small_steps_give(
    arrivals: float, agents: int, patience: float, time: float
) -> None:
    """Follow an arrival and those before her through time, a ten-thousandth of it after the other."""
    states = stationary(arrivals, agents, 1 / patience)
    ahead = states[agents : agents + 60]
    served, steps = sum(states[:agents]), 20_000
    step = time / steps
    for _ in range(steps):
        flows = [share * step * (agents + number / patience) for number, share in enumerate(ahead)]
        served += ahead[0] * step * agents
        leaves = [share * step / patience for share in ahead]
        onward = [*flows[1:], 0.0]
        ahead = [a - f - x + o for a, f, x, o in zip(ahead, flows, leaves, onward, strict=True)]
    assert theory.erlang_a(arrivals, 1, agents, patience).within(time) == pytest.approx(served, abs=2e-4)


@given(arrivals=RATE, agents=AGENTS)
def test_endless_patience_is_none_at_all(arrivals: float, agents: int) -> None:
    if arrivals < 0.95 * agents:
        found, patient = theory.waiting(arrivals, 1, agents), theory.erlang_a(arrivals, 1, agents, 1e7)
        assert patient.delayed == pytest.approx(found.delayed, rel=1e-3, abs=1e-12)
        assert patient.wait == pytest.approx(found.wait, rel=1e-2, abs=1e-9)
        assert patient.within(0.3) == pytest.approx(found.within(0.3), rel=1e-3)


@given(rates=st.lists(st.floats(0.05, 2), min_size=1, max_size=5), agents=st.integers(1, 20))
def test_priorities_only_share_out_the_waiting(rates: list[float], agents: int) -> None:
    """Whoever goes first, what waits in all is the same (Kleinrock's conservation law)."""
    if sum(rates) < 0.95 * agents:
        waits = theory.priorities(rates, 1, agents)
        assert waits == sorted(waits)
        together = sum(rate * wait for rate, wait in zip(rates, waits, strict=True)) / sum(rates)
        assert together == pytest.approx(theory.waiting(sum(rates), 1, agents).wait)


def test_a_class_without_time_waits_for_ever_and_those_before_it_do_not() -> None:
    waits = theory.priorities([0.5, 0.2, 0.5], 1, 1)
    assert waits == pytest.approx([2.0, 1 / 0.5 / 0.3, inf])


def test_the_spread_of_service_makes_the_wait() -> None:
    """Always the same: half of that of exponential times."""
    fixed, exponential = (theory.pollaczek_khinchine(0.8, 1, each) for each in (0, 1))
    assert exponential == pytest.approx(2 * fixed) == pytest.approx(theory.waiting(0.8, 1, 1).wait)


@given(load=st.floats(20, 2000), delayed=st.floats(0.05, 0.8))
def test_the_square_root_of_the_load_is_within_an_agent_of_what_it_takes(load: float, delayed: float) -> None:
    agents = theory.square_root_staffing(load, delayed)
    enough = next(each for each in range(int(load) + 1, 10_000) if theory.erlang_c(load, each) <= delayed)
    assert abs(agents - enough) <= 1


@given(rate=st.floats(0.1, 50), share=st.floats(0.3, 0.99), patience=st.none() | st.floats(0.1, 10))
def test_one_agent_less_is_too_few(rate: float, share: float, patience: float | None) -> None:
    agents = theory.agents_for(rate, 1, share=share, within=0.2, patience=patience)

    def served(count: int) -> float:
        if patience is not None:
            return theory.erlang_a(rate, 1, count, patience).within(0.2)
        return theory.waiting(rate, 1, count).within(0.2) if count > rate else 0.0

    assert served(agents) >= share
    assert agents == 1 or served(agents - 1) < share


def test_huge_and_tiny_figures_are_figures() -> None:
    assert theory.erlang_b(1e-9, 100_000) == 0.0
    assert theory.erlang_a(1, 1, 50_000, 1).delayed == 0.0
    assert theory.erlang_a(1000, 1, 1, 1).abandoned == pytest.approx(0.999, abs=1e-3)
    assert theory.waiting(99_999, 1, 100_000).occupancy == pytest.approx(0.99999)
    assert theory.waiting(1, 1, 2).within(1e9) == 1.0
    assert exp(-700) < theory.erlang_c(1, 100) < 1e-90 or theory.erlang_c(1, 100) == 0.0


@pytest.mark.parametrize("wrong", [0, -1, inf, float("nan"), True, "4", None])
@pytest.mark.parametrize(
    "ask",
    [
        lambda wrong: theory.erlang_b(wrong, 3),
        lambda wrong: theory.waiting(wrong, 1, 3),
        lambda wrong: theory.waiting(1, wrong, 3),
        lambda wrong: theory.waiting(0.1, 1, wrong),
        lambda wrong: theory.erlang_a(1, 1, 3, wrong),
        lambda wrong: theory.priorities([1, wrong], 1, 3),
        lambda wrong: theory.pollaczek_khinchine(wrong, 0.1, 1),
        lambda wrong: theory.agents_for(wrong, 1, share=0.8, within=1),
        theory.square_root_staffing,
        lambda wrong: theory.square_root_staffing(9, wrong),
    ],
)
def test_what_is_no_figure_is_refused_by_name(ask: Any, wrong: Any) -> None:
    with pytest.raises(UsageError, match="must be"):
        ask(wrong)


def test_an_overload_is_said() -> None:
    with pytest.raises(UsageError, match="grows without bound"):
        theory.waiting(3, 1, 3)
    with pytest.raises(UsageError, match="grows without bound"):
        theory.pollaczek_khinchine(1, 1, 0)
    with pytest.raises(UsageError, match="at least one class"):
        theory.priorities([], 1, 1)
