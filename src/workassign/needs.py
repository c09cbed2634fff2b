"""What does an interaction need from the agent who takes it?

Equal needs are one object: they are interned when built, so that the engine compares them by
identity and computes only once which agents can meet them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, final
from weakref import WeakValueDictionary

from workassign.errors import UsageError

__all__ = ["ANYBODY", "NAME_LIMIT", "Needs", "checked_levels", "checked_name"]

NAME_LIMIT = 200
"""Names and ids are at most this long, in characters."""


def checked_name(value: object, what: str) -> str:
    """Return *value* if it can be an id or a name; *what* names it in the error.

    Raises:
        UsageError: If it is no string, empty, longer than 200 characters, or holds a control
            character or a lone surrogate (which databases and encoders refuse later).
    """
    if isinstance(value, str) and 0 < len(value) <= NAME_LIMIT:
        if value.isprintable():  # false for control characters and lone surrogates
            return value
        raise UsageError(f"{what} must be printable text, not {value[:40]!r}")
    if not isinstance(value, str):
        raise UsageError(f"{what} must be a string, not {type(value).__name__}")
    raise UsageError(f"{what} must have 1 to {NAME_LIMIT} characters, not {len(value)}")


def checked_levels(levels: Mapping[str, float], what: str) -> tuple[tuple[str, float], ...]:
    """Return skills and levels sorted by skill, levels as floats.

    Raises:
        UsageError: If a skill is no name or a level is not a finite number >= 0.
    """
    if not isinstance(levels, Mapping):
        raise UsageError(f"skills of {what} must be a table skill -> level, not {levels!r}")
    pairs = []
    for skill, level in levels.items():
        checked_name(skill, f"a skill of {what}")
        if isinstance(level, bool) or not isinstance(level, int | float):
            raise UsageError(f"level of skill {skill!r} of {what} must be a number, not {level!r}")
        if not (0 <= level < math.inf):
            raise UsageError(f"level of skill {skill!r} of {what} must be finite and >= 0, not {level!r}")
        pairs.append((skill, float(level)))
    return tuple(sorted(pairs))


@final
class Needs:
    """Skills that an agent must have, each with a minimum proficiency.

    All of them are needed. Levels are any ordered scale of numbers >= 0, higher is better; an
    agent who lacks a skill altogether never meets it, not even at level 0.

    >>> Needs({"billing": 3, "spanish": 1}) is Needs({"spanish": 1.0, "billing": 3.0})
    True
    >>> Needs({"billing": 3}).met_by({"billing": 4.0})
    True

    Raises:
        UsageError: If a skill is no name or a level is not a finite number >= 0.
    """

    __slots__ = ("__weakref__", "skills")

    skills: tuple[tuple[str, float], ...]
    """The needed skills with their least levels, sorted by skill."""

    def __new__(cls, skills: Mapping[str, float] | None = None) -> Needs:
        """Return the one object for these *skills* (skill -> least level)."""
        key = checked_levels(skills, "needs") if skills else ()
        known = _interned.get(key)
        if known is None:
            known = super().__new__(cls)
            object.__setattr__(known, "skills", key)
            _interned[key] = known
        return known

    def met_by(self, levels: Mapping[str, float]) -> bool:
        """Whether someone with these skill *levels* can do it. Cost: O(skills needed)."""
        return all(skill in levels and levels[skill] >= least for skill, least in self.skills)

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse: needs are shared, so they never change."""
        raise AttributeError("needs are shared and never change")

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the skills, so that a copy in another process is interned there."""
        return (Needs, (dict(self.skills),))

    def __repr__(self) -> str:
        """Show the skills."""
        return f"Needs({dict(self.skills)})"


_interned: WeakValueDictionary[tuple[tuple[str, float], ...], Needs] = WeakValueDictionary()

ANYBODY = Needs()
"""No needs: everybody who serves the queue and the channel can do it."""
