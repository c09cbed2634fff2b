"""How would it go? Run a scenario, once, under a virtual clock, with the engine itself."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isfinite
from typing import Any, Literal

import attrs

from workassign.engine import Engine
from workassign.errors import UsageError
from workassign.journal import Store, record
from workassign.kpi import Kpis
from workassign.lab.doors import Kept, WideDoor
from workassign.lab.floor import Floor
from workassign.lab.results import Result
from workassign.lab.scenario import Scenario
from workassign.plan import Plan
from workassign.policies.naming import reseeded
from workassign.queues import Queue

__all__ = ["simulate"]

RETENTION = 60.0
"""Seconds for which the engine of a simulation remembers what is closed."""

YOUNG = 50_000
"""During a run the garbage collector looks again after so many new objects."""


def simulate(
    scenario: Scenario,
    seed: int = 0,
    *,
    warm_up: float = 0.0,
    journal: Store | None = None,
    kpis: bool = False,
    kernel: Literal["engine", "compiled"] = "engine",
    arrived: Callable[[int], None] = lambda count: None,
) -> Result:
    """Let *scenario* happen and return what it showed; the same *seed* gives the same result.

    The engine is the real one, with its own timers, offers and policies; nothing is routed here.
    What arrives in the first *warm_up* seconds counts in no figure. Policies with a `seed` of their own
    (`random_idle`) draw anew for each *seed*. With a *journal*, an empty
    store, all of it can be verified, explained and replayed; with *kpis* the result has every key
    figure of `Kpis` as well; both take their time. *arrived* is told how many have arrived.

    The *compiled* kernel (`pip install 'workassign[fast]'`) decides alike, many times as fast, where
    all rules fit into tables: see `compiled.why_not`. It keeps no journal and no live figures.

    Cost: some 10 microseconds for each interaction that is accepted at once.

    Raises:
        UsageError: If the seed or the warm-up is none, or more values are drawn than are given.
        JournalError: If the journal is not empty, or cannot be written.
    """
    if not isinstance(scenario, Scenario):
        raise UsageError(f"only a Scenario can be simulated, not {scenario!r}")
    if type(seed) is not int or seed < 0:
        raise UsageError(f"seed must be a whole number, at least 0, not {seed!r}")
    if not (isfinite(warm_up) and 0 <= warm_up < scenario.duration):
        raise UsageError(f"warm_up must be seconds from 0 to below the duration, not {warm_up!r}")
    if kernel not in ("engine", "compiled"):
        raise UsageError(f"kernel must be engine or compiled, not {kernel!r}")
    if kernel == "compiled" and (journal is not None or kpis):
        raise UsageError("the compiled kernel has no journal and no live figures: those are the engine's")
    # Nobody asks for what is closed, so it need not be remembered: half of the memory. A journal says
    # under which plan it was, and that is the scenario's own.
    plan = (
        scenario.plan
        if journal is not None
        else attrs.evolve(scenario.plan, retention=min(scenario.plan.retention, RETENTION))
    )
    engine = Engine(_reseeded(plan, seed))
    measured = Kpis(scenario.plan, attribution="arrival") if kpis else None
    door: WideDoor = engine
    if journal is not None or measured is not None:
        recorder = None if journal is None else record(engine, journal)
        door = Kept(engine, recorder, () if measured is None else (measured.take,))
    try:
        floor = Floor(scenario, seed, door)
    except ValueError as error:
        raise UsageError(f"{scenario.name}: {error}") from None
    if kernel == "compiled":
        from workassign.lab import compiled

        compiled.play(scenario, floor)
    else:
        with _unhurried_collector():
            floor.run(arrived)
    if isinstance(door, Kept):
        door.flush()
    return Result(floor, warm_up=warm_up, store=journal, kpis=measured)


def _reseeded(plan: Plan, seed: int) -> Plan:
    """Return *plan*; what its policies draw by a seed of their own is drawn anew for each *seed* but 0."""
    if seed == 0:
        return plan
    queues = {name: _dealt_anew(queue, seed << 20) for name, queue in plan.queues.items()}
    return attrs.evolve(plan, queues=queues)


def _dealt_anew(queue: Queue, by: int) -> Queue:
    policies: dict[str, Any] = {slot: reseeded(getattr(queue, slot), by) for slot in _DRAWN}
    return attrs.evolve(queue, **policies)


_DRAWN = ("ordering", "selection", "work")
"""Slots of a queue whose policies may draw."""


@contextmanager
def _unhurried_collector() -> Iterator[None]:
    """Let the garbage collector look at what is young less often.

    What a run leaves behind is no garbage in cycles but its own records; to look through these over
    and over takes up to a tenth of its time. What a policy leaves is still found, only later.
    """
    young, *older = gc.get_threshold()
    if not 0 < young < YOUNG:  # it is off, or somebody has seen to that already
        yield
        return
    gc.set_threshold(YOUNG, *older)
    try:
        yield
    finally:
        gc.set_threshold(young, *older)
