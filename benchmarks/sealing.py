"""What does a seal cost: for each entry, in time and bytes, and to check or to erase afterwards?

Interactions come with a customer, a reference and two attributes, each is accepted and completed:
three entries each. Every way has its turn in each round, in memory and in a SQLite file, a batch of
100 entries at a time; the figures are medians of processor time. Trust the ratios of one run.

    python -m benchmarks.sealing --json out/sealing.json [--count N]
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

from benchmarks.command import parser, write
from workassign import Agent, Customer, Engine, Interaction, MemoryStore, SqliteStore
from workassign.commands import Accept, AddAgent, Complete, SignOn, Submit
from workassign.erasing import erase
from workassign.heads import examine
from workassign.journal import record
from workassign.sealing import Seal

WAYS: dict[str, Seal | None] = {"plain": None, "sha256": Seal(), "hmac-sha256": Seal(b"k" * 32)}
STORES: dict[str, Callable[[Path], Any]] = {"memory": lambda path: MemoryStore(), "sqlite": SqliteStore}
ROUNDS, BATCH = 5, 100


def filled(store: Any, seal: Seal | None, count: int) -> float:
    """Record *count* interactions in *store*, and return the processor time of it."""
    recorder = record(Engine(), store, seal)
    now = 1_767_225_600.0
    recorder.handle(AddAgent(Agent(id="ann")), now)
    recorder.handle(SignOn("ann"), now)
    begun = process_time()
    for number in range(count):
        now += 1.0
        who = Customer(id=f"customer-{number % 97}", followers=number % 5000)
        attributes = {"topic": "baggage", "author": f"the {number % 97}th"}
        mention = Interaction(
            id=f"mention-{number}", customer=who, ref=f"texts/{number}", attributes=attributes
        )
        *_, offered = recorder.handle(Submit(mention, key=f"network:{number}"), now)
        (assigned,) = recorder.handle(Accept(offered.offer, "ann"), now)  # type: ignore[union-attr,arg-type]
        recorder.handle(Complete(mention.id, "ann", assigned.fence), now)  # type: ignore[union-attr]
        if len(recorder.pending) >= BATCH:
            recorder.flush()
    recorder.flush()
    return process_time() - begun


def afterwards(store: Any, seal: Seal | None) -> dict[str, float]:
    """Return the processor time of checking all seals of *store*, and of erasing a customer from it."""
    begun = process_time()
    examine(store.load, seal)
    checked = process_time()
    erase(store, "customer-7", seal=seal)
    found = {"erase": process_time() - checked}
    return found if seal is None else {"check": checked - begun, **found}


def measured(count: int) -> dict[str, Any]:
    """Return the figures of every store and way."""
    times: dict[tuple[str, str, str], list[float]] = {}
    sizes: dict[str, float] = {}
    for _ in range(ROUNDS):
        for shelf, make in STORES.items():
            for way, seal in WAYS.items():
                with TemporaryDirectory() as folder:
                    store = make(Path(folder) / "journal.db")
                    times.setdefault((shelf, way, "record"), []).append(filled(store, seal, count))
                    entries = store.head()
                    sizes[way] = sum(map(len, store.load())) / entries
                    for name, cost in afterwards(store, seal).items():
                        times.setdefault((shelf, way, name), []).append(cost)
                    store.close()
    figures: dict[str, Any] = {"entries": entries, "bytes_per_entry": sizes}
    for (shelf, way, what), found in times.items():
        figures.setdefault(shelf, {}).setdefault(what, {})[way] = median(found) / entries * 1e6
    for shelf in STORES:
        plainly = figures[shelf]["record"]["plain"]
        ratios = {way: figures[shelf]["record"][way] / plainly for way in WAYS}
        figures[shelf]["record_ratio"] = ratios
    return figures


def main() -> None:
    """Measure, print and write."""
    asked = parser(__doc__)
    asked.add_argument("--count", type=int, default=2000, help="so many interactions a round")
    told = asked.parse_args()
    figures = measured(told.count)
    sizes = ", ".join(f"{way} {size:.0f}" for way, size in figures["bytes_per_entry"].items())
    print(f"{figures['entries']:,} entries; bytes an entry: {sizes}")
    for shelf in STORES:
        for what in ("record", "check", "erase"):
            each = ", ".join(f"{way} {cost:.1f}" for way, cost in figures[shelf][what].items())
            print(f"{shelf}: {what}, microseconds an entry: {each}")
        ratios = ", ".join(f"{way} {ratio:.2f}" for way, ratio in figures[shelf]["record_ratio"].items())
        print(f"{shelf}: recording, against plain: {ratios}")
    write(figures, told.json)


if __name__ == "__main__":
    main()
