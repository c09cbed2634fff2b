"""Was an agent given what should still have been kept from her? Followed apart from the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from workassign import events as ev
from workassign._audit_records import Item, Person

__all__ = ["check_grant", "place"]

UNASKED = ("auto", "pulled")
"""How something is assigned without an offer where nobody has decided so by hand."""


def place(item: Item, event: ev.Submitted | ev.Transferred | ev.Rekeyed | ev.Reopened) -> None:
    """Note since when *item* is in its queue, before it is moved to that of *event*."""
    if isinstance(event, ev.Submitted):
        later, item.shared = event.interaction.not_before, event.interaction.shared_with
        item.since = item.came = event.at if later is None else max(event.at, later)
        return
    reset = isinstance(event, ev.Transferred) and event.reset
    if isinstance(event, ev.Reopened):
        item.since = item.came = event.at
    elif reset:
        item.since = item.came = max(item.since, event.at)
    elif event.queue != item.queue:
        item.came = event.at


def check_grant(
    event: ev.Offered | ev.Assigned,
    item: Item,
    person: Person,
    queue: Mapping[str, Any],
    note: Callable[[str], None],
) -> None:
    """Note what was granted too early; *queue* has the settings of the queue where it is.

    Where things wait for the agent they prefer, her delay does not always hold; of several queues the
    shortest does.
    """
    if isinstance(event, ev.Assigned) and event.how not in UNASKED:
        return
    delay = min(person.delays.get(name, 0.0) for name in (item.queue, *item.shared))
    if delay and event.at < item.came + delay and "sticky_wait" not in queue:
        note(
            f"{event.interaction!r} came to queue {item.queue!r} at {item.came!r}, and was given to "
            f"{event.agent!r}, who has a delay of {delay!r}, at {event.at!r}"
        )
