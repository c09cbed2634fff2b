"""How does the report show the key figures? Tables, with every figure's formula beside it."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from workassign.kpi import KPIS, Figures, Kpi
from workassign.lab import page
from workassign.lab.kpis import GROUPS, KeyFigures, value_of
from workassign.lab.markup import section, table
from workassign.lab.written import duration, percent, written

__all__ = ["key_sections"]

MOST_QUEUES = 8
"""With more queues than these, only the figures of all are shown."""


def key_sections(keys: KeyFigures) -> str:
    """Return the sections on key figures, promises and fairness."""
    return "\n".join(filter(None, (_figures(keys), _promises(keys), _fairness(keys))))


# --- key figures ----------------------------------------------------------------------------


def _figures(keys: KeyFigures) -> str:
    scopes = {"all queues": keys.total}
    if len(keys.queues) <= MOST_QUEUES:
        scopes |= keys.queues
    head = "".join(f"<th scope='col'>{escape(name)}</th>" for name in ("figure", *scopes))
    groups = "\n".join(filter(None, (_group(name, list(scopes.values())) for name in GROUPS)))
    inside = (
        f"<div class='scroll'><table class='keys'><thead><tr>{head}</tr></thead>\n{groups}\n</table></div>"
    )
    return section("Key figures", page.KEYS, inside, kind="long")


def _group(name: str, scopes: list[Figures]) -> str:
    rows = [line for each in GROUPS[name] if (line := _figure(KPIS[each], scopes))]
    if not rows:
        return ""
    head = f"<tr class='group'><th scope='rowgroup' colspan='{len(scopes) + 1}'>{escape(name)}</th></tr>"
    return "\n".join([f"<tbody>{head}", *rows, "</tbody>"])


def _figure(kpi: Kpi, scopes: list[Figures]) -> str:
    """Return a row; nothing if the figure has no value anywhere."""
    values = [value_of(figures, kpi) for figures in scopes]
    if all(value is None for value in values):
        return ""
    title = f"{escape(kpi.title)} <small>{escape(kpi.formula)}</small>"
    cells = "".join(f"<td>{escape(written(value, kpi.unit))}</td>" for value in values)
    return (
        f"<tr><th class='figure' scope='row' title='{escape(_hover(kpi), quote=True)}'>{title}</th>"
        f"{cells}</tr>"
    )


def _hover(kpi: Kpi) -> str:
    """Return all that the catalogue says of a figure, a line each."""
    lines = [f"{kpi.name} = {kpi.formula}", f"Counts {kpi.counted}."]
    lines += [f"Source: {kpi.source}."] if kpi.source else []
    lines += [f"Mind: {kpi.pitfall}."] if kpi.pitfall else []
    return "\n".join(lines)


# --- promises -------------------------------------------------------------------------------

_PROMISE_HEAD = (
    *("target", "calendar", "met", "missed", "cancelled", "attainment"),
    *("mean elapsed", "p90 elapsed"),
)


def _promises(keys: KeyFigures) -> str:
    parts = [_targets(keys), _inversions(keys)]
    lead = page.PROMISES if keys.targets else "No queue has an SLA target."
    return section("Promises", lead, *parts) if keys.targets or any(parts) else ""


def _targets(keys: KeyFigures) -> str:
    rows = [
        (
            each.target,
            each.calendar or "–",
            *(f"{number:,}" for number in (each.met, each.missed, each.cancelled)),
            percent(each.attainment),
            duration(each.mean),
            duration(each.p90),
        )
        for each in keys.targets
    ]
    return table(_PROMISE_HEAD, rows) if rows else ""


def _inversions(keys: KeyFigures) -> str:
    found = keys.inversions
    if found is None:
        text = "Whether more urgent work was passed over is not told: the journal is too long for that."
    elif not found.grants:
        return ""
    else:
        text = (
            f"Inversions: {found.inverted:,} of {found.grants:,} grants ({percent(found.share)}) passed over "
            "something more urgent that the same agent could have taken. Grants are offers, and "
            "assignments without one; inversions / grants."
        )
    return f"<p class='after'>{escape(text)}</p>"


# --- fairness -------------------------------------------------------------------------------


def _fairness(keys: KeyFigures) -> str:
    parts = list(_fair(keys))
    return section("Fairness", page.FAIRNESS, *parts) if parts else ""


def _fair(keys: KeyFigures) -> Iterator[str]:
    if any(team.gini is not None for team in keys.teams):
        rows = [
            (
                *(each.team, f"{each.agents:,}", f"{each.handled:,}"),
                *(written(value, "index") for value in (each.gini, each.share_spread)),
            )
            for each in keys.teams
        ]
        yield table(("team", "agents", "handled", "Gini", "largest / smallest"), rows)
    if len(keys.segments) > 1:
        yield "<h3>Waits by customer segment</h3>"
        waits = [(name, f"{count:,}", duration(wait)) for name, (count, wait) in keys.segments.items()]
        yield table(("segment", "answered", "mean wait"), waits)
