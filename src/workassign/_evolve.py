"""Which fact changes what? For replay: the engine has the records at hand, here they are found by id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from workassign import events as ev
from workassign._records import Holding, Work
from workassign._state import State
from workassign.plan import Plan

__all__ = ["EVOLVE", "evolve"]


def evolve(state: State, event: ev.Event) -> None:
    """Take in one event, finding its records by id."""
    EVOLVE[type(event)](state, event)


def _held(state: State, event: ev.WrapUpStarted | ev.WrapUpExtended | ev.Completed) -> tuple[Work, Holding]:
    work = state.works[event.interaction]
    assert work.hold is not None, f"{event} of an interaction that nobody holds"
    return work, work.hold


EVOLVE: Mapping[type, Callable[[State, Any], object]] = {
    ev.Submitted: State.submitted_,
    ev.Offered: lambda s, e: s.offered(s.works[e.interaction], s.agents[e.agent], e),
    ev.Assigned: lambda s, e: s.assigned(s.works[e.interaction], s.agents[e.agent], e),
    ev.Declined: lambda s, e: s.refused_offer(s.offers[e.offer], e),
    ev.OfferExpired: lambda s, e: s.refused_offer(s.offers[e.offer], e),
    ev.OfferRescinded: lambda s, e: s.refused_offer(s.offers[e.offer], e),
    ev.WrapUpStarted: lambda s, e: s.wrap_up_started(*_held(s, e), e),
    ev.Completed: lambda s, e: s.completed(*_held(s, e), e),
    ev.Cancelled: lambda s, e: s.cancelled(s.works[e.interaction], e),
    ev.Abandoned: lambda s, e: s.abandoned(s.works[e.interaction], e),
    ev.Transferred: lambda s, e: s.transferred(s.works[e.interaction], e),
    ev.Requeued: lambda s, e: s.requeued(s.works[e.interaction], e),
    ev.Rekeyed: lambda s, e: s.rekeyed(s.works[e.interaction], e),
    ev.Updated: lambda s, e: s.updated(s.works[e.interaction], e),
    ev.Escalated: lambda s, e: s.escalated(s.works[e.interaction], e),
    ev.SlaMissed: lambda s, e: s.sla_missed(s.works[e.interaction], e),
    ev.SlaWarned: lambda s, e: s.conversations.sla_warned(s.conversations.clock(e), e),
    ev.ClockStarted: lambda s, e: s.conversations.clock_started(s.works[e.interaction], e, s.plan.calendars),
    ev.ClockPaused: lambda s, e: s.conversations.clock_paused(s.conversations.clock(e), e),
    ev.ClockResumed: lambda s, e: s.conversations.clock_resumed(s.conversations.clock(e), e),
    ev.ClockStopped: lambda s, e: s.conversations.clock_ended(s.conversations.clock(e), e),
    ev.ClockCancelled: lambda s, e: s.conversations.clock_ended(s.conversations.clock(e), e),
    ev.MessageReceived: lambda s, e: s.message_received(s.works[e.interaction], e),
    ev.ReplySent: lambda s, e: s.reply_sent(s.works[e.interaction], e),
    ev.StatusChanged: lambda s, e: s.status_changed(s.works[e.interaction], e),
    ev.Reopened: lambda s, e: s.reopened(s.works[e.interaction], e),
    ev.AlarmRaised: State.alarm_raised,
    ev.AlarmCleared: State.alarm_cleared,
    ev.AgentAdded: State.agent_added,
    ev.AgentChanged: lambda s, e: s.agent_changed(s.agents[e.agent.id], e),
    ev.AgentRemoved: lambda s, e: s.agent_removed(s.agents[e.agent], e),
    ev.PresenceChanged: lambda s, e: s.presence_changed(s.agents[e.agent], e),
    ev.Rotated: State.rotated,
    ev.Heard: lambda s, e: s.heard(s.agents[e.agent], e),
    ev.ShiftSet: lambda s, e: s.shift_set(s.agents[e.agent], e),
    ev.PlanChanged: lambda s, e: s.plan_changed(e, Plan.from_data(e.plan)),
    ev.PolicyFailed: State.policy_failed,
    ev.PolicySwitchedOff: State.policy_switched_off,
    ev.PolicyResumed: State.policy_resumed,
    ev.Refused: lambda s, e: None,
    ev.Parked: lambda s, e: s.parked_(s.works[e.interaction], e),
    ev.Resumed: lambda s, e: s.resumed(s.works[e.interaction], e),
    ev.Locked: State.locked,
    ev.Unlocked: State.unlocked,
    ev.WrapUpExtended: lambda s, e: s.wrap_up_extended(*_held(s, e), e),
    ev.ReplyProposed: lambda s, e: s.reply_proposed(s.works[e.interaction], e),
    ev.ReplySampled: State.reply_sampled,
    ev.ReplyApproved: State.reply_decided,
    ev.ReplyRejected: State.reply_decided,
    ev.ReplyWithdrawn: State.reply_decided,
    ev.SurgeStarted: State.surge_started,
    ev.SurgeEnded: State.surge_ended,
    ev.Collapsed: lambda s, e: s.absorbed(s.works[e.interaction], e),
    ev.TemplateSent: lambda s, e: s.absorbed(s.works[e.interaction], e),
}
"""Every event there is: one that is missing here is a bug and must crash."""
