"""Which adapter makes trials of a case? By what its model and its outputs are, never by its id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from benchmarks.truth.controlled import controlled
from benchmarks.truth.ladder import ladder
from benchmarks.truth.matching import matching
from benchmarks.truth.published import published
from benchmarks.truth.running import Trial
from benchmarks.truth.steady import orders, steady
from benchmarks.truth.transient import transient

__all__ = ["adapter_of"]

Adapter: TypeAlias = Callable[[Mapping[str, Any]], tuple[list[Trial], list[tuple[str, str]]]]
"""Makes the trials of a case, and says what is not compared."""


def adapter_of(case: Mapping[str, Any]) -> Adapter:
    """Return what makes trials of *case*."""
    model, outputs = case["model"], case["outputs"]
    if "skills_per_agent" in model:
        return ladder
    if "policies" in outputs:
        return controlled
    if "horizon" in model:
        return transient
    if "classes" not in model:
        return published
    if all(isinstance(each, str) for each in model["classes"]):
        return matching
    if any(name.rpartition("_")[2] in ("fcfs", "lcfs", "random") for name in outputs):
        return orders
    return steady
