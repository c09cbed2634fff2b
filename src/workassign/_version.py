"""Which version of the library is this? Journals say it of themselves."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
