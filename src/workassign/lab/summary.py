"""How is a run told in a terminal? Plain text, in aligned tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workassign.lab.account import Account, team_rows
from workassign.lab.figures import Effect, QueueFigures, Side
from workassign.lab.kpis import LEVELS
from workassign.lab.written import duration, percent, shown

__all__ = ["summary"]

SHOWN = 8
"""So many bad records are shown; all are counted, and all are in the JSON file."""


def summary(account: Account) -> str:
    """Return the figures of a run as lines of text."""
    parts = [
        _funnel(account),
        _queues(account),
        _levels(account),
        _targets(account),
        _teams(account),
        _offers(account),
        _effects(account),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return aligned lines: the first column to the left, figures to the right."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    return [_aligned(row, widths) for row in (head, *rows)]


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(row, widths, strict=True)
    return "  ".join(["", first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)])


def _funnel(account: Account) -> list[str]:
    source, total = account.source, account.found.total
    rows = [("read", source.read), ("bad records", -len(source.bad))]
    rows += [(source.left_at(stage), -number) for stage, number in source.dropped.items()]
    again = [("opened again", total.reopened)] if total.reopened else []
    beside = total.entered - total.reopened - source.entered
    rows += [
        ("entered", source.entered),
        *([("copies and samples", beside)] if beside else []),
        *again,
        ("answered", total.answered),
        ("abandoned", total.abandoned),
    ]
    rows += [("exited", sum(total.exited.values())), ("waiting at the end", total.waiting)]
    width = max(len(name) for name, _ in rows)
    lines = [f"Mentions ({source.name})"]
    lines += [f"  {name.ljust(width)}  {number:>9,}" for name, number in rows]
    if source.read and not total.entered:
        lines.append(
            "  NOTHING ENTERED: " + ("every record is bad." if source.all_bad else "all were dropped or bad.")
        )
    if source.out_of_order:
        lines.append(f"  Note: not in order of time ({source.out_of_order:,} steps back), so it was sorted.")
    lines += [f"  Note: {note} ({number:,} times)." for note, number in source.notes.items()]
    lines += [f"  line {line}: {reason}" for line, reason in source.bad[:SHOWN]]
    lines += [f"  {name}: {_figure(value)}" for name, value in source.measured.items()]
    if len(source.bad) > SHOWN:
        lines.append(f"  … and {len(source.bad) - SHOWN:,} more bad records (--json lists them all)")
    return lines


def _figure(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"


def _queues(account: Account) -> list[str]:
    lines = [_queue(line) for line in (*account.found.queues, account.found.total)]
    return ["First response (waits of what was answered)", *_table(_QUEUE_HEAD, lines)]


_QUEUE_HEAD = (
    *("Queue", "entered", "answered", "waiting", "in SLA"),
    *("mean", "p50", "p90", "p95", "longest", "peak"),
)


def _queue(line: QueueFigures) -> list[str]:
    waits = line.waits
    figures = (waits.mean, waits.p50, waits.p90, waits.p95, waits.longest)
    counts = [f"{number:,}" for number in (line.entered, line.answered, line.waiting)]
    return [line.name, *counts, percent(line.hit_rate), *map(duration, figures), str(line.peak)]


def _levels(account: Account) -> list[str]:
    """Return the variants of the service level, side by side: none of them is *the* one."""
    keys = account.keys.total
    if not keys.entered:
        return []
    head = ("Service level", *(name.removeprefix("sl_") for name in LEVELS))
    row = ("all queues", *(percent(getattr(keys, name)) for name in LEVELS))
    return ["Service level, each way (T: the SLA target of each, or 20 s; by arrival)", *_table(head, [row])]


def _targets(account: Account) -> list[str]:
    rows = [
        (
            *(each.target, each.calendar or "–", f"{each.met:,}", f"{each.missed:,}"),
            *(percent(each.attainment), duration(each.mean), duration(each.p90)),
        )
        for each in account.keys.targets
    ]
    head = ("Target", "calendar", "met", "missed", "attainment", "mean", "p90")
    return ["Promises (met / (met + missed); elapsed on the calendar)", *_table(head, rows)] if rows else []


def _teams(account: Account) -> list[str]:
    found = account.found
    if not found.teams:
        return ["Nobody is on the roster: everything waits." if found.total.entered else "Nothing came in."]
    head = ("Team", "agents", "hours", "worked", "occupancy")
    return [
        "Occupancy (load over time / capacity over time, while signed on)",
        *_table(head, team_rows(found)),
    ]


def _offers(account: Account) -> list[str]:
    offers = account.found.total.offers
    lines = ["Offers: " + ", ".join(f"{number:,} {what}" for what, number in offers.items())]
    lines += [f"  refused: {rule} ({number:,})" for rule, number in account.found.refused.items()]
    return lines + [
        f"  failed: {slot} ({number:,}), first: {shown(account.found.first_errors[slot])}"
        for slot, number in account.found.failed.items()
    ]


def _effects(account: Account) -> list[str]:
    if not account.effects:
        return []
    head = ("Group", "members", "mean", "FIFO", "p90", "FIFO", "in SLA", "FIFO")
    rows = [row for effect in account.effects for row in _effect(effect)]
    lines = ["What the scoring changed (FIFO: the same day, first come, first served)", *_table(head, rows)]
    lines.append("  A tenth holds all that equals its 90th percentile: with a few labels it is far more.")
    if account.synthetic:
        lines.append("  Followers and customer values are SYNTHETIC: seeded, and true of nobody.")
    return lines


def _effect(effect: Effect) -> Iterator[list[str]]:
    rest = round(effect.members / effect.share) - effect.members
    name = f"{effect.group} ({percent(effect.share)})"
    yield [name, f"{effect.members:,}", *_sides(effect.scored, effect.unscored)]
    yield ["  the rest", f"{rest:,}", *_sides(effect.rest_scored, effect.rest_unscored)]


def _sides(scored: Side, unscored: Side) -> Iterator[str]:
    yield duration(scored.waits.mean)
    yield duration(unscored.waits.mean)
    yield duration(scored.waits.p90)
    yield duration(unscored.waits.p90)
    yield percent(scored.hit_rate)
    yield percent(unscored.hit_rate)
