"""The check: the recursion of Kiefer and Wolfowitz for first come, first served.

Whoever is next begins when she has come and an agent is free: no clock, no events, no queue. It holds
for one queue in which everybody waits, and there everybody's starts must be these.
Source: J. Kiefer, J. Wolfowitz, On the theory of queues with many servers, 1955.
"""

from __future__ import annotations

from heapq import heapreplace

from benchmarks.peers.models import Model, Starts

__all__ = ["run"]


def run(model: Model) -> Starts:
    """Return when each service begins."""
    free, start = [0.0] * len(model.skills), []
    for at, service in zip(model.rows.arrival, model.rows.service, strict=True):
        begins = free[0] if free[0] > at else at  # noqa: FURB136 - a call costs more
        start.append(begins)
        heapreplace(free, begins + service)
    return start
