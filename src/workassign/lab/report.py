"""How is a run told to people? One HTML page that needs nothing else, for screen and paper.

Everything that comes from data is escaped. The page asks nobody for anything: styles and charts
are inside, and its policy forbids the rest. Same run, same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

from workassign.lab import page
from workassign.lab.account import Account, team_rows
from workassign.lab.charts import charts
from workassign.lab.figures import AgentFigures, Effect, QueueFigures
from workassign.lab.key_tables import key_sections
from workassign.lab.markup import listed, section, table
from workassign.lab.written import duration, percent, shown

__all__ = ["report"]

BAD_SHOWN = 50
"""So many bad records are listed."""


def report(account: Account) -> str:
    """Return the page.

    Raises:
        UsageError: If matplotlib is not installed.
    """
    drawn = {name: _figure(name, svg) for name, svg in charts(account).items()}
    body = [
        _head(account),
        _tiles(account),
        _funnel(account, drawn["funnel"]),
        _left_out(account),
        _moods(drawn.get("moods", "")),
        _queues(account, drawn["queues"]),
        section("Waits", page.WAITS, drawn["waits"]),
        section("Service level and occupancy through the day", page.HOURS, drawn["hours"]),
        key_sections(account.keys),
        _teams(account, drawn.get("teams", "")),
        _effects(account, drawn.get("effects", "")),
        _offers(account),
        _bad(account),
        _formulas(),
    ]
    return page.PAGE.substitute(
        title=escape(f"{account.plan}: {account.source.name}"), body="\n".join(filter(None, body))
    )


_LABELS = {
    "funnel": "Bars: what became of everything that was read",
    "moods": "How many were happy and unhappy in each hour, brand by brand",
    "queues": "Arrivals and backlog of each queue over time",
    "waits": "Waits by hour of arrival, and the share answered within a time",
    "hours": "Service level and occupancy by hour of the day",
    "teams": "Occupancy of each team by hour of the day",
    "effects": "Waits of three tenths and of the rest, with scoring and without",
}


def _figure(name: str, svg: str) -> str:
    label = escape(_LABELS[name], quote=True)
    named = svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
    return f"<figure>{named}</figure>"


# --- the head -------------------------------------------------------------------------------


def _head(account: Account) -> str:
    found = account.found
    facts = [f"Mentions from {account.source.name}", f"seed {account.seed}", f"plan {account.plan_hash[:12]}"]
    if found.start is not None:
        begin, end = (datetime.fromtimestamp(at, account.zone) for at in (found.start, found.end))
        facts.insert(1, f"{begin:%a %d %b %Y, %H:%M} to {end:%a %d %b %Y, %H:%M} ({account.zone})")
    note = page.SYNTHETIC if account.synthetic else page.SIMULATED
    return f"<h1>{escape(account.plan)}</h1>\n<p class='soft'>{escape(' · '.join(facts))}</p>\n{note}"


def _tiles(account: Account) -> str:
    total = account.found.total
    tiles = [
        (f"{account.source.read:,}", "mentions read"),
        (f"{total.entered:,}", "entered a queue"),
        (f"{total.answered:,}", "answered"),
        (percent(total.hit_rate), f"first response in SLA ({_targets(account)})"),
        (duration(total.waits.p50), "half waited at most"),
        (duration(total.waits.p90), "nine in ten waited at most"),
        (percent(account.found.occupancy), "occupancy"),
    ]
    inside = (f"<div class='tile'><b>{escape(big)}</b><span>{escape(of)}</span></div>" for big, of in tiles)
    return f"<div class='tiles'>{''.join(inside)}</div>"


def _targets(account: Account) -> str:
    targets = sorted({line.target for line in account.found.queues if line.target is not None})
    if not targets:
        return "no target"
    low, high = duration(targets[0]), duration(targets[-1])
    return low if low == high else f"{low} to {high}"


# --- sections -------------------------------------------------------------------------------


def _funnel(account: Account, chart: str) -> str:
    source, total = account.source, account.found.total
    dropped, exited = sum(source.dropped.values()), sum(total.exited.values())
    lead = (
        f"Read {source.read:,} = bad {len(source.bad):,} + screened out {dropped:,} + entered "
        f"{source.entered:,}. {_entered(total, source.entered)} = answered {total.answered:,} + abandoned "
        f"{total.abandoned:,} + exited {exited:,} + waiting at the end {total.waiting:,}."
    )
    notes = [f"{note} ({number:,} times)" for note, number in source.notes.items()]
    if source.out_of_order:
        notes.append(f"not in order of time ({source.out_of_order:,} steps back), so it was sorted")
    return section("What became of what was read", lead, chart, listed(notes))


def _left_out(account: Account) -> str:
    """Show what was dropped, with samples, and how good the screening was where labels can tell."""
    source = account.source
    if not source.samples and not source.measured:
        return ""
    rows = [
        (stage, f"{number:,}", f"{source.audited.get(stage, 0):,}", percent(number / source.read))
        for stage, number in source.dropped.items()
        if number
    ]
    counts = table(("stage", "left there", "looked at by people", "of all read"), rows) if rows else ""
    texts = [(stage, text) for stage, some in source.samples.items() for text in some]
    samples = f"<details><summary>Samples</summary>{table(('stage', 'text'), texts, words=1)}</details>"
    return section(
        "What entered no queue of its own",
        page.LEFT_OUT,
        counts,
        samples if texts else "",
        _measured(source.measured),
        kind="long",
    )


def _measured(figures: Mapping[str, float | None]) -> str:
    if not figures:
        return ""
    rows = [(name, "unknown" if value is None else f"{value:.3f}") for name, value in figures.items()]
    return f"<p class='soft after'>{escape(page.MEASURED)}</p>{table(('against the labels', 'figure'), rows)}"


def _moods(chart: str) -> str:
    return section("How people felt", page.MOODS, chart) if chart else ""


def _entered(total: QueueFigures, mentions: int) -> str:
    """Return how many openings there were, of so many mentions that entered."""
    beside = total.entered - total.reopened - mentions
    parts = [f"Entered {mentions:,}"]
    parts += [f"copies and samples {beside:,}"] if beside else []
    parts += [f"opened again {total.reopened:,}"] if total.reopened else []
    return " + ".join(parts)


_QUEUE_HEAD = (
    *("queue", "entered", "answered", "abandoned", "exited", "waiting", "in SLA"),
    *("mean wait", "p50", "p90", "p95", "longest", "peak"),
)


def _queues(account: Account, chart: str) -> str:
    rows = [_queue(line) for line in (*account.found.queues, account.found.total)]
    return section("Queues", page.QUEUES, table(_QUEUE_HEAD, rows, summed=True), chart, kind="long")


def _queue(line: QueueFigures) -> list[str]:
    waits = line.waits
    counts = (line.entered, line.answered, line.abandoned, sum(line.exited.values()), line.waiting)
    times = (waits.mean, waits.p50, waits.p90, waits.p95, waits.longest)
    return [
        line.name,
        *(f"{each:,}" for each in counts),
        percent(line.hit_rate),
        *map(duration, times),
        f"{line.peak:,}",
    ]


def _teams(account: Account, chart: str) -> str:
    found = account.found
    if not found.teams:
        nobody = "Nobody is on the roster: everything waits."
        return section("Teams", nobody if found.total.entered else "Nothing came in.")
    head = ("team", "agents", "hours signed on", "worked", "occupancy")
    teams = table(head, team_rows(found), summed=True)
    return section("Teams", page.TEAMS, chart, teams, _agents(found.agents), kind="long")


def _agents(agents: Sequence[AgentFigures]) -> str:
    head = ("agent", "team", "hours signed on", "worked", "occupancy")
    rows = [
        (each.agent, each.team, f"{each.hours:,.1f}", f"{each.worked:,}", percent(each.occupancy))
        for each in agents
    ]
    return f"<details><summary>Every agent</summary>{table(head, rows, words=1)}</details>"


def _effects(account: Account, chart: str) -> str:
    if not account.effects:
        return ""
    head = ("group", "members", "mean", "mean FIFO", "p90", "p90 FIFO", "in SLA", "in SLA FIFO")
    rows = [row for effect in account.effects for row in _effect(effect)]
    return section("What the scoring changed", page.EFFECTS, chart, table(head, rows))


def _effect(effect: Effect) -> list[list[str]]:
    everybody = round(effect.members / effect.share)
    return [
        [
            name,
            f"{members:,}",
            *(duration(side.waits.mean) for side in sides),
            *(duration(side.waits.p90) for side in sides),
            *(percent(side.hit_rate) for side in sides),
        ]
        for name, members, sides in (
            (effect.group, effect.members, (effect.scored, effect.unscored)),
            ("– the rest", everybody - effect.members, (effect.rest_scored, effect.rest_unscored)),
        )
    ]


def _offers(account: Account) -> str:
    whats = tuple(account.found.total.offers)
    rows = [
        (line.name, *(f"{line.offers[what]:,}" for what in whats))
        for line in (*account.found.queues, account.found.total)
    ]
    more = [f"{number:,} commands refused: {rule}" for rule, number in account.found.refused.items()]
    more += [
        f"{number:,} failures of {slot}, the first: {shown(account.found.first_errors[slot])}"
        for slot, number in account.found.failed.items()
    ]
    return section("Offers", page.OFFERS, table(("queue", *whats), rows, summed=True), listed(more))


def _bad(account: Account) -> str:
    bad = account.source.bad
    if not bad:
        return ""
    lead = f"{len(bad):,} records could not be used; the rest went on."
    if len(bad) > BAD_SHOWN:
        lead += f" The first {BAD_SHOWN}:"
    rows = [(str(line), reason) for line, reason in bad[:BAD_SHOWN]]
    return section("Bad records", lead, table(("line", "reason"), rows, words=1), kind="long")


def _formulas() -> str:
    items = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in page.FORMULAS.items())
    return f"<section class='short'><h2>How the figures are made</h2><dl>{items}</dl></section>"
