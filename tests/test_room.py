"""What runs beside what, what interrupts what, limits by label, and room while it is the customer's turn."""

from __future__ import annotations

import pytest

from tests.builders import Floor, rule
from workassign import (
    Agent,
    Channel,
    Engine,
    Group,
    Interaction,
    MemoryStore,
    Plan,
    PlanError,
    Queue,
    Status,
    UsageError,
    record,
    replay,
    verify,
    why_not,
    why_waiting,
)
from workassign import commands as cmd
from workassign import events as ev
from workassign.lint import lint

BOTH = {"call": Channel(units=1), "mail": Channel(units=1)}


def floor(channels: dict[str, Channel], *agents: Agent, **queue: object) -> Floor:
    """Return a floor on which whatever is given is hers at once."""
    plan = Plan(queues={"default": Queue(auto_accept=True, **queue)}, channels=channels)  # type: ignore[arg-type]
    found = Floor(plan, *agents)
    found.on(*(agent.id for agent in agents))
    return found


def give(where: Floor, name: str, channel: str, label: str | None = None) -> bool:
    """Return whether somebody is given it at once."""
    where.do(cmd.Submit(Interaction(id=name, channel=channel, label=label)))
    where.engine.check()
    return where.engine._state.works[name].stage == "assigned"


def reasons(where: Floor, agent: str, name: str) -> list[tuple[str, str]]:
    return [(each.kind, each.text) for each in why_not(where.engine, agent, name).reasons]


# --- what may run beside what ---------------------------------------------------------------------


def test_a_call_runs_alone_where_nothing_may_run_beside_it() -> None:
    channels = {"call": Channel(beside=()), "mail": Channel()}
    where = floor(channels, Agent(id="ann", capacity=5))
    assert give(where, "call-1", "call")
    assert not give(where, "call-2", "call")
    assert not give(where, "mail-1", "mail")
    assert reasons(where, "ann", "mail-1") == [
        ("beside", "has work on channel call, which mail cannot run beside")
    ]
    hold = where.engine._state.works["call-1"].hold
    assert hold is not None
    where.do(cmd.Complete("call-1", "ann", hold.fence or 0))
    assert where.engine._state.works["call-2"].stage == "assigned"
    assert where.engine._state.works["mail-1"].stage == "waiting"


def test_both_sides_must_allow_it() -> None:
    channels = {"chat": Channel(beside=("chat", "mail")), "mail": Channel(beside=("mail",))}
    where = floor(channels, Agent(id="ann", capacity=5), Agent(id="bob", channels={"mail": 2}, capacity=5))
    assert give(where, "chat-1", "chat")
    assert give(where, "chat-2", "chat")
    assert give(where, "mail-1", "mail")
    assert where.engine._state.works["mail-1"].hold.agent.agent.id == "bob"  # type: ignore[union-attr]


def test_a_channel_that_lists_others_runs_beside_itself_only_if_it_lists_itself() -> None:
    where = floor({"chat": Channel(beside=("mail",)), "mail": Channel()}, Agent(id="ann", capacity=5))
    assert give(where, "chat-1", "chat")
    assert not give(where, "chat-2", "chat")
    assert give(where, "mail-1", "mail")


# --- what interrupts what -------------------------------------------------------------------------


def test_a_call_comes_through_although_she_is_full_of_mail() -> None:
    channels = {"call": Channel(), "mail": Channel(interruptible_by=("call",))}
    where = floor(channels, Agent(id="ann", capacity=1))
    assert give(where, "mail-1", "mail")
    assert give(where, "call-1", "call")
    assert not give(where, "call-2", "call")
    assert not give(where, "mail-2", "mail")
    ann = where.engine._state.agents["ann"]
    assert ann.view.load == 2
    assert reasons(where, "ann", "call-2") == [("room", "has no room: load 1 of 1, it takes 1")]
    assert reasons(where, "ann", "mail-2") == [("room", "has no room: load 2 of 1, it takes 1")]


def test_what_is_interrupted_is_not_in_the_way_either() -> None:
    channels = {"call": Channel(beside=()), "mail": Channel(interruptible_by=("call",))}
    where = floor(channels, Agent(id="ann", capacity=1))
    assert give(where, "mail-1", "mail")
    assert give(where, "call-1", "call")
    assert not give(where, "mail-2", "mail")


def test_the_limit_of_the_interrupting_channel_holds() -> None:
    channels = {"call": Channel(), "mail": Channel(interruptible_by=("call",))}
    where = floor(channels, Agent(id="ann", capacity=5, channels={"call": 1, "mail": 5}))
    assert give(where, "call-1", "call")
    assert not give(where, "call-2", "call")


# --- limits by label ------------------------------------------------------------------------------


def test_a_label_is_limited_on_all_channels_together_and_blocks_nothing_else() -> None:
    where = floor(BOTH, Agent(id="ann", capacity=5, labels={"refund": 1}))
    assert give(where, "r-1", "call", "refund")
    assert not give(where, "r-2", "mail", "refund")
    assert not give(where, "r-3", "call", "refund")
    assert give(where, "other", "mail", "fraud")
    assert give(where, "plain", "mail")
    assert reasons(where, "ann", "r-2") == [("label_limit", "is full of cases of refund: 1/1")]
    (way,) = why_waiting(where.engine, "r-2").ways
    assert way.text.startswith("ann finishes r-1")


def test_a_label_that_waited_before_anybody_limited_it_is_limited_from_then_on() -> None:
    where = floor(BOTH)
    for name in ("r-1", "r-2"):
        assert not give(where, name, "mail", "refund")
    where.do(cmd.AddAgent(Agent(id="ann", capacity=5, labels={"refund": 1})), 1)
    where.do(cmd.SignOn("ann"), 1)
    stages = [where.engine._state.works[name].stage for name in ("r-1", "r-2")]
    assert stages == ["assigned", "waiting"]
    where.do(cmd.ChangeAgent(Agent(id="ann", capacity=5)), 2)
    assert where.engine._state.works["r-2"].stage == "assigned"
    where.engine.check()


def test_what_she_has_already_counts_when_a_label_is_limited() -> None:
    where = floor(BOTH, Agent(id="ann", capacity=5))
    assert give(where, "r-1", "mail", "refund")
    where.do(cmd.ChangeAgent(Agent(id="ann", capacity=5, labels={"refund": 1})), 1)
    assert not give(where, "r-2", "mail", "refund")
    assert give(where, "other", "mail")


def test_who_takes_none_of_a_label_is_nobody_who_could_take_it() -> None:
    where = floor(BOTH, Agent(id="ann", capacity=5, labels={"refund": 0}), Agent(id="bob"))
    assert give(where, "r-1", "mail", "refund")
    assert not give(where, "r-2", "mail", "refund")
    assert reasons(where, "ann", "r-2") == [("label", "takes no cases of refund")]
    assert rule(where.do(cmd.Assign("r-2", "ann"))) == "no_room"
    assert not isinstance(where.do(cmd.Assign("r-2", "ann", override=True))[0], ev.Refused)


def test_labels_are_limited_by_groups_too_and_by_a_new_plan() -> None:
    queues = {"default": Queue(auto_accept=True)}
    plan = Plan(queues=queues, groups={"team": Group(labels={"refund": 1})})
    found = Floor(plan, Agent(id="ann", capacity=5, groups=("team",)))
    found.on("ann")
    assert give(found, "r-1", "default", "refund")
    assert not give(found, "r-2", "default", "refund")
    wider = Plan(queues=queues, groups={"team": Group(labels={"refund": 2})})
    found.do(cmd.ChangePlan(wider.to_data()), 1)
    assert found.engine._state.works["r-2"].stage == "assigned"


# --- the customer's turn --------------------------------------------------------------------------

ASYNC = {"mail": Channel(units=1, pending_units=0.25)}


def test_what_waits_for_the_customer_takes_up_less_until_she_writes_again() -> None:
    where = floor(ASYNC, Agent(id="ann", capacity=1))
    assert give(where, "m-1", "mail")
    assert not give(where, "m-2", "mail")
    ann = where.engine._state.agents["ann"]
    where.do(cmd.SetStatus("m-1", Status.PENDING), 1)
    assert ann.view.load == 0.25
    facts = where.do(cmd.ChangeAgent(Agent(id="ann", capacity=1.25)), 2)
    assert [type(each) for each in facts] == [ev.AgentChanged, ev.Assigned]
    where.do(cmd.CustomerReplied("m-1"), 3)
    assert ann.view.load == 2
    assert not give(where, "m-3", "mail")
    where.engine.check()


def test_room_appears_in_the_turn_in_which_it_becomes_the_customers_turn() -> None:
    where = floor({"mail": Channel(pending_units=0)}, Agent(id="ann", capacity=1))
    assert give(where, "m-1", "mail")
    assert not give(where, "m-2", "mail")
    facts = where.do(cmd.SetStatus("m-1", Status.ON_HOLD), 1)
    assert [type(each) for each in facts] == [ev.StatusChanged, ev.Assigned]


def test_an_offer_of_what_waits_for_the_customer_counts_in_full_until_it_is_accepted() -> None:
    plan = Plan(channels=ASYNC)
    found = Floor(plan, Agent(id="ann", capacity=1))
    found.do(cmd.Submit(Interaction(id="m-1", channel="mail")))
    found.do(cmd.SetStatus("m-1", Status.PENDING))
    found.on("ann")
    ann = found.engine._state.agents["ann"]
    assert ann.view.load == 1
    found.do(cmd.Accept(1, "ann"))
    assert ann.view.load == 0.25


def test_a_reserve_is_kept_for_what_the_customer_may_wake() -> None:
    channels = {"mail": Channel(units=1, pending_units=0)}
    where = floor(channels, Agent(id="ann", capacity=2, reserve=1))
    assert give(where, "m-1", "mail")
    assert give(where, "m-2", "mail")
    where.do(cmd.SetStatus("m-1", Status.PENDING), 1)
    assert not give(where, "m-3", "mail")
    text = "has no room: load 1 of 2, it takes 1, and 1 are kept for what customers may wake"
    assert reasons(where, "ann", "m-3") == [("room", text)]
    where.do(cmd.CustomerReplied("m-1"), 2)
    assert where.engine._state.agents["ann"].view.load == 2


# --- the rest -------------------------------------------------------------------------------------


def test_a_journal_of_it_all_is_verified_and_replayed() -> None:
    channels = {
        "call": Channel(beside=()),
        "mail": Channel(units=1, interruptible_by=("call",), pending_units=0.5),
    }
    store = MemoryStore()
    journal = record(Engine(Plan(queues={"default": Queue(auto_accept=True)}, channels=channels)), store)
    ann = Agent(id="ann", capacity=1.5, labels={"refund": 1}, reserve=0.25)
    commands: list[cmd.Command] = [
        cmd.AddAgent(ann),
        cmd.SignOn("ann"),
        cmd.Submit(Interaction(id="m-1", channel="mail", label="refund")),
        cmd.SetStatus("m-1", Status.PENDING),
        cmd.Submit(Interaction(id="m-2", channel="mail", label="refund")),
        cmd.Submit(Interaction(id="c-1", channel="call", label="refund")),
        cmd.Submit(Interaction(id="c-2", channel="call")),
        cmd.CustomerReplied("m-1"),
    ]
    for at, command in enumerate(commands):
        journal.handle(command, float(at))
    journal.flush()
    assert verify(store).ok, verify(store).problems
    again = replay(store)
    assert again.snapshot() == journal.engine.snapshot()
    again.check()
    assert journal.engine._state.agents["ann"].view.load == 2


@pytest.mark.parametrize(
    ("forge", "found"),
    [
        ((b'"beside":["mail"]', b'"beside":["call"]'), "beside work on"),
        ((b'"labels":{"refund":2}', b'"labels":{"refund":1}'), "on label 'refund'"),
        ((b'"interruptible_by":["call"]', b'"interruptible_by":[]'), "raised the load"),
    ],
)
def test_an_audit_finds_what_was_given_against_these_rules(forge: tuple[bytes, bytes], found: str) -> None:
    channels = {
        "call": Channel(beside=("mail",)),
        "mail": Channel(interruptible_by=("call",)),
        "fax": Channel(beside=("mail", "fax")),
    }
    if b"beside" in forge[0]:
        channels["mail"] = Channel()
    store = MemoryStore()
    journal = record(Engine(Plan(queues={"default": Queue(auto_accept=True)}, channels=channels)), store)
    labels = {"refund": 2}
    capacity = 1 if b"interruptible" in forge[0] else 3
    for command in (
        cmd.AddAgent(Agent(id="ann", capacity=capacity, labels=labels)),
        cmd.SignOn("ann"),
        cmd.Submit(Interaction(id="m-1", channel="mail", label="refund")),
        cmd.Submit(Interaction(id="c-1", channel="call", label="refund")),
    ):
        journal.handle(command, 0.0)
    journal.flush()
    assert verify(store).ok, verify(store).problems
    forged = MemoryStore()
    forged.append(-1, [body.replace(*forge) for body in store.load(0)])
    assert any(found in each for each in verify(forged).problems)


def test_a_plan_says_it_as_data_and_what_is_at_its_default_is_not_written() -> None:
    data = {
        "channels": {
            "call": {"units": 1.0, "beside": []},
            "mail": {"units": 1.0, "interruptible_by": ["call"], "pending_units": 0.25},
        }
    }
    plan = Plan.from_data(data)
    assert plan.to_data()["channels"] == data["channels"]
    assert plan.channels["call"].beside == ()
    assert Plan().to_data()["channels"] == {"default": {"units": 1.0}}


@pytest.mark.parametrize(
    ("channel", "problem"),
    [
        ({"beside": ["fax"]}, "channels.mail.beside: there is no channel 'fax'"),
        ({"beside": "mail"}, "channels.mail.beside: must be a tuple of channels, not 'mail'"),
        ({"interruptible_by": [3]}, "channels.mail.interruptible_by: there is no channel 3"),
        (
            {"interruptible_by": ["mail"]},
            "channels.mail.interruptible_by: work cannot interrupt what is of its own channel",
        ),
        ({"pending_units": 2}, "channels.mail.pending_units: must be positive, from 0.001 to 1, not 2"),
        ({"pending_units": -1}, "channels.mail.pending_units: must be positive, from 0.001 to 1, not -1"),
        ({"pending_units": float("nan")}, "channels.mail.pending_units: must be positive"),
        ({"together": []}, "channels.mail.together: unknown"),
    ],
)
def test_a_channel_that_makes_no_sense_is_a_plan_error(channel: dict[str, object], problem: str) -> None:
    with pytest.raises(PlanError) as raised:
        Plan.from_data({"channels": {"mail": channel}})
    assert any(each.startswith(problem) for each in raised.value.problems), raised.value.problems


@pytest.mark.parametrize(
    "wrong",
    [{"labels": {"x": -1}}, {"labels": {"x": 1.5}}, {"labels": ["x"]}, {"labels": {"": 1}}, {"reserve": -1}],
)
def test_limits_of_an_agent_are_checked_when_she_is_built(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Agent(id="ann", **wrong)  # type: ignore[arg-type]


def test_a_label_is_a_name() -> None:
    with pytest.raises(UsageError):
        Interaction(id="it", label="")


def test_lint_finds_a_channel_that_allows_another_which_does_not_allow_it() -> None:
    plan = Plan(channels={"chat": Channel(beside=("chat", "mail")), "mail": Channel(beside=("mail",))})
    found = [each for each in lint(plan) if each.kind == "one_sided_beside"]
    assert [each.place for each in found] == ["channels.chat.beside"]


def test_lint_finds_a_reserve_that_nothing_can_use() -> None:
    found = {each.kind for each in lint(Plan(), [Agent(id="ann", reserve=0.5)])}
    assert "idle_reserve" in found
    mail = Plan(channels={"mail": Channel(pending_units=0.5)})
    assert "idle_reserve" not in {each.kind for each in lint(mail, [Agent(id="ann", reserve=0.5)])}
