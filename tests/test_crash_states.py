"""Whatever moment the power fails at, all that was answered for is there; and the harness can see."""

from pathlib import Path
from random import Random

import pytest

from torture.crash_states import main, run
from torture.disk import GO, Call, Fate, watched
from torture.mutants import MUTANTS
from torture.power import Drive, Op
from torture.recording import scratch, spread
from workassign.stores.jsonl import JsonlStore
from workassign.stores.sqlite import SqliteStore


def test_nothing_is_lost_from_sqlite_in_twenty_thousand_crash_states() -> None:
    counts = run(20_000, seed=1)
    assert counts.violations == []
    assert counts.tried == 20_000
    assert counts.counted["gone on from"] == 4_000
    assert counts.counted["replayed and verified"] > 250
    assert counts.counted["compared with the engine"] > 250


def test_nothing_is_lost_from_text_either_but_it_may_have_to_be_repaired() -> None:
    counts = run(4_000, seed=2, make=JsonlStore)
    assert counts.violations == []
    assert 0 < counts.counted["refused, and repaired"] < 100


@pytest.mark.parametrize(
    ("name", "states", "seed"),
    [
        ("unsynced", 400, 1),
        ("hasty", 400, 1),
        ("beheaded", 400, 1),
        ("trusting", 800, 6),
        ("unsynced-text", 400, 1),
    ],
)
def test_a_store_that_breaks_the_promise_is_found_out(name: str, states: int, seed: int) -> None:
    counts = run(states, seed, make=MUTANTS[name])
    assert not counts.ok
    assert counts.as_dict()["violations"]


def test_the_same_seed_tries_the_same_states() -> None:
    again = [run(100, seed).counted["digest"] for seed in (5, 5, 6)]
    assert again[0] == again[1] != again[2]


def test_the_command_tells_what_it_found_and_replays_one_state(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--states", "50", "--json", str(tmp_path / "told.json")]) == 0
    assert "50 tried, 0 violations (seed 1)" in capsys.readouterr().out
    assert '"violated": 0' in (tmp_path / "told.json").read_text()
    assert main(["--only", "30", "--keep", str(tmp_path / "state")]) == 0
    assert main(["--states", "400", "--store", "unsynced"]) == 1
    told = capsys.readouterr().out
    number = told.partition("seed 1, state ")[2].partition(":")[0]
    assert main(["--only", number, "--store", "unsynced"]) == 1


@pytest.mark.parametrize("make", [SqliteStore, JsonlStore])
def test_a_journal_that_a_killed_process_had_just_begun_has_a_name_that_lasts(
    make: type[SqliteStore] | type[JsonlStore],
) -> None:
    drive = Drive()
    name = "journal.jsonl"

    def watcher(call: Call) -> Fate:
        drive.take(Op(call))
        return GO

    with scratch() as folder, scratch() as after_it, watched(folder, watcher):
        (folder / name).touch()  # as whoever was killed just then
        store = make(folder / name)
        store.append(-1, [b"{}"])
        for seed in range(200):
            spread(drive.after_power_loss(Random(seed)), after_it)
            again = make(after_it / name)
            assert list(again.load()) == [b"{}"]
            again.close()
        store.close()


# --- the model of a disk -------------------------------------------------------------------------


def after(*calls: Call, failed: int = -1) -> set[tuple[tuple[str, bytes], ...]]:
    """All that many losses of power leave after these *calls*, of which the one numbered *failed* fails."""
    drive = Drive()
    for number, call in enumerate(calls):
        drive.take(Op(call, failed=number == failed))
    return {tuple(sorted(drive.after_power_loss(Random(seed)).items())) for seed in range(400)}


CREATE = Call(what="create", name="a")
FOLDER = Call(what="folder", name="a")
SYNC = Call(what="sync", name="a")
WRITE = Call(what="write", name="a", data=b"one")
MORE = Call(what="write", name="a", at=3, data=b"two")


def test_what_was_synced_is_sure_and_its_name_once_the_folder_was() -> None:
    assert after(CREATE, WRITE, SYNC, FOLDER) == {(("a", b"one"),)}
    assert after(CREATE, WRITE, SYNC) == {(), (("a", b"one"),)}
    assert {(("a", b"one"),), (("a", b"onetwo"),)} <= after(CREATE, FOLDER, WRITE, SYNC, MORE)


def test_what_was_not_synced_may_be_lost_or_torn_in_any_order() -> None:
    found = {dict(each)["a"] for each in after(CREATE, FOLDER, WRITE, MORE)}
    assert {b"", b"one", b"onetwo", b"\0\0\0two", b"\0\0\0"} <= found


def test_what_was_written_before_a_sync_that_failed_stays_in_doubt() -> None:
    found = {dict(each)["a"] for each in after(CREATE, FOLDER, WRITE, SYNC, MORE, SYNC, failed=3)}
    assert {b"\0\0\0two", b"onetwo"} <= found
    assert all(each[3:] == b"two" for each in found)


def test_a_new_name_is_there_with_all_of_the_file_or_not_at_all() -> None:
    rename = Call(what="rename", name="a", to="b")
    assert after(CREATE, WRITE, SYNC, FOLDER, rename) == {(("a", b"one"),), (("b", b"one"),)}
    delete = Call(what="delete", name="a")
    assert after(CREATE, WRITE, SYNC, FOLDER, delete) == {(), (("a", b"one"),)}
