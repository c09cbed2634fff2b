"""What does Chatwoot send? Webhooks: a message was created in a chat, an e-mail, a direct message."""

from __future__ import annotations

from collections.abc import Iterator

from workassign.model import Instant, Value
from workassign.social.files.dates import from_iso, from_posix
from workassign.social.mentions import BadRecord, Mention
from workassign.social.payloads.parts import Part, Source, each, identity

__all__ = ["read"]

_TYPES = {0: "incoming", 1: "outgoing", 2: "activity", 3: "template"}
"""Webhooks name the type of a message; within a conversation it is a number."""


def read(payload: object, source: Source) -> Iterator[Mention | BadRecord]:
    """Yield the mention of a webhook, or of each in a list."""

    def one(part: Part) -> Mention | None:
        return _event(part, source)

    if isinstance(payload, list):
        return each((f"[{number}]", one_of, one) for number, one_of in enumerate(payload))
    return each([("", payload, one)])


def _event(part: Part, source: Source) -> Mention | None:
    event = part.text("event")
    if event is None:
        raise ValueError(f"{part.where('event')} is missing")
    if event != "message_created":
        source.passed_over("another event than message_created")
        return None
    kind = _type(part)
    if kind == "activity":
        source.passed_over("a message of Chatwoot itself")
        return None
    if part.truth("private"):
        source.passed_over("a private note of agents")
        return None
    return _message(part, kind, source)


def _type(part: Part) -> str:
    value = part.raw("message_type")
    name = _TYPES.get(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(name, str) or name not in _TYPES.values():
        raise ValueError(f"{part.where('message_type')} is none of {', '.join(_TYPES.values())}")
    return name


def _message(part: Part, kind: str, source: Source) -> Mention:
    conversation, inbox = part.part("conversation"), part.part("inbox")
    author, name = _author(part, kind)
    return Mention(
        id=part.must_id("id"),
        at=_at(part),
        text=source.text(part.text("content")),
        network=source.network,
        to=inbox.line("name") or inbox.id("id") or conversation.id("inbox_id"),
        author=author,
        name=name,
        in_reply_to=part.part("content_attributes").id("in_reply_to"),
        thread=conversation.id("id", "display_id"),
        public=False,
        ours=kind != "incoming" or source.is_ours(author, part.part("sender").text("email")),
        media=len(part.items("attachments")),
        attributes=_attributes(part, kind),
    )


def _author(part: Part, kind: str) -> tuple[str | None, str | None]:
    """Return who wrote it: a contact by her id; an agent's id has `user/` before it, for both are counted."""
    sender = part.part("sender")
    if kind == "incoming":
        if not sender:
            sender = part.part("contact") or part.part("conversation").part("meta").part("sender")
        return sender.id("id"), sender.line("name")
    found = sender.id("id")
    return None if found is None else identity(f"user/{found}", "sender.id"), sender.line("name")


def _attributes(part: Part, kind: str) -> dict[str, Value]:
    found: dict[str, Value] = {}
    channel = part.part("conversation").line("channel") or part.part("inbox").line("channel_type")
    if channel is not None:
        found["channel_type"] = channel
    bot = part.part("sender").text("type") in ("agent_bot", "captain_assistant")
    if kind == "template" or bot:
        found["automatic"] = True
    return found


def _at(part: Part) -> Instant:
    """Return when it was written: ISO, the older `2020-03-03 13:05:57 UTC`, or POSIX seconds."""
    value = part.raw("created_at")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return from_posix(value, part.where("created_at"))
    return part.at("created_at", _from_text)


def _from_text(text: str, what: str) -> Instant:
    return from_iso(f"{text.removesuffix(' UTC')}Z" if text.endswith(" UTC") else text, what)
