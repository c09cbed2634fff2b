"""What happened to whom? The facts of a journal, turned into cases and levels over time.

Only events are read, turn by turn, so the same ledger serves a live run and an old journal.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from workassign import events as ev
from workassign._known import known
from workassign.groups import formed
from workassign.model import Agent, AgentId, Instant, Interaction, InteractionId, Presence
from workassign.plan import Plan

__all__ = ["HOUR", "AgentHours", "Case", "Ledger", "Level"]

HOUR = 3600.0

_ON = (Presence.AVAILABLE, Presence.BUSY)
"""The presences in which an agent's time counts as capacity."""


@attrs.define(kw_only=True)
class Case:
    """An interaction and what became of it."""

    interaction: Interaction
    queue: str
    at: Instant
    head_start: float
    """Seconds of waiting that its scores gave it."""
    target: float | None
    """Seconds to the first response that its SLA asks for."""
    wait: float | None = None
    """Seconds until an agent first accepted; None: nobody did."""
    missed: bool = False
    """Whether the target passed with nobody having accepted."""
    reopened: bool = False
    """It had been closed before."""
    end: str = ""
    """How it was closed: completed, abandoned, or the reason of its cancellation."""

    @property
    def fate(self) -> str:
        """What the balance counts it as: answered, abandoned, exited or waiting."""
        if self.wait is not None:
            return "answered"
        return "waiting" if not self.end else "abandoned" if self.end == "abandoned" else "exited"


class Level:
    """A number over time: its integral and its peak in every hour, and its peak in all.

    Hours are numbered from 0 of POSIX time.
    """

    __slots__ = ("area", "now", "peak", "peaks", "since")

    def __init__(self) -> None:
        """Start at nothing."""
        self.now = 0.0
        self.since: Instant | None = None
        self.area: defaultdict[int, float] = defaultdict(float)
        self.peaks: dict[int, float] = {}
        self.peak = 0.0

    def change(self, by: float, at: Instant) -> None:
        """Let it rise by *by*."""
        self.reach(at)
        self.now += by
        hour = int(at // HOUR)
        self.peaks[hour] = max(self.peaks.get(hour, 0.0), self.now)
        self.peak = max(self.peak, self.now)

    def reach(self, at: Instant) -> None:
        """Let time pass until *at*."""
        since = at if self.since is None else self.since
        self.since = at
        if not self.now:
            return
        while since < at:
            hour = int(since // HOUR)
            until = min(at, (hour + 1) * HOUR)
            self.area[hour] += self.now * (until - since)
            self.peaks[hour] = max(self.peaks.get(hour, 0.0), self.now)
            since = until


class AgentHours:
    """An agent's load and capacity while she is available or busy, over time."""

    __slots__ = ("capacity", "held", "load", "on", "pool", "worked")

    def __init__(self, pool: float) -> None:
        """Start off shift, with *pool* units of capacity."""
        self.pool = pool
        self.on = False
        self.held = 0.0
        self.load, self.capacity = Level(), Level()
        self.worked = 0
        """How many interactions she was assigned."""

    def hold(self, units: float, at: Instant) -> None:
        """Let her be offered, or freed of, so many units."""
        self.held += units
        if self.on:
            self.load.change(units, at)

    def present(self, on: bool, at: Instant) -> None:
        """Let her come (*on*) or go."""
        if on != self.on:
            self.on = on
            sign = 1 if on else -1
            self.capacity.change(sign * self.pool, at)
            self.load.change(sign * self.held, at)

    def resize(self, pool: float, at: Instant) -> None:
        """Give her another capacity."""
        if self.on:
            self.capacity.change(pool - self.pool, at)
        self.pool = pool


class Ledger:
    """Takes in facts, one turn after the other, and keeps what figures are made of."""

    def __init__(self, plan: Plan) -> None:
        """Start empty under *plan*, which says how many units a channel's interaction takes up."""
        self.cases: dict[InteractionId, Case] = {}
        """Openings: by the interaction's id, and what was opened again by a key of its own."""
        self.agents: dict[AgentId, AgentHours] = {}
        self.waiting: dict[str, Level] = {name: Level() for name in plan.queues}
        """Queue -> how many are open there and were never accepted."""
        self.everywhere = Level()
        self.moved: Counter[tuple[str, str]] = Counter()
        """(queue, cause) -> how many left it for another queue before anybody accepted."""
        self.offers: Counter[tuple[str, str]] = Counter()
        """(queue, what became of it) -> offers: made, accepted, declined, expired, taken back."""
        self.refused: Counter[str] = Counter()
        """Rule -> how many commands were refused for it."""
        self.failed: Counter[str] = Counter()
        """Policy -> how often it failed."""
        self.first_errors: dict[str, str] = {}
        """Policy -> its first failure."""
        self.start: Instant | None = None
        self.end: Instant = 0.0
        self.targets: dict[str, float] = {}
        """Queue -> the target of the last interaction there that had one, seconds."""
        self._units = {name: channel.units for name, channel in plan.channels.items()}
        self._current: dict[InteractionId, Case] = {}
        self._groups = plan.groups
        self._told: dict[AgentId, Agent] = {}
        """Who is in groups, as she is without what these add."""
        self._held: dict[InteractionId, tuple[AgentHours, float]] = {}

    def take(self, at: Instant, facts: Iterable[ev.Event]) -> None:
        """Take in the facts of one turn. Cost: O(1) each, and the hours since."""
        if self.start is None:
            self.start = at
        self.end = at
        for event in facts:
            entry = _ENTRIES.get(type(event))
            if entry is not None:
                entry(self, event)

    def close(self) -> None:
        """Let the levels reach the end of the last turn."""
        for level in (self.everywhere, *self.waiting.values()):
            level.reach(self.end)
        for agent in self.agents.values():
            agent.load.reach(self.end)
            agent.capacity.reach(self.end)

    # --- interactions -----------------------------------------------------------------------

    def _submitted(self, event: ev.Submitted) -> None:
        interaction = event.interaction
        self._open(interaction, interaction.id, interaction.queue, event)

    def _reopened(self, event: ev.Reopened) -> None:
        interaction = self._current[event.interaction].interaction
        number = 2
        while (key := f"{interaction.id} (opening {number})") in self.cases:
            number += 1
        self._open(interaction, key, event.queue, event)

    def _open(
        self, interaction: Interaction, key: str, queue: str, event: ev.Submitted | ev.Reopened
    ) -> None:
        case = Case(
            interaction=interaction,
            queue=queue,
            at=event.at,
            head_start=event.head_start,
            target=event.target,
            reopened=isinstance(event, ev.Reopened),
        )
        self.cases[key] = self._current[interaction.id] = case
        if event.target is not None:
            self.targets[queue] = event.target
        self._wait(queue, 1, event.at)

    def _wait(self, queue: str, by: int, at: Instant) -> None:
        self.waiting.setdefault(queue, Level()).change(by, at)
        self.everywhere.change(by, at)

    def _offered(self, event: ev.Offered) -> None:
        self.offers[self._current[event.interaction].queue, "made"] += 1
        self._hold(event.interaction, event.agent, event.at)

    def _hold(self, interaction: InteractionId, agent: AgentId, at: Instant) -> None:
        units = self._units.get(self._current[interaction].interaction.channel, 1.0)
        hours = self.agents[agent]
        self._held[interaction] = (hours, units)
        hours.hold(units, at)

    def _let_go(self, interaction: InteractionId, at: Instant) -> None:
        held = self._held.pop(interaction, None)
        if held is not None:
            held[0].hold(-held[1], at)

    def _assigned(self, event: ev.Assigned) -> None:
        case = self._current[event.interaction]
        if event.offer is None:
            self._hold(event.interaction, event.agent, event.at)
        else:
            self.offers[case.queue, "accepted"] += 1
        self.agents[event.agent].worked += 1
        if case.wait is None:
            case.wait = event.at - case.at
            self._wait(case.queue, -1, event.at)

    def _offer_ended(self, event: ev.Declined | ev.OfferExpired | ev.OfferRescinded) -> None:
        self.offers[self._current[event.interaction].queue, _OFFER_ENDS[type(event)]] += 1
        self._let_go(event.interaction, event.at)

    def _completed(self, event: ev.Completed) -> None:
        self._current[event.interaction].end = "completed"
        self._let_go(event.interaction, event.at)

    def _cancelled(self, event: ev.Cancelled) -> None:
        self._closed_early(event.interaction, event.reason or "cancelled", event.at)

    def _abandoned(self, event: ev.Abandoned) -> None:
        self._closed_early(event.interaction, "abandoned", event.at)

    def _collapsed(self, event: ev.Collapsed) -> None:
        self._closed_early(event.interaction, "collapsed", event.at)

    def _template_sent(self, event: ev.TemplateSent) -> None:
        self._closed_early(event.interaction, "template", event.at)

    def _closed_early(self, interaction: InteractionId, end: str, at: Instant) -> None:
        case = self._current[interaction]
        case.end = end
        self._let_go(interaction, at)
        if case.wait is None:
            self._wait(case.queue, -1, at)

    def _requeued(self, event: ev.Requeued) -> None:
        self._let_go(event.interaction, event.at)

    def _transferred(self, event: ev.Transferred) -> None:
        self._let_go(event.interaction, event.at)
        self._move(event.interaction, event.queue, "transferred", event.at)

    def _rekeyed(self, event: ev.Rekeyed) -> None:
        self._move(event.interaction, event.queue, "plan changed", event.at)

    def _updated(self, event: ev.Updated) -> None:
        case = self._current[event.interaction]
        case.interaction = known(case.interaction, event)
        case.head_start = event.head_start

    def _move(self, interaction: InteractionId, queue: str, cause: str, at: Instant) -> None:
        case = self._current[interaction]
        if case.wait is None and queue != case.queue:
            self.moved[case.queue, cause] += 1
            self._wait(case.queue, -1, at)
            self._wait(queue, 1, at)
            case.queue = queue

    def _sla_missed(self, event: ev.SlaMissed) -> None:
        case = self._current[event.interaction]
        # Only the target of the acceptance, which ends with it: clocks have figures of their own.
        if case.target is not None and case.wait is None and event.target == "first_response":
            case.missed = True

    # --- agents and the plan ----------------------------------------------------------------

    def _agent_added(self, event: ev.AgentAdded) -> None:
        self.agents.setdefault(event.agent.id, AgentHours(self._formed(event.agent).capacity))

    def _agent_changed(self, event: ev.AgentChanged) -> None:
        self.agents[event.agent.id].resize(self._formed(event.agent).capacity, event.at)

    def _formed(self, told: Agent) -> Agent:
        """Return an agent with what her groups add, and remember what she is without that."""
        self._told.pop(told.id, None)
        if told.groups:
            self._told[told.id] = told
        return formed(told, self._groups)

    def _agent_removed(self, event: ev.AgentRemoved) -> None:
        self.agents[event.agent].present(False, event.at)

    def _presence_changed(self, event: ev.PresenceChanged) -> None:
        self.agents[event.agent].present(event.presence in _ON, event.at)

    def _plan_changed(self, event: ev.PlanChanged) -> None:
        plan = Plan.from_data(event.plan)
        self._units = {name: channel.units for name, channel in plan.channels.items()}
        self._groups = plan.groups
        for name, told in self._told.items():
            self.agents[name].resize(formed(told, plan.groups).capacity, event.at)

    def _refused(self, event: ev.Refused) -> None:
        self.refused[event.rule] += 1

    def _policy_failed(self, event: ev.PolicyFailed) -> None:
        self.failed[event.slot] += 1
        self.first_errors.setdefault(event.slot, event.error)


_OFFER_ENDS: Mapping[type, str] = {
    ev.Declined: "declined",
    ev.OfferExpired: "expired",
    ev.OfferRescinded: "taken back",
}

_ENTRIES: Mapping[type, Callable[[Ledger, Any], None]] = {
    ev.Submitted: Ledger._submitted,
    ev.Offered: Ledger._offered,
    ev.Assigned: Ledger._assigned,
    ev.Declined: Ledger._offer_ended,
    ev.OfferExpired: Ledger._offer_ended,
    ev.OfferRescinded: Ledger._offer_ended,
    ev.Completed: Ledger._completed,
    ev.Cancelled: Ledger._cancelled,
    ev.Abandoned: Ledger._abandoned,
    ev.Collapsed: Ledger._collapsed,
    ev.TemplateSent: Ledger._template_sent,
    ev.Requeued: Ledger._requeued,
    ev.Transferred: Ledger._transferred,
    ev.Rekeyed: Ledger._rekeyed,
    ev.Updated: Ledger._updated,
    ev.Reopened: Ledger._reopened,
    ev.SlaMissed: Ledger._sla_missed,
    ev.AgentAdded: Ledger._agent_added,
    ev.AgentChanged: Ledger._agent_changed,
    ev.AgentRemoved: Ledger._agent_removed,
    ev.PresenceChanged: Ledger._presence_changed,
    ev.PlanChanged: Ledger._plan_changed,
    ev.PolicyFailed: Ledger._policy_failed,
    ev.Refused: Ledger._refused,
}
"""Every event that a figure needs."""
