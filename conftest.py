"""Runs the Python blocks of README.md and docs/ as tests.

The blocks of one page share one namespace, in reading order. A block that begins with
``>>>`` is a doctest; ``<!--- clear-namespace -->`` starts afresh, ``<!--- skip: next -->``
leaves a block out. What a page writes, it writes to a folder of its own, in which the examples are, too.
"""

import doctest
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sybil import Sybil
from sybil.parsers.markdown import ClearNamespaceParser, PythonCodeBlockParser, SkipParser

ROOT = Path(__file__).parent


_AWAY: list[tuple[Path, TemporaryDirectory[str]]] = []


def begin(namespace: dict[str, Any]) -> None:
    """Go to a new folder."""
    folder = TemporaryDirectory(prefix="workassign-page-")
    _AWAY.append((Path.cwd(), folder))
    (Path(folder.name) / "examples").symlink_to(ROOT / "examples")
    os.chdir(folder.name)


def end(namespace: dict[str, Any]) -> None:
    """Go back, and remove it."""
    before, folder = _AWAY.pop()
    os.chdir(before)
    folder.cleanup()


pytest_collect_file = Sybil(
    parsers=[
        PythonCodeBlockParser(doctest_optionflags=doctest.NORMALIZE_WHITESPACE),
        ClearNamespaceParser(),
        SkipParser(),
    ],
    patterns=["*.md"],
    setup=begin,
    teardown=end,
).pytest()
