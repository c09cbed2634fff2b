"""What is the query that everybody writes, and what is the best one can write?

All of them claim one item, of what the agent can do that with the highest priority, of these the
oldest, and pass over what somebody else is claiming just now (`SKIP LOCKED`). A claim is one
transaction, but for `dispatched`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs
import psycopg

from benchmarks.rivals.load import PRIORITIES, Asker, Item, Load
from benchmarks.rivals.serving import fill

__all__ = ["BEST", "CLASS_KEYED", "DISPATCHED", "TEXTBOOK", "Sql"]


@attrs.frozen(kw_only=True)
class Sql:
    """One way to claim by SQL."""

    tables: str
    """Made before anything is loaded."""
    indexes: str = ""
    """Made after the first load, which is faster."""
    tidied: tuple[str, ...]
    """Tables that are vacuumed after every load."""
    copy: str
    """Takes what `row` says."""
    row: str
    """What of an item a row has."""
    after: str = ""
    """Done after every load."""
    claim: str
    by_skills: bool = False
    """The claim is told the skills; else the classes that the agent can serve."""
    together: bool = False
    """One call for all agents of the connection, in one transaction."""

    def install(self, dsn: str, load: Load) -> None:
        """Make the tables."""
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(self.tables.encode())

    def add(self, dsn: str, load: Load, items: Sequence[Item], *, first: bool) -> None:
        """Let *items* wait, and tidy up, as `autovacuum` would in time."""
        with psycopg.connect(dsn, autocommit=True) as connection:
            fill(connection, self.copy, _lines(self.row, items, load))
            if first and self.indexes:
                connection.execute(self.indexes.encode())
            if self.after:
                connection.execute(self.after.encode())
            for table in self.tidied:
                connection.execute(b"VACUUM ANALYZE " + table.encode())

    def connect(self, dsn: str, askers: Sequence[Asker]) -> _Claims:
        """Return a connection for *askers*."""
        return _Claims(self, dsn, askers)


def _lines(kind: str, items: Sequence[Item], load: Load) -> Iterator[str]:
    """Yield a row for each of *items*, as COPY takes it."""
    match kind:
        case "skills":
            needed = ["{" + ",".join(map(str, group)) + "}" for group in load.groups]
            for item in items:
                yield f"{item.number}\t{item.priority}\t{item.number}\t{needed[item.group]}\n"
        case "class":
            for item in items:
                yield f"{item.number}\t{item.priority}\t{item.number}\t{item.group}\n"
        case _:
            for item in items:
                rank = (PRIORITIES - item.priority << 40) + item.number
                yield f"{item.number}\t{rank}\t{item.group}\n"


class _Claims:
    """The agents of one connection ask in turns, or all at once."""

    def __init__(self, way: Sql, dsn: str, askers: Sequence[Asker]) -> None:
        self._connection = psycopg.connect(dsn, autocommit=True)
        self._together = way.together
        self._agents = [asker.number for asker in askers]
        self._claim = way.claim.encode()
        self._told: list[dict[str, Any]] = [
            {"agent": asker.number, "wanted": list(asker.skills if way.by_skills else asker.reach)}
            for asker in askers
        ]
        if way.together:
            self._connection.execute("CREATE TEMP TABLE asker (agent integer, classes smallint[])")
            for told in self._told:
                self._connection.execute("INSERT INTO asker VALUES (%(agent)s, %(wanted)s)", told)
            self._told = [{}]
        self._cursor = self._connection.cursor()
        self._turn = 0

    def claim(self) -> list[tuple[int, int | None]]:
        """Ask for whose turn it is."""
        turn = self._turn
        self._turn = (turn + 1) % len(self._told)
        found = self._cursor.execute(self._claim, self._told[turn], prepare=True).fetchall()
        if self._together:
            return [(agent, item) for agent, item in found]
        return [(self._agents[turn], found[0][0] if found else None)]

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


TEXTBOOK = Sql(
    tables="""
        CREATE TABLE item (
            number bigint PRIMARY KEY, priority smallint NOT NULL, created bigint NOT NULL,
            skills smallint[] NOT NULL, agent integer
        )
    """,
    indexes="CREATE INDEX ON item (priority DESC, created) WHERE agent IS NULL",
    tidied=("item",),
    copy="COPY item (number, priority, created, skills) FROM STDIN",
    row="skills",
    claim="""
        UPDATE item SET agent = %(agent)s WHERE number = (
            SELECT number FROM item WHERE agent IS NULL AND skills <@ %(wanted)s::smallint[]
            ORDER BY priority DESC, created LIMIT 1 FOR UPDATE SKIP LOCKED
        ) RETURNING number
    """,
    by_skills=True,
)
"""Walks down the queue until something fits."""

CLASS_KEYED = Sql(
    tables="""
        CREATE TABLE item (
            number bigint PRIMARY KEY, priority smallint NOT NULL, created bigint NOT NULL,
            class smallint NOT NULL, agent integer
        ) WITH (fillfactor = 70)
    """,
    indexes="CREATE INDEX ON item (class, priority DESC, created) INCLUDE (number) WHERE agent IS NULL",
    tidied=("item",),
    copy="COPY item (number, priority, created, class) FROM STDIN",
    row="class",
    claim="""
        WITH head AS MATERIALIZED (
            SELECT first.number
            FROM unnest(%(wanted)s::smallint[]) AS wanted (class) CROSS JOIN LATERAL (
                SELECT number, priority, created FROM item
                WHERE item.class = wanted.class AND agent IS NULL
                ORDER BY priority DESC, created LIMIT 1
            ) AS first
            ORDER BY first.priority DESC, first.created LIMIT 20
        ), got AS MATERIALIZED (
            SELECT item.number FROM item JOIN head USING (number) WHERE agent IS NULL
            ORDER BY priority DESC, created LIMIT 1 FOR UPDATE OF item SKIP LOCKED
        )
        UPDATE item SET agent = %(agent)s FROM got WHERE item.number = got.number RETURNING item.number
    """,
)
"""Looks at the first of each class that the agent can serve, by an index that has it all."""

_HEADS = """
    CREATE TABLE waiting (number bigint NOT NULL, rank bigint NOT NULL, class smallint NOT NULL);
    CREATE TABLE head (class smallint PRIMARY KEY, rank bigint, number bigint) WITH (fillfactor = 20);
    CREATE TABLE assigned (number bigint NOT NULL, agent integer NOT NULL);
    CREATE FUNCTION claim(who integer, classes smallint[]) RETURNS bigint LANGUAGE plpgsql AS $$
    DECLARE
        taken head; next_rank bigint; next_number bigint;
    BEGIN
        SELECT * INTO taken FROM head WHERE class = ANY (classes) AND rank IS NOT NULL
            ORDER BY rank LIMIT 1 FOR UPDATE SKIP LOCKED;
        IF taken.number IS NULL THEN
            RETURN NULL;
        END IF;
        DELETE FROM waiting WHERE class = taken.class AND rank = taken.rank;
        -- A statement of its own: it must see what came while this one waited for the lock.
        SELECT rank, number INTO next_rank, next_number FROM waiting
            WHERE class = taken.class AND rank > taken.rank ORDER BY rank LIMIT 1;
        UPDATE head SET rank = next_rank, number = next_number WHERE class = taken.class;
        INSERT INTO assigned VALUES (taken.number, who);
        RETURN taken.number;
    END $$;
"""

BEST = Sql(
    tables=_HEADS,
    indexes="CREATE UNIQUE INDEX ON waiting (class, rank) INCLUDE (number)",
    tidied=("waiting", "head"),
    copy="COPY waiting (number, rank, class) FROM STDIN",
    row="rank",
    after="""
        INSERT INTO head
        SELECT class, rank, number FROM (SELECT DISTINCT class FROM waiting) AS known
        CROSS JOIN LATERAL (
            SELECT rank, number FROM waiting WHERE waiting.class = known.class ORDER BY rank LIMIT 1
        ) AS first
        ON CONFLICT (class) DO UPDATE SET rank = excluded.rank, number = excluded.number
    """,
    claim="SELECT claim(%(agent)s, %(wanted)s::smallint[])",
)
"""The first of each class stands in a small table that claims update in place; the rest in a narrow one."""

DISPATCHED = attrs.evolve(BEST, claim="SELECT agent, claim(agent, classes) FROM asker", together=True)
"""The same, for all agents of a process in one call and one commit: somebody collects what they ask for."""
