"""What keeps an interaction from one agent, or from everybody, as things stand?

The facts of a live engine are looked at, and its plan is asked once more. Nothing is replayed, nothing
changes: a policy that fails now leaves a note in the answer, and no trace in the engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from workassign._markup import listed, passage, table
from workassign._records import AgentState, Parking, Stage, Work
from workassign._scene import (
    KINDS,
    SHOWN,
    Candidate,
    Reason,
    Scene,
    closest,
    funnel,
    ranked,
    tie_break,
    when,
)
from workassign._timeline import Milestone, timeline, told_timeline
from workassign._told import told_reasons
from workassign._ways import Way, ways
from workassign.engine import Engine
from workassign.errors import UsageError
from workassign.model import AgentId, Instant, InteractionId
from workassign.policies.holds import Hold
from workassign.waiting import Wait, position, wait_of

__all__ = ["FunnelStep", "Held", "Rival", "WhyNot", "WhyWaiting", "why_not", "why_waiting"]


@attrs.frozen(kw_only=True)
class Rival:
    """Somebody who comes before her."""

    agent: AgentId
    why: str
    """What puts her before: the first key in which the two differ."""


@attrs.frozen(kw_only=True)
class WhyNot:
    """What keeps one agent from one interaction; or that nothing does, and who comes before her."""

    at: Instant
    """The instant of the engine's last turn."""
    plan_hash: str
    agent: AgentId
    interaction: InteractionId
    stage: Stage
    where: str
    """Where the interaction stands, in words."""
    holder: AgentId | None
    """Who is offered it, or has it; it may be the agent herself."""
    reasons: tuple[Reason, ...]
    """All that keeps her from it; empty if it is hers."""
    rank: int | None
    """Her place, from 1, among those who could have it; of what is held: if it waited again."""
    of: int
    """How many could have it; 0 unless she has a rank."""
    rivals: tuple[Rival, ...]
    """Who comes before her, the first first."""
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain data that JSON can hold."""
        return attrs.asdict(self)

    def text(self) -> str:
        """Return it for a terminal."""
        return "\n".join([self._title, *(f"  {line}" for line in self._lines())])

    def _repr_html_(self) -> str:
        """Return it for a notebook."""
        rows = [(each.kind, each.text, _told_until(each.until)) for each in self.reasons]
        reasons = table(("reason", "in words", "until"), rows, words=1) if rows else ""
        return passage(self._title, reasons, listed([*self._place(), *self._noted()]))

    @property
    def _title(self) -> str:
        asked = "" if self.holder == self.agent else "Why not "
        verb = "for" if asked else "has"
        return f"{asked}{self.agent} {verb} {self.interaction} at {when(self.at)}: it {self.where}"

    def _lines(self) -> list[str]:
        return [*(f"-  {each.text}" for each in self.reasons), *self._place(), *self._noted()]

    def _place(self) -> list[str]:
        """Return her rank, if she has one, and who comes before her."""
        if self.rank is None:
            return []
        place = f"nothing {'else ' if self.reasons else ''}keeps her from it: rank {self.rank} of {self.of}"
        place += " if it waited" if self.reasons else ""
        return [place, *(f"before her: {each.agent} ({each.why})" for each in self.rivals[:SHOWN])]

    def _noted(self) -> list[str]:
        return [f"Note: {note}" for note in self.notes]


def why_not(engine: Engine, agent: AgentId, interaction: InteractionId) -> WhyNot:
    """Return all that keeps *agent* from *interaction* as of the engine's last turn.

    Cost: O(what she has and it needs), if anybody refused it O(agents); if nothing keeps her from
    it O(agents x kinds of waiting work + waiting).

    Raises:
        UsageError: If there is no such agent or interaction.

    >>> from workassign.model import Agent, Interaction
    >>> engine = Engine()
    >>> _ = engine.add_agent(Agent(id="ann"), at=0)
    >>> _ = engine.submit(Interaction(id="t1"), at=1)
    >>> [reason.text for reason in why_not(engine, "ann", "t1").reasons]
    ['is offline']
    """
    scene = Scene(engine._state, engine.now)
    who, work = _agent(scene, agent), _work(scene, interaction)
    holds = [hold.agent.agent.id for hold in scene.state.holdings(work)]
    holder = agent if agent in holds else next(iter(holds), None)
    reasons = [] if holder == agent else _reasons(scene, who, work)
    rank: int | None = None
    of = 0
    rivals: tuple[Rival, ...] = ()
    if holder != agent and all(reason.kind in ("held", "parked") for reason in reasons):
        found = ranked(scene, work, None)
        own = next(each for each in found if each.agent == agent)
        reasons += own.reasons
        rank, of, rivals = _place(own, [each for each in found if each.rank is not None])
    if not reasons and holder is None:
        scene.failed.append("she should have been given it: a policy answers otherwise now than in its turn")
    return WhyNot(
        at=engine.now,
        plan_hash=engine.plan.hash,
        agent=agent,
        interaction=interaction,
        stage=work.stage,
        where=_where(scene, work),
        holder=holder,
        reasons=tuple(reasons),
        rank=rank,
        of=of,
        rivals=rivals,
        notes=tuple(scene.failed),
    )


def _reasons(scene: Scene, agent: AgentState, work: Work) -> list[Reason]:
    """Return all that keeps *agent* from *work*, which is not hers."""
    if work.stage == "closed":
        return [Reason(kind="closed", text=f"it {_where(scene, work)}")]
    held = []
    if work.hold is not None:
        hold = work.hold
        until = hold.since + (hold.target or 0.0) if hold.pending else hold.until
        held = [Reason(kind="held", text=f"it {_where(scene, work)}", until=until)]
    if work.stage == "parked":
        until = scene.state.parked[work.interaction.id].until
        held = [Reason(kind="parked", text=f"it {_where(scene, work)}", until=until)]
    return [*held, *scene.reasons(agent, work)]


def _place(own: Candidate, able: Sequence[Candidate]) -> tuple[int | None, int, tuple[Rival, ...]]:
    """Return the rank of one candidate, among how many, and what puts the others before her."""
    if own.rank is None or own.keys is None:
        return None, 0, ()
    before = [(each.agent, each.keys) for each in able[: own.rank - 1] if each.keys is not None]
    rivals = tuple(Rival(agent=agent, why=tie_break(keys, own.keys)) for agent, keys in before)
    return own.rank, len(able), rivals


def _agent(scene: Scene, agent: AgentId) -> AgentState:
    known = scene.state.agents.get(agent)
    if known is None:
        raise UsageError(f"there is no agent {agent!r}")
    return known


def _work(scene: Scene, interaction: InteractionId) -> Work:
    known = scene.state.works.get(interaction)
    if known is None:
        raise UsageError(f"there is no interaction {interaction!r}")
    return known


def _told_back(parking: Parking) -> str:
    """Return what brings back what is put aside."""
    ways = [] if parking.until is None else [f"until {when(parking.until)}"]
    return " or ".join([*ways, *(["until the customer writes"] if parking.on_reply else [])])


def _where(scene: Scene, work: Work) -> str:
    """Return where an interaction stands, in words."""
    hold = work.hold
    if work.stage == "closed":
        return f"is closed since {when(work.key)}"
    if work.stage == "parked":
        back = _told_back(scene.state.parked[work.interaction.id])
        return f"is put aside in queue {work.sig.queue.name} {back}"
    if hold is None:
        return f"waits in queue {work.sig.queue.name}, submitted at {when(work.first_said().at)}"
    who = hold.agent.agent.id
    if hold.pending:
        each = [f"{one.agent.agent.id} (offer {one.offer})" for one in scene.state.holdings(work)]
        return f"is offered to {', '.join(each)} until {when(hold.since + (hold.target or 0.0))}"
    if work.stage == "awaiting_approval":
        review = scene.state.proposed[work.interaction.id]
        return f"is held by {who} (fence {hold.fence}), whose reply waits for its review {review}"
    if hold.until is not None:
        return f"was served by {who}, who wraps up until {when(hold.until)} at most"
    return f"is held by {who} (fence {hold.fence}) since {when(hold.since)}"


# --- nobody ----------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class FunnelStep:
    """How many agents fail at one kind of reason first, and how many are left after it."""

    kind: str
    text: str
    failed: int
    left: int


@attrs.frozen(kw_only=True)
class Held:
    """A hold that keeps it from somebody who could have it otherwise, or from all but one."""

    kind: str
    agent: AgentId | None
    """Whom it keeps apart; None: everybody, or everybody but the agent that it prefers."""
    text: str
    until: Instant


@attrs.frozen(kw_only=True)
class WhyWaiting:
    """Why one interaction is with nobody, and what would change that. If it does not wait, where it is."""

    at: Instant
    """The instant of the engine's last turn."""
    plan_hash: str
    interaction: InteractionId
    stage: Stage
    where: str
    """Where it stands, in words. Unless it waits, all that follows is empty."""
    roster: int
    """How many agents there are."""
    funnel: tuple[FunnelStep, ...]
    """From all of them to nobody: each is counted where she fails first."""
    closest: tuple[Candidate, ...]
    """Those who came furthest, with all that excludes them."""
    holds: tuple[Held, ...]
    """What ends by itself, the first first."""
    ways: tuple[Way, ...]
    """What would let it be routed, the nearest first."""
    timeline: tuple[Milestone, ...]
    """Its queue's steps: where it stands, what comes next and when."""
    notes: tuple[str, ...]
    position: int | None = None
    """Its place in line, from 1: see `workassign.waiting.position`."""
    expected: Wait | None = None
    """How long it will still wait, if its queue forecasts that and anything is known."""

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain data that JSON can hold."""
        return attrs.asdict(self)

    def text(self) -> str:
        """Return it for a terminal."""
        if self.stage != "waiting":
            return self._title
        lines = [f"  {self.roster} on the roster"]
        lines += [f"  {each.failed} {each.text}: {each.left or 'nobody'} left" for each in self.funnel]
        for title, parts in self._parts():
            lines += [f"  {title}", *(f"    -  {part}" for part in parts)]
        told = [] if self.expected is None else [f"  {self.expected.text()}"]
        return "\n".join([self._title, *told, *lines, *(f"  Note: {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        """Return it for a notebook."""
        if self.stage != "waiting":
            return passage(self._title)
        steps = [("on the roster", "", str(self.roster))]
        steps += [(each.text, str(each.failed), str(each.left)) for each in self.funnel]
        parts = [passage(title, listed(lines)) for title, lines in self._parts()]
        tables = table(("", "agents", "left"), steps, words=0)
        told = [] if self.expected is None else [self.expected.text()]
        return passage(
            self._title, listed(told), tables, *parts, listed([f"Note: {note}" for note in self.notes])
        )

    @property
    def _title(self) -> str:
        verb = "waits" if self.stage == "waiting" else "does not wait"
        return f"Why {self.interaction} {verb} at {when(self.at)}: it {self.where}"

    def _parts(self) -> list[tuple[str, list[str]]]:
        """Return what follows the funnel, in words; what is empty is left out."""
        found = [
            ("Closest", [f"{each.agent} {told_reasons(each)}" for each in self.closest]),
            ("Held apart", [each.text for each in self.holds[:SHOWN]]),
            ("It is routed if", [each.text for each in self.ways]),
            ("Steps of its queue", told_timeline(self.timeline)),
        ]
        return [(title, lines) for title, lines in found if lines]


def why_waiting(engine: Engine, interaction: InteractionId) -> WhyWaiting:
    """Return why *interaction* waits as of the engine's last turn, and what would let it be routed.

    Cost: O(agents x kinds of waiting work + waiting x log waiting).

    Raises:
        UsageError: If there is no such interaction.

    >>> from workassign.model import Agent, Interaction
    >>> engine = Engine()
    >>> _ = engine.add_agent(Agent(id="ann"), at=0)
    >>> _ = engine.submit(Interaction(id="t1"), at=1)
    >>> [way.text for way in why_waiting(engine, "t1").ways]
    ['ann becomes available (she is offline)']
    """
    scene = Scene(engine._state, engine.now)
    work = _work(scene, interaction)
    candidates = ranked(scene, work, None) if work.stage == "waiting" else ()
    found = ways(scene, work, candidates) if work.stage == "waiting" else ()
    return WhyWaiting(
        at=engine.now,
        plan_hash=engine.plan.hash,
        interaction=interaction,
        stage=work.stage,
        where=_where(scene, work),
        roster=len(scene.state.agents),
        funnel=tuple(_steps(candidates)),
        closest=tuple(closest(candidates)[:SHOWN]),
        holds=tuple(_holds(candidates, work)),
        ways=found,
        timeline=timeline(scene.state, work, engine.now) if work.stage == "waiting" else (),
        notes=tuple(scene.failed),
        position=position(engine, interaction),
        expected=wait_of(scene.state, work, engine.now),
    )


def _steps(candidates: Sequence[Candidate]) -> list[FunnelStep]:
    left, steps = len(candidates), []
    for kind, failed in funnel(candidates).items():
        left -= failed
        steps.append(FunnelStep(kind=kind, text=KINDS[kind], failed=failed, left=left))
    return steps


def _holds(candidates: Sequence[Candidate], work: Work) -> list[Held]:
    """Return the holds, by their ends: those that keep it from everybody once, the others for each pair."""
    found: dict[tuple[str, AgentId | None], Held] = {}
    for candidate in candidates:
        for reason in candidate.reasons:
            if reason.until is None:
                continue
            common = reason.kind in (Hold.STICKY_WAIT, Hold.BATCH_WINDOW)
            agent = None if common else candidate.agent
            text = reason.text if common else f"{candidate.agent} {reason.text}"
            held = Held(kind=reason.kind, agent=agent, text=text, until=reason.until)
            found.setdefault((reason.kind, agent), held)
    return sorted(found.values(), key=lambda held: held.until)


def _told_until(until: Instant | None) -> str:
    return "" if until is None else when(until)
