"""Which way did the earlier texts of an author lean? Who complained before complains again."""

from __future__ import annotations

from workassign.social.latest import Latest

__all__ = ["Leans"]

AUTHORS = 100_000
"""So many authors' leans are remembered: those who wrote last."""


class Leans:
    """Remembers what the earlier texts of each author said; bounded."""

    def __init__(self, most: int = AUTHORS) -> None:
        """Remember *most* authors."""
        self._said = Latest[str, tuple[float, int]](most)

    def before(self, author: str | None) -> float:
        """Return what `Model.read` asks of an author: 0 for one of whom nothing is known."""
        total, count = self._of(author)
        return total / (count + 1)

    def add(self, author: str | None, lean: float) -> None:
        """Remember a text of *author*."""
        if author is not None:
            total, count = self._of(author)
            self._said.put(author, (total + lean, count + 1))

    def _of(self, author: str | None) -> tuple[float, int]:
        """Return the sum of an author's leans, and how many there are."""
        return (None if author is None else self._said.get(author)) or (0.0, 0)
