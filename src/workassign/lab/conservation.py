"""Do the figures of a run keep the laws that every run keeps? Each answer is by how much they do not."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from workassign.errors import UsageError
from workassign.lab.checked import Floats, amount, numbers
from workassign.lab.theory import waiting

__all__ = ["flow_balance", "kleinrock_departure", "little_departures"]


def little_departures(rates: ArrayLike, times: ArrayLike, lengths: ArrayLike) -> Floats:
    """Return by how much each class breaks Little's law (1961): (length - rate x time) / the larger of both.

    *rates* of arrival, mean *times* (waiting, or in system) and mean *lengths* (of the queue, or in system),
    by class. 0 for a run that begins and ends empty, whatever the rule and the distributions; else as near as
    what is open at the end is few. Cost: O(classes).

    Raises:
        UsageError: If a figure is no finite number from 0 on, or there are not equally many.

    >>> little_departures([2, 1], [3, 4], [6, 5])
    array([0. , 0.2])
    """
    each = numbers("rates", rates)
    product = each * numbers("times", times, count=len(each))
    found = numbers("lengths", lengths, count=len(each))
    larger = np.maximum(product, found)
    return np.divide(found - product, larger, out=np.zeros(len(each)), where=larger > 0.0)


def kleinrock_departure(rates: ArrayLike, waits: ArrayLike, service: float, agents: int) -> float:
    """Return by how much mean *waits* break the conservation law, as a share: 0 under every law-abiding rule.

    The sum of load x mean wait over the classes is that of first come, first served (Erlang C), for every
    rule that leaves nobody idle beside work, interrupts nothing and does not look at how long services will
    take: what one class gains another loses (Kleinrock 1965; several agents: Federgruen and Groenevelt 1988).
    Holds in the long run for Poisson arrivals of *rates*, one exponential service of mean *service* for all
    classes, and *agents* who can all do everything. Above 0: some agents were idle beside work. Cost:
    O(agents).

    Raises:
        UsageError: If a figure is out of its range, or more comes in than can be served.

    >>> from workassign.lab.theory import priorities
    >>> round(abs(kleinrock_departure([1.2, 2.0], priorities([1.2, 2.0], service=1, agents=4), 1, 4)), 9)
    0.0
    """
    each = numbers("rates", rates)
    found = float(each @ numbers("waits", waits, count=len(each)))
    total = float(each.sum())
    return found / (total * waiting(total, amount("service", service), agents).wait) - 1.0


def flow_balance(
    entered: ArrayLike, answered: ArrayLike, abandoned: ArrayLike, exited: ArrayLike, waits: ArrayLike
) -> Floats:
    """Return entered - answered - abandoned - exited - still waiting, by class: 0 in every run, at any time.

    Cost: O(classes).

    Raises:
        UsageError: If a count is no whole number from 0 on, or there are not equally many.

    >>> flow_balance([10], [7], [1], [0], [2])
    array([0.])
    """
    came = _counts("entered", entered, None)
    gone = {"answered": answered, "abandoned": abandoned, "exited": exited, "waits": waits}
    for name, counts in gone.items():
        came = came - _counts(name, counts, len(came))
    return came


def _counts(name: str, values: ArrayLike, count: int | None) -> Floats:
    found = numbers(name, values, count=count)
    if (found != np.floor(found)).any():
        raise UsageError(f"{name} must be whole numbers")
    return found
