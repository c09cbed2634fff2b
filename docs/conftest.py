"""Keeps the blocks of a page together when several workers run the tests."""

import pytest


def pytest_itemcollected(item: pytest.Item) -> None:
    """Put a page into a group of its own: its later blocks need what its earlier ones made.

    As soon as it is collected: xdist reads the groups before any other plugin changes the items.
    """
    if item.path.suffix == ".md":
        item.add_marker(pytest.mark.xdist_group(item.path.name))
