"""The rival: a loop written by hand for one model and nothing else.

It is about as fast as Python gets, and the measure of all others: no objects, no events, no
settings, nothing to look at while it runs.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from math import inf

from benchmarks.peers.models import TIERS, Model, Starts, abandoned

__all__ = ["run"]


def run(model: Model) -> Starts:
    """Return when each service begins."""
    return one_queue(model) if model.classes == 1 else skilled(model)


def one_queue(model: Model) -> Starts:
    """Run M/M/c: ends of service in a heap, who waits in a queue, for as long as it takes."""
    arrival, service = model.rows.arrival, model.rows.service
    start = abandoned(len(model))
    ends: list[float] = []
    waiting: deque[int] = deque()
    idle = len(model.skills)
    for number, at in enumerate(arrival):
        while ends and ends[0] < at:
            ended = heappop(ends)
            if waiting:
                first = waiting.popleft()
                start[first] = ended
                heappush(ends, ended + service[first])
            else:
                idle += 1
        if idle:
            idle -= 1
            start[number] = at
            heappush(ends, at + service[number])
        else:
            waiting.append(number)
    while waiting:
        ended, first = heappop(ends), waiting.popleft()
        start[first] = ended
        heappush(ends, ended + service[first])
    return start


def skilled(model: Model) -> Starts:
    """Run b1 or b2: a queue for each class, a row of idle agents for each set of skills."""
    rows = model.rows
    arrival, cls, service, patience = rows.arrival, rows.cls, rows.service, rows.patience
    many = len(model)
    profile_of, levels, able, idle = rooms(model)
    waiting: list[deque[int]] = [deque() for _ in range(model.classes)]
    start, begun, gone = abandoned(many), bytearray(many), bytearray(many)
    heap: list[tuple[float, int, int]] = []  # (instant, interaction, agent; -1: patience ends)
    coming, soon = 0, arrival[0]
    while True:
        if heap and heap[0][0] < soon:
            at, number, agent = heappop(heap)
            if agent < 0:
                gone[number] = not begun[number]
                continue
            profile, best, chosen = profile_of[agent], -1, many
            for level in levels[profile]:
                for each in level:
                    line = waiting[each]
                    while line and gone[line[0]]:
                        line.popleft()
                    if line and line[0] < chosen:
                        chosen, best = line[0], each
                if best >= 0:
                    break
            if best < 0:
                idle[profile].append((at, agent))
                continue
            number = waiting[best].popleft()
        elif coming == many:
            if not heap:
                return start
            soon = inf
            continue
        else:
            at, number = soon, coming
            coming += 1
            soon = arrival[coming] if coming < many else inf
            row, longest = None, (inf, 0)
            for bench in able[cls[number]]:
                if bench and bench[0] < longest:
                    row, longest = bench, bench[0]
            if row is None:
                waiting[cls[number]].append(number)
                if patience is not None:
                    heappush(heap, (at + patience[number], number, -1))
                continue
            agent = row.popleft()[1]
        start[number], begun[number] = at, 1
        heappush(heap, (at + service[number], number, agent))


Bench = deque[tuple[float, int]]
"""Idle agents and since when, longest first."""


def rooms(model: Model) -> tuple[list[int], list[list[list[int]]], list[list[Bench]], list[Bench]]:
    """Return each agent's profile; by profile its classes by tier; by class the benches; all benches."""
    profiles = {skills: number for number, skills in enumerate(dict.fromkeys(model.skills))}
    levels = [
        [level for tier in range(TIERS) if (level := [each for each in skills if each % TIERS == tier])]
        for skills in profiles
    ]
    idle: list[Bench] = [deque() for _ in profiles]
    for agent, skills in enumerate(model.skills):
        idle[profiles[skills]].append((0.0, agent))
    able = [
        [idle[profiles[skills]] for skills in profiles if each in skills] for each in range(model.classes)
    ]
    return [profiles[skills] for skills in model.skills], levels, able, idle
