"""What does a desk do by itself to keep its journal short?"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from workassign.errors import UsageError
from workassign.pruning import check_age, check_prunes

__all__ = ["Habits", "check_figures"]


@attrs.frozen
class Habits:
    """When snapshots are taken, and what is removed then."""

    every: int | None
    """After so many entries a snapshot is taken; None: never."""
    keep: float | None
    """After a snapshot, what is so many seconds older than the last entry is removed; None: nothing."""
    read: Callable[[], int] | None
    """Gives the number of the last event that everybody has read; None: nobody reads."""

    def check(self, store: object, *, kpis: bool) -> None:
        """Check that a desk on *store*, with or without *kpis*, can have these.

        Raises:
            UsageError: If it cannot.
        """
        if self.every is not None and (type(self.every) is not int or self.every < 1):
            raise UsageError(f"snapshot_every must be a whole number >= 1, not {self.every!r}")
        if self.keep is not None:
            check_age(self.keep, "keep")
            check_prunes(store)
            check_figures(kpis=kpis)


def check_figures(*, kpis: bool) -> None:
    """Check that a desk that removes entries has no *kpis*.

    Raises:
        UsageError: If it has: it could not be opened again.
    """
    if kpis:
        raise UsageError("key figures are of the whole journal: a desk with kpis removes nothing of it")
