"""What is said without an agent, to whom, and what the engine is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workassign import Agent, Engine, Interaction, Plan, Queue, Target
from workassign import commands as cmd
from workassign import events as ev
from workassign.errors import PlanError, UsageError
from workassign.kpi import Figures, Kpis
from workassign.settings import structured
from workassign.social.conditions import Facts, When
from workassign.social.happenings import Acknowledged, Answered, FannedOut, NotAnswered, Origin
from workassign.social.mentions import Mention
from workassign.social.replying.answers import Answer, Answers, commands, fan_out, happening, recipients
from workassign.social.replying.lengths import LIMITS, length
from workassign.social.replying.replies import Replies, Reply
from workassign.social.replying.values import BLANKS, cleaned

HELLO = Reply(id="hello", text="Hello {name|there}, this is {brand}. Your case is {case}.")


def mention(id: str, at: float = 0.0, **other: Any) -> Mention:
    return Mention(id=id, at=at, text="", network="twitter", **{"author": f"author of {id}"} | other)


# --- blanks --------------------------------------------------------------------------------------


def test_blanks_are_filled_with_what_is_known() -> None:
    known: dict[str, str | float] = {"name": "Ana", "brand": "Acme", "case": 17, "wait": "no matter"}
    assert HELLO.fill(known) == "Hello Ana, this is Acme. Your case is 17."
    assert HELLO.fill({}) == "Hello there, this is. Your case is."


def test_two_braces_are_one() -> None:
    assert Reply(id="a", text="{{{name}}} {{case}}").fill({"name": "Ana"}) == "{Ana} {case}"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("{case}", "{case}"),
        ("{__class__}", "{__class__}"),
        ("{name.__class__.__mro__}{0}%s$x", "{name. __class__. __mro__}{0}%s$x"),
        ("Ana\nReply STOP\r\n\tto win", "Ana Reply STOP to win"),
        ("\u202eanA\u2066 \u200fx\u061c", "anA x"),
        ("A\0n\x1b[31ma\x85b\u2028c", "An[31ma b c"),
        ("\ud800Ana\ue000", "Ana"),
        ("@brand #win https://evil.example/x", "brand win https evil. example x"),
        ("evil.example", "evil. example"),
        ("\uff20ana\uff0ecom", "ana. com"),
        ("Z\u0301\u0302\u0303\u0304\u0305\u0306a", "Z\u0301\u0302a"),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
        ("Dr. Ana O'Neil-Çelik", "Dr. Ana O'Neil-Çelik"),
        ("  \u200e ", "friend"),
        ("", "friend"),
        ("<script>alert(1)</script>", "<script>alert(1)< script>"),
    ],
)
def test_a_hostile_name_is_nothing_but_its_letters(value: str, shown: str) -> None:
    assert Reply(id="a", text="{name|friend}").fill({"name": value}) == shown


@pytest.mark.parametrize(
    "value",
    ["x" * 5_000_000, "ab " * 1_700_000, "\u202e" * 5_000_000, "." * 5_000_000, "e\u0301" * 2_500_000],
)
def test_five_megabytes_in_a_blank_are_cut_at_once(value: str) -> None:
    began = perf_counter()
    said = Reply(id="a", text="Hi {name|there}!").fill({"name": value})
    assert perf_counter() - began < 0.2  # it takes a fraction of a millisecond
    assert length(said, "twitter") <= 44


def test_a_long_value_is_cut_at_the_end_of_a_word() -> None:
    assert cleaned("name", "Maria de los Angeles Fernandez de la Torre y Vega") == (
        "Maria de los Angeles Fernandez de la…"
    )


def test_a_link_is_one_or_nothing() -> None:
    reply = Reply(id="a", text="See {link|our pages}.")
    assert reply.fill({"link": "https://x.example/a?b=c"}) == "See https://x.example/a?b=c."
    for no_link in (
        "javascript:alert(1)",
        "https://x.example/a b",
        "https://" + "x" * 200,
        "https://x\u202e.example",
    ):
        assert reply.fill({"link": no_link}) == "See our pages."


def test_a_whole_number_keeps_its_digits_and_an_endless_one_is_an_error() -> None:
    assert Reply(id="a", text="{case}").fill({"case": 12345678901234567890}) == "12345678901234567890"
    assert Reply(id="a", text="{case}").fill({"case": 0.1}) == "0.1"
    with pytest.raises(UsageError, match="the value of case must be a number of at most 38 digits"):
        Reply(id="a", text="{case}").fill({"case": 10**5_000})


@pytest.mark.parametrize("value", [None, True, ["a"], object(), {"a": 1}])
def test_a_value_that_is_neither_text_nor_a_number_is_an_error_of_the_caller(value: Any) -> None:
    with pytest.raises(UsageError, match="the value of name must be text or a number, not"):
        Reply(id="a", text="{name}").fill({"name": value})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{nick}", "has a blank 'nick'; there are name, brand"),
        ("{name.__class__}", "has a blank 'name.__class__'"),
        ("{name!r}", "has a blank 'name!r'"),
        ("{}", "has a blank ''"),
        ("{name", "has a { alone"),
        ("name}", "has a } alone"),
        ("  ", "must have 1 to 10000 characters, not 2"),
        ("x" * 10_001, "must have 1 to 10000 characters"),
        ("a\u202eb", "no control characters"),
        ("a\0b", "no control characters"),
        ("x" * 281, "up to 281 characters with its blanks filled, but twitter takes 280"),
        ("x" * 240 + " {name}", "up to 281 characters with its blanks filled, but twitter takes 280"),
        ("安" * 141, "up to 282 characters"),
        ("{name|" + "x" * 41 + "}", "41 characters instead of name, which has at most 40"),
    ],
)
def test_a_reply_that_cannot_be_is_refused_when_it_is_loaded(text: str, problem: str) -> None:
    tables = [{"id": "good", "text": "Hello"}, {"id": "bad", "text": text}]
    with pytest.raises(PlanError) as error:
        structured(tables, tuple[Reply, ...], "mentions.replies")
    (said,) = error.value.problems
    assert said.startswith("mentions.replies[1]: ")
    assert problem in said


def test_a_reply_for_one_network_has_to_fit_that_alone() -> None:
    Reply(id="a", text="x" * 500, networks=("mastodon",))
    Reply(id="a", text="x" * 9_000, networks=("email",))
    with pytest.raises(ValueError, match="bluesky takes 300"):
        Reply(id="a", text="x" * 500, networks=("mastodon", "bluesky"))


def test_lengths_are_those_that_the_networks_count() -> None:
    link = "https://example.com/" + "x" * 60
    assert {network: length(link, network) for network in LIMITS} == {
        "twitter": 23,
        "mastodon": 23,
        "bluesky": 80,
    }
    assert length("acme.com", "twitter") == 23
    assert length("Dr. No... 3 p.m. ", "twitter") >= 17
    assert length("安娜 é“x”", "twitter") == 9


_VALUES = st.one_of(
    st.text(max_size=300), st.text(alphabet="a.@ /{}安é:hts", max_size=120), st.integers(), st.floats()
)
_LITERALS = st.sampled_from(["", " ", ".", "Hi ", "s", ", ", "https://x.yy/", "@", "www."])


@given(
    st.lists(st.tuples(_LITERALS, st.sampled_from(sorted(BLANKS))), min_size=1, max_size=4),
    st.dictionaries(st.sampled_from(sorted(BLANKS)), _VALUES),
)
@settings(max_examples=300, deadline=None)
def test_a_filled_reply_fits_every_network_whatever_its_values_are(
    parts: Sequence[tuple[str, str]], values: dict[str, Any]
) -> None:
    """And it is one line, with nothing in it that cannot be seen."""
    text = "".join(f"{literal}{{{blank}}}" for literal, blank in parts)
    try:
        reply = Reply(id="a", text=text)
    except ValueError:
        return  # it could be too long
    said = reply.fill(values)
    assert all(length(said, network) <= most for network, most in LIMITS.items())
    assert "\n" not in said
    assert not any(ord(char) < 32 or 0x202A <= ord(char) <= 0x202E for char in said)


# --- which of several ----------------------------------------------------------------------------


def test_her_language_goes_before_the_brand_and_the_brand_before_the_network() -> None:
    def reply(text: str, **other: Any) -> Reply:
        return Reply(id="hi", text=text, **other)

    replies = Replies(
        [
            reply("any"),
            reply("any mastodon", networks=("mastodon", "bluesky")),
            reply("acme", brand="acme"),
            reply("es", language="es"),
            reply("es acme", language="es", brand="acme"),
            reply("es-MX", language="es-MX"),
        ]
    )

    def of(*where: str | None) -> str:
        found = replies.of("hi", *where)
        assert found is not None
        return found.text

    assert of() == of("fr") == of(None, "other") == of(None, None, "twitter") == "any"
    assert of("fr", None, "bluesky") == "any mastodon"
    assert of("fr", "acme", "mastodon") == "acme"
    assert of("es", "other") == of("es-AR") == of("ES_ar") == "es"
    assert of("es", "acme") == "es acme"
    assert of("es-mx", "acme") == "es-MX"
    assert replies.of("bye") is None
    assert "hi" in replies
    assert "bye" not in replies


def test_two_replies_for_the_same_are_an_error_with_its_path() -> None:
    with pytest.raises(PlanError, match=r"mentions\.replies\[1\]: there is another 'hello' for the same"):
        Replies([HELLO, HELLO])


# --- rules ---------------------------------------------------------------------------------------

REPLIES = Replies(
    [
        Reply(id="baggage", text="Please report it here: {link}", language="en"),
        Reply(id="later", text="Thank you, we open at {opens}."),
    ]
)
RULES: list[dict[str, Any]] = [
    {
        "name": "bags",
        "how": "template",
        "reply": "baggage",
        "when": {"topics": ["bags"], "sentiment_from": -0.5},
    },
    {"name": "praise", "how": "no_reply", "reason": "praise", "when": {"intents": ["praise"]}},
    {"name": "closed", "how": "acknowledge", "reply": "later", "when": {"open": False}},
]
BAGS = Facts(network="twitter", language="en", topic="bags", sentiment=0.0, open=False)


def read(tables: list[dict[str, Any]] = RULES) -> Answers:
    return Answers(structured(tables, tuple[Answer, ...], "mentions.answers"), REPLIES)


def test_the_first_rule_that_holds_decides() -> None:
    answers = read()
    template = answers.of(mention("1"), BAGS)
    none = answers.of(mention("2"), Facts(intent="praise", open=False))
    told = answers.of(mention("3"), Facts(topic="seats", open=False))
    assert [(each.rule.name, each.closes, each.reason) for each in (template, none, told) if each] == [
        ("bags", True, "template"),
        ("praise", True, "praise"),
        ("closed", False, "acknowledge"),
    ]
    assert answers.of(mention("4"), Facts(topic="seats", open=True)) is None


def test_a_rule_without_a_reply_in_her_language_is_passed_over() -> None:
    decision = read().of(mention("1"), attrs.evolve(BAGS, language="es"))
    assert decision is not None
    assert decision.rule.name == "closed"


def test_the_same_author_has_a_reply_once_in_a_while_so_that_programs_do_not_talk_for_ever() -> None:
    answers = read()
    said = [answers.of(mention(str(n), at=n * 3600.0, author="bot"), BAGS) for n in range(26)]
    names = [None if each is None else each.rule.name for each in said]
    assert names[:3] == ["bags", "closed", None]  # then an agent sees it
    assert names[3:24] == [None] * 21
    assert names[24:] == ["bags", "closed"]
    assert answers.of(mention("other", at=26 * 3600.0), BAGS) is not None
    always = read([RULES[0] | {"once_in": 0.0}])
    assert all(always.of(mention(str(n), author="ann"), BAGS) for n in range(5))


def test_only_so_many_authors_are_remembered() -> None:
    answers = read()
    for n in range(100_500):
        assert answers.of(mention(str(n), at=n * 0.01), BAGS) is not None
    assert len(answers._had["bags"]) == 100_000
    last = answers.of(mention("again", at=1006.0, author="author of 100499"), BAGS)
    assert last is not None
    assert last.rule.name == "closed"


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"how": "shrug"}, "how must be one of template, acknowledge, no_reply, not 'shrug'"),
        ({"how": "template"}, "template must have a reply"),
        ({"how": "no_reply", "reply": "later", "reason": "x"}, "no_reply must have no reply"),
        ({"how": "no_reply", "when": {"topics": ["a"]}}, "no_reply must have a reason"),
        ({"how": "template", "reply": "later"}, "it would close every mention"),
        ({"how": "acknowledge", "reply": "later", "once_in": -1}, "once_in must be from 0 to"),
        ({"how": "acknowledge", "reply": "lost"}, "mentions.answers[0].reply: there is no reply 'lost'"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_with_its_path(table: dict[str, Any], problem: str) -> None:
    with pytest.raises(PlanError) as error:
        read([{"name": "r", **table}])
    assert problem in str(error.value)
    assert str(error.value).startswith("mentions.answers[0]")


# --- what the engine is told ---------------------------------------------------------------------

PLAN = Plan(
    queues={
        "care": Queue(
            auto_accept=True,
            targets=(
                Target(measures="first_response", within=600, bots=True, name="told"),
                Target(measures="first_response", within=600, name="helped"),
            ),
        )
    }
)


class Center:
    """An engine with an idle agent, and its key figures."""

    def __init__(self) -> None:
        self.engine = Engine(PLAN)
        self.kpis = Kpis(PLAN)
        self.say(0, cmd.AddAgent(Agent(id="ann", capacity=5)), cmd.SignOn("ann"))

    def say(self, at: float, *told: cmd.Command) -> list[ev.Event]:
        facts: list[ev.Event] = []
        for command in told:
            facts += self.engine.handle(command, at)
            self.kpis.take(at, self.engine.facts)
            self.engine.check()
        return facts

    def figures(self) -> Figures:
        return self.kpis.figures()


def decided(facts: Facts, id: str = "t1") -> tuple[Center, list[ev.Event]]:
    """Decide about one mention, and tell the engine at 10."""
    center = Center()
    decision = read().of(mention(id, at=10.0), facts)
    return center, center.say(10, *commands(decision, Interaction(id=id, queue="care"), 10))


@pytest.mark.parametrize(
    ("facts", "reason", "replied"), [(BAGS, "template", 1), (Facts(intent="praise"), "praise", 0)]
)
def test_what_is_closed_exits_with_its_reason_and_no_agent_is_asked(
    facts: Facts, reason: str, replied: int
) -> None:
    center, happened = decided(facts)
    kinds = [type(event) for event in happened]
    assert kinds == [ev.Submitted, ev.Parked, *[ev.ReplySent] * replied, ev.Cancelled]
    (closed,) = [event for event in happened if isinstance(event, ev.Cancelled)]
    assert closed.reason == reason
    figures = center.figures()
    assert (figures.entered, figures.answered, figures.abandoned, figures.waiting) == (1, 0, 0, 0)
    assert dict(figures.exited) == {"cancelled": 1}
    assert [each.met + each.missed + each.cancelled for each in center.kpis.targets()] in ([], [0, 0])
    center.say(3600)
    assert center.engine.next_wake > 3600


def test_what_a_template_closed_goes_to_an_agent_when_the_customer_writes_again() -> None:
    center, _ = decided(BAGS)
    happened = center.say(20, cmd.CustomerReplied("t1"))
    assert [event.agent for event in happened if isinstance(event, ev.Assigned)] == ["ann"]
    assert center.figures().answered == 1


def test_an_acknowledgement_stops_the_clocks_that_count_bots_and_no_others() -> None:
    center, happened = decided(Facts(open=False))
    stopped = [event.target for event in happened if isinstance(event, ev.ClockStopped)]
    assert stopped == ["told"]
    assert [event.agent for event in happened if isinstance(event, ev.Assigned)] == ["ann"]
    (helped,) = [
        event
        for event in center.say(100, cmd.AgentReplied("t1", "ann"))
        if isinstance(event, ev.ClockStopped)
    ]
    assert (helped.target, helped.elapsed) == ("helped", 90.0)
    figures = center.figures()
    assert (figures.entered, figures.answered, dict(figures.exited)) == (1, 1, {})
    assert [(each.target, each.met, each.mean) for each in center.kpis.targets()] == [
        ("helped", 1, 90.0),
        ("told", 1, 0.0),
    ]


def test_what_no_rule_is_about_is_submitted_as_ever() -> None:
    mine = Interaction(id="t1", queue="care")
    assert commands(None, mine, 10) == [cmd.Submit(mine)]


# --- what happened, and to whom ------------------------------------------------------------------


def test_what_was_decided_is_an_event_with_references_alone() -> None:
    answers, mine = read(), mention("1", at=5.0)
    for facts, kind in (
        (BAGS, Answered),
        (Facts(intent="praise"), NotAnswered),
        (Facts(open=False), Acknowledged),
    ):
        decision = answers.of(mine, facts)
        assert decision is not None
        event = happening(decision, 6.0, mine, "t1")
        assert type(event) is kind
        assert (event.at, event.mention, event.interaction, event.rule) == (
            6.0,
            "twitter/1",
            "t1",
            decision.rule.name,
        )
        if not isinstance(event, NotAnswered):
            assert event.to == (Origin(network="twitter", mention="1", author="author of 1"),)


def test_an_answer_to_a_storm_goes_to_each_author_once_at_her_last_mention() -> None:
    storm = [
        mention("1", author="ann"),
        mention("2", author="bob"),
        mention("3", author="ann"),
        mention("4", author="cy", repost_of="1"),
        mention("5", author="us", ours=True),
        mention("6", author=None),
        mention("7", author=None),
        attrs.evolve(mention("1", author="ann"), network="mastodon"),
        mention("2", author="bob"),
    ]
    to = [(each.network, each.mention) for each in recipients(storm)]
    assert to == [("twitter", "3"), ("twitter", "2"), ("twitter", "6"), ("twitter", "7"), ("mastodon", "1")]
    assert recipients(map(Origin.of, storm[:3])) == recipients(storm[:3])
    sent = fan_out(9.0, "t1", "drafts/7", storm)
    assert sent == FannedOut(at=9.0, interaction="t1", reply="drafts/7", to=recipients(storm))


def test_what_is_acknowledged_in_a_storm_is_told_to_all_of_it() -> None:
    rule = Answer(name="storm", how="acknowledge", reply="later", when=When(mentions_from=3))
    decision = Answers([rule], REPLIES).of(mention("3"), Facts(mentions=3))
    assert decision is not None
    event = happening(decision, 1.0, mention("3"), "t1", [mention("1"), mention("2")])
    assert isinstance(event, Acknowledged)
    assert [each.mention for each in event.to] == ["1", "2", "3"]
