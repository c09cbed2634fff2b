"""What does one record of a file say? Strict about what the engine cannot do without.

That is the id and the instant. Whatever else is rubbish becomes unknown, and a note says so; a
text is made harmless and kept.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping

from workassign.model import Instant, Value
from workassign.needs import checked_name
from workassign.social.files.columns import Columns, Labels
from workassign.social.files.dates import from_iso, from_posix
from workassign.social.files.lines import Record
from workassign.social.mentions import Mention
from workassign.social.texts.cleaning import cleaned, cleaned_line

__all__ = ["mention_of"]

LABEL_LIMIT = 100
ATTRIBUTE_LIMIT = 4096
"""An extra attribute is at most this long, in characters."""
DISPLAY_LIMIT = 200
"""What an author is called is cut behind so many characters."""

_NUMBER = re.compile(r"[+-]?\d{1,20}(\.\d*)?")
_SURROGATE = re.compile("[\ud800-\udfff]")
_TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def mention_of(row: Record, line: int, columns: Columns, notes: Counter[str]) -> Mention:
    """Return what *row* says.

    Raises:
        ValueError, UsageError: If the engine could not use it.
    """
    found = Mention(
        id=_name(_field(row, columns.id), columns.id),
        at=_instant(_field(row, columns.at), columns.at),
        line=line,
        text=_text(_field(row, columns.text), columns.text, notes),
        network=_optional_name(row, columns.network) or "",
        brand=_optional_name(row, columns.brand),
        to=_handle(row, columns.to),
        author=_optional_name(row, columns.author),
        name=_display(row, columns.name),
        verified=_truth(row, columns.verified, notes),
        sentiment=_sentiment(row, columns.sentiment, notes),
        followers=_count(row, columns.followers, notes),
        value=_figure(row, columns.value, notes, -1e15, 1e15),
        language=_optional_name(row, columns.language),
        in_reply_to=_optional_name(row, columns.in_reply_to),
        thread=_optional_name(row, columns.thread),
        repost_of=_optional_name(row, columns.repost_of),
        # Unknown is what holds of most mentions: somebody else wrote it, where all can read it.
        public=_truth(row, columns.public, notes) is not False,
        ours=_truth(row, columns.ours, notes) is True,
        media=_count(row, columns.media, notes) or 0,
        likes=_count(row, columns.likes, notes),
        reposts=_count(row, columns.reposts, notes),
        replies=_count(row, columns.replies, notes),
        attributes=_attributes(row, columns.attributes, notes),
        labels=_labels(row, columns.labels),
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


def _handle(row: Record, column: str | None) -> str | None:
    found = _optional_name(row, column)
    return None if found is None else found.removeprefix("@") or None


def _display(row: Record, column: str | None) -> str | None:
    value = None if column is None else _field(row, column)
    return cleaned_line(value, DISPLAY_LIMIT) or None if isinstance(value, str) else None


def _instant(value: object, column: str) -> Instant:
    """Return POSIX seconds of an ISO date and time with a zone, or of a number."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return from_posix(float(value), column, value)
    if isinstance(value, str):
        return from_iso(value.strip(), column)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return from_posix(value, column)
    raise ValueError(f"{column} is {'empty' if value is None else 'no date and time'}")


def _text(value: object, column: str, notes: Counter[str]) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{column} is {'missing' if value is None else 'no text'}")
    text, found = cleaned(value)
    notes.update(f"{column} {note}" for note in found)
    return text


def _truth(row: Record, column: str | None, notes: Counter[str]) -> bool | None:
    """Return whether it says yes in *column*; None where it says nothing, or nothing of the kind."""
    value = None if column is None else _field(row, column)
    if value is None or value == "":
        return None
    # The text of a JSON true is True, that of a number its digits.
    said = str(value).strip().lower() if isinstance(value, str | int) else ""
    if said not in _TRUTHS:
        notes[f"{column} is neither true nor false: taken as unknown"] += 1
    return _TRUTHS.get(said)


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


def _count(row: Record, column: str | None, notes: Counter[str]) -> int | None:
    """Return the whole number in *column*; None where there is none, or none that can be a count."""
    figure = _figure(row, column, notes, 0, 1e12)
    return None if figure is None else int(figure)


def _labels(row: Record, columns: Mapping[str, str]) -> Mapping[str, str]:
    """Return the labels that somebody has given."""
    said = ((name, _field(row, column)) for name, column in columns.items())
    return {name: str(value)[:LABEL_LIMIT] for name, value in said if value not in (None, "")}


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
