"""Who waits before whom in a queue?

The key is (tier, reference - head start, sequence); the policy gives the reference. It never
changes while an interaction waits: everybody's wait grows at one pace, so nothing is re-sorted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from workassign.model import Instant

__all__ = ["Ordering", "arrival", "due"]

Ordering: TypeAlias = Callable[[Instant, float | None], Instant]
"""The reference for an interaction submitted at an instant, with an SLA target in seconds."""


def arrival(submitted: Instant, target: float | None) -> Instant:
    """First come, first served."""
    return submitted


def due(submitted: Instant, target: float | None) -> Instant:
    """Earliest deadline first; what has no target counts as due when it came.

    >>> due(100.0, 900.0)
    1000.0
    """
    return submitted if target is None else submitted + target
