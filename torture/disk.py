"""What is done to the files in a folder, and what if that goes wrong?

While `watched` lasts, every call that changes a file there is shown to a watcher before it happens:
SQLite's calls (through `torture.vfs`) and Python's own (`os.write`, `os.fsync`, …). The watcher
says what becomes of it: it happens, it fails, a part of it happens, or the process is killed before
it, in the middle of it, or after it. The stores themselves run unchanged.

One thread, one process; Linux.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import EIO, ENOSPC
from pathlib import Path
from typing import Any, TypeAlias

import attrs

from torture.vfs import Between, Do, DoPart, shim

__all__ = ["GO", "KILLS", "Call", "Fate", "Watcher", "failing", "watched"]


@attrs.frozen(kw_only=True)
class Call:
    """One call that changes a file, or waits for it."""

    what: str
    """`create`, `write`, `truncate`, `sync`, `delete`, `rename`, or `folder`: a folder is synced."""
    name: str
    """The file, as seen from the folder that is watched."""
    at: int = 0
    """Of a write, where; of a truncation, the size from then on."""
    data: bytes = b""
    to: str = ""
    """The new name of what is renamed."""


@attrs.frozen(kw_only=True)
class Fate:
    """What becomes of a call."""

    keep: int | None = None
    """So many bytes of a write happen; of anything else: 0 is nothing, more is all. None: all."""
    code: int = 0
    """What SQLite is told; Python is told the same in its own words."""
    kill: bool = False
    """Then the process is killed, without a word."""

    def part(self, whole: int) -> int:
        """Return how much of *whole* happens."""
        return whole if self.keep is None else min(self.keep, whole)


Watcher: TypeAlias = Callable[[Call], Fate]

GO = Fate()

KILLS = ("before", "torn", "after")
"""When a process can be killed at a call; only a write can be torn."""

_FAILURES = {
    "create": sqlite3.SQLITE_CANTOPEN,
    "write": sqlite3.SQLITE_FULL,
    "truncate": sqlite3.SQLITE_IOERR_TRUNCATE,
    "sync": sqlite3.SQLITE_IOERR_FSYNC,
    "delete": sqlite3.SQLITE_IOERR_DELETE,
    "rename": sqlite3.SQLITE_IOERR,
    "folder": sqlite3.SQLITE_IOERR_DIR_FSYNC,
}


def failing(call: Call, keep: int = 0) -> Fate:
    """Return how *call* fails: a full disk, an error of the device; *keep* of a write's bytes happen."""
    return Fate(keep=keep, code=_FAILURES[call.what])


@contextmanager
def watched(folder: Path, watcher: Watcher, *, seed: int = 0) -> Iterator[None]:
    """Show *watcher* everything that is done to files in *folder* and may not last.

    *seed* is what SQLite's own random numbers come from, so that the same is done again. What was
    opened here is to be closed here.

    Raises:
        UsageError: If SQLite is built into this Python, and cannot be reached.
    """
    between = _Between(folder.resolve(), watcher)
    shim().stand(between, seed)
    try:
        with _python(between):
            yield
    finally:
        shim().go()


class _Between(Between):
    """Tells the watcher, and does what it says."""

    def __init__(self, folder: Path, watcher: Watcher) -> None:
        self._prefix = str(folder) + "/"
        self._watcher = watcher

    def name(self, path: str) -> str | None:
        """Return the name of *path* in the folder; None: it is elsewhere."""
        return path[len(self._prefix) :] if path.startswith(self._prefix) else None

    def call(self, path: str, what: str, do: Do, *, at: int = 0, to: str = "") -> int:
        name = self.name(path)
        if name is None:
            return do()
        fate = self._watcher(Call(what=what, name=name, at=at, to=to))
        code = do() if fate.part(1) else 0
        return self._ended(fate, code)

    def create(self, path: str, do: Do) -> int:
        return self.call(path, "create", do)

    def write(self, path: str, at: int, data: bytes, do: DoPart) -> int:
        name = self.name(path)
        if name is None:
            return do(len(data))
        fate = self._watcher(Call(what="write", name=name, at=at, data=data))
        return self._ended(fate, do(fate.part(len(data))))

    def truncate(self, path: str, size: int, do: Do) -> int:
        return self.call(path, "truncate", do, at=size)

    def sync(self, path: str, do: Do) -> int:
        return self.call(path, "sync", do)

    def delete(self, path: str, do: Do) -> int:
        return self.call(path, "delete", do)

    def folder(self, path: str) -> None:
        self.call(path, "folder", lambda: 0)

    def _ended(self, fate: Fate, code: int) -> int:
        if fate.kill:
            os.kill(os.getpid(), signal.SIGKILL)
        return code or fate.code


# --- Python's own -------------------------------------------------------------------------------


@contextmanager
def _python(between: _Between) -> Iterator[None]:
    """Show the watcher what Python itself does in the folder."""
    real = {name: getattr(os, name) for name in ("open", "write", "fsync", "ftruncate", "unlink", "replace")}
    tapped = _Tapped(between, real)
    try:
        for name in real:
            setattr(os, name, getattr(tapped, name))
        yield
    finally:
        for name, function in real.items():
            setattr(os, name, function)


class _Tapped:
    """Functions of `os` that go by the watcher."""

    def __init__(self, between: _Between, real: dict[str, Callable[..., Any]]) -> None:
        self._between = between
        self._real = real

    def open(self, path: Any, flags: int, mode: int = 0o777, **more: Any) -> int:
        found: list[int] = []

        def do() -> int:
            found.append(self._real["open"](path, flags, mode, **more))
            return 0

        if flags & os.O_CREAT and not more and not Path(path).exists():
            _check(self._between.create(_absolute(path), do))
        else:
            do()
        return found[0]

    def write(self, file: int, data: Any) -> int:
        path = _path_of(file)
        if self._between.name(path) is None:
            return int(self._real["write"](file, data))
        written: list[int] = []

        def do(length: int) -> int:
            written.append(self._real["write"](file, bytes(data)[:length]) if length else 0)
            return 0

        _check(self._between.write(path, os.fstat(file).st_size, bytes(data), do))  # all of ours append
        return written[0]

    def fsync(self, file: int) -> None:
        path = _path_of(file)
        if stat.S_ISDIR(os.fstat(file).st_mode):
            _check(self._between.call(path + "/.", "folder", lambda: self._real["fsync"](file) or 0))
        else:
            _check(self._between.sync(path, lambda: self._real["fsync"](file) or 0))

    def ftruncate(self, file: int, size: int) -> None:
        _check(self._between.truncate(_path_of(file), size, lambda: self._real["ftruncate"](file, size) or 0))

    def unlink(self, path: Any, **more: Any) -> None:
        if not Path(path).exists():
            self._real["unlink"](path, **more)
        else:
            _check(self._between.delete(_absolute(path), lambda: self._real["unlink"](path, **more) or 0))

    def replace(self, source: Any, target: Any) -> None:
        to = self._between.name(_absolute(target)) or ""
        path = _absolute(source)
        _check(self._between.call(path, "rename", lambda: self._real["replace"](source, target) or 0, to=to))


def _absolute(path: Any) -> str:
    given = Path(path)
    return str(given.parent.resolve() / given.name)


def _path_of(file: int) -> str:
    return str(Path(f"/proc/self/fd/{file}").readlink())


def _check(code: int) -> None:
    """Raise in Python's words what SQLite would be told as *code*."""
    if code:
        number = ENOSPC if code == sqlite3.SQLITE_FULL else EIO
        raise OSError(number, os.strerror(number))
