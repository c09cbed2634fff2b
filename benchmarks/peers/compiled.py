"""The rival from our own house: the compiled kernel, for rules that fit into tables."""

from __future__ import annotations

import numpy as np

from benchmarks.peers.models import TIERS, Model, Starts
from workassign.lab import kernel

__all__ = ["run"]


def run(model: Model) -> Starts:
    """Return when each service begins."""
    eligible = [[cls in skills for skills in model.skills] for cls in range(model.classes)]
    rules = kernel.Rules(eligible=np.array(eligible), tier=np.arange(model.classes) % TIERS)
    outcome = kernel.run(
        rules,
        arrival=model.arrival,
        classes=model.cls,
        service=model.service,
        patience=model.patience,
    )
    starts: Starts = outcome.start.tolist()
    return starts
