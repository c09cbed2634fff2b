"""What a desk does with a mention before an agent sees it, with a real engine behind the front."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fronts import LOST, TABLE, front_of, kinds, mention
from workassign import Agent, Engine, events
from workassign.commands import Accept, AddAgent, Complete, CustomerReplied, SignOn, Submit, Update
from workassign.errors import PlanError, UsageError
from workassign.events import Assigned, Event, Offered
from workassign.plan import Plan
from workassign.social.front import Front, Taken
from workassign.social.funnel import COLLAPSED, JOINED, OURS
from workassign.social.happenings import Dropped, Misplaced, Routed
from workassign.social.mentions import Mention
from workassign.social.people.crm import Answer
from workassign.social.people.customers import CustomerFacts
from workassign.social.screen import REPEATED
from workassign.social.understanding import Understanding

PLAN = Plan.from_data(
    {
        "queues": {
            "air": {"scoring": [{"use": "influence", "most": 600.0}], "reopen": True},
            "sea": {"reopen": False},
            "marketing": {},
            "audit": {},
        }
    }
)


def front(understanding: Understanding | None = None, *, customers: Any = None, **table: Any) -> Front:
    return front_of(PLAN, {**TABLE, **table}, understanding, customers=customers)


class Floor:
    """A front, its engine, and Ann, who takes what she is offered when she is told to."""

    def __init__(self, before: Front) -> None:
        self.front = before
        self.engine = Engine(PLAN)
        self.at = 0.0
        self.happened: list[Event] = []
        for command in (AddAgent(Agent(id="ann", capacity=100)), SignOn("ann")):
            self.engine.handle(command, 0.0)

    def take(self, said: Mention) -> Taken:
        self.at = said.at
        return self.told(self.front.take(said))

    def told(self, taken: Taken) -> Taken:
        for command in taken.commands:
            for event in self.engine.handle(command, self.at):
                self.happened.append(event)
                self.told(self.front.see(event))
        return taken

    def say(self, command: Any) -> None:
        self.told(Taken((), (command,)))

    def finish(self) -> None:
        """Ann accepts everything and completes it."""
        for offered in [each for each in self.happened if isinstance(each, Offered)]:
            self.say(Accept(offered.offer, "ann"))
        for assigned in [each for each in self.happened if isinstance(each, Assigned)]:
            self.say(Complete(assigned.interaction, "ann", assigned.fence))
        self.happened.clear()


def stage(taken: Taken) -> str:
    (fact,) = taken.happenings
    assert isinstance(fact, Dropped)
    return fact.stage


def submitted(taken: Taken) -> Any:
    (command,) = taken.commands
    assert isinstance(command, Submit)
    return command.interaction


def test_what_needs_somebody_becomes_an_interaction_without_its_text() -> None:
    taken = front().take(mention("1", LOST, followers=999))
    interaction = submitted(taken)

    assert (interaction.id, interaction.queue, interaction.attributes["topic"]) == ("x/1", "air", "bags")
    assert interaction.customer.id == "x/a1"
    assert interaction.customer.influence == pytest.approx(37.5)
    assert "counter" not in repr(taken)


def test_the_same_mention_again_is_taken_in_once() -> None:
    desk = front()
    desk.take(mention("1", LOST))

    assert stage(desk.take(mention("1", LOST, 5.0))) == REPEATED
    assert kinds(desk.take(mention("1", LOST, 6.0, network="y", author="b"))) != ["Dropped"]


def test_a_brand_that_has_no_queue_makes_a_bad_record() -> None:
    (fact,) = front().take(mention("1", brand="Nobody", line=7)).happenings

    assert isinstance(fact, Misplaced)
    assert (fact.line, fact.reason) == (7, "brand 'Nobody' has no queue")


def test_a_reply_in_an_open_conversation_joins_it() -> None:
    desk = Floor(front())
    desk.take(mention("1", LOST))
    taken = desk.take(mention("2", "any news? thanks", 60.0, author="a1", in_reply_to="1", sentiment=-0.5))

    assert kinds(taken) == ["Joined"]
    assert taken.commands == (CustomerReplied("x/1", -0.5), Update("x/1", sentiment=-0.5))
    assert desk.front.tally.dropped[JOINED] == 1


def test_an_answer_of_ours_belongs_to_the_conversation_and_makes_no_work() -> None:
    desk = Floor(front())
    desk.take(mention("1", LOST))

    assert (
        stage(desk.take(mention("9", "we look into it", 30.0, author="airone", ours=True, in_reply_to="1")))
        == OURS
    )
    assert kinds(desk.take(mention("2", "ok, so?", 4000.0, author="a1", in_reply_to="9"))) == ["Joined"]


def test_a_thank_you_does_not_open_again_what_is_done() -> None:
    desk = Floor(front())
    desk.take(mention("1", LOST))
    desk.finish()

    assert stage(desk.take(mention("2", "thanks a lot", 60.0, author="a1", in_reply_to="1"))) == "praise"
    taken = desk.take(mention("3", "it is not here yet", 90.0, author="a1", in_reply_to="1"))
    assert taken.commands == (CustomerReplied("x/1", None),)
    assert any(isinstance(each, events.Reopened) for each in desk.happened)


def test_who_says_again_what_was_closed_opens_it_again() -> None:
    """It is nearly the same as what she said before, and yet no duplicate: she was not helped."""
    desk = Floor(front())
    desk.take(mention("1", LOST))
    desk.finish()

    taken = desk.take(mention("2", LOST, 60.0, author="a1", in_reply_to="1"))
    assert kinds(taken) == ["Joined"]
    assert any(isinstance(each, events.Reopened) for each in desk.happened)


def test_what_may_not_be_opened_again_is_an_interaction_of_its_own_for_the_same_agent() -> None:
    desk = Floor(front())
    desk.take(mention("1", LOST, brand="SeaTwo"))
    desk.finish()
    desk.take(mention("2", "it is not here yet", 60.0, brand="SeaTwo", author="a1", in_reply_to="1"))

    again = [each.interaction for each in desk.happened if isinstance(each, events.Submitted)]
    assert [(each.id, each.prefers, each.attributes["contacts"]) for each in again] == [("x/2", "ann", 1)]
    assert (desk.front.tally.entered, desk.front.tally.dropped[JOINED]) == (2, 0)
    assert kinds(desk.take(mention("3", "hello?", 70.0, brand="SeaTwo", author="a1", in_reply_to="2"))) == [
        "Joined"
    ]


def test_who_comes_back_later_with_something_else_meets_the_agent_she_knows() -> None:
    desk = Floor(front())
    desk.take(mention("1", LOST))
    desk.finish()

    again = submitted(desk.take(mention("2", "can I take a bike along?", 600.0, author="a1")))
    assert (again.prefers, again.attributes["contacts"]) == ("ann", 1)


def test_a_storm_is_one_interaction_whose_reach_adds_up() -> None:
    desk = Floor(front())
    desk.take(mention("1", LOST, followers=100))
    for number in range(2, 52):
        taken = desk.take(mention(str(number), f"RT @a1: {LOST}", float(number), followers=10_000))
        assert kinds(taken) == ["Collapsed"]

    conversation = desk.front.conversation("x/1")
    assert conversation is not None
    assert (conversation.mentions, conversation.reach) == (51, 500_000)
    assert len(conversation.sharers) == 51
    updates = [each for each in desk.happened if isinstance(each, events.Updated)]
    assert 3 <= len(updates) <= 25
    assert updates[-1].head_start > updates[0].head_start > 0
    assert desk.front.tally.dropped[COLLAPSED] == 50


def test_one_author_who_repeats_herself_adds_no_reach() -> None:
    desk = front(threads={"same_author_within": 1.0})
    desk.take(mention("1", LOST, followers=100))
    desk.take(mention("2", LOST + "!!", 100.0, author="b", followers=70))
    desk.take(mention("3", LOST + "?!", 200.0, author="b", followers=70))

    conversation = desk.conversation("x/1")
    assert conversation is not None
    assert (conversation.mentions, conversation.reach) == (3, 70)


def test_what_is_like_something_that_was_dropped_is_judged_by_itself() -> None:
    desk = front()
    praise = "I love how your crew handled the storm in Boston last night, the best of all airlines by far"
    assert stage(desk.take(mention("1", praise))) == "praise"
    assert stage(desk.take(mention("2", "RT @a1: " + praise, 5.0))) == "praise"


def test_a_network_that_says_what_is_repeated_is_believed() -> None:
    desk = front()
    desk.take(mention("1", "where is it?"))

    assert kinds(desk.take(mention("2", "where is it?", 5.0))) == ["Entered"]
    assert kinds(desk.take(mention("3", "where is it?", 6.0, repost_of="1"))) == ["Collapsed"]


def test_the_crm_makes_two_accounts_one_customer() -> None:
    def crm(network: str, author: str) -> Answer:
        return Answer(CustomerFacts(id="c-17", churn_risk=0.8), "asked")

    desk = Floor(front(customers=crm))
    entered = submitted(desk.take(mention("1", LOST)))
    assert entered.customer.id == "c-17"
    assert (entered.attributes["churn_risk"], entered.attributes["customer_lookup"]) == (0.8, "asked")

    direct = desk.take(
        mention("2", "as I said in public", 60.0, network="mail", author="ann@x.org", public=False)
    )
    assert kinds(direct) == ["Joined"]
    conversation = desk.front.conversation("x/1")
    assert conversation is not None
    assert conversation.networks == ("x", "mail")


@pytest.mark.parametrize("how", ["timed out", "failed", "rubbish", "off"])
def test_a_crm_that_does_not_answer_stops_nothing_and_is_seen(how: Any) -> None:
    desk = front(customers=lambda network, author: Answer(None, how))
    entered = submitted(desk.take(mention("1", LOST)))

    assert entered.attributes["customer_lookup"] == how
    assert desk.lookups == {how: 1}


def test_praise_goes_to_marketing_too_where_a_route_says_so() -> None:
    desk = front(
        screen=[], routes=[{"name": "praise", "when": {"sentiment_from": 0.5}, "copy_to": ["marketing"]}]
    )
    taken = desk.take(mention("1", LOST, sentiment=0.9))

    assert kinds(taken) == ["Entered", "Routed"]
    assert [each.interaction.queue for each in taken.commands if isinstance(each, Submit)] == [
        "air",
        "marketing",
    ]
    routed = taken.happenings[1]
    assert isinstance(routed, Routed)
    assert routed.rule == "praise"


def test_what_a_canned_reply_answers_no_agent_sees() -> None:
    desk = Floor(
        front(
            screen=[],
            replies=[{"id": "hours", "text": "We are here from 9 to 5."}],
            answers=[
                {"name": "hours", "how": "template", "when": {"words": ["opening hours"]}, "reply": "hours"}
            ],
        )
    )
    taken = desk.take(
        mention("1", "What are your opening hours on Sunday please, I could not find them anywhere")
    )

    assert kinds(taken) == ["Entered", "Answered"]
    assert not any(isinstance(each, Offered | Assigned) for each in desk.happened)
    assert desk.front.conversation("x/1").open is False  # type: ignore[union-attr]


def test_a_sample_of_what_is_dropped_is_looked_at_and_enters_if_it_was_wrong() -> None:
    desk = Floor(front(audit={"queue": "audit", "share": 1.0}))
    look = submitted(desk.take(mention("1", "thanks for losing my bag")))
    assert (look.queue, look.attributes["audit_of"], look.ref) == ("audit", "x/1", "x/1")

    taken = desk.told(desk.front.label("x/1", needed=True, at=60.0))
    assert submitted(taken).queue == "air"
    assert (desk.front.tally.entered, desk.front.tally.dropped["praise"]) == (1, 0)
    with pytest.raises(UsageError, match="not to be labelled"):
        desk.front.label("x/1", needed=True, at=61.0)


def test_settings_that_name_what_the_plan_has_not_are_refused_with_their_paths() -> None:
    with pytest.raises(PlanError) as caught:
        front(
            audit={"queue": "nowhere"},
            routes=[{"name": "r", "queue": "nowhere"}],
            answers=[{"name": "a", "how": "acknowledge", "reply": "none"}],
        )
    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        "mentions.audit.queue",
        "mentions.routes[0].queue",
        "mentions.answers[0].reply",
    ]


HOSTILE = [
    "a" * 5_000_000,
    "\u202e\u2066<script>alert(1)</script>\0" * 1000,
    "😀" * 100_000,
    "RT @a: " * 50_000,
    "((a+)+)+$" + "a" * 100_000 + "!",
    "<" * 1_000_000,
    "\ud800 lone",
    "",
    " \n\t ",
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_texts_go_through_like_others(number: int) -> None:
    desk = Floor(front(audit={"queue": "audit", "share": 1.0}))
    for id in ("1", "2"):
        desk.take(mention(id, HOSTILE[number], float(id), name="<b>\u202e" * 9))
    tally = desk.front.tally
    assert tally.entered + sum(tally.dropped.values()) == 2


TEXTS = st.sampled_from([LOST, f"RT @a: {LOST}", "thanks!", "where is it?", "love it", "why? " * 9, ""])
STREAM = st.lists(
    st.tuples(
        st.integers(0, 30),
        TEXTS,
        st.sampled_from("abc"),
        st.integers(0, 5000),
        st.none() | st.integers(0, 30),
    ),
    max_size=40,
)


@given(STREAM, st.sampled_from(["AirOne", "SeaTwo"]), st.floats(0, 1))
def test_everything_that_is_read_is_bad_or_left_or_entered(
    stream: list[tuple[int, str, str, int, int | None]], brand: str, share: float
) -> None:
    desk = Floor(front(audit={"queue": "audit", "share": share}))
    at = 0.0
    for number, (id, text, author, later, answered) in enumerate(stream):
        at += later
        reply = None if answered is None else str(answered)
        desk.take(
            mention(str(id), text, at, author=author, in_reply_to=reply, brand=brand if number % 7 else "?")
        )
        if number % 11 == 10:
            desk.finish()

    tally = desk.front.tally
    misplaced = sum(1 for number in range(len(stream)) if not number % 7)
    assert len(stream) == misplaced + tally.entered + sum(tally.dropped.values())
    desk.engine.check()


def test_memory_does_not_grow_with_what_comes() -> None:
    desk = front(
        threads={"most": 50}, collapse={"most": 50}, audit={"queue": "audit", "share": 1.0, "most": 50}
    )
    for number in range(500):
        desk.take(
            mention(
                str(number),
                f"flight {number} to Boston is late once more, why is nobody here?",
                number * 60.0,
            )
        )

    assert len(desk._threads) <= 50
    assert desk._nearby is not None
    assert len(desk._nearby) <= 50


def test_how_urgent_it_is_can_give_a_head_start() -> None:
    entered = submitted(front().take(mention("1", "We are stranded in Denver, and it is cold")))

    assert entered.attributes["urgency"] == 0.8
    assert "urgency" not in submitted(front().take(mention("2", "is it blue?"))).attributes
