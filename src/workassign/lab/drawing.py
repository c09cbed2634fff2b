"""How is a plot laid out? Axes, their dress, the clock along them, and colors by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from math import ceil, isfinite
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import attrs
import numpy as np

from workassign.errors import UsageError
from workassign.lab.colors import COLORS, QUIET
from workassign.lab.distributions import Floats, as_floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from workassign.lab.results import Result

__all__ = [
    "Clock",
    "Group",
    "axes_for",
    "beside",
    "count_axis",
    "dress",
    "groups",
    "nothing",
    "one_of",
    "palette",
    "percent_axis",
    "short",
    "unit_of",
]

Group: TypeAlias = Literal["queue", "stream"]

_UNITS = ((86_400.0, "days"), (3600.0, "hours"), (60.0, "minutes"), (1.0, "seconds"))
_ROUND = (60.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0, 14_400.0, 28_800.0, 86_400.0)
"""Lengths of stretches that people use."""
MOST_STRETCHES = 32
REST = "#5c6670"
_POSIX = 1e8
"""An instant from here on is taken to be POSIX time, not seconds of a simulation."""


def axes_for(ax: Axes | None, width: float = 8.0, height: float = 3.6) -> Axes:
    """Return *ax*, or axes of a new figure of so many inches.

    Raises:
        UsageError: If matplotlib is missing.
    """
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise UsageError("plots need an extra: pip install 'workassign[report]'") from None
    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def dress(axes: Axes, title: str, x: str = "", y: str = "") -> None:
    """Give *axes* a title, labels, a quiet grid and no frame."""
    axes.set_title(title, loc="left", fontsize=10.5, fontweight="bold")
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
    axes.grid(visible=True, color=QUIET, alpha=0.3, linewidth=0.6)
    axes.tick_params(labelsize=9)


def nothing(axes: Axes, title: str, why: str = "nothing arrived") -> Axes:
    """Say on *axes* that there is nothing to see, and return them."""
    dress(axes, title)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(0.5, 0.5, why, ha="center", va="center", color=QUIET, transform=axes.transAxes)
    return axes


def percent_axis(axes: Axes, room: float = 1.0) -> None:
    """Let the upright axis go from 0 to 100 %, and a little further."""
    axes.set_ylim(0, 100 + room)
    axes.set_yticks(range(0, 101, 20))


def unit_of(seconds: float) -> tuple[float, str]:
    """Return the unit in which *seconds* read best, and its name.

    >>> unit_of(300)
    (60.0, 'minutes')
    """
    return next((unit for unit in _UNITS if seconds >= 2.5 * unit[0]), _UNITS[-1])


def palette(
    named: Sequence[tuple[str, list[int]]], sizes: Sequence[float]
) -> Iterator[tuple[str, list[int], str]]:
    """Yield names with what they stand for and a color; beyond the colors the smallest become "others"."""
    rest: list[int] = []
    if len(named) > len(COLORS):
        order = sorted(range(len(named)), key=lambda place: (-sizes[place], place))
        kept = sorted(order[: len(COLORS) - 1])
        rest = [each for place in sorted(order[len(COLORS) - 1 :]) for each in named[place][1]]
        named = [*(named[place] for place in kept), (f"{len(named) - len(kept)} others", rest)]
    for (name, places), color in zip(named, COLORS, strict=False):
        yield name, places, color if not rest or places is not rest else REST


def groups(result: Result, by: Group) -> Iterator[tuple[str, list[int], str]]:
    """Yield queues or streams by name, with the places of their streams and a color."""
    one_of("by", by, ("queue", "stream"))
    places: dict[str, list[int]] = {}
    for place, each in enumerate(result.scenario.streams):
        places.setdefault(each.queue if by == "queue" else each.name, []).append(place)
    many = np.bincount(result.journeys.stream, minlength=len(result.scenario.streams))
    return palette(list(places.items()), [float(many[each].sum()) for each in places.values()])


def one_of(name: str, value: str, known: Sequence[str]) -> None:
    """Check that *value* is one of those that are known.

    Raises:
        UsageError: If it is not.
    """
    if value not in known:
        raise UsageError(f"{name} must be {' or '.join(known)}, not {value!r}")


@attrs.frozen(kw_only=True)
class Clock:
    """The axis of time of a result: in hours (or what suits its length) since its start."""

    since: float
    until: float
    unit: float
    name: str

    @classmethod
    def of(cls, result: Result, window: tuple[float, float] | None = None) -> Clock:
        """Return the clock of all of a *result*, or of a *window* of it.

        Raises:
            UsageError: If the window is none.
        """
        start = result.scenario.start
        since, until = (
            (start, max(start + result.scenario.duration, result.ended_at)) if window is None else window
        )
        if not (isfinite(since) and isfinite(until) and since < until):
            raise UsageError(f"a window must be two instants, the first before the second, not {window!r}")
        # As far from instant 0 as it reads best, unless that is POSIX time.
        unit, name = unit_of(until - (0.0 if 0 <= since < _POSIX else since))
        # Days are still read in hours of the day.
        if name == "days" and until - since <= 3 * 86_400:
            unit, name = 3600.0, "hours"
        return cls(since=since, until=until, unit=unit, name=name)

    @property
    def zero(self) -> float:
        """The instant at 0: instant 0 itself where that is in sight or the clock is a simulation's own."""
        return 0.0 if 0 <= self.since < _POSIX else self.since

    @property
    def label(self) -> str:
        """What stands along the axis."""
        if self.since < _POSIX:
            return f"time, {self.name}"
        return f"{self.name} since {datetime.fromtimestamp(self.since, UTC):%Y-%m-%d %H:%M} UTC"

    def at(self, instants: Floats | Sequence[float]) -> Floats:
        """Return where *instants* are along the axis."""
        return (as_floats(instants) - self.zero) / self.unit

    def edges(self, every: float | None = None, until: float | None = None) -> Floats:
        """Return the edges of stretches of *every* seconds, by default of round ones, at most 32.

        Raises:
            UsageError: If *every* is no positive number, or there would be more than 100,000.
        """
        until = self.until if until is None else until
        span = until - self.since
        if every is None:
            every = next((each for each in _ROUND if span / each <= MOST_STRETCHES), span / MOST_STRETCHES)
            every = min(every, span / 12) if span < 12 * _ROUND[0] else every
        if (
            isinstance(every, bool)
            or not isinstance(every, int | float)
            or not (isfinite(every) and every > 0)
        ):
            raise UsageError(f"every must be a positive number of seconds, not {every!r}")
        if span / every > 100_000:
            raise UsageError(f"every {every:g} s are more than 100,000 stretches of {span:g} s")
        return as_floats(self.since + every * np.arange(ceil(span / every - 1e-9) + 1))

    def mark(self, axes: Axes, until: float | None = None) -> None:
        """Mark whole hours, or the like, along *axes*."""
        from matplotlib.ticker import FuncFormatter, MaxNLocator

        axes.set_xlim(*self.at([self.since, self.until if until is None else until]))
        fine = self.name == "seconds" or (self.until - self.since) / self.unit < 6
        steps: list[Any] = [1, 2.5, 5, 10] if fine and self.name == "hours" else [1, 2, 3, 6, 10]
        axes.xaxis.set_major_locator(MaxNLocator(nbins=12, steps=steps, integer=not fine))
        if fine and self.name == "hours":
            axes.xaxis.set_major_formatter(FuncFormatter(lambda hours, _: _hours_and_minutes(hours)))


def count_axis(axes: Axes, most: float) -> None:
    """Let the upright axis count from 0 to *most*, and a little further."""
    from matplotlib.ticker import MaxNLocator

    axes.set_ylim(0, most * 1.1)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))


def beside(axes: Axes) -> None:
    """Put the legend beside the plot, where it hides nothing."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=9)


def short(value: float, digits: int = 3) -> str:
    """Return *value* to so many digits, never as a power of ten.

    >>> short(1234.5), short(0.01234, 2), short(-30.0)
    ('1230', '0.012', '-30')
    """
    return np.format_float_positional(float(f"{value:.{digits}g}"), trim="-")


def _hours_and_minutes(hours: float) -> str:
    """Return hours as a clock shows them.

    >>> _hours_and_minutes(10.25)
    '10:15'
    """
    minutes = round(60 * hours)
    return f"{minutes // 60}:{minutes % 60:02}"
