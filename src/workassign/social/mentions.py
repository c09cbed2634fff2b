"""What is a mention? One message about a brand or to it, wherever it was written, in one form.

Readers make mentions of what networks and inboxes send; everything after them knows nothing else.
What a network does not tell is None, and never guessed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import attrs

from workassign.model import Instant, Value

__all__ = ["BadRecord", "Mention", "key_of"]

_NO_ATTRIBUTES: Mapping[str, Value] = MappingProxyType({})
_NO_LABELS: Mapping[str, str] = MappingProxyType({})


@attrs.frozen(kw_only=True)
class Mention:
    """One post, comment, direct message, e-mail or chat message, as it was read."""

    id: str
    """As the network has it; unique within that network."""
    at: Instant
    """When it was written."""
    text: str
    network: str = ""
    """twitter, mastodon, bluesky, chatwoot, email, …; empty where a desk has only one."""
    line: int = 0
    """Where it begins in its file, or its number among the records of a payload, from 1; 0: unknown."""
    brand: str | None = None
    """Whom it is about."""
    to: str | None = None
    """The handle, address or inbox of ours to which it came, without an @."""
    author: str | None = None
    """Who wrote it: the id that the network gives her, which stays when she renames herself."""
    name: str | None = None
    """What she is called there; for people to read, decides nothing."""
    followers: int | None = None
    verified: bool | None = None
    language: str | None = None
    """As the network or the author says, ISO 639-1: en, es."""
    sentiment: float | None = None
    """-1 (furious) to 1 (delighted), if the source knows it."""
    value: float | None = None
    """The customer's lifetime value in the operator's own money."""
    in_reply_to: str | None = None
    """The id, in the same network, of what it answers."""
    thread: str | None = None
    """The id, in the same network, of the conversation that it is part of."""
    repost_of: str | None = None
    """The id of what it repeats word for word, where the network says so."""
    public: bool = True
    """Everybody can read it; else it is a direct message, an e-mail, a chat."""
    ours: bool = False
    """Written by the brand itself: an agent's answer that comes back, a post of the brand's own."""
    media: int = 0
    """So many pictures, films or files came with it."""
    likes: int | None = None
    reposts: int | None = None
    replies: int | None = None
    attributes: Mapping[str, Value] = _NO_ATTRIBUTES
    labels: Mapping[str, str] = _NO_LABELS
    """What people said of it afterwards: name -> label. To measure by; nothing is decided by it."""

    @property
    def key(self) -> str:
        """Return what names it among the mentions of all networks: network/id, or the id alone."""
        return key_of(self.network, self.id)


def key_of(network: str, id: str) -> str:
    """Return what names *id* of a *network*, a mention or an account, among those of all networks."""
    return f"{network}/{id}" if network else id


@attrs.frozen
class BadRecord:
    """A record that cannot be a mention, the line where it begins (from 1), and why.

    In a payload that has no lines, *line* is the number of the record.
    """

    line: int
    reason: str
