"""Every kind of finding is found in a plan that has it, and not in one that is sound."""

from __future__ import annotations

from collections.abc import Mapping
from time import process_time
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workassign.hours import Calendar
from workassign.lab.batches import flow
from workassign.lint import KINDS, Finding, lint, starvation_bound
from workassign.linting.capacity import fullest
from workassign.linting.staff import Staff
from workassign.model import Agent, Channel, Customer, Interaction
from workassign.needs import Needs
from workassign.plan import Alarms, Plan, Queue
from workassign.policies import capacity, ordering, scoring, sla, work
from workassign.policies.admission import Overflow
from workassign.policies.batch import Batch
from workassign.policies.escalation import Step, bullseye
from workassign.policies.keep_free import KeepFree
from workassign.policies.offers import Backoff, per_cause
from workassign.policies.scoring import Scorer
from workassign.policies.sla import Target

_AT_ONCE = {"cool_down": 1, "exclusion": 1}
PATIENT = per_cause(_AT_ONCE, _AT_ONCE, _AT_ONCE)
MINUTE, HOUR = sla.first_response(60), sla.first_response(3600)


def own_score(interaction: Interaction, at: float) -> float:
    return 0.0


def broken(cause: str, reason: str) -> Backoff:
    raise LookupError(cause)


def queue(**fields: Any) -> dict[str, Any]:
    """A plan of one queue."""
    return {"plan": Plan(queues={"vip": Queue(**fields)})}


def scored(*scorers: Scorer, **fields: Any) -> dict[str, Any]:
    return queue(scoring=scorers, **fields)


def promised(within: Any, **channels: Channel) -> dict[str, Any]:
    """A plan of one queue with one target, and more channels."""
    plan = Plan(
        queues={"vip": Queue(targets=(Target(measures="resolution", within=within),))},
        channels={"default": Channel(), **channels},
    )
    return {"plan": plan}


def two(first: Mapping[str, Any], second: Mapping[str, Any], *roster: Agent, **more: Any) -> dict[str, Any]:
    """A plan of two queues, and a roster."""
    plan = Plan(queues={"vip": Queue(**first), "web": Queue(**second)})
    return {"plan": plan, "roster": roster, **more}


def staffed(*roster: Agent, **fields: Any) -> dict[str, Any]:
    """A plan without a flaw, and a roster."""
    return {"plan": Plan(**fields), "roster": roster}


def agent(name: str = "ann", **fields: Any) -> Agent:
    return Agent(id=name, **fields)


def work_of(**fields: Any) -> Interaction:
    return Interaction(id="t1", **fields)


CHAT = {"channels": {"chat": Channel(units=2)}}
BY_PRIORITY = {"work": work.queue_priority, "refusals": PATIENT, "offer_for": 5}
VIP_SECOND = agent(queues={"vip": 2, "web": 1})
VIP_FIRST = agent("bob", queues={"vip": 1, "web": 2})

SPANISH = Needs('language == "es"')

CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nameless_policy": (queue(work=lambda needs, skills, priority: 0), queue(work=work.best_skill)),
    "own_policy": (scored(own_score), scored(scoring.sentiment())),
    "unshown_queue": (
        {"plan": Plan(queues={"a": Queue(work=work.threshold({"b": 4})), "b": Queue()})},
        {"plan": Plan(queues=dict.fromkeys("ab", Queue(work=work.threshold({"b": 4}))))},
    ),
    "dead_scorer": (
        scored(scoring.weighted([(0, scoring.sentiment())])),
        scored(scoring.weighted([(1, scoring.sentiment())])),
    ),
    "dead_part": (
        scored(scoring.weighted([(0, scoring.sentiment()), (1, scoring.influence())])),
        scored(scoring.weighted([(0.1, scoring.sentiment()), (1, scoring.influence())])),
    ),
    "cap_never_reached": (scored(scoring.sentiment(most=60)), scored(scoring.sentiment(most=3600))),
    "cap_cuts_often": (
        scored(scoring.capped([(1, scoring.sentiment(most=90)), (1, scoring.influence(most=1))], most=60)),
        scored(scoring.capped([(1, scoring.sentiment(most=60))], most=60)),
    ),
    "cap_cuts": (
        scored(scoring.sentiment(most=60), scoring.influence(most=60), head_start_cap=100),
        scored(scoring.sentiment(most=60), scoring.influence(most=40), head_start_cap=100),
    ),
    "broken_refusals": (queue(refusals=broken), queue(refusals=PATIENT)),
    "slow_sticky_wait": (queue(sticky_wait=90, sla=MINUTE), queue(sticky_wait=9, sla=MINUTE)),
    "slow_batch": (
        queue(batch=Batch(window=60, use=flow()), sla=MINUTE),
        queue(batch=Batch(window=6, use=flow()), sla=MINUTE),
    ),
    "slow_offer": (queue(offer_for=60, sla=MINUTE), queue(offer_for=60, sla=MINUTE, auto_accept=True)),
    "slow_cool_down": (
        queue(sla=MINUTE, refusals=per_cause(declined={"cool_down": 60, "exclusion": 60})),
        queue(sla=MINUTE, refusals=PATIENT),
    ),
    "slow_delay": (
        {**queue(sla=MINUTE), "roster": [agent(delays={"vip": 60}), agent("bob", delays={"vip": 90})]},
        {**queue(sla=MINUTE), "roster": [agent(delays={"vip": 60}), agent("bob", delays={"vip": 9})]},
    ),
    "dead_delay": (
        two({}, {}, agent(queues={"web": 1}, delays={"vip": 60, "web": 1})),
        two({}, {}, agent(queues={"web": 1, "vip": 1}, delays={"vip": 60}), agent("bob", delays={"web": 1})),
    ),
    "keeps_everybody": (
        two({"tier": 0, "keep_free": KeepFree(agents=2, tier=0)}, {}, agent(), agent("bob")),
        two({"tier": 0, "keep_free": KeepFree(agents=1, tier=0)}, {}, agent(), agent("bob")),
    ),
    "dead_keep_free": (
        two({"tier": 0, "keep_free": KeepFree(agents=2, tier=1)}, {}),
        two({"tier": 0, "keep_free": KeepFree(agents=2, tier=0)}, {}),
    ),
    "slow_exclusion": (queue(sla=MINUTE), queue(sla=MINUTE, refusals=PATIENT)),
    "dead_step": (
        promised(sla.tightened(3600, followers=[(1000, 300), (1_000_000, 900)])),
        promised(sla.tightened(3600, followers=[(1000, 900), (1_000_000, 300)], sentiment=[(-0.5, 1800)])),
    ),
    "dead_case": (promised(sla.by("channel", {"chat": 60})), promised(sla.by("channel", {"default": 60}))),
    "idle_case": (
        promised(sla.by("segment", {"gold": 60, "trial": 900}, otherwise=900)),
        promised(sla.by("segment", {"gold": 60, "trial": 1800}, otherwise=900)),
    ),
    "dead_setting": (
        queue(auto_accept=True, offer_for=10),
        queue(offer_for=10, reopen_within=3600, refusals=per_cause(expired={"rest": 60})),
    ),
    "silent_alarm": (
        queue(alarms=Alarms(next_breach=60)),
        queue(alarms=Alarms(next_breach=60), sla=HOUR),
    ),
    "constant_alarm": (
        queue(alarms=Alarms(next_breach=60), sla=MINUTE),
        queue(alarms=Alarms(next_breach=30), sla=MINUTE),
    ),
    "unused_calendar": (
        {"plan": Plan(calendars={"office": Calendar()})},
        {
            "plan": Plan(
                queues={"vip": Queue(targets=(Target(measures="accept", within=60, calendar="office"),))},
                calendars={"office": Calendar()},
            )
        },
    ),
    "unused_successor": (
        {"plan": Plan(successors={"old": "default"}), "before": Plan()},
        {
            "plan": Plan(successors={"old": "default"}),
            "before": Plan(queues={"old": Queue(), "default": Queue()}),
        },
    ),
    "missing_successor": (
        {"plan": Plan(), "before": Plan(queues={"old": Queue()})},
        {"plan": Plan(successors={"old": "default"}), "before": Plan(queues={"old": Queue()})},
    ),
    "unreached_overflow": (
        two({"overflow": (Overflow(length=5, queue="web"), Overflow(length=9))}, {}),
        two({"overflow": (Overflow(length=9), Overflow(length=5, queue="web"))}, {}),
    ),
    "unreached_step": (
        two({"steps": (Step(after=60, queue="web"), Step(after=60, tier=0))}, {}),
        two({"steps": (Step(after=60, tier=0), Step(after=60, queue="web"))}, {}),
    ),
    "idle_step": (
        queue(needs=Needs({"x": 2}), steps=(Step(after=60, drop=("y",)),)),
        queue(needs=Needs({"x": 2}), steps=(Step(after=60, drop=("x",)),)),
    ),
    "endless_moves": (
        two({"steps": (Step(after=60, queue="web"),)}, {"steps": (Step(after=60, queue="vip"),)}),
        two({"steps": (Step(after=60, queue="web"),)}, {"steps": (Step(after=60, tier=0),)}),
    ),
    "shadowed_queue": (
        two({"tier": 0}, {}, agent()),
        two({"tier": 0}, {}, agent(), agent("bob", queues={"web": 1})),
    ),
    "starving_tier": (
        two({"tier": 0}, {}, agent(), agent("bob", queues={"web": 1})),
        two({"tier": 0}, {}, agent(queues={"vip": 1}), agent("bob", queues={"web": 1})),
    ),
    "outranked_queue": (
        two(BY_PRIORITY, BY_PRIORITY, VIP_SECOND),
        two(BY_PRIORITY, BY_PRIORITY, VIP_SECOND, VIP_FIRST),
    ),
    "inverted_priority": (
        two({**BY_PRIORITY, "sla": MINUTE}, {**BY_PRIORITY, "sla": HOUR}, VIP_SECOND),
        two({**BY_PRIORITY, "sla": MINUTE}, {**BY_PRIORITY, "sla": HOUR}, VIP_SECOND, VIP_FIRST),
    ),
    "inverted_target": (
        two({"sla": HOUR}, {"sla": MINUTE, "tier": 2}),
        two({"sla": MINUTE}, {"sla": HOUR, "tier": 2}),
    ),
    "outweighed_target": (
        two(
            {"ordering": ordering.due, "sla": MINUTE},
            {"ordering": ordering.due, "sla": HOUR, "scoring": (scoring.sentiment(most=3541),)},
        ),
        two(
            {"ordering": ordering.due, "sla": MINUTE},
            {"ordering": ordering.due, "sla": HOUR, "scoring": (scoring.sentiment(most=3540),)},
        ),
    ),
    "unheard_target": (
        queue(sla=sla.tightened(3600, followers=[(1000, 60)])),
        queue(sla=sla.tightened(3600, followers=[(1000, 60)]), scoring=(scoring.influence(),)),
    ),
    "unheard_priorities": (two({}, {}, VIP_FIRST), two(BY_PRIORITY, {}, VIP_FIRST)),
    "twin_queues": (
        two({"sla": sla.first_response(60)}, {"sla": sla.first_response(60)}, agent()),
        two({"sla": sla.first_response(60)}, {"sla": sla.first_response(61)}, agent()),
    ),
    "mixed_orders": (
        two({"ordering": ordering.due, "sla": HOUR}, {}),
        two({"ordering": ordering.due, "sla": HOUR}, {"tier": 2}),
    ),
    "unknown_targets": (
        queue(ordering=ordering.due, sla=sla.tightened(60, sentiment=[(-1, 30)])),
        queue(ordering=ordering.due, sla=MINUTE),
    ),
    "differing_targets": (
        two({"ordering": ordering.due, "sla": HOUR}, {"ordering": ordering.due, "sla": MINUTE}),
        two({"ordering": ordering.due, "sla": HOUR}, {"ordering": ordering.due, "sla": HOUR}),
    ),
    "agent_twice": (staffed(agent(), agent()), staffed(agent(), agent("bob"))),
    "unknown_name": (staffed(agent(queues={"fax": 1})), staffed(agent(queues={"default": 1}))),
    "idle_agent": (staffed(agent(capacity=0.5)), staffed(agent(capacity=1))),
    "unserved_queue": (two({}, {}, agent(queues={"vip": 1})), two({}, {}, agent())),
    "unserved_channel": (staffed(agent(channels={"default": 0})), staffed(agent(channels={"default": 1}))),
    "oversized_channel": (staffed(agent(), **CHAT), staffed(agent(capacity=2), **CHAT)),
    "wasted_capacity": (
        staffed(agent(capacity=5, channels={"chat": 2}), **CHAT),
        staffed(agent(capacity=4, channels={"chat": 2}), **CHAT),
    ),
    "unreachable_limit": (
        staffed(agent(capacity=4, channels={"chat": 3}), **CHAT),
        staffed(agent(capacity=4, channels={"chat": 2}), **CHAT),
    ),
    "unused_skill": (
        staffed(agent(), skills=frozenset({"x"})),
        staffed(agent(skills={"x": 1}), skills=frozenset({"x"})),
    ),
    "scarce_skill": (
        staffed(agent(skills={"x": 1}), agent("bob")),
        staffed(agent(skills={"x": 1}), agent("bob", skills={"x": 1})),
    ),
    "nobody_for_queue_needs": (
        {**queue(needs=SPANISH), "roster": [agent(attributes={"language": ["de", "en"]})]},
        {**queue(needs=SPANISH), "roster": [agent(attributes={"language": ["de", "es"]})]},
    ),
    "unknown_trait": (
        {**queue(needs=~SPANISH), "roster": [agent()]},
        {**queue(needs=~SPANISH), "roster": [agent(attributes={"language": "de"})]},
    ),
    "refused_work": (
        {"plan": Plan(), "sample": [work_of(queue="fax")]},
        {"plan": Plan(), "sample": [work_of()]},
    ),
    "unroutable_needs": (
        {**staffed(agent()), "sample": [work_of(needs=Needs({"x": 1}))]},
        {**staffed(agent(skills={"x": 1})), "sample": [work_of(needs=Needs({"x": 1}))]},
    ),
    "own_tier": (
        {"plan": Plan(), "sample": [work_of(tier=0)]},
        {"plan": Plan(), "sample": [work_of(tier=1)]},
    ),
    "dead_sticky_wait": (
        {**queue(sticky_wait=5), "sample": [work_of(queue="vip")]},
        {**queue(sticky_wait=5), "sample": [work_of(queue="vip", prefers="ann")]},
    ),
    "unknown_preference": (
        {**staffed(agent()), "sample": [work_of(prefers="eve")]},
        {**staffed(agent()), "sample": [work_of(prefers="ann")]},
    ),
}
"""Kind -> a plan that has it, and one as like it as possible that has not."""

ELSEWHERE = {"dead_topic", "unfed_scorer", "one_sided_beside", "idle_reserve"}
ELSEWHERE |= {"empty_group", "idle_review", "idle_rotation", "idle_surge", "unserved_label"}
"""Found in the table [mentions] of a plan file (see test_flaws), of room (see test_room), of teams."""


def of_kind(kind: str, case: Mapping[str, Any]) -> list[Finding]:
    told = dict(case)
    return [each for each in lint(told.pop("plan"), **told) if each.kind == kind]


def only(kind: str, case: Mapping[str, Any]) -> Finding:
    (found,) = of_kind(kind, case)
    return found


@pytest.mark.parametrize("kind", CASES)
def test_a_plan_with_this_flaw_is_found_and_a_sound_one_is_not(kind: str) -> None:
    """Each finding says where, what and what to do, with the severity of its kind."""
    flawed, sound = CASES[kind]
    found = of_kind(kind, flawed)
    assert found
    assert all(each.severity == KINDS[kind] and each.message and each.suggestion for each in found)
    assert of_kind(kind, sound) == []


def test_every_kind_of_finding_is_tried() -> None:
    assert CASES.keys() | ELSEWHERE == KINDS.keys()


# --- priorities that invert ---------------------------------------------------------------------


def test_a_shorter_promise_that_everybody_serves_later() -> None:
    """Under the agents' own priorities; under greatest need the same roster is sound."""
    found = only("inverted_priority", CASES["inverted_priority"][0])
    assert found.place == "queues.vip.work"
    assert (
        found.message
        == "60 s are promised, but everybody serves something else first (web), where 3600 s would do"
    )
    by_need = {"refusals": PATIENT, "offer_for": 5}
    plain = two({**by_need, "sla": MINUTE}, {**by_need, "sla": HOUR}, VIP_SECOND)
    assert of_kind("inverted_priority", plain) == of_kind("outranked_queue", plain) == []


def test_needs_that_only_those_meet_who_serve_something_else_first() -> None:
    """The queue as a whole is sound, but not for everything in it."""
    latin = agent("lia", queues={"vip": 2, "web": 1}, skills={"latin": 1})
    promises = {**BY_PRIORITY, "sla": MINUTE}, {**BY_PRIORITY, "sla": HOUR}
    sample = [work_of(queue="vip", needs=Needs({"latin": 1}))]
    found = only("inverted_priority", two(*promises, latin, VIP_FIRST, sample=sample))
    assert found.place == "sample"
    assert "of those who can do it, 60 s are promised" in found.message
    assert of_kind("inverted_priority", two(*promises, latin, VIP_FIRST, sample=[work_of(queue="vip")])) == []


def test_a_work_policy_that_always_ranks_before_another_one() -> None:
    """Greatest need ranks 0, a priority is at least 1: in one tier they do not mix."""
    found = only("outranked_queue", two(BY_PRIORITY, {}, agent()))
    assert found.place == "queues.vip.work"
    assert "everybody serves something else first (web)" in found.message
    assert of_kind("outranked_queue", two(BY_PRIORITY, {"tier": 2}, agent())) == []
    assert of_kind("outranked_queue", two(BY_PRIORITY, {"work": work.best_skill}, agent())) == []


def test_a_later_tier_that_promises_more_only_where_somebody_serves_both() -> None:
    apart = agent(queues={"vip": 1}), agent("bob", queues={"web": 1})
    promises: tuple[dict[str, Any], dict[str, Any]] = {"sla": HOUR}, {"sla": MINUTE, "tier": 2}
    assert of_kind("inverted_target", two(*promises, *apart)) == []
    found = only("inverted_target", two(*promises, agent()))
    assert found.place == "queues.web.tier"
    assert found.message == "promises 60 s, but what is in vip always comes first, where 3600 s would do"


def test_targets_by_tier_that_are_the_wrong_way_round() -> None:
    found = only("inverted_target", promised(sla.by("tier", {"0": 3600, "1": 60, "2": 7200})))
    assert found.place == "queues.vip.targets[0].within.cases.1"
    assert of_kind("inverted_target", promised(sla.by("tier", {"0": 60, "1": 3600}))) == []


# --- rules that are never heard -----------------------------------------------------------------


def test_every_step_that_never_tightens() -> None:
    """Wherever it applies something shorter applies, too: a wider step, its double, or the usual."""
    within = sla.tightened(
        600, followers=[(10, 900)], influence=[(50, 60), (50, 60)], sentiment=[(-0.9, 300), (-0.1, 200)]
    )
    places = {each.place.rpartition("within.")[2] for each in of_kind("dead_step", promised(within))}
    assert places == {"followers[0]", "influence[1]", "sentiment[0]"}
    nested = sla.by("segment", {"gold": sla.tightened(60, followers=[(1, 90)])})
    found = only("dead_step", promised(nested))
    assert found.place == "queues.vip.targets[0].within.cases.gold.followers[0]"


steps = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 5)), max_size=4)


@given(st.integers(1, 5), steps, steps, st.none() | st.integers(0, 4), st.none() | st.integers(0, 4))
def test_without_the_steps_that_are_found_every_target_is_the_same(
    usual: int, followers: Any, sentiment: Any, many: int | None, mood: int | None
) -> None:
    """What is called dead is dead."""
    tables = {"followers": followers, "sentiment": [(-bound / 4, seconds) for bound, seconds in sentiment]}
    found = {
        each.place.rpartition("within.")[2]
        for each in of_kind("dead_step", promised(sla.tightened(usual, **tables)))
    }
    kept = {
        name: [step for number, step in enumerate(table) if f"{name}[{number}]" not in found]
        for name, table in tables.items()
    }
    item = work_of(customer=Customer(id="c", followers=many), sentiment=None if mood is None else -mood / 4)
    assert sla.tightened(usual, **kept)(item, 0.0) == sla.tightened(usual, **tables)(item, 0.0)


def test_cases_that_never_come() -> None:
    """Channels that are not in the plan, tiers that cannot be; other fields may be anything."""
    assert only("dead_case", promised(sla.by("tier", {"urgent": 60}))).message.startswith(
        "never comes: a tier"
    )
    assert of_kind("dead_case", promised(sla.by("channel", {"chat": 60}), chat=Channel())) == []
    assert of_kind("dead_case", promised(sla.by("language", {"es": 60}))) == []


def test_settings_of_what_does_not_happen() -> None:
    """Offers that nobody makes, re-openings that cannot be, a cap on nothing."""
    flaws: list[tuple[dict[str, Any], str]] = [
        ({"auto_accept": True, "offer_for": 10}, "offer_for"),
        ({"auto_accept": True, "refusals": per_cause(expired={"rest": 9})}, "refusals"),
        ({"reopen": False, "reopen_within": 60}, "reopen_within"),
        ({"reopen_within": 8 * 86_400.0}, "reopen_within"),
        ({"head_start_cap": 60}, "head_start_cap"),
    ]
    for fields, setting in flaws:
        assert only("dead_setting", queue(**fields)).place == f"queues.vip.{setting}"
    # Declining is asked of what is given back, too, and a holder can lose her connection.
    kept = per_cause(declined={"rest": 9}, disconnected={"rest": 9})
    assert of_kind("dead_setting", queue(auto_accept=True, refusals=kept)) == []


def test_alarms_that_never_ring_and_that_always_do() -> None:
    assert only("silent_alarm", queue(alarms=Alarms())).place == "queues.vip.alarms"
    office = Plan(
        queues={
            "vip": Queue(
                alarms=Alarms(next_breach=60), targets=(Target(measures="accept", within=60, calendar="o"),)
            )
        },
        calendars={"o": Calendar(week={"mon": ["09:00-17:00"]})},
    )
    assert of_kind("constant_alarm", {"plan": office}) == [], "by night it is due in the morning"


def test_caps_within_a_policy_that_make_customers_alike() -> None:
    inner = scoring.capped([(1, scoring.customer_value(most=600)), (1, scoring.sentiment(most=90))], most=60)
    found = of_kind("cap_cuts_often", scored(scoring.weighted([(2, inner)]), head_start_cap=120))
    assert [each.place for each in found] == ["queues.vip.scoring[0].parts[0].most"]


# --- steps --------------------------------------------------------------------------------------


def test_steps_after_everything_has_gone() -> None:
    """Only a move without conditions takes everything; of one age, steps are taken in their order."""
    later = Step(after=90, tier=0)
    for move in (Step(after=60, queue="web"), Step(queue="web")):
        found = only("unreached_step", two({"steps": (later, move)}, {}))
        assert found.place == "queues.vip.steps[0].after"
        assert found.message.startswith("is never taken: steps[1] has moved everything to web by then")
    conditions: list[dict[str, Any]] = [{"slack": 9}, {"eligible_below": 1}, {"free_below": 1}]
    for condition in conditions:
        move = Step(after=60, queue="web", **condition)
        assert of_kind("unreached_step", two({"steps": (later, move), "sla": MINUTE}, {})) == []


def test_slack_where_nothing_is_promised() -> None:
    hurry = (Step(slack=9, tier=0),)
    found = only("unreached_step", queue(steps=hurry))
    assert (found.place, found.message[-15:]) == ("queues.vip.steps[0].slack", "it is never due")
    elsewhere = only("unreached_step", two({"steps": hurry}, {"sla": MINUTE}))
    assert elsewhere.message.endswith("only what missed one in another queue takes it")
    target = Target(measures="accept", within=60)
    assert of_kind("unreached_step", queue(steps=hurry, targets=(target,))) == []


def test_steps_that_change_nothing() -> None:
    """Every part of a step by itself; what the sample, or `also`, asks for counts."""
    step = Step(after=60, drop=("agent", "x"), lower={"language": 1}, widen={"x": ("pt",)}, tier=1)
    found = of_kind("idle_step", queue(needs=SPANISH & Needs({"x": 2}), steps=(step,)))
    assert [each.place.rpartition(".")[2] for each in found] == ["drop", "lower", "tier", "widen"]
    assert "for agent: the needs of the queue do not ask, only what" in found[0].message
    plain = queue(steps=(Step(after=60, drop=("x", "language")), Step(after=9, also=SPANISH)))
    assert "nothing for x: " in only("idle_step", plain).message
    asking, other = work_of(queue="vip", needs=Needs({"x": 1})), work_of(queue="vip")
    assert of_kind("idle_step", {**plain, "sample": [other, asking]}) == []
    assert only("idle_step", {**plain, "sample": [other]}).message.endswith("nothing of the sample asks")


def test_the_tier_of_the_queue_given_by_a_step() -> None:
    """It is something where interactions bring one of their own, or another step gave another."""
    same = queue(steps=(Step(after=60, tier=1),))
    assert only("idle_step", same).place == "queues.vip.steps[0].tier"
    assert of_kind("idle_step", queue(steps=(Step(after=60, tier=0), Step(after=90, tier=1)))) == []
    assert of_kind("idle_step", {**same, "sample": [work_of(queue="vip", tier=3)]}) == []


def test_moves_in_a_circle_are_said_once_and_in_order() -> None:
    ring = {
        name: Queue(steps=(Step(after=60, queue=other), Step(after=90, queue="a")))
        for name, other in zip("bcd", "cdb", strict=True)
    }
    plan = Plan(queues={"a": Queue(steps=(Step(eligible_below=1, after=9, queue="b"),)), **ring})
    assert only("endless_moves", {"plan": plan}).message.endswith(": b -> c -> d -> b")
    wide = {f"q{n}": Queue(steps=(Step(after=60, queue=f"q{(n + 1) % 99}"),)) for n in range(99)}
    found = only("endless_moves", {"plan": Plan(queues=wide)})
    assert found.message.endswith(": q0 -> q1 -> q2 -> q3 -> q4 -> q5 -> ... -> q0")


def test_the_bound_names_steps_as_exceptions() -> None:
    """Those that give a head start in the tier, or put something there or before it."""

    def tiers(step: Step) -> list[int]:
        plan = Plan(queues={"vip": Queue(steps=(step,)), "web": Queue(tier=2)})
        end = "; but steps may put something first"
        return [each.tier for each in starvation_bound(plan) if each.reason.endswith(end)]

    assert tiers(Step(after=60, head_start=60)) == [1]
    assert tiers(Step(after=60, tier=0)) == [1, 2]
    assert tiers(Step(after=60, tier=2)) == [2]
    assert tiers(Step(after=60, notify="boss")) == []


def test_a_target_that_a_step_of_slack_hears() -> None:
    felt = sla.tightened(3600, followers=[(1000, 60)])
    assert of_kind("unheard_target", queue(sla=felt, steps=(Step(slack=9, tier=0),))) == []
    told = only("unheard_target", queue(sla=felt, steps=(Step(slack=9, notify="boss"),)))
    assert told.place == "queues.vip.sla"


# --- needs that are rules -----------------------------------------------------------------------


def test_needs_of_the_queue_count_for_whatever_comes_there() -> None:
    """Beside its own; it is said who is closest, and what she lacks of both."""
    roster = [agent(skills={"x": 1}), agent("bob", attributes={"language": "es"})]
    sample = [work_of(queue="vip", needs=Needs({"x": 1}))]
    found = only("unroutable_needs", {**queue(needs=SPANISH), "roster": roster, "sample": sample})
    assert found.message.endswith('on queue vip, channel default meets the needs x 1, language == "es"')
    assert found.suggestion == 'ann is closest: she lacks language == "es"'
    both = agent("eve", skills={"x": 1}, attributes={"language": "es"})
    case = {**queue(needs=SPANISH), "roster": [*roster, both], "sample": sample}
    assert of_kind("unroutable_needs", case) == []


def test_what_steps_bring_to_somebody_is_not_unroutable() -> None:
    """Relaxed by all steps, or moved; not by steps that leave it where nobody can do it."""
    ann = agent(attributes={"ring": 3}, queues={"vip": 1})
    inner = Needs("ring == 1")
    sample = [work_of(queue="vip", needs=inner)]
    rings: list[dict[str, Any]] = [
        {"steps": bullseye([30, 60])},
        {"steps": bullseye([30, 60]), "needs": inner},
    ]
    for fields in rings:
        case = {**queue(**fields), "roster": [ann], "sample": sample}
        assert of_kind("unroutable_needs", case) == of_kind("nobody_for_queue_needs", case) == []
    assert of_kind("unroutable_needs", {**queue(steps=bullseye([30])), "roster": [ann], "sample": sample})
    away = agent("bob", queues={"web": 1}, attributes={"ring": 1})
    for step, found in ((Step(after=20, queue="web"), 0), (Step(after=20, notify="boss"), 1)):
        case = two({"needs": inner, "steps": (step,)}, {}, ann, away, sample=sample)
        assert len(of_kind("unroutable_needs", case)) == found
        assert len(of_kind("nobody_for_queue_needs", case)) == found


def test_whoever_does_not_meet_a_queues_needs_does_not_serve_it() -> None:
    """So an earlier tier that she cannot do starves nothing, and is not served first."""
    spanish, german = (agent(name, attributes={"language": name}) for name in ("es", "de"))
    tiers: tuple[dict[str, Any], dict[str, Any]] = {"tier": 0, "needs": SPANISH}, {"needs": ~SPANISH}
    assert of_kind("shadowed_queue", two(*tiers, spanish, german)) == []
    assert only("shadowed_queue", two({"tier": 0}, tiers[1], spanish, german)).place == "queues.web.tier"
    ranked = {**BY_PRIORITY, "needs": SPANISH}
    second = attrs.evolve(VIP_SECOND, attributes={"language": "de"})
    assert of_kind("outranked_queue", two(BY_PRIORITY, ranked, second)) == []
    assert only("outranked_queue", two(BY_PRIORITY, BY_PRIORITY, second)).place == "queues.vip.work"


def test_names_that_the_roster_does_not_have() -> None:
    """In the needs of a queue, in what a step allows, and in the sample, preferences included."""
    steps = (Step(after=60, also=Needs('agent IN ["ann", "eve"]')),)
    sample = [work_of(queue="vip", needs=Needs("PREFER seniority >= 3"))]
    case = {**queue(needs=~SPANISH, steps=steps), "roster": [agent()], "sample": sample}
    found = {each.place: each.message.partition(": ")[2] for each in of_kind("unknown_trait", case)}
    assert found == {"queues.vip.needs": "language", "queues.vip.steps[0].also": "eve", "sample": "seniority"}


def test_attributes_that_the_plan_does_not_list() -> None:
    """An agent with one is refused; so is work that asks for one."""
    plan = Plan(attributes=frozenset({"team"}))
    spanish = agent(attributes={"language": "es"})
    assert "attribute 'language'" in only("unknown_name", {"plan": plan, "roster": [spanish]}).message
    found = only("refused_work", {"plan": plan, "sample": [work_of(needs=SPANISH)]})
    assert found.message.endswith("there is no attribute 'language'")
    assert found.suggestion == "use one of team"


RULES = [
    *('level("x") >= 1', 'language == "es"', 'agent == "a1"', 'NOT agent IN ["a0", "a2"]', "flag == true"),
    *("flag == 1", 'agent != "a0" AND language IN ["es", "de"] OR level("x") >= 2', "NOBODY", "ANYBODY"),
]
TRAITS: list[dict[str, Any]] = [
    *({}, {"language": "es"}, {"language": ["es", "de"]}, {"flag": True}, {"flag": 1}, {"flag": 1.0}),
]
members = st.builds(
    Agent,
    id=st.just("x"),
    skills=st.dictionaries(st.just("x"), st.integers(0, 2)),
    attributes=st.sampled_from(TRAITS),
)


@given(st.lists(members, max_size=6), st.sampled_from(RULES))
def test_those_who_meet_needs_are_found_in_sets(drawn: list[Agent], rule: str) -> None:
    """Agents who are alike are asked once, and those whom needs name by themselves."""
    roster = [attrs.evolve(each, id=f"a{number}") for number, each in enumerate(drawn)]
    needs = Needs(rule)
    found = Staff(roster, {"vip": Queue(needs=needs)})
    able = [each for each in roster if each.meets(needs)]
    assert found.named(found.meeting(needs)) == found.named(found.serving("vip")) == able


# --- capacities that can never fill -------------------------------------------------------------


def test_a_capacity_that_no_combination_uses_up() -> None:
    """Agents who are alike are said once."""
    team = [agent(f"a{number}", capacity=5, channels={"chat": 2}) for number in range(3)]
    found = only("wasted_capacity", staffed(*team, **CHAT))
    assert found.place == "roster.a0.capacity"
    assert found.message == "is 5, but her channels never add up to more than 4 (and 2 alike)"
    odd = staffed(agent(capacity=5), **CHAT)
    assert only("wasted_capacity", odd).message.endswith("more than 4"), "without a limit, units are even"


@pytest.mark.parametrize(
    ("policy", "most"), [(capacity.one_at_a_time, 2), (capacity.one_channel_at_a_time, 4), (None, 5)]
)
def test_a_capacity_that_the_plan_does_not_let_fill(policy: Any, most: float) -> None:
    plan = Plan(channels={"chat": Channel(units=2), "mail": Channel(units=1)}, capacity=policy)
    ann = agent(capacity=5, channels={"chat": 2, "mail": 1})
    found = of_kind("wasted_capacity", {"plan": plan, "roster": [ann]})
    assert [each.suggestion.split()[0] for each in found] == ([] if most == 5 else [str(most)])


def test_what_adds_up_is_what_trying_all_combinations_finds() -> None:
    """Small pools by brute force; a pool of very many steps is only bounded from above."""
    loads: list[tuple[float, int | None]] = [(0.5, 3), (1.5, None), (2, 1)]
    for pool in range(1, 12):
        room = pool / 2
        sums = {a * 0.5 + b * 1.5 + c * 2 for a in range(4) for b in range(9) for c in range(2)}
        assert fullest(room, loads) == max(each for each in sums if each <= room)
    assert fullest(1e6, [(0.001, 3), (1000, 2)]) == 2000.003


# --- shadowed queues ----------------------------------------------------------------------------


def test_a_queue_is_shadowed_only_if_nobody_is_there_for_it_alone() -> None:
    tiers: tuple[dict[str, Any], dict[str, Any]] = {"tier": 0}, {}
    alone = agent("bob", queues={"web": 1})
    assert only("shadowed_queue", two(*tiers, agent())).place == "queues.web.tier"
    found = only("starving_tier", two(*tiers, agent(), alone))
    assert found.message == "whoever also serves vip comes to it only when nothing is left there"
    assert of_kind("starving_tier", two(*tiers, agent())) == []


def test_twins_must_be_served_by_the_same_agents_at_the_same_priorities() -> None:
    assert only("twin_queues", two({}, {}, agent(), agent("bob"))).place == "queues.web"
    assert of_kind("twin_queues", two({}, {}, agent(), agent("bob", queues={"vip": 1}))) == []
    assert of_kind("twin_queues", two({}, {}, VIP_FIRST)) == []
    assert of_kind("twin_queues", two({}, {})) == [], "without a roster nobody knows who serves them"


# --- the bound ----------------------------------------------------------------------------------


def of_agents(number: int) -> tuple[Plan, list[Agent], list[Interaction]]:
    """All of them different, over half as many queues, with half as many kinds of needs."""
    half = number // 2
    queues = {
        f"q{n}": Queue(tier=n % 3, sla=sla.first_response(60 + n), work=work.queue_priority)
        for n in range(half)
    }
    channels = {f"c{n}": Channel(units=0.7 + n) for n in range(5)}
    roster = [
        Agent(
            id=f"a{n}",
            skills={f"s{n % 97}": n % 5, f"s{n % 89}": 3, f"s{n % 7}": n % 4},
            queues={f"q{(n + each * 7) % half}": 1 + each % 3 for each in range(100)} if n % 10 else None,
            channels=dict.fromkeys(channels, 1 + n % 4),
            capacity=1 + n % 50,
        )
        for n in range(number)
    ]
    sample = [
        Interaction(id=f"t{n}", queue=f"q{n}", channel=f"c{n % 5}", needs=Needs({f"s{n % 97}": n / 300}))
        for n in range(half)
    ]
    return Plan(queues=queues, channels=channels), roster, sample


def test_four_times_as_many_agents_and_queues_take_no_more_than_their_pairs() -> None:
    """Each looked at beside each is 16 times as much; 64 times would be a mistake in its growth."""
    seconds = []
    for number in (500, 2000):
        floor = of_agents(number)
        started = process_time()
        assert lint(*floor)
        seconds.append(process_time() - started)
    assert seconds[1] < 40 * seconds[0]
