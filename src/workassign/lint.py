"""What is wrong, dead or dangerous in a plan, and in the roster that is to serve it?

Only what can be told beforehand: nothing is simulated, and of a policy nothing is believed but
what its own settings say.

The starvation bound. Within a tier the least key goes first, and the key is
`reference - head start`. So where an agent who could take `i` is given `j`, key(j) <= key(i):

    arrival(j) - arrival(i)  <=  target(i) - target(j) + head start(j) - head start(i)

with the targets of the `due` order, 0 in the order of arrival. Head starts are >= 0 and at most
their queue's most, and nothing here changes while either waits: that is the whole proof.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import fsum, inf
from typing import Any, Literal, TypeAlias

import attrs

from workassign.errors import PlanError
from workassign.model import Agent, AgentId, Interaction
from workassign.needs import Needs
from workassign.plan import Plan, Queue
from workassign.policies import naming, ordering, scoring, work
from workassign.policies.offers import Backoff
from workassign.policies.scoring import Scorer
from workassign.policies.sla import always
from workassign.queues import first_dues

__all__ = ["Bound", "Finding", "Severity", "as_data", "lint", "starvation_bound", "text"]

Severity: TypeAlias = Literal["error", "warning", "info"]
"""error: something here never works; warning: it does harm; info: good to know."""

_SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")

_OURS = "workassign.policies."


@attrs.frozen(kw_only=True)
class Finding:
    """One thing that somebody should look at."""

    severity: Severity
    place: str
    """Where, as a path: `queues.vip.scoring[0]`, `roster.ann`, `sample`."""
    message: str
    suggestion: str


@attrs.frozen(kw_only=True)
class Bound:
    """How much later something may arrive and still overtake, within one tier and in all.

    Proven for an interaction `i` that has no tier of its own, while it waits and no hold keeps
    it apart: no agent who has room for `i` and could take it is given, instead, an
    interaction of the same tier that arrived more than `within` seconds after `i`. It holds as
    long as no policy fails, up to the rounding of keys. An interaction that brings its own tier
    joins that tier with its own queue's head start, and is not counted here.
    """

    tier: int
    queues: tuple[str, ...]
    within: float | None
    """Seconds, against everything in the tier; None: no bound."""
    overall: float | None
    """Seconds, against everything; None: no bound, since an earlier tier always comes first."""
    reason: str
    """What the figures rest on, or why there is none."""

    def __str__(self) -> str:
        """Say it in one line."""
        bound = (
            "no bound" if self.within is None else f"overtaken by nothing more than {self.within:g} s later"
        )
        inside = "" if self.overall is not None or self.within is None else " within the tier"
        return f"tier {self.tier} ({', '.join(self.queues)}): {bound}{inside}; {self.reason}"


def starvation_bound(plan: Plan) -> list[Bound]:
    """Return what can be promised to those who wait: one bound for each tier, the first first.

    >>> plan = Plan(queues={"vip": Queue(scoring=(scoring.sentiment(most=600),)), "web": Queue(tier=2)})
    >>> vip, web = starvation_bound(plan)
    >>> print(vip)
    tier 1 (vip): overtaken by nothing more than 600 s later; head starts of at most 600 s
    >>> web.overall is None, web.reason
    (True, 'no head starts; but what is of tier 1 always comes first')
    """
    tiers: dict[int, dict[str, Queue]] = {}
    for name, queue in plan.queues.items():
        tiers.setdefault(queue.tier, {})[name] = queue
    bounds = []
    for tier in sorted(tiers):
        queues = tiers[tier]
        within, reason = _within(queues)
        earlier = [str(each) for each in sorted(tiers) if each < tier]
        if earlier:
            reason += f"; but what is of tier {' or '.join(earlier)} always comes first"
        overall = None if earlier else within
        bounds.append(Bound(tier=tier, queues=tuple(queues), within=within, overall=overall, reason=reason))
    return bounds


def _within(queues: Mapping[str, Queue]) -> tuple[float | None, str]:
    """Return the bound among *queues*, which are all of a tier, and what it rests on."""
    targets: dict[str, float] = {}
    for name, queue in queues.items():
        if queue.work is not work.greatest_need:
            return None, f"queue {name} is not served by greatest need"
        if queue.ordering is ordering.arrival:
            targets[name] = 0.0
        elif queue.ordering is not ordering.due:
            return None, f"queue {name} has an ordering of its own"
        elif (target := _target(queue)) is None:
            return None, f"queue {name} is in due order and its targets are not known beforehand"
        else:
            targets[name] = target
    latest = max(targets.values())
    bound = max(latest - targets[name] + _head_start(queue) for name, queue in queues.items())
    most = max(_head_start(queue) for queue in queues.values())
    spread = latest - min(targets.values())
    reason = f"head starts of at most {most:g} s" if most else "no head starts"
    return bound, reason + (f", targets that differ by {spread:g} s" if spread else "")


def _target(queue: Queue) -> float | None:
    """Return after how long somebody must turn to what comes, if that is one and the same for all."""
    if queue.sla is None:
        dues = first_dues(queue)
        plain = all(not callable(each.within) and each.calendar is None for each in dues)
        return min(float(each.within) for each in dues) if dues and plain else None  # type: ignore[arg-type]
    return always(queue.sla)


def _head_start(queue: Queue) -> float:
    """Return the most that a head start in *queue* can be."""
    return min(fsum(_most(naming.describe(scorer)) for scorer in queue.scoring), queue.head_start_cap)


def _most(spec: object) -> float:
    """Return the most that a scorer gives, from its name and settings; infinity if unknown."""
    if not isinstance(spec, Mapping) or not str(spec["use"]).startswith(f"{_OURS}scoring:"):
        return inf
    factory: Callable[..., Scorer] = getattr(scoring, str(spec["use"]).rpartition(":")[2])
    defaults = {name: each.default for name, each in inspect.signature(factory).parameters.items()}
    most = float(spec.get("most", defaults.get("most", inf)))
    if "parts" not in spec:
        return most
    # A part of weight 0 adds nothing, however much it scores.
    return min(fsum(float(weight) * _most(part) for weight, part in spec["parts"] if weight), most)


# --- findings --------------------------------------------------------------------------------


def lint(plan: Plan, roster: Sequence[Agent] = (), sample: Iterable[Interaction] = ()) -> list[Finding]:
    """Return what is wrong, dead or dangerous, the worst first; without a roster, of the plan alone.

    *sample* is what came in on some earlier day, or what is expected. Refusal policies are asked
    once for each cause, no other policy is called.

    Cost: O(sample + roster x (queues squared + kinds of work in the sample)).

    >>> from workassign.policies import sla
    >>> finding, = lint(Plan(queues={"vip": Queue(offer_for=60, sla=sla.first_response(30))}))[:1]
    >>> finding.severity, finding.place
    ('warning', 'queues.vip.offer_for')
    """
    found = [*_of_policies(plan), *_of_tiers(plan, roster)]
    for name, queue in plan.queues.items():
        found += _of_head_start(f"queues.{name}", queue)
        found += _of_times(f"queues.{name}", queue)
    if roster:
        found += [*_of_roster(plan, roster), *_of_coverage(plan, roster), *_of_skills(plan, roster)]
    found += _of_sample(plan, roster, sample)
    return sorted(found, key=lambda each: (_SEVERITIES.index(each.severity), each.place, each.message))


def _of_policies(plan: Plan) -> Iterator[Finding]:
    """Look at what each policy is: whether it can be named, was made, and is one of ours."""
    try:
        plan.to_data()
    except PlanError as error:
        for problem in error.problems:
            place, _, message = problem.partition(": ")
            suggestion = "use a module's function, or a factory marked with `naming.factory`"
            yield Finding(
                severity="error",
                place=place,
                message=f"cannot be journaled: {message}",
                suggestion=suggestion,
            )
    for place, policy in _policies(plan):
        for use in _outside(naming.describe(policy)):
            yield Finding(
                severity="info",
                place=place,
                message=f"{use} is not one of the library's: its cost and its bounds are not known here",
                suggestion="keep it pure and fast: it is asked within a turn",
            )


def _policies(plan: Plan) -> Iterator[tuple[str, Any]]:
    """Yield every policy of *plan* with its place."""
    for name, queue in plan.queues.items():
        for slot in ("ordering", "selection", "work", "sla", "refusals"):
            if (policy := getattr(queue, slot)) is not None:
                yield f"queues.{name}.{slot}", policy
        for number, scorer in enumerate(queue.scoring):
            yield f"queues.{name}.scoring[{number}]", scorer
        for number, target in enumerate(queue.targets):
            if callable(target.within):
                yield f"queues.{name}.targets[{number}].within", target.within
    if plan.capacity is not None:
        yield "capacity", plan.capacity


def _outside(spec: object) -> Iterator[str]:
    """Yield the names in a described policy that are not ours, its parts included."""
    if isinstance(spec, Mapping):
        yield from _outside(spec["use"])
        for part in spec.get("parts", ()):
            yield from _outside(part[1])
    elif isinstance(spec, str) and not spec.startswith(_OURS):
        yield spec


def _of_tiers(plan: Plan, roster: Sequence[Agent]) -> Iterator[Finding]:
    """Look for queues that an earlier tier can starve, and for orders that do not mix."""
    for name, queue in plan.queues.items():
        rivals = [
            other
            for other, its in plan.queues.items()
            if its.tier < queue.tier
            and (not roster or any(_serves(a, name) and _serves(a, other) for a in roster))
        ]
        if rivals:
            yield Finding(
                severity="warning",
                place=f"queues.{name}.tier",
                message=f"waits for as long as anything is in {_listed(rivals)}, which can be for ever",
                suggestion="use one tier and a head start: it overtakes by so many seconds and no more",
            )
    for bound in starvation_bound(plan):
        yield from _of_orders(bound, {name: plan.queues[name] for name in bound.queues})


def _of_orders(bound: Bound, queues: Mapping[str, Queue]) -> Iterator[Finding]:
    """Look at the orders within one tier."""
    due = [name for name, queue in queues.items() if queue.ordering is ordering.due]
    if not due:
        return
    unknown = [name for name in due if _target(queues[name]) is None]
    targets = {_target(queues[name]) for name in due}
    place = f"queues.{due[0]}.ordering"
    if len(due) < len(queues):
        others = [name for name in queues if name not in due]
        message = f"{_listed(due)} and {_listed(others)} are of one tier: due instants compete with arrivals"
        yield Finding(
            severity="warning", place=place, message=message, suggestion="order the whole tier alike"
        )
    elif unknown:
        message = f"targets in {_listed(unknown)} may differ: nothing is promised to whoever has a long one"
        yield Finding(severity="info", place=place, message=message, suggestion="use one target for a queue")
    elif len(targets) > 1:
        message = f"targets in {_listed(due)} differ: the longest may be overtaken by what comes later"
        if bound.within is not None:
            message += f", up to {bound.within:g} s"
        yield Finding(severity="info", place=place, message=message, suggestion="none, if that is meant")


def _of_head_start(place: str, queue: Queue) -> Iterator[Finding]:
    """Look at the cap beside what the scorers can add up to."""
    mosts = [_most(naming.describe(scorer)) for scorer in queue.scoring]
    total, cap = fsum(mosts), queue.head_start_cap
    place += ".head_start_cap"
    if not mosts or inf in mosts:
        return
    if total < cap:
        message = f"is {cap:g} s but never reached: the scorers add up to at most {total:g} s"
        yield Finding(severity="info", place=place, message=message, suggestion=f"{total:g} says the same")
    elif max(mosts) > cap:
        message = f"cuts often: one scorer alone gives up to {max(mosts):g} s, the cap is {cap:g} s"
        suggestion = "scale the scorers down: what is cut alike is not told apart any more"
        yield Finding(severity="warning", place=place, message=message, suggestion=suggestion)
    elif total > cap:
        message = f"cuts where several scorers are high: they add up to {total:g} s, the cap is {cap:g} s"
        yield Finding(severity="info", place=place, message=message, suggestion="none, if that is meant")


def _of_times(place: str, queue: Queue) -> Iterator[Finding]:
    """Look at delays that use up the SLA target."""
    backoffs = dict(_backoffs(queue))
    for cause in sorted(cause for cause, each in backoffs.items() if each is None):
        message = f"answers nothing usable for the cause {cause!r}"
        suggestion = "return a Backoff for every cause and reason"
        yield Finding(severity="error", place=f"{place}.refusals", message=message, suggestion=suggestion)
    target = _target(queue)
    if target is None:
        return
    if queue.sticky_wait is not None and queue.sticky_wait >= target:
        message = f"is {queue.sticky_wait:g} s: that wait alone misses the target of {target:g} s"
        suggestion = f"stay well below {target:g}"
        yield Finding(
            severity="warning", place=f"{place}.sticky_wait", message=message, suggestion=suggestion
        )
    if not queue.auto_accept and queue.offer_for >= target:
        message = f"is {queue.offer_for:g} s: one offer that nobody answers misses the target of {target:g} s"
        suggestion = f"stay well below {target:g}, so that a second offer is in time"
        yield Finding(severity="warning", place=f"{place}.offer_for", message=message, suggestion=suggestion)
    known = {cause: each for cause, each in backoffs.items() if each is not None}
    cold = {cause: each.cool_down for cause, each in known.items() if each.cool_down >= target}
    excluded = {c: each.exclusion for c, each in known.items() if each.exclusion >= target and c not in cold}
    if cold:
        yield _too_long(f"{place}.refusals", "cool_down", "warning", cold, target)
    if excluded:
        yield _too_long(f"{place}.refusals", "exclusion", "info", excluded, target)


def _too_long(
    place: str, field: str, severity: Severity, long: Mapping[str, float], target: float
) -> Finding:
    """Say that an agent who refused is not asked again in time."""
    times = ", ".join(f"{seconds:g} s if {cause}" for cause, seconds in long.items())
    whom = "anybody who refused" if field == "cool_down" else "who refused, while others are left,"
    message = f"{field} is {times}: {whom} is not asked again within the target of {target:g} s"
    return Finding(
        severity=severity, place=place, message=message, suggestion=f"keep {field} below {target:g}"
    )


def _backoffs(queue: Queue) -> Iterator[tuple[str, Backoff | None]]:
    """Yield the back-off after each cause; None where the policy fails."""
    for cause in ("declined", "expired", "disconnected"):
        try:
            answer = queue.refusals(cause, "")
        except Exception:  # noqa: BLE001 - it is somebody else's code: anything may come
            yield cause, None
        else:
            yield cause, answer if isinstance(answer, Backoff) else None


# --- the roster ------------------------------------------------------------------------------


def _serves(agent: Agent, queue: str) -> bool:
    return agent.queues is None or queue in agent.queues


def _answers(agent: Agent, channel: str) -> bool:
    return agent.channels is None or agent.channels.get(channel, 0) > 0


def _of_roster(plan: Plan, roster: Sequence[Agent]) -> Iterator[Finding]:
    """Look for agents whom the engine would refuse, or who can never take anything."""
    twice = [who for who, count in Counter(agent.id for agent in roster).items() if count > 1]
    for who in twice:
        message = "is on the roster twice"
        yield Finding(severity="error", place=f"roster.{who}", message=message, suggestion="keep one of them")
    for agent in roster:
        tables: tuple[tuple[str, Iterable[str], Iterable[str] | None], ...] = (
            ("queue", agent.queues or (), plan.queues),
            ("channel", agent.channels or (), plan.channels),
            ("skill", agent.skills, plan.skills),
        )
        for what, names, known in tables:
            for name in names:
                if known is not None and name not in known:
                    message = f"{what} {name!r} is not in the plan: the agent would be refused"
                    suggestion = f"add it, or use one of {_listed(sorted(known))}"
                    yield Finding(
                        severity="error", place=f"roster.{agent.id}", message=message, suggestion=suggestion
                    )
        sizes = [each.units for name, each in plan.channels.items() if _answers(agent, name)]
        if not sizes or min(sizes) > agent.capacity:
            message = (
                f"can never take anything: capacity {agent.capacity:g}" if sizes else "serves no channel"
            )
            suggestion = "raise the capacity, or serve another channel"
            yield Finding(
                severity="error", place=f"roster.{agent.id}", message=message, suggestion=suggestion
            )


def _of_coverage(plan: Plan, roster: Sequence[Agent]) -> Iterator[Finding]:
    """Look for queues and channels that nobody serves, and for channels that fit nobody."""
    for name in plan.queues:
        if not any(_serves(agent, name) for agent in roster):
            message, suggestion = "nobody on the roster serves it", "give it to somebody, or remove it"
            yield Finding(severity="error", place=f"queues.{name}", message=message, suggestion=suggestion)
    for name, channel in plan.channels.items():
        able = [agent for agent in roster if _answers(agent, name)]
        if not able:
            message, suggestion = "nobody on the roster serves it", "give it to somebody, or remove it"
            yield Finding(severity="error", place=f"channels.{name}", message=message, suggestion=suggestion)
        elif (most := max(agent.capacity for agent in able)) < channel.units:
            message = (
                f"is {channel.units:g}, more than the largest capacity, {most:g}: nobody can ever take one"
            )
            suggestion = f"at most {most:g}, or raise a capacity"
            yield Finding(
                severity="error", place=f"channels.{name}.units", message=message, suggestion=suggestion
            )


def _of_skills(plan: Plan, roster: Sequence[Agent]) -> Iterator[Finding]:
    """Look for skills that nobody has, or one agent only."""
    having: dict[str, set[AgentId]] = {skill: set() for skill in plan.skills or ()}
    for agent in roster:
        for skill in agent.skills:
            having.setdefault(skill, set()).add(agent.id)
    for skill, who in having.items():
        if not who:
            message, suggestion = "is declared, but nobody has it", "train somebody, or remove it"
            yield Finding(severity="warning", place=f"skills.{skill}", message=message, suggestion=suggestion)
        elif len(who) == 1 and len(roster) > 1:
            message = f"only {min(who)} has it: what needs it waits whenever she is away"
            yield Finding(
                severity="warning", place=f"skills.{skill}", message=message, suggestion="train a second one"
            )


# --- a sample --------------------------------------------------------------------------------

_Kind: TypeAlias = tuple[str, str, Needs]
"""What interactions have in common here: queue, channel, needs."""


def _of_sample(plan: Plan, roster: Sequence[Agent], sample: Iterable[Interaction]) -> Iterator[Finding]:
    """Look for work that would be refused, that nobody could do, or that fits nobody."""
    kinds: dict[_Kind, list[str]] = {}
    urgent = 0
    for interaction in sample:
        queue = plan.queues.get(interaction.queue)
        urgent += queue is not None and interaction.tier is not None and interaction.tier < queue.tier
        key = (interaction.queue, interaction.channel, interaction.needs)
        kinds.setdefault(key, []).append(interaction.id)
    for kind, ids in kinds.items():
        problem = _refused(plan, kind) or (_unroutable(plan, roster, kind) if roster else None)
        if problem is not None:
            message, suggestion = problem
            many = f"{len(ids)} of the sample (first: {ids[0]})"
            yield Finding(
                severity="error", place="sample", message=f"{many}: {message}", suggestion=suggestion
            )
    if urgent:
        message = (
            f"{urgent} of the sample bring an earlier tier than their queue's: no bound holds against them"
        )
        suggestion = "a head start is bounded, a tier is not"
        yield Finding(severity="info", place="sample", message=message, suggestion=suggestion)


def _refused(plan: Plan, kind: _Kind) -> tuple[str, str] | None:
    """Return why the engine would not take such work in."""
    queue, channel, needs = kind
    if queue not in plan.queues:
        return f"there is no queue {queue!r}", f"use one of {_listed(list(plan.queues))}"
    if channel not in plan.channels:
        return f"there is no channel {channel!r}", f"use one of {_listed(list(plan.channels))}"
    unknown = [skill for skill, _ in needs.skills if plan.skills is not None and skill not in plan.skills]
    if unknown:
        return f"there is no skill {unknown[0]!r}", f"use one of {_listed(sorted(plan.skills or ()))}"
    return None


def _unroutable(plan: Plan, roster: Sequence[Agent], kind: _Kind) -> tuple[str, str] | None:
    """Return why nobody on the roster could ever take such work."""
    queue, channel, needs = kind
    here = [agent for agent in roster if _serves(agent, queue) and _answers(agent, channel)]
    what = f"queue {queue}, channel {channel}"
    if not here:
        return f"nobody serves both {what}", "give both to one agent"
    able = [agent for agent in here if needs.met_by(agent.skills)]
    if not able:
        closest = min(here, key=lambda agent: (len(_lacking(agent, needs)), agent.id))
        wanted = ", ".join(f"{skill} {least:g}" for skill, least in needs.skills)
        message = f"nobody on {what} meets the needs {wanted}"
        return message, f"{closest.id} is closest: she lacks {_listed(_lacking(closest, needs))}"
    most, units = max(agent.capacity for agent in able), plan.channels[channel].units
    if most < units:
        message = f"takes {units:g} units on channel {channel}, those who can do it have at most {most:g}"
        return message, "raise a capacity, or lower the channel's units"
    return None


def _lacking(agent: Agent, needs: Needs) -> list[str]:
    return [f"{skill} {least:g}" for skill, least in needs.skills if agent.skills.get(skill, -1.0) < least]


# --- as text and as data ---------------------------------------------------------------------


def text(findings: Sequence[Finding], bounds: Sequence[Bound] = ()) -> str:
    """Return findings, and bounds, for a terminal.

    >>> print(text([], starvation_bound(Plan())))
    Nothing found.
    tier 1 (default): overtaken by nothing more than 0 s later; no head starts
    """
    lines = [f"{each.severity:7}  {each.place}: {each.message} ({each.suggestion})" for each in findings]
    counts = Counter(each.severity for each in findings)
    total = ", ".join(f"{counts[each]} {each}" for each in _SEVERITIES if counts[each])
    return "\n".join([*lines, f"{total}." if findings else "Nothing found.", *map(str, bounds)])


def as_data(findings: Sequence[Finding], bounds: Sequence[Bound] = ()) -> dict[str, Any]:
    """Return findings, and bounds, as plain data that JSON can hold."""
    return {
        "findings": [attrs.asdict(each) for each in findings],
        "bounds": [attrs.asdict(each) for each in bounds],
    }


def _listed(names: Sequence[str]) -> str:
    """Return names in one phrase, not more than a few."""
    few = ", ".join(names[:5])
    return f"{few} and {len(names) - 5} more" if len(names) > 5 else few
