"""Whose is a mention, which desk is open, who is there, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import BERLIN, Checked
from workassign import Agent, Calendar, Group, Interaction, Plan, Presence, Queue, instant
from workassign import commands as cmd
from workassign.errors import PlanError, UsageError
from workassign.settings import structured
from workassign.social.happenings import CameOnDuty, DeskClosed, DeskOpened, OnDuty, WentOffDuty
from workassign.social.mentions import Mention
from workassign.social.replying.desks import Desks, HelpDesk
from workassign.social.replying.duty import Announced, Duty, announcement
from workassign.social.replying.replies import Replies, Reply

HOURS = Calendar(zone=BERLIN, week={"mon-sun": ["01:30-22:00"]})
PLAN = Plan(
    queues={"air": Queue(), "bus": Queue(), "back office": Queue()},
    calendars={"day": HOURS},
    groups={"drivers": Group(queues={"bus": 1})},
)
REPLIES = Replies(
    [
        Reply(id="here", text="{agents} are here for {brand} until {until|late}."),
        Reply(id="hello", text="{brand} is here."),
        Reply(id="bye", text="Good night, we are back at {opens}."),
    ]
)
TABLES: dict[str, dict[str, Any]] = {
    "air": {
        "handles": ["AcmeAir", "mastodon/acme@travel.social", "email/help@acme.example"],
        "brands": ["Acme Air"],
        "queues": ["air"],
        "calendar": "day",
        "announce": {"opened": "hello", "closed": "bye", "duty": "here"},
    },
    "bus": {"handles": ["acme_bus", "twitter/acme"], "brands": ["Acme Bus"], "queues": ["bus"]},
}
NAMES = {"ann": "Ana", "bob": "Ben"}


def read(tables: dict[str, dict[str, Any]] = TABLES) -> Desks:
    found: Mapping[str, HelpDesk] = structured(tables, Mapping[str, HelpDesk], "mentions.desks")  # type: ignore[type-abstract]
    return Desks(found, PLAN, REPLIES)


def berlin(day: str, time: str) -> float:
    return instant(datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=ZoneInfo(BERLIN)))


def mention(text: str = "", **other: Any) -> Mention:
    return Mention(id="1", at=0.0, text=text, **{"network": "twitter"} | other)


# --- whose is a mention ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "desk"),
    [
        ({"to": "acmeair"}, "air"),
        ({"to": "@ACMEAIR"}, "air"),
        ({"to": "acme@travel.social", "network": "mastodon"}, "air"),
        ({"to": "acme@travel.social"}, None),
        ({"to": "Help@Acme.example", "network": "email"}, "air"),
        ({"to": "acme"}, "bus"),
        ({"to": "acme", "network": "bluesky"}, None),
        ({"brand": "ACME BUS"}, "bus"),
        ({"to": "AcmeAir", "brand": "Acme Bus"}, "air"),
        ({"to": "other", "brand": "Acme Bus"}, "bus"),
        ({"text": "hey @Acme_Bus, and @AcmeAir!"}, "bus"),
        ({"text": "@nobody @AcmeAir."}, "air"),
        ({"text": "(@acme)"}, "bus"),
        ({"text": "cc @acme@travel.social", "network": "mastodon"}, "air"),
        ({"text": "write to me@acmeair"}, None),
        ({"text": "@AcmeAirport"}, None),
        ({"text": "AcmeAir"}, None),
        ({"text": "x" * 10_000 + " @AcmeAir"}, None),
        ({}, None),
    ],
)
def test_a_mention_is_for_the_desk_to_which_it_came_else_of_its_brand_else_of_a_handle_in_it(
    where: dict[str, Any], desk: str | None
) -> None:
    assert read().of(mention(**where)) == desk


@pytest.mark.parametrize(
    "text", ["@" * 5_000_000, "@a" * 2_500_000, "@a@" * 1_700_000, "@" + "a.-" * 1_700_000]
)
def test_handles_are_looked_for_in_bounded_time(text: str) -> None:
    began = perf_counter()
    assert read().of(mention(text)) is None
    assert perf_counter() - began < 0.5  # it takes about a millisecond


def test_what_the_plan_does_not_have_and_what_two_have_is_listed_with_its_path() -> None:
    tables = TABLES | {
        "cab": {
            "handles": ["ACMEAIR"],
            "brands": ["acme bus"],
            "queues": ["cab"],
            "calendar": "night",
            "announce": {"duty": "nobody"},
        }
    }
    with pytest.raises(PlanError) as error:
        read(tables)
    assert list(error.value.problems) == [
        "mentions.desks.cab.handles: 'ACMEAIR' is that of 'air' already",
        "mentions.desks.cab.brands: 'acme bus' is that of 'bus' already",
        "mentions.desks.cab.queues: there is no queue 'cab'",
        "mentions.desks.cab.calendar: there is no calendar 'night'",
        "mentions.desks.cab.announce.duty: there is no reply 'nobody'",
    ]


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({}, "must have a handle or a brand"),
        ({"handles": ["@acme"]}, "a handle is written without its @, not '@acme'"),
        (
            {"brands": ["a"], "announce": {"lunch": "x"}},
            "announce has 'lunch'; there are opened, closed, duty",
        ),
        ({"brands": ["a"], "hours": "day"}, "mentions.desks.x.hours: unknown; there are announce, brands"),
    ],
)
def test_a_desk_that_cannot_be_is_refused_with_its_path(table: dict[str, Any], problem: str) -> None:
    with pytest.raises(PlanError, match=r"mentions\.desks\.x") as error:
        read({"x": table})
    assert problem in str(error.value)


# --- who is there --------------------------------------------------------------------------------


class Center:
    """An engine, and beside it who is on duty."""

    def __init__(self, at: float) -> None:
        self.engine = Checked(PLAN)
        self.duty = Duty(read(), PLAN, at)

    def say(self, at: float, *told: cmd.Command) -> list[Announced]:
        """Say several things at one instant; return what follows from all of them."""
        facts = [event for command in told for event in self.engine.handle(command, at)]
        return self.duty.take(facts)

    def said(self, fact: Announced, **how: Any) -> str | None:
        return announcement(fact, read(), REPLIES, NAMES, **how)


NOON = berlin("2026-03-27", "12:00")
CLOSING = berlin("2026-03-27", "22:00")


def staffed() -> Center:
    """Ann serves the desk of the airline, Bob every queue, Dan drives, and Cy has no part in it."""
    center = Center(NOON)
    center.say(
        NOON,
        cmd.AddAgent(Agent(id="ann", queues={"air": 1})),
        cmd.AddAgent(Agent(id="bob")),
        cmd.AddAgent(Agent(id="cy", queues={"back office": 1})),
        cmd.AddAgent(Agent(id="dan", groups=("drivers",))),
    )
    return center


def test_who_signs_on_comes_on_duty_at_her_desks_and_who_signs_off_goes() -> None:
    center = staffed()
    came = center.say(NOON, *map(cmd.SignOn, ("bob", "ann", "cy", "dan")))
    assert came == [
        CameOnDuty(at=NOON, desk="air", agent="bob"),
        CameOnDuty(at=NOON, desk="bus", agent="bob"),
        CameOnDuty(at=NOON, desk="air", agent="ann"),
        CameOnDuty(at=NOON, desk="bus", agent="dan"),
        OnDuty(at=NOON, desk="air", agents=("ann", "bob"), until=CLOSING),
        OnDuty(at=NOON, desk="bus", agents=("bob", "dan"), until=None),
    ]
    went = center.say(NOON + 60, cmd.SignOff("ann"))
    assert went == [
        WentOffDuty(at=NOON + 60, desk="air", agent="ann"),
        OnDuty(at=NOON + 60, desk="air", agents=("bob",), until=CLOSING),
    ]
    assert center.duty.at("air") == ("bob",)


def test_a_desk_says_who_is_there_and_until_when_in_its_own_time() -> None:
    center = staffed()
    shift = [cmd.SetShift(who, NOON + 3600) for who in ("ann", "bob")]
    *_, air, bus = center.say(NOON, *map(cmd.SignOn, ("ann", "bob")), *shift)
    assert center.said(air) == "Ana & Ben are here for Acme Air until 13:00."
    assert center.said(bus) is None  # it announces nothing
    (open_end,) = center.say(NOON + 1, cmd.SetShift("ann"), cmd.SetShift("bob"))[:1]
    assert center.said(open_end) == "Ana & Ben are here for Acme Air until 22:00."


def test_the_end_of_a_shift_ends_her_duty_by_the_engines_own_clock() -> None:
    center = staffed()
    center.say(NOON, cmd.SignOn("ann"), cmd.SetShift("ann", NOON + 3600))
    assert center.say(NOON + 3600, cmd.Tick()) == [
        WentOffDuty(at=NOON + 3600, desk="air", agent="ann"),
        OnDuty(at=NOON + 3600, desk="air", agents=(), until=CLOSING),
    ]


def test_a_break_is_no_change_of_shifts_and_work_is_none_either() -> None:
    center = staffed()
    center.say(NOON, cmd.SignOn("ann"))
    away = cmd.SetPresence("ann", Presence.AWAY)
    assert center.say(NOON + 1, away, cmd.SetPresence("ann", Presence.AVAILABLE)) == []
    work = cmd.Submit(Interaction(id="t1", queue="air"))
    assert center.say(NOON + 2, work, cmd.SignOff("bob")) == []


def test_who_is_changed_removed_or_moved_by_another_plan_is_where_she_works_now() -> None:
    center = staffed()
    center.say(NOON, cmd.SignOn("ann"), cmd.SignOn("dan"))
    moved = center.say(NOON + 1, cmd.ChangeAgent(Agent(id="ann", queues={"bus": 1})))
    assert [type(each) for each in moved] == [WentOffDuty, CameOnDuty, OnDuty, OnDuty]
    assert center.duty.at("bus") == ("ann", "dan")
    center.say(NOON + 2, cmd.RemoveAgent("ann"))
    assert center.duty.at("bus") == ("dan",)
    data = PLAN.to_data()
    data["groups"] = {"drivers": {"queues": {"air": 1}}}
    center.say(NOON + 3, cmd.ChangePlan(data))
    assert (center.duty.at("air"), center.duty.at("bus")) == (("dan",), ())


def test_an_agents_id_is_never_announced() -> None:
    center = staffed()
    fact = OnDuty(at=NOON, desk="air", agents=("ann", "secret-4711"), until=None)
    assert center.said(fact) == "Ana are here for Acme Air until late."
    assert center.said(OnDuty(at=NOON, desk="air", agents=("secret-4711",), until=None)) is None


# --- hours ---------------------------------------------------------------------------------------


def test_desks_open_and_close_by_their_calendars_also_when_the_clocks_change() -> None:
    """On 29 March 2026 clocks go from 02:00 to 03:00: a day of 19.5 open hours, not 20.5."""
    saturday = berlin("2026-03-28", "12:00")
    duty = Duty(read(), PLAN, saturday)
    facts = []
    while duty.next_wake <= berlin("2026-03-29", "23:00"):
        facts += duty.tick(duty.next_wake)
    dues = [berlin("2026-03-28", "22:00"), berlin("2026-03-29", "01:30"), berlin("2026-03-29", "22:00")]
    assert facts == [
        DeskClosed(at=dues[0], due=dues[0], desk="air"),
        DeskOpened(at=dues[1], due=dues[1], desk="air"),
        DeskClosed(at=dues[2], due=dues[2], desk="air"),
    ]
    assert dues[2] - dues[1] == 19.5 * 3600
    said = [announcement(each, read(), REPLIES, NAMES) for each in facts]
    assert said == [
        "Good night, we are back at 01:30.",
        "Acme Air is here.",
        "Good night, we are back at 01:30.",
    ]


def test_what_was_due_before_an_event_is_told_before_it() -> None:
    center = staffed()
    late = CLOSING + 60
    facts = center.say(late, cmd.SignOn("ann"))
    assert facts == [
        DeskClosed(at=late, due=CLOSING, desk="air"),
        CameOnDuty(at=late, desk="air", agent="ann"),
        OnDuty(at=late, desk="air", agents=("ann",), until=None),
    ]
    assert not center.duty.is_open("air")
    assert center.duty.is_open("bus")


def test_a_desk_that_never_closes_wakes_nobody() -> None:
    duty = Duty(read({"bus": TABLES["bus"]}), PLAN, 0.0)
    assert duty.next_wake == float("inf")
    assert duty.tick(1e9) == []


def test_time_does_not_run_backwards() -> None:
    duty = Duty(read(), PLAN, 10.0)
    for at in (9.0, float("nan")):
        with pytest.raises(UsageError, match="time runs backwards"):
            duty.tick(at)


_TOLD = st.tuples(
    st.integers(0, 9 * 3600),
    st.sampled_from(["on", "off", "shift", "away", "tick"]),
    st.sampled_from(["ann", "bob"]),
)


@given(st.lists(_TOLD, max_size=30))
@settings(max_examples=60, deadline=None)
def test_who_came_and_went_adds_up_to_who_is_there(told: list[tuple[int, str, str]]) -> None:
    """And who is there is who is signed on; however often anybody looks."""
    center, at, there = staffed(), NOON, set[str]()
    for step, what, who in told:
        at += step
        say: dict[str, cmd.Command] = {
            "on": cmd.SignOn(who),
            "off": cmd.SignOff(who),
            "shift": cmd.SetShift(who, at + 1800),
            "away": cmd.SetPresence(who, Presence.AWAY),
            "tick": cmd.Tick(),
        }
        facts = center.say(at, say[what])
        assert [fact.at for fact in facts] == sorted(fact.at for fact in facts)
        for fact in facts:
            if isinstance(fact, CameOnDuty) and fact.desk == "air":
                assert fact.agent not in there
                there.add(fact.agent)
            elif isinstance(fact, WentOffDuty) and fact.desk == "air":
                there.remove(fact.agent)
            elif isinstance(fact, OnDuty) and fact.desk == "air":
                assert fact.agents == tuple(sorted(there))
        signed_on = [name for name in NAMES if center.engine._state.agents[name].presence != "offline"]
        assert sorted(there) == signed_on
        center.duty.tick(at)
        assert center.duty.next_wake > at
