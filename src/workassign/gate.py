"""What may come in? One strict gate for all that is asked from outside, before anything is decided.

Journals, databases and encoders differ in what they can hold: NaN becomes null in one and an error
in another, a lone surrogate kills every encoder of UTF-8, a NUL one database, a number of a
thousand digits the reader. What one of them cannot hold is refused here, with the field and the
rule; what is left is written as JSON before the engine hears it, so that whatever was decided can
be kept, and read again, by all of them. A journal that exists is read without it.

Texts come and go as they are: two spellings of one letter are two ids, for an id that was changed
silently would be nobody's.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NoReturn, get_args

import attrs

from workassign._codec import MALFORMED, as_data, as_json
from workassign.commands import (
    AddAgent,
    ChangeAgent,
    ChangePlan,
    Command,
    Submit,
    Update,
    checked,
)
from workassign.errors import UsageError
from workassign.model import Agent, Interaction
from workassign.needs import Needs

__all__ = [
    "ATTRIBUTES_LIMIT",
    "BODY_LIMIT",
    "DEPTH_LIMIT",
    "KEYS_LIMIT",
    "admitted",
    "check_attributes",
    "parsed",
]

BODY_LIMIT = 4 * 2**20
"""A message that comes in has at most so many bytes: most are hundreds, a plan may be a megabyte."""

DEPTH_LIMIT = 16
"""Objects and arrays are nested at most so deep."""

KEYS_LIMIT = 256
"""An interaction or an agent has at most so many attributes, and needs ask for so many skills."""

ATTRIBUTES_LIMIT = 32 * 2**10
"""The names and texts of all attributes of one interaction, or agent, have at most so many bytes together."""

ROWS_LIMIT = 4096
"""An agent has at most so many skills, queues, channels, labels, groups and delays each."""

WHOLE_LIMIT = 2**53
"""Whole numbers are less than that: up to there every reader of JSON agrees on them."""

DIGITS_LIMIT = 16
"""`WHOLE_LIMIT` has so many digits."""


def admitted(command: Command) -> tuple[Command, bytes]:
    """Return *command* if it may come in, and the same as JSON, as journals keep it.

    What it holds is its own: tables that the caller could still change are copied.
    Cost: O(its length), three or four microseconds for most.

    Raises:
        UsageError: If it is no command, or a field is wrong: it names the field and the rule.
    """
    kind = type(command)
    try:
        checked(command)
        for name in _WHOLE[kind]:
            number = getattr(command, name)
            if number is not None and not -WHOLE_LIMIT < number < WHOLE_LIMIT:
                raise UsageError(f"{name} of {kind.__name__} must be between -2^53 and 2^53")
        own = _OWN.get(kind)
        if own is not None:
            command = own(command)
        body = as_json(as_data(command))
    except UsageError:
        raise
    except (*MALFORMED, ArithmeticError) as error:  # of a value that is like no other: no reason to give up
        raise UsageError(f"{kind.__name__} holds what cannot be kept: {type(error).__name__}") from None
    if len(body) > BODY_LIMIT:
        raise UsageError(f"{kind.__name__} must have at most {BODY_LIMIT} bytes as JSON, not {len(body)}")
    return command, body


def check_attributes(attributes: Mapping[str, Any], what: str) -> None:
    """Check the number and the size of *attributes*, whose names and values are checked already.

    Raises:
        UsageError: If they are too many or too long, or a number is too large; *what* has them.
    """
    if len(attributes) > KEYS_LIMIT:
        raise UsageError(f"{what} must have at most {KEYS_LIMIT} attributes, not {len(attributes)}")
    size = 0
    for name, value in attributes.items():
        size += len(name.encode())
        for each in value if isinstance(value, tuple | list) else (value,):
            if isinstance(each, str):
                size += len(each.encode())
            elif isinstance(each, int) and not -WHOLE_LIMIT < each < WHOLE_LIMIT:
                raise UsageError(f"attribute {name!r} of {what} must be between -2^53 and 2^53")
    if size > ATTRIBUTES_LIMIT:
        rule = f"must have at most {ATTRIBUTES_LIMIT} bytes together, not {size}"
        raise UsageError(f"attributes of {what} {rule}")


# --- what a command brings ----------------------------------------------------------------------


def _interaction(command: Submit) -> Submit:
    _check_interaction(command.interaction)
    return command


def _check_interaction(interaction: Interaction) -> None:
    if interaction.attributes:
        check_attributes(interaction.attributes, "interaction of Submit")
    _check_needs(interaction.needs, "Submit")


def _check_needs(needs: Needs, what: str) -> None:
    if len(needs.skills) > KEYS_LIMIT:
        raise UsageError(f"needs of {what} must be at most {KEYS_LIMIT} skills, not {len(needs.skills)}")


def _agent(command: AddAgent | ChangeAgent) -> Command:
    agent: Agent = command.agent
    for name in ("skills", "queues", "channels", "labels", "groups", "delays"):
        rows: Iterable[str] | None = getattr(agent, name)
        if rows is not None and (number := len(tuple(rows))) > ROWS_LIMIT:
            raise UsageError(f"{name} of an agent must be at most {ROWS_LIMIT}, not {number}")
    check_attributes(agent.attributes, f"agent of {type(command).__name__}")
    return command


def _update(command: Update) -> Update:
    if command.needs is not None:
        _check_needs(command.needs, "Update")
    if command.attributes is None:
        return command
    check_attributes(command.attributes, "Update")
    return attrs.evolve(command, attributes=MappingProxyType(dict(command.attributes)))


def _plan(command: ChangePlan) -> ChangePlan:
    """Return it with the plan as a journal gives it back: plain data."""
    try:
        body = as_json(command.plan)
    except MALFORMED as error:
        raise UsageError(f"plan of ChangePlan must be plain data: {error}") from None
    return attrs.evolve(command, plan=parsed(body, "plan of ChangePlan"))


_OWN: Mapping[type, Callable[[Any], Command]] = {
    Submit: _interaction,
    AddAgent: _agent,
    ChangeAgent: _agent,
    Update: _update,
    ChangePlan: _plan,
}

_COUNTED = ("offer", "fence", "expected_version")

_WHOLE: Mapping[type, tuple[str, ...]] = {
    kind: tuple(each.name for each in attrs.fields(kind) if each.name in _COUNTED)
    for kind in get_args(Command)
}
"""The fields of each command that are whole numbers."""


# --- JSON ---------------------------------------------------------------------------------------


def parsed(body: bytes, what: str, most: int = BODY_LIMIT) -> Any:  # noqa: ANN401 - JSON
    """Return what the JSON in *body*, at most *most* bytes, says; *what* names it in errors.

    Cost: O(its length).

    Raises:
        UsageError: If it is too long or too deep, is no UTF-8 or no JSON, names a field twice, or
            holds a number that is not finite, or a whole one beyond 2^53.
    """
    if not isinstance(body, bytes | bytearray | memoryview):
        raise UsageError(f"{what} must be bytes, not {type(body).__name__}")
    if len(body) > most:
        raise UsageError(f"{what} must have at most {most} bytes, not {len(body)}")
    try:
        text = bytes(body).decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{what} must be UTF-8") from None
    _check_depth(text, what)
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise UsageError(f"{what} must be JSON, and is not from character {error.pos} on") from None
    except UsageError as error:
        raise UsageError(f"{what} {error}") from None


_QUOTED_OR_BRACKET = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)
"""Linear: nothing is tried twice, and a text that does not end reaches to the end."""


def _check_depth(text: str, what: str) -> None:
    if text.count("[") + text.count("{") <= DEPTH_LIMIT:
        return
    depth = 0
    for found in _QUOTED_OR_BRACKET.finditer(text):
        sign = found[0][0]
        if sign in "[{":
            depth += 1
            if depth > DEPTH_LIMIT:
                raise UsageError(f"{what} must not be nested deeper than {DEPTH_LIMIT}")
        elif sign != '"':
            depth -= 1


def _whole(digits: str) -> int:
    if len(digits.lstrip("-")) > DIGITS_LIMIT or abs(number := int(digits)) >= WHOLE_LIMIT:
        raise UsageError("must not hold a whole number of 2^53 or more")
    return number


def _number(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise UsageError("must not hold a number that is not finite")
    return number


def _no_number(name: str) -> NoReturn:
    raise UsageError(f"must not hold {name}")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise UsageError("must name every field once")
    return table


_DECODER = json.JSONDecoder(
    parse_int=_whole, parse_float=_number, parse_constant=_no_number, object_pairs_hook=_once
)
