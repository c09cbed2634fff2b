"""Everybody in the benchmark of the peers does the same work: the starts agree to the last digit."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest

from benchmarks.peers import kiefer, loop
from benchmarks.peers.models import MODELS, made

RIVALS = {
    "ours": "attrs",
    "compiled": "numba",
    "simpy_idiomatic": "simpy",
    "simpy_expert": "simpy",
    "with_ciw": "ciw",
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("rival", RIVALS)
def test_a_rival_begins_every_service_when_the_loop_does(rival: str, model: str) -> None:
    pytest.importorskip(RIVALS[rival])
    work = made(model, 2_000, seed=5)
    starts = import_module(f"benchmarks.peers.{rival}").run(work)
    np.testing.assert_array_equal(starts, loop.run(work))


def test_the_loop_begins_every_service_when_theory_says() -> None:
    work = made("mmc", 5_000, seed=6)
    assert loop.run(work) == kiefer.run(work)
