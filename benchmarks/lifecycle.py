"""What does the life of one interaction cost, and what of it grows?

One life: submit -> queue -> offer -> accept -> complete, by the engine's own methods, all events
returned, offer time-out and first-response timer armed. The queue never empties and every agent
is busy, so both matching decisions are taken each time: the newcomer finds nobody free, and the
freed agent takes the best of all that she can reach. Garbage collection is on; the starting
state is frozen (`gc.freeze`), the figure without that stands beside it. The interactions are
built beforehand: they are the caller's.

    python -m benchmarks.lifecycle --json out/lifecycle.json [--quick]
"""

from __future__ import annotations

import argparse
import gc
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any, NamedTuple

from benchmarks.command import parser, write
from benchmarks.floor import Floor, against_floor
from workassign import Agent, Engine, Interaction, Needs, Plan, Queue
from workassign.commands import Accept, Complete, Submit
from workassign.events import Offered
from workassign.policies.sla import first_response

STEP = 0.001
"""Seconds of the engine's own time between two lives."""


class Size(NamedTuple):
    """How much there is of everything."""

    queued: int
    agents: int
    classes: int
    """Distinct needs."""
    profiles: int
    """Distinct skill sets."""
    reach: int
    """Classes that a profile can serve."""


GRID = [
    Size(1_000, 100, 10, 10, 2),
    Size(1_000, 100, 100, 100, 18),
    Size(1_000, 100, 1_000, 100, 350),
    Size(100_000, 1_000, 10, 10, 2),
    Size(100_000, 1_000, 100, 100, 18),
    Size(100_000, 1_000, 1_000, 1_000, 350),
    Size(1_000_000, 10_000, 10, 10, 2),
    Size(1_000_000, 10_000, 100, 100, 18),
    Size(1_000_000, 10_000, 1_000, 2_000, 18),
    Size(1_000_000, 10_000, 1_000, 2_000, 350),
]


class Saturated:
    """An engine whose queue never empties and whose agents all hold something."""

    def __init__(self, size: Size) -> None:
        """Fill it."""
        self.size = size
        self.engine = Engine(Plan(queues={"q": Queue(offer_for=60.0, sla=first_response(3_600.0))}))
        self.needs = [Needs({f"skill-{place}": 1}) for place in range(size.classes)]
        self.now = 0.0
        self._made = 0
        # Classes come in a shuffled order: else neighbours in a profile would be neighbours in age.
        self._order = random.Random(size.classes).sample(self.needs, len(self.needs))
        for number in range(size.agents):
            self.engine.add_agent(
                Agent(id=f"agent-{number}", skills=self.skills(number % size.profiles)), self.now
            )
        for interaction in self.make(size.queued + size.agents):
            self.now += STEP
            self.engine.submit(interaction, self.now)
        self.held: list[Any] = []
        for number in range(size.agents):
            events: list[Any] = self.engine.sign_on(f"agent-{number}", self.now)
            offered = events[-1]
            assert isinstance(offered, Offered), f"nothing for {number}: {events}"
            self.held += self.engine.accept(offered.offer, offered.agent, self.now)
        rng = random.Random(size.queued)
        self._turns = [rng.randrange(size.agents) for _ in range(9_973)]
        self._turn = 0

    def skills(self, profile: int) -> dict[str, float]:
        """Return what agents of *profile* can do: evenly spread, so that no class runs dry."""
        size = self.size
        first = profile * size.classes // size.profiles
        return {f"skill-{(first + place) % size.classes}": 1.0 for place in range(size.reach)}

    def make(self, many: int) -> list[Interaction]:
        """Return new interactions of all classes in turn, ids 12 characters long."""
        needs, first = self._order, self._made
        self._made += many
        return [
            Interaction(id=f"{number:012d}", queue="q", needs=needs[number % len(needs)])
            for number in range(first, first + many)
        ]

    def prepare(self, many: int) -> list[tuple[int, Interaction]]:
        """Return whose turn it is and what comes in, for each of *many* lives."""
        places = []
        for _ in range(many):
            self._turn = (self._turn + 1) % len(self._turns)
            places.append(self._turns[self._turn])
        return list(zip(places, self.make(many), strict=True))

    def by_methods(self, lives: list[tuple[int, Interaction]]) -> None:
        """Live by the engine's own methods."""
        held, now = self.held, self.now
        submit, complete, accept = self.engine.submit, self.engine.complete, self.engine.accept
        for place, interaction in lives:
            now += STEP
            submit(interaction, now)
            done = held[place]
            offered: Any = complete(done.interaction, done.agent, done.fence, now)[1]
            held[place] = accept(offered.offer, offered.agent, now)[0]
        self.now = now

    def by_commands(self, lives: list[tuple[int, Interaction]]) -> None:
        """Live by command objects, which are built here too."""
        held, now, handle = self.held, self.now, self.engine.handle
        for place, interaction in lives:
            now += STEP
            handle(Submit(interaction), now)
            done = held[place]
            offered: Any = handle(Complete(done.interaction, done.agent, done.fence), now)[1]
            held[place] = handle(Accept(offered.offer, offered.agent), now)[0]
        self.now = now

    def turns(self, lives: list[tuple[int, Interaction]]) -> list[float]:
        """Return what each single turn cost, in microseconds, three a life."""
        held, now, costs = self.held, self.now, []
        for place, interaction in lives:
            now += STEP
            start = perf_counter()
            self.engine.submit(interaction, now)
            submitted = perf_counter()
            done = held[place]
            offered: Any = self.engine.complete(done.interaction, done.agent, done.fence, now)[1]
            completed = perf_counter()
            held[place] = self.engine.accept(offered.offer, offered.agent, now)[0]
            costs += [submitted - start, completed - submitted, perf_counter() - completed]
        self.now = now
        return [cost * 1e6 for cost in costs]


def measure(size: Size, pieces: int, piece: int) -> dict[str, Any]:
    """Return the figures of one case."""
    saturated = Saturated(size)
    gc.collect()
    gc.freeze()
    saturated.by_methods(saturated.prepare(piece))
    frozen = against_floor(saturated.prepare, saturated.by_methods, pieces, piece)
    handled = against_floor(saturated.prepare, saturated.by_commands, pieces, piece)
    cuts = quantiles(saturated.turns(saturated.prepare(piece * 10)), n=1000)
    gc.unfreeze()
    unfrozen = against_floor(saturated.prepare, saturated.by_methods, pieces, piece)
    return {
        **size._asdict(),
        "us": frozen["us"],
        "f": frozen["f"],
        "floor_us": frozen["floor_us"],
        "handle_f": handled["f"],
        "unfrozen_f": unfrozen["f"],
        "p50_us": cuts[499],
        "p99_us": cuts[989],
    }


def measure_idle(agents: int, queued: int, pieces: int, piece: int) -> dict[str, Any]:
    """Return what submit-to-offer costs when agents are free, with others' work waiting.

    One life here: submit (offered at once) -> accept -> complete (the agent is free again).
    """
    engine = Engine(Plan(queues={"q": Queue(offer_for=60.0, sla=first_response(3_600.0))}))
    for number in range(agents):
        engine.add_agent(Agent(id=f"agent-{number}", skills={f"skill-{number % 10}": 1}), 0.0)
        engine.sign_on(f"agent-{number}", 0.0)
    nobodys = Needs({"nobody-has": 1})
    for number in range(queued):
        engine.submit(Interaction(id=f"waits-{number}", queue="q", needs=nobodys), 0.0)
    made, now = 0, 0.0

    def prepare(many: int) -> list[Interaction]:
        nonlocal made
        made += many
        return [
            Interaction(id=f"{number:012d}", queue="q", needs=Needs({f"skill-{number % 10}": 1}))
            for number in range(made - many, made)
        ]

    def run(interactions: list[Interaction]) -> None:
        nonlocal now
        for interaction in interactions:
            now += STEP
            offered: Any = engine.submit(interaction, now)[1]
            assigned: Any = engine.accept(offered.offer, offered.agent, now)[0]
            engine.complete(assigned.interaction, assigned.agent, assigned.fence, now)

    gc.collect()
    gc.freeze()
    run(prepare(piece))
    figures = against_floor(prepare, run, pieces, piece)
    gc.unfreeze()
    return {"agents": agents, "queued": queued, **figures}


def measure_preferred(agents: int, pieces: int, piece: int) -> dict[str, Any]:
    """Return the cost of a life where every waiting interaction prefers its own agent."""
    plan = Plan(queues={"q": Queue(offer_for=60.0, sticky_wait=100_000.0)})
    engine = Engine(plan)
    held: list[Any] = []
    for number in range(agents):
        engine.add_agent(Agent(id=f"agent-{number}"), 0.0)
        engine.sign_on(f"agent-{number}", 0.0)
        offered: Any = engine.submit(Interaction(id=f"first-{number}", queue="q"), 0.0)[1]
        held += engine.accept(offered.offer, offered.agent, 0.0)
    for number in range(agents):
        engine.submit(Interaction(id=f"waits-{number}", queue="q", prefers=f"agent-{number}"), 0.0)
    place, now, made = 0, 0.0, 0

    def prepare(many: int) -> list[Interaction]:
        nonlocal made
        made += many
        return [
            Interaction(id=f"{number:012d}", queue="q", prefers=held[number % agents].agent)
            for number in range(made - many, made)
        ]

    def run(interactions: list[Interaction]) -> None:
        nonlocal place, now
        for interaction in interactions:
            now += STEP
            engine.submit(interaction, now)
            done = held[place]
            offered: Any = engine.complete(done.interaction, done.agent, done.fence, now)[1]
            held[place] = engine.accept(offered.offer, offered.agent, now)[0]
            place = (place + 1) % agents

    gc.collect()
    gc.freeze()
    figures = against_floor(prepare, run, pieces, piece)
    gc.unfreeze()
    return {"agents": agents, "queued": agents, **figures}


def bytes_per_queued(many: int) -> float:
    """Return how many bytes of resident memory one queued interaction takes, over *many* of them.

    Its object and its id included; no attributes, an SLA timer armed, nobody there to take it.
    Run in a process of its own.
    """
    engine = Engine(Plan(queues={"q": Queue(offer_for=60.0, sla=first_response(3_600.0))}))
    engine.submit(Interaction(id="warm", queue="q"), 0.0)
    gc.collect()
    before = _resident()
    for number in range(many):
        engine.submit(Interaction(id=f"{number:012d}", queue="q"), number * STEP)
    return (_resident() - before) / many


def _resident() -> int:
    """Return this process's resident memory in bytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


def growth(cases: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Return how the multiple of F grows from the smallest to the largest, by class count."""
    found = {}
    for classes in (10, 100):
        same = [case for case in cases if case["classes"] == classes]
        if len(same) > 1:
            found[str(classes)] = same[-1]["us"] / same[0]["us"]
    return found


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print, and write the figures."""
    asked = parser(__doc__)
    asked.add_argument("--quick", action="store_true", help="leave out what is larger than 100,000")
    asked.add_argument("--memory", type=int, help=argparse.SUPPRESS)
    options = asked.parse_args(argv)
    if options.memory:
        print(bytes_per_queued(options.memory))
        return
    pieces, piece = 40, 500
    largest = 100_000 if options.quick else 1_000_000
    cases = []
    for size in GRID:
        if size.queued <= largest:
            cases.append(measure(size, pieces, piece))
            print(_line(cases[-1]), flush=True)
            gc.collect()
    idle = [measure_idle(100, 0, pieces, piece), measure_idle(1_000, 100_000, pieces, piece)]
    for figures in idle:
        print(f"idle: {figures['agents']} agents, {figures['queued']} waiting: {figures['f']:.1f} F")
    preferred = measure_preferred(100_000, pieces, piece)
    print(f"100,000 waiting, each for its own agent: {preferred['f']:.1f} F")
    memory = subprocess.run(
        [sys.executable, "-m", "benchmarks.lifecycle", "--memory", str(largest)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    figures = {
        "floor_us": Floor().measure(),
        "cases": cases,
        "growth": max(growth(cases).values(), default=1.0),
        "growth_by_classes": growth(cases),
        "bytes_per_queued": float(memory.stdout),
        "idle": idle,
        "preferred": preferred,
        "python": sys.version.split()[0],
    }
    print(f"growth {figures['growth']:.2f}, {figures['bytes_per_queued']:.0f} bytes per queued interaction")
    write(figures, options.json)


def _line(case: dict[str, Any]) -> str:
    sizes = (
        "{queued:>9,} queued {agents:>6,} agents {classes:>5,} classes {profiles:>5,} profiles x {reach:<3}"
    )
    costs = "{us:6.2f} us {f:5.1f} F, handle {handle_f:5.1f} F, unfrozen {unfrozen_f:5.1f} F"
    turns = "one turn p50 {p50_us:.1f} p99 {p99_us:.1f} us"
    return f"{sizes}: {costs}; {turns}".format(**case)


if __name__ == "__main__":
    main()
