"""What is read from a journal is as if it had been built, and reading leaves nothing behind."""

import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any, get_args

import attrs
import pytest

from workassign import commands as cmd
from workassign import events as ev
from workassign._codec import as_json, from_json, from_table
from workassign.engine import Engine
from workassign.errors import JournalError
from workassign.journal import record, replay
from workassign.model import Agent, Customer, Interaction
from workassign.needs import Needs
from workassign.stores.memory import MemoryStore

SUBMITTED: dict[str, Any] = {
    "at": 1.0,
    "command": {"kind": "Submit", "interaction": {"id": "a", "needs": {"x": 1.0}, "customer": {"id": "c"}}},
    "facts": [{"kind": "Submitted", "sequence": 1, "tier": 1, "head_start": 0.0, "terms": []}],
}


def journal(*bodies: bytes) -> MemoryStore:
    store = MemoryStore()
    record(Engine(), store)
    store.append(0, list(bodies))
    return store


def submitted(change: Callable[[dict[str, Any]], object], name: str = "b") -> bytes:
    """An entry in which something comes in, and something was changed."""
    data = from_json(as_json(SUBMITTED))
    data["command"]["interaction"]["id"] = name
    change(data["command"]["interaction"])
    return as_json(data)


@pytest.fixture
def looking() -> Iterator[None]:
    """Garbage is looked for, before and after."""
    was = gc.isenabled()
    gc.enable()
    yield
    if not was:
        gc.disable()


def test_no_message_is_checked_or_changed_when_it_is_built_so_none_need_be_when_it_is_read() -> None:
    for kind in (*get_args(cmd.Command), *get_args(ev.Event)):
        assert not hasattr(kind, "__attrs_post_init__")
        for field in attrs.fields(kind):
            assert (field.validator, field.converter) == (None, None), f"{kind.__name__}.{field.name}"


def test_what_is_read_cannot_be_changed_any_more_than_what_is_built() -> None:
    who = from_table(Interaction, {"id": "a", "customer": {"id": "c"}, "attributes": {"n": 1}})
    assert who == Interaction(id="a", customer=Customer(id="c"), attributes={"n": 1})
    assert type(who) is Interaction
    assert type(who.customer) is Customer
    for each, name in ((who, "id"), (who.customer, "id"), (from_table(Agent, {"id": "ann"}), "pull")):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(each, name, "other")
    with pytest.raises(TypeError):
        who.attributes["n"] = 2  # type: ignore[index]


@pytest.mark.parametrize(
    "change",
    [
        lambda who: who.update(id=""),
        lambda who: who.update(queue=7),
        lambda who: who.update(channel="\n"),
        lambda who: who.update(tier=100),
        lambda who: who.update(sentiment=2),
        lambda who: who["customer"].update(followers=-1),
        lambda who: who["customer"].update(value=True),
        lambda who: who["customer"].pop("id"),
        lambda who: who.update(needs=["x"]),
    ],
)
def test_an_interaction_that_nobody_could_submit_is_no_part_of_a_journal(
    change: Callable[[dict[str, Any]], object],
) -> None:
    with pytest.raises(JournalError, match="entry 2 cannot be read"):
        replay(journal(as_json(SUBMITTED), submitted(change)))


def test_a_level_that_is_no_number_is_not_taken_for_one_that_was_read_before() -> None:
    before = journal(as_json(SUBMITTED))
    assert replay(before).snapshot() == replay(before).snapshot()
    with pytest.raises(JournalError, match="entry 2 cannot be read: level of skill 'x'"):
        replay(journal(as_json(SUBMITTED), submitted(lambda who: who["needs"].update(x=True))))
    assert from_table(Interaction, {"id": "a", "needs": {"x": 1}}).needs is Needs({"x": 1.0})


def test_a_missing_field_is_named() -> None:
    with pytest.raises(JournalError, match="entry 1 cannot be read: there is no 'id'"):
        replay(journal(submitted(lambda who: who.pop("id"))))


def test_space_around_a_body_is_passed_over_and_nothing_else() -> None:
    body = as_json(SUBMITTED)
    assert from_json(b" " + body + b"\n") == SUBMITTED
    with pytest.raises(ValueError, match="Extra data"):
        from_json(body + body)


# --- the search for garbage ---------------------------------------------------------------------


@pytest.mark.usefixtures("looking")
def test_garbage_is_looked_for_again_after_a_replay_that_went_well_or_not() -> None:
    seen = []
    replay(journal(as_json(SUBMITTED)), lambda entry: seen.append(gc.isenabled()))
    assert seen == [False]
    assert gc.isenabled()
    with pytest.raises(JournalError):
        replay(journal(b"{"))
    assert gc.isenabled()


@pytest.mark.usefixtures("looking")
def test_where_nobody_looked_for_garbage_nobody_does_after_a_replay() -> None:
    gc.disable()
    replay(journal(as_json(SUBMITTED)))
    assert not gc.isenabled()


@pytest.mark.usefixtures("looking")
def test_what_an_application_has_frozen_stays_frozen() -> None:
    gc.freeze()
    try:
        replay(journal(as_json(SUBMITTED)))
        assert gc.get_freeze_count()
    finally:
        gc.unfreeze()


@pytest.mark.usefixtures("looking")
def test_engines_that_nobody_has_any_more_do_not_pile_up_while_others_are_replayed() -> None:
    store = MemoryStore()
    recorder = record(Engine(), store)
    for number in range(4000):
        recorder.handle(cmd.Submit(Interaction(id=f"a{number}"), key=f"k{number}"), number)
    recorder.flush()
    alive = [weakref.ref(replay(store)) for _ in range(12)]
    assert sum(each() is not None for each in alive) < 12
