"""By when?"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from workassign.model import LONGEST, SHORTEST, Instant, Interaction
from workassign.policies.naming import factory

__all__ = ["SlaTarget", "first_response"]

SlaTarget: TypeAlias = Callable[[Interaction, Instant], float | None]
"""Seconds, from a millisecond up, from the submission at an instant to the first acceptance; None: no target.

One with an attribute `always`, itself and the seconds, answers that for every interaction: it
need not be asked.
"""


@factory
def first_response(seconds: float) -> SlaTarget:
    """Somebody accepts within *seconds* of the submission, whatever happens in between.

    Raises:
        ValueError: If *seconds* is not a finite number, at least a millisecond.
    """
    number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not number or not SHORTEST <= seconds <= LONGEST:
        raise ValueError(f"seconds must be positive, from {SHORTEST} to {LONGEST:.0f}, not {seconds!r}")
    fixed = float(seconds)

    def target(interaction: Interaction, at: Instant) -> float | None:
        return fixed

    target.always = (target, fixed)  # type: ignore[attr-defined]  # with itself: a wrapper is asked
    return target
