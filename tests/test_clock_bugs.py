"""What went wrong with the clocks of other help desks, each told again as a story that goes well here.

The numbers are those of public reports: of a bug, or of a feature whose absence made clocks wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import BERLIN, DAY, HOUR, OFFICE, desk, live, only, queues, rule, story, t, under, wall
from workassign import Alarms, Calendar, Customer, Engine, Interaction, Plan, Queue, Status, Target
from workassign import events as ev
from workassign.policies.sla import by

MINUTE = 60.0

CALENDARS = {"office": OFFICE}
"""Monday to Friday, 09:00 to 17:00, in Berlin; 30 March 2026 is a Monday."""


def office(measures: Any, hours: float, **settings: Any) -> Target:
    """Return a target of so many office hours."""
    return Target(measures=measures, within=hours * HOUR, calendar="office", **settings)


def reached(events: list[ev.Event]) -> list[tuple[str, str]]:
    """Return each warning and breach, and when the engine said it by the wall clock."""
    said = [event for event in events if isinstance(event, ev.SlaWarned | ev.SlaMissed)]
    return list(zip(story(said), [wall(event.at) for event in said], strict=True))


# --- Zammad ---------------------------------------------------------------------------------------


def test_a_shorter_update_time_does_not_overrule_the_first_response() -> None:
    """Zammad #5177: the update time, if shorter, escalated before the first response was due.

    Before the first answer only the first response runs, whatever the customer writes.
    """
    engine = desk(
        office("first_response", 4),
        office("next_response", 1),
        office("periodic_update", 0.5),
        calendars=CALENDARS,
    )
    assert story(engine.submit(Interaction(id="i"), t("2026-03-30 09:00"))) == [
        "first_response started: submitted"
    ]
    assert wall(engine.next_wake) == "2026-03-30 13:00"
    assert story(engine.customer_replied("i", t("2026-03-30 10:00"))) == []
    assert wall(engine.next_wake) == "2026-03-30 13:00"
    assert reached(live(engine, t("2026-04-30 09:00"))) == [("first_response missed", "2026-03-30 13:00")]


def test_nothing_escalates_while_it_is_the_customers_turn() -> None:
    """Zammad #3140: the update time ran on after the agent's answer and escalated.

    After an answer nothing but the resolution runs, and one that pauses when answered stands still.
    """
    engine = desk(
        office("first_response", 1),
        office("next_response", 1),
        office("resolution", 16),
        office("resolution", 4, name="our part", pauses=("answered",)),
        calendars=CALENDARS,
    )
    engine.submit(Interaction(id="i"), t("2026-03-30 09:00"))
    assert story(engine.agent_replied("i", "ann", t("2026-03-30 09:30"))) == [
        "first_response stopped: replied",
        "our part paused: replied",
    ]
    assert reached(live(engine, t("2026-04-13 09:00"))) == [("resolution missed", "2026-03-31 17:00")]
    assert story(engine.customer_replied("i", t("2026-04-13 09:00"))) == [
        "next_response started: customer replied",
        "our part resumed: customer replied",
    ]
    assert reached(live(engine, t("2026-04-20 09:00"))) == [
        ("next_response missed", "2026-04-13 10:00"),
        ("our part missed", "2026-04-13 12:30"),
    ]


def test_nobody_is_woken_at_midnight_or_on_a_sunday() -> None:
    """Zammad #4432: escalations were announced at midnight and at weekends, outside office hours.

    Of a fortnight of messages at any hour, every warning and every breach comes in open hours.
    """
    engine = desk(
        office("first_response", 3, warn_at=(0.3, 0.6, 0.9)),
        office("resolution", 11, warn_at=(0.5,)),
        calendars=CALENDARS,
    )
    begin = t("2026-03-23 00:00")  # the clocks are set forward on the 29th
    said = []
    for number in range(80):
        at = begin + number * 4.3 * HOUR
        said += live(engine, at)
        engine.submit(Interaction(id=f"i{number}"), at)
    said += live(engine, t("2026-05-01 00:00"))
    reaches = [event for event in said if isinstance(event, ev.SlaWarned | ev.SlaMissed)]
    assert len(reaches) == 80 * 6
    for event in reaches:
        day, hour = wall(event.at).split()
        assert event.at == event.due
        assert "09:00" < hour <= "17:00"
        assert day not in ("2026-03-28", "2026-03-29", "2026-04-04", "2026-04-05")


def test_what_is_due_next_is_right_after_every_action() -> None:
    """Zammad #2082: the escalation was brought up to date only by the second answer.

    Here it is with the first, and with whatever follows.
    """
    engine = desk(
        office("first_response", 1),
        office("next_response", 2),
        office("resolution", 24, pauses=("pending",)),
        calendars=CALENDARS,
    )
    engine.submit(Interaction(id="i"), t("2026-03-30 09:00"))
    assert wall(engine.next_wake) == "2026-03-30 10:00"
    engine.agent_replied("i", "ann", t("2026-03-30 09:30"))
    assert wall(engine.next_wake) == "2026-04-01 17:00"
    engine.customer_replied("i", t("2026-03-30 11:00"))
    assert wall(engine.next_wake) == "2026-03-30 13:00"
    engine.agent_replied("i", "ann", t("2026-03-30 12:00"))
    assert wall(engine.next_wake) == "2026-04-01 17:00"
    engine.set_status("i", Status.PENDING, t("2026-03-30 13:00"))
    assert engine.next_wake == math.inf
    engine.customer_replied("i", t("2026-03-31 13:00"))
    assert wall(engine.next_wake) == "2026-03-31 15:00"
    engine.agent_replied("i", "ann", t("2026-03-31 14:00"))
    assert wall(engine.next_wake) == "2026-04-02 17:00"
    engine.cancel("i", t("2026-03-31 15:00"))
    assert engine.next_wake == math.inf


def test_a_target_of_the_old_queue_does_not_live_on_in_the_new_one() -> None:
    """Zammad #5624: passed on to a group without an update time, the old group's update time stayed."""
    engine = under(
        queues(
            support=Queue(targets=(office("first_response", 4), office("periodic_update", 1))),
            sales=Queue(targets=(office("first_response", 4),)),
        )
    )
    for name in ("answered", "new"):
        engine.submit(Interaction(id=name, queue="support"), t("2026-03-30 09:00"))
    engine.agent_replied("answered", "ann", t("2026-03-30 09:30"))
    assert story(engine.transfer("answered", "sales", t("2026-03-30 10:00"))) == [
        "periodic_update cancelled: transferred"
    ]
    assert story(engine.transfer("new", "sales", t("2026-03-30 10:00"))) == []
    assert reached(live(engine, t("2026-04-30 09:00"))) == [("first_response missed", "2026-03-30 13:00")]


@pytest.mark.parametrize(("close", "cause"), [(Engine.cancel, "cancelled"), (Engine.abandon, "abandoned")])
def test_what_was_merged_or_closed_does_not_escalate(close: Callable[..., Any], cause: str) -> None:
    """Zammad #904: a ticket that had been merged into another one escalated."""
    engine = desk(office("first_response", 1), office("resolution", 8), calendars=CALENDARS, reopen=False)
    engine.submit(Interaction(id="i"), t("2026-03-30 09:00"))
    assert story(close(engine, "i", t("2026-03-30 09:30"))) == [
        f"first_response cancelled: {cause}",
        f"resolution cancelled: {cause}",
    ]
    assert engine.next_wake == math.inf
    assert rule(engine.customer_replied("i", t("2026-03-30 10:00"))) == "closed"
    assert live(engine, t("2026-04-05 09:00")) == []


def test_what_was_completed_does_not_escalate_either() -> None:
    """Zammad #904, by the usual way: answered, completed, and nobody hears of it again."""
    engine = desk(
        office("first_response", 1),
        office("periodic_update", 2),
        office("resolution", 8),
        calendars=CALENDARS,
        auto_accept=True,
        wrap_up=10 * MINUTE,
    )
    engine.sign_on("ann", t("2026-03-30 09:00"))
    engine.submit(Interaction(id="i"), t("2026-03-30 09:00"))
    engine.agent_replied("i", "ann", t("2026-03-30 09:30"))
    engine.complete("i", "ann", 1, t("2026-03-30 09:40"))
    assert reached(live(engine, t("2026-04-03 09:00"))) == []
    assert engine.next_wake == math.inf


DAILY = {"zone": BERLIN, "week": {"mon-sun": ["09:00-21:00"]}}


@pytest.mark.parametrize(
    ("holidays", "due"),
    [
        ([], "2016-11-13 21:00"),
        (["2016-11-11"], "2016-11-14 21:00"),
        (["2016-11-11", "2016-11-13"], "2016-11-15 21:00"),
    ],
)
def test_48_hours_at_12_a_day_are_four_days_and_every_holiday_that_is_named(
    holidays: list[str], due: str
) -> None:
    """Zammad #390: 48 hours became six days, for a calendar knew holidays that nobody has off.

    Only the dates that stand in the plan are holidays: St Martin's and a day of mourning, if named.
    """
    calendar = Calendar.from_data({**DAILY, "holidays": holidays})
    engine = desk(office("resolution", 48), calendars={"office": calendar})
    engine.submit(Interaction(id="i"), t("2016-11-09 23:00"))
    assert wall(engine.next_wake) == due


@pytest.mark.parametrize("pending_first", [False, True])
def test_answered_and_set_to_pending_in_one_go_is_answered(pending_first: bool) -> None:
    """Zammad #3551: the first response was switched off, instead of met, by an answer with "pending"."""
    engine = desk(office("first_response", 1, pauses=("pending",)), calendars=CALENDARS)
    engine.submit(Interaction(id="i"), t("2026-03-30 09:00"))
    at = t("2026-03-30 09:05")
    if pending_first:
        engine.set_status("i", Status.PENDING, at)
    answered = engine.agent_replied("i", "ann", at)
    if not pending_first:
        engine.set_status("i", Status.PENDING, at)
    assert story(answered) == ["first_response stopped: replied"]
    assert only(ev.ClockStopped, answered).elapsed == 5 * MINUTE
    assert live(engine, t("2026-04-30 09:00")) == []


def test_a_customers_message_starts_the_clock_again_however_things_stood() -> None:
    """Zammad #1322: an answer that came as a note left the ticket pending, and it never escalated.

    A message is a message: what was pending, on hold, wrapped up or closed is due again.
    """
    engine = desk(office("next_response", 2), calendars=CALENDARS, auto_accept=True, wrap_up=HOUR)
    engine.sign_on("ann", t("2026-03-30 09:00"))
    engine.submit(Interaction(id="i"), t("2026-03-30 09:00"))
    ways: list[Callable[[float], list[ev.Event]]] = [
        lambda at: engine.set_status("i", Status.PENDING, at),
        lambda at: engine.set_status("i", Status.ON_HOLD, at),
        lambda at: engine.complete("i", "ann", 1, at),
        lambda at: engine.cancel("i", at),
    ]
    for hours, way in enumerate(ways):
        at = t("2026-03-30 10:00") + hours * HOUR
        engine.agent_replied("i", "ann", at)
        way(at + MINUTE)
        written = engine.customer_replied("i", at + 2 * MINUTE)
        assert story(written) == ["next_response started: customer replied"]
        assert engine.next_wake == at + 2 * MINUTE + 2 * HOUR
        assert engine.snapshot()["conversations"]["i"][0] == "open"


def test_a_target_that_the_plan_has_no_more_no_longer_escalates() -> None:
    """Zammad #4353: with its SLA switched off, what had escalated stayed so and was announced again."""
    targets = (office("first_response", 1), office("resolution", 8, warn_at=(0.5,)))
    engine = desk(*targets, calendars=CALENDARS)
    engine.submit(Interaction(id="i"), t("2026-03-30 09:00"))
    assert story(live(engine, t("2026-03-30 11:00"))) == ["first_response missed"]
    gone = engine.change_plan(queues(default=Queue()), t("2026-03-30 11:00"))
    assert story(gone) == ["first_response cancelled: plan changed", "resolution cancelled: plan changed"]
    assert engine.next_wake == math.inf
    assert live(engine, t("2026-04-03 11:00")) == []


# --- Chatwoot -------------------------------------------------------------------------------------


def test_a_day_may_have_several_periods() -> None:
    """Chatwoot #14009: with one period a day, a lunch break counted against the SLA."""
    calendar = Calendar(zone="America/Sao_Paulo", week={"mon-fri": ["08:00-12:00", "13:30-18:00"]})
    engine = desk(office("first_response", 1, warn_at=(0.5,)), calendars={"office": calendar})
    noon = t("2026-04-06 12:30", "America/Sao_Paulo")
    started = only(ev.ClockStarted, engine.submit(Interaction(id="at lunch"), noon))
    assert started.due is not None
    assert wall(started.due, "America/Sao_Paulo") == "2026-04-06 14:30"
    assert [wall(at, "America/Sao_Paulo") for _, at in started.warnings] == ["2026-04-06 14:00"]
    before = only(
        ev.ClockStarted,
        desk(office("first_response", 1), calendars={"office": calendar}).submit(
            Interaction(id="before lunch"), noon - 0.75 * HOUR
        ),
    )
    assert before.due is not None
    assert wall(before.due, "America/Sao_Paulo") == "2026-04-06 14:15"


def test_single_days_may_be_closed_shorter_or_open_on_a_saturday() -> None:
    """Chatwoot #10436: there were no holidays, and no days with hours of their own."""
    calendar = Calendar(
        zone=BERLIN,
        week={"mon-fri": ["09:00-17:00"]},
        holidays={"2026-04-03": "Good Friday", "2026-04-06": "Easter Monday"},
        exceptions={"2026-04-02": ["09:00-12:00"], "2026-04-04": ["10:00-14:00"]},
    )
    engine = desk(
        office("resolution", 1), office("resolution", 7, name="long"), calendars={"office": calendar}
    )
    engine.submit(Interaction(id="i"), t("2026-04-02 11:30"))
    assert reached(live(engine, t("2026-04-30 00:00"))) == [
        ("resolution missed", "2026-04-04 10:30"),
        ("long missed", "2026-04-07 11:30"),
    ]


def test_hours_may_go_on_past_midnight() -> None:
    """Chatwoot #5254: a service from nine in the evening until two in the morning could not be set."""
    calendar = Calendar(zone="America/New_York", week={"mon-fri": ["21:00-02:00"]})
    friday = t("2026-03-27 23:30", "America/New_York")
    engine = desk(office("first_response", 2), calendars={"office": calendar})
    engine.submit(Interaction(id="late"), friday)
    assert wall(engine.next_wake, "America/New_York") == "2026-03-28 01:30"
    engine.tick(engine.next_wake)
    engine.submit(Interaction(id="too late"), friday + 3 * HOUR)
    assert wall(engine.next_wake, "America/New_York") == "2026-03-30 23:00"


def test_what_its_agent_has_forgotten_is_noticed() -> None:
    """Chatwoot #6889: a conversation that its agent had taken and left alone was nobody's concern.

    To accept is no answer: the clock runs on, an alarm comes before the breach, and a supervisor
    can give it to somebody else, with the clock as it is.
    """
    engine = desk(
        office("first_response", 4, warn_at=(0.5,)),
        calendars=CALENDARS,
        auto_accept=True,
        alarms=Alarms(next_breach=HOUR),
    )
    engine.sign_on("ann", t("2026-03-30 09:00"))
    engine.submit(Interaction(id="i"), t("2026-03-30 09:00"))
    said = live(engine, t("2026-03-30 12:30"))
    assert reached(said) == [("first_response warned at 0.5", "2026-03-30 11:00")]
    raised = only(ev.AlarmRaised, said)
    assert (wall(raised.at), raised.alarm, raised.interaction) == ("2026-03-30 12:00", "next_breach", "i")
    assert story(engine.release("i", "ann", 1, t("2026-03-30 12:30"))) == []
    assert reached(live(engine, t("2026-03-30 18:00"))) == [("first_response missed", "2026-03-30 13:00")]


def test_an_hour_from_half_past_four_on_friday_ends_on_monday() -> None:
    """Chatwoot #13392: breaches ignored the business hours: Friday 17:30 instead of Monday 09:30."""
    engine = desk(office("first_response", 1), calendars=CALENDARS)
    engine.submit(Interaction(id="i"), t("2026-03-27 16:30"))
    assert wall(engine.next_wake) == "2026-03-30 09:30"


# --- osTicket -------------------------------------------------------------------------------------


def test_what_comes_at_the_weekend_is_not_overdue_on_monday_morning() -> None:
    """Reported as osTicket #4166 and #1168: a desk of nine hours on five days ran round the clock."""
    nine_hours = Calendar(zone=BERLIN, week={"mon-fri": ["09:00-18:00"]})
    engine = desk(office("resolution", 8), calendars={"office": nine_hours})
    engine.submit(Interaction(id="saturday"), t("2026-03-28 03:00"))
    engine.submit(Interaction(id="sunday night"), t("2026-03-29 23:59"))
    assert live(engine, t("2026-03-30 16:59")) == []
    assert reached(live(engine, t("2026-03-30 17:00"))) == [("resolution missed", "2026-03-30 17:00")] * 2


def test_what_is_opened_again_is_not_overdue_at_once() -> None:
    """Reported as osTicket #5206 and #5955: re-opened, a ticket kept its old due date: overdue at once.

    A target that restarts is due anew; one that is carried goes on where it was, and what it had
    missed it does not miss again. The days in between count for neither.
    """
    engine = desk(
        office("resolution", 4, name="anew", on_reopen="restart"),
        office("resolution", 6, name="on"),
        office("resolution", 2, name="missed"),
        calendars=CALENDARS,
        auto_accept=True,
    )
    engine.sign_on("ann", t("2026-03-30 09:00"))
    engine.submit(Interaction(id="i"), t("2026-03-30 09:00"))
    engine.tick(t("2026-03-30 12:00"))
    engine.complete("i", "ann", 1, t("2026-03-30 12:00"))
    opened = engine.customer_replied("i", t("2026-04-02 15:00"))
    assert [(e.target, e.elapsed) for e in opened if isinstance(e, ev.ClockStarted)] == [
        ("anew", 0.0),
        ("on", 3 * HOUR),
        ("missed", 3 * HOUR),
    ]
    assert reached(live(engine, t("2026-04-30 12:00"))) == [
        ("on missed", "2026-04-03 10:00"),
        ("anew missed", "2026-04-03 11:00"),
    ]


def test_a_longer_promise_takes_effect_although_the_old_one_was_missed() -> None:
    """Reported as osTicket #5160 and osTicket-1.7 #686: an overdue ticket given a longer SLA stayed overdue.

    Ten office hours are over, eight were promised; the internal queue promises forty.
    """
    engine = under(
        queues(
            support=Queue(targets=(office("resolution", 8, warn_at=(0.5,)),)),
            internal=Queue(targets=(office("resolution", 40, warn_at=(0.5,)),)),
        )
    )
    engine.submit(Interaction(id="i", queue="support"), t("2026-03-30 09:00"))
    assert story(live(engine, t("2026-03-31 11:00"))) == ["resolution warned at 0.5", "resolution missed"]
    engine.transfer("i", "internal", t("2026-03-31 11:00"))
    assert reached(live(engine, t("2026-04-30 11:00"))) == [
        ("resolution warned at 0.5", "2026-04-01 13:00"),
        ("resolution missed", "2026-04-03 17:00"),
    ]


# --- GLPI and Frappe Helpdesk ---------------------------------------------------------------------


def test_the_time_on_hold_is_not_forgotten_when_the_promise_changes() -> None:
    """GLPI #15605: under the new SLA, the days on hold counted as if it had been worked on.

    By a transfer and by a change of plan: one hour was used up, whatever happened since.
    """
    here, there = office("resolution", 4, pauses=("on_hold",)), office("resolution", 8, pauses=("on_hold",))
    plan = queues(a=Queue(targets=(here,)), b=Queue(targets=(there,)))
    engine = under(plan)
    for name in ("moved", "kept"):
        engine.submit(Interaction(id=name, queue="a"), t("2026-03-30 09:00"))
    for name in ("moved", "kept"):
        engine.set_status(name, Status.ON_HOLD, t("2026-03-30 10:00"))
    engine.transfer("moved", "b", t("2026-04-02 09:00"))
    longer = Plan(calendars=CALENDARS, queues={"a": Queue(targets=(there,)), "b": plan.queues["b"]})
    assert story(engine.change_plan(longer, t("2026-04-02 09:00"))) == [
        "resolution cancelled: plan changed",
        "resolution started: plan changed",
        "resolution paused: plan changed",
    ]
    for name in ("moved", "kept"):
        resumed = only(ev.ClockResumed, engine.set_status(name, Status.OPEN, t("2026-04-02 10:00")))
        assert resumed.due is not None
        assert wall(resumed.due) == "2026-04-02 17:00"


def test_what_was_opened_outside_office_hours_is_measured_in_office_hours() -> None:
    """GLPI #687 and Frappe Helpdesk #2449: of tickets opened at night the measured time was wrong."""
    engine = desk(office("resolution", 4, pauses=("pending",)), calendars=CALENDARS, auto_accept=True)
    engine.submit(Interaction(id="i"), t("2026-03-28 23:00"))
    engine.set_status("i", Status.PENDING, t("2026-03-29 12:00"))
    resumed = engine.set_status("i", Status.OPEN, t("2026-03-30 11:00"))
    assert only(ev.ClockResumed, resumed).due == t("2026-03-30 15:00")
    engine.sign_on("ann", t("2026-03-30 11:00"))
    completed = engine.complete("i", "ann", 1, t("2026-03-30 12:30"))
    assert only(ev.ClockStopped, completed).elapsed == 1.5 * HOUR


# --- what Zendesk documents -----------------------------------------------------------------------


def test_a_burst_of_messages_is_one_timer_from_the_oldest() -> None:
    """Zendesk: the next reply is measured from the oldest message that was not answered."""
    engine = desk(office("next_response", 1), calendars=CALENDARS)
    engine.submit(Interaction(id="i"), t("2026-03-30 09:00"))
    engine.agent_replied("i", "ann", t("2026-03-30 09:30"))
    for minute in (0, 5, 20, 40):
        engine.customer_replied("i", t(f"2026-03-30 10:{minute:02}"))
        assert wall(engine.next_wake) == "2026-03-30 11:00"
    answered = engine.agent_replied("i", "ann", t("2026-03-30 10:50"))
    assert only(ev.ClockStopped, answered).elapsed == 50 * MINUTE
    assert engine.next_wake == math.inf


def test_a_bots_reply_is_no_answer_unless_the_target_says_so() -> None:
    """Zendesk: automatic replies do not count as a first reply."""
    engine = desk(
        office("first_response", 1),
        office("first_response", 1, name="receipt", bots=True),
        calendars=CALENDARS,
    )
    engine.submit(Interaction(id="i"), t("2026-03-30 09:00"))
    assert story(engine.bot_replied("i", t("2026-03-30 09:00"))) == ["receipt stopped: bot replied"]
    assert reached(live(engine, t("2026-03-30 12:00"))) == [("first_response missed", "2026-03-30 10:00")]


def test_a_pausable_update_stops_while_it_is_pending_and_the_plain_one_does_not() -> None:
    """Zendesk: periodic update, and pausable update."""
    engine = desk(
        office("periodic_update", 2),
        office("periodic_update", 2, name="pausable", pauses=("pending",)),
        calendars=CALENDARS,
    )
    engine.submit(Interaction(id="i"), t("2026-03-30 09:00"))
    engine.agent_replied("i", "ann", t("2026-03-30 10:00"))
    assert story(engine.set_status("i", Status.PENDING, t("2026-03-30 11:00"))) == [
        "pausable paused: pending"
    ]
    assert reached(live(engine, t("2026-03-30 14:00"))) == [("periodic_update missed", "2026-03-30 12:00")]
    engine.set_status("i", Status.OPEN, t("2026-03-30 14:00"))
    assert reached(live(engine, t("2026-03-31 14:00"))) == [("pausable missed", "2026-03-30 15:00")]


def test_total_time_requester_wait_and_agent_work_are_three_targets() -> None:
    """Zendesk: all the time; without what is the customer's turn; without any turn but the agents'.

    Open 9 to 10, pending to 12, on hold to 15, open to 16.
    """
    engine = desk(
        office("resolution", 40, name="total"),
        office("resolution", 40, name="requester wait", pauses=("pending",)),
        office("resolution", 40, name="agent work", pauses=("pending", "on_hold")),
        calendars=CALENDARS,
        auto_accept=True,
    )
    engine.sign_on("ann", t("2026-03-30 08:00"))
    engine.submit(Interaction(id="i"), t("2026-03-30 09:00"))
    engine.set_status("i", Status.PENDING, t("2026-03-30 10:00"))
    engine.set_status("i", Status.ON_HOLD, t("2026-03-30 12:00"))
    engine.set_status("i", Status.OPEN, t("2026-03-30 15:00"))
    solved = engine.complete("i", "ann", 1, t("2026-03-30 16:00"))
    assert {e.target: e.elapsed / HOUR for e in solved if isinstance(e, ev.ClockStopped)} == {
        "total": 7.0,
        "requester wait": 5.0,
        "agent work": 2.0,
    }


def test_one_policy_may_promise_by_customer_what_others_need_many_rules_for() -> None:
    """Zendesk: the first policy that matches a ticket decides; here the case of its segment does."""
    within = by("segment", {"gold": HOUR, "trial": 8 * HOUR}, otherwise=4 * HOUR)
    engine = desk(Target(measures="first_response", within=within, calendar="office"), calendars=CALENDARS)
    for segment in ("gold", "trial", "other"):
        customer = Customer(id=segment, segment=segment)
        engine.submit(Interaction(id=segment, customer=customer), t("2026-03-27 16:30"))
    missed = [e for e in live(engine, t("2026-04-30 00:00")) if isinstance(e, ev.SlaMissed)]
    assert [(e.interaction, wall(e.at)) for e in missed] == [
        ("gold", "2026-03-30 09:30"),
        ("other", "2026-03-30 12:30"),
        ("trial", "2026-03-30 16:30"),
    ]


# --- and what nobody had reported -----------------------------------------------------------------


def test_a_night_shift_works_an_hour_less_in_spring_and_one_more_in_autumn() -> None:
    """The clock of the wall is set forward and back; the clock of the target counts what passes."""
    night = Calendar(zone=BERLIN, week={"mon-sun": ["22:00-06:00"]})
    for eve, due, hours in (("2026-03-28", "2026-03-29 05:00", 7), ("2026-10-24", "2026-10-25 03:00", 9)):
        engine = desk(office("first_response", 6), calendars={"office": night})
        engine.submit(Interaction(id="i"), t(f"{eve} 22:00"))
        assert wall(engine.next_wake) == due
        answered = engine.agent_replied("i", "ann", t(f"{eve} 12:00") + DAY)
        assert only(ev.ClockStopped, answered).elapsed == hours * HOUR
