"""How does a process see a shard that another one leads? It follows the journal, and believes it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from workassign.engine import Engine
from workassign.journal import Entry, Store, resume, take_up
from workassign.model import AgentId, InteractionId
from workassign.snapshots import Standing
from workassign.views import AgentView, InteractionView, QueueView, agent_in, interaction_in, queue_in

__all__ = ["Mirror"]

T = TypeVar("T")


class Mirror:
    """A copy of the engine of a shard, for reading. Thread-safe.

    Every question first takes in what was appended since the last one, so it sees all that was
    answered for before it was asked. It decides nothing and lets no time pass: it stands where the
    journal ends. Cost of a question: one query, and what was appended; of the making: a replay behind
    the newest snapshot.

    >>> from workassign import Desk, Interaction, MemoryStore
    >>> from workassign.commands import Submit
    >>> store = MemoryStore()
    >>> desk = Desk.open(store)
    >>> mirror = Mirror(store)
    >>> [submitted] = desk.handle(Submit(Interaction(id="tweet-1")))
    >>> mirror.interaction("tweet-1").stage
    'waiting'

    Raises:
        JournalError: If the journal is damaged, or has no header yet; from every method, also if
            the store cannot be read.
    """

    def __init__(self, store: Store) -> None:
        """Follow the journal in *store*, which is open to read only where others write."""
        self._store = store
        self._lock = threading.Lock()
        self._standing = resume(store)

    def interaction(self, interaction: InteractionId) -> InteractionView:
        """Return how *interaction* stands.

        Raises:
            UsageError: If there is none of that id, or it was closed longer ago than the plan's
                retention.
        """
        return self.ask(lambda engine: interaction_in(engine, interaction))

    def agent(self, agent: AgentId) -> AgentView:
        """Return how *agent* stands.

        Raises:
            UsageError: If she is not on the roster.
        """
        return self.ask(lambda engine: agent_in(engine, agent))

    def queue(self, queue: str) -> QueueView:
        """Return how *queue* stands.

        Raises:
            UsageError: If there is no such queue.
        """
        return self.ask(lambda engine: queue_in(engine, queue))

    def ask(self, question: Callable[[Engine], T]) -> T:
        """Return what *question* finds in the engine, which it must leave as it is."""
        with self._lock:
            self._catch_up()
            return question(self._standing.engine)

    def _catch_up(self) -> None:
        begun = self._standing
        seq, events = begun.seq, begun.events

        def count(entry: Entry) -> None:
            nonlocal seq, events
            seq, events = entry.seq, events + len(entry.facts)

        take_up(begun, self._store, count)
        self._standing = Standing(begun.engine, seq, events)
