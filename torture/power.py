"""What may be on the disk after the power has failed?

A file's bytes are sure once it was synced; a name is sure once its folder was. Whatever was done
since then may have happened or not, each on its own and in any order; a write may have happened up
to some sector of 512 bytes, with zeros or garbage in its place from there on. What was written
before a sync that failed stays in doubt for ever, also after one that succeeds: a kernel forgets
what it could not write (https://wiki.postgresql.org/wiki/Fsync_Errors).

A write harms none of the bytes beside it: what SQLite takes for granted of every disk of today
(https://www.sqlite.org/psow.html).
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import attrs

from torture.disk import Call

__all__ = ["Drive", "Op"]

_SECTOR = 512


@attrs.frozen
class Op:
    """A call that has happened, or *failed*: then it is unknown how much of it."""

    call: Call
    failed: bool = False


@attrs.define
class _Loose:
    """A write or a truncation that is not sure."""

    at: int
    data: bytes | None
    """None: a truncation to the size *at*."""
    doubtful: bool = False
    """A sync that succeeds does not make it sure any more."""


@attrs.define
class _File:
    sure: bytearray = attrs.field(factory=bytearray)
    loose: list[_Loose] = attrs.field(factory=list)

    def synced(self) -> None:
        left: list[_Loose] = []
        for each in self.loose:
            if each.doubtful:
                left.append(each)
                continue
            _apply(self.sure, each.at, each.data)
            left = [rest for one in left for rest in _beside(one, each)]
        self.loose = left

    def failed(self) -> None:
        for each in self.loose:
            each.doubtful = True


class Drive:
    """What is on the disk for sure, and what else may be."""

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        """Begin with these *files*, all of them sure."""
        self._files = [_File(bytearray(body)) for body in (files or {}).values()]
        self._sure = {name: number for number, name in enumerate(files or {})}
        """Name -> file, for sure."""
        self._names = dict(self._sure)
        """Name -> file, as programs see it."""
        self._loose: list[tuple[tuple[str, ...], tuple[int | None, ...]]] = []
        """Names that are not sure, and what they stand for from then on; None: nothing."""

    def take(self, op: Op) -> None:
        """Take in what happens next."""
        call, name = op.call, op.call.name
        if call.what == "folder":
            if not op.failed:
                self._folder_synced()
            return
        if call.what == "create":
            self._files.append(_File())
            self._name((name,), (len(self._files) - 1,))
        elif call.what == "delete":
            self._name((name,), (None,))
        elif call.what == "rename":
            self._name((name, call.to), (None, self._names[name]))
        else:
            file = self._files[self._names[name]]
            if call.what == "write":
                file.loose.append(_Loose(call.at, call.data))
            elif call.what == "truncate":
                file.loose.append(_Loose(call.at, None))
            elif op.failed:
                file.failed()
            else:
                file.synced()

    def seen(self) -> dict[str, bytes]:
        """Return the files as programs see them, and as they are after a crash of the process alone."""
        found = {}
        for name, number in self._names.items():
            file = self._files[number]
            body = bytearray(file.sure)
            for each in file.loose:
                _apply(body, each.at, each.data)
            found[name] = bytes(body)
        return found

    def after_power_loss(self, dice: Random) -> dict[str, bytes]:
        """Return the files as one of the many ways to fail leaves them."""
        # Some states are of one kind, for at random all would be in the middle.
        share = dice.choice((0.0, 0.15, 0.5, 0.5, 0.85, 1.0))
        mangled = dice.choice((0.0, 0.3, 0.9))
        found = {}
        for name, number in self._kept_names(dice).items():
            file = self._files[number]
            found[name] = bytes(_mangled(file, dice, share, mangled)) if file.loose else bytes(file.sure)
        return found

    def loose(self) -> int:
        """Return how much is not sure."""
        return len(self._loose) + sum(len(each.loose) for each in self._files)

    # --- names ------------------------------------------------------------------------------

    def _name(self, names: tuple[str, ...], files: tuple[int | None, ...]) -> None:
        self._loose.append((names, files))
        _point(self._names, names, files)

    def _folder_synced(self) -> None:
        self._sure, self._loose = dict(self._names), []

    def _kept_names(self, dice: Random) -> dict[str, int]:
        """Return the names as they may be: of each some first changes, a renaming all or nothing."""
        found, share, stuck = dict(self._sure), dice.choice((0.0, 0.5, 0.9, 1.0)), set[str]()
        for names, files in self._loose:
            if stuck.isdisjoint(names) and dice.random() < share:
                _point(found, names, files)
            else:
                stuck.update(names)
        return found


def _point(known: dict[str, int], names: tuple[str, ...], files: tuple[int | None, ...]) -> None:
    for name, number in zip(names, files, strict=True):
        if number is None:
            known.pop(name, None)
        else:
            known[name] = number


def _apply(body: bytearray, at: int, data: bytes | None) -> None:
    if data is None:
        if at <= len(body):
            del body[at:]
        else:
            body.extend(bytes(at - len(body)))
        return
    if at > len(body):
        body.extend(bytes(at - len(body)))
    body[at : at + len(data)] = data


def _beside(one: _Loose, sure: _Loose) -> list[_Loose]:
    """Return what of *one*, which is in doubt, a later write that is *sure* has not replaced."""
    if one.data is None:
        # Bytes that were written behind the cut are there whether it happened or not.
        end = one.at if sure.data is None else max(one.at, sure.at + len(sure.data))
        return [] if sure.data is None and sure.at <= one.at else [_Loose(end, None, doubtful=True)]
    begin, end = one.at, one.at + len(one.data)
    if sure.data is None:
        cut = one.data[: max(0, sure.at - begin)]
        return [_Loose(begin, cut, doubtful=True)] if cut else []
    left, right = one.data[: max(0, sure.at - begin)], one.data[max(0, sure.at + len(sure.data) - begin) :]
    return [
        _Loose(place, rest, doubtful=True)
        for place, rest in ((begin, left), (end - len(right), right))
        if rest
    ]


def _mangled(file: _File, dice: Random, share: float, mangled: float) -> bytearray:
    """Return the bytes of *file* as they may be."""
    body, order = bytearray(file.sure), file.loose
    if len(order) > 1 and dice.random() < 0.3:
        order = dice.sample(order, len(order))
    for each in order:
        if dice.random() < share:
            _apply(body, each.at, each.data)
        elif each.data and dice.random() < mangled:
            _apply(body, each.at, _torn(each.at, each.data, dice))
    return body


def _torn(at: int, data: bytes, dice: Random) -> bytes:
    """Return *data* up to some sector of the disk, and something or nothing in place of the rest."""
    first = -at % _SECTOR
    whole = dice.choice([0, *range(first, len(data), _SECTOR)])
    kind = dice.randrange(3)
    if kind == 0:
        return data[:whole]
    return data[:whole] + (bytes(len(data) - whole) if kind == 1 else dice.randbytes(len(data) - whole))
