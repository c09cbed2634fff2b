"""Recorded calls: what the reader takes, who was there, how patient callers are, what is fitted."""

from __future__ import annotations

import gzip
import json
from math import exp, inf
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workassign import UsageError
from workassign.lab.patience import kaplan_meier
from workassign.lab.recorded import (
    RecordedCall,
    beyond_skills,
    present,
    read_calls,
    read_skills,
    skills_shown,
)
from workassign.lab.replay import (
    brought,
    fit_after_call,
    outcome_figures,
    patience_by_type,
    recorded_figures,
)

BANK = Path(__file__).parents[2] / "shared/data/bank"
HEADER = "date,weekday,arrival_s,type,vip,customer_id,served,wait_s,service_s,agent"
needs_bank = pytest.mark.skipif(not BANK.exists(), reason="../shared/data/bank is not there")


def file_of(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "calls.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def calls_of(folder: Path, *rows: str) -> list[RecordedCall]:
    return read_calls(file_of(folder, *rows))


def served(at: float, wait: float, service: float, agent: str, kind: str = "PS", day: str = "990104") -> str:
    return f"{day},True,{at},{kind},0,0.0,True,{wait},{service},{agent}"


def gave_up(at: float, wait: float, kind: str = "PS", day: str = "990104") -> str:
    return f"{day},True,{at},{kind},0,0.0,False,{wait},,"


# --- the file -------------------------------------------------------------------------------


def test_a_row_becomes_a_call(tmp_path: Path) -> None:
    """Instants, truths, who called and who served; and who gave up has neither service nor agent."""
    first, second = calls_of(
        tmp_path, served(36000.0, 12.0, 90.0, "ANN"), "990104,False,36001.0,NW,1,9664491.0,False,140.0,,"
    )

    assert (first.line, first.day.isoformat(), first.hour) == (2, "1999-01-04", 10)
    assert first.served
    assert first.agent == "ANN"
    assert first.customer is None
    assert not first.vip
    assert first.talk == (first.at + 12, first.at + 102)
    assert second.at == first.at + 1
    assert not second.served
    assert not second.weekday
    assert second.vip
    assert (second.customer, second.service, second.agent, second.talk) == ("9664491", None, None, None)


def test_a_file_may_be_compressed_reordered_and_hold_more(tmp_path: Path) -> None:
    """Columns are found by name; calls come back in order of arrival; empty lines are passed over."""
    plain = file_of(tmp_path, served(9.0, 0, 5, "ANN"), "", served(8.0, 0, 5, "BEN"))
    packed = tmp_path / "packed.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert [call.agent for call in read_calls(packed)] == ["BEN", "ANN"]
    assert read_calls(packed) == read_calls(plain)

    other = file_of(tmp_path, f"note,{served(9.0, 0, 5, 'ANN')}", header=f"remark,{HEADER}")
    assert read_calls(other)[0].agent == "ANN"
    iso = calls_of(tmp_path, "1999-01-04,yes,8,PS,no,0,1,3,4,ANN")[0]
    assert (iso.day.isoformat(), iso.weekday, iso.vip, iso.wait, iso.service) == (
        "1999-01-04",
        True,
        False,
        3,
        4,
    )


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("990140,True,1,PS,0,0,True,1,1,ANN", "date must be yymmdd or yyyy-mm-dd, not '990140'"),
        ("99014,True,1,PS,0,0,True,1,1,ANN", "date must be"),
        ("990104,perhaps,1,PS,0,0,True,1,1,ANN", "weekday must be True or False"),
        ("990104,True,86400,PS,0,0,True,1,1,ANN", "arrival_s must be below 86400"),
        ("990104,True,soon,PS,0,0,True,1,1,ANN", "arrival_s must be a number of seconds"),
        ("990104,True,1,,0,0,True,1,1,ANN", "type must not be empty"),
        ("990104,True,1,PS,2,0,True,1,1,ANN", "vip must be"),
        ("990104,True,1,PS,0,0,,1,1,ANN", "served must be"),
        ("990104,True,1,PS,0,0,True,-1,1,ANN", "wait_s must be a number of seconds >= 0, not '-1'"),
        ("990104,True,1,PS,0,0,True,nan,1,ANN", "wait_s must be"),
        ("990104,True,1,PS,0,0,True,1,,ANN", "service_s must be a number of seconds >= 0, not ''"),
        ("990104,True,1,PS,0,0,False,1,30,ANN", "service_s must be empty or 0"),
        ("990104,True,1,PS,0,0,True,1,1", "must have as many fields as the header, 10, not 9"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_the_rule(tmp_path: Path, row: str, rule: str) -> None:
    path = file_of(tmp_path, served(1, 0, 5, "ANN"), row)

    with pytest.raises(UsageError, match="line 3: ") as caught:
        read_calls(path)

    assert rule in str(caught.value)
    assert "calls.csv" in str(caught.value)


def test_a_file_that_is_no_file_of_calls_is_refused(tmp_path: Path) -> None:
    """Columns missing or twice, no calls, damaged, not there."""
    with pytest.raises(UsageError, match="no column wait_s, agent"):
        read_calls(file_of(tmp_path, header="date,weekday,arrival_s,type,vip,customer_id,served,service_s"))
    with pytest.raises(UsageError, match="column vip twice"):
        read_calls(file_of(tmp_path, header=f"{HEADER},vip"))
    with pytest.raises(UsageError, match="holds no calls"):
        read_calls(file_of(tmp_path))
    damaged = tmp_path / "damaged.csv.gz"
    damaged.write_bytes(gzip.compress(HEADER.encode() * 99)[:-20])
    with pytest.raises(UsageError, match="damaged"):
        read_calls(damaged)
    with pytest.raises(UsageError, match="No such file"):
        read_calls(tmp_path / "nothing.csv")


def test_who_is_no_person_serves_nobody(tmp_path: Path) -> None:
    """NO_SERVER in the file and in the roster; other names if a file has others."""
    path = file_of(tmp_path, served(1, 0, 5, "NO_SERVER"), served(2, 0, 5, "ANN"), served(3, 0, 5, ""))
    assert [call.agent for call in read_calls(path)] == [None, "ANN", None]
    assert all(call.served for call in read_calls(path))
    assert [call.agent for call in read_calls(path, nobody=["ANN"])] == ["NO_SERVER", None, ""]


# --- agents ---------------------------------------------------------------------------------


def test_an_agent_is_there_from_her_first_to_her_last_call_less_breaks(tmp_path: Path) -> None:
    """A gap as long as allowed is presence, a longer one a break; days are apart; overlaps are one."""
    calls = calls_of(
        tmp_path,
        served(1000, 50, 100, "ANN"),
        served(2000, 50, 100, "ANN"),
        served(3051, 0, 10, "ANN"),
        served(3055, 0, 100, "ANN"),
        served(100, 0, 10, "ANN", day="990105"),
        served(1000, 0, 60, "BEN"),
        gave_up(5000, 10),
    )
    start = calls[0].at - 1000

    spans = present(calls, gap=900)
    assert {agent: [(b - start, e - start) for b, e in each] for agent, each in spans.items()} == {
        "ANN": [(1050, 2150), (3051, 3155), (86500, 86510)],
        "BEN": [(1000, 1060)],
    }
    assert len(present(calls, gap=901)["ANN"]) == 2
    assert len(present(calls, gap=inf)["ANN"]) == 2
    with pytest.raises(UsageError, match="gap must be at least 0"):
        present(calls, gap=-1)


def test_a_call_over_midnight_does_not_double_an_agent(tmp_path: Path) -> None:
    """Yesterday's last call and today's first are one span if they overlap."""
    calls = calls_of(tmp_path, served(86000, 0, 900, "ANN"), served(300, 0, 600, "ANN", day="990105"))
    assert [end - begin for begin, end in present(calls)["ANN"]] == [1300]


def test_skills_are_those_listed_and_of_others_those_shown(tmp_path: Path) -> None:
    """A roster is taken at its word; somebody who is not in it has what she did."""
    calls = calls_of(tmp_path, served(1, 0, 5, "ANN", "NE"), served(2, 0, 5, "BEN", "IN"), gave_up(3, 5))
    roster = tmp_path / "skills.json"
    roster.write_text(json.dumps({"ANN": ["PS"], "EVE": ["PS"], "NO_SERVER": ["PS"]}), encoding="utf-8")

    listed = read_skills(roster)
    skills = skills_shown(calls, listed)

    assert listed == {"ANN": {"PS"}, "EVE": {"PS"}}
    assert skills == {"ANN": {"PS"}, "BEN": {"IN"}}
    assert beyond_skills(calls, skills) == 1
    assert skills_shown(calls) == {"ANN": {"NE"}, "BEN": {"IN"}}


@pytest.mark.parametrize(
    ("text", "rule"),
    [("[]", "must be an object"), ('{"ANN": "PS"}', "ANN: must be a list of types"), ("{", "is no JSON")],
)
def test_a_bad_roster_is_refused(tmp_path: Path, text: str, rule: str) -> None:
    path = tmp_path / "skills.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=rule):
        read_skills(path)


# --- patience ---------------------------------------------------------------------------------


def test_the_estimator_agrees_with_a_worked_example() -> None:
    """Ten waits, four of them censored, one at a time at which another ended."""
    waits = [1, 2, 2, 3, 4, 4, 5, 6, 7, 8]
    ended = [True, True, False, True, True, False, False, True, False, True]
    curve = kaplan_meier(waits, ended)
    assert curve.times.tolist() == [1, 2, 3, 4, 6, 8]
    steps = [9 / 10, 8 / 9, 6 / 7, 5 / 6, 2 / 3, 0 / 1]
    assert curve.shares == pytest.approx(np.cumprod(steps))
    assert curve.at(0.5) == 1
    assert curve.at(2) == pytest.approx(0.8)
    assert curve.at(2.9) == pytest.approx(0.8)
    assert curve.rate == pytest.approx(6 / 42)


def test_without_censoring_it_is_the_plain_share() -> None:
    curve = kaplan_meier([5, 1, 3, 3], [True] * 4)
    assert [curve.at(wait) for wait in (0, 1, 3, 5)] == pytest.approx([1, 0.75, 0.25, 0])


def test_beyond_the_last_who_gave_up_patience_ends_at_the_overall_rate() -> None:
    """An exponential tail; and nobody gives up if nobody ever did."""
    curve = kaplan_meier([10, 90], [True, False])
    assert curve.rate == 0.01
    assert curve.at(110) == pytest.approx(0.5 * exp(-1))
    assert curve.draw(0.5 * exp(-1)) == pytest.approx(110)
    assert curve.draw(exp(-1), beyond=50) == pytest.approx(150)
    everybody = kaplan_meier([10, 20], [True, True])
    assert everybody.draw(exp(-1), beyond=30) == pytest.approx(30 + 15)
    nobody = kaplan_meier([10, 20], [False, False])
    assert nobody.at(1e6) == 1
    assert nobody.draw(0.1) == inf


@given(
    st.lists(st.tuples(st.integers(0, 50), st.booleans()), min_size=1, max_size=30),
    st.floats(0.001, 1),
    st.integers(0, 60),
)
def test_a_draw_is_longer_than_what_is_known(waits: list[tuple[int, bool]], luck: float, beyond: int) -> None:
    """And the more luck number, the less patience."""
    curve = kaplan_meier([wait for wait, _ in waits], [ended for _, ended in waits])
    assert curve.draw(luck, beyond=beyond) >= beyond
    if luck < 1:
        assert curve.draw(luck, beyond=beyond) > beyond
    assert curve.draw(luck / 2, beyond=beyond) >= curve.draw(luck, beyond=beyond)


def test_draws_are_spread_as_the_curve() -> None:
    """Also those that are known to be longer than something."""
    curve = kaplan_meier(list(range(1, 101)), [number % 3 > 0 for number in range(100)])
    lucks = (np.arange(4000) + 0.5) / 4000
    drawn = np.array([curve.draw(luck) for luck in lucks])
    longer = np.array([curve.draw(luck, beyond=20) for luck in lucks])
    for wait in (5, 40, 80, 130):
        assert np.mean(drawn > wait) == pytest.approx(curve.at(wait), abs=1e-3)
    assert np.mean(longer > 40) == pytest.approx(curve.at(40) / curve.at(20), abs=1e-3)


def test_waits_that_cannot_be_are_refused() -> None:
    with pytest.raises(UsageError, match="two columns of one length"):
        kaplan_meier([1, 2], [True])
    with pytest.raises(UsageError, match="finite and at least 0"):
        kaplan_meier([-1.0], [True])
    with pytest.raises(UsageError, match="luck must be above 0"):
        kaplan_meier([1], [True]).draw(0)


# --- the replay -------------------------------------------------------------------------------


def test_what_was_seen_is_replayed_and_the_rest_is_drawn(tmp_path: Path) -> None:
    """Waits of who gave up, services of who was served; the same seed, the same draws."""
    calls = calls_of(
        tmp_path,
        served(1, 30, 100, "ANN"),
        gave_up(2, 40),
        served(3, 0, 7, "NO_SERVER"),
        served(4, 5, 900, "BEN", "NE"),
        gave_up(5, 60, "NE"),
        gave_up(6, 80, "IN"),
    )
    columns = brought(calls, seed=1)

    assert columns.service[[0, 1, 2, 3, 4]].tolist() == [100, 100, 7, 900, 900]
    assert columns.service[5] in (100, 900)
    assert columns.patience[[1, 4, 5]].tolist() == [40, 60, 80]
    assert columns.patience[0] > 30
    assert columns.patience[3] > 5
    assert columns.taken.tolist() == [True, True, False, True, True, True]
    again = brought(calls, seed=1)
    assert np.array_equal(columns.patience, again.patience)
    assert np.array_equal(columns.service, again.service)
    with pytest.raises(UsageError, match="needs calls that were served"):
        brought([calls[1]], seed=1)


def test_a_rare_type_has_the_patience_of_all(tmp_path: Path) -> None:
    """Thirty who gave up make a curve of one's own."""
    rows = [gave_up(at, 100) for at in range(30)] + [gave_up(at, 5, "IN") for at in range(3)]
    curves = patience_by_type(calls_of(tmp_path, *rows, served(50, 0, 9, "ANN")))
    assert curves["PS"].times.tolist() == [100]
    assert curves["IN"].times.tolist() == [5, 100]


def test_figures_by_month_and_hour(tmp_path: Path) -> None:
    """Means are over all calls, shares of all calls."""
    calls = calls_of(
        tmp_path,
        served(32400, 10, 60, "ANN"),
        gave_up(36000, 50),
        f"{served(36001, 0, 60, 'ANN', day='990206')}".replace("True", "False", 1),
    )
    found = recorded_figures(calls)
    assert (found["calls"], found["mean_wait"], found["p_abandon"]) == (3, 20, 0.33333)
    assert found["weekdays"] == {"calls": 2, "mean_wait": 30, "p_abandon": 0.5}
    assert {month: each["mean_wait"] for month, each in found["by_month"].items()} == {
        "1999-01": 30,
        "1999-02": 0,
    }
    assert {hour: each["p_abandon"] for hour, each in found["by_hour"].items()} == {"09": 0, "10": 0.5}
    assert outcome_figures(calls, [1, 1, 1], [False] * 3)["mean_wait"] == 1
    with pytest.raises(UsageError, match="3 calls, 2 waits"):
        outcome_figures(calls, [1, 1], [False] * 2)


def test_the_time_after_a_call_is_found_by_halving() -> None:
    """Zero where nothing is missing; an error where nothing suffices."""
    asked: list[float] = []

    def replay(after: float) -> float:
        asked.append(after)
        return after**2 / 100

    assert fit_after_call(replay, 16.0) == pytest.approx(40, abs=0.5)
    assert len(asked) <= 14
    assert fit_after_call(lambda after: 50 + after, 40.0) == 0
    with pytest.raises(UsageError, match="below the recorded 40"):
        fit_after_call(lambda _: 3.0, 40.0)


@needs_bank
@pytest.mark.parametrize(
    ("month", "calls", "wait", "lost"),
    [("january", 29863, 40.3, 0.110), ("february", 31009, 45.8, 0.132)],
)
def test_the_banks_months_are_read_whole(month: str, calls: int, wait: float, lost: float) -> None:
    """Every row; the figures of working days; the patience that others have found."""
    found = read_calls(BANK / f"bank_{month}.csv.gz")
    skills = skills_shown(found, read_skills(BANK / "agent_skills.json"))
    figures = recorded_figures(found)

    assert len(found) == figures["calls"] == calls
    assert figures["weekdays"]["mean_wait"] == pytest.approx(wait, abs=0.05)
    assert figures["weekdays"]["p_abandon"] == pytest.approx(lost, abs=0.001)
    assert beyond_skills(found, skills) < 60
    assert "NO_SERVER" not in skills
    there = sum(end - begin for spans in present(found).values() for begin, end in spans)
    talk = sum(call.service for call in found if call.service is not None and call.agent is not None)
    assert 0.5 < talk / there < 0.9


@needs_bank
def test_the_banks_callers_are_as_patient_as_others_have_found() -> None:
    """Kaplan-Meier over both months: .83 wait longer than a minute, .63 than three, .31 than ten."""
    both = [call for month in ("january", "february") for call in read_calls(BANK / f"bank_{month}.csv.gz")]
    curve = kaplan_meier([call.wait for call in both], [not call.served for call in both])
    assert [curve.at(wait) for wait in (60, 180, 600)] == pytest.approx([0.83, 0.63, 0.31], abs=0.01)
