"""Who and what takes part: interactions, customers, agents, channels, and time.

Values are checked when they are built and never change afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from workassign._names import shown
from workassign.errors import UsageError
from workassign.needs import ANYBODY, Needs, checked_levels, checked_name

if TYPE_CHECKING:
    from datetime import datetime

__all__ = [
    "LARGEST",
    "LATEST",
    "LONGEST",
    "SHORTEST",
    "Agent",
    "AgentId",
    "Channel",
    "Customer",
    "Fence",
    "Instant",
    "Interaction",
    "InteractionId",
    "OfferId",
    "Presence",
    "Status",
    "Value",
    "checked_attributes",
    "checked_instant",
    "checked_sentiment",
    "instant",
    "is_number",
    "maker",
    "range_problem",
    "whole_problem",
]

# Plain types under their own names: ids come from the caller's own tables, and to wrap the
# numbers that the engine hands out would cost 2 % of an interaction's whole life.
InteractionId: TypeAlias = str
AgentId: TypeAlias = str
OfferId: TypeAlias = int
Fence: TypeAlias = int

Instant: TypeAlias = float
"""Seconds: POSIX time in live use, or from 0 in a simulation."""

LATEST = 1e11
"""Instants are at most this far from 0: beyond, a millisecond would vanish."""

LONGEST = 3_660 * 86_400.0
"""Ten years: any longer duration is a slip of the pen."""

SHORTEST = 0.001
"""Any shorter delay could vanish beside a POSIX instant."""

LARGEST = 1e12
"""A policy's number beyond this is rubbish."""

Value: TypeAlias = str | int | float | bool
"""What an attribute can be."""

TEXT_LIMIT = 4096
"""An attribute's text is at most this long: the interaction's own text stays outside, see `ref`."""


def instant(moment: datetime) -> Instant:
    """Return *moment* as an `Instant`.

    Raises:
        UsageError: If *moment* has no time zone, for then it names no instant.

    >>> from datetime import datetime, timezone
    >>> instant(datetime(2026, 1, 1, tzinfo=timezone.utc))
    1767225600.0
    """
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise UsageError(f"{moment!r} is naive: give it a time zone")
    return moment.timestamp()


_NUMBERS = (int, float)


def _in_range(value: float | None, low: float, high: float, what: str) -> None:
    """Check that *value* is None or a number with low <= value <= high (so NaN is refused)."""
    if value is not None:
        _check_number(value, low, high, what)


def _check_number(value: float, low: float, high: float, what: str) -> None:
    """Check that *value* is a number with low <= value <= high."""
    if isinstance(value, bool) or not isinstance(value, _NUMBERS):
        raise UsageError(f"{what} must be a number, not {shown(value)}")
    if not (low <= value <= high):
        raise UsageError(f"{what} must be between {low:g} and {high:g}, not {shown(value)}")


def is_number(value: object) -> bool:
    """Whether *value* is a number, which a bool is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def range_problem(value: object, most: float = LONGEST) -> str | None:
    """Return the rule that *value* breaks, unless it is a number from `SHORTEST` to *most*."""
    if is_number(value) and SHORTEST <= value <= most:  # type: ignore[operator]
        return None
    return f"must be positive, from {SHORTEST} to {most:.0f}, not {shown(value)}"


def whole_problem(value: object, low: int, high: int) -> str | None:
    """Return the rule that *value* breaks, unless it is a whole number from *low* to *high*."""
    if type(value) is int and low <= value <= high:
        return None
    return f"must be a whole number from {low} to {high}, not {shown(value)}"


def checked_instant(value: float | None, what: str) -> None:
    """Check that *value* is None or an instant.

    Raises:
        UsageError: If it is not.
    """
    _in_range(value, -LATEST, LATEST, what)


def checked_sentiment(value: float | None, what: str) -> None:
    """Check that *value* is None or a number from -1 to 1.

    Raises:
        UsageError: If it is not.
    """
    _in_range(value, -1, 1, what)


def checked_attributes(attributes: Mapping[str, Value]) -> Mapping[str, Value]:
    """Return a read-only copy, after checking names and values.

    Raises:
        UsageError: If it is no table, a name is none, or a value is no text, finite number or bool.
    """
    if not isinstance(attributes, Mapping):
        raise UsageError(f"attributes must be a table name -> value, not {shown(attributes)}")
    for name, value in attributes.items():
        checked_name(name, "an attribute's name")
        _check_value(name, value)
    return MappingProxyType(dict(attributes))


def _check_value(name: str, value: object) -> None:
    if isinstance(value, str):
        if len(value) > TEXT_LIMIT:
            raise UsageError(
                f"attribute {name!r} must have at most {TEXT_LIMIT} characters, not {len(value)}: "
                "keep texts outside and give a ref"
            )
        if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
            raise UsageError(f"attribute {name!r} holds a NUL or a lone surrogate")
    elif not isinstance(value, int | float) or not abs(value) < 2**63:  # so NaN is refused
        raise UsageError(f"attribute {name!r} must be text, a finite number or a bool, not {shown(value)}")


@attrs.frozen(kw_only=True, weakref_slot=False)
class Customer:
    """Who wrote, and how much it matters.

    Raises:
        UsageError: If a figure is NaN, infinite or out of its range.
    """

    id: str
    value: float | None = None
    """Lifetime value in the operator's own money, any finite number."""
    influence: float | None = None
    """An influence score, 0 to 100."""
    followers: int | None = None
    """Follower count, >= 0."""
    segment: str | None = None
    """Which group of customers she belongs to, in the operator's own terms: gold, trial, press."""

    def __attrs_post_init__(self) -> None:
        """Check every field."""
        checked_name(self.id, "customer id", personal=True)
        if self.segment is not None:
            checked_name(self.segment, "segment", personal=True)
        if self.value is not None:
            _in_range(self.value, -1e15, 1e15, "customer value")
        if self.influence is not None:
            _in_range(self.influence, 0, 100, "influence")
        if self.followers is not None:
            _in_range(self.followers, 0, 1e12, "followers")


_NO_ATTRIBUTES: Mapping[str, Value] = MappingProxyType({})

_NO_DELAYS: Mapping[str, float] = MappingProxyType({})


@attrs.frozen(kw_only=True, weakref_slot=False)
class Interaction:
    """One piece of work: a mention, a chat, an e-mail, a call.

    It has no text, only a reference to it: journals are kept for ever, texts must be erasable.

    Raises:
        UsageError: If an id is no name, or a figure is NaN or out of its range.
    """

    id: InteractionId
    queue: str = "default"
    channel: str = "default"
    needs: Needs = ANYBODY
    customer: Customer | None = None
    sentiment: float | None = None
    """From -1 (furious) to 1 (delighted); None where nobody could tell."""
    tier: int | None = None
    """A strict priority class that overrides the queue's; lower is more urgent, 0 to 99."""
    prefers: AgentId | None = None
    """The agent who should have it if she is there (see the queue's `sticky_wait`)."""
    ref: str | None = None
    """Where the text is, in the caller's own terms."""
    attributes: Mapping[str, Value] = _NO_ATTRIBUTES
    label: str | None = None
    """Its kind of case: agents may take only so many of a label at a time (`Agent.labels`)."""
    not_before: Instant | None = None
    """It is put aside until then: its age, its place and its promises count from then on."""
    parent: InteractionId | None = None
    """The open interaction that it is a part of, which cannot be completed before it is done."""
    shared_with: tuple[str, ...] = ()
    """Other queues whose agents may take it, too: it is in its own queue, and lives by its rules."""

    def __attrs_post_init__(self) -> None:
        """Check every field."""
        checked_name(self.id, "interaction id")
        if self.label is not None:
            checked_name(self.label, "label")
        if type(self.queue) is not str or self.queue != "default":
            checked_name(self.queue, "queue")
        if type(self.channel) is not str or self.channel != "default":
            checked_name(self.channel, "channel")
        if type(self.needs) is not Needs:
            raise UsageError(f"needs must be Needs(...), not {shown(self.needs)}")
        if self.customer is not None and not isinstance(self.customer, Customer):
            raise UsageError(f"customer must be Customer(...), not a {type(self.customer).__name__}")
        if self.sentiment is not None:
            _in_range(self.sentiment, -1, 1, "sentiment")
        if self.tier is not None and (problem := whole_problem(self.tier, 0, 99)):
            raise UsageError(f"tier {problem}")
        if self.prefers is not None:
            checked_name(self.prefers, "prefers")
        if self.ref is not None:
            checked_name(self.ref, "ref")
        if self.attributes is not _NO_ATTRIBUTES:
            object.__setattr__(self, "attributes", checked_attributes(self.attributes))
        if type(self.shared_with) is not tuple or self.shared_with:
            object.__setattr__(self, "shared_with", _checked_shared(self.shared_with, self.queue))
        if self.not_before is not None:
            _in_range(self.not_before, -LATEST, LATEST, "not_before")
        if self.parent is not None:
            checked_name(self.parent, "parent")
            if self.parent == self.id:
                raise UsageError(f"interaction {self.id!r} cannot be its own parent")

    def named(self, id: InteractionId) -> Interaction:
        """Return one that differs in its id alone: of many alike, only the first is checked as a whole.

        Cost: a quarter of building one. It is equal to one that was built with the same fields.

        Raises:
            UsageError: If *id* is no name, or that of the interaction that it is a part of.

        >>> mention = Interaction(id="mention-1", queue="social")
        >>> mention.named("mention-2") == Interaction(id="mention-2", queue="social")
        True
        """
        checked_name(id, "interaction id")
        if id == self.parent:
            raise UsageError(f"interaction {id!r} cannot be its own parent")
        return _copied(self, id)

    def __hash__(self) -> int:
        """Equal interactions have equal ids."""
        return hash(self.id)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy the fields: they are checked again where they arrive."""
        return _built, (Interaction, _fields(self))


def maker(like: Interaction) -> Callable[[InteractionId], Interaction]:
    """Return what makes interactions as `like.named` does, without a look at the id: twice as fast.

    Whoever asks has to know that the ids are names, and none that of the parent of *like*.
    """
    return partial(_copied, like)


class _Twin:
    """What becomes an interaction: with the same slots, which can be filled."""

    __slots__ = tuple(each.name for each in attrs.fields(Interaction))


def _copied(like: Interaction, id: InteractionId) -> Interaction:
    # To fill a frozen object takes a slow call a field. So a twin with the same slots is filled,
    # and becomes an interaction when it is complete: nobody ever sees one change.
    twin: Any = _Twin()
    twin.id = id
    twin.queue = like.queue
    twin.channel = like.channel
    twin.needs = like.needs
    twin.customer = like.customer
    twin.sentiment = like.sentiment
    twin.tier = like.tier
    twin.prefers = like.prefers
    twin.ref = like.ref
    twin.attributes = like.attributes
    twin.label = like.label
    twin.not_before = like.not_before
    twin.parent = like.parent
    twin.shared_with = like.shared_with
    twin.__class__ = Interaction
    return twin  # type: ignore[no-any-return]


SHARED_LIMIT = 20
"""An interaction is shared with at most so many queues."""


def _checked_shared(queues: Sequence[str], own: str) -> tuple[str, ...]:
    if not isinstance(queues, list | tuple):
        raise UsageError(f"shared_with must be a list of queues, not {shown(queues)}")
    for name in queues:
        checked_name(name, "a queue of shared_with")
    if len({own, *queues}) <= len(queues):
        raise UsageError(f"shared_with must name each queue once, and not its own, not {shown(queues)}")
    if len(queues) > SHARED_LIMIT:
        raise UsageError(f"shared_with must be at most {SHARED_LIMIT} queues, not {len(queues)}")
    return tuple(sorted(queues))


def _fields(value: attrs.AttrsInstance) -> dict[str, Any]:
    """Return the fields of a value by name, read-only tables as plain ones."""
    pairs = ((each.name, getattr(value, each.name)) for each in attrs.fields(type(value)))
    return {name: dict(each) if isinstance(each, Mapping) else each for name, each in pairs}


def _built(kind: type[Any], fields: dict[str, Any]) -> object:
    """Return a value again, from its fields."""
    return kind(**fields)


def _checked_queues(queues: Mapping[str, int] | None) -> Mapping[str, int] | None:
    if queues is None:
        return None
    if not isinstance(queues, Mapping):
        raise UsageError(f"queues of an agent must be a table queue -> priority, not {shown(queues)}")
    for name, priority in queues.items():
        checked_name(name, "a queue of an agent")
        if problem := whole_problem(priority, 1, 99):
            raise UsageError(f"priority of queue {name!r} {problem}")
    return MappingProxyType(dict(sorted(queues.items())))


def _checked_delays(delays: Mapping[str, float]) -> Mapping[str, float]:
    if not isinstance(delays, Mapping):
        raise UsageError(f"delays of an agent must be a table queue -> seconds, not {shown(delays)}")
    for name, seconds in delays.items():
        checked_name(name, "a queue of an agent")
        if not (is_number(seconds) and seconds == 0) and (problem := range_problem(seconds)):
            raise UsageError(f"delay of queue {name!r} {problem}, or 0: none")
    return MappingProxyType({name: float(seconds) for name, seconds in sorted(delays.items())})


def _checked_limits(limits: Mapping[str, int], what: str) -> Mapping[str, int]:
    """Return how many at a time of each channel, or label, read-only."""
    if not isinstance(limits, Mapping):
        raise UsageError(f"{what}s of an agent must be a table {what} -> limit, not {shown(limits)}")
    for name, most in limits.items():
        checked_name(name, f"a {what} of an agent")
        if problem := whole_problem(most, 0, 10_000):
            raise UsageError(f"limit of {what} {name!r} {problem}")
    return MappingProxyType(dict(sorted(limits.items())))


VALUES_LIMIT = 100
"""An agent has at most so many values of one attribute."""


def _checked_traits(attributes: Mapping[str, Value | Sequence[Value]]) -> Mapping[str, Any]:
    """Return what an agent's attributes are, read-only, lists of values as tuples."""
    if not isinstance(attributes, Mapping):
        raise UsageError(f"attributes of an agent must be a table name -> value, not {shown(attributes)}")
    traits: dict[str, Any] = {}
    for name, value in sorted(attributes.items(), key=lambda pair: str(pair[0])):
        checked_name(name, "an attribute's name")
        several = isinstance(value, list | tuple)
        for each in value if several else (value,):  # type: ignore[union-attr]
            _check_value(name, each)
        if several and not 0 < len(value) <= VALUES_LIMIT:  # type: ignore[arg-type]
            raise UsageError(f"attribute {name!r} must have 1 to {VALUES_LIMIT} values, not {len(value)}")  # type: ignore[arg-type]
        traits[name] = tuple(value) if several else value  # type: ignore[arg-type]
    return MappingProxyType(traits)


def _checked_groups(groups: Sequence[str]) -> tuple[str, ...]:
    if not isinstance(groups, list | tuple):
        raise UsageError(f"groups of an agent must be a list of names, not {shown(groups)}")
    for name in groups:
        checked_name(name, "a group of an agent")
    if len(set(groups)) < len(groups):
        raise UsageError(f"groups of an agent must name each group once, not {shown(groups)}")
    return tuple(groups)


@attrs.frozen(kw_only=True, weakref_slot=False)
class Agent:
    """Somebody who works.

    Raises:
        UsageError: If an id or a skill is no name, or a figure is out of its range.
    """

    id: AgentId
    skills: Mapping[str, float] = attrs.field(factory=dict)
    """Skill -> proficiency, a number >= 0 on whatever scale the needs use."""
    queues: Mapping[str, int] | None = None
    """Queues served -> her priority for each (1 is best); None: every queue, at priority 1."""
    channels: Mapping[str, int] | None = None
    """Channels served -> how many at a time; None: every channel, limited by `capacity` alone."""
    capacity: float = 1.0
    """The shared pool: the sum of the channels' units of what she is offered or holds, > 0."""
    attributes: Mapping[str, Value | Sequence[Value]] = _NO_ATTRIBUTES
    """What else needs can ask for: name -> value, or several values (language -> es, en)."""
    pull: bool = False
    """She is given nothing unasked, but what she pulls (and what is given by hand)."""
    groups: tuple[str, ...] = ()
    """Groups of the plan: what she does not say of herself they say, the first one first."""
    labels: Mapping[str, int] | None = None
    """Label of interactions -> how many at a time, on all channels together; others are not limited."""
    reserve: float = 0.0
    """Units of her pool that new work may not take up while something of hers has only `pending_units`."""
    login_ramp: float | None = None
    """For so many seconds after she came she has one interaction at a time; None: what fits."""
    delays: Mapping[str, float] = _NO_DELAYS
    """Queue -> seconds for which something is there before she is given it, if it waits for others too."""

    def __attrs_post_init__(self) -> None:
        """Check every field."""
        checked_name(self.id, "agent id")
        if type(self.groups) is not tuple or self.groups:
            object.__setattr__(self, "groups", _checked_groups(self.groups))
        if self.labels is not None:
            object.__setattr__(self, "labels", _checked_limits(self.labels, "label"))
        _check_number(self.reserve, 0, 1e6, "reserve")
        if self.login_ramp is not None and (problem := range_problem(self.login_ramp)):
            raise UsageError(f"login_ramp {problem}")
        levels = MappingProxyType(dict(checked_levels(self.skills, f"agent {self.id!r}")))
        object.__setattr__(self, "skills", levels)
        object.__setattr__(self, "queues", _checked_queues(self.queues))
        if self.channels is not None:
            object.__setattr__(self, "channels", _checked_limits(self.channels, "channel"))
        _check_number(self.capacity, 0.001, 1e6, "capacity")
        if self.attributes is not _NO_ATTRIBUTES:
            object.__setattr__(self, "attributes", _checked_traits(self.attributes))
        if self.delays is not _NO_DELAYS:
            object.__setattr__(self, "delays", _checked_delays(self.delays))
        if type(self.pull) is not bool:
            raise UsageError(f"pull must be true or false, not {shown(self.pull)}")

    def meets(self, needs: Needs) -> bool:
        """Whether she has what *needs* ask for, wherever she is and whatever she holds."""
        return needs.met_by(self.skills, self.attributes, self.id)

    def __hash__(self) -> int:
        """Equal agents have equal ids."""
        return hash(self.id)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy the fields: they are checked again where they arrive."""
        return _built, (Agent, _fields(self))


class Presence(StrEnum):
    """Whether an agent can be given work."""

    OFFLINE = "offline"
    AVAILABLE = "available"
    BUSY = "busy"
    AWAY = "away"
    DRAINING = "draining"
    """Finishes what she holds, takes nothing new, then goes offline."""


class Status(StrEnum):
    """Whose turn it is in an open interaction. Clocks may stand still, and it may take up less room."""

    OPEN = "open"
    PENDING = "pending"
    """The customer has to answer first."""
    ON_HOLD = "on_hold"
    """Somebody else has to: a supplier, another department."""


@attrs.frozen(kw_only=True)
class Channel:
    """A way in (tweets, chat, calls) and how much of an agent one interaction takes up."""

    units: float = 1.0
    """Units of an agent's shared pool, > 0."""
    beside: tuple[str, ...] | None = None
    """Channels, its own included, whose work may run beside it, if they allow that too; None: all."""
    interruptible_by: tuple[str, ...] = ()
    """Channels whose work comes through although she has some of this: that does not count against them."""
    pending_units: float | None = None
    """Units while it is not her turn (the status is pending or on hold), at most `units`; None: as ever."""
    handle_time: float | None = None
    """Typical seconds of one interaction: none is begun later than so long before the end of a shift."""
