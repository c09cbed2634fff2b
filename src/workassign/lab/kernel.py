"""Who serves what, and when, under rules that fit into a few tables?

A compiled simulation for tuning, many times as fast as the engine, with its decisions: strict tiers,
head starts and speeds of ageing by class of needs, longest idle agents, patience. All agents are there
from instant 0 on, each serves one interaction at a time, offers are accepted at once. What does not fit
into the tables (policies of one's own, offers that ring, hours, wrap-up apart) is the engine's.

Classes (of interactions with equal needs) and agents are numbers from 0; times are in one unit.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from workassign.errors import UsageError
from workassign.lab.distributions import Floats, Integers

__all__ = ["Played", "Rules", "run"]

_Routes: TypeAlias = tuple[NDArray[Any], ...]


def _table(given: ArrayLike | None) -> Floats | None:
    return None if given is None else _numbers("a table of rules", given)


def _eligible(given: ArrayLike) -> NDArray[np.bool_]:
    table = np.array(given)
    if table.dtype != np.bool_ or table.ndim != 2 or not table.size:
        raise ValueError("eligible must be a table of True and False, a row a class, a column an agent")
    return table


@attrs.frozen(kw_only=True, eq=False)
class Rules:
    """Who may serve what, and who and what comes first.

    A freed agent takes, of what she may serve, the lowest tier; in it the largest
    `slope x (time since arrival + head start)`; then the least `arrival - head start`, then what came
    first. Where slopes are equal, that is the order of the engine's queues. An interaction goes, of
    the idle agents who may serve it, to the least rank; then to the longest idle, then by number.

    Raises:
        ValueError: If a table has the wrong shape or a wrong number in it.
    """

    eligible: NDArray[np.bool_] = attrs.field(converter=_eligible)
    """Class x agent."""
    tier: Floats | None = attrs.field(default=None, converter=_table)
    """By class, lower first; None: all are of one tier."""
    head_start: Floats | None = attrs.field(default=None, converter=_table)
    """By class: as if it had arrived so much earlier; None: none."""
    slope: Floats | None = attrs.field(default=None, converter=_table)
    """By class, how fast it ages; None: all alike, first come, first served."""
    rank: Floats | None = attrs.field(default=None, converter=_table)
    """Class x agent, least first, before the longest idle; None: no difference."""
    factor: Floats | None = attrs.field(default=None, converter=_table)
    """By what a service time is multiplied: by agent, or class x agent; None: by 1."""
    _routes: _Routes = attrs.field(init=False, repr=False)
    """What compiled code reads of it, worked out once."""

    def __attrs_post_init__(self) -> None:
        """Check the shapes, and work out what does not change while it runs."""
        classes, agents = each = self.eligible.shape
        _check("tier", self.tier, (classes,))
        _check("head_start", self.head_start, (classes,), least=0.0)
        _check("slope", self.slope, (classes,), least=0.0)
        _check("rank", self.rank, each)
        _check("factor", self.factor, (agents,), each, least=0.0)
        object.__setattr__(self, "_routes", _routes(self))


@attrs.frozen(kw_only=True, eq=False)
class Played:
    """What became of each interaction, by its place among the arrivals."""

    start: Floats
    """When its service began; NaN: it never did."""
    agent: Integers
    """Who served it; -1: nobody."""
    end: Floats
    """When its service ended, or else its patience; infinity: it waits for ever."""


def run(
    rules: Rules,
    *,
    arrival: ArrayLike,
    classes: ArrayLike,
    service: ArrayLike,
    patience: ArrayLike | None = None,
) -> Played:
    """Serve what comes in at *arrival*, from 0 on and sorted, each of one of the *classes*, to the end.

    Who is not served within *patience* (None, or infinity: for ever) leaves. What happens at one
    instant: arrivals, then ends of services and of patience by order of arrival. Needs numba
    (`pip install "workassign[fast]"`); the first run of a process compiles, which takes some seconds.

    Cost: an interaction costs O(log agents) and the classes and profiles that it and its agent see.

    Raises:
        UsageError: If numba is missing.
        ValueError: If the arrays differ in length or hold a wrong number.
    """
    try:
        from workassign.lab import _kernel
    except ImportError:
        raise UsageError('the compiled kernel needs an extra: pip install "workassign[fast]"') from None

    arrived = _row("arrival", arrival, np.size(arrival))
    if (arrived[1:] < arrived[:-1]).any():
        raise ValueError("arrival must be sorted, earliest first")
    many = len(arrived)
    work = _kernel.Work(
        arrived,
        _class_numbers(classes, many, len(rules.eligible)),
        _row("service", service, many),
        np.full(many, np.inf)
        if patience is None
        else arrived + _row("patience", patience, many, endless=True),
    )
    start, agent, end = _kernel.play(_kernel.Routes(*rules._routes), work)
    return Played(start=start, agent=agent, end=end)


# --- what comes in --------------------------------------------------------------------------


def _numbers(name: str, given: ArrayLike) -> Floats:
    """Return a copy of *given* as floats, which compiled code may have for itself."""
    try:
        return np.array(given, dtype=np.float64, order="C")
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be numbers, not {given!r}") from None


def _row(name: str, given: ArrayLike, many: int, *, endless: bool = False) -> Floats:
    """Return *given* as a row of *many* numbers from 0 on, finite unless it may be *endless*."""
    row = _numbers(name, given)
    if row.shape != (many,):
        raise ValueError(f"{name} must be a row of {many} numbers")
    if not ((row >= 0) & (endless | (row < np.inf))).all():
        raise ValueError(f"{name} must be at least 0{'' if endless else ' and finite'}")
    return row


def _class_numbers(given: ArrayLike, many: int, classes: int) -> Integers:
    row = np.asarray(given)
    if row.shape != (many,) or (many and not np.issubdtype(row.dtype, np.integer)):
        raise ValueError(f"classes must be {many} whole numbers")
    if many and not 0 <= row.min() <= row.max() < classes:
        raise ValueError(f"classes must be numbers from 0 to {classes - 1}, the rows of eligible")
    return row.astype(np.int64)


def _check(name: str, table: Floats | None, *shapes: tuple[int, ...], least: float = -np.inf) -> None:
    if table is None:
        return
    if table.shape not in shapes:
        sizes = " or ".join(" x ".join(map(str, shape)) for shape in shapes)
        raise ValueError(f"{name} must have {sizes} numbers, not {table.shape}: see the shape of eligible")
    if not (np.isfinite(table) & (table >= least)).all():
        raise ValueError(f"{name} must be finite{'' if least == -np.inf else f', at least {least:g}'}")


# --- what does not change -------------------------------------------------------------------


def _routes(rules: Rules) -> _Routes:
    """Return who can take what: agents who may serve the same, at equal ranks, are one profile."""
    classes, agents = rules.eligible.shape
    ranks = np.zeros((classes, agents)) if rules.rank is None else rules.rank
    tiers = np.zeros(classes) if rules.tier is None else rules.tier
    signs = np.vstack([rules.eligible, np.where(rules.eligible, ranks, 0.0)])
    _, like, profile = np.unique(signs, axis=1, return_index=True, return_inverse=True)
    profile = profile.reshape(agents)  # some versions of numpy give it another shape
    reached = [np.flatnonzero(rules.eligible[:, agent]) for agent in like]
    reached = [each[np.argsort(tiers[each], kind="stable")] for each in reached]
    asked = [np.flatnonzero(may) for may in rules.eligible[:, like]]
    asked = [each[np.argsort(ranks[cls, like[each]], kind="stable")] for cls, each in enumerate(asked)]
    alike = [ranks[cls, like[each]] for cls, each in enumerate(asked)]
    factor = np.empty((0, 0)) if rules.factor is None else rules.factor
    return (
        tiers,
        np.zeros(classes) if rules.head_start is None else rules.head_start,
        np.ones(classes) if rules.slope is None else rules.slope,
        profile.astype(np.int64),
        *_chained(reached),
        *_chained(asked),
        np.concatenate(alike),
        _begins(np.bincount(profile)),
        factor if factor.ndim == 2 else np.tile(factor, (classes, 1)),
    )


def _chained(rows: list[Integers]) -> tuple[Integers, Integers]:
    """Return where in one row after the other each begins, and that row."""
    return _begins(np.array([len(row) for row in rows])), np.concatenate(rows).astype(np.int64)


def _begins(lengths: Integers) -> Integers:
    """Return where each begins, and where the last one ends."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
