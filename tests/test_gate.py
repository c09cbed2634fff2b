"""The gate: hostile values in every field of every command, and what the stores make of them."""

import datetime as dt
import decimal
import enum
import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, get_args, get_type_hints

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract.shelves import SHELVES
from tests.golden import scenario
from workassign import commands as cmd
from workassign._codec import as_data, as_json
from workassign.desk import Desk
from workassign.engine import Engine
from workassign.errors import PlanError, UsageError
from workassign.gate import ATTRIBUTES_LIMIT, BODY_LIMIT, KEYS_LIMIT, admitted
from workassign.journal import entries, record, replay, verify
from workassign.model import Agent, Customer, Interaction
from workassign.needs import Needs
from workassign.plan import Plan, Queue
from workassign.stores.memory import MemoryStore
from workassign.wire import command_from_json


class Word(str):
    __slots__ = ()


class Number(enum.IntEnum):
    SEVEN = 7


def nested(depth: int) -> list[Any]:
    rows: list[Any] = []
    for _ in range(depth):
        rows = [rows]
    return rows


def circle() -> list[Any]:
    rows: list[Any] = []
    rows.append(rows)
    return rows


NAIVE = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - that is the point

HOSTILE: dict[str, Any] = {
    "None": None,
    "True": True,
    "False": False,
    "0": 0,
    "-0.0": -0.0,
    "-1": -1,
    "0.5": 0.5,
    "2^53-1": 2**53 - 1,
    "2^53": 2**53,
    "-2^53": -(2**53),
    "2^63": 2**63,
    "2^64": 2**64,
    "5,000 digits": 10**5_000,
    "NaN": math.nan,
    "inf": math.inf,
    "-inf": -math.inf,
    "1e308": 1e308,
    "5e-324": 5e-324,
    "numpy int": np.int64(7),
    "numpy NaN": np.float64(math.nan),
    "an array": np.zeros(3),
    "enum": Number.SEVEN,
    "decimal": decimal.Decimal("NaN"),
    "complex": 1j,
    "empty": "",
    "space": " ",
    "5 MB": "x" * 5_000_000,
    "surrogate": "a\ud800",
    "NUL": "a\0b",
    "escape": "\x1b[31mred",
    "line": "a\nb",
    "bidi": "a\u202eb",
    "zero width": "a\u200bb",
    "rtl": "\u05d0\u05d1",
    "decomposed": "e\u0301",
    "markup": "<img src=x onerror=alert(1)>",
    "formula": "=1+1",
    "sql": "'; DROP TABLE entries; --",
    "percent": "%s%n{0}{x!r}",
    "word": Word("word"),
    "bytes": b"i1",
    "row": ["x"],
    "no row": [],
    "table": {"x": 1},
    "no table": {},
    "odd table": {1: 2},
    "table of rubbish": {"x": math.nan, "\ud800": None, "y": {"z": [object()]}},
    "many keys": {f"k{number}": 1 for number in range(KEYS_LIMIT + 1)},
    "much": {f"k{number}": "x" * 4_000 for number in range(9)},
    "large numbers": {"x": 2**53},
    "huge numbers": {"x": 2**63},
    "digits": {"x": 10**5_000},
    "deep": nested(100),
    "10^5 deep": nested(100_000),
    "circle": circle(),
    "set": {"x"},
    "naive": NAIVE,
    "aware": NAIVE.replace(tzinfo=dt.UTC),
    "day": NAIVE.date(),
    "span": dt.timedelta(1),
    "object": object(),
    "type": str,
    "function": len,
    "error": ValueError("x"),
    "interaction": Interaction(id="hostile"),
    "agent": Agent(id="hostile"),
    "customer": Customer(id="hostile"),
    "needs": Needs({f"s{number}": 1 for number in range(KEYS_LIMIT + 1)}),
    "command": cmd.Tick(),
}


def examples() -> Mapping[type, cmd.Command]:
    """One good command of each kind: those of the golden scenario."""
    store = MemoryStore()
    recorder = record(Engine(scenario.plan()), store)
    scenario.tell(recorder)
    recorder.flush()
    return {type(entry.command): entry.command for entry in entries(store)}


EXAMPLES = examples()

KINDS = get_args(cmd.Command)

Make = Callable[[Any], cmd.Command]


def paths(kind: type) -> Iterator[tuple[str, ...]]:
    """Yield where values stand in a command, or in what it brings: the names of fields, the outer first."""
    hints = get_type_hints(kind)
    for field in attrs.fields(kind):
        yield (field.name,)
        for inner in (Interaction, Agent, Customer):
            if inner is hints[field.name] or inner in get_args(hints[field.name]):
                yield from ((field.name, *path) for path in paths(inner))


def put(whole: Any, path: tuple[str, ...], value: Any) -> Any:
    """Return *whole* with *value* at the place *path*."""
    name, *inner = path
    if inner:
        here = getattr(whole, name)
        value = put(Customer(id="somebody") if here is None else here, tuple(inner), value)
    return attrs.evolve(whole, **{name: value})


def places(kind: type) -> Iterator[tuple[str, Make]]:
    """Yield every place in a command of this *kind*, and what puts another value there."""
    for path in paths(kind):
        yield ".".join(path), partial(put, EXAMPLES[kind], path)


class Checked:
    """A desk of which is known how it stood before each command."""

    def __init__(self, make: Callable[[Path], Any], path: Path) -> None:
        self._open = partial(make, path)
        self.store = self._open()
        self.desk = Desk(Engine(scenario.plan()), self.store, clock=lambda: scenario.BEGIN)
        self.keeps = not isinstance(self.store, MemoryStore)
        self.accepted = self.refused = 0
        for command in (cmd.AddAgent(Agent(id="ann", capacity=2)), cmd.SignOn("ann")):
            self.desk.handle(command)

    def state(self) -> tuple[str, int]:
        engine = self.desk._run.engine  # type: ignore[union-attr]
        return json.dumps(engine.snapshot(), sort_keys=True), self.store.head()

    def told(self, make: Make, value: Any, before: tuple[str, int]) -> tuple[str, int]:
        """Tell the desk, and return how it stands then: as before, if it was refused."""
        wrong: UsageError | PlanError
        try:
            self.desk.handle(make(value))
        except (UsageError, PlanError) as error:
            wrong = error
        else:
            self.accepted += 1
            return self.state()
        self.refused += 1
        assert 0 < len(str(wrong)) < 400 or isinstance(wrong, PlanError)
        assert self.store.head() == before[1]
        return before

    def works(self, name: str) -> None:
        """Assert that a good command is carried out, and that a restart leads to where it stands."""
        self.desk.handle(cmd.Submit(Interaction(id=name, queue="care", channel="tweet")))
        state = self.state()
        assert json.dumps(replay(self.store).snapshot(), sort_keys=True) == state[0]
        if self.keeps:
            self.desk.close()
            self.store = self._open()
            self.desk = Desk.open(self.store, clock=lambda: scenario.BEGIN)
            assert self.state() == state


def test_a_hostile_value_is_refused_or_kept_wherever_it_stands(tmp_path: Path) -> None:
    """Whatever stands in whatever field: an error that changes nothing, or a fact that survives."""
    checked = Checked(SHELVES["memory"], tmp_path)
    for kind in KINDS:
        state = checked.state()
        for place, make in places(kind):
            unchanged = state
            for name, value in HOSTILE.items():
                try:
                    after = checked.told(make, value, state)
                except Exception as error:
                    raise AssertionError(f"{name} as {place} of {kind.__name__}: {error!r:.300}") from error
                if after is not state:
                    state = unchanged = after
            assert checked.state() == unchanged, f"{place} of {kind.__name__}: something was changed"
        checked.works(f"good-{kind.__name__}")
    assert checked.accepted > 500
    assert checked.refused > 5_000
    assert verify(checked.store).ok


@pytest.mark.parametrize("shelf", ["jsonl", "sqlite"])
def test_what_was_let_in_can_be_kept_by_every_store(shelf: str, tmp_path: Path) -> None:
    """Together in one batch, so that a value that a store cannot hold would take good ones with it."""
    checked = Checked(SHELVES[shelf], tmp_path / "journal")
    for kind in KINDS:
        commands = []
        for _, make in places(kind):
            for value in HOSTILE.values():
                with suppress(UsageError):
                    commands.append(make(value))
        for answer in checked.desk.handle_all(commands):
            assert isinstance(answer, list | UsageError | PlanError)
        if kind in KINDS[::9]:
            checked.works(f"good-{kind.__name__}")
    checked.works("good")
    assert verify(checked.store).ok
    checked.desk.close()


def writable(data: Any) -> bool:
    try:
        json.dumps(data)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def test_a_hostile_value_in_json_is_refused_or_understood() -> None:
    written = {name: value for name, value in HOSTILE.items() if name != "5 MB" and writable(value)}
    assert len(written) > 40
    seen, longest = {"refused": 0, "understood": 0}, 0
    for kind in KINDS:
        good = json.loads(as_json(as_data(EXAMPLES[kind])))
        for place in [each.name for each in attrs.fields(kind)] + ["nothing that there is", "kind"]:
            for value in written.values():
                body = json.dumps({**good, place: value}).encode()
                try:
                    command = command_from_json(body)
                except UsageError as error:
                    seen["refused"] += 1
                    longest = max(longest, len(str(error)))
                else:
                    seen["understood"] += 1
                    assert command_from_json(admitted(command)[1]) == command
    assert longest < 400
    assert min(seen.values()) > 200


@pytest.mark.parametrize(
    "at", [value for value in HOSTILE.values() if value is not None], ids=list(HOSTILE)[1:]
)
def test_an_instant_that_is_none_changes_nothing(at: Any) -> None:
    desk = Desk(Engine(), MemoryStore(), clock=lambda: 5.0)
    desk.handle(cmd.Submit(Interaction(id="a")))
    before = desk._run.engine.snapshot()  # type: ignore[union-attr]
    good = isinstance(at, int | float) and not isinstance(at, bool) and 5 <= at <= 1e11
    if good:
        desk.handle(cmd.Submit(Interaction(id="b")), at)
    else:
        with pytest.raises(UsageError, match=r"at must be|backwards"):
            desk.handle(cmd.Submit(Interaction(id="b")), at)
        assert desk._run.engine.snapshot() == before  # type: ignore[union-attr]
    assert desk.handle(cmd.Tick()) == []


# --- whole commands -----------------------------------------------------------------------------


def hostile(name: str) -> Any:
    return HOSTILE[name]


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=20)
    | st.builds(
        hostile, st.sampled_from(sorted(HOSTILE.keys() - {"5,000 digits", "digits", "10^5 deep", "5 MB"}))
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)

PLACES = {f"{name} of {kind.__name__}": make for kind in KINDS for name, make in places(kind)}


@settings(deadline=None, max_examples=80)
@given(st.lists(st.tuples(st.sampled_from(sorted(PLACES)), ANYTHING), max_size=12))
def test_whatever_stands_in_a_command_the_journal_leads_to_the_same_state(
    told: list[tuple[str, Any]],
) -> None:
    store = MemoryStore()
    desk = Desk(Engine(scenario.plan()), store, clock=lambda: scenario.BEGIN)
    desk.handle(cmd.AddAgent(Agent(id="ann", capacity=2)))
    for number, (place, value) in enumerate(told):
        with suppress(UsageError, PlanError):
            command = PLACES[place](value)
            desk.handle(command)
            assert command_from_json(admitted(command)[1]) == admitted(command)[0]
        desk.handle(cmd.Tick())
        desk.handle(cmd.Submit(Interaction(id=f"good-{number}")))
    engine = desk._run.engine  # type: ignore[union-attr]
    assert replay(store).snapshot() == engine.snapshot()
    assert verify(store).ok


FIELDS = sorted({each.name for kind in KINDS for each in attrs.fields(kind)} | {"else"})

DATA = st.fixed_dictionaries(
    {"kind": st.sampled_from([kind.__name__ for kind in KINDS])}, optional=dict.fromkeys(FIELDS, ANYTHING)
)


@settings(deadline=None, max_examples=80)
@given(DATA.filter(writable) | st.binary(max_size=60))
def test_bytes_are_a_command_or_an_error_of_the_caller(data: Any) -> None:
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    with suppress(UsageError):
        command = command_from_json(body)
        assert command_from_json(admitted(command)[1]) == admitted(command)[0]


# --- limits -------------------------------------------------------------------------------------


def submit(**fields: Any) -> cmd.Submit:
    return cmd.Submit(Interaction(id="a", **fields))


LIMITS: dict[str, tuple[cmd.Command, cmd.Command, str]] = {
    "attributes": (
        submit(attributes={f"k{n}": 1 for n in range(KEYS_LIMIT)}),
        submit(attributes={f"k{n}": 1 for n in range(KEYS_LIMIT + 1)}),
        "interaction of Submit must have at most 256 attributes, not 257",
    ),
    "size": (
        submit(attributes={f"{n}": "x" * 4095 for n in range(8)}),
        submit(attributes={f"{n}": "\u00e9" * 4095 for n in range(5)}),
        f"must have at most {ATTRIBUTES_LIMIT} bytes together, not 40955",
    ),
    "number": (
        submit(attributes={"n": 2**53 - 1}),
        submit(attributes={"n": 2**53}),
        "attribute 'n' of interaction of Submit must be between -2^53 and 2^53",
    ),
    "told": (
        cmd.Update("a", attributes={"n": -(2**53) + 1}),
        cmd.Update("a", attributes={"n": -(2**53)}),
        "attribute 'n' of Update must be between -2^53 and 2^53",
    ),
    "needs": (
        submit(needs=Needs({f"s{n}": 1 for n in range(KEYS_LIMIT)})),
        submit(needs=Needs({f"s{n}": 1 for n in range(KEYS_LIMIT + 1)})),
        "needs of Submit must be at most 256 skills, not 257",
    ),
    "skills": (
        cmd.AddAgent(Agent(id="a", skills={f"s{n}": 1 for n in range(4096)})),
        cmd.AddAgent(Agent(id="a", skills={f"s{n}": 1 for n in range(4097)})),
        "skills of an agent must be at most 4096, not 4097",
    ),
    "traits": (
        cmd.AddAgent(Agent(id="a", attributes={"x": [1, 2**53 - 1]})),
        cmd.AddAgent(Agent(id="a", attributes={"x": [1, 2**53]})),
        "attribute 'x' of agent of AddAgent must be between -2^53 and 2^53",
    ),
    "offer": (
        cmd.Accept(2**53 - 1, "a"),
        cmd.Accept(2**53, "a"),
        "offer of Accept must be between -2^53 and 2^53",
    ),
    "version": (
        cmd.Tick(expected_version=0),
        cmd.Tick(expected_version=-(2**53)),
        "expected_version of Tick must be between -2^53 and 2^53",
    ),
    "plan": (
        cmd.ChangePlan(Plan().to_data()),
        cmd.ChangePlan({"x": "y" * BODY_LIMIT}),
        f"plan of ChangePlan must have at most {BODY_LIMIT} bytes",
    ),
    "depth": (
        cmd.ChangePlan(Plan(queues={"a": Queue()}).to_data()),
        cmd.ChangePlan({"x": nested(16)}),
        "plan of ChangePlan must not be nested deeper than 16",
    ),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_can_be_reached_and_not_passed(name: str) -> None:
    good, bad, message = LIMITS[name]
    body = admitted(good)[1]
    assert body.isascii()
    assert b"\0" not in body  # whatever keeps texts or bytes keeps this
    assert command_from_json(body) == good
    with pytest.raises(UsageError) as raised:
        admitted(bad)
    assert message in str(raised.value)


def test_what_the_caller_changes_afterwards_changes_nothing() -> None:
    desk = Desk(Engine(), MemoryStore(), clock=lambda: 5.0)
    desk.handle(cmd.Submit(Interaction(id="a")))
    told, plan = {"mood": "sour"}, Plan(retention=90.0).to_data()
    for command, table in (
        (cmd.Update("a", attributes=told, key="u"), told),
        (cmd.ChangePlan(plan, key="p"), plan),
    ):
        first = desk.handle(command)
        again = type(command)(
            **{each.name: getattr(command, each.name) for each in attrs.fields(type(command))}
        )
        kept = dict(table)
        table.clear()
        assert desk.handle(again)[0].rule == "key_reused"  # type: ignore[union-attr]
        table.update(kept)
        assert desk.handle(command) == first


@given(st.dictionaries(st.text(max_size=5), ANYTHING, max_size=4))
@settings(deadline=None, max_examples=40)
def test_an_error_about_a_customer_never_shows_what_she_said(told: dict[str, Any]) -> None:
    secret = "Erika Mustermann"
    for made in (
        lambda: cmd.Update("a", attributes={**told, "note": [secret]}),  # type: ignore[dict-item]
        lambda: cmd.Update("a", customer=secret),  # type: ignore[arg-type]
        lambda: submit(customer=secret),
        lambda: submit(customer={"id": secret}),
        lambda: submit(attributes={**told, "note": {"name": secret}}),
        lambda: submit(customer=Customer(id=f"{secret}\0")),
        lambda: submit(customer=Customer(id="c", segment=f"{secret}\n")),
    ):
        with pytest.raises(UsageError) as raised:
            admitted(made())
        assert secret not in str(raised.value)
