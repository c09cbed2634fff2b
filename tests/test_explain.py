"""Every answer of `explain` is true: the winner was first, the excluded could not, the story is whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import Floor, Kept, one
from workassign import commands as cmd
from workassign import events as ev
from workassign._evolve import evolve
from workassign._records import AgentState, Work
from workassign._state import State
from workassign.errors import UsageError
from workassign.explain import Candidate, Decision, Explanation, explain
from workassign.model import Agent, Channel, Customer, Interaction, InteractionId, Presence
from workassign.needs import Needs
from workassign.plan import Plan, Queue
from workassign.policies import capacity, offers, ordering, scoring, selection, sla, work


class Asked(Floor):
    """A floor that is asked why: what it answers is short, and can be written as JSON."""

    def submit(self, interaction: str, at: float | None = None, **fields: Any) -> list[ev.Event]:
        return self.do(cmd.Submit(Interaction(id=interaction, **fields)), at)

    def why(self, interaction: str) -> Explanation:
        explanation = explain(self.plan, self.turns, interaction)
        json.dumps(explanation.as_dict(), allow_nan=False)
        assert len(explanation.text().splitlines()) <= len(explanation.story) + 9 * 20
        return explanation


def order(decision: Decision) -> list[str]:
    return [each.agent for each in decision.candidates if each.rank is not None]


def reasons(candidates: tuple[Candidate, ...]) -> dict[str, list[tuple[str, str]]]:
    return {each.agent: [(reason.kind, reason.text) for reason in each.reasons] for each in candidates}


# --- who, and who not -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "presence", "expected"),
    [
        ({}, Presence.OFFLINE, [("presence", "is offline")]),
        ({}, Presence.BUSY, [("presence", "is busy")]),
        ({}, Presence.AWAY, [("presence", "is away")]),
        ({"queues": {"other": 1}}, None, [("queue", "does not serve queue default")]),
        ({"channels": {"chat": 1}}, None, [("channel", "does not serve channel default")]),
        ({"channels": {"default": 0}}, None, [("channel", "does not serve channel default")]),
        ({"skills": {}}, None, [("skill", "lacks skill billing at level 3 (has none)")]),
        ({"skills": {"billing": 2.5}}, None, [("skill", "lacks skill billing at level 3 (has 2.5)")]),
        ({"capacity": 0.5}, None, [("room", "has no room: load 0 of 0.5, it takes 1")]),
        (
            {"skills": {}, "queues": {"other": 1}, "capacity": 0.5},
            Presence.AWAY,
            [
                ("presence", "is away"),
                ("queue", "does not serve queue default"),
                ("skill", "lacks skill billing at level 3 (has none)"),
                ("room", "has no room: load 0 of 0.5, it takes 1"),
            ],
        ),
    ],
)
def test_every_true_reason_is_told(
    fields: Mapping[str, Any], presence: Presence | None, expected: list[tuple[str, str]]
) -> None:
    """Whoever could not have it is there with all that excluded her, the winner with rank 1."""
    plan = Plan(
        queues={"default": Queue(), "other": Queue()}, channels={"default": Channel(), "chat": Channel()}
    )
    able = {"billing": 3.0}
    floor = Asked(plan, Agent(id="ann", skills=able), Agent(**{"id": "bob", "skills": able, **fields}))
    floor.on("ann", "bob")
    if presence is Presence.OFFLINE:
        floor.do(cmd.SignOff("bob"))
    elif presence is not None:
        floor.do(cmd.SetPresence("bob", presence))
    floor.submit("t", needs=Needs({"billing": 3}))

    (decision,) = floor.why("t").decisions

    assert order(decision) == [decision.agent] == ["ann"]
    assert reasons(decision.candidates) == {"ann": [], "bob": expected}
    assert decision.funnel == {expected[0][0]: 1}


def test_draining_and_a_full_channel_and_a_capacity_policy_exclude() -> None:
    """Reasons that come from what an agent holds."""
    plan = Plan(channels={"default": Channel(), "chat": Channel()}, capacity=capacity.one_channel_at_a_time)
    roster = [
        Agent(id="ann", capacity=9, channels={"default": 1, "chat": 9}),
        Agent(id="bob", capacity=9, channels={"default": 9, "chat": 9}),
        Agent(id="cid", capacity=9),
        Agent(id="dan", capacity=1),
    ]
    floor = Asked(plan, *roster)
    for agent, channel in (("ann", "default"), ("bob", "chat"), ("cid", "default"), ("dan", "default")):
        floor.on(agent)
        floor.submit(f"first-{agent}", channel=channel)
        floor.do(cmd.Accept(floor.engine.facts[-1].offer, agent))  # type: ignore[union-attr, arg-type]
        floor.do(cmd.SetPresence(agent, Presence.BUSY))
    floor.do(cmd.SetPresence("cid", Presence.DRAINING))
    for agent in ("ann", "bob", "dan"):
        floor.do(cmd.SetPresence(agent, Presence.AVAILABLE))
    floor.submit("t")

    explanation = floor.why("t")

    assert explanation.stage == "waiting"
    assert reasons(explanation.candidates) == {
        "ann": [("channel_limit", "is full on channel default: 1/1")],
        "bob": [("capacity", "is held back by the capacity policy")],
        "cid": [("presence", "is draining")],
        "dan": [("room", "has no room: load 1 of 1, it takes 1")],
    }
    assert explanation.funnel == {"presence": 1, "room": 1, "channel_limit": 1, "capacity": 1}
    assert "4 on the roster, 1 not available, 1 without room" in explanation.text()
    assert "nobody left" in explanation.text()


def test_a_refusal_and_a_rest_exclude_until_they_end() -> None:
    """Both name their end, which is when the engine looks again."""
    plan = one(refusals=offers.per_cause(declined={"cool_down": 30, "exclusion": 600, "rest": 60}))
    floor = Asked(plan, Agent(id="ann"), Agent(id="bob", capacity=2))
    floor.on("ann", "bob")
    _, offered = floor.submit("t", at=10)
    assert isinstance(offered, ev.Offered)
    assert offered.agent == "ann"
    floor.do(cmd.Decline(offered.offer, "ann", "lunch"), at=12)

    explanation = floor.why("t")

    first, second = explanation.decisions
    assert (first.agent, second.agent) == ("ann", "bob")
    assert reasons(second.candidates)["ann"] == [
        ("rest", "rests until 72 s after a refusal"),
        ("cool_down", "refused it and is not asked again until 612 s"),
    ]
    assert [reason.until for reason in second.candidates[1].reasons] == [72.0, 612.0]
    assert "declined by ann (lunch); she is not asked again until 612 s (42 s if nobody else is left)" in (
        explanation.text()
    )


def test_if_all_have_refused_the_oldest_is_asked_again_after_her_cool_down() -> None:
    """The reason names the end that really holds for her."""
    floor = Asked(
        one(refusals=offers.per_cause(declined={"cool_down": 30, "exclusion": 600})), Agent(id="ann")
    )
    floor.on("ann")
    _, offered = floor.submit("t", at=10)
    assert isinstance(offered, ev.Offered)
    floor.do(cmd.Decline(offered.offer, "ann"), at=12)

    (ann,) = floor.why("t").candidates
    assert [(reason.kind, reason.until) for reason in ann.reasons] == [("cool_down", 42.0)]

    floor.do(cmd.Tick(), at=42)
    assert [each.at for each in floor.why("t").decisions] == [10, 42]


def test_waiting_for_the_preferred_agent_keeps_the_others_out() -> None:
    """A free agent passes by what waits for another; when that one is free, she comes first."""
    floor = Asked(one(sticky_wait=100.0), Agent(id="ann"), Agent(id="bob"))
    floor.on("ann")
    floor.submit("other")
    floor.do(cmd.Accept(floor.engine.facts[-1].offer, "ann"), at=1)  # type: ignore[union-attr, arg-type]
    floor.submit("t", at=2, prefers="ann")
    floor.on("bob", at=3)

    waiting = floor.why("t")
    waiting_for_ann = [("sticky_wait", "it is kept for ann, whom it prefers, until 102 s")]
    assert reasons(waiting.candidates) == {
        "ann": [("room", "has no room: load 1 of 1, it takes 1")],
        "bob": waiting_for_ann,
    }
    assert waiting.funnel == {"room": 1, "sticky_wait": 1}

    floor.do(cmd.Complete("other", "ann", 1), at=5)
    (decision,) = floor.why("t").decisions
    assert order(decision) == ["ann"]
    assert reasons(decision.candidates)["bob"] == waiting_for_ann


def test_the_preferred_agent_comes_first_where_nothing_has_to_wait_for_her() -> None:
    """Without a sticky wait she is ranked before the others, and the text says why."""
    floor = Asked(one(), Agent(id="ann"), Agent(id="bob"))
    floor.on("ann", "bob")
    floor.submit("t", at=1, prefers="bob")
    explanation = floor.why("t")
    assert order(explanation.decisions[0]) == ["bob", "ann"]
    assert "before ann: it prefers her" in explanation.text()


def test_an_agent_who_took_something_more_urgent_is_told_apart_from_one_who_could_not() -> None:
    """Two are freed in one turn: selection prefers ann for both, but she can take only one."""
    plan = one(refusals=offers.per_cause(disconnected={"cool_down": 1, "exclusion": 1}))
    floor = Asked(plan, Agent(id="ann", skills={"x": 1}), Agent(id="bob"))
    floor.on("ann", "bob")
    floor.submit("urgent", at=1, needs=Needs({"x": 1}), tier=0)
    floor.submit("plain", at=1)
    floor.do(cmd.SetPresence("ann", Presence.BUSY), at=2)
    floor.do(cmd.SetPresence("bob", Presence.BUSY), at=2)
    floor.submit("plain-2", at=2)
    floor.do(cmd.ChangePlan(one(work=work.best_skill).to_data()), at=3)
    floor.do(cmd.SetPresence("ann", Presence.AVAILABLE), at=4)
    ann = floor.why("urgent").decisions[-1]

    assert (ann.agent, ann.at, ann.work) == ("ann", 4, "best_skill")
    assert ann.could_take == 3
    assert [each.interaction for each in ann.first] == ["urgent", "plain", "plain-2"]
    assert "1. urgent  tier 0, rank -1, key 1 s, sequence 1; before plain: tier 0 before tier 1" in (
        floor.why("urgent").text()
    )


def test_free_but_another_interaction_came_first() -> None:
    """A plan change frees all at once: the better agent for `any` is wanted elsewhere."""
    plan = Plan(queues={"default": Queue(), "vip": Queue()})
    floor = Asked(plan, Agent(id="ann", queues={"default": 2, "vip": 1}), Agent(id="bob"))
    floor.on("ann", "bob")
    for agent in ("ann", "bob"):
        floor.do(cmd.SetPresence(agent, Presence.BUSY), at=1)
    floor.do(cmd.ChangeAgent(Agent(id="ann", queues={"default": 2, "vip": 1}, capacity=0.5)), at=2)
    floor.do(cmd.ChangeAgent(Agent(id="bob", capacity=0.5)), at=2)
    for agent in ("ann", "bob"):
        floor.do(cmd.SetPresence(agent, Presence.AVAILABLE), at=2)
    floor.submit("any", at=3)
    floor.submit("vip", at=4, queue="vip")
    priority = {"work": "workassign.policies.work:queue_priority"}
    data = {
        "queues": {"default": priority, "vip": priority},
        "channels": {"default": {"units": 0.5}},
    }
    floor.do(cmd.ChangePlan(data), at=5)

    (decision,) = floor.why("any").decisions

    assert decision.agent == "bob"
    assert order(decision) == ["bob"]
    assert reasons(decision.candidates)["ann"] == [
        ("other_first", "is free, but vip came first for her: rank 1 before 2")
    ]


def test_a_late_tick_ranks_all_whose_rest_has_ended() -> None:
    """All that is due is heard before anybody is chosen, in whatever order it fell due."""
    plan = one(refusals=offers.per_cause(declined={"cool_down": 5, "exclusion": 5, "rest": 100}))
    floor = Asked(plan, Agent(id="ann"), Agent(id="bob"))
    for agent, at in (("ann", 1), ("bob", 2)):
        floor.on(agent, at=at)
        _, offered = floor.submit(f"for-{agent}", at=at)
        assert isinstance(offered, ev.Offered)
        assert offered.agent == agent
        floor.do(cmd.Decline(offered.offer, agent), at=at)
        floor.do(cmd.Cancel(f"for-{agent}"), at=at)
    floor.submit("t", at=50)
    floor.do(cmd.Tick(), at=500)

    (decision,) = floor.why("t").decisions

    assert decision.agent == "ann"
    assert decision.notes == ()
    assert order(decision) == ["ann", "bob"]


# --- in which order ---------------------------------------------------------------------------


def with_history(policy: selection.Selection) -> Asked:
    """Return a floor where ann, bob and cid differ in every figure that a policy may ask."""
    roster = [
        Agent(id="ann", skills={"x": 3}, capacity=4),
        Agent(id="bob", skills={"x": 9}, capacity=2),
        Agent(id="cid", skills={"x": 5}, capacity=8),
    ]
    floor = Asked(
        Plan(queues={"default": Queue(selection=policy), "before": Queue(auto_accept=True)}), *roster
    )
    at = 0.0
    for agent, held, done in (("cid", 2, 1), ("ann", 1, 3), ("bob", 1, 0)):
        floor.on(agent, at=at)
        for number in range(held + done):
            at += 1
            facts = floor.submit(f"{agent}-{number}", at=at, queue="before")
            if number >= held:
                assert isinstance(facts[1], ev.Assigned)
                floor.do(cmd.Complete(f"{agent}-{number}", agent, facts[1].fence))
        floor.do(cmd.SetPresence(agent, Presence.BUSY))
    for agent in ("bob", "ann", "cid"):
        floor.on(agent, at=at + 1)
        at += 1
    return floor


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (selection.longest_idle, ["bob", "ann", "cid"]),
        (selection.least_loaded, ["ann", "cid", "bob"]),
        (selection.round_robin, ["cid", "ann", "bob"]),
        (selection.fewest_handled, ["bob", "cid", "ann"]),
        (selection.best_skill, ["bob", "cid", "ann"]),
    ],
)
def test_ranks_are_those_of_the_selection_policy(policy: selection.Selection, expected: list[str]) -> None:
    """The winner is who was offered it, the others stand in the order of the policy."""
    floor = with_history(policy)
    _, offered = floor.submit("t", needs=Needs({"x": 1}))
    assert isinstance(offered, ev.Offered)

    (decision,) = floor.why("t").decisions

    assert order(decision) == expected
    assert decision.agent == offered.agent == expected[0]
    assert [each.rank for each in decision.candidates] == [1, 2, 3]


def test_seeded_random_ranks_by_its_hash() -> None:
    """Whatever the dice say, the explanation says the same."""
    for seed in range(20):
        floor = with_history(selection.seeded_random(seed))
        _, offered = floor.submit("t", needs=Needs({"x": 1}))
        assert isinstance(offered, ev.Offered)
        (decision,) = floor.why("t").decisions
        assert order(decision)[0] == offered.agent
        keys = [each.keys.agent_key for each in decision.candidates if each.keys is not None]
        assert keys == sorted(keys)


def test_the_tie_break_is_visible() -> None:
    """Equal keys: who is idle for longer; equal there too: the lower roster number."""
    floor = Asked(
        one(selection=selection.fewest_handled), *(Agent(id=each) for each in ("ann", "bob", "cid"))
    )
    floor.on("cid", at=1)
    floor.on("bob", "ann", at=2)
    floor.submit("t", at=3)

    explanation = floor.why("t")

    assert order(explanation.decisions[0]) == ["cid", "ann", "bob"]
    assert "1. cid  key 0, idle since 1 s, roster number 2; before ann: idle for longer" in explanation.text()
    assert (
        "2. ann  key 0, idle since 2 s, roster number 0; before bob: lower roster number"
        in explanation.text()
    )


# --- the work side ----------------------------------------------------------------------------


def test_head_starts_are_shown_in_seconds_with_their_policies() -> None:
    """The furious influencer is first: the text says by how much, and why."""
    queue = Queue(
        scoring=(scoring.sentiment(most=600), scoring.influence(most=900)),
        head_start_cap=1000,
        sla=sla.first_response(1800),
        offer_for=60,
    )
    floor = Asked(Plan(queues={"default": queue}), Agent(id="ann"))
    floor.submit("calm", at=100)
    floor.submit("furious", at=900, sentiment=-1, customer=Customer(id="c", influence=50))
    floor.submit("calm too", at=901)
    floor.on("ann", at=1000)

    explanation = floor.why("furious")
    (decision,) = explanation.decisions

    assert decision.could_take == 3
    assert [each.interaction for each in decision.first] == ["furious", "calm", "calm too"]
    assert decision.first[0].terms == (("sentiment", 600.0), ("influence", 450.0))
    assert decision.first[0].head_start == 1000
    text = explanation.text()
    assert (
        "submitted to queue default, channel default: tier 1, key -100 s "
        "(head start 1000 s: sentiment 600 s, influence 450 s, capped), sequence 2, first response due 2700 s"
    ) in text
    assert "before calm: 200 s ahead, head starts included" in text


def test_nothing_else_waited() -> None:
    """An arrival goes straight to a free agent."""
    floor = Asked(one(), Agent(id="ann"))
    floor.on("ann")
    floor.submit("t", at=1)
    explanation = floor.why("t")
    assert explanation.decisions[0].could_take == 1
    assert "Nothing else waited that ann could have taken" in explanation.text()


# --- the story --------------------------------------------------------------------------------


def test_the_whole_story_is_told() -> None:
    """From the submission to the completion, with instants in UTC where they are POSIX seconds."""
    start = 1_767_225_600.0
    plan = Plan(
        queues={
            "default": Queue(offer_for=30, sla=sla.first_response(60), refusals=offers.per_cause()),
            "expert": Queue(auto_accept=True, wrap_up=10),
        }
    )
    floor = Asked(plan)
    for agent in ("ann", "bob"):
        floor.do(cmd.AddAgent(Agent(id=agent)), at=start)
        floor.on(agent)
    floor.submit("t", at=start + 1)
    floor.do(cmd.Tick(), at=start + 31)
    floor.do(cmd.Accept(1, "ann"), at=start + 32)
    floor.do(cmd.Tick(), at=start + 61)
    floor.do(cmd.Accept(3, "ann"), at=start + 61.5)
    accepted = floor.engine.facts[-1]
    assert isinstance(accepted, ev.Assigned)
    floor.do(cmd.Transfer("t", "expert", "ann", accepted.fence, actor="kim"), at=start + 100)
    assigned = floor.engine.facts[-1]
    assert isinstance(assigned, ev.Assigned)
    floor.do(cmd.Complete("t", assigned.agent, assigned.fence), at=start + 110)
    floor.do(cmd.Tick(), at=start + 120)

    explanation = floor.why("t")

    assert explanation.stage == "closed"
    assert [step.event for step in explanation.story] == [
        "Submitted",
        "Offered",
        "OfferExpired",
        "Offered",
        "Refused",
        "OfferExpired",
        "SlaMissed",
        "Offered",
        "Assigned",
        "Transferred",
        "Assigned",
        "WrapUpStarted",
        "Completed",
    ]
    assert [decision.how for decision in explanation.decisions] == ["offered", "offered", "offered", "auto"]
    text = explanation.text()
    assert "2026-01-01T00:00:01Z  submitted to queue default" in text
    assert "2026-01-01T00:00:32Z  Accept refused: offer 1 is not open any more" in text
    assert "2026-01-01T00:01:01.500Z  accepted by ann (fence 1)" in text
    assert "missed its SLA target (first response) at 2026-01-01T00:01:01Z" in text
    assert "transferred to queue expert by ann: tier 1, key 2026-01-01T00:00:01Z (said by kim)" in text


def test_by_hand_is_said_to_be_by_hand() -> None:
    """A manual assignment has candidates too, but nobody asked them."""
    floor = Asked(one(), Agent(id="ann", capacity=0.5), Agent(id="bob"))
    floor.submit("t")
    floor.on("ann")
    floor.do(cmd.Assign("t", "ann", override=True), at=1)

    (decision,) = floor.why("t").decisions

    assert decision.how == "override"
    assert reasons(decision.candidates)["ann"] == [("room", "has no room: load 0 of 0.5, it takes 1")]
    assert decision.notes == ("it was given by hand, over her capacity: neither ranks nor skills were asked",)


def test_an_unknown_interaction_is_a_mistake_of_the_caller() -> None:
    """The error names it, and says so if its submission was refused."""
    floor = Asked(one(), Agent(id="ann"))
    floor.submit("lost", at=1, queue="nowhere")
    with pytest.raises(UsageError, match=r"'ghost' was never taken in$"):
        floor.why("ghost")
    with pytest.raises(
        UsageError, match=r"'lost' was never taken in: .* refused, there is no queue 'nowhere'"
    ):
        floor.why("lost")


def test_an_agent_of_the_same_name_is_somebody_else() -> None:
    """What is refused about agent `ann` is not in the story of interaction `ann`."""
    floor = Asked(one(), Agent(id="ann"))
    floor.submit("ann")
    floor.do(cmd.SignOff("ann"))
    assert [step.event for step in floor.why("ann").story] == ["Submitted"]


def test_a_policy_that_is_gone_is_named_and_does_not_stop_the_answer() -> None:
    """Old plans may name what no longer exists: in the header, or in a change of plan."""
    lost = {"use": "a_module_that_is_gone:clever", "most": 3}
    floor = Asked(one(), Agent(id="ann"), Agent(id="bob"))
    floor.on("bob", at=1)
    floor.on("ann", at=2)
    floor.submit("t", at=3)
    data = {**floor.plan.to_data(), "capacity": lost}
    data["queues"] = {"default": {"selection": lost, "scoring": [lost], "sla": lost, "ordering": "<lambda>"}}
    changed = Kept(4, cmd.ChangePlan(data), [ev.PlanChanged(4, data, "")], 0)

    explanation = explain(data, [*floor.turns, changed], "t")

    assert [each.split(":")[0] for each in explanation.notes] == [
        "queues.default.ordering",
        "queues.default.selection",
        "queues.default.sla",
        "queues.default.scoring[0]",
        "capacity",
    ]
    assert "No module named 'a_module_that_is_gone'" in explanation.text()
    assert order(explanation.decisions[0]) == ["bob", "ann"]


def test_a_policy_that_answers_otherwise_today_is_not_believed() -> None:
    """What happened stands, and the explanation admits that it cannot tell why."""

    def least(agent: selection.AgentFacts) -> float:
        return agent.number

    def most(agent: selection.AgentFacts) -> float:
        return -agent.number

    def broken(agent: selection.AgentFacts) -> float:
        raise ZeroDivisionError("oh")

    floor = Asked(one(selection=least), Agent(id="ann"), Agent(id="bob"))
    floor.on("ann", "bob")
    floor.submit("t")
    (decision,) = explain(one(selection=most), floor.turns, "t").decisions
    assert decision.notes == ("the policies answer otherwise today: ann would not be given it, yet she was",)
    (decision,) = explain(one(selection=broken), floor.turns, "t").decisions
    assert len(decision.notes) == 1
    assert "failed (ZeroDivisionError: oh): the default answered" in decision.notes[0]


def test_many_agents_are_counted_and_few_are_shown() -> None:
    """The text stays short; the data has everybody."""
    floor = Asked(one(), *(Agent(id=f"agent-{number}") for number in range(500)))
    floor.on(*(f"agent-{number}" for number in range(20)))
    floor.submit("t")

    explanation = floor.why("t")

    assert len(explanation.as_dict()["decisions"][0]["candidates"]) == 500
    assert len(explanation.text().splitlines()) < 20
    assert "500 on the roster, 480 not available: 20 left" in explanation.text()
    assert "… and 492 more" in explanation.text()


# --- on random floors -------------------------------------------------------------------------

RANDOM_PLANS = [
    Plan(
        queues={
            "a": Queue(
                scoring=(scoring.sentiment(most=20),),
                selection=chosen,
                work=ranked,
                offer_for=6,
                wrap_up=3,
                sticky_wait=9,
                sla=sla.first_response(15),
                refusals=offers.per_cause(
                    declined={"cool_down": 4, "exclusion": 12, "rest": 7},
                    expired={"cool_down": 2, "pause_after": 3},
                ),
            ),
            "b": Queue(
                auto_accept=auto,
                ordering=ordering.due,
                sla=sla.first_response(30),
                tier=tier,
                selection=selection.best_skill,
            ),
        },
        channels={"tweet": Channel(units=0.5), "call": Channel()},
        capacity=room,
        reconnect_grace=5,
    )
    for chosen, ranked, auto, tier, room in [
        (selection.longest_idle, work.greatest_need, True, 1, None),
        (selection.least_loaded, work.best_skill, False, 2, None),
        (selection.round_robin, work.queue_priority, False, 1, capacity.one_channel_at_a_time),
        (selection.seeded_random(3), work.greatest_need, False, 1, capacity.one_at_a_time),
    ]
]

skills = st.dictionaries(st.sampled_from("xy"), st.integers(0, 3).map(float), max_size=2)
queues = st.none() | st.dictionaries(st.sampled_from("ab"), st.integers(1, 2), min_size=1)
channels = st.none() | st.dictionaries(st.sampled_from(["tweet", "call"]), st.integers(0, 2))
rosters: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.builds(
        dict, skills=skills, queues=queues, channels=channels, capacity=st.sampled_from([0.5, 1, 2, 3])
    ),
    min_size=1,
    max_size=5,
)
interactions = st.fixed_dictionaries(
    {
        "queue": st.sampled_from("ab"),
        "channel": st.sampled_from(["tweet", "call"]),
        "needs": st.dictionaries(st.sampled_from("xy"), st.integers(0, 2), max_size=2).map(Needs),
        "sentiment": st.none() | st.sampled_from([-1.0, -0.5, 0.5]),
        "tier": st.sampled_from([None, None, None, 1]),
        "prefers": st.sampled_from([None, None, "agent-0", "agent-1"]),
    }
)
DEEDS = ["submit"] * 4 + ["accept"] * 3 + ["complete"] * 2
DEEDS += ["decline", "release", "presence", "presence", "transfer", "lost", "by_hand", "plan"]
gaps = st.sampled_from([0.0, 0.0, 0.5, 1.0, 3.0, 11.0])
deeds = st.lists(
    st.tuples(
        st.sampled_from(DEEDS),
        st.integers(0, 9),
        interactions,
        gaps,
        st.booleans(),
    ),
    min_size=5,
    max_size=40,
)


def played(plan: Plan, roster: list[dict[str, Any]], acts: list[tuple[Any, ...]]) -> Asked:
    """Return a floor after random deeds; time is told promptly or late."""
    floor = Asked(plan, *(Agent(id=f"agent-{number}", **fields) for number, fields in enumerate(roster)))
    for number in range(len(roster)):
        floor.on(f"agent-{number}")
    for number, (deed, pick, fields, gap, late) in enumerate(acts):
        at = floor.at + gap
        while not late and floor.engine.next_wake <= at:
            floor.do(cmd.Tick(), floor.engine.next_wake)
        command = wished(floor, deed, pick, Interaction(id=f"t{number}", **fields))
        if command is not None:
            floor.do(command, at)
    return floor


def wished(floor: Asked, deed: str, pick: int, interaction: Interaction) -> cmd.Command | None:
    """Return a command that is possible now, if there is one."""
    state = floor.engine._state
    agent = f"agent-{pick % len(state.agents)}"
    if deed == "submit":
        return cmd.Submit(interaction)
    if deed == "presence":
        return cmd.SetPresence(agent, list(Presence)[pick // 2])
    if deed == "lost":
        return cmd.Disconnect(agent)
    if deed == "plan":
        return cmd.ChangePlan(RANDOM_PLANS[pick % len(RANDOM_PLANS)].to_data())
    stages = {"accept": "offered", "decline": "offered", "by_hand": "waiting", "transfer": "waiting"}
    found = [each for each in state.works.values() if each.stage == stages.get(deed, "assigned")]
    if not found:
        return None
    chosen = found[pick % len(found)]
    name, hold = chosen.interaction.id, chosen.hold
    if hold is None:
        other = "b" if chosen.sig.queue.name == "a" else "a"
        return cmd.Transfer(name, other) if deed == "transfer" else cmd.Assign(name, agent, override=pick > 5)
    who = hold.agent.agent.id
    if hold.fence is None:
        assert hold.offer is not None
        return cmd.Accept(hold.offer, who) if deed == "accept" else cmd.Decline(hold.offer, who)
    return cmd.Complete(name, who, hold.fence) if deed == "complete" else cmd.Release(name, who, hold.fence)


def can(state: State, agent: AgentState, item: Work, at: float) -> bool:
    """Whether *agent* could take *item*, said anew in a few lines."""
    kept = (
        item.sig.queue.plan.sticky_wait is not None
        and item.interaction.prefers in present(state, item) - set(item.refused or {}) - {agent.agent.id}
        and at < item.since + item.sig.queue.plan.sticky_wait
    )
    return (
        agent.presence is Presence.AVAILABLE
        and not kept
        and (agent.rest is None or agent.rest <= at)
        and may_ever(agent, item)
        and agent.view.load + item.sig.units / 1e6 <= agent.agent.capacity
        and agent.view.on_channel(item.sig.channel) < (agent.agent.channels or {}).get(item.sig.channel, 99)
        and not apart(state, agent, item, at)
        and (
            state.plan.capacity is None
            or state.plan.capacity(agent.view, item.sig.channel, item.sig.units / 1e6)
        )
    )


def may_ever(agent: AgentState, item: Work) -> bool:
    who = agent.agent
    on_queue = who.queues is None or item.sig.queue.name in who.queues
    on_channel = who.channels is None or who.channels.get(item.sig.channel, 0) > 0
    return on_queue and on_channel and item.sig.needs.met_by(who.skills)


def present(state: State, item: Work) -> set[str]:
    here = (Presence.AVAILABLE, Presence.BUSY)
    return {name for name, each in state.agents.items() if each.presence in here and may_ever(each, item)}


def apart(state: State, agent: AgentState, item: Work, at: float) -> bool:
    there = {name for name in present(state, item) if state.agents[name].pool >= item.sig.units}
    excluded = {name: retry for name, (retry, end) in (item.refused or {}).items() if at < end}
    if agent.agent.id not in excluded:
        return False
    oldest = next((name for name in item.refused or {} if name in there), None)
    return not (there <= set(excluded) and oldest == agent.agent.id and at >= excluded[oldest])


def instants(floor: Asked) -> Iterator[tuple[State, ev.Offered | ev.Assigned]]:
    """Yield every decision, with the state just before it."""
    state = State(floor.plan)
    for turn in floor.turns:
        for event in turn.facts:
            if isinstance(event, ev.Offered) or (isinstance(event, ev.Assigned) and event.offer is None):
                yield state, event
            evolve(state, event)


@given(st.sampled_from(RANDOM_PLANS), rosters, deeds)
@settings(max_examples=300, deadline=None)
def test_explanations_are_true(plan: Plan, roster: list[dict[str, Any]], acts: list[tuple[Any, ...]]) -> None:
    """The winner is rank 1 and she of the event; the ranked could have it, the excluded could not."""
    floor = played(plan, roster, acts)
    told: dict[InteractionId, list[Decision]] = {}
    for state, event in instants(floor):
        name = event.interaction
        if name not in told:
            told[name] = list(floor.why(name).decisions)
        decision = told[name].pop(0)
        assert (decision.agent, decision.at) == (event.agent, event.at)
        assert {each.agent for each in decision.candidates} == set(state.agents)
        if decision.how not in ("manual", "override"):
            check_decision(state, decision, state.works[name])
    assert not any(told.values())
    check_waiting(floor)


def check_decision(state: State, decision: Decision, item: Work) -> None:
    assert order(decision)[0] == decision.agent, decision
    assert decision.notes == ()
    assert decision.first[0].interaction == item.interaction.id
    winner = state.agents[decision.agent]
    assert decision.could_take == sum(can(state, winner, each, decision.at) for each in state.waiting())
    for candidate in decision.candidates:
        agent = state.agents[candidate.agent]
        able = can(state, agent, item, decision.at)
        if candidate.rank is not None:
            assert able, candidate
        elif candidate.keys is None:
            assert not able, candidate
        else:
            assert able
            (reason,) = candidate.reasons
            first = state.works[reason.text.split("but ")[1].split(" came")[0]]
            assert can(state, agent, first, decision.at)


def check_waiting(floor: Asked) -> None:
    """Of what still waits, everybody is excluded, and the funnel counts them all."""
    for item in floor.engine._state.waiting():
        explanation = floor.why(item.interaction.id)
        assert explanation.stage == "waiting"
        assert all(each.reasons for each in explanation.candidates), explanation.text()
        assert sum(explanation.funnel.values()) == len(explanation.candidates)
