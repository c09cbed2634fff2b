"""How does an engine come from its image?

The laws of this file: it builds what `_image` wrote and decides nothing, and whatever follows from
the facts is derived by those who derive it after a replay, too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import inf
from typing import Any

from workassign._codec import from_data, from_table, reading
from workassign._counters import Tally
from workassign._image import AGENT, COUNTS, HOLD, KIND, Answers
from workassign._records import (
    AgentState,
    Clock,
    Conversation,
    Holding,
    Parking,
    Progress,
    QueueState,
    Reviewed,
    Signature,
    Work,
)
from workassign._room import Kind
from workassign._state import State
from workassign._tables import Tables
from workassign._waits import Waits
from workassign.engine import Engine
from workassign.errors import JournalError
from workassign.hours import Calendar
from workassign.model import Agent, Instant, Interaction, InteractionId, Presence, Status
from workassign.needs import kept
from workassign.plan import Plan
from workassign.policies.offers import REFUSALS_KEPT
from workassign.queues import Queue, calendar_of

__all__ = ["from_image"]


def from_image(data: dict[str, Any], answers: Sequence[bytes]) -> Engine:
    """Return an engine that goes on from the image *data*, which is used up, and its *answers*.

    Cost: O(their size).

    Raises:
        JournalError: If a table of an earlier plan cannot be read any more.
        PlanError: If a policy that its plan names is not there any more.
        LookupError, TypeError, ValueError, AttributeError: If nobody wrote it so.
    """
    engine = Engine(Plan.from_data(data["plan"]))
    state = engine._state
    _count(state, data)
    agents = _agents(state, data)
    _works(state, data)
    _hand_over(state, agents)
    _tables(state, data)
    for name, row in data["conversations"].items():
        state.conversations[name] = _conversation(state, state.works[name], row)
    _waits(state, data.get("waits"), data["at"])
    _surge(state, data.get("surge"))
    _form(state, data)
    kept = zip(data["keys"], answers, strict=True)
    remembered = Answers({key: answer for (_, key), answer in kept})
    engine._stand(data["at"], remembered, deque((since, key) for since, key in data["keys"]))
    return engine


def _count(state: State, data: dict[str, Any]) -> None:
    counts = data["counts"]
    for name in COUNTS:
        setattr(state, name, counts[name])
    state.conversations.started = counts["clocks"]
    queues = {}
    for name, tally, window, gone in data["queues"]:
        known = state.queues.get(name)
        if known is None:
            known = QueueState(name, _queue(name, gone))
        known.tally = _tally(tally)
        known.window = None if window is None else (window[0], window[1])
        queues[name] = known
    state.queues.clear()
    state.queues.update(queues)
    state._twice = _tally(data["twice"])


def _tally(row: list[Any]) -> Tally:
    tally = Tally()
    tally.entered, tally.answered, tally.abandoned, tally.exited = row
    return tally


def _queue(name: str, table: dict[str, Any]) -> Queue:
    """Return a queue, or what was of it, as an earlier plan had it."""
    tables = Tables()
    queue = tables.queue(f"queues.{name}", table)
    if tables.found:
        raise JournalError("; ".join(tables.found))
    return queue


def _agents(state: State, data: dict[str, Any]) -> dict[str, list[InteractionId]]:
    """Put the agents on the roster; return what each has, in order."""
    holdings = {}
    for told, presence, figures, (after, then), refusals, held in data["agents"]:
        agent = AgentState(from_table(Agent, told), 0, 0.0)
        for name, value in zip(AGENT, figures, strict=True):
            setattr(agent, name, value)
        agent.presence, agent.after = Presence(presence), Presence(after)
        agent.then = None if then is None else Presence(then)
        agent.refusals = {cause: deque(times, REFUSALS_KEPT) for cause, times in refusals.items()}
        state.agents[agent.told.id] = agent
        holdings[agent.told.id] = held
    return holdings


def _form(state: State, data: dict[str, Any]) -> None:
    """Let agents have what their groups add, as things stand."""
    state.limited = dict.fromkeys(data["limited"], True)
    for agent in state.agents.values():
        state._form(agent)
        if state.waits is not None:
            state.waits.attend(agent)
    state.mixed = data["mixed"]
    state.delays = {queue: tuple(delays) for queue, delays in data["delays"].items()}


# --- interactions -----------------------------------------------------------------------------


def _works(state: State, data: dict[str, Any]) -> None:
    sigs = _signatures(state, data)
    needs = [kept(each) for each in data["needs"]]
    read, works = reading(Interaction), state.works
    for row in data["works"]:
        table = row[0]
        if "needs" in table:
            table["needs"] = needs[table["needs"]]
        interaction = read(table)
        works[interaction.id] = _work(state, row, sigs, interaction)
    for name, rows in data["rivals"].items():
        state.rivals[name] = [_hold(state, state.works[name], row) for row in rows]
    for name, agent in data["offers"]:
        hold = next(each for each in state.holdings(state.works[name]) if each.agent.told.id == agent)
        assert hold.offer is not None, f"{name} is offered to {agent} under no number"
        state.offers[hold.offer] = hold
    state._closed = deque(state.works[name] for name in data["closed"])
    state._opened_again = data["opened_again"]


def _signatures(state: State, data: dict[str, Any]) -> list[Signature]:
    """Return what interactions have in common; what is of this plan is known to the state."""
    of_kinds, of_sigs = data["known"]
    kinds = [_kind(row) for row in data["kinds"]]
    state._kinds = {(kind.channel, kind.label): kind for kind in kinds[:of_kinds]}
    sigs = []
    for number, (queue, kind, needs, tier, shared) in enumerate(data["sigs"]):
        sig = Signature(state.queues[queue], kinds[kind], kept(needs), tier, tuple(shared))
        if number < of_sigs:
            state._signatures[queue, sig.kind, sig.needs, tier, sig.shared] = sig
        sigs.append(sig)
    return sigs


def _kind(row: list[Any]) -> Kind:
    kind = Kind.__new__(Kind)
    for name, value in zip(KIND, row, strict=True):
        setattr(kind, name, frozenset(value) if isinstance(value, list) else value)
    return kind


def _work(state: State, row: list[Any], sigs: list[Signature], interaction: Interaction) -> Work:
    stage, sig, seq, since, version = row[1:6]
    work = Work(interaction, sigs[sig], seq, since, None)
    work.stage, work.version = stage, version
    if len(row) == 6:
        return work
    rare = row[6]
    work.target = rare.get("target")
    work.key = rare.get("key", since)
    work.pending = rare.get("pending", False)
    work.answered = rare.get("answered", 0)
    if "prefers" in rare:
        work.prefers = (rare["prefers"][0], rare["prefers"][1])
    if "submission" in rare:
        work.submission = from_data(rare["submission"], {"interaction": interaction})
    if "refused" in rare:
        work.refused = {who: (retry, excluded) for who, (retry, excluded) in rare["refused"].items()}
    if "progress" in rare:
        progress = work.progress = Progress(rare["progress"][0])
        progress.taken, progress.tier, progress.head_start = rare["progress"][1:]
    if "hold" in rare:
        work.hold = _hold(state, work, rare["hold"])
    return work


def _hold(state: State, work: Work, row: list[Any]) -> Holding:
    agent, figures = row
    hold = Holding(work, state.agents[agent], 0.0, None, None)
    for name, value in zip(HOLD, figures, strict=True):
        setattr(hold, name, value)
    return hold


def _hand_over(state: State, holdings: dict[str, list[InteractionId]]) -> None:
    """Let every agent have what she has, in the order in which it came to her."""
    for name, held in holdings.items():
        agent = state.agents[name]
        for interaction in held:
            found = state.holdings(state.works[interaction])
            agent.holdings[interaction] = next(each for each in found if each.agent is agent)


# --- what else is known of some ----------------------------------------------------------------


def _tables(state: State, data: dict[str, Any]) -> None:
    state.missed, state.boosts, state.replies = data["missed"], data["boosts"], data["replies"]
    state.proposed, state.periods, state.failures = data["proposed"], data["periods"], data["failures"]
    state.off = dict.fromkeys(data["off"], True)
    state.alarms = dict.fromkeys([(queue, alarm) for queue, alarm in data["alarms"]], True)
    state.updates = {name: from_data(each) for name, each in data["updates"].items()}
    state.parts = {name: dict.fromkeys(each) for name, each in data["parts"].items()}
    state.locks = {name: (agent, until) for name, (agent, until) in data["locks"].items()}
    for name, (until, on_reply, agent, scheduled) in data["parked"].items():
        parking = state.parked[name] = Parking.__new__(Parking)
        parking.until, parking.on_reply = until, on_reply
        parking.agent, parking.scheduled = agent, scheduled
    for name, (interaction, author, before, is_open) in data["reviews"].items():
        review = state.reviews[name] = Reviewed.__new__(Reviewed)
        review.interaction, review.author = interaction, author
        review.before, review.open = before, is_open


def _conversation(state: State, work: Work, row: list[Any]) -> Conversation:
    status, answered, unanswered, sentiment, clocks, ended = row
    known = Conversation(0.0, sentiment)
    known.status, known.answered, known.unanswered = Status(status), answered, unanswered
    known.clocks = {name: _clock(state, work, each) for name, each in clocks.items()}
    known.ended = {name: (used, missed) for name, (used, missed) in ended.items()}
    return known


def _clock(state: State, work: Work, row: list[Any]) -> Clock:
    name, place, before, times, warnings = row
    clock = Clock.__new__(Clock)
    clock.work, clock.queue = work, state.queues[name]
    if place is not None:
        clock.target = clock.queue.plan.targets[place]
        clock.calendar = calendar_of(clock.target, state.plan.calendars)
    else:
        table, calendar = before
        clock.target = _queue(name, table).targets[0]
        clock.calendar = None if calendar is None else Calendar.from_data(calendar)
    clock.number, clock.seconds, clock.elapsed, clock.since = times[:4]
    clock.due, clock.missed, clock.warned = times[4:]
    clock.warnings = tuple((share, at) for share, at in warnings)
    return clock


def _waits(state: State, data: dict[str, Any] | None, at: Instant) -> None:
    if data is None:
        state.waits = None
        return
    waits = state.waits = Waits()
    waits.begin(state.works.values(), (), at)
    waits._handling = {(queue, channel): known for queue, channel, *known in data["handling"]}
    waits._handled = data["handled"]
    waits._left, waits._waited, until = data["patience"]
    waits._until = -inf if until is None else until
    waits.promised = {
        name: (since, seconds, ahead) for name, (since, seconds, ahead) in data["promised"].items()
    }
    waits._scores.clear()
    waits._scores.extend(data["scores"])
    waits._sorted = sorted(data["scores"])
    waits.learnt = data["learnt"]


def _surge(state: State, data: dict[str, Any] | None) -> None:
    if data is None or state.surge is None:
        return
    surge = state.surge
    surge.since, surge.calm = data["since"], data["calm"]
    surge._counts = dict(data["counts"])
    surge._lately = sum(surge._counts.values())
    surge._alike = {(queue, value): dict.fromkeys(names) for queue, value, names in data["alike"]}
