"""Is all that was answered for still there after a loss of power at any moment?

Real runs of a desk over the real store are recorded, call by call (`torture.recording`). From each
recording many states of the disk are made as a crash at some moment may leave them
(`torture.power`); the store is opened on each. It must open, have every batch that was answered for,
byte for byte, and none or all of the one that was being written; checksums must hold, and it must go
on from there. Of some the state of the engine is compared, and every law proved (`journal.verify`).

    python -m torture.crash_states --states 20000 --seed 1 [--store jsonl] [--only N] [--json PATH]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from zlib import crc32

import attrs

from torture.counts import Counts, Violation, asked, told
from torture.holders import holds
from torture.mutants import STORES
from torture.power import Op
from torture.promised import Promise, Shelf, chain
from torture.recording import Make, Recording, named, recorded, scratch, spread
from workassign.errors import JournalError
from workassign.journal import entries, replay, verify
from workassign.stores.jsonl import JsonlStore
from workassign.stores.repairing import repair
from workassign.stores.sqlite import BEHIND, SqliteStore

__all__ = ["PER_RUN", "main", "run"]

PER_RUN = 400
"""So many states are made from one recording."""

_GOES_ON, _DEEP = 5, 50
"""In every so many states something more is appended; and all that is there is followed."""


@attrs.frozen
class State:
    """What a crash has left, and what was promised before."""

    number: int
    files: Mapping[str, bytes]
    promise: Promise
    loose: int


def run(count: int, seed: int, *, make: Make = SqliteStore, store: str = "sqlite") -> Counts:
    """Try *count* crash states of *make*'s store, the same ones for the same *seed*."""
    counts = Counts(harness=f"crash states of {store}", seed=seed)
    with scratch() as folder:
        for begin in range(0, count, PER_RUN):
            _try_run(counts, begin, min(count, begin + PER_RUN), make, folder)
    return counts


def _try_run(counts: Counts, begin: int, end: int, make: Make, folder: Path) -> None:
    """Try the states from number *begin* to before *end*, all of one recording."""
    try:
        recording = recorded(counts.seed * 1_000_003 + begin // PER_RUN, make)
    except Violation as error:
        counts.tried += end - begin
        counts.violate(f"seed {counts.seed}, while recording for states from {begin}: {error}")
        return
    counts.counted["recordings"] += 1
    counts.counted["calls recorded"] += sum(isinstance(each, Op) for each in recording.steps)
    for state in states(recording, counts.seed, begin, end):
        counts.tried += 1
        counts.counted["states where nothing was loose"] += not state.loose
        for name, body in sorted(state.files.items()):
            counts.counted["digest"] = crc32(body, crc32(name.encode(), counts.counted["digest"]))
        try:
            _check(state, recording, make, folder, counts)
        except (Violation, JournalError) as error:
            counts.violate(f"seed {counts.seed}, state {state.number}: {error}")


def states(recording: Recording, seed: int, begin: int, end: int) -> Iterator[State]:
    """Yield the states of *recording* that have the numbers from *begin* to before *end*."""
    dice = Random(f"{seed}:{begin}")
    # Often just when something was promised: then least has been done that could save it by chance.
    told = [place for place, step in enumerate(recording.steps, 1) if not isinstance(step, Op)]
    last = len(recording.steps)
    places = sorted(
        dice.choice(told) if dice.random() < 0.3 else dice.randint(1, last) for _ in range(PER_RUN)
    )
    drive, promise, at = recording.drive(), Promise(), 0
    for number, place in enumerate(places[: end - begin], begin):
        for step in recording.steps[at:place]:
            if isinstance(step, Op):
                drive.take(step)
            else:
                promise = step
        at = place
        files = drive.after_power_loss(Random(f"{seed}:{begin}:{number}"))
        yield State(number, files, promise, drive.loose())


# --- checking -----------------------------------------------------------------------------------


def _check(state: State, recording: Recording, make: Make, folder: Path, counts: Counts) -> None:
    """Open a store on *state*, and see what it has.

    Raises:
        Violation: If it has not kept what was promised.
        JournalError: If it cannot be opened or read.
    """
    spread(state.files, folder)
    path = folder / named(make)
    try:
        store = make(path)
    except JournalError as error:
        _refused(path, state, error, counts)
        return
    try:
        try:
            bodies = _kept(store, state.promise)
        except JournalError as error:
            store.close()
            _refused(path, state, error, counts)
            return
        counts.counted["with the batch that nobody was told of"] += len(bodies) > state.promise.sure
        _check_snapshots(store, state.promise, len(bodies))
        _check_backups(state.promise, folder)
        if not state.number % _DEEP:
            _check_deep(store, bodies, recording, counts)
        if not state.number % _GOES_ON:
            _check_goes_on(store, bodies, counts)
    finally:
        store.close()


def _kept(store: Shelf, promise: Promise) -> list[bytes]:
    bodies = list(store.load())
    count = len(bodies)
    if count != store.head() + 1:
        raise Violation(f"{count} entries, and the head is {store.head()}")
    if count < promise.sure:
        raise Violation(f"lost: {promise.sure} entries were answered for, {count} are there")
    if not promise.allows(count, store):
        raise Violation(f"{count} entries: a part of a batch, from {promise.sure} to {promise.tried}")
    if bodies != promise.bodies[:count]:
        raise Violation(f"other bytes than were appended, in the first {count} entries")
    return bodies


def _refused(path: Path, state: State, error: JournalError, counts: Counts) -> None:
    """Count what cannot be opened, where that is right.

    A file whose making failed, and that a loss of power has left as garbage, may be anybody's: it is not
    written over. Text cannot tell a hole in the last write, which nobody was told of, from damage; nor can
    SQLite's pages tell what a failed sync has kept of such a batch. All that was answered for must be saved
    by a repair.

    Raises:
        Violation: If it is neither of these.
    """
    if not (state.promise.sure or state.promise.tried):
        counts.counted["refused before anything was appended"] += 1
        return
    if path.suffix != ".jsonl" and BEHIND not in str(error):
        raise Violation(f"refused: {error}") from None
    counts.counted["refused, and repaired"] += 1
    fresh, sure = path.with_name(f"repaired{path.suffix}"), state.promise.sure
    if not sure:
        return
    repair(path, fresh)
    kind = JsonlStore if path.suffix == ".jsonl" else SqliteStore
    again = kind(fresh, readonly=True)
    try:
        kept = list(again.load())
    finally:
        again.close()
        fresh.unlink()
    if len(kept) < sure or kept != state.promise.bodies[: len(kept)]:
        raise Violation(f"refused ({error}), and a repair saves {len(kept)} entries of {sure}")


def _check_snapshots(store: Shelf, promise: Promise, count: int) -> None:
    if not isinstance(store, SqliteStore):
        return
    found = dict(store.snapshots())
    for seq, body in found.items():
        if body is None or body != promise.snapshots.get(seq) or seq >= count:
            raise Violation(f"the snapshot after entry {seq} is another one than was kept")
    if max(found, default=-1) < promise.newest:
        raise Violation(f"lost: the snapshot after entry {promise.newest}")


def _check_backups(promise: Promise, folder: Path) -> None:
    for name, (count, sure) in list(promise.backups.items())[-1:]:  # nothing happens to older ones
        path = folder / name
        if not path.exists():
            if sure:
                raise Violation(f"lost: the backup {name}")
            continue
        copy = SqliteStore(path, readonly=True)
        try:
            if list(copy.load()) != promise.bodies[:count]:
                raise Violation(f"the backup {name} has not the {count} entries that it had")
        finally:
            copy.close()


def _check_deep(store: Shelf, bodies: Sequence[bytes], recording: Recording, counts: Counts) -> None:
    """Follow all that is there: it is what the engine was, and no law is broken."""
    if not bodies:
        return
    counts.counted["replayed and verified"] += 1
    if not (verdict := verify(store)).ok:
        raise Violation(f"verify: {verdict.problems[0]}")
    counts.counted["holds followed"] += len(holds(entries(store)))
    stood = recording.stands.get(chain(bodies))
    if stood is not None:
        counts.counted["compared with the engine"] += 1
        if replay(store).snapshot() != stood:
            raise Violation("a replay ends in another state than the engine was in")


def _check_goes_on(store: Shelf, bodies: list[bytes], counts: Counts) -> None:
    counts.counted["gone on from"] += 1
    more = b'{"more":true}'
    store.append(len(bodies) - 1, [more])
    store.reopen()
    if list(store.load()) != [*bodies, more]:
        raise Violation("went on, and then it was something else")


def main(argv: Sequence[str] | None = None) -> int:
    """Try, and tell; 1 if a promise was broken."""
    ask = asked(__doc__, "--states", 20_000)
    ask.add_argument("--store", choices=sorted(STORES), default="sqlite", help="or a mutant (sqlite)")
    ask.add_argument("--only", type=int, metavar="N", help="only the state of this number")
    ask.add_argument("--keep", type=Path, metavar="FOLDER", help="with --only: put its files there")
    given = ask.parse_args(argv)
    make = STORES[given.store]
    if given.only is None:
        return told(run(given.states, given.seed, make=make, store=given.store), given.json)
    counts = Counts(harness=f"state {given.only} of {given.store}", seed=given.seed)
    _only(counts, given.only, make, given.keep)
    return told(counts, given.json)


def _only(counts: Counts, number: int, make: Make, keep: Path | None) -> None:
    begin = number // PER_RUN * PER_RUN
    recording = recorded(counts.seed * 1_000_003 + begin // PER_RUN, make)
    *_, state = states(recording, counts.seed, begin, number + 1)
    counts.tried = 1
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        spread(state.files, keep)
    with scratch() as folder:
        try:
            _check(state, recording, make, folder, counts)
        except (Violation, JournalError) as error:
            counts.violate(str(error))


if __name__ == "__main__":
    sys.exit(main())
