"""The engine decides exactly as a router that scans everything does (`brute.py`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    Interaction,
    Needs,
    Plan,
    Presence,
    Queue,
    _lines,
    _state,
)
from workassign import commands as cmd
from workassign import events as ev
from workassign.model import Fence, OfferId
from workassign.policies import capacity, offers, ordering, scoring, selection, sla, work
from workassign.policies.selection import AgentFacts

QUEUES = ("a", "b", "c")
CHANNELS = ("default", "chat", "call")
SKILLS = ("x", "y", "z")
AGENTS = ("ann", "bob", "cyd", "dan")

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


def half(submitted: float, target: float | None) -> float:
    """A reference between arrival and due."""
    return submitted if target is None else submitted + target / 2


# --- instances ------------------------------------------------------------------------------------


def a_plan(rnd: Random) -> Plan:
    """Return a plan with up to three queues and channels."""
    queues = {name: a_queue(rnd) for name in QUEUES[: rnd.randint(1, 3)]}
    units = {name: rnd.choice((1.0, 1.0, 0.1, 0.3, 2.5)) for name in CHANNELS[: rnd.randint(1, 3)]}
    rules = (None, None, capacity.one_at_a_time, capacity.one_channel_at_a_time, after_the_first, chat_alone)
    return Plan(
        queues=queues,
        channels={name: Channel(units=each) for name, each in units.items()},
        skills=rnd.choice((None, None, None, frozenset(SKILLS))),
        capacity=rnd.choice(rules),
        successors={name: "a" for name in QUEUES if name not in queues and rnd.random() < 0.7},
        reconnect_grace=rnd.choice((10.0, 60.0)),
        retention=rnd.choice((50.0, 604800.0)),
    )


def a_queue(rnd: Random) -> Queue:
    """Return a queue with any policies."""
    target = rnd.choice((None, sla.first_response(20), sla.first_response(100), for_the_angry))
    orders = (ordering.arrival, half) if target is None else (ordering.arrival, ordering.due, half)
    scores = (scoring.sentiment(most=20), scoring.customer_value(most=30, quantiles=[0, 10, 100]))
    more = (scoring.influence(most=10), scoring.weighted(parts=[(2.0, scoring.sentiment(most=5))]))
    return Queue(
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
                weakest,
            )
        ),
        work=rnd.choice(
            (work.greatest_need, work.greatest_need, work.best_skill, work.queue_priority, by_needs)
        ),
        offer_for=rnd.choice((30.0, 30.0, 5.0)),
        auto_accept=rnd.random() < 0.2,
        wrap_up=rnd.choice((None, None, 5.0, 40.0)),
        sla=target,
        sticky_wait=rnd.choice((None, 15.0, 200.0)),
        refusals=rnd.choice((offers.per_cause(), a_backoff(rnd))),
    )


def a_backoff(rnd: Random) -> offers.RefusalPolicy:
    """Return a refusal policy with short and coinciding times."""

    def one() -> dict[str, Any]:
        return {
            "cool_down": rnd.choice((5.0, 10.0)),
            "exclusion": rnd.choice((10.0, 50.0)),
            "rest": rnd.choice((None, None, 5.0, 20.0)),
            "pause_after": rnd.choice((None, 1, 2)),
            "window": rnd.choice((1.0, 900.0)),
        }

    return offers.per_cause(declined=one(), expired=one(), disconnected=one())


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
    )


def an_interaction(rnd: Random, number: int, plan: Plan) -> Interaction:
    """Return an interaction that mostly fits the plan."""
    stray = rnd.random() < 0.03
    who = Customer(id="c", value=rnd.choice((None, 5, 50, 500)), followers=rnd.choice((None, 10, 10_000)))
    needs = {skill: float(rnd.randint(0, 2)) for skill in SKILLS if rnd.random() < 0.3}
    return Interaction(
        id=f"i{number}",
        queue=rnd.choice(QUEUES if stray else list(plan.queues)),
        channel=rnd.choice(CHANNELS if stray else list(plan.channels)),
        needs=Needs(rnd.choice(({}, {}, needs))),
        customer=rnd.choice((None, who)),
        sentiment=rnd.choice((None, None, -1.0, -0.5, 0.5)),
        tier=rnd.choice((None, None, None, None, 0, 3)),
        prefers=rnd.choice((None, None, *AGENTS)),
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
        if dice < 0.30:
            self.number += 1
            return cmd.Submit(an_interaction(rnd, self.number, self.router.plan))
        if dice < 0.65:
            return self.by_agent()
        if dice < 0.88:
            return self.about_agent()
        if dice < 0.90:
            return cmd.ChangePlan(a_plan(rnd).to_data())
        return self.by_hand()

    def by_agent(self) -> cmd.Command:
        """Return what an agent says about what she is offered or holds."""
        rnd = self.rnd
        busy = [item for item in self.router.items if item.holder is not None]
        if not busy or rnd.random() < 0.05:
            return self.stale()
        item = rnd.choice(busy)
        who = item.holder or ""
        if item.stage == "offered":
            answer: list[cmd.Command] = [
                cmd.Accept(OfferId(item.offer or 0), who),
                cmd.Accept(OfferId(item.offer or 0), who),
                cmd.Decline(OfferId(item.offer or 0), who, rnd.choice(("", "busy"))),
            ]
            return rnd.choice(answer)
        ids = (item.interaction.id, who, Fence(item.fence or 0))
        if item.stage == "wrapping":
            return cmd.FinishWrapUp(*ids)
        held: list[cmd.Command] = [
            cmd.Complete(*ids),
            cmd.Complete(*ids),
            cmd.Release(*ids, rnd.choice(("", "ill"))),
            cmd.Transfer(ids[0], rnd.choice(QUEUES), who, ids[2]),
        ]
        return rnd.choice(held)

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
        ]
        return rnd.choice(found)


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
    *timely* ticks at every timer, otherwise several may fall due in one turn.
    """
    rnd = Random(seed)
    plan = a_plan(rnd)
    engine, router = Engine(plan), Router(plan)
    script = Script(router, rnd.choice((0.0, 1_767_225_600.0)))

    def turn(command: cmd.Command, at: float) -> None:
        expected = router.handle(command, at)
        found = said(engine.handle(command, at))
        assert found == expected, f"{command} at {at}"
        assert [*engine.facts[: engine.timed]] == expected[: engine.timed]

    for name in AGENTS[: rnd.randint(0, 4)]:
        turn(cmd.AddAgent(an_agent(rnd, name, plan)), script.at)
        turn(cmd.SignOn(name), script.at)
    for each in steps:
        command, at = script.next(Random(each), engine.next_wake)
        while timely and engine.next_wake <= at:
            turn(cmd.Tick(), engine.next_wake)
        turn(command, at)
        engine.check()
    return engine


DICE = st.integers(0, 2**32 - 1)
STEPS = st.integers(5, 80).flatmap(lambda count: st.lists(DICE, min_size=count, max_size=count))


@pytest.mark.parametrize("wide", [1, 2, 32])
@settings(max_examples=3 * settings().max_examples)
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
    """Four hundred commands, so that lines grow long and are left from their middle."""
    rnd = Random(seed)
    with tuned(wide):
        compare(seed, [rnd.getrandbits(32) for _ in range(400)], timely=rnd.random() < 0.5)


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
