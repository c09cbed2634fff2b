"""In which colors are figures drawn? Told apart by most color-blind people."""

from __future__ import annotations

__all__ = ["COLORS", "GOOD", "LATE", "QUIET"]

COLORS = ("#2f6fb3", "#d9792b", "#2e9e77", "#b34a8f", "#8a7a1f", "#6f5fc4", "#c24a4a", "#3f97a8")
"""One a queue, again from the start if there are more."""
GOOD, LATE, QUIET = "#2e9e77", "#d9792b", "#8b95a1"
