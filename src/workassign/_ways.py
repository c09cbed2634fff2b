"""What would have to happen so that a waiting interaction is routed?

Nothing is guessed from the reasons alone: what is told was supposed (she is available, she holds one
less, it is later), and then nothing kept the two apart any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from math import inf

import attrs

from workassign._linked import open_parts
from workassign._moments import class_of
from workassign._reach import delay
from workassign._records import UNIT, AgentState, Holding, Work
from workassign._scene import SHOWN, Candidate, Reason, Scene, as_if, figure, when
from workassign.model import Agent, AgentId, Instant, InteractionId, Presence
from workassign.policies.holds import Hold

__all__ = ["Way", "ways"]

_UNABLE = frozenset({"queue", "channel", "label", "skill", "needs"})
"""What no event of a day ends: she would have to be trained for it."""
_FULL = frozenset({"room", "channel_limit", "beside", "label_limit", "capacity"})
_TURNS = 200
"""So many ends of periods are looked ahead."""
_ANY_NUMBER = 10_000
"""The largest limit there is."""
_FAR = 30 * 86_400.0
"""What takes so many seconds is no way."""
_ROUNDS = 12
"""A way has fewer steps than that; whoever would need more is left out."""


@attrs.frozen(kw_only=True)
class Way:
    """What would let it be routed, all else staying as it is."""

    agent: AgentId | None
    """Who could take it then; None: somebody new."""
    kinds: tuple[str, ...]
    """What has to happen, all of it before she is given anything else: available, finished, emptied,
    wrapped_up, until (a hold ends), trained, added, pulls (she asks for work), turn (a period of
    her rotation begins), spared (somebody else comes free, so that she is not kept free)."""
    text: str
    at: Instant | None
    """Not before; None: at any time."""
    by_itself: bool
    """Time alone brings it about."""
    finished: tuple[InteractionId, ...]
    """What she has to be done with: one of these (finished, wrapped_up), or all of them (emptied)."""
    ahead: int
    """How many others, at most, she would take first."""


def ways(scene: Scene, work: Work, candidates: Sequence[Candidate]) -> tuple[Way, ...]:
    """Return what would let *work*, which waits, be routed: at most `SHOWN`, the nearest first.

    Somebody new, or trained, is told of only if nobody could ever take it as they are.
    Cost: O(agents), and for each of those shown O(agents + waiting).
    """
    near = sorted(candidates, key=lambda each: _distance(scene, each))
    able = [scene.state.agents[each.agent] for each in near if not _is_unable(scene, each, work)]
    found = list(islice(_found(_Search(scene, agent, work) for agent in able), SHOWN))
    if not found:
        everybody = (scene.state.agents[each.agent] for each in near)
        found = list(_found([_added(scene, work)]))
        found += islice(_found(_Search(scene, agent, work, train=True) for agent in everybody), SHOWN // 2)
    return tuple(sorted(found, key=_nearness))


def _nearness(way: Way) -> tuple[int, bool, Instant, int]:
    return len(way.kinds), not way.by_itself, -inf if way.at is None else way.at, way.ahead


def _found(searches: Iterable[_Search]) -> Iterator[Way]:
    return (way for search in searches if (way := search.way()) is not None)


def _is_unable(scene: Scene, candidate: Candidate, work: Work) -> bool:
    """Whether she could not take it even if she had nothing to do."""
    agent = scene.state.agents[candidate.agent]
    passes = {"channel"} if _rotates(scene, agent) else set()
    unable = {reason.kind for reason in candidate.reasons} & _UNABLE - passes
    return agent.pool < work.sig.units or bool(unable) or scene.state.wrote(work) == candidate.agent


def _rotates(scene: Scene, agent: AgentState) -> bool:
    """Whether a rotation says which channels she serves, or will."""
    rotations = scene.state.plan.rotations.values()
    said = (each for each in rotations if any(period.channels is not None for period in each.periods))
    return any(each.has(agent.told) for each in said)


def _distance(scene: Scene, candidate: Candidate) -> tuple[int, int, Instant, int]:
    """Return how far an agent seems to be from it: the least first."""
    agent = scene.state.agents[candidate.agent]
    unable = sum(1 for reason in candidate.reasons if reason.kind in _UNABLE)
    kinds = {"room" if each.kind in _FULL else each.kind for each in candidate.reasons} - _UNABLE
    ends = [reason.until for reason in candidate.reasons if reason.until is not None]
    ends += [hold.until for hold in agent.holdings.values() if hold.until is not None]
    return unable, len(kinds), min(ends, default=inf), agent.number


class _Search:
    """Supposes one thing after the other until nothing keeps an agent from an interaction."""

    def __init__(
        self, scene: Scene, agent: AgentState, work: Work, *, train: bool = False, added: str = ""
    ) -> None:
        self._scene = scene
        self._agent = agent
        """As she is supposed to be by now."""
        self._work = work
        self._train = train
        self._at = scene.at
        self._may_be_given = agent.presence is Presence.AVAILABLE and not agent.agent.pull
        self._texts: dict[str, str] = {"added": added} if added else {}
        """What was supposed: the kind of it, or of the hold that ends, and how it is told."""
        self._finished: tuple[InteractionId, ...] = ()
        self._singles: list[Holding] = []
        """What she may be done with, each alone; the first is what was supposed."""
        self._more = 0
        """So many more are free."""
        self._takes_time = False
        """Before she has finished it she may already have room for something else."""

    def way(self) -> Way | None:
        """Return what it takes; None if nothing does."""
        for _ in range(_ROUNDS):
            reasons = self._reasons(self._agent, self._at)
            if not reasons:
                return self._way()
            if not self._supposes(reasons):
                return None
        return None

    def _reasons(self, agent: AgentState, at: Instant) -> list[Reason]:
        scene = self._supposed(agent, at)
        return scene.reasons(scene.state.agents[agent.agent.id], self._work)

    def _supposed(self, agent: AgentState, at: Instant) -> Scene:
        scene = self._scene.supposing(agent, at, pulls="pulls" in self._texts)
        scene.extra = self._more
        return scene

    def _supposes(self, reasons: list[Reason]) -> bool:
        """Suppose what ends some of *reasons*; False if nothing does."""
        kinds = {reason.kind for reason in reasons}
        if kinds & {Hold.SHIFT_END.value, "own_reply"}:
            return False  # when that ends she leaves; or it never does
        if "channel" in kinds and _rotates(self._scene, self._agent):
            return self._turn_comes()
        if kinds & _UNABLE or self._agent.pool < self._work.sig.units:
            return self._trained()
        if "presence" in kinds:
            return self._available()
        if Hold.PULL_ONLY.value in kinds:
            return self._pulls()
        if kinds & _FULL:
            return self._finishes()
        if Hold.KEPT_FREE.value in kinds:
            return self._spared(reasons)
        return self._waits(reasons)

    def _turn_comes(self) -> bool:
        """Suppose that it is so late that she serves the channel by her rotation."""
        who, channel, at = self._agent, self._work.sig.channel, self._at
        rotations = self._scene.state.plan.rotations.values()
        schedules = [each for each in rotations if each.queue is None and each.has(who.told)]
        for _ in range(_TURNS if schedules else 0):
            at = min(each.at(at)[2] for each in schedules)
            agent = self._scene.supposing(who, at).state.agents[who.agent.id]
            if agent.view.channel_limit(channel) != 0:
                self._texts["turn"] = f"the turn of {who.agent.id} on channel {channel} comes at {when(at)}"
                self._at = at
                return True
        return False

    def _available(self) -> bool:
        was = self._agent
        self._texts["available"] = f"{was.agent.id} becomes available (she is {was.presence.value})"
        self._agent = as_if(was)
        self._agent.presence, self._agent.idle_since = Presence.AVAILABLE, self._at
        ramp = was.agent.login_ramp
        if ramp is not None and was.presence in (Presence.OFFLINE, Presence.AWAY):
            self._agent.ramp = self._at + ramp
        return True

    def _pulls(self) -> bool:
        """Suppose that she asks for work, for which she need not have rested."""
        self._texts["pulls"] = f"{self._agent.agent.id} asks for work"
        return True

    def _spared(self, reasons: list[Reason]) -> bool:
        """Suppose that one more is free where she is kept free."""
        text = next(each.text for each in reasons if each.kind == Hold.KEPT_FREE.value)
        self._texts["spared"] = f"somebody else comes free ({self._agent.agent.id} {text})"
        self._more += 1
        return self._more <= len(self._scene.state.agents)

    def _finishes(self) -> bool:
        """Suppose that she is done with one of what she has, or else with everything."""
        who = self._agent
        able = [hold for hold in who.holdings.values() if self._can_be_done(hold)]
        singles = [hold for hold in able if self._has_room(self._without(hold))]
        ending = [(hold.until, hold.fence or 0, hold) for hold in singles if hold.until is not None]
        if ending:
            until, _, first = min(ending, key=lambda each: each[:2])
            self._at = max(self._at, until)
            return self._lets_go("wrapped_up", f"ends the wrap-up of {_names(first)} by {when(until)}", first)
        if singles:
            self._singles = singles
            return self._lets_go("finished", "", singles[0])
        everything = list(who.holdings.values())
        if len(everything) == len(able) > 1 and self._has_room(self._without(*everything)):
            return self._lets_go("emptied", "finishes all that she has (she is full)", *everything)
        return False

    def _can_be_done(self, hold: Holding) -> bool:
        """Whether no part of it is open, which would have to be done first."""
        part = next(open_parts(self._scene.state, hold.work.interaction.id), None)
        return part is None or hold.until is not None

    def _lets_go(self, kind: str, text: str, *holds: Holding) -> bool:
        self._texts[kind] = f"{self._agent.agent.id} {text}"
        self._finished = tuple(hold.work.interaction.id for hold in holds)
        asked = self._scene.state.plan.capacity is not None  # after the acceptance, too
        pending = any(hold.pending for hold in (*holds, *self._singles))
        self._takes_time = kind == "emptied" or (asked and pending)
        self._agent = self._without(*holds)
        return True

    def _says_which(self, *singles: Holding) -> None:
        """Tell what she may finish: any one of *singles* is enough."""
        what = _names(*singles) if len(singles) == 1 else f"one of {_names(*singles)}"
        if 1 < len(singles) == len(self._agent.holdings) + 1:
            what = "something"
        self._texts["finished"] = f"{self._agent.agent.id} finishes {what} (she is full)"
        self._finished = tuple(hold.work.interaction.id for hold in singles)

    def _has_room(self, agent: AgentState) -> bool:
        return not any(reason.kind in _FULL for reason in self._reasons(agent, self._at))

    def _without(self, *holds: Holding) -> AgentState:
        """Return the agent as she would be after she has accepted and finished *holds*."""
        other = as_if(self._agent)
        done = {hold.work.interaction.id for hold in holds}
        other.holdings = {name: hold for name, hold in other.holdings.items() if name not in done}
        other.load -= sum(hold.units for hold in holds)
        other.handled += sum(1 for hold in holds if hold.pending)
        other.idle_since = self._at
        return other

    def _instead(self, hold: Holding) -> AgentState:
        """Return the agent as she is supposed to be, but done with *hold*, not with the first."""
        first, other = self._singles[0], as_if(self._agent)
        other.holdings = {**other.holdings, first.work.interaction.id: first}
        del other.holdings[hold.work.interaction.id]
        other.load += first.units - hold.units
        other.handled += hold.pending - first.pending
        return other

    def _waits(self, reasons: list[Reason]) -> bool:
        """Suppose that it is so late that all that ends by itself has ended."""
        name, queue = self._agent.agent.id, delay(self._agent.agent, self._work.sig)[1]
        until = max(reason.until for reason in reasons if reason.until is not None)
        if until > self._scene.at + _FAR:
            return False
        self._at = until
        for reason in reasons:
            assert reason.until is not None
            what = {
                Hold.REST.value: f"the rest of {name}",
                Hold.LOGIN_RAMP.value: f"the login ramp of {name}",
                Hold.COOL_DOWN.value: f"the cool-down of {name}",
                Hold.QUEUE_DELAY.value: f"the delay of {name} for queue {queue}",
                Hold.STICKY_WAIT.value: f"the wait for {self._work.preferred}",
                Hold.BATCH_WINDOW.value: f"the window of queue {self._work.sig.queue.name}",
            }[reason.kind]
            self._texts[reason.kind] = f"{what} ends at {when(reason.until)}"
        return True

    def _trained(self) -> bool:
        """Suppose that she can do what it needs."""
        if not self._train or "trained" in self._texts:
            return False
        was, sig = self._agent, self._work.sig
        self._texts["trained"] = f"{was.agent.id} is given {', '.join(_lacks(was, self._work))}"
        self._agent = as_if(was)
        self._agent.agent = _able(was.agent, self._work, was.on_channel(sig.channel) + 1)
        self._agent.pool = round(self._agent.agent.capacity * UNIT)
        return True

    def _way(self) -> Way:
        others = {hold: self._instead(hold) for hold in self._singles[1:]}
        others = {hold: each for hold, each in others.items() if not self._reasons(each, self._at)}
        if self._singles:
            self._says_which(self._singles[0], *others)
        texts = dict(sorted(self._texts.items(), key=lambda each: each[0] == "pulls"))  # that comes last
        ends = {each.value for each in Hold}
        kinds = dict.fromkeys("until" if kind in ends else kind for kind in texts)
        aheads = [self._ahead(each) for each in [self._agent, *others.values()]]
        ahead, exact = max(aheads)[0], not others and aheads[0][1]
        text = " and ".join(texts.values())
        if self._may_be_given and (self._takes_time or len(kinds) > 1):
            text += ", before she is given anything else"
        if ahead:
            text += f"; {'' if exact else 'up to '}{ahead} more come first for her"
        return Way(
            agent=None if "added" in kinds else self._agent.agent.id,
            kinds=tuple(kinds),
            text=text,
            at=self._at if self._at > self._scene.at else None,
            by_itself=kinds.keys() <= {"until", "wrapped_up", "turn"},
            finished=self._finished,
            ahead=ahead,
        )

    def _ahead(self, agent: AgentState) -> tuple[int, bool]:
        """Return how many others, at most, *agent* would take first, and whether it is just as many."""
        scene = self._supposed(agent, self._at)
        takes, work = scene.takes(scene.state.agents[agent.agent.id]), self._work
        first = takes.index(work)
        if not any(scene.is_momentary(each) for each in takes if each.sig.tier == work.sig.tier):
            return first, True
        # With each that she takes, ranks may change: only what is like it surely comes after it.
        later = [each for each in takes[first + 1 :] if each.sig.tier == work.sig.tier]
        return first + sum(1 for each in later if class_of(each.sig) != class_of(work.sig)), False


def _names(*holds: Holding) -> str:
    return ", ".join(hold.work.interaction.id for hold in holds)


# --- somebody new, or trained ----------------------------------------------------------------


def _able(agent: Agent, work: Work, limit: int) -> Agent:
    """Return *agent* as she would have to be, with so many at a time on a channel that is new to her."""
    sig = work.sig
    queues, channels = agent.queues, agent.channels
    if queues is not None and not sig.served_by(queues):
        queues = {**queues, sig.queue.name: 1}
    if channels is not None and not channels.get(sig.channel):
        channels = {**channels, sig.channel: limit}
    labels = agent.labels
    if labels is not None and labels.get(sig.kind.label or "") == 0:
        labels = {**labels, sig.kind.label or "": _ANY_NUMBER}
    levels = dict(agent.skills)
    for skill, least in sig.needs.skills:
        levels[skill] = max(least, levels.get(skill, least))
    capacity = max(agent.capacity, sig.units / UNIT)
    return attrs.evolve(
        agent, skills=levels, queues=queues, channels=channels, capacity=capacity, labels=labels
    )


def _lacks(agent: AgentState, work: Work) -> Iterator[str]:
    """Yield what she would have to have for *work* that she has not."""
    who, sig = agent.agent, work.sig
    if not sig.served_by(who.queues):
        yield f"queue {sig.queue.name}"
    if agent.view.channel_limit(sig.channel) == 0:
        yield f"channel {sig.channel}"
    if who.labels is not None and who.labels.get(sig.kind.label or "") == 0:
        yield f"cases of {sig.kind.label}"
    for skill, least in sig.needs.skills:
        if who.skills.get(skill, -1.0) < least:
            yield f"skill {skill} at level {figure(least)}"
    if agent.pool < sig.units:
        yield f"a capacity of {figure(sig.units / UNIT)}"


def _added(scene: Scene, work: Work) -> _Search:
    """Return a search that begins with somebody new, who has just what is needed."""
    state = scene.state
    name = "somebody new"
    while name in state.agents:
        name += "+"
    blank = AgentState(Agent(id=name, queues={}, channels={}, capacity=0.001), state.enrolled, scene.at)
    lacked = [set(_lacks(agent, work)) for agent in state.agents.values()]
    nobody = [what for what in _lacks(blank, work) if all(what in each for each in lacked)]
    text = f"somebody is added with {', '.join(_lacks(blank, work))}"
    if nobody:
        text = f"nobody on the roster has {', '.join(nobody)}: {text}"
    new = AgentState(_able(blank.agent, work, 1), state.enrolled, scene.at)
    new.presence = Presence.AVAILABLE
    return _Search(scene, new, work, added=text)
