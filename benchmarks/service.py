"""What does the asyncio service cost, and what does it bring, next to a bare desk?

Clients ask one thing after the other, each as soon as it was answered: an interaction comes, and is
cancelled, so that the queue stays as long as there are clients. Bare desk: one thread, or a thread
a client. Service: one loop, a task a client. Every answer is given once it is durable in the store.

Every way and number of clients has its turn in each round, on a store of its own; the figures are
commands per second of the clock on the wall, medians over the rounds. What other programs do
meanwhile is counted, so trust the ratios of one run.

    python -m benchmarks.service --json out/service.json
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from benchmarks.command import parser, write
from workassign import Desk, Interaction, MemoryStore, SqliteStore
from workassign.commands import Cancel, Command, Submit
from workassign.journal import Store
from workassign.serve.aio import Service

STORES: dict[str, Callable[[Path], Store]] = {"memory": lambda path: MemoryStore(), "sqlite": SqliteStore}
CLIENTS = (1, 8, 64)


def asked(client: int, count: int) -> Iterator[Command]:
    """Yield *count* commands of *client*."""
    for number in range(count // 2):
        name = f"{client}-{number}"
        yield Submit(Interaction(id=name))
        yield Cancel(name)


@contextmanager
def opened(make: Callable[[Path], Store]) -> Iterator[Desk]:
    """Open a desk with a new store."""
    with TemporaryDirectory() as folder, Desk.open(make(Path(folder) / "journal.db")) as desk:
        yield desk


def by_threads(desk: Desk, clients: int, count: int) -> float:
    """Return how long it takes, a thread a client."""

    def ask(client: int) -> None:
        for command in asked(client, count):
            desk.handle(command)

    threads = [threading.Thread(target=ask, args=(client,)) for client in range(clients)]
    begun = perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return perf_counter() - begun


def by_service(desk: Desk, clients: int, count: int) -> float:
    """Return how long it takes, a task a client."""

    async def ask(service: Service, client: int) -> None:
        for command in asked(client, count):
            await service.handle(command)

    async def main() -> float:
        async with Service(desk) as service:
            begun = perf_counter()
            await asyncio.gather(*(ask(service, client) for client in range(clients)))
            return perf_counter() - begun

    return asyncio.run(main())


WAYS = {"desk": by_threads, "service": by_service}


def measure(commands: int, rounds: int) -> dict[str, Any]:
    """Return the commands per second of every way, by store and number of clients."""
    seen: dict[str, dict[str, dict[str, list[float]]]] = {
        store: {way: {str(clients): [] for clients in CLIENTS} for way in WAYS} for store in STORES
    }
    for _ in range(rounds):
        for store, make in STORES.items():
            for clients in CLIENTS:
                count = commands // clients
                for way, run in WAYS.items():
                    with opened(make) as desk:
                        seconds = run(desk, clients, count)
                    seen[store][way][str(clients)].append(count // 2 * 2 * clients / seconds)
    return {
        store: {
            way: {clients: round(median(each)) for clients, each in by_clients.items()}
            for way, by_clients in ways.items()
        }
        for store, ways in seen.items()
    }


def show(figures: dict[str, Any]) -> None:
    """Print the table."""
    print(f"{'commands/s':22}" + "".join(f"{clients:>6} clients" for clients in CLIENTS))
    for store, ways in figures.items():
        for way, by_clients in ways.items():
            print(f"{store + ', ' + way:22}" + "".join(f"{each:>14,}" for each in by_clients.values()))


def main() -> None:
    """Run the command."""
    ask = parser(__doc__)
    ask.add_argument("--commands", type=int, default=8_000, help="so many in each measurement")
    ask.add_argument("--rounds", type=int, default=5)
    options = ask.parse_args()
    figures = measure(options.commands, options.rounds)
    show(figures)
    write({"commands_per_s": figures, "commands": options.commands, "rounds": options.rounds}, options.json)


if __name__ == "__main__":
    main()
