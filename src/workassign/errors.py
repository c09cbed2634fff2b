"""What can go wrong, sorted by whose fault it is.

What is late or impossible *in the business* is no error: it is the event `Refused`.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["JournalError", "LockedError", "PlanError", "UsageError", "WorkassignError"]


class WorkassignError(Exception):
    """The base of everything that this library raises on purpose."""


class UsageError(WorkassignError):
    """The calling code is wrong: a malformed value, a naive datetime, time running backwards."""


class PlanError(WorkassignError):
    """The settings are wrong; every problem is listed, each with its path.

    >>> raise PlanError(["queues.vip.offer_for: must be positive, not -3"])
    Traceback (most recent call last):
    ...
    workassign.errors.PlanError: queues.vip.offer_for: must be positive, not -3
    """

    def __init__(self, problems: Sequence[str]) -> None:
        """Keep *problems* (one line each) and show them all."""
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class JournalError(WorkassignError):
    """The storage is wrong: unreadable, altered, taken by somebody else, or an append failed."""


class LockedError(JournalError):
    """Somebody else has the journal open."""
