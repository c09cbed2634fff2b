"""Which figures does a file of tweets have, and how near are they to the real ones?

`measured` is how the tables of `figures` came about: run it on the real set and it gives
them back. Only whole days count, and a day is the local one of the timestamps.
"""

import csv
import gzip
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from statistics import fmean, median, pstdev
from typing import NamedTuple

import figures as real

__all__ = ["COLUMNS", "Tweet", "expected", "measured", "read", "side_by_side"]

COLUMNS = (
    *("tweet_id", "created_at", "airline", "airline_sentiment", "airline_sentiment_confidence"),
    *("negativereason", "retweet_count", "user_hash", "text"),
)
HOURS = range(24)
SOON, WITHIN_AN_HOUR = 300.0, 3600.0  # seconds
OFTEN = 5  # tweets
WHOLE = 0.1  # a day with less than this share of the busiest day's tweets is not whole
SPANISH = r"\b(?:vuelos?|maletas?|equipaje|nadie|gracias|reserva|llevo|pésima)\b"

Figures = dict[str, float]


class Tweet(NamedTuple):
    """One row, as far as it is measured."""

    at: datetime
    airline: str
    sentiment: str
    confidence: float
    reason: str
    retweets: int
    author: str
    text: str


def read(path: Path) -> list[Tweet]:
    """The tweets of a CSV file, plain or .gz, in its order.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it has other columns or a value of another kind.
    """
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        table = csv.reader(file)
        if tuple(next(table, ())) != COLUMNS:
            message = f"{path}: the columns must be {', '.join(COLUMNS)}"
            raise ValueError(message)
        try:
            return [tweet(row) for row in table]
        except ValueError as error:
            message = f"{path}, line {table.line_num}: {error}"
            raise ValueError(message) from error


def tweet(row: Sequence[str]) -> Tweet:
    """One row of the file."""
    _, at, airline, sentiment, confidence, reason, retweets, author, text = row
    return Tweet(
        at=datetime.fromisoformat(at),
        airline=airline,
        sentiment=sentiment,
        confidence=float(confidence),
        reason=reason,
        retweets=int(retweets),
        author=author,
        text=text,
    )


def measured(tweets: Sequence[Tweet]) -> Figures:
    """The figures of *tweets* by name. What cannot be said of so few is left out."""
    days = Counter(tweet.at.date() for tweet in tweets)
    whole = sorted(day for day, count in days.items() if count >= WHOLE * max(days.values()))
    kept = sorted((tweet for tweet in tweets if tweet.at.date() in set(whole)), key=lambda tweet: tweet.at)
    if not kept:
        return {}
    return {
        "days": len(whole),
        **volumes(kept, whole),
        **dispersions(kept, whole),
        **mixes(kept),
        **labels(kept),
        **habits(kept),
        **wordings(kept),
    }


def volumes(tweets: Sequence[Tweet], days: Sequence[date]) -> Figures:
    """Tweets a day by airline, how the days differ, and when conversations start."""
    airlines = Counter(tweet.airline for tweet in tweets)
    by_day = Counter(tweet.at.date() for tweet in tweets)
    begun = Counter(tweet.at.hour for tweet in firsts(tweets))
    counts = [by_day[day] for day in days]
    return {
        **{f"tweets a day, {name}": airlines[name] / len(days) for name in real.AIRLINES},
        "tweets a day, all": len(tweets) / len(days),
        "cv of the days": pstdev(counts) / fmean(counts),
        **{f"starts at {hour:02} h": begun[hour] / begun.total() for hour in HOURS},
    }


def firsts(tweets: Iterable[Tweet]) -> list[Tweet]:
    """The first tweet of each author to each airline, of *tweets* in order of time."""
    first: dict[tuple[str, str], Tweet] = {}
    for tweet in tweets:
        first.setdefault((tweet.author, tweet.airline), tweet)
    return list(first.values())


def dispersions(tweets: Sequence[Tweet], days: Sequence[date]) -> Figures:
    """How uneven the hours are, of all tweets and of starts; nothing for a single day."""
    if len(days) == 1:
        return {}
    found: Figures = {}
    for what, some in ("tweets", tweets), ("starts", firsts(tweets)):
        for name in real.DISPERSION[what]:
            chosen = [tweet for tweet in some if name in {tweet.airline, "all"}]
            found[f"dispersion of {what}, {name}"] = dispersion(chosen, days)
    return found


def dispersion(tweets: Iterable[Tweet], days: Sequence[date]) -> float:
    """Index of dispersion of the hourly counts about each hour's mean over the *days*.

    The daily profile is thereby removed. Poisson arrivals give 1.0, however many they are.
    """
    counts = Counter((tweet.at.hour, tweet.at.date()) for tweet in tweets)
    terms = []
    for hour in HOURS:
        hourly = [counts[hour, day] for day in days]
        mean = fmean(hourly)
        if mean > 0.0:
            squares = sum((count - mean) ** 2 for count in hourly)
            terms.append(squares / mean / (len(days) - 1))
    return fmean(terms) if terms else 0.0


def mixes(tweets: Sequence[Tweet]) -> Figures:
    """Sentiments by airline, reasons of the negative ones by airline."""
    found: Figures = {}
    for name, sentiments in real.SENTIMENTS.items():
        mine = Counter(tweet.sentiment for tweet in tweets if tweet.airline == name)
        found |= {f"{key}, {name}": share(mine[key], mine.total()) for key in sentiments}
    for name, reasons in real.REASONS.items():
        mine = Counter(tweet.reason for tweet in tweets if tweet.airline == name and tweet.reason)
        found |= {f"{key}, {name}": share(mine[key], mine.total()) for key in reasons}
    return found


def share(part: float, whole: float) -> float:
    """*part* of *whole*; 0.0 where there is nothing."""
    return part / whole if whole else 0.0


def labels(tweets: Sequence[Tweet]) -> Figures:
    """Confidence and retweets by sentiment, and how many tweets have a reason."""
    found = {"reason is empty": share(sum(not tweet.reason for tweet in tweets), len(tweets))}
    for mood in real.CONFIDENT:
        mine = [tweet for tweet in tweets if tweet.sentiment == mood]
        doubted = [tweet.confidence for tweet in mine if tweet.confidence < 1.0]
        sure = len(mine) - len(doubted)
        found[f"confidence is 1.0, {mood}"] = share(sure, len(mine))
        found[f"other confidence, median, {mood}"] = median(doubted or [1.0])
        retweeted = sum(tweet.retweets > 0 for tweet in mine)
        found[f"retweeted, {mood}"] = share(retweeted, len(mine))
    return found


def habits(tweets: Iterable[Tweet]) -> Figures:
    """How often authors tweet again to a desk, how soon, and how steadily."""
    authors: defaultdict[tuple[str, str], list[Tweet]] = defaultdict(list)
    for tweet in tweets:
        authors[tweet.author, tweet.airline].append(tweet)
    counts = Counter(len(mine) for mine in authors.values())
    steps = [step for mine in authors.values() for step in pairwise(mine)]
    gaps = [(later.at - before.at).total_seconds() for before, later in steps]
    complaints = [(b.reason, a.reason) for b, a in steps if b.reason and a.reason]
    kept = sum(before.sentiment == later.sentiment for before, later in steps)
    return {
        "tweets by author": share(sum(len(mine) for mine in authors.values()), len(authors)),
        "authors with 1 tweet": share(counts[1], counts.total()),
        "authors with 2 tweets": share(counts[2], counts.total()),
        "authors with 5 or more": share(
            sum(count for size, count in counts.items() if size >= OFTEN), counts.total()
        ),
        "silence of an author, median s": median(gaps or [0.0]),
        "silence under 5 min": share(sum(gap < SOON for gap in gaps), len(gaps)),
        "silence under 1 h": share(sum(gap < WITHIN_AN_HOUR for gap in gaps), len(gaps)),
        "sentiment as before": share(kept, len(steps)),
        "reason as before": share(sum(b == a for b, a in complaints), len(complaints)),
    }


def wordings(tweets: Sequence[Tweet]) -> Figures:
    """Lengths, repetition and keywords of the texts."""
    texts = [tweet.text for tweet in tweets]
    found = {
        "repeated texts": 1.0 - len(set(texts)) / len(texts),
        "length of a text, median": median(len(text) for text in texts),
        "texts with a link": contain("https?://", texts),
        "texts with a hashtag": contain(r"#\w", texts),
        "texts with &": contain("&amp;", texts),
        "Spanish texts": contain(SPANISH, texts),
    }
    for mood, pattern in real.KEYWORDS:
        mine = [tweet.text for tweet in tweets if tweet.sentiment == mood]
        found[f"{mood} with {pattern}"] = contain(pattern, mine)
    return found


def contain(pattern: str, texts: Collection[str]) -> float:
    """Share of the *texts* in which the *pattern* is found, whatever the case."""
    found = re.compile(pattern, re.IGNORECASE).search
    return share(sum(found(text) is not None for text in texts), len(texts))


def expected() -> Figures:
    """The figures of the real tweets, by the names that `measured` uses."""
    begun = [sum(hours) for hours in zip(*real.HOURS.values(), strict=True)]
    per_day = {name: count / real.DAYS_MEASURED for name, count in real.TWEETS.items()}
    return {
        "days": real.DAYS_MEASURED,
        **{f"tweets a day, {name}": count for name, count in per_day.items()},
        "tweets a day, all": sum(per_day.values()),
        **{f"starts at {hour:02} h": begun[hour] / sum(begun) for hour in HOURS},
        **{
            f"dispersion of {what}, {name}": index
            for what, indices in real.DISPERSION.items()
            for name, index in indices.items()
        },
        **expected_mix(real.SENTIMENTS),
        **expected_mix(real.REASONS),
        **{f"confidence is 1.0, {mood}": sure for mood, sure in real.CONFIDENT.items()},
        **{
            f"retweeted, {mood}": 1.0 - counts[0] / sum(counts.values())
            for mood, counts in real.RETWEETS.items()
        },
        **real.OTHERS,
        **{f"{mood} with {pattern}": found for (mood, pattern), found in real.KEYWORDS.items()},
    }


def expected_mix(tables: Mapping[str, Mapping[str, int]]) -> Figures:
    """The shares in a table of counts by airline."""
    return {
        f"{key}, {name}": count / sum(counts.values())
        for name, counts in tables.items()
        for key, count in counts.items()
    }


def side_by_side(found: Figures) -> str:
    """A table of the real figures and of those *found* in a file, a line each."""
    lines = [f"{'figure':44}{'real':>12}{'this file':>12}{'ratio':>8}"]
    for name, figure in expected().items():
        mine = found.get(name)
        if mine is None:
            lines.append(f"{name:44}{figure:12.3f}{'-':>12}")
        else:
            ratio = f"{mine / figure:8.2f}" if figure else ""
            lines.append(f"{name:44}{figure:12.3f}{mine:12.3f}{ratio}")
    return "\n".join(lines) + "\n"
