"""A backlog that never ends, and agents who are always busy: who takes what from it?"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from benchmarks.truth.amounts import NotExpressed
from benchmarks.truth.floors import Model, crew_name, stream_name
from benchmarks.truth.outputs import read_outputs
from benchmarks.truth.running import Trial
from workassign import Agent, Needs, Plan, Queue
from workassign.lab.arrivals import Poisson
from workassign.lab.distributions import Exponential
from workassign.lab.results import Result
from workassign.lab.scenario import Crew, OverloadWarning, Scenario, Stream

__all__ = ["Matched", "matching"]

BACKLOG = 10_000
"""So many are there, about, in a run."""
AT_ONCE = 1e-6
"""They come in such a short time, in random order: long before the first agent is done."""
TAKEN = 0.7
"""A run ends when about so many of them are taken: long before a class runs dry."""


@attrs.frozen
class Matched:
    """Adds up who took what, after the first part of a run."""

    since: float
    until: float

    def __call__(self, result: Result) -> Mapping[str, float]:
        """Return matches by class and pool."""
        each, pools = result.journeys, len(result.scenario.crews)
        taken = (each.started >= self.since) & (each.started < self.until)
        streams = len(result.scenario.streams)
        place = result.crew_of[each.agent[taken]] + pools * each.stream[taken]
        many = np.bincount(place, minlength=pools * streams)
        found = {f"by/{n // pools}/{n % pools}": float(value) for n, value in enumerate(many)}
        by_class = many.reshape(streams, pools).sum(axis=1)
        found |= {f"served/{k}": float(value) for k, value in enumerate(by_class)}
        return found | {"served/*": float(taken.sum()), "time": self.until - self.since}


def matching(case: Mapping[str, Any]) -> tuple[list[Trial], list[tuple[str, str]]]:
    """Return the trial of a backlog, and what is not compared.

    Raises:
        NotExpressed: If something of it is not known.
    """
    classes = [_fraction(text) for text in case["model"]["classes"]]
    pools = [(*_fraction(text), re.findall(r"'([^']+)'", text)) for text in case["model"]["pools"]]
    names = [name for name, _ in classes]
    wrong = [name for _, _, can in pools for name in can if name not in names]
    if wrong or any(not can for _, _, can in pools):
        raise NotExpressed(f"pools {case['model']['pools']!r}")
    if not re.search("oldest|first|earliest|fcfs", str(case["model"]["work_selection"]).lower()):
        raise NotExpressed(f"work selection {case['model']['work_selection']!r}")
    until = TAKEN * BACKLOG
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OverloadWarning)  # that is what a backlog is
        scenario = _scenario(classes, pools, until)
    model = _model(tuple(names), tuple(pool[0] for pool in pools))
    found = read_outputs(case["outputs"], model)
    trial = Trial(
        scenario=scenario,
        warm_up=0.0,
        measure=Matched(0.15 * until, until),
        outputs=found.compared,
        arrivals=BACKLOG,
    )
    return [trial], found.skipped


def _scenario(
    classes: list[tuple[str, float]], pools: list[tuple[str, float, list[str]]], until: float
) -> Scenario:
    names = [name for name, _ in classes]
    return Scenario(
        plan=Plan(queues={"backlog": Queue(auto_accept=True)}),
        streams=[_stream(k, share) for k, (_, share) in enumerate(classes)],
        crews=[
            _crew(j, share, [names.index(name) for name in can]) for j, (_, share, can) in enumerate(pools)
        ],
        duration=AT_ONCE,
        drain_for=until,
    )


def _fraction(text: str) -> tuple[str, float]:
    match = re.match(r"\s*(\S+?)\s*:.*?fraction (\d*\.?\d+)", text)
    if match is None:
        raise NotExpressed(f"fraction in {text!r}")
    return match[1], float(match[2])


def _stream(k: int, share: float) -> Stream:
    return Stream(
        name=stream_name(k),
        arrivals=Poisson(share * BACKLOG / AT_ONCE),
        handling=Exponential(1.0),
        queue="backlog",
        needs=Needs({stream_name(k): 1.0}),
    )


def _crew(j: int, share: float, can: list[int]) -> Crew:
    """Return one agent, who is done *share* times in a unit of time."""
    agent = Agent(id=f"{crew_name(j)}-0", skills={stream_name(k): 1.0 for k in can})
    return Crew(name=crew_name(j), agents=(agent,), pace=(share,))


def _model(classes: tuple[str, ...], pools: tuple[str, ...]) -> Model:
    """Return classes and pools, for the names of outputs."""
    return Model(
        classes=classes,
        pools=pools,
        arrivals=(),
        patience=(),
        agents=(1,) * len(pools),
        service=(),
        units=(),
        capacity=(),
        pace=(),
        room=None,
    )
