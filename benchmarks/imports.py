"""How long does `import workassign` take, against `import attrs` alone?

Both in fresh processes, in turn, processor time of the import statement; the medians are compared.

    python -m benchmarks.imports --json out/imports.json
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from statistics import median

from benchmarks.command import parser, write

TIMED = "import time; start = time.thread_time(); import {}; print(time.thread_time() - start)"


def cost(module: str) -> float:
    """Return the seconds that importing *module* takes in a fresh process."""
    code = TIMED.format(module)
    # As an installed package has it: compiled once. Some environments forbid to write that down.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return float(done.stdout)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print, and write the figures."""
    asked = parser(__doc__)
    asked.add_argument("--rounds", type=int, default=21)
    options = asked.parse_args(argv)
    cost("workassign")
    rounds = [(cost("attrs"), cost("workassign")) for _ in range(options.rounds)]
    figures = {
        "attrs_ms": median(attrs for attrs, _ in rounds) * 1000,
        "workassign_ms": median(ours for _, ours in rounds) * 1000,
        "ratio": median(ours / attrs for attrs, ours in rounds),
    }
    print(
        "import attrs {attrs_ms:.1f} ms, import workassign {workassign_ms:.1f} ms: {ratio:.2f} x".format(
            **figures
        )
    )
    write(figures, options.json)


if __name__ == "__main__":
    main()
