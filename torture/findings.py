"""Is what clients were told what happened, and did it happen once?

In the words of Jepsen's checker of queues: what was *attempted*; what was acknowledged (*ok*);
*lost*: acknowledged, and not there; *duplicated*: there twice; *unexpected*: there, and never
attempted, or said not to have happened; *recovered*: there, though the client never heard so.
Beside these, what a queue does not have: *assigned_twice* (in the journal, with no release
between) and *overlapping* (two clients knew at the same time that they held it).

It believes the clients' diaries and the raw rows of the journal, and no bookkeeping of the engine.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any
from zlib import crc32

import attrs

from torture.callers import Diary, Hold, Wish
from workassign.events import Assigned, Event

__all__ = ["Findings", "Row", "check"]

MOST = 20
"""So many problems are told in full."""

_GIVEN_BACK = {"Requeued", "Transferred"}
_ENDED = {"Completed", "Cancelled", "Abandoned"}
_TELLING = ("at", "interaction", "agent", "offer", "fence", "sequence", "rule", "expires")
"""By these an event is known again."""


@attrs.frozen
class Row:
    """A row of the journal."""

    seq: int
    epoch: int
    crc: int
    body: bytes


@attrs.define(kw_only=True)
class Findings:
    """What was counted, of one round or of all."""

    attempted: int = 0
    """Interactions that somebody wished to submit."""
    ok: int = 0
    """Of these, acknowledged."""
    completed: int = 0
    open: int = 0
    """Submitted, and not completed at the end."""
    commands: int = 0
    """Wishes of all kinds."""
    acknowledged: int = 0
    asked: int = 0
    """Attempts; a wish is tried again while its outcome is unknown."""
    unknown: int = 0
    """Attempts whose outcome nobody could tell."""
    recovered: int = 0
    accepts: int = 0
    """Acknowledged."""
    holds: int = 0
    entries: int = 0
    epochs: int = 0
    lost: int = 0
    duplicated: int = 0
    unexpected: int = 0
    assigned_twice: int = 0
    overlapping: int = 0
    disordered: int = 0
    """Later than something that was asked only after it was acknowledged."""
    broken: int = 0
    """Anything else that must not be: gaps, epochs that fall, fences that do not rise, a bad checksum."""
    problems: list[str] = attrs.field(factory=list)
    """The first of them."""

    @property
    def violations(self) -> int:
        """How often a promise was broken."""
        return (
            self.lost
            + self.duplicated
            + self.unexpected
            + self.assigned_twice
            + self.overlapping
            + self.disordered
            + self.broken
        )

    def note(self, kind: str, what: str) -> None:
        """Count a broken promise."""
        setattr(self, kind, getattr(self, kind) + 1)
        if len(self.problems) < MOST:
            self.problems.append(f"{kind}: {what}")

    def add(self, other: Findings) -> None:
        """Count what *other* counted, too."""
        for field in attrs.fields(Findings):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            setattr(self, field.name, (mine + theirs)[:MOST] if field.name == "problems" else mine + theirs)


@attrs.define
class _Story:
    """What the journal tells of one interaction."""

    submitted: int = 0
    holder: tuple[str, int] | None = None
    """Who has it, under which fence."""
    fence: int = 0
    ends: int = 0


class _Journal:
    """What the rows say."""

    def __init__(self, found: Findings) -> None:
        self._found = found
        self.stories: dict[str, _Story] = {}
        self.places: dict[str, list[int]] = {}
        """Where a command brought something about, by its key; by its actor, if it has none."""
        self.facts: dict[str, list[dict[str, Any]]] = {}
        """By the same: what came about with it, also what was due anyway."""
        self._crc, self._epoch = 0, 0

    def read(self, rows: Sequence[Row]) -> None:
        """Take *rows* in, in order."""
        for place, row in enumerate(rows):
            self._check_row(place, row)
            if place:
                entry = json.loads(row.body)
                command = entry["command"]
                tag = command.get("key") or command.get("actor")
                if tag is not None:
                    facts = [{"at": entry["at"], **fact} for fact in entry["facts"]]
                    self._note(tag, row.seq, facts, entry.get("timed", 0))
                for fact in entry["facts"]:
                    self._take_in(row.seq, fact, command)
        self._found.entries = len(rows)
        self._found.epochs = len({row.epoch for row in rows})

    def _note(self, tag: str, seq: int, facts: list[dict[str, Any]], timed: int) -> None:
        """Note what a command brought about; said again, it brings only what time brings."""
        self.facts.setdefault(tag, []).extend(facts)
        places = self.places.setdefault(tag, [])
        if not places or len(facts) > timed:
            places.append(seq)

    def _check_row(self, place: int, row: Row) -> None:
        if row.seq != place:
            self._found.note("broken", f"entry {place} is missing")
        if row.epoch < self._epoch:
            self._found.note("broken", f"entry {row.seq} has epoch {row.epoch} after {self._epoch}")
        self._crc, self._epoch = crc32(row.body, self._crc), max(self._epoch, row.epoch)
        if row.crc != self._crc:
            self._found.note("broken", f"entry {row.seq} has another checksum than its chain")
            self._crc = row.crc

    def _take_in(self, seq: int, fact: dict[str, Any], command: dict[str, Any]) -> None:
        kind = fact["kind"]
        if kind == "Submitted":
            self._story(command["interaction"]["id"]).submitted += 1
        elif kind == "Assigned":
            self._assign(seq, fact)
        elif kind in _GIVEN_BACK:
            self._story(fact["interaction"]).holder = None
        elif kind in _ENDED:
            self._end(seq, fact)

    def _assign(self, seq: int, fact: dict[str, Any]) -> None:
        story = self._story(fact["interaction"])
        if story.holder is not None or story.ends:
            what = f"to {story.holder}" if story.holder else "and ended"
            self._found.note("assigned_twice", f"{fact['interaction']} at {seq}: it was assigned {what}")
        if fact["fence"] <= story.fence:
            self._found.note("broken", f"fence {fact['fence']} at {seq} after {story.fence}")
        story.holder, story.fence = (fact["agent"], fact["fence"]), max(story.fence, fact["fence"])

    def _end(self, seq: int, fact: dict[str, Any]) -> None:
        story = self._story(fact["interaction"])
        story.ends += 1
        if story.ends > 1:
            self._found.note("duplicated", f"{fact['interaction']} ends again at {seq}")
        elif fact["kind"] == "Completed" and story.holder != (fact["agent"], fact["fence"]):
            self._found.note("broken", f"{fact['interaction']} at {seq} was completed by no holder")
        story.holder = None

    def _story(self, interaction: str) -> _Story:
        return self.stories.setdefault(interaction, _Story())


def check(rows: Sequence[Row], diary: Diary) -> Findings:
    """Return what is to be said of *rows* and *diary*. Cost: O(both)."""
    found = Findings(asked=diary.asked, unknown=diary.unknown)
    journal = _Journal(found)
    journal.read(rows)
    _check_submits(journal, diary, found)
    for wish in diary.wishes:
        _check_wish(wish, journal, found)
    _check_order(journal, diary, found)
    _check_holds(diary.holds, found)
    for problem in diary.problems:
        found.note("broken", problem)
    return found


def _check_submits(journal: _Journal, diary: Diary, found: Findings) -> None:
    attempted = {wish.subject for wish in diary.wishes if wish.kind == "Submit"}
    acknowledged = {wish.subject for wish in diary.wishes if wish.kind == "Submit" and wish.outcome == "ok"}
    found.attempted, found.ok = len(attempted), len(acknowledged)
    for interaction, story in sorted(journal.stories.items()):
        if story.submitted > 1:
            found.note("duplicated", f"{interaction} was submitted {story.submitted} times")
        if not story.submitted or interaction not in attempted:
            found.note("unexpected", f"{interaction} was never submitted")
        found.completed += story.ends > 0
        found.open += not story.ends


def _check_wish(wish: Wish, journal: _Journal, found: Findings) -> None:
    found.commands += 1
    entries = journal.places.get(wish.tag, [])
    if len(entries) > 1:
        found.note("duplicated", f"{wish.kind} {wish.tag} was carried out {len(entries)} times, at {entries}")
    if wish.outcome == "ok":
        found.acknowledged += 1
        if not entries or not _is_there(wish, journal.facts[wish.tag]):
            found.note("lost", f"{wish.kind} {wish.tag} was acknowledged and is not there")
        found.accepts += wish.kind == "Accept" and any(isinstance(each, Assigned) for each in wish.answer)
    elif entries and wish.outcome == "fail":
        found.note("unexpected", f"{wish.kind} {wish.tag} was said not to have happened")
    elif entries:
        found.recovered += 1


def _is_there(wish: Wish, facts: Sequence[dict[str, Any]]) -> bool:
    """Whether all that *wish* was answered is among *facts*."""
    return all(any(_same(event, fact) for fact in facts) for event in wish.answer)


def _same(event: Event, fact: dict[str, Any]) -> bool:
    return fact["kind"] == type(event).__name__ and all(
        fact[name] == getattr(event, name) for name in _TELLING if name in fact
    )


def _check_order(journal: _Journal, diary: Diary, found: Findings) -> None:
    """What was asked after something else was acknowledged must stand behind it in the journal."""
    placed = [
        (wish, journal.places[wish.tag][0])
        for wish in diary.wishes
        if wish.outcome == "ok" and wish.tag in journal.places
    ]
    first: dict[str, tuple[Wish, int]] = {}
    for wish, seq in placed:  # a key may be said again: what counts is the first time
        if wish.tag not in first or wish.began < first[wish.tag][0].began:
            first[wish.tag] = (wish, seq)
    by_end = sorted(first.values(), key=lambda each: (each[0].ended, each[1]))
    done, last = 0, (-1, "")
    for wish, seq in sorted(first.values(), key=lambda each: (each[0].began, each[1])):
        while done < len(by_end) and by_end[done][0].ended < wish.began:
            last = max(last, (by_end[done][1], by_end[done][0].tag))
            done += 1
        if last[0] > seq:
            found.note("disordered", f"{wish.tag} at {seq} was asked after {last[1]} at {last[0]}")


def _check_holds(holds: Sequence[Hold], found: Findings) -> None:
    found.holds = len(holds)
    ordered = sorted(holds, key=lambda each: (each.interaction, each.began, each.fence))
    longest: dict[str, Hold] = {}
    for after in ordered:
        before = longest.get(after.interaction, after)
        if before is not after and after.began < before.ended:
            found.note(
                "overlapping",
                f"{after.interaction} was held by {before.agent} and {after.agent} "
                f"(fences {before.fence} and {after.fence})",
            )
        longest[after.interaction] = max(before, after, key=lambda each: each.ended)
    fences = Counter((each.interaction, each.fence) for each in holds)
    for (interaction, fence), count in sorted(fences.items()):
        if count > 1:
            found.note("duplicated", f"fence {fence} of {interaction} was acknowledged {count} times")
