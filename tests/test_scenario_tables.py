"""Scenarios can be written in a plan file, and a wrong one says what is wrong, all at once."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import attrs
import pytest

from workassign import Plan
from workassign.cli import main
from workassign.errors import PlanError
from workassign.lab.arrivals import Busy, Part, Profile
from workassign.lab.distributions import Exponential, LogNormal
from workassign.lab.scenario import (
    Contagion,
    Crew,
    Customers,
    Learning,
    Reaction,
    Return,
    Scenario,
    Stream,
)
from workassign.lab.simulation import simulate
from workassign.needs import Needs

WHOLE = """
name = "a desk"

[queues.billing]
offer_for = 20

[queues.praise]
tier = 2

[channels.post]
units = 1

[scenario]
name = "a stormy day"
duration = 7200
drain_for = 3600
lines = 200

[scenario.mixtures.mentions]
shares = { billing = 0.6, praise = 0.4 }
[scenario.mixtures.mentions.arrivals]
process = "self_exciting"
usual = { process = "poisson", rate = 0.02 }
children = 0.4
decay = 600

[[scenario.streams]]
name = "billing"
queue = "billing"
channel = "post"
needs = { billing = 2 }
arrivals = { mixture = "mentions", kind = "billing" }
patience = { dist = "exponential", mean = 900 }
by_level = { 1 = 1.2, 3 = 1.0 }
returns = { share = 0.5, after = { dist = "exponential", mean = 300 }, angrier = 0.2, reach = 1.5 }
customers = { anger = { dist = "uniform", low = 0, high = 1 }, value = 100, segments = { gold = 0.1 } }

[scenario.streams.handling]
day = { dist = "exponential", mean = 200 }
default = { dist = "lognormal", median = 150, spread = 0.5 }

[[scenario.streams]]
name = "praise"
queue = "praise"
channel = "post"
arrivals = { mixture = "mentions", kind = "praise" }
handling = 60
contagion = { children = 0.2, decay = 600 }

[[scenario.streams]]
name = "letters"
queue = "praise"
channel = "post"
handling = 90
[scenario.streams.arrivals]
process = "busy"
usual = { process = "profile", rates = [0.001, 0.002], each = 3600 }
factor = 1.0

[[scenario.crews]]
name = "day"
agents = 6
skills = { billing = 3 }
shifts = [[0, 3600], [4000, 7200]]
breaks = [[1800, 2100]]
absence = 0.05
reaction = { delay = 4, declined = 0.02 }
learning = { start = 1.2, half = 50 }

[[scenario.crews]]
name = "chat"
agents = 2
capacity = 2
pace = [1.0, 0.7]
skills = { billing = 2 }

[[scenario.crews]]
name = "help"
agents = 3
sizes = [[0, 1], [3600, 3]]
"""


def test_everything_can_be_written() -> None:
    scenario = Scenario.from_data(tomllib.loads(WHOLE))
    billing, praise, letters = scenario.streams
    assert scenario.name == "a stormy day"
    assert isinstance(billing.arrivals, Part)
    assert isinstance(praise.arrivals, Part)
    assert isinstance(letters.arrivals, Busy)
    assert isinstance(letters.arrivals.usual, Profile)
    assert billing.needs == Needs({"billing": 2})
    assert billing.handling == {"day": Exponential(200), "default": LogNormal.of_median(150, 0.5)}
    assert billing.by_level == {1: 1.2, 3: 1.0}
    assert [len(crew.agents) for crew in scenario.crews] == [6, 2, 3]
    assert scenario.crews[0].agents[0].skills == {"billing": 3.0}
    found = simulate(scenario, 1).figures()
    assert found["answered"] > 100


def test_a_plan_file_may_hold_a_scenario() -> None:
    assert Plan.from_data(tomllib.loads(WHOLE)).hash == Scenario.from_data(tomllib.loads(WHOLE)).plan.hash


@pytest.mark.parametrize(
    ("old", "new", "messages"),
    [
        ("lines = 200", "lanes = 200", ["scenario.lanes: unknown"]),
        ("duration = 7200", "", ["scenario: .*duration"]),
        (
            'kind = "praise"',
            'kind = "blame"',
            [r"scenario.streams\[1\].arrivals: must name a mixture and a kind"],
        ),
        ("handling = 60", "handling = -60", [r"scenario.streams\[1\].handling: value must be"]),
        ("share = 0.5", "share = 5", [r"scenario.streams\[0\].returns: share must be a share"]),
        (
            'queue = "praise"\nchannel = "post"\narr',
            'queue = "no"\nchannel = "post"\narr',
            ["the plan has no queue 'no'"],
        ),
        ("agents = 6", "agents = -6", [r"scenario.crews\[0\]: a crew must have"]),
        ("agents = 3", "", [r"scenario.crews\[2\]: needs a name, and agents"]),
        ("needs = { billing = 2 }", 'needs = "billing >="', [r"scenario.streams\[0\].needs: "]),
        ("praise = 0.4 }", "praise = 0.5 }", ["scenario.mixtures.mentions: shares must be"]),
        ("sizes = [[0, 1], [3600, 3]]", "sizes = [3]", [r"scenario.crews\[2\]"]),
        ("shifts = [[0, 3600], [4000, 7200]]", "shifts = 3", [r"scenario.crews\[0\]"]),
        (
            "pace = [1.0, 0.7]\nskills = { billing = 2 }",
            "pace = [1.0, 0.7]\nskils = { billing = 2 }\nshift = 3",
            [r"scenario.crews\[1\].shift: unknown", r"scenario.crews\[1\].skils: unknown"],
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(old: str, new: str, messages: list[str]) -> None:
    text = WHOLE.replace(old, new, 1)
    assert text != WHOLE
    with pytest.raises(PlanError) as raised:
        Scenario.from_data(tomllib.loads(text))
    for message in messages:
        raised.match(message)


@pytest.mark.parametrize(
    "data", [{}, {"scenario": 3}, {"scenario": {"streams": 3}}, {"scenario": {"crews": [3]}}]
)
def test_what_is_no_scenario_is_refused(data: Any) -> None:
    with pytest.raises(PlanError, match="scenario"):
        Scenario.from_data(data)


EXAMPLES = Path(__file__).parents[1] / "examples" / "scenarios"
PAGE = (Path(__file__).parents[1] / "docs" / "reference" / "scenario.md").read_text()


def test_the_page_names_every_key() -> None:
    for kind in (Scenario, Stream, Crew, Customers, Return, Contagion, Reaction, Learning):
        for field in attrs.fields(kind):
            assert f"`{field.name}`" in PAGE or field.name == "plan", f"{kind.__name__}.{field.name}"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: str(path.stem))
def test_the_examples_can_be_simulated(
    path: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    figures = tmp_path / "figures.json"
    asked = ["simulate", str(path), "--seeds", "2", "--processes", "1", "--json", str(figures)]
    assert main([*asked, "--out", str(tmp_path / "tables")]) == 0
    assert "mean_wait" in capsys.readouterr().out
    assert json.loads(figures.read_text())["figures"]["answered"]["count"] == 2
    assert (tmp_path / "tables" / "interactions.parquet").is_file()


def test_two_scenarios_are_compared_in_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    one, other = EXAMPLES / "storm.toml", EXAMPLES / "storm_scored.toml"
    asked = ["simulate", str(other), "--against", str(one), "--seeds", "2", "--processes", "1"]
    assert main([*asked, "--json", "-"]) == 0
    said = capsys.readouterr()
    assert "who matters first against first come, first served: 2 pairs" in said.err
    told = json.loads(said.out)
    assert set(told["figures"]["asa"]) == {"a", "b", "difference"}
    assert len(told["hands"]) == 2


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (["nowhere.toml"], "nowhere.toml"),
        ([str(EXAMPLES / "storm.toml"), "--after-call", "3"], "go with --replay only"),
        ([str(EXAMPLES / "storm.toml"), "--warm-up", "99999999"], "warm_up must be seconds"),
        (["--replay", "calls.csv", "--warm-up", "3"], "go with a scenario only"),
    ],
)
def test_what_cannot_be_simulated_is_refused_in_one_line(
    asked: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", *asked]) == 2
    said = capsys.readouterr().err
    assert problem in said
    assert said.count("\n") == 1
