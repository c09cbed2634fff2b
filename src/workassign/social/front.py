"""What does a desk do with a mention, before an agent sees it? All the steps, in their order.

known already? · whose desk? · written by us? · part of a conversation? · said before? · what does it
say? · does it need anybody? · who wrote it? · whom does it concern? · can it be answered at once?

The front does no I/O and reads no clock. It says what has happened, and which commands to give to
the engine; it is told what the engine made of them (`see`), so that it knows what is still open.
No text is kept, but for the words of what may be said again, and a few samples of what left at each
stage, for people to judge; both in bounded memory, until the front is gone.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from workassign import events as ev
from workassign.commands import Command, CustomerReplied, Submit, Update
from workassign.model import Customer, Instant, Interaction, InteractionId, Value
from workassign.needs import Needs
from workassign.social import happenings as hp
from workassign.social.audit import Audit, AuditSettings, Quality
from workassign.social.conditions import Facts
from workassign.social.funnel import COLLAPSED, JOINED, OURS, Funnel, Tally
from workassign.social.learning.leans import Leans
from workassign.social.mentions import BadRecord, Mention, key_of
from workassign.social.people.customers import CustomerFacts, known
from workassign.social.people.influence import Influence, Rolling
from workassign.social.replying.answers import Answers, commands, happening
from workassign.social.replying.desks import Desks
from workassign.social.replying.replies import Replies
from workassign.social.replying.routes import Routes, routed, routed_to
from workassign.social.screen import REPEATED, Lately, Screen, Stage, is_repost
from workassign.social.threads import Conversation, Threads, ThreadSettings
from workassign.social.understanding import Understanding, Understood

if TYPE_CHECKING:
    from workassign.plan import Plan
    from workassign.social.people.crm import Answer
    from workassign.social.settings import MentionSettings

__all__ = ["Front", "Taken"]

Customers: TypeAlias = Callable[[str, str], "Answer"]
"""(network, author) -> what is known of her: a `Lookup`'s own `lookup`."""
Identify: TypeAlias = Callable[[str, str], str | None]
"""(network, author) -> the customer whose account that is; None: nobody known."""

_Closed: TypeAlias = ev.Completed | ev.Cancelled | ev.Abandoned | ev.Collapsed | ev.TemplateSent

SCORE_STEP = 1.0
"""A storm's influence is told to the engine when it has risen by so much, of 100."""
WAITING = 10_000
"""So many messages are remembered whose conversation may not be opened again."""


@attrs.frozen
class Taken:
    """What became of something: facts, and what the engine is to be told, in this order."""

    happenings: tuple[hp.Happening, ...] = ()
    commands: tuple[Command, ...] = ()


NOTHING = Taken()


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
        self._customers, self._identify = customers, identify
        replies = Replies(settings.replies)
        self._desks = Desks(settings.desks, plan, replies)
        self._answers = Answers(settings.answers, replies)
        self._routes = Routes(settings.routes)
        self._screen = Screen(settings.screen)
        self._threads = Threads(settings.threads or ThreadSettings())
        self._nearby = None if settings.collapse is None else settings.collapse.finder()
        self._leans = Leans()
        self._audit = Audit(settings.audit or AuditSettings(share=0.0))
        self._scale = _scale(settings.influence, settings.influence_follows)
        self._seen = Lately(settings.remember)
        self._owners: OrderedDict[str, str] = OrderedDict()
        """Account -> the customer that the CRM says it is."""
        self._held: OrderedDict[str, Interaction] = OrderedDict()
        """Key of a sampled mention -> what it would be, if it needed an answer after all."""
        self._instead: OrderedDict[InteractionId, Interaction] = OrderedDict()
        """Closed interaction -> what its customer's new message is, if it cannot be opened again."""
        self._joins = settings.threads is not None
        self.tally = Tally(_stages(settings))
        self.stages = frozenset(stage.name for stage in settings.screen)
        """At these mentions are dropped that need nobody."""
        self.lookups: dict[str, int] = {}
        """How answers of the CRM came about -> how often."""

    # --- what comes in --------------------------------------------------------------------------

    def take(self, mention: Mention) -> Taken:
        """Take in a mention, and say what became of it.

        A mention of a brand that has no queue is a bad record; everything else leaves the funnel
        at one stage, or enters a queue.
        """
        desk = self._desks.of(mention)
        brand = self._brand(mention, desk)
        queue = self._queue(brand)
        if queue is None:
            return Taken(
                (
                    hp.Misplaced(
                        at=mention.at, mention=mention.key, line=mention.line, reason=_no_queue(brand)
                    ),
                )
            )
        if self._seen.again(mention.key, mention.at):
            return self._left(mention, REPEATED)
        who = self._who(mention)
        conversation = self._threads.find(mention, who, brand) if self._joins else None
        if mention.ours:
            if conversation is not None:
                self._threads.go_on(conversation, mention)
            return self._left(mention, OURS)
        if brand != mention.brand:
            mention = attrs.evolve(mention, brand=brand)
        said = self._understanding.of(mention, self._leans)
        shared = self._said_before(mention, queue)  # it is remembered, whatever becomes of it
        if conversation is not None and conversation.open:
            return self._join(mention, said, conversation)
        if shared is not None and shared is not conversation:  # closed: she says it again, it is not done
            return self._collapse(mention, shared)
        if not is_repost(mention):
            self.tally.felt(brand, mention.at, said.sentiment)
        stage = self._screen.dropped_by(said)
        if stage is not None:
            return self._drop(mention, said, queue, stage)
        facts = _facts(said, desk, self._open(desk, mention.at))
        return self._enter(mention, said, who, brand, queue, facts, conversation)

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

    def _who(self, mention: Mention) -> str | None:
        """Return which customer wrote it: her account, where nobody knows better."""
        if mention.author is None:
            return None
        account = key_of(mention.network, mention.author)
        if self._identify is not None and (owner := self._identify(mention.network, mention.author)):
            return owner
        return self._owners.get(account, account)

    # --- where it leaves the funnel -------------------------------------------------------------

    def _left(self, mention: Mention, stage: str, *, looked_at: bool = False) -> Taken:
        self.tally.left(mention, stage)
        return Taken((hp.Dropped(at=mention.at, mention=mention.key, stage=stage, audited=looked_at),))

    def _join(self, mention: Mention, said: Understood, conversation: Conversation) -> Taken:
        """The customer goes on with what she said before."""
        self.tally.left(mention, JOINED)
        self.tally.felt(conversation.brand, mention.at, said.sentiment)
        self._threads.go_on(conversation, mention)
        into, felt = conversation.interaction, said.sentiment
        told: list[Command] = [CustomerReplied(into, felt)]
        if felt is not None and felt < (0.0 if conversation.felt is None else conversation.felt):
            conversation.felt = felt
            told.append(Update(into, sentiment=felt))
        fact = hp.Joined(at=mention.at, mention=mention.key, interaction=into)
        return Taken((fact,), tuple(told))

    def _said_before(self, mention: Mention, queue: str) -> Conversation | None:
        """Return the conversation in which the same was said, if there is one."""
        if self._nearby is None:
            return None
        if mention.repost_of is not None:
            found = self._threads.holding(key_of(mention.network, mention.repost_of))
            if found is not None:
                return found
        first = self._nearby.seen(mention, queue)
        return None if first is None else self._threads.holding(first)

    def _collapse(self, mention: Mention, conversation: Conversation) -> Taken:
        """Somebody says the same: it is one interaction, and reaches further."""
        self.tally.left(mention, COLLAPSED)
        self._threads.share(conversation, mention)
        into = conversation.interaction
        fact = hp.Collapsed(
            at=mention.at,
            mention=mention.key,
            interaction=into,
            mentions=conversation.mentions,
            reach=conversation.reach,
        )
        update = self._louder(conversation)
        return Taken((fact,), () if update is None else (update,))

    def _louder(self, conversation: Conversation) -> Update | None:
        """Return what the engine is told of a storm that has grown, if that is worth it."""
        customer, scale = conversation.known, self._ruler()
        if not conversation.open or customer is None or scale is None:
            return None
        score = scale.rank(scale.louder(conversation.influence, conversation.reach))
        if score < (conversation.score or 0.0) + SCORE_STEP:
            return None
        conversation.score = score
        conversation.known = attrs.evolve(customer, influence=score)
        reach: dict[str, Value] = {"mentions": conversation.mentions, "reach": conversation.reach}
        return Update(conversation.interaction, customer=conversation.known, attributes=reach)

    def _influence(self, mention: Mention) -> tuple[float | None, float | None]:
        """Return how far what she says carries, 0 to 100, and before it is ranked."""
        scale = self._ruler()
        if self._scale is None or scale is None:
            return None, None
        raw = scale.raw(mention)
        if raw is None:
            return None, None
        score = scale.rank(raw)
        if isinstance(self._scale, Rolling):
            self._scale.learn(raw)
        return score, raw

    def _ruler(self) -> Influence | None:
        return self._scale.scale if isinstance(self._scale, Rolling) else self._scale

    def _drop(self, mention: Mention, said: Understood, queue: str, stage: Stage) -> Taken:
        """It needs nobody, says a stage; some are looked at all the same."""
        drawn = self._audit.dropped(mention.key, stage.name, stage.audit)
        taken = self._left(mention, stage.name, looked_at=drawn)
        if not drawn:
            return taken
        self.tally.audited[stage.name] += 1
        interaction = self._interaction(mention, said, queue, None, {}, None)
        self._held[mention.key] = interaction
        if len(self._held) > WAITING:
            self._held.popitem(last=False)
        lane = None if self._settings.audit is None else self._settings.audit.queue
        if lane is None:
            return taken
        look = Interaction(
            id=f"audit/{mention.key}"[:200],
            queue=lane,
            channel=self._settings.channel,
            ref=interaction.ref,
            attributes={"stage": stage.name, "audit_of": mention.key},
        )
        return attrs.evolve(taken, commands=(Submit(look),))

    # --- what enters ------------------------------------------------------------------------------

    def _enter(
        self,
        mention: Mention,
        said: Understood,
        who: str | None,
        brand: str | None,
        queue: str,
        facts: Facts,
        before: Conversation | None,
    ) -> Taken:
        """It needs somebody: find out who wrote it, and whom it concerns."""
        customer_facts, how = self._ask(mention)
        owner = None if customer_facts is None else customer_facts.id
        if owner is not None and owner != who:
            self._own(mention, owner)
            who, found = owner, self._threads.find(mention, owner, brand) if self._joins else None
            if found is not None and found.open:
                return self._join(mention, said, found)
            before = before or found
        score, raw = self._influence(mention)
        customer, attributes = known(mention, customer_facts, score, how)
        interaction = self._interaction(mention, said, queue, customer, attributes, customer_facts)
        if before is not None and self._threads.says_so(mention, before, who):
            return self._open_again(mention, said, before, interaction)
        conversation = self._threads.begin(interaction.id, mention, who, brand)
        interaction = _again(interaction, conversation, before)
        conversation.known, conversation.felt = interaction.customer, said.sentiment
        conversation.score, conversation.influence = score, raw
        segment = None if customer is None else customer.segment
        return self._submit(mention, interaction, attrs.evolve(facts, influence=score, segment=segment))

    def _submit(self, mention: Mention, interaction: Interaction, facts: Facts) -> Taken:
        """Let it in: where a route says, answered at once if an answer says so."""
        self.tally.entered += 1
        self._audit.kept(mention.key)
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

    def _ask(self, mention: Mention) -> tuple[CustomerFacts | None, str | None]:
        """Return what the CRM knows, and how that came about."""
        if self._customers is None or mention.author is None:
            return None, None
        answer = self._customers(mention.network, mention.author)
        self.lookups[answer.how] = self.lookups.get(answer.how, 0) + 1
        return answer.facts, answer.how

    def _own(self, mention: Mention, owner: str) -> None:
        """Remember whose account it is."""
        account = key_of(mention.network, mention.author or "")
        self._owners[account] = owner
        self._owners.move_to_end(account)
        if len(self._owners) > self._threads.most:
            self._owners.popitem(last=False)

    def _open_again(
        self, mention: Mention, said: Understood, before: Conversation, instead: Interaction
    ) -> Taken:
        """She goes on with what is closed: it is opened again, if its queue lets her."""
        taken = self._join(mention, said, before)
        self._instead[before.interaction] = instead
        if len(self._instead) > WAITING:
            self._instead.popitem(last=False)
        return attrs.evolve(taken, commands=taken.commands[:1])

    def _interaction(
        self,
        mention: Mention,
        said: Understood,
        queue: str,
        customer: Customer | None,
        attributes: dict[str, Value],
        facts: CustomerFacts | None,
    ) -> Interaction:
        """Return the interaction that *mention* makes in *queue*. Its text stays outside."""
        topic = None if said.topic is None else self._understanding.topics[said.topic]
        skills = {} if topic is None else dict(topic.skills)
        found: dict[str, Value] = {**mention.attributes, **attributes}
        for name in ("topic", "language", "intent"):
            if (value := getattr(said, name)) is not None:
                found[name] = value
        language = self._settings.languages.get(said.language or "")
        skills.update({} if language is None else language.skills)
        return Interaction(
            id=mention.key,
            queue=queue,
            channel=self._settings.channel,
            needs=Needs(skills),
            tier=None if topic is None else topic.tier,
            customer=customer,
            sentiment=said.sentiment,
            prefers=None if facts is None else facts.agent,
            ref=mention.key if mention.network or not mention.line else f"line {mention.line}",
            attributes=found,
        )

    # --- what the engine says -----------------------------------------------------------------------

    def see(self, event: ev.Event) -> Taken:
        """Take in what happened in the engine, and say what follows from it. Cost: O(1)."""
        saw = _SEEN.get(type(event))
        return NOTHING if saw is None else saw(self, event)

    def _assigned(self, event: ev.Assigned) -> Taken:
        if (conversation := self._threads.get(event.interaction)) is not None:
            conversation.agent = event.agent
        return NOTHING

    def _closed(self, event: _Closed) -> Taken:
        if (conversation := self._threads.get(event.interaction)) is not None:
            conversation.open = False
        return NOTHING

    def _reopened(self, event: ev.Reopened) -> Taken:
        if (conversation := self._threads.get(event.interaction)) is not None:
            conversation.open = True
        return NOTHING

    def _answered_to(self, event: ev.MessageReceived) -> Taken:
        self._instead.pop(event.interaction, None)
        return NOTHING

    def _refused(self, refused: ev.Refused) -> Taken:
        """What the customer says goes on with may not be opened again: it is an interaction of its own."""
        if refused.command != CustomerReplied.__name__:
            return NOTHING
        instead = self._instead.pop(refused.subject, None)
        before = self._threads.get(refused.subject)
        if instead is None or before is None:
            return NOTHING
        self.tally.anew(JOINED)
        conversation = self._threads.renew(before, instead.id)
        fact = hp.Entered(at=refused.at, mention=instead.id, interaction=instead.id, queue=instead.queue)
        return Taken((fact,), (Submit(_again(instead, conversation, before)),))

    # --- what people say ----------------------------------------------------------------------------

    def label(self, mention: str, *, needed: bool, at: Instant) -> Taken:
        """Somebody looked at a mention, by its key: did it need an answer?

        It may have been dropped and sampled, or kept. What was dropped and needed one enters now.

        Raises:
            UsageError: If it is not to be labelled: unknown, not sampled, too old, or labelled before.
        """
        stage = self._audit.label(mention, needed=needed)
        interaction = self._held.pop(mention, None)
        if not stage or not needed or interaction is None:
            return NOTHING
        self.tally.anew(stage)
        fact = hp.Entered(at=at, mention=mention, interaction=interaction.id, queue=interaction.queue)
        return Taken((fact,), (Submit(interaction),))

    def quality(self) -> Quality:
        """Return how good the screening is, as far as people have labelled."""
        return self._audit.quality()

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


_SEEN: Mapping[type, Callable[[Front, Any], Taken]] = {
    ev.Assigned: Front._assigned,
    ev.Completed: Front._closed,
    ev.Cancelled: Front._closed,
    ev.Abandoned: Front._closed,
    ev.Collapsed: Front._closed,
    ev.TemplateSent: Front._closed,
    ev.Reopened: Front._reopened,
    ev.MessageReceived: Front._answered_to,
    ev.Refused: Front._refused,
}


def _stages(settings: MentionSettings) -> list[str]:
    """Return where a mention can leave the funnel, in order."""
    stages = [REPEATED]
    stages += [JOINED] if settings.threads is not None else []
    stages += [COLLAPSED] if settings.collapse is not None else []
    return [*stages, *dict.fromkeys(stage.name for stage in settings.screen)]


def _scale(scale: Influence | None, last: int | None) -> Influence | Rolling | None:
    """Return by what influence is ranked; None: followers are all that counts."""
    return scale if last is None else Rolling(scale, last=last, every=max(1, last // 20))


def _facts(said: Understood, desk: str | None, is_open: bool | None) -> Facts:
    return said.facts if desk is None else attrs.evolve(said.facts, desk=desk, open=is_open)


def _again(interaction: Interaction, conversation: Conversation, before: Conversation | None) -> Interaction:
    """Return *interaction*, with what is known of a customer who was here before."""
    attributes = dict(interaction.attributes)
    if conversation.contacts > 1:
        attributes.setdefault("contacts", conversation.contacts - 1)
    agent = interaction.prefers or (None if before is None else before.agent)
    if agent == interaction.prefers and len(attributes) == len(interaction.attributes):
        return interaction
    return attrs.evolve(interaction, prefers=agent, attributes=attributes)


def _no_queue(brand: str | None) -> str:
    return "has no brand, and no queue is for those" if brand is None else f"brand {brand!r} has no queue"
