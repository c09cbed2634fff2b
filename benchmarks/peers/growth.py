"""Does an interaction cost more where more waits, or where there are more agents?

What is asked is what one more costs: the time of a long run less that of a short one, over the
difference. So what a run does once (sign everybody on, fill the queue, empty it) counts for nothing.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from statistics import median
from time import process_time
from typing import TypeAlias

import attrs
import numpy as np

from benchmarks.peers.models import Model, Starts, made, skills_of

__all__ = ["AGENTS", "LENGTHS", "Run", "by_agents", "by_queue", "time_of"]

Run: TypeAlias = Callable[[Model], Starts]

LENGTHS = (500, 100_000)
AGENTS = (10, 10_000)


def time_of(run: Run, model: Model) -> tuple[float, Starts]:
    """Return the processor time in seconds of one run, and its starts."""
    model.rows  # noqa: B018 - made once, before the clock runs
    gc.collect()
    before = process_time()
    starts = run(model)
    return process_time() - before, starts


def by_queue(run: Run, many: int, repeats: int) -> dict[str, float]:
    """Return microseconds an interaction by how many wait: *many* come and go while so many do."""
    return _grown(run, _queued, LENGTHS, many, repeats)


def by_agents(run: Run, many: int, repeats: int) -> dict[str, float]:
    """Return microseconds an interaction by how many agents there are, each 90 % of the time busy."""
    return _grown(run, _staffed, AGENTS, many, repeats)


def _grown(
    run: Run, model: Callable[[int, int], Model], sizes: tuple[int, int], many: int, repeats: int
) -> dict[str, float]:
    """Return the cost at each size and their ratio: the sizes in turn, medians over the repeats."""
    pairs = [(model(size, many), model(size, 2 * many)) for size in sizes]
    costs: list[list[float]] = [[], []]
    for _ in range(repeats):
        for cost, (short, long) in zip(costs, pairs, strict=True):
            once = time_of(run, short)[0]
            cost.append((time_of(run, long)[0] - once) / many * 1e6)
    small, large = costs
    ratio = median(b / a for a, b in zip(small, large, strict=True))
    return {str(sizes[0]): median(small), str(sizes[1]): median(large), "ratio": ratio}


def _queued(length: int, many: int) -> Model:
    """Return 200 agents with skills, *length* that wait from the start, and as many as they can serve."""
    total = length + many
    model = made("b1", total)
    gap = np.concatenate([np.full(length, 1e-9), model.gap[length:]])
    return attrs.evolve(model, name="queue", gap=gap, patience=None)


def _staffed(agents: int, many: int) -> Model:
    """Return *agents*, two of ten skills each, who are busy for 90 % of their time; everybody waits."""
    gap = np.random.default_rng(1).exponential(1 / (0.9 * agents), many)
    skills = [skills_of(number) for number in range(agents)]
    return attrs.evolve(made("b1", many), name="agents", skills=skills, gap=gap, patience=None)
