"""Policies that the golden journals name. Never change or move one: the journals are for ever."""

from workassign.model import Instant, Interaction


def moody(interaction: Interaction, at: Instant) -> float:
    """Give a quarter of a minute; fail where the interaction says so."""
    if interaction.attributes.get("moody"):
        raise ValueError("not today")
    return 15.0
