"""What do the policies say? Asked here and nowhere else, so that none can break a turn.

A policy that raises or answers rubbish never blocks the command's own fact: the default answers
(no head start, first in, longest idle, room by pool and limits), `PolicyFailed` becomes a fact,
and after so many failures it is asked no more until a command switches it on again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import fsum, inf
from typing import Any, TypeAlias, TypeVar

import attrs

from workassign import events as ev
from workassign._deadlines import OFFER, SLA, STEP, Deadlines, Lane
from workassign._reach import priority
from workassign._records import UNIT, AgentState, QueueState, Signature, Work
from workassign._state import State
from workassign.commands import Command, subject_of
from workassign.model import LARGEST, LONGEST, SHORTEST, Instant, Interaction
from workassign.policies import ordering as order_policies
from workassign.policies.batch import Column, Given, Matching, Pair, Row
from workassign.policies.naming import describe
from workassign.policies.offers import Backoff
from workassign.policies.selection import Bench, PairKey, Selection
from workassign.policies.sla import Target, always
from workassign.policies.work import Head
from workassign.queues import calendar_of, first_dues, has_door

__all__ = ["Asking", "Place", "Rules", "Turn", "are_ranks", "short_name"]

T = TypeVar("T")

Place: TypeAlias = tuple[int, Instant, float, ev.Terms, float | None]
"""Where an interaction belongs: tier, reference, head start, its terms, SLA target."""


class Turn:
    """The turn that is going on: its instant and what it has brought about so far."""

    __slots__ = (
        "at",
        "batched",
        "careful",
        "facts",
        "kept",
        "late",
        "loaded",
        "several",
        "surging",
        "switched",
        "timed",
        "watched",
    )

    def __init__(self) -> None:
        self.at: Instant = -inf
        self.facts: list[ev.Event] = []
        # Only a turn by which something is due sets these two: that keeps them off the hot path.
        self.late: list[ev.Event] | None = None
        self.timed = 0
        """How many of the facts, if they are those of `late`, time brought before the command."""
        self.switched = False
        """A policy was switched off or on: what it answered before holds no more."""
        self.watched = False
        """Some queue has alarms."""
        self.several = False
        """Some queue asks several agents at once."""
        self.kept = False
        """Some queue keeps agents free."""
        self.loaded = False
        """Some rotation goes by load."""
        self.surging = False
        """The plan says what a surge is."""
        self.batched = False
        """Some queue gives out in batches."""
        self.careful = False
        """More than usual has to be done at the turn's end: one of these is so."""

    def take_care(self) -> None:
        """Find out whether more than usual has to be done at the turn's end."""
        kinds = (self.switched, self.watched, self.several, self.loaded, self.surging)
        self.careful = any((*kinds, self.kept, self.batched))

    def refuse(self, command: Command, rule: str, reason: str) -> None:
        """Say that *command* came too late or is impossible."""
        self.facts.append(ev.Refused(self.at, type(command).__name__, subject_of(command), rule, reason))


class Rules:
    """A queue's policies, ready to be asked, and the lanes of its timers."""

    __slots__ = (
        "door",
        "forecast",
        "lane",
        "offers",
        "path",
        "plain",
        "plan",
        "scorers",
        "sla",
        "steps",
        "target",
        "tier",
    )

    def __init__(self, queue: QueueState, deadlines: Deadlines) -> None:
        plan = queue.plan
        self.path = f"queues.{queue.name}"
        self.plan = plan
        self.tier = plan.tier
        self.offers = deadlines.lane(OFFER, plan.offer_for)
        # A target that is the same for all is known without asking.
        self.target = always(plan.sla)
        self.sla: Lane | None = None if self.target is None else deadlines.lane(SLA, self.target)
        self.steps = plan.steps
        self.door = has_door(plan)
        self.forecast = sum(
            1 << number for number, step in enumerate(plan.steps) if step.expected_wait is not None
        )
        """The steps, as bits, that ask how long it is expected to wait."""
        first = min((step.after for step in plan.steps), default=0.0)
        by_age = first > 0 and all(step.slack is None and step.closed is None for step in plan.steps)
        self.lane: Lane | None = deadlines.lane(STEP, first) if by_age else None
        """Where the first steps stand, if they hang on the age alone."""
        names: dict[str, int] = {}
        self.scorers = []
        for scorer in plan.scoring:
            name = short_name(scorer)
            names[name] = names.get(name, 0) + 1
            unique = name if names[name] == 1 else f"{name}#{names[name]}"
            self.scorers.append((f"{self.path}.scoring.{unique}", unique, scorer))
        by_arrival = plan.ordering is order_policies.arrival
        fixed = plan.sla is None or self.target is not None
        self.plain = not self.scorers and by_arrival and fixed
        """Nothing needs to be asked: the key is the arrival."""


class Asking:
    """Asks the policies of the plan that holds, and keeps what went wrong."""

    def __init__(self, state: State, turn: Turn) -> None:
        self._state = state
        self._turn = turn
        self.quiet = False
        """Outside of a turn: failures are no facts, so they must leave no trace."""

    def belongs(
        self, queue: QueueState, interaction: Interaction, since: Instant, work: Work | None = None
    ) -> Place:
        """Return where *interaction*, submitted at *since*, belongs in *queue*.

        Of *work*, which stays there, it is what is known by now: what was promised is promised still,
        and a place by a due instant hangs on that.
        """
        plan = queue.plan
        rules: Rules = queue.rules
        who = interaction.id
        tier = rules.tier if interaction.tier is None else interaction.tier
        target = rules.target
        if work is not None:
            target = work.target
        elif target is None and plan.sla is not None:
            target = self.ask(f"{rules.path}.sla", plan.sla, None, _is_target, who, interaction, since)
            target = None if target is None else float(target)
        if rules.plain:
            return tier, since, 0.0, (), target
        terms = tuple(
            (name, float(self.ask(slot, scorer, 0.0, _is_score, who, interaction, since)))
            for slot, name, scorer in rules.scorers
        )
        head_start = min(fsum(seconds for _, seconds in terms), plan.head_start_cap)
        reference = since
        if plan.ordering is not order_policies.arrival:
            slot = f"{rules.path}.ordering"
            seconds = self.first_due(queue, interaction, since, work) if target is None else target
            reference = float(self.ask(slot, plan.ordering, since, _is_number, who, since, seconds))
        return tier, reference, head_start, terms, target

    def within(self, work: Work, target: Target, at: Instant) -> float | None:
        """Return the seconds that *target* gives *work*, as its customer feels by now; None: no clock."""
        if not callable(target.within):
            return float(target.within)
        interaction, queue = work.interaction, work.sig.queue
        known = self._state.conversations.get(interaction.id)
        if known is not None and known.sentiment != interaction.sentiment:
            interaction = attrs.evolve(interaction, sentiment=known.sentiment)
        return self._seconds(f"queues.{queue.name}", target, interaction, at)

    def _seconds(self, path: str, target: Target, interaction: Interaction, at: Instant) -> float | None:
        if not callable(target.within):
            return float(target.within)
        slot = f"{path}.targets.{target.label}"
        seconds = self.ask(slot, target.within, None, _is_within, interaction.id, interaction, at)
        return None if seconds is None else float(seconds)

    def first_due(
        self, queue: QueueState, interaction: Interaction, since: Instant, work: Work | None = None
    ) -> float | None:
        """Return the seconds, by the wall, to when somebody must first turn to *interaction*.

        Those that a clock of *work* runs for hold on.
        """
        known = None if work is None else self._state.conversations.get(interaction.id)
        clocks = {} if known is None else known.clocks
        found = []
        for target in first_dues(queue.plan):
            clock = clocks.get(target.label)
            if clock is not None:
                seconds: float | None = clock.seconds
            else:
                seconds = self._seconds(f"queues.{queue.name}", target, interaction, since)
            if seconds is not None:
                calendar = calendar_of(target, self._state.plan.calendars)
                found.append(seconds if calendar is None else calendar.due(since, seconds) - since)
        return min(found, default=None)

    def backoff(self, work: Work, cause: str, reason: str) -> Backoff:
        """Return how long whom not to ask after a refusal."""
        queue = work.sig.queue
        slot = f"{queue.rules.path}.refusals"
        return self.ask(slot, queue.plan.refusals, Backoff(), _is_backoff, work.interaction.id, cause, reason)

    def rank(self, sig: Signature, levels: Mapping[str, float], queues: Mapping[str, int] | None) -> float:
        """Return the work policy's rank of *sig* for agents with these skills and queues."""
        name, policy = sig.queue.name, sig.queue.plan.work
        args = (sig.needs, levels, priority(queues, sig))
        return float(self.ask(f"queues.{name}.work", policy, 0.0, _is_number, name, *args))

    def ranks(
        self, queue: str, heads: Sequence[Head], levels: Mapping[str, float], at: Instant
    ) -> Sequence[float]:
        """Return the free work policy's ranks of *heads*; it is that of *queue*, and of others like it."""
        policy = self._state.plan.queues[queue].work
        ranked = partial(are_ranks, len(heads))
        slot, default = f"queues.{queue}.work", [0.0] * len(heads)
        return self.ask(slot, policy, default, ranked, queue, heads, levels, at)

    def bench_ranks(
        self, sig: Signature, sequence: int, benches: Sequence[Bench], at: Instant
    ) -> Sequence[float]:
        """Return the free selection's ranks of *benches*."""
        name, policy = sig.queue.name, sig.queue.plan.selection
        ranked = partial(are_ranks, len(benches))
        slot, default = f"queues.{name}.selection", [0.0] * len(benches)
        return self.ask(slot, policy, default, ranked, name, benches, sig.needs, sequence, at)

    def agent_key(self, selection: Selection, agent: AgentState) -> float:
        """Return the selection policy's key of *agent*."""
        slot = next(
            (f"queues.{n}.selection" for n, q in self._state.plan.queues.items() if q.selection is selection)
        )
        return float(self.ask(slot, selection, agent.idle_since, _is_number, agent.agent.id, agent.view))

    def pair_key(self, pair_key: PairKey, sig: Signature, levels: Mapping[str, float]) -> float:
        """Return the selection policy's key of needs and skills."""
        slot = f"{sig.queue.rules.path}.selection"
        return float(self.ask(slot, pair_key, 0.0, _is_number, sig.queue.name, sig.needs, levels))

    def matching(
        self,
        slot: str,
        policy: Matching,
        rows: Sequence[Row],
        columns: Sequence[Column],
        pairs: Sequence[Pair],
    ) -> Given:
        """Return who gets what at the end of a batch's window; nothing if its policy fails."""
        is_given = partial(_is_given, rows, columns, {(pair.row, pair.column) for pair in pairs})
        return self.ask(slot, policy, (), is_given, rows[0].queue, rows, columns, pairs)

    def may_take(self, agent: AgentState, channel: str, units: int) -> bool:
        """Return whether the plan's capacity policy lets *agent* take one more."""
        policy = self._state.plan.capacity
        assert policy is not None
        return self.ask("capacity", policy, True, _is_bool, agent.agent.id, agent.view, channel, units / UNIT)

    def ask(
        self,
        slot: str,
        policy: Callable[..., Any],
        default: T,
        is_answer: Callable[[Any], bool],
        subject: str,
        *args: object,
    ) -> T:
        """Return what *policy* answers, or *default* if it fails, which becomes a fact."""
        if slot in self._state.off:
            return default
        try:
            answer: T = policy(*args)
            if is_answer(answer):
                return answer
        except Exception as error:  # noqa: BLE001 - it is somebody else's code: anything may come
            problem = f"{type(error).__name__}: {_shown(str, error)}"
        else:
            problem = f"answered {_shown(repr, answer)}"
        if not self.quiet:
            self._failed(slot, short_name(policy), problem, subject)
        return default

    def _failed(self, slot: str, policy: str, error: str, subject: str) -> None:
        state, turn = self._state, self._turn
        failed = ev.PolicyFailed(turn.at, slot, policy, error, subject)
        state.policy_failed(failed)
        turn.facts.append(failed)
        if state.failures[slot] >= state.plan.strikes:
            off = ev.PolicySwitchedOff(turn.at, slot, policy)
            state.policy_switched_off(off)
            turn.facts.append(off)
            turn.switched = turn.switched or slot.rpartition(".")[2] in _KEPT
            turn.take_care()


_KEPT = ("work", "selection", "capacity")
"""Slots whose answers are kept: when one is switched off, they are asked for anew."""


_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")


def _shown(how: Callable[[object], str], what: object) -> str:
    """Return *what* as a short text that any encoder takes, the same in every process."""
    try:
        text = how(what)
    except Exception:  # noqa: BLE001 - even to be shown it runs somebody else's code
        text = f"a {type(what).__name__} that cannot be shown"
    return _ADDRESS.sub("0x...", text[:1000].encode("unicode_escape").decode())[:200]


def short_name(policy: Callable[..., Any]) -> str:
    """Return a policy's own name, without its module and settings."""
    spec = describe(policy)
    use = spec["use"] if isinstance(spec, Mapping) else spec
    return (
        str(use).rpartition(":")[2] if use is not None else getattr(policy, "__name__", type(policy).__name__)
    )


def _is_number(answer: object) -> bool:
    # False for NaN, which compares with nothing.
    return isinstance(answer, int | float) and not isinstance(answer, bool) and -LARGEST <= answer <= LARGEST


def are_ranks(count: int, answer: object) -> bool:
    """Whether *answer* has *count* ranks, as a free policy must answer of so many heads or benches."""
    return isinstance(answer, list | tuple) and len(answer) == count and all(map(_is_number, answer))


def _is_score(answer: object) -> bool:
    return isinstance(answer, int | float) and not isinstance(answer, bool) and 0 <= answer <= LARGEST


def _is_target(answer: object) -> bool:
    return answer is None or (_is_score(answer) and answer >= SHORTEST)  # type: ignore[operator]


def _is_within(answer: object) -> bool:
    return answer is None or (_is_target(answer) and answer <= LONGEST)  # type: ignore[operator]


def _is_bool(answer: object) -> bool:
    return isinstance(answer, bool)


def _is_given(
    rows: Sequence[Row], columns: Sequence[Column], pairs: set[tuple[int, int]], answer: object
) -> bool:
    """Whether *answer* gives nothing that does not fit, and nothing and nobody twice."""
    if type(answer) not in (list, tuple):
        return False
    left = [[len(row.waits) for row in rows], [column.agents for column in columns]]
    for each in answer:  # type: ignore[attr-defined]
        if type(each) not in (list, tuple) or [type(number) for number in each] != [int, int, int]:
            return False
        row, column, number = each
        if (row, column) not in pairs or number < 1:
            return False
        left[0][row] -= number
        left[1][column] -= number
    return min(left[0], default=0) >= 0 and min(left[1], default=0) >= 0


def _is_backoff(answer: object) -> bool:
    return isinstance(answer, Backoff)
