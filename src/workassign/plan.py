"""How is work routed? Queues, channels and policies, as data, checked when built.

A plan comes from TOML or is built in Python; every mistake is reported at once, with its path.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs

from workassign._tables import Tables, channel_data, queue_data
from workassign.errors import PlanError, UsageError
from workassign.groups import Group
from workassign.hours import Calendar
from workassign.model import Agent, Channel
from workassign.needs import Needs, checked_name
from workassign.policies import naming
from workassign.policies.capacity import Capacity
from workassign.policies.escalation import Step
from workassign.policies.surge import Surge
from workassign.queues import Alarms, Queue, has_door, positive, problems
from workassign.rotations import Rotation

if TYPE_CHECKING:
    from os import PathLike

__all__ = ["Alarms", "Group", "Plan", "Queue", "read_settings", "unknown_names"]

DAY = 86_400.0

LEASE = 120.0
"""Said in a plan's data only where it is another: plans of before keep their hash."""


@attrs.frozen(kw_only=True)
class Plan:
    """Everything that decides; no state.

    Raises:
        PlanError: If anything is wrong; it lists every problem with its path.

    >>> Plan(queues={"vip": Queue(offer_for=-3, tier=0)})
    Traceback (most recent call last):
    ...
    workassign.errors.PlanError: queues.vip.offer_for: must be positive, from 0.001 to 316224000, not -3
    """

    name: str = "plan"
    queues: Mapping[str, Queue] = attrs.field(factory=lambda: {"default": Queue()})
    channels: Mapping[str, Channel] = attrs.field(factory=lambda: {"default": Channel()})
    skills: frozenset[str] | None = None
    """The skills that exist; None: any. With a list, a misspelt skill is refused."""
    attributes: frozenset[str] | None = None
    """The attributes of agents that exist; None: any. With a list, a misspelt one is refused."""
    capacity: Capacity | None = None
    """A further rule beside each agent's pool and channel limits."""
    calendars: Mapping[str, Calendar] = attrs.field(factory=dict)
    """Business hours, by name, for the targets of the queues."""
    successors: Mapping[str, str] = attrs.field(factory=dict)
    """For the change to this plan: removed queue -> the queue that takes over what waits there."""
    reconnect_grace: float = 60.0
    """After a lost connection, held work waits so long for its agent."""
    retention: float = 7 * DAY
    """Closed interactions and keys are remembered so long, to answer a command said twice."""
    strikes: int = 3
    """A policy that failed so often is switched off until a command resumes it."""
    groups: Mapping[str, Group] = attrs.field(factory=dict)
    """What agents have in common, by name: whoever is in a group (`Agent.groups`) has it."""
    rotations: Mapping[str, Rotation] = attrs.field(factory=dict)
    """Groups that serve other channels in turn, by schedule or by load; later ones go before earlier ones."""
    lock_lease: float = LEASE
    """Who locks an interaction to answer it has the lock for so long, unless she says so again."""
    heartbeat: float | None = None
    """Who is signed on and says nothing for so long is disconnected; None: nobody is."""
    surge: Surge | None = None
    """When too much comes in at once, and what is done about it; None: nothing is."""

    def __attrs_post_init__(self) -> None:
        """Freeze the tables and check everything."""
        for table in ("queues", "channels", "calendars", "successors", "groups", "rotations"):
            value = getattr(self, table)
            if not isinstance(value, Mapping):
                raise PlanError([f"{table}: must be a table, not {value!r}"])
            object.__setattr__(self, table, MappingProxyType(dict(value)))
        for names in ("skills", "attributes"):
            value = getattr(self, names)
            if value is not None:
                if not isinstance(value, set | frozenset | list | tuple):
                    raise PlanError([f"{names}: must be a list of names, not {value!r}"])
                object.__setattr__(self, names, frozenset(value))
        if found := list(_problems(self)):
            raise PlanError(found)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy a plan as data; one with a policy that has no name cannot be."""
        return Plan.from_data, (self.to_data(),)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Plan:
        """Read a plan from a TOML or JSON file (by its ending).

        Raises:
            PlanError: If it cannot be read or anything in it is wrong.
        """
        return cls.from_data(read_settings(path))

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Plan:
        """Build a plan from plain data, as in a TOML file; tables of other rooms are passed over.

        Raises:
            PlanError: If anything is wrong; it lists every problem with its path.
        """
        return _read(data)

    def to_data(self, *, strict: bool = True) -> dict[str, Any]:
        """Return the plan as plain data; `from_data` builds an equal one.

        Raises:
            PlanError: If a policy has no name that a journal could keep (a lambda, a closure);
                not so with *strict* off, which writes its repr and is for reading only.
        """
        found: list[str] = []
        data = _as_data(self, found)
        if found and strict:
            raise PlanError(found)
        return data

    def unknown(self, needs: Needs) -> tuple[str, str] | None:
        """Return what *needs* ask for that this plan does not have: the rule and the reason."""
        for what, asked, known in (
            ("skill", needs.names.skills, self.skills),
            ("attribute", needs.names.attributes, self.attributes),
        ):
            if known is not None and not asked <= known:
                return f"unknown_{what}", f"there is no {what} {min(asked - known)!r}"
        return None

    @property
    def hash(self) -> str:
        """SHA-256 of the plan as canonical JSON, in hexadecimal; of a policy without a name, its repr's."""
        import hashlib
        import json

        text = json.dumps(self.to_data(strict=False), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def read_settings(path: str | PathLike[str]) -> dict[str, Any]:
    """Return the tables of a TOML or JSON file.

    Raises:
        PlanError: If the file is missing, is no UTF-8, or does not parse; the place is named.
    """
    import json
    import tomllib
    from pathlib import Path

    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
        return json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise PlanError([f"{path}: {error.strerror}"]) from None
    except ValueError as error:
        raise PlanError([f"{file.name}: {error}"]) from None


# --- checking -------------------------------------------------------------------------------


def _problems(plan: Plan) -> list[str]:
    """Return every problem of *plan*, each behind its path."""
    found = []

    def note(path: str, problem: str | None) -> None:
        if problem is not None:
            found.append(f"{path}: {problem}")

    note("name", _bad_name(plan.name))
    for what in ("skills", "attributes"):
        for name in sorted(getattr(plan, what) or (), key=str):
            note(what, _bad_name(name))
    if not plan.queues:
        note("queues", "there must be at least one")
    if not plan.channels:
        note("channels", "there must be at least one")
    for path, trouble in _channel_problems(plan):
        note(path, trouble)
    for name, calendar in plan.calendars.items():
        note(f"calendars.{name}", _bad_name(name))
        if not isinstance(calendar, Calendar):
            note(f"calendars.{name}", f"must be a Calendar, not {calendar!r}")
    for name, queue in plan.queues.items():
        note(f"queues.{name}", _bad_name(name))
        for path, problem in (*problems(queue, plan.calendars), *_unknown_needs(plan, queue)):
            note(f"queues.{name}.{path}", problem)
    for path, problem in (*_moving_problems(plan), *_level_problems(plan), *_door_problems(plan)):
        note(path, problem)
    for old, new in plan.successors.items():
        if old in plan.queues:
            note(f"successors.{old}", "is a queue of this plan, so it needs no successor")
        if not isinstance(new, str) or new not in plan.queues:
            note(f"successors.{old}", f"there is no queue {new!r}")
    note("reconnect_grace", positive(plan.reconnect_grace))
    note("retention", positive(plan.retention))
    note("lock_lease", positive(plan.lock_lease))
    if type(plan.strikes) is not int or plan.strikes < 1:
        note("strikes", f"must be a whole number >= 1, not {plan.strikes!r}")
    if plan.capacity is not None and not callable(plan.capacity):
        note("capacity", f"must be callable, not {plan.capacity!r}")
    note("heartbeat", None if plan.heartbeat is None else positive(plan.heartbeat))
    for path, trouble in (*_group_problems(plan), *_rotation_problems(plan), *_surge_problems(plan)):
        note(path, trouble)
    return found


def unknown_names(plan: Plan, who: Agent | Group) -> Iterator[tuple[str, str]]:
    """Yield what *who* names that *plan* does not have: the kind of it, and the name."""
    tables: tuple[tuple[str, Iterable[str], Container[str] | None], ...] = (
        ("queue", {**(who.queues or {}), **who.delays}, plan.queues),
        ("channel", who.channels or (), plan.channels),
        ("skill", who.skills, plan.skills),
        ("attribute", who.attributes, plan.attributes),
        ("group", getattr(who, "groups", ()), plan.groups),
    )
    for what, names, known in tables:
        yield from ((what, name) for name in names if known is not None and name not in known)


def _channel_problems(plan: Plan) -> Iterator[tuple[str, str | None]]:
    for name, channel in plan.channels.items():
        path = f"channels.{name}"
        yield path, _bad_name(name)
        yield f"{path}.units", positive(getattr(channel, "units", None), 1e6)
        if not isinstance(channel, Channel):
            continue
        for key in ("beside", "interruptible_by"):
            names = getattr(channel, key)
            if names is not None and not isinstance(names, tuple):
                yield f"{path}.{key}", f"must be a tuple of channels, not {names!r}"
                continue
            for other in names or ():
                if other not in list(plan.channels):
                    yield f"{path}.{key}", f"there is no channel {other!r}"
                elif other == name and key == "interruptible_by":
                    yield f"{path}.{key}", "work cannot interrupt what is of its own channel"
        less = channel.pending_units
        if less is not None and less != 0:
            yield f"{path}.pending_units", positive(less, channel.units)
        if channel.handle_time is not None:
            yield f"{path}.handle_time", positive(channel.handle_time)


def _group_problems(plan: Plan) -> Iterator[tuple[str, str | None]]:
    for name, group in plan.groups.items():
        path = f"groups.{name}"
        yield path, _bad_name(name)
        if not isinstance(group, Group):
            yield path, f"must be a Group, not {group!r}"
            continue
        for what, unknown in unknown_names(plan, group):
            yield f"{path}.{what}s", f"there is no {what} {unknown!r}"


def _rotation_problems(plan: Plan) -> Iterator[tuple[str, str | None]]:
    for name, rotation in plan.rotations.items():
        path = f"rotations.{name}"
        yield path, _bad_name(name)
        if not isinstance(rotation, Rotation):
            yield path, f"must be a Rotation, not {rotation!r}"
            continue
        for field, problem in rotation.problems(plan.queues, plan.channels, plan.groups):
            yield f"{path}.{field}", problem


def _surge_problems(plan: Plan) -> Iterator[tuple[str, str]]:
    surge = plan.surge
    if surge is None:
        return
    if not isinstance(surge, Surge):
        yield "surge", f"must be a Surge, not {surge!r}"
        return
    for setting, problem in surge.problems(plan.queues, plan.groups):
        yield f"surge.{setting}", problem


def _unknown_needs(plan: Plan, queue: Queue) -> Iterator[tuple[str, str]]:
    """Yield what the needs in the settings of *queue* ask for that *plan* does not list."""
    found = {"needs": getattr(queue, "needs", None)}
    found |= {f"steps[{i}].also": step.also for i, step in enumerate(_steps_of(queue))}
    for path, needs in found.items():
        if isinstance(needs, Needs) and (unknown := plan.unknown(needs)):
            yield path, unknown[1]


def _steps_of(queue: Queue) -> tuple[Step, ...]:
    steps = getattr(queue, "steps", ())
    return steps if isinstance(steps, tuple) and all(isinstance(each, Step) for each in steps) else ()


def _moving_problems(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield the steps that move to where there is nothing, or in a circle without any delay."""
    at_once: dict[str, list[str]] = {}
    for name, queue in plan.queues.items():
        for i, step in enumerate(_steps_of(queue)):
            if step.queue is None:
                continue
            if step.queue not in plan.queues:
                yield f"queues.{name}.steps[{i}].queue", f"there is no queue {step.queue!r}"
            elif step.queue == name:
                yield f"queues.{name}.steps[{i}].queue", "it is in this queue already"
            elif step.after == 0:
                at_once.setdefault(name, []).append(step.queue)
    for name in _circles(at_once):
        yield f"queues.{name}.steps", "it comes back here in a circle of moves: give one an `after`"


def _door_problems(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with where things are sent when they come in, and who is there for them."""
    yield from _overflow_problems(plan)
    yield from _review_problems(plan)
    if any(getattr(queue, "batch", None) is not None for queue in plan.queues.values()):
        for name, queue in plan.queues.items():
            if getattr(queue, "keep_free", None) is not None:
                yield f"queues.{name}.keep_free", "nobody can be kept free in a plan with a batch"


def _overflow_problems(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield the overflows that go to where there is nothing, or in a circle."""
    ways: dict[str, list[str]] = {}
    for name, queue in plan.queues.items():
        rules = getattr(queue, "overflow", ())
        for i, rule in enumerate(rules if isinstance(rules, tuple) else ()):
            to = getattr(rule, "queue", None)
            if isinstance(to, str) and to not in plan.queues:
                yield f"queues.{name}.overflow[{i}].queue", f"there is no queue {to!r}"
            elif isinstance(to, str):
                ways.setdefault(name, []).append(to)
    for name in _circles(ways):
        yield f"queues.{name}.overflow", "it comes back here in a circle of overflows"


def _review_problems(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield the reviews that wait where there is nothing, or where they might not."""
    for name, queue in plan.queues.items():
        where = getattr(getattr(queue, "review", None), "queue", None)
        if not isinstance(where, str):
            continue
        path, known = f"queues.{name}.review.queue", plan.queues.get(where)
        if known is None:
            yield path, f"there is no queue {where!r}"
        elif getattr(known, "review", None) is not None:
            yield path, f"queue {where!r} has a review itself: reviews are not reviewed"
        elif isinstance(known, Queue) and has_door(known):
            yield path, f"queue {where!r} does not let in everything: leave out most, quota and overflow"


def _circles(ways: Mapping[str, list[str]]) -> Iterator[str]:
    """Yield the names from which one comes back."""
    for name, first in ways.items():
        reached, ahead = set[str](), [*first]
        while ahead:
            if (each := ahead.pop()) not in reached:
                reached.add(each)
                ahead += ways.get(each, [])
        if name in reached:
            yield name


def _level_problems(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield the levels above which there is nothing, or the level itself again."""
    above = {name: getattr(queue, "next_level", None) for name, queue in plan.queues.items()}
    for name, level in above.items():
        if level is None:
            continue
        path = f"queues.{name}.next_level"
        if not isinstance(level, str) or level not in plan.queues:
            yield path, f"there is no queue {level!r}"
            continue
        passed = {name}
        while level in above and level not in passed:
            passed.add(level)
            level = above[level]  # noqa: PLW2901 - the way up
        if level == name:
            yield path, "leads back to this queue"


def _bad_name(name: object) -> str | None:
    try:
        checked_name(name, "a name")
    except UsageError as error:
        return str(error)
    return None


# --- as data --------------------------------------------------------------------------------

_DEFAULTS = "queue_defaults"
"""The table of settings that hold for every queue that does not say otherwise."""

_ELSEWHERE = ("mentions", "roster", "scenario", "simulation")
"""Tables of a plan file that other rooms read."""


def _as_data(plan: Plan, found: list[str]) -> dict[str, Any]:
    """Return *plan* as data and note in *found* the policies that have no name."""

    def named(path: str, policy: Callable[..., Any]) -> naming.Spec:
        spec = naming.describe(policy)
        if spec is None or _nameless(spec):
            found.append(f"{path}: {naming.why_nameless(policy)}")
            return getattr(policy, "__qualname__", type(policy).__name__)
        return spec

    data: dict[str, Any] = {
        "name": plan.name,
        "queues": {name: queue_data(queue, f"queues.{name}", named) for name, queue in plan.queues.items()},
        "channels": {name: channel_data(channel) for name, channel in plan.channels.items()},
        "successors": dict(plan.successors),
        "reconnect_grace": plan.reconnect_grace,
        "retention": plan.retention,
        "strikes": plan.strikes,
    }
    if plan.calendars:
        data["calendars"] = {name: calendar.to_data() for name, calendar in plan.calendars.items()}
    if plan.skills is not None:
        data["skills"] = sorted(plan.skills)
    if plan.attributes is not None:
        data["attributes"] = sorted(plan.attributes)
    if plan.capacity is not None:
        data["capacity"] = named("capacity", plan.capacity)
    if plan.groups:
        data["groups"] = {name: group.to_data() for name, group in plan.groups.items()}
    if plan.rotations:
        data["rotations"] = {name: rotation.to_data() for name, rotation in plan.rotations.items()}
    if plan.lock_lease != LEASE:
        data["lock_lease"] = plan.lock_lease
    if plan.heartbeat is not None:
        data["heartbeat"] = plan.heartbeat
    if plan.surge is not None:
        data["surge"] = plan.surge.to_data()
    return data


def _nameless(spec: object) -> bool:
    """Whether somewhere in a described policy a part has no name."""
    if isinstance(spec, Mapping):
        return any(_nameless(each) for each in spec.values())
    if isinstance(spec, list):
        return any(_nameless(each) for each in spec)
    return spec == naming.NAMELESS


def _read(data: Mapping[str, Any]) -> Plan:
    """Return the plan, or raise with every problem."""
    tables = Tables()
    table = tables.table("", data)
    known = {each.name for each in attrs.fields(Plan)}
    settings = {key: value for key, value in table.items() if key in known}
    tables.unknown("", table, [*known, _DEFAULTS, *_ELSEWHERE])
    settings |= _read_parts(tables, table)
    try:
        plan = Plan(**settings)
    except PlanError as error:
        tables.found.extend(error.problems)
    if tables.found:
        raise PlanError(tables.found)
    return plan


def _read_parts(tables: Tables, table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a plan that are tables themselves, or name policies."""
    settings: dict[str, Any] = {}
    defaults = tables.table(_DEFAULTS, table.get(_DEFAULTS, {}))
    if "queues" in table:
        settings["queues"] = {
            name: tables.queue(f"queues.{name}", {**defaults, **tables.table(f"queues.{name}", each)})
            for name, each in tables.table("queues", table["queues"]).items()
        }
    elif defaults:
        tables.found.append(f"{_DEFAULTS}: there are no queues that it could hold for")
    for part, read in (
        ("channels", tables.channel),
        ("calendars", tables.calendar),
        ("groups", tables.group),
        ("rotations", tables.rotation),
    ):
        if part in table:
            each_of = tables.table(part, table[part])
            settings[part] = {name: read(f"{part}.{name}", each) for name, each in each_of.items()}
    for names in ("skills", "attributes"):
        if names in table:
            settings[names] = tables.names(names, table[names])
    if "capacity" in table:
        settings["capacity"] = tables.policy("capacity", table["capacity"], "capacity")
    if "surge" in table:
        settings["surge"] = tables.surge("surge", table["surge"])
    if "successors" in table:
        settings["successors"] = tables.table("successors", table["successors"])
    return settings
