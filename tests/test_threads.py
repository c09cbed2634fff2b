"""A message joins the conversation that its customer began, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workassign.social.mentions import Mention
from workassign.social.threads import MESSAGES_KEPT, Threads, ThreadSettings

HOUR = 3600.0


def message(id: str, at: float = 0.0, **said: Any) -> Mention:
    return Mention(**{"id": id, "at": at, "text": "?", "network": "x", "author": "ann", **said})


def begun(settings: ThreadSettings | None = None, **said: Any) -> Threads:
    """Threads in which Ann has begun a conversation, "x/1"."""
    threads = Threads(settings or ThreadSettings(same_author_within=None))
    threads.begin("x/1", message("1", **said), "ann", "AirOne")
    return threads


def test_a_reply_to_her_own_message_goes_on_with_it() -> None:
    found = begun().find(message("2", 10.0, in_reply_to="1"), "ann", "AirOne")

    assert found is not None
    assert found.interaction == "x/1"


def test_a_reply_to_our_answer_goes_on_with_it() -> None:
    threads = begun()
    answer = message("9", 5.0, author="airone", ours=True, in_reply_to="1")
    conversation = threads.find(answer, "airone", "AirOne")
    assert conversation is not None
    threads.go_on(conversation, answer)

    assert threads.find(message("2", 10.0, in_reply_to="9"), "ann", "AirOne") is conversation
    assert [said.by for said in conversation.messages] == ["customer", "agent"]


def test_somebody_else_who_answers_in_public_begins_a_conversation_of_her_own() -> None:
    threads = begun(thread="t")

    assert (
        threads.find(message("2", 10.0, author="eve", in_reply_to="1", thread="t"), "eve", "AirOne") is None
    )


def test_the_thread_of_the_network_joins_her_messages() -> None:
    threads = begun(thread="t")

    assert threads.find(message("2", 10.0, thread="t"), "ann", "AirOne") is not None
    assert threads.find(message("2", 10.0, thread="other"), "ann", "AirOne") is None
    assert threads.find(message("2", 10.0, thread="t", network="y"), "ann", "AirOne") is None


def test_her_answer_to_what_somebody_else_said_there_goes_on_with_her_own() -> None:
    """The network names no thread: what she answers stands in the one that she began."""
    threads = begun()
    other = message("2", 10.0, author="eve", in_reply_to="1")
    assert threads.find(other, "eve", "AirOne") is None
    threads.begin("x/2", other, "eve", "AirOne")
    hers = message("3", 20.0, in_reply_to="2")

    found = threads.find(hers, "ann", "AirOne")
    assert found is not None
    assert found.interaction == "x/1"
    assert threads.says_so(hers, found, "ann")
    assert threads.find(message("4", 20.0, author="bob", in_reply_to="2"), "bob", "AirOne") is None


def test_who_answers_the_same_post_of_nobody_twice_goes_on() -> None:
    threads = begun(in_reply_to="a post of the brand's own")
    again = message("2", 10.0, in_reply_to="a post of the brand's own")

    assert threads.find(again, "ann", "AirOne") is not None
    assert threads.find(again, "eve", "AirOne") is None


def test_what_began_a_thread_is_found_by_its_own_id() -> None:
    assert begun().find(message("2", 10.0, thread="1"), "ann", "AirOne") is not None


def test_who_writes_to_the_brand_again_soon_goes_on_even_on_another_network() -> None:
    threads = begun(ThreadSettings(same_author_within=HOUR))

    near = message("2", HOUR, network="mail")
    found = threads.find(near, "ann", "AirOne")
    assert found is not None
    assert not threads.says_so(near, found, "ann")
    assert threads.find(message("2", HOUR + 1), "ann", "AirOne") is None
    assert threads.find(message("2", 10.0), "ann", "AirTwo") is None

    threads.go_on(found, near)
    assert found.networks == ("x", "mail")
    assert threads.find(message("3", 2 * HOUR), "ann", "AirOne") is found


def test_a_message_without_a_customer_goes_on_with_nothing() -> None:
    assert begun(author=None).find(message("2", 1.0, in_reply_to="1", author=None), None, "AirOne") is None


def test_a_conversation_that_is_long_over_is_forgotten() -> None:
    threads = begun(ThreadSettings(within=HOUR))
    threads.begin("x/2", message("2", HOUR + 1, author="bob"), "bob", "AirOne")

    assert len(threads) == 1
    assert threads.find(message("3", HOUR + 2, in_reply_to="1"), "ann", "AirOne") is None
    assert threads.get("x/1") is None


def test_a_conversation_remembers_its_first_message_and_the_latest() -> None:
    threads = begun()
    conversation = threads.get("x/1")
    assert conversation is not None
    for number in range(2, MESSAGES_KEPT + 12):
        threads.go_on(conversation, message(str(number), float(number)))

    assert len(conversation.messages) == MESSAGES_KEPT
    assert conversation.left_out == 11
    assert [said.ref for said in conversation.messages[:2]] == ["x/1", "x/13"]


@pytest.mark.parametrize("wrong", [{"within": 0}, {"same_author_within": -1.0}, {"most": 0}])
def test_settings_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ThreadSettings(**wrong)  # type: ignore[arg-type]


WRITERS = st.sampled_from(["ann", "bob", "eve"])
LINES = st.lists(
    st.tuples(WRITERS, st.integers(0, 30), st.none() | st.integers(0, 20), st.none() | st.sampled_from("tu")),
    max_size=21,
)


@given(LINES, st.integers(1, 60), st.integers(1, 5))
def test_conversations_are_those_that_reading_everything_again_would_find(
    lines: list[tuple[str, int, int | None, str | None]], within: int, most: int
) -> None:
    threads = Threads(ThreadSettings(within=60.0, same_author_within=float(within), most=most))
    history: list[Told] = []
    at = 0.0
    for number, (author, later, answered, thread) in enumerate(lines):
        at += later
        reply = None if answered is None else str(answered)
        said = message(str(number), at, author=author, in_reply_to=reply, thread=thread)
        found = threads.find(said, author, None)

        stands = stands_in(history, said, most)
        assert (found and found.interaction) == read_again(history, said, stands, within, most)
        if found is None:
            threads.begin(said.key, said, author, None)
        else:
            threads.go_on(found, said)
        history.append((said, said.key if found is None else found.interaction, stands))
        assert len(threads) <= most


Told = tuple[Mention, str, str]
"""A message, its conversation, and the thread in which it stands."""


def read_again(history: list[Told], said: Mention, stands: str, within: int, most: int) -> str | None:
    """The conversation that *said* goes on with, from everything that was said before."""
    alive = _never_forgotten(history, most)
    hers = [(m, into, thread) for m, into, thread in history if m.author == said.author and into in alive]
    for mention, into, _ in hers:
        if mention.id == said.in_reply_to:
            return into
    for _, into, thread in reversed(hers):
        if thread == stands:
            return into
    for _, into, _ in reversed(hers):
        return into if said.at - alive[into] <= within else None
    return None


def stands_in(history: list[Told], said: Mention, most: int) -> str:
    """The thread of *said*: what it says, or that of the conversation that it answers a message of."""
    if said.thread is not None:
        return said.thread
    alive = _never_forgotten(history, most)
    for mention, into, _ in history:
        if mention.id == said.in_reply_to and into in alive:
            return next(thread for first, _, thread in history if first.key == into)
    return said.in_reply_to or said.id


def _never_forgotten(history: list[Told], most: int) -> dict[str, float]:
    """Conversations that were remembered all the time since they began, and when they went on last."""
    last: dict[str, float] = {}
    for mention, into, _ in history:
        last.pop(into, None)
        last[into] = mention.at
        while last:
            oldest = next(iter(last))
            if len(last) <= most and mention.at - last[oldest] <= 60.0:
                break
            del last[oldest]
    return last
