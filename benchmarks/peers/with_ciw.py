"""The rival: Ciw. One queue as its guide teaches it; skills by a node of our own.

Ciw has priorities and reneging but neither skills nor the longest idle: a node overrides whom an
interaction goes to, what a freed agent takes, and what happens as she becomes idle.
"""

from __future__ import annotations

from math import inf
from typing import Any

import ciw

from benchmarks.peers.models import TIERS, Model, Starts, abandoned

__all__ = ["run"]


def run(model: Model) -> Starts:
    """Return when each service begins."""
    simulation = plain(model) if model.patience is None else skilled(model)
    simulation.simulate_until_max_customers(len(model), method="Finish")
    start = abandoned(len(model))
    for record in simulation.get_all_records(only=["service"]):
        start[record.id_number - 1] = record.service_start_date
    return start


def plain(model: Model) -> Any:
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Sequential([*model.rows.gap, inf])],
        # First come, first served: services begin in the order of arrivals.
        service_distributions=[ciw.dists.Sequential(model.rows.service)],
        number_of_servers=[len(model.skills)],
    )
    return ciw.Simulation(network)


class Own(ciw.dists.Distribution):  # type: ignore[misc]
    """Times that belong to individuals, by their numbers from 1."""

    def __init__(self, times: list[float]) -> None:
        self.times = times

    def sample(self, t: float | None = None, ind: Any = None) -> float:
        found: float = self.times[ind.id_number - 1]
        return found


class Skilled(ciw.Node):  # type: ignore[misc]
    """Agents with skills: the longest idle who can, and of what she can the most urgent."""

    def create_starting_servers(self) -> list[Any]:
        servers: list[Any] = super().create_starting_servers()
        self.idle = list(servers)
        for server, skills in zip(servers, self.simulation.model.skills, strict=True):
            server.skills = frozenset(skills)
        return servers

    def find_free_server(self, ind: Any) -> Any:
        return next((server for server in self.idle if ind.skill in server.skills), None)

    def attach_server(self, server: Any, individual: Any) -> None:
        super().attach_server(server, individual)
        if server in self.idle:
            self.idle.remove(server)

    def begin_service_if_possible_accept(self, next_individual: Any) -> None:
        next_individual.arrival_date = self.now
        next_individual.reneging_date = self.get_reneging_date(next_individual)
        server = self.find_free_server(next_individual)
        if server is not None:
            self.begin(server, next_individual)

    def begin_service_if_possible_release(self, next_individual: Any, newly_free_server: Any) -> None:
        for row in self.individuals:
            for individual in row:
                if not individual.server and individual.skill in newly_free_server.skills:
                    self.begin(newly_free_server, individual)
                    return
        self.idle.append(newly_free_server)

    def begin(self, server: Any, individual: Any) -> None:
        self.attach_server(server, individual)
        individual.service_start_date = self.now
        individual.service_time = self.get_service_time(individual)
        individual.service_end_date = self.now + individual.service_time
        self.number_in_service += 1
        server.next_end_service_date = individual.service_end_date


def skilled(model: Model) -> Any:
    cls, patience = model.rows.cls, model.rows.patience
    assert patience is not None
    names = [f"tier {tier}" for tier in range(TIERS)]

    class Individual(ciw.Individual):  # type: ignore[misc]
        """One stream of arrivals has individuals of all classes, so that it is the arrays' own."""

        def __init__(self, id_number: int, customer_class: str, priority_class: int, simulation: Any) -> None:
            skill = cls[id_number - 1]
            super().__init__(id_number, names[skill % TIERS], skill % TIERS, simulation)
            self.skill = skill

    class Simulation(ciw.Simulation):  # type: ignore[misc]
        def __init__(self, network: Any) -> None:
            self.model = model
            super().__init__(network, node_class=Skilled, individual_class=Individual)

    arrivals = ciw.dists.Sequential([*model.rows.gap, inf])
    network = ciw.create_network(
        arrival_distributions={name: [arrivals if name == names[0] else None] for name in names},
        service_distributions={name: [Own(model.rows.service)] for name in names},
        reneging_time_distributions={name: [Own(patience)] for name in names},
        priority_classes={name: tier for tier, name in enumerate(names)},
        number_of_servers=[len(model.skills)],
    )
    return Simulation(network)
