"""Which mentions are answered without an agent, which are told to wait, and which need no answer?

Selective response: the first rule whose conditions hold decides. What it decides is an event of the
front, and commands for the engine, which counts what was closed by itself as exited and what waits
as waiting.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import attrs

from workassign.commands import BotReplied, Cancel, Command, Submit
from workassign.errors import PlanError
from workassign.model import LONGEST, Instant, Interaction, InteractionId
from workassign.needs import checked_name
from workassign.social.conditions import Facts, When, condition
from workassign.social.happenings import Acknowledged, Answered, FannedOut, NotAnswered, Origin
from workassign.social.mentions import Mention
from workassign.social.replying.replies import Replies, Reply

__all__ = [
    "HOW",
    "Answer",
    "Answers",
    "Decision",
    "closing",
    "commands",
    "fan_out",
    "happening",
    "recipients",
]

HOW = ("template", "acknowledge", "no_reply")

DAY = 86_400.0

REMEMBERED = 100_000
"""So many authors are remembered for each rule; of more, those are forgotten who had it first."""

ASIDE = 1.0
"""What is closed at once is scheduled so many seconds ahead, so that nobody is offered it before."""


@attrs.frozen(kw_only=True)
class Answer:
    """A rule: `template` answers and closes, `acknowledge` answers and queues, `no_reply` closes.

    Raises:
        ValueError: If it lacks what it needs to do that, or would close everything.
    """

    name: str
    how: str
    """template, acknowledge or no_reply."""
    when: When = When()
    reply: str | None = None
    """The id of the canned reply; for template and acknowledge."""
    reason: str = ""
    """Why it is closed; for no_reply it must be said, for template it is `template` otherwise."""
    once_in: float = DAY
    """The same author has this reply once in so many seconds; then the next rules are asked. 0: each time."""

    def __attrs_post_init__(self) -> None:
        """Check that it can be done."""
        checked_name(self.name, "name")
        if self.how not in HOW:
            raise ValueError(f"how must be one of {', '.join(HOW)}, not {self.how[:40]!r}")
        if (self.reply is None) is not (self.how == "no_reply"):
            raise ValueError(f"{self.how} must have {'no' if self.reply else 'a'} reply")
        if self.how == "no_reply" and not self.reason:
            raise ValueError("no_reply must have a reason")
        if self.reason:
            checked_name(self.reason, "reason")
        if self.how != "acknowledge" and self.when.always:
            raise ValueError(f"{self.how} must have a condition: it would close every mention")
        if not 0 <= self.once_in <= LONGEST:
            raise ValueError(f"once_in must be from 0 to {LONGEST:.0f}, not {self.once_in!r}")


@attrs.frozen(kw_only=True)
class Decision:
    """What a rule decided about one mention."""

    rule: Answer
    reply: Reply | None
    """To be filled and sent; None for no_reply."""

    @property
    def closes(self) -> bool:
        """Whether no agent sees the mention."""
        return self.rule.how != "acknowledge"

    @property
    def reason(self) -> str:
        """Why it is closed."""
        return self.rule.reason or self.rule.how


class Answers:
    """Asks the rules in their order, and remembers who has had which reply.

    So two programs that answer each other come to an end, and nobody is thanked for each of ten posts.
    """

    def __init__(self, rules: Sequence[Answer], replies: Replies, path: str = "mentions.answers") -> None:
        """Answer by *rules* with *replies*; *path* is where the rules stand in the plan file.

        Raises:
            PlanError: If a rule names a reply that there is not, or has the name of another.
        """
        names = [rule.name for rule in rules]
        problems = []
        for number, rule in enumerate(rules):
            if rule.reply is not None and rule.reply not in replies:
                problems.append(f"{path}[{number}].reply: there is no reply {rule.reply[:40]!r}")
            if rule.name in names[:number]:
                problems.append(f"{path}[{number}].name: there is another rule {rule.name!r}")
        if problems:
            raise PlanError(problems)
        self._rules = [(rule, condition(rule.when)) for rule in rules]
        self._replies = replies
        self._had: dict[str, OrderedDict[tuple[str, str], Instant]] = {name: OrderedDict() for name in names}

    def of(self, mention: Mention, facts: Facts) -> Decision | None:
        """Return what the first rule decides that holds, None if it is for an agent as ever.

        A rule whose reply there is not in the mention's language, or for everybody, is passed
        over, and so is one that its author has had lately. Mentions come in order of time.
        Cost: the conditions of the rules, and a few look-ups.
        """
        for rule, holds in self._rules:
            if not holds(facts) or self._has_had(rule, mention):
                continue
            if rule.reply is None:
                return Decision(rule=rule, reply=None)
            reply = self._replies.of(rule.reply, facts.language, facts.brand, facts.network)
            if reply is not None:
                self._note(rule, mention)
                return Decision(rule=rule, reply=reply)
        return None

    def _has_had(self, rule: Answer, mention: Mention) -> bool:
        if mention.author is None:
            return False
        last = self._had[rule.name].get((mention.network, mention.author))
        return last is not None and mention.at - last < rule.once_in

    def _note(self, rule: Answer, mention: Mention) -> None:
        if mention.author is None or rule.once_in == 0:
            return
        had = self._had[rule.name]
        who = (mention.network, mention.author)
        had[who] = mention.at
        had.move_to_end(who)
        # The first is who had it longest ago: what is over is forgotten as time goes by.
        while len(had) > REMEMBERED or mention.at - next(iter(had.values())) >= rule.once_in:
            had.popitem(last=False)


def commands(decision: Decision | None, interaction: Interaction, at: Instant) -> list[Command]:
    """Return what the engine is told of *interaction*, whose mention was decided about at *at*.

    An acknowledgement is an automatic reply: it stops the clocks that count `bots`, no others.
    What is closed is scheduled, answered and cancelled in one instant, so that no agent is offered
    it; the engine counts it as entered and exited (`cancelled`; the reason is in the event), and starts
    no clock: a promise to answer was kept before it was given. A customer who writes again opens
    it, as anything that is closed.
    """
    if decision is None:
        return [Submit(interaction)]
    if not decision.closes:
        return [Submit(interaction), BotReplied(interaction.id)]
    return closing(interaction, at, decision.reason, answered=decision.reply is not None)


def closing(interaction: Interaction, at: Instant, reason: str, *, answered: bool) -> list[Command]:
    """Return the commands by which *interaction* comes in and is closed at *at*, before anybody has it."""
    later = attrs.evolve(interaction, not_before=at + ASIDE)
    replied: list[Command] = [BotReplied(interaction.id)] if answered else []
    return [Submit(later), *replied, Cancel(interaction.id, reason)]


_Decided: TypeAlias = Acknowledged | Answered | NotAnswered


def happening(
    decision: Decision,
    at: Instant,
    mention: Mention,
    interaction: InteractionId,
    others: Iterable[Mention] = (),
) -> _Decided:
    """Return what has happened to *mention*, and to *others* that share its interaction."""
    if decision.reply is None:
        return NotAnswered(
            at=at,
            mention=mention.key,
            interaction=interaction,
            rule=decision.rule.name,
            reason=decision.reason,
        )
    kind = Answered if decision.closes else Acknowledged
    return kind(
        at=at,
        mention=mention.key,
        interaction=interaction,
        rule=decision.rule.name,
        reply=decision.reply.id,
        to=recipients([*others, mention]),
    )


def recipients(mentions: Iterable[Mention | Origin]) -> tuple[Origin, ...]:
    """Return to what an answer goes that is meant for all *mentions*: each author once, at her last one.

    The brand's own posts get none, and neither does who only repeated another's words. Mentions without an
    author each get one, for nobody knows whether she is the same. Those come first that came first.
    """
    last: dict[tuple[str, str, str], Origin] = {}
    for each in mentions:
        if isinstance(each, Mention):
            if each.ours or each.repost_of is not None:
                continue
            each = Origin.of(each)  # noqa: PLW2901 - the same thing, without its text
        who = ("author", each.network, each.author) if each.author is not None else _alone(each)
        last[who] = each
    return tuple(last.values())


def _alone(origin: Origin) -> tuple[str, str, str]:
    return ("mention", origin.network, origin.mention)


def fan_out(
    at: Instant, interaction: InteractionId, reply: str, mentions: Iterable[Mention | Origin]
) -> FannedOut:
    """Return to whom an agent's answer to a storm goes; *reply* is where its text is.

    Cost: O(mentions).
    """
    return FannedOut(at=at, interaction=interaction, reply=reply, to=recipients(mentions))
