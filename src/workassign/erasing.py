"""How is a customer erased from a journal, which is kept for ever?

Her id, her interactions' ids, where their texts are, what was written about them and what could tell
who she is: a pseudonym stands in their place from then on, the same one wherever the same thing stood.
So replay leads to the same state but for names, and every figure is what it was. The chain of seals
holds on, for it covers commitments, whose salts go (`workassign.sealing`). A last entry says that
something was erased, how much, when and by whom; not of whom.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol, runtime_checkable

import attrs

from workassign._codec import MALFORMED, as_json, decode, from_json
from workassign.errors import JournalError, UsageError
from workassign.heads import Digest
from workassign.journal import Store, header
from workassign.model import Instant
from workassign.needs import checked_name
from workassign.sealing import (
    ATTRIBUTE,
    FIGURE,
    TEXT,
    Seal,
    committed,
    ended,
    is_sealed,
    messages,
    revise,
    sealer,
)

__all__ = ["KEPT", "Erasure", "Rewritable", "erase"]

KEPT = ("topic", "language", "intent", "urgency", "contacts")
"""The attributes that stay: they say what a case was about, and not whose it was."""

_PSEUDONYM = re.compile(r"erased-[0-9a-f]{16}")

_TELLING = ("Refused", "PolicyFailed")
"""Facts that say in a sentence what was wrong, whatever that names."""

_WRITTEN = ("reason", "cause", "error")

_OWN = frozenset({"interaction", "id", "review", "key", "ref"})
"""What of a message about her names something that is hers alone."""


@runtime_checkable
class Rewritable(Protocol):
    """What a store has beside `Store` if something can be erased from it."""

    def rewrite(self, expected_head: int, changed: Mapping[int, bytes], batch: Sequence[bytes]) -> int:
        """Put the *changed* bodies, by seq, in place of others, append *batch*, and return the new head.

        All of it or nothing, whenever the process or the machine stops, and durable on return. The
        checksums go on from the first change to the end. What stood there before is in nothing that
        the store keeps any more: snapshots are dropped, pages and logs overwritten or given back.
        Whoever is reading at the time may be told that an entry was altered, and has to begin anew.

        Raises:
            JournalError: If the head is not *expected_head*, a seq is not there, or an entry was
                altered before: then nothing has changed. Or if writing failed: then nobody knows what
                was kept, and nothing more is taken until `reopen`.
        """


@attrs.frozen(kw_only=True)
class Erasure:
    """What was erased; it does not say of whom."""

    number: int
    """The how manieth of its journal it is; 0: nothing was found."""
    interactions: int
    """So many were hers."""
    entries: int
    """So many entries were rewritten."""
    values: int
    """In so many places a pseudonym stands now, or nothing."""


_NOTHING = Erasure(number=0, interactions=0, entries=0, values=0)


def erase(
    store: Store,
    customer: str,
    *,
    seal: Seal | None = None,
    actor: str | None = None,
    at: Instant | None = None,
    keep: Collection[str] = KEPT,
    dice: Callable[[int], bytes] = secrets.token_bytes,
) -> Erasure:
    """Erase the *customer* of that id, and all that is hers, from the journal in *store*.

    *seal* has the key of the journal, if it has one. *actor* and *at* are kept: who asked for it, and
    when. The attributes named in *keep* stay. *dice* returns so many random bytes, for pseudonyms.

    No engine may be at work on the journal: it would still hold everything (see `Desk.erase`). What is
    kept elsewhere is not touched: backups, logs, texts, reports, what has been delivered. Cost: O(entries),
    read four times, and what `rewrite` costs. If she is in no entry, nothing is written.

    Raises:
        UsageError: If *customer* or *actor* is no name, or the store cannot be rewritten.
        JournalError: If the journal is damaged, *seal* lacks its key, or writing failed.
    """
    checked_name(customer, "customer id")
    if _PSEUDONYM.fullmatch(customer):
        return _NOTHING
    if actor is not None:
        checked_name(actor, "actor")
    if not isinstance(store, Rewritable):
        raise UsageError(f"a {type(store).__name__} cannot be rewritten: nothing can be erased from it")
    head = store.head()
    header(store)
    chain = sealer(store.load, head, seal)
    found = _Search(customer)
    while found.look(store):
        pass
    if not found.interactions:
        return _NOTHING
    work = _Work(found, frozenset(keep), dice)
    changed = work.rewritten(store)
    done = Erasure(
        number=found.erasures + 1,
        interactions=len(found.interactions),
        entries=len(changed),
        values=work.values,
    )
    fact = work.fact(done, actor, at, sealed=chain is not None)
    store.rewrite(head, changed, [as_json(fact) if chain is None else chain.sealed(fact)])
    return done


def _read(seq: int, body: bytes) -> dict[str, Any]:
    try:
        data = from_json(body)
        data["command"]["kind"]
    except MALFORMED as error:
        raise JournalError(f"entry {seq} cannot be read: {type(error).__name__}") from None
    return data  # type: ignore[no-any-return]


class _Search:
    """What in a journal is a customer's?"""

    def __init__(self, customer: str) -> None:
        self.interactions: set[str] = set()
        """The ids of what was ever hers, with its parts and reviews."""
        self.hers = {customer}
        """Every name of something of hers."""
        self.erasures = 0
        """So many there were before."""
        self.offers: set[int] = set()
        """The offers of hers."""
        self.others: set[str] = set()
        """The reasons that are given of others, too: words of the trade."""
        self._customer = customer

    def look(self, store: Store) -> bool:
        """Read the journal once; return whether something was found that may lead to more."""
        known = len(self.interactions), len(self.hers), len(self.offers)
        self.erasures = 0
        self.others.clear()
        for seq, body in enumerate(store.load(1), 1):
            entry = _read(seq, body)
            self.erasures += "erased" in entry
            facts = entry.get("facts", ())
            for message in (entry["command"], *facts):
                self._look_at(message)
        return known != (len(self.interactions), len(self.hers), len(self.offers))

    def _look_at(self, message: dict[str, Any]) -> None:
        about = message.get("interaction")
        table = about if type(about) is dict else message
        name = table.get("id") if table is about else about
        customer = table.get("customer")
        if type(customer) is dict and customer.get("id") == self._customer and name is not None:
            self.interactions.add(name)
        if name is not None and table.get("parent") in self.interactions:
            self.interactions.add(name)
        if self.is_about(message):
            if name in self.interactions:
                self.hers.add(name)
            self.interactions.update(_texts(message, ("review",)))
            self.hers.update(_texts(message, _OWN), _texts(table, _OWN))
            if message["kind"] == "Offered":
                self.offers.add(message["offer"])
        else:
            self.others.update(_texts(message, _WRITTEN))

    def is_about(self, message: dict[str, Any]) -> bool:
        """Whether *message* is about something of hers."""
        about = message.get("interaction")
        name = about.get("id") if type(about) is dict else about
        if name is None:
            return message.get("subject") in self.hers or message.get("offer") in self.offers
        return name in self.interactions


def _texts(table: Mapping[str, Any], names: Collection[str]) -> list[str]:
    return [value for name, value in table.items() if name in names and type(value) is str]


class _Place(NamedTuple):
    """A message, as the search left it."""

    hers: bool
    """It is about something of hers."""
    free: str | None
    """The one text in it that somebody wrote, and not we; None: any may be."""


class _Work:
    """What stands in place of what was a customer's, in one entry after the other."""

    def __init__(self, found: _Search, keep: frozenset[str], dice: Callable[[int], bytes]) -> None:
        self.values = 0
        """In so many places something else stands now."""
        self.last: Instant = 0.0
        """The instant of the last entry."""
        self._digest = Digest()
        self._found = found
        self._keep = keep
        self._dice = dice
        self._pseudonyms: dict[str, str] = {}
        names = "|".join(re.escape(each) for each in sorted(found.hers, key=len, reverse=True))
        self._named = re.compile(rf"(?<!\w)(?:{names})(?!\w)")

    def rewritten(self, store: Store) -> dict[int, bytes]:
        """Return the bodies that change, by seq."""
        changed = {}
        for seq, body in enumerate(store.load(1), 1):
            entry = _read(seq, body)
            self.last = entry["at"]
            try:
                fresh = self._without(seq, entry) if is_sealed(body) else self._plainly(entry)
                if fresh is not None:
                    decode(fresh)  # better no erasure than a journal that cannot be read
                    changed[seq] = fresh
            except MALFORMED as error:
                raise JournalError(f"entry {seq} was altered: {type(error).__name__}") from None
        return changed

    def fact(self, done: Erasure, actor: str | None, at: Instant | None, *, sealed: bool) -> dict[str, Any]:
        """Return the entry that says what was *done*. For the engine it is a tick, when time stands still."""
        command = {"kind": "Tick"} if actor is None else {"kind": "Tick", "actor": actor}
        said: dict[str, Any] = {"number": done.number, "entries": done.entries, "values": done.values}
        if at is not None:
            said["at"] = at
        if sealed:
            said["digest"] = self._digest.said()
        return {"at": self.last, "command": command, "erased": said}

    def _plainly(self, entry: dict[str, Any]) -> bytes | None:
        """Return the body of *entry*, which is not sealed, without what is hers; None: nothing is."""
        before = self.values
        for message, where in self._places(entry):
            revise(message, partial(self._instead, where))
        return as_json(entry) if self.values > before else None

    def _without(self, seq: int, entry: dict[str, Any]) -> bytes | None:
        """Return the body of *entry*, which is sealed, without what is hers; None: nothing is."""
        before, place = self.values, -1
        slots, seal = entry.pop("open", []), entry.pop("seal")

        def instead(where: _Place, kind: str, name: str, value: Any) -> Any:  # noqa: ANN401 - plain data
            nonlocal place
            place += 1
            if type(slots[place]) is list:  # an earlier erasure did
                return value
            fresh = self._instead(where, kind, name, value)
            if fresh is not value and type(slots[place]) is str:
                commitment = committed(slots[place], value)
                slots[place] = [self._found.erasures + 1, commitment]
                self._digest.take(seq, place, commitment, fresh)
            return fresh

        for message, where in self._places(entry):
            revise(message, partial(instead, where))
        return ended(entry, slots, seal) if self.values > before else None

    def _places(self, entry: dict[str, Any]) -> list[tuple[dict[str, Any], _Place]]:
        """Return the messages of *entry*, and what is known of each before anything is changed."""
        command = entry["command"]
        said = command.get("reason", "")
        return [
            (
                each,
                _Place(
                    self._found.is_about(each), None if each is command or each["kind"] in _TELLING else said
                ),
            )
            for each in messages(entry)
        ]

    def _instead(self, where: _Place, kind: str, name: str, value: Any) -> Any:  # noqa: ANN401 - as above
        """Return what stands in place of *value*; the very same, if it stays."""
        if not self._goes(where, kind, name, value):
            return value
        self.values += 1
        if kind == FIGURE:
            return None
        text = value if type(value) is str else repr(value)
        known = self._pseudonyms.get(text)
        if known is None:
            known = self._pseudonyms[text] = f"erased-{self._dice(8).hex()}"
        return known

    def _goes(self, where: _Place, kind: str, name: str, value: Any) -> bool:  # noqa: ANN401 - as above
        if value is None or (type(value) is str and _PSEUDONYM.fullmatch(value)):
            return False
        if kind == TEXT:
            if where.free is not None and value != where.free:
                return False  # a word of ours
            return self._names_her(value) or (where.hers and value not in self._found.others)
        if type(value) is str and value in self._found.hers:
            return True
        if kind == ATTRIBUTE:
            return (where.hers and name not in self._keep) or (type(value) is str and self._names_her(value))
        return where.hers and kind == FIGURE

    def _names_her(self, text: str) -> bool:
        return self._named.search(text) is not None
