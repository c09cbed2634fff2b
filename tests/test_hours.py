"""Business hours: what the wall clock of a zone shows decides, through every change of clocks."""

from __future__ import annotations

import copy
import json
import math
import pickle
import sys
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from workassign._hours import CYCLE, YEAR
from workassign.errors import UsageError
from workassign.hours import DAYS, Calendar, public_holidays
from workassign.model import LATEST, LONGEST, instant

HOUR = 3600.0
DAY = 24 * HOUR

NEW_YORK = "America/New_York"
BERLIN = "Europe/Berlin"

OFFICE = Calendar(zone=NEW_YORK, week={"mon-fri": ["09:00-17:00"]})
LUNCH = Calendar(zone=BERLIN, week={"mon-thu": ["09:00-12:00", "13:00-18:00"], "fri": ["09:00-12:00"]})
NIGHT = Calendar(zone=NEW_YORK, week={"mon-fri": ["21:00-02:00"]})
ROUND_THE_CLOCK = Calendar(zone=NEW_YORK)


def t(text: str, zone: str = NEW_YORK, *, fold: int = 0) -> float:
    """The instant at which the wall clock of *zone* shows *text*."""
    return instant(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold))


def wall(at: float, zone: str = NEW_YORK) -> str:
    """What the wall clock of *zone* shows at an instant."""
    return datetime.fromtimestamp(at, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


# --- days and weeks -------------------------------------------------------------------------


def test_an_interval_is_open_at_its_start_and_closed_at_its_end() -> None:
    assert not OFFICE.is_open(t("2026-06-01 08:59:59"))
    assert OFFICE.is_open(t("2026-06-01 09:00"))
    assert OFFICE.is_open(t("2026-06-01 16:59:59"))
    assert not OFFICE.is_open(t("2026-06-01 17:00"))


def test_only_open_hours_count() -> None:
    assert OFFICE.open_seconds(t("2026-06-01 07:00"), t("2026-06-01 10:30")) == 1.5 * HOUR
    assert OFFICE.open_seconds(t("2026-06-01 00:00"), t("2026-06-08 00:00")) == 40 * HOUR
    assert OFFICE.open_seconds(t("2026-06-06 00:00"), t("2026-06-08 09:00")) == 0


def test_a_lunch_break_does_not_count() -> None:
    assert LUNCH.open_seconds(t("2026-06-01 11:30", BERLIN), t("2026-06-01 13:30", BERLIN)) == HOUR
    assert wall(LUNCH.due(t("2026-06-01 11:30", BERLIN), HOUR), BERLIN) == "2026-06-01 13:30:00"
    assert wall(LUNCH.back(t("2026-06-01 13:30", BERLIN), HOUR), BERLIN) == "2026-06-01 11:30:00"


def test_what_is_submitted_on_friday_afternoon_is_due_on_monday() -> None:
    assert wall(OFFICE.due(t("2026-06-05 16:00"), 2 * HOUR)) == "2026-06-08 10:00:00"
    assert wall(OFFICE.back(t("2026-06-08 10:00"), 2 * HOUR)) == "2026-06-05 16:00:00"


def test_what_is_submitted_in_closed_hours_counts_from_the_next_opening() -> None:
    assert wall(OFFICE.due(t("2026-06-06 12:00"), 60.0)) == "2026-06-08 09:01:00"


def test_due_is_the_closing_instant_and_not_the_next_opening() -> None:
    assert wall(OFFICE.due(t("2026-06-01 09:00"), 8 * HOUR)) == "2026-06-01 17:00:00"
    assert wall(OFFICE.due(t("2026-06-01 09:00"), 8 * HOUR + 1)) == "2026-06-02 09:00:01"


def test_back_is_the_opening_instant_and_not_the_last_closing() -> None:
    assert wall(OFFICE.back(t("2026-06-02 17:00"), 8 * HOUR)) == "2026-06-02 09:00:00"
    assert wall(OFFICE.back(t("2026-06-02 17:00"), 8 * HOUR + 1)) == "2026-06-01 16:59:59"


def test_no_seconds_are_due_at_once_also_in_closed_hours() -> None:
    sunday = t("2026-06-07 12:00")
    assert OFFICE.due(sunday, 0) == OFFICE.back(sunday, 0) == sunday


def test_a_range_of_days_can_go_over_the_end_of_the_week() -> None:
    weekend = Calendar(week={"sat-mon": ["10:00-12:00"]})
    assert weekend == Calendar(week={"sun,mon,sat": ["10:00-12:00"]})
    assert weekend.open_seconds(t("2026-06-01", "UTC"), t("2026-06-08", "UTC")) == 6 * HOUR


def test_days_can_be_listed_with_ranges_among_them() -> None:
    assert list(Calendar(week={"mon-tue, fri": ["10:00-12:00"]}).week) == ["mon", "tue", "fri"]


def test_a_day_without_intervals_is_closed_as_if_it_were_not_named() -> None:
    assert Calendar(week={"mon": ["09:00-17:00"], "sun": []}) == Calendar(week={"mon": ["09:00-17:00"]})


def test_seconds_can_be_given() -> None:
    short = Calendar(week={"mon": ["09:00:10-09:00:15"]})
    assert short.open_seconds(t("2026-06-01", "UTC"), t("2026-06-08", "UTC")) == 5
    assert dict(short.week) == {"mon": ("09:00:10-09:00:15",)}


def test_intervals_that_touch_are_one() -> None:
    split = Calendar(week={"mon": ["09:00-12:00", "12:00-17:00"]})
    assert wall(split.next_closing(t("2026-06-01 10:00", "UTC")), "UTC") == "2026-06-01 17:00:00"


# --- night shifts -----------------------------------------------------------------------------


def test_an_interval_across_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    assert NIGHT.is_open(t("2026-06-06 01:59"))  # Saturday, from Friday's shift
    assert not NIGHT.is_open(t("2026-06-06 22:00"))
    assert not NIGHT.is_open(t("2026-06-08 01:00"))  # Monday, but no shift began on Sunday
    assert NIGHT.open_seconds(t("2026-06-01 00:00"), t("2026-06-08 00:00")) == 25 * HOUR


def test_a_holiday_removes_the_shift_that_begins_on_it_and_not_the_one_before() -> None:
    night = attrs.evolve(NIGHT, holidays=["2026-06-03"])
    assert night.is_open(t("2026-06-03 01:00"))
    assert not night.is_open(t("2026-06-03 22:00"))
    assert not night.is_open(t("2026-06-04 01:00"))
    assert night.is_open(t("2026-06-04 21:00"))


def test_midnight_can_be_written_both_ways_as_an_end() -> None:
    assert Calendar(week={"mon": ["21:00-00:00"]}) == Calendar(week={"mon": ["21:00-24:00"]})


def test_an_end_at_its_start_is_a_day_later() -> None:
    shift = Calendar(week={"mon": ["09:00-09:00"]})
    assert shift.open_seconds(t("2026-06-01", "UTC"), t("2026-06-08", "UTC")) == DAY


# --- holidays and exceptions --------------------------------------------------------------------


def test_a_holiday_is_closed_all_day() -> None:
    office = attrs.evolve(OFFICE, holidays={"2026-11-26": "Thanksgiving Day"})
    assert not office.is_open(t("2026-11-26 12:00"))
    assert wall(office.due(t("2026-11-25 16:00"), 2 * HOUR)) == "2026-11-27 10:00:00"


def test_a_holiday_holds_in_its_own_year_only() -> None:
    office = attrs.evolve(OFFICE, holidays=["2026-11-26"])
    assert office.is_open(t("2025-11-26 12:00"))
    assert office.is_open(t("2426-11-26 12:00"))
    later = attrs.evolve(OFFICE, holidays=["2426-11-26"])
    assert not later.is_open(t("2426-11-26 12:00"))
    assert later.is_open(t("2826-11-26 12:00"))


def test_an_exception_opens_a_holiday() -> None:
    office = attrs.evolve(OFFICE, holidays=["2026-12-24"], exceptions={"2026-12-24": ["09:00-12:00"]})
    assert office.open_seconds(t("2026-12-24 00:00"), t("2026-12-25 00:00")) == 3 * HOUR


def test_an_exception_closes_a_day_or_changes_its_hours() -> None:
    office = attrs.evolve(OFFICE, exceptions={"2026-06-01": [], "2026-06-02": ["06:00-08:00"]})
    assert office.open_seconds(t("2026-06-01 00:00"), t("2026-06-02 00:00")) == 0
    assert wall(office.due(t("2026-06-01 00:00"), 2 * HOUR)) == "2026-06-02 08:00:00"
    assert not office.is_open(t("2026-06-02 09:00"))


def test_an_exception_that_reaches_into_the_next_day_is_united_with_it() -> None:
    office = attrs.evolve(OFFICE, exceptions={"2026-06-01": ["22:00-10:00"]})
    assert office.open_seconds(t("2026-06-01 00:00"), t("2026-06-03 00:00")) == (2 + 17) * HOUR
    assert wall(office.next_closing(t("2026-06-01 23:00"))) == "2026-06-02 17:00:00"


def test_hours_open_again_after_years_of_holidays() -> None:
    days = [date(2026, 1, 1) + timedelta(days=i) for i in range(5 * 366)]
    office = attrs.evolve(OFFICE, holidays=days)
    assert wall(office.next_opening(t("2025-12-31 17:00"))) == "2031-01-06 09:00:00"
    assert wall(office.due(t("2025-12-31 16:00"), 2 * HOUR)) == "2031-01-06 10:00:00"
    assert wall(office.back(t("2031-01-06 10:00"), 2 * HOUR)) == "2025-12-31 16:00:00"


# --- changes of clocks ---------------------------------------------------------------------------


def test_the_hour_that_spring_skips_never_comes() -> None:
    nightly = Calendar(zone=NEW_YORK, week={"mon-sun": ["01:00-04:00"]})
    assert nightly.open_seconds(t("2026-03-08 00:00"), t("2026-03-09 00:00")) == 2 * HOUR
    assert wall(nightly.due(t("2026-03-08 01:00"), 1.5 * HOUR)) == "2026-03-08 03:30:00"


def test_an_interval_within_the_hour_that_spring_skips_is_left_out() -> None:
    nightly = Calendar(zone=NEW_YORK, week={"mon-sun": ["02:15-02:45"]})
    assert nightly.open_seconds(t("2026-03-08 00:00"), t("2026-03-09 00:00")) == 0
    assert wall(nightly.next_opening(t("2026-03-08 00:00"))) == "2026-03-09 02:15:00"


def test_the_hour_that_autumn_repeats_counts_twice() -> None:
    nightly = Calendar(zone=NEW_YORK, week={"mon-sun": ["01:15-01:45"]})
    assert nightly.open_seconds(t("2026-11-01 00:00"), t("2026-11-02 00:00")) == HOUR
    assert nightly.is_open(t("2026-11-01 01:30"))
    assert nightly.is_open(t("2026-11-01 01:30", fold=1))
    assert nightly.next_opening(t("2026-11-01 01:45")) == t("2026-11-01 01:15", fold=1)


def test_berlin_has_days_of_23_and_of_25_hours() -> None:
    sundays = Calendar(zone=BERLIN, week={"sun": ["00:00-24:00"]})
    assert sundays.open_seconds(t("2026-03-29", BERLIN), t("2026-03-30", BERLIN)) == 23 * HOUR
    assert sundays.open_seconds(t("2026-10-25", BERLIN), t("2026-10-26", BERLIN)) == 25 * HOUR


def test_opening_hours_stay_where_the_wall_clock_has_them() -> None:
    assert OFFICE.next_opening(t("2026-03-06 18:00")) - t("2026-03-06 09:00") == 3 * DAY - HOUR
    assert wall(OFFICE.next_opening(t("2026-03-06 18:00"))) == "2026-03-09 09:00:00"


def test_lord_howe_changes_clocks_by_half_an_hour() -> None:
    nightly = Calendar(zone="Australia/Lord_Howe", week={"mon-sun": ["01:30-02:30"]})
    zone = nightly.zone
    assert nightly.open_seconds(t("2026-04-05", zone), t("2026-04-06", zone)) == 1.5 * HOUR
    assert nightly.open_seconds(t("2026-10-04", zone), t("2026-10-05", zone)) == 0.5 * HOUR


def test_the_day_that_apia_skipped_never_came() -> None:
    office = Calendar(zone="Pacific/Apia", week={"mon-fri": ["09:00-17:00"]})
    zone = office.zone
    assert wall(office.due(t("2011-12-29 16:00", zone), 2 * HOUR), zone) == "2012-01-02 10:00:00"
    assert office.open_seconds(t("2011-12-26", zone), t("2012-01-02", zone)) == 32 * HOUR


def test_a_shift_into_the_day_that_was_skipped_ends_where_the_day_begins() -> None:
    night = Calendar(zone="Pacific/Apia", week={"thu": ["21:00-02:00"], "sat": ["00:00-01:00"]})
    begun = t("2011-12-29 20:00", night.zone)
    assert night.open_seconds(begun, begun + 24 * HOUR) == 4 * HOUR
    assert wall(night.next_closing(begun + 2 * HOUR), night.zone) == "2011-12-31 01:00:00"


def test_a_change_that_was_undone_after_a_week_is_seen() -> None:
    office = Calendar(zone="America/Recife", week={"mon-fri": ["09:00-17:00"]})
    zone = office.zone
    assert wall(office.next_opening(t("2000-10-11 00:00", zone)), zone) == "2000-10-11 09:00:00"
    assert office.open_seconds(t("2000-10-11 10:00", zone), t("2000-10-16 10:00", zone)) == 24 * HOUR


def test_offsets_can_be_odd() -> None:
    office = Calendar(zone="Asia/Kathmandu", week={"mon-fri": ["09:00-17:00"]})
    assert office.next_opening(t("2026-06-01 00:00", "UTC")) == t("2026-06-01 03:15", "UTC")


# --- openings and closings -----------------------------------------------------------------------


def test_the_next_opening_is_now_while_it_is_open() -> None:
    noon = t("2026-06-01 12:00")
    assert OFFICE.next_opening(noon) == noon
    assert wall(OFFICE.next_opening(t("2026-06-01 17:00"))) == "2026-06-02 09:00:00"


def test_the_next_closing_is_now_while_it_is_closed() -> None:
    sunday = t("2026-06-07 12:00")
    assert OFFICE.next_closing(sunday) == sunday
    assert wall(OFFICE.next_closing(t("2026-06-01 09:00"))) == "2026-06-01 17:00:00"


def test_round_the_clock_seconds_are_plain_seconds() -> None:
    assert ROUND_THE_CLOCK.always
    assert Calendar().always
    assert Calendar(week={"mon-sun": ["09:00-09:00"]}).always
    assert ROUND_THE_CLOCK.is_open(0.5)
    assert ROUND_THE_CLOCK.open_seconds(-3.25, 1e9) == 1e9 + 3.25
    assert ROUND_THE_CLOCK.due(100.5, 50) == 150.5
    assert ROUND_THE_CLOCK.back(100.5, 50) == 50.5
    assert ROUND_THE_CLOCK.next_opening(7.5) == 7.5
    assert ROUND_THE_CLOCK.next_closing(7.5) == math.inf


def test_round_the_clock_with_a_holiday_closes_once_and_never_again() -> None:
    hotline = attrs.evolve(ROUND_THE_CLOCK, holidays=["2026-12-25"])
    assert not hotline.always
    assert wall(hotline.next_closing(t("2020-01-01"))) == "2026-12-25 00:00:00"
    assert wall(hotline.next_opening(t("2026-12-25 08:00"))) == "2026-12-26 00:00:00"
    assert hotline.next_closing(t("2026-12-26")) == math.inf
    assert hotline.open_seconds(t("2026-12-01"), t("2027-01-01")) == 30 * DAY


def test_an_exception_like_the_week_itself_never_closes() -> None:
    hotline = attrs.evolve(ROUND_THE_CLOCK, exceptions={"2026-12-25": ["00:00-24:00"]})
    assert hotline.next_closing(t("2020-01-01")) == math.inf


# --- far away --------------------------------------------------------------------------------------


@pytest.mark.parametrize("year", [1490, 1883, 1890, 1969, 1970, 2037, 2099, 2400, 2406, 5100])
def test_the_wall_clock_decides_in_any_year(year: int) -> None:
    calendar = Calendar(zone=NEW_YORK, week={"mon-thu": ["09:00-17:00"], "fri": ["22:00-03:00"]})
    spec = calendar.to_data()
    start = t(f"{year}-02-20")
    opened = [start + minute * 60 for minute in range(0, 40 * 1440, 7)]
    assert [calendar.is_open(at) for at in opened] == [shown_open(spec, at) for at in opened]


@pytest.mark.parametrize("at", [-LATEST, LATEST, -LATEST + 0.5, LATEST - 0.5])
def test_every_question_has_an_answer_at_the_bounds(at: float) -> None:
    assert OFFICE.is_open(OFFICE.next_opening(at))
    assert not OFFICE.is_open(OFFICE.next_closing(at))
    assert OFFICE.open_seconds(at, OFFICE.due(at, 100 * HOUR)) == pytest.approx(100 * HOUR, abs=1e-4)
    assert OFFICE.open_seconds(OFFICE.back(at, 100 * HOUR), at) == pytest.approx(100 * HOUR, abs=1e-4)


def test_far_years_are_those_of_other_cycles() -> None:
    cycle = CYCLE * YEAR
    far = t("2300-03-01")
    for at in (far + hour * HOUR for hour in range(0, 60 * 24, 5)):
        assert OFFICE.is_open(at) == OFFICE.is_open(at + 6 * cycle)
        assert OFFICE.due(at, 1e6) + 6 * cycle == OFFICE.due(at + 6 * cycle, 1e6)
        assert OFFICE.back(at, 1e6) + 6 * cycle == OFFICE.back(at + 6 * cycle, 1e6)
    past = t("1700-03-01")
    assert OFFICE.due(past, 1e6) - 7 * cycle == OFFICE.due(past - 7 * cycle, 1e6)


def test_ten_years_of_open_hours_can_be_due() -> None:
    start = t("2026-06-01 00:00")
    end = OFFICE.due(start, LONGEST)
    assert OFFICE.open_seconds(start, end) == LONGEST
    assert OFFICE.back(end, LONGEST) == t("2026-06-01 09:00")
    assert wall(end).startswith("2068-")


def test_open_hours_can_be_used_up_with_a_year() -> None:
    start = t("2026-06-01 09:00")
    for number in range(57, 62):
        end = OFFICE.next_opening(number * YEAR)
        left = OFFICE.open_seconds(start, end)
        due = OFFICE.due(start, left)
        assert OFFICE.next_opening(due) == end
        assert OFFICE.is_open(due - 1)
        assert OFFICE.back(end, left) == start


def test_ten_years_of_a_second_a_week_are_millions_of_years() -> None:
    rare = Calendar(week={"mon": ["12:00:00-12:00:01"]})
    first = t("2026-06-01 12:00", "UTC")
    assert rare.due(first, LONGEST) == first + (LONGEST - 1) * 7 * DAY + 1
    assert rare.back(first + 1, LONGEST) == first - (LONGEST - 1) * 7 * DAY
    assert rare.is_open(rare.due(first, LONGEST) - 1)
    # Also if the seconds end with a cycle of years, wherever that may be cut.
    for year in range(2199, 2204):
        weeks = rare.open_seconds(first, (year - 1970) * YEAR) + 30 * 20_871
        assert rare.due(first, weeks) == first + (weeks - 1) * 7 * DAY + 1


def test_a_holiday_on_the_way_counts_when_cycles_are_skipped() -> None:
    rare = Calendar(week={"mon": ["12:00:00-12:00:01"]}, holidays=["2100-06-07"])
    first, week, million = t("2026-06-01 12:00", "UTC"), 7 * DAY, 1_000_000
    assert rare.due(first, million) == first + million * week + 1
    last = first + 200_000 * week
    assert rare.back(last + 1, million) == last - million * week


def test_a_calendar_that_changes_clocks_skips_cycles_too() -> None:
    rare = Calendar(zone=NEW_YORK, week={"sun": ["01:30:00-01:30:10"]})
    start = t("2026-06-01")
    end = rare.due(start, 40_000 * 52 * 10)
    assert rare.is_open(end - 1)
    assert rare.back(end, 40_000 * 52 * 10) == rare.next_opening(start)


# --- any hours in any zone -----------------------------------------------------------------------


def shown_open(spec: Mapping[str, Any], at: float) -> bool:
    """The law, word by word: what the wall clock shows, against the text of the hours."""
    local = datetime.fromtimestamp(at, ZoneInfo(spec["zone"]))
    clock = f"{local.hour:02}:{local.minute:02}"
    today = [text.split("-") for text in hours_of(spec, local.date())]
    evening = [text.split("-") for text in hours_of(spec, local.date() - timedelta(days=1))]
    return any(start <= clock and (clock < end or end <= start) for start, end in today) or any(
        end <= start and clock < end for start, end in evening
    )


def hours_of(spec: Mapping[str, Any], day: date) -> Sequence[str]:
    text = day.isoformat()
    if text in spec["exceptions"]:
        return spec["exceptions"][text]  # type: ignore[no-any-return]
    return () if text in spec["holidays"] else spec["week"].get(f"{day:%a}".lower(), ())


def counted(spec: Mapping[str, Any], start: float, end: float) -> float:
    """Open seconds, minute by minute."""
    minutes = range(int(start // 60) * 60, math.ceil(end), 60)
    opened = [minute for minute in minutes if shown_open(spec, minute)]
    return math.fsum(min(end, minute + 60) - max(start, minute) for minute in opened)


NEARBY = [
    (NEW_YORK, "2026-03-08 03:00"),
    (NEW_YORK, "2026-11-01 01:00"),
    (BERLIN, "2026-03-29 03:00"),
    (BERLIN, "2026-10-25 02:00"),
    ("Australia/Lord_Howe", "2026-04-05 01:45"),
    ("Australia/Lord_Howe", "2026-10-04 02:30"),
    ("America/Sao_Paulo", "2018-11-04 01:00"),  # skips midnight
    ("America/Sao_Paulo", "2018-02-17 23:30"),  # repeats the hour before midnight
    ("Pacific/Apia", "2011-12-31 00:00"),  # skips a Friday
    ("America/Recife", "2000-10-12 00:00"),  # changed on the 8th and back on the 15th
    ("Asia/Kathmandu", "1986-01-01 00:15"),
    ("Africa/Casablanca", "2026-02-15 03:00"),
    ("Asia/Pyongyang", "2018-05-05 00:00"),
    ("America/Caracas", "2016-05-01 03:00"),
    ("UTC", "2026-01-01 00:00"),
    ("UTC", "1970-01-01 00:00"),
    (NEW_YORK, "2400-03-12 03:00"),
]
"""Zones, each with a time at which its clocks were changed or that is near to the start of a year."""

MINUTES = 7 * 1440


def interval(start: int, end: int) -> str:
    """An interval from minutes of a day; the end may be in the next."""
    last = end if end <= 1440 else end - 1440
    return f"{start // 60:02}:{start % 60:02}-{last // 60:02}:{last % 60:02}"


@st.composite
def weeks(draw: st.DrawFn) -> dict[str, list[str]]:
    """A week that opens and closes at any minutes, also over night and over its end."""
    step = draw(st.sampled_from((1, 15, 60, 720)))
    marks = sorted(draw(st.sets(st.integers(0, MINUTES // step - 1), min_size=2, max_size=16)))
    marks = [mark * step for mark in marks[: len(marks) // 2 * 2]]
    week: dict[str, list[str]] = {}
    for start, end in zip(marks[::2], marks[1::2], strict=True):
        for begun in range(start, end, 1440):
            length = min(1440, end - begun)
            week.setdefault(DAYS[begun // 1440], []).append(interval(begun % 1440, begun % 1440 + length))
    return week


@st.composite
def days(draw: st.DrawFn) -> list[str]:
    """The intervals of an exception; the last may cross midnight."""
    marks = sorted(draw(st.sets(st.integers(0, 1440), max_size=6)))
    pairs = list(zip(marks[::2], marks[1::2], strict=False))
    if pairs and (night := draw(st.integers(0, 1440))) <= pairs[0][0]:
        pairs[-1] = (pairs[-1][0], 1440 + night)
    return [interval(start, end) for start, end in pairs]


@st.composite
def cases(draw: st.DrawFn) -> tuple[Calendar, dict[str, Any], float]:
    """A calendar, its text, and an instant near a change of clocks and near its special days."""
    zone, text = draw(st.sampled_from(NEARBY))
    near = t(text, zone)
    around = [
        (datetime.fromtimestamp(near, ZoneInfo(zone)).date() + timedelta(days=i)).isoformat()
        for i in range(-3, 5)
    ]
    spec: dict[str, Any] = {
        "zone": zone,
        "week": draw(weeks()),
        "holidays": dict.fromkeys(draw(st.sets(st.sampled_from(around), max_size=3)), ""),
        "exceptions": draw(st.dictionaries(st.sampled_from(around), days(), max_size=3)),
    }
    at = near + draw(st.integers(-2 * 86_400, 2 * 86_400))
    return Calendar(**spec), spec, at


SPANS = st.integers(0, 3 * 86_400)
SECONDS = st.integers(0, 3_000_000) | st.sampled_from((1, 60, 3600, 8 * 3600, 40 * 3600))
FRACTIONS = st.floats(0, 1e6)


@given(cases(), SPANS)
def test_open_seconds_are_what_counting_minutes_gives(
    case: tuple[Calendar, dict[str, Any], float], span: int
) -> None:
    calendar, spec, start = case
    assert calendar.open_seconds(start, start + span) == counted(spec, start, start + span)
    assert calendar.is_open(start) == shown_open(spec, start)


@given(cases(), SECONDS)
def test_due_is_the_earliest_instant_with_so_many_open_seconds(
    case: tuple[Calendar, dict[str, Any], float], seconds: int
) -> None:
    calendar, spec, start = case
    due = calendar.due(start, seconds)
    assert calendar.open_seconds(start, due) == seconds
    assert due == start if seconds == 0 else shown_open(spec, due - 0.5)


@given(cases(), SECONDS)
def test_back_is_the_latest_instant_with_so_many_open_seconds(
    case: tuple[Calendar, dict[str, Any], float], seconds: int
) -> None:
    calendar, spec, end = case
    start = calendar.back(end, seconds)
    assert calendar.open_seconds(start, end) == seconds
    assert start == end if seconds == 0 else shown_open(spec, start)


@given(cases(), SECONDS)
def test_back_undoes_due_and_due_undoes_back(
    case: tuple[Calendar, dict[str, Any], float], seconds: int
) -> None:
    calendar, _, at = case
    assume(seconds > 0)
    assert calendar.back(calendar.due(at, seconds), seconds) == calendar.next_opening(at)
    start = calendar.back(at, seconds)
    end = calendar.due(start, seconds)
    assert end <= at
    assert calendar.open_seconds(end, at) == 0


@given(cases(), FRACTIONS, st.floats(0, 1))
def test_fractions_of_seconds_come_back_within_a_microsecond(
    case: tuple[Calendar, dict[str, Any], float], seconds: float, fraction: float
) -> None:
    calendar, _, at = case
    at += fraction
    due, back = calendar.due(at, seconds), calendar.back(at, seconds)
    assert back <= at <= due
    # An instant of the year 2400 is itself only that exact.
    exact = 2 * max(math.ulp(due), 5e-7)
    assert calendar.open_seconds(at, due) == pytest.approx(seconds, rel=0, abs=exact)
    assert calendar.open_seconds(back, at) == pytest.approx(seconds, rel=0, abs=exact)


@given(cases(), st.tuples(SPANS, SPANS), st.floats(0, 1))
def test_open_seconds_add_up_and_never_exceed_the_time(
    case: tuple[Calendar, dict[str, Any], float], spans: tuple[int, int], fraction: float
) -> None:
    calendar, _, a = case
    b = a + spans[0] + fraction
    c = b + spans[1]
    first, second = calendar.open_seconds(a, b), calendar.open_seconds(b, c)
    rounding = 1e-8  # open seconds are told apart by the sum of a year
    assert 0 <= first <= b - a + rounding
    assert 0 <= second <= c - b + rounding
    assert first + second == pytest.approx(calendar.open_seconds(a, c), rel=0, abs=1e-6)
    assert first <= calendar.open_seconds(a, c) + rounding


@given(cases(), SECONDS, SECONDS)
def test_more_seconds_are_due_later(
    case: tuple[Calendar, dict[str, Any], float], one: int, other: int
) -> None:
    calendar, _, at = case
    less, more = sorted((one, other))
    assert calendar.due(at, less) <= calendar.due(at, more)
    assert calendar.back(at, less) >= calendar.back(at, more)
    assert calendar.due(calendar.due(at, less), more) == calendar.due(at, less + more) or more == 0


@given(cases())
def test_the_next_opening_and_closing_are_the_first(case: tuple[Calendar, dict[str, Any], float]) -> None:
    calendar, spec, at = case
    opening = calendar.next_opening(at)
    assert shown_open(spec, opening)
    assert calendar.open_seconds(at, opening) == 0
    closing = calendar.next_closing(at)
    if closing < math.inf:
        assert not shown_open(spec, closing)
        assert calendar.open_seconds(at, closing) == closing - at
    else:
        assert calendar.open_seconds(at, at + 1e9) == 1e9


@given(cases())
def test_a_calendar_survives_being_written_as_data_and_pickled(
    case: tuple[Calendar, dict[str, Any], float],
) -> None:
    calendar, _, at = case
    again = Calendar.from_data(json.loads(json.dumps(calendar.to_data())))
    assert again == calendar
    assert hash(again) == hash(calendar)
    assert pickle.loads(pickle.dumps(calendar)).due(at, HOUR) == calendar.due(at, HOUR)


# --- as a value ----------------------------------------------------------------------------------


def test_equal_calendars_are_equal_however_their_days_are_written() -> None:
    one = Calendar(week={"mon-tue": ["13:00-17:00", "09:00-12:00"]}, holidays=["2026-12-25", "2026-01-01"])
    other = Calendar(
        week={"tue": ("09:00:00-12:00", "13:00-17:00"), "mon": ("09:00-12:00", "13:00-17:00:00")},
        holidays={"2026-01-01": "", "2026-12-25": ""},
    )
    assert one == other
    assert len({one, other, OFFICE}) == 2
    assert json.dumps(one.to_data()) == json.dumps(other.to_data())


def test_a_calendar_that_was_asked_is_still_the_same_value() -> None:
    asked = copy.copy(LUNCH)
    asked.due(0, HOUR)
    assert asked == LUNCH
    assert hash(asked) == hash(LUNCH)
    assert pickle.dumps(asked) == pickle.dumps(LUNCH)
    assert copy.deepcopy(asked) == LUNCH
    assert "_years" not in repr(asked)


def test_a_calendar_cannot_be_changed() -> None:
    given_week = {"mon": ["09:00-17:00"]}
    office = Calendar(week=given_week)
    given_week["mon"].append("18:00-19:00")
    assert office.week["mon"] == ("09:00-17:00",)
    for table in (office.week, office.holidays, office.exceptions):
        with pytest.raises(TypeError):
            table["tue"] = ()  # type: ignore[index]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        office.zone = "UTC"  # type: ignore[misc]


def test_a_calendar_comes_from_toml() -> None:
    calendar = Calendar.from_data(
        tomllib.loads(
            """
            zone = "Europe/Berlin"
            holidays = [2026-12-25, "2026-12-26"]
            [week]
            mon-fri = ["09:00-12:00", "13:00-18:00"]
            sat = ["10:00-14:00"]
            [exceptions]
            2026-12-24 = ["09:00-12:00"]
            2026-12-31 = []
            """
        )
    )
    assert list(calendar.holidays) == ["2026-12-25", "2026-12-26"]
    assert dict(calendar.exceptions) == {"2026-12-24": ("09:00-12:00",), "2026-12-31": ()}
    assert Calendar.from_data(calendar.to_data()) == calendar


def test_without_settings_it_is_always_open() -> None:
    assert Calendar.from_data({}) == Calendar()


# --- mistakes -----------------------------------------------------------------------------------

LONG = "x" * 10_000


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"zone": "Mars/Base"}, "zone: there is no time zone 'Mars/Base'"),
        ({"zone": "../x"}, "zone: there is no time zone '../x'"),
        ({"zone": "/etc/passwd"}, "zone: there is no time zone '/etc/passwd'"),
        ({"zone": "America"}, "zone: there is no time zone 'America'"),
        ({"zone": "zone.tab"}, "zone: there is no time zone 'zone.tab'"),
        ({"zone": "localtime"}, "zone: there is no time zone 'localtime'"),
        ({"zone": ""}, "zone: there is no time zone ''"),
        ({"zone": "a\0b"}, "zone: there is no time zone 'a\\x00b'"),
        ({"zone": "\ud800"}, "zone: there is no time zone '\\ud800'"),
        ({"zone": LONG}, f"zone: there is no time zone '{'x' * 59}"),
        ({"zone": None}, "zone: there is no time zone '<NoneType>'"),
        ({"zone": 3}, "zone: there is no time zone '<int>'"),
        ({"week": {}}, "week: there must be at least one interval: it would never open"),
        ({"week": {"mon": []}}, "week: there must be at least one interval: it would never open"),
        ({"week": None}, "week: must be a table, not NoneType"),
        ({"week": ["09:00-17:00"]}, "week: must be a table, not list"),
        ({"week": {"mon": "09:00-17:00"}}, "week.mon: must be a list of intervals, not str"),
        ({"week": {"mon": None}}, "week.mon: must be a list of intervals, not NoneType"),
        (
            {"week": {"Monday": ["09:00-17:00"]}},
            f"week.Monday: there is no day 'Monday'; there are {', '.join(DAYS)}",
        ),
        (
            {"week": {"mon-": ["09:00-17:00"]}},
            f"week.mon-: there is no day 'mon-'; there are {', '.join(DAYS)}",
        ),
        (
            {"week": {"a-b-c": ["09:00-17:00"]}},
            f"week.a-b-c: there is no day 'a-b-c'; there are {', '.join(DAYS)}",
        ),
        ({"week": {1: ["09:00-17:00"]}}, f"week.<int>: there is no day '<int>'; there are {', '.join(DAYS)}"),
        (
            {"week": {"mon-fri": ["09:00-17:00"], "wed": ["10:00-11:00"]}},
            "week.wed: wed is named already, by mon-fri",
        ),
        ({"week": {"mon,mon": ["09:00-17:00"]}}, "week.mon,mon: mon is named already, by mon,mon"),
        (
            {"week": {"mon": ["11:00-13:00", "09:00-12:00"]}},
            "week.mon: 09:00-12:00 overlaps 11:00-13:00",
        ),
        (
            {"week": {"mon": ["21:00-02:00"], "tue": ["01:00-05:00"]}},
            "week.mon: 21:00-02:00 overlaps tue 01:00-05:00",
        ),
        (
            {"week": {"sun": ["21:00-02:00"], "mon": ["01:59:59-05:00"]}},
            "week.sun: 21:00-02:00 overlaps mon 01:59:59-05:00",
        ),
        ({"week": {"mon": ["00:00-00:00"]}}, "week.mon: 00:00-00:00 is empty; a whole day is 00:00-24:00"),
        *(
            (
                {"week": {"mon": [text]}},
                f"week.mon: {text!r} is no interval like 09:00-17:30, from 00:00 to 24:00",
            )
            for text in (
                "9-17",
                "9:00-17:00",
                "09:00",
                "09:00-25:00",
                "24:00-24:00",
                "09:00-24:01",
                "09:60-10:00",
            )
        ),
        (
            {"week": {"mon": ["09:00-17:0\u0660"]}},  # a digit, but of another script
            "week.mon: '09:00-17:0\u0660' is no interval like 09:00-17:30, from 00:00 to 24:00",
        ),
        (
            {"week": {"mon": [9]}},
            "week.mon: '<int>' is no interval like 09:00-17:30, from 00:00 to 24:00",
        ),
        ({"holidays": None}, "holidays: must be a table, not NoneType"),
        ({"holidays": "2026-12-25"}, "holidays: must be a table, not str"),
        ({"holidays": ["2026-02-30"]}, "holidays.2026-02-30: there is no such date"),
        ({"holidays": ["20261225"]}, "holidays: '20261225' is no date like 2026-12-25"),
        ({"holidays": ["2026-W01-1"]}, "holidays: '2026-W01-1' is no date like 2026-12-25"),
        ({"holidays": [20261225]}, "holidays: '<int>' is no date like 2026-12-25"),
        ({"holidays": [["2026-12-25"]]}, "holidays: '<list>' is no date like 2026-12-25"),
        ({"holidays": [datetime(2026, 12, 25)]}, "holidays: '<datetime>' is no date like 2026-12-25"),  # noqa: DTZ001
        ({"holidays": {None: ""}}, "holidays: '<NoneType>' is no date like 2026-12-25"),
        ({"holidays": ["1899-12-31"]}, "holidays.1899-12-31: the year must be from 1900 to 2500"),
        ({"holidays": ["2501-01-01"]}, "holidays.2501-01-01: the year must be from 1900 to 2500"),
        ({"holidays": {"2026-12-25": None}}, "holidays.2026-12-25: must be text, not NoneType"),
        (
            {"holidays": {"2026-12-25": LONG}},
            "holidays.2026-12-25: must be printable text of at most 400 characters",
        ),
        ({"exceptions": []}, "exceptions: must be a table, not list"),
        ({"exceptions": {"2026-13-01": []}}, "exceptions.2026-13-01: there is no such date"),
        (
            {"exceptions": {"2026-12-24": "09:00-12:00"}},
            "exceptions.2026-12-24: must be a list of intervals, not str",
        ),
        (
            {"exceptions": {"2026-12-24": ["09:00-12:00", "11:00-13:00"]}},
            "exceptions.2026-12-24: 09:00-12:00 overlaps 11:00-13:00",
        ),
        ({"source": None}, "source: must be text, not NoneType"),
        ({"source": "a\0"}, "source: must be printable text of at most 400 characters"),
        ({"colour": "red"}, "colour: unknown; there are exceptions, holidays, source, week, zone"),
        ({"holidays": {"country": "US"}}, "holidays: years must list 1 to 50 years from 1900 to 2500"),
        (
            {"holidays": {"country": "US", "years": [2026], "state": "CA"}},
            "holidays.state: unknown; there are country, subdivision, years",
        ),
    ],
)
def test_a_mistake_is_named_with_its_path(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        Calendar.from_data(settings)
    assert str(caught.value).splitlines() == [problem]


def test_every_mistake_is_named_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        Calendar(
            zone="Mars/Base",
            week={"mon": ["9-17", "10:00-12:00", "11:00-13:00"], "Tue": ["09:00-17:00"]},
            holidays=["2026-02-30", "soon"],
            exceptions={"1066-10-14": ["00:00-00:00"]},
        )
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == [
        "zone",
        "week.mon",
        "week.mon",
        "week.Tue",
        "holidays.2026-02-30",
        "holidays",
        "exceptions.1066-10-14",
        "exceptions.1066-10-14",
    ]


def test_a_calendar_is_no_list() -> None:
    with pytest.raises(UsageError, match="calendar: must be a table, not list"):
        Calendar.from_data([])  # type: ignore[arg-type]


@pytest.mark.parametrize("calendar", [OFFICE, ROUND_THE_CLOCK])
def test_an_end_before_its_start_is_refused(calendar: Calendar) -> None:
    with pytest.raises(UsageError, match="end is before start"):
        calendar.open_seconds(1.0, 0.5)


@pytest.mark.parametrize("calendar", [OFFICE, ROUND_THE_CLOCK])
@pytest.mark.parametrize("seconds", [-1, math.nan, math.inf, LONGEST + 1, "8h", None])
def test_seconds_are_from_none_to_ten_years(calendar: Calendar, seconds: Any) -> None:
    with pytest.raises(UsageError, match="seconds must be from 0 to 316224000"):
        calendar.due(0.0, seconds)
    with pytest.raises(UsageError, match="seconds must be from 0 to 316224000"):
        calendar.back(0.0, seconds)


@pytest.mark.parametrize("calendar", [OFFICE, ROUND_THE_CLOCK])
@pytest.mark.parametrize("at", [math.nan, math.inf, -math.inf, 1e300, "now", None])
def test_an_instant_is_a_number_of_seconds(calendar: Calendar, at: Any) -> None:
    for question in (calendar.is_open, calendar.next_opening, calendar.next_closing):
        with pytest.raises(UsageError, match="an instant must be"):
            question(at)
    with pytest.raises(UsageError, match="an instant must be"):
        calendar.due(at, 1.0)
    with pytest.raises(UsageError, match="an instant must be"):
        calendar.open_seconds(0.0, at)


# --- public holidays --------------------------------------------------------------------------


def test_california_keeps_christmas() -> None:
    days, source = public_holidays("US", "CA", years=[2026])
    assert days["2026-12-25"] == "Christmas Day"
    assert list(days) == sorted(days)
    assert source.startswith("holidays ")
    assert source.endswith(": US-CA 2026")


def test_the_source_names_the_years() -> None:
    assert public_holidays("DE", years=range(2026, 2029))[1].endswith(": DE 2026-2028")
    assert public_holidays("DE", years=[2030, 2026])[1].endswith(": DE 2026, 2030")


def test_names_of_holidays_do_not_depend_on_who_is_logged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "th")
    assert public_holidays("US", years=[2026])[0]["2026-12-25"] == "Christmas Day"


def test_settings_can_ask_for_public_holidays() -> None:
    data = {"holidays": {"country": "US", "subdivision": "CA", "years": [2026, 2027]}}
    calendar = Calendar.from_data({"zone": NEW_YORK, **data})
    assert not calendar.is_open(t("2027-12-25 12:00"))
    assert calendar.source.endswith(": US-CA 2026-2027")
    assert Calendar.from_data(calendar.to_data()) == calendar


@pytest.mark.parametrize(
    ("country", "subdivision", "years", "problem"),
    [
        ("XX", None, [2026], "there is no country 'XX'; there are AD, AE, "),
        (None, None, [2026], "there is no country '<NoneType>'; there are AD, AE, "),
        ("HolidayBase", None, [2026], "there is no country 'HolidayBase'; there are AD, AE, "),
        ("US", "XX", [2026], "US has no subdivision 'XX'; there are AK, AL, "),
        ("US", 5, [2026], "US has no subdivision '<int>'; there are AK, AL, "),
        ("JP", "13", [2026], "JP has no subdivision '13'; there are none"),
        ("US", None, [2500], "there are no public holidays of US in 2500"),
        *(
            ("US", None, years, "years must list 1 to 50 years from 1900 to 2500")
            for years in ([], range(2000, 2051), [1899], [2501], ["2026"], [True], None, 2026, range(10**12))
        ),
    ],
)
def test_public_holidays_that_nobody_knows_are_refused(
    country: Any, subdivision: Any, years: Any, problem: str
) -> None:
    with pytest.raises(UsageError) as caught:
        public_holidays(country, subdivision, years=years)
    assert str(caught.value).startswith(problem)
    assert len(str(caught.value)) < 320


def test_without_the_extra_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(UsageError, match=r"pip install 'workassign\[calendar\]'"):
        public_holidays("US", years=[2026])
