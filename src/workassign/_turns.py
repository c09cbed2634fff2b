"""Whose turn is it? A lock that tells who has it already, instead of letting her wait for herself."""

from __future__ import annotations

from threading import Lock, get_ident
from types import TracebackType

from workassign.errors import UsageError

__all__ = ["TurnLock"]


class TurnLock:
    """A lock for `threading.Condition`. Cost: half a microsecond more than a lock without a name.

    Raises:
        UsageError: From `acquire`, in the thread that has it: a policy, or a listener, asks the desk
            in the middle of a turn, which no second turn can interrupt.
    """

    __slots__ = ("_holder", "_lock")

    def __init__(self) -> None:
        """Begin free."""
        self._lock = Lock()
        self._holder: int | None = None

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Wait for it, as `threading.Lock` does."""
        if self._holder == get_ident():
            raise UsageError("a turn is going on: neither a policy nor a listener may ask the desk")
        if not self._lock.acquire(blocking, timeout):
            return False
        self._holder = get_ident()
        return True

    def release(self) -> None:
        """Let others have it."""
        self._holder = None
        self._lock.release()

    def _is_owned(self) -> bool:
        """Whether this thread has it; `threading.Condition` asks."""
        return self._holder == get_ident()

    def __enter__(self) -> bool:
        """Acquire it."""
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release it."""
        self.release()
