"""What if it waits? Rules as data: when a step is due, and what it changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from workassign.errors import UsageError
from workassign.model import LARGEST, Value, is_number, range_problem, whole_problem
from workassign.needs import Needs, checked_levels, checked_name, joined

__all__ = ["MOST_STEPS", "Step", "bullseye", "expiring_skills", "recipe"]

MOST_STEPS = 64
"""A queue has at most so many steps."""


@attrs.frozen(kw_only=True)
class Step:
    """Something that changes for an interaction while it waits in a queue, once.

    It is due when all that it asks for is so: the age, the slack, the agents. Steps do not wait for
    one another. They are taken while the interaction waits; one that falls due while it is
    offered or held is taken when it waits again. What was relaxed stays so.
    """

    after: float = 0.0
    """Due when it has been in the queue for so many seconds, held or not; 0: at once."""
    slack: float | None = None
    """Due when so many seconds, or less, are left of the target that is missed first."""
    eligible_below: int | None = None
    """Due when fewer agents than this who are signed on could take it, with room or without."""
    free_below: int | None = None
    """Due when fewer agents than this could take it now.

    Agents are counted when the other conditions come true, and whenever somebody comes or goes.
    """
    drop: tuple[str, ...] = ()
    """Skills and attributes (`agent`: who it is) that are needed no more."""
    lower: Mapping[str, float] = attrs.field(factory=dict)
    """Skill -> level above which it is needed no more."""
    widen: Mapping[str, tuple[Value, ...]] = attrs.field(factory=dict)
    """Attribute -> further values that will do."""
    also: Needs | None = None
    """Whoever meets these will do, too."""
    tier: int | None = None
    """The strict priority class from now on, 0 to 99."""
    head_start: float = 0.0
    """Seconds of waiting that are added, beyond the cap of the queue."""
    queue: str | None = None
    """It moves there, keeping its age; there the steps of that queue hold, from the beginning."""
    notify: str | None = None
    """What the event says beside: a name to act upon."""
    expected_wait: float | None = None
    """Due when it must be expected to wait for more than so many seconds still.

    That is asked when the other conditions come true, whenever somebody comes or goes, and then
    at every full minute.
    """
    closed: str | None = None
    """Due when the calendar of this name is closed at that age, or closes after it; not with a slack."""

    @property
    def relaxes(self) -> bool:
        """Whether it changes what is needed."""
        return bool(self.drop or self.lower or self.widen or self.also is not None)

    def relaxed(self, needs: Needs) -> Needs:
        """Return *needs* after this step: whoever met them still does. What would be too large stays."""
        needs = needs.without(self.drop) if self.drop else needs
        needs = needs.lowered(self.lower) if self.lower else needs
        needs = needs.widened(self.widen) if self.widen else needs
        if self.also is None:
            return needs
        try:
            return joined(needs, self.also, either=True)
        except UsageError:  # a hundred comparisons, and a hundred more by each of several steps
            return needs

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong: the setting and the rule."""
        if self.after != 0 and (problem := range_problem(self.after)):
            yield "after", f"{problem}, or 0"
        for name in ("slack", "expected_wait"):
            value = getattr(self, name)
            if value is not None and (problem := range_problem(value)):
                yield name, problem
        for name in ("eligible_below", "free_below"):
            value = getattr(self, name)
            if value is not None and (problem := whole_problem(value, 1, 1_000_000)):
                yield name, problem
        if self.tier is not None and (problem := whole_problem(self.tier, 0, 99)):
            yield "tier", problem
        if not is_number(self.head_start) or not 0 <= self.head_start <= LARGEST:
            yield "head_start", f"must be a number from 0 to {LARGEST:g}, not {self.head_start!r}"
        for name in ("queue", "notify", "closed"):
            value = getattr(self, name)
            yield from () if value is None else _wrong(name, lambda v=value, n=name: checked_name(v, n))
        yield from self._relaxing_problems()
        if self.closed is not None and self.slack is not None:
            yield "closed", "does not go with slack: make two steps"
        if not (self.relaxes or self.queue or self.notify or self.head_start or self.tier is not None):
            yield "", "changes nothing: give drop, lower, widen, also, tier, head_start, queue or notify"
        if self.queue is not None and (self.relaxes or self.head_start or self.tier is not None):
            yield "queue", "where it moves, other needs and another place hold: give them to that queue"

    def _relaxing_problems(self) -> Iterator[tuple[str, str]]:
        if not isinstance(self.drop, tuple):
            yield "drop", f"must be a list of names, not {self.drop!r}"
        else:
            for name in self.drop:
                yield from _wrong("drop", lambda n=name: checked_name(n, "a name"))
        yield from _wrong("lower", lambda: checked_levels(self.lower, "a step"))
        if not isinstance(self.widen, Mapping):
            yield "widen", f"must be a table attribute -> values, not {self.widen!r}"
        else:
            for name, values in self.widen.items():
                if not isinstance(values, tuple) or not values:
                    yield f"widen.{name}", f"must be a list of values, not {values!r}"
                elif wrong := [each for each in values if not isinstance(each, str | int | float)]:
                    yield f"widen.{name}", f"must be texts, numbers, true or false, not {wrong[0]!r}"
        if self.also is not None and not isinstance(self.also, Needs):
            yield "also", f"must be Needs(...), not {self.also!r}"


def _wrong(name: str, check: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - a check without arguments
    try:
        check()
    except UsageError as error:
        yield name, str(error)


# --- schedules that are known by name -------------------------------------------------------


def bullseye(
    timeouts: Sequence[float], attribute: str = "ring", drop: Sequence[Sequence[str]] = ()
) -> tuple[Step, ...]:
    """Rings of agents, the inner first: after each time-out the next ring will do, too.

    The first ring is that of needs such as `ring == 1`; after the first of *timeouts* (seconds
    each) agents of ring 2 are asked as well, and so on. With the n-th ring the skills in the n-th
    list of *drop* are needed no more. A ring is a group of agents, not a level of skill.

    >>> [(step.after, dict(step.widen)) for step in bullseye([30, 60])]
    [(30.0, {'ring': (2,)}), (90.0, {'ring': (3,)})]
    """
    steps, age = [], 0.0
    for number, seconds in enumerate(timeouts):
        age += float(seconds)
        dropped = tuple(drop[number]) if number < len(drop) else ()
        steps.append(Step(after=age, widen={attribute: (number + 2,)}, drop=dropped))
    return tuple(steps)


def expiring_skills(skills: Mapping[str, float]) -> tuple[Step, ...]:
    """Each of these skills (or attributes) is needed for so many seconds only.

    >>> [(step.after, step.drop) for step in expiring_skills({"spanish": 60, "vip": 20})]
    [(20.0, ('vip',)), (60.0, ('spanish',))]
    """
    ages: dict[float, list[str]] = {}
    for name, seconds in skills.items():
        ages.setdefault(float(seconds), []).append(name)
    return tuple(Step(after=age, drop=tuple(sorted(names))) for age, names in sorted(ages.items()))


_RECIPE = {
    "eligible_agents": "eligible_below",
    "available_agents": "free_below",
    "remove_skills": "drop",
    "set_priority": "tier",
    "prioritize": "head_start",
    "transfer": "queue",
    "announce": "notify",
}
"""OpenACD's words -> those of a step."""


def recipe(rows: Sequence[Mapping[str, Any]], tick: float = 1.0) -> tuple[Step, ...]:
    """Return a queue recipe in the words of OpenACD, a table a row.

    Conditions: `ticks` (of *tick* seconds), `eligible_agents` and `available_agents` (fewer than
    so many). Operations: `remove_skills`, `set_priority`, `prioritize` (by seconds), `transfer`,
    `announce`.

    >>> recipe([{"ticks": 60, "eligible_agents": 2, "remove_skills": ["vip"]}])[0].eligible_below
    2

    Raises:
        ValueError: If a row has a word that is none of these.
    """
    steps = []
    for row in rows:
        unknown = [word for word in row if word != "ticks" and word not in _RECIPE]
        if unknown:
            raise ValueError(f"a recipe has no {unknown[0]!r}; there are {', '.join(['ticks', *_RECIPE])}")
        settings = {_RECIPE[word]: value for word, value in row.items() if word != "ticks"}
        if "drop" in settings:
            settings["drop"] = tuple(settings["drop"])
        steps.append(Step(after=row.get("ticks", 0) * tick, **settings))
    return tuple(steps)
