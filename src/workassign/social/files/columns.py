"""Which column of a file holds what of a mention?"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

__all__ = ["Columns", "Labels"]


@attrs.frozen(kw_only=True)
class Labels:
    """A column of labels or numbers, and what its labels mean as numbers."""

    column: str
    map: Mapping[str, float] = attrs.field(factory=dict)
    """Label -> number; with none, the column holds the numbers themselves."""

    def __attrs_post_init__(self) -> None:
        """Raise a ValueError if a label stands for something that is no sentiment."""
        for label, number in self.map.items():
            if not -1 <= number <= 1:
                raise ValueError(f"map.{label} must be between -1 and 1, not {number!r}")

    @staticmethod
    def from_text(column: str) -> Labels:
        """Return a column of numbers."""
        return Labels(column=column)


@attrs.frozen(kw_only=True)
class Columns:
    """Which column of the file (or key of a JSON object, dots go deeper) holds what."""

    id: str
    at: str
    """ISO date and time with a zone, or POSIX seconds."""
    text: str
    brand: str | None = None
    """Whom the mention is about; it chooses the queue."""
    author: str | None = None
    sentiment: Labels | None = None
    """-1 (furious) to 1 (delighted)."""
    followers: str | None = None
    value: str | None = None
    """The customer's lifetime value in the operator's own money."""
    language: str | None = None
    attributes: Mapping[str, str] = attrs.field(factory=dict)
    """Further attributes of the interaction: name -> column."""
    labels: Mapping[str, str] = attrs.field(factory=dict)
    """What people said of mentions afterwards: name -> column. To measure by; nothing is decided by it."""
    network: str | None = None
    """Ids are unique within a network; with no column they are within the file."""
    to: str | None = None
    """The handle, address or inbox of ours; an @ before it is left out."""
    name: str | None = None
    """What the author is called; for people to read."""
    verified: str | None = None
    """true or false, 1 or 0, yes or no, in any case; so are public and ours."""
    in_reply_to: str | None = None
    thread: str | None = None
    repost_of: str | None = None
    public: str | None = None
    """Where it is empty, everybody can read it."""
    ours: str | None = None
    """Where it is empty, it is not the brand itself that wrote."""
    media: str | None = None
    likes: str | None = None
    reposts: str | None = None
    replies: str | None = None

    def __attrs_post_init__(self) -> None:
        """Raise a ValueError if figures of a customer are named, but not who that is."""
        for name in ("followers", "value"):
            if getattr(self, name) is not None and self.author is None:
                raise ValueError(f"{name} is a customer's: name the column of the author, too")

    def named(self) -> list[tuple[str, str]]:
        """Return every setting that names a column, with that column."""
        found: list[tuple[str, str]] = []
        for field in attrs.fields(Columns):
            setting = getattr(self, field.name)
            if isinstance(setting, str):
                found.append((field.name, setting))
        if self.sentiment is not None:
            found.append(("sentiment.column", self.sentiment.column))
        for table in ("attributes", "labels"):
            found += [(f"{table}.{name}", column) for name, column in getattr(self, table).items()]
        return found
