"""How fast is the library beside others on the same work, and do they all say the same?

The models: `mmc` (one queue, 100 agents, load 0.9), `b1` and `b2` (10 classes in 3 tiers, 200 agents
with 2 or 3 skills, patience; about 7 and 400 wait). Figures are processor time of one interaction,
ratios are to the loop written by hand: it runs right before and after each rival, on the same arrays.

    python -m benchmarks.peers --json out/peers.json [--quick] [--only NAME ...]

NAME is a model, a rival, `growth_queue` or `growth_agents`; the loop always runs. A rival runs 200,000
interactions three times, SimPy's store and Ciw 100,000 (b2 with the store 60,000: its queue has to
grow to its 400 first, which takes some thousands); that takes about six minutes. With `--quick` it is
20,000 (40,000 for that one), the slow ones once. Figures are medians, of ratios too.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import version
from statistics import median
from typing import Any

import numpy as np

from benchmarks.command import parser, write
from benchmarks.peers import loop
from benchmarks.peers.growth import Run, by_agents, by_queue, time_of
from benchmarks.peers.models import MODELS, Model, Starts, made

RIVALS = {
    "workassign": "ours",
    "simpy": "simpy_idiomatic",
    "simpy_expert": "simpy_expert",
    "ciw": "with_ciw",
    "compiled": "compiled",
    "kiefer": "kiefer",
}
"""By name in the figures: the module."""

SLOW = ("simpy", "ciw")
GROWTH = {"growth_queue": by_queue, "growth_agents": by_agents}
REPEATS = 3
LOOPED = 0.1
"""So many seconds at least the loop is timed for before and after each rival."""


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print, and write the figures."""
    asked = parser(__doc__)
    asked.add_argument("--quick", action="store_true", help="fewer interactions, fewer repeats")
    names = (*MODELS, *RIVALS, *GROWTH)
    asked.add_argument("--only", action="append", choices=names, metavar="NAME", help="leave out the rest")
    options = asked.parse_args(argv)
    only = set(options.only or names)
    rivals = [name for name in RIVALS if name in only] or list(RIVALS)
    parts = [name for name in (*MODELS, *GROWTH) if name in only] or list(MODELS)
    figures: dict[str, Any] = {}
    for name in parts:
        if name in MODELS:
            figures[name] = compared(name, rivals, quick=options.quick)
        else:
            figures[name] = grown(name, quick=options.quick)
        print("\n".join(told(name, figures[name])), flush=True)
    figures["versions"] = {name: version(name) for name in ("simpy", "ciw", "numba", "numpy")}
    figures["python"] = sys.version.split()[0]
    write(figures, options.json)


# --- beside others --------------------------------------------------------------------------


def compared(name: str, rivals: Sequence[str], *, quick: bool) -> dict[str, Any]:
    """Return the figures of one model: microseconds by rival, ratios to the loop, and who agrees."""
    taking_part = [rival for rival in rivals if rival != "kiefer" or name == "mmc"]
    costs: dict[str, list[float]] = {"loop": []}
    ratios: dict[str, list[float]] = {}
    runs, differ = {}, set()
    for repeat in range(REPEATS):
        for rival in taking_part:
            interactions, repeats = amount(name, rival, quick=quick)
            if repeat >= repeats:
                continue
            run = rival_of(rival)
            model, expected = work(name, interactions)
            before, cost, after, starts = bracketed(run, model)
            if not np.array_equal(starts, expected, equal_nan=True):
                differ.add(rival)
            runs[rival] = len(model)
            costs["loop"] += [before, after]
            costs.setdefault(rival, []).append(cost)
            ratios.setdefault(rival, []).append(2 * cost / (before + after))
    return {
        **{rival: median(each) for rival, each in costs.items()},
        "identical": not differ,
        "differ": sorted(differ),
        "ratios": {rival: median(each) for rival, each in ratios.items()},
        "faster_than": dict(faster(ratios)),
        "interactions": runs,
        "repeats": {rival: len(each) for rival, each in ratios.items()},
    }


def bracketed(run: Run, model: Model) -> tuple[float, float, float, Starts]:
    """Return microseconds an interaction of the loop, of a rival, of the loop again; and its starts."""
    before = looped(model)
    cost, starts = time_of(run, model)
    return before, cost / len(model) * 1e6, looped(model), starts


def looped(model: Model) -> float:
    """Return microseconds an interaction of the loop."""
    runs, spent = 0, 0.0
    while spent < LOOPED:
        runs, spent = runs + 1, spent + time_of(loop.run, model)[0]
    return spent / runs / len(model) * 1e6


def faster(ratios: Mapping[str, Sequence[float]]) -> Iterator[tuple[str, float]]:
    """Yield how many times as long as the library each rival takes."""
    if "workassign" in ratios:
        own = median(ratios["workassign"])
        yield from ((name, median(each) / own) for name, each in ratios.items() if name != "workassign")


def amount(name: str, rival: str, *, quick: bool) -> tuple[int, int]:
    """Return how many interactions a rival is given, and how often."""
    filling = (name, rival) == ("b2", "simpy")
    if quick:
        return (40_000 if filling else 20_000), 1 if rival in SLOW else REPEATS
    if rival in SLOW:
        return (60_000 if filling else 100_000), REPEATS
    return 200_000, REPEATS


@cache
def work(name: str, interactions: int) -> tuple[Model, Starts]:
    """Return a model, and what everybody should say."""
    model = made(name, interactions)
    return model, loop.run(model)


@cache
def rival_of(name: str) -> Run:
    """Return how a rival runs; what it compiles is compiled."""
    run: Run = import_module(f"benchmarks.peers.{RIVALS[name]}").run
    run(made("mmc", 100))
    return run


# --- beside itself --------------------------------------------------------------------------


def grown(name: str, *, quick: bool) -> dict[str, dict[str, float]]:
    """Return what an interaction costs the library at both sizes, and the loop written by hand."""
    interactions, repeats = (50_000, 1) if quick else (100_000, REPEATS)
    measure = GROWTH[name]
    return {
        rival: measure(run, interactions, repeats)
        for rival, run in (("workassign", rival_of("workassign")), ("loop", loop.run))
    }


def told(name: str, figures: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of the printed table."""
    if name in GROWTH:
        for rival, each in figures.items():
            cells = ", ".join(f"{size}: {us:.2f} us" for size, us in each.items() if size != "ratio")
            yield f"{name:<14}{rival:<14}{cells}; {each['ratio']:.2f} times as long"
        return
    yield f"{name:<6}{'loop':<14}{figures['loop']:>9.2f} us"
    for rival, ratio in sorted(figures["ratios"].items(), key=lambda each: each[1]):
        same = "DIFFERS" if rival in figures["differ"] else "same result"
        yield f"{name:<6}{rival:<14}{figures[rival]:>9.2f} us {ratio:>8.2f} x loop  {same}"


if __name__ == "__main__":
    main()
