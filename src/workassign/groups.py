"""What does an agent have from the groups that she is in?

An agent says what she is told to be; what she does not say, her groups say, the first group first.
Tables are merged name by name. A setting at its default is not said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from workassign.model import Agent, Value

__all__ = ["Group", "formed"]

_TABLES = ("skills", "queues", "channels", "attributes", "labels", "delays")
"""What is merged name by name; of two who name the same, the first to speak."""

_SETTINGS = ("capacity", "pull", "reserve", "login_ramp")
"""What the first to say it says."""

_PLAIN = Agent(id="plain")


@attrs.frozen(kw_only=True)
class Group:
    """What agents have in common: `groups` of an agent names it.

    Raises:
        UsageError: If a name is none, or a figure is out of its range, as of an `Agent`.
    """

    skills: Mapping[str, float] = attrs.field(factory=dict)
    queues: Mapping[str, int] | None = None
    """None: the group says nothing of them. An agent of whom nobody says any serves every queue."""
    channels: Mapping[str, int] | None = None
    """None: the group says nothing of them."""
    capacity: float | None = None
    """For whoever has no other capacity than 1, which is everybody's."""
    attributes: Mapping[str, Value | Sequence[Value]] = attrs.field(factory=dict)
    pull: bool | None = None
    """They are given nothing unasked; None: the group says nothing of it."""
    labels: Mapping[str, int] | None = None
    reserve: float | None = None
    login_ramp: float | None = None
    delays: Mapping[str, float] = attrs.field(factory=dict)
    """Queue -> seconds; 0 for an agent of whom another group says more."""

    def __attrs_post_init__(self) -> None:
        """Check every field as an agent's."""
        said = {each.name: getattr(self, each.name) for each in attrs.fields(Group)}
        probe = Agent(id="group", **{name: value for name, value in said.items() if value is not None})
        for name, value in said.items():
            if value is not None:
                object.__setattr__(self, name, getattr(probe, name))

    def to_data(self) -> dict[str, Any]:
        """Return what it says as plain data."""
        said = {each.name: getattr(self, each.name) for each in attrs.fields(Group)}
        return {
            name: _plain(value) for name, value in said.items() if value is not None and not _is_empty(value)
        } | {name: {} for name in ("queues", "channels") if said[name] is not None and not said[name]}


def formed(told: Agent, groups: Mapping[str, Group]) -> Agent:
    """Return *told* with what her groups add; a group that is not among *groups* adds nothing."""
    sources = [groups[name] for name in told.groups if name in groups]
    if not sources:
        return told
    changes: dict[str, Any] = {}
    for name in _TABLES:
        tables = [table for each in (told, *sources) if (table := getattr(each, name)) is not None]
        if tables:
            changes[name] = {key: value for table in reversed(tables) for key, value in table.items()}
    for name in _SETTINGS:
        default = getattr(_PLAIN, name)
        values = (value for each in (told, *sources) if (value := getattr(each, name)) not in (None, default))
        changes[name] = next(values, default)
    return attrs.evolve(told, **changes)


def _is_empty(value: object) -> bool:
    return isinstance(value, Mapping) and not value


def _plain(value: Any) -> Any:  # noqa: ANN401 - any plain data
    if not isinstance(value, Mapping):
        return value
    return {name: list(each) if isinstance(each, tuple) else each for name, each in value.items()}
