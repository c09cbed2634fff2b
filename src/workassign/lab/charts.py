"""What does a run look like? Charts as SVG text, to stand inside an HTML page.

The same figures give the same bytes: ids come from a fixed salt, nothing says when it was drawn.
Text, grid and background take the page's own colors, so that a dark page stays readable.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from workassign.errors import UsageError
from workassign.lab.account import Account, Mood
from workassign.lab.colors import COLORS, GOOD, LATE, QUIET
from workassign.lab.figures import Effect, Waits
from workassign.lab.ledger import HOUR
from workassign.lab.written import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["charts", "check_installed"]

INK, GRID = "#010203", "#040506"
"""Stand-ins: they become the page's colors."""
MOST_PANELS = 12
NAMED = 40
"""A name out of the data is cut after so many characters: a chart has no room for more."""
LEAST = 0.01
"""A queue with a smaller share of all has no curve: it would be a few steps."""
WIDTH = 10.0
"""Inches; the page scales it."""

_STYLE: Any = {
    "svg.hashsalt": "workassign",
    "text.parse_math": False,  # a dollar in a brand's name is a dollar
    "svg.fonttype": "none",
    "font.size": 10.0,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 9.0,
    "xtick.labelsize": 9.0,
    "ytick.labelsize": 9.0,
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.titlecolor", "xtick.color", "ytick.color"), INK),
    **dict.fromkeys(("axes.edgecolor", "grid.color"), GRID),
    **dict.fromkeys(("figure.facecolor", "axes.facecolor", "savefig.facecolor"), "none"),
}

_METADATA = re.compile(r"<metadata>.*?</metadata>\s*", re.DOTALL)
_SIZE = re.compile(r'(<svg[^>]*?) width="[^"]*"([^>]*?)>')
_HEIGHT = re.compile(r'(<svg[^>]*?) height="[^"]*"([^>]*?)>')


def check_installed() -> None:
    """Check that charts can be drawn, before anything takes its time.

    Raises:
        UsageError: If matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise UsageError('charts need matplotlib: pip install "workassign[report]", or --no-report')


def charts(account: Account) -> dict[str, str]:
    """Return the charts of a run by name, each as an `<svg>` element.

    Raises:
        UsageError: If matplotlib is not installed.
    """
    check_installed()
    import matplotlib as mpl

    drawn = {"funnel": _funnel, "queues": _queues, "waits": _waits, "hours": _hours}
    if account.source.moods:
        drawn["moods"] = _moods
    if account.found.teams:
        drawn["teams"] = _teams
    if account.effects:
        drawn["effects"] = _effects
    with mpl.rc_context(_STYLE):
        return {name: _svg(draw(account)) for name, draw in drawn.items()}


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None}, bbox_inches="tight", pad_inches=0.05)
    svg = text.getvalue()
    svg = _METADATA.sub("", svg[svg.index("<svg") :])
    svg = _HEIGHT.sub(r"\1\2>", _SIZE.sub(r"\1\2>", svg, count=1), count=1)
    return svg.replace(INK, "currentColor").replace(GRID, "var(--line)").strip()


def _panels(
    rows: int, columns: int, height: float, *, sharex: bool = False, sharey: bool = False
) -> tuple[Figure, list[Axes]]:
    """Return a figure and its axes, row by row; *height* of a row in inches."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, rows * height), layout="constrained")
    FigureCanvasSVG(figure)
    return figure, list(figure.subplots(rows, columns, squeeze=False, sharex=sharex, sharey=sharey).flat)


# --- funnel ---------------------------------------------------------------------------------


def _funnel(account: Account) -> Figure:
    source, total = account.source, account.found.total
    bars = [("read", source.read, QUIET), ("bad records", len(source.bad), LATE)]
    bars += [(_named(source.left_at(stage)), number, QUIET) for stage, number in source.dropped.items()]
    late = total.answered - total.within
    bars += [("entered", total.entered, COLORS[0]), ("answered in time", total.within, GOOD)]
    bars += [("answered late, or no target", late, LATE), ("abandoned", total.abandoned, LATE)]
    bars += [("exited", sum(total.exited.values()), QUIET), ("waiting at the end", total.waiting, LATE)]
    figure, (axes,) = _panels(1, 1, 0.32 * len(bars) + 0.5)
    names, numbers, colors = zip(*bars, strict=True)
    drawn = axes.barh(range(len(bars)), numbers, color=colors, height=0.68)
    axes.bar_label(drawn, [f"{number:,}" for number in numbers], padding=4, color=INK, fontsize=9)
    axes.set_yticks(range(len(bars)), names)
    axes.margins(y=0.01)
    axes.invert_yaxis()
    axes.grid(False)
    axes.spines[["bottom", "left"]].set_visible(False)
    axes.tick_params(length=0)
    axes.set_xticks([])
    axes.set_xlim(0, max(1, *numbers) * 1.1)
    return figure


# --- queues over time -----------------------------------------------------------------------


def _queues(account: Account) -> Figure:
    """Draw arrivals an hour (bars) and the most that waited (line), one panel a queue."""
    queues = [line for line in account.found.queues if line.entered] or list(account.found.queues)
    queues = sorted(queues, key=lambda line: -line.entered)[:MOST_PANELS]
    hours = account.found.hours
    figure, panels = _panels(len(queues), 1, 1.35, sharex=True)
    times = np.array([hour.number * HOUR for hour in hours])
    numbers = [hour.number for hour in hours]
    for line, color, axes in zip(queues, _cycle(COLORS), panels, strict=False):
        came = [hour.arrivals[line.name] for hour in hours]
        waited = [hour.peak[line.name] for hour in hours]
        outline = _outline(numbers, came)
        axes.fill_between(
            *outline, step="post", color=color, alpha=0.38, linewidth=0, label="arrivals an hour"
        )
        axes.step(
            [*times, *(times[-1:] + HOUR)],
            [*waited, *waited[-1:]],
            where="post",
            color=color,
            linewidth=1.3,
            label="most waiting",
        )
        axes.set_title(f"{line.name}: {line.entered:,} entered, at most {line.peak:,} waiting at once")
        axes.set_ylim(0, max(1, *came, *waited, 1) * 1.15)
        axes.yaxis.get_major_locator().set_params(integer=True, nbins=4)  # type: ignore[call-arg]
    if len(hours):
        _time_axis(panels[-1], account, hours[0].number, hours[-1].number + 1)
        panels[0].legend(loc="upper right", ncols=2, bbox_to_anchor=(1.0, 1.32), borderaxespad=0)
    return figure


def _cycle(colors: Sequence[str]) -> Iterator[str]:
    while True:
        yield from colors


def _time_axis(axes: Axes, account: Account, first: int, last: int) -> None:
    """Mark days, or hours where there are few, in local time."""
    span = last - first
    step = next((each for each in (1, 2, 3, 6, 12, 24) if span / each <= 24), max(24, 24 * (span // 480)))
    local = {hour: datetime.fromtimestamp(hour * HOUR, account.zone) for hour in range(first, last + 1)}
    days = (first // 24, step // 24) if step > 24 else (0, 1)
    marks = [
        hour
        for hour, at in local.items()
        if at.hour % min(step, 24) == 0 and (step <= 24 or (hour // 24 - days[0]) % days[1] == 0)
    ]
    axes.set_xlim(first * HOUR, last * HOUR)
    labels = [
        f"{local[hour]:%H}" if local[hour].hour else f"{local[hour]:%a}\n{local[hour]:%d %b}"
        for hour in marks
    ]
    axes.set_xticks([hour * HOUR for hour in marks], labels)


# --- moods over time ------------------------------------------------------------------------


def _moods(account: Account) -> Figure:
    """Draw how many were happy (up) and unhappy (down) in each hour, one panel a brand."""
    brands: dict[str, list[Mood]] = {}
    for mood in account.source.moods:
        brands.setdefault(mood.brand, []).append(mood)
    told = sorted(brands.items(), key=lambda item: -sum(each.unhappy + each.happy for each in item[1]))
    figure, panels = _panels(min(len(told), MOST_PANELS), 1, 1.35, sharex=True)
    for (brand, moods), axes in zip(told, panels, strict=False):
        up, down = [each.happy for each in moods], [-each.unhappy for each in moods]
        for heights, color, label in ((up, GOOD, "happy"), (down, LATE, "unhappy")):
            times, levels = _outline([each.hour for each in moods], heights)
            axes.fill_between(times, levels, step="post", color=color, linewidth=0, label=label)
        axes.axhline(0, color=INK, linewidth=0.7)
        most = max(1, *up, *(-each for each in down))
        axes.set_ylim(-1.15 * most, 1.15 * most)
        axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
        axes.yaxis.get_major_locator().set_params(integer=True, nbins=4)  # type: ignore[call-arg]
        axes.set_title(_mood(brand, moods))
    hours = [mood.hour for mood in account.source.moods]
    _time_axis(panels[-1], account, min(hours), max(hours) + 1)
    panels[0].legend(loc="upper right", ncols=2, bbox_to_anchor=(1.0, 1.32), borderaxespad=0)
    return figure


def _outline(hours: Sequence[int], heights: Sequence[int]) -> tuple[list[float], list[int]]:
    """Return where bars of an hour each begin and how high they are, 0 where there is none.

    One outline, however long the days go on: a bar for each hour would make a page of megabytes.
    """
    times: list[float] = []
    levels: list[int] = []
    for hour, height in zip(hours, heights, strict=True):
        if times and times[-1] == hour * HOUR:  # the end of the bar before
            levels[-1] = height
        else:
            times.append(hour * HOUR)
            levels.append(height)
        times.append((hour + 1) * HOUR)
        levels.append(0)
    return times, levels


def _named(name: str) -> str:
    """Return *name* as a chart can hold it."""
    return "".join(each if each.isprintable() else " " for each in name[:NAMED])


def _mood(brand: str, moods: Sequence[Mood]) -> str:
    """Return how people felt about a brand over all hours."""
    counts = [sum(getattr(each, kind) for each in moods) for kind in ("happy", "neither", "unhappy")]
    known = sum(counts)
    shares = ", ".join(
        f"{percent(count / known)} {kind}"
        for count, kind in zip(counts, ("happy", "neither", "unhappy"), strict=True)
        if known
    )
    return f"{_named(brand) or 'no brand'}: {shares or 'nobody can tell'} of {known:,}"


# --- waits ----------------------------------------------------------------------------------


def _waits(account: Account) -> Figure:
    """Draw waits by hour of arrival, and the share answered within a time."""
    figure, (left, right) = _panels(1, 2, 3.3)
    clock = [each for each in account.found.clock if each.waits.answered]
    for quantile, color in (("p90", LATE), ("p50", COLORS[0])):
        minutes = [(getattr(each.waits, quantile) or 0.0) / 60 for each in clock]
        left.plot(
            [each.hour for each in clock], minutes, color=color, marker="o", markersize=3.5, label=quantile
        )
    target = account.found.total.target
    if target is not None:
        left.axhline(target / 60, color=QUIET, linestyle="--", linewidth=1, label="SLA target")
    left.set_title("Waits by hour of arrival, minutes")
    _hour_axis(left)
    left.set_ylim(bottom=0)
    left.legend()
    _answered_within(right, account, target)
    return figure


def _hour_axis(axes: Axes) -> None:
    axes.set_xlim(-0.6, 23.6)
    axes.set_xticks(range(0, 24, 3), [f"{hour:02}" for hour in range(0, 24, 3)])
    axes.set_xlabel("hour of the day")


_TIMES = (
    (1, "1 s"),
    (10, "10 s"),
    (60, "1 min"),
    (900, "15 min"),
    (3600, "1 h"),
    (14400, "4 h"),
    (86400, "1 d"),
)


def _answered_within(axes: Axes, account: Account, target: float | None) -> None:
    """Draw for each queue the share of what entered that was answered within a time."""
    longest = account.found.total.waits.longest or 60.0
    axes.set_xscale("log")
    axes.set_xlim(1, max(60.0, longest * 1.2))
    total = account.found.total.entered
    busy = [line for line in account.found.queues if line.entered and line.entered >= LEAST * total]
    busy.sort(key=lambda line: -line.entered)
    waits: dict[str, list[float]] = {line.name: [] for line in account.found.queues}
    for case in account.ledger.cases.values():
        if case.wait is not None:
            waits[case.queue].append(max(case.wait, 1.0))
    for line, color in zip(busy[:MOST_PANELS], _cycle(COLORS), strict=False):
        seconds = np.sort(np.array([1.0, *waits[line.name]]))
        share = 100 * np.arange(len(seconds)) / line.entered
        axes.step(*_thinned(seconds, share), where="post", color=color, linewidth=1.4, label=line.name)
    if target is not None:
        axes.axvline(target, color=QUIET, linestyle="--", linewidth=1)
    axes.set_ylim(0, 101)
    axes.set_xticks([at for at, _ in _TIMES], [name for _, name in _TIMES])
    axes.set_xlim(1, max(60.0, longest * 1.2))
    axes.minorticks_off()
    axes.set_title("Answered within, % of what entered")
    if busy:
        axes.legend(loc="lower right")


def _thinned(
    x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return at most 300 points: more cannot be seen."""
    chosen = np.unique(np.linspace(0, len(x) - 1, min(len(x), 300)).astype(int))
    return x[chosen], y[chosen]


# --- hours and teams ------------------------------------------------------------------------


def _hours(account: Account) -> Figure:
    """Draw arrivals, SLA and occupancy by hour of the day."""
    figure, (left, right) = _panels(1, 2, 2.9)
    clock = account.found.clock
    all_in, all_used = account.found.total.hit_rate, account.found.occupancy
    for axes, title, shares, whole, color in (
        (left, "In SLA by hour of arrival", [each.hit_rate for each in clock], all_in, GOOD),
        (right, "Occupancy by hour", [each.occupancy for each in clock], all_used, COLORS[0]),
    ):
        axes.bar(range(24), [100 * (share or 0.0) for share in shares], color=color, width=0.8)
        axes.set_title(f"{title}, % (all: {percent(whole)})")
        axes.set_ylim(0, 100)
        _hour_axis(axes)
        if whole is not None:
            axes.axhline(100 * whole, color=INK, linestyle="--", linewidth=1)
    return figure


def _teams(account: Account) -> Figure:
    """Draw the occupancy of each team by hour of the day."""
    teams = account.found.teams[: 3 * MOST_PANELS]
    table = np.full((len(teams), 24), np.nan)
    for row, team in enumerate(teams):
        for hour, share in team.by_clock.items():
            table[row, hour] = 100 * share
    figure, (axes,) = _panels(1, 1, 0.34 * len(teams) + 1.1)
    shown = axes.pcolormesh(table, cmap="YlOrBr", vmin=0, vmax=100, edgecolors="none")
    for (row, hour), share in np.ndenumerate(table):
        if not np.isnan(share):
            color = "#ffffff" if share > 62 else "#222222"
            axes.text(
                hour + 0.5, row + 0.5, f"{share:.0f}", ha="center", va="center", fontsize=7.5, color=color
            )
    axes.set_yticks(np.arange(len(teams)) + 0.5, [f"{team.team} ({team.agents})" for team in teams])
    axes.set_xticks(np.arange(24) + 0.5, [f"{hour:02}" for hour in range(24)])
    axes.set_xlabel("hour of the day")
    axes.invert_yaxis()
    axes.grid(False)
    axes.tick_params(length=0)
    axes.spines[["bottom", "left"]].set_visible(False)
    shown.set_rasterized(False)
    return figure


# --- what scoring changed -------------------------------------------------------------------


def _effects(account: Account) -> Figure:
    """Draw mean and p90 waits of each tenth and of the rest, with scoring and without."""
    figure, panels = _panels(1, 2, 0.72 * len(account.effects) + 1.2, sharey=True)
    for axes, figure_of, title in zip(
        panels, ("mean", "p90"), ("Mean wait, minutes", "90 % wait at most, minutes"), strict=True
    ):
        _pairs(axes, account.effects, figure_of)
        axes.set_title(title)
    names = [
        f"{effect.group}\n({effect.members:,} of {round(effect.members / effect.share):,})"
        for effect in account.effects
    ]
    panels[0].set_yticks(range(len(names)), names)
    panels[0].invert_yaxis()
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def _pairs(axes: Axes, effects: Sequence[Effect], figure_of: str) -> None:
    sides = (
        ("tenth, scored", COLORS[0], 1.0, [each.scored for each in effects]),
        ("tenth, FIFO", COLORS[0], 0.4, [each.unscored for each in effects]),
        ("rest, scored", LATE, 1.0, [each.rest_scored for each in effects]),
        ("rest, FIFO", LATE, 0.4, [each.rest_unscored for each in effects]),
    )
    for i, (name, color, alpha, found) in enumerate(sides):
        minutes = [_minutes(side.waits, figure_of) for side in found]
        places = np.arange(len(effects)) + (i - 1.5) * 0.19
        drawn = axes.barh(places, minutes, height=0.17, color=color, alpha=alpha, label=name)
        axes.bar_label(drawn, [f"{each:.1f}" for each in minutes], padding=3, fontsize=7.5, color=INK)
    axes.margins(x=0.1)
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")


def _minutes(waits: Waits, figure_of: str) -> float:
    return (getattr(waits, figure_of) or 0.0) / 60
