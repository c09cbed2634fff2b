"""Days of work under a virtual clock: scenarios, simulation, comparison, bounds, reports.

from workassign.lab import Crew, Exponential, Poisson, Scenario, Stream, simulate
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workassign.lab.arrivals import (
        Busy,
        Poisson,
        Profile,
        Recorded,
        Renewal,
        SelfExciting,
        mixture,
    )
    from workassign.lab.distributions import (
        Constant,
        Empirical,
        Erlang,
        Exponential,
        Gamma,
        Given,
        LogNormal,
        Mixed,
        Pareto,
        Shifted,
        Sum,
        Uniform,
    )
    from workassign.lab.experiments import Comparison, Replications, compare, replicate
    from workassign.lab.results import Result
    from workassign.lab.scenario import (
        Contagion,
        Crew,
        Customers,
        Learning,
        OverloadWarning,
        Reaction,
        Return,
        Scenario,
        Stream,
    )
    from workassign.lab.simulation import simulate
    from workassign.lab.statistics import Estimate, estimate

__all__ = [
    "Busy",
    "Comparison",
    "Constant",
    "Contagion",
    "Crew",
    "Customers",
    "Empirical",
    "Erlang",
    "Estimate",
    "Exponential",
    "Gamma",
    "Given",
    "Learning",
    "LogNormal",
    "Mixed",
    "OverloadWarning",
    "Pareto",
    "Poisson",
    "Profile",
    "Reaction",
    "Recorded",
    "Renewal",
    "Replications",
    "Result",
    "Return",
    "Scenario",
    "SelfExciting",
    "Shifted",
    "Stream",
    "Sum",
    "Uniform",
    "compare",
    "estimate",
    "mixture",
    "replicate",
    "simulate",
]

# What a plan, or a report, needs of this room does not need all of it.
_ROOMS = {
    "arrivals": ("Busy", "Poisson", "Profile", "Recorded", "Renewal", "SelfExciting", "mixture"),
    "distributions": (
        *("Constant", "Empirical", "Erlang", "Exponential", "Gamma", "Given", "LogNormal", "Mixed"),
        *("Pareto", "Shifted", "Sum", "Uniform"),
    ),
    "experiments": ("Comparison", "Replications", "compare", "replicate"),
    "results": ("Result",),
    "scenario": (
        *("Contagion", "Crew", "Customers", "Learning", "OverloadWarning", "Reaction", "Return"),
        *("Scenario", "Stream"),
    ),
    "simulation": ("simulate",),
    "statistics": ("Estimate", "estimate"),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever it is
    for room, names in _ROOMS.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{room}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
