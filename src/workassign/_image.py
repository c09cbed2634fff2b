"""What must be kept of an engine, so that another can go on from there, to the letter?

`_snapshot` says what is the case, so that two engines can be compared; an image has what an engine
is made again from (`_from_image`): the facts of `_state`, and beside them the answers to keys. What
follows from these (the index, the timers, who is formed by which group) is left out and derived anew.

Its keys are promises, as those of a journal's entries: only added to. What most things do not have
stands in a table behind each (`rare`), and only where they have it.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

import attrs

from workassign._codec import as_data, as_table, decode, encode
from workassign._counters import Tally
from workassign._records import AgentState, Clock, Conversation, Holding, QueueState, Signature, Work
from workassign._room import Kind
from workassign._state import State
from workassign._tables import queue_data
from workassign._waits import Waits
from workassign.engine import Engine
from workassign.errors import PlanError
from workassign.model import Instant, Interaction
from workassign.needs import Needs
from workassign.policies import naming
from workassign.policies.sla import Target
from workassign.queues import Queue, calendar_of

__all__ = ["AGENT", "COUNTS", "HOLD", "KIND", "Answers", "answers", "image"]

COUNTS = ("submitted", "placed", "fences", "enrolled", "plan_version")
"""What a state has counted."""

AGENT = (
    *("number", "idle_since", "last_offer", "handled", "rest", "grace", "ramp", "shift", "lease"),
    *("version", "load"),
)
"""What is kept of an agent as it is."""

HOLD = (
    *("units", "dozes", "offer", "since", "target", "pending", "fence", "how", "until"),
    "wrapping",
)
"""What is kept of a holding as it is, behind the agent."""

KIND = ("channel", "label", "units", "discount", "beside", "handle_time", "interrupted_by")
"""What is kept of a kind of work."""


def image(engine: Engine) -> dict[str, Any]:
    """Return *engine*, between two turns, as plain data. Cost: O(everything kept).

    Raises:
        PlanError: If a policy has no name that could be kept (a lambda, a closure).
    """
    state = engine._state
    return {
        "at": engine.now,
        "plan": state.plan.to_data(),
        "counts": {**{name: getattr(state, name) for name in COUNTS}, "clocks": state.conversations.started},
        "keys": [[since, key] for since, key in engine._answered],
        "queues": [_queue_data(state, each) for each in state.queues.values()],
        "twice": _tally(state._twice),
        "agents": [_agent_data(each) for each in state.agents.values()],
        **_works_data(state),
        **_tables(state),
        "conversations": {
            name: _conversation_data(state, each) for name, each in state.conversations.items()
        },
        **({} if state.waits is None else {"waits": _waits_data(state.waits)}),
        **({} if state.surge is None else {"surge": {**state.surge.as_data(), "calm": state.surge.calm}}),
    }


def answers(engine: Engine) -> list[bytes]:
    """Return the answers of *engine* to the `keys` of its image, in their order, each a turn."""
    known = engine._answers
    found = []
    for since, key in engine._answered:
        answer = dict.__getitem__(known, key)
        found.append(answer if isinstance(answer, bytes) else encode(since, *answer, 0))
    return found


class Answers(dict[str, Any]):
    """Answers to keys: those of an image are bytes until they are asked for, which few ever are."""

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 - as of a dict
        """Return the command that came with *key*, and its answer."""
        found = super().get(key, default)
        if isinstance(found, bytes):
            _, command, answer, _ = decode(found)
            found = self[key] = command, answer
        return found


def _tally(tally: Tally) -> list[Any]:
    return [tally.entered, tally.answered, tally.abandoned, tally.exited]


def _named(path: str, policy: Callable[..., Any]) -> naming.Spec:
    spec = naming.describe(policy)
    if spec is None:
        raise PlanError([f"{path}: {naming.why_nameless(policy)}"])
    return spec


def _queue_data(state: State, queue: QueueState) -> list[Any]:
    """Return a queue; of one that the plan has no more, how it was."""
    gone = None if queue.name in state.plan.queues else queue_data(queue.plan, queue.name, _named)
    return [queue.name, _tally(queue.tally), queue.window, gone]


def _agent_data(agent: AgentState) -> list[Any]:
    then = None if agent.then is None else agent.then.value
    return [
        as_table(agent.told),
        agent.presence.value,
        [getattr(agent, name) for name in AGENT],
        [agent.after.value, then],
        {cause: list(times) for cause, times in agent.refusals.items()},
        list(agent.holdings),
    ]


# --- interactions -----------------------------------------------------------------------------


def _works_data(state: State) -> dict[str, Any]:
    """Return the interactions, and the signatures that they have in common, each said once."""
    kinds: dict[Kind, int] = {kind: number for number, kind in enumerate(state._kinds.values())}
    sigs: dict[Signature, int] = {sig: number for number, sig in enumerate(state.signatures())}
    known = [len(kinds), len(sigs)]
    needs: dict[Needs, int] = {}
    works = []
    for work in state.works.values():
        number = sigs.setdefault(work.sig, len(sigs))
        works.append(_work_data(work, number, _interaction(work.interaction, needs)))
    for sig in sigs:
        kinds.setdefault(sig.kind, len(kinds))
    return {
        "known": known,  # so many of the first of both are of this plan, the others of earlier ones
        "kinds": [_kind_data(kind) for kind in kinds],
        "sigs": [
            [sig.queue.name, kinds[sig.kind], sig.needs.data, sig.tier, list(sig.shared)] for sig in sigs
        ],
        "needs": [each.data for each in needs],
        "works": works,
        "rivals": {name: [_hold_data(hold) for hold in holds] for name, holds in state.rivals.items()},
        "offers": [[hold.work.interaction.id, hold.agent.agent.id] for hold in state.offers.values()],
        "closed": [work.interaction.id for work in state._closed],
        "opened_again": state._opened_again,
    }


def _interaction(who: Interaction, needs: dict[Needs, int]) -> dict[str, Any]:
    """Return *who* as data, what it needs by its number: few are told apart."""
    table = as_table(who)
    if "needs" in table:
        table["needs"] = needs.setdefault(who.needs, len(needs))
    return table


def _kind_data(kind: Kind) -> list[Any]:
    found = [getattr(kind, name) for name in KIND]
    return [sorted(each) if isinstance(each, frozenset) else each for each in found]


def _work_data(work: Work, sig: int, interaction: dict[str, Any]) -> list[Any]:
    rare: dict[str, Any] = {}
    if work.key is not work.since:
        rare["key"] = work.key
    if work.target is not None:
        rare["target"], rare["pending"] = work.target, work.pending
    if work.prefers is not None:
        rare["prefers"] = work.prefers
    if work.submission is not None:
        same = work.submission.interaction is work.interaction
        rare["submission"] = as_data(work.submission, {"interaction": work.interaction} if same else {})
    if work.hold is not None:
        rare["hold"] = _hold_data(work.hold)
    if work.refused is not None:
        rare["refused"] = work.refused
    if work.answered:
        rare["answered"] = work.answered
    if work.progress is not None:
        progress = work.progress
        rare["progress"] = [progress.came, progress.taken, progress.tier, progress.head_start]
    row = [interaction, work.stage, sig, work.seq, work.since, work.version]
    return [*row, rare] if rare else row


def _hold_data(hold: Holding) -> list[Any]:
    return [hold.agent.agent.id, [getattr(hold, name) for name in HOLD]]


# --- what else is known of some ----------------------------------------------------------------


def _tables(state: State) -> dict[str, Any]:
    """Return the tables of what only some interactions, rotations and alarms have."""
    return {
        "missed": state.missed,
        "boosts": state.boosts,
        "updates": {name: as_data(each) for name, each in state.updates.items()},
        "parked": {
            name: [each.until, each.on_reply, each.agent, each.scheduled]
            for name, each in state.parked.items()
        },
        "parts": {name: list(each) for name, each in state.parts.items()},
        "locks": state.locks,
        "reviews": {
            name: [each.interaction, each.author, each.before, each.open]
            for name, each in state.reviews.items()
        },
        "proposed": state.proposed,
        "replies": state.replies,
        "periods": state.periods,
        "alarms": list(state.alarms),
        "failures": state.failures,
        "off": list(state.off),
        "limited": list(state.limited),
        "mixed": state.mixed,
        "delays": state.delays,
    }


def _conversation_data(state: State, known: Conversation) -> list[Any]:
    return [
        known.status.value,
        known.answered,
        known.unanswered,
        known.sentiment,
        {name: _clock_data(state, clock) for name, clock in known.clocks.items()},
        known.ended,
    ]


def _clock_data(state: State, clock: Clock) -> list[Any]:
    """Return a clock; its target by its place in its queue, or as it was in an earlier plan."""
    place = _place(state, clock)
    before = None if place is not None else _earlier(clock.target, clock)
    times = [clock.number, clock.seconds, clock.elapsed, clock.since, clock.due, clock.missed, clock.warned]
    return [clock.queue.name, place, before, times, clock.warnings]


def _place(state: State, clock: Clock) -> int | None:
    for number, target in enumerate(clock.queue.plan.targets):
        if target.is_like(clock.target) and calendar_of(target, state.plan.calendars) == clock.calendar:
            return number
    return None


def _earlier(target: Target, clock: Clock) -> list[Any]:
    table = queue_data(attrs.evolve(Queue(), targets=(target,)), clock.queue.name, _named)
    return [table, None if clock.calendar is None else clock.calendar.to_data()]


def _waits_data(waits: Waits) -> dict[str, Any]:
    """Return what was learnt of waiting."""
    until: Instant | None = None if waits._until == -inf else waits._until
    return {
        "handling": [[*place, *known] for place, known in waits._handling.items()],
        "handled": waits._handled,
        "patience": [waits._left, waits._waited, until],
        "promised": waits.promised,
        "scores": list(waits._scores),
        "learnt": waits.learnt,
    }
