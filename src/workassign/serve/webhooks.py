"""How does another system hear of it, whoever is down? A signed POST, said again until it is heard.

The format is that of Standard Webhooks 1.0 (https://www.standardwebhooks.com): the headers
`webhook-id`, `webhook-timestamp` and `webhook-signature`, which is `v1,` and the base64 of the
HMAC-SHA256 of `id.timestamp.body`. The id is the same whenever the same is said again; the
timestamp is that of the attempt, so that nobody can say it once more much later.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets as dice
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from hashlib import sha256
from http.client import HTTPException
from math import isfinite
from typing import TypeAlias
from urllib.parse import urlsplit

from workassign._codec import as_json
from workassign._version import __version__
from workassign.errors import UsageError, WorkassignError
from workassign.serve._posting import Door
from workassign.serve.network import Network, Unreachable
from workassign.serve.notices import Notice, Undelivered

__all__ = ["Secrets", "Unverified", "Webhook", "new_secret", "signature", "verify_webhook"]

Secrets: TypeAlias = Sequence[str | bytes]
"""Each is 24 to 64 bytes, or `whsec_` and these in base64. Several, while one replaces another."""

PREFIX = "whsec_"
TOLERANCE = 300.0
"""A timestamp may be so many seconds away, before or after."""

_PRINTABLE = re.compile(r"[!-~]+")
_SECONDS = re.compile(r"[0-9]{1,12}")
_MOST_SIGNATURES = 16


class Unverified(WorkassignError):  # noqa: N818 - it is a verdict
    """It is not known who says that, or when: answer 401 and believe nothing of it."""


def new_secret() -> str:
    """Return a fresh secret, as both sides keep it: 32 bytes that nobody can guess."""
    return PREFIX + base64.b64encode(dice.token_bytes(32)).decode()


def signature(secret: str | bytes, id_: str, timestamp: int, body: bytes) -> str:
    """Return the signature of *body*, said under *id_* at *timestamp* (seconds, POSIX).

    Raises:
        UsageError: If *secret* is none.
    """
    return _signed(_key(secret), id_, str(timestamp), body)


def verify_webhook(
    headers: Mapping[str, str], body: bytes, secrets: Secrets, now: float, tolerance: float = TOLERANCE
) -> str:
    """Return the id under which *body* was said, by who has one of the *secrets*, about *now*.

    The receiver's side. *body* must be the very bytes that came, before anything has read them as
    JSON; the case of the *headers* does not matter. The same id may come again, with the same
    body: answer 2xx again, and do nothing twice. Cost: two hashes of the body for each secret; it
    takes as long whichever signature is wrong, and wherever.

    Raises:
        Unverified: If something is missing, altered, too old or too new, or signed by somebody else.
        UsageError: If *body* is no bytes, or a secret is none, or there is none.
    """
    keys = _keys(secrets)
    if not isinstance(body, bytes | bytearray | memoryview):
        raise UsageError("the body must be the bytes that came, not text or what was read from them")
    found = {name.lower(): value for name, value in headers.items()}
    try:
        id_, timestamp, signatures = (found[f"webhook-{each}"] for each in ("id", "timestamp", "signature"))
    except KeyError as error:
        raise Unverified(f"the header {error.args[0]} is missing") from None
    if not _PRINTABLE.fullmatch(id_) or not _SECONDS.fullmatch(timestamp):
        raise Unverified("the id or the timestamp is none")
    if not abs(now - int(timestamp)) <= tolerance:
        raise Unverified(f"it was said more than {tolerance:g} s ago, or will be")
    right = [_signed(key, id_, timestamp, bytes(body)).encode() for key in keys]
    offered = [each.encode(errors="replace") for each in signatures.split(" ")[:_MOST_SIGNATURES]]
    if not any([hmac.compare_digest(each, mine) for each in offered for mine in right]):  # noqa: C419 - all are compared
        raise Unverified("no signature is of a secret that is known")
    return id_


class Webhook:
    """Tells a consumer by HTTP: for `Outbox.add`. Thread-safe; one request at a time.

    What answers 2xx has it; everything else has not, and is asked again, as the terms say. 410 says
    that it never will. No redirect is followed. `Retry-After` is heard. The connection is kept for
    the next one, for a minute at most.

    >>> Webhook("https://crm.example/hooks?of=us", [b"a secret of at least 24 bytes"])
    Webhook('https://crm.example')

    Raises:
        UsageError: If *url* is none, goes where none may, or has a name and password in it; or a
            secret is none; or *timeout* is not positive. The message has neither of them in it.
    """

    def __init__(
        self,
        url: str,
        secrets: Secrets,
        *,
        timeout: float = 15.0,
        network: Network | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """POST to *url*, signed with each of the *secrets*; each is to be answered in *timeout* seconds.

        *network* says where connections may go: as it stands, to public addresses by https only.
        *clock* gives seconds, POSIX. How long a name takes to be looked up is up to the system.
        """
        if not timeout > 0 or not isfinite(timeout):
            raise UsageError(f"timeout must be a positive number of seconds, not {timeout!r}")
        self._keys = _keys(secrets)
        self._clock = clock
        self._door = _door(url, network or Network(), timeout)
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Webhook({self._door.origin!r})"

    def __call__(self, notice: Notice) -> None:
        """Tell *notice*, and return once it was heard.

        Raises:
            Undelivered: If it was not, or nobody knows whether it was.
        """
        body = as_json(notice.as_dict())
        try:
            with self._lock:
                status, wait = self._door.post(self._headers(notice.id, body), body)
        except TimeoutError:
            raise Undelivered("no answer in time") from None
        except Unreachable as error:
            raise Undelivered(f"no connection: {error}") from None
        except (
            OSError,
            HTTPException,
            ValueError,
        ) as error:  # what they say is the receiver's, or has its address
            raise Undelivered(f"no answer: {type(error).__name__}") from None
        if not 200 <= status < 300:
            raise Undelivered(f"answered {status}", retry_after=self._asked(wait), gone=status == 410)

    def close(self) -> None:
        """Let go of the connection; another call makes another one. An outbox does so when it is stopped."""
        with self._lock:
            self._door.close()

    def _headers(self, id_: str, body: bytes) -> dict[str, str]:
        timestamp = str(int(self._clock()))
        return {
            "Content-Type": "application/json",
            "User-Agent": f"workassign/{__version__}",
            "webhook-id": id_,
            "webhook-timestamp": timestamp,
            "webhook-signature": " ".join(_signed(key, id_, timestamp, body) for key in self._keys),
        }

    def _asked(self, wait: str | None) -> float | None:
        """Return for how many seconds the receiver wants to be left alone; RFC 9110, 10.2.3."""
        if wait is None:
            return None
        if _SECONDS.fullmatch(wait):
            return float(wait)
        try:
            return max(0.0, parsedate_to_datetime(wait).timestamp() - self._clock())
        except (ValueError, TypeError, OverflowError):
            return None


def _door(url: str, network: Network, timeout: float) -> Door:
    """Return what posts to *url*. Its path and query may be secrets too, and are in no message."""
    try:
        parts = urlsplit(url) if _PRINTABLE.fullmatch(url) else None
        port = parts.port if parts is not None else None
    except ValueError:
        parts = None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError("the address of a webhook must be https://HOST/PATH, in ASCII")
    if parts.username is not None or parts.fragment:
        raise UsageError("the address of a webhook has no name, password or fragment in it")
    secure = parts.scheme == "https"
    network.check(parts.hostname, secure)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Door(network, parts.hostname, port, secure=secure, target=target, timeout=timeout)


def _keys(secrets: Secrets) -> tuple[bytes, ...]:
    if isinstance(secrets, str | bytes) or not secrets:
        raise UsageError("secrets must be a list of at least one secret")
    return tuple(_key(each) for each in secrets)


def _key(secret: str | bytes) -> bytes:
    """Return the bytes of *secret*, which no message shows."""
    key = secret if isinstance(secret, bytes) else b""
    if isinstance(secret, str) and secret.startswith(PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except (binascii.Error, ValueError):
            key = b""
    if not 24 <= len(key) <= 64:
        raise UsageError("a secret must be 24 to 64 bytes, or whsec_ and these in base64")
    return key


def _signed(key: bytes, id_: str, timestamp: str, body: bytes) -> str:
    said = b".".join((id_.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key, said, sha256)).decode()
