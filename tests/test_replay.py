"""Recorded calls through the engine, from the command line: recorded beside simulated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workassign import UsageError
from workassign.cli import main
from workassign.lab.recorded import read_calls, skills_shown
from workassign.lab.replaying import Replay

BANK = Path(__file__).parents[2] / "shared/data/bank"
HEADER = "date,weekday,arrival_s,type,vip,customer_id,served,wait_s,service_s,agent"
needs_bank = pytest.mark.skipif(not BANK.exists(), reason="../shared/data/bank is not there")


def served(
    at: float,
    wait: float,
    service: float,
    agent: str = "ANN",
    kind: str = "PS",
    *,
    vip: int = 0,
    day: str = "990104",
) -> str:
    return f"{day},True,{at},{kind},{vip},0.0,True,{wait},{service},{agent}"


def gave_up(at: float, wait: float, kind: str = "PS", *, day: str = "990104") -> str:
    return f"{day},True,{at},{kind},0,0.0,False,{wait},,"


def file_of(folder: Path, *rows: str) -> Path:
    path = folder / "calls.csv"
    path.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    return path


def replayed(calls: Path, *settings: str) -> dict[str, Any]:
    """Return what `workassign simulate --replay` writes for a file of calls."""
    found = calls.with_name("found.json")
    assert main(["simulate", "--replay", str(calls), "--json", str(found), *settings]) == 0
    answer: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))
    return answer


def test_the_time_after_a_call_makes_the_next_one_wait(tmp_path: Path) -> None:
    """The second caller comes 10 s after the first, whose call takes 100 s: she waits 90 s, and more."""
    calls = file_of(tmp_path, served(1000, 0, 100), served(1010, 90, 50))

    assert replayed(calls, "--after-call", "0")["mean_wait"] == {
        "recorded": 45,
        "simulated": 45,
        "error": 0,
    }
    longer = replayed(calls, "--after-call", "20")
    assert longer["mean_wait"] == {"recorded": 45, "simulated": 55, "error": 0.22222}
    assert longer["p_abandon"] == {"recorded": 0, "simulated": 0, "error": 0}
    assert longer["after_call"] == {"seconds": 20, "fitted": False}


def test_it_is_fitted_to_the_recorded_mean_wait_if_it_is_not_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """25 s more than the first call explains; and none where it explains all."""
    found = replayed(file_of(tmp_path, served(1000, 0, 100), served(1010, 115, 50)))
    assert found["after_call"] == {"seconds": 25, "fitted": True}
    assert found["mean_wait"]["simulated"] == found["mean_wait"]["recorded"] == 57.5
    assert "25 s of work after each call, fitted to these calls" in capsys.readouterr().out

    none = replayed(file_of(tmp_path, served(1000, 0, 100), served(1010, 90, 50)))
    assert none["after_call"] == {"seconds": 0, "fitted": True}


def test_a_wait_that_nothing_explains_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody waited for longer than 13 minutes after her agent was done with the call before."""
    calls = file_of(tmp_path, served(900, 0, 10), served(1700, 100, 50))
    assert main(["simulate", "--replay", str(calls)]) == 2
    assert "below the recorded 50.0 s" in capsys.readouterr().err


@pytest.mark.parametrize(("came", "mean"), [(1100, (100 + 160) / 3), (1150, (150 + 150) / 3)])
def test_a_vip_counts_as_if_she_had_waited_90_seconds_already(
    tmp_path: Path, came: float, mean: float
) -> None:
    """She goes before who came 50 s earlier, not before who came 100 s earlier."""
    calls = file_of(tmp_path, served(1000, 0, 200), served(1050, 150, 100), served(came, 200, 10, vip=1))
    assert replayed(calls, "--after-call", "0")["mean_wait"]["simulated"] == pytest.approx(mean, abs=1e-3)


def test_calls_go_to_who_serves_their_type_and_is_there(tmp_path: Path) -> None:
    """By the roster, else by what each has shown; nobody takes anything in a break of an hour."""
    calls = file_of(
        tmp_path,
        served(1000, 0, 50, "ANN", "NE"),
        served(1000, 0, 5, "BEN", "PS"),
        gave_up(1020, 25, "NE"),
        served(1100, 0, 5, "BEN", "PS"),
        gave_up(3000, 60, "NE"),
        served(5000, 0, 50, "ANN", "NE"),
    )
    shown = replayed(calls, "--after-call", "0")
    assert shown["p_abandon"] == {"recorded": 0.33333, "simulated": 0.33333, "error": 0}
    assert shown["mean_wait"] == {"recorded": 14.167, "simulated": 14.167, "error": 0}

    roster = tmp_path / "skills.json"
    roster.write_text(json.dumps({"ANN": ["NE"], "BEN": ["NE", "PS"]}), encoding="utf-8")
    both = replayed(calls, "--after-call", "0", "--roster", str(roster))
    assert both["p_abandon"]["simulated"] == 0.16667
    assert both["mean_wait"]["simulated"] == 10

    roster.write_text(json.dumps({"ANN": ["NE"], "BEN": ["NE"]}), encoding="utf-8")
    wrong = replayed(calls, "--after-call", "0", "--roster", str(roster))
    assert wrong["notes"] == [
        "2 calls of type PS: nobody serves it",
        "2 calls were served by somebody who, says the roster, does not serve them",
    ]


def test_whom_nobody_serves_waits_as_long_as_she_can(tmp_path: Path) -> None:
    """Until her patience ends; or until all is over, if nobody of her like ever gave up."""
    calls = file_of(tmp_path, served(1000, 0, 100), gave_up(1010, 77, "IN"))
    found = replayed(calls, "--after-call", "0")
    assert found["mean_wait"]["simulated"] == 38.5
    assert found["notes"] == ["1 calls of type IN: nobody serves it"]

    roster = tmp_path / "skills.json"
    roster.write_text(json.dumps({"ANN": ["IN"]}), encoding="utf-8")
    for_ever = file_of(tmp_path, served(86_300, 0, 10))
    found = replayed(for_ever, "--after-call", "0", "--roster", str(roster))
    assert found["p_abandon"]["simulated"] == 1
    assert found["mean_wait"]["simulated"] == 100


def test_figures_are_by_month_and_hour_and_who_met_no_person_is_left_as_she_was(tmp_path: Path) -> None:
    calls = file_of(
        tmp_path,
        served(32_400, 0, 60),
        served(32_410, 50, 60),
        served(36_000, 7, 6, "NO_SERVER"),
        served(32_400, 0, 60, day="990203"),
    )
    found = replayed(calls, "--after-call", "10", "--seeds", "2")

    assert list(found)[:5] == ["calls", "mean_wait", "p_abandon", "weekdays", "by_month"]
    assert {month: each["calls"] for month, each in found["by_month"].items()} == {"1999-01": 3, "1999-02": 1}
    assert found["by_hour"]["09"]["mean_wait"] == {"recorded": 16.667, "simulated": 20, "error": 0.19998}
    assert found["by_hour"]["10"]["mean_wait"] == {"recorded": 7, "simulated": 7, "error": 0}
    assert found["by_month"]["1999-02"]["mean_wait"] == {"recorded": 0, "simulated": 0, "error": None}
    assert [run["seed"] for run in found["runs"]] == [0, 1]
    assert found["notes"] == ["1 calls were answered by no person: they are left as they were"]


def test_the_same_calls_give_the_same_figures(tmp_path: Path) -> None:
    """To the last digit, however often it is asked."""
    rows = [served(1000 + 40 * n, n % 7, 30 + 17 * n % 90, "ANN" if n % 3 else "BEN") for n in range(60)]
    rows += [gave_up(1005 + 100 * n, 5 + 3 * n) for n in range(20)]
    calls = file_of(tmp_path, *rows)
    assert replayed(calls) == replayed(calls)
    assert len({run["mean_wait"] for run in replayed(calls, "--after-call", "30")["runs"]}) > 1


def test_the_table_shows_what_the_file_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And goes to standard error if the figures go to standard output."""
    calls = file_of(tmp_path, served(1000, 0, 100), served(1010, 90, 50))
    asked = ["simulate", "--replay", str(calls), "--after-call", "20", "--seeds", "1", "--json", "-"]
    assert main(asked) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["calls"] == 2
    assert "2 calls, replayed 1 time\n20 s of work after each call, as told" in err
    assert "1999-01              2       45.0      55.0   +22.2%       0.00      0.00    +0.00" in err


@pytest.mark.parametrize(
    ("rows", "settings", "rule"),
    [
        ([], [], "calls.csv: holds no calls"),
        (["990104,True,1,PS,0,0,True,soon,1,ANN"], [], "line 2: wait_s must be a number of seconds >= 0"),
        ([served(1, 0, 5, "")], [], "no call names a person who served it"),
        ([gave_up(1, 5)], [], "a replay needs agents"),
        ([served(1, 0, 5)], ["--roster", "nowhere.json"], "nowhere.json: No such file"),
        ([served(1, 0, 5)], ["--json", "nowhere/found.json"], "there is no folder nowhere"),
    ],
)
def test_what_cannot_be_replayed_is_refused_with_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: list[str], settings: list[str], rule: str
) -> None:
    assert main(["simulate", "--replay", str(file_of(tmp_path, *rows)), *settings]) == 2
    error = capsys.readouterr().err
    assert rule in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    "wrong",
    [
        ["--replay", "calls.csv", "--after-call", "-1"],
        ["--replay", "calls.csv", "--after-call", "nan"],
        ["--replay", "calls.csv", "--seeds", "0"],
        [],
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["simulate", *wrong])
    assert caught.value.code == 2
    assert "usage: workassign simulate" in capsys.readouterr().err


def test_a_replay_needs_every_agents_skills(tmp_path: Path) -> None:
    calls = read_calls(file_of(tmp_path, served(1, 0, 5), served(2, 0, 5, "BEN")))
    with pytest.raises(UsageError, match="BEN is missing"):
        Replay(calls, {"ANN": frozenset({"PS"})})
    with pytest.raises(UsageError, match="after_call must be a number of seconds >= 0"):
        Replay(calls, skills_shown(calls)).scenario(0, -1.0)


@needs_bank
@pytest.mark.slow
@pytest.mark.parametrize(("month", "after_call"), [("february", "42.6"), ("january", "45")])
def test_one_month_of_the_bank_is_foretold_by_the_other(tmp_path: Path, month: str, after_call: str) -> None:
    """The seconds after each call are those fitted to the other month."""
    found = tmp_path / "found.json"
    calls, roster = BANK / f"bank_{month}.csv.gz", BANK / "agent_skills.json"
    asked = ["--roster", str(roster), "--after-call", after_call, "--seeds", "2", "--json", str(found)]
    assert main(["simulate", "--replay", str(calls), *asked]) == 0
    data = json.loads(found.read_text(encoding="utf-8"))
    for whole in (data, data["weekdays"]):
        assert abs(whole["mean_wait"]["error"]) < 0.1
        assert abs(whole["p_abandon"]["error"]) < 0.015
