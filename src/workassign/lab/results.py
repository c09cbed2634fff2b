"""What did a simulation show? Columns of interactions, offers and agents, and the figures they give."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise
from math import isfinite, isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from workassign._frames import frame
from workassign._markup import passage
from workassign._markup import table as html_table
from workassign.errors import UsageError
from workassign.lab.columns import Columns, Outcome, Verdict
from workassign.lab.distributions import Floats, as_floats
from workassign.lab.measures import Integers, Journeys, Spans, figures
from workassign.lab.scenario import Scenario
from workassign.policies.sla import always

if TYPE_CHECKING:
    from pandas import DataFrame  # type: ignore[import-untyped]

    from workassign.journal import Store
    from workassign.kpi import Kpis
    from workassign.lab.floor import Floor
    from workassign.lab.gaps import Gaps
    from workassign.lab.plots import Plots

__all__ = ["TABLES", "Result", "Table", "promised"]

Table: TypeAlias = Literal["interactions", "offers", "agents", "queues", "intervals"]
TABLES: tuple[Table, ...] = ("interactions", "offers", "agents", "queues", "intervals")
USUAL = 20.0
"""Seconds: the service level's threshold where a queue promises none."""

_STAFFED = ("available", "busy", "draining")


class Result:
    """A simulated day in columns: see `to_columns` for tables, `figures` for what they add up to.

    Two results of the same scenario and seed are equal, whichever process made them.
    """

    def __init__(
        self,
        floor: Floor,
        *,
        warm_up: float = 0.0,
        store: Store | None = None,
        kpis: Kpis | None = None,
    ) -> None:
        """Take over what *floor* has written; what arrives in the first *warm_up* seconds is not counted."""
        self.scenario: Scenario = floor.scenario
        self.seed = floor.seed
        self.warm_up = warm_up
        self.ended_at = floor.closed_at
        """When all was over."""
        self.store, self.kpis = store, kpis
        """The journal and the key figures, if they were asked for."""
        self.ids: tuple[str, ...] = tuple(floor.crowd.ids)
        self.agents: tuple[str, ...] = tuple(agent.id for agent in floor.agents)
        self.crew_of: Integers = np.asarray(floor.crew_of)
        """The place of each agent's crew."""
        self.journeys = _journeys(floor)
        self._offers = _offers(floor.columns)
        columns = floor.columns
        self._earlier = np.asarray(columns.assignments, dtype=np.float64).reshape(-1, 4)
        self._taken = dict(columns.taken)
        self._presence = tuple(columns.presence)
        self._capacity = as_floats([agent.capacity for agent in floor.agents])

    # --- figures ----------------------------------------------------------------------------

    @cached_property
    def held_rows(self) -> Integers:
        """The row of `journeys` of each that `held` has: first those held last, then those given back."""
        each = self.journeys
        last = (each.agent >= 0) & np.isin(each.outcome, (Outcome.ANSWERED, Outcome.COMPLETED))
        return np.concatenate([np.flatnonzero(last), self._earlier[:, 0].astype(np.int64)])

    @cached_property
    def held(self) -> Spans:
        """What agents had in their hands, by unit of capacity."""
        each, earlier = self.journeys, self._earlier
        rows = self.held_rows[: self.held_rows.size - len(earlier)]
        since = each.started.copy()
        since[list(self._taken)] = list(self._taken.values())
        ends = np.where(np.isnan(each.ended[rows]), self.ended_at, each.ended[rows])
        return Spans(
            agent=np.concatenate([each.agent[rows], earlier[:, 1].astype(np.int64)]),
            since=np.concatenate([since[rows], earlier[:, 2]]),
            until=np.concatenate([ends, earlier[:, 3]]),
            weight=each.units[self.held_rows],
        )

    @cached_property
    def busy(self) -> Spans:
        """When agents had anything in their hands."""
        return _joined(self.held)

    @cached_property
    def there(self) -> Spans:
        """When agents were there, by unit of capacity."""
        rows: list[tuple[int, float, float]] = []
        since: dict[int, float] = {}
        for agent, at, presence in self._presence:
            if presence in _STAFFED:
                since.setdefault(agent, at)
            elif agent in since:
                rows.append((agent, since.pop(agent), at))
        end = max(self.ended_at, self.scenario.start + self.scenario.duration)
        rows += [(agent, begin, end) for agent, begin in since.items()]
        table = np.asarray(rows, dtype=np.float64).reshape(-1, 3)
        who = table[:, 0].astype(np.int64)
        return Spans(agent=who, since=table[:, 1], until=table[:, 2], weight=self._capacity[who])

    @property
    def window(self) -> tuple[float, float]:
        """From when to when an interaction counts by its arrival: the duration, less the warm-up."""
        return self.scenario.start + self.warm_up, self.scenario.start + self.scenario.duration

    def figures(
        self,
        *,
        stream: str | None = None,
        queue: str | None = None,
        crew: str | None = None,
        window: tuple[float, float] | None = None,
        threshold: float | None = None,
    ) -> dict[str, float]:
        """Return the figures of `measures.FIGURES`, of all or of a stream, a queue or a crew's agents.

        *threshold* is the service level's, seconds; without one it is what each queue promises as the
        first response, or 20. Of a crew only what is said of agents means something.

        Raises:
            UsageError: If there is no such stream, queue or crew, or the window is none.
        """
        scenario = self.scenario
        streams = scenario.streams
        if queue is not None and queue not in scenario.plan.queues:
            raise UsageError(f"there is no queue {queue!r}")
        rows = np.ones(len(self.journeys), dtype=bool)
        if stream is not None:
            rows &= self.journeys.stream == _place(stream, [each.name for each in streams], "stream")
        if queue is not None:
            of_queue = [place for place, each in enumerate(streams) if each.queue == queue]
            rows &= np.isin(self.journeys.stream, of_queue)
        held, busy, there = self.held, self.busy, self.there
        if crew is not None:
            place = _place(crew, [each.name for each in scenario.crews], "crew")
            who = np.flatnonzero(self.crew_of == place)
            held, busy, there = held.of(who), busy.of(who), there.of(who)
            rows &= np.isin(self.journeys.agent, who)
        since, until = self.window if window is None else window
        if not (isfinite(since) and isfinite(until) and since < until):
            raise UsageError(f"a window must be two instants, the first before the second, not {window!r}")
        limits = as_floats([promised(self.scenario, each.queue) for each in streams])
        limit = limits[self.journeys.stream][rows] if threshold is None else float(threshold)
        return figures(self.journeys.of(rows), held, busy, there, (since, until), limit)

    def batches(self, count: int = 30, **scope: Any) -> list[dict[str, float]]:  # noqa: ANN401 - of `figures`
        """Return the figures of *count* equally long parts of the window: batch means."""
        if type(count) is not int or not 2 <= count <= 100_000:
            raise UsageError(f"count must be a whole number from 2 to 100,000, not {count!r}")
        since, until = self.window
        edges = np.linspace(since, until, count + 1).tolist()
        spans = pairwise(edges)
        return [self.figures(window=span, **scope) for span in spans]

    @property
    def plot(self) -> Plots:
        """The plots of this result: `result.plot.waits()`; see `workassign.lab.plots`."""
        from workassign.lab.plots import Plots

        return Plots(self)

    def bounds(self) -> Gaps:
        """Return what no rule of routing could beat, beside what was reached; see `workassign.lab.gaps`.

        Cost: drawing the scenario once more, and linear programs, seconds at most.
        """
        from workassign.lab.gaps import gaps

        return gaps(self)

    # --- tables -----------------------------------------------------------------------------

    def to_columns(self, table: Table = "interactions", every: float = 900.0) -> dict[str, Any]:
        """Return a table by column name, as numpy arrays or lists.

        `interactions`, `offers` and `agents` have a row for each; `queues` the figures of each queue;
        `intervals` those of each stretch of *every* seconds.

        Raises:
            UsageError: If there is no such table.
        """
        if table not in TABLES:
            raise UsageError(f"there is no table {table!r}; there are {', '.join(TABLES)}")
        if not (isfinite(every) and every > 0):
            raise UsageError(f"every must be a positive number of seconds, not {every!r}")
        if table == "intervals":
            return self._intervals(every)
        makers = {
            "interactions": self._interactions,
            "offers": self._offer_columns,
            "agents": self._agents,
            "queues": self._queues,
        }
        return makers[table]()

    def to_frame(self, table: Table = "interactions", every: float = 900.0) -> DataFrame:
        """Return a table as a pandas DataFrame: see `to_columns`.

        Raises:
            UsageError: If pandas is missing, or there is no such table.
        """
        return frame(self.to_columns(table, every))

    def to_parquet(self, folder: str | Path) -> list[Path]:
        """Write every table to a file of its name in *folder*, and return the files.

        Raises:
            UsageError: If pandas or pyarrow is missing, or *folder* is none.
        """
        folder = Path(folder)
        if not folder.is_dir():
            raise UsageError(f"{folder}: there is no such folder")
        files = []
        for table in TABLES:
            files.append(folder / f"{table}.parquet")
            try:
                self.to_frame(table).to_parquet(files[-1])
            except ImportError:
                raise UsageError("Parquet needs an extra: pip install 'workassign[notebook]'") from None
        return files

    def _interactions(self) -> dict[str, Any]:
        each = self.journeys
        streams = self.scenario.streams
        names = np.asarray([stream.name for stream in streams], dtype=object)
        queues = np.asarray([stream.queue for stream in streams], dtype=object)
        agents = np.asarray([*self.agents, None], dtype=object)
        outcomes = np.asarray([outcome.name.lower() for outcome in Outcome], dtype=object)
        ids = np.asarray([*self.ids, None], dtype=object)
        return {
            "interaction": np.asarray(self.ids, dtype=object),
            "stream": names[each.stream],
            "queue": queues[each.stream],
            "arrived": each.arrived,
            "started": each.started,
            "done": each.done,
            "ended": each.ended,
            "wait": each.waits,
            "outcome": outcomes[each.outcome],
            "agent": agents[each.agent],
            "attempt": each.attempt,
            "origin": ids[each.origin],
        }

    def _offer_columns(self) -> dict[str, Any]:
        ids, agents = np.asarray(self.ids, dtype=object), np.asarray(self.agents, dtype=object)
        verdicts = np.asarray([verdict.name.lower() for verdict in Verdict], dtype=object)
        offers = self._offers
        return {
            "interaction": ids[offers["interaction"]],
            "agent": agents[offers["agent"]],
            "offered": offers["offered"],
            "verdict": verdicts[offers["verdict"]],
            "until": offers["until"],
        }

    def _agents(self) -> dict[str, Any]:
        since, until = self.window
        crews = [crew.name for crew in self.scenario.crews]
        many = len(self.agents)
        seconds = {
            name: _by_agent(spans, since, until, many, weighted=weighted)
            for name, spans, weighted in (
                ("there", self.there, False),
                ("busy", self.busy, False),
                ("held", self.held, True),
                ("capacity", self.there, True),
            )
        }
        with np.errstate(divide="ignore", invalid="ignore"):
            occupancy = seconds["held"] / seconds["capacity"]
        over = self.journeys.agent[self.journeys.outcome == Outcome.COMPLETED]
        return {
            "agent": list(self.agents),
            "crew": [crews[place] for place in self.crew_of.tolist()],
            "there": seconds["there"],
            "busy": seconds["busy"],
            "occupancy": occupancy,
            "completed": np.bincount(over, minlength=many),
        }

    def _queues(self) -> dict[str, Any]:
        names = list(dict.fromkeys(stream.queue for stream in self.scenario.streams))
        rows = [{"queue": name, **self.figures(queue=name)} for name in names]
        return {key: [row[key] for row in rows] for key in rows[0]}

    def _intervals(self, every: float) -> dict[str, Any]:
        since = self.scenario.start
        until = max(self.scenario.start + self.scenario.duration, self.ended_at)
        starts = np.arange(since, until, every).tolist()
        rows = [
            {"start": start, **self.figures(window=(start, min(start + every, until)))} for start in starts
        ]
        return {key: [row[key] for row in rows] for key in rows[0]}

    @cached_property
    def _summary(self) -> list[tuple[str, str]]:
        return [(name, _shown(value)) for name, value in self.figures().items()]

    def __repr__(self) -> str:
        """Say what it is, and how it went."""
        found = dict(self._summary)
        return (
            f"<Result of {self.scenario.name!r}, seed {self.seed}: {found['entered']} entered, "
            f"{found['answered']} answered, {found['abandoned']} abandoned, "
            f"mean wait {found['mean_wait']} s, occupancy {found['occupancy']}>"
        )

    def _repr_html_(self) -> str:
        """Return the figures as a table, for a notebook."""
        title = f"{self.scenario.name}, seed {self.seed}"
        return passage(title, html_table(("figure", "value"), self._summary, words=0))


def _shown(value: float) -> str:
    if isnan(value):
        return "–"
    return (
        f"{value:,.0f}" if value == int(value) else f"{value:,.3f}" if abs(value) < 100 else f"{value:,.0f}"
    )


def _place(name: str, names: list[str], what: str) -> int:
    if name not in names:
        raise UsageError(f"there is no {what} {name!r}; there are {', '.join(names)}")
    return names.index(name)


def promised(scenario: Scenario, queue: str) -> float:
    """Return the service level's threshold: the first response that *queue* promises, seconds, or 20."""
    target = always(scenario.plan.queues[queue].sla)
    return USUAL if target is None else target


def _journeys(floor: Floor) -> Journeys:
    columns, crowd, plan = floor.columns, floor.crowd, floor.scenario.plan
    streams = np.asarray(crowd.streams, dtype=np.int64)
    units = as_floats([plan.channels[each.channel].units for each in floor.scenario.streams])
    started, ended = _instants(columns.started), _instants(columns.ended)
    outcome = np.asarray(columns.outcome, dtype=np.int64)
    # A plain floor writes only when each began and ended.
    taken = ~np.isnan(started) & (outcome <= Outcome.COMPLETED)
    if floor.plain:
        outcome[taken] = np.where(np.isnan(ended[taken]), Outcome.ANSWERED, Outcome.COMPLETED)
    return Journeys(
        arrived=as_floats(columns.arrived),
        started=started,
        done=_instants(columns.done)
        if floor.wraps
        else np.where(outcome == Outcome.COMPLETED, ended, np.nan),
        ended=ended,
        outcome=outcome,
        stream=streams,
        agent=np.asarray(columns.agent, dtype=np.int64),
        attempt=np.asarray(crowd.attempts, dtype=np.int64),
        origin=np.asarray(crowd.origins, dtype=np.int64),
        units=units[streams],
    )


def _instants(column: list[float | None]) -> Floats:
    return np.array(column, dtype=np.float64)


def _offers(columns: Columns) -> Mapping[str, Any]:
    return {
        "interaction": np.asarray(columns.offered_for, dtype=np.int64),
        "agent": np.asarray(columns.offered_to, dtype=np.int64),
        "offered": as_floats(columns.offered_at),
        "verdict": np.asarray(columns.verdict, dtype=np.int64),
        "until": _instants(columns.verdict_at),
    }


def _joined(held: Spans) -> Spans:
    """Return when each agent had anything at all: overlapping spans become one."""
    order = np.lexsort((held.since, held.agent))
    agent, since, until = held.agent[order], held.since[order], held.until[order]
    agents: list[int] = []
    begins: list[float] = []
    ends: list[float] = []
    for who, begin, end in zip(agent.tolist(), since.tolist(), until.tolist(), strict=True):
        if agents and agents[-1] == who and begin <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            agents.append(who)
            begins.append(begin)
            ends.append(end)
    return Spans(
        agent=np.asarray(agents, dtype=np.int64),
        since=as_floats(begins),
        until=as_floats(ends),
        weight=np.ones(len(agents)),
    )


def _by_agent(spans: Spans, since: float, until: float, many: int, *, weighted: bool) -> Floats:
    seconds = np.maximum(np.minimum(spans.until, until) - np.maximum(spans.since, since), 0.0)
    return as_floats(np.bincount(spans.agent, seconds * (spans.weight if weighted else 1.0), minlength=many))
