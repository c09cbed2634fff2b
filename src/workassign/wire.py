"""How do commands and answers travel as JSON: over HTTP, through a store's inbox?

A message is an object of its fields behind the name of its class: `{"kind":"Accept","offer":7,
"agent":"ann"}`. What is left out has its default. The bytes are ASCII, so every text that JSON
can say goes through any database and any log of bytes.

What comes in is nobody's friend: it is refused with a `UsageError` that names the place and the
rule, and never shows what stood there, if it is too large or too deep, says a field twice or one
that there is not, or a number that no store can keep. Answers come from a node, and a newer one
may say more: fields that this version does not know are passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Any, NamedTuple, get_args, get_type_hints

import attrs

from workassign._codec import MALFORMED, as_data, as_json, from_data, from_json
from workassign.commands import ChangePlan, Command
from workassign.errors import UsageError
from workassign.events import Event
from workassign.gate import admitted, parsed
from workassign.model import Agent, Customer, Interaction
from workassign.needs import Needs

__all__ = ["answer_from_json", "answer_to_json", "command_from_json", "command_to_json"]


def command_from_json(body: bytes, *, plans: bool = True) -> Command:
    """Return the command that *body* says, admitted by the gate. Cost: O(its length).

    A plan names functions, which are imported and called when it is changed to: without *plans* a
    `ChangePlan` is refused, as it must be where it comes from somebody who may not run code here.

    >>> command_to_json(command_from_json(b'{"agent": "ann", "offer": 7, "kind": "Accept"}'))
    b'{"kind":"Accept","offer":7,"agent":"ann"}'

    Raises:
        UsageError: If it is no command, or anything in it is not as it must be.
    """
    data = _table(parsed(body, "a command"), "a command")
    kind = data.pop("kind", None)
    known = _commands().get(kind) if isinstance(kind, str) else None
    if known is None:
        raise UsageError("kind of a command must be the name of one, as in workassign.commands")
    if known is ChangePlan and not plans:
        raise UsageError("a plan is not taken here: it names functions that would be called")
    command: Command = _built(known, data, known.__name__)
    return admitted(command)[0]


def command_to_json(command: Command) -> bytes:
    """Return *command* as bytes, from which `command_from_json` makes an equal one.

    A plan in it comes back as plain data: tuples as lists.

    Raises:
        UsageError: As the gate does.
    """
    return admitted(command)[1]


def answer_to_json(answer: Sequence[Event]) -> bytes:
    """Return the *answer* of a desk as bytes: an array of its events.

    Raises:
        UsageError: If something in it is no event.
    """
    try:
        return as_json([as_data(event) for event in answer])
    except MALFORMED as error:
        raise UsageError(f"an answer must be events, not what holds a {type(error).__name__}") from None


def answer_from_json(body: bytes) -> list[Event]:
    """Return the answer that *body* says.

    Raises:
        UsageError: If it is none.
    """
    try:
        rows = from_json(body)
        if type(rows) is list:
            return [from_data(each) for each in rows]
        raise TypeError(type(rows).__name__)
    except MALFORMED as error:
        raise UsageError(
            f"an answer must be an array of events, and is none: {type(error).__name__}"
        ) from None


# --- from data to values ------------------------------------------------------------------------


class _Field(NamedTuple):
    """What a field of a message takes."""

    read: Callable[[Any, str], Any] | None
    """Makes the value of what JSON says; None where that is the value."""
    blank: bool
    """It may be None, and is if it is left out."""
    needed: bool


@cache
def _commands() -> Mapping[str, type]:
    return {kind.__name__: kind for kind in get_args(Command)}


@cache
def _fields(kind: type) -> Mapping[str, _Field]:
    hints = get_type_hints(kind)
    found = {}
    for field in attrs.fields(kind):
        hint = hints[field.name]
        blank = type(None) in get_args(hint)
        bare = next(each for each in get_args(hint) if each is not type(None)) if blank else hint
        needed = field.default is attrs.NOTHING and not blank
        found[field.name] = _Field(_reader(bare), blank, needed)
    return found


def _built(kind: type, data: dict[str, Any], what: str) -> Any:  # noqa: ANN401 - as `_codec`: known when read
    """Return the *kind* that *data* says; *what* names it in errors."""
    fields = _fields(kind)
    if strays := [name for name in data if name not in fields]:
        raise UsageError(f"{what} has no field {strays[0][:40]!r}")
    if missing := [name for name, field in fields.items() if field.needed and name not in data]:
        raise UsageError(f"{what} must have the field {missing[0]!r}")
    values = {name: None for name, field in fields.items() if field.blank}
    for name, value in data.items():
        field = fields[name]
        if value is None and not field.blank:
            raise UsageError(f"{name} of {what} must not be null")
        plain = value is None or field.read is None
        values[name] = value if plain else field.read(value, f"{name} of {what}")  # type: ignore[misc]
    return kind(**values)


def _reader(hint: Any) -> Callable[[Any, str], Any] | None:  # noqa: ANN401 - a type, or what stands for one
    """Return what makes a value of the type *hint*; None where JSON has it already."""
    if hint in (Interaction, Agent, Customer):
        return lambda data, what: _built(hint, _table(data, what), what)
    if hint is Needs:
        return _needs
    if isinstance(hint, type) and issubclass(hint, Enum):
        return lambda data, what: _member(hint, data, what)
    if hint == tuple[str, ...]:
        return _row
    return None


def _table(data: object, what: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise UsageError(f"{what} must be an object")
    return data


def _row(data: object, what: str) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise UsageError(f"{what} must be an array")
    return tuple(data)


def _needs(data: object, what: str) -> Needs:
    if not isinstance(data, str | dict):
        raise UsageError(f"{what} must be a rule, or an object of skills and levels")
    return Needs(data)


def _member(kind: type[Enum], data: object, what: str) -> Enum:
    for each in kind:
        if each.value == data:
            return each
    raise UsageError(f"{what} must be one of {', '.join(str(each.value) for each in kind)}")
