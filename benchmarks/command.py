"""What do all these commands have in common? How they are asked, and where their figures go."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["parser", "write"]


def parser(doc: str | None) -> argparse.ArgumentParser:
    """Return a parser that explains the command by its module's *doc*, and knows `--json PATH`."""
    found = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--json", type=Path, help="write the figures there")
    return found


def write(figures: Mapping[str, Any], path: Path | None) -> None:
    """Write *figures* to *path*, if there is one."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
