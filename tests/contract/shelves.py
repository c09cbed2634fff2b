"""Where do the contracts get an empty shelf of each kind?"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from workassign.stores.jsonl import JsonlStore
from workassign.stores.memory import MemoryStore
from workassign.stores.postgres import PostgresStore
from workassign.stores.sqlite import SqliteStore

Shelf: TypeAlias = MemoryStore | JsonlStore | SqliteStore | PostgresStore

FILES: dict[str, Callable[[Path], JsonlStore | SqliteStore]] = {"jsonl": JsonlStore, "sqlite": SqliteStore}
SHELVES: dict[str, Callable[[Path], MemoryStore | JsonlStore | SqliteStore]] = {
    "memory": lambda path: MemoryStore(),
    **FILES,
}


def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    """Lend a shelf of the kind that is the parameter of *request*; it is closed afterwards."""
    made: Shelf
    if request.param == "postgres":
        made = PostgresStore(request.getfixturevalue("dsn"), shard=tmp_path.as_posix()[-128:])
    else:
        made = SHELVES[request.param](tmp_path / "journal")
    yield made
    made.close()
