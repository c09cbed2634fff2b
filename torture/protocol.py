"""Does the protocol hold, in whatever order things happen, and what does each of its guards stop?

Every state that the model (`torture.model`) can reach within its bounds is looked at. With the
guards nothing may be wrong anywhere; with one of them taken away something must be, or the model
would show nothing. What counts as wrong:

- a client was told what a later leader knows nothing of;
- two clients hold the interaction at the same time;
- a key has two effects, or two answers;
- an entry of an earlier epoch follows one of a later;
- there is a gap: entries that are neither rows nor in the snapshot;
- a snapshot is no state of the journal;
- the store is up, and nobody can go on.

    python -m torture.protocol [--traces] [--json PATH]
    python -m torture.protocol --writers 3 --commands 3      # minutes
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import attrs

from torture.checker import explore
from torture.model import Model
from torture.world import CLIENTS, Bounds, Guards, World

__all__ = ["VARIANTS", "Counts", "Result", "Variant", "check", "main", "run"]


@attrs.frozen(kw_only=True)
class Variant:
    """The protocol, or what is left of it."""

    name: str
    guards: Guards = Guards()
    retried: bool = False
    """Whether an append whose reply did not come is sent again as it was."""
    holds: bool = False
    """Whether nothing must be wrong; else something must be."""


VARIANTS = (
    Variant(name="epoch and head", holds=True),
    Variant(name="head alone", guards=Guards(epoch=False), holds=True),
    Variant(name="epoch alone", guards=Guards(head=False), holds=True),
    Variant(name="epoch and head, append sent again", retried=True, holds=True),
    Variant(name="head alone, append sent again", guards=Guards(epoch=False), retried=True, holds=True),
    Variant(name="inbox answered in the append", guards=Guards(inbox="with"), holds=True),
    Variant(name="epoch alone, append sent again", guards=Guards(head=False), retried=True),
    Variant(name="lease alone: neither epoch nor head", guards=Guards(epoch=False, head=False)),
    Variant(name="loaded before it leads", guards=Guards(load_after_acquire=False)),
    Variant(name="answered before the commit", guards=Guards(ack_after_commit=False)),
    Variant(name="key written after its effect", guards=Guards(key_in_append=False)),
    Variant(name="inbox answered beside the append", guards=Guards(inbox="beside")),
    Variant(name="snapshot and pruning not guarded", guards=Guards(prune_guarded=False)),
    Variant(name="a lease that never ends", guards=Guards(lease_ends=False)),
)
"""The guards, what must hold without some of them, and what must fail without."""


@attrs.frozen(kw_only=True)
class Result:
    """What was found of a variant."""

    variant: Variant
    states: int
    steps: int
    flaw: str | None
    trace: tuple[str, ...]
    """A shortest way to the flaw."""

    @property
    def as_expected(self) -> bool:
        """Whether it holds, or fails, as it must."""
        return self.variant.holds is (self.flaw is None)

    @property
    def row(self) -> str:
        """Its line of the table."""
        verdict = "holds" if self.flaw is None else f"FAILS: {self.flaw}"
        return f"{self.variant.name:36} {self.states:9,}  {verdict}"

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON can hold it."""
        return {
            "variant": self.variant.name,
            "states": self.states,
            "steps": self.steps,
            "holds": self.flaw is None,
            "as_expected": self.as_expected,
            "flaw": self.flaw,
            "trace": list(self.trace),
        }


@attrs.frozen(kw_only=True)
class Counts:
    """What was found of all variants."""

    bounds: Bounds
    results: tuple[Result, ...]

    @property
    def states(self) -> int:
        """How many states were looked at."""
        return sum(each.states for each in self.results)

    @property
    def unexpected(self) -> int:
        """How many variants fail that must hold, or hold that must fail."""
        return sum(not each.as_expected for each in self.results)

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON can hold it."""
        return {
            "writers": self.bounds.writers,
            "commands": self.bounds.commands,
            "epochs": self.bounds.epochs,
            "states": self.states,
            "steps": sum(each.steps for each in self.results),
            "unexpected": self.unexpected,
            "variants": [each.as_dict() for each in self.results],
        }


def check(variant: Variant, bounds: Bounds | None = None, *, sought: str = "") -> Result:
    """Explore *variant* within *bounds*, up to the first flaw, or to one that says what is *sought*.

    Cost: see `run`; a variant that fails costs next to nothing.
    """
    model = Model(variant.guards, attrs.evolve(bounds or Bounds(), retried=variant.retried))

    def flaw(world: World) -> str | None:
        found = model.flaw(world)
        return found if found is None or sought in found else None

    found = explore(model.first, model.steps, flaw)
    return Result(variant=variant, states=found.states, steps=found.steps, flaw=found.flaw, trace=found.trace)


def run(*, writers: int = 2, commands: int = 2, epochs: int = 4) -> Counts:
    """Explore every variant. Cost: about 10 s; ten times that for one more of anything.

    Raises:
        ValueError: If there are less than two writers, commands or epochs, or more than three commands.
    """
    if min(writers, commands, epochs) < 2 or commands > len(CLIENTS):
        raise ValueError(f"2 or more writers and epochs, and 2 to {len(CLIENTS)} commands are needed")
    bounds = Bounds(writers=writers, commands=commands, epochs=epochs)
    return Counts(bounds=bounds, results=tuple(check(each, bounds) for each in VARIANTS))


def _table(counts: Counts) -> str:
    bounds = counts.bounds
    lines = [f"{bounds.writers} writers, {bounds.commands} commands, {bounds.epochs} take-overs", ""]
    lines.append(f"{'variant':36} {'states':>9}  verdict")
    lines += [each.row for each in counts.results]
    lines += ["", f"{counts.states:,} states, {counts.unexpected} not as expected"]
    return "\n".join(lines) + "\n"


def _traces(counts: Counts) -> str:
    lines = []
    for each in counts.results:
        if each.flaw is not None:
            lines += ["", f"{each.variant.name}: {each.flaw}"]
            lines += [f"{number:4}. {words}" for number, words in enumerate(each.trace, 1)]
    return "\n".join([*lines, ""])


def main(arguments: list[str] | None = None) -> int:
    """Print what was found; return 1 if anything is not as expected."""
    parser = argparse.ArgumentParser(prog="python -m torture.protocol", description=__doc__.split("\n")[0])
    parser.add_argument("--writers", type=int, default=2, help="who believe at the same time that they lead")
    parser.add_argument("--commands", type=int, default=2, choices=range(2, len(CLIENTS) + 1))
    parser.add_argument("--epochs", type=int, default=4, help="how often somebody takes over")
    parser.add_argument("--traces", action="store_true", help="print a shortest way to each flaw")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the counts to this file, too")
    asked = parser.parse_args(arguments)
    try:
        counts = run(writers=asked.writers, commands=asked.commands, epochs=asked.epochs)
    except ValueError as error:
        parser.error(str(error))
    sys.stdout.write(_table(counts) + (_traces(counts) if asked.traces else ""))
    if asked.json is not None:
        asked.json.write_text(json.dumps(counts.as_dict(), indent=1) + "\n", encoding="utf-8")
    return int(counts.unexpected > 0)


if __name__ == "__main__":
    sys.exit(main())
