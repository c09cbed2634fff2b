"""What has happened at the social front? Facts in the past tense, one class each, beside the engine's.

They hold references and never texts: `mention` is `Mention.key` (network/id), `reply` and
`articles` are ids. `at` is when it was noted; `due` stands beside it where time was the cause.
None of them sends anything: whoever talks to a network reads them, and does what they say.
"""

from __future__ import annotations

from typing import TypeAlias

import attrs

from workassign.model import AgentId, Instant, InteractionId
from workassign.social.mentions import Mention

__all__ = [
    "Acknowledged",
    "Answered",
    "CameOnDuty",
    "DeskClosed",
    "DeskOpened",
    "FannedOut",
    "HandedOver",
    "Happening",
    "NotAnswered",
    "OnDuty",
    "Origin",
    "Routed",
    "Suggested",
    "WentOffDuty",
]


@attrs.frozen(kw_only=True)
class Origin:
    """One mention of those that share an interaction: whom an answer to it goes to, and where."""

    network: str
    mention: str
    """Its id in that network."""
    author: str | None = None

    @classmethod
    def of(cls, mention: Mention) -> Origin:
        """Return where *mention* came from."""
        return cls(network=mention.network, mention=mention.id, author=mention.author)


@attrs.frozen(kw_only=True)
class Acknowledged:
    """Somebody was told that her mention came in; it waits for an agent all the same.

    `reply` is to be sent to each of `to`: to several where a storm is one interaction.
    """

    at: Instant
    mention: str
    interaction: InteractionId
    rule: str
    reply: str
    to: tuple[Origin, ...]


@attrs.frozen(kw_only=True)
class Answered:
    """A mention was answered by a canned reply, and closed: no agent sees it."""

    at: Instant
    mention: str
    interaction: InteractionId
    rule: str
    reply: str
    to: tuple[Origin, ...]


@attrs.frozen(kw_only=True)
class NotAnswered:
    """A mention needs no answer, and was closed for *reason*."""

    at: Instant
    mention: str
    interaction: InteractionId
    rule: str
    reason: str


@attrs.frozen(kw_only=True)
class FannedOut:
    """What was answered once, in *interaction*, goes to everybody who asked it.

    `reply` is where the text is, in the caller's own terms.
    """

    at: Instant
    interaction: InteractionId
    reply: str
    to: tuple[Origin, ...]


@attrs.frozen(kw_only=True)
class Suggested:
    """Articles that may answer an interaction: id and score, 0 to 1, the best first."""

    at: Instant
    interaction: InteractionId
    articles: tuple[tuple[str, float], ...]


@attrs.frozen(kw_only=True)
class Routed:
    """A rule said where a mention goes.

    `queue` is where its interaction went, `copies` are the ids of those that others have of their own.
    """

    at: Instant
    mention: str
    interaction: InteractionId
    rule: str
    queue: str
    copies: tuple[InteractionId, ...] = ()


@attrs.frozen(kw_only=True)
class HandedOver:
    """A conversation goes on in another channel, as the interaction *to*; *agent* had it, if anybody."""

    at: Instant
    interaction: InteractionId
    to: InteractionId
    channel: str
    agent: AgentId | None


@attrs.frozen(kw_only=True)
class DeskOpened:
    """A desk's hours began at *due*."""

    at: Instant
    due: Instant
    desk: str


@attrs.frozen(kw_only=True)
class DeskClosed:
    """A desk's hours ended at *due*."""

    at: Instant
    due: Instant
    desk: str


@attrs.frozen(kw_only=True)
class CameOnDuty:
    """An agent who works at a desk is there."""

    at: Instant
    desk: str
    agent: AgentId


@attrs.frozen(kw_only=True)
class WentOffDuty:
    """An agent who works at a desk is there no more."""

    at: Instant
    desk: str
    agent: AgentId


@attrs.frozen(kw_only=True)
class OnDuty:
    """Who is at a desk from now on, in order of their ids, since somebody came or went.

    `until` is when that is expected to change: the first end of a shift, or of the desk's hours;
    None where nobody knows.
    """

    at: Instant
    desk: str
    agents: tuple[AgentId, ...]
    until: Instant | None


Happening: TypeAlias = (
    Acknowledged
    | Answered
    | NotAnswered
    | FannedOut
    | Suggested
    | Routed
    | HandedOver
    | DeskOpened
    | DeskClosed
    | CameOnDuty
    | WentOffDuty
    | OnDuty
)
