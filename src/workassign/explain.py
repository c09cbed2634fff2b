"""Why this agent, why this interaction, why does it still wait?

`explain` answers from the journal alone, with the whole story; `why_not` and `why_waiting` answer from
a live engine, as things stand.

The turns are replayed up to just before each decision, without asking any policy; then the plan
of that instant is asked once more who could have had it, and in which order.

The laws that are retold here are the engine's: a free agent names the interaction that she would
take, the most urgent of those named goes first, and among those who named it selection decides.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import Any, Protocol

import attrs

from workassign import commands as cmd
from workassign import events as ev
from workassign._asking import short_name
from workassign._evolve import evolve
from workassign._markup import listed, passage, table
from workassign._records import Work
from workassign._scene import (
    SHOWN,
    Candidate,
    Decision,
    Keys,
    Placed,
    Reason,
    Scene,
    Waiting,
    closest,
    funnel,
    gone,
    ranked,
    tie_break,
    when,
)
from workassign._state import State
from workassign._tables import SLOTS
from workassign._timeline import Milestone, timeline, told_timeline
from workassign._told import (
    OF_INTERACTIONS,
    OF_OFFERS,
    TOLD,
    asked_of_interactions,
    plain,
    told_candidates,
    told_decision,
    told_reasons,
    told_update,
)
from workassign._ways import Way
from workassign._why import FunnelStep, Held, Rival, WhyNot, WhyWaiting, why_not, why_waiting
from workassign.errors import PlanError, UsageError
from workassign.model import Instant, InteractionId
from workassign.plan import Plan
from workassign.policies import naming

__all__ = [
    "Candidate",
    "Decision",
    "Explanation",
    "FunnelStep",
    "Held",
    "Keys",
    "Milestone",
    "Reason",
    "Rival",
    "Step",
    "Turn",
    "Waiting",
    "Way",
    "WhyNot",
    "WhyWaiting",
    "explain",
    "gone",
    "why_not",
    "why_waiting",
]


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
    """Its stage at the end: waiting, offered, assigned, wrapping, parked, awaiting_approval or closed."""
    at: Instant
    """The instant of the last turn."""
    story: tuple[Step, ...]
    decisions: tuple[Decision, ...]
    candidates: tuple[Candidate, ...]
    """If it waits at the end: everybody on the roster, with what excludes her."""
    funnel: Mapping[str, int]
    """If it waits at the end: kind of reason -> how many fail there first."""
    timeline: tuple[Milestone, ...]
    """If it waits at the end: its queue's steps, where it stands, what comes next and when."""
    notes: tuple[str, ...]
    """Policies that cannot be asked any more, with what that means."""

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain data that JSON can hold."""
        return attrs.asdict(self)

    def text(self) -> str:
        """Return it for a terminal: instants in UTC if they are POSIX seconds, else as seconds."""
        lines = [f"Interaction {self.interaction}: {self.stage}"]
        lines += [f"  {when(step.at)}  {step.text}" for step in self.story]
        if len(self.decisions) > SHOWN:
            lines += ["", f"{len(self.decisions) - SHOWN} earlier decisions are not explained here"]
        for decision in self.decisions[-SHOWN:]:
            lines += ["", *told_decision(decision)]
        if self.stage == "waiting":
            lines += ["", f"Why it still waits at {when(self.at)}"]
            lines += [f"  {line}" for line in told_candidates(self.candidates, self.funnel)]
            lines += ["Steps of its queue"] if self.timeline else []
            lines += [f"  {line}" for line in told_timeline(self.timeline)]
        lines += [f"Note: {note}" for note in self.notes]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return it for a notebook, as short as its text."""
        story = [(when(step.at), step.text) for step in self.story]
        parts = [table(("at", "what"), story, words=1)]
        parts += [
            passage(f"Why {each.agent} at {when(each.at)}, by {each.selection}", _table(each.candidates))
            for each in self.decisions[-SHOWN:]
        ]
        if self.stage == "waiting":
            parts.append(passage(f"Why it still waits at {when(self.at)}", _table(self.candidates)))
            steps = told_timeline(self.timeline)
            parts += [passage("Steps of its queue", listed(steps))] if steps else []
        title = f"Interaction {self.interaction}: {self.stage}"
        return passage(title, *parts, listed([f"Note: {note}" for note in self.notes]))


def _table(candidates: Sequence[Candidate]) -> str:
    """Return the first few candidates: the ranked, then the closest of the excluded."""
    first = [each for each in candidates if each.rank is not None] + closest(candidates)
    rows = [("" if each.rank is None else str(each.rank), each.agent, told_reasons(each)) for each in first]
    more = [("", f"… and {len(rows) - SHOWN} more", "")] if len(rows) > SHOWN else []
    return table(("rank", "agent", "excluded by"), [*rows[:SHOWN], *more], words=2)


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


class _Telling:
    """Replays, and stops to look around wherever something is decided about one interaction."""

    def __init__(self, plan: Plan | Mapping[str, Any], interaction: InteractionId) -> None:
        self._about = interaction
        self._notes: list[str] = []
        first = plan if isinstance(plan, Plan) else self._read(plan)
        self._state = State(first)
        self._plan_hash = first.hash
        """Of the plan that holds: taken once a plan, for it costs as much as writing the plan down."""
        if self._notes and not isinstance(plan, Plan):
            self._plan_hash = _hash(plan)  # not that of what stands in for the policies that are gone
        self._places: dict[InteractionId, Placed] = {}
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
        stones: tuple[Milestone, ...] = ()
        if self._stage == "waiting":
            scene, work = Scene(self._state, self._last, self._places), self._state.works[self._about]
            candidates = ranked(scene, work, None)
            stones = timeline(self._state, work, self._last)
        return Explanation(
            interaction=self._about,
            stage=self._stage,
            at=self._last,
            story=tuple(self._story),
            decisions=tuple(self._decisions),
            candidates=candidates,
            funnel=funnel(candidates),
            timeline=stones,
            notes=tuple(self._notes),
        )

    def _is_about(self, event: ev.Event) -> bool:
        if isinstance(event, ev.Submitted):
            return event.interaction.id == self._about
        if isinstance(event, ev.Refused):
            if event.command in OF_OFFERS:
                return event.subject in self._offers
            return event.command in OF_INTERACTIONS and event.subject == self._about
        if isinstance(event, ev.PolicyFailed):
            return event.subject == self._about and asked_of_interactions(event.slot)
        return getattr(event, "interaction", None) == self._about

    def _evolve(self, event: ev.Event) -> None:
        """Take in one event; a plan whose policies are gone must not stop the replay."""
        if isinstance(event, ev.PlanChanged):
            self._state.plan_changed(event, self._read(event.plan))
            self._plan_hash = event.plan_hash
        else:
            evolve(self._state, event)
        if isinstance(event, ev.Submitted):
            self._places[event.interaction.id] = event
        elif isinstance(event, ev.Transferred | ev.Rekeyed | ev.Reopened | ev.Updated):
            self._places[event.interaction] = event
        elif isinstance(event, ev.Escalated) and event.head_start:
            self._hasten(event.interaction, "escalated", event.head_start)
        elif isinstance(event, _REFUSALS) and event.boost:
            self._hasten(event.interaction, "refused", event.boost)
        elif isinstance(event, _CLOSINGS):
            self._places.pop(event.interaction, None)
        known = self._state.works.get(self._about)
        if known is not None:
            self._stage = known.stage

    def _hasten(self, interaction: InteractionId, why: str, seconds: float) -> None:
        """Add a term to the head start of an interaction."""
        place = self._places[interaction]
        terms = (*place.terms, (why, seconds))
        self._places[interaction] = attrs.evolve(place, head_start=place.head_start + seconds, terms=terms)

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
            self._refused = f": its submission at {when(event.at)} was refused, {event.reason}"
        if isinstance(event, ev.Updated):
            text = told_update(event, self._state.works[event.interaction].interaction)
        else:
            text = TOLD[type(event)](event)
        if command is not None and command.actor is not None:
            text += f" (said by {command.actor})"
        self._story.append(Step(at=event.at, event=type(event).__name__, text=text, data=plain(event)))

    def _decided(self, event: ev.Offered | ev.Assigned) -> None:
        """Look around just before *event*."""
        work = self._state.works[event.interaction]
        winner = self._state.agents[event.agent]
        how = event.how if isinstance(event, ev.Assigned) else "offered"
        batch = work.sig.queue.plan.batch if how in ("offered", "auto") else None
        scene = Scene(self._state, event.at, self._places, event.agent if how == "pulled" else None, batch)
        candidates = ranked(scene, work, winner)
        could_take = scene.takes(winner)
        rules = work.sig.queue.plan
        unranked = how in _BY_HAND or how == "pulled" or batch is not None
        decision = Decision(
            at=event.at,
            agent=event.agent,
            how=how,
            offer=event.offer,
            plan_hash=self._plan_hash,
            queue=work.sig.queue.name,
            selection=short_name(rules.selection),
            work=short_name(rules.work),
            candidates=candidates,
            tie_break="" if unranked else _tie_break(candidates),
            funnel=funnel(candidates),
            could_take=len(could_take),
            first=tuple(scene.waiting(winner, each) for each in could_take[:SHOWN]),
            notes=tuple(scene.failed),
        )
        if doubt := _doubt(decision, work):
            decision = attrs.evolve(decision, notes=(doubt, *decision.notes))
        self._decisions.append(decision)


_BY_HAND = ("manual", "override")
_CLOSINGS = (ev.Completed, ev.Cancelled, ev.Abandoned, ev.Collapsed, ev.TemplateSent)
_REFUSALS = (ev.Declined, ev.OfferExpired, ev.OfferRescinded, ev.Requeued)


def _tie_break(candidates: Sequence[Candidate]) -> str:
    """Return what put the first before the second; empty if there was no second."""
    keys = [each.keys for each in candidates[:2] if each.rank is not None and each.keys is not None]
    return tie_break(*keys) if len(keys) == 2 else ""


def _doubt(decision: Decision, work: Work) -> str:
    """Return why a decision about *work* does not follow from the ranks; empty if it does."""
    if decision.how in _BY_HAND:
        over = ", over her capacity" if decision.how == "override" else ""
        return f"it was given by hand{over}: neither ranks nor skills were asked"
    named = decision.first[0].interaction == work.interaction.id if decision.first else False
    if decision.how == "pulled" and named:
        return "she asked for it herself: nobody else was asked"
    batch = work.sig.queue.plan.batch
    if batch is not None and decision.how != "pulled":
        return f"its window ended: {short_name(batch.use)} weighed all that waited against all who were free"
    first = decision.candidates[0]
    wins = first.rank is not None and first.agent == decision.agent
    if wins and work.stage == "offered":
        return "it was offered to somebody else already: its queue asks several at once"
    if wins and named:
        return ""
    return f"the policies answer otherwise today: {decision.agent} would not be given it, yet she was"


# --- plans of the past -----------------------------------------------------------------------


_GONE = f"{gone.__module__}:{gone.__name__}"


def _hash(data: Mapping[str, Any]) -> str:
    """Return the hash of a plan that cannot be built any more: `Plan.hash`, taken of its data."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _readable(data: Mapping[str, Any]) -> tuple[Plan, list[str]]:
    """Return the plan, and one line for each policy in it that cannot be found any more."""
    try:
        return Plan.from_data(data), []
    except PlanError:
        missing: list[str] = []
    queues = {}
    for name, queue in data.get("queues", {}).items():
        path, table = f"queues.{name}", dict(queue)
        for slot, room in SLOTS.items():
            if slot in table:
                table[slot] = _found(f"{path}.{slot}", table[slot], room, missing)
        table["targets"] = [
            {**each, "within": _found(f"{path}.targets[{i}].within", each["within"], "sla", missing)}
            if isinstance(each["within"], str | Mapping)
            else each
            for i, each in enumerate(table.get("targets", ()))
        ]
        scorers = enumerate(table.get("scoring", ()))
        table["scoring"] = [_found(f"{path}.scoring[{i}]", each, "scoring", missing) for i, each in scorers]
        if "batch" in table:
            use = _found(f"{path}.batch.use", table["batch"]["use"], "batch", missing)
            table["batch"] = {**table["batch"], "use": use}
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
