"""What is given out when the window of a batch ends?

Between the ends, what waits in a queue with a batch is held, while its agents go on with whatever
else waits. At an end its policy is shown everything that waits there and everybody who is free still,
alike ones together; whoever has room for more is shown again, until nothing more is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from workassign._asking import Asking
from workassign._deadlines import BATCH
from workassign._lines import Line
from workassign._pairing import Pairing
from workassign._profiles import Window
from workassign._records import AgentState, Work
from workassign._room import Kind
from workassign._weighing import Alike, alike, free, urgency
from workassign.model import Instant
from workassign.policies.batch import Batch, Column, Given, Pair, Row
from workassign.policies.selection import Selection

__all__ = ["Batching"]


class Batching:
    """Gives out what waits in queues with a batch, when their windows end."""

    def __init__(self, asking: Asking, pairing: Pairing) -> None:
        self._asking = asking
        self._pairing = pairing
        self._ended: list[Batch] = []

    def end(self, window: Window) -> None:
        """Its time has come: it is given out once it is known who is free."""
        self._ended.append(window.batch)

    def arm(self, at: Instant) -> None:
        """Wake at the end of every window in which something could be given.

        Cost: O(kinds of waiting work of these queues), at worst times the profiles that could take it.
        """
        for window in self._pairing.index.windows:
            due = window.batch.end(at) if self._has_pair(window, at) else None
            if due != window.due:
                window.due = due
                if due is not None:
                    self._pairing.deadlines.later(due, BATCH, window.number, window)

    def close(self, at: Instant) -> None:
        """Give out what waits where windows have ended. Cost: O(what waits there + who is free)."""
        ended, self._ended = self._ended, []
        for window in self._pairing.index.windows:
            if any(window.batch is each for each in ended):
                while self._match(window, at):
                    pass
                if self._has_pair(window, at):
                    self._give_singly(window, at)

    def _give_singly(self, window: Window, at: Instant) -> None:
        """Give what the policy left although it fits, as in any other queue."""
        pairing, index = self._pairing, self._pairing.index
        agents = list(free(window).values())
        index.open_windows([window])
        pairing.employ_all(agents, at)
        index.open_windows([])
        for agent in agents:
            agent.open &= ~window.bit

    def _has_pair(self, window: Window, at: Instant) -> bool:
        """Whether anybody who is free could be given anything, were it not for the window."""
        index = self._pairing.index
        for sig in window.signatures:
            link = sig.link
            if link.line.head is None or not link.pools.filled:
                continue
            pools = [line for group in link.gated for line in group.lines if line.head is not None]
            if pools and any(work.refused is None or self._finds(work, pools, at) for work in link.line):
                return True
        return any(line.head is not None and self._is_held(line.head, window) for line in index.kept.values())

    def _is_held(self, work: Work, window: Window) -> bool:
        """Whether it is the window alone that holds *work*, which waits for one agent."""
        index, agent = self._pairing.index, self._pairing.preferred(work)
        hers = agent is not None and agent.admitted and bool(agent.open & work.sig.link.bit)
        return hers and index.window_of(work.sig) is window

    def _finds(self, work: Work, pools: Sequence[Line], at: Instant) -> bool:
        """Whether somebody in *pools* has not refused *work*."""
        return any(not self._pairing.apart(work, each.agent, at) for pool in pools for each in pool)

    # --- all at once -------------------------------------------------------------------------

    def _match(self, window: Window, at: Instant) -> bool:
        """Let the policy say once who gets what; whether anything was given."""
        pairing = self._pairing
        rows, columns = alike(pairing.index, window, pairing.apart, pairing.preferred, at)
        if not rows:
            return False
        pairs = ((row, column, fit) for row, each in enumerate(rows) for column, fit in each.fits.items())
        given = self._asking.matching(
            window.slot,
            window.batch.use,
            tuple(_row(each.members, at) for each in rows),
            tuple(Column(each.members[0].agent.skills, len(each.members)) for each in columns),
            tuple(Pair(row, column, *fit) for row, column, fit in pairs),
        )
        self._hand_out(given, rows, columns, at)
        return len(given) > 0

    def _hand_out(self, given: Given, rows: list[Alike], columns: list[Alike], at: Instant) -> None:
        """Hand over what was *given*, the most urgent first, in a column to whom selection prefers."""
        works = [iter(row.members) for row in rows]
        pairs = [(next(works[row]), column) for row, column, number in given for _ in range(number)]
        ranked: dict[tuple[int, object], Iterator[AgentState]] = {}
        taken: set[int] = set()
        for work, column in sorted(pairs, key=lambda pair: urgency(pair[0])):
            sort = work.sig.kind, work.sig.queue.plan.selection
            if (column, sort) not in ranked:
                ranked[column, sort] = iter(sorted(columns[column].members, key=_liking(sort)))
            agent = next(each for each in ranked[column, sort] if each.number not in taken)
            taken.add(agent.number)
            self._pairing.give(work, agent, at)


def _row(works: list[Work], at: Instant) -> Row:
    sig = works[0].sig
    return Row(sig.queue.name, sig.tier, sig.needs, tuple(at - work.key for work in works))


def _liking(sort: tuple[Kind, Selection]) -> Callable[[AgentState], tuple[float, tuple[Instant, int]]]:
    """Return the order in which selection prefers agents who are alike, for work of that *sort*."""

    def place(agent: AgentState) -> tuple[float, tuple[Instant, int]]:
        pool = agent.profile.pools[sort]
        return next((each.key, each.seq) for each in agent.standings if each.line is pool)

    return place
