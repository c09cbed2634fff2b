"""What happens to the demo desk when a hundred times as much comes in, for ten minutes?

The demo's five days of the airlines' desks (`examples/airline/plan.toml`, its roster untouched), as
ever and with a storm at noon of the third: for ten minutes people of those days write all at once.
Each storm is lived twice, without surge settings and with these. Every run is kept in a journal,
verified, and read from it. Memory is that of one more run, watched by `tracemalloc`.

    python -m benchmarks.surge --json out/surge.json --plot out/surge.png [--mentions FILE]
"""

from __future__ import annotations

import gc
import resource
import sys
import tomllib
import tracemalloc
from array import array
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from subprocess import run
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import attrs
import numpy as np

from benchmarks.command import parser, write
from workassign import Engine, Interaction, Plan
from workassign import commands as cmd
from workassign import events as ev
from workassign.journal import Recorder, Store, entries, record, verify
from workassign.kpi import measure as key_figures
from workassign.lab.day import Arrivals, Simulation, run_day
from workassign.lab.roster import Roster, zone_named
from workassign.social.intake import take_in
from workassign.social.settings import MentionSettings
from workassign.stores.sqlite import SqliteStore

if TYPE_CHECKING:
    from matplotlib.axes import Axes

AIRLINE = Path(__file__).parents[1] / "examples/airline"
SEED = 7
MINUTE = 60.0
STORM = 600.0
"""Seconds that it lasts."""
RETENTION = 6 * 3600.0
"""What is closed is remembered for so long: memory is given back within the day."""
MORE_SEEDS = (1, 2, 3, 4, 5)
"""Of storms of which only the most urgent are counted."""
NOON = timedelta(days=2, hours=12)
"""Of the third day."""
PROMISE = 900.0
"""Seconds to the first acceptance, as the plan of the demo has it."""
GROUP = 500
"""Turns that become durable together."""

SAFETY = "safety"
SAFETY_WORDS = [
    *("safety", "unsafe", "emergency", "smoke", "fire", "medical", "medic*", "insulin", "diabetic", "sick"),
    *("injur*", "hurt", "police", "hospital", "wheelchair*", "baby", "infant"),
]
"""What is more urgent than all else, and spared by a surge."""

SURGE = {
    "on": 8.0,
    "off": 4.0,
    "window": 120.0,
    "hold": 300.0,
    "floor": 1,
    "collapse": "author",
    "templates": {
        "attribute": "topic",
        "names": {
            "delays": "known-delays",
            "rebooking": "rebook-in-the-app",
            "booking and website": "website-status",
            "loyalty": "later-by-mail",
        },
    },
    "borrow": {
        "groups": ["brands"],
        "queues": dict.fromkeys(
            ("united", "southwest", "us_airways", "delta", "virgin_america", "american"), 3
        ),
    },
}
"""Half as much again as the busiest minutes of a usual day begin one."""

Memory: TypeAlias = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]
"""Instants, and MB."""


def desk(surge: Mapping[str, Any] | None = None, tier: int = 2) -> dict[str, Any]:
    """Return the demo's plan file with a *surge*, a topic of safety in tier 1, all else in *tier*."""
    with (AIRLINE / "plan.toml").open("rb") as file:
        data: dict[str, Any] = tomllib.load(file)
    data["queue_defaults"]["tier"] = tier
    data["mentions"]["topics"].insert(0, {"name": SAFETY, "words": SAFETY_WORDS, "tier": 1})
    data["mentions"]["columns"]["attributes"]["author"] = data["mentions"]["columns"]["author"]
    data["retention"] = RETENTION
    data["groups"] = {"brands": {}}
    for team in data["roster"]["teams"]:
        if "queues" in team:  # who serves some of the brands helps the others, too
            team["groups"] = ["brands"]
    if surge is not None:
        data["surge"] = dict(surge)
    return data


# --- the days -------------------------------------------------------------------------------------


def usual_days(file: Path | None, folder: Path) -> Arrivals:
    """Return what comes in, as the demo has it: of the mentions in *file*, or made up."""
    if file is None:
        file = folder / "mentions.csv"
        command = [sys.executable, str(AIRLINE / "generate.py"), "--out", str(file)]
        run([*command, "--seed", str(SEED)], check=True, capture_output=True)
    data = desk()
    plan, simulation = Plan.from_data(data), Simulation.from_data(data)
    arrivals = take_in(file, MentionSettings.from_data(data, plan), plan).arrivals
    assert simulation.customers is not None
    drawn = simulation.customers.drawer(simulation.seed)
    return [(at, _with_figures(interaction, drawn)) for at, interaction in arrivals]


def _with_figures(interaction: Interaction, drawn: Callable[[str], tuple[int, float]]) -> Interaction:
    """Return *interaction*, its customer with synthetic followers and value: the files have neither."""
    if interaction.customer is None:
        return interaction
    followers, value = drawn(interaction.customer.id)
    known = attrs.evolve(interaction.customer, followers=followers, value=value)
    return attrs.evolve(interaction, customer=known)


def _midnight(arrivals: Arrivals, data: Mapping[str, Any]) -> float:
    zone = zone_named(data["roster"]["zone"])
    first = datetime.fromtimestamp(arrivals[0][0], zone)
    return first.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


def stormy(arrivals: Arrivals, begin: float, times: int, seed: int = SEED) -> Arrivals:
    """Return *arrivals* with *times* as much for ten minutes as in the two hours around it.

    What is added is what people of those days write, drawn by *seed*, under other names. Who wrote
    several times then may do so now.
    """
    around = sum(begin - 3600 <= at < begin + 3600 for at, _ in arrivals)
    dice = np.random.default_rng(seed)
    more = round((times - 1) * around * STORM / 7200)
    drawn = dice.choice(len(arrivals), more, replace=more > len(arrivals))
    added = [
        (begin + STORM * dice.random(), _copy(arrivals[place][1], number))
        for number, place in enumerate(drawn)
    ]
    return sorted([*arrivals, *added], key=lambda each: (each[0], each[1].id))


def _copy(interaction: Interaction, number: int) -> Interaction:
    customer = interaction.customer
    assert customer is not None
    author = f"{customer.id} in the storm"
    return attrs.evolve(
        interaction,
        id=f"storm{number}",
        customer=attrs.evolve(customer, id=author),
        attributes={**interaction.attributes, "author": author},
    )


class _Watched:
    """A door to a recorder, whose turns become durable in groups; looks at the memory each minute."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._next = -np.inf
        self.minutes, self.sizes = array("d"), array("d")
        """The memory, in bytes, and when: in little of it."""

    def handle(self, command: cmd.Command, at: float) -> list[ev.Event]:
        """Carry out a command and keep the turn."""
        answer = self._recorder.handle(command, at)
        if len(self._recorder.pending) >= GROUP:
            self._recorder.flush()
        if at >= self._next and tracemalloc.is_tracing():
            self.minutes.append(at)
            self.sizes.append(tracemalloc.get_traced_memory()[0])
            self._next = at + MINUTE
        return answer

    @property
    def next_wake(self) -> float:
        """When something is due without a command."""
        return self._recorder.engine.next_wake


def live(data: Mapping[str, Any], arrivals: Arrivals, store: Store) -> tuple[_Watched, Engine]:
    """Live the days into *store*."""
    plan = Plan.from_data(data)
    engine = Engine(plan)
    recorder = record(engine, store)
    door = _Watched(recorder)
    run_day(door, arrivals, Roster.from_data(data, plan), Simulation.from_data(data))
    recorder.flush()
    return door, engine


# --- what became of it ----------------------------------------------------------------------------


class Told:
    """What a journal says: who came when, how long it waited, how many waited in each minute."""

    def __init__(self, store: Store) -> None:
        self.came: dict[str, tuple[float, bool]] = {}
        """Interaction -> when, and whether it is about safety."""
        self.accepted: dict[str, float] = {}
        self.left: dict[str, tuple[float, str]] = {}
        """What nobody accepted, but is closed: when, and how."""
        self.refused = 0
        self.surges: list[list[float]] = []
        """When each began, and ended."""
        self.end = 0.0
        for entry in entries(store):
            self.end = entry.at
            for event in entry.facts:
                self._take(event)

    def _take(self, event: ev.Event) -> None:
        match event:
            case ev.Submitted(at, interaction):
                self.came[interaction.id] = (at, interaction.attributes.get("topic") == SAFETY)
            case ev.Assigned(at, name):
                self.accepted.setdefault(name, at)
            case ev.Collapsed(at, name) | ev.TemplateSent(at, name) | ev.Cancelled(at, name):
                if name not in self.accepted:
                    self.left[name] = (at, type(event).__name__.lower())
            case ev.Refused(command="Submit"):
                self.refused += 1
            case ev.SurgeStarted(at):
                self.surges.append([at])
            case ev.SurgeEnded(at):
                self.surges[-1].append(at)
            case _:
                pass

    def gone(self, name: str) -> float:
        """Return when it waited no more; infinity: it still does."""
        return min(self.accepted.get(name, np.inf), self.left.get(name, (np.inf,))[0])

    def waiting(self, first: float) -> list[int]:
        """Return how many waited at each full minute from *first* on."""
        changes = np.zeros(int((self.end - first) // MINUTE) + 2, dtype=int)
        for name, (at, _) in self.came.items():
            for when, change in ((at, 1), (self.gone(name), -1)):
                if when < np.inf:
                    changes[max(0, int(np.ceil((when - first) / MINUTE)))] += change
        return [int(each) for each in np.cumsum(changes)[:-1]]

    def promise(self, since: float, until: float, *, urgent: bool) -> dict[str, Any]:
        """Return how well the first response was kept for what came from *since* to *until*."""
        waits = []
        absorbed = 0
        for name, (at, safety) in self.came.items():
            if since <= at < until and urgent == safety:
                absorbed += name in self.left
                if name not in self.left:
                    waits.append(self.accepted.get(name, np.inf) - at)
        if not waits:
            return {"came": absorbed, "absorbed": absorbed}
        return {
            "came": len(waits) + absorbed,
            "absorbed": absorbed,
            "kept": sum(wait <= PROMISE for wait in waits) / len(waits),
            "median_s": float(np.median(waits)),
            "p95_s": float(np.quantile(waits, 0.95, method="higher")),
            "longest_s": max(waits),
        }


def figures(told: Told, usual: Told, store: Store, begin: float) -> dict[str, Any]:
    """Return the figures of one run, whose storm begins at *begin*, beside the *usual* days."""
    verdict = verify(store)
    all_of_it = key_figures(store).figures()
    of_storm = [name for name, (at, _) in told.came.items() if begin <= at < begin + STORM]
    answered = max(told.gone(name) for name in of_storm)
    over = begin + STORM
    pairs = zip(told.waiting(over), usual.waiting(over), strict=False)
    caught_up = over + MINUTE * next(number for number, (one, other) in enumerate(pairs) if one <= other)
    spans = {
        "before": (-np.inf, begin),
        "storm": (begin, over),
        "catching_up": (over, caught_up),
        "after": (caught_up, np.inf),
    }
    return {
        "verified": verdict.ok,
        "problems": list(verdict.problems),
        "entered": all_of_it.entered,
        "answered": all_of_it.answered,
        "exited": dict(all_of_it.exited),
        "waiting_at_the_end": all_of_it.waiting,
        "refused": told.refused,
        "of_the_storm": {"came": len(of_storm), **Counter(_fate(told, name) for name in of_storm)},
        "most_waiting": max(told.waiting(begin)),
        "surges_min": [[(at - begin) / MINUTE for at in surge] for surge in told.surges],
        "storm_answered_after_min": (answered - begin) / MINUTE,
        "caught_up_after_min": (caught_up - begin) / MINUTE,
        "safety": {name: told.promise(*span, urgent=True) for name, span in spans.items()},
        "others": {name: told.promise(*span, urgent=False) for name, span in spans.items()},
    }


def _fate(told: Told, name: str) -> str:
    return "answered" if name in told.accepted else told.left.get(name, (0.0, "waiting"))[1]


class Case(NamedTuple):
    """One run."""

    times: int
    surge: bool = False
    tier: int = 2
    """Of all that is not about safety."""


CASES: Mapping[str, Case] = {
    "usual": Case(1),
    "usual, surge settings": Case(1, True),
    "10 times": Case(10),
    "10 times, surge settings": Case(10, True),
    "100 times": Case(100),
    "100 times, surge settings": Case(100, True),
    "100 times, one tier": Case(100, tier=1),
}
WORST = "100 times, surge settings"


def main(argv: Sequence[str] | None = None) -> None:
    """Live the days, print, write the figures, and draw."""
    asked = parser(__doc__)
    asked.add_argument("--plot", type=Path, help="draw the storm there; SVG or PNG by its ending")
    asked.add_argument("--mentions", type=Path, help="a file of mentions, instead of made-up ones")
    options = asked.parse_args(argv)
    with TemporaryDirectory() as name:
        folder = Path(name)
        usual = usual_days(options.mentions, folder)
        begin = _midnight(usual, desk()) + NOON.total_seconds()
        tales: dict[str, Told] = {}
        found: dict[str, Any] = {}
        for case in CASES:
            tales[case], told = _lived(CASES[case], usual, begin, folder / f"{len(found)}.db", tales)
            found[case] = told
            print(_line(case, told), flush=True)
        more = [_safety(usual, begin, seed, folder / f"more{seed}.db") for seed in MORE_SEEDS]
        print(_more_line(more))
        memory, kept = _memory(usual, begin, folder / "memory.db", tales[WORST])
    said = "MB before {before_mb:.1f}, most {most_mb:.1f}, later {day_later_mb:.1f}, {two_days_later_mb:.1f}"
    print(said.format(**kept))
    results = {"cases": found, "safety_in_more_storms": more, "memory": kept}
    write({**results, "python": sys.version.split()[0]}, options.json)
    if options.plot is not None:
        draw(options.plot, tales, memory, begin)


def _lived(
    case: Case, usual: Arrivals, begin: float, file: Path, tales: Mapping[str, Told]
) -> tuple[Told, dict[str, Any]]:
    """Live the days of one case, and return what they tell."""
    arrivals = stormy(usual, begin, case.times)
    store = SqliteStore(file)
    start = perf_counter()
    live(desk(SURGE if case.surge else None, case.tier), arrivals, store)
    seconds = perf_counter() - start
    told = Told(store)
    result = figures(told, tales.get("usual", told), store, begin)
    store.close()
    return told, {**result, "wall_s": seconds}


def _safety(usual: Arrivals, begin: float, seed: int, file: Path) -> dict[str, Any]:
    """Return how it went in another storm for what is about safety."""
    store = SqliteStore(file)
    live(desk(SURGE), stormy(usual, begin, 100, seed), store)
    told = Told(store)
    store.close()
    return {"seed": seed, **told.promise(begin, begin + STORM, urgent=True)}


def _memory(usual: Arrivals, begin: float, file: Path, told: Told) -> tuple[Memory, dict[str, float]]:
    """Return the memory in each minute, in MB, and its figures: engine, recorder and simulation."""
    arrivals = stormy(usual, begin, 100)
    store = SqliteStore(file)
    gc.collect()
    tracemalloc.start()
    door, _ = live(desk(SURGE), arrivals, store)
    tracemalloc.stop()
    store.close()
    at, size = np.array(door.minutes), np.array(door.sizes) / 1e6
    before, day_later = size[at < begin], size[at >= begin + 24 * 3600]
    return (at, size), {
        "before_mb": float(before[-1]),
        "most_before_mb": float(before.max()),
        "most_mb": float(size.max()),
        "day_later_mb": float(day_later[0]),
        "two_days_later_mb": float(size[at >= begin + 48 * 3600][0]),
        "most_waiting": max(told.waiting(begin)),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _line(case: str, told: Mapping[str, Any]) -> str:
    kept = ", ".join(f"{span} {each.get('kept', 1.0):.0%}" for span, each in told["safety"].items())
    return (
        f"{case:26} {told['entered']} entered, {told['answered']} answered, {told['exited']}, "
        f"{told['waiting_at_the_end']} wait; most {told['most_waiting']}, all of the storm answered after "
        f"{told['storm_answered_after_min']:.0f} min, caught up after {told['caught_up_after_min']:.0f}; "
        f"safety in time: {kept}; {told['wall_s']:.1f} s"
    )


def _more_line(more: Sequence[Mapping[str, Any]]) -> str:
    came, longest = sum(each["came"] for each in more), max(each.get("longest_s", 0.0) for each in more)
    late = sum(round(each["came"] * (1 - each.get("kept", 1.0))) for each in more)
    return f"{len(more)} more storms: {came} about safety, {late} late, the longest wait {longest:.0f} s"


# --- the picture ----------------------------------------------------------------------------------

BLUE, GREEN, RED = "#2f6fb3", "#2e9e77", "#c24a4a"
FIRST, LAST = 10, 44
"""Hours of the third day that are drawn; the storm is at noon."""
EVERY = 5
"""Minutes."""


def draw(path: Path, tales: Mapping[str, Told], memory: Memory, begin: float) -> None:
    """Draw what came, what waited, how long safety waited, and the memory, around the storm."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    style: dict[Any, Any] = {
        "svg.hashsalt": "workassign",
        "axes.titlelocation": "left",
        "axes.titleweight": "bold",
    }
    style |= {"axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 11}
    with mpl.rc_context({**style, "axes.grid": True, "grid.color": "#dddddd", "axes.axisbelow": True}):
        figure, panels = plt.subplots(4, 1, figsize=(10, 11), sharex=True, layout="constrained")
        midnight = begin - 12 * 3600
        for panel, what in zip(panels, (_came, _waits, _safe), strict=False):
            what(panel, tales, midnight)
        _sizes(panels[3], memory, midnight)
        hours = range(FIRST, LAST + 1, 2)
        panels[3].set(xlim=(FIRST, LAST), xlabel="hour of the third day, and of the fourth")
        panels[3].set_xticks(hours, [str(hour % 24) for hour in hours])
        began, ended = ((at - midnight) / 3600 for at in tales[WORST].surges[0])
        for panel in panels:
            panel.axvspan(began, ended, color="#f0c9a4", lw=0, zorder=0)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=110, metadata={"Date": None} if path.suffix == ".svg" else None)
        plt.close(figure)


def _came(panel: Axes, tales: Mapping[str, Told], midnight: float) -> None:
    came = Counter(int((at - midnight) // (EVERY * MINUTE)) for at, _ in tales[WORST].came.values())
    places = range(FIRST * 60 // EVERY, LAST * 60 // EVERY)
    rates = [came[place] / EVERY for place in places]
    panel.step([place * EVERY / 60 for place in places], rates, where="post", color=BLUE)
    panel.set(title="Came in, per minute (shaded: the surge is on)", yscale="symlog", ylim=(0, 200))
    panel.set_yticks([0, 1, 10, 100], ["0", "1", "10", "100"])


def _waits(panel: Axes, tales: Mapping[str, Told], midnight: float) -> None:
    for case, color in {"100 times": RED, WORST: BLUE, "usual": GREEN}.items():
        waiting = tales[case].waiting(midnight)
        minutes = range(FIRST * 60, min(LAST * 60, len(waiting)))
        panel.plot([at / 60 for at in minutes], [waiting[at] for at in minutes], color=color, label=case)
    panel.set(title="How many wait", ylim=(0, None))
    panel.legend(frameon=False)


def _safe(panel: Axes, tales: Mapping[str, Told], midnight: float) -> None:
    since, until = midnight + FIRST * 3600, midnight + LAST * 3600
    for case, color in {"100 times, one tier": RED, WORST: BLUE}.items():
        told = tales[case]
        names = [name for name, (at, safety) in told.came.items() if safety and since <= at < until]
        at = [(told.came[name][0] - midnight) / 3600 for name in names]
        waits = [(told.gone(name) - told.came[name][0]) / MINUTE for name in names]
        label = "tier 1, surge settings" if case == WORST else "one tier with all else"
        panel.scatter(at, waits, s=22, color=color, label=label)
    panel.axhline(PROMISE / MINUTE, color="#444444", lw=1, ls="--")
    panel.annotate("promised: 15 min", (LAST - 0.2, PROMISE / MINUTE), ha="right", va="bottom")
    panel.set(title="What is about safety: minutes it waited, by arrival", yscale="log", ylim=(0.03, 9000))
    panel.set_yticks([0.1, 1, 10, 100, 1000], ["0.1", "1", "10", "100", "1000"])
    panel.legend(frameon=False, loc="upper center", ncols=2)


def _sizes(panel: Axes, memory: Memory, midnight: float) -> None:
    at, size = memory
    panel.plot((at - midnight) / 3600, size, color=BLUE)
    panel.set(title="Memory, MB (what is closed is remembered for six hours)", ylim=(0, None))


if __name__ == "__main__":
    main()
