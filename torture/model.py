"""How do several writers share one journal, in the worst order of everything that can happen?

The model of the protocol: one shard row (epoch, head), its journal, its one snapshot, an inbox, and
writers that take the shard over, load, append and take snapshots. Three clients want something of
one interaction: ann takes it, bob takes it, and whoever has it is to give it back. Each repeats
its command under the same key, to any writer and at any time, until it has an answer, and after.

Who is adverse:

- clocks: a lease may run out at any moment, so whoever likes may take over at any moment;
- the network: a statement that was sent is carried out at once, late, or never; each reply may be lost;
- writers: each may stop at any moment (crash, restart, time-out, self-demotion: alike, its memory is
  gone and what it sent is still on its way), or do nothing for as long as it likes (a pause).

What is left out loses nothing. A reply comes at once or never: a writer that waits for one does
nothing else. A take-over and its load are one step, since what is loaded are the rows up to the
head that the take-over returned, and nobody changes these. A writer has no name but its epoch: it
forgets everything when it stops. A statement that can change nothing any more is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from torture.world import (
    ASSIGNED,
    BACK,
    CLIENTS,
    INBOX,
    REFUSED,
    RELEASED,
    Bounds,
    Fact,
    Guards,
    Statement,
    World,
    Writer,
)

__all__ = ["Model"]

Step: TypeAlias = tuple[str, World]


class Model:
    """What can happen under *guards*, within *bounds*."""

    def __init__(self, guards: Guards, bounds: Bounds) -> None:
        self.guards, self.bounds = guards, bounds
        self._goes_on: dict[World, bool] = {}
        """Whether somebody can go on from here, were all writers gone."""

    @property
    def first(self) -> World:
        """An empty journal that nobody leads."""
        return World(0, (), 0, 0, frozenset(), ("",) * self.bounds.commands, (), (), "")

    def flaw(self, world: World) -> str | None:
        """Return what is wrong here: with the step that led here, or that nobody can go on."""
        if world.flaw:
            return world.flaw
        return None if self._can_go_on(world) else "nobody can go on, although the store is up"

    def steps(self, world: World) -> Iterator[Step]:
        """Yield whatever can happen next."""
        yield from self._take_overs(world)
        for writer in world.writers:
            yield f"the writer of epoch {writer.epoch} stops", self._without(world, writer)
            if writer.waits is None and writer.epoch:
                yield from self._commands(world, writer)
                yield from self._snapshots(world, writer)
            elif self.bounds.retried and writer.waits and writer.waits[::4] == ("append", False):
                again = writer.waits._replace(again=True)
                words = f"epoch {writer.epoch} hears nothing and sends its append again"
                yield words, self._sent(world, writer, again)
        sent: Statement | None = None
        for statement in world.flying:
            if statement != sent:
                yield from self._carried_out(world, statement)
            sent = statement

    # --- leading ----------------------------------------------------------------------------

    def _take_overs(self, world: World) -> Iterator[Step]:
        epoch, head = world.epoch + 1, len(world.log)
        early = next((each for each in world.writers if not each.epoch), None)
        if self.guards.load_after_acquire or early:
            if epoch > self.bounds.epochs or not (self.guards.lease_ends or epoch == 1):
                return
            if early is None and len(world.writers) >= self.bounds.writers:
                return
            words = f"a writer takes over: epoch {epoch}"
            words += f", with {_many(early.head)} read before" if early else f", and loads {_many(head)}"
            yield words, self._led(world, early)
        elif len(world.writers) < self.bounds.writers:
            reader = Writer(0, head, world.log, self._keys(world), None)
            yield f"a writer reads {_many(head)}, to lead later", self._with(world, None, reader)

    def _led(self, world: World, early: Writer | None = None) -> World:
        """Return how it is after somebody took over."""
        facts = early.facts if early else world.log
        keys = early.keys if early else self._keys(world)
        leader = Writer(world.epoch + 1, len(world.log), facts, keys, None)
        flaw = ""
        for client, answer in enumerate(world.answers):
            if answer and (client, answer) not in facts:
                flaw = f"{CLIENTS[client]} was told {answer!r}, and epoch {leader.epoch} knows nothing of it"
        return self._with(world._replace(epoch=leader.epoch, flaw=flaw), early, leader)

    def _keys(self, world: World) -> frozenset[int]:
        """Return the keys that a load finds."""
        return frozenset(key for key, _ in world.log) if self.guards.key_in_append else world.keys

    # --- commands ---------------------------------------------------------------------------

    def _commands(self, world: World, writer: Writer) -> Iterator[Step]:
        for client, answer in enumerate(world.answers):
            if client not in writer.keys:
                yield from self._decided(world, writer, client)
            elif not answer:
                known = next(fact for fact in writer.facts if fact[0] == client)
                words = f"{CLIENTS[client]} asks epoch {writer.epoch}, which knows: {known[1]}"
                yield words, self._told(world, writer, known)

    def _decided(self, world: World, writer: Writer, client: int) -> Iterator[Step]:
        fact = (client, _outcome(writer.facts, client))
        statement = Statement("append", writer.epoch, writer.head, (fact,), False)
        asks = f"epoch {writer.epoch} takes {CLIENTS[client]}'s command"
        if client == INBOX:
            asks += " from the inbox"
        words = f"{asks} and sends: append {CLIENTS[client]} {fact[1]}"
        sent = self._sent(world, writer, statement)
        if client == INBOX and self.guards.inbox == "beside":
            answer = Statement("answer", writer.epoch, writer.head, (fact,), False)
            words += "; and, apart from it, the answer"
            sent = self._flown(sent, answer)
        elif client != INBOX and not self.guards.ack_after_commit:
            words += f"; {CLIENTS[client]} is told"
            sent = self._answered(sent, fact)
        yield words, sent

    def _snapshots(self, world: World, writer: Writer) -> Iterator[Step]:
        if world.snapshot < writer.head:
            statement = Statement("snapshot", writer.epoch, writer.head, writer.facts, False)
            words = f"epoch {writer.epoch} sends: snapshot of {_many(writer.head)}, delete their rows"
            yield words, self._sent(world, writer, statement)

    # --- the store --------------------------------------------------------------------------

    def _carried_out(self, world: World, statement: Statement) -> Iterator[Step]:
        """Yield what comes of *statement*, once with its reply and once without."""
        left = list(world.flying)
        left.remove(statement)
        passed = self._passes(world, statement)
        done = world._replace(flying=tuple(left))
        if passed:
            done = self._changed(done, statement)
        words = f"the store carries out the {statement.kind} of epoch {statement.epoch}"
        if not passed:
            words = f"the store refuses the {statement.kind} of epoch {statement.epoch}"
        writer = next((each for each in world.writers if each.waits == statement), None)
        if writer is None:
            yield f"{words}, for which nobody waits", self._cleared(done)
            return
        if passed:
            yield words, self._confirmed(done, writer, statement)
        else:
            yield f"{words}; it stops", self._without(done, writer)
        yield f"{words}; its reply is lost", self._cleared(done)

    def _passes(self, world: World, statement: Statement) -> bool:
        if statement.kind == "key":
            return True
        if statement.kind == "snapshot" and not self.guards.prune_guarded:
            return True
        return not self._is_void(world, statement)

    def _is_void(self, world: World, statement: Statement) -> bool:
        """Whether a guard stops it. For ever: neither epoch nor head goes back."""
        behind = statement.epoch < world.epoch and self.guards.epoch
        heads = self.guards.head and statement.kind != "answer"
        return behind or (heads and statement.head < len(world.log))

    def _changed(self, world: World, statement: Statement) -> World:
        """Return what *statement* makes of the store."""
        match statement.kind:
            case "append":
                return self._appended(world, statement)
            case "snapshot":
                return _kept(world, statement)
            case "answer":
                return self._answered(world, statement.facts[0])
            case _:
                return world._replace(keys=world.keys | {statement.facts[0][0]})

    def _appended(self, world: World, statement: Statement) -> World:
        [fact] = statement.facts
        flaw = world.flaw or _wrong(world, statement.epoch, fact)
        added = world._replace(log=(*world.log, fact), last=statement.epoch, flaw=flaw)
        if fact[0] == INBOX and self.guards.inbox == "with":
            return self._answered(added, fact)
        return added

    def _confirmed(self, world: World, writer: Writer, statement: Statement) -> World:
        """Return what follows when *writer* hears that *statement* was carried out."""
        free = writer._replace(waits=None)
        if statement.kind in {"snapshot", "answer"}:
            return self._with(world, writer, free)
        [fact] = statement.facts
        if statement.kind == "append":
            free = free._replace(head=writer.head + 1, facts=(*writer.facts, fact))
            if not self.guards.key_in_append:
                key = Statement("key", writer.epoch, free.head, (fact,), False)
                return self._sent(self._with(world, writer, free), free, key)
        free = free._replace(keys=writer.keys | {fact[0]})
        known = self._with(world, writer, free)
        if fact[0] == INBOX and self.guards.inbox == "beside":
            return known  # its answer was sent with it
        return self._told(known, free, fact)

    def _told(self, world: World, writer: Writer, fact: Fact) -> World:
        """Return how it is when *writer* tells what it knows: at once, or through the inbox."""
        if fact[0] != INBOX:
            return self._answered(world, fact)
        if world.answers[INBOX] or self.guards.inbox == "with":
            return world
        return self._sent(world, writer, Statement("answer", writer.epoch, writer.head, (fact,), False))

    def _answered(self, world: World, fact: Fact) -> World:
        """Return how it is after a client was told what came of its command."""
        client, outcome = fact
        before = world.answers[client]
        if before:
            flaw = f"{CLIENTS[client]} was told {before!r}, then {outcome!r}" if before != outcome else ""
            return world._replace(flaw=world.flaw or flaw)
        answers = (*world.answers[:client], outcome, *world.answers[client + 1 :])
        return world._replace(answers=answers)

    # --- bookkeeping ------------------------------------------------------------------------

    def _sent(self, world: World, writer: Writer, statement: Statement) -> World:
        return self._flown(self._with(world, writer, writer._replace(waits=statement)), statement)

    def _flown(self, world: World, statement: Statement) -> World:
        return world._replace(flying=tuple(sorted((*world.flying, statement))))

    def _without(self, world: World, writer: Writer) -> World:
        return self._with(world, writer, None)

    def _with(self, world: World, before: Writer | None, now: Writer | None) -> World:
        """Return the world with *now* in place of *before*."""
        writers = [each for each in world.writers if each is not before and each != before]
        if now is not None:
            writers.append(now)
            writers.sort(key=_epoch)
        return self._cleared(world._replace(writers=tuple(writers)))

    def _cleared(self, world: World) -> World:
        """Return the world without statements that can change nothing and nobody waits for."""
        flying = tuple(each for each in world.flying if self._counts(world, each))
        return world if len(flying) == len(world.flying) else world._replace(flying=flying)

    def _counts(self, world: World, statement: Statement) -> bool:
        if any(each.waits == statement for each in world.writers):
            return True
        [client, outcome] = statement.facts[0]
        if statement.kind == "answer" and world.answers[client] == outcome:
            return False
        if statement.kind == "key":
            return client not in world.keys
        return self._passes(world, statement)

    # --- going on ---------------------------------------------------------------------------

    def _can_go_on(self, world: World) -> bool:
        """Whether everybody gets an answer if from now on nothing fails any more."""
        if any(each.epoch == world.epoch for each in world.writers if each.epoch):
            return True  # it goes on itself, or stops; then it is looked at again
        if not (self.guards.lease_ends or not world.epoch):
            return False
        calm = world._replace(writers=(), flying=())
        if calm not in self._goes_on:
            self._goes_on[calm] = self._ends(calm)
        return self._goes_on[calm]

    def _ends(self, world: World) -> bool:
        """Whether one new writer, undisturbed, answers everybody."""
        world = self._led(world)
        for client in range(self.bounds.commands):
            while not world.answers[client] and not world.flaw:
                [writer] = world.writers
                if world.flying:
                    _, world = next(self._carried_out(world, world.flying[0]))
                elif client in writer.keys:
                    world = self._told(
                        world, writer, next(each for each in writer.facts if each[0] == client)
                    )
                else:
                    [(_, world)] = self._decided(world, writer, client)
                if not world.writers:
                    return False
        return True


def _many(entries: int) -> str:
    return "1 entry" if entries == 1 else f"{entries} entries"


def _epoch(writer: Writer) -> int:
    return writer.epoch


def _outcome(facts: tuple[Fact, ...], client: int) -> str:
    """Decide what comes of a command, as far as a writer knows."""
    held = _is_held(facts)
    if client == BACK:
        return RELEASED if held else REFUSED
    return REFUSED if held else ASSIGNED


def _is_held(facts: tuple[Fact, ...]) -> bool:
    last = [outcome for _, outcome in facts if outcome != REFUSED]
    return last[-1:] == [ASSIGNED]


def _wrong(world: World, epoch: int, fact: Fact) -> str:
    """Return what is wrong with appending *fact*; nothing: an empty text."""
    client, outcome = fact
    if outcome == ASSIGNED and _is_held(world.log):
        holder = CLIENTS[next(each for each, was in reversed(world.log) if was == ASSIGNED)]
        if client != CLIENTS.index(holder):
            return f"{CLIENTS[client]} and {holder} both hold the interaction"
    if any(each == client for each, _ in world.log):
        return f"the key of {CLIENTS[client]}'s command has two effects"
    if epoch < world.last:
        return f"an entry of epoch {epoch} follows one of epoch {world.last}"
    return ""


def _kept(world: World, statement: Statement) -> World:
    """Return the world with another snapshot, and without the rows that it is of."""
    flaw = world.flaw
    if statement.facts != world.log[: statement.head]:
        flaw = f"the snapshot of {_many(statement.head)} is no state of the journal"
    elif statement.head < world.snapshot:
        flaw = f"of {_many(world.snapshot)} there are neither rows nor a snapshot after {statement.head}"
    return world._replace(snapshot=statement.head, flaw=flaw)
