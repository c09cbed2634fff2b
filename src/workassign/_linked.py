"""Which interactions belong together?

One problem of a customer may need a team: every part of it is an interaction of its own, and names
the one that it is a part of as its parent.
"""

from __future__ import annotations

from collections.abc import Iterator

from workassign._records import Work
from workassign._state import State
from workassign.model import InteractionId

__all__ = ["no_parent", "open_parts", "parts"]


def parts(state: State, parent: InteractionId) -> Iterator[Work]:
    """Yield what is known of the parts of *parent*, what came first first."""
    for name in state.parts.get(parent, ()):
        if (work := state.works.get(name)) is not None:
            yield work


def open_parts(state: State, parent: InteractionId) -> Iterator[Work]:
    """Yield every open part of *parent* and of its parts, a whole before its own parts."""
    for work in parts(state, parent):
        if work.stage != "closed":
            yield work
        yield from open_parts(state, work.interaction.id)


def no_parent(state: State, parent: InteractionId) -> str | None:
    """Return why nothing can become a part of *parent*; None if it can."""
    work = state.works.get(parent)
    if work is None:
        return f"there is no interaction {parent!r} that it could be a part of"
    if work.stage in ("closed", "wrapping"):
        return f"interaction {parent!r}, of which it would be a part, is {work.stage}"
    return None
