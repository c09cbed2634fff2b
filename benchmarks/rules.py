"""What do rules, steps, stickiness and refusals cost where they hardly ever come to anything?

A life as in `benchmarks.lifecycle`, under a plain queue and under one with needs that are a rule,
preferences, a schedule of four steps, a sticky wait and a refusal policy: in turns, in one run,
so that the ratio holds on a noisy machine. And what it costs to ask a rule.

    python -m benchmarks.rules --json out/rules.json
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.command import parser, write
from benchmarks.lifecycle import PLAIN, Saturated, Size
from workassign import Needs, Queue
from workassign.policies import offers
from workassign.policies.escalation import Step
from workassign.policies.sla import first_response

SIZES = [Size(1_000, 100, 100, 100, 18), Size(100_000, 1_000, 100, 100, 18)]

FULL = Queue(
    offer_for=60.0,
    sla=first_response(3_600.0),
    needs=Needs('NOT team == "night" PREFER language == "en" WEIGHT 2'),
    steps=(
        Step(after=1_200, drop=("skill-1",)),
        Step(after=1_800, also=Needs({"generalist": 1})),
        Step(after=2_400, tier=0, head_start=600),
        Step(after=1_200, eligible_below=1, notify="manager"),
    ),
    sticky_wait=300.0,
    refusals=offers.per_cause(declined={"rest": 30.0, "pause_after": 3}),
)

RULE = 'skills HAS "billing" AND language IN ["es", "en"] AND level("refunds") >= 3'


def compare(size: Size, pieces: int = 60, piece: int = 500) -> dict[str, Any]:
    """Return the microseconds of a life under both queues, and the ratio of one to the other."""
    floors = [Saturated(size, PLAIN), Saturated(size, FULL)]
    costs: list[list[float]] = [[], []]
    gc.collect()
    gc.freeze()
    for _ in range(pieces):
        for floor, found in zip(floors, costs, strict=True):
            lives = floor.prepare(piece)
            start = perf_counter()
            floor.by_methods(lives)
            found.append((perf_counter() - start) / piece * 1e6)
    gc.unfreeze()
    ratio = median(full / plain for plain, full in zip(*costs, strict=True))
    return {**size._asdict(), "plain_us": median(costs[0]), "full_us": median(costs[1]), "ratio": ratio}


def ask(many: int = 100_000) -> float:
    """Return the microseconds that a rule of three comparisons takes."""
    needs = Needs(RULE)
    skills, attributes = {"billing": 1.0, "refunds": 4.0}, {"language": "en"}
    needs.met_by(skills, attributes)
    start = perf_counter()
    for _ in range(many):
        needs.met_by(skills, attributes)
    return (perf_counter() - start) / many * 1e6


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print, and write the figures."""
    options = parser(__doc__).parse_args(argv)
    cases = []
    for size in SIZES:
        cases.append(compare(size))
        text = (
            "{queued:,} queued, {agents:,} agents: {plain_us:.1f} us plain, {full_us:.1f} us, x {ratio:.2f}"
        )
        print(text.format(**cases[-1]), flush=True)
    figures = {"cases": cases, "rule_us": min(ask() for _ in range(5)), "python": sys.version.split()[0]}
    print(f"a rule of three comparisons: {figures['rule_us']:.2f} us")
    write(figures, options.json)


if __name__ == "__main__":
    main()
