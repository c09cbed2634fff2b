"""What becomes of a file of mentions? Read, and taken in by a front; nothing is lost."""

from __future__ import annotations

from pathlib import Path

import attrs

from workassign.commands import Submit
from workassign.model import Instant, Interaction
from workassign.plan import Plan
from workassign.social.files.readers import read_mentions
from workassign.social.front import Front, Taken
from workassign.social.funnel import Funnel
from workassign.social.happenings import Misplaced
from workassign.social.mentions import BadRecord
from workassign.social.settings import MentionSettings

__all__ = ["Intake", "misplaced", "take_in"]


@attrs.frozen(kw_only=True)
class Intake:
    """Interactions with the instant at which each arrives, in order, and how they came about."""

    arrivals: list[tuple[Instant, Interaction]]
    funnel: Funnel


def take_in(path: Path, settings: MentionSettings, plan: Plan, folder: Path = Path()) -> Intake:
    """Return the interactions that the mentions in *path* make, as if none were closed meanwhile.

    A mention of a brand that has no queue is a bad record. *folder* is that of the plan file.

    Raises:
        UsageError: If the file is missing or damaged as a whole, or a library is not installed.
        PlanError: If it lacks a column that the settings name.
    """
    reading = read_mentions(path, settings.file_columns())
    front = Front(settings, plan, settings.understanding(folder))
    arrivals: list[tuple[Instant, Interaction]] = []
    bad = list(reading.bad)
    for mention in reading.mentions:
        taken = front.take(mention)
        bad += misplaced(taken)
        arrivals += [(mention.at, each.interaction) for each in taken.commands if isinstance(each, Submit)]
    funnel = front.funnel(
        read=len(reading.mentions) + len(reading.bad),
        bad=bad,
        notes=reading.notes,
        out_of_order=reading.out_of_order,
    )
    return Intake(arrivals=arrivals, funnel=funnel)


def misplaced(taken: Taken) -> list[BadRecord]:
    """Return the bad record that a mention without a queue is; nothing else is one."""
    return [BadRecord(each.line, each.reason) for each in taken.happenings if isinstance(each, Misplaced)]
