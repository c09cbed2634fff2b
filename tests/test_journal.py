"""What a journal keeps, gives back and proves."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.golden import scenario
from workassign import commands as cmd
from workassign import events as ev
from workassign._codec import as_data, as_json
from workassign.engine import Engine
from workassign.errors import JournalError, PlanError, UsageError
from workassign.journal import FORMAT, Entry, Recorder, entries, header, record, replay, verify
from workassign.model import Agent, Channel, Fence, Instant, Interaction, OfferId, Presence
from workassign.needs import Needs
from workassign.plan import Plan, Queue
from workassign.policies import offers, scoring, selection, sla
from workassign.stores.jsonl import JsonlStore
from workassign.stores.memory import MemoryStore

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden"


def canonical(engine: Engine) -> bytes:
    return json.dumps(engine.snapshot(), sort_keys=True, separators=(",", ":")).encode()


def told() -> tuple[Recorder, MemoryStore]:
    """The golden scenario, in memory."""
    store = MemoryStore()
    recorder = record(Engine(scenario.plan()), store)
    scenario.tell(recorder)
    recorder.flush()
    return recorder, store


def rewritten(bodies: list[bytes]) -> MemoryStore:
    """A store whose checksums fit whatever the bodies say."""
    store = MemoryStore()
    store.append(-1, bodies)
    return store


# --- bytes --------------------------------------------------------------------------------------


def test_the_scenario_uses_every_command_and_every_kind_of_event() -> None:
    _, store = told()
    found = list(entries(store))
    assert {type(entry.command) for entry in found} == set(get_args(cmd.Command))
    assert {type(event) for entry in found for event in entry.facts} == set(get_args(ev.Event))


def test_what_is_read_is_what_was_written() -> None:
    recorder, store = told()
    bodies = list(store.load(1))
    found = list(entries(store))
    assert [entry.body() for entry in found] == bodies
    assert canonical(replay(store)) == canonical(recorder.engine)
    assert [entry.seq for entry in found] == list(range(1, len(bodies) + 1))


def test_a_body_is_plain_ascii_json_without_spaces_and_without_what_goes_without_saying() -> None:
    interaction = Interaction(id="ä", needs=Needs({"en": 3}))
    submitted = ev.Submitted(5.0, interaction, 1, 1, 5.0, 0.0, (), None)
    assert Entry(1, 5.0, cmd.Submit(interaction), [submitted]).body() == (
        b'{"at":5.0,"command":{"kind":"Submit","interaction":{"id":"\\u00e4","needs":{"en":3.0}}},'
        b'"facts":[{"kind":"Submitted","sequence":1,"tier":1,"head_start":0.0,"terms":[]}]}'
    )


def test_an_event_alone_says_everything() -> None:
    event = ev.Offered(7.0, OfferId(3), "tweet-1", "ann", 37.0)
    assert as_data(event) == {
        "kind": "Offered",
        "at": 7.0,
        "offer": 3,
        "interaction": "tweet-1",
        "agent": "ann",
        "expires": 37.0,
    }


def test_an_interaction_is_read_back_as_the_very_one_of_its_command() -> None:
    """A million of them are kept in memory: none twice."""
    _, store = told()
    entry = next(each for each in entries(store) if isinstance(each.command, cmd.Submit))
    [submitted] = [event for event in entry.facts if isinstance(event, ev.Submitted)]
    assert isinstance(entry.command, cmd.Submit)
    assert submitted.interaction is entry.command.interaction
    assert submitted.reference == entry.at


@pytest.mark.parametrize("at", [0.0, -0.0, 0.1, 1e-9, 1_767_225_600.123456, 1e11])
def test_an_instant_comes_back_to_the_last_bit(at: float) -> None:
    store = MemoryStore()
    recorder = record(Engine(), store)
    recorder.handle(
        cmd.Submit(Interaction(id="a", sentiment=-0.0, attributes={"n": -0.0, "m": 0.1 + 0.2})), at
    )
    recorder.flush()
    [entry] = entries(store)
    assert repr(entry.at) == repr(recorder.engine.now)
    assert repr(entry.facts) == repr(recorder.engine.facts)
    assert canonical(replay(store)) == canonical(recorder.engine)


# --- what cannot be read ------------------------------------------------------------------------


def damaged(change: Callable[[dict[str, Any]], None], seq: int = 2) -> MemoryStore:
    """A journal of which the body of one entry was changed, and the checksums with it."""
    store = MemoryStore()
    recorder = record(Engine(), store)
    recorder.handle(cmd.AddAgent(Agent(id="ann")), 0)
    recorder.handle(cmd.Submit(Interaction(id="a")), 1)
    recorder.handle(cmd.SignOn("ann"), 2)
    recorder.flush()
    bodies = list(store.load())
    data = json.loads(bodies[seq])
    change(data)
    bodies[seq] = as_json(data)
    return rewritten(bodies)


def test_an_unknown_kind_of_event_is_an_error_that_names_its_entry() -> None:
    store = damaged(lambda data: data["facts"][0].update(kind="Teleported"))
    with pytest.raises(JournalError, match=r"entry 2 cannot be read: .*Teleported"):
        list(entries(store))
    assert "entry 2" in verify(store).problems[0]


def test_a_command_is_no_event() -> None:
    store = damaged(lambda data: data["facts"][0].update(kind="Submit"))
    with pytest.raises(JournalError, match="entry 2 cannot be read"):
        list(entries(store))


def test_a_missing_field_is_an_error_that_names_its_entry() -> None:
    store = damaged(lambda data: data["facts"][0].pop("sequence"))
    with pytest.raises(JournalError, match=r"entry 2 cannot be read: .*sequence"):
        list(entries(store))


def test_a_missing_field_that_has_a_default_takes_it() -> None:
    store = damaged(lambda data: data.pop("timed", None))
    assert next(entries(store, 2)).timed == 0
    assert next(entries(store, 2)).command.key is None


def test_an_unknown_field_is_passed_over() -> None:
    def change(data: dict[str, Any]) -> None:
        data["colour"] = "red"
        data["command"]["colour"] = "red"
        data["command"]["interaction"]["colour"] = "red"
        data["facts"][0]["colour"] = "red"

    assert verify(damaged(change)).ok


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b"\xff", b'{"at":1.0}', b"[" * 100_000, b"9" * 5000]
)
def test_a_body_that_is_no_entry_is_an_error_that_names_its_entry(body: bytes) -> None:
    store = MemoryStore()
    record(Engine(), store)
    store.append(0, [body])
    with pytest.raises(JournalError, match="entry 1 "):
        replay(store)
    assert not verify(store).ok


def test_a_journal_of_a_newer_format_is_refused_naming_both_formats() -> None:
    store = damaged(lambda data: data.update(format=FORMAT + 6), seq=0)
    with pytest.raises(JournalError, match=rf"format {FORMAT + 6};.* format {FORMAT}"):
        replay(store)
    assert f"format {FORMAT + 6}" in verify(store).problems[0]


def test_an_empty_store_holds_no_journal() -> None:
    with pytest.raises(JournalError, match="empty"):
        replay(MemoryStore())
    assert not verify(MemoryStore()).ok


def test_the_header_says_under_which_plan_it_begins() -> None:
    recorder, store = told()
    found = header(store)
    assert found.format == FORMAT
    assert Plan.from_data(found.plan).hash == found.plan_hash == scenario.plan().hash
    assert recorder.engine.plan.hash == scenario.last_plan().hash


# --- recording ----------------------------------------------------------------------------------


def test_a_turn_without_facts_leaves_no_entry() -> None:
    store = MemoryStore()
    recorder = record(Engine(), store)
    recorder.handle(cmd.Tick(), 1)
    recorder.handle(cmd.Submit(Interaction(id="a")), 2)
    again = recorder.handle(cmd.Submit(Interaction(id="a")), 3)
    assert recorder.flush() == store.head() == 1
    assert len(again) == 1


def test_a_key_is_remembered_after_a_replay() -> None:
    store = MemoryStore()
    recorder = record(Engine(), store)
    first = recorder.handle(cmd.Submit(Interaction(id="a"), key="k"), 2)
    recorder.handle(cmd.Submit(Interaction(id="a"), key="k2"), 2)
    recorder.flush()
    engine = replay(store)
    assert canonical(engine) == canonical(recorder.engine)
    assert engine.handle(cmd.Submit(Interaction(id="a"), key="k"), 3) == first
    [refused] = engine.handle(cmd.Submit(Interaction(id="b"), key="k2"), 3)
    assert isinstance(refused, ev.Refused)
    assert refused.rule == "key_reused"


def test_a_journal_begins_with_a_fresh_engine_in_an_empty_store() -> None:
    store = MemoryStore()
    engine = Engine()
    record(engine, store)
    with pytest.raises(JournalError, match="has a journal already"):
        record(Engine(), store)
    engine.tick(1)
    with pytest.raises(UsageError, match="has a past"):
        record(engine, MemoryStore())


def test_a_policy_without_a_name_cannot_be_journaled() -> None:
    plan = Plan(queues={"default": Queue(scoring=(lambda interaction, at: 1.0,))})
    store = MemoryStore()
    with pytest.raises(PlanError, match=r"queues\.default\.scoring\[0\]"):
        record(Engine(plan), store)
    assert store.head() == -1


def test_a_plan_that_is_no_plain_data_is_refused_before_anything_happens() -> None:
    recorder = record(Engine(), MemoryStore())
    for value in ({1, 2}, float("nan"), object()):
        with pytest.raises(UsageError, match="plan of ChangePlan"):
            recorder.handle(cmd.ChangePlan({"name": value}), 1)
    assert recorder.engine.now < 0


asked: list[str] = []


def curious(interaction: Interaction, at: Instant) -> float:
    """Note that it was asked."""
    asked.append(interaction.id)
    return 1.0


def test_replay_asks_no_policy() -> None:
    store = MemoryStore()
    recorder = record(Engine(Plan(queues={"default": Queue(scoring=(curious,))})), store)
    recorder.handle(cmd.Submit(Interaction(id="a")), 1)
    recorder.flush()
    asked.clear()
    replay(store)
    assert asked == []


def test_an_engine_goes_on_after_a_replay_as_if_nothing_had_been() -> None:
    store, other = MemoryStore(), MemoryStore()
    one = record(Engine(scenario.plan()), store)
    two = record(Engine(scenario.plan()), other)
    for recorder in (one, two):
        say = partial(_said, recorder)
        scenario.people(say)
        scenario.morning(say)
        recorder.flush()
    two = Recorder(replay(other), other)
    for recorder in (one, two):
        scenario.refusals(partial(_said, recorder))
        recorder.flush()
    assert list(store.load()) == list(other.load())


def _said(recorder: Recorder, command: cmd.Command, seconds: float) -> list[ev.Event]:
    return recorder.handle(command, scenario.BEGIN + seconds)


# --- verifying ----------------------------------------------------------------------------------


def test_a_true_journal_is_verified_and_its_balance_is_struck() -> None:
    recorder, store = told()
    verdict = verify(store)
    assert verdict.ok, verdict.problems
    assert verdict.entries == store.head()
    assert verdict.events == sum(verdict.kinds.values())
    assert verdict.balance == recorder.engine.snapshot()["total"]
    assert verdict.queues == recorder.engine.snapshot()["queues"]
    assert json.loads(json.dumps(verdict.as_dict()))["ok"] is True


def base() -> list[Entry]:
    """Ann, who can do one thing at a time, takes a, and b waits for her."""
    store = MemoryStore()
    recorder = record(Engine(), store)
    recorder.handle(cmd.AddAgent(Agent(id="ann")), 0)
    recorder.handle(cmd.AddAgent(Agent(id="ben", capacity=0.5)), 0)
    recorder.handle(cmd.SignOn("ann"), 1)
    recorder.handle(cmd.SignOn("ben"), 1)
    recorder.handle(cmd.Submit(Interaction(id="a")), 2)
    recorder.handle(cmd.Submit(Interaction(id="b")), 3)
    recorder.handle(cmd.Accept(OfferId(1), "ann"), 4)
    recorder.handle(cmd.Complete("a", "ann", Fence(1)), 5)
    recorder.handle(cmd.Accept(OfferId(2), "ann"), 6)
    recorder.flush()
    return list(entries(store))


def forged(change: Callable[[list[Entry]], object]) -> MemoryStore:
    """The base as a journal, changed, with checksums that fit."""
    store = MemoryStore()
    record(Engine(), store)
    found = base()
    change(found)
    store.append(0, [entry.body() for entry in found])
    return store


def fact(position: int, seq: int, **changes: Any) -> Callable[[list[Entry]], object]:
    """Change the fact at *position* of entry *seq*."""

    def change(found: list[Entry]) -> None:
        facts = found[seq - 1].facts
        facts[position] = attrs.evolve(facts[position], **changes)

    return change


def added(seq: int, event: ev.Event) -> Callable[[list[Entry]], object]:
    """Add a fact to entry *seq*."""
    return lambda found: found[seq - 1].facts.append(event)


FORGERIES: dict[str, tuple[Callable[[list[Entry]], object], str]] = {
    "time runs backwards": (lambda found: setattr(found[4], "at", 0.5), "entry 5: time runs"),
    "an event is of another instant": (fact(0, 6, at=2.5), "entry 6: Submitted is of 2.5"),
    "an interaction is submitted twice": (
        added(6, ev.Submitted(3.0, Interaction(id="a"), 3, 1, 3.0, 0.0, (), None)),
        "'a' was submitted before",
    ),
    "what is held is offered to somebody else": (
        added(7, ev.Offered(4.0, OfferId(2), "a", "ben", 34.0)),
        "entry 7: Offered, but 'a' is held",
    ),
    "an offer is used twice": (fact(1, 8, offer=1), "entry 8: offer 1 comes after offer 1"),
    "a fence does not rise": (fact(0, 9, fence=1), "entry 9: fence 1 comes after fence 1"),
    "somebody else accepts": (fact(0, 7, agent="ben"), "entry 7: Assigned by 'ben'"),
    "an accepted offer was never made": (fact(0, 7, offer=7), "entry 7: 'a' was offered as 1, accepted as 7"),
    "an offer is accepted too late": (fact(1, 5, expires=3.0), "entry 7: offer 1 was accepted at 4.0"),
    "a grant goes over the capacity": (fact(1, 5, agent="ben"), "raised the load of 'ben' to 1 of 0.5"),
    "somebody who is not there is offered work": (lambda found: found.pop(2), "offered to 'ann': offline"),
    "another fence completes": (fact(0, 8, fence=9), "entry 8: 'a' is held under fence 1, not 9"),
    "what is closed is closed again": (added(9, ev.Cancelled(6.0, "a", "")), "Cancelled, but 'a' is closed"),
    "what nobody submitted is cancelled": (
        added(9, ev.Cancelled(6.0, "z", "")),
        "Cancelled, but 'z' is unknown",
    ),
    "held work is abandoned": (added(9, ev.Abandoned(6.0, "b")), "Abandoned, but 'b' is held"),
    "an agent is added twice": (
        added(9, ev.AgentAdded(6.0, Agent(id="ann"))),
        "agent 'ann' was there before",
    ),
    "somebody leaves with work": (added(9, ev.AgentRemoved(6.0, "ann")), "agent 'ann' was removed with"),
    "a stranger signs on": (
        added(9, ev.PresenceChanged(6.0, "zoe", Presence.AVAILABLE, "asked", None)),
        "there is no agent 'zoe'",
    ),
    "a queue is unknown": (fact(0, 6, interaction=Interaction(id="b", queue="vip")), "unknown queue"),
    "numbers are left out": (fact(0, 6, sequence=5), "'b' is number 5, after 1"),
    "a plan is not what its hash says": (
        added(9, ev.PlanChanged(6.0, Plan().to_data(), "0" * 64)),
        "the plan is not the one whose hash",
    ),
    "more time than facts": (lambda found: setattr(found[8], "timed", 2), "entry 9: time brought 2 of 1"),
    "a target is missed that was met": (
        added(9, ev.SlaMissed(6.0, 5.0, "b", "first_response")),
        "which it had",
    ),
    "an entry is left out": (lambda found: found.pop(4), "entry 6: "),
    "a free agent and waiting work are left apart": (
        lambda found: found[7].facts.pop(),
        "ann is free and b waits",
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_journal_that_breaks_a_law_is_not_verified(name: str) -> None:
    change, expected = FORGERIES[name]
    if name == "a free agent and waiting work are left apart":
        store = forged(lambda found: (found.pop(), change(found)))
    else:
        store = forged(change)
    problems = verify(store).problems
    assert any(re.search(expected, problem) for problem in problems), problems


def test_the_base_of_the_forgeries_is_true() -> None:
    verdict = verify(forged(lambda found: None))
    assert verdict.ok, verdict.problems


@pytest.mark.parametrize("when", ["at the begin", "by a change of plan"])
def test_the_audit_goes_on_where_a_policy_is_not_there_and_says_what_it_skipped(
    when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who has only the journal can still prove that every law was kept."""

    def whim(interaction: Interaction, at: Instant) -> float:
        return 1.0

    whim.__module__, whim.__qualname__ = "passing", "whim"
    module = ModuleType("passing")
    vars(module)["whim"] = whim
    monkeypatch.setitem(sys.modules, "passing", module)
    plan = Plan(queues={"default": Queue(scoring=(whim,))})
    store = MemoryStore()
    recorder = record(Engine(plan if when == "at the begin" else Plan()), store)
    recorder.handle(cmd.Submit(Interaction(id="a")), 1)
    recorder.handle(cmd.ChangePlan(plan.to_data()), 2)
    recorder.handle(cmd.Submit(Interaction(id="b")), 3)
    recorder.flush()
    whole = verify(store)
    assert (whole.ok, whole.skipped) == (True, "")

    monkeypatch.delitem(sys.modules, "passing")
    verdict = verify(store)
    assert verdict.ok
    assert "No module named 'passing'" in verdict.skipped
    assert "passing" in verdict.as_dict()["skipped"]
    assert verdict.balance == whole.balance
    assert verdict.entries == whole.entries

    bodies = list(store.load())
    lost = MemoryStore()
    lost.append(-1, [*bodies[:1], *bodies[2:]])
    assert not verify(lost).ok


def test_a_verdict_lists_a_hundred_problems_and_counts_the_others() -> None:
    def change(found: list[Entry]) -> None:
        found[8].facts.extend(ev.Cancelled(6.0, f"nobody-{i}", "") for i in range(250))

    problems = verify(forged(change)).problems
    assert len(problems) == 101
    assert re.fullmatch(r"… and \d+ more", problems[-1])


def test_an_id_is_free_again_when_its_closed_interaction_is_forgotten() -> None:
    store = MemoryStore()
    recorder = record(Engine(Plan(retention=10.0)), store)
    recorder.handle(cmd.Submit(Interaction(id="a")), 0)
    recorder.handle(cmd.Cancel("a"), 1)
    for number in range(10_000):
        recorder.handle(cmd.Submit(Interaction(id=f"other-{number}")), 20)
    [submitted] = recorder.handle(cmd.Submit(Interaction(id="a", sentiment=1)), 21)
    assert isinstance(submitted, ev.Submitted)
    recorder.flush()
    verdict = verify(store)
    assert verdict.ok, verdict.problems


# --- any order of commands ----------------------------------------------------------------------

INTERACTIONS = st.sampled_from([f"i{n}" for n in range(6)])
AGENTS = st.sampled_from(["ann", "ben", "cleo"])
QUEUES = st.sampled_from(["care", "bulk", "vip"])
NUMBERS = st.integers(1, 9)
LEVELS = st.dictionaries(st.sampled_from(["en", "es"]), st.sampled_from([1, 2.5]), max_size=2)

PLANS = [
    Plan(
        queues={
            "care": Queue(
                scoring=(scoring.sentiment(),), wrap_up=10.0, sticky_wait=20.0, sla=sla.first_response(40)
            ),
            "bulk": Queue(tier=2, auto_accept=True, selection=selection.best_skill),
            "vip": Queue(tier=0, offer_for=5.0, refusals=offers.per_cause(declined={"rest": 7})),
        },
        channels={"tweet": Channel(), "chat": Channel(units=0.7)},
        retention=900.0,
    ).to_data(),
    Plan(
        queues={
            "care": Queue(tier=3, sla=sla.first_response(90)),
            "bulk": Queue(selection=selection.round_robin),
        },
        channels={"chat": Channel(units=1.1), "tweet": Channel()},
        successors={"vip": "care"},
        retention=900.0,
    ).to_data(),
]

INTERACTION = st.builds(
    Interaction,
    id=INTERACTIONS,
    queue=QUEUES,
    channel=st.sampled_from(["tweet", "chat"]),
    needs=st.builds(Needs, LEVELS),
    sentiment=st.sampled_from([None, -0.3, -1, 1]),
    prefers=st.none() | AGENTS,
    tier=st.none() | st.integers(0, 2),
)
AGENT = st.builds(
    Agent,
    id=AGENTS,
    skills=LEVELS,
    queues=st.none() | st.dictionaries(st.sampled_from(["care", "bulk"]), st.integers(1, 3), min_size=1),
    channels=st.none() | st.dictionaries(st.sampled_from(["tweet", "chat"]), st.integers(0, 2), min_size=1),
    capacity=st.sampled_from([1, 0.7, 2.5]),
)
COMMANDS: list[Callable[..., st.SearchStrategy[cmd.Command]]] = [
    partial(st.builds, cmd.Submit, INTERACTION),
    partial(st.builds, cmd.Submit, INTERACTION),
    partial(st.builds, cmd.Cancel, INTERACTIONS, st.sampled_from(["", "spam"])),
    partial(st.builds, cmd.Abandon, INTERACTIONS),
    partial(st.builds, cmd.Transfer, INTERACTIONS, QUEUES, st.none() | AGENTS, st.none() | NUMBERS),
    partial(st.builds, cmd.Assign, INTERACTIONS, AGENTS, st.booleans()),
    partial(st.builds, cmd.Accept, NUMBERS, AGENTS),
    partial(st.builds, cmd.Accept, NUMBERS, AGENTS),
    partial(st.builds, cmd.Decline, NUMBERS, AGENTS),
    partial(st.builds, cmd.Complete, INTERACTIONS, AGENTS, NUMBERS),
    partial(st.builds, cmd.FinishWrapUp, INTERACTIONS, AGENTS, NUMBERS),
    partial(st.builds, cmd.Release, INTERACTIONS, AGENTS, NUMBERS),
    partial(st.builds, cmd.AddAgent, AGENT),
    partial(st.builds, cmd.ChangeAgent, AGENT),
    partial(st.builds, cmd.RemoveAgent, AGENTS),
    partial(st.builds, cmd.SignOn, AGENTS),
    partial(st.builds, cmd.SignOn, AGENTS),
    partial(st.builds, cmd.SignOff, AGENTS),
    partial(st.builds, cmd.SetPresence, AGENTS, st.sampled_from(Presence)),
    partial(st.builds, cmd.Disconnect, AGENTS),
    partial(st.builds, cmd.ChangePlan, st.sampled_from(PLANS)),
    partial(st.builds, cmd.ResumePolicy, st.just("queues.care.scoring.sentiment")),
    partial(st.builds, cmd.Tick),
]


@st.composite
def commands(draw: st.DrawFn) -> cmd.Command:
    build = draw(st.sampled_from(COMMANDS))
    key = draw(st.sampled_from([None, None, None, "k1", "k2"]))
    version = draw(st.sampled_from([None, None, None, None, 1, 2]))
    command: cmd.Command = draw(build(key=st.just(key), expected_version=st.just(version)))
    return command


STEPS = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 3.0, 12.0, 31.0, 700.0]), commands()), max_size=60)


@settings(deadline=None, max_examples=150)
@given(STEPS)
def test_whatever_is_said_the_journal_leads_to_the_same_state_and_keeps_the_laws(
    steps: list[tuple[float, cmd.Command]],
) -> None:
    store = MemoryStore()
    recorder = record(Engine(Plan.from_data(PLANS[0])), store)
    recorder.handle(cmd.AddAgent(Agent(id="ann", capacity=2)), 0)
    recorder.handle(cmd.SignOn("ann"), 0)
    at = 0.0
    for gap, command in steps:
        at += gap
        recorder.handle(command, at)
    recorder.flush()
    assert canonical(replay(store)) == canonical(recorder.engine)
    assert [entry.body() for entry in entries(store)] == list(store.load(1))
    verdict = verify(store)
    assert verdict.ok, verdict.problems


# --- golden journals ----------------------------------------------------------------------------


@pytest.fixture(params=sorted(GOLDEN.glob("journal-v*.jsonl")), ids=lambda path: path.stem)
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[JsonlStore]:
    """A copy of a golden journal, for opening one locks it."""
    store = JsonlStore(shutil.copy(request.param, tmp_path))
    yield store
    store.close()


def test_a_golden_journal_is_verified_for_ever(golden: JsonlStore) -> None:
    verdict = verify(golden)
    assert verdict.ok, verdict.problems


def test_golden_journals_have_every_kind_of_event() -> None:
    kinds = {kind.__name__ for kind in get_args(ev.Event)}
    assert kinds == {kind for kind in kinds for path in GOLDEN.glob("*.jsonl") if kind in path.read_text()}


def test_a_golden_journal_is_replayed_to_its_state(
    golden: JsonlStore, request: pytest.FixtureRequest
) -> None:
    """The pinned hash stands beside the journal; a version that keeps more in a snapshot pins it anew."""
    name = request.node.callspec.params["golden"].with_suffix(".sha256")
    assert scenario.state_hash(replay(golden)) == name.read_text().strip()


def test_a_golden_journal_is_encoded_to_the_same_bytes(golden: JsonlStore) -> None:
    assert [entry.body() for entry in entries(golden)] == list(golden.load(1))


def interpreters() -> dict[str, str]:
    """Name -> path of every other Python that could run the library."""
    names = [f"python3.{minor}" for minor in range(11, 20)]
    pyenv = sorted(Path.home().glob(".pyenv/versions/3.*/bin/python"))
    found: dict[str, str] = {}
    for path in [*filter(None, map(shutil.which, names)), *map(str, pyenv)]:
        asked = subprocess.run(
            [path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        version = asked.stdout.strip()
        if asked.returncode == 0 and tuple(map(int, version.split("."))) >= (3, 11):
            found.setdefault(version, path)
    return found


def journal_of(python: str, seed: str, path: Path) -> bytes:
    """The scenario's journal, written by another process; attrs and the like are lent to it."""
    lent = os.pathsep.join(
        [str(ROOT), str(ROOT / "src"), *(path for path in sys.path if "site-packages" in path)]
    )
    code = f"from tests.golden.scenario import write; write({str(path)!r})"
    environment = {"PYTHONPATH": lent, "PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([python, "-S", "-c", code], env=environment, check=True, cwd=ROOT)
    return path.read_bytes()


def test_the_same_commands_give_the_same_bytes_under_any_hash_seed(tmp_path: Path) -> None:
    found = {journal_of(sys.executable, seed, tmp_path / seed) for seed in ("0", "1", "4294967295")}
    assert len(found) == 1


def test_the_same_commands_give_the_same_bytes_on_every_python(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    here = journal_of(sys.executable, "0", tmp_path / "here")
    others = interpreters()
    absent = [version for version in ("3.11", "3.12", "3.13") if version not in others]
    record_property("interpreters", {"found": sorted(others), "absent": absent})
    sys.stdout.write(f"found: {', '.join(sorted(others))}; absent: {', '.join(absent) or 'none'}\n")
    for version, python in others.items():
        assert journal_of(python, "7", tmp_path / version) == here, version
