"""Runs the Python blocks of README.md and docs/ as tests.

The blocks of one page share one namespace, in reading order. A block that begins with
``>>>`` is a doctest; ``<!--- clear-namespace -->`` starts afresh, ``<!--- skip: next -->``
leaves a block out.
"""

import doctest

import pytest
from sybil import Sybil
from sybil.parsers.markdown import ClearNamespaceParser, PythonCodeBlockParser, SkipParser

pytest_collect_file = Sybil(
    parsers=[
        PythonCodeBlockParser(doctest_optionflags=doctest.NORMALIZE_WHITESPACE),
        ClearNamespaceParser(),
        SkipParser(),
    ],
    patterns=["*.md"],
).pytest()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the blocks of a page together: the later ones build on the earlier, so one process runs all."""
    for item in items:
        if item.path.suffix == ".md":
            item.add_marker(pytest.mark.xdist_group(str(item.path)))
