"""Who writes in a scenario? Everything that is chance about customers, drawn beforehand in columns.

Each stream draws its arrivals, work, patience and figures with dice of their own, so that a change
of one leaves the others as they were. Customers who come back, or are made to write by others, are
added at the end of the columns.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

import attrs
import numpy as np

from workassign._names import NAME_LIMIT
from workassign.lab.distributions import Distribution, Floats, Given
from workassign.lab.draws import Purpose, stream
from workassign.lab.scenario import Customers, Scenario, Stream
from workassign.model import Customer, Interaction, InteractionId, maker

__all__ = ["Crowd"]


class Crowd:
    """The customers of a scenario, in order of their arrival; later ones are added.

    Columns, by number of the interaction: `ids`, `streams` (place of the stream), `times` (only of
    those drawn beforehand), `patience` (infinity: waits for ever), `attempts`, `origins` (number of
    the first attempt, or of whom it goes back to; -1: nobody), and `work[crew]`, seconds by place of
    the crew; crews who take equally long share a column.
    """

    def __init__(self, scenario: Scenario, seed: int) -> None:
        """Draw everybody who arrives by himself."""
        self._scenario, self._seed = scenario, seed
        drawn = [self._arrivals(each) for each in scenario.streams]
        times = np.concatenate(drawn)
        order = np.argsort(times, kind="stable")
        kinds = np.repeat(np.arange(len(drawn)), [each.size for each in drawn])[order]
        self.times: list[float] = times[order].tolist()
        self.streams: list[int] = kinds.tolist()
        sizes = [each.size for each in drawn]
        named = zip(scenario.streams, sizes, strict=True)
        self.ids: list[str] = _sorted(
            [[f"{s.name}-{n + 1}" for n in range(size)] for s, size in named], order
        )
        self.work = self._work(sizes, order)
        self.patience: list[float] = np.concatenate(
            [self._patience(each, size) for each, size in zip(scenario.streams, sizes, strict=True)]
        )[order].tolist()
        self.attempts = [1] * len(self.ids)
        self.origins = [-1] * len(self.ids)
        self._templates = [each.template for each in scenario.streams]
        self.alike = [
            None if each.customers is not None else self._maker(each, size)
            for each, size in zip(scenario.streams, sizes, strict=True)
        ]
        """By stream: makes the interaction of a name; None: more than the name tells them apart."""
        self._figures = self._drawn_figures(sizes, order)

    def __len__(self) -> int:
        """Return how many there are by now."""
        return len(self.ids)

    # --- drawing ----------------------------------------------------------------------------

    def _dice(self, purpose: Purpose, subject: str) -> np.random.Generator:
        return stream(self._seed, purpose, subject)

    def _arrivals(self, each: Stream) -> Floats:
        def dice(purpose: str) -> np.random.Generator:
            # What several streams share (a busy day, a mixture) is drawn by its own name.
            shared = purpose.startswith(("whole ", "factor ")) and purpose != "factor "
            return self._dice(Purpose.ARRIVALS, purpose if shared else f"{each.name} {purpose}".strip())

        scenario = self._scenario
        return each.arrivals.times(scenario.start, scenario.start + scenario.duration, dice)

    def _patience(self, each: Stream, size: int) -> Floats:
        if each.patience is None:
            return np.full(size, inf)
        return each.patience.sample(self._dice(Purpose.PATIENCE, each.name), size)

    def _work(self, sizes: list[int], order: np.ndarray[Any, Any]) -> list[list[float]]:
        """Return the seconds of work by crew; one column for crews that take equally long."""
        columns: list[list[float]] = []
        known: dict[tuple[int, ...], list[float]] = {}
        for crew in self._scenario.crews:
            works = [each.handled_by(crew.name) for each in self._scenario.streams]
            key = tuple(map(id, works))
            if key not in known:
                drawn = [
                    self._handling(each, work, size)
                    for each, work, size in zip(self._scenario.streams, works, sizes, strict=True)
                ]
                known[key] = np.concatenate(drawn)[order].tolist()
            columns.append(known[key])
        return columns

    def _handling(self, each: Stream, work: Distribution | None, size: int) -> Floats:
        if work is None:
            return np.full(size, np.nan)  # this crew is never given any
        return work.sample(self._dice(Purpose.HANDLING, each.name), size)

    def _drawn_figures(self, sizes: list[int], order: np.ndarray[Any, Any]) -> list[dict[str, Any] | None]:
        """Return what is known of each customer, by number; None where her stream says nothing."""
        if all(each.customers is None for each in self._scenario.streams):
            return []
        rows: list[list[dict[str, Any] | None]] = []
        for each, size in zip(self._scenario.streams, sizes, strict=True):
            unknown: list[dict[str, Any] | None] = [None] * size
            rows.append(unknown if each.customers is None else self._known(each.customers, each.name, size))
        return _sorted(rows, order)

    def _known(self, customers: Customers, name: str, size: int) -> list[dict[str, Any] | None]:
        columns: dict[str, list[Any]] = {}
        for what, drawn in (("value", customers.value), ("influence", customers.influence)):
            if drawn is not None:
                columns[what] = drawn.sample(self._dice(Purpose.VALUE, f"{name} {what}"), size).tolist()
        if customers.anger is not None:
            anger = customers.anger.sample(self._dice(Purpose.MOOD, name), size)
            columns["sentiment"] = (-np.minimum(anger, 1.0)).tolist()
        if customers.segments:
            names = [*customers.segments, None]
            edges = np.cumsum(list(customers.segments.values()))
            luck = self._dice(Purpose.VALUE, f"{name} segment").random(size)
            columns["segment"] = [names[place] for place in np.searchsorted(edges, luck, side="right")]
        return [{what: column[n] for what, column in columns.items()} for n in range(size)]

    def _maker(self, each: Stream, size: int) -> Callable[[InteractionId], Interaction]:
        """Return what makes the interactions of a stream: their names are the stream's, and a number."""
        # The stream's name has been checked: only by their length could those be no names.
        unchecked = len(f"{each.name}-{size}") <= NAME_LIMIT
        return maker(each.template) if unchecked else each.template.named

    # --- one by one -------------------------------------------------------------------------

    def interaction(self, number: int) -> Interaction:
        """Return the interaction of this *number*, as it is submitted."""
        template = self._templates[self.streams[number]]
        name = self.ids[number]
        known = self._figures[number] if self._figures else None
        if known is None:
            return template.named(name)
        figures = dict(known)
        sentiment = figures.pop("sentiment", None)
        influence = figures.pop("influence", None)
        first = self.origins[number] if self.origins[number] >= 0 else number
        customer = Customer(
            id=f"{self.ids[first]}'s",
            influence=None if influence is None else min(influence, 100.0),
            **figures,
        )
        return attrs.evolve(template, id=name, customer=customer, sentiment=sentiment)

    def again(self, number: int) -> int | None:
        """Return the number of the next attempt of a customer who gave up; None: she does not come."""
        returns = self._scenario.streams[self.streams[number]].returns
        attempt = self.attempts[number] + 1
        if returns is None or attempt > returns.most:
            return None
        first = number if self.origins[number] < 0 else self.origins[number]
        name = f"{self.ids[first]}~{attempt}"
        dice = self._dice(Purpose.RETURN, name)
        if returns.share < 1 and dice.random() >= returns.share:
            return None
        new = self._add(number, name, first, attempt, same=returns.same)
        if self._figures and (known := self._figures[number]) is not None:
            told = dict(known)
            if "sentiment" in told:
                told["sentiment"] = max(-1.0, told["sentiment"] - returns.angrier)
            if "influence" in told:
                told["influence"] = min(100.0, told["influence"] * returns.reach)
            self._figures[new] = told
        return new

    def pause(self, number: int) -> float:
        """Return after how many seconds the attempt of this *number* follows the one before."""
        returns = self._scenario.streams[self.streams[number]].returns
        assert returns is not None
        return float(returns.after.sample(self._dice(Purpose.RETURN, f"{self.ids[number]} after"), 1)[0])

    def children(self, number: int) -> list[float]:
        """Return after how many seconds each would write whom this one makes write, in order."""
        contagion = self._scenario.streams[self.streams[number]].contagion
        if contagion is None:
            return []
        dice = self._dice(Purpose.CONTAGION, self.ids[number])
        delays = dice.standard_exponential(dice.poisson(contagion.children)) * contagion.decay
        return sorted(delays.tolist())

    def child(self, number: int, place: int) -> int:
        """Return the number of somebody whom this *number* made write."""
        return self._add(number, f"{self.ids[number]}.{place}", number, 1, same=False)

    def _add(self, parent: int, name: str, origin: int, attempt: int, *, same: bool) -> int:
        """Add somebody at the end of the columns, like *parent* but for what is drawn anew."""
        place = self.streams[parent]
        each = self._scenario.streams[place]
        patience = self.patience[parent]
        if not same and each.patience is not None and not isinstance(each.patience, Given):
            patience = float(each.patience.sample(self._dice(Purpose.PATIENCE, name), 1)[0])
        added: set[int] = set()
        for crew, column in zip(self._scenario.crews, self.work, strict=True):
            if id(column) in added:
                continue
            added.add(id(column))
            seconds, work = column[parent], each.handled_by(crew.name)
            if not same and work is not None and not isinstance(work, Given):
                seconds = float(work.sample(self._dice(Purpose.HANDLING, name), 1)[0])
            column.append(seconds)
        self.ids.append(name)
        self.streams.append(place)
        self.patience.append(patience)
        self.attempts.append(attempt)
        self.origins.append(origin)
        if self._figures:
            self._figures.append(self._figures[parent])
        return len(self.ids) - 1


def _sorted(rows: list[list[Any]], order: np.ndarray[Any, Any]) -> list[Any]:
    """Return the rows of all streams, one after the other, in the order of arrival."""
    whole = [each for row in rows for each in row]
    return [whole[place] for place in order.tolist()]
