"""How would the recorded calls have gone? They are replayed through the engine, recorded beside simulated.

Everything that agents and queue do not decide is taken from the records (see `replay`); the plan is
that of the center: one queue, agents by the types that they serve, first come, first served, VIPs as
if they had waited 90 seconds already, the agent who has been idle longest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import Any, TypeAlias

import attrs
import numpy as np
from numpy.typing import NDArray

from workassign.errors import UsageError
from workassign.lab.arrivals import Recorded
from workassign.lab.columns import Outcome
from workassign.lab.distributions import Given
from workassign.lab.patience import Floats
from workassign.lab.recorded import (
    RecordedCall,
    Skills,
    Span,
    beyond_skills,
    present,
    read_calls,
    read_skills,
    skills_shown,
)
from workassign.lab.replay import Brought, brought, fit_after_call, outcome_figures, recorded_figures
from workassign.lab.scenario import Crew, Scenario, Stream
from workassign.lab.simulation import simulate
from workassign.model import Agent, Instant, Interaction
from workassign.needs import Needs
from workassign.plan import Plan
from workassign.queues import Queue

__all__ = ["HEAD_START", "Replay", "Replayed", "head_start_of_vips"]

HEAD_START = 90.0
"""Seconds of waiting that a VIP is given."""

QUEUE = "calls"

DAY = 86_400.0

Figures: TypeAlias = Mapping[str, Any]
"""What `outcome_figures` returns."""

Rows: TypeAlias = NDArray[np.int64]


def head_start_of_vips(interaction: Interaction, at: Instant) -> float:
    """Give whoever has the attribute `vip` the seconds of `HEAD_START`, and nobody else any."""
    return HEAD_START if interaction.attributes.get("vip") is True else 0.0


class Replay:
    """Recorded calls that can be replayed, with the agents who were there. Fixed once it is made.

    Raises:
        UsageError: If no call was served, or no person is named who served any.
    """

    def __init__(self, calls: Sequence[RecordedCall], skills: Skills) -> None:
        """Take *calls* in order of arrival, and who serves which types (see `skills_shown`)."""
        self.calls, self.skills = calls, skills
        self.there = present(calls)
        if not self.there:
            raise UsageError("a replay needs agents: no call names a person who served it")
        if unknown := next((agent for agent in self.there if agent not in skills), None):
            raise UsageError(f"skills must name every agent who served a call, but {unknown} is missing")
        self.recorded: Figures = recorded_figures(calls)
        """How it was."""
        self._brought: dict[int, Brought] = {}

    @classmethod
    def read(cls, calls: Path, roster: Path | None = None) -> Replay:
        """Return the replay of a file of *calls*; without a *roster*, agents serve what they served.

        Raises:
            UsageError: If a file cannot be read or breaks a rule, or the calls cannot be replayed.
        """
        listed = None if roster is None else read_skills(roster)
        found = read_calls(calls)
        return cls(found, skills_shown(found, listed))

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What whoever reads the figures should know of the records."""
        able = frozenset[str]().union(*(self.skills.get(agent, ()) for agent in self.there))
        nobody = Counter(call.type for call in self.calls if call.type not in able)
        notes = [f"{many:,} calls of type {kind}: nobody serves it" for kind, many in sorted(nobody.items())]
        if beyond := beyond_skills(self.calls, self.skills):
            notes.append(
                f"{beyond:,} calls were served by somebody who, says the roster, does not serve them"
            )
        if untaken := sum(call.served and call.agent is None for call in self.calls):
            notes.append(f"{untaken:,} calls were answered by no person: they are left as they were")
        return tuple(notes)

    def scenario(self, seed: int, after_call: float) -> Scenario:
        """Return what is simulated with *after_call* seconds of work after each call.

        A stream for each type, and one for its VIPs; a crew for each agent, with her own hours. Chance
        is in what the records leave open only, and goes by *seed*.
        """
        if not (isfinite(after_call) and after_call >= 0):
            raise UsageError(f"after_call must be a number of seconds >= 0, not {after_call!r}")
        bring = self._bring(seed)
        streams = tuple(self._stream(kind, vip, rows, bring) for (kind, vip), rows in self._kinds.items())
        start = self.calls[0].at // DAY * DAY
        queue = Queue(auto_accept=True, wrap_up=after_call or None, scoring=(head_start_of_vips,))
        return Scenario(
            name="replay",
            plan=Plan(name="replay", queues={QUEUE: queue}),
            streams=streams,
            crews=tuple(_crew(agent, self.skills[agent], spans) for agent, spans in self.there.items()),
            start=start,
            duration=(self.calls[-1].at // DAY + 1) * DAY - start,
        )

    def figures(self, seed: int, after_call: float) -> Figures:
        """Return how it goes, once: see `outcome_figures`. Cost: some 60 microseconds a call.

        Who is never answered and never leaves (nobody serves her type, and nobody of her like ever gave
        up) has waited until all was over, and counts as given up.
        """
        result = simulate(self.scenario(seed, after_call), seed)
        journeys = result.journeys
        waits = np.array([call.wait for call in self.calls])
        gave_up = np.array([not call.served for call in self.calls])
        until = np.where(np.isnan(journeys.waits), result.ended_at - journeys.arrived, journeys.waits)
        for place, rows in enumerate(self._kinds.values()):
            # Both are in order of arrival, and what came at one instant in the order of the file.
            found = np.flatnonzero(journeys.stream == place)
            waits[rows] = until[found]
            gave_up[rows] = journeys.outcome[found] != Outcome.COMPLETED
        return outcome_figures(self.calls, waits, gave_up)

    def fitted(self, seeds: Sequence[int], tell: Callable[[str], None] = lambda line: None) -> float:
        """Return the seconds after each call that give the recorded mean wait: see `fit_after_call`.

        *tell* is told of each try. Cost: some eight replays for each of *seeds*.

        Raises:
            UsageError: If nothing gives it.
        """

        def mean_wait(after_call: float) -> float:
            found = float(np.mean([self.figures(seed, after_call)["mean_wait"] for seed in seeds]))
            tell(f"{after_call:.1f} s after each call: mean wait {found:.1f} s")
            return found

        return fit_after_call(mean_wait, self.recorded["mean_wait"])

    def replayed(self, seeds: Sequence[int], after_call: float, *, fitted: bool = False) -> Replayed:
        """Return how it goes with each of *seeds*; *fitted* says that *after_call* comes from these calls."""
        runs = tuple(self.figures(seed, after_call) for seed in seeds)
        return Replayed(
            recorded=self.recorded,
            runs=runs,
            seeds=tuple(seeds),
            after_call=after_call,
            fitted=fitted,
            notes=self.notes,
        )

    @cached_property
    def _kinds(self) -> dict[tuple[str, bool], Rows]:
        """The calls that agents take, by type and whether of VIPs."""
        rows: dict[tuple[str, bool], list[int]] = {}
        for number, call in enumerate(self.calls):
            if call.agent is not None or not call.served:
                rows.setdefault((call.type, call.vip), []).append(number)
        return {kind: np.array(found) for kind, found in sorted(rows.items())}

    def _bring(self, seed: int) -> Brought:
        if seed not in self._brought:
            self._brought[seed] = brought(self.calls, seed=seed)
        return self._brought[seed]

    def _stream(self, kind: str, vip: bool, rows: Rows, bring: Brought) -> Stream:
        at: Floats = np.array([self.calls[row].at for row in rows.tolist()])
        return Stream(
            name=f"{kind}/vip" if vip else kind,
            arrivals=Recorded(at),
            handling=Given(bring.service[rows]),
            patience=Given(bring.patience[rows]),
            queue=QUEUE,
            needs=Needs({kind: 1}),
            attributes={"vip": True} if vip else {},
        )


def _crew(agent: str, types: frozenset[str], spans: Sequence[Span]) -> Crew:
    """Return an agent as a crew of her own, for her own hours."""
    alone = Agent(id=agent, skills=dict.fromkeys(sorted(types), 1))
    return Crew(name=agent, agents=(alone,), shifts=tuple(span for span in spans if span[0] < span[1]))


# --- recorded beside simulated ------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Replayed:
    """What was recorded, and what the replays gave."""

    recorded: Figures
    runs: tuple[Figures, ...]
    """The figures of each seed."""
    seeds: tuple[int, ...]
    after_call: float
    """Seconds of work after each call."""
    fitted: bool
    """Whether they were fitted to these very calls: then mean waits agree because they were made to."""
    notes: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Return everything for JSON: recorded, simulated (the mean over the seeds), error.

        The error of `mean_wait` is relative to the recorded one (null if that is 0), that of
        `p_abandon` the difference of the shares.
        """
        recorded, runs = self.recorded, self.runs
        weekdays = recorded["weekdays"]
        return {
            **_beside(recorded, runs),
            "weekdays": weekdays and _beside(weekdays, [run["weekdays"] for run in runs]),
            **{name: self._by(name) for name in ("by_month", "by_hour")},
            "after_call": {"seconds": self.after_call, "fitted": self.fitted},
            "runs": [
                {"seed": seed, "mean_wait": run["mean_wait"], "p_abandon": run["p_abandon"]}
                for seed, run in zip(self.seeds, runs, strict=True)
            ],
            "notes": list(self.notes),
        }

    def text(self) -> str:
        """Return the figures as lines of text."""
        data = self.as_data()
        origin = "fitted to these calls" if self.fitted else "as told"
        rows = [_row("all calls", data)]
        if data["weekdays"]:
            rows.append(_row("working days", data["weekdays"]))
        rows += [_row(month, each) for month, each in data["by_month"].items()]
        rows += [_row(f"{hour}:00", each) for hour, each in data["by_hour"].items()]
        many = len(self.seeds)
        return "\n".join(
            [
                f"{data['calls']:,} calls, replayed {many} time{'s' if many > 1 else ''}",
                f"{self.after_call:g} s of work after each call, {origin}",
                "",
                *_HEAD,
                *rows,
                *(f"\n{note}" for note in self.notes),
            ]
        )

    def _by(self, name: str) -> dict[str, Any]:
        each: Mapping[str, Figures] = self.recorded[name]
        return {key: _beside(found, [run[name][key] for run in self.runs]) for key, found in each.items()}


def _beside(recorded: Figures, runs: Sequence[Figures]) -> dict[str, Any]:
    """Return the figures of some calls, recorded beside simulated."""
    wait, lost = recorded["mean_wait"], recorded["p_abandon"]
    waited = round(float(np.mean([run["mean_wait"] for run in runs])), 3)
    left = round(float(np.mean([run["p_abandon"] for run in runs])), 5)
    off = round(waited / wait - 1, 5) if wait > 0 else None
    return {
        "calls": recorded["calls"],
        "mean_wait": {"recorded": wait, "simulated": waited, "error": off},
        "p_abandon": {"recorded": lost, "simulated": left, "error": round(left - lost, 5)},
    }


_HEAD = (
    f"{'':14}{'calls':>8}  {'mean wait, s':^28}{'gave up, %':^28}".rstrip(),
    f"{'':14}{'':>8}" + "  {:>9}{:>10}{:>9}".format("recorded", "simulated", "error") * 2,
)


def _row(name: str, each: Figures) -> str:
    wait, lost = each["mean_wait"], each["p_abandon"]
    off = "–" if wait["error"] is None else f"{wait['error']:+.1%}"
    return (
        f"{name:14}{each['calls']:>8,}  {wait['recorded']:9.1f}{wait['simulated']:10.1f}{off:>9}"
        f"  {100 * lost['recorded']:9.2f}{100 * lost['simulated']:10.2f}{100 * lost['error']:+9.2f}"
    )
