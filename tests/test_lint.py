"""Every finding is found, healthy plans are left alone, and the starvation bound holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workassign import events as ev
from workassign.engine import Engine
from workassign.lint import Finding, as_data, lint, starvation_bound, text
from workassign.model import Agent, Channel, Interaction
from workassign.needs import Needs
from workassign.plan import Plan, Queue
from workassign.policies import ordering, scoring, sla, work
from workassign.policies.naming import factory
from workassign.policies.offers import Backoff, per_cause

_AT_ONCE = {"cool_down": 1, "exclusion": 1}
QUICK = per_cause(_AT_ONCE, _AT_ONCE, _AT_ONCE)


def own_score(interaction: Interaction, at: float) -> float:
    return float(interaction.attributes.get("seconds", 0))


@factory
def own_factory(most: float) -> scoring.Scorer:
    return lambda interaction, at: most


def plan_of(**fields: Any) -> Plan:
    return Plan(queues={"vip": Queue(**fields)})


def found(findings: list[Finding]) -> set[tuple[str, str]]:
    return {(each.severity, each.place) for each in findings}


def said(findings: list[Finding], place: str) -> str:
    (message,) = [each.message for each in findings if each.place == place]
    return message


def test_a_healthy_plan_is_left_alone() -> None:
    """Nothing to say about the default plan and an agent or two who serve it."""
    roster = [Agent(id=each, skills={"x": 1}) for each in ("ann", "bob")]
    assert lint(Plan(), roster, [Interaction(id="t", needs=Needs({"x": 1}))]) == []
    assert text([]) == "Nothing found."


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"offer_for": 60, "sla": sla.first_response(60)}, ("warning", "queues.vip.offer_for")),
        ({"sticky_wait": 90, "sla": sla.first_response(60)}, ("warning", "queues.vip.sticky_wait")),
        ({"scoring": (scoring.sentiment(most=60),)}, ("info", "queues.vip.head_start_cap")),
        (
            {"scoring": (scoring.sentiment(most=60), scoring.influence(most=60)), "head_start_cap": 100},
            ("info", "queues.vip.head_start_cap"),
        ),
        (
            {"scoring": (scoring.sentiment(),), "head_start_cap": 899},
            ("warning", "queues.vip.head_start_cap"),
        ),
        ({"work": lambda needs, skills, priority: 0}, ("error", "queues.vip.work")),
        ({"scoring": (own_score,)}, ("info", "queues.vip.scoring[0]")),
        (
            {"scoring": (scoring.weighted([(2.0, scoring.sentiment()), (1.0, own_score)]),)},
            ("info", "queues.vip.scoring[0]"),
        ),
    ],
)
def test_a_queue_with_a_flaw(fields: dict[str, Any], expected: tuple[str, str]) -> None:
    """One flaw, one finding, at its place."""
    assert found(lint(plan_of(**{"offer_for": 20, "refusals": QUICK, **fields}))) == {expected}


def test_refusals_that_outlast_the_target() -> None:
    """A long exclusion is good to know, a long cool-down does harm, a broken policy is an error."""
    target = sla.first_response(60)
    refusals = per_cause(
        declined={"cool_down": 5, "exclusion": 60},
        expired={"cool_down": 90, "exclusion": 90},
        disconnected={"cool_down": 1, "exclusion": 2},
    )
    findings = lint(plan_of(sla=target, refusals=refusals))
    assert found(findings) == {("info", "queues.vip.refusals"), ("warning", "queues.vip.refusals")}
    cold, excluded = (each.message for each in findings)
    assert (
        cold
        == "cool_down is 90 s if expired: anybody who refused is not asked again within the target of 60 s"
    )
    assert excluded.startswith(
        "exclusion is 60 s if declined: who refused, while others are left, is not asked"
    )

    def broken(cause: str, reason: str) -> Backoff:
        return {"declined": Backoff()}[cause]

    errors = [each.message for each in lint(plan_of(refusals=broken)) if each.severity == "error"]
    assert [each for each in errors if not each.startswith("cannot be journaled")] == [
        "answers nothing usable for the cause 'disconnected'",
        "answers nothing usable for the cause 'expired'",
    ]


def test_orders_that_do_not_mix() -> None:
    """Due instants beside arrivals do harm; differing targets and unknown ones are good to know."""

    def two(first: Queue, second: Queue) -> list[Finding]:
        return [each for each in lint(Plan(queues={"a": first, "b": second})) if "ordering" in each.place]

    minute, hour = sla.first_response(60), sla.first_response(3600)
    due = Queue(ordering=ordering.due, sla=hour)
    assert found(two(due, Queue(sla=hour))) == {("warning", "queues.a.ordering")}
    assert found(two(due, Queue(ordering=ordering.due, sla=minute))) == {("info", "queues.a.ordering")}
    assert two(due, due) == []

    def by_customer(interaction: Interaction, at: float) -> float | None:
        return 60.0

    assert found(two(due, Queue(ordering=ordering.due, sla=by_customer))) >= {("info", "queues.a.ordering")}


def test_an_earlier_tier_starves_a_later_one_only_where_somebody_serves_both() -> None:
    """With a roster that keeps them apart there is nothing to say."""
    plan = Plan(queues={"vip": Queue(tier=0), "web": Queue()})
    assert found(lint(plan)) == {("warning", "queues.web.tier")}
    apart = [Agent(id="ann", queues={"vip": 1}), Agent(id="bob", queues={"web": 1})]
    assert lint(plan, apart) == []
    assert "waits for as long as anything is in vip" in said(lint(plan, [Agent(id="ann")]), "queues.web.tier")


def test_a_roster_with_gaps() -> None:
    """Queues, channels and skills that nobody covers, or one agent only."""
    plan = Plan(
        queues={"vip": Queue(), "web": Queue()},
        channels={"chat": Channel(units=0.5), "call": Channel(units=3), "fax": Channel()},
        skills=frozenset({"billing", "latin", "spanish"}),
    )
    roster = [
        Agent(
            id="ann", queues={"web": 1}, skills={"billing": 3, "spanish": 1}, channels={"chat": 2, "call": 1}
        ),
        Agent(
            id="bob", queues={"web": 1}, skills={"billing": 1}, channels={"call": 1, "chat": 1}, capacity=2
        ),
    ]
    findings = lint(plan, roster)
    assert found(findings) == {
        ("error", "queues.vip"),
        ("error", "channels.call.units"),
        ("error", "channels.fax"),
        ("warning", "roster.bob.capacity"),
        ("warning", "skills.latin"),
        ("warning", "skills.spanish"),
    }
    assert (
        said(findings, "channels.call.units")
        == "is 3, more than the largest capacity, 2: nobody can ever take one"
    )
    assert [each.severity for each in findings] == ["error"] * 3 + ["warning"] * 3


def test_agents_whom_the_engine_would_refuse_or_never_use() -> None:
    """Misspelt names, doubles, and agents too small for everything."""
    plan = Plan(skills=frozenset({"x"}))
    roster = [
        Agent(id="ann", skills={"x": 1, "y": 1}),
        Agent(id="bob", queues={"default": 1, "vip": 1}, skills={"x": 1}),
        Agent(id="cid", channels={"default": 0}),
        Agent(id="dan", capacity=0.5),
        Agent(id="dan"),
    ]
    messages = {(each.place, each.message) for each in lint(plan, roster) if each.place.startswith("roster")}
    assert messages == {
        ("roster.ann", "skill 'y' is not in the plan: the agent would be refused"),
        ("roster.bob", "queue 'vip' is not in the plan: the agent would be refused"),
        ("roster.cid", "serves no channel"),
        ("roster.dan", "can never take anything: capacity 0.5"),
        ("roster.dan", "is on the roster twice"),
    }


def test_a_sample_that_nobody_can_serve() -> None:
    """Each kind of unroutable work is said once, with how many there are and who is closest."""
    plan = Plan(
        queues={"vip": Queue(), "web": Queue()},
        channels={"chat": Channel(), "call": Channel(units=2)},
        skills=frozenset({"x", "y"}),
    )
    roster = [
        Agent(id="ann", skills={"x": 1}, queues={"web": 1}),
        Agent(id="bob", skills={"x": 3, "y": 1}, queues={"web": 1}, channels={"chat": 1}, capacity=9),
        Agent(id="cid", skills={"x": 2}, queues={"vip": 1}, channels={"call": 1}, capacity=2),
    ]
    wanted = [
        ("web", "chat", {"x": 3}),
        ("web", "chat", {"x": 4, "y": 1}),
        ("web", "chat", {"x": 4, "y": 1}),
        ("web", "call", {"x": 1}),
        ("vip", "chat", {}),
        ("fax", "chat", {}),
        ("web", "fax", {}),
        ("web", "chat", {"z": 1}),
    ]
    sample = [
        Interaction(
            id=f"t{number}", queue=queue, channel=channel, needs=Needs(needs), tier=0 if number == 0 else None
        )
        for number, (queue, channel, needs) in enumerate(wanted)
    ]
    findings = [each for each in lint(plan, roster, sample) if each.place == "sample"]
    assert [each.message for each in findings] == [
        "1 of the sample (first: t3): takes 2 units on channel call, those who can do it have at most 1",
        "1 of the sample (first: t4): nobody serves both queue vip, channel chat",
        "1 of the sample (first: t5): there is no queue 'fax'",
        "1 of the sample (first: t6): there is no channel 'fax'",
        "1 of the sample (first: t7): there is no skill 'z'",
        "2 of the sample (first: t1): nobody on queue web, channel chat meets the needs x 4, y 1",
        "1 of the sample bring an earlier tier than their queue's: no bound holds against them",
    ]
    assert findings[5].suggestion == "bob is closest: she lacks x 4"
    assert len(lint(plan, (), sample)) == 4, "without a roster, only what would be refused, and the tier"


def test_findings_as_text_and_as_data() -> None:
    """One line a finding, a total, one line a tier; the same as data."""
    plan = Plan(queues={"vip": Queue(tier=0), "web": Queue(work=work.best_skill)})
    findings, bounds = lint(plan), starvation_bound(plan)
    lines = text(findings, bounds).splitlines()
    assert lines[0].startswith("warning  queues.web.tier: waits for as long")
    web = "no bound; queue web is not served by greatest need; but what is of tier 0 always comes first"
    assert lines[1:] == [
        "1 warning.",
        "tier 0 (vip): overtaken by nothing more than 0 s later; no head starts",
        f"tier 1 (web): {web}",
    ]
    data = json.loads(json.dumps(as_data(findings, bounds), allow_nan=False))
    assert data["findings"][0]["severity"] == "warning"
    assert [each["within"] for each in data["bounds"]] == [0, None]


# --- the starvation bound ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("queue", "seconds"),
    [
        (Queue(), 0),
        (Queue(scoring=(scoring.sentiment(),)), 900),
        (Queue(scoring=(scoring.sentiment(most=60), scoring.customer_value())), 660),
        (Queue(scoring=(scoring.sentiment(), scoring.influence()), head_start_cap=1000), 1000),
        (
            Queue(scoring=(scoring.weighted([(2, scoring.sentiment(most=50)), (0.5, scoring.influence())]),)),
            400,
        ),
        (Queue(scoring=(scoring.weighted([(0, own_score), (1, scoring.influence())]),)), 600),
        (Queue(scoring=(scoring.capped([(2, scoring.sentiment())]),)), 900),
        (Queue(scoring=(scoring.capped([(2, scoring.sentiment(most=5))], most=60),)), 10),
        (Queue(scoring=(scoring.capped([(1, own_score)], most=60),)), 60),
        (Queue(scoring=(own_score,)), 3600),
        (Queue(scoring=(own_factory(most=5),)), 3600),
        (Queue(ordering=ordering.due, sla=sla.first_response(300)), 0),
        (Queue(work=work.best_skill), None),
        (Queue(ordering=lambda submitted, target: submitted), None),
        (Queue(ordering=ordering.due, sla=lambda interaction, at: 3.0), None),
    ],
)
def test_the_bound_of_one_queue(queue: Queue, seconds: float | None) -> None:
    """It is the most that the scorers can add up to, as far as they say, and at most the cap."""
    (bound,) = starvation_bound(Plan(queues={"q": queue}))
    assert bound.within == bound.overall == seconds


def test_the_bound_is_the_same_for_a_plan_read_from_data() -> None:
    """Settings are known from the name of a policy, wherever the plan came from."""
    nested = scoring.capped(
        [(1.0, scoring.weighted([(2.0, scoring.sentiment())])), (1.0, own_score)], most=700
    )
    plan = plan_of(
        scoring=(nested, scoring.influence(most=5)), ordering=ordering.due, sla=sla.first_response(9)
    )
    assert starvation_bound(Plan.from_data(plan.to_data())) == starvation_bound(plan)
    assert starvation_bound(plan)[0].within == 705


def test_the_bound_of_several_queues_in_a_tier() -> None:
    """Targets that differ add up to their difference, in the direction in which they help."""
    queues = {
        "short": Queue(
            ordering=ordering.due, sla=sla.first_response(60), scoring=(scoring.sentiment(most=10),)
        ),
        "long": Queue(
            ordering=ordering.due, sla=sla.first_response(300), scoring=(scoring.sentiment(most=100),)
        ),
        "later": Queue(tier=2),
    }
    first, later = starvation_bound(Plan(queues=queues))
    assert first.queues == ("short", "long")
    assert first.within == first.overall == 250
    assert (later.within, later.overall) == (0, None)


KINDS = {
    "plain": Queue(offer_for=5),
    "scored": Queue(auto_accept=True, scoring=(own_score,), head_start_cap=20),
    "felt": Queue(auto_accept=True, scoring=(scoring.sentiment(most=8), scoring.influence(most=4))),
    "due": Queue(
        auto_accept=True,
        ordering=ordering.due,
        sla=sla.first_response(15),
        scoring=(own_score,),
        head_start_cap=5,
    ),
    "later": Queue(auto_accept=True, tier=2, scoring=(scoring.sentiment(most=3),)),
}
arrivals = st.tuples(
    st.integers(0, 9),
    st.sampled_from([{}, {}, {"x": 1}]).map(Needs),
    st.integers(0, 30),
    st.none() | st.floats(-1, 0),
)
steps = st.lists(
    st.tuples(st.sampled_from([0.0, 0.5, 1.0, 4.0]), st.none() | arrivals | arrivals, st.integers(0, 2)),
    min_size=20,
    max_size=60,
)


@given(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, unique=True), st.integers(1, 3), steps)
@settings(max_examples=200, deadline=None)
def test_nobody_is_overtaken_by_more_than_the_bound(
    names: list[str], agents: int, moves: list[tuple[float, Any, int]]
) -> None:
    """Who could be taken, and is not, is overtaken only by what arrived at most the bound later."""
    plan = Plan(queues={name: KINDS[name] for name in names})
    bounds = {bound.tier: bound.within for bound in starvation_bound(plan)}
    engine = Engine(plan)
    for number in range(agents):
        engine.add_agent(Agent(id=f"agent-{number}", skills={"x": number}), at=0)
        engine.sign_on(f"agent-{number}", at=0)
    waiting: dict[str, tuple[Interaction, float]] = {}
    held: list[ev.Offered | ev.Assigned] = []
    at = 0.0
    for number, (gap, arrival, finished) in enumerate(moves):
        at += gap
        if arrival is None:
            facts = engine.tick(at)
        else:
            queue, needs, seconds, sentiment = arrival
            item = Interaction(
                id=f"t{number}",
                queue=names[queue % len(names)],
                needs=needs,
                sentiment=sentiment,
                attributes={"seconds": seconds},
            )
            facts = engine.submit(item, at)
        held = follow(plan, facts, waiting, held, bounds)
        if held and finished == 0:
            facts = finish(engine, held.pop(number % len(held)), at)
            held = follow(plan, facts, waiting, held, bounds)


def finish(engine: Engine, given_to: ev.Offered | ev.Assigned, at: float) -> list[ev.Event]:
    """Let the agent accept and complete; return what that brought about."""
    facts: list[ev.Event] = []
    if isinstance(given_to, ev.Offered):
        facts = engine.accept(given_to.offer, given_to.agent, at)
        (given_to,) = (fact for fact in facts if isinstance(fact, ev.Assigned))
    return [*facts, *engine.complete(given_to.interaction, given_to.agent, given_to.fence, at)]


def follow(
    plan: Plan,
    facts: list[ev.Event],
    waiting: dict[str, tuple[Interaction, float]],
    held: list[ev.Offered | ev.Assigned],
    bounds: dict[int, float | None],
) -> list[ev.Offered | ev.Assigned]:
    """Check every hand-over among *facts* against what waits, and return what is held now."""
    kept = {each.interaction: each for each in held}
    for fact in facts:
        if isinstance(fact, ev.Submitted):
            waiting[fact.interaction.id] = (fact.interaction, fact.at)
        elif isinstance(fact, ev.OfferExpired):
            # It waits again, but a hold keeps it from whom it was offered to: nothing is promised.
            del kept[fact.interaction]
        elif isinstance(fact, ev.Offered) or (isinstance(fact, ev.Assigned) and fact.offer is None):
            kept[fact.interaction] = fact
            taken, arrived = waiting.pop(fact.interaction, (None, 0.0))
            if taken is not None:
                check_overtaken(plan, fact, taken, arrived, waiting, bounds)
    return list(kept.values())


def check_overtaken(
    plan: Plan,
    fact: ev.Offered | ev.Assigned,
    taken: Interaction,
    arrived: float,
    waiting: dict[str, tuple[Interaction, float]],
    bounds: dict[int, float | None],
) -> None:
    """Of what waited in the tier, nothing that she could have taken came before by more than the bound."""
    tier = plan.queues[taken.queue].tier
    bound = bounds[tier]
    assert bound is not None
    level = {"x": float(fact.agent.removeprefix("agent-"))}
    for other, since in waiting.values():
        if plan.queues[other.queue].tier == tier and other.needs.met_by(level):
            assert arrived - since <= bound + 1e-6, (taken, other, arrived, since, bound)
