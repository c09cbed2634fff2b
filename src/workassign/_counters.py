"""How many came, were answered, left, and wait? Fed by `_state` alone, O(1) to read."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["Tally"]


class Tally:
    """The balance of one scope: entered = answered + abandoned + exited + waiting.

    Answered: ever accepted here. Abandoned: the customer left before. Exited: closed or moved
    on otherwise before. Waiting: open and never accepted, offered ones too.
    """

    __slots__ = ("abandoned", "answered", "entered", "exited")

    def __init__(self) -> None:
        """Start from nothing."""
        self.entered = 0
        self.answered = 0
        self.abandoned = 0
        self.exited: dict[str, int] = {}

    @classmethod
    def of_all(cls, parts: Iterable[Tally], twice: Tally) -> Tally:
        """Return the balance of several scopes together, less what more than one of them counted *twice*."""
        whole = cls()
        for sign, each in [(1, part) for part in parts] + [(-1, twice)]:
            whole.entered += sign * each.entered
            whole.answered += sign * each.answered
            whole.abandoned += sign * each.abandoned
            for reason, count in each.exited.items():
                whole.exited[reason] = whole.exited.get(reason, 0) + sign * count
        whole.exited = {reason: count for reason, count in whole.exited.items() if count}
        return whole

    @property
    def waiting(self) -> int:
        """How many are open and were never accepted here."""
        return self.entered - self.answered - self.abandoned - sum(self.exited.values())

    def exit(self, reason: str) -> None:
        """Count one that left unanswered for *reason*."""
        self.exited[reason] = self.exited.get(reason, 0) + 1

    def as_dict(self) -> dict[str, object]:
        """Return the figures by name."""
        return {
            "entered": self.entered,
            "answered": self.answered,
            "abandoned": self.abandoned,
            "exited": dict(sorted(self.exited.items())),
            "waiting": self.waiting,
        }
