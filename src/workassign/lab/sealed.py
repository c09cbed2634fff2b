"""What is done with a journal that is sealed, or that somebody is to be erased from, when a terminal asks?"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Collection
from pathlib import Path

import attrs

from workassign._answer import Answer
from workassign.erasing import KEPT, erase
from workassign.errors import UsageError
from workassign.heads import Head, head_of
from workassign.journal import Store
from workassign.lab.folder import journal_file, opened
from workassign.sealing import Seal
from workassign.stores.jsonl import JsonlStore
from workassign.stores.sqlite import SqliteStore

__all__ = ["erased", "headed", "published", "seal_told"]


def seal_told(told: argparse.Namespace) -> Seal | None:
    """Return the seal that the arguments name; None: they name none.

    Raises:
        UsageError: If its keys cannot be read.
    """
    if told.key_file is not None:
        return Seal.of_file(told.key_file)
    return None if told.key_env is None else Seal.of_environment(told.key_env)


def published(path: Path | None) -> Head | None:
    """Return the head in the file at *path*.

    Raises:
        UsageError: If there is none.
    """
    if path is None:
        return None
    try:
        return Head.from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"{path}: cannot be read") from None
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def headed(path: Path, seal: Seal | None, name: str) -> Answer:
    """Return the head of the journal at *path*, as a line of JSON.

    Raises:
        UsageError: If there is none, or it is not sealed.
        JournalError: If its last entry is damaged, or *seal* lacks its key.
    """
    with opened(path) as store:
        head = head_of(store.load, store.head(), seal, name)
    return Answer(head.as_json(), attrs.asdict(head))


def erased(
    path: Path,
    customer: str,
    seal: Seal | None,
    actor: str | None,
    keep: Collection[str],
    clock: Callable[[], float] = time.time,
) -> Answer:
    """Erase *customer* (`-`: whom standard input names) from a journal, and say how much that was.

    Raises:
        UsageError: If there is no journal, or *customer* is no name.
        JournalError: If somebody has it open, it is damaged, or *seal* lacks its key.
    """
    if customer == "-":
        customer = sys.stdin.readline().strip()
    file = journal_file(path)
    store: Store = JsonlStore(file) if file.suffix == ".jsonl" else SqliteStore(file)
    try:
        done = erase(store, customer, seal=seal, actor=actor, at=clock(), keep={*KEPT, *keep})
    finally:
        store.close()
    if not done.number:
        return Answer(f"{file}: nothing of this customer was found", attrs.asdict(done))
    text = (
        f"{file}: {done.interactions:,} interactions, {done.values:,} values in {done.entries:,} entries\n"
        "erased; backups, reports and texts that are kept elsewhere are not"
    )
    return Answer(text, attrs.asdict(done))
