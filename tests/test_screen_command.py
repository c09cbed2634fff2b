"""Does `workassign train`, then `workassign screen` say how well mentions are screened?"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.test_models import texts_of
from workassign.cli import main
from workassign.social.learning.leans import Leans
from workassign.social.learning.models import Model

pytest.importorskip("sklearn", reason="scikit-learn is not installed")
pytest.importorskip("vaderSentiment", reason="vaderSentiment is not installed")

REAL = Path(__file__).parents[2] / "shared/data/airline/airline_tweets_2015-02-16_21.csv.gz"
HEADER = ["tweet_id", "created_at", "airline", "airline_sentiment", "negativereason", "user_hash", "text"]


def rows_of(seed: int, day: int = 17) -> list[list[str]]:
    return [
        [
            str(number),
            f"2015-02-{day + number % 3} 23:{number // 60 % 60:02}:{number % 60:02}-08:00",
            "United",
            each.sentiment,
            each.topic or "",
            each.author or "",
            each.text,
        ]
        for number, each in enumerate(texts_of(seed))
    ]


def written(path: Path, rows: list[list[str]], header: list[str] = HEADER) -> str:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return str(path)


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the complaint of a command that is refused."""
    assert main(arguments) == 2
    return capsys.readouterr().err


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("screen")
    written(found / "train.csv", rows_of(5))
    written(found / "test.csv", rows_of(6))
    assert main(["train", str(found / "train.csv"), "--out", str(found / "model.json")]) == 0
    return found


def screened(folder: Path, *arguments: str) -> dict[str, Any]:
    where = folder / "figures.json"
    assert main(["screen", *arguments, "--json", str(where)]) == 0
    return json.loads(where.read_text())  # type: ignore[no-any-return]


def test_screening_tells_the_figures_with_and_without_training(folder: Path) -> None:
    found = screened(folder, str(folder / "test.csv"), "--model", str(folder / "model.json"), "--labels")

    assert found["auc_negative"] > 0.8
    assert found["recall_actionable"] > 0.8
    assert found["precision_actionable"] == found["actionable"]["precision"]
    assert found["always_yes"]["actionable"]["recall"] == 1.0
    assert found["always_yes"]["auc_negative"] == 0.5
    assert found["topic"]["count"] == found["labels"]["negative"]
    assert found["screened"] == 240
    for way in (found, found["untrained"], found["keywords_only"], found["always_yes"]):
        for kind in ("actionable", "without_question_mark"):
            counts = [way[kind][each] for each in way[kind] if each.startswith(("true", "false"))]
            assert sum(counts) == 240


def test_without_labels_there_are_counts_alone(folder: Path) -> None:
    rows = [[*row[:3], *row[5:]] for row in rows_of(6)]
    header = [*HEADER[:3], *HEADER[5:]]
    path = written(folder / "plain.csv", rows, header)

    found = screened(folder, path, "--model", str(folder / "model.json"))

    assert "auc_negative" not in found
    assert found["counts"]["actionable"] + found["counts"]["not_actionable"] == 240


def test_without_a_model_rules_screen(folder: Path) -> None:
    found = screened(folder, str(folder / "test.csv"), "--labels")

    assert found["model"] is None
    assert found["untrained"]["auc_negative"] > 0.7
    assert "precision_actionable" not in found


def test_days_are_those_of_the_files_own_zone_both_included(folder: Path) -> None:
    days = ["--from", "2015-02-18", "--until", "2015-02-18"]

    found = screened(folder, str(folder / "test.csv"), "--labels", *days)

    # 23:00 of the 18th at -08:00 is the 19th in UTC.
    assert (found["screened"], found["outside"]) == (80, 160)


def test_rows_with_bad_labels_and_bad_records_are_counted(folder: Path) -> None:
    rows = rows_of(6)
    rows[0][3], rows[1][3], rows[2][1], rows[3] = "", "NEGATIV", "yesterday", list(rows[4])

    found = screened(
        folder, written(folder / "bad.csv", rows), "--model", str(folder / "model.json"), "--labels"
    )

    assert (found["without_label"], found["bad"], found["repeated"]) == (2, 1, 1)
    assert found["bad_records"][0]["line"] == 4
    assert sum(found["labels"].values()) == 240 - 4


def test_columns_of_other_names_are_told(folder: Path) -> None:
    header = ["key", "when", "brand", "mood", "why", "who", "words"]
    path = written(folder / "other.csv", rows_of(5), header)
    columns = [
        "--id",
        "key",
        "--at",
        "when",
        "--label",
        "mood",
        "--reason",
        "why",
        "--author",
        "who",
        "--text",
        "words",
    ]

    assert main(["train", path, "--out", str(folder / "other.json"), *columns]) == 0
    assert (folder / "other.json").read_bytes() == (folder / "model.json").read_bytes()


def test_columns_can_be_those_of_a_plan(folder: Path) -> None:
    path = written(
        folder / "planned.csv", rows_of(5), ["key", "when", "brand", "mood", "why", "who", "words"]
    )
    plan = folder / "plan.toml"
    plan.write_text(
        '[mentions.columns]\nid = "key"\nat = "when"\ntext = "words"\nauthor = "who"\n'
        'sentiment = { column = "mood", map = { negative = -1.0 } }\n'
    )

    found = screened(folder, path, "--plan", str(plan), "--labels")

    assert found["screened"] == 240


def test_labels_of_other_names_are_told(folder: Path) -> None:
    rows = [
        [*row[:3], {"negative": "bad", "positive": "good"}.get(row[3], "so so"), *row[4:]]
        for row in rows_of(5)
    ]
    path, out = written(folder / "named.csv", rows), folder / "named.json"

    assert main(["train", path, "--out", str(out), "--negative", "bad", "--positive", "good"]) == 0
    assert Model.load(out).written.roles == {"negative": "bad", "positive": "good"}
    assert screened(folder, path, "--model", str(out), "--labels")["auc_negative"] > 0.9


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "no labelled texts"),
        ([[*row[:3], "", *row[4:]] for row in rows_of(1)], "without a usable label"),
        ([[*row[:3], "negative", *row[4:]] for row in rows_of(1)], "nothing to tell apart"),
    ],
)
def test_what_teaches_nothing_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: list[list[str]], reason: str
) -> None:
    path = written(tmp_path / "file.csv", rows)

    assert reason in told(capsys, "train", path, "--out", str(tmp_path / "model.json"))
    assert not (tmp_path / "model.json").exists()


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "nothing to screen"),
        ([[*row[:3], "", *row[4:]] for row in rows_of(1)], "no record has a label"),
        ([[*row[:3], "positive", *row[4:]] for row in rows_of(1)], "nothing to tell apart"),
    ],
)
def test_what_cannot_be_measured_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: list[list[str]], reason: str
) -> None:
    assert reason in told(capsys, "screen", written(tmp_path / "file.csv", rows), "--labels")


def test_what_is_missing_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "file.csv", rows_of(1))
    (tmp_path / "empty.csv").touch()
    out = str(tmp_path / "model.json")

    assert "none.csv" in told(capsys, "train", str(tmp_path / "none.csv"), "--out", out)
    assert "is empty" in told(capsys, "train", str(tmp_path / "empty.csv"), "--out", out)
    assert "no column 'mood'" in told(capsys, "train", path, "--out", out, "--label", "mood")
    assert "no folder" in told(capsys, "train", path, "--out", str(tmp_path / "none/model.json"))
    assert "must be a day" in told(capsys, "train", path, "--out", out, "--until", "today")
    assert "cannot be read" in told(capsys, "screen", path, "--model", out)


def test_what_authors_said_is_remembered_within_bounds() -> None:
    leans = Leans(most=2)
    for author in ("ann", "bob", "ann", "cid"):
        leans.add(author, 2.0)

    assert leans.before("bob") == leans.before(None) == 0.0
    assert leans.before("ann") == pytest.approx(4 / 3)


@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason=f"no real tweets: ../shared/data/airline/{REAL.name}")
def test_real_complaints_are_told_from_the_rest_on_days_that_were_never_seen(tmp_path: Path) -> None:
    model = str(tmp_path / "model.json")
    assert main(["train", str(REAL), "--out", model, "--until", "2015-02-19"]) == 0

    found = screened(tmp_path, str(REAL), "--model", model, "--labels", "--from", "2015-02-20")

    assert found["auc_negative"] >= 0.92
    assert found["auc_negative_text_alone"] >= 0.92
    assert found["recall_actionable"] >= 0.93
    assert found["precision_actionable"] > found["always_yes"]["actionable"]["precision"] + 0.1
    assert found["topic"]["accuracy"] > found["topic"]["baseline_accuracy"] + 0.2
    assert Path(model).stat().st_size < 5_000_000
