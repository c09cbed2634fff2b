"""What lies between a node and its server that can hold words back, and deliver them late?

A relay is a socket in a folder of its own: a node that has this folder as its `host` speaks
through it. It knows as much of the protocol as it needs to see an append go by, so that exactly
that one can be held: words in the wrong moment are what a fence is for, and waiting for them to
come by chance would take long.
"""

from __future__ import annotations

import selectors
import socket
import threading
from contextlib import suppress
from enum import Enum
from pathlib import Path

__all__ = ["Hold", "Relay"]

SOCKET = ".s.PGSQL.5432"
_APPEND = b"INSERT INTO workassign.journal "
_LOOK = 0.05
_DRAIN = 5.0
"""Seconds within which a server must have dealt with what came late."""


class Hold(Enum):
    """What is the first word that does not arrive?"""

    ANYTHING = "anything"
    APPEND = "append"
    """The next append, and all that follows."""
    REPLY = "reply"
    """What the server says to the next append, and all that follows: it is done, and nobody hears it."""


class _Link:
    """One connection of a node, and the one to the server that belongs to it."""

    def __init__(self, node: socket.socket, server: socket.socket) -> None:
        self.node, self.server = node, server
        self.late = b""
        """What the node has said and the server has not heard."""
        self._begun = False
        self._appends: set[bytes] = set()
        """The names of the prepared statements that append."""

    def messages(self, said: bytes) -> list[tuple[bytes, bool]]:
        """Return the whole messages in what was left and *said*, each with whether it appends."""
        rest, found = self.late + said, []
        while (size := self._size(rest)) is not None and len(rest) >= size:
            message, rest = rest[:size], rest[size:]
            found.append((message, self._begun and self._is_append(message)))
            self._begun = True
        self.late = rest
        return found

    def _size(self, rest: bytes) -> int | None:
        """Return how long the message is that *rest* begins with; the first one has no letter before."""
        letter = 1 if self._begun else 0
        if len(rest) < letter + 4:
            return None
        return letter + int.from_bytes(rest[letter : letter + 4])

    def _is_append(self, message: bytes) -> bool:
        """Whether *message* binds values to an append, or prepares one (its values follow at once)."""
        names = message[5:].split(b"\0", 2)
        if message[:1] == b"P":
            if _APPEND not in message:
                self._appends.discard(names[0])
                return False
            self._appends.add(names[0])
            return True
        return message[:1] == b"B" and names[1] in self._appends

    def close(self) -> None:
        for each in (self.node, self.server):
            each.close()


class Relay:
    """Carries words between a node and its server, until it is told to hold them. Thread-safe."""

    def __init__(self, folder: Path, server: Path) -> None:
        """Listen in *folder* for whoever wants to speak with the server in the folder *server*."""
        folder.mkdir()
        self.folder = folder
        self._server = str(server / SOCKET)
        self._lock = threading.Lock()
        self._links: set[_Link] = set()
        self._wanted: Hold | None = None
        self.held = threading.Event()
        """Words are being held."""
        self._ends = False
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / SOCKET))
        self._listening.listen(50)
        self._listening.setblocking(False)
        self._thread = threading.Thread(target=self._carry, name="relay", daemon=True)
        self._thread.start()

    def hold(self, first: Hold) -> None:
        """Deliver nothing any more, in either direction, from *first* on."""
        with self._lock:
            self._wanted = first
            if first is Hold.ANYTHING:
                self.held.set()

    def cut(self) -> list[_Link]:
        """Hang up on the node, carry for it again, and return what it had said."""
        with self._lock:
            cut, self._links = self._links, set()
            self._wanted = None
            for each in cut:
                each.node.setblocking(False)
                with suppress(OSError):
                    while said := each.node.recv(65536):
                        each.late += said
                each.node.close()
            self.held.clear()
        return list(cut)

    def deliver(self, late: list[_Link]) -> int:
        """Let the server hear what is *late*, wait until it has dealt with it; how many said something."""
        told = 0
        for each in late:
            with suppress(OSError):
                each.server.setblocking(True)
                each.server.settimeout(_DRAIN)
                told += bool(each.late)
                each.server.sendall(each.late)
                each.server.shutdown(socket.SHUT_WR)
                while each.server.recv(65536):
                    pass
            each.server.close()
        return told

    def close(self) -> None:
        """Hang up on everybody. May be called twice."""
        self._ends = True
        self._thread.join()
        for each in self._links:
            each.close()
        self._links.clear()
        self._listening.close()

    # --- carrying ---------------------------------------------------------------------------

    def _carry(self) -> None:
        while not self._ends:
            if self.held.is_set():
                threading.Event().wait(_LOOK)
                continue
            with self._lock:
                links = {end: link for link in self._links for end in (link.node, link.server)}
            with selectors.DefaultSelector() as selector:
                selector.register(self._listening, selectors.EVENT_READ)
                for end in links:
                    selector.register(end, selectors.EVENT_READ)
                found = [key.fileobj for key, _ in selector.select(_LOOK)]
            for each in found:
                with self._lock:
                    if self.held.is_set():
                        break
                    if each is self._listening:
                        self._accept()
                    elif isinstance(each, socket.socket) and links[each] in self._links:
                        self._pass_on(links[each], each)

    def _accept(self) -> None:
        with suppress(OSError):
            node, _ = self._listening.accept()
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self._server)
            except OSError:  # it is being started again
                node.close()
                server.close()
                return
            self._links.add(_Link(node, server))

    def _pass_on(self, link: _Link, speaks: socket.socket) -> None:
        try:
            said = speaks.recv(65536)
            if said and speaks is link.server:
                link.node.sendall(said)
            elif said:
                self._tell(link, said)
        except OSError:
            said = b""
        if not said:
            self._links.discard(link)
            link.close()

    def _tell(self, link: _Link, said: bytes) -> None:
        """Tell the server what is to be told; from the wanted word on, keep it."""
        messages = link.messages(said)
        appends = [place for place, (_, appends) in enumerate(messages) if appends]
        whole = b"".join(message for message, _ in messages)
        if appends and self._wanted is Hold.APPEND:
            link.late = whole + link.late
            self.held.set()
            return
        link.server.sendall(whole)
        if appends and self._wanted is Hold.REPLY:
            self.held.set()
