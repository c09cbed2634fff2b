"""When does too much come in at once, and what is done about it? As data."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Any

import attrs

from workassign.errors import UsageError
from workassign.model import Agent, Interaction, Value, is_number, range_problem, whole_problem
from workassign.needs import checked_name

__all__ = ["PARTS", "Borrow", "Surge", "Templates", "borrowed"]

PARTS = 10
"""A window is counted in so many parts: the one that is going on, and those before it."""

FASTEST = 1e9
"""No rate is larger, in arrivals per minute."""


@attrs.frozen(kw_only=True)
class Templates:
    """Which automatic answer something gets, by the value of one of its attributes."""

    attribute: str
    names: Mapping[str, str]
    """Value -> the name of the answer; what has another value gets none."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong: the setting and the rule."""
        yield from _name("attribute", self.attribute)
        if not isinstance(self.names, Mapping) or not self.names:
            yield "names", f"must be a table of at least one answer, not {self.names!r}"
            return
        for value, name in self.names.items():
            if not isinstance(value, str):
                yield "names", f"must be by values that are texts, not {value!r}"
            yield from _name(f"names.{value}", name)


@attrs.frozen(kw_only=True)
class Borrow:
    """Whose agents serve further queues.

    Raises:
        UsageError: If a queue is no name, or a priority out of its range, as of an `Agent`.
    """

    groups: tuple[str, ...]
    queues: Mapping[str, int]
    """Queue -> priority, 1 is best; a queue that they serve anyway keeps the priority it has."""

    def __attrs_post_init__(self) -> None:
        """Check the queues as an agent's."""
        object.__setattr__(self, "queues", Agent(id="borrowed", queues=self.queues).queues or {})

    def problems(self, queues: Container[str], groups: Container[str]) -> Iterator[tuple[str, str]]:
        """Yield what is wrong in a plan that has these: the setting and the rule."""
        if not isinstance(self.groups, tuple) or not self.groups:
            yield "groups", f"must be a list of groups, not {self.groups!r}"
        else:
            unknown = (name for name in self.groups if not isinstance(name, str) or name not in groups)
            yield from (("groups", f"there is no group {name!r}") for name in unknown)
        if not self.queues:
            yield "queues", "must name at least one"
        yield from (("queues", f"there is no queue {name!r}") for name in self.queues if name not in queues)


@attrs.frozen(kw_only=True)
class Surge:
    """When a surge begins and ends, and what it changes while it is on.

    It begins when so much was submitted within the last `window` that it is `on` a minute or
    more, and ends when it has been less than `off` a minute for `hold` seconds.
    """

    on: float
    """Arrivals per minute."""
    off: float
    """Arrivals per minute, fewer than `on`."""
    window: float = 60.0
    """Seconds. It moves on by a tenth of itself at a time."""
    hold: float = 60.0
    """Seconds."""
    floor: int | None = None
    """What has this tier, or a more urgent one, is queued as ever; None: nothing is spared."""
    collapse: str | None = None
    """The attribute by which something new is closed into what is open with the same value."""
    templates: Templates | None = None
    borrow: Borrow | None = None

    def problems(self, queues: Container[str], groups: Container[str]) -> Iterator[tuple[str, str]]:
        """Yield what is wrong in a plan that has these: the setting and the rule."""
        yield from self._rate_problems()
        if self.floor is not None and (problem := whole_problem(self.floor, 0, 99)):
            yield "floor", problem
        if self.collapse is not None:
            yield from _name("collapse", self.collapse)
        found: dict[str, Iterator[tuple[str, str]]] = {}
        if isinstance(self.templates, Templates):
            found["templates"] = self.templates.problems()
        elif self.templates is not None:
            yield "templates", f"must be Templates, not {self.templates!r}"
        if isinstance(self.borrow, Borrow):
            found["borrow"] = self.borrow.problems(queues, groups)
        elif self.borrow is not None:
            yield "borrow", f"must be a Borrow, not {self.borrow!r}"
        for name, problems in found.items():
            yield from ((f"{name}.{setting}", problem) for setting, problem in problems)

    def _rate_problems(self) -> Iterator[tuple[str, str]]:
        found = {name: range_problem(getattr(self, name), FASTEST) for name in ("on", "off")}
        found |= {name: range_problem(getattr(self, name)) for name in ("window", "hold")}
        yield from ((name, problem) for name, problem in found.items() if problem is not None)
        if not is_number(self.on) or not is_number(self.off):
            return
        if self.off >= self.on:
            yield "off", f"must be less than on, {self.on!r}, not {self.off!r}"
        if found["window"] is None and self.rate(1) >= self.on:
            yield (
                "on",
                f"is reached by one arrival within {self.window:g} s: ask for more, or count for longer",
            )

    def rate(self, arrivals: int) -> float:
        """Return so many *arrivals* within a window per minute."""
        return arrivals * 60 / self.window

    def spares(self, tier: int) -> bool:
        """Whether what has this *tier* is queued as ever."""
        return self.floor is not None and tier <= self.floor

    def key(self, interaction: Interaction) -> Value | None:
        """Return what *interaction* has in common with what is nearly the same; None: nothing."""
        return None if self.collapse is None else interaction.attributes.get(self.collapse)

    def template(self, interaction: Interaction) -> str | None:
        """Return the automatic answer for *interaction*, if there is one."""
        if self.templates is None:
            return None
        value = interaction.attributes.get(self.templates.attribute)
        return self.templates.names.get(value) if isinstance(value, str) else None

    def borrows(self, told: Agent) -> bool:
        """Whether an agent who was *told* to be so serves further queues."""
        return self.borrow is not None and any(name in self.borrow.groups for name in told.groups)

    def to_data(self) -> dict[str, Any]:
        """Return what it says as plain data."""
        fields = ("on", "off", "window", "hold", "floor", "collapse")
        data: dict[str, Any] = {name: getattr(self, name) for name in fields}
        if self.templates is not None:
            data["templates"] = {
                "attribute": self.templates.attribute,
                "names": dict(self.templates.names),
            }
        if self.borrow is not None:
            data["borrow"] = {"groups": list(self.borrow.groups), "queues": dict(self.borrow.queues)}
        return {name: value for name, value in data.items() if value is not None}


def borrowed(agent: Agent, told: Agent, surge: Surge) -> Agent:
    """Return *agent*, who was *told* so, with the queues that she serves beside hers during *surge*."""
    if surge.borrow is None or agent.queues is None or not surge.borrows(told):
        return agent
    return attrs.evolve(agent, queues={**surge.borrow.queues, **agent.queues})


def _name(setting: str, value: object) -> Iterator[tuple[str, str]]:
    """Yield the rule that *value* breaks, if it is no name."""
    try:
        checked_name(value, "a name")
    except UsageError as error:
        yield setting, str(error)
