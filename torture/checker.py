"""Which states can a model reach, and is one of them wrong?

An explicit-state checker, breadth first: every state that can be reached is looked at once, so
"holds" is a proof for the model within its bounds, and the trace to a flaw is a shortest one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

import attrs

__all__ = ["Explored", "explore"]

S = TypeVar("S", bound=Hashable)


@attrs.frozen(kw_only=True)
class Explored(Generic[S]):
    """What an exploration found."""

    states: int
    """How many different states were reached, the first one too."""
    steps: int
    """How many steps lead from one to another, or to itself."""
    depth: int
    """How many steps the farthest state is away, or the one with a flaw."""
    flaw: str | None
    """What is wrong with the first wrong state; None: nothing is wrong with any."""
    trace: tuple[str, ...]
    """A shortest way to it, step by step."""


def explore(
    first: S,
    steps: Callable[[S], Iterable[tuple[str, S]]],
    flaw: Callable[[S], str | None],
    *,
    at_most: int = 50_000_000,
) -> Explored[S]:
    """Explore everything that *steps* lead to from *first*, or up to the first state with a *flaw*.

    *steps* gives each step that a state allows, in words, and where it leads: the same each time
    that it is asked, since the words of a trace are asked for again. Cost: O(states) of memory,
    each of them and a pointer to that from which it was reached.

    Raises:
        OverflowError: If there are more than *at_most* states.
    """
    came: dict[S, S | None] = {first: None}
    ring, depth, taken = [first], 0, 0
    wrong = flaw(first)
    if wrong is not None:
        return _found(first, wrong, came, steps, taken)
    while ring:
        following: list[S] = []
        for state in ring:
            for _, reached in steps(state):
                taken += 1
                if reached in came:
                    continue
                came[reached] = state
                wrong = flaw(reached)
                if wrong is not None:
                    return _found(reached, wrong, came, steps, taken)
                following.append(reached)
        if len(came) > at_most:
            raise OverflowError(f"the model has more than {at_most} states")
        depth += bool(following)
        ring = following
    return Explored(states=len(came), steps=taken, depth=depth, flaw=None, trace=())


def _found(
    state: S,
    wrong: str,
    came: dict[S, S | None],
    steps: Callable[[S], Iterable[tuple[str, S]]],
    taken: int,
) -> Explored[S]:
    """Tell how *state* is reached."""
    trace: list[str] = []
    before = came[state]
    while before is not None:
        trace.append(next(words for words, reached in steps(before) if reached == state))
        state, before = before, came[before]
    return Explored(states=len(came), steps=taken, depth=len(trace), flaw=wrong, trace=tuple(reversed(trace)))
