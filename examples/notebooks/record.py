"""Makes up a week at a help desk, as a ticket system would export it: writes week.csv beside this file.

Five days from 8 to 18 o'clock, three topics, two teams, first come first served. It is simulated with
workassign itself, from figures that the notebook then finds out again from the file.
"""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from workassign import Needs, Plan, Queue
from workassign.lab import Crew, Exponential, LogNormal, Profile, Scenario, Stream, mixture, simulate

QUARTER = 900.0
MONDAY = datetime(2025, 3, 3, 8)  # noqa: DTZ001 - the desk's own local time, as exports have it
HOURLY = (45, 70, 92, 88, 62, 58, 80, 84, 60, 38)
SHARES = {"orders": 0.5, "billing": 0.3, "technical": 0.2}
MINUTES = {"orders": (4.0, 5.5), "billing": (6.0, 8.0), "technical": (13.0, 8.5)}
"""By generalists and by technicians."""
FIELDS = ("arrived", "topic", "customer_value", "waited", "abandoned", "team", "handled")


def scenario() -> Scenario:
    """Return a day as it really is."""
    rates = [number / 3600.0 for number in HOURLY for _ in range(4)]
    arrivals = mixture(Profile.even(rates, QUARTER, periodic=False), SHARES)
    streams = [
        Stream(
            name=topic,
            arrivals=arrivals[topic],
            handling={"generalists": LogNormal(60 * slow, 0.8), "technicians": LogNormal(60 * fast, 0.8)},
            patience=Exponential(600.0),
            needs=Needs({topic: 1}),
        )
        for topic, (slow, fast) in MINUTES.items()
    ]
    crews = [
        Crew.of("generalists", 5, skills={"orders": 3, "billing": 3, "technical": 1}),
        Crew.of("technicians", 3, skills={"orders": 1, "billing": 1, "technical": 5}),
    ]
    plan = Plan(queues={"default": Queue(auto_accept=True)})
    return Scenario(plan=plan, streams=streams, crews=crews, duration=10 * 3600.0)


def rows() -> list[dict[str, object]]:
    """Return the week, a row an interaction."""
    found: list[dict[str, object]] = []
    dice = np.random.default_rng(11)
    for day in range(5):
        told = simulate(scenario(), seed=day).to_columns("interactions")
        values = np.round(dice.lognormal(5.0, 1.2, len(told["interaction"])), 2)
        for number, value in enumerate(values.tolist()):
            gone = told["outcome"][number] == "abandoned"
            agent = told["agent"][number]
            arrived = MONDAY + timedelta(days=day, seconds=round(float(told["arrived"][number])))
            cells = (
                arrived.isoformat(" "),
                told["stream"][number],
                value,
                round(float(told["wait"][number]), 1),
                int(gone),
                "" if gone else agent.rpartition("-")[0],
                "" if gone else round(float(told["ended"][number] - told["started"][number]), 1),
            )
            found.append(dict(zip(FIELDS, cells, strict=True)))
    return found


def main() -> None:
    with (Path(__file__).parent / "week.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows())


if __name__ == "__main__":
    main()
