"""What is told to the world, on which terms, and how do matters stand with whom it is told?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from math import inf
from typing import Any, TypeAlias, get_args

import attrs

from workassign._codec import as_data
from workassign.errors import UsageError, WorkassignError
from workassign.events import Event

__all__ = [
    "Alarm",
    "ConsumerView",
    "DeadLetter",
    "Deliver",
    "Notice",
    "Progress",
    "Terms",
    "Undelivered",
    "number_of",
]


@attrs.frozen(kw_only=True)
class Notice:
    """One durable event on its way to a consumer."""

    shard: str
    """The name of the journal that it is from."""
    number: int
    """Its number among the events of that journal: 1, 2, 3 …"""
    event: Event

    @property
    def id(self) -> str:
        """The same however often it is told, and of no other event: `shard:number`."""
        return f"{self.shard}:{self.number}"

    @property
    def type(self) -> str:
        """What has happened, in the word of the reference: `Assigned`."""
        return type(self.event).__name__

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data; `data` has the event with all its fields, as the journal writes them."""
        return {
            "id": self.id,
            "shard": self.shard,
            "seq": self.number,
            "type": self.type,
            "at": self.event.at,
            "data": as_data(self.event),
        }


def number_of(id_: str, shard: str) -> int:
    """Return the number of the event that *shard* has told under *id_*; go on after it.

    Raises:
        UsageError: If it is no such id, or is of another shard.

    >>> number_of("main:17", "main")
    17
    """
    of, _, number = id_.rpartition(":")
    if of != shard or not (number.isascii() and number.isdigit()) or str(int(number)) != number:
        raise UsageError(f"an id of {shard} is {shard}:NUMBER, not {id_!r:.80}")
    return int(number)


class Undelivered(WorkassignError):  # noqa: N818 - it is an answer, as `Overloaded` is
    """The consumer does not have it: it will be told again, *retry_after* seconds later at the earliest.

    With *gone* the consumer wants nothing more, ever: nothing is tried again by itself. The reason
    is logged; it must have nothing in it of what was told.
    """

    def __init__(self, reason: str, *, retry_after: float | None = None, gone: bool = False) -> None:
        self.reason = reason
        self.retry_after = retry_after
        self.gone = gone
        super().__init__(reason)


Deliver: TypeAlias = Callable[[Notice], object]
"""Tells a consumer one thing, and returns once the consumer has it; whatever it raises: it has not.

It may be called again with what was taken already. It must end: nobody interrupts it.
"""

DeadLetter: TypeAlias = Callable[[Notice, str], object]
"""Puts aside what could not be told, with the reason, and returns once that is safe."""


def _classes(found: Iterable[type]) -> tuple[type, ...]:
    return tuple(found)


@attrs.frozen(kw_only=True)
class Terms:
    """On which terms a consumer is told.

    Raises:
        UsageError: If one of them makes no sense.
    """

    only: tuple[type, ...] = attrs.field(default=(), converter=_classes)
    """The classes of events that it is told; empty: all."""
    after: int | None = None
    """After which event a new consumer begins; 0: with the first one there ever was, None: from now on."""
    first_pause: float = 1.0
    """So many seconds, at most, are waited after the first failure, then twice as many, and so on."""
    longest_pause: float = 300.0
    """So many seconds are waited at most, unless the consumer asks for more."""
    give_up_after: float = 259_200.0
    """So many seconds after the first failure it is given up, with the next failure; infinity: never."""
    attempts: int | None = None
    """After so many attempts it is given up; None: these are not counted."""
    dead_letter: DeadLetter | None = None
    """What takes what is given up, so that the next is told; None: nothing more is told until `resume`."""
    lag_events: int = 10_000
    """More events than this behind, and there is an alarm."""
    lag_seconds: float = 900.0
    """The oldest that was not told happened more than so many seconds ago, and there is an alarm."""

    def __attrs_post_init__(self) -> None:
        """Check them."""
        known = get_args(Event)
        for each in self.only:
            if each not in known:
                raise UsageError(f"only must list classes of events, not {each!r:.80}")
        for name in ("first_pause", "longest_pause", "give_up_after", "lag_seconds"):
            value = getattr(self, name)
            if type(value) not in (int, float) or not value > 0 or (value == inf and "pause" in name):
                raise UsageError(f"{name} must be a positive number of seconds, not {value!r:.80}")
        for name, least in (("after", 0), ("attempts", 1), ("lag_events", 1)):
            value = getattr(self, name)
            if value is not None and (type(value) is not int or value < least):
                raise UsageError(f"{name} must be a whole number from {least} on, not {value!r:.80}")


class Progress(Enum):
    """How it goes with a consumer."""

    WORKING = "it is told what there is"
    RETRYING = "the last attempt failed, and there will be another one"
    STOPPED = "it was given up: nothing is told until somebody resumes it"
    AHEAD = "it was told more than the journal has: that is another journal, or an older backup"
    ENDED = "the desk was closed"


@attrs.frozen(kw_only=True)
class ConsumerView:
    """How matters stand with one consumer."""

    name: str
    progress: Progress
    cursor: int
    """The number of the last event that it has for certain: there it would go on after a crash."""
    lag: int
    """So many events are behind what it was told."""
    lag_seconds: float
    """How long ago the oldest of these happened that it wants; 0 if there is none."""
    attempts: int
    """How often the next one was tried already."""
    reason: str
    """Why that failed; empty: it did not."""
    dead: int
    """So many were put aside since the start."""


@attrs.frozen(kw_only=True)
class Alarm:
    """Somebody should look after a consumer; or need not any more."""

    kind: str
    """`lag`: it is far behind. `stopped`: it was given up. `ahead`: its cursor is of another journal."""
    raised: bool
    """Whether it began; else it has ended."""
    consumer: ConsumerView
