"""Why may a free agent and an eligible interaction not be paired yet?

The list is closed: `engine.check()` accepts no other reason. Each one ends by a timer, when she asks
for work herself, or when somebody else comes free.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Hold"]


class Hold(StrEnum):
    """A reason why a pair that fits is kept apart, and until when."""

    COOL_DOWN = "cool_down"
    """She refused it: until the exclusion ends, or the cool-down if nobody else is left."""
    REST = "rest"
    """She refused something: she is offered nothing for a while."""
    STICKY_WAIT = "sticky_wait"
    """It waits for the agent it prefers, who is there but has no room."""
    PULL_ONLY = "pull_only"
    """She takes only what she asks for."""
    QUEUE_DELAY = "queue_delay"
    """It has not been in its queue for as long as she has to wait for work from there."""
    KEPT_FREE = "kept_free"
    """She is one of the last who are free, and kept so for something more urgent."""
    LOGIN_RAMP = "login_ramp"
    """She has come just now, and has something: one at a time until her ramp is over."""
    SHIFT_END = "shift_end"
    """It would not be done by the end of her shift, which is when she leaves."""
    BATCH_WINDOW = "batch_window"
    """Its queue gives out at the ends of windows: until this one ends."""
