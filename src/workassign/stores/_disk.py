"""When is something on the disk?"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["sync", "write_through"]


def sync(path: Path) -> None:
    """Wait until *path*, a file or the names in a folder, is on the disk.

    Raises:
        OSError: If that failed; what is there then, nobody knows.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_through(file: int, data: bytes) -> None:
    """Write all of *data* to the open *file*, and wait for the disk.

    Raises:
        OSError: As `sync` does.
    """
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]
    os.fsync(file)
