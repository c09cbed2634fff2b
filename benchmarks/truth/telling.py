"""What do the sentences of a published model say? Numbers beside words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from benchmarks.truth.amounts import NotExpressed
from benchmarks.truth.running import Formula, Output

__all__ = ["NORMAL_95", "clock", "figure", "figures", "interval"]

NORMAL_95 = 1.959963984540054
"""Half of a 95 % interval is so many standard errors."""


def figure(text: str, pattern: str) -> float:
    """Return the number that *pattern*, a group of it, finds in *text*.

    Raises:
        NotExpressed: If there is none.
    """
    match = re.search(pattern, text)
    if match is None:
        raise NotExpressed(f"nothing like {pattern!r} in {text[:60]!r}...")
    return float(match[1])


def figures(text: str, pattern: str, count: int) -> list[float]:
    """Return *count* numbers that stand with commas between them where *pattern* ends.

    Raises:
        NotExpressed: If there are not so many.
    """
    match = re.search(pattern + r"\s*((?:\d*\.?\d+)(?:,\s*\d*\.?\d+)*)", text)
    found = [float(each) for each in re.split(r",\s*", match[1])] if match else []
    if len(found) != count:
        raise NotExpressed(f"{count} figures like {pattern!r} in {text[:60]!r}...")
    return found


def clock(text: str) -> float:
    """Return minutes after midnight of `08:00`, or of `8`."""
    hours, _, minutes = text.partition(":")
    return 60.0 * int(hours) + float(minutes or 0)


def interval(name: str, value: Sequence[Any], formula: Formula) -> Output:
    """Return an output that was published as [mean, low, high] of a 95 % interval."""
    mean, low, high = (float(each) for each in value)
    return Output(name, mean, formula, (high - low) / (2 * NORMAL_95))
