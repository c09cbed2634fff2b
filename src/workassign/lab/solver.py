"""What is the best corner of a linear program? The only room that asks scipy to optimise."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from workassign.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from workassign.lab.distributions import Floats, Integers

__all__ = ["corner", "scipy_part", "sums"]

_INFEASIBLE = 2
"""What scipy says of a program that nothing fulfils."""


def scipy_part(part: str, what: str) -> ModuleType:
    """Return the module of scipy named *part*, which *what* needs.

    Raises:
        UsageError: If scipy is not installed, with the line that installs it.
    """
    try:
        return import_module(f"scipy.{part}")
    except ImportError:
        raise UsageError(f"{what} need an extra: pip install 'workassign[batch]'") from None


def sums(through: Integers, count: int, *, signs: ArrayLike = 1.0) -> Any:  # noqa: ANN401 - scipy's
    """Return the matrix of *count* rows in which variable i counts in row *through[i]*, with its sign."""
    import numpy as np

    places = (through, np.arange(len(through)))
    values = np.broadcast_to(np.asarray(signs, dtype=np.float64), through.shape)
    return scipy_part("sparse", "linear programs").csr_array((values, places), shape=(count, len(through)))


def corner(cost: Floats, what: str, **rules: object) -> Floats | None:
    """Return the corner where the sum of *cost* x variables is least, or None if the rules contradict.

    *rules* are those of `scipy.optimize.linprog`: A_ub, b_ub, A_eq, b_eq, bounds. *cost* is brought to a
    scale of 1, so that large figures do not drown small ones. Cost: that of HiGHS, a simplex method.

    Raises:
        UsageError: If scipy is not installed.
        RuntimeError: If scipy finds no corner although there may be one.
    """
    optimize = scipy_part("optimize", what)
    scale = max(1.0, float(abs(cost).max(initial=0.0)))
    found = optimize.linprog(cost / scale, method="highs", **rules)
    if found.status == _INFEASIBLE:
        return None
    if found.x is None:
        raise RuntimeError(f"scipy found no answer for {what}: {found.message}")
    corner: Floats = found.x
    return corner
