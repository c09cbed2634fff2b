"""What can be asked in a terminal? `run`, `simulate`, `explain`, `why-not`, … `verify`, `repair`, `train`.

Exit codes: 0 done, 1 something was found (problems of a journal or a plan, or not one record
that can be used), 2 refused: what was asked cannot be done, and standard error says why, one line
a problem; 130 interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from math import inf, isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from workassign._answer import Answer, printable
from workassign._version import __version__
from workassign.errors import PlanError, UsageError, WorkassignError

if TYPE_CHECKING:
    from workassign.engine import Engine
    from workassign.journal import Store
    from workassign.lab.account import Account
    from workassign.model import Agent
    from workassign.plan import Plan
    from workassign.social.interactions import Expected
    from workassign.social.settings import MentionSettings

__all__ = ["main"]

DONE, FOUND, REFUSED = 0, 1, 2
STEP = 50
"""The progress bar moves every so many interactions."""
_JOURNAL = "of a run, or a journal's file; or shard:NAME, in the PostgreSQL that WORKASSIGN_DSN says"
OUTPUT = Path("-")
"""Stands for standard output."""


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the arguments ask for and return the exit code."""
    try:
        told = _command_line().parse_args(argv)
        _look_here()
        _check_json(told)
        return int(told.act(told))
    except PlanError as error:
        _complain(error.problems)
    except WorkassignError as error:
        _complain([str(error)])
    except BrokenPipeError:  # somebody closed our output (`| head`): not worth a word
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        _complain(["interrupted"])
        return 130
    return REFUSED


def _look_here() -> None:
    """Let a plan name a module in the current folder, as `python -m` does."""
    if "" not in sys.path and not sys.flags.safe_path:
        sys.path.insert(0, "")


def _check_json(told: argparse.Namespace) -> None:
    """Check, before anything takes its time, that there is a folder for the figures."""
    path = told.json
    if path is None or path == OUTPUT or path.parent.is_dir() or path.parent == getattr(told, "out", None):
        return
    raise UsageError(f"{path}: cannot be written: there is no folder {path.parent}")


def _say(told: argparse.Namespace, text: str) -> None:
    """Print *text*: on standard error if the figures go to standard output."""
    print(text, file=sys.stderr if told.json == OUTPUT else sys.stdout)


def _complain(problems: Sequence[str]) -> None:
    for problem in problems:
        line = " ".join(problem.split("\n"))
        print(f"workassign: {printable(line)}", file=sys.stderr)


def _command_line() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="workassign", description="Skills-based work assignment.")
    parser.add_argument("--version", action="version", version=f"workassign {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="simulate the days of a file of mentions under a plan")
    run.add_argument("plan", type=Path, metavar="PLAN.toml", help="plan with [mentions] and [roster]")
    run.add_argument("--mentions", type=Path, required=True, metavar="FILE", help=".csv or .jsonl, or .gz")
    run.add_argument("--out", type=Path, required=True, metavar="DIR", help="for journal.db and report.html")
    trained = "what `train` wrote; instead of the plan's mentions.model"
    run.add_argument("--model", type=Path, metavar="MODEL", help=trained)
    run.add_argument("--seed", type=_seed, help="instead of the plan's simulation.seed")
    run.add_argument("--no-report", action="store_true", help="make no report (needs no matplotlib)")
    run.add_argument("--force", action="store_true", help="overwrite a journal that no simulation wrote")
    run.set_defaults(act=_run)

    simulate = _simulate_command(commands)

    explain = commands.add_parser("explain", help="say why an interaction went where it went")
    explain.add_argument("journal", type=Path, metavar="DIR", help=_JOURNAL)
    explain.add_argument("id", metavar="ID", help="the interaction")
    removed = "with what was removed from the journal; may be said several times"
    explain.add_argument("--archive", type=Path, action="append", default=[], metavar="FILE", help=removed)
    explain.set_defaults(act=_explain)

    why_not = commands.add_parser("why-not", help="say what keeps an agent from an interaction")
    why_waiting = commands.add_parser("why-waiting", help="say why an interaction waits, and what would help")
    for why in (why_not, why_waiting):
        why.add_argument("journal", type=Path, metavar="DIR", help=_JOURNAL)
    why_not.add_argument("agent", metavar="AGENT")
    for why in (why_not, why_waiting):
        why.add_argument("id", metavar="ID", help="the interaction")
        as_of = "as of then: seconds, or like 2026-01-31T09:00:00Z; else as of the journal's end"
        why.add_argument("--at", type=_instant, default=inf, metavar="INSTANT", help=as_of)
        why.add_argument("--archive", type=Path, action="append", default=[], metavar="FILE", help=removed)
    why_not.set_defaults(act=_why_not)
    why_waiting.set_defaults(act=_why_waiting)

    verify = commands.add_parser("verify", help="prove from a journal that every law was kept")
    parts = f"{_JOURNAL}; and the archives of what was removed from it"
    verify.add_argument("journal", type=Path, nargs="+", metavar="DIR", help=parts)
    verify.add_argument("--head", type=Path, metavar="FILE", help="its head, as it was published elsewhere")
    _key_options(verify)
    verify.set_defaults(act=_verify)
    keeping = [*_keeping_commands(commands), *_sealing_commands(commands)]

    lint = commands.add_parser("lint", help="say what is wrong, dead or dangerous in a plan")
    lint.add_argument("plan", type=Path, metavar="PLAN.toml")
    expected = "tell where each would go: .jsonl of interactions, or .csv of mentions, or .gz"
    lint.add_argument("--interactions", type=Path, metavar="FILE", help=expected)
    lint.add_argument("--before", type=Path, metavar="OLD.toml", help="the plan that PLAN.toml is to replace")
    lint.set_defaults(act=_lint)

    _shared_commands(commands)

    figures = "write the figures there as JSON, too; -: to standard output, and the text to standard error"
    texts = _text_commands(commands)
    for command in (run, simulate, explain, why_not, why_waiting, verify, *keeping, lint, *texts):
        command.add_argument("--json", type=Path, metavar="PATH", help=figures)
    return parser


def _simulate_command(commands: Any) -> argparse.ArgumentParser:  # noqa: ANN401 - argparse has no name for it
    simulate: argparse.ArgumentParser = commands.add_parser(
        "simulate", help="simulate a scenario, or replay a file of calls"
    )
    what = simulate.add_mutually_exclusive_group(required=True)
    what.add_argument("scenario", type=Path, nargs="?", metavar="SCENARIO.toml", help="with [scenario]")
    calls = "calls as they were, .csv or .gz: recorded beside simulated"
    what.add_argument("--replay", type=Path, metavar="CALLS.csv", help=calls)
    other = "another scenario with the same customers: how SCENARIO.toml differs from it"
    simulate.add_argument("--against", type=Path, metavar="OTHER.toml", help=other)
    simulate.add_argument("--warm-up", type=_seconds, default=0.0, metavar="SECONDS", help="not counted (0)")
    simulate.add_argument("--out", type=Path, metavar="DIR", help="for the tables of the first run, Parquet")
    simulate.add_argument("--processes", type=_count, metavar="N", help="at a time (one a core)")
    roster = "agent -> types of calls, JSON; else each has the types that she served"
    simulate.add_argument("--roster", type=Path, metavar="SKILLS.json", help=roster)
    after = "of work after each call; else they are fitted to the recorded mean wait"
    simulate.add_argument("--after-call", type=_seconds, metavar="SECONDS", help=after)
    runs = "so many runs (a scenario: 10, a replay: 3)"
    simulate.add_argument("--seeds", type=_count, metavar="N", help=runs)
    simulate.set_defaults(act=_simulate)
    return simulate


def _keeping_commands(commands: Any) -> list[argparse.ArgumentParser]:  # noqa: ANN401 - as above
    repair = commands.add_parser("repair", help="save of a damaged journal what holds, into a new file")
    compact = commands.add_parser("compact", help="give back the room in a journal's file that nothing is in")
    prune = commands.add_parser("prune", help="remove from a journal what is old, or move it to an archive")
    for command in (repair, compact, prune):
        command.add_argument("journal", type=Path, metavar="STORE", help="a journal's file, or a run's DIR")
    repair.add_argument("--out", type=Path, required=True, metavar="NEW", help="the new file, .db or .jsonl")
    repair.set_defaults(act=_repair)
    compact.set_defaults(act=_compact)
    days = "what is older than so many days before the last entry goes, if a snapshot stands behind it"
    prune.add_argument("--keep-days", type=_days, required=True, metavar="N", help=days)
    where = prune.add_mutually_exclusive_group(required=True)
    where.add_argument("--archive", type=Path, metavar="FILE", help="a new file for it, .db")
    where.add_argument("--discard", action="store_true", help="it goes for good")
    prune.set_defaults(act=_prune)
    return [repair, compact, prune]


def _sealing_commands(commands: Any) -> list[argparse.ArgumentParser]:  # noqa: ANN401 - as above
    head = commands.add_parser("head", help="say how far a sealed journal has come, to be kept elsewhere")
    erase = commands.add_parser("erase", help="erase a customer from a journal that nobody has open")
    for command in (head, erase):
        command.add_argument("journal", type=Path, metavar="STORE", help="a journal's file, or a run's DIR")
        _key_options(command)
    head.add_argument("--name", default="", help="what you call the journal, a shard say; it is signed, too")
    head.set_defaults(act=_head)
    who = "her id; -: read it from standard input"
    erase.add_argument("--customer", required=True, metavar="ID", help=who)
    erase.add_argument("--actor", metavar="NAME", help="who asks for it, which the journal keeps")
    stays = "an attribute that stays, beside topic, language, intent, urgency, contacts; may be said again"
    erase.add_argument("--keep", action="append", default=[], metavar="NAME", help=stays)
    erase.set_defaults(act=_erase)
    return [head, erase]


def _key_options(command: argparse.ArgumentParser) -> None:
    """Let *command* be told where the key of a seal is: never what it is."""
    keys = command.add_mutually_exclusive_group()
    file = "keys of the seal, one a line, the present one first"
    keys.add_argument("--key-file", type=Path, metavar="FILE", help=file)
    keys.add_argument("--key-env", metavar="NAME", help="the same in an environment variable")


def _shared_commands(commands: Any) -> None:  # noqa: ANN401 - as above
    """What goes by a store that several processes share."""
    node = commands.add_parser("node", help="lead a shard in PostgreSQL, or stand by for whoever does")
    node.add_argument("--plan", type=Path, metavar="PLAN.toml", help="else the journal's")
    node.add_argument(
        "--lease", type=float, default=5.0, metavar="SECONDS", help="of silence, then others lead"
    )
    node.add_argument("--shard", action="append", metavar="NAME", help="may be said several times; main")
    node.add_argument("--quiet", action="store_true", help="say only what goes wrong")
    node.set_defaults(act=_node, json=None)
    send = commands.add_parser("send", help="let the leader of a shard carry out commands, one JSON a line")
    send.add_argument(
        "commands", type=Path, nargs="?", default=OUTPUT, metavar="FILE", help="else standard input"
    )
    send.add_argument("--patience", type=float, default=10.0, metavar="SECONDS", help="for each answer")
    send.add_argument("--shard", default="main", metavar="NAME")
    send.set_defaults(act=_send, json=None)
    for command in (node, send):
        where = "where PostgreSQL is; else WORKASSIGN_DSN. Keep passwords out of it (PGPASSFILE)"
        command.add_argument("--dsn", metavar="DSN", help=where)


def _text_commands(commands: Any) -> list[argparse.ArgumentParser]:  # noqa: ANN401 - as above
    train = commands.add_parser("train", help="train a model of texts from labels")
    screen = commands.add_parser("screen", help="screen mentions, and measure that against labels")
    for command in (train, screen):
        command.add_argument("file", type=Path, metavar="FILE", help=".csv or .jsonl, or .gz")
        days = "days in the file's own zone, like 2015-02-17, both included"
        command.add_argument("--from", dest="since", metavar="DATE", help=days)
        command.add_argument("--until", metavar="DATE", help=days)
        plan = "whose [mentions.columns] says which column holds what"
        command.add_argument("--plan", type=Path, metavar="PLAN.toml", help=plan)
        for name in ("id", "at", "text", "author", "label", "sure", "reason"):
            column = f"that holds the {name}, if it has no known name"
            command.add_argument(f"--{name}", dest=f"column_{name}", metavar="COLUMN", help=column)
        for name in ("negative", "positive"):
            command.add_argument(f"--{name}", default=name, metavar="LABEL", help=f"that means it ({name})")
    train.add_argument("--out", type=Path, required=True, metavar="MODEL", help="the model's file, JSON")
    train.set_defaults(act=_train)
    screen.add_argument("--model", type=Path, metavar="MODEL", help="else rules and VADER alone")
    screen.add_argument("--labels", action="store_true", help="measure against the labels")
    screen.set_defaults(act=_screen)
    return [train, screen]


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"must be a whole number >= 0, not {text}")
    return int(text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"must be a whole number > 0, not {text}")
    return int(text)


def _days(text: str) -> float:
    with suppress(ValueError):
        days = float(text)
        if isfinite(days * 86_400) and days >= 0:
            return days
    raise argparse.ArgumentTypeError(f"must be a number of days >= 0, not {text}")


def _seconds(text: str) -> float:
    with suppress(ValueError):
        seconds = float(text)
        if isfinite(seconds) and seconds >= 0:
            return seconds
    raise argparse.ArgumentTypeError(f"must be a number of seconds >= 0, not {text}")


def _instant(text: str) -> float:
    from workassign.model import instant

    with suppress(ValueError):
        seconds = float(text)
        if isfinite(seconds):
            return seconds
    try:
        return instant(datetime.fromisoformat(text))
    except (ValueError, UsageError):
        rule = "must be seconds, or a date and time with a zone, like 2026-01-31T09:00:00Z"
        raise argparse.ArgumentTypeError(f"{rule}, not {text}") from None


# --- run ------------------------------------------------------------------------------------


def _run(told: argparse.Namespace) -> int:
    """Read, simulate into a journal, measure, report."""
    from workassign.days import Days
    from workassign.lab.folder import reserved
    from workassign.lab.summary import summary

    if not told.no_report:
        from workassign.lab.charts import check_installed

        check_installed()
    days = Days.load(told.plan).instead(seed=told.seed, model=told.model)
    with reserved(told.out):
        account = days.run(told.mentions, told.out, _progress, force=told.force)
        _say(told, summary(account))
        _write_all(told, account)
    return FOUND if account.source.all_bad else DONE


def _write_all(told: argparse.Namespace, account: Account) -> None:
    from workassign.lab.folder import JOURNAL, REPORT

    written = [told.out / JOURNAL]
    if told.no_report:
        (told.out / REPORT).unlink(missing_ok=True)  # it would be another run's
    else:
        from workassign.lab.report import report

        _write(told.out / REPORT, report(account))
        written.append(told.out / REPORT)
    _write_json(told, account.as_data())
    if told.json not in (None, OUTPUT):
        written.append(told.json)
    _say(told, "\nWritten: " + ", ".join(printable(str(path)) for path in written))


# --- simulate -------------------------------------------------------------------------------


def _simulate(told: argparse.Namespace) -> int:
    """Simulate a scenario, alone or beside another; or replay what was recorded."""
    from workassign.lab.asked import asked

    found = asked(told, _murmur)
    _say(told, printable(found.text))
    _write_json(told, found.data)
    return DONE


def _murmur(line: str) -> None:
    """Say on a terminal how far something is that takes its time."""
    if sys.stderr.isatty():
        print(line, file=sys.stderr)


# --- train, screen --------------------------------------------------------------------------


def _train(told: argparse.Namespace) -> int:
    from workassign.social.learning.asked import asked_train

    return _answered(told, asked_train(told, _murmur))


def _screen(told: argparse.Namespace) -> int:
    from workassign.social.learning.asked import asked_screen

    return _answered(told, asked_screen(told, _murmur))


def _answered(told: argparse.Namespace, found: Answer) -> int:
    _say(told, printable(found.text))
    _write_json(told, found.data)
    return DONE


# --- explain, why, verify, lint -------------------------------------------------------------


def _explain(told: argparse.Namespace) -> int:
    from workassign.explain import explain
    from workassign.journal import entries, header

    with _joined([told.journal, *told.archive]) as store:
        found = explain(header(store).plan, entries(store), told.id)
    _say(told, found.text())
    _write_json(told, found.as_dict())
    return DONE


def _why_not(told: argparse.Namespace) -> int:
    from workassign.explain import why_not

    found = why_not(_engine(told), told.agent, told.id)
    _say(told, found.text())
    _write_json(told, found.as_dict())
    return DONE


def _why_waiting(told: argparse.Namespace) -> int:
    from workassign.explain import why_waiting

    found = why_waiting(_engine(told), told.id)
    _say(told, found.text())
    _write_json(told, found.as_dict())
    return DONE


def _engine(told: argparse.Namespace) -> Engine:
    """Return an engine that stands where the journal's did, at its end or by `--at`."""
    from workassign.journal import replay

    with _joined([told.journal, *told.archive]) as store:
        return replay(store, until=told.at)


def _verify(told: argparse.Namespace) -> int:
    from workassign.journal import verify
    from workassign.lab.keeping import said
    from workassign.lab.sealed import published, seal_told

    seal, head = seal_told(told), published(told.head)
    with _joined(told.journal) as store:
        verdict = verify(store, seal, head)
    _say(told, printable("\n".join(said(verdict))))
    _write_json(told, verdict.as_dict())
    return DONE if verdict.ok else FOUND


@contextmanager
def _joined(paths: Sequence[Path]) -> Iterator[Store]:
    """Open a journal to read only, and with it the archives of what was removed from it."""
    from workassign.lab.folder import opened
    from workassign.stores.archiving import Joined

    with ExitStack() as stack:
        parts = [stack.enter_context(opened(path)) for path in paths]
        yield parts[0] if len(parts) == 1 else Joined(parts)


def _repair(told: argparse.Namespace) -> int:
    from workassign.lab.keeping import repaired

    found = repaired(told.journal, told.out)
    _say(told, printable(found.text))
    _write_json(told, found.data)
    return DONE if found.data["whole"] else FOUND


def _compact(told: argparse.Namespace) -> int:
    from workassign.lab.keeping import compacted

    found = compacted(told.journal)
    _say(told, found.text)
    _write_json(told, found.data)
    return DONE


def _head(told: argparse.Namespace) -> int:
    from workassign.lab.sealed import headed, seal_told

    return _answered(told, headed(told.journal, seal_told(told), told.name))


def _erase(told: argparse.Namespace) -> int:
    from workassign.lab.sealed import erased, seal_told

    found = erased(told.journal, told.customer, seal_told(told), told.actor, told.keep)
    _answered(told, found)
    return DONE if found.data["number"] else FOUND


def _prune(told: argparse.Namespace) -> int:
    from workassign.lab.keeping import pruned

    return _answered(told, pruned(told.journal, told.keep_days, told.archive))


def _node(told: argparse.Namespace) -> int:
    import logging

    from workassign.plan import Plan
    from workassign.serve.program import serve
    from workassign.stores.connecting import dsn_of

    level = logging.WARNING if told.quiet else logging.INFO
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    plan = None if told.plan is None else Plan.load(told.plan)
    serve(dsn_of(told.dsn), told.shard or ["main"], plan, told.lease)
    return DONE


def _lines_of(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise UsageError(f"{path.name}: cannot be read: {error.strerror}") from None


def _send(told: argparse.Namespace) -> int:
    from workassign.serve.inbox import Inbox
    from workassign.serve.program import tell
    from workassign.stores.connecting import dsn_of

    found = DONE
    with ExitStack() as held:
        lines = sys.stdin.buffer if told.commands == OUTPUT else held.enter_context(_lines_of(told.commands))
        inbox = held.enter_context(Inbox(dsn_of(told.dsn), shard=told.shard, patience=told.patience))
        for outcome in tell(inbox, lines):
            print(json.dumps(outcome), flush=True)
            found = FOUND if "error" in outcome else found
    return found


def _lint(told: argparse.Namespace) -> int:
    """Look at the plan, its roster, every kind of mention that it can make, and what is expected."""
    from workassign.days import each_of
    from workassign.lab.roster import Roster
    from workassign.lint import as_data, lint, starvation_bound, text, worst_first
    from workassign.plan import Plan, read_settings
    from workassign.social.flaws import of_mentions
    from workassign.social.settings import MentionSettings

    data = read_settings(told.plan)
    plan = Plan.from_data(data)
    before = None if told.before is None else Plan.load(told.before)
    roster, mentions = each_of(
        lambda: Roster.from_data(data, plan).members(),
        lambda: MentionSettings.from_data(data, plan) if "mentions" in data else None,
    )
    expected = _expected(told, plan, lambda: mentions or MentionSettings.from_data(data, plan))
    sample = [*(mentions.sample() if mentions else ()), *(expected.interactions if expected else ())]
    found = lint(plan, roster, sample, before=before)
    if mentions:
        simulation = data.get("simulation")
        made_up = isinstance(simulation, dict) and "customers" in simulation
        found = worst_first([*found, *of_mentions(plan, mentions, customers=made_up)])
    bounds = starvation_bound(plan)
    _say(told, printable(text(found, bounds)))
    dry = {} if expected is None else _dry_run(told, plan, roster, expected)
    _write_json(told, {**as_data(found, bounds), **dry})
    useless = expected is not None and expected.bad and not expected.interactions
    return FOUND if useless or any(finding.severity == "error" for finding in found) else DONE


def _expected(
    told: argparse.Namespace, plan: Plan, mentions: Callable[[], MentionSettings]
) -> Expected | None:
    """Return the interactions of the file that is named, if one is."""
    from workassign.social.interactions import read_interactions

    if told.interactions is None:
        return None
    return read_interactions(told.interactions, mentions, plan, told.plan.parent)


def _dry_run(
    told: argparse.Namespace, plan: Plan, roster: Sequence[Agent], expected: Expected
) -> dict[str, Any]:
    """Say where each would go, and what could not be read; return both as data."""
    from workassign.dry_run import as_data, dry_run, text

    routes = dry_run(plan, roster, expected.interactions)
    lines = ["", text(routes)]
    lines += [f"Dropped as {stage}: {count:,}" for stage, count in expected.dropped.items() if count]
    lines += [f"Bad record on line {each.line}: {each.reason}" for each in expected.bad]
    _say(told, "\n".join(printable(line) for line in lines))
    bad = [{"line": each.line, "reason": printable(each.reason)} for each in expected.bad]
    return {**as_data(routes), "dropped": dict(expected.dropped), "bad": bad}


# --- files ----------------------------------------------------------------------------------


def _write(path: Path, text: str) -> None:
    """Write *text*, so that at *path* there is always the old file or the new one."""
    fresh = path.with_name(f"{path.name}.new")
    try:
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink()
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None


def _write_json(told: argparse.Namespace, data: object) -> None:
    """Write *data* where `--json` says, if it does."""
    if told.json is None:
        return
    text = json.dumps(data, indent=2, ensure_ascii=told.json == OUTPUT)
    if told.json == OUTPUT:
        print(text)
    else:
        _write(told.json, text + "\n")


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal while something takes its time; nothing elsewhere, or without rich."""
    try:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    except ImportError:
        yield _unseen
        return
    if not sys.stderr.isatty():
        yield _unseen
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.update(task, completed=count) if count % STEP == 0 else None


def _unseen(count: int) -> None:
    """Show nothing."""


if __name__ == "__main__":
    sys.exit(main())
