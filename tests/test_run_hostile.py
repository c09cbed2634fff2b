"""A file of mentions that means harm: a run shows it as text, keeps none of it, and goes on."""

from __future__ import annotations

import csv
import io
import json
import logging
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.test_run import PLAN, ROSTER, bodies, figures, prepared
from workassign.cli import main
from workassign.lab.charts import _outline

MARKER = "xyzzyMARKER"
EVIL = f'<script>alert(1)</script>" onload="x <img src=x onerror=alert(2)> $\\frac{{a$ &amp; {MARKER}'
BRAND = "<i>A$x_{$</i>"
SOCIAL = """
[mentions.threads]
[mentions.collapse]
[mentions.audit]
share = 1.0
"""
START = 1_767_268_800
HEAD = ["id", "at", "brand", "author", "mood", "text"]
needs_matplotlib = pytest.mark.skipif(find_spec("matplotlib") is None, reason="matplotlib is not installed")


def text_of(rows: list[list[Any]]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([HEAD, *rows])
    return written.getvalue()


def evil_rows(number: int = 60) -> list[list[Any]]:
    return [
        [
            f"m{i}<b>",
            START + 60 * i,
            BRAND if i % 2 else "Sea",
            f"<b>a{i % 9}</b>",
            (i % 11 - 8) / 10,
            ("RT @x: " if i % 3 == 0 else "") + f"{EVIL} {i}?",
        ]
        for i in range(number)
    ]


def evil_plan(plan: str = PLAN) -> str:
    plan = plan.replace('Air = "air"', f'"{BRAND}" = "air"')
    plan = plan.replace('name = "small desk"', 'name = "<script>alert(3)</script>"')
    return plan.replace('name = "reposts"', "name = '<script>$\\frac{$</script>'") + SOCIAL + ROSTER


@needs_matplotlib
def test_a_report_of_hostile_mentions_has_nothing_that_could_run(tmp_path: Path) -> None:
    arguments = prepared(tmp_path, evil_plan(), text_of(evil_rows()))
    assert main([each for each in arguments if each != "--no-report"]) == 0
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")

    tags = set(re.findall(r"<([a-zA-Z!/][^\s>]*)", page))
    assert not tags & {"script", "img", "b>a0", "i>A$x_{$", "/script"}
    assert not re.search(r"<[^>]*\son\w+\s*=", page)
    assert MARKER in page  # the samples are there, as text
    assert "A$x_{$" in page


def test_no_text_gets_into_a_journal_the_figures_the_terminal_or_a_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        assert main(prepared(tmp_path, evil_plan(), text_of(evil_rows()))) == 0
    shown = capsys.readouterr()

    assert MARKER not in shown.out + shown.err + caplog.text
    assert MARKER not in (tmp_path / "out.json").read_text(encoding="utf-8")
    for file in (tmp_path / "out").iterdir():
        assert MARKER.encode() not in file.read_bytes()
    assert bodies(tmp_path / "out" / "journal.db")


def test_ids_as_long_as_a_file_may_have_go_through_with_their_network_before_them(tmp_path: Path) -> None:
    rows = [["n" * 190 + str(i), START + i, "Air", "u" * 199, -0.5, f"where is {i}?"] for i in range(9)]
    plan = PLAN.replace('text = "text"', 'text = "text"\nnetwork = "author"') + SOCIAL + ROSTER
    assert main(prepared(tmp_path, plan, text_of(rows))) == 0

    funnel = figures(tmp_path)["funnel"]
    assert funnel["read"] == funnel["entered"] + sum(funnel["dropped"].values()) == 9


def test_what_a_full_queue_refuses_is_in_the_funnel(tmp_path: Path) -> None:
    rows = [[f"m{i}", START + i, "Air", f"a{i}", -0.5, f"where is order {i}?"] for i in range(90)]
    plan = PLAN.replace("[queues.air]", "[queues.air]\nmost = 3") + SOCIAL + ROSTER
    assert main(prepared(tmp_path, plan, text_of(rows))) == 0

    found = figures(tmp_path)
    funnel, total = found["funnel"], found["run"]["total"]
    assert funnel["dropped"]["not let in"] > 0
    assert funnel["entered"] == total["entered"] - total.get("reopened", 0)
    assert funnel["read"] == funnel["entered"] + sum(funnel["dropped"].values())


@pytest.mark.parametrize("text", ["z " * 2_500_000, "<" * 5_000_000])
def test_a_text_of_megabytes_is_one_mention(tmp_path: Path, text: str) -> None:
    rows = [["m1", START, "Air", "a", -0.5, text], ["m2", START + 5, "Sea", "b", -0.5, "hello?"]]
    assert main(prepared(tmp_path, PLAN + SOCIAL + ROSTER, text_of(rows))) == 0
    assert figures(tmp_path)["funnel"]["entered"] == 2


@pytest.mark.parametrize(
    ("mentions", "code"),
    [
        ("", 0),
        (text_of([]), 0),
        (text_of([["m1", START, "Air", "a", 0, "RT @x: spam"]] * 3), 0),
        (text_of([["", "never", "Air", "a", 0, f"{MARKER}?"]] * 3), 1),
    ],
)
def test_a_file_without_work_in_it_is_a_run(
    tmp_path: Path, mentions: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(prepared(tmp_path, PLAN + SOCIAL + ROSTER, mentions)) == code
    assert MARKER not in capsys.readouterr().out
    assert figures(tmp_path)["run"]["total"]["entered"] == 0


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('model = "nosuch.json"', "nosuch.json"),
        ('sentiment = "nosuch"', "mentions.sentiment: must be vader"),
        ('sentiment = "math:nosuch"', "mentions.sentiment: math has no function 'nosuch'"),
        ('intents = { cancel = ["!"] }', "mentions.intents.cancel: "),
    ],
)
def test_what_a_plan_names_and_there_is_not_is_said_before_anything_is_written(
    tmp_path: Path, line: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = PLAN.replace('channel = "twitter"\n', f'channel = "twitter"\n{line}\n') + ROSTER
    assert main(prepared(tmp_path, plan)) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out" / "journal.db").exists()


@pytest.mark.parametrize(
    ("module", "line"),
    [("vaderSentiment", 'sentiment = "vader"'), ("py3langid", 'guess_languages = ["en"]')],
)
def test_a_library_that_is_not_installed_is_named_with_how_to_get_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    module: str,
    line: str,
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    plan = PLAN.replace('channel = "twitter"\n', f'channel = "twitter"\n{line}\n') + ROSTER
    assert main(prepared(tmp_path, plan)) == 2
    assert "workassign[text]" in capsys.readouterr().err


def test_a_sentiment_of_ones_own_that_is_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "feelings.py").write_text("def felt(text, language):\n    return text\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    plan = PLAN.replace('sentiment = "mood"\n', "")
    plan = (
        plan.replace('channel = "twitter"\n', 'channel = "twitter"\nsentiment = "feelings:felt"\n') + ROSTER
    )
    assert main(prepared(tmp_path, plan, text_of([["m", START, "Air", "a", 0, f"{MARKER}?"]]))) == 2

    said = capsys.readouterr().err
    assert "must return None or a number from -1 to 1, not a str" in said
    assert MARKER not in said


def test_json_of_a_run_says_how_many_moods_nobody_can_tell(tmp_path: Path) -> None:
    rows = [[f"m{i}", START + i, "Air", f"a{i}", "" if i else -0.5, f"where is {i}?"] for i in range(4)]
    assert main(prepared(tmp_path, PLAN + ROSTER, text_of(rows))) == 0
    (mood,) = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["funnel"]["moods"]
    assert (mood["unhappy"], mood["unknown"]) == (1, 3)


def test_bars_of_an_hour_are_one_outline_with_gaps_between() -> None:
    assert _outline([1, 2, 5], [7, 8, 9]) == (
        [3600.0, 7200.0, 10800.0, 18000.0, 21600.0],
        [7, 8, 0, 9, 0],
    )
