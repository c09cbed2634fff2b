"""What does an e-mail say? RFC 5322, read by the standard library, within bounds.

The standard parser is right and patient, and its patience can be used against it: heads are cut
before they are parsed, and a mail with too many parts in it is a bad record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy, default
from functools import lru_cache
from hashlib import blake2b
from typing import TypeVar

from workassign.errors import UsageError
from workassign.model import Instant, Value
from workassign.social.files.dates import from_mail
from workassign.social.mentions import BadRecord, Mention
from workassign.social.payloads.parts import DISPLAY_LIMIT, Source, identity
from workassign.social.payloads.quoting import without_quoted_tail
from workassign.social.texts.cleaning import cleaned_line
from workassign.social.texts.markup import text_of

__all__ = ["read"]

HEAD_LIMIT = 2_000
"""So many characters of a field of the head are read; the parser takes time quadratic in some."""
PARSE_LIMIT = 200_000
"""So many characters of all fields of all parts are parsed; what comes after is taken as it stands."""
FIELD_LIMIT = 1_000
"""A head has at most so many fields: further ones are not looked at."""
WORK_LIMIT = 10_000_000
"""Lines times parts that hold parts: each line is compared with the end of all that are open."""
PART_LIMIT = 20_000
"""So many lines may look as if a part began there."""
DEPTH_LIMIT = 20
"""So deep may parts stand in parts."""

_BULK = ("bulk", "junk", "auto_reply")
_MALFORMED = (LookupError, ValueError, TypeError, AttributeError, AssertionError, RecursionError)
"""What the standard parser raises of a mail that nobody's program wrote."""

T = TypeVar("T")


def read(payload: object, source: Source) -> Iterator[Mention | BadRecord]:
    """Yield the mention of a whole mail, as bytes or text; of each in a list."""
    for number, mail in enumerate(payload if isinstance(payload, list) else [payload], 1):
        try:
            yield _mention(mail, number, source)
        except (ValueError, UsageError) as error:
            yield BadRecord(number, str(error))


def _mention(mail: object, number: int, source: Source) -> Mention:
    raw = _bytes(mail)
    head = _Head(_parsed(raw))
    author = head.addresses("from")
    own = head.id("message-id")
    if own is None:
        own = f"digest-{blake2b(raw, digest_size=16).hexdigest()}"
        source.notes["Message-ID is missing: a digest of the mail stands for it"] += 1
    references = head.ids("references")
    answers = head.id("in-reply-to") or (references[-1] if references else None)
    text, media = _content(head.message, source)
    subject = cleaned_line(head.text("subject") or "", HEAD_LIMIT)
    address = _plain(author[0]) if author else None
    return Mention(
        id=own,
        at=head.at(),
        text=source.text("\n\n".join(each for each in (subject, without_quoted_tail(text)) if each)),
        network=source.network,
        line=number,
        to=source.addressed(_recipients(head)),
        author=None if address is None else identity(address, "From"),
        name=(cleaned_line(author[0].display_name, DISPLAY_LIMIT) or None) if author else None,
        in_reply_to=answers,
        # What begins a conversation is named by the others as the first that they refer to.
        thread=references[0] if references else answers or own,
        public=False,
        ours=source.is_ours(address),
        media=media,
        attributes=_attributes(head),
    )


def _bytes(mail: object) -> bytes:
    if isinstance(mail, str):
        try:
            return mail.encode(errors="surrogateescape")  # bytes that were no UTF-8 are themselves again
        except UnicodeEncodeError:
            return mail.encode(errors="replace")
    if isinstance(mail, bytes | bytearray | memoryview):
        return bytes(mail)
    raise ValueError("a mail must be bytes or text")


class _Bounded(EmailPolicy):
    """The default policy for one mail: heads are cut, and from some number of them on taken as they stand."""

    def __init__(self) -> None:
        super().__init__(message_factory=EmailMessage)
        # Policies refuse to be changed; this one counts what it has read.
        object.__setattr__(self, "_left", [PARSE_LIMIT])

    def header_fetch_parse(self, name: str, value: str) -> str:
        """Return the field *name*: parsed, or if it cannot be, in one line."""
        left: list[int] = self.__dict__["_left"]
        left[0] -= min(len(value), HEAD_LIMIT)
        value = value[:HEAD_LIMIT]
        if left[0] <= 0:
            return _in_line(value)
        # The names of files are nobody's business once the mail is read.
        return _field(name, value) if "name" in value.lower() else _common_field(name, value)


def _field(name: str, value: str) -> str:
    try:
        parsed: str = default.header_fetch_parse(name, value)
    except _MALFORMED:
        return _in_line(value)
    return parsed


_common_field = lru_cache(maxsize=256)(_field)
"""What a part is, is asked ten times of each, and nearly all mails say it in the same few ways.

Only fields of that kind are fetched from the policy: no address, no subject.
"""


def _in_line(value: str) -> str:
    return " ".join(value.split())


def _parsed(raw: bytes) -> EmailMessage:
    lines = raw.count(b"\n") + raw.count(b"\r")
    begins = raw.count(b"oundary")
    parts = raw.count(b"\n--") if begins else 0
    if lines * (1 + begins) > WORK_LIMIT or parts > PART_LIMIT:
        raise ValueError(f"has too many parts ({max(begins, parts):,}) for a mail of {lines:,} lines")
    try:
        message = message_from_bytes(raw, policy=_Bounded())
    except _MALFORMED:
        raise ValueError("is no mail that can be read: its parts are malformed, or too deep") from None
    assert isinstance(message, EmailMessage)
    return message


# --- the head -------------------------------------------------------------------------------


class _Head:
    """The fields of a mail's head, by name in small letters, parsed when they are asked for."""

    def __init__(self, message: EmailMessage) -> None:
        self.message = message
        self._raw: dict[str, list[str]] = {}
        for number, (name, value) in enumerate(message.raw_items()):
            if number >= FIELD_LIMIT:
                break
            self._raw.setdefault(str(name).lower(), []).append(str(value)[:HEAD_LIMIT])

    def __contains__(self, name: str) -> bool:
        return name in self._raw

    def plain(self, name: str) -> str:
        """Return the first field *name* as it stands there, in one line."""
        return _in_line(self._raw.get(name, [""])[0])

    def text(self, name: str) -> str | None:
        """Return the first field *name*, with its encoded words read."""
        if name not in self._raw:
            return None
        return self._read(name, self._raw[name][0], str) or self.plain(name)

    def addresses(self, name: str) -> list[Address]:
        """Return the addresses in all fields *name*; those that are none are left out."""
        found: list[Address] = []
        for value in self._raw.get(name, []):
            found += self._read(name, value, lambda header: list(header.addresses)) or []
        return [each for each in found if each.username and each.domain]

    def _read(self, name: str, value: str, what: Callable[..., T]) -> T | None:
        try:
            return what(default.header_factory(name, value))
        except _MALFORMED:
            return None

    def ids(self, name: str) -> list[str]:
        """Return the ids of mails in field *name*, without their brackets."""
        words = self.plain(name).replace("><", "> <").split()
        if len(self._raw.get(name, [""])[0]) >= HEAD_LIMIT:
            words = words[:-1]  # of the last there may be only a begin
        return [identity(each, name.title()) for word in words if (each := word.strip("<>,"))]

    def id(self, name: str) -> str | None:
        """Return the first id in field *name*."""
        found = self.ids(name)
        return found[0] if found else None

    def at(self) -> Instant:
        """Return when it was written; if it does not say, when the last server received it."""
        if "date" in self:
            return from_mail(self.plain("date"), "Date")
        received = self.plain("received")
        if ";" in received:
            return from_mail(received.rpartition(";")[2].strip(), "Received")
        raise ValueError("Date is missing")


def _plain(address: Address) -> str:
    return f"{address.username}@{address.domain}".lower()


def _recipients(head: _Head) -> list[str]:
    names = ("to", "delivered-to", "x-original-to", "cc")
    found: list[str] = []
    for name in names:
        if name in ("to", "cc"):
            found += [_plain(each) for each in head.addresses(name)]
        elif head.plain(name):
            found.append(head.plain(name).strip("<>").lower()[:DISPLAY_LIMIT])
    return found


def _attributes(head: _Head) -> Mapping[str, Value]:
    """Return that no human wrote it, if it says so (RFC 3834, and what was usual before)."""
    submitted = head.plain("auto-submitted").lower().partition(";")[0].strip()
    automatic = (
        submitted not in ("", "no")
        or head.plain("precedence").lower() in _BULK
        or "x-autoreply" in head
        or "x-autorespond" in head
        or head.plain("return-path") == "<>"
        or head.plain("content-type").lower().startswith("multipart/report")
    )
    return {"automatic": True} if automatic else {}


# --- the body -------------------------------------------------------------------------------


def _content(message: EmailMessage, source: Source) -> tuple[str, int]:
    """Return what a mail says, plain text rather than HTML, and how many files came with it."""
    plain: str | None = None
    marked_up: str | None = None
    media = 0
    for part in _leaves(message):
        kind = part.get_content_type()
        attached = part.get_content_disposition() == "attachment"
        if attached or part.get_content_maintype() != "text":
            media += 1
        elif kind == "text/html":
            marked_up = text_of(_decoded(part, source)) if marked_up is None else marked_up
        elif plain is None:
            plain = _decoded(part, source)
    said = plain if plain is not None and plain.strip() else marked_up or ""
    return said.replace("\r\n", "\n").strip(), media


def _leaves(message: EmailMessage) -> Iterator[EmailMessage]:
    """Yield the parts that hold something, in order; a mail within a mail is one."""
    waiting: list[tuple[int, EmailMessage]] = [(0, message)]
    while waiting:
        depth, part = waiting.pop()
        inner = part.get_payload() if part.get_content_maintype() == "multipart" else None
        if not isinstance(inner, list):
            yield part
        elif depth >= DEPTH_LIMIT:
            raise ValueError(f"has parts more than {DEPTH_LIMIT} deep in others")
        else:
            waiting += [(depth + 1, each) for each in reversed(inner) if isinstance(each, EmailMessage)]


def _decoded(part: EmailMessage, source: Source) -> str:
    """Return the text of *part*; where its characters are of no known kind, as good as can be."""
    try:
        text = part.get_content()
    except _MALFORMED:
        source.notes["a part of a mail says wrongly how it is written: read as UTF-8"] += 1
        body = part.get_payload(decode=True)
        text = body.decode(errors="replace") if isinstance(body, bytes) else ""
    return text if isinstance(text, str) else ""
