"""Does the airline example's generator keep its promises?

It is run as a user runs it: as a script, in a process of its own.
"""

import csv
import gzip
import json
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "examples" / "airline" / "generate.py"
REAL = ROOT.parent / "shared" / "data" / "airline" / "airline_tweets_2015-02-16_21.csv.gz"
REAL_HERE = pytest.mark.skipif(
    not REAL.exists(), reason=f"no real tweets to compare with: ../shared/data/airline/{REAL.name}"
)

COLUMNS = [
    "tweet_id",
    "created_at",
    "airline",
    "airline_sentiment",
    "airline_sentiment_confidence",
    "negativereason",
    "retweet_count",
    "user_hash",
    "text",
]
# Tweets a day and the share of negative ones, as measured on the real tweets.
LARGE_DESKS = {
    "Delta": (261.6, 0.411),
    "Southwest": (336.4, 0.499),
    "US Airways": (320.0, 0.756),
    "United": (452.0, 0.667),
}
HANDLES = re.compile(r"@(united|southwestair|usairways|jetblue|virginamerica|americanair)\b", re.IGNORECASE)

Row = dict[str, str]
Figures = dict[str, float]


def run(*arguments: str | Path, hash_seed: str = "0") -> subprocess.CompletedProcess[str]:
    """Run the script; what it says and its exit code."""
    return subprocess.run(
        [sys.executable, "-B", SCRIPT, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONIOENCODING": "utf-8"},
        check=False,
    )


def made(path: Path, *arguments: str, hash_seed: str = "0") -> Path:
    """A generated file; small unless *arguments* say otherwise."""
    done = run("--out", path, *(arguments or ("--days", "1")), hash_seed=hash_seed)
    assert done.returncode == 0, done.stderr
    return path


def rows(path: Path) -> list[Row]:
    """The rows of a file, plain or .gz."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def figures(path: Path, folder: Path) -> Figures:
    """The calibration figures of a file."""
    target = folder / "figures.json"
    done = run("--check", path, "--json", target)
    assert done.returncode == 0, done.stderr
    found: Figures = json.loads(target.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def default_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the script writes when only a path is given: seed 7, five days."""
    path = tmp_path_factory.mktemp("airline") / "tweets.csv.gz"
    done = run("--out", path, "--json", path.with_name("figures.json"))
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture(scope="module")
def tweets(default_file: Path) -> list[Row]:
    """Its rows."""
    return rows(default_file)


@pytest.fixture(scope="module")
def measured(default_file: Path) -> Figures:
    """Its figures."""
    found: Figures = json.loads(default_file.with_name("figures.json").read_text(encoding="utf-8"))
    return found


def test_one_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    """Whatever the hash seed of the process, plain and compressed."""
    for suffix in ".csv", ".csv.gz":
        first = made(tmp_path / f"first{suffix}", hash_seed="1")
        second = made(tmp_path / f"second{suffix}", hash_seed="2")

        assert first.read_bytes() == second.read_bytes()


def test_another_seed_gives_other_tweets(tmp_path: Path) -> None:
    """No text of some length and no author is in both files."""
    one = rows(made(tmp_path / "one.csv", "--days", "1", "--seed", "1"))
    two = rows(made(tmp_path / "two.csv", "--days", "1", "--seed", "2"))

    assert {row["user_hash"] for row in one}.isdisjoint(row["user_hash"] for row in two)
    assert len(long_texts(one) & long_texts(two)) < 0.02 * len(one)


def long_texts(some: list[Row]) -> set[str]:
    """The texts that are more than a courtesy."""
    return {row["text"] for row in some if len(row["text"]) > 40}


def test_a_name_ending_in_gz_only_compresses(tmp_path: Path) -> None:
    """The same rows are in both files."""
    plain = made(tmp_path / "tweets.csv")
    packed = made(tmp_path / "tweets.csv.gz")

    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()


def test_the_columns_and_formats_are_those_of_the_real_file(tweets: list[Row]) -> None:
    """Every cell of every row has the real file's form."""
    forms = {
        "tweet_id": r"\d{18,19}",
        "created_at": r"2026-02-\d\d \d\d:\d\d:\d\d-08:00",
        "airline": r"American|Delta|Southwest|US Airways|United|Virgin America",
        "airline_sentiment": r"negative|neutral|positive",
        "airline_sentiment_confidence": r"1\.0|0\.\d{1,4}",
        "negativereason": r"[A-Za-z' ]*",
        "retweet_count": r"\d+",
        "user_hash": r"[0-9a-f]{10}",
        "text": r"(?s).+",
    }
    assert list(tweets[0]) == list(forms) == COLUMNS
    for column, form in forms.items():
        assert not [row for row in tweets if not re.fullmatch(form, row[column])]


def test_tweets_come_in_order_of_time(tweets: list[Row]) -> None:
    """Ids grow with it, and none comes twice."""
    times = [datetime.fromisoformat(row["created_at"]) for row in tweets]
    ids = [int(row["tweet_id"]) for row in tweets]

    assert times == sorted(times)
    assert ids == sorted(set(ids))


def test_a_start_a_span_and_a_scale_are_kept_to(tmp_path: Path) -> None:
    """Two days from 1 March at a fifth of the volume, in a folder that is made."""
    path = tmp_path / "new" / "folder" / "tweets.csv"
    some = rows(made(path, "--days", "2", "--start", "2026-03-01", "--scale", "0.2"))

    assert {row["created_at"][:10] for row in some} == {"2026-03-01", "2026-03-02"}
    assert 0.6 < len(some) / (0.2 * 2 * 1437) < 1.4


def test_desks_are_as_busy_as_the_real_ones(measured: Figures) -> None:
    """Seven thousand tweets in five days, each large desk within a fifth of its volume."""
    assert 0.9 < measured["tweets a day, all"] / 1437 < 1.1
    for desk, (volume, _) in LARGE_DESKS.items():
        assert 0.8 < measured[f"tweets a day, {desk}"] / volume < 1.2
    assert measured["tweets a day, American"] < 5


def test_nights_are_quiet(measured: Figures) -> None:
    """Fewer conversations start from 0 to 4 h than from 8 to 10 h."""
    night = sum(measured[f"starts at {hour:02} h"] for hour in range(4))
    morning = sum(measured[f"starts at {hour:02} h"] for hour in (8, 9))

    assert night < 0.06
    assert morning > 0.11


def test_tweets_come_in_bursts(measured: Figures) -> None:
    """Hourly counts vary far more than Poisson's, whose index is 1, and all desks' together."""
    for desk in LARGE_DESKS:
        assert 1.7 < measured[f"dispersion of tweets, {desk}"] < 6
    assert 3 < measured["dispersion of tweets, all"] < 9
    assert 2 < measured["dispersion of starts, all"] < 6


def test_equal_days_have_no_dispersion(tmp_path: Path) -> None:
    """The measure removes the daily profile: what every day repeats is no burst."""
    path = tmp_path / "equal.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for day in 1, 2, 3:
            for minute in range(20):
                at = f"2026-01-0{day} 12:{minute:02}:00-08:00"
                table.writerow([minute, at, "United", "neutral", 1.0, "", 0, f"{minute:010}", "hi"])

    assert figures(path, tmp_path)["dispersion of tweets, all"] == 0.0


def test_moods_are_those_of_the_real_desks(measured: Figures) -> None:
    """The negative share is right within six points, desk by desk."""
    for desk, (_, negative) in LARGE_DESKS.items():
        assert measured[f"negative, {desk}"] == pytest.approx(negative, abs=0.06)


def test_only_complaints_have_a_reason(tweets: list[Row]) -> None:
    """All of them have one, and customer service is the first among them."""
    assert all(bool(row["negativereason"]) == (row["airline_sentiment"] == "negative") for row in tweets)
    reasons = Counter(row["negativereason"] for row in tweets if row["negativereason"])

    assert len(reasons) == 10
    assert 0.24 < reasons["Customer Service Issue"] / reasons.total() < 0.36
    assert 0.14 < reasons["Late Flight"] / reasons.total() < 0.26


def test_labels_are_as_unsure_as_the_real_ones(measured: Figures) -> None:
    """Complaints are the surest; the others' confidence is about two thirds."""
    assert measured["confidence is 1.0, negative"] == pytest.approx(0.791, abs=0.04)
    assert measured["confidence is 1.0, neutral"] == pytest.approx(0.502, abs=0.06)
    assert measured["other confidence, median, neutral"] == pytest.approx(0.666, abs=0.01)
    assert measured["retweeted, negative"] == pytest.approx(0.077, abs=0.02)


def test_authors_come_back_within_minutes(measured: Figures) -> None:
    """A third tweets again, half of the times within some 20 minutes, in much the same mood."""
    assert measured["authors with 1 tweet"] == pytest.approx(0.645, abs=0.04)
    assert measured["tweets by author"] == pytest.approx(1.753, abs=0.1)
    assert 600 < measured["silence of an author, median s"] < 2000
    assert measured["sentiment as before"] == pytest.approx(0.661, abs=0.05)
    assert measured["reason as before"] == pytest.approx(0.386, abs=0.07)


def test_texts_are_many_and_short(tweets: list[Row], measured: Figures) -> None:
    """A few are repeated, all name a desk, none is longer than a tweet or has an open slot."""
    texts = [row["text"] for row in tweets]

    assert 0.0 < measured["repeated texts"] < 0.02
    assert len(set(texts)) > 6000
    assert max(map(len, texts)) <= 140
    assert all(HANDLES.search(text) for text in texts)
    assert not [text for text in texts if re.search(r"[{}|]", text)]


def test_some_texts_are_spanish(measured: Figures) -> None:
    """About two in a hundred, so that a routing by language has something to do."""
    assert 0.01 < measured["Spanish texts"] < 0.03


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("Late Flight", "delay|late|wait|min|hour"),
        ("Cancelled Flight", "cancel"),
        ("Lost Luggage", "bag|luggage|suitcase"),
        ("Flight Booking Problems", "book|site|reserv|miles|card|ticket|password|seat|error"),
        ("Customer Service Issue", "hold|phone|call|answer|help|agent|service|dm|reply"),
        ("Flight Attendant Complaints", "rude|attendant|crew|steward|gate|agent|staff"),
        ("positive", "thank|thx|love|great|awesome|best|happy|good"),
    ],
)
def test_most_texts_say_what_they_are_labeled(tweets: list[Row], subject: str, words: str) -> None:
    """Words that belong to a subject are in more than half of its texts."""
    texts = [row["text"] for row in tweets if subject in row.values()]
    telling = [text for text in texts if re.search(words, text, re.IGNORECASE)]

    assert len(telling) > len(texts) / 2


@pytest.mark.parametrize(
    ("option", "given", "complaint"),
    [
        ("--days", "-3", "must be a whole number from 1 to 366, not -3"),
        ("--days", "0", "must be a whole number from 1 to 366, not 0"),
        ("--days", "2.5", "must be a whole number from 1 to 366, not 2.5"),
        ("--scale", "nan", "must be a number above 0 and at most 1000, not nan"),
        ("--scale", "inf", "must be a number above 0 and at most 1000, not inf"),
        ("--scale", "-1", "must be a number above 0 and at most 1000, not -1"),
        ("--scale", "1e9", "must be a number above 0 and at most 1000, not 1e9"),
        ("--scale", "many", "must be a number above 0 and at most 1000, not many"),
        ("--scale", "1000", "at most 2,000,000 are made"),
        ("--start", "yesterday", "must be a day YYYY-MM-DD"),
        ("--start", "1815-06-18", "must be a day YYYY-MM-DD of 2011 to 2078, not 1815-06-18"),
        ("--seed", "pi", "invalid int value"),
    ],
)
def test_a_bad_argument_is_refused_by_name(tmp_path: Path, option: str, given: str, complaint: str) -> None:
    """The message says what is allowed, and nothing is written."""
    path = tmp_path / "tweets.csv"
    done = run("--out", path, option, given)

    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
    assert not path.exists()


def test_a_file_with_other_columns_is_refused(tmp_path: Path) -> None:
    """So is one that is not there."""
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n", encoding="utf-8")
    for path, complaint in (other, "the columns must be"), (tmp_path / "none.csv", "none.csv"):
        done = run("--check", path)

        assert done.returncode == 2
        assert complaint in done.stderr
        assert "Traceback" not in done.stderr


def test_a_check_shows_the_real_figures_beside_the_files(default_file: Path) -> None:
    """One line for each figure: its name, the real one, the file's."""
    done = run("--check", default_file)

    line = next(line for line in done.stdout.splitlines() if line.startswith("tweets a day, all"))
    assert line.split()[4] == "1437.000"
    assert len(done.stdout.splitlines()) > 100


@REAL_HERE
def test_the_constants_are_what_the_real_tweets_give(tmp_path: Path) -> None:
    """A check of the real file shows nearly the same figure twice, on every line."""
    done = run("--check", REAL, "--json", tmp_path / "real.json")
    lines = [line[44:].split() for line in done.stdout.splitlines()[1:]]

    assert len(lines) > 100
    for constant, found, *_ in lines:
        assert float(found) == pytest.approx(float(constant), rel=0.005, abs=0.002)


@REAL_HERE
def test_generated_figures_are_near_the_real_ones(measured: Figures, tmp_path: Path) -> None:
    """Shares within five points, volumes within a fifth, dispersions within a half."""
    real = figures(REAL, tmp_path)
    for desk in LARGE_DESKS:
        for name, allowed in ("tweets a day", 0.2), ("dispersion of tweets", 0.5):
            figure = f"{name}, {desk}"
            assert measured[figure] == pytest.approx(real[figure], rel=allowed), figure
        for name in "negative", "neutral", "positive", "Late Flight", "Cancelled Flight":
            figure = f"{name}, {desk}"
            assert measured[figure] == pytest.approx(real[figure], abs=0.07), figure
    keywords = [figure for figure in real if " with " in figure]
    for figure in ["silence under 1 h", "authors with 2 tweets", *keywords]:
        assert measured[figure] == pytest.approx(real[figure], abs=0.08), figure


@REAL_HERE
def test_no_real_text_and_no_real_author_is_generated(tweets: list[Row]) -> None:
    """Short courtesies, which everybody writes, excepted."""
    real = rows(REAL)

    assert long_texts(tweets).isdisjoint(long_texts(real))
    assert {row["user_hash"] for row in tweets}.isdisjoint(row["user_hash"] for row in real)
