"""What waits, and who asks for it? The same for everybody who is measured.

An item needs one to three of sixteen skills; which ones is its class. Of the classes there are as
many as are asked for, in an order drawn from the seed. An agent has six or seven of the skills, so
that about 7 % of what waits is hers. Items come in by number; one of a higher priority goes first,
of equal ones the older. Everything follows from the seed and the numbers.
"""

from __future__ import annotations

import random
from itertools import combinations

import attrs

from workassign.errors import UsageError

__all__ = ["NOBODY", "PRIORITIES", "Asker", "Item", "Load"]

SKILLS = tuple(range(16))
NOBODY = len(SKILLS)
"""A skill that no agent has."""
PRIORITIES = 5
"""From 0 to 4, in equal shares; 5 is above all of them."""
CHUNK = 10_000


@attrs.frozen
class Item:
    """One thing that waits."""

    number: int
    """Beginning with 1; the lower came first."""
    priority: int
    group: int
    """Its class: a place in `Load.groups`."""


@attrs.frozen
class Asker:
    """One agent."""

    number: int
    skills: tuple[int, ...]
    reach: tuple[int, ...]
    """The classes that she can serve, in order."""


class Load:
    """Classes, items and agents.

    Raises:
        UsageError: If *classes* is not between 1 and 696.
    """

    def __init__(self, classes: int, seed: int = 7) -> None:
        """Draw so many *classes*; one more, the last of `groups`, needs what `NOBODY` has."""
        everything = [each for size in (1, 2, 3) for each in combinations(SKILLS, size)]
        if not 1 <= classes <= len(everything):
            raise UsageError(f"classes must be between 1 and {len(everything)}, not {classes}")
        random.Random(seed).shuffle(everything)
        self.classes = classes
        self.seed = seed
        self.groups: tuple[tuple[int, ...], ...] = (*everything[:classes], (NOBODY,))
        """What each class needs."""

    def items(self, first: int, count: int) -> list[Item]:
        """Return the items *first* to *first* + *count* - 1; the first of all is 1."""
        found: list[Item] = []
        chunk = (first - 1) // CHUNK
        while len(found) < count:
            drawn = self._chunk(chunk)
            skipped = max(0, first - drawn[0].number)
            found += drawn[skipped : skipped + count - len(found)]
            chunk += 1
        return found

    def stuck(self, first: int, count: int) -> list[Item]:
        """Return *count* items above all others that nobody can do, numbered from *first*."""
        return [Item(first + place, PRIORITIES, self.classes) for place in range(count)]

    def asker(self, number: int) -> Asker:
        """Return the agent of that *number*."""
        dice = random.Random(f"{self.seed}-agent-{number}")
        skills = dice.sample(SKILLS, dice.choice((6, 7)))
        reach = (group for group, needed in enumerate(self.groups) if set(skills).issuperset(needed))
        return Asker(number, tuple(sorted(skills)), tuple(reach))

    def askers(self, count: int) -> list[Asker]:
        """Return the first *count* agents."""
        return [self.asker(number) for number in range(count)]

    def share(self, agents: int) -> float:
        """Return which part of the classes one of so many agents can serve, on average."""
        return sum(len(asker.reach) for asker in self.askers(agents)) / agents / self.classes

    def _chunk(self, chunk: int) -> list[Item]:
        dice = random.Random(f"{self.seed}-{chunk}")
        return [
            Item(chunk * CHUNK + place, dice.randrange(PRIORITIES), dice.randrange(self.classes))
            for place in range(1, CHUNK + 1)
        ]
