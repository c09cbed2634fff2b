"""One short story for every rule of the routing engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import only, pairs, rule
from workassign import (
    Agent,
    Channel,
    Customer,
    Engine,
    Interaction,
    Needs,
    Plan,
    PlanError,
    Presence,
    Queue,
    UsageError,
    instant,
)
from workassign import commands as cmd
from workassign import events as ev
from workassign.policies import capacity, ordering, scoring, selection, work
from workassign.policies.offers import per_cause
from workassign.policies.sla import first_response


def center(*agents: Agent, **settings: Any) -> Engine:
    """Return a center with one queue of these settings; *agents* (by default ann) are there at 0."""
    plan = settings.pop("plan", None) or Plan(queues={"default": Queue(**settings)})
    engine = Engine(plan)
    for agent in agents or (Agent(id="ann"),):
        engine.add_agent(agent, 0.0)
        engine.sign_on(agent.id, 0.0)
    return engine


def kinds(events: Sequence[ev.Event]) -> list[str]:
    """Return the names of what happened."""
    return [type(event).__name__ for event in events]


# --- the life of an interaction -------------------------------------------------------------------


def test_an_interaction_is_offered_accepted_and_completed() -> None:
    """The shortest life there is, event by event."""
    engine = center()
    one = Interaction(id="i1")
    assert engine.submit(one, 1.0) == [
        ev.Submitted(1.0, one, 1, 1, 1.0, 0.0, (), None),
        ev.Offered(1.0, 1, "i1", "ann", 31.0),
    ]
    assert engine.accept(1, "ann", 2.0) == [ev.Assigned(2.0, "i1", "ann", 1, "accepted", 1)]
    assert engine.complete("i1", "ann", 1, 9.0) == [ev.Completed(9.0, "i1", "ann", 1, None)]


def test_a_wrap_up_keeps_its_agent_until_it_ends_by_itself() -> None:
    """She is free 20 seconds after the customer was served."""
    engine = center(wrap_up=20.0, auto_accept=True)
    engine.submit(Interaction(id="i1"), 0.0)
    engine.submit(Interaction(id="i2"), 0.0)
    started = only(ev.WrapUpStarted, engine.complete("i1", "ann", 1, 5.0))
    assert started.until == 25.0
    assert engine.next_wake == 25.0
    done, assigned = engine.tick(30.0)
    assert isinstance(done, ev.Completed)
    assert (done.at, done.due) == (30.0, 25.0)
    assert isinstance(assigned, ev.Assigned)


def test_a_wrap_up_can_be_finished_before_its_time_and_only_once() -> None:
    engine = center(wrap_up=20.0, auto_accept=True)
    engine.submit(Interaction(id="i1"), 0.0)
    engine.complete("i1", "ann", 1, 5.0)
    assert rule(engine.complete("i1", "ann", 1, 6.0)) == "wrong_stage"
    assert rule(engine.cancel("i1", 6.0)) == "wrong_stage"
    assert only(ev.Completed, engine.finish_wrap_up("i1", "ann", 1, 7.0)).due is None
    assert rule(engine.finish_wrap_up("i1", "ann", 1, 7.0)) == "not_held"
    assert engine.next_wake == float("inf")


def test_a_customer_who_left_before_anybody_accepted_has_abandoned() -> None:
    """Waiting or offered; afterwards it is too late for that."""
    engine = center()
    engine.submit(Interaction(id="offered"), 0.0)
    engine.submit(Interaction(id="waiting"), 0.0)
    assert kinds(engine.abandon("waiting", 1.0)) == ["Abandoned"]
    assert kinds(engine.abandon("offered", 1.0)) == ["OfferRescinded", "Abandoned"]
    (_, offered) = engine.submit(Interaction(id="accepted"), 2.0)
    assert isinstance(offered, ev.Offered)
    engine.accept(offered.offer, "ann", 2.0)
    assert rule(engine.abandon("accepted", 3.0)) == "already_accepted"
    assert rule(engine.abandon("waiting", 3.0)) == "closed"
    assert rule(engine.abandon("nothing", 3.0)) == "unknown_interaction"


def test_what_is_cancelled_frees_its_agent() -> None:
    engine = center()
    engine.submit(Interaction(id="i1"), 0.0)
    engine.accept(1, "ann", 0.0)
    engine.submit(Interaction(id="i2"), 1.0)
    cancelled, offered = engine.cancel("i1", 2.0, reason="spam")
    assert cancelled == ev.Cancelled(2.0, "i1", "spam")
    assert pairs([offered]) == [("i2", "ann")]


def test_a_released_interaction_returns_to_its_place_and_not_to_who_gave_it_back() -> None:
    """It keeps its age, so it is before what came later."""
    engine = center(Agent(id="ann"), auto_accept=True)
    engine.submit(Interaction(id="i1"), 0.0)
    engine.submit(Interaction(id="i2"), 1.0)
    answer = engine.release("i1", "ann", 1, 2.0, reason="ill")
    assert only(ev.Requeued, answer).cause == "ill"
    assert pairs(answer) == [("i2", "ann")]
    engine.submit(Interaction(id="i0"), 3.0)
    engine.add_agent(Agent(id="bob"), 4.0)
    assert pairs(engine.sign_on("bob", 4.0)) == [("i1", "bob")]


def test_fences_rise_and_an_old_one_is_refused() -> None:
    """Whoever held it before cannot complete it."""
    engine = center(auto_accept=True)
    engine.submit(Interaction(id="i1"), 0.0)
    engine.release("i1", "ann", 1, 1.0)
    assert only(ev.Assigned, engine.tick(31.0)).fence == 2
    assert rule(engine.complete("i1", "ann", 1, 32.0)) == "stale_fence"
    assert rule(engine.complete("i1", "bob", 2, 32.0)) == "not_holder"
    assert kinds(engine.complete("i1", "ann", 2, 32.0)) == ["Completed"]


def test_the_same_id_again_is_the_same_interaction_or_refused() -> None:
    engine = center()
    first = engine.submit(Interaction(id="i1"), 0.0)
    assert engine.submit(Interaction(id="i1"), 5.0) == first[:1]
    assert engine.facts == []
    assert rule(engine.submit(Interaction(id="i1", tier=0), 5.0)) == "id_reused"


def test_a_key_said_twice_counts_once() -> None:
    engine = center()
    command = cmd.Submit(Interaction(id="i1"), key="k")
    first = engine.handle(command, 0.0)
    assert engine.handle(command, 9.0) == first
    assert engine.facts == []
    assert rule(engine.handle(cmd.Tick(key="k"), 9.0)) == "key_reused"


def test_what_was_decided_upon_an_old_version_is_refused() -> None:
    """The supervisor saw it waiting, meanwhile it was offered."""
    engine = center()
    engine.submit(Interaction(id="i1"), 0.0)
    assert rule(engine.handle(cmd.Cancel("i1", expected_version=1), 1.0)) == "stale_version"
    assert kinds(engine.handle(cmd.Cancel("i1", expected_version=2), 1.0)) == ["OfferRescinded", "Cancelled"]


# --- offers ---------------------------------------------------------------------------------------


def test_an_offer_expires_and_goes_to_somebody_else() -> None:
    engine = center(Agent(id="ann"), Agent(id="bob"))
    engine.submit(Interaction(id="i1"), 0.0)
    expired, offered = engine.tick(30.0)
    assert isinstance(expired, ev.OfferExpired)
    assert (expired.due, expired.retry, expired.excluded) == (30.0, 60.0, 630.0)
    assert pairs([offered]) == [("i1", "bob")]


def test_an_accept_at_the_very_instant_of_expiry_is_late() -> None:
    """Late is not wrong: it is refused and changes nothing."""
    engine = center()
    engine.submit(Interaction(id="i1"), 0.0)
    expired, refused = engine.accept(1, "ann", 30.0)
    assert isinstance(expired, ev.OfferExpired)
    assert rule([refused]) == "offer_closed"
    assert engine.timed == 1


def test_only_who_was_asked_can_answer() -> None:
    engine = center(Agent(id="ann"), Agent(id="bob"))
    engine.submit(Interaction(id="i1"), 0.0)
    assert rule(engine.accept(1, "bob", 1.0)) == "not_your_offer"
    assert rule(engine.decline(1, "bob", 1.0)) == "not_your_offer"
    assert rule(engine.accept(2, "ann", 1.0)) == "unknown_offer"


def test_an_accept_said_twice_is_answered_alike() -> None:
    """A lost answer may be asked for again, until the work is done."""
    engine = center()
    engine.submit(Interaction(id="i1"), 0.0)
    first = engine.accept(1, "ann", 1.0)
    assert engine.accept(1, "ann", 8.0) == first
    assert engine.facts == []
    engine.complete("i1", "ann", 1, 9.0)
    assert rule(engine.accept(1, "ann", 10.0)) == "offer_closed"


def test_who_declined_is_asked_again_when_nobody_else_is_left() -> None:
    """The oldest refusal, after its cool-down of 30 seconds, never in the same turn."""
    engine = center(Agent(id="ann"), Agent(id="bob"))
    engine.submit(Interaction(id="i1"), 0.0)
    assert pairs(engine.decline(1, "ann", 1.0)) == [("i1", "bob")]
    assert pairs(engine.decline(2, "bob", 2.0)) == []
    assert engine.next_wake == 31.0
    assert pairs(engine.tick(30.0)) == []
    assert pairs(engine.tick(31.0)) == [("i1", "ann")]


def test_as_long_as_somebody_else_may_come_free_an_exclusion_holds() -> None:
    """Bob is only busy: ann, who declined, is not asked again before the ten minutes are over."""
    engine = center(Agent(id="ann"), Agent(id="bob"))
    engine.set_presence("bob", Presence.BUSY, 0.0)
    engine.submit(Interaction(id="i1"), 0.0)
    engine.decline(1, "ann", 0.0)
    assert pairs(engine.tick(599.0)) == []
    assert pairs(engine.tick(600.0)) == [("i1", "ann")]


def test_when_the_last_other_candidate_leaves_the_cool_down_alone_counts() -> None:
    engine = center(Agent(id="ann"), Agent(id="bob"))
    engine.set_presence("bob", Presence.BUSY, 0.0)
    engine.submit(Interaction(id="i1"), 0.0)
    engine.decline(1, "ann", 0.0)
    engine.tick(100.0)
    assert pairs(engine.sign_off("bob", 100.0)) == [("i1", "ann")]


def test_a_retry_outlives_an_offer_to_somebody_else() -> None:
    """Ann's cool-down ends at 41, whoever was asked in between and whoever looked at the clock."""
    engine = center(Agent(id="ann"), Agent(id="bob"))
    engine.submit(Interaction(id="i1"), 1.0)
    engine.decline(1, "ann", 11.0)
    assert engine.next_wake == 41.0
    engine.decline(2, "bob", 39.0)
    assert engine.next_wake == 41.0
    assert pairs(engine.tick(41.0)) == [("i1", "ann")]


def test_several_retries_at_once_keep_the_order() -> None:
    """Both cool-downs end together; there is room for one: the more urgent one."""
    engine = center(
        Agent(id="ann", capacity=2), refusals=per_cause(declined={"cool_down": 30, "exclusion": 30})
    )
    engine.submit(Interaction(id="later", tier=5), 0.0)
    engine.submit(Interaction(id="first", tier=0), 0.0)
    engine.decline(1, "ann", 1.0)
    engine.decline(2, "ann", 1.0)
    engine.change_agent(Agent(id="ann", capacity=1), 2.0)
    assert pairs(engine.tick(31.0)) == [("first", "ann")]


def test_who_rests_is_offered_nothing() -> None:
    """A shorter rest does not cut a longer one off."""
    backoff = per_cause(declined={"rest": 100}, expired={"rest": 10, "pause_after": None})
    engine = center(Agent(id="ann", capacity=2), refusals=backoff)
    engine.submit(Interaction(id="i1"), 0.0)
    engine.submit(Interaction(id="i2"), 0.0)
    engine.decline(1, "ann", 1.0)
    engine.tick(30.0)
    assert pairs(engine.submit(Interaction(id="i3"), 50.0)) == []
    assert pairs(engine.tick(101.0))[:1] == [("i1", "ann")]


def test_three_expired_offers_in_a_row_make_an_agent_away() -> None:
    """She has gone; when she comes back, she starts afresh."""
    engine = center(offer_for=10.0)
    engine.submit(Interaction(id="i1"), 0.0)
    for at in (10.0, 40.0, 50.0, 80.0):
        engine.tick(at)
    gone = only(ev.PresenceChanged, engine.tick(90.0))
    assert (gone.presence, gone.cause) == (Presence.AWAY, "expired 3 times")
    assert kinds(engine.sign_on("ann", 200.0)) == ["PresenceChanged", "Offered"]
    assert kinds(engine.tick(210.0)) == ["OfferExpired"]


def test_refusals_count_towards_a_pause_only_within_the_window() -> None:
    """Two in less than ten seconds; ten seconds apart is no more within."""
    backoff = per_cause(declined={"cool_down": 1, "exclusion": 1, "pause_after": 2, "window": 10})
    for second, paused in ((9.9, True), (10.0, False)):
        engine = center(refusals=backoff)
        engine.submit(Interaction(id="i1"), 0.0)
        engine.decline(1, "ann", 0.0)
        engine.tick(1.0)
        assert ("PresenceChanged" in kinds(engine.decline(2, "ann", second))) is paused


# --- who waits before whom ------------------------------------------------------------------------


def test_a_lower_tier_goes_first_however_late_it_came() -> None:
    engine = center(Agent(id="ann"))
    engine.set_presence("ann", Presence.AWAY, 0.0)
    engine.submit(Interaction(id="early"), 0.0)
    engine.submit(Interaction(id="late", tier=0), 500.0)
    assert pairs(engine.sign_on("ann", 501.0)) == [("late", "ann")]


def test_a_head_start_overtakes_by_its_seconds_and_no_more() -> None:
    """Furious: 900 seconds. So it overtakes what came 899 seconds earlier, not what came 901 earlier."""
    engine = center(Agent(id="ann", capacity=3), scoring=(scoring.sentiment(most=900),))
    engine.set_presence("ann", Presence.AWAY, 0.0)
    engine.submit(Interaction(id="901 earlier"), 0.0)
    engine.submit(Interaction(id="899 earlier"), 2.0)
    submitted = engine.submit(Interaction(id="furious", sentiment=-1), 901.0)
    assert only(ev.Submitted, submitted).terms == (("sentiment", 900.0),)
    assert [name for name, _ in pairs(engine.sign_on("ann", 901.0))] == [
        "901 earlier",
        "furious",
        "899 earlier",
    ]


def test_head_starts_add_up_to_the_cap() -> None:
    settings = {
        "scoring": (scoring.sentiment(most=900), scoring.influence(most=900)),
        "head_start_cap": 1000.0,
    }
    engine = center(**settings)
    star = Customer(id="c", influence=100)
    submitted = only(ev.Submitted, engine.submit(Interaction(id="i1", sentiment=-1, customer=star), 5.0))
    assert submitted.head_start == 1000.0
    assert submitted.terms == (("sentiment", 900.0), ("influence", 900.0))


def test_the_earliest_deadline_goes_first_across_queues() -> None:
    """Ten minutes old with an hour to go is after brand-new with five minutes to go."""
    slow = Queue(ordering=ordering.due, sla=first_response(3600))
    quick = Queue(ordering=ordering.due, sla=first_response(300))
    engine = center(plan=Plan(queues={"mail": slow, "chat": quick}))
    engine.set_presence("ann", Presence.AWAY, 0.0)
    engine.submit(Interaction(id="mail", queue="mail"), 0.0)
    engine.submit(Interaction(id="chat", queue="chat"), 600.0)
    assert pairs(engine.sign_on("ann", 601.0)) == [("chat", "ann")]


def test_equal_keys_are_served_in_the_order_in_which_they_came() -> None:
    engine = center(Agent(id="ann", capacity=3))
    engine.set_presence("ann", Presence.AWAY, 0.0)
    for name in ("b", "a", "c"):
        engine.submit(Interaction(id=name), 5.0)
    assert [name for name, _ in pairs(engine.sign_on("ann", 6.0))] == ["b", "a", "c"]


# --- which agent, which work ----------------------------------------------------------------------


def test_skills_are_needed_with_their_levels() -> None:
    engine = center(Agent(id="ann", skills={"fr": 2}), Agent(id="bob", skills={"fr": 3, "de": 1}))
    assert pairs(engine.submit(Interaction(id="i1", needs=Needs({"fr": 3})), 1.0)) == [("i1", "bob")]
    assert pairs(engine.submit(Interaction(id="i2", needs=Needs({"it": 0})), 1.0)) == []


@pytest.mark.parametrize(
    ("policy", "before", "chosen"),
    [
        (selection.longest_idle, "", "ann"),
        (selection.least_loaded, "ann bob cyd", "bob"),
        (selection.best_skill, "", "cyd"),
        (selection.fewest_handled, "ann cyd", "bob"),
        (selection.round_robin, "cyd ann bob", "cyd"),
    ],
)
def test_selection_decides_among_free_agents(policy: selection.Selection, before: str, chosen: str) -> None:
    """Ann came first, bob has most room, cyd is best; *before* says who has been given one already."""
    engine = Engine(Plan(queues={"default": Queue(selection=policy, auto_accept=True)}))
    for at, name, size, level in ((0.0, "ann", 2, 1), (1.0, "bob", 4, 2), (2.0, "cyd", 2, 3)):
        engine.add_agent(Agent(id=name, capacity=size, skills={"x": level, name: 1}), at)
        engine.sign_on(name, at)
    for name in before.split():
        engine.submit(Interaction(id=f"for {name}", needs=Needs({name: 1})), 3.0)
    assert pairs(engine.submit(Interaction(id="i1", needs=Needs({"x": 1})), 4.0)) == [("i1", chosen)]


def test_equally_liked_agents_are_taken_by_idleness_then_by_roster() -> None:
    engine = center(Agent(id="bob"), Agent(id="ann"), Agent(id="cyd"), selection=selection.fewest_handled)
    engine.set_presence("bob", Presence.AWAY, 1.0)
    engine.sign_on("bob", 2.0)
    names = [pairs(engine.submit(Interaction(id=f"i{n}"), 3.0))[0][1] for n in range(3)]
    assert names == ["ann", "cyd", "bob"]


@pytest.mark.parametrize(
    ("policy", "order"),
    [
        (work.greatest_need, ["first", "second", "third"]),
        (work.best_skill, ["third", "second", "first"]),
        (work.queue_priority, ["second", "third", "first"]),
    ],
)
def test_a_freed_agent_takes_work_by_her_queues_policy(policy: work.WorkRank, order: list[str]) -> None:
    """She serves b before a, and is best at z."""
    queue = Queue(work=policy)
    engine = center(
        Agent(id="ann", skills={"x": 1, "y": 2, "z": 3}, queues={"a": 2, "b": 1}, capacity=3),
        plan=Plan(queues={"a": queue, "b": queue}),
    )
    engine.set_presence("ann", Presence.AWAY, 0.0)
    engine.submit(Interaction(id="first", queue="a", needs=Needs({"x": 1})), 1.0)
    engine.submit(Interaction(id="second", queue="b", needs=Needs({"y": 1})), 2.0)
    engine.submit(Interaction(id="third", queue="b", needs=Needs({"z": 1})), 3.0)
    assert [name for name, _ in pairs(engine.sign_on("ann", 4.0))] == order


def test_who_is_passed_over_at_first_is_asked_again() -> None:
    """Both would rather have the Spanish one; only one can, so the other takes the older one."""
    queue = Queue(work=work.best_skill, auto_accept=True)
    engine = center(Agent(id="ann", capacity=2), plan=Plan(queues={"default": queue}))
    engine.change_agent(Agent(id="ann", skills={"fr": 1, "es": 1}, capacity=2), 0.0)
    engine.submit(Interaction(id="older", needs=Needs({"fr": 1})), 1.0)
    engine.submit(Interaction(id="spanish", needs=Needs({"es": 1})), 2.0)
    for at, name in ((3.0, "bob"), (4.0, "cyd")):
        engine.add_agent(Agent(id=name, skills={"fr": 1, "es": 3}), at)
        engine.sign_on(name, at)
    assert pairs(engine.remove_agent("ann", 5.0)) == [("spanish", "bob"), ("older", "cyd")]
    engine.check()


def test_loads_add_up_exactly() -> None:
    """Ten tenths are one, in any order; the eleventh has no room."""
    engine = center(plan=Plan(channels={"default": Channel(units=0.1)}))
    for number in range(10):
        assert pairs(engine.submit(Interaction(id=f"i{number}"), 1.0)) == [(f"i{number}", "ann")]
    assert pairs(engine.submit(Interaction(id="i10"), 1.0)) == []


def test_a_channel_has_its_own_limit() -> None:
    engine = center(
        Agent(id="ann", capacity=9, channels={"chat": 1, "call": 0, "mail": 5}),
        plan=Plan(channels={"chat": Channel(), "call": Channel(), "mail": Channel()}),
    )
    assert pairs(engine.submit(Interaction(id="i1", channel="chat"), 1.0)) == [("i1", "ann")]
    assert pairs(engine.submit(Interaction(id="i2", channel="chat"), 1.0)) == []
    assert pairs(engine.submit(Interaction(id="i3", channel="call"), 1.0)) == []
    assert pairs(engine.submit(Interaction(id="i4", channel="mail"), 1.0)) == [("i4", "ann")]


def test_a_capacity_policy_can_forbid_more() -> None:
    """Chats together, but no call beside a chat."""
    channels = {"chat": Channel(), "call": Channel()}
    plan = Plan(channels=channels, capacity=capacity.one_channel_at_a_time)
    engine = center(Agent(id="ann", capacity=9), plan=plan)
    assert pairs(engine.submit(Interaction(id="i1", channel="chat"), 1.0)) == [("i1", "ann")]
    assert pairs(engine.submit(Interaction(id="i2", channel="call"), 1.0)) == []
    assert pairs(engine.submit(Interaction(id="i3", channel="chat"), 1.0)) == [("i3", "ann")]


def test_a_capacity_policy_is_asked_again_after_every_event_of_its_agent() -> None:
    """Her first acceptance opens the door to the next one."""

    def after_the_first(agent: selection.AgentFacts, channel: str, units: float) -> bool:
        return agent.load == 0 or agent.handled > 0

    engine = center(Agent(id="ann", capacity=9), plan=Plan(capacity=after_the_first))
    engine.submit(Interaction(id="i1"), 1.0)
    assert pairs(engine.submit(Interaction(id="i2"), 1.0)) == []
    assert pairs(engine.accept(1, "ann", 2.0)) == [("i1", "ann"), ("i2", "ann")]


# --- a preferred agent ----------------------------------------------------------------------------


def test_a_preferred_agent_goes_before_selection() -> None:
    engine = center(Agent(id="ann"), Agent(id="bob"))
    assert pairs(engine.submit(Interaction(id="i1", prefers="bob"), 1.0)) == [("i1", "bob")]


def test_an_interaction_waits_for_the_agent_it_prefers_but_not_for_ever() -> None:
    engine = center(Agent(id="ann"), Agent(id="bob"), sticky_wait=60.0)
    engine.set_presence("bob", Presence.BUSY, 0.0)
    assert pairs(engine.submit(Interaction(id="i1", prefers="bob"), 10.0)) == []
    assert engine.next_wake == 70.0
    assert pairs(engine.tick(70.0)) == [("i1", "ann")]


def test_it_does_not_wait_for_one_who_is_not_there_cannot_do_it_or_refused() -> None:
    engine = center(Agent(id="ann", capacity=9), Agent(id="bob"), sticky_wait=60.0)
    assert pairs(engine.submit(Interaction(id="i1", prefers="bob"), 1.0)) == [("i1", "bob")]
    assert pairs(engine.decline(1, "bob", 1.0)) == [("i1", "ann")]
    engine.sign_off("bob", 2.0)
    assert pairs(engine.submit(Interaction(id="i2", prefers="bob"), 2.0)) == [("i2", "ann")]
    assert pairs(engine.submit(Interaction(id="i3", prefers="nobody"), 2.0)) == [("i3", "ann")]


def test_who_comes_later_is_waited_for_as_well() -> None:
    """Bob comes back busy at 5: from then on his customer waits for him, even if ann comes."""
    engine = center(Agent(id="bob"), Agent(id="ann"), sticky_wait=60.0)
    engine.set_presence("bob", Presence.AWAY, 0.0)
    engine.set_presence("ann", Presence.AWAY, 0.0)
    engine.submit(Interaction(id="i1", prefers="bob"), 1.0)
    engine.set_presence("bob", Presence.BUSY, 5.0)
    assert pairs(engine.sign_on("ann", 6.0)) == []
    assert pairs(engine.sign_on("bob", 7.0)) == [("i1", "bob")]


def test_when_the_preferred_agent_leaves_nobody_waits_for_her() -> None:
    engine = center(Agent(id="ann"), Agent(id="bob"), sticky_wait=60.0)
    engine.set_presence("bob", Presence.BUSY, 0.0)
    engine.submit(Interaction(id="i1", prefers="bob"), 1.0)
    assert pairs(engine.sign_off("bob", 2.0)) == [("i1", "ann")]


# --- agents come and go ---------------------------------------------------------------------------


def test_who_signs_off_with_work_drains_first() -> None:
    """Her offer goes back at once, what she holds stays; then she is offline by herself."""
    engine = center(Agent(id="ann", capacity=2))
    engine.submit(Interaction(id="i1"), 0.0)
    engine.accept(1, "ann", 0.0)
    engine.submit(Interaction(id="i2"), 1.0)
    rescinded, changed = engine.sign_off("ann", 2.0)
    assert isinstance(rescinded, ev.OfferRescinded)
    assert isinstance(changed, ev.PresenceChanged)
    assert changed.presence is Presence.DRAINING
    completed, gone = engine.complete("i1", "ann", 1, 3.0)
    assert isinstance(completed, ev.Completed)
    assert gone == ev.PresenceChanged(3.0, "ann", Presence.OFFLINE, "drained", None)


def test_who_signs_off_without_work_is_offline_at_once() -> None:
    engine = center()
    engine.submit(Interaction(id="i1"), 0.0)
    assert only(ev.PresenceChanged, engine.sign_off("ann", 1.0)).presence is Presence.OFFLINE
    assert rule(engine.sign_off("ann", 2.0)) == "already_so"


def test_after_a_lost_connection_held_work_waits_for_a_minute() -> None:
    engine = center(Agent(id="ann", capacity=2))
    engine.submit(Interaction(id="i1"), 0.0)
    engine.accept(1, "ann", 0.0)
    engine.submit(Interaction(id="i2"), 1.0)
    rescinded, changed = engine.disconnect("ann", 2.0)
    assert isinstance(rescinded, ev.OfferRescinded)
    assert (rescinded.retry, rescinded.excluded) == (32.0, 602.0)
    assert isinstance(changed, ev.PresenceChanged)
    assert changed.grace == 62.0
    over, requeued = engine.tick(62.0)
    assert isinstance(over, ev.PresenceChanged)
    assert isinstance(requeued, ev.Requeued)
    assert (requeued.cause, requeued.due) == ("disconnected", 62.0)


def test_who_comes_back_in_time_keeps_her_work() -> None:
    engine = center()
    engine.submit(Interaction(id="i1"), 0.0)
    engine.accept(1, "ann", 0.0)
    engine.disconnect("ann", 1.0)
    assert kinds(engine.sign_on("ann", 60.0)) == ["PresenceChanged"]
    assert engine.tick(100.0) == []
    assert kinds(engine.complete("i1", "ann", 1, 101.0)) == ["Completed"]


def test_signing_off_does_not_end_the_grace_time() -> None:
    """Who lost her connection is offline already; her work still comes back."""
    engine = center()
    engine.submit(Interaction(id="i1"), 0.0)
    engine.accept(1, "ann", 0.0)
    engine.disconnect("ann", 1.0)
    assert rule(engine.sign_off("ann", 2.0)) == "already_so"
    assert rule(engine.disconnect("ann", 2.0)) == "already_so"
    assert "Requeued" in kinds(engine.tick(61.0))


def test_a_pause_after_lost_connections_does_not_bring_an_agent_back() -> None:
    """She is offline, and what she holds comes back after the grace time."""
    engine = center(Agent(id="ann", capacity=2), refusals=per_cause(disconnected={"pause_after": 1}))
    engine.submit(Interaction(id="i1"), 0.0)
    engine.accept(1, "ann", 0.0)
    engine.submit(Interaction(id="i2"), 1.0)
    assert only(ev.PresenceChanged, engine.disconnect("ann", 2.0)).presence is Presence.OFFLINE
    assert "Requeued" in kinds(engine.tick(62.0))


def test_who_is_removed_gives_everything_back_and_is_never_asked_again() -> None:
    """Also not when a rest or a grace time of hers ends."""
    engine = center(Agent(id="ann", capacity=3), refusals=per_cause(declined={"rest": 10}))
    engine.submit(Interaction(id="i1"), 0.0)
    engine.accept(1, "ann", 0.0)
    engine.submit(Interaction(id="i2"), 0.0)
    engine.submit(Interaction(id="i3"), 0.0)
    engine.decline(2, "ann", 1.0)
    engine.disconnect("ann", 2.0)
    assert kinds(engine.remove_agent("ann", 3.0)) == ["Requeued", "AgentRemoved"]
    assert engine.tick(1_000.0) == []
    assert rule(engine.sign_on("ann", 1_000.0)) == "unknown_agent"
    engine.check()


def test_a_changed_agent_keeps_what_she_holds_and_takes_what_she_can_do_now() -> None:
    engine = center()
    engine.submit(Interaction(id="i1"), 0.0)
    engine.accept(1, "ann", 0.0)
    engine.submit(Interaction(id="i2", needs=Needs({"fr": 1})), 1.0)
    answer = engine.change_agent(Agent(id="ann", skills={"fr": 1}, capacity=2), 2.0)
    assert pairs(answer) == [("i2", "ann")]
    assert pairs(engine.change_agent(Agent(id="ann", capacity=0.5), 3.0)) == []
    assert kinds(engine.complete("i1", "ann", 1, 4.0)) == ["Completed"]


# --- by hand --------------------------------------------------------------------------------------


def test_a_supervisor_assigns_without_asking_for_skills_but_for_room() -> None:
    engine = center(Agent(id="ann"), Agent(id="bob"))
    engine.set_presence("bob", Presence.AWAY, 0.0)
    engine.submit(Interaction(id="i1", needs=Needs({"fr": 1})), 0.0)
    engine.submit(Interaction(id="i2"), 0.0)
    assert only(ev.Assigned, engine.assign("i1", "bob", 1.0)).how == "manual"
    assert rule(engine.assign("i2", "bob", 2.0)) == "no_room"
    rescinded, assigned = engine.assign("i2", "bob", 3.0, override=True)
    assert isinstance(rescinded, ev.OfferRescinded)
    assert isinstance(assigned, ev.Assigned)
    assert assigned.how == "override"
    assert rule(engine.assign("i2", "ann", 4.0)) == "already_accepted"
    engine.check()


@pytest.mark.parametrize(
    ("interaction", "agent", "why"),
    [("i1", "off", "agent_offline"), ("i1", "no", "unknown_agent"), ("no", "no", "unknown_interaction")],
)
def test_an_impossible_assignment_is_refused_once(interaction: str, agent: str, why: str) -> None:
    engine = center()
    engine.add_agent(Agent(id="off"), 0.0)
    engine.submit(Interaction(id="i1"), 0.0)
    assert rule(engine.assign(interaction, agent, 1.0)) == why


def test_a_transfer_keeps_the_age_and_asks_who_holds_it_for_her_fence() -> None:
    engine = center(plan=Plan(queues={"a": Queue(), "b": Queue(tier=0)}))
    engine.submit(Interaction(id="i1", queue="a"), 5.0)
    engine.accept(1, "ann", 6.0)
    assert rule(engine.transfer("i1", "b", 7.0)) == "not_holder"
    assert rule(engine.transfer("i1", "a", 7.0)) == "same_queue"
    assert rule(engine.transfer("i1", "c", 7.0)) == "unknown_queue"
    moved = only(ev.Transferred, engine.transfer("i1", "b", 8.0, agent="ann", fence=1))
    assert (moved.tier, moved.reference, moved.agent) == (0, 5.0, "ann")
    assert pairs(engine.facts) == []  # whoever passes it on does not get it back at once


# --- promises to the customer ---------------------------------------------------------------------


def test_an_sla_is_missed_at_its_instant_once() -> None:
    """An acceptance at that very instant is late, and a late turn says when it was due."""
    engine = center(sla=first_response(20), auto_accept=False)
    engine.submit(Interaction(id="i1"), 0.0)
    missed, assigned = engine.accept(1, "ann", 20.0)
    assert missed == ev.SlaMissed(20.0, 20.0, "i1", "first_response")
    assert isinstance(assigned, ev.Assigned)
    engine.submit(Interaction(id="i2"), 30.0)
    late, *_ = engine.tick(99.0)
    assert late == ev.SlaMissed(99.0, 50.0, "i2", "first_response")


def test_an_accepted_interaction_has_its_first_response_for_good() -> None:
    engine = center(sla=first_response(20))
    engine.submit(Interaction(id="i1"), 0.0)
    engine.accept(1, "ann", 19.0)
    engine.release("i1", "ann", 1, 19.5)
    assert "SlaMissed" not in kinds(engine.tick(1_000.0))


def test_what_falls_due_together_happens_in_the_order_of_arrival() -> None:
    """However they got into the queue."""
    engine = Engine(Plan(queues={"a": Queue(), "b": Queue(sla=first_response(10))}))
    engine.submit(Interaction(id="i1", queue="a"), 0.0)
    engine.submit(Interaction(id="i2", queue="b"), 0.0)
    engine.transfer("i1", "b", 1.0)
    missed = [event.interaction for event in engine.tick(10.0) if isinstance(event, ev.SlaMissed)]
    assert missed == ["i1", "i2"]


# --- another plan ---------------------------------------------------------------------------------


def test_a_removed_queue_needs_a_successor_for_what_is_open() -> None:
    engine = Engine(Plan(queues={"old": Queue(), "new": Queue()}))
    engine.submit(Interaction(id="i1", queue="old"), 0.0)
    before = engine.snapshot()
    assert rule(engine.change_plan(Plan(queues={"new": Queue()}), 1.0)) == "no_successor"
    assert engine.snapshot() == before
    changed, rekeyed = engine.change_plan(Plan(queues={"new": Queue(tier=0)}, successors={"old": "new"}), 2.0)
    assert isinstance(changed, ev.PlanChanged)
    assert isinstance(rekeyed, ev.Rekeyed)
    assert (rekeyed.queue, rekeyed.tier, rekeyed.reference) == ("new", 0, 0.0)
    assert rule(engine.submit(Interaction(id="i2", queue="old"), 3.0)) == "unknown_queue"


def test_a_channel_in_use_cannot_be_removed() -> None:
    engine = Engine(Plan(channels={"default": Channel(), "chat": Channel()}))
    engine.submit(Interaction(id="i1", channel="chat"), 0.0)
    assert rule(engine.change_plan(Plan(), 1.0)) == "channel_in_use"
    engine.cancel("i1", 2.0)
    assert kinds(engine.change_plan(Plan(), 3.0)) == ["PlanChanged"]


def test_a_new_plan_leaves_offers_and_held_work_alone() -> None:
    """Offer and agent stay; only new grants feel that everything weighs more."""
    engine = center(Agent(id="ann", capacity=2))
    engine.submit(Interaction(id="i1"), 0.0)
    engine.submit(Interaction(id="i2"), 0.0)
    engine.accept(1, "ann", 1.0)
    heavy = Plan(channels={"default": Channel(units=2)}, queues={"default": Queue(offer_for=5)})
    assert kinds(engine.change_plan(heavy, 2.0)) == ["PlanChanged"]
    assert engine.next_wake == 30.0
    assert kinds(engine.accept(2, "ann", 29.0)) == ["Assigned"]
    engine.submit(Interaction(id="i3"), 30.0)
    assert pairs(engine.complete("i1", "ann", 1, 31.0)) == []
    assert pairs(engine.complete("i2", "ann", 2, 32.0)) == [("i3", "ann")]


def test_a_wrong_plan_changes_nothing() -> None:
    engine = center()
    before = engine.snapshot(), engine.now
    with pytest.raises(PlanError, match="offer_for"):
        engine.handle(cmd.ChangePlan({"queues": {"default": {"offer_for": -1}}}), 5.0)
    assert (engine.snapshot(), engine.now) == before


OLD = Plan(
    queues={
        "a": Queue(scoring=(scoring.sentiment(most=50),)),
        "b": Queue(tier=2, ordering=ordering.due, sla=first_response(30)),
        "gone": Queue(),
    }
)
NEW = Plan(
    queues={
        "a": Queue(
            tier=2, scoring=(scoring.influence(most=80),), sla=first_response(100), ordering=ordering.due
        ),
        "b": Queue(scoring=(scoring.sentiment(most=20),), work=work.best_skill),
    },
    successors={"gone": "b"},
)


def served(engine: Engine, at: float) -> list[str]:
    """Return the order in which one agent without limits is given what waits."""
    engine.add_agent(Agent(id="ann", skills={"x": 2, "y": 1}, capacity=1e6), at)
    return [name for name, _ in pairs(engine.sign_on("ann", at))]


def check_order_after_a_change(bodies: list[dict[str, Any]]) -> None:
    """Compare an engine whose plan changes with one that had the new plan all along."""
    changed, fresh = Engine(OLD), Engine(NEW)
    for number, body in enumerate(bodies):
        at = body["at"]
        one = Interaction(
            id=f"i{number}",
            queue=body["queue"],
            needs=Needs(body["needs"]),
            sentiment=body["felt"],
            customer=Customer(id="c", influence=body["influence"]),
            tier=body["tier"],
        )
        changed.submit(one, at)
        known = NEW.successors.get(one.queue, one.queue)
        fresh.submit(Interaction(**{**_fields(one), "queue": known}), at)
    changed.change_plan(NEW, 1_000.0)
    changed.check()
    order = served(changed, 1_001.0)
    assert order == served(fresh, 1_001.0)
    assert len(order) == len(bodies)


def _fields(one: Interaction) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ("id", "needs", "sentiment", "customer", "tier")}


BODY = st.fixed_dictionaries(
    {
        "at": st.integers(0, 60).map(float),
        "queue": st.sampled_from(("a", "b", "gone")),
        "needs": st.sampled_from(({}, {"x": 1}, {"y": 1}, {"x": 2, "y": 1})),
        "felt": st.sampled_from((None, -1.0, -0.5)),
        "influence": st.sampled_from((None, 50, 100)),
        "tier": st.sampled_from((None, None, 0, 1)),
    }
)


@given(bodies=st.lists(BODY, min_size=1, max_size=20))
def test_after_a_plan_change_the_order_is_that_of_the_new_plan(bodies: list[dict[str, Any]]) -> None:
    """As if it had held from the beginning."""
    check_order_after_a_change(sorted(bodies, key=lambda body: body["at"]))


def test_two_thousand_that_wait_are_rekeyed_into_the_same_order() -> None:
    bodies = [
        {
            "at": number / 40,
            "queue": ("a", "b", "gone")[number * 7 % 3],
            "needs": ({}, {"x": 1}, {"y": 1}, {"x": 2, "y": 1})[number * 5 % 4],
            "felt": (None, -1.0, -0.5)[number * 11 % 3],
            "influence": (None, 50, 100)[number * 13 % 3],
            "tier": (None, None, None, 0, 1)[number * 3 % 5],
        }
        for number in range(2_000)
    ]
    check_order_after_a_change(bodies)


# --- what the caller gets wrong -------------------------------------------------------------------


@pytest.mark.parametrize(
    "at",
    [
        pytest.param(float("nan"), id="nan"),
        pytest.param(float("inf"), id="infinity"),
        pytest.param(1.7e18, id="nanoseconds"),
        pytest.param(10**400, id="huge"),
        pytest.param(9.0, id="backwards"),
        pytest.param(True, id="bool"),
        pytest.param("10", id="text"),
        pytest.param(None, id="none"),
        pytest.param(datetime(2026, 1, 1, tzinfo=UTC), id="datetime"),
    ],
)
def test_an_impossible_instant_is_an_error_of_the_caller_and_changes_nothing(at: Any) -> None:
    engine = center()
    engine.submit(Interaction(id="i1"), 10.0)
    before = engine.snapshot(), engine.now, engine.next_wake
    doors: list[Callable[[], object]] = [
        lambda: engine.submit(Interaction(id="i2"), at),
        lambda: engine.accept(1, "ann", at),
        lambda: engine.complete("i1", "ann", 1, at),
        lambda: engine.tick(at),
        lambda: engine.handle(cmd.Cancel("i1"), at),
        lambda: engine.change_plan(Plan(), at),
    ]
    for door in doors:
        with pytest.raises(UsageError):
            door()
    assert (engine.snapshot(), engine.now, engine.next_wake) == before


def test_a_naive_datetime_is_no_instant() -> None:
    with pytest.raises(UsageError, match="naive"):
        instant(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
    assert instant(datetime(1970, 1, 2, tzinfo=UTC)) == 86_400.0


@pytest.mark.parametrize(
    "command",
    [
        "submit",
        cmd.Cancel(""),
        cmd.Cancel("a\nb"),
        cmd.Cancel("x" * 201),
        cmd.Cancel("\ud800"),
        cmd.Cancel("i1", key=""),
        cmd.Cancel("i1", expected_version=True),
        cmd.Accept("1", "ann"),  # type: ignore[arg-type]
        cmd.Assign("i1", "ann", override=1),  # type: ignore[arg-type]
        cmd.Submit("i1"),  # type: ignore[arg-type]
        cmd.SetPresence("ann", "away"),  # type: ignore[arg-type]
        cmd.ChangePlan("plan"),  # type: ignore[arg-type]
    ],
    ids=repr,
)
def test_a_malformed_command_is_an_error_of_the_caller_and_changes_nothing(command: Any) -> None:
    engine = center()
    engine.submit(Interaction(id="i1"), 10.0)
    before = engine.snapshot(), engine.now
    with pytest.raises(UsageError):
        engine.handle(command, 11.0)
    assert (engine.snapshot(), engine.now) == before


def test_what_was_closed_is_remembered_for_the_retention_time() -> None:
    """A late repetition is still answered; after that the id may come again."""
    engine = center(plan=Plan(retention=100.0))
    engine.submit(Interaction(id="i1"), 0.0)
    engine.cancel("i1", 0.0)
    assert kinds(engine.submit(Interaction(id="i1"), 99.0)) == ["Submitted"]
    assert engine.facts == []
    for number in range(200):
        engine.submit(Interaction(id=f"n{number}"), 101.0)
    assert kinds(engine.submit(Interaction(id="i1"), 101.0))[:1] == ["Submitted"]
    assert len(engine.facts) >= 1
