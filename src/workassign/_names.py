"""What can be a name? Ids, skills, queues, attributes: all of them are."""

from __future__ import annotations

from workassign.errors import UsageError

__all__ = ["NAME_LIMIT", "checked_name"]

NAME_LIMIT = 200
"""Names and ids are at most this long, in characters."""


def checked_name(value: object, what: str) -> str:
    """Return *value* if it can be an id or a name; *what* names it in the error.

    Raises:
        UsageError: If it is no string, empty, longer than 200 characters, or holds a control
            character or a lone surrogate (which databases and encoders refuse later).
    """
    if isinstance(value, str) and 0 < len(value) <= NAME_LIMIT:
        if value.isprintable():  # false for control characters and lone surrogates
            return value
        raise UsageError(f"{what} must be printable text, not {value[:40]!r}")
    if not isinstance(value, str):
        raise UsageError(f"{what} must be a string, not {type(value).__name__}")
    raise UsageError(f"{what} must have 1 to {NAME_LIMIT} characters, not {len(value)}")
