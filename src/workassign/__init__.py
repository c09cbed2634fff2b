"""Skills-based work assignment: each interaction to exactly one agent, the right one, in time."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from workassign._version import __version__
from workassign.engine import Engine
from workassign.errors import JournalError, PlanError, UsageError, WorkassignError
from workassign.groups import Group
from workassign.hours import Calendar
from workassign.model import Agent, Channel, Customer, Interaction, Presence, Status, instant
from workassign.needs import Needs
from workassign.plan import Alarms, Plan, Queue
from workassign.policies.sla import Target
from workassign.rotations import Period, Rotation

if TYPE_CHECKING:
    from workassign.desk import Desk
    from workassign.explain import why_not, why_waiting
    from workassign.journal import record, replay, verify
    from workassign.kpi import Kpis, measure
    from workassign.stores.jsonl import JsonlStore
    from workassign.stores.memory import MemoryStore
    from workassign.stores.sqlite import SqliteStore
    from workassign.waiting import Wait, expected_wait, position

__all__ = [
    "Agent",
    "Alarms",
    "Calendar",
    "Channel",
    "Customer",
    "Desk",
    "Engine",
    "Group",
    "Interaction",
    "JournalError",
    "JsonlStore",
    "Kpis",
    "MemoryStore",
    "Needs",
    "Period",
    "Plan",
    "PlanError",
    "Presence",
    "Queue",
    "Rotation",
    "SqliteStore",
    "Status",
    "Target",
    "UsageError",
    "Wait",
    "WorkassignError",
    "__version__",
    "expected_wait",
    "instant",
    "measure",
    "position",
    "record",
    "replay",
    "verify",
    "why_not",
    "why_waiting",
]

# What an engine alone does not need comes when it is first asked for.
_LATER = {
    "Desk": "desk",
    "JsonlStore": "stores.jsonl",
    "Kpis": "kpi",
    "MemoryStore": "stores.memory",
    "SqliteStore": "stores.sqlite",
    "Wait": "waiting",
    "expected_wait": "waiting",
    "measure": "kpi",
    "position": "waiting",
    "record": "journal",
    "replay": "journal",
    "verify": "journal",
    "why_not": "explain",
    "why_waiting": "explain",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever it is
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
