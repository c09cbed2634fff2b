"""Where can somebody stand between SQLite and the disk?

In a VFS of our own: a copy of the default one, in which what writes passes by `Between` first.
Everything else (reading, locking) goes straight to SQLite's functions. It is registered in the very
library that Python's `sqlite3` uses, so what runs on it needs not to know.

The structures: https://www.sqlite.org/c3ref/vfs.html, https://www.sqlite.org/c3ref/io_methods.html
"""

from __future__ import annotations

import _sqlite3
import ctypes
import sqlite3
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int64, c_void_p
from functools import cache
from pathlib import Path
from random import Random
from typing import Protocol

from workassign.errors import UsageError

__all__ = ["Between", "Shim", "shim"]

_OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
_DELETE = CFUNCTYPE(c_int, c_void_p, c_char_p, c_int)
_RANDOM = CFUNCTYPE(c_int, c_void_p, c_int, c_void_p)
_WRITE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_TRUNCATE = CFUNCTYPE(c_int, c_void_p, c_int64)
_SYNC = CFUNCTYPE(c_int, c_void_p, c_int)
_FOLDER = CFUNCTYPE(c_int, c_char_p, c_void_p)
_GET = CFUNCTYPE(c_void_p, c_void_p, c_char_p)
_SET = CFUNCTYPE(c_int, c_void_p, c_char_p, c_void_p)

_CREATE = 0x4  # SQLITE_OPEN_CREATE


class _Vfs(ctypes.Structure):
    _fields_ = (
        ("iVersion", c_int),
        ("szOsFile", c_int),
        ("mxPathname", c_int),
        ("pNext", c_void_p),
        ("zName", c_char_p),
        ("pAppData", c_void_p),
        ("xOpen", c_void_p),
        ("xDelete", c_void_p),
        ("xAccess", c_void_p),
        ("xFullPathname", c_void_p),
        ("xDlOpen", c_void_p),
        ("xDlError", c_void_p),
        ("xDlSym", c_void_p),
        ("xDlClose", c_void_p),
        ("xRandomness", c_void_p),
        ("xSleep", c_void_p),
        ("xCurrentTime", c_void_p),
        ("xGetLastError", c_void_p),
        ("xCurrentTimeInt64", c_void_p),
        ("xSetSystemCall", c_void_p),
        ("xGetSystemCall", c_void_p),
        ("xNextSystemCall", c_void_p),
    )


class _Methods(ctypes.Structure):
    _fields_ = (
        ("iVersion", c_int),
        ("xClose", c_void_p),
        ("xRead", c_void_p),
        ("xWrite", c_void_p),
        ("xTruncate", c_void_p),
        ("xSync", c_void_p),
        ("others", c_void_p * 13),  # up to xUnfetch of version 3
    )


class _File(ctypes.Structure):
    _fields_ = (("pMethods", POINTER(_Methods)),)


class Between(Protocol):
    """Who stands between. *do* does it on the disk, and returns SQLite's code: 0 if it succeeded."""

    def create(self, path: str, do: Do) -> int:
        """A file that is not there is being made."""

    def write(self, path: str, at: int, data: bytes, do: DoPart) -> int:
        """*data* is being written at *at*; *do* takes how many of its bytes."""

    def truncate(self, path: str, size: int, do: Do) -> int:
        """The file is being cut off."""

    def sync(self, path: str, do: Do) -> int:
        """The file is being made durable."""

    def delete(self, path: str, do: Do) -> int:
        """The file is being removed."""

    def folder(self, path: str) -> None:
        """The names in the folder of *path* are being made durable; SQLite hears of no failure."""


class Do(Protocol):
    """Does what was asked for."""

    def __call__(self) -> int: ...


class DoPart(Protocol):
    """Does so many bytes of what was asked for."""

    def __call__(self, length: int) -> int: ...


class Shim:
    """Our VFS. One for the whole process, for SQLite may hold on to it as long as a file is open."""

    def __init__(self) -> None:
        """Find SQLite, and copy its default VFS.

        Raises:
            UsageError: If SQLite's own functions cannot be called, for it is built into Python.
        """
        self._library = _library()
        self._real = self._library.sqlite3_vfs_find(None)
        self._copy = _Vfs()
        ctypes.memmove(ctypes.byref(self._copy), self._real, ctypes.sizeof(_Vfs))
        self._copy.zName, self._copy.pNext = b"between", None
        self._between: Between | None = None
        self._dice = Random(0)
        self._paths: dict[int, str | None] = {}
        """Where SQLite's open files are; None: temporary ones without a name."""
        self._methods: dict[int, _Methods] = {}
        real = ctypes.cast(self._real, POINTER(_Vfs)).contents
        self._open_real, self._delete_real = _OPEN(real.xOpen), _DELETE(real.xDelete)
        folder = _GET(real.xGetSystemCall)(self._real, b"openDirectory")
        self._folder_real = _FOLDER(folder)
        # Whatever is called back must not be collected.
        self._kept = (_OPEN(self._open), _DELETE(self._delete), _RANDOM(self._random), _FOLDER(self._folder))
        opened, deleted, rolled, synced = (ctypes.cast(each, c_void_p).value for each in self._kept)
        self._copy.xOpen, self._copy.xDelete, self._copy.xRandomness = opened, deleted, rolled
        _SET(real.xSetSystemCall)(self._real, b"openDirectory", synced)
        self._kept_methods: list[object] = []

    def stand(self, between: Between, seed: int) -> None:
        """Let *between* stand there for all that is opened from now on; SQLite's dice begin with *seed*."""
        self._between, self._dice = between, Random(seed)
        self._library.sqlite3_vfs_register(ctypes.byref(self._copy), 1)
        self._library.sqlite3_randomness(0, None)

    def go(self) -> None:
        """Let nobody stand there any more."""
        self._between = None
        self._library.sqlite3_vfs_unregister(ctypes.byref(self._copy))
        self._library.sqlite3_vfs_register(self._real, 1)
        self._library.sqlite3_randomness(0, None)

    # --- called by SQLite -------------------------------------------------------------------

    def _open(self, _vfs: int, name: int | None, file: int, flags: int, out: int | None) -> int:
        path = None if name is None else ctypes.string_at(name).decode()
        between = self._between

        def do() -> int:
            code: int = self._open_real(self._real, name, file, flags, out)
            return code

        if between is None or path is None or not flags & _CREATE or Path(path).exists():
            code = do()
        else:
            code = between.create(path, do)
        self._paths[file] = path
        if code == 0:
            self._take_over(file)
        return code

    def _take_over(self, file: int) -> None:
        """Put ourselves before the functions that write to *file*."""
        opened = ctypes.cast(file, POINTER(_File)).contents
        real = ctypes.addressof(opened.pMethods.contents)
        if real not in self._methods:
            self._methods[real] = self._before(opened.pMethods.contents)
        opened.pMethods = ctypes.pointer(self._methods[real])

    def _before(self, real: _Methods) -> _Methods:
        methods = _Methods()
        others = {1: 7, 2: 11}.get(real.iVersion, 13)
        size = _Methods.others.offset + others * ctypes.sizeof(c_void_p)
        ctypes.memmove(ctypes.byref(methods), ctypes.byref(real), size)
        write_real, truncate_real, sync_real = (
            _WRITE(real.xWrite),
            _TRUNCATE(real.xTruncate),
            _SYNC(real.xSync),
        )

        def write(file: int, data: int, length: int, at: int) -> int:
            between, path = self._between, self._paths.get(file)
            if between is None or path is None:
                return _code(write_real(file, data, length, at))
            return between.write(
                path,
                at,
                ctypes.string_at(data, length),
                lambda part: _code(write_real(file, data, part, at)) if part else 0,
            )

        def truncate(file: int, size: int) -> int:
            between, path = self._between, self._paths.get(file)
            if between is None or path is None:
                return _code(truncate_real(file, size))
            return between.truncate(path, size, lambda: _code(truncate_real(file, size)))

        def sync(file: int, flags: int) -> int:
            between, path = self._between, self._paths.get(file)
            if between is None or path is None:
                return _code(sync_real(file, flags))
            return between.sync(path, lambda: _code(sync_real(file, flags)))

        ours = (_WRITE(write), _TRUNCATE(truncate), _SYNC(sync))
        self._kept_methods += [ours, write_real, truncate_real, sync_real]
        methods.xWrite, methods.xTruncate, methods.xSync = (
            ctypes.cast(each, c_void_p).value for each in ours
        )
        return methods

    def _delete(self, _vfs: int, name: bytes, synced: int) -> int:
        between = self._between
        if between is None or not Path(name.decode()).exists():
            return _code(self._delete_real(self._real, name, synced))
        return between.delete(name.decode(), lambda: _code(self._delete_real(self._real, name, synced)))

    def _random(self, _vfs: int, length: int, out: int) -> int:
        ctypes.memmove(out, self._dice.randbytes(length), length)
        return length

    def _folder(self, name: bytes, out: int) -> int:
        if self._between is not None:
            self._between.folder(name.decode())
        return _code(self._folder_real(name, out))


def _code(code: int) -> int:
    return code


def _library() -> ctypes.CDLL:
    """Return the SQLite that Python's own module uses."""
    # A name is looked up in the module and in whatever that was linked with.
    library = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
    try:
        library.sqlite3_vfs_find.restype = c_void_p
        library.sqlite3_vfs_find.argtypes = [c_char_p]
        library.sqlite3_vfs_register.argtypes = [c_void_p, c_int]
        library.sqlite3_vfs_unregister.argtypes = [c_void_p]
        library.sqlite3_randomness.argtypes = [c_int, c_void_p]
        library.sqlite3_libversion.restype = c_char_p
        version = library.sqlite3_libversion().decode()
    except AttributeError:
        raise UsageError(
            "this Python has SQLite built in, out of reach: this needs one with a shared libsqlite3"
        ) from None
    if version != sqlite3.sqlite_version:
        raise UsageError(f"found SQLite {version}, but Python uses {sqlite3.sqlite_version}")
    return library


@cache
def shim() -> Shim:
    """Return the one shim of this process.

    Raises:
        UsageError: If SQLite's own functions cannot be called.
    """
    return Shim()
