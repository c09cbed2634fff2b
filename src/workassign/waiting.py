"""When will it be its turn? Asked of a live engine, as of its last turn; nothing changes."""

from __future__ import annotations

from typing import Any

import attrs

from workassign._records import Work
from workassign._state import State
from workassign._waits import Waits
from workassign.engine import Engine
from workassign.errors import UsageError
from workassign.model import Instant, InteractionId
from workassign.queues import forecasts

__all__ = ["Wait", "expected_wait", "position", "wait_of"]


@attrs.frozen(kw_only=True)
class Wait:
    """How long something that waits will still wait until an agent has accepted it; seconds."""

    seconds: float
    """As likely more as less."""
    low: float
    high: float
    """Between these with a probability of `share`, as it went of late."""
    share: float
    position: int
    """Its place, from 1: see `position`."""
    from_: int
    """So many waits were learnt from; below a few dozen, the interval is a guess."""

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain data that JSON can hold."""
        return attrs.asdict(self)

    def text(self) -> str:
        """Return it for a customer or a terminal.

        >>> Wait(seconds=350, low=241, high=532, share=0.8, position=3, from_=90).text()
        'expected in 4 to 9 min, third in line'
        """
        return f"expected in {_told_span(self.low, self.high)}, {_told_place(self.position)} in line"


def position(engine: Engine, interaction: InteractionId) -> int | None:
    """Return the place of *interaction* in line, from 1; None if it does not wait.

    What is ahead of it: whatever else waits, comes before it by tier and key, and could be taken by
    at least one of the agents who are available or busy and could take this one, if she had nothing
    to do; while there is nobody, what has the same needs, queue, channel and tier. What one agent
    has refused, or only a preferred one may have, counts all the same, and so does a work policy
    that would rank them otherwise.

    Cost: O(kinds of waiting work x log n) where the plan has a queue with `expected_wait`, else
    O(all interactions kept + agents).

    Raises:
        UsageError: If there is no such interaction.

    >>> from workassign.model import Interaction
    >>> engine = Engine()
    >>> for number in range(3):
    ...     _ = engine.submit(Interaction(id=f"t{number}"), at=number)
    >>> position(engine, "t2")
    3
    """
    state, work = _found(engine, interaction)
    return _waits(state, engine.now).position(work) if work.stage == "waiting" else None


def expected_wait(engine: Engine, interaction: InteractionId, share: float = 0.8) -> Wait | None:
    """Return how long *interaction* will still wait, in an interval that holds with so large a *share*.

    None if it does not wait, its queue does not ask for forecasts (`Queue.expected_wait`, or that
    of a step), nobody who could take it is available or busy, or nothing was completed yet. Nobody
    knows here who will come and go: across a change of shift, forecasts are off.

    Cost: O(kinds of waiting work x log n).

    Raises:
        UsageError: If there is no such interaction, or *share* is no number between 0 and 1.
    """
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1:
        raise UsageError(f"share must be a number between 0 and 1, not {share!r}")
    state, work = _found(engine, interaction)
    return wait_of(state, work, engine.now, share)


def wait_of(state: State, work: Work, at: Instant, share: float = 0.8) -> Wait | None:
    """Return how long *work* will still wait at *at*; None as of `expected_wait`."""
    waits = state.waits
    if waits is None or work.stage != "waiting" or not forecasts(work.sig.queue.plan):
        return None
    found = waits.forecast(work, at)
    if found is None:
        return None
    seconds, low, high = waits.interval(*found, share)
    return Wait(
        seconds=seconds,
        low=low,
        high=high,
        share=share,
        position=waits.position(work),
        from_=waits.learnt,
    )


def _found(engine: Engine, interaction: InteractionId) -> tuple[State, Work]:
    state = engine._state
    work = state.works.get(interaction)
    if work is None:
        raise UsageError(f"there is no interaction {interaction!r}")
    return state, work


def _waits(state: State, at: Instant) -> Waits:
    """Return who waits before whom: what is kept, or found out for this one question."""
    if state.waits is not None:
        return state.waits
    waits = Waits()
    waits.begin(state.works.values(), state.agents.values(), at)
    return waits


_UNITS = ((3600.0, "h"), (60.0, "min"), (1.0, "s"))


def _told_span(low: float, high: float) -> str:
    """Return a span in the largest unit of which its end is two or more."""
    size, name = next((each for each in _UNITS if high >= 2 * each[0]), _UNITS[-1])
    first, last = int(low / size), -int(-high // size)
    return f"{first} to {last} {name}"


_PLACES = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def _told_place(place: int) -> str:
    return _PLACES[place - 1] if place <= len(_PLACES) else f"number {place}"
