"""A sealed journal shows every change; with a key nobody without it can write one, or its head."""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, get_args, get_type_hints

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.golden.scenario import plan, state_hash, tell
from workassign import commands as cmd
from workassign import events as ev
from workassign import sealing
from workassign._codec import as_json, from_json
from workassign.desk import Desk
from workassign.engine import Engine
from workassign.errors import JournalError, UsageError
from workassign.heads import Head, examine, head_of
from workassign.journal import Store, record, replay, verify
from workassign.model import Customer, Interaction
from workassign.plan import Plan
from workassign.sealing import Seal, Sealer, begun, is_sealed
from workassign.stores.jsonl import JsonlStore
from workassign.stores.memory import MemoryStore
from workassign.stores.sqlite import SqliteStore

KEY, OTHER, THIRD = b"the key of the seal, 1", b"another key of a seal", b"a third key of a seal"
GOLDEN = sorted((Path(__file__).parent / "golden").glob("journal-v*.jsonl"))


def seal(key: bytes | None = KEY, *older: bytes) -> Seal:
    """One whose salts are the same every time."""
    return Seal(key, older=older, dice=Random(7).randbytes)


def shelf(bodies: Sequence[bytes]) -> MemoryStore:
    """A store of these, with the checksums that they must have."""
    store = MemoryStore()
    store.append(-1, list(bodies))
    return store


def plain_bodies(story: Path) -> list[bytes]:
    return [line[line.index(b'"body":') + 7 : -1] for line in story.read_bytes().splitlines()]


def resealed(bodies: Sequence[bytes], by: Seal) -> list[bytes]:
    """The same journal as somebody seals it who starts from the beginning."""
    first, *others = [without(body) for body in bodies]
    made = [begun(by, first)]
    chain = Sealer(by, from_json(made[0])["seal"])
    return [*made, *(chain.sealed(each) for each in others)]


def without(body: bytes) -> dict[str, Any]:
    """What stands in a body but for its seal."""
    data = from_json(body)
    return {name: value for name, value in data.items() if name not in ("open", "seal", "sealed", "journal")}


def problems(bodies: Sequence[bytes], by: Seal | None, head: Head | None = None) -> list[str]:
    return examine(shelf(bodies).load, by, head)[1]


@pytest.fixture(scope="module")
def golden() -> list[bytes]:
    """The bodies of a sealed journal with every command and every kind of event."""
    store = MemoryStore()
    recorder = record(Engine(plan()), store, seal())
    tell(recorder)
    recorder.flush()
    return list(store.load())


# --- what is sealed --------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [None, KEY], ids=["sha256", "hmac-sha256"])
def test_a_sealed_journal_verifies_and_replays_as_the_other(key: bytes | None) -> None:
    stores = MemoryStore(), MemoryStore()
    for store, by in zip(stores, (None, seal(key)), strict=True):
        recorder = record(Engine(plan()), store, by)
        tell(recorder)
        recorder.flush()
    plainly, sealed = stores
    head = head_of(sealed.load, sealed.head(), seal(key))
    verdict = verify(sealed, seal(key), head)
    assert (verdict.problems, verdict.seal) == ([], "sha256" if key is None else "hmac-sha256")
    assert verify(plainly).seal == ""
    assert state_hash(replay(sealed)) == state_hash(replay(plainly))
    assert [as_json(without(body)) for body in sealed.load()] == list(plainly.load())


@pytest.mark.parametrize("story", GOLDEN, ids=lambda story: story.stem)
def test_every_kind_of_entry_can_be_sealed(story: Path) -> None:
    bodies = resealed(plain_bodies(story), seal())
    assert problems(bodies, seal()) == []
    assert all(is_sealed(body) for body in bodies)
    assert [as_json(without(body)) for body in bodies] == plain_bodies(story)


def test_every_text_of_a_message_is_either_personal_or_known_not_to_be() -> None:
    known = {  # what the operator's own tables name, and words of ours
        *("queue", "agent", "to", "age", "slot", "how", "notify", "target", "alarm", "plan_hash"),
        *("policy", "command", "rule", "rotation", "stolen_from", "template"),
    }
    personal = sealing._IDS | sealing._TEXTS
    for kind in (*get_args(cmd.Command), *get_args(ev.Event)):
        hints = get_type_hints(kind)
        names = {each.name for each in attrs.fields(kind) if hints[each.name] in (str, str | None)}
        assert names <= personal | known, kind
    assert {each.name for each in attrs.fields(Customer)} == sealing._FIGURES | {"id", "segment"}
    hints = get_type_hints(Interaction)
    texts = {each.name for each in attrs.fields(Interaction) if hints[each.name] in (str, str | None)}
    assert texts - personal == {"queue", "channel", "prefers", "label"}


# --- what is found ---------------------------------------------------------------------------------


def changed(data: Any, dice: Random) -> Any:
    """*data* with one thing in it changed: a value, a name, the order, something more or less."""
    if isinstance(data, dict) and data and dice.random() < 0.9:
        name = dice.choice(list(data))
        how = dice.random()
        if how < 0.1:
            return {each: value for each, value in data.items() if each != name}
        if how < 0.2:
            return {each + "x" if each == name else each: value for each, value in data.items()}
        if how < 0.3 and len(data) > 1:
            return dict(reversed(data.items()))
        return {each: changed(value, dice) if each == name else value for each, value in data.items()}
    if isinstance(data, list) and data and dice.random() < 0.9:
        at = dice.randrange(len(data))
        if dice.random() < 0.2:
            return data[:at] + data[at + 1 :]
        return [*data[:at], changed(data[at], dice), *data[at + 1 :]]
    if isinstance(data, str):
        return data[:-1] + ("y" if data.endswith("x") else "x")
    if isinstance(data, bool) or data is None:
        return 1
    if isinstance(data, int | float):
        return data + 1
    return "x"


def forged(bodies: list[bytes], how: str, dice: Random) -> list[bytes]:
    """The journal after somebody was at it, who can make checksums."""
    at = dice.randrange(len(bodies))
    if how == "changed":
        return [*bodies[:at], as_json(changed(from_json(bodies[at]), dice)), *bodies[at + 1 :]]
    if how == "removed":
        at = min(at, len(bodies) - 2)  # the last one is another test
        return bodies[:at] + bodies[at + 1 :]
    if how == "inserted":
        return [*bodies[:at], dice.choice(bodies), *bodies[at:]]
    at, other = sorted(dice.sample(range(len(bodies)), 2))
    swapped = list(bodies)
    swapped[at], swapped[other] = bodies[other], bodies[at]
    return swapped


@settings(max_examples=150, deadline=None)
@given(dice=st.integers(0, 2**32 - 1), how=st.sampled_from(("changed", "removed", "inserted", "swapped")))
@pytest.mark.parametrize("key", [None, KEY], ids=["sha256", "hmac-sha256"])
def test_any_one_change_is_found(key: bytes | None, dice: int, how: str, golden: list[bytes]) -> None:
    bodies = golden[:60] if key else resealed(golden[:60], seal(None))
    after = forged(bodies, how, Random(dice))
    if after == bodies:  # inserted where it stood
        return
    assert problems(after, seal(key)), how


@settings(max_examples=100, deadline=None)
@given(at=st.integers(0, 59), number=st.integers(0, 2**16), bit=st.integers(0, 6))
def test_any_one_bit_is_found(at: int, number: int, bit: int, golden: list[bytes]) -> None:
    body = bytearray(golden[at])
    body[number % len(body)] ^= 1 << bit
    assert problems([*golden[:at], bytes(body), *golden[at + 1 : 60]], seal())


@given(kept=st.integers(1, 59))
@settings(max_examples=20, deadline=None)
def test_a_tail_that_was_cut_off_is_found_by_the_head_that_was_published(
    kept: int, golden: list[bytes]
) -> None:
    head = head_of(shelf(golden[:60]).load, 59, seal(), "shard-1")
    assert problems(golden[:60], seal(), head) == []
    assert problems(golden[:80], seal(), head) == []  # it has gone on
    assert problems(golden[:kept], seal()) == []
    cut = f"entry {kept - 1}: it is the last one, but the head of entry 59 was published"
    assert problems(golden[:kept], seal(), head) == [cut]


def test_whoever_writes_all_seals_anew_without_the_key_is_found(golden: list[bytes]) -> None:
    for forger in (seal(None), seal(OTHER)):
        bodies = resealed(golden, forger)
        assert problems(bodies, forger) == []
        assert problems(bodies, seal())
        mixed = [golden[0], *bodies[1:]]  # the header says the right key still
        assert problems(mixed, seal())
    stripped = [as_json(without(body)) for body in golden]
    assert problems(stripped, seal()) == ["entry 0: the journal is not sealed"]


def test_whoever_writes_all_hashes_anew_is_found_by_the_head_that_was_published(golden: list[bytes]) -> None:
    bodies = resealed(golden, seal(None))
    head = head_of(shelf(bodies).load, len(bodies) - 1)
    assert problems(bodies, None, head) == []
    rewritten = resealed([*bodies[:-2], bodies[-1]], Seal(None, dice=Random(8).randbytes))
    assert problems(rewritten, None) == []
    assert problems(rewritten, None, head)
    first = {**from_json(bodies[0])}
    assert first["journal"] != from_json(rewritten[0])["journal"]


def test_a_head_that_somebody_else_signed_or_changed_is_none(golden: list[bytes]) -> None:
    store = shelf(golden)
    head = head_of(store.load, 59, Seal(KEY))
    assert Head.from_json(head.as_json()) == head
    for wrong in (
        attrs.evolve(head, seq=58),
        attrs.evolve(head, name="another"),
        attrs.evolve(head, signature=""),
        attrs.evolve(head, key=""),
        attrs.evolve(head, key="0" * 16),
        attrs.evolve(head, signature="\u00fc"),
    ):
        assert "the head is not signed with a key that was given" in problems(golden, seal(), wrong)
    other = resealed(golden, Seal(KEY))
    assert "the head is of another journal" in problems(other, seal(), head)
    for text in ("", "{}", "[1]", '{"seq":1}', head.as_json().replace('"seq":59', '"seq":"59"')):
        with pytest.raises(UsageError, match="no head"):
            Head.from_json(text)


def test_without_its_key_a_journal_is_audited_and_the_verdict_says_that_its_seals_were_not(
    golden: list[bytes],
) -> None:
    verdict = verify(shelf(golden))
    assert verdict.ok
    assert verdict.seal == "hmac-sha256, not checked: no key was given"
    head = head_of(shelf(golden).load, 59, seal())
    assert not verify(shelf(golden), head=head).ok
    assert problems(golden, seal(OTHER)) == ["entry 0: it is sealed with a key that was not given"]


@pytest.mark.parametrize("begins", [2, 40])
def test_what_is_left_of_a_journal_is_examined_from_there(begins: int, golden: list[bytes]) -> None:
    store = shelf(golden[:60])

    def left(start: int) -> list[bytes]:
        return golden[:1] if start == 0 else golden[start:60]

    head = head_of(store.load, 59, seal())
    assert examine(lambda start: iter(left(start)), seal(), head, begins) == ("hmac-sha256", [])
    for at in range(begins + 1, 60, 5):
        removed = [golden[0], *golden[begins:at], *golden[at + 1 : 61]]
        load = lambda start, removed=removed: iter(removed[:1] if start == 0 else removed[1:])  # noqa: E731
        assert examine(load, seal(), None, begins)[1], at


# --- going on --------------------------------------------------------------------------------------


def submit(desk: Desk, *names: str) -> None:
    for name in names:
        desk.handle(cmd.Submit(Interaction(id=name, customer=Customer(id=f"customer of {name}"))))


@pytest.mark.parametrize("make", [MemoryStore, JsonlStore, SqliteStore])
def test_a_desk_goes_on_with_the_chain(make: type, tmp_path: Path) -> None:
    store: Store = make() if make is MemoryStore else make(tmp_path / "journal")
    desk = Desk.open(store, Plan(), clock=lambda: 5.0, seal=seal())
    submit(desk, "a")
    for number in range(3):  # and once more from the header alone
        store.reopen()
        desk = Desk.open(store, clock=lambda: 5.0, seal=seal())
        submit(desk, f"b{number}")
        desk.snapshot()
    assert verify(store, seal()).problems == []
    assert store.head() == 4
    with pytest.raises(JournalError, match="a key that was not given"):
        Desk.open(store, clock=lambda: 5.0)
    with pytest.raises(JournalError, match="a key that was not given"):
        Desk.open(store, clock=lambda: 5.0, seal=Seal(OTHER))
    store.close()


def test_a_chain_without_a_key_goes_on_by_itself() -> None:
    store = MemoryStore()
    submit(Desk(Engine(), store, clock=lambda: 5.0, seal=seal(None)), "a")
    submit(Desk.open(store, clock=lambda: 5.0), "b")
    assert verify(store).seal == "sha256"
    assert verify(store).ok
    with pytest.raises(JournalError, match="a key that was not given"):
        Desk.open(store, clock=lambda: 5.0, seal=seal())  # a key makes nothing true that was not


def test_a_journal_that_was_begun_without_a_seal_stays_without() -> None:
    store = MemoryStore()
    submit(Desk(Engine(), store, clock=lambda: 5.0), "a")
    with pytest.raises(UsageError, match="begun without a seal"):
        Desk.open(store, clock=lambda: 5.0, seal=seal())
    with pytest.raises(UsageError, match="no head to publish"):
        head_of(store.load, store.head())
    assert verify(store, seal()).problems == ["entry 0: the journal is not sealed"]


def test_a_last_entry_that_was_altered_is_found_when_a_desk_opens(golden: list[bytes]) -> None:
    data = {**from_json(golden[59]), "at": 7.0}
    store = shelf([*golden[:59], as_json(data)])
    with pytest.raises(JournalError, match="entry 59, the last one"):
        Desk.open(store, clock=lambda: 5.0, seal=seal())


def test_a_key_can_be_replaced_and_the_old_one_is_needed_for_what_it_sealed() -> None:
    store = MemoryStore()
    submit(Desk(Engine(), store, clock=lambda: 5.0, seal=seal()), "a")
    submit(Desk.open(store, clock=lambda: 5.0, seal=seal(OTHER, KEY)), "b", "c")
    published = head_of(store.load, store.head(), seal(OTHER, KEY))
    submit(Desk.open(store, clock=lambda: 5.0, seal=seal(THIRD, OTHER)), "d")
    every = seal(THIRD, OTHER, KEY)
    assert verify(store, every, published).problems == []
    assert verify(store, seal(THIRD, OTHER)).problems == [
        "entry 0: it is sealed with a key that was not given"
    ]
    assert verify(store, seal(THIRD, KEY)).problems[0].startswith("entry 2: it is sealed with a key")
    with pytest.raises(JournalError):
        Desk.open(store, clock=lambda: 5.0, seal=seal(OTHER))  # an old key goes on with nothing
    old = list(store.load())[:2]
    for word in ("sealed", "hmac-sha256"):  # somebody with a key of his own begins where the old one ends
        assert word in old[0].decode()
    forger = Sealer(seal(b"a forger's own key"), from_json(old[-1])["seal"], change=True)
    bodies = [*old, forger.sealed(without(list(store.load())[2]))]
    assert problems(bodies, every) == ["entry 2: it is sealed with a key that was not given"]


def test_keys_come_from_a_file_or_the_environment_and_are_shown_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "keys"
    file.write_bytes(OTHER + b"\n\n" + KEY + b"\n")
    monkeypatch.setenv("SEAL_KEY", KEY.decode())
    assert Seal.of_file(file).key == seal(OTHER).key
    assert Seal.of_environment("SEAL_KEY").key == seal().key
    for shown in (repr(Seal.of_file(file)), repr(Seal()), str(Seal.of_environment("SEAL_KEY"))):
        assert "key of" not in shown
        assert "another" not in shown
    file.write_text("too short, 15 b\n")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "odd").write_bytes(b"\xff\xfe" * 20)
    for name in ("keys", "empty", "odd", "missing"):
        with pytest.raises(UsageError) as found:
            Seal.of_file(tmp_path / name)
        assert str(found.value).startswith(f"{name}: ")
        assert "short" not in str(found.value)
    with pytest.raises(UsageError, match="a present one"):
        Seal(older=[KEY])
    with pytest.raises(UsageError, match="environment variable NO_SUCH_KEY: there is no key"):
        Seal.of_environment("NO_SUCH_KEY")
