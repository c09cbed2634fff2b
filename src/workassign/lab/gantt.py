"""Who has what in her hands when? Agents, a line each, over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from workassign.errors import UsageError
from workassign.lab.colors import QUIET
from workassign.lab.distributions import Floats
from workassign.lab.drawing import Clock, axes_for, beside, dress, groups
from workassign.lab.measures import Integers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from workassign.lab.results import Result

__all__ = ["gantt"]


def gantt(
    result: Result,
    *,
    agents: int | Sequence[str] = 20,
    window: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw what agents have in their hands over time: a line each, a color a stream, wrap-up paler.

    Behind it in grey when they are there: gaps are breaks, and an empty line is somebody who did not
    come. What an agent has at the same time is drawn in lanes. *agents*: so many, from all over the
    list, or these ones. *window*: from when to when; by default all the time.

    Raises:
        UsageError: If matplotlib is missing, there is no such agent, or a setting is none of its kind.
    """
    chosen, clock = _chosen(result, agents), Clock.of(result, window)
    axes = axes_for(ax, height=1.2 + 0.22 * len(chosen))
    line = np.full(len(result.agents), -1)
    line[chosen] = np.arange(len(chosen))
    there = result.there.of(chosen)
    top = line[there.agent] - 0.4
    _bars(axes, clock, (there.since, there.until), (top, top + 0.8), color=QUIET, alpha=0.25, label="there")
    _work(axes, clock, result, line)
    crews = result.scenario.crews
    names = [result.agents[place] for place in chosen.tolist()]
    axes.set_yticks(range(len(chosen)), names)
    axes.set_ylim(len(chosen) - 0.4, -0.6)
    many = (
        f"{len(chosen):,} of {len(result.agents):,} agents"
        if len(chosen) < len(result.agents)
        else "all agents"
    )
    dress(axes, f"Who has what when: {many} in {len(crews)} crew{'s' if len(crews) > 1 else ''}", clock.label)
    axes.grid(visible=False, axis="y")
    clock.mark(axes)
    beside(axes)
    return axes


def _work(axes: Axes, clock: Clock, result: Result, line: Integers) -> None:
    """Draw what the agents on a *line* (-1: none) held, by stream, in lanes."""
    held, rows = result.held, result.held_rows
    seen = (line[held.agent] >= 0) & (held.until > clock.since) & (held.since < clock.until)
    who, since, until, rows = held.agent[seen], held.since[seen], held.until[seen], rows[seen]
    lane, lanes = _lanes(who, since, until)
    height = 0.8 / lanes
    top = line[who] - 0.4 + lane * height
    done = result.journeys.done[rows]
    done = np.clip(np.where(np.isnan(done), until, done), since, until)
    for label, streams, color in groups(result, "stream"):
        own = np.isin(result.journeys.stream[rows], streams)
        upright = (top[own], (top + height)[own])
        _bars(axes, clock, (since[own], done[own]), upright, color=color, label=label)
        wrapped = own & (done < until)
        upright = (top[wrapped], (top + height)[wrapped])
        _bars(axes, clock, (done[wrapped], until[wrapped]), upright, color=color, alpha=0.45)


def _bars(
    axes: Axes,
    clock: Clock,
    along: tuple[Floats, Floats],
    upright: tuple[Floats, Floats],
    **look: Any,  # noqa: ANN401 - matplotlib's
) -> None:
    """Draw bars *along* time from and to, and *upright* from and to."""
    from matplotlib.collections import PolyCollection

    if along[0].size:
        (left, right), (low, high) = (clock.at(each) for each in along), upright
        corners = np.stack([left, low, left, high, right, high, right, low], axis=1).reshape(-1, 4, 2)
        axes.add_collection(PolyCollection(list(corners), linewidth=0, **look))


def _lanes(who: Integers, since: Floats, until: Floats) -> tuple[Integers, Integers]:
    """Return the lane of each span, the first that is free, and how many lanes its agent needs."""
    lane = np.zeros(who.size, dtype=np.int64)
    ends: dict[int, list[float]] = {}
    for place in np.lexsort((since, who)).tolist():
        busy = ends.setdefault(int(who[place]), [])
        free = next((number for number, end in enumerate(busy) if end <= since[place]), len(busy))
        busy[free : free + 1] = [float(until[place])]
        lane[place] = free
    return lane, np.array([len(ends[each]) for each in who.tolist()], dtype=np.int64)


def _chosen(result: Result, agents: int | Sequence[str]) -> Integers:
    """Return the places of the agents to be drawn, in order."""
    if isinstance(agents, int) and not isinstance(agents, bool):
        if agents < 1:
            raise UsageError(f"agents must be at least 1, or ids, not {agents!r}")
        many = len(result.agents)
        return np.unique(np.linspace(0, many - 1, min(agents, many)).round().astype(np.int64))
    places = {name: place for place, name in enumerate(result.agents)}
    if isinstance(agents, str | bool) or not (named := list(agents)):
        raise UsageError(f"agents must be a number of them, or ids, not {agents!r}")
    if unknown := [name for name in named if name not in places]:
        raise UsageError(f"there is no agent {unknown[0]!r}")
    return np.array([places[name] for name in named], dtype=np.int64)
