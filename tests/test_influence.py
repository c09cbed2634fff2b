"""How influential an author is: by what is known of her, ranked among what the desk has seen."""

from __future__ import annotations

import json
import math
import random
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workassign.errors import PlanError, UsageError
from workassign.social.mentions import Mention
from workassign.social.people.influence import DEFAULT_SCALE, History, Influence, Rolling, Weights, calibrated

COUNTS = st.none() | st.integers(0, 10**10)
FIGURES = st.fixed_dictionaries(
    {"followers": COUNTS, "verified": st.none() | st.booleans(), "likes": COUNTS, "reposts": COUNTS}
)
SCALES = st.lists(st.floats(-5, 50), min_size=2, max_size=30).map(
    lambda steps: Influence(quantiles=tuple(sorted(steps)))
)


def mention(**figures: Any) -> Mention:
    return Mention(id="1", at=0.0, text="hello", author="ann", **figures)


def crowd(number: int, seed: int = 1) -> list[Mention]:
    dice = random.Random(seed)
    return [
        mention(followers=int(dice.lognormvariate(5.5, 2.0)), verified=dice.random() < 0.02)
        for _ in range(number)
    ]


# --- what is known, added up ----------------------------------------------------------------------


def test_where_nothing_is_known_there_is_no_score() -> None:
    assert Influence().parts(mention()) == {}
    assert Influence().raw(mention()) is None
    assert Influence().score(mention()) is None


def test_each_thing_that_is_known_says_what_it_adds() -> None:
    found = Influence().parts(mention(followers=999, verified=True, likes=90, replies=9), reach=9_999)
    assert found == pytest.approx({"followers": 3.0, "verified": 0.5, "engagement": 1.0, "reach": 2.0})
    assert Influence().raw(mention(followers=999, verified=True, likes=90, replies=9), 9_999) == 6.5
    assert Influence().parts(mention(verified=False)) == {"verified": 0.0}


def test_ten_times_as_much_adds_the_same_everywhere() -> None:
    scale = Influence(weights=Weights(followers=2.0))
    raws = [scale.raw(mention(followers=10**power - 1)) for power in range(7)]
    assert raws == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0]


def test_a_storm_lifts_what_it_repeats() -> None:
    one = mention(followers=50)
    alone, repeated, storm = (Influence().raw(one, reach) or 0.0 for reach in (0, 1_000, 1_000_000))
    assert alone < repeated < storm


@pytest.mark.parametrize("count", [-1, -(10**9), math.nan])
def test_a_figure_that_is_no_count_adds_nothing(count: float) -> None:
    assert Influence().score(mention(followers=count)) == 0.0
    assert Influence().score(mention(followers=0), reach=count) == 0.0


def test_a_figure_beyond_all_measure_is_bounded() -> None:
    assert Influence().raw(mention(followers=10**400), math.inf) == 18.0


# --- ranked ---------------------------------------------------------------------------------------


@given(
    scale=SCALES, figures=FIGURES, more=FIGURES, reach=st.integers(0, 10**12), further=st.integers(0, 10**12)
)
def test_more_of_anything_never_scores_less(
    scale: Influence, figures: dict[str, Any], more: dict[str, Any], reach: int, further: int
) -> None:
    """And a score is from 0 to 100, and the same if it is asked for twice."""
    grown = {
        name: figures[name] if more[name] is None else max(more[name], figures[name] or 0) for name in figures
    }
    less, greater = scale.score(mention(**figures), reach), scale.score(mention(**grown), reach + further)
    assert less == scale.score(mention(**figures), reach)
    if less is not None:
        assert greater is not None
        assert 0 <= less <= greater <= 100


def test_a_score_is_the_percentile_among_the_desks_own() -> None:
    """As many of the history score below a number as it says, give or take one in a hundred."""
    history = crowd(5_000)
    scale = calibrated(history)
    scores = sorted(score for each in history if (score := scale.score(each)) is not None)
    for percent in range(0, 101, 5):
        below = sum(score <= percent for score in scores) / len(scores)
        assert below == pytest.approx(percent / 100, abs=0.012)


def test_equals_share_the_middle_of_their_ranks() -> None:
    """Three in ten without a follower are not at 0: they are as far up as their middle."""
    history = [mention(followers=0)] * 30 + [mention(followers=10 + number) for number in range(70)]
    scale = calibrated(history)
    assert scale.score(mention(followers=0)) == pytest.approx(15, abs=1)
    assert calibrated([mention(followers=7)] * 9).score(mention(followers=7)) == 50.0


def test_beyond_all_that_was_seen_the_score_is_0_or_100() -> None:
    scale = calibrated([mention(followers=count) for count in (10, 20, 30)])
    assert [scale.score(mention(followers=count)) for count in (5, 10, 20, 30, 99)] == [0, 0, 50, 100, 100]


def test_a_desk_without_history_has_a_scale_all_the_same() -> None:
    assert calibrated([]).quantiles == calibrated([mention()]).quantiles == DEFAULT_SCALE
    assert Influence().score(mention(followers=999_999, verified=True, likes=999)) == 100.0
    assert Influence().score(mention(followers=300)) == pytest.approx(31, abs=0.1)


@given(counts=st.lists(st.integers(0, 10**7), min_size=1, max_size=50), seed=st.integers())
def test_the_order_of_a_history_does_not_matter(counts: list[int], seed: int) -> None:
    history = [mention(followers=count) for count in counts]
    mixed = list(history)
    random.Random(seed).shuffle(mixed)
    assert calibrated(history) == calibrated(mixed)


@given(counts=st.lists(st.integers(0, 10**7), min_size=1, max_size=50))
def test_quantiles_are_those_that_numpy_takes(counts: list[int]) -> None:
    numpy = pytest.importorskip("numpy")
    raws = [Influence().raw(mention(followers=count)) for count in counts]
    expected = numpy.quantile(raws, [step / 100 for step in range(101)])
    assert calibrated([mention(followers=count) for count in counts]).quantiles == pytest.approx(
        tuple(expected), abs=0.00051
    )


def test_a_long_history_takes_little_room() -> None:
    """One number for each different sum, however many mentions there are."""
    seen = History()
    for number in range(100_000):
        seen.add(mention(followers=number * 7919 % 1_000_003))
    assert len(seen) == 100_000
    assert len(seen._counts) < 10_000
    assert len(seen.scale().quantiles) == 101


# --- the latest -----------------------------------------------------------------------------------


def test_a_rolling_scale_follows_the_desk() -> None:
    rolling = Rolling(last=200, every=100)
    someone = mention(followers=1_000)
    assert rolling.score(someone) == Influence().score(someone)
    for each in crowd(399):
        rolling.score(each)
    usual = rolling.scale.score(someone)
    for _ in range(200):
        rolling.score(mention(followers=1_000_000))
    assert usual is not None
    assert usual > 50
    assert rolling.scale.score(someone) == 0.0
    assert len(rolling._raws) == 200


def test_the_same_stream_gets_the_same_scores() -> None:
    one, other = Rolling(last=300, every=50), Rolling(last=300, every=50)
    stream = crowd(1_000)
    assert [one.score(each) for each in stream] == [other.score(each) for each in stream]


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"last": 1}, "last must be a whole number from 2 to 10000000, not 1"),
        ({"every": 0}, "every must be a whole number from 1 to 20000, not 0"),
        ({"last": 10, "every": 11}, "every must be a whole number from 1 to 10, not 11"),
    ],
)
def test_a_window_that_cannot_be_is_refused(settings: dict[str, Any], rule: str) -> None:
    with pytest.raises(UsageError, match=rule):
        Rolling(**settings)


# --- as data --------------------------------------------------------------------------------------


def test_a_scale_comes_back_from_its_table() -> None:
    scale = calibrated(crowd(100), Weights(verified=3, reach=0))
    assert Influence.from_data(json.loads(json.dumps(scale.as_data()))) == scale
    table = tomllib.loads("quantiles = [0, 2.5, 9]\nweights = { engagement = 2 }")
    found = Influence.from_data(table)
    assert found == Influence(quantiles=(0.0, 2.5, 9.0), weights=Weights(engagement=2.0))
    assert Influence.from_data({}) == Influence()


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ([], "influence: must be a table, not list"),
        ({"quantile": [1]}, "influence.quantile: unknown"),
        ({"quantiles": [1]}, "influence: quantiles must be a list of 2 to 1001 numbers"),
        ({"quantiles": [2, 1]}, "influence: quantiles must rise"),
        ({"quantiles": [0, "many"]}, "influence.quantiles[1]: must be a number, not 'many'"),
        ({"quantiles": [0, math.nan]}, "influence.quantiles[1]: must be finite, not nan"),
        ({"weights": {"likes": 1}}, "influence.weights.likes: unknown"),
        ({"weights": {"reach": 11}}, "influence.weights: reach must be a number from 0 to 10, not 11.0"),
        (
            {"weights": dict.fromkeys(("followers", "verified", "engagement", "reach"), 0)},
            "influence.weights: a weight must be above 0: else all are alike",
        ),
    ],
)
def test_a_table_that_is_wrong_is_refused_with_its_path(table: Any, problem: str) -> None:
    with pytest.raises(PlanError) as caught:
        Influence.from_data(table)
    assert caught.value.problems[0].startswith(problem)
