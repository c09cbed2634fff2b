"""How long does a restart take: 100,000 open interactions in a snapshot, 100,000 events behind it?

The journal is in a SQLite file, on whatever disk the folder for temporary files is. Timed are, by
processor time and by turns: reading the snapshot, taking in the tail, the first turn after
it; the same without the snapshot; and, as a measure of the machine, `json.loads` of the tail's rows,
once with all that it returns kept, as a replay keeps what it reads, and once with nothing kept.

    python -m benchmarks.restart --json out/restart.json [--quick]
"""

from __future__ import annotations

import gc
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from benchmarks.command import parser, write
from workassign import Agent, Engine, Interaction, Needs, SqliteStore
from workassign.commands import Accept, AddAgent, Complete, SignOn, Submit, Tick
from workassign.journal import Recorder, entries, record, replay, resume, take_up
from workassign.model import Customer
from workassign.snapshots import take

OPEN, TAIL, AGENTS, CLASSES, ROUNDS = 100_000, 100_000, 200, 100, 3


def fill(store: SqliteStore, waiting: int, tail: int) -> int:
    """Let so many wait, take a snapshot, let agents work for *tail* events more; return how many."""
    recorder = record(Engine(), store)
    say, now = recorder.handle, 1_767_225_600.0
    for number in range(waiting):
        now += 0.01
        say(Submit(_mention(number), key=f"network:{number}"), now)
        if not number % 1000:
            recorder.flush()
    head = recorder.flush()
    take(store, recorder.engine, head, waiting)
    return _work(recorder, waiting, tail, now)


def _mention(number: int) -> Interaction:
    """Return something that comes in: with needs of its class, and a customer."""
    who = Customer(id=f"customer-{number % 9973}", followers=number % 5000)
    needs = Needs({f"skill-{number % CLASSES}": 1.0})
    return Interaction(id=f"mention-{number}", needs=needs, customer=who, sentiment=-0.5)


def _work(recorder: Recorder, number: int, tail: int, now: float) -> int:
    """Let each agent have something, then one come in for each that is completed."""
    say, events = recorder.handle, 0
    held: list[Any] = []
    skills = {f"skill-{each}": 2.0 for each in range(CLASSES)}
    for each in range(AGENTS):
        name = f"agent-{each}"
        say(AddAgent(Agent(id=name, skills=skills)), now)
        offered: Any = say(SignOn(name), now)[-1]
        held += say(Accept(offered.offer, name), now)
        events += 4
    while events < tail:
        for place in range(AGENTS):
            now += 0.01
            number += 1
            done: Any = held[place]
            events += len(say(Submit(_mention(number), key=f"network:{number}"), now))
            facts: Any = say(Complete(done.interaction, done.agent, done.fence), now)
            events += len(facts) + 1
            (held[place],) = say(Accept(facts[-1].offer, done.agent), now)
        recorder.flush()
    return events


def timed(work: Callable[[], Any]) -> float:
    """Return how many seconds *work* takes, which begins without garbage."""
    gc.collect()
    begin = process_time()
    kept = work()
    seconds = process_time() - begin
    del kept
    return seconds


def measure(store: SqliteStore, rounds: int, events: int) -> dict[str, Any]:
    """Return the seconds of each step, medians of *rounds* by turns."""
    begin = resume(store).seq
    rows = list(store.load(begin + 1))
    steps: dict[str, Callable[[], Any]] = {
        "snapshot": lambda: resume(store),
        "restart": lambda: replay(store),
        "first_turn_too": lambda: replay(store).handle(Tick(), 2_000_000_000.0),
        "without_snapshot": lambda: replay(store, lambda entry: None),
        "bare_json_of_tail": lambda: [json.loads(row) for row in rows],
        "bare_json_dropped": lambda: sum(1 for row in rows if json.loads(row)),
        "decode_of_tail": lambda: sum(1 for _ in entries(store, begin + 1)),
    }
    found: dict[str, list[float]] = {name: [] for name in (*steps, "tail")}
    for _ in range(rounds):
        for name, step in steps.items():
            found[name].append(timed(step))
        begun = resume(store)
        found["tail"].append(timed(lambda: take_up(begun, store, lambda entry: None)))  # noqa: B023 - at once
    seconds = {name: median(each) for name, each in found.items()}
    tail = seconds["tail"]
    return {
        "seconds": seconds,
        "tail_entries": len(rows),
        "replay_events_per_s": events / tail,
        "replay_to_bare_json": seconds["bare_json_of_tail"] / tail,
        "replay_to_bare_json_dropped": seconds["bare_json_dropped"] / tail,
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Fill a store, measure, tell."""
    ask = parser(__doc__)
    ask.add_argument("--quick", action="store_true", help="a tenth of it")
    told = ask.parse_args(argv)
    less = 10 if told.quick else 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        store = SqliteStore(path)
        events = fill(store, OPEN // less, TAIL // less)
        store.close()
        store = SqliteStore(path)
        (size,) = (len(body or b"") for _, body in islice(store.snapshots(), 1))
        found: dict[str, Any] = {"open": OPEN // less, "events": events, "snapshot_bytes": size}
        found |= measure(store, ROUNDS, events)
        store.close()
    figures = {name: value for name, value in found.items() if name != "seconds"}
    for name, value in {**figures, **found["seconds"]}.items():
        print(f"{name:28} {value:14,.2f}")
    write(found, told.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
