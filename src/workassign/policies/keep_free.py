"""How many agents does a queue keep free for what is urgent? As data."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from workassign.model import whole_problem

__all__ = ["KeepFree"]


@attrs.frozen(kw_only=True)
class KeepFree:
    """So many of those who serve a queue stay free for work of a tier, and of those before it.

    Who is free could be given one more on each of her channels. What is of a later tier, of whatever
    queue, is not given to such an agent if she would not be free then, and no more are than this.
    """

    agents: int
    """At least 1."""
    tier: int
    """0 to 98: work of this tier, and of lower numbers, is given to anybody."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong: the setting and the rule."""
        for name, low, high in (("agents", 1, 10_000), ("tier", 0, 98)):
            if problem := whole_problem(getattr(self, name), low, high):
                yield name, problem
