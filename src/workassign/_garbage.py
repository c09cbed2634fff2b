"""When may the search for garbage wait?

While a journal or a snapshot is read, a million things are made that all stay. Python would look
through them over and over, and find nothing: a third of the time of a restart.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["undisturbed"]

MANY = 10_000
"""So many things are worth a thought; fewer are left to Python."""


class _Tally:
    """How much was made undisturbed since the last search, and how much was there then."""

    made = 0
    known = MANY


@contextmanager
def undisturbed(*, go_on: bool = False) -> Iterator[None]:
    """Let nobody look for garbage meanwhile; what was made by then counts as old at once.

    An engine that nobody has any more is garbage that only a search finds. So there is one before, if
    as much was made in this way as there was at the last one: whoever replays in a loop has twice what
    is needed at most. With *go_on* there is none: what was made just now is in use.
    Where nobody looked before, nobody does after.
    """
    was = gc.isenabled()
    if was and not go_on and _Tally.made > _Tally.known:
        gc.collect()
        _Tally.made, _Tally.known = 0, max(MANY, len(gc.get_objects()))
    gc.disable()
    try:
        yield
    finally:
        if was:
            made = gc.get_count()[0]
            if made > MANY and not gc.get_freeze_count():  # else what an application has frozen would melt
                _Tally.made += made
                gc.freeze()
                gc.unfreeze()
            gc.enable()
