"""What did people say of the mentions in a file? Texts with labels, found by the names of their columns.

Rows without a label that can be used are counted and left out; no record is lost in silence.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections import Counter
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any

import attrs

from workassign.errors import PlanError, UsageError
from workassign.plan import read_settings
from workassign.settings import structured
from workassign.social.files.readers import Columns, read_mentions
from workassign.social.learning.training import Labelled
from workassign.social.mentions import BadRecord, Mention

__all__ = ["KNOWN", "LabelColumns", "LabelledFile", "columns_of", "read_labelled"]

KNOWN: tuple[str, ...] = ("negative", "neutral", "positive")
"""The labels that are looked for where nothing else is said."""
NAMES = {
    "id": ("tweet_id", "id"),
    "at": ("created_at", "tweet_created", "at"),
    "text": ("text",),
    "author": ("user_hash", "author_id", "author", "name"),
    "label": ("airline_sentiment", "sentiment", "label"),
    "sure": ("airline_sentiment_confidence", "confidence"),
    "reason": ("negativereason", "reason", "topic"),
}
"""What is looked for -> the columns that are taken for it, the first that is there."""
_NEEDED = ("id", "at", "text")
_DAY = len("2015-02-17")


@attrs.frozen(kw_only=True)
class LabelColumns:
    """Which column holds what; None: there is none."""

    id: str
    at: str
    text: str
    author: str | None = None
    label: str | None = None
    sure: str | None = None
    """How sure the label is, above 0 to 1."""
    reason: str | None = None
    """What a negative text complains of."""


@attrs.frozen(kw_only=True)
class LabelledFile:
    """What a file holds within the days that were asked for, in order of time."""

    mentions: list[Mention]
    labelled: list[Labelled]
    """Of each mention, in the same order; the sentiment is empty where there is no usable label."""
    read: int
    bad: tuple[BadRecord, ...]
    repeated: int
    """The same record with the same id once more: left out."""
    outside: int
    """Written on other days: left out."""
    without_label: int


def columns_of(path: Path, named: Mapping[str, str | None], plan: Path | None = None) -> LabelColumns:
    """Return the columns of *path*: those that are *named*, else those of the *plan*, else known names.

    Raises:
        UsageError: If the file cannot be read.
        PlanError: If a column is not there.
    """
    header = _header(path)
    wanted: dict[str, str | None] = {**_of_plan(plan), **{key: name for key, name in named.items() if name}}
    found: dict[str, Any] = {}
    problems = []
    for what, names in NAMES.items():
        name = wanted.get(what)
        if name is None:
            name = next((each for each in names if header is None or each in header), None)
            if name is None and what in _NEEDED:
                looked = ", ".join(names)
                problems.append(f"{path.name} has no column {looked}: name the one that holds the {what}")
        elif header is not None and name not in header:
            problems.append(f"{path.name} has no column {name!r}; there are {', '.join(header)}")
        found[what] = name
    if problems:
        raise PlanError(problems)
    return LabelColumns(**found)


def _header(path: Path) -> list[str] | None:
    """Return the names in the first line of a CSV file; None: every record has its own."""
    if not path.name.lower().removesuffix(".gz").endswith(".csv"):
        return None
    packed = path.name.lower().endswith(".gz")
    try:
        with (
            gzip.open(path, "rt", encoding="utf-8-sig", errors="replace", newline="")
            if packed
            else path.open(encoding="utf-8-sig", errors="replace", newline="") as file
        ):
            first = next(csv.reader([file.readline(1_000_000)]), [])
    except OSError as error:
        raise UsageError(f"{path.name or path}: {error.strerror or error}") from None
    except (EOFError, zlib.error, csv.Error) as error:
        raise UsageError(f"{path.name}: damaged: {error}") from None
    if not first:
        raise UsageError(f"{path.name}: is empty: there is no line with the names of the columns")
    return first


def _of_plan(plan: Path | None) -> dict[str, str | None]:
    """Return what `[mentions.columns]` of a plan file names."""
    if plan is None:
        return {}
    table = read_settings(plan).get("mentions", {})
    if not isinstance(table, Mapping) or "columns" not in table:
        raise PlanError(["mentions.columns: is missing: which column of the file holds what?"])
    columns = structured(table["columns"], Columns, "mentions.columns")
    label = None if columns.sentiment is None else columns.sentiment.column
    return {
        "id": columns.id,
        "at": columns.at,
        "text": columns.text,
        "author": columns.author,
        "label": label,
    }


def read_labelled(
    path: Path,
    columns: LabelColumns,
    *,
    since: str = "",
    until: str = "9999-12-31",
    labels: tuple[str, ...] | None = KNOWN,
) -> LabelledFile:
    """Return the texts of *path* that were written from day *since* to day *until*, both included.

    A day is the one of the file's own zone: the first ten characters of the instant (POSIX seconds: UTC).
    *labels*: what counts as a label; None: whatever stands there.

    Raises:
        UsageError: If the file is missing or damaged as a whole.
        PlanError: If it lacks a column.
    """
    extra = {name: getattr(columns, name) for name in ("label", "sure", "reason")}
    attributes = {name: column for name, column in extra.items() if column is not None}
    reading = read_mentions(
        path,
        Columns(
            id=columns.id,
            at=columns.at,
            text=columns.text,
            author=columns.author,
            attributes={**attributes, "written": columns.at},
        ),
    )
    mentions: list[Mention] = []
    labelled: list[Labelled] = []
    counts: Counter[str] = Counter()
    seen: set[str] = set()
    for mention in reading.mentions:
        if mention.id in seen:
            counts["repeated"] += 1
            continue
        seen.add(mention.id)
        found = _labelled(mention, labels)
        if not since <= found.day <= until:
            counts["outside"] += 1
            continue
        counts["without"] += not found.sentiment
        mentions.append(mention)
        labelled.append(found)
    return LabelledFile(
        mentions=mentions,
        labelled=labelled,
        read=len(reading.mentions) + len(reading.bad),
        bad=tuple(reading.bad),
        repeated=counts["repeated"],
        outside=counts["outside"],
        without_label=counts["without"],
    )


def _labelled(mention: Mention, labels: tuple[str, ...] | None) -> Labelled:
    said = mention.attributes
    label = str(said.get("label", "")).strip()
    reason = str(said.get("reason", "")).strip()
    usable = label in labels if labels is not None else len(label) <= 100
    return Labelled(
        text=mention.text,
        sentiment=label if usable else "",
        topic=reason if 0 < len(reason) <= 100 else None,
        weight=_weight(said.get("sure")),
        day=_day(mention),
        author=mention.author,
    )


def _weight(sure: object) -> float:
    """Return how much a label counts: as sure as it is; 1 where nobody says, or what is said is rubbish."""
    try:
        weight = float(str(sure))
    except ValueError:
        return 1.0
    return weight if isfinite(weight) and 0 < weight <= 1 else 1.0


def _day(mention: Mention) -> str:
    written = str(mention.attributes.get("written", "")).strip()
    if len(written) > _DAY and written[4] == written[7] == "-":
        return written[:_DAY]
    from datetime import UTC, datetime

    return datetime.fromtimestamp(mention.at, UTC).date().isoformat()
