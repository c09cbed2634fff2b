"""Whenever a process is killed, all that it has answered for is there, and owned by one."""

import pytest

from torture.counts import Violation
from torture.holders import holds
from torture.kills import BENCHES, run
from workassign import events as ev
from workassign.commands import Tick
from workassign.journal import Entry


def test_nothing_that_was_answered_for_is_lost_at_whichever_call_it_is_killed() -> None:
    counts = run(400, seed=1)
    assert counts.violations == []
    assert counts.tried == 400
    assert counts.counted["commands answered"] > 300
    assert counts.counted["holds followed"] > 20
    assert {f"killed at write wal {when}" for when in ("before", "torn", "after")} <= counts.counted.keys()
    for sweep in ("new", "grown"):
        assert counts.counted[f"times through all boundaries, {sweep}"] >= 1


def test_nor_from_text() -> None:
    counts = run(30, seed=2, bench=BENCHES["jsonl"]())
    assert counts.violations == []
    assert counts.counted["killed at write file torn"]


def given(agent: str, fence: int) -> ev.Assigned:
    """The tweet is assigned."""
    return ev.Assigned(1.0, "tweet", agent, fence, "auto", None)


@pytest.mark.parametrize(
    ("facts", "law"),
    [
        ([given("ann", 1), given("bob", 2)], "has two holders: ann, bob"),
        ([given("ann", 2), ev.Cancelled(2.0, "tweet", ""), given("bob", 2)], "fence 2 of tweet came again"),
        ([given("ann", 1), ev.Completed(2.0, "tweet", "bob", 1, None)], "bob let go of tweet, which ann had"),
    ],
)
def test_two_holders_are_seen_in_the_facts(facts: list[ev.Event], law: str) -> None:
    with pytest.raises(Violation, match=law):
        holds([Entry(1, 1.0, Tick(), facts)])


def test_one_holder_after_the_other_is_as_it_should_be() -> None:
    facts: list[ev.Event] = [
        given("ann", 1),
        ev.Completed(2.0, "tweet", "ann", 1, None),
        given("bob", 2),
    ]
    found = holds([Entry(1, 1.0, Tick(), facts)])
    assert [(each.agent, each.begin, each.end) for each in found] == [("ann", 1.0, 2.0), ("bob", 1.0, None)]
