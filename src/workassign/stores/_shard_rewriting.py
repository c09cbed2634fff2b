"""How are bodies of a shard's journal in PostgreSQL replaced, by its leader only, all or nothing?

The old bodies are in no table afterwards. What the server keeps behind its tables (free space
until `VACUUM FULL`, its log, archives, replicas, backups) is out of reach from here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from zlib import crc32

from workassign.errors import Deposed
from workassign.journal import linked

if TYPE_CHECKING:
    import psycopg

__all__ = ["rewrite_shard"]

_PAGE = 2000

_LEADS = """
    UPDATE workassign.shard SET lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
    WHERE name = %(shard)s AND epoch = %(epoch)s AND head = %(head)s
    RETURNING 1
"""

_ROWS = """
    SELECT seq, body FROM workassign.journal
    WHERE shard = %(shard)s AND seq BETWEEN %(begin)s AND %(end)s ORDER BY seq
"""

_REPLACE = """
    UPDATE workassign.journal AS old SET crc = fresh.crc, body = coalesce(fresh.body, old.body)
    FROM unnest(%(seqs)b::bigint[], %(crcs)b::bigint[], %(bodies)b::bytea[]) AS fresh (seq, crc, body)
    WHERE old.shard = %(shard)s AND old.seq = fresh.seq
"""

_ADD = """
    INSERT INTO workassign.journal (shard, seq, epoch, crc, body)
    SELECT %(shard)s, added.seq, %(epoch)s, added.crc, added.body
    FROM unnest(%(seqs)b::bigint[], %(crcs)b::bigint[], %(bodies)b::bytea[]) AS added (seq, crc, body)
"""

_END = """
    UPDATE workassign.shard
    SET head = %(seq)s, crc = %(crc)s, lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
    WHERE name = %(shard)s
"""


def rewrite_shard(
    connection: psycopg.Connection[Any],
    mine: Mapping[str, Any],
    head: int,
    crc_before: int,
    changed: Mapping[int, bytes],
    batch: Sequence[bytes],
) -> tuple[int, int]:
    """Replace the *changed* bodies, append *batch*, drop the snapshots; return seq and checksum of the head.

    One transaction, in which nobody else can begin to lead. *mine* says who leads which shard, *head* is
    the last seq, and *crc_before* the checksum of the entry before the first that changes. What is answered
    in the inbox goes, too: it may quote what was replaced.

    Raises:
        Deposed: If somebody else leads now; nothing was written.
        psycopg.Error: If the server failed.
    """
    with connection.transaction():
        connection.execute("SELECT set_config('statement_timeout', '0', true)")
        if connection.execute(_LEADS, {**mine, "head": head}).fetchone() is None:
            raise Deposed(mine["shard"])
        crc = crc_before
        for begin in range(min(changed, default=head + 1), head + 1, _PAGE):
            page = {**mine, "begin": begin, "end": min(begin + _PAGE - 1, head)}
            rows = []
            for seq, body in connection.execute(_ROWS, page, binary=True).fetchall():
                crc = crc32(changed.get(seq, body), crc)
                rows.append((seq, crc, changed.get(seq)))
            connection.execute(_REPLACE, {**mine, **_columns(rows)})
        added = linked(batch, head, head, crc)
        if added:
            connection.execute(_ADD, {**mine, **_columns(added)})
            head, crc, _ = added[-1]
        connection.execute(_END, {**mine, "seq": head, "crc": crc})
        connection.execute("DELETE FROM workassign.snapshot WHERE shard = %(shard)s", mine)
        connection.execute(
            "DELETE FROM workassign.inbox WHERE shard = %(shard)s AND outcome IS NOT NULL", mine
        )
    return head, crc


def _columns(rows: Sequence[tuple[int, int, bytes | None]]) -> dict[str, list[Any]]:
    return {
        "seqs": [seq for seq, _, _ in rows],
        "crcs": [crc for _, crc, _ in rows],
        "bodies": [body for _, _, body in rows],
    }
