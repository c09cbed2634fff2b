"""Scenarios can be written in a plan file, and a wrong one says what is wrong, all at once."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from workassign import Plan
from workassign.errors import PlanError
from workassign.lab.arrivals import Busy, Part, Profile
from workassign.lab.distributions import Exponential, LogNormal
from workassign.lab.scenario import Scenario
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
        ('needs = { billing = 2 }', 'needs = "billing >="', [r"scenario.streams\[0\].needs: "]),
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
