"""How does a front stand before a simulated day? It takes mentions, sees events, and is measured.

Where mentions were labelled by people, the labels decide nothing: they say what whoever works in
the audit lane would have said, and what the screening is held against.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from workassign import events as ev
from workassign.commands import Command, Submit
from workassign.errors import UsageError
from workassign.model import Instant, InteractionId
from workassign.social.front import Front, Taken
from workassign.social.happenings import Dropped, Entered, Misplaced
from workassign.social.mentions import BadRecord, Mention, name_of

__all__ = ["Reception"]


class Reception:
    """Takes mentions and sees events for a simulated day, as `lab.day` wants it."""

    def __init__(self, front: Front, needed: Mapping[str, bool] | None = None) -> None:
        """Stand before *front*; *needed*: key of a mention -> whether it needed an answer, people say."""
        self._front = front
        self._needed = {name_of(key): said for key, said in (needed or {}).items()}
        self._looked_at: dict[InteractionId, str] = {}
        """Interaction of the audit lane -> the mention that is looked at there."""
        self.bad: list[BadRecord] = []
        """Mentions without a queue."""
        self._counts = {(kept, needed): 0 for kept in (True, False) for needed in (True, False)}

    def receive(self, arrival: Mention, at: Instant) -> Iterable[Command]:
        """Return what to tell the engine of a mention."""
        taken = self._front.take(arrival)
        self._note(arrival, taken)
        if taken.commands or not any(isinstance(each, Dropped) and each.audited for each in taken.happenings):
            return taken.commands
        # There is no lane in which somebody would come to it: it is looked at now.
        return self._labelled(name_of(arrival.key), at)

    def see(self, event: ev.Event) -> Iterable[Command]:
        """Take in what happened, and return what follows; who is done with something labels it."""
        told = [*self._front.see(event).commands]
        if isinstance(event, ev.Completed):
            key = self._looked_at.pop(event.interaction, event.interaction)
            told += self._labelled(key, event.at)
        return told

    def _labelled(self, key: str, at: Instant) -> Sequence[Command]:
        """Return what follows when whoever looked at a mention says whether it needed an answer."""
        if key not in self._needed:
            return ()
        try:
            return self._front.label(key, needed=self._needed[key], at=at).commands
        except UsageError:  # labelled before, or nothing to label: opened again, a copy
            return ()

    def _is_judged(self, fact: Dropped | Entered) -> bool:
        """Whether a stage dropped it for needing nobody."""
        return isinstance(fact, Dropped) and fact.stage in self._front.stages

    def _note(self, mention: Mention, taken: Taken) -> None:
        for fact in taken.happenings:
            if isinstance(fact, Misplaced):
                self.bad.append(BadRecord(fact.line, fact.reason))
            elif isinstance(fact, Dropped | Entered) and (name := name_of(mention.key)) in self._needed:
                kept = isinstance(fact, Entered)
                if kept or self._is_judged(fact):
                    self._counts[kept, self._needed[name]] += 1
        for command in taken.commands:
            if isinstance(command, Submit) and (key := command.interaction.attributes.get("audit_of")):
                self._looked_at[command.interaction.id] = str(key)

    def measured(self) -> dict[str, float | None]:
        """Return how good the screening was by all labels, and as the audit lane alone would tell."""
        if not self._needed:
            return {}
        counts = self._counts
        hit, miss, vain = counts[True, True], counts[False, True], counts[True, False]
        quality = self._front.quality()
        return {
            "precision: kept that needed an answer": _share(hit, hit + vain),
            "recall: needed an answer and kept": _share(hit, hit + miss),
            "precision, as far as people looked": quality.precision.value,
            "recall, as far as people looked": quality.recall.value,
            "recall, lower end of 95 %": quality.recall.low,
            "recall, upper end of 95 %": quality.recall.high,
            "precision if everything were kept": _share(hit + miss, sum(counts.values())),
        }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
