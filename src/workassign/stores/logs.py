"""Was the write-ahead log altered that a crash has left beside an SQLite file?

SQLite takes of such a log what stands before the first frame whose checksum is wrong, and is silent
about the rest: a crash in the middle of a write leaves just such a frame. But every batch is waited
for before the next one is written, so a crash leaves at most one batch unfinished. If whole batches
stand behind a frame that is wrong, these were answered for, and the log was altered.

What cannot be told from a crash is damage in the very last batch.

The format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
"""

from __future__ import annotations

from array import array
from pathlib import Path
from struct import unpack
from sys import byteorder

__all__ = ["batches_behind_damage"]

_HEADER, _FRAME = 32, 24
_MAGIC = (0x377F0682, 0x377F0683)
"""Checksums are of words with the small end first, or with the big end first."""


def batches_behind_damage(log: Path) -> int:
    """Return how many batches, at least, stand in *log* behind damage; 0: nothing was altered.

    Cost: O(size), about a second for 40 MB. A log that is not there, or empty, is not altered.

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
        return 1  # the header was waited for before there were any frames
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


def _ends_batch(frame: bytes, salts: list[int]) -> bool:
    _, pages, *salt, _, _ = unpack(">6I", frame)
    # One of them may be what was altered; of an earlier life both are others.
    return pages > 0 and any(one == other for one, other in zip(salt, salts, strict=True))


def _sums(data: bytes, sums: tuple[int, int], *, big: bool) -> tuple[int, int]:
    """Return the checksum that goes on from *sums* with *data*, a multiple of 8 bytes."""
    words = array("I", data)
    if big != (byteorder == "big"):
        words.byteswap()
    one, two = sums
    pairs = iter(words)
    for even, odd in zip(pairs, pairs, strict=True):
        one = one + even + two & 0xFFFFFFFF
        two = two + odd + one & 0xFFFFFFFF
    return one, two
