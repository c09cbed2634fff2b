"""What does an interaction say of itself under a name: its channel, its customer's segment, an attribute?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from workassign.model import Interaction
from workassign.needs import checked_name

__all__ = ["cases_of", "field_of"]


def field_of(field: str) -> Callable[[Interaction], Any]:
    """Return what reads *field*: `channel`, `tier` (its own), `segment` or an attribute; None: it has none.

    Raises:
        UsageError: If *field* is no name.
    """
    checked_name(field, "field")
    return _FIELDS.get(field) or (lambda interaction: interaction.attributes.get(field))


def cases_of(cases: object) -> dict[str, Any]:
    """Return *cases* by value, as text.

    Raises:
        ValueError: If they are no table, or there are none.
    """
    if not isinstance(cases, Mapping) or not cases:
        raise ValueError(f"cases must be a table value -> seconds, not {cases!r}")
    return {str(value): each for value, each in cases.items()}


_FIELDS: Mapping[str, Callable[[Interaction], Any]] = {
    "channel": lambda interaction: interaction.channel,
    "tier": lambda interaction: interaction.tier,
    "segment": lambda interaction: None if interaction.customer is None else interaction.customer.segment,
}
