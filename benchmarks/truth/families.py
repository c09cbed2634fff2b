"""Which adapter makes trials of a case? By what its model and its outputs are, never by its id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.truth.steady import orders, steady

__all__ = ["adapter_of"]

Adapter = Callable[[Mapping[str, Any]], tuple[list[Any], list[tuple[str, str]]]]


def adapter_of(case: Mapping[str, Any]) -> Adapter:
    """Return what makes trials of *case*."""
    return orders if any(k.startswith("sd_") and k.endswith(("fcfs","lcfs","random")) for k in case["outputs"]) else steady
