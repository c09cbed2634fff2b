"""How do agents ask for work, over and over, until the time is up? One process for each connection.

Processes, because threads of one Python would take turns: that is not what is measured. They come
from a fork server, which has everything imported; all of them begin at once, connected and warm.
"""

from __future__ import annotations

import multiprocessing as mp
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.synchronize import Barrier
from time import perf_counter
from typing import Protocol

import attrs

from benchmarks.rivals.load import Asker

__all__ = ["Claims", "Ran", "Rival", "context", "run"]

WARM = 3
"""So many claims of each agent come before the clock starts: statements are prepared, caches are filled."""
PATIENCE = 20
"""After so many answers in a row that there is nothing, there is nothing."""


class Claims(Protocol):
    """One connection, which some agents share."""

    def claim(self) -> list[tuple[int, int | None]]:
        """Return what is durably given to whom, agent and item, or None; the agents have their turns."""

    def close(self) -> None:
        """Let go of the connection."""


class Rival(Protocol):
    """One way of giving out work; to be sent to processes."""

    def connect(self, dsn: str, askers: Sequence[Asker]) -> Claims:
        """Return a connection for *askers*."""


@attrs.frozen(kw_only=True)
class Ran:
    """What agents got."""

    seconds: float
    timed: int
    """So many of `claims`, the last ones of each connection, were within the time."""
    claims: list[tuple[int, int]]
    """Agent and item, also of the claims before the clock started."""
    waits: list[float]
    """Seconds from one answer to the next, for each agent."""

    @property
    def rate(self) -> float:
        """Claims per second."""
        return self.timed / self.seconds if self.timed else 0.0


def context() -> ForkServerContext:
    """Return what makes the processes."""
    found = mp.get_context("forkserver")
    found.set_forkserver_preload(["benchmarks.rivals.sql", "benchmarks.rivals.libraries"])
    return found


def run(rival: Rival, dsn: str, askers: Sequence[Asker], connections: int, seconds: float) -> Ran:
    """Let *askers* ask for so many *seconds*, spread over so many *connections*."""
    made = context()
    connections = min(connections, len(askers))
    start = made.Barrier(connections)
    ends, workers = [], []
    for place in range(connections):
        mine, theirs = made.Pipe(duplex=False)
        told = (rival, dsn, askers[place::connections], seconds, start, theirs)
        worker = made.Process(target=_work, args=told, daemon=True)
        worker.start()
        theirs.close()
        ends.append(mine)
        workers.append(worker)
    found = [_heard(end) for end in ends]
    for worker in workers:
        worker.join()
    return Ran(
        seconds=max(each.seconds for each in found),
        timed=sum(each.timed for each in found),
        claims=[claim for each in found for claim in each.claims],
        waits=[wait for each in found for wait in each.waits],
    )


def _heard(end: Connection) -> Ran:
    try:
        found: Ran = end.recv()
    except EOFError:
        raise RuntimeError("a process that asks for work died; it has said why") from None
    return found


def _work(
    rival: Rival, dsn: str, askers: Sequence[Asker], seconds: float, start: Barrier, end: Connection
) -> None:
    try:
        claims = rival.connect(dsn, askers)
        warm = [claim for _ in range(WARM * len(askers)) for claim in _given(claims.claim())]
        start.wait(timeout=120)
        found = _timed(claims, len(askers), seconds)
        claims.close()
    except BaseException:
        start.abort()  # nobody waits for one who does not come
        raise
    end.send(attrs.evolve(found, claims=[*warm, *found.claims]))
    end.close()


def _given(claims: Sequence[tuple[int, int | None]]) -> list[tuple[int, int]]:
    return [(agent, item) for agent, item in claims if item is not None]


def _timed(claims: Claims, agents: int, seconds: float) -> Ran:
    """Ask until the time is up, or nobody gets anything any more."""
    got: list[tuple[int, int]] = []
    waits: list[float] = []
    begun = now = perf_counter()
    last: dict[int, float] = {}
    in_vain = 0
    while now - begun < seconds and in_vain < PATIENCE * agents:
        given = _given(found := claims.claim())
        now = perf_counter()
        in_vain = 0 if given else in_vain + len(found)
        for agent, _ in given:
            waits.append(now - last.get(agent, begun))
            last[agent] = now
        got += given
    return Ran(seconds=now - begun, timed=len(got), claims=got, waits=waits)
