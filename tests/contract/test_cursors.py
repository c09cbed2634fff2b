"""What every shelf promises that keeps where the readers of the events stand."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.shelves import Shelf, empty
from workassign.errors import JournalError, UsageError
from workassign.stores.cursors import Cursors
from workassign.stores.memory import MemoryStore
from workassign.stores.sqlite import SqliteStore


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    """An empty shelf of each kind that keeps cursors."""
    yield from empty(request, tmp_path)


def test_it_keeps_cursors(shelf: Cursors) -> None:
    assert isinstance(shelf, Cursors)


def test_a_consumer_that_nobody_knows_stands_at_0_and_is_not_listed(shelf: Cursors) -> None:
    assert shelf.cursor("crm") == 0
    assert shelf.cursors() == {}
    shelf.keep("crm", 0)
    assert shelf.cursors() == {"crm": 0}


def test_each_consumer_stands_where_it_was_kept(shelf: Cursors) -> None:
    shelf.keep("crm", 7)
    shelf.keep("bi", 2**63 - 1)
    shelf.keep("crm", 7)
    assert shelf.cursors() == {"bi": 2**63 - 1, "crm": 7}
    assert list(shelf.cursors()) == ["bi", "crm"]
    assert shelf.cursor("crm") == 7


def test_a_cursor_moves_forward_only(shelf: Cursors) -> None:
    shelf.keep("crm", 7)
    with pytest.raises(UsageError, match="only moves forward: crm stands at 7, and cannot go back to 6"):
        shelf.keep("crm", 6)
    assert shelf.cursor("crm") == 7


def test_a_consumer_that_was_forgotten_may_begin_anew(shelf: Cursors) -> None:
    shelf.keep("crm", 7)
    shelf.forget("crm")
    shelf.forget("nobody")
    assert shelf.cursors() == {}
    shelf.keep("crm", 3)
    assert shelf.cursor("crm") == 3


@pytest.mark.parametrize("name", ["", "a b", "a\n", "ä", "x" * 65, "a:b", "a.b", None, 7])
def test_a_name_that_could_not_stand_in_a_log_is_refused(shelf: Cursors, name: str) -> None:
    with pytest.raises(UsageError, match="1 to 64 letters, digits, _ and -"):
        shelf.keep(name, 1)
    assert shelf.cursors() == {}


@pytest.mark.parametrize("seq", [-1, 2**63, 1.0, True, None, "7"])
def test_a_cursor_that_is_no_number_of_an_event_is_refused(shelf: Cursors, seq: int) -> None:
    with pytest.raises(UsageError, match="a whole number from 0 on"):
        shelf.keep("crm", seq)
    assert shelf.cursors() == {}


def test_a_closed_shelf_says_so(shelf: MemoryStore | SqliteStore) -> None:
    shelf.keep("crm", 7)
    shelf.close()
    for ask in (
        lambda: shelf.keep("crm", 8),
        lambda: shelf.cursor("crm"),
        shelf.cursors,
        lambda: shelf.forget("crm"),
    ):
        with pytest.raises(JournalError, match="the store is closed"):
            ask()
    shelf.reopen()
    assert shelf.cursor("crm") == 7


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 9)), max_size=20))
def test_a_cursor_is_the_greatest_that_was_kept(moves: list[tuple[str, int]]) -> None:
    shelf = MemoryStore()
    greatest: dict[str, int] = {}
    for name, seq in moves:
        if seq >= greatest.get(name, 0):
            shelf.keep(name, seq)
            greatest[name] = seq
        else:
            with pytest.raises(UsageError):
                shelf.keep(name, seq)
        assert shelf.cursors() == dict(sorted(greatest.items()))


def test_cursors_are_in_the_file_and_in_its_backup(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "journal.db")
    store.append(-1, [b"{}"])
    store.keep("crm", 7)
    store.backup(tmp_path / "backup.db")
    store.close()
    for name in ("journal.db", "backup.db"):
        again = SqliteStore(tmp_path / name, readonly=True)
        assert again.cursors() == {"crm": 7}
        with pytest.raises(JournalError, match="read only"):
            again.keep("crm", 8)
        again.close()


@pytest.mark.parametrize("statement", ["seq = 8", "seq = 'x'", "name = 'erp'", "crc = 0"])
def test_an_altered_cursor_is_noticed_and_can_be_forgotten(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "journal.db"
    store = SqliteStore(path)
    store.append(-1, [b"{}"])
    store.keep("crm", 7)
    store.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"UPDATE consumer SET {statement}")
        connection.commit()
    store = SqliteStore(path)
    assert list(store.load()) == [b"{}"]  # the journal is not touched by it
    with pytest.raises(JournalError, match="was altered: forget it, and say where to go on"):
        store.cursors()
    store.forget("erp" if "erp" in statement else "crm")
    store.keep("crm", 3)
    assert store.cursors() == {"crm": 3}
    store.close()
