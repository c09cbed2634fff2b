"""Is all that was answered for still there after the process was killed at any moment?

A child lets a desk work over a store, says what was answered, and is killed with SIGKILL: by itself,
before, in the middle of or after one of the calls that change a file, each such moment in turn; or by
its parent, at random. The parent opens the store: every command that was answered must be in the
journal, once, and asking it again must bring the same answer; nothing may have two holders; `verify`
must find nothing. The next child goes on with the same file.

    python -m torture.kills --store sqlite --starts 100 --seed 1 [--json PATH]
"""

from __future__ import annotations

import json
import os
import signal
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from random import Random
from select import select
from typing import Protocol

import attrs

from torture.counts import Counts, Violation, asked, told
from torture.disk import GO, KILLS, Call, Fate, watched
from torture.holders import holds
from torture.recording import scratch
from torture.story import PLAN, Story
from workassign.commands import Command
from workassign.desk import Desk
from workassign.errors import JournalError
from workassign.events import Event
from workassign.journal import Store, entries, verify
from workassign.stores.jsonl import JsonlStore
from workassign.stores.sqlite import SqliteStore

__all__ = ["Bench", "FileBench", "main", "run"]

_TURNS, _SNAPSHOT = 3, 4
"""So many batches more a child writes, if nobody kills it, and a snapshot after so many entries."""

_NEW, _GROWN = 10, 14
"""So many starts of a new journal each, then so many that go on with one."""

Say = Callable[[str], None]


class Bench(Protocol):
    """Where a kind of store is tortured: makes stores, and knows its boundaries."""

    name: str

    def fresh(self) -> AbstractContextManager[None]:
        """Lend a place for one journal, which several processes open one after the other."""

    def open(self) -> Store:
        """Open the journal there, as a process does that was just started."""

    def dying(self, boundary: int | None, say: Say) -> AbstractContextManager[None]:
        """Kill this process at the boundary of this number, saying its name first; None: never."""


@attrs.define
class FileBench:
    """A store in a file; its boundaries are before, within and after every call that changes one."""

    name: str
    make: type[SqliteStore] | type[JsonlStore]
    _folder: Path = attrs.field(init=False, default=Path())

    @contextmanager
    def fresh(self) -> Iterator[None]:
        """Lend a folder in memory."""
        with scratch() as self._folder:
            yield

    def open(self) -> Store:
        """Open the file there."""
        return self.make(self._folder / "journal")

    def dying(self, boundary: int | None, say: Say) -> AbstractContextManager[None]:
        """Kill this process at that boundary."""
        number = -1

        def watcher(call: Call) -> Fate:
            nonlocal number
            number += 1
            if boundary is None or number != boundary // len(KILLS):
                return GO
            when = KILLS[boundary % len(KILLS)]
            ending = call.name.rpartition("-")[2]
            say(f"!{call.what} {ending if '-' in call.name else 'file'} {when}")
            keep = {"before": 0, "torn": len(call.data) // 2, "after": None}[when]
            return Fate(keep=keep, kill=True)

        return watched(self._folder, watcher, seed=boundary or 0)


BENCHES: dict[str, Callable[[], Bench]] = {
    "sqlite": lambda: FileBench("sqlite", SqliteStore),
    "jsonl": lambda: FileBench("jsonl", JsonlStore),
}


@attrs.define
class _Past:
    """What all children of one file were answered."""

    story: Story
    answered: dict[str, list[str]] = attrs.field(factory=dict)
    """Key -> the answer, of every command that was answered; it may begin with what time had brought."""
    asked: dict[str, Command] = attrs.field(factory=dict)
    hit: Counter[str] = attrs.field(factory=Counter)
    """How often children have killed themselves, by where."""
    last: str = ""
    """The boundary at which the last one has killed itself."""
    followed: int = 0
    """So many entries have been followed."""


def run(count: int, seed: int, *, bench: Bench | None = None) -> Counts:
    """Start and kill *count* children, the same ones for the same *seed* but for those killed at random."""
    bench = bench or BENCHES["sqlite"]()
    torture = _Torture(bench, Counts(harness=f"kills of {bench.name}", seed=seed), Random(seed))
    counts = torture.counts
    while counts.tried < count:
        for _ in range(min(_NEW, count - counts.tried)):
            torture.journal(1, "new")
        torture.journal(min(_GROWN, count - counts.tried), "grown")
    counts.counted["kinds of boundaries hit"] = len(torture.hit)
    counts.counted.update({f"killed at {name}": times for name, times in torture.hit.items()})
    return counts


@attrs.define
class _Torture:
    """Goes through the boundaries, of new journals and of those that have grown."""

    bench: Bench
    counts: Counts
    dice: Random
    hit: Counter[str] = attrs.field(factory=Counter)
    boundaries: dict[str, int] = attrs.field(factory=lambda: {"new": 0, "grown": 0})
    """The next one."""

    def journal(self, starts: int, sweep: str) -> None:
        """Start a journal, and let so many children go on with it, one after the other."""
        counts, dice = self.counts, self.dice
        past = _Past(Story(dice.getrandbits(32)), hit=self.hit)
        with self.bench.fresh():
            for start in range(starts):
                counts.tried += 1
                boundary = None if start % 4 == 3 else self.boundaries[sweep]
                try:
                    killed = _start(self.bench, past, boundary, dice)
                    if boundary is not None:
                        self.boundaries[sweep] = _following(boundary, past.last) if killed else 0
                        counts.counted[f"times through all boundaries, {sweep}"] += not killed
                    # Else the next child finds what this one has left, and is killed over that.
                    if start == starts - 1 or dice.random() < 0.5:
                        _check(self.bench, past, dice, counts)
                except (Violation, JournalError) as error:
                    counts.violate(f"seed {counts.seed}, start {counts.tried}: {error}")
                    break
        counts.counted["commands answered"] += len(past.answered)


def _following(boundary: int, last: str) -> int:
    """Return the number of the boundary after *boundary*, which was the *last* one; only writes are torn."""
    whole = boundary % len(KILLS) == 0 and not last.startswith("write")
    return boundary + (2 if whole else 1)


# --- the child ----------------------------------------------------------------------------------


def _start(bench: Bench, past: _Past, boundary: int | None, dice: Random) -> bool:
    """Start a child, kill it, take in what it has said; whether it was killed."""
    # What nobody was answered is asked again. What else will be asked is drawn here, to be known afterwards.
    batches = (
        [again] if (again := [each for key, each in past.asked.items() if key not in past.answered]) else []
    )
    batches += [[past.story.next() for _ in range(dice.choice((1, 1, 2, 4)))] for _ in range(_TURNS)]
    past.asked.update({str(each.key): each for batch in batches for each in batch})
    answers = dice.randrange(1, 2 * _TURNS)
    read, write = os.pipe()
    with warnings.catch_warnings():
        # Of threads that may hold locks: those are none of ours, and the child uses none of theirs.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        os.close(read)
        _live(bench, batches, past.story, boundary, lambda said: _say(write, said))
    os.close(write)
    heard = 0
    with os.fdopen(read, "rb", buffering=0) as pipe:
        rest = b""
        while True:
            if boundary is None and heard >= answers:
                select([pipe], [], [], dice.random() * 0.002)
                os.kill(child, signal.SIGKILL)
                heard = -(1 << 30)
            if not (data := pipe.read(1 << 16)):
                break
            *lines, rest = (rest + data).split(b"\n")
            heard += len(lines)
            for line in lines:
                _hear(past, line.decode())
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return True
    if status:
        raise Violation(f"a child failed by itself, status {status}")
    return False


def _live(bench: Bench, batches: list[list[Command]], story: Story, boundary: int | None, say: Say) -> None:
    """Work, and say what was answered; never returns."""
    status = 1
    try:
        with (
            bench.dying(boundary, say),
            Desk.open(bench.open(), PLAN, clock=story.clock, snapshot_every=_SNAPSHOT) as desk,
        ):
            for commands in batches:
                for command, answer in zip(commands, desk.handle_all(commands), strict=True):
                    if isinstance(answer, list):
                        say(json.dumps([command.key, _shown(answer)]))
        status = 0
    finally:
        os._exit(status)


def _say(pipe: int, said: str) -> None:
    os.write(pipe, said.encode() + b"\n")


def _hear(past: _Past, line: str) -> None:
    if line.startswith("!"):
        past.last = line[1:]
        past.hit[past.last] += 1
        return
    key, answer = json.loads(line)
    past.answered[key] = answer


def _shown(answer: list[Event]) -> list[str]:
    return [repr(event) for event in answer]


# --- the parent ---------------------------------------------------------------------------------


def _check(bench: Bench, past: _Past, dice: Random, counts: Counts) -> None:
    """Open the store that a killed process has left, and see whether all promises were kept.

    Raises:
        Violation: If one was not.
        JournalError: If it cannot be opened or read.
    """
    store = bench.open()
    try:
        if store.head() < 0:
            if past.answered:
                raise Violation("all is lost")
            return
        turns = list(entries(store))
        times = Counter(turn.command.key for turn in turns)
        effects = Counter(turn.command.key for turn in turns if len(turn.facts) > turn.timed)
        if lost := [key for key in past.answered if not times[key]]:
            raise Violation(f"lost: {len(lost)} commands that were answered, the first is {lost[0]}")
        if twice := [key for key, count in effects.items() if count > 1]:
            raise Violation(f"duplicated: {len(twice)} commands had two effects, the first is {twice[0]}")
        if strange := [key for key in times if key not in past.asked]:
            raise Violation(f"unexpected: {len(strange)} commands, the first is {strange[0]}")
        counts.counted["recovered without an answer"] += sum(key not in past.answered for key in times)
        counts.counted["holds followed"] += len(holds(turns)) - len(holds(turns[: past.followed]))
        if not (verdict := verify(store)).ok:
            raise Violation(f"verify: {verdict.problems[0]}")
        for turn in turns[past.followed :]:
            past.story.hear(turn.facts)
        past.followed = len(turns)
        _ask_again(store, past, dice, counts)
    finally:
        store.close()


def _ask_again(store: Store, past: _Past, dice: Random, counts: Counts) -> None:
    """Ask some commands again: whoever was answered gets the same answer."""
    desk = Desk.open(store, clock=past.story.clock)
    for key in dice.sample(sorted(past.answered), min(8, len(past.answered))):
        counts.counted["asked again"] += 1
        desk.handle(past.asked[key])  # which may bring what was due by now, too; the second time nothing is
        again, before = _shown(desk.handle(past.asked[key])), past.answered[key]
        if before[len(before) - len(again) :] != again:
            raise Violation(f"{key} has another answer, asked again")


def main(argv: Sequence[str] | None = None) -> int:
    """Start, kill, tell; 1 if a promise was broken."""
    ask = asked(__doc__, "--starts", 100)
    ask.add_argument("--store", choices=sorted(BENCHES), default="sqlite", help="what is killed (sqlite)")
    given = ask.parse_args(argv)
    return told(run(given.starts, given.seed, bench=BENCHES[given.store]()), given.json)


if __name__ == "__main__":
    sys.exit(main())
