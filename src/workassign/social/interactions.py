"""Which interactions does a file hold? One on each line, in the journal's own form, or mentions.

Law: *no record is lost in silence*: each one becomes an `Interaction`, a `BadRecord` that says why
not, or was dropped by a stage of the plan's screen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import attrs

from workassign._codec import MALFORMED, as_json, decode
from workassign.commands import Submit
from workassign.model import Customer, Interaction
from workassign.plan import Plan
from workassign.social.files.readers import Record, json_records
from workassign.social.intake import take_in
from workassign.social.mentions import BadRecord
from workassign.social.settings import MentionSettings

__all__ = ["Expected", "read_interactions"]


@attrs.frozen(kw_only=True)
class Expected:
    """What a file holds, in its order (mentions: in order of time)."""

    interactions: list[Interaction]
    bad: tuple[BadRecord, ...]
    dropped: Mapping[str, int]
    """Of mentions: stage of the screen -> how many it dropped."""


def read_interactions(
    path: Path, mentions: Callable[[], MentionSettings], plan: Plan, folder: Path = Path()
) -> Expected:
    """Return the interactions in *path*: of a CSV file those that its *mentions* make.

    Any other file has a JSON object on each line, with the fields of an `Interaction`.

    Raises:
        UsageError: If the file is missing, damaged as a whole, or of no known kind.
        PlanError: If it is a CSV file and the settings of mentions do not fit it.
    """
    if path.name.lower().removesuffix(".gz").endswith(".csv"):
        intake = take_in(path, mentions(), plan, folder)
        arrived = [interaction for _, interaction in intake.arrivals]
        return Expected(interactions=arrived, bad=intake.funnel.bad, dropped=intake.funnel.dropped)
    found: list[Interaction] = []
    bad: list[BadRecord] = []
    for line, record in json_records(path):
        try:
            found.append(_interaction(record))
        except MALFORMED as error:
            bad.append(BadRecord(line, str(error)))
    return Expected(interactions=found, bad=tuple(bad), dropped={})


def _interaction(record: Record | str) -> Interaction:
    """Return the interaction in *record*; raises what `MALFORMED` lists."""
    if isinstance(record, str):
        raise ValueError(record)
    said = _said(record, Interaction, "")
    if "id" not in said:
        raise ValueError("id is missing")
    if not isinstance(said.get("attributes", {}), Mapping):
        raise ValueError("attributes must be an object")
    if "customer" in said:
        said["customer"] = _said(said["customer"], Customer, "customer.")
    # As a journal has it, so that there is one reader of its form.
    turn = {"at": 0.0, "command": {"kind": Submit.__name__, "interaction": said}}
    _, command, _, _ = decode(as_json(turn))
    assert isinstance(command, Submit)
    return command.interaction


def _said(table: object, kind: type[attrs.AttrsInstance], path: str) -> dict[str, object]:
    """Return what *table* says; a journal passes over fields of later versions, people misspell."""
    if not isinstance(table, Mapping):
        raise ValueError(f"{path.rstrip('.')} must be an object, not {type(table).__name__}")
    known = [field.name for field in attrs.fields(kind)]
    if unknown := [name for name in table if name not in known]:
        raise ValueError(f"{path}{unknown[0]}: unknown; there are {', '.join(sorted(known))}")
    return {name: value for name, value in table.items() if value is not None}
