"""What a mention is about, in which language, and whether it needs anybody."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from workassign.commands import Submit
from workassign.errors import PlanError
from workassign.model import Interaction
from workassign.needs import ANYBODY, Needs
from workassign.plan import Plan, Queue
from workassign.social.front import Front
from workassign.social.mentions import Mention
from workassign.social.screen import Lately, Screen, Stage
from workassign.social.settings import MentionSettings
from workassign.social.texts.keywords import Keywords, Tokens
from workassign.social.texts.topics import Language, Topic, plain
from workassign.social.understanding import Understanding

REFUNDS = Topic(name="refunds", words=("refund*", "money back"), skills={"billing": 2})
BAGS = Topic(name="bags", words=("bag", "refunded bag"), skills={"baggage": 1})
SPANISH = Language(words=("el", "mi", "vuelo"), skills={"spanish": 1})


def mention(text: str, **other: Any) -> Mention:
    blank = Mention(
        id="1",
        at=0.0,
        line=2,
        text=text,
        brand="air",
        author="ann",
        sentiment=None,
        followers=None,
        value=None,
        language=None,
        attributes={},
    )
    return attrs.evolve(blank, **other)


PLAN = Plan(queues={"desk": Queue(), "others": Queue()})


def made(said: Mention, *topics: Topic) -> Interaction:
    """The interaction that a mention makes where these topics and Spanish are known."""
    queues = {"air": "desk", "*": "others"}
    settings = MentionSettings(queues=queues, topics=topics, languages={"es": SPANISH})
    (command,) = Front(settings, PLAN).take(said).commands
    assert isinstance(command, Submit)
    return command.interaction


def dropped(screen: Screen, said: Mention) -> str | None:
    stage = screen.dropped_by(Understanding().of(said))
    return None if stage is None else stage.name


@pytest.mark.parametrize(
    ("word", "text", "found"),
    [
        ("bag", "My BAG!", True),
        ("bag", "bags", False),
        ("bag", "bagel", False),
        ("bag", "#bag", True),
        ("bag", "@bag is a handle", False),
        ("bag", "http://x.y/bag", False),
        ("delay*", "Delayed again", True),
        ("delay*", "undelayed", False),
        ("money back", "money \n back", True),
        ("money back", "money for back", False),
        ("don't", "I DON’T know", True),
        ("carry-on", "my carry-on", True),
        ("c++", "c++", True),
    ],
)
def test_words_are_matched_whole_and_in_any_case(word: str, text: str, found: bool) -> None:
    assert Keywords((word,)).any(Tokens(plain(text))) is found


def test_no_words_match_nothing() -> None:
    assert Keywords(()).first(Tokens("anything")) is None


@pytest.mark.parametrize("word", ["", "?!", "a*b", "*"])
def test_a_word_that_could_never_be_found_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="no word to look for"):
        Topic(name="t", words=(word,))


def test_the_first_topic_in_the_plan_wins() -> None:
    """One mention, one topic: what an agent must know stays what one subject asks for."""
    text = "refund my bag"

    assert made(mention(text), REFUNDS, BAGS).needs is Needs({"billing": 2})
    assert made(mention(text), BAGS, REFUNDS).needs is Needs({"baggage": 1})


def test_a_language_adds_its_skills() -> None:
    found = made(mention("mi vuelo y mi bag"), BAGS)

    assert found.needs is Needs({"baggage": 1, "spanish": 1})
    assert {name: found.attributes[name] for name in ("topic", "language")} == {
        "topic": "bags",
        "language": "es",
    }


def test_one_word_is_no_language_but_the_files_own_word_is() -> None:
    assert made(mention("El Paso")).needs is ANYBODY
    assert made(mention("help", language="es")).needs is Needs({"spanish": 1})


def test_the_text_stays_outside() -> None:
    found = made(mention("my secret bag", attributes={"place": "gate"}), BAGS)

    assert "secret" not in repr(found)
    assert found.ref == "line 2"
    assert found.attributes["place"] == "gate"


def test_a_brand_chooses_the_queue() -> None:
    assert made(mention("t")).queue == "desk"
    assert made(mention("t", brand="sea")).queue == "others"
    assert made(mention("t", brand=None)).queue == "others"


# --- screening ------------------------------------------------------------------------------


def test_a_mention_counts_under_the_first_stage_that_drops_it() -> None:
    screen = Screen((Stage(name="reposts", starts_with=("rt @",)), Stage(name="own", authors=("us",))))

    assert dropped(screen, mention("RT @x: hi", author="us", id="a")) == "reposts"
    assert dropped(screen, mention("hi", author="us", id="b")) == "own"
    assert dropped(screen, mention("hi", id="c")) is None


def test_the_same_words_by_the_same_author_are_dropped_within_the_window() -> None:
    screen = Screen((Stage(name="twice", same_text_within=60.0),))

    def said(name: str, at: float, text: str = "Help me", author: str | None = "ann") -> str | None:
        return dropped(screen, mention(text, id=name, at=at, author=author))

    assert said("a", 0.0) is None
    assert said("b", 50.0, "help  ME") == "twice"
    assert said("c", 111.0) is None
    assert said("d", 111.0, author="bob") is None
    assert said("e", 112.0, author=None) is None
    assert said("f", 112.0, author=None) is None


def test_what_names_nobody_of_us_is_dropped_but_a_handle_is_a_name() -> None:
    screen = Screen((Stage(name="not us", names_none_of=("airone", "air one")),))

    assert dropped(screen, mention("@AirOne where is it?")) is None
    assert dropped(screen, mention("flying Air  One today")) is None
    assert dropped(screen, mention("#airone #fail")) is None
    assert dropped(screen, mention("@airtwo my airline one")) == "not us"


def test_what_came_lately_is_remembered_for_a_window_and_forgotten_after_two() -> None:
    lately = Lately(60.0)

    assert [lately.again("a", at) for at in (0.0, 60.0, 120.0, 181.0)] == [False, True, True, False]
    for at in range(1000):
        assert not lately.again(str(at), 200.0 + at)
    assert len(lately) <= 124


def test_no_more_is_remembered_than_there_is_room_for() -> None:
    lately = Lately(60.0, most=10)

    assert not any(lately.again(str(number), 0.0) for number in range(100))
    assert len(lately) <= 20
    assert lately.again("99", 1.0)


def test_praise_is_dropped_only_if_it_asks_nothing() -> None:
    """All conditions of a stage must hold."""
    stage = Stage(name="praise", sentiment_from=0.5, no_question=True, no_words=("but",), most_words=4)
    screen = Screen((stage,))

    def praised(name: str, text: str, sentiment: float | None = 0.7) -> bool:
        return dropped(screen, mention(text, id=name, sentiment=sentiment)) == "praise"

    assert praised("a", "@air thanks a lot")
    assert not praised("b", "thanks, when?")
    assert not praised("c", "thanks but no")
    assert not praised("d", "thanks", sentiment=0.2)
    assert not praised("e", "thanks", sentiment=None)
    assert not praised("f", "thanks for five words more")


def test_a_topic_can_be_more_urgent_than_its_queue() -> None:
    urgent = Topic(name="safety", words=("smoke",), tier=0)
    bags = Topic(name="bags", words=("bag",))
    told = [made(mention(text=text), urgent, bags).tier for text in ("smoke in my bag", "my bag", "hi")]
    assert told == [0, None, None]
    with pytest.raises(ValueError, match="tier must be from 0 to 99, not 100"):
        attrs.evolve(urgent, tier=100)


@pytest.mark.parametrize(
    "settings",
    [{}, {"same_text_within": 0.0}, {"sentiment_from": 2.0}, {"most_words": -1}, {"words": ("!",)}],
)
def test_a_stage_that_says_nothing_or_nonsense_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"condition|must|no word"):
        Stage(name="s", **settings)


def test_settings_name_only_what_the_plan_has() -> None:
    plan = Plan(queues={"desk": Queue()}, skills=frozenset({"billing"}))
    data = {
        "mentions": {
            "columns": {"id": "i", "at": "a", "text": "t"},
            "channel": "fax",
            "queues": {"air": "nowhere"},
            "topics": [{"name": "t", "words": ["w"], "skills": {"flying": 1.0}}],
        }
    }

    with pytest.raises(PlanError) as caught:
        MentionSettings.from_data(data, plan)

    assert caught.value.problems == (
        "mentions.channel: there is no channel 'fax'",
        "mentions.queues.air: there is no queue 'nowhere'",
        "mentions.topics[0].skills: there is no skill 'flying'",
    )
