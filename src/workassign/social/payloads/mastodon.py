"""What does a Mastodon server send? Notifications and statuses, as lists or from a stream."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TypedDict

from workassign.model import Value
from workassign.social.mentions import BadRecord, Mention
from workassign.social.payloads.parts import Item, Part, Source, each, language_of, listed
from workassign.social.texts.markup import text_of

__all__ = ["read"]

_WRITTEN = ("mention", "status", "quote")
"""Notifications of a status that somebody wrote; others tell of clicks, moves and moderation."""
_STREAMED = ("notification", "update", "conversation")


def read(payload: object, source: Source) -> Iterator[Mention | BadRecord]:
    """Yield the mentions of a notification, a status, an event of a stream, or a list of them."""
    reader = _Reader(source)
    whole = [("", payload, reader.read)]
    return each(_listed(payload, reader) if isinstance(payload, list | Mapping) else whole)


def _listed(payload: list[object] | Mapping[str, object], reader: _Reader) -> Iterator[Item]:
    if isinstance(payload, list):
        yield from ((f"[{number}]", one, reader.read) for number, one in enumerate(payload))
    elif payload.get("statuses") is not None:  # an answer of a search
        yield from listed(Part(payload, ""), "statuses", reader.read)
    else:
        yield "", payload, reader.read


class _Author(TypedDict):
    author: str | None
    name: str | None
    followers: int | None
    ours: bool


class _Reader:
    def __init__(self, source: Source) -> None:
        self._source = source

    def read(self, part: Part) -> Mention | None:
        """Return what *part* says: an event of a stream, a notification or a status."""
        if "event" in part:
            return self._streamed(part)
        if "type" in part and ("status" in part or "content" not in part):
            return self._notification(part)
        return self._status(part)

    def _streamed(self, part: Part) -> Mention | None:
        """Return what an event of a stream brings; its payload is JSON in a text."""
        event, sent = part.text("event"), part.raw("payload")
        if event not in _STREAMED:
            self._source.passed_over("an event of a stream that is no post")
            return None
        if isinstance(sent, str):
            try:
                sent = json.loads(sent, strict=False)
            except (ValueError, RecursionError):
                raise ValueError(f"{part.where('payload')} is no JSON") from None
        inner = Part(sent, part.where("payload"))
        if event == "conversation":
            return self._status(inner.part("last_status"))
        return self._notification(inner) if event == "notification" else self._status(inner)

    def _notification(self, part: Part) -> Mention | None:
        kind = part.text("type")
        if kind in _WRITTEN:
            return self._status(part.part("status"))
        if kind == "reblog":
            return self._reblog(part)
        self._source.passed_over("a notification of a click, a move or the moderation")
        return None

    def _reblog(self, part: Part) -> Mention:
        """Return the repost that a notification tells of: it is known by the notification alone."""
        status, account = part.part("status"), part.part("account")
        source = self._source
        return Mention(
            # Notifications and statuses are counted apart, so that one id may be given twice.
            id=f"notification/{part.must_id('id')}",
            at=part.at("created_at"),
            text=source.text(_text(status)),
            network=source.network,
            to=source.addressed([handle for handle in (status.part("account").text("acct"),) if handle]),
            **_author(account, source),
            language=language_of(status.text("language")),
            repost_of=status.must_id("id"),
            public=self._public(status),
            attributes=_automatic(account),
        )

    def _status(self, part: Part) -> Mention:
        source, account = self._source, part.part("account")
        original = part.part("reblog")
        said = original or part
        return Mention(
            id=part.must_id("id"),
            at=part.at("created_at"),
            text=source.text(_text(said)),
            network=source.network,
            to=source.addressed(acct for each in said.parts("mentions") if (acct := each.text("acct"))),
            **_author(account, source),
            language=language_of(said.text("language")),
            in_reply_to=part.id("in_reply_to_id"),
            repost_of=original.id("id"),
            public=self._public(part),
            media=len(said.items("media_attachments")),
            likes=part.count("favourites_count"),
            reposts=part.count("reblogs_count"),
            replies=part.count("replies_count"),
            attributes=_automatic(account),
        )

    def _public(self, part: Part) -> bool:
        """Return whether all can read it; of what some other server calls it, better no."""
        visibility = part.text("visibility")
        if visibility not in (None, "public", "unlisted", "private", "direct"):
            self._source.notes["visibility is none that is known: taken as not public"] += 1
        return visibility in (None, "public", "unlisted")


def _author(account: Part, source: Source) -> _Author:
    author, handle = account.id("id"), account.text("acct")
    return {
        "author": author,
        "name": account.line("display_name") or account.line("acct"),
        "followers": account.count("followers_count"),
        "ours": source.is_ours(author, handle),
    }


def _automatic(account: Part) -> Mapping[str, Value]:
    return {"automatic": True} if account.truth("bot") else {}


def _text(status: Part) -> str:
    """Return the warning that stands before a status, if there is one, and the status."""
    said = (status.text("spoiler_text") or "", text_of(status.text("content") or ""))
    return "\n\n".join(each for each in said if each)
