"""Why this agent, why this interaction, why does it still wait? Answered from the journal alone.

The turns are replayed up to just before each decision, without asking any policy; then the plan
of that instant is asked once more who could have had it, and in which order.

The laws that are retold here are the engine's: a free agent names the interaction that she would
take, the most urgent of those named goes first, and among those who named it selection decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from math import inf
from typing import Any, Protocol, TypeAlias

import attrs

from workassign import commands as cmd
from workassign import events as ev
from workassign._asking import LARGEST, short_name
from workassign._records import UNIT, AgentState, Signature, Work
from workassign._state import State
from workassign.errors import PlanError, UsageError
from workassign.model import AgentId, Instant, InteractionId, OfferId, Presence
from workassign.plan import Plan
from workassign.policies import naming
from workassign.policies.holds import Hold
from workassign.policies.selection import Selection

__all__ = [
    "Candidate",
    "Decision",
    "Explanation",
    "Keys",
    "Reason",
    "Step",
    "Turn",
    "Waiting",
    "explain",
    "gone",
]

SHOWN = 8
"""So many agents, or decisions, are shown in a text; `as_dict` has all of them."""

KINDS: Mapping[str, str] = {
    "presence": "not available",
    "queue": "not on the queue",
    "channel": "not on the channel",
    "skill": "without a needed skill",
    "room": "without room",
    "channel_limit": "full on the channel",
    "capacity": "held back by the capacity policy",
    Hold.REST.value: "resting",
    Hold.COOL_DOWN.value: "refused it",
    Hold.STICKY_WAIT.value: "kept from it by its wait for another",
    "other_first": "free, but something else came first",
}
"""Every kind of reason, in the order in which a funnel counts: an agent counts where she fails first."""


class Turn(Protocol):
    """One turn of the journal: a command, and what it and the time before it brought about."""

    @property
    def at(self) -> Instant:
        """The instant of the turn."""

    @property
    def command(self) -> cmd.Command:
        """What was wished."""

    @property
    def facts(self) -> Sequence[ev.Event]:
        """What happened."""

    @property
    def timed(self) -> int:
        """How many of the facts time brought, before the command was heard."""


# --- what is answered ------------------------------------------------------------------------


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
    pair_key: float
    agent_key: float
    idle_since: Instant
    number: int
    """Her place on the roster: no two are equal, so there is always an order."""

    @property
    def order(self) -> tuple[bool, float, float, Instant, int]:
        """What is compared; the least comes first."""
        return (not self.preferred, self.pair_key, self.agent_key, self.idle_since, self.number)


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


@attrs.frozen(kw_only=True)
class Decision:
    """Why *agent* was given it."""

    at: Instant
    agent: AgentId
    how: str
    """offered, auto (without an offer), manual or override (both by hand)."""
    offer: OfferId | None
    queue: str
    selection: str
    """The policy that ranked the agents."""
    work: str
    """The policy that ranked the interactions."""
    candidates: tuple[Candidate, ...]
    """Everybody on the roster: the ranked first, in order, then the excluded in roster order."""
    funnel: Mapping[str, int]
    """Kind of reason -> how many failed there first."""
    could_take: int
    """How many waiting interactions she could have taken, this one included."""
    first: tuple[Waiting, ...]
    """The first few of them, in her order."""
    notes: tuple[str, ...]
    """What else must be known to believe this."""


@attrs.frozen(kw_only=True)
class Step:
    """Something that happened to the interaction."""

    at: Instant
    event: str
    text: str
    data: Mapping[str, Any]
    """The fields of the event, as plain data."""


@attrs.frozen(kw_only=True)
class Explanation:
    """The story of one interaction, the reasons for every decision, and why it waits if it does."""

    interaction: InteractionId
    stage: str
    """Where it stands at the end: waiting, offered, assigned, wrapping or closed."""
    at: Instant
    """The instant of the last turn."""
    story: tuple[Step, ...]
    decisions: tuple[Decision, ...]
    candidates: tuple[Candidate, ...]
    """If it waits at the end: everybody on the roster, with what excludes her."""
    funnel: Mapping[str, int]
    """If it waits at the end: kind of reason -> how many fail there first."""
    notes: tuple[str, ...]
    """Policies that cannot be asked any more, with what that means."""

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain data that JSON can hold."""
        return attrs.asdict(self)

    def text(self) -> str:
        """Return it for a terminal: instants in UTC if they are POSIX seconds, else as seconds."""
        lines = [f"Interaction {self.interaction}: {self.stage}"]
        lines += [f"  {_when(step.at)}  {step.text}" for step in self.story]
        if len(self.decisions) > SHOWN:
            lines += ["", f"{len(self.decisions) - SHOWN} earlier decisions are not explained here"]
        for decision in self.decisions[-SHOWN:]:
            lines += ["", *_told_decision(decision)]
        if self.stage == "waiting":
            lines += ["", f"Why it still waits at {_when(self.at)}"]
            lines += [f"  {line}" for line in _told_candidates(self.candidates, self.funnel)]
        lines += [f"Note: {note}" for note in self.notes]
        return "\n".join(lines)


def explain(plan: Plan | Mapping[str, Any], turns: Iterable[Turn], interaction: InteractionId) -> Explanation:
    """Return why *interaction* went where it went, and where it stands after the last turn.

    *plan* is the one that the journal opens with, or its data: then a policy that cannot be
    found any more is named in the notes, and its default answers.

    Cost: O(events), and for every decision about it O(agents x kinds of waiting work + waiting).

    Raises:
        UsageError: If *interaction* was never taken in; if its submission was refused, it says why.
        PlanError: If the plan's data is wrong in anything but the policies that it names.

    >>> from workassign.engine import Engine
    >>> from workassign.model import Agent, Interaction
    >>> @attrs.frozen
    ... class Kept:
    ...     at: float
    ...     command: cmd.Command
    ...     facts: list[ev.Event]
    ...     timed: int
    >>> engine, turns = Engine(), []
    >>> for command in (cmd.AddAgent(Agent(id="ann")), cmd.SignOn("ann"), cmd.Submit(Interaction(id="t1"))):
    ...     _ = engine.handle(command, 0)
    ...     turns.append(Kept(0, command, engine.facts, engine.timed))
    >>> decision, = explain(Plan(), turns, "t1").decisions
    >>> decision.agent, decision.candidates[0].rank
    ('ann', 1)
    """
    telling = _Telling(plan, interaction)
    for turn in turns:
        telling.hear(turn)
    return telling.end()


# --- replay ----------------------------------------------------------------------------------

_Placed: TypeAlias = ev.Submitted | ev.Transferred | ev.Rekeyed


class _Telling:
    """Replays, and stops to look around wherever something is decided about one interaction."""

    def __init__(self, plan: Plan | Mapping[str, Any], interaction: InteractionId) -> None:
        self._about = interaction
        self._notes: list[str] = []
        self._state = State(plan if isinstance(plan, Plan) else self._read(plan))
        self._places: dict[InteractionId, _Placed] = {}
        """Of open interactions: the event that gave them their place, for the terms."""
        self._offers: set[str] = set()
        self._story: list[Step] = []
        self._decisions: list[Decision] = []
        self._refused: str | None = None
        self._stage = ""
        self._last = -inf
        """The instant of the last turn."""

    def hear(self, turn: Turn) -> None:
        """Take in one turn."""
        for number, event in enumerate(turn.facts):
            if self._is_about(event):
                if isinstance(event, ev.Offered) or (isinstance(event, ev.Assigned) and event.offer is None):
                    self._decided(event)
                self._tell(event, turn.command if number >= turn.timed else None)
            self._evolve(event)
        self._last = turn.at

    def end(self) -> Explanation:
        """Return the explanation."""
        if not self._stage:
            raise UsageError(f"interaction {self._about!r} was never taken in" + (self._refused or ""))
        candidates: tuple[Candidate, ...] = ()
        if self._stage == "waiting":
            scene = _Scene(self._state, self._last, self._places)
            candidates = _ranked(scene, self._state.works[self._about], None)
        return Explanation(
            interaction=self._about,
            stage=self._stage,
            at=self._last,
            story=tuple(self._story),
            decisions=tuple(self._decisions),
            candidates=candidates,
            funnel=_funnel(candidates),
            notes=tuple(self._notes),
        )

    def _is_about(self, event: ev.Event) -> bool:
        if isinstance(event, ev.Submitted):
            return event.interaction.id == self._about
        if isinstance(event, ev.Refused):
            if event.command in _OF_OFFERS:
                return event.subject in self._offers
            return event.command in _OF_INTERACTIONS and event.subject == self._about
        if isinstance(event, ev.PolicyFailed):
            return event.subject == self._about and _asked_of_interactions(event.slot)
        return getattr(event, "interaction", None) == self._about

    def _evolve(self, event: ev.Event) -> None:
        """Take in one event; a plan whose policies are gone must not stop the replay."""
        if isinstance(event, ev.PlanChanged):
            self._state.plan_changed(event, self._read(event.plan))
        else:
            self._state.evolve(event)
        if isinstance(event, ev.Submitted):
            self._places[event.interaction.id] = event
        elif isinstance(event, ev.Transferred | ev.Rekeyed):
            self._places[event.interaction] = event
        elif isinstance(event, ev.Completed | ev.Cancelled | ev.Abandoned):
            self._places.pop(event.interaction, None)
        known = self._state.works.get(self._about)
        if known is not None:
            self._stage = known.stage

    def _read(self, data: Mapping[str, Any]) -> Plan:
        plan, missing = _readable(data)
        for each in missing:
            note = f"{each}; it cannot be asked any more: ranks are by its default"
            if note not in self._notes:
                self._notes.append(note)
        return plan

    def _tell(self, event: ev.Event, command: cmd.Command | None) -> None:
        if isinstance(event, ev.Offered):
            self._offers.add(str(event.offer))
        if isinstance(event, ev.Refused) and event.command == "Submit":
            self._refused = f": its submission at {_when(event.at)} was refused, {event.reason}"
        text = _TOLD[type(event)](event)
        if command is not None and command.actor is not None:
            text += f" (said by {command.actor})"
        self._story.append(Step(at=event.at, event=type(event).__name__, text=text, data=_plain(event)))

    def _decided(self, event: ev.Offered | ev.Assigned) -> None:
        """Look around just before *event*."""
        work = self._state.works[event.interaction]
        winner = self._state.agents[event.agent]
        scene = _Scene(self._state, event.at, self._places)
        candidates = _ranked(scene, work, winner)
        could_take = scene.takes(winner)
        rules = work.sig.queue.plan
        decision = Decision(
            at=event.at,
            agent=event.agent,
            how=event.how if isinstance(event, ev.Assigned) else "offered",
            offer=event.offer,
            queue=work.sig.queue.name,
            selection=short_name(rules.selection),
            work=short_name(rules.work),
            candidates=candidates,
            funnel=_funnel(candidates),
            could_take=len(could_take),
            first=tuple(scene.waiting(winner, each) for each in could_take[:SHOWN]),
            notes=tuple(scene.failed),
        )
        if doubt := _doubt(decision, work.interaction.id):
            decision = attrs.evolve(decision, notes=(doubt, *decision.notes))
        self._decisions.append(decision)


def _doubt(decision: Decision, interaction: InteractionId) -> str:
    """Return why a decision does not follow from the ranks; empty if it does."""
    if decision.how in ("manual", "override"):
        over = ", over her capacity" if decision.how == "override" else ""
        return f"it was given by hand{over}: neither ranks nor skills were asked"
    first = decision.candidates[0]
    wins = first.rank is not None and first.agent == decision.agent
    if wins and decision.first[0].interaction == interaction:
        return ""
    return f"the policies answer otherwise today: {decision.agent} would not be given it, yet she was"


# --- one instant -----------------------------------------------------------------------------


class _Scene:
    """Who was where at one instant, and what the plan of that instant says of it."""

    def __init__(self, state: State, at: Instant, places: Mapping[InteractionId, _Placed]) -> None:
        self.state = state
        self.at = at
        self.failed: list[str] = []
        """What policies failed to answer just now."""
        self._places = places
        self._lines: dict[Signature, list[Work]] = {}
        for work in state.waiting():
            self._lines.setdefault(work.sig, []).append(work)
        for line in self._lines.values():
            line.sort(key=lambda work: (work.key, work.seq))
        self._again: dict[InteractionId, AgentId | None] = {}
        self._ranks: dict[tuple[Signature, int], float] = {}

    def reasons(self, agent: AgentState, work: Work) -> list[Reason]:
        """Return all that keeps *agent* from *work*."""
        return [*self._barriers(agent, work.sig), *self._holds(agent, work)]

    def keys(self, agent: AgentState, work: Work) -> Keys:
        """Return the place of *agent* in selection for *work*."""
        who, sig = agent.agent, work.sig
        selection = sig.queue.plan.selection
        pair_key = getattr(selection, "pair_key", None)
        pair = 0.0
        if pair_key is not None:
            slot = f"queues.{sig.queue.name}.selection"
            pair = float(self._ask(slot, pair_key, 0.0, sig.needs, who.skills))
        return Keys(
            preferred=work.interaction.prefers == who.id and who.id not in (work.refused or {}),
            pair_key=pair,
            agent_key=float(self._ask(self._slot_of(selection), selection, agent.idle_since, agent.view)),
            idle_since=agent.idle_since,
            number=agent.number,
        )

    def named(self, agent: AgentState) -> Work | None:
        """Return what *agent* would take. Cost: O(kinds of waiting work)."""
        heads = ((self._order(agent, head), head) for works in self._open_lines(agent) for head in works[:1])
        return min(heads, default=((), None))[1]

    def takes(self, agent: AgentState) -> list[Work]:
        """Return everything that *agent* could take, in her order. Cost: O(waiting)."""
        works = [work for works in self._open_lines(agent, every=True) for work in works]
        return sorted(works, key=lambda work: self._order(agent, work))

    def waiting(self, agent: AgentState, work: Work) -> Waiting:
        """Return *work* as *agent* sees it."""
        place = self._places[work.interaction.id]
        tier, rank, key, sequence = self._order(agent, work)
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

    # --- what keeps them apart ---------------------------------------------------------------

    def _barriers(self, agent: AgentState, sig: Signature) -> list[Reason]:
        """Return what keeps *agent* from all work like this."""
        found = []
        if agent.presence is not Presence.AVAILABLE:
            found.append(Reason(kind="presence", text=f"is {agent.presence.value}"))
        found += self._cannot(agent, sig)
        limit, count = agent.view.channel_limit(sig.channel), agent.on_channel(sig.channel)
        if agent.load + sig.units > agent.pool:
            load, needed = _number(agent.load / UNIT), _number(sig.units / UNIT)
            text = f"has no room: load {load} of {_number(agent.pool / UNIT)}, it takes {needed}"
            found.append(Reason(kind="room", text=text))
        if limit and count >= limit:
            text = f"is full on channel {sig.channel}: {count}/{limit}"
            found.append(Reason(kind="channel_limit", text=text))
        if not found and not self._may_take(agent, sig):
            # The policy is asked only of those who have room, here as in the engine.
            found.append(Reason(kind="capacity", text="is held back by the capacity policy"))
        if agent.presence is Presence.AVAILABLE and agent.rest is not None and self.at < agent.rest:
            text = f"rests until {_when(agent.rest)} after a refusal"
            found.append(Reason(kind=Hold.REST.value, text=text, until=agent.rest))
        return found

    def _cannot(self, agent: AgentState, sig: Signature) -> Iterator[Reason]:
        """Yield what keeps *agent* from work like this wherever she is and whatever she holds."""
        who = agent.agent
        if who.queues is not None and sig.queue.name not in who.queues:
            yield Reason(kind="queue", text=f"does not serve queue {sig.queue.name}")
        if agent.view.channel_limit(sig.channel) == 0:
            yield Reason(kind="channel", text=f"does not serve channel {sig.channel}")
        for skill, least in sig.needs.skills:
            level = who.skills.get(skill)
            if level is None or level < least:
                has = "none" if level is None else _number(level)
                yield Reason(kind="skill", text=f"lacks skill {skill} at level {_number(least)} (has {has})")

    def _may_take(self, agent: AgentState, sig: Signature) -> bool:
        capacity = self.state.plan.capacity
        return capacity is None or bool(
            self._ask("capacity", capacity, True, agent.view, sig.channel, sig.units / UNIT)
        )

    def _holds(self, agent: AgentState, work: Work) -> list[Reason]:
        """Return what keeps *agent* from this very interaction."""
        found, who = [], agent.agent.id
        retry, excluded = (work.refused or {}).get(who, (-inf, -inf))
        if self.at < excluded:
            until = retry if self._asked_again(work) == who else excluded
            if self.at < until:
                text = f"refused it and is not asked again until {_when(until)}"
                found.append(Reason(kind=Hold.COOL_DOWN.value, text=text, until=until))
        kept_until = self._kept_until(work)
        if kept_until is not None and work.interaction.prefers != who:
            text = f"it is kept for {work.interaction.prefers}, whom it prefers, until {_when(kept_until)}"
            found.append(Reason(kind=Hold.STICKY_WAIT.value, text=text, until=kept_until))
        return found

    def _asked_again(self, work: Work) -> AgentId | None:
        """Return who is asked again before her exclusion ends; None while somebody else is left.

        She is the oldest refusal of those who are there, once all of them have refused.
        """
        key, refused = work.interaction.id, work.refused or {}
        if key not in self._again:
            there = [who for who, agent in self.state.agents.items() if self._is_candidate(agent, work.sig)]
            left = any(who not in refused or self.at >= refused[who][1] for who in there)
            self._again[key] = None if left else next((who for who in refused if who in there), None)
        return self._again[key]

    def _is_candidate(self, agent: AgentState, sig: Signature) -> bool:
        there = agent.presence in (Presence.AVAILABLE, Presence.BUSY)
        return there and next(self._cannot(agent, sig), None) is None

    def _kept_until(self, work: Work) -> Instant | None:
        """Return until when *work* is kept for the agent it prefers; None if it is not."""
        wait = work.sig.queue.plan.sticky_wait
        if wait is None or work.interaction.prefers is None:
            return None
        preferred = self.state.agents.get(work.interaction.prefers)
        if preferred is None or preferred.agent.id in (work.refused or {}) or self.at >= work.since + wait:
            return None
        return work.since + wait if self._is_candidate(preferred, work.sig) else None

    # --- asking the plan ---------------------------------------------------------------------

    def _open_lines(self, agent: AgentState, *, every: bool = False) -> Iterator[list[Work]]:
        """Yield, of each kind of waiting work, the first that *agent* could take, or *every* one."""
        for sig, line in self._lines.items():
            if not self._barriers(agent, sig):
                free = (work for work in line if not self._holds(agent, work))
                yield list(free) if every else [work for work in (next(free, None),) if work is not None]

    def _order(self, agent: AgentState, work: Work) -> tuple[int, float, Instant, int]:
        """Return what decides when *agent* takes *work*: the least first."""
        sig, queues = work.sig, agent.agent.queues
        priority = 1 if queues is None else queues.get(sig.queue.name, 1)
        rank = self._ranks.get((sig, agent.number))
        if rank is None:
            slot, args = f"queues.{sig.queue.name}.work", (sig.needs, agent.agent.skills, priority)
            rank = self._ranks[sig, agent.number] = float(self._ask(slot, sig.queue.plan.work, 0.0, *args))
        return (sig.tier, rank, work.key, work.seq)

    def _slot_of(self, selection: Selection) -> str:
        """Return the slot under which the engine counts the failures of *selection*."""
        queues = self.state.plan.queues.items()
        return next((f"queues.{name}.selection" for name, each in queues if each.selection is selection), "")

    def _ask(self, slot: str, policy: Callable[..., object], default: float, *args: object) -> float:
        """Return what *policy* answers, or *default* if it fails or was switched off."""
        if slot in self.state.off or policy is gone:
            return default
        try:
            answer = policy(*args)
        except Exception as error:  # noqa: BLE001 - it is somebody else's code: anything may come
            problem = f"{type(error).__name__}: {error}"
        else:
            # A capacity policy answers with a bool, all others with a number.
            same = isinstance(answer, bool) == isinstance(default, bool)
            if same and isinstance(answer, int | float) and abs(answer) <= LARGEST:
                return answer
            problem = f"answered {answer!r}"
        note = f"{slot}: {short_name(policy)} failed ({problem}): the default answered"
        if note not in self.failed:
            self.failed.append(note)
        return default


def _ranked(scene: _Scene, work: Work, winner: AgentState | None) -> tuple[Candidate, ...]:
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
        if named is None or named is work:
            ranked.append(Candidate(agent=agent.agent.id, rank=len(ranked) + 1, keys=keys, reasons=()))
        else:
            why = _before(scene.waiting(agent, named), scene.waiting(agent, work))
            text = f"is free, but {named.interaction.id} came first for her: {why}"
            excluded.append((agent.number, _excluded(agent, keys, Reason(kind="other_first", text=text))))
    excluded.sort(key=lambda pair: pair[0])
    return (*ranked, *(candidate for _, candidate in excluded))


def _excluded(agent: AgentState, keys: Keys | None, *reasons: Reason) -> Candidate:
    return Candidate(agent=agent.agent.id, rank=None, keys=keys, reasons=reasons)


def _funnel(candidates: Iterable[Candidate]) -> dict[str, int]:
    """Count the excluded by the first kind of reason that each of them has."""
    firsts = Counter(_failed_at(candidate) for candidate in candidates if candidate.reasons)
    return {kind: firsts[place] for place, kind in enumerate(KINDS) if firsts[place]}


def _failed_at(candidate: Candidate) -> int:
    """Return how far through a funnel an excluded agent came."""
    order = list(KINDS)
    return min(order.index(reason.kind) for reason in candidate.reasons)


# --- plans of the past -----------------------------------------------------------------------


def gone(*args: object) -> float:
    """Stand in for a policy of an old plan that cannot be found any more.

    Raises:
        LookupError: Always.
    """
    raise LookupError("this policy cannot be found any more")


_GONE = f"{gone.__module__}:{gone.__name__}"


def _readable(data: Mapping[str, Any]) -> tuple[Plan, list[str]]:
    """Return the plan, and one line for each policy in it that cannot be found any more."""
    try:
        return Plan.from_data(data), []
    except PlanError:
        missing: list[str] = []
    queues = {}
    for name, queue in data.get("queues", {}).items():
        path, table = f"queues.{name}", dict(queue)
        for slot in ("ordering", "selection", "work", "sla", "refusals"):
            if slot in table:
                room = "offers" if slot == "refusals" else slot
                table[slot] = _found(f"{path}.{slot}", table[slot], room, missing)
        scorers = enumerate(table.get("scoring", ()))
        table["scoring"] = [_found(f"{path}.scoring[{i}]", each, "scoring", missing) for i, each in scorers]
        queues[name] = table
    known = {**data, "queues": queues} if queues else dict(data)
    if "capacity" in known:
        known["capacity"] = _found("capacity", known["capacity"], "capacity", missing)
    return Plan.from_data(known), missing


def _found(path: str, spec: naming.Spec, room: str, missing: list[str]) -> naming.Spec:
    """Return *spec* if it still names a policy; else note it and return the stand-in."""
    try:
        naming.resolve(spec, room)
    except Exception as error:  # noqa: BLE001 - importing somebody's module may raise anything
        missing.append(f"{path}: {error}")
        return _GONE
    return spec


# --- in words --------------------------------------------------------------------------------


def _told_decision(decision: Decision) -> list[str]:
    """Return the lines about one decision."""
    offer = f" (offer {decision.offer})" if decision.offer is not None else ""
    lines = [f"Why {decision.agent} at {_when(decision.at)}{offer}, by {decision.selection}"]
    lines += [f"  {line}" for line in _told_candidates(decision.candidates, decision.funnel)]
    lines += [f"  {line}" for line in _told_work(decision)]
    return [*lines, *(f"  Note: {note}" for note in decision.notes)]


def _told_candidates(candidates: Sequence[Candidate], funnel: Mapping[str, int]) -> list[str]:
    """Return the funnel in one line, then at most `SHOWN` agents."""
    ranked = [each for each in candidates if each.rank is not None]
    parts = [f"{count} {KINDS[kind]}" for kind, count in funnel.items()]
    lines = [", ".join([f"{len(candidates)} on the roster", *parts]) + f": {len(ranked) or 'nobody'} left"]
    for each, after in zip(ranked[:SHOWN], [*ranked[1:], None], strict=False):
        lines.append(f"{each.rank}. {each.agent}{_told_keys(each, after)}")
    excluded = sorted((each for each in candidates if each.rank is None), key=_failed_at, reverse=True)
    closest = excluded[: SHOWN - len(lines) + 1]
    lines += [f"-  {each.agent} {'; '.join(reason.text for reason in each.reasons)}" for each in closest]
    if len(candidates) > len(lines) - 1:
        lines.append(f"   … and {len(candidates) - len(lines) + 1} more")
    return lines


def _told_keys(candidate: Candidate, after: Candidate | None) -> str:
    """Return an agent's keys, and which of them put her before the next."""
    keys = candidate.keys
    assert keys is not None
    pair = f"pair key {_number(keys.pair_key)}, " if keys.pair_key else ""
    idle = f"idle since {_when(keys.idle_since)}, roster number {keys.number}"
    text = f"  {pair}key {_number(keys.agent_key)}, {idle}"
    if after is None or after.keys is None:
        return text
    names = ("it prefers her", "pair key", "key", "idle for longer", "lower roster number")
    first = next(name for name, a, b in zip(names, keys.order, after.keys.order, strict=True) if a != b)
    return f"{text}; before {after.agent}: {first}"


def _told_work(decision: Decision) -> list[str]:
    """Return which waiting interactions she could have taken, and why this one was first."""
    if decision.could_take <= 1:
        return [f"Nothing else waited that {decision.agent} could have taken"]
    lines = [f"{decision.could_take} waited that {decision.agent} could have taken, by {decision.work}:"]
    shown = decision.first[: SHOWN // 2]
    for number, each in enumerate(shown, 1):
        after = decision.first[number] if number < len(decision.first) else None
        rank = f", rank {_number(each.rank)}" if each.rank else ""
        place = f"tier {each.tier}{rank}, key {_when(each.key)}{_told_terms(each.head_start, each.terms)}"
        why = "" if after is None or number > 1 else f"; before {after.interaction}: {_before(each, after)}"
        lines.append(f"  {number}. {each.interaction}  {place}, sequence {each.sequence}{why}")
    if decision.could_take > len(shown):
        lines.append(f"     … and {decision.could_take - len(shown)} more")
    return lines


def _before(first: Waiting, then: Waiting) -> str:
    """Return what puts *first* before *then*."""
    if first.tier != then.tier:
        return f"tier {first.tier} before tier {then.tier}"
    if first.rank != then.rank:
        return f"rank {_number(first.rank)} before {_number(then.rank)}"
    if first.key != then.key:
        return f"{_number(then.key - first.key)} s ahead, head starts included"
    return "same key, but it came in earlier"


def _told_terms(head_start: float, terms: ev.Terms) -> str:
    """Return a head start with its terms."""
    if not head_start and not any(seconds for _, seconds in terms):
        return ""
    parts = ", ".join(f"{name} {_number(seconds)} s" for name, seconds in terms)
    capped = ", capped" if head_start < sum(seconds for _, seconds in terms) else ""
    return f" (head start {_number(head_start)} s: {parts}{capped})"


def _told_place(event: _Placed) -> str:
    """Return where an event puts the interaction."""
    key = event.reference - event.head_start
    return f"tier {event.tier}, key {_when(key)}{_told_terms(event.head_start, event.terms)}"


def _told_submitted(event: ev.Submitted) -> str:
    what = event.interaction
    needs = ", ".join(f"{skill} {_number(least)}" for skill, least in what.needs.skills)
    wants = (f", needs {needs}" if needs else "") + (f", prefers {what.prefers}" if what.prefers else "")
    due = "" if event.target is None else f", first response due {_when(event.at + event.target)}"
    where = f"queue {what.queue}, channel {what.channel}{wants}"
    return f"submitted to {where}: {_told_place(event)}, sequence {event.sequence}{due}"


def _told_assigned(event: ev.Assigned) -> str:
    if event.how == "accepted":
        return f"accepted by {event.agent} (fence {event.fence})"
    how = {"auto": "at once", "manual": "by hand", "override": "by hand, over her capacity"}[event.how]
    return f"assigned to {event.agent} {how} (fence {event.fence})"


def _told_rescinded(event: ev.OfferRescinded) -> str:
    text = f"offer {event.offer} to {event.agent} taken back: {event.cause}"
    return text if event.excluded is None else f"{text}; {_told_apart(event.retry, event.excluded)}"


def _told_apart(retry: Instant | None, excluded: Instant | None) -> str:
    assert retry is not None
    assert excluded is not None
    return f"she is not asked again until {_when(excluded)} ({_when(retry)} if nobody else is left)"


_TOLD: Mapping[type, Callable[[Any], str]] = {
    ev.Submitted: _told_submitted,
    ev.Offered: lambda e: f"offered to {e.agent} (offer {e.offer}) until {_when(e.expires)}",
    ev.Assigned: _told_assigned,
    ev.Declined: lambda e: (
        f"declined by {e.agent}{f' ({e.reason})' if e.reason else ''}; {_told_apart(e.retry, e.excluded)}"
    ),
    ev.OfferExpired: lambda e: (
        f"offer {e.offer} to {e.agent} ran out at {_when(e.due)}; {_told_apart(e.retry, e.excluded)}"
    ),
    ev.OfferRescinded: _told_rescinded,
    ev.WrapUpStarted: lambda e: f"served by {e.agent}, who wraps up until {_when(e.until)} at most",
    ev.Completed: lambda e: f"completed by {e.agent}",
    ev.Cancelled: lambda e: f"cancelled{f': {e.reason}' if e.reason else ''}",
    ev.Abandoned: lambda e: "abandoned by the customer",
    ev.Transferred: lambda e: (
        f"transferred to queue {e.queue}{f' by {e.agent}' if e.agent is not None else ''}: {_told_place(e)}"
    ),
    ev.Requeued: lambda e: f"back from {e.agent} ({e.cause}); {_told_apart(e.retry, e.excluded)}",
    ev.Rekeyed: lambda e: f"placed anew in queue {e.queue} by another plan: {_told_place(e)}",
    ev.SlaMissed: lambda e: f"missed its SLA target ({e.target.replace('_', ' ')}) at {_when(e.due)}",
    ev.PolicyFailed: lambda e: f"policy {e.policy} failed ({e.error}): the default answered",
    ev.Refused: lambda e: f"{e.command} refused: {e.reason}",
}
"""Every event that can be about an interaction, in words."""

_OF_OFFERS = frozenset({"Accept", "Decline"})
_OF_INTERACTIONS = frozenset(
    {"Submit", "Cancel", "Abandon", "Transfer", "Assign", "Complete", "FinishWrapUp", "Release"}
)


def _asked_of_interactions(slot: str) -> bool:
    """Whether what fails in *slot* is about an interaction, not about an agent or a queue."""
    return ".scoring." in slot or slot.endswith((".sla", ".ordering", ".refusals"))


def _plain(event: ev.Event) -> dict[str, Any]:
    """Return the fields of *event* as plain data; of an interaction, only what routing asked."""
    data = {field.name: getattr(event, field.name) for field in attrs.fields(type(event))}
    if isinstance(event, ev.Submitted):
        what = event.interaction
        data["interaction"] = what.id
        data |= {"queue": what.queue, "channel": what.channel, "needs": dict(what.needs.skills)}
        data["prefers"] = what.prefers
    return data


def _number(value: float) -> str:
    """Return a number as short as it is exact to the microsecond."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _when(at: Instant) -> str:
    """Return an instant: in UTC if it looks like POSIX seconds, else as seconds."""
    if not 1e8 < at < 2.5e11:
        return f"{_number(at)} s"
    precision = "milliseconds" if at % 1 else "seconds"
    return datetime.fromtimestamp(at, UTC).isoformat(timespec=precision).replace("+00:00", "Z")
