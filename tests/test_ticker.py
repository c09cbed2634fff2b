"""What an application of threads may rely on: what is due happens, and nobody polls for it."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from workassign import commands as cmd
from workassign import events as ev
from workassign.desk import Desk
from workassign.errors import JournalError, UsageError
from workassign.events import Event
from workassign.model import Agent, Instant, Interaction
from workassign.plan import Plan, Queue
from workassign.serve.ticker import Ticker
from workassign.stores.memory import MemoryStore

NOON = 43_200.0
BUSY: list[cmd.Command] = [cmd.AddAgent(Agent(id="ann")), cmd.SignOn("ann"), cmd.Submit(Interaction(id="a"))]


class Hand:
    """A clock that only moves by hand, and counts how often each thread reads it."""

    def __init__(self) -> None:
        self.now = NOON
        self.readers: Counter[str] = Counter()

    def __call__(self) -> float:
        self.readers[threading.current_thread().name] += 1
        return self.now


class Expiries:
    """Hears of offers that expired."""

    def __init__(self, desk: Desk) -> None:
        self.found: list[ev.OfferExpired] = []
        self._heard = threading.Event()
        desk.listen(self._hear)

    def _hear(self, last: int, events: Sequence[Event], wake: Instant) -> None:
        self.found += [event for event in events if isinstance(event, ev.OfferExpired)]
        if self.found:
            self._heard.set()

    def wait(self) -> ev.OfferExpired:
        """Return the first one, waiting for it."""
        assert self._heard.wait(30)
        return self.found[0]


@contextmanager
def short(seconds: float = 0.02) -> Iterator[Desk]:
    """A desk on the machine's clock, whose offers expire soon."""
    with Desk.open(MemoryStore(), Plan(queues={"default": Queue(offer_for=seconds)})) as desk:
        yield desk


def test_an_offer_expires_although_nobody_asks_for_anything() -> None:
    with short() as desk, Ticker(desk):
        expiries = Expiries(desk)
        desk.handle_all(BUSY)
        expired = expiries.wait()
        assert expired.due is not None
        assert expired.at >= expired.due


def test_what_fell_due_before_happens_at_the_start() -> None:
    clock = Hand()
    with Desk.open(MemoryStore(), clock=clock) as desk:
        desk.handle_all(BUSY)
        expiries = Expiries(desk)
        clock.now += 31
        with Ticker(desk):
            assert expiries.wait().due == NOON + 30


def test_a_ticker_is_woken_by_what_is_due_earlier() -> None:
    """It sleeps until a far target when another thread brings an offer that expires soon."""
    with short() as desk, Ticker(desk):
        expiries = Expiries(desk)
        far = Interaction(id="far", not_before=desk.clock() + 3600)
        desk.handle(cmd.Submit(far))
        assert desk.next_wake > desk.clock() + 3000
        desk.handle_all(BUSY)
        assert expiries.wait().interaction == "a"


def test_a_ticker_that_is_told_of_a_clock_that_was_set_looks_again() -> None:
    clock = Hand()
    with Desk.open(MemoryStore(), clock=clock) as desk, Ticker(desk) as ticker:
        expiries = Expiries(desk)
        desk.handle_all(BUSY)
        clock.now += 30
        ticker.look()
        assert expiries.wait().at == NOON + 30


def test_a_ticker_sleeps_however_much_is_asked_if_nothing_is_due_earlier() -> None:
    """It may look once more for what came while it was looking; then it reads no clock."""
    clock = Hand()
    with Desk.open(MemoryStore(), clock=clock) as desk, Ticker(desk):
        desk.handle_all(BUSY)
        for number in range(1000):
            desk.handle(cmd.Submit(Interaction(id=f"i{number}")))
        assert clock.readers["workassign-ticker"] < 100


def test_a_store_that_fails_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    class FailsTwice(MemoryStore):
        failures = 0

        def append(self, expected_head: int, batch: Sequence[bytes]) -> int:
            if self.failures:
                self.failures -= 1
                raise JournalError("no space left on device")
            return super().append(expected_head, batch)

    clock, store = Hand(), FailsTwice()
    with Desk.open(store, clock=clock) as desk:
        desk.handle_all(BUSY)
        expiries = Expiries(desk)
        clock.now += 31
        store.failures = 2
        with Ticker(desk, retry=0.005):
            assert expiries.wait().due == NOON + 30
    assert [record.name for record in caplog.records].count("workassign.ticker") == 2


def test_a_ticker_rests_between_two_trials_unless_it_is_called() -> None:
    failed = threading.Event()

    class Full(MemoryStore):
        full = False
        failures = 0

        def append(self, expected_head: int, batch: Sequence[bytes]) -> int:
            if self.full:
                self.failures += 1
                if self.failures > 2:
                    failed.set()
                raise JournalError("no space left on device")
            return super().append(expected_head, batch)

    clock, store = Hand(), Full()
    with Desk.open(store, clock=clock) as desk:
        desk.handle_all(BUSY)
        expiries = Expiries(desk)
        clock.now += 31
        store.full = True
        with Ticker(desk, retry=30) as ticker:
            assert not failed.wait(0.1)
            store.full = False
            ticker.look()
            assert expiries.wait().due == NOON + 30
    assert store.failures == 1


def test_a_ticker_ends_when_it_is_stopped_and_leaves_nothing_behind() -> None:
    with Desk.open(MemoryStore()) as desk:
        ticker = Ticker(desk)
        assert not ticker.running
        ticker.start()
        assert ticker.running
        with pytest.raises(UsageError, match="started once"):
            ticker.start()
        ticker.stop()
        ticker.stop()
        assert not ticker.running
        assert desk._listeners == ()
        Ticker(desk).stop()


def test_a_ticker_needs_a_desk_that_is_open_and_time_between_two_trials() -> None:
    desk = Desk.open(MemoryStore())
    with pytest.raises(UsageError, match="retry must be positive, not 0"):
        Ticker(desk, retry=0)
    desk.close()
    with pytest.raises(UsageError, match="closed"):
        Ticker(desk).start()
