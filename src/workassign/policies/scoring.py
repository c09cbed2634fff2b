"""How much head start does this interaction deserve?

Everything is said in one unit that an operator understands: seconds of waiting. A furious
customer who gets 900 is treated as if she had waited fifteen minutes longer.

What is known of a customer beyond her `Customer` stands in attributes of the interaction:
`churn_risk`, `satisfaction`, `contacts`, `open_orders`. An attribute that is missing, is no number
or lies out of its range gives no head start.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from workassign.model import Instant, Interaction
from workassign.needs import checked_name
from workassign.policies.fields import cases_of, field_of
from workassign.policies.naming import factory

__all__ = [
    "Scorer",
    "by",
    "capped",
    "churn_risk",
    "customer_value",
    "influence",
    "open_orders",
    "repeat_contact",
    "satisfaction",
    "scaled",
    "sentiment",
    "topic_severity",
    "weighted",
]

Scorer: TypeAlias = Callable[[Interaction, Instant], float]
"""Seconds of head start, finite and >= 0, for an interaction submitted at an instant."""


def _checked(name: str, value: float, least: float = 0.0) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not (least <= value < math.inf):
        raise ValueError(f"{name} must be a finite number >= {least:g}, not {value!r}")
    return float(value)


def _checked_most(most: float) -> float:
    if _checked("most", most) == 0:
        raise ValueError("most must be positive, not 0")
    return float(most)


@factory
def customer_value(most: float = 600.0, quantiles: Sequence[float] = (0.0, 1000.0)) -> Scorer:
    """Give a customer seconds by where her lifetime value stands among all customers'.

    *quantiles* are that distribution: equally spaced quantiles of the lifetime values, the
    smallest first (two: minimum and maximum; eleven: every tenth). The rank in between is
    linear, so a few whales do not flatten everybody else. Unknown value: no head start.

    Raises:
        ValueError: If there are fewer than two quantiles, or they fall.

    >>> score = customer_value(most=600, quantiles=[0, 100, 10_000])
    >>> from workassign.model import Customer
    >>> score(Interaction(id="a", customer=Customer(id="c", value=100)), 0.0)
    300.0
    """
    seconds = _checked_most(most)
    steps = [_checked("a quantile", each, -1e15) for each in quantiles]
    if len(steps) < 2 or steps != sorted(steps):
        raise ValueError(f"quantiles must be two or more numbers that rise, not {list(quantiles)!r}")
    last = len(steps) - 1

    def score(interaction: Interaction, at: Instant) -> float:
        customer = interaction.customer
        if customer is None or customer.value is None or customer.value < steps[0]:
            return 0.0
        if customer.value > steps[last]:
            return seconds
        left, right = bisect_left(steps, customer.value), bisect_right(steps, customer.value)
        if right > left:  # it is a quantile itself, perhaps several: take their middle
            return seconds * (left + right - 1) / 2 / last
        low, high = steps[left - 1], steps[left]
        return seconds * (left - 1 + (customer.value - low) / (high - low)) / last

    return score


@factory
def influence(most: float = 600.0, followers_for_most: float = 1_000_000.0) -> Scorer:
    """Give an author seconds by her influence score (0-100), else by her followers.

    Followers count on a log scale, `log(1 + followers) / log(1 + followers_for_most)`, so that a
    star does not drown everybody: ten times the followers add the same seconds everywhere.

    >>> from workassign.model import Customer
    >>> score = influence(most=600, followers_for_most=999_999)
    >>> score(Interaction(id="a", customer=Customer(id="c", followers=999)), 0.0)
    300.0
    """
    seconds = _checked_most(most)
    full = math.log1p(_checked("followers_for_most", followers_for_most, 1))

    def score(interaction: Interaction, at: Instant) -> float:
        customer = interaction.customer
        if customer is None:
            return 0.0
        if customer.influence is not None:
            return seconds * customer.influence / 100
        if customer.followers is not None:
            return seconds * min(round(math.log1p(customer.followers) / full, 12), 1.0)
        return 0.0

    return score


@factory
def sentiment(most: float = 900.0) -> Scorer:
    """Give an unhappy message seconds: *most* at -1, none at 0 and above or where unknown.

    >>> sentiment(most=900)(Interaction(id="a", sentiment=-0.5), 0.0)
    450.0
    """
    seconds = _checked_most(most)

    def score(interaction: Interaction, at: Instant) -> float:
        felt = interaction.sentiment
        return 0.0 if felt is None or felt >= 0 else -felt * seconds

    return score


@factory
def by(field: str, cases: Mapping[str, float], otherwise: float = 0.0) -> Scorer:
    """Give seconds by channel, tier, customer segment or an attribute of the interaction.

    *field* is `channel`, `tier` (that of the interaction itself), `segment` or an attribute's
    name; *cases* has the seconds for its values, as text. *otherwise* is for all other values.

    Raises:
        UsageError: If *field* is no name.
        ValueError: If there are no cases, or seconds are no finite number >= 0.

    >>> from workassign.model import Customer
    >>> score = by("segment", {"vip": 90})
    >>> score(Interaction(id="a", customer=Customer(id="c", segment="vip")), 0.0)
    90.0
    >>> score(Interaction(id="b"), 0.0)
    0.0
    """
    value_of = field_of(field)
    known = {value: _checked(f"cases.{value}", each) for value, each in cases_of(cases).items()}
    rest = _checked("otherwise", otherwise)

    def score(interaction: Interaction, at: Instant) -> float:
        value = value_of(interaction)
        return rest if value is None else known.get(str(value), rest)

    return score


@factory
def topic_severity(cases: Mapping[str, float], otherwise: float = 0.0) -> Scorer:
    """Give seconds by how grave the topic is: the attribute `topic`, as screening sets it.

    *cases* has the seconds for each topic; *otherwise* is for every other one, and for none.

    Raises:
        ValueError: If there are no cases, or seconds are no finite number >= 0.

    >>> score = topic_severity({"injury": 1800, "lost luggage": 300})
    >>> score(Interaction(id="a", attributes={"topic": "injury"}), 0.0)
    1800.0
    """
    return by("topic", cases, otherwise)


@factory
def churn_risk(most: float = 300.0, full: float = 1.0) -> Scorer:
    """Give a customer seconds who may leave: her risk, 0 to 1, over *full*, from which on it is *most*.

    Read from the attribute `churn_risk`.

    >>> churn_risk(most=300, full=0.5)(Interaction(id="a", attributes={"churn_risk": 0.25}), 0.0)
    150.0
    """
    if not 0 < _checked("full", full) <= 1:
        raise ValueError(f"full must be above 0 and at most 1, not {full!r}")
    return _by_attribute("churn_risk", most, (0.0, full), (0.0, 1.0))


@factory
def satisfaction(most: float = 300.0, satisfied: float = 4.0) -> Scorer:
    """Give a customer seconds whom we have let down: *most* at 1 of 5, none from *satisfied* up.

    Read from the attribute `satisfaction`: what she has said of us so far, 1 (very dissatisfied) to
    5 (very satisfied). 4 and 5 are the answers that a CSAT figure counts as satisfied.

    >>> satisfaction(most=300)(Interaction(id="a", attributes={"satisfaction": 2}), 0.0)
    200.0
    """
    if not 1 < _checked("satisfied", satisfied) <= 5:
        raise ValueError(f"satisfied must be above 1 and at most 5, not {satisfied!r}")
    return _by_attribute("satisfaction", most, (satisfied, 1.0), (1.0, 5.0))


@factory
def repeat_contact(most: float = 300.0, full: float = 5.0) -> Scorer:
    """Give a customer seconds who had to write again: her earlier contacts over *full*, at most *most*.

    Read from the attribute `contacts`: how often she wrote in the last 30 days, before this time.

    >>> repeat_contact(most=300, full=3)(Interaction(id="a", attributes={"contacts": 2}), 0.0)
    200.0
    """
    return _by_attribute("contacts", most, (0.0, _checked_full(full)), (0.0, math.inf))


@factory
def open_orders(most: float = 120.0, full: float = 3.0) -> Scorer:
    """Give a customer seconds who waits for something: her open orders over *full*, at most *most*.

    Read from the attribute `open_orders`.

    >>> open_orders(most=120, full=3)(Interaction(id="a", attributes={"open_orders": 1}), 0.0)
    40.0
    """
    return _by_attribute("open_orders", most, (0.0, _checked_full(full)), (0.0, math.inf))


@factory
def scaled(field: str, most: float, zero: float = 0.0, full: float = 1.0) -> Scorer:
    """Give seconds by any attribute that is a number: none at *zero*, *most* at *full*, linear between.

    *full* may lie below *zero*: then the less, the more seconds. Beyond both it stays as it is there.

    Raises:
        UsageError: If *field* is no name.
        ValueError: If *most* is not positive, or *zero* and *full* are no two different numbers.

    >>> scaled("urgency", most=600, zero=1, full=5)(Interaction(id="a", attributes={"urgency": 4}), 0.0)
    450.0
    """
    checked_name(field, "field")
    ends = (_checked("zero", zero, -1e15), _checked("full", full, -1e15))
    if ends[0] == ends[1]:
        raise ValueError(f"zero and full must differ, not both be {zero!r}")
    return _by_attribute(field, most, ends, (-math.inf, math.inf))


def _by_attribute(name: str, most: float, ends: tuple[float, float], bounds: tuple[float, float]) -> Scorer:
    """Return what gives none at the first of *ends*, *most* at the second, none out of *bounds*."""
    seconds = _checked_most(most)
    (zero, full), (low, high) = ends, bounds

    def score(interaction: Interaction, at: Instant) -> float:
        value = interaction.attributes.get(name)
        if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
            return 0.0
        share = (value - zero) / (full - zero)
        return seconds * min(max(share, 0.0), 1.0)

    return score


def _checked_full(full: float) -> float:
    if _checked("full", full) == 0:
        raise ValueError("full must be positive, not 0")
    return float(full)


@factory
def weighted(parts: Sequence[tuple[float, Scorer]]) -> Scorer:
    """Add scores up, each times its weight (>= 0).

    >>> score = weighted([(2.0, sentiment(most=100)), (1.0, influence(most=50))])
    >>> score(Interaction(id="a", sentiment=-1), 0.0)
    200.0
    """
    terms = [(_checked("a weight", weight), part) for weight, part in parts]

    def score(interaction: Interaction, at: Instant) -> float:
        return math.fsum(weight * part(interaction, at) for weight, part in terms)

    return score


@factory
def capped(parts: Sequence[tuple[float, Scorer]], most: float = 900.0) -> Scorer:
    """Add weighted scores up, never more than *most* seconds in all.

    >>> capped([(1.0, sentiment(most=900))], most=60)(Interaction(id="a", sentiment=-1), 0.0)
    60.0
    """
    total, seconds = weighted(parts), _checked_most(most)

    def score(interaction: Interaction, at: Instant) -> float:
        return min(total(interaction, at), seconds)

    return score
