"""Who is asked: several at once, without being shown what it is, or only when she asks herself."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from tests.builders import Checked, Floor
from workassign import Agent, Desk, Engine, Interaction, Needs, Plan, PlanError, Presence, Queue, UsageError
from workassign import commands as cmd
from workassign import events as ev
from workassign.explain import explain, why_not, why_waiting
from workassign.journal import record, replay, verify
from workassign.kpi import Kpis
from workassign.model import OfferId
from workassign.policies import offers, scoring
from workassign.policies.holds import Hold
from workassign.stores.memory import MemoryStore


def engine_of(*names: str, **settings: Any) -> Engine:
    """An engine with these agents signed on, the first the longest idle."""
    engine = Checked(Plan(queues={"default": Queue(**settings)}))
    for at, name in enumerate(names):
        engine.add_agent(Agent(id=name), at)
        engine.sign_on(name, at)
    return engine


def submit(engine: Engine, at: float, name: str = "t", **traits: Any) -> list[ev.Event]:
    return engine.submit(Interaction(id=name, **traits), at)


def asked(found: list[ev.Event]) -> list[tuple[str, str]]:
    return [(each.interaction, each.agent) for each in found if isinstance(each, ev.Offered)]


def rescinded(found: list[ev.Event]) -> list[tuple[str, str]]:
    return [(each.agent, each.cause) for each in found if isinstance(each, ev.OfferRescinded)]


# --- several at once --------------------------------------------------------------------------------


def test_several_are_asked_at_once_the_preferred_first_and_no_more_than_the_queue_says() -> None:
    engine = engine_of("ann", "bob", "cyd", offers=2)
    assert asked(submit(engine, 10)) == [("t", "ann"), ("t", "bob")]


def test_the_first_to_accept_has_it_and_the_others_are_free_in_the_same_turn() -> None:
    engine = engine_of("ann", "bob", "cyd", offers=3)
    submit(engine, 10)
    submit(engine, 11, "next")
    found = engine.accept(2, "bob", 12)
    assert isinstance(found[0], ev.Assigned)
    assert rescinded(found) == [("ann", "accepted by bob"), ("cyd", "accepted by bob")]
    assert asked(found) == [("next", "ann"), ("next", "cyd")]


def test_an_offer_that_was_won_by_somebody_else_is_refused_and_changes_nothing() -> None:
    engine = engine_of("ann", "bob", offers=2)
    submit(engine, 10)
    engine.accept(1, "ann", 11)
    before = engine.snapshot()
    (late,) = engine.accept(2, "bob", 12)
    assert isinstance(late, ev.Refused)
    assert late.rule == "offer_closed"
    assert engine.snapshot() == before


def test_who_declines_leaves_it_to_the_others_and_when_all_have_it_waits_again() -> None:
    engine = engine_of("ann", "bob", offers=2)
    submit(engine, 10)
    engine.decline(1, "ann", 11)
    assert why_not(engine, "bob", "t").holder == "bob"
    engine.decline(2, "bob", 12)
    assert why_waiting(engine, "t").stage == "waiting"
    assert asked(engine.tick(41)) == [("t", "ann")]  # the oldest refusal first, after its cool-down


def test_an_offer_that_runs_out_ends_alone() -> None:
    engine = engine_of("ann", "bob", offers=2, offer_for=30)
    submit(engine, 10)
    engine.decline(2, "bob", 20)
    (ended,) = engine.tick(40)
    assert isinstance(ended, ev.OfferExpired)
    assert ended.agent == "ann"


def test_nobody_waits_because_others_are_asked_twice() -> None:
    """Two come in one turn to two free agents: each gets one before anybody is asked for a second."""
    engine = engine_of(offers=2)
    for name in ("ann", "bob"):
        engine.add_agent(Agent(id=name), 0)
    submit(engine, 1, "a")
    submit(engine, 1, "b")
    engine.set_presence("ann", Presence.BUSY, 2)
    engine.set_presence("bob", Presence.AVAILABLE, 2)
    assert asked(engine.set_presence("ann", Presence.AVAILABLE, 3)) == [("b", "ann")]


def test_what_prefers_an_agent_who_is_free_asks_nobody_else() -> None:
    engine = engine_of("ann", "bob", offers=2)
    assert asked(submit(engine, 10, prefers="bob")) == [("t", "bob")]


@pytest.mark.parametrize(
    ("end", "cause"),
    [
        (cmd.Cancel("t"), "cancelled"),
        (cmd.Abandon("t"), "abandoned"),
        (cmd.Transfer("t", "other"), "transferred"),
        (cmd.Assign("t", "bob"), "assigned by hand"),
    ],
)
def test_whatever_takes_it_away_takes_every_offer_back(end: cmd.Command, cause: str) -> None:
    plan = Plan(queues={"default": Queue(offers=2), "other": Queue()})
    engine = Checked(plan)
    for name in ("ann", "bob"):
        engine.add_agent(Agent(id=name, queues={"default": 1}), 0)
        engine.sign_on(name, 0)
    submit(engine, 10)
    assert rescinded(engine.handle(end, 11)) == [("ann", cause), ("bob", cause)]


def test_who_goes_loses_only_her_own_offer() -> None:
    engine = engine_of("ann", "bob", offers=2)
    submit(engine, 10)
    assert rescinded(engine.disconnect("ann", 11)) == [("ann", "disconnected")]
    assert rescinded(engine.handle(cmd.RemoveAgent("bob"), 12)) == [("bob", "agent removed")]


def test_each_decision_of_several_is_explained_and_the_journal_is_sound() -> None:
    floor = Floor(Plan(queues={"default": Queue(offers=2)}))
    for name in ("ann", "bob", "cyd"):
        floor.do(cmd.AddAgent(Agent(id=name)), 0)
        floor.do(cmd.SignOn(name), 0)
    floor.do(cmd.Submit(Interaction(id="t")), 1)
    first, then = explain(floor.plan, floor.turns, "t").decisions
    assert (first.agent, first.notes) == ("ann", ())
    assert (then.agent, then.candidates[0].agent) == ("bob", "bob")
    assert "asks several at once" in then.notes[0]
    excluded = {each.agent: [reason.text for reason in each.reasons] for each in then.candidates}
    assert excluded["ann"][0] == "is asked for it already"


def test_a_journal_of_several_offers_is_verified_and_replayed() -> None:
    engine, store = Engine(Plan(queues={"default": Queue(offers=3, blind=True)})), MemoryStore()
    recorder = record(engine, store)
    for name in ("ann", "bob", "cyd"):
        recorder.handle(cmd.AddAgent(Agent(id=name)), 0)
        recorder.handle(cmd.SignOn(name), 0)
    recorder.handle(cmd.Submit(Interaction(id="t")), 1)
    recorder.flush()
    assert replay(store).snapshot() == engine.snapshot()
    recorder.handle(cmd.Accept(3, "cyd"), 2)
    recorder.flush()
    assert verify(store).ok
    assert replay(store).snapshot() == engine.snapshot()


def test_figures_count_every_offer_and_the_interaction_once() -> None:
    engine = Checked(Plan(queues={"default": Queue(offers=2)}))
    kpis = Kpis(engine.plan)
    for command in (cmd.AddAgent(Agent(id="ann")), cmd.AddAgent(Agent(id="bob")), cmd.SignOn("ann")):
        engine.handle(command, 0)
        kpis.take(0, engine.facts)
    kpis.take(1, engine.sign_on("bob", 1))
    kpis.take(10, submit(engine, 10))
    kpis.take(14, engine.accept(2, "bob", 14))
    found = kpis.figures()
    assert (found.entered, found.answered, found.waiting) == (1, 1, 0)
    ann, bob = kpis.agents(at=20)
    assert (ann.offers["rescinded"], bob.offers["accepted"]) == (1, 1)


def test_a_blind_offer_does_not_say_what_it_is_before_it_is_accepted() -> None:
    desk = Desk(Engine(Plan(queues={"default": Queue(blind=True)})), MemoryStore(), clock=lambda: 5.0)
    desk.handle(cmd.AddAgent(Agent(id="ann")))
    desk.handle(cmd.SignOn("ann"))
    _, offered = desk.handle(cmd.Submit(Interaction(id="t")))
    assert isinstance(offered, ev.Offered)
    assert offered.blind
    assert desk.agent("ann").offers == {1: None}
    desk.handle(cmd.Accept(1, "ann"))
    assert list(desk.agent("ann").work) == ["t"]


def test_a_view_names_everybody_who_is_asked() -> None:
    desk = Desk(Engine(Plan(queues={"default": Queue(offers=2)})), MemoryStore(), clock=lambda: 5.0)
    for name in ("ann", "bob"):
        desk.handle(cmd.AddAgent(Agent(id=name)))
        desk.handle(cmd.SignOn(name))
    desk.handle(cmd.Submit(Interaction(id="t")))
    assert desk.interaction("t").offers == {1: "ann", 2: "bob"}
    assert "is offered to ann (offer 1), bob (offer 2)" in desk.why_waiting("t").where


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"offers": 0}, "queues.default.offers: must be a whole number from 1 to 50"),
        ({"offers": 51}, "queues.default.offers: must be a whole number from 1 to 50"),
        ({"offers": 2.5}, "queues.default.offers: must be a whole number from 1 to 50"),
        ({"blind": "yes"}, "queues.default.blind: must be true or false"),
        ({"offers": 2, "auto_accept": True}, "queues.default.auto_accept: nothing is offered then"),
    ],
)
def test_a_wrong_number_of_offers_is_refused_with_its_path(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(PlanError, match=problem):
        Plan.from_data({"queues": {"default": settings}})


def test_a_plan_says_how_many_are_asked_only_where_it_is_more_than_one() -> None:
    assert "offers" not in Plan().to_data()["queues"]["default"]
    plan = Plan(queues={"default": Queue(offers=4, blind=True)})
    assert plan.to_data()["queues"]["default"]["offers"] == 4
    assert Plan.from_data(plan.to_data()).hash == plan.hash


# --- who only pulls ---------------------------------------------------------------------------------


def with_puller(**settings: Any) -> Engine:
    engine = Checked(Plan(queues={"default": Queue(**settings)}))
    engine.add_agent(Agent(id="ann", pull=True, capacity=2, skills={"es": 1}), 0)
    engine.sign_on("ann", 0)
    return engine


def test_who_only_pulls_is_given_nothing_unasked_and_the_reason_is_told() -> None:
    engine = with_puller()
    assert asked(submit(engine, 1)) == []
    assert engine.check() == {Hold.PULL_ONLY: 1}
    assert [each.kind for each in why_not(engine, "ann", "t").reasons] == ["pull_only"]
    (way,) = why_waiting(engine, "t").ways
    assert (way.kinds, way.text) == (("pulls",), "ann asks for work")


def test_who_pulls_has_at_once_what_she_would_take_next() -> None:
    engine = with_puller()
    submit(engine, 1, "later")
    submit(engine, 2, "urgent", tier=0)
    submit(engine, 3, "beyond her", tier=0, needs=Needs({"law": 1}))
    (assigned,) = engine.pull("ann", 4)
    assert isinstance(assigned, ev.Assigned)
    assert (assigned.interaction, assigned.how, assigned.offer) == ("urgent", "pulled", None)


def test_anybody_may_pull_even_while_she_rests() -> None:
    engine = engine_of("ann", refusals=offers.per_cause(declined={"rest": 500, "cool_down": 5}))
    submit(engine, 1, "a")
    engine.decline(1, "ann", 2)
    submit(engine, 3, "b")
    assert asked(engine.tick(100)) == []
    (assigned,) = engine.pull("ann", 101)
    assert isinstance(assigned, ev.Assigned)
    assert assigned.interaction == "a"


def test_what_she_refused_she_does_not_get_by_pulling_before_its_time() -> None:
    engine = engine_of("ann", "bob")
    engine.set_presence("bob", Presence.BUSY, 1)
    submit(engine, 2)
    engine.decline(1, "ann", 3)
    (refused,) = engine.pull("ann", 4)
    assert isinstance(refused, ev.Refused)
    assert refused.rule == "nothing_waits"


@pytest.mark.parametrize(
    ("presence", "rule"), [(Presence.AWAY, "not_available"), (Presence.AVAILABLE, "nothing_waits")]
)
def test_to_pull_in_vain_is_refused_and_changes_nothing(presence: Presence, rule: str) -> None:
    engine = with_puller()
    if presence is not Presence.AVAILABLE:
        engine.set_presence("ann", presence, 1)
        submit(engine, 2)
    before = engine.snapshot()
    (refused,) = engine.pull("ann", 3)
    assert isinstance(refused, ev.Refused)
    assert refused.rule == rule
    assert engine.snapshot() == before


def test_who_is_not_on_the_roster_pulls_nothing() -> None:
    (refused,) = Engine().pull("nobody", 0)
    assert isinstance(refused, ev.Refused)
    assert refused.rule == "unknown_agent"


def test_pulling_ends_when_she_is_full() -> None:
    engine = with_puller()
    for number in range(3):
        submit(engine, 1, f"t{number}")
    for at in (2, 3):
        assert isinstance(engine.pull("ann", at)[0], ev.Assigned)
    (refused,) = engine.pull("ann", 4)
    assert isinstance(refused, ev.Refused)


def test_what_was_pulled_is_explained_as_her_own_wish() -> None:
    floor = Floor(Plan())
    floor.do(cmd.AddAgent(Agent(id="ann", pull=True)), 0)
    floor.do(cmd.SignOn("ann"), 0)
    floor.do(cmd.Submit(Interaction(id="t")), 1)
    floor.do(cmd.Pull("ann"), 2)
    (decision,) = explain(floor.plan, floor.turns, "t").decisions
    assert (decision.how, decision.agent) == ("pulled", "ann")
    assert decision.notes == ("she asked for it herself: nobody else was asked",)


def test_pull_must_be_true_or_false() -> None:
    with pytest.raises(UsageError, match="pull must be true or false"):
        Agent(id="ann", pull="yes")  # type: ignore[arg-type]


# --- what a refusal gives to the interaction ----------------------------------------------------------


def boosted(seconds: float, cap: float = 3600.0, **settings: Any) -> Engine:
    refusals = offers.per_cause(declined={"boost": seconds, "cool_down": 5})
    return engine_of("ann", refusals=refusals, head_start_cap=cap, **settings)


def test_what_was_refused_goes_ahead_of_what_came_a_little_earlier() -> None:
    engine = boosted(100)
    submit(engine, 10, "early")
    submit(engine, 50, "refused")
    engine.cancel("early", 51)
    engine.decline(2, "ann", 52)
    submit(engine, 53, "other")
    engine.decline(3, "ann", 54)
    assert asked(engine.tick(70)) == [("refused", "ann")]


def test_a_boost_counts_in_the_cap_of_the_queue_with_all_other_head_starts() -> None:
    engine = boosted(40, cap=50, scoring=(scoring.sentiment(most=20),))
    submit(engine, 10, sentiment=-1.0)
    first, *_ = engine.decline(1, "ann", 11)
    assert isinstance(first, ev.Declined)
    assert first.boost == 30
    engine.tick(16)
    again, *_ = engine.decline(2, "ann", 17)
    assert isinstance(again, ev.Declined)
    assert again.boost == 0


def test_a_boost_survives_a_change_of_plan_within_the_new_cap() -> None:
    engine = boosted(40)
    submit(engine, 100)
    engine.decline(1, "ann", 101)
    queue = attrs.evolve(engine.plan.queues["default"], head_start_cap=15.0)
    *_, rekeyed = engine.change_plan(Plan(queues={"default": queue}), 102)
    assert isinstance(rekeyed, ev.Rekeyed)
    assert (rekeyed.head_start, rekeyed.terms) == (15.0, (("refused", 40.0),))


def test_a_boost_is_of_the_queue_and_is_left_behind_with_it() -> None:
    plan = Plan(
        queues={"default": Queue(refusals=offers.per_cause(declined={"boost": 40})), "other": Queue()}
    )
    engine = Checked(plan)
    engine.add_agent(Agent(id="ann"), 0)
    engine.sign_on("ann", 0)
    submit(engine, 100)
    engine.decline(1, "ann", 101)
    moved, *_ = engine.transfer("t", "other", 102)
    assert isinstance(moved, ev.Transferred)
    assert moved.head_start == 0
    assert "boosts" not in engine.snapshot()


@pytest.mark.parametrize("boost", [-1, float("nan"), float("inf"), 1e13, "30", True])
def test_a_boost_that_is_no_duration_is_refused(boost: object) -> None:
    with pytest.raises(ValueError, match="boost must be a number from 0 to 1e"):
        offers.Backoff(boost=boost)  # type: ignore[arg-type]


def test_the_story_tells_what_a_refusal_gave() -> None:
    floor = Floor(Plan(queues={"default": Queue(refusals=offers.per_cause(declined={"boost": 40}))}))
    floor.do(cmd.AddAgent(Agent(id="ann")), 0)
    floor.do(cmd.SignOn("ann"), 0)
    floor.do(cmd.Submit(Interaction(id="t")), 1)
    floor.do(cmd.Decline(1, "ann"), 2)
    assert "head start 40 s more" in explain(floor.plan, floor.turns, "t").text()


def test_a_reason_may_have_a_policy_of_its_own() -> None:
    """Who is only busy is asked again soon; whatever else she says keeps it from her for longer."""
    settings = {"use": "per_cause", "reasons": {"busy": {"cool_down": 5, "exclusion": 5, "rest": 5}}}
    plan = Plan.from_data({"queues": {"default": {"refusals": settings}}})
    ends = {}
    for reason in ("busy", "not mine", ""):
        engine = Checked(plan)
        engine.add_agent(Agent(id="ann"), 0)
        engine.sign_on("ann", 0)
        submit(engine, 10)
        (declined,) = engine.decline(OfferId(1), "ann", 20, reason=reason)
        assert isinstance(declined, ev.Declined)
        ends[reason] = (declined.retry, declined.excluded, declined.rest)
    assert ends == {"busy": (25, 25, 25), "not mine": (50, 620, None), "": (50, 620, None)}


@pytest.mark.parametrize("wrong", [{"busy": {"cool": 5}}, {"busy": {"cool_down": -1}}, {"busy": 5}, ["busy"]])
def test_a_policy_of_a_reason_that_is_none_is_refused(wrong: object) -> None:
    with pytest.raises((PlanError, UsageError), match=r"reasons"):
        Plan.from_data({"queues": {"default": {"refusals": {"use": "per_cause", "reasons": wrong}}}})
