"""Does the social front find the conversations that people really had, and our figures their times?

Real threads of customers with 75 brands go through the front in order of time. Behind it is an
engine whose agents answer when the brand did, and are done with it ten minutes later, unless the
customer wrote again. What the file links by hand is the truth that is measured against:

- pairs of customers' messages that share an interaction, against pairs of one conversation: of the
  same customer (our rule), and of anybody (others who chime in count as missing);
- with what a message says that it answers, with the network's own thread beside it, and with
  neither: then only who wrote, and when, tell;
- with near-duplicates collapsed, and without;
- first and next response times of `Kpis`, against those reckoned from the file alone.

    python -m benchmarks.conversations --json PATH

It reads ../shared/data/twcs (real tweets, not part of this repository), and says so where that is
missing. No text is printed or written.
"""

from __future__ import annotations

import math
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import attrs

from benchmarks.command import parser, write
from benchmarks.real_threads import REAL, SHARES, Line, Unit, lines_of, quantiles, response_times
from workassign import events as ev
from workassign.commands import AddAgent, AgentReplied, Assign, Command, Complete, SignOn
from workassign.engine import Engine
from workassign.kpi import Kpis
from workassign.model import Agent, Fence, Instant, InteractionId
from workassign.plan import Plan
from workassign.policies.sla import Target
from workassign.queues import Queue
from workassign.social import happenings as hp
from workassign.social.front import Front, Taken
from workassign.social.funnel import COLLAPSED, JOINED, OURS
from workassign.social.mentions import Mention
from workassign.social.settings import Collapsing, MentionSettings
from workassign.social.threads import ThreadSettings

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
WEEK, AGES = 7 * DAY, 3650 * DAY


@attrs.frozen(kw_only=True)
class Way:
    """How the file is replayed."""

    told: Literal["links", "threads", "nothing"] = "links"
    """What customers' messages say: what they answer, their thread beside it, or neither. The desk
    knows what its own answer."""
    within: float | None = None
    """`same_author_within`."""
    collapse: bool = False
    remember: float = WEEK
    """Conversations are remembered, and can be opened again, for so many seconds."""
    done_after: float = 10 * MINUTE
    """So long after her answer an agent completes what nobody has written to since."""
    timed: bool = False
    """Key figures are gathered: they take most of the time, with a queue for each brand."""

    def __str__(self) -> str:
        """Return it in a few words."""
        said = [self.told, _span(self.within)]
        said += ["collapsed"] if self.collapse else []
        said += [] if self.remember == WEEK else ["all remembered"]
        return ", ".join(
            said + ([] if self.done_after == Way().done_after else [f"done after {_span(self.done_after)}"])
        )


_WINDOWS = (None, 15 * MINUTE, HOUR, 6 * HOUR, DAY, WEEK)
WAYS = (
    *(Way(within=each, timed=each in (None, HOUR)) for each in _WINDOWS),
    Way(within=None, remember=AGES, timed=True),
    *(Way(told="threads", within=each) for each in (None, HOUR)),
    *(Way(told="nothing", within=each) for each in _WINDOWS),
    *(Way(told="nothing", within=each, done_after=DAY) for each in (HOUR, 6 * HOUR, DAY)),
    *(Way(told=told, within=HOUR, collapse=True, timed=told == "links") for told in ("links", "nothing")),
)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    told = parser(__doc__).parse_args(argv)
    if not REAL.is_file():
        print(f"../shared/data/twcs/{REAL.name} is not there: nothing to measure", file=sys.stderr)
        raise SystemExit(1)
    figures = measured(lines_of(REAL))
    tell(figures)
    write(figures, told.json)


def measured(lines: Sequence[Line]) -> dict[str, Any]:
    """Return every figure of the file's *lines*."""
    customers = [each for each in lines if not each.mention.ours]
    authors = defaultdict(set)
    for each in customers:
        authors[each.conversation].add(each.mention.author)
    first: dict[str, str | None] = {}
    for each in customers:
        first.setdefault(each.conversation, each.mention.author)
    return {
        "tweets": len(lines),
        "customers_messages": len(customers),
        "brands": len({each.mention.brand for each in lines}),
        "conversations": len({each.conversation for each in lines}),
        "begun": len(first),
        "conversations_of_one_customer": len({each.unit for each in customers}),
        "with_others": sum(len(each) > 1 for each in authors.values()),
        "messages_of_others": sum(each.mention.author != first[each.conversation] for each in customers),
        "file": {kind: quantiles(times) for kind, times in response_times(lines).items()},
        "replays": [replayed(lines, way) for way in WAYS],
    }


# --- the floor --------------------------------------------------------------------------------


class Floor:
    """A front, its engine, and the agents who answer when the brand did."""

    def __init__(self, brands: Iterable[str], way: Way) -> None:
        """Stand ready for *brands*, each with a queue of its own."""
        names = list(dict.fromkeys(brands))
        targets = (
            Target(measures="first_response", within=HOUR),
            Target(measures="next_response", within=HOUR),
        )
        plan = Plan(queues={name: Queue(targets=targets) for name in names}, retention=way.remember)
        settings = MentionSettings(
            queues={name: name for name in names},
            threads=ThreadSettings(same_author_within=way.within, within=way.remember),
            collapse=Collapsing() if way.collapse else None,
        )
        self._way = way
        self.front, self.engine, self.kpis = Front(settings, plan), Engine(plan), Kpis(plan)
        self.where: dict[str, InteractionId] = {}
        """Message -> the interaction that it is part of, the brand's answers included."""
        self.fates: dict[str, str] = {}
        """Customer's message -> what became of it."""
        self.submitted: Counter[InteractionId] = Counter()
        self.into_closed = self.replies_to_closed = 0
        self.answers: Counter[str] = Counter()
        """Target -> answers that it was told of."""
        self._agents: set[str] = set()
        self._held: dict[InteractionId, tuple[str, Fence]] = {}
        self._open: set[InteractionId] = set()
        self._done: dict[InteractionId, Instant] = {}
        """When what was answered will be completed, in that order."""

    def take(self, mention: Mention, answers: str | None) -> None:
        """A customer wrote, or the brand answered the message with the key *answers*."""
        self._complete(mention.at)
        taken = self.front.take(mention)
        if not mention.ours:
            self._received(mention, taken)
            return
        interaction = self.where.get(answers or "")
        if interaction is not None:
            self.where[mention.key] = interaction
            self._reply(interaction, mention)

    def _received(self, mention: Mention, taken: Taken) -> None:
        (fact,) = taken.happenings
        if isinstance(fact, hp.Entered | hp.Joined | hp.Collapsed):
            self.where[mention.key] = fact.interaction
        self.fates[mention.key] = type(fact).__name__.lower()
        if isinstance(fact, hp.Joined):
            self._done.pop(fact.interaction, None)
            if fact.interaction not in self._open:
                self.fates[mention.key] = "reopened"
        if isinstance(fact, hp.Collapsed) and fact.interaction not in self._open:
            self.into_closed += 1
        self._told(taken, mention.at)

    def _reply(self, interaction: InteractionId, mention: Mention) -> None:
        agent = f"{mention.brand} {mention.attributes.get('agent', '')}".strip()
        if agent not in self._agents:
            self._agents.add(agent)
            self._say(AddAgent(Agent(id=agent, pull=True, capacity=1e6)), mention.at)
            self._say(SignOn(agent), mention.at)
        if interaction not in self._open:
            self.replies_to_closed += 1
        elif interaction not in self._held:
            self._say(Assign(interaction, agent), mention.at)
        self._say(AgentReplied(interaction, agent), mention.at)
        if interaction in self._open:
            self._done.pop(interaction, None)
            self._done[interaction] = mention.at + self._way.done_after

    def _complete(self, now: Instant) -> None:
        while self._done:
            interaction, due = next(iter(self._done.items()))
            if due > now:
                return
            del self._done[interaction]
            self._say(Complete(interaction, *self._held[interaction]), due)

    def _say(self, command: Command, at: Instant) -> None:
        self._told(Taken((), (command,)), at)

    def _told(self, taken: Taken, at: Instant) -> None:
        for fact in taken.happenings:
            if isinstance(fact, hp.Entered) and self.where.get(fact.mention) != fact.interaction:
                self.where[fact.mention], self.fates[fact.mention] = fact.interaction, "renewed"
        for command in taken.commands:
            facts = list(self.engine.handle(command, at))
            if self._way.timed:
                self.kpis.take(at, self.engine.facts)
            for event in facts:
                self._note(event)
                self._told(self.front.see(event), at)

    def _note(self, event: ev.Event) -> None:
        match event:
            case ev.Submitted():
                self.submitted[event.interaction.id] += 1
                self._open.add(event.interaction.id)
            case ev.Reopened():
                self._open.add(event.interaction)
            case ev.Assigned():
                self._held[event.interaction] = event.agent, event.fence
            case ev.Completed():
                self._open.discard(event.interaction)
                del self._held[event.interaction]
            case ev.ClockStopped():
                self.answers[event.target] += 1
            case _:
                pass


# --- a replay ---------------------------------------------------------------------------------


def replayed(lines: Sequence[Line], way: Way) -> dict[str, Any]:
    """Let the *lines* through a floor in one *way*, and say how that went."""
    floor = played(lines, way)
    customers = [each for each in lines if not each.mention.ours]
    tally, keys = floor.front.tally, [each.mention.key for each in customers]
    interactions = {floor.where[key] for key in keys}  # a message that is in none would be missed here
    assert tally.entered + sum(tally.dropped.values()) == len(lines), f"the funnel does not add up: {tally}"
    assert set(floor.submitted) == interactions
    assert set(floor.submitted.values()) == {1}
    return {
        "way": str(way),
        **attrs.asdict(way),
        "interactions": len(interactions),
        "same_customer": pairs(floor.where, {each.mention.key: each.unit for each in customers}),
        "anybody": pairs(floor.where, {each.mention.key: each.conversation for each in customers}),
        "fates": fates(customers, floor),
        "funnel": {stage: tally.dropped.get(stage, 0) for stage in (OURS, JOINED, COLLAPSED)},
        "entered": tally.entered,
        "collapsed_into_closed": floor.into_closed,
        "replies_to_closed": floor.replies_to_closed,
        **({"kpis": _times_told(floor)} if way.timed else {}),
    }


def _times_told(floor: Floor) -> dict[str, dict[str, float | None]]:
    """Return what the key figures say of first and next responses."""
    figures = floor.kpis.figures()
    means = {"first_response": figures.first_response, "next_response": figures.next_response}
    return {
        each.target: {"count": floor.answers[each.target], "mean": means[each.target]}
        | {name: getattr(each, name) for name in SHARES}
        for each in floor.kpis.targets()
    }


def played(lines: Sequence[Line], way: Way) -> Floor:
    """Return a floor through which the *lines* have gone in one *way*."""
    floor = Floor((each.mention.brand or "" for each in lines), way)
    for line in lines:
        mention = line.mention
        answers = None if mention.in_reply_to is None else f"{mention.network}/{mention.in_reply_to}"
        if way.told == "threads":
            mention = attrs.evolve(mention, thread=line.conversation)
        elif way.told == "nothing" and not mention.ours:
            mention = attrs.evolve(mention, in_reply_to=None)
        floor.take(mention, answers)
    return floor


def pairs(found: Mapping[str, str], truth: Mapping[str, Any]) -> dict[str, float]:
    """Return how well pairs of messages that were *found* together are those that belong together.

    And the share of those groups of the *truth* that were found whole and with nothing else.
    """
    here, there, both = (Counter[Any]() for _ in range(3))
    for key, group in truth.items():
        here[found[key]] += 1
        there[group] += 1
        both[found[key], group] += 1
    together, belong, right = (sum(math.comb(n, 2) for n in each.values()) for each in (here, there, both))
    precision, recall = right / together if together else 1.0, right / belong if belong else 1.0
    return {
        "pairs": belong,
        "right": right,
        "wrong": together - right,
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall) if right else 0.0,
        "whole": sum(n == here[one] == there[group] for (one, group), n in both.items()) / len(there),
    }


def fates(customers: Iterable[Line], floor: Floor) -> dict[str, dict[str, int]]:
    """Return what became of the first message of each customer in a conversation, and of later ones."""
    known: set[Unit | None] = set()
    found: dict[str, Counter[str]] = {"first": Counter(), "later": Counter()}
    for line in customers:
        found["later" if line.unit in known else "first"][floor.fates[line.mention.key]] += 1
        known.add(line.unit)
    return {which: dict(sorted(counts.items())) for which, counts in found.items()}


# --- what is told -----------------------------------------------------------------------------


def tell(figures: Mapping[str, Any]) -> None:
    """Print the figures as tables."""
    for key in list(figures)[:8]:
        print(f"{key:32} {figures[key]:,}")
    print(f"\n{'':36} inter-   same customer: p, recall, F1, whole   anybody: p, recall")
    for each in figures["replays"]:
        hers, everybody = each["same_customer"], each["anybody"]
        print(
            f"{each['way']:36} {each['interactions']:7,}   {_row(hers)} {hers['f1']:.4f} "
            f"{hers['whole']:.4f}   {_row(everybody)}"
        )
    print("\nwhat became of later messages, and of first ones of a customer in a conversation")
    for each in figures["replays"]:
        shown = [f"{which} {_counts(each['fates'][which])}" for which in ("later", "first")]
        print(f"{each['way']:36} {'; '.join(shown)}; into closed {each['collapsed_into_closed']}")
    print("\nresponse times: how many, mean, median, p90 (seconds)")
    for name, found in _times(figures):
        print(
            f"{name:46} {found['count']:6,} {found['mean']:10,.1f} {found['p50']:9,.0f} {found['p90']:9,.0f}"
        )


def _row(found: Mapping[str, float]) -> str:
    return f"{found['precision']:.4f} {found['recall']:.4f}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{fate} {n:,}" for fate, n in counts.items())


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    return f"{seconds / 60:g} min" if seconds < HOUR else f"{seconds / HOUR:g} h"


def _times(figures: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, float]]]:
    for kind in ("first_response", "next_response"):
        yield f"{kind}, the file", figures["file"][kind]
        for each in figures["replays"]:
            if "kpis" in each:
                yield f"{kind}, {each['way']}", each["kpis"][kind]


if __name__ == "__main__":
    main()
