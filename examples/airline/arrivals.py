"""Who tweets when, to which desk, in what mood?

Conversations start calmly, one by one, or in bursts: an *incident* strikes one airline, a
*storm* all of them (a doubly stochastic process; Neyman and Scott's clusters). Each start is
an author, who may tweet again after a silence, mostly of minutes. Both make the hourly counts
far more uneven than Poisson's.

Law: *mixes stay what was measured.* What a burst adds in anger, the calm starts lack.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import figures as real
from draw import Dice, at_share

__all__ = ["DAY", "Post", "arrivals"]

DAY, HOUR = 86400, 3600  # seconds
HOUR_WEIGHTS = {airline: dict(enumerate(hours)) for airline, hours in real.HOURS.items()}
POST_WEIGHTS = {airline: dict(enumerate(posts, 1)) for airline, posts in real.POSTS.items()}
STARTS_A_DAY = {airline: sum(hours) / real.DAYS_MEASURED for airline, hours in real.HOURS.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """Somebody begins to tweet to a desk, *at* seconds after the first midnight."""

    at: float
    airline: str
    cause: float | None  # of the burst, as a share of the reasons; None on a calm start


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Post:
    """One tweet without its words, *at* whole seconds after the first midnight."""

    at: int
    author: int
    turn: int  # 0 is the author's first
    airline: str
    sentiment: str
    reason: str  # empty unless the sentiment is negative


def arrivals(dice: Dice, days: int, scale: float) -> list[Post]:
    """The tweets of *days* whole days in order of time, at *scale* times the real volume.

    A scale makes more bursts, not larger ones: the index of dispersion stays about the same.

    Cost: O(n log n) for n tweets.
    """
    begun = list(starts(dice, days, scale))
    activity = Activity(begun, days, scale)
    posts: list[Post] = []
    for author, start in enumerate(begun):
        posts += conversation(dice, author, start, activity)
    return sorted(posts)


def starts(dice: Dice, days: int, scale: float) -> Iterator[Start]:
    """Every conversation's start, airline by airline, the storms last."""
    for airline, a_day in STARTS_A_DAY.items():
        expected = a_day * days * scale
        for _ in range(dice.poisson(expected * (1.0 - tense_share(airline)))):
            at = moment(dice, airline, dice.below(days))
            yield Start(at=at, airline=airline, cause=None)
        for _ in range(dice.poisson(expected * real.IN_INCIDENT[airline] / real.INCIDENT_SIZE)):
            size = dice.geometric(real.INCIDENT_SIZE)
            yield from burst(dice, dice.below(days), {airline: 1.0}, size)
    yield from storms(dice, days, scale)


def storms(dice: Dice, days: int, scale: float) -> Iterator[Start]:
    """The starts because of storms, which are dealt to the days in turn.

    By chance alone the days would differ more than was measured.
    """
    hit = {airline: a_day * real.IN_STORM[airline] for airline, a_day in STARTS_A_DAY.items()}
    first = dice.below(days)
    for nth in range(dice.rounded(sum(hit.values()) * days * scale / real.STORM_SIZE)):
        size = dice.rounded(real.STORM_SIZE * (0.5 + dice.random()))
        yield from burst(dice, (first + nth) % days, hit, size)


def tense_share(airline: str) -> float:
    """Share of the conversations with *airline* that start in a burst."""
    return real.IN_INCIDENT[airline] + real.IN_STORM[airline]


def moment(dice: Dice, airline: str, day: int) -> float:
    """Seconds after the first midnight, on *day* (from 0), by the airline's hours."""
    return day * DAY + (dice.weigh(HOUR_WEIGHTS[airline]) + dice.random()) * 3600.0


def burst(dice: Dice, day: int, hit: Mapping[str, float], size: int) -> Iterator[Start]:
    """The *size* starts that one cause sets off, airlines by the weights of *hit*."""
    cause = dice.random()
    # One mean delay early, so that the burst as a whole keeps to the hours.
    begins = moment(dice, dice.weigh(hit), day) - real.BURST_DECAY
    for _ in range(size):
        at = begins + dice.exponential(real.BURST_DECAY)
        yield Start(at=at, airline=dice.weigh(hit), cause=cause)


class Activity:
    """How busy a desk's hours are, next to what is usual at that time of day."""

    def __init__(self, begun: Iterable[Start], days: int, scale: float) -> None:
        self.span = days * DAY
        self._starts = Counter((start.airline, int(start.at % self.span) // HOUR) for start in begun)
        self._scale = scale

    def at(self, airline: str, second: float) -> float:
        """Conversations started in that hour over the usual number; 1.0 is usual."""
        hour = int(second % self.span) // HOUR
        usual = real.HOURS[airline][hour % 24] / real.DAYS_MEASURED * self._scale
        # Some are added to both: one start in a quiet hour is not a burst.
        some = real.RETURN_CALM * self._scale
        return (self._starts[airline, hour] + some) / (usual + some)


def conversation(dice: Dice, author: int, start: Start, activity: Activity) -> Iterator[Post]:
    """What one author posts, in order of time."""
    sentiment = reason = ""
    for turn, at in enumerate(times(dice, start, activity)):
        sentiment = mood(dice, start, sentiment)
        reason = blame(dice, start, reason) if sentiment == "negative" else ""
        yield Post(
            at=at,
            author=author,
            turn=turn,
            airline=start.airline,
            sentiment=sentiment,
            reason=reason,
        )


def times(dice: Dice, start: Start, activity: Activity) -> list[int]:
    """When the author posts: whole seconds, 0 up to, not including, the span of all days.

    What would fall off one end comes in at the other: no hour is short of old conversations,
    and the number of tweets by author is as measured, even in a single day.
    """
    posts = dice.weigh(POST_WEIGHTS[start.airline])
    if posts == real.HEAVY_FROM:
        posts += dice.geometric(real.HEAVY_MEAN - real.HEAVY_FROM + 1.0) - 1
    at = start.at
    found = [at]
    for _ in range(posts - 1):
        at = resumed(dice, start.airline, at, activity)
        found.append(at)
    return sorted(math.floor(at) % activity.span for at in found)


def resumed(dice: Dice, airline: str, at: float, activity: Activity) -> float:
    """When an author who posted *at* posts again: rather when many others do."""
    for _ in range(real.RETURN_TRIES):
        later = at + dice.between(real.SILENCES)
        if dice.chance(activity.at(airline, later) / real.RETURN_BUSY):
            break
    return later


def mood(dice: Dice, start: Start, before: str) -> str:
    """The sentiment of a tweet, by its airline, its burst and the author's tweet *before*."""
    if before and dice.chance(real.KEPT_SENTIMENT):
        return before
    calm, tense = MOODS[start.airline]
    return dice.weigh(calm if start.cause is None else tense)


def blame(dice: Dice, start: Start, before: str) -> str:
    """The reason of a complaint.

    A burst's cause is a place in the mix of reasons, the same for all it hits: so many
    complain about one thing, and the mix over all bursts is still the airline's.
    """
    if before and dice.chance(real.KEPT_REASON):
        return before
    gripped = start.cause is not None and dice.chance(real.BURST_GRIP)
    share = start.cause if gripped and start.cause is not None else dice.random()
    return at_share(real.REASONS[start.airline], share)


def moods(airline: str) -> tuple[dict[str, float], dict[str, float]]:
    """The mix of sentiments of calm starts and of bursts, which add up to the airline's."""
    counts = real.SENTIMENTS[airline]
    mix = {sentiment: count / sum(counts.values()) for sentiment, count in counts.items()}
    tense = {key: share * (1.0 - real.BURST_TENSION) for key, share in mix.items()}
    tense["negative"] += real.BURST_TENSION
    bursts = tense_share(airline)
    calm = {key: (mix[key] - bursts * tense[key]) / (1.0 - bursts) for key in mix}
    return calm, tense


MOODS = {airline: moods(airline) for airline in real.AIRLINES}
