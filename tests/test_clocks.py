"""SLA clocks: when they start, stand still, stop, warn and breach, through the front door."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import attrs
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import (
    BERLIN,
    CLOCK_EVENTS,
    DAY,
    HOUR,
    OFFICE,
    Checked,
    desk,
    live,
    only,
    queues,
    rule,
    story,
    t,
    under,
    wall,
)
from workassign import (
    Agent,
    Alarms,
    Calendar,
    Customer,
    Engine,
    Interaction,
    Needs,
    Plan,
    PlanError,
    Presence,
    Queue,
    Status,
    Target,
    UsageError,
    instant,
    record,
    replay,
    verify,
)
from workassign import commands as cmd
from workassign import events as ev
from workassign.model import Fence, OfferId
from workassign.policies.naming import factory
from workassign.policies.offers import per_cause
from workassign.policies.ordering import due
from workassign.policies.sla import SlaTarget, by, first_response, tightened
from workassign.stores.memory import MemoryStore

# --- the table of `Target`, row by row ------------------------------------------------------------


def test_accept_runs_while_nobody_holds_it_and_stops_when_an_agent_accepts() -> None:
    """An offer is not yet an answer, nor is a refusal; who is first to accept stops it."""
    engine = desk(Target(measures="accept", within=600))
    engine.sign_on("ann", 0.0)
    engine.add_agent(Agent(id="bob"), 0.0)
    engine.sign_on("bob", 0.0)
    assert story(engine.submit(Interaction(id="i"), 0.0)) == ["accept started: submitted"]
    assert story(engine.decline(1, "ann", 10.0)) == []
    assert story(engine.tick(40.0)) == []  # bob's offer has expired
    offered = only(ev.Offered, engine.tick(70.0))
    stopped = engine.accept(offered.offer, offered.agent, 80.0)
    assert story(stopped) == ["accept stopped: accepted"]
    assert only(ev.ClockStopped, stopped).elapsed == 80.0
    assert story(engine.tick(DAY)) == []


def test_accept_is_over_at_once_where_work_is_assigned_without_an_offer() -> None:
    engine = desk(Target(measures="accept", within=600), auto_accept=True)
    engine.sign_on("ann", 0.0)
    events = engine.submit(Interaction(id="i"), 5.0)
    assert story(events) == ["accept started: submitted", "accept stopped: accepted"]
    assert only(ev.ClockStopped, events).elapsed == 0.0


def test_accept_stops_when_somebody_gets_it_by_hand_also_over_her_capacity() -> None:
    engine = desk(Target(measures="accept", within=600))
    engine.add_agent(Agent(id="bob"), 0.0)
    for number in (1, 2):
        engine.submit(Interaction(id=f"i{number}"), 0.0)
    engine.sign_on("bob", 1.0)
    engine.set_presence("bob", Presence.BUSY, 1.0)
    assert story(engine.assign("i1", "bob", 2.0)) == ["accept stopped: accepted"]
    assert story(engine.assign("i2", "bob", 3.0)) == []
    assert story(engine.assign("i2", "bob", 4.0, override=True)) == ["accept stopped: accepted"]


def test_accept_runs_anew_for_what_was_given_back() -> None:
    """Released, and lost with the connection: each waiting has its own clock, from nothing."""
    engine = desk(Target(measures="accept", within=600), auto_accept=True)
    engine.submit(Interaction(id="i"), 0.0)
    engine.sign_on("ann", 100.0)
    released = engine.release("i", "ann", 1, 200.0)
    assert story(released) == ["accept started: requeued"]
    assert only(ev.ClockStarted, released).elapsed == 0.0
    assert only(ev.ClockStarted, released).due == 800.0
    assert story(engine.tick(230.0)) == ["accept stopped: accepted"]
    engine.disconnect("ann", 300.0)
    assert story(engine.tick(360.0)) == ["accept started: requeued"]
    assert story(engine.tick(960.0)) == ["accept missed"]


def test_first_response_runs_until_an_agent_answers_whoever_accepts() -> None:
    """A bot does not count, and the customer's further messages do not start it again."""
    engine = desk(Target(measures="first_response", within=600))
    engine.sign_on("ann", 0.0)
    assert story(engine.submit(Interaction(id="i"), 0.0)) == ["first_response started: submitted"]
    assert story(engine.accept(1, "ann", 10.0)) == []
    assert story(engine.bot_replied("i", 20.0)) == []
    assert story(engine.customer_replied("i", 30.0)) == []
    replied = engine.agent_replied("i", "ann", 40.0)
    assert story(replied) == ["first_response stopped: replied"]
    assert only(ev.ClockStopped, replied).elapsed == 40.0
    assert story(engine.customer_replied("i", 50.0)) == []
    assert story(engine.agent_replied("i", "ann", 60.0)) == []
    assert engine.next_wake == math.inf


def test_an_answer_counts_whoever_gives_it_and_with_the_fence_if_one_is_shown() -> None:
    """It was said: she need not hold it. But a fence that is shown must be the one that holds."""
    engine = desk(Target(measures="first_response", within=600), auto_accept=True)
    engine.add_agent(Agent(id="bob"), 0.0)
    engine.submit(Interaction(id="i"), 0.0)
    engine.sign_on("ann", 0.0)
    assert rule(engine.agent_replied("i", "bob", 1.0, fence=1)) == "not_holder"
    assert story(engine.agent_replied("i", "ann", 2.0, fence=1)) == ["first_response stopped: replied"]
    engine.submit(Interaction(id="j"), 3.0)
    assert story(engine.agent_replied("j", "bob", 4.0)) == ["first_response stopped: replied"]


def test_next_response_runs_from_the_oldest_message_that_waits_for_an_answer() -> None:
    """Not before the first answer, once for a burst, and again after the next answer."""
    engine = desk(Target(measures="next_response", within=600))
    assert story(engine.submit(Interaction(id="i"), 0.0)) == []
    assert story(engine.customer_replied("i", 10.0)) == []
    assert story(engine.agent_replied("i", "ann", 20.0)) == []
    assert story(engine.customer_replied("i", 30.0)) == ["next_response started: customer replied"]
    assert story(engine.customer_replied("i", 40.0)) == []
    assert story(engine.bot_replied("i", 45.0)) == []
    replied = engine.agent_replied("i", "ann", 50.0)
    assert story(replied) == ["next_response stopped: replied"]
    assert only(ev.ClockStopped, replied).elapsed == 20.0
    assert story(engine.customer_replied("i", 100.0)) == ["next_response started: customer replied"]
    assert story(engine.tick(700.0)) == ["next_response missed"]


def test_periodic_update_starts_again_with_every_answer() -> None:
    """Whoever spoke last: the customer is to hear from us every ten minutes."""
    engine = desk(Target(measures="periodic_update", within=600))
    assert story(engine.submit(Interaction(id="i"), 0.0)) == []
    assert story(engine.agent_replied("i", "ann", 100.0)) == ["periodic_update started: replied"]
    assert story(engine.customer_replied("i", 200.0)) == []
    again = engine.agent_replied("i", "ann", 400.0)
    assert story(again) == ["periodic_update stopped: replied", "periodic_update started: replied"]
    assert only(ev.ClockStopped, again).elapsed == 300.0
    assert only(ev.ClockStarted, again).due == 1000.0
    assert story(engine.tick(1000.0)) == ["periodic_update missed"]
    assert story(engine.agent_replied("i", "ann", 1100.0)) == [
        "periodic_update stopped: replied",
        "periodic_update started: replied",
    ]
    assert engine.next_wake == 1700.0


def test_resolution_runs_while_it_is_open_and_stops_when_the_work_is_completed() -> None:
    """Through offers, acceptance, answers and messages."""
    engine = desk(Target(measures="resolution", within=600), auto_accept=True)
    assert story(engine.submit(Interaction(id="i"), 0.0)) == ["resolution started: submitted"]
    engine.sign_on("ann", 10.0)
    assert story(engine.agent_replied("i", "ann", 20.0) + engine.customer_replied("i", 30.0)) == []
    completed = engine.complete("i", "ann", 1, 90.0)
    assert story(completed) == ["resolution stopped: completed"]
    assert only(ev.ClockStopped, completed).elapsed == 90.0
    assert engine.next_wake == math.inf


def test_resolution_stops_when_the_wrap_up_begins() -> None:
    """The customer is served then; what follows is between the agent and her notes."""
    engine = desk(Target(measures="resolution", within=600), auto_accept=True, wrap_up=60.0)
    engine.sign_on("ann", 0.0)
    engine.submit(Interaction(id="i"), 0.0)
    assert story(engine.complete("i", "ann", 1, 50.0)) == ["resolution stopped: completed"]
    assert story(engine.tick(110.0)) == []
    assert engine.next_wake == math.inf


EVERY = tuple(
    Target(measures=measures, within=600)
    for measures in ("accept", "first_response", "next_response", "periodic_update", "resolution")
)


def test_completed_without_an_answer_stops_the_resolution_and_cancels_the_rest() -> None:
    """Nothing that a clock waits for has happened, so it is neither met nor missed."""
    engine = desk(*EVERY, auto_accept=True)
    engine.sign_on("ann", 0.0)
    engine.submit(Interaction(id="i"), 0.0)
    assert story(engine.complete("i", "ann", 1, 10.0)) == [
        "first_response cancelled: completed",
        "resolution stopped: completed",
    ]
    engine.submit(Interaction(id="j"), 20.0)
    engine.agent_replied("j", "ann", 20.0)
    engine.customer_replied("j", 21.0)
    assert story(engine.complete("j", "ann", 2, 30.0)) == [
        "next_response cancelled: completed",
        "periodic_update cancelled: completed",
        "resolution stopped: completed",
    ]


@pytest.mark.parametrize(("close", "cause"), [(Engine.cancel, "cancelled"), (Engine.abandon, "abandoned")])
def test_what_is_closed_otherwise_cancels_every_clock(close: Callable[..., Any], cause: str) -> None:
    engine = desk(*EVERY)
    engine.submit(Interaction(id="i"), 0.0)
    cancelled = close(engine, "i", 70.0)
    assert story(cancelled) == [
        f"{name} cancelled: {cause}" for name in ("accept", "first_response", "resolution")
    ]
    assert [event.elapsed for event in cancelled if isinstance(event, ev.ClockCancelled)] == [70.0] * 3
    assert engine.next_wake == math.inf


def test_a_bot_counts_where_the_target_says_so() -> None:
    engine = desk(
        Target(measures="first_response", within=600, bots=True),
        Target(measures="next_response", within=600, bots=True),
        Target(measures="periodic_update", within=600, bots=True),
        Target(measures="first_response", within=600, name="human"),
    )
    assert story(engine.submit(Interaction(id="i"), 0.0)) == [
        "first_response started: submitted",
        "human started: submitted",
    ]
    assert story(engine.bot_replied("i", 1.0)) == [
        "first_response stopped: bot replied",
        "periodic_update started: bot replied",
    ]
    assert story(engine.customer_replied("i", 2.0)) == ["next_response started: customer replied"]
    assert story(engine.bot_replied("i", 3.0)) == [
        "next_response stopped: bot replied",
        "periodic_update stopped: bot replied",
        "periodic_update started: bot replied",
    ]
    assert story(engine.agent_replied("i", "ann", 4.0)) == [
        "periodic_update stopped: replied",
        "periodic_update started: replied",
        "human stopped: replied",
    ]


def test_two_targets_may_measure_the_same_under_two_names() -> None:
    """One for the team, one in the contract: each warns and breaches by itself."""
    engine = desk(
        Target(measures="first_response", within=100, name="ours"),
        Target(measures="first_response", within=200, name="contract", warn_at=(0.75,)),
    )
    assert story(engine.submit(Interaction(id="i"), 0.0)) == [
        "ours started: submitted",
        "contract started: submitted",
    ]
    assert story(live(engine, 150.0)) == ["ours missed", "contract warned at 0.75"]
    assert story(engine.agent_replied("i", "ann", 160.0)) == [
        "ours stopped: replied",
        "contract stopped: replied",
    ]


def test_an_answer_at_the_very_instant_of_the_breach_is_late() -> None:
    """As an acceptance at the instant at which an offer expires is."""
    engine = desk(Target(measures="first_response", within=600))
    engine.submit(Interaction(id="i"), 0.0)
    assert story(engine.agent_replied("i", "ann", 600.0)) == [
        "first_response missed",
        "first_response stopped: replied",
    ]


# --- standing still -------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.PENDING, Status.ON_HOLD])
@pytest.mark.parametrize("measures", ["accept", "first_response", "periodic_update", "resolution"])
def test_a_clock_stands_still_while_the_status_says_so(measures: Any, status: Status) -> None:
    """What is left of it then is still left later."""
    engine = desk(Target(measures=measures, within=600, pauses=(status.value,)))
    engine.submit(Interaction(id="i"), 0.0)
    if measures == "periodic_update":
        engine.agent_replied("i", "ann", 0.0)
    paused = engine.set_status("i", status, 100.0)
    assert story(paused) == [f"{measures} paused: {status.value}"]
    assert only(ev.ClockPaused, paused).elapsed == 100.0
    assert engine.next_wake == math.inf
    assert engine.tick(5000.0) == []
    resumed = engine.set_status("i", Status.OPEN, 5000.0)
    assert story(resumed) == [f"{measures} resumed: open"]
    assert only(ev.ClockResumed, resumed).due == 5500.0
    assert story(engine.tick(5500.0)) == [f"{measures} missed"]


def test_a_status_that_the_target_does_not_name_changes_nothing() -> None:
    engine = desk(Target(measures="resolution", within=600, pauses=("on_hold",)))
    engine.submit(Interaction(id="i"), 0.0)
    assert story(engine.set_status("i", Status.PENDING, 100.0)) == []
    assert story(engine.set_status("i", Status.ON_HOLD, 200.0)) == ["resolution paused: on_hold"]
    assert story(engine.set_status("i", Status.PENDING, 300.0)) == ["resolution resumed: pending"]
    assert engine.next_wake == 700.0


def test_from_one_pause_to_another_it_goes_on_standing_still() -> None:
    engine = desk(Target(measures="resolution", within=600, pauses=("pending", "on_hold")))
    engine.submit(Interaction(id="i"), 0.0)
    engine.set_status("i", Status.PENDING, 100.0)
    assert story(engine.set_status("i", Status.ON_HOLD, 200.0)) == []
    assert only(ev.ClockResumed, engine.set_status("i", Status.OPEN, 300.0)).due == 800.0


def test_the_customers_message_makes_it_open_and_the_clock_goes_on() -> None:
    """Whether it was pending or on hold: somebody waits again."""
    engine = desk(Target(measures="resolution", within=600, pauses=("pending", "on_hold")))
    engine.submit(Interaction(id="i"), 0.0)
    for status, at in ((Status.PENDING, 100.0), (Status.ON_HOLD, 200.0)):
        engine.set_status("i", status, at)
        written = engine.customer_replied("i", at + 50)
        assert only(ev.StatusChanged, written).status is Status.OPEN
        assert story(written) == ["resolution resumed: customer replied"]
    assert engine.next_wake == 250.0 + 600 - 150


def test_an_answered_pause_lasts_until_the_customer_writes_again() -> None:
    """Nobody waits for us then."""
    engine = desk(Target(measures="resolution", within=600, pauses=("answered",)))
    engine.submit(Interaction(id="i"), 0.0)
    assert story(engine.bot_replied("i", 50.0)) == []
    assert story(engine.agent_replied("i", "ann", 100.0)) == ["resolution paused: replied"]
    assert story(engine.agent_replied("i", "ann", 200.0)) == []
    assert story(engine.customer_replied("i", 5000.0)) == ["resolution resumed: customer replied"]
    assert engine.next_wake == 5500.0


def test_a_bot_pauses_only_where_bots_count() -> None:
    engine = desk(Target(measures="resolution", within=600, pauses=("answered",), bots=True))
    engine.submit(Interaction(id="i"), 0.0)
    assert story(engine.bot_replied("i", 100.0)) == ["resolution paused: bot replied"]


def test_a_periodic_update_that_pauses_when_answered_runs_only_while_somebody_waits() -> None:
    engine = desk(Target(measures="periodic_update", within=600, pauses=("answered",)))
    engine.submit(Interaction(id="i"), 0.0)
    assert story(engine.agent_replied("i", "ann", 100.0)) == [
        "periodic_update started: replied",
        "periodic_update paused: replied",
    ]
    assert engine.next_wake == math.inf
    assert story(engine.customer_replied("i", 1000.0)) == ["periodic_update resumed: customer replied"]
    assert engine.next_wake == 1600.0


def test_a_clock_that_stands_still_ends_with_what_it_had_used_up() -> None:
    """It is met although nobody looked at it for a day."""
    engine = desk(Target(measures="first_response", within=600, pauses=("pending",)))
    engine.submit(Interaction(id="i"), 0.0)
    engine.set_status("i", Status.PENDING, 100.0)
    stopped = engine.agent_replied("i", "ann", DAY)
    assert story(stopped) == ["first_response stopped: replied"]
    assert only(ev.ClockStopped, stopped).elapsed == 100.0


def test_a_clock_that_was_missed_is_paused_and_resumed_without_a_second_breach() -> None:
    engine = desk(Target(measures="resolution", within=600, pauses=("pending",), warn_at=(0.5,)))
    engine.submit(Interaction(id="i"), 0.0)
    assert story(live(engine, 700.0)) == ["resolution warned at 0.5", "resolution missed"]
    engine.set_status("i", Status.PENDING, 700.0)
    resumed = only(ev.ClockResumed, engine.set_status("i", Status.OPEN, 800.0))
    assert (resumed.due, resumed.warnings) == (None, ())
    assert story(engine.tick(DAY)) == []
    assert only(ev.ClockCancelled, engine.cancel("i", DAY)).elapsed == DAY - 100


def test_a_pause_in_closed_hours_costs_nothing() -> None:
    """Friday evening to Monday morning it does not run anyway."""
    engine = desk(
        Target(measures="resolution", within=2 * HOUR, calendar="office", pauses=("pending",)),
        calendars={"office": OFFICE},
    )
    engine.submit(Interaction(id="i"), t("2026-03-27 16:00"))
    paused = engine.set_status("i", Status.PENDING, t("2026-03-27 20:00"))
    assert only(ev.ClockPaused, paused).elapsed == HOUR
    resumed = only(ev.ClockResumed, engine.set_status("i", Status.OPEN, t("2026-03-29 12:00")))
    assert resumed.due is not None
    assert wall(resumed.due) == "2026-03-30 10:00"


# --- warnings and breaches ------------------------------------------------------------------------


def test_every_share_of_a_target_is_a_warning_in_the_calendars_time() -> None:
    """Four hours from Friday 15:00: half is used up at the close, the rest on Monday."""
    engine = desk(
        Target(measures="first_response", within=4 * HOUR, calendar="office", warn_at=(0.25, 0.5, 0.75)),
        calendars={"office": OFFICE},
    )
    started = only(ev.ClockStarted, engine.submit(Interaction(id="i"), t("2026-03-27 15:00")))
    assert [(share, wall(at)) for share, at in started.warnings] == [
        (0.25, "2026-03-27 16:00"),
        (0.5, "2026-03-27 17:00"),
        (0.75, "2026-03-30 10:00"),
    ]
    said = [e for e in live(engine, t("2026-04-30 00:00")) if isinstance(e, ev.SlaWarned | ev.SlaMissed)]
    assert [wall(event.at) for event in said] == [
        "2026-03-27 16:00",
        "2026-03-27 17:00",
        "2026-03-30 10:00",
        "2026-03-30 11:00",
    ]
    assert all(event.at == event.due for event in said)
    assert story(said)[-1] == "first_response missed"


def test_a_late_tick_says_when_each_was_due() -> None:
    """Whoever slept through it gets everything at once, in order."""
    engine = desk(Target(measures="resolution", within=1000, warn_at=(0.5, 0.8)))
    engine.submit(Interaction(id="i"), 0.0)
    said = engine.tick(5000.0)
    assert story(said) == ["resolution warned at 0.5", "resolution warned at 0.8", "resolution missed"]
    assert [(e.at, e.due) for e in said if isinstance(e, ev.SlaWarned | ev.SlaMissed)] == [
        (5000.0, 500.0),
        (5000.0, 800.0),
        (5000.0, 1000.0),
    ]


def test_a_breach_comes_once_and_the_clock_goes_on_measuring() -> None:
    engine = desk(Target(measures="first_response", within=600))
    engine.submit(Interaction(id="i"), 0.0)
    assert story(live(engine, 10 * DAY)) == ["first_response missed"]
    stopped = only(ev.ClockStopped, engine.agent_replied("i", "ann", 10 * DAY))
    assert stopped.elapsed == 10 * DAY


def test_the_engine_wakes_at_the_next_warning_or_breach() -> None:
    engine = desk(
        Target(measures="accept", within=300, warn_at=(0.5,)),
        Target(measures="resolution", within=500, pauses=("pending",)),
    )
    assert engine.next_wake == math.inf
    engine.submit(Interaction(id="i"), 0.0)
    wakes = []
    while engine.next_wake < math.inf:
        wakes.append(engine.next_wake)
        engine.tick(engine.next_wake)
    assert wakes == [150.0, 300.0, 500.0]
    engine.submit(Interaction(id="j"), 1000.0)
    engine.set_status("j", Status.PENDING, 1100.0)
    assert engine.next_wake == 1150.0
    engine.cancel("j", 1120.0)
    assert engine.next_wake == math.inf


@pytest.mark.parametrize("share", [0.1, 0.2, 0.3, 0.7, 0.9])
def test_a_warning_is_given_once_also_if_the_clock_is_paused_at_that_very_instant(share: float) -> None:
    """The instant is rounded to what a float can say, so a hair of the share may be left."""
    engine = desk(Target(measures="resolution", within=3601, warn_at=(share,), pauses=("pending",)))
    begin = 1767225600.0
    engine.submit(Interaction(id="i"), begin)
    wake = engine.next_wake
    assert story(engine.tick(wake)) == [f"resolution warned at {share:g}"]
    engine.set_status("i", Status.PENDING, wake)
    assert story(engine.set_status("i", Status.OPEN, wake + 100)) == ["resolution resumed: open"]
    assert story(live(engine, begin + 3600)) == []


def test_a_share_too_small_to_be_an_instant_of_its_own_is_warned_of_at_once() -> None:
    """Beside a POSIX instant a billionth of a second vanishes; `next_wake` stays ahead of now."""
    engine = desk(Target(measures="resolution", within=600, warn_at=(1e-12,)))
    engine.submit(Interaction(id="i"), 1767225600.0)
    assert engine.next_wake > 1767225600.0
    assert engine.next_wake <= 1767226200.0


# --- transfer -------------------------------------------------------------------------------------


def test_a_clock_goes_on_untouched_in_a_queue_that_promises_the_same() -> None:
    target = Target(measures="first_response", within=600, warn_at=(0.5,))
    engine = under(queues(a=Queue(targets=(target,)), b=Queue(targets=(attrs.evolve(target),))))
    engine.submit(Interaction(id="i", queue="a"), 0.0)
    assert story(engine.transfer("i", "b", 100.0)) == []
    assert story(live(engine, 600.0)) == ["first_response warned at 0.5", "first_response missed"]


def test_a_target_that_restarts_does_so_also_in_a_queue_that_promises_the_same() -> None:
    target = Target(measures="first_response", within=600, on_transfer="restart")
    engine = under(queues(a=Queue(targets=(target,)), b=Queue(targets=(target,))))
    engine.submit(Interaction(id="i", queue="a"), 0.0)
    moved = engine.transfer("i", "b", 100.0)
    assert story(moved) == ["first_response cancelled: transferred", "first_response started: transferred"]
    assert only(ev.ClockCancelled, moved).elapsed == 100.0
    assert only(ev.ClockStarted, moved).elapsed == 0.0
    assert engine.next_wake == 700.0


@pytest.mark.parametrize(("rule", "wake"), [("carry", 900.0), ("restart", 1000.0)])
def test_in_a_queue_that_promises_something_else_the_new_target_holds(rule: str, wake: float) -> None:
    """What is used up counts, or it does not: as the new target says."""
    here = Target(measures="first_response", within=600)
    there = Target(measures="first_response", within=900, on_transfer=rule)
    engine = under(queues(a=Queue(targets=(here,)), b=Queue(targets=(there,))))
    engine.submit(Interaction(id="i", queue="a"), 0.0)
    moved = engine.transfer("i", "b", 100.0)
    assert story(moved) == ["first_response cancelled: transferred", "first_response started: transferred"]
    assert only(ev.ClockStarted, moved).seconds == 900.0
    assert engine.next_wake == wake
    assert story(engine.tick(wake)) == ["first_response missed"]


def test_a_shorter_target_that_is_used_up_already_is_missed_at_once_and_once() -> None:
    engine = under(
        queues(
            a=Queue(targets=(Target(measures="first_response", within=600, warn_at=(0.9,)),)),
            b=Queue(targets=(Target(measures="first_response", within=60, warn_at=(0.5,)),)),
        )
    )
    engine.submit(Interaction(id="i", queue="a"), 0.0)
    moved = engine.transfer("i", "b", 100.0)
    assert only(ev.ClockStarted, moved).warnings == ()
    assert story(moved)[2:] == ["first_response missed"]
    assert only(ev.SlaMissed, moved).due == 100.0
    assert story(engine.tick(DAY)) == []


def test_what_is_missed_at_once_is_missed_before_anything_else_of_the_turn_ends_its_clock() -> None:
    """A pause that lasts, or somebody who takes it at once: it was too late for either."""
    slow = Target(measures="accept", within=600)
    fast = Target(measures="accept", within=60)
    pausing = Target(measures="accept", within=60, pauses=("pending",))
    engine = under(
        queues(
            a=Queue(targets=(slow,)), b=Queue(targets=(fast,), auto_accept=True), c=Queue(targets=(pausing,))
        )
    )
    for name in ("i", "j"):
        engine.submit(Interaction(id=name, queue="a"), 0.0)
    engine.add_agent(Agent(id="bob", queues={"b": 1}), 0.0)
    engine.sign_on("bob", 0.0)
    assert story(engine.transfer("i", "b", 100.0))[1:] == [
        "accept started: transferred",
        "accept missed",
        "accept stopped: accepted",
    ]
    engine.set_status("j", Status.PENDING, 100.0)
    assert story(engine.transfer("j", "c", 100.0))[1:] == [
        "accept started: transferred",
        "accept missed",
        "accept paused: transferred",
    ]


def test_what_was_missed_is_missed_again_only_under_a_longer_target() -> None:
    """A longer promise can still be kept; the same or a shorter one is only measured on."""
    plan = queues(
        a=Queue(targets=(Target(measures="first_response", within=60),)),
        short=Queue(targets=(Target(measures="first_response", within=30),)),
        long=Queue(targets=(Target(measures="first_response", within=600),)),
    )
    engine = under(plan)
    for name in ("i", "j"):
        engine.submit(Interaction(id=name, queue="a"), 0.0)
    engine.tick(100.0)
    measured = only(ev.ClockStarted, engine.transfer("i", "short", 100.0))
    assert (measured.elapsed, measured.due, measured.warnings) == (100.0, None, ())
    again = only(ev.ClockStarted, engine.transfer("j", "long", 100.0))
    assert (again.elapsed, again.due) == (100.0, 600.0)
    assert [event.interaction for event in live(engine, DAY) if isinstance(event, ev.SlaMissed)] == ["j"]
    assert only(ev.ClockStopped, engine.agent_replied("i", "ann", DAY)).elapsed == DAY


def test_a_queue_without_the_target_cancels_the_clock() -> None:
    engine = under(queues(a=Queue(targets=EVERY), b=Queue(targets=EVERY[4:])))
    engine.submit(Interaction(id="i", queue="a"), 0.0)
    assert story(engine.transfer("i", "b", 100.0)) == [
        "accept cancelled: transferred",
        "first_response cancelled: transferred",
    ]
    assert engine.next_wake == 600.0


@pytest.mark.parametrize(("rule", "elapsed"), [("carry", 100.0), ("restart", 0.0)])
@pytest.mark.parametrize("measures", ["first_response", "resolution"])
def test_by_way_of_a_queue_without_the_target_the_rule_of_transfers_holds(
    measures: Any, rule: str, elapsed: float
) -> None:
    """Whatever the rule of re-openings is: nothing was opened again."""
    other = "restart" if rule == "carry" else "carry"
    target = Target(measures=measures, within=600, on_transfer=rule, on_reopen=other)
    engine = under(queues(a=Queue(targets=(target,)), b=Queue(), c=Queue(targets=(target,))))
    engine.submit(Interaction(id="i", queue="a"), 0.0)
    engine.transfer("i", "b", 100.0)
    assert only(ev.ClockStarted, engine.transfer("i", "c", 150.0)).elapsed == elapsed


def test_a_queue_with_a_target_that_the_old_one_had_not_starts_it_then() -> None:
    engine = under(queues(a=Queue(), b=Queue(targets=EVERY)))
    engine.submit(Interaction(id="i", queue="a"), 0.0)
    moved = engine.transfer("i", "b", 100.0)
    assert story(moved) == [
        f"{name} started: transferred" for name in ("accept", "first_response", "resolution")
    ]
    assert engine.next_wake == 700.0


def test_a_clock_that_stands_still_stands_still_in_the_other_queue_too() -> None:
    pausing = Target(measures="resolution", within=600, pauses=("pending",))
    engine = under(queues(a=Queue(targets=(pausing,)), b=Queue(targets=(attrs.evolve(pausing, within=900),))))
    engine.submit(Interaction(id="i", queue="a"), 0.0)
    engine.set_status("i", Status.PENDING, 100.0)
    moved = engine.transfer("i", "b", 5000.0)
    assert story(moved) == [
        "resolution cancelled: transferred",
        "resolution started: transferred",
        "resolution paused: transferred",
    ]
    assert only(ev.ClockPaused, moved).elapsed == 100.0
    assert engine.next_wake == math.inf
    engine.set_status("i", Status.OPEN, 6000.0)
    assert engine.next_wake == 6800.0


def test_what_is_used_up_is_counted_on_in_the_other_queues_hours() -> None:
    """One of two office hours is used up on Friday; the other counts round the clock."""
    engine = under(
        queues(
            a=Queue(targets=(Target(measures="resolution", within=2 * HOUR, calendar="office"),)),
            b=Queue(targets=(Target(measures="resolution", within=2 * HOUR),)),
        )
    )
    engine.submit(Interaction(id="i", queue="a"), t("2026-03-27 16:00"))
    engine.transfer("i", "b", t("2026-03-28 12:00"))
    assert wall(engine.next_wake) == "2026-03-28 13:00"


def test_next_response_and_periodic_update_are_carried_too() -> None:
    engine = under(
        queues(
            a=Queue(targets=(EVERY[2], EVERY[3])),
            b=Queue(targets=(attrs.evolve(EVERY[2], within=900), attrs.evolve(EVERY[3], within=900))),
        )
    )
    engine.submit(Interaction(id="i", queue="a"), 0.0)
    engine.agent_replied("i", "ann", 100.0)
    engine.customer_replied("i", 200.0)
    moved = [e for e in engine.transfer("i", "b", 300.0) if isinstance(e, ev.ClockStarted)]
    assert [(e.target, e.elapsed, e.due) for e in moved] == [
        ("next_response", 100.0, 1100.0),
        ("periodic_update", 200.0, 1000.0),
    ]


def test_who_passes_it_on_starts_the_other_queues_acceptance_from_nothing() -> None:
    engine = under(
        queues(
            a=Queue(targets=EVERY[:1], auto_accept=True),
            b=Queue(targets=(Target(measures="accept", within=900),)),
        )
    )
    engine.sign_on("ann", 0.0)
    engine.submit(Interaction(id="i", queue="a"), 0.0)
    moved = engine.transfer("i", "b", 100.0, agent="ann", fence=1)
    assert story(moved) == ["accept started: transferred"]
    assert only(ev.ClockStarted, moved).due == 1000.0


# --- opened again ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("rule", "elapsed"), [("carry", 100.0), ("restart", 0.0)])
@pytest.mark.parametrize("by_hand", [False, True])
def test_a_resolution_goes_on_or_starts_anew_when_it_is_opened_again(
    rule: str, elapsed: float, by_hand: bool
) -> None:
    """By the customer's message or by hand; the time it was closed counts for nobody."""
    engine = desk(Target(measures="resolution", within=600, on_reopen=rule), auto_accept=True)
    engine.sign_on("ann", 0.0)
    engine.submit(Interaction(id="i"), 0.0)
    engine.complete("i", "ann", 1, 100.0)
    opened = engine.reopen("i", DAY) if by_hand else engine.customer_replied("i", DAY)
    cause = "reopened" if by_hand else "customer replied"
    assert story(opened) == [f"resolution started: {cause}"]
    assert only(ev.ClockStarted, opened).elapsed == elapsed
    assert engine.next_wake == DAY + 600 - elapsed


@pytest.mark.parametrize(("rule", "elapsed"), [("carry", 100.0), ("restart", 0.0)])
@pytest.mark.parametrize("close", [Engine.cancel, Engine.abandon])
def test_a_first_response_that_never_came_goes_on_or_starts_anew(
    rule: str, elapsed: float, close: Callable[..., Any]
) -> None:
    engine = desk(Target(measures="first_response", within=600, on_reopen=rule))
    engine.submit(Interaction(id="i"), 0.0)
    close(engine, "i", 100.0)
    assert only(ev.ClockStarted, engine.customer_replied("i", DAY)).elapsed == elapsed


def test_a_first_response_that_was_given_is_given_for_ever() -> None:
    """What follows in the next opening is a next response."""
    engine = desk(*EVERY, auto_accept=True)
    engine.sign_on("ann", 0.0)
    engine.submit(Interaction(id="i"), 0.0)
    engine.agent_replied("i", "ann", 50.0)
    engine.complete("i", "ann", 1, 100.0)
    opened = engine.customer_replied("i", DAY)
    assert story(opened) == [
        "accept started: customer replied",
        "next_response started: customer replied",
        "periodic_update started: customer replied",
        "resolution started: customer replied",
        "accept stopped: accepted",
    ]
    assert [e.elapsed for e in opened if isinstance(e, ev.ClockStarted)] == [0.0, 0.0, 0.0, 100.0]


def test_what_is_opened_by_hand_waits_for_nobodys_answer() -> None:
    engine = desk(EVERY[2], EVERY[4], auto_accept=True)
    engine.sign_on("ann", 0.0)
    engine.submit(Interaction(id="i"), 0.0)
    engine.agent_replied("i", "ann", 50.0)
    engine.complete("i", "ann", 1, 100.0)
    assert story(engine.reopen("i", DAY)) == ["resolution started: reopened"]


def test_a_message_during_the_wrap_up_is_a_next_opening_too() -> None:
    """The agent has it on again; the resolution counts as `on_reopen` says."""
    for kept, elapsed in (("carry", 100.0), ("restart", 0.0)):
        engine = desk(
            Target(measures="resolution", within=600, on_reopen=kept), auto_accept=True, wrap_up=60.0
        )
        engine.sign_on("ann", 0.0)
        engine.submit(Interaction(id="i"), 0.0)
        engine.complete("i", "ann", 1, 100.0)
        written = engine.customer_replied("i", 130.0)
        assert story(written) == ["resolution started: customer replied"]
        assert only(ev.ClockStarted, written).elapsed == elapsed
        assert story(engine.tick(160.0)) == []  # the wrap-up does not end by itself any more
        completed = engine.complete("i", "ann", 1, 200.0)
        assert story(completed) == ["resolution stopped: completed"]
        assert only(ev.ClockStopped, completed).elapsed == elapsed + 70.0
        assert only(ev.Completed, engine.tick(260.0)).due == 260.0


@pytest.mark.parametrize(("rule", "missed"), [("carry", []), ("restart", ["resolution missed"])])
def test_what_was_missed_before_is_missed_again_only_if_it_starts_anew(rule: str, missed: list[str]) -> None:
    engine = desk(Target(measures="resolution", within=600, on_reopen=rule))
    engine.submit(Interaction(id="i"), 0.0)
    engine.tick(700.0)
    engine.cancel("i", 700.0)
    engine.reopen("i", DAY)
    assert story(live(engine, 2 * DAY)) == missed


def test_what_is_used_up_adds_up_over_several_openings() -> None:
    engine = desk(Target(measures="resolution", within=600))
    engine.submit(Interaction(id="i"), 0.0)
    for number in range(1, 4):
        closed = only(ev.ClockCancelled, engine.cancel("i", number * 1000.0 - 900))
        assert closed.elapsed == number * 100.0
        engine.reopen("i", number * 1000.0)
    assert engine.next_wake == 3300.0


def test_the_pause_of_the_last_opening_is_over() -> None:
    """It was pending when it was closed; the customer's message, or who opens it, makes it open."""
    engine = desk(Target(measures="resolution", within=600, pauses=("pending",)))
    engine.submit(Interaction(id="i"), 0.0)
    engine.set_status("i", Status.PENDING, 100.0)
    assert only(ev.ClockCancelled, engine.cancel("i", 200.0)).elapsed == 100.0
    opened = engine.reopen("i", 1000.0)
    assert only(ev.StatusChanged, opened).status is Status.OPEN
    assert story(opened) == ["resolution started: reopened"]
    assert engine.next_wake == 1500.0


def test_a_queue_may_keep_closed_what_is_closed() -> None:
    """Then a customer's message is refused, but who is asked to can open it."""
    engine = desk(Target(measures="resolution", within=600), reopen=False)
    engine.submit(Interaction(id="i"), 0.0)
    engine.cancel("i", 100.0)
    before = engine.snapshot()
    assert rule(engine.customer_replied("i", 200.0)) == "closed"
    assert engine.snapshot() == before
    assert story(engine.reopen("i", 300.0)) == ["resolution started: reopened"]


def test_what_was_closed_too_long_ago_stays_closed() -> None:
    engine = desk(Target(measures="resolution", within=600), reopen_within=1000.0)
    for name in ("i", "j"):
        engine.submit(Interaction(id=name), 0.0)
    for name in ("i", "j"):
        engine.cancel(name, 100.0)
    assert story(engine.customer_replied("i", 1100.0)) == ["resolution started: customer replied"]
    before = engine.snapshot()
    assert rule(engine.customer_replied("j", 1100.1)) == "closed"
    assert engine.snapshot() == before


def test_what_has_no_queue_any_more_is_opened_in_its_successor_or_not_at_all() -> None:
    plan = queues(a=Queue(), b=Queue(), c=Queue(targets=EVERY[4:]))
    engine = under(plan)
    for name in ("a", "b"):
        engine.submit(Interaction(id=name, queue=name), 0.0)
    for name in ("a", "b"):
        engine.cancel(name, 1.0)
    engine.change_plan(attrs.evolve(plan, queues={"c": plan.queues["c"]}, successors={"a": "c"}), 2.0)
    opened = engine.customer_replied("a", 3.0)
    assert only(ev.Reopened, opened).queue == "c"
    assert story(opened) == ["resolution started: customer replied"]
    before = engine.snapshot()
    assert rule(engine.customer_replied("b", 3.0)) == "unknown_queue"
    assert rule(engine.reopen("b", 3.0)) == "unknown_queue"
    assert engine.snapshot() == before


def test_what_was_opened_again_is_not_forgotten_with_what_was_closed_before() -> None:
    """Closed interactions, and what was said of them, are remembered for as long as the plan says."""
    plan = Plan(queues={"default": Queue(targets=EVERY)}, retention=1000.0)
    engine = under(plan)
    for name in ("gone", "back", "twice"):
        engine.submit(Interaction(id=name), 0.0)
    for name in ("gone", "back", "twice"):
        engine.cancel(name, 10.0)
    engine.customer_replied("back", 20.0)
    engine.customer_replied("twice", 20.0)
    engine.cancel("twice", 3000.0)
    for number in range(200):
        engine.submit(Interaction(id=f"i{number}"), 3500.0)
    assert {"back", "twice"} <= engine.snapshot()["conversations"].keys()
    assert rule(engine.customer_replied("gone", 3500.0)) == "unknown_interaction"
    resolution = [
        event
        for event in engine.customer_replied("twice", 3500.0)
        if isinstance(event, ev.ClockStarted) and event.target == "resolution"
    ]
    assert [event.elapsed for event in resolution] == [2990.0]
    assert story(engine.agent_replied("back", "ann", 3500.0))[0] == "first_response stopped: replied"


@pytest.mark.parametrize("days", [6, 8])
def test_a_journal_verifies_however_late_a_customer_writes(days: int) -> None:
    """Within the seven days that closed interactions are kept for certain, or after them."""
    store = MemoryStore()
    recorder = record(Engine(Plan(queues={"default": Queue(targets=EVERY)})), store)
    recorder.handle(cmd.AddAgent(Agent(id="ann")), 0.0)
    recorder.handle(cmd.Submit(Interaction(id="i")), 0.0)
    recorder.handle(cmd.Cancel("i"), 1.0)
    recorder.handle(cmd.Submit(Interaction(id="j")), days * DAY)
    recorder.handle(cmd.AgentReplied("i", "ann"), days * DAY)
    recorder.handle(cmd.CustomerReplied("i"), days * DAY)
    recorder.flush()
    assert verify(store).problems == []


# --- a change of plan -----------------------------------------------------------------------------


def test_a_plan_that_promises_the_same_touches_no_clock() -> None:
    """Also one that was read from a file, with policies and calendars of its own."""
    target = Target(
        measures="first_response", within=tightened(600, followers=[(1000, 300)]), calendar="office"
    )
    plan = queues(default=Queue(targets=(target,)))
    engine = under(plan)
    engine.submit(Interaction(id="i"), t("2026-03-27 12:00"))
    same = Plan.from_data({**plan.to_data(), "name": "the next one"})
    assert story(engine.change_plan(same, t("2026-03-27 12:05"))) == []
    assert wall(engine.next_wake) == "2026-03-27 12:10"


@pytest.mark.parametrize(("rule", "wake"), [("carry", 900.0), ("restart", 1000.0)])
def test_a_target_that_has_changed_goes_on_as_after_a_transfer(rule: str, wake: float) -> None:
    target = Target(measures="resolution", within=600)
    engine = desk(target)
    engine.submit(Interaction(id="i"), 0.0)
    new = attrs.evolve(target, within=900, on_transfer=rule)
    changed = engine.change_plan(queues(default=Queue(targets=(new,))), 100.0)
    assert story(changed) == ["resolution cancelled: plan changed", "resolution started: plan changed"]
    assert engine.next_wake == wake


def test_a_plan_that_shortens_a_target_may_miss_it_at_once() -> None:
    engine = desk(Target(measures="resolution", within=600))
    engine.submit(Interaction(id="i"), 0.0)
    shorter = queues(default=Queue(targets=(Target(measures="resolution", within=60),)))
    changed = engine.change_plan(shorter, 100.0)
    assert story(changed)[2:] == ["resolution missed"]
    assert only(ev.SlaMissed, changed).due == 100.0


def test_a_plan_that_promises_more_starts_clocks_for_what_is_open() -> None:
    """As the conversation stands: the answered one has no first response to wait for."""
    engine = under(queues(default=Queue()))
    for name in ("i", "j", "closed"):
        engine.submit(Interaction(id=name), 0.0)
    engine.agent_replied("j", "ann", 10.0)
    engine.cancel("closed", 10.0)
    changed = engine.change_plan(queues(default=Queue(targets=(EVERY[1], EVERY[4]))), 100.0)
    assert [e.interaction for e in changed if isinstance(e, ev.ClockStarted)] == ["i", "i", "j"]
    assert story(changed) == [
        "first_response started: plan changed",
        "resolution started: plan changed",
        "resolution started: plan changed",
    ]
    assert engine.next_wake == 700.0


def test_a_plan_without_any_target_cancels_every_clock() -> None:
    engine = desk(*EVERY)
    engine.submit(Interaction(id="i"), 0.0)
    changed = engine.change_plan(queues(default=Queue()), 100.0)
    assert story(changed) == [
        f"{name} cancelled: plan changed" for name in ("accept", "first_response", "resolution")
    ]
    assert engine.next_wake == math.inf


def test_hours_that_have_changed_count_from_the_change_on() -> None:
    """Two of three office hours were used up; the third is the first of the new hours."""
    target = Target(measures="resolution", within=3 * HOUR, calendar="office")
    engine = desk(target, calendars={"office": OFFICE})
    engine.submit(Interaction(id="i"), t("2026-03-27 15:00"))
    late = Calendar(zone=BERLIN, week={"mon-sun": ["18:00-22:00"]})
    plan = Plan(calendars={"office": late}, queues={"default": Queue(targets=(target,))})
    changed = engine.change_plan(plan, t("2026-03-27 20:00"))
    assert only(ev.ClockStarted, changed).elapsed == 2 * HOUR
    assert wall(engine.next_wake) == "2026-03-27 21:00"


def test_what_moves_to_a_successor_is_transferred_for_its_clocks() -> None:
    restarting = attrs.evolve(EVERY[4], on_transfer="restart")
    engine = under(queues(a=Queue(targets=(EVERY[1], restarting))))
    engine.submit(Interaction(id="i", queue="a"), 0.0)
    plan = Plan(queues={"b": Queue(targets=(EVERY[1], restarting))}, successors={"a": "b"})
    changed = engine.change_plan(plan, 100.0)
    assert story(changed) == ["resolution cancelled: plan changed", "resolution started: plan changed"]
    assert engine.next_wake == 600.0
    assert story(live(engine, 700.0)) == ["first_response missed", "resolution missed"]


def test_the_short_form_gives_way_to_a_target_of_the_same_name() -> None:
    """After the change of plan there is one first response, and it is missed once."""
    engine = under(Plan(queues={"default": Queue(sla=first_response(600))}))
    engine.submit(Interaction(id="i"), 0.0)
    engine.change_plan(queues(default=Queue(targets=(Target(measures="first_response", within=900),))), 100.0)
    assert story(live(engine, DAY)) == ["first_response missed"]
    assert engine.now == DAY


# --- how many seconds -----------------------------------------------------------------------------


def given_seconds(within: Any, *interactions: Interaction) -> list[float | None]:
    """Return the seconds that *within* gives each of *interactions*; None: no clock."""
    engine = desk(Target(measures="first_response", within=within))
    found = []
    for interaction in interactions:
        started = [e for e in engine.submit(interaction, 0.0) if isinstance(e, ev.ClockStarted)]
        found.append(started[0].seconds if started else None)
    return found


def test_who_matters_more_has_less_time_to_wait() -> None:
    """The least of all that apply."""
    within = tightened(
        3600, followers=[(10_000, 1800), (1_000_000, 600)], influence=[(80, 900)], sentiment=[(-0.5, 1200)]
    )
    star = Customer(id="star", followers=2_000_000, influence=90)
    known = Customer(id="known", followers=10_000)
    assert given_seconds(
        within,
        Interaction(id="nobody"),
        Interaction(id="known", customer=known),
        Interaction(id="star", customer=star),
        Interaction(id="furious", sentiment=-0.5),
        Interaction(id="cross", sentiment=-0.49),
        Interaction(id="known and furious", customer=known, sentiment=-1),
    ) == [3600, 1800, 600, 1200, 3600, 1200]


def test_seconds_by_segment_channel_tier_or_an_attribute() -> None:
    gold = Customer(id="c", segment="gold")
    assert given_seconds(
        by("segment", {"gold": 600, "staff": tightened(60)}, otherwise=3600),
        Interaction(id="gold", customer=gold),
        Interaction(id="staff", customer=Customer(id="s", segment="staff")),
        Interaction(id="other", customer=Customer(id="o")),
        Interaction(id="unknown"),
    ) == [600, 60, 3600, 3600]
    assert given_seconds(
        by("tier", {"0": 60}), Interaction(id="i", tier=0), Interaction(id="j", tier=1), Interaction(id="k")
    ) == [60, None, None]
    assert given_seconds(
        by("language", {"de": 60}, otherwise=by("default", {"x": 1})),
        Interaction(id="i", attributes={"language": "de"}),
        Interaction(id="j", attributes={"language": "fr"}),
    ) == [60, None]
    engine = under(
        Plan.from_data(
            {
                "channels": {"chat": {}, "mail": {}},
                "queues": {
                    "default": {
                        "targets": [
                            {
                                "measures": "accept",
                                "within": {"use": "by", "field": "channel", "cases": {"chat": 60}},
                            }
                        ]
                    }
                },
            }
        )
    )
    assert story(engine.submit(Interaction(id="i", channel="chat"), 0.0)) == ["accept started: submitted"]
    assert story(engine.submit(Interaction(id="j", channel="mail"), 0.0)) == []


def test_the_mood_of_the_last_message_decides_about_the_next_clock() -> None:
    """Calm at first, furious later: her next response is due sooner. A clock that runs keeps its time."""
    within = tightened(600, sentiment=[(-0.5, 60)])
    engine = desk(
        Target(measures="first_response", within=within), Target(measures="next_response", within=within)
    )
    engine.submit(Interaction(id="i", sentiment=0.5), 0.0)
    assert story(engine.customer_replied("i", 10.0, sentiment=-1)) == []
    assert engine.next_wake == 600.0
    engine.agent_replied("i", "ann", 20.0)
    furious = only(ev.ClockStarted, engine.customer_replied("i", 30.0))  # her last mood that is known
    assert furious.seconds == 60.0
    engine.agent_replied("i", "ann", 40.0)
    assert only(ev.ClockStarted, engine.customer_replied("i", 50.0, sentiment=0.9)).seconds == 600.0


def fails(interaction: Interaction, at: float) -> float | None:
    """A policy that knows nothing of what has no customer."""
    assert interaction.customer is not None
    return 600.0


def test_a_policy_that_fails_costs_the_clock_and_nothing_else() -> None:
    """It is a fact; the interaction is routed, and its other clocks run."""
    engine = desk(Target(measures="first_response", within=fails), Target(measures="resolution", within=600))
    engine.sign_on("ann", 0.0)
    submitted = engine.submit(Interaction(id="i"), 0.0)
    failed = only(ev.PolicyFailed, submitted)
    assert (failed.slot, failed.subject) == ("queues.default.targets.first_response", "i")
    assert story(submitted) == ["resolution started: submitted"]
    assert only(ev.Offered, submitted).agent == "ann"
    good = engine.submit(Interaction(id="j", customer=Customer(id="c")), 1.0)
    assert story(good) == ["first_response started: submitted", "resolution started: submitted"]


def test_a_policy_that_fails_too_often_is_asked_no_more_until_it_is_resumed() -> None:
    engine = desk(Target(measures="first_response", within=fails))
    slot = "queues.default.targets.first_response"
    for number in range(3):
        last = engine.submit(Interaction(id=f"i{number}"), 0.0)
    assert only(ev.PolicySwitchedOff, last).slot == slot
    assert story(engine.submit(Interaction(id="j", customer=Customer(id="c")), 1.0)) == []
    assert only(ev.PolicyResumed, engine.resume_policy(slot, 2.0)).slot == slot
    assert story(engine.submit(Interaction(id="k", customer=Customer(id="c")), 3.0)) == [
        "first_response started: submitted"
    ]


def test_a_policy_that_fails_does_not_hide_that_another_one_did_in_the_same_turn() -> None:
    """The work policy is switched off too, so what it had said before holds no more: first in, first out."""
    asked = []

    def last_x(needs: Needs, skills: Mapping[str, float], priority: int) -> float:
        assert "z" not in dict(needs.skills)
        return 1.0 if "x" in dict(needs.skills) else 0.0

    def not_twice(interaction: Interaction, at: float) -> float | None:
        asked.append(interaction.id)
        assert asked.count("z") < 2
        return None

    plan = queues(
        default=Queue(
            work=last_x, targets=(Target(measures="resolution", within=not_twice),), auto_accept=True
        )
    )
    engine = under(attrs.evolve(plan, strikes=1))
    engine.add_agent(Agent(id="bob", skills={"x": 1, "y": 1}), 0.0)
    engine.add_agent(Agent(id="zoe", skills={"z": 1}), 0.0)
    for skill in ("x", "y"):
        engine.submit(Interaction(id=skill, needs=Needs({skill: 1})), 1.0)
    engine.sign_on("zoe", 2.0)
    failed = engine.submit(Interaction(id="z", needs=Needs({"z": 1})), 3.0)
    assert [e.slot for e in failed if isinstance(e, ev.PolicySwitchedOff)] == [
        "queues.default.work",
        "queues.default.targets.resolution",
    ]
    assert only(ev.Assigned, engine.sign_on("bob", 4.0)).interaction == "x"


@pytest.mark.parametrize("answer", [0, -5, math.nan, math.inf, True, "soon", 1e9, 1e12, -math.inf, 0.0001])
@pytest.mark.parametrize("calendar", [None, "office"])
def test_an_answer_that_is_no_duration_is_a_failure_too(answer: Any, calendar: str | None) -> None:
    """Also one of more than ten years, with or without a calendar."""
    target = Target(measures="first_response", within=lambda interaction, at: answer, calendar=calendar)
    engine = desk(target, calendars={"office": OFFICE})
    submitted = engine.submit(Interaction(id="i"), 0.0)
    assert story(submitted) == []
    assert only(ev.PolicyFailed, submitted).error.startswith("answered ")


# --- who is served first --------------------------------------------------------------------------


def test_what_is_due_first_by_its_own_calendar_is_served_first() -> None:
    """Friday 16:30: two hours by the wall end before one office hour does, on Monday."""
    engine = under(
        Plan.from_data(
            {
                "channels": {"chat": {}, "mail": {}},
                "calendars": {"office": OFFICE.to_data()},
                "queues": {
                    "default": {
                        "ordering": "due",
                        "auto_accept": True,
                        "targets": [
                            {
                                "measures": "first_response",
                                "within": {"use": "by", "field": "channel", "cases": {"mail": HOUR}},
                                "calendar": "office",
                            },
                            {
                                "measures": "accept",
                                "within": {"use": "by", "field": "channel", "cases": {"chat": 2 * HOUR}},
                            },
                        ],
                    }
                },
            }
        )
    )
    friday = t("2026-03-27 16:30")
    mail = only(ev.Submitted, engine.submit(Interaction(id="mail", channel="mail"), friday))
    chat = only(ev.Submitted, engine.submit(Interaction(id="chat", channel="chat"), friday + 1))
    assert wall(mail.reference) == "2026-03-30 09:30"
    assert wall(chat.reference) == "2026-03-27 18:30"
    order = [e.interaction for e in engine.sign_on("ann", friday + 2) if isinstance(e, ev.Assigned)]
    assert order == ["chat", "mail"]


def test_the_earliest_of_an_interactions_targets_decides_about_its_place() -> None:
    engine = desk(
        Target(measures="first_response", within=900),
        Target(measures="accept", within=by("segment", {"gold": 300})),
        Target(measures="resolution", within=10),  # says nothing about whom to turn to first
        ordering=due,
    )
    gold = Interaction(id="i", customer=Customer(id="c", segment="gold"))
    assert only(ev.Submitted, engine.submit(gold, 0.0)).reference == 300.0
    assert only(ev.Submitted, engine.submit(Interaction(id="j"), 0.0)).reference == 900.0


# --- what is impossible ---------------------------------------------------------------------------


def test_what_cannot_be_said_of_an_interaction_is_refused_and_changes_nothing() -> None:
    engine = desk(*EVERY, auto_accept=True)
    engine.sign_on("ann", 0.0)
    for name in ("open", "closed", "held"):
        engine.submit(Interaction(id=name), 0.0)
    engine.complete("closed", "ann", 2, 1.0)
    before = engine.snapshot()
    assert rule(engine.agent_replied("later", "ann", 2.0)) == "unknown_interaction"
    assert rule(engine.bot_replied("later", 2.0)) == "unknown_interaction"
    assert rule(engine.customer_replied("later", 2.0)) == "unknown_interaction"
    assert rule(engine.set_status("later", Status.PENDING, 2.0)) == "unknown_interaction"
    assert rule(engine.reopen("later", 2.0)) == "unknown_interaction"
    assert rule(engine.agent_replied("open", "bob", 2.0)) == "unknown_agent"
    assert rule(engine.agent_replied("open", "ann", 2.0, fence=99)) == "stale_fence"
    assert rule(engine.agent_replied("closed", "ann", 2.0, fence=2)) == "not_held"
    assert rule(engine.set_status("open", Status.OPEN, 2.0)) == "already_so"
    assert rule(engine.set_status("closed", Status.PENDING, 2.0)) == "closed"
    assert rule(engine.reopen("open", 2.0)) == "not_closed"
    assert engine.snapshot() == before
    engine.set_status("open", Status.PENDING, 3.0)
    before = engine.snapshot()
    assert rule(engine.set_status("open", Status.PENDING, 3.0)) == "already_so"
    assert engine.snapshot() == before


def test_an_answer_with_the_fence_of_an_earlier_assignment_is_refused() -> None:
    engine = desk(*EVERY, auto_accept=True)
    engine.sign_on("ann", 0.0)
    engine.submit(Interaction(id="i"), 0.0)
    engine.release("i", "ann", 1, 1.0)
    before = engine.snapshot()
    assert rule(engine.agent_replied("i", "ann", 2.0, fence=1)) == "not_held"
    assert engine.snapshot() == before
    engine.tick(40.0)
    before = engine.snapshot()
    assert rule(engine.agent_replied("i", "ann", 41.0, fence=1)) == "stale_fence"
    assert engine.snapshot() == before
    assert story(engine.agent_replied("i", "ann", 42.0, fence=2))[0] == "first_response stopped: replied"


WRONG: Any = object()
"""What is of no type that any field takes."""


@pytest.mark.parametrize(
    "command",
    [
        cmd.CustomerReplied("i", 1.01),
        cmd.CustomerReplied("i", -7.5),
        cmd.CustomerReplied("i", math.nan),
        cmd.CustomerReplied("i", 2),
        cmd.CustomerReplied("i", True),
        cmd.CustomerReplied("i", "glad"),  # type: ignore[arg-type]
        cmd.CustomerReplied(WRONG),
        cmd.CustomerReplied(""),
        cmd.AgentReplied("i", WRONG),
        cmd.AgentReplied("i", "ann", "1"),  # type: ignore[arg-type]
        cmd.AgentReplied("i", "ann", 1.0),  # type: ignore[arg-type]
        cmd.AgentReplied("i", "ann", True),
        cmd.BotReplied(WRONG),
        cmd.SetStatus("i", "pending"),  # type: ignore[arg-type]
        cmd.SetStatus("i", None),  # type: ignore[arg-type]
        cmd.Reopen("i", WRONG),
        cmd.Reopen(7),  # type: ignore[arg-type]
    ],
)
def test_what_has_the_wrong_type_is_an_error_and_changes_nothing(command: cmd.Command) -> None:
    engine = desk(*EVERY)
    engine.submit(Interaction(id="i"), 0.0)
    before = engine.snapshot()
    with pytest.raises(UsageError):
        engine.handle(command, 1.0)
    assert engine.snapshot() == before
    assert engine.now == 0.0


def test_every_word_of_a_conversation_can_be_said_with_a_key_and_a_version() -> None:
    """Said twice, it counts once; upon an old version, it is refused."""
    engine = desk(*EVERY)
    engine.submit(Interaction(id="i"), 0.0)
    said = cmd.AgentReplied("i", "ann", key="k")
    first = engine.handle(said, 1.0)
    assert "first_response stopped: replied" in story(first)
    assert engine.handle(said, 2.0) == first
    assert engine.facts == []
    late = cmd.SetStatus("i", Status.PENDING, expected_version=1)
    assert rule(engine.handle(late, 3.0)) == "stale_version"


def test_time_that_runs_backwards_is_an_error() -> None:
    engine = desk(*EVERY)
    engine.submit(Interaction(id="i"), 10.0)
    before = engine.snapshot()
    with pytest.raises(UsageError, match="time runs backwards"):
        engine.agent_replied("i", "ann", 9.0)
    assert engine.snapshot() == before


# --- plans that are wrong -------------------------------------------------------------------------


def target(**settings: Any) -> dict[str, Any]:
    """Return a target as data, good but for *settings*."""
    return {"measures": "first_response", "within": 600} | settings


@pytest.mark.parametrize(
    ("queue", "problem"),
    [
        ({"targets": [target(within=0)]}, "targets[0].within: must be positive"),
        ({"targets": [target(within=-5)]}, "targets[0].within: must be positive"),
        ({"targets": [target(within=math.nan)]}, "targets[0].within: must be positive"),
        ({"targets": [target(within=1e9)]}, "targets[0].within: must be positive"),
        ({"targets": [target(within=math.inf)]}, "targets[0].within: must be positive"),
        ({"targets": [target(within=True)]}, "targets[0].within: must be positive"),
        ({"targets": [target(within="soon")]}, "targets[0].within: no policy 'soon'"),
        ({"targets": [target(within="tightened")]}, "targets[0].within: tightened: missing a required"),
        ({"targets": [target(within={"use": "by"})]}, "targets[0].within: by: missing"),
        (
            {"targets": [target(within={"use": "by", "field": "tier", "cases": {"0": 0}})]},
            "targets[0].within: cases.0 must be positive",
        ),
        (
            {"targets": [target(within={"use": "tightened", "seconds": 60, "followers": [[1000]]})]},
            "targets[0].within: followers must be a list of [bound, seconds]",
        ),
        (
            {"targets": [target(within={"use": "tightened", "seconds": 60, "sentiment": [[2, 30]]})]},
            "targets[0].within: a bound of sentiment must be between -1 and 1",
        ),
        ({"targets": [target(calendar="moon")]}, "targets[0].calendar: there is no calendar 'moon'"),
        ({"targets": [target(measures="patience")]}, "targets[0].measures: must be one of accept,"),
        ({"targets": [{"within": 60}]}, "targets[0].measures: is missing"),
        ({"targets": [{"measures": "accept"}]}, "targets[0].within: is missing"),
        ({"targets": [target(within_minutes=5)]}, "targets[0].within_minutes: unknown; there are bots,"),
        ({"targets": [target(warn_at=[0.5, 1.5])]}, "targets[0].warn_at: must be"),
        ({"targets": [target(warn_at=[0])]}, "targets[0].warn_at: must be"),
        ({"targets": [target(warn_at=[1])]}, "targets[0].warn_at: must be"),
        ({"targets": [target(warn_at=[math.nan])]}, "targets[0].warn_at: must be"),
        ({"targets": [target(warn_at=0.5)]}, "targets[0].warn_at: must be"),
        ({"targets": [target(warn_at=["half"])]}, "targets[0].warn_at: must be"),
        ({"targets": [target(warn_at=[0.8, 0.5])]}, "targets[0].warn_at: must"),
        ({"targets": [target(warn_at=[0.5, 0.5])]}, "targets[0].warn_at: must"),
        ({"targets": [target(pauses=["asleep"])]}, "targets[0].pauses: must be a list of pending, on_hold"),
        ({"targets": [target(pauses="pending")]}, "targets[0].pauses: must be a list of pending, on_hold"),
        ({"targets": [target(bots=1)]}, "targets[0].bots: must be true or false, not 1"),
        ({"targets": [target(on_transfer="keep")]}, "targets[0].on_transfer: must be one of carry, restart"),
        ({"targets": [target(on_reopen=1)]}, "targets[0].on_reopen: must be one of carry, restart"),
        ({"targets": [target(name=5)]}, "targets[0].name: "),
        ({"targets": [target(name={"a": 1})]}, "targets[0].name: "),
        ({"targets": [target(), target()]}, "targets[1]: there are two targets 'first_response'"),
        (
            {"targets": [target(name="a"), target(name="a", measures="accept")]},
            "targets[1]: there are two targets 'a'",
        ),
        (
            {"targets": [target()], "sla": {"use": "first_response", "seconds": 5}},
            "targets[0]: there are two targets 'first_response': sla is one",
        ),
        ({"targets": target()}, "targets: must be a list of tables"),
        ({"reopen": "yes"}, "reopen: must be true or false"),
        ({"reopen_within": 0}, "reopen_within: must be positive"),
        ({"reopen_within": -1}, "reopen_within: must be positive"),
        ({"reopen_within": "a day"}, "reopen_within: must be a number"),
        ({"alarms": 5}, "alarms: must be a table"),
        ({"alarms": {"oldest": 5}}, "alarms.oldest: unknown; there are next_breach,"),
        ({"alarms": {"oldest_age": 0}}, "alarms.oldest_age: must be positive"),
        ({"alarms": {"next_breach": math.nan}}, "alarms.next_breach: must be positive"),
        ({"alarms": {"no_eligible_agent": 1}}, "alarms.no_eligible_agent: must be true or false"),
        (
            {"ordering": "due", "targets": [target(measures="resolution")]},
            "ordering: due needs an sla",
        ),
    ],
)
def test_a_plan_that_is_wrong_says_where_and_how(queue: dict[str, Any], problem: str) -> None:
    with pytest.raises(PlanError) as caught:
        Plan.from_data({"queues": {"vip": queue}})
    (found,) = caught.value.problems
    assert found.startswith(f"queues.vip.{problem}")


@pytest.mark.parametrize(
    ("calendar", "problem"),
    [
        ({"zone": "Mars/Olympus"}, "zone: there is no time zone 'Mars/Olympus'"),
        ({"week": {"mon": ["9-17"]}}, "week.mon: '9-17' is no interval like 09:00-17:30"),
        ({"week": {"monday": ["09:00-17:00"]}}, "week.monday: there is no day 'monday'"),
        ({"week": {"mon": []}}, "week: there must be at least one interval"),
        ({"holidays": ["2026-02-30"]}, "holidays.2026-02-30: there is no such date"),
        ({"exceptions": {"tomorrow": []}}, "exceptions: 'tomorrow' is no date like 2026-12-25"),
        ({"weeks": {}}, "weeks: unknown; there are exceptions,"),
        ("always", "must be a table, not 'always'"),
    ],
)
def test_a_calendar_that_is_wrong_says_where_in_the_plan(calendar: Any, problem: str) -> None:
    data = {
        "calendars": {"office": calendar},
        "queues": {"vip": {"targets": [target(calendar="office")]}},
    }
    with pytest.raises(PlanError) as caught:
        Plan.from_data(data)
    (found,) = caught.value.problems
    assert found.removeprefix("calendars.office").lstrip(".: ").startswith(problem)


def test_a_target_that_is_no_table_is_named() -> None:
    with pytest.raises(PlanError, match=r"queues\.vip\.targets\[0\]: must be a table, not 'soon'"):
        Plan.from_data({"queues": {"vip": {"targets": ["soon"]}}})


def test_every_mistake_is_said_at_once() -> None:
    with pytest.raises(PlanError) as caught:
        Plan.from_data(
            {
                "calendars": {"office": {"zone": "Mars", "week": {"mon": ["9-17"]}}},
                "queues": {"vip": {"targets": [target(within=0, warn_at=[2]), target(bots="no")]}},
            }
        )
    assert len(caught.value.problems) == 5


@pytest.mark.parametrize(
    "wrong",
    [
        {"targets": [Target(measures="accept", within=60)]},
        {"targets": Target(measures="accept", within=60)},
        {"targets": ({"measures": "accept"},)},
        {"targets": (Target(measures="accept", within=tightened),)},  # type: ignore[arg-type]
        {"targets": (Target(measures="accept", within=60, warn_at=[0.5]),)},  # type: ignore[arg-type]
        {"targets": (Target(measures="accept", within=60, pauses="pending"),)},  # type: ignore[arg-type]
        {"targets": (Target(measures="accept", within=60, calendar=OFFICE),)},  # type: ignore[arg-type]
        {"alarms": {"oldest_age": 60}},
        {"alarms": Alarms(oldest_age=-1)},
        {"reopen_within": math.inf},
    ],
)
def test_a_plan_built_in_python_is_checked_as_well(wrong: dict[str, Any]) -> None:
    with pytest.raises(PlanError, match=r"queues\.vip\."):
        Plan(queues={"vip": Queue(**wrong)})


def test_a_wrong_plan_does_not_take_over() -> None:
    engine = desk(*EVERY)
    engine.submit(Interaction(id="i"), 0.0)
    before = engine.snapshot()
    with pytest.raises(PlanError):
        engine.handle(cmd.ChangePlan({"queues": {"default": {"targets": [target(within=0)]}}}), 1.0)
    assert engine.snapshot() == before


# --- plans in files -------------------------------------------------------------------------------

TOML = """
[calendars.office]
zone = "Europe/Berlin"
week = { mon-thu = ["09:00-12:00", "13:00-18:00"], fri = ["09:00-14:00"] }
holidays = { "2026-05-01" = "Labour Day" }
exceptions = { "2026-12-24" = ["09:00-12:00"], "2026-12-31" = [] }

[calendars.night]
week = { mon-sun = ["22:00-06:00"] }

[queues.vip]
ordering = "due"
reopen_within = 86400

[[queues.vip.targets]]
measures = "first_response"
within = { use = "tightened", seconds = 3600, followers = [[1000000, 900]], sentiment = [[-0.6, 1800]] }
calendar = "office"
warn_at = [0.5, 0.8]
on_reopen = "restart"

[[queues.vip.targets]]
measures = "resolution"
name = "solved"
within = { use = "by", field = "segment", cases = { gold = 60, press = { use = "tightened", seconds = 9 } } }
calendar = "office"
pauses = ["pending", "on_hold", "answered"]
on_transfer = "restart"

[[queues.vip.targets]]
measures = "periodic_update"
within = 7200
bots = true

[queues.vip.alarms]
oldest_age = 1800
next_breach = 300
no_eligible_agent = true

[queues.mail]
reopen = false
"""


def test_a_plan_file_with_calendars_targets_and_alarms_is_read(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(TOML, encoding="utf-8")
    plan = Plan.load(file)
    vip = plan.queues["vip"]
    assert [each.label for each in vip.targets] == ["first_response", "solved", "periodic_update"]
    assert vip.alarms == Alarms(oldest_age=1800, next_breach=300, no_eligible_agent=True)
    assert plan.calendars["office"].holidays == {"2026-05-01": "Labour Day"}
    assert not plan.queues["mail"].reopen
    engine = under(plan)
    started = only(
        ev.ClockStarted,
        engine.submit(Interaction(id="i", queue="vip"), t("2026-04-30 17:30"))[:2],
    )
    assert (started.target, started.seconds) == ("first_response", 3600.0)
    assert started.due is not None
    assert wall(started.due) == "2026-05-04 09:30"  # after Labour Day, a Friday, and the weekend


def test_a_plan_written_and_read_again_is_the_same_plan() -> None:
    plan = Plan.from_data(tomllib.loads(TOML))
    data = plan.to_data()
    again = Plan.from_data(data)
    assert again.hash == plan.hash
    assert again.to_data() == data
    assert again.calendars == plan.calendars
    assert [attrs.evolve(each, within=1) for each in again.queues["vip"].targets] == [
        attrs.evolve(each, within=1) for each in plan.queues["vip"].targets
    ]


def test_a_plan_built_in_python_is_the_one_in_the_file() -> None:
    target = Target(measures="accept", within=tightened(60, influence=[(80, 30)]), warn_at=(0.5,))
    plan = Plan(
        calendars={"office": OFFICE},
        queues={"q": Queue(targets=(target, Target(measures="resolution", within=600, calendar="office")))},
    )
    data = {
        "calendars": {"office": {"zone": BERLIN, "week": {"mon-fri": ["09:00-17:00"]}}},
        "queues": {
            "q": {
                "targets": [
                    {
                        "measures": "accept",
                        "within": {"use": "tightened", "seconds": 60, "influence": [[80, 30]]},
                        "warn_at": [0.5],
                    },
                    {"measures": "resolution", "within": 600, "calendar": "office"},
                ]
            }
        },
    }
    assert Plan.from_data(plan.to_data()).hash == plan.hash
    assert Plan.from_data(data).queues["q"].targets[1] == plan.queues["q"].targets[1]
    assert Plan.from_data(data).calendars == plan.calendars


# --- any conversation at any time -----------------------------------------------------------------
#
# Beside the engine stands a reference that shares no code with it: which minutes are open it reads
# off the wall clock of `datetime` and `zoneinfo`, minute by minute, and which clocks should run it
# follows from the table of `Target`. Every instant is a whole minute, so the minutes are exact.

MINUTE = 60.0
DAYS_AHEAD = 45
"""Further than any conversation goes; a breach beyond is none that it could tell."""

Ints: TypeAlias = npt.NDArray[np.int64]

BEGINNINGS = (
    (date(2026, 3, 27), "Europe/Berlin"),
    (date(2026, 10, 23), "Europe/Berlin"),
    (date(2026, 3, 6), "America/St_Johns"),
    (date(2026, 10, 30), "America/New_York"),
    (date(2026, 4, 3), "Australia/Lord_Howe"),
    (date(2026, 10, 2), "Australia/Lord_Howe"),
    (date(2026, 6, 1), "Asia/Kathmandu"),
    (date(2026, 12, 28), "UTC"),
)
"""Days shortly before clocks are set forward or back, by an hour or by half of one."""


@lru_cache
def wall_minutes(zone: str, begin: int) -> tuple[Ints, Ints]:
    """Return what the wall clock shows, minute by minute: the ordinal of the day and its minute.

    It is looked at every quarter of an hour: nobody sets clocks in between, or by other amounts.
    """
    there, quarters = ZoneInfo(zone), 96 * DAYS_AHEAD
    shown = [datetime.fromtimestamp(begin + 900 * quarter, there) for quarter in range(quarters)]
    days = np.array([moment.toordinal() for moment in shown])
    minutes = np.array([60 * moment.hour + moment.minute for moment in shown])
    return days.repeat(15), minutes.repeat(15) + np.tile(np.arange(15), quarters)


class Reference:
    """The open minutes of a calendar, looked up one by one."""

    def __init__(self, calendar: Mapping[str, Any] | None, zone: str, begin: int) -> None:
        self.begin = begin
        days, minutes = wall_minutes(zone, begin)
        self.end = begin + MINUTE * len(days)
        is_open = np.ones(len(days), dtype=bool)
        if calendar is not None:
            eve = int(days[0]) - 1
            hours = np.zeros((int(days[-1]) - eve + 1, 2880), dtype=bool)
            for day in range(len(hours)):
                self._cover(hours[day], calendar, date.fromordinal(eve + day))
            is_open = hours[days - eve, minutes] | hours[days - eve - 1, 1440 + minutes]
        self.passed = np.concatenate(([0], np.cumsum(is_open)))

    @staticmethod
    def _cover(minutes: npt.NDArray[np.bool_], calendar: Mapping[str, Any], on: date) -> None:
        """Note which *minutes* of a date, and of the next, its own intervals cover."""
        texts = calendar["week"].get(on.strftime("%a").lower(), [])
        if on.isoformat() in calendar["holidays"]:
            texts = []
        texts = calendar["exceptions"].get(on.isoformat(), texts)
        for text in texts:
            start, end = (60 * int(part[:2]) + int(part[3:]) for part in text.split("-"))
            minutes[start : end if end > start else end + 1440] = True

    def _minute(self, at: float) -> int:
        minute, rest = divmod(at - self.begin, MINUTE)
        assert not rest, f"{at} is no whole minute"
        return int(minute)

    def seconds(self, start: float, end: float) -> float:
        """Return the open seconds between two instants."""
        return MINUTE * float(self.passed[self._minute(end)] - self.passed[self._minute(start)])

    def reached(self, start: float, seconds: float) -> float:
        """Return the first instant from *start* on by which so many open seconds are over."""
        begin = self._minute(start)
        minute = np.searchsorted(self.passed[begin:], self.passed[begin] + seconds / MINUTE)
        return self.begin + MINUTE * (begin + int(minute)) if minute < len(self.passed) - begin else math.inf


@attrs.define
class Running:
    """A clock as its own events tell it."""

    target: Target
    hours: Reference
    seconds: float
    used: float
    since: float | None
    missed: bool
    warned: float = 0.0

    def used_by(self, at: float) -> float:
        """Return what is used up by the reference."""
        return self.used + (0.0 if self.since is None else self.hours.seconds(self.since, at))


def foreseen(at: float, reached: float, hours: Reference) -> bool:
    """Whether a clock foretells what the reference reaches, or both say that it is far away."""
    return at == reached or (at > hours.end and reached == math.inf)


class Book:
    """Believes events; whatever a clock says must agree with the reference."""

    def __init__(self, zone: str, begin: int) -> None:
        self.zone, self.begin = zone, begin
        self.plan = Plan()
        self.hours: dict[str | None, Reference] = {}
        self.queue: dict[str, str] = {}
        self.stage: dict[str, str] = {}
        self.answered: dict[tuple[str, bool], bool] = {}
        """(interaction, bots count) -> whether it was answered."""
        self.waits: dict[tuple[str, bool], bool] = {}
        """(interaction, bots count) -> whether the customer has the last word."""
        self.status: dict[str, Status] = {}
        self.offer: dict[str, OfferId] = {}
        self.fence: dict[str, Fence] = {}
        self.clocks: dict[tuple[str, str], Running] = {}
        self.ended: dict[tuple[str, str], float] = {}

    def follow(self, plan: Plan) -> None:
        """Go on under *plan*."""
        self.plan = plan
        self.hours = {
            name: Reference(calendar.to_data(), self.zone, self.begin)
            for name, calendar in plan.calendars.items()
        }
        self.hours[None] = Reference(None, self.zone, self.begin)

    def take_in(self, events: Sequence[ev.Event]) -> None:
        """Believe what happened in a turn, then look at every clock."""
        for event in events:
            self._take_in(event)
        for name, stage in self.stage.items():
            for target in self.plan.queues[self.queue[name]].targets:
                self._look(name, stage, target)

    def _take_in(self, event: ev.Event) -> None:  # noqa: PLR0912 - one branch a kind
        match event:
            case ev.PlanChanged():
                self.follow(Plan.from_data(event.plan))
            case ev.Submitted():
                self._arrived(event)
            case ev.Offered():
                self.stage[event.interaction], self.offer[event.interaction] = "offered", event.offer
            case ev.Assigned():
                self.stage[event.interaction], self.fence[event.interaction] = "assigned", event.fence
            case ev.Declined() | ev.OfferExpired() | ev.OfferRescinded() | ev.Requeued():
                self.stage[event.interaction] = "waiting"
            case ev.Transferred() | ev.Reopened() | ev.Rekeyed():
                self.queue[event.interaction] = event.queue
                if not isinstance(event, ev.Rekeyed):
                    self.stage[event.interaction] = "waiting"
            case ev.WrapUpStarted():
                self.stage[event.interaction] = "wrapping"
            case ev.Completed() | ev.Cancelled() | ev.Abandoned():
                self.stage[event.interaction] = "closed"
            case ev.MessageReceived():
                self.waits |= {(event.interaction, bots): True for bots in (False, True)}
                if self.stage[event.interaction] == "wrapping":
                    self.stage[event.interaction] = "assigned"
            case ev.ReplySent():
                for bots in (True,) if event.agent is None else (False, True):
                    self.answered[event.interaction, bots] = True
                    self.waits[event.interaction, bots] = False
            case ev.StatusChanged():
                self.status[event.interaction] = event.status
            case ev.SlaWarned() | ev.SlaMissed():
                self._reached(event)
            case _ if type(event) in CLOCK_EVENTS:
                self._moved(event)
            case _:
                pass

    def _arrived(self, event: ev.Submitted) -> None:
        name = event.interaction.id
        self.queue[name], self.stage[name] = event.interaction.queue, "waiting"
        self.status[name] = Status.OPEN
        for bots in (False, True):
            self.answered[name, bots], self.waits[name, bots] = False, True

    def _moved(self, event: Any) -> None:
        """A clock was started, paused, resumed, stopped or cancelled."""
        key = event.interaction, event.target
        if isinstance(event, ev.ClockStarted):
            targets = self.plan.queues[self.queue[event.interaction]].targets
            (target,) = [each for each in targets if each.label == event.target]
            assert key not in self.clocks, f"{event}: it runs already"
            assert event.elapsed in {0.0, self.ended.get(key, 0.0)}
            hours = self.hours[target.calendar]
            clock = Running(target, hours, event.seconds, event.elapsed, event.at, event.due is None)
            self.clocks[key] = clock
            self._foretold(clock, event)
            return
        clock = self.clocks[key]
        if isinstance(event, ev.ClockResumed):
            assert clock.since is None, f"{event}: it does not stand still"
            clock.since = event.at
            self._foretold(clock, event)
            return
        assert event.elapsed == clock.used_by(event.at), f"{event}: {clock.used_by(event.at)} by hand"
        # At the instant itself it is missed: `due` is not after the end.
        late = event.elapsed >= clock.seconds
        assert clock.missed == late, f"{event}: missed {clock.missed}, {clock}"
        clock.used, clock.since = event.elapsed, None
        if not isinstance(event, ev.ClockPaused):
            self.ended[key] = event.elapsed
            del self.clocks[key]

    def _foretold(self, clock: Running, event: ev.ClockStarted | ev.ClockResumed) -> None:
        """The breach and the warnings that *event* foretells are those of the reference."""
        hours = clock.hours
        if clock.missed:
            assert (event.due, event.warnings) == (None, ())
            return
        left = max(clock.seconds - clock.used, 0.0)
        assert event.due is not None
        assert foreseen(event.due, hours.reached(event.at, left), hours)
        ahead = [share for share in clock.target.warn_at if share * clock.seconds > clock.used]
        assert [share for share, _ in event.warnings] == ahead
        for share, at in event.warnings:
            assert foreseen(at, hours.reached(event.at, share * clock.seconds - clock.used), hours)

    def _reached(self, event: ev.SlaWarned | ev.SlaMissed) -> None:
        """A share of a target, or all of it, is used up: just now, and for the first time."""
        clock = self.clocks[event.interaction, event.target]
        share = event.share if isinstance(event, ev.SlaWarned) else 1.0
        assert clock.since is not None, f"{event}: it stands still"
        assert share > clock.warned, f"{event}: said already"
        assert not clock.missed
        wanted = max(share * clock.seconds - clock.used, 0.0)
        assert event.due == clock.hours.reached(clock.since, wanted)
        assert event.due == event.at, "the test wakes the engine in time"
        clock.warned, clock.missed = share, isinstance(event, ev.SlaMissed)

    def _look(self, name: str, stage: str, target: Target) -> None:
        """Whether the clock of *target* runs, stands still or is not there: by the table of `Target`."""
        clock = self.clocks.get((name, target.label))
        answered, waits = self.answered[name, target.bots], self.waits[name, target.bots]
        runs = (
            stage != "closed"
            and {
                "accept": stage in ("waiting", "offered"),
                "first_response": not answered,
                "next_response": answered and waits,
                "periodic_update": answered,
                "resolution": stage != "wrapping",
            }[target.measures]
        )
        assert (clock is not None) == runs, f"{name} is {stage}: {target.label} {clock}"
        if clock is not None:
            pauses = self.status[name].value in target.pauses or ("answered" in target.pauses and not waits)
            assert (clock.since is None) == pauses, f"{name}: {target.label} {clock}"


# --- random plans and conversations ---------------------------------------------------------------

TIMES = ("06:00", "07:10", "08:30", "09:00", "12:00", "12:15", "13:00", "17:30", "20:00", "22:00")
NIGHTS = ("22:00-02:00", "20:00-01:30", "23:30-00:00", "02:00-03:00")


@st.composite
def a_calendar(draw: st.DrawFn, zone: str, begin: date) -> Calendar:
    """Any hours: lunch breaks, nights, holidays and special days in the weeks that matter."""

    def intervals(least: int) -> list[str]:
        if draw(st.booleans()):
            return [draw(st.sampled_from(NIGHTS))]
        times = sorted(draw(st.sets(st.sampled_from(TIMES), min_size=least, max_size=4)))
        return [f"{opens}-{closes}" for opens, closes in zip(times[::2], times[1::2], strict=False)]

    dates = st.integers(0, 20).map(lambda days: (begin + timedelta(days=days)).isoformat())
    return Calendar(
        zone=zone,
        week={days: intervals(2) for days in draw(st.sampled_from((("mon-sun",), ("mon-wed", "thu,sat"))))},
        holidays=draw(st.lists(dates, max_size=3, unique=True)),
        exceptions={day: intervals(0) for day in draw(st.lists(dates, max_size=2, unique=True))},
    )


@st.composite
def a_target(draw: st.DrawFn, measures: Any) -> Target:
    """Any target of whole minutes, whose shares are whole minutes too."""
    minutes = st.sampled_from((20, 60, 240, 600, 1440, 4320))
    fixed = float(MINUTE * draw(minutes))
    policy: SlaTarget = tightened(fixed, sentiment=[(-0.5, MINUTE * draw(minutes))])
    return Target(
        measures=measures,
        within=policy if draw(st.booleans()) else fixed,
        calendar=draw(st.sampled_from(("office", "office", None))),
        warn_at=draw(st.sampled_from(((), (0.25, 0.75), (0.5,)))),
        pauses=draw(st.sampled_from(((), ("pending",), ("pending", "on_hold"), ("answered",)))),
        bots=draw(st.booleans()),
        on_transfer=draw(st.sampled_from(("carry", "restart"))),
        on_reopen=draw(st.sampled_from(("carry", "restart"))),
    )


@st.composite
def a_plan(draw: st.DrawFn, zone: str, begin: date) -> Plan:
    """Two queues with any targets; whatever else waits does so for whole minutes."""

    def a_queue() -> Queue:
        measures = draw(st.sets(st.sampled_from([each.measures for each in EVERY]), min_size=1))
        return Queue(
            targets=tuple(draw(a_target(each)) for each in sorted(measures)),
            auto_accept=draw(st.booleans()),
            offer_for=500 * MINUTE,
            wrap_up=draw(st.sampled_from((None, 10 * MINUTE))),
            refusals=per_cause(declined=BACKOFF, expired=BACKOFF, disconnected=BACKOFF),
        )

    return Plan(calendars={"office": draw(a_calendar(zone, begin))}, queues={"a": a_queue(), "b": a_queue()})


BACKOFF = {"cool_down": 90 * MINUTE, "exclusion": 600 * MINUTE, "pause_after": None}
GAPS = (0, 0, 1, 5, 19, 60, 137, 480, 1440, 2500)

STEPS = ("customer", "customer", "agent", "agent", "bot", "status", "submit", "transfer", "accept")
MORE_STEPS = ("complete", "complete", "cancel", "reopen", "release", "assign", "presence", "plan")


def command(book: Book, plans: Sequence[Plan], step: str, pick: int) -> cmd.Command:
    """Return what *step* asks for, of whatever *pick* points at; most of the time it is possible."""
    names = sorted(book.stage)
    if step == "submit" or not names:
        queue, mood = "ab"[pick % 2], (None, -1.0, 0.5)[pick % 3]
        return cmd.Submit(Interaction(id=f"i{len(names)}", queue=queue, sentiment=mood))
    name = names[pick % len(names)]
    agent, fence = ("ann", book.fence[name]) if book.stage[name] == "assigned" else (None, None)
    others = [each for each in Status if each is not book.status[name]]
    commands: dict[str, cmd.Command] = {
        "customer": cmd.CustomerReplied(name, (None, -1.0, 0.9)[pick % 3]),
        "agent": cmd.AgentReplied(name, "ann", fence),
        "bot": cmd.BotReplied(name),
        "status": cmd.SetStatus(name, others[pick % 2]),
        "transfer": cmd.Transfer(name, "b" if book.queue[name] == "a" else "a", agent, fence),
        "accept": cmd.Accept(book.offer.get(name, 1), "ann"),
        "complete": cmd.Complete(name, "ann", fence or 0),
        "cancel": cmd.Cancel(name),
        "reopen": cmd.Reopen(name),
        "release": cmd.Release(name, "ann", fence or 0),
        "assign": cmd.Assign(name, "ann"),
        "presence": cmd.SetPresence("ann", (Presence.AVAILABLE, Presence.AWAY)[pick % 2]),
        "plan": cmd.ChangePlan(plans[pick % len(plans)].to_data()),
    }
    return commands[step]


@st.composite
def a_conversation(
    draw: st.DrawFn,
) -> tuple[str, date, tuple[Plan, ...], list[tuple[int, str, int]]]:
    """A zone, a beginning, plans, and what is said after how many minutes, about what."""
    begin, zone = draw(st.sampled_from(BEGINNINGS))
    plan = draw(a_plan(zone, begin))
    plans = (plan, draw(a_plan(zone, begin))) if draw(st.booleans()) else (plan,)
    steps = st.tuples(
        st.sampled_from(GAPS), st.sampled_from(STEPS + STEPS + STEPS + MORE_STEPS), st.integers(0, 11)
    )
    return zone, begin, plans, draw(st.lists(steps, min_size=15, max_size=25))


@given(a_conversation())
def test_elapsed_is_the_open_time_that_a_clock_ran_and_a_replay_goes_on_equally(
    conversation: tuple[str, date, tuple[Plan, ...], list[tuple[int, str, int]]],
) -> None:
    """Whatever is said and whenever, across days and changes of clocks: minute by minute."""
    zone, day, plans, steps = conversation
    begin = instant(datetime(day.year, day.month, day.day, 7, tzinfo=ZoneInfo(zone)))
    book = Book(zone, int(begin))
    book.follow(plans[0])
    store = MemoryStore()
    recorder = record(Engine(plans[0]), store)
    engine = recorder.engine

    def hear(said: cmd.Command, at: float) -> None:
        recorder.handle(said, at)
        engine.check()
        book.take_in(engine.facts)

    hear(cmd.AddAgent(Agent(id="ann", capacity=3)), begin)
    hear(cmd.SignOn("ann"), begin)
    at, half, again = begin, len(steps) // 2, Engine(plans[0])
    for number, (gap, step, pick) in enumerate(steps):
        if number == half:
            recorder.flush()
            again = replay(store)
            assert again.snapshot() == engine.snapshot()
            assert again.tick(engine.now) == []  # of turns that brought nothing about, it knows nothing
        at += MINUTE * gap
        while engine.next_wake <= at:
            assert number < half or again.next_wake == engine.next_wake
            hear(cmd.Tick(), engine.next_wake)
            assert number < half or again.tick(engine.now) == engine.facts
        said = command(book, plans, step, pick)
        hear(said, at)
        assert number < half or (again.handle(said, at), again.facts)[1] == engine.facts
    assert again.snapshot() == engine.snapshot()
    assert again.next_wake == engine.next_wake
    recorder.flush()
    assert verify(store).problems == []


def test_the_reference_knows_an_hour_that_is_skipped_and_one_that_comes_twice() -> None:
    """The referee's own eyes: 23 and 25 hours, and half an hour on Lord Howe."""
    always = None
    spring = int(t("2026-03-29 00:00"))
    assert Reference(always, BERLIN, spring).seconds(spring, t("2026-03-30 00:00")) == 23 * HOUR
    office = Calendar(zone=BERLIN, week={"sun": ["01:00-04:00"]}).to_data()
    assert Reference(office, BERLIN, spring).seconds(spring, t("2026-03-30 00:00")) == 2 * HOUR
    autumn = int(t("2026-10-25 00:00"))
    assert Reference(office, BERLIN, autumn).seconds(autumn, t("2026-10-26 00:00")) == 4 * HOUR
    howe = "Australia/Lord_Howe"
    begin = int(t("2026-04-05 00:00", howe))
    night = Calendar(zone=howe, week={"sun": ["01:00-04:00"]}).to_data()
    assert Reference(night, howe, begin).seconds(begin, t("2026-04-06 00:00", howe)) == 3.5 * HOUR


@settings(max_examples=settings().max_examples // 4)
@given(a_conversation())
def test_who_wakes_late_is_told_of_the_same_warnings_and_breaches(
    conversation: tuple[str, date, tuple[Plan, ...], list[tuple[int, str, int]]],
) -> None:
    """Nobody looked at the clock between two commands: each says when it was due, in that order."""
    zone, day, plans, steps = conversation
    begin = instant(datetime(day.year, day.month, day.day, 7, tzinfo=ZoneInfo(zone)))
    at_once = {
        name: attrs.evolve(queue, auto_accept=True, wrap_up=None) for name, queue in plans[0].queues.items()
    }
    plan = attrs.evolve(plans[0], queues=at_once)
    book = Book(zone, int(begin))
    book.follow(plan)
    woken, sleeper = Checked(plan), Checked(plan)
    said: list[ev.Event] = []
    told: list[ev.Event] = []

    def say(words: cmd.Command, at: float) -> None:
        heard = [*(live(woken, at) if at > begin else ()), *woken.handle(words, at)]
        book.take_in(heard)
        said.extend(heard)
        told.extend(sleeper.handle(words, at))

    say(cmd.AddAgent(Agent(id="ann", capacity=100)), begin)
    say(cmd.SignOn("ann"), begin)
    at = begin
    for gap, step, pick in steps:
        at += MINUTE * gap
        if step not in ("plan", "presence", "release", "transfer"):  # what is cooled down waits for a timer
            say(command(book, (plan,), step, pick), at)
    assert woken.snapshot() == sleeper.snapshot()
    assert [_without_at(event) for event in said] == [_without_at(event) for event in told]


def _without_at(event: ev.Event) -> dict[str, Any]:
    """Return what an event says, but for when the engine took note of what time brought."""
    said = {field.name: getattr(event, field.name) for field in attrs.fields(type(event))}
    if isinstance(event, ev.SlaWarned | ev.SlaMissed):
        del said["at"]
    return {"event": type(event).__name__, **said}


@given(
    within=st.floats(0.001, 1e6),
    shares=st.sets(st.floats(1e-9, 1, exclude_max=True), max_size=4),
    begin=st.sampled_from((0.0, 1767225600.1)),
    steps=st.lists(
        st.tuples(st.sampled_from(("pause", "go on", "wake", "wake", "wait")), st.floats(0, 1)), max_size=12
    ),
)
def test_whatever_the_fractions_every_share_is_warned_of_once_and_missed_once(
    within: float, shares: set[float], begin: float, steps: list[tuple[str, float]]
) -> None:
    """Paused and resumed at any instant, also at the very one of a warning."""
    clock = Target(measures="resolution", within=within, warn_at=tuple(sorted(shares)), pauses=("pending",))
    engine = Checked(Plan(queues={"default": Queue(targets=(clock,))}))
    said = [*engine.submit(Interaction(id="i"), begin)]
    ran, since, at = 0.0, begin, begin
    for step, part in steps:
        if step == "wake" and engine.next_wake < math.inf:
            at = engine.next_wake
        elif step == "wait":
            at += part * within
        now = {"pause": Status.PENDING, "go on": Status.OPEN}.get(step)
        said += engine.tick(at) if now is None else engine.set_status("i", now, at)
        status = engine.snapshot()["conversations"]["i"][0]
        if status == "pending" and since < math.inf:
            ran, since = ran + at - since, math.inf
        elif status == "open" and since == math.inf:
            since = at
    said += engine.cancel("i", at)
    ran += 0.0 if since == math.inf else at - since
    assert only(ev.ClockCancelled, said).elapsed == pytest.approx(ran, abs=1e-5)
    warned = [event.share for event in said if isinstance(event, ev.SlaWarned)]
    assert warned == [share for share in clock.warn_at if share in warned]
    assert all(share in warned for share in clock.warn_at if share * within < ran - 1e-5)
    assert not any(share in warned for share in clock.warn_at if share * within > ran + 1e-5)
    missed = [event for event in said if isinstance(event, ev.SlaMissed)]
    assert len(missed) <= 1
    assert missed or within > ran - 1e-5
    assert not missed or within < ran + 1e-5


@factory
def by_the_hour(seconds: float) -> Callable[[Interaction, float], float]:
    """Each clock has as many seconds as there are left of *seconds* since 0, by the wall."""

    def within(interaction: Interaction, at: float) -> float:
        return max(seconds - at, 1.0)

    return within


def test_a_policy_may_look_at_the_instant_at_which_the_clock_starts() -> None:
    engine = desk(
        Target(measures="first_response", within=by_the_hour(600)),
        Target(measures="next_response", within=by_the_hour(600)),
    )
    assert only(ev.ClockStarted, engine.submit(Interaction(id="i"), 100.0)).due == 600.0
    engine.agent_replied("i", "ann", 200.0)
    assert only(ev.ClockStarted, engine.customer_replied("i", 300.0)).due == 600.0
