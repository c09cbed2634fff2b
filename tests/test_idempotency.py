"""Said twice, it counts once: keys, natural keys, offers and fences, over any number of restarts."""

from collections import deque
from pathlib import Path
from typing import Any, get_args

import attrs
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.builders import only
from tests.fronts import LOST, TABLE, front_of, mention
from workassign import commands as cmd
from workassign import events as ev
from workassign.desk import Desk
from workassign.engine import Engine
from workassign.journal import Store, entries, replay, verify
from workassign.model import Agent, Interaction
from workassign.plan import Plan, Queue
from workassign.social.happenings import Entered
from workassign.stores.memory import MemoryStore
from workassign.stores.sqlite import SqliteStore

DAY = 86_400.0


class Hand:
    """Moves the clock."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def opened(store: Store, hand: Hand, plan: Plan | None = None) -> Desk:
    return Desk.open(store, plan, clock=hand)


def held(desk: Desk, id: str = "a", agent: str = "ann") -> ev.Assigned:
    """Let an agent come, and take what was submitted."""
    desk.handle(cmd.AddAgent(Agent(id=agent)))
    desk.handle(cmd.SignOn(agent))
    offered = only(ev.Offered, desk.handle(cmd.Submit(Interaction(id=id))))
    return only(ev.Assigned, desk.handle(cmd.Accept(offered.offer, agent)))


# --- keys ---------------------------------------------------------------------------------------


def test_the_same_key_with_the_same_body_gets_the_same_answer_and_is_no_new_fact(tmp_path: Path) -> None:
    hand, path = Hand(), tmp_path / "journal"
    desk = opened(SqliteStore(path), hand)
    command = cmd.Submit(Interaction(id="a"), key="k", actor="web")
    first = desk.handle(command)
    head = len(list(desk.events()))
    for _ in range(3):
        hand.at += 60
        assert desk.handle(attrs.evolve(command)) == first
        desk.close()
        desk = opened(SqliteStore(path), hand)
    assert len(list(desk.events())) == head
    desk.close()


@pytest.mark.parametrize(
    "other",
    [
        cmd.Submit(Interaction(id="a", sentiment=-1.0), key="k"),
        cmd.Submit(Interaction(id="b"), key="k"),
        cmd.Submit(Interaction(id="a"), key="k", actor="somebody else"),
        cmd.Submit(Interaction(id="a"), key="k", expected_version=1),
        cmd.Cancel("a", key="k"),
        cmd.Tick(key="k"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_the_same_key_with_another_body_is_a_conflict_and_changes_nothing(other: cmd.Command) -> None:
    store, hand = MemoryStore(), Hand()
    desk = opened(store, hand)
    first = desk.handle(cmd.Submit(Interaction(id="a"), key="k"))
    for _ in range(2):
        before = desk.interaction("a")
        refused = only(ev.Refused, desk.handle(other))
        assert (refused.rule, refused.command) == ("key_reused", type(other).__name__)
        assert "'k' was used for another command" in refused.reason
        assert desk.interaction("a") == before
        assert desk.handle(cmd.Submit(Interaction(id="a"), key="k")) == first
        desk = opened(store, hand)


def test_a_refusal_is_remembered_as_any_other_answer() -> None:
    desk = opened(MemoryStore(), Hand())
    refused = desk.handle(cmd.Cancel("a", key="k"))
    desk.handle(cmd.Submit(Interaction(id="a")))
    assert desk.handle(cmd.Cancel("a", key="k")) == refused
    assert desk.interaction("a").stage == "waiting"


def test_a_key_is_remembered_for_seven_days_of_the_journals_time_and_then_forgotten_alike() -> None:
    store, hand = MemoryStore(), Hand()
    desk = opened(store, hand)
    refused = desk.handle(cmd.Cancel("a", key="k"))
    hand.at = 7 * DAY
    desk.handle(cmd.Tick(key="another"))
    for each in (desk, opened(store, hand)):
        assert each.handle(cmd.Cancel("a", key="k")) == refused
    hand.at += 1
    desk.handle(cmd.Tick(key="a third"))
    live = desk._run.engine.snapshot()  # type: ignore[union-attr]
    assert [key for _, key in live["keys"]] == ["another", "a third"]
    assert replay(store).snapshot() == live
    desk.handle(cmd.Submit(Interaction(id="a")))
    assert isinstance(desk.handle(cmd.Cancel("a", key="k"))[0], ev.Cancelled)
    assert verify(store).ok


def test_a_key_is_the_callers_and_no_part_of_another() -> None:
    desk = opened(MemoryStore(), Hand())
    for number, key in enumerate(("k", "K", "k ", " k", "\u212a", "k" * 200)):
        answer = desk.handle(cmd.Submit(Interaction(id=f"i{number}"), key=key))
        assert not [event for event in answer if isinstance(event, ev.Refused)]


# --- natural keys -------------------------------------------------------------------------------


def test_the_same_interaction_without_a_key_is_one_interaction() -> None:
    store, hand = MemoryStore(), Hand()
    desk = opened(store, hand)
    first = desk.handle(cmd.Submit(Interaction(id="x/17", sentiment=0.5)))
    for _ in range(2):
        assert desk.handle(cmd.Submit(Interaction(id="x/17", sentiment=0.5))) == first
        refused = only(ev.Refused, desk.handle(cmd.Submit(Interaction(id="x/17"))))
        assert refused.rule == "id_reused"
        desk = opened(store, hand)
    assert desk.queue("default").page() == ["x/17"]


def test_a_mention_posted_twice_is_one_interaction_also_after_a_restart() -> None:
    """Its name is made of its network and its id there: the engine knows it when the front does not."""
    plan = Plan(queues={"air": Queue(), "sea": Queue()}, channels={"default": Plan().channels["default"]})
    store, hand = MemoryStore(), Hand()
    posted = mention("17", LOST)
    for _ in range(3):
        desk, front = opened(store, hand, plan), front_of(plan, TABLE)
        for _ in range(2):
            taken = front.take(posted)
            for command in taken.commands:
                desk.handle(command)
        hand.at += 60
        assert [each.mention for each in taken.happenings if isinstance(each, Entered)] == []
        assert desk.queue("air").page() == ["x/17"]
    commands = [type(entry.command) for entry in entries(store) if isinstance(entry.command, cmd.Submit)]
    assert len(commands) == 1
    other = front_of(plan, TABLE).take(mention("17", LOST, network="y"))
    assert [command.interaction.id for command in other.commands if isinstance(command, cmd.Submit)] == [
        "y/17"
    ]


# --- offers -------------------------------------------------------------------------------------


def test_an_accept_is_said_once_by_its_agent_whatever_comes_between() -> None:
    store, hand = MemoryStore(), Hand()
    desk = opened(store, hand)
    desk.handle(cmd.AddAgent(Agent(id="bob", queues={})))
    assigned = held(desk)
    assert assigned.offer is not None
    count = len(list(desk.events()))
    for _ in range(2):
        hand.at += 1_000
        assert desk.handle(cmd.Accept(assigned.offer, "ann")) == [assigned]
        assert len(list(desk.events())) == count
        desk = opened(store, hand)
    for agent, said in (("bob", "is not open any more"), ("nobody", "is not open any more")):
        refused = only(ev.Refused, desk.handle(cmd.Accept(assigned.offer, agent)))
        assert (refused.rule, refused.subject) == ("offer_closed", str(assigned.offer))
        assert said in refused.reason
    assert desk.interaction("a").agent == "ann"


def test_an_offer_is_its_agents_and_may_be_late() -> None:
    desk = opened(MemoryStore(), hand := Hand())
    desk.handle(cmd.AddAgent(Agent(id="ann")))
    desk.handle(cmd.SignOn("ann"))
    offered = only(ev.Offered, desk.handle(cmd.Submit(Interaction(id="a"))))
    assert only(ev.Refused, desk.handle(cmd.Accept(offered.offer, "bob"))).rule == "not_your_offer"
    assert only(ev.Refused, desk.handle(cmd.Accept(offered.offer + 1, "ann"))).rule == "unknown_offer"
    hand.at = offered.expires  # at that very instant it is late
    answer = desk.handle(cmd.Accept(offered.offer, "ann"))
    assert [type(event) for event in answer][:1] == [ev.OfferExpired]
    assert only(ev.Refused, answer).rule == "offer_closed"


# --- fences -------------------------------------------------------------------------------------

FENCED = [kind for kind in get_args(cmd.Command) if "fence" in {each.name for each in attrs.fields(kind)}]


def said(kind: type, fence: int | None, agent: str | None) -> cmd.Command:
    """What somebody says who shows a fence."""
    more: dict[type, dict[str, Any]] = {cmd.Transfer: {"queue": "other"}, cmd.ExtendWrapUp: {"seconds": 5.0}}
    command: cmd.Command = kind(interaction="a", agent=agent, fence=fence, **more.get(kind, {}))
    return command


@pytest.mark.parametrize("kind", FENCED, ids=lambda kind: kind.__name__)
def test_whoever_had_it_before_can_do_nothing_to_it_any_more(kind: type) -> None:
    """She shows the fence that she had; it has gone to somebody else since, and even back to her."""
    plan = Plan(queues={"default": Queue(), "other": Queue()})
    store = MemoryStore()
    desk = opened(store, Hand(), plan)
    old = held(desk)
    desk.handle(cmd.AddAgent(Agent(id="bob")))
    desk.handle(cmd.SignOn("bob"))
    now = desk.interaction("a")
    for holder in ("bob", "ann"):
        assert now.agent is not None
        assert now.fence is not None
        desk.handle(cmd.Release("a", now.agent, now.fence))
        desk.handle(cmd.Assign("a", holder))
        now = desk.interaction("a")
        assert (now.agent, now.fence is not None and now.fence > old.fence) == (holder, True)
        refused = only(ev.Refused, desk.handle(said(kind, old.fence, "ann")))
        assert refused.rule == ("not_holder" if holder == "bob" else "stale_fence")
        desk = opened(store, Hand())
        again = desk.interaction("a")
        assert (again.agent, again.fence, again.stage) == (now.agent, now.fence, now.stage)


@pytest.mark.parametrize("kind", [cmd.Transfer, cmd.Park])
def test_what_is_held_moves_only_for_its_fence(kind: type) -> None:
    desk = opened(MemoryStore(), Hand(), Plan(queues={"default": Queue(), "other": Queue()}))
    assigned = held(desk)
    assert only(ev.Refused, desk.handle(said(kind, None, None))).rule in ("not_holder", "stale_fence")
    assert only(ev.Refused, desk.handle(said(kind, None, "ann"))).rule == "stale_fence"
    assert desk.interaction("a").fence == assigned.fence


# --- any order of retries -----------------------------------------------------------------------

RETENTION = 1_000.0

NUMBERS = st.integers(0, 5)


class Retries(RuleBasedStateMachine):
    """Commands, their retries in any order, conflicts and restarts, against a model that knows keys only."""

    @initialize()
    def begin(self) -> None:
        self.store, self.hand = MemoryStore(), Hand()
        self.desk = opened(self.store, self.hand, Plan(retention=RETENTION))
        for agent in ("ann", "bob"):
            self.desk.handle(cmd.AddAgent(Agent(id=agent, capacity=2)))
            self.desk.handle(cmd.SignOn(agent))
        self.sent: list[cmd.Command] = []
        self.known: dict[str, tuple[cmd.Command, list[ev.Event]]] = {}
        self.ages: deque[tuple[float, str]] = deque()
        self.offers: list[tuple[int, str]] = [(1, "ann")]
        self.fences: list[tuple[str, str, int]] = [("i0", "ann", 1)]
        self.number = 0

    def count(self) -> int:
        return len(list(self.desk.events()))

    def told(self, command: cmd.Command) -> None:
        """Tell the desk, and hold its answer against what the model knows of the key."""
        self.desk.tick()  # what is due is none of the command's answer then
        before = self.count()
        answer = self.desk.handle(command)
        assert command.key is not None
        found = self.known.get(command.key)
        if found is None:
            self.sent.append(command)
            self.known[command.key] = command, answer
            self.ages.append((self.hand.at, command.key))
            while self.ages[0][0] < self.hand.at - RETENTION:
                del self.known[self.ages.popleft()[1]]
        elif found[0] == command:
            assert answer == found[1]
            assert self.count() == before
        else:
            assert [event.rule for event in answer if isinstance(event, ev.Refused)] == ["key_reused"]
            assert self.count() == before + 1
        for event in answer:
            if isinstance(event, ev.Offered):
                self.offers.append((event.offer, event.agent))
            elif isinstance(event, ev.Assigned):
                self.fences.append((event.interaction, event.agent, event.fence))

    def key(self) -> str:
        self.number += 1
        return f"k{self.number}"

    @rule(number=NUMBERS, sentiment=st.sampled_from([None, -1.0]))
    def submit(self, number: int, sentiment: float | None) -> None:
        self.told(cmd.Submit(Interaction(id=f"i{number}", sentiment=sentiment), key=self.key()))

    @rule(back=NUMBERS, agent=st.sampled_from([None, "ann", "bob"]))
    def accept(self, back: int, agent: str | None) -> None:
        offer, whose = self.offers[-1 - back % len(self.offers)]
        self.told(cmd.Accept(offer, agent or whose, key=self.key()))

    @rule(back=NUMBERS, kind=st.sampled_from([cmd.Complete, cmd.Release, cmd.FinishWrapUp, cmd.Park]))
    def let_go(self, back: int, kind: type) -> None:
        interaction, agent, fence = self.fences[-1 - back % len(self.fences)]
        command: cmd.Command = kind(interaction=interaction, agent=agent, fence=fence, key=self.key())
        self.told(command)

    @rule(number=NUMBERS, kind=st.sampled_from([cmd.Cancel, cmd.Reopen, cmd.Resume, cmd.CustomerReplied]))
    def say(self, number: int, kind: type) -> None:
        command: cmd.Command = kind(f"i{number}", key=self.key())
        self.told(command)

    @rule(numbers=st.lists(st.integers(0, 30), min_size=1, max_size=6))
    def retry(self, numbers: list[int]) -> None:
        """Some of what was sent comes again, in whatever order."""
        for number in numbers:
            if self.sent:
                self.told(self.sent[-1 - number % len(self.sent)])

    @rule(number=st.integers(0, 30), other=st.integers(0, 30))
    def conflict(self, number: int, other: int) -> None:
        """A key comes with the body of another command."""
        if self.sent:
            one, two = (self.sent[-1 - each % len(self.sent)] for each in (number, other))
            self.told(attrs.evolve(two, key=one.key))

    @rule(seconds=st.sampled_from([1.0, 40.0, 500.0, 1_000.0]))
    def wait(self, seconds: float) -> None:
        self.hand.at += seconds

    @rule(kept=st.booleans())
    def restart(self, kept: bool) -> None:
        """Nothing closes the desk: it is gone, and another one begins where the journal ends."""
        if kept:
            self.desk.snapshot()
        self.desk = opened(self.store, self.hand)

    @invariant()
    def the_keys_are_those_of_the_model(self) -> None:
        engine = self.desk._run.engine  # type: ignore[union-attr]
        assert [key for _, key in engine.snapshot()["keys"]] == [key for _, key in self.ages]

    def teardown(self) -> None:
        if hasattr(self, "store"):
            assert replay(self.store).snapshot() == self.desk._run.engine.snapshot()  # type: ignore[union-attr]
            assert verify(self.store).ok


TestRetries = Retries.TestCase
TestRetries.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_an_engine_alone_keeps_keys_as_well() -> None:
    engine = Engine()
    first = engine.submit(Interaction(id="a"), 1.0, key="k")
    assert engine.submit(Interaction(id="a"), 2.0, key="k") == first
    assert only(ev.Refused, engine.submit(Interaction(id="b"), 3.0, key="k")).rule == "key_reused"
