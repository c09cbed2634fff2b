"""When are we open? Business hours, holidays and time zones, as arithmetic on intervals.

The law: a calendar is open at an instant if the wall clock of its zone then shows a time within an
interval of that date, or within one that began the evening before and crosses midnight. So the
local times that a change of clocks skips never come, and those that it repeats count twice.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, tzinfo
from importlib.metadata import version
from itertools import pairwise
from math import inf
from textwrap import shorten
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from workassign._hours import DAY, EPOCH, YEAR, Interval, Intervals, Years
from workassign.errors import UsageError
from workassign.model import LATEST, LONGEST, Instant

__all__ = ["Calendar", "public_holidays", "zone_of"]

EARLIEST_YEAR, LATEST_YEAR = 1900, 2500
"""Years that a holiday or an exception can be in."""
YEARS_LIMIT = 50
"""Years of public holidays that can be asked for at once."""
TEXT_LIMIT = 400
"""The name of a holiday and the source are at most this long, in characters."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_ALL_WEEK: Mapping[str, Sequence[str]] = MappingProxyType({"mon-sun": ("00:00-24:00",)})
_NONE: Mapping[str, Any] = MappingProxyType({})


def _named(value: Mapping[str, str] | Sequence[str | date]) -> Mapping[str, str]:
    """Return holidays as a table date -> name; a plain list gives them no names."""
    if isinstance(value, list | tuple):
        return dict.fromkeys(map(_text, value), "")
    return value  # type: ignore[return-value]  # what is no table either is refused later


def _text(key: object) -> str:
    """Return a key or a date as text; one that cannot be either as text that is refused later."""
    if isinstance(key, date) and not isinstance(key, datetime):
        return key.isoformat()
    return key if isinstance(key, str) else f"<{type(key).__name__}>"


@attrs.frozen(kw_only=True)
class Calendar:
    """Opening hours in a zone, with holidays and exceptions; by default open at all times.

    An interval reads "HH:MM-HH:MM" or "HH:MM:SS-HH:MM:SS" and is half open. If its end is not
    after its start, it crosses midnight and belongs to the day on which it begins: a holiday
    removes what begins on it, not what began the evening before.

    Instants may be anywhere within `LATEST` of 0. Whole seconds are counted exactly, fractions to a
    microsecond. A year's table is built by the first question that needs it; from then on a
    question costs O(log n) in the intervals of a year, and a step for each year in between.

    Raises:
        UsageError: If anything is wrong; it lists every problem on a line, with its path. And by a
            question, if an instant is not finite, or seconds are not from 0 to ten years.

    >>> office = Calendar(zone="Europe/Berlin", week={"mon-fri": ["09:00-12:00", "13:00-18:00"]})
    >>> friday = datetime(2026, 3, 27, 17, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
    >>> office.is_open(friday)
    True
    >>> datetime.fromtimestamp(office.due(friday, 2 * 3600), ZoneInfo("Europe/Berlin")).isoformat()
    '2026-03-30T10:00:00+02:00'
    """

    zone: str = "UTC"
    """An IANA name, such as "America/New_York"."""
    week: Mapping[str, Sequence[str]] = _ALL_WEEK
    """Days -> intervals: "mon", "mon-fri", "sat-mon" or "mon,wed,fri"; each day by itself once built."""
    holidays: Mapping[str, str] = attrs.field(default=_NONE, converter=_named)
    """ISO dates -> names, or a list of dates: closed, whatever the week says."""
    exceptions: Mapping[str, Sequence[str]] = _NONE
    """ISO dates -> intervals instead of the week's, also on a holiday; an empty list: closed."""
    source: str = ""
    """Where the holidays came from."""
    _years: Years = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Check every field, write each in its one canonical way, and freeze the tables."""
        found: list[str] = []
        zone = _zone(self.zone, found)
        week = _week(self.week, found)
        holidays = _dates("holidays", self.holidays, found)
        others = _dates("exceptions", self.exceptions, found)
        exceptions = {day: _intervals(f"exceptions.{day:.40}", each, found) for day, each in others.items()}
        texts = {"source": self.source} | {f"holidays.{day:.40}": name for day, name in holidays.items()}
        found += [f"{path}: {problem}" for path, text in texts.items() if (problem := _bad_text(text))]
        if found:
            raise UsageError("\n".join(found))
        dates = {**dict.fromkeys(holidays, ()), **exceptions}
        tables = {
            "week": {day: _shown(each) for day, each in zip(DAYS, week, strict=True) if each},
            "holidays": holidays,
            "exceptions": {day: _shown(each) for day, each in exceptions.items()},
        }
        for name, table in tables.items():
            object.__setattr__(self, name, MappingProxyType(table))
        numbered = {(date.fromisoformat(day) - EPOCH.date()).days: each for day, each in dates.items()}
        object.__setattr__(self, "_years", Years(zone, week, numbered))

    def __hash__(self) -> int:
        """Equal calendars have equal weeks."""
        return hash((self.zone, self.source, tuple(self.week.items()), len(self.holidays)))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy a calendar as data: its tables are built again where it arrives."""
        return Calendar.from_data, (self.to_data(),)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Calendar:
        """Build a calendar from plain data, as in a TOML file.

        There, `holidays = { country = "US", subdivision = "CA", years = [2026, 2027] }` stands for
        what `public_holidays` gives, at once and for good.
        """
        if not isinstance(data, Mapping):
            raise UsageError(f"calendar: must be a table, not {type(data).__name__}")
        known = [each.name for each in attrs.fields(cls) if each.init]
        unknown = sorted(_text(key) for key in data if key not in known)
        found = [f"{key:.40}: unknown; there are {', '.join(sorted(known))}" for key in unknown]
        settings = {key: data[key] for key in known if key in data}
        holidays = settings.get("holidays")
        if isinstance(holidays, Mapping) and "country" in holidays:
            settings["holidays"], source = _resolved(holidays, found)
            settings["source"] = settings.get("source") or source
        try:
            calendar = cls(**settings)
        except UsageError as error:
            found.append(str(error))
        if found:
            raise UsageError("\n".join(found))
        return calendar

    def to_data(self) -> dict[str, Any]:
        """Return the calendar as plain data, dates in order; `from_data` builds an equal one."""
        return {
            "zone": self.zone,
            "week": {day: list(each) for day, each in self.week.items()},
            "holidays": dict(self.holidays),
            "exceptions": {day: list(each) for day, each in self.exceptions.items()},
            "source": self.source,
        }

    @property
    def always(self) -> bool:
        """Whether it is open at all times: its seconds are plain seconds."""
        return self._years.always

    def is_open(self, at: Instant) -> bool:
        """Whether it is open at *at*; at a closing instant it no longer is."""
        at = _instant(at)
        return self._years.always or self._years[int(at // YEAR)].closing(at) is not None

    def open_seconds(self, start: Instant, end: Instant) -> float:
        """Return the open seconds from *start* until *end*, which must not be before it."""
        start, end = _instant(start), _instant(end)
        if end < start:
            raise UsageError(f"end is before start: {end!r} < {start!r}")
        years = self._years
        if years.always:
            return end - start
        first, last = int(start // YEAR), int(end // YEAR)
        if first == last:
            return years[first].until(end) - years[first].until(start)
        between = sum(map(years.total, range(first + 1, last)))
        return years[first].total - years[first].until(start) + between + years[last].until(end)

    def due(self, start: Instant, seconds: float) -> Instant:
        """Return the earliest instant from *start* on by which *seconds* open ones have passed.

        That can be a closing instant, but is in closed hours only if *seconds* is 0.
        """
        at, left = _instant(start), _duration(seconds)
        if self._years.always or not left:
            return at + left
        number = int(at // YEAR)
        passed = self._years[number].until(at) + left
        if passed > (total := self._years[number].total):
            number, passed = self._years.spend(passed - total, number + 1, 1)
        return max(at, self._years[number].earliest(passed))

    def back(self, end: Instant, seconds: float) -> Instant:
        """Return the latest instant up to *end* since which *seconds* open ones have passed.

        That is an instant at which it is open, unless *seconds* is 0.
        """
        at, left = _instant(end), _duration(seconds)
        if self._years.always or not left:
            return at - left
        number = int(at // YEAR)
        passed = self._years[number].until(at) - left
        if passed < 0:
            number, left = self._years.spend(-passed, number - 1, -1)
            passed = self._years[number].total - left
        return min(at, self._years[number].latest(passed))

    def next_opening(self, at: Instant) -> Instant:
        """Return the first instant from *at* on that is open: *at* itself if it is."""
        at = _instant(at)
        if self._years.always:
            return at
        number = int(at // YEAR)
        while (opening := self._years[number].opening(at)) is None:
            number += 1
        return max(at, opening)

    def next_closing(self, at: Instant) -> Instant:
        """Return the first instant from *at* on that is closed; infinite if it never closes again."""
        at = _instant(at)
        while at < self._years.always_from:
            closing = self._years[int(at // YEAR)].closing(at)
            if closing is None:
                return at
            at = closing  # closed, unless it is only the end of the year's table
        return inf


_FARTHEST = 1e15
"""Answers can lie beyond `LATEST` and be asked about in turn: ten years of a second a week take 2e14."""


def _instant(value: float) -> float:
    if isinstance(value, int | float) and -_FARTHEST <= value <= _FARTHEST:
        return float(value)
    raise UsageError(f"an instant must be seconds within {LATEST:g} of 0, not {value!r:.40}")


def _duration(value: float) -> float:
    if isinstance(value, int | float) and 0 <= value <= LONGEST:
        return float(value)
    raise UsageError(f"seconds must be from 0 to {LONGEST:.0f}, not {value!r:.40}")


# --- checking -------------------------------------------------------------------------------

_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"
_INTERVAL = re.compile(rf"({_CLOCK})-({_CLOCK}|24:00(?::00)?)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def zone_of(name: object) -> tzinfo | None:
    """Return the time zone of an IANA name; None if there is none."""
    if name == "UTC":  # is there even where no zones are installed
        return UTC
    # Unknown; a path, or no file name at all; a folder, or too long for a file name.
    with suppress(KeyError, ValueError, OSError):
        # Two files beside the zones name none: they hold whatever zone this machine is in.
        if isinstance(name, str) and name not in ("localtime", "posixrules"):
            return ZoneInfo(name)
    return None


def _zone(name: object, found: list[str]) -> tzinfo:
    zone = zone_of(name)
    if zone is None:
        found.append(f"zone: there is no time zone {_text(name)!r:.60}")
    return zone or UTC


def _week(week: object, found: list[str]) -> tuple[Intervals, ...]:
    """Return the intervals of the seven days, Monday's first."""
    before = len(found)
    hours: dict[str, Intervals] = {}
    named: dict[str, str] = {}
    for key, value in _items("week", week, found).items():
        intervals = _intervals(f"week.{key:.40}", value, found)
        for day in _days(key, found):
            if day in named:
                found.append(f"week.{key:.40}: {day} is named already, by {named[day]:.40}")
            named[day] = key
            hours[day] = intervals
    for day, after in zip(DAYS, DAYS[1:] + DAYS[:1], strict=True):
        late, early = hours.get(day, ())[-1:], hours.get(after, ())[:1]
        if late and early and late[0][1] - DAY > early[0][0]:
            found.append(f"week.{day}: {_shown(late)[0]} overlaps {after} {_shown(early)[0]}")
    if len(found) == before and not any(hours.values()):
        found.append("week: there must be at least one interval: it would never open")
    return tuple(hours.get(day, ()) for day in DAYS)


def _items(path: str, table: object, found: list[str]) -> dict[str, Any]:
    if isinstance(table, Mapping):
        return {_text(key): value for key, value in table.items()}
    found.append(f"{path}: must be a table, not {type(table).__name__}")
    return {}


def _days(key: str, found: list[str]) -> list[str]:
    """Return the days that a key of the week names."""
    days: list[str] = []
    for part in key.split(","):
        ends = part.strip().split("-")
        if len(ends) > 2 or not set(ends) <= set(DAYS):
            found.append(f"week.{key:.40}: there is no day {part.strip()!r:.40}; there are {', '.join(DAYS)}")
            return []
        first, last = DAYS.index(ends[0]), DAYS.index(ends[-1])
        days += [DAYS[(first + i) % 7] for i in range((last - first) % 7 + 1)]
    return days


def _intervals(path: str, value: object, found: list[str]) -> Intervals:
    """Return a day's intervals in order."""
    if not isinstance(value, list | tuple):
        found.append(f"{path}: must be a list of intervals, not {type(value).__name__}")
        return ()
    each = [_interval(path, text, found) for text in value]
    intervals = tuple(sorted(interval for interval in each if interval is not None))
    pairs = [(one, two) for one, two in pairwise(intervals) if two[0] < one[1]]
    found += [f"{path}: {' overlaps '.join(_shown(pair))}" for pair in pairs]
    return intervals


def _interval(path: str, text: object, found: list[str]) -> Interval | None:
    match = _INTERVAL.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        found.append(f"{path}: {_text(text)!r:.40} is no interval like 09:00-17:30, from 00:00 to 24:00")
        return None
    opens, closes = map(_seconds, match.groups())
    if opens == closes == 0:
        found.append(f"{path}: {text} is empty; a whole day is 00:00-24:00")
        return None
    return opens, closes if closes > opens else closes + DAY


def _seconds(clock: str) -> int:
    hours, minutes, *seconds = map(int, clock.split(":"))
    return hours * 3600 + minutes * 60 + sum(seconds)


def _shown(intervals: Iterable[Interval]) -> tuple[str, ...]:
    """Return intervals as text again."""
    return tuple(f"{_clock(start)}-{_clock(end if end <= DAY else end - DAY)}" for start, end in intervals)


def _clock(seconds: int) -> str:
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}"
    return f"{text}:{seconds % 60:02}" if seconds % 60 else text


def _dates(path: str, table: object, found: list[str]) -> dict[str, Any]:
    """Return a table by date with its dates checked and in order."""
    dated = _items(path, table, found)
    for day in dated:
        try:
            year = date.fromisoformat(day).year if _DATE.fullmatch(day) else None
        except ValueError:
            found.append(f"{path}.{day}: there is no such date")
            continue
        if year is None:
            found.append(f"{path}: {day!r:.40} is no date like 2026-12-25")
        elif not EARLIEST_YEAR <= year <= LATEST_YEAR:
            found.append(f"{path}.{day}: the year must be from {EARLIEST_YEAR} to {LATEST_YEAR}")
    return {day: dated[day] for day in sorted(dated)}


def _bad_text(value: object) -> str | None:
    if not isinstance(value, str):
        return f"must be text, not {type(value).__name__}"
    if len(value) > TEXT_LIMIT or any(char < " " or "\ud800" <= char <= "\udfff" for char in value):
        return f"must be printable text of at most {TEXT_LIMIT} characters"
    return None


# --- public holidays ------------------------------------------------------------------------


def public_holidays(
    country: str, subdivision: str | None = None, *, years: Sequence[int]
) -> tuple[dict[str, str], str]:
    """Return a country's public holidays, date -> name in order, and where they came from.

    They are those that the installed version of the `holidays` package knows. A calendar keeps
    them, so that a newer version changes nothing that has been decided.

    Raises:
        UsageError: If the package is missing, or knows no such country or subdivision, or no
            holidays in one of the years; or if these are not 1 to 50 years.

    >>> days, source = public_holidays("US", "CA", years=[2026])
    >>> days["2026-12-25"]
    'Christmas Day'
    """
    try:
        import holidays
    except ImportError:
        raise UsageError("public holidays need an extra: pip install 'workassign[calendar]'") from None
    wanted = _checked_years(years)
    countries = holidays.list_supported_countries()
    if not isinstance(country, str) or country not in countries:
        codes = _listed(code for code in countries if len(code) == 2)
        raise UsageError(f"there is no country {_text(country)!r:.40}; there are {codes}")
    # Said outright, or the names would be in the language of whoever is logged in.
    language = holidays.country_holidays(country).default_language
    try:
        days = holidays.country_holidays(country, subdivision, years=wanted, language=language)
    except NotImplementedError:
        codes = _listed(countries[country]) or "none"
        raise UsageError(
            f"{country} has no subdivision {_text(subdivision)!r:.40}; there are {codes}"
        ) from None
    place = f"{country}-{subdivision}" if subdivision else country
    if without := sorted(set(wanted) - {day.year for day in days}):
        raise UsageError(f"there are no public holidays of {place} in {_listed(map(str, without))}")
    first, last = wanted[0], wanted[-1]
    gapless = first < last == first + len(wanted) - 1
    span = f"{first}-{last}" if gapless else ", ".join(map(str, wanted))
    named = {day.isoformat(): name for day, name in sorted(days.items())}
    return named, f"holidays {version('holidays')}: {place} {span}"


def _checked_years(years: Sequence[int]) -> list[int]:
    few = isinstance(years, Collection) and 0 < len(years) <= YEARS_LIMIT
    if few and all(type(year) is int and EARLIEST_YEAR <= year <= LATEST_YEAR for year in years):
        return sorted(set(years))
    raise UsageError(f"years must list 1 to {YEARS_LIMIT} years from {EARLIEST_YEAR} to {LATEST_YEAR}")


def _listed(words: Iterable[str]) -> str:
    return shorten(", ".join(sorted(words)), 240, placeholder=" …")


def _resolved(table: Mapping[str, Any], found: list[str]) -> tuple[dict[str, str], str]:
    """Return the public holidays that settings ask for."""
    known = ("country", "subdivision", "years")
    unknown = sorted(_text(key) for key in table if key not in known)
    found += [f"holidays.{key:.40}: unknown; there are {', '.join(known)}" for key in unknown]
    try:
        return public_holidays(table["country"], table.get("subdivision"), years=table.get("years", ()))
    except UsageError as error:
        found.append(f"holidays: {error}")
        return {}, ""
