"""The engine decides exactly as a router that scans everything does (`brute.py`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.brute import Router
from workassign import (
    Agent,
    Channel,
    Customer,
    Engine,
    Group,
    Interaction,
    Needs,
    Plan,
    Presence,
    Queue,
    _lines,
    _state,
    expected_wait,
    position,
)
from workassign import commands as cmd
from workassign import events as ev
from workassign.hours import Calendar
from workassign.model import Fence, OfferId, Status
from workassign.plan import Alarms
from workassign.policies import capacity, offers, ordering, scoring, selection, sla, work
from workassign.policies.admission import Overflow, Quota
from workassign.policies.batch import Batch, Column, Given, Pair, Row
from workassign.policies.escalation import Step
from workassign.policies.grades import free
from workassign.policies.keep_free import KeepFree
from workassign.policies.review import Review
from workassign.policies.selection import AgentFacts, Bench
from workassign.policies.sla import Target
from workassign.policies.surge import Borrow, Surge, Templates
from workassign.policies.work import Head
from workassign.rotations import Period, Rotation

QUEUES = ("a", "b", "c")
CHANNELS = ("default", "chat", "call")
SKILLS = ("x", "y", "z")
TRAITS = ("lang", "team")
GROUPS = ("day", "night")
LABELS = ("refund", "fraud")
RULES = (
    'lang HAS "es" OR level("x") >= 2',
    'NOT skills HAS "x"',
    'team <= 1 AND level("y") != 1',
    'agent != "bob"',
    'agent IN ["ann", "cy"] OR team == true',
    'PREFER lang == "en" WEIGHT 2 PREFER skills HAS "y"',
    'level("x") BETWEEN 1 AND 2 PREFER agent == "ann"',
)
AGENTS = ("ann", "bob", "cyd", "dan")
STARTS = (0.0, 1_767_225_600.0)
"""Midnight of a Thursday, in UTC, is when scripts begin."""

# --- policies of our own: pure, and awkward -----------------------------------------------------


def after_the_first(agent: AgentFacts, channel: str, units: float) -> bool:
    """Only one at a time until she has been assigned something."""
    return agent.load == 0 or agent.handled > 0


def chat_alone(agent: AgentFacts, channel: str, units: float) -> bool:
    """Nothing beside a chat."""
    return agent.on_channel("chat") == 0


def weakest(agent: AgentFacts) -> float:
    """Prefer the many-skilled, then whoever is offered or holds most."""
    return -agent.load


def _furthest(needs: Needs, skills: Mapping[str, float]) -> float:
    return -len(skills)


weakest.pair_key = _furthest  # type: ignore[attr-defined]


def by_needs(needs: Needs, skills: Mapping[str, float], priority: int) -> float:
    """Prefer what few can do."""
    return priority - len(needs.skills)


def for_the_angry(interaction: Interaction, at: float) -> float | None:
    """A target for some only."""
    return None if interaction.sentiment is None else 40.0 + 20 * interaction.sentiment


def at_times(interaction: Interaction, at: float) -> float | None:
    """A target at some times only."""
    return None if at % 50 < 20 else 35.0


def half(submitted: float, target: float | None) -> float:
    """A reference between arrival and due."""
    return submitted if target is None else submitted + target / 2


@free
def scarcest(benches: Sequence[Bench], needs: Needs, sequence: int, now: float) -> list[float]:
    """A rank that hangs on all that was told."""
    told = [each.free + 10 * each.staff + sum(each.skills.values()) + each.first.number for each in benches]
    return [float((each + sequence + int(now) + len(needs.skills)) % 3) for each in told]


@free
def by_all(heads: Sequence[Head], skills: Mapping[str, float], now: float) -> list[float]:
    """A rank that hangs on all that was told."""
    told = [each.length + 3 * each.priority + len(each.needs.skills) + each.tier for each in heads]
    ages = [int(now - each.since) + int(each.key) + len(skills) for each in heads]
    return [float((each + age + sum(told)) % 4) for each, age in zip(told, ages, strict=True)]


MOMENTARY = (
    work.longest_queue(),
    work.max_weight({"a": 3.0, "x": 2.0, "y": 0.5}),
    work.queue_ratio({"b": 2, "a": 1}),
    work.ageing({"a": 2.5, "b": 0.5}),
    work.threshold({"b": 1, "c": 0}),
    by_all,
)


def in_order(rows: Sequence[Row], columns: Sequence[Column], pairs: Sequence[Pair]) -> Given:
    """What has waited longest first, each to whom it fits best."""
    left = [column.agents for column in columns]
    given = []
    waiting = sorted((-wait, number) for number, row in enumerate(rows) for wait in row.waits)
    for wait, row in waiting:
        fits = [pair for pair in pairs if pair.row == row and left[pair.column]]
        if fits:
            best = min(fits, key=lambda pair: (not pair.preferred, -pair.wanted, pair.rank, wait))
            left[best.column] -= 1
            given.append((row, best.column, 1))
    return given


def backwards(rows: Sequence[Row], columns: Sequence[Column], pairs: Sequence[Pair]) -> Given:
    """As many as can be of the last pair, of the last but one, and so on."""
    waits, agents = [len(row.waits) for row in rows], [column.agents for column in columns]
    given = []
    for pair in reversed(pairs):
        if number := min(waits[pair.row], agents[pair.column]):
            waits[pair.row] -= number
            agents[pair.column] -= number
            given.append((pair.row, pair.column, number))
    return tuple(given)


def first_pair(rows: Sequence[Row], columns: Sequence[Column], pairs: Sequence[Pair]) -> Given:
    """One of the first pair, again and again."""
    return [(pairs[0].row, pairs[0].column, 1)]


def by_sums(rows: Sequence[Row], columns: Sequence[Column], pairs: Sequence[Pair]) -> Given:
    """One of a pair that hangs on all that was told."""
    told = sum(map(sum, (row.waits for row in rows))) + sum(map(len, (row.waits for row in rows)))
    told += sum(pair.rank + pair.wanted + pair.preferred for pair in pairs)
    told += sum(column.agents * (1 + sum(column.skills.values())) for column in columns)
    pair = pairs[int(abs(told)) % len(pairs)]
    return [(pair.row, pair.column, 1)]


def idle(rows: Sequence[Row], columns: Sequence[Column], pairs: Sequence[Pair]) -> Given:
    """Nothing at all: it is left to what is done without a batch."""
    return ()


# --- instances ------------------------------------------------------------------------------------


def a_plan(rnd: Random) -> Plan:
    """Return a plan with up to three queues and channels."""
    targets = [a_target(rnd) for _ in range(rnd.choice((0, 3, 5)))]
    queues = some_moves(rnd, {name: a_queue(rnd, targets) for name in QUEUES[: rnd.randint(1, 3)]})
    channels = some_channels(rnd, CHANNELS[: rnd.randint(1, 3)])
    queues = some_batches(rnd, some_reviews(rnd, some_overflow(rnd, queues)))
    rules = (None, None, capacity.one_at_a_time, capacity.one_channel_at_a_time, after_the_first, chat_alone)
    groups = some_groups(rnd, list(queues), list(channels))
    return Plan(
        queues=queues,
        channels=channels,
        skills=rnd.choice((None, None, None, frozenset(SKILLS))),
        capacity=rnd.choice(rules),
        calendars={"hours": rnd.choice(HOURS), "desk": rnd.choice(HOURS)},
        successors={name: "a" for name in QUEUES if name not in queues and rnd.random() < 0.7},
        reconnect_grace=rnd.choice((10.0, 60.0)),
        retention=rnd.choice((50.0, 604800.0, 604800.0)),
        groups=groups,
        rotations=some_rotations(rnd, list(queues), list(channels), list(groups)),
        lock_lease=rnd.choice((120.0, 20.0)),
        heartbeat=rnd.choice((None, None, None, 30.0, 150.0)),
        surge=a_surge(rnd, list(queues), list(groups)) if rnd.random() < 0.5 else None,
    )


HOURS = (
    # The first two open and close soon after a script begins; the last two are plain.
    Calendar(week={"mon-sun": ["00:00:20-00:01", "00:01:30-00:10", "00:20-01:00", "01:10-23:00"]}),
    Calendar(
        zone="America/New_York",
        week={"mon,wed,fri": ["18:00-19:00:45", "19:03-01:00"], "thu": ["09:00-12:00"]},
        exceptions={"1969-12-31": ["18:30-19:00:10", "19:00:30-19:02", "19:05-20:30"]},
    ),
    Calendar(zone="Europe/Berlin", week={"mon-fri": ["08:00-17:00"]}, holidays=["1970-01-01"]),
    Calendar(),
)


def some_channels(rnd: Random, names: tuple[str, ...]) -> dict[str, Channel]:
    """Return channels; in some plans it is not the units alone that decide about room."""
    mixed = rnd.random() < 0.5

    def some() -> tuple[str, ...]:
        return tuple(each for each in names if rnd.random() < 0.5)

    def one(name: str) -> Channel:
        units = rnd.choice((1.0, 1.0, 0.1, 0.3, 2.5))
        if not mixed:
            return Channel(units=units)
        return Channel(
            units=units,
            beside=rnd.choice((None, None, (), some())),
            interruptible_by=rnd.choice(((), tuple(each for each in some() if each != name))),
            pending_units=rnd.choice((None, 0.0, 0.05, units)),
            handle_time=rnd.choice((None, 20.0, 100.0)),
        )

    return {name: one(name) for name in names}


def a_target(rnd: Random) -> Target:
    """Return a promise with any settings; few names, so that some of other queues are alike."""
    measures = rnd.choice(sla.MEASURES)
    pauses = [each for each in ("pending", "on_hold", "answered") if rnd.random() < 0.4]
    within = (
        5.0,
        20,
        100.0,
        600.0,
        for_the_angry,
        at_times,
        sla.tightened(60.0, followers=[(10_000, 15.0)], sentiment=[(-0.5, 8.0), (0, 30)]),
        sla.tightened(for_the_angry, sentiment=[(-1.0, 12.5)]),
        sla.by("channel", {"chat": 20}, otherwise=sla.by("tier", {"3": 300.0}, otherwise=50.5)),
        sla.by("segment", {"gold": sla.tightened(40.0, influence=[(50, 10)])}),
    )
    return Target(
        measures=measures,
        within=rnd.choice(within),
        name=rnd.choice(("", "", "", "promise")),
        calendar=rnd.choice((None, None, "hours", "hours", "desk")),
        warn_at=rnd.choice(((), (0.5,), (0.3, 0.8))),
        pauses=tuple(pauses),
        bots=rnd.random() < 0.3,
        on_transfer=rnd.choice(("carry", "carry", "restart")),
        on_reopen=rnd.choice(("carry", "carry", "restart")),
    )


def some_targets(rnd: Random, known: list[Target], names: set[str]) -> tuple[Target, ...]:
    """Return some of the *known* targets, or nearly the same ones; none of them has one of *names*."""
    found = []
    for each in rnd.sample(known, rnd.randint(0, len(known))):
        other = rnd.choice((each, each, attrs.evolve(each, within=30.0), a_target(rnd)))
        if other.label not in names:
            names.add(other.label)
            found.append(other)
    return tuple(found)


def some_alarms(rnd: Random) -> Alarms | None:
    """Return alarms of any kind, or none."""
    alarms = Alarms(
        oldest_age=rnd.choice((None, 5.0, 60.0)),
        next_breach=rnd.choice((None, 4.0, 30.0)),
        no_eligible_agent=rnd.random() < 0.5,
        last_step=rnd.random() < 0.5,
    )
    return rnd.choice((None, alarms))


def some_steps(rnd: Random) -> tuple[Step, ...]:
    """Return a schedule of any kind, mostly none; moves come later, where the queues are known."""
    if rnd.random() < 0.5:
        return ()
    return tuple(
        Step(
            after=rnd.choice((0.0, 0.5, 5.0, 10.0, 30.0, 100.0)),
            **rnd.choice(
                ({}, {}, {}, {"slack": 5.0}, {"slack": 50.0}, {"closed": "hours"}, {"closed": "desk"})
            ),
            eligible_below=rnd.choice((None, None, None, 1, 2)),
            free_below=rnd.choice((None, None, None, None, 1)),
            expected_wait=rnd.choice((None, None, None, None, 7.77, 61.3)),
            drop=rnd.choice(((), ("x",), ("y", "lang"), ("agent",))),
            lower=rnd.choice(({}, {"x": 1.0}, {"y": 0.0, "z": 1.0})),
            widen=rnd.choice(({}, {"lang": ("en",)}, {"team": (2, True)})),
            also=rnd.choice((None, None, Needs({"z": 1}), Needs('agent == "dan"'))),
            tier=rnd.choice((None, None, 0, 1)),
            head_start=rnd.choice((0.0, 0.0, 12.5)),
            notify=rnd.choice(("boss", "team")),
        )
        for _ in range(rnd.randint(1, 4))
    )


def some_moves(rnd: Random, queues: dict[str, Queue]) -> dict[str, Queue]:
    """Return *queues* with steps that move to others, not in a circle at once."""
    names = list(queues)
    moved = {}
    for place, (name, queue) in enumerate(queues.items()):
        others = [each for each in names if each != name]
        steps = queue.steps
        if others and rnd.random() < 0.4:
            to = rnd.choice(others)
            after = rnd.choice((0.0, 10.0)) if names.index(to) > place else rnd.choice((60.0, 250.0))
            few = rnd.choice((None, None, 1, 3))
            steps = (*steps, Step(after=after, queue=to, eligible_below=few))
        level = names[place + 1] if place + 1 < len(names) and rnd.random() < 0.5 else None
        moved[name] = attrs.evolve(queue, steps=steps, next_level=level)
    return moved


def a_queue(rnd: Random, promises: list[Target]) -> Queue:
    """Return a queue with any policies."""
    wrap_up = rnd.choice((None, None, 5.0, 40.0))
    target = rnd.choice((None, None, sla.first_response(20), sla.first_response(100), for_the_angry))
    targets = some_targets(rnd, promises, set() if target is None else {"first_response"})
    dues = target is not None or any(each.measures in ("accept", "first_response") for each in targets)
    orders = [ordering.arrival, half, *([ordering.due] * dues)]
    orders = rnd.choice((orders, orders, [ordering.last_first, ordering.random_order(2)]))
    scores = (scoring.sentiment(most=20), scoring.customer_value(most=30, quantiles=[0, 10, 100]))
    vip = scoring.by("segment", {"gold": 15}, otherwise=1)
    more = (scoring.influence(most=10), scoring.weighted(parts=[(2.0, scoring.sentiment(most=5))]), vip)
    return Queue(
        steps=some_steps(rnd),
        needs=rnd.choice((Needs(), Needs(), Needs(), some_needs(rnd))),
        tier=rnd.choice((1, 1, 2)),
        ordering=rnd.choice(orders),
        scoring=rnd.choice(((), (), scores, (*scores, *more, scores[0]))),
        head_start_cap=rnd.choice((3600.0, 25.0)),
        selection=rnd.choice(
            (
                selection.longest_idle,
                selection.least_loaded,
                selection.round_robin,
                selection.fewest_handled,
                selection.best_skill,
                selection.seeded_random(3),
                selection.most_loaded,
                selection.most_idle(),
                selection.random_idle(5),
                scarcest,
                weakest,
            )
        ),
        work=rnd.choice(
            (
                work.greatest_need,
                work.greatest_need,
                work.best_skill,
                work.queue_priority,
                by_needs,
                work.longest_queue(),
                rnd.choice(MOMENTARY),
                rnd.choice(MOMENTARY),
            )
        ),
        offer_for=rnd.choice((30.0, 30.0, 5.0)),
        wrap_up=wrap_up,
        wrap_up_most=None if wrap_up is None else rnd.choice((None, 50.0)),
        sla=target,
        targets=targets,
        reopen=rnd.random() < 0.8,
        reopen_within=rnd.choice((None, None, 25.0, 600.0)),
        alarms=some_alarms(rnd),
        sticky_wait=rnd.choice((None, 15.0, 200.0)),
        refusals=rnd.choice((offers.per_cause(), a_backoff(rnd))),
        **several(rnd),
        keep_free=rnd.choice((None, None, None, KeepFree(agents=rnd.randint(1, 2), tier=rnd.randint(0, 1)))),
        expected_wait=rnd.random() < 0.2,
        most=rnd.choice((None, None, None, 3, 0)),
        quota=rnd.choice((None, None, None, Quota(number=2, per=30.0))),
    )


def several(rnd: Random) -> dict[str, Any]:
    """Return how many are asked at once, where that can be."""
    return {"auto_accept": True} if rnd.random() < 0.2 else {"offers": rnd.choice((1, 1, 2, 3))}


def some_overflow(rnd: Random, queues: dict[str, Queue]) -> dict[str, Queue]:
    """Return *queues* of which some send on to a later one, or refuse, what is too much."""
    names = list(queues)
    found = {}
    for place, (name, queue) in enumerate(queues.items()):
        rules = [
            Overflow(
                **conditions(rnd),
                queue=rnd.choice((None, *names[place + 1 :], *names[place + 1 :])),
            )
            for _ in range(rnd.choice((0, 0, 1, 2)))
        ]
        found[name] = attrs.evolve(queue, overflow=tuple(rules))
    return found


def conditions(rnd: Random) -> dict[str, Any]:
    """Return what a rule asks for."""
    found = {
        "length": rnd.choice((None, 1, 2, 4)),
        "closed": rnd.choice((None, None, None, "hours")),
        "oldest_age": rnd.choice((None, None, None, 5.0, 60.0)),
        "eligible_below": rnd.choice((None, None, None, None, 1, 3)),
        "free_below": rnd.choice((None, None, None, 1, 2)),
        "expected_wait": rnd.choice((None, None, None, 5.0, 60.0)),
        "slack": rnd.choice((None, None, None, 1.0, 30.0)),
    }
    return found if any(each is not None for each in found.values()) else {"length": rnd.choice((1, 2, 4))}


def some_reviews(rnd: Random, queues: dict[str, Queue]) -> dict[str, Queue]:
    """Return *queues* of which all but the last, which lets everything in, may have replies looked at."""
    *others, last = queues
    if not others or rnd.random() < 0.4:
        return queues
    found = {**queues, last: attrs.evolve(queues[last], most=None, quota=None, overflow=())}
    for name in others:
        review = Review(
            queue=last,
            before=rnd.choice(({"trainee": 1.0}, {"trainee": 1.0, "probation": 0.5}, {"trainee": 0.5})),
            after=rnd.choice(({}, {"trainee": 0.5}, {"probation": 1.0})),
            units=rnd.choice((0.0, 0.25, 0.5, 3.0)),
        )
        found[name] = attrs.evolve(queues[name], review=rnd.choice((None, review, review)))
    return found


def some_batches(rnd: Random, queues: dict[str, Queue]) -> dict[str, Queue]:
    """Return *queues* of which some give out in batches, some of these together."""
    if rnd.random() < 0.6:
        return queues
    known = [
        Batch(
            window=rnd.choice((0.1, 2.0, 7.5, 60)),
            use=rnd.choice((in_order, backwards, first_pair, by_sums, idle)),
        )
        for _ in range(2)
    ]
    drawn = {name: rnd.choice((None, known[0], known[0], known[1])) for name in queues}
    if not any(drawn.values()):
        return queues
    alone = {name: attrs.evolve(queue, keep_free=None) for name, queue in queues.items()}
    return {
        name: queue
        if (batch := drawn[name]) is None
        else attrs.evolve(queue, offers=1, batch=batch, most=queue.most or None)
        for name, queue in alone.items()
    }


def nearly(rnd: Random, plan: Plan) -> Plan:
    """Return *plan* with other hours, promises and alarms in some places."""
    calendars = {name: rnd.choice((each, rnd.choice(HOURS))) for name, each in plan.calendars.items()}
    known = [target for queue in plan.queues.values() for target in queue.targets]
    queues = {}
    for name, queue in plan.queues.items():
        used = set() if queue.sla is None else {"first_response"}
        if queue.ordering is not ordering.due and rnd.random() < 0.5:
            queue = attrs.evolve(queue, targets=some_targets(rnd, known, used))  # noqa: PLW2901
        queues[name] = attrs.evolve(
            queue,
            alarms=rnd.choice((queue.alarms, queue.alarms, some_alarms(rnd))),
            needs=rnd.choice((queue.needs, queue.needs, some_needs(rnd))),
            steps=rnd.choice((queue.steps, queue.steps, queue.steps, some_steps(rnd))),
        )
    surge = rnd.choice((plan.surge, plan.surge, None))
    return attrs.evolve(plan, calendars=calendars, queues=queues, surge=surge)


def a_backoff(rnd: Random) -> offers.RefusalPolicy:
    """Return a refusal policy with short and coinciding times."""

    def one() -> dict[str, Any]:
        return {
            "cool_down": rnd.choice((5.0, 10.0)),
            "exclusion": rnd.choice((10.0, 50.0)),
            "rest": rnd.choice((None, None, 5.0, 20.0)),
            "pause_after": rnd.choice((None, 1, 2)),
            "window": rnd.choice((1.0, 900.0)),
            "boost": rnd.choice((0.0, 0.0, 7.5, 40.0)),
        }

    reasons = {"busy": one()} if rnd.random() < 0.5 else {}
    return offers.per_cause(declined=one(), expired=one(), disconnected=one(), reasons=reasons)


def an_agent(rnd: Random, name: str, plan: Plan) -> Agent:
    """Return an agent who mostly fits the plan."""
    stray = rnd.random() < 0.03
    queues = {queue: rnd.randint(1, 2) for queue in (QUEUES if stray else plan.queues) if rnd.random() < 0.6}
    known = CHANNELS if stray else plan.channels
    channels = {channel: rnd.choice((0, 1, 1, 2)) for channel in known if rnd.random() < 0.8}
    return Agent(
        id=name,
        skills={skill: float(rnd.randint(0, 3)) for skill in SKILLS if rnd.random() < 0.6},
        queues=rnd.choice((None, None, queues)),
        channels=rnd.choice((None, None, None, channels)),
        capacity=rnd.choice((1.0, 1.0, 2.0, 2.5, 0.3, 5.0)),
        attributes={
            **{trait: rnd.choice((1, 2, True, "es", ["en", "es"])) for trait in TRAITS if rnd.random() < 0.5},
            "phase": rnd.choice(("trainee", "trainee", "probation", ["trainee", "probation"], 3)),
        },
        pull=rnd.random() < 0.1,
        labels=rnd.choice((None, None, some_labels(rnd))),
        reserve=rnd.choice((0.0, 0.0, 0.5, 1.5)),
        login_ramp=rnd.choice((None, None, None, 5.0, 100.0)),
        delays=rnd.choice(({}, {}, some_delays(rnd, list(QUEUES if stray else plan.queues)))),
        groups=tuple(each for each in (GROUPS if stray else plan.groups) if rnd.random() < 0.5),
    )


def some_labels(rnd: Random) -> dict[str, int]:
    """Return limits of labels."""
    return {label: rnd.choice((0, 1, 1, 2)) for label in LABELS if rnd.random() < 0.6}


def some_delays(rnd: Random, queues: list[str]) -> dict[str, float]:
    """Return for how long work of some queues is kept from somebody."""
    return {queue: rnd.choice((0.0, 0.5, 10.0, 30.0, 30.0, 100.0)) for queue in queues if rnd.random() < 0.6}


def some_groups(rnd: Random, queues: list[str], channels: list[str]) -> dict[str, Group]:
    """Return groups of any kind; mostly all of them, for one that somebody is in must stay."""
    names = GROUPS if rnd.random() < 0.8 else GROUPS[:1]
    return {name: a_group(rnd, queues, channels) for name in names}


def a_group(rnd: Random, queues: list[str], channels: list[str]) -> Group:
    """Return a group that mostly says little."""
    return Group(
        skills={skill: float(rnd.randint(0, 3)) for skill in SKILLS if rnd.random() < 0.3},
        queues=rnd.choice((None, None, {each: rnd.randint(1, 3) for each in queues if rnd.random() < 0.6})),
        channels=rnd.choice((None, None, {each: rnd.randint(0, 2) for each in channels})),
        capacity=rnd.choice((None, None, 1.0, 3.0)),
        attributes={trait: rnd.choice((2, "en", ["en", "es"])) for trait in TRAITS if rnd.random() < 0.3},
        pull=rnd.choice((None, None, None, True)),
        labels=rnd.choice((None, None, None, some_labels(rnd))),
        reserve=rnd.choice((None, None, 0.2)),
        login_ramp=rnd.choice((None, None, None, 30.0)),
        delays=rnd.choice(({}, {}, {}, some_delays(rnd, queues))),
    )


def some_rotations(
    rnd: Random, queues: list[str], channels: list[str], groups: list[str]
) -> dict[str, Rotation]:
    """Return at most two rotations, by schedule or by load."""

    def period(seconds: float | None) -> Period:
        limits = {each: rnd.randint(0, 2) for each in channels if rnd.random() < 0.7}
        return Period(channels=rnd.choice((None, limits, limits)), seconds=seconds)

    found = {}
    for name in ("first", "second")[: rnd.choice((0, 0, 1, 2))]:
        members = tuple(each for each in groups if rnd.random() < 0.7) or (groups[0],)
        if rnd.random() < 0.5:
            periods = tuple(period(rnd.choice((5.0, 20, 90.0))) for _ in range(rnd.randint(2, 3)))
            start = rnd.choice((*STARTS, 12.0, 1_767_225_633.0))
            found[name] = Rotation(groups=members, periods=periods, start=start)
        else:
            on = rnd.randint(1, 4)
            pair = (period(None), period(None))
            off = rnd.randint(1, on)
            queue = rnd.choice(queues)
            found[name] = Rotation(groups=members, periods=pair, queue=queue, on=on, off=off)
    return found


def a_surge(rnd: Random, queues: list[str], groups: list[str]) -> Surge:
    """Return what a surge is: so little that there will be some."""
    window = rnd.choice((10.0, 100.0, 300, 600.5, 3000.0))
    on = rnd.choice((2, 2.5, 3, 5)) * 60 / window
    members = tuple(each for each in groups if rnd.random() < 0.7) or (groups[0],)
    borrow = Borrow(groups=members, queues={each: rnd.randint(1, 3) for each in queues if rnd.random() < 0.9})
    return Surge(
        on=on,
        off=on * rnd.choice((0.1, 0.5, 0.8)),
        window=window,
        hold=rnd.choice((0.5, 10.0, 90)),
        floor=rnd.choice((None, None, 0, 1)),
        collapse=rnd.choice((None, "thread", "thread")),
        templates=rnd.choice((None, Templates(attribute="topic", names={"delay": "known", "lost": "form"}))),
        borrow=borrow if borrow.queues and rnd.random() < 0.7 else None,
    )


def some_traits(rnd: Random) -> dict[str, str | float | bool]:
    """Return what a surge asks for of an interaction."""
    found = {"thread": rnd.choice((1, True, 2.0, "a", "b")), "topic": rnd.choice((1, "delay", "seat"))}
    return {name: value for name, value in found.items() if rnd.random() < 0.4}


def some_needs(rnd: Random) -> Needs:
    """Return needs of any kind: a table of skills, or a rule."""
    skills = {skill: float(rnd.randint(0, 2)) for skill in SKILLS if rnd.random() < 0.3}
    return Needs(rnd.choice(({}, {}, skills, skills, rnd.choice(RULES))))


def some_customer(rnd: Random) -> Customer:
    """Return who wrote."""
    return Customer(
        id="c",
        value=rnd.choice((None, 5, 50, 500)),
        influence=rnd.choice((None, 70.0)),
        followers=rnd.choice((None, 10, 10_000)),
        segment=rnd.choice((None, "gold")),
    )


def an_update(rnd: Random, name: str) -> cmd.Update:
    """Return what is known of an interaction by now: one thing, or several."""
    told = cmd.Update(
        name,
        customer=rnd.choice((None, None, some_customer(rnd))),
        sentiment=rnd.choice((None, None, -1.0, -0.5, 0.5)),
        attributes=rnd.choice((None, None, some_traits(rnd))),
        needs=rnd.choice((None, None, some_needs(rnd))),
        tier=rnd.choice((None, None, None, 0, 1, 3)),
    )
    return told if told != cmd.Update(name) else cmd.Update(name, sentiment=0.0)


def an_interaction(rnd: Random, number: int, plan: Plan, at: float) -> Interaction:
    """Return an interaction that mostly fits the plan."""
    stray = rnd.random() < 0.03
    who = some_customer(rnd)
    queue = rnd.choice(QUEUES if stray else list(plan.queues))
    others = [each for each in (QUEUES if stray else plan.queues) if each != queue]
    return Interaction(
        id=f"i{number}",
        queue=queue,
        shared_with=tuple(each for each in others if rnd.random() < 0.5) if rnd.random() < 0.3 else (),
        channel=rnd.choice(CHANNELS if stray else list(plan.channels)),
        needs=some_needs(rnd),
        customer=rnd.choice((None, who)),
        sentiment=rnd.choice((None, None, -1.0, -0.5, 0.5)),
        tier=rnd.choice((None, None, None, None, 0, 3)),
        prefers=rnd.choice((None, None, *AGENTS)),
        label=rnd.choice((None, None, *LABELS)),
        not_before=at + rnd.choice((-5.0, 10.0, 30.0, 100.0)) if rnd.random() < 0.1 else None,
        attributes=some_traits(rnd),
    )


class Script:
    """Draws commands that mostly make sense now, reading where the slow router stands."""

    def __init__(self, router: Router, at: float) -> None:
        self.router = router
        self.at = at
        self.rnd = Random(0)
        self.number = 0
        self.said: list[cmd.Command] = []

    def next(self, rnd: Random, next_wake: float) -> tuple[cmd.Command, float]:
        """Return a command and its instant, as *rnd* has it."""
        self.rnd = rnd
        step = rnd.choice((0.0, 0.0, 0.0, 0.5, 1.0, 4.0, 5.0, 10.0, 25.0, 30.0, 100.0, 600.0))
        self.at = next_wake if next_wake < float("inf") and rnd.random() < 0.2 else self.at + step
        if self.said and rnd.random() < 0.04:
            return rnd.choice(self.said), self.at
        command = self.command()
        if rnd.random() < 0.15:
            command = attrs.evolve(command, key=f"k{rnd.randint(0, 9)}", actor=rnd.choice((None, "boss")))
        if rnd.random() < 0.05:
            right = self.router.version(command)
            command = attrs.evolve(command, expected_version=rnd.choice((right, right + 1)))
        self.said.append(command)
        return command, self.at

    def command(self) -> cmd.Command:
        """Return any command."""
        rnd, dice = self.rnd, self.rnd.random()
        if dice < 0.26:
            self.number += 1
            body = an_interaction(rnd, self.number, self.router.plan, self.at)
            if rnd.random() < 0.15 and (name := self.any_id()) != body.id:
                body = attrs.evolve(body, parent=name)
            return cmd.Submit(body)
        if dice < 0.53:
            return self.by_agent()
        if dice < 0.73:
            return self.talk()
        if dice < 0.88:
            return self.about_agent()
        if dice < 0.90:
            plan = self.router.plan
            return cmd.ChangePlan((a_plan(rnd) if rnd.random() < 0.6 else nearly(rnd, plan)).to_data())
        return self.by_hand()

    def by_agent(self) -> cmd.Command:
        """Return what an agent says about what she is offered or holds."""
        rnd = self.rnd
        busy = [item for item in self.router.items if item.holder is not None]
        if not busy or rnd.random() < 0.05:
            return self.stale() if busy or rnd.random() < 0.5 else self.talk()
        item = rnd.choice(busy)
        who = item.holder or ""
        if item.stage == "offered":
            item.turn_to(rnd.choice(list(item.offers)))
            who = item.holder or ""
            answer: list[cmd.Command] = [
                cmd.Accept(OfferId(item.offer or 0), who),
                cmd.Accept(OfferId(item.offer or 0), who),
                cmd.Decline(OfferId(item.offer or 0), who, rnd.choice(("", "busy"))),
            ]
            return rnd.choice(answer)
        ids = (item.interaction.id, who, Fence(item.fence or 0))
        if item.author is not None and rnd.random() < 0.7:
            return rnd.choice((cmd.Approve(*ids), cmd.Reject(*ids, rnd.choice(("", "rude")))))
        if item.stage == "wrapping":
            more = cmd.ExtendWrapUp(*ids, rnd.choice((5.0, 20.0)))
            return rnd.choice((cmd.FinishWrapUp(*ids), more))
        held: list[cmd.Command] = [
            cmd.Complete(*ids),
            cmd.Complete(*ids),
            cmd.Release(*ids, rnd.choice(("", "ill"))),
            cmd.Transfer(ids[0], rnd.choice(QUEUES), who, ids[2]),
            self.a_transfer(ids[0], who, ids[2]),
            cmd.Escalate(*ids, rnd.choice(("", "too hard"))),
            self.a_park(ids[0], who, ids[2]),
            cmd.Propose(*ids),
            cmd.Propose(*ids, rnd.choice((None, "drafts/1"))),
            rnd.choice((cmd.Approve(*ids), cmd.Reject(*ids))),
        ]
        return rnd.choice(held)

    def a_transfer(self, name: str, who: str | None = None, fence: Fence | None = None) -> cmd.Command:
        """Return that something is passed on to a colleague, or begins anew elsewhere."""
        rnd = self.rnd
        queue, to, age = rnd.choice(QUEUES), rnd.choice((None, *AGENTS)), rnd.choice(("keep", "reset"))
        return cmd.Transfer(name, queue, who, fence, to, age)

    def a_park(self, name: str, who: str | None = None, fence: Fence | None = None) -> cmd.Command:
        """Return that something is put aside, mostly with a way back."""
        rnd = self.rnd
        until = rnd.choice((None, self.at + 20.0, self.at + 20.0, self.at + 150.0, self.at))
        on_reply, same_agent = rnd.random() < 0.6, rnd.random() < 0.7
        return cmd.Park(name, until, who, fence, on_reply, same_agent)

    def talk(self) -> cmd.Command:
        """Return what is said about an interaction, often about one that is closed."""
        rnd, items = self.rnd, self.router.items
        closed = [item.interaction.id for item in items if item.closed is not None]
        clocked = [item.interaction.id for item in items if item.present_clocks()]
        held = [item.interaction.id for item in items if item.owned]
        parked = [item.interaction.id for item in items if item.stage == "parked"]
        wanted = rnd.choice((closed, closed, clocked, clocked, held, parked, []))
        name = rnd.choice(wanted) if wanted else self.any_id()
        item = self.router.item(name)
        who = rnd.choice(AGENTS) if item is None or item.holder is None else item.holder
        fence = 0 if item is None or item.fence is None else item.fence
        if rnd.random() < 0.1:
            who, fence = rnd.choice(AGENTS), rnd.randint(0, self.router.fences + 1)
        found: list[cmd.Command] = [
            cmd.CustomerReplied(name, rnd.choice((None, None, -1.0, -0.5, 0.5))),
            cmd.CustomerReplied(name),
            cmd.AgentReplied(name, who, rnd.choice((None, Fence(fence)))),
            cmd.AgentReplied(name, who),
            cmd.BotReplied(name),
            cmd.Lock(name, rnd.choice((who, *AGENTS)), rnd.random() < 0.3),
            cmd.Unlock(name, rnd.choice((who, *AGENTS))),
            an_update(rnd, name),
        ]
        if name in closed or rnd.random() < 0.1:
            found += [cmd.Reopen(name, rnd.choice(("", "asked by her boss")))] * 2
        if name not in closed or rnd.random() < 0.1:
            found += [cmd.SetStatus(name, status) for status in Status]
        return rnd.choice(found)

    def stale(self) -> cmd.Command:
        """Return an answer that comes too late or from somebody else."""
        rnd = self.rnd
        offer, fence = (
            OfferId(rnd.randint(0, self.router.placed + 1)),
            Fence(rnd.randint(0, self.router.fences + 1)),
        )
        ids = (self.any_id(), rnd.choice(AGENTS), fence)
        found: list[cmd.Command] = [
            cmd.Accept(offer, ids[1]),
            cmd.Decline(offer, ids[1]),
            cmd.Complete(*ids),
            cmd.FinishWrapUp(*ids),
            cmd.Propose(*ids),
            cmd.Approve(*ids),
            cmd.Release(*ids),
            cmd.Transfer(
                ids[0], rnd.choice((*QUEUES, "none")), rnd.choice((None, ids[1])), rnd.choice((None, fence))
            ),
        ]
        return rnd.choice(found)

    def any_id(self) -> str:
        """Return an id that is mostly known."""
        items = self.router.items
        return self.rnd.choice(items).interaction.id if items and self.rnd.random() < 0.95 else "i0"

    def about_agent(self) -> cmd.Command:
        """Return a change of somebody's presence or abilities."""
        rnd = self.rnd
        name, dice = rnd.choice(AGENTS), rnd.random()
        if self.router.find(name) is None:
            return cmd.AddAgent(an_agent(rnd, name, self.router.plan)) if dice < 0.9 else cmd.SignOn(name)
        if dice < 0.45:
            return cmd.SignOn(name)
        found: list[cmd.Command] = [
            cmd.SignOff(name),
            cmd.SetPresence(name, rnd.choice(list(Presence))),
            cmd.SetPresence(name, rnd.choice(list(Presence))),
            cmd.Disconnect(name),
            cmd.ChangeAgent(an_agent(rnd, name, self.router.plan)),
            cmd.RemoveAgent(name),
            cmd.Pull(name),
            cmd.Pull(name),
            cmd.Heartbeat(name),
            cmd.Heartbeat(name),
            cmd.SetShift(
                name,
                rnd.choice((None, self.at, self.at + 5, self.at + 60.5, self.at + 200)),
                rnd.choice((Presence.OFFLINE, Presence.AWAY)),
            ),
        ]
        return rnd.choice(found)

    def by_hand(self) -> cmd.Command:
        """Return what a supervisor or the customer does."""
        rnd, interaction = self.rnd, self.any_id()
        found: list[cmd.Command] = [
            cmd.Cancel(interaction, rnd.choice(("", "spam"))),
            cmd.Abandon(interaction),
            cmd.Transfer(interaction, rnd.choice(QUEUES)),
            cmd.Assign(interaction, rnd.choice(AGENTS), rnd.random() < 0.5),
            cmd.Tick(),
            cmd.ResumePolicy("capacity"),
            an_update(rnd, interaction),
            an_update(rnd, self.waiting_id() or interaction),
            self.a_park(interaction),
            self.a_transfer(interaction),
            self.a_transfer(self.parked_id() or interaction),
            cmd.Resume(self.parked_id() or interaction),
        ]
        return rnd.choice(found)

    def waiting_id(self) -> str | None:
        """Return the id of something that nobody has."""
        waiting = [item.interaction.id for item in self.router.items if item.stage == "waiting"]
        return self.rnd.choice(waiting) if waiting else None

    def parked_id(self) -> str | None:
        """Return the id of something that is put aside."""
        parked = [item.interaction.id for item in self.router.items if item.stage == "parked"]
        return self.rnd.choice(parked) if parked else None


def said(events: list[ev.Event]) -> list[ev.Event]:
    """Return *events* without the sentences that only people read."""
    return [attrs.evolve(each, reason="") if isinstance(each, ev.Refused) else each for each in events]


@contextmanager
def tuned(wide: int) -> Iterator[None]:
    """Let heads be walked from *wide* lines on, and what is closed be forgotten at once."""
    before = _lines.WIDE, _state.FORGET_EVERY
    _lines.WIDE, _state.FORGET_EVERY = wide, 1
    try:
        yield
    finally:
        _lines.WIDE, _state.FORGET_EVERY = before


def compare(seed: int, steps: list[int], *, timely: bool) -> Engine:
    """Give both the same commands; assert the same events after every one.

    Every step has dice of its own, so that one can be left out and the others stay much the same.
    *timely* ticks at every timer; otherwise several may fall due in one turn, and nobody looks at
    the engine's alarm clock, which drops what counts no more.
    """
    rnd = Random(seed)
    plan = a_plan(rnd)
    engine, router = Engine(plan), Router(plan)
    script = Script(router, rnd.choice(STARTS))
    fast = rnd.random() < 0.5

    def turn(command: cmd.Command, at: float) -> None:
        expected = router.handle(command, at)
        found = said(by_its_own_door(engine, command, at) if fast else engine.handle(command, at))
        assert found == expected, f"{command} at {at}"
        assert [*engine.facts[: engine.timed]] == expected[: engine.timed]
        if timely:
            engine.check()
            assert engine.next_wake <= router.next_effect()
        if len(router.items) % 5 == 0:  # not after every turn: that would take long
            forecasts(engine, router)

    for name in AGENTS[: rnd.randint(0, 4)]:
        turn(cmd.AddAgent(an_agent(rnd, name, plan)), script.at)
        turn(cmd.SignOn(name), script.at)
    for each in steps:
        command, at = script.next(Random(each), engine.next_wake if timely else router.next_wake())
        while timely and engine.next_wake <= at:
            turn(cmd.Tick(), engine.next_wake)
        turn(command, at)
    engine.check()
    return engine


def forecasts(engine: Engine, router: Router) -> None:
    """Assert that both say the same of how long whatever waits will wait."""
    for item in router.items:
        who = item.interaction.id
        if item.stage != "waiting":
            assert (position(engine, who), expected_wait(engine, who)) == (None, None)
            continue
        assert position(engine, who) == router.oracle.position(item), who
        found = expected_wait(engine, who)
        told = router.oracle.expected(item) if router.oracle.asks(item.queue) else None
        assert (found is None) == (told is None), f"{who}: {found}, {told}"
        if found is not None and told is not None:
            assert (found.seconds, found.low, found.high) == pytest.approx(told[:3], rel=1e-6, abs=1e-6), who


def by_its_own_door(engine: Engine, command: cmd.Command, at: float) -> list[ev.Event]:
    """Say *command* by the method that is only for its kind, if it says nothing else."""
    if command.key is None and command.expected_version is None:
        match command:
            case cmd.Submit():
                return engine.submit(command.interaction, at)
            case cmd.Accept():
                return engine.accept(command.offer, command.agent, at)
            case cmd.Complete():
                return engine.complete(command.interaction, command.agent, command.fence, at)
            case cmd.ChangePlan():
                return engine.change_plan(Plan.from_data(command.plan), at)
            case cmd.Tick():
                return engine.tick(at)
            case _:
                pass
    return engine.handle(command, at)


# --- by hand --------------------------------------------------------------------------------------


def by_the_hour(interaction: Interaction, at: float) -> float | None:
    """Fifty seconds, then nothing, then ten."""
    return 50.0 if at < 200 else None if at < 300 else 10.0


WATCHED = Queue(alarms=Alarms(no_eligible_agent=True))
BY_PRIORITY = Queue(work=work.queue_priority, auto_accept=True, wrap_up=10)

RARE: Mapping[str, tuple[Plan, list[tuple[float, cmd.Command]]]] = {
    "who is outbid names another at once, before anybody else is served": (
        Plan(queues=dict.fromkeys(QUEUES, BY_PRIORITY)),
        [
            (0, cmd.AddAgent(Agent(id="ann", queues={"a": 1, "c": 2, "b": 3}, capacity=3))),
            (0, cmd.AddAgent(Agent(id="bob", queues={"a": 1, "b": 2}))),
            (0, cmd.SignOn("ann")),
            *((0, cmd.Submit(Interaction(id=f"ann's {i}", queue="a"))) for i in range(3)),
            (0, cmd.SignOn("bob")),
            (0, cmd.Submit(Interaction(id="bob's", queue="a"))),
            (1, cmd.Submit(Interaction(id="first", queue="b"))),
            (2, cmd.Submit(Interaction(id="second", queue="c"))),
            (3, cmd.Submit(Interaction(id="third", queue="a"))),
            *((4, cmd.Complete(f"ann's {i}", "ann", Fence(i + 1))) for i in range(3)),
            (4, cmd.Complete("bob's", "bob", Fence(4))),
            (14, cmd.Tick()),
        ],
    ),
    "what is opened again is due later than what came after it": (
        Plan(queues={"default": Queue(sla=sla.first_response(100))}),
        [
            (0, cmd.AddAgent(Agent(id="ann"))),
            (0, cmd.SetPresence("ann", Presence.BUSY)),
            (0, cmd.Submit(Interaction(id="first"))),
            (1, cmd.Submit(Interaction(id="again"))),
            (1, cmd.Assign("again", "ann")),
            (2, cmd.Complete("again", "ann", Fence(1))),
            (10, cmd.Submit(Interaction(id="after"))),
            (50, cmd.Reopen("again")),
            (100, cmd.Tick()),
            (110, cmd.Tick()),
            (150, cmd.Tick()),
        ],
    ),
    "it is too old since then also if it came back only in the turn that finds this out": (
        Plan(queues={"default": Queue(alarms=Alarms(oldest_age=60))}, reconnect_grace=10),
        [
            (0, cmd.AddAgent(Agent(id="ann"))),
            (0, cmd.SignOn("ann")),
            (0, cmd.Submit(Interaction(id="it"))),
            (1, cmd.Accept(OfferId(1), "ann")),
            (5, cmd.Disconnect("ann")),
            (100, cmd.Tick()),
        ],
    ),
    "nobody can take it, not even whom it has waited for": (
        Plan(
            queues={"default": attrs.evolve(WATCHED, sticky_wait=15)}, channels={"default": Channel(units=2)}
        ),
        [
            (0, cmd.AddAgent(Agent(id="ann", capacity=1))),
            (0, cmd.SignOn("ann")),
            (0, cmd.Submit(Interaction(id="it", prefers="ann"))),
            (15, cmd.Tick()),
            (20, cmd.Tick()),
        ],
    ),
    "a wait that begins anew ends at another time": (
        Plan(queues={"a": Queue(sticky_wait=15), "b": Queue(sticky_wait=200)}),
        [
            (0, cmd.AddAgent(Agent(id="ann"))),
            (0, cmd.SetPresence("ann", Presence.BUSY)),
            (0, cmd.Submit(Interaction(id="moved", queue="a", prefers="ann"))),
            (0, cmd.Submit(Interaction(id="again", queue="b", prefers="ann"))),
            (5, cmd.Transfer("moved", "b")),
            (5, cmd.Cancel("again")),
            (50, cmd.Reopen("again")),
        ],
    ),
    "what nobody could take was transferred": (
        Plan(queues={"a": WATCHED, "b": Queue()}),
        [(0, cmd.Submit(Interaction(id="it", queue="a"))), (1, cmd.Transfer("it", "b"))],
    ),
    "what was closed has no queue, a successor of its queue, or no channel any more": (
        Plan(queues={"a": Queue(), "b": Queue(reopen_within=9), "c": Queue(reopen=False)}),
        [
            *((0, cmd.Submit(Interaction(id=name, queue=name))) for name in QUEUES),
            *((1, cmd.Cancel(name)) for name in QUEUES),
            (2, cmd.ChangePlan(Plan(queues={"a": Queue()}).to_data())),
            *((2, cmd.CustomerReplied(name)) for name in QUEUES[1:]),
            *((2, cmd.Reopen(name)) for name in QUEUES[1:]),
            (3, cmd.ChangePlan(Plan(queues={"a": Queue()}, successors={"b": "a", "c": "a"}).to_data())),
            *((3, cmd.CustomerReplied(name)) for name in QUEUES[1:]),
            (4, cmd.Cancel("b")),
            (12, cmd.CustomerReplied("b")),
            (13, cmd.Cancel("b")),
            (14, cmd.ChangePlan(Plan(queues={"a": Queue()}, channels={"chat": Channel()}).to_data())),
            (15, cmd.Reopen("a")),
            (16, cmd.Reopen("b")),
        ],
    ),
    "a word about what was closed under another plan is no reason for an alarm": (
        Plan(queues={"default": WATCHED}),
        [
            (0, cmd.Submit(Interaction(id="closed"))),
            (0, cmd.Submit(Interaction(id="open"))),
            (1, cmd.Cancel("closed")),
            (2, cmd.ChangePlan(Plan(name="other", queues={"default": WATCHED}).to_data())),
            (3, cmd.Cancel("open")),
            (4, cmd.BotReplied("closed")),
        ],
    ),
    "what was closed for as long as it may be is opened again, but not later": (
        Plan(queues={"default": Queue(reopen_within=9)}),
        [
            (0, cmd.Submit(Interaction(id="it"))),
            (1, cmd.Cancel("it")),
            (10, cmd.CustomerReplied("it")),
            (10, cmd.Cancel("it")),
            (19.5, cmd.CustomerReplied("it")),
        ],
    ),
    "a warning is given once, although rounding says that it is still to come": (
        Plan(
            queues={
                "default": Queue(
                    targets=(Target(measures="resolution", within=7, warn_at=(0.3,), pauses=("pending",)),)
                )
            }
        ),
        [
            (STARTS[1], cmd.Submit(Interaction(id="it"))),
            (STARTS[1] + 2.1, cmd.SetStatus("it", Status.PENDING)),
            (STARTS[1] + 3, cmd.SetStatus("it", Status.OPEN)),
            (STARTS[1] + 9, cmd.Tick()),
        ],
    ),
    "a target that is late as soon as it is one is missed in the same turn": (
        Plan(
            queues={
                "default": Queue(targets=(Target(measures="resolution", within=by_the_hour),), offer_for=99)
            }
        ),
        [
            (150, cmd.AddAgent(Agent(id="ann"))),
            (150, cmd.SignOn("ann")),
            (150, cmd.Submit(Interaction(id="it"))),
            (190, cmd.Cancel("it")),
            (250, cmd.Reopen("it")),
            (310, cmd.Accept(OfferId(2), "ann")),
        ],
    ),
}
"""What random scripts come to only once in a while."""


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("case", RARE)
def test_what_is_rare_is_decided_alike(case: str, fast: bool) -> None:
    """Small scripts by hand, whether or not anybody looks at the engine's alarm clock in between.

    An engine that is replayed after any of the turns stands where the others do.
    """
    plan, script = RARE[case]
    router = Router(plan)
    looked, unseen = Engine(plan), Engine(plan)
    turns: list[tuple[float, cmd.Command, list[ev.Event], int]] = []
    for at, command in script:
        expected = router.handle(command, at)
        for engine in (looked, unseen):
            found = by_its_own_door(engine, command, float(at)) if fast else engine.handle(command, float(at))
            assert said(found) == expected, f"{command} at {at}"
        looked.check()
        turns.append((float(at), command, unseen.facts, unseen.timed))
        replayed = Engine(plan)
        for turn in turns:
            replayed.absorb(*turn)
        assert replayed.snapshot() == looked.snapshot() == unseen.snapshot()
        assert replayed.next_wake == looked.next_wake


DICE = st.integers(0, 2**32 - 1)
STEPS = st.integers(5, 80).flatmap(lambda count: st.lists(DICE, min_size=count, max_size=count))


@pytest.mark.parametrize("wide", [1, 2, 32])
@settings(max_examples=2 * settings().max_examples)
@given(seed=DICE, steps=STEPS, timely=st.booleans())
def test_the_engine_decides_as_a_scan_of_everything_does(
    wide: int, seed: int, steps: list[int], timely: bool
) -> None:
    """Same plan, same commands, same events: indexes and short cuts change nothing."""
    with tuned(wide):
        compare(seed, steps, timely=timely)


@pytest.mark.parametrize("wide", [1, 32])
@settings(max_examples=settings().max_examples // 10)
@given(seed=DICE)
def test_a_long_day_is_decided_alike(wide: int, seed: int) -> None:
    """Three hundred commands, so that lines grow long and are left from their middle."""
    rnd = Random(seed)
    with tuned(wide):
        compare(seed, [rnd.getrandbits(32) for _ in range(300)], timely=rnd.random() < 0.5)


# --- lines against lists --------------------------------------------------------------------------


class Entry:
    """What can stand in a line."""

    def __init__(self, key: float, seq: int) -> None:
        self.key = key
        self.seq = seq
        self.place: object = None


class LinesAgainstLists(RuleBasedStateMachine):
    """Several lines on one board, beside plain lists that are sorted at every question."""

    @initialize(wide=st.booleans(), walk=st.integers(0, 3))
    def begin(self, wide: bool, walk: int) -> None:
        """Open a board with four lines, all of which compete, and a group of two of them."""
        self.board = _lines.Board()
        self.lines = [_lines.Line(self.board) for _ in range(4)]
        self.lists: list[list[Entry]] = [[] for _ in self.lines]
        self.gone: list[Entry] = []
        self.seq = 0
        self.walk = walk
        self.all = _lines.Group((0,), self.board)
        self.some = _lines.Group((0,), self.board)
        for line in self.lines:
            self.all.add(line)
        for line in self.lines[1:3]:
            self.some.add(line)
        if wide:
            self.board.widen(self.lines)

    @rule()
    def widen(self) -> None:
        """A board may become wide at any time."""
        if not self.board.wide:
            self.board.widen(self.lines)

    @rule(line=st.integers(0, 3), keys=st.lists(st.integers(0, 5), min_size=1, max_size=4))
    def push(self, line: int, keys: list[int]) -> None:
        """Newcomers, in any order of their keys."""
        for key in keys:
            self.seq += 1
            self.stand(line, Entry(float(key), self.seq))

    @rule(line=st.integers(0, 3), dice=DICE, key=st.none() | st.integers(0, 9))
    def come_back(self, line: int, dice: int, key: int | None) -> None:
        """Somebody who left stands again, here or elsewhere, perhaps with another key."""
        if self.gone:
            entry = self.gone.pop(dice % len(self.gone))
            entry.key = entry.key if key is None else float(key)
            self.stand(line, entry)

    def stand(self, line: int, entry: Entry) -> None:
        """Let *entry* stand in both."""
        self.lines[line].push(entry)
        self.lists[line].append(entry)

    @rule(line=st.integers(0, 3), dice=st.lists(DICE, min_size=1, max_size=4))
    def leave(self, line: int, dice: list[int]) -> None:
        """Some leave from anywhere."""
        for each in dice:
            if self.lists[line]:
                entry = self.lists[line].pop(each % len(self.lists[line]))
                self.lines[line].remove(entry)
                assert entry.place is None
                self.gone.append(entry)

    @rule(line=st.integers(0, 3))
    def pop(self, line: int) -> None:
        """The first one is served."""
        if self.lists[line]:
            first = min(self.lists[line], key=_place)
            assert self.lines[line].pop() is first
            assert first.place is None
            self.lists[line].remove(first)
            self.gone.append(first)

    @invariant()
    def heads_are_the_least(self) -> None:
        """Every line knows its head and all who stand in it; the groups know the first of all."""
        for line, entries in zip(self.lines, self.lists, strict=True):
            assert line.head is min(entries, key=_place, default=None)
            assert line.key == min((entry.key for entry in entries), default=float("inf"))
            assert sorted(line, key=_place) == sorted(entries, key=_place)
            assert len(line) == len(entries)
        assert self.board.filled == sum(1 for entries in self.lists if entries)
        if self.board.wide:
            keys = [line.key for line in self.board.lines]
            assert keys == sorted(line.key for line in self.lines if line.head is not None)
        self.check_group(self.all, self.lists)
        self.check_group(self.some, self.lists[1:3])

    def check_group(self, group: _lines.Group, lists: list[list[Entry]]) -> None:
        """The first of a group is the least of all that stand in its lines."""
        before = _lines.WIDE, _lines.WALK
        _lines.WIDE, _lines.WALK = (0 if self.board.wide else 32), self.walk
        try:
            first = group.first()
        finally:
            _lines.WIDE, _lines.WALK = before
        expected = min((entry for entries in lists for entry in entries), key=_place, default=None)
        assert (first.head if first is not None else None) is expected


def _place(entry: Entry) -> tuple[float, int]:
    return entry.key, entry.seq


TestLinesAgainstLists = LinesAgainstLists.TestCase
