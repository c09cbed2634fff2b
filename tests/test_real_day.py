"""Real tweets to six airlines, under the example's plan. The file is no part of the repository."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workassign.cli import main

ROOT = Path(__file__).parents[1]
NAME = Path("shared/data/airline/airline_tweets_2015-02-16_21.csv.gz")
TWEETS = ROOT.parent / NAME


@pytest.mark.slow
@pytest.mark.skipif(not TWEETS.exists(), reason=f"../{NAME} is not there")
def test_every_real_tweet_is_accounted_for(tmp_path: Path) -> None:
    """All 7,189: bad, screened out, answered, or still waiting; and the journal verifies."""
    plan = str(ROOT / "examples/airline/plan.toml")
    out, file = tmp_path / "out", tmp_path / "figures.json"

    assert (
        main(["run", plan, "--mentions", str(TWEETS), "--out", str(out), "--json", str(file), "--no-report"])
        == 0
    )
    assert main(["verify", str(out)]) == 0

    found = json.loads(file.read_text(encoding="utf-8"))
    funnel, total = found["funnel"], found["run"]["total"]
    assert funnel["read"] == 7189
    assert funnel["bad"] == []
    assert funnel["read"] == sum(funnel["dropped"].values()) + total["entered"]
    assert total["entered"] == total["answered"] + total["abandoned"] + total["waiting"]
    # A desk that is busy, and still keeps its word most of the time.
    assert 0.8 < total["hit_rate"] < 0.95
    assert 0.6 < found["run"]["occupancy"] < 0.9
    assert 300 < total["waits"]["p90"] < 1800
    unhappy = next(each for each in found["effects"] if each["group"] == "most unhappy")
    assert unhappy["scored"]["waits"]["p90"] < unhappy["unscored"]["waits"]["p90"]
