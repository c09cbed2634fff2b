"""Is a shelf fit to be read, or to be written? The same rules, and the same words, for all of them."""

from __future__ import annotations

from typing import TypeVar

from workassign.errors import JournalError

__all__ = ["opened", "writable"]

Handle = TypeVar("Handle")


def opened(handle: Handle | None, name: str) -> Handle:
    """Return *handle*, by which the shelf *name* is open.

    Raises:
        JournalError: If it is not.
    """
    if handle is None:
        raise JournalError(f"{name}: the store is closed")
    return handle


def writable(handle: Handle, name: str, *, readonly: bool, poisoned: bool) -> Handle:
    """Return *handle*, by which the shelf *name* may be written.

    Raises:
        JournalError: If it may not: it is open to read only, or a write has failed (*poisoned*).
    """
    if readonly:
        raise JournalError(f"{name} is open to read only")
    if poisoned:
        raise JournalError(f"{name}: an append has failed: reopen the store")
    return handle
