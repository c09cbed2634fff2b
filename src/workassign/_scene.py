"""Who could have had it at one instant, and in which order?

Asked of the facts of that instant, and of the plan that held then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from datetime import UTC, datetime
from functools import cached_property, partial
from math import inf
from typing import Any, TypeAlias, TypeVar

import attrs

from workassign import events as ev
from workassign._asking import are_ranks, short_name
from workassign._moments import Class, benches_of, class_of, head_of, place
from workassign._reach import delay, is_early, priority
from workassign._records import PRESENT, UNIT, AgentState, AgentView, Signature, Work
from workassign._room import counted, has_room, in_the_way, kept_back, labelled, lacks, stays_open
from workassign._shifts import held_by_time
from workassign._state import State
from workassign.groups import formed
from workassign.model import LARGEST, AgentId, Instant, InteractionId, OfferId, Presence
from workassign.policies.batch import Batch
from workassign.policies.grades import is_free
from workassign.policies.holds import Hold
from workassign.policies.keep_free import KeepFree
from workassign.policies.selection import Selection
from workassign.queues import free_works
from workassign.rotations import turned

__all__ = [
    "KINDS",
    "SHOWN",
    "Candidate",
    "Decision",
    "Keys",
    "Order",
    "Placed",
    "Reason",
    "Scene",
    "Waiting",
    "as_if",
    "before",
    "closest",
    "failed_at",
    "figure",
    "funnel",
    "gone",
    "ranked",
    "tie_break",
    "when",
]

T = TypeVar("T")

SHOWN = 8
"""So many agents, or decisions, are shown in a text; `as_dict` has all of them."""

KINDS: Mapping[str, str] = {
    "closed": "closed",
    "held": "somebody has it",
    "parked": "it is put aside",
    "presence": "not available",
    Hold.PULL_ONLY.value: "taking only what they ask for",
    "queue": "not on the queue",
    "channel": "not on the channel",
    "label": "not for such cases",
    "skill": "without a needed skill",
    "needs": "without something else that is needed",
    "own_reply": "not allowed to review a reply of her own",
    "room": "without room",
    "channel_limit": "full on the channel",
    "beside": "busy with what it cannot run beside",
    "label_limit": "full of such cases",
    "capacity": "held back by the capacity policy",
    Hold.REST.value: "resting",
    Hold.LOGIN_RAMP.value: "with one thing at a time, having just come",
    Hold.SHIFT_END.value: "too near the end of the shift",
    Hold.KEPT_FREE.value: "kept free for more urgent work",
    Hold.COOL_DOWN.value: "refused it",
    Hold.QUEUE_DELAY.value: "not given it before it has been there for longer",
    Hold.STICKY_WAIT.value: "kept from it by its wait for another",
    Hold.BATCH_WINDOW.value: "free, but it is given out when a window ends",
    "other_first": "free, but something else came first",
}
"""Every kind of reason, in the order in which a funnel counts: an agent counts where she fails first."""

Placed: TypeAlias = ev.Submitted | ev.Transferred | ev.Rekeyed | ev.Reopened | ev.Updated
"""What gives an interaction its place, with the terms of its head start."""


Order: TypeAlias = tuple[int, float, Instant, int]
"""What decides when an agent takes an interaction: tier, rank, key, sequence; the least first."""


@attrs.frozen(kw_only=True)
class Reason:
    """One true reason why an agent could not have it; `kind` is one of a closed list."""

    kind: str
    text: str
    until: Instant | None = None
    """When it ends by itself; None: it does not."""


@attrs.frozen(kw_only=True)
class Keys:
    """An agent's place in selection, compared from the first field to the last."""

    preferred: bool
    """The interaction prefers her: she comes first."""
    wanted: float
    """The sum of the weights of what it prefers and she has: the larger comes first."""
    pair_key: float
    agent_key: float
    idle_since: Instant
    number: int
    """Her place on the roster: no two are equal, so there is always an order."""

    @property
    def order(self) -> tuple[bool, float, float, float, Instant, int]:
        """What is compared; the least comes first."""
        keys = (-self.wanted, self.pair_key, self.agent_key)
        return (not self.preferred, *keys, self.idle_since, self.number)


@attrs.frozen(kw_only=True)
class Candidate:
    """An agent with her rank, or with all that excluded her."""

    agent: AgentId
    rank: int | None
    """From 1; None if she was excluded."""
    keys: Keys | None
    """None if she could not have taken it at all."""
    reasons: tuple[Reason, ...]


@attrs.frozen(kw_only=True)
class Waiting:
    """An interaction in the order in which an agent would take it: tier, rank, key, sequence."""

    interaction: InteractionId
    queue: str
    tier: int
    rank: float
    """What the work policy says of it for her."""
    key: Instant
    """Reference minus head start: where its waiting counts from."""
    sequence: int
    head_start: float
    """Seconds, after the queue's cap."""
    terms: ev.Terms

    @property
    def order(self) -> Order:
        """What is compared; the least comes first."""
        return (self.tier, self.rank, self.key, self.sequence)


@attrs.frozen(kw_only=True)
class Decision:
    """Why *agent* was given it."""

    at: Instant
    agent: AgentId
    how: str
    """offered, auto (without an offer), manual or override (both by hand)."""
    offer: OfferId | None
    plan_hash: str
    """Of the plan that held."""
    queue: str
    selection: str
    """The policy that ranked the agents."""
    work: str
    """The policy that ranked the interactions."""
    candidates: tuple[Candidate, ...]
    """Everybody on the roster: the ranked first, in order, then the excluded in roster order."""
    tie_break: str
    """What put her before the second; empty where there was no second, or it was given by hand."""
    funnel: Mapping[str, int]
    """Kind of reason -> how many failed there first."""
    could_take: int
    """How many waiting interactions she could have taken, this one included."""
    first: tuple[Waiting, ...]
    """The first few of them, in her order."""
    notes: tuple[str, ...]
    """What else must be known to believe this."""


class Scene:
    """Who was where at one instant, and what the plan of that instant says of it.

    Good for as long as nothing changes.
    """

    def __init__(
        self,
        state: State,
        at: Instant,
        places: Mapping[InteractionId, Placed] | None = None,
        pulls: AgentId | None = None,
        closes: Batch | None = None,
    ) -> None:
        """Look at *state* as it is; only `waiting` asks *places*. *pulls*: who asks for work herself.

        *closes*: whose window ends just now.
        """
        self.state = state
        self._pulls = pulls
        self._closes = closes
        self._since = at
        """Later is but supposed."""
        self.at = at
        self.failed: list[str] = []
        """What policies failed to answer just now."""
        self._places = places or {}
        self._again: dict[InteractionId, AgentId | None] = {}
        self._ranks: dict[tuple[Signature, int], float] = {}
        self._benches: dict[InteractionId, dict[int, float]] = {}
        """Interaction -> roster number -> what a free selection says of her bench."""
        self.extra = 0
        """So many more are supposed to be free for every queue."""

    def supposing(self, agent: AgentState, at: Instant, *, pulls: bool = False) -> Scene:
        """Return the scene at *at* if *agent* were as given and all else as it is, rotations aside.

        *pulls*: she asks for work herself.

        Cost: O(agents).
        """
        other = copy(self)
        other.state, other.at = copy(self.state), at
        agents = {**self.state.agents, agent.agent.id: agent}
        if at > self.at and any(each.queue is None for each in self.state.plan.rotations.values()):
            agents = {name: _rotated(self.state, each, at) for name, each in agents.items()}
        other.state.agents = agents
        other._pulls = agent.agent.id if pulls else self._pulls
        other._again, other._ranks, other._benches = {}, {}, {}
        return other

    @cached_property
    def _lines(self) -> dict[Signature, list[Work]]:
        """All that waits, by kind, the most urgent first. Cost: O(n log n), once."""
        lines: dict[Signature, list[Work]] = {}
        for work in self.state.waiting():
            lines.setdefault(work.sig, []).append(work)
        for line in lines.values():
            line.sort(key=lambda work: (work.key, work.seq))
        return lines

    def reasons(self, agent: AgentState, work: Work) -> list[Reason]:
        """Return all that keeps *agent* from *work*."""
        has = work.interaction.id in agent.holdings
        asked = [Reason(kind="held", text="is asked for it already")] if has else []
        return [*asked, *self._barriers(agent, work.sig), *self._holds(agent, work)]

    def keys(self, agent: AgentState, work: Work) -> Keys:
        """Return the place of *agent* in selection for *work*."""
        who, sig = agent.agent, work.sig
        selection = sig.queue.plan.selection
        wanted, pair = self._liking(agent, sig)
        if is_free(selection):
            key = self._bench_ranks(work)[agent.number]
        else:
            key = float(self._ask(self._slot_of(selection), selection, agent.idle_since, agent.view))
        return Keys(
            preferred=work.preferred == who.id and who.id not in (work.refused or {}),
            wanted=wanted,
            pair_key=pair,
            agent_key=key,
            idle_since=agent.idle_since,
            number=agent.number,
        )

    def named(self, agent: AgentState) -> Work | None:
        """Return what *agent* would take. Cost: O(kinds of waiting work)."""
        heads = ((self.order(agent, head), head) for works in self._open_lines(agent) for head in works[:1])
        return min(heads, default=((), None))[1]

    def takes(self, agent: AgentState) -> list[Work]:
        """Return everything that *agent* could take, in her order. Cost: O(waiting)."""
        works = [work for works in self._open_lines(agent, every=True) for work in works]
        return sorted(works, key=lambda work: self.order(agent, work))

    def waiting(self, agent: AgentState, work: Work) -> Waiting:
        """Return *work* as *agent* sees it."""
        place = self._places[work.interaction.id]
        tier, rank, key, sequence = self.order(agent, work)
        return Waiting(
            interaction=work.interaction.id,
            queue=work.sig.queue.name,
            tier=tier,
            rank=rank,
            key=key,
            sequence=sequence,
            head_start=place.head_start,
            terms=place.terms,
        )

    def is_momentary(self, work: Work) -> bool:
        """Whether the work policy of its queue ranks *work* by what is so just then."""
        return work.sig.queue.name in self._free_works

    # --- what keeps them apart ---------------------------------------------------------------

    def _barriers(self, agent: AgentState, sig: Signature) -> list[Reason]:
        """Return what keeps *agent* from all work like this."""
        found = []
        if agent.presence is not Presence.AVAILABLE:
            found.append(Reason(kind="presence", text=f"is {agent.presence.value}"))
        pulls = agent.agent.id == self._pulls
        if agent.agent.pull and not pulls:
            found.append(Reason(kind=Hold.PULL_ONLY.value, text="takes only what she asks for"))
        found += self._cannot(agent, sig)
        never = {reason.kind for reason in found}
        found += [
            Reason(kind=each, text=_told_lack(agent, sig, each))
            for each in lacks(agent, sig.kind)
            if _NEVER.get(each) not in never
        ]
        if not found and not self._may_take(agent, sig.channel, sig.units):
            # The policy is asked only of those who have room, here as in the engine.
            found.append(Reason(kind="capacity", text="is held back by the capacity policy"))
        resting = agent.rest is not None and self.at < agent.rest and not pulls
        if agent.presence is Presence.AVAILABLE and resting and agent.rest is not None:
            text = f"rests until {when(agent.rest)} after a refusal"
            found.append(Reason(kind=Hold.REST.value, text=text, until=agent.rest))
        hold = held_by_time(agent, sig.kind, self.at) if agent.presence is Presence.AVAILABLE else None
        if hold is Hold.LOGIN_RAMP and agent.ramp is not None:
            text = f"came just now and has one thing at a time until {when(agent.ramp)}"
            found.append(Reason(kind=hold.value, text=text, until=agent.ramp))
        elif hold is Hold.SHIFT_END and agent.shift is not None:
            text = f"leaves at {when(agent.shift)}, too soon for channel {sig.channel}"
            found.append(Reason(kind=hold.value, text=text, until=agent.shift))
        keeping = self._keeping(agent, sig)
        if keeping is not None:
            name, keep = keeping
            text = f"is one of the last {keep.agents} free for queue {name}, kept for tier {keep.tier}"
            found.append(Reason(kind=Hold.KEPT_FREE.value, text=text))
        return found

    def _keeping(self, agent: AgentState, sig: Signature) -> tuple[str, KeepFree] | None:
        """Return the queue that keeps *agent* free for more urgent work than this, and how many it keeps."""
        for name, queue in self.state.plan.queues.items():
            keep = queue.keep_free
            if keep is None or sig.tier <= keep.tier or not self._is_free(agent, name):
                continue
            if agent.ramp is None or self.at >= agent.ramp:
                kinds = [self.state.kind(channel) for channel in self._channels_of(agent)]
                if stays_open(agent, sig.kind, kinds):
                    continue
            free = sum(1 for each in self.state.agents.values() if self._is_free(each, name))
            if free + self.extra <= keep.agents:
                return name, keep
        return None

    def _is_free(self, agent: AgentState, queue: str) -> bool:
        """Whether *agent* serves *queue* and could be given one more on each of her channels."""
        who, channels = agent.agent, self._channels_of(agent)
        serves = who.queues is None or queue in who.queues
        if not agent.is_ready(self.at) or not serves or not channels:
            return False
        return who.meets(self.state.plan.queues[queue].needs) and all(
            has_room(agent, kind)
            and held_by_time(agent, kind, self.at) is None
            and self._may_take(agent, kind.channel, kind.units)
            for kind in map(self.state.kind, channels)
        )

    def _channels_of(self, agent: AgentState) -> list[str]:
        return [name for name in self.state.plan.channels if agent.view.channel_limit(name) != 0]

    def _cannot(self, agent: AgentState, sig: Signature) -> Iterator[Reason]:
        """Yield what keeps *agent* from work like this wherever she is and whatever she holds."""
        who = agent.agent
        if not sig.served_by(who.queues):
            yield Reason(kind="queue", text=f"does not serve queue {' or '.join(sig.views)}")
        if agent.view.channel_limit(sig.channel) == 0:
            yield Reason(kind="channel", text=f"does not serve channel {sig.channel}")
        if who.labels is not None and who.labels.get(sig.kind.label or "") == 0:
            yield Reason(kind="label", text=f"takes no cases of {sig.kind.label}")
        for skill, least in sig.needs.skills:
            level = who.skills.get(skill)
            if level is None or level < least:
                has = "none" if level is None else figure(level)
                yield Reason(kind="skill", text=f"lacks skill {skill} at level {figure(least)} (has {has})")
        for rule in (part for part in sig.needs.parts if part.text) if sig.needs.text else ():
            if not who.meets(rule) and all(
                who.skills.get(skill, -1.0) >= least for skill, least in rule.skills
            ):
                yield Reason(kind="needs", text=f"does not meet: {rule.text}")

    def _may_take(self, agent: AgentState, channel: str, units: int) -> bool:
        capacity = self.state.plan.capacity
        return capacity is None or bool(
            self._ask("capacity", capacity, True, agent.view, channel, units / UNIT)
        )

    def _holds(self, agent: AgentState, work: Work) -> list[Reason]:
        """Return what keeps *agent* from this very interaction."""
        found, who = [], agent.agent.id
        retry, excluded = (work.refused or {}).get(who, (-inf, -inf))
        if self.state.wrote(work) == who:
            found.append(Reason(kind="own_reply", text="wrote the reply that is to be reviewed"))
        elif self.at < excluded:
            until = retry if self._asked_again(work) == who else excluded
            if self.at < until:
                text = f"refused it and is not asked again until {when(until)}"
                found.append(Reason(kind=Hold.COOL_DOWN.value, text=text, until=until))
        kept_until = self._kept_until(work)
        alone = kept_until is not None and work.preferred == who
        if not alone and is_early(agent.agent, work, self.at):
            seconds, queue = delay(agent.agent, work.sig)
            end = work.came + seconds
            text = f"is given what comes to queue {queue} after a delay, which ends at {when(end)}"
            found.append(Reason(kind=Hold.QUEUE_DELAY.value, text=text, until=end))
        if kept_until is not None and not alone:
            text = f"it is kept for {work.preferred}, whom it prefers, until {when(kept_until)}"
            found.append(Reason(kind=Hold.STICKY_WAIT.value, text=text, until=kept_until))
        if (window := self._window(agent, work)) is not None:
            found.append(window)
        return found

    def _window(self, agent: AgentState, work: Work) -> Reason | None:
        """Return that a window keeps *agent* from everything that waits where *work* does."""
        batch = work.sig.queue.plan.batch
        if batch is None or work.stage != "waiting" or agent.agent.pull or agent.agent.id == self._pulls:
            return None
        if self._closes is not None and self._closes.joins(batch):
            return None
        if self.at > self._since and batch.ends_at(self.at):
            return None
        until = batch.end(self.at)
        text = f"it is given out when the window of queue {work.sig.queue.name} ends at {when(until)}"
        return Reason(kind=Hold.BATCH_WINDOW.value, text=text, until=until)

    def _asked_again(self, work: Work) -> AgentId | None:
        """Return who is asked again before her exclusion ends; None while somebody else is left.

        She is the oldest refusal of those who are there, once all of them have refused.
        """
        key, refused = work.interaction.id, work.refused or {}
        if key not in self._again:
            there = [
                who
                for who, agent in self.state.agents.items()
                if agent.pool >= work.sig.units and self._is_candidate(agent, work.sig)
            ]
            left = any(who not in refused or self.at >= refused[who][1] for who in there)
            asked = (who for who in refused if who in there and who != self.state.wrote(work))
            self._again[key] = None if left else next(asked, None)
        return self._again[key]

    def _is_candidate(self, agent: AgentState, sig: Signature) -> bool:
        return agent.presence in PRESENT and agent.can_do(sig, sig.needs)

    def _kept_until(self, work: Work) -> Instant | None:
        """Return until when *work* is kept for the agent it prefers; None if it is not."""
        until, preferred = work.kept_until, self.state.agents.get(work.preferred or "")
        if until is None or preferred is None or preferred.agent.id in (work.refused or {}):
            return None
        return until if self.at < until and self._is_candidate(preferred, work.sig) else None

    # --- asking the plan ---------------------------------------------------------------------

    def _open_lines(self, agent: AgentState, *, every: bool = False) -> Iterator[list[Work]]:
        """Yield, of each kind of waiting work, the first that *agent* could take, or *every* one."""
        for sig, line in self._lines.items():
            if not self._barriers(agent, sig) and self._window(agent, line[0]) is None:
                free = (work for work in line if not self._holds(agent, work))
                yield list(free) if every else [work for work in (next(free, None),) if work is not None]

    def order(self, agent: AgentState, work: Work) -> Order:
        """Return what decides when *agent* takes *work*: the least first."""
        sig, who = work.sig, agent.agent
        rank = self._ranks.get((sig, agent.number))
        if rank is None and self.is_momentary(work):
            rank = self._momentary(agent, work)
        elif rank is None:
            slot, args = f"queues.{sig.queue.name}.work", (sig.needs, who.skills, priority(who.queues, sig))
            rank = self._ranks[sig, agent.number] = float(self._ask(slot, sig.queue.plan.work, 0.0, *args))
        return (sig.tier, rank, work.key, work.seq)

    @cached_property
    def _free_works(self) -> dict[str, str]:
        """Queue with a free work policy -> the first queue with the same one."""
        return free_works(self.state.plan.queues)

    def _momentary(self, agent: AgentState, work: Work) -> float:
        """Return what a free policy says of *work* for *agent*, beside all else that she could take.

        What does not wait, or is kept from her, is ranked as what is like it, or as if it waited.
        """
        works, name = self._free_works, class_of(work.sig)
        queue = works[name[0]]
        heads: dict[Class, Work] = {}
        for head in (first for line in self._open_lines(agent) for first in line):
            each = class_of(head.sig)
            if each[1] == name[1] and works.get(each[0]) == queue:
                known = heads.setdefault(each, head)
                heads[each] = min(known, head, key=place)
        waits = name in heads
        heads.setdefault(name, work)
        lengths: Counter[Class] = Counter()
        for sig, line in self._lines.items():
            if agent.can_do(sig, sig.needs):
                lengths[class_of(sig)] += len(line)
        shown = sorted(heads, key=lambda each: place(heads[each]))
        told = [head_of(heads[each], agent, max(1, lengths[each])) for each in shown]
        policy, slot = self.state.plan.queues[queue].work, f"queues.{queue}.work"
        answers = self._ranked(slot, policy, told, agent.agent.skills, self.at)
        ranks = dict(zip(shown, answers, strict=True))
        if waits:
            alike = (sig for sig in self._lines if class_of(sig) in ranks)
            self._ranks |= {(sig, agent.number): ranks[class_of(sig)] for sig in alike}
        return ranks[name]

    def _bench_ranks(self, work: Work) -> dict[int, float]:
        """Return, by roster number, what a free selection says of who could be given *work*.

        Cost: O(agents).
        """
        found = self._benches.get(work.interaction.id)
        if found is not None:
            return found
        found = self._benches[work.interaction.id] = {}
        sig = work.sig
        groups: dict[tuple[float, float], list[AgentState]] = {}
        for agent in self.state.agents.values():
            if not self._barriers(agent, sig) and not self._holds(agent, work):
                groups.setdefault(self._liking(agent, sig), []).append(agent)
        there = [each for each in self.state.agents.values() if self._is_candidate(each, sig)]
        slot, selection = f"queues.{sig.queue.name}.selection", sig.queue.plan.selection
        for group in groups.values():
            benches = benches_of(group, there, selection)
            told = [bench for bench, _ in benches]
            ranks = self._ranked(slot, selection, told, sig.needs, work.seq, self.at)
            for rank, (_, members) in zip(ranks, benches, strict=True):
                found |= dict.fromkeys((each.number for each in members), rank)
        return found

    def _liking(self, agent: AgentState, sig: Signature) -> tuple[float, float]:
        """Return what comes before the agent key: what is wanted, and the pair key."""
        who, pair = agent.agent, 0.0
        pair_key = getattr(sig.queue.plan.selection, "pair_key", None)
        if pair_key is not None:
            slot = f"queues.{sig.queue.name}.selection"
            pair = float(self._ask(slot, pair_key, 0.0, sig.needs, who.skills))
        return sig.needs.wanted(who.skills, who.attributes, who.id), pair

    def _slot_of(self, selection: Selection) -> str:
        """Return the slot under which the engine counts the failures of *selection*."""
        queues = self.state.plan.queues.items()
        return next((f"queues.{name}.selection" for name, each in queues if each.selection is selection), "")

    def _ask(self, slot: str, policy: Callable[..., object], default: float, *args: object) -> float:
        """Return what *policy* answers, or *default* if it fails or was switched off."""

        def is_answer(answer: object) -> bool:
            # A capacity policy answers with a bool, all others with a number.
            same = isinstance(answer, bool) == isinstance(default, bool)
            return same and isinstance(answer, int | float) and abs(answer) <= LARGEST

        return self._answer(slot, policy, default, is_answer, *args)

    def _ranked(
        self, slot: str, policy: Callable[..., object], shown: Sequence[object], *args: object
    ) -> Sequence[float]:
        """Return a free policy's ranks of what it is *shown*; all alike if it fails or was switched off."""
        default: Sequence[float] = [0.0] * len(shown)
        return self._answer(slot, policy, default, partial(are_ranks, len(shown)), shown, *args)

    def _answer(
        self,
        slot: str,
        policy: Callable[..., Any],
        default: T,
        is_answer: Callable[[object], bool],
        *args: object,
    ) -> T:
        if slot in self.state.off or policy is gone:
            return default
        try:
            answer: T = policy(*args)
            if is_answer(answer):
                return answer
        except Exception as error:  # noqa: BLE001 - it is somebody else's code: anything may come
            problem = f"{type(error).__name__}: {error}"
        else:
            problem = f"answered {answer!r}"
        note = f"{slot}: {short_name(policy)} failed ({problem}): the default answered"
        if note not in self.failed:
            self.failed.append(note)
        return default


_NEVER = {"channel_limit": "channel", "label_limit": "label"}
"""What is full -> what is said instead of who takes none of it at all."""


def _told_lack(agent: AgentState, sig: Signature, what: str) -> str:
    """Return in words why *agent* has no room for work like this now."""
    kind = sig.kind
    if what == "channel_limit":
        count, limit = agent.on_channel(kind.channel), agent.view.channel_limit(kind.channel)
        return f"is full on channel {kind.channel}: {count}/{limit}"
    if what == "label_limit":
        most = (agent.agent.labels or {})[kind.label or ""]
        return f"is full of cases of {kind.label}: {labelled(agent, kind.label)}/{most}"
    if what == "beside":
        return f"has work on channel {in_the_way(agent, kind)}, which {kind.channel} cannot run beside"
    load, needed = figure(counted(agent, kind) / UNIT), figure(kind.units / UNIT)
    text = f"has no room: load {load} of {figure(agent.pool / UNIT)}, it takes {needed}"
    kept = kept_back(agent)
    return f"{text}, and {figure(kept / UNIT)} are kept for what customers may wake" if kept else text


def as_if(agent: AgentState) -> AgentState:
    """Return a copy of an agent, to suppose something about; the engine's own index knows nothing of it."""
    other = copy(agent)
    other.view = AgentView(other)
    return other


def _rotated(state: State, agent: AgentState, at: Instant) -> AgentState:
    """Return *agent* with the channels that she serves at *at*, as far as that is a matter of time."""
    plan, told = state.plan, agent.told
    if not any(each.has(told) for each in plan.rotations.values() if each.queue is None):
        return agent
    numbers = {name: each.at(at)[0] for name, each in plan.rotations.items() if each.queue is None}
    then = turned(formed(told, plan.groups), told, plan.rotations, {**state.periods, **numbers})
    other = as_if(agent)
    other.agent = attrs.evolve(agent.agent, channels=then.channels)
    return other


def ranked(scene: Scene, work: Work, winner: AgentState | None) -> tuple[Candidate, ...]:
    """Return everybody on the roster: the ranked in order, then the excluded in roster order."""
    able: list[tuple[Keys, AgentState]] = []
    excluded = []
    for agent in scene.state.agents.values():
        if reasons := scene.reasons(agent, work):
            excluded.append((agent.number, _excluded(agent, None, *reasons)))
        else:
            able.append((scene.keys(agent, work), agent))
    able.sort(key=lambda pair: pair[0].order)
    ranked: list[Candidate] = []
    for keys, agent in able:
        named = work if agent is winner else scene.named(agent)
        own = scene.order(agent, work)
        # What somebody has already stands in no line: then nothing that she names may be less urgent.
        if named is None or (first := scene.order(agent, named)) >= own:
            ranked.append(Candidate(agent=agent.agent.id, rank=len(ranked) + 1, keys=keys, reasons=()))
        else:
            why = before(first, own)
            text = f"is free, but {named.interaction.id} came first for her: {why}"
            excluded.append((agent.number, _excluded(agent, keys, Reason(kind="other_first", text=text))))
    excluded.sort(key=lambda pair: pair[0])
    return (*ranked, *(candidate for _, candidate in excluded))


def _excluded(agent: AgentState, keys: Keys | None, *reasons: Reason) -> Candidate:
    return Candidate(agent=agent.agent.id, rank=None, keys=keys, reasons=reasons)


def funnel(candidates: Iterable[Candidate]) -> dict[str, int]:
    """Count the excluded by the first kind of reason that each of them has."""
    firsts = Counter(failed_at(candidate) for candidate in candidates if candidate.reasons)
    return {kind: firsts[place] for place, kind in enumerate(KINDS) if firsts[place]}


def failed_at(candidate: Candidate) -> int:
    """Return how far through a funnel an excluded agent came."""
    order = list(KINDS)
    return min(order.index(reason.kind) for reason in candidate.reasons)


def closest(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return the excluded, who came furthest through the funnel first."""
    return sorted((each for each in candidates if each.rank is None), key=failed_at, reverse=True)


def tie_break(first: Keys, then: Keys) -> str:
    """Return what puts *first* before *then*."""
    names = (
        "it prefers her",
        "what is preferred",
        "pair key",
        "key",
        "idle for longer",
        "lower roster number",
    )
    return next(name for name, a, b in zip(names, first.order, then.order, strict=True) if a != b)


def figure(value: float) -> str:
    """Return a number as short as it is exact to the microsecond."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def when(at: Instant) -> str:
    """Return an instant: in UTC if it looks like POSIX seconds, else as seconds."""
    if not 1e8 < at < 2.5e11:
        return f"{figure(at)} s"
    precision = "milliseconds" if at % 1 else "seconds"
    return datetime.fromtimestamp(at, UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def before(first: Order, then: Order) -> str:
    """Return what puts *first* before *then*."""
    (tier, rank, key, _), (other_tier, other_rank, other_key, _) = first, then
    if tier != other_tier:
        return f"tier {tier} before tier {other_tier}"
    if rank != other_rank:
        return f"rank {figure(rank)} before {figure(other_rank)}"
    if key != other_key:
        return f"{figure(other_key - key)} s ahead, head starts included"
    return "same key, but it came in earlier"


def gone(*args: object) -> float:
    """Stand in for a policy of an old plan that cannot be found any more.

    Raises:
        LookupError: Always.
    """
    raise LookupError("this policy cannot be found any more")
