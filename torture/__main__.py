"""How much has been tried, and how often was a promise broken? Everything here, at length.

    python -m torture [--share 1.0] [--jobs 2] [--only NAME] [--json PATH]

Each harness runs as a program of its own, in parts that begin with other seeds, as many at once as
there are jobs. With a share of 0.01 each does a hundredth. The exit code is 1 if a promise was
broken, if something did not end as it should, or if the control without the fence found nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import attrs

__all__ = ["PARTS", "Part", "main"]


@attrs.frozen
class Part:
    """What one program does."""

    name: str
    module: str
    count: str
    """The option that says how many."""
    total: int
    """Of all runs together."""
    runs: int
    """So many programs share the total, each with a seed of its own."""
    more: tuple[str, ...] = ()

    def commands(self, share: float) -> Iterator[list[str]]:
        """Yield what is run."""
        each = max(1, round(self.total * share / self.runs))
        for seed in range(1, self.runs + 1):
            yield [f"torture.{self.module}", self.count, str(each), "--seed", str(seed), *self.more]


PARTS = (
    Part("nemesis", "nemesis", "--faults", 1_000, 2),
    Part("control", "nemesis", "--faults", 20, 1, ("--without-fence",)),
    Part("crash states of sqlite", "crash_states", "--states", 1_000_000, 16),
    Part("crash states of jsonl", "crash_states", "--states", 50_000, 2, ("--store", "jsonl")),
    Part("kills of postgres", "kills_postgres", "--starts", 1_500, 1),
    Part("kills of sqlite", "kills", "--starts", 3_000, 2),
    Part("kills of jsonl", "kills", "--starts", 500, 1, ("--store", "jsonl")),
    Part("failing disk", "faults", "--faults", 2_000, 2),
)

PROTOCOL = ["torture.protocol", "--writers", "3", "--commands", "3", "--epochs", "3"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run everything, and tell."""
    parser = ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--share", type=float, default=1.0, help="of the usual counts (1.0)")
    parser.add_argument("--jobs", type=int, default=2, help="programs at once (2)")
    names = sorted({part.name for part in PARTS} | {"protocol"})
    parser.add_argument("--only", action="append", choices=names, help="may be said several times; all")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the counts there")
    told = parser.parse_args(arguments)
    began = time.monotonic()
    wanted = [(part.name, command) for part in PARTS for command in part.commands(told.share)]
    wanted.insert(2, ("protocol", PROTOCOL))
    wanted = [(name, command) for name, command in wanted if name in (told.only or names)]
    with ThreadPoolExecutor(told.jobs) as jobs:
        found = list(jobs.map(lambda each: _run(*each), wanted))
    figures = {
        "parts": found,
        "violations": sum(each["violations"] for each in found if each["name"] != "control"),
        "control": sum(each["violations"] for each in found if each["name"] == "control"),
        "minutes": round((time.monotonic() - began) / 60, 1),
    }
    print(
        f"{figures['violations']} violations; the control: {figures['control']}; {figures['minutes']} minutes"
    )
    if told.json is not None:
        told.json.write_text(json.dumps(figures, indent=1) + "\n")
    return int(any(each["failed"] for each in found))


def _run(name: str, command: Sequence[str]) -> dict[str, Any]:
    """Run *command* and return what it found."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "counts.json"
        done = subprocess.run(
            [sys.executable, "-m", *command, "--json", str(path)], capture_output=True, text=True, check=False
        )
        counts = json.loads(path.read_text()) if path.exists() else {}
    violations = counts.get("violated", counts.get("unexpected", counts.get("violations", 0)))
    said = " ".join(["python -m", *command])
    print(f"{'FAILED' if done.returncode else 'ok':6} {violations:6} violations  {said}", flush=True)
    if done.returncode:
        print(done.stdout[-4_000:], done.stderr[-4_000:], flush=True)
    return {
        "name": name,
        "command": said,
        "violations": violations,
        "failed": bool(done.returncode),
        "counts": counts,
    }


if __name__ == "__main__":
    sys.exit(main())
