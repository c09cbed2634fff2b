"""Whom a mention concerns: conditions on what is known of it, and where its interaction goes."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import attrs
import pytest

from tests.test_keywords import as_expression
from workassign import Agent, Customer, Engine, Interaction, Plan, Queue
from workassign import events as ev
from workassign.errors import PlanError, UsageError
from workassign.needs import Needs
from workassign.settings import structured
from workassign.social.conditions import Facts, When, condition
from workassign.social.happenings import Routed
from workassign.social.replying.routes import Route, Routes, routed, routed_to
from workassign.social.texts.topics import plain

CENTER = Plan(
    queues={name: Queue() for name in ("care", "developers", "marketing", "legal")},
    skills=frozenset({"english", "python"}),
)
TABLES: list[dict[str, Any]] = [
    {
        "name": "threats",
        "when": {"words": ["lawyer*", "sue"], "public": True},
        "queue": "legal",
        "tier": 0,
        "shared_with": ["care"],
    },
    {"name": "praise", "when": {"sentiment_from": 0.6, "influence_from": 50}, "copy_to": ["marketing"]},
    {
        "name": "bugs",
        "when": {"intents": ["bug report"], "no_words": ["refund*"]},
        "queue": "developers",
        "skills": {"python": 2},
        "label": "bug",
    },
]


def read(tables: list[dict[str, Any]] = TABLES) -> Routes:
    return Routes(structured(tables, tuple[Route, ...], "mentions.routes"))


def facts(text: str = "", **other: Any) -> Facts:
    return Facts(text=plain(text), **other)


def name(found: Route | None) -> str | None:
    return None if found is None else found.name


# --- conditions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "met", "not_met"),
    [
        ({"brands": ("a", "b")}, {"brand": "b"}, {"brand": "c"}),
        ({"desks": ("a",)}, {"desk": "a"}, {"desk": "b"}),
        ({"networks": ("twitter",)}, {"network": "twitter"}, {"network": "email"}),
        ({"languages": ("es",)}, {"language": "es"}, {"language": "en"}),
        ({"topics": ("bags",)}, {"topic": "bags"}, {"topic": "seats"}),
        ({"intents": ("bug report",)}, {"intent": "bug report"}, {"intent": "praise"}),
        ({"segments": ("press",)}, {"segment": "press"}, {"segment": "gold"}),
        ({"sentiment_to": -0.5}, {"sentiment": -0.5}, {"sentiment": 0.0}),
        ({"sentiment_from": 0}, {"sentiment": 0.0}, {"sentiment": -0.1}),
        ({"urgency_from": 0.7}, {"urgency": 0.7}, {"urgency": 0.6}),
        ({"influence_from": 80}, {"influence": 90.0}, {"influence": 79.9}),
        ({"followers_from": 1000}, {"followers": 1000}, {"followers": 999}),
        ({"actionable_to": 0.2}, {"actionable": 0.1}, {"actionable": 0.3}),
        ({"wait_from": 600}, {"wait": 900.0}, {"wait": 60.0}),
    ],
)
def test_each_condition_holds_for_what_is_known_to_be_so_and_never_for_what_nobody_knows(
    said: dict[str, Any], met: dict[str, Any], not_met: dict[str, Any]
) -> None:
    holds = condition(When(**said))
    assert holds(Facts(**met))
    assert not holds(Facts(**not_met))
    assert not holds(Facts())


def test_every_fact_that_can_be_asked_has_its_condition_and_the_other_way_round() -> None:
    known = {field.name for field in attrs.fields(Facts)} - {"text", "tokens"}
    asked = {field.name.removesuffix("_from").removesuffix("_to") for field in attrs.fields(When)}
    singular = {each if each in known else each.removesuffix("s") for each in asked - {"words", "no_words"}}
    assert singular == known


def test_switches_hold_for_what_is_so_and_words_for_what_is_said() -> None:
    assert condition(When(public=False))(Facts(public=False))
    assert not condition(When(public=False))(Facts())
    assert condition(When(open=False))(Facts(open=False))
    assert not condition(When(open=False))(Facts())  # nobody knows
    assert condition(When(mentions_from=10))(Facts(mentions=12))
    assert condition(When(words=("money back",), no_words=("thanks",)))(facts("MONEY \n back"))
    assert not condition(When(words=("money back",), no_words=("thanks",)))(facts("money back, thanks"))
    assert condition(When())(Facts())


@pytest.mark.parametrize("word", ["Don’t", " money  back ", "delay*", "carry-on", "c++", "ÉTÉ", "straße"])
def test_a_word_is_found_as_topics_find_it(word: str) -> None:
    for text in (
        "DON'T",
        "I want my money \n back",
        "Delayed",
        "carry-on!",
        "C++ is",
        "nothing",
        "l'été",
        "STRASSE",
    ):
        found = as_expression([word]).search(plain(text)) is not None
        assert condition(When(words=(word,)))(facts(text)) is found
        assert condition(When(no_words=(word,)))(facts(text)) is not found


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"sentiment_to": -2.0}, "sentiment_to must be between -1 and 1, not -2.0"),
        (
            {"sentiment_from": 0.5, "sentiment_to": 0.1},
            "sentiment_from must be at most sentiment_to, 0.1, not 0.5",
        ),
        ({"influence_from": 101.0}, "influence_from must be between 0 and 100"),
        ({"words": ("!",)}, "'!' is no word to look for"),
        ({"topic": "bags"}, "unknown; there are actionable_from"),
        ({"topics": "bags"}, "must be a list, not 'bags'"),
        ({"open": "no"}, "must be true or false, not 'no'"),
    ],
)
def test_a_condition_that_nothing_could_meet_is_refused_with_its_path(
    said: dict[str, Any], problem: str
) -> None:
    with pytest.raises(PlanError) as error:
        read([{"name": "r", "queue": "care", "when": said}])
    assert problem in str(error.value)
    assert str(error.value).startswith("mentions.routes[0].when")


def test_the_text_is_never_shown() -> None:
    assert "secret" not in repr(facts("my secret"))


@pytest.mark.parametrize(
    "text", ["sue" * 1_700_000, "money " * 800_000, "money" + " " * 5_000_000, "\0\u202e" * 2_500_000]
)
def test_words_are_looked_for_in_bounded_time(text: str) -> None:
    holds = condition(When(words=("lawyer*", "money back", "sued*")))
    began = perf_counter()
    assert not holds(Facts(text=text))
    assert perf_counter() - began < 0.5  # it takes about a millisecond


# --- routes --------------------------------------------------------------------------------------


def test_the_first_rule_that_sends_decides() -> None:
    routes = read()
    assert name(routes.of(facts("I will SUE you, says my lawyer", intent="bug report"))) == "threats"
    assert name(routes.of(facts("it crashed", intent="bug report"))) == "bugs"
    assert name(routes.of(facts("it crashed, refund me", intent="bug report"))) is None
    assert routes.of(Facts()) is None


def test_a_rule_that_only_copies_lets_the_others_send() -> None:
    loved = Facts(sentiment=0.9, influence=90.0)
    assert name(read().of(loved)) == "praise"
    found = read().of(attrs.evolve(loved, intent="bug report"))
    assert found is not None
    assert (found.name, found.queue, found.copy_to) == ("bugs", "developers", ("marketing",))


def test_nobody_gets_a_copy_of_what_is_hers_anyway() -> None:
    copies = {"name": "all", "copy_to": ["legal", "marketing"]}
    found = read([copies, {"name": "in", "queue": "legal"}]).of(Facts())
    assert found is not None
    assert found.copy_to == ("marketing",)


def test_a_route_changes_the_interaction_and_keeps_what_it_does_not_name() -> None:
    mine = Interaction(
        id="t1",
        queue="care",
        needs=Needs({"english": 1}),
        customer=Customer(id="ann"),
        shared_with=("legal",),
    )
    (own,) = routed(mine, read().of(facts(intent="bug report")))
    assert own == attrs.evolve(
        mine, queue="developers", needs=Needs({"english": 1, "python": 2}), label="bug", tier=None
    )
    assert routed(mine, None) == (mine,)
    (own,) = routed(mine, read().of(facts("sue")))
    assert (own.queue, own.tier, own.shared_with) == ("legal", 0, ("care",))


def test_a_copy_is_an_interaction_of_its_own_that_nobody_waits_for() -> None:
    """Marketing takes its time; care is done when care is done."""
    engine = Engine(CENTER)
    for who, queue in (("ann", "care"), ("mia", "marketing")):
        engine.add_agent(Agent(id=who, queues={queue: 1}), at=0)
        engine.sign_on(who, at=0)
    route = read().of(Facts(sentiment=0.9, influence=90.0))
    assert route is not None
    made = routed(Interaction(id="t1", queue="care", ref="line 7"), route)
    offers = [engine.submit(each, at=1)[-1] for each in made]
    assert [(each.interaction, each.agent) for each in offers if isinstance(each, ev.Offered)] == [
        ("t1", "ann"),
        ("t1/marketing", "mia"),
    ]
    (mine,) = engine.accept(1, "ann", at=2)
    assert isinstance(mine, ev.Assigned)
    (done,) = engine.complete("t1", "ann", mine.fence, at=3)
    assert isinstance(done, ev.Completed)
    assert made[1].ref == "line 7"
    assert made[1].attributes["copy_of"] == "t1"
    engine.check()


def test_two_copies_of_very_long_ids_are_told_apart() -> None:
    route = Route(name="r", copy_to=("marketing", "legal"))
    long = Interaction(id="x" * 200, queue="care")
    own, one, two = routed(long, route)
    assert own is not one
    assert len({own.id, one.id, two.id, routed(long.named("x" * 199 + "y"), route)[1].id}) == 4


def test_where_it_went_is_an_event() -> None:
    route = read().of(Facts(sentiment=0.9, influence=90.0))
    assert route is not None
    made = routed(Interaction(id="t1", queue="care"), route)
    assert routed_to(3.0, "twitter/1", route, made) == Routed(
        at=3.0, mention="twitter/1", interaction="t1", rule="praise", queue="care", copies=("t1/marketing",)
    )


def test_what_the_plan_does_not_have_is_listed_with_its_path() -> None:
    read().check(CENTER)
    wrong = [
        {
            "name": "a",
            "queue": "nowhere",
            "copy_to": ["void"],
            "shared_with": ["gone"],
            "skills": {"dance": 1},
        },
        {"name": "a", "when": {"topics": ["x"]}, "queue": "care"},
    ]
    with pytest.raises(PlanError) as error:
        read(wrong).check(CENTER)
    assert list(error.value.problems) == [
        "mentions.routes[0].queue: there is no queue 'nowhere'",
        "mentions.routes[0].shared_with: there is no queue 'gone'",
        "mentions.routes[0].copy_to: there is no queue 'void'",
        "mentions.routes[0].skills: there is no skill 'dance'",
        "mentions.routes[1].name: there is another route 'a'",
        "mentions.routes[1]: is never reached: mentions.routes[0] takes everything",
    ]


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"name": "a"}, "says nothing"),
        ({"name": "", "queue": "care"}, "name must have 1 to 200 characters"),
        ({"name": "a", "queue": "care", "copy_to": ["care"]}, "copy_to must name each queue once"),
        ({"name": "a", "shared_with": ["x", "x"]}, "shared_with must name each queue once"),
        ({"name": "a", "tier": 100}, "tier must be from 0 to 99, not 100"),
        ({"name": "a", "skills": {"x": -1}}, "level of skill 'x'"),
        ({"queue": "care"}, "mentions.routes[0].name: is missing"),
    ],
)
def test_a_route_that_cannot_be_is_refused(table: dict[str, Any], problem: str) -> None:
    with pytest.raises((PlanError, UsageError)) as error:
        read([table])
    assert problem in str(error.value)
