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

__all__ = ["Spec", "describe", "factory", "resolve", "why_nameless"]

P = ParamSpec("P")
R = TypeVar("R")

Spec: TypeAlias = str | Mapping[str, Any]
"""A policy as data: a name, or a table with `use` and the factory's settings."""


def factory(make: Callable[P, R]) -> Callable[P, R]:
    """Mark *make* as a policy factory: what it returns remembers its name and settings."""
    names = list(signature(make).parameters)

    @wraps(make)
    def made(*args: P.args, **kwargs: P.kwargs) -> R:
        policy = make(*args, **kwargs)
        settings = {**dict(zip(names, args, strict=False)), **kwargs}
        policy.__spec_of__ = {"use": f"{make.__module__}:{make.__name__}", **settings}  # type: ignore[attr-defined]
        return policy

    made.__is_factory__ = True  # type: ignore[attr-defined]
    return made


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
    spec = getattr(policy, "__spec_of__", None)
    if spec is not None:
        return {name: _as_data(value) for name, value in spec.items()}
    module, name = getattr(policy, "__module__", None), getattr(policy, "__qualname__", "<>")
    if module is None or "<" in name or "." in name or module == "__main__":
        return None
    return f"{module}:{name}"


def _as_data(value: object) -> object:
    if callable(value):
        return describe(value)
    if isinstance(value, list | tuple):
        return [_as_data(each) for each in value]
    return value


def resolve(spec: Spec, room: str) -> Callable[..., Any]:
    """Return the policy that *spec* names; a bare name is looked up in our module *room*.

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
    if "parts" in settings:  # a weighted sum holds policies: [[weight, spec], …]
        settings["parts"] = _parts(settings["parts"], room)
    try:
        signature(target).bind(**settings)
    except TypeError as error:
        takes = ", ".join(signature(target).parameters) or "nothing"
        raise ValueError(f"{use}: {error}; it takes {takes}") from None
    policy = target(**settings)
    if not callable(policy):
        raise ValueError(f"{use} takes no settings")
    if describe(policy) is None and hasattr(policy, "__dict__"):  # a factory that is not marked as one
        policy.__spec_of__ = {"use": use, **settings}
    return policy  # type: ignore[no-any-return]


def _parts(parts: object, room: str) -> list[tuple[float, Callable[..., Any]]]:
    if not isinstance(parts, list | tuple) or not all(
        isinstance(part, list | tuple) and len(part) == 2 for part in parts
    ):
        raise ValueError("parts must be a list of [weight, policy]")
    return [(weight, resolve(spec, room)) for weight, spec in parts]


def _named(use: str, room: str) -> Callable[..., Any]:
    module_name, _, name = use.rpartition(":")
    try:
        module = importlib.import_module(module_name or f"workassign.policies.{room}")
    except (ImportError, ValueError) as error:
        where = "it is looked for in the current folder and on PYTHONPATH"
        raise ValueError(f"{use}: {error}: {where}") from None
    target = getattr(module, name, None)
    ours = module.__name__.startswith("workassign.policies.")
    if not callable(target) or (ours and name not in module.__all__):
        known = sorted(each for each in module.__all__ if each[0].islower()) if ours else []
        raise ValueError(f"no policy {use!r}" + (f"; there are {', '.join(known)}" if known else ""))
    return target  # type: ignore[no-any-return]
