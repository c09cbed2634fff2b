"""Was an agent given what should still have been kept from her? Followed apart from the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from workassign import events as ev
from workassign._audit_records import Item, Person
from workassign.model import Presence
from workassign.needs import Needs

__all__ = ["Gate", "check_grant", "check_kept", "gates_of", "place"]

UNASKED = ("auto", "pulled")
"""How something is assigned without an offer where nobody has decided so by hand."""


def place(item: Item, event: ev.Submitted | ev.Transferred | ev.Rekeyed | ev.Reopened) -> None:
    """Note the tier of *item*, and since when it is in its queue, before it is moved to that of *event*."""
    item.tier = event.tier
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

    Where things wait for the agent they prefer, her delay does not always hold; where they are given
    out in batches, none does; of several queues the shortest does.
    """
    if isinstance(event, ev.Assigned) and event.how not in UNASKED:
        return
    delay = min(person.delays.get(name, 0.0) for name in (item.queue, *item.shared))
    if delay and event.at < item.came + delay and not {"sticky_wait", "batch"} & queue.keys():
        note(
            f"{event.interaction!r} came to queue {item.queue!r} at {item.came!r}, and was given to "
            f"{event.agent!r}, who has a delay of {delay!r}, at {event.at!r}"
        )


class Gate:
    """A queue that keeps some of those who serve it free."""

    def __init__(self, queue: str, data: Mapping[str, Any]) -> None:
        self.queue = queue
        self.agents: int = data["keep_free"]["agents"]
        self.tier: int = data["keep_free"]["tier"]
        self.needs = Needs(data.get("needs", {}))

    def concerns(self, person: Person, *, lent: bool) -> bool:
        """Whether *person* serves the queue; *lent*: whoever is lent in a surge does."""
        serves = lent or person.queues is None or self.queue in person.queues
        return serves and not person.pulls and person.meets(self.needs)


def gates_of(plan: Mapping[str, Any]) -> list[Gate]:
    """Return what keeps agents free under a plan that is this data.

    Where a capacity policy is asked, too, nobody knows here who is free.
    """
    if plan.get("capacity") is not None:
        return []
    return [Gate(name, queue) for name, queue in plan.get("queues", {}).items() if "keep_free" in queue]


def check_kept(
    event: ev.Offered | ev.Assigned,
    item: Item,
    people: Mapping[str, Person],
    gate: Gate,
    is_open: Callable[[Person, Item | None], bool],
    *,
    surging: bool,
) -> str | None:
    """Return how a grant took away the last who were free for the queue of *gate*; None: it did not.

    *is_open*: whether somebody could be given one more on all her channels, as if without an item. Who
    rests, or is too near the end of her shift, counts as free: so it does not find everything.
    """
    unasked = isinstance(event, ev.Offered) or event.how == "auto"
    person = people[event.agent]
    if not unasked or item.tier <= gate.tier or person.shift or not gate.concerns(person, lent=False):
        return None
    if is_open(person, None) or not is_open(person, item):
        return None
    others = (each for each in people.values() if each is not person and each.presence is Presence.AVAILABLE)
    free = sum(1 for each in others if gate.concerns(each, lent=surging) and is_open(each, None))
    if free >= gate.agents:
        return None
    return (
        f"{event.interaction!r}, of tier {item.tier}, was given to {event.agent!r}: {free} stay free for "
        f"queue {gate.queue!r}, which keeps {gate.agents} for tier {gate.tier}"
    )
