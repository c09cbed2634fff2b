"""Which queues are in trouble?

Alarms follow from the facts alone: after the facts of a turn, whatever they were about is looked
at again. Who is over a limit is derived, never journaled, so a replay finds the same members;
that an alarm was raised or cleared is a fact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workassign import events as ev
from workassign._asking import Turn
from workassign._deadlines import AGE, BREACH
from workassign._evolve import evolve
from workassign._pairing import Pairing
from workassign._records import Clock, Signature, Work
from workassign._state import State
from workassign.model import Instant, InteractionId

__all__ = ["Watch"]

_WAITS = ("waiting", "offered")

_NONE: Mapping[str, Clock] = {}

_ROSTER = (
    ev.PresenceChanged,
    ev.AgentChanged,
    ev.AgentRemoved,
    ev.Rotated,
    ev.SurgeStarted,
    ev.SurgeEnded,
)
"""What changes who could take something; a newcomer is not signed on yet."""

_ARMS = (
    ev.Submitted,
    ev.Transferred,
    ev.Rekeyed,
    ev.Reopened,
    ev.ClockStarted,
    ev.ClockResumed,
)
"""What sets a limit ahead of an interaction."""


class Watch:
    """Raises and clears the alarms that the queues of the plan ask for."""

    def __init__(self, state: State, pairing: Pairing, turn: Turn) -> None:
        self._state = state
        self._pairing = pairing
        self._turn = turn
        self._over: dict[tuple[str, str], dict[Any, Work]] = {}
        """(queue, alarm) -> what is over the limit: interactions by id, or signatures."""
        self._facts: list[ev.Event] = []
        self._loose: list[Work] = []
        """What waits for one agent no more, but for anybody: no fact says so."""
        self._seen = 0
        """So many of the turn's facts have been looked at."""
        self._changed: dict[tuple[str, str], Instant | None] = {}
        """Alarms to be looked at, and the instant that was due if time brought it."""
        self.on = False
        """Some queue asks for an alarm, or had one raised."""
        self.prepare()

    def prepare(self) -> None:
        """Learn which alarms the plan asks for."""
        wanted = any(queue.alarms is not None for queue in self._state.plan.queues.values())
        self.on = self._turn.watched = wanted or bool(self._state.alarms)
        self._turn.take_care()

    def follow(self, at: Instant) -> None:
        """Look again at what this turn's new facts are about. Cost: O(these), see `plan.Alarms`."""
        facts = self._turn.facts
        if facts is not self._facts:
            self._facts, self._seen = facts, 0
        new = facts[self._seen :]
        apart = bool(self._state.limited)  # then work may be told apart since a newcomer limits its label
        touched: dict[InteractionId, bool] = {}
        """Interactions, and whether new timers are needed."""
        for event in new:
            who = getattr(event, "interaction", None)
            if who is not None:
                name = getattr(who, "id", who)
                touched[name] = touched.get(name, False) or type(event) in _ARMS
        for name, arm in touched.items():
            if (work := self._state.works.get(name)) is not None:
                self._look(work, at, arm=arm)
        if any(type(event) in _ROSTER or (apart and type(event) is ev.AgentAdded) for event in new):
            self._look_for_stranded()
        elif new:
            self._look_at_the_stranded()
        for work in self._loose:
            self._look_at_class(work.sig)
        self._loose.clear()
        self._report(at)
        self._seen = len(facts)

    def waits_for_anybody(self, work: Work) -> None:
        """*work* has waited long enough for the agent it prefers."""
        if self.on:
            self._loose.append(work)

    def rebuild(self, at: Instant) -> None:
        """Derive who is over which limit, and arm the timers, from the state. Cost: O(open)."""
        self._over.clear()
        self.prepare()
        if not self.on:
            return
        for work in self._state.works.values():
            if work.stage != "closed":
                self._look(work, at, arm=True)
        self._look_for_stranded()
        self._loose += self._pairing.brought  # these stand in no line yet: see `follow`
        self._changed |= dict.fromkeys((*self._state.alarms, *self._over))

    # --- interactions -----------------------------------------------------------------------

    def _look(self, work: Work, at: Instant, *, arm: bool) -> None:
        """Find out which limits of its queue *work* is over, and *arm* timers for when it will be."""
        who, here = work.interaction.id, work.sig.queue.name
        near = self._near(work, at, arm=arm)
        limits = {
            "oldest_age": self._old(work, at, arm=arm),
            "next_breach": near,
            "last_step": at if _is_at_last_step(work) else None,
        }
        for alarm, since in limits.items():
            for queue in [name for name, kind in self._over if kind == alarm]:
                if who in self._over[queue, alarm] and (queue != here or since is None or since > at):
                    del self._over[queue, alarm][who]
                    self._changed[queue, alarm] = None
            if since is not None and since <= at:
                self._add(here, alarm, who, work, None)
        if work.stage != "closed":  # else its class may be one of an earlier plan
            self._look_at_class(work.sig)

    def _add(self, queue: str, alarm: str, key: object, work: Work, due: Instant | None) -> None:
        members = self._over.setdefault((queue, alarm), {})
        if key not in members:
            members[key] = work
            self._changed.setdefault((queue, alarm), due)

    def _old(self, work: Work, at: Instant, *, arm: bool) -> Instant | None:
        """Return when *work*, if it waits, is too old."""
        alarms = work.sig.queue.plan.alarms
        if alarms is None or alarms.oldest_age is None or work.stage == "closed":
            return None
        due = work.since + alarms.oldest_age
        if arm and due > at:
            # Whether or not somebody holds it: it may come back before, in the middle of a turn.
            self._pairing.deadlines.later(due, AGE, work.seq, work)
        return due if work.stage in _WAITS else None

    def _near(self, work: Work, at: Instant, *, arm: bool) -> Instant | None:
        """Return since when, or from when, a breach of *work* is near."""
        alarms = work.sig.queue.plan.alarms
        lead = None if alarms is None else alarms.next_breach
        if lead is None:
            return None
        found = []
        for due, number, subject in self._dues(work):
            if due > at:
                found.append(due - lead)
                if arm and due - lead > at:
                    self._pairing.deadlines.later(due - lead, BREACH, number, subject)
        return min(found, default=None) if work.stage != "parked" else None

    def _dues(self, work: Work) -> Iterator[tuple[Instant, int, Work | Clock]]:
        """Yield when the targets of *work* will be missed; the number tells the timers apart."""
        if work.pending and work.due is not None and work.stage != "closed":
            yield work.due, 2 * work.seq, work
        known = self._state.conversations.get(work.interaction.id)
        for clock in (_NONE if known is None else known.clocks).values():
            if clock.due is not None:
                yield clock.due, 2 * clock.number + 1, clock

    def aged(self, work: Work, due: Instant, at: Instant) -> None:
        """*work* is too old from now on, if it waits."""
        if work.stage in _WAITS:
            self._add(work.sig.queue.name, "oldest_age", work.interaction.id, work, due)

    def nears(self, subject: Work | Clock, due: Instant, at: Instant) -> None:
        """A breach has come near."""
        work = subject.work if isinstance(subject, Clock) else subject
        if work.stage != "parked":
            self._add(work.sig.queue.name, "next_breach", work.interaction.id, work, due)

    # --- who could take it ------------------------------------------------------------------

    def _look_for_stranded(self) -> None:
        for sig in self._state.signatures():
            self._look_at_class(sig)

    def _look_at_the_stranded(self) -> None:
        """Find out whether these still wait: what was transferred left a class that no fact names."""
        for (_, alarm), members in [*self._over.items()]:
            if alarm == "no_eligible_agent":
                for sig in [*members]:
                    self._look_at_class(sig)

    def _look_at_class(self, sig: Signature) -> None:
        """Find out whether something of *sig* waits that nobody there could take."""
        queue = sig.queue
        if queue.plan.alarms is None or not queue.plan.alarms.no_eligible_agent or sig.link is None:
            return
        head = sig.link.line.head
        members = self._over.get((queue.name, "no_eligible_agent"), {})
        if head is not None and not self._pairing.index.is_served(sig):
            self._add(queue.name, "no_eligible_agent", sig, head, None)
            self._over[queue.name, "no_eligible_agent"][sig] = head
        elif sig in members:
            del members[sig]
            self._changed[queue.name, "no_eligible_agent"] = None

    # --- facts ------------------------------------------------------------------------------

    def _report(self, at: Instant) -> None:
        """Raise what is over its limit, and clear what is so no more."""
        changed, self._changed = self._changed, {}
        for key in sorted(changed):
            members, raised = self._over.get(key), key in self._state.alarms
            if members and not raised:
                first = min(members.values(), key=lambda work: work.seq)
                self._say(ev.AlarmRaised(at, changed[key], *key, first.interaction.id))
            elif raised and not members:
                self._say(ev.AlarmCleared(at, *key))

    def _say(self, event: ev.AlarmRaised | ev.AlarmCleared) -> None:
        evolve(self._state, event)
        self._turn.facts.append(event)


def _is_at_last_step(work: Work) -> bool:
    """Whether *work* waits, and has taken every step of a queue that wants to know."""
    queue, progress = work.sig.queue.plan, work.progress
    if queue.alarms is None or not queue.alarms.last_step or work.stage not in _WAITS or progress is None:
        return False
    return bool(queue.steps) and progress.taken == (1 << len(queue.steps)) - 1
