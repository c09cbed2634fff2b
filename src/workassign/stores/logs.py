"""Was the write-ahead log altered that a crash has left beside an SQLite file?

SQLite takes of such a log what stands before the first frame whose checksum is wrong, and is silent
about the rest: a crash in the middle of a write leaves just such a frame. But every batch is waited
for before the next one is written, so a crash leaves at most one batch unfinished. If whole batches
stand behind a frame that is wrong, these were answered for, and the log was altered.

A log is begun anew, with another header, once all that it has is in the file itself. If a crash in
the middle of that leaves a header that is wrong, the file has every page that the log has.

What cannot be told from a crash is damage in the very last batch.

The format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from struct import unpack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy import uint32
    from numpy.typing import NDArray

__all__ = ["batches_behind_damage"]

_HEADER, _FRAME = 32, 24
_WORD = 0xFFFFFFFF
_MAGIC = (0x377F0682, 0x377F0683)
"""Checksums are of words with the small end first, or with the big end first."""


def batches_behind_damage(log: Path) -> int:
    """Return how many batches, at least, stand in *log* behind damage; 0: nothing was altered.

    Cost: O(size), about a tenth of a second for 40 MB. A log that is not there, or empty, is not altered.

    Raises:
        OSError: If it cannot be read.
    """
    try:
        data = log.read_bytes()
    except FileNotFoundError:
        return 0
    if len(data) <= _HEADER or not any(data[:_HEADER]):
        return 0  # nothing was ever waited for
    magic, _, page, _, *salts, first, second = unpack(">8I", data[:_HEADER])
    sums = _sums(data[: _HEADER - 8], (0, 0), big=magic != _MAGIC[0])
    if magic not in _MAGIC or sums != (first, second) or not 512 <= page <= 65536:
        return 0 if _is_kept(data, log.with_name(log.name.removesuffix("-wal"))) else 1
    size = _FRAME + page
    begins = range(_HEADER, len(data) - size + 1, size)
    for number, begin in enumerate(begins):
        frame = data[begin : begin + size]
        _, _, *salt, one, two = unpack(">6I", frame[:_FRAME])
        sums = _sums(frame[:8] + frame[_FRAME:], sums, big=magic == _MAGIC[1])
        if salt != salts or sums != (one, two):
            # Frames of the log's earlier lives, with other salts, are no part of it.
            ends = sum(1 for each in begins[number:] if _ends_batch(data[each : each + _FRAME], salts))
            return max(0, ends - 1)
    return 0


def _is_kept(data: bytes, file: Path) -> bool:
    """Whether *file* has every page of the log *data*, whose header is wrong, as its batches left it."""
    kept = file.read_bytes() if file.exists() else b""
    page = int.from_bytes(kept[16:18], "big")  # where the file says how large its pages are; 1: 65536
    page = 65536 if page == 1 else page
    if page < 512 or len(data) < _HEADER + _FRAME + page:
        return len(data) < _HEADER + _FRAME + 512  # there is no frame
    size, salts = _FRAME + page, data[_HEADER + 8 : _HEADER + 16]
    pages: dict[int, bytes] = {}
    batch: dict[int, bytes] = {}
    for begin in range(_HEADER, len(data) - size + 1, size):
        frame = data[begin : begin + size]
        if frame[8:16] != salts:  # of an earlier life
            break
        number, ends = unpack(">2I", frame[:8])
        batch[number] = frame[_FRAME:]
        if ends:
            pages, batch = {**pages, **batch}, {}
            pages = {number: body for number, body in pages.items() if number <= ends}
    if not pages:  # the first frame is wrong, too; is there a batch at all?
        return not any(
            unpack(">I", data[each + 4 : each + 8])[0] for each in range(_HEADER, len(data) - size + 1, size)
        )
    return all(kept[(number - 1) * page : number * page] == body for number, body in pages.items())


def _ends_batch(frame: bytes, salts: list[int]) -> bool:
    _, pages, *salt, _, _ = unpack(">6I", frame)
    # One of them may be what was altered; of an earlier life both are others.
    return pages > 0 and any(one == other for one, other in zip(salt, salts, strict=True))


def _sums(data: bytes, sums: tuple[int, int], *, big: bool) -> tuple[int, int]:
    """Return the checksum that goes on from *sums* with *data*, a multiple of 8 bytes.

    By definition, for every two words: `one += even + two; two += odd + one`, modulo 2 ** 32. That is
    linear, so it is one product of all words with weights that depend on nothing but their number.
    """
    import numpy as np

    words = np.frombuffer(data, dtype=">u4" if big else "<u4").astype(np.uint32)
    weights, (first, second) = _weights(len(words) // 2)
    one, two = (int(each) for each in (weights * words).sum(axis=1, dtype=np.uint32))
    begun = sums[0] * first + sums[1] * second, sums[0] * second + sums[1] * (first + second)
    return (begun[0] + one) & _WORD, (begun[1] + two) & _WORD


@cache
def _weights(pairs: int) -> tuple[NDArray[uint32], tuple[int, int]]:
    """Return what each word of so many pairs counts in both sums, and what the first sum of before does."""
    import numpy as np

    weights = np.empty((2, 2 * pairs), dtype=np.uint32)
    one, two = 1, 0  # what the first sum, as it was after this pair, counts in both; the second's follow
    for pair in reversed(range(pairs)):
        weights[:, 2 * pair] = (one + two) & _WORD, (two + one + two) & _WORD
        weights[:, 2 * pair + 1] = two, (one + two) & _WORD
        one, two = (one + two) & _WORD, (one + 2 * two) & _WORD
    return weights, (one, two)
