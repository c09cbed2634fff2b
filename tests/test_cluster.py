"""Several nodes carry one shard: whichever is asked, one leads; whoever fails is followed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from torture.relay import Hold, Relay
from torture.servers import a_server
from workassign import Desk, Interaction, Plan
from workassign.commands import (
    Accept,
    AddAgent,
    ChangePlan,
    Command,
    Complete,
    Heartbeat,
    SignOn,
    Submit,
    Tick,
)
from workassign.errors import JournalError, Overloaded, PlanError, Stopped, UsageError
from workassign.events import Assigned, Event, Offered, OfferExpired, Submitted
from workassign.journal import entries, verify
from workassign.model import Agent
from workassign.queues import Queue
from workassign.serve import _asked, cluster
from workassign.serve.cluster import Node
from workassign.serve.inbox import ASKED, Inbox
from workassign.serve.mirror import Mirror
from workassign.serve.notices import Notice, Terms
from workassign.serve.outbox import Outbox
from workassign.stores.connecting import connected
from workassign.stores.postgres import PostgresStore
from workassign.wire import command_to_json

ROSTER: list[Command] = [AddAgent(Agent(id="ann")), SignOn("ann"), AddAgent(Agent(id="bob")), SignOn("bob")]
SECONDS = 60.0
"""Nobody waits so long, unless something is wrong."""

_HELD = threading.Event()


def wait_for_the_end_of_the_test(*asked: object) -> float:
    """A policy that never answers."""
    _HELD.wait(SECONDS)
    return 0.0


@pytest.fixture
def shard() -> str:
    """A name that no other test has."""
    return f"shard-{uuid.uuid4()}"


@pytest.fixture
def node(dsn: str, shard: str) -> Iterator[Callable[..., Node]]:
    """What makes nodes of the shard of the test; all are stopped afterwards."""
    made: list[Node] = []

    def node(**settings: Any) -> Node:
        made.append(Node(dsn, shard=shard, patience=SECONDS, **settings))
        made[-1].start()
        return made[-1]

    yield node
    for each in made:
        each.stop()


@pytest.fixture
def inbox(dsn: str, shard: str) -> Iterator[Inbox]:
    with Inbox(dsn, shard=shard, patience=SECONDS) as made:
        yield made


def run(dsn: str, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def put(dsn: str, shard: str, body: bytes, attempts: int, until: str = "infinity") -> uuid.UUID:
    """What a process that has gone since left in the inbox."""
    asked = uuid.uuid4()
    statement = """
        INSERT INTO workassign.inbox (id, shard, asker, until, body, attempts)
        VALUES (%s, %s, %s, %s, %s, %s)
    """
    run(dsn, statement, asked, shard, uuid.uuid4(), until, body, attempts)
    return asked


def outcome(dsn: str, asked: uuid.UUID) -> str:
    [(found,)] = run(dsn, "SELECT outcome FROM workassign.inbox WHERE id = %s", asked)
    return str(found)


def journal_holds(dsn: str, shard: str) -> list[Any]:
    """Prove the journal, and return its events."""
    store = PostgresStore(dsn, shard=shard, readonly=True)
    try:
        verdict = verify(store)
        assert verdict.ok, verdict.problems
        return [event for entry in entries(store) for event in entry.facts]
    finally:
        store.close()


def the_offer(answer: list[Event]) -> Offered:
    [offered] = [each for each in answer if isinstance(each, Offered)]
    return offered


def led(*nodes: Node) -> Node:
    """Return the one that leads."""
    while True:
        for each in nodes:
            if each.leads:
                return each


# --- asking -------------------------------------------------------------------------------------


def test_whichever_node_is_asked_the_one_that_leads_carries_it_out(
    dsn: str, shard: str, node: Callable[..., Node]
) -> None:
    nodes = [node(), node(), node()]
    for each, command in zip(nodes * 2, ROSTER, strict=False):
        each.handle(command)
    for number in range(30):
        [submitted, *_] = nodes[number % 3].handle(Submit(Interaction(id=f"tweet-{number}")))
        assert isinstance(submitted, Submitted)
    assert sum(each.leads for each in nodes) == 1
    events = journal_holds(dsn, shard)
    assert sum(isinstance(each, Submitted) for each in events) == 30


def test_a_standby_leads_when_the_leader_stops_and_nothing_is_forgotten(node: Callable[..., Node]) -> None:
    first = node()
    for command in ROSTER:
        first.handle(command)
    offered = the_offer(first.handle(Submit(Interaction(id="tweet-1"))))
    second = node()
    first.stop()
    accept = Accept(offered.offer, "ann", key="accept")
    [assigned] = second.handle(accept)
    assert isinstance(assigned, Assigned)
    assert second.handle(accept) == [assigned]
    assert second.epoch == 2
    [refused] = second.handle(Complete("tweet-1", "ann", fence=assigned.fence + 1))
    assert type(refused).__name__ == "Refused"


def test_what_fell_due_while_nobody_led_happens_at_the_take_over(
    dsn: str, shard: str, node: Callable[..., Node]
) -> None:
    plan = Plan(queues={"default": Queue(offer_for=0.05)})
    first = node(plan=plan)
    for command in ROSTER[:2]:
        first.handle(command)
    offered = the_offer(first.handle(Submit(Interaction(id="tweet-1"))))
    first.stop()
    second = node(plan=plan)
    led(second)
    while second.ask(lambda desk: desk.interaction("tweet-1").offer) == offered.offer:
        pass
    [expired] = [each for each in journal_holds(dsn, shard) if isinstance(each, OfferExpired)]
    assert expired.at >= expired.due == pytest.approx(offered.at + 0.05)


def test_errors_come_back_as_what_they_are_and_change_nothing(
    node: Callable[..., Node], inbox: Inbox, dsn: str
) -> None:
    node()
    inbox.handle(Tick())
    with pytest.raises(UsageError, match="no command"):
        inbox.handle("tick")  # type: ignore[arg-type]
    with pytest.raises(PlanError, match="offer_for"):
        inbox.handle(ChangePlan({"queues": {"default": {"offer_for": -1}}}))
    with pytest.raises(UsageError, match="capacity"):
        inbox.handle(AddAgent(Agent(id="ann", capacity=-1)))


def test_a_server_that_cannot_be_reached_is_told(shard: str) -> None:
    with Inbox("host=127.0.0.1 port=1", shard=shard) as inbox, pytest.raises(JournalError, match="reached"):
        inbox.handle(Tick())


def test_more_than_may_wait_is_refused_before_it_is_accepted(dsn: str, shard: str) -> None:
    PostgresStore(dsn, shard=shard).close()
    put(dsn, shard, command_to_json(Tick()), attempts=0)
    with Inbox(dsn, shard=shard, room=1) as inbox, pytest.raises(Overloaded):
        inbox.handle(Tick())
    assert run(dsn, "SELECT count(*) FROM workassign.inbox WHERE shard = %s", shard) == [(1,)]


def test_without_an_answer_in_time_nobody_knows(dsn: str, shard: str) -> None:
    PostgresStore(dsn, shard=shard).close()
    with Inbox(dsn, shard=shard, patience=0.05) as inbox, pytest.raises(JournalError, match="nobody knows"):
        inbox.handle(Tick())


def test_an_inbox_that_was_closed_asks_nothing(inbox: Inbox) -> None:
    inbox.close()
    inbox.close()
    with pytest.raises(Stopped):
        inbox.handle(Tick())


def test_many_threads_ask_one_inbox_and_each_gets_its_own_answer(
    node: Callable[..., Node], inbox: Inbox
) -> None:
    node()
    answers: dict[str, str] = {}

    def ask(name: str) -> None:
        [submitted] = inbox.handle(Submit(Interaction(id=name)))
        assert isinstance(submitted, Submitted)
        answers[name] = submitted.interaction.id

    threads = [threading.Thread(target=ask, args=(f"tweet-{number}",)) for number in range(40)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert answers == {f"tweet-{number}": f"tweet-{number}" for number in range(40)}


# --- looking ------------------------------------------------------------------------------------


@pytest.fixture
def reader(dsn: str, shard: str) -> Iterator[PostgresStore]:
    PostgresStore(dsn, shard=shard).close()
    store = PostgresStore(dsn, shard=shard, readonly=True)
    yield store
    store.close()


def test_a_mirror_shows_what_was_answered_for_whoever_leads(
    reader: PostgresStore, node: Callable[..., Node], inbox: Inbox
) -> None:
    first = node()
    for command in ROSTER[:2]:
        inbox.handle(command)
    mirror = Mirror(reader)
    offered = the_offer(inbox.handle(Submit(Interaction(id="tweet-1"))))
    assert mirror.interaction("tweet-1").offer == offered.offer
    node()
    first.stop()
    inbox.handle(Accept(offered.offer, "ann"))
    assert mirror.interaction("tweet-1").agent == "ann"
    assert mirror.agent("ann").load == 1.0
    assert mirror.ask(lambda engine: engine.check()) == {}
    with pytest.raises(UsageError, match="no interaction"):
        mirror.interaction("tweet-2")


# --- telling ------------------------------------------------------------------------------------


def test_whoever_leads_tells_others_what_happens_and_the_next_leader_goes_on(
    node: Callable[..., Node],
) -> None:
    told: list[str] = []
    heard = threading.Condition()

    def deliver(notice: Notice) -> None:
        with heard:
            told.append(notice.id)
            heard.notify()

    def outbox(desk: Desk, store: PostgresStore) -> Outbox:
        made = Outbox(desk, store, shard="desk")
        made.add("crm", deliver, Terms(after=0))
        return made

    first = node(while_leading=outbox)
    for command in ROSTER:
        first.handle(command)
    with heard:
        assert heard.wait_for(lambda: len(told) >= 4, SECONDS)
    second = node(while_leading=outbox)
    first.stop()
    second.handle(Submit(Interaction(id="tweet-1")))
    with heard:
        assert heard.wait_for(lambda: "desk:6" in told, SECONDS)
    assert list(dict.fromkeys(told)) == [f"desk:{number}" for number in range(1, 7)]


# --- what a leader left behind ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "attempts", "expected"),
    [
        (Submit(Interaction(id="tweet-1")), 0, "done"),
        (Submit(Interaction(id="tweet-1")), 1, "unknown"),
        (Submit(Interaction(id="tweet-1"), key="k"), 1, "done"),
        (Submit(Interaction(id="tweet-1"), key="k"), 2, "done"),
        (Submit(Interaction(id="tweet-1"), key="k"), 3, "unknown"),
    ],
)
def test_what_a_leader_took_and_did_not_answer_is_tried_again_only_if_that_is_harmless(
    command: Command, attempts: int, expected: str, dsn: str, shard: str, node: Callable[..., Node]
) -> None:
    PostgresStore(dsn, shard=shard).close()
    asked = put(dsn, shard, command_to_json(command), attempts)
    node().handle(Tick())
    assert outcome(dsn, asked) == expected
    submitted = [each for each in journal_holds(dsn, shard) if isinstance(each, Submitted)]
    assert len(submitted) == (1 if expected == "done" else 0)


def test_what_nobody_waits_for_any_more_is_not_carried_out(
    dsn: str, shard: str, node: Callable[..., Node]
) -> None:
    PostgresStore(dsn, shard=shard).close()
    asked = put(dsn, shard, command_to_json(Submit(Interaction(id="old"))), 0, until="2020-01-01")
    node().handle(Tick())
    assert outcome(dsn, asked) == "late"


def test_what_is_no_command_is_refused_and_the_leader_lives(
    dsn: str, shard: str, node: Callable[..., Node]
) -> None:
    PostgresStore(dsn, shard=shard).close()
    asked = [
        put(dsn, shard, body, 0) for body in (b"", b"{", b'{"kind":"Nothing"}', b"\xff\x00", b"[" * 10_000)
    ]
    node().handle(Tick())
    assert [outcome(dsn, each) for each in asked] == ["usage"] * 5


def test_a_deposed_leader_takes_nothing_from_the_inbox_and_answers_nothing(dsn: str, shard: str) -> None:
    store = PostgresStore(dsn, shard=shard)
    asked = put(dsn, shard, command_to_json(Tick()), 0)
    with connected(dsn, 5.0) as connection:
        taken = _asked.take(connection, shard, store.epoch)
        assert [each.id for each in taken] == [asked]
        _asked.answer(connection, shard, store.epoch - 1, taken, [[]])
        assert _asked.take(connection, shard, store.epoch - 1) == []
    assert outcome(dsn, asked) == "None"
    store.close()


def test_no_notice_is_overlooked_that_comes_together_with_an_answer_of_the_server(
    monkeypatch: pytest.MonkeyPatch, dsn: str, shard: str, node: Callable[..., Node]
) -> None:
    monkeypatch.setattr(cluster, "LOOK", SECONDS)  # looking again does not help in time
    led(node(lease=10 * SECONDS))
    there = "SELECT count(*) FROM workassign.inbox WHERE shard = %s"
    waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
    with psycopg.connect(dsn) as holding, Inbox(dsn, shard=shard, patience=SECONDS / 4) as asking:
        first = put(dsn, shard, command_to_json(Tick()), attempts=0)
        holding.execute("SELECT 1 FROM workassign.inbox WHERE id = %s FOR UPDATE", (first,))
        run(dsn, f"NOTIFY {ASKED}")
        while run(dsn, waits) == [(0,)]:
            pass  # it takes the first
        with ThreadPoolExecutor() as threads:
            second = threads.submit(asking.handle, Submit(Interaction(id="tweet-1")))
            while run(dsn, there, shard) != [(2,)]:
                pass
            holding.commit()
            [submitted] = second.result()
            assert isinstance(submitted, Submitted)


def test_nobody_waits_longer_than_she_said_for_a_server_that_has_stopped(
    dsn: str, shard: str, node: Callable[..., Node], tmp_path: Path
) -> None:
    node()
    relay = Relay(tmp_path / "relay", Path(str(psycopg.conninfo.conninfo_to_dict(dsn)["host"])))
    through = psycopg.conninfo.make_conninfo(dsn, host=str(relay.folder))
    submit = Submit(Interaction(id="tweet-1"), key="k")
    try:
        with Inbox(through, shard=shard, patience=1.0) as asking:
            while not _is_answered(asking, submit):
                pass
            relay.hold(Hold.ANYTHING)
            with pytest.raises(JournalError, match="nobody knows"):
                asking.handle(submit)
            relay.deliver(relay.cut())
            while not _is_answered(asking, submit):
                pass
    finally:
        relay.close()


def _is_answered(inbox: Inbox, command: Command) -> bool:
    with suppress(JournalError, Stopped):
        return bool(inbox.handle(command))
    return False


# --- failing ------------------------------------------------------------------------------------


def test_when_the_server_ends_all_sessions_somebody_leads_again_and_nothing_is_lost(
    dsn: str, shard: str, node: Callable[..., Node]
) -> None:
    nodes = [node(), node()]
    for number in range(20):
        command = Submit(Interaction(id=f"tweet-{number}"), key=f"k{number}")
        if number % 5 == 4:
            ours = "FROM pg_stat_activity WHERE application_name = 'workassign'"
            run(dsn, f"SELECT pg_terminate_backend(pid) {ours}")
        while not _tried(nodes[number % 2], command):
            pass
    submitted = [each for each in journal_holds(dsn, shard) if isinstance(each, Submitted)]
    assert [each.interaction.id for each in submitted] == [f"tweet-{number}" for number in range(20)]


NOTHING_HAPPENED: dict[str, tuple[Command, str]] = {
    "done": (Heartbeat("ann"), "infinity"),
    "plan": (ChangePlan({"queues": 3}), "infinity"),
    "late": (Submit(Interaction(id="old"), key="k"), "2020-01-01"),
}
"""What whoever asked is told; what she asked, and until when she waited."""


def test_who_was_told_that_nothing_happened_can_rely_on_it_when_the_server_crashes(shard: str) -> None:
    with a_server() as dsn:
        run(dsn, "ALTER SYSTEM SET wal_writer_delay = '10s'")  # nothing reaches the disk by chance
        run(dsn, "SELECT pg_reload_conf()")
        with Node(dsn, shard=shard, lease=10 * SECONDS) as carrying:
            led(carrying)
            for command in ROSTER:
                carrying.handle(command)
            for told, (command, until) in NOTHING_HAPPENED.items():
                asked = put(dsn, shard, command_to_json(command), 0, until)
                run(dsn, f"NOTIFY {ASKED}")
                while outcome(dsn, asked) == "None":
                    pass
                assert outcome(dsn, asked) == told
                crash(dsn)
                assert outcome(dsn, asked) == told


def crash(dsn: str) -> None:
    """Kill the process of a session: the server ends all of them, and recovers from its log."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        os.kill(connection.info.backend_pid, signal.SIGKILL)
        with suppress(psycopg.Error):
            while True:
                connection.execute("SELECT 1")
    while True:
        with suppress(psycopg.OperationalError):
            run(dsn, "SELECT 1")
            return


def test_a_leader_that_had_to_wait_for_the_lease_gets_the_lock_however_busy_it_is(
    dsn: str, shard: str, node: Callable[..., Node]
) -> None:
    asleep = PostgresStore(dsn, shard=shard, lease=0.6)  # whose session holds the lock
    leader = node(lease=0.6)
    led(leader)
    asleep.close()
    for number in range(2_000):
        leader.handle(Submit(Interaction(id=f"tweet-{number}")))
        if run(dsn, "SELECT locks FROM workassign.shard WHERE name = %s", shard) == [(True,)]:
            break
    else:
        pytest.fail("it never has the lock")


def test_a_leader_that_is_stuck_is_called_out_and_followed(
    dsn: str, shard: str, node: Callable[..., Node]
) -> None:
    _HELD.clear()
    called = threading.Event()
    waits = Plan(queues={"default": Queue(scoring=(wait_for_the_end_of_the_test,))})
    first = node(plan=waits, lease=0.3, stuck=called.set)
    led(first)
    second = node(lease=0.3, plan=Plan())
    asking = threading.Thread(target=lambda: _tried(first, Submit(Interaction(id="tweet-1"), key="k")))
    asking.start()
    assert called.wait(SECONDS)
    led(second)
    assert not first.leads
    second.handle(Submit(Interaction(id="tweet-1"), key="k"))
    _HELD.set()
    asking.join()
    assert second.ask(lambda desk: desk.interaction("tweet-1").position) == 1


def _tried(node: Node, command: Command) -> bool:
    """Whether it is known to have happened."""
    with suppress(JournalError):
        node.handle(command)
        return True
    return False


@pytest.mark.parametrize("wrong", [{"lease": 0.0}, {"shard": ""}, {"room": 0}, {"patience": -1}])
def test_wrong_settings_are_told_before_anything_begins(wrong: dict[str, Any], dsn: str) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        Node(dsn, **wrong)


def test_a_node_is_started_once(node: Callable[..., Node]) -> None:
    with pytest.raises(UsageError, match="once"):
        node().start()


# --- as a program -------------------------------------------------------------------------------


def test_programs_carry_a_shard_and_go_on_when_one_is_killed(dsn: str, shard: str) -> None:
    environment = {**os.environ, "WORKASSIGN_DSN": dsn}
    program = [sys.executable, "-m", "workassign.cli"]
    nodes = [
        subprocess.Popen([*program, "node", "--shard", shard, "--lease", "1"], env=environment, stderr=-1)
        for _ in range(2)
    ]

    def send(*commands: Command) -> list[Any]:
        said = b"\n".join(command_to_json(each) for each in commands)
        done = subprocess.run(
            [*program, "send", "--shard", shard, "--patience", str(SECONDS)],
            input=said,
            env=environment,
            stdout=subprocess.PIPE,
            check=True,
        )
        return [json.loads(line)["answer"] for line in done.stdout.splitlines()]

    try:
        send(*ROSTER)
        [[_, offered]] = send(Submit(Interaction(id="tweet-1")))
        leader = next(each for each in nodes if _says_that_it_leads(each))
        leader.send_signal(signal.SIGKILL)
        [[assigned]] = send(Accept(offered["offer"], offered["agent"], key="a"))
        assert assigned["kind"] == "Assigned"
        # What is verified, explained or asked about by a path is so by a shard's name, while others work.
        for question in (["verify", f"shard:{shard}"], ["explain", f"shard:{shard}", "tweet-1"]):
            subprocess.run([*program, *question], env=environment, stdout=subprocess.DEVNULL, check=True)
        other = next(each for each in nodes if each is not leader)
        other.send_signal(signal.SIGTERM)
        assert other.wait(SECONDS) == 0
    finally:
        for each in nodes:
            each.kill()
            each.wait()
            assert each.stderr is not None
            each.stderr.close()
    assert any(isinstance(each, Assigned) for each in journal_holds(dsn, shard))


def end_the_thread(*asked: object) -> float:
    """A policy that ends the thread that asks it."""
    raise SystemExit(3)


def test_a_program_ends_when_its_node_does(dsn: str, shard: str) -> None:
    plan = Plan(queues={"default": Queue(scoring=(end_the_thread,))})
    Desk.open(PostgresStore(dsn, shard=shard), plan).close()
    put(dsn, shard, command_to_json(Submit(Interaction(id="tweet-1"))), attempts=0)
    program = [sys.executable, "-m", "workassign.cli", "node", "--shard", shard]
    ended = subprocess.run(program, env={**os.environ, "WORKASSIGN_DSN": dsn}, timeout=SECONDS, check=False)
    assert ended.returncode == 3


def _says_that_it_leads(program: subprocess.Popen[bytes]) -> bool:
    os.set_blocking(program.stderr.fileno(), False)  # type: ignore[union-attr]
    return b"leading" in (program.stderr.read() or b"")  # type: ignore[union-attr]
