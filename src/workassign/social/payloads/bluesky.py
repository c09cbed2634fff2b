"""What does Bluesky send? Notifications (`listNotifications`) and posts (`searchPosts`, feeds)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workassign.model import Instant, Value
from workassign.social.files.dates import from_iso
from workassign.social.mentions import BadRecord, Mention
from workassign.social.payloads.parts import Item, Part, Read, Source, each, identity, language_of, listed

__all__ = ["read"]

_HANDLE_LIMIT = 100
_LISTS = ("notifications", "posts", "feed")
_WRITTEN = (None, "mention", "reply", "quote", "subscribed-post")
"""Reasons of a notification that somebody wrote; None: a post that no notification brought."""


def read(payload: object, source: Source) -> Iterator[Mention | BadRecord]:
    """Yield the mentions of an answer, of one notification or post, or of a list of them."""

    def one(part: Part) -> Mention | None:
        return _read(part.part("post") if "post" in part else part, source)

    return each(_items(payload, one))


def _items(payload: object, one: Read) -> Iterator[Item]:
    if isinstance(payload, list):
        yield from ((f"[{number}]", each, one) for number, each in enumerate(payload))
        return
    found = [name for name in _LISTS if isinstance(payload, Mapping) and payload.get(name) is not None]
    if not found:
        yield "", payload, one
    for name in found:
        yield from listed(Part(payload, ""), name, one)


def _read(part: Part, source: Source) -> Mention | None:
    reason = part.text("reason")
    if reason in _WRITTEN:
        return _post(part, source)
    if reason == "repost":
        return _repost(part, source)
    source.passed_over("a notification of a click: like, follow and others")
    return None


def _post(part: Part, source: Source) -> Mention:
    record, author = part.part("record"), part.part("author")
    reply, text = record.part("reply"), record.text("text") or ""
    did, uri = author.id("did"), part.must_id("uri")
    parent = reply.part("parent").id("uri")
    tags = record.items("langs")
    return Mention(
        id=uri,
        at=_written_at(part, record),
        text=source.text(text),
        network=source.network,
        to=source.addressed(_addressed(record, text, parent, source)),
        author=did,
        name=author.line("displayName") or author.line("handle"),
        followers=author.count("followersCount"),
        verified=_verified(author),
        # Of somebody who names several it is not known in which she wrote.
        language=language_of(tags[0]) if len(tags) == 1 and isinstance(tags[0], str) else None,
        in_reply_to=parent,
        # What begins a conversation is named by the others as its root.
        thread=reply.part("root").id("uri") or uri,
        ours=source.is_ours(did, author.text("handle")),
        media=_media(record.part("embed")),
        likes=part.count("likeCount"),
        reposts=part.count("repostCount"),
        replies=part.count("replyCount"),
        attributes=_quoting(record.part("embed")),
    )


def _repost(part: Part, source: Source) -> Mention:
    """Return the repost that a notification tells of; the text of what it repeats is not told."""
    record, author = part.part("record"), part.part("author")
    did = author.id("did")
    return Mention(
        id=part.must_id("uri"),
        at=_written_at(part, record),
        text="",
        network=source.network,
        author=did,
        name=author.line("displayName") or author.line("handle"),
        followers=author.count("followersCount"),
        verified=_verified(author),
        repost_of=record.part("subject").id("uri") or part.must_id("reasonSubject"),
        ours=source.is_ours(did, author.text("handle")),
    )


def _written_at(part: Part, record: Part) -> Instant:
    """Return when it was written: what the author's program says, but never after it was seen.

    The program may say anything, the year 1 as well; the server's own instant then counts alone.
    """
    seen = part.at("indexedAt") if "indexedAt" in part else None
    said = record.text("createdAt")
    if seen is None:
        return record.at("createdAt")
    if said is None:
        return seen
    try:
        return min(seen, from_iso(said, record.where("createdAt")))
    except ValueError as error:
        if "must be from" not in str(error):
            raise
        return seen


def _verified(author: Part) -> bool | None:
    status = author.part("verification").text("verifiedStatus")
    return None if status is None else status == "valid"


def _addressed(record: Part, text: str, parent: str | None, source: Source) -> Iterator[str]:
    """Yield who is mentioned, by handle, then whom it answers, by the id in the address of her post."""
    written = text.encode(errors="replace")
    for facet in record.parts("facets"):
        for feature in facet.parts("features"):
            did = feature.text("did")
            if did is None:
                continue
            index = facet.part("index")
            start, end = index.count("byteStart") or 0, index.count("byteEnd") or 0
            shown = written[start:end].decode(errors="replace").strip().removeprefix("@")
            handle = shown if 0 < len(shown) <= _HANDLE_LIMIT and shown.isprintable() else did
            # The text of a link can be made up; the id cannot.
            yield did if source.is_ours(did) and not source.is_ours(handle) else handle
    if parent is not None and parent.startswith("at://"):
        yield identity(parent.removeprefix("at://").partition("/")[0], "the author of the parent")


def _media(embed: Part) -> int:
    """Return how many pictures and films a post embeds, beside a quoted post or not."""
    if "media" in embed:
        embed = embed.part("media")
    return len(embed.items("images")) + ("video" in embed)


def _quoting(embed: Part) -> Mapping[str, Value]:
    record = embed.part("record")
    quoted = record.part("record").id("uri") or record.id("uri")
    return {} if quoted is None else {"quote_of": quoted}
