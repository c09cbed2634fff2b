"""How is a simulated day kept, and measured? Run into a journal, then read from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, tzinfo

from workassign.engine import Engine
from workassign.journal import Store, entries, header, record
from workassign.kpi import Kpis
from workassign.lab.day import ACTOR, PLAIN, Arrivals, Reception, Simulation, plain_fifo, run_day
from workassign.lab.doors import Kept
from workassign.lab.ledger import Ledger
from workassign.lab.roster import Roster
from workassign.plan import Plan

__all__ = ["is_simulated", "measured", "recorded_day", "unscored_day"]


def recorded_day(
    plan: Plan,
    arrivals: Arrivals,
    roster: Roster,
    simulation: Simulation,
    store: Store,
    arrived: Callable[[int], None] = lambda count: None,
    reception: Reception = PLAIN,
) -> None:
    """Run a day and keep all of it in *store*, which must be empty.

    Raises:
        PlanError: If a policy of the plan has no name that a journal could keep.
        JournalError: If the store cannot be written, or has a journal already.
    """
    recorder = record(Engine(plan), store)
    door = Kept(recorder.engine, recorder)
    run_day(door, arrivals, roster, simulation, arrived, reception)
    door.flush()


def unscored_day(
    plan: Plan,
    arrivals: Arrivals,
    roster: Roster,
    simulation: Simulation,
    arrived: Callable[[int], None] = lambda count: None,
    reception: Reception = PLAIN,
) -> Ledger:
    """Run the same day under the plan without its scoring, and return what happened."""
    plan = plain_fifo(plan)
    ledger = Ledger(plan)
    run_day(Kept(Engine(plan), takes=(ledger.take,)), arrivals, roster, simulation, arrived, reception)
    return ledger


def measured(store: Store, zone: tzinfo = UTC) -> tuple[Ledger, Kpis]:
    """Return what happened according to the journal in *store*, and its key figures, in one pass.

    What left a queue counts where it had come. Days are those of *zone* if it has a name.

    Raises:
        JournalError: If it is damaged.
    """
    plan = Plan.from_data(header(store).plan)
    ledger, kpis = Ledger(plan), Kpis(plan, attribution="arrival", zone=getattr(zone, "key", "UTC"))
    for entry in entries(store):
        ledger.take(entry.at, entry.facts)
        kpis.take(entry.at, entry.facts)
    return ledger, kpis


def is_simulated(store: Store) -> bool:
    """Whether the journal in *store* is empty or was written by a simulation.

    Raises:
        JournalError: If it cannot be read.
    """
    first = next(entries(store), None) if store.head() >= 0 else None
    return first is None or first.command.actor == ACTOR
