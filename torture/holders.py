"""Who held what, and when, by the facts alone: had anything two holders?"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from torture.counts import Violation
from workassign import events as ev
from workassign.journal import Entry
from workassign.model import AgentId, Fence, Instant, InteractionId

__all__ = ["Hold", "holds"]

_LETS_GO = ev.Completed | ev.Requeued | ev.Transferred | ev.Cancelled | ev.Parked | ev.Abandoned


@attrs.define
class Hold:
    """An agent had an interaction for some time; *end* is None as long as she has it."""

    interaction: InteractionId
    agent: AgentId
    fence: Fence
    begin: Instant
    end: Instant | None = None


def holds(turns: Iterable[Entry]) -> list[Hold]:
    """Return every hold of the journal *turns*, in the order in which they began.

    Raises:
        Violation: If something was given to somebody while another had it, or with a fence that is
            not above all before; or somebody let go of what another had.
    """
    found: list[Hold] = []
    now: dict[InteractionId, Hold] = {}
    fences: dict[InteractionId, Fence] = {}
    for turn in turns:
        for event in turn.facts:
            if isinstance(event, ev.Assigned):
                if (other := now.get(event.interaction)) is not None:
                    raise Violation(
                        f"entry {turn.seq}: {event.interaction} has two holders: {other.agent}, {event.agent}"
                    )
                if event.fence <= fences.get(event.interaction, -1):
                    raise Violation(
                        f"entry {turn.seq}: fence {event.fence} of {event.interaction} came again"
                    )
                fences[event.interaction] = event.fence
                now[event.interaction] = Hold(event.interaction, event.agent, event.fence, event.at)
                found.append(now[event.interaction])
            elif isinstance(event, _LETS_GO):
                _end(now, event, turn.seq)
    return found


def _end(now: dict[InteractionId, Hold], event: ev.Event, seq: int) -> None:
    """End the hold that *event* ends, if there is one."""
    assert isinstance(event, _LETS_GO)
    hold = now.pop(event.interaction, None)
    if hold is None:
        return
    hold.end = event.at
    agent, fence = getattr(event, "agent", None), getattr(event, "fence", None)
    if agent not in (None, hold.agent) or fence not in (None, hold.fence):
        raise Violation(f"entry {seq}: {agent} let go of {event.interaction}, which {hold.agent} had")
