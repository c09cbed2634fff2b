"""What users of such systems complain about most, each complaint as a scenario: here it does not happen."""

from __future__ import annotations

from typing import Any

import attrs

from tests.builders import Floor, floor_of, live, one, only, pairs, rule
from workassign import (
    Agent,
    Channel,
    Customer,
    Desk,
    Engine,
    Group,
    Interaction,
    Needs,
    Plan,
    Presence,
    Queue,
    Target,
    why_waiting,
)
from workassign import commands as cmd
from workassign import events as ev
from workassign.model import Status
from workassign.policies import scoring
from workassign.policies.escalation import bullseye
from workassign.policies.offers import per_cause
from workassign.stores.memory import MemoryStore


def floor(plan: Plan, *agents: Agent) -> Floor:
    """Return a floor where *agents* (by default ann) are there."""
    return floor_of(plan, *agents or (Agent(id="ann"),))


def submit(where: Floor, *names: str, at: float | None = None, **fields: Any) -> list[ev.Event]:
    facts = []
    for name in names:
        facts += where.do(cmd.Submit(Interaction(id=name, **fields)), at)
    return facts


# --- the same item to two agents, owners that flip, more than they can hold -----------------------


def test_a_burst_goes_to_nobody_twice_and_fills_nobody_beyond_her_capacity() -> None:
    """Not all of it rings the first agent, and no counter that was incremented twice lets one more in."""
    agents = [Agent(id=f"a{number}", capacity=3) for number in range(10)]
    where = floor(one(auto_accept=True), *agents)
    facts = submit(where, *(f"i{number}" for number in range(100)))
    taken = pairs(facts)
    assert len(taken) == len({interaction for interaction, _ in taken}) == 30
    loads = {name: len(state.holdings) for name, state in where.engine._state.agents.items()}
    assert set(loads.values()) == {3}
    where.engine.check()


def test_an_owner_changes_only_by_a_command_that_shows_the_fence_and_a_repeated_one_changes_nothing() -> None:
    """What an old screen, a retry or a second process still believes cannot overwrite it."""
    where = floor(one(), Agent(id="ann"), Agent(id="bob"))
    submit(where, "i")
    where.do(cmd.Accept(1, "ann"))
    where.do(cmd.Transfer("i", "default", agent="ann", fence=1, to="bob"))
    where.do(cmd.Accept(2, "bob"))
    assert rule(where.do(cmd.Complete("i", "ann", 1))) == "not_holder"
    assert rule(where.do(cmd.Release("i", "bob", 1))) == "stale_fence"
    assert only(ev.Assigned, where.do(cmd.Accept(2, "bob"))).fence == 2
    assert [*where.engine._state.agents["bob"].holdings] == ["i"]


# --- queues that are not drained ------------------------------------------------------------------


def test_what_nobody_can_take_blocks_nothing_behind_it_however_much_of_it_there_is() -> None:
    """There is no list of the first hundred that would have to move first."""
    where = floor(one(auto_accept=True))
    submit(where, *(f"klingon {number}" for number in range(500)), needs=Needs({"klingon": 1}))
    assert pairs(submit(where, "plain")) == [("plain", "ann")]


def test_every_way_in_which_room_comes_free_gives_what_waits_at_once() -> None:
    """In the same turn: nothing has to poll."""
    grown = Agent(id="ann", capacity=2)
    ways: dict[str, cmd.Command] = {
        "completed": cmd.Complete("first", "ann", 1),
        "cancelled": cmd.Cancel("first"),
        "parked": cmd.Park("first", 1e6, agent="ann", fence=1),
        "grown": cmd.ChangeAgent(grown),
        "another": cmd.SignOn("bob"),
    }
    for name, command in ways.items():
        where = floor(one(auto_accept=True))
        where.do(cmd.AddAgent(Agent(id="bob")))
        submit(where, "first", "second")
        facts = where.do(command)
        assert [what for what, _ in pairs(facts)] == ["second"], name


# --- nobody can say why ---------------------------------------------------------------------------


def test_why_her_why_not_him_and_why_still_waiting_have_an_answer_also_from_the_journal() -> None:
    store = MemoryStore()
    agents = [Agent(id="ann", skills={"en": 2}), Agent(id="bob"), Agent(id="cid", skills={"en": 1})]
    with Desk(Engine(), store, clock=lambda: 0.0) as desk:
        for agent in agents:
            desk.handle(cmd.AddAgent(agent))
            desk.handle(cmd.SignOn(agent.id))
        desk.handle(cmd.Submit(Interaction(id="i", needs=Needs({"en": 2}))))
        desk.handle(cmd.Submit(Interaction(id="j", needs=Needs({"en": 2}))))
        (decision,) = desk.explain("i").decisions
        assert decision.agent == "ann"
        excluded = {each.agent: each.reasons[0].text for each in decision.candidates if each.rank is None}
        assert excluded == {
            "bob": "lacks skill en at level 2 (has none)",
            "cid": "lacks skill en at level 2 (has 1)",
        }
        assert "ann finishes i (she is full)" in str(desk.why_waiting("j"))
        assert "lacks skill en" in str(desk.why_not("bob", "j"))


# --- assigned to who is not there -----------------------------------------------------------------


def test_who_closed_her_browser_is_found_out_and_her_customers_go_on_with_their_age() -> None:
    """Her open offer goes at once, what she had accepted after the time she has to come back."""
    plan = Plan(queues={"default": Queue(offer_for=10_000)}, heartbeat=60, reconnect_grace=30)
    where = floor(plan, Agent(id="ann", capacity=2))
    submit(where, "held", "offered")
    where.do(cmd.Accept(1, "ann"))
    where.do(cmd.AddAgent(Agent(id="bob", capacity=2)), 50)
    where.do(cmd.SignOn("bob"), 50)
    assert pairs(where.do(cmd.Tick(), 60)) == [("offered", "bob")]
    assert pairs(where.do(cmd.Tick(), 90)) == [("held", "bob")]
    assert where.engine._state.works["held"].key == 0.0
    assert pairs(submit(where, "new", at=91)) == []  # nothing more goes to ann


# --- starvation -----------------------------------------------------------------------------------


def test_however_much_of_more_worth_comes_nobody_is_overtaken_for_ever() -> None:
    """A head start is so many seconds, no place in the first row: after the cap it is her turn."""
    where = floor(one(auto_accept=True, scoring=(scoring.customer_value(most=60, quantiles=(0, 1000)),)))
    submit(where, "first")
    for second in range(200):
        who = "poor" if second == 10 else f"rich {second}"
        customer = Customer(id=who, value=0 if who == "poor" else 1000)
        submit(where, who, at=second, customer=customer)
    order = ["first"]
    while order[-1] != "poor":
        held = where.do(cmd.Complete(order[-1], "ann", len(order)))
        order.append(only(ev.Assigned, held).interaction)
    assert order[-2] == "rich 69"  # who came 60 seconds after her, or later, comes after her


# --- ignored offers -------------------------------------------------------------------------------


def test_who_ignores_offers_is_away_and_what_she_ignored_goes_on() -> None:
    plan = one(offer_for=20, refusals=per_cause(expired={"pause_after": 2, "window": 600}))
    where = floor(plan, Agent(id="ann"))
    where.do(cmd.AddAgent(Agent(id="bob")))
    submit(where, "i")
    facts = live(where.engine, 200)
    assert where.engine._state.agents["ann"].presence is Presence.AWAY
    assert sum(isinstance(each, ev.OfferExpired) for each in facts) == 2
    assert pairs(where.do(cmd.SignOn("bob"), 201)) == [("i", "bob")]


def test_the_only_one_who_could_take_it_declines_and_is_asked_again_after_a_pause() -> None:
    where = floor(one(refusals=per_cause(declined={"cool_down": 15, "exclusion": 3600})))
    submit(where, "i")
    assert pairs(where.do(cmd.Decline(1, "ann", "busy"))) == []
    assert pairs(live(where.engine, 15)) == [("i", "ann")]


def test_a_blind_offer_leaves_nothing_to_pick_by() -> None:
    """Neither the offer nor its answer says what it is about before it is accepted."""
    where = floor(one(blind=True))
    (offered,) = [each for each in submit(where, "i") if isinstance(each, ev.Offered)]
    assert offered.blind


# --- capacity and fairness counted wrongly --------------------------------------------------------


def test_who_comes_in_first_in_the_morning_does_not_get_all_that_waited_overnight() -> None:
    """One at a time while her ramp lasts: then there are colleagues to share it."""
    where = Floor(one(auto_accept=True), *(Agent(id=f"a{n}", capacity=5, login_ramp=60) for n in range(4)))
    submit(where, *(f"i{number}" for number in range(16)))
    for number in range(4):
        where.do(cmd.SignOn(f"a{number}"), 10.0 * number)
    live(where.engine, 200)
    loads = [len(each.holdings) for each in where.engine._state.agents.values()]
    assert sum(loads) == 16
    assert loads[0] <= 5
    early = where.engine._state.agents["a0"]
    assert sum(1 for hold in early.holdings.values() if hold.since < 60) == 1


def test_a_customer_who_does_not_answer_takes_up_less_and_has_room_when_she_wakes() -> None:
    chat = Channel(units=1.0, pending_units=0.0)
    plan = Plan(queues={"default": Queue(auto_accept=True)}, channels={"default": chat})
    where = floor(plan, Agent(id="ann", capacity=2, reserve=1.0))
    submit(where, "silent", "talking", "next")
    assert pairs(where.do(cmd.SetStatus("silent", Status.PENDING))) == []  # a unit is kept for her
    assert pairs(where.do(cmd.Complete("talking", "ann", 2))) == [("next", "ann")]
    where.do(cmd.CustomerReplied("silent"))
    state = where.engine._state.agents["ann"]
    assert state.load == state.pool


def test_one_case_at_a_time_is_a_capacity_of_one() -> None:
    where = floor(one(auto_accept=True), Agent(id="ann", capacity=1))
    assert pairs(submit(where, "i", "j")) == [("i", "ann")]
    assert rule(where.do(cmd.Assign("j", "ann"))) == "no_room"
    assert len(where.engine._state.agents["ann"].holdings) == 1


# --- clocks that start anew --------------------------------------------------------------------------


def test_a_transfer_a_reopening_and_a_pause_do_not_reset_a_promise_unless_it_says_so() -> None:
    keeps = Target(measures="resolution", within=600, pauses=("pending",))
    plan = Plan(queues={"a": Queue(targets=(keeps,), auto_accept=True), "b": Queue(targets=(keeps,))})
    where = floor(plan)
    submit(where, "i", queue="a", at=0)
    where.do(cmd.SetStatus("i", Status.PENDING), 100)
    where.do(cmd.SetStatus("i", Status.OPEN), 400)
    where.do(cmd.Transfer("i", "b", agent="ann", fence=1), 450)
    missed = [each for each in live(where.engine, 2000) if isinstance(each, ev.SlaMissed)]
    assert [each.due for each in missed] == [900.0]  # 600 seconds that count, and 300 that do not


# --- stuck after a failure ------------------------------------------------------------------------


def test_every_state_that_is_not_the_end_has_a_way_out_after_a_restart() -> None:
    """An offer, a hold, a wrap-up and a lost agent: the engine built again goes on with their clocks."""
    plan = Plan(queues={"default": Queue(offer_for=30, wrap_up=20)}, reconnect_grace=60)
    where = floor(plan, *(Agent(id=name) for name in ("ann", "bob", "cid")))
    submit(where, "offered", "held", "wrapping")
    where.do(cmd.Accept(2, "bob"))
    where.do(cmd.Accept(3, "cid"))
    where.do(cmd.Complete("wrapping", "cid", 2))
    where.do(cmd.Disconnect("bob"))
    again = where.again()
    facts = live(again, 61)
    assert {type(each) for each in facts} >= {ev.OfferExpired, ev.Completed, ev.Requeued}
    again.check()


# --- one word for relaxing, seen as a timeline ----------------------------------------------------


def test_rings_are_steps_and_say_when_the_next_one_comes() -> None:
    plan = Plan(queues={"default": Queue(steps=bullseye([30, 60]))})
    where = floor(plan, Agent(id="ann", skills={"en": 5}, attributes={"ring": 3}))
    submit(where, "i", needs=Needs('skills HAS "en" AND ring == 1'))
    assert pairs(where.do(cmd.Tick(), 30)) == []  # however good her English is, she is of the third ring
    assert "90 s" in str(why_waiting(where.engine, "i"))
    assert pairs(where.do(cmd.Tick(), 90)) == [("i", "ann")]


# --- limits that hit something else, and what vanishes --------------------------------------------


def test_what_is_not_let_in_is_told_and_everything_else_stays_as_it_was() -> None:
    where = floor(one(most=2))
    where.do(cmd.SetPresence("ann", Presence.AWAY))
    submit(where, "i", "j")
    assert rule(submit(where, "k")) == "queue_full"
    assert where.engine._state.works.keys() == {"i", "j"}


def test_nothing_vanishes_from_the_view_of_its_queue() -> None:
    """The view is made of the interactions themselves: there is no second list that could differ."""
    with Desk(Engine(), MemoryStore(), clock=lambda: 0.0) as desk:
        for name in ("i", "j", "k"):
            desk.handle(cmd.Submit(Interaction(id=name)))
        assert desk.queue("default").page() == ["i", "j", "k"]
        desk.handle(cmd.AddAgent(Agent(id="ann")))
        desk.handle(cmd.SignOn("ann"))
        offered = desk.agent("ann")
        assert desk.queue("default").page() == ["j", "k"]
        assert "i" in str(offered)
        desk.handle(cmd.SetPresence("ann", Presence.AWAY))
        assert desk.queue("default").page() == ["i", "j", "k"]


# --- two who answer the same post -----------------------------------------------------------------


def test_two_who_write_to_the_same_customer_find_out_before_the_second_answer_goes_out() -> None:
    where = floor(one(auto_accept=True), Agent(id="ann"), Agent(id="bob"))
    submit(where, "i")
    where.do(cmd.Lock("i", "ann"))
    assert rule(where.do(cmd.AgentReplied("i", "bob"))) == "locked"
    seen = where.engine._state.works["i"].version
    where.do(cmd.CustomerReplied("i"))
    late = cmd.AgentReplied("i", "ann", expected_version=seen)
    assert rule(where.do(late)) == "stale_version"


# --- settings for one agent at a time -------------------------------------------------------------


def test_a_hundred_agents_are_changed_by_one_line_of_the_plan() -> None:
    plan = attrs.evolve(one(auto_accept=True), groups={"crew": Group(skills={"en": 1})})
    where = floor(plan, *(Agent(id=f"a{number}", groups=("crew",)) for number in range(100)))
    submit(where, *(f"i{number}" for number in range(100)), needs=Needs({"en": 2}))
    better = attrs.evolve(plan, groups={"crew": Group(skills={"en": 2})})
    assert len(pairs(where.do(cmd.ChangePlan(better.to_data())))) == 100
