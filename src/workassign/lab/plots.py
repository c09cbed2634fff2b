"""What does a simulated day look like? Plots of a result, drawn on matplotlib's axes.

Each function draws on *ax*, or on axes of a new figure, and returns them. What arrives during the
warm-up is drawn over time, but counts in no share. Where there are more queues, streams or crews
than colors, the smallest ones are put together as "others".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import attrs
import numpy as np

from workassign.lab.colors import COLORS, GOOD, LATE, QUIET
from workassign.lab.drawing import (
    Clock,
    Group,
    axes_for,
    beside,
    count_axis,
    dress,
    groups,
    nothing,
    one_of,
    palette,
    percent_axis,
    short,
    unit_of,
)
from workassign.lab.gantt import gantt
from workassign.lab.measures import Integers, Journeys, Spans
from workassign.lab.results import promised

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from workassign.lab.distributions import Floats
    from workassign.lab.experiments import Comparison
    from workassign.lab.results import Result

__all__ = ["Plots", "backlog", "differences", "gantt", "heat_map", "occupancy", "service_level", "waits"]

MOST_STEPS = 2000
"""A line has at most about so many steps: more cannot be seen."""


# --- waits ----------------------------------------------------------------------------------


def waits(
    result: Result,
    *,
    by: Group = "queue",
    kind: Literal["answered", "waiting"] = "answered",
    ax: Axes | None = None,
) -> Axes:
    """Draw how long customers wait: the share of all who entered that is *answered* within a time.

    At the threshold of a queue, dashed, that is its service level. With *kind* `waiting`: the share
    that still waits after a time, and was neither answered nor left. Up to the time within which 99 %
    of the waits end, or a little more than the threshold.

    Raises:
        UsageError: If matplotlib is missing, or a setting is none of its kind.
    """
    one_of("kind", kind, ("answered", "waiting"))
    axes = axes_for(ax)
    mine, drawn = _counted(result), list(groups(result, by))
    limits = sorted({promised(result.scenario, each.queue) for each in result.scenario.streams})
    known = mine.waits[~np.isnan(mine.waits)]
    if not known.size:
        return nothing(axes, "Waits")
    longest = float(max(np.quantile(known, 0.99), *(1.25 * limit for limit in limits), 1e-9))
    unit, name = unit_of(longest)
    for label, streams, color in drawn:
        rows = mine.of(np.isin(mine.stream, streams))
        if len(rows):
            x, y = _shares(rows, longest, kind)
            axes.step(x / unit, y, where="post", color=color, linewidth=1.6, label=f"{label} ({len(rows):,})")
    for limit in limits:
        axes.axvline(limit / unit, color=QUIET, linestyle="--", linewidth=1)
    axes.plot([], [], color=QUIET, linestyle="--", linewidth=1, label="promised first response")
    dress(
        axes,
        "Answered within, % of what entered"
        if kind == "answered"
        else "Still waiting after, % of what entered",
        f"time since arrival, {name}",
    )
    percent_axis(axes)
    axes.set_xlim(0, longest / unit)
    beside(axes)
    return axes


def _shares(rows: Journeys, longest: float, kind: str) -> tuple[Floats, Floats]:
    """Return times, and the share in % that is answered by then, or still waits."""
    ended = rows.waits if kind == "waiting" else np.where(np.isnan(rows.started), np.nan, rows.waits)
    times = np.sort(ended[~np.isnan(ended)])
    if times.size > MOST_STEPS:
        chosen = np.unique(np.linspace(0, times.size - 1, MOST_STEPS).astype(int))
    else:
        chosen = np.arange(times.size)
    share = 100 * (chosen + 1) / len(rows)
    x = np.concatenate([[0.0], times[chosen], [longest]])
    y = np.concatenate([[0.0], share, share[-1:] if share.size else [0.0]])
    return x, 100 - y if kind == "waiting" else y


# --- over time ------------------------------------------------------------------------------


def backlog(result: Result, *, by: Group = "queue", ax: Axes | None = None) -> Axes:
    """Draw how many wait over time, for the first acceptance.

    Raises:
        UsageError: If matplotlib is missing, or *by* is neither queue nor stream.
    """
    axes, clock = axes_for(ax), Clock.of(result)
    each = result.journeys.of(result.journeys.let_in)
    ends = np.where(np.isnan(each.started), each.ended, each.started)
    ends = np.where(np.isnan(ends), result.ended_at, ends)
    waited = ends > each.arrived
    if not waited.any():
        return nothing(axes, "How many wait", "nobody had to wait")
    most = 0
    for label, streams, color in groups(result, by):
        rows = waited & np.isin(each.stream, streams)
        times, level = _level(each.arrived[rows], ends[rows], clock.since, clock.until)
        top = int(level.max())
        most = max(most, top)
        name = f"{label} (at most {top:,})"
        axes.step(clock.at(times), level, where="post", color=color, linewidth=1.3, label=name)
    dress(axes, "How many wait", clock.label, "interactions")
    clock.mark(axes)
    count_axis(axes, most)
    beside(axes)
    return axes


def _level(begins: Floats, ends: Floats, since: float, until: float) -> tuple[Floats, Floats]:
    """Return instants, and how many spans are open from each on; the most of each stretch, if many."""
    at = np.concatenate([begins, ends])
    change = np.concatenate([np.ones(begins.size), -np.ones(ends.size)])
    order = np.argsort(at, kind="stable")
    times, level = at[order], np.cumsum(change[order])
    last = np.append(np.diff(times) > 0, True) if times.size else np.empty(0, dtype=bool)
    times, level = times[last], level[last]
    if times.size > MOST_STEPS:
        firsts = np.unique(np.searchsorted(times, np.linspace(times[0], times[-1], MOST_STEPS // 2)))
        times, level = times[firsts], np.maximum.reduceat(level, firsts)
    return np.concatenate([[since], times, [until]]), np.concatenate(
        [[0.0], level, level[-1:] if level.size else [0.0]]
    )


def occupancy(result: Result, *, every: float | None = None, ax: Axes | None = None) -> Axes:
    """Draw how much of the time of those who are there is taken up, by crew, in stretches of *every* seconds.

    Raises:
        UsageError: If matplotlib is missing, or *every* is no positive number.
    """
    axes, clock = axes_for(ax), Clock.of(result)
    edges = clock.edges(every)
    crews = result.scenario.crews
    drawn = False
    named = [(crew.name, [place]) for place, crew in enumerate(crews)]
    for label, places, color in palette(named, [len(crew.agents) for crew in crews]):
        who = np.flatnonzero(np.isin(result.crew_of, places))
        there, held = (np.diff(_area(spans.of(who), edges)) for spans in (result.there, result.held))
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(there > 0, 100 * held / there, np.nan)
        drawn = drawn or not bool(np.isnan(share).all())
        whole = there.sum()
        mean = f"{100 * held.sum() / whole:.0f} %" if whole else "never there"
        axes.stairs(
            share, clock.at(edges), color=color, linewidth=1.6, label=f"{label} ({mean})", baseline=None
        )
    if not drawn:
        return nothing(axes, "Occupancy", "nobody was there")
    dress(axes, "Occupancy, % of the time of those who are there", clock.label)
    clock.mark(axes)
    percent_axis(axes)
    beside(axes)
    return axes


def _area(spans: Spans, edges: Floats) -> Floats:
    """Return weight x seconds of all spans up to each edge. Cost: O(n log n)."""
    total = np.zeros(edges.size)
    for sign, at in ((1.0, spans.since), (-1.0, spans.until)):
        order = np.argsort(at)
        many = np.concatenate([[0.0], np.cumsum(spans.weight[order])])
        moments = np.concatenate([[0.0], np.cumsum((spans.weight * at)[order])])
        before = np.searchsorted(at[order], edges, side="right")
        total += sign * (many[before] * edges - moments[before])
    return total


def service_level(
    result: Result, *, every: float | None = None, queue: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the share of what entered that was answered in time, by arrival, in stretches of *every* seconds.

    In time is what its queue promises as the first response, or 20 seconds; of all or of a *queue*. By
    default stretches are hours, or shorter ones if the day is short.

    Raises:
        UsageError: If matplotlib is missing, there is no such queue, or *every* is no positive number.
    """
    axes, clock, scenario = axes_for(ax), Clock.of(result), result.scenario
    whole = result.figures(queue=queue)["sl_offered"]
    mine = _counted(result)
    limits = np.array([promised(scenario, each.queue) for each in scenario.streams])
    own = [place for place, each in enumerate(scenario.streams) if queue in (None, each.queue)]
    mine = mine.of(np.isin(mine.stream, own))
    title = f"Service level{'' if queue is None else ' of ' + queue}"
    if not len(mine):
        return nothing(axes, title)
    hours = 3600.0 if scenario.duration >= 6 * 3600 else None
    edges = clock.edges(hours if every is None else every, until=result.window[1])
    soon = ~np.isnan(mine.started) & (mine.waits <= limits[mine.stream])
    entered, _ = np.histogram(mine.arrived, edges)
    good, _ = np.histogram(mine.arrived[soon], edges)
    share = np.where(entered > 0, 100 * good / np.maximum(entered, 1), 0.0)
    drawn = axes.bar(
        clock.at(edges[:-1]),
        share,
        width=np.diff(clock.at(edges)) * 0.9,
        align="edge",
        color=GOOD,
        linewidth=0,
    )
    if share.size <= 30:
        named = [f"{number:,}" if number else "" for number in entered]
        axes.bar_label(drawn, named, padding=2, fontsize=7.5, color=QUIET)
    axes.axhline(
        100 * whole,
        color=LATE,
        linestyle="--",
        linewidth=1.2,
    )
    found = sorted({limits[place] for place in own})
    within = f"{found[0]:g} s" if len(found) == 1 else "the promised time"
    dress(
        axes,
        f"{title}: % within {within} (all: {100 * whole:.1f})",
        f"{clock.label}, by arrival; above: how many entered",
    )
    clock.mark(axes, until=float(edges[-1]))
    percent_axis(axes, room=8.0)
    return axes


def _counted(result: Result) -> Journeys:
    """Return those that count in figures: let in, and arrived in the window."""
    each, (since, until) = result.journeys, result.window
    return each.of(each.let_in & (each.arrived >= since) & (each.arrived < until))


# --- who does what --------------------------------------------------------------------------


def heat_map(
    result: Result,
    *,
    by: Literal["crew", "profile"] = "crew",
    value: Literal["share", "count"] = "share",
    ax: Axes | None = None,
) -> Axes:
    """Draw who took what: streams (rows) by crews, or by profiles: agents with the same skills (columns).

    A *share* is that of the row, of all of the stream that somebody accepted; the last who had it counts.

    Raises:
        UsageError: If matplotlib is missing, or a setting is none of its kind.
    """
    one_of("by", by, ("crew", "profile"))
    one_of("value", value, ("share", "count"))
    scenario, mine = result.scenario, _counted(result)
    names, column = _columns_by(result, by)
    taken = mine.of((mine.agent >= 0) & ~np.isnan(mine.started))
    counts = np.zeros((len(scenario.streams), len(names)), dtype=np.int64)
    np.add.at(counts, (taken.stream, column[taken.agent]), 1)
    axes = axes_for(ax, 2.5 + 0.95 * len(names), 1.4 + 0.4 * len(counts))
    whole = counts.sum(axis=1, keepdims=True)
    shown = 100 * counts / np.maximum(whole, 1) if value == "share" else counts.astype(float)
    most = max(float(shown.max(initial=0.0)), 1.0)
    axes.imshow(shown, cmap="Blues", vmin=0, vmax=most * 1.15, aspect="auto")
    for (row, place), number in np.ndenumerate(counts):
        if whole[row, 0]:
            text = f"{shown[row, place]:.0f} %" if value == "share" else f"{number:,}"
            color = "#ffffff" if shown[row, place] > 0.62 * most else "#222222"
            axes.text(place, row, text, ha="center", va="center", fontsize=9, color=color)
    title = "Who took what, % of each stream" if value == "share" else "Who took what, interactions"
    dress(axes, title)
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(
        range(len(counts)), [f"{each.name} ({whole[row, 0]:,})" for row, each in enumerate(scenario.streams)]
    )
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return axes


MOST_COLUMNS = 12


def _columns_by(result: Result, by: str) -> tuple[list[str], Integers]:
    """Return the names of the columns, and in which one each agent is; of many the smallest are one."""
    crews = result.scenario.crews
    if by == "crew":
        of_agent = [crews[place].name for place in result.crew_of.tolist()]
    else:
        of_agent = [_profile(agent.skills) for crew in crews for agent in crew.agents]
    members: dict[str, int] = {}
    for name in of_agent:
        members[name] = members.get(name, 0) + 1
    names = list(members)
    if len(names) > MOST_COLUMNS:
        kept = set(sorted(names, key=lambda name: (-members[name], names.index(name)))[: MOST_COLUMNS - 1])
        others = f"{len(names) - len(kept)} others"
        of_agent = [name if name in kept else others for name in of_agent]
        names = [*(name for name in names if name in kept), others]
    place = {name: number for number, name in enumerate(names)}
    labels = [
        f"{name}\n{many:,} agent{'s' if many > 1 else ''}"
        for name, many in ((name, of_agent.count(name)) for name in names)
    ]
    return labels, np.array([place[name] for name in of_agent], dtype=np.int64)


def _profile(skills: Mapping[str, float]) -> str:
    """Return skills as one reads them.

    >>> _profile({"en": 3, "billing": 1})
    'billing 1, en 3'
    """
    return ", ".join(f"{name} {level:g}" for name, level in sorted(skills.items())) or "no skills"


# --- two scenarios --------------------------------------------------------------------------

LESS = (
    "asa",
    "mean_wait",
    "wait_p50",
    "wait_p90",
    "wait_p95",
    "wait_max",
    "p_wait",
    "abandon_rate",
    "abandoned",
    "mean_queue",
)
"""Figures of which less is better."""
MORE = (
    "sl_offered",
    "sl_answered",
    "sl_drop_early_abandon",
    "sl_early_abandon_ok",
    "answered",
    "completed",
    "throughput",
)
"""Figures of which more is better."""
USUAL = ("mean_wait", "wait_p90", "sl_offered", "abandon_rate", "p_wait", "mean_queue", "occupancy")


def differences(
    comparison: Comparison, figures: Sequence[str] | None = None, *, ax: Axes | None = None
) -> Axes:
    """Draw by how much b differs from a, in % of a's mean, with intervals; beside it in figures.

    Green is clearly better, orange clearly worse, blue clearly different where neither is better by
    itself; grey is not clear: the interval holds 0. *figures* are by default those that were measured,
    the usual ones of many. What is better is known by the last word of a figure's name: of "gold
    mean_wait", too.

    Raises:
        UsageError: If matplotlib is missing, or there is no such figure.
    """
    measured = list(comparison.a.runs[0])
    usual = measured if len(measured) <= MOST_COLUMNS else [each for each in USUAL if each in measured]
    named = usual if figures is None else list(figures)
    found = [(name, comparison[name], comparison.a[name].mean) for name in named]
    axes = axes_for(ax, height=1.3 + 0.36 * len(named))
    shown = [each for each in found if each[1].count > 1 and each[2]]
    if not shown:
        return nothing(axes, "Differences", "it takes two pairs of runs, and figures that are not 0")
    for place, (name, each, base) in enumerate(shown):
        color = _verdict(name, each.low, each.high)
        low, mean, high = (100 * value / abs(base) for value in (each.low, each.mean, each.high))
        axes.plot([low, high], [place, place], color=color, linewidth=2.2, solid_capstyle="round")
        axes.plot([mean], [place], "o", color=color, markersize=6)
        by = f"{'−' if each.mean < 0 else '+'}{short(abs(each.mean), 2)} ± {short(each.half_width, 2)}"
        text = f"{short(base)} → {short(base + each.mean)}  ({by})"
        axes.text(1.02, place, text, transform=axes.get_yaxis_transform(), va="center", fontsize=8.5)
    axes.axvline(0, color="#222222", linewidth=0.9)
    axes.set_yticks(range(len(shown)), [name for name, _, _ in shown])
    axes.set_ylim(len(shown) - 0.4, -0.6)
    pairs = f"{len(comparison.a.runs)} pairs, {comparison.a.level:.0%} intervals"
    title = f"{comparison.b.name} against {comparison.a.name} ({pairs})"
    dress(axes, title, f"difference, % of {comparison.a.name}")
    axes.grid(visible=False, axis="y")
    return axes


def _verdict(name: str, low: float, high: float) -> str:
    """Return the color of a difference."""
    figure = name.rpartition(" ")[2]
    if low <= 0 <= high:
        return QUIET
    if figure not in LESS and figure not in MORE:
        return COLORS[0]
    return GOOD if (low > 0) == (figure in MORE) else LATE


# --- by the result itself -------------------------------------------------------------------


@attrs.frozen
class Plots:
    """The plots of one result, as methods: `result.plot.waits()`; see the functions of the same name."""

    _result: Result = attrs.field(repr=False)

    def waits(self, **settings: Any) -> Axes:  # noqa: ANN401 - of the function
        """Draw how long customers wait."""
        return waits(self._result, **settings)

    def backlog(self, **settings: Any) -> Axes:  # noqa: ANN401 - of the function
        """Draw how many wait over time."""
        return backlog(self._result, **settings)

    def occupancy(self, **settings: Any) -> Axes:  # noqa: ANN401 - of the function
        """Draw how much of the time of those who are there is taken up."""
        return occupancy(self._result, **settings)

    def service_level(self, **settings: Any) -> Axes:  # noqa: ANN401 - of the function
        """Draw the share that was answered in time, by hour."""
        return service_level(self._result, **settings)

    def gantt(self, **settings: Any) -> Axes:  # noqa: ANN401 - of the function
        """Draw what agents have in their hands over time."""
        return gantt(self._result, **settings)

    def heat_map(self, **settings: Any) -> Axes:  # noqa: ANN401 - of the function
        """Draw who took what."""
        return heat_map(self._result, **settings)
