"""Simulations that others have published, told in a sentence: the same day, simulated here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from benchmarks.truth.amounts import NotExpressed
from benchmarks.truth.published_days import shifts_and_busyness
from benchmarks.truth.published_weeks import retrials_and_lines
from benchmarks.truth.running import Trial

__all__ = ["published"]


def published(case: Mapping[str, Any]) -> tuple[list[Trial], list[tuple[str, str]]]:
    """Return the trial of a published simulation, and what is not compared.

    Raises:
        NotExpressed: If its sentences are not known.
    """
    text = str(case["model"].get("text", ""))
    if re.search("phone lines", text):
        return retrials_and_lines(case)
    if re.search("periods", text) and re.search("groups", text):
        return shifts_and_busyness(case)
    raise NotExpressed(f"a model that is told as: {text[:80]!r}")
