"""How is a scenario written in a plan file? The table `[scenario]`, its streams and its crews.

    [scenario]
    duration = 28_800

    [[scenario.streams]]
    name = "billing"
    arrivals = { process = "poisson", rate = 0.02 }
    handling = { dist = "lognormal", mean = 300, cv = 1.2 }
    patience = { dist = "exponential", mean = 600 }

    [[scenario.crews]]
    name = "day"
    agents = 8
    skills = { billing = 3 }

Distributions and arrivals are tables of their own: see `distributions.distribution` and
`arrivals.arrivals`. Several streams share one process by a mixture:

    [scenario.mixtures.mentions]
    arrivals = { process = "self_exciting", usual = { ... }, children = 0.5, decay = 600 }
    shares = { billing = 0.3, praise = 0.7 }

and `arrivals = { mixture = "mentions", kind = "billing" }` in a stream.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import attrs

from workassign.errors import PlanError, UsageError
from workassign.lab.arrivals import Arrivals, Part, arrivals, mixture
from workassign.lab.distributions import Distribution, distribution
from workassign.lab.scenario import (
    Contagion,
    Crew,
    Customers,
    Learning,
    Reaction,
    Return,
    Scenario,
    Stream,
)
from workassign.model import Agent
from workassign.needs import Needs
from workassign.plan import Plan

__all__ = ["scenario_from"]

T = TypeVar("T")

Read = Callable[[Any, str], Any]
"""Makes of plain data, which stands at a path, what it says."""

_Mixtures = Mapping[str, Mapping[str, Part]]


def scenario_from(data: Mapping[str, Any]) -> Scenario:
    """Return the scenario in a plan file's *data*.

    Raises:
        PlanError: If anything is wrong; every problem is listed with its path.
    """
    plan = Plan.from_data(data)
    table = data.get("scenario")
    if not isinstance(table, Mapping):
        raise PlanError([f"scenario: must be a table, not {table!r}"])
    settings = dict(table)
    mixtures = _named(settings.pop("mixtures", {}), "scenario.mixtures", _mixture)
    readers: dict[str, Read] = {
        "streams": _each(lambda stream, path: _stream(stream, path, mixtures)),
        "crews": _each(_crew),
    }
    found = _settings(settings, "scenario", _names(Scenario) - {"plan"}, readers)
    return _made(Scenario, {"plan": plan, **found}, "scenario")


def _stream(data: Any, path: str, mixtures: _Mixtures) -> Stream:  # noqa: ANN401 - plain data
    readers: dict[str, Read] = {
        "arrivals": lambda value, where: _arrivals(value, where, mixtures),
        "handling": _handling,
        "patience": distribution,
        "needs": _needs,
        "customers": _customers,
        "by_level": _levels,
        "returns": _table(Return, {"after": distribution}),
        "contagion": _table(Contagion, {}),
    }
    return _table(Stream, readers)(data, path)


def _crew(data: Any, path: str) -> Crew:  # noqa: ANN401 - plain data
    readers: dict[str, Read] = {
        "reaction": _table(Reaction, {"delay": distribution}),
        "learning": _table(Learning, {}),
    }
    alike = _names(Agent) - {"id"}
    settings = _settings(data, path, _names(Crew) | alike, readers)
    if "name" not in settings or "agents" not in settings:
        raise PlanError([f"{path}: needs a name, and agents: how many"])
    name, count = settings.pop("name"), settings.pop("agents")
    return _made(lambda **rest: Crew.of(name, count, **rest), settings, path)


def _arrivals(data: Any, path: str, mixtures: _Mixtures) -> Arrivals:  # noqa: ANN401 - plain data
    if not isinstance(data, Mapping) or "mixture" not in data:
        return arrivals(data, path)
    of, kind = str(data["mixture"]), str(data.get("kind"))
    if set(data) != {"mixture", "kind"} or of not in mixtures or kind not in mixtures[of]:
        known = ", ".join(f"{name}: {', '.join(kinds)}" for name, kinds in mixtures.items())
        raise PlanError([f"{path}: must name a mixture and a kind of it, not {data!r}; there are {known}"])
    return mixtures[of][kind]


def _mixture(data: Any, path: str) -> Mapping[str, Part]:  # noqa: ANN401 - plain data
    settings = _settings(data, path, {"arrivals", "shares"}, {"arrivals": arrivals})
    whole, shares = settings.get("arrivals"), settings.get("shares")
    if whole is None or not isinstance(shares, Mapping):
        raise PlanError([f"{path}: needs arrivals, and shares by kind"])
    return _made(lambda: mixture(whole, shares, path.rpartition(".")[2]), {}, path)


def _handling(data: Any, path: str) -> Distribution | Mapping[str, Distribution]:  # noqa: ANN401 - plain data
    if isinstance(data, Mapping) and "dist" not in data:
        return _named(data, path, distribution)
    return distribution(data, path)


def _customers(data: Any, path: str) -> Customers:  # noqa: ANN401 - plain data
    return _table(Customers, dict.fromkeys(("value", "influence", "anger"), distribution))(data, path)


def _needs(data: Any, path: str) -> Needs:  # noqa: ANN401 - plain data
    return _made(lambda: Needs(data), {}, path)


def _levels(data: Any, path: str) -> Mapping[int, float]:  # noqa: ANN401 - plain data
    if not isinstance(data, Mapping) or not all(str(level).isdecimal() for level in data):
        raise PlanError([f"{path}: must be a table level -> factor, not {data!r}"])
    return {int(level): factor for level, factor in data.items()}


# --- tables in general ------------------------------------------------------------------------


def _table(make: Callable[..., T], readers: Mapping[str, Read]) -> Callable[[Any, str], T]:
    """Return how a table becomes an attrs class, some of whose settings have readers of their own."""

    def read(data: Any, path: str) -> T:  # noqa: ANN401 - plain data
        return _made(make, _settings(data, path, _names(make), readers), path)

    return read


def _names(cls: Any) -> set[str]:  # noqa: ANN401 - an attrs class
    return {field.name for field in attrs.fields(cls)}


def _settings(data: Any, path: str, known: set[str], readers: Mapping[str, Read]) -> dict[str, Any]:  # noqa: ANN401 - plain data
    """Return the settings of a table, read; every problem in it is reported at once."""
    if not isinstance(data, Mapping):
        raise PlanError([f"{path}: must be a table, not {data!r}"])
    found: dict[str, Any] = {}
    problems = [
        f"{path}.{key}: unknown; there are {', '.join(sorted(known))}" for key in sorted(set(data) - known)
    ]
    for key in sorted(set(data) & known):
        try:
            found[key] = readers[key](data[key], f"{path}.{key}") if key in readers else data[key]
        except PlanError as error:
            problems += error.problems
    if problems:
        raise PlanError(problems)
    return found


def _each(read: Read) -> Read:
    """Return how a list of tables is read."""

    def read_all(data: Any, path: str) -> tuple[Any, ...]:  # noqa: ANN401 - plain data
        if not isinstance(data, list | tuple):
            raise PlanError([f"{path}: must be a list of tables, not {data!r}"])
        numbered = {f"[{place}]": each for place, each in enumerate(data)}
        return tuple(_gathered(numbered, path, read).values())

    return read_all


def _named(data: Any, path: str, read: Callable[[Any, str], T]) -> dict[str, T]:  # noqa: ANN401 - plain data
    """Return the tables of a table, each read."""
    if not isinstance(data, Mapping):
        raise PlanError([f"{path}: must be a table, not {data!r}"])
    found = _gathered({f".{name}": each for name, each in data.items()}, path, read)
    return {name.removeprefix("."): each for name, each in found.items()}


def _gathered(data: Mapping[str, Any], path: str, read: Callable[[Any, str], T]) -> dict[str, T]:
    found: dict[str, T] = {}
    problems: list[str] = []
    for place, each in data.items():
        try:
            found[place] = read(each, f"{path}{place}")
        except PlanError as error:
            problems += error.problems
    if problems:
        raise PlanError(problems)
    return found


def _made(make: Callable[..., T], settings: Mapping[str, Any], path: str) -> T:
    try:
        return make(**settings)
    except PlanError:
        raise
    except (UsageError, ValueError, TypeError) as error:
        raise PlanError([f"{path}: {error}"]) from None
