"""What an asyncio application may rely on: durable answers, events in order, an end for everything."""

import asyncio
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workassign import commands as cmd
from workassign import events as ev
from workassign.desk import Desk
from workassign.errors import JournalError, Overloaded, PlanError, Stopped, UsageError
from workassign.events import Event
from workassign.journal import entries, verify
from workassign.model import Agent, Interaction
from workassign.plan import Plan, Queue
from workassign.serve.aio import BATCH, LOOK, PAGE, Events, Service
from workassign.stores.memory import MemoryStore
from workassign.stores.sqlite import SqliteStore

T = TypeVar("T")
E = TypeVar("E", bound=Event)

NOON = 43_200.0


def run(story: Coroutine[Any, Any, T]) -> T:
    """Tell *story* on a loop of its own; one that hangs fails."""

    async def told() -> T:
        async with asyncio.timeout(60):
            return await story

    return asyncio.run(told())


class Hands:
    """A clock, and a timer, that only move by hand."""

    def __init__(self) -> None:
        self.now = NOON
        self.alarm: tuple[float, Callable[[], object]] | None = None
        self.set = 0

    def __call__(self) -> float:
        return self.now

    def call_later(self, seconds: float, call: Callable[[], object]) -> "Hands":
        self.alarm = (seconds, call)
        self.set += 1
        return self

    def cancel(self) -> None:
        self.alarm = None

    def ring(self) -> None:
        """Let the alarm ring, as the loop would."""
        assert self.alarm is not None
        (_, call), self.alarm = self.alarm, None
        call()


class Gate(MemoryStore):
    """A shelf that can be shut: what is appended waits until it is let in, or is turned away."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.open.set()
        self.knocked = threading.Event()
        self.fails = False
        self.kept = False
        self.batches: list[int] = []
        self.inside = 0

    def append(self, expected_head: int, batch: Sequence[bytes]) -> int:
        self.inside += 1
        assert self.inside == 1, "two appends at once"
        self.batches.append(len(batch))
        self.knocked.set()
        assert self.open.wait(30)
        self.inside -= 1
        if self.fails:
            if self.kept:
                super().append(expected_head, batch)
            raise JournalError("no space left on device")
        return super().append(expected_head, batch)

    def shut(self) -> None:
        self.open.clear()
        self.knocked.clear()

    async def knock(self) -> None:
        """Wait until somebody waits to be let in."""
        assert await asyncio.to_thread(self.knocked.wait, 30)


async def accepted(service: Service, *commands: cmd.Command) -> list["asyncio.Task[list[Event]]"]:
    """Let the service accept *commands*, in order, and return who waits for the answers."""
    tasks = [asyncio.create_task(service.handle(command)) for command in commands]
    await asyncio.sleep(0)  # each task runs until it waits
    return tasks


def submits(*names: str) -> list[cmd.Command]:
    return [cmd.Submit(Interaction(id=name), key=name) for name in names]


def taken_in(store: MemoryStore | SqliteStore) -> list[str]:
    """What the journal has, in order."""
    if isinstance(store, MemoryStore):
        store.reopen()  # it may have been closed with its desk
    return [e.interaction.id for entry in entries(store) for e in entry.facts if isinstance(e, ev.Submitted)]


def only(found: Sequence[Event], kind: type[E]) -> E:
    [event] = [each for each in found if isinstance(each, kind)]
    return event


async def first(events: Events, count: int) -> list[tuple[int, Event]]:
    """Return so many events."""
    return [await anext(events) for _ in range(count)]


# --- answers --------------------------------------------------------------------------------------


def test_an_answer_is_in_the_store_when_it_is_given(tmp_path: Path) -> None:
    async def story() -> None:
        store = SqliteStore(tmp_path / "journal")
        with Desk.open(store) as desk:
            async with Service(desk) as service:
                submitted = await service.submit(Interaction(id="a"), key="k")
                assert taken_in(store) == ["a"]
                assert await service.submit(Interaction(id="a"), key="k") == submitted
                assert await service.ask(lambda desk: desk.interaction("a").position) == 1

    run(story())


def test_what_waits_is_written_together_while_the_loop_goes_on() -> None:
    async def story() -> None:
        store = Gate()
        with Desk.open(store) as desk:
            async with Service(desk) as service:
                store.shut()
                tasks = await accepted(service, *submits("a"))
                await store.knock()
                tasks += await accepted(service, *submits(*"bcdef"))
                assert service.waiting == 5
                assert not any(task.done() for task in tasks)
                store.open.set()
                answers = await asyncio.gather(*tasks)
        assert [only(answer, ev.Submitted).interaction.id for answer in answers] == [*"abcdef"]
        assert store.batches == [1, 1, 5]  # the header, the first, the others
        assert taken_in(store) == [*"abcdef"]

    run(story())


def test_a_batch_has_an_end() -> None:
    async def story() -> None:
        store = Gate()
        with Desk.open(store) as desk:
            async with Service(desk) as service:
                names = [f"i{number}" for number in range(2 * BATCH + 1)]
                await asyncio.gather(*await accepted(service, *submits(*names)))
        assert store.batches[1:] == [BATCH, BATCH, 1]
        assert taken_in(store) == names

    run(story())


def test_a_command_that_is_wrong_costs_nobody_else_anything() -> None:
    async def story() -> None:
        store = Gate()
        with Desk.open(store) as desk:
            async with Service(desk) as service:
                wrong: list[Any] = ["submit", cmd.ChangePlan({"queues": {"x": {"tier": -1}}})]
                asked = [*submits("a"), *wrong, *submits("b")]
                answers = await asyncio.gather(*await accepted(service, *asked), return_exceptions=True)
        assert [type(answer) for answer in answers] == [list, UsageError, PlanError, list]
        assert taken_in(store) == ["a", "b"]

    run(story())


# --- too much -------------------------------------------------------------------------------------


def test_what_finds_no_room_is_turned_away_and_never_happens() -> None:
    async def story() -> None:
        store = Gate()
        with Desk.open(store) as desk:
            async with Service(desk, room=2) as service:
                store.shut()
                tasks = await accepted(service, *submits("a"))
                await store.knock()
                tasks += await accepted(service, *submits("b", "c"))
                with pytest.raises(Overloaded, match="ask again in") as caught:
                    await service.submit(Interaction(id="d"))
                assert 0 < caught.value.retry_after <= 60
                store.open.set()
                await asyncio.gather(*tasks)
                await service.submit(Interaction(id="e"))
        assert taken_in(store) == ["a", "b", "c", "e"]

    run(story())


def test_there_is_room_for_something() -> None:
    with Desk.open(MemoryStore()) as desk:
        with pytest.raises(UsageError, match="room must be at least 1, not 0"):
            Service(desk, room=0)
        with pytest.raises(UsageError, match="buffer must be at least 1, not 0"):
            Service(desk, buffer=0)


# --- cancelled ------------------------------------------------------------------------------------


def test_a_command_that_is_cancelled_while_it_waits_never_happens_and_leaves_its_room() -> None:
    async def story() -> None:
        store = Gate()
        with Desk.open(store) as desk:
            async with Service(desk, room=2) as service:
                store.shut()
                tasks = await accepted(service, *submits("a"))
                await store.knock()
                tasks += await accepted(service, *submits("b", "c"))
                tasks[1].cancel()
                await asyncio.wait({tasks[1]})
                assert service.waiting == 1
                tasks += await accepted(service, *submits("d"))
                store.open.set()
                await asyncio.wait(tasks)
                assert [task.cancelled() for task in tasks] == [False, True, False, False]
                assert service.waiting == 0
        assert taken_in(store) == ["a", "c", "d"]

    run(story())


def test_a_command_that_is_cancelled_after_it_was_taken_happens_and_the_same_key_finds_its_answer() -> None:
    async def story() -> None:
        store = Gate()
        with Desk.open(store) as desk:
            async with Service(desk) as service:
                store.shut()
                [task] = await accepted(service, *submits("a"))
                await store.knock()
                task.cancel()
                await asyncio.wait({task})
                assert task.cancelled()
                store.open.set()
                answer = await service.handle(*submits("a"))
                assert only(answer, ev.Submitted).interaction.id == "a"
        assert taken_in(store) == ["a"]

    run(story())


# --- the store fails ------------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [False, True])
def test_a_store_that_fails_ends_the_service_and_another_one_goes_on(kept: bool) -> None:
    """Who was taken hears that it is unknown, who waited that it did not happen, and so for ever after."""

    async def story() -> None:
        store = Gate()
        with Desk.open(store) as desk:
            async with Service(desk) as service:
                await service.handle(*submits("before"))
                store.shut()
                store.fails, store.kept = True, kept
                tasks = await accepted(service, *submits("taken"))
                await store.knock()
                tasks += await accepted(service, *submits("waits"))
                store.open.set()
                with pytest.raises(JournalError, match="unknown whether it happened: ask again"):
                    await tasks[0]
                with pytest.raises(Stopped, match="start another"):
                    await tasks[1]
                with pytest.raises(Stopped, match="start another") as caught:
                    await service.submit(Interaction(id="after"))
                assert "no space" in str(caught.value.__cause__.__cause__)  # type: ignore[union-attr]
                with pytest.raises(Stopped, match="start another"):
                    await service.ask(lambda desk: desk.alarms())
            store.fails = False
            async with Service(desk) as service:
                answer = await service.handle(*submits("taken"))
                assert only(answer, ev.Submitted).interaction.id == "taken"
        assert taken_in(store) == ["before", "taken"]
        assert verify(store).ok

    run(story())


def test_a_failure_in_another_thread_is_not_the_end() -> None:
    """The desk begins anew from what the store has, and the service goes on there."""

    async def story() -> None:
        store, hands = Gate(), Hands()
        with Desk.open(store, clock=hands) as desk:
            async with Service(desk, call_later=hands.call_later) as service:
                await service.handle(*submits("a"))
                store.fails = store.kept = True
                with pytest.raises(JournalError):
                    await asyncio.to_thread(desk.handle_all, submits("b"))
                store.fails = False
                await service.handle(*submits("c"))
                everything = await first(service.events(), 3)
                assert [number for number, _ in everything] == [1, 2, 3]
                for after in (1, 2):
                    assert await first(service.events(after), 3 - after) == everything[after:]
        assert taken_in(store) == ["a", "b", "c"]

    run(story())


# --- beginning and ending -------------------------------------------------------------------------


def test_a_service_that_is_stopped_first_carries_out_what_it_accepted() -> None:
    async def story() -> None:
        store = Gate()
        with Desk.open(store) as desk:
            async with Service(desk) as service:
                store.shut()
                tasks = await accepted(service, *submits("a"))
                await store.knock()
                tasks += await accepted(service, *submits("b", "c"))
                stopping = asyncio.create_task(service.stop())
                await asyncio.sleep(0)
                with pytest.raises(Stopped, match="being stopped"):
                    await service.submit(Interaction(id="d"))
                store.open.set()
                await stopping
                assert all(task.done() for task in tasks)
                await service.stop()
            with pytest.raises(Stopped, match="was stopped"):
                await service.submit(Interaction(id="e"))
            assert taken_in(store) == ["a", "b", "c"]

    run(story())


def test_a_service_that_must_not_drain_gives_back_what_waits() -> None:
    async def story() -> None:
        store = Gate()
        with Desk.open(store) as desk:
            async with Service(desk) as service:
                store.shut()
                tasks = await accepted(service, *submits("a"))
                await store.knock()
                tasks += await accepted(service, *submits("b", "c"))
                stopping = asyncio.create_task(service.stop(drain=False))
                await asyncio.wait(tasks[1:])
                store.open.set()
                await stopping
                answers = await asyncio.gather(*tasks, return_exceptions=True)
            assert [type(answer) for answer in answers] == [list, Stopped, Stopped]
            assert taken_in(store) == ["a"]

    run(story())


def test_an_end_that_is_cancelled_leaves_nobody_waiting() -> None:
    async def story() -> None:
        store = Gate()
        with Desk.open(store) as desk:
            service = Service(desk)
            await service.start()
            store.shut()
            tasks = await accepted(service, *submits("a"))
            await store.knock()
            tasks += await accepted(service, *submits("b"))
            stopping = asyncio.create_task(service.stop())
            await asyncio.sleep(0)
            stopping.cancel()
            answers = await asyncio.gather(stopping, *tasks, return_exceptions=True)
            assert [type(answer) for answer in answers] == [asyncio.CancelledError, JournalError, Stopped]
            store.open.set()
            await service.stop()
            assert desk._listeners == ()
        assert service.waiting == 0

    run(story())


def test_what_was_accepted_is_carried_out_although_the_application_fails() -> None:
    store = Gate()

    async def story() -> None:
        with Desk.open(store) as desk:
            async with Service(desk) as service:
                await accepted(service, *submits("a", "b"))
                raise RuntimeError("ours")

    with pytest.raises(RuntimeError, match="ours"):
        run(story())
    assert taken_in(store) == ["a", "b"]


def test_a_service_works_only_after_its_start_and_starts_once() -> None:
    async def story() -> None:
        with Desk.open(MemoryStore()) as desk:
            service = Service(desk)
            with pytest.raises(Stopped, match="has not been started"):
                await service.submit(Interaction(id="a"))
            with pytest.raises(Stopped, match="has not been started"):
                await anext(service.events())
            starts = await asyncio.gather(service.start(), service.start(), return_exceptions=True)
            assert [type(found) for found in starts] == [type(None), UsageError]
            await service.stop()
            with pytest.raises(UsageError, match="started once"):
                await service.start()
            await Service(desk).stop()
        with pytest.raises(UsageError, match="closed"):
            await Service(desk).start()

    run(story())


def test_a_start_that_is_cancelled_leaves_nobody_listening() -> None:
    async def story() -> None:
        with Desk.open(MemoryStore()) as desk:
            service = Service(desk)
            starting = asyncio.create_task(service.start())
            await asyncio.sleep(0)
            starting.cancel()
            await asyncio.wait({starting})
            await asyncio.to_thread(service._writer.shutdown)
            assert desk._listeners == ()
            with pytest.raises(Stopped, match="was stopped"):
                await service.submit(Interaction(id="a"))

    run(story())


def test_a_service_that_was_stopped_leaves_nothing_behind() -> None:
    async def story() -> None:
        before = set(threading.enumerate())
        with Desk.open(MemoryStore()) as desk:
            async with Service(desk) as service:
                await service.submit(Interaction(id="a"))
                await service.ask(lambda desk: desk.alarms())
            assert desk._listeners == ()
        left = {thread.name for thread in set(threading.enumerate()) - before}
        assert not any(name.startswith("workassign") for name in left)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(story())


# --- time -----------------------------------------------------------------------------------------

BUSY = (cmd.AddAgent(Agent(id="ann")), cmd.SignOn("ann"))


def test_what_is_due_happens_at_its_instant_and_nothing_is_looked_at_before() -> None:
    async def story() -> None:
        hands = Hands()
        with Desk.open(MemoryStore(), clock=hands) as desk:
            async with Service(desk, call_later=hands.call_later) as service:
                for command in BUSY:
                    await service.handle(command)
                assert hands.alarm is None  # nothing is due
                [_, offered] = await service.submit(Interaction(id="a"))
                assert isinstance(offered, ev.Offered)
                assert hands.alarm is not None
                assert hands.alarm[0] == offered.expires - NOON == 30
                told = service.events(after=service.last)
                hands.now += 20  # it rings too early: it is set again, and nothing is asked of the desk
                hands.ring()
                assert hands.alarm is not None
                assert hands.alarm[0] == 10
                hands.now += 10
                hands.ring()
                _, expired = await anext(told)
                assert isinstance(expired, ev.OfferExpired)
                assert expired.at == expired.due == NOON + 30

    run(story())


def test_what_fell_due_while_nobody_worked_happens_at_the_start() -> None:
    async def story() -> None:
        hands = Hands()
        with Desk.open(MemoryStore(), clock=hands) as desk:
            for command in (*BUSY, *submits("a")):
                desk.handle(command)
            hands.now += 31
            async with Service(desk, call_later=hands.call_later) as service:
                _, expired = await anext(service.events(after=service.last))
                assert isinstance(expired, ev.OfferExpired)

    run(story())


def test_a_far_wake_is_looked_at_now_and_then_since_the_clock_may_have_been_set() -> None:
    async def story() -> None:
        hands = Hands()
        plan = Plan(queues={"default": Queue(offer_for=3600)})
        with Desk.open(MemoryStore(), plan, clock=hands) as desk:
            async with Service(desk, call_later=hands.call_later) as service:
                for command in (*BUSY, *submits("a")):
                    await service.handle(command)
                assert hands.alarm is not None
                assert hands.alarm[0] == LOOK

    run(story())


def test_a_thread_that_makes_something_due_earlier_moves_the_alarm() -> None:
    async def story() -> None:
        hands = Hands()
        with Desk.open(MemoryStore(), clock=hands) as desk:
            async with Service(desk, call_later=hands.call_later) as service:
                told = service.events()

                def ask() -> None:
                    for command in (*BUSY, *submits("a")):
                        desk.handle(command)

                await asyncio.to_thread(ask)
                while not isinstance((await anext(told))[1], ev.Offered):
                    pass
                assert hands.alarm is not None
                assert hands.alarm[0] == 30

    run(story())


def test_time_passes_on_the_clock_of_the_loop() -> None:
    async def story() -> None:
        plan = Plan(queues={"default": Queue(offer_for=0.02)})
        with Desk.open(MemoryStore(), plan) as desk:
            async with Service(desk) as service:
                for command in (*BUSY, *submits("a")):
                    await service.handle(command)
                async for _, event in service.events():
                    if isinstance(event, ev.OfferExpired):
                        assert event.due is not None
                        assert event.at >= event.due
                        break

    run(story())


# --- events ---------------------------------------------------------------------------------------


def test_every_consumer_hears_everything_from_where_it_wants_in_order() -> None:
    async def story() -> None:
        with Desk.open(MemoryStore()) as desk:
            for command in submits("before", "and before"):
                desk.handle(command)
            async with Service(desk, buffer=3) as service:
                names = [f"i{number}" for number in range(20)]
                early = asyncio.create_task(first(service.events(), 22))
                middle = asyncio.create_task(first(service.events(after=2), 20))
                for command in submits(*names):
                    await service.handle(command)
                everything = list(desk.events())
                assert await early == everything
                assert await middle == everything[2:]
                assert service.last == 22
                for cursor in range(22):
                    assert await first(service.events(after=cursor), 22 - cursor) == everything[cursor:]

    run(story())


def test_what_threads_ask_of_the_desk_meanwhile_is_heard_in_its_place() -> None:
    async def story() -> None:
        def ask(desk: Desk, name: int) -> None:
            for command in submits(*(f"thread-{name}-{number}" for number in range(30))):
                desk.handle(command)

        with Desk.open(MemoryStore()) as desk:
            async with Service(desk, buffer=5) as service:
                heard = asyncio.create_task(first(service.events(), 240))
                threads = [asyncio.to_thread(ask, desk, name) for name in range(4)]
                tasks = [service.handle(command) for command in submits(*(f"i{n}" for n in range(120)))]
                await asyncio.gather(*threads, *tasks)
                assert await heard == list(desk.events())

    run(story())


@pytest.mark.parametrize("buffer", [10, 10 * PAGE])
def test_a_slow_consumer_holds_up_nobody_and_costs_one_page(buffer: int) -> None:
    async def story() -> None:
        with Desk.open(MemoryStore()) as desk:
            async with Service(desk, buffer=buffer) as service:
                slow = service.events()
                await service.submit(Interaction(id="first"))
                await anext(slow)
                names = [f"i{number}" for number in range(3 * PAGE)]
                await asyncio.gather(*await accepted(service, *submits(*names)))
                assert len(service._recent._events) == min(buffer, 3 * PAGE + 1)
                heard = []
                for _ in names:
                    heard.append((await anext(slow))[1])
                    assert len(slow._page) <= PAGE
                assert [only([event], ev.Submitted).interaction.id for event in heard] == names

    run(story())


def test_a_wait_for_an_event_that_is_cancelled_loses_nothing() -> None:
    async def story() -> None:
        with Desk.open(MemoryStore()) as desk:
            async with Service(desk) as service:
                events, other = service.events(), service.events()
                waits = [asyncio.ensure_future(anext(events)), asyncio.ensure_future(anext(other))]
                await asyncio.sleep(0)
                waits[0].cancel()
                await asyncio.wait({waits[0]})
                await service.submit(Interaction(id="a"))
                assert (await waits[1])[0] == (await anext(events))[0] == 1
                assert events.number == 1

    run(story())


def test_events_end_when_the_service_does() -> None:
    async def story() -> None:
        with Desk.open(MemoryStore()) as desk:
            async with Service(desk, buffer=2) as service:
                reader = asyncio.create_task(everything(service.events()))
                far_behind, caught_up = service.events(), service.events(after=3)
                for command in submits("a", "b", "c"):
                    await service.handle(command)
            assert [number for number, _ in await reader] == [1, 2, 3]
            assert await everything(caught_up) == []
            with pytest.raises(Stopped, match="go on after event 0"):
                await anext(far_behind)

    async def everything(events: Events) -> list[tuple[int, Event]]:
        return [each async for each in events]

    run(story())


def test_events_of_a_service_whose_store_failed_go_on_with_the_next_one() -> None:
    async def story() -> None:
        store = Gate()
        with Desk.open(store) as desk:
            async with Service(desk) as service:
                events = service.events()
                await service.handle(*submits("a"))
                store.fails = store.kept = True
                with pytest.raises(JournalError, match="unknown"):
                    await service.handle(*submits("b"))
                assert (await anext(events))[0] == 1
                with pytest.raises(JournalError, match="go on after event 1"):
                    await anext(events)
            store.fails = False
            async with Service(desk) as service:
                number, event = await anext(service.events(after=events.number))
                assert (number, only([event], ev.Submitted).interaction.id) == (2, "b")

    run(story())


def test_events_that_are_not_there_yet_cannot_be_asked_for() -> None:
    async def story() -> None:
        with Desk.open(MemoryStore()) as desk:
            async with Service(desk) as service:
                with pytest.raises(UsageError, match="no event 5"):
                    await anext(service.events(after=5))
                with pytest.raises(UsageError, match="must not be negative, not -1"):
                    service.events(after=-1)

    run(story())


# --- laws -----------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=6),
    st.lists(st.integers(0, 10), max_size=4),
    st.integers(1, 40),
)
def test_events_come_in_the_order_of_the_journal_and_everybody_is_answered_once(
    clients: list[int], cursors: list[int], buffer: int
) -> None:
    store = MemoryStore()

    async def client(service: Service, name: int, count: int) -> list[Event]:
        answered: list[Event] = []
        for number in range(count):
            answered += await service.submit(Interaction(id=f"{name}-{number}"))
            answered += await service.handle(cmd.Cancel(f"{name}-{number}"))
        return answered

    async def story() -> None:
        with Desk.open(store) as desk:
            for number in range(10):
                desk.handle(cmd.Submit(Interaction(id=f"before-{number}")))
            async with Service(desk, buffer=buffer) as service:
                all_told = 10 + 2 * sum(clients)
                consumers = [
                    asyncio.create_task(first(service.events(after), all_told - after)) for after in cursors
                ]
                asked = [client(service, name, count) for name, count in enumerate(clients)]
                answers = await asyncio.gather(*asked)
                durable = [event for entry in entries(store) for event in entry.facts]
                for after, consumer in zip(cursors, consumers, strict=True):
                    assert await consumer == list(enumerate(durable, 1))[after:]
                told = Counter(repr(event) for answer in answers for event in answer)
                assert told == Counter(repr(event) for event in durable[10:])

    run(story())


class Told:
    """What became of what was asked."""

    def __init__(self) -> None:
        self.happened: list[str] = []
        self.did_not: list[str] = []
        self.unknown: list[str] = []

    async def follow(self, name: str, answer: Awaitable[list[Event]]) -> None:
        try:
            await answer
        except (Overloaded, Stopped):
            self.did_not.append(name)
        except (JournalError, asyncio.CancelledError):
            self.unknown.append(name)
        else:
            self.happened.append(name)


class FailsAt(MemoryStore):
    """A shelf whose nth append fails, before or after it kept the batch."""

    def __init__(self, call: int, kept: bool) -> None:
        super().__init__()
        self.call, self.kept = call, kept

    def append(self, expected_head: int, batch: Sequence[bytes]) -> int:
        self.call -= 1
        if self.call:
            return super().append(expected_head, batch)
        if self.kept:
            super().append(expected_head, batch)
        raise JournalError("no space left on device")


@settings(max_examples=60)
@given(st.integers(2, 12), st.booleans(), st.integers(1, 5), st.sets(st.integers(0, 39)), st.integers(1, 8))
def test_what_is_confirmed_is_in_the_store_and_what_is_refused_is_not(
    call: int, kept: bool, room: int, cancelled: set[int], clients: int
) -> None:
    """Whatever fails, is cancelled or finds no room; what is unknown is asked again, and happens once."""
    store, told = FailsAt(call, kept), Told()

    async def client(service: Service, name: int) -> None:
        for number in range(40 // clients):
            mine = f"{name}-{number}"
            task = asyncio.create_task(service.handle(*submits(mine)))
            follows = asyncio.create_task(told.follow(mine, task))
            if number * clients + name in cancelled:
                await asyncio.sleep(0)
                task.cancel()
            await follows

    async def story() -> None:
        with Desk.open(store) as desk:
            async with Service(desk, room=room) as service:
                await asyncio.gather(*(client(service, name) for name in range(clients)))
                assert service.waiting == 0
            there = [e.interaction.id for _, e in desk.events() if isinstance(e, ev.Submitted)]
            assert set(told.happened) <= set(there) <= {*told.happened, *told.unknown}
            store.call = 0  # from now on it works
            async with Service(desk) as service:
                for name in told.unknown:
                    await service.handle(*submits(name))
            there = [e.interaction.id for _, e in desk.events() if isinstance(e, ev.Submitted)]
            assert sorted(there) == sorted({*told.happened, *told.unknown})
            assert verify(store).ok

    run(story())
