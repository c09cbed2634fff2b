"""What a Prometheus server is told."""

import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from workassign import Agent, Alarms, Desk, Engine, Interaction, MemoryStore, Plan, Queue, UsageError
from workassign import commands as cmd
from workassign.kpi import Kpis
from workassign.policies.sla import first_response
from workassign.prometheus import Collector

PLAN = Plan(queues={'vip "a"': Queue(sla=first_response(60), alarms=Alarms(no_eligible_agent=True))})


def scraped(collector: Collector) -> str:
    """What a server reads."""
    registry = CollectorRegistry()
    registry.register(collector)
    return generate_latest(registry).decode()


def test_figures_are_read_when_they_are_scraped() -> None:
    engine = Engine(PLAN)
    kpis = Kpis(PLAN)
    collector = Collector(kpis)
    kpis.take(10.0, engine.submit(Interaction(id="a", queue='vip "a"'), at=10.0))

    text = scraped(collector)

    assert 'workassign_waiting{queue="vip \\"a\\""} 1.0' in text
    assert 'workassign_next_breach_timestamp_seconds{queue="vip \\"a\\""} 70.0' in text
    assert 'workassign_arrivals{queue="vip \\"a\\"",seconds="300"} 1.0' in text
    assert 'workassign_alarm{alarm="no_eligible_agent",queue="vip \\"a\\""} 1.0' in text


def test_what_nobody_knows_yet_is_left_out() -> None:
    assert "workassign_today_asa_seconds{" not in scraped(Collector(Kpis(PLAN)))


def test_a_desk_is_read_while_it_stands_still() -> None:
    desk = Desk(Engine(PLAN), MemoryStore(), clock=lambda: 10.0, kpis=Kpis)
    desk.handle(cmd.AddAgent(Agent(id="ann")))
    desk.handle(cmd.SignOn("ann"))

    assert 'workassign_agents{presence="available"} 1.0' in scraped(Collector(reading=desk.kpis))


def test_a_desk_gathers_the_figures_of_its_whole_journal_again(tmp_path: Path) -> None:
    """After a restart they are what they were."""
    from workassign import SqliteStore

    path = tmp_path / "desk.db"
    with Desk.open(SqliteStore(path), PLAN, clock=lambda: 10.0, kpis=Kpis) as desk:
        desk.handle(cmd.Submit(Interaction(id="a", queue='vip "a"')))
        with desk.kpis() as kpis:
            before = kpis.snapshot()
    with Desk.open(SqliteStore(path), clock=lambda: 10.0, kpis=Kpis) as desk, desk.kpis() as kpis:
        assert kpis.snapshot() == before
        assert kpis.figures().entered == 1


def test_a_desk_without_figures_says_so() -> None:
    desk = Desk(Engine(), MemoryStore())
    with pytest.raises(UsageError, match="gathers no key figures"), desk.kpis():
        pass


def test_the_collector_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(UsageError, match=r"pip install .workassign\[prometheus\]"):
        Collector(Kpis(PLAN))


def test_a_collector_needs_something_to_read() -> None:
    with pytest.raises(UsageError, match="one of them"):
        Collector()
