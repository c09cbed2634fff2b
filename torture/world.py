"""What is the case in the model of several writers, and which rules can be taken away?"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

import attrs

__all__ = [
    "ASSIGNED",
    "BACK",
    "CLIENTS",
    "INBOX",
    "REFUSED",
    "RELEASED",
    "Bounds",
    "Fact",
    "Guards",
    "Statement",
    "World",
    "Writer",
]

Fact: TypeAlias = tuple[int, str]
"""Whose command, by number, and what came of it."""

ASSIGNED, REFUSED, RELEASED = "assigned", "refused", "released"

CLIENTS = ("ann", "bob", "eve")
"""Who wants something: the first two the interaction, the third that it is given back.

What the second wants comes through the inbox of the store, the others ask a writer.
"""

INBOX, BACK = 1, 2


@attrs.frozen(kw_only=True)
class Guards:
    """What the protocol rests on. Each can be taken away, to see what it stops."""

    epoch: bool = True
    """A statement is carried out only if nobody took over since: `epoch = e`."""
    head: bool = True
    """A statement is carried out only if nothing was appended since: `head = h`."""
    load_after_acquire: bool = True
    """A writer reads the journal when it leads, not before."""
    ack_after_commit: bool = True
    """A client is answered when the append is confirmed, not when it is sent."""
    key_in_append: bool = True
    """The key of a command is written in the append that has its effect, not after it."""
    inbox: Literal["with", "after", "beside"] = "after"
    """The answer in the inbox is written in the append that has the effect, or after that is confirmed.

    Beside it, both sent at once, it is not safe. In any case it is guarded by the epoch.
    """
    prune_guarded: bool = True
    """Snapshot and pruning, one transaction, are guarded as an append is."""
    lease_ends: bool = True
    """A lease runs out. Else nobody may take over from a writer that is gone."""


@attrs.frozen(kw_only=True)
class Bounds:
    """How much is explored."""

    writers: int = 2
    """So many believe at the same time that they lead."""
    commands: int = 2
    """So many of the clients want something."""
    epochs: int = 4
    """So often somebody takes over."""
    retried: bool = False
    """A writer that hears nothing of its append may send the same append once more."""


class Statement(NamedTuple):
    """What a writer sent to the store."""

    kind: str
    epoch: int
    head: int
    facts: tuple[Fact, ...]
    again: bool


class Writer(NamedTuple):
    """One that believes to lead; epoch 0: one that has read the journal and does not lead yet."""

    epoch: int
    head: int
    facts: tuple[Fact, ...]
    keys: frozenset[int]
    waits: Statement | None
    """For the reply to this."""


class World(NamedTuple):
    """Everything that is the case."""

    epoch: int
    log: tuple[Fact, ...]
    """All that was ever appended, whether as rows or in the snapshot."""
    last: int
    """The epoch of the newest entry."""
    snapshot: int
    """Of how many entries the snapshot is; these have no rows any more."""
    keys: frozenset[int]
    """Keys that were written after their effect, if that is how it is done."""
    answers: tuple[str, ...]
    """What each client was told; empty: nothing yet."""
    writers: tuple[Writer, ...]
    flying: tuple[Statement, ...]
    """What was sent and not carried out yet, sorted."""
    flaw: str
    """What went wrong in the step that led here."""
