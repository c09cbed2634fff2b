"""Skills-based work assignment: each interaction to exactly one agent, the right one, in time."""

from workassign._version import __version__
from workassign.engine import Engine
from workassign.errors import JournalError, PlanError, UsageError, WorkassignError
from workassign.model import Agent, Channel, Customer, Interaction, Presence, instant
from workassign.needs import Needs
from workassign.plan import Plan, Queue

__all__ = [
    "Agent",
    "Channel",
    "Customer",
    "Engine",
    "Interaction",
    "JournalError",
    "Needs",
    "Plan",
    "PlanError",
    "Presence",
    "Queue",
    "UsageError",
    "WorkassignError",
    "__version__",
    "instant",
]
