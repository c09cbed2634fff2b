"""Is a policy keyed, or does it look at the moment? And are two policies one?

A *keyed* policy answers once for what stays the same, and its answer is kept: that costs nothing
when something is decided. A *free* one is asked anew for every decision, with what is so just
then: how many wait, since when, how many are idle. Its cost is what it is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from workassign.policies.naming import describe

__all__ = ["alike", "free", "is_free"]

F = TypeVar("F", bound=Callable[..., Any])


def free(policy: F) -> F:
    """Mark *policy* as one that looks at the moment, and return it."""
    policy.free = True  # type: ignore[attr-defined]
    return policy


def is_free(policy: object) -> bool:
    """Whether *policy* says of itself, by an attribute `free`, that it looks at the moment."""
    return getattr(policy, "free", False) is True


def alike(policy: Callable[..., Any], other: Callable[..., Any]) -> bool:
    """Whether two policies are one: the same function, or made alike by the same factory."""
    if policy is other:
        return True
    spec = describe(policy)
    return spec is not None and spec == describe(other)
