"""What does the leader of a shard find in its inbox, and where do its answers go?

A command is *taken* before it is carried out: that is written down. One that was taken by a leader
that has failed since may have happened or not. If it has a key, it is carried out again, which
is harmless; otherwise nobody knows, and that is the answer. One that has brought down three
leaders is given up, too: it may be what kills them.

Answers are written under the epoch of the leader, as everything is.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from workassign.commands import Command
from workassign.errors import PlanError, UsageError
from workassign.events import Event
from workassign.serve.inbox import ANSWERED, ASKED
from workassign.wire import answer_to_json, command_from_json

if TYPE_CHECKING:
    import psycopg

__all__ = ["BATCH", "Asked", "answer", "clear", "listen", "take"]

BATCH = 500
"""So many commands are taken at once at most."""

ATTEMPTS = 3
"""So many leaders may take a command."""

KEPT = 3600.0
"""So many seconds an answer stays."""

_LISTEN = f"LISTEN {ASKED}"

# Whoever is not the leader takes nothing. The mark need not wait for the disk: the append that follows
# does, and what is behind in the server's log is there only if this is.
_TAKE = """
    WITH leads AS (
        SELECT 1 FROM workassign.shard WHERE name = %(shard)s AND epoch = %(epoch)s FOR SHARE
    ), wanted AS (
        SELECT id FROM workassign.inbox, leads
        WHERE shard = %(shard)s AND outcome IS NULL ORDER BY number LIMIT %(most)s
    ), taken AS (
        UPDATE workassign.inbox AS it SET attempts = attempts + 1
        FROM wanted WHERE it.id = wanted.id
        RETURNING it.number, it.id, it.body, it.attempts, it.until < clock_timestamp() AS late
    )
    SELECT id, body, attempts, late FROM taken ORDER BY number
"""

# What an answer tells of is on the disk, and the answer need not be: it would be the same again. Where
# it tells that nothing happened, nothing is on the disk, and the answer must be: a command that a
# server which crashed has forgotten to be answered is carried out again, and then it might happen.
_ANSWER = """
    WITH leads AS (
        SELECT 1 FROM workassign.shard WHERE name = %(shard)s AND epoch = %(epoch)s FOR SHARE
    ), told AS (
        UPDATE workassign.inbox AS it
        SET outcome = said.outcome, answer = said.answer, answered = clock_timestamp()
        FROM leads, unnest(%(ids)s::uuid[], %(outcomes)s::text[], %(answers)s::bytea[])
            AS said (id, outcome, answer)
        WHERE it.id = said.id AND it.outcome IS NULL
        RETURNING it.asker
    )
    SELECT pg_notify(%(channel)s || replace(asker::text, '-', ''), '')
    FROM (SELECT DISTINCT asker FROM told) AS each,
        (SELECT set_config('synchronous_commit', %(commit)s, true)) AS kept
"""

_CLEAR = """
    DELETE FROM workassign.inbox
    WHERE shard = %s AND outcome IS NOT NULL AND answered < clock_timestamp() - make_interval(secs => %s)
"""


class Asked(NamedTuple):
    """What is in an inbox."""

    id: uuid.UUID
    command: Command | None
    """None: it is not to be carried out, and `outcome` says why."""
    outcome: str = ""
    why: bytes = b""


def listen(connection: psycopg.Connection[Any]) -> None:
    """Let *connection* hear that something was asked; its marks need not wait for the disk."""
    connection.execute(_LISTEN)
    connection.execute("SELECT set_config('synchronous_commit', 'off', false)")


def take(connection: psycopg.Connection[Any], shard: str, epoch: int) -> list[Asked]:
    """Take what waits in the inbox of *shard*, in order, up to a `BATCH`.

    Raises:
        psycopg.Error: If the server failed.
    """
    values = {"shard": shard, "epoch": epoch, "most": BATCH}
    rows = connection.execute(_TAKE, values, binary=True).fetchall()
    return [_asked(*row) for row in rows]


def _asked(asked: uuid.UUID, body: bytes, attempts: int, late: bool) -> Asked:
    try:
        command = command_from_json(body)
    except UsageError as error:
        return Asked(asked, None, "usage", _encoded(error))
    if attempts > (1 if command.key is None else ATTEMPTS):
        return Asked(asked, None, "unknown")
    if late and attempts == 1:
        return Asked(asked, None, "late")
    return Asked(asked, command)


def answer(
    connection: psycopg.Connection[Any],
    shard: str,
    epoch: int,
    asked: Sequence[Asked],
    answers: Sequence[list[Event] | UsageError | PlanError],
) -> None:
    """Write what became of *asked*: *answers* has one for each that had a command.

    Raises:
        psycopg.Error: If the server failed.
    """
    found = iter(answers)
    told = [(each.outcome, each.why) if each.command is None else _told(next(found)) for each in asked]
    values = {
        "shard": shard,
        "epoch": epoch,
        "ids": [each.id for each in asked],
        "outcomes": [outcome for outcome, _ in told],
        "answers": [body for _, body in told],
        "channel": ANSWERED,
        "commit": "off" if len(answers) == len(asked) and all(map(_happened, answers)) else "on",
    }
    connection.execute(_ANSWER, values)


def _happened(said: list[Event] | UsageError | PlanError) -> bool:
    """Whether something is on the disk that says the same."""
    return isinstance(said, list) and bool(said)


def _told(said: list[Event] | UsageError | PlanError) -> tuple[str, bytes]:
    if isinstance(said, UsageError):
        return "usage", _encoded(said)
    if isinstance(said, PlanError):
        return "plan", json.dumps(said.problems).encode()
    return "done", answer_to_json(said)


def clear(connection: psycopg.Connection[Any], shard: str) -> None:
    """Remove answers that nobody looks for any more.

    Raises:
        psycopg.Error: If the server failed.
    """
    connection.execute(_CLEAR, (shard, KEPT))


def _encoded(error: Exception) -> bytes:
    return str(error).encode(errors="backslashreplace")
