"""What happened on the recorded days of a call center? Its calls, its agents, its figures.

A file of calls has one row a call, as the public call-by-call data of a bank's center have: when it
came, of which type, how long it waited, whether and by whom it was served. Law: *nothing is guessed*;
a row that cannot be true is an error that names line and rule.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from math import isfinite
from pathlib import Path
from typing import Any, TypeAlias

import attrs

from workassign.errors import UsageError

__all__ = [
    "BREAK",
    "COLUMNS",
    "NOBODY",
    "RecordedCall",
    "Skills",
    "Span",
    "beyond_skills",
    "present",
    "read_calls",
    "read_skills",
    "skills_shown",
]

Skills: TypeAlias = dict[str, frozenset[str]]
"""Agent -> the types of calls that she serves."""

Span: TypeAlias = tuple[float, float]
"""From an instant to a later one."""

COLUMNS = (
    "date", "weekday", "arrival_s", "type", "vip", "customer_id", "served", "wait_s", "service_s", "agent",
)  # fmt: skip
"""What the header must name, in any order; other columns are passed over."""

NOBODY = frozenset({"", "NO_SERVER"})
"""What stands in the column `agent` where no person took the call.

In the bank's files `NO_SERVER` is no agent: its calls wait for nothing and last 6 s (medians). As an
agent it would be one more who is there all day, idle and ready; so its calls take up nobody.
"""

BREAK = 900.0
"""Between two calls, an agent is away if it takes longer than this, seconds.

A quarter of an hour is the shortest break that is planned. Agents who are there are rarely without a
call for so long (in the bank's two months 4 % of the gaps); shorter gaps are waiting, work after the
call, a word with a colleague: one cannot tell them apart in the file, so all count as presence.
"""

_DAY = 86_400.0
_TRUE, _FALSE = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no"})


@attrs.frozen(kw_only=True)
class RecordedCall:
    """One row of the file."""

    line: int
    """Where it stands in the file, from 1, the header's."""
    day: date
    at: float
    """When it came: seconds since 1970 of the center's own clock, as if it were UTC."""
    weekday: bool
    """Whether the center counts that day as a working day."""
    type: str
    vip: bool
    customer: str | None
    """None for who was not identified (0, or nothing)."""
    wait: float
    """Seconds until it was answered, or given up."""
    service: float | None
    """Seconds of talk; None for who gave up."""
    agent: str | None
    """Who served it; None for who gave up, and where the file names no person."""

    @property
    def served(self) -> bool:
        """Whether it was answered."""
        return self.service is not None

    @property
    def hour(self) -> int:
        """In which hour of the day it came, 0 to 23."""
        return int(self.at % _DAY // 3600)

    @property
    def talk(self) -> Span | None:
        """From when to when an agent served it, if a person did."""
        if self.service is None or self.agent is None:
            return None
        begun = self.at + self.wait
        return begun, begun + self.service


# --- the file -------------------------------------------------------------------------------


def read_calls(path: Path, *, nobody: Iterable[str] = NOBODY) -> list[RecordedCall]:
    """Return the calls of a CSV file, also a compressed one (`.gz`), in order of arrival.

    Dates are `yymmdd` or `yyyy-mm-dd`; truths True, False, 1, 0, yes or no, in any case; durations
    seconds >= 0. *nobody*: names in the column `agent` that stand for no person.

    Raises:
        UsageError: If the file cannot be read, a column is missing, or a row breaks a rule; the
            message names the line.
    """
    no_person = frozenset(nobody)
    calls = []
    for line, row in _rows(path):
        try:
            calls.append(_call(line, row, no_person))
        except ValueError as error:
            raise UsageError(f"{path.name}, line {line}: {error}") from None
    if not calls:
        raise UsageError(f"{path.name}: holds no calls")
    return sorted(calls, key=lambda call: (call.at, call.line))


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    try:
        with path.open("rb") as raw:
            packed = raw.peek(2)[:2] == b"\x1f\x8b"
            file = gzip.GzipFile(fileobj=raw) if packed else raw
            reader = csv.reader(io.TextIOWrapper(file, encoding="utf-8-sig", newline=""), strict=True)
            header = [name.strip() for name in next(reader, [])]
            _check_header(path, header)
            for fields in reader:
                if fields:
                    yield reader.line_num, _named(path, reader.line_num, header, fields)
    except (csv.Error, UnicodeDecodeError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UsageError(f"{path.name}: damaged: {error}") from None
    except OSError as error:
        raise UsageError(f"{path.name or path}: {error.strerror or error}") from None


def _check_header(path: Path, header: Sequence[str]) -> None:
    if missing := [name for name in COLUMNS if name not in header]:
        raise UsageError(f"{path.name}: has no column {', '.join(missing)}")
    if twice := sorted({name for name in header if name and header.count(name) > 1}):
        raise UsageError(f"{path.name}: has column {', '.join(twice)} twice")


def _named(path: Path, line: int, header: Sequence[str], fields: Sequence[str]) -> dict[str, str]:
    if len(fields) != len(header):
        raise UsageError(
            f"{path.name}, line {line}: must have as many fields as the header,"
            f" {len(header)}, not {len(fields)}"
        )
    return {name: field.strip() for name, field in zip(header, fields, strict=True)}


def _call(line: int, row: Mapping[str, str], nobody: frozenset[str]) -> RecordedCall:
    day, arrival = _date(row["date"]), _seconds(row, "arrival_s")
    if arrival >= _DAY:
        raise ValueError(
            f"arrival_s must be below {_DAY:.0f}, the seconds of a day, not {row['arrival_s']!r}"
        )
    if not row["type"]:
        raise ValueError("type must not be empty")
    served = _truth(row, "served")
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
    return RecordedCall(
        line=line,
        day=day,
        at=midnight + arrival,
        weekday=_truth(row, "weekday"),
        type=row["type"],
        vip=_truth(row, "vip"),
        customer=None if row["customer_id"] in ("", "0", "0.0") else row["customer_id"].removesuffix(".0"),
        wait=_seconds(row, "wait_s"),
        service=_service(row, served),
        agent=row["agent"] if served and row["agent"] not in nobody else None,
    )


def _service(row: Mapping[str, str], served: bool) -> float | None:
    if served:
        return _seconds(row, "service_s")
    if row["service_s"] and _seconds(row, "service_s") > 0:
        raise ValueError(
            f"service_s must be empty or 0 for a call that was not served, not {row['service_s']!r}"
        )
    return None


def _date(text: str) -> date:
    for written, length in (("%y%m%d", 6), ("%Y-%m-%d", 10)):
        if len(text) == length:
            try:
                return datetime.strptime(text, written).replace(tzinfo=UTC).date()
            except ValueError:
                break
    raise ValueError(f"date must be yymmdd or yyyy-mm-dd, not {text!r}")


def _seconds(row: Mapping[str, str], name: str) -> float:
    try:
        value = float(row[name])
    except ValueError:
        value = -1.0
    if not (isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be a number of seconds >= 0, not {row[name]!r}")
    return value


def _truth(row: Mapping[str, str], name: str) -> bool:
    word = row[name].lower().removesuffix(".0")
    if word not in _TRUE | _FALSE:
        raise ValueError(f"{name} must be True or False, or 1 or 0, not {row[name]!r}")
    return word in _TRUE


# --- agents ---------------------------------------------------------------------------------


def read_skills(path: Path, *, nobody: Iterable[str] = NOBODY) -> Skills:
    """Return who serves which types: a JSON object, agent -> list of types.

    Who stands for no person (*nobody*) is left out.

    Raises:
        UsageError: If the file cannot be read, or holds anything else.
    """
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{path.name or path}: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"{path.name}: is no JSON: {error}") from None
    if not isinstance(data, dict) or not data:
        raise UsageError(f"{path.name}: must be an object, agent -> list of types")
    for agent, types in data.items():
        if not isinstance(types, list) or not all(isinstance(each, str) and each for each in types):
            raise UsageError(f"{path.name}: {agent}: must be a list of types, not {types!r}")
    no_person = frozenset(nobody)
    return {agent: frozenset(types) for agent, types in sorted(data.items()) if agent not in no_person}


def skills_shown(calls: Iterable[RecordedCall], listed: Mapping[str, Iterable[str]] | None = None) -> Skills:
    """Return the skills of everybody who served a call.

    Who is *listed* has what is listed, no more: so one can ask what other skills would do. Who is not,
    somebody new perhaps, has the types that she served.
    """
    known = {} if listed is None else {agent: frozenset(types) for agent, types in listed.items()}
    shown: defaultdict[str, set[str]] = defaultdict(set)
    for call in calls:
        if call.agent is not None:
            shown[call.agent].add(call.type)
    return {agent: known.get(agent, frozenset(types)) for agent, types in sorted(shown.items())}


def beyond_skills(calls: Iterable[RecordedCall], skills: Mapping[str, frozenset[str]]) -> int:
    """Return how many calls were served by somebody who, says *skills*, could not have."""
    return sum(
        call.agent is not None and call.type not in skills.get(call.agent, frozenset()) for call in calls
    )


def present(calls: Iterable[RecordedCall], *, gap: float = BREAK) -> dict[str, list[Span]]:
    """Return when each agent was there: from the first to the last call of her day, less breaks.

    A break is whatever lies between the end of a call and the beginning of her next, on that day, if it
    is longer than *gap* (seconds; infinity: no breaks). Her last call counts to its end, also after
    midnight. Spans are in order and do not touch; who served nobody is not named.

    Raises:
        UsageError: If *gap* is negative or no number.
    """
    if not gap >= 0:
        raise UsageError(f"gap must be at least 0 seconds, not {gap!r}")
    talks: defaultdict[tuple[str, date], list[Span]] = defaultdict(list)
    for call in calls:
        if call.agent is not None and call.talk is not None:
            talks[call.agent, call.day].append(call.talk)
    spans: defaultdict[str, list[Span]] = defaultdict(list)
    for (agent, _), day in sorted(talks.items()):
        spans[agent].extend(_joined(day, gap))
    # The day before may reach past midnight into this one's first call.
    return {agent: _joined(days, 0.0) for agent, days in spans.items()}


def _joined(spans: Iterable[Span], gap: float) -> list[Span]:
    """Return *spans* in order, those that overlap or are at most *gap* apart as one."""
    joined: list[Span] = []
    for begin, end in sorted(spans):
        if joined and begin - joined[-1][1] <= gap:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined
