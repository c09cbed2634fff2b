"""Nothing is lost between a front and a real desk: refusals, reopenings, hostile ids and figures."""

from __future__ import annotations

import gc
import math
import tracemalloc
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fronts import LOST, front_of, kinds, mention
from tests.fronts import TABLE as AIRLINES
from workassign import Agent, Desk, Engine, events
from workassign.commands import Accept, AddAgent, Cancel, ChangePlan, Complete, SignOn, Submit, Transfer
from workassign.errors import PlanError, UsageError
from workassign.events import Assigned, Event, Offered, Refused, Submitted
from workassign.model import Interaction
from workassign.plan import Plan
from workassign.social.front import Front, Taken
from workassign.social.funnel import COLLAPSED, JOINED, REFUSED, REPEATED
from workassign.social.happenings import Dropped
from workassign.social.making import BESIDE
from workassign.social.mentions import Mention, key_of, name_of
from workassign.social.people.crm import Answer
from workassign.social.people.customers import CustomerFacts
from workassign.social.reception import Reception
from workassign.social.settings import MentionSettings
from workassign.social.threads import PLACES_KEPT, SHARED_PLACES_KEPT, Threads, ThreadSettings
from workassign.social.understanding import Understanding
from workassign.stores.jsonl import JsonlStore
from workassign.stores.memory import MemoryStore

QUEUES: dict[str, Any] = {
    "air": {"reopen": True, "scoring": [{"use": "sentiment", "most": 600.0}]},
    "sea": {"reopen": False},
    "small": {"most": 1},
    "audit": {},
    "marketing": {},
}
PLAN = Plan.from_data({"queues": QUEUES})
TABLE: dict[str, Any] = {**AIRLINES, "queues": {**AIRLINES["queues"], "Tiny": "small", "AirToo": "air"}}


def front(understanding: Understanding | None = None, *, customers: Any = None, **table: Any) -> Front:
    return front_of(PLAN, {**TABLE, **table}, understanding, customers=customers)


class Floor:
    """A front before a desk with a store, and Ann, who takes everything when she is told to."""

    def __init__(self, before: Front, plan: Plan = PLAN, store: Any = None) -> None:
        self.front = before
        self.desk = Desk(Engine(plan), MemoryStore() if store is None else store, clock=lambda: 0.0)
        self.at = 0.0
        self.happened: list[Event] = []
        self.facts: list[Any] = []
        for command in (AddAgent(Agent(id="ann", capacity=1000)), SignOn("ann")):
            self.desk.handle(command, 0.0)

    def take(self, said: Mention) -> Taken:
        taken = self.front.take(said)
        self.at = max(self.at, said.at)
        return self.told(taken)

    def told(self, taken: Taken) -> Taken:
        self.facts += taken.happenings
        for command in taken.commands:
            self.say(command)
        return taken

    def say(self, command: Any) -> list[Event]:
        found = self.desk.handle(command, self.at)
        for event in found:
            self.happened.append(event)
            self.told(self.front.see(event))
        return found

    def finish(self) -> None:
        for offered in [each for each in self.happened if isinstance(each, Offered)]:
            self.say(Accept(offered.offer, "ann"))
        for assigned in [each for each in self.happened if isinstance(each, Assigned)]:
            self.say(Complete(assigned.interaction, "ann", assigned.fence))
        self.happened.clear()

    def submitted(self) -> list[Interaction]:
        return [each.interaction for each in self.happened if isinstance(each, Submitted)]

    def refused(self) -> list[str]:
        return [f"{each.command}: {each.rule}" for each in self.happened if isinstance(each, Refused)]


# --- what the engine refuses ----------------------------------------------------------------------


def test_what_a_full_queue_refuses_is_counted_and_swallows_nothing_that_is_said_later() -> None:
    floor = Floor(front())
    floor.take(mention("0", "is there a table free?", brand="Tiny"))
    floor.at = 1.0
    for number in range(2000):  # Ann's room is not asked: nobody accepts
        floor.desk.handle(Submit(Interaction(id=f"other {number}", queue="small")), 1.0)
    floor.take(mention("1", LOST, 2.0, brand="Tiny"))

    assert "Submit: queue_full" in floor.refused()
    assert floor.front.conversation("x/1") is None
    assert floor.facts[-1] == Dropped(at=2.0, mention="x/1", stage=REFUSED)
    assert (floor.front.tally.entered, floor.front.tally.dropped[REFUSED]) == (1, 1)

    later = floor.take(mention("2", "so?", 3.0, brand="AirOne", author="a1", in_reply_to="1"))
    assert kinds(later) == ["Entered"]
    assert floor.submitted()[-1].id == "x/2"
    same = floor.take(mention("3", LOST, 4.0, brand="Tiny", author="b"))
    assert kinds(same) == ["Entered"]  # nobody has what she says again


def test_a_queue_that_a_change_of_plan_takes_away_turns_away_with_a_count() -> None:
    floor = Floor(front())
    smaller = Plan.from_data({"queues": {name: each for name, each in QUEUES.items() if name != "sea"}})
    floor.say(ChangePlan(smaller.to_data()))
    floor.take(mention("1", LOST, brand="SeaTwo"))

    assert floor.refused() == ["Submit: unknown_queue"]
    assert floor.front.tally.dropped[REFUSED] == 1
    assert kinds(floor.take(mention("2", "hello?", 9.0, brand="SeaTwo", author="a1"))) == ["Entered"]


def test_what_another_front_has_taken_in_before_is_a_repeated_record_and_can_be_joined() -> None:
    floor = Floor(front())
    floor.take(mention("1", LOST, followers=10))
    floor.front = front()
    floor.take(mention("1", LOST, 5.0, followers=99))

    assert floor.refused() == ["Submit: id_reused"]
    assert (floor.front.tally.entered, floor.front.tally.dropped[REPEATED]) == (0, 1)
    assert kinds(floor.take(mention("2", "so?", 9.0, author="a1", in_reply_to="1"))) == ["Joined"]


def test_what_the_engine_has_forgotten_is_gone_on_with_as_an_interaction_of_its_own() -> None:
    plan = Plan.from_data({"queues": QUEUES, "retention": 100.0})
    floor = Floor(front(), plan)
    floor.take(mention("1", LOST))
    floor.finish()
    floor.take(mention("2", "it is not here yet", 1000.0, author="a1", in_reply_to="1"))

    assert floor.refused() == ["CustomerReplied: unknown_interaction"]
    (again,) = floor.submitted()
    assert (again.id, again.prefers) == ("x/2", "ann")


def test_a_message_to_what_was_closed_without_a_word_to_the_front_is_not_lost() -> None:
    floor = Floor(front())
    floor.take(mention("1", LOST, brand="SeaTwo", sentiment=-0.2))
    floor.desk.handle(Cancel("x/1", "spam"), 0.0)
    taken = floor.take(
        mention("2", "and now?", 60.0, brand="SeaTwo", author="a1", in_reply_to="1", sentiment=-0.9)
    )

    assert kinds(taken) == ["Joined"]
    assert floor.refused() == ["CustomerReplied: closed", "Update: closed"]
    again = floor.submitted()[-1]
    assert (again.id, again.queue, again.sentiment) == ("x/2", "sea", -0.9)
    assert (floor.front.tally.entered, floor.front.tally.dropped[JOINED]) == (2, 0)
    assert kinds(floor.take(mention("3", "?", 61.0, brand="SeaTwo", author="a1"))) == ["Joined"]


def test_a_conversation_that_begins_anew_again_and_again_keeps_its_customer_and_her_influence() -> None:
    floor = Floor(front())
    floor.take(mention("1", LOST, brand="SeaTwo", followers=100))
    for number in range(2, 6):
        floor.finish()
        floor.take(
            mention(
                str(number),
                f"it is still not here after {number} weeks",
                number * 60.0,
                brand="SeaTwo",
                author="a1",
                followers=100,
                in_reply_to=str(number - 1),
            )
        )
        conversation = floor.front.conversation(f"x/{number}")
        assert conversation is not None
        assert conversation.known is not None
        assert (conversation.contacts, conversation.known.id) == (number, "x/a1")
        assert conversation.score == conversation.known.influence > 0  # type: ignore[operator]
        assert [each.mention for each in conversation.sharers.values()] == [str(number)]
    assert len(floor.front._threads) == 1


def test_a_refused_audit_lane_is_not_counted_as_looked_at() -> None:
    plan = Plan.from_data({"queues": {**QUEUES, "audit": {"most": 0}}})
    floor = Floor(front(audit={"queue": "audit", "share": 1.0}), plan)
    floor.desk.handle(Submit(Interaction(id="busy", queue="air")), 0.0)
    for number in range(1001):
        floor.desk.handle(Submit(Interaction(id=f"n{number}", queue="air")), 0.0)
    floor.take(mention("1", "thanks a lot"))

    assert floor.refused() == ["Submit: queue_full"]
    assert floor.front.tally.audited["praise"] == 0
    assert floor.front.tally.dropped["praise"] == 1


def test_transfer_and_cancel_leave_the_conversation_as_the_engine_has_it() -> None:
    floor = Floor(front())
    floor.take(mention("1", LOST))
    floor.say(Transfer("x/1", "marketing"))
    assert kinds(floor.take(mention("2", "hello?", 10.0, author="a1"))) == ["Joined"]
    floor.say(Cancel("x/1", "handled by phone"))
    taken = floor.take(mention("3", "thanks, it is not here though?", 20.0, author="a1", in_reply_to="1"))
    assert kinds(taken) == ["Joined"]
    assert floor.refused() == []
    assert floor.front.conversation("x/1").open  # type: ignore[union-attr]


def test_who_is_angrier_when_she_writes_again_is_placed_by_that() -> None:
    floor = Floor(front())
    floor.take(mention("1", LOST, sentiment=-0.1))
    floor.finish()
    floor.take(mention("2", "it is STILL lost", 60.0, author="a1", in_reply_to="1", sentiment=-0.9))

    updated = [each for each in floor.happened if isinstance(each, events.Updated)]
    assert [each.sentiment for each in updated] == [-0.9]
    assert floor.refused() == []


# --- what is said again ---------------------------------------------------------------------------


def test_the_same_words_after_it_is_closed_are_work_again_and_the_next_ones_collapse() -> None:
    floor = Floor(front())
    floor.take(mention("1", LOST))
    floor.finish()

    assert kinds(floor.take(mention("2", LOST, 60.0))) == ["Entered"]
    assert kinds(floor.take(mention("3", "RT @a1: " + LOST, 70.0))) == ["Collapsed"]
    assert kinds(floor.take(mention("4", LOST, 80.0, repost_of="1"))) == ["Collapsed"]
    conversation = floor.front.conversation("x/2")
    assert conversation is not None
    assert conversation.mentions == 3


def test_a_storm_that_goes_on_after_the_answer_is_no_work_again() -> None:
    floor = Floor(front())
    floor.take(mention("1", LOST, followers=10))
    floor.finish()

    for number in range(2, 9):
        taken = floor.take(mention(str(number), "RT @a1: " + LOST, number * 1.0, followers=10_000))
        assert (kinds(taken), taken.commands) == (["Collapsed"], ())
    assert kinds(floor.take(mention("9", LOST, 10.0, repost_of="1"))) == ["Collapsed"]
    assert floor.front.conversation("x/1").reach == 70_000  # type: ignore[union-attr]
    assert kinds(floor.take(mention("10", LOST, 11.0))) == ["Entered"]


def test_everybody_who_asks_the_same_gets_the_canned_reply() -> None:
    question = "What are your opening hours on Sunday please, I could not find them anywhere on the page"
    floor = Floor(
        front(
            screen=[],
            replies=[{"id": "hours", "text": "We are here from 9 to 5."}],
            answers=[
                {"name": "hours", "how": "template", "when": {"words": ["opening hours"]}, "reply": "hours"}
            ],
        )
    )
    for number in range(3):
        taken = floor.take(mention(str(number), question, float(number)))
        assert kinds(taken) == ["Entered", "Answered"]


def test_who_says_again_what_she_said_goes_on_with_it() -> None:
    floor = Floor(front())
    floor.take(mention("1", LOST, followers=5000))
    taken = floor.take(mention("2", LOST, 20_000.0, author="a1", followers=5000))

    assert kinds(taken) == ["Joined"]
    assert floor.front.conversation("x/1").mentions == 1  # type: ignore[union-attr]


def test_the_same_words_about_another_brand_are_another_matter() -> None:
    floor = Floor(front())
    floor.take(mention("1", LOST, brand="AirOne"))

    assert kinds(floor.take(mention("2", LOST, 1.0, brand="AirToo"))) == ["Entered"]  # the same queue
    assert kinds(floor.take(mention("3", LOST, 2.0, brand="AirToo", repost_of="1"))) == ["Collapsed"]
    assert floor.front.conversation("x/2").mentions == 2  # type: ignore[union-attr]


@pytest.mark.parametrize("answered", ["2", "9"])
def test_who_was_collapsed_into_a_storm_and_answers_is_heard_by_whoever_has_it(answered: str) -> None:
    floor = Floor(front())
    floor.take(mention("1", LOST))
    for offered in [each for each in floor.happened if isinstance(each, Offered)]:
        floor.say(Accept(offered.offer, "ann"))
    assert kinds(floor.take(mention("2", "RT @a1: " + LOST, 10.0))) == ["Collapsed"]
    floor.take(mention("9", "@a2 we look into it", 20.0, author="airone", ours=True, in_reply_to="1"))
    taken = floor.take(mention("3", "mine was flight 17", 30.0, author="a2", in_reply_to=answered))

    assert kinds(taken) == ["Entered"]
    own = floor.submitted()[-1]
    assert (own.id, own.prefers, own.attributes[BESIDE]) == ("x/3", "ann", "x/1")
    assert kinds(floor.take(mention("4", "well?", 40.0, author="a2", in_reply_to="3"))) == ["Joined"]


# --- what people label ----------------------------------------------------------------------------


def test_what_was_dropped_and_needed_is_a_conversation_of_its_customer() -> None:
    def crm(network: str, author: str) -> Answer:
        return Answer(CustomerFacts(id="c-1", agent="ann"), "asked")

    floor = Floor(front(audit={"share": 1.0}, customers=crm))
    floor.take(mention("1", "thanks for losing my bag", followers=999))
    floor.at = 60.0
    floor.told(floor.front.label("x/1", needed=True, at=60.0))

    (entered,) = floor.submitted()
    assert entered.customer is not None
    assert (entered.customer.id, entered.prefers, entered.attributes["topic"]) == ("c-1", "ann", "bags")
    assert kinds(floor.take(mention("2", "so?", 70.0, author="a1", in_reply_to="1"))) == ["Joined"]
    assert floor.refused() == []


def test_every_sample_that_can_be_labelled_enters_if_it_was_needed() -> None:
    desk = front(audit={"share": 1.0}, threads={"same_author_within": 1.0})
    for number in range(11_000):
        desk.take(mention(str(number), "thanks"))

    assert kinds(desk.label("x/0", needed=True, at=1.0)) == ["Entered"]


# --- hostile ids, names and figures ---------------------------------------------------------------

IDS = ["a" * 5000, "b" * 4999 + "\n", "line\nbreak", "nul\0", "\u202e", "\ud800", "a/b", "é" * 300, " "]


@pytest.mark.parametrize("stage", ["entered", "dropped"])
def test_ids_that_no_engine_takes_are_named_and_told_apart(stage: str) -> None:
    floor = Floor(front(audit={"queue": "audit", "share": 1.0}))
    text = "where is it?" if stage == "entered" else "thanks"
    for number, id in enumerate([*IDS, "a" * 5001]):
        taken = floor.take(mention(id, text, float(number), author=id + "!"))
        assert taken.happenings[0].mention == key_of("x", id)  # type: ignore[union-attr]
    assert len(floor.submitted()) == len(IDS) + 1
    assert floor.refused() == []

    if stage == "dropped":
        floor.told(floor.front.label(f"x/{IDS[0]}", needed=True, at=99.0))
    reply = mention("r", "so?", 100.0, author=IDS[0] + "!", in_reply_to=IDS[0])
    assert kinds(floor.take(reply)) == ["Joined"]


@given(st.text(), st.text())
def test_two_keys_never_have_one_name(one: str, other: str) -> None:
    for text in (one, other):
        assert 0 < len(name_of(text)) <= 200
        assert name_of(name_of(text)) == name_of(text)
    assert (name_of(one) == name_of(other)) is (one == other)


@given(st.text(min_size=1), st.text(min_size=1), st.text(), st.text())
def test_two_networks_never_share_a_key(one: str, other: str, id: str, another: str) -> None:
    same = (one, id) == (other, another)
    assert (key_of(one, id) == key_of(other, another)) is same


def test_a_network_with_a_slash_in_its_name_takes_no_mention_from_another() -> None:
    desk = front()
    assert kinds(desk.take(mention("b/c", network="a"))) == ["Entered"]
    assert kinds(desk.take(mention("c", network="a/b"))) == ["Entered"]


WRONG = [
    {"at": math.nan},
    {"at": math.inf},
    {"at": 1e12},
    {"at": datetime(2026, 1, 1)},  # noqa: DTZ001 - naive on purpose
    {"at": True},
    {"id": ""},
    {"id": 7},
    {"id": "x" * 20_000},
    {"network": None},
    {"author": b"ann"},
    {"text": None},
    {"brand": "b" * 300},
    {"brand": ""},
    {"attributes": {"note": "secret" * 1000}},
    {"attributes": {"a\0": 1}},
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: next(iter(wrong)))
def test_what_cannot_be_a_mention_is_an_error_that_changes_nothing(wrong: dict[str, Any]) -> None:
    floor = Floor(front())
    with pytest.raises(UsageError) as caught:
        floor.take(mention(**{"id": "1", "text": LOST + " planted", "brand": "AirOne", **wrong}))

    assert next(iter(wrong)).rstrip("s") in str(caught.value)
    assert "planted" not in str(caught.value)
    assert "secret" not in str(caught.value)
    assert len(str(caught.value)) < 200
    assert (floor.front.tally.entered, sum(floor.front.tally.dropped.values())) == (0, 0)
    assert kinds(floor.take(mention("1", LOST))) == ["Entered"]


@pytest.mark.parametrize("followers", [math.nan, -5, 10**400, math.inf, 10**12, -math.inf, True, "many"])
def test_followers_that_cannot_be_stop_no_storm(followers: Any) -> None:
    floor = Floor(front())
    for number in range(30):
        floor.take(
            mention(
                str(number), LOST, float(number), followers=followers, sentiment=math.nan, language="\0" * 9
            )
        )

    conversation = floor.front.conversation("x/0")
    assert conversation is not None
    assert 0 <= conversation.reach <= 10**12
    assert conversation.mentions == 30
    assert floor.refused() == []


def test_people_without_a_name_are_not_one_and_the_same() -> None:
    desk = front()
    desk.take(mention("1", LOST, author=""))
    assert kinds(desk.take(mention("2", "a bike, too?", 5.0, author=""))) == ["Entered"]


def test_time_that_runs_backwards_loses_nothing() -> None:
    floor = Floor(front())
    for number in range(50):
        floor.take(mention(str(number), f"question {number}?", 1000.0 - number * 10, author=f"a{number % 5}"))
    tally = floor.front.tally
    assert tally.entered + sum(tally.dropped.values()) == 50
    assert floor.refused() == []


def test_a_crm_that_breaks_loses_no_mention() -> None:
    broken = True

    def crm(network: str, author: str) -> Answer:
        if broken:
            raise ConnectionError("no route to host")
        return Answer(None, "asked")

    desk = front(customers=crm)
    with pytest.raises(ConnectionError):
        desk.take(mention("1", LOST))
    broken = False
    assert kinds(desk.take(mention("1", LOST))) == ["Entered"]


def test_settings_that_were_never_checked_against_the_plan_are_refused() -> None:
    settings = MentionSettings(queues={"*": "nowhere"})
    with pytest.raises(PlanError, match=r"mentions\.queues\.\*: there is no queue 'nowhere'"):
        Front(settings, PLAN)


NOT_SETTINGS = [
    ({"audit": {"share": -0.1}}, "mentions.audit"),
    ({"audit": {"most": -1}}, "mentions.audit"),
    ({"threads": {"within": -1.0}}, "mentions.threads"),
    ({"threads": {"most": -1}}, "mentions.threads"),
    ({"collapse": {"within": -1.0}}, "mentions.collapse"),
    ({"collapse": {"most": -1}}, "mentions.collapse"),
    ({"collapse": {"enough": -1.0}}, "mentions.collapse"),
    ({"influence_follows": -1}, "mentions"),
    ({"influence": {"weights": {"followers": -1.0}}}, "mentions.influence.weights"),
    ({"remember": -1.0}, "mentions"),
    ({"urgency": [{"level": -1.0, "words": ["now"]}]}, "mentions.urgency[0]"),
    ({"urgency": [{"level": 1.0, "words": ["!"]}]}, "mentions.urgency[0]"),
    ({"screen": [{"name": JOINED, "reposts": True}]}, "mentions.screen[0]"),
    ({"screen": [{"name": "a", "reposts": True, "audit": -1.0}]}, "mentions.screen[0]"),
]


@pytest.mark.parametrize(("table", "path"), NOT_SETTINGS)
def test_settings_that_cannot_be_are_refused_with_their_path(table: dict[str, Any], path: str) -> None:
    with pytest.raises(PlanError) as caught:
        front(**table)
    assert [each.partition(": ")[0] for each in caught.value.problems] == [path]


def test_words_of_one_urgency_may_stand_in_two_tables() -> None:
    settings = MentionSettings.from_data(
        {"mentions": {**TABLE, "urgency": [{"level": 1.0, "words": [w]} for w in ("now", "today")]}}, PLAN
    )
    understanding = settings.understanding()
    assert [understanding.of(mention("1", text)).urgency for text in ("now", "today")] == [1.0, 1.0]


# --- what is kept, and for how long ---------------------------------------------------------------


def test_no_text_gets_into_a_journal_or_a_repr(tmp_path: Path) -> None:
    marker = "xyzzy-marker"
    store = JsonlStore(tmp_path / "journal.jsonl")
    floor = Floor(front(audit={"queue": "audit", "share": 1.0}), store=store)
    said = [
        mention("1", f"{marker} where is it?", name=marker),
        mention("2", f"thanks {marker}", 1.0),
        mention("3", f"{marker} still nothing", 2.0, author="a1"),
        mention("4", f"{marker} where is it?", 3.0, repost_of="1"),
    ]
    shown = [repr(floor.take(each)) for each in said]
    shown += [
        repr(floor.front.conversation("x/1")),
        repr(floor.front.funnel(read=4, bad=[], notes={}, out_of_order=0)),
    ]
    floor.finish()
    floor.desk.close()

    assert marker not in "".join(shown)
    assert marker not in repr(attrs.evolve(said[0], name=None))
    assert marker.encode() not in (tmp_path / "journal.jsonl").read_bytes()


def test_a_storm_of_one_author_fills_no_memory() -> None:
    threads = Threads(ThreadSettings(most=10))
    first = mention("first")
    conversation = threads.begin("x/first", first, "x/afirst", "AirOne", None)
    for number in range(2 * SHARED_PLACES_KEPT):
        threads.share(conversation, mention(str(number), author="loud"), "x/first")
        threads.go_on(conversation, mention(f"h{number}", author="afirst"))

    assert len(conversation.keys) <= PLACES_KEPT
    assert len(conversation.shared_keys) <= SHARED_PLACES_KEPT
    assert threads.saying("x/first") is conversation
    assert threads.find(mention("z", author="afirst"), "x/afirst", "AirOne") is conversation


def test_memory_is_flat_once_the_windows_are_full() -> None:
    desk = front(
        threads={"most": 200, "within": 600.0},
        collapse={"most": 200},
        audit={"queue": "audit", "share": 1.0, "most": 200},
        influence_follows=200,
        remember=600.0,
        queues={"*": "air"},
    )
    texts = ["flight {} to Boston is late again, why is nobody here?", "thanks {}", LOST + " {}", "so {}?"]

    def feed(begin: int, end: int) -> int:
        for number in range(begin, end):
            text = texts[number % 4].format(number // 200)
            desk.take(
                mention(str(number), text, number * 2.0, author=f"a{number % 997}", brand=f"B{number % 7}")
            )
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        full = feed(0, 4000)
        later = feed(4000, 8000)
    finally:
        tracemalloc.stop()
    assert later < full * 1.15


# --- a simulated day ------------------------------------------------------------------------------


def test_a_reception_finds_labels_of_mentions_with_names_of_their_own() -> None:
    desk = front(audit={"share": 1.0})
    long = "l" * 500
    reception = Reception(desk, {f"x/{long}": True})
    (submit,) = reception.receive(mention(long, "thanks for nothing"), 0.0)

    assert isinstance(submit, Submit)
    assert reception.measured()["recall: needed an answer and kept"] == 0.0
    assert COLLAPSED in desk.tally.dropped
