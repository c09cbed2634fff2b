"""How does something stand? Copies of facts, for reading."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, TypeAlias

import attrs

from workassign._clocks import elapsed
from workassign._records import AgentState, Clock, QueueState, Work
from workassign._state import State
from workassign.engine import Engine
from workassign.errors import UsageError
from workassign.events import Terms
from workassign.model import AgentId, Fence, Instant, InteractionId, OfferId, Presence, Status
from workassign.waiting import Wait, wait_of

__all__ = [
    "AgentView",
    "ClockView",
    "InteractionView",
    "QueueView",
    "agent_in",
    "interaction_in",
    "of_agent",
    "of_interaction",
    "of_queue",
    "queue_in",
]


@attrs.frozen(kw_only=True)
class ClockView:
    """An SLA clock as it stood when it was asked for; times in seconds."""

    target: str
    within: float
    """Seconds of its own time that are allowed."""
    elapsed: float
    """Seconds of its own time that are used up."""
    runs: bool
    """Not standing still; outside its calendar's hours it runs, too, but uses nothing up."""
    due: Instant | None
    """When the target will be missed; None while it stands still, or once it was."""
    missed: bool


@attrs.frozen(kw_only=True)
class InteractionView:
    """An interaction as it stood when it was asked for."""

    id: InteractionId
    stage: str
    """waiting, offered, assigned, wrapping, parked, awaiting_approval or closed."""
    queue: str
    channel: str
    tier: int
    key: Instant | None
    """It waits, or would wait again, behind every smaller key of its tier; None once it is closed."""
    head_start: float
    """The seconds that its key lies before its reference instant."""
    terms: Terms
    """What the head start is made of: name of the scoring policy, seconds."""
    submitted: Instant
    due: Instant | None
    """When the first acceptance is due by the queue's `sla`."""
    agent: AgentId | None
    offer: OfferId | None
    """The open offer."""
    fence: Fence | None
    version: int
    """For `expected_version`."""
    position: int | None
    """Its place in its queue, from 1; None unless it waits."""
    status: Status
    """Whose turn it is."""
    clocks: tuple[ClockView, ...]
    """The SLA clocks that run or stand still."""
    offers: Mapping[OfferId, AgentId] = attrs.field(factory=dict)
    """All open offers: where its queue asks several at once there may be more than one."""
    expected: Wait | None = None
    """How long it will still wait, if its queue forecasts that and anything is known."""
    until: Instant | None = None
    """When it comes back by itself that is put aside."""
    locked: AgentId | None = None
    """Who alone may answer now."""
    parent: InteractionId | None = None
    """What it is a part of."""
    parts: tuple[InteractionId, ...] = ()
    """Its own parts, open and closed ones, as far as they are kept."""
    shared_with: tuple[str, ...] = ()
    """The other queues whose agents may take it."""


@attrs.frozen(kw_only=True)
class AgentView:
    """An agent as she stood when she was asked for."""

    id: AgentId
    presence: Presence
    offers: Mapping[OfferId, InteractionId | None]
    """What she is offered; None where she is not to be shown what it is."""
    work: Mapping[InteractionId, Fence]
    """What she has accepted and not yet left, wrap-up included."""
    load: float
    """Units in use, of `capacity`."""
    capacity: float
    version: int
    """For `expected_version`."""


_Row: TypeAlias = tuple[int, Instant, int, Instant, InteractionId]
"""What waits: tier, key, sequence, when it was submitted, id."""


class QueueView:
    """A queue as it stood when it was asked for; sorted when its order is first asked."""

    def __init__(self, name: str, tally: dict[str, Any], rows: list[_Row]) -> None:
        self.name = name
        self.tally = tally
        """Its balance: entered = answered + abandoned + exited + waiting (offered ones too)."""
        self._rows = rows

    @property
    def length(self) -> int:
        """How many wait and are offered to nobody."""
        return len(self._rows)

    @cached_property
    def oldest(self) -> Instant | None:
        """When the one that waits longest was submitted; None if nothing waits. Cost: O(n)."""
        return min((submitted for _, _, _, submitted, _ in self._rows), default=None)

    def page(self, offset: int = 0, limit: int = 50) -> list[InteractionId]:
        """Return who waits, in the order in which an agent who can do all of it takes it.

        Cost: O(n log n) for the first question about the order, then O(limit).
        """
        if offset < 0 or limit < 0:
            raise UsageError(f"offset and limit must not be negative: {offset}, {limit}")
        return [interaction for *_, interaction in self._order[offset : offset + limit]]

    def position(self, interaction: InteractionId) -> int | None:
        """Return the place of *interaction*, from 1; None if it does not wait here. Cost as of `page`."""
        return self._places.get(interaction)

    @cached_property
    def _order(self) -> list[_Row]:
        return sorted(self._rows)

    @cached_property
    def _places(self) -> dict[InteractionId, int]:
        return {interaction: place for place, (*_, interaction) in enumerate(self._order, 1)}


def of_interaction(state: State, work: Work, at: Instant) -> InteractionView:
    """Return how *work* stands at *at*. Cost: O(1); while it waits, O(all interactions kept)."""
    first, hold, position = work.first_said(), work.hold, None
    placed = state.updates.get(work.interaction.id, first)
    known = state.conversations.get(work.interaction.id)
    if work.stage == "waiting":
        here, place = work.sig.queue, _place(work)
        position = sum(1 for other in state.waiting() if other.sig.queue is here and _place(other) <= place)
    return InteractionView(
        id=work.interaction.id,
        stage=work.stage,
        queue=work.sig.queue.name,
        channel=work.sig.channel,
        tier=work.sig.tier,
        key=None if work.stage == "closed" else work.key,
        head_start=placed.head_start,
        terms=placed.terms,
        submitted=first.at,
        due=work.due,
        agent=None if hold is None else hold.agent.agent.id,
        offer=hold.offer if hold is not None and hold.pending else None,
        fence=None if hold is None else hold.fence,
        version=work.version,
        position=position,
        status=Status.OPEN if known is None else known.status,
        clocks=() if known is None else tuple(_clock(clock, at) for clock in known.clocks.values()),
        offers={h.offer: h.agent.agent.id for h in state.holdings(work) if h.pending and h.offer is not None},
        expected=wait_of(state, work, at),
        until=None if work.stage != "parked" else state.parked[work.interaction.id].until,
        locked=state.locks.get(work.interaction.id, (None,))[0],
        parent=work.interaction.parent,
        parts=tuple(state.parts.get(work.interaction.id, ())),
        shared_with=work.sig.shared,
    )


def _clock(clock: Clock, at: Instant) -> ClockView:
    return ClockView(
        target=clock.target.label,
        within=clock.seconds,
        elapsed=elapsed(clock, at),
        runs=clock.since is not None,
        due=clock.due,
        missed=clock.missed,
    )


def of_agent(agent: AgentState) -> AgentView:
    """Return how *agent* stands. Cost: O(what she has)."""
    holdings = agent.holdings
    return AgentView(
        id=agent.agent.id,
        presence=agent.presence,
        offers={
            h.offer: None if h.work.sig.queue.plan.blind else name
            for name, h in holdings.items()
            if h.pending and h.offer is not None
        },
        work={name: h.fence for name, h in holdings.items() if h.fence is not None},
        load=agent.view.load,
        capacity=agent.agent.capacity,
        version=agent.version,
    )


def of_queue(state: State, queue: QueueState) -> QueueView:
    """Return how *queue* stands. Cost: O(all interactions kept); its order is sorted later."""
    rows = [
        (*_place(work), work.since, work.interaction.id)
        for work in state.waiting()
        if work.sig.queue is queue
    ]
    return QueueView(queue.name, queue.tally.as_dict(), rows)


def _place(work: Work) -> tuple[int, Instant, int]:
    """Return what *work* waits by; the least is first."""
    return work.sig.tier, work.key, work.seq


# --- by name ------------------------------------------------------------------------------------


def interaction_in(engine: Engine, interaction: InteractionId) -> InteractionView:
    """Return how *interaction* stands in *engine*.

    Raises:
        UsageError: If there is none of that id, or it was closed longer ago than the plan's retention.
    """
    work = engine._state.works.get(interaction)
    if work is None:
        raise UsageError(f"there is no interaction {interaction!r}")
    return of_interaction(engine._state, work, engine.now)


def agent_in(engine: Engine, agent: AgentId) -> AgentView:
    """Return how *agent* stands in *engine*.

    Raises:
        UsageError: If she is not on the roster.
    """
    known = engine._state.agents.get(agent)
    if known is None:
        raise UsageError(f"there is no agent {agent!r}")
    return of_agent(known)


def queue_in(engine: Engine, queue: str) -> QueueView:
    """Return how *queue* stands in *engine*.

    Raises:
        UsageError: If there is no such queue.
    """
    known = engine._state.queues.get(queue)
    if known is None:
        raise UsageError(f"there is no queue {queue!r}")
    return of_queue(engine._state, known)
