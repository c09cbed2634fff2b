"""How much came in lately, is that a surge, and what is open that more of the same goes into?"""

from __future__ import annotations

from typing import Any, TypeAlias

from workassign._records import Work
from workassign.model import Instant, Interaction, InteractionId, Value
from workassign.policies.surge import PARTS, Surge

__all__ = ["Arrivals"]

_Key: TypeAlias = tuple[str, Value]
"""Queue, and value of the attribute by which something is nearly the same."""


class Arrivals:
    """What a plan with a surge counts.

    Like `_state`, of which it is a part, it never decides.
    """

    __slots__ = ("_alike", "_counts", "_lately", "_width", "calm", "rule", "since")

    def __init__(self, rule: Surge) -> None:
        self.rule = rule
        self.since: Instant | None = None
        """When the surge began that is on."""
        self.calm: Instant = 0.0
        """While it is on: from when it is calm, if nothing more comes in; or since when it is."""
        self._width = rule.window / PARTS
        self._counts: dict[int, int] = {}
        """Number of a part of a window -> what came in then; only of the last window."""
        self._lately = 0
        self._alike: dict[_Key, dict[InteractionId, None]] = {}
        """What is open, in the order in which it came to its queue."""

    @property
    def on(self) -> bool:
        """Whether a surge is on."""
        return self.since is not None

    @property
    def reached(self) -> bool:
        """Whether it was enough for a surge to begin, when the last one came."""
        return self.rule.rate(self._lately) >= self.rule.on

    def lately(self, at: Instant) -> int:
        """Return how many came within the window that ends at *at*. Cost: O(1)."""
        oldest = int(at // self._width) - PARTS
        return sum(number for part, number in self._counts.items() if part > oldest)

    @property
    def due(self) -> Instant:
        """When the surge that is on ends, if nothing more comes in."""
        return self.calm + self.rule.hold

    def came(self, at: Instant) -> None:
        """Count one that came in. Cost: O(1)."""
        counts, part = self._counts, int(at // self._width)
        while counts and (first := next(iter(counts))) <= part - PARTS:
            self._lately -= counts.pop(first)
        counts[part] = counts.get(part, 0) + 1
        self._lately += 1
        if self.on:
            self._look()

    def began(self, at: Instant) -> None:
        """A surge is on."""
        self.since = at
        self._look()

    def ended(self) -> None:
        """It is over."""
        self.since = None

    def _look(self) -> None:
        """Find out when it will be calm; it stays as calm as it is while it is less than `off`."""
        left = self._lately
        for part, number in self._counts.items():
            if self.rule.rate(left) < self.rule.off:
                return
            left -= number
            self.calm = (part + PARTS) * self._width

    # --- what is nearly the same ------------------------------------------------------------

    def opened(self, work: Work) -> None:
        """*work* is open in its queue."""
        if (key := self._key(work.interaction, work.sig.queue.name)) is not None:
            self._alike.setdefault(key, {})[work.interaction.id] = None

    def left(self, work: Work) -> None:
        """*work* is not open any more in its queue."""
        key = self._key(work.interaction, work.sig.queue.name)
        if key is None or (known := self._alike.get(key)) is None:
            return
        known.pop(work.interaction.id, None)
        if not known:
            del self._alike[key]

    def alike(self, interaction: Interaction, queue: str) -> InteractionId | None:
        """Return what is open in *queue* and nearly the same: what came there first. Cost: O(1)."""
        key = self._key(interaction, queue)
        return None if key is None else next(iter(self._alike.get(key, ())), None)

    def _key(self, interaction: Interaction, queue: str) -> _Key | None:
        value = self.rule.key(interaction)
        return None if value is None else (queue, value)

    def as_data(self) -> dict[str, Any]:
        """Return all of it as plain data."""
        return {
            "since": self.since,
            "calm": self.calm if self.on else None,
            "counts": [list(each) for each in self._counts.items()],
            "alike": [[*key, list(names)] for key, names in self._alike.items()],
        }
