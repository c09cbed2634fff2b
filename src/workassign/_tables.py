"""How is a queue written as a table, and read? And what else a plan's data is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias

import attrs

from workassign.errors import UsageError
from workassign.groups import Group
from workassign.hours import Calendar
from workassign.model import Channel, instant
from workassign.needs import ANYBODY, Needs
from workassign.policies import naming
from workassign.policies.admission import Overflow, Quota
from workassign.policies.batch import Batch
from workassign.policies.escalation import Step
from workassign.policies.keep_free import KeepFree
from workassign.policies.review import Review
from workassign.policies.sla import Target
from workassign.policies.surge import Borrow, Surge, Templates
from workassign.queues import Alarms, Queue
from workassign.rotations import Period, Rotation

__all__ = ["SLOTS", "Named", "Tables", "channel_data", "queue_data"]

SLOTS = {
    "ordering": "ordering",
    "selection": "selection",
    "work": "work",
    "sla": "sla",
    "refusals": "offers",
}
"""Slot of a queue -> our module that a bare policy name is looked up in."""

Named: TypeAlias = Callable[[str, Callable[..., Any]], naming.Spec]
"""Returns the name, and the settings, of the policy that stands at a path."""


# --- writing --------------------------------------------------------------------------------


def queue_data(queue: Queue, path: str, named: Named) -> dict[str, Any]:
    """Return *queue*, which stands at *path*, as plain data."""
    table = {each.name: getattr(queue, each.name) for each in attrs.fields(Queue)}
    for slot in SLOTS:
        if table[slot] is not None:
            table[slot] = named(f"{path}.{slot}", table[slot])
    table["scoring"] = [named(f"{path}.scoring[{i}]", each) for i, each in enumerate(queue.scoring)]
    table["targets"] = [
        _target_data(each, partial(named, f"{path}.targets[{i}].within"))
        for i, each in enumerate(queue.targets)
    ]
    table["alarms"] = None if queue.alarms is None else _said(queue.alarms)
    table["needs"] = queue.needs.data
    table["steps"] = [_step_data(step) for step in queue.steps]
    table["quota"] = None if queue.quota is None else _said(queue.quota)
    table["overflow"] = [_said(rule) for rule in queue.overflow]
    table["keep_free"] = None if queue.keep_free is None else _said(queue.keep_free)
    table["review"] = None if queue.review is None else _review_data(queue.review)
    if queue.batch is not None:
        table["batch"] = {"window": queue.batch.window, "use": named(f"{path}.batch.use", queue.batch.use)}
    for later in _LATER:  # said only where it is meant: plans of before keep their hash
        if getattr(queue, later) == getattr(_PLAIN, later):
            table[later] = None
    return {key: value for key, value in table.items() if value is not None}


_PLAIN = Queue()
_LATER = (
    "targets",
    "reopen",
    "reopen_within",
    "alarms",
    "needs",
    "steps",
    "offers",
    "blind",
    "expected_wait",
    "wrap_up_most",
    "next_level",
    "most",
    "quota",
    "overflow",
    "review",
    "keep_free",
)
"""Settings that the first plans did not have."""


def _said(settings: attrs.AttrsInstance) -> dict[str, Any]:
    """Return the fields of *settings* that are not at their default."""
    fields = attrs.fields(type(settings))
    return {f.name: value for f in fields if (value := getattr(settings, f.name)) != f.default}


def _review_data(review: Review) -> dict[str, Any]:
    table = _said(review)
    shares = {name: dict(sorted(getattr(review, name).items())) or None for name in ("before", "after")}
    return {key: value for key, value in {**table, **shares}.items() if value is not None}


def channel_data(channel: Channel) -> dict[str, Any]:
    """Return *channel* as plain data."""
    table = {"units": channel.units, **_said(channel)}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in table.items()}


def _step_data(step: Step) -> dict[str, Any]:
    table = _said(step)
    table["also"] = None if step.also is None else step.also.data
    table["lower"] = dict(sorted(step.lower.items())) or None
    table["widen"] = {name: list(values) for name, values in sorted(step.widen.items())} or None
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in table.items()
        if value is not None
    }


def _target_data(target: Target, named: Callable[[Any], naming.Spec]) -> dict[str, Any]:
    table = _said(target)
    if callable(target.within):
        table["within"] = named(target.within)
    return {key: list(value) if isinstance(value, tuple) else value for key, value in table.items()}


# --- reading --------------------------------------------------------------------------------

_ALL_DAY = Calendar()


class Tables:
    """Turns tables into what they stand for and gathers what is wrong with them."""

    def __init__(self) -> None:
        self.found: list[str] = []
        """Every problem, behind its path."""

    def queue(self, path: str, table: Mapping[str, Any]) -> Queue:
        """Return the queue that stands at *path*."""
        settings = dict(table)
        self.unknown(f"{path}.", table, [each.name for each in attrs.fields(Queue)])
        for slot, room in SLOTS.items():
            if slot in table:
                settings[slot] = self.policy(f"{path}.{slot}", table[slot], room)
        scoring = table.get("scoring", [])
        if not isinstance(scoring, list | tuple):
            self.found.append(f"{path}.scoring: must be a list of policies, not {scoring!r}")
            scoring = []
        settings["scoring"] = tuple(
            self.policy(f"{path}.scoring[{i}]", each, "scoring") for i, each in enumerate(scoring)
        )
        settings["targets"] = self._targets(f"{path}.targets", table.get("targets", []))
        if "needs" in table:
            settings["needs"] = self._needs(f"{path}.needs", table["needs"])
        settings["steps"] = self._steps(f"{path}.steps", table.get("steps", []))
        if "alarms" in table:
            settings["alarms"] = self._alarms(f"{path}.alarms", table["alarms"])
        if "quota" in table:
            settings["quota"] = self._quota(f"{path}.quota", table["quota"])
        if "batch" in table:
            settings["batch"] = self._batch(f"{path}.batch", table["batch"])
        if "review" in table:
            settings["review"] = self._review(f"{path}.review", table["review"])
        if "keep_free" in table:
            settings["keep_free"] = self._keep_free(f"{path}.keep_free", table["keep_free"])
        settings["overflow"] = self._overflow(f"{path}.overflow", table.get("overflow", []))
        return Queue(**{key: value for key, value in settings.items() if hasattr(Queue, key)})

    def _targets(self, path: str, value: object) -> tuple[Target, ...]:
        if not isinstance(value, list | tuple):
            self.found.append(f"{path}: must be a list of tables, not {value!r}")
            return ()
        return tuple(
            each for i, table in enumerate(value) if (each := self._target(f"{path}[{i}]", table)) is not None
        )

    def _target(self, path: str, value: object) -> Target | None:
        settings = self._settings(path, value, Target)
        missing = [key for key in ("measures", "within") if key not in settings]
        self.found += [f"{path}.{key}: is missing" for key in missing]
        if missing:
            return None
        if isinstance(settings["within"], str | Mapping):
            settings["within"] = self.policy(f"{path}.within", settings["within"], "sla")
        return Target(**settings)

    def _needs(self, path: str, value: object) -> Needs:
        try:
            if isinstance(value, str | Mapping):
                return Needs(value)
            problem = f"must be a rule, or a table skill -> level, not {value!r}"
        except UsageError as error:
            problem = str(error)
        self.found.append(f"{path}: {problem}")
        return ANYBODY

    def _steps(self, path: str, value: object) -> tuple[Step, ...]:
        """Return a list of steps, or those that a schedule known by name has."""
        if isinstance(value, str | Mapping):
            try:
                return naming.made(value, "escalation")  # type: ignore[no-any-return]
            except Exception as error:  # noqa: BLE001 - somebody's function may raise anything
                self.found.append(f"{path}: {error}")
                return ()
        if not isinstance(value, list | tuple):
            self.found.append(f"{path}: must be a list of tables, or a schedule by name, not {value!r}")
            return ()
        return tuple(self._step(f"{path}[{i}]", each) for i, each in enumerate(value))

    def _step(self, path: str, value: object) -> Step:
        settings = self._settings(path, value, Step)
        if "also" in settings:
            settings["also"] = self._needs(f"{path}.also", settings["also"])
        if isinstance(settings.get("widen"), Mapping):
            settings["widen"] = {name: _tupled(each) for name, each in settings["widen"].items()}
        return Step(**settings)

    def _quota(self, path: str, value: object) -> Quota | None:
        settings = self._whole(path, value, Quota)
        return None if settings is None else Quota(**settings)

    def _keep_free(self, path: str, value: object) -> KeepFree | None:
        settings = self._whole(path, value, KeepFree)
        return None if settings is None else KeepFree(**settings)

    def _whole(self, path: str, value: object, kind: type[attrs.AttrsInstance]) -> dict[str, Any] | None:
        """Return what a table says that must name every field of *kind*."""
        settings = self._settings(path, value, kind)
        missing = [each.name for each in attrs.fields(kind) if each.name not in settings]
        self.found += [f"{path}.{key}: is missing" for key in missing]
        return None if missing else settings

    def _batch(self, path: str, value: object) -> Batch | None:
        settings = self._whole(path, value, Batch)
        if settings is None:
            return None
        return Batch(**{**settings, "use": self.policy(f"{path}.use", settings["use"], "batch")})

    def _review(self, path: str, value: object) -> Review | None:
        settings = self._settings(path, value, Review)
        if "queue" not in settings:
            self.found.append(f"{path}.queue: is missing")
            return None
        return Review(**settings)

    def _overflow(self, path: str, value: object) -> tuple[Overflow, ...]:
        if not isinstance(value, list | tuple):
            self.found.append(f"{path}: must be a list of tables, not {value!r}")
            return ()
        rules = (self._settings(f"{path}[{i}]", each, Overflow) for i, each in enumerate(value))
        return tuple(Overflow(**rule) for rule in rules)

    def _alarms(self, path: str, value: object) -> Alarms:
        return Alarms(**self._settings(path, value, Alarms))

    def _settings(self, path: str, value: object, kind: type[attrs.AttrsInstance]) -> dict[str, Any]:
        """Return what a table says of the fields of *kind*, lists as tuples."""
        table = self.table(path, value)
        known = [each.name for each in attrs.fields(kind)]
        self.unknown(f"{path}.", table, known)
        return {key: _tupled(each) for key, each in table.items() if key in known}

    def calendar(self, path: str, value: object) -> Calendar:
        """Return business hours."""
        try:
            return Calendar.from_data(self.table(path, value))
        except UsageError as error:
            self.found += [f"{path}.{line}" for line in str(error).splitlines()]
            return _ALL_DAY  # stands in for the wrong one, so that the rest is checked too

    def channel(self, path: str, value: object) -> Channel:
        """Return a channel."""
        return Channel(**self._settings(path, value, Channel))

    def group(self, path: str, value: object) -> Group:
        """Return a group of agents."""
        try:
            return Group(**self._settings(path, value, Group))
        except UsageError as error:
            self.found.append(f"{path}: {error}")
            return Group()  # stands in for the wrong one, so that the rest is checked too

    def rotation(self, path: str, value: object) -> Rotation:
        """Return agents who alternate."""
        settings = {"groups": (), "periods": (), **self._settings(path, value, Rotation)}
        periods = settings["periods"]
        if isinstance(periods, tuple):
            settings["periods"] = tuple(
                self._period(f"{path}.periods[{i}]", each) for i, each in enumerate(periods)
            )
        if isinstance(settings.get("start"), datetime):
            try:
                settings["start"] = instant(settings["start"])
            except UsageError as error:
                self.found.append(f"{path}.start: {error}")
        return Rotation(**settings)

    def _period(self, path: str, value: object) -> Period:
        try:
            return Period(**self._settings(path, value, Period))
        except UsageError as error:
            self.found.append(f"{path}: {error}")
            return Period()

    def surge(self, path: str, value: object) -> Surge:
        """Return what a surge is."""
        settings = {"on": None, "off": None, **self._settings(path, value, Surge)}
        if "templates" in settings:
            given = self._settings(f"{path}.templates", settings["templates"], Templates)
            settings["templates"] = Templates(**{"attribute": None, "names": {}, **given})
        if "borrow" in settings:
            settings["borrow"] = self._borrow(f"{path}.borrow", settings["borrow"])
        return Surge(**settings)

    def _borrow(self, path: str, value: object) -> Borrow | None:
        settings = {"groups": (), "queues": {}, **self._settings(path, value, Borrow)}
        try:
            return Borrow(**settings)
        except UsageError as error:
            self.found.append(f"{path}: {error}")
            return None

    def policy(self, path: str, spec: object, room: str) -> Callable[..., Any]:
        """Return the policy that *spec* names; *room* is our module that a bare name is looked up in."""
        try:
            return naming.resolve(spec, room)  # type: ignore[arg-type]
        except Exception as error:  # noqa: BLE001 - somebody's factory may raise anything
            self.found.append(f"{path}: {error}")
            return naming.resolve  # stands in for the wrong one, so that the rest is checked too

    def table(self, path: str, value: object) -> Mapping[str, Any]:
        """Return *value* if it is a table; an empty one stands in for what is none."""
        if isinstance(value, Mapping):
            return value
        self.found.append(f"{path or 'plan'}: must be a table, not {value!r}")
        return {}

    def names(self, path: str, value: object) -> frozenset[str] | None:
        """Return a list of names."""
        if isinstance(value, list | tuple | set | frozenset) and all(isinstance(each, str) for each in value):
            return frozenset(value)
        self.found.append(f"{path}: must be a list of names, not {value!r}")
        return None

    def unknown(self, path: str, table: Mapping[str, Any], known: list[str]) -> None:
        """Note every key of *table* that is not *known*."""
        for key in table:
            if key not in known:
                self.found.append(f"{path}{key}: unknown; there are {', '.join(sorted(known))}")


def _tupled(value: Any) -> Any:  # noqa: ANN401 - any plain data
    return tuple(value) if isinstance(value, list) else value
