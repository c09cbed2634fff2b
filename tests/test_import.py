"""What importing the library brings with it."""

import subprocess
import sys

HEAVY = ("numpy", "cattrs", "asyncio", "sqlite3", "matplotlib", "rich", "pandas")


def test_importing_the_front_door_brings_nothing_heavy() -> None:
    code = f"import sys, workassign; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_everything_at_the_front_door_is_there() -> None:
    import workassign

    assert all(hasattr(workassign, name) for name in workassign.__all__)


def test_everything_in_the_lab_is_there() -> None:
    from workassign import lab

    assert all(hasattr(lab, name) for name in lab.__all__)
    assert not hasattr(lab, "alchemy")
