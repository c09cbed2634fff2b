"""What is the case, as plain data?"""

from __future__ import annotations

from typing import Any

from workassign._records import AgentState, Clock, Conversation, Work
from workassign._state import State

__all__ = ["snapshot"]


def snapshot(state: State) -> dict[str, Any]:
    """Return the whole state as plain data, in one order: equal states give equal data."""
    return {
        "plan": state.plan.hash,
        "plan_version": state.plan_version,
        "counts": [state.submitted, state.placed, state.fences, state.enrolled, state.conversations.started],
        "total": state.total.as_dict(),
        "queues": {name: queue.tally.as_dict() for name, queue in sorted(state.queues.items())},
        "works": [_work_data(work) for work in state.works.values()],
        "agents": [_agent_data(agent) for agent in state.agents.values()],
        "missed": dict(sorted(state.missed.items())),
        "closed": [work.interaction.id for work in state._closed],
        "conversations": {
            name: _conversation_data(each) for name, each in sorted(state.conversations.items())
        },
        "alarms": sorted(f"{queue}.{alarm}" for queue, alarm in state.alarms),
        "failures": dict(sorted(state.failures.items())),
        "off": sorted(state.off),
        **({"periods": dict(sorted(state.periods.items()))} if state.periods else {}),
        **({"rivals": _rivals_data(state)} if state.rivals else {}),
        **({"boosts": dict(sorted(state.boosts.items()))} if state.boosts else {}),
        **({"windows": _windows(state)} if state.bounded else {}),
        **({} if state.waits is None else {"waits": state.waits.as_data()}),
        **({} if state.surge is None else {"surge": state.surge.as_data()}),
        **_owned_data(state),
    }


def _owned_data(state: State) -> dict[str, Any]:
    """Return nothing of what no interaction has: so it was before any could be parked, locked, a part."""
    parked = {
        name: [each.until, each.on_reply, each.agent, each.scheduled]
        for name, each in sorted(state.parked.items())
    }
    locks = {name: list(lock) for name, lock in sorted(state.locks.items())}
    parts = {name: list(each) for name, each in sorted(state.parts.items())}
    reviews = {
        name: [each.interaction, each.author, each.before, each.open]
        for name, each in sorted(state.reviews.items())
    }
    replies = dict(sorted(state.replies.items()))
    updates = {name: [each.head_start, list(each.terms)] for name, each in sorted(state.updates.items())}
    found = {"parked": parked, "locks": locks, "parts": parts, "reviews": reviews, "replies": replies}
    found["updates"] = updates
    return {name: each for name, each in found.items() if each}


def _windows(state: State) -> dict[str, Any]:
    """Return how many each queue with a quota has let in, and since when."""
    return {name: list(queue.window) for name, queue in sorted(state.queues.items()) if queue.window}


def _work_data(work: Work) -> list[Any]:
    hold, sig = work.hold, work.sig
    return [
        work.interaction.id,
        work.stage,
        [sig.queue.name, sig.channel, sig.needs.text or list(sig.needs.skills), sig.tier],
        [work.seq, work.key, work.since, work.target, work.pending, work.answered, work.version],
        () if work.submission is None else work.submission.terms,
        None if work.refused is None else dict(work.refused),
        None if hold is None else [hold.agent.agent.id, hold.offer, hold.since, hold.target],
        None if hold is None else [hold.pending, hold.fence, hold.how, hold.until],
        *_progress_data(work),
        *_known_data(work),
        *_preference_data(work),
        *_wrapping_data(work),
    ]


def _known_data(work: Work) -> list[Any]:
    """Return what is known by now, of what was updated."""
    who = work.interaction
    if work.submission is None or work.submission.interaction is who:
        return []
    customer = who.customer
    figures = None if customer is None else [getattr(customer, each) for each in _FIGURES]
    return [{"known": [figures, who.sentiment, dict(who.attributes), who.needs.data, who.tier]}]


_FIGURES = ("id", "value", "influence", "followers", "segment")


def _rivals_data(state: State) -> dict[str, Any]:
    """Return, of what is offered to several, the offers beside the first."""
    return {
        name: [[hold.agent.agent.id, hold.offer, hold.since] for hold in holds]
        for name, holds in sorted(state.rivals.items())
    }


def _wrapping_data(work: Work) -> list[Any]:
    """Return when a wrap-up began that can be extended."""
    hold = work.hold
    if hold is None or hold.until is None or work.sig.queue.plan.wrap_up_most is None:
        return []
    return [{"wrapping": hold.wrapping}]


def _preference_data(work: Work) -> list[Any]:
    """Return whom it should go to first, and since when, unless it has come in so."""
    own = work.interaction.prefers
    first = work.first_said().at if not work.again else work.since
    return [] if work.prefers == (None if own is None else (own, first)) else [work.prefers]


def _progress_data(work: Work) -> list[Any]:
    """Return nothing where no step could be taken: so it was before there were any."""
    progress = work.progress
    if progress is None or not work.sig.queue.plan.steps:
        return []
    return [[progress.came, progress.taken, progress.tier, progress.head_start]]


def _agent_data(agent: AgentState) -> list[Any]:
    return [
        agent.agent.id,
        agent.number,
        agent.presence.value,
        list(agent.holdings),
        [agent.load, agent.pool, agent.idle_since, agent.last_offer, agent.handled],
        {cause: list(times) for cause, times in sorted(agent.refusals.items())},
        [agent.rest, agent.grace, agent.version],
        *_shift_data(agent),
    ]


def _shift_data(agent: AgentState) -> list[Any]:
    """Return nothing where nothing is known of a shift: so it was before there were any."""
    if agent.ramp is None and agent.shift is None and agent.then is None and agent.lease is None:
        return []
    lease = [] if agent.lease is None else [agent.lease]
    return [[agent.ramp, agent.shift, agent.after.value, agent.then and agent.then.value, *lease]]


def _conversation_data(known: Conversation) -> list[Any]:
    return [
        known.status.value,
        list(known.answered),
        list(known.unanswered),
        known.sentiment,
        {name: _clock_data(clock) for name, clock in sorted(known.clocks.items())},
        {name: list(ended) for name, ended in sorted(known.ended.items())},
    ]


def _clock_data(clock: Clock) -> list[Any]:
    return [
        [clock.number, clock.seconds, clock.elapsed, clock.missed],
        [clock.since, clock.due, list(clock.warnings)],
    ]
