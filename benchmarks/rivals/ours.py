"""How do agents get work from a desk? One process holds it; agents are tasks or a thread there.

Who is alone asks the desk itself; several ask a `Service`, whose thread decides and writes what
they said meanwhile as one batch. The queue assigns at once (`auto_accept`): one turn completes what an agent
has and gives her the next, and she has both when the store has them.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any, NamedTuple

from benchmarks.rivals.load import PRIORITIES, Asker, Item, Load
from benchmarks.rivals.running import Ran, context
from workassign import Agent, Desk, Engine, Interaction, Needs, Plan, Queue, SqliteStore
from workassign.commands import AddAgent, Command, Complete, SignOn, Submit
from workassign.events import Assigned, Event
from workassign.journal import Store
from workassign.serve.aio import Service

__all__ = ["AtOnce", "OurDesk"]

TOGETHER = 1_000
"""So many are submitted at once."""


class OurDesk:
    """A desk in a process of its own, on a SQLite file or a database of PostgreSQL."""

    def __init__(self, kind: str, where: str, load: Load) -> None:
        """Start it: *kind* is sqlite or postgres."""
        self._end, theirs = context().Pipe()
        self._process = context().Process(target=_serve, args=(kind, where, load, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def add(self, items: Sequence[Item]) -> None:
        """Let *items* wait."""
        self._ask("add", items)

    def run(self, askers: Sequence[Asker], seconds: float) -> Ran:
        """Let *askers* work for so many *seconds*."""
        ran: Ran = self._ask("run", askers, seconds)
        return ran

    def run_at_once(self, askers: Sequence[Asker], seconds: float) -> Ran:
        """Do the same, but with one call for all of them, over and over."""
        ran: Ran = self._ask("run_at_once", askers, seconds)
        return ran

    def close(self) -> None:
        """End the process."""
        if self._process.is_alive():
            self._ask("close")
        self._process.join()

    def _ask(self, what: str, *told: object) -> Any:
        self._end.send((what, told))
        try:
            return self._end.recv()
        except EOFError:
            raise RuntimeError("the process of the desk died; it has said why") from None


class AtOnce:
    """The same desk, whose agents are all asked for in one call."""

    def __init__(self, desk: OurDesk) -> None:
        """Ask *desk*."""
        self.add, self.run = desk.add, desk.run_at_once


def _serve(kind: str, where: str, load: Load, end: Connection) -> None:
    store = _store(kind, where)
    floor = _Floor(Desk(Engine(Plan(queues={"default": Queue(auto_accept=True)})), store), load)
    asked: dict[str, Callable[..., object]] = {
        "add": floor.add,
        "run": floor.run,
        "run_at_once": partial(floor.run, at_once=True),
        "close": floor.desk.close,
    }
    what = ""
    while what != "close":
        what, told = end.recv()
        end.send(asked[what](*told))


def _store(kind: str, where: str) -> Store:
    if kind == "sqlite":
        return SqliteStore(where)
    from workassign.stores.postgres import PostgresStore

    return PostgresStore(where, shard="floor")


class _Floor:
    """The agents of a desk, and what each of them has."""

    def __init__(self, desk: Desk, load: Load) -> None:
        self.desk = desk
        self._needs = [Needs({f"skill-{skill}": 1.0 for skill in group}) for group in load.groups]
        self._held: dict[str, Assigned] = {}
        """By agent; whoever is on it has something, or there is nothing for her."""
        self._signed_on: set[str] = set()
        self._untimed: list[tuple[int, int]] = []
        """What was assigned outside of the time that is measured."""

    def add(self, items: Sequence[Item]) -> None:
        """Submit *items*; what agents without work get at once is theirs."""
        for first in range(0, len(items), TOGETHER):
            commands = [self._submit(item) for item in items[first : first + TOGETHER]]
            for answer in self.desk.handle_all(commands):
                if not isinstance(answer, list):
                    raise answer
                self._note(answer)
        gc.collect()
        gc.freeze()  # as a service should, once it has begun

    def run(self, askers: Sequence[Asker], seconds: float, *, at_once: bool = False) -> Ran:
        """Let *askers* complete and take the next, until the time is up or there is nothing for them."""
        for asker in askers:
            self._sign_on(asker)
        names = [name for name in map(_name, askers) if name in self._held]
        found = _Found([], [])
        if at_once:
            length = self._at_once(names, found, seconds)
        elif len(names) == 1:
            length = self._alone(names[0], found, seconds)
        else:
            length = self._many(names, found, seconds)
        untimed, self._untimed = self._untimed, []
        return Ran(seconds=length, timed=len(found.claims), claims=untimed + found.claims, waits=found.waits)

    def _submit(self, item: Item) -> Command:
        needs, tier = self._needs[item.group], PRIORITIES - item.priority
        return Submit(Interaction(id=str(item.number), tier=tier, needs=needs))

    def _sign_on(self, asker: Asker) -> None:
        name = _name(asker)
        if name not in self._signed_on:
            self._signed_on.add(name)
            skills = {f"skill-{skill}": 1.0 for skill in asker.skills}
            self.desk.handle(AddAgent(Agent(id=name, skills=skills)))
            self._note(self.desk.handle(SignOn(name)))

    def _note(self, events: Sequence[Event]) -> None:
        if (assigned := _assigned(events)) is not None:
            self._held[assigned.agent] = assigned
            self._untimed.append(_claim(assigned))

    def _alone(self, name: str, found: _Found, seconds: float) -> float:
        held: Assigned | None = self._held.pop(name)
        begun = now = perf_counter()
        while held is not None and now - begun < seconds:
            since, held = now, _assigned(self.desk.handle(_done(held)))
            now = perf_counter()
            found.take(held, now - since)
        if held is not None:
            self._held[name] = held
        return now - begun

    def _many(self, names: Sequence[str], found: _Found, seconds: float) -> float:
        async def ask(service: Service, name: str, begun: float) -> None:
            held: Assigned | None = self._held.pop(name)
            now = begun
            while held is not None and now - begun < seconds:
                since, held = now, _assigned(await service.handle(_done(held)))
                now = perf_counter()
                found.take(held, now - since)
            if held is not None:
                self._held[name] = held

        async def everybody() -> float:
            async with Service(self.desk) as service:
                begun = perf_counter()
                await asyncio.gather(*(ask(service, name, begun) for name in names))
                return perf_counter() - begun

        return asyncio.run(everybody())

    def _at_once(self, names: Sequence[str], found: _Found, seconds: float) -> float:
        held = [self._held.pop(name) for name in names]
        begun = now = perf_counter()
        while held and now - begun < seconds:
            since, answers = now, self.desk.handle_all([_done(each) for each in held])
            now = perf_counter()
            given = [_assigned(answer) for answer in answers if isinstance(answer, list)]
            for each in given:
                found.take(each, now - since)
            held = [each for each in given if each is not None]
        self._held.update((each.agent, each) for each in held)
        return now - begun


class _Found(NamedTuple):
    """What agents got within the time."""

    claims: list[tuple[int, int]]
    waits: list[float]

    def take(self, assigned: Assigned | None, wait: float) -> None:
        if assigned is not None:
            self.claims.append(_claim(assigned))
            self.waits.append(wait)


def _name(asker: Asker) -> str:
    return f"agent-{asker.number}"


def _done(held: Assigned) -> Command:
    return Complete(held.interaction, held.agent, held.fence)


def _claim(assigned: Assigned) -> tuple[int, int]:
    return int(assigned.agent.removeprefix("agent-")), int(assigned.interaction)


def _assigned(events: Sequence[Event]) -> Assigned | None:
    return next((event for event in events if type(event) is Assigned), None)
