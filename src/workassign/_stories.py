"""What else is known of an interaction, where there is more to know than when it came?"""

from __future__ import annotations

from collections import deque

from workassign.model import Instant, Interaction, InteractionId

__all__ = ["Stories", "Story"]


class Story:
    """An interaction with a customer, a mood, a preferred agent, or anything unusual in its life."""

    __slots__ = (
        "answered",
        "answered_by_agent",
        "awaits",
        "closed",
        "contact",
        "felt",
        "first_felt",
        "hops",
        "interaction",
        "moved",
        "opened",
        "queue",
        "said_after",
        "starts",
        "stayed",
        "steps",
        "turned",
        "unanswered",
        "weight",
        "wrapping",
    )

    def __init__(self, interaction: Interaction, opened: Instant) -> None:
        self.interaction = interaction
        self.opened = opened
        """When the present opening began."""
        self.answered = False
        """Accepted in this opening."""
        self.hops = 0
        """Assignments in this opening."""
        self.first_felt = self.felt = interaction.sentiment
        """The first and the last known sentiment."""
        self.unanswered: Instant | None = opened
        """The oldest customer message that no agent has answered since."""
        self.answered_by_agent = False
        self.said_after = False
        """The customer wrote again after an agent's answer."""
        self.wrapping: Instant | None = None
        """Since when it is in wrap-up."""
        self.contact: object = None
        """`_contacts`' own."""
        self.moved: tuple[Instant, str] | None = None
        """When it was moved last, and out of which queue."""
        self.steps = 0
        """Steps that it took in the queue where it is."""
        self.stayed = True
        """It was never closed before, nor moved."""
        self.starts: tuple[Instant, float | None] | None = None
        """It came in for a later time, and waits since then: that, and its target; None once it has begun."""
        self.turned = False
        """It is somebody else's turn."""
        self.awaits = False
        """A reply to it awaits approval."""
        self.weight: int | None = None
        """What it takes up of who holds it, if less than its channel says; millionths of a unit."""
        self.queue: str | None = None
        """Where it was closed."""
        self.closed: Instant | None = None


class Stories(dict[InteractionId, Story]):
    """Stories by interaction; those of closed ones for as long as they can be opened again."""

    def __init__(self) -> None:
        super().__init__()
        self.retention = 0.0
        self._closed: deque[tuple[Instant, InteractionId]] = deque()

    def close(self, name: InteractionId, story: Story, at: Instant) -> None:
        """Keep the story of what is closed for a while."""
        story.closed = at
        self[name] = story
        self._closed.append((at, name))

    def forget(self, at: Instant) -> None:
        """Drop what was closed too long ago. Cost: O(1) for each."""
        closed = self._closed
        while closed and closed[0][0] < at - self.retention:
            when, name = closed.popleft()
            story = self.get(name)
            if story is not None and story.closed == when:
                del self[name]
