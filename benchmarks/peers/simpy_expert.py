"""The rival: SimPy for time alone, with queues and benches written by hand.

A process for each interaction; what it waits for is an event of its own, fired by whoever routes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from typing import Any

import simpy

from benchmarks.peers.loop import rooms
from benchmarks.peers.models import Model, Starts, abandoned

__all__ = ["run"]

Process = Generator[simpy.Event, Any, None]


class Router:
    """Who is idle and who waits: the structures of the loop."""

    def __init__(self, model: Model) -> None:
        self.profile_of, self.levels, self.able, self.idle = rooms(model)
        self.waiting: list[deque[tuple[int, simpy.Event]]] = [deque() for _ in range(model.classes)]

    def idle_agent(self, cls: int) -> int | None:
        row = min((bench for bench in self.able[cls] if bench), key=lambda bench: bench[0], default=None)
        return None if row is None else row.popleft()[1]

    def release(self, agent: int, now: float) -> None:
        profile = self.profile_of[agent]
        for level in self.levels[profile]:
            best = None
            for cls in level:
                line = self.waiting[cls]
                while line and line[0][1].triggered:
                    line.popleft()
                if line and (best is None or line[0][0] < best[0][0]):
                    best = line
            if best is not None:
                best.popleft()[1].succeed(agent)
                return
        self.idle[profile].append((now, agent))


def run(model: Model) -> Starts:
    """Return when each service begins."""
    env, start, router = simpy.Environment(), abandoned(len(model)), Router(model)
    cls, service, patience = model.rows.cls, model.rows.service, model.rows.patience

    def lose_patience(ends: simpy.Event) -> None:
        ready: Any = ends.value
        if not ready.triggered:
            ready.succeed()

    def customer(number: int) -> Process:
        agent = router.idle_agent(cls[number])
        if agent is None:
            ready = env.event()
            router.waiting[cls[number]].append((number, ready))
            if patience is not None:
                # One event for both ends of the wait: a condition on two would cost more.
                env.timeout(patience[number], ready).callbacks.append(lose_patience)
            agent = yield ready
            if agent is None:
                return
        start[number] = env.now
        yield env.timeout(service[number])
        router.release(agent, env.now)

    def source() -> Process:
        for number, gap in enumerate(model.rows.gap):
            yield env.timeout(gap)
            env.process(customer(number))

    env.process(source())
    env.run()
    return start
