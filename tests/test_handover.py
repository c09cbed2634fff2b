"""A conversation changes its channel: who gets it, and what she is shown of it."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from tests.builders import Checked
from workassign import Agent, Channel, Customer, Interaction, Plan, Queue
from workassign import commands as cmd
from workassign import events as ev
from workassign.errors import UsageError
from workassign.needs import Needs
from workassign.social.happenings import HandedOver
from workassign.social.replying.handover import Context, Said, context, continued, handed_over, handing_over

PLAN = Plan(
    queues={"social": Queue(sticky_wait=300), "mail": Queue(sticky_wait=300)},
    channels={"tweet": Channel(), "email": Channel()},
)
TWEET = Interaction(
    id="twitter/1",
    queue="social",
    channel="tweet",
    customer=Customer(id="cy", followers=10),
    needs=Needs({"refunds": 1}),
    sentiment=-0.4,
    tier=2,
    ref="line 3",
    label="refund",
    attributes={"topic": "refunds", "language": "en"},
)
MAIL = continued(
    TWEET, id="mail/7", channel="email", queue="mail", holder="ann", ref="inbox 7", sentiment=-0.8
)


def engine() -> Checked:
    """Ann and Bob, who can have one thing at a time each; the tweet came first and is with Ann."""
    center = Checked(PLAN)
    for who in ("ann", "bob"):
        center.add_agent(Agent(id=who, skills={"refunds": 1}), at=0)
    center.sign_on("ann", at=0)
    center.submit(TWEET, at=1)
    center.accept(1, "ann", at=2)
    center.sign_on("bob", at=3)
    return center


def told(center: Checked, at: float, *wishes: cmd.Command) -> list[ev.Event]:
    return [event for wish in wishes for event in center.handle(wish, at)]


def offers(facts: list[ev.Event]) -> list[tuple[str, str]]:
    return [(each.interaction, each.agent) for each in facts if isinstance(each, ev.Offered)]


def test_what_goes_on_elsewhere_keeps_who_wrote_what_it_needs_and_who_had_it() -> None:
    assert (
        attrs.evolve(
            TWEET,
            id="mail/7",
            queue="mail",
            channel="email",
            prefers="ann",
            ref="inbox 7",
            sentiment=-0.8,
            attributes={**TWEET.attributes, "continues": "twitter/1", "began": "twitter/1"},
        )
        == MAIL
    )


def test_the_same_agent_gets_it_though_another_is_free() -> None:
    center = engine()
    facts = told(center, 60, *handing_over("twitter/1", MAIL, "ann", fence(center)))
    assert [type(each) for each in facts] == [ev.Submitted, ev.Completed, ev.Offered]
    assert offers(facts) == [("mail/7", "ann")]


def test_what_is_more_urgent_still_goes_first_and_the_handover_waits_for_her() -> None:
    center = engine()
    center.change_agent(Agent(id="ann", skills={"refunds": 9}), at=4)
    center.submit(attrs.evolve(TWEET, id="urgent", tier=0, needs=Needs({"refunds": 9})), at=5)
    facts = told(center, 60, *handing_over("twitter/1", MAIL, "ann", fence(center)))
    assert offers(facts) == [("urgent", "ann")]
    assert offers(center.decline(2, "ann", at=61)) == [("mail/7", "ann")]


def test_somebody_else_gets_it_when_she_is_leaving() -> None:
    center = engine()
    wishes = handing_over("twitter/1", MAIL, "ann", fence(center))
    assert offers(told(center, 60, cmd.SignOff("ann"), *wishes)) == [("mail/7", "bob")]


def test_somebody_else_gets_it_when_she_cannot_do_it_there() -> None:
    center = engine()
    center.change_agent(Agent(id="ann", skills={"refunds": 1}, channels={"tweet": 1}), at=50)
    facts = told(center, 60, *handing_over("twitter/1", MAIL, "ann", fence(center)))
    assert offers(facts) == [("mail/7", "bob")]


def fence(center: Checked) -> int:
    hold = center._state.works["twitter/1"].hold
    assert hold is not None
    assert hold.fence is not None
    return hold.fence


def test_what_nobody_held_is_cancelled_and_what_it_was_has_its_reason() -> None:
    center = Checked(PLAN)
    center.submit(TWEET, at=1)
    assert [type(each) for each in told(center, 2, *handing_over("twitter/1", MAIL))] == [
        ev.Submitted,
        ev.Cancelled,
    ]
    cancelled = center.facts[-1]
    assert isinstance(cancelled, ev.Cancelled)
    assert cancelled.reason == "handed over"


def test_what_was_a_part_stays_one_and_its_whole_waits_for_it() -> None:
    """The new one is a part before the old one is done, so the whole cannot end in between."""
    center = Checked(PLAN)
    center.add_agent(Agent(id="ann", capacity=3, skills={"refunds": 1}), at=0)
    center.sign_on("ann", at=0)
    whole = Interaction(id="flight", queue="social", channel="tweet")
    part = attrs.evolve(TWEET, parent="flight")
    held = [center.submit(each, at=1)[-1] for each in (whole, part)]
    fences = [center.accept(each.offer, "ann", at=2)[0] for each in held if isinstance(each, ev.Offered)]
    new = continued(part, id="mail/7", channel="email", holder="ann")
    first, second = fences
    assert isinstance(first, ev.Assigned)
    assert isinstance(second, ev.Assigned)
    told(center, 3, *handing_over(part.id, new, "ann", second.fence))
    (refused,) = center.complete("flight", "ann", first.fence, at=4)
    assert isinstance(refused, ev.Refused)
    assert refused.rule == "open_children"


def test_the_first_of_a_chain_is_remembered() -> None:
    call = continued(MAIL, id="call/2", channel="tweet", attributes={"phone": "yes"})
    assert call.prefers == "ann"
    assert {"continues": "mail/7", "began": "twitter/1", "phone": "yes"}.items() <= call.attributes.items()
    assert context(call, []).before == ("twitter/1", "mail/7")


def test_nothing_continues_itself_and_a_holder_shows_her_fence() -> None:
    with pytest.raises(UsageError, match="'twitter/1' cannot continue itself"):
        continued(TWEET, id="twitter/1", channel="email")
    with pytest.raises(UsageError, match="agent and fence are given both, or neither"):
        handing_over("twitter/1", MAIL, "ann")


def test_a_handover_is_an_event() -> None:
    assert handed_over(60.0, MAIL, "ann") == HandedOver(
        at=60.0, interaction="twitter/1", to="mail/7", channel="email", agent="ann"
    )


# --- context -------------------------------------------------------------------------------------


def said(at: float, by: str, **other: Any) -> Said:
    return Said(at=at, by=by, ref=f"message at {at:g}", **other)


def test_the_context_has_who_said_what_when_how_it_felt_and_how_long_she_waited() -> None:
    messages = [
        said(0, "customer", sentiment=-0.4),
        said(5, "bot"),
        said(60, "customer", sentiment=-0.9),
        said(100, "agent", agent="ann"),
        said(130, "agent", agent="bob"),
        said(200, "customer"),
        said(230, "agent", agent="ann"),
        said(300, "customer", sentiment=0.1),
        said(301, "bot"),
    ]
    shown = context(MAIL, reversed(messages))
    assert shown == Context(
        interaction="mail/7",
        before=("twitter/1",),
        customer="cy",
        topic="refunds",
        said=tuple(messages),
        agents=("ann", "bob"),
        first_sentiment=-0.4,
        sentiment=0.1,
        worst_sentiment=-0.9,
        waits=(100.0, 30.0),
        waiting_since=300,
    )


def test_a_context_of_nothing_says_what_the_interaction_itself_says() -> None:
    shown = context(TWEET, [], before=["chat/9"])
    assert (shown.before, shown.sentiment, shown.waits, shown.waiting_since) == (("chat/9",), -0.4, (), None)


def test_somebody_unheard_of_says_nothing() -> None:
    with pytest.raises(UsageError, match="by must be one of customer, agent, bot, not 'ghost'"):
        said(0, "ghost")
