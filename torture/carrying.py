"""What runs in a process that is going to be killed: a node, or one whose fence was taken out?

`python -m torture.carrying DSN SHARD LEASE`. It is what `workassign node` runs, with a plan under
which offers run out soon, and a snapshot every hundred entries. It ends with its parent.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence

from workassign.plan import Plan
from workassign.policies.offers import per_cause
from workassign.queues import Queue
from workassign.serve import _asked, cluster
from workassign.serve.cluster import Node
from workassign.serve.program import serve
from workassign.stores import postgres
from workassign.stores._fenced import KEEP_SNAPSHOT, PRUNE, RENEW
from workassign.stores.postgres import PostgresStore

__all__ = ["PLAN", "UNFENCED", "Unfenced"]

_SOON = {"cool_down": 0.05, "exclusion": 0.05, "pause_after": None}

PLAN = Plan(
    queues={
        "default": Queue(offer_for=0.5, refusals=per_cause(declined=_SOON, expired=_SOON, disconnected=_SOON))
    }
)
"""Offers run out within an outage, and whoever let one run out is asked again at once."""

SNAPSHOT = 100

UNFENCED = """
    WITH leads AS (
        UPDATE workassign.shard
        SET head = head + %(count)s, crc = %(crc)s,
            lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
        WHERE name = %(shard)s
        RETURNING head - %(count)s AS head
    ), kept AS (
        INSERT INTO workassign.journal (shard, seq, epoch, crc, body)
        SELECT %(shard)s, leads.head + entry.place, %(epoch)s, entry.crc, entry.body
        FROM leads, unnest(%(crcs)b::bigint[], %(bodies)b::bytea[]) WITH ORDINALITY
            AS entry (crc, body, place)
        RETURNING 1
    )
    SELECT count(*), extract(epoch FROM clock_timestamp())::float8 FROM kept
"""
"""The append as it would be without a fence: behind whatever is there, whoever says it."""

_GUARD = " AND epoch = %(epoch)s"


class Unfenced(PostgresStore):
    """A store whose leader is never deposed, and that reads whatever it finds."""

    def load(self, start: int = 0) -> Iterator[bytes]:
        """Yield the bodies from *start* on as they are."""
        question = "SELECT body FROM workassign.journal WHERE shard = %s AND seq >= %s ORDER BY seq"
        with self._lock:
            return iter([bytes(body) for (body,) in self._ask(question, (self.shard, start))])


def _take_the_fence_out() -> None:
    """Let whoever thinks that it leads go on: no epoch is asked for, and no lease is minded."""

    def unguarded(statement: str) -> str:
        assert _GUARD in statement, "there is no such guard any more: the control controls nothing"
        return statement.replace(_GUARD, "")

    vars(postgres).update(
        APPEND=UNFENCED,
        RENEW=unguarded(RENEW),
        KEEP_SNAPSHOT=unguarded(KEEP_SNAPSHOT),
        PRUNE=unguarded(PRUNE),
    )
    vars(_asked).update(_TAKE=unguarded(_asked._TAKE), _ANSWER=unguarded(_asked._ANSWER))
    vars(cluster).update(PostgresStore=Unfenced, TRUSTED=float("inf"))


def _end_with_the_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def main(arguments: Sequence[str] | None = None) -> None:
    """Carry a shard until it is killed."""
    parser = ArgumentParser(description="Carry a shard until it is killed.")
    parser.add_argument("dsn")
    parser.add_argument("shard")
    parser.add_argument("lease", type=float)
    parser.add_argument("--unwatched", action="store_true", help="go on after having been stuck")
    parser.add_argument("--without-fence", action="store_true", help="the control")
    told = parser.parse_args(arguments)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    logging.basicConfig(level="INFO", format=f"%(asctime)s {os.getpid()} %(name)s: %(message)s")
    if told.without_fence:
        _take_the_fence_out()
    if told.unwatched or told.without_fence:
        Node(told.dsn, shard=told.shard, plan=PLAN, lease=told.lease, snapshot_every=SNAPSHOT).run()
    else:
        serve(told.dsn, [told.shard], PLAN, told.lease, snapshot_every=SNAPSHOT)


if __name__ == "__main__":
    main()
