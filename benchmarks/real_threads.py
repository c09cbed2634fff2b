"""What does the file of real conversations say? Who wrote what, which belongs together, how long it took.

It is ../shared/data/twcs (real tweets of customers and brands, not part of this repository). Nothing
here knows the social front: what it is held against is reckoned from the file alone.
"""

from __future__ import annotations

import csv
import gzip
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from statistics import fmean
from typing import TypeAlias

import attrs

from workassign.model import Instant
from workassign.social.mentions import Mention

ROOT = Path(__file__).parent.parent
REAL = ROOT.parent / "shared" / "data" / "twcs" / "conversations_head.csv.gz"
SHARES = {"p50": 0.5, "p90": 0.9}
Unit: TypeAlias = tuple[str, str]
"""What the file says belongs together: (conversation, customer)."""


@attrs.frozen(kw_only=True)
class Line:
    """A tweet of the file: the mention, the conversation in which it stands, and whom it concerns."""

    mention: Mention
    conversation: str
    unit: Unit | None
    """Of a brand's own post: the customer whom it answers; None: it answers nobody."""


def lines_of(path: Path) -> list[Line]:
    """Return the tweets of the file at *path*, in order of time."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = [
            (_mention(row, number), row["conversation"]) for number, row in enumerate(csv.DictReader(file), 1)
        ]
    rows.sort(key=lambda row: (row[0].at, row[0].line))
    units: dict[str, Unit | None] = {}
    found = []
    for mention, conversation in rows:
        answered = units.get(mention.in_reply_to or "")
        units[mention.id] = answered if mention.ours else (conversation, mention.author or "")
        found.append(Line(mention=mention, conversation=conversation, unit=units[mention.id]))
    return found


def _mention(row: Mapping[str, str], number: int) -> Mention:
    return Mention(
        id=row["tweet_id"],
        at=datetime.fromisoformat(row["t"]).timestamp(),
        text=row["text"],
        network="twitter",
        line=number,
        brand=row["brand"],
        author=row["author_id"],
        in_reply_to=row["in_response_to_tweet_id"].partition(".")[0] or None,
        ours=row["inbound"] == "False",
        attributes={"agent": row["agent_sig"]} if row["agent_sig"] else {},
    )


def response_times(lines: Iterable[Line]) -> dict[str, list[float]]:
    """Return first and next response times, reckoned from the *lines* alone.

    From a customer's oldest message that was not answered to the next answer to any of hers in that
    conversation: the first one, and each later one. What is never answered has none.
    """
    waiting: dict[Unit, Instant] = {}
    answered: set[Unit] = set()
    found: dict[str, list[float]] = {"first_response": [], "next_response": []}
    for line in lines:
        if line.unit is None:
            continue
        if not line.mention.ours:
            waiting.setdefault(line.unit, line.mention.at)
        elif (since := waiting.pop(line.unit, None)) is not None:
            kind = "next_response" if line.unit in answered else "first_response"
            found[kind].append(line.mention.at - since)
            answered.add(line.unit)
    return found


def quantiles(times: Sequence[float]) -> dict[str, float]:
    """Return how many, the mean, and the least times that a half and nine tenths are not above."""
    ranked = sorted(times)
    at = {name: ranked[max(0, math.ceil(share * len(ranked)) - 1)] for name, share in SHARES.items()}
    return {"count": len(ranked), "mean": fmean(ranked), **at}
