"""How would it go? Run a scenario, once, under a virtual clock, with the engine itself."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import isfinite
from typing import Literal

import attrs

from workassign import commands as cmd
from workassign.engine import Engine
from workassign.errors import UsageError
from workassign.events import Event
from workassign.journal import Recorder, Store, record
from workassign.kpi import Kpis
from workassign.lab.floor import Door, Floor
from workassign.lab.results import Result
from workassign.lab.scenario import Scenario
from workassign.model import AgentId, Fence, Instant, Interaction, InteractionId, OfferId

__all__ = ["simulate"]

RETENTION = 60.0
"""Seconds for which the engine of a simulation remembers what is closed."""

GROUP = 500
"""So many turns become durable together: nothing is promised to anybody during a simulation."""


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
    What arrives in the first *warm_up* seconds counts in no figure. With a *journal*, an empty
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
    engine = Engine(plan)
    measured = Kpis(scenario.plan, attribution="arrival") if kpis else None
    door: Door = engine
    if journal is not None or measured is not None:
        door = _Kept(engine, None if journal is None else record(engine, journal), measured)
    try:
        floor = Floor(scenario, seed, door)
    except ValueError as error:
        raise UsageError(f"{scenario.name}: {error}") from None
    if kernel == "compiled":
        from workassign.lab import compiled

        compiled.play(scenario, floor)
    else:
        with _rare_collections():
            floor.run(arrived)
    if isinstance(door, _Kept):
        door.flush()
    return Result(floor, warm_up=warm_up, store=journal, kpis=measured)


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Let Python look for cycles of garbage less often: a simulation makes none, and much that lives."""
    usual = gc.get_threshold()
    gc.set_threshold(100_000, 50, 1_000)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


class _Kept:
    """A door to an engine that keeps every turn: in a journal, in key figures, or in both."""

    def __init__(self, engine: Engine, recorder: Recorder | None, kpis: Kpis | None) -> None:
        self._engine, self._recorder, self._kpis = engine, recorder, kpis

    def handle(self, command: cmd.Command, at: Instant) -> Sequence[Event]:
        """Carry out a command and keep the turn."""
        door = self._engine if self._recorder is None else self._recorder
        answer = door.handle(command, at)
        if self._kpis is not None:
            self._kpis.take(at, self._engine.facts)
        if self._recorder is not None and len(self._recorder.pending) >= GROUP:
            self._recorder.flush()
        return answer

    def flush(self) -> None:
        """Make durable what is pending."""
        if self._recorder is not None:
            self._recorder.flush()

    def submit(self, interaction: Interaction, at: Instant) -> Sequence[Event]:
        """Take in an interaction."""
        return self.handle(cmd.Submit(interaction), at)

    def complete(
        self, interaction: InteractionId, agent: AgentId, fence: Fence, at: Instant
    ) -> Sequence[Event]:
        """Let the holder be done."""
        return self.handle(cmd.Complete(interaction, agent, fence), at)

    def abandon(self, interaction: InteractionId, at: Instant) -> Sequence[Event]:
        """Let the customer leave."""
        return self.handle(cmd.Abandon(interaction), at)

    def accept(self, offer: OfferId, agent: AgentId, at: Instant) -> Sequence[Event]:
        """Let an agent take what she was offered."""
        return self.handle(cmd.Accept(offer, agent), at)

    @property
    def calm_until(self) -> Instant:
        """Nothing is due before this instant."""
        return self._engine.calm_until

    @property
    def next_wake(self) -> Instant:
        """When something is due without a command."""
        return self._engine.next_wake
