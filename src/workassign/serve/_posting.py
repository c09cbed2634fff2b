"""How is one thing posted, and what came back? HTTP/1.1 on a connection that is kept for the next."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse

from workassign.serve._line import Line
from workassign.serve.network import Network

__all__ = ["Door"]

LONGEST = 60.0
"""A connection is kept for so many seconds: after that the name may mean another address."""

MOST_READ = 65_536
"""So many bytes of an answer are read, for the sake of the connection; a longer one costs the connection."""


class Door:
    """Where it is posted to. For one thread at a time."""

    def __init__(
        self,
        network: Network,
        host: str,
        port: int | None,
        *,
        secure: bool,
        target: str,
        timeout: float,
    ) -> None:
        """Post to *target* at *host*; *port* None is that of the scheme. *timeout*: seconds for all of it."""
        self._network, self._host, self._secure = network, host, secure
        self._port = port if port is not None else 443 if secure else 80
        self._target, self._timeout = target, timeout
        name = f"[{host}]" if ":" in host else host
        self._name = name if port is None else f"{name}:{port}"
        self.origin = f"http{'s' if secure else ''}://{self._name}"
        """Where it goes, without what may be a secret."""
        self._kept: tuple[HTTPConnection, Line] | None = None
        self._since = 0.0

    def post(self, headers: Mapping[str, str], body: bytes) -> tuple[int, str | None]:
        """Post *body*; return the status of the answer and its `Retry-After`.

        Raises:
            TimeoutError: If it took too long.
            OSError: If there is no connection, or it broke; `Unreachable` if nothing was sent.
            HTTPException: If the answer is no HTTP. ValueError too.
        """
        kept = self._take()
        if kept is not None:
            try:
                return self._exchange(*kept, headers, body)
            except TimeoutError:
                raise
            except (OSError, HTTPException):
                pass  # it was closed meanwhile: another one, at once
        line = self._network.connect(self._host, self._port, self._secure, self._timeout)
        connection = HTTPConnection(self._host, self._port)
        connection.auto_open = 0  # it goes to the address that was judged, or nowhere
        connection.sock = line
        self._since = time.monotonic()
        return self._exchange(connection, line, headers, body)

    def close(self) -> None:
        """Let go of the connection that was kept."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept[0].close()

    def _take(self) -> tuple[HTTPConnection, Line] | None:
        """Return the connection of the last time, with its time anew; None if there is none, or it is old."""
        kept, self._kept = self._kept, None
        if kept is None:
            return None
        now = time.monotonic()
        if now - self._since > LONGEST:
            kept[0].close()
            return None
        kept[1].until = now + self._timeout
        return kept

    def _exchange(
        self, connection: HTTPConnection, line: Line, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, str | None]:
        try:
            connection.putrequest("POST", self._target, skip_host=True, skip_accept_encoding=True)
            connection.putheader("Host", self._name)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
        except BaseException:
            connection.close()
            raise
        if _is_read(response):
            self._kept = connection, line
        else:
            response.close()
            connection.close()
        return response.status, response.getheader("Retry-After")


def _is_read(response: HTTPResponse) -> bool:
    """Whether the answer was read to its end, and another one may come behind. Its status holds anyway."""
    rest = b"x"
    with suppress(OSError, HTTPException, ValueError):
        response.read(MOST_READ)
        rest = response.read(1)
    return not rest and not response.will_close
