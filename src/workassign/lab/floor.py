"""How does a scenario go? Customers and crews around the engine itself, on a virtual clock.

There is no second router here: arrivals become `submit`, work that is done `complete`, and who
gives up `abandon`; whatever the engine says follows. All chance belongs to customers, not to
moments (see `crowd`): another plan meets the same ones.

The loop looks at two things: who arrives next, and a heap of what has been planned, entries
(instant, number and kind of entry in one integer, fence). The engine's own timers go off at their
own instants, whenever `calm_until` says that one may be due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from heapq import heappop, heappush
from math import inf
from typing import Any, TypeAlias

from workassign import commands as cmd
from workassign import events as ev
from workassign.lab.columns import Columns, Outcome, Verdict
from workassign.lab.concurrency import Concurrency
from workassign.lab.crowd import Crowd
from workassign.lab.doors import WideDoor
from workassign.lab.duty import AWAY, BACK, COME, GO, SizedCrew, duties
from workassign.lab.habits import Reactions, level_factor
from workassign.lab.scenario import Crew, Reaction, Scenario
from workassign.model import Fence, Instant, InteractionId, OfferId, Presence

__all__ = ["Floor"]

Act: TypeAlias = Callable[[Instant], None]
"""Something that somebody does at an instant."""

DONE, LEAVE, ACT = 0, 1, 2
"""Kinds of entries of the diary: work is done, a customer gives up, an act."""

STALLED = 10_000
"""So many of the engine's own timers go off one after the other before it is clear that nothing follows."""

EARLY = -(1 << 48)
"""Acts are numbered from here: at one instant they come before all else, in the order planned; then
come arrivals, and then ends of work and of patience, by the number of whose they are."""


class Floor:
    """A scenario on its way. Made for one run."""

    def __init__(self, scenario: Scenario, seed: int, door: WideDoor) -> None:
        """Let everybody be drawn, and the crews put on the roster."""
        self.scenario, self.seed = scenario, seed
        self.crowd = Crowd(scenario, seed)
        self.columns = Columns(len(self.crowd), self.crowd.times)
        self.agents = [agent for crew in scenario.crews for agent in crew.agents]
        self.crew_of = [place for place, crew in enumerate(scenario.crews) for _ in crew.agents]
        self.end: Instant = scenario.start + scenario.duration
        """When nobody writes by himself any more."""
        self.closed_at: Instant = self.end
        """When all was over."""
        self._door = door
        self._diary: list[tuple[Instant, int, Fence]] = []
        self._acts: dict[int, Act] = {}
        self._planned = EARLY
        self._numbers: dict[InteractionId, int] = {}
        """Of what is open; of everybody, on a plain floor."""
        self._places = {agent.id: place for place, agent in enumerate(self.agents)}
        self._handled = [0] * len(self.agents)
        self._open = 0
        self._coming = 0
        """Customers who will come back, or be made to write."""
        self._on_shift = [False] * len(self.agents)
        self._hands = [Concurrency(crew.pace) if crew.pace else None for crew in self._crews()]
        self._sized = [SizedCrew(crew) if crew.sizes else None for crew in scenario.crews]
        self._firsts = [sum(len(c.agents) for c in scenario.crews[:n]) for n in range(len(scenario.crews))]
        plan = scenario.plan
        self.wraps = any(queue.wrap_up is not None for queue in plan.queues.values())
        self._factors = any(crew.learning for crew in scenario.crews) or any(
            each.by_level for each in scenario.streams
        )
        self._long = any(channel.handle_time is not None for channel in plan.channels.values())
        """What would not be done by the end of a shift is not begun in it."""
        self.plain = not (
            self.wraps
            or self._factors
            or any(crew.pace or crew.sizes or crew.reaction for crew in scenario.crews)
            or any(stream.contagion for stream in scenario.streams)
            or any(not queue.auto_accept for queue in plan.queues.values())
            or scenario.lines is not None
            or scenario.turn_away
        )
        """Nothing can come between an assignment and its end, and no factor, line or wrap-up counts."""
        if self.plain:
            self._numbers = {name: number for number, name in enumerate(self.crowd.ids)}
        self._reactions = [Reactions(crew, seed, len(self.crowd)) for crew in scenario.crews]

    def _crews(self) -> Iterable[Crew]:
        return (self.scenario.crews[place] for place in self.crew_of)

    # --- the clock --------------------------------------------------------------------------

    def run(  # noqa: PLR0912, PLR0915 - the hot path stands where it is taken
        self, arrived: Callable[[int], None] = lambda count: None
    ) -> None:
        """Let time pass until nothing is open, or the scenario's time is up.

        *arrived* is told now and then how many have arrived.
        """
        self._begin()
        door, diary, times = self._door, self._diary, [*self.crowd.times, inf]
        arrive, finish, end = self._arrive, self._finish, self.end
        horizon = end + self.scenario.drain_for
        total, number, idle, over = len(times) - 1, 0, 0, 0
        coming = times[0]
        heappush(diary, (inf, ACT, 0))  # so that it is never empty
        # The names of the hot path, which stands below where it is taken.
        plain, ids, columns = self.plain, self.crowd.ids, self.columns
        started, ended, agents = columns.started, columns.ended, columns.agent
        alike, streams, patience = self.crowd.alike, self.crowd.streams, self.crowd.patience
        numbers, places, names = self._numbers, self._places, [agent.id for agent in self.agents]
        work_of = [self.crowd.work[crew] for crew in self.crew_of]
        submit, complete, assigned = door.submit, door.complete, ev.Assigned
        while True:
            planned = diary[0][0]
            at = coming if coming < planned else planned  # noqa: FURB136 - a call of `min` costs more
            if at >= door.calm_until:
                wake = door.next_wake
                if (
                    wake <= at
                    and wake < inf
                    and wake <= horizon
                    and (wake <= end or self._is_on(number, over))
                ):
                    self._took(door.handle(_TICK, wake), wake)
                    idle += 1
                    if idle < STALLED or at < inf:
                        continue
                    break
            if at > end and (at > horizon or at == inf or not self._is_on(number, over)):
                break
            idle = 0
            if planned < coming or (planned == coming and diary[0][1] < 0):
                at, code, fence = heappop(diary)
                if code & 3:
                    if code & 3 == ACT:
                        self._acts.pop(code)(at)
                    elif started[code >> 2] is None:  # else she has been answered
                        self._give_up(code >> 2, at)
                    continue
                if not plain:
                    finish(code >> 2, fence, at)
                    continue
                who = code >> 2  # `_finish`, written out: the hot path
                ended[who] = at
                over += 1
                events = complete(ids[who], names[agents[who]], fence, at)
                if len(events) == 1:
                    continue
            else:
                who = number
                number += 1
                coming = times[number]
                if not number & 1023:
                    arrived(number)
                if not plain:
                    arrive(who, at)
                    continue
                make = alike[streams[who]]  # `_arrive`, written out: the hot path
                events = submit(self.crowd.interaction(who) if make is None else make(ids[who]), at)
                if len(events) != 2 or type(events[1]) is not assigned:
                    self._took(events, at)
                    if started[who] is None and patience[who] < inf:
                        heappush(diary, (at + patience[who], who << 2 | LEAVE, 0))
                    continue
            given = events[1]
            if len(events) == 2 and type(given) is assigned:  # `_assigned`, written out
                who, agent = numbers[given.interaction], places[given.agent]
                started[who] = at
                agents[who] = agent
                heappush(diary, (at + work_of[agent][who], who << 2, given.fence))
            else:
                self._took(events, at)
        self.closed_at = min(max(self._last(), self.end), horizon)
        arrived(total)

    def _is_on(self, number: int, over: int) -> bool:
        """Whether anything is still to be done, or to come, after *number* have arrived.

        A plain floor counts in `run`, by these and those who are done (*over*), whom `_open` leaves out.
        """
        still = self._open + (number - over if self.plain else 0)
        return number < len(self.crowd.times) or still > 0 or self._coming > 0

    def _last(self) -> Instant:
        """Return when the last thing ended."""
        return max((at for at in self.columns.ended if at is not None), default=self.end)

    def later(self, at: Instant, act: Act) -> None:
        """Do *act* at an instant, after what was planned for that instant before."""
        self._planned += 1
        code = self._planned << 2 | ACT
        self._acts[code] = act
        heappush(self._diary, (at, code, 0))

    # --- customers --------------------------------------------------------------------------

    def _arrive(self, number: int, at: Instant) -> None:
        """Let somebody write: she is submitted, unless no line is free."""
        scenario = self.scenario
        if scenario.lines is not None and self._open >= scenario.lines:
            self._ended(number, Outcome.BLOCKED, at)
            return
        interaction = self.crowd.interaction(number)
        self._numbers[interaction.id] = number
        self._open += 1
        events = self._door.submit(interaction, at)
        self._took(events, at)
        if self.columns.outcome[number] == Outcome.WAITING:
            patience = self.crowd.patience[number]
            if patience < inf:
                heappush(self._diary, (at + patience, number << 2 | LEAVE, 0))
            if scenario.turn_away and at >= self.end and patience == inf:
                self._turn_away(number, at)
        if scenario.streams[self.crowd.streams[number]].contagion is not None:
            self._infect(number, at)

    def _give_up(self, number: int, at: Instant) -> None:
        """Let a customer leave whom nobody has accepted, and plan her return."""
        if self.columns.outcome[number] != Outcome.WAITING:
            return
        self._took(self._door.abandon(self.crowd.ids[number], at), at)
        if self.columns.outcome[number] == Outcome.ABANDONED:
            self._come_back(number, at)

    def _come_back(self, number: int, at: Instant) -> None:
        again = self.crowd.again(number)
        if again is not None:
            self._newcomer(again, at + self.crowd.pause(again))

    def _infect(self, number: int, at: Instant) -> None:
        """Plan who is made to write, unless somebody has answered by then."""

        def write(place: int, at: Instant) -> None:
            self._coming -= 1
            if self.columns.outcome[number] in (Outcome.WAITING, Outcome.ABANDONED):
                child = self.crowd.child(number, place)
                self.columns.add(at)
                self._arrive(child, at)

        for place, delay in enumerate(self.crowd.children(number), start=1):
            if at + delay < self.end:
                self._coming += 1
                self.later(at + delay, partial(write, place))

    def _newcomer(self, number: int, at: Instant) -> None:
        """Let somebody who was not drawn beforehand write at an instant."""
        self.columns.add(at)
        self._coming += 1

        def write(at: Instant) -> None:
            self._coming -= 1
            self._arrive(number, at)

        self.later(at, write)

    def _turn_away_all(self, at: Instant) -> None:
        """Let nobody wait any more: the desk closes."""
        for number, outcome in enumerate(self.columns.outcome):
            if outcome == Outcome.WAITING and self.crowd.ids[number] in self._numbers:
                self._turn_away(number, at)

    def _turn_away(self, number: int, at: Instant) -> None:
        self._took(self._door.handle(cmd.Cancel(self.crowd.ids[number], "closed"), at), at)
        if self.columns.outcome[number] == Outcome.EXITED:
            self.columns.outcome[number] = Outcome.TURNED_AWAY

    # --- agents -----------------------------------------------------------------------------

    def _begin(self) -> None:
        """Put everybody on the roster, and plan who comes and goes."""
        start = self.scenario.start
        for agent in self.agents:
            self._door.handle(cmd.AddAgent(agent), start)
        for place, crew in enumerate(self.scenario.crews):
            if crew.sizes:
                for at, size in crew.sizes:
                    self.later(max(at, start), partial(self._resize, place, size))
            else:
                for at, who, what in sorted(duties(crew, start, self.seed), key=_by_time):
                    self.later(at, partial(_DUTIES[what], self, self._firsts[place] + who))
        if self.scenario.turn_away:
            self.later(self.end, self._turn_away_all)

    def _come(self, agent: int, at: Instant) -> None:
        self._on_shift[agent] = True
        who = self.agents[agent]
        self._took(self._door.handle(cmd.SignOn(who.id), at), at)
        shifts = self.scenario.crews[self.crew_of[agent]].shifts
        if self._long and shifts is not None:  # then it matters when she leaves
            until = next(end for begin, end in shifts if begin <= at < end)
            self._took(self._door.handle(cmd.SetShift(who.id, until), at), at)

    def _go(self, agent: int, at: Instant) -> None:
        self._on_shift[agent] = False
        self._took(self._door.handle(cmd.SignOff(self.agents[agent].id), at), at)

    def _away(self, agent: int, at: Instant) -> None:
        self._set(agent, Presence.AWAY, at)

    def _back(self, agent: int, at: Instant) -> None:
        if self._on_shift[agent]:
            self._set(agent, Presence.AVAILABLE, at)

    def _set(self, agent: int, presence: Presence, at: Instant) -> None:
        self._took(self._door.handle(cmd.SetPresence(self.agents[agent].id, presence), at), at)

    def _resize(self, place: int, size: int, at: Instant) -> None:
        """Let so many agents of a crew be there."""
        sized, first = self._sized[place], self._firsts[place]
        assert sized is not None
        busy = {agent - first for agent in self._busy()}
        idle = [each for each in sorted(sized.on) if each not in busy]
        come, go, drain = sized.resize(size, idle)
        for each in come:
            self._come(first + each, at)
        for each in (*go, *drain):
            self._go(first + each, at)

    def _busy(self) -> set[int]:
        columns = self.columns
        held = (Outcome.ANSWERED,)
        return {who for who, outcome in zip(columns.agent, columns.outcome, strict=True) if outcome in held}

    # --- work -------------------------------------------------------------------------------

    def _took(self, events: Sequence[ev.Event], at: Instant) -> None:
        """See what happened, and plan what follows."""
        for event in events:
            kind = type(event)
            if kind is ev.Assigned:
                self._assigned(event, at)  # type: ignore[arg-type]
            elif kind is not ev.Submitted and (see := _SEEN.get(kind)) is not None:
                see(self, event, at)

    def _assigned(self, event: ev.Assigned, at: Instant) -> None:
        """Let an agent begin with what is hers now."""
        number, agent = self._numbers[event.interaction], self._places[event.agent]
        columns = self.columns
        if columns.started[number] is None:
            columns.started[number] = at
        else:
            columns.taken[number] = at
        columns.outcome[number] = Outcome.ANSWERED
        columns.agent[number] = agent
        columns.fence[number] = event.fence
        if event.offer is not None:
            self._verdict(event.offer, Verdict.ACCEPTED, at)
        work = self.crowd.work[self.crew_of[agent]][number]
        if self._factors:
            work *= self._factor(agent, number)
        hands = self._hands[agent]
        if hands is not None:
            hands.begin(number, work, at)
            self._plan_end(agent)
            return
        heappush(self._diary, (at + work, number << 2, event.fence))

    def _factor(self, agent: int, number: int) -> float:
        """Return by what the handle time is multiplied: by proficiency and practice."""
        crew, each = (
            self.scenario.crews[self.crew_of[agent]],
            self.scenario.streams[self.crowd.streams[number]],
        )
        factor = 1.0
        if crew.learning is not None:
            factor *= crew.learning.factor(self._handled[agent])
        return factor * level_factor(each, self.agents[agent])

    def _plan_end(self, agent: int) -> None:
        """Plan the next end of what an agent has in her hands; earlier plans are void."""
        hands = self._hands[agent]
        assert hands is not None
        due = hands.next_end()
        if due is not None:
            at, number = due
            # The fence of an entry says that it is the latest one: see `_finish`.
            heappush(self._diary, (at, number << 2, self.columns.fence[number]))

    def _finish(self, number: int, fence: Fence, at: Instant) -> None:
        """Let the holder be done, if she still has it."""
        columns = self.columns
        if columns.fence[number] != fence or columns.outcome[number] != Outcome.ANSWERED:
            return
        agent = columns.agent[number]
        hands = self._hands[agent]
        if hands is not None:
            due = hands.next_end()
            if due is None or due != (at, number):
                return  # planned before the number of her conversations changed
            hands.end(number, at)
        columns.done[number] = at
        self._handled[agent] += 1
        events = self._door.complete(self.crowd.ids[number], self.agents[agent].id, fence, at)
        if not self.wraps:
            columns.outcome[number] = Outcome.COMPLETED
            columns.ended[number] = at
            self._open -= 1
            del self._numbers[self.crowd.ids[number]]
        self._took(events, at)
        if hands is not None:
            self._plan_end(agent)
        sized = self._sized[self.crew_of[agent]] if not self.wraps else None
        if sized is not None:
            self._one_left(agent, sized, at)

    def _one_left(self, agent: int, sized: SizedCrew, at: Instant) -> None:
        """Let those stay of a shrinking crew who are few enough now."""
        first = self._firsts[self.crew_of[agent]]
        if agent - first in sized.draining:
            for place in sized.left(agent - first):
                self._come(first + place, at)

    def _completed(self, event: ev.Completed, at: Instant) -> None:
        """Note the end where a wrap-up may come before it; elsewhere `_finish` has done so."""
        if self.wraps:
            number = self._numbers[event.interaction]
            self._ended(number, Outcome.COMPLETED, event.at)
            agent = self.columns.agent[number]
            sized = self._sized[self.crew_of[agent]]
            if sized is not None:
                self._one_left(agent, sized, at)

    def _closed(
        self, event: ev.Abandoned | ev.Cancelled | ev.Collapsed | ev.TemplateSent, at: Instant
    ) -> None:
        number = self._numbers[event.interaction]
        self._drop(number, at)
        outcome = Outcome.ABANDONED if type(event) is ev.Abandoned else Outcome.EXITED
        self._ended(number, outcome, at)

    def _ended(self, number: int, outcome: Outcome, at: Instant) -> None:
        self.columns.outcome[number] = outcome
        self.columns.ended[number] = at
        if self._numbers.pop(self.crowd.ids[number], None) is not None:
            self._open -= 1

    def _given_back(self, event: ev.Requeued | ev.Transferred, at: Instant) -> None:
        """Let something wait again that an agent had, if she had it."""
        number = self._numbers[event.interaction]
        if self.columns.outcome[number] == Outcome.ANSWERED:
            self._drop(number, at)
            self.columns.outcome[number] = Outcome.WAITING

    def _drop(self, number: int, at: Instant) -> None:
        """Take out of its holder's hands what she has not done."""
        columns = self.columns
        if columns.outcome[number] != Outcome.ANSWERED:
            return
        agent = columns.agent[number]
        taken = columns.taken.pop(number, columns.started[number])
        columns.assignments.append((number, agent, taken or 0.0, at))
        columns.fence[number] = -1
        hands = self._hands[agent]
        if hands is not None:
            hands.end(number, at)
            self._plan_end(agent)

    def _turned_down(self, event: ev.Refused, at: Instant) -> None:
        """Note that the engine let something in nowhere."""
        if event.command == "Submit":
            self._ended(self._numbers[event.subject], Outcome.BLOCKED, at)

    # --- offers -----------------------------------------------------------------------------

    def _offered(self, event: ev.Offered, at: Instant) -> None:
        """Plan what an agent does with an offer: accept, decline, or nothing."""
        columns = self.columns
        number, agent = self._numbers[event.interaction], self._places[event.agent]
        columns.offers[event.offer] = len(columns.offered_at)
        columns.offered_for.append(number)
        columns.offered_to.append(agent)
        columns.offered_at.append(at)
        columns.verdict.append(0)
        columns.verdict_at.append(None)
        crew = self.crew_of[agent]
        if self.scenario.crews[crew].reaction is None:
            self._took(self._door.accept(event.offer, event.agent, at), at)
            return
        delay, verdict = self._reactions[crew].to(number, self.crowd.ids[number], event.offer)
        if verdict is not None and at + delay < event.expires:
            self.later(at + delay, partial(self._answer, event, verdict))

    def _answer(self, event: ev.Offered, verdict: Verdict, at: Instant) -> None:
        if event.offer not in self.columns.offers:
            return  # nobody clicks on what is not on the screen any more
        if verdict is Verdict.ACCEPTED:
            self._took(self._door.accept(event.offer, event.agent, at), at)
        else:
            self._took(self._door.handle(cmd.Decline(event.offer, event.agent, "not now"), at), at)

    def _verdict(self, offer: OfferId, verdict: Verdict, at: Instant) -> None:
        row = self.columns.offers.pop(offer, None)
        if row is not None:
            self.columns.verdict[row] = verdict
            self.columns.verdict_at[row] = at

    def _offer_gone(self, event: ev.Declined | ev.OfferExpired | ev.OfferRescinded, at: Instant) -> None:
        self._verdict(event.offer, _VERDICTS[type(event)], at)

    def _presence(self, event: ev.PresenceChanged, at: Instant) -> None:
        """Note who is there; whoever was set away for letting offers run out comes back after a while."""
        agent = self._places[event.agent]
        self.columns.presence.append((agent, at, str(event.presence)))
        reaction: Reaction | None = self.scenario.crews[self.crew_of[agent]].reaction
        if reaction is not None and event.presence is Presence.AWAY and event.cause != "asked":
            self.later(at + reaction.back_after, partial(self._back, agent))


def _by_time(duty: tuple[Instant, int, str]) -> tuple[Instant, int, int]:
    """Order duties: who goes before who comes, at one instant."""
    at, who, what = duty
    return at, (GO, AWAY, BACK, COME).index(what), who


_TICK = cmd.Tick()

_DUTIES: Mapping[str, Callable[[Floor, int, Instant], None]] = {
    COME: Floor._come,
    GO: Floor._go,
    AWAY: Floor._away,
    BACK: Floor._back,
}

_VERDICTS: Mapping[type, Verdict] = {
    ev.Declined: Verdict.DECLINED,
    ev.OfferExpired: Verdict.EXPIRED,
    ev.OfferRescinded: Verdict.RESCINDED,
}

_SEEN: Mapping[type, Callable[[Floor, Any, Instant], None]] = {
    ev.Offered: Floor._offered,
    ev.Completed: Floor._completed,
    ev.Abandoned: Floor._closed,
    ev.Cancelled: Floor._closed,
    ev.Collapsed: Floor._closed,
    ev.TemplateSent: Floor._closed,
    ev.Requeued: Floor._given_back,
    ev.Transferred: Floor._given_back,
    ev.Declined: Floor._offer_gone,
    ev.OfferExpired: Floor._offer_gone,
    ev.OfferRescinded: Floor._offer_gone,
    ev.PresenceChanged: Floor._presence,
    ev.Refused: Floor._turned_down,
}
"""What somebody acts upon, or a column holds; everything else that happens is in the journal."""
