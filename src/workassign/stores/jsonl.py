"""A journal as text: one line an entry, `{"seq":…,"crc":…,"body":{…}}`, to read and to grep.

The body between its braces is, byte for byte, what the checksum is of. A crash in the middle of
a write leaves a last line without its end: that line was never answered for, and is dropped when
the file is opened. Anything else that is not as it was written is a `JournalError`. Only a file
that was cut off exactly at the end of a line cannot be told from a shorter one; `SqliteStore`
notices that too, and is the better shelf for a service.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from os import PathLike
from pathlib import Path
from typing import BinaryIO
from zlib import crc32

from workassign.errors import JournalError, LockedError
from workassign.journal import chained, check_rewrite, linked
from workassign.stores._disk import sync, write_through
from workassign.stores._fit import opened, writable

__all__ = ["JsonlStore", "line_of"]

_LOG = logging.getLogger("workassign.stores.jsonl")

_LINE = re.compile(rb'\{"seq":(0|[1-9]\d{0,17}),"crc":(0|[1-9]\d{0,9}),"body":(.*)\}', re.DOTALL)
_FIRST = b'{"seq":0,"crc":'
"""How every journal begins."""

_BLOCK = 1 << 16


class JsonlStore:
    """Keeps a journal in a text file, which it locks while it is open.

    An append writes the whole batch at once and waits for the disk (`fsync`). Reading from the
    middle (`load(start)`) passes over everything before it.

    Raises:
        LockedError: If the file is open elsewhere.
        JournalError: If it is no journal, or cannot be read or made.
    """

    def __init__(self, path: str | PathLike[str], *, readonly: bool = False) -> None:
        """Open the journal at *path*, or make a new one, readable to its owner only.

        With *readonly* it must be there; others may read it meanwhile, and nothing is written.
        """
        self._path = Path(path)
        self._readonly = readonly
        self._lock = threading.Lock()
        self._file: int | None = None
        self._poisoned = False
        self._head = -1
        self._crc = 0
        self._end = 0
        """So many bytes are durable."""
        self._open()

    def append(self, expected_head: int, batch: Sequence[bytes]) -> int:
        """Write all of *batch*, wait for the disk, and return the new head."""
        with self._lock:
            file = self._writable()
            rows = linked(batch, expected_head, self._head, self._crc)
            data = _lines(rows)
            try:
                self._write(file, data)
            except BaseException as error:
                self._poisoned = True
                with suppress(OSError):  # so that nobody goes on from what may not be on the disk
                    os.ftruncate(file, self._end)
                if isinstance(error, OSError):
                    raise JournalError(f"{self._path.name}: appending failed: {error}") from error
                raise
            self._end += len(data)
            if rows:
                self._head, self._crc, _ = rows[-1]
            return self._head

    def load(self, start: int = 0) -> Iterator[bytes]:
        """Yield the bodies from *start* on, checked."""
        with self._lock:
            self._opened()
            end = self._end
        return self._load(start, end)

    def head(self) -> int:
        """Return the seq of the last entry; -1 if there is none."""
        self._opened()
        return self._head

    def rewrite(self, expected_head: int, changed: Mapping[int, bytes], batch: Sequence[bytes]) -> int:
        """Put other bodies in place of some, append *batch* and return the new head.

        A new file, `path.new` until it is complete, takes the place of the old one.
        """
        with self._lock:
            self._writable()
            check_rewrite(expected_head, self._head, changed)
            bodies = [changed.get(seq, body) for seq, body in enumerate(self._load(0, self._end))]
            rows = linked([*bodies, *batch], -1, -1, 0)
            fresh = self._path.with_name(f"{self._path.name}.new")
            try:
                self._replace(fresh, _lines(rows))
            except OSError as error:
                raise JournalError(f"{self._path.name}: rewriting failed: {error}") from error
            finally:
                with suppress(OSError):
                    fresh.unlink(missing_ok=True)
            self._head, self._crc, _ = rows[-1]
            return self._head

    def reopen(self) -> None:
        """Find out what is really there. What a failed append may have left is cut off."""
        with self._lock:
            end = self._end if self._poisoned else None
            self._close()
            self._open(end)

    def close(self) -> None:
        """Unlock the file."""
        with self._lock:
            self._close()

    # --- writing ----------------------------------------------------------------------------

    def _write(self, file: int, data: bytes) -> None:
        write_through(file, data)

    def _replace(self, fresh: Path, data: bytes) -> None:
        """Write *data* to the new file *fresh*, locked, and let it be the journal, durably."""
        fresh.unlink(missing_ok=True)
        file = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            self._lock_file(file)
            write_through(file, data)
            self._poisoned = True  # until the name is durable, too
            fresh.replace(self._path)
            old, self._file, self._end = self._file, file, len(data)
        except BaseException:
            os.close(file)
            raise
        if old is not None:
            os.close(old)
        sync(self._path.parent)
        self._poisoned = False

    def _opened(self) -> int:
        return opened(self._file, self._path.name)

    def _writable(self) -> int:
        return writable(self._opened(), self._path.name, readonly=self._readonly, poisoned=self._poisoned)

    # --- opening ----------------------------------------------------------------------------

    def _open(self, cut: int | None = None) -> None:
        """Lock the file, drop what is behind *cut* or a torn last line, and find the head."""
        mode = os.O_RDONLY if self._readonly else os.O_RDWR | os.O_CREAT | os.O_APPEND
        try:
            file = os.open(self._path, mode, 0o600)
        except OSError as error:
            raise JournalError(f"{self._path.name}: cannot be opened: {error.strerror}") from None
        try:
            self._lock_file(file)
            if not os.path.samestat(os.fstat(file), self._path.stat()):
                raise LockedError(f"{self._path.name} is being rewritten elsewhere")
            if cut is not None:
                os.ftruncate(file, cut)
            self._find_head(file)
            if not self._readonly:
                os.fsync(file)
                # Also of an old file: whoever made it may have been killed before that.
                sync(self._path.parent)
        except OSError as error:
            os.close(file)
            raise JournalError(f"{self._path.name}: cannot be opened: {error.strerror}") from None
        except JournalError:
            os.close(file)
            raise
        self._file, self._poisoned = file, False

    def _lock_file(self, file: int) -> None:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if self._readonly else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError(f"{self._path.name} is open elsewhere") from None

    def _find_head(self, file: int) -> None:
        size = os.fstat(file).st_size
        begin = os.pread(file, len(_FIRST), 0)
        if not _FIRST.startswith(begin[: len(_FIRST)]):
            raise JournalError(f"{self._path.name} is no workassign journal")
        line, self._end = self._last_line(file, size), size
        if line and not line.endswith(b"\n"):
            self._end, line = self._torn(file, size, line)
        self._head, self._crc = -1, 0
        if line:
            found = _LINE.fullmatch(line[:-1])
            if found is None:
                raise JournalError(f"{self._path.name}: the last entry was altered")
            self._head, self._crc = int(found[1]), int(found[2])

    def _torn(self, file: int, end: int, line: bytes) -> tuple[int, bytes]:
        """Drop a last line without its end; return the new end of the file, and the line before."""
        begin = end - len(line)
        before = self._last_line(file, begin)
        last, cut = _LINE.fullmatch(before[:-1]), _LINE.fullmatch(line[:-1])
        if cut is not None and crc32(cut[3], int(last[2]) if last else 0) == int(cut[2]):
            # All is there, but the sign that ends the line is another one: nobody wrote that.
            raise JournalError(f"{self._path.name}: the end of entry {int(cut[1])} was altered")
        if self._readonly:
            return begin, before
        os.ftruncate(file, begin)
        _LOG.warning("%s: dropped an unfinished last line of %d bytes", self._path.name, len(line))
        return begin, before

    def _last_line(self, file: int, size: int) -> bytes:
        """Return the last line of the first *size* bytes."""
        tail, begin = b"", size
        while begin > 0:
            length = min(_BLOCK, begin)
            begin -= length
            tail = os.pread(file, length, begin) + tail
            at = tail.rfind(b"\n", 0, len(tail) - 1)
            if at >= 0:
                return tail[at + 1 :]
        return tail

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)  # which unlocks it
            self._file = None

    # --- reading ----------------------------------------------------------------------------

    def _load(self, start: int, end: int) -> Iterator[bytes]:
        try:
            with self._path.open("rb") as file:
                rows = self._rows(file, end)
                for seq, body in enumerate(chained(rows)):
                    if seq >= start:
                        yield body
        except OSError as error:
            raise JournalError(f"{self._path.name}: cannot be read: {error.strerror}") from None

    def _rows(self, file: BinaryIO, end: int) -> Iterator[tuple[int, int, bytes]]:
        """Yield what the lines say, up to *end*."""
        at = 0
        for expected, line in enumerate(file):
            if at >= end:
                return
            at += len(line)
            found = _LINE.fullmatch(line, 0, len(line) - 1)
            if found is None or not line.endswith(b"\n"):
                raise JournalError(f"entry {expected} was altered: {self._path.name} has another line there")
            yield int(found[1]), int(found[2]), found[3]
        if at < end:
            raise JournalError(f"{self._path.name}: the file was cut off")


def _lines(rows: Sequence[tuple[int, int, bytes]]) -> bytes:
    return b"".join(b'{"seq":%d,"crc":%d,"body":%b}\n' % row for row in rows)


def line_of(line: bytes) -> tuple[int, int, bytes] | None:
    """Return seq, checksum and body of *line*, without its end; None if it is none of ours."""
    found = _LINE.fullmatch(line)
    return None if found is None else (int(found[1]), int(found[2]), found[3])
