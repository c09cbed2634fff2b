"""Who gets what at the end of a batch's window, so that nothing would be better?

First as many as can be are matched, those of the first tier before all others; of all ways to do
that, the best one by waiting and fit. Alike interactions, and alike agents, are solved as one: what
that costs grows with the kinds of work and of agents, hardly with their numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workassign.lab.solver import corner, scipy_part, sums
from workassign.model import LARGEST, is_number
from workassign.policies.batch import Column, Given, Matching, Pair, Row
from workassign.policies.naming import factory

if TYPE_CHECKING:
    from workassign.lab.distributions import Integers

__all__ = ["flow"]


@factory
def flow(fit: float = 5.0, preferred: float = 3600.0) -> Matching:
    """Match as many as can be, tier by tier, and then for the largest sum of what they are worth.

    A match is worth the seconds that the interaction has waited; *fit* seconds for each unit of what
    its needs prefer and of what selection says of needs and skills; and *preferred* seconds if it asks
    for this agent. Needs scipy: `pip install 'workassign[batch]'`.

    Raises:
        ValueError: If a setting is no number from 0 on.
    """
    for name, value in (("fit", fit), ("preferred", preferred)):
        if not is_number(value) or not 0 <= value <= LARGEST:
            raise ValueError(f"{name} must be a number of seconds from 0 on, not {value!r}")

    def match(rows: Sequence[Row], columns: Sequence[Column], pairs: Sequence[Pair]) -> Given:
        worth = [fit * (pair.wanted - pair.rank) + preferred * pair.preferred for pair in pairs]
        return _best(rows, columns, pairs, worth)

    return match


def _best(rows: Sequence[Row], columns: Sequence[Column], pairs: Sequence[Pair], worth: list[float]) -> Given:
    """Return the best matching: the corner of a linear program, whole numbers since it is a flow.

    Its variables: how many go through each pair, and then of each interaction whether it is matched.
    """
    import numpy as np

    sparse = scipy_part("sparse", "batches")
    ends = np.array([(pair.row, pair.column) for pair in pairs]).T
    waits = np.array([wait for row in rows for wait in row.waits])
    of_row = np.repeat(np.arange(len(rows)), [len(row.waits) for row in rows])
    tiers = sorted({row.tier for row in rows})
    tier_of = np.array([tiers.index(row.tier) for row in rows])

    free, tier = sums(ends[1], len(columns)), sums(tier_of[ends[0]], len(tiers))
    none = sparse.csr_array((len(columns) + len(tiers), len(waits)))
    found = corner(
        -np.concatenate([worth, waits]),
        "batches",
        A_ub=sparse.hstack([free, none[: len(columns)]]),
        b_ub=[column.agents for column in columns],
        A_eq=sparse.vstack(
            [
                sparse.hstack([sums(ends[0], len(rows)), sums(of_row, len(rows), signs=-1.0)]),
                sparse.hstack([tier, none[len(columns) :]]),
            ]
        ),
        b_eq=[0] * len(rows) + _most(rows, columns, ends, tier_of),
        bounds=np.array([(0, np.inf)] * len(pairs) + [(0, 1)] * len(waits)),
    )
    if found is None:
        raise RuntimeError("scipy found no matching although there is one")
    numbers = np.rint(found[: len(pairs)]).astype(int).tolist()
    return [(pair.row, pair.column, number) for pair, number in zip(pairs, numbers, strict=True) if number]


def _most(rows: Sequence[Row], columns: Sequence[Column], ends: Integers, tier_of: Integers) -> list[int]:
    """Return of each tier how many can be matched, those of earlier tiers first.

    That takes no match from anybody: as many are matched in all as if there were no tiers.
    """
    import numpy as np

    csgraph, sparse = scipy_part("sparse.csgraph", "batches"), scipy_part("sparse", "batches")
    # From the source, which is 0, through rows and columns to the sink.
    supply = np.array([len(row.waits) for row in rows])
    demand = np.array([column.agents for column in columns])
    first, sink = 1 + len(rows), 1 + len(rows) + len(columns)
    tails = np.concatenate([np.zeros(len(rows), dtype=int), 1 + ends[0], np.arange(first, sink)])
    heads = np.concatenate([np.arange(1, first), first + ends[1], np.full(len(columns), sink)])
    matched, found = 0, []
    for tier in range(tier_of.max() + 1):
        from_source = np.where(tier_of <= tier, supply, 0)
        limits = np.concatenate([from_source, np.minimum(supply[ends[0]], demand[ends[1]]), demand])
        graph = sparse.csr_array((limits.astype(np.int32), (tails, heads)), shape=(sink + 1, sink + 1))
        total = int(csgraph.maximum_flow(sparse.csr_matrix(graph), 0, sink).flow_value)
        found.append(total - matched)
        matched = total
    return found
