"""What is in vain in the table [mentions] is found, and what is not is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from workassign.lint import Finding
from workassign.plan import Plan, Queue
from workassign.policies import scoring
from workassign.social.files.readers import Columns, Labels
from workassign.social.flaws import of_mentions
from workassign.social.settings import MentionSettings
from workassign.social.texts.topics import Language, Topic

PLAIN = Columns(id="id", at="at", text="text")


def found(*scorers: scoring.Scorer, customers: bool = False, **fields: Any) -> list[Finding]:
    settings = MentionSettings(**{"columns": PLAIN, "queues": {"*": "vip"}, **fields})
    plan = Plan(queues={"vip": Queue(scoring=scorers), "web": Queue(scoring=(scoring.sentiment(),))})
    return list(of_mentions(plan, settings, customers=customers))


def topics(*words: tuple[str, ...]) -> list[Finding]:
    return found(topics=tuple(Topic(name=f"topic {n}", words=each) for n, each in enumerate(words)))


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (("bag*",), ("bags", "Baggage")),
        (("bag*",), ("bag lost", "bagg*")),
        (("bag", "lost"), ("bag", "my  lost ring")),
        (("don't",), ("Don’t worry",)),
        (("bag",), ()),
    ],
)
def test_a_topic_that_an_earlier_one_always_takes(first: tuple[str, ...], then: tuple[str, ...]) -> None:
    """Each of its words is taken: by an open end, by itself, or by a word within the phrase."""
    (finding,) = topics(first, then)
    assert (finding.kind, finding.place) == ("dead_topic", "mentions.topics[1]")


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (("bags",), ("bag*",)),
        (("bag",), ("bags",)),
        (("bag",), ("handbag",)),
        (("bag*",), ("bags", "lost")),
        (("lost bag",), ("lost", "bag")),
        (("lost bag",), ("lost bag*",)),
    ],
)
def test_a_topic_with_a_word_of_its_own(first: tuple[str, ...], then: tuple[str, ...]) -> None:
    assert topics(first, then) == []


def test_a_scorer_that_asks_for_what_no_column_holds() -> None:
    """Only in queues to which mentions go; figures of customers may be made up for a simulation."""
    scorers = (
        scoring.sentiment(),
        scoring.weighted([(1.0, scoring.influence()), (1.0, scoring.customer_value())]),
    )
    assert [each.place for each in found(*scorers)] == [
        "queues.vip.scoring[0]",
        "queues.vip.scoring[1].parts[0]",
        "queues.vip.scoring[1].parts[1]",
    ]
    assert {each.kind for each in found(*scorers)} == {"unfed_scorer"}
    assert len(found(*scorers, customers=True)) == 1
    columns = Columns(
        id="id", at="at", text="text", author="a", sentiment=Labels(column="s"), followers="f", value="v"
    )
    assert found(*scorers, columns=columns) == []


def test_every_kind_of_mention_says_which_topic_and_language_it_is() -> None:
    """So that a finding about the sample leads back to the plan file."""
    settings = MentionSettings(
        columns=PLAIN,
        queues={"*": "vip"},
        topics=(Topic(name="refunds", words=("refund*",)), Topic(name="tab\there", words=("tab",))),
        languages={"es": Language(words=("el",), skills={"spanish": 1})},
    )
    assert [each.id for each in settings.sample()] == [
        "mention 0",
        "mention 1 (es)",
        "mention 2 (refunds)",
        "mention 3 (refunds, es)",
        "mention 4",
        "mention 5",
    ]
