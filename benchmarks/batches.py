"""What does a batch bring, and what does it cost, against giving out one by one?

Three questions. How long does the policy take to solve a window? On one floor where skills are scarce,
how much more is matched, and how much better, at the end of one window? And on a simulated hour, where
both arrive and get free all the time, what do customers notice of it?

Both ways see the same agents, interactions and handling times, in turns, in one run. Times are processor
times: what other programs do meanwhile is not counted.

    python -m benchmarks.batches --json out/batches.json
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence
from statistics import fmean, median, quantiles
from time import process_time
from typing import Any

from benchmarks.command import parser, write
from workassign import Agent, Engine, Interaction, Needs, Plan, Queue
from workassign import events as ev
from workassign.lab.batches import flow
from workassign.policies import selection
from workassign.policies.batch import Batch, Column, Given, Pair, Row

SKILLS = tuple(f"s{number:02d}" for number in range(16))
WEIGHTS = [1 / (1 + place) for place in range(len(SKILLS))]
"""The first are common, the last rare, among agents; interactions ask more evenly."""
ASKED = [1 / (1 + place) ** 0.5 for place in range(len(SKILLS))]
FIT = 5.0
"""What a level is worth, in seconds of waiting."""


# --- how long a window takes ----------------------------------------------------------------------


def instance(size: int, kinds: int, density: float, tiers: int, seed: int) -> tuple[Any, ...]:
    """Return so many interactions and agents of so many kinds each, of which a share fits."""
    dice = random.Random(seed)

    def sizes() -> list[int]:
        found = [1] * kinds
        for _ in range(size - kinds):
            found[dice.randrange(kinds)] += 1
        return found

    rows = [
        Row(
            "default",
            dice.randint(1, tiers),
            Needs(),
            tuple(sorted((dice.random() * 600 for _ in range(each)), reverse=True)),
        )
        for each in sizes()
    ]
    columns = [Column({}, each) for each in sizes()]
    places = ((row, column) for row in range(kinds) for column in range(kinds))
    pairs = [Pair(*each, 0.0, -5 * dice.random(), False) for each in places if dice.random() < density]
    return rows, columns, pairs


CASES = (
    (1_000, 100, 0.1, 1),
    (5_000, 100, 0.1, 1),
    (5_000, 100, 0.35, 1),
    (5_000, 100, 0.1, 3),
    (5_000, 1_000, 0.02, 1),
)


def solve(size: int, kinds: int, density: float, tiers: int) -> dict[str, Any]:
    """Return how long the flow takes."""
    policy, times, matched = flow(fit=FIT), [], 0
    for seed in range(10 if kinds <= 100 else 4):
        asked = instance(size, kinds, density, tiers, seed)
        start = process_time()
        answer = policy(*asked)
        times.append((process_time() - start) * 1000)
        matched = sum(number for _, _, number in answer)
    first, *rest = times  # the first one imports scipy, or warms up
    return {
        "size": size,
        "kinds": kinds,
        "density": density,
        "tiers": tiers,
        "ms": median(rest),
        "worst_ms": max(rest),
        "first_ms": first,
        "matched": matched,
    }


# --- one window -----------------------------------------------------------------------------------


def nothing(rows: Sequence[Row], columns: Sequence[Column], pairs: Sequence[Pair]) -> Given:
    """Leave everything to be given one by one."""
    return ()


def some_agents(dice: random.Random, number: int) -> list[Agent]:
    """Return agents with one to three skills of levels 1 to 5."""
    found = []
    for place in range(number):
        skills = dict.fromkeys(dice.choices(SKILLS, WEIGHTS, k=dice.choice((1, 1, 2, 2, 3))), 0)
        found.append(Agent(id=f"a{place:05d}", skills={skill: dice.randint(1, 5) for skill in skills}))
    return found


def some_needs(dice: random.Random) -> Needs:
    """Return a skill that is asked for, at a level that many have."""
    return Needs({dice.choices(SKILLS, ASKED)[0]: dice.choice((1, 1, 1, 2, 3))})


def one_window(number: int, share: float, seed: int) -> dict[str, Any]:
    """Return what is given out at one end, singly and all at once: how much, and worth how much."""
    dice = random.Random(seed)
    agents = some_agents(dice, number)
    arrivals = sorted(dice.random() * 59 for _ in range(round(share * number)))
    works = [
        (at, Interaction(id=f"i{place:05d}", needs=some_needs(dice))) for place, at in enumerate(arrivals)
    ]
    levels = {agent.id: agent.skills for agent in agents}
    needed = {work.id: work.needs.skills[0][0] for _, work in works}
    found: dict[str, Any] = {"agents": number, "interactions": len(works)}
    for name, use in (("singly", nothing), ("batch", flow(fit=FIT))):
        queue = Queue(batch=Batch(window=60, use=use), selection=selection.best_skill)
        engine = Engine(Plan(queues={"default": queue}))
        for agent in agents:
            engine.add_agent(agent, -1.0)
            engine.sign_on(agent.id, -1.0)
        for at, work in works:
            engine.submit(work, at)
        start = process_time()
        offers = [each for each in engine.tick(60.0) if isinstance(each, ev.Offered)]
        found[f"{name}_ms"] = (process_time() - start) * 1000
        found[f"{name}_matched"] = len(offers)
        worth = (
            60.0 - works[int(o.interaction[1:])][0] + FIT * levels[o.agent][needed[o.interaction]]
            for o in offers
        )
        found[f"{name}_worth"] = sum(worth)
    return found


def windows() -> list[dict[str, Any]]:
    """Return the same for floors of all sizes, the mean of several each."""
    rows = []
    for number, share in ((100, 1.0), (1_000, 0.7), (1_000, 1.0), (1_000, 2.0), (5_000, 1.0)):
        each = [one_window(number, share, seed) for seed in range(10 if number <= 100 else 3)]
        rows.append({key: fmean(one[key] for one in each) for key in each[0]})
    return rows


# --- an hour --------------------------------------------------------------------------------------


def an_hour(seed: int, agents: int, rate: float, window: float | None) -> dict[str, Any]:
    """Live a simulated hour, with a batch or without; *rate* is of arrivals a second."""
    dice = random.Random(seed)
    roster = some_agents(dice, agents)
    reach = {skill for agent in roster for skill in agent.skills}
    work: list[tuple[float, Interaction, float]] = []
    at = 0.0
    while (at := at + dice.expovariate(rate)) < 3600:
        needs = some_needs(dice)
        if needs.skills[0][0] in reach:
            work.append((at, Interaction(id=f"i{len(work):06d}", needs=needs), dice.lognormvariate(5.3, 0.5)))
    batch = None if window is None else Batch(window=window, use=flow(fit=FIT))
    queue = Queue(batch=batch, auto_accept=True, selection=selection.best_skill)
    engine = Engine(Plan(queues={"default": queue}))
    for agent in roster:
        engine.add_agent(agent, 0.0)
        engine.sign_on(agent.id, 0.0)
    levels = {agent.id: agent.skills for agent in roster}
    ends: list[tuple[float, str, str, int]] = []
    waits, fits = [], []
    served = set()

    def see(facts: Sequence[ev.Event]) -> None:
        for event in facts:
            if isinstance(event, ev.Assigned):
                came, interaction, handling = work[int(event.interaction[1:])]
                served.add(event.interaction)
                waits.append(event.at - came)
                fits.append(levels[event.agent][interaction.needs.skills[0][0]])
                heapq.heappush(ends, (event.at + handling, event.interaction, event.agent, event.fence))

    start = process_time()
    for at, interaction, _ in [*work, (3600.0, Interaction(id="end"), 0.0)]:
        while min(engine.next_wake, ends[0][0] if ends else at) < at:
            if ends and ends[0][0] <= engine.next_wake:
                end, name, who, fence = heapq.heappop(ends)
                see(engine.complete(name, who, fence, end))
            else:
                see(engine.tick(engine.next_wake))
        if interaction.id != "end":
            see(engine.submit(interaction, at))
    seconds = process_time() - start
    left = [3600.0 - came for came, interaction, _ in work if interaction.id not in served]
    return {
        "came": len(work),
        "assigned": len(waits),
        "mean_wait_s": fmean([*waits, *left]),
        "p90_wait_s": quantiles([*waits, *left], n=10)[-1],
        "within_20_s": sum(wait <= 20 for wait in waits) / len(work),
        "mean_level": fmean(fits),
        "us_each": seconds / len(work) * 1e6,
    }


LOADS = (0.8, 1.0)
WINDOWS = (None, 2.0, 10.0)
AGENTS = 400
HANDLING = 227.0
"""The mean of the handling times, in seconds."""


def hours() -> list[dict[str, Any]]:
    """Return hours at several loads, with several windows, the mean of three each."""
    rows = []
    for load in LOADS:
        rate = load * AGENTS / HANDLING
        lived: dict[float | None, list[dict[str, Any]]] = {window: [] for window in WINDOWS}
        for seed in range(3):
            for window in WINDOWS:  # in turns
                lived[window].append(an_hour(seed, AGENTS, rate, window))
        for window, each in lived.items():
            means = {key: fmean(one[key] for one in each) for key in each[0]}
            rows.append({"load": load, "window": window, **means})
    return rows


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print, and write the figures."""
    options = parser(__doc__).parse_args(argv)
    solved = [solve(*case) for case in CASES]
    for each in solved:
        print(
            "{size:,} x {size:,} of {kinds:,} kinds, {density:.0%} fit, tiers {tiers}: {ms:.0f} ms, "
            "at worst {worst_ms:.0f} ms".format(**each),
            flush=True,
        )
    floors = windows()
    for each in floors:
        more = each["batch_matched"] / each["singly_matched"] - 1
        worth = each["batch_worth"] / each["singly_worth"] - 1
        print(
            "{interactions:,.0f} for {agents:,.0f}: singly {singly_matched:,.0f} in {singly_ms:.0f} ms, "
            "{batch_matched:,.0f} in a batch in {batch_ms:.0f} ms".format(**each)
            + f": {more:+.1%} matches, {worth:+.1%} worth",
            flush=True,
        )
    lived = hours()
    for each in lived:
        window = "one by one" if each["window"] is None else f"window {each['window']:g} s"
        print(
            f"load {each['load']:.0%}, {window}: "
            + "{assigned:,.0f} of {came:,.0f} assigned, wait {mean_wait_s:.1f} s (p90 {p90_wait_s:.1f} s), "
            "{within_20_s:.1%} within 20 s, level {mean_level:.2f}, {us_each:.0f} us each".format(**each),
            flush=True,
        )
    write({"solve": solved, "window": floors, "hour": lived}, options.json)


if __name__ == "__main__":
    main()
