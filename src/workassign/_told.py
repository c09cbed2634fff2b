"""How is it told in words?"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from workassign import events as ev
from workassign._scene import (
    KINDS,
    SHOWN,
    Candidate,
    Decision,
    Placed,
    before,
    closest,
    figure,
    tie_break,
    when,
)
from workassign._state import OVERFLOW
from workassign.model import Customer, Interaction
from workassign.needs import ANYBODY, Needs

__all__ = [
    "OF_INTERACTIONS",
    "OF_OFFERS",
    "TOLD",
    "asked_of_interactions",
    "plain",
    "told_candidates",
    "told_decision",
    "told_needs",
    "told_reasons",
    "told_update",
]


def told_decision(decision: Decision) -> list[str]:
    """Return the lines about one decision."""
    offer = f" (offer {decision.offer})" if decision.offer is not None else ""
    lines = [f"Why {decision.agent} at {when(decision.at)}{offer}, by {decision.selection}"]
    lines += [f"  {line}" for line in told_candidates(decision.candidates, decision.funnel)]
    lines += [f"  {line}" for line in _told_work(decision)]
    return [*lines, *(f"  Note: {note}" for note in decision.notes)]


def told_candidates(candidates: Sequence[Candidate], funnel: Mapping[str, int]) -> list[str]:
    """Return the funnel in one line, then at most `SHOWN` agents."""
    ranked = [each for each in candidates if each.rank is not None]
    parts = [f"{count} {KINDS[kind]}" for kind, count in funnel.items()]
    lines = [", ".join([f"{len(candidates)} on the roster", *parts]) + f": {len(ranked) or 'nobody'} left"]
    for each, after in zip(ranked[:SHOWN], [*ranked[1:], None], strict=False):
        lines.append(f"{each.rank}. {each.agent}{_told_keys(each, after)}")
    excluded = closest(candidates)[: SHOWN - len(lines) + 1]
    lines += [f"-  {each.agent} {told_reasons(each)}" for each in excluded]
    if len(candidates) > len(lines) - 1:
        lines.append(f"   … and {len(candidates) - len(lines) + 1} more")
    return lines


def told_reasons(candidate: Candidate) -> str:
    """Return all that excludes an agent."""
    return "; ".join(reason.text for reason in candidate.reasons)


def _told_keys(candidate: Candidate, after: Candidate | None) -> str:
    """Return an agent's keys, and which of them put her before the next."""
    keys = candidate.keys
    assert keys is not None
    pair = f"pair key {figure(keys.pair_key)}, " if keys.pair_key else ""
    idle = f"idle since {when(keys.idle_since)}, roster number {keys.number}"
    wanted = f"has what is preferred: {figure(keys.wanted)}, " if keys.wanted else ""
    text = f"  {wanted}{pair}key {figure(keys.agent_key)}, {idle}"
    if after is None or after.keys is None:
        return text
    return f"{text}; before {after.agent}: {tie_break(keys, after.keys)}"


def _told_work(decision: Decision) -> list[str]:
    """Return which waiting interactions she could have taken, and why this one was first."""
    if decision.could_take <= 1:
        return [f"Nothing else waited that {decision.agent} could have taken"]
    lines = [f"{decision.could_take} waited that {decision.agent} could have taken, by {decision.work}:"]
    shown = decision.first[: SHOWN // 2]
    for number, each in enumerate(shown, 1):
        after = decision.first[number] if number < len(decision.first) else None
        rank = f", rank {figure(each.rank)}" if each.rank else ""
        place = f"tier {each.tier}{rank}, key {when(each.key)}{_told_terms(each.head_start, each.terms)}"
        why = ""
        if after is not None and number == 1:
            why = f"; before {after.interaction}: {before(each.order, after.order)}"
        lines.append(f"  {number}. {each.interaction}  {place}, sequence {each.sequence}{why}")
    if decision.could_take > len(shown):
        lines.append(f"     … and {decision.could_take - len(shown)} more")
    return lines


def _told_terms(head_start: float, terms: ev.Terms) -> str:
    """Return a head start with its terms."""
    if not head_start and not any(seconds for _, seconds in terms):
        return ""
    parts = ", ".join(f"{name} {figure(seconds)} s" for name, seconds in terms)
    capped = ", capped" if head_start < sum(seconds for _, seconds in terms) else ""
    return f" (head start {figure(head_start)} s: {parts}{capped})"


def _told_place(event: Placed) -> str:
    """Return where an event puts the interaction."""
    key = event.reference - event.head_start
    return f"tier {event.tier}, key {when(key)}{_told_terms(event.head_start, event.terms)}"


def _told_passing(event: ev.Transferred) -> str:
    """Return by whom it was passed on, to whom, and how."""
    by = "" if event.agent is None else f" by {event.agent}"
    to = "" if event.to is None else f", first to {event.to}"
    anew = ", its age begins anew" if event.reset else ""
    return by + to + anew + (f" ({event.reason})" if event.reason else "")


def _told_submitted(event: ev.Submitted) -> str:
    what = event.interaction
    wants = "" if what.needs is ANYBODY else f", needs {told_needs(what.needs)}"
    wants += f", prefers {what.prefers}" if what.prefers else ""
    wants += f", a part of {what.parent}" if what.parent else ""
    due = "" if event.target is None else f", first response due {when(event.at + event.target)}"
    label = f", label {what.label}" if what.label is not None else ""
    where = f"queue {what.queue}, channel {what.channel}{label}{wants}"
    customer = _told_lookup(what)
    return f"submitted to {where}: {_told_place(event)}, sequence {event.sequence}{due}{customer}"


_LOOKUPS: Mapping[object, str] = {
    "stale": "as known earlier (CRM gave no good answer)",
    "timed out": "not known (CRM timed out)",
    "failed": "not known (CRM failed)",
    "rubbish": "not known (CRM answered rubbish)",
    "off": "not known (CRM left alone after bad answers)",
    "unknown": "not known to the CRM",
}
"""How a lookup of the customer went, as the attribute `customer_lookup` has it, where it did not go well."""


def _told_lookup(what: Interaction) -> str:
    """Return how it comes that so little is known of the customer; empty: it was looked up, or nobody did."""
    said = _LOOKUPS.get(what.attributes.get("customer_lookup"))
    return "" if said is None else f", customer: {said}"


def _told_assigned(event: ev.Assigned) -> str:
    if event.how == "accepted":
        return f"accepted by {event.agent} (fence {event.fence})"
    how = {
        "auto": "at once",
        "manual": "by hand",
        "override": "by hand, over her capacity",
        "pulled": "as she asked for work",
    }[event.how]
    return f"assigned to {event.agent} {how} (fence {event.fence})"


def _told_rescinded(event: ev.OfferRescinded) -> str:
    text = f"offer {event.offer} to {event.agent} taken back: {event.cause}"
    return text if event.excluded is None else f"{text}; {_told_apart(event)}"


def _told_apart(event: ev.Declined | ev.OfferExpired | ev.OfferRescinded | ev.Requeued) -> str:
    """Return what a refusal leads to."""
    assert event.retry is not None
    assert event.excluded is not None
    again = (
        f"she is not asked again until {when(event.excluded)} ({when(event.retry)} if nobody else is left)"
    )
    return f"{again}; head start {figure(event.boost)} s more" if event.boost else again


def _told_step(event: ev.Escalated) -> Iterator[str]:
    """Yield what a step changed."""
    if event.needs is not None:
        yield f"needs {told_needs(event.needs)}"
    if event.tier is not None:
        yield f"tier {event.tier}"
    if event.head_start:
        yield f"head start {figure(event.head_start)} s more"
    if event.notify is not None:
        yield f"notify {event.notify}"


def told_needs(needs: Needs) -> str:
    """Return needs in words."""
    return needs.text or ", ".join(f"{skill} {figure(least)}" for skill, least in needs.skills) or "anybody"


def _told_clock(event: ev.ClockStarted | ev.ClockResumed) -> str:
    what = "runs" if isinstance(event, ev.ClockStarted) else "goes on"
    due = "its target was missed before" if event.due is None else f"due {when(event.due)}"
    return f"clock {event.target} {what} ({event.cause}): {due}"


def _told_standing(event: ev.ClockPaused | ev.ClockStopped | ev.ClockCancelled) -> str:
    what = {ev.ClockPaused: "stands still", ev.ClockStopped: "has stopped"}.get(type(event), "is cancelled")
    return f"clock {event.target} {what} ({event.cause}) after {figure(event.elapsed)} s"


def told_update(event: ev.Updated, before: Interaction | None) -> str:
    """Return what is known by now that was not known, or otherwise, *before*; None: nobody knows that.

    Figures and classes are told; who the customer is, and texts of attributes, are not.
    """
    place = f"key {when(event.reference - event.head_start)}"
    terms = _told_terms(event.head_start, event.terms)
    return f"what is known changed: {'; '.join(_told_news(event, before))}: {place}{terms}"


def _told_news(event: ev.Updated, before: Interaction | None) -> Iterator[str]:
    if event.customer is not None:
        yield from _told_customer(event.customer, None if before is None else before.customer)
    if event.sentiment is not None:
        yield f"sentiment {_told_change(None if before is None else before.sentiment, event.sentiment)}"
    for name, value in sorted((event.attributes or {}).items()):
        old = None if before is None else before.attributes.get(name)
        if isinstance(value, str) or isinstance(old, str):
            yield f"attribute {name}"
        else:
            yield f"attribute {name} {_told_change(old, value)}"
    if event.needs is not None:
        yield f"needs {told_needs(event.needs)}"
    if event.tier is not None:
        yield f"tier {_told_change(None if before is None else before.tier, event.tier)}"


def _told_customer(now: Customer, before: Customer | None) -> Iterator[str]:
    if before is None or before.id != now.id:
        yield "who the customer is"
    for name in ("value", "influence", "followers", "segment"):
        old, new = getattr(before, name, None), getattr(now, name)
        if old != new:
            yield f"{name} {_told_change(old, new)}"
    if before == now:
        yield "nothing of the customer"


def _told_change(old: object, new: object) -> str:
    """Return how something was and is, as far as anybody knows."""
    was, now = (_told_value(each) for each in (old, new))
    return now if old is None and new is not None else f"{was} -> {now}"


def _told_value(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return figure(value)
    return "unknown" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _told_transferred(event: ev.Transferred) -> str:
    if event.cause == OVERFLOW:
        why = event.reason or "its own was full or closed"
        return f"sent on to queue {event.queue}, for {why}: {_told_place(event)}"
    return f"transferred to queue {event.queue}{_told_passing(event)}: {_told_place(event)}"


TOLD: Mapping[type, Callable[[Any], str]] = {
    ev.Submitted: _told_submitted,
    ev.Offered: lambda e: f"offered to {e.agent} (offer {e.offer}) until {when(e.expires)}",
    ev.Assigned: _told_assigned,
    ev.Declined: lambda e: f"declined by {e.agent}{f' ({e.reason})' if e.reason else ''}; {_told_apart(e)}",
    ev.OfferExpired: lambda e: f"offer {e.offer} to {e.agent} ran out at {when(e.due)}; {_told_apart(e)}",
    ev.OfferRescinded: _told_rescinded,
    ev.WrapUpStarted: lambda e: f"served by {e.agent}, who wraps up until {when(e.until)} at most",
    ev.Completed: lambda e: f"completed by {e.agent}",
    ev.Cancelled: lambda e: f"cancelled{f': {e.reason}' if e.reason else ''}",
    ev.Abandoned: lambda e: "abandoned by the customer",
    ev.Transferred: _told_transferred,
    ev.Requeued: lambda e: f"back from {e.agent} ({e.cause}); {_told_apart(e)}",
    ev.Rekeyed: lambda e: f"placed anew in queue {e.queue} by another plan: {_told_place(e)}",
    ev.Updated: lambda e: told_update(e, None),
    ev.Escalated: lambda e: (
        f"took step {e.step} of its queue, due {when(e.due)}: {'; '.join(_told_step(e)) or 'nothing changes'}"
    ),
    ev.SlaMissed: lambda e: f"missed its SLA target ({e.target.replace('_', ' ')}) at {when(e.due)}",
    ev.SlaWarned: lambda e: (
        f"{e.share:.0%} of its SLA target ({e.target.replace('_', ' ')}) used up at {when(e.due)}"
    ),
    ev.ClockStarted: _told_clock,
    ev.ClockPaused: _told_standing,
    ev.ClockResumed: _told_clock,
    ev.ClockStopped: _told_standing,
    ev.ClockCancelled: _told_standing,
    ev.MessageReceived: lambda e: (
        f"the customer wrote{'' if e.sentiment is None else f' (sentiment {figure(e.sentiment)})'}"
    ),
    ev.ReplySent: lambda e: f"answered by {'something automatic' if e.agent is None else e.agent}",
    ev.StatusChanged: lambda e: f"{e.status.value.replace('_', ' ')} ({e.cause})",
    ev.Reopened: lambda e: f"opened again in queue {e.queue} ({e.cause}): {_told_place(e)}",
    ev.AlarmRaised: lambda e: f"raised the alarm {e.alarm.replace('_', ' ')} of queue {e.queue}",
    ev.PolicyFailed: lambda e: f"policy {e.policy} failed ({e.error}): the default answered",
    ev.Refused: lambda e: f"{e.command} refused: {e.reason}",
    ev.Parked: lambda e: (
        f"put aside{'' if e.agent is None else f' by {e.agent}'}"
        f"{'' if e.until is None else f' until {when(e.until)}'}"
        f"{', or until the customer writes' if e.on_reply else ''}"
    ),
    ev.Resumed: lambda e: (
        f"waits again in its place ({'the customer wrote' if e.cause == 'reply' else e.cause}"
        f"{'' if e.due is None else f', due {when(e.due)}'})"
    ),
    ev.Locked: lambda e: (
        f"locked by {e.agent} until {when(e.until)}"
        f"{'' if e.stolen_from is None else f', who took the lock from {e.stolen_from}'}"
    ),
    ev.Unlocked: lambda e: f"no more locked by {e.agent} ({e.cause})",
    ev.Collapsed: lambda e: f"closed in a surge, as nearly the same as {e.into}, which was open",
    ev.TemplateSent: lambda e: f"closed in a surge with the automatic answer {e.template}",
    ev.WrapUpExtended: lambda e: f"{e.agent} wraps up for longer, until {when(e.until)} at most",
    ev.ReplyProposed: lambda e: f"{e.agent} proposed a reply, which waits for its review {e.review}",
    ev.ReplySampled: lambda e: f"the reply of {e.agent} is looked at after it was sent: {e.review}",
    ev.ReplyApproved: lambda e: f"{e.agent} approved the reply ({e.review})",
    ev.ReplyRejected: lambda e: (
        f"{e.agent} rejected the reply ({e.review}){f': {e.reason}' if e.reason else ''}"
    ),
    ev.ReplyWithdrawn: lambda e: (
        f"the reply of {e.agent} was withdrawn ({e.cause}), with its review {e.review}"
    ),
}
"""Every event that can be about an interaction, in words."""

OF_OFFERS = frozenset({"Accept", "Decline"})
OF_INTERACTIONS = frozenset(
    {
        *("Submit", "Cancel", "Abandon", "Transfer", "Assign", "Complete", "FinishWrapUp", "Release"),
        *("Reopen", "CustomerReplied", "AgentReplied", "BotReplied", "SetStatus"),
        *("Park", "Resume", "Lock", "Unlock", "ExtendWrapUp", "Escalate", "Update"),
        *("Propose", "Approve", "Reject"),
    }
)


def asked_of_interactions(slot: str) -> bool:
    """Whether what fails in *slot* is about an interaction, not about an agent or a queue."""
    return ".scoring." in slot or ".targets." in slot or slot.endswith((".sla", ".ordering", ".refusals"))


def plain(event: ev.Event) -> dict[str, Any]:
    """Return the fields of *event* as plain data; of an interaction, only what routing asked.

    And how the customer was looked up, if she was: without that, head starts are not understood.
    """
    data = {field.name: getattr(event, field.name) for field in attrs.fields(type(event))}
    if isinstance(event, ev.Submitted):
        what = event.interaction
        data["interaction"] = what.id
        data |= {"queue": what.queue, "channel": what.channel, "needs": what.needs.data}
        data["prefers"] = what.prefers
        if "customer_lookup" in what.attributes:
            data["customer_lookup"] = what.attributes["customer_lookup"]
    if isinstance(event, ev.Updated):
        who, needs = event.customer, event.needs
        names = ("value", "influence", "followers", "segment")
        data["customer"] = None if who is None else {name: getattr(who, name) for name in names}
        data["attributes"] = sorted(event.attributes or {})
        data["needs"] = None if needs is None else needs.data
    return data
