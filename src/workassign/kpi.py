"""How well does it go? Every key figure, live and over a journal, from the events alone.

`Kpis` is fed with turns; whether they happen just now or are read from a journal makes no
difference, down to the last digit. What it keeps grows with time, queues and agents, never with
interactions (but for a small record of each that is open), and no read depends on how many there
are. The formulas, and what each figure is good for, are in `formulas`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from math import inf, isfinite
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import attrs

from workassign import formulas as f
from workassign._figures import AgentFigures, Figures, Live, TargetFigures, figures_of, segments
from workassign._frames import frame
from workassign._gauges import Durations, Row
from workassign._measures import PORTION, SHORT_FORM, USUAL, Flow, Measures
from workassign._people import SIGNED_ON, Person, Shifts
from workassign._rare import RARE
from workassign._records import UNIT
from workassign._series import FINE, MINUTE, QUARTER, Series
from workassign.errors import UsageError
from workassign.events import Event
from workassign.formulas import KPIS, Kpi
from workassign.hours import zone_of
from workassign.journal import Store, entries, header
from workassign.model import LONGEST, AgentId, Instant
from workassign.plan import Plan

if TYPE_CHECKING:
    from pandas import DataFrame  # type: ignore[import-untyped]

__all__ = [
    "KPIS",
    "AgentFigures",
    "Figures",
    "Kpi",
    "Kpis",
    "Live",
    "TargetFigures",
    "Window",
    "measure",
]

DAY = 86_400.0

Window: TypeAlias = Literal["day"] | float | None
"""Seconds (300, 900, 3600: whole minutes up to an hour), the local day so far, or all that is kept."""


def measure(store: Store, **settings: Any) -> Kpis:  # noqa: ANN401 - those of `Kpis`
    """Return the key figures of the whole journal in *store*; *settings* as of `Kpis`.

    Raises:
        JournalError: If the journal is damaged.
        PlanError: If a policy that its plan names is not there any more.
    """
    kpis = Kpis(Plan.from_data(header(store).plan), **settings)
    for entry in entries(store):
        kpis.take(entry.at, entry.facts)
    return kpis


_TABLES = ("exited", "declined", "stages")
"""Figures that are tables: they are no columns."""


class Kpis:
    """Gathers the key figures of an engine, turn by turn. Not thread-safe: feed and read it in turns.

    >>> from workassign import Engine, Interaction
    >>> engine = Engine()
    >>> kpis = Kpis(engine.plan)
    >>> kpis.take(1.0, engine.submit(Interaction(id="tweet-1"), at=1.0))
    >>> kpis.figures().entered, kpis.live(at=31.0).oldest_age
    (1, 30.0)

    Raises:
        UsageError: If a setting is out of its range.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        attribution: Literal["exit", "arrival"] = "exit",
        threshold: float | Mapping[str, float] | None = None,
        short: float = 5.0,
        zone: str = "UTC",
        keep: float = 8 * DAY,
        fcr_window: float = 7 * DAY,
        schedule: Mapping[AgentId, Sequence[tuple[Instant, Instant]]] | None = None,
    ) -> None:
        """Start empty under *plan*.

        What left a queue counts in the interval in which it left, or (*attribution*) in which it
        had come. *threshold* T is the service level's, seconds, for all queues or by queue; without
        one it is the SLA target of each interaction, or 20. Abandoned within *short* seconds is
        abandoned at once. The day begins at midnight in *zone*. Rows older than *keep* are merged
        into one. A contact is resolved if nobody came again within *fcr_window*. *schedule* says
        when agents are paid to work, for adherence and utilisation.
        """
        if attribution not in ("exit", "arrival"):
            raise UsageError(f"attribution must be exit or arrival, not {attribution!r}")
        self.zone = _checked_zone(zone)
        self._thresholds = _checked_thresholds(threshold, plan)
        self._measures = Measures(
            plan,
            RARE,
            arrival=attribution == "arrival",
            threshold=self._threshold,
            short=_checked("short", short, 0.0),
            keep=_checked("keep", keep, 2 * 3600.0),
            window=_checked("fcr_window", fcr_window, 1.0),
            schedule=_checked_schedule(schedule or {}),
        )
        self.take: Callable[[Instant, Sequence[Event]], None] = _taker(self._measures)
        """Take in the facts of one turn (`engine.facts`, `entry.facts`). Turns come in order of time."""

    def _threshold(self, queue: str, target: float | None) -> float:
        """Return the service level's threshold for a queue and an SLA target."""
        given = self._thresholds
        if isinstance(given, Mapping):
            given = given.get(queue)
        return given if given is not None else USUAL if target is None else target

    @property
    def queues(self) -> tuple[str, ...]:
        """Every queue that ever was, by name."""
        return tuple(sorted(self._measures.flows))

    # --- reads --------------------------------------------------------------------------------

    def figures(
        self, queue: str | None = None, *, window: Window = None, at: Instant | None = None
    ) -> Figures:
        """Return the key figures of a queue, or of all, within a *window* that ends at *at*.

        A window of n minutes is the present one and the n - 1 before. *at* is the last turn's
        instant unless said. Of a queue, an interaction counts for each time that it came to it; of
        all, once for each opening. Cost: O(rows), whatever happened.

        Raises:
            UsageError: If there is no such queue, the window is none, or *at* is before the last turn.
        """
        _, now = self._settled(at)
        first = self._first(window, now)
        return self._figures(queue, first, int(now // MINUTE) if now > -inf else 0, now)

    def intervals(self, every: float = 900.0, queue: str | None = None) -> list[tuple[Instant, Figures]]:
        """Return the figures of each interval of *every* seconds (a multiple of 900), with its start.

        From the first that is kept to the last, those included in which nothing happened.
        """
        _, now = self._settled(None)
        step = _checked("every", every, QUARTER * MINUTE) / MINUTE
        if step % QUARTER:
            raise UsageError(f"every must be a multiple of {QUARTER * MINUTE:.0f}, not {every!r}")
        minutes = [minute for series in self._all_series() for minute, _ in series.between(-(2**62), 2**62)]
        if not minutes:
            return []
        first = int(min(minutes) // step)
        last = int(max(minutes) // step)
        return [
            (
                number * step * MINUTE,
                self._figures(queue, int(number * step), int((number + 1) * step) - 1, now),
            )
            for number in range(first, last + 1)
        ]

    def targets(self, queue: str | None = None, *, window: Window = None) -> list[TargetFigures]:
        """Return how each SLA target was kept, by name; a queue's short `sla` is first_response."""
        _, now = self._settled(None)
        row = self._row(queue, self._first(window, now), 2**62)
        names = {name.partition(":")[2] for name in row.counts if name.startswith(_OUTCOMES)}
        if row.waits.promised:
            names.add(SHORT_FORM)
        calendars = self._calendars(queue)
        return [_target(name, row, calendars.get(name)) for name in sorted(names)]

    def agents(self, at: Instant | None = None) -> list[AgentFigures]:
        """Return what each agent did with her time, since she was on the roster. Cost: O(agents)."""
        m, now = self._settled(at)
        return [_agent(name, person.as_of(now), now) for name, person in m.people.items()]

    def segments(self, queue: str | None = None, *, window: Window = None) -> dict[str, tuple[int, float]]:
        """Return answered and mean wait of each customer segment; "-" is everybody without one."""
        _, now = self._settled(None)
        return segments(self._row(queue, self._first(window, now), 2**62))

    def live(self, queue: str | None = None, *, at: Instant | None = None) -> Live:
        """Return how it stands now. Cost: O(rows + agents) on average, however many are open."""
        m, now = self._settled(at)
        flows = self._flows(queue)
        ages = [since for flow in flows if (since := m.oldest(flow)) is not None]
        dues = [due for flow in flows if (due := m.next_due(flow)) is not None]
        if (due := m.promises.next(queue)) is not None:
            dues.append(due)
        presences: dict[str, int] = {}
        for person in (each for each in m.people.values() if each.on_roster):
            presences[person.presence.value] = presences.get(person.presence.value, 0) + 1
        recent = {n: self._row(queue, self._first(n, now), 2**62) for n in (300.0, 900.0, 3600.0)}
        return Live(
            waiting=self._balance(queue, 2**62),
            oldest_age=now - min(ages) if ages else None,
            next_breach=min(dues, default=None),
            offers=len(m.offers),
            agents=presences,
            load=m.people.load / UNIT,
            capacity=m.people.capacity / UNIT,
            arrivals={int(n): row.entered for n, row in recent.items()},
            answers={int(n): row.waits.count for n, row in recent.items()},
            abandons={int(n): int(row.counts["abandoned"]) for n, row in recent.items()},
            today=self.figures(queue, window="day", at=at),
            alarms={key: since for key, since in sorted(m.alarms.items()) if queue in (None, key[0])},
        )

    def to_columns(self, every: float = 900.0) -> dict[str, list[Any]]:
        """Return the intervals of every queue as columns: `queue`, `start` (seconds), and every figure."""
        plain = [each.name for each in attrs.fields(Figures) if each.name not in _TABLES]
        columns: dict[str, list[Any]] = {name: [] for name in ("queue", "start", *plain)}
        for queue in sorted(self._measures.flows):
            for start, found in self.intervals(every, queue):
                columns["queue"].append(queue)
                columns["start"].append(start)
                for name in plain:
                    columns[name].append(getattr(found, name))
        return columns

    def to_frame(self, every: float = 900.0) -> DataFrame:
        """Return `to_columns` as a pandas DataFrame, `start` as instants of UTC.

        Raises:
            UsageError: If pandas is missing.
        """
        found = frame(self.to_columns(every))
        import pandas as pd

        found["start"] = pd.to_datetime(found["start"], unit="s", utc=True)
        return found

    def snapshot(self) -> dict[str, Any]:
        """Return everything as plain data: equal for all that were fed with the same turns."""
        m, _ = self._settled(None)
        return {
            "flows": {
                name: {"own": flow.own.data(), "later": flow.later.data()}
                for name, flow in sorted(m.flows.items())
            },
            "moved": m.moved.data(),
            "people": m.people.data(),
            "open": [sorted(m.visits), sorted(m.held), sorted(m.back), sorted(m.offers)],
            "alarms": [[*key, since] for key, since in sorted(m.alarms.items())],
        }

    # --- rows ---------------------------------------------------------------------------------

    def _settled(self, at: Instant | None) -> tuple[Measures, Instant]:
        """Take in what is pending, and return the instant to read at."""
        m = self._measures
        if m.pending:
            m.fold()
        if at is None:
            return m, m.at
        if isinstance(at, bool) or not isinstance(at, int | float) or not isfinite(at) or at < m.at:
            raise UsageError(f"at must not be before the last turn, {m.at!r}: {at!r}")
        return m, float(at)

    def _flows(self, queue: str | None) -> list[Flow]:
        flows = self._measures.flows
        if queue is None:
            return list(flows.values())
        if queue not in flows:
            raise UsageError(f"there is no queue {queue!r}; there are {', '.join(sorted(flows))}")
        return [flows[queue]]

    def _first(self, window: Window, now: Instant) -> int:
        """Return the first minute of a window that ends at *now*."""
        if window is None or now == -inf:
            return -(2**62)
        if window == "day":
            return self._midnight(now)
        minutes = _checked("window", window, MINUTE) / MINUTE
        if minutes % 1 or minutes > FINE:
            raise UsageError(f"window must be whole minutes up to {FINE}, in seconds, or day, not {window!r}")
        return int(now // MINUTE) - int(minutes) + 1

    def _midnight(self, now: Instant) -> int:
        """Return the first minute of the local day."""
        try:
            today = datetime.fromtimestamp(now, self.zone)
            return int(today.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).timestamp() // MINUTE)
        except (ValueError, OverflowError, OSError):
            raise UsageError(f"there is no day at {now!r}: its year is not one from 1 to 9999") from None

    def _all_series(self) -> list[Series]:
        m = self._measures
        return [each for flow in m.flows.values() for each in (flow.own, flow.later)] + [
            m.moved,
            m.people.series,
        ]

    def _row(self, queue: str | None, first: int, last: int) -> Row:
        """Return all of a queue, or of everything, from minute *first* to *last*, merged."""
        m, row = self._measures, Row()
        for flow in self._flows(queue):
            _merge(row, flow.own, first, last)
            if queue is not None:
                _merge(row, flow.later, first, last)
        if queue is None:
            # What was moved unanswered has not left: what became of it in the end is counted apart.
            row.counts["flowed_out"] = row.counts.pop("exited:moved", 0.0)
            _merge(row, m.moved, first, last)
        else:
            row.counts["flowed_out"] = row.counts["exited:moved"]
        return row

    def _balance(self, queue: str | None, last: int) -> int:
        """Return how many were open and never accepted at the end of minute *last*."""
        total = 0
        for flow in self._flows(queue):
            total += _still(flow.own, last, moved=queue is not None)
            total += _still(flow.later, last, moved=True) if queue is not None else 0
        return total if queue is not None else total + _still(self._measures.moved, last, moved=False)

    def _figures(self, queue: str | None, first: int, last: int, now: Instant) -> Figures:
        m = self._measures
        row = self._row(queue, first, last)
        people = Row()
        if queue is None:
            _merge(people, m.people.series, first, last)
            if first <= now // MINUTE <= last:
                people.add(m.people.so_far(first, now))
        young = 0
        if last >= now // MINUTE:
            flows = self._flows(queue)
            for flow in flows:
                m.age(flow, now)
            old = sum(len(flow.old) + (0 if queue is None else len(flow.again)) for flow in flows)
            young = max(0, self._balance(queue, 2**62) - old)
        before = self._balance(queue, first - 1)
        waiting = row.entered - _ended(row) if m.arrival else self._balance(queue, last)
        return figures_of(
            row, people, waiting=waiting, before=0 if m.arrival else before, young=min(young, row.entered)
        )

    def _calendars(self, queue: str | None) -> dict[str, str | None]:
        promised = self._measures.promised
        found: dict[str, list[str]] = {}
        for each in promised.values() if queue is None else [promised.get(queue, {})]:
            for label, calendar in each.items():
                if calendar is not None and calendar not in found.setdefault(label, []):
                    found[label].append(calendar)
        return {label: ", ".join(calendars) or None for label, calendars in found.items()}


def _taker(measures: Measures) -> Callable[[Instant, Sequence[Event]], None]:
    """Return what takes in turns. A closure: called after every turn, half of its cost would be `self`."""
    pending, extend, fold = measures.pending, measures.pending.extend, measures.fold

    def take(at: Instant, facts: Sequence[Event]) -> None:
        extend(facts)
        if len(pending) > PORTION:
            fold()

    return take


_OUTCOMES = ("met:", "missed:", "cancelled:", "warned:", "elapsed:")


def _merge(row: Row, series: Series, first: int, last: int) -> None:
    if first == -(2**62):
        row.add(series.before)
    for _, each in series.between(first, last):
        row.add(each)


def _ended(row: Row) -> int:
    """Return how many of what entered were answered or left."""
    left = sum(number for name, number in row.counts.items() if name.startswith("exited:"))
    return int(row.waits.count + row.counts.get("abandoned", 0) + left)


def _still(series: Series, last: int, *, moved: bool) -> int:
    """Return what entered and did not leave in a series up to minute *last*; *moved* is to leave."""
    total = 0
    for row in (series.before, *(each for _, each in series.between(-(2**62), last))):
        row.waits.settle()
        total += row.entered - _ended(row)
        total += 0 if moved else int(row.counts.get("exited:moved", 0))
    return total


def _target(name: str, row: Row, calendar: str | None) -> TargetFigures:
    met, missed = int(row.counts[f"met:{name}"]), int(row.counts[f"missed:{name}"])
    elapsed = row.durations.get(f"elapsed:{name}", Durations())
    if name == SHORT_FORM and row.waits.promised:
        met += row.waits.promised - int(row.counts["answered_late"])
        # Its clock ends with the wait; where others had no such target, nobody kept theirs apart.
        elapsed = row.waits if row.waits.promised == row.waits.count and not elapsed.count else Durations()
    return TargetFigures(
        target=name,
        calendar=calendar,
        met=met,
        missed=missed,
        cancelled=int(row.counts[f"cancelled:{name}"]),
        warned=int(row.counts[f"warned:{name}"]),
        attainment=f.share(met, met + missed),
        mean=elapsed.mean,
        p50=elapsed.quantile(0.5),
        p90=elapsed.quantile(0.9),
        p95=elapsed.quantile(0.95),
    )


def _agent(name: AgentId, person: Person, now: Instant) -> AgentFigures:
    """Return the figures of an agent, as of *now*."""
    seconds = dict(person.seconds)
    signed_on = sum(seconds.get(each.value, 0.0) for each in SIGNED_ON)
    worked = sum(value for presence, value in seconds.items() if presence != "offline")
    ended = {what: person.counts[what] for what in ("declined", "expired", "rescinded")}
    paid = person.shifts.until(now) - person.shifts.until(person.enrolled)
    return AgentFigures(
        agent=name,
        presence=seconds,
        handled=person.handled,
        offers={"accepted": person.handled + person.holding - person.counts["direct"], **ended},
        handle_time=f.mean(person.elapsed, person.handled),
        handle_time_active=f.mean(person.active, person.handled),
        busy=person.busy,
        occupancy=f.share(person.area, person.capacity),
        occupancy_binary=f.share(person.busy, signed_on),
        utilisation=f.share(signed_on, paid),
        adherence=f.share(person.adherent, paid),
        conformance=f.share(worked, paid),
    )


# --- settings -----------------------------------------------------------------------------------


def _checked(name: str, value: object, least: float) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not least <= value <= LONGEST:  # type: ignore[operator]
        raise UsageError(f"{name} must be seconds from {least:g} to {LONGEST:.0f}, not {value!r}")
    return float(value)  # type: ignore[arg-type]


def _checked_thresholds(
    given: float | Mapping[str, float] | None, plan: Plan
) -> float | Mapping[str, float] | None:
    if given is None:
        return None
    if not isinstance(given, Mapping):
        return _checked("threshold", given, 0.001)
    for queue in given:
        if queue not in plan.queues:
            raise UsageError(f"threshold: there is no queue {queue!r}; there are {', '.join(plan.queues)}")
    return {queue: _checked(f"threshold of {queue!r}", each, 0.001) for queue, each in given.items()}


def _checked_zone(name: str) -> tzinfo:
    zone = zone_of(name)
    if zone is None:
        raise UsageError(f"there is no time zone {name!r}")
    return zone


def _checked_schedule(schedule: Mapping[AgentId, Sequence[tuple[Instant, Instant]]]) -> dict[AgentId, Shifts]:
    if not isinstance(schedule, Mapping):
        raise UsageError(f"schedule must be a table agent -> shifts, not {schedule!r}")
    return {agent: _checked_shifts(agent, shifts) for agent, shifts in schedule.items()}


def _checked_shifts(agent: AgentId, shifts: Sequence[tuple[Instant, Instant]]) -> Shifts:
    before = -inf
    try:
        for start, end in shifts:
            if not (isfinite(start) and isfinite(end) and before <= start < end):
                raise ValueError(f"{start!r} to {end!r}")
            before = end
    except (TypeError, ValueError) as error:
        rule = "pairs of instants, in order, apart, and not empty"
        raise UsageError(f"shifts of {agent!r} must be {rule}: {error}") from None
    return Shifts(shifts)
