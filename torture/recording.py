"""What does a desk do to the disk in one or several lives?

A life is a desk over a store, from opening to its end: it is closed, its process is killed, or the
power fails; one call in some lives fails. The next life goes on with what that has left. Recorded
is every call, and between them what was promised by then.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import attrs

from torture.disk import GO, Call, Fate, failing, watched
from torture.power import Drive, Op
from torture.promised import Promise, Promised, Shelf, chain
from torture.story import PLAN, Story
from workassign.commands import Command
from workassign.desk import Desk
from workassign.errors import JournalError
from workassign.stores.jsonl import JsonlStore
from workassign.stores.sqlite import SqliteStore

__all__ = ["Make", "Recording", "named", "recorded", "scratch", "spread"]

Make: TypeAlias = type[SqliteStore] | type[JsonlStore]
"""Opens a store, or makes one."""


def named(make: Make) -> str:
    """Return the name of the file in which *make* keeps a journal."""
    return "journal.jsonl" if issubclass(make, JsonlStore) else "journal.db"


@attrs.define
class Recording:
    """What was done to the files, and promised of them."""

    base: dict[str, bytes] = attrs.field(factory=dict)
    """The files at the beginning, all of them durable."""
    steps: list[Op | Promise] = attrs.field(factory=lambda: [Promise()])
    stands: dict[int, dict[str, Any]] = attrs.field(factory=dict)
    """Checksum of all entries -> how the engine stood then."""

    def drive(self) -> Drive:
        """Return a drive at the beginning."""
        return Drive(self.base)

    def until(self, place: int) -> tuple[Drive, Promise]:
        """Return the drive after so many steps, and what was promised by then."""
        drive, promise = self.drive(), Promise()
        for step in self.steps[:place]:
            if isinstance(step, Op):
                drive.take(step)
            else:
                promise = step
        return drive, promise


def recorded(seed: int, make: Make, *, faults: bool = True) -> Recording:
    """Return one recording of *make*'s store, another for every *seed*.

    Raises:
        Violation: If a store breaks a promise already while it is being recorded.
    """
    dice, story, recording = Random(seed), Story(seed), Recording()
    lives = dice.choice((1, 1, 2, 2, 3))
    for life in range(lives):
        with scratch() as folder:
            begin = len(recording.steps)
            _live(recording, folder, make, story, dice, faults and dice.random() < 0.4)
        if life < lives - 1:
            _end(recording, begin, make, dice)
    return recording


@contextmanager
def scratch() -> Iterator[Path]:
    """Lend an empty folder, in memory where there is such a thing."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="torture-", dir=memory if memory.is_dir() else None)).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def spread(files: Mapping[str, bytes], folder: Path) -> None:
    """Let these *files* stand in *folder*, and nothing else."""
    for each in folder.iterdir():
        if each.name not in files:
            each.unlink()
    for name, body in files.items():
        (folder / name).write_bytes(body)


def _end(recording: Recording, begin: int, make: Make, dice: Random) -> None:
    """End the life that began with step *begin*: closed, killed, or by a loss of power."""
    how, last = dice.choice(("closed", "killed", "killed", "power")), len(recording.steps)
    calls = [(place, step) for place, step in enumerate(recording.steps) if isinstance(step, Op)]
    failed = [place + 1 for place, step in calls if step.failed and place >= begin]
    waits = [place for place, step in calls if step.call.what in ("sync", "folder") and place >= begin]
    if failed and dice.random() < 0.5:  # whoever goes on does not know of it; text was cut off by then
        last = dice.choice(failed) + dice.randrange(issubclass(make, JsonlStore), 4)
    elif how == "closed":
        return
    elif waits and dice.random() < 0.6:  # just before something is waited for: most is not sure then
        last = dice.choice(waits)
    else:
        last = dice.randint(begin, last)
    del recording.steps[last:]
    if how == "power":
        drive, promise = recording.until(len(recording.steps))
        recording.base, recording.steps = drive.after_power_loss(dice), [promise]


def _live(recording: Recording, folder: Path, make: Make, story: Story, dice: Random, fails: bool) -> None:
    """Let a desk work in *folder*, until it is closed or cannot go on."""
    drive, before = recording.until(len(recording.steps))
    spread(drive.seen(), folder)
    faulty = {dice.randrange(150) for _ in range(dice.randrange(1, 4))} if fails else set[int]()
    number = 0

    def watcher(call: Call) -> Fate:
        nonlocal number
        number += 1
        if number - 1 not in faulty or call.what == "folder":
            recording.steps.append(Op(call))
            return GO
        fate = failing(call, dice.randrange(len(call.data) + 1))
        if call.what == "sync":
            recording.steps.append(Op(call, failed=True))
        elif call.what == "write":
            recording.steps.append(Op(attrs.evolve(call, data=call.data[: fate.keep])))
        else:
            fate = attrs.evolve(fate, keep=0)
        return fate

    with watched(folder, watcher, seed=dice.getrandbits(32)), suppress(JournalError):
        store = make(folder / named(make))
        _narrow(store, dice)
        try:
            promised = Promised(store, before, recording.steps.append)
            _work(recording, promised, story, dice, folder)
        finally:
            with suppress(JournalError):
                store.close()


def _narrow(store: Shelf, dice: Random) -> None:
    """Let SQLite's log begin anew after a few pages, as it does after 1,000 in a longer life."""
    if isinstance(store, SqliteStore) and (pages := dice.choice((None, 6, 25))) is not None:
        store._opened().execute(f"PRAGMA wal_autocheckpoint = {pages}")


def _work(recording: Recording, store: Promised, story: Story, dice: Random, folder: Path) -> None:
    keeps = isinstance(store.shelf, SqliteStore)
    every = dice.choice((None, 5, 12)) if keeps else None
    with Desk.open(store, PLAN, clock=story.clock, snapshot_every=every) as desk:
        rests = dice.random()
        for turn in range(dice.choice((4, 10, 25))):
            commands = [story.next() for _ in range(dice.choice((1, 1, 1, 2, 5)))]
            _handle(desk, commands, story)
            # What a desk shows of itself; there is no other way to its engine.
            if (run := desk._run) is not None:
                recording.stands[chain(store.now.bodies[: store.now.sure])] = run.engine.snapshot()
            if rests < 0.3 and turn % 4 == 3:
                _care(store, dice, folder / f"copy-{len(recording.steps)}")


def _handle(desk: Desk, commands: Sequence[Command], story: Story) -> None:
    """Let *commands* be carried out; who hears that it is unknown asks again, with the same keys.

    Raises:
        JournalError: If nothing can be written any more.
    """
    for patience in (3, 2, 1, 0):
        try:
            for answer in desk.handle_all(commands):
                if isinstance(answer, list):
                    story.hear(answer)
            return
        except JournalError:
            if not patience:
                raise


def _care(store: Promised, dice: Random, copy: Path) -> None:
    """Do what is done to a store now and then."""
    with suppress(JournalError):
        if dice.random() < 0.5:
            store.backup(copy)
        else:
            store.compact()
