"""Is everything as it must be? The invariants, asserted the slow and obvious way.

Nothing here is asked on the hot path: it recounts what `_state` and `_index` keep, and shares
no shortcut with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import inf

from workassign._index import Index
from workassign._records import PRESENT, UNIT, AgentState, Work
from workassign._state import State
from workassign.model import Instant, Presence, Status
from workassign.policies.holds import Hold
from workassign.queues import knows_ages

__all__ = ["check"]

Apart = Callable[[Work, AgentState, Instant], bool]


def check(state: State, index: Index, at: Instant, apart: Apart) -> dict[Hold, int]:
    """Assert every invariant and count the holds. Cost: O(interactions x agents) at worst."""
    works = list(state.works.values())
    _check_holdings(state, works)
    _check_balance(state, works)
    _check_ways_out(state)
    _check_clocks(state)
    waiting = [work for work in works if work.stage == "waiting"]
    _check_waits(state, waiting)
    _check_lines(index, waiting)
    _check_pools(state, index)
    for gate in index.gates:
        free = {each.agent.id for each in _free_for(state, gate.queue, at)}
        assert set(gate.free) == free, f"{gate.queue}: {sorted(gate.free)} but {sorted(free)} are free"
    return _holds(state, index, at, apart)


def _check_holdings(state: State, works: list[Work]) -> None:
    """I1 and the loads: held by one agent, who knows it, at the load that this makes."""
    for work in works:
        hold = work.hold
        held = work.stage in ("offered", "assigned", "wrapping", "awaiting_approval")
        assert (hold is not None) == held, f"{work.interaction.id} is {work.stage}, hold {hold}"
        rivals = state.rivals.get(work.interaction.id, [])
        assert not rivals or work.stage == "offered", f"{work.interaction.id} is {work.stage}, and offered"
        for each in rivals if hold is None else [hold, *rivals]:
            assert each.work is work
            assert state.agents.get(each.agent.agent.id) is each.agent, (
                f"{work.interaction.id} is held by a stranger"
            )
            assert each.agent.holdings.get(work.interaction.id) is each
            assert each.pending == (work.stage == "offered") == (each.fence is None)
            assert not each.pending or state.offers.get(each.offer) is each  # type: ignore[arg-type]
    offered = [work for work in works if work.stage == "offered"]
    assert len(state.offers) == len(offered) + sum(len(each) for each in state.rivals.values())
    assert all(state.rivals.values())
    for agent in state.agents.values():
        load = sum(_weight(state, hold.work) for hold in agent.holdings.values())
        assert load == agent.load, f"{agent.agent.id}: load {agent.load} but {load}"
        for hold in agent.holdings.values():
            assert any(hold is each for each in state.holdings(hold.work))


def _check_balance(state: State, works: list[Work]) -> None:
    """I5: entered = answered + abandoned + exited + waiting, in all and in every queue."""
    unanswered = [work for work in works if work.stage != "closed" and work.answered == 0]
    assert state.total.waiting == len(unanswered), f"{state.total.as_dict()} but {len(unanswered)} wait"
    here = Counter(work.sig.queue.name for work in works if work.stage != "closed" and work.answered != 2)
    for name, queue in state.queues.items():
        assert queue.tally.waiting == here[name], (
            f"queue {name}: {queue.tally.as_dict()} but {here[name]} wait"
        )


def _check_ways_out(state: State) -> None:
    """I6: whoever holds accepted work is there, or a grace time runs; what is parked comes back."""
    parked = {work.interaction.id for work in state.works.values() if work.stage == "parked"}
    assert parked == set(state.parked), f"{sorted(parked)} are parked, known of {sorted(state.parked)}"
    for name, parking in state.parked.items():
        assert parking.until is not None or parking.on_reply, f"{name} is parked for ever"
    awaiting = {work.interaction.id for work in state.works.values() if work.stage == "awaiting_approval"}
    assert awaiting == set(state.proposed), f"{sorted(awaiting)} await approval, known of {state.proposed}"
    for name, each in state.reviews.items():
        assert each.awaited == (state.proposed.get(each.interaction) == name), (
            f"{name} reviews {each.interaction}"
        )
    for name in state.proposed.values():
        assert state.works[name].stage not in ("wrapping", "closed"), f"nobody decides any more about {name}"
    for name, (who, _) in state.locks.items():
        assert state.works[name].stage != "closed", f"{name} is locked, but closed"
        assert who in state.agents, f"{name} is locked by a stranger"
    for agent in state.agents.values():
        if agent.presence is Presence.OFFLINE and agent.holdings:
            assert agent.grace is not None, f"{agent.agent.id} is offline and holds {list(agent.holdings)}"
        if agent.presence is not Presence.AVAILABLE:
            assert not any(hold.pending for hold in agent.holdings.values()), f"{agent.agent.id} has offers"
        assert agent.presence is not Presence.DRAINING or agent.holdings, f"{agent.agent.id} drains nothing"


def _check_clocks(state: State) -> None:
    """Every clock is one of its queue, belongs to something open, and stands or runs as it must."""
    for who, known in state.conversations.items():
        work = state.works[who]
        labels = {target.label for target in work.sig.queue.plan.targets}
        for name, clock in known.clocks.items():
            where = f"clock {name} of {who}, which is {work.stage}"
            assert work.stage != "closed", where
            assert clock.work is work, where
            assert name in labels, where
            assert clock.target.measures != "accept" or work.stage in ("waiting", "offered", "parked"), where
            stands = known.status is not Status.OPEN and known.status.value in clock.target.pauses
            if "answered" in clock.target.pauses:
                stands = stands or known.unanswered[clock.target.bots] is None
            assert stands == (clock.since is None), f"{where}, {known.status}"
            ahead = clock.since is not None and not clock.missed
            assert ahead == (clock.due is not None), f"{where}: due {clock.due}"


def _check_waits(state: State, waiting: list[Work]) -> None:
    """Forecasts know what waits where, and who is there."""
    waits = state.waits
    if waits is None:
        return
    standing = {who: (sig, place) for who, sig, place in waits.standing()}
    assert standing == {work.interaction.id: (work.sig, (work.key, work.seq)) for work in waiting}
    lines = {sig: list(line) for sig, line in waits.lines.items()}
    expected = {sig: sorted(each for other, each in standing.values() if other is sig) for sig in lines}
    assert lines == expected, f"{lines} stand where {expected} should"
    assert all(lines.values()), f"an empty line is kept: {lines}"
    aging = (work for work in state.works.values() if work.stage in ("waiting", "offered"))
    ages = {
        work.interaction.id: (work.sig.queue.name, (work.since, work.seq))
        for work in aging
        if knows_ages(work.sig.queue.plan)
    }
    assert waits.ages.standing() == ages, f"{waits.ages.standing()} are counted, not {ages}"
    open_ones = {name for name, work in state.works.items() if work.stage != "closed"}
    assert set(waits.promised) <= open_ones, f"forecasts of {set(waits.promised) - open_ones} are kept"
    for sig in lines:
        there = [each for each in state.agents.values() if each.presence in PRESENT]
        able = sum(1 for each in there if each.pool >= sig.units and each.can_do(sig, sig.needs))
        assert waits.there(sig) == able, f"{waits.there(sig)} could take {sig.needs}, but {able} are there"


def _check_lines(index: Index, waiting: list[Work]) -> None:
    """Every waiting interaction stands in one line, every head is the least."""
    lines = {id(line): line for line in index.lines()}
    standing: dict[int, int] = {}
    for line in lines.values():
        entries = sorted(line, key=lambda entry: (entry.key, entry.seq))
        assert len(line) == len(entries), f"{len(line)} but {len(entries)} stand in a line"
        assert line.head is (entries[0] if entries else None)
        assert line.key == (entries[0].key if entries else float("inf"))
        for entry in entries:
            standing[id(entry)] = standing.get(id(entry), 0) + 1
    assert all(count == 1 for count in standing.values()), "an entry stands twice"
    expected = {id(work) for work in waiting}
    assert expected == set(standing), f"{len(expected)} wait, {len(standing)} stand in lines"


def _check_pools(state: State, index: Index) -> None:
    """Who has room stands in her pools, nobody else does."""
    for agent in state.agents.values():
        bits = agent.open
        assert agent.admitted == bool(bits), f"{agent.agent.id}: admitted {agent.admitted}, open {bits}"
        timed = any(each is not None for each in (agent.rest, agent.ramp, agent.shift))
        ready = agent.presence is Presence.AVAILABLE and not agent.agent.pull
        assert agent.steady == (ready and not timed), f"{agent.agent.id}: steady {agent.steady}"
        assert not bits or agent.presence is Presence.AVAILABLE
        for standing in agent.standings:
            assert standing.place is not None
            assert standing in list(standing.line)
        for bit, kind, _ in agent.profile.channels:
            room = _has_room(state, agent, kind.channel, kind.label)
            assert room or not bits & bit, f"{agent.agent.id} has no room on {kind.channel}, {kind.label}"
    for board in index.boards():
        assert not board.wide or [line.key for line in board.lines] == sorted(
            line.key for line in board.lines
        )


def _weight(state: State, work: Work) -> int:
    """Return what held *work* takes up."""
    who = work.interaction
    channel, known = state.plan.channels[who.channel], state.conversations.get(who.id)
    waits = work.stage != "offered" and known is not None and known.status is not Status.OPEN
    less = channel.pending_units if waits else None
    review = work.sig.queue.plan.review if work.stage == "awaiting_approval" else None
    light = [each for each in (less, None if review is None else review.units) if each is not None]
    return round(min([channel.units, *light]) * UNIT)


def _has_room(
    state: State, agent: AgentState, name: str, label: str | None, more: Work | None = None
) -> bool:
    """Whether *agent* may have one more of a channel and a label, beside *more*."""
    who, channels = agent.agent, state.plan.channels
    held = [hold.work for hold in agent.holdings.values()]
    held += [] if more is None else [more]
    on_channel = sum(1 for work in held if work.interaction.channel == name)
    if who.channels is not None and on_channel >= who.channels.get(name, 0):
        return False
    labelled = sum(1 for work in held if work.interaction.label == label)
    if label is not None and labelled >= (who.labels or {}).get(label, labelled + 1):
        return False
    against = [work for work in held if name not in channels[work.interaction.channel].interruptible_by]
    for other in (work.interaction.channel for work in against):
        beside, back = channels[name].beside, channels[other].beside
        if (beside is not None and other not in beside) or (back is not None and name not in back):
            return False
    kept = round(who.reserve * UNIT) if any(hold.dozes for hold in agent.holdings.values()) else 0
    units = round(channels[name].units * UNIT)
    whole = (
        0 if more is None or more not in against else round(channels[more.interaction.channel].units * UNIT)
    )
    load = sum(_weight(state, work) for work in against if work is not more) + whole
    return load + units + kept <= agent.pool


def _free_for(state: State, queue: str, at: Instant) -> list[AgentState]:
    """Return those who serve *queue* and could be given one more on all their channels."""
    needs = state.plan.queues[queue].needs
    return [
        each
        for each in state.agents.values()
        if (each.agent.queues is None or queue in each.agent.queues) and each.agent.meets(needs)
        if each.presence is Presence.AVAILABLE and not each.agent.pull
        if (each.rest is None or at >= each.rest) and _is_open(state, each, at)
    ]


def _is_open(state: State, agent: AgentState, at: Instant, more: Work | None = None) -> bool:
    """Whether *agent* could be given one more on all her channels, beside *more*."""
    if state.plan.capacity is not None and agent.open & agent.profile.whole != agent.profile.whole:
        return False
    limits = agent.agent.channels
    served = [name for name in state.plan.channels if limits is None or limits.get(name, 0) > 0]
    later = more is not None and agent.ramp is not None and at < agent.ramp
    return (
        bool(served)
        and not later
        and all(
            _has_room(state, agent, name, None, more) and _held_by_time(state, agent, name, at) is None
            for name in served
        )
    )


def _is_kept_free(state: State, agent: AgentState, work: Work, at: Instant) -> bool:
    """Whether *agent* is one of so few who are free that *work* must not take that away."""
    for name, queue in state.plan.queues.items():
        keep = queue.keep_free
        if keep is not None and work.sig.tier > keep.tier:
            free = _free_for(state, name, at)
            if agent in free and len(free) <= keep.agents and not _is_open(state, agent, at, work):
                return True
    return False


def _held_by_time(state: State, agent: AgentState, channel: str, at: Instant) -> Hold | None:
    """Return whether it is too early or too late in an agent's shift."""
    takes = state.plan.channels[channel].handle_time or 0.0
    if agent.shift is not None and at >= agent.shift - takes:
        return Hold.SHIFT_END
    early = agent.ramp is not None and at < agent.ramp
    return Hold.LOGIN_RAMP if early and agent.holdings else None


def _delayed(agent: AgentState, work: Work) -> Instant:
    """Return until when work that came to its queue when this did is kept from *agent*."""
    if work.sig.queue.plan.batch is not None:
        return -inf
    views, queues = {work.sig.queue.name, *work.sig.shared}, agent.agent.queues
    served = views if queues is None else views & set(queues)
    delay = min(agent.agent.delays.get(view, 0.0) for view in served)
    return work.came + delay if delay else -inf


def _holds(state: State, index: Index, at: Instant, apart: Apart) -> dict[Hold, int]:
    """I3: assert that only holds keep a free agent and an eligible interaction apart; count them."""
    found: dict[Hold, int] = {}
    by_class: dict[int, list[Work]] = {}
    for work in state.works.values():
        if work.stage == "waiting":
            by_class.setdefault(id(work.sig), []).append(work)
    for agent in state.agents.values():
        if agent.presence is not Presence.AVAILABLE:
            continue
        resting = agent.rest is not None and at < agent.rest
        for works in by_class.values():
            sig = works[0].sig
            room = _has_room(state, agent, sig.channel, sig.kind.label)
            queues = agent.agent.queues
            views = {sig.queue.name, *sig.shared}
            serves = (queues is None or not views.isdisjoint(queues)) and agent.agent.meets(sig.needs)
            if not (room and serves) or (state.plan.capacity is not None and not agent.open & sig.link.bit):
                continue
            for work in works:
                if state.wrote(work) == agent.agent.id:
                    continue  # she is never the one who looks at it
                timed = _held_by_time(state, agent, sig.channel, at)
                hold = Hold.PULL_ONLY if agent.agent.pull else Hold.REST if resting else timed
                if work.interaction.id in index.kept and work.preferred != agent.agent.id:
                    hold = Hold.STICKY_WAIT
                elif apart(work, agent, at):
                    hold = Hold.COOL_DOWN
                elif work.interaction.id not in index.kept and at < _delayed(agent, work):
                    hold = Hold.QUEUE_DELAY
                elif hold is None and _is_kept_free(state, agent, work, at):
                    hold = Hold.KEPT_FREE
                elif hold is None and (window := index.window_of(sig)) is not None and window.due is not None:
                    assert window.due == window.batch.end(at), f"a window ends at {window.due}"
                    hold = Hold.BATCH_WINDOW
                assert hold is not None, f"{agent.agent.id} is free and {work.interaction.id} waits"
                found[hold] = found.get(hold, 0) + 1
    return found
