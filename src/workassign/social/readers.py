"""What did people write? Files of mentions, record by record.

CSV (`.csv`) and JSON lines (`.jsonl`, `.ndjson`), each also compressed (`.gz`). Law: *no record
is lost in silence*: each one becomes a `Mention` or a `BadRecord` that says why not. What the
engine cannot do without (id, instant) must be right; what it can (sentiment, followers, value,
extra attributes) becomes unknown if it is rubbish, which is noted.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, TypeAlias

import attrs

from workassign.errors import PlanError, UsageError
from workassign.model import Instant, Value, instant
from workassign.needs import checked_name
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

TEXT_LIMIT = 100_000
"""A mention's text is at most this long, in characters."""
LINE_LIMIT = 1_000_000
"""A line of a file is at most this long, in characters; what is longer is skipped."""
RECORD_LIMIT = 200
"""A CSV record has at most so many lines: beyond that a quote was never closed."""
ATTRIBUTE_LIMIT = 4096
"""An extra attribute is at most this long, in characters."""
EARLIEST, LATEST = 631_152_000.0, 4_102_444_800.0
"""1990 to 2100: anything else is milliseconds, or a date without its dashes."""

_NUMBER = re.compile(r"[+-]?\d{1,20}(\.\d*)?")
_SURROGATE = re.compile("[\ud800-\udfff]")


@attrs.frozen(kw_only=True)
class Labels:
    """A column of labels or numbers, and what its labels mean as numbers."""

    column: str
    map: Mapping[str, float] = attrs.field(factory=dict)
    """Label -> number; with none, the column holds the numbers themselves."""

    def __attrs_post_init__(self) -> None:
        """Raise a ValueError if a label stands for something that is no sentiment."""
        for label, number in self.map.items():
            if not -1 <= number <= 1:
                raise ValueError(f"map.{label} must be between -1 and 1, not {number!r}")

    @staticmethod
    def from_text(column: str) -> Labels:
        """Return a column of numbers."""
        return Labels(column=column)


@attrs.frozen(kw_only=True)
class Columns:
    """Which column of the file (or key of a JSON object, dots go deeper) holds what."""

    id: str
    at: str
    """ISO date and time with a zone, or POSIX seconds."""
    text: str
    brand: str | None = None
    """Whom the mention is about; it chooses the queue."""
    author: str | None = None
    sentiment: Labels | None = None
    """-1 (furious) to 1 (delighted)."""
    followers: str | None = None
    value: str | None = None
    """The customer's lifetime value in the operator's own money."""
    language: str | None = None
    attributes: Mapping[str, str] = attrs.field(factory=dict)
    """Further attributes of the interaction: name -> column."""

    def __attrs_post_init__(self) -> None:
        """Raise a ValueError if figures of a customer are named, but not who that is."""
        for name in ("followers", "value"):
            if getattr(self, name) is not None and self.author is None:
                raise ValueError(f"{name} is a customer's: name the column of the author, too")

    def named(self) -> list[tuple[str, str]]:
        """Return every setting that names a column, with that column."""
        plain = ("id", "at", "text", "brand", "author", "followers", "value", "language")
        found = [(name, getattr(self, name)) for name in plain if getattr(self, name) is not None]
        if self.sentiment is not None:
            found.append(("sentiment.column", self.sentiment.column))
        return [*found, *((f"attributes.{name}", column) for name, column in self.attributes.items())]


@attrs.frozen(kw_only=True)
class Reading:
    """A whole file: mentions in order of (instant, line)."""

    mentions: list[Mention]
    bad: list[BadRecord]
    notes: Mapping[str, int]
    """What was odd but did no harm -> in how many records."""
    out_of_order: int
    """How many mentions were older than the one before them in the file."""


Record: TypeAlias = Mapping[str, object]


class _Line(NamedTuple):
    number: int
    text: str | None
    """None: it is longer than the limit."""


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
    said: dict[str, tuple[int, bytes]] = {}
    with _opened(path) as file:
        rows = _csv_records(path, file, columns) if _kind(path) == ".csv" else _json_records(file)
        for line, row in rows:
            if isinstance(row, str):
                yield BadRecord(line, row)
                continue
            try:
                mention = _mention(row, line, columns, notes)
                _once(mention, row, said)
            except (ValueError, UsageError) as error:
                yield BadRecord(line, str(error))
            else:
                yield mention


def _once(mention: Mention, row: Record, said: dict[str, tuple[int, bytes]]) -> None:
    """Check that this id was not given to another body before; the same body again is no error."""
    body = blake2b(repr(sorted(row.items())).encode(), digest_size=16).digest()
    line, before = said.setdefault(mention.id, (mention.line, body))
    if before != body:
        raise ValueError(f"id {mention.id!r} was given to another record, on line {line}")


# --- files and lines ------------------------------------------------------------------------


def _kind(path: Path) -> str:
    """Return the ending that tells the format."""
    name = path.name.lower().removesuffix(".gz")
    for ending in (".csv", ".jsonl", ".ndjson"):
        if name.endswith(ending):
            return ending
    raise UsageError(f"{path.name}: its name must end in .csv, .jsonl or .ndjson (and .gz if compressed)")


@contextmanager
def _opened(path: Path) -> Iterator[io.TextIOWrapper]:
    """Open *path*, so that bytes which are not UTF-8 become lone surrogates."""
    try:
        with path.open("rb") as raw:
            packed = gzip.GzipFile(fileobj=raw) if path.name.lower().endswith(".gz") else raw
            if (begin := packed.peek(2)[:2]) in (b"\xff\xfe", b"\xfe\xff") or b"\0" in begin:
                raise UsageError(f"{path.name}: looks like UTF-16: save it as UTF-8")
            yield io.TextIOWrapper(packed, encoding="utf-8-sig", errors="surrogateescape", newline="")
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UsageError(f"{path.name}: damaged: {error}") from None
    except OSError as error:
        raise UsageError(f"{path.name or path}: {error.strerror or error}") from None


class _Lines:
    """The lines of a file, numbered from 1; they can be put back."""

    def __init__(self, file: io.TextIOWrapper) -> None:
        self._file = file
        self._number = 0
        self._back: list[_Line] = []

    def take(self) -> _Line | None:
        """Return the next line, or None at the end."""
        if self._back:
            return self._back.pop()
        text = self._file.readline(LINE_LIMIT)
        if not text:
            return None
        self._number += 1
        if len(text) < LINE_LIMIT or text.endswith(("\n", "\r")):
            return _Line(self._number, text)
        while (rest := self._file.readline(LINE_LIMIT)) and not rest.endswith(("\n", "\r")):
            pass
        return _Line(self._number, None)

    def put_back(self, lines: Iterable[_Line]) -> None:
        """Let *lines* come again, in their order."""
        self._back.extend(reversed(list(lines)))


def _problem(text: str | None) -> str | None:
    """Return why this text of a line can be no part of a record."""
    if text is None:
        return f"the line is longer than {LINE_LIMIT:,} characters"
    if "\0" in text:
        return "holds a NUL byte"
    if not text.isascii() and (found := _SURROGATE.search(text)):
        return f"is not UTF-8: byte 0x{ord(found[0]) & 0xFF:02x}"
    return None


# --- CSV ------------------------------------------------------------------------------------


def _csv_records(path: Path, file: io.TextIOWrapper, columns: Columns) -> Iterator[tuple[int, Record | str]]:
    lines = _Lines(file)
    first = lines.take()
    if first is None:
        return
    header = _row(first, lines)
    if isinstance(header, str):
        raise UsageError(f"{path.name}: line 1: {header}")
    _check_header(path, header, columns)
    while (line := lines.take()) is not None:
        row = _row(line, lines)
        if isinstance(row, str):
            yield line.number, row
        elif row and len(row) != len(header):
            yield line.number, f"has {len(row)} fields, not {len(header)}"
        elif row:
            yield line.number, dict(zip(header, row, strict=True))


def _check_header(path: Path, header: list[str], columns: Columns) -> None:
    """Raise a `PlanError` that lists every column which is named but not there exactly once."""
    problems = []
    for setting, column in columns.named():
        if header.count(column) != 1:
            what = "no column" if column not in header else "several columns"
            have = f"{path.name} has {what} {column!r}; there are {', '.join(header)}"
            problems.append(f"mentions.columns.{setting}: {have}")
    if problems:
        raise PlanError(problems)


def _row(first: _Line, lines: _Lines) -> list[str] | str:
    """Return the fields of the record that begins with *first*, or why there are none.

    A field in quotes may span lines. If the record turns out to be wrong, the lines after its
    first are read again on their own: a quote that is never closed costs one record.
    """
    taken: list[_Line] = []
    problem: str | None = None

    def text_of_lines() -> Iterator[str]:
        nonlocal problem
        line: _Line | None = first
        while line is not None and len(taken) < RECORD_LIMIT:
            taken.append(line)
            problem = problem or _problem(line.text)
            if line.text is None:
                return
            yield line.text
            line = lines.take()
        if line is not None:
            lines.put_back([line])

    try:
        row = next(csv.reader(text_of_lines(), strict=True), [])
    except csv.Error as error:
        lines.put_back(taken[1:])
        never_ends = "unexpected end" in str(error)
        return _problem(first.text) or ("a quote is not closed" if never_ends else str(error))
    return row if problem is None else problem


# --- JSON lines -----------------------------------------------------------------------------


def json_records(path: Path) -> Iterator[tuple[int, Record | str]]:
    """Yield the JSON object on each line of *path*, or why there is none, behind the line's number."""
    _kind(path)
    with _opened(path) as file:
        yield from _json_records(file)


def _json_records(file: io.TextIOWrapper) -> Iterator[tuple[int, Record | str]]:
    lines = _Lines(file)
    while (line := lines.take()) is not None:
        problem = _problem(line.text)
        if problem is not None or line.text is None:
            yield line.number, problem or ""
        elif line.text.strip():
            yield line.number, _object(line.text)


def _object(text: str) -> Record | str:
    """Return the JSON object in *text*, or why there is none."""
    try:
        value = json.loads(text)
    except ValueError as error:
        return f"is no JSON: {error}"
    except RecursionError:
        return "is no JSON: too deep"
    return value if isinstance(value, dict) else f"must be a JSON object, not {type(value).__name__}"


# --- one record -----------------------------------------------------------------------------


def _mention(row: Record, line: int, columns: Columns, notes: Counter[str]) -> Mention:
    """Return what *row* says.

    Raises:
        ValueError, UsageError: If the engine could not use it.
    """
    found = Mention(
        id=_name(_field(row, columns.id), columns.id),
        at=_instant(_field(row, columns.at), columns.at),
        line=line,
        text=_text(_field(row, columns.text), columns.text),
        brand=_optional_name(row, columns.brand),
        author=_optional_name(row, columns.author),
        sentiment=_sentiment(row, columns.sentiment, notes),
        followers=_whole(_figure(row, columns.followers, notes, 0, 1e12)),
        value=_figure(row, columns.value, notes, -1e15, 1e15),
        language=_optional_name(row, columns.language),
        attributes=_attributes(row, columns.attributes, notes),
    )
    if found.author is None and (found.followers is not None or found.value is not None):
        notes["there are figures of a customer, but no author: left out"] += 1
    return found


def _field(row: Record, column: str) -> object:
    """Return what stands in *column*; dots go down into JSON objects. None where nothing does."""
    if column in row:
        return row[column]
    value: object = row
    for part in column.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


def _name(value: object, column: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # ids are often numbers in JSON
    if value is None or (isinstance(value, str) and not value.strip()):
        raise ValueError(f"{column} is empty")
    return checked_name(value.strip() if isinstance(value, str) else value, column)


def _optional_name(row: Record, column: str | None) -> str | None:
    value = None if column is None else _field(row, column)
    if column is None or value is None or (isinstance(value, str) and not value.strip()):
        return None
    return _name(value, column)


def _instant(value: object, column: str) -> Instant:
    """Return POSIX seconds of an ISO date and time with a zone, or of a number."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        at = float(value)
    elif isinstance(value, str):
        at = _from_iso(value.strip(), column)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        at = value
    else:
        raise ValueError(f"{column} is {'empty' if value is None else 'no date and time'}")
    if not EARLIEST <= at <= LATEST:
        years = "from 1990 to 2100 (POSIX seconds, or a date)"
        raise ValueError(f"{column} must be {years}, not {str(value)[:40]!r}")
    return float(at)


def _from_iso(text: str, column: str) -> Instant:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{column} is no date and time: {text[:40]!r}") from None
    if moment.tzinfo is None:
        raise ValueError(f"{column} has no time zone: {text[:40]!r}")
    return instant(moment)


def _text(value: object, column: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{column} is {'missing' if value is None else 'no text'}")
    if len(value) > TEXT_LIMIT:
        raise ValueError(f"{column} has {len(value):,} characters, more than {TEXT_LIMIT:,}")
    if "\0" in value:
        raise ValueError(f"{column} holds a NUL")
    if not value.isascii() and _SURROGATE.search(value):
        raise ValueError(f"{column} holds a lone surrogate")
    return value


def _sentiment(row: Record, labels: Labels | None, notes: Counter[str]) -> float | None:
    if labels is None:
        return None
    if not labels.map:
        return _figure(row, labels.column, notes, -1, 1)
    label = _field(row, labels.column)
    if label is None or label == "":
        return None
    if not isinstance(label, str) or label not in labels.map:
        notes[f"{labels.column} is a label that the map does not know: taken as unknown"] += 1
        return None
    return labels.map[label]


def _figure(row: Record, column: str | None, notes: Counter[str], low: float, high: float) -> float | None:
    """Return the number in *column*; None where there is none, or none from *low* to *high*."""
    value = None if column is None else _field(row, column)
    if value is None or value == "":
        return None
    try:
        number = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (ValueError, TypeError, OverflowError):
        number = math.nan
    if low <= number <= high:
        return number
    notes[f"{column} is no number from {low:g} to {high:g}: taken as unknown"] += 1
    return None


def _whole(figure: float | None) -> int | None:
    return None if figure is None else int(figure)


def _attributes(row: Record, columns: Mapping[str, str], notes: Counter[str]) -> Mapping[str, Value]:
    """Return the extra attributes; empty ones and those that cannot be one are left out."""
    found: dict[str, Value] = {}
    for name, column in columns.items():
        value = _field(row, column)
        if value is None or value == "":
            continue
        if _can_be_attribute(value):
            found[name] = value  # type: ignore[assignment]
        else:
            notes[f"{column} can be no attribute: left out"] += 1
    return found


def _can_be_attribute(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= ATTRIBUTE_LIMIT and "\0" not in value and not _SURROGATE.search(value)
    return isinstance(value, int | float) and -(2**63) < value < 2**63
