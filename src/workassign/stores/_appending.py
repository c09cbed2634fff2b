"""How is a batch appended at the least cost? By a statement that the server knows already.

Every answer waits for an append, so its own cost counts: psycopg's way from Python values to the wire
takes longer than the engine needs for the turns of a small batch. Here the values are put into the
wire's own form (https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-FORMAT-CODES)
and handed to libpq, which psycopg carries.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from struct import Struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg
    from psycopg.pq.abc import PGresult

__all__ = ["Appending", "ask"]

NAME = b"workassign_append"

_TYPES = {
    "shard": 25,
    "epoch": 20,
    "head": 20,
    "count": 20,
    "crc": 20,
    "lease": 701,
    "crcs": 1016,
    "bodies": 1001,
}
"""What the statement is told, in this order, and the number that its type has in every PostgreSQL."""

BINARY = [1] * len(_TYPES)

_WHOLE, _REAL, _LENGTH, _ARRAY = Struct("!q"), Struct("!d"), Struct("!i"), Struct("!iiIii")
_INT8, _BYTEA = 20, 17


class Appending:
    """Appends batches over one connection, one after the other. Nobody else uses it meanwhile."""

    def __init__(self, connection: psycopg.Connection[Any], statement: str) -> None:
        """Let the server prepare *statement*, whose parameters have names as psycopg has them.

        Raises:
            psycopg.Error: If the server does not take it.
        """
        places = {name: f"${number}" for number, name in enumerate(_TYPES, 1)}
        query = re.sub(r"%\((\w+)\)[sb]", lambda found: places[found[1]], statement)
        self._connection = connection
        _checked(connection.pgconn.prepare(NAME, query.encode(), list(_TYPES.values())))

    def __call__(
        self, shard: str, epoch: int, head: int, lease: float, crcs: Sequence[int], bodies: Sequence[bytes]
    ) -> tuple[int, float]:
        """Append *bodies* with their checksums *crcs* behind *head*; return what the statement says.

        Raises:
            psycopg.Error: If the server failed; nobody knows what was kept.
        """
        whole = _WHOLE.pack
        values = [
            shard.encode(),
            whole(epoch),
            whole(head),
            whole(len(bodies)),
            whole(crcs[-1]),
            _REAL.pack(lease),
            _array(_INT8, [whole(crc) for crc in crcs]),
            _array(_BYTEA, bodies),
        ]
        answer = ask(self._connection, values)
        count, now = (answer.get_value(0, column) or b"" for column in (0, 1))
        return _WHOLE.unpack(count)[0], _REAL.unpack(now)[0]


def ask(connection: psycopg.Connection[Any], values: Sequence[bytes]) -> PGresult:
    """Send the statement with its *values*, and wait for the answer, as the connection waits.

    The server commits only after it has said what the statement found: if it does not come to that, an
    error follows, and what it said before was never so.

    Raises:
        psycopg.Error: If the server failed, then or before.
    """
    from psycopg.generators import execute

    connection.pgconn.send_query_prepared(NAME, values, BINARY, result_format=1)
    answers: list[PGresult] = connection.wait(execute(connection.pgconn))
    for answer in answers:
        _checked(answer)
    return answers[0]


def _checked(answer: PGresult) -> PGresult:
    from psycopg.errors import error_from_result
    from psycopg.pq import ExecStatus

    if answer.status not in {ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK}:
        raise error_from_result(answer)
    return answer


def _array(kind: int, items: Sequence[bytes]) -> bytes:
    """Return *items* as an array of one dimension, from 1 on."""
    parts = [_ARRAY.pack(1, 0, kind, len(items), 1)]
    for item in items:
        parts += (_LENGTH.pack(len(item)), item)
    return b"".join(parts)
