"""A disk that is full or fails loses nothing, and nothing is taken in vain."""

from pathlib import Path
from random import Random
from zlib import crc32

import pytest

from torture.disk import GO, Call, Fate, failing, watched
from torture.faults import run
from torture.power import Drive, Op
from torture.recording import scratch, spread
from workassign.errors import JournalError
from workassign.stores.jsonl import JsonlStore
from workassign.stores.logs import batches_behind_damage
from workassign.stores.sqlite import SqliteStore


def test_nothing_is_lost_or_done_twice_wherever_the_disk_fails() -> None:
    counts = run(250, seed=1)
    assert counts.violations == []
    assert counts.counted["times through all positions"] >= 1
    assert counts.counted["answered that it is unknown"] > 50
    assert {
        f"failed: {what}" for what in ("create", "write", "sync", "truncate", "delete")
    } <= counts.counted.keys()


def test_nor_from_text() -> None:
    counts = run(60, seed=2, make=JsonlStore)
    assert counts.violations == []
    assert counts.counted["times through all positions"] >= 1


@pytest.mark.parametrize("what", ["sync", "write"])
@pytest.mark.parametrize("make", [SqliteStore, JsonlStore])
def test_after_a_failure_nothing_is_taken_until_the_store_is_opened_anew(
    make: type[SqliteStore] | type[JsonlStore], what: str
) -> None:
    fails = False

    def watcher(call: Call) -> Fate:
        return failing(call) if fails and call.what == what else GO

    with scratch() as folder, watched(folder, watcher):
        store = make(folder / "journal.db")
        store.append(-1, [b"1"])
        fails = True
        with pytest.raises(JournalError, match="appending failed"):
            store.append(0, [b"2"])
        fails = False
        with pytest.raises(JournalError, match="reopen the store"):
            store.append(0, [b"2"])
        store.reopen()
        assert list(store.load()) == [b"1"]
        store.append(0, [b"3"])
        store.close()


def test_what_was_written_before_a_failed_sync_and_a_kill_is_sure_before_anybody_goes_on() -> None:
    drive, ops, fails = Drive(), list[Op](), False
    bodies = [b"%d" % number * 9000 for number in range(4)]

    def watcher(call: Call) -> Fate:
        failed = fails and call.what == "sync" and ops[-1].call.at > 0  # of a batch, not of a new log
        ops.append(Op(call, failed=failed))
        return failing(call) if failed else GO

    with scratch() as folder, watched(folder, watcher):
        store = SqliteStore(folder / "journal.db")
        store.append(-1, bodies[:3])
        store.snapshot(2, b"image")  # from here on the log has nothing but what fails
        fails = True
        with pytest.raises(JournalError):
            store.append(2, bodies[3:])
        fails = False
        for op in ops:
            drive.take(op)  # and here it is killed
        ops.clear()
    ops.clear()
    with scratch() as folder:
        spread(drive.seen(), folder)
        with watched(folder, watcher):
            SqliteStore(folder / "journal.db").close()
    for place, op in enumerate(ops):
        drive.take(op)
        for number in range(20):
            with scratch() as folder:
                spread(drive.after_power_loss(Random(f"{place}/{number}")), folder)
                store = SqliteStore(folder / "journal.db")
                assert list(store.load())[:3] == bodies[:3]
                store.close()


def test_a_backup_that_fails_on_a_disk_where_nothing_works_is_told_as_such() -> None:
    def watcher(call: Call) -> Fate:
        return failing(call) if call.name.startswith("copy") and call.what != "create" else GO

    with scratch() as folder, watched(folder, watcher):
        store = SqliteStore(folder / "journal.db")
        store.append(-1, [b"1"])
        with pytest.raises(JournalError, match=r"copy\.db: cannot be written"):
            store.backup(folder / "copy.db")
        store.append(0, [b"2"])
        store.close()


def test_a_disk_where_no_log_can_be_kept_is_refused() -> None:
    def watcher(call: Call) -> Fate:
        return failing(call) if call.what == "create" and call.name.endswith("-wal") else GO

    with scratch() as folder, watched(folder, watcher), pytest.raises(JournalError):
        SqliteStore(folder / "journal.db")


# --- one flipped bit -----------------------------------------------------------------------------


def left(folder: Path) -> tuple[Path, list[bytes]]:
    """A journal as a crash leaves it, of about 20 KB with its log: two batches are in the log."""
    (folder / "work").mkdir()
    store = SqliteStore(folder / "work" / "journal.db")
    bodies = [b"%d" % number * 150 for number in range(6)]
    store.append(-1, bodies[:4])
    store.snapshot(3, b"{}")
    store.append(3, bodies[4:5])
    store.append(4, bodies[5:])
    for name in ("journal.db", "journal.db-wal"):
        (folder / name).write_bytes((folder / "work" / name).read_bytes())
    store.close()
    return folder / "journal.db", bodies


def test_a_flipped_bit_at_every_position_of_a_log_is_noticed_but_in_its_last_batch() -> None:
    with scratch() as folder:
        path, bodies = left(folder)
        log = path.with_name("journal.db-wal")
        whole, file = log.read_bytes(), path.read_bytes()
        assert len(whole) > 16_000
        last = len(whole) - 2 * (24 + 4096)  # the last batch has two frames
        silent = [at for at in range(len(whole)) if not noticed(path, log, file, whole, at, bodies)]
        assert all(at >= last for at in silent)


def noticed(path: Path, log: Path, file: bytes, whole: bytes, at: int, bodies: list[bytes]) -> bool:
    """Whether a bit that is flipped at *at* is noticed, or does no harm."""
    flipped = bytearray(whole)
    flipped[at] ^= 1 << crc32(b"%d" % at) % 8
    log.write_bytes(flipped)
    if batches_behind_damage(log):
        return True  # no store is opened on it
    path.write_bytes(file)
    path.with_name("journal.db-shm").unlink(missing_ok=True)
    try:
        store = SqliteStore(path, readonly=True)
    except JournalError:
        return True
    try:
        return list(store.load()) == bodies
    except JournalError:
        return True
    finally:
        store.close()


def test_a_log_whose_header_was_lost_when_it_was_begun_anew_is_no_damage(tmp_path: Path) -> None:
    """As a crash leaves it: all that the log has is in the file, too."""
    store = SqliteStore(tmp_path / "journal.db")
    store.append(-1, [b"1" * 5000, b"2"])
    log, copy = tmp_path / "journal.db-wal", tmp_path / "copy.db"
    frames = log.read_bytes()
    before = (tmp_path / "journal.db").read_bytes()
    store.snapshot(1, b"{}")
    store.close()
    torn = b"?" * 32 + frames[32:]
    copy.with_name("copy.db-wal").write_bytes(torn)
    copy.write_bytes(before)
    with pytest.raises(JournalError, match="was altered"):
        SqliteStore(copy)
    store = SqliteStore(tmp_path / "old.db")
    store.append(-1, [b"1" * 5000, b"2"])
    frames = (tmp_path / "old.db-wal").read_bytes()
    store.close()
    (tmp_path / "old.db-wal").write_bytes(b"?" * 32 + frames[32:])
    store = SqliteStore(tmp_path / "old.db")
    assert list(store.load()) == [b"1" * 5000, b"2"]
    store.close()
