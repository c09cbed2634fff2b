"""What is a session with PostgreSQL that does not wait forever?

A server whose machine has gone is noticed by TCP. One that has stopped, a stalled disk or a pool
between are not: their machine goes on to say that it has heard.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg

__all__ = ["Session"]

T = TypeVar("T")


class Session(psycopg.Connection[Any]):
    """A connection that is given up when the server says nothing while it is waited for."""

    silence: float = 60.0
    """So many seconds. The server ends what it does for too long itself, and says so: this must be longer."""

    def wait(self, gen: Generator[Any, Any, T], *timing: float, **named: float | None) -> T:  # type: ignore[override]
        """Wait for what the server says.

        Raises:
            psycopg.OperationalError: If it says nothing, or as psycopg does.
        """
        return super().wait(self._heard(gen), *timing, **named)  # type: ignore[arg-type]

    def _heard(self, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        """Go on with *gen* whenever psycopg does: when something was said, and several times a second."""
        ends = time.monotonic() + self.silence
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if ready:
                    ends = time.monotonic() + self.silence
                elif time.monotonic() > ends:
                    self.pgconn.finish()
                    raise psycopg.OperationalError(f"the server has said nothing for {self.silence:g} s")
                wanted = gen.send(ready)
        except StopIteration as ended:
            found: T = ended.value
            return found
