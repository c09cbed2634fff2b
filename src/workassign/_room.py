"""How much room has an agent for one kind of work, beside what she has already?

Every rule of it is here: her pool, the limits of channels and labels, what may run beside what, what
interrupts what, and what takes up less while it is the customer's turn. A plan's capacity policy can
only forbid more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any, Protocol

from workassign.model import Agent, Channel, Status

__all__ = [
    "UNIT",
    "Hands",
    "Kind",
    "asleep",
    "counted",
    "has_room",
    "in_the_way",
    "kept_back",
    "labelled",
    "lacks",
    "on_channel",
    "stays_open",
]

UNIT = 1_000_000
"""Loads are whole millionths of a unit: sums of them are exact."""


class Kind:
    """What work has in common as to room: its channel, and its label where somebody limits that."""

    __slots__ = ("beside", "channel", "discount", "handle_time", "interrupted_by", "label", "units")

    def __init__(self, channel: str, label: str | None, plan: Channel) -> None:
        self.channel = channel
        self.label = label
        self.units = round(plan.units * UNIT)
        self.discount: int | None = None
        """What it takes up while it is the customer's turn; None: as much as ever."""
        if plan.pending_units is not None:
            self.discount = round(plan.pending_units * UNIT)
        self.beside = None if plan.beside is None else frozenset(plan.beside)
        """Channels whose work may run beside it; None: all."""
        self.handle_time = plan.handle_time
        self.interrupted_by = frozenset(plan.interruptible_by)
        """Channels for whose work it does not count."""


class Hands(Protocol):
    """An agent, as far as her room goes."""

    agent: Agent
    pool: int

    @property
    def holdings(self) -> Mapping[str, Any]:
        """What she is offered or holds (`Holding`), by id."""


def asleep(kind: Kind, status: Status) -> bool:
    """Whether accepted work of *kind* takes up less at that *status*."""
    return kind.discount is not None and status is not Status.OPEN


def has_room(who: Hands, kind: Kind, but: object = None) -> bool:
    """Whether *who* may be given one more of *kind*, as if without *but*. Cost: O(what she has)."""
    return next(lacks(who, kind, but), None) is None


def lacks(who: Hands, kind: Kind, but: object = None) -> Iterator[str]:
    """Yield why *who* may not: room, channel_limit, beside, label_limit."""
    kept = kept_back(who, but)
    if counted(who, kind, but) + kind.units + kept > who.pool:
        yield "room"
    channels, labels = who.agent.channels, who.agent.labels
    if channels is not None and on_channel(who, kind.channel, but) >= channels.get(kind.channel, 0):
        yield "channel_limit"
    if in_the_way(who, kind, but) is not None:
        yield "beside"
    most = None if labels is None or kind.label is None else labels.get(kind.label)
    if most is not None and labelled(who, kind.label, but) >= most:
        yield "label_limit"


def stays_open(who: Hands, kind: Kind, channels: Iterable[Kind]) -> bool:
    """Whether *who* would have room for one of each of *channels* beside one more of *kind*."""
    more = SimpleNamespace(
        units=kind.units,
        dozes=False,
        work=SimpleNamespace(sig=SimpleNamespace(kind=kind, channel=kind.channel)),
    )
    holdings = {**who.holdings, "": more}  # no id is empty
    then = SimpleNamespace(agent=who.agent, pool=who.pool, holdings=holdings)
    return all(has_room(then, each) for each in channels)


def counted(who: Hands, kind: Kind, but: object = None) -> int:
    """Return the load of *who* that counts against *kind*: without what such work interrupts."""
    return sum(
        hold.units for hold in _others(who, but) if kind.channel not in hold.work.sig.kind.interrupted_by
    )


def kept_back(who: Hands, but: object = None) -> int:
    """Return what *who* keeps for work that the customer may wake."""
    if not who.agent.reserve or not any(hold.dozes for hold in _others(who, but)):
        return 0
    return round(who.agent.reserve * UNIT)


def on_channel(who: Hands, channel: str, but: object = None) -> int:
    """Return how many interactions of *channel* she has."""
    return sum(1 for hold in _others(who, but) if hold.work.sig.channel == channel)


def labelled(who: Hands, label: str | None, but: object = None) -> int:
    """Return how many interactions with *label* she has, on all channels."""
    return sum(1 for hold in _others(who, but) if hold.work.interaction.label == label)


def in_the_way(who: Hands, kind: Kind, but: object = None) -> str | None:
    """Return the channel of something she has that *kind* cannot be beside; None: there is nothing."""
    for hold in _others(who, but):
        other: Kind = hold.work.sig.kind
        if kind.channel not in other.interrupted_by and not (
            _bears(kind, other.channel) and _bears(other, kind.channel)
        ):
            return other.channel
    return None


def _bears(kind: Kind, channel: str) -> bool:
    return kind.beside is None or channel in kind.beside


def _others(who: Hands, but: object) -> Iterator[Any]:
    return (hold for hold in who.holdings.values() if hold is not but)
