"""What becomes of an opening: where it waits, who has it, how it ends, and where that counts?"""

from __future__ import annotations

from workassign._gauges import Row, grained
from workassign._measures import SHORT_FORM, Flow, Measures, Visit, due_of, fresh
from workassign._people import Person
from workassign._series import Series
from workassign._stories import Story
from workassign.model import Instant, Interaction, InteractionId

__all__ = [
    "accept",
    "add_segment",
    "add_wait",
    "begin_opening",
    "begin_waiting",
    "close",
    "count",
    "end_wrap_up",
    "flow_if_open",
    "flow_of",
    "leave",
    "let_go",
    "promise",
    "promise_ends",
    "resolve",
    "story_of",
    "take_on",
]


# --- where things are counted -------------------------------------------------------------------


def row_of(m: Measures, series: Series, since: Instant) -> Row:
    """Return the row of *series* for what came at *since* and ends now."""
    return series.at(since) if m.arrival else series.row


def count(m: Measures, flow: Flow, name: str, number: float = 1) -> None:
    """Count something that happens now in a queue."""
    flow.own.row.counts[name] += number


def begin_opening(m: Measures, who: Interaction, flow: Flow, target: float | None, at: Instant) -> Story:
    """Begin an opening in *flow*."""
    name = who.id
    story = Story(who, at)
    flow.arrive()
    flow.own.row.entered += 1
    m.visits[name] = (at, flow, flow.own, target, at, who.channel, story)
    m.stories[name] = story
    promise(m, name)
    return story


def begin_waiting(m: Measures, name: InteractionId, at: Instant) -> None:
    """Let what came in for a later time begin to wait: since then, or now if somebody was early."""
    story = m.stories.get(name)
    if story is None or story.starts is None or name not in m.visits:
        return
    (starts, target), story.starts = story.starts, None
    since, flow, series, _, opened, channel, _ = m.visits[name]
    begun = max(since, min(starts, at))
    row_of(m, series, since).entered -= 1
    row_of(m, series, begun).entered += 1  # by arrival, it came in just then
    if series is flow.own:
        opened = story.opened = begun
    story.unanswered = None if story.unanswered is None else max(story.unanswered, begun)
    m.visits[name] = (begun, flow, series, target, opened, channel, story)
    flow.others.push((begun, name))
    promise(m, name)


def promise(m: Measures, name: InteractionId) -> None:
    """Keep when the first acceptance of something is due, where that is not the queue's usual target."""
    visit = m.visits[name]
    if (due := due_of(visit)) is not None:
        visit[1].dues.push((due, name))


def story_of(m: Measures, name: InteractionId) -> Story:
    """Return the story of an interaction; begin one for a plain one."""
    story = m.stories.get(name)
    if story is not None and story.closed is None:  # else it is of one whose id was used before
        return story
    if name in m.visits:
        since, flow, series, target, opened, channel, _ = m.visits[name]
        story = Story(Interaction(id=name, channel=channel), opened)
        m.visits[name] = (since, flow, series, target, opened, channel, story)
        promise(m, name)  # it is no plain one any more
    else:
        start, flow, opened, channel, _, person, focus = m.held[name]
        story = Story(Interaction(id=name, channel=channel), opened)
        story.answered, story.hops = True, 1
        m.held[name] = (start, flow, opened, channel, story, person, focus)
    m.stories[name] = story
    return story


def flow_of(m: Measures, name: InteractionId) -> Flow:
    """Return the flow in which an open interaction is."""
    flow = flow_if_open(m, name)
    assert flow is not None
    return flow


def flow_if_open(m: Measures, name: InteractionId) -> Flow | None:
    """Return the flow in which an interaction is; None if it is closed."""
    if name in m.visits:
        return m.visits[name][1]
    if name in m.held:
        return m.held[name][1]
    return m.back[name][0] if name in m.back else None


# --- the end of waiting -------------------------------------------------------------------------


def accept(m: Measures, name: InteractionId, story: Story, at: Instant) -> None:
    """Count that an agent accepted what nobody in its queue had."""
    since, flow, series, target, opened, _, _ = m.visits.pop(name)
    flow.old.pop(name, None)
    flow.again.pop(name, None)
    rows = [(row_of(m, series, since), at - since)]
    if series is flow.later and not story.answered:
        rows.append((row_of(m, m.moved, opened), at - opened))
    targeted, late = target is not None and not story.answered, m.is_late(name, target)
    m.late.pop(name, None)
    for row, wait in rows:
        add_wait(row, wait, m.threshold(flow.queue, target), targeted=targeted)
        row.counts["answered_late"] += targeted and late
        add_segment(row, story, wait)
        if story.steps:
            row.counts[f"stage:{story.steps}"] += 1
    if rows[0][0] is flow.own.row:
        flow.refresh()
    story.answered = True


def add_segment(row: Row, story: Story, wait: float) -> None:
    """Count the wait of a customer of a segment."""
    customer = story.interaction.customer
    if customer is not None and customer.segment is not None:
        row.counts[f"segment:{customer.segment}"] += 1
        row.counts[f"segment_wait:{customer.segment}"] += grained(wait)


def add_wait(row: Row, seconds: float, limit: float, *, targeted: bool) -> None:
    """Count a wait that ended with an acceptance."""
    row.waits.under(limit, targeted=targeted).append(seconds)


def leave(m: Measures, name: InteractionId, visit: Visit, what: str, at: Instant) -> None:
    """Count that something left its queue unanswered: *what* is abandoned, or exited:reason."""
    since, flow, series, target, opened, _, _ = visit
    if what != "exited:moved":
        promise_ends(m, name)
    del m.visits[name]
    flow.old.pop(name, None)
    flow.again.pop(name, None)
    _gone(m, row_of(m, series, since), what, at - since, m.threshold(flow.queue, target))
    if series is flow.later and what != "exited:moved" and fresh(visit):
        _gone(m, row_of(m, m.moved, opened), what, at - opened, m.threshold(flow.queue, target))


def promise_ends(m: Measures, name: InteractionId) -> None:
    """Count that an acceptance, which was due by its queue's `sla`, is not asked for any more."""
    visit = m.visits[name]
    if due_of(visit) is not None and not m.is_late(name, visit[3]):
        count(m, visit[1], f"cancelled:{SHORT_FORM}")


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


def take_on(
    m: Measures, name: InteractionId, flow: Flow, opened: Instant, channel: str, person: Person, at: Instant
) -> None:
    """Put something into an agent's hands."""
    story = m.stories[name]
    story.weight = m.lighter(flow, channel, story)
    m.people.carry(person, m.weight(channel, story), at)
    person.holding += 1
    story.hops += 1
    m.held[name] = (at, flow, opened, channel, story, person, person.focus)


def let_go(m: Measures, name: InteractionId, at: Instant) -> tuple[Flow, Instant, str, Story]:
    """Take something out of an agent's hands, and count the time that it took."""
    story = story_of(m, name)
    since, flow, opened, channel, _, person, focus = m.held.pop(name)
    m.people.carry(person, -m.weight(channel, story), at)
    person.holding -= 1
    elapsed, active = at - since, person.focus - focus
    person.handled += 1
    person.elapsed += elapsed
    person.active += active
    row = flow.own.row
    row.handles.new.append(elapsed)
    row.counts["shared"] += elapsed - active
    end_wrap_up(flow, story, at)
    return flow, opened, channel, story


def weigh(m: Measures, name: InteractionId, at: Instant) -> None:
    """Let something take up what it does now, if it is held."""
    if name in m.held:
        _, flow, _, channel, _, person, _ = m.held[name]
        story = story_of(m, name)
        before = m.weight(channel, story)
        story.weight = m.lighter(flow, channel, story)
        m.people.carry(person, m.weight(channel, story) - before, at)


def end_wrap_up(flow: Flow, story: Story, at: Instant) -> None:
    """Count a wrap-up that is over, or was interrupted."""
    if story.wrapping is not None:
        flow.own.row.of("wrap_up").new.append(at - story.wrapping)
        story.wrapping = None


def close(m: Measures, name: InteractionId, flow: Flow, story: Story, at: Instant) -> None:
    """Count how the customer feels at the end; keep the story for a while."""
    m.late.pop(name, None)
    story.queue = flow.queue
    row = flow.own.row
    if story.felt is not None and story.first_felt is not None:
        row.counts["happy"] += story.felt
        row.counts["happy_known"] += 1
        row.counts["shift"] += story.felt - story.first_felt
    m.stories.close(name, story, at)


def resolve(m: Measures, flow: Flow, story: Story, served: Instant, at: Instant) -> None:
    """Count a completion, of which the customer was *served* before the wrap-up."""
    row = flow.own.row
    row.resolutions.new.append(served - story.opened)
    if story.hops > 1:
        row.counts[f"hops:{story.hops}"] += 1
    if story.answered_by_agent:
        row.counts["completed_answered"] += 1
        row.counts["one_touch"] += not story.said_after
    m.contacts.completed(flow.queue, story, at)
