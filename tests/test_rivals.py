"""Do all those we are measured against do the same work, and is what they do checked?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.rivals.lanes import ANYBODY, RIVALS, SHARED, Lane, There
from benchmarks.rivals.load import Load
from benchmarks.rivals.ours import OurDesk
from benchmarks.rivals.running import Ran
from benchmarks.rivals.serving import database, served
from benchmarks.stores import Size, measure
from workassign.errors import UsageError

QUEUED, CLASSES, SECONDS = 2_000, 60, 0.05
BY_SKILLS = [name for name in RIVALS if name not in ANYBODY]
COMMITTED = Path(__file__).parents[1] / "benchmarks/results/stores.json"
ASKED_FOR = {"postgres", "sqlite", "skip_locked", "skip_locked_best", "procrastinate", "pgqueuer"}


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    with served(64) as found:
        yield found


@pytest.fixture(scope="module")
def load() -> Load:
    return Load(CLASSES)


def lane(name: str, dsn: str, load: Load) -> Lane:
    """Return the rival *name*, loaded."""
    own = database(dsn, f"{name}_tested")
    RIVALS[name].install(own, load)
    found = Lane(name, There(RIVALS[name], own, load, {}), load)
    found.add(load.items(1, QUEUED))
    return found


def best_first(load: Load, agent: int) -> list[int]:
    """Return all that *agent* can do, in the order in which it must be given out."""
    reach = set(load.asker(agent).reach)
    mine = [item for item in load.items(1, QUEUED) if item.group in reach]
    return [item.number for item in sorted(mine, key=lambda item: (-item.priority, item.number))]


@pytest.mark.parametrize("name", BY_SKILLS)
def test_a_rival_gives_one_agent_what_she_can_do_in_order_and_several_nothing_twice(
    name: str, dsn: str, load: Load
) -> None:
    rival = lane(name, dsn, load)
    ran = rival.contender.run(load.askers(1), SECONDS)
    got = [number for _, number in ran.claims]
    assert got
    assert got == best_first(load, 0)[: len(got)]
    rival.gone.update(got)
    rival.stop_up(QUEUED // 10)
    taken, _ = rival.turn(3, SECONDS)  # checks what they get
    assert taken


@pytest.mark.parametrize("name", ["procrastinate", "pgqueuer_batch_of_10"])
def test_a_rival_without_skills_gives_nothing_twice(name: str, dsn: str, load: Load) -> None:
    taken, _ = lane(name, dsn, load).turn(2, SECONDS)
    assert taken


def test_a_desk_gives_the_same_in_the_same_order(tmp_path: Path, load: Load) -> None:
    desk = OurDesk("sqlite", str(tmp_path / "journal.db"), load)
    try:
        desk.add(load.items(1, QUEUED))
        got = [number for _, number in desk.run(load.askers(1), SECONDS).claims]
    finally:
        desk.close()
    assert len(got) > 1
    assert got == best_first(load, 0)[: len(got)]


def test_what_is_given_out_twice_or_to_the_wrong_agent_is_noticed(load: Load) -> None:
    class Careless:
        def __init__(self, *claims: tuple[int, int]) -> None:
            self.claims = list(claims)

        def add(self, items: object) -> None:
            pass

        def run(self, askers: object, seconds: float) -> Ran:
            return Ran(seconds=1.0, timed=len(self.claims), claims=self.claims, waits=[])

    first = best_first(load, 0)[0]
    foreign = next(item.number for item in load.items(1, QUEUED) if item.group not in load.asker(0).reach)
    for claims in ([(0, first), (0, first)], [(0, foreign)], [(0, QUEUED + 1)]):
        careless = Lane("careless", Careless(*claims), load)
        careless.add(load.items(1, QUEUED))
        with pytest.raises(AssertionError, match="careless"):
            careless.turn(1, SECONDS)


def test_the_figures_have_the_shape_that_was_promised(dsn: str) -> None:
    size = Size(queued=QUEUED, classes=CLASSES, seconds=SECONDS, rounds=1)
    said: list[str] = []
    figures = measure(size, dsn, said.append, rivals=["skip_locked"], agents=(8,))
    assert json.loads(json.dumps(figures)) == figures
    for name in ("postgres", "sqlite", "skip_locked"):
        assert set(figures["claims_per_s"][name]) == set(figures["unserviceable_head"][name]) == {"8"}
    assert isinstance(figures["replay_events_per_s"], int)  # of so few events it is noise
    assert figures["ratios_at_8"]["postgres"]["skip_locked"] > 0
    assert figures["settings"]["server"]["fsync"] == "on"
    assert figures["settings"]["server"]["synchronous_commit"] == "on"
    assert any("8 agents, skip_locked" in line for line in said)


def test_the_figures_that_are_published_are_complete() -> None:
    figures = json.loads(COMMITTED.read_text(encoding="utf-8"))
    assert ASKED_FOR <= set(figures["claims_per_s"]) <= ASKED_FOR | set(RIVALS) | set(SHARED)
    assert all(set(each) == {"1", "8", "64"} for each in figures["claims_per_s"].values())
    assert {"postgres", "skip_locked", "skip_locked_best"} <= set(figures["unserviceable_head"])
    assert figures["settings"]["queued"] == 1_000_000
    assert figures["settings"]["classes"] == 641


def test_a_load_is_drawn_from_its_seed_and_knows_how_many_classes_there_are() -> None:
    load = Load(641)
    assert load.items(9_990, 30) == load.items(9_980, 60)[10:40]
    assert 0.06 < load.share(64) < 0.09
    with pytest.raises(UsageError, match="between 1 and 696"):
        Load(697)
