"""The main job from its front door: a file of mentions in, a journal and a report out."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import attrs
import pytest

from workassign import Agent, Interaction
from workassign import events as ev
from workassign.cli import main
from workassign.commands import AddAgent, Decline, SignOn, Submit
from workassign.engine import Engine
from workassign.errors import UsageError
from workassign.formulas import KPIS
from workassign.journal import entries, record
from workassign.lab.folder import new_journal, reserved
from workassign.lab.key_tables import key_sections
from workassign.lab.kpis import GROUPS, KeyFigures, key_figures
from workassign.lab.run import measured
from workassign.model import OfferId
from workassign.stores.jsonl import JsonlStore
from workassign.stores.sqlite import SqliteStore

PLAN = """
name = "small desk"
skills = ["billing"]

[channels.twitter]

[queues.air]
scoring = [{ use = "sentiment", most = 600.0 }]
selection = "least_loaded"
sla = { use = "first_response", seconds = 300.0 }

[queues.sea]

[mentions]
channel = "twitter"
queues = { Air = "air", Sea = "sea" }
topics = [{ name = "refunds", words = ["refund*"], skills = { billing = 1 } }]
screen = [{ name = "reposts", starts_with = ["RT @"] }]

[mentions.columns]
id = "id"
at = "at"
brand = "brand"
author = "author"
text = "text"
sentiment = "mood"

[simulation]
seed = 1
drain_for = 7200.0
handling = { median = 200.0, spread = 0.5 }
customers = {}
"""

ROSTER = """
[roster]
zone = "+01:00"

[[roster.teams]]
name = "desk"
agents = 5
capacity = 2.0
shifts = [{ start = "00:00", end = "24:00" }]

[[roster.agents]]
id = "ann"
skills = { billing = 2 }
queues = { air = 1, sea = 2 }
shifts = [{ start = "08:00", end = "16:00", days = ["mon-fri"] }, { start = "16:00", end = "02:00" }]
"""

PATIENCE = """
[simulation.patience]
median = 60.0
spread = 1.0
"""


TARGET = """
[queues.sea]
targets = [{ name = "answer", measures = "first_response", within = 600.0, calendar = "office" }]

[calendars.office]
zone = "UTC"
week = { mon-sun = ["00:00-24:00"] }
"""


def rows(count: int = 200) -> Iterator[str]:
    """Yield a header and a mention every 20 seconds, every 7th a repost and every 9th spoilt."""
    yield "id,at,brand,author,mood,text"
    for i in range(count):
        at = "never" if i % 9 == 8 else f"{1_767_268_800 + 20 * i}"
        words = "RT @air: hi" if i % 7 == 6 else "refund me" if i % 5 == 0 else "hello"
        yield f"m{i},{at},{'Air' if i % 3 else 'Sea'},author{i % 40},{(i % 11 - 8) / 10},{words}"


def prepared(folder: Path, plan: str = PLAN + ROSTER, mentions: str | None = None) -> list[str]:
    """Write plan and mentions, and return the arguments of a run without a report."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.toml").write_text(plan, encoding="utf-8")
    text = "\n".join(rows()) + "\n" if mentions is None else mentions
    (folder / "mentions.csv").write_text(text, encoding="utf-8")
    files = ["--mentions", str(folder / "mentions.csv"), "--out", str(folder / "out")]
    return ["run", str(folder / "plan.toml"), *files, "--json", str(folder / "out.json"), "--no-report"]


def figures(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    return found


def bodies(journal: Path) -> list[bytes]:
    store = SqliteStore(journal)
    try:
        return list(store.load())
    finally:
        store.close()


def check_accounts(found: dict[str, Any]) -> None:
    """Check that everything read is somewhere, and everything that entered too."""
    funnel, total = found["funnel"], found["run"]["total"]
    assert funnel["read"] == len(funnel["bad"]) + sum(funnel["dropped"].values()) + total["entered"]
    for line in (total, *found["run"]["queues"]):
        gone = line["answered"] + line["abandoned"] + sum(line["exited"].values())
        assert line["entered"] == gone + line["waiting"]
    assert total["entered"] == sum(line["entered"] for line in found["run"]["queues"])


def test_a_run_accounts_for_everything_and_its_journal_verifies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(prepared(tmp_path)) == 0

    found = figures(tmp_path)
    check_accounts(found)
    assert found["funnel"]["read"] == 200
    assert found["funnel"]["dropped"] == {"record repeated": 0, "reposts": 25}
    assert len(found["funnel"]["bad"]) == 22
    assert found["run"]["total"]["answered"] == 153
    assert found["run"]["total"]["hit_rate"] > 0.5
    assert "line 10: at is no date and time: 'never'" in capsys.readouterr().out

    assert main(["verify", str(tmp_path / "out"), "--json", str(tmp_path / "verdict.json")]) == 0
    verdict = json.loads((tmp_path / "verdict.json").read_text(encoding="utf-8"))
    assert verdict["problems"] == []
    assert verdict["balance"]["entered"] == 153
    assert "every law was kept" in capsys.readouterr().out


def test_the_same_seed_writes_the_same_journal_and_another_seed_another(tmp_path: Path) -> None:
    arguments = prepared(tmp_path)
    journal = tmp_path / "out" / "journal.db"

    runs = []
    for seed in ("3", "3", "4"):
        assert main([*arguments, "--seed", seed]) == 0
        runs.append((bodies(journal), figures(tmp_path)))

    assert runs[0] == runs[1]
    assert runs[0][0] != runs[2][0]


def test_a_run_writes_the_same_bytes_under_any_hash_seed(tmp_path: Path) -> None:
    """In processes of their own: journal and report."""
    arguments = prepared(tmp_path)
    arguments.remove("--no-report")
    command = [sys.executable, "-c", "import sys; from workassign.cli import main; sys.exit(main())"]

    found = []
    for seed in ("0", "1"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([*command, *arguments], check=True, capture_output=True, env=environment)
        report = (tmp_path / "out" / "report.html").read_bytes()
        found.append((bodies(tmp_path / "out" / "journal.db"), report))

    assert found[0] == found[1]


def test_the_figures_are_those_of_the_journal(tmp_path: Path) -> None:
    """Offers, answers and waits, counted once more by hand."""
    assert main(prepared(tmp_path)) == 0
    store = SqliteStore(tmp_path / "out" / "journal.db")
    facts = [fact for entry in entries(store) for fact in entry.facts]
    store.close()

    total = figures(tmp_path)["run"]["total"]
    came = {fact.interaction.id: fact.at for fact in facts if isinstance(fact, ev.Submitted)}
    waits = [fact.at - came[fact.interaction] for fact in facts if isinstance(fact, ev.Assigned)]
    assert total["offers"]["made"] == sum(isinstance(fact, ev.Offered) for fact in facts)
    assert total["missed"] == sum(isinstance(fact, ev.SlaMissed) for fact in facts)
    assert total["waits"]["longest"] == max(waits)
    assert total["waits"]["mean"] == pytest.approx(sum(waits) / len(waits))


def test_with_nobody_on_the_roster_everything_waits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(prepared(tmp_path, PLAN)) == 0

    found = figures(tmp_path)
    check_accounts(found)
    assert found["run"]["total"]["waiting"] == found["run"]["total"]["entered"] == 153
    assert found["run"]["total"]["missed"] > 0
    assert "Nobody is on the roster: everything waits." in capsys.readouterr().out
    assert main(["verify", str(tmp_path / "out")]) == 0


@pytest.mark.parametrize("mentions", ["", "id,at,brand,author,mood,text\n"])
def test_without_mentions_nothing_happens_and_nothing_breaks(tmp_path: Path, mentions: str) -> None:
    assert main(prepared(tmp_path, mentions=mentions)) == 0

    check_accounts(figures(tmp_path))
    assert main(["verify", str(tmp_path / "out")]) == 0


def test_customers_without_patience_abandon(tmp_path: Path) -> None:
    assert main(prepared(tmp_path, PLAN + PATIENCE)) == 0

    total = figures(tmp_path)["run"]["total"]
    assert (total["abandoned"], total["waiting"]) == (153, 0)


def test_scoring_helps_the_unhappy_against_the_same_day_without(tmp_path: Path) -> None:
    """Both runs meet the same customers: without waits there is nothing to gain, with them there is."""
    slow = (PLAN + ROSTER).replace("median = 200.0", "median = 900.0").replace("7200.0", "90000.0")
    assert main(prepared(tmp_path, slow)) == 0

    (unhappy,) = (each for each in figures(tmp_path)["effects"] if each["group"] == "most unhappy")
    assert unhappy["scored"]["waits"]["answered"] == unhappy["unscored"]["waits"]["answered"]
    assert unhappy["scored"]["waits"]["mean"] < unhappy["unscored"]["waits"]["mean"]


def test_a_report_is_one_page_that_asks_nobody_and_escapes_what_it_shows(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the report needs matplotlib")
    arguments = prepared(tmp_path, (PLAN + ROSTER).replace("small desk", "<script>alert(1)</script>"))
    arguments.remove("--no-report")
    page = tmp_path / "out" / "report.html"

    assert main(arguments) == 0
    first = page.read_bytes()
    assert main(arguments) == 0

    assert page.read_bytes() == first
    text = first.decode()
    assert "&lt;script&gt;" in text
    assert "<script" not in text
    assert text.count("<svg ") == 7
    for asking in ('src="', "url(http", "@import", "<link"):
        assert asking not in text


def test_the_report_shows_every_key_figure_with_its_formula(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the report needs matplotlib")
    arguments = prepared(tmp_path, (PLAN + ROSTER).replace("[queues.sea]", TARGET))
    arguments.remove("--no-report")
    assert main(arguments) == 0

    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    section = text.split("<h2>Key figures</h2>")[1].split("</section>")[0]
    rows = re.findall(
        r"<tr><th class='figure' scope='row' title='(.*?)'>(.*?) <small>(.*?)</small></th>(.*?)</tr>",
        section,
        re.DOTALL,
    )
    shown = {unescape(title): (unescape(hover), unescape(formula)) for hover, title, formula, _ in rows}
    total = figures(tmp_path)["kpis"]["all"]
    for kpi in KPIS.values():
        if total[kpi.name] is None:
            continue
        hover, formula = shown[kpi.title]
        assert formula == kpi.formula
        assert f"{kpi.name} = {kpi.formula}" in hover
        assert kpi.source in hover
        assert kpi.pitfall in hover
    assert "A_T / (A + B_&gt;T + blocked)" in section  # escaped, like all that comes from data
    assert all(cells.count("<td>") == 3 for *_, cells in rows)  # all queues, air, sea
    for heading in ("Promises", "Fairness"):
        assert f"<h2>{heading}</h2>" in text
    assert "<td>answer</td><td>office</td>" in text.split("<h2>Promises</h2>")[1]
    assert "passed over something more urgent" in text


def test_every_key_figure_has_its_place_in_the_report() -> None:
    assert sorted(name for group in GROUPS.values() for name in group) == sorted(KPIS)


def test_with_many_queues_the_report_shows_the_key_figures_of_all(tmp_path: Path) -> None:
    more = "".join(f"[queues.lake{i}]\n" for i in range(7))
    assert main(prepared(tmp_path, (PLAN + ROSTER).replace("[mentions]", more + "[mentions]"))) == 0

    keys = keys_of(tmp_path)
    assert len(keys.queues) == 9
    assert "<th scope='col'>all queues</th></tr>" in key_sections(keys)


def test_waits_by_customer_segment_are_shown_where_there_are_segments(tmp_path: Path) -> None:
    assert main(prepared(tmp_path)) == 0
    keys = keys_of(tmp_path)

    assert "Waits by customer segment" not in key_sections(keys)
    told = key_sections(attrs.evolve(keys, segments={"-": (3, 90.0), "<gold>": (1, 30.0)}))
    assert "<td>&lt;gold&gt;</td><td>1</td><td>30 s</td>" in told


def keys_of(folder: Path) -> KeyFigures:
    store = SqliteStore(folder / "out" / "journal.db")
    try:
        return key_figures(measured(store)[1], store, {})
    finally:
        store.close()


@pytest.mark.parametrize("behaviour", ["", PATIENCE, "[simulation.conversation]\nwrites_again = 0.9\n"])
def test_the_key_figures_balance_and_agree_with_the_others(tmp_path: Path, behaviour: str) -> None:
    assert main(prepared(tmp_path, (PLAN + ROSTER).replace("[queues.sea]", TARGET) + behaviour)) == 0

    found = figures(tmp_path)
    total, queues = found["kpis"]["all"], found["kpis"]["queues"]
    assert list(queues) == ["air", "sea"]
    others = {line["name"]: line for line in (found["run"]["total"], *found["run"]["queues"])}
    for name, each in (("all queues", total), *queues.items()):
        gone = each["answered"] + each["abandoned"] + sum(each["exited"].values())
        assert each["entered"] == gone + each["waiting"]
        for what in ("entered", "reopened", "answered", "abandoned", "exited", "waiting"):
            assert each[what] == others[name][what], what
        assert each["asa"] == pytest.approx(others[name]["waits"]["mean"], rel=1e-6)
    assert sum(team["handled"] for team in found["evenness"]) == total["handled"]
    assert sum(found["inversions"]["by_queue"].values()) == found["inversions"]["inverted"]
    assert found["inversions"]["grants"] >= total["answered"]
    assert {each["target"]: each["calendar"] for each in found["targets"]}["answer"] == "office"


def test_the_summary_names_every_variant_of_the_service_level_and_every_target(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(prepared(tmp_path, (PLAN + ROSTER).replace("[queues.sea]", TARGET) + PATIENCE)) == 0

    lines = capsys.readouterr().out.splitlines()
    (head,) = (number for number, line in enumerate(lines) if line.startswith("  Service level "))
    names = lines[head].split()[2:]
    assert [f"sl_{name}" for name in names] == [name for name in KPIS if name.startswith("sl_")]
    total = figures(tmp_path)["kpis"]["all"]
    told = lines[head + 1].removeprefix("  all queues").replace(" %", "%").split()
    assert told == [f"{100 * total[f'sl_{name}']:.1f}%" for name in names]
    assert len(set(told)) > 1  # some gave up: the variants differ
    for target in figures(tmp_path)["targets"]:
        (line,) = (line for line in lines if line.startswith(f"  {target['target']} "))
        assert f"{100 * target['attainment']:.1f} %" in line


def test_inversions_of_a_long_journal_are_left_out_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workassign.lab.kpis.MOST_FOLLOWED", 10)
    assert main(prepared(tmp_path)) == 0

    assert figures(tmp_path)["inversions"] is None
    assert "the journal is too long" in key_sections(keys_of(tmp_path))


def test_a_report_without_matplotlib_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # as if it were not installed
    arguments = prepared(tmp_path)
    arguments.remove("--no-report")

    assert main(arguments) == 2
    assert 'pip install "workassign[report]"' in capsys.readouterr().err


def test_an_explanation_names_the_agent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(prepared(tmp_path)) == 0
    capsys.readouterr()

    assert main(["explain", str(tmp_path / "out"), "m0", "--json", str(tmp_path / "why.json")]) == 0

    assert "m0" in capsys.readouterr().out
    assert json.loads((tmp_path / "why.json").read_text(encoding="utf-8"))


def test_every_mistake_of_a_plan_file_is_one_line_and_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = (PLAN + ROSTER).replace("agents = 5", 'agents = "two"').replace("seed = 1", "seed = -1")

    assert main(prepared(tmp_path, plan.replace('at = "at"', "at = 7"))) == 2

    assert capsys.readouterr().err.splitlines() == [
        "workassign: mentions.columns.at: must be text, not 7",
        "workassign: roster.teams[0].agents: must be a whole number, not 'two'",
        "workassign: simulation: seed must be at least 0, not -1",
    ]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["verify", "nowhere"], "there is no journal"),
        (["explain", "nowhere", "x"], "there is no journal"),
        (["why-not", "nowhere", "ann", "x"], "there is no journal"),
        (["why-waiting", "nowhere", "x"], "there is no journal"),
        (["run", "no.toml", "--mentions", "m.csv", "--out", "o", "--no-report"], "no.toml"),
    ],
)
def test_what_is_not_there_is_refused(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert reason in capsys.readouterr().err


def test_a_journal_that_no_simulation_wrote_is_kept_unless_forced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody's real journal must not be lost to a demonstration."""
    arguments = prepared(tmp_path)
    journal = tmp_path / "out" / "journal.db"
    journal.parent.mkdir()
    store = SqliteStore(journal)
    recorder = record(Engine(), store)
    recorder.handle(AddAgent(Agent(id="ann")), 0)
    recorder.handle(SignOn("ann"), 0)
    recorder.handle(Submit(Interaction(id="real")), 1)
    recorder.flush()
    store.close()
    before = bodies(journal)

    assert main(arguments) == 2
    assert "--force" in capsys.readouterr().err
    assert bodies(journal) == before

    assert main([*arguments, "--force"]) == 0
    assert bodies(journal) != before


def test_verify_finds_an_altered_journal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import sqlite3

    assert main(prepared(tmp_path)) == 0
    with sqlite3.connect(tmp_path / "out" / "journal.db") as database:
        database.execute(
            "UPDATE journal SET body = CAST(replace(body, 'desk', 'dusk') AS BLOB) WHERE seq = 4"
        )
    database.close()

    assert main(["verify", str(tmp_path / "out")]) == 1
    assert "entry 4 was altered" in capsys.readouterr().out


def test_a_linted_plan_is_looked_at_with_its_roster_and_its_mentions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A topic that nobody on a queue can do is found before anything runs."""
    prepared(tmp_path, (PLAN + ROSTER).replace("queues = { air = 1, sea = 2 }", "queues = { air = 1 }"))

    code = main(["lint", str(tmp_path / "plan.toml"), "--json", str(tmp_path / "lint.json")])

    findings = json.loads((tmp_path / "lint.json").read_text(encoding="utf-8"))["findings"]
    assert any("billing" in each["message"] and "sea" in each["message"] for each in findings)
    assert code == int(any(each["severity"] == "error" for each in findings))
    assert "overtaken by nothing more than 600 s later" in capsys.readouterr().out


# --- the folder of a run ------------------------------------------------------------------------


def test_a_second_run_into_the_same_folder_is_refused_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = prepared(tmp_path)

    with reserved(tmp_path / "out"):
        assert main([*arguments, "--force"]) == 2

    assert capsys.readouterr().err == f"workassign: another run is writing to {tmp_path / 'out'}\n"
    assert not (tmp_path / "out").exists()  # the first one wrote nothing either
    assert main(arguments) == 0


def test_a_journal_that_somebody_has_open_is_never_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even by force, and not if it was opened while the run went on."""
    arguments = [*prepared(tmp_path), "--force"]
    journal = tmp_path / "out" / "journal.db"
    journal.parent.mkdir()
    live = SqliteStore(journal)
    live.append(-1, [b"{}"])

    assert main(arguments) == 2
    told = capsys.readouterr().err
    assert "somebody has open" in told
    assert "--force" not in told
    with pytest.raises(UsageError, match="somebody has open"), new_journal(journal, force=True):
        pass
    live.append(0, [b"{}"])
    live.close()
    assert bodies(journal) == [b"{}"] * 2
    assert [each.name for each in journal.parent.iterdir()] == ["journal.db"]


def test_a_run_that_is_interrupted_leaves_what_was_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = prepared(tmp_path)
    assert main(arguments) == 0
    before = bodies(tmp_path / "out" / "journal.db")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("workassign.lab.run.run_day", interrupted)
    assert main([*arguments, "--seed", "9"]) == 130

    assert capsys.readouterr().err == "workassign: interrupted\n"
    assert bodies(tmp_path / "out" / "journal.db") == before
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["journal.db"]


def test_a_plan_may_name_a_module_beside_it_and_its_journal_is_audited_without_it(tmp_path: Path) -> None:
    """Run from the plan's folder; verified from another one, where the module is not found."""
    plan = (PLAN + ROSTER).replace('{ use = "sentiment", most = 600.0 }', '"ownpolicy:whim"')
    arguments = prepared(tmp_path, plan)
    (tmp_path / "ownpolicy.py").write_text("def whim(item, at):\n    return 1 / 0\n", encoding="utf-8")
    (tmp_path / "elsewhere").mkdir()
    command = [sys.executable, "-c", "import sys; from workassign.cli import main; sys.exit(main())"]

    def said(*words: str, folder: Path) -> str:
        done = subprocess.run([*command, *words], check=True, capture_output=True, text=True, cwd=folder)
        return done.stdout

    text = said(*arguments, folder=tmp_path)
    assert "failed: queues.air.scoring.whim (3), first: ZeroDivisionError: division by zero" in text
    assert "not replayed" not in said("verify", "out", folder=tmp_path)
    text = said("verify", str(tmp_path / "out"), folder=tmp_path / "elsewhere")
    assert "  all queues: entered 153 = answered 153" in text
    assert "  not replayed: queues.air.scoring[0]: ownpolicy:whim: No module named 'ownpolicy'" in text
    assert text.endswith("every law was kept\n")


def test_a_journal_of_lines_is_found_in_a_folder_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = JsonlStore(tmp_path / "journal.jsonl")
    recorder = record(Engine(), store)
    recorder.handle(Submit(Interaction(id="t1")), 1)
    recorder.flush()
    store.close()

    assert main(["verify", str(tmp_path)]) == 0
    assert main(["explain", str(tmp_path), "t1"]) == 0
    assert "t1: waiting" in capsys.readouterr().out


def why_journal(folder: Path) -> None:
    """Write a journal in which ann is offered t1, declines, and it waits."""
    store = JsonlStore(folder / "journal.jsonl")
    recorder = record(Engine(), store)
    recorder.handle(AddAgent(Agent(id="ann")), 100)
    recorder.handle(Submit(Interaction(id="t1")), 110)
    recorder.handle(SignOn("ann"), 120)
    recorder.handle(Decline(OfferId(1), "ann"), 130)
    recorder.flush()
    store.close()


@pytest.mark.parametrize(
    ("at", "stage", "kinds", "ways"),
    [
        ([], "waiting", ["cool_down"], ["the cool-down of ann ends at 160 s"]),
        (["--at", "129.5"], "offered", [], []),
        (
            ["--at", "1970-01-01T00:01:50Z"],
            "waiting",
            ["presence"],
            ["ann becomes available (she is offline)"],
        ),
    ],
)
def test_why_not_and_why_waiting_are_asked_of_a_journal(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    at: list[str],
    stage: str,
    kinds: list[str],
    ways: list[str],
) -> None:
    """As of its end, or of any instant before."""
    why_journal(tmp_path)
    assert main(["why-not", str(tmp_path), "ann", "t1", *at, "--json", "-"]) == 0
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert (found["stage"], [reason["kind"] for reason in found["reasons"]]) == (stage, kinds)
    assert "ann" in said.err
    assert main(["why-waiting", str(tmp_path), "t1", *at, "--json", str(tmp_path / "why.json")]) == 0
    assert capsys.readouterr().out.startswith("Why t1 ")
    found = json.loads((tmp_path / "why.json").read_text(encoding="utf-8"))
    assert (found["stage"], [way["text"] for way in found["ways"]]) == (stage, ways)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["ghost", "t1"], "there is no agent 'ghost'"),
        (["ann", "ghost"], "there is no interaction 'ghost'"),
        (["ann", "t1", "--at", "105"], "there is no interaction 't1'"),
        (["ann", "t1", "--at", "7"], "there is no agent 'ann'"),
    ],
)
def test_what_the_journal_does_not_know_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], reason: str
) -> None:
    why_journal(tmp_path)
    assert main(["why-not", str(tmp_path), *arguments]) == 2
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("at", ["nan", "inf", "noon", "2026-01-31T09:00:00"])
def test_an_instant_is_seconds_or_has_a_zone(capsys: pytest.CaptureFixture[str], at: str) -> None:
    with pytest.raises(SystemExit):
        main(["why-waiting", "anywhere", "t1", "--at", at])
    assert f"or a date and time with a zone, like 2026-01-31T09:00:00Z, not {at}" in capsys.readouterr().err


# --- figures and messages -----------------------------------------------------------------------


def test_figures_on_standard_output_stand_there_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = prepared(tmp_path)
    arguments[arguments.index("--json") + 1] = "-"
    assert main(arguments) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["funnel"]["read"] == 200
    assert "First response" in told.err

    assert main(["verify", str(tmp_path / "out"), "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True


def test_figures_go_to_no_folder_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And it is said before the run, not after."""
    arguments = prepared(tmp_path)
    arguments[arguments.index("--json") + 1] = str(tmp_path / "nowhere" / "x.json")

    assert main(arguments) == 2
    assert f"there is no folder {tmp_path / 'nowhere'}" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()
    assert not (tmp_path / "out").exists()


def test_a_file_of_nothing_but_bad_records_is_no_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(prepared(tmp_path, mentions="id,at,brand,author,mood,text\n1,never,Air,a,0,hi\n")) == 1
    assert "NOTHING ENTERED: every record is bad." in capsys.readouterr().out


def test_a_folder_of_mentions_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = prepared(tmp_path)
    arguments[arguments.index("--mentions") + 1] = "."

    assert main(arguments) == 2
    assert capsys.readouterr().err == "workassign: .: Is a directory\n"
