"""What did people write? Files of mentions, record by record.

CSV (`.csv`) and JSON lines (`.jsonl`, `.ndjson`), each also compressed (`.gz`). Law: *no record
is lost in silence*: each one becomes a `Mention` or a `BadRecord` that says why not. What the
engine cannot do without (id, instant) must be right; what it can (sentiment, followers, value,
extra attributes) becomes unknown if it is rubbish, which is noted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path

import attrs

from workassign.errors import UsageError
from workassign.social.files.columns import Columns, Labels
from workassign.social.files.fields import mention_of
from workassign.social.files.lines import Record, csv_records, json_objects, json_records, kind_of, opened
from workassign.social.mentions import BadRecord, Mention

__all__ = [
    "Columns",
    "Labels",
    "Reading",
    "Record",
    "json_records",
    "read_mentions",
    "records",
]


@attrs.frozen(kw_only=True)
class Reading:
    """A whole file: mentions in order of (instant, line)."""

    mentions: list[Mention]
    bad: list[BadRecord]
    notes: Mapping[str, int]
    """What was odd but did no harm -> in how many records."""
    out_of_order: int
    """How many mentions were older than the one before them in the file."""


def read_mentions(path: Path, columns: Columns) -> Reading:
    """Return all mentions of a file, sorted by instant; those of one instant stay in its order.

    Raises:
        UsageError: If the file is missing, damaged as a whole, or of no known kind.
        PlanError: If it lacks a column that *columns* names.
    """
    mentions: list[Mention] = []
    bad: list[BadRecord] = []
    notes: Counter[str] = Counter()
    for each in records(path, columns, notes):
        if isinstance(each, Mention):
            mentions.append(each)
        else:
            bad.append(each)
    late = sum(1 for before, after in pairwise(mentions) if after.at < before.at)
    mentions.sort(key=lambda mention: (mention.at, mention.line))
    return Reading(mentions=mentions, bad=bad, notes=dict(sorted(notes.items())), out_of_order=late)


def records(path: Path, columns: Columns, notes: Counter[str] | None = None) -> Iterator[Mention | BadRecord]:
    """Yield what *path* holds, in its order; of what went by, only a digest a record is kept.

    *notes* counts what was odd but did no harm. Raises as `read_mentions` does.
    """
    notes = Counter() if notes is None else notes
    said: dict[tuple[str, str], tuple[int, bytes]] = {}
    for line, row in _rows(path, columns):
        if isinstance(row, str):
            yield BadRecord(line, row)
            continue
        try:
            mention = mention_of(row, line, columns, notes)
            _once(mention, row, said)
        except (ValueError, UsageError) as error:
            yield BadRecord(line, str(error))
        else:
            yield mention


def _rows(path: Path, columns: Columns) -> Iterator[tuple[int, Record | str]]:
    with opened(path) as file:
        if kind_of(path) == ".csv":
            yield from csv_records(path, file, columns.named())
        else:
            yield from json_objects(file)


def _once(mention: Mention, row: Record, said: dict[tuple[str, str], tuple[int, bytes]]) -> None:
    """Check that its network gave this id to no other body before; the same body again is no error."""
    # `repr` writes a lone surrogate as an escape, so that whatever stands there can be encoded.
    body = blake2b(repr(sorted(row.items())).encode(), digest_size=16).digest()
    line, before = said.setdefault((mention.network, mention.id), (mention.line, body))
    if before != body:
        raise ValueError(f"id {mention.id!r} was given to another record, on line {line}")
