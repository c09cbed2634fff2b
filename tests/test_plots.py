"""What stands on the axes is what the result says: numbers, not pixels."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from workassign import Plan, Queue
from workassign.errors import UsageError
from workassign.lab import plots
from workassign.lab.arrivals import Poisson, Recorded
from workassign.lab.colors import GOOD
from workassign.lab.distributions import Constant, Exponential, LogNormal
from workassign.lab.experiments import compare
from workassign.lab.results import Result
from workassign.lab.scenario import Crew, Scenario, Stream
from workassign.lab.simulation import simulate
from workassign.policies.sla import first_response

pyplot = pytest.importorskip("matplotlib.pyplot", reason="plots need matplotlib")
ALL = ("waits", "backlog", "occupancy", "service_level", "gantt", "heat_map")


@pytest.fixture(autouse=True)
def _no_window() -> Iterator[None]:
    pyplot.switch_backend("Agg")
    yield
    pyplot.close("all")


def three(**settings: Any) -> Result:
    """Three who come at 0, 10 and 20 and take 30 seconds each, one agent: they wait 0, 20 and 40."""
    stream = Stream(name="calls", arrivals=Recorded([0.0, 10.0, 20.0]), handling=Constant(30.0))
    queue = Queue(sla=first_response(20.0), **settings)
    crew = Crew.of("desk", 1, shifts=[(0, 100)])
    return simulate(
        Scenario(plan=Plan(queues={"default": queue}), streams=(stream,), crews=(crew,), duration=100.0)
    )


def busy(agents: int = 10, rate: float = 0.04, queues: int = 2, **settings: Any) -> Scenario:
    names = [f"q{number}" for number in range(queues)]
    streams = [
        Stream(
            name=f"s{name}",
            queue=name,
            arrivals=Poisson(rate / queues),
            handling=LogNormal(240.0, 1.0),
            patience=Exponential(300.0),
        )
        for name in names
    ]
    plan = Plan(queues={name: Queue(sla=first_response(60.0)) for name in names})
    return Scenario(plan=plan, streams=streams, crews=(Crew.of("desk", agents),), duration=7200.0, **settings)


def nobody() -> Result:
    stream = Stream(name="calls", arrivals=Poisson(0.0), handling=Constant(30.0))
    crew = Crew.of("desk", 1, shifts=[])
    return simulate(Scenario(plan=Plan(), streams=(stream,), crews=(crew,), duration=100.0))


def line(axes: Any, number: int = 0) -> tuple[list[float], list[float]]:
    drawn = axes.get_lines()[number]
    return list(drawn.get_xdata()), list(drawn.get_ydata())


def test_the_curve_of_waits_is_the_service_level_at_the_threshold() -> None:
    result = simulate(busy(), 3)
    axes: Any = result.plot.waits(by="queue")
    for number, queue in enumerate(("q0", "q1")):
        x, y = line(axes, number)
        place = int(np.searchsorted(np.array(x), 60.0, side="right")) - 1
        assert y[place] == pytest.approx(100 * result.figures(queue=queue)["sl_offered"])
    assert axes.get_xlabel() == "time since arrival, seconds"


def test_those_who_still_wait_are_neither_answered_nor_gone() -> None:
    x, y = line(three().plot.waits(kind="waiting"))
    share = dict(zip(x, y, strict=True))
    assert share[20.0] == pytest.approx(100 / 3)
    assert share[40.0] == pytest.approx(0.0)


def test_the_backlog_counts_who_waits_at_each_instant() -> None:
    axes: Any = three().plot.backlog()
    x, y = line(axes)
    assert list(zip(x, y, strict=True)) == [(0, 0), (10, 1), (20, 2), (30, 1), (60, 0), (100, 0)]
    assert axes.get_legend().get_texts()[0].get_text() == "default (at most 2)"


def test_a_long_backlog_keeps_its_peak() -> None:
    result = simulate(busy(rate=2.0, agents=300), 1)
    journeys = result.journeys
    axes: Any = result.plot.backlog(by="queue")
    ends = np.where(np.isnan(journeys.started), journeys.ended, journeys.started)
    mine = (journeys.stream == 0) & (ends > journeys.arrived)
    peak = max(
        int(((journeys.arrived[mine] <= at) & (ends[mine] > at)).sum()) for at in journeys.arrived[mine]
    )
    assert max(line(axes)[1]) == peak


def test_occupancy_over_time_is_that_of_the_figures() -> None:
    result = simulate(busy(), 3)
    axes: Any = result.plot.occupancy(every=1800.0)
    values = axes.patches[0].get_data().values
    for number, value in enumerate(values[:4]):
        window = (1800.0 * number, 1800.0 * (number + 1))
        assert value == pytest.approx(100 * result.figures(window=window)["occupancy"])


def test_the_service_level_by_hour_is_that_of_the_figures() -> None:
    result = simulate(busy(), 3)
    axes: Any = result.plot.service_level(every=3600.0, queue="q1")
    heights = [bar.get_height() for bar in axes.patches]
    expected = [
        100 * result.figures(queue="q1", window=(3600.0 * hour, 3600.0 * (hour + 1)))["sl_offered"]
        for hour in range(2)
    ]
    assert heights == pytest.approx(expected)
    assert "60 s" in axes.get_title(loc="left")


def corners(axes: Any, label: str) -> list[tuple[float, float]]:
    """Return from when to when the bars of a label are."""
    drawn = [each for each in axes.collections if each.get_label() == label]
    extents = [path.get_extents() for each in drawn for path in each.get_paths()]
    return [(float(each.x0), float(each.x1)) for each in extents]


def test_the_gantt_shows_what_an_agent_had_and_when_she_was_there() -> None:
    axes: Any = three().plot.gantt()
    assert sorted(corners(axes, "calls")) == [(0.0, 30.0), (30.0, 60.0), (60.0, 90.0)]
    assert corners(axes, "there") == [(0.0, 100.0)]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["desk-1"]


def test_wrap_up_is_drawn_apart() -> None:
    axes: Any = three(wrap_up=5.0).plot.gantt()
    assert min(corners(axes, "calls")) == (0.0, 30.0)
    paler = [each for each in axes.collections if each.get_alpha() == 0.45]
    assert [path.get_extents().width for path in paler[0].get_paths()] == pytest.approx([5.0] * 3)


def test_what_an_agent_has_at_once_is_drawn_side_by_side() -> None:
    stream = Stream(name="chats", arrivals=Recorded([0.0, 10.0]), handling=Constant(30.0))
    crew = Crew.of("desk", 1, capacity=2)
    result = simulate(Scenario(plan=Plan(), streams=(stream,), crews=(crew,), duration=100.0))
    (drawn,) = [each for each in result.plot.gantt().collections if each.get_label() == "chats"]
    one, other = (path.get_extents() for path in drawn.get_paths())
    assert one.y1 <= other.y0 + 1e-9 or other.y1 <= one.y0 + 1e-9


def test_a_gantt_of_many_agents_shows_some_and_says_so() -> None:
    result = simulate(busy(agents=1000), 0)
    axes: Any = result.plot.gantt(agents=15)
    assert len(axes.get_yticklabels()) == 15
    assert "15 of 1,000 agents" in axes.get_title(loc="left")
    chosen = result.plot.gantt(agents=[result.agents[7]], window=(0.0, 600.0))
    assert [text.get_text() for text in chosen.get_yticklabels()] == [result.agents[7]]


def test_the_heat_map_counts_who_took_what() -> None:
    result = simulate(busy(), 3)
    counts = result.plot.heat_map(value="count")
    answered = [result.figures(stream=name)["answered"] for name in ("sq0", "sq1")]
    assert np.asarray(counts.images[0].get_array()).ravel().tolist() == answered
    shares = result.plot.heat_map(by="profile")
    assert np.asarray(shares.images[0].get_array()).ravel().tolist() == [100.0, 100.0]
    assert shares.get_xticklabels()[0].get_text() == "no skills\n10 agents"


def test_more_queues_than_colors_are_put_together() -> None:
    result = simulate(busy(queues=12), 0)
    axes: Any = result.plot.waits()
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert len(labels) == 9
    assert labels[-2].startswith("5 others")
    counted = sum(int(label.rpartition("(")[2].rstrip(")").replace(",", "")) for label in labels[:-1])
    assert counted == result.figures()["entered"]


def test_differences_are_drawn_as_percents_of_the_first() -> None:
    few, many = busy(8, name="few"), busy(12, name="many")
    comparison = compare(few, many, 6, processes=1)
    axes: Any = plots.differences(comparison, ["mean_wait", "occupancy"])
    (low, high), _ = line(axes, 0)
    base, found = comparison.a["mean_wait"].mean, comparison["mean_wait"]
    assert (low, high) == pytest.approx((100 * found.low / base, 100 * found.high / base))
    assert axes.get_lines()[0].get_color() == GOOD
    assert [text.get_text() for text in axes.get_yticklabels()] == ["mean_wait", "occupancy"]
    assert "many against few" in axes.get_title(loc="left")
    with pytest.raises(UsageError, match="no figure 'speed'"):
        plots.differences(comparison, ["speed"])


def test_a_part_of_a_day_is_marked_by_the_clock() -> None:
    axes: Any = three().plot.gantt(window=(36_000.0, 43_200.0))
    axes.figure.canvas.draw()
    assert "10:15" in [text.get_text() for text in axes.get_xticklabels()]


def test_all_that_was_measured_is_compared() -> None:
    comparison = compare(
        busy(8), busy(12), 3, processes=1, measure=lambda run: {"my asa": run.figures()["asa"]}
    )
    axes: Any = comparison.plot()
    assert [text.get_text() for text in axes.get_yticklabels()] == ["my asa"]


def test_without_matplotlib_the_line_that_installs_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(UsageError, match=r"pip install 'workassign\[report\]'"):
        three().plot.waits()


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("result", [nobody, three], ids=["nothing", "three"])
def test_every_plot_can_be_drawn_of_little(name: str, result: Any) -> None:
    figure, own = pyplot.subplots()
    assert getattr(plots, name)(result(), ax=own) is own
    figure.canvas.draw()


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("waits", {"kind": "slow"}, "kind must be answered or waiting, not 'slow'"),
        ("waits", {"by": "agent"}, "by must be queue or stream, not 'agent'"),
        ("heat_map", {"value": "sum"}, "value must be share or count, not 'sum'"),
        ("gantt", {"agents": 0}, "agents must be at least 1"),
        ("gantt", {"agents": ["nobody"]}, "there is no agent 'nobody'"),
        ("gantt", {"window": (5.0, 5.0)}, "a window must be two instants"),
        ("occupancy", {"every": 0}, "every must be a positive number"),
        ("service_level", {"queue": "other"}, "there is no queue 'other'"),
    ],
)
def test_a_wrong_setting_is_named(name: str, settings: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        getattr(plots, name)(three(), **settings)
