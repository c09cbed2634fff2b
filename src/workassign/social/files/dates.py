"""When was it written? Every form in which files, networks and mail say an instant.

A date without a time zone names no instant and is an error, except where its network defines one.
"""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parsedate_to_datetime

from workassign.model import Instant, instant

__all__ = ["EARLIEST", "LATEST", "from_iso", "from_mail", "from_posix", "from_twitter"]

EARLIEST, LATEST = 631_152_000.0, 4_102_444_800.0
"""1990 to 2100: anything else is milliseconds, or a date without its dashes."""

DATE_LIMIT = 100
"""What is longer, in characters, is no date: some parsers take their time."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TWITTER = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d\d) (\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d) (\d{4})", re.ASCII
)


def from_posix(seconds: float, what: str, shown: object = None) -> Instant:
    """Return POSIX *seconds*, checked; *shown* is how they stood there.

    Raises:
        ValueError: If they are not from 1990 to 2100.
    """
    if not EARLIEST <= seconds <= LATEST:
        years = "from 1990 to 2100 (POSIX seconds, or a date)"
        raise ValueError(f"{what} must be {years}, not {_short(seconds if shown is None else shown)}")
    return float(seconds)


def from_iso(text: str, what: str) -> Instant:
    """Return the instant of an ISO date and time with a zone: `2026-01-01T12:00:00Z`.

    Raises:
        ValueError: If it is none, has no zone, or is not from 1990 to 2100.
    """
    try:
        moment = datetime.fromisoformat(text[:DATE_LIMIT])
    except ValueError:
        raise ValueError(f"{what} is no date and time: {_short(text)}") from None
    return _checked(moment, text, what)


def from_twitter(text: str, what: str) -> Instant:
    """Return the instant of the form in older tweets: `Wed Oct 10 20:19:24 +0000 2018`.

    Read by hand: `strptime` would ask for the names of months in the language of this machine.

    Raises:
        ValueError: As `from_iso` does.
    """
    found = _TWITTER.fullmatch(text)
    if found is None or found[1] not in _MONTHS:
        return from_iso(text, what)
    month = _MONTHS.index(found[1]) + 1
    try:
        moment = datetime.fromisoformat(f"{found[6]}-{month:02}-{found[2]}T{found[3]}{found[4]}:{found[5]}")
    except ValueError:
        raise ValueError(f"{what} is no date and time: {_short(text)}") from None
    return _checked(moment, text, what)


def from_mail(text: str, what: str) -> Instant:
    """Return the instant of a date in the head of a mail: `Thu, 1 Jan 2026 12:00:00 +0000`.

    `-0000` is UTC, of somebody whose zone is not told (RFC 5322, 3.3).

    Raises:
        ValueError: As `from_iso` does.
    """
    try:
        moment = parsedate_to_datetime(text[:DATE_LIMIT])
    except (ValueError, IndexError, TypeError, OverflowError):
        raise ValueError(f"{what} is no date and time: {_short(text)}") from None
    if moment.tzinfo is None and "-0000" in text:
        return from_iso(f"{moment.isoformat()}Z", what)
    return _checked(moment, text, what)


def _checked(moment: datetime, text: str, what: str) -> Instant:
    if moment.tzinfo is None:
        raise ValueError(f"{what} has no time zone: {_short(text)}")
    try:
        seconds = instant(moment)
    except OverflowError:
        raise ValueError(f"{what} is no date and time: {_short(text)}") from None
    return from_posix(seconds, what, text)


def _short(value: object) -> str:
    return repr(str(value)[:40])
