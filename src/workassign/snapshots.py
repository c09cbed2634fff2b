"""Where does a restart begin, so that it need not read the whole journal?

A snapshot is the image of an engine as it stood after an entry, kept on the shelf beside the
journal: a line of JSON, and one for each answer that must be remembered. It is never the truth: the
journal is. One that is damaged, or cannot be understood, is passed over, and the log says so; then
an older one, or the beginning, does.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from math import inf
from typing import Any, Protocol, runtime_checkable

import attrs

from workassign._codec import MALFORMED, as_json, from_json
from workassign._from_image import from_image
from workassign._garbage import undisturbed
from workassign._image import answers, image
from workassign._version import __version__
from workassign.engine import Engine
from workassign.errors import JournalError
from workassign.model import Instant

__all__ = ["KEPT", "SNAPSHOT", "Marks", "Snapshots", "Standing", "newest", "standing", "take"]

_LOG = logging.getLogger("workassign.snapshots")

SNAPSHOT = 1
"""The format of the snapshots that this version writes; it reads this one and all older ones."""

KEPT = 2
"""So many snapshots a store keeps: if the newest is damaged, there is the one before."""


@runtime_checkable
class Snapshots(Protocol):
    """What a store has beside `Store`, if it keeps snapshots; one that does not may do without."""

    def snapshot(self, seq: int, body: bytes) -> None:
        """Keep *body*, how things stood after the entry *seq*, until it is durable.

        Raises:
            JournalError: If there is no such entry, or writing failed; then nothing more is taken
                until `reopen`.
        """

    def snapshots(self) -> Iterator[tuple[int, bytes | None]]:
        """Yield what is kept, the newest first: the seq, and the body; None: it was altered.

        Raises:
            JournalError: If it cannot be found out.
        """


@attrs.frozen
class Standing:
    """An engine, and how far the journal was taken in."""

    engine: Engine
    seq: int
    events: int
    """So many events the journal has up to that entry."""


def take(store: object, engine: Engine, seq: int, events: int) -> bool:
    """Let *store* keep how *engine* stands after the entry *seq*, the last one; whether it does.

    *events* is how many events the journal has so far. A store that keeps no snapshots, and an
    engine that has handled nothing, are left as they are. Cost: O(everything that is kept).

    Raises:
        JournalError: If writing failed.
        PlanError: If a policy of the plan has no name that could be kept.
    """
    if not isinstance(store, Snapshots) or engine.now == -inf:
        return False
    data = {
        "snapshot": SNAPSHOT,
        "library": __version__,
        "plan_hash": engine.plan.hash,
        "events": events,
        "image": image(engine),
    }
    store.snapshot(seq, b"\n".join([as_json(data), *answers(engine)]))
    return True


def newest(store: object, until: Instant = inf) -> Standing | None:
    """Return how things stood at the newest snapshot in *store* that holds; None: there is none.

    Those of turns after *until* are left out.
    """
    if not isinstance(store, Snapshots):
        return None
    try:
        for seq, body in store.snapshots():
            try:
                found = standing(seq, body)
            except JournalError as error:
                _LOG.warning("%s; it is passed over", error)
                continue
            if found.engine.now <= until:
                return found
    except JournalError as error:
        _LOG.warning("%s; the journal is read from its beginning", error)
    return None


def standing(seq: int, body: bytes | None) -> Standing:
    """Return how things stood at the snapshot *body* after the entry *seq*.

    Raises:
        JournalError: If it was altered, or cannot be understood; it names its seq.
    """
    where = f"the snapshot after entry {seq}"
    if body is None:
        raise JournalError(f"{where} was altered")
    try:
        with undisturbed():
            first, *answered = body.split(b"\n")
            data = from_json(first)
            _check_format(where, data["snapshot"])
            engine = from_image(data["image"], answered)
        if engine.plan.hash != data["plan_hash"]:
            raise JournalError(f"{where} is of another plan than it says")
        return Standing(engine, seq, int(data["events"]))
    except JournalError:
        raise
    except (*MALFORMED, AssertionError, StopIteration) as error:
        raise JournalError(f"{where} cannot be read: {type(error).__name__}: {error}") from None


class Marks:
    """The snapshots of a store, to be compared with the engine of a replay when that comes there."""

    def __init__(self, store: object, problems: list[str]) -> None:
        """Find those of *store*, if it keeps any. Into *problems* goes all that is wrong."""
        self._problems = problems
        self._bodies: dict[int, bytes | None] = {}
        if isinstance(store, Snapshots):
            try:
                self._bodies.update(store.snapshots())
            except JournalError as error:
                problems.append(str(error))

    def oldest(self) -> Standing | None:
        """Take out the oldest snapshot that holds, and return how things stood; None: there is none.

        Raises:
            PlanError: If a policy that its plan names is not there any more.
        """
        for seq in sorted(self._bodies):
            try:
                return standing(seq, self._bodies.pop(seq))
            except JournalError as error:
                self._problems.append(str(error))
        return None

    def compare(self, seq: int, engine: Engine | None, events: int) -> None:
        """Compare the snapshot after the entry *seq*, if there is one, with *engine*; None: only read it."""
        if seq not in self._bodies:
            return
        try:
            found = standing(seq, self._bodies.pop(seq))
        except JournalError as error:
            self._problems.append(str(error))
            return
        if found.events != events:
            where = f"the snapshot after entry {seq}"
            self._problems.append(f"{where} counts {found.events} events, the journal {events}")
        if engine is not None and found.engine.snapshot() != engine.snapshot():
            self._problems.append(f"the snapshot after entry {seq} does not follow from the journal")


def _check_format(where: str, found: Any) -> None:  # noqa: ANN401 - whatever stands there
    if type(found) is not int or not 1 <= found <= SNAPSHOT:
        raise JournalError(f"{where} has format {found!r}; this version reads up to {SNAPSHOT}")
