"""Where does waiting work go, and what has waiting changed for it by now?

A step of a queue's schedule is taken once, when its time has come and its condition holds, while
the interaction waits. Nobody looks at what waits in between: the first step of a queue stands in
a lane of its own, the others in the heap of timers; and those whose time has come without their
condition are asked again when somebody comes or goes.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import NamedTuple

from workassign import events as ev
from workassign._asking import Asking, Place, Turn
from workassign._clocks import Clocks
from workassign._deadlines import FORECAST, SLA, STEP, Deadlines
from workassign._records import Progress, Signature, Work
from workassign._schedule import ahead, asked_next
from workassign._state import State
from workassign.model import AgentId, Instant, Interaction, InteractionId
from workassign.policies.admission import Overflow
from workassign.policies.escalation import Step

__all__ = ["Moving", "Passing", "boosted", "further"]


class Passing(NamedTuple):
    """How something is passed on."""

    holder: AgentId | None = None
    """Who does so; None: nobody had it."""
    retry: Instant | None = None
    excluded: Instant | None = None
    """Until when she is kept apart from it."""
    to: AgentId | None = None
    """Whom it goes to first."""
    reset: bool = False
    """Its age counts from now."""
    reason: str = ""


_BY_NOBODY = Passing()


class Moving:
    """Moves interactions between queues, and takes the steps of those that wait."""

    def __init__(
        self, state: State, asking: Asking, turn: Turn, deadlines: Deadlines, clocks: Clocks
    ) -> None:
        self._state = state
        self._asking = asking
        self._turn = turn
        self._deadlines = deadlines
        self._clocks = clocks
        self.unmet: dict[InteractionId, int] = {}
        """Of what waits: the steps, as bits, whose time has come, but not their condition."""
        self._asked: tuple[Instant, set[InteractionId]] = (-inf, set())
        """When it was last asked again what must be expected to wait for how long, and of which."""
        self.count: Callable[[Signature, int, bool], int] = _nobody
        """How many agents could take such work: counted up to a number, the free alone or all."""
        self.is_taken: Callable[[Work, Instant], bool] = _by_nobody
        """Whether somebody would be given what comes in at once."""

    def move(
        self,
        work: Work,
        queue: str,
        cause: str,
        at: Instant,
        how: Passing = _BY_NOBODY,
    ) -> None:
        """Let *work*, which stands nowhere, wait in *queue*."""
        since = max(at, work.since) if how.reset else work.since
        place = self._asking.belongs(self._state.queues[queue], work.interaction, since)
        who = work.interaction.id
        event = ev.Transferred(at, who, queue, how.holder, cause, *place, *how[1:])
        self._state.transferred(work, event)
        self.unmet.pop(who, None)  # they were of the queue that it leaves
        self._turn.facts.append(event)
        self._clocks.follow(work, "transferred", at, anew=how.reset)
        if work.pending:
            self._deadlines.arm(SLA, work)

    def take_in(self, interaction: Interaction, since: Instant, at: Instant) -> Work:
        """Take in *interaction*, which counts from *since* and stands nowhere yet."""
        place = self._asking.belongs(self._state.queues[interaction.queue], interaction, since)
        event = ev.Submitted(at, interaction, self._state.submitted + 1, *place)
        work = self._state.submitted_(event)
        self._turn.facts.append(event)
        return work

    # --- steps ------------------------------------------------------------------------------

    def begin(self, work: Work, at: Instant) -> None:
        """Start the schedule of *work*, which has just come in and stands nowhere."""
        lane = work.sig.queue.rules.lane
        if lane is None:
            self.take(work, at, at)
            return
        lane.items.append(work)  # `arm`, written out: the hot path
        if at + lane.delay < self._deadlines.bound:
            self._deadlines.bound = at + lane.delay

    def take(self, work: Work, until: Instant, at: Instant) -> None:
        """Take every step of *work*, which waits but stands nowhere, that was due by *until*."""
        while (found := self._first_met(work, until)) is not None:
            self._take(work, *found, at)
        self.arm(work, until)

    def arm(self, work: Work, at: Instant) -> None:
        """Wake when the next step of *work* is due; those due by *at* are waiting for somebody."""
        unmet, first = 0, inf
        for number, due in ahead(self._state, work):
            if due <= at:
                unmet |= 1 << number
            else:
                first = min(first, due)
        if unmet:
            self.unmet[work.interaction.id] = unmet
        elif self.unmet:
            self.unmet.pop(work.interaction.id, None)
        if first < inf:
            self._deadlines.later(first, STEP, work.seq, work)
        if unmet & work.sig.queue.rules.forecast:
            self._deadlines.later(asked_next(self._turn.at), FORECAST, work.seq, work)

    def ask_again(self, work: Work, due: Instant) -> None:
        """Forget that steps of *work* had to wait for the forecast: it is time to ask again."""
        who = work.interaction.id
        if self._asked[0] != due:
            self._asked = (due, set())
        self._asked[1].add(who)
        self.unmet[who] &= ~work.sig.queue.rules.forecast

    def is_asked(self, work: Work, due: Instant) -> bool:
        """Whether a forecast that *work* waits for is still to be asked for at *due*."""
        who = work.interaction.id
        waits = self.unmet.get(who, 0) & work.sig.queue.rules.forecast
        done = self._asked[0] == due and who in self._asked[1]
        return work.stage == "waiting" and bool(waits) and not done

    def counts(self, work: Work, due: Instant) -> bool:
        """Whether a step of *work* is still to be taken at *due*."""
        if work.stage != "waiting":
            return False
        unmet = self.unmet.get(work.interaction.id, 0)
        return any(each == due and not unmet >> number & 1 for number, each in ahead(self._state, work))

    def _first_met(self, work: Work, until: Instant) -> tuple[int, Instant] | None:
        """Return the first step that was due by *until* and whose condition, asked now, holds."""
        steps, unmet = work.sig.queue.rules.steps, self.unmet.get(work.interaction.id, 0)
        ripe = sorted(
            (due, number)
            for number, due in ahead(self._state, work)
            if due <= until and not unmet >> number & 1
        )
        return next(((number, due) for due, number in ripe if self.meets(steps[number], work)), None)

    def meets(self, rule: Step | Overflow, work: Work) -> bool:
        """Whether there are as few agents for *work*, and as long a wait, as *rule* asks for."""
        eligible, free, wait = rule.eligible_below, rule.free_below, rule.expected_wait
        if eligible is not None and self.count(work.sig, eligible, False) >= eligible:
            return False
        if free is not None and self.count(work.sig, free, True) >= free:
            return False
        if wait is None:
            return True
        expected = self.expected(work)
        return expected is not None and expected > wait

    def expected(self, work: Work) -> float | None:
        """Return for how long *work* must be expected to wait; None: nobody knows."""
        waits = self._state.waits
        return None if waits is None else waits.expected(work, self._turn.at)

    def _take(self, work: Work, number: int, due: Instant, at: Instant) -> None:
        step, sig = work.sig.queue.rules.steps[number], work.sig
        needs = step.relaxed(sig.needs)
        event = ev.Escalated(
            at,
            due,
            work.interaction.id,
            number + 1,
            None if needs is sig.needs else needs,
            None if step.tier == sig.tier else step.tier,
            float(step.head_start),
            step.notify,
        )
        self._state.escalated(work, event)
        self._turn.facts.append(event)
        if step.queue is not None and step.queue != sig.queue.name:
            self.move(work, step.queue, "escalated", at)


def _nobody(sig: Signature, most: int, free: bool) -> int:
    return 0


def _by_nobody(work: Work, at: Instant) -> bool:
    return False


# --- what has changed a place since it was given ------------------------------------------------


def boosted(place: Place, boost: float, cap: float) -> Place:
    """Return *place* with what refusals have added to its head start, within the cap."""
    tier, reference, head_start, terms, target = place
    return tier, reference, min(head_start + boost, cap), (*terms, ("refused", boost)), target


def further(place: Place, progress: Progress) -> Place:
    """Return *place* with what the steps have changed in it."""
    tier, reference, head_start, terms, target = place
    added = progress.head_start
    terms = (*terms, ("escalated", added)) if added else terms
    return tier if progress.tier is None else progress.tier, reference, head_start + added, terms, target
