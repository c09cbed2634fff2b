"""How is a journal sealed, so that nobody can change it unseen, and a customer can be erased all the same?

Each entry ends with a seal: SHA-256, or HMAC-SHA256 with a key, of the seal before it and of the
entry. What is personal in an entry goes into that hash as a commitment, SHA-256 of a salt and the
value, never as it is; the salts stand beside it (`open`). Whoever puts a pseudonym in place of a
value, and the commitment in place of its salt, has erased it: the hash is the same, and without the
salt, 120 random bits, nobody can try out whose it was. (A commitment in the sense of Brassard, Chaum
and Crépeau 1988; a chain of hashes as Haber and Stornetta 1991, of MACs as Bellare and Yee 1997.)

Without a key the chain shows any change to whoever keeps its head elsewhere; with one, nobody who
lacks the key can write an entry, or a head, at all.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

from workassign._codec import as_json, from_json
from workassign.errors import JournalError, UsageError

__all__ = [
    "ATTRIBUTE",
    "FIGURE",
    "ID",
    "TEXT",
    "Seal",
    "Sealer",
    "begun",
    "committed",
    "covered",
    "ended",
    "is_sealed",
    "masked",
    "messages",
    "opened",
    "revise",
    "sealer",
]

PLAIN, KEYED = "sha256", "hmac-sha256"

SALT = 15
"""A salt has so many random bytes, 120 bits: as text 20 letters, with nothing left over."""

SALTED = SALT * 4 // 3

_POOL = 64
"""So many salts are drawn at once."""

SHORTEST_KEY = 16
"""A key has at least so many bytes."""

_AT_END = re.compile(rb'[{,]"seal":"[0-9a-f]{64}"\}')
_ENDED = len(b',"seal":""}') + 64

ID, TEXT, FIGURE, ATTRIBUTE = "id", "text", "figure", "attribute"

Told: TypeAlias = Callable[[str, str, Any], Any]
"""Is given a personal value, behind what of these it is, and its name; returns what stands there then."""

_IDS = frozenset({"interaction", "review", "into", "subject", "key", "actor", "ref", "id", "parent"})
"""The fields that name something of a customer. The same value is the same thing, wherever it stands."""

_TEXTS = frozenset({"reason", "cause", "error"})
"""The fields that may say what somebody wrote, or a policy: nobody knows what is in that."""

_FIGURES = frozenset({"value", "influence", "followers"})
"""What of a customer could tell who she is."""


class Seal:
    """What a journal is sealed with: a key, or none. It shows none of its keys.

    >>> Seal(b"a key of at least 16 bytes")
    Seal('hmac-sha256', key='c5da0fd44e55d7a2')
    """

    def __init__(
        self,
        key: bytes | None = None,
        *,
        older: Sequence[bytes] = (),
        dice: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        """Seal with *key*; without one, by hash alone. *older* keys are known, and seal nothing any more.

        *dice* returns so many random bytes, for salts and names; another one makes tests reproducible.

        Raises:
            UsageError: If a key has fewer than 16 bytes, or there are only older ones.
        """
        if key is None and older:
            raise UsageError("a seal that has older keys must have a present one")
        keys = [each for each in (key, *older) if each is not None]
        if not all(isinstance(each, bytes) and len(each) >= SHORTEST_KEY for each in keys):
            raise UsageError(f"a key of a seal must have at least {SHORTEST_KEY} bytes")
        self._keys = {_derived(each, b"id").hex()[:16]: each for each in keys}
        self.dice = dice
        self.by = PLAIN if key is None else KEYED
        """`sha256` or `hmac-sha256`."""
        self.key = None if key is None else next(iter(self._keys))
        """The id of its key, which tells nothing of it."""

    @classmethod
    def of_text(cls, text: str) -> Seal:
        """Return the seal of keys that stand one a line, the present one first.

        Raises:
            UsageError: If there is none, or one is too short.
        """
        keys = [line.strip().encode() for line in text.splitlines() if line.strip()]
        if not keys:
            raise UsageError("there is no key of a seal")
        return cls(keys[0], older=keys[1:])

    @classmethod
    def of_file(cls, path: str | PathLike[str]) -> Seal:
        """Return the seal whose keys are in a file, one a line, the present one first.

        Raises:
            UsageError: If it cannot be read, or holds no keys.
        """
        try:
            return cls.of_text(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            raise UsageError(f"{Path(path).name}: the keys of a seal cannot be read") from None
        except UsageError as error:
            raise UsageError(f"{Path(path).name}: {error}") from None

    @classmethod
    def of_environment(cls, name: str) -> Seal:
        """Return the seal whose keys are in the environment variable *name*, one a line.

        Raises:
            UsageError: If it is not set, or holds no keys.
        """
        try:
            return cls.of_text(os.environ.get(name, ""))
        except UsageError as error:
            raise UsageError(f"the environment variable {name}: {error}") from None

    def __repr__(self) -> str:
        """Show what it is, and nothing of its keys."""
        return f"Seal({self.by!r})" if self.key is None else f"Seal({self.by!r}, key={self.key!r})"

    def said(self) -> dict[str, str]:
        """Return what a journal says of it."""
        return {"by": self.by} if self.key is None else {"by": self.by, "key": self.key}

    def known(self) -> list[dict[str, str]]:
        """Return what journals may say of what it can check: all its keys; or that they have none."""
        return [{"by": KEYED, "key": each} for each in self._keys] or [{"by": PLAIN}]

    def of(self, said: Any) -> Callable[[bytes], str]:  # noqa: ANN401 - a journal says it
        """Return what seals by what a journal says: bytes -> 64 hexadecimal digits.

        Raises:
            JournalError: If it says a key that is not known here, or something that is no seal.
        """
        if said == {"by": PLAIN}:
            if self._keys:
                raise JournalError("sealed without a key, as anybody can")
            return lambda data: hashlib.sha256(data).hexdigest()
        if type(said) is not dict or said.get("by") != KEYED or set(said) != {"by", "key"}:
            raise JournalError("sealed by something that this version does not know")
        if type(said["key"]) is not str or said["key"] not in self._keys:
            raise JournalError("sealed with a key that was not given")
        key = _derived(self._keys[said["key"]], b"chain")
        return lambda data: hmac.digest(key, data, "sha256").hex()

    def signature(self, data: bytes, key: str) -> str:
        """Return the signature of *data*, no part of a journal, by the key with the id *key*.

        Raises:
            JournalError: If that is not known here.
        """
        if key not in self._keys:
            raise JournalError("signed with a key that was not given")
        return hmac.digest(_derived(self._keys[key], b"head"), data, "sha256").hex()


def _derived(key: bytes, use: bytes) -> bytes:
    """Return a key for one use, so that what is made for one can never pass for another."""
    return hmac.digest(key, b"workassign " + use, "sha256")


# --- what is personal -------------------------------------------------------------------------


def messages(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the command and the facts of *entry*; none of a header."""
    return [each for each in (entry.get("command"), *entry.get("facts", ())) if type(each) is dict]


def revise(message: dict[str, Any], told: Told) -> None:
    """Put into *message* what *told* returns for each personal value."""
    for name, value in message.items():
        if name in _IDS:
            if type(value) is str:
                message[name] = told(ID, name, value)
            elif name == "interaction" and type(value) is dict:
                revise(value, told)
        elif name in _TEXTS:
            if type(value) is str:
                message[name] = told(TEXT, name, value)
        elif name == "customer":
            if type(value) is dict:
                _revise_customer(value, told)
        elif name == "attributes" and isinstance(value, Mapping):
            message[name] = {each: told(ATTRIBUTE, each, what) for each, what in value.items()}


def _revise_customer(customer: dict[str, Any], told: Told) -> None:
    for name, value in customer.items():
        if name == "id" and type(value) is str:
            customer[name] = told(ID, name, value)
        elif name in _FIGURES:
            customer[name] = told(FIGURE, name, value)


# --- commitments ------------------------------------------------------------------------------


def committed(salt: str, value: object) -> str:
    """Return the commitment to *value* under *salt*: nobody finds another value with the same one."""
    if type(value) is str:
        said = b"\0s" + value.encode("utf-8", "surrogatepass")
    else:
        said = b"\0j" + as_json(value)
    return hashlib.sha256(salt.encode("ascii") + said).hexdigest()


def salts(dice: Callable[[int], bytes]) -> Iterator[str]:
    """Yield salts for ever."""
    while True:
        pool = urlsafe_b64encode(dice(SALT * _POOL)).decode()
        for begin in range(0, len(pool), SALTED):
            yield pool[begin : begin + SALTED]


def masked(entry: dict[str, Any], fresh: Iterator[str]) -> str:
    """Put a commitment in place of each personal value of *entry*, and return what opens them, as JSON.

    *fresh* gives the salts.

    That is, for each value, a salt; or, where an id stands a second time, the number of the
    place where it stood first.
    """
    slots: list[str] = []
    places: dict[str, int] = {}
    commitments: list[str] = []

    def commit(kind: str, name: str, value: Any) -> str:  # noqa: ANN401 - any plain value
        if kind == ID:
            place = places.setdefault(value, len(slots))
            if place < len(slots):
                slots.append(str(place))
                commitments.append(commitments[place])
                return commitments[place]
        salt = next(fresh)
        commitment = committed(salt, value)
        slots.append(f'"{salt}"')
        commitments.append(commitment)
        return commitment

    for message in messages(entry):
        revise(message, commit)
    return ",".join(slots)


def opened(entry: dict[str, Any], slots: Sequence[Any], shut: Callable[[int, int, str, Any], None]) -> None:
    """Put the commitment in place of each personal value of *entry*, as *slots* opens them.

    *shut* is called with each that was erased: the number of the erasure, the place, the commitment
    and what stands there.

    Raises:
        ValueError: If the values and the slots do not belong together.
    """
    found: list[str] = []
    places: dict[str, int] = {}

    def open_one(kind: str, name: str, value: Any) -> str:  # noqa: ANN401 - any plain value
        place = len(found)
        if place >= len(slots):
            raise ValueError("it holds a personal value that nothing opens")
        slot, first = slots[place], places.setdefault(value, place) if kind == ID else place
        if first < place:
            if type(slot) is not int or slot != first:
                raise ValueError("it opens one value in two ways")
            commitment = found[first]
        elif type(slot) is list:
            number, commitment = slot
            if type(number) is not int or type(commitment) is not str:
                raise ValueError("it holds a value that was erased by nothing")
            shut(number, place, commitment, value)
        else:
            if type(slot) is not str or len(slot) != SALTED:
                raise ValueError("it holds a salt that is none")
            commitment = committed(slot, value)
        found.append(commitment)
        return commitment

    for message in messages(entry):
        revise(message, open_one)
    if len(found) != len(slots):
        raise ValueError("something personal was taken out of it")


# --- the chain --------------------------------------------------------------------------------


def begun(seal: Seal, data: dict[str, Any]) -> bytes:
    """Return the header *data* as a body, sealed by *seal*, with a name that no other journal has."""
    data = {**data, "journal": seal.dice(16).hex(), "sealed": seal.said()}
    return ended(data, (), seal.of(data["sealed"])(as_json(data)))


def covered(body: bytes, shut: Callable[[int, int, str, Any], None]) -> tuple[dict[str, Any], str, bytes]:
    """Return what a sealed *body* says, its seal, and the bytes that this is of, behind the seal before.

    What is personal is masked in all of it. *shut* as of `opened`.

    Raises:
        ValueError: If it is not sealed, not written as this library writes, or opens to nothing.
    """
    if not is_sealed(body):
        raise ValueError("it is not sealed")
    rest = from_json(body)
    slots, seal = rest.pop("open", []), rest.pop("seal")
    if body != ended(rest, slots, seal) or type(slots) is not list:
        raise ValueError("it is not as this library writes")
    opened(rest, slots, shut)
    return rest, seal, as_json(rest)


def ended(data: dict[str, Any], slots: Sequence[Any], seal: str) -> bytes:
    """Return the entry *data* as a body, with what opens it, and its seal, at its end."""
    return as_json({**data, **({"open": slots} if slots else {}), "seal": seal})


def is_sealed(body: bytes) -> bool:
    """Whether *body* ends with a seal, be it a true one or not."""
    return _AT_END.fullmatch(body[-_ENDED:]) is not None


class Sealer:
    """Seals the entries of one journal, each after the one before. Not for several threads."""

    def __init__(self, seal: Seal, last: str, change: bool = False) -> None:
        """Go on after the seal *last*; *change*: another key from the next entry on, which says so."""
        self._salts = salts(seal.dice)
        self._said = seal.said() if change else None
        self._sealed = seal.of(seal.said())
        self.last = last
        """The seal of the last entry."""

    def sealed(self, data: dict[str, Any]) -> bytes:
        """Return the entry *data*, which is used up, as a sealed body."""
        if self._said is not None:
            data["sealed"], self._said = self._said, None
        body = as_json(data)
        slots = masked(data, self._salts)
        self.last = self._sealed(bytes.fromhex(self.last) + as_json(data))
        opening = f',"open":[{slots}]' if slots else ""
        return body[:-1] + f'{opening},"seal":"{self.last}"}}'.encode()


def sealer(bodies: Callable[[int], Iterator[bytes]], head: int, seal: Seal | None) -> Sealer | None:
    """Return what seals the next entry of the journal whose *bodies* are read from a seq on; None: nothing.

    *head* is the seq of the last one, which is checked; verifying the others is for `verify`. One that
    is sealed without a key is gone on with without being asked.

    Raises:
        JournalError: If the last entry was altered, or sealed with a key that *seal* does not have.
        UsageError: If there is a *seal*, and the journal was begun without.
    """
    first = next(bodies(0), b"") if head >= 0 else b""
    if not is_sealed(first):
        if seal is not None:
            raise UsageError("this journal was begun without a seal, and goes on without one")
        return None
    seal = Seal() if seal is None else seal
    last = list(bodies(head - 1)) if head else [first]
    try:
        parts = [covered(body, _unseen) for body in last[-2:]]
    except (LookupError, TypeError, ValueError) as error:
        raise JournalError(f"entry {head}, the last one: {error}") from None
    _, found, data = parts[-1]
    before = bytes.fromhex(parts[0][1]) if head else b""
    for said in seal.known():
        if hmac.compare_digest(seal.of(said)(before + data), found):
            return Sealer(seal, found, change=said != seal.said())
    rule = "sealed with a key that was not given, or altered"
    raise JournalError(f"entry {head}, the last one, is {rule}")


def _unseen(number: int, place: int, commitment: str, value: object) -> None:
    """Look at nothing that was erased."""
