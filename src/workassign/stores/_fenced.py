"""What does the leader of a shard say to PostgreSQL? Statements that do nothing for anybody else.

Each begins with the row of the shard, and what it changes is changed only if that row still has
the epoch of whoever says it: also what removes something, for a leader that was deposed would
remove what its successor needs.
"""

from __future__ import annotations

__all__ = [
    "ACQUIRE",
    "APPEND",
    "FORGET_CURSOR",
    "KEEP_CURSOR",
    "KEEP_SNAPSHOT",
    "LOOK",
    "PRUNE",
    "RELEASE",
    "RENEW",
]

ACQUIRE = """
    UPDATE workassign.shard
    SET epoch = epoch + 1, owner = %(owner)s, locks = %(locks)s,
        lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
    WHERE name = %(shard)s
      AND (lease_until < clock_timestamp() OR owner = %(owner)s OR (locks AND %(locks)s))
    RETURNING epoch, head, crc, extract(epoch FROM clock_timestamp())::float8, begins, begins_crc, pruned_at
"""

LOOK = """
    SELECT head, crc, coalesce((of_it->>'begins')::bigint, 1), coalesce((of_it->>'begins_crc')::bigint, 0),
        (of_it->>'pruned_at')::float8
    FROM workassign.shard, to_jsonb(shard) AS of_it  -- the tables may be of a layout that lacks a column
    WHERE name = %s
"""
"""Where the journal of others begins and ends: it changes nothing, and may be asked by anybody."""

APPEND = """
    WITH leads AS (
        UPDATE workassign.shard
        SET head = head + %(count)s, crc = %(crc)s,
            lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
        WHERE name = %(shard)s AND epoch = %(epoch)s AND head = %(head)s
        RETURNING 1
    ), kept AS (
        INSERT INTO workassign.journal (shard, seq, epoch, crc, body)
        SELECT %(shard)s, %(head)s + entry.place, %(epoch)s, entry.crc, entry.body
        FROM leads, unnest(%(crcs)b::bigint[], %(bodies)b::bytea[]) WITH ORDINALITY
            AS entry (crc, body, place)
        RETURNING 1
    )
    SELECT count(*), extract(epoch FROM clock_timestamp())::float8 FROM kept
"""

RENEW = """
    UPDATE workassign.shard
    SET lease_until = clock_timestamp() + make_interval(secs => %(lease)s), locks = locks OR %(locks)s
    WHERE name = %(shard)s AND epoch = %(epoch)s
    RETURNING extract(epoch FROM clock_timestamp())::float8
"""

RELEASE = """
    UPDATE workassign.shard SET owner = NULL, locks = false, lease_until = '-infinity'
    WHERE name = %(shard)s AND epoch = %(epoch)s
"""

KEEP_SNAPSHOT = """
    WITH leads AS (
        SELECT 1 FROM workassign.shard WHERE name = %(shard)s AND epoch = %(epoch)s FOR UPDATE
    ), kept AS (
        INSERT INTO workassign.snapshot (shard, seq, epoch, crc, body)
        SELECT %(shard)s, %(seq)s, %(epoch)s, %(crc)s, %(body)b FROM leads
        ON CONFLICT (shard, seq) DO UPDATE
            SET epoch = excluded.epoch, crc = excluded.crc, body = excluded.body
        RETURNING 1
    ), gone AS (
        DELETE FROM workassign.snapshot USING leads
        WHERE shard = %(shard)s AND seq < (
            SELECT min(seq) FROM (
                SELECT seq FROM workassign.snapshot WHERE shard = %(shard)s AND seq <> %(seq)s
                ORDER BY seq DESC LIMIT %(others)s
            ) AS others
        )
    )
    SELECT count(*) FROM kept
"""

KEEP_CURSOR = """
    WITH leads AS (
        SELECT 1 FROM workassign.shard WHERE name = %(shard)s AND epoch = %(epoch)s FOR SHARE
    ), kept AS (
        INSERT INTO workassign.consumer (shard, name, seq, crc)
        SELECT %(shard)s, %(name)s, %(seq)s, %(crc)s FROM leads
        ON CONFLICT (shard, name) DO UPDATE SET seq = excluded.seq, crc = excluded.crc
        RETURNING 1
    )
    SELECT count(*) FROM kept
"""

FORGET_CURSOR = """
    WITH leads AS (
        SELECT 1 FROM workassign.shard WHERE name = %(shard)s AND epoch = %(epoch)s FOR SHARE
    ), gone AS (
        DELETE FROM workassign.consumer USING leads WHERE shard = %(shard)s AND name = %(name)s
    )
    SELECT count(*) FROM leads
"""

PRUNE = """
    WITH leads AS (
        UPDATE workassign.shard
        SET begins = %(before)s, begins_crc = %(crc)s, pruned_at = %(at)s
        WHERE name = %(shard)s AND epoch = %(epoch)s
        RETURNING 1
    ), gone AS (
        DELETE FROM workassign.journal USING leads WHERE shard = %(shard)s AND seq BETWEEN 1 AND %(last)s
    )
    SELECT count(*) FROM leads
"""
