"""A shard has one leader; whoever was deposed writes nothing, whatever it believes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from workassign import Desk, Interaction, Plan
from workassign.commands import Accept, AddAgent, SignOn, Submit
from workassign.errors import Deposed, JournalError, LockedError, UsageError
from workassign.journal import verify
from workassign.model import Agent
from workassign.stores.connecting import connected
from workassign.stores.postgres import PostgresStore

BODIES = [b'{"n":%d}' % n for n in range(10)]


@pytest.fixture
def shard(request: pytest.FixtureRequest) -> str:
    """A name that no other test has."""
    return str(request.node.nodeid)[-128:]


@pytest.fixture
def lead(dsn: str, shard: str) -> Iterator[Callable[..., PostgresStore]]:
    """What leads the shard of the test; all is closed afterwards."""
    opened: list[PostgresStore] = []

    def lead(**settings: Any) -> PostgresStore:
        opened.append(PostgresStore(dsn, shard=shard, **settings))
        return opened[-1]

    yield lead
    for each in opened:
        each.close()


def run(dsn: str, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """What an operator types beside it."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def let_the_lease_run_out(dsn: str, shard: str) -> None:
    run(dsn, "UPDATE workassign.shard SET lease_until = '-infinity' WHERE name = %s", shard)


def end_session(dsn: str, store: PostgresStore) -> None:
    """What a crash of the server's process does, or an operator."""
    assert store._connection is not None
    run(dsn, "SELECT pg_terminate_backend(%s, 5000)", store._connection.info.backend_pid)


ENDINGS = {
    "its session ends": "PERFORM pg_terminate_backend(pg_backend_pid())",
    "it takes too long": "PERFORM pg_cancel_backend(pg_backend_pid())",
    "something forbids it": "RAISE EXCEPTION 'not so'",
}
"""Why the server does not commit what it has carried out."""


@pytest.fixture
def uncommitted(dsn: str, shard: str) -> Iterator[Callable[[str, str], None]]:
    """What lets the server carry out what is written into a table for this shard, and not commit it."""
    prevented: list[str] = []

    def uncommitted(table: str, ending: str) -> None:
        body = f"BEGIN {ENDINGS[ending]}; PERFORM pg_sleep(10); RETURN NULL; END"
        run(dsn, f"CREATE FUNCTION not_committed() RETURNS trigger LANGUAGE plpgsql AS $${body}$$")
        prevented.append(table)
        of_it = "name" if table == "shard" else "shard"
        run(
            dsn,
            f"CREATE CONSTRAINT TRIGGER not_committed AFTER INSERT OR UPDATE ON workassign.{table}"
            f" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.{of_it} = '{shard}')"
            " EXECUTE FUNCTION not_committed()",
        )

    yield uncommitted
    for table in prevented:
        run(dsn, f"DROP TRIGGER IF EXISTS not_committed ON workassign.{table}")
    run(dsn, "DROP FUNCTION IF EXISTS not_committed")


# --- who leads ----------------------------------------------------------------------------------


def test_a_shard_has_one_leader_and_others_are_told(lead: Callable[..., PostgresStore]) -> None:
    first = lead()
    with pytest.raises(LockedError, match="led by somebody else"):
        lead()
    first.append(-1, BODIES)
    first.close()
    second = lead()
    assert second.head() == 9
    assert second.epoch == 2


def test_shards_know_nothing_of_each_other(dsn: str, shard: str) -> None:
    one, other = PostgresStore(dsn, shard=shard + "1"), PostgresStore(dsn, shard=shard + "2")
    one.append(-1, BODIES)
    assert other.head() == -1
    other.append(-1, BODIES[:1])
    assert list(one.load()) == BODIES
    one.close()
    other.close()


def test_whoever_waits_leads_as_soon_as_the_session_of_the_leader_ends(
    dsn: str, lead: Callable[..., PostgresStore]
) -> None:
    first = lead(lease=3600)
    found: list[PostgresStore] = []
    waiting = threading.Thread(target=lambda: found.append(lead(lease=3600, wait=60)))
    waiting.start()
    end_session(dsn, first)
    waiting.join(30)
    assert found[0].epoch == 2


def test_without_the_lock_only_the_lease_counts(
    dsn: str, shard: str, lead: Callable[..., PostgresStore]
) -> None:
    first = lead(lease=3600, advisory=False)
    end_session(dsn, first)
    for advisory in (True, False):
        with pytest.raises(LockedError):
            lead(advisory=advisory)
    let_the_lease_run_out(dsn, shard)
    assert lead(advisory=False).epoch == 2


def test_a_leader_that_cannot_have_the_lock_takes_it_when_it_is_free(
    dsn: str, shard: str, lead: Callable[..., PostgresStore]
) -> None:
    asleep = lead()
    let_the_lease_run_out(dsn, shard)
    awake = lead(lease=3600)  # the sleeper's session has the lock
    with pytest.raises(LockedError):
        lead()
    asleep.close()
    while not awake._locks:  # the session ends a moment after it was closed
        awake.renew()
    end_session(dsn, awake)
    assert lead(wait=30).epoch == 3


def test_a_leader_renews_its_lease_and_one_that_was_deposed_is_told(
    dsn: str, shard: str, lead: Callable[..., PostgresStore]
) -> None:
    first = lead()
    let_the_lease_run_out(dsn, shard)
    first.renew()
    with pytest.raises(LockedError):
        lead()
    let_the_lease_run_out(dsn, shard)
    lead()
    with pytest.raises(Deposed):
        first.renew()


# --- the fence ----------------------------------------------------------------------------------


def test_a_deposed_leader_writes_nothing_whatever_it_believes(
    dsn: str, shard: str, lead: Callable[..., PostgresStore]
) -> None:
    asleep = lead()
    asleep.append(-1, BODIES[:2])
    let_the_lease_run_out(dsn, shard)
    awake = lead()
    with pytest.raises(Deposed):
        asleep.append(1, BODIES[2:5])
    awake.append(1, BODIES[5:])
    assert list(awake.load()) == BODIES[:2] + BODIES[5:]
    with pytest.raises(JournalError, match="reopen"):
        asleep.append(1, BODIES[2:5])
    with pytest.raises(LockedError):
        asleep.reopen()


def test_a_deposed_leader_keeps_no_snapshot_and_removes_none(
    dsn: str, shard: str, lead: Callable[..., PostgresStore]
) -> None:
    asleep = lead()
    asleep.append(-1, BODIES)
    asleep.snapshot(5, b"five")
    let_the_lease_run_out(dsn, shard)
    awake = lead()
    awake.snapshot(6, b"six")
    with pytest.raises(Deposed):
        asleep.snapshot(9, b"nine")
    assert list(awake.snapshots()) == [(6, b"six"), (5, b"five")]


def test_a_deposed_leader_moves_no_cursor_and_forgets_none(
    dsn: str, shard: str, lead: Callable[..., PostgresStore]
) -> None:
    asleep = lead()
    asleep.keep("crm", 5)
    let_the_lease_run_out(dsn, shard)
    awake = lead()
    with pytest.raises(Deposed):
        asleep.keep("crm", 9)
    let_the_lease_run_out(dsn, shard)
    last = lead()
    with pytest.raises(Deposed):
        awake.forget("crm")
    assert last.cursors() == {"crm": 5}


def test_a_deposed_leader_rewrites_nothing(dsn: str, shard: str, lead: Callable[..., PostgresStore]) -> None:
    asleep = lead()
    asleep.append(-1, BODIES)
    let_the_lease_run_out(dsn, shard)
    awake = lead()
    with pytest.raises(Deposed):
        asleep.rewrite(9, {3: b"another"}, [b"more"])
    assert list(awake.load()) == BODIES


def test_a_long_shard_is_rewritten_page_by_page_and_its_inbox_forgets_what_it_answered(
    dsn: str, shard: str, lead: Callable[..., PostgresStore]
) -> None:
    store = lead()
    bodies = [b"%d" % number for number in range(4500)]
    store.append(-1, bodies)
    statement = """
        INSERT INTO workassign.inbox (id, shard, asker, until, body, outcome)
        VALUES (gen_random_uuid(), %s, gen_random_uuid(), 'infinity', 'jane', %s)
    """
    run(dsn, statement, shard, "done")
    run(dsn, statement, shard, None)
    bodies[10] = bodies[2500] = b"another"
    assert store.rewrite(4499, {10: b"another", 2500: b"another"}, [b"more"]) == 4500
    assert list(store.load()) == [*bodies, b"more"]
    assert run(dsn, "SELECT outcome FROM workassign.inbox WHERE shard = %s", shard) == [(None,)]
    store.append(4500, [b"last"])
    assert list(store.load(4500)) == [b"more", b"last"]


def test_an_append_that_is_said_twice_is_written_once(dsn: str, lead: Callable[..., PostgresStore]) -> None:
    """The answer got lost, and somebody sends the same statement again: the head has moved on."""
    store = lead()
    store.append(-1, BODIES[:3])
    store._head = -1  # what it would believe
    store._crc = 0
    with pytest.raises(Deposed):
        store.append(-1, BODIES[:3])
    store.reopen()
    assert list(store.load()) == BODIES[:3]


def test_an_append_waits_for_a_take_over_that_is_under_way_and_obeys_it(
    dsn: str, shard: str, lead: Callable[..., PostgresStore]
) -> None:
    store = lead()
    outcome: list[object] = []

    def append() -> None:
        try:
            outcome.append(store.append(-1, BODIES))
        except JournalError as error:
            outcome.append(error)

    with psycopg.connect(dsn) as rival:
        rival.execute("UPDATE workassign.shard SET epoch = epoch + 1 WHERE name = %s", (shard,))
        appending = threading.Thread(target=append)
        appending.start()
        while not run(dsn, "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"):
            pass
    appending.join()
    assert isinstance(outcome[0], Deposed)
    assert run(dsn, "SELECT count(*) FROM workassign.journal WHERE shard = %s", shard) == [(0,)]


def test_two_who_open_at_once_are_one_leader_and_one_refused(dsn: str, shard: str) -> None:
    start = threading.Barrier(4)
    outcomes: list[PostgresStore | LockedError] = []

    def open_it() -> None:
        start.wait()
        try:
            outcomes.append(PostgresStore(dsn, shard=shard))
        except LockedError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    leaders = [each for each in outcomes if isinstance(each, PostgresStore)]
    assert len(outcomes) == 4
    assert len(leaders) == 1
    leaders[0].close()


# --- a desk on it -------------------------------------------------------------------------------


def test_a_desk_goes_on_after_its_connection_was_cut(dsn: str, lead: Callable[..., PostgresStore]) -> None:
    store = lead()
    with Desk.open(store, clock=store.clock) as desk:
        desk.handle_all([AddAgent(Agent(id="ann")), SignOn("ann"), Submit(Interaction(id="tweet-1"))])
        end_session(dsn, store)
        offer = desk.interaction("tweet-1").offer
        assert offer is not None
        wish = Accept(offer, "ann", key="a")
        with pytest.raises(JournalError, match="unknown"):
            desk.handle(wish)
        [assigned] = desk.handle(wish)
        assert desk.handle(wish) == [assigned]
        assert store.epoch == 2
        assert verify(store).ok


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    ("table", "write"),
    [
        ("journal", lambda store: store.append(1, BODIES[2:4])),
        ("snapshot", lambda store: store.snapshot(1, b"image")),
        ("consumer", lambda store: store.keep("reader", 1)),
        ("shard", lambda store: store.renew()),
    ],
)
def test_what_the_server_carried_out_and_did_not_commit_is_never_taken_for_done(
    table: str,
    write: Callable[[PostgresStore], object],
    ending: str,
    dsn: str,
    shard: str,
    lead: Callable[..., PostgresStore],
    uncommitted: Callable[[str, str], None],
) -> None:
    store = lead()
    store.append(-1, BODIES[:2])
    before = run(dsn, "SELECT head, lease_until FROM workassign.shard WHERE name = %s", shard)
    uncommitted(table, ending)
    for _ in range(2):  # the second time it is refused here
        with pytest.raises(JournalError):
            write(store)
    assert run(dsn, "SELECT head, lease_until FROM workassign.shard WHERE name = %s", shard) == before
    run(dsn, f"DROP TRIGGER not_committed ON workassign.{table}")
    store.reopen()
    assert (list(store.load()), list(store.snapshots()), store.cursors()) == (BODIES[:2], [], {})
    write(store)


def test_a_new_leader_begins_with_the_snapshot_and_what_is_behind_it(
    dsn: str, shard: str, lead: Callable[..., PostgresStore]
) -> None:
    first = lead()
    desk = Desk.open(first, Plan(), clock=first.clock, snapshot_every=20)
    for number in range(50):
        desk.handle(Submit(Interaction(id=f"tweet-{number}")))
    end_session(dsn, first)
    second = lead(wait=30)
    assert [seq for seq, _ in second.snapshots()] == [40, 20]
    with Desk.open(second, clock=second.clock) as other:
        assert other.interaction("tweet-49").position == 50
        with pytest.raises(JournalError):
            desk.handle(Submit(Interaction(id="late")))
        with pytest.raises(LockedError):
            desk.handle(Submit(Interaction(id="late")))
        assert verify(second).ok


def test_a_reader_sees_what_the_leader_appends_and_writes_nothing(
    dsn: str, shard: str, lead: Callable[..., PostgresStore]
) -> None:
    leader = lead()
    leader.append(-1, BODIES[:3])
    reader = lead(readonly=True)
    assert list(reader.load()) == BODIES[:3]
    leader.append(2, BODIES[3:])
    assert reader.head() == 9
    assert list(reader.load(2)) == BODIES[2:]
    with pytest.raises(JournalError, match="read only"):
        reader.append(9, BODIES)


# --- damage and mistakes ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE workassign.journal SET body = 'x' WHERE shard = %s AND seq = 4", "entry 4 was altered"),
        ("DELETE FROM workassign.journal WHERE shard = %s AND seq = 4", "entry 4 is missing"),
        ("DELETE FROM workassign.journal WHERE shard = %s AND seq = 9", "entry 9 is missing"),
        ("UPDATE workassign.shard SET head = 7 WHERE name = %s", "entry 7 was altered"),
        ("UPDATE workassign.shard SET crc = 7 WHERE name = %s", "entry 9 was altered"),
    ],
)
def test_what_somebody_alters_in_the_tables_is_noticed(
    damage: str, said: str, dsn: str, shard: str, lead: Callable[..., PostgresStore]
) -> None:
    store = lead()
    store.append(-1, BODIES)
    store.close()
    run(dsn, damage, shard)
    with pytest.raises(JournalError, match=said):
        list(lead().load())


def test_tables_of_a_newer_version_are_left_alone(dsn: str, shard: str) -> None:
    PostgresStore(dsn, shard=shard).close()
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE DATABASE newer")
    newer = dsn.replace("/postgres?", "/newer?")
    PostgresStore(newer, shard=shard).close()
    run(newer, "INSERT INTO workassign.layout (number) VALUES (99)")
    with pytest.raises(JournalError, match="layout 99"):
        PostgresStore(newer, shard=shard)


@pytest.mark.parametrize("name", ["", "x" * 129, "a\nb", 5])
def test_a_shard_needs_a_name(name: Any, dsn: str) -> None:
    with pytest.raises(UsageError, match="shard must be"):
        PostgresStore(dsn, shard=name)


@pytest.mark.parametrize("lease", [0, -1, float("nan"), float("inf"), 1e9])
def test_a_lease_has_bounds(lease: float, dsn: str) -> None:
    with pytest.raises(UsageError, match="lease must be"):
        PostgresStore(dsn, lease=lease)


def test_a_server_that_is_not_there_and_a_dsn_that_is_none_are_told_without_the_password() -> None:
    with pytest.raises(JournalError, match="cannot be reached") as reached:
        PostgresStore("postgresql://me:hush@127.0.0.1:1/none")
    with pytest.raises(UsageError, match="cannot be read") as read:
        PostgresStore("host=a password=hush nonsense")
    for error in (reached.value, read.value):
        assert "hush" not in str(error)


def test_every_commit_waits_for_the_disk_also_where_the_server_is_set_not_to(dsn: str) -> None:
    with connected(dsn + "&options=-c%20synchronous_commit%3Doff", 5.0) as connection:
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)


def test_the_clock_is_the_server_s(dsn: str, lead: Callable[..., PostgresStore]) -> None:
    store = lead()
    [(before,)] = run(dsn, "SELECT extract(epoch FROM clock_timestamp())::float8")
    here = store.clock()
    [(after,)] = run(dsn, "SELECT extract(epoch FROM clock_timestamp())::float8")
    assert before - 5 <= here <= after + 5
