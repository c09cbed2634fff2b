"""What an attacker finds: no way from data to code, no name or text in a log, no markup in a page."""

import ast
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import workassign
from workassign import commands as cmd
from workassign.desk import Desk
from workassign.engine import Engine
from workassign.errors import JournalError, UsageError
from workassign.journal import Store
from workassign.model import Agent, Customer, Interaction
from workassign.needs import Needs
from workassign.plan import Plan, Queue
from workassign.social.texts.keywords import Keywords, Tokens
from workassign.stores.jsonl import JsonlStore
from workassign.stores.memory import MemoryStore
from workassign.stores.sqlite import SqliteStore
from workassign.wire import command_from_json

ROOM = Path(workassign.__file__).parent
TREES = {
    path.relative_to(ROOM).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(ROOM.rglob("*.py"))
}


def places(kind: type) -> Iterator[tuple[str, ast.AST]]:
    """Yield every node of a *kind* with where it stands."""
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, kind):
                yield f"{name}:{node.lineno}", node  # type: ignore[attr-defined]


def called(node: ast.Call) -> str:
    """The dotted name of what is called, as far as it has one."""
    return ast.unparse(node.func)


# --- from data to code --------------------------------------------------------------------------

UNSAFE = {
    "pickle",
    "cPickle",
    "_pickle",
    "marshal",
    "shelve",
    "dill",
    "cloudpickle",
    "joblib",
    "yaml",
    "code",
}


def test_nothing_is_read_that_could_run() -> None:
    found = []
    for place, node in places(ast.Import):
        assert isinstance(node, ast.Import)
        found += [f"{place} {each.name}" for each in node.names if each.name.partition(".")[0] in UNSAFE]
    for place, node in places(ast.ImportFrom):
        assert isinstance(node, ast.ImportFrom)
        if (node.module or "").partition(".")[0] in UNSAFE:
            found.append(f"{place} {node.module}")
    assert found == []


def test_nothing_is_evaluated_and_no_shell_is_asked() -> None:
    found = []
    for place, node in places(ast.Call):
        assert isinstance(node, ast.Call)
        name = called(node)
        shell = any(each.arg == "shell" and ast.unparse(each.value) != "False" for each in node.keywords)
        if name in ("eval", "exec", "compile", "__import__", "os.system", "os.popen") or shell:
            found.append(f"{place} {name}")
    assert found == []


def test_no_plug_in_is_loaded_because_it_is_installed() -> None:
    """Modules are imported by the name that a plan gives, in these rooms only, and entry points never."""
    rooms = set()
    for place, node in places(ast.Call):
        assert isinstance(node, ast.Call)
        name = called(node)
        assert "entry_points" not in name, place
        assert not name.startswith(("pkg_resources", "runpy", "zipimport")), place
        if name.rpartition(".")[2] == "import_module" and not isinstance(node.args[0], ast.Constant):
            rooms.add(place.partition(":")[0])
    named_by_a_plan = {"policies/naming.py", "social/texts/sentiment.py"}
    own_and_known = {"__init__.py", "lab/__init__.py", "lab/solver.py"}
    assert rooms <= named_by_a_plan | own_and_known


def test_a_plan_imports_only_what_it_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "planted_policy.py").write_text("def short(view, *more):\n    return 0.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    data = Plan(queues={"care": Queue()}).to_data()
    Plan.from_data(data)
    assert "planted_policy" not in sys.modules
    data["queues"]["care"]["selection"] = "planted_policy:short"
    try:
        Plan.from_data(data)
        assert "planted_policy" in sys.modules
    finally:
        sys.modules.pop("planted_policy", None)


def test_a_plan_from_outside_can_be_refused_for_it_names_code() -> None:
    body = b'{"kind":"ChangePlan","plan":{"capacity":{"use":"os:system","command":"true"}}}'
    with pytest.raises(UsageError, match="a plan is not taken here"):
        command_from_json(body, plans=False)
    assert isinstance(command_from_json(body), cmd.ChangePlan)  # nothing was imported or called yet
    assert isinstance(command_from_json(b'{"kind":"Tick"}', plans=False), cmd.Tick)


# --- SQL ----------------------------------------------------------------------------------------

MADE_OF_CONSTANTS = {"serve/inbox.py:_hear", "stores/sqlite.py:_migrate"}
"""Functions that put together SQL of the module's own constants, and of an id that they drew themselves."""


def test_sql_is_never_put_together_from_values() -> None:
    found = []
    for name, tree in TREES.items():
        if name.partition("/")[0] not in ("stores", "serve"):
            continue
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                found += [f"{name}:{function.name}" for _ in dynamic(function)]
    assert sorted(set(found) - MADE_OF_CONSTANTS) == []


def dynamic(function: ast.AST) -> Iterator[ast.AST]:
    """Yield the statements of *function* that are no constant, or made from something just before."""
    made = {
        target.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and is_made(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(function):
        asks = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if asks and node.func.attr in ("execute", "executemany", "executescript") and node.args:  # type: ignore[attr-defined]
            first = node.args[0]  # type: ignore[attr-defined]
            if is_made(first) or (isinstance(first, ast.Name) and first.id in made):
                yield first


def is_made(node: ast.AST) -> bool:
    """Whether *node* puts a text together."""
    method = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
    filled = isinstance(node, ast.JoinedStr) and any(
        isinstance(each, ast.FormattedValue) for each in node.values
    )
    return method == "format" or filled or isinstance(node, ast.BinOp)


def test_the_search_for_sql_finds_what_it_looks_for() -> None:
    for bad in (
        "c.execute(f'select {x}')",
        "c.execute('select %s' % x)",
        "c.execute('select ' + x)",
        "c.execute('select {}'.format(x))",
        "q = f'select {x}'; c.executemany(q, rows)",
    ):
        assert list(dynamic(ast.parse(f"def f(): {bad}"))), bad
    assert not list(dynamic(ast.parse("def f(): c.execute('select 1 where x = ?', (x,))")))


# --- patterns -----------------------------------------------------------------------------------


def test_no_pattern_comes_from_a_user() -> None:
    """Patterns are constants; only keywords, and the names that are erased, make some, of escaped words."""
    found = set()
    for name, tree in TREES.items():
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and called(node).startswith("re.") and node.args:
                    first = node.args[0]
                    if called(node) != "re.escape" and not isinstance(first, ast.Constant):
                        found.add(f"{name}:{function.name}")
    assert found <= {"erasing.py:__init__", "social/texts/keywords.py:_grow"}


def test_what_looks_like_a_pattern_is_looked_for_as_it_is() -> None:
    word = "(a+)+b"
    keywords = Keywords([word])
    assert keywords.found(Tokens("is it (a+)+b today?")) == [word]
    assert keywords.found(Tokens("aab, aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac")) == []


# --- HTML and tables ----------------------------------------------------------------------------

EVIL = "<img src=x onerror=alert(1)>&\"'"


def test_what_a_notebook_shows_of_names_is_no_markup() -> None:
    desk = Desk(Engine(Plan(queues={EVIL: Queue()})), MemoryStore(), clock=lambda: 1.0)
    work = Interaction(
        id=f"i{EVIL}",
        queue=EVIL,
        needs=Needs({f"s{EVIL}": 2}),
        label=f"l{EVIL}",
        customer=Customer(id=f"c{EVIL}"),
        attributes={f"a{EVIL}": EVIL},
    )
    for command in (
        cmd.AddAgent(Agent(id=f"ann{EVIL}", skills={f"s{EVIL}": 1}, groups=(), attributes={EVIL: EVIL})),
        cmd.AddAgent(Agent(id=f"bob{EVIL}", skills={f"s{EVIL}": 3})),
        cmd.SignOn(f"ann{EVIL}"),
        cmd.Submit(work),
    ):
        desk.handle(command)
    pages = [
        desk.why_not(f"ann{EVIL}", work.id)._repr_html_(),
        desk.why_waiting(work.id)._repr_html_(),
        desk.explain(work.id)._repr_html_(),
    ]
    desk.handle(cmd.SignOn(f"bob{EVIL}"))
    desk.handle(cmd.Decline(1, f"bob{EVIL}", EVIL))
    pages += [desk.explain(work.id)._repr_html_(), desk.why_not(f"bob{EVIL}", work.id)._repr_html_()]
    for page in pages:
        assert "<img" not in page
        assert "&lt;img" in page


def test_no_table_is_written_that_a_spreadsheet_would_compute() -> None:
    """There is no export as CSV; who adds one has to write a formula's sign as text, and a test here."""
    found = []
    for place, node in places(ast.Call):
        assert isinstance(node, ast.Call)
        if (
            called(node).rpartition(".")[2] in ("DictWriter", "to_csv", "to_excel")
            or called(node) == "csv.writer"
        ):
            found.append(place)
    assert found == []


# --- files and logs -----------------------------------------------------------------------------

SHELVES: dict[str, Callable[[Path], Store]] = {"jsonl": JsonlStore, "sqlite": SqliteStore}


@pytest.mark.parametrize("shelf", SHELVES)
def test_what_is_kept_is_its_owners_alone(shelf: str, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        desk = Desk(Engine(), SHELVES[shelf](tmp_path / "journal"), clock=lambda: 1.0)
        desk.handle(cmd.Submit(Interaction(id="a")))
        desk.snapshot()
        found = {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()}
        desk.close()
    finally:
        os.umask(before)
    assert found
    assert set(found.values()) == {"0o600"}


class Failing(MemoryStore):
    """Fails once, when it is asked to."""

    fails = False

    def append(self, expected_head: int, batch: object) -> int:
        if self.fails:
            self.fails = False
            raise JournalError("the disk is full")
        return super().append(expected_head, batch)  # type: ignore[arg-type]


def test_nothing_that_a_customer_is_or_says_stands_in_a_log(caplog: pytest.LogCaptureFixture) -> None:
    """A whole life with refusals, failures, restarts and rubbish, with everything logged."""
    secret = "Erika Mustermann +49 170 1234567"
    store = Failing()
    told = Interaction(
        id="x/17",
        customer=Customer(id=secret, segment=secret),
        attributes={"name": secret, "note": f"\x1b[31m{secret}\n%s"},
    )
    with caplog.at_level(logging.DEBUG):
        desk = Desk(Engine(), store, clock=lambda: 1.0)
        for command in (
            cmd.AddAgent(Agent(id="ann")),
            cmd.SignOn("ann"),
            cmd.Submit(told, key="k"),
            cmd.Decline(1, "ann"),
            cmd.Submit(Interaction(id="x/17"), key="k"),
            cmd.Update("x/17", attributes={"name": f"{secret}!"}),
        ):
            desk.handle(command)
        for rubbish in (
            cmd.Update("x/17", attributes={"name": [secret]}),  # type: ignore[dict-item]
            cmd.Update("x/17", customer=secret),  # type: ignore[arg-type]
            {"name": secret},
        ):
            with suppress(UsageError):
                desk.handle(rubbish)  # type: ignore[arg-type]
        desk.snapshot()
        store.fails = True
        with pytest.raises(JournalError) as raised:
            desk.handle(cmd.Update("x/17", attributes={"name": f"{secret}?"}))
        assert desk.interaction("x/17").stage == "waiting"
        Desk.open(store, clock=lambda: 2.0).handle(cmd.Cancel("x/17"))
    assert caplog.records
    assert "Mustermann" not in str(raised.value)
    assert "Mustermann" not in caplog.text
    assert not any("Mustermann" in str(record.__dict__) for record in caplog.records)
