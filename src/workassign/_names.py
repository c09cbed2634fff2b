"""What can be a name? Ids, skills, queues, attributes: all of them are."""

from __future__ import annotations

from workassign.errors import UsageError

__all__ = ["NAME_LIMIT", "checked_name", "shown"]

NAME_LIMIT = 200
"""Names and ids are at most this long, in characters."""


SHOWN_LIMIT = 40
"""An error shows so many characters, or digits, of what was wrong."""


def shown(value: object) -> str:
    """Return *value* for an error: its beginning, and of what is no plain value only the kind.

    >>> shown(-3), shown("x" * 9_000)[:12], shown({"phone": "555"}), shown(10**5_000)
    ('-3', "'xxxxxxxxxxx", 'a dict', 'a number of more than 40 digits')
    """
    if isinstance(value, str):
        return repr(value[:SHOWN_LIMIT])
    if value is None or type(value) in (bool, float):
        return repr(value)
    if type(value) is int:
        return repr(value) if abs(value) < 10**SHOWN_LIMIT else f"a number of more than {SHOWN_LIMIT} digits"
    return f"a {type(value).__name__}"


def checked_name(value: object, what: str, *, personal: bool = False) -> str:
    """Return *value* if it can be an id or a name; *what* names it in the error.

    What is *personal* is not shown there.

    Raises:
        UsageError: If it is no string, empty, longer than 200 characters, or holds a control
            character or a lone surrogate (which databases and encoders refuse later).
    """
    if isinstance(value, str) and 0 < len(value) <= NAME_LIMIT:
        if value.isprintable():  # false for control characters and lone surrogates
            return value
        raise UsageError(f"{what} must be printable text" + ("" if personal else f", not {shown(value)}"))
    if not isinstance(value, str):
        raise UsageError(f"{what} must be a string, not {type(value).__name__}")
    raise UsageError(f"{what} must have 1 to {NAME_LIMIT} characters, not {len(value)}")
