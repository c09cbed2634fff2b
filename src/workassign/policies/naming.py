"""How is a policy named in a plan, so that a journal can name it too?

A plain function is named `module:function`; one made by a factory is named with its settings,
`{use = "module:factory", …}`. Ours need no module.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeAlias, TypeVar

__all__ = ["NAMELESS", "Spec", "describe", "factory", "made", "reseeded", "resolve", "why_nameless"]

P = ParamSpec("P")
R = TypeVar("R")

Spec: TypeAlias = str | Mapping[str, Any]
"""A policy as data: a name, or a table with `use` and the factory's settings."""


NAMELESS = "<nameless>"
"""Stands in a described policy for a part that has no name."""


def factory(make: Callable[P, R]) -> Callable[P, R]:
    """Mark *make* as a policy factory: what it returns remembers its name and settings."""
    names = list(signature(make).parameters)

    @wraps(make)
    def made(*args: P.args, **kwargs: P.kwargs) -> R:
        policy = make(*args, **kwargs)
        if _is_named(make):
            settings = {**dict(zip(names, args, strict=False)), **kwargs}
            _remember(policy, f"{make.__module__}:{make.__name__}", settings)
        return policy

    made.__is_factory__ = True  # type: ignore[attr-defined]
    return made


def _remember(policy: Any, use: str, settings: Mapping[str, Any]) -> None:  # noqa: ANN401 - somebody's callable
    # With itself beside it: `functools.wraps` copies attributes, and a wrapper is another policy.
    policy.__spec_of__ = (policy, {"use": use, **{name: _as_data(value) for name, value in settings.items()}})


def _is_named(function: object) -> bool:
    """Whether *function* can be found again by its module and name."""
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", "<>")
    return module is not None and module != "__main__" and "<" not in name and "." not in name


def why_nameless(policy: Callable[..., Any]) -> str:
    """Return why *policy* has no name that a journal could keep, and what to do about it."""
    name = getattr(policy, "__qualname__", type(policy).__name__)
    if getattr(policy, "__module__", None) == "__main__":
        return f"{name} is in the script that runs: move it to a module"
    if name.endswith("<lambda>"):
        return "a lambda has no name that a journal could keep: write a function in a module"
    return f"{name} has no name that a journal could keep: mark what makes it with policies.naming.factory"


def describe(policy: Callable[..., Any]) -> Spec | None:
    """Return how *policy* is named in a plan, or None if it cannot be (a lambda, a closure)."""
    kept = getattr(policy, "__spec_of__", None)
    if isinstance(kept, tuple) and len(kept) == 2 and kept[0] is policy:
        return kept[1]  # type: ignore[no-any-return]
    return f"{policy.__module__}:{policy.__qualname__}" if _is_named(policy) else None


def _as_data(value: object) -> object:
    """Return a copy of a setting as plain data; what cannot be data is `NAMELESS`."""
    if callable(value):
        return describe(value) or NAMELESS
    if isinstance(value, Mapping):
        return {str(name): _as_data(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_as_data(each) for each in value]
    if hasattr(value, "tolist"):  # an array, or a number of numpy's
        return _as_data(value.tolist())
    return value if value is None or isinstance(value, str | int | float) else NAMELESS


def resolve(spec: Spec, room: str) -> Callable[..., Any]:
    """Return the policy that *spec* names; a bare name is looked up in our module *room*.

    Raises:
        ValueError: If nothing has that name, or the settings do not fit; the message says which.
    """
    policy = made(spec, room)
    if not callable(policy):
        raise ValueError(f"{spec if isinstance(spec, str) else spec['use']} takes no settings")
    return policy  # type: ignore[no-any-return]


def made(spec: Spec, room: str) -> Any:  # noqa: ANN401 - whatever somebody's factory makes
    """Return what *spec* names, made with its settings; a bare name is looked up in our module *room*.

    Raises:
        ValueError: If nothing has that name, or the settings do not fit; the message says which.
    """
    if not isinstance(spec, str | Mapping):
        raise ValueError(f"must be a policy's name or a table with `use`, not {spec!r}")
    use = spec if isinstance(spec, str) else spec.get("use")
    if not isinstance(use, str):
        raise ValueError("needs `use`, the policy's name")
    target = _named(use, room)
    if isinstance(spec, str) and not getattr(target, "__is_factory__", False):
        return target
    settings = {} if isinstance(spec, str) else {name: spec[name] for name in spec if name != "use"}
    settings = {name: _with_policies(value, room) for name, value in settings.items()}
    if "parts" in settings:  # a weighted sum holds policies: [[weight, spec], …]
        settings["parts"] = _parts(settings["parts"], room)
    try:
        signature(target).bind(**settings)
    except TypeError as error:
        takes = ", ".join(signature(target).parameters) or "nothing"
        raise ValueError(f"{use}: {error}; it takes {takes}") from None
    policy = target(**settings)
    if hasattr(policy, "__dict__") and callable(policy) and describe(policy) is None:
        _remember(policy, use, settings)  # its factory is not marked as one
    return policy


def reseeded(policy: Callable[..., Any], by: int) -> Callable[..., Any]:
    """Return *policy* made anew with its `seed` moved by so much, if its factory takes one; else itself."""
    spec = describe(policy)
    if not isinstance(spec, Mapping):
        return policy
    takes = signature(_named(spec["use"], "")).parameters.get("seed")
    seed = spec.get("seed", None if takes is None else takes.default)
    if takes is None or type(seed) is not int:
        return policy
    return made({**spec, "seed": seed + by}, "")  # type: ignore[no-any-return]


def _with_policies(value: object, room: str) -> object:
    """Return a setting with the policies that are named in it in the place of their tables."""
    if isinstance(value, Mapping):
        if isinstance(value.get("use"), str):
            return resolve(value, room)
        return {name: _with_policies(each, room) for name, each in value.items()}
    return [_with_policies(each, room) for each in value] if isinstance(value, list | tuple) else value


def _parts(parts: object, room: str) -> list[tuple[float, Callable[..., Any]]]:
    if not isinstance(parts, list | tuple) or not all(
        isinstance(part, list | tuple) and len(part) == 2 for part in parts
    ):
        raise ValueError("parts must be a list of [weight, policy]")
    return [(weight, spec if callable(spec) else resolve(spec, room)) for weight, spec in parts]


def _named(use: str, room: str) -> Callable[..., Any]:
    module_name, _, name = use.rpartition(":")
    try:
        module = importlib.import_module(module_name or f"workassign.policies.{room}")
    except (ImportError, ValueError) as error:
        where = "it is looked for in the current folder and on PYTHONPATH"
        raise ValueError(f"{use}: {error}: {where}") from None
    target = getattr(module, name, None)
    ours = module.__name__.startswith("workassign.policies.")
    if not callable(target) or (ours and (name not in module.__all__ or not name[0].islower())):
        known = sorted(each for each in module.__all__ if each[0].islower()) if ours else []
        raise ValueError(f"no policy {use!r}" + (f"; there are {', '.join(known)}" if known else ""))
    return target  # type: ignore[no-any-return]
