"""Packages of their own, so that no installed package named `tests` is taken for them."""
