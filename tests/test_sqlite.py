"""Nothing that was answered for is lost from a SQLite journal, and no damage goes unnoticed."""

import json
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from workassign import commands as cmd
from workassign.cli import main
from workassign.desk import Desk
from workassign.errors import JournalError, LockedError, UsageError
from workassign.journal import replay, verify
from workassign.model import Agent, Interaction
from workassign.stores.jsonl import JsonlStore
from workassign.stores.repairing import Repaired, repair
from workassign.stores.sqlite import LAYOUT, SqliteStore

GOLDEN = Path(__file__).resolve().parent / "golden"
BODIES = [b'{"n":%d,"text":"%b"}' % (n, b"x" * (n % 50)) for n in range(60)]


def filled(path: Path, bodies: list[bytes] = BODIES) -> Path:
    """A closed journal with these bodies."""
    store = SqliteStore(path)
    store.append(-1, bodies)
    store.close()
    return path


def worked(path: Path, turns: int = 30, every: int | None = 10) -> Path:
    """A closed journal of a desk where something has happened."""
    clock = iter(range(1, 10_000))
    desk = Desk.open(SqliteStore(path), clock=lambda: float(next(clock)), snapshot_every=every)
    desk.handle(cmd.AddAgent(Agent(id="ann")))
    desk.handle(cmd.SignOn("ann"))
    for number in range(turns):
        desk.handle(cmd.Submit(Interaction(id=f"tweet-{number}"), key=f"network:{number}"))
    desk.close()
    return path


def changed(path: Path, statement: str) -> None:
    """Change a closed file behind the back of the store."""
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


def read(path: Path) -> list[bytes]:
    """All that a journal has, checked."""
    store = SqliteStore(path, readonly=True)
    try:
        return list(store.load())
    finally:
        store.close()


# --- layouts -------------------------------------------------------------------------------------


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A journal as the first versions kept it, without a table for snapshots."""
    return Path(shutil.copy(GOLDEN / "store-layout-1.sqlite", tmp_path / "journal.db"))


def test_a_journal_of_the_first_layout_becomes_one_of_this_when_it_is_opened(old: Path) -> None:
    before = read(old)
    assert len(before) == 55
    store = SqliteStore(old)
    assert list(store.load()) == before
    assert verify(store).ok
    store.snapshot(store.head(), b"{}")
    store.close()
    connection = sqlite3.connect(old)
    assert connection.execute("PRAGMA user_version").fetchone() == (LAYOUT,)
    connection.close()


def test_a_journal_of_the_first_layout_is_read_as_it_is(old: Path) -> None:
    before = old.read_bytes()
    store = SqliteStore(old, readonly=True)
    assert list(store.snapshots()) == []
    assert verify(store).ok
    store.close()
    assert old.read_bytes() == before


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """A journal of the second layout: with snapshots, without cursors."""
    return Path(shutil.copy(GOLDEN / "store-layout-2.sqlite", tmp_path / "journal.db"))


def test_a_journal_of_the_second_layout_gets_cursors_when_it_is_opened(second: Path) -> None:
    before = read(second)
    store = SqliteStore(second)
    assert [seq for seq, body in store.snapshots() if body is not None] == [20, 10]
    assert list(store.load()) == before
    assert verify(store).ok
    assert store.cursors() == {}
    store.keep("crm", 7)
    store.close()
    store = SqliteStore(second)
    assert store.cursors() == {"crm": 7}
    store.close()


def test_a_journal_of_the_second_layout_is_read_with_its_snapshots_and_left_as_it_is(second: Path) -> None:
    before = second.read_bytes()
    store = SqliteStore(second, readonly=True)
    assert [seq for seq, body in store.snapshots() if body is not None] == [20, 10]
    assert store.cursors() == {}
    store.close()
    assert second.read_bytes() == before


@pytest.mark.parametrize("layout", [0, LAYOUT + 1])
def test_a_layout_that_is_not_known_is_refused(old: Path, layout: int) -> None:
    changed(old, f"PRAGMA user_version = {layout}")
    for readonly in (False, True):
        with pytest.raises(JournalError, match=f"layout {layout}; this version reads up to {LAYOUT}"):
            SqliteStore(old, readonly=readonly)


# --- backup and compact --------------------------------------------------------------------------


def test_a_backup_is_taken_while_the_desk_is_at_work_and_proves_whole(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "journal.db")
    desk = Desk.open(store, clock=lambda: 5.0, snapshot_every=50)

    def work() -> None:
        for number in range(200):
            desk.handle(cmd.Submit(Interaction(id=f"tweet-{number}")))

    worker = threading.Thread(target=work)
    worker.start()
    heads = [store.backup(tmp_path / f"copy-{number}.db") for number in range(4)]
    worker.join()
    heads.append(store.backup(tmp_path / "copy-4.db"))
    assert heads == sorted(heads)
    assert heads[-1] == store.head() == 200
    whole = list(store.load())
    for number, head in enumerate(heads):
        assert read(tmp_path / f"copy-{number}.db") == whole[: head + 1]
    copy = SqliteStore(tmp_path / "copy-4.db")
    assert verify(copy).ok
    assert [seq for seq, _ in copy.snapshots()] == [seq for seq, _ in store.snapshots()]
    assert replay(copy).snapshot() == replay(store).snapshot()
    copy.close()
    desk.close()


def test_a_backup_is_one_file_for_its_owner_only(tmp_path: Path) -> None:
    store = SqliteStore(worked(tmp_path / "journal.db"))
    (tmp_path / "safe").mkdir()
    store.backup(tmp_path / "safe" / "copy.db")
    store.close()
    assert [each.name for each in (tmp_path / "safe").iterdir()] == ["copy.db"]
    assert (tmp_path / "safe" / "copy.db").stat().st_mode & 0o077 == 0


def test_a_backup_replaces_nothing(tmp_path: Path) -> None:
    store = SqliteStore(filled(tmp_path / "journal.db"))
    (tmp_path / "copy.db").write_text("precious")
    with pytest.raises(UsageError, match=r"copy\.db is there already"):
        store.backup(tmp_path / "copy.db")
    with pytest.raises(JournalError, match="cannot be written"):
        store.backup(tmp_path / "nowhere" / "copy.db")
    store.close()
    assert (tmp_path / "copy.db").read_text() == "precious"


def test_of_a_damaged_journal_there_is_no_backup(tmp_path: Path) -> None:
    changed(filled(tmp_path / "journal.db"), "UPDATE journal SET crc = 0 WHERE seq = 20")
    store = SqliteStore(tmp_path / "journal.db")
    with pytest.raises(JournalError, match="entry 20 was altered"):
        store.backup(tmp_path / "copy.db")
    with pytest.raises(JournalError, match="entry 20 was altered"):
        store.compact()
    store.close()
    assert [each.name for each in tmp_path.iterdir()] == ["journal.db"]


def test_compacting_gives_back_room_and_keeps_every_entry(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = filled(tmp_path / "journal.db")
    store = SqliteStore(path)
    store.snapshot(59, b"x" * 500_000)
    for number in range(3):
        store.snapshot(50 + number, b"{}")
    store.snapshot(59, b"{}")
    store.close()
    before = path.stat().st_size
    assert main(["compact", str(path), "--json", str(tmp_path / "told.json")]) == 0
    told = json.loads((tmp_path / "told.json").read_text())
    assert told["before"] == before > 10 * path.stat().st_size == 10 * told["after"]
    assert "all 60 entries are there" in capsys.readouterr().out
    assert read(path) == BODIES


def test_compacting_needs_the_journal_for_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = SqliteStore(filled(tmp_path / "journal.db"))
    assert main(["compact", str(tmp_path / "journal.db")]) == 2
    assert "is open elsewhere" in capsys.readouterr().err
    store.close()
    JsonlStore(tmp_path / "journal.jsonl").close()
    assert main(["compact", str(tmp_path / "journal.jsonl")]) == 2


# --- damage --------------------------------------------------------------------------------------


def as_it_was(path: Path) -> list[bytes] | None:
    """What the file gives back; None if it says that it is damaged."""
    try:
        return read(path)
    except JournalError:
        return None


def test_no_flipped_bit_of_a_journal_goes_unnoticed(tmp_path: Path) -> None:
    """At every position of the file: it is noticed, or every entry is as it was."""
    path = filled(tmp_path / "journal.db", [body * 8 for body in BODIES])
    whole, entries = path.read_bytes(), read(path)
    assert len(whole) > 20_000
    dice, noticed = Random(7), 0
    with path.open("r+b", buffering=0) as file:
        for at in range(len(whole)):
            file.seek(at)
            file.write(bytes([whole[at] ^ 1 << dice.randrange(8)]))
            back = as_it_was(path)
            assert back is None or back == entries, f"byte {at}"
            noticed += back is None
            file.seek(at)
            file.write(whole[at : at + 1])
    assert noticed > sum(map(len, entries))


CRASHED = """
import os, sys
from workassign.stores.sqlite import SqliteStore

store = SqliteStore(sys.argv[1])
for number in range(4):
    store.append(number - 1, [b"%d" % number * 400])
os.kill(os.getpid(), 9)
"""


def test_no_flipped_bit_of_a_log_that_a_crash_has_left_goes_unnoticed_but_in_its_last_batch(
    tmp_path: Path,
) -> None:
    path, log = tmp_path / "journal.db", tmp_path / "journal.db-wal"
    subprocess.run([sys.executable, "-c", CRASHED, str(path)], check=False)
    file, whole, dice = path.read_bytes(), log.read_bytes(), Random(10)
    unnoticed = []
    for at in range(0, len(whole), 7):
        path.write_bytes(file)
        log.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << dice.randrange(8)]) + whole[at + 1 :])
        back = as_it_was(path)
        if back is not None and len(back) < 4:
            assert len(back) == 3
            unnoticed.append(at)
    frames = [whole[at : at + 24] for at in range(32, len(whole), 24 + 4096)]
    ends = [number for number, frame in enumerate(frames) if any(frame[4:8])]
    assert len(ends) >= 4
    assert all(at >= 32 + (ends[-2] + 1) * (24 + 4096) for at in unnoticed), "before the last batch"
    path.write_bytes(file)
    log.write_bytes(whole[:200] + b"?" + whole[201:])
    for readonly in (False, True):
        with pytest.raises(JournalError, match=r"journal\.db-wal was altered: at least \d batches"):
            SqliteStore(path, readonly=readonly)
    with pytest.raises(JournalError, match="nothing of it can be saved"):
        repair(path, tmp_path / "new.db")


def test_no_flipped_bit_of_a_snapshot_leads_astray(tmp_path: Path) -> None:
    path = worked(tmp_path / "journal.db", turns=12)
    whole = path.read_bytes()
    truth = replay(store := SqliteStore(path, readonly=True)).snapshot()
    store.close()
    dice = Random(8)
    for at in range(0, len(whole), 61):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << dice.randrange(8)]) + whole[at + 1 :])
        try:
            store = SqliteStore(path, readonly=True)
            try:
                assert replay(store).snapshot() == truth, f"byte {at}"
            finally:
                store.close()
        except JournalError:
            pass  # noticed


def test_verify_names_the_entry_and_the_snapshot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = worked(tmp_path / "journal.db")
    assert main(["verify", str(path)]) == 0
    changed(path, "UPDATE snapshot SET crc = crc + 1 WHERE seq = 20")
    assert main(["verify", str(path)]) == 1
    assert "problem: the snapshot after entry 20 was altered" in capsys.readouterr().out
    changed(path, "UPDATE journal SET body = body || ' ' WHERE seq = 17")
    assert main(["verify", str(path)]) == 1
    assert "problem: entry 17 was altered" in capsys.readouterr().out


# --- repair --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "kept", "reason", "lost", "behind"),
    [
        ("UPDATE journal SET body = body || ' ' WHERE seq = 20", 20, "entry 20 was altered", 40, 40),
        ("UPDATE journal SET body = 'text' WHERE seq = 20", 20, "entry 20 was altered", 40, 40),
        ("DELETE FROM journal WHERE seq = 20", 20, "entry 20 is missing", 40, 39),
        (
            "DELETE FROM journal WHERE seq > 30",
            31,
            "entry 31 is missing: the head is 59, and that is all",
            29,
            0,
        ),
        ("DELETE FROM head", 60, "the head was altered", None, 0),
        ("UPDATE head SET seq = 5", 60, "the head was altered", None, 0),
        ("UPDATE head SET crc = 5", 60, "the head was altered", 0, 0),
        ("DROP TABLE head", 60, "the head was altered", None, 0),
        ("DELETE FROM head WHERE seq = 7", 60, "", 0, 0),
    ],
)
def test_a_repair_keeps_what_holds_and_says_what_was_lost(
    tmp_path: Path, statement: str, kept: int, reason: str, lost: int | None, behind: int
) -> None:
    path = filled(tmp_path / "journal.db")
    changed(path, statement)
    before = path.read_bytes()
    for name in ("new.db", "new.jsonl"):
        found = repair(path, tmp_path / name)
        assert (found.kept, found.reason, found.lost, found.behind) == (kept, reason, lost, behind)
        assert found.whole == (not reason)
    assert path.read_bytes() == before
    assert read(tmp_path / "new.db") == BODIES[:kept]
    lines = JsonlStore(tmp_path / "new.jsonl")
    assert list(lines.load()) == BODIES[:kept]
    lines.close()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["journal.db", "new.db", "new.jsonl"]


def test_a_journal_as_text_is_repaired_too(tmp_path: Path) -> None:
    store = JsonlStore(tmp_path / "journal.jsonl")
    store.append(-1, BODIES)
    store.close()
    path = tmp_path / "journal.jsonl"
    assert repair(path, tmp_path / "whole.db") == Repaired(kept=60, reason="", head=59, behind=0)
    path.write_bytes(path.read_bytes().replace(b'"n":17', b'"n":71'))
    found = repair(path, tmp_path / "new.db")
    assert (found.kept, found.lost, found.behind) == (17, 43, 43)
    assert read(tmp_path / "new.db") == BODIES[:17]


def test_a_page_that_cannot_be_read_ends_what_is_saved(tmp_path: Path) -> None:
    path = filled(tmp_path / "journal.db", [body * 8 for body in BODIES])
    whole = path.read_bytes()
    at = whole.index(b'{"n":40')
    page = at // 4096 * 4096
    path.write_bytes(whole[:page] + b"\xff" * 4096 + whole[page + 4096 :])
    found = repair(path, tmp_path / "new.db")
    assert 0 < found.kept <= 40
    assert f"entry {found.kept} cannot be read" in found.reason
    assert read(tmp_path / "new.db") == [body * 8 for body in BODIES[: found.kept]]


def test_a_repair_refuses_what_is_open_or_gone_or_would_be_replaced(tmp_path: Path) -> None:
    store = SqliteStore(filled(tmp_path / "journal.db"))
    with pytest.raises(LockedError):
        repair(tmp_path / "journal.db", tmp_path / "new.db")
    store.close()
    with pytest.raises(UsageError, match="is there already"):
        repair(tmp_path / "journal.db", tmp_path / "journal.db")
    with pytest.raises(UsageError, match="there is no journal"):
        repair(tmp_path / "other.db", tmp_path / "new.db")
    changed(tmp_path / "journal.db", "DELETE FROM journal WHERE seq = 0")
    with pytest.raises(JournalError, match="nothing of it can be saved: entry 0 is missing"):
        repair(tmp_path / "journal.db", tmp_path / "new.db")
    assert [each.name for each in tmp_path.iterdir()] == ["journal.db"]


def test_the_command_says_what_was_lost_and_the_new_journal_proves_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = worked(tmp_path / "journal.db")
    changed(path, "UPDATE journal SET crc = 0 WHERE seq = 25")
    assert main(["repair", str(path), "--out", str(tmp_path / "new.db")]) == 1
    told = capsys.readouterr().out
    assert "25 entries were saved, 0 to 24" in told
    assert "entry 25 was altered" in told
    assert "lost: 8 entries, 25 to 32" in told
    assert main(["verify", str(tmp_path / "new.db")]) == 0
    assert main(["repair", str(tmp_path / "new.db"), "--out", str(tmp_path / "newer.db")]) == 0
    assert "nothing was lost" in capsys.readouterr().out


# --- kill -9 -------------------------------------------------------------------------------------

CHILD = """
import sys
from workassign import commands as cmd
from workassign.desk import Desk
from workassign.model import Interaction
from workassign.stores.sqlite import SqliteStore

desk = Desk.open(SqliteStore(sys.argv[1]), clock=lambda: 5.0, snapshot_every=40)
number = int(sys.argv[2])
while True:
    desk.handle(cmd.Submit(Interaction(id=f"tweet-{number}"), key=f"network:{number}"))
    print(number, flush=True)
    number += 1
"""


def killed(path: Path, begin: int, answers: int) -> Iterator[int]:
    """Let a child work, read so many of its answers, kill it, and read what it has said until then."""
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(path), str(begin)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    with child:
        for _ in range(answers):
            yield int(child.stdout.readline())
        child.kill()
        yield from (int(line) for line in child.stdout if line.endswith(b"\n"))


def test_nothing_that_was_answered_for_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    path, dice, answered = tmp_path / "journal.db", Random(9), 0
    for _ in range(30):
        for number in killed(path, answered, dice.randrange(1, 60)):
            assert number == answered
            answered += 1
        store = SqliteStore(path)
        state = replay(store).snapshot()
        assert state == replay(store, lambda entry: None).snapshot()
        names = [work[0] for work in state["works"]]
        assert names[:answered] == [f"tweet-{number}" for number in range(answered)]
        assert len(names) <= answered + 1  # one may have been written before it was answered for
        store.close()
        answered = len(names)
    store = SqliteStore(path)
    assert verify(store).ok
    assert list(store.snapshots())
    store.close()
