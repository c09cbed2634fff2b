"""How well is told how long something will wait, on days that go differently?

Four simulated days at a desk of three queues, shared by agents with overlapping skills; customers
who lose patience leave. Whatever has to wait is asked about when it comes in, and every five
minutes while it waits; when an agent accepts it, the answer is compared. A share of 80 % of the
waits should lie in the interval of 80 %, and a tenth below each tenth of the forecast. The last day
shows what no forecast can know that is not told who will come and go.

    python -m benchmarks.waits --json out/waits.json
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean, median
from typing import Any

import numpy as np

from benchmarks.command import parser, write
from workassign import Customer, Engine, Interaction, Needs, Plan, Wait, expected_wait, position
from workassign import commands as cmd
from workassign import events as ev
from workassign.lab.day import Arrivals, Simulation, run_day
from workassign.lab.roster import Roster

HOUR = 3600.0
ASKED_EVERY = 300.0
SHARES = (0.8, 0.6, 0.4, 0.2)
SEEDS = (1, 2, 3, 4)

DESK: Mapping[str, Any] = {
    "name": "waits",
    "channels": {"chat": {}},
    "queue_defaults": {
        "expected_wait": True,
        "scoring": [
            {"use": "sentiment", "most": 120.0},
            {"use": "customer_value", "most": 120.0, "quantiles": [0, 300, 600, 1000, 2000, 24000]},
        ],
    },
    "queues": {"sales": {}, "care": {}, "vip": {"tier": 0}},
    "roster": {
        "teams": [
            {
                "name": "early",
                "agents": 10,
                "skills": {"en": 1, "billing": 1},
                "capacity": 2.0,
                "shifts": [{"start": "06:00", "end": "14:30"}],
            },
            {
                "name": "late",
                "agents": 10,
                "skills": {"en": 1, "billing": 1},
                "capacity": 2.0,
                "shifts": [{"start": "13:30", "end": "22:00"}],
            },
            {
                "name": "tech",
                "agents": 8,
                "skills": {"en": 1, "tech": 1},
                "queues": {"care": 1, "vip": 2},
                "capacity": 2.0,
                "shifts": [{"start": "08:00", "end": "18:00"}],
            },
            {
                "name": "spanish",
                "agents": 4,
                "skills": {"en": 1, "es": 1, "tech": 1, "billing": 1},
                "capacity": 2.0,
                "shifts": [{"start": "07:00", "end": "20:00"}],
            },
        ]
    },
    "simulation": {
        "seed": 7,
        "handling": {"median": 420.0, "spread": 0.7},
        "reaction": {"delay": {"median": 5.0, "spread": 0.5}},
        "patience": {"median": 3600.0, "spread": 1.0},
    },
}

BY_HOUR = [0] * 6 + [0.5, 0.8, 1, 1.1, 1.2, 1.2, 1, 1, 1.1, 1.1, 1, 0.9, 0.7, 0.6, 0.5, 0.3] + [0] * 2
"""How busy the hours of a day are."""

TOPICS: Sequence[tuple[Mapping[str, float], float]] = (
    ({"en": 1}, 0.45),
    ({"billing": 1}, 0.2),
    ({"tech": 1}, 0.2),
    ({"es": 1}, 0.1),
    ({"es": 1, "tech": 1}, 0.05),
)


def _steady(hour: float) -> float:
    return 170.0 if 6 <= hour < 22 else 0.0


def _rush(hour: float) -> float:
    return 140.0 * BY_HOUR[int(hour)] * (3 if 10 <= hour < 11 else 1)


def _understaffed(hour: float) -> float:
    return 230.0 * BY_HOUR[int(hour)]


def _usual(hour: float) -> float:
    return 120.0 * BY_HOUR[int(hour)]


DAYS: Mapping[str, tuple[Callable[[float], float], Mapping[str, Any]]] = {
    "steady": (_steady, DESK),
    "rush": (_rush, DESK),
    "understaffed": (_understaffed, DESK),
    "everybody to lunch": (_usual, {}),
}
"""Arrivals per hour, and the desk; at the last, two of three go at twelve and come back at two."""


def _lunch() -> dict[str, Any]:
    teams = []
    for team in DESK["roster"]["teams"]:
        stay, shifts = max(1, team["agents"] // 3), team["shifts"]
        first, last = shifts[0]["start"], shifts[0]["end"]
        around = [{"start": first, "end": "12:00"}] if first < "12:00" else []
        around += [{"start": max(first, "14:00"), "end": last}]
        teams.append({**team, "agents": stay})
        rest = {"name": f"{team['name']}-lunch", "agents": team["agents"] - stay, "shifts": around}
        teams.append({**team, **rest})
    return {**DESK, "roster": {"teams": teams}}


def arrivals(rate: Callable[[float], float], seed: int) -> Arrivals:
    """Return a day of interactions that come at *rate* an hour."""
    dice = np.random.default_rng(seed)
    found: list[tuple[float, Interaction]] = []
    at = 0.0
    while (at := at + dice.exponential(HOUR / 1000)) < 24 * HOUR:
        if dice.random() * 1000 < rate(at / HOUR):
            number = f"{len(found):05d}"
            topic = int(dice.choice(len(TOPICS), p=[share for _, share in TOPICS]))
            interaction = Interaction(
                id=f"i{number}",
                queue=str(dice.choice(["sales", "care", "vip"], p=[0.4, 0.5, 0.1])),
                channel="chat",
                needs=Needs(TOPICS[topic][0]),
                sentiment=float(dice.choice([-0.8, 0.0, 0.7], p=[0.5, 0.3, 0.2])),
                customer=Customer(id=f"c{number}", value=float(dice.lognormal(6.7, 1.1))),
            )
            found.append((at, interaction))
    return found


class Asker:
    """A door to an engine that asks how long, and compares."""

    def __init__(self, plan: Plan) -> None:
        self.engine = Engine(plan)
        self.at = 0.0
        self.waiting: dict[str, tuple[float, list[Wait], list[tuple[float, Wait]]]] = {}
        self.first: list[tuple[float, list[Wait]]] = []
        """How long it was, and what was said at the beginning, by shares."""
        self.later: list[tuple[float, Wait]] = []
        """How long it was from then on, and what was said."""
        self.untold = 0

    def handle(self, command: cmd.Command, at: float) -> list[ev.Event]:
        """Carry out a command, after asking about whatever waits if it is time."""
        while self.at + ASKED_EVERY < at:
            self.at += ASKED_EVERY
            for name, (_, _, asked) in self.waiting.items():
                if (wait := expected_wait(self.engine, name)) is not None:
                    asked.append((self.engine.now, wait))
        answer = self.engine.handle(command, at)
        for event in answer:
            self.see(event)
        return answer

    def see(self, event: ev.Event) -> None:
        """Ask about what comes in and has to wait; compare when it is accepted."""
        if isinstance(event, ev.Submitted):
            name = event.interaction.id
            told = [expected_wait(self.engine, name, share) for share in SHARES]
            if all(told):
                self.waiting[name] = (event.at, [each for each in told if each is not None], [])
            elif position(self.engine, name) is not None:
                self.untold += 1
        elif isinstance(event, ev.Abandoned | ev.Cancelled):
            self.waiting.pop(event.interaction, None)
        elif isinstance(event, ev.Assigned) and event.interaction in self.waiting:
            since, told_first, asked = self.waiting.pop(event.interaction)
            self.first.append((event.at - since, told_first))
            self.later += [(event.at - asked_at, wait) for asked_at, wait in asked]

    @property
    def next_wake(self) -> float:
        """When something is due without a command."""
        return self.engine.next_wake


def measure(rate: Callable[[float], float], desk: Mapping[str, Any], seed: int) -> Asker:
    """Live a day."""
    plan = Plan.from_data(desk)
    asker = Asker(plan)
    roster, simulation = Roster.from_data(desk, plan), Simulation.from_data(desk)
    run_day(asker, arrivals(rate, seed), roster, simulation)
    return asker


def figures(days: Sequence[Asker]) -> dict[str, Any]:
    """Return how well it was told on days that are alike but for chance."""
    first = [each for day in days for each in day.first]
    later = [each for day in days for each in day.later]
    return {
        "waited": len(first),
        "not_told": sum(day.untold for day in days),
        "mean_wait_s": fmean(wait for wait, _ in first),
        "coverage_80": _coverage([(wait, told[0]) for wait, told in first]),
        "coverage_80_by_seed": [_coverage([(wait, told[0]) for wait, told in day.first]) for day in days],
        "mean_absolute_error_s": fmean(abs(wait - told[0].seconds) for wait, told in first),
        "error_of_the_median_s": _error_of_the_median([wait for wait, _ in first]),
        "width_s": median(told[0].high - told[0].low for _, told in first),
        "below_each_tenth": [_below(first, tenth) for tenth in range(1, 10)],
        "asked_later": len(later),
        "coverage_80_later": _coverage(later),
        "mean_absolute_error_later_s": fmean(abs(wait - told.seconds) for wait, told in later),
    }


def _coverage(found: Sequence[tuple[float, Wait]]) -> float:
    return fmean(told.low <= wait <= told.high for wait, told in found)


def _error_of_the_median(waits: Sequence[float]) -> float:
    """Return the error of somebody who always says the median of all days like this."""
    middle = median(waits)
    return fmean(abs(wait - middle) for wait in waits)


def _below(first: Sequence[tuple[float, list[Wait]]], tenth: int) -> float:
    """Return the share of waits that were shorter than a tenth of the forecast."""
    if tenth == 5:
        return fmean(wait < told[0].seconds for wait, told in first)
    place = (tenth if tenth < 5 else 10 - tenth) - 1
    low = tenth < 5
    return fmean(wait < (told[place].low if low else told[place].high) for wait, told in first)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print, and write the figures."""
    options = parser(__doc__).parse_args(argv)
    found = {}
    for name, (rate, desk) in DAYS.items():
        found[name] = figures([measure(rate, desk or _lunch(), seed) for seed in SEEDS])
        print(_line(name, found[name]), flush=True)
    write({"seeds": list(SEEDS), "days": found}, options.json)


def _line(name: str, day: Mapping[str, Any]) -> str:
    tenths = " ".join(f"{share:.2f}" for share in day["below_each_tenth"])
    seeds = ", ".join(f"{share:.1%}" for share in day["coverage_80_by_seed"])
    return (
        f"{name:18} {day['waited']:5} waited {day['mean_wait_s']:5.0f} s on average: "
        f"80 % interval {day['coverage_80']:.1%} ({seeds}), "
        f"error {day['mean_absolute_error_s']:.0f} s (of the median {day['error_of_the_median_s']:.0f} s), "
        f"tenths {tenths}; later {day['coverage_80_later']:.1%}"
    )


if __name__ == "__main__":
    main()
