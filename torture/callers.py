"""What do clients ask of a shard while its nodes fail, and what are they told?

Each client is a thread with an inbox of its own. It writes down what it wished, when it first
asked, when it was told, and what: the checker believes these diaries, and the journal's rows, and
nothing else.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from random import Random
from types import TracebackType
from typing import Any

import attrs
import psycopg

from workassign.commands import (
    Accept,
    AddAgent,
    AgentReplied,
    Command,
    Complete,
    Decline,
    Release,
    SignOn,
    Submit,
)
from workassign.errors import JournalError, Overloaded, Stopped, UsageError
from workassign.events import Assigned, Completed, Event, Requeued, Submitted
from workassign.model import Agent, Interaction
from workassign.serve.inbox import Inbox

__all__ = ["Callers", "Diary", "Hold", "Wish"]

PAUSE = 0.02
"""Whoever cannot be answered asks again in so many seconds."""

OPEN = 12
"""So many interactions are on their way at once; whoever submits waits while there are more."""


_ROWS = "SELECT seq, body FROM workassign.journal WHERE shard = %s AND seq > %s ORDER BY seq"


@attrs.define(kw_only=True)
class Wish:
    """What a client wanted, and what it was told. Times by its own clock, seconds."""

    kind: str
    """The class of the command."""
    tag: str
    """Its key; of one without, its actor: what it is known by in the journal."""
    keyed: bool
    subject: str
    """The interaction; of an answer to an offer, the offer."""
    began: float
    ended: float = 0.0
    """When it was told; 0: it never was, and has given up."""
    outcome: str = "unknown"
    """ok, fail (it did not happen), or unknown."""
    answer: list[Event] = attrs.field(factory=list)
    asked: int = 0


@attrs.define(kw_only=True)
class Hold:
    """For how long at least a client knew that it has an interaction."""

    interaction: str
    agent: str
    fence: int
    began: float
    """When it was told so."""
    ended: float
    """When it began to ask for its end."""


class Diary:
    """What all clients of a round have written down. Thread-safe."""

    def __init__(self) -> None:
        self.wishes: list[Wish] = []
        self.holds: list[Hold] = []
        self.problems: list[str] = []
        self.asked = 0
        """Attempts, whatever became of them."""
        self.unknown = 0
        """Attempts whose outcome nobody knew."""
        self._told = threading.Condition()
        self._answers = deque[tuple[float, float]](maxlen=10_000)
        """When something was asked, and when it was answered."""

    def told(self, wish: Wish, began: float) -> None:
        """Note that the attempt that *began* then was answered."""
        with self._told:
            wish.ended = time.monotonic()
            self._answers.append((began, wish.ended))
            self._told.notify_all()

    def first_told(self, since: float, patience: float) -> float:
        """Wait for the first answer to something asked after *since*, and return when it was given.

        Raises:
            TimeoutError: If there was none within *patience* seconds.
        """
        with self._told:
            if not self._told.wait_for(lambda: any(began > since for began, _ in self._answers), patience):
                raise TimeoutError("nobody answers any more")
            return min(ended for began, ended in self._answers if began > since)


class Callers:
    """Submitters and agents of one shard. To be used as a context: it ends them."""

    def __init__(
        self, dsn: str, shard: str, patience: float, seed: int, agents: int, submitters: int
    ) -> None:
        """Begin to ask *shard*; whoever waits *patience* seconds for an answer asks again."""
        self.diary = Diary()
        self._dsn, self._shard, self._patience = dsn, shard, patience
        self._seed = seed
        self._no_more = threading.Event()
        """Nothing new is submitted."""
        self._ends = threading.Event()
        self._under_way: set[str] = set()
        """What is being submitted, or is and was not completed yet."""
        self._open: set[str] = set()
        """What the journal has as submitted and not as completed."""
        self._agents = {f"agent-{place}": queue.SimpleQueue[int]() for place in range(agents)}
        jobs: list[tuple[str, Callable[[Inbox, Random, str], None]]] = [
            *((name, self._work) for name in self._agents),
            *((f"submitter-{place}", self._submit) for place in range(submitters)),
        ]
        self._threads = [threading.Thread(target=self._hear, name="hearing", daemon=True)] + [
            threading.Thread(target=self._live, args=(place, name, job), name=name, daemon=True)
            for place, (name, job) in enumerate(jobs)
        ]
        self._submitting = self._threads[1 + agents :]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Callers:
        """Return it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all clients."""
        self.close()

    def finish(self, patience: float) -> bool:
        """Submit no more, and wait *patience* seconds for all to be completed; whether it is."""
        self._no_more.set()
        ends = time.monotonic() + patience
        for thread in self._submitting:
            thread.join(max(0.0, ends - time.monotonic()))
        time.sleep(2 * PAUSE)  # what was submitted last is heard of
        while self._open and time.monotonic() < ends:
            time.sleep(PAUSE)
        return not self._open

    def close(self) -> None:
        """End all clients; what they wait for stays unknown to them."""
        self._no_more.set()
        self._ends.set()
        for thread in self._threads:
            thread.join()

    # --- asking -----------------------------------------------------------------------------

    def _live(self, place: int, name: str, job: Callable[[Inbox, Random, str], None]) -> None:
        try:
            with Inbox(self._dsn, shard=self._shard, patience=self._patience) as inbox:
                job(inbox, Random(f"{self._seed}/{self._shard}/{place}"), name)
        except Exception as error:  # noqa: BLE001 - a client that has ended must be seen
            self.diary.problems.append(f"{name} ended: {error!r}")

    def _ask(self, inbox: Inbox, command: Command, subject: object, tries: int = 10**9) -> Wish:
        """Ask until the outcome is known, or *tries* times; one without a key is asked once."""
        keyed = command.key is not None
        wish = Wish(
            kind=type(command).__name__,
            tag=str(command.key if keyed else command.actor),
            keyed=keyed,
            subject=str(subject),
            began=time.monotonic(),
        )
        self.diary.wishes.append(wish)
        unknown = False
        while not self._ends.is_set() and wish.asked < (tries if keyed else 1):
            wish.asked += 1
            self.diary.asked += 1
            began = time.monotonic()
            try:
                wish.answer = inbox.handle(command)
            except JournalError:
                unknown = True
                self.diary.unknown += 1
            except (Stopped, Overloaded):
                wish.outcome = "unknown" if unknown else "fail"
            except UsageError as error:
                wish.outcome = "fail"
                self.diary.problems.append(f"{wish.kind} {wish.tag}: {error}")
                return wish
            else:
                wish.outcome = "ok"
                self.diary.told(wish, began)
                return wish
            self._ends.wait(PAUSE)
        if unknown:
            wish.outcome = "unknown"
        return wish

    def _submit(self, inbox: Inbox, dice: Random, name: str) -> None:
        number = 0
        while not self._no_more.is_set():
            if len(self._under_way) >= OPEN:
                self._no_more.wait(PAUSE / 4)
                continue
            number += 1
            interaction = f"{name}-{number}"
            self._under_way.add(interaction)
            command = Submit(Interaction(id=interaction), key=f"submit:{interaction}")
            wish = self._ask(inbox, command, interaction, tries=1 if dice.random() < 0.2 else 10**9)
            if wish.outcome != "ok":
                self._under_way.discard(interaction)
            elif wish.outcome == "ok" and dice.random() < 0.1:
                again = self._ask(inbox, command, interaction)
                if again.outcome == "ok" and _submitted(again) != _submitted(wish):
                    self.diary.problems.append(
                        f"{wish.tag} was answered differently: {again.answer}, not {wish.answer}"
                    )

    def _work(self, inbox: Inbox, dice: Random, name: str) -> None:
        self._ask(inbox, AddAgent(Agent(id=name), key=f"add:{name}"), name)
        self._ask(inbox, SignOn(name, key=f"sign-on:{name}"), name)
        asked = 0
        while not self._ends.is_set():
            with suppress(queue.Empty):
                offer = self._agents[name].get(timeout=PAUSE)
                luck, asked = dice.random(), asked + 1
                if luck < 0.06:
                    continue  # it runs out
                if luck < 0.14:
                    self._ask(inbox, Decline(offer, name, actor=f"decline:{name}-{asked}"), offer)
                    continue
                wish = self._ask(inbox, Accept(offer, name, key=f"accept:{offer}:{name}"), offer)
                for event in wish.answer:
                    if isinstance(event, Assigned):
                        self._serve(inbox, dice, event, f"{name}-{asked}", wish.ended)

    def _serve(self, inbox: Inbox, dice: Random, mine: Assigned, tag: str, began: float) -> None:
        """Hold an interaction for a while, say something, and end it."""
        self._ends.wait(dice.choice((0.0, 0.005, 0.02, 0.1)))
        work, agent, fence = mine.interaction, mine.agent, mine.fence
        if dice.random() < 0.3:
            self._ask(inbox, AgentReplied(work, agent, fence, actor=f"reply:{tag}"), work)
        self.diary.holds.append(
            Hold(interaction=work, agent=agent, fence=fence, began=began, ended=time.monotonic())
        )
        if dice.random() < 0.1:
            wish = self._ask(inbox, Release(work, agent, fence, key=f"release:{work}:{fence}"), work)
            wanted: type[Event] = Requeued
        else:
            wish = self._ask(inbox, Complete(work, agent, fence, key=f"complete:{work}:{fence}"), work)
            wanted = Completed
        if wish.outcome == "ok" and not any(isinstance(each, wanted) for each in wish.answer):
            self.diary.problems.append(f"{wish.tag} was refused to whoever holds it: {wish.answer}")

    # --- hearing ----------------------------------------------------------------------------

    def _hear(self) -> None:
        """Bring agents their offers: whatever is in the rows of the journal."""
        last = 0
        while not self._ends.is_set():
            with suppress(psycopg.Error), psycopg.connect(self._dsn, autocommit=True) as connection:
                while not self._ends.wait(PAUSE / 2):
                    for seq, body in connection.execute(_ROWS, (self._shard, last)):
                        self._bring(json.loads(body))
                        last = seq
            self._ends.wait(PAUSE)

    def _bring(self, entry: dict[str, Any]) -> None:
        for fact in entry["facts"]:
            kind = fact["kind"]
            if kind == "Offered":
                self._agents[fact["agent"]].put(fact["offer"])
            elif kind == "Submitted":
                self._open.add(entry["command"]["interaction"]["id"])
            elif kind == "Completed":
                self._open.discard(fact["interaction"])
                self._under_way.discard(fact["interaction"])


def _submitted(wish: Wish) -> list[Submitted]:
    """Return what it was told of its own; what was due by then is told with it."""
    return [each for each in wish.answer if isinstance(each, Submitted)]
