"""The pages say what the code has."""

import re
from inspect import signature
from pathlib import Path
from typing import get_args

import attrs
import pytest

from workassign import (
    Calendar,
    Channel,
    Group,
    Period,
    Plan,
    Queue,
    Rotation,
    SqliteStore,
    Target,
    verify,
)
from workassign.cli import main
from workassign.commands import Command
from workassign.events import Event
from workassign.formulas import KPIS, Kpi
from workassign.kpi import AgentFigures, Figures, Kpis, Live, TargetFigures
from workassign.lab.day import Conversation, Handling, Reaction, Simulation
from workassign.lab.draws import Lognormal
from workassign.lab.roster import Member, Roster, Shift, Team
from workassign.lab.synthetic import SyntheticCustomers
from workassign.lint import KINDS
from workassign.policies import capacity, ordering, scoring, selection, sla, work
from workassign.social.audit import AuditSettings
from workassign.social.conditions import When
from workassign.social.files.readers import Columns, Labels
from workassign.social.people.influence import Influence, Weights
from workassign.social.replying.answers import Answer
from workassign.social.replying.desks import HelpDesk
from workassign.social.replying.replies import Reply
from workassign.social.replying.routes import Route
from workassign.social.screen import Stage
from workassign.social.settings import Collapsing, MentionSettings, UrgentWords
from workassign.social.texts.topics import Language, Topic
from workassign.social.threads import ThreadSettings

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "reference" / "plan.md").read_text(encoding="utf-8")
RUN = (DOCS / "reference" / "run.md").read_text(encoding="utf-8")
FIGURES = (DOCS / "reference" / "kpis.md").read_text(encoding="utf-8")
LINT = (DOCS / "reference" / "lint.md").read_text(encoding="utf-8")
MESSAGES = (DOCS / "reference" / "messages.md").read_text(encoding="utf-8")

SOURCE = DOCS.parent / "src" / "workassign"
DECIDES = (
    *("engine.py", "_interactions.py", "_talking.py", "_roster.py", "_planning.py"),
    *("_owning.py", "_admission.py", "_reviewing.py", "_locking.py", "_offering.py"),
    "_updating.py",
)
"""Where commands are refused."""


@pytest.mark.parametrize("kind", [Plan, Channel, Group, Rotation, Period, Queue, Target, Calendar])
def test_every_key_of_a_plan_is_in_its_reference(kind: type) -> None:
    """And every default that is a plain value is the one that holds."""
    for field in attrs.fields(kind):
        if field.name.startswith("_"):
            continue
        row = re.search(rf"^\| `{field.name}` \| ([^|]*) \|", PAGE, re.MULTILINE)
        assert row is not None, f"{field.name} is missing"
        if isinstance(field.default, int | float) and not isinstance(field.default, bool):
            assert float(row.group(1)) == field.default


def test_every_kind_of_finding_is_in_the_reference() -> None:
    """In one row, with its severity, what it means and what to do; and no kind that is none."""
    rows = re.findall(r"^\| `(\w+)` \| (error|warning|info) \| [^|]+ \| [^|]+ \|$", LINT, re.MULTILINE)
    assert sorted(rows) == sorted(KINDS.items())


@pytest.mark.parametrize("room", [capacity, ordering, scoring, selection, sla, work])
def test_every_policy_is_in_the_reference(room: object) -> None:
    for name in room.__all__:  # type: ignore[attr-defined]
        if name[0].islower():
            assert f"`{name}`" in PAGE or f'"{name}"' in PAGE, f"{name} is missing"


@pytest.mark.parametrize("kind", [*get_args(Command), *get_args(Event)], ids=lambda kind: kind.__name__)
def test_every_message_and_each_of_its_fields_is_in_the_reference(kind: type) -> None:
    """In the message's own row, or above the tables for what all commands, or all events, have."""
    row = re.search(rf"^\| `{kind.__name__}` \| (.*) \|$", MESSAGES, re.MULTILINE)
    assert row is not None, f"{kind.__name__} is missing"
    common = {"at"} if kind in get_args(Event) else {"key", "actor", "expected_version"}
    for name in common:
        assert f"`{name}`" in MESSAGES
    said = row.group(1).split(" | ")[0]
    found = re.findall(r"`([a-z_]+)`", said)  # capital letters name a type
    assert found == [field.name for field in attrs.fields(kind) if field.name not in common]


def test_every_rule_of_a_refusal_in_the_reference_is_one() -> None:
    """And every word of the engine that looks like one is there."""
    page = MESSAGES.split("## Rules of a refusal")[1]
    rules = {
        rule
        for row in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)
        for rule in re.findall(r"`(\w+)`", row)
    }
    source = "".join((SOURCE / name).read_text(encoding="utf-8") for name in DECIDES)
    known = set(re.findall(r'"([a-z]+(?:_[a-z]+)+)", f?"', source)) | set(
        re.findall(r'rule, reason = \(?\s*"([a-z_]+)"', source)
    )
    assert known <= rules, "missing on the page"
    for rule in rules:
        assert f'"{rule}"' in source or f'f"{rule.split("_")[0]}_{{' in source, f"{rule} is no rule"


@pytest.mark.parametrize("kpi", KPIS.values(), ids=lambda kpi: kpi.name)
def test_every_key_figure_is_in_the_reference_as_the_catalogue_has_it(kpi: Kpi) -> None:
    table = FIGURES.split("\n## Every figure\n")[1].split("\nFour fields")[0]
    (row,) = re.findall(rf"^\| `{kpi.name}` \| (.*) \|$", table, re.MULTILINE)
    found = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row)]
    assert found == [kpi.title, kpi.unit, kpi.formula, kpi.source, kpi.counted, kpi.pitfall]


@pytest.mark.parametrize("kind", [Figures, TargetFigures, AgentFigures, Live], ids=lambda kind: kind.__name__)
def test_every_field_of_the_key_figures_is_in_the_reference(kind: type) -> None:
    """In the part that is about them."""
    headings = {TargetFigures: "## Targets", AgentFigures: "## Agents", Live: "## Live"}
    part = FIGURES.split(f"\n{headings.get(kind, '## Every figure')}\n")[1].split("\n## ")[0]
    named = {name for cell in re.findall(r"^\| (`.*?) \|", part, re.MULTILINE) for name in _quoted(cell)}
    assert {field.name for field in attrs.fields(kind)} == named


def _quoted(text: str) -> list[str]:
    return re.findall(r"`(\w+)`", text)


def test_every_setting_of_the_key_figures_is_in_the_reference() -> None:
    """With its default, where that is a number."""
    settings = {name: each for name, each in signature(Kpis).parameters.items() if name != "plan"}
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", FIGURES.split("## At a desk")[0], re.MULTILINE))
    assert rows.keys() == settings.keys()
    for name, setting in settings.items():
        if isinstance(setting.default, float):
            assert float(rows[name]) == setting.default


TABLES: list[tuple[type, str]] = [
    (MentionSettings, "## [mentions]"),
    (Columns, "### [mentions.columns]"),
    (Labels, "`sentiment` as a table:"),
    (Topic, "### [[mentions.topics]]"),
    (Language, "### [mentions.languages.NAME]"),
    (UrgentWords, "### [mentions.intents], [[mentions.urgency]]"),
    (Stage, "### [[mentions.screen]]"),
    (ThreadSettings, "### [mentions.threads]"),
    (Collapsing, "### [mentions.collapse]"),
    (AuditSettings, "### [mentions.audit]"),
    (Influence, "### [mentions.influence]"),
    (
        Weights,
        "`weights` says what ten times as much of each adds, 0 to 10; of `verified`, what being so adds:",
    ),
    (Reply, "### [[mentions.replies]]"),
    (Answer, "### [[mentions.answers]]"),
    (Route, "### [[mentions.routes]]"),
    (When, "### Conditions"),
    (HelpDesk, "### [mentions.desks.NAME]"),
    (Roster, "## [roster]"),
    (Team, "### [[roster.teams]]"),
    (Member, "### [[roster.agents]]"),
    (Shift, "### A shift"),
    (Simulation, "## [simulation]"),
    (Lognormal, "### A spread"),
    (Handling, "### [simulation.handling]"),
    (Reaction, "### [simulation.reaction]"),
    (Conversation, "### [simulation.conversation]"),
    (SyntheticCustomers, "### [simulation.customers]"),
]


@pytest.mark.parametrize(("kind", "heading"), TABLES, ids=[kind.__name__ for kind, _ in TABLES])
def test_every_key_of_a_run_is_in_its_reference(kind: type, heading: str) -> None:
    """With its default, where that is a plain number, and no key that is none."""
    after = RUN.split(f"\n{heading}\n")[1]
    table = re.search(r"^\| key \| default .*\n\|.*\n((?:\|.*\n)*)", after, re.MULTILINE)
    assert table is not None
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", table.group(1), re.MULTILINE))
    fields = {field.name: field.default for field in attrs.fields(kind)}
    assert rows.keys() == fields.keys()
    for name, default in fields.items():
        if isinstance(default, int | float) and not isinstance(default, bool):
            assert float(rows[name]) == default
        # `queues` of [mentions] has a default in code, but a check asks for it.
        if default is attrs.NOTHING:
            assert rows[name] == "must be there"


def test_the_complete_plan_file_of_the_page_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The very blocks that a reader copies: no problem found, nothing left waiting, twice the same."""
    (plan,) = re.findall(r"^```toml\n(.*?)^```", RUN, re.MULTILINE | re.DOTALL)
    (csv,) = re.findall(r"^```csv\n(.*?)^```", RUN, re.MULTILINE | re.DOTALL)
    (tmp_path / "mine.toml").write_text(plan, encoding="utf-8")
    (tmp_path / "mine.csv").write_text(csv, encoding="utf-8")
    kept = []
    for name in ("one", "two"):
        told = ["run", tmp_path / "mine.toml", "--mentions", tmp_path / "mine.csv", "--out", tmp_path / name]
        assert main([*map(str, told), "--no-report", "--json", str(tmp_path / "figures.json")]) == 0
        store = SqliteStore(tmp_path / name / "journal.db")
        kept.append(list(store.load()))
        verdict = verify(store)
        store.close()
        assert verdict.ok
        assert (verdict.balance["entered"], verdict.balance["answered"]) == (3, 3)
    assert kept[0] == kept[1]
    assert main(["lint", str(tmp_path / "mine.toml")]) == 0
    assert main(["explain", str(tmp_path / "one"), "2"]) == 0
    assert main(["verify", str(tmp_path / "one")]) == 0
    assert capsys.readouterr().err == ""


def test_every_page_is_in_the_index_and_every_link_leads_somewhere() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    for page in DOCS.rglob("*.md"):
        if page.name != "index.md":
            assert f"({page.relative_to(DOCS).as_posix()})" in index, f"{page.name} is missing"
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link} leads nowhere"


def test_every_row_of_the_features_names_a_test_that_is_there() -> None:
    """One test a row, in a file of ours; so do the rows without a number."""
    page = (DOCS / "reference" / "features.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\d–, ]+) \|.* `(test_\w+\.py)::(test_\w+)` \|$", page, re.MULTILINE)
    assert len(rows) == len(re.findall(r"^\| \d", page, re.MULTILINE))
    for file, name in re.findall(r"`(test_\w+\.py)::(test_\w+)`", page):
        source = (DOCS.parent / "tests" / file).read_text(encoding="utf-8")
        assert f"\ndef {name}(" in source, f"there is no {file}::{name}"
