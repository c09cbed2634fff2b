"""How are days of public tweets to six airline desks made, without any real one?

The columns and formats are those of the CrowdFlower "Twitter US Airline Sentiment" set, the
figures were measured on it (see `figures`), the texts are our own (see `texts`). Authors,
ids, labels, words: all of it is synthetic. What the real set has and this has not: handles
behind an equals sign, mangled emoji, and "late" spelled "Late Flight" everywhere.

    python examples/airline/generate.py --out tweets.csv.gz --seed 7 --days 5
    python examples/airline/generate.py --check tweets.csv.gz

Law: *same seed, same bytes.* Arrivals and words have dice of their own.
"""

import argparse
import csv
import gzip
import hashlib
import io
import json
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import NoReturn, TextIO

import figures as real
from arrivals import Post, arrivals
from compose import compose
from draw import Dice
from measure import COLUMNS, measured, read, side_by_side

__all__ = ["main"]

ZONE = timezone(timedelta(hours=-8))
MOST_DAYS = 366
MOST_SCALE = 1000.0
MOST_TWEETS = 2_000_000  # all are held in memory
FIRST_YEAR, LAST_YEAR = 2011, 2078  # what a tweet's id can say
ID_EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)  # ids count from here


def main(arguments: Sequence[str] | None = None) -> int:
    """Generate or check a file as the command line says: 0 when done, exit 2 when refused."""
    parser = command_line()
    told = parser.parse_args(arguments)
    try:
        if told.out is not None:
            generate(told)
        figures = measured(read(told.check or told.out)) if told.check or told.json else {}
        if told.check is not None:
            sys.stdout.write(side_by_side(figures))
        if told.json is not None:
            told.json.parent.mkdir(parents=True, exist_ok=True)
            told.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    except (OSError, EOFError, ValueError) as error:
        parser.error(str(error))
    return 0


def command_line() -> argparse.ArgumentParser:
    """What can be asked for, and what is taken when nothing is said."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--out", type=Path, help="the CSV file to write; .gz compresses it")
    task.add_argument("--check", type=Path, help="a CSV file to measure, beside the real figures")
    parser.add_argument("--seed", type=int, default=7, help="another seed, other tweets (7)")
    parser.add_argument("--days", type=whole_days, default=5, help="1 to 366 (5)")
    parser.add_argument("--start", type=first_day, default="2026-02-16", help="YYYY-MM-DD")
    parser.add_argument("--scale", type=factor, default=1.0, help="1.0 is 1,437 tweets a day")
    parser.add_argument("--json", type=Path, help="where to write the file's figures")
    return parser


def whole_days(given: str) -> int:
    """How many days to fill, 1 to 366."""
    if not (given.isascii() and given.isdecimal() and 1 <= int(given) <= MOST_DAYS):
        refuse(f"a whole number from 1 to {MOST_DAYS}", given)
    return int(given)


def first_day(given: str) -> date:
    """The day to start with, in the years that a tweet's id can say."""
    try:
        day = date.fromisoformat(given)
    except ValueError:
        day = date.min
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        refuse(f"a day YYYY-MM-DD of {FIRST_YEAR} to {LAST_YEAR}", given)
    return day


def factor(given: str) -> float:
    """How many times the real volume: above 0, at most 1,000."""
    try:
        value = float(given)
    except ValueError:
        value = math.nan
    if not 0.0 < value <= MOST_SCALE:  # true of "not a number", too
        refuse(f"a number above 0 and at most {MOST_SCALE:g}", given)
    return value


def refuse(rule: str, given: str) -> NoReturn:
    """Say which *rule* the *given* value broke.

    Raises:
        argparse.ArgumentTypeError: Always.
    """
    message = f"must be {rule}, not {given}"
    raise argparse.ArgumentTypeError(message)


def generate(told: argparse.Namespace) -> None:
    """Write the file that the command line asks for.

    Raises:
        ValueError: If it would be too large.
        OSError: If it cannot be written.
    """
    expected = told.days * told.scale * sum(real.TWEETS.values()) / real.DAYS_MEASURED
    if expected > MOST_TWEETS:
        message = (
            f"--days {told.days} with --scale {told.scale:g} asks for about {expected:,.0f} "
            f"tweets; at most {MOST_TWEETS:,} are made"
        )
        raise ValueError(message)
    posts = arrivals(Dice(f"arrivals {told.seed}"), told.days, told.scale)
    midnight = datetime.combine(told.start, datetime.min.time(), ZONE)
    with opened(told.out) as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows(rows(told.seed, midnight, posts))
    sys.stdout.write(f"{told.out}: {len(posts):,} tweets, {told.days} days from {told.start}\n")


def rows(seed: int, midnight: datetime, posts: Iterable[Post]) -> Iterator[tuple[object, ...]]:
    """The rows of the file, *posts* in order of time; columns as in `COLUMNS`."""
    dice = Dice(f"words {seed}")
    second = nth = -1
    for post in posts:
        nth = nth + 1 if post.at == second else 0
        second = post.at
        at = midnight + timedelta(seconds=second)
        yield (
            tweet_id(at, nth),
            at.isoformat(" "),
            post.airline,
            post.sentiment,
            confidence(dice, post.sentiment),
            post.reason,
            dice.weigh(real.RETWEETS[post.sentiment]),
            hashlib.sha256(f"synthetic author {seed}/{post.author}".encode()).hexdigest()[:10],
            compose(dice, post.airline, post.reason or post.sentiment, later=post.turn > 0),
        )


def tweet_id(at: datetime, nth: int) -> int:
    """An id in the manner of the real ones: it counts milliseconds, times 2**22.

    Ids are unique and grow with time, as long as one second has at most 2**22 tweets.
    """
    return ((at - ID_EPOCH) // timedelta(milliseconds=1) << 22) + nth


def confidence(dice: Dice, sentiment: str) -> float:
    """How sure the label's makers were, 0.3353 to 1.0, four decimals."""
    if dice.chance(real.CONFIDENT[sentiment]):
        return 1.0
    return round(dice.between(real.CONFIDENCE[sentiment]), 4)


@contextmanager
def opened(path: Path) -> Iterator[TextIO]:
    """*path* to write text to, folders made, compressed if its name ends in .gz."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as raw:
        if path.suffix != ".gz":
            with io.TextIOWrapper(raw, encoding="utf-8", newline="") as file:
                yield file
            return
        # No name and no time in it: the bytes depend on the rows only.
        packed = gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0)
        with packed, io.TextIOWrapper(packed, encoding="utf-8", newline="") as file:
            yield file


if __name__ == "__main__":
    sys.exit(main())
