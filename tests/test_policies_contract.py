"""Every policy keeps the contract, and the engine survives those that do not."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workassign import Agent, Customer, Desk, Engine, Interaction, MemoryStore, Needs, Plan, Queue, UsageError
from workassign import events as ev
from workassign.commands import Accept, AddAgent, Command, Complete, SignOn, Submit, Tick
from workassign.policies import (
    capacity,
    holds,
    naming,
    offers,
    ordering,
    scoring,
    selection,
    sla,
    work,
)
from workassign.policies.grades import free, is_free
from workassign.policies.offers import Backoff

# --- what we list ---------------------------------------------------------------------------------

SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "first_response": {"seconds": 60},
    "tightened": {
        "seconds": 3600,
        "followers": [(1000, 900)],
        "sentiment": [(-0.5, 60)],
        "influence": [(50, 5)],
    },
    "sla.by": {
        "field": "segment",
        "cases": {"gold": 60, "silver": sla.first_response(90)},
        "otherwise": 600.0,
    },
    "weighted": {"parts": [(2.0, scoring.sentiment(most=100)), (0.5, scoring.influence())]},
    "capped": {"parts": [(3.0, scoring.customer_value(quantiles=[0, 10, 100]))], "most": 50.0},
    "topic_severity": {"cases": {"injury": 1800, "seat": 0}, "otherwise": 5},
    "scaled": {"field": "urgency", "most": 60, "zero": 5, "full": 1},
    "satisfaction": {"most": 90, "satisfied": 3.5},
    "scoring.by": {"field": "segment", "cases": {"gold": 90, "silver": 30.5}, "otherwise": 1},
    "seeded_random": {"seed": 7},
    "random_idle": {"seed": 7},
    "random_order": {"seed": 7},
    "max_weight": {"weights": {"a": 2, "x": 0.5}},
    "queue_ratio": {"shares": {"b": 1, "a": 2.5}},
    "ageing": {"speeds": {"a": 1e6}, "otherwise": 0},
    "threshold": {"above": {"b": 2, "a": 0}},
    "per_cause": {"declined": {"cool_down": 5.0, "rest": 60.0}, "reasons": {"busy": {"rest": 5.0}}},
}
"""For factories whose settings have no defaults, or more to say than these."""


def settings_of(room: ModuleType, name: str) -> Mapping[str, Any]:
    """Return the settings with which a factory of *room* is tried."""
    short = room.__name__.rpartition(".")[2]
    return SETTINGS.get(f"{short}.{name}", SETTINGS.get(name, {}))


ROOMS: tuple[ModuleType, ...] = (capacity, offers, ordering, scoring, selection, sla, work)


def listed() -> list[tuple[ModuleType, str, Callable[..., Any]]]:
    """Return every policy in `__all__` of every room: room, name, policy."""
    found = []
    for room in ROOMS:
        for name in room.__all__:
            target = getattr(room, name)
            if name[0].islower():
                is_factory = getattr(target, "__is_factory__", False)
                found.append((room, name, target(**settings_of(room, name)) if is_factory else target))
    return found


@attrs.frozen(kw_only=True)
class Facts:
    """An agent as policies see her."""

    id: str
    number: int
    skills: Mapping[str, float]
    queues: Mapping[str, int] | None
    capacity: float
    load: float
    idle_since: float
    last_offer: int
    handled: int

    def on_channel(self, channel: str) -> int:
        """How many she holds."""
        return int(self.load)

    def channel_limit(self, channel: str) -> int | None:
        """No limit."""
        return None


INSTANTS = st.floats(0, 4e9)
LEVELS = st.fixed_dictionaries({"x": st.floats(0, 10), "y": st.floats(0, 10)})
NEEDS = st.sampled_from((Needs(), Needs({"x": 1}), Needs({"x": 0.5, "y": 2})))
CUSTOMERS = st.builds(
    Customer,
    id=st.just("c"),
    value=st.none() | st.floats(-1e15, 1e15),
    influence=st.none() | st.floats(0, 100),
    followers=st.none() | st.integers(0, 10**12),
    segment=st.none() | st.sampled_from(("gold", "silver", "tin")),
)
VALUES = (
    st.booleans()
    | st.integers(-10, 10)
    | st.floats(-1e18, 1e18)
    | st.floats(0, 5)
    | st.text("a1", max_size=3)
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(("churn_risk", "satisfaction", "contacts", "open_orders", "topic", "urgency")), VALUES
)
INTERACTIONS = st.builds(
    Interaction,
    id=st.just("i"),
    needs=NEEDS,
    customer=st.none() | CUSTOMERS,
    sentiment=st.none() | st.floats(-1, 1),
    attributes=ATTRIBUTES,
)
AGENTS = st.builds(
    Facts,
    id=st.just("ann"),
    number=st.integers(0, 10**6),
    skills=LEVELS,
    queues=st.none() | st.just({"default": 2}),
    capacity=st.floats(0.1, 100),
    load=st.floats(0, 100),
    idle_since=INSTANTS,
    last_offer=st.integers(0, 10**9),
    handled=st.integers(0, 10**9),
)
ARGUMENTS: Mapping[ModuleType, st.SearchStrategy[tuple[Any, ...]]] = {
    capacity: st.tuples(AGENTS, st.just("default"), st.floats(0.001, 10)),
    offers: st.tuples(st.sampled_from(("declined", "expired", "disconnected")), st.text(max_size=5)),
    ordering: st.tuples(INSTANTS, st.none() | st.floats(0.001, 1e9)),
    scoring: st.tuples(INTERACTIONS, INSTANTS),
    selection: st.tuples(AGENTS),
    sla: st.tuples(INTERACTIONS, INSTANTS),
    work: st.tuples(NEEDS, LEVELS, st.integers(1, 99)),
}
HEADS = st.builds(
    work.Head,
    queue=st.sampled_from("abc"),
    needs=NEEDS,
    tier=st.just(1),
    length=st.integers(1, 10**9),
    since=INSTANTS,
    key=st.floats(-4e9, 8e9),
    priority=st.integers(1, 99),
)
BENCHES = st.builds(
    selection.Bench,
    skills=LEVELS,
    queues=st.none() | st.just({"default": 2}),
    free=st.integers(1, 10**6),
    staff=st.integers(1, 10**6),
    first=AGENTS,
)
MOMENTS: Mapping[ModuleType, st.SearchStrategy[tuple[Any, ...]]] = {
    selection: st.tuples(st.lists(BENCHES, min_size=1, max_size=4), NEEDS, st.integers(1), INSTANTS),
    work: st.tuples(st.lists(HEADS, min_size=1, max_size=4), LEVELS, INSTANTS),
}
"""What free policies are asked."""

LARGEST = 1e12


def arguments(room: ModuleType, policy: Callable[..., Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    """Return what *policy*, of *room*, may be asked."""
    return (MOMENTS if is_free(policy) else ARGUMENTS)[room]


def is_answer(room: ModuleType, answer: object, asked: Sequence[object] | None = None) -> bool:
    """Whether a policy of *room* may answer so; a free one, which was *asked* of so many."""
    if asked is not None:
        return (
            isinstance(answer, list)
            and len(answer) == len(asked)
            and all(is_answer(room, each) for each in answer)
        )
    if room is capacity:
        return isinstance(answer, bool)
    if room is offers:
        return isinstance(answer, Backoff)
    if room is sla and answer is None:
        return True
    least = {scoring: 0.0, sla: 0.001}.get(room, -LARGEST)
    return isinstance(answer, float | int) and math.isfinite(answer) and least <= answer <= LARGEST


POLICIES = [pytest.param(room, policy, id=f"{room.__name__[20:]}-{name}") for room, name, policy in listed()]


@pytest.mark.parametrize(("room", "policy"), POLICIES)
@given(data=st.data())
def test_a_policy_answers_within_its_bounds_and_twice_alike(
    room: ModuleType, policy: Callable[..., Any], data: st.DataObject
) -> None:
    """Pure and finite, whatever comes; a pair key too."""
    args = data.draw(arguments(room, policy))
    answer = policy(*args)
    assert is_answer(room, answer, args[0] if is_free(policy) else None)
    assert policy(*args) == answer
    pair_key = getattr(policy, "pair_key", None)
    if pair_key is not None:
        pair = data.draw(st.tuples(NEEDS, LEVELS))
        assert is_answer(room, pair_key(*pair))
        assert pair_key(*pair) == pair_key(*pair)


@pytest.mark.parametrize(("room", "policy"), POLICIES)
@given(data=st.data())
def test_a_policy_is_named_and_its_name_finds_one_that_answers_alike(
    room: ModuleType, policy: Callable[..., Any], data: st.DataObject
) -> None:
    """What a journal keeps of a plan is enough to build it again."""
    spec = naming.describe(policy)
    assert spec is not None
    again = naming.resolve(spec, "nowhere")
    assert naming.describe(again) == spec
    assert is_free(again) == is_free(policy)
    args = data.draw(arguments(room, policy))
    assert again(*args) == policy(*args)


@pytest.mark.parametrize(("room", "name"), [(room, name) for room, name, _ in listed()])
def test_a_policy_is_documented_and_known_by_its_bare_name(room: ModuleType, name: str) -> None:
    """A plan file says `longest_idle`, and the docstring begins with a sentence."""
    target = getattr(room, name)
    assert target.__doc__
    assert target.__doc__.splitlines()[0].endswith(".")
    settings = settings_of(room, name)
    spec = {"use": name, **settings} if settings else name
    if "parts" not in settings:
        assert callable(naming.resolve(spec, room.__name__.rpartition(".")[2]))


@pytest.mark.parametrize("room", [*ROOMS, holds, naming])
def test_everything_listed_is_documented(room: ModuleType) -> None:
    """`__all__` of every room names things that are there and explained."""
    for name in room.__all__:
        target = getattr(room, name)
        assert not isinstance(target, type) or target.__doc__


ATTRIBUTE_SCORERS: Mapping[
    str, tuple[Callable[..., scoring.Scorer], tuple[float, float], tuple[object, ...]]
] = {
    "churn_risk": (scoring.churn_risk, (0.0, 1.0), (-0.1, 1.1, 85)),
    "satisfaction": (scoring.satisfaction, (5.0, 1.0), (0, 0.9, 5.1, -3)),
    "contacts": (scoring.repeat_contact, (0.0, 100.0), (-1,)),
    "open_orders": (scoring.open_orders, (0.0, 100.0), (-1, -1e18)),
}
"""Attribute -> what reads it, from where to where it gives more and more, what is out of its range."""


@pytest.mark.parametrize("name", ATTRIBUTE_SCORERS)
@given(shares=st.lists(st.floats(0, 1), min_size=2))
def test_the_more_it_matters_the_more_head_start(name: str, shares: list[float]) -> None:
    """From none to `most`, never less on the way."""
    make, (none, all_of_it), _ = ATTRIBUTE_SCORERS[name]
    values = [none + share * (all_of_it - none) for share in (0.0, *sorted(shares), 1.0)]
    got = [make(most=60)(Interaction(id="i", attributes={name: value}), 0.0) for value in values]
    assert got == sorted(got)
    assert (got[0], got[-1]) == (0.0, 60.0)


@pytest.mark.parametrize("name", ATTRIBUTE_SCORERS)
def test_rubbish_in_an_attribute_gives_no_head_start(name: str) -> None:
    """Text, yes and no, and what lies out of the range; and so does nothing at all."""
    make, _, outside = ATTRIBUTE_SCORERS[name]
    for value in ("0.5", "high", True, False, *outside):
        assert make()(Interaction(id="i", attributes={name: value}), 0.0) == 0.0  # type: ignore[dict-item]
    assert make()(Interaction(id="i"), 0.0) == 0.0


@pytest.mark.parametrize(
    ("make", "settings", "rule"),
    [
        (scoring.churn_risk, {"full": 0}, "full must be above 0 and at most 1, not 0"),
        (scoring.churn_risk, {"full": 85}, "full must be above 0 and at most 1, not 85"),
        (scoring.satisfaction, {"satisfied": 1}, "satisfied must be above 1 and at most 5, not 1"),
        (scoring.satisfaction, {"satisfied": 6}, "satisfied must be above 1 and at most 5, not 6"),
        (scoring.repeat_contact, {"full": 0}, "full must be positive, not 0"),
        (scoring.open_orders, {"most": 0}, "most must be positive, not 0"),
        (scoring.open_orders, {"full": math.nan}, "full must be a finite number >= 0, not nan"),
        (
            scoring.scaled,
            {"field": "a", "most": 1, "zero": 2, "full": 2},
            "zero and full must differ, not both be 2",
        ),
        (scoring.topic_severity, {"cases": {"fire": -1}}, "cases.fire must be a finite number >= 0, not -1"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused(
    make: Callable[..., scoring.Scorer], settings: Mapping[str, Any], rule: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(rule)}$"):
        make(**settings)


def test_less_may_be_worth_more() -> None:
    score = scoring.scaled("battery", most=60, zero=100, full=20)
    got = [score(Interaction(id="i", attributes={"battery": level}), 0.0) for level in (100, 60, 20, 5, 200)]
    assert got == [0.0, 30.0, 60.0, 60.0, 0.0]


@given(customer=CUSTOMERS, felt=st.floats(-1, 1), attributes=ATTRIBUTES, at=INSTANTS)
def test_a_score_is_never_above_its_most(
    customer: Customer, felt: float, attributes: Mapping[str, Any], at: float
) -> None:
    """`most` is the largest head start that a scorer gives."""
    one = Interaction(id="i", customer=customer, sentiment=felt, attributes=attributes)
    for score in (
        *(make(most=60) for make, _, _ in ATTRIBUTE_SCORERS.values()),
        scoring.scaled("urgency", most=60, zero=-1, full=7),
        scoring.topic_severity({"a": 60}, otherwise=1),
        scoring.sentiment(most=60),
        scoring.influence(most=60),
        scoring.customer_value(most=60, quantiles=[-5, 0, 0, 80, 1e6]),
        scoring.capped([(5.0, scoring.sentiment()), (9.0, scoring.influence())], most=60),
    ):
        assert 0 <= score(one, at) <= 60


@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=6),
    steps=st.lists(st.floats(-1e6, 1e6), min_size=2),
)
def test_a_higher_value_never_gets_less_head_start(values: list[float], steps: list[float]) -> None:
    """Also between and at equal quantiles."""
    score = scoring.customer_value(most=100, quantiles=sorted(steps))
    got = [
        score(Interaction(id="i", customer=Customer(id="c", value=value)), 0.0) for value in sorted(values)
    ]
    assert got == sorted(got)


# --- hostile ones ---------------------------------------------------------------------------------


class Unprintable:
    """An answer that cannot even be shown."""

    def __repr__(self) -> str:
        """Fail."""
        raise RuntimeError("no repr")


class UnspeakableError(Exception):
    """An error that cannot even be shown."""

    def __str__(self) -> str:
        """Fail."""
        raise RuntimeError("no str")


def raises(*args: object) -> object:
    """Raise."""
    raise ZeroDivisionError("division by zero")


def raises_unspeakably(*args: object) -> object:
    """Raise what cannot be shown."""
    raise UnspeakableError


def raises_a_surrogate(*args: object) -> object:
    """Raise with a text that no encoder takes."""
    raise ValueError("\ud800\0")


def mutates(*args: Any) -> object:
    """Try to change what it is asked about."""
    for each in args:
        if isinstance(each, Mapping):
            each["x"] = 9.0  # type: ignore[index]
        elif not isinstance(each, str | float | int | None):
            each.skills = {"x": 9.0}
            each.load = 0.0
            each.id = "nobody"
    raise AssertionError("nothing could be changed, because nothing was given")


def answering(answer: object) -> Callable[..., Any]:
    """Answer always the same."""

    def policy(*args: object) -> object:
        return answer

    return policy


def paired(policy: Callable[..., Any]) -> Callable[..., Any]:
    """Make a selection whose pair key is *policy*."""

    def by_idleness(agent: selection.AgentFacts) -> float:
        return agent.idle_since

    by_idleness.pair_key = policy  # type: ignore[attr-defined]
    return by_idleness


RUBBISH: Mapping[str, Callable[..., Any]] = {
    "raises": raises,
    "raises_unspeakably": raises_unspeakably,
    "raises_a_surrogate": raises_a_surrogate,
    "mutates": mutates,
    "nan": answering(math.nan),
    "inf": answering(math.inf),
    "minus_inf": answering(-math.inf),
    "text": answering("soon"),
    "list": answering([1.0] * 99),
    "nothing": answering(()),
    "list_of_text": answering(["soon"]),
    "list_of_nan": answering([math.nan]),
    "huge": answering(10**400),
    "unshowable": answering(10**5000),
    "unprintable": answering(Unprintable()),
    "none": answering(None),
    "negative": answering(-1.0),
    "true": answering(True),
}
HARMLESS = {("sla", "none"), ("capacity", "true")} | {
    (slot, "negative") for slot in ("ordering", "selection", "pair_key", "work")
}
"""What a policy of that slot may answer."""


def hostile_plan(slot: str, policy: Callable[..., Any]) -> tuple[Plan, str]:
    """Return a plan with *policy* in *slot*, and the slot's path."""
    path = f"queues.default.{slot}"
    match slot:
        case "capacity":
            return Plan(capacity=policy, strikes=3), "capacity"
        case "scoring":
            queue, path = Queue(scoring=(policy,)), "queues.default.scoring."
        case "free_work":
            queue, path = Queue(work=free(_wrapped(policy))), "queues.default.work"
        case "free_selection":
            queue, path = Queue(selection=free(_wrapped(policy))), "queues.default.selection"
        case "pair_key":
            queue, path = Queue(selection=paired(policy)), "queues.default.selection"
        case _:
            settings: dict[str, Any] = {slot: policy}
            queue = Queue(**settings)
    return Plan(queues={"default": queue}, strikes=3), path


def _wrapped(policy: Callable[..., Any]) -> Callable[..., Any]:
    """Return another function that answers alike, to be marked."""

    def again(*args: object) -> object:
        return policy(*args)

    return again


def calm_plan(slot: str) -> Plan:
    """Return the plan that answers as the defaults do."""
    return Plan(queues={"default": Queue(refusals=answering(Backoff())) if slot == "refusals" else Queue()})


def a_day(engine: Engine) -> list[ev.Event]:
    """Let some work come and go; return what happened."""
    found: list[ev.Event] = []
    for who, levels in (("ann", {"x": 2.0}), ("bob", {"x": 1.0, "y": 1.0})):
        found += engine.add_agent(Agent(id=who, skills=levels, capacity=2.0), 0.0)
        found += engine.sign_on(who, 0.0)
    for number in range(6):
        one = Interaction(
            id=f"i{number}",
            needs=Needs(({}, {"x": 1.0}, {"y": 1.0})[number % 3]),
            sentiment=-0.5,
            customer=Customer(id="c", value=5.0),
        )
        found += engine.submit(one, 1.0 + number)
        engine.check()
    for step in range(12):
        at = 10.0 + 15 * step
        offers_open = [event for event in found if isinstance(event, ev.Offered) and event.expires > at]
        for number, offer in enumerate(offers_open[-2:]):
            if (number + step) % 3 == 0:
                found += engine.decline(offer.offer, offer.agent, at)
            else:
                answer = engine.accept(offer.offer, offer.agent, at)
                found += answer
                owned = [event for event in answer if isinstance(event, ev.Assigned)]
                if owned:
                    own = owned[0]
                    found += engine.complete(own.interaction, own.agent, own.fence, at)
            engine.check()
        found += engine.tick(at + 5)
        engine.check()
        assert engine.next_wake > engine.now
    return found


def decided(events: list[ev.Event]) -> list[ev.Event]:
    """Return what the policies decided upon."""
    return [
        event
        for event in events
        if isinstance(event, ev.Offered | ev.Assigned | ev.Declined | ev.OfferExpired)
    ]


SLOTS = (
    *("ordering", "scoring", "selection", "pair_key", "work", "capacity", "sla", "refusals"),
    *("free_work", "free_selection"),
)
HOSTILE = [
    pytest.param(slot, RUBBISH[kind], id=f"{slot}-{kind}")
    for slot in SLOTS
    for kind in RUBBISH
    if (slot, kind) not in HARMLESS and not (kind == "mutates" and slot in ("ordering", "refusals"))
]


@pytest.mark.parametrize(("slot", "policy"), HOSTILE)
def test_a_hostile_policy_never_stops_the_work(slot: str, policy: Callable[..., Any]) -> None:
    """The default answers instead, every failure is told, and after three it is asked no more."""
    plan, path = hostile_plan(slot, policy)
    engine = Engine(plan)
    events = a_day(engine)
    failed = [event for event in events if isinstance(event, ev.PolicyFailed)]
    assert len(failed) == 3
    assert all(event.slot.startswith(path) for event in failed)
    for event in failed:
        assert 0 < len(event.error) <= 300
        assert "\0" not in event.error
        assert event.error.encode()  # a lone surrogate could not be written
    (off,) = [event for event in events if isinstance(event, ev.PolicySwitchedOff)]
    assert off.slot == failed[0].slot
    assert engine.snapshot()["off"] == [off.slot]
    assert decided(events) == decided(a_day(Engine(calm_plan(slot))))


@pytest.mark.parametrize("slot", SLOTS)
def test_a_policy_that_was_mended_is_asked_again_once_it_is_resumed(slot: str) -> None:
    """Until then the default answers; what was computed with it is computed anew."""
    broken, asked = True, 0
    good = {
        "capacity": True,
        "sla": 60.0,
        "refusals": Backoff(cool_down=1.0),
    }

    def policy(*args: object) -> object:
        nonlocal asked
        asked += 1
        if broken:
            raise ZeroDivisionError
        if slot.startswith("free"):
            return [1.0] * len(args[0])  # type: ignore[arg-type]
        return good.get(slot, 1.0)

    plan, _ = hostile_plan(slot, policy)
    engine = Engine(plan)
    a_day(engine)
    (off,) = engine.snapshot()["off"]
    before = asked
    (early,) = engine.resume_policy("queues.default.nothing", 500.0)
    assert isinstance(early, ev.Refused)
    assert early.rule == "not_off"
    broken = False
    (resumed, *_) = engine.resume_policy(off, 500.0)
    assert resumed == ev.PolicyResumed(500.0, off)
    assert engine.snapshot()["off"] == []
    engine.sign_on("ann", 501.0)
    engine.sign_on("bob", 501.0)
    later = engine.submit(Interaction(id="late", needs=Needs({"x": 1.0})), 502.0)
    offers_made = [event for event in later if isinstance(event, ev.Offered)]
    for offer in offers_made:
        engine.decline(offer.offer, offer.agent, 503.0)
    assert offers_made
    assert asked > before
    assert not [event for event in engine.facts if isinstance(event, ev.PolicyFailed)]
    engine.check()


def test_a_plan_change_gives_every_policy_a_new_chance() -> None:
    """Failures are counted under one plan."""
    plan, path = hostile_plan("ordering", raises)
    engine = Engine(plan)
    for number in range(3):
        engine.submit(Interaction(id=f"i{number}"), 0.0)
    assert engine.snapshot()["off"] == [path]
    engine.change_plan(Plan(), 1.0)
    assert engine.snapshot()["off"] == []
    assert engine.snapshot()["failures"] == {}


ASKED: list[str] = []

HELD: list[Desk] = []


def asks_the_desk(*args: object) -> float:
    """Ask the desk in the middle of a turn, and try to begin another one."""
    desk = HELD[-1]
    for ask in (lambda: desk.queue("default"), lambda: desk.handle(Tick()), lambda: list(desk.events())):
        try:
            ask()
        except UsageError as error:
            ASKED.append(str(error))
    raise ValueError("it told me nothing")


@pytest.mark.parametrize("slot", ["ordering", "scoring", "selection", "work", "sla"])
def test_a_policy_that_asks_the_desk_is_told_that_it_may_not(slot: str) -> None:
    """It does not wait for itself for ever, and the turn ends as with any policy that fails."""
    plan, path = hostile_plan(slot, asks_the_desk)
    desk = Desk(Engine(plan), MemoryStore(), clock=lambda: 5.0)
    HELD.append(desk)
    ASKED.clear()
    told: list[ev.Event] = []
    commands: list[Command] = [
        AddAgent(Agent(id="ann", capacity=2.0)),
        AddAgent(Agent(id="bob")),
        SignOn("ann"),
        SignOn("bob"),
        *(Submit(Interaction(id=f"i{number}")) for number in range(5)),
        Accept(1, "ann"),
        Complete("i0", "ann", 1),
    ]
    for command in commands:
        told += desk.handle(command)
    HELD.pop()
    assert {event.slot.startswith(path) for event in told if isinstance(event, ev.PolicyFailed)} == {True}
    assert len(ASKED) >= 3
    assert set(ASKED) == {"a turn is going on: neither a policy nor a listener may ask the desk"}
    assert [event for _, event in desk.events()] == told
