"""Which settings does another table of the plan file hold, and what is wrong in it?

Tables become attrs classes, strictly: nothing is converted, nothing unknown is passed over, and
every mistake is reported at once, with its path.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin

import attrs

from workassign.errors import PlanError, UsageError

if TYPE_CHECKING:
    from cattrs import Converter

__all__ = ["structured"]

T = TypeVar("T")

_NAMES: Mapping[type, str] = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def structured(table: object, kind: type[T], path: str) -> T:
    """Return *table*, plain data as in a TOML file, as a *kind*: an attrs class.

    Lists become tuples. A class that can be written in short (`"column"` for a table with that
    column) says so with a static method `from_text`.

    Raises:
        PlanError: If anything is wrong; every problem is listed behind its path, from *path* on.
    """
    from cattrs.errors import BaseValidationError

    try:
        return _converter().structure(table, kind)
    except BaseValidationError as error:
        raise PlanError(sorted(_problems(error, path))) from None
    except (UsageError, ValueError, TypeError) as error:
        raise PlanError([f"{path}: {error}"]) from None


@cache
def _converter() -> Converter:
    from cattrs import Converter

    converter = Converter(forbid_extra_keys=True, detailed_validation=True)
    for kind, name in _NAMES.items():
        converter.register_structure_hook(kind, _exactly(kind, name))
    converter.register_structure_hook_factory(attrs.has, lambda cls: _class(cls, converter))
    converter.register_structure_hook_factory(_is_tuple, lambda kind: _list(kind, converter))
    converter.register_structure_hook_factory(_is_table, lambda kind: _table(kind, converter))
    return converter


def _exactly(kind: type, name: str) -> Callable[[object, Any], object]:
    """Return a hook that lets only a *kind* pass; a whole number is a number, too."""
    kinds = (int, float) if kind is float else (kind,)

    def check(value: object, _: object) -> object:
        if type(value) not in kinds:
            raise ValueError(f"must be {name}, not {value!r}")
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"must be finite, not {value!r}")
        return float(value) if kind is float else value  # type: ignore[arg-type]

    return check


def _is_tuple(kind: object) -> bool:
    return get_origin(kind) is tuple


def _is_table(kind: object) -> bool:
    return get_origin(kind) is Mapping


def _class(cls: type, converter: Converter) -> Callable[[object, Any], object]:
    from cattrs.gen import make_dict_structure_fn

    whole: Any = make_dict_structure_fn(cls, converter, _cattrs_forbid_extra_keys=True)
    in_short = getattr(cls, "from_text", None)

    def structure(value: object, kind: type[object]) -> object:
        if in_short is not None and isinstance(value, str):
            return in_short(value)
        if not isinstance(value, Mapping):
            raise ValueError(f"must be a table, not {value!r}")
        return whole(value, kind)

    return structure


def _list(kind: object, converter: Converter) -> Callable[[object, Any], object]:
    inner = get_args(kind)[0]

    def structure(value: object, _: object) -> object:
        if not isinstance(value, list | tuple):
            raise ValueError(f"must be a list, not {value!r}")
        return tuple(converter.structure(list(value), list[inner]))  # type: ignore[valid-type]

    return structure


def _table(kind: object, converter: Converter) -> Callable[[object, Any], object]:
    inner = get_args(kind)[1]

    def structure(value: object, _: object) -> object:
        if not isinstance(value, Mapping):
            raise ValueError(f"must be a table, not {value!r}")
        return converter.structure(dict(value), dict[str, inner])  # type: ignore[valid-type]

    return structure


def _problems(error: BaseException, path: str) -> list[str]:
    """Return every mistake below *error*, each behind its path."""
    from cattrs.errors import ClassValidationError, ForbiddenExtraKeysError, IterableValidationError

    if isinstance(error, ForbiddenExtraKeysError):
        known = ", ".join(sorted(field.name for field in attrs.fields(error.cl)))
        return [f"{path}.{key}: unknown; there are {known}" for key in sorted(error.extra_fields)]
    if isinstance(error, ClassValidationError):
        noted, others = error.group_exceptions()
        below = [(each, f"{path}.{note.name}") for each, note in noted]
    elif isinstance(error, IterableValidationError):
        items, others = error.group_exceptions()
        below = [(each, f"{path}{_item(note.index)}") for each, note in items]
    elif isinstance(error, KeyError):
        return [f"{path}: is missing"]
    else:
        return [f"{path}: {error}"]
    below += [(each, path) for each in others]
    return [problem for each, where in below for problem in _problems(each, where)]


def _item(index: object) -> str:
    return f"[{index}]" if isinstance(index, int) else f".{index}"
