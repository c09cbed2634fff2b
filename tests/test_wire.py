"""Commands and answers as JSON: what is said comes back, and rubbish says nothing."""

from typing import Any, get_args

import attrs
import pytest

from tests.golden import scenario
from workassign import commands as cmd
from workassign import events as ev
from workassign.engine import Engine
from workassign.errors import UsageError
from workassign.gate import admitted
from workassign.journal import Entry, entries, record
from workassign.model import Customer, Interaction
from workassign.needs import Needs
from workassign.stores.memory import MemoryStore
from workassign.wire import answer_from_json, answer_to_json, command_from_json, command_to_json


@pytest.fixture(scope="module")
def told() -> list[Entry]:
    """A scenario with every kind of command and of event."""
    store = MemoryStore()
    recorder = record(Engine(scenario.plan()), store)
    scenario.tell(recorder)
    recorder.flush()
    return list(entries(store))


def test_every_command_comes_back_from_its_bytes(told: list[Entry]) -> None:
    assert {type(entry.command) for entry in told} == set(get_args(cmd.Command))
    for entry in told:
        command = attrs.evolve(entry.command, key="k", actor="boss", expected_version=3)
        body = command_to_json(command)
        assert body.isascii()
        assert command_from_json(body) == admitted(command)[0]
        assert command_to_json(command_from_json(body)) == body


def test_every_answer_comes_back_from_its_bytes(told: list[Entry]) -> None:
    for entry in told:
        body = answer_to_json(entry.facts)
        assert answer_from_json(body) == entry.facts
        assert answer_to_json(answer_from_json(body)) == body
    assert answer_from_json(b"[]") == []


def test_an_interaction_may_say_all_that_there_is_to_say() -> None:
    command = cmd.Submit(
        Interaction(
            id="mastodon:1é",
            needs=Needs('language IN ["es", "en"] PREFER level("refunds") >= 3'),
            customer=Customer(id="ma\u0301ria", value=3.5, segment="gold"),
            attributes={"text": "\U0001f600 \x1b[31m <img onerror>", "flag": True, "n": 2**53 - 1},
            shared_with=("q", "r"),
            not_before=-0.5,
        )
    )
    assert command_from_json(command_to_json(command)) == command


REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "a command must be JSON"),
    "half": (b'{"kind":"Tick"', "a command must be JSON"),
    "two": (b'{"kind":"Tick"}{}', "a command must be JSON"),
    "no UTF-8": (b'{"kind":"\xff"}', "a command must be UTF-8"),
    "no object": (b"[]", "a command must be an object"),
    "a number": (b"1", "a command must be an object"),
    "no kind": (b"{}", "kind of a command must be the name of one"),
    "an event": (b'{"kind":"Submitted"}', "kind of a command must be the name of one"),
    "kind is a list": (b'{"kind":["Tick"]}', "kind of a command must be the name of one"),
    "unknown field": (b'{"kind":"Tick","quiet":1}', "Tick has no field 'quiet'"),
    "unknown inner field": (
        b'{"kind":"Submit","interaction":{"id":"a","text":"x"}}',
        "interaction of Submit has no field 'text'",
    ),
    "missing": (b'{"kind":"Accept","offer":7}', "Accept must have the field 'agent'"),
    "null": (b'{"kind":"Accept","offer":null,"agent":"a"}', "offer of Accept must not be null"),
    "twice": (b'{"kind":"Tick","key":"a","key":"b"}', "a command must name every field once"),
    "bool as int": (b'{"kind":"Accept","offer":true,"agent":"a"}', "offer of Accept must be int, not True"),
    "no row": (
        b'{"kind":"Submit","interaction":{"id":"a","shared_with":"abc"}}',
        "shared_with of interaction of Submit must be an array",
    ),
    "no needs": (
        b'{"kind":"Submit","interaction":{"id":"a","needs":[1]}}',
        "needs of interaction of Submit must be a rule",
    ),
    "no presence": (
        b'{"kind":"SetPresence","agent":"a","presence":"asleep"}',
        "presence of SetPresence must be one of offline, available",
    ),
    "NaN": (b'{"kind":"Park","interaction":"a","until":NaN}', "a command must not hold NaN"),
    "infinity": (b'{"kind":"Park","interaction":"a","until":-Infinity}', "must not hold -Infinity"),
    "1e400": (b'{"kind":"Park","interaction":"a","until":1e400}', "a number that is not finite"),
    "2^53": (b'{"kind":"Accept","offer":9007199254740992,"agent":"a"}', "a whole number of 2"),
    "5,000 digits": (b'{"kind":"Accept","offer":' + b"9" * 5000 + b"}", "a whole number of 2"),
    "deep": (b"[" * 100_000, "must not be nested deeper than 16"),
    "deep and closed": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "must not be nested deeper than 16"),
    "deep quotes": (b"[" * 16 + b'"' + b'\\"[' * 100_000, "a command must be JSON"),
    "huge": (b'{"kind":"' + b"x" * 2**22 + b'"}', "at most 4194304 bytes"),
    "surrogate": (b'{"kind":"Cancel","interaction":"\\ud800"}', "must be printable text"),
    "NUL": (b'{"kind":"Cancel","interaction":"a\\u0000"}', "must be printable text"),
    "key": (b'{"kind":"Tick","key":""}', "must have 1 to 200 characters"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_command_is_refused_by_its_place_and_the_rule(name: str) -> None:
    body, message = REFUSED[name]
    with pytest.raises(UsageError) as raised:
        command_from_json(body)
    assert message in str(raised.value)
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize("body", ['{"kind":"Tick"}', None, 7])
def test_a_body_is_bytes(body: Any) -> None:
    with pytest.raises(UsageError, match="must be bytes"):
        command_from_json(body)


def test_brackets_within_a_text_are_no_nesting() -> None:
    command = cmd.Cancel("a", "[{" * 50 + '\\"')
    assert command_from_json(command_to_json(command)) == command


def test_what_is_no_command_or_no_event_is_not_written() -> None:
    with pytest.raises(UsageError, match="is no command"):
        command_to_json("Tick")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="an answer must be events"):
        answer_to_json([cmd.Tick, 7])  # type: ignore[list-item]


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b"7", b"[7]", b'[{"kind":"Flown"}]', b"[" * 100_000])
def test_what_is_no_answer_is_not_read(body: bytes) -> None:
    with pytest.raises(UsageError, match="an answer must be an array of events"):
        answer_from_json(body)


def test_an_answer_of_a_newer_node_is_read_without_what_is_new() -> None:
    body = b'[{"kind":"Offered","at":7.0,"offer":3,"interaction":"i","agent":"a","expires":9.0,"mood":1}]'
    assert answer_from_json(body) == [ev.Offered(7.0, 3, "i", "a", 9.0)]
