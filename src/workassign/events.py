"""What has happened: facts in the past tense, one class each.

The journal keeps them for ever: fields are only ever added, at the end, with a default.
`at` is when the engine took note; `due` stands beside it where a timer was the cause.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from workassign.commands import message
from workassign.model import (
    Agent,
    AgentId,
    Customer,
    Fence,
    Instant,
    Interaction,
    InteractionId,
    OfferId,
    Presence,
    Status,
    Value,
)
from workassign.needs import Needs

__all__ = [
    "Abandoned",
    "AgentAdded",
    "AgentChanged",
    "AgentRemoved",
    "AlarmCleared",
    "AlarmRaised",
    "Assigned",
    "Cancelled",
    "ClockCancelled",
    "ClockPaused",
    "ClockResumed",
    "ClockStarted",
    "ClockStopped",
    "Collapsed",
    "Completed",
    "Declined",
    "Escalated",
    "Event",
    "Heard",
    "Locked",
    "MessageReceived",
    "OfferExpired",
    "OfferRescinded",
    "Offered",
    "Parked",
    "PlanChanged",
    "PolicyFailed",
    "PolicyResumed",
    "PolicySwitchedOff",
    "PresenceChanged",
    "Refused",
    "Rekeyed",
    "Reopened",
    "ReplyApproved",
    "ReplyProposed",
    "ReplyRejected",
    "ReplySampled",
    "ReplySent",
    "ReplyWithdrawn",
    "Requeued",
    "Resumed",
    "Rotated",
    "ShiftSet",
    "SlaMissed",
    "SlaWarned",
    "StatusChanged",
    "Submitted",
    "SurgeEnded",
    "SurgeStarted",
    "TemplateSent",
    "Terms",
    "Transferred",
    "Unlocked",
    "Updated",
    "Warnings",
    "WrapUpExtended",
    "WrapUpStarted",
]

Terms: TypeAlias = tuple[tuple[str, float], ...]
"""The parts of a head start: name of the scoring policy, seconds."""

Warnings: TypeAlias = tuple[tuple[float, Instant], ...]
"""The warnings still to come from a clock: share of its target, the instant it is used up."""


@message
class Submitted:
    """An interaction came in and waits under the key (tier, reference - head_start, sequence).

    `target` is the seconds from `at` to the first response that its SLA asks for.
    """

    at: Instant
    interaction: Interaction
    sequence: int
    tier: int
    reference: Instant
    head_start: float
    terms: Terms
    target: float | None


@message
class Offered:
    """Work was put before one agent until *expires*.

    Where its queue asks several at once, another event follows for each. *blind*: she shall not
    be shown what it is before she has accepted it.
    """

    at: Instant
    offer: OfferId
    interaction: InteractionId
    agent: AgentId
    expires: Instant
    blind: bool = False


@message
class Assigned:
    """The agent owns the interaction; `fence` rises with every assignment.

    `how` is accepted, auto, manual, override or pulled.
    """

    at: Instant
    interaction: InteractionId
    agent: AgentId
    fence: Fence
    how: str
    offer: OfferId | None


@message
class Declined:
    """The agent refused; the interaction is back in its place.

    `retry` and `excluded` end the pair's cool-down and exclusion, `rest` the agent's own; `boost`
    seconds are added to the interaction's head start.
    """

    at: Instant
    offer: OfferId
    interaction: InteractionId
    agent: AgentId
    reason: str
    retry: Instant
    excluded: Instant
    rest: Instant | None
    boost: float = 0.0


@message
class OfferExpired:
    """The agent did not answer in time; the interaction is back in its place."""

    at: Instant
    due: Instant
    offer: OfferId
    interaction: InteractionId
    agent: AgentId
    retry: Instant
    excluded: Instant
    rest: Instant | None
    boost: float = 0.0


@message
class OfferRescinded:
    """The offer was taken back, because of `cause`; times as in `Declined`, where it cools down."""

    at: Instant
    offer: OfferId
    interaction: InteractionId
    agent: AgentId
    cause: str
    retry: Instant | None
    excluded: Instant | None
    rest: Instant | None
    boost: float = 0.0


@message
class WrapUpStarted:
    """The customer is served; the agent writes up, at most until *until*."""

    at: Instant
    interaction: InteractionId
    agent: AgentId
    fence: Fence
    until: Instant


@message
class Completed:
    """The work is done and the agent is free of it; `due` if wrap-up ended by its timer."""

    at: Instant
    interaction: InteractionId
    agent: AgentId
    fence: Fence
    due: Instant | None


@message
class Cancelled:
    """The interaction was closed without further work."""

    at: Instant
    interaction: InteractionId
    reason: str


@message
class Abandoned:
    """The customer left before anybody accepted."""

    at: Instant
    interaction: InteractionId


@message
class Transferred:
    """The interaction waits in another queue; `agent` is who held it, if anybody.

    Whoever passed it on is kept apart from it, as after a refusal: times as in `Declined`. It goes
    first `to` a colleague; `reset`: its age counts from now; `reason` is that of an escalation or overflow.
    """

    at: Instant
    interaction: InteractionId
    queue: str
    agent: AgentId | None
    cause: str
    tier: int
    reference: Instant
    head_start: float
    terms: Terms
    target: float | None
    retry: Instant | None = None
    excluded: Instant | None = None
    to: AgentId | None = None
    reset: bool = False
    reason: str = ""


@message
class Requeued:
    """An accepted interaction left its agent and is back in its place; times as in `Declined`."""

    at: Instant
    interaction: InteractionId
    agent: AgentId
    cause: str
    due: Instant | None
    retry: Instant
    excluded: Instant
    boost: float = 0.0


@message
class Rekeyed:
    """A new plan gave an open interaction another key, and a new queue if its own is gone.

    `kept`: the steps that it took so far hold on, with what they relaxed; else it begins anew.
    """

    at: Instant
    interaction: InteractionId
    queue: str
    tier: int
    reference: Instant
    head_start: float
    terms: Terms
    target: float | None
    kept: bool = False


@message
class Escalated:
    """A step of its queue's schedule was taken for a waiting interaction; its time came at *due*.

    `step` is the number of the step, from 1. `needs` and `tier` are those from now on, None where
    they stay; `head_start` seconds are added. `notify` is what the step says beside.
    """

    at: Instant
    due: Instant
    interaction: InteractionId
    step: int
    needs: Needs | None
    tier: int | None
    head_start: float
    notify: str | None


@message
class Updated:
    """Other facts are known of an open interaction, and give it another key.

    `customer`, `sentiment`, `needs` and `tier` are those from now on, None where they stay;
    `attributes` are added to those that it had, or replace them by name. `terms` say of what the head
    start is made: what the scoring policies say by now, and what refusals and steps have added.
    """

    at: Instant
    interaction: InteractionId
    customer: Customer | None
    sentiment: float | None
    attributes: Mapping[str, Value] | None
    needs: Needs | None
    tier: int | None
    reference: Instant
    head_start: float
    terms: Terms


@message
class Rotated:
    """The agents of a rotation are in its *period*, from 1; it began at *due*, None if the load decided."""

    at: Instant
    due: Instant | None
    rotation: str
    period: int


@message
class SlaMissed:
    """A target was missed at *due*."""

    at: Instant
    due: Instant
    interaction: InteractionId
    target: str


@message
class SlaWarned:
    """So large a *share* of a target was used up at *due*."""

    at: Instant
    due: Instant
    interaction: InteractionId
    target: str
    share: float


@message
class ClockStarted:
    """An SLA clock runs, and breaches its *target* at *due* unless something happens before.

    `seconds` of the clock's own time (open hours, or the wall's) are allowed, `elapsed` of them
    are used up already: more than none where it goes on from another queue or opening. Without a
    `due` it goes on from one whose target was missed, and is only measured.
    """

    at: Instant
    interaction: InteractionId
    target: str
    cause: str
    seconds: float
    elapsed: float
    due: Instant | None
    warnings: Warnings


@message
class ClockPaused:
    """An SLA clock stands still; `elapsed` seconds of its own time are used up."""

    at: Instant
    interaction: InteractionId
    target: str
    cause: str
    elapsed: float


@message
class ClockResumed:
    """An SLA clock goes on; it breaches its target at *due*, None if it has already."""

    at: Instant
    interaction: InteractionId
    target: str
    cause: str
    due: Instant | None
    warnings: Warnings


@message
class ClockStopped:
    """What an SLA clock waits for has happened, `elapsed` seconds of its own time after its start."""

    at: Instant
    interaction: InteractionId
    target: str
    cause: str
    elapsed: float


@message
class ClockCancelled:
    """What an SLA clock waits for counts no more."""

    at: Instant
    interaction: InteractionId
    target: str
    cause: str
    elapsed: float


@message
class MessageReceived:
    """The customer wrote again; a wrap-up that was going on is over, the agent has it on."""

    at: Instant
    interaction: InteractionId
    sentiment: float | None


@message
class ReplySent:
    """The customer was answered: by *agent*, or by something automatic where that is None.

    `review` is what had to approve it before; `ref` is where the text is, if that was said.
    """

    at: Instant
    interaction: InteractionId
    agent: AgentId | None
    review: InteractionId | None = None
    ref: str | None = None


@message
class StatusChanged:
    """It is somebody else's turn."""

    at: Instant
    interaction: InteractionId
    status: Status
    cause: str


@message
class Reopened:
    """A closed interaction waits again: a next opening, whose age begins anew."""

    at: Instant
    interaction: InteractionId
    queue: str
    cause: str
    tier: int
    reference: Instant
    head_start: float
    terms: Terms
    target: float | None


@message
class AlarmRaised:
    """Something in a queue is as its plan says that it must not be.

    `alarm` is oldest_age, next_breach, no_eligible_agent or last_step; `interaction` is the first that it is
    about; `due` if time brought it.
    """

    at: Instant
    due: Instant | None
    queue: str
    alarm: str
    interaction: InteractionId


@message
class AlarmCleared:
    """It is so no more."""

    at: Instant
    queue: str
    alarm: str


@message
class AgentAdded:
    """Somebody is on the roster, offline."""

    at: Instant
    agent: Agent


@message
class AgentChanged:
    """An agent has other skills, queues, channels or capacity."""

    at: Instant
    agent: Agent


@message
class AgentRemoved:
    """Somebody is off the roster."""

    at: Instant
    agent: AgentId


@message
class PresenceChanged:
    """An agent's presence is another one, because of `cause`.

    `grace` is set after a lost connection: until then held work waits for her.
    """

    at: Instant
    agent: AgentId
    presence: Presence
    cause: str
    grace: Instant | None
    then: Presence | None = None


@message
class PlanChanged:
    """Another plan holds from now on."""

    at: Instant
    plan: Mapping[str, Any]
    plan_hash: str


@message
class ShiftSet:
    """The agent's shift ends at *until*, and she goes to *presence* then; None: it has no known end.

    `due` is the end that has come, where that is what unset it.
    """

    at: Instant
    agent: AgentId
    until: Instant | None
    presence: Presence
    due: Instant | None = None


@message
class Heard:
    """The agent was heard of: unless she is again, she is disconnected at *until*.

    `due` is the end of the lease before, where nobody was there to hear her when it came.
    """

    at: Instant
    agent: AgentId
    until: Instant
    due: Instant | None = None


@message
class PolicyFailed:
    """A policy raised or answered rubbish; the default answered instead."""

    at: Instant
    slot: str
    policy: str
    error: str
    subject: str


@message
class PolicySwitchedOff:
    """A policy failed too often; the default answers until a command switches it on."""

    at: Instant
    slot: str
    policy: str


@message
class PolicyResumed:
    """A policy that was switched off is asked again."""

    at: Instant
    slot: str


@message
class Refused:
    """A command came too late or was impossible; nothing changed.

    `rule` is a word to program against, `reason` a sentence to read.
    """

    at: Instant
    command: str
    subject: str
    rule: str
    reason: str


@message
class Parked:
    """The interaction was put aside: until *until*, by *agent* if she held it.

    `on_reply`: the customer's next message brings it back. `same_agent`: it goes to her first then.
    """

    at: Instant
    interaction: InteractionId
    agent: AgentId | None
    until: Instant | None
    on_reply: bool
    same_agent: bool


@message
class Resumed:
    """What was put aside waits in its place again; `cause` is time (it was due at *due*), reply or asked."""

    at: Instant
    due: Instant | None
    interaction: InteractionId
    cause: str


@message
class Locked:
    """Only *agent* may answer until *until*; `stolen_from` is who had the lock before her."""

    at: Instant
    interaction: InteractionId
    agent: AgentId
    until: Instant
    stolen_from: AgentId | None = None


@message
class Unlocked:
    """Everybody may answer again; *agent* had the lock.

    `cause` is released, expired (it was due at *due*), replied or closed.
    """

    at: Instant
    due: Instant | None
    interaction: InteractionId
    agent: AgentId
    cause: str


@message
class WrapUpExtended:
    """The agent writes up for longer, at most until *until*."""

    at: Instant
    interaction: InteractionId
    agent: AgentId
    fence: Fence
    until: Instant


@message
class ReplyProposed:
    """The reply of *agent*, who holds the interaction, waits until its *review* is done; that comes next."""

    at: Instant
    interaction: InteractionId
    agent: AgentId
    review: InteractionId
    ref: str | None = None


@message
class ReplySampled:
    """The reply of *agent* was sent, and somebody looks at it all the same; its *review* comes next."""

    at: Instant
    interaction: InteractionId
    agent: AgentId
    review: InteractionId
    ref: str | None = None


@message
class ReplyApproved:
    """The reviewer, *agent*, found the reply good: one that was not sent is sent now, its author goes on."""

    at: Instant
    interaction: InteractionId
    agent: AgentId
    review: InteractionId


@message
class ReplyRejected:
    """The reviewer, *agent*, found the reply wanting: one that was not sent goes back to its author."""

    at: Instant
    interaction: InteractionId
    agent: AgentId
    review: InteractionId
    reason: str = ""


@message
class ReplyWithdrawn:
    """The *review* was closed before anybody decided; *agent*, the author, has the interaction on."""

    at: Instant
    interaction: InteractionId
    agent: AgentId
    review: InteractionId
    cause: str


@message
class SurgeStarted:
    """Too much comes in: so many arrivals within the window of the plan's `surge`."""

    at: Instant
    arrivals: int


@message
class SurgeEnded:
    """The surge was over at *due*; None: another plan ended it."""

    at: Instant
    due: Instant | None


@message
class Collapsed:
    """In a surge the interaction was closed as nearly the same as `into`, which is open."""

    at: Instant
    interaction: InteractionId
    into: InteractionId


@message
class TemplateSent:
    """In a surge the interaction was closed with an automatic answer."""

    at: Instant
    interaction: InteractionId
    template: str


Event: TypeAlias = (
    Submitted
    | Offered
    | Assigned
    | Declined
    | OfferExpired
    | OfferRescinded
    | WrapUpStarted
    | Completed
    | Cancelled
    | Abandoned
    | Transferred
    | Requeued
    | Rekeyed
    | Escalated
    | SlaMissed
    | SlaWarned
    | ClockStarted
    | ClockPaused
    | ClockResumed
    | ClockStopped
    | ClockCancelled
    | MessageReceived
    | ReplySent
    | StatusChanged
    | Reopened
    | AlarmRaised
    | AlarmCleared
    | AgentAdded
    | AgentChanged
    | AgentRemoved
    | PresenceChanged
    | PlanChanged
    | PolicyFailed
    | PolicySwitchedOff
    | PolicyResumed
    | Refused
    | Rotated
    | Parked
    | Resumed
    | Locked
    | Unlocked
    | WrapUpExtended
    | ShiftSet
    | Heard
    | ReplyProposed
    | ReplySampled
    | ReplyApproved
    | ReplyRejected
    | ReplyWithdrawn
    | SurgeStarted
    | SurgeEnded
    | Collapsed
    | TemplateSent
    | Updated
)
