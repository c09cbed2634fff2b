"""How does a table become an object again, at little cost?

A restart reads hundreds of thousands of tables. So the fields are not gone through one by one: a
table of the defaults is laid under what was read, and all values are taken from it at once, in their
order. Only what is not plain data, or may be known from elsewhere, is looked at by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import attrs

__all__ = ["Field", "Reader", "reader"]

Reader: TypeAlias = Callable[..., Any]
"""Makes an object of a table and of what is known beside it, if anything.

Unknown fields are passed over. It raises a LookupError if a field is missing that has no default,
and whatever reading a field, or checking the object, raises.
"""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Field(NamedTuple):
    """How a field is read."""

    name: str
    default: object
    """What a missing one is; `attrs.NOTHING`: it must not be missing; an `attrs.Factory` makes it anew."""
    read: Callable[[Any], Any] | None
    """None where it is plain data."""
    implied: bool
    """Where the table does not say it, it may be known."""


def reader(kind: type, fields: Sequence[Field]) -> Reader:
    """Return what reads objects of *kind*, an attrs class with these *fields* and no validators."""
    names = {field.name for field in fields}
    reads = [(field.name, field.read) for field in fields if field.read is not None]
    implied = [field.name for field in fields if field.implied]
    needed = [field.name for field in fields if field.default is attrs.NOTHING]
    said = {field.name: field.default for field in attrs.fields(kind)}
    blank = [field.name for field in fields if field.default is None and said[field.name] is attrs.NOTHING]
    make, check = (kind, None) if "__setattr__" not in vars(kind) else (_shell(fields), _checked(kind))

    def read(data: dict[str, Any], known: Mapping[str, Any] = _NOTHING) -> Any:  # noqa: ANN401 - of the kind
        for name, way in reads:
            if name in data:
                data[name] = way(data[name])
        for name in blank:
            if name not in data:
                data[name] = None
        if known:
            for name in implied:
                if name not in data and name in known:
                    data[name] = known[name]
        try:
            made = make(**data)
        except TypeError:
            if missing := [name for name in needed if name not in data]:
                raise LookupError(f"there is no {missing[0]!r}") from None
            if data.keys() <= names:
                raise
            made = make(**{name: value for name, value in data.items() if name in names})
        if check is not None:
            check(made)
            made.__class__ = kind
        return made

    return read


def _shell(fields: Sequence[Field]) -> Callable[..., Any]:
    """Return a class with the slots of a frozen one, which lets itself be filled by a slow call a field only.

    So a shell is filled, and becomes a frozen object when it has been checked: nobody ever sees one change.
    """
    own = {field.name: attrs.field(default=field.default, kw_only=True) for field in fields}
    return attrs.make_class("Shell", own, slots=True, weakref_slot=False)


def _checked(kind: type) -> Callable[[Any], object]:
    return getattr(kind, "__attrs_post_init__", lambda made: None)
