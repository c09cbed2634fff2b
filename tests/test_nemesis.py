"""Two nodes and a PostgreSQL are killed, stopped and cut off: nothing is lost, nothing is held twice."""

from __future__ import annotations

from zlib import crc32

import attrs

from torture import nemesis
from torture.callers import Diary, Hold, Wish
from torture.findings import Row, check
from workassign import Desk, Engine, Interaction
from workassign.commands import Accept, AddAgent, Command, Complete, SignOn, Submit
from workassign.model import Agent
from workassign.stores.memory import MemoryStore

FAULTS = 16


def test_whatever_is_done_to_two_nodes_nothing_is_lost_nothing_is_held_twice() -> None:
    counts = nemesis.run(FAULTS, seed=1)
    found = counts.findings
    assert (counts.stuck, found.problems, counts.violations) == ("", [], 0)
    assert sum(counts.faults.values()) == FAULTS
    assert counts.faults.keys() == nemesis.FAULTS.keys()
    assert found.accepts > FAULTS
    assert found.epochs > FAULTS / 2
    assert found.open == 0
    assert counts.as_dict()["violations"] == 0


def test_without_the_fence_something_is_done_twice() -> None:
    counts = nemesis.run(2, seed=1, fenced=False)
    assert counts.findings.duplicated + counts.findings.assigned_twice > 0
    assert counts.findings.broken > 0


# --- the checker --------------------------------------------------------------------------------


def a_day() -> tuple[list[Row], Diary]:
    """One interaction, from beginning to end, and what its client wrote down."""
    store = MemoryStore()
    desk = Desk(Engine(), store, clock=lambda: 5.0)
    diary = Diary()
    commands: list[Command] = [
        AddAgent(Agent(id="ann"), key="add"),
        SignOn("ann", key="sign-on"),
        Submit(Interaction(id="tweet-1"), key="submit"),
        Accept(1, "ann", key="accept"),
        Complete("tweet-1", "ann", fence=1, key="complete"),
    ]
    for at, command in enumerate(commands):
        wish = Wish(
            kind=type(command).__name__, tag=str(command.key), keyed=True, subject="tweet-1", began=float(at)
        )
        wish.answer, wish.outcome, wish.ended = desk.handle(command), "ok", at + 0.5
        diary.wishes.append(wish)
    diary.holds.append(Hold(interaction="tweet-1", agent="ann", fence=1, began=3.5, ended=4.0))
    return rows_of(list(store.load())), diary


def rows_of(bodies: list[bytes], crc: int = 0) -> list[Row]:
    return [Row(seq, 1, crc := crc32(body, crc), body) for seq, body in enumerate(bodies)]


def found(rows: list[Row], diary: Diary) -> dict[str, int]:
    """What is counted that must not be."""
    kinds = ("lost", "duplicated", "unexpected", "assigned_twice", "overlapping", "disordered", "broken")
    counted = attrs.asdict(check(rows, diary))
    return {kind: counted[kind] for kind in kinds if counted[kind]}


def test_a_day_on_which_nothing_went_wrong_has_no_findings() -> None:
    rows, diary = a_day()
    assert found(rows, diary) == {}
    assert check(rows, diary).ok == check(rows, diary).completed == 1


def test_what_was_acknowledged_and_is_not_there_is_lost() -> None:
    rows, diary = a_day()
    assert found(rows[:-1], diary) == {"lost": 1}


def test_what_was_acknowledged_and_is_there_only_once_more_done_is_lost() -> None:
    rows, diary = a_day()
    bodies = [row.body for row in rows]
    done_again = bodies[3].replace(b'"at":5.0', b'"at":6.0')
    assert found(rows_of([*bodies[:3], done_again, *bodies[4:]]), diary) == {"lost": 1}


def test_what_is_there_and_was_never_heard_of_is_recovered() -> None:
    rows, diary = a_day()
    diary.wishes[-1].outcome = "unknown"
    assert found(rows, diary) == {}
    assert check(rows, diary).recovered == 1


def test_what_is_there_twice_or_was_never_attempted_is_found() -> None:
    rows, diary = a_day()
    bodies = [row.body for row in rows]
    assert found(rows_of([*bodies, bodies[3]]), diary) == {"duplicated": 2}
    diary.wishes[2].subject = "tweet-2"
    assert found(rows, diary) == {"unexpected": 1}
    diary.wishes[4].outcome = "fail"
    assert found(rows, diary) == {"unexpected": 2}


def test_an_interaction_that_is_assigned_again_without_a_release_is_found() -> None:
    rows, diary = a_day()
    bodies = [row.body for row in rows]
    again = bodies[4].replace(b'"accept"', b'"again"').replace(b'"fence":1', b'"fence":2')
    assert found(rows_of([*bodies[:5], again, bodies[5].replace(b'"fence":1', b'"fence":2')]), diary) == {
        "assigned_twice": 1,
        "lost": 1,  # the completion of the one that she was told of
    }
    assert found(rows_of([*bodies[:5], again.replace(b'"fence":2', b'"fence":1'), bodies[5]]), diary) == {
        "assigned_twice": 1,
        "broken": 1,
    }


def test_two_who_know_at_the_same_time_that_they_have_it_are_found() -> None:
    rows, diary = a_day()
    diary.holds.append(Hold(interaction="tweet-1", agent="bob", fence=2, began=3.9, ended=3.95))
    assert found(rows, diary) == {"overlapping": 1}


def test_what_stands_before_something_that_was_acknowledged_before_it_was_asked_is_found() -> None:
    rows, diary = a_day()
    diary.wishes[0].began, diary.wishes[0].ended = 10.0, 11.0
    assert found(rows, diary) == {"disordered": 1}


def test_rows_that_are_missing_altered_or_of_an_epoch_before_are_found() -> None:
    rows, diary = a_day()
    assert found([*rows[:1], *rows[2:]], diary)["broken"] >= 5
    assert found([attrs.evolve(rows[0], epoch=2), *rows[1:]], diary) == {"broken": 5}
    assert found([*rows[:-1], attrs.evolve(rows[-1], crc=0)], diary) == {"broken": 1}
