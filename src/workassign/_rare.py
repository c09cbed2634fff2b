"""What do the rarer events add? One function each."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from typing import Any

from workassign import events as ev
from workassign._gauges import Row, grained
from workassign._measures import SHORT_FORM, Flow, Measures, Visit
from workassign._people import UNIT, Person
from workassign._promises import Run
from workassign._series import Series
from workassign._stories import Story
from workassign.model import Instant, Interaction, InteractionId, Presence
from workassign.plan import Plan

__all__ = ["RARE"]


# --- where things are counted -------------------------------------------------------------------


def _row(m: Measures, series: Series, since: Instant) -> Row:
    """Return the row of *series* for what came at *since* and ends now."""
    return series.at(since) if m.arrival else series.row


def _count(m: Measures, flow: Flow, name: str, number: float = 1) -> None:
    """Count something that happens now in a queue."""
    flow.own.row.counts[name] += number


def _began(m: Measures, who: Interaction, flow: Flow, target: float | None, at: Instant) -> Story:
    """Begin an opening in *flow*."""
    name = who.id
    story = Story(who, at)
    flow.arrive()
    flow.own.row.entered += 1
    m.visits[name] = (at, flow, flow.own, target, at, who.channel, story)
    m.stories[name] = story
    _promise(m, name)
    return story


def _promise(m: Measures, name: InteractionId) -> None:
    """Keep when the first acceptance of something is due, where that is not the queue's usual target."""
    _, flow, _, target, opened, _, story = m.visits[name]
    if target is not None and not (story is not None and story.answered):
        heapq.heappush(flow.dues, (opened + target, name))


def _story(m: Measures, name: InteractionId) -> Story:
    """Return the story of an interaction; begin one for a plain one."""
    story = m.stories.get(name)
    if story is not None:
        return story
    if name in m.visits:
        since, flow, series, target, opened, channel, _ = m.visits[name]
        story = Story(Interaction(id=name, channel=channel), opened)
        m.visits[name] = (since, flow, series, target, opened, channel, story)
        _promise(m, name)  # it is no plain one any more
    else:
        start, flow, opened, channel, _, person, focus = m.held[name]
        story = Story(Interaction(id=name, channel=channel), opened)
        story.answered, story.hops = True, 1
        m.held[name] = (start, flow, opened, channel, story, person, focus)
    m.stories[name] = story
    return story


def _where(m: Measures, name: InteractionId) -> Flow | None:
    """Return the flow in which an open interaction is."""
    if name in m.visits:
        return m.visits[name][1]
    if name in m.held:
        return m.held[name][1]
    return m.back[name][0] if name in m.back else None


# --- the end of waiting -------------------------------------------------------------------------


def _answered(m: Measures, name: InteractionId, visit: Visit, at: Instant) -> None:
    """Count that an agent accepted what nobody in its queue had."""
    since, flow, series, target, opened, _, story = visit
    del m.visits[name]
    flow.old.pop(name, None)
    flow.again.pop(name, None)
    fresh = story is None or not story.answered
    rows = [(_row(m, series, since), at - since)]
    if series is flow.later and fresh:
        rows.append((_row(m, m.moved, opened), at - opened))
    targeted, late = fresh and target is not None, m.is_late(name, target)
    m.late.pop(name, None)
    for row, wait in rows:
        _wait(row, wait, m.threshold(flow.queue, target), targeted=targeted)
        row.counts["answered_late"] += targeted and late
        _segment(row, story, wait)
    if rows[0][0] is flow.own.row:
        flow.refresh()
    if story is not None:
        story.answered = True


def _segment(row: Row, story: Story | None, wait: float) -> None:
    customer = None if story is None else story.interaction.customer
    if customer is not None and customer.segment is not None:
        row.counts[f"segment:{customer.segment}"] += 1
        row.counts[f"segment_wait:{customer.segment}"] += grained(wait)


def _wait(row: Row, seconds: float, limit: float, *, targeted: bool) -> None:
    row.waits.under(limit, targeted=targeted).append(seconds)


def _left(m: Measures, name: InteractionId, visit: Visit, what: str, at: Instant) -> None:
    """Count that something left its queue unanswered: *what* is abandoned, or exited:reason."""
    since, flow, series, target, opened, _, story = visit
    if what != "exited:moved":
        _promise_ends(m, name)
    del m.visits[name]
    flow.old.pop(name, None)
    flow.again.pop(name, None)
    _gone(m, _row(m, series, since), what, at - since, m.threshold(flow.queue, target))
    if series is flow.later and what != "exited:moved" and (story is None or not story.answered):
        _gone(m, _row(m, m.moved, opened), what, at - opened, m.threshold(flow.queue, target))


def _promise_ends(m: Measures, name: InteractionId) -> None:
    """Count that an acceptance, which was due by its queue's `sla`, is not asked for any more."""
    visit = m.visits[name]
    fresh = visit[6] is None or not visit[6].answered
    if visit[3] is not None and fresh and not m.is_late(name, visit[3]):
        _count(m, visit[1], f"cancelled:{SHORT_FORM}")


def _gone(m: Measures, row: Row, what: str, wait: float, limit: float) -> None:
    row.counts[what] += 1
    if what != "abandoned":
        return
    row.counts["abandoned_within"] += wait <= limit
    row.counts["abandoned_short"] += wait <= m.short
    row.of("abandoned").new.append(wait)
    if wait > limit:
        row.of("abandoned_excess").new.append(wait - limit)


# --- agents' hands ------------------------------------------------------------------------------


def _take(
    m: Measures, name: InteractionId, flow: Flow, opened: Instant, channel: str, person: Person, at: Instant
) -> None:
    """Put something into an agent's hands."""
    m.people.carry(person, m.units.get(channel, UNIT), at)
    person.holding += 1
    story = m.stories[name]
    story.hops += 1
    m.held[name] = (at, flow, opened, channel, story, person, person.focus)


def _let_go(m: Measures, name: InteractionId, at: Instant) -> tuple[Flow, Instant, str, Story]:
    """Take something out of an agent's hands, and count the time that it took."""
    story = _story(m, name)
    since, flow, opened, channel, _, person, focus = m.held.pop(name)
    m.people.carry(person, -m.units.get(channel, UNIT), at)
    person.holding -= 1
    elapsed, active = at - since, person.focus - focus
    person.handled += 1
    person.elapsed += elapsed
    person.active += active
    row = flow.own.row
    row.handles.new.append(elapsed)
    row.counts["shared"] += elapsed - active
    _wrapped(flow, story, at)
    return flow, opened, channel, story


def _wrapped(flow: Flow, story: Story, at: Instant) -> None:
    """Count a wrap-up that is over, or was interrupted."""
    if story.wrapping is not None:
        flow.own.row.of("wrap_up").new.append(at - story.wrapping)
        story.wrapping = None


def _close(m: Measures, name: InteractionId, flow: Flow, story: Story | None, at: Instant) -> None:
    """Count how the customer feels at the end; keep the story for a while."""
    m.late.pop(name, None)
    if story is None:
        return
    story.queue = flow.queue
    row = flow.own.row
    if story.felt is not None and story.first_felt is not None:
        row.counts["happy"] += story.felt
        row.counts["happy_known"] += 1
        row.counts["shift"] += story.felt - story.first_felt
    m.stories.close(name, story, at)


def _resolved(m: Measures, flow: Flow, story: Story, served: Instant, at: Instant) -> None:
    """Count a completion, of which the customer was *served* before the wrap-up."""
    row = flow.own.row
    row.resolutions.new.append(served - story.opened)
    if story.hops > 1:
        row.counts[f"hops:{story.hops}"] += 1
    if story.answered_by_agent:
        row.counts["completed_answered"] += 1
        row.counts["one_touch"] += not story.said_after
    m.contacts.completed(flow.queue, story, at)


# --- one function an event: interactions --------------------------------------------------------


def _submitted(m: Measures, event: ev.Submitted) -> None:
    who = event.interaction
    flow = m.flow(who.queue)
    _began(m, who, flow, event.target, event.at)
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
    story = _began(m, who, flow, event.target, event.at)
    _count(m, flow, "reopened")
    story.stayed = False
    heapq.heappush(flow.others, (event.at, who.id))
    if before is not None:
        story.first_felt, story.felt = before.first_felt, before.felt
        story.answered_by_agent, story.said_after = before.answered_by_agent, before.said_after
        story.unanswered = None if before.unanswered is None else event.at
        m.contacts.again(before, event.at)


def _offered(m: Measures, event: ev.Offered) -> None:
    m.offers[event.offer] = event.at


def _assigned(m: Measures, event: ev.Assigned) -> None:
    name, at = event.interaction, event.at
    person = m.people[event.agent]
    began = None if event.offer is None else m.offers.pop(event.offer, None)
    visit = m.visits.get(name)
    if visit is not None:
        flow, opened, units = visit[1], visit[4], visit[5]
        story = _story(m, name)
        _answered(m, name, (*visit[:6], story), at)
    else:
        flow, opened, units, story = m.back.pop(name)
    person.counts["direct"] += event.offer is None
    if began is not None:
        flow.own.row.rings.new.append(at - began)
    prefers = story.interaction.prefers
    if prefers is not None:
        _count(m, flow, "sticky_asked")
        _count(m, flow, "sticky_hit", prefers == event.agent)
    _take(m, name, flow, opened, units, person, at)


def _offer_ended(m: Measures, event: ev.Declined | ev.OfferExpired | ev.OfferRescinded) -> None:
    m.offers.pop(event.offer, None)
    flow, what = _where(m, event.interaction), _OFFER_ENDS[type(event)]
    assert flow is not None
    _count(m, flow, what)
    if isinstance(event, ev.Declined):
        _count(m, flow, f"declined:{event.reason}")
    m.people[event.agent].counts[what] += 1


_OFFER_ENDS: Mapping[type, str] = {
    ev.Declined: "declined",
    ev.OfferExpired: "expired",
    ev.OfferRescinded: "rescinded",
}


def _wrap_up_started(m: Measures, event: ev.WrapUpStarted) -> None:
    _story(m, event.interaction).wrapping = event.at


def _completed(m: Measures, event: ev.Completed) -> None:
    wrapping = _story(m, event.interaction).wrapping
    flow, _, _, story = _let_go(m, event.interaction, event.at)
    _resolved(m, flow, story, event.at if wrapping is None else wrapping, event.at)
    _close(m, event.interaction, flow, story, event.at)


def _cancelled(m: Measures, event: ev.Cancelled) -> None:
    _closed_early(m, event.interaction, "exited:cancelled", event.at)


def _abandoned(m: Measures, event: ev.Abandoned) -> None:
    _closed_early(m, event.interaction, "abandoned", event.at)


def _closed_early(m: Measures, name: InteractionId, what: str, at: Instant) -> None:
    flow, story = _where(m, name), _story(m, name)
    assert flow is not None
    if name in m.visits:
        _left(m, name, m.visits[name], what, at)
    elif name in m.held:
        _let_go(m, name, at)
    else:
        del m.back[name]
    _close(m, name, flow, story, at)


def _requeued(m: Measures, event: ev.Requeued) -> None:
    _count(m, m.held[event.interaction][1], "requeued")
    m.back[event.interaction] = _let_go(m, event.interaction, event.at)


def _transferred(m: Measures, event: ev.Transferred) -> None:
    if event.agent is not None:
        _count(m, m.held[event.interaction][1], "transferred")
    _move(m, event)


def _rekeyed(m: Measures, event: ev.Rekeyed) -> None:
    name = event.interaction
    flow = _where(m, name)
    if flow is None or flow.queue != event.queue:
        _move(m, event)
    elif name in m.visits:
        if event.target is None:
            _promise_ends(m, name)
        story = _story(m, name)  # its target is its own from here on
        since, flow, series, _, opened, units, _ = m.visits[name]
        m.visits[name] = (since, flow, series, event.target, opened, units, story)
        _promise(m, name)


def _move(m: Measures, event: ev.Transferred | ev.Rekeyed) -> None:
    """Let something go on in another queue."""
    name, at, story = event.interaction, event.at, _story(m, event.interaction)
    before, flow = _where(m, name), m.flow(event.queue)
    story.moved = None if before is None else (at, before.queue)
    flow.arrive()
    flow.later.row.entered += 1
    m.promises.moved(name, event.queue)
    if name in m.held and isinstance(event, ev.Rekeyed):
        # Held through a change of plan: it counts as answered there at once.
        since, _, opened, units, _, person, focus = m.held[name]
        m.held[name] = (since, flow, opened, units, story, person, focus)
        _wait(flow.later.row, 0.0, m.threshold(flow.queue, event.target), targeted=False)
        _segment(flow.later.row, story, 0.0)
        return
    if name in m.visits:
        visit = m.visits[name]
        opened, units = visit[4], visit[5]
        if event.target is None:
            _promise_ends(m, name)
        _left(m, name, visit, "exited:moved", at)
    elif name in m.held:
        _, opened, units, _ = _let_go(m, name, at)
    else:
        _, opened, units, _ = m.back.pop(name)
    story.stayed = False
    heapq.heappush(flow.others, (at, name))
    m.visits[name] = (at, flow, flow.later, event.target, opened, units, story)
    _promise(m, name)


# --- one function an event: conversations and promises -------------------------------------------


def _received(m: Measures, event: ev.MessageReceived) -> None:
    name = event.interaction
    flow = _where(m, name)
    if flow is None:
        return
    story = _story(m, name)
    _count(m, flow, "messages")
    _felt(flow, event.sentiment)
    if event.sentiment is not None:
        story.felt = event.sentiment
        story.first_felt = event.sentiment if story.first_felt is None else story.first_felt
    story.said_after = story.said_after or story.answered_by_agent
    if story.unanswered is None:
        story.unanswered = event.at
    _wrapped(flow, story, event.at)
    m.contacts.again(story, event.at)


def _replied(m: Measures, event: ev.ReplySent) -> None:
    flow = _where(m, event.interaction)
    if flow is None:  # after it was closed: nobody waits for it
        return
    story = _story(m, event.interaction)
    if event.agent is None:
        _count(m, flow, "bot_replies")
        return
    _count(m, flow, "replies")
    if story.unanswered is not None:
        kind = "next_response" if story.answered_by_agent else "first_response"
        flow.own.row.of(kind).new.append(event.at - story.unanswered)
    story.answered_by_agent, story.unanswered = True, None


def _clock_started(m: Measures, event: ev.ClockStarted) -> None:
    flow = _where(m, event.interaction)
    assert flow is not None
    m.promises.started(event, flow.queue)


def _clock_changed(m: Measures, event: ev.ClockPaused | ev.ClockResumed) -> None:
    m.promises.changed(event)


def _clock_ended(m: Measures, event: ev.ClockStopped | ev.ClockCancelled) -> None:
    run = m.promises.ended(event)
    flow = _ended_in(m, event, run)
    what = "met" if isinstance(event, ev.ClockStopped) else "cancelled"
    if not run.missed:
        _count(m, flow, f"{what}:{event.target}")
    if isinstance(event, ev.ClockStopped):
        flow.own.row.of(f"elapsed:{event.target}").new.append(event.elapsed)


def _ended_in(m: Measures, event: ev.ClockStopped | ev.ClockCancelled, run: Run) -> Flow:
    """Return the queue in which a clock ended: not the one that the interaction was moved to just then."""
    story = m.stories.get(event.interaction)
    if story is not None and story.moved is not None and isinstance(event, ev.ClockCancelled):
        at, queue = story.moved
        if at == event.at:
            return m.flow(queue)
    last = run.queue if story is None or story.queue is None else story.queue
    return _where(m, event.interaction) or m.flow(last)


def _missed(m: Measures, event: ev.SlaMissed) -> None:
    run = m.promises.missed(event)
    flow = _where(m, event.interaction)
    if flow is None:
        return
    _count(m, flow, f"missed:{event.target}")
    if run is None:
        m.late[event.interaction] = m.visits[event.interaction][3] or 0.0


def _warned(m: Measures, event: ev.SlaWarned) -> None:
    flow = _where(m, event.interaction)
    if flow is not None:
        _count(m, flow, f"warned:{event.target}")


def _raised(m: Measures, event: ev.AlarmRaised) -> None:
    m.alarms[event.queue, event.alarm] = event.at


def _cleared(m: Measures, event: ev.AlarmCleared) -> None:
    m.alarms.pop((event.queue, event.alarm), None)


# --- one function an event: agents and the plan --------------------------------------------------


def _agent_added(m: Measures, event: ev.AgentAdded) -> None:
    m.people.enroll(event.agent, event.at)


def _agent_changed(m: Measures, event: ev.AgentChanged) -> None:
    m.people.change(m.people[event.agent.id], event.agent, event.at)


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
    ev.Offered: _offered,
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
    ev.Reopened: _reopened,
    ev.MessageReceived: _received,
    ev.ReplySent: _replied,
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
}
"""Every event that a figure needs."""
