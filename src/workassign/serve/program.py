"""How does a node run as a program, and how is a shard told something from a terminal?"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from workassign._codec import as_data
from workassign.errors import WorkassignError
from workassign.plan import Plan
from workassign.serve.cluster import SNAPSHOT, Node
from workassign.serve.inbox import Inbox
from workassign.wire import command_from_json

__all__ = ["serve", "tell"]

STUCK = 70
"""The exit code of a program whose leader was stuck."""


def serve(
    dsn: str, shards: Sequence[str], plan: Plan | None, lease: float, *, snapshot_every: int = SNAPSHOT
) -> None:
    """Carry each of *shards* until a signal ends it, SIGTERM or SIGINT. For the main thread.

    Raises:
        UsageError, PlanError: As `Node.run` does, once the other nodes have ended. So is whatever
            else ended one of them: a program without it would only seem to stand by.
    """
    ends = threading.Event()
    failures: list[BaseException] = []
    nodes = [
        Node(dsn, shard=shard, plan=plan, lease=lease, snapshot_every=snapshot_every, stuck=_die)
        for shard in dict.fromkeys(shards)
    ]

    def carry(node: Node) -> None:
        try:
            node.run()
        except BaseException as error:  # noqa: BLE001 - without the node, the program would do nothing
            failures.append(error)
            ends.set()

    kept = {each: signal.signal(each, lambda *_: ends.set()) for each in (signal.SIGTERM, signal.SIGINT)}
    threads = [
        threading.Thread(target=carry, args=(node,), name=f"workassign-{node.shard}") for node in nodes
    ]
    try:
        for thread in threads:
            thread.start()
        ends.wait()
    finally:
        for node in nodes:
            node.stop()
        for thread in threads:
            thread.join()
        for each, before in kept.items():
            signal.signal(each, before)
    for failure in failures:
        raise failure


def _die() -> None:
    os._exit(STUCK)


def tell(inbox: Inbox, lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Let the leader carry out the commands in *lines*, one JSON a line; yield what became of each.

    `{"answer": [...]}`, or `{"error": class, "message": why}`. Nothing stops at an error.
    """
    for line in lines:
        if not line.strip():
            continue
        try:
            events = inbox.handle(command_from_json(line))
        except WorkassignError as error:
            yield {"error": type(error).__name__, "message": str(error)}
        else:
            yield {"answer": [as_data(event) for event in events]}
