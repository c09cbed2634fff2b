"""How long may a connection take for all that is said on it? Until an instant, however slowly it goes.

The time-out of a socket is for each step; who sends one byte just before each holds its caller
for ever. Here the time that is left is given to each step.
"""

from __future__ import annotations

import io
import socket
import time
from typing import Any

__all__ = ["Line"]


class Line:
    """A connected socket with an end in time, as `http.client` needs one."""

    def __init__(self, link: socket.socket, until: float) -> None:
        """Let all that is said on *link* be said *until* then, on the clock `time.monotonic`."""
        self._link = link
        self.until = until

    def patient(self) -> socket.socket:
        """Return the socket, which waits as long as there is left.

        Raises:
            TimeoutError: If nothing is left.
        """
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._link.settimeout(left)
        return self._link

    def sendall(self, data: bytes) -> None:
        """Send all of *data*."""
        self.patient().sendall(data)

    def makefile(self, mode: str, *args: Any) -> io.BufferedReader:  # noqa: ANN401 - as a socket has it
        """Return what reads from it."""
        return io.BufferedReader(_Reading(self))

    def close(self) -> None:
        """Let go of it. May be called twice."""
        self._link.close()


class _Reading(io.RawIOBase):
    def __init__(self, line: Line) -> None:
        self._line = line

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - whatever can be written to
        return self._line.patient().recv_into(buffer)
