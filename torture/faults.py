"""Is anything lost, or taken in vain, when a disk is full or fails?

A desk works over a store, and the call of each position in turn fails: a sync, with an error of the
device; a write, with a full disk, after all, half or nothing of it; whatever else changes a file. It
fails once, or so does every one from then on for a while. Whoever was being answered hears that it is
unknown, and asks again with the same key. In the end everything that was answered must be there, once.

    python -m torture.faults --faults 300 --seed 1 [--store jsonl] [--json PATH]
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

import attrs

from torture.counts import Counts, Violation, asked, told
from torture.disk import GO, Call, Fate, failing, watched
from torture.holders import holds
from torture.mutants import STORES
from torture.promised import Shelf
from torture.recording import Make, named, scratch
from torture.story import PLAN, Story
from workassign.commands import Command
from workassign.desk import Desk
from workassign.errors import JournalError
from workassign.journal import entries, verify
from workassign.stores.sqlite import SqliteStore

__all__ = ["main", "run"]

_TURNS, _SNAPSHOT, _PATIENCE = 10, 6, 20
"""So many turns, a snapshot after so many entries; so often somebody asks again before giving up."""


@attrs.define
class _Failing:
    """A disk on which *length* calls fail from number *first* on."""

    first: int
    length: int
    share: float
    """So much of a write happens nevertheless."""
    calls: int = 0
    struck: list[str] = attrs.field(factory=list)

    def __call__(self, call: Call) -> Fate:
        """Return what becomes of *call*."""
        self.calls += 1
        if not self.first < self.calls <= self.first + self.length or call.what == "folder":
            return GO
        self.struck.append(call.what)
        return failing(call, int(self.share * len(call.data)))


@attrs.define
class _Heard:
    """What a client was told."""

    answered: set[str | None] = attrs.field(factory=set)
    asked: set[str | None] = attrs.field(factory=set)
    unknown: int = 0


def run(count: int, seed: int, *, make: Make = SqliteStore, store: str = "sqlite") -> Counts:
    """Try *count* faults, at each position in turn, the same ones for the same *seed*."""
    counts = Counts(harness=f"faults of {store}", seed=seed)
    dice, first = Random(seed), 0
    for number in range(count):
        disk = _Failing(first, dice.choice((1, 1, 1, 4, 15)), dice.choice((0.0, 0.5, 1.0)))
        try:
            with scratch() as folder:
                heard = _work(folder, make, disk, Random(f"{seed}:{number}").getrandbits(32))
                _check(folder, make, heard)
        except (Violation, JournalError) as error:
            counts.violate(f"seed {seed}, fault {number}: {', '.join(disk.struck)}: {error}")
        else:
            counts.counted["commands answered"] += len(heard.answered)
            counts.counted["answered that it is unknown"] += heard.unknown
        counts.tried += 1
        counts.counted.update(f"failed: {what}" for what in disk.struck)
        counts.counted["times through all positions"] += not disk.struck
        first = first + 1 if disk.struck else 0
    return counts


def _work(folder: Path, make: Make, disk: _Failing, seed: int) -> _Heard:
    """Let a desk work on *disk*, as long as it can, and return what its client was told."""
    story, heard = Story(seed), _Heard()
    with watched(folder, disk, seed=seed):
        store = _opened(folder / named(make), make)
        try:
            desk = _begun(store, story)
            for turn in range(_TURNS):
                _answered(desk, store, [story.next() for _ in range(1 + turn % 3)], heard, disk, story)
        finally:
            with suppress(JournalError):  # of a disk that fails now, and what was answered is in the log
                store.close()
    return heard


def _opened(path: Path, make: Make) -> Shelf:
    """Return the store at *path*; whoever cannot open it tries again."""
    for _ in range(_PATIENCE):
        with suppress(JournalError):
            return make(path)
    raise Violation("cannot be opened on a disk that works again")


def _answered(
    desk: Desk, store: Shelf, commands: Sequence[Command], heard: _Heard, disk: _Failing, story: Story
) -> None:
    """Ask for *commands* until they are answered."""
    heard.asked.update(each.key for each in commands)
    for _ in range(_PATIENCE):
        struck = len(disk.struck)
        try:
            answers = desk.handle_all(commands)
        except JournalError:
            heard.unknown += 1
            _check_refuses(store, struck, disk)
            continue
        heard.answered.update(each.key for each in commands)
        for answer in answers:
            if isinstance(answer, list):
                story.hear(answer)
        return
    raise Violation("no answer on a disk that works again")


def _begun(store: Shelf, story: Story) -> Desk:
    """Return a desk over *store*; whoever cannot begin tries again."""
    for _ in range(_PATIENCE):
        try:
            return Desk.open(store, PLAN, clock=story.clock, snapshot_every=_SNAPSHOT)
        except JournalError:
            with suppress(JournalError):
                store.reopen()
    raise Violation("no desk can be opened on a disk that works again")


def _check_refuses(store: Shelf, before: int, disk: _Failing) -> None:
    """See that a store on which a write has just failed takes nothing more.

    Raises:
        Violation: If it does.
    """
    if len(disk.struck) == before:
        return
    try:
        store.append(store.head(), [b"{}"])
    except JournalError:
        return
    raise Violation("something was taken after a write that failed, on the same connection")


def _check(folder: Path, make: Make, heard: _Heard) -> None:
    """Open what is there now, and see that everything that was answered is in it, once.

    Raises:
        Violation: If it is not so.
        JournalError: If it cannot be opened or read.
    """
    store = make(folder / named(make))
    try:
        if store.head() < 0:
            turns = []
        else:
            turns = list(entries(store))
            if not (verdict := verify(store)).ok:
                raise Violation(f"verify: {verdict.problems[0]}")
        there = Counter(each.command.key for each in turns)
        effects = Counter(each.command.key for each in turns if len(each.facts) > each.timed)
        if lost := sum(not there[key] for key in heard.answered):
            raise Violation(f"lost: {lost} commands that were answered")
        if twice := sum(count > 1 for count in effects.values()):
            raise Violation(f"duplicated: {twice} commands had two effects")
        if strange := sum(key not in heard.asked for key in there):
            raise Violation(f"unexpected: {strange} commands")
        holds(turns)
    finally:
        store.close()


def main(argv: Sequence[str] | None = None) -> int:
    """Try, and tell; 1 if a promise was broken."""
    ask = asked(__doc__, "--faults", 300)
    ask.add_argument("--store", choices=sorted(STORES), default="sqlite", help="or a mutant (sqlite)")
    given = ask.parse_args(argv)
    return told(run(given.faults, given.seed, make=STORES[given.store], store=given.store), given.json)


if __name__ == "__main__":
    sys.exit(main())
