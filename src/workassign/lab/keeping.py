"""What is said of a journal that is verified, repaired, compacted or pruned?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from workassign._answer import Answer
from workassign.errors import JournalError, UsageError
from workassign.journal import Verdict, verify
from workassign.lab.folder import journal_file
from workassign.pruning import Removable, removable, remove
from workassign.stores.archiving import archive
from workassign.stores.repairing import Repaired, repair
from workassign.stores.sqlite import SqliteStore

__all__ = ["compacted", "pruned", "repaired", "said"]

DAY = 86_400.0


def said(verdict: Verdict) -> Iterator[str]:
    """Yield what a verdict says: figures, the balance of every queue, problems."""
    yield f"{verdict.entries:,} entries, {verdict.events:,} events, {len(verdict.problems):,} problems"
    for name, balance in [("all queues", verdict.balance), *verdict.queues.items()]:
        if balance:
            exited = sum(balance["exited"].values())
            yield (
                f"  {name}: entered {balance['entered']:,} = answered {balance['answered']:,} + abandoned "
                f"{balance['abandoned']:,} + exited {exited:,} + waiting {balance['waiting']:,}"
            )
    if verdict.seal:
        yield f"  sealed by {verdict.seal}"
    for problem in verdict.problems:
        yield f"  problem: {problem}"
    if verdict.skipped:
        yield f"  not replayed: {verdict.skipped}"
    if verdict.unproved:
        yield f"  not proved: {verdict.unproved}"
    kept = "what is left is in order" if verdict.unproved else "every law was kept"
    yield kept if verdict.ok else "NOT in order"


def repaired(path: Path, out: Path) -> Answer:
    """Save what holds of the journal at *path* in *out*, and say what was lost.

    Raises:
        UsageError: If there is none, or something at *out*.
        JournalError: If somebody has it open, or nothing of it can be saved.
    """
    found = repair(journal_file(path), out)
    data = {**attrs.asdict(found), "lost": found.lost, "whole": found.whole}
    return Answer("\n".join(_told(found, out)), data)


def _told(found: Repaired, out: Path) -> Iterator[str]:
    which = f"0 to {found.last:,}" if found.begins == 1 else f"0, and {found.begins:,} to {found.last:,}"
    yield f"{out}: {found.kept:,} entries were saved, {which}"
    if found.whole:
        yield "nothing was lost"
        return
    yield f"  why it ends there: {found.reason or 'nobody knows'}"
    if found.lost is None:
        yield "  how many entries were lost cannot be known: the head was lost, too"
    else:
        yield f"  lost: {found.lost:,} entries" + (
            f", {found.last + 1:,} to {found.head:,}" if found.lost else ""
        )
    if found.behind:
        yield f"  {found.behind:,} of them can be read still, but what they follow from is lost"


def compacted(path: Path) -> Answer:
    """Give back the room in the journal's file at *path* that nothing is in.

    Raises:
        UsageError: If there is none, or it is no SQLite file.
        JournalError: If somebody has it open, or an entry is damaged.
    """
    file = journal_file(path)
    if file.suffix == ".jsonl":
        raise UsageError(f"{file}: a journal as text has no room to give back")
    store = SqliteStore(file)
    try:
        before, after = store.compact()
        entries = store.head() + 1 - store.begins().removed
    finally:
        store.close()
    text = f"{file}: {before:,} bytes before, {after:,} after; all {entries:,} entries are there"
    return Answer(text, {"before": before, "after": after, "entries": entries})


def pruned(path: Path, days: float, archived: Path | None, clock: Callable[[], float] = time.time) -> Answer:
    """Remove from the journal at *path* what is more than *days* older than its last entry.

    It goes to *archived*, a new file; None: nowhere. The whole journal is verified first. *clock*
    gives the seconds since 1970, to be told to whoever misses something.

    Raises:
        UsageError: If there is none, nothing can be removed from it, or something else is at *archived*.
        JournalError: If it is not in order, somebody has it open, or a file cannot be written.
    """
    store = _to_prune(journal_file(path))
    try:
        verdict = verify(store)
        if not verdict.ok or verdict.skipped:
            reason = verdict.skipped or verdict.problems[0]
            raise JournalError(f"{path}: is not in order, and nothing of it is removed: {reason}")
        found = removable(store, days * DAY)
        before = found.before
        if found.count and archived is not None:
            before = archive(store, before, archived)
        removed = remove(store, before, clock()) if found.count else 0
        left = store.head() + 1 - store.begins().removed
    finally:
        store.close()
    data = {
        "removed": removed,
        "begins": before,
        "entries": left,
        "why": found.why,
        "archive": None if archived is None or not removed else str(archived),
    }
    return Answer("\n".join(_told_pruned(path, data, found)), data)


def _told_pruned(path: Path, data: Mapping[str, Any], found: Removable) -> Iterator[str]:
    if data["removed"]:
        first, last = found.begins, data["begins"] - 1
        where = f"are in {data['archive']} now" if data["archive"] else "are gone"
        yield f"{path}: entries {first:,} to {last:,} were removed, and {where}"
        yield f"  {data['entries']:,} entries are left: 0, and {data['begins']:,} on"
    else:
        yield f"{path}: nothing was removed"
    if data["begins"] == found.before:
        yield f"  why no more: {found.why}"
    else:
        yield "  why no more: the archive was there already, and ends there; name another file for the rest"


def _to_prune(file: Path) -> SqliteStore:
    if file.suffix == ".jsonl":
        raise UsageError(f"{file}: from a journal as text nothing is removed")
    return SqliteStore(file)
