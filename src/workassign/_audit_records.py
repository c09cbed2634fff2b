"""What does an auditor keep of interactions, agents and balances? Written down apart from the engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import inf
from typing import Any, TypeVar

from workassign.model import Agent, AgentId, Instant, InteractionId, Presence, Status
from workassign.needs import Needs

__all__ = ["UNIT", "Balance", "Item", "Person"]

N = TypeVar("N", int, float)

UNIT = 1_000_000
"""Loads are counted in whole millionths."""


class Item:
    """An interaction: where it is, and what it has been through."""

    __slots__ = (
        "agent",
        "answered",
        "answered_here",
        "came",
        "channel",
        "closed",
        "fence",
        "label",
        "offers",
        "parts",
        "queue",
        "review",
        "shared",
        "since",
        "stage",
        "status",
        "steps",
        "submitted",
        "taken_back",
        "tier",
        "until",
        "writes",
    )

    def __init__(self, queue: str, channel: str, label: str | None, submitted: str = "") -> None:
        self.queue = queue
        self.channel = channel
        self.label = label
        self.tier = 0
        self.shared: tuple[str, ...] = ()
        """The other queues whose agents may take it."""
        self.since = self.came = -inf
        """From when on its age counts, and since when it is in its queue."""
        self.submitted = submitted
        """The entry of its submission."""
        self.status = Status.OPEN
        self.stage = "waiting"
        self.closed: Instant = inf
        self.agent: AgentId | None = None
        self.offers: dict[int, tuple[AgentId, Instant]] = {}
        """Open offers: whose they are, and until when."""
        self.fence: int | None = None
        self.answered = False
        self.answered_here = False
        self.steps: set[int] = set()
        """The steps of its queue that it has taken."""
        self.parts: list[str] = []
        """The ids of its parts."""
        self.writes: tuple[AgentId, Instant] | None = None
        """Who has the lock, and until when."""
        self.review: str | None = None
        """What has to approve the reply to it."""
        self.until: Instant | None = None
        """When it comes back that is put aside."""
        self.taken_back: tuple[str, AgentId] | None = None
        """The entry in which its offer was last taken back, and from whom."""


class Person:
    """An agent: what she can hold, and what she has."""

    __slots__ = (
        "delays",
        "groups",
        "has",
        "labels",
        "limits",
        "pool",
        "presence",
        "pulls",
        "queues",
        "reserve",
        "shift",
        "told",
    )

    def __init__(self, agent: Agent, groups: Mapping[str, Any]) -> None:
        self.has: dict[InteractionId, Item] = {}
        self.presence = Presence.OFFLINE
        self.shift = False
        """Somebody has said when it ends."""
        self.can(agent, groups)

    def can(self, agent: Agent, groups: Mapping[str, Any]) -> None:
        """Note what she can hold; her *groups* are data of the plan."""
        self.told = agent
        hers = self.groups = [groups.get(name, {}) for name in agent.groups]
        self.pulls = agent.pull or any(group.get("pull") for group in hers)
        self.queues = _joined([agent.queues, *(group.get("queues") for group in hers)])
        self.pool = _first_said(1.0, agent.capacity, [group.get("capacity") for group in hers])
        self.reserve = _first_said(0.0, agent.reserve, [group.get("reserve") for group in hers])
        self.limits = _joined([agent.channels, *(group.get("channels") for group in hers)])
        self.delays: Mapping[str, float] = (
            _joined([agent.delays, *(group.get("delays") for group in hers)]) or {}
        )
        self.labels = _joined([agent.labels, *(group.get("labels") for group in hers)]) or {}

    def meets(self, needs: Needs) -> bool:
        """Whether she has what *needs* ask for, with what her groups add."""
        levels = _joined([self.told.skills, *(group.get("skills") for group in self.groups)]) or {}
        traits: dict[str, Any] = {}
        for table in (*(group.get("attributes", {}) for group in self.groups[::-1]), self.told.attributes):
            traits |= {name: tuple(each) if isinstance(each, list) else each for name, each in table.items()}
        return needs.met_by(levels, traits, self.told.id)


def _first_said(default: float, own: float, others: list[float | None]) -> int:
    """Return the first figure that is not left at its default, in millionths."""
    said = [each for each in (own, *others) if each is not None and each != default]
    return round((said[0] if said else default) * UNIT)


def _joined(tables: list[Mapping[str, N] | None]) -> dict[str, N] | None:
    """Return what all tables say, the first before the others; None: nobody says anything."""
    named = [table for table in tables if table is not None]
    return {name: most for table in named[::-1] for name, most in table.items()} if named else None


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
        return self.waiting - waiting

    @property
    def waiting(self) -> int:
        """How many came and did not leave."""
        return self.entered - self.answered - self.abandoned - self.exited.total()
