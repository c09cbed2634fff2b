"""Print the figures of `benchmarks.lifecycle` as the table of the performance page.

Run as `python -m benchmarks.table benchmarks/results/lifecycle.json`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HEAD = """\
| queued / agents | classes | profiles x reach | by methods | by `handle` | not frozen | one turn p50 / p99 |
| --- | --- | --- | --- | --- | --- | --- |"""
ROW = (
    "| {queued:,} / {agents:,} | {classes:,} | {profiles:,} x {reach} | **{f:.1f} F** ({us:.1f} µs) "
    "| {handle_f:.1f} F | {unfrozen_f:.1f} F | {p50_us:.1f} / {p99_us:.1f} µs |"
)


def table(figures: dict[str, Any]) -> str:
    """Return the table of the cases, and a line for each other figure."""
    rows = [ROW.format(**case) for case in figures["cases"]]
    idle = [
        f"- Offered at once, {each['agents']:,} agents free, {each['queued']:,} waiting: {each['f']:.1f} F"
        for each in figures["idle"]
    ]
    return "\n".join(
        [
            HEAD,
            *rows,
            "",
            *idle,
            f"- 100,000 waiting, each for the agent it prefers: {figures['preferred']['f']:.1f} F",
            f"- From 1,000 to 1,000,000 queued with equal classes: {figures['growth']:.2f} times as long",
            f"- A queued interaction takes {figures['bytes_per_queued']:.0f} bytes, id and object included",
        ]
    )


if __name__ == "__main__":
    print(table(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
