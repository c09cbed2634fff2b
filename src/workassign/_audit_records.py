"""What does an auditor keep of interactions, agents and balances? Written down apart from the engine."""

from __future__ import annotations

from collections import Counter
from math import inf
from typing import Any

from workassign.model import Agent, AgentId, Instant, Presence

__all__ = ["UNIT", "Balance", "Item", "Person"]

UNIT = 1_000_000
"""Loads are counted in whole millionths."""


class Item:
    """An interaction: where it is, and what it has been through."""

    __slots__ = (
        "agent",
        "answered",
        "answered_here",
        "channel",
        "closed",
        "expires",
        "fence",
        "offer",
        "parts",
        "queue",
        "stage",
        "steps",
        "taken_back",
        "until",
        "writes",
    )

    def __init__(self, queue: str, channel: str) -> None:
        self.queue = queue
        self.channel = channel
        self.stage = "waiting"
        self.closed: Instant = inf
        self.agent: AgentId | None = None
        self.offer: int | None = None
        self.expires: Instant | None = None
        self.fence: int | None = None
        self.answered = False
        self.answered_here = False
        self.steps: set[int] = set()
        """The steps of its queue that it has taken."""
        self.parts: list[str] = []
        """The ids of its parts."""
        self.writes: tuple[AgentId, Instant] | None = None
        """Who has the lock, and until when."""
        self.until: Instant | None = None
        """When it comes back that is put aside."""
        self.taken_back: tuple[str, AgentId] | None = None
        """The entry in which its offer was last taken back, and from whom."""


class Person:
    """An agent: what she can hold, and what she has."""

    __slots__ = ("has", "limits", "pool", "presence")

    def __init__(self, agent: Agent) -> None:
        self.has: Counter[str] = Counter()
        self.presence = Presence.OFFLINE
        self.can(agent)

    def can(self, agent: Agent) -> None:
        """Note what she can hold."""
        self.pool = round(agent.capacity * UNIT)
        self.limits = agent.channels


class Balance:
    """How many came, were answered, and left unanswered; who waits is counted apart."""

    __slots__ = ("abandoned", "answered", "entered", "exited")

    def __init__(self) -> None:
        self.entered = self.answered = self.abandoned = 0
        self.exited: Counter[str] = Counter()

    def as_dict(self, waiting: int) -> dict[str, Any]:
        """Return the figures by name."""
        return {
            "entered": self.entered,
            "answered": self.answered,
            "abandoned": self.abandoned,
            "exited": dict(sorted(self.exited.items())),
            "waiting": waiting,
        }

    def off_by(self, waiting: int) -> int:
        """Return how many came that are nowhere; 0 if the balance holds."""
        return self.entered - self.answered - self.abandoned - self.exited.total() - waiting
