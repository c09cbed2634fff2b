"""How long must a run be? By the load of a floor, and how slowly it forgets how it began."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, sqrt

import attrs
import numpy as np

from workassign.lab.solver import corner

__all__ = ["Demand", "load", "relaxation"]


@attrs.frozen(kw_only=True)
class Demand:
    """What comes in, and who could do it: rates by class, agents by pool, means by class and pool."""

    rates: Sequence[float]
    agents: Sequence[float]
    means: Sequence[Mapping[int, float]]
    """Of each class: pool -> mean service."""
    patience: Sequence[float]
    """Mean patience of each class; infinity: waits."""
    spread: float = 1.0
    """Variance / mean² of the service."""


def load(demand: Demand) -> float:
    """Return the least share of their time that all agents must work, by linear program."""
    pairs = [(k, j) for k, means in enumerate(demand.means) for j in means]
    count = len(pairs)
    cost = np.zeros(count + 1)
    cost[-1] = 1.0
    served = np.zeros((len(demand.rates), count + 1))
    used = np.zeros((len(demand.agents), count + 1))
    for place, (k, j) in enumerate(pairs):
        served[k, place] = 1.0
        used[j, place] = demand.means[k][j]
    used[:, -1] = [-each for each in demand.agents]
    found = corner(
        cost, "loads", A_ub=used, b_ub=np.zeros(len(used)), A_eq=served, b_eq=np.asarray(demand.rates)
    )
    return inf if found is None else float(found[-1])


def relaxation(demand: Demand) -> float:
    """Return about how long it takes until a queue has forgotten all but 1/e of how it began.

    Of M/M/c that is 1 / (c mu (1 - sqrt(load))²); where everybody gives up, no longer than a patience
    and a service.
    """
    means = [mean for by_pool in demand.means for mean in by_pool.values()]
    service, busy = float(np.mean(means)), load(demand)
    soon = max(means) + max(demand.patience)
    if busy >= 1:
        return soon
    fewest = sum(demand.agents)
    slow = service / (fewest * (1 - sqrt(busy)) ** 2) * (1 + demand.spread) / 2
    return min(max(slow, *means), soon)
