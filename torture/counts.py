"""What was tried, and how often was a promise broken?"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

import attrs

__all__ = ["Counts", "Violation", "asked", "told"]

MOST_TOLD = 20
"""So many violations are told in full; all are counted."""


class Violation(AssertionError):  # noqa: N818 - what it is called in reports, too
    """A promise was broken: says which, and by what."""


@attrs.define(kw_only=True)
class Counts:
    """What a harness has tried and found."""

    harness: str
    seed: int
    tried: int = 0
    """Crash states, starts or faults: what `count` asks for."""
    violated: int = 0
    violations: list[str] = attrs.field(factory=list)
    """The first of them, each with what replays it."""
    counted: Counter[str] = attrs.field(factory=Counter)
    """What else was counted, by name."""

    @property
    def ok(self) -> bool:
        """Whether no promise was broken."""
        return not self.violated

    def violate(self, what: str) -> None:
        """Count a broken promise."""
        self.violated += 1
        if self.violated <= MOST_TOLD:
            self.violations.append(what)

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"ok": self.ok, **attrs.asdict(self), "counted": dict(sorted(self.counted.items()))}


def asked(what: str | None, count: str, default: int) -> ArgumentParser:
    """Return a parser of what every harness is asked: how many (the option *count*), seed, JSON."""
    first = (what or "").split("\n", 1)[0]
    parser = ArgumentParser(description=first)
    parser.add_argument(count, type=int, default=default, help=f"how many ({default})")
    parser.add_argument("--seed", type=int, default=1, help="the same seed tries the same (1)")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the counts there")
    return parser


def told(counts: Counts, path: Path | None) -> int:
    """Print *counts*, write them to *path*, and return the exit code: 1 if a promise was broken."""
    print(f"{counts.harness}: {counts.tried:,} tried, {counts.violated:,} violations (seed {counts.seed})")
    for name, count in sorted(counts.counted.items()):
        print(f"  {name:44} {count:12,}")
    for each in counts.violations:
        print(f"  VIOLATION {each}")
    if path is not None:
        path.write_text(json.dumps(counts.as_dict(), indent=1) + "\n")
    return 0 if counts.ok else 1
