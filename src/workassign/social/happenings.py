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
    "Collapsed",
    "DeskClosed",
    "DeskOpened",
    "Dropped",
    "Entered",
    "FannedOut",
    "HandedOver",
    "Happening",
    "Joined",
    "Misplaced",
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
class Misplaced:
    """A mention could not be used: there is no queue for it. *line* is where it began in its file."""

    at: Instant
    mention: str
    line: int
    reason: str


@attrs.frozen(kw_only=True)
class Dropped:
    """A mention left the funnel at a *stage*: it needs nobody. *audited*: people look at it all the same."""

    at: Instant
    mention: str
    stage: str
    audited: bool = False


@attrs.frozen(kw_only=True)
class Joined:
    """A customer went on with a conversation: her message is part of its interaction."""

    at: Instant
    mention: str
    interaction: InteractionId


@attrs.frozen(kw_only=True)
class Collapsed:
    """A mention says what an interaction is about already, which now stands for so many *mentions*.

    *reach*: the followers of everybody who said the same, added up.
    """

    at: Instant
    mention: str
    interaction: InteractionId
    mentions: int
    reach: int


@attrs.frozen(kw_only=True)
class Entered:
    """A mention became an interaction of its own, in a queue."""

    at: Instant
    mention: str
    interaction: InteractionId
    queue: str


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
    Misplaced
    | Dropped
    | Joined
    | Collapsed
    | Entered
    | Acknowledged
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
