"""How did the days of a file of mentions go? The front of a desk, its engine and its agents, together.

Mentions meet the front, what needs somebody meets the engine, and simulated agents do the work: once
into a journal, and once more without head starts, to compare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeAlias

import attrs

from workassign._answer import printable
from workassign.errors import PlanError
from workassign.lab.account import Account, Source
from workassign.lab.day import Simulation
from workassign.lab.figures import effects, figures
from workassign.lab.folder import JOURNAL, check_replaceable, new_journal
from workassign.lab.kpis import key_figures
from workassign.lab.roster import Roster, zone_named
from workassign.lab.run import measured, recorded_day, unscored_day
from workassign.plan import Plan, read_settings
from workassign.social.files.readers import Reading, read_mentions
from workassign.social.front import Front
from workassign.social.funnel import LOSSLESS, Funnel
from workassign.social.mentions import Mention
from workassign.social.needed import needed_by
from workassign.social.reception import Reception
from workassign.social.settings import MentionSettings

__all__ = ["Days", "each_of"]

Progress: TypeAlias = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""(what is done, how often) -> whom to tell how often it was done."""


@attrs.frozen(kw_only=True)
class Days:
    """A plan file, as far as days of mentions are run by it: how work is routed, what comes in, who works."""

    plan: Plan
    mentions: MentionSettings
    roster: Roster
    simulation: Simulation
    folder: Path = Path()
    """That of the plan file, beside which a model may be."""

    @classmethod
    def load(cls, path: Path) -> Days:
        """Return what the plan file at *path* says.

        Raises:
            UsageError: If it cannot be read.
            PlanError: If anything in it is wrong; every problem is listed with its path.
        """
        data = read_settings(path)
        plan = Plan.from_data(data)
        mentions, roster, simulation = each_of(
            lambda: MentionSettings.from_data(data, plan),
            lambda: Roster.from_data(data, plan),
            lambda: Simulation.from_data(data),
        )
        return cls(plan=plan, mentions=mentions, roster=roster, simulation=simulation, folder=path.parent)

    def instead(self, *, seed: int | None, model: Path | None) -> Days:
        """Return the same with another seed and another model, where they are given."""
        return attrs.evolve(
            self,
            simulation=self.simulation if seed is None else attrs.evolve(self.simulation, seed=seed),
            mentions=self.mentions
            if model is None
            else attrs.evolve(self.mentions, model=str(model.resolve())),
        )

    def run(self, path: Path, out: Path, progress: Progress, *, force: bool = False) -> Account:
        """Run the days of the file of mentions at *path* into a journal in *out*, and tell of them.

        *force*: a journal that no simulation wrote is overwritten.

        Raises:
            UsageError: If a file cannot be used, or a library is not installed.
            PlanError: If the file lacks a column, or a policy has no name that a journal could keep.
            JournalError: If the journal cannot be written.
        """
        check_replaceable(out / JOURNAL, force=force)
        plan, roster, simulation = self.plan, self.roster, self.simulation
        reading = read_mentions(path, self.mentions.file_columns())
        posts = [(each.at, each) for each in self._known(reading.mentions)]
        understanding = self.mentions.understanding(self.folder)
        needed = needed_by(reading.mentions)
        zone, team_of = zone_named(roster.zone), roster.team_of()

        def reception() -> tuple[Front, Reception]:
            front = Front(self.mentions, plan, understanding)
            return front, Reception(front, needed)

        front, scored = reception()
        with new_journal(out / JOURNAL, force=force) as store:
            with progress("with scoring", len(posts)) as arrived:
                recorded_day(plan, posts, roster, simulation, store, arrived, scored)
            ledger, kpis = measured(store, zone)
            keys = key_figures(kpis, store, team_of)
        with progress("first come, first served", len(posts)) as arrived:
            unscored = unscored_day(plan, posts, roster, simulation, arrived, reception()[1])
        return Account(
            plan=plan.name,
            plan_hash=plan.hash,
            seed=simulation.seed,
            zone=zone,
            source=_source(path.name, _funnel(front, scored, reading), scored.measured()),
            found=figures(ledger, team_of, zone),
            unscored=figures(unscored, team_of, zone),
            effects=effects(ledger, unscored),
            ledger=ledger,
            keys=keys,
            synthetic=simulation.customers is not None,
        )

    def _known(self, mentions: Iterable[Mention]) -> Iterator[Mention]:
        """Yield *mentions*; authors without followers or value have synthetic ones, if that is wanted."""
        people = self.simulation.customers
        if people is None:
            yield from mentions
            return
        drawn = people.drawer(self.simulation.seed)
        for mention in mentions:
            if mention.author is None or None not in (mention.followers, mention.value):
                yield mention
                continue
            followers, value = drawn(mention.author)
            yield attrs.evolve(
                mention,
                followers=followers if mention.followers is None else mention.followers,
                value=value if mention.value is None else mention.value,
            )


def each_of(*readers: Callable[[], Any]) -> list[Any]:
    """Return what each of *readers* returns.

    Raises:
        PlanError: With the problems of all of them.
    """
    found: list[Any] = []
    problems: list[str] = []
    for reader in readers:
        try:
            found.append(reader())
        except PlanError as error:
            problems.extend(error.problems)
    if problems:
        raise PlanError(problems)
    return found


def _funnel(front: Front, reception: Reception, reading: Reading) -> Funnel:
    return front.funnel(
        read=len(reading.mentions) + len(reading.bad),
        bad=[*reading.bad, *reception.bad],
        notes=reading.notes,
        out_of_order=reading.out_of_order,
    )


def _source(name: str, funnel: Funnel, measured: Mapping[str, float | None]) -> Source:
    return Source(
        name=printable(name),
        read=funnel.read,
        bad=tuple((each.line, printable(each.reason)) for each in funnel.bad),
        dropped=funnel.dropped,
        joined=tuple(stage for stage in LOSSLESS if stage in funnel.dropped),
        entered=funnel.entered,
        notes=funnel.notes,
        out_of_order=funnel.out_of_order,
        audited=funnel.audited,
        samples={
            stage: tuple(printable(each.text) for each in some) for stage, some in funnel.samples.items()
        },
        moods=funnel.moods,
        measured=measured,
    )
