"""What whoever listens to a desk hears, and what is asked all at once."""

import threading
from collections.abc import Sequence
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workassign import commands as cmd
from workassign import events as ev
from workassign.desk import Desk
from workassign.errors import JournalError, PlanError, UsageError
from workassign.events import Event
from workassign.model import Agent, Instant, Interaction, Presence
from workassign.stores.memory import MemoryStore

NOON = 43_200.0


def still() -> float:
    return NOON


class Ear:
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.events: list[tuple[int, Event]] = []
        self.last = 0
        self.wakes: list[Instant] = []

    def hear(self, last: int, events: Sequence[Event], wake: Instant) -> None:
        self.events += enumerate(events, last - len(events) + 1)
        self.last = last
        self.wakes.append(wake)


class Full(MemoryStore):
    """A shelf that keeps nothing more, once it is full."""

    full = False

    def append(self, expected_head: int, batch: Sequence[bytes]) -> int:
        if self.full:
            raise JournalError("no space left on device")
        return super().append(expected_head, batch)


def submit(name: str) -> cmd.Submit:
    return cmd.Submit(Interaction(id=name))


# --- all at once ----------------------------------------------------------------------------------


def test_what_is_asked_at_once_is_written_at_once() -> None:
    batches: list[int] = []

    class Counting(MemoryStore):
        def append(self, expected_head: int, batch: Sequence[bytes]) -> int:
            batches.append(len(batch))
            return super().append(expected_head, batch)

    with Desk.open(Counting(), clock=still) as desk:
        answers = desk.handle_all([submit("a"), submit("b"), cmd.Cancel("a")])
        assert [event for answer in answers if isinstance(answer, list) for event in answer] == [
            event for _, event in desk.events()
        ]
        assert desk.handle_all([]) == []
    assert batches == [1, 3]


def test_what_is_wrong_among_others_is_told_in_its_place() -> None:
    with Desk.open(MemoryStore(), clock=still) as desk:
        wrong = cmd.ChangePlan({"queues": {"x": {"tier": -1}}})
        answers = desk.handle_all([submit("a"), cmd.Cancel(7), wrong, submit("b")])  # type: ignore[arg-type]
        assert [type(answer) for answer in answers] == [list, UsageError, PlanError, list]
        assert desk.queue("default").page() == ["a", "b"]


def test_when_all_could_not_be_written_all_are_unknown() -> None:
    store = Full()
    with Desk.open(store, clock=still) as desk:
        store.full = True
        with pytest.raises(JournalError, match="unknown"):
            desk.handle_all([submit("a"), submit("b")])
        store.full = False
        assert desk.queue("default").length == 0


# --- listening ------------------------------------------------------------------------------------


def test_a_listener_first_hears_how_things_stand() -> None:
    with Desk.open(MemoryStore(), clock=still) as desk:
        desk.handle_all([cmd.AddAgent(Agent(id="ann")), cmd.SignOn("ann"), submit("a")])
        ear = Ear()
        desk.listen(ear.hear)
        assert (ear.last, ear.events, ear.wakes) == (len(list(desk.events())), [], [NOON + 30])


@settings(max_examples=30)
@given(st.integers(1, 4), st.integers(1, 12))
def test_a_listener_hears_every_event_once_in_order_when_it_is_durable(threads: int, count: int) -> None:
    store = MemoryStore()
    with Desk.open(store, clock=still) as desk:
        ear = Ear()

        def hear(last: int, events: Sequence[Event], wake: Instant) -> None:
            assert store.head() == last  # here each entry has one event
            ear.hear(last, events, wake)

        desk.listen(hear)

        def ask(name: int) -> None:
            for number in range(count):
                desk.handle(submit(f"{name}-{number}"))
                assert desk.queue("default").length > number  # it writes what is pending first

        asking = [threading.Thread(target=ask, args=(name,)) for name in range(threads)]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
        assert ear.events == list(desk.events())
        assert ear.last == threads * count


def test_a_listener_hears_of_a_wake_that_moved_without_an_event() -> None:
    now = [NOON]
    with Desk.open(MemoryStore(), clock=lambda: now[0]) as desk:
        desk.handle_all([cmd.AddAgent(Agent(id="ann")), cmd.SignOn("ann"), submit("a")])
        desk.handle(cmd.Decline(desk.interaction("a").offer or 0, "ann"))
        desk.handle(cmd.SetPresence("ann", Presence.BUSY))
        ear = Ear()
        desk.listen(ear.hear)
        now[0] = desk.next_wake
        assert desk.tick() == []  # the cool-down ended, and nobody is free
        assert ear.events == []
        assert ear.wakes == [now[0], desk.next_wake]


def test_a_listener_hears_of_a_failure_and_of_what_comes_after_it() -> None:
    store, ear = Full(), Ear()
    with Desk.open(store, clock=still) as desk:
        desk.listen(ear.hear)
        desk.handle(submit("a"))
        store.full = True
        with pytest.raises(JournalError):
            desk.handle(submit("lost"))
        assert ear.wakes == [inf, inf, -inf]
        store.full = False
        desk.handle(submit("b"))
        assert [(number, type(event)) for number, event in ear.events] == [
            (1, ev.Submitted),
            (2, ev.Submitted),
        ]
        assert ear.events == list(desk.events())


def test_who_does_not_listen_any_more_hears_nothing() -> None:
    first, second = Ear(), Ear()
    with Desk.open(MemoryStore(), clock=still) as desk:
        desk.listen(first.hear)
        desk.listen(second.hear)
        desk.handle(submit("a"))
        desk.unlisten(first.hear)
        desk.handle(submit("b"))
        desk.unlisten(second.hear)
        desk.unlisten(second.hear)
        desk.handle(submit("c"))
    assert (first.last, second.last) == (1, 2)


def test_a_listener_hears_what_a_question_wrote_that_came_before_the_writer() -> None:
    ear = Ear()
    with Desk.open(MemoryStore(), clock=still) as desk:
        desk.listen(ear.hear)
        run = desk._run
        assert run is not None
        run.handle(submit("a"), NOON)  # decided, as by a thread that has not come to writing yet
        assert ear.last == 0
        assert desk.queue("default").length == 1
        assert ear.events == list(desk.events())
        assert ear.last == 1
