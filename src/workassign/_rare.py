"""What do the rarer events add? One function each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from workassign import events as ev
from workassign._known import known
from workassign._measures import Flow, Measures
from workassign._openings import (
    accept,
    add_segment,
    add_wait,
    begin_opening,
    begin_waiting,
    close,
    count,
    end_wrap_up,
    flow_if_open,
    flow_of,
    leave,
    let_go,
    promise,
    promise_ends,
    resolve,
    story_of,
    take_on,
    weigh,
)
from workassign._promises import Run
from workassign._stories import Story
from workassign.model import Instant, Interaction, InteractionId, Presence, Status
from workassign.plan import Plan

__all__ = ["RARE"]


# --- one function an event: interactions --------------------------------------------------------


def _submitted(m: Measures, event: ev.Submitted) -> None:
    who = event.interaction
    flow = m.flow(who.queue)
    if who.not_before is not None and who.not_before > event.at:
        story = begin_opening(m, who, flow, None, event.at)
        story.starts, story.stayed = (float(who.not_before), event.target), False
    else:
        begin_opening(m, who, flow, event.target, event.at)
        flow.young.append(who.id)
    m.contacts.came(flow.queue, who, event.at)
    _felt(flow, who.sentiment)


def _felt(flow: Flow, sentiment: float | None) -> None:
    if sentiment is not None:
        flow.own.row.counts["felt"] += sentiment
        flow.own.row.counts["felt_known"] += 1


def _reopened(m: Measures, event: ev.Reopened) -> None:
    flow = m.flow(event.queue)
    before = m.stories.get(event.interaction)
    # Of a plain one nothing is kept; then all channels take up the same.
    plain = Interaction(id=event.interaction, channel=next(iter(m.units)))
    who = plain if before is None else before.interaction
    story = begin_opening(m, who, flow, event.target, event.at)
    count(m, flow, "reopened")
    story.stayed = False
    flow.others.push((event.at, who.id))
    if before is not None:
        story.first_felt, story.felt = before.first_felt, before.felt
        story.answered_by_agent, story.said_after = before.answered_by_agent, before.said_after
        story.unanswered = None if before.unanswered is None else event.at
        m.contacts.again(before, event.at)


def _assigned(m: Measures, event: ev.Assigned) -> None:
    name, at = event.interaction, event.at
    begin_waiting(m, name, at)
    person = m.people[event.agent]
    began = None if event.offer is None else m.offers.pop(event.offer, None)
    visit = m.visits.get(name)
    if visit is not None:
        flow, opened, channel = visit[1], visit[4], visit[5]
        story = story_of(m, name)
        accept(m, name, story, at)
    else:
        flow, opened, channel, story = m.back.pop(name)
    person.counts["direct"] += event.offer is None
    if began is not None:
        flow.own.row.rings.new.append(at - began)
    prefers = story.interaction.prefers
    if prefers is not None:
        count(m, flow, "sticky_asked")
        count(m, flow, "sticky_hit", prefers == event.agent)
    take_on(m, name, flow, opened, channel, person, at)


def _offer_ended(m: Measures, event: ev.Declined | ev.OfferExpired | ev.OfferRescinded) -> None:
    m.offers.pop(event.offer, None)
    flow, what = flow_of(m, event.interaction), _OFFER_ENDS[type(event)]
    count(m, flow, what)
    if isinstance(event, ev.Declined):
        count(m, flow, f"declined:{event.reason}")
    m.people[event.agent].counts[what] += 1


_OFFER_ENDS: Mapping[type, str] = {
    ev.Declined: "declined",
    ev.OfferExpired: "expired",
    ev.OfferRescinded: "rescinded",
}


def _wrap_up_started(m: Measures, event: ev.WrapUpStarted) -> None:
    story_of(m, event.interaction).wrapping = event.at


def _completed(m: Measures, event: ev.Completed) -> None:
    wrapping = story_of(m, event.interaction).wrapping
    flow, _, _, story = let_go(m, event.interaction, event.at)
    resolve(m, flow, story, event.at if wrapping is None else wrapping, event.at)
    close(m, event.interaction, flow, story, event.at)


def _cancelled(m: Measures, event: ev.Cancelled) -> None:
    _closed_early(m, event.interaction, "exited:cancelled", event.at)


def _abandoned(m: Measures, event: ev.Abandoned) -> None:
    _closed_early(m, event.interaction, "abandoned", event.at)


def _collapsed(m: Measures, event: ev.Collapsed) -> None:
    _closed_early(m, event.interaction, "exited:collapsed", event.at)


def _template_sent(m: Measures, event: ev.TemplateSent) -> None:
    _closed_early(m, event.interaction, "exited:template", event.at)


def _closed_early(m: Measures, name: InteractionId, what: str, at: Instant) -> None:
    begin_waiting(m, name, at)
    flow, story = flow_of(m, name), story_of(m, name)
    if name in m.visits:
        leave(m, name, m.visits[name], what, at)
    elif name in m.held:
        let_go(m, name, at)
    else:
        del m.back[name]
    close(m, name, flow, story, at)


def _requeued(m: Measures, event: ev.Requeued) -> None:
    count(m, m.held[event.interaction][1], "requeued")
    m.back[event.interaction] = let_go(m, event.interaction, event.at)


def _transferred(m: Measures, event: ev.Transferred) -> None:
    if event.agent is not None:
        count(m, m.held[event.interaction][1], "transferred")
    name = event.interaction
    if event.reset:
        m.late.pop(name, None)
    if flow_of(m, name).queue != event.queue:
        _move(m, event)
    elif name in m.held:
        m.back[name] = let_go(m, name, event.at)
    elif name in m.visits:
        _stay(m, event)
    if event.reset and name in m.visits:
        since, flow, series, target, _, channel, story = m.visits[name]
        m.visits[name] = (since, flow, series, target, event.at, channel, story)
        promise(m, name)


def _parked(m: Measures, event: ev.Parked) -> None:
    if event.agent is not None:
        m.back[event.interaction] = let_go(m, event.interaction, event.at)


def _resumed(m: Measures, event: ev.Resumed) -> None:
    begin_waiting(m, event.interaction, event.at)


def _escalated(m: Measures, event: ev.Escalated) -> None:
    count(m, flow_of(m, event.interaction), "escalated")
    story_of(m, event.interaction).steps += 1


def _updated(m: Measures, event: ev.Updated) -> None:
    name = event.interaction
    story = story_of(m, name)
    before = story.interaction
    now = story.interaction = known(before, event)
    if event.sentiment is not None:
        story.felt = event.sentiment
        story.first_felt = event.sentiment if story.first_felt is None else story.first_felt
    who = None if now.customer is None else now.customer.id
    if who is not None and (before.customer is None or before.customer.id != who):
        m.contacts.came(flow_of(m, name).queue, now, event.at)


def _rekeyed(m: Measures, event: ev.Rekeyed) -> None:
    name = event.interaction
    if not event.kept and name in m.stories:
        m.stories[name].steps = 0
    if flow_of(m, name).queue != event.queue:
        _move(m, event)
    elif name in m.visits:
        _stay(m, event)


def _stay(m: Measures, event: ev.Transferred | ev.Rekeyed) -> None:
    """Let something wait on in its queue, perhaps for another target."""
    name = event.interaction
    if event.target is None:
        promise_ends(m, name)
    story = story_of(m, name)  # its target is its own from here on
    since, flow, series, _, opened, channel, _ = m.visits[name]
    m.visits[name] = (since, flow, series, _asked_now(story, event.target), opened, channel, story)
    promise(m, name)


def _move(m: Measures, event: ev.Transferred | ev.Rekeyed) -> None:
    """Let something go on in another queue."""
    name, at, story = event.interaction, event.at, story_of(m, event.interaction)
    flow = m.flow(event.queue)
    story.moved = (at, flow_of(m, name).queue)
    flow.arrive()
    flow.later.row.entered += 1
    m.promises.moved(name, event.queue)
    if name in m.held and isinstance(event, ev.Rekeyed):
        # Held through a change of plan: it counts as answered there at once.
        since, _, opened, channel, _, person, focus = m.held[name]
        m.held[name] = (since, flow, opened, channel, story, person, focus)
        weigh(m, name, at)
        add_wait(flow.later.row, 0.0, m.threshold(flow.queue, event.target), targeted=False)
        add_segment(flow.later.row, story, 0.0)
        return
    if name in m.visits:
        visit = m.visits[name]
        opened, channel = visit[4], visit[5]
        if event.target is None:
            promise_ends(m, name)
        leave(m, name, visit, "exited:moved", at)
    elif name in m.held:
        _, opened, channel, _ = let_go(m, name, at)
    else:
        _, opened, channel, _ = m.back.pop(name)
    story.stayed, story.steps = False, 0
    target = _asked_now(story, event.target)
    m.visits[name] = (at, flow, flow.later, target, opened, channel, story)
    if story.starts is None:
        flow.others.push((at, name))
    promise(m, name)


def _asked_now(story: Story, target: float | None) -> float | None:
    """Return the target of something; of what has not begun to wait it is kept for then."""
    if story.starts is None:
        return target
    story.starts = story.starts[0], target
    return None


# --- one function an event: conversations and promises -------------------------------------------


def _received(m: Measures, event: ev.MessageReceived) -> None:
    name = event.interaction
    flow = flow_if_open(m, name)
    if flow is None:
        return
    story = story_of(m, name)
    count(m, flow, "messages")
    _felt(flow, event.sentiment)
    if event.sentiment is not None:
        story.felt = event.sentiment
        story.first_felt = event.sentiment if story.first_felt is None else story.first_felt
    story.said_after = story.said_after or story.answered_by_agent
    if story.unanswered is None:
        story.unanswered = event.at
    end_wrap_up(flow, story, event.at)
    m.contacts.again(story, event.at)


def _replied(m: Measures, event: ev.ReplySent) -> None:
    flow = flow_if_open(m, event.interaction)
    if flow is None:  # after it was closed: nobody waits for it
        return
    story = story_of(m, event.interaction)
    if event.agent is None:
        count(m, flow, "bot_replies")
        return
    count(m, flow, "replies")
    if story.unanswered is not None:
        kind = "next_response" if story.answered_by_agent else "first_response"
        flow.own.row.of(kind).new.append(event.at - story.unanswered)
    story.answered_by_agent, story.unanswered = True, None


def _status_changed(m: Measures, event: ev.StatusChanged) -> None:
    story_of(m, event.interaction).turned = event.status is not Status.OPEN
    weigh(m, event.interaction, event.at)


def _proposed(m: Measures, event: ev.ReplyProposed) -> None:
    story_of(m, event.interaction).awaits = True
    weigh(m, event.interaction, event.at)


def _approved(m: Measures, event: ev.ReplyApproved) -> None:
    count(m, flow_of(m, event.review), "approved")
    _decided(m, event)


def _rejected(m: Measures, event: ev.ReplyRejected) -> None:
    count(m, flow_of(m, event.review), "rejected")
    _decided(m, event)


def _decided(m: Measures, event: ev.ReplyApproved | ev.ReplyRejected | ev.ReplyWithdrawn) -> None:
    if event.interaction in m.held:  # else a reply was looked at that was sent long ago
        story_of(m, event.interaction).awaits = False
        weigh(m, event.interaction, event.at)


def _clock_started(m: Measures, event: ev.ClockStarted) -> None:
    m.promises.started(event, flow_of(m, event.interaction).queue)


def _clock_changed(m: Measures, event: ev.ClockPaused | ev.ClockResumed) -> None:
    m.promises.changed(event)


def _clock_ended(m: Measures, event: ev.ClockStopped | ev.ClockCancelled) -> None:
    run = m.promises.ended(event)
    flow = _ended_in(m, event, run)
    what = "met" if isinstance(event, ev.ClockStopped) else "cancelled"
    if not run.missed:
        count(m, flow, f"{what}:{event.target}")
    if isinstance(event, ev.ClockStopped):
        flow.own.row.of(f"elapsed:{event.target}").new.append(event.elapsed)


def _ended_in(m: Measures, event: ev.ClockStopped | ev.ClockCancelled, run: Run) -> Flow:
    """Return the queue in which a clock ended: not the one that the interaction was moved to just then."""
    story = m.stories.get(event.interaction)
    if story is not None and story.moved is not None and event.cause in _BY_A_MOVE:
        at, queue = story.moved
        if at == event.at:
            return m.flow(queue)
    last = run.queue if story is None or story.queue is None else story.queue
    return flow_if_open(m, event.interaction) or m.flow(last)


_BY_A_MOVE = ("transferred", "plan changed")
"""The causes by which the clocks of the queue before are cancelled."""


def _missed(m: Measures, event: ev.SlaMissed) -> None:
    run = m.promises.missed(event)
    flow = flow_if_open(m, event.interaction)
    if flow is None:
        return
    count(m, flow, f"missed:{event.target}")
    if run is None:
        m.late[event.interaction] = m.visits[event.interaction][3] or 0.0


def _warned(m: Measures, event: ev.SlaWarned) -> None:
    flow = flow_if_open(m, event.interaction)
    if flow is not None:
        count(m, flow, f"warned:{event.target}")


def _raised(m: Measures, event: ev.AlarmRaised) -> None:
    m.alarms[event.queue, event.alarm] = event.at


def _cleared(m: Measures, event: ev.AlarmCleared) -> None:
    m.alarms.pop((event.queue, event.alarm), None)


# --- one function an event: agents and the plan --------------------------------------------------


def _agent_added(m: Measures, event: ev.AgentAdded) -> None:
    m.people.enroll(event.agent, m.groups, event.at)


def _agent_changed(m: Measures, event: ev.AgentChanged) -> None:
    m.people.change(m.people[event.agent.id], event.agent, m.groups, event.at)


def _agent_removed(m: Measures, event: ev.AgentRemoved) -> None:
    person = m.people[event.agent]
    m.people.come(person, Presence.OFFLINE, event.at)
    person.on_roster = False


def _presence_changed(m: Measures, event: ev.PresenceChanged) -> None:
    person = m.people[event.agent]
    m.people.come(person, event.presence, event.at)


def _plan_changed(m: Measures, event: ev.PlanChanged) -> None:
    m.change_plan(Plan.from_data(event.plan), event.at)


RARE: Mapping[type, Callable[[Measures, Any], None]] = {
    ev.Submitted: _submitted,
    ev.Assigned: _assigned,
    ev.Completed: _completed,
    ev.Declined: _offer_ended,
    ev.OfferExpired: _offer_ended,
    ev.OfferRescinded: _offer_ended,
    ev.WrapUpStarted: _wrap_up_started,
    ev.Cancelled: _cancelled,
    ev.Abandoned: _abandoned,
    ev.Requeued: _requeued,
    ev.Transferred: _transferred,
    ev.Rekeyed: _rekeyed,
    ev.Escalated: _escalated,
    ev.Updated: _updated,
    ev.Reopened: _reopened,
    ev.MessageReceived: _received,
    ev.ReplySent: _replied,
    ev.StatusChanged: _status_changed,
    ev.ReplyProposed: _proposed,
    ev.ReplyApproved: _approved,
    ev.ReplyRejected: _rejected,
    ev.ReplyWithdrawn: _decided,
    ev.ClockStarted: _clock_started,
    ev.ClockPaused: _clock_changed,
    ev.ClockResumed: _clock_changed,
    ev.ClockStopped: _clock_ended,
    ev.ClockCancelled: _clock_ended,
    ev.SlaMissed: _missed,
    ev.SlaWarned: _warned,
    ev.AlarmRaised: _raised,
    ev.AlarmCleared: _cleared,
    ev.AgentAdded: _agent_added,
    ev.AgentChanged: _agent_changed,
    ev.AgentRemoved: _agent_removed,
    ev.PresenceChanged: _presence_changed,
    ev.PlanChanged: _plan_changed,
    ev.Parked: _parked,
    ev.Resumed: _resumed,
    ev.Collapsed: _collapsed,
    ev.TemplateSent: _template_sent,
}
"""Every event that a figure needs, but for `Offered`: `Measures.fold` takes that in itself."""
