"""Do simulations say what is known exactly? Every case of a file, simulated and compared.

A case has a model in plain terms and outputs with their exact values (see the README beside the
file). The seed of a case is the crc32 of its id. z is (simulated - exact) / standard error, and the
standard error includes the reference's own.

    python -m benchmarks.truth ../shared/truth/truth.json --json out/truth.json [--only A01,B02] [--quick]
"""

from __future__ import annotations

import json
import os
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from math import isfinite, sqrt
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.command import parser, write
from benchmarks.truth.amounts import NotExpressed
from benchmarks.truth.controlled import optimal_cost, weighed
from benchmarks.truth.families import adapter_of
from benchmarks.truth.running import Budget, Found, run_trial

__all__ = ["compare_all", "compare_case", "seed_of"]

LARGEST_Z = 4.0
APART = 1_000_000
"""So far apart are the seeds of the trials of one case: each meets customers of its own."""
FULL = Budget()
QUICK = Budget(precision=0.1, first=30, by_control=15, most=2e5)
"""Wide intervals: to see that everything runs."""


def seed_of(name: str) -> int:
    """Return the seed of the case of this *name*; it is not chosen."""
    return zlib.crc32(name.encode())


def compare_case(
    case: Mapping[str, Any], budget: Budget = FULL, executor: Executor | None = None
) -> dict[str, Any]:
    """Simulate a case, and return how what it shows compares with what is known."""
    answer: dict[str, Any] = {"id": case["id"], "status": "ok", "reason": "", "outputs": []}
    began, seed = perf_counter(), seed_of(case["id"])
    try:
        trials, skipped = adapter_of(case)(case)
    except NotExpressed as error:
        return answer | {"status": "not expressed", "reason": str(error)}
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        return answer | {"status": "not expressed", "reason": f"{type(error).__name__}: {error}"}
    answer["skipped"] = [{"name": name, "reason": reason} for name, reason in skipped]
    if not trials:
        return answer | {"status": "not expressed", "reason": "no output of it can be simulated"}
    found: list[Found] = []
    runs = []
    for place, trial in enumerate(trials):
        outputs, many = run_trial(trial, seed + place * APART, budget, executor)
        found += outputs
        runs.append({"runs": many, "arrivals": round(many * trial.arrivals)})
    answer["outputs"] = [_row(each) for each in found]
    answer["runs"] = runs
    answer["seconds"] = round(perf_counter() - began, 1)
    wrong = [each for each in found if not _is_right(each)]
    if wrong:
        answer["status"] = "failed"
        answer["reason"] = "; ".join(
            f"{each.name}: {each.sim:.6g}, not {each.exact:.6g}" for each in wrong[:5]
        )
    wide = [each.name for each in found if not each.is_sharp]
    if wide:
        answer["wide"] = wide
    if optimal_cost(case["outputs"]) is not None:
        answer["optimality"] = _optimality(case, found, seed, budget, executor)
    return answer


def _row(each: Found) -> dict[str, Any]:
    z = each.z
    return {
        "name": each.name,
        "exact": each.exact,
        "sim": each.sim if isfinite(each.sim) else None,
        "se": each.se if isfinite(each.se) else None,
        "z": z if z is None or isfinite(z) else None,
    }


def _is_right(each: Found) -> bool:
    z = each.z
    return isfinite(each.sim) and (z is None or (isfinite(z) and abs(z) <= LARGEST_Z))


def _optimality(
    case: Mapping[str, Any], found: Sequence[Found], seed: int, budget: Budget, executor: Executor | None
) -> dict[str, Any]:
    """Return the cost of each rule over the least cost there is: listed ones, and those made by rule.

    Of thresholds the best of a first look is run again, with other customers.
    """
    best = optimal_cost(case["outputs"])
    assert best is not None
    ratios = {
        each.name.removeprefix("policies."): each.sim / best
        for each in found
        if each.name.startswith("policies.")
        and ("cost" in each.name or each.exact / best > 0.999)
        and "mean_wait" not in each.name
    }
    trials = weighed(case)
    short = Budget(precision=1.0, first=budget.first, most=1.0)
    looks = {name: run_trial(trial, seed + 50 * APART, short, executor)[0][0] for name, trial in trials}
    levels = [name for name in looks if name.startswith("threshold")]
    chosen = [name for name in looks if name not in levels]
    chosen += [min(levels, key=lambda name: looks[name].sim)] if levels else []
    by_rule = {}
    for name, trial in trials:
        if name in chosen:
            (each,), _ = run_trial(trial, seed + 51 * APART, budget, executor)
            by_rule[name] = {"cost": each.sim, "se": each.se, "ratio_to_optimal": each.sim / best}
    everything = [*ratios.values(), *(each["ratio_to_optimal"] for each in by_rule.values())]
    return {
        "optimal_cost": best,
        "ratio_to_optimal": ratios,
        "by_rule": by_rule,
        "best_ratio": min(everything) if everything else None,
    }


def compare_all(
    cases: Sequence[Mapping[str, Any]], budget: Budget, processes: int
) -> Iterator[dict[str, Any]]:
    """Yield how each case compares, in their order."""
    with _workers(processes) as executor:
        for case in cases:
            yield compare_case(case, budget, executor)


@contextmanager
def _workers(processes: int) -> Iterator[Executor | None]:
    if processes == 1:
        yield None
        return
    with ProcessPoolExecutor(processes) as pool:
        yield pool


def summary(answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the answers, the largest |z| and the mean of z squared of all outputs that vary."""
    every = [row["z"] for answer in answers for row in answer["outputs"] if row["z"] is not None]
    return {
        "cases": list(answers),
        "max_abs_z": max(map(abs, every), default=None),
        "mean_z2": sum(z * z for z in every) / len(every) if every else None,
        "outputs": len(every),
    }


# --- printed --------------------------------------------------------------------------------


def _table(answer: Mapping[str, Any]) -> Iterator[str]:
    rows = answer["outputs"]
    z = [row["z"] for row in rows if row["z"] is not None]
    most = f"{max(map(abs, z)):.2f}" if z else "-"
    mean = f"{sqrt(sum(each * each for each in z) / len(z)):.2f}" if z else "-"
    arrivals = sum(run["arrivals"] for run in answer.get("runs", ()))
    yield (
        f"{answer['id']:6} {answer['status']:14} {len(rows):3} outputs  max |z| {most:>5}  rms z {mean:>5}  "
        f"{arrivals:>10,} arrivals  {answer.get('seconds', 0):>6} s  {answer['reason']}"
    )
    for name in answer.get("wide", ()):
        yield f"       wide: {name}"
    for row in rows:
        if row["z"] is None or abs(row["z"]) > 2.5:
            same = row["z"] is None and row["sim"] is not None
            told = "equal" if same else f"z {row['z']}"
            if not same:
                yield f"       {row['name']}: {row['sim']} for {row['exact']}, {told}"


def main(arguments: Sequence[str]) -> int:
    """Compare, print and write; return 1 if something differs."""
    asked = parser(__doc__)
    asked.add_argument("file", type=Path, help="the cases")
    asked.add_argument("--only", default="", help="ids, with commas between them")
    asked.add_argument("--quick", action="store_true", help="wide intervals, in a minute or two")
    asked.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="of this machine")
    options = asked.parse_args(arguments)
    cases = json.loads(options.file.read_text(encoding="utf-8"))["cases"]
    only = {name for name in options.only.split(",") if name}
    unknown = only - {case["id"] for case in cases}
    if unknown:
        asked.error(f"there is no case {', '.join(sorted(unknown))}")
    chosen = [case for case in cases if not only or case["id"] in only]
    answers = []
    for answer in compare_all(chosen, QUICK if options.quick else FULL, options.processes):
        answers.append(answer)
        print("\n".join(_table(answer)), flush=True)
        write(summary(answers), options.json)
    whole = summary(answers)
    if whole["outputs"]:
        print(
            f"{len(answers)} cases, {whole['outputs']} outputs that vary: "
            f"max |z| {whole['max_abs_z']:.2f}, mean z² {whole['mean_z2']:.2f}"
        )
    return int(any(answer["status"] == "failed" for answer in answers))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
