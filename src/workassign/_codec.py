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
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

import attrs

from workassign import commands as cmd
from workassign import events as ev
from workassign._reading import Field, Reader, reader
from workassign.errors import WorkassignError
from workassign.model import LATEST, Agent, Customer, Instant, Interaction
from workassign.needs import Needs, kept

__all__ = [
    "MALFORMED",
    "Turn",
    "as_data",
    "as_json",
    "as_table",
    "as_turn",
    "decode",
    "encode",
    "from_data",
    "from_json",
    "from_table",
    "reading",
]

T = TypeVar("T")

Turn: TypeAlias = tuple[Instant, cmd.Command, list[ev.Event], int]
"""The instant, the command, its facts, and how many of these time brought before it was heard."""

MALFORMED = (LookupError, TypeError, ValueError, AttributeError, RecursionError, WorkassignError)
"""What `decode` and `from_json` raise of bytes that nobody wrote: the caller knows where they stood."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


def as_json(data: object) -> bytes:
    """Return plain data as JSON in its one form.

    Raises:
        ValueError: If a number is NaN or infinite.
        TypeError: If something is no plain data.
    """
    return "".join(_encoder()(data, 0)).encode("ascii")


def from_json(body: bytes) -> Any:
    """Return what *body* says. Raises what `MALFORMED` lists."""
    text = body.decode("ascii")
    try:
        data, end = _DECODER.raw_decode(text)
    except ValueError:
        end = -1
    return data if end == len(text) else _DECODER.decode(text)  # which passes over space around it


def as_data(message: cmd.Command | ev.Event, known: Mapping[str, Any] = _NOTHING) -> dict[str, Any]:
    """Return one command or event as plain data, complete in itself but for what is *known*."""
    return _written(_tables().shapes[type(message)], message, known)


def from_data(data: dict[str, Any], known: Mapping[str, Any] = _NOTHING) -> Any:
    """Return the event in *data*, with what is *known*. Raises what `MALFORMED` lists."""
    return _tables().events[data.pop("kind")](data, known)


def as_table(value: Interaction | Agent) -> dict[str, Any]:
    """Return an interaction or an agent as plain data."""
    return _written(_shape(type(value)), value, _NOTHING)  # type: ignore[arg-type]


def from_table(kind: type[T], data: dict[str, Any]) -> T:
    """Return the *kind* that is in *data*. Raises what `MALFORMED` lists."""
    return reading(kind)(data)


def reading(kind: type[T]) -> Callable[[dict[str, Any]], T]:
    """Return what `from_table` asks: for whoever has many tables of a *kind*."""
    return _reader(kind)  # type: ignore[arg-type]


def encode(
    at: Instant, command: cmd.Command, facts: list[ev.Event], timed: int, said: bytes | None = None
) -> bytes:
    """Return a turn as bytes. Raises as `as_json` does.

    *said* is the command as bytes, for whoever wrote that before it was carried out.
    """
    shapes = _tables().shapes
    if said is None:
        said = as_json(as_data(command))
    data: dict[str, Any] = {}
    if timed:
        data["timed"] = timed
    if facts:
        known = _implied(shapes[type(command)], at, command)
        data["facts"] = [_written(shapes[type(event)], event, known) for event in facts]
    when = b"%r" % at if type(at) is float and -LATEST <= at <= LATEST else as_json(at)  # what JSON says, too
    rest = b"," + as_json(data)[1:] if data else b"}"
    return b'{"at":%b,"command":%b%b' % (when, said, rest)


def as_turn(at: Instant, command: cmd.Command, facts: list[ev.Event], timed: int) -> dict[str, Any]:
    """Return a turn as data, new but for attributes, needs and plans: they are those of the messages."""
    data: dict[str, Any] = {"at": at, "command": as_data(command)}
    if timed:
        data["timed"] = timed
    if facts:
        shapes = _tables().shapes
        known = _implied(shapes[type(command)], at, command)
        data["facts"] = [_written(shapes[type(event)], event, known) for event in facts]
    return data


def decode(body: bytes) -> Turn:
    """Return the turn in *body*, equal to the one that was encoded.

    Unknown fields are passed over; missing ones take their default. Raises what `MALFORMED`
    lists if the kind is unknown, or a field is missing that has no default.
    """
    data = from_json(body)
    shapes, commands, events = _tables()
    at, said = data["at"], data["command"]
    command = commands[said.pop("kind")](said)
    known = _implied(shapes[type(command)], at, command)
    facts = [events[fact.pop("kind")](fact, known) for fact in data.get("facts", ())]
    return at, command, facts, data.get("timed", 0)


def _as_plain(value: object) -> object:
    """Tell JSON what a read-only table is."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} is no plain data")


@cache
def _encoder() -> Callable[[object, int], Iterable[str]]:
    """Return what `json.JSONEncoder` makes anew for each text: to make it takes longer than most texts.

    It looks for no circles, which end as a RecursionError: so it remembers nothing, and threads share it.
    """
    fast = getattr(json.encoder, "c_make_encoder", None)
    if fast is None:  # a Python without C
        slow = json.JSONEncoder(
            separators=(",", ":"), check_circular=False, allow_nan=False, default=_as_plain
        )
        return lambda data, level: slow.encode(data)
    text = json.encoder.encode_basestring_ascii
    encoder: Callable[[object, int], Iterable[str]] = fast(
        None, _as_plain, text, None, ":", ",", False, False, False
    )
    return encoder


_DECODER = json.JSONDecoder()


# --- what a class looks like ------------------------------------------------------------------


class _Shape(NamedTuple):
    """A class as JSON."""

    kind: str
    """The class's name under `kind`; empty for what stands within a message."""
    fields: tuple[tuple[str, object, Callable[[Any], Any] | None], ...]
    """Name, what is left out, and how it is written where it is no plain data."""
    implied: tuple[str, ...]
    """The fields that its turn may say already."""
    reads: tuple[Field, ...]
    """The same fields, as they are read."""


class _Readers(dict[str, Reader]):
    """What reads a kind of message, written when the first of the kind is read."""

    def __init__(self, kinds: Iterable[type]) -> None:
        self._kinds = {kind.__name__: kind for kind in kinds}

    def __missing__(self, name: str) -> Reader:
        if name not in self._kinds:
            raise LookupError(f"there is no {name!r}")
        found = self[name] = _reader(self._kinds[name])
        return found


class _Tables(NamedTuple):
    shapes: Mapping[type, _Shape]
    commands: _Readers
    events: _Readers


@cache
def _tables() -> _Tables:
    commands, events = get_args(cmd.Command), get_args(ev.Event)
    shapes = {kind: _shape(kind, kind.__name__) for kind in (*commands, *events)}
    return _Tables(shapes, _Readers(commands), _Readers(events))


@cache
def _reader(kind: type) -> Reader:
    return reader(kind, _shape(kind).reads)


@cache
def _shape(kind: type, name: str = "") -> _Shape:
    """Find out what *kind* looks like from its fields."""
    hints = get_type_hints(kind)
    written, reads = [], []
    for field in attrs.fields(kind):
        hint = hints[field.name]
        optional = type(None) in get_args(hint)
        bare = next(each for each in get_args(hint) if each is not type(None)) if optional else hint
        write, read = _ways(bare)
        implied = bare in (Interaction, Agent) or field.name in ("at", "reference")
        missing = None if optional and field.default is attrs.NOTHING else field.default
        written.append((field.name, _default(field, optional), write))
        reads.append(Field(field.name, missing, read, implied))
    known = tuple(field.name for field in reads if field.implied)
    return _Shape(name, tuple(written), known, tuple(reads))


def _default(field: attrs.Attribute[Any], optional: bool) -> object:
    """Return the value of *field* that is left out."""
    if field.default is attrs.NOTHING:
        return None if optional else attrs.NOTHING
    return _NOTHING if isinstance(field.default, attrs.Factory) else field.default  # type: ignore[arg-type]


def _ways(hint: Any) -> tuple[Callable[[Any], Any] | None, Callable[[Any], Any] | None]:
    """Return how a value of this type is written and read; None where it is plain data."""
    if hint in (Interaction, Agent, Customer):
        shape = _shape(hint)
        return (lambda value: _written(shape, value, _NOTHING)), _reader(hint)
    if hint is Needs:
        return (lambda needs: needs.data), _needs
    if isinstance(hint, type) and issubclass(hint, Enum):
        return (lambda member: member.value), hint
    if hint == tuple[str, ...]:
        return None, tuple
    if get_origin(hint) is tuple:
        return None, _pairs
    return None, None


def _needs(data: Any) -> Needs:
    return data if type(data) is Needs else kept(data)


def _pairs(rows: Any) -> tuple[Any, ...]:
    return tuple([(name, number) for name, number in rows]) if rows != [] else ()


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
