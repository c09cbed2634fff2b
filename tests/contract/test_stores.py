"""What every shelf for a journal promises."""

import itertools
import logging
import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.contract.shelves import FILES, SHELVES, empty
from workassign import commands as cmd
from workassign.engine import Engine
from workassign.errors import JournalError, LockedError
from workassign.journal import Store, record, verify
from workassign.model import Interaction
from workassign.stores.jsonl import JsonlStore
from workassign.stores.memory import MemoryStore
from workassign.stores.sqlite import LAYOUT, SqliteStore

BODIES = [b'{"n":%d,"text":"%b"}' % (n, b"x" * (n % 50)) for n in range(60)]


@pytest.fixture(params=[*SHELVES, "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty shelf of each kind."""
    yield from empty(request, tmp_path)


@pytest.fixture(params=FILES)
def make(request: pytest.FixtureRequest) -> Callable[[Path], Store]:
    """What opens a shelf that is a file."""
    return FILES[request.param]


def filled(make: Callable[[Path], Store], path: Path, bodies: list[bytes] = BODIES) -> Path:
    """A closed file with entries in it."""
    store = make(path)
    store.append(-1, bodies)
    store.close()
    return path


# --- taking and giving back ---------------------------------------------------------------------


def test_a_new_shelf_is_empty(store: Store) -> None:
    assert store.head() == -1
    assert list(store.load()) == []


def test_what_is_appended_is_loaded_in_order_to_the_last_byte(store: Store) -> None:
    assert store.append(-1, BODIES[:1]) == 0
    assert store.append(0, BODIES[1:40]) == 39
    assert store.append(39, BODIES[40:]) == 59
    assert store.head() == 59
    assert list(store.load()) == BODIES


def test_loading_may_start_anywhere(store: Store) -> None:
    store.append(-1, BODIES)
    for start in (0, 1, 30, 59, 60):
        assert list(store.load(start)) == BODIES[start:]


def test_nothing_is_kept_of_an_empty_batch(store: Store) -> None:
    assert store.append(-1, []) == -1
    store.append(-1, BODIES[:3])
    assert store.append(2, []) == 2
    assert list(store.load()) == BODIES[:3]


@pytest.mark.parametrize("expected", [-1, 1, 3, 99])
def test_whoever_expects_another_head_is_refused_and_nothing_changes(store: Store, expected: int) -> None:
    store.append(-1, BODIES[:3])
    with pytest.raises(JournalError, match=f"the head is 2, not {expected}"):
        store.append(expected, BODIES[3:4])
    assert list(store.load()) == BODIES[:3]
    assert store.append(2, BODIES[3:4]) == 3


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"\n", b"a\nb\r\n", b'}\n{"seq":1', "ä€😀".encode(), bytes(range(256)), b"\x00" * 10],
)
def test_any_bytes_are_a_body_for_a_shelf_in_memory_or_in_a_table(body: bytes, tmp_path: Path) -> None:
    for shelf in (MemoryStore(), SqliteStore(tmp_path / "journal")):
        shelf.append(-1, [b"{}", body, b"{}"])
        assert list(shelf.load()) == [b"{}", body, b"{}"]
        shelf.close()


def test_a_huge_body_and_many_small_ones_are_kept(store: Store) -> None:
    huge = b'"' + b"h" * 5_000_000 + b'"'
    store.append(-1, [huge])
    store.append(0, [b"{}"] * 10_000)
    assert store.head() == 10_000
    loaded = store.load()
    assert next(loaded) == huge
    assert sum(1 for _ in loaded) == 10_000


def test_what_is_loaded_is_what_was_there_when_loading_began(store: Store) -> None:
    store.append(-1, BODIES[:10])
    loaded = store.load()
    first = [next(loaded) for _ in range(3)]
    store.append(9, BODIES[10:])
    assert first + list(loaded) == BODIES[:10]


def test_others_may_append_while_one_loads(store: Store) -> None:
    store.append(-1, BODIES[:1])

    def write() -> None:
        for n in range(300):
            store.append(n, [b"{}"])

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive():
        count = sum(1 for _ in store.load())
        assert 1 <= count <= 301
    writer.join()
    assert store.head() == 300


def test_a_closed_shelf_takes_and_gives_nothing(store: Store) -> None:
    store.append(-1, BODIES[:2])
    store.close()
    store.close()
    for ask in (store.head, store.load, lambda: store.append(1, BODIES[:1])):
        with pytest.raises(JournalError, match="closed"):
            ask()


def test_reopening_finds_everything(store: Store) -> None:
    store.append(-1, BODIES[:5])
    store.reopen()
    assert list(store.load()) == BODIES[:5]
    assert store.append(4, BODIES[5:6]) == 5


# --- files --------------------------------------------------------------------------------------


def test_a_file_is_there_again_after_closing(make: Callable[[Path], Store], tmp_path: Path) -> None:
    store = make(filled(make, tmp_path / "journal"))
    assert store.head() == 59
    assert list(store.load()) == BODIES
    assert store.append(59, [b"{}"]) == 60
    store.close()


def test_a_new_file_is_for_its_owner_only(make: Callable[[Path], Store], tmp_path: Path) -> None:
    path = filled(make, tmp_path / "journal")
    assert path.stat().st_mode & 0o077 == 0


def test_a_file_is_open_once_only(make: Callable[[Path], Store], tmp_path: Path) -> None:
    store = make(tmp_path / "journal")
    with pytest.raises(JournalError, match="is open elsewhere"):
        make(tmp_path / "journal")
    store.append(-1, BODIES[:1])
    store.close()
    make(tmp_path / "journal").close()


def test_another_process_is_told_that_the_file_is_open_elsewhere(
    make: Callable[[Path], Store], tmp_path: Path
) -> None:
    store = make(tmp_path / "journal")
    store.append(-1, BODIES[:1])
    module, name = make.__module__, make.__name__
    code = f"from {module} import {name}; {name}({str(tmp_path / 'journal')!r})"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "LockedError: journal is open elsewhere" in asked.stderr
    store.close()


def test_what_was_appended_survives_the_death_of_the_process(
    make: Callable[[Path], Store], tmp_path: Path
) -> None:
    module, name = make.__module__, make.__name__
    code = (
        f"import os; from {module} import {name}; store = {name}({str(tmp_path / 'journal')!r});"
        "[store.append(n - 1, [b'{}']) for n in range(50)]; os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    store = make(tmp_path / "journal")
    assert store.head() == 49
    assert list(store.load()) == [b"{}"] * 50
    store.close()


@pytest.mark.parametrize(
    "content", [b"hello\n", b"hello", b"{}\n" * 3000, b"\x00" * 5000, b'{"seq":1,"crc":1}\n']
)
def test_a_file_that_is_no_journal_is_refused_and_left_as_it_is(
    make: Callable[[Path], Store], tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(JournalError, match=r"notes\.txt"):
        make(path)
    assert path.read_bytes() == content


def test_the_database_of_somebody_else_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE people (name)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(JournalError, match="is no workassign journal"):
        SqliteStore(path)
    assert path.read_bytes() == before


def test_a_database_of_a_newer_layout_is_refused(tmp_path: Path) -> None:
    path = filled(SqliteStore, tmp_path / "journal")
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(JournalError, match=f"layout 9; this version reads up to {LAYOUT}"):
        SqliteStore(path)


def test_a_folder_that_is_not_there_is_an_error_of_the_journal(
    make: Callable[[Path], Store], tmp_path: Path
) -> None:
    with pytest.raises(JournalError, match="cannot be opened"):
        make(tmp_path / "nowhere" / "journal")
    with pytest.raises(JournalError, match="cannot be opened"):
        make(tmp_path)


# --- damage -------------------------------------------------------------------------------------


def found(make: Callable[[Path], Store], path: Path) -> list[bytes] | None:
    """What the file gives back; None if it says that it is damaged."""
    try:
        store = make(path)
    except JournalError:
        return None
    try:
        return list(store.load())
    except JournalError:
        return None
    finally:
        with suppress(JournalError):
            store.close()


def test_no_changed_byte_goes_unnoticed(make: Callable[[Path], Store], tmp_path: Path) -> None:
    """Either the damage is noticed, or it is where nothing is kept and all entries are as they were."""
    path = filled(make, tmp_path / "journal")
    whole = path.read_bytes()
    noticed = 0
    step = max(1, len(whole) // 500)
    for at, bit in zip(range(0, len(whole), step), itertools.cycle([1, 2, 8, 0x20, 0x80]), strict=False):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
        back = found(make, path)
        assert back in (None, BODIES), f"byte {at}"
        noticed += back is None
    assert noticed > 60


def test_every_byte_of_a_text_journal_counts(tmp_path: Path) -> None:
    path = filled(JsonlStore, tmp_path / "journal", BODIES[:6])
    whole = path.read_bytes()
    for at, bit in itertools.product(range(len(whole)), (1, 0x10, 0x80)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
        assert found(JsonlStore, path) is None, f"byte {at}"
        assert len(path.read_bytes()) == len(whole)


def test_damage_is_reported_with_its_entry(tmp_path: Path) -> None:
    path = filled(JsonlStore, tmp_path / "journal")
    path.write_bytes(path.read_bytes().replace(b'"n":17', b'"n":71'))
    store = JsonlStore(path)
    with pytest.raises(JournalError, match="entry 17 was altered"):
        list(store.load())
    store.close()


def test_a_removed_or_added_line_is_noticed(tmp_path: Path) -> None:
    path = filled(JsonlStore, tmp_path / "journal")
    lines = path.read_bytes().splitlines(keepends=True)
    for forged in (
        [*lines[:5], *lines[6:]],
        lines[1:],
        [*lines[:5], lines[4], *lines[5:]],
        [*lines[:5], lines[6], lines[5], *lines[7:]],
        [*lines[:5], b"\n", *lines[5:]],
        [*lines, b"\n"],
    ):
        path.write_bytes(b"".join(forged))
        assert found(JsonlStore, path) is None


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM journal WHERE seq = 20",
        "DELETE FROM journal WHERE seq = 0",
        "DELETE FROM journal WHERE seq = 59",
        "DELETE FROM journal WHERE seq > 30",
        "DELETE FROM journal",
        "UPDATE journal SET seq = 90 WHERE seq = 59",
        "UPDATE journal SET body = 'text' WHERE seq = 20",
        "UPDATE journal SET crc = crc + 1 WHERE seq = 20",
        "INSERT INTO journal SELECT seq + 100, crc, body FROM journal WHERE seq = 20",
        "DELETE FROM head",
        "UPDATE head SET seq = 70",
        "UPDATE head SET crc = 70",
        "DROP TABLE head",
        "DROP TABLE journal",
    ],
)
def test_a_changed_row_is_noticed(tmp_path: Path, statement: str) -> None:
    path = filled(SqliteStore, tmp_path / "journal")
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()
    back = found(SqliteStore, path)
    assert back is None or (back == BODIES and statement.startswith("INSERT"))


def test_a_last_line_that_was_never_finished_is_dropped_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = filled(JsonlStore, tmp_path / "journal", BODIES[:4])
    whole = path.read_bytes()
    begin = whole.rindex(b"\n", 0, -1) + 1
    for end in range(begin + 1, len(whole)):
        path.write_bytes(whole[:end])
        caplog.clear()
        with caplog.at_level(logging.WARNING, "workassign.stores.jsonl"):
            store = JsonlStore(path)
        assert "dropped an unfinished last line" in caplog.text
        assert store.append(2, BODIES[3:4]) == 3
        assert list(store.load()) == BODIES[:4]
        store.close()
        assert path.read_bytes() == whole


def test_a_header_that_was_never_finished_leaves_a_new_file(tmp_path: Path) -> None:
    path = filled(JsonlStore, tmp_path / "journal", BODIES[:1])
    whole = path.read_bytes()
    for end in range(1, len(whole)):
        path.write_bytes(whole[:end])
        store = JsonlStore(path)
        assert store.head() == -1
        store.close()


# --- appends that fail --------------------------------------------------------------------------


@contextmanager
def no_file_larger_than(limit: int) -> Iterator[None]:
    """Let the operating system refuse to write beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_after_an_append_that_failed_nothing_is_taken_until_the_shelf_is_reopened(
    make: Callable[[Path], Store], tmp_path: Path
) -> None:
    store = make(tmp_path / "journal")
    store.append(-1, BODIES)
    with no_file_larger_than(150_000), pytest.raises(JournalError, match="appending failed"):
        store.append(59, [b'"' + b"h" * 1_000_000 + b'"'])
    with pytest.raises(JournalError, match="reopen"):
        store.append(59, [b"{}"])
    store.reopen()
    assert list(store.load()) == BODIES
    assert store.append(59, [b"{}"]) == 60
    store.close()
    assert found(make, tmp_path / "journal") == [*BODIES, b"{}"]


def test_an_append_that_failed_leaves_a_file_that_can_be_opened(
    make: Callable[[Path], Store], tmp_path: Path
) -> None:
    store = make(tmp_path / "journal")
    store.append(-1, BODIES)
    with no_file_larger_than(150_000), suppress(JournalError):
        store.append(59, [b"{}"] * 5 + [b'"' + b"h" * 1_000_000 + b'"'])
    store.close()
    back = found(make, tmp_path / "journal")
    assert back is not None
    assert back[:60] == BODIES
    assert set(back[60:]) <= {b"{}"}


# --- with a real journal ------------------------------------------------------------------------


def test_a_journal_is_verified_from_every_shelf(store: Store) -> None:
    recorder = record(Engine(), store)
    for n in range(200):
        recorder.handle(cmd.Submit(Interaction(id=f"i{n}")), n)
        recorder.flush()
    verdict = verify(store)
    assert verdict.ok, verdict.problems
    assert verdict.balance["waiting"] == 200


# --- reading only -------------------------------------------------------------------------------


@pytest.fixture(params=FILES)
def kind(request: pytest.FixtureRequest) -> type[JsonlStore] | type[SqliteStore]:
    """A shelf that is a file."""
    return JsonlStore if request.param == "jsonl" else SqliteStore


def test_who_only_reads_reads_all_appends_nothing_and_leaves_nothing_behind(
    kind: type[JsonlStore] | type[SqliteStore], tmp_path: Path
) -> None:
    path = filled(kind, tmp_path / "journal")
    before = path.read_bytes()
    first, second = kind(path, readonly=True), kind(path, readonly=True)

    for store in (first, second):
        assert list(store.load()) == BODIES
        with pytest.raises(JournalError, match="open to read only"):
            store.append(59, [b"{}"])
        store.reopen()
        assert list(store.load(30)) == BODIES[30:]
        store.close()

    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["journal"]


def test_what_is_being_written_is_not_read_and_what_is_not_there_is_not_made(
    kind: type[JsonlStore] | type[SqliteStore], tmp_path: Path
) -> None:
    live = kind(tmp_path / "journal")
    live.append(-1, BODIES[:1])
    with pytest.raises(LockedError, match="open elsewhere"):
        kind(tmp_path / "journal", readonly=True)
    live.close()

    with pytest.raises(JournalError, match="cannot be opened"):
        kind(tmp_path / "other", readonly=True)
    assert not (tmp_path / "other").exists()


def test_a_table_is_read_where_nothing_can_be_put_beside_it(tmp_path: Path) -> None:
    """As in a folder without the right to write: what SQLite wants to make leads nowhere."""
    path = filled(SqliteStore, tmp_path / "journal")
    (tmp_path / "journal-shm").symlink_to(tmp_path / "nowhere" / "shm")

    store = SqliteStore(path, readonly=True)
    assert list(store.load()) == BODIES
    store.close()

    (tmp_path / "journal-shm").unlink(missing_ok=True)
    (tmp_path / "journal-shm").symlink_to(tmp_path / "nowhere" / "shm")
    (tmp_path / "journal-wal").write_bytes(b"entries of a crash")
    with pytest.raises(JournalError, match="its last entries are in journal-wal"):
        SqliteStore(path, readonly=True)
