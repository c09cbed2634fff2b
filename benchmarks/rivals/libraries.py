"""How fast do procrastinate and pgqueuer give out jobs, by their own calls?

Neither knows skills. *By class* there is one queue (pgqueuer: one entrypoint) for each class, and
an agent asks for all those that she can serve: the same task as for everybody else. Otherwise there is
one queue, anybody gets what is first, and that is easier: the best they can do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from datetime import timedelta
from typing import TypeVar
from uuid import uuid4

import attrs
import psycopg
from pgqueuer.adapters.drivers.psycopg import PsycopgDriver
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.types import QueueEntrypoint, QueueManagerId
from pgqueuer.ports.repository import EntrypointExecutionParameter
from procrastinate import App, PsycopgConnector

from benchmarks.rivals.load import Asker, Item, Load
from benchmarks.rivals.serving import fill

__all__ = ["Pgqueuer", "Procrastinate"]

T = TypeVar("T")

NEVER = timedelta(days=1)
"""After which a job without a sign of life is given to somebody else."""

ONE = "work"
"""The queue of everything."""


def _queue(group: int) -> str:
    return f"class-{group}"


def _queues(load: Load, by_class: bool) -> list[str]:
    """Return the queue of each class."""
    return [_queue(group) if by_class else ONE for group in range(len(load.groups))]


def _fill(dsn: str, table: str, columns: str, lines: Iterable[str]) -> None:
    """Put *lines* into *table*; its triggers do nothing."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        fill(connection, f"COPY {table} ({columns}) FROM STDIN", lines)
        connection.execute(f"VACUUM ANALYZE {table}".encode())


class _Loop:
    """An event loop of one's own, on which one thing is done after the other."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()

    def wait(self, work: Awaitable[T]) -> T:
        return self._runner.get_loop().run_until_complete(work)

    def close(self) -> None:
        self._runner.close()


# --- procrastinate --------------------------------------------------------------------------------


@attrs.frozen
class Procrastinate:
    """`JobManager.fetch_job`, on one connection of its own asynchronous connector."""

    by_class: bool

    def install(self, dsn: str, load: Load) -> None:
        """Apply its schema."""

        async def install() -> None:
            async with App(connector=PsycopgConnector(conninfo=dsn)).open_async() as app:
                await app.schema_manager.apply_schema_async()

        asyncio.run(install())

    def add(self, dsn: str, load: Load, items: Sequence[Item], *, first: bool) -> None:
        """Let *items* wait, without the events that its triggers would keep of each."""
        names = _queues(load, self.by_class)
        lines = (f"{item.number}\t{names[item.group]}\ttask\t{item.priority}\n" for item in items)
        _fill(dsn, "procrastinate_jobs", "id, queue_name, task_name, priority", lines)

    def connect(self, dsn: str, askers: Sequence[Asker]) -> _Fetching:
        """Return a connection for *askers*."""
        return _Fetching(dsn, askers, self.by_class)


class _Fetching:
    def __init__(self, dsn: str, askers: Sequence[Asker], by_class: bool) -> None:
        self._loop = _Loop()
        self._app = App(connector=PsycopgConnector(conninfo=dsn, min_size=1, max_size=1))
        self._loop.wait(self._app.open_async())
        self._worker = self._loop.wait(self._app.job_manager.register_worker())
        self._askers = [
            (asker.number, [_queue(group) for group in asker.reach] if by_class else [ONE])
            for asker in askers
        ]
        self._turn = 0

    def claim(self) -> list[tuple[int, int | None]]:
        """Ask for whose turn it is."""
        agent, queues = self._askers[self._turn]
        self._turn = (self._turn + 1) % len(self._askers)
        job = self._loop.wait(self._app.job_manager.fetch_job(queues, self._worker))
        return [(agent, None if job is None else job.id)]

    def close(self) -> None:
        """Let go of the connection."""
        self._loop.wait(self._app.close_async())
        self._loop.close()


# --- pgqueuer -------------------------------------------------------------------------------------


@attrs.frozen
class Pgqueuer:
    """`Queries.dequeue`, of so many jobs at once, on a psycopg connection."""

    by_class: bool
    batch: int = 1

    def install(self, dsn: str, load: Load) -> None:
        """Apply its schema, which is durable by default."""

        async def install() -> None:
            async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
                await Queries(PsycopgDriver(connection)).install()

        asyncio.run(install())

    def add(self, dsn: str, load: Load, items: Sequence[Item], *, first: bool) -> None:
        """Let *items* wait."""
        names = _queues(load, self.by_class)
        lines = (f"{item.number}\t{item.priority}\tqueued\t{names[item.group]}\n" for item in items)
        _fill(dsn, "pgqueuer", "id, priority, status, entrypoint", lines)

    def connect(self, dsn: str, askers: Sequence[Asker]) -> _Dequeueing:
        """Return a connection for *askers*."""
        return _Dequeueing(dsn, askers, self)


class _Dequeueing:
    def __init__(self, dsn: str, askers: Sequence[Asker], way: Pgqueuer) -> None:
        self._loop = _Loop()
        self._connection = self._loop.wait(psycopg.AsyncConnection.connect(dsn, autocommit=True))
        self._queries = Queries(PsycopgDriver(self._connection))
        self._manager = QueueManagerId(uuid4())
        self._batch = way.batch
        unlimited = EntrypointExecutionParameter(0)
        self._askers = []
        for asker in askers:
            names = [_queue(group) for group in asker.reach] if way.by_class else [ONE]
            self._askers.append((asker.number, {QueueEntrypoint(name): unlimited for name in names}))
        self._turn = 0

    def claim(self) -> list[tuple[int, int | None]]:
        """Ask for whose turn it is."""
        agent, entrypoints = self._askers[self._turn]
        self._turn = (self._turn + 1) % len(self._askers)
        asked = self._queries.dequeue(self._batch, entrypoints, self._manager, None, NEVER)
        jobs = self._loop.wait(asked)
        return [(agent, job.id) for job in jobs] or [(agent, None)]

    def close(self) -> None:
        """Let go of the connection."""
        self._loop.wait(self._connection.close())
        self._loop.close()
