"""What does a command of the terminal answer? Text for people, the same as data for machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

__all__ = ["Answer", "printable"]


@attrs.frozen
class Answer:
    """What a command found or did."""

    text: str
    data: Mapping[str, Any]


def printable(text: str) -> str:
    """Return *text* as something that can be written: file names need not be UTF-8."""
    return text.encode(errors="backslashreplace").decode()
