"""Which way did the earlier texts of an author lean? Who complained before complains again."""

from __future__ import annotations

from collections import OrderedDict

__all__ = ["Leans"]

AUTHORS = 100_000
"""So many authors' leans are remembered: those who wrote last."""


class Leans:
    """Remembers what the earlier texts of each author said; bounded."""

    def __init__(self, most: int = AUTHORS) -> None:
        """Remember *most* authors."""
        self._most = most
        self._said: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def before(self, author: str | None) -> float:
        """Return what `Model.read` asks of an author: 0 for one of whom nothing is known."""
        total, count = self._said.get(author, (0.0, 0)) if author is not None else (0.0, 0)
        return total / (count + 1)

    def add(self, author: str | None, lean: float) -> None:
        """Remember a text of *author*."""
        if author is None:
            return
        total, count = self._said.pop(author, (0.0, 0))
        self._said[author] = (total + lean, count + 1)
        if len(self._said) > self._most:
            self._said.popitem(last=False)
