"""`why_not` and `why_waiting` tell the truth about a live engine, and leave no trace in it."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import given, settings

from tests.brute import Item, Router
from tests.builders import Floor, floor_of, one
from tests.test_same_decisions import AGENTS, DICE, STARTS, STEPS, Script, a_plan, an_agent, tuned
from workassign import Agent, Channel, Interaction, Needs, Plan, Presence, Queue, UsageError
from workassign import commands as cmd
from workassign import events as ev
from workassign.explain import Candidate, Way, WhyNot, WhyWaiting, explain, why_not, why_waiting
from workassign.model import Fence
from workassign.policies import capacity, offers, selection
from workassign.policies.selection import AgentFacts


def accept(floor: Floor, at: float) -> Fence:
    """Accept what was offered last, and return the fence."""
    offered = floor.engine.facts[-1]
    assert isinstance(offered, ev.Offered)
    (assigned,) = floor.do(cmd.Accept(offered.offer, offered.agent), at)
    assert isinstance(assigned, ev.Assigned)
    return assigned.fence


def kinds(found: WhyNot | Candidate) -> list[str]:
    return [reason.kind for reason in found.reasons]


# --- why not her ------------------------------------------------------------------------------


def test_every_reason_of_one_agent_is_told_with_its_end() -> None:
    """As of the last turn, without a journal."""
    plan = one(refusals=offers.per_cause(declined={"cool_down": 30, "exclusion": 600, "rest": 60}))
    floor = floor_of(plan, Agent(id="ann"), Agent(id="bob", skills={"x": 1}))
    floor.do(cmd.SetPresence("bob", Presence.AWAY), 0)
    _, offered = floor.do(cmd.Submit(Interaction(id="t1")), 10)
    assert isinstance(offered, ev.Offered)
    floor.do(cmd.Decline(offered.offer, "ann"), 12)

    found = why_not(floor.engine, "ann", "t1")

    assert (found.stage, found.holder, found.rank, found.at) == ("waiting", None, None, 12)
    assert [(reason.kind, reason.until) for reason in found.reasons] == [("rest", 72), ("cool_down", 42)]
    assert found.plan_hash == plan.hash
    assert found.text().splitlines() == [
        "Why not ann for t1 at 12 s: it waits in queue default, submitted at 10 s",
        "  -  rests until 72 s after a refusal",
        "  -  refused it and is not asked again until 42 s",
    ]
    assert kinds(why_not(floor.engine, "bob", "t1")) == ["presence"]


def test_what_somebody_has_is_said_to_be_hers_and_the_others_are_ranked() -> None:
    """The holder, who has it, the others who could, and one who could not anyway."""
    floor = floor_of(one(), Agent(id="ann"), Agent(id="bob"), Agent(id="cid"), Agent(id="dan", queues={}))
    floor.do(cmd.Submit(Interaction(id="t1")), 5)
    expected = "it is offered to ann (offer 1) until 35 s"

    hers = why_not(floor.engine, "ann", "t1")
    assert (hers.holder, hers.reasons, hers.rank) == ("ann", (), None)
    assert hers.text() == f"ann has t1 at 5 s: {expected}"

    found = why_not(floor.engine, "cid", "t1")
    assert [(each.kind, each.text, each.until) for each in found.reasons] == [("held", expected, 35)]
    assert (found.rank, found.of) == (2, 2)
    assert [(each.agent, each.why) for each in found.rivals] == [("bob", "lower roster number")]
    assert found.text().splitlines()[1:] == [
        f"  -  {expected}",
        "  nothing else keeps her from it: rank 2 of 2 if it waited",
        "  before her: bob (lower roster number)",
    ]

    assert kinds(why_not(floor.engine, "dan", "t1")) == ["held", "queue"]


def test_it_says_where_it_is_from_the_acceptance_to_the_end() -> None:
    """Held, wrapped up, closed."""
    floor = floor_of(one(wrap_up=20), Agent(id="ann"), Agent(id="bob"))
    floor.do(cmd.Submit(Interaction(id="t1")), 5)
    fence = accept(floor, 6)
    assert why_not(floor.engine, "bob", "t1").reasons[0].text == "it is held by ann (fence 1) since 6 s"
    floor.do(cmd.Complete("t1", "ann", fence), 8)
    wrapped = why_not(floor.engine, "bob", "t1").reasons[0]
    assert wrapped.text == "it was served by ann, who wraps up until 28 s at most"
    assert wrapped.until == 28
    floor.do(cmd.Tick(), 30)
    for agent in ("ann", "bob"):
        closed = why_not(floor.engine, agent, "t1")
        assert (closed.stage, kinds(closed), closed.holder) == ("closed", ["closed"], None)
        assert closed.reasons[0].text == "it is closed since 30 s"
    waiting = why_waiting(floor.engine, "t1")
    assert waiting.text() == "Why t1 does not wait at 30 s: it is closed since 30 s"
    assert (waiting.funnel, waiting.closest, waiting.holds, waiting.ways) == ((), (), (), ())


def test_who_names_something_more_urgent_is_not_said_to_be_ranked() -> None:
    """Only a policy that changes its mind leaves a free agent beside what waits: it is admitted."""
    answers = [False]

    def moody(agent: AgentFacts, channel: str, units: float) -> bool:
        return answers[0]

    floor = floor_of(attrs.evolve(one(), capacity=moody), Agent(id="ann"))
    floor.do(cmd.Submit(Interaction(id="t1")), 1)
    floor.do(cmd.Submit(Interaction(id="t2")), 2)
    assert kinds(why_not(floor.engine, "ann", "t1")) == ["capacity"]
    answers[0] = True
    first, second = (why_not(floor.engine, "ann", each) for each in ("t1", "t2"))
    assert (first.rank, first.of, kinds(first)) == (1, 1, [])
    assert "answers otherwise now than in its turn" in first.text()
    assert (second.rank, kinds(second)) == (None, ["other_first"])


@pytest.mark.parametrize("name", ["ghost", "<b>"])
def test_who_or_what_is_not_there_is_a_mistake_of_the_caller(name: str) -> None:
    """The error names it."""
    floor = floor_of(one(), Agent(id="ann"))
    floor.do(cmd.Submit(Interaction(id="t1")), 1)
    with pytest.raises(UsageError, match=f"there is no agent '{name}'"):
        why_not(floor.engine, name, "t1")
    for ask in (lambda: why_not(floor.engine, "ann", name), lambda: why_waiting(floor.engine, name)):
        with pytest.raises(UsageError, match=f"there is no interaction '{name}'"):
            ask()


# --- why nobody -------------------------------------------------------------------------------


def test_the_funnel_goes_from_everybody_to_nobody() -> None:
    """Each agent is counted where she fails first, in the order of the kinds."""
    plan = Plan(queues={"default": Queue(), "other": Queue()})
    roster = [
        Agent(id="ann"),
        Agent(id="bob", queues={"other": 1}),
        Agent(id="cid", skills={"x": 1}),
        Agent(id="dan", skills={"x": 3}),
        Agent(id="eve", skills={"x": 3}),
    ]
    floor = floor_of(plan, *roster)
    floor.do(cmd.SetPresence("eve", Presence.AWAY), 0)
    floor.do(cmd.Submit(Interaction(id="first", needs=Needs({"x": 2}))), 1)
    floor.do(cmd.Submit(Interaction(id="t1", needs=Needs({"x": 2}))), 2)

    found = why_waiting(floor.engine, "t1")

    assert found.roster == 5
    assert [(each.kind, each.failed, each.left) for each in found.funnel] == [
        ("presence", 1, 4),
        ("queue", 1, 3),
        ("skill", 2, 1),
        ("room", 1, 0),
    ]
    assert [each.agent for each in found.closest] == ["dan", "ann", "cid", "bob", "eve"]
    assert found.text().splitlines() == [
        "Why t1 waits at 2 s: it waits in queue default, submitted at 2 s",
        "  5 on the roster",
        "  1 not available: 4 left",
        "  1 not on the queue: 3 left",
        "  2 without a needed skill: 1 left",
        "  1 without room: nobody left",
        "  Closest",
        "    -  dan has no room: load 1 of 1, it takes 1",
        "    -  ann lacks skill x at level 2 (has none)",
        "    -  cid lacks skill x at level 2 (has 1)",
        "    -  bob does not serve queue default; lacks skill x at level 2 (has none)",
        "    -  eve is away",
        "  It is routed if",
        "    -  dan finishes first (she is full)",
        "    -  eve becomes available (she is away)",
    ]


def test_holds_are_told_with_their_ends_and_a_wait_for_one_agent_once() -> None:
    """The first to end comes first."""
    floor = floor_of(one(sticky_wait=100.0), Agent(id="ann"))
    floor.do(cmd.Submit(Interaction(id="other")), 1)
    accept(floor, 1)
    for agent in ("bob", "cid"):
        floor.do(cmd.AddAgent(Agent(id=agent)), 1)
        floor.do(cmd.SignOn(agent), 1)
    floor.do(cmd.Submit(Interaction(id="t1", prefers="ann")), 2)

    found = why_waiting(floor.engine, "t1")

    assert [(each.kind, each.agent, each.until) for each in found.holds] == [("sticky_wait", None, 102)]
    assert [(way.agent, way.text, way.at, way.by_itself) for way in found.ways] == [
        ("bob", "the wait for ann ends at 102 s", 102, True),
        ("cid", "the wait for ann ends at 102 s", 102, True),
        ("ann", "ann finishes other (she is full)", None, False),
    ]


def test_nobody_can_is_said_with_what_is_missing() -> None:
    """Somebody new, or one of those who are there, would have to have it."""
    floor = floor_of(one(), Agent(id="ann", skills={"x": 1}), Agent(id="bob"))
    floor.do(cmd.Submit(Interaction(id="t1", needs=Needs({"x": 1, "y": 2}))), 2)

    found = why_waiting(floor.engine, "t1")

    assert [(way.agent, way.kinds, way.text) for way in found.ways] == [
        (
            None,
            ("added",),
            (
                "nobody on the roster has skill y at level 2: somebody is added with queue default, "
                "channel default, skill x at level 1, skill y at level 2, a capacity of 1"
            ),
        ),
        ("ann", ("trained",), "ann is given skill y at level 2"),
        ("bob", ("trained",), "bob is given skill x at level 1, skill y at level 2"),
    ]


def test_an_empty_roster_is_a_reason() -> None:
    floor = Floor(one())
    floor.do(cmd.Submit(Interaction(id="t1")), 2)
    found = why_waiting(floor.engine, "t1")
    assert (found.roster, found.funnel, found.closest) == (0, (), ())
    assert [way.kinds for way in found.ways] == [("added",)]


def test_many_agents_are_counted_and_few_are_shown() -> None:
    """Eight at most of those who are close, and of what would help."""
    floor = floor_of(one(), *(Agent(id=f"agent-{n}") for n in range(200)), on=False)
    floor.do(cmd.Submit(Interaction(id="t1")), 2)
    found = why_waiting(floor.engine, "t1")
    assert (found.roster, found.funnel[0].failed) == (200, 200)
    assert len(found.closest) == len(found.ways) == 8
    assert len(found.text().splitlines()) < 30


# --- what changes, and what must not ------------------------------------------------------------


def test_a_policy_that_fails_now_is_noted_and_leaves_no_trace() -> None:
    """Nor does asking: the engine is as it was."""

    def rank(needs: Needs, skills: object, priority: int) -> float:
        raise ZeroDivisionError("oh")

    def broken(agent: AgentFacts, channel: str, units: float) -> bool:
        raise ZeroDivisionError("oh")

    plan = attrs.evolve(one(work=rank), capacity=broken, strikes=50)
    floor = floor_of(plan, Agent(id="ann"), Agent(id="bob"), Agent(id="cid", skills={"x": 1}))
    for number in range(4):
        floor.do(cmd.Submit(Interaction(id=f"t{number}")), 1)
    engine = floor.engine
    facts, snapshot, wake = engine.facts, engine.snapshot(), engine.next_wake

    found: list[Any] = [why_waiting(engine, "t3"), why_not(engine, "bob", "t0"), why_not(engine, "cid", "t3")]

    assert any("failed (ZeroDivisionError: oh): the default answered" in each.text() for each in found)
    assert engine.facts is facts
    assert engine.snapshot() == snapshot
    assert engine.next_wake == wake
    engine.check()


def test_markup_in_an_id_is_escaped() -> None:
    """A notebook shows the id, it does not run it."""
    evil = "<script>alert('x')</script>"
    floor = floor_of(one(), Agent(id=evil), Agent(id="ann", queues={}))
    floor.do(cmd.Submit(Interaction(id=evil)), 1)
    accept(floor, 1)
    floor.do(cmd.Submit(Interaction(id="<i>", needs=Needs({"<b>": 1}))), 2)
    found: list[Any] = [why_waiting(floor.engine, each) for each in (evil, "<i>")]
    found += [why_not(floor.engine, agent, evil) for agent in (evil, "ann")]
    found += [explain(floor.plan, floor.turns, each) for each in (evil, "<i>")]
    for each in found:
        html = each._repr_html_()
        assert "<script" not in html
        assert "<i>" not in html
        assert "<b>" not in html
        assert "&lt;" in html
        assert html.count("<div") == html.count("</div>")
        json.dumps(each.as_dict(), allow_nan=False)


# --- what would help helps ----------------------------------------------------------------------

MOVES = (
    *(ev.Offered, ev.Assigned, ev.Completed, ev.PresenceChanged, ev.Requeued, ev.OfferExpired),
    *(ev.Resumed, ev.SurgeStarted, ev.SurgeEnded),
)
"""What changes who has room for what, or who serves what."""


class Scenario:
    """An engine built again, in which one way for one interaction is brought about."""

    def __init__(self, floor: Floor, target: str, way: Way) -> None:
        self.engine = floor.again()
        self.target = target
        self.way = way
        self.agent = way.agent or "newcomer"

    @property
    def routed(self) -> bool:
        return self.engine._state.works[self.target].stage != "waiting"

    def say(self, command: cmd.Command) -> list[ev.Event]:
        answer = self.engine.handle(command, self.engine.now)
        assert not any(isinstance(each, ev.Refused) for each in answer), answer
        return answer

    def helps(self) -> bool:
        """Whether the interaction is routed when it has happened, or something else happened before."""
        if self.way.ahead:  # with nobody before it, it would be hers
            for item in list(self.engine._state.waiting()):
                if item.interaction.id != self.target:
                    self.say(cmd.Park(item.interaction.id, self.engine.now + 1e8, on_reply=False))
        paused = self.way.agent is not None and "before she is given anything else" in self.way.text
        if paused and not self.pause():
            return True
        if "available" in self.way.kinds and self.has_ramp():
            self.say(cmd.SetPresence(self.agent, Presence.BUSY))  # from now on it counts
        if self.way.at is not None and not self.time_passes(self.way.at):
            return True
        for kind in ("added", "trained", "emptied", "finished", "available"):
            if kind in self.way.kinds and not self.routed:
                getattr(self, kind)()
        if paused and not self.routed:
            self.available()
        if "pulls" in self.way.kinds and not self.routed:
            self.say(cmd.Pull(self.agent))
        return self.routed

    def has_ramp(self) -> bool:
        """Whether a login ramp begins when she comes."""
        known = self.engine._state.agents[self.agent]
        return known.agent.login_ramp is not None and known.presence is not Presence.BUSY

    def pause(self) -> bool:
        """Let her be given nothing else meanwhile.

        To be busy she accepts what she is offered. False if that is an event of its own: she is given
        more, or there is something now that the customer may wake.
        """
        holdings = self.engine._state.agents[self.agent].holdings
        before = [(name, hold.dozes) for name, hold in holdings.items()]
        for name, _ in before:
            self.accept(name)
        self.say(cmd.SetPresence(self.agent, Presence.BUSY))
        return [(name, hold.dozes) for name, hold in holdings.items()] == before

    def time_passes(self, until: float) -> bool:
        """Let it be *until*; False if something moves before that, or besides."""
        while not self.routed and (now := min(self.engine.next_wake, until)) <= until:
            facts = self.engine.handle(cmd.Tick(), now)
            own = [each for each in facts if getattr(each, "interaction", "") in self.way.finished]
            if not self.routed and any(isinstance(each, MOVES) and each not in own for each in facts):
                return False
            if now == until:
                return True
        return True

    def added(self) -> None:
        self.say(cmd.AddAgent(self.fitting(Agent(id=self.agent, queues={}, channels={}))))
        self.say(cmd.SignOn(self.agent))

    def trained(self) -> None:
        self.say(cmd.ChangeAgent(self.fitting(self.engine._state.agents[self.agent].agent)))

    def fitting(self, agent: Agent) -> Agent:
        """Return *agent* with whatever the interaction needs."""
        item = self.engine._state.works[self.target]
        queue, channel = item.sig.queue.name, item.interaction.channel
        limit = self.engine._state.agents[agent.id].on_channel(channel) if self.way.agent else 0
        queues = agent.queues
        if queues is not None and not any(each in queues for each in (queue, *item.sig.shared)):
            queues = {queue: 1, **queues}
        channels = agent.channels
        if channels is not None and not channels.get(channel):
            channels = {**channels, channel: limit + 1}
        levels = dict(agent.skills)
        for skill, least in item.sig.needs.skills:
            levels[skill] = max(least, levels.get(skill, 0.0))
        labels, label = agent.labels, item.interaction.label
        if labels is not None and label is not None and labels.get(label) == 0:
            labels = {**labels, label: len(self.engine._state.works)}
        capacity = max(self.engine.plan.channels[channel].units, agent.capacity)
        able = attrs.evolve(agent, skills=levels, queues=queues, channels=channels, capacity=capacity)
        return attrs.evolve(able, labels=labels, groups=())

    def finished(self) -> None:
        self.finish(self.way.finished[0])

    def emptied(self) -> None:
        for name in self.way.finished:
            self.finish(name)

    def accept(self, name: str) -> None:
        hold = self.engine._state.agents[self.agent].holdings[name]
        if hold.pending and hold.offer is not None:
            self.say(cmd.Accept(hold.offer, self.agent))

    def finish(self, name: str) -> None:
        self.accept(name)
        item = self.engine._state.works[name]
        if item.stage == "assigned" and item.hold is not None and item.hold.fence is not None:
            review = self.engine._state.reviews.get(name)
            done = cmd.Approve if review is not None and review.open else cmd.Complete
            self.say(done(name, self.agent, item.hold.fence))
        if item.stage == "wrapping" and item.hold is not None and item.hold.fence is not None:
            self.say(cmd.FinishWrapUp(name, self.agent, item.hold.fence))

    def available(self) -> None:
        self.say(cmd.SetPresence(self.agent, Presence.AVAILABLE))


def check_ways(floor: Floor, target: str) -> list[Way]:
    """Bring each way about in a scenario of its own; of what is enough alone, each alone."""
    found = why_waiting(floor.engine, target).ways
    for way in found:
        each_alone = way.finished if "finished" in way.kinds else ()
        for name in each_alone or (None,):
            alone = way if name is None else attrs.evolve(way, finished=(name,))
            assert Scenario(floor, target, alone).helps(), f"{target}: {alone}"
    return list(found)


def holding(floor: Floor, *names: str, at: float = 0.0, **fields: Any) -> None:
    """Submit and accept, one after the other."""
    for name in names:
        floor.do(cmd.Submit(Interaction(id=name, **fields)), at)
        accept(floor, at)


TWO = Plan(channels={"default": Channel(), "tweet": Channel(units=0.5)})


def full_of_one() -> Floor:
    floor = floor_of(one(), Agent(id="ann"))
    holding(floor, "held")
    return floor


def full_of_two() -> Floor:
    floor = floor_of(one(), Agent(id="ann", capacity=2))
    holding(floor, "held", "too")
    return floor


def pulls_and_is_full() -> Floor:
    floor = floor_of(one(), Agent(id="ann", capacity=2, pull=True))
    for name in ("held", "too"):
        floor.do(cmd.Submit(Interaction(id=name)), 0)
        floor.do(cmd.Pull("ann"), 0)
    return floor


def full_of_small_things() -> Floor:
    floor = floor_of(TWO, Agent(id="ann"))
    holding(floor, "held", "too", channel="tweet")
    return floor


def one_of_three_is_large() -> Floor:
    floor = floor_of(TWO, Agent(id="ann", capacity=2))
    holding(floor, "small", "small too", channel="tweet")
    holding(floor, "large")
    return floor


def nobody_there() -> Floor:
    return floor_of(one(), Agent(id="ann"), on=False)


def wrapping_up() -> Floor:
    floor = floor_of(one(wrap_up=20), Agent(id="ann"))
    holding(floor, "held")
    floor.do(cmd.Complete("held", "ann", Fence(1)), 0)
    return floor


def away_and_full() -> Floor:
    floor = full_of_one()
    floor.do(cmd.SetPresence("ann", Presence.AWAY), 0)
    return floor


def offered_something() -> Floor:
    floor = floor_of(one(offer_for=500), Agent(id="ann"))
    floor.do(cmd.Submit(Interaction(id="held")), 0)
    return floor


def one_at_a_time() -> Floor:
    floor = floor_of(attrs.evolve(one(), capacity=capacity.one_at_a_time), Agent(id="ann", capacity=5))
    holding(floor, "held")
    return floor


def full_on_the_channel() -> Floor:
    floor = floor_of(one(), Agent(id="ann", capacity=5, channels={"default": 1}))
    holding(floor, "held")
    return floor


def others_come_first() -> Floor:
    floor = full_of_one()
    for number in range(3):
        floor.do(cmd.Submit(Interaction(id=f"before {number}")), 0)
    return floor


@pytest.mark.parametrize(
    ("begin", "expected"),
    [
        (full_of_one, ["ann finishes held (she is full)"]),
        (full_of_two, ["ann finishes something (she is full)"]),
        (pulls_and_is_full, ["ann finishes something (she is full) and ann asks for work"]),
        (
            full_of_small_things,
            ["ann finishes all that she has (she is full), before she is given anything else"],
        ),
        (one_of_three_is_large, ["ann finishes large (she is full)"]),
        (nobody_there, ["ann becomes available (she is offline)"]),
        (wrapping_up, ["ann ends the wrap-up of held by 20 s"]),
        (away_and_full, ["ann becomes available (she is away) and ann finishes held (she is full)"]),
        (offered_something, ["ann finishes held (she is full)"]),
        (one_at_a_time, ["ann finishes held (she is full)"]),
        (full_on_the_channel, ["ann finishes held (she is full)"]),
        (others_come_first, ["ann finishes held (she is full); 3 more come first for her"]),
    ],
)
def test_what_is_said_to_help_helps(begin: Any, expected: list[str]) -> None:
    """The event is brought about in an engine built again, and it is routed."""
    floor = begin()
    floor.do(cmd.Submit(Interaction(id="target")), 0)
    assert [way.text for way in check_ways(floor, "target")] == expected


def test_the_end_of_a_hold_helps() -> None:
    """The rest ends after the cool-down: only then is she asked again."""
    plan = one(refusals=offers.per_cause(declined={"cool_down": 30, "exclusion": 600, "rest": 60}))
    floor = floor_of(plan, Agent(id="ann"))
    _, offered = floor.do(cmd.Submit(Interaction(id="target")), 10)
    assert isinstance(offered, ev.Offered)
    floor.do(cmd.Decline(offered.offer, "ann"), 12)
    (way,) = check_ways(floor, "target")
    assert way.text == "the rest of ann ends at 72 s and the cool-down of ann ends at 42 s"
    assert (way.kinds, way.at, way.by_itself) == (("until",), 72, True)


@pytest.mark.parametrize("needs", [{}, {"x": 2.0}])
def test_somebody_new_or_trained_helps(needs: dict[str, float]) -> None:
    """Whatever is missing: queue, channel, skill or capacity."""
    plan = attrs.evolve(TWO, queues={"default": Queue(), "other": Queue()})
    roster = [
        Agent(id="ann", queues={"other": 1}),
        Agent(id="bob", channels={"tweet": 1, "default": 0}),
        Agent(id="cid", capacity=0.5),
        Agent(id="dan", capacity=0.5, queues={}, channels={}),
    ]
    floor = floor_of(plan, *roster)
    floor.do(cmd.SetPresence("dan", Presence.AWAY), 0)
    holding(floor, "held", queue="other")
    floor.do(cmd.Submit(Interaction(id="target", needs=Needs(needs))), 0)
    found = check_ways(floor, "target")
    assert [way.agent for way in found[:1]] == [None]
    assert {way.agent for way in found} == {None, "ann", "bob", "cid", "dan"}
    assert "a capacity of 1" in found[-1].text


class Watched(Router):
    """The slow router, which notes who could have had it just before each decision."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.admitted: dict[str, list[set[str]]] = {}
        """Interaction -> for every time that it was handed over, whom it fitted."""

    def hand_over(self, item: Item, person: Any) -> None:
        able = {each.id for each in self.people if self.fits(each, item, gated=False)}
        self.admitted.setdefault(item.interaction.id, []).append(able)
        super().hand_over(item, person)

    def offer_too(self, item: Item, person: Any) -> None:
        self.admitted[item.interaction.id].append({each.id for each in self.free_too(item)})
        super().offer_too(item, person)


def without_steps(plan: Plan) -> Plan:
    """Return *plan* without any, rotations by load, batches: waiting changes nothing; nobody is silent.

    Nor is anybody kept free: where one more comes free, others compete for what that allows.
    """
    queues = {
        name: attrs.evolve(queue, steps=(), batch=None, keep_free=None) for name, queue in plan.queues.items()
    }
    rotations = {name: each for name, each in plan.rotations.items() if each.queue is None}
    return attrs.evolve(plan, heartbeat=None, queues=queues, rotations=rotations)


def random_floor(seed: int, steps: list[int], *, stepped: bool = True) -> tuple[Floor, Watched]:
    """Return a floor after a random script, and the slow router that stands where it does."""
    rnd = Random(seed)
    plan = a_plan(rnd) if stepped else without_steps(a_plan(rnd))
    floor, router = Floor(plan), Watched(plan)
    script = Script(router, rnd.choice(STARTS))

    def turn(command: cmd.Command, at: float) -> None:
        if isinstance(command, cmd.ChangePlan) and not stepped:
            command = attrs.evolve(command, plan=without_steps(Plan.from_data(command.plan)).to_data())
        router.handle(command, at)
        floor.do(command, at)

    for name in AGENTS[: rnd.randint(1, 4)]:
        turn(cmd.AddAgent(an_agent(rnd, name, plan)), script.at)
        turn(cmd.SignOn(name), script.at)
    for each in steps:
        turn(*script.next(Random(each), floor.engine.next_wake))
    return floor, router


def which_of_them() -> Floor:
    """Done with the large one, she would take something large first; with the small one, nothing."""
    floor = floor_of(TWO, Agent(id="ann", capacity=1.5))
    holding(floor, "large")
    holding(floor, "small", channel="tweet")
    floor.do(cmd.Submit(Interaction(id="before")), 0)
    return floor


def test_how_many_come_first_holds_for_whichever_she_finishes() -> None:
    """At most so many."""
    floor = which_of_them()
    floor.do(cmd.Submit(Interaction(id="target", channel="tweet")), 0)
    (way,) = check_ways(floor, "target")
    assert way.text == "ann finishes something (she is full); up to 1 more come first for her"
    assert (way.finished, way.ahead) == (("large", "small"), 1)


@given(seed=DICE, steps=STEPS)
@settings(max_examples=2 * settings().max_examples)
def test_whatever_is_said_to_help_helps_on_random_floors(seed: int, steps: list[int]) -> None:
    """Any plan without steps, which may take it elsewhere meanwhile; any script; a scenario for each way."""
    with tuned(32):
        floor, _ = random_floor(seed, steps, stepped=False)
        for item in list(floor.engine._state.waiting())[:3]:
            check_ways(floor, item.interaction.id)


# --- beside the router that scans everything ------------------------------------------------------


@given(seed=DICE, steps=STEPS)
def test_the_reasons_are_those_of_a_scan_of_everything(seed: int, steps: list[int]) -> None:
    """Who is kept from it is so for exactly the kinds that the slow router finds, and nobody else is."""
    with tuned(32):
        floor, router = random_floor(seed, steps)
    engine = floor.engine
    before = engine.snapshot()
    for item in router.items:
        for person in router.people:
            check_reasons(router, why_not(engine, person.id, item.interaction.id), item)
        if item.stage == "waiting":
            check_funnel(router, why_waiting(engine, item.interaction.id), item)
    assert engine.snapshot() == before


def check_reasons(router: Router, found: WhyNot, item: Item) -> None:
    person = router.find(found.agent)
    assert person is not None
    assert found.stage == item.stage
    holders: list[str | None] = [*item.offers.values()] or [item.holder]
    assert found.holder == (person.id if person.id in holders else holders[0])
    if item.stage == "closed":
        assert kinds(found) == ["closed"]
    elif person.id in holders:
        assert (found.reasons, found.rank) == ((), None)
    else:
        held = set() if holders == [None] else {"held"}
        held |= {"parked"} if item.stage == "parked" else set()
        assert set(kinds(found)) == held | router.barriers(person, item)
        assert (found.rank is not None) == (not router.barriers(person, item))
        if item.stage == "waiting":
            assert not router.fits(person, item)
    json.dumps(found.as_dict(), allow_nan=False)


def check_funnel(router: Router, found: WhyWaiting, item: Item) -> None:
    """Everybody is counted once, at a kind that is true of somebody, until nobody is left."""
    order = [
        *("presence", "pull_only", "queue", "channel", "label", "skill", "needs", "own_reply"),
        *("room", "channel_limit", "beside", "label_limit", "capacity"),
        *("rest", "login_ramp", "shift_end", "kept_free", "cool_down", "queue_delay", "sticky_wait"),
        "batch_window",
    ]
    firsts = [min(router.barriers(person, item), key=order.index) for person in router.people]
    assert found.roster == len(router.people)
    assert [(each.kind, each.failed) for each in found.funnel] == [
        (kind, firsts.count(kind)) for kind in order if kind in firsts
    ]
    assert [each.left for each in found.funnel][-1:] == [0] * bool(firsts)
    for each in found.holds:
        assert each.until > router.at


@given(seed=DICE, steps=STEPS)
def test_whom_a_decision_admitted_a_scan_of_everything_admits_too(seed: int, steps: list[int]) -> None:
    """The candidates of every decision are those that fit, no more and no fewer."""
    with tuned(32):
        floor, router = random_floor(seed, steps)
    for name, admitted in router.admitted.items():
        found = explain(floor.plan, floor.turns, name).decisions
        told = [each for each in found if each.how in ("offered", "auto")]
        assert [{each.agent for each in one.candidates if each.keys is not None} for one in told] == admitted
        for decision, able in zip(told, admitted, strict=True):
            assert decision.agent in able
            ranked = [each for each in decision.candidates if each.rank is not None]
            weighed = decision.notes[:1] != () and decision.notes[0].startswith("its window ended")
            assert bool(decision.tie_break) == (len(ranked) > 1 and not weighed)


# --- what a decision carries --------------------------------------------------------------------


def test_a_decision_names_its_plan_and_what_broke_the_tie() -> None:
    """The plan that held then, and why the first came before the second."""
    floor = floor_of(one(selection=selection.fewest_handled), Agent(id="ann"), Agent(id="bob"))
    floor.do(cmd.Submit(Interaction(id="t1")), 1)
    floor.do(cmd.Decline(_offer(floor), "ann"), 1)
    other = attrs.evolve(one(), name="other")
    floor.do(cmd.ChangePlan(other.to_data()), 2)
    floor.do(cmd.Decline(_offer(floor), "bob"), 3)
    floor.do(cmd.Tick(), 31)

    found = explain(floor.plan, floor.turns, "t1").decisions

    assert [each.agent for each in found] == ["ann", "bob", "ann"]
    assert [each.plan_hash for each in found] == [floor.plan.hash, floor.plan.hash, other.hash]
    assert [each.tie_break for each in found] == ["lower roster number", "", ""]
    assert found[0].candidates[0].rank == 1
    assert attrs.asdict(found[0])["tie_break"] == "lower roster number"


def _offer(floor: Floor) -> Any:
    (offer,) = floor.engine._state.offers
    return offer


def test_the_hash_of_a_plan_whose_policies_are_gone_is_that_of_its_data() -> None:
    """It is the one that the journal has, not that of what stands in for them."""
    floor = floor_of(one(), Agent(id="ann"))
    floor.do(cmd.Submit(Interaction(id="t1")), 1)
    data = floor.plan.to_data()
    assert explain(data, floor.turns, "t1").decisions[0].plan_hash == floor.plan.hash
    lost = {**data, "capacity": "a_module_that_is_gone:clever"}
    (decision,) = explain(lost, floor.turns, "t1").decisions
    assert decision.plan_hash not in ("", floor.plan.hash)
