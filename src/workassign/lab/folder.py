"""What is in a run's folder, and who may write there?

The laws of this file: one run writes in a folder at a time, a journal that somebody has open is
never replaced, and a journal that was not completed is nowhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from workassign.errors import JournalError, LockedError, UsageError
from workassign.journal import Store
from workassign.lab.run import is_simulated
from workassign.stores.sqlite import SqliteStore

__all__ = ["JOURNAL", "REPORT", "check_replaceable", "journal_file", "new_journal", "opened", "reserved"]

JOURNAL, REPORT = "journal.db", "report.html"
SHARD = "shard:"
"""What is behind it is no path, but the name of a shard in PostgreSQL."""
LINES = "journal.jsonl"
"""Written by nobody here, but read: a service may keep its journal as text."""


@contextmanager
def reserved(folder: Path) -> Iterator[None]:
    """Make *folder*, if there is none, and keep other runs out of it; one that stays empty goes again.

    Raises:
        UsageError: If another run is writing there, or nobody can.
    """
    is_new = not folder.exists()
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        with _locked(folder):
            yield
    finally:
        if is_new:
            with suppress(OSError):  # it is not empty
                folder.rmdir()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock *folder* itself: that leaves no file behind, and ends with the process at the latest."""
    try:
        import fcntl
    except ImportError:  # not on this system: what is left is the lock of the new journal
        yield
        return
    with _writing(folder):
        handle = os.open(folder, os.O_RDONLY)
    try:
        with _writing(folder):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UsageError(f"another run is writing to {folder}") from None
        yield
    finally:
        os.close(handle)


@contextmanager
def new_journal(path: Path, *, force: bool) -> Iterator[Store]:
    """Open a new journal that takes the place of *path* once it is complete.

    Raises:
        UsageError: If it cannot be written, or what is at *path* by then must stay.
    """
    fresh = path.with_name(f"{path.name}.new")
    with _writing(path):
        _remove(fresh)
    store = SqliteStore(fresh)
    try:
        yield store
        store.close()
        check_replaceable(path, force=force)
        with _writing(path):
            _remove(*_beside(path))
            fresh.replace(path)
    finally:
        store.close()
        with suppress(OSError):
            _remove(fresh)


def _beside(path: Path) -> list[Path]:
    """Return the files that SQLite keeps beside a database."""
    return [path.with_name(path.name + ending) for ending in ("-wal", "-shm", "-journal")]


def _remove(*files: Path) -> None:
    """Remove *files*, and what SQLite keeps beside each."""
    for file in files:
        for each in (file, *_beside(file)):
            each.unlink(missing_ok=True)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from None


def check_replaceable(path: Path, *, force: bool) -> None:
    """Check that at *path* is nothing, or the closed journal of an earlier simulation.

    Raises:
        UsageError: If somebody has it open; or it is something else, and not *force*.
    """
    if not path.exists():
        return
    hint = "use another --out, or --force to overwrite it"
    try:
        store = SqliteStore(path)
        try:
            ours = is_simulated(store)
        finally:
            store.close()
    except LockedError:
        raise UsageError(f"{path} is a journal that somebody has open: use another --out") from None
    except JournalError as error:
        if force:
            return
        raise UsageError(f"{path} is there already and cannot be read ({error}): {hint}") from None
    if not (ours or force):
        raise UsageError(f"{path} is a journal that no simulation wrote: {hint}")


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    """Open, to read only, the journal of a run's folder, or a journal's file, or `shard:NAME`.

    Others may be at work on a shard meanwhile; what they append later is no part of what is read.

    Raises:
        UsageError: If there is none.
        JournalError: If it cannot be read, or somebody has it open.
    """
    shard = str(path).removeprefix(SHARD)
    store = _shared(shard) if shard != str(path) else _readable(journal_file(path))
    try:
        yield store
    finally:
        store.close()


def journal_file(path: Path) -> Path:
    """Return the journal's file: that of the run's folder *path*, or *path* itself.

    Raises:
        UsageError: If there is none.
    """
    if not path.is_dir():
        if not path.exists():
            raise UsageError(f"{path}: there is no journal")
        return path
    for name in (JOURNAL, LINES):
        if (path / name).exists():
            return path / name
    raise UsageError(f"{path}: there is no journal, neither {JOURNAL} nor {LINES}")


def _shared(shard: str) -> Store:
    from workassign.stores.connecting import dsn_of
    from workassign.stores.postgres import PostgresStore

    return PostgresStore(dsn_of(None), shard=shard, readonly=True)


def _readable(file: Path) -> Store:
    if file.suffix == ".jsonl":
        from workassign.stores.jsonl import JsonlStore

        return JsonlStore(file, readonly=True)
    return SqliteStore(file, readonly=True)
