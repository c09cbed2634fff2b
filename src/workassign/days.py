"""How did the days of a file of mentions go? The front of a desk, its engine and its agents, together.

Mentions meet the front, what needs somebody meets the engine, and simulated agents do the work: once
into a journal, and once more without head starts, to compare.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import attrs

from workassign.lab.account import Account, Source
from workassign.lab.figures import effects, figures
from workassign.lab.folder import JOURNAL, new_journal
from workassign.lab.kpis import key_figures
from workassign.lab.roster import Roster, zone_named
from workassign.lab.run import measured, recorded_day, unscored_day
from workassign.social.front import Front
from workassign.social.funnel import Funnel
from workassign.social.needed import needed_by
from workassign.social.readers import Reading, read_mentions
from workassign.social.reception import Reception

if TYPE_CHECKING:
    from workassign.lab.day import Simulation
    from workassign.lab.synthetic import SyntheticCustomers
    from workassign.model import Instant
    from workassign.plan import Plan
    from workassign.social.mentions import Mention
    from workassign.social.settings import MentionSettings

__all__ = ["run_days"]

Progress: TypeAlias = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""(what is done, how often) -> whom to tell how often it was done."""
Posts: TypeAlias = Sequence[tuple["Instant", "Mention"]]


def run_days(
    path: Path,
    out: Path,
    plan: Plan,
    mentions: MentionSettings,
    roster: Roster,
    simulation: Simulation,
    progress: Progress,
    *,
    folder: Path = Path(),
    force: bool = False,
) -> Account:
    """Run the days of the file of mentions at *path* into a journal in *out*, and tell of them.

    *folder* is that of the plan file. *force*: a journal that no simulation wrote is overwritten.

    Raises:
        UsageError: If a file cannot be used, or a library is not installed.
        PlanError: If the file lacks a column, or a policy has no name that a journal could keep.
        JournalError: If the journal cannot be written.
    """
    reading = read_mentions(path, mentions.file_columns())
    people = simulation.customers
    posts = [
        (each.at, each if people is None else _known(each, people, simulation.seed))
        for each in reading.mentions
    ]
    needed = needed_by(reading.mentions)
    understanding = mentions.understanding(folder)
    zone, team_of = zone_named(roster.zone), roster.team_of()

    def reception() -> tuple[Front, Reception]:
        front = Front(mentions, plan, understanding)
        return front, Reception(front, needed)

    front, scored = reception()
    with new_journal(out / JOURNAL, force=force) as store:
        with progress("with scoring", len(posts)) as arrived:
            recorded_day(plan, posts, roster, simulation, store, arrived, scored)
        ledger, kpis = measured(store, zone)
        keys = key_figures(kpis, store, team_of)
    with progress("first come, first served", len(posts)) as arrived:
        unscored = unscored_day(plan, posts, roster, simulation, arrived, reception()[1])
    funnel = _funnel(front, scored, reading)
    return Account(
        plan=plan.name,
        plan_hash=plan.hash,
        seed=simulation.seed,
        zone=zone,
        source=_source(path.name, funnel, scored.measured()),
        found=figures(ledger, team_of, zone),
        unscored=figures(unscored, team_of, zone),
        effects=effects(ledger, unscored),
        ledger=ledger,
        keys=keys,
        synthetic=people is not None,
    )


def _known(mention: Mention, people: SyntheticCustomers, seed: int) -> Mention:
    """Return *mention*, its author with synthetic followers and value where she has none."""
    author = mention.author
    if author is None or (mention.followers is not None and mention.value is not None):
        return mention
    followers, value = mention.followers, mention.value
    return attrs.evolve(
        mention,
        followers=people.followers_of(author, seed) if followers is None else followers,
        value=people.value_of(author, seed) if value is None else value,
    )


def _funnel(front: Front, reception: Reception, reading: Reading) -> Funnel:
    return front.funnel(
        read=len(reading.mentions) + len(reading.bad),
        bad=[*reading.bad, *reception.bad],
        notes=reading.notes,
        out_of_order=reading.out_of_order,
    )


def _source(name: str, funnel: Funnel, measured: Mapping[str, float | None]) -> Source:
    return Source(
        name=_printable(name),
        read=funnel.read,
        bad=tuple((each.line, _printable(each.reason)) for each in funnel.bad),
        dropped=funnel.dropped,
        notes=funnel.notes,
        out_of_order=funnel.out_of_order,
        audited=funnel.audited,
        samples={
            stage: tuple(_printable(each.text) for each in some) for stage, some in funnel.samples.items()
        },
        moods=funnel.moods,
        measured=measured,
    )


def _printable(text: str) -> str:
    """Return *text* as something that can be written: file names need not be UTF-8."""
    return text.encode(errors="backslashreplace").decode()
