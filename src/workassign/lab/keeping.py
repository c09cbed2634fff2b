"""What is said of a journal that is verified, repaired or compacted?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs

from workassign._answer import Answer
from workassign.errors import UsageError
from workassign.journal import Verdict
from workassign.lab.folder import journal_file
from workassign.stores.repairing import Repaired, repair
from workassign.stores.sqlite import SqliteStore

__all__ = ["compacted", "repaired", "said"]


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
    for problem in verdict.problems:
        yield f"  problem: {problem}"
    if verdict.skipped:
        yield f"  not replayed: {verdict.skipped}"
    yield "every law was kept" if verdict.ok else "NOT in order"


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
    yield f"{out}: {found.kept:,} entries were saved, 0 to {found.kept - 1:,}"
    if found.whole:
        yield "nothing was lost"
        return
    yield f"  why it ends there: {found.reason or 'nobody knows'}"
    if found.lost is None:
        yield "  how many entries were lost cannot be known: the head was lost, too"
    else:
        yield f"  lost: {found.lost:,} entries" + (
            f", {found.kept:,} to {found.head:,}" if found.lost else ""
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
        head = store.head()
    finally:
        store.close()
    text = f"{file}: {before:,} bytes before, {after:,} after; all {head + 1:,} entries are there"
    return Answer(text, {"before": before, "after": after, "entries": head + 1})
