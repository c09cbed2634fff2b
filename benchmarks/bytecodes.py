"""Where do the steps of one life go? Bytecodes by function, the same on every machine.

Times are noisy; the number of bytecodes that one submit -> offer -> accept -> complete executes
is not. It does not see memory, so it says what could be saved, not what a life costs.

    python -m benchmarks.bytecodes --json out/bytecodes.json
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from types import FrameType
from typing import Any

from benchmarks.command import parser, write
from benchmarks.lifecycle import Saturated, Size

LIVES = 200


def bytecodes(size: Size) -> tuple[dict[str, float], dict[str, float]]:
    """Return bytecodes and calls a life, by function."""
    saturated = Saturated(size)
    saturated.by_methods(saturated.prepare(LIVES))
    lives = saturated.prepare(LIVES)
    steps: Counter[str] = Counter()
    calls: Counter[str] = Counter()

    def step(frame: FrameType, event: str, _: Any) -> Any:
        if event == "opcode":
            steps[frame.f_code.co_qualname] += 1
        return step

    def enter(frame: FrameType, _event: str, _: Any) -> Any:
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        calls[frame.f_code.co_qualname] += 1
        return step

    sys.settrace(enter)
    saturated.by_methods(lives)
    sys.settrace(None)
    return (
        {name: count / LIVES for name, count in steps.most_common()},
        {name: count / LIVES for name, count in calls.items()},
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Count, print, and write the figures."""
    options = parser(__doc__).parse_args(argv)
    steps, calls = bytecodes(Size(1_000, 100, 100, 100, 18))
    print(f"{sum(steps.values()):,.0f} bytecodes and {sum(calls.values()):.0f} Python calls a life")
    for name, count in list(steps.items())[:25]:
        print(f"{count:8.1f}  {calls[name]:5.2f} calls  {name}")
    figures = {"bytecodes": sum(steps.values()), "calls": sum(calls.values()), "by_function": steps}
    write(figures, options.json)


if __name__ == "__main__":
    main()
