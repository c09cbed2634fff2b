"""The front finds real threads of customers and brands again. Their file is no part of the repository."""

from __future__ import annotations

from functools import cache

import pytest

from benchmarks.conversations import HOUR, Floor, Way, pairs, replayed
from benchmarks.real_threads import REAL, Line, lines_of, quantiles, response_times
from workassign.social.mentions import Mention

needs_the_file = pytest.mark.skipif(not REAL.exists(), reason=f"../shared/data/twcs/{REAL.name} is not there")


@cache
def lines() -> list[Line]:
    return lines_of(REAL)


@pytest.mark.slow
@needs_the_file
def test_with_links_nearly_every_conversation_is_one_interaction() -> None:
    found = replayed(lines(), Way(within=HOUR, collapse=True))

    same, later = found["same_customer"], found["fates"]["later"]
    assert same["recall"] > 0.98
    assert same["precision"] > 0.95  # of the wrong ones most are one concern that she began twice
    assert same["whole"] > 0.95
    assert later["joined"] + later["reopened"] > 0.98 * sum(later.values())
    assert found["collapsed_into_closed"] == 0


@pytest.mark.slow
@needs_the_file
def test_with_links_alone_and_enough_memory_the_file_and_the_key_figures_say_the_same() -> None:
    found = replayed(lines(), Way(within=None, remember=3650 * 86_400.0, timed=True))

    assert found["same_customer"]["whole"] == 1.0
    for kind, times in response_times(lines()).items():
        straight, told = quantiles(times), found["kpis"][kind]
        assert told["count"] == straight["count"]
        assert told["mean"] == pytest.approx(straight["mean"], rel=1e-9)
        for share in ("p50", "p90"):
            assert told[share] == pytest.approx(straight[share], rel=2**-8)


@pytest.mark.slow
@needs_the_file
def test_without_links_who_wrote_and_when_joins_what_is_open_and_little_else() -> None:
    found = replayed(lines(), Way(told="nothing", within=24 * HOUR, done_after=24 * HOUR))["same_customer"]

    assert found["precision"] > 0.92
    assert found["recall"] > 0.63


def test_response_times_run_from_the_oldest_message_without_an_answer() -> None:
    told = [
        line("1", 0.0),
        line("2", 30.0, re="1"),
        line("9", 60.0, ours=True),
        line("3", 100.0),
        line("10", 110.0, ours=True),
    ]

    assert response_times(told) == {"first_response": [60.0], "next_response": [10.0]}


def test_a_floor_answers_when_the_brand_did_and_is_opened_again_by_a_late_reply() -> None:
    floor = Floor(["AirOne"], Way(timed=True))
    for each in (line("1", 0.0), line("9", 60.0, re="1", ours=True), line("2", 5000.0, re="9")):
        re = each.mention.in_reply_to
        floor.take(each.mention, re and f"x/{re}")

    assert floor.fates == {"x/1": "entered", "x/2": "reopened"}
    assert floor.kpis.figures().first_response == 60.0


def test_pairs_count_what_is_together_and_what_should_be() -> None:
    found = pairs({"a": "1", "b": "1", "c": "1", "d": "2"}, {"a": "x", "b": "x", "c": "y", "d": "z"})

    assert (found["right"], found["wrong"], found["recall"]) == (1, 2, 1.0)
    assert found["whole"] == pytest.approx(1 / 3)


def line(id: str, at: float, *, re: str | None = None, ours: bool = False) -> Line:
    author = "airone" if ours else "ann"
    said = Mention(
        id=id, at=at, text="?", network="x", brand="AirOne", author=author, in_reply_to=re, ours=ours
    )
    return Line(mention=said, conversation="c", unit=("c", "ann"))
