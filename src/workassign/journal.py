"""What is an entry, and how is a journal recorded, replayed and verified?

A journal is a header (entry 0: format, library version, the plan as data and its hash) and one
entry for every turn that brought something about: the command, and beside it the facts. Replay
reads the facts and asks no policy, so a policy that has changed cannot change history.

An entry is a body of JSON. A store keeps bodies, each with a checksum that goes on from the one
before it (`zlib.crc32(body, previous)`): nothing can be altered, lost, added or swapped in the
middle without being noticed. That guards against accidents; against forgers there are seals, in
the bodies (`workassign.sealing`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from math import inf
from typing import Any, Protocol
from zlib import crc32

import attrs

from workassign._audit import Auditor
from workassign._codec import MALFORMED, Turn, as_json, as_turn, decode, encode, from_json
from workassign._garbage import undisturbed
from workassign._version import __version__
from workassign.commands import Command
from workassign.engine import Engine
from workassign.errors import JournalError, PlanError, Removed, UsageError
from workassign.events import Event
from workassign.gate import admitted
from workassign.heads import Head, examine
from workassign.model import Instant
from workassign.plan import Plan
from workassign.retention import beginning, gone
from workassign.sealing import Seal, begun, sealer
from workassign.snapshots import Marks, Standing, newest

__all__ = [
    "FORMAT",
    "Entry",
    "Header",
    "Recorder",
    "Store",
    "Verdict",
    "chained",
    "check_rewrite",
    "entries",
    "header",
    "linked",
    "record",
    "replay",
    "resume",
    "take_up",
    "verify",
]

FORMAT = 1
"""The format of the journals that this version writes; it reads this one and all older ones."""

MOST_PROBLEMS = 100
"""A verdict lists so many problems and counts the others."""


class Store(Protocol):
    """A shelf for one journal. It knows bodies and checksums, not what they mean.

    Every method raises a JournalError if the shelf cannot be read or written, or is closed.
    All of them may be called from several threads.
    """

    def append(self, expected_head: int, batch: Sequence[bytes]) -> int:
        """Keep all of *batch*, or nothing, and return the new head once it is durable.

        Raises:
            JournalError: If the head is not *expected_head*, or if writing failed. Then nobody
                knows what was kept, and nothing more is taken until `reopen`.
        """

    def load(self, start: int = 0) -> Iterator[bytes]:
        """Yield the bodies from *start* to what is the head now, checking seq and checksums.

        Others may append meanwhile.

        Raises:
            JournalError: If an entry is altered, missing or out of place; it names its seq.
            Removed: If it was removed on purpose (see `workassign.retention`); the header never is.
        """

    def head(self) -> int:
        """Return the seq of the last entry; -1 if there is none."""

    def reopen(self) -> None:
        """Find out what is really there, after an append that failed."""

    def close(self) -> None:
        """Let go of the shelf. May be called twice."""


def linked(batch: Sequence[bytes], expected_head: int, head: int, crc: int) -> list[tuple[int, int, bytes]]:
    """Return the rows (seq, checksum, body) of *batch* behind *head* with its *crc*. For stores.

    Raises:
        JournalError: If *head* is not *expected_head*.
    """
    if head != expected_head:
        raise JournalError(f"the head is {head}, not {expected_head}: somebody else has written")
    rows = []
    for seq, body in enumerate(batch, head + 1):
        crc = crc32(body, crc)
        rows.append((seq, crc, body))
    return rows


def chained(rows: Iterable[tuple[int, int, bytes]], start: int = 0, crc: int = 0) -> Iterator[bytes]:
    """Yield the bodies of *rows* (seq, checksum, body), which must begin with *start*.

    *crc* is the checksum of the entry before. For stores.

    Raises:
        JournalError: If a row is altered, missing or out of place.
    """
    for expected, (seq, kept, body) in enumerate(rows, start):
        if seq != expected:
            raise JournalError(f"entry {expected} is missing: entry {seq} follows entry {expected - 1}")
        crc = crc32(body, crc)
        if crc != kept:
            raise JournalError(f"entry {seq} was altered: its checksum is {crc}, not {kept}")
        yield body


def check_rewrite(expected_head: int, head: int, changed: Mapping[int, bytes]) -> None:
    """Check that entries *changed*, by seq, can be put in place of what is there. For stores.

    Raises:
        JournalError: If *head* is not *expected_head*, or there is no such entry.
    """
    if head != expected_head:
        raise JournalError(f"the head is {head}, not {expected_head}: somebody else has written")
    for seq in changed:
        if not 0 <= seq <= head:
            raise JournalError(f"there is no entry {seq} to rewrite: the head is {head}")


# --- header and entries -------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Header:
    """What a journal says of itself."""

    format: int
    library: str
    """The version of the library that began it."""
    plan: Mapping[str, Any]
    """The plan as data, under which it begins."""
    plan_hash: str


@attrs.define
class Entry:
    """One turn of the engine. *timed* of the *facts* time brought, before the command was heard."""

    seq: int
    at: Instant
    command: Command
    facts: list[Event]
    timed: int = 0

    def body(self) -> bytes:
        """Return it as a store keeps it."""
        return encode(self.at, self.command, self.facts, self.timed)


def header(store: Store) -> Header:
    """Return the header of the journal in *store*.

    Raises:
        JournalError: If there is none, or it is of a newer format than this version reads.
    """
    body = next(store.load(), None)
    if body is None:
        raise JournalError("the journal is empty: it has no header")
    return _header(body)


def _header(body: bytes) -> Header:
    try:
        data = from_json(body)
        found = data["format"]
        if type(found) is int and found > FORMAT:
            raise JournalError(f"the journal has format {found}; this version reads up to format {FORMAT}")
        return Header(format=found, library=data["library"], plan=data["plan"], plan_hash=data["plan_hash"])
    except JournalError:
        raise
    except MALFORMED as error:
        raise JournalError(f"entry 0 is no header of a journal: {error}") from None


def entries(store: Store, start: int = 1) -> Iterator[Entry]:
    """Return the entries of the journal in *store*, from seq *start* (at least 1) to its head now.

    Raises:
        JournalError: If one is altered, missing, out of place or unreadable; it names its seq.
        Removed: If one was removed.
    """
    return (Entry(seq, *_turn(seq, body)) for seq, body in enumerate(store.load(start), start))


def _turn(seq: int, body: bytes) -> Turn:
    try:
        return decode(body)
    except MALFORMED as error:
        problem = f"there is no {error}" if type(error) is KeyError else error
        raise JournalError(f"entry {seq} cannot be read: {problem}") from None


# --- recording ----------------------------------------------------------------------------------


def record(engine: Engine, store: Store, seal: Seal | None = None) -> Recorder:
    """Begin a journal of a fresh *engine* in an empty *store*; with a *seal*, each entry is sealed.

    Raises:
        JournalError: If the store has a journal already.
        UsageError: If the engine has a past.
        PlanError: If a policy of its plan has no name that a journal could keep (a lambda, a
            closure); so it is with every store, for no journal could be replayed without it.
    """
    if engine.now != -inf:
        raise UsageError("a journal begins with a fresh engine, and this one has a past")
    plan = engine.plan.to_data()
    if store.head() >= 0:
        raise JournalError("the store has a journal already: replay it")
    data = {"format": FORMAT, "library": __version__, "plan": plan, "plan_hash": engine.plan.hash}
    store.append(-1, [as_json(data) if seal is None else begun(seal, data)])
    return Recorder(engine, store, seal)


class Recorder:
    """Lets an engine work and keeps what it does, in memory until `flush`.

    One flush costs one write to the disk, however many turns it holds. The engine must be the
    one of the journal: fresh (`record`) or replayed, and used through here only. A sealed journal
    goes on sealed; where it has a key, by *seal*.

    Raises:
        JournalError: If *seal* lacks the key of the last entry, or that entry was altered.
        UsageError: If there is a *seal*, and the journal was begun without.
    """

    def __init__(self, engine: Engine, store: Store, seal: Seal | None = None) -> None:
        self.engine = engine
        self.pending: list[bytes] = []
        """The bodies that are not in the store yet."""
        self.last = store.head()
        """The seq of the last entry, in the store or pending."""
        self._store = store
        self._sealer = sealer(store.load, self.last, seal)

    def handle(self, command: Command, at: Instant) -> list[Event]:
        """Let the engine handle *command* and return its answer. Nothing is durable before `flush`.

        A turn is kept if it has facts, or a key that must be remembered. The command is written
        before the engine hears it: what cannot be kept is refused, and changes nothing.

        Raises:
            UsageError: As the engine and the gate do.
            PlanError: As the engine does.
            JournalError: If a fact cannot be written. The engine is ahead of its journal then,
                and must be given up.
        """
        engine = self.engine
        command, said = admitted(command)
        key = command.key
        is_new = key is not None and not _remembers(engine, key)
        answer = engine.handle(command, at)
        if engine.facts or (is_new and _remembers(engine, key)):
            try:
                if self._sealer is None:
                    body = encode(engine.now, command, engine.facts, engine.timed, said)
                else:
                    body = self._sealer.sealed(as_turn(engine.now, command, engine.facts, engine.timed))
                self.pending.append(body)
            except (TypeError, ValueError) as error:
                raise JournalError(f"entry {self.last + 1} cannot be written: {error}") from error
            self.last += 1
        return answer

    def flush(self) -> int:
        """Make everything durable that is pending, and return the head.

        Raises:
            JournalError: If that failed. The engine may be ahead of its journal then, and must be
                given up.
        """
        batch, self.pending = self.pending, []
        return self._store.append(self.last - len(batch), batch) if batch else self.last


def _remembers(engine: Engine, key: object) -> bool:
    return key in engine._answers


# --- replaying ----------------------------------------------------------------------------------


def replay(store: Store, each: Callable[[Entry], object] | None = None, *, until: Instant = inf) -> Engine:
    """Return an engine in the state that the journal in *store* ends with. No policy is asked.

    *each* is called with every entry before it is taken in; turns after *until* are left out.
    Without *each* it begins with the newest snapshot that the store has and that holds.

    Raises:
        JournalError: If the journal is damaged, or its facts contradict one another.
        Removed: If a turn is needed that was removed: with *each*, or with *until* before the
            oldest snapshot.
        PlanError: If a policy that its plan names is not there any more.
    """
    with undisturbed():
        begun = resume(store, until) if each is None else _beginning(header(store))
        return _taken_up(begun, store, each, until)


def resume(store: Store, until: Instant = inf) -> Standing:
    """Return how things stood at the newest snapshot in *store* that holds, or at the beginning.

    Snapshots of turns after *until* are left out.

    Raises:
        JournalError: If the journal has no header.
        Removed: If there is no such snapshot, and the beginning was removed.
        PlanError: If a policy that its plan names is not there any more.
    """
    head = header(store)  # of a newer format nothing is taken, not even a snapshot
    if (found := newest(store, until)) is not None:
        return found
    if (begin := beginning(store)).removed:
        raise Removed(f"there is no snapshot to begin with, and {gone(begin)}")
    return _beginning(head)


def take_up(begun: Standing, store: Store, each: Callable[[Entry], object]) -> Engine:
    """Return the engine of *begun* in the state that the journal ends with; as `replay` does.

    *each* is called with every entry that is not taken in yet.
    """
    with undisturbed():
        return _taken_up(begun, store, each, inf)


def _beginning(head: Header) -> Standing:
    return Standing(Engine(Plan.from_data(head.plan)), 0, 0)


def _taken_up(
    begun: Standing, store: Store, each: Callable[[Entry], object] | None, until: Instant
) -> Engine:
    engine, first = begun.engine, begun.seq + 1
    for seq, body in enumerate(store.load(first), first):
        turn = _turn(seq, body)
        if turn[0] > until:
            break
        if each is not None:
            each(Entry(seq, *turn))
        _absorb(engine, seq, turn)
    return engine


def _absorb(engine: Engine, seq: int, turn: Turn) -> None:
    try:
        engine.absorb(*turn)
    except (LookupError, TypeError, AttributeError, AssertionError) as error:
        problem = f"{type(error).__name__}: {error}"
        raise JournalError(f"entry {seq} does not follow from what was before: {problem}") from error


# --- verifying ----------------------------------------------------------------------------------


@attrs.define(kw_only=True)
class Verdict:
    """What a journal proves, and what is wrong with it."""

    problems: list[str] = attrs.field(factory=list)
    """What is wrong, each with its entry; the first hundred in full."""
    format: int | None = None
    library: str = ""
    entries: int = 0
    """Turns; the header is not counted."""
    events: int = 0
    kinds: dict[str, int] = attrs.field(factory=dict)
    """How many events there are of each kind."""
    begin: Instant | None = None
    end: Instant | None = None
    balance: dict[str, Any] = attrs.field(factory=dict)
    """Entered = answered + abandoned + exited + waiting."""
    queues: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    """The same of each queue."""
    stages: dict[str, int] = attrs.field(factory=dict)
    """How many are open at the end in each stage."""
    holds: dict[str, int] = attrs.field(factory=dict)
    """Reason -> pairs of a free agent and an eligible interaction that it keeps apart at the end."""
    seal: str = ""
    """What seals it, and whether that was checked; empty: nothing seals it."""
    skipped: str = ""
    """Why it was not replayed: a policy that its plan names is not there. The audit is complete."""
    removed: int = 0
    """So many turns at the beginning were removed: they are not counted above, nor are their events."""
    unproved: str = ""
    """What of the proof is left out for that reason."""

    @property
    def ok(self) -> bool:
        """Whether everything is as it must be."""
        return not self.problems

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"ok": self.ok, **attrs.asdict(self)}


def verify(store: Store, seal: Seal | None = None, head: Head | None = None) -> Verdict:
    """Prove from the journal in *store* alone that every law was kept.

    Where it is sealed, every seal is checked, if *seal* has the keys; and that it goes on from *head*,
    which was published elsewhere.

    The facts are followed twice: by an auditor that shares no bookkeeping with the engine, and
    by replay, whose engine must agree with the auditor, be as every snapshot of the store says,
    and pass `Engine.check`. That last check asks the plan's policies which pairs fit; nothing
    before it does. Where a policy is not there
    any more, the auditor goes on alone, and the verdict says what was skipped.

    Where the beginning was removed there is no auditor, who needs the whole past: the replay begins
    with the oldest snapshot, and the verdict says what is not proved.

    It raises nothing for what is in the journal: that is a problem of the verdict.
    Cost: O(entries), and O(waiting x agents) at the end.
    """
    verdict = Verdict()
    try:
        if beginning(store).removed:
            _follow_rest(store, verdict)
        else:
            _sum_up(verdict, *_follow(store, verdict))
    except MALFORMED as error:
        verdict.problems.append(str(error))
        return verdict
    with suppress(JournalError):  # which is among the problems already
        verdict.seal, broken = examine(store.load, seal, head, max(1, beginning(store).seq))
        verdict.problems[:0] = broken
    if (more := len(verdict.problems) - MOST_PROBLEMS) > 0:
        verdict.problems[MOST_PROBLEMS:] = [f"… and {more} more"]
    return verdict


def _follow(store: Store, verdict: Verdict) -> tuple[Auditor, Engine | None]:
    """Follow the whole journal, as far as it can be read and replayed."""
    head = header(store)
    verdict.format, verdict.library = head.format, head.library
    auditor = Auditor(head.plan, head.plan_hash)
    engine = _begun(head, auditor, verdict)
    marks = Marks(store, verdict.problems)
    try:
        for entry in entries(store):
            verdict.entries = entry.seq
            verdict.begin = entry.at if verdict.begin is None else verdict.begin
            verdict.end = entry.at
            auditor.turn(entry.seq, entry.at, entry.facts, entry.timed)
            if engine is not None:
                engine = _taken_in(engine, entry, verdict)
            marks.compare(entry.seq, engine, auditor.events)
    except MALFORMED as error:
        verdict.problems.append(str(error))
        engine = None
    return auditor, engine


def _begun(head: Header, auditor: Auditor, verdict: Verdict) -> Engine | None:
    """Return an engine under the plan of *head*; None if a policy is not there."""
    try:
        return Engine(Plan.from_data(head.plan))
    except PlanError as error:
        if auditor.problems:  # it is not the plan that was written
            raise
        verdict.skipped = "; ".join(error.problems)
        return None


def _taken_in(engine: Engine, entry: Entry, verdict: Verdict) -> Engine | None:
    """Return *engine* after *entry*; None if it does not follow."""
    try:
        _absorb(engine, entry.seq, (entry.at, entry.command, entry.facts, entry.timed))
    except PlanError as error:  # of a change of plan; whether it is the one written, the auditor says
        verdict.skipped = f"entry {entry.seq}: {'; '.join(error.problems)}"
        return None
    except MALFORMED as error:
        verdict.problems.append(str(error))
        return None
    return engine


def _sum_up(verdict: Verdict, auditor: Auditor, engine: Engine | None) -> None:
    """Strike the balances, and ask the replayed engine whether it agrees."""
    auditor.close()
    verdict.problems[:0] = auditor.problems
    verdict.events, verdict.kinds = auditor.events, dict(sorted(auditor.kinds.items()))
    verdict.balance, verdict.queues, verdict.stages = auditor.balance(), auditor.queues(), auditor.stages()
    if engine is None:
        return
    replayed = _balances(engine)
    for name, counted in {"": verdict.balance, **verdict.queues}.items():
        if replayed.get(name) != counted:
            where = f"queue {name!r}" if name else "all"
            problem = f"replay counts {replayed.get(name)} in {where}, the auditor {counted}"
            verdict.problems.append(f"at the end: {problem}")
    if verdict.ok and verdict.entries:
        _check_engine(verdict, engine)


def _balances(engine: Engine) -> dict[str, dict[str, Any]]:
    """Return how *engine* counts; of everything under an empty name, and of each queue."""
    state = engine._state
    queues = {name: each.tally.as_dict() for name, each in state.queues.items()}
    return {"": state.total.as_dict(), **queues}


# --- what is left of a journal --------------------------------------------------------------------


def _follow_rest(store: Store, verdict: Verdict) -> None:
    """Follow a journal whose beginning was removed: read it all, and replay from the oldest snapshot."""
    begin, head = beginning(store), header(store)
    verdict.format, verdict.library, verdict.removed = head.format, head.library, begin.removed
    marks = Marks(store, verdict.problems)
    begun = _oldest(marks, verdict)
    left = "and the audit" if begun is None else f"the audit, and the replay up to entry {begun.seq}"
    verdict.unproved = f"{gone(begin)}: left out are {'the replay ' if begun is None else ''}{left}"
    engine, events = (None, 0) if begun is None else (begun.engine, begun.events)
    try:
        for entry in entries(store, begin.seq):
            _count(verdict, entry)
            if begun is not None and entry.seq > begun.seq:
                events += len(entry.facts)
                engine = None if engine is None else _taken_in(engine, entry, verdict)
                marks.compare(entry.seq, engine, events)
    except MALFORMED as error:
        verdict.problems.append(str(error))
        return
    verdict.kinds = dict(sorted(verdict.kinds.items()))
    if engine is not None:
        verdict.queues = dict(sorted(_balances(engine).items()))
        verdict.balance = verdict.queues.pop("")
        if verdict.ok:
            _check_engine(verdict, engine)


def _oldest(marks: Marks, verdict: Verdict) -> Standing | None:
    """Return how things stood at the oldest snapshot that holds; there must be one."""
    try:
        begun = marks.oldest()
    except PlanError as error:
        verdict.skipped = "; ".join(error.problems)
        return None
    if begun is None:
        verdict.problems.append("no snapshot holds: what was removed cannot be replayed, nor what follows")
    return begun


def _count(verdict: Verdict, entry: Entry) -> None:
    if verdict.end is not None and entry.at < verdict.end:
        verdict.problems.append(f"entry {entry.seq}: time runs from {verdict.end!r} to {entry.at!r}")
    verdict.begin = entry.at if verdict.begin is None else verdict.begin
    verdict.end = entry.at
    verdict.entries += 1
    for event in entry.facts:
        verdict.events += 1
        kind = type(event).__name__
        verdict.kinds[kind] = verdict.kinds.get(kind, 0) + 1


def _check_engine(verdict: Verdict, engine: Engine) -> None:
    try:
        found = engine.check()
    except AssertionError as error:
        verdict.problems.append(f"at the end: {error}")
        return
    verdict.holds = {hold.value: count for hold, count in sorted(found.items())}
