"""How do a heading, a table and a list look in HTML? All that they hold is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

__all__ = ["listed", "passage", "table"]


def passage(title: str, *parts: str) -> str:
    """Return *parts*, which are HTML already, under a heading: for a notebook."""
    return "\n".join([f"<div><p><strong>{escape(title)}</strong></p>", *filter(None, parts), "</div>"])


def listed(items: Sequence[str]) -> str:
    """Return a list; nothing if there are no items."""
    inside = "".join(f"<li>{escape(item)}</li>" for item in items)
    return f"<ul class='soft'>{inside}</ul>" if items else ""


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, summed: bool = False, words: int = -1
) -> str:
    """Return a table; the last row is a sum if *summed*, the column *words* holds text."""
    lines = [_row(row, "td", words) for row in rows]
    if summed:
        lines[-1] = lines[-1].replace("<tr>", "<tr class='sum'>", 1)
    top, body = _row(head, "th", words), "\n".join(lines)
    return f"<div class='scroll'><table><thead>{top}</thead>\n<tbody>\n{body}\n</tbody></table></div>"


def _row(cells: Sequence[str], tag: str, words: int) -> str:
    kinds = [" class='words'" if i == words else "" for i in range(len(cells))]
    inside = (f"<{tag}{kind}>{escape(cell)}</{tag}>" for kind, cell in zip(kinds, cells, strict=True))
    return f"<tr>{''.join(inside)}</tr>"
