"""To where may a connection go? Not into the own house, unless somebody has said so.

An address that others choose must not make this machine knock at doors that only it can reach:
the database next to it, or what a cloud tells its machines about themselves. So a name is looked
up once, each address that it has is judged, and the connection goes to that very address.

Of IPv6 only what is given out as global unicast (2000::/3) is public, less what carries another
address inside or is special (RFC 6890 and the registries that it founded); what stands for an IPv4
address (::ffff:0:0/96, and 64:ff9b::/96 of RFC 6052) is judged as that.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

import attrs

from workassign.errors import UsageError
from workassign.serve._line import Line

__all__ = ["Network", "Resolve", "Unreachable"]

Address: TypeAlias = IPv4Address | IPv6Address

Resolve: TypeAlias = Callable[[str, int], Sequence[str]]
"""Returns the addresses of a host (and port), as text, the best first. Raises OSError if there are none."""

_GLOBAL = IPv6Network("2000::/3")
_EMBEDDED = IPv6Network("64:ff9b::/96")
_SPECIAL = tuple(
    IPv6Network(each) for each in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16")
)
_SPECIAL_4 = tuple(
    IPv4Network(each)
    for each in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"),
        *("198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    )
)
"""Written down here, since what `is_global` says differs between versions of Python."""


def _system(host: str, port: int) -> list[str]:
    """Return what the system knows, each once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Unreachable(OSError):  # noqa: N818 - it is an outcome
    """There is no connection, and why; nothing was said."""


def _texts(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(found)


@attrs.frozen(kw_only=True)
class Network:
    """Where connections may go, and how.

    Raises:
        UsageError: If something in *allow* is no network.
    """

    allow: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    """Networks that may be reached although they are not public: `10.1.0.0/16`, `::1/128`."""
    plain_http: bool = False
    """Whether `http` may be spoken with others than this machine itself."""
    tls: ssl.SSLContext | None = attrs.field(default=None, repr=False)
    """Whose certificates are believed; None: those of the system."""
    resolve: Resolve = attrs.field(default=_system, repr=False)
    """What looks a name up."""
    _allowed: tuple[IPv4Network | IPv6Network, ...] = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        """Read the networks."""
        try:
            object.__setattr__(self, "_allowed", tuple(ip_network(each) for each in self.allow))
        except ValueError as error:
            raise UsageError(f"allow must list networks: {error}") from None

    def check(self, host: str, secure: bool) -> None:
        """Refuse a *host* of which it is plain already that no connection may go there.

        Raises:
            UsageError: If it is an address that is refused, or `http` to another machine.
        """
        try:
            address = ip_address(host)
        except ValueError:
            if not (secure or self.plain_http or host == "localhost" or host.endswith(".localhost")):
                raise UsageError("an address must begin with https://, or allow plain_http") from None
            return
        if why := self._refusal(address, secure):
            raise UsageError(f"no connection may go to {host}: {why}")

    def connect(self, host: str, port: int, secure: bool, seconds: float) -> Line:
        """Return a connection to *host*, which is to be done with all within *seconds*.

        Raises:
            Unreachable: If no address of it may be reached, or answers.
            OSError: If it is not who it should be, or it takes too long.
        """
        until = time.monotonic() + seconds
        why = "it has no address"
        for text in self._addresses(host, port):
            address = ip_address(text)
            if refusal := self._refusal(address, secure):
                why = refusal
                continue
            try:
                link = socket.create_connection((text, port), max(until - time.monotonic(), 0.001))
            except OSError as error:
                why = _told(error)
                continue
            return self._line(link, host, secure, until)
        raise Unreachable(why)

    def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            return self.resolve(host, port)
        except (OSError, UnicodeError):
            raise Unreachable("its name has no address") from None

    def _line(self, link: socket.socket, host: str, secure: bool, until: float) -> Line:
        try:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if secure:
                link.settimeout(max(until - time.monotonic(), 0.001))
                link = (self.tls or _trust()).wrap_socket(link, server_hostname=host)
        except BaseException:
            link.close()
            raise
        return Line(link, until)

    def _refusal(self, address: Address, secure: bool) -> str:
        """Return why no connection may go to *address*; empty: it may."""
        meant = _meant(address)
        if not (secure or self.plain_http or meant.is_loopback):
            return "http is spoken with this machine only"
        if _is_public(meant) or any(each in known for known in self._allowed for each in (address, meant)):
            return ""
        return f"{meant} is not public, and not allowed"


@cache
def _trust() -> ssl.SSLContext:
    """Return the certificates that the system believes, read once."""
    return ssl.create_default_context()


def _meant(address: Address) -> Address:
    """Return the IPv4 address for which *address* stands, or itself."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _EMBEDDED:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in each for each in _SPECIAL_4)
    return address in _GLOBAL and not any(address in each for each in _SPECIAL)


def _told(error: OSError) -> str:
    return "it timed out" if isinstance(error, TimeoutError) else error.strerror or type(error).__name__
