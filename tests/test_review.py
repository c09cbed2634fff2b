"""Replies that somebody looks at: before they are sent, or after."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from workassign import Agent, Customer, Engine, Interaction, Needs, Plan, PlanError, Presence, Queue
from workassign import commands as cmd
from workassign import events as ev
from workassign.explain import why_not, why_waiting
from workassign.journal import record, replay, verify
from workassign.model import Channel
from workassign.policies.offers import per_cause
from workassign.policies.review import Review
from workassign.stores.memory import MemoryStore

REVIEW = Review(queue="desk", before={"trainee": 1.0}, after={"probation": 1.0}, units=0.5)
WRITER = Needs('level("reviewing") >= 1')


def a_plan(review: Review = REVIEW, **desk: Any) -> Plan:
    """Care, whose replies are looked at, and the desk where that is done."""
    desk = {"auto_accept": True, "needs": WRITER, **desk}
    return Plan(queues={"care": Queue(review=review), "desk": Queue(**desk), "other": Queue()})


class Day:
    """An engine whose turns are kept; tim the trainee holds t1, rita reviews."""

    def __init__(self, plan: Plan | None = None, *, phase: str = "trainee", reviewer: bool = True) -> None:
        self.store = MemoryStore()
        self.recorder = record(Engine(a_plan() if plan is None else plan), self.store)
        self.engine = self.recorder.engine
        self.at = 0.0
        tim = Agent(id="tim", queues={"care": 1}, attributes={"phase": phase}, skills={"reviewing": 1})
        self.say(cmd.AddAgent(tim))
        self.say(cmd.SignOn("tim"))
        if reviewer:
            self.reviewer()
        self.fence = self.given("t1", "tim").fence

    def say(self, command: cmd.Command, at: float | None = None) -> list[ev.Event]:
        """Carry it out, and look whether everything is as it must be."""
        self.at = self.at if at is None else at
        found = self.recorder.handle(command, self.at)
        self.engine.check()
        return found

    def reviewer(self, name: str = "rita") -> None:
        """Somebody comes who reviews."""
        self.say(cmd.AddAgent(Agent(id=name, queues={"desk": 1}, skills={"reviewing": 2})))
        self.say(cmd.SignOn(name))

    def given(self, name: str, who: str) -> ev.Assigned:
        """Something comes in, and she has it."""
        self.say(cmd.Submit(Interaction(id=name, queue="care", customer=Customer(id="c1"))))
        found = self.say(cmd.Assign(name, who, override=True))
        return next(each for each in found if isinstance(each, ev.Assigned))

    def propose(self, ref: str | None = None) -> list[ev.Event]:
        """Tim proposes a reply to t1."""
        return self.say(cmd.Propose("t1", "tim", self.fence, ref))

    def asked(self) -> tuple[str, str, Any]:
        """Tim proposes, and rita has the review: its id, her, and her fence."""
        given = next(each for each in self.propose() if isinstance(each, ev.Assigned))
        return given.interaction, given.agent, given.fence

    def stage(self, name: str) -> str:
        """Where something stands."""
        return str(next(row[1] for row in self.engine.snapshot()["works"] if row[0] == name))

    def load(self, who: str) -> float:
        """What is in her hands, in millionths."""
        return float(next(row[4][0] for row in self.engine.snapshot()["agents"] if row[0] == who))

    def close(self) -> None:
        """The journal keeps the laws and leads to the same state."""
        self.recorder.flush()
        assert verify(self.store).problems == []
        replayed = replay(self.store)
        replayed.check()
        assert replayed.snapshot() == self.engine.snapshot()
        assert replayed.next_wake == self.engine.next_wake


def kinds(found: list[ev.Event]) -> list[str]:
    """The kinds of events, in order."""
    return [type(each).__name__ for each in found]


def refused(found: list[ev.Event]) -> str:
    """By which rule it was refused."""
    (event,) = found
    assert isinstance(event, ev.Refused), event
    return event.rule


# --- before it is sent ---------------------------------------------------------------------------


def test_a_trainees_reply_waits_for_a_review_in_the_hands_of_somebody_else() -> None:
    day = Day()
    proposed, submitted, assigned = day.propose("drafts/7")
    assert proposed == ev.ReplyProposed(0.0, "t1", "tim", "t1/review-1", "drafts/7")
    assert isinstance(submitted, ev.Submitted)
    body = submitted.interaction
    assert (body.parent, body.queue, body.channel, body.ref) == ("t1", "desk", "default", "drafts/7")
    assert body.customer == Customer(id="c1")
    assert isinstance(assigned, ev.Assigned)
    assert assigned.agent == "rita"
    assert day.stage("t1") == "awaiting_approval"
    day.close()


def test_what_is_approved_is_sent_by_its_author_who_goes_on_under_her_fence() -> None:
    day = Day()
    day.say(cmd.Tick(), 5)
    review = day.asked()
    assert day.say(cmd.Approve(*review), 9) == [
        ev.ReplyApproved(9.0, "t1", "rita", "t1/review-1"),
        ev.ReplySent(9.0, "t1", "tim", "t1/review-1"),
        ev.Completed(9.0, *review, None),
    ]
    assert kinds(day.say(cmd.Complete("t1", "tim", day.fence))) == ["Completed"]
    day.close()


def test_what_is_rejected_goes_back_unsent_and_the_next_reply_has_a_review_of_its_own() -> None:
    day = Day()
    review = day.asked()
    assert kinds(day.say(cmd.Reject(*review, "rude"))) == ["ReplyRejected", "Completed"]
    assert day.stage("t1") == "assigned"
    assert day.asked()[0] == "t1/review-2"
    day.close()


def test_its_author_cannot_finish_or_propose_again_while_it_waits() -> None:
    day = Day()
    day.asked()
    assert refused(day.say(cmd.Complete("t1", "tim", day.fence))) == "wrong_stage"
    assert refused(day.propose()) == "wrong_stage"
    assert refused(day.say(cmd.Abandon("t1"))) == "already_accepted"
    assert refused(day.say(cmd.Assign("t1", "rita"))) == "already_accepted"


def test_a_review_that_a_reply_waits_for_is_not_completed_without_a_word() -> None:
    day = Day()
    review = day.asked()
    assert refused(day.say(cmd.Complete(*review))) == "undecided"
    assert refused(day.say(cmd.Propose(*review))) == "is_review"
    assert day.stage("t1") == "awaiting_approval"


def test_it_takes_up_less_in_its_authors_hands_until_she_has_it_again() -> None:
    channels = {"default": Channel(units=1.0), "small": Channel(units=0.5)}
    day = Day(attrs.evolve(a_plan(), channels=channels))
    assert day.say(cmd.Submit(Interaction(id="t2", queue="care", channel="small")))[1:] == []
    found = day.propose()
    assert any(isinstance(each, ev.Offered) and each.agent == "tim" for each in found)
    day.say(cmd.Reject("t1/review-1", "rita", day.engine.snapshot()["works"][-1][7][1]))
    assert day.load("tim") == 1_500_000
    day.close()


def test_the_author_never_reviews_herself_and_it_waits_if_nobody_else_could() -> None:
    day = Day(reviewer=False)
    day.say(
        cmd.ChangeAgent(Agent(id="tim", attributes={"phase": "trainee"}, skills={"reviewing": 1}, capacity=9))
    )
    assert kinds(day.propose()) == ["ReplyProposed", "Submitted"]
    assert refused(day.say(cmd.Assign("t1/review-1", "tim"))) == "own_reply"
    assert refused(day.say(cmd.Transfer("t1/review-1", "desk", to="tim"))) == "own_reply"
    assert refused(day.say(cmd.Pull("tim"))) == "nothing_waits"
    reasons = why_not(day.engine, "tim", "t1/review-1").reasons
    assert [(each.kind, each.until) for each in reasons] == [("own_reply", None)]
    (closest,) = why_waiting(day.engine, "t1/review-1").closest
    assert [each.text for each in closest.reasons] == ["wrote the reply that is to be reviewed"]
    day.say(cmd.Transfer("t1/review-1", "other"), 100_000)
    assert day.stage("t1/review-1") == "waiting"
    day.reviewer()
    day.close()


def test_a_sole_reviewer_who_declines_is_asked_again_although_the_author_could() -> None:
    backoff = per_cause(declined={"cool_down": 5.0, "exclusion": 900.0})
    day = Day(a_plan(auto_accept=False, refusals=backoff))
    day.say(
        cmd.ChangeAgent(Agent(id="tim", attributes={"phase": "trainee"}, skills={"reviewing": 1}, capacity=9))
    )
    offer = next(each for each in day.propose() if isinstance(each, ev.Offered))
    day.say(cmd.Decline(offer.offer, "rita"), 1)
    (again,) = day.say(cmd.Tick(), 6)
    assert isinstance(again, ev.Offered)
    assert again.agent == "rita"


# --- roads away from it -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "last"),
    [
        (cmd.Cancel("t1"), "Cancelled"),
        (cmd.Release("t1", "tim", 1), "Requeued"),
        (cmd.Transfer("t1", "other", "tim", 1), "Transferred"),
        (cmd.Park("t1", None, "tim", 1), "Parked"),
        (cmd.RemoveAgent("tim"), "AgentRemoved"),
    ],
)
def test_what_leaves_its_author_takes_its_review_along(command: cmd.Command, last: str) -> None:
    day = Day()
    review = day.asked()
    found = kinds(day.say(command))
    assert found[:2] == ["Cancelled", "ReplyWithdrawn"]
    assert last in found[2:]
    assert day.stage("t1/review-1") == "closed"
    assert refused(day.say(cmd.Approve(*review))) == "not_held"
    day.close()


def test_an_author_whose_connection_is_lost_for_good_loses_both() -> None:
    day = Day()
    day.asked()
    day.say(cmd.Disconnect("tim"))
    assert day.stage("t1") == "awaiting_approval"
    assert kinds(day.say(cmd.Tick(), 60))[:4] == [
        "PresenceChanged",
        "Cancelled",
        "ReplyWithdrawn",
        "Requeued",
    ]
    day.close()


@pytest.mark.parametrize("command", [cmd.Cancel("t1/review-1", "lunch"), cmd.Abandon("t1/review-1")])
def test_without_its_review_the_author_has_it_again(command: cmd.Command) -> None:
    day = Day(reviewer=False)
    day.propose()
    _, withdrawn = day.say(command)
    assert withdrawn == ev.ReplyWithdrawn(
        0.0, "t1", "tim", "t1/review-1", getattr(command, "reason", "abandoned")
    )
    assert day.stage("t1") == "assigned"
    day.close()


def test_a_reviewer_who_goes_leaves_the_review_to_the_next() -> None:
    day = Day()
    day.asked()
    assert "Requeued" in kinds(day.say(cmd.RemoveAgent("rita")))
    assert (day.stage("t1"), day.stage("t1/review-1")) == ("awaiting_approval", "waiting")
    day.reviewer("sue")
    assert day.stage("t1/review-1") == "assigned"
    day.close()


def test_a_review_that_comes_back_in_the_turn_in_which_its_author_is_lost_is_closed_for_good() -> None:
    day = Day(a_plan(auto_accept=False, offer_for=60.0))
    day.propose()
    day.say(cmd.Disconnect("tim"))
    found = kinds(day.say(cmd.Tick(), 100))
    assert "OfferExpired" in found
    assert "ReplyWithdrawn" in found
    assert day.stage("t1/review-1") == "closed"
    day.close()


def test_a_customers_message_meanwhile_changes_nothing_about_it() -> None:
    day = Day()
    review = day.asked()
    day.say(cmd.CustomerReplied("t1"))
    assert day.stage("t1") == "awaiting_approval"
    assert kinds(day.say(cmd.Approve(*review)))[:2] == ["ReplyApproved", "ReplySent"]


def test_a_verdict_is_given_once_even_if_the_review_is_taken_up_again() -> None:
    day = Day(a_plan(wrap_up=30.0))
    review = day.asked()
    assert kinds(day.say(cmd.Approve(*review))) == ["ReplyApproved", "ReplySent", "WrapUpStarted"]
    day.say(cmd.CustomerReplied(review[0]))
    assert refused(day.say(cmd.Reject(*review))) == "decided"
    assert kinds(day.say(cmd.Complete(*review))) == ["WrapUpStarted"]


def test_while_somebody_else_writes_nothing_is_proposed_or_approved() -> None:
    day = Day()
    day.say(cmd.Lock("t1", "rita"))
    assert refused(day.propose()) == "locked"
    day.say(cmd.Unlock("t1", "rita"))
    review = day.asked()
    day.say(cmd.Lock("t1", "rita"))
    assert refused(day.say(cmd.Approve(*review))) == "locked"
    assert kinds(day.say(cmd.Reject(*review))) == ["ReplyRejected", "Completed"]


def test_another_plan_without_reviews_leaves_open_ones_alone() -> None:
    day = Day()
    review = day.asked()
    plan = day.engine.plan
    day.say(cmd.ChangePlan(attrs.evolve(plan, queues={**plan.queues, "care": Queue()}).to_data()))
    assert day.load("tim") == 1_000_000
    assert kinds(day.say(cmd.Approve(*review))) == ["ReplyApproved", "ReplySent", "Completed"]
    assert kinds(day.propose()) == ["ReplySent"]
    day.close()


# --- after it is sent, and never ---------------------------------------------------------------------


def test_a_sampled_reply_is_sent_at_once_and_its_author_may_finish_before_the_review() -> None:
    day = Day(phase="probation")
    found = day.propose("drafts/1")
    assert kinds(found) == ["ReplySent", "ReplySampled", "Submitted", "Assigned"]
    assert found[0] == ev.ReplySent(0.0, "t1", "tim", None, "drafts/1")
    given = found[-1]
    assert isinstance(given, ev.Assigned)
    assert kinds(day.say(cmd.Complete("t1", "tim", day.fence))) == ["Completed"]
    found = day.say(cmd.Reject(given.interaction, "rita", given.fence, "too long"))
    assert kinds(found) == ["ReplyRejected", "Completed"]
    assert day.stage("t1") == "closed"
    day.close()


def test_who_has_no_phase_or_another_sends_her_replies_at_once() -> None:
    day = Day(phase="expert")
    assert day.propose("drafts/1") == [ev.ReplySent(0.0, "t1", "tim", None, "drafts/1")]
    assert refused(day.say(cmd.Propose("t1", "tim", day.fence - 1))) == "stale_fence"
    assert refused(day.say(cmd.Approve("t1", "tim", day.fence))) == "not_a_review"


def test_the_share_of_replies_that_are_looked_at_is_that_of_the_phase() -> None:
    review = Review(queue="desk", before={"trainee": 0.25})
    asked = [
        review.asks("before", "trainee", f"t{name}", number) for name in range(500) for number in range(1, 9)
    ]
    assert 0.23 < sum(asked) / len(asked) < 0.27
    assert asked == [
        review.asks("before", "trainee", f"t{name}", n) for name in range(500) for n in range(1, 9)
    ]
    assert review.asks("before", ("expert", "trainee"), "t3", 1) == review.asks("before", "trainee", "t3", 1)


def test_the_balance_holds_with_reviews_in_it() -> None:
    day = Day()
    review = day.asked()
    day.say(cmd.Approve(*review))
    day.say(cmd.Complete("t1", "tim", day.fence))
    day.recorder.flush()
    balance = verify(day.store).balance
    assert balance["entered"] == balance["answered"] == 2


# --- the plan -----------------------------------------------------------------------------------------


def test_a_review_in_a_plan_file_is_read_and_written() -> None:
    table: dict[str, Any] = {
        "queue": "desk",
        "before": {"trainee": 1, "probation": 0.25},
        "after": {"probation": 0.1},
        "units": 0,
    }
    data = {"queues": {"care": {"review": table}, "desk": {}}}
    plan = Plan.from_data(data)
    assert plan.queues["care"].review == Review(**table)
    assert plan.to_data()["queues"]["care"]["review"] == table
    assert "review" not in plan.to_data()["queues"]["desk"]


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"before": {"a": 1}}, "review.queue: is missing"),
        ({"queue": "none", "before": {"a": 1}}, "there is no queue 'none'"),
        ({"queue": "care", "before": {"a": 1}}, "has a review itself"),
        ({"queue": "full", "before": {"a": 1}}, "does not let in everything"),
        ({"queue": "desk"}, "asks for no phase"),
        ({"queue": "desk", "before": {"a": 1.5}}, "review.before.a: must be a share from 0 to 1"),
        ({"queue": "desk", "after": {"a": float("nan")}}, "review.after.a: must be a share from 0 to 1"),
        ({"queue": "desk", "before": ["a"]}, "must be a table phase -> share"),
        ({"queue": "desk", "before": {"a": 1}, "units": -1}, "review.units"),
        ({"queue": "desk", "before": {"a": 1}, "share": 1}, "review.share: unknown"),
    ],
)
def test_a_wrong_review_is_said_with_its_path(table: dict[str, Any], problem: str) -> None:
    with pytest.raises(PlanError, match=problem):
        Plan.from_data({"queues": {"care": {"review": table}, "desk": {}, "full": {"most": 3}}})


def test_an_author_who_is_away_still_gets_her_approval() -> None:
    day = Day()
    review = day.asked()
    day.say(cmd.SetPresence("tim", Presence.AWAY))
    day.say(cmd.Approve(*review))
    assert day.stage("t1") == "assigned"


def test_an_id_too_long_for_a_review_is_refused_whole() -> None:
    day = Day()
    name = "x" * 195
    given = day.given(name, "tim")
    assert refused(day.say(cmd.Propose(name, "tim", given.fence))) == "id_too_long"
    assert day.stage(name) == "assigned"
