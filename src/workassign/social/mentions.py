"""What is a mention? One message about a brand or to it, wherever it was written, in one form.

Readers make mentions of what networks and inboxes send; everything after them knows nothing else.
What a network does not tell is None, and never guessed here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from hashlib import blake2b
from types import MappingProxyType
from typing import Any

import attrs

from workassign._names import NAME_LIMIT, checked_name
from workassign.errors import UsageError
from workassign.gate import check_attributes
from workassign.model import LATEST, Instant, InteractionId, Value, checked_attributes, is_number

__all__ = ["BadRecord", "Mention", "key_of", "name_of", "usable"]

LONGEST_ID = 10_000
"""No id of a network is longer, in characters."""

_NO_ATTRIBUTES: Mapping[str, Value] = MappingProxyType({})
_NO_LABELS: Mapping[str, str] = MappingProxyType({})


@attrs.frozen(kw_only=True)
class Mention:
    """One post, comment, direct message, e-mail or chat message, as it was read."""

    id: str
    """As the network has it; unique within that network."""
    at: Instant
    """When it was written."""
    text: str = attrs.field(repr=False)
    """Never shown: what customers write belongs into no log."""
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
    """Return what names *id* of a *network*, a mention or an account, among those of all networks.

    A slash in a network's own name is written `%2F`, so that no two share a key.

    >>> key_of("twitter", "17"), key_of("", "17"), key_of("a/b", "c")
    ('twitter/17', '17', 'a%2Fb/c')
    """
    if "/" in network or "%" in network:
        network = network.replace("%", "%25").replace("/", "%2F")
    return f"{network}/{id}" if network else id


def name_of(key: str) -> InteractionId:
    """Return the name that the engine knows a mention by: its *key*, if that can be one.

    A key that is too long, or holds what nobody can see, keeps its beginning and gets a digest, so
    that two keys never have one name. Of a name it is the name itself.
    """
    if 0 < len(key) <= NAME_LIMIT and key.isprintable():
        return key
    digest = blake2b(key.encode(errors="surrogatepass"), digest_size=16).hexdigest()
    shown = "".join(filter(str.isprintable, key[:NAME_LIMIT]))
    return f"{shown[: NAME_LIMIT - len(digest) - 1]}~{digest}"


def usable(mention: Mention) -> Mention:
    """Return *mention* as everything after the door can rely on it.

    A figure that can be none (followers of less than nothing, a sentiment that is no number) is
    unknown, and so are an author without a name and a language that is none. Cost: about 2 us.

    Raises:
        UsageError: If it has no id, no instant or no text, an id beyond all measure, or an
            attribute that an interaction cannot have. The error never quotes what was written.
    """
    if not isinstance(mention.text, str):
        raise UsageError(f"text of a mention must be a string, not {type(mention.text).__name__}")
    if not is_number(mention.at) or not -LATEST <= mention.at <= LATEST:
        raise UsageError(f"at of a mention must be an instant, in seconds, not {repr(mention.at)[:40]}")
    if not mention.id:
        raise UsageError("id of a mention must not be empty")
    for name in _IDS:
        value = getattr(mention, name)
        if value is None and name not in ("id", "network"):
            continue
        if type(value) is not str:
            raise UsageError(f"{name} of a mention must be a string, not {type(value).__name__}")
        if len(value) > LONGEST_ID:
            raise UsageError(f"{name} of a mention must have at most {LONGEST_ID:,} characters")
    if mention.brand is not None:
        checked_name(mention.brand, "brand of a mention")
    if mention.attributes:
        check_attributes(checked_attributes(mention.attributes), "a mention")
    unknown: dict[str, Any] = {}
    for name, holds in _POSSIBLE:
        value = getattr(mention, name)
        if value is not None and not holds(value):
            unknown[name] = None
    return attrs.evolve(mention, **unknown) if unknown else mention


_IDS = ("id", "network", "author", "in_reply_to", "thread", "repost_of")


def _is_count(value: object) -> bool:
    return is_number(value) and 0 <= value < math.inf  # type: ignore[operator]


def _is_feeling(value: object) -> bool:
    return is_number(value) and -1 <= value <= 1  # type: ignore[operator]


def _is_word(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= NAME_LIMIT and value.isprintable()


_POSSIBLE: tuple[tuple[str, Callable[[object], bool]], ...] = (
    ("author", bool),
    ("followers", _is_count),
    ("likes", _is_count),
    ("reposts", _is_count),
    ("replies", _is_count),
    ("sentiment", _is_feeling),
    ("language", _is_word),
)
"""What must hold of a field, for it to be known."""


@attrs.frozen
class BadRecord:
    """A record that cannot be a mention, the line where it begins (from 1), and why.

    In a payload that has no lines, *line* is the number of the record.
    """

    line: int
    reason: str
