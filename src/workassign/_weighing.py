"""What is alike among what waits in a window, and among who is free for it?

To weigh everything at once, interactions that fit the same agents equally well are one row, and
agents whom the same interactions fit equally well are one column. A refusal, or a wish for one
agent, sets an interaction and the agents whom it concerns apart from the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import nsmallest
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

from workassign._index import Index
from workassign._lines import Group, Line
from workassign._profiles import Window
from workassign._records import AgentState, Signature, Work
from workassign.model import Instant

__all__ = ["Alike", "Fit", "alike", "free", "urgency"]

Fit: TypeAlias = tuple[float, float, bool]
"""Wanted, rank, preferred: as of a `Pair`."""

Apart: TypeAlias = Callable[[Work, AgentState, Instant], bool]


class Alike(NamedTuple):
    """Interactions that wait, the most urgent first; or agents who are free, in roster order."""

    members: list[Any]
    fits: dict[int, Fit]
    """Number of a column, or of a row, that fits -> how well."""


class _Row(NamedTuple):
    """What is alike to begin with: of one signature, and with the same wishes and refusals."""

    sig: Signature
    works: list[Work]
    apart: tuple[int, ...] = ()
    """Roster numbers of the free agents who are not asked."""
    preferred: int | None = None
    """Whom it asks for, if she is free."""
    kept: bool = False
    """It waits for her alone."""


def alike(
    index: Index, window: Window, apart: Apart, preferred: Callable[[Work], AgentState | None], at: Instant
) -> tuple[list[Alike], list[Alike]]:
    """Return the rows and the columns of *window* that fit one another: all that could be given now.

    A row has no more members than there are agents for it. Cost: O(what waits there + who is free +
    pairs of their kinds).
    """
    agents = free(window)
    rows = [row for row in _rows(index, window, agents, apart, preferred, at) if row.works]
    single = {number for row in rows for number in (*row.apart, row.preferred)}
    kinds: dict[tuple[int, int, int], list[AgentState]] = {}
    for number, agent in agents.items():
        key = (id(agent.profile), agent.open, number if number in single else -1)
        kinds.setdefault(key, []).append(agent)
    fine = [Alike(members, {}) for members in kinds.values()]
    for place, row in enumerate(rows):
        ways = _ways(row.sig)
        for (profile, bits, number), column in zip(kinds, fine, strict=True):
            way = ways.get(profile) if bits & row.sig.link.bit else None
            hers = number == row.preferred
            if way is not None and number not in row.apart and (hers or not row.kept):
                column.fits[place] = (*way, hers)
    columns = _merged(fine, _skills, attrgetter("number"))
    merged = _merged(_fitting(rows, columns), _class, urgency)
    return [Alike(row.members[: _agents(row.fits, columns)], row.fits) for row in merged], columns


def _fitting(rows: list[_Row], columns: list[Alike]) -> Iterator[Alike]:
    """Yield each of *rows* with the columns that fit it, and no more members than these have agents."""
    for place, row in enumerate(rows):
        fits = {number: each.fits[place] for number, each in enumerate(columns) if place in each.fits}
        yield Alike(nsmallest(_agents(fits, columns), row.works, key=urgency), fits)


def _agents(fits: Iterable[int], columns: list[Alike]) -> int:
    return sum(len(columns[number].members) for number in fits)


def _merged(
    parts: Iterable[Alike], kind: Callable[[Any], object], order: Callable[[Any], Any]
) -> list[Alike]:
    """Return *parts* in order, as one what is of one *kind* and fits the same, without what fits nothing."""
    found: dict[object, list[Alike]] = {}
    for each in parts:
        if each.fits:
            found.setdefault((kind(each.members[0]), tuple(each.fits.items())), []).append(each)
    merged = []
    for same in found.values():
        members = sorted((member for each in same for member in each.members), key=order)
        merged.append(Alike(members, same[0].fits))
    return sorted(merged, key=lambda each: order(each.members[0]))


def _rows(
    index: Index,
    window: Window,
    agents: Mapping[int, AgentState],
    apart: Apart,
    preferred: Callable[[Work], AgentState | None],
    at: Instant,
) -> Iterator[_Row]:
    """Yield what waits in *window* for any of *agents*."""
    names = {agent.agent.id: number for number, agent in agents.items()}
    special: set[int] = set()
    fans = (work for name in names for work in index.fans.get(name, {}).values())
    for work in {each.seq: each for each in (*index.refused.values(), *fans)}.values():
        if index.window_of(work.sig) is window:
            refused = [agents[names[name]] for name in work.refused or () if name in names]
            hers = preferred(work) if work.prefers is not None else None
            special.add(work.seq)
            yield _Row(
                work.sig,
                [work],
                tuple(each.number for each in refused if apart(work, each, at)),
                None if hers is None or hers.number not in agents else hers.number,
            )
    for sig in window.signatures:
        yield _Row(sig, [work for work in sig.link.line if work.seq not in special])
    for agent in agents.values():
        for sig, line in (agent.personal or {}).items():
            if index.window_of(sig) is window:
                yield _Row(sig, list(line), (), agent.number, kept=True)


def _ways(sig: Signature) -> dict[int, tuple[float, float]]:
    """Return, for the profiles of those who are free for *sig*, what is wanted and the rank."""
    found = {}
    for group in sig.link.gated:
        minus_wanted, rank = group.order
        for line in _filled(group):
            found[id(line.head.agent.profile)] = (-minus_wanted, rank)  # type: ignore[union-attr]
    return found


def free(window: Window) -> dict[int, AgentState]:
    """Return who is free for anything of *window*, by roster number."""
    lines = {
        id(line): line for sig in window.signatures for group in sig.link.gated for line in _filled(group)
    }
    found = {each.agent.number: each.agent for line in lines.values() for each in line}
    return dict(sorted(found.items()))


def _filled(group: Group) -> Iterator[Line]:
    return (line for line in group.lines if line.head is not None)


def urgency(work: Work) -> tuple[int, float, int]:
    """Return the place of *work* among all that waits: the least first."""
    return work.sig.tier, work.key, work.seq


def _class(work: Work) -> object:
    return work.sig.queue.name, work.sig.tier, work.sig.needs


def _skills(agent: AgentState) -> object:
    return tuple(sorted(agent.agent.skills.items()))
