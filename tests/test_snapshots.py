"""A restart from a snapshot goes on exactly as one from the whole journal."""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from workassign import commands as cmd
from workassign._codec import as_json, from_json
from workassign._from_image import from_image
from workassign._image import answers, image
from workassign.desk import Desk
from workassign.engine import Engine
from workassign.errors import JournalError, UsageError
from workassign.journal import Entry, entries, header, record, replay, resume, take_up, verify
from workassign.kpi import Kpis
from workassign.model import Agent, Interaction
from workassign.plan import Plan, Queue
from workassign.snapshots import Standing, newest, standing, take
from workassign.stores.jsonl import JsonlStore
from workassign.stores.memory import MemoryStore
from workassign.stores.sqlite import SqliteStore

GOLDEN = Path(__file__).resolve().parent / "golden"
STORIES = sorted(GOLDEN.glob("journal-v*.jsonl"))


def read(story: Path) -> tuple[MemoryStore, list[Entry]]:
    """A golden journal, in memory."""
    lines = story.read_bytes().splitlines()
    store = MemoryStore()
    store.append(-1, [line[line.index(b'"body":') + 7 : -1] for line in lines])
    return store, list(entries(store))


def parts(engine: Engine) -> tuple[bytes, list[bytes]]:
    """All that a snapshot keeps."""
    return as_json(image(engine)), answers(engine)


def again(engine: Engine) -> Engine:
    """An engine that comes from the snapshot of *engine*."""
    data, answered = parts(engine)
    return from_image(from_json(data), answered)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.stem)
def test_an_engine_that_comes_from_a_snapshot_is_the_same_after_every_turn(story: Path) -> None:
    store, turns = read(story)
    engine = Engine(Plan.from_data(header(store).plan))
    for number, turn in enumerate(turns):
        engine.absorb(turn.at, turn.command, turn.facts, turn.timed)
        if number % 11 == 0:
            copy = again(engine)
            assert copy.snapshot() == engine.snapshot(), f"after entry {turn.seq}"
            assert parts(copy) == parts(engine), f"after entry {turn.seq}"


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.stem)
def test_an_engine_that_comes_from_a_snapshot_decides_as_the_other(story: Path) -> None:
    store, turns = read(story)
    for begin in (len(turns) // 5, len(turns) // 2, len(turns) * 4 // 5):
        engine = Engine(Plan.from_data(header(store).plan))
        for turn in turns[:begin]:
            engine.absorb(turn.at, turn.command, turn.facts, turn.timed)
        copy = again(engine)
        for turn in turns[begin:]:
            said = engine.handle(turn.command, turn.at), engine.facts, engine.timed
            assert (copy.handle(turn.command, turn.at), copy.facts, copy.timed) == said, f"entry {turn.seq}"
        copy.check()


def test_what_is_of_an_earlier_plan_comes_back_too() -> None:
    engine = Engine(Plan(queues={"old": Queue(reopen=True), "new": Queue()}))
    engine.add_agent(Agent(id="ann"), 0)
    engine.sign_on("ann", 0)
    offered: Any = engine.submit(Interaction(id="a", queue="old"), 1)[-1]
    assigned: Any = engine.accept(offered.offer, "ann", 2)[-1]
    engine.complete("a", "ann", assigned.fence, 3)
    engine.change_plan(Plan(queues={"new": Queue()}, successors={"old": "new"}), 4)
    copy = again(engine)
    assert parts(copy) == parts(engine)
    assert copy.reopen("a", 5) == engine.reopen("a", 5)


# --- stores --------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """A shelf that keeps snapshots."""
    made = SqliteStore(tmp_path / "journal.db")
    yield made
    made.close()


def busy(store: SqliteStore | MemoryStore, turns: int = 60, every: int | None = 20) -> Desk:
    """A desk where something has happened."""
    clock = iter(range(1, 10_000))
    desk = Desk.open(store, clock=lambda: float(next(clock)), snapshot_every=every)
    desk.handle(cmd.AddAgent(Agent(id="ann")))
    desk.handle(cmd.SignOn("ann"))
    for number in range(turns):
        desk.handle(cmd.Submit(Interaction(id=f"tweet-{number}"), key=f"network:{number}"))
    return desk


def change(store: SqliteStore, statement: str, tmp_path: Path) -> SqliteStore:
    """Change the closed file of *store*, and open it again."""
    store.close()
    with sqlite3.connect(tmp_path / "journal.db") as connection:
        connection.execute(statement)
    connection.close()
    return SqliteStore(tmp_path / "journal.db")


def test_a_desk_takes_snapshots_by_itself_and_the_last_two_are_kept(store: SqliteStore) -> None:
    busy(store)
    assert [seq for seq, _ in store.snapshots()] == [60, 40]
    assert resume(store).seq == 60
    assert replay(store).snapshot() == replay(store, lambda entry: None).snapshot()
    assert verify(store).ok


def test_a_desk_that_is_not_asked_takes_none(store: SqliteStore) -> None:
    busy(store, every=None)
    assert list(store.snapshots()) == []
    assert resume(store).seq == 0


def test_a_desk_takes_one_when_it_is_told_to(store: SqliteStore) -> None:
    desk = busy(store, every=None)
    assert desk.snapshot()
    assert [seq for seq, _ in store.snapshots()] == [store.head()]


def test_a_store_that_keeps_none_is_as_good(tmp_path: Path) -> None:
    memory, lines = MemoryStore(), JsonlStore(tmp_path / "journal.jsonl")
    desk = busy(memory)
    assert not desk.snapshot()
    assert newest(memory) is None
    record(Engine(), lines)
    assert resume(lines).seq == 0
    lines.close()


def test_a_desk_goes_on_from_a_snapshot_as_if_it_had_read_everything(store: SqliteStore) -> None:
    desk = busy(store)
    events = list(desk.events())
    store.reopen()
    later = Desk.open(store, clock=lambda: 5000.0)
    assert list(later.events()) == events
    for since in (0, 3, 40, 58, 62, len(events)):
        assert list(later.events(since)) == events[since:]
    assert later.handle(cmd.Submit(Interaction(id="tweet-7"), key="network:7"))[-1] in [e for _, e in events]
    later.handle(cmd.Submit(Interaction(id="new")))
    assert next(later.events(len(events)))[0] == len(events) + 1


def test_key_figures_are_those_of_the_whole_journal(store: SqliteStore) -> None:
    busy(store)
    store.reopen()
    with Desk.open(store, clock=lambda: 5000.0, kpis=Kpis).kpis() as kpis:
        assert kpis.figures().entered == 60


def test_a_snapshot_later_than_what_is_asked_for_is_left_out(store: SqliteStore) -> None:
    busy(store)
    assert replay(store, until=30.0).now == 30.0
    assert resume(store, until=50.0).seq == 40


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE snapshot SET body = zeroblob(9) WHERE seq = 60",
        "UPDATE snapshot SET body = 'text' WHERE seq = 60",
        "UPDATE snapshot SET crc = crc + 1 WHERE seq = 60",
        "UPDATE snapshot SET seq = 61 WHERE seq = 60",
    ],
)
def test_a_damaged_snapshot_is_passed_over_and_told(
    store: SqliteStore, tmp_path: Path, statement: str, caplog: pytest.LogCaptureFixture
) -> None:
    whole = busy(store)._ready().engine.snapshot()
    store = change(store, statement, tmp_path)
    with caplog.at_level(logging.WARNING):
        assert resume(store).seq == 40
    assert "was altered; it is passed over" in caplog.text
    assert replay(store).snapshot() == whole
    assert "was altered" in verify(store).problems[0]
    store.close()


def test_without_a_snapshot_that_holds_the_journal_is_read_from_its_beginning(
    store: SqliteStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = busy(store)._ready().engine.snapshot()
    store = change(store, "UPDATE snapshot SET crc = 0", tmp_path)
    assert resume(store).seq == 0
    assert replay(store).snapshot() == whole
    store = change(store, "DROP TABLE snapshot", tmp_path)
    assert replay(store).snapshot() == whole
    assert "is read from its beginning" in caplog.text
    assert not verify(store).ok
    store.close()


@pytest.mark.parametrize(
    ("what", "by", "reason"),
    [
        (b'"snapshot":1', b'"snapshot":2', "has format 2; this version reads up to 1"),
        (b'"plan_hash":"', b'"plan_hash":"0', "is of another plan"),
        (b'"works":[[', b'"works":[[[', "cannot be read"),
        (b'"at":', b'"when":', "cannot be read"),
    ],
)
def test_a_snapshot_that_cannot_be_understood_says_why(
    store: SqliteStore, what: bytes, by: bytes, reason: str
) -> None:
    busy(store)
    _, body = next(iter(store.snapshots()))
    assert body is not None
    with pytest.raises(JournalError, match=f"the snapshot after entry 60 .*{reason}"):
        standing(60, body.replace(what, by, 1))


def test_a_snapshot_that_does_not_follow_from_the_journal_is_found_by_verify(
    store: SqliteStore, tmp_path: Path
) -> None:
    busy(store)
    _, body = next(iter(store.snapshots()))
    assert body is not None
    store.snapshot(60, body.replace(b'"submitted":58', b'"submitted":59'))
    assert verify(store).problems == ["the snapshot after entry 60 does not follow from the journal"]
    store.snapshot(60, body.replace(b'"events":', b'"events":9', 1))
    assert "the snapshot after entry 60 counts 9" in verify(store).problems[0]


def test_there_is_no_snapshot_after_an_entry_that_is_not_there(store: SqliteStore) -> None:
    busy(store)
    for seq in (-1, store.head() + 1):
        with pytest.raises(JournalError, match=f"there is no entry {seq}"):
            store.snapshot(seq, b"{}")


def test_of_a_fresh_engine_there_is_nothing_to_keep(store: SqliteStore) -> None:
    record(Engine(), store)
    assert not take(store, Engine(), 0, 0)


@pytest.mark.parametrize("every", [0, -1, 1.5, True])
def test_snapshot_every_is_a_whole_number(every: object) -> None:
    with pytest.raises(UsageError, match="snapshot_every must be a whole number >= 1"):
        Desk(Engine(), MemoryStore(), snapshot_every=every)  # type: ignore[arg-type]


class Full(SqliteStore):
    """A shelf with no room for snapshots."""

    def snapshot(self, seq: int, body: bytes) -> None:
        """Find no room."""
        raise JournalError("there is no room")


def test_a_snapshot_that_fails_costs_nobody_an_answer(tmp_path: Path) -> None:
    store = Full(tmp_path / "journal.db")
    desk = busy(store)
    assert desk.interaction("tweet-59").stage == "waiting"
    with pytest.raises(JournalError, match="no room"):
        desk.snapshot()
    assert desk.handle(cmd.Submit(Interaction(id="late"), key="late"))
    assert verify(store).entries == 63
    store.close()


def test_taking_up_calls_each_with_what_is_behind_the_snapshot(store: SqliteStore) -> None:
    busy(store)
    seen: list[int] = []
    note: Callable[[Entry], None] = lambda entry: seen.append(entry.seq)  # noqa: E731
    begun = resume(store)
    assert isinstance(begun, Standing)
    take_up(begun, store, note)
    assert seen == [61, 62]
