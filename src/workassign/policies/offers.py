"""What happens after a decline, a time-out, a lost connection?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import attrs

from workassign.model import LARGEST, is_number, range_problem, whole_problem
from workassign.policies.naming import factory

__all__ = ["REFUSALS_KEPT", "Backoff", "RefusalPolicy", "per_cause"]


REFUSALS_KEPT = 1000
"""Of an agent's refusals of one cause, the last so many can count towards a pause."""


@attrs.frozen(kw_only=True)
class Backoff:
    """How long whom is not asked again after a refusal; seconds, all positive.

    An interaction goes back to the agent who refused it only after `exclusion`; if everybody
    who could take it has refused, the oldest refusal is asked again after its `cool_down`.
    """

    cool_down: float = 30.0
    exclusion: float = 600.0
    rest: float | None = None
    """The agent is offered nothing at all for so long; None: no rest."""
    pause_after: int | None = None
    """So many refusals of this cause within `window` make her `away`; None: never."""
    window: float = 900.0
    boost: float = 0.0
    """Head start that the interaction gains, as far as its queue's `head_start_cap` leaves room; >= 0."""

    def __attrs_post_init__(self) -> None:
        """Raise a ValueError that lists what is out of range."""
        for name in ("cool_down", "exclusion", "rest", "window"):
            value = getattr(self, name)
            if value is None and name == "rest":
                continue
            if (problem := range_problem(value)) is not None:
                raise ValueError(f"{name} {problem}")
        if not is_number(self.boost) or not 0 <= self.boost <= LARGEST:
            raise ValueError(f"boost must be a number from 0 to {LARGEST:g}, not {self.boost!r}")
        after = self.pause_after
        if after is not None and (problem := whole_problem(after, 1, REFUSALS_KEPT)):
            raise ValueError(f"pause_after {problem}")
        if self.exclusion < self.cool_down:
            raise ValueError(
                f"exclusion ({self.exclusion:g}) must not be shorter than cool_down ({self.cool_down:g})"
            )


RefusalPolicy: TypeAlias = Callable[[str, str], Backoff]
"""The back-off after a cause (declined, expired, disconnected) and the agent's own reason."""


@factory
def per_cause(
    declined: Mapping[str, Any] | None = None,
    expired: Mapping[str, Any] | None = None,
    disconnected: Mapping[str, Any] | None = None,
    reasons: Mapping[str, Mapping[str, Any]] | None = None,
) -> RefusalPolicy:
    """One back-off for each cause, given as the settings of a `Backoff`.

    With *reasons*, one for each reason that an agent may give when she declines; all others are
    `declined`. Whatever the reason, `pause_after` counts all that she declined.

    By default three offers that ran out within 15 minutes make an agent `away`: she has gone.

    >>> policy = per_cause(declined={"cool_down": 60}, reasons={"busy": {"cool_down": 5}})
    >>> policy("declined", "busy").cool_down, policy("declined", "not mine").cool_down
    (5, 60)
    """
    known = {
        "declined": _backoff("declined", declined),
        "expired": _backoff("expired", expired, pause_after=3),
        "disconnected": _backoff("disconnected", disconnected),
    }

    if reasons is not None and not isinstance(reasons, Mapping):
        raise ValueError(f"reasons: must be a table of back-offs by reason, not {reasons!r}")
    told = {reason: _backoff(f"reasons.{reason}", each) for reason, each in (reasons or {}).items()}

    def backoff(cause: str, reason: str) -> Backoff:
        return told.get(reason, known[cause]) if cause == "declined" else known[cause]

    return backoff


def _backoff(cause: str, settings: object, pause_after: int | None = None) -> Backoff:
    names = [field.name for field in attrs.fields(Backoff)]
    settings = {} if settings is None else settings
    if not isinstance(settings, Mapping):
        raise ValueError(f"{cause}: must be a table of {', '.join(names)}, not {settings!r}")
    wrong = [str(name) for name in settings if name not in names]
    if wrong:
        raise ValueError(f"{cause}: unknown {', '.join(wrong)}; there are {', '.join(names)}")
    try:
        return Backoff(**{"pause_after": pause_after, **settings})
    except ValueError as error:
        raise ValueError(f"{cause}: {error}") from None
