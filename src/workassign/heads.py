"""Is a sealed journal still the one whose head was published elsewhere, and was nothing in it changed?"""

from __future__ import annotations

import hmac
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import attrs

from workassign._codec import MALFORMED, as_json, from_json
from workassign.errors import JournalError, UsageError
from workassign.model import Instant
from workassign.sealing import Seal, covered, is_sealed, sealer

__all__ = ["Digest", "Head", "examine", "head_of"]

Bodies = Callable[[int], Iterator[bytes]]
"""Reads the bodies of a journal from a seq on: `Store.load`."""

MOST_BROKEN = 100
"""An examination lists so many problems, and stops."""


@attrs.frozen(kw_only=True)
class Head:
    """How far a sealed journal had come: who keeps one elsewhere can prove later what was there."""

    journal: str
    """The journal's own name, 32 hexadecimal digits."""
    name: str = ""
    """What the operator calls it, a shard say."""
    seq: int
    """The last entry."""
    at: Instant | None
    """The instant of it; None for the header."""
    seal: str
    """Its seal."""
    key: str = ""
    """The id of the key that signs it; empty: it is not signed."""
    signature: str = ""
    """HMAC-SHA256 of everything else here."""

    def as_json(self) -> str:
        """Return it as one line of JSON."""
        return as_json(attrs.asdict(self)).decode()

    @classmethod
    def from_json(cls, text: str) -> Head:
        """Return the head in *text*.

        Raises:
            UsageError: If there is none.
        """
        try:
            head = cls(**json.loads(text))
            sound = type(head.seq) is int and all(type(each) is str for each in head._texts())
        except MALFORMED:
            sound = False
        if not sound:
            raise UsageError("this is no head of a journal")
        return head

    def signed(self) -> bytes:
        """Return what its signature is of."""
        return as_json({**attrs.asdict(self), "signature": ""})

    def _texts(self) -> tuple[str, ...]:
        return self.journal, self.name, self.seal, self.key, self.signature


def head_of(bodies: Bodies, last: int, seal: Seal | None = None, name: str = "") -> Head:
    """Return the head of the journal whose last entry is *last*, signed by the key of *seal* if it has one.

    Only that entry is checked. Cost: O(1), where the store can read from the middle.

    Raises:
        JournalError: If there is no journal, or it was altered, or *seal* lacks its key.
        UsageError: If it is not sealed.
    """
    body = next(bodies(0), None)
    if body is None:
        raise JournalError("the journal is empty: it has no header")
    if not is_sealed(body):
        raise UsageError("this journal was begun without a seal: it has no head to publish")
    found = sealer(bodies, last, seal)
    assert found is not None
    at = from_json(next(bodies(last)))["at"] if last else None
    key = None if seal is None else seal.key
    head = Head(
        journal=from_json(body)["journal"], name=name, seq=last, at=at, seal=found.last, key=key or ""
    )
    if seal is None or key is None:
        return head
    return attrs.evolve(head, signature=seal.signature(head.signed(), key))


class Digest:
    """A hash of everything that one erasure erased, entry by entry: what the journal says of it later."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._hash = sha256()

    def take(self, seq: int, place: int, commitment: str, value: object) -> None:
        """Add that at a *place* of the entry *seq* stands *value* now, and what is committed to there."""
        self._hash.update(as_json([seq, place, commitment, value]))

    def said(self) -> str:
        """Return it."""
        return self._hash.hexdigest()


def examine(
    bodies: Bodies, seal: Seal | None = None, head: Head | None = None, begins: int = 1
) -> tuple[str, list[str]]:
    """Return what seals the journal, and every seal that is broken: at most 100, each with its entry.

    A journal that is sealed with a key needs *seal* to be checked, and one begun without needs none;
    but with a *seal* or a *head* it must be sealed. Where entries were removed, *begins* is the first one
    behind the header: its own seal follows from nothing that is there, and erasures are not accounted for.
    Cost: O(entries).

    Raises:
        JournalError: If an entry cannot be read.
    """
    found = _Examination(seal, head, begins)
    first = next(bodies(0), None)
    if first is None or not found.begin(first):
        return found.sealed, found.problems
    found.entry(0, first)
    for seq, body in enumerate(bodies(begins), begins):
        found.entry(seq, body)
        if len(found.problems) >= MOST_BROKEN:
            break
    else:
        found.close()
    return found.sealed, found.problems


class _Examination:
    """One way through a journal, from seal to seal."""

    def __init__(self, seal: Seal | None, head: Head | None, begins: int) -> None:
        self._begins = begins
        self.problems: list[str] = []
        self.sealed = ""
        self._seal = seal
        self._head = head
        self._by: Callable[[bytes], str] | None = None
        self._last = ""
        self._seq = -1
        self._journal = ""
        self._erased: dict[int, Digest] = defaultdict(Digest)

    def begin(self, body: bytes) -> bool:
        """Look at the header; return whether there is anything to check."""
        if not is_sealed(body):
            if self._seal is not None or self._head is not None:
                self.problems.append("entry 0: the journal is not sealed")
            return False
        try:
            data = from_json(body)
            self._journal = data["journal"]
            self.sealed = str(data["sealed"]["by"])
        except MALFORMED:
            self.problems.append("entry 0: it does not say what seals it")
            return False
        if self._seal is None and self.sealed == "sha256":
            self._seal = Seal()
        if self._seal is None:
            self.sealed += ", not checked: no key was given"
            if self._head is not None:
                self.problems.append("a head cannot be checked without the key of the journal")
            return False
        self._check_head(self._seal)
        return self._change(0, data["sealed"], self._seal)

    def entry(self, seq: int, body: bytes) -> None:
        """Check that the entry *seq* has the seal that follows from the one before."""
        self._seq = seq
        erased: list[tuple[int, int, str, Any]] = []
        try:
            data, found, parts = covered(body, lambda *one: erased.append(one))
        except MALFORMED as error:
            self._broken(seq, str(error))
            self._last = body[-66:-2].decode() if is_sealed(body) else self._last  # to go on from
            return
        if seq and "sealed" in data and self._seal is not None:
            self._change(seq, data["sealed"], self._seal)
        if self._by is None:
            return
        is_first = seq == self._begins > 1  # of those that are left
        if not is_first and not hmac.compare_digest(self._by(bytes.fromhex(self._last) + parts), found):
            self._broken(seq, "it was altered, or is out of its place, or something before it is missing")
        self._last = found
        for number, place, commitment, value in erased if self._begins == 1 else ():
            self._erased[number].take(seq, place, commitment, value)
        if "erased" in data and self._begins == 1:
            self._account(seq, data["erased"])
        if self._head is not None and self._head.seq == seq and self._head.seal != found:
            self._broken(seq, "it is not the one whose head was published")

    def close(self) -> None:
        """Look for what is missing at the end."""
        if self._head is not None and self._head.seq > self._seq:
            self._broken(
                self._seq, f"it is the last one, but the head of entry {self._head.seq} was published"
            )
        for number in sorted(self._erased):
            self.problems.append(f"something was erased as number {number}, which no entry accounts for")

    def _change(self, seq: int, said: Any, seal: Seal) -> bool:  # noqa: ANN401 - whatever stands there
        """Go on by what the journal says; return whether that can be checked."""
        try:
            self._by = seal.of(said)
        except JournalError as error:
            self._by = None
            self._broken(seq, f"it is {error}")
            return False
        return True

    def _account(self, seq: int, said: Any) -> None:  # noqa: ANN401 - as above
        """Check that what was erased before is what this entry says."""
        try:
            number, digest = int(said["number"]), said["digest"]
        except MALFORMED:
            self._broken(seq, "it does not say what was erased")
            return
        if self._erased.pop(number, Digest()).said() != digest:
            self._broken(seq, "something else was erased than it says")

    def _check_head(self, seal: Seal) -> None:
        head = self._head
        if head is None:
            return
        if head.journal != self._journal:
            self.problems.append("the head is of another journal")
        if seal.key is None:
            return
        try:
            signed = head.key != "" and hmac.compare_digest(
                seal.signature(head.signed(), head.key).encode(), head.signature.encode()
            )
        except JournalError:
            signed = False
        if not signed:
            self.problems.append("the head is not signed with a key that was given")

    def _broken(self, seq: int, problem: str) -> None:
        self.problems.append(f"entry {seq}: {problem}")
