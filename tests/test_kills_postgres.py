"""A writer that is killed at any moment loses nothing that it answered for, in PostgreSQL neither."""

from __future__ import annotations

from torture.kills import run
from torture.kills_postgres import PostgresBench


def test_whenever_the_writer_is_killed_nothing_it_answered_for_is_lost(dsn: str) -> None:
    counts = run(80, seed=1, bench=PostgresBench(dsn))
    assert counts.violations == []
    assert counts.counted["commands answered"] > 60
    for change in ("acquire", "append"):
        for moment in ("before", "unheard", "after"):
            assert counts.counted[f"killed at write {change} {moment}"]
    assert any("snapshot" in each for each in counts.counted)
