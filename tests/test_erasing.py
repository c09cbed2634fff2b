"""Somebody who is erased is nowhere in a journal any more, and everything else is as it was."""

import io
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.golden.scenario import plan, tell
from workassign import cli
from workassign import commands as cmd
from workassign._codec import as_json, from_json
from workassign.desk import Desk
from workassign.engine import Engine
from workassign.erasing import Erasure, Rewritable, erase
from workassign.errors import JournalError, LockedError, UsageError
from workassign.heads import examine, head_of
from workassign.journal import Store, entries, header, record, replay, verify
from workassign.kpi import Kpis
from workassign.model import Agent, Customer, Interaction
from workassign.plan import Plan, Queue
from workassign.policies.review import Review
from workassign.sealing import Seal, messages, revise
from workassign.stores.jsonl import JsonlStore
from workassign.stores.memory import MemoryStore
from workassign.stores.postgres import PostgresStore
from workassign.stores.sqlite import SqliteStore

KEY = b"the key of the seal, 1"
NOTHING = Erasure(number=0, interactions=0, entries=0, values=0)
PSEUDONYM = re.compile(r"erased-[0-9a-f]{16}")

STORES: dict[str, Callable[[Path], Any]] = {
    "memory": lambda folder: MemoryStore(),
    "jsonl": lambda folder: JsonlStore(folder / "journal.jsonl"),
    "sqlite": lambda folder: SqliteStore(folder / "journal.db"),
}
SEALS = [None, Seal(), Seal(KEY)]

HERS = (
    *("jane.doe", "tweet-77", "tweet-78", "mail-9", "network:77", "texts/77", "texts/78", "texts/reply-77"),
    *("Jane of Berlin", "she said her name is Doe", "480017", "about tweet-77 again", "tweet-77/review-1"),
)


@pytest.fixture(params=[*STORES, "postgres"])
def make(request: pytest.FixtureRequest) -> Callable[[Path], Any]:
    """What makes a store of each kind."""
    if request.param in STORES:
        return STORES[request.param]
    dsn = request.getfixturevalue("dsn")
    return lambda folder: PostgresStore(dsn, shard=str(folder)[-128:])


def ids(seal: Seal | None) -> str:
    return "plain" if seal is None else seal.by


def a_desk(store: Store, seal: Seal | None = None, **kwargs: Any) -> Desk:
    ticks = iter(range(1_000_000_000, 2_000_000_000, 7))
    queues = {
        "default": Queue(
            review=Review(queue="checks", before={"trainee": 1.0}), wrap_up=20.0, auto_accept=True
        ),
        "checks": Queue(auto_accept=True),
    }
    return Desk(
        Engine(Plan(queues=queues)), store, clock=lambda: float(next(ticks)), seal=seal, kpis=Kpis, **kwargs
    )


def work(desk: Desk) -> None:
    """A day with three customers, of whom jane comes twice, has a part, and is named by others."""
    for name in ("ann", "bob"):
        desk.handle(cmd.AddAgent(Agent(id=name, capacity=9, attributes={"phase": "trainee"})))
        desk.handle(cmd.SignOn(name))
    jane = Customer(id="jane.doe", followers=480017, segment="gold")
    first = Interaction(
        id="tweet-77", customer=jane, ref="texts/77", attributes={"topic": "bags", "author": "Jane of Berlin"}
    )
    others = [
        Interaction(
            id=f"tweet-{number}", customer=Customer(id=who, followers=5), attributes={"topic": "bags"}
        )
        for number, who in ((1, "kim"), (2, "lee"), (3, "kim"))
    ]
    desk.handle(cmd.Submit(others[0], key="network:1"))
    desk.handle(cmd.Submit(first, key="network:77"))
    desk.handle(cmd.Submit(first, key="network:77"))
    desk.handle(cmd.Submit(Interaction(id="mail-9", parent="tweet-77")))
    desk.handle(cmd.Submit(others[1]))
    held = desk.interaction("tweet-77")
    assert held.agent is not None
    assert held.fence is not None
    desk.handle(cmd.Propose("tweet-77", held.agent, held.fence, ref="texts/reply-77"))
    desk.handle(cmd.Approve("tweet-77/review-1", *holder(desk, "tweet-77/review-1")))
    desk.handle(cmd.Release("tweet-2", *holder(desk, "tweet-2"), reason="about tweet-77 again"))
    desk.handle(cmd.Complete("mail-9", *holder(desk, "mail-9")))
    desk.handle(cmd.Complete("tweet-1", *holder(desk, "tweet-1")))
    desk.handle(cmd.Complete("tweet-77", *holder(desk, "tweet-77")))
    desk.handle(cmd.Submit(Interaction(id="tweet-78", ref="texts/78")))
    desk.handle(cmd.Update("tweet-78", customer=jane, attributes={"note": "she said her name is Doe"}))
    desk.handle(cmd.Cancel("tweet-77", reason="she said her name is Doe"))
    desk.handle(cmd.Submit(others[2]))
    desk.handle(cmd.Submit(Interaction(id="tweet-4", attributes={"in_thread_of": "tweet-77"})))


def holder(desk: Desk, interaction: str) -> tuple[str, int]:
    view = desk.interaction(interaction)
    assert view.agent is not None
    assert view.fence is not None
    return view.agent, view.fence


def all_bytes(folder: Path, store: Store) -> bytes:
    """All that there is of a journal, on disk or in memory."""
    files = b"".join(each.read_bytes() for each in sorted(folder.iterdir()))
    return files or b"".join(store.load())


def figures(store: Store) -> Any:
    """What a journal adds up to."""
    kpis = Kpis(Plan.from_data(header(store).plan))
    for entry in entries(store):
        kpis.take(entry.at, entry.facts)
    found = kpis.snapshot()
    return {**found, "open": [len(each) for each in found["open"]]}


def renamed(before: Any, after: Any, names: dict[str, str]) -> Any:
    """*before* with other names as *after* has them; *names* says who became who."""
    if isinstance(before, dict) and isinstance(after, dict) and len(before) == len(after):
        return {
            renamed(one, other, names): renamed(before[one], after[other], names)
            for one, other in zip(before, after, strict=True)
        }
    if isinstance(before, list | tuple) and isinstance(after, list | tuple) and len(before) == len(after):
        return [renamed(one, other, names) for one, other in zip(before, after, strict=True)]
    if isinstance(after, str) and PSEUDONYM.fullmatch(after) and before != after:
        assert names.setdefault(str(before), after) == after, "one pseudonym each"
        return after
    return before


# --- the laws --------------------------------------------------------------------------------------


@pytest.mark.parametrize("seal", SEALS, ids=ids)
def test_she_is_nowhere_any_more_and_everything_else_is_as_it_was(
    make: Callable[[Path], Any], seal: Seal | None, tmp_path: Path
) -> None:
    store = make(tmp_path)
    desk = a_desk(store, seal)
    work(desk)
    desk.snapshot()
    head = None if seal is None else head_of(store.load, store.head(), seal)
    before, added_up, counted = list(store.load()), figures(store), verify(store, seal, head)
    assert counted.ok
    done = desk.erase("jane.doe", actor="dpo")
    assert (done.number, done.interactions) == (1, 4)

    after = list(store.load())
    raw = all_bytes(tmp_path, store)
    assert [word for word in HERS if word.encode() in raw] == []
    assert [word for word in ("kim", "lee", "tweet-1", "tweet-2", "bags") if word.encode() not in raw] == []
    verdict = verify(store, seal, head)
    assert verdict.problems == []
    assert (verdict.balance, verdict.kinds) == (counted.balance, counted.kinds)
    assert figures(store) == added_up
    names: dict[str, str] = {}
    for one, other in zip(before, after, strict=False):
        if one == other:
            continue
        was, now = from_json(one), from_json(other)
        was.pop("open", 0), now.pop("open", 0)
        customer = now["command"].get("customer") or {}
        if isinstance(now["command"].get("interaction"), dict):
            customer = now["command"]["interaction"].get("customer") or {}
        if "followers" in customer:
            assert customer["followers"] is None
        assert set(names.values()) == set(PSEUDONYM.findall(str(names)))
        renamed(was, now, names)
    assert len(set(names.values())) == len(names)
    assert {"jane.doe", "tweet-77", "mail-9", "tweet-78", "network:77", "texts/77"} <= set(names)
    last = from_json(after[-1])
    assert len(after) == len(before) + 1
    assert last["command"] == {"kind": "Tick", "actor": "dpo"}
    assert last["erased"]["number"] == 1
    assert last["erased"]["entries"] == done.entries
    desk.close()


@pytest.mark.parametrize("seal", SEALS, ids=ids)
def test_a_desk_that_erased_goes_on_without_her(seal: Seal | None, tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "journal.db")
    desk = a_desk(store, seal, snapshot_every=5)
    work(desk)
    heard: list[float] = []
    desk.listen(lambda last, events, wake: heard.append(wake))
    events = [type(event) for _, event in desk.events()]
    desk.erase("jane.doe")
    assert heard[-1] == float("-inf")  # look anew
    with pytest.raises(UsageError, match="no interaction"):
        desk.interaction("tweet-78")
    assert desk.interaction("tweet-3").stage == "assigned"
    assert [type(event) for _, event in desk.events()] == events
    again = Interaction(id="tweet-77", customer=Customer(id="jane.doe"))
    answer = desk.handle(cmd.Submit(again, key="network:77"))
    assert type(answer[0]).__name__ == "Submitted"  # nobody remembers it
    assert desk.snapshot()
    assert desk.erase("jane.doe").number == 2  # for she came again
    assert verify(store, seal).problems == []
    desk.close()
    raw = (tmp_path / "journal.db").read_bytes()
    assert b"jane.doe" not in raw
    assert b"tweet-77" not in raw
    store.reopen()
    assert replay(store).check() is not None
    store.close()


@settings(max_examples=25, deadline=None)
@given(order=st.permutations(["kim", "jane.doe", "lee", "nobody"]), seed=st.integers(0, 99))
def test_any_number_can_be_erased_in_any_order(order: list[str], seed: int) -> None:
    store, seal = MemoryStore(), Seal(KEY, dice=Random(seed).randbytes)
    work(a_desk(store, seal))
    head = head_of(store.load, store.head(), seal)
    added_up = figures(store)
    for count, who in enumerate(order):
        done = erase(store, who, seal=seal, dice=Random(seed + count).randbytes)
        assert (done == NOTHING) == (who == "nobody")
        assert examine(store.load, seal, head)[1] == []
    assert erase(store, order[0], seal=seal) == NOTHING
    assert verify(store, seal, head).problems == []
    assert figures(store) == added_up
    raw = b"".join(store.load())
    assert not [who for who in order if who.encode() in raw]


def test_a_journal_with_every_kind_of_entry_can_be_erased_from(tmp_path: Path) -> None:
    store, seal = MemoryStore(), Seal(KEY)
    recorder = record(Engine(plan()), store, seal)
    tell(recorder)
    recorder.flush()
    customers = sorted(set(re.findall(rb'"customer":\{"id":"([^"]+)"', b"".join(store.load()))))
    assert customers
    added_up, kinds = figures(store), verify(store, seal).kinds
    for customer in customers:
        assert erase(store, customer.decode(), seal=seal).number
    verdict = verify(store, seal)
    assert (verdict.problems, verdict.kinds) == ([], kinds)
    assert figures(store) == added_up
    for customer in customers:
        assert b'"customer":{"id":"%b"' % customer not in b"".join(store.load())


POOL = ("a", "b", "c", "a/b", "1", "default", "asked", "followers")
"""Names that stand for everything: customers, interactions, keys, references, values, reasons."""

TURNS = st.lists(
    st.tuples(
        st.sampled_from(("submit", "submit", "submit", "update", "cancel", "release", "accept", "complete")),
        *[st.sampled_from(POOL)] * 5,
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(turns=TURNS, erased=st.lists(st.sampled_from(POOL), min_size=1, max_size=3), keyed=st.booleans())
def test_whatever_is_called_like_whatever_she_is_gone_and_the_rest_follows(
    turns: list[tuple[str, ...]], erased: list[str], keyed: bool
) -> None:
    seal = Seal(KEY, dice=Random(1).randbytes) if keyed else None
    store = MemoryStore()
    desk = a_desk(store, seal)
    desk.handle(cmd.AddAgent(Agent(id="ann", capacity=3)))
    desk.handle(cmd.SignOn("ann"))
    for turn in turns:
        play(desk, *turn)
    added_up = figures(store)
    for who in erased:
        hers = {
            table["id"]
            for message in all_messages(store)
            if type(table := message.get("interaction")) is dict
            and table.get("customer", {}).get("id") == who
        }
        done = erase(store, who, seal=seal)
        assert done.interactions >= len(hers)
        assert verify(store, seal).problems == []
        if done.number:
            assert not personal(store) & {who, *(each for each in hers if not PSEUDONYM.fullmatch(each))}
    assert figures(store) == added_up


def play(desk: Desk, what: str, name: str, who: str, key: str, value: str, reason: str) -> None:
    """Ask for one thing more."""
    about = Interaction(
        id=name,
        ref=value,
        customer=Customer(id=who, followers=1),
        attributes={"topic": value, key: reason, "n": 1},
    )
    wished: dict[str, cmd.Command] = {
        "submit": cmd.Submit(about, key=f"{key}-{name}"),
        "update": cmd.Update(name, customer=Customer(id=who), attributes={"topic": value}, key=value),
        "cancel": cmd.Cancel(name, reason=reason),
        "release": cmd.Release(name, "ann", 1, reason=reason, actor=who),
        "accept": cmd.Accept(1 + len(name), "ann", key=f"{key}-{value}"),
        "complete": cmd.Complete(name, "ann", 2),
    }
    desk.handle(wished[what])


def all_messages(store: Store) -> list[dict[str, Any]]:
    return [each for body in list(store.load())[1:] for each in messages(from_json(body))]


def personal(store: Store) -> set[str]:
    """Every name, and every attribute that is text, that stands in a journal."""
    found: set[str] = set()

    def take(kind: str, name: str, value: Any) -> None:
        if kind in ("id", "attribute") and type(value) is str:
            found.add(value)

    for message in all_messages(store):
        revise(message, take)
    return found


def test_nobody_can_try_out_whose_the_commitments_are() -> None:
    """Two journals of the same turns share no commitment: they hang on salts that are gone."""
    found = []
    for seed in (1, 2):
        store, seal = MemoryStore(), Seal(KEY, dice=Random(seed).randbytes)
        work(a_desk(store, seal))
        erase(store, "jane.doe", seal=seal)
        slots = [slot for body in store.load() for slot in from_json(body).get("open", ())]
        shut = [slot[1] for slot in slots if type(slot) is list]
        assert len(set(shut)) == len(shut) > 20
        found.append(set(shut))
    assert not found[0] & found[1]


# --- who may erase ---------------------------------------------------------------------------------


def erased() -> tuple[MemoryStore, Seal]:
    store, seal = MemoryStore(), Seal(KEY)
    work(a_desk(store, seal))
    erase(store, "jane.doe", seal=seal)
    return store, seal


def after(store: Store, how: Callable[[list[dict[str, Any]]], object]) -> MemoryStore:
    """The journal in *store* after somebody was at it, who can make checksums."""
    data = [from_json(body) for body in store.load()]
    how(data)
    other = MemoryStore()
    other.append(-1, [as_json(each) for each in data])
    return other


def test_whoever_erases_without_the_key_is_found() -> None:
    store, seal = MemoryStore(), Seal(KEY)
    work(a_desk(store, seal))
    sealed = list(store.load())
    erase(store, "jane.doe", seal=seal)
    other = MemoryStore()
    other.append(-1, list(store.load())[: len(sealed)])  # what it erased, but not the entry that says so
    assert examine(other.load, seal)[1] == ["something was erased as number 1, which no entry accounts for"]


def test_a_pseudonym_cannot_be_changed_or_given_to_another() -> None:
    store, seal = erased()

    def rename(data: list[dict[str, Any]]) -> None:
        entry = next(each for each in data if "erased-" in str(each.get("facts")))
        name = PSEUDONYM.findall(str(entry))[0]
        data[data.index(entry)] = json.loads(json.dumps(entry).replace(name, "erased-0000000000000000"))

    def other_number(data: list[dict[str, Any]]) -> None:
        next(slot for each in data for slot in each.get("open", ()) if type(slot) is list)[0] = 2

    def not_said(data: list[dict[str, Any]]) -> None:
        data[-1].pop("erased")

    for how in (rename, other_number, not_said):
        assert examine(after(store, how).load, seal)[1], how


@pytest.mark.parametrize(
    "wrong", [None, Seal(), Seal(b"another key of a seal")], ids=["none", "plain", "wrong"]
)
def test_without_the_key_of_the_journal_nothing_is_erased(wrong: Seal | None) -> None:
    store = MemoryStore()
    work(a_desk(store, Seal(KEY)))
    before = list(store.load())
    with pytest.raises(JournalError, match="a key that was not given"):
        erase(store, "jane.doe", seal=wrong)
    assert list(store.load()) == before


def test_what_cannot_be_erased_changes_nothing() -> None:
    store = MemoryStore()
    work(a_desk(store))
    before = list(store.load())
    assert erase(store, "nobody") == NOTHING
    assert erase(store, "erased-0123456789abcdef") == NOTHING
    for customer, actor in (("", None), ("a\nb", None), ("jane.doe", "")):
        with pytest.raises(UsageError, match=r"customer id|actor"):
            erase(store, customer, actor=actor)
    with pytest.raises(UsageError, match="begun without a seal"):
        erase(store, "jane.doe", seal=Seal(KEY))
    with pytest.raises(JournalError, match="empty"):
        erase(MemoryStore(), "jane.doe")

    class Shelf:
        """One that keeps what it is given for ever."""

        load, head, append, reopen, close = store.load, store.head, store.append, store.reopen, store.close

    with pytest.raises(UsageError, match="Shelf cannot be rewritten"):
        erase(Shelf(), "jane.doe")
    assert list(store.load()) == before


# --- stores ----------------------------------------------------------------------------------------


def test_a_store_is_rewritten_whole_or_not_at_all(make: Callable[[Path], Any], tmp_path: Path) -> None:
    store = make(tmp_path)
    assert issubclass(type(store), Rewritable)
    store.append(-1, [b"zero", b"one", b"two", b"three"])
    assert store.rewrite(3, {1: b"another", 3: b"last"}, [b"four"]) == 4
    for expected, changed in ((3, {1: b"x"}), (4, {5: b"x"}), (4, {-1: b"x"})):
        with pytest.raises(JournalError, match=r"somebody else|no entry"):
            store.rewrite(expected, changed, [])
    assert store.append(4, [b"five"]) == 5
    assert store.rewrite(5, {}, []) == 5
    store.reopen()
    assert list(store.load()) == [b"zero", b"another", b"two", b"last", b"four", b"five"]
    assert list(store.load(3)) == [b"last", b"four", b"five"]
    store.close()
    with pytest.raises(JournalError, match="closed"):
        store.rewrite(5, {}, [])
    assert len(list(tmp_path.iterdir())) <= 1


def test_whoever_opens_text_while_it_is_rewritten_does_not_write_into_what_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    store = JsonlStore(path)
    store.append(-1, [b"zero", b"one"])

    class Overtaken(JsonlStore):
        """Has the file open when another one takes its place, and nobody holds the lock any more."""

        def _lock_file(self, file: int) -> None:
            store.rewrite(1, {1: b"another"}, [])
            store.close()
            super()._lock_file(file)

    with pytest.raises(LockedError, match="rewritten"):
        Overtaken(path)
    store.reopen()
    assert list(store.load()) == [b"zero", b"another"]
    store.close()


def test_a_long_journal_is_rewritten_page_by_page(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "journal.db")
    bodies = [b"%d" % number for number in range(4500)]
    store.append(-1, bodies)
    bodies[10] = bodies[2500] = b"another"
    assert store.rewrite(4499, {10: b"another", 2500: b"another"}, [b"more"]) == 4500
    assert list(store.load()) == [*bodies, b"more"]
    store.close()


REWRITE = """
import sys
from pathlib import Path
from workassign.stores.jsonl import JsonlStore
from workassign.stores.sqlite import SqliteStore

path = Path(sys.argv[1])
store = (JsonlStore if path.suffix == ".jsonl" else SqliteStore)(path)
store.append(-1, [b"%04d" % 0] * 300)
for number in range(1, 10_000):
    body, head = b"%04d" % number, store.head()
    store.rewrite(head, dict.fromkeys(range(head + 1), body), [body])
    print(number, flush=True)
"""


@pytest.mark.parametrize("ending", ["jsonl", "db"])
@pytest.mark.parametrize("rounds", [3, 8])
def test_a_rewriting_that_was_killed_has_happened_or_not(ending: str, rounds: int, tmp_path: Path) -> None:
    path = tmp_path / f"journal.{ending}"
    with subprocess.Popen([sys.executable, "-c", REWRITE, str(path)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        for _ in range(rounds):
            said = int(child.stdout.readline())
        child.kill()
        rest = child.stdout.read().split()
    last = int(rest[-1]) if rest else said
    store: Any = JsonlStore(path) if ending == "jsonl" else SqliteStore(path)
    bodies = list(store.load())
    assert len(set(bodies)) == 1
    assert last <= int(bodies[0]) <= last + 1
    assert len(bodies) == 300 + int(bodies[0])
    store.rewrite(store.head(), {0: b"first"}, [])  # over whatever was left lying about
    store.close()
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_what_is_damaged_is_not_made_whole(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "journal.db")
    store.append(-1, [b"zero", b"one", b"two"])
    store.close()
    with sqlite3.connect(tmp_path / "journal.db") as connection:
        connection.execute("UPDATE journal SET body = ? WHERE seq = 2", (b"forged",))
    connection.close()
    store.reopen()
    with pytest.raises(JournalError, match="entry 2 was altered"):
        store.rewrite(2, {1: b"another"}, [])
    store.close()


# --- the terminal ----------------------------------------------------------------------------------


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    (tmp_path / "keys").write_bytes(KEY)
    desk = a_desk(SqliteStore(tmp_path / "journal.db"), Seal(KEY))
    work(desk)
    desk.close()
    return tmp_path / "journal.db"


def test_a_terminal_publishes_verifies_and_erases(
    journal: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = ["--key-file", str(journal.with_name("keys"))]
    ask = partial(_asked, capsys)
    code, head = ask(["head", str(journal), *keys, "--name", "shard-1"])
    assert (code, json.loads(head)["name"]) == (0, "shard-1")
    journal.with_name("head.json").write_text(head)
    published = ["--head", str(journal.with_name("head.json"))]
    code, said = ask(["verify", str(journal), *keys, *published])
    assert code == 0
    assert "sealed by hmac-sha256\n" in said
    erase_jane = ["erase", str(journal), "--customer", "-", "--actor", "dpo", *keys]
    monkeypatch.setattr("sys.stdin", io.StringIO("jane.doe\n"))
    code, said = ask(erase_jane)
    assert (code, "4 interactions" in said, "jane" in said) == (0, True, False)
    monkeypatch.setattr("sys.stdin", io.StringIO("jane.doe\n"))
    code, said = ask(erase_jane)
    assert (code, "nothing of this customer was found" in said) == (1, True)
    assert ask(["verify", str(journal), *keys, *published])[0] == 0
    monkeypatch.setenv("SEAL_KEYS", KEY.decode())
    assert ask(["verify", str(journal), "--key-env", "SEAL_KEYS", *published])[0] == 0
    monkeypatch.setenv("SEAL_KEYS", "another key of a seal")
    assert ask(["verify", str(journal), "--key-env", "SEAL_KEYS"])[0] == 1
    assert ask(["verify", str(journal), "--key-env", "NO_SUCH_KEY"])[0] == 2
    assert ask(["verify", str(journal), *keys, "--head", str(journal)])[0] == 2
    assert ask(["head", str(journal)])[0] == 2
    assert ask(["erase", str(journal), "--customer", "kim"])[0] == 2
    assert b"jane.doe" not in journal.read_bytes()


def test_a_journal_that_somebody_has_open_is_not_erased_from(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = SqliteStore(journal)
    code = cli.main(["erase", str(journal), "--customer", "kim"])
    assert (code, "is open elsewhere" in capsys.readouterr().err) == (2, True)
    store.close()


def test_a_journal_as_text_can_be_erased_from_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "journal.jsonl"
    desk = a_desk(JsonlStore(path))
    work(desk)
    desk.close()
    code, _ = _asked(capsys, ["erase", str(path), "--customer", "kim", "--keep", "author"])
    assert code == 0
    assert b'"kim"' not in path.read_bytes()
    assert _asked(capsys, ["verify", str(path)])[0] == 0


def _asked(capsys: pytest.CaptureFixture[str], line: list[str]) -> tuple[int, str]:
    code = cli.main(line)
    found = capsys.readouterr()
    assert KEY.decode() not in found.out + found.err
    return code, found.out
