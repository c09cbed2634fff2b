"""What became of a run of the nemesis, in Jepsen's words?"""

from __future__ import annotations

from statistics import median
from typing import Any

import attrs

from torture.findings import Findings

__all__ = ["Counts"]


@attrs.define(kw_only=True)
class Counts:
    """What became of a run."""

    seed: int
    lease: float
    fenced: bool
    faults: dict[str, int] = attrs.field(factory=dict)
    """By kind."""
    rounds: int = 0
    """Each with a shard of its own."""
    late: int = 0
    """Connections on which something was delivered late."""
    died: int = 0
    """Nodes that ended by themselves: their watchdog saw them stuck."""
    seconds: float = 0.0
    findings: Findings = attrs.field(factory=Findings)
    failover: dict[str, list[float]] = attrs.field(factory=dict)
    """Seconds from a fault to the first acknowledged command that was asked after it."""
    stuck: str = ""
    """Why it ended early."""

    @property
    def violations(self) -> int:
        """How often a promise was broken."""
        return self.findings.violations + bool(self.stuck and self.fenced)

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data; times in seconds."""
        kept = attrs.asdict(self)
        kept["failover"] = {
            kind: {"n": len(times), "median": median(times), "max": max(times)}
            for kind, times in self.failover.items()
        }
        return {**kept, "total_faults": sum(self.faults.values()), "violations": self.violations}

    def __str__(self) -> str:
        """Return what a reader wants to know."""
        found = self.findings
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.faults.items()))
        lines = [
            f"{'with' if self.fenced else 'WITHOUT'} the fence: {sum(self.faults.values())} faults ({kinds})",
            f"  seed {self.seed}, lease {self.lease:g} s, {self.seconds:.0f} s",
            _row(attempted=found.attempted, ok=found.ok, lost=found.lost, duplicated=found.duplicated),
            _row(unexpected=found.unexpected, recovered=found.recovered, open=found.open),
            _row(accepts=found.accepts, assigned_twice=found.assigned_twice),
            _row(holds=found.holds, overlapping=found.overlapping),
            _row(commands=found.commands, acknowledged=found.acknowledged, disordered=found.disordered),
            _row(asked=found.asked, with_unknown_outcome=found.unknown),
            _row(entries=found.entries, leaders=found.epochs, broken=found.broken),
        ]
        lines += [
            f"  {kind}: answers again after {median(times):.2f} s, after {max(times):.2f} s at most"
            for kind, times in sorted(self.failover.items())
        ]
        return "\n".join([*lines, *([self.stuck] if self.stuck else []), *found.problems])


def _row(**figures: int) -> str:
    return "  " + "   ".join(f"{name.replace('_', ' ')} {figure:,}" for name, figure in figures.items())
