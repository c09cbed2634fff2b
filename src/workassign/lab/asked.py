"""What does `workassign simulate` answer? Estimates of a scenario, how it differs, how records replay."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from math import isfinite
from pathlib import Path

import attrs

from workassign._answer import Answer
from workassign.errors import UsageError
from workassign.lab.experiments import Comparison, Replications, compare, replicate
from workassign.lab.replaying import Replay
from workassign.lab.scenario import Scenario
from workassign.lab.simulation import simulate
from workassign.lab.statistics import Estimate
from workassign.plan import read_settings

__all__ = ["asked"]


def asked(told: Namespace, murmur: Callable[[str], None]) -> Answer:
    """Return the answer to `workassign simulate`; *murmur* is told how far it is.

    Raises:
        UsageError: If settings do not go together, or something cannot be read or written.
        PlanError: If a scenario is wrong.
    """
    if told.replay is not None:
        if told.against is not None or told.out is not None or told.warm_up:
            raise UsageError("--against, --out and --warm-up go with a scenario only")
        return _replayed(told, murmur)
    if told.roster is not None or told.after_call is not None:
        raise UsageError("--roster and --after-call go with --replay only")
    scenario = Scenario.from_data(read_settings(told.scenario))
    against = None if told.against is None else Scenario.from_data(read_settings(told.against))
    if told.out is not None:
        _write_tables(scenario, told.out, told.warm_up)
    seeds, settings = told.seeds or 10, {"warm_up": told.warm_up, "processes": told.processes}
    if against is None:
        return _alone(replicate(scenario, seeds, **settings))
    return _beside(compare(against, scenario, seeds, **settings))


def _replayed(told: Namespace, murmur: Callable[[str], None]) -> Answer:
    """Replay recorded calls, with the time after a call that is told or fitted."""
    replay, seeds = Replay.read(told.replay, told.roster), range(told.seeds or 3)
    fit = told.after_call is None
    after_call = replay.fitted(seeds, murmur) if fit else told.after_call
    found = replay.replayed(seeds, after_call, fitted=fit)
    return Answer(found.text(), found.as_data())


def _write_tables(scenario: Scenario, folder: Path, warm_up: float) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        simulate(scenario, 0, warm_up=warm_up).to_parquet(folder)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written: {error}") from None


def _alone(found: Replications) -> Answer:
    title = f"{found.name}: {len(found.seeds)} runs, {found.level:.0%} intervals"
    lines = [f"  {figure:24}{_shown(each)}" for figure, each in found.estimates.items()]
    figures = {figure: _data(each) for figure, each in found.estimates.items()}
    return Answer(
        "\n".join([title, *lines]), {"scenario": found.name, "runs": len(found.runs), "figures": figures}
    )


def _beside(found: Comparison) -> Answer:
    title = (
        f"{found.b.name} against {found.a.name}: {len(found.a.seeds)} pairs, {found.a.level:.0%} intervals"
    )
    head = f"  {'':24}{found.a.name[:20]:>20}  {found.b.name[:20]:>20}  difference"
    lines, figures = [], {}
    for figure, each in found.differences.items():
        a, b = found.a[figure], found.b[figure]
        clear = " clear" if found.clear(figure) else ""
        lines.append(f"  {figure:24}{_shown(a):>20}  {_shown(b):>20}  {_shown(each)}{clear}")
        figures[figure] = {"a": _data(a), "b": _data(b), "difference": _data(each)}
    hands = [attrs.asdict(each) for each in found.hands]
    told = {
        "a": found.a.name,
        "b": found.b.name,
        "runs": len(found.a.runs),
        "figures": figures,
        "hands": hands,
    }
    return Answer("\n".join([title, head, *lines]), told)


def _shown(each: Estimate) -> str:
    return str(each) if each.count else "–"


def _data(each: Estimate) -> dict[str, float | int | None]:
    found = attrs.asdict(each)
    return {name: value if isfinite(value) else None for name, value in found.items()}
