"""What the key figures say, one small day by hand for each rule."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest

from workassign import (
    Agent,
    Channel,
    Customer,
    Engine,
    Interaction,
    Plan,
    Presence,
    Queue,
    Status,
    UsageError,
)
from workassign import commands as cmd
from workassign.hours import Calendar
from workassign.kpi import KPIS, Figures, Kpis, TargetFigures
from workassign.model import Fence
from workassign.plan import Alarms
from workassign.policies.review import Review
from workassign.policies.sla import Target, by, first_response


class Center:
    """An engine and its figures, told turn by turn."""

    def __init__(self, plan: Plan | None = None, **settings: Any) -> None:
        self.engine = Engine(plan or Plan(queues={"default": Queue(), "other": Queue()}))
        self.kpis = Kpis(self.engine.plan, **settings)

    def say(self, at: float, *commands: cmd.Command) -> None:
        """Say *commands* at an instant."""
        for command in commands:
            self.engine.handle(command, at)
            self.kpis.take(at, self.engine.facts)

    def on(self, at: float, *agents: Agent) -> None:
        """Let *agents* sign on."""
        for agent in agents:
            self.say(at, cmd.AddAgent(agent), cmd.SignOn(agent.id))

    def submit(self, at: float, *names: str, **fields: Any) -> None:
        """Let interactions come."""
        self.say(at, *(cmd.Submit(Interaction(id=name, **fields)) for name in names))

    def give(self, at: float, name: str, agent: str = "ann") -> None:
        """Let an agent have something."""
        self.say(at, cmd.Assign(name, agent, override=True))

    def done(self, at: float, name: str) -> None:
        """Let whoever has something complete it."""
        self.say(at, self._by_holder(cmd.Complete, name))

    def _by_holder(self, kind: Callable[[str, str, int], cmd.Command], name: str) -> cmd.Command:
        hold = self.engine._state.works[name].hold
        assert hold is not None
        return kind(name, hold.agent.agent.id, hold.fence or 0)

    def __call__(self, **how: Any) -> Figures:
        return self.kpis.figures(**how)


ANN = Agent(id="ann", queues={}, capacity=1.0)
"""She gets only what is given to her by hand."""
BOB = attrs.evolve(ANN, id="bob")


def a_day(**settings: Any) -> Center:
    """Ten come at 0: answered after 10, 10, 20, 30 s; abandoned at 4, 15, 50; one moved, one cancelled."""
    day = Center(threshold=20.0, **settings)
    day.on(0, attrs.evolve(ANN, capacity=10.0))
    day.submit(0, *(f"i{n}" for n in range(10)))
    day.say(4, cmd.Abandon("i0"))
    for at, name in ((10, "i1"), (10, "i2"), (20, "i3"), (30, "i4")):
        day.give(at, name)
        if at == 10 and name == "i2":
            day.say(15, cmd.Abandon("i5"))
    day.say(50, cmd.Abandon("i6"))
    day.say(51, cmd.Transfer("i7", "other"), cmd.Cancel("i8"))
    return day


# --- service levels -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("entered", 10),
        ("answered", 4),
        ("within", 3),
        ("abandoned", 3),
        ("abandoned_within", 2),
        ("abandoned_short", 1),
        ("exited", {"cancelled": 1, "moved": 1}),
        ("flowed_out", 1),
        ("waiting", 1),
        ("sl_offered", 3 / 10),
        ("sl_answered", 3 / 4),
        ("sl_early_abandon_ok", 5 / 7),
        ("sl_drop_early_abandon", 3 / 8),
        ("sl_drop_short_abandon", 3 / 9),
        ("sl_flowout", 3 / 8),
        ("sl_groupwise", 3 / 5),
        ("sl_open", 3 / 10),
        ("excess_wait", (10 + 30) / 10),
        ("asa", 70 / 4),
        ("wait_max", 30.0),
        ("abandon_rate", 3 / 10),
        ("abandon_rate_after_short", 2 / 9),
    ],
)
def test_one_day_has_as_many_truths_as_there_are_formulas(name: str, value: object) -> None:
    assert getattr(a_day()(queue="default"), name) == value


def test_of_all_queues_what_was_moved_still_waits() -> None:
    found = a_day()()
    assert (found.entered, found.waiting, found.exited, found.flowed_out) == (10, 2, {"cancelled": 1}, 1)


@pytest.mark.parametrize(("at", "within", "short"), [(5, 1, 1), (20, 1, 0), (20.001, 0, 0)])
def test_an_abandon_at_exactly_the_threshold_is_within_it(at: float, within: int, short: int) -> None:
    center = Center()
    center.submit(0, "i")
    center.say(at, cmd.Abandon("i"))
    assert (center().abandoned_within, center().abandoned_short) == (within, short)


def test_what_waits_for_longer_than_the_threshold_is_a_miss_at_once() -> None:
    """Also if nothing happens any more: the instant of the reading counts."""
    center = Center(threshold=20.0)
    center.submit(0, "i")
    assert center(at=19).sl_open is None
    assert center(at=20).sl_open == 0.0
    assert center(queue="default", at=100).sl_open == 0.0


def test_the_threshold_is_the_target_of_the_queue_or_what_is_said() -> None:
    plan = Plan(queues={"fast": Queue(sla=first_response(5)), "slow": Queue(sla=first_response(60))})
    for threshold, fast, slow in ((None, 0, 1), (8.0, 1, 1), ({"slow": 4.0}, 0, 0)):
        center = Center(plan, threshold=threshold)
        center.on(0, attrs.evolve(ANN, capacity=9.0))
        for queue in ("fast", "slow"):
            center.submit(0, queue, queue=queue)
        for queue in ("fast", "slow"):
            center.give(7, queue)
        assert (center(queue="fast").within, center(queue="slow").within) == (fast, slow)


# --- windows --------------------------------------------------------------------------------------


def test_a_window_slides_by_the_minute() -> None:
    """Five minutes are the present one and the four before."""
    center = Center()
    for minute in range(10):
        center.submit(60 * minute + 1, f"i{minute}")
    assert center(window=300).entered == 5
    assert center(window=300, at=60 * 11).entered == 3
    assert center(window=300, at=60 * 14).entered == 0
    assert center(window=900, at=60 * 14).entered == 10
    assert center().entered == 10


@pytest.mark.parametrize("day", ["2026-01-15", "2026-03-29", "2026-10-25"])
def test_a_day_begins_at_local_midnight_also_when_clocks_change(day: str) -> None:
    midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("Europe/Berlin"))
    evening = midnight.replace(hour=20).timestamp()
    center = Center(zone="Europe/Berlin")
    center.submit(midnight.timestamp() - 1, "yesterday")
    center.submit(midnight.timestamp(), "at midnight")
    center.submit(evening, "in the evening")
    assert center(window="day").entered == 2
    assert center.kpis.live().today.entered == 2


def test_a_day_that_has_two_midnights_begins_with_the_first() -> None:
    """In Havana clocks go back at one o'clock: to midnight."""
    first = datetime(2026, 11, 1, tzinfo=ZoneInfo("America/Havana"))
    center = Center(zone="America/Havana")
    center.submit(first.timestamp() + 600, "i1")
    center.submit(first.timestamp() + 3600 + 600, "i2")
    assert center(window="day").entered == 2


def test_rows_older_than_is_kept_are_one_and_nothing_is_lost() -> None:
    center = Center(keep=7200.0)
    for hour in range(10):
        center.submit(3600 * hour, f"i{hour}")
    assert center().entered == 10
    found = center.kpis.intervals(3600)
    assert found[0][0] > 0
    assert found[-1][1].waiting == 10
    assert found[0][1].waiting_before + sum(each.entered for _, each in found) == 10


@pytest.mark.parametrize(
    ("attribution", "before", "after"), [("exit", (1, 0, 1), (0, 1, 0)), ("arrival", (1, 1, 0), (0, 0, 0))]
)
def test_who_comes_at_9_59_and_is_answered_at_10_01_counts_where_it_is_asked(
    attribution: str, before: tuple[int, int, int], after: tuple[int, int, int]
) -> None:
    center = Center(attribution=attribution)
    center.on(9.5 * 3600, ANN)
    center.submit(9 * 3600 + 59 * 60, "i")
    center.give(10 * 3600 + 60, "i")
    rows = {start: each for start, each in center.kpis.intervals() if start >= 9.75 * 3600}
    early, late = rows[9.75 * 3600], rows[10 * 3600]
    assert (early.entered, early.answered, early.waiting) == before
    assert (late.entered, late.answered, late.waiting) == after
    assert late.waiting_before == (1 if attribution == "exit" else 0)


def test_work_counts_when_it_ends_whatever_the_attribution() -> None:
    """So that rates never divide one interval by another."""
    center = Center(attribution="arrival")
    center.on(0, ANN)
    center.submit(890, "i")
    center.give(891, "i")
    center.done(910, "i")
    first, second = (each for _, each in center.kpis.intervals())
    assert (first.handled, first.completed, first.resolution) == (0, 0, None)
    assert (second.handled, second.completed, second.resolution) == (1, 1, 20.0)


# --- moving ---------------------------------------------------------------------------------------


def test_what_is_moved_unanswered_flows_out_and_waits_anew_in_its_new_queue() -> None:
    """Of all queues it waited from the beginning."""
    center = Center()
    center.on(0, ANN)
    center.submit(0, "i")
    center.say(30, cmd.Transfer("i", "other"))
    center.give(40, "i")
    assert center(queue="default").exited == {"moved": 1}
    assert center(queue="other").asa == 10.0
    found = center()
    assert (found.entered, found.answered, found.asa, found.within) == (1, 1, 40.0, 0)


def test_a_transfer_by_an_agent_ends_what_she_held_and_is_no_flow_out() -> None:
    center = Center()
    center.on(0, ANN, BOB)
    center.submit(0, "i")
    center.give(5, "i")
    center.say(15, cmd.Transfer("i", "other", "ann", 1))
    center.give(18, "i", "bob")
    center.done(20, "i")
    assert (center(queue="default").handled, center(queue="default").transfer_rate) == (1, 1.0)
    assert (center(queue="other").answered, center(queue="other").asa) == (1, 3.0)
    found = center()
    assert (found.answered, found.asa, found.flowed_out, found.transfer_rate) == (1, 5.0, 0, 0.5)
    assert (found.completed, found.hops_p95, found.handle_time) == (1, 2.0, 6.0)


def test_segments_are_known_of_what_was_moved_too() -> None:
    center = Center()
    center.on(0, attrs.evolve(ANN, capacity=9.0))
    center.submit(0, "gold", customer=Customer(id="c", segment="gold"))
    center.submit(0, "plain")
    center.say(5, cmd.Transfer("gold", "other"))
    center.give(10, "gold")
    center.give(30, "plain")
    assert center.kpis.segments() == {"gold": (1, 10.0), "-": (1, 30.0)}
    assert center().wait_parity == 3.0
    assert center(queue="other").wait_parity is None


def test_an_id_that_was_forgotten_and_comes_again_brings_nothing_of_the_one_before() -> None:
    """Whether or not a minute has passed since: figures do not hang on when minutes turn."""
    found = []
    for start in (0.0, 50.0):
        center = Center(Plan(retention=1.0), attribution="arrival")
        center.on(start, ANN)
        center.submit(start, "t", customer=Customer(id="c", segment="gold"))
        center.give(start, "t")
        center.done(start + 2, "t")
        center.submit(start + 10, *(f"u{i}" for i in range(100)))
        center.submit(start + 11, "t")
        center.give(start + 14, "t")
        center.done(start + 15, "t")
        found.append((center().resolution, center.kpis.segments()))
    assert found == [(3.0, {"gold": (1, 0.0), "-": (1, 3.0)})] * 2


# --- agents' time ---------------------------------------------------------------------------------


def test_two_at_once_take_all_of_her_time_but_half_of_it_each() -> None:
    """Elapsed handle time counts both in full, the active one shares them."""
    center = Center()
    center.on(0, attrs.evolve(ANN, capacity=2.0))
    center.submit(0, "i1", "i2")
    center.give(0, "i1")
    center.give(40, "i2")
    center.done(60, "i1")
    center.done(100, "i2")
    found = center()
    assert found.handle_time == 60.0
    assert found.handle_time_active == (40 + 10 + 10 + 40) / 2


def test_occupancy_weighs_what_is_held_and_the_binary_one_does_not() -> None:
    center = Center()
    center.on(0, attrs.evolve(ANN, capacity=4.0))
    center.submit(0, "i1", "i2")
    center.give(0, "i1")
    center.give(0, "i2")
    center.done(60, "i1")
    center.done(60, "i2")
    assert center(at=120).occupancy == 0.25
    (ann,) = center.kpis.agents(at=120)
    assert (ann.occupancy, ann.occupancy_binary, ann.busy) == (0.25, 0.5, 60.0)
    assert center(queue="default").occupancy is None


def test_occupancy_of_a_window_asked_later_is_of_that_window() -> None:
    """She holds one since 90 of the 200 s before, and all the while afterwards."""
    center = Center()
    center.on(0, ANN)
    center.submit(0, "i")
    center.give(90, "i")
    assert center(at=180).occupancy == 0.5
    assert center(window=60, at=3600 + 59).occupancy == 1.0
    assert center(window=300, at=239).occupancy == (239 - 90) / 239


def test_what_weighs_otherwise_under_a_new_plan_weighs_so_from_then_on() -> None:
    """Whether the change comes in one portion with what follows, or not."""
    for reading in (True, False):
        center = Center(Plan(channels={"default": Channel(units=2.0)}))
        center.on(0, attrs.evolve(ANN, capacity=10.0))
        center.submit(0, "i1")
        center.give(0, "i1")
        if reading:
            center.kpis.live()
        center.say(10, cmd.ChangePlan(Plan(channels={"default": Channel(units=0.5)}).to_data()))
        center.submit(20, "i2")
        center.give(20, "i2")
        assert center.kpis.live().load == 1.0
        center.done(30, "i1")
        assert center.kpis.live().load == 0.5


def test_what_waits_for_the_customer_weighs_less_until_she_writes() -> None:
    """Half of the time a quarter of it, whoever holds it by then."""
    center = Center(Plan(channels={"default": Channel(units=1.0, pending_units=0.25)}))
    center.on(0, ANN)
    center.submit(0, "i")
    center.give(0, "i")
    center.say(30, cmd.SetStatus("i", Status.PENDING))
    assert center.kpis.live().load == 0.25
    center.say(90, cmd.CustomerReplied("i"))
    assert center.kpis.live().load == 1.0
    assert center(window=120, at=119).occupancy == pytest.approx((30 + 60 / 4 + 29) / 119)


def test_what_awaits_approval_weighs_what_the_queue_says() -> None:
    review = Review(queue="reviews", before={"trainee": 1.0}, units=0.5)
    center = Center(Plan(queues={"default": Queue(review=review), "reviews": Queue()}))
    center.on(0, attrs.evolve(ANN, attributes={"phase": "trainee"}))
    center.submit(0, "i")
    center.give(0, "i")
    center.say(10, cmd.Propose("i", "ann", Fence(1)))
    assert center.kpis.live().load == 0.5
    center.say(20, cmd.Release("i", "ann", Fence(1)))
    center.give(20, "i")
    assert center.kpis.live().load == 1.0


def test_replies_that_were_looked_at_count_where_they_were_looked_at() -> None:
    """Before they were sent, or after; what is rejected comes again."""
    review = Review(queue="reviews", before={"trainee": 1.0}, after={"probation": 1.0})
    center = Center(Plan(queues={"default": Queue(review=review), "reviews": Queue()}))
    center.on(0, BOB, attrs.evolve(ANN, attributes={"phase": "trainee"}))
    center.on(0, attrs.evolve(ANN, id="cyd", attributes={"phase": "probation"}))
    center.submit(0, "i", "j")
    center.give(0, "i")
    center.give(0, "j", "cyd")
    for second, (decide, name, agent) in enumerate(
        [(cmd.Reject, "i", "ann"), (cmd.Approve, "i", "ann"), (cmd.Approve, "j", "cyd")]
    ):
        hold = center.engine._state.works[name].hold
        assert hold is not None
        center.say(10 * second, cmd.Propose(name, agent, hold.fence or Fence(0)))
        (review_id,) = (who for who, each in center.engine._state.reviews.items() if each.open)
        center.give(10 * second + 1, review_id, "bob")
        center.say(10 * second + 2, center._by_holder(decide, review_id))
    found = center(queue="reviews")
    assert (found.reviews, found.rejection_rate) == (3, 1 / 3)
    assert center(queue="default").reviews == 0
    assert center().reviews == 3


def test_what_is_opened_again_weighs_what_its_channel_weighs() -> None:
    center = Center(Plan(channels={"chat": Channel(units=0.25)}))
    center.on(0, ANN)
    center.submit(0, "i", channel="chat")
    center.give(0, "i")
    center.done(1, "i")
    center.say(2, cmd.Reopen("i"))
    center.give(3, "i")
    assert center.kpis.live().load == 0.25


def test_wrap_up_is_time_with_the_agent_after_the_customer() -> None:
    """Shared among all that was handled; one that a message interrupts was wrap-up until then."""
    center = Center(Plan(queues={"default": Queue(wrap_up=100.0)}))
    center.on(0, ANN)
    center.submit(0, "i")
    center.give(0, "i")
    center.done(50, "i")
    center.say(60, cmd.CustomerReplied("i"))
    center.done(70, "i")
    center.say(90, cmd.FinishWrapUp("i", "ann", 1))
    assert (center().wrap_up_time, center().handle_time, center().handled) == (30.0, 90.0, 1)


def test_offers_are_accepted_declined_run_out_or_taken_back() -> None:
    center = Center(Plan(queues={"default": Queue(offer_for=30.0)}))
    center.on(0, *(Agent(id=name) for name in ("ann", "bob", "cyd", "dan")))
    center.submit(0, "i1", "i2", "i3", "i4")
    center.say(4, cmd.Accept(1, "ann"))
    center.say(5, cmd.Decline(2, "bob", "busy"), cmd.Abandon("i3"), cmd.SetPresence("bob", Presence.AWAY))
    center.say(29.5, cmd.SetPresence("cyd", Presence.AWAY))
    center.say(31, cmd.SetPresence("dan", Presence.AWAY))
    found = center()
    assert (found.time_to_accept, found.accept_rate, found.declined) == (4.0, found.timeout_rate, {"busy": 1})
    assert found.offers_per_accept == 1 / (found.accept_rate or 1)


def test_scheduled_time_is_kept_or_not() -> None:
    """Paid from 100 to 200; there, with a break, from 120 to 220."""
    center = Center(schedule={"ann": [(100.0, 200.0)]})
    center.say(0, cmd.AddAgent(ANN))
    center.say(120, cmd.SignOn("ann"))
    center.say(150, cmd.SetPresence("ann", Presence.AWAY))
    center.say(160, cmd.SetPresence("ann", Presence.AVAILABLE))
    center.say(220, cmd.SignOff("ann"))
    (ann,) = center.kpis.agents(at=300)
    assert ann.presence == {"offline": 200.0, "available": 90.0, "away": 10.0}
    assert (ann.adherence, ann.conformance, ann.utilisation) == (0.8, 1.0, 0.9)
    center.on(300, BOB)
    bob = center.kpis.agents(at=400)[1]
    assert (bob.adherence, bob.conformance, bob.utilisation) == (None, None, None)


def test_an_agent_who_is_looked_at_before_her_presence_changes_is_counted_till_then() -> None:
    center = Center(schedule={"ann": [(0.0, 100.0)]})
    center.on(0, ANN)
    for at in (10.0, 50.0):
        (ann,) = center.kpis.agents(at=at)
        assert (ann.presence["available"], ann.adherence) == (at, 1.0)


# --- conversations --------------------------------------------------------------------------------


def answered_once(center: Center, at: float, name: str, **fields: Any) -> None:
    """Let something come, be answered, and be completed ten seconds later."""
    center.submit(at, name, **fields)
    center.give(at + 1, name)
    center.say(at + 5, cmd.AgentReplied(name, "ann"))
    center.done(at + 10, name)


def test_one_touch_is_done_with_the_first_answer() -> None:
    center = Center()
    center.on(0, ANN)
    answered_once(center, 0, "i1")
    center.submit(20, "i2")
    center.give(21, "i2")
    center.say(25, cmd.AgentReplied("i2", "ann"), cmd.CustomerReplied("i2"))
    center.say(28, cmd.AgentReplied("i2", "ann"))
    center.done(30, "i2")
    found = center()
    assert (found.one_touch, found.replies, found.messages) == (0.5, 3, 1)
    assert (found.first_response, found.next_response) == (5.0, 3.0)


def test_what_took_two_touches_takes_no_fewer_when_it_is_opened_again() -> None:
    center = Center()
    center.on(0, ANN)
    center.submit(0, "i")
    center.give(1, "i")
    center.say(2, cmd.AgentReplied("i", "ann"), cmd.CustomerReplied("i"))
    center.done(3, "i")
    center.say(4, cmd.Reopen("i"))
    center.give(5, "i")
    center.done(6, "i")
    assert center().one_touch == 0.0


@pytest.mark.parametrize("customer", [None, Customer(id="c")])
def test_a_first_response_after_a_re_opening_counts_from_there(customer: Customer | None) -> None:
    """Whether or not there is anything to know about whoever wrote."""
    center = Center()
    center.on(0, ANN)
    center.submit(0, "i", customer=customer)
    center.give(1, "i")
    center.done(2, "i")
    center.say(100, cmd.Reopen("i"))
    center.say(107, cmd.AgentReplied("i", "ann"))
    assert center().first_response == 7.0


def test_a_contact_is_resolved_if_nobody_comes_again_within_its_window() -> None:
    center = Center(fcr_window=600.0)
    center.on(0, ANN)
    answered_once(center, 0, "i1", customer=Customer(id="once"))
    answered_once(center, 20, "i2", customer=Customer(id="twice"))
    answered_once(center, 40, "i3", customer=Customer(id="elsewhere"))
    answered_once(center, 60, "nobody")
    center.submit(100, "i4", customer=Customer(id="twice"))
    center.submit(100, "i5", customer=Customer(id="elsewhere"), queue="other")
    center.submit(300, "tick")
    assert center().first_contact_resolution is None
    center.submit(700, "tock")
    assert center().first_contact_resolution == 2 / 3


def test_who_comes_again_comes_again_to_all_that_she_had() -> None:
    """Two of hers were open side by side; one message more, and neither was the last."""
    center = Center(fcr_window=600.0)
    center.on(0, attrs.evolve(ANN, capacity=9.0))
    who = Customer(id="c")
    center.submit(0, "i1", "i2", customer=who)
    for name in ("i1", "i2"):
        center.give(1, name)
    for name in ("i1", "i2"):
        center.done(2, name)
    center.submit(100, "i3", customer=who)
    center.submit(700, "later")
    assert center().first_contact_resolution == 0.0


def test_who_comes_after_the_window_does_not_come_again() -> None:
    """Although the minute is the same in which the window ended."""
    center = Center(fcr_window=600.0)
    center.on(0, ANN)
    answered_once(center, 0, "i1", customer=Customer(id="c"))
    center.submit(605, "soon")
    center.submit(611, "i2", customer=Customer(id="c"))
    center.submit(670, "later")
    assert center().first_contact_resolution == 1.0


def test_what_is_opened_again_counts_and_is_a_new_opening() -> None:
    center = Center()
    center.on(0, ANN)
    answered_once(center, 0, "i1")
    answered_once(center, 20, "i2")
    center.say(50, cmd.Reopen("i2"))
    found = center()
    assert (found.reopen_rate, found.reopened, found.entered, found.waiting) == (0.5, 1, 3, 1)
    center.give(57, "i2")
    assert center().wait_max == 7.0


def test_a_preferred_agent_is_hit_or_missed() -> None:
    center = Center()
    center.on(0, ANN, BOB)
    center.submit(0, "i1", "i2", prefers="bob")
    center.submit(0, "i3")
    center.give(1, "i1", "bob")
    center.give(1, "i2", "ann")
    center.give(1, "i3", "ann")
    assert center().sticky_hit_rate == 0.5


def test_moods_are_those_of_messages_and_happiness_is_the_last_one() -> None:
    center = Center()
    center.on(0, ANN)
    center.submit(0, "i1", sentiment=-1.0)
    center.say(5, cmd.CustomerReplied("i1", 0.5))
    center.say(6, cmd.CustomerReplied("i1"))
    center.say(7, cmd.Cancel("i1"))
    center.submit(8, "i2")
    center.say(9, cmd.Cancel("i2"))
    found = center()
    assert (found.sentiment, found.sentiment_shift, found.happiness) == (-0.25, 1.5, 75.0)


# --- targets and alarms ---------------------------------------------------------------------------


def targets(center: Center, queue: str | None = None) -> dict[str, TargetFigures]:
    """Return the figures of the targets by name."""
    return {each.target: each for each in center.kpis.targets(queue)}


def test_the_short_form_is_a_first_response_met_missed_or_no_more_asked_for() -> None:
    center = Center(Plan(queues={"default": Queue(sla=first_response(20))}))
    center.on(0, attrs.evolve(ANN, capacity=9.0))
    center.submit(0, "met", "late", "gone")
    center.give(5, "met")
    center.say(6, cmd.Abandon("gone"))
    center.give(30, "late")
    found = targets(center)["first_response"]
    assert (found.met, found.missed, found.cancelled, found.attainment) == (1, 1, 1, 0.5)
    assert found.mean == 17.5


def test_a_missed_first_response_is_not_met_in_another_queue() -> None:
    """One promise for each opening, from its beginning."""
    plan = Plan(queues={name: Queue(sla=first_response(20)) for name in ("a", "b")})
    center = Center(plan)
    center.on(0, ANN)
    center.submit(0, "i", queue="a")
    center.say(15, cmd.Transfer("i", "b"))
    assert center.kpis.live("b").next_breach == 20.0
    assert center.kpis.live("a").next_breach is None
    center.give(25, "i")
    found = targets(center)["first_response"]
    assert (found.met, found.missed) == (0, 1)
    assert center(queue="b").within == 1


def test_a_missed_first_response_is_not_met_where_nothing_is_promised() -> None:
    center = Center(Plan(queues={"a": Queue(sla=first_response(20)), "b": Queue()}))
    center.on(0, ANN)
    center.submit(0, "i", queue="a")
    center.say(25, cmd.Transfer("i", "b"))
    center.give(26, "i")
    found = targets(center)["first_response"]
    assert (found.met, found.missed) == (0, 1)
    assert [(each.met, each.missed) for each in center.kpis.targets("b")] in ([], [(0, 0)])


def test_a_promise_on_a_calendar_is_measured_in_open_hours() -> None:
    hours = Calendar(week={"mon-sun": ["09:00-10:00"]})
    target = Target(measures="resolution", within=1800.0, calendar="hours", warn_at=(0.5,))
    plan = Plan(queues={"default": Queue(targets=(target,))}, calendars={"hours": hours})
    center = Center(plan)
    center.on(0, attrs.evolve(ANN, capacity=9.0))
    center.submit(9 * 3600, "soon", "late", "gone")
    for name in ("soon", "late"):
        center.give(9 * 3600, name)
    center.done(9 * 3600 + 600, "soon")
    center.say(9 * 3600 + 700, cmd.Cancel("gone"))
    center.done(33 * 3600, "late")
    found = targets(center)["resolution"]
    assert (found.calendar, found.met, found.missed, found.cancelled) == ("hours", 1, 1, 1)
    assert (found.warned, found.attainment, found.mean) == (1, 0.5, (600 + 3600) / 2)


def test_a_promise_that_was_never_kept_has_no_duration() -> None:
    """Least of all the wait of something else."""
    center = Center(Plan(queues={"default": Queue(targets=(Target(measures="resolution", within=60.0),))}))
    center.on(0, ANN)
    center.submit(0, "i")
    center.give(7, "i")
    center.say(8, cmd.Cancel("i"))
    found = targets(center)["resolution"]
    assert (found.cancelled, found.mean, found.p50, found.p95) == (1, None, None, None)


def test_a_clock_that_goes_along_breaches_where_its_interaction_is() -> None:
    promise = Target(measures="resolution", within=100.0)
    center = Center(Plan(queues={name: Queue(targets=(promise,)) for name in ("a", "b")}))
    center.submit(0, "i", queue="a")
    center.say(10, cmd.Transfer("i", "b"))
    assert center.kpis.live("a").next_breach is None
    assert center.kpis.live("b").next_breach == center.kpis.live().next_breach == 100.0


def test_of_each_queue_the_next_breach_is_known_wherever_clocks_went() -> None:
    """Back and forth, paused, over: what is due in one queue is never that of another."""
    promise = Target(measures="resolution", within=100.0, pauses=("pending",))
    center = Center(Plan(queues={name: Queue(targets=(promise,)) for name in ("a", "b")}))
    center.submit(0, "i1", "i2", queue="a")
    center.submit(5, "i3", queue="b")

    def breaches() -> tuple[float | None, ...]:
        return tuple(center.kpis.live(queue).next_breach for queue in ("a", "b", None))

    assert breaches() == (100.0, 105.0, 100.0)
    center.say(10, cmd.Transfer("i1", "b"), cmd.Transfer("i2", "b"))
    assert breaches() == (None, 100.0, 100.0)
    center.say(20, cmd.Transfer("i1", "a"), cmd.Cancel("i2"))
    assert breaches() == (100.0, 105.0, 100.0)
    center.say(30, cmd.SetStatus("i1", Status.PENDING))
    assert breaches() == (None, 105.0, 105.0)
    center.say(40, cmd.SetStatus("i1", Status.OPEN))
    assert breaches() == (110.0, 105.0, 105.0)
    center.say(105, cmd.Tick())
    assert breaches() == (110.0, None, 110.0)


def test_a_clock_that_stays_behind_is_cancelled_where_it_ran() -> None:
    promise = Target(measures="resolution", within=100.0)
    center = Center(Plan(queues={"a": Queue(targets=(promise,)), "b": Queue()}))
    center.submit(0, "i", queue="a")
    center.say(10, cmd.Transfer("i", "b"))
    assert targets(center, "a")["resolution"].cancelled == 1
    assert targets(center, "b") == {}


def test_a_clock_that_began_with_the_move_is_cancelled_where_it_went() -> None:
    """Although the interaction is closed at the very instant at which it came there."""
    promise = Target(measures="resolution", within=100.0)
    center = Center(Plan(queues={"a": Queue(), "b": Queue(targets=(promise,))}))
    center.submit(0, "i", queue="a")
    center.say(10, cmd.Transfer("i", "b"), cmd.Cancel("i"))
    assert targets(center, "b")["resolution"].cancelled == 1
    assert targets(center, "a") == {}


def test_targets_of_a_new_plan_have_their_calendars() -> None:
    hours = {"hours": Calendar()}
    promise = Target(measures="resolution", within=100.0, calendar="hours")
    center = Center(Plan(queues={"a": Queue()}))
    plan = Plan(queues={"a": Queue(), "new": Queue(targets=(promise,))}, calendars=hours)
    center.say(0, cmd.ChangePlan(plan.to_data()))
    center.submit(1, "i", queue="new")
    center.say(2, cmd.Cancel("i"))
    assert targets(center)["resolution"].calendar == "hours"


def test_what_a_waiting_customer_adds_does_not_hide_its_target() -> None:
    center = Center(Plan(queues={"default": Queue(sla=first_response(20))}))
    center.submit(0, "i")
    center.say(5, cmd.CustomerReplied("i"))
    assert center.kpis.live().next_breach == 20.0


def test_what_is_opened_again_does_not_hide_who_is_due_before() -> None:
    center = Center(Plan(queues={"default": Queue(sla=first_response(20))}))
    center.on(0, ANN)
    center.submit(0, "i1")
    center.submit(1, "i2")
    center.give(2, "i1")
    center.done(3, "i1")
    center.say(4, cmd.Reopen("i1"))
    assert center.kpis.live().next_breach == 21.0


def test_what_has_more_time_under_a_new_plan_does_not_hide_who_has_not() -> None:
    channels = {"chat": Channel(), "mail": Channel()}
    center = Center(Plan(queues={"default": Queue(sla=first_response(60))}, channels=channels))
    center.submit(0, "i1", channel="chat")
    center.submit(1, "i2", channel="mail")
    by_channel = Queue(sla=by("channel", {"chat": 100, "mail": 60}))
    center.say(2, cmd.ChangePlan(Plan(queues={"default": by_channel}, channels=channels).to_data()))
    assert center.kpis.live().next_breach == 61.0


def test_a_missed_promise_stays_missed_although_there_was_a_longer_one_for_a_while() -> None:
    """Twenty seconds, then a hundred, then twenty again: accepted after 50, it was not met."""
    center = Center(Plan(queues={"default": Queue(sla=first_response(20))}))
    center.on(0, ANN)
    center.submit(0, "i")
    for at, seconds in ((30, 100), (40, 20)):
        center.say(at, cmd.ChangePlan(Plan(queues={"default": Queue(sla=first_response(seconds))}).to_data()))
    center.give(50, "i")
    found = targets(center)["first_response"]
    assert (found.met, found.missed) == (0, 1)


def test_alarms_are_seen_live_until_they_are_cleared() -> None:
    alarms = Alarms(oldest_age=60.0)
    center = Center(Plan(queues={"a": Queue(alarms=alarms), "b": Queue()}))
    center.submit(0, "i", queue="a")
    center.say(100, cmd.Tick())
    assert center.kpis.live().alarms == center.kpis.live("a").alarms == {("a", "oldest_age"): 100.0}
    assert center.kpis.live("b").alarms == {}
    center.say(110, cmd.Cancel("i"))
    assert center.kpis.live().alarms == {}


# --- live -----------------------------------------------------------------------------------------


def test_live_figures_say_how_it_stands() -> None:
    center = Center()
    center.on(0, attrs.evolve(ANN, capacity=3.0))
    center.say(0, cmd.AddAgent(BOB))
    center.submit(0, "i1")
    center.submit(10, "i2", queue="other")
    center.give(400, "i1")
    live = center.kpis.live(at=410)
    assert (live.waiting, live.oldest_age, live.load, live.capacity, live.offers) == (1, 400.0, 1.0, 3.0, 0)
    assert live.agents == {"available": 1, "offline": 1}
    assert (live.arrivals, live.answers) == ({300: 0, 900: 2, 3600: 2}, {300: 1, 900: 1, 3600: 1})
    assert center.kpis.live("default").oldest_age is None


def test_whoever_is_off_the_roster_is_not_offline_but_gone() -> None:
    center = Center()
    center.on(0, ANN, BOB)
    center.say(5, cmd.RemoveAgent("bob"))
    assert center.kpis.live().agents == {"available": 1}
    center.say(6, cmd.AddAgent(BOB))
    assert center.kpis.live().agents == {"available": 1, "offline": 1}


@pytest.mark.parametrize("reading", [True, False])
def test_the_oldest_is_the_oldest_whatever_is_known_of_the_others(reading: bool) -> None:
    """A plain one came first; others came, moved away and came back."""
    center = Center()
    center.submit(0, "plain")
    center.submit(1, "known", customer=Customer(id="c"))
    if reading:
        center.kpis.live()
    assert center.kpis.live(at=10).oldest_age == 10.0
    center.submit(2, "second")
    center.say(3, cmd.Transfer("plain", "other"), cmd.Transfer("plain", "default"))
    center.say(4, cmd.Cancel("known"))
    assert center.kpis.live("default", at=10).oldest_age == 8.0


def test_reading_changes_nothing() -> None:
    """Not even by arrival, where rows of the past are looked for."""
    read, unread = Center(attribution="arrival"), Center(attribution="arrival")
    for center in (read, unread):
        center.on(0, attrs.evolve(ANN, capacity=99.0))
        for hour in range(5):
            center.submit(3600 * hour, f"i{hour}")
            center.say(3600 * hour + 70, cmd.Transfer(f"i{hour}", "other"))
            if center is read:
                center.kpis.intervals()
                center.kpis.live()
        for hour in range(5):
            center.give(20_000, f"i{hour}")
    assert read.kpis.snapshot() == unread.kpis.snapshot()


def test_what_nobody_reads_takes_up_no_memory() -> None:
    """Targets, clocks and moves of whatever is over are forgotten, also if nobody asks what is due."""
    queue = Queue(sla=first_response(20), targets=(Target(measures="resolution", within=100.0),))
    plan = Plan(queues={"a": queue, "b": queue}, retention=1.0)
    engine, kpis = Engine(plan), Kpis(plan)
    turns = []
    for number in range(15_000):
        at, name = number / 10, f"i{number}"
        turns.append((at, engine.submit(Interaction(id=name, queue="a", sentiment=0.0), at=at)))
        turns.append((at, engine.handle(cmd.Transfer(name, "b"), at)))
        turns.append((at, engine.handle(cmd.Cancel(name), at)))
    peaks = []
    tracemalloc.start()
    for third in (turns[:15_000], turns[15_000:30_000], turns[30_000:]):
        tracemalloc.reset_peak()
        for at, facts in third:
            kpis.take(at, facts)
        peaks.append(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    assert peaks[2] < 1.1 * peaks[0]


# --- tables ---------------------------------------------------------------------------------------

TABLES = {"exited", "declined", "stages"}
COLUMNS = ["queue", "start", *(each.name for each in attrs.fields(Figures) if each.name not in TABLES)]


def test_columns_have_stable_names_one_row_for_each_queue_and_interval() -> None:
    center = a_day()
    columns = center.kpis.to_columns()
    assert list(columns) == COLUMNS
    assert {len(each) for each in columns.values()} == {len(columns["queue"])}
    assert columns["queue"] == sorted(columns["queue"])
    assert sum(columns["entered"]) == 10 + 1
    assert list(center.kpis.to_columns(3600.0)) == COLUMNS


def test_columns_of_nothing_have_the_same_names() -> None:
    columns = Center().kpis.to_columns()
    assert list(columns) == COLUMNS
    assert not any(columns.values())


def test_a_frame_has_the_columns_and_real_instants() -> None:
    pd = pytest.importorskip("pandas")
    frame = a_day().kpis.to_frame()
    assert list(frame.columns) == COLUMNS
    assert frame["start"].iloc[0] == pd.Timestamp(0, tz="UTC")
    assert list(Center().kpis.to_frame().columns) == COLUMNS


def test_without_pandas_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError, match=r"workassign\[notebook\]"):
        a_day().kpis.to_frame()


def test_every_figure_is_in_the_catalogue_and_only_those() -> None:
    names = {each.name for each in attrs.fields(Figures)}
    assert set(KPIS) <= names
    assert names - set(KPIS) <= {"waiting_before", "declined", "stages"}
    assert all(each.title and each.unit and each.formula and each.counted for each in KPIS.values())
    assert {each.unit for each in KPIS.values()} == {"count", "share", "seconds", "index"}


def test_nothing_happened_is_neither_good_nor_bad() -> None:
    found = Center()()
    for name, value in found.as_dict().items():
        assert value in (0, None) or value == {}, name
    live = Center().kpis.live()
    assert (live.waiting, live.oldest_age, live.next_breach, live.agents) == (0, None, None, {})
    assert Center().kpis.intervals() == []


# --- what is wrong is said ------------------------------------------------------------------------

NAN = float("nan")


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"attribution": "entry"}, "attribution.*'entry'"),
        ({"zone": "Europe/Atlantis"}, "time zone 'Europe/Atlantis'"),
        ({"zone": ""}, "time zone ''"),
        ({"zone": 5}, "time zone 5"),
        ({"threshold": NAN}, "threshold.*nan"),
        ({"threshold": -1}, "threshold.*-1"),
        ({"threshold": 0}, "threshold.*0"),
        ({"threshold": True}, "threshold.*True"),
        ({"threshold": {"default": "x"}}, "threshold of 'default'.*'x'"),
        ({"threshold": {"nowhere": 5.0}}, "no queue 'nowhere'"),
        ({"short": NAN}, "short.*nan"),
        ({"short": -0.1}, "short.*-0.1"),
        ({"keep": NAN}, "keep.*nan"),
        ({"keep": 60}, "keep.*60"),
        ({"fcr_window": 0}, "fcr_window.*0"),
        ({"schedule": {"ann": [(0.0, 10.0), (5.0, 20.0)]}}, "'ann'.*5.0 to 20.0"),
        ({"schedule": {"ann": [(10.0, 10.0)]}}, "'ann'.*10.0 to 10.0"),
        ({"schedule": {"ann": [(0.0, NAN)]}}, "'ann'.*nan"),
    ],
)
def test_a_wrong_setting_is_named(settings: Mapping[str, Any], named: str) -> None:
    with pytest.raises(UsageError, match=named):
        Kpis(Plan(), **settings)


@pytest.mark.parametrize(
    ("read", "named"),
    [
        (lambda kpis: kpis.figures("nowhere"), "no queue 'nowhere'.*default, other"),
        (lambda kpis: kpis.intervals(900, "nowhere"), "no queue 'nowhere'"),
        (lambda kpis: kpis.targets("nowhere"), "no queue 'nowhere'"),
        (lambda kpis: kpis.segments("nowhere"), "no queue 'nowhere'"),
        (lambda kpis: kpis.live("nowhere"), "no queue 'nowhere'"),
        (lambda kpis: kpis.figures(window="week"), "window.*'week'"),
        (lambda kpis: kpis.figures(window=90), "window.*90"),
        (lambda kpis: kpis.figures(window=0), "window.*0"),
        (lambda kpis: kpis.figures(window=7200), "window.*7200"),
        (lambda kpis: kpis.figures(window=NAN), "window.*nan"),
        (lambda kpis: kpis.figures(at=50), "at must not be before the last turn.*50"),
        (lambda kpis: kpis.live(at=NAN), "at.*nan"),
        (lambda kpis: kpis.agents(at=99.9), "at.*99.9"),
        (lambda kpis: kpis.intervals(60), "every.*60"),
        (lambda kpis: kpis.intervals(1000), "every.*1000"),
        (lambda kpis: kpis.to_columns(NAN), "every.*nan"),
    ],
)
def test_a_wrong_question_is_named(read: Callable[[Kpis], object], named: str) -> None:
    center = Center()
    center.submit(100, "i")
    with pytest.raises(UsageError, match=named):
        read(center.kpis)
