"""Is there room for what an agent was given? Followed apart from the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from workassign._audit_records import UNIT, Item, Person
from workassign.model import AgentId, InteractionId, Status

__all__ = ["Room"]


class Room:
    """What work takes up, and what may be beside it, under one plan."""

    def __init__(
        self, channels: Mapping[str, Mapping[str, Any]], queues: Mapping[str, Mapping[str, Any]]
    ) -> None:
        self._channels = channels
        self._settings = queues

    def check(
        self,
        interaction: InteractionId,
        item: Item,
        agent: AgentId,
        person: Person,
        note: Callable[[str], None],
    ) -> None:
        """Note whatever *agent* has too much of since she was given *item*."""
        channel, others = item.channel, [each for each in person.has.values() if each is not item]
        against = [each for each in others if channel not in self._of(each).get("interruptible_by", ())]
        load = round(self._of(item).get("units", 1.0) * UNIT) + sum(map(self._units, against))
        load += person.reserve if any(map(self._dozes, others)) else 0
        if load > person.pool:
            of = f"{load / UNIT:g} of {person.pool / UNIT:g}"
            note(f"{interaction!r} raised the load of {agent!r} to {of}")
        most = None if person.limits is None else person.limits.get(channel, 0)
        for what, limit in (("channel", most), ("label", person.labels.get(item.label or ""))):
            value = getattr(item, what)
            count = sum(1 for each in person.has.values() if getattr(each, what) == value)
            if limit is not None and count > limit:
                of = f"{count} of {limit}"
                note(f"{interaction!r} raised what {agent!r} has on {what} {value!r} to {of}")
        for each in against:
            for one, other in ((item, each), (each, item)):
                if other.channel not in self._of(one).get("beside", [other.channel]):
                    note(f"{interaction!r} was given to {agent!r} beside work on {each.channel!r}")

    def is_open(self, person: Person, but: Item | None) -> bool:
        """Whether *person* has room for one more on each of her channels, as if without *but*."""
        has = [each for each in person.has.values() if each is not but]
        limits = person.limits
        served = [name for name in self._channels if limits is None or limits.get(name, 0) > 0]
        kept = person.reserve if any(map(self._dozes, has)) else 0
        for name in served:
            against = [each for each in has if name not in self._of(each).get("interruptible_by", ())]
            load = sum(map(self._units, against)) + round(self._channels[name].get("units", 1.0) * UNIT)
            count = sum(1 for each in has if each.channel == name)
            if load + kept > person.pool or (limits is not None and count >= limits[name]):
                return False
            for each in against:
                beside = self._channels[name].get("beside", [each.channel])
                if each.channel not in beside or name not in self._of(each).get("beside", [name]):
                    return False
        return bool(served)

    def _of(self, item: Item) -> Mapping[str, Any]:
        """Return what the plan says of the channel of *item*."""
        return self._channels.get(item.channel, {})

    def _dozes(self, item: Item) -> bool:
        """Whether *item* takes up less because it is somebody else's turn."""
        return bool(self._light(item))

    def _light(self, item: Item) -> list[float]:
        """Return what *item* takes up at most, for each reason to take up less."""
        less = self._of(item).get("pending_units")
        found = [less] if item.fence is not None and item.status is not Status.OPEN else []
        if item.stage == "awaiting_approval":
            review = self._settings.get(item.queue, {}).get("review")
            found.append(None if review is None else review.get("units", 0.5))
        return [each for each in found if each is not None]

    def _units(self, item: Item) -> int:
        """Return what *item* takes up."""
        units: float = self._of(item).get("units", 1.0)
        return round(min([units, *self._light(item)]) * UNIT)
