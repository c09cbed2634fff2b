"""How is a model of texts written as JSON, and read again?

Strictly: a model is somebody else's data. Every number must be finite and of a sane size, every list
as long as its names, every name once; what is wrong is named with its place, and nothing runs that
the file brings. Fields are never renamed; a format that means something else gets another number.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import attrs

from workassign.errors import PlanError, UsageError
from workassign.social.texts.features import NUMBERS

__all__ = [
    "FORMAT",
    "NEGATIVE",
    "POSITIVE",
    "SENTIMENT",
    "TOPIC",
    "Block",
    "Numbers",
    "Task",
    "Written",
    "read_model",
    "write_model",
    "written_from",
]

FORMAT = "workassign model 1"
SENTIMENT, TOPIC = "sentiment", "topic"
"""The tasks: all texts by their sentiment, the negative ones by their topic."""
NEGATIVE, POSITIVE = "negative", "positive"
"""The roles that labels of the sentiment play."""
LISTS = ("complaining", "praising", "asking")
LARGEST_FILE = 64_000_000
MOST_NAMES = 1_000_000
MOST_LABELS = 100
LONGEST_NAME = 100
LARGEST = 1e6
"""No weight is larger."""


@attrs.frozen(kw_only=True)
class Block:
    """Words (or parts of words), and for each the weight of its inverse document frequency."""

    names: tuple[str, ...]
    idf: tuple[float, ...]


@attrs.frozen(kw_only=True)
class Numbers:
    """Numbers that are counted in a text, and by what each is multiplied."""

    names: tuple[str, ...]
    scales: tuple[float, ...]


@attrs.frozen(kw_only=True)
class Task:
    """One question with exclusive answers: a row of weights for each label.

    The topic may do without a kind of values: it has no rows for that then.
    """

    labels: tuple[str, ...]
    intercepts: tuple[float, ...]
    words: tuple[tuple[float, ...], ...]
    letters: tuple[tuple[float, ...], ...]
    numbers: tuple[tuple[float, ...], ...]

    def weights(self, kind: str) -> tuple[tuple[float, ...], ...]:
        """Return the rows of weights for *words* or *letters*."""
        return self.words if kind == "words" else self.letters


@attrs.frozen(kw_only=True)
class Written:
    """All that a model is."""

    lexicon: Mapping[str, float]
    """Word -> valence, -4 to 4; empty if there was none in training."""
    lists: Mapping[str, tuple[str, ...]]
    words: Block
    letters: Block
    numbers: Numbers
    tasks: Mapping[str, Task]
    roles: Mapping[str, str]
    """negative, positive -> the label that means it."""
    thresholds: Mapping[str, float]
    history: float
    """How much the log odds of negative move with those of the same author's earlier texts."""
    trained: Mapping[str, Any]
    """How it was trained: for people to read, decides nothing."""

    def as_data(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"format": FORMAT, **attrs.asdict(self)}


def write_model(written: Written, path: Path) -> None:
    """Write *written*, so that at *path* there is always the old file or the new one.

    Raises:
        UsageError: If the file cannot be written.
    """
    fresh = path.with_name(f"{path.name}.new")
    text = json.dumps(written.as_data(), ensure_ascii=False, separators=(",", ":"))
    try:
        fresh.write_text(text + "\n", encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None


def read_model(path: Path) -> Written:
    """Return what is written at *path*.

    Raises:
        UsageError: If the file cannot be read.
        PlanError: If it is no model of this format; the place is named.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise PlanError([f"{path.name}: is larger than {LARGEST_FILE:,} bytes"])
        data = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_number)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise PlanError([f"{path.name}: is no JSON: {reason}"]) from None
    try:
        return written_from(data)
    except PlanError as error:
        raise PlanError([f"{path.name}: {problem}" for problem in error.problems]) from None


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def written_from(data: object) -> Written:
    """Return the model in plain *data*.

    Raises:
        PlanError: If anything in it is wrong; the first problem is named with its place.
    """
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        _wrong("format", f"must be {FORMAT!r}: this is no model, or one of another version")
    known = [field.name for field in attrs.fields(Written)]
    for name in known:
        if name not in data:
            _wrong(name, "is missing")
    for name in data:
        if name not in known and name != "format":
            _wrong(str(name)[:LONGEST_NAME], f"is unknown; there are {', '.join(known)}")
    words, letters = _block(data["words"], "words"), _block(data["letters"], "letters")
    numbers = _numbers(data["numbers"])
    sizes = {"words": len(words.names), "letters": len(letters.names), "numbers": len(numbers.names)}
    listed = _table(data["tasks"], "tasks")
    if unknown := [name for name, _ in listed if name not in (SENTIMENT, TOPIC)]:
        _wrong(f"tasks.{unknown[0]}", f"is unknown; there are {SENTIMENT}, {TOPIC}")
    if not listed:
        _wrong("tasks", "must not be empty")
    tasks = {name: _task(each, f"tasks.{name}", sizes) for name, each in listed}
    return Written(
        lexicon={
            name: _number(each, f"lexicon.{name}", 10) for name, each in _table(data["lexicon"], "lexicon")
        },
        lists=_lists(data["lists"]),
        words=words,
        letters=letters,
        numbers=numbers,
        tasks=tasks,
        roles=_roles(data["roles"], tasks.get(SENTIMENT)),
        thresholds={
            name: _number(each, f"thresholds.{name}", 1)
            for name, each in _table(data["thresholds"], "thresholds")
        },
        history=_number(data["history"], "history", 10),
        trained=dict(_table(data["trained"], "trained")),
    )


def _wrong(place: str, rule: str) -> NoReturn:
    raise PlanError([f"{place}: {rule}"])


def _table(value: object, place: str) -> list[tuple[str, object]]:
    if not isinstance(value, Mapping):
        _wrong(place, f"must be an object, not {type(value).__name__}")
    if len(value) > MOST_NAMES:
        _wrong(place, f"has more than {MOST_NAMES:,} entries")
    return [(_name(name, place), each) for name, each in value.items()]


def _field(value: object, field: str, place: str) -> object:
    if not isinstance(value, Mapping):
        _wrong(place, f"must be an object, not {type(value).__name__}")
    if field not in value:
        _wrong(f"{place}.{field}", "is missing")
    return value[field]


def _list(value: object, place: str, size: int | None = None) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        _wrong(place, f"must be a list, not {type(value).__name__}")
    if size is not None and len(value) != size:
        _wrong(place, f"must have {size:,} entries, not {len(value):,}")
    if len(value) > MOST_NAMES:
        _wrong(place, f"has more than {MOST_NAMES:,} entries")
    return value


def _name(value: object, place: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME:
        _wrong(place, f"must be a text of 1 to {LONGEST_NAME} characters")
    return value


def _names(value: object, place: str) -> tuple[str, ...]:
    found = tuple(_name(each, f"{place}[{number}]") for number, each in enumerate(_list(value, place)))
    if len(set(found)) < len(found):
        _wrong(place, "must not name anything twice")
    return found


def _number(value: object, place: str, largest: float = LARGEST) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        _wrong(place, f"must be a number, not {type(value).__name__}")
    if not -largest <= value <= largest or math.isnan(value):
        _wrong(place, f"must be between -{largest:,.0f} and {largest:,.0f}")
    return float(value)


def _figures(value: object, place: str, size: int) -> tuple[float, ...]:
    listed = _list(value, place, size)
    return tuple([_number(each, f"{place}[{number}]") for number, each in enumerate(listed)])


def _block(value: object, place: str) -> Block:
    names = _names(_field(value, "names", place), f"{place}.names")
    idf = _figures(_field(value, "idf", place), f"{place}.idf", len(names))
    for number, each in enumerate(idf):
        if not 1 <= each <= 100:
            _wrong(f"{place}.idf[{number}]", "must be between 1 and 100")
    return Block(names=names, idf=idf)


def _numbers(value: object) -> Numbers:
    names = _names(_field(value, "names", "numbers"), "numbers.names")
    for number, name in enumerate(names):
        if name not in NUMBERS:
            _wrong(f"numbers.names[{number}]", f"{name!r} is no number that is counted in texts")
    scales = _figures(_field(value, "scales", "numbers"), "numbers.scales", len(names))
    return Numbers(names=names, scales=scales)


def _task(value: object, place: str, sizes: Mapping[str, int]) -> Task:
    labels = _names(_field(value, "labels", place), f"{place}.labels")
    if not 2 <= len(labels) <= MOST_LABELS:
        _wrong(f"{place}.labels", f"must be 2 to {MOST_LABELS} labels, not {len(labels)}")
    rows = {}
    for kind, size in sizes.items():
        listed = _list(_field(value, kind, place), f"{place}.{kind}")
        if listed or place != f"tasks.{TOPIC}":
            _list(listed, f"{place}.{kind}", len(labels))
        rows[kind] = tuple(
            _figures(row, f"{place}.{kind}[{number}]", size) for number, row in enumerate(listed)
        )
    intercepts = _figures(_field(value, "intercepts", place), f"{place}.intercepts", len(labels))
    return Task(labels=labels, intercepts=intercepts, **rows)


def _lists(value: object) -> dict[str, tuple[str, ...]]:
    return {name: _names(_field(value, name, "lists"), f"lists.{name}") for name in LISTS}


def _roles(value: object, sentiment: Task | None) -> dict[str, str]:
    roles = {name: _name(each, f"roles.{name}") for name, each in _table(value, "roles")}
    for name, label in roles.items():
        if name not in (NEGATIVE, POSITIVE):
            _wrong(f"roles.{name}", f"is unknown; there are {NEGATIVE}, {POSITIVE}")
        if sentiment is None or label not in sentiment.labels:
            _wrong(f"roles.{name}", "must be a label of the task sentiment")
    if sentiment is not None and NEGATIVE not in roles:
        _wrong(f"roles.{NEGATIVE}", "is missing: which label means it?")
    return roles
