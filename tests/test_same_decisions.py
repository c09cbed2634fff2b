"""The engine decides exactly as a router that scans everything does (`brute.py`)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import event as note
from hypothesis import given
from hypothesis import strategies as st

from tests.brute import Item, Router
from workassign import Agent, Channel, Customer, Engine, Interaction, Needs, Plan, Presence, Queue
from workassign import commands as cmd
from workassign import events as ev
from workassign.model import Fence, OfferId
from workassign.policies import capacity, offers, ordering, scoring, selection, sla, work
from workassign.policies.selection import AgentFacts

QUEUES = ("a", "b", "c")
CHANNELS = ("default", "chat", "call")
SKILLS = ("x", "y", "z")
AGENTS = ("ann", "bob", "cyd", "dan")

# --- policies of our own: pure, and awkward -----------------------------------------------------


def after_the_first(agent: AgentFacts, channel: str, units: float) -> bool:
    """Only one at a time until she has been assigned something."""
    return agent.load == 0 or agent.handled > 0


def chat_alone(agent: AgentFacts, channel: str, units: float) -> bool:
    """Nothing beside a chat."""
    return agent.on_channel("chat") == 0


def weakest(agent: AgentFacts) -> float:
    """Prefer whoever is offered or holds most, then ..."""
    return -agent.load


def _furthest(needs: Needs, skills: Mapping[str, float]) -> float:
    return -len(skills)


weakest.pair_key = _furthest  # type: ignore[attr-defined]


def by_needs(needs: Needs, skills: Mapping[str, float], priority: int) -> float:
    """Prefer what few can do."""
    return priority - len(needs.skills)


def for_the_angry(interaction: Interaction, at: float) -> float | None:
    """A target for some only."""
    return None if interaction.sentiment is None else 40.0 + 20 * interaction.sentiment


def half(submitted: float, target: float | None) -> float:
    """A reference between arrival and due."""
    return submitted if target is None else submitted + target / 2


# --- instances ------------------------------------------------------------------------------------


def a_plan(rnd: Random, *, sticky: bool = True) -> Plan:
    """Return a plan with up to three queues and channels."""
    queues = {name: a_queue(rnd, sticky=sticky) for name in QUEUES[: rnd.randint(1, 3)]}
    units = {name: rnd.choice((1.0, 1.0, 0.1, 0.3, 2.5)) for name in CHANNELS[: rnd.randint(1, 3)]}
    rules = (None, None, capacity.one_at_a_time, capacity.one_channel_at_a_time, after_the_first, chat_alone)
    return Plan(
        queues=queues,
        channels={name: Channel(units=each) for name, each in units.items()},
        skills=rnd.choice((None, None, None, frozenset(SKILLS))),
        capacity=rnd.choice(rules),
        successors={name: "a" for name in QUEUES if name not in queues and rnd.random() < 0.7},
        reconnect_grace=rnd.choice((10.0, 60.0)),
        retention=rnd.choice((50.0, 604800.0)),
    )


def a_queue(rnd: Random, *, sticky: bool) -> Queue:
    """Return a queue with any policies."""
    target = rnd.choice((None, sla.first_response(20), sla.first_response(100), for_the_angry))
    orders = (ordering.arrival, half) if target is None else (ordering.arrival, ordering.due, half)
    scores = (scoring.sentiment(most=20), scoring.customer_value(most=30, quantiles=[0, 10, 100]))
    more = (scoring.influence(most=10), scoring.weighted(parts=[(2.0, scoring.sentiment(most=5))]))
    return Queue(
        tier=rnd.choice((1, 1, 2)),
        ordering=rnd.choice(orders),
        scoring=rnd.choice(((), (), scores, (*scores, *more, scores[0]))),
        head_start_cap=rnd.choice((3600.0, 25.0)),
        selection=rnd.choice(
            (
                selection.longest_idle,
                selection.least_loaded,
                selection.round_robin,
                selection.fewest_handled,
                selection.best_skill,
                selection.seeded_random(3),
                weakest,
            )
        ),
        work=rnd.choice((work.greatest_need, work.greatest_need, work.best_skill, work.queue_priority, by_needs)),
        offer_for=rnd.choice((30.0, 30.0, 5.0)),
        auto_accept=rnd.random() < 0.2,
        wrap_up=rnd.choice((None, None, 5.0, 40.0)),
        sla=target,
        sticky_wait=rnd.choice((None, 15.0, 200.0)) if sticky else None,
        refusals=rnd.choice((offers.per_cause(), a_backoff(rnd))),
    )


def a_backoff(rnd: Random) -> offers.RefusalPolicy:
    """Return a refusal policy with short and coinciding times."""

    def one() -> dict[str, Any]:
        return {
            "cool_down": rnd.choice((5.0, 10.0)),
            "exclusion": rnd.choice((10.0, 50.0)),
            "rest": rnd.choice((None, None, 5.0, 20.0)),
            "pause_after": rnd.choice((None, 1, 2)),
            "window": rnd.choice((1.0, 900.0)),
        }

    return offers.per_cause(declined=one(), expired=one(), disconnected=one())


def an_agent(rnd: Random, name: str, plan: Plan) -> Agent:
    """Return an agent who mostly fits the plan."""
    stray = rnd.random() < 0.03
    queues = {queue: rnd.randint(1, 2) for queue in (QUEUES if stray else plan.queues) if rnd.random() < 0.6}
    known = CHANNELS if stray else plan.channels
    channels = {channel: rnd.choice((0, 1, 1, 2)) for channel in known if rnd.random() < 0.8}
    return Agent(
        id=name,
        skills={skill: float(rnd.randint(0, 3)) for skill in SKILLS if rnd.random() < 0.6},
        queues=rnd.choice((None, None, queues)),
        channels=rnd.choice((None, None, None, channels)),
        capacity=rnd.choice((1.0, 1.0, 2.0, 2.5, 0.3, 5.0)),
    )


def an_interaction(rnd: Random, number: int, plan: Plan) -> Interaction:
    """Return an interaction that mostly fits the plan."""
    stray = rnd.random() < 0.03
    who = Customer(id="c", value=rnd.choice((None, 5, 50, 500)), followers=rnd.choice((None, 10, 10_000)))
    needs = {skill: float(rnd.randint(0, 2)) for skill in SKILLS if rnd.random() < 0.3}
    return Interaction(
        id=f"i{number}",
        queue=rnd.choice(QUEUES if stray else list(plan.queues)),
        channel=rnd.choice(CHANNELS if stray else list(plan.channels)),
        needs=Needs(rnd.choice(({}, {}, needs))),
        customer=rnd.choice((None, who)),
        sentiment=rnd.choice((None, None, -1.0, -0.5, 0.5)),
        tier=rnd.choice((None, None, None, None, 0, 3)),
        prefers=rnd.choice((None, None, *AGENTS)),
    )


class Script:
    """Draws commands that mostly make sense now, reading where the slow router stands."""

    def __init__(self, rnd: Random, router: Router, *, sticky: bool = True) -> None:
        self.rnd = rnd
        self.router = router
        self.sticky = sticky
        self.at = rnd.choice((0.0, 1_767_225_600.0))
        self.number = 0
        self.said: list[cmd.Command] = []

    def next(self, next_wake: float) -> tuple[cmd.Command, float]:
        """Return a command and its instant."""
        rnd = self.rnd
        step = rnd.choice((0.0, 0.0, 0.0, 0.5, 1.0, 4.0, 5.0, 10.0, 25.0, 30.0, 100.0, 600.0))
        self.at = next_wake if next_wake < float("inf") and rnd.random() < 0.2 else self.at + step
        if self.said and rnd.random() < 0.04:
            return rnd.choice(self.said), self.at
        command = self.command()
        if rnd.random() < 0.15:
            command = attrs.evolve(command, key=f"k{rnd.randint(0, 9)}", actor=rnd.choice((None, "boss")))
        if rnd.random() < 0.05:
            right = self.router.version(command)
            command = attrs.evolve(command, expected_version=rnd.choice((right, right + 1)))
        self.said.append(command)
        return command, self.at

    def command(self) -> cmd.Command:
        """Return any command."""
        rnd, dice = self.rnd, self.rnd.random()
        if dice < 0.30:
            self.number += 1
            return cmd.Submit(an_interaction(rnd, self.number, self.router.plan))
        if dice < 0.65:
            return self.by_agent()
        if dice < 0.88:
            return self.about_agent()
        if dice < 0.90:
            return cmd.ChangePlan(a_plan(rnd, sticky=self.sticky).to_data())
        return self.by_hand()

    def by_agent(self) -> cmd.Command:
        """Return what an agent says about what she is offered or holds."""
        rnd = self.rnd
        busy = [item for item in self.router.items if item.holder is not None]
        if not busy or rnd.random() < 0.05:
            return self.stale()
        item = rnd.choice(busy)
        who = item.holder or ""
        if item.stage == "offered":
            answer: list[cmd.Command] = [
                cmd.Accept(OfferId(item.offer or 0), who),
                cmd.Accept(OfferId(item.offer or 0), who),
                cmd.Decline(OfferId(item.offer or 0), who, rnd.choice(("", "busy"))),
            ]
            return rnd.choice(answer)
        ids = (item.interaction.id, who, Fence(item.fence or 0))
        if item.stage == "wrapping":
            return cmd.FinishWrapUp(*ids)
        held: list[cmd.Command] = [
            cmd.Complete(*ids),
            cmd.Complete(*ids),
            cmd.Release(*ids, rnd.choice(("", "ill"))),
            cmd.Transfer(ids[0], rnd.choice(QUEUES), who, ids[2]),
        ]
        return rnd.choice(held)

    def stale(self) -> cmd.Command:
        """Return an answer that comes too late or from somebody else."""
        rnd = self.rnd
        offer, fence = OfferId(rnd.randint(0, self.router.placed + 1)), Fence(rnd.randint(0, self.router.fences + 1))
        ids = (self.any_id(), rnd.choice(AGENTS), fence)
        found: list[cmd.Command] = [
            cmd.Accept(offer, ids[1]),
            cmd.Decline(offer, ids[1]),
            cmd.Complete(*ids),
            cmd.FinishWrapUp(*ids),
            cmd.Release(*ids),
            cmd.Transfer(ids[0], rnd.choice((*QUEUES, "none")), rnd.choice((None, ids[1])), rnd.choice((None, fence))),
        ]
        return rnd.choice(found)

    def any_id(self) -> str:
        """Return an id that is mostly known."""
        items = self.router.items
        return self.rnd.choice(items).interaction.id if items and self.rnd.random() < 0.95 else "i0"

    def about_agent(self) -> cmd.Command:
        """Return a change of somebody's presence or abilities."""
        rnd = self.rnd
        name, dice = rnd.choice(AGENTS), rnd.random()
        if self.router.find(name) is None:
            return cmd.AddAgent(an_agent(rnd, name, self.router.plan)) if dice < 0.9 else cmd.SignOn(name)
        if dice < 0.45:
            return cmd.SignOn(name)
        found: list[cmd.Command] = [
            cmd.SignOff(name),
            cmd.SetPresence(name, rnd.choice(list(Presence))),
            cmd.SetPresence(name, rnd.choice(list(Presence))),
            cmd.Disconnect(name),
            cmd.ChangeAgent(an_agent(rnd, name, self.router.plan)),
            cmd.RemoveAgent(name),
        ]
        return rnd.choice(found)

    def by_hand(self) -> cmd.Command:
        """Return what a supervisor or the customer does."""
        rnd, interaction = self.rnd, self.any_id()
        found: list[cmd.Command] = [
            cmd.Cancel(interaction, rnd.choice(("", "spam"))),
            cmd.Abandon(interaction),
            cmd.Transfer(interaction, rnd.choice(QUEUES)),
            cmd.Assign(interaction, rnd.choice(AGENTS), rnd.random() < 0.5),
            cmd.Tick(),
            cmd.ResumePolicy("capacity"),
        ]
        return rnd.choice(found)


def said(events: list[ev.Event]) -> list[ev.Event]:
    """Return *events* without the sentences that only people read."""
    return [attrs.evolve(each, reason="") if isinstance(each, ev.Refused) else each for each in events]


def compare(rnd: Random, steps: int, *, sticky: bool = True, lazy: bool = True) -> None:
    """Give both the same commands; assert the same events after every one."""
    plan = a_plan(rnd, sticky=sticky)
    engine, router = Engine(plan), Router(plan)
    script = Script(rnd, router, sticky=sticky)
    for name in AGENTS[: rnd.randint(0, 3)]:
        for command in (cmd.AddAgent(an_agent(rnd, name, plan)), cmd.SignOn(name)):
            assert said(engine.handle(command, script.at)) == router.handle(command, script.at)
    for _ in range(steps):
        command, at = script.next(engine.next_wake)
        while not lazy and engine.next_wake <= at:
            wake = engine.next_wake
            assert said(engine.tick(wake)) == router.handle(cmd.Tick(), wake), "at a timer"
        expected = router.handle(command, at)
        found = said(engine.handle(command, at))
        assert found == expected, f"{command} at {at}"
        engine.check()
