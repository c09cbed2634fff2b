"""Where would each interaction go, if everybody on the roster were there and idle?

Asked of the engine itself. Two laws of its own make that cheap: what places an interaction (tier,
head start) does not depend on who is there, and on an idle desk nothing but queue, channel,
needs and preference decides who takes it. So every interaction is placed, and for every kind of
them one fresh engine with the whole roster says who, and which steps are due at once. Only where
such a step asks for slack, which hangs on the interaction's own targets, each one is a kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import attrs

from workassign import commands as cmd
from workassign import events as ev
from workassign._evolve import evolve
from workassign._scene import KINDS, Scene, figure, funnel, ranked
from workassign._state import State
from workassign._told import asked_of_interactions
from workassign.engine import Engine
from workassign.errors import UsageError
from workassign.model import Agent, AgentId, Instant, Interaction, InteractionId
from workassign.needs import Needs
from workassign.plan import Plan

__all__ = ["Outcome", "Route", "as_data", "dry_run", "text", "totals"]

Outcome: TypeAlias = Literal["offered", "assigned", "waiting", "refused"]
"""What becomes of it at once: offered or assigned to an agent, left waiting, not taken in."""

_NEVER = 1_000_000_000
"""Strikes: here a policy that fails is never switched off, or it would matter who came before."""


@attrs.frozen(kw_only=True)
class Route:
    """Where one interaction would go, by itself on an idle desk."""

    interaction: InteractionId
    queue: str
    """Where it is then: steps that are due at once can have moved it."""
    outcome: Outcome
    agent: AgentId | None
    """Whom selection puts first; None: nobody."""
    able: int
    """How many agents could take it."""
    tier: int | None
    """None where it is refused, here and below."""
    head_start: float | None
    """Seconds, after the queue's cap, and those that steps give."""
    terms: ev.Terms
    """What each scorer gives, before the cap."""
    steps: tuple[str, ...]
    """The steps that are due at once, as queue and number: `vip 1`."""
    reason: str
    """Why it is refused, or why nobody takes it; else empty."""
    lacking: Mapping[str, int]
    """Kind of reason -> how many agents fail there first."""
    notes: tuple[str, ...]
    """Policies that failed."""


class _Moves(NamedTuple):
    """What the steps do that are due at once."""

    queue: str
    tier: int | None
    head_start: float
    steps: tuple[str, ...]


class _Taking(NamedTuple):
    """What becomes of every interaction of one kind."""

    moves: _Moves
    outcome: Outcome
    agent: AgentId | None
    able: int
    lacking: Mapping[str, int]
    notes: tuple[str, ...]


_Kind: TypeAlias = tuple[str, tuple[str, ...], str, Needs, AgentId | None, InteractionId | None]
"""What decides who takes it: queues, channel, needs, preference, and the id if each is a kind."""


def dry_run(
    plan: Plan, roster: Sequence[Agent], interactions: Iterable[Interaction], at: Instant = 0.0
) -> list[Route]:
    """Return where each of *interactions* would go, each by itself, if all of *roster* were idle.

    *at* is the instant at which all of it happens, for policies that ask. Of two interactions
    with one id, the second is answered as the engine answers what is submitted twice.

    Cost: O(interactions + kinds x agents), a kind being what has queue, channel, needs and
    preference in common (in a queue with steps of slack that are due at once, each interaction is
    a kind): 40 to 80 microseconds an agent and a kind.

    Raises:
        UsageError: If the plan refuses somebody on the roster.

    >>> plan, ann = Plan(), Agent(id="ann", skills={"billing": 2})
    >>> easy, hard = (Interaction(id=f"t{n}", needs=Needs({"billing": n})) for n in (1, 3))
    >>> for route in dry_run(plan, [ann], [easy, hard]):
    ...     print(route.interaction, route.outcome, route.agent or route.reason)
    t1 offered ann
    t3 waiting of 1 agent: 1 without a needed skill
    """
    # Nothing waits where everybody is idle: what a queue lets in otherwise, and when, is not asked.
    queues = {
        name: attrs.evolve(queue, most=None, quota=None, overflow=(), batch=None)
        for name, queue in plan.queues.items()
    }
    desk = _IdleDesk(attrs.evolve(plan, strikes=_NEVER, queues=queues), roster, at)
    return [desk.route(interaction) for interaction in interactions]


class _IdleDesk:
    """A roster that is signed on and never gets anything to do."""

    def __init__(self, plan: Plan, roster: Sequence[Agent], at: Instant) -> None:
        self._plan = plan
        self._roster = roster
        self._at = at
        still = {name: attrs.evolve(queue, steps=()) for name, queue in plan.queues.items()}
        self._placing = Engine(attrs.evolve(plan, queues=still))
        """An engine without agents and steps: it says how each interaction is placed."""
        self._moving = Engine(attrs.evolve(plan, queues=still))
        """Another one: it says how each is placed where steps have moved it at once."""
        self._hurried = _hurried(plan)
        self._state = State(plan)
        """Everybody idle: it says who could take what."""
        self._staffed(self._state)
        self._takings: dict[_Kind, _Taking] = {}

    def route(self, interaction: Interaction) -> Route:
        """Return where *interaction* would go."""
        facts = self._placing.submit(interaction, self._at)
        notes = _notes(facts, of_interaction=True)
        for fact in facts:
            if isinstance(fact, ev.Submitted):
                return self._placed(fact, notes)
        (refused,) = (fact for fact in facts if isinstance(fact, ev.Refused))
        return Route(
            interaction=interaction.id,
            queue=interaction.queue,
            outcome="refused",
            agent=None,
            able=0,
            tier=None,
            head_start=None,
            terms=(),
            steps=(),
            reason=refused.reason,
            lacking={},
            notes=notes,
        )

    def _placed(self, placed: ev.Submitted, notes: tuple[str, ...]) -> Route:
        interaction = placed.interaction
        own = interaction.id if interaction.queue in self._hurried else None
        queues, needs = (interaction.queue, interaction.shared_with), interaction.needs
        kind = (*queues, interaction.channel, needs, interaction.prefers, own)
        taking = self._takings.get(kind)
        if taking is None:
            taking = self._takings[kind] = self._taken(placed)
        moves = taking.moves
        if moves.queue != interaction.queue:
            facts = self._moving.submit(_in_queue(interaction, moves.queue), self._at)
            notes = (*notes, *_notes(facts, of_interaction=True))
            placed = next(fact for fact in facts if isinstance(fact, ev.Submitted))
        return Route(
            interaction=interaction.id,
            queue=moves.queue,
            outcome=taking.outcome,
            agent=taking.agent,
            able=taking.able,
            tier=placed.tier if moves.tier is None else moves.tier,
            head_start=placed.head_start + moves.head_start,
            terms=placed.terms,
            steps=moves.steps,
            reason="" if taking.agent is not None else self._nobody(taking.lacking),
            lacking=taking.lacking,
            notes=(*notes, *taking.notes),
        )

    def _taken(self, placed: ev.Submitted) -> _Taking:
        """Ask an engine that has seen nothing yet who takes it, and the facts who could."""
        facts = self._staffed().submit(placed.interaction, self._at)
        outcome: Outcome = "waiting"
        agent = None
        for fact in facts:
            if isinstance(fact, ev.Offered | ev.Assigned) and agent is None:
                outcome = "offered" if isinstance(fact, ev.Offered) else "assigned"
                agent = fact.agent
        evolve(self._state, placed)
        for fact in facts:
            if isinstance(fact, ev.Escalated | ev.Transferred):
                evolve(self._state, fact)
        work = self._state.works[placed.interaction.id]
        scene = Scene(self._state, self._at, {placed.interaction.id: placed})
        candidates = ranked(scene, work, None)
        evolve(self._state, ev.Cancelled(self._at, placed.interaction.id, ""))
        able = sum(each.rank is not None for each in candidates)
        moves = _moves(self._plan, placed.interaction.queue, facts)
        return _Taking(moves, outcome, agent, able, funnel(candidates), _notes(facts, of_interaction=False))

    def _staffed(self, state: State | None = None) -> Engine:
        """Return an engine with everybody signed on; *state* takes in what happens."""
        engine = Engine(self._plan)
        for agent in self._roster:
            for command in (cmd.AddAgent(agent), cmd.SignOn(agent.id)):
                for fact in engine.handle(command, self._at):
                    if isinstance(fact, ev.Refused):
                        raise UsageError(f"agent {agent.id!r} cannot be on the roster: {fact.reason}")
                    if state is not None:
                        evolve(state, fact)
        return engine

    def _nobody(self, lacking: Mapping[str, int]) -> str:
        count = len(self._roster)
        if not count:
            return "nobody is on the roster"
        failed = ", ".join(f"{number} {KINDS[kind]}" for kind, number in lacking.items())
        return f"of {count} agent{'s' if count > 1 else ''}: {failed}"


def _in_queue(interaction: Interaction, queue: str) -> Interaction:
    """Return *interaction* as if it had come to *queue*."""
    others = tuple(name for name in interaction.shared_with if name != queue)
    return attrs.evolve(interaction, queue=queue, shared_with=others)


def _hurried(plan: Plan) -> frozenset[str]:
    """Return the queues where a step of slack can be due at once, or in a queue reached by such moves."""
    prompt = {name: [each for each in queue.steps if not each.after] for name, queue in plan.queues.items()}
    found = {name for name, steps in prompt.items() if any(each.slack is not None for each in steps)}
    before = -1
    while before < len(found):
        before = len(found)
        found |= {name for name, steps in prompt.items() if any(each.queue in found for each in steps)}
    return frozenset(found)


def _moves(plan: Plan, queue: str, facts: Iterable[ev.Event]) -> _Moves:
    """Return what steps changed, at once, for an interaction that came to *queue*."""
    moves = _Moves(queue, None, 0.0, ())
    for fact in facts:
        if isinstance(fact, ev.Transferred):
            moves = _Moves(fact.queue, None, 0.0, moves.steps)
        elif isinstance(fact, ev.Escalated):
            # Not the fact's: that has none where this very interaction has the step's tier already.
            given = plan.queues[moves.queue].steps[fact.step - 1].tier
            tier = moves.tier if given is None else given
            head_start = moves.head_start + fact.head_start
            moves = _Moves(moves.queue, tier, head_start, (*moves.steps, f"{moves.queue} {fact.step}"))
    return moves


def _notes(facts: Iterable[ev.Event], *, of_interaction: bool) -> tuple[str, ...]:
    """Return which policies failed: of those that are asked of the interaction itself, or the others."""
    failures = (fact for fact in facts if isinstance(fact, ev.PolicyFailed))
    return tuple(
        f"{each.slot}: {each.policy} failed ({each.error}): the default answered"
        for each in failures
        if asked_of_interactions(each.slot) == of_interaction
    )


# --- as text and as data ---------------------------------------------------------------------


def totals(routes: Iterable[Route]) -> dict[tuple[str, Outcome], int]:
    """Return how many there are of each queue and outcome, in that order."""
    return dict(sorted(Counter((route.queue, route.outcome) for route in routes).items()))


def text(routes: Sequence[Route]) -> str:
    """Return a table for a terminal, with the totals below it.

    >>> print(text(dry_run(Plan(), [Agent(id="ann")], [Interaction(id="t1")])))
    interaction  queue    tier  head start  able  goes to
    t1           default     1         0 s     1  ann (offered)
    <BLANKLINE>
    queue    outcome  interactions
    default  offered             1
    """
    head = ("interaction", "queue", "tier", "head start", "able", "goes to")
    rows = [head, *map(_row, routes)]
    counts: list[tuple[str, str, str]] = [("queue", "outcome", "interactions")]
    counts += [(queue, outcome, f"{count:,}") for (queue, outcome), count in totals(routes).items()]
    lines = [*_table(rows, "<<>>><"), "", *_table(counts, "<<>")]
    notes = dict.fromkeys(note for route in routes for note in route.notes)
    return "\n".join([*lines, *(f"Note: {note}" for note in notes)])


def _row(route: Route) -> tuple[str, ...]:
    tier = "-" if route.tier is None else str(route.tier)
    head_start = "-" if route.head_start is None else f"{figure(route.head_start)} s"
    goes_to = (
        f"{route.agent} ({route.outcome})" if route.agent is not None else f"{route.outcome}: {route.reason}"
    )
    given = ", ".join(f"{name} {figure(seconds)}" for name, seconds in route.terms if seconds)
    told = f"{goes_to}; head start: {given}" if given else goes_to
    told += f"; steps at once: {', '.join(route.steps)}" if route.steps else ""
    return (route.interaction, route.queue, tier, head_start, str(route.able), told)


def _table(rows: Sequence[Sequence[str]], sides: str) -> list[str]:
    """Return rows as lines, columns flush to the left (<) or to the right (>)."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    cells = (
        [f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=True)]
        for row in rows
    )
    return ["  ".join(each).rstrip() for each in cells]


def as_data(routes: Sequence[Route]) -> dict[str, Any]:
    """Return one record for each interaction, and the totals, as plain data that JSON can hold."""
    counts = totals(routes).items()
    return {
        "routes": [{**attrs.asdict(each), "terms": dict(each.terms)} for each in routes],
        "totals": [
            {"queue": queue, "outcome": outcome, "count": count} for (queue, outcome), count in counts
        ],
    }
