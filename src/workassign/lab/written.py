"""How are figures written for people?"""

from __future__ import annotations

from workassign._answer import printable

__all__ = ["duration", "percent", "shown", "written"]

MOST_SHOWN = 200


def written(value: float | None, unit: str) -> str:
    """Return a key figure of *unit* as text, a dash for none.

    >>> written(0.881, "share"), written(6106, "count"), written(27.4915, "index"), written(None, "seconds")
    ('88.1 %', '6,106', '27.49', '–')
    """
    if value is None:
        return "–"
    if unit == "share":
        return percent(value)
    if unit == "seconds":
        return duration(value)
    return f"{value:,.0f}" if unit == "count" else f"{round(value, 2) + 0.0:,.2f}".replace("-", "−")


def duration(seconds: float | None) -> str:
    """Return seconds as people say them, a dash for none.

    >>> duration(42), duration(125), duration(9000), duration(None)
    ('42 s', '2.1 min', '2.5 h', '–')
    """
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 10 or seconds == 0 else f"{seconds:.1f} s"
    number, unit = (seconds / 60, "min") if seconds < 5400 else (seconds / 3600, "h")
    return f"{number:.0f} {unit}" if number % 1 == 0 else f"{number:.1f} {unit}"


def percent(share: float | None) -> str:
    """Return a share as a percentage, a dash for none.

    >>> percent(0.8512)
    '85.1 %'
    """
    return "–" if share is None else f"{100 * share:.1f} %"


def shown(text: str) -> str:
    """Return what somebody else's code said as one line that is not too long.

    >>> shown("no such key:   'vip'")
    "no such key: 'vip'"
    """
    line = " ".join(printable(text).split())
    return line if len(line) <= MOST_SHOWN else line[:MOST_SHOWN] + "…"
