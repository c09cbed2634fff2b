"""What does a Prometheus server see? The live figures, read when it asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, TypeAlias

from workassign.errors import UsageError
from workassign.formulas import KPIS
from workassign.kpi import Kpis

if TYPE_CHECKING:
    from prometheus_client.core import Metric

__all__ = ["Collector"]

Rows: TypeAlias = Sequence[tuple[list[str], float | None]]
"""Values of the labels, and of the metric; None: there is none."""


class Collector:
    """A collector for `prometheus_client`: `REGISTRY.register(Collector(kpis))`.

    Nothing is added to the work of the engine: the figures are read when they are scraped. A
    scrape comes from another thread, so give *reading* where turns are taken in meanwhile:
    `Collector(reading=desk.kpis)`, or a lock around the feeding (`Collector(kpis, lock=lock)`).

    Metrics are gauges, labelled by queue: `workassign_waiting`, `workassign_oldest_age_seconds`,
    `workassign_next_breach_timestamp_seconds`, the arrivals, answers and abandons of 300, 900 and
    3600 seconds, the alarms, the agents by presence, and of the day so far every figure that is a
    share, seconds or an index, as `workassign_today_<name>`.

    Raises:
        UsageError: If prometheus_client is missing, or neither figures nor a way to them are given.
    """

    def __init__(
        self,
        kpis: Kpis | None = None,
        *,
        lock: AbstractContextManager[object] | None = None,
        reading: Callable[[], AbstractContextManager[Kpis]] | None = None,
    ) -> None:
        try:
            import prometheus_client  # noqa: F401 - only whether it is there
        except ImportError:
            raise UsageError("the collector needs an extra: pip install 'workassign[prometheus]'") from None
        if (kpis is None) == (reading is None):
            raise UsageError("a collector needs kpis, or reading: one of them")
        self._kpis, self._open = kpis, reading
        self._lock = lock if lock is not None else nullcontext()

    def describe(self) -> list[Metric]:
        """Return nothing: what there is depends on the plan."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield every metric as it stands. Cost: that of `Kpis.live` for each queue."""
        with self._lock:
            if self._open is None:
                assert self._kpis is not None
                yield from list(_metrics(self._kpis))
                return
            with self._open() as kpis:
                yield from list(_metrics(kpis))


def _metrics(kpis: Kpis) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily

    lives = {queue: kpis.live(queue) for queue in kpis.queues}
    total = kpis.live()

    def gauge(name: str, text: str, labels: list[str], rows: Rows) -> Metric:
        family = GaugeMetricFamily(f"workassign_{name}", text, labels=labels)
        for values, value in rows:
            if value is not None:
                family.add_metric(values, value)
        return family

    by_queue = [([queue], live) for queue, live in lives.items()]
    yield gauge("waiting", "Open and never accepted", ["queue"], [(q, live.waiting) for q, live in by_queue])
    yield gauge(
        *("oldest_age_seconds", "How long the oldest of these has waited", ["queue"]),
        [(q, live.oldest_age) for q, live in by_queue],
    )
    yield gauge(
        *("next_breach_timestamp_seconds", "When the next SLA target will be missed", ["queue"]),
        [(q, live.next_breach) for q, live in by_queue],
    )
    for what in ("arrivals", "answers", "abandons"):
        rows = [
            ([*q, str(n)], float(count)) for q, live in by_queue for n, count in getattr(live, what).items()
        ]
        yield gauge(what, f"{what} in the last so many seconds", ["queue", "seconds"], rows)
    yield gauge("offers", "Open offers", [], [([], total.offers)])
    yield gauge("load_units", "Units held by agents", [], [([], total.load)])
    yield gauge("capacity_units", "Units of agents signed on", [], [([], total.capacity)])
    agents = [([presence], float(count)) for presence, count in sorted(total.agents.items())]
    yield gauge("agents", "Agents by presence", ["presence"], agents)
    yield gauge(
        "alarm", "1 while an alarm is raised", ["queue", "alarm"], [(list(key), 1.0) for key in total.alarms]
    )
    for kpi in KPIS.values():
        if kpi.unit != "count":
            unit = "_seconds" if kpi.unit == "seconds" else ""
            rows = [(q, getattr(live.today, kpi.name)) for q, live in by_queue]
            yield gauge(f"today_{kpi.name}{unit}", f"{kpi.title}: {kpi.formula}", ["queue"], rows)
