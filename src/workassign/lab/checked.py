"""Can these figures be reckoned with? Arrays and tables as they come in from outside."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from workassign.errors import UsageError
from workassign.lab.distributions import Floats
from workassign.model import is_number

__all__ = ["Floats", "amount", "mean_services", "mean_times", "numbers", "table"]


def amount(name: str, value: float, *, low: float = 0.0) -> float:
    """Return *value* as a float if it is a finite number from *low* on.

    Raises:
        UsageError: If it is not.
    """
    if not is_number(value) or not np.isfinite(value) or value < low:
        raise UsageError(f"{name} must be a finite number from {low:g} on, not {value!r}")
    return float(value)


def numbers(
    name: str, values: ArrayLike, *, count: int | None = None, low: float = 0.0, endless: bool = False
) -> Floats:
    """Return *values* as one line of numbers from *low* on, *count* of them where that is given.

    Raises:
        UsageError: If one is missing (NaN), lower, or infinite (unless *endless*), there is none, or
            there are not *count*.
    """
    found = _array(name, values, 1)
    if count is not None and len(found) != count:
        raise UsageError(f"{name} must have {count} numbers, not {len(found)}")
    return _ranged(name, found, low, endless)


def table(
    name: str,
    values: ArrayLike,
    *,
    rows: int | None = None,
    columns: int | None = None,
    low: float = 0.0,
    endless: bool = False,
) -> Floats:
    """Return *values* as a table of numbers from *low* on, of so many *rows* and *columns* where given.

    Raises:
        UsageError: As `numbers`, or if the table has another shape.
    """
    found = _array(name, values, 2)
    for what, wanted, has in (("rows", rows, found.shape[0]), ("columns", columns, found.shape[1])):
        if wanted is not None and has != wanted:
            raise UsageError(f"{name} must have {wanted} {what}, not {has}")
    return _ranged(name, found, low, endless)


def mean_services(service: ArrayLike, classes: int) -> Floats:
    """Return the mean handle times of *classes* (rows) by teams (columns): > 0, or infinity.

    Raises:
        UsageError: If one is not, or the table has other rows.
    """
    means = table("service", service, rows=classes, endless=True)
    if (means == 0.0).any():
        raise UsageError("service must be means > 0, or infinity where a team cannot serve a class")
    return means


def mean_times(name: str, values: ArrayLike, classes: int) -> Floats:
    """Return the mean times of *classes*: > 0, infinity for ever.

    Raises:
        UsageError: If one is not, or there are not so many.
    """
    times = numbers(name, values, count=classes, endless=True)
    if (times == 0.0).any():
        raise UsageError(f"{name} must be means > 0, or infinity for ever")
    return times


def _array(name: str, values: ArrayLike, depth: int) -> Floats:
    shape = ("", "a line of numbers", "a table of numbers")[depth]
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise UsageError(f"{name} must be {shape}, not {values!r}") from None
    if found.ndim != depth:
        raise UsageError(f"{name} must be {shape}, not an array of {found.ndim} dimensions")
    if not found.size:
        raise UsageError(f"{name} must hold at least one number")
    return found


def _ranged(name: str, found: Floats, low: float, endless: bool) -> Floats:
    wrong = np.isnan(found) | (found < low) | (np.isinf(found) & (not endless))
    if wrong.any():
        place = tuple(int(each) for each in np.argwhere(wrong)[0])
        where = ", ".join(map(str, place))
        finite = "numbers" if endless else "finite numbers"
        raise UsageError(f"{name} must be {finite} from {low:g} on: [{where}] is {found[place]:g}")
    return found
