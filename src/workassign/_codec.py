"""How does a turn look as bytes, and how do bytes become a turn again?

A message is its fields in their order, behind the name of its class: `{"kind":"Tick"}`. A field
that holds its default, or None where it may, is left out. Within a turn nothing is said twice
either: a fact happened `at` the instant of its turn, its `reference` is that instant, and its
`interaction` or `agent` is the very one that the command brought, unless it says otherwise.

The same turn gives the same bytes on every Python: ASCII, no spaces, floats as `repr` has them.
What each class looks like is found out once, from its fields, so both ways cost little more than
JSON itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

import attrs

from workassign import commands as cmd
from workassign import events as ev
from workassign.errors import WorkassignError
from workassign.model import Agent, Customer, Instant, Interaction
from workassign.needs import Needs, kept

__all__ = [
    "MALFORMED",
    "Turn",
    "as_data",
    "as_json",
    "as_table",
    "decode",
    "encode",
    "from_data",
    "from_json",
    "from_table",
    "plain",
]

T = TypeVar("T")

Turn: TypeAlias = tuple[Instant, cmd.Command, list[ev.Event], int]
"""The instant, the command, its facts, and how many of these time brought before it was heard."""

MALFORMED = (LookupError, TypeError, ValueError, AttributeError, RecursionError, WorkassignError)
"""What `decode` and `from_json` raise of bytes that nobody wrote: the caller knows where they stood."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_NEEDED = object()
"""Stands in for the default of a field that has none."""


def as_json(data: object) -> bytes:
    """Return plain data as JSON in its one form.

    Raises:
        ValueError: If a number is NaN or infinite.
        TypeError: If something is no plain data.
    """
    return _ENCODER.encode(data).encode("ascii")


def from_json(body: bytes) -> Any:
    """Return what *body* says. Raises what `MALFORMED` lists."""
    return _DECODER.decode(body.decode("ascii"))


def as_data(message: cmd.Command | ev.Event, known: Mapping[str, Any] = _NOTHING) -> dict[str, Any]:
    """Return one command or event as plain data, complete in itself but for what is *known*."""
    return _written(_tables().shapes[type(message)], message, known)


def from_data(data: dict[str, Any], known: Mapping[str, Any] = _NOTHING) -> Any:
    """Return the event in *data*, which is used up, with what is *known*. Raises what `MALFORMED` lists."""
    return _message(_tables().events, data, known)


def as_table(value: Interaction | Agent) -> dict[str, Any]:
    """Return an interaction or an agent as plain data."""
    return _written(_shape(type(value)), value, _NOTHING)  # type: ignore[arg-type]


def from_table(kind: type[T], data: dict[str, Any]) -> T:
    """Return the *kind* that is in *data*, which is used up. Raises what `MALFORMED` lists."""
    made: T = _made(_shape(kind), data, _NOTHING)  # type: ignore[arg-type]
    return made


def encode(at: Instant, command: cmd.Command, facts: list[ev.Event], timed: int) -> bytes:
    """Return a turn as bytes. Raises as `as_json` does."""
    shapes = _tables().shapes
    known = _implied(shapes[type(command)], at, command)
    data: dict[str, Any] = {"at": at, "command": as_data(command)}
    if timed:
        data["timed"] = timed
    if facts:
        data["facts"] = [_written(shapes[type(event)], event, known) for event in facts]
    return as_json(data)


def decode(body: bytes) -> Turn:
    """Return the turn in *body*, equal to the one that was encoded.

    Unknown fields are passed over; missing ones take their default. Raises what `MALFORMED`
    lists if the kind is unknown, or a field is missing that has no default.
    """
    data = from_json(body)
    tables = _tables()
    at = data["at"]
    command = _message(tables.commands, data["command"], _NOTHING)
    known = _implied(tables.shapes[type(command)], at, command)
    facts = [_message(tables.events, fact, known) for fact in data.get("facts", ())]
    return at, command, facts, data.get("timed", 0)


def plain(command: cmd.Command) -> cmd.Command:
    """Return *command* as a journal gives it back: a plan in it becomes plain data.

    Raises:
        TypeError: If something in the plan is no plain data.
        ValueError: If a number in it is NaN or infinite.
    """
    if isinstance(command, cmd.ChangePlan):
        return attrs.evolve(command, plan=from_json(as_json(command.plan)))
    return command


def _as_plain(value: object) -> object:
    """Tell JSON what a read-only table is."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{value!r} is no plain data")


_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True, allow_nan=False, default=_as_plain)
_DECODER = json.JSONDecoder()


# --- what a class looks like ------------------------------------------------------------------


class _Shape(NamedTuple):
    """A class as JSON."""

    make: Callable[..., Any]
    kind: str
    """The class's name under `kind`; empty for what stands within a message."""
    fields: tuple[tuple[str, object, Callable[[Any], Any] | None], ...]
    """Name, what is left out, and how it is written where it is no plain data."""
    reads: tuple[tuple[str, Callable[[Any], Any]], ...]
    """The fields that are no plain data, and how they are read."""
    blank: Mapping[str, None]
    """The fields without a default that may be None."""
    names: frozenset[str]
    implied: tuple[str, ...]
    """The fields that its turn may say already."""


class _Tables(NamedTuple):
    shapes: Mapping[type, _Shape]
    commands: Mapping[str, _Shape]
    events: Mapping[str, _Shape]


@cache
def _tables() -> _Tables:
    commands = {kind: _shape(kind, kind.__name__) for kind in get_args(cmd.Command)}
    events = {kind: _shape(kind, kind.__name__) for kind in get_args(ev.Event)}
    return _Tables(
        {**commands, **events},
        {shape.kind: shape for shape in commands.values()},
        {shape.kind: shape for shape in events.values()},
    )


@cache
def _shape(kind: type, name: str = "") -> _Shape:
    """Find out what *kind* looks like from its fields."""
    hints = get_type_hints(kind)
    fields, reads, implied = [], [], []
    blank: dict[str, None] = {}
    for field in attrs.fields(kind):
        hint = hints[field.name]
        optional = type(None) in get_args(hint)
        bare = next(each for each in get_args(hint) if each is not type(None)) if optional else hint
        write, read = _ways(bare)
        default = _default(field, optional)
        fields.append((field.name, default, write))
        if read is not None:
            reads.append((field.name, read))
        if optional and field.default is attrs.NOTHING:
            blank[field.name] = None
        if bare in (Interaction, Agent) or field.name in ("at", "reference"):
            implied.append(field.name)
    names = frozenset(name for name, _, _ in fields)
    return _Shape(kind, name, tuple(fields), tuple(reads), blank, names, tuple(implied))


def _default(field: attrs.Attribute[Any], optional: bool) -> object:
    """Return the value of *field* that is left out."""
    if field.default is attrs.NOTHING:
        return None if optional else _NEEDED
    return _NOTHING if isinstance(field.default, attrs.Factory) else field.default  # type: ignore[arg-type]


def _ways(hint: Any) -> tuple[Callable[[Any], Any] | None, Callable[[Any], Any] | None]:
    """Return how a value of this type is written and read; None where it is plain data."""
    if hint in (Interaction, Agent, Customer):
        shape = _shape(hint)
        return (lambda value: _written(shape, value, _NOTHING)), (lambda data: _made(shape, data, _NOTHING))
    if hint is Needs:
        return (lambda needs: needs.data), _needs
    if isinstance(hint, type) and issubclass(hint, Enum):
        return (lambda member: member.value), hint
    if hint == tuple[str, ...]:
        return None, tuple
    if get_origin(hint) is tuple:
        return None, (lambda rows: tuple([(name, number) for name, number in rows]))
    return None, None


def _needs(data: Any) -> Needs:
    return data if type(data) is Needs else kept(data)


def _implied(shape: _Shape, at: Instant, command: cmd.Command) -> dict[str, Any]:
    """Return what the facts of a turn need not say."""
    # At 0, which may be written as -0.0 too, they say it.
    known: dict[str, Any] = {"at": at, "reference": at} if at else {}
    for name in shape.implied:
        known[name] = getattr(command, name)
    return known


def _written(shape: _Shape, message: object, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of *message* as plain data, without those that are known."""
    data: dict[str, Any] = {"kind": shape.kind} if shape.kind else {}
    for name, default, write in shape.fields:
        value = getattr(message, name)
        if value is default or (type(value) is type(default) and value == default):
            continue
        if name in shape.implied and name in known:
            same = known[name]
            if value is same or (type(value) is float and value == same):
                continue
        data[name] = value if write is None else write(value)
    return data


def _message(shapes: Mapping[str, _Shape], data: dict[str, Any], known: Mapping[str, Any]) -> Any:
    kind = data.pop("kind")
    shape = shapes.get(kind)
    if shape is None:
        raise LookupError(f"there is no {kind!r}")
    return _made(shape, data, known)


def _made(shape: _Shape, data: dict[str, Any], known: Mapping[str, Any]) -> Any:
    """Return the object that *data*, which is used up, describes."""
    for name, read in shape.reads:
        if name in data:
            data[name] = read(data[name])
    for name in shape.implied:
        if name not in data and name in known:
            data[name] = known[name]
    try:
        return shape.make(**{**shape.blank, **data})
    except TypeError as error:
        found = {name: value for name, value in data.items() if name in shape.names}
        if len(found) == len(data):
            raise ValueError(str(error)) from None
        return shape.make(**{**shape.blank, **found})
