"""Several writers share one journal: nothing is lost or doubled, whatever happens; each guard is needed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from torture.checker import explore
from torture.model import Model
from torture.protocol import VARIANTS, Counts, Variant, check, main
from torture.world import Bounds

PAGES = Path(__file__).parent.parent / "docs" / "explanation"

NAMED = {each.name: each for each in VARIANTS}
THREE = Bounds(commands=3, epochs=3)

TEETH = {
    "a lost answer": ("loaded before it leads", "was told 'assigned', and epoch 2 knows nothing"),
    "two holders": ("lease alone: neither epoch nor head", "both hold the interaction"),
    "two effects": ("epoch alone, append sent again", "has two effects"),
    "two answers": ("key written after its effect", "was told 'refused', then 'assigned'"),
    "an old epoch": ("lease alone: neither epoch nor head", "an entry of epoch 1 follows one of epoch 2"),
    "a gap": ("snapshot and pruning not guarded", "there are neither rows nor a snapshot"),
    "a false snapshot": ("lease alone: neither epoch nor head", "is no state of the journal"),
    "standstill": ("a lease that never ends", "nobody can go on"),
}
"""What counts as wrong, and what is left of the protocol when it happens."""

PAGE = (PAGES / "protocol.md").read_text(encoding="utf-8")
PROMELA = PAGES / "protocol.pml"
ASKED = dict(
    re.findall(
        r"^ \*   spin ((?:-D\w+ )*)-run protocol.pml +.*: (no errors|assertion violated)$",
        PROMELA.read_text(encoding="utf-8"),
        re.MULTILINE,
    )
)
"""What the head of the Promela source says of itself: with which switches, what Spin finds."""


# --- the checker --------------------------------------------------------------------------


EMPTY: tuple[int, int] = (0, 0)


def jugs(state: tuple[int, int]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Pour between a jug of three litres and one of five: sixteen states are on the rim, and no others."""
    small, large = state
    over = min(small, 5 - large)
    back = min(large, 3 - small)
    yield "fill small", (3, large)
    yield "fill large", (small, 5)
    yield "empty small", (0, large)
    yield "empty large", (small, 0)
    yield "small into large", (small - over, large + over)
    yield "large into small", (small + back, large - back)


def test_every_state_is_counted_once() -> None:
    found = explore(EMPTY, jugs, lambda state: None)
    assert (found.states, found.steps) == (16, 16 * 6)
    assert found.flaw is None
    assert found.trace == ()


def test_the_way_to_a_flaw_is_a_shortest_one() -> None:
    """To measure four litres takes six steps, as everybody knows who has seen the film."""
    found = explore(EMPTY, jugs, lambda state: "four litres" if state[1] == 4 else None)
    assert found.flaw == "four litres"
    assert found.depth == len(found.trace) == 6
    assert found.trace[0] == "fill large"
    assert found.trace[-1] == "large into small"


def test_a_flaw_at_the_beginning_needs_no_steps() -> None:
    found = explore(EMPTY, jugs, lambda state: "empty")
    assert (found.flaw, found.states, found.steps, found.trace) == ("empty", 1, 0, ())


def test_a_planted_race_is_found() -> None:
    """Two that each read a counter and then write one more lose a count."""

    def torn(state: tuple[int, int, int]) -> Iterator[tuple[str, tuple[int, int, int]]]:
        counter, *seen = state
        for who in range(2):
            mine = list(seen)
            if seen[who] == -1:
                mine[who] = counter
                yield f"{who} reads", (counter, mine[0], mine[1])
            elif seen[who] >= 0:
                mine[who] = -2
                yield f"{who} writes", (seen[who] + 1, mine[0], mine[1])

    def lost(state: tuple[int, int, int]) -> str | None:
        return "a count is lost" if state[1:] == (-2, -2) and state[0] < 2 else None

    found = explore((0, -1, -1), torn, lost)
    assert found.flaw == "a count is lost"
    assert sorted(found.trace) == ["0 reads", "0 writes", "1 reads", "1 writes"]
    assert {each[-5:] for each in found.trace[:2]} == {"reads"}


def test_a_model_that_is_too_large_is_given_up() -> None:
    with pytest.raises(OverflowError, match="more than 10 states"):
        explore(0, lambda state: iter([("on", state + 1)]), lambda state: None, at_most=10)


# --- the protocol -------------------------------------------------------------------------


@pytest.mark.parametrize("name", [each.name for each in VARIANTS if each.holds])
def test_nothing_can_go_wrong_with_the_guards(name: str) -> None:
    found = check(NAMED[name])
    assert found.flaw is None, "\n".join(found.trace)
    assert found.states > 8_000
    assert f"{found.row}\n" in PAGE


def test_nothing_can_go_wrong_when_it_is_given_back_either() -> None:
    found = check(NAMED["epoch and head, append sent again"], THREE)
    assert found.flaw is None, "\n".join(found.trace)
    assert found.states > 50_000


@pytest.mark.parametrize("name", [each.name for each in VARIANTS if not each.holds])
def test_something_goes_wrong_without_any_one_of_them(name: str) -> None:
    found = check(NAMED[name])
    assert found.flaw is not None
    assert 2 <= len(found.trace) <= 12
    assert f"{found.row}\n" in PAGE


@pytest.mark.parametrize("wrong", TEETH)
def test_everything_that_counts_as_wrong_can_be_found(wrong: str) -> None:
    name, words = TEETH[wrong]
    found = check(NAMED[name], sought=words)
    assert found.flaw is not None
    assert words in found.flaw


@pytest.mark.parametrize("variant", [NAMED["epoch and head"], NAMED["epoch alone, append sent again"]])
def test_a_trace_can_be_walked(variant: Variant) -> None:
    """Its words are steps of the model, one after the other, up to the flaw that it names."""
    sought = "" if not variant.holds else "nothing says this"
    found = check(variant, Bounds(epochs=2), sought=sought)
    model = Model(variant.guards, Bounds(epochs=2, retried=variant.retried))
    worlds = [model.first]
    for words in found.trace:
        worlds = [reached for world in worlds for said, reached in model.steps(world) if said == words]
        assert worlds
    assert found.flaw in {model.flaw(world) for world in worlds}


def test_the_same_is_found_every_time() -> None:
    once, again = (check(NAMED["snapshot and pruning not guarded"]) for _ in range(2))
    assert once == again


def test_the_table_says_what_was_found(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "counts.json"
    assert main(["--epochs", "3", "--traces", "--json", str(path)]) == 0
    counts = json.loads(path.read_text(encoding="utf-8"))
    printed = capsys.readouterr().out
    assert f"{counts['states']:,} states, 0 not as expected" in printed
    assert [each["variant"] for each in counts["variants"]] == list(NAMED)
    for each in counts["variants"]:
        assert each["holds"] is (each["flaw"] is None)
        assert all(words in printed for words in each["trace"])


def test_a_verdict_that_is_not_as_expected_is_counted() -> None:
    wrong = Variant(
        name="a lease that never ends", guards=NAMED["a lease that never ends"].guards, holds=True
    )
    counts = Counts(bounds=THREE, results=(check(wrong),))
    assert counts.unexpected == 1
    assert counts.as_dict()["unexpected"] == 1


@pytest.mark.parametrize("asked", [["--writers", "1"], ["--epochs", "1"], ["--commands", "4"]])
def test_bounds_that_show_nothing_are_refused(asked: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(asked)
    assert re.search(
        r"error: (argument --commands: invalid choice|2 or more writers)", capsys.readouterr().err
    )


# --- the same in Promela --------------------------------------------------------------------


def test_every_switch_of_the_promela_source_is_told_of() -> None:
    switches = set(re.findall(r"^#ifn?def (\w+)$", PROMELA.read_text(encoding="utf-8"), re.MULTILINE))
    assert switches == {each.removeprefix("-D") for asked in ASKED for each in asked.split()}
    assert len(ASKED) == 9


@pytest.mark.skipif(shutil.which("spin") is None, reason="Spin is not installed: its model is not run")
@pytest.mark.parametrize("asked", ASKED)
def test_spin_finds_what_the_source_says(asked: str, tmp_path: Path) -> None:
    command = ["spin", *asked.split(), "-run", str(PROMELA)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert "max search depth too small" not in done.stdout
    if ASKED[asked] == "no errors":
        assert "errors: 0" in done.stdout, done.stdout + done.stderr
    else:
        assert "assertion violated" in done.stdout.split("Full statespace")[0], done.stdout + done.stderr
