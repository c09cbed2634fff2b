"""What a consumer may rely on: everything is told, in order, at least once, and no desk waits for it."""

import logging
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from math import inf
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workassign import commands as cmd
from workassign import events as ev
from workassign.desk import Desk
from workassign.errors import JournalError, UsageError
from workassign.model import Agent, Interaction
from workassign.serve._courier import pause_before
from workassign.serve.outbox import (
    Alarm,
    ConsumerView,
    Notice,
    Outbox,
    Progress,
    Terms,
    Undelivered,
    number_of,
)
from workassign.stores.jsonl import JsonlStore
from workassign.stores.memory import MemoryStore
from workassign.stores.sqlite import SqliteStore

NOON = 43_200.0
FROM_THE_FIRST = Terms(after=0)


class Hand:
    """A clock that only moves by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


class Kill(BaseException):
    """The process ends here."""


class Crm:
    """A consumer that answers as it is told to, and well when nothing is left to answer."""

    def __init__(self, *answers: Exception | Kill | None) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.took: list[int] = []

    def __call__(self, notice: Notice) -> None:
        self.asked.append(notice.id)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        self.took.append(notice.number)
        if answer is not None:
            raise answer  # it took it, and then the lights went out


class Scene:
    """A desk, its outbox, and clocks that only move by hand."""

    def __init__(self, store: MemoryStore | SqliteStore | None = None) -> None:
        self.clock, self.pace = Hand(), Hand()
        self.store = MemoryStore() if store is None else store
        self.alarms: list[tuple[str, str, bool]] = []
        self.seen: list[ConsumerView] = []
        self.begin()

    def begin(self) -> None:
        """Start, or start again, on what the store has."""
        self.store.reopen()
        self.desk = Desk.open(self.store, clock=self.clock)
        self.outbox = Outbox(self.desk, self.store, alarm=self.ring, pace=self.pace)

    def ring(self, alarm: Alarm) -> None:
        """Write down an alarm."""
        self.alarms.append((alarm.consumer.name, alarm.kind, alarm.raised))
        self.seen.append(alarm.consumer)

    def submit(self, count: int, name: str = "tweet") -> None:
        """Bring in so many interactions: one event each, while nobody is there."""
        self.desk.handle_all([cmd.Submit(Interaction(id=f"{name}-{n}")) for n in range(count)])

    def run(self, *names: str) -> None:
        """Let the consumers have turns, until there is nothing more to do at this instant."""
        for name in names or ("crm",):
            while self.outbox.turn(name) == 0:
                pass

    def view(self, name: str = "crm") -> ConsumerView:
        """How one stands."""
        return next(view for view in self.outbox.consumers() if view.name == name)


@pytest.fixture
def scene() -> Iterator[Scene]:
    """One in memory."""
    made = Scene()
    yield made
    made.outbox.stop()
    made.desk.close()


# --- in order, at least once ---------------------------------------------------------------------


def test_every_event_is_told_once_and_in_order_under_the_id_of_shard_and_number(scene: Scene) -> None:
    crm = Crm()
    scene.outbox.add("crm", crm, FROM_THE_FIRST)
    scene.submit(3)
    scene.run()
    scene.desk.handle(cmd.AddAgent(Agent(id="ann")))
    scene.desk.handle(cmd.SignOn("ann"))
    scene.run()
    events = list(scene.desk.events())
    assert crm.asked == [f"main:{number}" for number, _ in events]
    assert len(events) > 5
    assert scene.store.cursors() == {"crm": len(events)}
    assert scene.outbox.turn("crm") == inf


def test_a_notice_says_what_has_happened_as_the_journal_does(scene: Scene) -> None:
    told: list[dict[str, Any]] = []
    scene.outbox.add("crm", lambda notice: told.append(notice.as_dict()), FROM_THE_FIRST)
    scene.submit(1)
    scene.run()
    [data] = told
    assert list(data) == ["id", "shard", "seq", "type", "at", "data"]
    assert (data["id"], data["shard"], data["seq"]) == ("main:1", "main", 1)
    assert (data["type"], data["at"]) == ("Submitted", NOON)
    assert data["data"]["kind"] == "Submitted"
    assert data["data"]["interaction"] == {"id": "tweet-0"}


def test_a_new_consumer_begins_with_what_happens_from_now_on(scene: Scene) -> None:
    scene.submit(3, "before")
    crm = Crm()
    scene.outbox.add("crm", crm)
    scene.run()
    scene.submit(2, "after")
    scene.run()
    assert crm.took == [4, 5]


def test_what_happened_before_the_crash_of_a_new_consumer_is_told_too(scene: Scene) -> None:
    """Its beginning is durable before it was told anything."""
    scene.submit(3)
    scene.outbox.add("crm", Crm())
    scene.run()
    scene.submit(2, "meanwhile")
    scene.begin()
    crm = Crm()
    scene.outbox.add("crm", crm)
    scene.run()
    assert crm.took == [4, 5]


def test_a_consumer_may_begin_after_any_event(scene: Scene) -> None:
    crm = Crm()
    scene.submit(5)
    scene.outbox.add("crm", crm, Terms(after=3))
    scene.run()
    assert crm.took == [4, 5]


def test_killed_between_telling_and_keeping_it_is_told_again_under_the_same_id(scene: Scene) -> None:
    scene.submit(3)
    scene.outbox.add("crm", Crm(None, Kill()), FROM_THE_FIRST)
    with pytest.raises(Kill):
        scene.run()
    scene.begin()
    crm = Crm()
    scene.outbox.add("crm", crm, FROM_THE_FIRST)
    scene.run()
    assert crm.asked == ["main:2", "main:3"]


_ANSWERS = st.sampled_from([None, None, Undelivered("down"), ValueError("rubbish"), Kill()])


@given(st.lists(_ANSWERS, max_size=25), st.integers(1, 8))
def test_wherever_it_fails_or_is_killed_nothing_is_left_out_or_out_of_order(
    answers: list[Exception | Kill | None], count: int
) -> None:
    scene = Scene()
    scene.submit(count)
    crm = Crm(*answers)
    done = False
    while not done:
        scene.begin()
        scene.outbox.add("crm", crm, FROM_THE_FIRST)
        try:
            while (pause := scene.outbox.turn("crm")) < inf:
                scene.pace.now += pause
            done = True
        except Kill:
            pass
    assert list(dict.fromkeys(crm.took)) == list(range(1, count + 1))
    assert crm.took == sorted(crm.took)
    kills = sum(isinstance(answer, Kill) for answer in answers)
    assert len(crm.took) <= count + kills
    assert scene.store.cursor("crm") == count


def test_a_store_that_cannot_keep_the_cursor_is_asked_again_before_anything_else_is_told() -> None:
    class Full(MemoryStore):
        full = False

        def keep(self, name: str, seq: int) -> None:
            if self.full:
                raise JournalError("the disk is full")
            super().keep(name, seq)

    store = Full()
    scene = Scene(store)
    crm = Crm()
    scene.outbox.add("crm", crm, FROM_THE_FIRST)
    scene.submit(3)
    assert scene.outbox.turn("crm") == 0
    store.full = True
    assert scene.outbox.turn("crm") == 1.0
    assert scene.outbox.turn("crm") == 1.0
    assert crm.took == [1]
    store.full = False
    scene.run()
    assert crm.took == [1, 2, 3]
    scene.desk.close()


def test_two_consumers_stand_apart(scene: Scene) -> None:
    crm, erp = Crm(*[Undelivered("down")] * 3), Crm()
    scene.outbox.add("crm", crm, FROM_THE_FIRST)
    scene.outbox.add("erp", erp, FROM_THE_FIRST)
    scene.submit(4)
    scene.run("crm", "erp")
    assert (crm.took, erp.took) == ([], [1, 2, 3, 4])
    assert scene.store.cursors() == {"crm": 0, "erp": 4}
    assert [view.progress for view in scene.outbox.consumers()] == [Progress.RETRYING, Progress.WORKING]


def test_cursors_may_be_kept_in_another_store_than_the_journal(tmp_path: Path) -> None:
    desk = Desk.open(JsonlStore(tmp_path / "journal.jsonl"), clock=Hand())
    cursors = SqliteStore(tmp_path / "cursors.db")
    crm = Crm()
    outbox = Outbox(desk, cursors)
    outbox.add("crm", crm, FROM_THE_FIRST)
    desk.handle(cmd.Submit(Interaction(id="a")))
    while outbox.turn("crm") == 0:
        pass
    assert (crm.took, cursors.cursor("crm")) == ([1], 1)
    outbox.stop()
    desk.close()
    cursors.close()


def test_only_what_a_consumer_wants_is_told_and_the_rest_is_passed_over(scene: Scene) -> None:
    crm = Crm()
    scene.outbox.add("crm", crm, Terms(after=0, only=[ev.PresenceChanged]))
    scene.submit(1000)
    scene.desk.handle(cmd.AddAgent(Agent(id="ann")))
    scene.desk.handle(cmd.SignOn("ann"))
    scene.run()
    wanted = [number for number, event in scene.desk.events() if isinstance(event, ev.PresenceChanged)]
    assert wanted
    assert crm.took == wanted
    assert scene.view().lag == 0
    assert scene.store.cursor("crm") >= wanted[-1]


def test_the_cursor_of_a_consumer_that_wants_nothing_of_it_moves_on_now_and_then(scene: Scene) -> None:
    """Or a journal could never be cut; but not with each event, since that would write as much again."""
    scene.outbox.add("crm", Crm(), Terms(after=0, only=[ev.PresenceChanged]))
    scene.submit(1000)
    scene.run()
    assert 1000 - 256 <= scene.store.cursor("crm") <= 1000


# --- when it fails -------------------------------------------------------------------------------


def test_the_next_event_waits_until_the_one_before_was_taken(scene: Scene) -> None:
    crm = Crm(None, Undelivered("down"), Undelivered("down"))
    scene.outbox.add("crm", crm, FROM_THE_FIRST)
    scene.submit(3)
    scene.run()
    while scene.store.cursor("crm") < 3:
        scene.pace.now += scene.outbox.turn("crm")
    assert crm.asked == ["main:1", "main:2", "main:2", "main:2", "main:3"]


def test_pauses_double_up_to_the_longest_less_up_to_half_and_are_the_same_whenever_asked() -> None:
    pauses = [pause_before("main:7", attempt, 1.0, 300.0) for attempt in range(1, 2000)]
    for attempt, pause in enumerate(pauses, 1):
        whole = min(300.0, 2.0 ** min(attempt - 1, 60))
        assert whole / 2 <= pause <= whole
    assert pauses == [pause_before("main:7", attempt, 1.0, 300.0) for attempt in range(1, 2000)]
    others = [pause_before(f"main:{number}", 10, 1.0, 300.0) for number in range(100)]
    assert len(set(others)) == 100
    assert max(others) - min(others) > 100


def test_nothing_is_tried_before_the_pause_has_passed(scene: Scene) -> None:
    crm = Crm(Undelivered("down"))
    scene.outbox.add("crm", crm, FROM_THE_FIRST)
    scene.submit(1)
    scene.run()
    pause = scene.outbox.turn("crm")
    assert 0.5 <= pause <= 1.0
    scene.pace.now += pause * 0.9
    assert scene.outbox.turn("crm") == pytest.approx(pause * 0.1)
    assert len(crm.asked) == 1
    scene.pace.now += pause * 0.2
    scene.run()
    assert crm.took == [1]


@pytest.mark.parametrize(("asked", "least"), [(120.0, 120.0), (1e12, 86_400.0), (0.0, 0.5)])
def test_a_consumer_is_left_alone_as_long_as_it_asks_for_up_to_a_day(
    scene: Scene, asked: float, least: float
) -> None:
    scene.outbox.add("crm", Crm(Undelivered("busy", retry_after=asked)), FROM_THE_FIRST)
    scene.submit(1)
    scene.run()
    assert least <= scene.outbox.turn("crm") <= max(least, 1.0)


def test_after_so_many_attempts_it_stops_at_the_head_and_says_so_once(scene: Scene) -> None:
    crm = Crm(*[Undelivered("answered 500")] * 3)
    scene.outbox.add("crm", crm, Terms(after=0, attempts=3))
    scene.submit(2)
    for _ in range(10):
        scene.run()
        scene.pace.now += 1000
    assert crm.asked == ["main:1"] * 3
    assert scene.alarms == [("crm", "stopped", True)]
    view = scene.view()
    assert (view.progress, view.reason, view.attempts) == (Progress.STOPPED, "answered 500", 3)
    assert scene.store.cursor("crm") == 0


def test_after_so_long_it_stops_too(scene: Scene) -> None:
    scene.outbox.add("crm", Crm(*[Undelivered("down")] * 10_000), Terms(after=0, give_up_after=3600.0))
    scene.submit(1)
    began = scene.pace.now
    while (pause := scene.outbox.turn("crm")) < inf:
        scene.pace.now += pause
    assert scene.view().progress is Progress.STOPPED
    assert 3600 <= scene.pace.now - began <= 3900


def test_an_operator_resumes_it_where_it_stopped(scene: Scene) -> None:
    crm = Crm(Undelivered("down"))
    scene.outbox.add("crm", crm, Terms(after=0, attempts=1))
    scene.submit(2)
    scene.run()
    scene.outbox.resume("crm")
    scene.run()
    assert crm.asked == ["main:1", "main:1", "main:2"]
    assert scene.alarms == [("crm", "stopped", True), ("crm", "stopped", False)]


def test_an_operator_passes_over_what_a_consumer_will_never_take(scene: Scene) -> None:
    crm = Crm(Undelivered("answered 422"))
    scene.outbox.add("crm", crm, Terms(after=0, attempts=1))
    scene.submit(2)
    scene.run()
    scene.outbox.resume("crm", skip=True)
    scene.run()
    assert crm.asked == ["main:1", "main:2"]
    assert scene.store.cursor("crm") == 2


def test_an_operator_need_not_wait_for_a_pause_to_end(scene: Scene) -> None:
    crm = Crm(Undelivered("down", retry_after=5000.0))
    scene.outbox.add("crm", crm, FROM_THE_FIRST)
    scene.submit(1)
    scene.run()
    scene.outbox.resume("crm")
    scene.run()
    assert crm.took == [1]


def test_who_is_gone_is_asked_no_more(scene: Scene) -> None:
    put_aside: list[str] = []
    terms = Terms(after=0, dead_letter=lambda notice, reason: put_aside.append(notice.id))
    scene.outbox.add("crm", Crm(Undelivered("answered 410", gone=True)), terms)
    scene.submit(2)
    scene.run()
    assert scene.alarms == [("crm", "stopped", True)]
    assert (put_aside, scene.view().cursor) == ([], 0)


def test_what_was_given_up_is_put_aside_if_the_terms_say_so_and_the_next_is_told(scene: Scene) -> None:
    put_aside: list[tuple[str, str]] = []
    crm = Crm(*[Undelivered("answered 422")] * 2)
    terms = Terms(after=0, attempts=2, dead_letter=lambda notice, why: put_aside.append((notice.id, why)))
    scene.outbox.add("crm", crm, terms)
    scene.submit(2)
    scene.run()
    scene.pace.now += 1000
    scene.run()
    assert put_aside == [("main:1", "answered 422")]
    assert (crm.took, scene.view().dead, scene.alarms) == ([2], 1, [])


def test_what_cannot_be_put_aside_is_not_left_behind(scene: Scene) -> None:
    def full(notice: Notice, why: str) -> None:
        raise OSError("no space left")

    scene.outbox.add("crm", Crm(Undelivered("down")), Terms(after=0, attempts=1, dead_letter=full))
    scene.submit(1)
    scene.run()
    assert scene.view().progress is Progress.STOPPED
    assert scene.view().reason == "down; putting it aside failed: OSError"
    assert scene.store.cursor("crm") == 0


def test_what_an_error_says_is_not_in_the_log(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """It may be about a customer."""
    caplog.set_level(logging.DEBUG)
    scene.outbox.add("crm", Crm(ValueError("Mrs Smith")), FROM_THE_FIRST)
    scene.desk.handle(cmd.Submit(Interaction(id="Mr Miller")))
    scene.run()
    assert "crm: main:1: attempt 1: ValueError; again in" in caplog.text
    assert "Smith" not in caplog.text
    assert "Miller" not in caplog.text
    assert scene.view().reason == "ValueError"


# --- far behind ----------------------------------------------------------------------------------


def test_a_consumer_100_000_events_behind_costs_a_page_of_memory_and_rings_once(tmp_path: Path) -> None:
    scene = Scene(SqliteStore(tmp_path / "journal.db"))
    for part in range(10):
        scene.submit(10_000, f"part-{part}")
    scene.outbox = Outbox(scene.desk, MemoryStore(), alarm=scene.ring, pace=scene.pace)
    crm = Crm(*[Undelivered("down")])
    scene.outbox.add("crm", crm, Terms(after=0, lag_events=10_000))
    scene.run()
    assert scene.alarms == [("crm", "lag", True)]
    assert scene.seen[0].lag == 100_000
    scene.pace.now += 10
    tracemalloc.start()
    for _ in range(3000):
        assert scene.outbox.turn("crm") == 0
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000
    assert crm.took == list(range(1, 3001))
    assert scene.alarms == [("crm", "lag", True)]
    scene.outbox.stop()
    scene.desk.close()


def test_the_alarm_ends_when_half_of_the_lag_is_caught_up(scene: Scene) -> None:
    crm = Crm(Undelivered("down"))
    scene.outbox.add("crm", crm, Terms(after=0, lag_events=10))
    scene.submit(20)
    scene.run()
    assert scene.alarms == [("crm", "lag", True)]
    scene.outbox.resume("crm")
    scene.run()
    assert scene.alarms == [("crm", "lag", True), ("crm", "lag", False)]
    assert scene.seen[-1].lag == 5


def test_one_old_event_is_a_lag_too(scene: Scene) -> None:
    scene.outbox.add("crm", Crm(Undelivered("down")), Terms(after=0, lag_seconds=60.0))
    scene.submit(1)
    scene.run()
    scene.clock.now += 60
    scene.run()
    assert scene.alarms == []
    scene.clock.now += 1
    scene.run()
    assert scene.alarms == [("crm", "lag", True)]
    assert (scene.view().lag, scene.view().lag_seconds) == (1, 61.0)
    scene.outbox.resume("crm")
    scene.run()
    assert scene.alarms[-1] == ("crm", "lag", False)
    assert scene.view().lag_seconds == 0.0


def test_an_alarm_does_not_end_between_two_events_that_both_are_late() -> None:
    """Whoever looks just while the cursor is being kept sees neither of them."""
    scene: Scene

    class Looked(MemoryStore):
        def keep(self, name: str, seq: int) -> None:
            scene.outbox.look()
            super().keep(name, seq)

    store = Looked()
    scene = Scene(store)
    scene.outbox.add("crm", Crm(), Terms(after=0, lag_seconds=60.0))
    scene.submit(3)
    scene.clock.now += 100
    scene.run()
    assert scene.alarms == [("crm", "lag", True), ("crm", "lag", False)]
    scene.desk.close()


def test_a_consumer_that_stopped_falls_behind_and_rings_for_that_too(scene: Scene) -> None:
    scene.outbox.add("crm", Crm(Undelivered("gone", gone=True)), Terms(after=0, lag_events=10))
    scene.submit(5)
    scene.run()
    scene.submit(10, "more")
    scene.run()
    assert scene.alarms == [("crm", "stopped", True), ("crm", "lag", True)]


def test_whoever_is_told_of_an_alarm_cannot_stop_the_telling(caplog: pytest.LogCaptureFixture) -> None:
    def ring(alarm: Alarm) -> None:
        raise RuntimeError("no line")

    store = MemoryStore()
    with Desk.open(store, clock=Hand()) as desk:
        outbox = Outbox(desk, store, alarm=ring)
        crm = Crm()
        outbox.add("crm", crm, Terms(after=0, lag_events=1))
        desk.handle_all([cmd.Submit(Interaction(id=f"t{n}")) for n in range(5)])
        while outbox.turn("crm") == 0:
            pass
        outbox.stop()
    assert crm.took == [1, 2, 3, 4, 5]
    assert "the alarm could not be told: RuntimeError" in caplog.text


# --- another journal, a closed desk, a failed store ----------------------------------------------


def test_a_cursor_of_more_than_the_journal_has_is_noticed_and_nothing_is_told(scene: Scene) -> None:
    """The journal was restored from an older backup: what comes now has numbers that were told already."""
    scene.submit(3)
    scene.store.keep("crm", 7)
    crm = Crm()
    scene.outbox.add("crm", crm)
    scene.run()
    scene.submit(10, "more")
    scene.run()
    assert (crm.asked, scene.alarms) == ([], [("crm", "ahead", True)])
    assert scene.view().progress is Progress.AHEAD
    assert scene.view().reason == "it stands at 7, the last event is 3"
    scene.store.forget("crm")
    scene.outbox.resume("crm")
    scene.run()
    scene.submit(1, "new")
    scene.run()
    assert (crm.took, scene.alarms[-1]) == ([14], ("crm", "ahead", False))


def test_a_new_consumer_cannot_begin_behind_the_last_event(scene: Scene) -> None:
    scene.submit(1)
    scene.outbox.add("crm", Crm(), Terms(after=2))
    scene.run()
    assert scene.view().progress is Progress.AHEAD
    assert scene.store.cursors() == {}


def test_somebody_else_who_tells_the_same_consumer_is_noticed(scene: Scene) -> None:
    scene.submit(3)
    crm = Crm()
    scene.outbox.add("crm", crm, FROM_THE_FIRST)
    assert scene.outbox.turn("crm") == 0
    scene.store.keep("crm", 2)
    scene.run()
    assert scene.alarms == [("crm", "stopped", True)]
    assert "somebody else tells it too" in scene.view().reason
    scene.outbox.resume("crm")
    scene.run()
    assert crm.took == [1, 3]


def test_when_the_desk_is_closed_it_ends_and_goes_on_after_the_next_start(scene: Scene) -> None:
    class Closing(Crm):
        def __call__(self, notice: Notice) -> None:
            super().__call__(notice)
            scene.desk.close()

    scene.submit(3)
    scene.outbox.add("crm", Closing(), FROM_THE_FIRST)
    scene.run()
    assert scene.view().progress is Progress.ENDED
    scene.begin()
    crm = Crm()
    scene.outbox.add("crm", crm, FROM_THE_FIRST)
    scene.run()
    assert crm.took == [1, 2, 3]  # the first one again: that it was taken could not be kept


def test_what_a_failed_write_has_kept_after_all_is_told(scene: Scene) -> None:
    class Mute(MemoryStore):
        fails = False

        def append(self, expected_head: int, batch: Any) -> int:
            head = super().append(expected_head, batch)
            if self.fails:
                self.fails = False
                raise JournalError("no answer")
            return head

    store = Mute()
    scene = Scene(store)
    crm = Crm()
    scene.outbox.add("crm", crm, FROM_THE_FIRST)
    scene.submit(1)
    scene.run()
    store.fails = True
    with pytest.raises(JournalError, match="unknown"):
        scene.submit(1, "lost-answer")
    while scene.outbox.turn("crm") == 0:
        pass
    assert crm.took == [1, 2]
    scene.submit(1, "next")
    scene.run()
    assert crm.took == [1, 2, 3]
    scene.desk.close()


def test_an_altered_journal_is_not_told(tmp_path: Path) -> None:
    """What comes before the damage is; and it is asked again, in case somebody mends it."""
    store = MemoryStore()
    scene = Scene(store)
    scene.submit(2000)
    seq, crc, _ = store._rows[1500]
    store._rows[1500] = (seq, crc, b"{}")
    crm = Crm()
    scene.outbox.add("crm", crm, Terms(after=0))
    scene.run()
    assert scene.outbox.turn("crm") == 1.0
    assert crm.took[-1] == 1499
    assert scene.view().reason == "JournalError"
    scene.desk.close()


# --- threads -------------------------------------------------------------------------------------


class Waiting:
    """A consumer in a thread, and whoever waits for what it takes."""

    def __init__(self, until: int) -> None:
        self.took: list[int] = []
        self._until = until
        self.done = threading.Event()

    def __call__(self, notice: Notice) -> None:
        self.took.append(notice.number)
        if notice.number >= self._until:
            self.done.set()


def test_threads_tell_whatever_comes_while_several_write(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "journal.db")
    with Desk.open(store) as desk, Outbox(desk, store) as outbox:
        told = [Waiting(200), Waiting(200)]
        outbox.add("crm", told[0], FROM_THE_FIRST)
        outbox.add("erp", told[1], FROM_THE_FIRST)

        def write(name: str) -> None:
            for number in range(50):
                desk.handle(cmd.Submit(Interaction(id=f"{name}-{number}")))

        writers = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
        for writer in writers:
            writer.start()
        for each in told:
            assert each.done.wait(60)
        for writer in writers:
            writer.join()
        outbox.stop()
        assert [each.took for each in told] == [list(range(1, 201))] * 2
        assert store.cursors() == {"crm": 200, "erp": 200}


def test_a_consumer_that_hangs_holds_up_neither_the_desk_nor_another_consumer() -> None:
    store, hangs, let_go = MemoryStore(), threading.Event(), threading.Event()

    def hang(notice: Notice) -> None:
        hangs.set()
        assert let_go.wait(60)

    with Desk.open(store) as desk, Outbox(desk, store) as outbox:
        erp = Waiting(10)
        outbox.add("crm", hang, FROM_THE_FIRST)
        outbox.add("erp", erp, FROM_THE_FIRST)
        desk.handle(cmd.Submit(Interaction(id="first")))
        assert hangs.wait(60)
        for number in range(9):
            desk.handle(cmd.Submit(Interaction(id=f"t{number}")))
        assert erp.done.wait(60)
        assert store.cursor("crm") == 0
        let_go.set()


def test_a_consumer_that_hangs_rings_all_the_same() -> None:
    store, hangs, let_go = MemoryStore(), threading.Event(), threading.Event()
    alarms: list[Alarm] = []

    def hang(notice: Notice) -> None:
        hangs.set()
        assert let_go.wait(60)

    with Desk.open(store) as desk, Outbox(desk, store, alarm=alarms.append) as outbox:
        outbox.add("crm", hang, Terms(after=0, lag_events=5))
        desk.handle(cmd.Submit(Interaction(id="first")))
        assert hangs.wait(60)
        desk.handle_all([cmd.Submit(Interaction(id=f"t{n}")) for n in range(5)])
        outbox.look()
        assert [(alarm.kind, alarm.raised, alarm.consumer.lag) for alarm in alarms] == [("lag", True, 6)]
        let_go.set()


def test_an_operator_wakes_a_thread_that_pauses() -> None:
    store, failed = MemoryStore(), threading.Event()
    took = Waiting(1)

    def deliver(notice: Notice) -> None:
        if not failed.is_set():
            failed.set()
            raise Undelivered("down", retry_after=80_000.0)
        took(notice)

    with Desk.open(store) as desk, Outbox(desk, store) as outbox:
        outbox.add("crm", deliver, FROM_THE_FIRST)
        desk.handle(cmd.Submit(Interaction(id="a")))
        assert failed.wait(60)
        outbox.resume("crm")
        assert took.done.wait(60)


def test_the_threads_of_a_closed_desk_end() -> None:
    store, told = MemoryStore(), Waiting(1)
    desk = Desk.open(store)
    outbox = Outbox(desk, store)
    outbox.add("crm", told, FROM_THE_FIRST)
    outbox.start()
    desk.handle(cmd.Submit(Interaction(id="a")))
    assert told.done.wait(60)
    desk.close()
    outbox.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "workassign-tell-crm"]


# --- what is wrong is refused --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"only": [int]}, "only must list classes of events"),
        ({"after": -1}, "after must be a whole number from 0 on, not -1"),
        ({"after": 1.0}, "after must be a whole number"),
        ({"first_pause": 0.0}, "first_pause must be a positive number of seconds"),
        ({"longest_pause": inf}, "longest_pause must be a positive number of seconds"),
        ({"give_up_after": float("nan")}, "give_up_after must be a positive number of seconds"),
        ({"attempts": 0}, "attempts must be a whole number from 1 on"),
        ({"lag_events": 0}, "lag_events must be a whole number from 1 on"),
        ({"lag_seconds": "1"}, "lag_seconds must be a positive number of seconds"),
    ],
)
def test_terms_that_make_no_sense_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Terms(**wrong)


def test_names_that_could_not_stand_in_a_header_are_refused(scene: Scene) -> None:
    for name in ("", "a:b", "a.b", "a\r\nb"):
        with pytest.raises(UsageError, match="shard must be 1 to 64 letters"):
            Outbox(scene.desk, scene.store, shard=name)
        with pytest.raises(UsageError, match="the name of a consumer must be 1 to 64 letters"):
            scene.outbox.add(name, Crm())


def test_a_store_without_cursors_is_refused(scene: Scene, tmp_path: Path) -> None:
    store: Any = JsonlStore(tmp_path / "journal.jsonl")
    with pytest.raises(UsageError, match="a JsonlStore keeps no cursors"):
        Outbox(scene.desk, store)
    store.close()


def test_a_consumer_has_one_name_and_an_outbox_one_life(scene: Scene) -> None:
    scene.outbox.add("crm", Crm())
    with pytest.raises(UsageError, match="there is a consumer crm already"):
        scene.outbox.add("crm", Crm())
    asks: list[Callable[[], object]] = [
        lambda: scene.outbox.turn("erp"),
        lambda: scene.outbox.resume("erp"),
    ]
    for ask in asks:
        with pytest.raises(UsageError, match="there is no consumer 'erp'"):
            ask()
    scene.outbox.stop()
    asks = [scene.outbox.start, lambda: scene.outbox.turn("crm"), lambda: scene.outbox.add("erp", Crm())]
    for ask in asks:
        with pytest.raises(UsageError, match="make another one"):
            ask()


def test_an_id_tells_the_number_to_go_on_after() -> None:
    assert number_of("main:17", "main") == 17
    for wrong in (
        "other:17",
        "main",
        "main:",
        "main:-1",
        "main:017",
        "main:1x",
        "17",
        "main:main:17",
        "main:\u0661",
    ):
        with pytest.raises(UsageError, match="an id of main is main:NUMBER"):
            number_of(wrong, "main")
