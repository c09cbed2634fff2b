"""How long will it wait? The slow and obvious way, for the slow router of `brute.py`.

It shares no code with the engine: every forecast scans everything there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from workassign import events as ev

if TYPE_CHECKING:
    from tests.brute import Item, Person, Router

__all__ = ["Oracle"]

Forecast: TypeAlias = tuple[float, float, float, float]
"""Seconds, low, high, how many it waits for."""

FIRST = [-2.2, -1.7, -1.3, -1.0, -0.7, -0.4, -0.2, 0.0, 0.2, 0.4, 0.7, 1.0, 1.3, 1.7, 2.2]


class Oracle:
    """Sees every fact of a slow router, and remembers all of them."""

    def __init__(self, router: Router) -> None:
        self.router = router
        self.on = False
        self.forget()

    def forget(self) -> None:
        self.handled: list[tuple[str, str, float]] = []
        self.left = 0.0
        self.waited = 0.0
        self.promised: dict[str, tuple[float, float, float]] = {}
        self.scores = list(FIRST)

    def prepare(self) -> None:
        """Learn whether the plan asks."""
        plans = self.router.plan.queues.items()
        aging = any(rule.oldest_age is not None for _, plan in plans for rule in plan.overflow)
        wanted = aging or any(self.asks(name) for name, _ in plans)
        if wanted != self.on:
            self.on = wanted
            self.forget()

    def asks(self, queue: str) -> bool:
        """Whether a queue has to know."""
        plan = self.router.plan.queues[queue]
        asked = [step.expected_wait for step in plan.steps]
        asked += [each for rule in plan.overflow for each in (rule.expected_wait, rule.slack)]
        return plan.expected_wait or any(each is not None for each in asked)

    def pass_time(self, seconds: float) -> None:
        """So long everything that waits now has waited on."""
        if self.on and seconds < 1e11:
            self.waited += seconds * sum(1 for item in self.router.items if item.stage == "waiting")

    def see(self, event: ev.Event) -> None:
        """Remember one fact."""
        if isinstance(event, ev.PlanChanged):
            self.prepare()
        if not self.on:
            return
        who = getattr(event, "interaction", "")
        promise = self.promised.get(who) if isinstance(who, str) else None
        if isinstance(event, ev.Submitted):
            self.promise(event)
        elif isinstance(event, ev.Offered | ev.Assigned) and promise is not None and promise[0] == event.at:
            del self.promised[who]
        elif isinstance(event, ev.Assigned) and promise is not None:
            since, seconds, ahead = self.promised.pop(who)
            self.scores.append(2 * (((event.at - since) / seconds) ** 0.5 - 1) / spread(ahead))
        elif isinstance(event, ev.Cancelled | ev.Abandoned | ev.Parked | ev.Collapsed | ev.TemplateSent):
            self.promised.pop(who, None)
        if isinstance(event, ev.Assigned | ev.Abandoned):
            self.left = self.left * 0.995 + isinstance(event, ev.Abandoned)
            self.waited *= 0.995
        if isinstance(event, ev.Completed):
            item = self.router.item(event.interaction)
            assert item is not None
            self.handled.append((item.queue, item.interaction.channel, event.at - item.since_hold))

    def promise(self, event: ev.Submitted) -> None:
        item = self.router.item(event.interaction.id)
        assert item is not None
        found = self.forecast(item)
        if found is not None and self.asks(item.queue):
            self.promised[event.interaction.id] = (event.at, found[0], found[1])

    # --- questions --------------------------------------------------------------------------

    def position(self, item: Item) -> int:
        able = {person.id for person in self.able(item)}
        ahead = [
            other
            for other in self.before(item)
            if self.kind(other) == self.kind(item) or able & {person.id for person in self.able(other)}
        ]
        return 1 + len(ahead)

    def expected(self, item: Item) -> Forecast | None:
        """Return what is to be said of *item* if 80 % is wanted."""
        found = self.forecast(item)
        if found is None:
            return None
        seconds, ahead = found
        last = sorted(self.scores[-300:])

        def at(part: float) -> float:
            place = part * (len(last) - 1)
            rest = place % 1
            score = last[int(place)] * (1 - rest) + last[min(int(place) + 1, len(last) - 1)] * rest
            return seconds * max(0.0, 1 + score * spread(ahead) / 2) ** 2

        return at(0.5), at(0.1), at(0.9), ahead

    def forecast(self, item: Item) -> tuple[float, float] | None:
        mine, takes = self.able(item), self.takes(item)
        room = sum(self.room(person, item) for person in mine)
        if not room or takes < 0.001:
            return None
        load, count = self.router.units(item.interaction.channel) * takes, 1.0
        for other in self.before(item):
            others = self.able(other)
            whole = sum(self.room(person, other) for person in others)
            if whole:
                share = sum(self.room(person, other) for person in others if person in mine) / whole
                count += share
                load += share * self.router.units(other.interaction.channel) * self.takes(other)
        leave = self.left / (self.waited + 10_800)
        seconds = load / room
        return seconds / (1 + seconds * leave) ** 0.5, count

    def takes(self, item: Item) -> float:
        """Return how long work like *item* is held."""
        here = [
            (queue, channel) == (item.queue, item.interaction.channel) for queue, channel, _ in self.handled
        ]
        every = faded([seconds for *_, seconds in self.handled])
        own = faded([each[2] for each, same in zip(self.handled, here, strict=True) if same])
        return 0.0 if not every[1] else (own[0] + 10 * every[0] / every[1]) / (own[1] + 10)

    def before(self, item: Item) -> list[Item]:
        waiting = [other for other in self.router.items if other.stage == "waiting"]
        return [other for other in waiting if other.urgency < item.urgency]

    def kind(self, item: Item) -> tuple[object, ...]:
        """Return what those have in common who are a class of their own."""
        label = item.interaction.label if item.interaction.label in self.router.limited else None
        return item.queue, item.shared, item.interaction.channel, label, item.tier, item.needs

    def able(self, item: Item) -> list[Person]:
        units = self.router.units(item.interaction.channel)
        there = [each for each in self.router.people if each.there and self.router.able(each, item)]
        return [each for each in there if round(each.agent.capacity * 1_000_000) >= units]

    def room(self, person: Person, item: Item) -> int:
        pool, channel = round(person.agent.capacity * 1_000_000), item.interaction.channel
        limit = None if person.agent.channels is None else person.agent.channels.get(channel, 0)
        return pool if limit is None else min(pool, limit * self.router.units(channel))


def faded(seconds: list[float]) -> tuple[float, float]:
    total, number = 0.0, 0.0
    for each in seconds:
        total, number = total * 0.99 + each, number * 0.99 + 1
    return total, number


def spread(ahead: float) -> float:
    return float((1 / ahead + 0.36) ** 0.5)
