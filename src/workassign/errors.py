"""What can go wrong, sorted by whose fault it is.

What is late or impossible *in the business* is no error: it is the event `Refused`.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "Deposed",
    "JournalError",
    "LockedError",
    "Overloaded",
    "PlanError",
    "Removed",
    "Stopped",
    "UsageError",
    "WorkassignError",
]


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


class Deposed(JournalError):  # noqa: N818 - it is what became of the writer
    """Somebody else leads the shard now. Nothing of what was to be written was written."""

    def __init__(self, shard: str) -> None:
        """Name the *shard*."""
        self.shard = shard
        super().__init__(f"shard {shard!r} is led by somebody else now: nothing was written")


class Removed(JournalError):  # noqa: N818 - nothing is wrong with the journal
    """What is asked for was removed from the journal, as whoever keeps it wished."""


class Overloaded(WorkassignError):  # noqa: N818 - it is the answer, not a mishap
    """More is asked than can be carried out. It was not accepted, so nothing of it happened.

    >>> raise Overloaded(0.25)
    Traceback (most recent call last):
    ...
    workassign.errors.Overloaded: too many commands wait: ask again in 0.25 s
    """

    def __init__(self, retry_after: float) -> None:
        """Say when to ask again: in *retry_after* seconds, which is an estimate."""
        self.retry_after = retry_after
        super().__init__(f"too many commands wait: ask again in {retry_after:.3g} s")


class Stopped(WorkassignError):  # noqa: N818 - as above
    """The service does not work (yet, or any more). It was not accepted, so nothing of it happened."""
