"""Was anybody served while somebody more urgent waited, whom the same agent could have served?

Followed from the facts of a journal: for every grant, what the agent could have taken just then.
Under the greatest-need work policy there are none; under one that ranks by skill or by the
agent's own queues there may be, and how many is what such a policy costs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import attrs
from sortedcontainers import SortedList

from workassign import events as ev
from workassign import formulas
from workassign._evolve import evolve
from workassign._reach import is_early
from workassign._records import AgentState, Signature, Work
from workassign._state import State
from workassign.journal import Store, entries, header
from workassign.model import Instant, InteractionId
from workassign.plan import Plan

__all__ = ["Inversions", "inversions"]


@attrs.frozen(kw_only=True)
class Inversions:
    """How often a grant passed over something more urgent: of a better tier, or of a smaller key."""

    grants: int
    """Offers, and assignments without one; not those by hand."""
    inverted: int
    by_queue: dict[str, int]
    """Queue of what was granted -> how many of its grants passed over something."""

    @property
    def share(self) -> float | None:
        """Grants that passed over something, of all; None if there were none."""
        return formulas.share(self.inverted, self.grants)


def inversions(store: Store) -> Inversions:
    """Return how often, in the journal of *store*, a more urgent interaction was passed over.

    Whatever kept the agent from it does not count: its queue, channel and skills, her room, a
    refusal, a wait for the agent it prefers, a window. Cost: for each grant O(classes that wait),
    and O(log n).

    Raises:
        JournalError: If the journal is damaged.
        PlanError: If a policy that its plan names is not there any more.
    """
    follower = _Follower(Plan.from_data(header(store).plan))
    for entry in entries(store):
        follower.follow(entry.facts)
    return Inversions(grants=follower.grants, inverted=sum(follower.found.values()), by_queue=follower.found)


_Place: TypeAlias = tuple[Instant, int, InteractionId]
"""Key, sequence, id of what waits."""


class _Follower:
    """Follows the facts, with everything that waits in order of urgency."""

    def __init__(self, plan: Plan) -> None:
        self.grants = 0
        self.found: dict[str, int] = {}
        self._state = State(plan)
        self._lines: dict[Signature, SortedList[_Place]] = {}
        self._stands: dict[InteractionId, tuple[Signature, _Place]] = {}

    def follow(self, facts: Iterable[ev.Event]) -> None:
        """Take in the facts of a turn."""
        for event in facts:
            if isinstance(event, ev.Offered) or (isinstance(event, ev.Assigned) and event.how == "auto"):
                self._granted(event)
            evolve(self._state, event)
            if isinstance(event, ev.PlanChanged):
                self._start_over()
            else:
                who = getattr(event, "interaction", None)
                self._stand(getattr(who, "id", who))

    def _granted(self, event: ev.Offered | ev.Assigned) -> None:
        work, agent = self._state.works[event.interaction], self._state.agents[event.agent]
        self.grants += 1
        if any(self._passed_over(sig, work, agent, event.at) for sig in self._lines):
            name = work.sig.queue.name
            self.found[name] = self.found.get(name, 0) + 1

    def _passed_over(self, sig: Signature, work: Work, agent: AgentState, at: Instant) -> bool:
        """Whether something of *sig* is more urgent than *work*, and *agent* could have taken it."""
        if sig.tier > work.sig.tier or not self._lines[sig] or not self._can(agent, sig):
            return False
        for key, seq, name in self._lines[sig]:
            if sig.tier == work.sig.tier and (key, seq) >= (work.key, work.seq):
                return False
            if not self._is_kept(self._state.works[name], agent, work, at):
                return True
        return False

    def _can(self, agent: AgentState, sig: Signature) -> bool:
        """Whether *agent* serves *sig* and has room for it."""
        who = agent.agent
        if not sig.served_by(who.queues):
            return False
        if not agent.has_room(sig):
            return False
        policy = self._state.plan.capacity
        if policy is not None and not policy(
            agent.view, sig.channel, self._state.plan.channels[sig.channel].units
        ):
            return False
        return who.meets(sig.needs)

    def _is_kept(self, work: Work, agent: AgentState, given: Work, at: Instant) -> bool:
        """Whether *work* is kept from *agent* by a refusal, her delay, its wait for another, or a window.

        A window that ended when *given* was given out is not open.
        """
        batch, ended = work.sig.queue.plan.batch, given.sig.queue.plan.batch
        if batch is not None and (ended is None or not batch.joins(ended)):
            return True
        times = None if work.refused is None else work.refused.get(agent.agent.id)
        if times is not None and at < times[1]:
            return True
        until, prefers = work.kept_until, work.preferred
        if until is None or at >= until or prefers not in self._state.agents:
            return is_early(agent.agent, work, at)
        return prefers != agent.agent.id

    # --- what waits ---------------------------------------------------------------------------

    def _stand(self, name: InteractionId | None) -> None:
        """Let an interaction stand where it waits now, if it does."""
        stood = self._stands.pop(name, None) if name is not None else None
        if stood is not None:
            self._lines[stood[0]].remove(stood[1])
        work = None if name is None else self._state.works.get(name)
        if work is None or work.stage != "waiting":
            return
        sig = work.sig
        place = work.key, work.seq, work.interaction.id
        self._lines.setdefault(sig, SortedList()).add(place)
        self._stands[work.interaction.id] = sig, place

    def _start_over(self) -> None:
        """Another plan: everything has another place."""
        self._lines.clear()
        self._stands.clear()
        for work in self._state.works.values():
            self._stand(work.interaction.id)
