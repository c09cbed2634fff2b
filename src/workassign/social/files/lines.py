"""What stands in a file? Its lines, and the record on each of them, whatever the bytes.

CSV (`.csv`) and JSON lines (`.jsonl`, `.ndjson`), each also compressed (`.gz`). Law: *no record
is lost in silence*: each one is yielded, or why there is none, behind the number of its line.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeAlias

from workassign.errors import PlanError, UsageError

__all__ = [
    "Fault",
    "Record",
    "csv_records",
    "from_json",
    "json_objects",
    "json_records",
    "json_values",
    "kind_of",
    "opened",
]

LINE_LIMIT = 16_000_000
"""A line of a file is at most this long, in characters; what is longer is skipped.

A text of 5 MB has room, also where JSON writes every third of its characters as an escape.
"""
RECORD_LIMIT = 200
"""A CSV record has at most so many lines: beyond that a quote was never closed."""

_SURROGATE = re.compile("[\ud800-\udfff]")

Record: TypeAlias = Mapping[str, object]
Named: TypeAlias = Iterable[tuple[str, str]]
"""Settings, each with the column that it names."""


class Fault(NamedTuple):
    """Why there is no value."""

    reason: str


class _Line(NamedTuple):
    number: int
    text: str | None
    """None: it is longer than the limit."""


def kind_of(path: Path) -> str:
    """Return the ending of *path* that tells the format.

    Raises:
        UsageError: If it is none of those that are read.
    """
    name = path.name.lower().removesuffix(".gz")
    for ending in (".csv", ".jsonl", ".ndjson"):
        if name.endswith(ending):
            return ending
    raise UsageError(f"{path.name}: its name must end in .csv, .jsonl or .ndjson (and .gz if compressed)")


@contextmanager
def opened(path: Path) -> Iterator[io.TextIOWrapper]:
    """Open *path*, so that bytes which are not UTF-8 become lone surrogates.

    Raises:
        UsageError: If it is missing, or damaged as a whole.
    """
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
    if not text.isascii() and (found := _SURROGATE.search(text)):
        return f"is not UTF-8: byte 0x{ord(found[0]) & 0xFF:02x}"
    return None


# --- CSV ------------------------------------------------------------------------------------


def csv_records(path: Path, file: io.TextIOWrapper, named: Named) -> Iterator[tuple[int, Record | str]]:
    """Yield what stands below the head of a CSV *file*, by column, or why that is no record.

    Raises:
        PlanError: If the head lacks one of the columns in *named*.
    """
    lines = _Lines(file)
    first = lines.take()
    if first is None:
        return
    header = _row(first, lines)
    if isinstance(header, str):
        raise UsageError(f"{path.name}: line 1: {header}")
    _check_header(path, header, named)
    while (line := lines.take()) is not None:
        row = _row(line, lines)
        if isinstance(row, str):
            yield line.number, row
        elif row and len(row) != len(header):
            yield line.number, f"has {len(row)} fields, not {len(header)}"
        elif row:
            yield line.number, dict(zip(header, row, strict=True))


def _check_header(path: Path, header: list[str], named: Named) -> None:
    """Raise a `PlanError` that lists every column which is named but not there exactly once."""
    problems = []
    for setting, column in named:
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
    length = 0

    def text_of_lines() -> Iterator[str]:
        nonlocal problem, length
        line: _Line | None = first
        while line is not None and len(taken) < RECORD_LIMIT and length <= LINE_LIMIT:
            taken.append(line)
            problem = problem or _problem(line.text)
            if line.text is None:
                return
            length += len(line.text)
            yield line.text
            line = lines.take()
        if line is not None:
            lines.put_back([line])

    if csv.field_size_limit() < LINE_LIMIT:
        # For the whole process, and never lowered again: another thread may be reading by it.
        csv.field_size_limit(LINE_LIMIT)
    try:
        row = next(csv.reader(text_of_lines(), strict=True), [])
    except csv.Error as error:
        lines.put_back(taken[1:])
        never_ends = "unexpected end" in str(error)
        return _problem(first.text) or ("a quote is not closed" if never_ends else str(error))
    return row if problem is None else problem


# --- JSON lines -----------------------------------------------------------------------------


def json_records(path: Path) -> Iterator[tuple[int, Record | str]]:
    """Yield the JSON object on each line of *path*, or why there is none, behind the line's number.

    Raises:
        UsageError: If the file is missing, damaged as a whole, or of no known kind.
    """
    kind_of(path)
    with opened(path) as file:
        yield from json_objects(file)


def json_objects(file: io.TextIOWrapper) -> Iterator[tuple[int, Record | str]]:
    """Yield the JSON object on each line of *file*, or why there is none, behind the line's number."""
    for number, found in json_values(file):
        if isinstance(found, Fault):
            yield number, found.reason
        elif isinstance(found, dict):
            yield number, found
        else:
            yield number, f"must be a JSON object, not {type(found).__name__}"


def json_values(file: io.TextIOWrapper) -> Iterator[tuple[int, object]]:
    """Yield the JSON value on each line that is not blank, or a `Fault`, behind the line's number."""
    lines = _Lines(file)
    while (line := lines.take()) is not None:
        problem = _problem(line.text)
        if problem is not None or line.text is None:
            yield line.number, Fault(problem or "")
        elif line.text.strip():
            yield line.number, from_json(line.text)


def from_json(text: str | bytes) -> object:
    """Return the JSON value in *text*, or the `Fault` that there is none.

    Control characters may stand in a text as they are: that is a fault of the text, not of the record.
    """
    try:
        return json.loads(text, strict=False)
    except ValueError as error:
        return Fault(f"is no JSON: {error}")
    except RecursionError:
        return Fault("is no JSON: too deep")
