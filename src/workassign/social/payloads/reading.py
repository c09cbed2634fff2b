"""What did a network or an inbox send? Payloads in, mentions out, whatever the network.

Law: *no record is lost in silence*. Each becomes a `Mention`, or a `BadRecord` that says why not;
or it is no mention at all (a like, an event of another kind) and is counted in the notes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import attrs

from workassign.errors import UsageError
from workassign.social.files.lines import Fault, from_json, json_values, kind_of, opened
from workassign.social.mentions import BadRecord, Mention
from workassign.social.payloads import bluesky, chatwoot, mail, mastodon, twitter
from workassign.social.payloads.parts import Source

__all__ = ["READERS", "payload_lines", "read_payload", "read_payloads"]

Reader: TypeAlias = Callable[[object, Source], Iterator[Mention | BadRecord]]
"""Yields the mentions of one payload, numbered from 1; raises nothing of what stands in it."""

READERS: Mapping[str, Reader] = {
    "bluesky": bluesky.read,
    "chatwoot": chatwoot.read,
    "email": mail.read,
    "mastodon": mastodon.read,
    "twitter": twitter.read,
}
"""Network -> who reads what it sends."""

_LINES = (".jsonl", ".ndjson")
_WHOLE = (".json", ".js", ".eml")


def read_payload(
    network: str,
    payload: object,
    *,
    ours: Iterable[str] = frozenset(),
    notes: Counter[str] | None = None,
) -> Iterator[Mention | BadRecord]:
    """Return the mentions in *payload*, in its order, and its bad records.

    *payload* is what JSON holds, or JSON itself as text or bytes; of an e-mail, the whole mail as
    text or bytes. *ours* are handles and ids of the brand: what they write is `ours`, and `to` is
    the first of them that was addressed. *notes* counts what was odd but did no harm, and what was
    no mention. The same payload read twice gives the same mentions twice.

    Cost: linear in the payload, whatever stands in it.

    Raises:
        UsageError: If there is no such network.

    >>> event = {"event": "message_created", "message_type": "incoming", "id": 7, "content": "Hi!"}
    >>> [mention] = read_payload("chatwoot", event | {"created_at": "2026-01-01T12:00:00Z"})
    >>> mention.key, mention.text, mention.public
    ('chatwoot/7', 'Hi!', False)
    """
    reader = _reader(network)
    source = Source(network, ours, Counter() if notes is None else notes)
    found = payload if network == "email" else _from_text(payload)
    if isinstance(found, Fault):
        return iter([BadRecord(1, found.reason)])
    return reader(found, source)


def payload_lines(
    path: Path,
    network: str,
    *,
    ours: Iterable[str] = frozenset(),
    notes: Counter[str] | None = None,
) -> Iterator[Mention | BadRecord]:
    """Yield the mentions of a file of JSON lines, a payload a line, as it goes through the file.

    An e-mail is a line with the whole mail as a JSON text. Everything in a payload has the number
    of its line in the file.

    Raises:
        UsageError: If there is no such network, or the file is missing, damaged as a whole, or of
            no known kind.
    """
    reader = _reader(network)
    source = Source(network, ours, Counter() if notes is None else notes)
    kind_of(path)
    with opened(path) as file:
        for line, payload in json_values(file):
            if isinstance(payload, Fault):
                yield BadRecord(line, payload.reason)
            else:
                yield from (attrs.evolve(each, line=line) for each in reader(payload, source))


def read_payloads(
    network: str,
    path: Path,
    *,
    ours: Iterable[str] = frozenset(),
    notes: Counter[str] | None = None,
) -> Iterator[Mention | BadRecord]:
    """Yield the mentions in a file of what *network* sent.

    `.jsonl` and `.ndjson`: a payload a line (`payload_lines`). `.json`, `.js` (an archive of
    Twitter) and `.eml`: one payload, held in memory as a whole. Each also compressed (`.gz`).

    Raises:
        UsageError: If there is no such network, or the file is missing, damaged as a whole, or of
            no known kind.
    """
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(_LINES):
        yield from payload_lines(path, network, ours=ours, notes=notes)
    elif name.endswith(_WHOLE):
        with opened(path) as file:
            text = file.read()
        yield from read_payload(network, text, ours=ours, notes=notes)
    else:
        raise UsageError(
            f"{path.name}: its name must end in {', '.join((*_LINES, *_WHOLE))} (and .gz if compressed)"
        )


def _reader(network: str) -> Reader:
    if network not in READERS:
        raise UsageError(f"there is no network {network!r}; there are {', '.join(READERS)}")
    return READERS[network]


def _from_text(payload: object) -> object:
    """Return the JSON value in *payload* if that is text, without what an archive writes before it."""
    if isinstance(payload, str):
        return from_json(_without_name(payload))
    if isinstance(payload, bytes | bytearray | memoryview):
        return _from_text(bytes(payload).decode("utf-8-sig", errors="replace"))
    return payload


def _without_name(text: str) -> str:
    """Return *text* without `window.YTD.tweets.part0 =`, with which the files of an archive begin."""
    begin = text[:200].lstrip()
    if begin.startswith("window.") and "=" in begin:
        return text.partition("=")[2]
    return text
