"""Is anything lost or held twice while two nodes and their server are killed, stopped and cut off?

`python -m torture.nemesis --faults 15 --seed 1 [--minutes 30] [--lease 0.5]
[--only KIND] [--json PATH] [--without-fence]`

Two nodes as processes, a real PostgreSQL, clients with inboxes of their own, and a nemesis that
does one fault after the other while they work:

- kill: SIGKILL of the leader
- pause: SIGSTOP of the leader until the other node leads, then SIGCONT
- late append: an append of the leader is held until the other node leads, then delivered
- late reply: an append is done, and nobody hears of it; what follows is held, then delivered
- late words: whatever the leader says is held, then delivered
- session: the server ends the leader's session
- commit: it ends that session when it has carried out an append, and does not commit it
- server: SIGKILL of the process of the leader's session; PostgreSQL ends all, and recovers
- both: SIGKILL of both nodes at once, or SIGSTOP past the lease and SIGCONT

Without the fence (`torture.carrying`) the same harness must find violations: that is the control.
The seed chooses the order of the faults and what clients do; when it happens is up to the machine.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

import attrs
import psycopg

from torture.callers import Callers
from torture.findings import Findings, Row, check
from torture.outcome import Counts
from torture.pair import Pair, reached
from torture.relay import Hold
from torture.servers import a_server
from workassign.errors import JournalError
from workassign.journal import verify
from workassign.stores.postgres import PostgresStore

__all__ = ["FAULTS", "Counts", "run"]

LEASE = 0.5
PER_SHARD = 50
"""After so many faults the shard is checked and dropped, and the next one begins."""

PATIENT = 60.0
"""Nobody waits so long, unless something is wrong."""

SPENT = 2.0
"""Without the fence something is wrong, and nobody waits longer than that."""


@attrs.define(kw_only=True)
class _Scene:
    """What a fault is done to."""

    pair: Pair
    callers: Callers
    counts: Counts
    dice: Random

    @property
    def _patience(self) -> float:
        return PATIENT if self.counts.fenced else 10 * SPENT

    def answered(self, since: float, began: float | None = None) -> float:
        """Wait for an answer to something that was asked after *since*; how long after *began* it came.

        Raises:
            TimeoutError: If there is none.
        """
        ends = time.monotonic() + self._patience
        while True:
            self.pair.tend()
            with suppress(TimeoutError):
                return self.callers.diary.first_told(since, 0.02) - (since if began is None else began)
            if time.monotonic() > ends:
                raise TimeoutError("nobody answers any more")

    def led_by_another(self, place: int) -> None:
        """Wait until the node at *place* is followed.

        Raises:
            TimeoutError: If it is not.
        """
        ends = time.monotonic() + self._patience
        while self.pair.leader()[0] == place:
            if time.monotonic() > ends:
                raise TimeoutError("nobody takes over")
            time.sleep(0.02)


def _kill(scene: _Scene) -> float:
    leader, _ = scene.pair.leader()
    began = time.monotonic()
    scene.pair.kill(leader)
    return scene.answered(began)


def _both(scene: _Scene) -> float:
    began = time.monotonic()
    if scene.dice.random() < 0.5:
        for place in (0, 1):
            scene.pair.kill(place)
    else:
        for place in (0, 1):
            scene.pair.stop(place)
        time.sleep(1.1 * scene.counts.lease)
        for place in (0, 1):
            scene.pair.go_on(place)
    return scene.answered(time.monotonic(), began)


def _pause(scene: _Scene) -> float:
    leader, _ = scene.pair.leader()
    began = time.monotonic()
    scene.pair.stop(leader)
    try:
        took = scene.answered(time.monotonic(), began)
        scene.led_by_another(leader)
        time.sleep(scene.dice.random() * scene.counts.lease / 2)
    finally:
        scene.pair.go_on(leader)
    return took


def _late(first: Hold) -> Callable[[_Scene], float]:
    def late(scene: _Scene) -> float:
        leader, _ = scene.pair.leader()
        relay = scene.pair.relays[leader]
        relay.hold(first)
        if not relay.held.wait(2.0):  # it leads no more
            relay.hold(Hold.ANYTHING)
        began = time.monotonic()
        took = scene.answered(began)
        scene.led_by_another(leader)
        scene.counts.late += relay.deliver(relay.cut())
        return took

    return late


def _session(scene: _Scene) -> float:
    _, session = scene.pair.leader()
    began = time.monotonic()
    scene.pair.end_session(session)
    return scene.answered(began)


def _commit(scene: _Scene) -> float:
    began = time.monotonic()
    scene.pair.prevent_commit()
    return scene.answered(time.monotonic(), began)


def _server(scene: _Scene) -> float:
    _, session = scene.pair.leader()
    began = time.monotonic()
    scene.pair.kill_session(session)
    return scene.answered(time.monotonic(), began)


FAULTS: dict[str, Callable[[_Scene], float]] = {
    "kill": _kill,
    "pause": _pause,
    "late append": _late(Hold.APPEND),
    "late reply": _late(Hold.REPLY),
    "late words": _late(Hold.ANYTHING),
    "session": _session,
    "commit": _commit,
    "server": _server,
    "both": _both,
}
"""Each does one thing, waits until somebody is answered again, and returns how long that took."""

CONTROL = ("pause", "late append")
"""What the fence is for; the control does them in turns."""

OFTEN = ("kill", "pause", "late append", "late reply", "late words", "session", "commit")
SELDOM = ("server", "both")
"""What takes a server or two nodes to start again is done half as often."""


def run(
    count: int,
    seed: int,
    *,
    fenced: bool = True,
    minutes: float = 1e6,
    lease: float = LEASE,
    only: Sequence[str] = (*OFTEN, *OFTEN, *SELDOM),
) -> Counts:
    """Do *count* faults, or as many as there are *minutes* for, and return what became of it.

    The control does what `CONTROL` says; else they are *only* these kinds, in an order of the dice.
    Cost: about two seconds for each fault.
    """
    counts = Counts(seed=seed, lease=lease, fenced=fenced)
    dice = Random(seed)
    began = time.monotonic()
    ends = began + 60 * minutes
    kinds = (
        list(_kinds(count, only, dice))
        if fenced
        else [CONTROL[place % len(CONTROL)] for place in range(count)]
    )
    most = PER_SHARD if fenced else 1  # what has been led by two is not led by a third
    folder = Path(tempfile.mkdtemp(prefix="workassign-nemesis-"))
    try:
        with a_server() as dsn:
            for place in range(0, count, most):
                if time.monotonic() < ends and not (fenced and counts.stuck):
                    _round(dsn, folder, kinds[place : place + most], counts, dice, ends)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    counts.seconds = time.monotonic() - began
    return counts


def _kinds(count: int, only: Sequence[str], dice: Random) -> Iterator[str]:
    """Yield *count* kinds of fault, all of them before any comes again."""
    some = list(only)
    for place in range(count):
        if place % len(some) == 0:
            some = dice.sample(some, len(some))
        yield some[place % len(some)]


def _round(dsn: str, folder: Path, kinds: Sequence[str], counts: Counts, dice: Random, ends: float) -> None:
    """Do the faults of one shard, let everything come to its end, and check."""
    counts.rounds += 1
    shard = f"nemesis-{counts.rounds}"
    fenced, lease = counts.fenced, counts.lease
    with (
        Pair(dsn, folder, shard, lease, fenced=fenced, dice=dice) as pair,
        Callers(dsn, shard, 3 * lease, counts.seed, agents=5, submitters=2) as callers,
    ):
        scene = _Scene(pair=pair, callers=callers, counts=counts, dice=dice)
        try:
            scene.answered(time.monotonic())
            for kind in kinds:
                if time.monotonic() < ends:
                    _afflict(scene, kind)
            if not fenced:
                time.sleep(SPENT)  # two lead
            elif not callers.finish(PATIENT):
                counts.stuck = "not everything was completed"
        except TimeoutError as error:
            counts.stuck = str(error)
        counts.died += pair.died
    findings = check(_rows(dsn, shard), callers.diary)
    if fenced:
        _verify(dsn, shard, findings)
    counts.findings.add(findings)
    _drop(dsn, shard)


def _afflict(scene: _Scene, kind: str) -> None:
    """Do one fault, at any moment, while both nodes are there."""
    if scene.counts.fenced:
        scene.pair.wait_for_both()
    time.sleep(scene.dice.random() * 0.3)
    took = FAULTS[kind](scene)
    scene.counts.faults[kind] = scene.counts.faults.get(kind, 0) + 1
    scene.counts.failover.setdefault(kind, []).append(round(took, 3))
    scene.pair.tend()


# --- the journal afterwards ---------------------------------------------------------------------


def _rows(dsn: str, shard: str) -> list[Row]:
    question = "SELECT seq, epoch, crc, body FROM workassign.journal WHERE shard = %s ORDER BY seq"
    with reached(dsn) as connection:
        return [Row(*row) for row in connection.execute(question, (shard,))]


def _verify(dsn: str, shard: str, findings: Findings) -> None:
    """Let the library verify the journal, too."""
    store = PostgresStore(dsn, shard=shard, readonly=True)
    try:
        for problem in verify(store).problems:
            findings.note("broken", problem)
    except JournalError as error:
        findings.note("broken", str(error))
    finally:
        store.close()


def _drop(dsn: str, shard: str) -> None:
    with reached(dsn) as connection:
        for table in ("inbox", "journal", "snapshot", "consumer"):
            statement = psycopg.sql.SQL("DELETE FROM workassign.{} WHERE shard = %s")
            connection.execute(statement.format(psycopg.sql.Identifier(table)), (shard,))
        connection.execute("DELETE FROM workassign.shard WHERE name = %s", (shard,))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a terminal; 0 if it went as it should."""
    parser = ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--faults", type=int, default=15)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1e6, help="end after so many")
    parser.add_argument("--lease", type=float, default=LEASE, help=f"seconds ({LEASE})")
    parser.add_argument("--only", choices=FAULTS, action="append", help="this kind; may be said again")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the counts there")
    parser.add_argument("--without-fence", action="store_true", help="the control: it must find violations")
    told = parser.parse_args(arguments)
    fenced = not told.without_fence
    some = {"only": told.only} if told.only else {}
    counts = run(told.faults, told.seed, fenced=fenced, minutes=told.minutes, lease=told.lease, **some)
    print(counts)
    if told.json is not None:
        told.json.write_text(json.dumps(counts.as_dict(), indent=2) + "\n")
    return int(bool(counts.violations) == fenced)


if __name__ == "__main__":
    sys.exit(main())
