"""What happened on a simulated floor? Columns, written as it goes."""

from __future__ import annotations

from enum import IntEnum

from workassign.model import Fence, Instant, OfferId

__all__ = ["Columns", "Outcome", "Verdict"]


class Outcome(IntEnum):
    """What became of an interaction; numbers are only ever added."""

    WAITING = 0
    """Open, and never accepted."""
    ANSWERED = 1
    """Accepted, and still in somebody's hands at the end."""
    COMPLETED = 2
    ABANDONED = 3
    """The customer gave up."""
    BLOCKED = 4
    """There was no line, or its queue let nothing in."""
    TURNED_AWAY = 5
    """It still waited when the desk closed."""
    EXITED = 6
    """Closed otherwise: by a template, into another one, by a rule of the plan."""


class Verdict(IntEnum):
    """What became of an offer; numbers are only ever added."""

    OPEN = 0
    ACCEPTED = 1
    DECLINED = 2
    EXPIRED = 3
    RESCINDED = 4


class Columns:
    """One row for each interaction and each offer, as lists: they are written one cell at a time."""

    __slots__ = (
        "agent",
        "arrived",
        "assignments",
        "done",
        "ended",
        "fence",
        "offered_at",
        "offered_for",
        "offered_to",
        "offers",
        "outcome",
        "presence",
        "started",
        "taken",
        "verdict",
        "verdict_at",
    )

    def __init__(self, size: int, times: list[float]) -> None:
        """Start with *size* interactions that arrive at *times*."""
        self.arrived: list[Instant] = list(times)
        self.started: list[float | None] = [None] * size
        """When somebody first accepted."""
        self.done: list[float | None] = [None] * size
        """When the work was done, before any wrap-up."""
        self.ended: list[float | None] = [None] * size
        """When it was closed, or the customer left."""
        self.taken: dict[int, Instant] = {}
        """When its holder took it, of what was somebody else's before; else it is when it was started."""
        self.agent = [-1] * size
        """The number of the agent who had it last."""
        self.fence: list[Fence] = [-1] * size
        self.outcome = [0] * size
        self.offers: dict[OfferId, int] = {}
        """Open offers, and their rows."""
        self.offered_for: list[int] = []
        self.offered_to: list[int] = []
        self.offered_at: list[Instant] = []
        self.verdict: list[int] = []
        self.verdict_at: list[float | None] = []
        self.assignments: list[tuple[int, int, Instant, Instant]] = []
        """Interaction, agent, from, to: of those that were given back."""
        self.presence: list[tuple[int, Instant, str]] = []
        """Agent, instant, presence: every change."""

    def add(self, at: Instant) -> None:
        """Add an interaction that arrives *at* an instant."""
        self.arrived.append(at)
        self.agent.append(-1)
        self.fence.append(-1)
        self.outcome.append(0)
        for column in (self.started, self.done, self.ended):
            column.append(None)
