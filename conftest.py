"""Runs the Python blocks of README.md and docs/ as tests.

The blocks of one page share one namespace, in reading order. A block that begins with
``>>>`` is a doctest; ``<!--- clear-namespace -->`` starts afresh, ``<!--- skip: next -->``
leaves a block out.
"""

import doctest

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
