"""What an application may rely on: what it was told is durable, once, whatever fails."""

import itertools
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from workassign import commands as cmd
from workassign import events as ev
from workassign.desk import Desk
from workassign.engine import Engine
from workassign.errors import JournalError, PlanError, UsageError
from workassign.journal import Store, entries, verify
from workassign.model import Agent, Channel, Customer, Interaction, InteractionId, Presence
from workassign.needs import Needs
from workassign.plan import Plan, Queue
from workassign.policies import scoring, selection, sla
from workassign.stores.jsonl import JsonlStore
from workassign.stores.memory import MemoryStore
from workassign.stores.sqlite import SqliteStore

E = TypeVar("E")

SHELVES: dict[str, Callable[[Path], Store]] = {
    "memory": lambda path: MemoryStore(),
    "jsonl": JsonlStore,
    "sqlite": SqliteStore,
}


@pytest.fixture(params=SHELVES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made = SHELVES[request.param](tmp_path / "journal")
    yield made
    made.close()


def still() -> float:
    """A clock that stands at noon."""
    return 43_200.0


def only(found: Sequence[ev.Event], kind: type[E]) -> E:
    [event] = [each for each in found if isinstance(each, kind)]
    return event


class Failing(MemoryStore):
    """A shelf whose appends fail where it is told so: before or after keeping the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.fails: set[int] = set()
        self.kept = False
        self.calls = 0
        self.poisoned = False

    def append(self, expected_head: int, batch: Sequence[bytes]) -> int:
        self.calls += 1
        if self.poisoned:
            raise JournalError("an append has failed: reopen the store")
        if self.calls in self.fails:
            self.poisoned = True
            if self.kept:
                super().append(expected_head, batch)
            raise JournalError("no space left on device")
        return super().append(expected_head, batch)

    def reopen(self) -> None:
        super().reopen()
        self.poisoned = False


# --- opening ------------------------------------------------------------------------------------


def test_a_desk_begins_a_journal_and_goes_on_with_it(tmp_path: Path) -> None:
    for make in (JsonlStore, SqliteStore):
        path = tmp_path / make.__name__
        with Desk(Engine(), make(path), clock=still) as desk:
            desk.handle(cmd.Submit(Interaction(id="a"), key="k"))
        with Desk.open(make(path), clock=still) as desk:
            assert desk.interaction("a").stage == "waiting"
            desk.handle(cmd.AddAgent(Agent(id="ann")))
            assert only(desk.handle(cmd.SignOn("ann")), ev.Offered).interaction == "a"


def test_an_empty_store_is_opened_under_the_plan_that_is_given(store: Store) -> None:
    plan = Plan(queues={"vip": Queue(tier=0)})
    with Desk.open(store, plan, clock=still) as desk:
        assert desk.queue("vip").length == 0


def test_a_store_with_a_journal_is_not_begun_again(store: Store) -> None:
    Desk(Engine(), store, clock=still)
    with pytest.raises(JournalError, match="has a journal already"):
        Desk(Engine(), store, clock=still)


def test_an_engine_with_a_past_is_refused(store: Store) -> None:
    engine = Engine()
    engine.tick(1)
    with pytest.raises(UsageError, match="has a past"):
        Desk(engine, store, clock=still)
    assert store.head() == -1


def test_a_policy_without_a_name_is_refused_when_the_desk_is_opened(store: Store) -> None:
    plan = Plan(queues={"default": Queue(selection=lambda agent: 0.0)})
    with pytest.raises(PlanError, match=r"queues\.default\.selection"):
        Desk(Engine(plan), store, clock=still)
    with pytest.raises(PlanError, match=r"queues\.default\.selection"):
        Desk.open(store, plan, clock=still)


def test_another_plan_is_a_change_of_plan_in_the_journal_and_the_same_one_is_not(store: Store) -> None:
    plan = Plan(queues={"default": Queue(offer_for=7)})
    desk = Desk(Engine(), store, clock=still)
    desk.handle(cmd.Tick())
    desk = Desk.open(store, plan, clock=still)
    assert isinstance(list(entries(store))[-1].command, cmd.ChangePlan)
    head = store.head()
    desk = Desk.open(store, plan, clock=still)
    desk = Desk.open(store, clock=still)
    assert store.head() == head
    desk.handle(cmd.AddAgent(Agent(id="ann")))
    desk.handle(cmd.SignOn("ann"))
    offered = only(desk.handle(cmd.Submit(Interaction(id="a"))), ev.Offered)
    assert offered.expires == still() + 7


def test_a_plan_that_the_open_work_does_not_fit_is_refused(store: Store) -> None:
    desk = Desk(Engine(), store, clock=still)
    desk.handle(cmd.Submit(Interaction(id="a")))
    with pytest.raises(PlanError, match="name its successor"):
        Desk.open(store, Plan(queues={"vip": Queue()}), clock=still)


def test_a_damaged_journal_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with Desk(Engine(), JsonlStore(path), clock=still) as desk:
        desk.handle(cmd.Submit(Interaction(id="a")))
        desk.handle(cmd.Submit(Interaction(id="b")))
    path.write_bytes(path.read_bytes().replace(b'"id":"a"', b'"id":"z"'))
    store = JsonlStore(path)
    with pytest.raises(JournalError, match="entry 1 was altered"):
        Desk.open(store)
    store.close()


def test_a_closed_desk_does_nothing(store: Store) -> None:
    desk = Desk(Engine(), store, clock=still)
    desk.close()
    desk.close()
    for ask in (desk.tick, lambda: desk.queue("default"), lambda: desk.next_wake, desk.events):
        with pytest.raises(UsageError, match="closed"):
            ask()


# --- time ---------------------------------------------------------------------------------------


def test_time_never_goes_back_although_the_clock_does(store: Store) -> None:
    clock = itertools.chain([100.0, 90.0, 95.0], itertools.repeat(110.0))
    desk = Desk(Engine(), store, clock=lambda: next(clock))
    stamped = [desk.handle(cmd.Submit(Interaction(id=name)))[0].at for name in "abcd"]
    assert stamped == [100.0, 100.0, 100.0, 110.0]


def test_a_caller_may_say_when_but_not_before_the_last_turn(store: Store) -> None:
    desk = Desk(Engine(), store, clock=still)
    desk.handle(cmd.Submit(Interaction(id="a")), at=5)
    with pytest.raises(UsageError, match="runs backwards"):
        desk.handle(cmd.Submit(Interaction(id="b")), at=4)
    assert [number for number, _ in desk.events()] == [1]


def test_tick_lets_happen_what_is_due_at_the_next_wake(store: Store) -> None:
    desk = Desk(Engine(), store, clock=still)
    desk.handle(cmd.AddAgent(Agent(id="ann")), 0)
    desk.handle(cmd.SignOn("ann"), 0)
    desk.handle(cmd.Submit(Interaction(id="a")), 0)
    assert desk.next_wake == 30.0
    assert only(desk.tick(desk.next_wake), ev.OfferExpired).due == 30.0
    assert desk.next_wake > 30.0


# --- keys ---------------------------------------------------------------------------------------


def test_what_is_said_twice_counts_once_also_after_a_restart(store: Store) -> None:
    desk = Desk(Engine(), store, clock=still)
    command = cmd.Submit(Interaction(id="a", needs=Needs({"en": 1}), attributes={"n": 1.5}), key="k")
    first = desk.handle(command)
    assert desk.handle(command) == first
    desk = Desk.open(store, clock=still)
    assert desk.handle(command) == first
    assert (
        desk.handle(cmd.Submit(Interaction(id="a", needs=Needs({"en": 1}), attributes={"n": 1.5}))) == first
    )
    assert only(desk.handle(cmd.Submit(Interaction(id="b"), key="k")), ev.Refused).rule == "key_reused"
    assert desk.queue("default").length == 1


def test_a_plan_said_twice_counts_once_also_after_a_restart(store: Store) -> None:
    """The journal keeps lists where the caller had tuples; that is no other plan."""
    data = {**Plan().to_data(), "name": "other", "skills": ("en", "es")}
    desk = Desk(Engine(), store, clock=still)
    first = desk.handle(cmd.ChangePlan(data, key="k"))
    assert desk.handle(cmd.ChangePlan(data, key="k")) == first
    assert Desk.open(store, clock=still).handle(cmd.ChangePlan(data, key="k")) == first


# --- looking ------------------------------------------------------------------------------------


def busy_desk() -> Desk:
    plan = Plan(
        queues={
            "care": Queue(scoring=(scoring.sentiment(most=900),), sla=sla.first_response(60)),
            "vip": Queue(tier=0, selection=selection.best_skill),
        },
        channels={"tweet": Channel(), "chat": Channel(units=2.0)},
    )
    desk = Desk(Engine(plan), MemoryStore(), clock=still)
    desk.handle(cmd.AddAgent(Agent(id="ann", skills={"en": 1}, capacity=3)), 0)
    desk.handle(cmd.SignOn("ann"), 0)
    desk.handle(cmd.Submit(Interaction(id="chat", queue="care", channel="chat")), 1)
    desk.handle(cmd.Submit(Interaction(id="vip", queue="vip", channel="tweet")), 2)
    for at, name, sentiment in ((3, "mild", None), (4, "cross", -0.5), (5, "furious", -1.0)):
        desk.handle(cmd.Submit(Interaction(id=name, queue="care", channel="tweet", sentiment=sentiment)), at)
    return desk


def test_an_interaction_is_seen_with_everything_that_decides_about_it() -> None:
    desk = busy_desk()
    seen = desk.interaction("cross")
    assert (seen.stage, seen.queue, seen.channel, seen.tier) == ("waiting", "care", "tweet", 1)
    assert (seen.submitted, seen.head_start, seen.key, seen.due) == (4.0, 450.0, -446.0, 64.0)
    assert seen.terms == (("sentiment", 450.0),)
    assert (seen.agent, seen.offer, seen.fence, seen.position) == (None, None, None, 2)


def test_an_interaction_is_seen_through_its_life() -> None:
    desk = busy_desk()
    offered = desk.interaction("vip")
    assert (offered.stage, offered.agent, offered.offer, offered.position) == ("offered", "ann", 2, None)
    assigned = only(desk.handle(cmd.Accept(offered.offer or 0, "ann"), 6), ev.Assigned)
    held = desk.interaction("vip")
    assert (held.stage, held.agent, held.offer, held.fence) == ("assigned", "ann", None, assigned.fence)
    assert held.version > offered.version
    desk.handle(cmd.Complete("vip", "ann", assigned.fence), 7)
    closed = desk.interaction("vip")
    assert (closed.stage, closed.agent, closed.fence, closed.key) == ("closed", None, None, None)


def test_an_agent_is_seen_with_what_she_is_offered_and_has() -> None:
    desk = busy_desk()
    desk.handle(cmd.Accept(desk.interaction("chat").offer or 0, "ann"), 6)
    seen = desk.agent("ann")
    assert seen.presence is Presence.AVAILABLE
    assert seen.offers == {2: "vip"}
    assert seen.work == {"chat": 1}
    assert (seen.load, seen.capacity) == (3.0, 3.0)


def test_a_queue_is_seen_in_its_order() -> None:
    seen = busy_desk().queue("care")
    assert (seen.name, seen.length, seen.oldest) == ("care", 3, 3.0)
    assert seen.page() == ["furious", "cross", "mild"]
    assert seen.page(1, 1) == ["cross"]
    assert seen.page(3, 10) == []
    assert [seen.position(name) for name in ("furious", "cross", "mild", "chat", "nobody")] == [
        1,
        2,
        3,
        None,
        None,
    ]
    assert seen.tally == {"entered": 4, "answered": 0, "abandoned": 0, "exited": {}, "waiting": 4}
    with pytest.raises(UsageError, match="negative"):
        seen.page(-1)


def test_an_empty_queue_has_no_oldest() -> None:
    seen = busy_desk().queue("vip")
    assert (seen.length, seen.oldest, seen.page()) == (0, None, [])


def test_positions_in_both_views_agree() -> None:
    desk = Desk(Engine(), MemoryStore(), clock=still)
    for number in range(40):
        interaction = Interaction(id=f"i{number}", needs=Needs({f"s{number % 3}": 1}), tier=number % 4)
        desk.handle(cmd.Submit(interaction), number)
    seen = desk.queue("default")
    for place, name in enumerate(seen.page(limit=40), 1):
        assert desk.interaction(name).position == seen.position(name) == place


def test_agents_take_work_in_the_order_of_the_page() -> None:
    desk = Desk(Engine(), MemoryStore(), clock=still)
    for number in range(30):
        interaction = Interaction(id=f"i{number}", tier=number % 3, sentiment=-1)
        desk.handle(cmd.Submit(interaction), number)
    page = desk.queue("default").page()
    desk.handle(cmd.AddAgent(Agent(id="ann", capacity=30)), 50)
    offered = [e.interaction for e in desk.handle(cmd.SignOn("ann"), 50) if isinstance(e, ev.Offered)]
    assert offered == page


@pytest.mark.parametrize(
    ("ask", "name"),
    [
        (lambda desk: desk.interaction("z"), "interaction 'z'"),
        (lambda desk: desk.agent("z"), "agent 'z'"),
        (lambda desk: desk.queue("z"), "queue 'z'"),
        (lambda desk: desk.events(999), "event 999"),
        (lambda desk: desk.events(-1), "event -1"),
    ],
)
def test_what_is_not_there_is_named(ask: Callable[[Desk], object], name: str) -> None:
    with pytest.raises(UsageError, match=f"there is no {name}"):
        ask(busy_desk())


def test_events_are_numbered_from_one_and_can_be_taken_up_anywhere(store: Store) -> None:
    desk = Desk(Engine(), store, clock=still)
    desk.handle(cmd.AddAgent(Agent(id="ann", capacity=5)))
    desk.handle(cmd.SignOn("ann"))
    for number in range(20):
        desk.handle(cmd.Submit(Interaction(id=f"i{number}")))
    everything = list(desk.events())
    assert [number for number, _ in everything] == list(range(1, len(everything) + 1))
    assert [event for _, event in everything] == [fact for entry in entries(store) for fact in entry.facts]
    for since in range(len(everything) + 1):
        assert list(desk.events(since)) == everything[since:]
    again = Desk.open(store, clock=still)
    for since in range(len(everything) + 1):
        assert list(again.events(since)) == everything[since:]
    again.handle(cmd.Submit(Interaction(id="more")))
    assert [number for number, _ in again.events(len(everything))] == [len(everything) + 1]


def test_events_end_with_what_was_there_when_they_were_asked_for(store: Store) -> None:
    desk = Desk(Engine(), store, clock=still)
    desk.handle(cmd.Submit(Interaction(id="a")))
    found = desk.events()
    desk.handle(cmd.Submit(Interaction(id="b")))
    assert len(list(found)) == 1


# --- many callers -------------------------------------------------------------------------------


def together(count: int, work: Callable[[int], object]) -> None:
    """Let so many threads begin at once, and raise what any of them raised."""
    begin, failures = threading.Barrier(count), []

    def run(number: int) -> None:
        begin.wait()
        try:
            work(number)
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def test_eight_threads_submit_and_accept_and_everything_happens_once_and_is_durable(store: Store) -> None:
    desk = Desk(Engine(), store)
    told: list[list[ev.Event]] = [[] for _ in range(8)]

    def work(number: int) -> None:
        agent = f"agent-{number}"
        say = told[number].extend
        say(desk.handle(cmd.AddAgent(Agent(id=agent, capacity=2))))
        say(desk.handle(cmd.SignOn(agent)))
        for turn in range(25):
            command = cmd.Submit(Interaction(id=f"{number}-{turn}"), key=f"{number}-{turn}")
            say(desk.handle(command))
            assert desk.handle(command)[0] == only(desk.handle(command), ev.Submitted)
            for offer in desk.agent(agent).offers:
                assigned = desk.handle(cmd.Accept(offer, agent))
                say(assigned)
            for interaction, fence in desk.agent(agent).work.items():
                say(desk.handle(cmd.Complete(interaction, agent, fence)))

    together(8, work)
    durable = [fact for entry in entries(store) for fact in entry.facts]
    counted = Counter(map(repr, durable))
    for event in itertools.chain.from_iterable(told):
        assert counted[repr(event)] == 1
    assert sum(1 for event in durable if isinstance(event, ev.Submitted)) == 200
    verdict = verify(store)
    assert verdict.ok, verdict.problems
    assert verdict.balance["entered"] == 200


def test_eight_threads_want_the_same_interaction_and_one_gets_it(store: Store) -> None:
    desk = Desk(Engine(), store, clock=still)
    answers: list[list[ev.Event]] = [[] for _ in range(8)]
    for number in range(8):
        desk.handle(cmd.AddAgent(Agent(id=f"agent-{number}")))
        desk.handle(cmd.SetPresence(f"agent-{number}", Presence.BUSY))
    desk.handle(cmd.Submit(Interaction(id="a")))

    def work(number: int) -> None:
        answers[number] = desk.handle(cmd.Assign("a", f"agent-{number}"))

    together(8, work)
    kinds = Counter(type(event) for answer in answers for event in answer)
    assert kinds == {ev.Assigned: 1, ev.Refused: 7}


class Slow(MemoryStore):
    """A shelf that waits, in its first append after the header, until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.writing = threading.Event()
        self.go = threading.Event()
        self.batches: list[int] = []
        self.at_once = 0
        self.most_at_once = 0

    def append(self, expected_head: int, batch: Sequence[bytes]) -> int:
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        if expected_head >= 0:
            self.writing.set()
            assert self.go.wait(20)
        self.batches.append(len(batch))
        head = super().append(expected_head, batch)
        self.at_once -= 1
        return head


def test_what_is_decided_while_a_batch_is_written_is_written_together() -> None:
    store = Slow()
    desk = Desk(Engine(), store, clock=still)
    done: list[str] = []

    def submit(name: str) -> None:
        desk.handle(cmd.Submit(Interaction(id=name)))
        done.append(name)

    threads = [threading.Thread(target=submit, args=(f"i{number}",)) for number in range(6)]
    threads[0].start()
    assert store.writing.wait(20)
    for thread in threads[1:]:
        thread.start()
    decided = desk._run
    assert decided is not None
    while decided.recorder.last < 6:  # the others decide, although nothing is durable yet
        assert done == []
    store.go.set()
    for thread in threads:
        thread.join()
    assert store.batches == [1, 1, 5]
    assert store.most_at_once == 1
    assert sorted(done) == [f"i{number}" for number in range(6)]


def test_nobody_sees_or_repeats_what_is_not_durable() -> None:
    store = Slow()
    desk = Desk(Engine(), store, clock=still)
    begin = threading.Barrier(5)
    heads: list[int] = []

    def ask(question: Callable[[], object]) -> None:
        begin.wait()
        question()
        heads.append(store.head())

    command = cmd.Submit(Interaction(id="a"), key="k")
    questions: list[Callable[[], object]] = [
        lambda: desk.interaction("a"),
        lambda: desk.handle(command),
        lambda: desk.handle(cmd.Submit(Interaction(id="a"))),
        lambda: list(desk.events()),
    ]
    threads = [threading.Thread(target=desk.handle, args=(command,))]
    threads.extend(threading.Thread(target=ask, args=(question,)) for question in questions)
    threads[0].start()
    assert store.writing.wait(20)
    for thread in threads[1:]:
        thread.start()
    begin.wait()
    assert heads == []
    store.go.set()
    for thread in threads:
        thread.join()
    assert heads == [1, 1, 1, 1]


# --- when writing fails -------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [False, True])
def test_after_a_failed_append_the_same_key_gets_the_answer(
    kept: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Whether the batch was kept or lost, nobody can know; asking again settles it."""
    store = Failing()
    desk = Desk(Engine(), store, clock=still)
    desk.handle(cmd.Submit(Interaction(id="before")))
    store.fails, store.kept = {3}, kept
    command = cmd.Submit(Interaction(id="a", customer=Customer(id="secret-name")), key="k")
    with caplog.at_level(logging.DEBUG, "workassign"), pytest.raises(JournalError, match="same key"):
        desk.handle(command)
    head = store.head()
    first = desk.handle(command)
    assert only(first, ev.Submitted).interaction.id == "a"
    assert store.head() == (head if kept else head + 1)
    assert desk.queue("default").page() == ["before", "a"]
    assert verify(store).ok
    assert "secret-name" not in caplog.text


def test_nothing_of_a_lost_turn_remains() -> None:
    store = Failing()
    desk = Desk(Engine(), store, clock=still)
    store.fails = {2}
    with pytest.raises(JournalError, match="unknown whether"):
        desk.handle(cmd.Submit(Interaction(id="a")))
    with pytest.raises(UsageError, match="no interaction 'a'"):
        desk.interaction("a")
    assert list(desk.events()) == []


def test_a_store_that_cannot_be_reopened_keeps_the_desk_shut_until_it_can() -> None:
    class Gone(Failing):
        gone = False

        def reopen(self) -> None:
            if self.gone:
                raise JournalError("no such device")
            super().reopen()

    store = Gone()
    desk = Desk(Engine(), store, clock=still)
    store.fails, store.gone = {2}, True
    with pytest.raises(JournalError, match="same key"):
        desk.handle(cmd.Submit(Interaction(id="a")))
    for _ in range(2):
        with pytest.raises(JournalError, match="no such device"):
            desk.tick()
    store.gone = False
    assert desk.handle(cmd.Submit(Interaction(id="a")))


def test_everybody_who_waits_is_told_and_what_was_confirmed_is_there() -> None:
    """Eight threads go on asking with the same key through failures: everything happens once."""
    store = Failing()
    store.fails, store.kept = {7, 8, 20, 41}, True
    desk = Desk(Engine(), store, clock=still)
    failures: list[InteractionId] = []

    def work(number: int) -> None:
        for turn in range(20):
            name = f"{number}-{turn}"
            for _ in range(50):
                try:
                    answer = desk.handle(cmd.Submit(Interaction(id=name), key=name))
                except JournalError:
                    failures.append(name)
                    continue
                assert only(answer, ev.Submitted).interaction.id == name
                break
            else:
                raise AssertionError(f"{name} was never answered")

    together(8, work)
    assert failures
    submitted = [event.interaction.id for _, event in desk.events() if isinstance(event, ev.Submitted)]
    assert sorted(submitted) == sorted(f"{number}-{turn}" for number in range(8) for turn in range(20))
    verdict = verify(store)
    assert verdict.ok, verdict.problems


def test_a_command_that_is_wrong_costs_nobody_anything(store: Store) -> None:
    desk = Desk(Engine(), store, clock=still)
    desk.handle(cmd.Submit(Interaction(id="a")))
    for wrong in ("submit", cmd.Cancel(7), cmd.ChangePlan({"queues": {"x": {"tier": -1}}})):  # type: ignore[arg-type]
        with pytest.raises((UsageError, PlanError)):
            desk.handle(wrong)  # type: ignore[arg-type]
    assert desk.interaction("a").position == 1
    assert store.head() == 1


def test_a_store_that_somebody_else_writes_to_is_noticed() -> None:
    store = MemoryStore()
    desk = Desk(Engine(), store, clock=still)
    other = Desk.open(store, clock=still)
    other.handle(cmd.Submit(Interaction(id="theirs")))
    with pytest.raises(JournalError, match="same key"):
        desk.handle(cmd.Submit(Interaction(id="ours")))
    desk.handle(cmd.Submit(Interaction(id="ours")))
    assert desk.queue("default").page() == ["theirs", "ours"]


# --- asking why -----------------------------------------------------------------------------------


def test_a_desk_explains_itself(store: Store) -> None:
    """The whole story from its own journal; as things stand from the engine, which is left alone."""
    desk = Desk(Engine(), store, clock=still)
    for command in (cmd.AddAgent(Agent(id="ann")), cmd.SignOn("ann"), cmd.Submit(Interaction(id="t1"))):
        desk.handle(command)
    desk.handle(cmd.Submit(Interaction(id="t2")))
    head, wake, told = store.head(), desk.next_wake, list(desk.events())

    explanation = desk.explain("t1")
    assert [step.event for step in explanation.story] == ["Submitted", "Offered"]
    assert [decision.agent for decision in explanation.decisions] == ["ann"]
    assert desk.why_not("ann", "t1").holder == "ann"
    assert [reason.kind for reason in desk.why_not("ann", "t2").reasons] == ["room"]
    assert [way.text for way in desk.why_waiting("t2").ways] == ["ann finishes t1 (she is full)"]

    assert (store.head(), desk.next_wake, list(desk.events())) == (head, wake, told)


def test_a_desk_that_was_opened_again_explains_what_was_before(store: Store) -> None:
    """Story and present state are those of the whole journal."""
    with Desk(Engine(), store, clock=still) as desk:
        desk.handle(cmd.Submit(Interaction(id="t1")))
    store.reopen()
    desk = Desk.open(store, clock=still)
    assert desk.explain("t1").stage == desk.why_waiting("t1").stage == "waiting"


def test_a_desk_is_asked_about_what_is_there_and_while_it_is_open(store: Store) -> None:
    desk = Desk(Engine(), store, clock=still)
    desk.handle(cmd.AddAgent(Agent(id="ann")))
    desk.handle(cmd.Submit(Interaction(id="t1")))
    asked: list[tuple[Callable[[], object], str]] = [
        (lambda: desk.explain("ghost"), "'ghost' was never taken in"),
        (lambda: desk.why_waiting("ghost"), "there is no interaction 'ghost'"),
        (lambda: desk.why_not("ann", "ghost"), "there is no interaction 'ghost'"),
        (lambda: desk.why_not("ghost", "t1"), "there is no agent 'ghost'"),
    ]
    for ask, reason in asked:
        with pytest.raises(UsageError, match=reason):
            ask()
    desk.close()
    for ask, _ in asked:
        with pytest.raises(UsageError, match="the desk is closed"):
            ask()
