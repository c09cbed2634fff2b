"""The story that the golden journal tells: every command, every kind of event.

Journals that are here stay as they are. A new format, or new kinds of events, get one of their own:
`python -c "from tests.golden.scenario import write; write('tests/golden/journal-v2.jsonl')"`, and
`python -c "from tests.golden.scenario import pin; pin()"` pins the states that all of them lead to.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import attrs

from tests.golden.policies import last_first, moody
from workassign import commands as cmd
from workassign import events as ev
from workassign.engine import Engine
from workassign.hours import Calendar
from workassign.journal import Recorder, record, replay
from workassign.model import Agent, Channel, Customer, Interaction, Presence, Status
from workassign.needs import Needs
from workassign.plan import Alarms, Group, Plan, Queue
from workassign.policies import offers, ordering, scoring, selection, sla
from workassign.policies.admission import Overflow, Quota
from workassign.policies.batch import Batch
from workassign.policies.escalation import Step
from workassign.policies.keep_free import KeepFree
from workassign.policies.review import Review
from workassign.policies.sla import Target
from workassign.policies.surge import Borrow, Surge, Templates
from workassign.rotations import Period, Rotation
from workassign.stores.jsonl import JsonlStore

E = TypeVar("E")

Say = Callable[[cmd.Command, float], list[ev.Event]]

BEGIN = 1_767_225_600.25
"""2026-01-01, and a quarter of a second."""


def plan() -> Plan:
    """A small airline's plan."""
    return Plan(
        name="golden",
        queues={
            "care": Queue(
                scoring=(scoring.sentiment(most=900), scoring.customer_value(most=600), moody),
                sla=sla.first_response(120),
                wrap_up=20.0,
                sticky_wait=45.0,
                selection=selection.best_skill,
                refusals=offers.per_cause(declined={"rest": 5.0}, expired={"pause_after": 2}),
            ),
            "baggage": Queue(ordering=ordering.due, sla=sla.first_response(90), offer_for=10.0),
            "bulk": Queue(tier=3, auto_accept=True),
        },
        channels={"tweet": Channel(), "chat": Channel(units=2.0)},
        skills=frozenset({"en", "es", "refunds"}),
        retention=3600.0,
    )


def next_plan() -> Plan:
    """The plan of the afternoon: no queue for baggage any more."""
    return Plan(
        name="golden-afternoon",
        queues={"care": Queue(tier=0, sla=sla.first_response(60)), "bulk": Queue(tier=2, auto_accept=True)},
        channels={"tweet": Channel(), "chat": Channel(units=2.0)},
        successors={"baggage": "care"},
        retention=3600.0,
    )


def tell(recorder: Recorder) -> None:
    """Let it happen."""

    def say(command: cmd.Command, seconds: float) -> list[ev.Event]:
        return recorder.handle(command, BEGIN + seconds)

    people(say)
    morning(say)
    refusals(say)
    trouble(say)
    afternoon(say)
    evening(say)
    night(say)
    next_morning(say)
    next_noon(say)
    hands(say)
    next_day(say)
    dawn(say)
    storm(say)
    school(say)
    windows(say)
    busy(say)
    views(say)
    news(say)


def people(say: Say) -> None:
    """Ann and Ben come to work."""
    say(cmd.AddAgent(Agent(id="ann", skills={"en": 5, "refunds": 3}, capacity=2)), 0)
    say(
        cmd.AddAgent(
            Agent(id="ben", skills={"en": 3, "es": 4.5}, channels={"tweet": 1, "chat": 1}, capacity=2)
        ),
        0,
    )
    say(cmd.AddAgent(Agent(id="cleo", queues={"bulk": 2}), key="roster-1", actor="chief"), 0.1)
    say(cmd.AddAgent(Agent(id="cleo", queues={"bulk": 2}), key="roster-1", actor="chief"), 0.2)
    say(cmd.SignOn("ann"), 1)
    say(cmd.SignOn("ben"), 1.5)
    say(cmd.SetPresence("cleo", Presence.AVAILABLE), 2)


def morning(say: Say) -> None:
    """One is answered, one is abandoned, one is moved, one is given by hand."""
    furious = Interaction(
        id="tweet-1",
        queue="care",
        channel="tweet",
        needs=Needs({"en": 3}),
        customer=Customer(id="kim", value=250.5, influence=71, followers=12_000),
        sentiment=-0.75,
        ref="https://example.org/1?q=ä",
        attributes={"topic": "refund", "flight": "WA 17", "legs": 2, "late": 1.5, "gold": True},
    )
    offer = one(say(cmd.Submit(furious, key="t1", actor="reader"), 10), ev.Offered)
    say(cmd.Submit(furious, key="t1", actor="reader"), 10.5)
    assigned = one(say(cmd.Accept(offer.offer, offer.agent), 12), ev.Assigned)
    say(cmd.Complete("tweet-1", assigned.agent, assigned.fence), 30)
    say(cmd.FinishWrapUp("tweet-1", assigned.agent, assigned.fence), 35)
    say(cmd.Submit(Interaction(id="bulk-1", queue="bulk", channel="tweet"), key=None), 36)
    for name in ("tweet-2", "tweet-3", "tweet-4", "tweet-5"):
        needs, prefers = Needs({"refunds": 1}), "ann" if name == "tweet-5" else None
        say(cmd.Submit(Interaction(id=name, queue="care", channel="tweet", needs=needs, prefers=prefers)), 40)
    say(cmd.Abandon("tweet-5"), 41)
    say(cmd.Cancel("tweet-3", "spam"), 42)
    say(cmd.Transfer("tweet-4", "baggage"), 43)
    say(cmd.Assign("tweet-4", "ben"), 44)
    say(cmd.Submit(Interaction(id="chat-1", queue="care", channel="chat", needs=Needs({"es": 4}))), 45)
    say(cmd.Assign("chat-1", "ben", override=True), 46)


def refusals(say: Say) -> None:
    """What is offered is declined, runs out, or is taken back."""
    say(cmd.Tick(), 95)
    say(cmd.SetPresence("ann", Presence.AVAILABLE), 96)
    offer = one(say(cmd.Submit(Interaction(id="tweet-6", queue="care", channel="tweet")), 97), ev.Offered)
    say(cmd.Decline(offer.offer, offer.agent, "lunch"), 98)
    say(cmd.Decline(offer.offer, offer.agent, "lunch"), 99)
    say(cmd.Tick(), 140)
    say(cmd.Tick(), 260)
    say(cmd.SetPresence("ann", Presence.AVAILABLE), 700)
    say(cmd.Submit(Interaction(id="tweet-7", queue="baggage", channel="tweet")), 701)
    say(cmd.Disconnect("ann"), 703)
    say(cmd.SignOn("ann"), 720)


def trouble(say: Say) -> None:
    """A policy fails until nobody asks it any more, and is forgiven."""
    for number in range(4):
        attributes = {"moody": True}
        say(
            cmd.Submit(Interaction(id=f"bad-{number}", queue="care", channel="tweet", attributes=attributes)),
            800,
        )
    say(cmd.ResumePolicy("queues.care.scoring.moody"), 805)
    say(cmd.ResumePolicy("queues.care.scoring.moody", key="again"), 806)
    say(cmd.SetPresence("ann", Presence.AVAILABLE), 807)
    offer = one(say(cmd.Submit(Interaction(id="bulk-2", queue="bulk", channel="tweet")), 808), ev.Submitted)
    say(cmd.Transfer(offer.interaction.id, "baggage"), 809)
    say(cmd.Cancel("nobody", expected_version=3), 810)


def afternoon(say: Say) -> None:
    """Another plan; work is given back, the roster changes, everybody goes."""
    say(cmd.ChangePlan(Plan(name="too-small").to_data()), 900)
    say(cmd.ChangePlan(next_plan().to_data(), key="plan-2", actor="chief"), 901)
    assigned = one(say(cmd.Assign("bad-3", "ann", override=True), 902), ev.Assigned)
    say(cmd.Release("bad-3", "ann", assigned.fence, "wrong desk"), 903)
    say(cmd.ChangeAgent(Agent(id="ann", skills={"en": 5, "es": 1}, channels={"tweet": 3}, capacity=3)), 904)
    assigned = one(say(cmd.Assign("bad-3", "ann", override=True), 905), ev.Assigned)
    say(cmd.Transfer("bad-3", "bulk", "ann", assigned.fence), 906)
    say(cmd.Disconnect("ben"), 907)
    say(cmd.Tick(), 1000)
    say(cmd.SignOff("ann"), 1001)
    say(cmd.RemoveAgent("cleo"), 1002)
    say(cmd.Tick(), 4800)
    say(cmd.Submit(Interaction(id="tweet-1", queue="care", channel="tweet", tier=0, sentiment=1)), 4801)


def evening_plan() -> Plan:
    """The plan of the evening: it makes promises, and has hours."""
    targets = (
        Target(measures="accept", within=30, warn_at=(0.5,)),
        Target(
            measures="first_response",
            within=sla.tightened(600, followers=[(10_000, 60)], sentiment=[(-0.5, 120)]),
            calendar="desk",
            warn_at=(0.25, 0.75),
        ),
        Target(measures="next_response", within=120, calendar="desk"),
        Target(measures="periodic_update", within=300, pauses=("pending",)),
        Target(
            measures="resolution",
            within=sla.by("segment", {"gold": 900}, 3600),
            pauses=("pending", "on_hold"),
        ),
    )
    desk = Calendar(
        zone="Europe/Berlin",
        week={"thu": ["01:00-02:30", "02:45-03:15"]},
        holidays={"2026-01-06": "Epiphany"},
        source="by hand",
    )
    alarms = Alarms(oldest_age=60, next_breach=20, no_eligible_agent=True)
    return Plan(
        name="golden-evening",
        queues={
            "care": Queue(targets=targets, alarms=alarms, wrap_up=20, reopen_within=600),
            "bulk": Queue(tier=2, auto_accept=True, reopen=False, targets=targets[-1:]),
        },
        channels={"tweet": Channel(), "chat": Channel(units=2.0)},
        calendars={"desk": desk},
        retention=3600.0,
    )


def evening(say: Say) -> None:
    """Promises are made, kept and broken; customers and bots write."""
    say(cmd.ChangePlan(evening_plan().to_data()), 4810)
    star = Customer(id="star", followers=20_000, segment="gold")
    say(cmd.Submit(Interaction(id="talk-1", queue="care", channel="tweet", customer=star)), 4820)
    say(cmd.BotReplied("talk-1"), 4821)
    say(cmd.Tick(), 4890)
    say(cmd.SignOn("ann"), 4895)
    say(cmd.Cancel("tweet-1", "late"), 4896)
    found = say(cmd.Assign("talk-1", "ann", override=True), 4900)
    fence = one(found, ev.Assigned).fence
    say(cmd.AgentReplied("talk-1", "ann", fence), 4910)
    say(cmd.SetStatus("talk-1", Status.PENDING), 4920)
    say(cmd.SetStatus("talk-1", Status.PENDING), 4921)
    say(cmd.CustomerReplied("talk-1", -0.75), 4980)
    say(cmd.CustomerReplied("talk-1"), 4990)
    say(cmd.Tick(), 5200)
    say(cmd.AgentReplied("talk-1", "ann"), 5210)
    say(cmd.Complete("talk-1", "ann", fence), 5300)
    say(cmd.CustomerReplied("talk-1", 0.5), 5310)
    say(cmd.Complete("talk-1", "ann", fence), 5320)
    say(cmd.Tick(), 5400)
    say(cmd.CustomerReplied("talk-1", 0.25, key="again"), 5500)
    say(cmd.Transfer("talk-1", "bulk"), 5501)
    say(cmd.CustomerReplied("nobody"), 5510)
    say(cmd.Reopen("talk-1", "too soon"), 5511)
    fence = one(say(cmd.Assign("talk-1", "ann", override=True), 5520), ev.Assigned).fence
    say(cmd.Complete("talk-1", "ann", fence), 5530)
    say(cmd.CustomerReplied("talk-1"), 5540)
    say(cmd.Reopen("talk-1", "supervisor"), 5550)
    say(cmd.Tick(), 9600)


def night_plan() -> Plan:
    """Schedules of every kind, needs that are rules, and agents with attributes."""
    steps = (
        Step(after=10, drop=("billing",), notify="boss"),
        Step(after=20, lower={"refunds": 1}, widen={"language": ("en", True)}, also=Needs('agent == "cleo"')),
        Step(slack=30, tier=0, head_start=45.5),
        Step(after=5, eligible_below=1, free_below=2, head_start=5),
    )
    return Plan(
        name="golden-night",
        queues={
            "care": Queue(needs=Needs('language != "de"'), sla=sla.first_response(120), steps=steps),
            "bulk": Queue(tier=2, steps=(Step(after=15, queue="care"),), auto_accept=True),
        },
        channels={"tweet": Channel(), "chat": Channel(units=2.0)},
        attributes=frozenset({"language", "team"}),
        retention=3600.0,
    )


def night(say: Say) -> None:
    """Waiting changes what is needed, the place and the queue."""
    say(cmd.ChangePlan(night_plan().to_data()), 9700)
    say(cmd.AddAgent(Agent(id="dora", skills={"refunds": 2}, attributes={"language": ["es", "en"]})), 9700)
    say(cmd.SignOn("dora"), 9700)
    rule = Needs('level("refunds") >= 3 AND skills HAS "billing" PREFER team == 1 WEIGHT 2.5')
    say(cmd.Submit(Interaction(id="night-1", queue="care", channel="tweet", needs=rule)), 9710)
    say(cmd.Submit(Interaction(id="night-2", queue="bulk", channel="chat", needs=Needs({"law": 1}))), 9712)
    say(
        cmd.Submit(Interaction(id="night-3", queue="care", channel="tweet", needs=Needs('teem == "x"'))), 9713
    )
    found = say(cmd.Tick(), 9732)
    say(cmd.Decline(one(found, ev.Offered).offer, "dora", "busy"), 9733)
    say(cmd.SignOff("dora"), 9734)
    say(cmd.ChangePlan(attrs.evolve(night_plan(), strikes=5).to_data()), 9736)
    say(cmd.Tick(), 9900)


def next_plan_of_offers() -> Plan:
    """A queue that asks several at once, and helps what is refused."""
    refusals = offers.per_cause(declined={"boost": 30.5, "cool_down": 20})
    return Plan(
        name="golden-offers",
        queues={
            "care": Queue(),
            "open": Queue(offers=3, blind=True, refusals=refusals, head_start_cap=40),
        },
        channels={"tweet": Channel(), "chat": Channel(units=2.0)},
        successors={"bulk": "care"},
        retention=3600.0,
    )


def next_morning(say: Say) -> None:
    """Several are asked at once; the first has it, all refuse, or somebody pulls."""
    say(cmd.ChangePlan(next_plan_of_offers().to_data()), 10_000)
    for name in ("eve", "fay", "gil"):
        say(cmd.AddAgent(Agent(id=name, queues={"open": 1}, pull=name == "gil")), 10_001)
        say(cmd.SignOn(name), 10_001)
    say(cmd.Submit(Interaction(id="open-1", queue="open", channel="tweet")), 10_010)
    say(cmd.Submit(Interaction(id="open-2", queue="open", channel="tweet")), 10_011)
    say(cmd.Pull("gil"), 10_012)
    say(cmd.Submit(Interaction(id="open-4", queue="open", channel="tweet")), 10_020)
    fence = one(say(cmd.Accept(28, "eve"), 10_021), ev.Assigned).fence
    say(cmd.Complete("open-1", "eve", fence), 10_030)
    say(cmd.Submit(Interaction(id="open-3", queue="open", channel="tweet")), 10_032)
    for offer, agent in ((31, "fay"), (32, "eve")):
        say(cmd.Decline(offer, agent, "lunch"), 10_033)
    say(cmd.Pull("gil"), 10_035)
    say(cmd.Tick(), 10_200)


def next_plan_of_rotations() -> Plan:
    """Two groups that alternate, one by the clock, one by load."""
    day = Rotation(
        groups=("office",),
        start=BEGIN,
        periods=(Period(channels={"tweet": 1}, seconds=300), Period(channels={"chat": 2}, seconds=600.5)),
    )
    load = Rotation(
        groups=("back",), queue="open", on=2, off=1, periods=(Period(), Period(channels={"tweet": 1}))
    )
    groups = {"office": Group(capacity=4), "back": Group(channels={"chat": 1}, skills={"en": 2})}
    return attrs.evolve(next_plan_of_offers(), groups=groups, rotations={"day": day, "load": load})


def next_noon(say: Say) -> None:
    """Groups, and whose turn it is."""
    say(cmd.ChangePlan(next_plan_of_rotations().to_data()), 10_300)
    say(cmd.AddAgent(Agent(id="hal", groups=("office",), queues={"open": 1})), 10_301)
    say(cmd.AddAgent(Agent(id="ida", groups=("back",), queues={"open": 1}, capacity=2)), 10_301)
    say(cmd.SignOn("hal"), 10_302)
    say(cmd.SignOn("ida"), 10_302)
    for number in range(4):
        say(cmd.Submit(Interaction(id=f"noon-{number}", queue="open", channel="tweet")), 10_310)
    say(cmd.Tick(), 12_000)
    for number in range(4):
        say(cmd.Abandon(f"noon-{number}"), 12_001)


def hands_plan() -> Plan:
    """The plan of the next day: work goes from hand to hand."""
    return Plan(
        name="golden-hands",
        queues={
            "care": Queue(
                sla=sla.first_response(120), sticky_wait=30, wrap_up=20, wrap_up_most=60, next_level="experts"
            ),
            "experts": Queue(),
        },
        lock_lease=90.0,
        channels={"tweet": Channel(), "chat": Channel(units=2.0)},
        groups={"office": Group(), "back": Group()},
        successors={"open": "care"},
        retention=3600.0,
    )


def dawn_plan() -> Plan:
    """Doors and forecasts."""
    return Plan(
        name="golden-dawn",
        queues={
            "care": Queue(
                expected_wait=True,
                auto_accept=True,
                steps=(Step(after=5, expected_wait=90, notify="boss"),),
                overflow=(Overflow(closed="desk", length=99), Overflow(length=14, queue="bulk")),
            ),
            "bulk": Queue(tier=2, most=2, quota=Quota(number=3, per=600), auto_accept=True),
        },
        channels={"tweet": Channel(), "chat": Channel(units=2.0), "call": Channel()},
        calendars={"desk": Calendar(zone="Europe/Berlin", week={"thu": ["01:00-09:00"]})},
        groups={name: Group() for name in ("office", "back", "social", "new")},
        successors={"social": "care"},
        retention=3600.0,
    )


def next_day_plan() -> Plan:
    """Groups, and room that is not a matter of units alone."""
    return Plan(
        name="golden-next-day",
        heartbeat=200.0,
        queues={"care": Queue(), "bulk": Queue(tier=2), "social": Queue(auto_accept=True)},
        channels={
            "tweet": Channel(interruptible_by=("call",), pending_units=0.25, handle_time=60.0),
            "chat": Channel(units=2.0, beside=("tweet",)),
            "call": Channel(beside=(), handle_time=300.0),
        },
        groups={
            "office": Group(),
            "back": Group(),
            "social": Group(
                queues={"social": 1}, channels={"tweet": 3, "call": 1}, labels={"refund": 1}, capacity=2.0
            ),
            "new": Group(login_ramp=120.0, reserve=0.5, attributes={"site": ["north", "south"]}),
        },
        successors={"experts": "care"},
        retention=3600.0,
    )


def hands(say_it: Say) -> None:
    """Something is put aside and comes back by time, by a reply, and because somebody asks."""

    def say(command: cmd.Command, seconds: float) -> list[ev.Event]:
        return say_it(command, seconds + 2_100)

    say(cmd.ChangePlan(hands_plan().to_data()), 10_000)
    for name in ("night-1", "night-2", "night-3"):
        say(cmd.Cancel(name), 10_000)
    for name in ("eva", "flo"):
        say(cmd.AddAgent(Agent(id=name, capacity=40)), 10_000)
        say(cmd.SignOn(name), 10_000)
    say(cmd.Submit(Interaction(id="later", queue="care", channel="tweet", not_before=BEGIN + 12_200)), 10_001)
    offer = one(say(cmd.Submit(Interaction(id="aside", queue="care", channel="tweet")), 10_002), ev.Offered)
    fence = one(say(cmd.Accept(offer.offer, offer.agent), 10_003), ev.Assigned).fence
    say(cmd.Park("aside", None, offer.agent, fence, on_reply=False), 10_004)
    say(cmd.Park("aside", None, offer.agent, fence), 10_005)
    say(cmd.Park("aside", BEGIN + 12_600, on_reply=True), 10_006)
    say(cmd.CustomerReplied("aside"), 10_010)
    say(cmd.Park("aside", BEGIN + 12_600, same_agent=False), 10_011)
    say(cmd.Resume("aside"), 10_012)
    say(cmd.Lock("aside", "eva"), 10_013)
    say(cmd.Lock("aside", "flo"), 10_014)
    say(cmd.Lock("aside", "flo", steal=True), 10_015)
    say(cmd.AgentReplied("aside", "eva"), 10_016)
    say(cmd.AgentReplied("aside", "flo"), 10_017)
    say(cmd.Lock("aside", "eva"), 10_018)
    say(cmd.Unlock("aside", "eva"), 10_019)
    say(cmd.Tick(), 10_110)
    passed_on(say)


def passed_on(say: Say) -> None:
    """It goes to a colleague, up a level, and is written up for longer."""
    fence = one(say(cmd.Assign("aside", "eva", override=True), 10_120), ev.Assigned).fence
    say(cmd.Transfer("aside", "care", "eva", fence, "flo", "reset"), 10_121)
    fence = one(say(cmd.Assign("aside", "flo", override=True), 10_122), ev.Assigned).fence
    say(cmd.Complete("aside", "flo", fence), 10_123)
    say(cmd.ExtendWrapUp("aside", "flo", fence, 30), 10_124)
    say(cmd.ExtendWrapUp("aside", "flo", fence, 30), 10_125)
    say(cmd.CustomerReplied("aside"), 10_126)
    say(cmd.Submit(Interaction(id="part", queue="care", channel="tweet", parent="aside")), 10_126)
    say(cmd.Complete("aside", "flo", fence), 10_126)
    say(cmd.Escalate("aside", "flo", fence, "a bug"), 10_127)
    say(cmd.Cancel("aside", "done elsewhere"), 10_128)
    say(cmd.Tick(), 10_200)


def next_day(say_it: Say) -> None:
    """Shifts end, breaks begin; what the customer has to answer takes up less."""

    def say(command: cmd.Command, seconds: float) -> list[ev.Event]:
        return say_it(command, seconds + 2_400)

    say(cmd.ChangePlan(next_day_plan().to_data()), 10_000)
    for name in ("dora", "eva", "eve", "fay", "flo", "gil", "hal", "ida"):
        say(cmd.SetPresence(name, Presence.AWAY), 10_000)
    say(cmd.AddAgent(Agent(id="una", groups=("social", "new"))), 10_000)
    say(cmd.SignOn("una"), 10_001)
    say(cmd.SetShift("una", BEGIN + 13_300), 10_002)
    found = say(cmd.Submit(Interaction(id="day-1", queue="social", channel="tweet", label="refund")), 10_010)
    fence = one(found, ev.Assigned).fence
    say(cmd.Submit(Interaction(id="day-2", queue="social", channel="tweet", label="refund")), 10_020)
    say(cmd.SetStatus("day-1", Status.PENDING), 10_030)
    say(cmd.Heartbeat("una"), 10_035)
    say(cmd.Submit(Interaction(id="day-3", queue="social", channel="call")), 10_040)
    say(cmd.Tick(), 10_130)
    say(cmd.SetShift("una", BEGIN + 12_700, Presence.AWAY), 10_140)
    say(cmd.Heartbeat("una"), 10_145)
    say(cmd.SetShift("una", BEGIN + 12_500), 10_150)
    say(cmd.Tick(), 10_300)
    say(cmd.CustomerReplied("day-1"), 10_310)
    say(cmd.Complete("day-1", "una", fence), 10_320)
    say(cmd.Complete("day-3", "una", fence + 1), 10_330)
    say(cmd.ChangePlan(attrs.evolve(next_day_plan(), groups={}).to_data()), 10_340)


def dawn(say_it: Say) -> None:
    """What is too much goes elsewhere, or is refused; how long it takes is learnt."""

    def say(command: cmd.Command, seconds: float) -> list[ev.Event]:
        return say_it(command, seconds + 2_800)

    say(cmd.ChangePlan(dawn_plan().to_data()), 10000)
    say(cmd.Cancel("night-1"), 10000)
    say(cmd.Cancel("night-2"), 10000)
    say(cmd.AddAgent(Agent(id="emil", queues={"care": 1})), 10000)
    found = say(cmd.SignOn("emil"), 10000)
    for number in range(7):
        dawn = Interaction(id=f"dawn-{number}", queue="care", channel="tweet", tier=0)
        say(cmd.Submit(dawn), 10010 + number)
    say(cmd.Submit(Interaction(id="dawn-9", queue="bulk", channel="tweet")), 10020)
    for number in range(1, 8):
        given = one(found, ev.Assigned)
        found = say(cmd.Complete(given.interaction, "emil", given.fence), 10010 + 70 * number)
        if number == 3:
            for name in ("dawn-7", "dawn-8"):
                say(cmd.Submit(Interaction(id=name, queue="care", channel="tweet", tier=0)), 10230)
            say(cmd.Abandon("dawn-7"), 10240)
    say(cmd.Tick(), 10620)


def storm_plan() -> Plan:
    """What to do when too much comes in at once."""
    return attrs.evolve(
        dawn_plan(),
        name="golden-storm",
        queues={
            "care": Queue(
                targets=(Target(measures="first_response", within=90, bots=True),),
            ),
            "bulk": Queue(tier=2),
        },
        groups={**dawn_plan().groups, "office": Group(queues={"bulk": 1})},
        surge=Surge(
            on=4,
            off=2.5,
            window=60,
            hold=30,
            floor=0,
            collapse="thread",
            templates=Templates(attribute="topic", names={"delay": "we-know-of-the-delay"}),
            borrow=Borrow(groups=("office",), queues={"care": 2}),
        ),
    )


def storm(say_it: Say) -> None:
    """Too much comes in: the office helps, more of the same is closed; then it is over."""

    def say(command: cmd.Command, seconds: float) -> list[ev.Event]:
        return say_it(command, seconds + 3_700)

    def submit(number: int, seconds: float, **traits: str | float) -> None:
        tier = 0 if number == 8 else None
        name = f"storm-{number}"
        body = Interaction(id=name, queue="care", channel="tweet", tier=tier, attributes=traits)
        say(cmd.Submit(body), seconds)

    say(cmd.ChangePlan(storm_plan().to_data()), 10_000)
    for number in range(3):
        submit(number, 10_010 + number, thread=1.5)
    submit(4, 10_014, thread="b", topic="delay")
    submit(5, 10_020, thread=1.5, topic="delay")
    submit(6, 10_021, thread="c", topic="delay")
    submit(7, 10_022, thread="c", topic="seat")
    submit(8, 10_023, thread=1.5)
    submit(5, 10_024, thread=1.5, topic="delay")
    say(cmd.Reopen("storm-6"), 10_030)
    submit(9, 10_031, thread="c")
    say(cmd.Tick(), 10_400)
    for number in range(10, 15):
        submit(number, 10_500, thread=number)
    say(cmd.ChangePlan(attrs.evolve(storm_plan(), surge=None).to_data()), 10_510)


def school_plan() -> Plan:
    """The replies of who is new are looked at."""
    review = Review(queue="desk", before={"trainee": 1.0}, after={"probation": 1.0}, units=0.25)
    before = next_day_plan()
    queues = {**before.queues, "care": Queue(review=review, tier=0), "desk": Queue(auto_accept=True)}
    return attrs.evolve(before, name="golden-school", queues=queues, heartbeat=None)


def school(say_it: Say) -> None:
    """Replies are proposed, approved, rejected, withdrawn, and looked at after they were sent."""

    def say(command: cmd.Command, seconds: float) -> list[ev.Event]:
        return say_it(command, seconds + 4_300)

    say(cmd.ChangePlan(school_plan().to_data()), 10_000)
    for name, phase in (("gus", "trainee"), ("jon", "probation")):
        say(cmd.AddAgent(Agent(id=name, queues={"care": 1}, attributes={"phase": phase})), 10_000)
        say(cmd.SignOn(name), 10_000)
    say(cmd.AddAgent(Agent(id="ivy", queues={"desk": 1}, capacity=3)), 10_000)
    say(cmd.SignOn("ivy"), 10_000)
    given: dict[str, ev.Assigned] = {}
    for name, who in (("lesson-1", "gus"), ("lesson-2", "jon")):
        say(cmd.Submit(Interaction(id=name, queue="care", channel="tweet")), 10_010)
        given[who] = one(say(cmd.Assign(name, who, override=True), 10_010), ev.Assigned)
    gus = ("lesson-1", "gus", given["gus"].fence)
    for number, answer in enumerate((cmd.Reject, cmd.Approve), 1):
        asked = one(say(cmd.Propose(*gus, f"drafts/{number}"), 10_020 + 3 * number), ev.Assigned)
        say(cmd.Complete(*gus), 10_020 + 3 * number)
        say(cmd.Complete(asked.interaction, "ivy", asked.fence), 10_020 + 3 * number)
        say(answer(asked.interaction, "ivy", asked.fence), 10_021 + 3 * number)
    asked = one(say(cmd.Propose("lesson-2", "jon", given["jon"].fence), 10_030), ev.Assigned)
    say(cmd.Reject(asked.interaction, "ivy", asked.fence, "rude"), 10_031)
    say(cmd.Propose(*gus), 10_040)
    say(cmd.Release(*gus), 10_041)


def windows_plan() -> Plan:
    """Two queues are weighed together, at the ends of short windows."""
    before = school_plan()
    batch = Batch(window=2.5, use=last_first)
    queues = {
        **before.queues,
        "care": Queue(batch=batch, tier=0),
        "desk": Queue(batch=batch, auto_accept=True, sticky_wait=20),
    }
    return attrs.evolve(before, name="golden-windows", queues=queues)


def windows(say_it: Say) -> None:
    """What comes is held; some is weighed, some given singly, some pulled; the policy fails at times."""

    def say(command: cmd.Command, seconds: float) -> list[ev.Event]:
        return say_it(command, seconds + 4_400)

    say(cmd.ChangePlan(windows_plan().to_data()), 10_000)
    for number in range(5):
        queue, prefers = ("care", None) if number % 2 else ("desk", "ivy")
        say(cmd.Submit(Interaction(id=f"w{number}", queue=queue, channel="tweet", prefers=prefers)), 10_001)
    say(cmd.Tick(), 10_002.5)
    say(cmd.AddAgent(Agent(id="kim", queues={"care": 1, "desk": 2}, capacity=4)), 10_003)
    say(cmd.SignOn("kim"), 10_003)
    say(cmd.Submit(Interaction(id="w5", queue="care", channel="tweet")), 10_004)
    say(cmd.Submit(Interaction(id="w6", queue="desk", channel="tweet")), 10_004)
    say(cmd.Pull("kim"), 10_004.5)
    say(cmd.Tick(), 10_005.5)
    say(cmd.Tick(), 10_060)


def busy_plan() -> Plan:
    """Doors that ask for everything there is."""
    rules = (
        Overflow(closed="never", oldest_age=30),
        Overflow(length=1, slack=93, eligible_below=2, queue="desk"),
        Overflow(length=2, oldest_age=15, queue="desk"),
        Overflow(expected_wait=6, free_below=1, queue="desk"),
    )
    before = school_plan()
    care = Queue(sla=sla.first_response(100), overflow=rules, auto_accept=True)
    calendars = {"never": Calendar(week={"mon": ["09:00-10:00"]})}
    queues = {**before.queues, "rush": care, "desk": Queue(tier=2)}
    return attrs.evolve(before, name="golden-busy", queues=queues, calendars=calendars)


def busy(say_it: Say) -> None:
    """What comes in is sent on, and refused, for every reason that a door has."""

    def say(command: cmd.Command, seconds: float) -> list[ev.Event]:
        return say_it(command, seconds + 5_300)

    say(cmd.ChangePlan(busy_plan().to_data()), 10_000)
    say(cmd.AddAgent(Agent(id="max", queues={"rush": 1})), 10_000)
    say(cmd.SignOn("max"), 10_000)
    for number in range(9):
        body = Interaction(id=f"busy-{number}", queue="rush", channel="tweet")
        for each in say(cmd.Submit(body), 10_010 + 10 * number):
            if isinstance(each, ev.Assigned) and number < 3:
                say(cmd.Complete(each.interaction, each.agent, each.fence), 10_015 + 10 * number)


def views_plan() -> Plan:
    """Somebody is kept free for the press."""
    press = Queue(tier=0, auto_accept=True, keep_free=KeepFree(agents=1, tier=0))
    before = busy_plan()
    groups = {**before.groups, "second": Group(delays={"mass": 40.0})}
    queues = {**before.queues, "press": press, "mass": Queue(tier=2)}
    return attrs.evolve(before, name="golden-views", queues=queues, groups=groups)


def views(say_it: Say) -> None:
    """Some see the work of a queue later than others, some work is seen through several queues."""

    def say(command: cmd.Command, seconds: float) -> list[ev.Event]:
        return say_it(command, seconds + 6_300)

    def submit(name: str, queue: str, seconds: float, *shared: str) -> list[ev.Event]:
        it = Interaction(id=name, queue=queue, channel="tweet", shared_with=shared)
        return say(cmd.Submit(it), seconds)

    say(cmd.ChangePlan(views_plan().to_data()), 10_000)
    for name, groups in (("kim", ("second",)), ("lea", ()), ("mia", ("second",))):
        say(cmd.AddAgent(Agent(id=name, queues={"press": 1, "mass": 2}, groups=groups)), 10_000)
        say(cmd.SignOn(name), 10_000)
    first = one(submit("mass-1", "mass", 10_010), ev.Offered)
    taken = one(say(cmd.Accept(first.offer, first.agent), 10_011), ev.Assigned)
    submit("mass-2", "mass", 10_012)
    submit("mass-3", "care", 10_013, "mass", "press")
    say(cmd.Tick(), 10_052)
    submit("mass-4", "mass", 10_060)
    submit("news", "press", 10_061)
    say(cmd.Complete("mass-1", first.agent, taken.fence), 10_070)
    say(cmd.ChangePlan(less_plan().to_data()), 10_080)
    say(cmd.Tick(), 10_200)


def last_plan() -> Plan:
    """The plan with which it ends: what is known of something changes all that it can."""
    before = less_plan()
    asked = Target(measures="accept", within=sla.tightened(600.0, followers=[(10_000, 60.0)]))
    crm = Queue(
        scoring=(scoring.sentiment(most=900), scoring.influence(most=600, followers_for_most=10_000)),
        refusals=offers.per_cause(declined={"boost": 60.0}),
        steps=(Step(after=50, drop=("agent",), tier=1, head_start=30.0),),
    )
    reach = Queue(ordering=ordering.due, targets=(asked,))
    return attrs.evolve(before, name="golden-news", queues={**before.queues, "crm": crm, "reach": reach})


def news(say_it: Say) -> None:
    """More is known of what is open by and by, whoever has it."""

    def say(command: cmd.Command, seconds: float) -> list[ev.Event]:
        return say_it(command, seconds + 6_600)

    say(cmd.ChangePlan(last_plan().to_data()), 10_000)
    say(cmd.AddAgent(Agent(id="noa", queues={"crm": 1}, skills={"refunds": 1})), 10_002)
    say(cmd.SignOn("noa"), 10_003)
    say(cmd.AddAgent(Agent(id="ole", queues={"reach": 1})), 10_004)
    offer = one(say(cmd.Submit(Interaction(id="news-1", queue="crm", channel="tweet")), 10_005), ev.Offered)
    say(cmd.Update("news-1", Customer(id="cust-7", value=12.5)), 10_006)
    say(cmd.Decline(offer.offer, offer.agent), 10_007)
    say(cmd.Update("news-1", sentiment=-0.5, attributes={"topic": "delay", "reach": 12}), 10_008)
    say(cmd.Update("news-1", sentiment=-0.5), 10_009)
    say(cmd.Update("news-1", needs=Needs("refunds >= 1 AND agent == 'noa'"), tier=2), 10_010)
    say(cmd.Tick(), 10_060)
    say(
        cmd.Update("news-1", needs=Needs("refunds >= 2 AND agent == 'noa'"), key="news-key", actor="crm"),
        10_061,
    )
    say(cmd.Update("news-1", tier=0, customer=Customer(id="cust-7", followers=9_000)), 10_062)
    for number, followers in ((2, None), (3, 50)):
        who = None if followers is None else Customer(id=f"cust-{number}", followers=followers)
        it = Interaction(id=f"news-{number}", queue="reach", channel="tweet", customer=who)
        say(cmd.Submit(it), 10_063 + number)
    say(cmd.Update("news-2", Customer(id="cust-2", followers=20_000)), 10_070)
    say(cmd.Park("news-3", BEGIN + 16_900), 10_071)
    say(cmd.Update("news-3", sentiment=-1.0), 10_072)
    say(cmd.SignOn("ole"), 10_073)
    say(cmd.Update("news-2", attributes={"topic": "lost"}), 10_074)
    say(cmd.Cancel("news-2"), 10_075)
    say(cmd.Update("news-2", tier=0), 10_076)
    say(cmd.Tick(), 10_400)


def less_plan() -> Plan:
    """One queue less."""
    before = views_plan()
    queues = {name: queue for name, queue in before.queues.items() if name != "mass"}
    groups = {**before.groups, "second": Group(delays={"care": 60.0})}
    successors = {**before.successors, "mass": "care"}
    return attrs.evolve(before, name="golden-less", queues=queues, groups=groups, successors=successors)


def one(found: list[ev.Event], kind: type[E]) -> E:
    """Return the first event of *kind*."""
    return next(each for each in found if isinstance(each, kind))


def write(path: str) -> None:
    """Write the journal to a new file at *path*."""
    store = JsonlStore(path)
    recorder = record(Engine(plan()), store)
    tell(recorder)
    recorder.flush()
    store.close()


def state_hash(engine: Engine) -> str:
    """Return the SHA-256 of everything that is the case."""
    text = json.dumps(engine.snapshot(), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def pin() -> None:
    """Write beside each golden journal the hash of the state that it leads to now."""
    for journal in sorted(Path(__file__).parent.glob("journal-v*.jsonl")):
        with tempfile.TemporaryDirectory() as folder:
            store = JsonlStore(shutil.copy(journal, folder))
            journal.with_suffix(".sha256").write_text(state_hash(replay(store)) + "\n")
            store.close()
