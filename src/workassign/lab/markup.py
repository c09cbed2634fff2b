"""How does a section of the report look in HTML? All that it holds is escaped."""

from __future__ import annotations

from html import escape

from workassign._markup import listed, table

__all__ = ["listed", "section", "table"]


def section(title: str, lead: str, *parts: str, kind: str = "short") -> str:
    """Return a section of *parts*, which are HTML already."""
    head = f"<h2>{escape(title)}</h2>\n<p class='soft'>{escape(lead)}</p>"
    return "\n".join([f"<section class='{kind}'>", head, *filter(None, parts), "</section>"])
