"""What goes along when a conversation changes its channel: a tweet that becomes an e-mail, a call?

Two things: the interaction that the engine is given for the new channel, and the context that an agent
is shown there. Neither holds a text; who may read texts finds them by their references.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import attrs

from workassign.commands import Cancel, Command, Complete, Submit
from workassign.errors import UsageError
from workassign.model import AgentId, Fence, Instant, Interaction, InteractionId, Value
from workassign.social.happenings import HandedOver

__all__ = ["SPEAKERS", "Context", "Said", "context", "continued", "handed_over", "handing_over"]

SPEAKERS = ("customer", "agent", "bot")

HANDED_OVER = "handed over"
"""The reason with which an interaction is closed that goes on elsewhere and that nobody held."""


@attrs.frozen(kw_only=True)
class Said:
    """One message of a conversation: who said it when, and where its text is.

    Raises:
        UsageError: If nobody of `SPEAKERS` said it.
    """

    at: Instant
    by: str
    """customer, agent or bot."""
    ref: str
    network: str = ""
    agent: AgentId | None = None
    sentiment: float | None = None
    """The customer's, if it is known."""

    def __attrs_post_init__(self) -> None:
        """Check who said it."""
        if self.by not in SPEAKERS:
            raise UsageError(f"by must be one of {', '.join(SPEAKERS)}, not {str(self.by)[:40]!r}")


@attrs.frozen(kw_only=True)
class Context:
    """What an agent's screen shows of a conversation that comes to her from elsewhere."""

    interaction: InteractionId
    """What it is now."""
    before: tuple[InteractionId, ...]
    """What it was, the first first; as far as it was said."""
    customer: str | None
    topic: str | None
    said: tuple[Said, ...]
    """In order of time; of several at one instant, as they were given."""
    agents: tuple[AgentId, ...]
    """Who answered so far, the first first."""
    first_sentiment: float | None
    sentiment: float | None
    """The last that is known, -1 to 1."""
    worst_sentiment: float | None
    waits: tuple[float, ...]
    """Seconds from each of the customer's messages that had no answer yet to the next by an agent."""
    waiting_since: Instant | None
    """Since when she waits for an agent's answer; None: the last word was an agent's, or nothing was said."""


def continued(
    old: Interaction,
    *,
    id: InteractionId,
    channel: str,
    queue: str | None = None,
    holder: AgentId | None = None,
    ref: str | None = None,
    sentiment: float | None = None,
    attributes: Mapping[str, Value] | None = None,
) -> Interaction:
    """Return the interaction by which *old* goes on in *channel*.

    Customer, needs, tier, label and attributes are the old one's; its attribute `continues` is the
    old id, and `began` the first of all. It prefers the *holder*, who had the old one, or whom that
    preferred; how long it waits for her is the queue's `sticky_wait`. *sentiment* is that of the
    last message, if it is known.

    It is no part of the old one, which would then have to stay open until it is done. But what
    the old one was a part of, that waits for the new one now. Its age begins anew, for the engine
    knows no other; `waiting_since` of the `context` is the age that a customer feels.

    Raises:
        UsageError: If *id* is the old one, or anything is none of what it must be.
    """
    if id == old.id:
        raise UsageError(f"interaction {id!r} cannot continue itself: give it an id of its own")
    into = old.queue if queue is None else queue
    chain: dict[str, Value] = {"continues": old.id, "began": old.attributes.get("began", old.id)}
    return attrs.evolve(
        old,
        id=id,
        channel=channel,
        queue=into,
        prefers=old.prefers if holder is None else holder,
        ref=ref,
        sentiment=old.sentiment if sentiment is None else sentiment,
        attributes={**old.attributes, **(attributes or {}), **chain},
        not_before=None,
        shared_with=tuple(name for name in old.shared_with if name != into),
    )


def handing_over(
    old: InteractionId, new: Interaction, agent: AgentId | None = None, fence: Fence | None = None
) -> list[Command]:
    """Return what the engine is told: *new* comes in, then *old* is closed.

    In this order, so that *agent*, who holds the old one under *fence*, finds the new one waiting
    for her when she is free: the other way round she could be given something else that came later.
    What nobody held is cancelled, and counts as exited.

    Raises:
        UsageError: If one of agent and fence is given without the other.
    """
    if agent is None or fence is None:
        if agent is not None or fence is not None:
            raise UsageError("agent and fence are given both, or neither")
        return [Submit(new), Cancel(old, HANDED_OVER)]
    return [Submit(new), Complete(old, agent, fence)]


def handed_over(at: Instant, new: Interaction, agent: AgentId | None = None) -> HandedOver:
    """Return that the conversation goes on as *new*, made by `continued`; *agent* had it before."""
    return HandedOver(
        at=at, interaction=str(new.attributes["continues"]), to=new.id, channel=new.channel, agent=agent
    )


def context(
    interaction: Interaction, said: Iterable[Said], *, before: Sequence[InteractionId] = ()
) -> Context:
    """Return what is shown with *interaction*: what was *said* so far, and what follows from it.

    *before*: what it was, where the caller knows more than the interaction itself says. Bots
    answer nobody here: a customer who was told to wait waits. Cost: O(n log n) in what was said.
    """
    ordered = tuple(sorted(said, key=lambda each: each.at))
    felt = [each.sentiment for each in ordered if each.by == "customer" and each.sentiment is not None]
    if not felt and interaction.sentiment is not None:
        felt = [interaction.sentiment]
    waits, since = _waits(ordered)
    topic = interaction.attributes.get("topic")
    return Context(
        interaction=interaction.id,
        before=tuple(before) or _before(interaction),
        customer=None if interaction.customer is None else interaction.customer.id,
        topic=topic if isinstance(topic, str) else None,
        said=ordered,
        agents=tuple(dict.fromkeys(each.agent for each in ordered if each.agent is not None)),
        first_sentiment=felt[0] if felt else None,
        sentiment=felt[-1] if felt else None,
        worst_sentiment=min(felt, default=None),
        waits=waits,
        waiting_since=since,
    )


def _before(interaction: Interaction) -> tuple[InteractionId, ...]:
    """Return the first and the last of what *interaction* was."""
    names = (interaction.attributes.get("began"), interaction.attributes.get("continues"))
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str)))


def _waits(said: Sequence[Said]) -> tuple[tuple[float, ...], Instant | None]:
    """Return how long the customer waited each time, and since when she waits now."""
    turns = [each for each in said if each.by != "bot"]
    # Of a burst only the first message counts: it is what she waits for an answer to.
    begins = [each for before, each in pairwise([None, *turns]) if each is not None and _begins(before, each)]
    waits: list[float] = []
    since: Instant | None = None
    for each in begins:
        if each.by == "customer":
            since = each.at
        elif since is not None:
            waits.append(each.at - since)
            since = None
    return tuple(waits), since


def _begins(before: Said | None, each: Said) -> bool:
    return before is None or before.by != each.by
