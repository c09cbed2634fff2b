"""What is old goes from a journal, and nothing that anybody still needs."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workassign import commands as cmd
from workassign.cli import main
from workassign.desk import Desk
from workassign.errors import Deposed, JournalError, Removed, UsageError
from workassign.events import Assigned, Event, Offered
from workassign.inversions import inversions
from workassign.journal import Store, entries, replay, verify
from workassign.kpi import Kpis, measure
from workassign.model import Agent, Interaction
from workassign.plan import Plan, Queue
from workassign.pruning import prune, removable, remove
from workassign.retention import Beginning, Prunes, beginning
from workassign.snapshots import Snapshots
from workassign.stores.archiving import Joined, archive
from workassign.stores.memory import MemoryStore
from workassign.stores.postgres import PostgresStore
from workassign.stores.repairing import repair
from workassign.stores.sqlite import LAYOUT, SqliteStore

BODIES = [b'{"n":%d}' % n for n in range(10)]
PLAN = Plan(queues={"default": Queue(offer_for=30.0)}, retention=20.0)


class Shelf:
    """Opens the same journal again and again."""

    def __init__(self, opens: Callable[..., Any], run: Callable[[str], None]) -> None:
        self._opens = opens
        self._run = run
        self._opened: list[Any] = []

    def open(self, **told: Any) -> Any:
        self._opened.append(self._opens(**told))
        return self._opened[-1]

    def change(self, statement: str) -> None:
        """Change something behind everybody's back, while nobody has it open."""
        self.close()
        self._run(statement)

    def close(self) -> None:
        while self._opened:
            self._opened.pop().close()


def in_file(path: Path) -> Shelf:
    def run(statement: str) -> None:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute(statement)
        connection.close()

    return Shelf(lambda **told: SqliteStore(path, **told), run)


def on_server(dsn: str, shard: str) -> Shelf:
    def run(statement: str) -> None:
        words = statement.replace("UPDATE beginning SET seq", "UPDATE shard SET begins")
        words = words.replace("UPDATE beginning SET crc", "UPDATE shard SET begins_crc")
        where = f" name = '{shard}'" if "UPDATE shard" in words else f" shard = '{shard}'"
        words = words + (" AND" if "WHERE" in words else " WHERE") + where
        with psycopg.connect(dsn, options="-c search_path=workassign", autocommit=True) as connection:
            connection.execute(words)

    return Shelf(lambda **told: PostgresStore(dsn, shard=shard, **told), run)


@pytest.fixture(params=["sqlite", "postgres"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    """A shelf of each kind from which entries can be removed."""
    if request.param == "postgres":
        made = on_server(request.getfixturevalue("dsn"), tmp_path.as_posix()[-128:])
    else:
        made = in_file(tmp_path / "journal.db")
    yield made
    made.close()


def filled(shelf: Shelf, *snapshots: int) -> Any:
    """A store with ten entries, and a snapshot after some."""
    store = shelf.open()
    store.append(-1, BODIES)
    for seq in snapshots:
        store.snapshot(seq, b"{}")
    return store


# --- stores -------------------------------------------------------------------------------------


def test_what_is_removed_is_gone_and_all_else_stays_also_after_a_restart(shelf: Shelf) -> None:
    store = filled(shelf, 5, 8)
    assert all(isinstance(store, kind) for kind in (Prunes, Snapshots))
    assert store.begins() == Beginning()
    assert store.prune(4, 1e9) == 3
    assert store.prune(4, 2e9) == 0
    for _ in range(2):
        assert (store.begins().seq, store.begins().at, store.head()) == (4, 1e9, 9)
        assert list(store.load(4)) == BODIES[4:]
        assert list(store.load(10)) == []
        assert next(store.load()) == BODIES[0]
        assert [seq for seq, _ in store.snapshots()] == [8, 5]
        shelf.close()
        store = shelf.open()
    assert store.append(9, [b"more"]) == 10
    assert list(store.load(9)) == [BODIES[9], b"more"]


def test_whoever_asks_for_what_was_removed_is_told_what_and_when(shelf: Shelf) -> None:
    store = filled(shelf, 5)
    store.prune(4, 1_767_225_600.0)
    rule = r"begins with entry 4: entries 1 to 3 of it were removed \(2026-01-01T00:00:00Z\)"
    for start in (1, 3):
        with pytest.raises(Removed, match=rule):
            store.load(start)
    with pytest.raises(Removed, match=rule):
        list(store.load())
    with pytest.raises(Removed, match=rule):
        store.snapshot(2, b"{}")


def test_whoever_reads_while_it_is_removed_is_told_so(shelf: Shelf) -> None:
    store = shelf.open()
    store.append(-1, BODIES[:1] * 5000)
    store.snapshot(4000, b"{}")
    slow = store.load(1)
    next(slow)
    store.prune(3000, 1.0)
    with pytest.raises(Removed, match="entries 1 to 2999"):
        list(slow)


def test_nothing_goes_that_is_behind_the_oldest_snapshot(shelf: Shelf) -> None:
    store = filled(shelf, 5, 8)
    with pytest.raises(JournalError, match="entry 6 cannot be removed: it is behind the snapshot after 5"):
        store.prune(7, 1.0)
    assert store.prune(6, 1.0) == 5
    assert [body for _, body in store.snapshots()] == [b"{}", b"{}"], "also of an entry that is gone"


def test_nothing_goes_where_there_is_no_snapshot(shelf: Shelf) -> None:
    store = filled(shelf)
    with pytest.raises(JournalError, match="no snapshot to begin with instead"):
        store.prune(2, 1.0)
    assert list(store.load()) == BODIES


def test_all_entries_may_go_and_the_journal_goes_on(shelf: Shelf) -> None:
    store = filled(shelf, 9)
    assert store.prune(10, 1.0) == 9
    shelf.close()
    store = shelf.open()
    assert store.head() == 9
    assert list(store.load(10)) == []
    assert store.append(9, [b"a", b"b"]) == 11
    assert list(store.load(10)) == [b"a", b"b"]


def test_much_goes_in_slices_and_none_is_forgotten(shelf: Shelf) -> None:
    store = shelf.open()
    store.append(-1, BODIES[:1] * 45_000)
    store.snapshot(44_000, b"{}")
    assert remove(store, 43_000, 1.0) == 42_999
    assert store.begins().seq == 43_000
    assert len(list(store.load(43_000))) == 2_000


DAMAGE = {
    "UPDATE journal SET body = 'xxx' WHERE seq = 4": "entry 4 was altered",
    "UPDATE journal SET crc = 5 WHERE seq = 4": "entry 4 was altered",
    "DELETE FROM journal WHERE seq = 4": "entry 4 is missing",
    "UPDATE beginning SET crc = 5": "entry 4 was altered",
    "UPDATE beginning SET seq = 3": "entry 3 is missing",
    "UPDATE beginning SET seq = 5": "altered",
    "UPDATE beginning SET seq = 77": "altered",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_at_the_new_beginning_is_noticed(shelf: Shelf, damage: str) -> None:
    filled(shelf, 5).prune(4, 1.0)
    shelf.change(damage)
    with pytest.raises(JournalError, match=DAMAGE[damage]):
        _ = list((store := shelf.open()).load(beginning(store).seq))


@pytest.mark.parametrize(
    "damage", ["DELETE FROM beginning", "UPDATE beginning SET seq = 1, crc = 0, at = NULL"]
)
def test_a_file_that_forgot_where_it_begins_is_noticed(tmp_path: Path, damage: str) -> None:
    shelf = in_file(tmp_path / "journal.db")
    filled(shelf, 5).prune(4, 1.0)
    shelf.change(damage)
    with pytest.raises(JournalError, match=r"beginning was altered|entry 1 is missing"):
        list(shelf.open().load())
    shelf.close()


def test_no_flipped_bit_of_a_pruned_file_goes_unnoticed(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    shelf = in_file(path)
    filled(shelf, 5).prune(4, 1.0)
    shelf.close()
    whole, dice, noticed = path.read_bytes(), Random(3), 0
    for at in range(0, len(whole), 31):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << dice.randrange(8)]) + whole[at + 1 :])
        try:
            store = SqliteStore(path, readonly=True)
        except JournalError:
            noticed += 1
            continue
        try:
            first = store.begins().seq
            assert (first, [next(store.load()), *store.load(first)]) == (4, BODIES[:1] + BODIES[4:]), (
                f"byte {at}"
            )
        except JournalError:
            noticed += 1
        store.close()
    assert noticed > 10


@pytest.mark.parametrize("point", ["BEGIN", "DELETE", "UPDATE", "COMMIT"])
def test_a_removal_that_is_killed_has_not_happened(tmp_path: Path, point: str) -> None:
    shelf = in_file(tmp_path / "journal.db")
    filled(shelf, 5)
    shelf.close()
    code = (
        "import os, sys; from workassign.stores.sqlite import SqliteStore; store = SqliteStore(sys.argv[1]);"
        "store._connection.set_trace_callback("
        "lambda said: said.startswith(sys.argv[2]) and os.kill(os.getpid(), 9)); store.prune(4, 1.0)"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path / "journal.db"), point], check=False)
    assert ended.returncode == -9
    store = shelf.open()
    assert store.begins() == Beginning()
    assert list(store.load()) == BODIES
    shelf.close()


def test_a_deposed_leader_removes_nothing(dsn: str, tmp_path: Path) -> None:
    shelf = on_server(dsn, tmp_path.as_posix()[-128:])
    asleep = filled(shelf, 5, 8)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "UPDATE workassign.shard SET lease_until = '-infinity' WHERE name = %s", (asleep.shard,)
        )
    awake = shelf.open()
    awake.append(9, [b"more"])
    with pytest.raises(Deposed):
        asleep.prune(4, 1.0)
    assert awake.begins() == Beginning()
    assert list(awake.load()) == [*BODIES, b"more"]
    assert awake.prune(3, 2.0) == 2
    with pytest.raises(JournalError, match="reopen"):
        asleep.prune(6, 3.0)
    reader = shelf.open(readonly=True)
    assert reader.begins() == awake.begins()
    awake.prune(5, 3.0)
    with pytest.raises(Removed, match="entries 1 to 4"):
        reader.load(3)
    shelf.close()


def test_a_file_of_the_layout_before_begins_with_its_first_entry(tmp_path: Path) -> None:
    shelf = in_file(tmp_path / "journal.db")
    filled(shelf, 5)
    shelf.change("DROP TABLE beginning")
    shelf.change(f"PRAGMA user_version = {LAYOUT - 1}")
    old = shelf.open(readonly=True)
    assert old.begins() == Beginning()
    assert list(old.load()) == BODIES
    assert [seq for seq, _ in old.snapshots()] == [5]
    shelf.close()
    assert shelf.open().prune(4, 1.0) == 3
    shelf.close()


def test_tables_of_the_layout_before_are_read_as_they_are(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE DATABASE before_pruning")
    shelf = on_server(dsn.replace("/postgres?", "/before_pruning?"), "main")
    store = filled(shelf, 5)
    store._connection.execute("DELETE FROM workassign.layout WHERE number >= 4")
    for column in ("begins", "begins_crc", "pruned_at"):
        store._connection.execute(f"ALTER TABLE workassign.shard DROP COLUMN {column}")
    shelf.close()
    old = shelf.open(readonly=True)
    assert old.begins() == Beginning()
    assert list(old.load()) == BODIES
    shelf.close()


# --- desks --------------------------------------------------------------------------------------


def busy(store: Store, turns: int = 60, **told: Any) -> Desk:
    """A desk where something happens every second, and a snapshot is taken every twenty turns."""
    clock = count(1)
    told = {"snapshot_every": 20, **told}
    desk = Desk.open(store, PLAN, clock=lambda: float(next(clock)), **told)
    desk.handle(cmd.AddAgent(Agent(id="ann")))
    desk.handle(cmd.SignOn("ann"))
    for number in range(turns):
        desk.handle(cmd.Submit(Interaction(id=f"tweet-{number}"), key=f"network:{number}"))
    return desk


def test_what_is_older_goes_up_to_the_oldest_snapshot(shelf: Shelf) -> None:
    desk = busy(shelf.open())
    store = desk._store
    assert [seq for seq, _ in store.snapshots()] == [60, 40]  # type: ignore[attr-defined]
    last = next(entries(store, store.head())).at
    assert desk.prune(1000.0) == 0
    age = last - next(entries(store, 31)).at
    assert desk.prune(age) == 30, "the 31st is just young enough"
    assert beginning(store).seq == 31
    assert desk.prune(0.0) == 10, "the oldest snapshot is that after the 40th"
    assert desk.prune(0.0) == 0
    assert verify(store).ok


def test_a_pruned_desk_goes_on_as_if_nothing_had_been_removed_and_remembers_its_answers(shelf: Shelf) -> None:
    twin = busy(MemoryStore())
    desk = busy(shelf.open())
    assert desk.prune(0.0) == 40
    shelf.close()
    store = shelf.open()
    again = Desk.open(store, clock=lambda: 500.0)
    assert replay(store).snapshot() == replay(twin._store).snapshot()
    for number in (0, 30, 59):
        said = cmd.Submit(Interaction(id=f"tweet-{number}"), key=f"network:{number}")
        assert again.handle(said) == twin.handle(said, at=500.0), "the very answer of then"
    again.close()


def test_entries_that_a_reader_has_not_read_stay(shelf: Shelf) -> None:
    desk = busy(shelf.open())
    events = dict(desk.events())
    numbers = [number for entry in entries(desk._store, 1) for number in [entry.seq] * len(entry.facts)]
    assert desk.prune(0.0, read=0) == 0
    assert desk.prune(0.0, read=17) == numbers[17] - 1, "the entry of event 18 stays"
    assert dict(desk.events(since=17)) == {n: event for n, event in events.items() if n > 17}
    with pytest.raises(UsageError, match="there is no event 9999"):
        desk.prune(0.0, read=9999)
    assert removable(desk._store, 0.0, not_beyond=20).why == "entry 21 has still to be read"


def test_what_a_consumer_has_not_been_told_stays_also_if_nobody_says_so(shelf: Shelf) -> None:
    store = shelf.open()
    desk = busy(store)
    store.keep("slow", 12)
    store.keep("fast", 50)
    assert 0 < desk.prune(0.0, read=40) <= 12
    assert next(desk.events(since=12))[0] == 13
    store.forget("slow")
    assert desk.prune(0.0, read=40) > 20
    assert next(desk.events(since=40))[0] == 41


@pytest.mark.parametrize("reopened", [False, True])
def test_events_keep_their_numbers_and_those_that_are_gone_are_told(shelf: Shelf, reopened: bool) -> None:
    desk = busy(shelf.open())
    events = list(desk.events())
    gone = sum(len(entry.facts) for entry in entries(desk._store) if entry.seq <= 40)
    if reopened:
        shelf.close()
        desk = Desk.open(shelf.open(), clock=lambda: 500.0)
    assert desk.prune(0.0) == 40
    for since in (gone, gone + 1, gone + 15, len(events) - 1, len(events)):
        assert list(desk.events(since)) == events[since:], since
    for since in (0, gone - 1):
        with pytest.raises(Removed, match=f"events 1 to {gone} were removed: ask for those since {gone}"):
            desk.events(since)


def test_whatever_needs_the_whole_past_says_so(shelf: Shelf) -> None:
    desk = busy(shelf.open())
    desk.prune(0.0)
    store = desk._store
    with pytest.raises(Removed):
        desk.explain("tweet-50")
    for asks in (measure, inversions, lambda store: replay(store, lambda entry: None)):
        with pytest.raises(Removed, match="entries 1 to 40 of it were removed"):
            asks(store)
    with pytest.raises(Removed, match="there is no snapshot to begin with"):
        replay(store, until=3.0)
    assert replay(store, until=50.0).now <= 50.0
    assert desk.why_waiting("tweet-50").interaction == "tweet-50"
    shelf.close()
    with pytest.raises(Removed, match=r"key figures are of the whole journal, .* open it without kpis"):
        Desk.open(shelf.open(), kpis=Kpis)


def test_a_desk_prunes_by_itself_after_a_snapshot(shelf: Shelf) -> None:
    read = [0]
    desk = busy(shelf.open(), 90, keep=5.0, read=lambda: read[0])
    assert beginning(desk._store).seq == 1
    read[0] = 10_000_000
    desk.snapshot()  # there is no such event, which costs nobody anything
    assert beginning(desk._store).seq == 1
    read[0] = 50
    desk.snapshot()
    assert beginning(desk._store).seq > 40
    desk.close()
    store = shelf.open()
    desk = Desk.open(store, clock=count(1000).__next__, snapshot_every=10, keep=0.0)
    for number in range(100, 130):
        desk.handle_all([cmd.Submit(Interaction(id=f"tweet-{number}"))])
    kept = [seq for seq, _ in store.snapshots()]
    assert beginning(store).seq == kept[-1] + 1
    desk.close()


@pytest.mark.parametrize(
    ("told", "rule"),
    [
        ({"keep": -1.0}, "keep must be a number of seconds >= 0, not -1"),
        ({"keep": float("nan")}, "keep must be"),
        ({"keep": True}, "keep must be"),
        ({"keep": 5.0, "kpis": Kpis}, "a desk with kpis removes nothing"),
    ],
)
def test_a_desk_that_cannot_keep_its_word_does_not_begin(tmp_path: Path, told: Any, rule: str) -> None:
    store = SqliteStore(tmp_path / "journal.db")
    with pytest.raises(UsageError, match=rule):
        Desk.open(store, **told)
    assert store.head() == -1
    with pytest.raises(UsageError, match="MemoryStore removes no entries"):
        Desk.open(MemoryStore(), keep=5.0)
    store.close()


def test_a_desk_with_key_figures_or_a_store_that_cannot_is_told_so(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "journal.db")
    desk = busy(store, kpis=Kpis)
    with pytest.raises(UsageError, match="key figures"):
        desk.prune(0.0)
    desk.close()
    with pytest.raises(UsageError, match="removes no entries"):
        busy(MemoryStore()).prune(0.0)
    store.reopen()
    with pytest.raises(UsageError, match="older_than must be a number of seconds >= 0, not '5'"):
        prune(store, "5", at=1.0)  # type: ignore[arg-type]
    store.close()


def test_turns_and_readers_go_on_while_entries_are_removed(shelf: Shelf) -> None:
    store = shelf.open()
    desk = busy(store, 20, snapshot_every=None)

    def submit() -> None:
        for number in range(100, 220):
            desk.handle(cmd.Submit(Interaction(id=f"tweet-{number}")))

    other = threading.Thread(target=submit)
    other.start()
    removed, seen = 0, 0
    while other.is_alive():
        desk.snapshot()
        removed += desk.prune(0.0, read=seen)
        for number, _ in desk.events(seen):
            assert number == seen + 1
            seen = number
    other.join()
    desk.snapshot()
    desk.snapshot()
    removed += desk.prune(0.0)
    assert beginning(store).removed == removed > 0
    assert desk.interaction("tweet-219").stage == "waiting"
    proof = verify(store)
    assert proof.ok, proof.problems
    desk.close()


@pytest.mark.parametrize("seq", [40, 60])
def test_nothing_goes_while_a_snapshot_does_not_hold(shelf: Shelf, seq: int) -> None:
    busy(shelf.open())
    shelf.change(f"UPDATE snapshot SET crc = 5 WHERE seq = {seq}")
    store = shelf.open()
    desk = Desk.open(store, clock=count(1000).__next__)
    assert desk.prune(0.0) == 0
    assert removable(store, 0.0).why.startswith(f"the snapshot after entry {seq} was altered")
    for number in range(100, 102):
        desk.handle(cmd.Submit(Interaction(id=f"tweet-{number}")))
        desk.snapshot()
    assert desk.prune(0.0) > 40, "others have taken its place"


def test_a_removal_that_fails_costs_nobody_an_answer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = in_file(tmp_path / "journal.db")
    busy(shelf.open())
    shelf.change("UPDATE journal SET body = 'xxx' WHERE seq = 60")
    store = shelf.open()
    desk = Desk.open(store, clock=count(1000).__next__, snapshot_every=1, keep=0.0)
    [*_, said] = desk.handle(cmd.Submit(Interaction(id="tweet-100")))
    assert "nothing could be removed from the journal" in caplog.text
    assert (beginning(store).seq, store.head()) == (1, 63)
    [*_, other] = desk.handle(cmd.Submit(Interaction(id="tweet-101")))
    assert said.at < other.at
    shelf.close()


def test_a_desk_at_work_moves_what_is_old_to_an_archive(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "journal.db")
    desk = busy(store, read=lambda: 30)
    limit = removable(store, 0.0).count
    assert 0 < desk.prune(0.0, archived=tmp_path / "one.db") < limit, "what is not read stays"
    last = list(desk.events(30))[-1][0]
    with pytest.raises(UsageError, match=r"one\.db is there already: it begins with entry 1"):
        desk.prune(0.0, read=last, archived=tmp_path / "one.db")
    assert desk.prune(0.0, read=last, archived=tmp_path / "two.db") > 0
    assert beginning(store).seq == limit + 1
    with parts(tmp_path / "one.db", tmp_path / "two.db") as archives:
        assert verify(Joined([store, *archives])).ok
    desk.close()


# --- the law ------------------------------------------------------------------------------------

ACTS = st.one_of(
    st.tuples(
        st.sampled_from(["submit", "again", "accept", "decline", "complete", "tick"]), st.integers(0, 7)
    ),
    st.tuples(st.sampled_from(["snapshot", "prune", "reopen"]), st.integers(0, 40)),
)


def wished(act: str, number: int, told: list[Event]) -> cmd.Command:
    """What *act* wishes, of what was told so far."""
    offers = [event for event in told if isinstance(event, Offered)]
    grants = [event for event in told if isinstance(event, Assigned)]
    if act == "again" or (act == "complete" and not grants):
        return cmd.Submit(Interaction(id=f"tweet-{number}"), key=f"network:{number}")
    if act == "submit" or (act in ("accept", "decline") and not offers):
        return cmd.Submit(Interaction(id=f"mail-{len(told)}"), key=f"mail:{len(told)}")
    if act == "tick":
        return cmd.Tick()
    if act == "complete":
        held = grants[-1 - number % len(grants)]
        return cmd.Complete(held.interaction, held.agent, held.fence)
    offer = offers[-1 - number % len(offers)]
    kind = cmd.Accept if act == "accept" else cmd.Decline
    return kind(offer.offer, offer.agent)


def goes_as_its_twin(shelf: Shelf, acts: list[tuple[str, int]]) -> None:
    """A desk whose journal is pruned answers as one whose journal is whole, to the end."""
    told: list[Event] = []
    twin = Desk.open(MemoryStore(), PLAN, clock=lambda: 0.0)
    desk = Desk.open(shelf.open(), PLAN, clock=lambda: 0.0)
    for at, name in enumerate(("ann", "bob")):
        for begin in (cmd.AddAgent(Agent(id=name)), cmd.SignOn(name)):
            assert desk.handle(begin, at) == twin.handle(begin, at)
    for at, (act, number) in enumerate(acts, 10):
        if act == "snapshot":
            desk.snapshot()
        elif act == "prune":
            desk.prune(float(number))
        elif act == "reopen":
            shelf.close()
            desk = Desk.open(shelf.open(), clock=lambda: 0.0)
        else:
            command = wished(act, number, told)
            answer = desk.handle(command, at * 3.0)
            assert answer == twin.handle(command, at * 3.0)
            told += answer
    shelf.close()
    store = shelf.open()
    assert replay(store).snapshot() == replay(twin._store).snapshot()
    first = beginning(store).seq
    assert list(store.load(first)) == list(twin._store.load(first))
    verdict = verify(store)
    assert verdict.ok, verdict.problems
    assert verdict.removed == first - 1


@settings(max_examples=30)
@given(acts=st.lists(ACTS, min_size=10, max_size=60))
def test_a_pruned_journal_restarts_as_an_unpruned_twin_does(acts: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shelf = in_file(Path(folder) / "journal.db")
        try:
            goes_as_its_twin(shelf, acts)
        finally:
            shelf.close()


def test_so_it_does_on_a_server(dsn: str, tmp_path: Path) -> None:
    dice, kinds = Random(11), ["submit", "again", "accept", "decline", "complete", "tick"]
    acts = [
        (dice.choice([*kinds * 3, "snapshot", "prune", "reopen"]), dice.randrange(40)) for _ in range(250)
    ]
    shelf = on_server(dsn, tmp_path.as_posix()[-128:])
    goes_as_its_twin(shelf, acts)
    assert shelf._opened[0].begins().seq > 50
    shelf.close()


# --- archives -----------------------------------------------------------------------------------


def worked(tmp_path: Path, turns: int = 60) -> Path:
    """The closed file of a busy desk."""
    store = SqliteStore(tmp_path / "journal.db")
    busy(store, turns).close()
    return tmp_path / "journal.db"


def more(path: Path, begin: int) -> None:
    """Let the desk go on for another forty turns."""
    clock = count(1000 + begin)
    desk = Desk.open(SqliteStore(path), clock=lambda: float(next(clock)), snapshot_every=20)
    for number in range(begin, begin + 40):
        desk.handle(cmd.Submit(Interaction(id=f"tweet-{number}")))
    desk.close()


def read(path: Path) -> list[bytes]:
    """All bodies that there are."""
    store = SqliteStore(path, readonly=True)
    first = store.begins().seq
    found = [next(store.load()), *store.load(first)]
    store.close()
    return found


@contextmanager
def parts(*paths: Path) -> Iterator[list[SqliteStore]]:
    """Journals and archives, open to be read."""
    stores = [SqliteStore(path, readonly=True) for path in paths]
    try:
        yield stores
    finally:
        for store in stores:
            store.close()


def told(tmp_path: Path, *words: object) -> dict[str, Any]:
    """What the command says as JSON, if it does what it is asked."""
    out = tmp_path / "told.json"
    out.unlink(missing_ok=True)
    assert main([*map(str, words), "--json", str(out)]) in (0, 1)
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def test_archives_and_the_journal_are_the_whole_journal_again(tmp_path: Path) -> None:
    path = worked(tmp_path)
    one, two = tmp_path / "one.db", tmp_path / "two.db"
    whole = read(path)
    said = told(tmp_path, "prune", path, "--keep-days", 0, "--archive", one)
    assert (said["removed"], said["begins"], said["archive"]) == (40, 41, str(one))
    assert read(one) == whole[:41]
    more(path, 100)
    assert told(tmp_path, "prune", path, "--keep-days", 0, "--archive", two)["removed"] == 40
    stores = [SqliteStore(each, readonly=True) for each in (path, two, one)]
    assert [each.begins().seq for each in stores] == [81, 41, 1]
    joined = Joined(stores)
    assert list(joined.load())[: len(whole)] == whole
    assert list(joined.load(50)) == list(joined.load())[50:]
    proof = verify(joined)
    assert proof.ok, proof.problems
    assert (proof.removed, proof.unproved) == (0, "")
    assert measure(joined).figures().entered == 100
    assert replay(joined, lambda entry: None).snapshot() == replay(stores[0]).snapshot()
    joined.close()
    first = SqliteStore(one, readonly=True)
    assert verify(first).ok, "the first one alone is a journal"
    first.close()
    alone = told(tmp_path, "verify", path)
    assert alone["ok"]
    assert alone["removed"] == 80
    assert "the audit, and the replay up to entry 80" in alone["unproved"]
    assert told(tmp_path, "verify", two, path, one)["unproved"] == ""
    for words in ("explain tweet-3", "why-waiting tweet-3"):
        command, name = words.split()
        archives = ["--archive", str(one), "--archive", str(two)]
        assert main([command, str(path), name, *archives]) == 0
    assert main(["explain", str(path), "tweet-3"]) == 2


def test_parts_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    path = worked(tmp_path)
    store = SqliteStore(path)
    archive(store, 21, tmp_path / "one.db")
    store.prune(21, 1.0)
    archive(store, 41, tmp_path / "two.db")
    store.prune(41, 1.0)
    store.close()
    one, two = tmp_path / "one.db", tmp_path / "two.db"
    with parts(path, one) as found, pytest.raises(JournalError, match="entries 21 to 40 are in none of"):
        Joined(found)
    with (
        parts(path, one, two, two) as found,
        pytest.raises(JournalError, match="entries 21 to 40 are in two"),
    ):
        Joined(found)
    Desk.open(SqliteStore(tmp_path / "other.db"), Plan(), clock=lambda: 1.0).close()
    with (
        parts(path, tmp_path / "other.db") as found,
        pytest.raises(JournalError, match="not of one journal"),
    ):
        Joined(found)
    with pytest.raises(UsageError, match="nothing to join"):
        Joined([])
    forged = SqliteStore(tmp_path / "forged.db")
    forged.append(-1, [*read(one)[:20], read(one)[19]])
    forged.close()
    with parts(tmp_path / "forged.db", two, path) as found:
        assert "entry 21 does not follow: it went on from another entry" in verify(Joined(found)).problems


def test_a_crash_between_archiving_and_removing_leaves_both_and_the_next_try_takes_up_there(
    tmp_path: Path,
) -> None:
    path, kept = worked(tmp_path), tmp_path / "one.db"
    whole = read(path)
    store = SqliteStore(path)
    assert archive(store, 31, kept) == 31  # and here it is killed
    store.close()
    before = kept.read_bytes()
    said = told(tmp_path, "prune", path, "--keep-days", 0, "--archive", kept)
    assert (said["removed"], said["begins"]) == (30, 31), "no more than is in the archive"
    assert kept.read_bytes() == before
    assert told(tmp_path, "prune", path, "--keep-days", 0, "--archive", tmp_path / "two.db")["removed"] == 10
    assert read(kept) + read(tmp_path / "two.db")[1:] + read(path)[1:] == whole


def test_an_archive_replaces_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = worked(tmp_path)
    whole = read(path)
    other = tmp_path / "other.db"
    (tmp_path / "notes.db").write_bytes(b"notes")
    shutil.copy(path, other)
    for name, rule in (
        ("notes.db", "cannot be opened as a journal"),
        ("other.db", "other.db is there already: it ends with entry 62"),
        ("journal.db", "is open elsewhere"),
        ("one.jsonl", "an archive is an SQLite file"),
        ("nowhere/one.db", "cannot be"),
    ):
        assert main(["prune", str(path), "--keep-days", "0", "--archive", str(tmp_path / name)]) == 2
        assert rule in capsys.readouterr().err
        assert read(path) == whole
    assert main(["prune", str(path), "--keep-days", "0", "--archive", str(tmp_path / "one.db")]) == 0
    more(path, 100)
    assert main(["prune", str(path), "--keep-days", "0", "--archive", str(tmp_path / "one.db")]) == 2
    assert "one.db is there already: it begins with entry 1, and not 41" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.new*"))


def test_without_an_archive_it_must_be_said_that_it_goes_for_good(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = worked(tmp_path)
    for words in (["--keep-days", "0"], ["--discard"], ["--keep-days", "-1", "--discard"]):
        with pytest.raises(SystemExit):
            main(["prune", str(path), *words])
    assert told(tmp_path, "prune", path, "--keep-days", 1, "--discard")["why"] == "entry 1 is young enough"
    said = told(tmp_path, "prune", path, "--keep-days", 0.0001, "--discard")
    assert 0 < said["removed"] <= 40
    assert said["archive"] is None
    assert "are gone" in capsys.readouterr().out


def test_a_journal_that_is_not_in_order_is_not_pruned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shelf = in_file(worked(tmp_path))
    shelf.change("UPDATE snapshot SET crc = 5 WHERE seq = 40")
    assert main(["prune", str(tmp_path / "journal.db"), "--keep-days", "0", "--discard"]) == 2
    assert "is not in order" in capsys.readouterr().err
    assert len(read(tmp_path / "journal.db")) == 63


def test_nothing_goes_from_a_journal_as_text(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").touch()
    assert main(["prune", str(tmp_path / "journal.jsonl"), "--keep-days", "0", "--discard"]) == 2


# --- verify, backup, compact, repair ------------------------------------------------------------


def pruned(tmp_path: Path) -> Path:
    """The closed file of a busy desk, without its first forty entries."""
    path = worked(tmp_path)
    store = SqliteStore(path)
    assert prune(store, 0.0, at=1.0) == 40
    store.close()
    return path


def problems(path: Path) -> list[str]:
    store = SqliteStore(path, readonly=True)
    try:
        return verify(store).problems
    finally:
        store.close()


def test_verify_compares_what_is_left_with_the_newer_snapshot(tmp_path: Path) -> None:
    path = pruned(tmp_path)
    assert problems(path) == []
    shelf = in_file(path)
    shelf.change("DELETE FROM snapshot WHERE seq = 60")
    assert problems(path) == []
    shelf.change("UPDATE snapshot SET crc = 5 WHERE seq = 40")
    assert problems(path) == [
        "the snapshot after entry 40 was altered",
        "no snapshot holds: what was removed cannot be replayed, nor what follows",
    ]
    with pytest.raises(Removed, match="there is no snapshot to begin with, and the journal begins with"):
        Desk.open(store := SqliteStore(path))
    store.close()


def test_verify_notices_a_newer_snapshot_that_does_not_follow(tmp_path: Path) -> None:
    path = pruned(tmp_path)
    store = SqliteStore(path)
    [(_, newer), (_, older)] = store.snapshots()
    assert newer is not None
    assert older is not None
    store.snapshot(60, newer.replace(b'"events":', b'"events":1'))
    store.close()
    assert "the snapshot after entry 60 counts" in problems(path)[0]


def test_a_pruned_journal_is_backed_up_and_compacted_as_any_other(tmp_path: Path) -> None:
    path = pruned(tmp_path)
    whole, store = read(path), SqliteStore(path)
    assert store.backup(tmp_path / "backup.db") == 62
    store.compact()
    store.close()
    assert read(path) == read(tmp_path / "backup.db") == whole
    assert problems(tmp_path / "backup.db") == []
    assert told(tmp_path, "compact", path)["entries"] == 23


def test_of_a_damaged_pruned_journal_what_holds_is_saved_with_the_snapshots_behind_it(tmp_path: Path) -> None:
    path = pruned(tmp_path)
    assert repair(path, tmp_path / "same.db").whole
    assert read(tmp_path / "same.db") == read(path)
    in_file(path).change("UPDATE journal SET body = 'xxx' WHERE seq = 55")
    said = told(tmp_path, "repair", path, "--out", tmp_path / "new.db")
    assert (said["kept"], said["begins"], said["lost"], said["reason"]) == (15, 41, 8, "entry 55 was altered")
    assert problems(tmp_path / "new.db") == []
    store = SqliteStore(tmp_path / "new.db")
    assert [seq for seq, _ in store.snapshots()] == [40]
    assert Desk.open(store, clock=lambda: 500.0).interaction("tweet-30").id == "tweet-30"
    store.close()
    with pytest.raises(UsageError, match="can be kept in an SQLite file only"):
        repair(path, tmp_path / "new.jsonl")
    in_file(path).change("UPDATE snapshot SET crc = 5")
    assert "entry 55 was altered" in repair(path, tmp_path / "newer.db").reason
