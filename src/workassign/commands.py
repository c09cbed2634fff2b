"""What can be wished of the engine: imperatives, one class each.

Every command may carry `key` (said twice, it counts once), `actor` (who said it, for the
record) and `expected_version` (refused if its subject has moved on since it was read).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias, get_args

import attrs

from workassign._names import shown
from workassign.errors import UsageError
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
    checked_attributes,
    checked_instant,
    checked_sentiment,
    range_problem,
    whole_problem,
)
from workassign.needs import NAME_LIMIT, Needs, checked_name

if TYPE_CHECKING:
    from attrs import frozen as message
else:

    def message(cls: type) -> type:
        """Make *cls* a message: slots and fields by attrs, frozen for the type checker only.

        A frozen object costs three times as much to build; a test proves that nobody writes to
        one. Equality and repr are the same two functions for all: else half of the time that
        importing the library takes would go into compiling them for each class.
        """
        made = attrs.define(weakref_slot=False, eq=False, repr=False)(cls)
        made.__eq__, made.__repr__, made.__hash__ = _equal, _shown, None
        return made


def _equal(self: attrs.AttrsInstance, other: object) -> bool:
    return other.__class__ is self.__class__ and all(
        getattr(self, each.name) == getattr(other, each.name) for each in attrs.fields(type(self))
    )


def _shown(self: attrs.AttrsInstance) -> str:
    fields = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in attrs.fields(type(self)))
    return f"{type(self).__name__}({fields})"


__all__ = [
    "Abandon",
    "Accept",
    "AddAgent",
    "AgentReplied",
    "Approve",
    "Assign",
    "BotReplied",
    "Cancel",
    "ChangeAgent",
    "ChangePlan",
    "Command",
    "Complete",
    "CustomerReplied",
    "Decline",
    "Disconnect",
    "Escalate",
    "ExtendWrapUp",
    "FinishWrapUp",
    "Heartbeat",
    "Lock",
    "Park",
    "Propose",
    "Pull",
    "Reject",
    "Release",
    "RemoveAgent",
    "Reopen",
    "Resume",
    "ResumePolicy",
    "SetPresence",
    "SetShift",
    "SetStatus",
    "SignOff",
    "SignOn",
    "Submit",
    "Tick",
    "Transfer",
    "Unlock",
    "Update",
    "checked",
    "message",
    "subject_of",
]


@message
class _Command:
    key: str | None = attrs.field(default=None, kw_only=True)
    actor: str | None = attrs.field(default=None, kw_only=True)
    expected_version: int | None = attrs.field(default=None, kw_only=True)


@message
class Submit(_Command):
    """Take in an interaction."""

    interaction: Interaction


@message
class Cancel(_Command):
    """Close an interaction that needs no answer any more, whoever has it."""

    interaction: InteractionId
    reason: str = ""


@message
class Update(_Command):
    """Say what is known by now of an open interaction, whoever has it; it is scored and placed anew.

    What is given replaces what was known, what is None stays; `attributes` are added to those that
    it has, or replace them by name. Its age, its promises and the steps that it took hold on.
    """

    interaction: InteractionId
    customer: Customer | None = None
    sentiment: float | None = None
    attributes: Mapping[str, Value] | None = None
    needs: Needs | None = None
    tier: int | None = None


@message
class Abandon(_Command):
    """The customer left while nobody held it: before anybody accepted, or after it was given back."""

    interaction: InteractionId


@message
class Transfer(_Command):
    """Move an interaction to another queue; it keeps its age, unless `age` is `reset`.

    Whoever holds it shows `agent` and `fence`; both stay None for one that nobody holds. With `to`
    it goes to a colleague, in the same queue too: it waits for her as long as the queue's `sticky_wait`.
    """

    interaction: InteractionId
    queue: str
    agent: AgentId | None = None
    fence: Fence | None = None
    to: AgentId | None = None
    age: str = "keep"


@message
class Assign(_Command):
    """Give an interaction to an agent by hand: skills are not asked, capacity is.

    `override` puts it over her capacity too, and is kept in the journal.
    """

    interaction: InteractionId
    agent: AgentId
    override: bool = False


@message
class Accept(_Command):
    """The agent takes what was offered. Said again by her, it changes nothing."""

    offer: OfferId
    agent: AgentId


@message
class Decline(_Command):
    """The agent does not take what was offered."""

    offer: OfferId
    agent: AgentId
    reason: str = ""


@message
class Pull(_Command):
    """The agent asks for what she would take next, and has it at once."""

    agent: AgentId


@message
class Complete(_Command):
    """The work is done; wrap-up follows where the queue has one."""

    interaction: InteractionId
    agent: AgentId
    fence: Fence


@message
class FinishWrapUp(_Command):
    """The wrap-up is done before its time."""

    interaction: InteractionId
    agent: AgentId
    fence: Fence


@message
class Release(_Command):
    """The agent gives an accepted interaction back; it returns to its place in the queue."""

    interaction: InteractionId
    agent: AgentId
    fence: Fence
    reason: str = ""


@message
class Reopen(_Command):
    """Open a closed interaction again: it waits in its queue, with a new age."""

    interaction: InteractionId
    reason: str = ""


@message
class CustomerReplied(_Command):
    """The customer wrote again; what is closed is opened again, where its queue allows that.

    `sentiment` is that message's, from -1 (furious) to 1 (delighted).
    """

    interaction: InteractionId
    sentiment: float | None = None


@message
class AgentReplied(_Command):
    """An agent answered the customer, who can read it.

    Nobody has to show a fence, for what was said was said; who does must show the one that holds.
    """

    interaction: InteractionId
    agent: AgentId
    fence: Fence | None = None


@message
class BotReplied(_Command):
    """Something automatic answered the customer: a receipt, a bot."""

    interaction: InteractionId


@message
class SetStatus(_Command):
    """Say whose turn it is; the customer's next message makes it `open` again."""

    interaction: InteractionId
    status: Status


@message
class AddAgent(_Command):
    """Put somebody on the roster, offline."""

    agent: Agent


@message
class ChangeAgent(_Command):
    """Replace an agent's skills, queues, channels and capacity; what she holds stays hers."""

    agent: Agent


@message
class RemoveAgent(_Command):
    """Take somebody off the roster; what she was offered or holds goes back to its place."""

    agent: AgentId


@message
class SignOn(_Command):
    """The agent starts: available."""

    agent: AgentId


@message
class SignOff(_Command):
    """The agent leaves: offline at once, or draining until what she holds is done."""

    agent: AgentId


@message
class SetPresence(_Command):
    """The agent is available, busy, away, draining or offline from now on."""

    agent: AgentId
    presence: Presence


@message
class Disconnect(_Command):
    """The agent's connection is lost: offers go back at once, held work after a grace time."""

    agent: AgentId


@message
class SetShift(_Command):
    """The agent's shift ends at *until*: she gets nothing that would not be done by then, and leaves.

    `presence` is where she goes: offline, or away for a break. None: it has no known end any more.
    """

    agent: AgentId
    until: Instant | None = None
    presence: Presence = Presence.OFFLINE


@message
class Heartbeat(_Command):
    """The agent is still there: all that a plan's `heartbeat` asks for."""

    agent: AgentId


@message
class ChangePlan(_Command):
    """Go on under another plan, given as data (`Plan.to_data()`)."""

    plan: Mapping[str, Any]


@message
class ResumePolicy(_Command):
    """Ask a policy again that was switched off after failing."""

    slot: str


@message
class Tick(_Command):
    """Time has passed: let what is due happen."""


@message
class Park(_Command):
    """Put an interaction aside; it keeps its place, and comes back by time, by a reply, or asked for.

    Whoever holds it shows `agent` and `fence`, and is free of it; both stay None for one that nobody
    holds. `until` is when it comes back by itself; None only with `on_reply`: the customer's next
    message brings it back. With `same_agent` it goes first to who put it aside, for as long as the
    queue's `sticky_wait`. Said of what is put aside already, it sets another time.
    """

    interaction: InteractionId
    until: Instant | None = None
    agent: AgentId | None = None
    fence: Fence | None = None
    on_reply: bool = True
    same_agent: bool = True


@message
class Resume(_Command):
    """Bring back at once what was put aside: it waits in its place again."""

    interaction: InteractionId


@message
class Lock(_Command):
    """The agent writes an answer: nobody else may answer for as long as the plan's `lock_lease`.

    Said again by her, it begins anew. `steal` takes the lock from whoever has it.
    """

    interaction: InteractionId
    agent: AgentId
    steal: bool = False


@message
class Unlock(_Command):
    """The agent who has the lock lets others answer again."""

    interaction: InteractionId
    agent: AgentId


@message
class ExtendWrapUp(_Command):
    """Let the wrap-up last so many seconds longer, within its queue's `wrap_up_most`."""

    interaction: InteractionId
    agent: AgentId
    fence: Fence
    seconds: float


@message
class Escalate(_Command):
    """The holder passes it on to her queue's `next_level`, with its age, and does not get it back."""

    interaction: InteractionId
    agent: AgentId
    fence: Fence
    reason: str = ""


@message
class Propose(_Command):
    """The holder has written a reply: it is sent, or approved first where the queue says so (`review`).

    `ref` is where the text is, in the caller's own terms.
    """

    interaction: InteractionId
    agent: AgentId
    fence: Fence
    ref: str | None = None


@message
class Approve(_Command):
    """The holder of a review is done with it: the reply is good, and is sent if it was not before."""

    interaction: InteractionId
    agent: AgentId
    fence: Fence


@message
class Reject(_Command):
    """The holder of a review is done with it: a reply that was not sent goes back to its author."""

    interaction: InteractionId
    agent: AgentId
    fence: Fence
    reason: str = ""


Command: TypeAlias = (
    Submit
    | Cancel
    | Abandon
    | Transfer
    | Assign
    | Accept
    | Decline
    | Complete
    | FinishWrapUp
    | Release
    | Reopen
    | CustomerReplied
    | AgentReplied
    | BotReplied
    | SetStatus
    | AddAgent
    | ChangeAgent
    | RemoveAgent
    | SignOn
    | SignOff
    | SetPresence
    | Disconnect
    | ChangePlan
    | ResumePolicy
    | Tick
    | Pull
    | Park
    | Resume
    | Lock
    | Unlock
    | ExtendWrapUp
    | Escalate
    | SetShift
    | Heartbeat
    | Propose
    | Approve
    | Reject
    | Update
)


def _what(kind: type) -> str:
    """Return what a field must be, in words."""
    if issubclass(kind, Enum):
        return f"{kind.__name__}." + ", .".join(each.name for each in kind)
    return kind.__name__


def subject_of(command: Command) -> str:
    """Return the id that *command* is about; nothing for the plan and the clock."""
    for name in ("interaction", "offer", "agent", "slot"):
        value = getattr(command, name, None)
        if value is not None:
            return str(getattr(value, "id", value))
    return ""


def checked(command: Command) -> Command:
    """Return *command* if what it carries has the right types and lengths.

    Raises:
        UsageError: If it is no command, or a field is wrong: it names the field.
    """
    fields = _FIELDS.get(type(command))
    if fields is None:
        raise UsageError(f"{shown(command)} is no command")
    if command.key is not None or command.actor is not None or command.expected_version is not None:
        fields = fields + _COMMON
    for name, kind, optional in fields:
        value = getattr(command, name)
        if kind is float:
            _NUMBERS[name](value, f"{name} of {type(command).__name__}")
            continue
        if kind is _AGES:
            if type(value) is not str or value not in _AGES:
                what = f"{name} of {type(command).__name__}"
                raise UsageError(f"{what} must be keep or reset, not {shown(value)}")
            continue
        if type(value) is kind and (
            kind is not str or (0 < len(value) <= NAME_LIMIT and value.isprintable())
        ):
            continue  # the usual case, at once
        if (optional and value is None) or (name == "reason" and isinstance(value, str) and not value):
            continue
        what = f"{name} of {type(command).__name__}"
        if kind is str:
            checked_name(value, what)
        elif isinstance(value, bool) != (kind is bool) or not isinstance(value, kind):
            found = f"a {type(value).__name__}" if name in _OF_CUSTOMERS else shown(value)
            raise UsageError(f"{what} must be {_what(kind)}, not {found}")
    if type(command) is Update:
        _check_update(command)
    if type(command) is SetShift and command.presence not in (Presence.OFFLINE, Presence.AWAY):
        raise UsageError(f"presence of SetShift must be offline or away, not {shown(command.presence)}")
    return command


def _check_update(command: Update) -> None:
    """Check the names and values of what is told, and that anything is."""
    if all(getattr(command, name) is None for name in _OPTIONAL[Update]):
        raise UsageError(f"Update must say one of {', '.join(sorted(_OPTIONAL[Update]))}")
    if command.attributes is not None:
        checked_attributes(command.attributes)


_COMMON: list[tuple[str, Any, bool]] = [
    ("key", str, True),
    ("actor", str, True),
    ("expected_version", int, True),
]


_AGES = ("keep", "reset")

_OF_CUSTOMERS = ("customer", "attributes")
"""What may hold something personal, which no error shows."""


def _checked_seconds(value: float | None, what: str) -> None:
    if problem := range_problem(value):
        raise UsageError(f"{what} {problem}")


def _checked_tier(value: float | None, what: str) -> None:
    if value is not None and (problem := whole_problem(value, 0, 99)):
        raise UsageError(f"{what} {problem}")


def _fields_of(command: type) -> list[tuple[str, Any, bool]]:
    """Return name, type and whether it may be missing, of each field of its own that a command has."""
    kinds: dict[str, Any] = {
        "interaction": Interaction if command is Submit else str,
        "agent": Agent if command in (AddAgent, ChangeAgent) else str,
        "offer": int,
        "fence": int,
        "override": bool,
        "presence": Presence,
        "status": Status,
        "sentiment": float,
        "until": float,
        "plan": Mapping,
        "on_reply": bool,
        "same_agent": bool,
        "steal": bool,
        "seconds": float,
        "age": _AGES,
        "customer": Customer,
        "attributes": Mapping,
        "needs": Needs,
        "tier": float,
    }
    optional = _OPTIONAL.get(command, set())
    common = {name for name, _, _ in _COMMON}
    names = [field.name for field in attrs.fields(command) if field.name not in common]
    return [(name, kinds.get(name, str), name in optional) for name in names]


_OPTIONAL: Mapping[type, set[str]] = {
    Transfer: {"agent", "fence", "to"},
    AgentReplied: {"fence"},
    CustomerReplied: {"sentiment"},
    Park: {"agent", "fence"},
    SetShift: {"until"},
    Propose: {"ref"},
    Update: {"customer", "sentiment", "attributes", "needs", "tier"},
}

_NUMBERS: Mapping[str, Callable[[float | None, str], None]] = {
    "sentiment": checked_sentiment,
    "until": checked_instant,
    "seconds": _checked_seconds,
    "tier": _checked_tier,
}

_FIELDS = {command: _fields_of(command) for command in get_args(Command)}
