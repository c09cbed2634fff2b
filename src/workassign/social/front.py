"""What does a desk do with a mention, before an agent sees it? All the steps, in their order.

known already? · whose desk? · written by us? · part of a conversation? · said before? · what does it
say? · does it need anybody? · who wrote it? · whom does it concern? · can it be answered at once?

The front does no I/O and reads no clock. It says what has happened, and which commands to give to
the engine; it is told what the engine made of them (`see`), so that it knows what is still open.
No text is kept, but for the words of what may be said again, and a few samples of what left at each
stage, for people to judge; both in bounded memory, until the front is gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from workassign import events as ev
from workassign.commands import Submit, Update
from workassign.errors import PlanError
from workassign.model import Instant, Interaction, InteractionId
from workassign.social import happenings as hp
from workassign.social.audit import Quality
from workassign.social.conditions import Facts
from workassign.social.following import NOTHING, Following, Taken, begun
from workassign.social.funnel import COLLAPSED, JOINED, OURS, REPEATED, Funnel, Tally
from workassign.social.knowing import Acquaintances, Customers, Identify
from workassign.social.learning.leans import Leans
from workassign.social.loudness import Loudness
from workassign.social.making import Later, Making, silent
from workassign.social.mentions import BadRecord, Mention, key_of, name_of, usable
from workassign.social.people.customers import known
from workassign.social.replying.answers import Answers, commands, happening
from workassign.social.replying.desks import Desks
from workassign.social.replying.replies import Replies
from workassign.social.replying.routes import Routes, routed, routed_to
from workassign.social.sampling import Samples
from workassign.social.screen import Lately, Screen, Stage, is_repost
from workassign.social.threads import Conversation, Threads, ThreadSettings
from workassign.social.understanding import Understanding, Understood

if TYPE_CHECKING:
    from workassign.plan import Plan
    from workassign.social.settings import MentionSettings

__all__ = ["Front", "Taken"]


class Front:
    """Takes in mentions, in order of time. Bounded memory, whatever comes.

    Cost of a mention: the length of its text, and what the conditions of the plan make it find out.
    """

    def __init__(
        self,
        settings: MentionSettings,
        plan: Plan,
        understanding: Understanding | None = None,
        *,
        customers: Customers | None = None,
        identify: Identify | None = None,
    ) -> None:
        """Take in what *settings*, checked against *plan*, say.

        *understanding* finds out what mentions say (None: by the plan's words alone); *customers*
        asks who they are; *identify* says whose account it is, before anybody is asked.

        Raises:
            PlanError: If the settings name what the plan does not have.
        """
        self._settings = settings
        self._understanding = understanding or Understanding(settings.topics, settings.languages)
        if problems := settings.unknown_to(plan):
            raise PlanError(problems)
        replies = Replies(settings.replies)
        self._desks = Desks(settings.desks, plan, replies)
        self._answers = Answers(settings.answers, replies)
        self._routes = Routes(settings.routes)
        self._screen = Screen(settings.screen)
        self._make = Making(settings, self._understanding.topics)
        self._threads = Threads(settings.threads or ThreadSettings())
        self._nearby = None if settings.collapse is None else settings.collapse.finder()
        self._leans = Leans()
        self._samples = Samples(settings.audit, settings.channel)
        self._loudness = Loudness(settings.influence, settings.influence_follows)
        self._people = Acquaintances(customers, identify, self._threads.most)
        self._seen = Lately(settings.remember)
        self._joins = settings.threads is not None
        self.tally = Tally(_stages(settings))
        self._following = Following(self._threads, self._make, self._samples, self._loudness, self.tally)
        self.stages = frozenset(stage.name for stage in settings.screen)
        """At these mentions are dropped that need nobody."""

    @property
    def lookups(self) -> Mapping[str, int]:
        """How answers of the CRM came about -> how often."""
        return self._people.lookups

    # --- what comes in --------------------------------------------------------------------------

    def take(self, mention: Mention) -> Taken:
        """Take in a mention, and say what became of it.

        A mention of a brand that has no queue is a bad record; everything else leaves the funnel
        at one stage, or enters a queue.

        Raises:
            UsageError: If it cannot be a mention: see `usable`. Nothing has changed then; nor has
                it where somebody who was asked (a CRM, a sentiment of one's own) fails: it may come again.
        """
        mention = usable(mention)
        desk = self._desks.of(mention)
        brand = self._brand(mention, desk)
        queue = self._queue(brand)
        if queue is None:
            why = _no_queue(brand)
            return Taken((hp.Misplaced(at=mention.at, mention=mention.key, line=mention.line, reason=why),))
        if self._seen.again(mention.key, mention.at):
            return self._left(mention, REPEATED)
        try:
            return self._take(mention, desk, brand, queue)
        except BaseException:
            self._seen.forget(mention.key)
            raise

    def _take(self, mention: Mention, desk: str | None, brand: str | None, queue: str) -> Taken:
        who = self._people.who(mention)
        conversation = self._threads.find(mention, who, brand) if self._joins else None
        if mention.ours:
            if conversation is not None:
                self._threads.go_on(conversation, mention)
            return self._left(mention, OURS)
        if brand != mention.brand:
            mention = attrs.evolve(mention, brand=brand)
        said = self._understanding.of(mention, self._leans)
        first, shared = self._said_before(mention)  # it is remembered, whatever becomes of it
        goes_on = conversation is not None and conversation.open
        if shared is not None and not goes_on:
            if not self._joins or who is None or shared.customer != who:
                return self._collapse(mention, shared, first)
            conversation, goes_on = shared, shared.open  # she says it again: if it is closed, it is not done
        if not is_repost(mention):
            self.tally.felt(brand, mention.at, said.sentiment)
        if goes_on and conversation is not None:
            return self._join(mention, said, who, queue, conversation)
        stage = self._screen.dropped_by(said)
        if stage is not None:
            return self._drop(mention, said, who, queue, stage)
        facts = _facts(said, desk, self._open(desk, mention.at))
        return self._enter(mention, said, who, queue, facts, conversation, first)

    def _brand(self, mention: Mention, desk: str | None) -> str | None:
        if mention.brand is not None or desk is None:
            return mention.brand
        brands = self._desks.by_name[desk].brands
        return brands[0] if len(brands) == 1 else None

    def _queue(self, brand: str | None) -> str | None:
        queues = self._settings.queues
        return queues.get(brand or "*", queues.get("*"))

    def _open(self, desk: str | None, at: Instant) -> bool | None:
        return None if desk is None else self._desks.is_open(desk, at)

    # --- where it leaves the funnel -------------------------------------------------------------

    def _left(self, mention: Mention, stage: str, *, looked_at: bool = False) -> Taken:
        self.tally.left(mention, stage)
        return Taken((hp.Dropped(at=mention.at, mention=mention.key, stage=stage, audited=looked_at),))

    def _join(
        self, mention: Mention, said: Understood, who: str | None, queue: str, conversation: Conversation
    ) -> Taken:
        """The customer goes on with what she said before."""
        later = Later(silent(mention, said.sentiment), who, conversation.brand, queue)
        taken = self._following.go_on(mention, conversation, later)
        worse = conversation.worse(said.sentiment)
        if worse is None:
            return taken
        conversation.felt = worse
        update = Update(conversation.interaction, sentiment=worse)
        return attrs.evolve(taken, commands=(*taken.commands, update))

    def _said_before(self, mention: Mention) -> tuple[str | None, Conversation | None]:
        """Return who said the same first, and the conversation of which it is a part, if there is one.

        What is closed takes in reposts alone: who only repeats another's words asks for nothing, but
        who says the same in her own name has not been answered.
        """
        if self._nearby is None:
            return None, None
        if mention.repost_of is not None:
            found = self._threads.saying(key_of(mention.network, mention.repost_of))
            if found is not None and found.brand == mention.brand:
                return None, found
        first = self._nearby.seen(mention, mention.brand or "")
        found = None if first is None else self._threads.saying(first)
        takes_in = found is not None and (found.open or is_repost(mention))
        return first, found if takes_in else None

    def _collapse(self, mention: Mention, conversation: Conversation, first: str | None) -> Taken:
        """Somebody says the same: it is one interaction, and reaches further."""
        self.tally.left(mention, COLLAPSED)
        self._threads.share(conversation, mention, first)
        into = conversation.interaction
        fact = hp.Collapsed(
            at=mention.at,
            mention=mention.key,
            interaction=into,
            mentions=conversation.mentions,
            reach=conversation.reach,
        )
        update = self._loudness.louder(conversation)
        return Taken((fact,), () if update is None else (update,))

    def _drop(self, mention: Mention, said: Understood, who: str | None, queue: str, stage: Stage) -> Taken:
        """It needs nobody, says a stage; some are looked at all the same."""
        name = name_of(mention.key)
        drawn = self._samples.dropped(name, stage)
        taken = self._left(mention, stage.name, looked_at=drawn)
        if not drawn:
            return taken
        self.tally.audited[stage.name] += 1
        would_be = self._make.of(mention, said, queue)
        later = Later(silent(mention, said.sentiment), who, mention.brand, queue, would_be)
        look = self._samples.keep(later, would_be, stage)
        return taken if look is None else attrs.evolve(taken, commands=(Submit(look),))

    # --- what enters ------------------------------------------------------------------------------

    def _enter(
        self,
        mention: Mention,
        said: Understood,
        who: str | None,
        queue: str,
        facts: Facts,
        before: Conversation | None,
        first: str | None,
    ) -> Taken:
        """It needs somebody: find out who wrote it, and whom it concerns."""
        customer_facts, how = self._people.ask(mention)
        owner = None if customer_facts is None else customer_facts.id
        if owner is not None and owner != who:
            who, found = owner, self._threads.find(mention, owner, mention.brand) if self._joins else None
            if found is not None and found.open:
                return self._join(mention, said, who, queue, found)
            before = before or found
        score, raw = self._loudness.of(mention)
        customer, attributes = known(mention, customer_facts, score, how)
        interaction = self._make.of(mention, said, queue, customer, attributes, customer_facts)
        if before is not None and self._threads.says_so(mention, before, who):
            worse = before.worse(said.sentiment)
            kept = silent(mention, said.sentiment)
            later = Later(kept, who, before.brand, queue, interaction, worse)
            return self._following.go_on(mention, before, later)
        beside = self._threads.beside(mention) if before is None and self._joins else None
        conversation = self._threads.begin(interaction.id, mention, who, mention.brand, first)
        interaction = begun(conversation, interaction, before, raw, beside=beside)
        segment = None if customer is None else customer.segment
        return self._submit(mention, interaction, attrs.evolve(facts, influence=score, segment=segment))

    def _submit(self, mention: Mention, interaction: Interaction, facts: Facts) -> Taken:
        """Let it in: where a route says, answered at once if an answer says so."""
        self.tally.entered += 1
        self._samples.kept(interaction.id)
        at, route = mention.at, self._routes.of(facts)
        own, *copies = routed(interaction, route)
        decision = self._answers.of(mention, facts)
        facts_told: list[hp.Happening] = [
            hp.Entered(at=at, mention=mention.key, interaction=own.id, queue=own.queue)
        ]
        if route is not None:
            facts_told.append(routed_to(at, mention.key, route, (own, *copies)))
        if decision is not None:
            facts_told.append(happening(decision, at, mention, own.id))
        told = [*commands(decision, own, at), *map(Submit, copies)]
        return Taken(tuple(facts_told), tuple(told))

    # --- what the engine says -----------------------------------------------------------------------

    def see(self, event: ev.Event) -> Taken:
        """Take in what happened in the engine, and say what follows from it. Cost: O(1)."""
        return self._following.see(event)

    # --- what people say ----------------------------------------------------------------------------

    def label(self, mention: str, *, needed: bool, at: Instant) -> Taken:
        """Somebody looked at a mention, by its key: did it need an answer?

        It may have been dropped and sampled, or kept. What was dropped and needed one enters now, in
        the queue of its brand (routes and answers ask for its text, which is gone).

        Raises:
            UsageError: If it is not to be labelled: unknown, not sampled, too old, or labelled before.
        """
        stage, later = self._samples.label(mention, needed=needed)
        if later is None or later.interaction is None:
            return NOTHING
        self.tally.anew(stage)
        facts, how = self._people.ask(later.mention)
        score, _ = self._loudness.of(later.mention)
        customer, attributes = known(later.mention, facts, score, how)
        interaction = attrs.evolve(
            later.interaction,
            customer=customer,
            prefers=None if facts is None else facts.agent,
            attributes={**attributes, **later.interaction.attributes},
        )
        who = later.who if facts is None or facts.id is None else facts.id
        before = self._threads.find(later.mention, who, later.brand) if self._joins else None
        conversation = self._threads.begin(interaction.id, later.mention, who, later.brand)
        return self._following.anew(later, conversation, interaction, before, at)

    def quality(self) -> Quality:
        """Return how good the screening is, as far as people have labelled."""
        return self._samples.quality()

    def conversation(self, interaction: InteractionId) -> Conversation | None:
        """Return what belongs to an interaction: its messages, who said the same, whom to answer."""
        return self._threads.get(interaction)

    def funnel(
        self, *, read: int, bad: Sequence[BadRecord], notes: Mapping[str, int], out_of_order: int
    ) -> Funnel:
        """Return what became of everything, with what a reader knows of what was read."""
        tally = self.tally
        return Funnel(
            read=read,
            bad=tuple(sorted(bad, key=lambda each: each.line)),
            dropped=dict(tally.dropped),
            entered=tally.entered,
            notes=notes,
            out_of_order=out_of_order,
            audited=dict(tally.audited),
            samples=tally.samples(),
            moods=tally.moods(),
        )


def _stages(settings: MentionSettings) -> list[str]:
    """Return where a mention can leave the funnel, in order."""
    stages = [REPEATED]
    stages += [JOINED] if settings.threads is not None else []
    stages += [COLLAPSED] if settings.collapse is not None else []
    return [*stages, *dict.fromkeys(stage.name for stage in settings.screen)]


def _facts(said: Understood, desk: str | None, is_open: bool | None) -> Facts:
    return said.facts if desk is None else attrs.evolve(said.facts, desk=desk, open=is_open)


def _no_queue(brand: str | None) -> str:
    return (
        "has no brand, and no queue is for those" if brand is None else f"brand {brand[:40]!r} has no queue"
    )
