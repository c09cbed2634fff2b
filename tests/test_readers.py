"""Files of mentions: what is read, what is reported, and that nothing is lost in silence."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from pathlib import Path

import attrs
import pytest

from workassign.errors import PlanError, UsageError
from workassign.settings import structured
from workassign.social.files.readers import Columns, Labels, read_mentions, records
from workassign.social.mentions import BadRecord, Mention

COLUMNS = Columns(
    id="id",
    at="at",
    text="text",
    brand="brand",
    author="author",
    sentiment=Labels(column="mood", map={"bad": -0.8, "good": 0.7}),
)
HEAD = "id,at,brand,author,mood,text\n"
NOON = "2026-01-01T12:00:00+00:00"


def written(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_row_becomes_a_mention(tmp_path: Path) -> None:
    """Every mapped column finds its place, labels become numbers."""
    file = written(tmp_path / "m.csv", f'{HEAD}1,{NOON},air,ann,bad,"lost, ""again"""\n')

    (mention,) = records(file, COLUMNS)

    assert mention == Mention(
        id="1",
        at=1767268800.0,
        line=2,
        text='lost, "again"',
        brand="air",
        author="ann",
        sentiment=-0.8,
        followers=None,
        value=None,
        language=None,
        attributes={},
    )


def test_posix_seconds_and_offsets_name_the_same_instant(tmp_path: Path) -> None:
    rows = "".join(
        f"{i},{at},,,,t\n" for i, at in enumerate(("1767268800", NOON, "2026-01-01 04:00:00-08:00"))
    )
    file = written(tmp_path / "m.csv", HEAD + rows)

    assert {each.at for each in read_mentions(file, COLUMNS).mentions} == {1767268800.0}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"2,{NOON},air,ann,bad\n", "has 5 fields, not 6"),
        ("2,yesterday,air,ann,bad,t\n", "at is no date and time: 'yesterday'"),
        ("2,2026-01-01 12:00:00,air,ann,bad,t\n", "at has no time zone"),
        ("2,1767268800000,air,ann,bad,t\n", "at must be from 1990 to 2100"),
        (",2026-01-01,air,ann,bad,t\n", "id is empty"),
        (f"2\0,{NOON},air,ann,bad,t\n", "id must be printable"),
        (f"2,{NOON},air,ann,bad,".encode() + b"\xff\xfe\n", "is not UTF-8: byte 0xff"),
        (f"2,{NOON},air,ann,bad,".encode() + b"\xed\xa0\x80\n", "is not UTF-8"),
        (f"1,{NOON},air,ann,bad,other words\n", "id '1' was given to another record, on line 2"),
        (f"2,{NOON},air,ann,bad,{'x' * 16_000_000}\n", "the line is longer than 16,000,000 characters"),
        (f'2,{NOON},air,ann,bad,"never closed\n', "a quote is not closed"),
        (f'2,{NOON},air,ann,bad,"odd"quote\n', "expected after"),
        (f"{'9' * 201},{NOON},air,ann,bad,t\n", "id must have 1 to 200 characters"),
        (f"2,{NOON},air,ann\x07,bad,t\n", "author must be printable"),
    ],
)
def test_a_malformed_row_is_reported_with_its_line_and_the_rest_goes_on(
    tmp_path: Path, row: str | bytes, reason: str
) -> None:
    wrong = row if isinstance(row, bytes) else row.encode()
    good = f"1,{NOON},air,ann,bad,t\n".encode()
    after = f"3,{NOON},air,ann,bad,t\n".encode()
    file = written(tmp_path / "m.csv", HEAD.encode() + good + wrong + after)

    reading = read_mentions(file, COLUMNS)

    assert [mention.id for mention in reading.mentions] == ["1", "3"]
    (bad,) = reading.bad
    assert bad.line == 3
    assert reason in bad.reason


def test_a_quote_that_is_never_closed_costs_one_record(tmp_path: Path) -> None:
    """The lines after it are read again on their own, however many they are."""
    rows = "".join(f'{i},{NOON},air,ann,bad,"words, {i}"\n' for i in range(500))
    file = written(tmp_path / "m.csv", f'{HEAD}x,{NOON},air,ann,bad,"open\n{rows}')

    reading = read_mentions(file, COLUMNS)

    assert [each.line for each in reading.bad] == [2]
    assert len(reading.mentions) == 500


def test_a_text_may_span_lines_and_the_line_of_a_record_is_its_first(tmp_path: Path) -> None:
    file = written(tmp_path / "m.csv", f'{HEAD}1,{NOON},,,,"two\nlines"\n\n2,{NOON},,,,t\nbad\n')

    reading = read_mentions(file, COLUMNS)

    assert [(mention.line, mention.text) for mention in reading.mentions] == [(2, "two\nlines"), (5, "t")]
    assert reading.bad == [BadRecord(6, "has 1 fields, not 6")]


def test_mentions_are_sorted_by_instant_then_line(tmp_path: Path) -> None:
    rows = "".join(f"{name},{at},,,,t\n" for name, at in (("c", 1.3e9), ("a", 1.1e9), ("b", 1.3e9)))
    reading = read_mentions(written(tmp_path / "m.csv", HEAD + rows), COLUMNS)

    assert [mention.id for mention in reading.mentions] == ["a", "c", "b"]
    assert reading.out_of_order == 1


def test_what_is_optional_becomes_unknown_if_it_is_rubbish(tmp_path: Path) -> None:
    """A wrong sentiment must not lose a customer."""
    file = written(tmp_path / "m.csv", f"{HEAD}1,{NOON},air,ann,furious,t\n2,{NOON},air,ann,,t\n")
    notes: Counter[str] = Counter()

    found = [each.sentiment for each in records(file, COLUMNS, notes) if isinstance(each, Mention)]

    assert found == [None, None]
    assert notes == {"mood is a label that the map does not know: taken as unknown": 1}


def test_json_lines_are_read_and_dots_go_deeper(tmp_path: Path) -> None:
    columns = Columns(id="id", at="at", text="text", author="user.name", followers="user.followers")
    lines = [
        {"id": 7, "at": 1.5e9, "text": "hi", "user": {"name": "ann", "followers": 12}},
        {"id": 8, "at": 1.5e9, "text": "\ud800"},
        {"id": 9, "at": True, "text": "t"},
        {"id": 10, "at": 10**400, "text": "t"},
        {"id": 11, "text": "t"},
        [1],
    ]
    text = "\n".join(json.dumps(line) for line in lines) + "\n{oops\n" + "[" * 100_000 + "\n"
    file = tmp_path / "m.jsonl.gz"
    file.write_bytes(gzip.compress(text.encode()))

    reading = read_mentions(file, columns)

    mention, mended = reading.mentions
    assert (mention.id, mention.author, mention.followers) == ("7", "ann", 12)
    assert (mended.line, mended.text) == (2, "\ufffd")
    assert reading.notes == {"text holds a NUL or a lone surrogate: replaced": 1}
    assert [each.line for each in reading.bad] == [3, 4, 5, 6, 7, 8]
    assert reading.bad[2].reason == "at is empty"


def test_a_compressed_file_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    file = tmp_path / "m.csv.gz"
    file.write_bytes(gzip.compress(b"\xef\xbb\xbf" + f"{HEAD}1,{NOON},,,,t\n".encode()))

    assert len(read_mentions(file, COLUMNS).mentions) == 1


def test_every_missing_column_is_named(tmp_path: Path) -> None:
    file = written(tmp_path / "m.csv", "id,at\n1,2\n")

    with pytest.raises(PlanError) as caught:
        read_mentions(file, COLUMNS)

    assert len(caught.value.problems) == 4
    assert (
        "mentions.columns.sentiment.column: m.csv has no column 'mood'; there are id, at"
        in caught.value.problems
    )


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("m.xlsx", b"", "must end in"),
        ("m.csv.gz", b"no gzip", "damaged"),
        ("m.csv", HEAD.encode("utf-16"), "looks like UTF-16: save it as UTF-8"),
        ("m.csv.gz", gzip.compress(HEAD.encode("utf-16-le"), mtime=0), "looks like UTF-16"),
        ("m.csv.gz", gzip.compress(HEAD.encode() * 9, mtime=0)[:-9], "damaged"),
    ],
)
def test_a_file_that_is_wrong_as_a_whole_is_a_usage_error(
    tmp_path: Path, name: str, body: bytes, reason: str
) -> None:
    with pytest.raises(UsageError, match=reason):
        read_mentions(written(tmp_path / name, body), COLUMNS)


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no\.csv: No such file"):
        read_mentions(tmp_path / "no.csv", COLUMNS)


def test_an_empty_file_has_no_mentions(tmp_path: Path) -> None:
    assert read_mentions(written(tmp_path / "m.csv", ""), COLUMNS).mentions == []


def test_everything_is_accounted_for_whatever_the_bytes(tmp_path: Path) -> None:
    """Records read = mentions + bad ones, for a file of which every second row is spoilt."""
    file = tmp_path / "m.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out)
        table.writerow(HEAD.strip().split(","))
        table.writerows(
            (i, NOON if i % 2 else "never", "air", "ann", "bad", f'a "{i}"\nb') for i in range(100)
        )

    found = list(records(file, COLUMNS))

    assert Counter(type(each) for each in found) == {Mention: 50, BadRecord: 50}
    assert [each.line for each in found] == list(range(2, 202, 2))


def test_every_mistake_in_a_table_is_listed_with_its_path() -> None:
    known = sorted(field.name for field in attrs.fields(Columns))
    table = {"id": "i", "at": 5, "colour": "c", "sentiment": {"column": "s", "map": {"a": "x"}}}

    with pytest.raises(PlanError) as caught:
        structured(table, Columns, "mentions.columns")

    assert caught.value.problems == (
        "mentions.columns.at: must be text, not 5",
        f"mentions.columns.colour: unknown; there are {', '.join(known)}",
        "mentions.columns.sentiment.map.a: must be a number, not 'x'",
        "mentions.columns.text: is missing",
    )


@pytest.mark.parametrize("figure", ["followers", "value"])
def test_figures_of_a_customer_need_to_know_who_that_is(figure: str) -> None:
    """Without an author there is no customer to have them, and they would be lost in silence."""
    table = {"id": "i", "at": "a", "text": "t", figure: "f"}

    with pytest.raises(PlanError, match=rf"mentions\.columns: {figure} is a customer's: name the column"):
        structured(table, Columns, "mentions.columns")

    assert getattr(structured({**table, "author": "i"}, Columns, "mentions.columns"), figure) == "f"


def test_figures_of_nobody_are_noted(tmp_path: Path) -> None:
    columns = Columns(id="id", at="at", text="text", author="author", followers="brand")
    file = written(tmp_path / "m.csv", f"{HEAD}1,{NOON},7,,,t\n2,{NOON},,,,t\n3,{NOON},7,ann,,t\n")

    reading = read_mentions(file, columns)

    assert len(reading.mentions) == 3
    assert reading.notes == {"there are figures of a customer, but no author: left out": 1}


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
@pytest.mark.parametrize(
    ("text", "kept", "note"),
    [
        ("x" * 5_000_000, "x" * 100_000, "text has more than 100,000 characters: cut"),
        ("lost\0bag", "lost\ufffdbag", "text holds a NUL or a lone surrogate: replaced"),
        ("lost\x1bbag", "lost bag", "text holds control characters: replaced"),
        ("\u202egab ym", "gab ym", "text turns the direction of reading: removed"),
    ],
    ids=["5 MB", "NUL", "escape", "bidi"],
)
def test_a_hostile_text_is_kept_and_noted(
    tmp_path: Path, ending: str, text: str, kept: str, note: str
) -> None:
    """Whoever sent it may be a customer."""
    if ending == "csv":
        file = written(tmp_path / "m.csv", f"{HEAD}1,{NOON},,,,{text}\n2,{NOON},,,,t\n")
    else:
        rows = ({"id": i, "at": NOON, "text": each} for i, each in ((1, text), (2, "t")))
        file = written(tmp_path / "m.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    columns = Columns(id="id", at="at", text="text")

    reading = read_mentions(file, columns)

    assert [mention.text for mention in reading.mentions] == [kept, "t"]
    assert (reading.bad, reading.notes) == ([], {note: 1})


def test_a_file_can_carry_everything_that_a_mention_has(tmp_path: Path) -> None:
    plain = [
        field.name
        for field in attrs.fields(Columns)
        if field.name not in {"sentiment", "attributes", "labels"}
    ]
    columns = structured({name: name for name in plain}, Columns, "mentions.columns")
    full = (
        {"id": "1", "at": NOON, "text": "t", "network": "mastodon", "brand": "air", "to": "@air"}
        | {"author": "7", "name": "Ann\u202e B.", "followers": 5, "verified": True, "language": "en"}
        | {"value": 9.5, "in_reply_to": "0", "thread": "0", "repost_of": "r", "public": "No"}
        | {"ours": "YES", "media": "2", "likes": 3, "reposts": 4, "replies": 6}
    )
    odd = {"id": "2", "at": NOON, "text": "t", "verified": "perhaps", "public": 3, "media": "many"}
    file = written(tmp_path / "m.jsonl", f"{json.dumps(full)}\n{json.dumps(odd)}\n")

    reading = read_mentions(file, columns)

    found, bare = reading.mentions
    kept = {"at": 1767268800.0, "to": "air", "name": "Ann B.", "public": False, "ours": True, "media": 2}
    assert {name: getattr(found, name) for name in plain} == {**full, **kept}
    assert bare == Mention(id="2", at=1767268800.0, text="t", line=2)
    assert reading.notes == {
        "media is no number from 0 to 1e+12: taken as unknown": 1,
        "public is neither true nor false: taken as unknown": 1,
        "verified is neither true nor false: taken as unknown": 1,
    }


def test_an_id_is_one_of_its_network(tmp_path: Path) -> None:
    """Two networks may give the same; one network may not give it to two records."""
    rows = ("1,mastodon,a", "1,email,b", "1,mastodon,c", "1,email,b")
    file = written(tmp_path / "m.csv", "id,network,text,at\n" + "".join(f"{row},{NOON}\n" for row in rows))

    reading = read_mentions(file, Columns(id="id", at="at", text="text", network="network"))

    assert [mention.key for mention in reading.mentions] == ["mastodon/1", "email/1", "email/1"]
    assert reading.bad == [BadRecord(4, "id '1' was given to another record, on line 2")]
