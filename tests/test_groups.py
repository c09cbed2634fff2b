"""Agents have what their groups say, and one change of the plan changes all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import Floor, only, rule
from workassign import (
    Agent,
    Channel,
    Engine,
    Group,
    Interaction,
    Kpis,
    MemoryStore,
    Needs,
    Plan,
    PlanError,
    Queue,
    UsageError,
    record,
    replay,
    verify,
)
from workassign import commands as cmd
from workassign import events as ev
from workassign.cli import main
from workassign.lint import lint

PLAN = """
[queues.default]
[queues.vip]
[channels.chat]
[channels.call]
[groups.spanish]
skills = { es = 3, en = 1 }
queues = { vip = 2 }
channels = { chat = 2 }
capacity = 3
attributes = { site = ["north", "south"] }
[groups.everybody]
skills = { en = 2 }
channels = { chat = 1, call = 1 }
"""


def plan(text: str = PLAN) -> Plan:
    import tomllib

    return Plan.from_data(tomllib.loads(text))


def as_she_is(told: Agent, under: Plan | None = None) -> Agent:
    """Return an agent as an engine has her."""
    engine = Engine(under or plan())
    engine.add_agent(told, at=0)
    return engine._state.agents[told.id].agent


def test_what_she_says_herself_goes_before_her_groups_and_earlier_groups_before_later_ones() -> None:
    told = Agent(id="ann", skills={"es": 5}, channels={"call": 7}, groups=("spanish", "everybody"))
    ann = as_she_is(told)
    assert dict(ann.skills) == {"es": 5, "en": 1}
    assert dict(ann.channels or {}) == {"call": 7, "chat": 2}
    assert ann.queues == {"vip": 2}
    assert ann.capacity == 3
    assert dict(ann.attributes) == {"site": ("north", "south")}


def test_who_says_nothing_and_whose_groups_say_nothing_serves_every_queue() -> None:
    assert as_she_is(Agent(id="ann", groups=("everybody",))).queues is None
    assert as_she_is(Agent(id="ann", queues={"default": 1}, groups=("everybody",))).queues == {"default": 1}


def test_another_capacity_than_one_is_her_own() -> None:
    assert as_she_is(Agent(id="ann", capacity=2, groups=("spanish",))).capacity == 2


def test_a_group_decides_what_she_is_given() -> None:
    floor = Floor(plan(), Agent(id="ann", groups=("spanish",)))
    floor.on("ann")
    spanish = Needs('level("es") >= 3 AND site == "south"')
    offered = only(
        ev.Offered,
        floor.do(cmd.Submit(Interaction(id="hola", queue="vip", channel="chat", needs=spanish)), 1),
    )
    assert offered.agent == "ann"
    submitted = floor.do(cmd.Submit(Interaction(id="call", queue="vip", channel="call")), 2)
    assert [type(each) for each in submitted] == [ev.Submitted]


def test_one_change_of_plan_changes_everybody_at_once() -> None:
    floor = Floor(plan(), *(Agent(id=f"a{i}", groups=("everybody",)) for i in range(5)))
    floor.on(*(f"a{i}" for i in range(5)))
    for number in range(10):
        floor.do(cmd.Submit(Interaction(id=f"i{number}", channel="chat")), 1)
    assert len(floor.engine._state.offers) == 5
    wider = PLAN.replace("chat = 1", "chat = 2").replace(
        "[groups.everybody]", "[groups.everybody]\ncapacity = 2"
    )
    facts = floor.do(cmd.ChangePlan(plan(wider).to_data()), 2)
    assert not any(isinstance(each, ev.AgentChanged) for each in facts)
    assert sum(isinstance(each, ev.Offered) for each in facts) == 5
    floor.engine.check()
    assert floor.again().snapshot() == floor.engine.snapshot()


def test_the_facts_keep_what_was_told() -> None:
    told = Agent(id="ann", groups=("spanish",))
    assert only(ev.AgentAdded, Engine(plan()).add_agent(told, at=0)).agent == told


def test_a_group_that_the_plan_does_not_have_is_refused() -> None:
    engine = Engine(plan())
    assert rule(engine.add_agent(Agent(id="ann", groups=("nobody",)), at=0)) == "unknown_group"
    engine.add_agent(Agent(id="ann"), at=0)
    assert rule(engine.change_agent(Agent(id="ann", groups=("nobody",)), at=0)) == "unknown_group"


def test_a_plan_without_a_group_that_somebody_is_in_is_refused_and_changes_nothing() -> None:
    engine = Engine(plan())
    engine.add_agent(Agent(id="ann", groups=("everybody",)), at=0)
    before = engine.snapshot()
    smaller = plan(PLAN.split("[groups.everybody]", maxsplit=1)[0])
    assert rule(engine.change_plan(smaller, at=1)) == "group_in_use"
    assert engine.snapshot() == before
    engine.change_agent(Agent(id="ann", groups=("spanish",)), at=2)
    assert isinstance(engine.change_plan(smaller, at=3)[0], ev.PlanChanged)


@pytest.mark.parametrize("groups", ["day", ("day", "day"), ("",), (3,), {"day": 1}, ("a" * 1000,)])
def test_groups_are_a_list_of_different_names(groups: object) -> None:
    with pytest.raises(UsageError):
        Agent(id="ann", groups=groups)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"capacity": 0},
        {"capacity": float("nan")},
        {"skills": {"x": -1}},
        {"queues": {"a": 0}},
        {"channels": 3},
    ],
)
def test_a_group_with_a_wrong_figure_is_refused_with_its_path(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Group(**wrong)  # type: ignore[arg-type]
    with pytest.raises(PlanError, match=r"^groups\.day: "):
        Plan.from_data({"groups": {"day": wrong}})


def test_a_group_that_names_what_the_plan_does_not_have_is_a_plan_error() -> None:
    with pytest.raises(PlanError) as raised:
        Plan(
            skills=frozenset({"es"}),
            groups={"day": Group(queues={"vip": 1}, channels={"fax": 1}, skills={"en": 1})},
        )
    assert list(raised.value.problems) == [
        "groups.day.queues: there is no queue 'vip'",
        "groups.day.channels: there is no channel 'fax'",
        "groups.day.skills: there is no skill 'en'",
    ]
    with pytest.raises(PlanError, match=r"groups\.day\.shifts: unknown"):
        Plan.from_data({"groups": {"day": {"shifts": []}}})
    with pytest.raises(PlanError, match=r"groups\.day: must be a Group"):
        Plan(groups={"day": 3})  # type: ignore[dict-item]


def test_a_plan_with_groups_is_the_same_from_its_data_and_one_without_says_nothing_of_them() -> None:
    again = Plan.from_data(plan().to_data())
    assert (again.groups, again.hash) == (plan().groups, plan().hash)
    nobody = Plan(groups={"nobody": Group(queues={})})
    assert Plan.from_data(nobody.to_data()).groups == nobody.groups
    assert "groups" not in Plan().to_data()


def test_a_journal_with_groups_is_verified_replayed_and_measured() -> None:
    store = MemoryStore()
    journal = record(Engine(plan()), store)
    kpis = Kpis(plan())
    ann = Agent(id="ann", groups=("everybody", "spanish"))
    wider = plan(PLAN.replace("capacity = 3", "capacity = 4"))
    for at, command in (
        (0, cmd.AddAgent(ann)),
        (0, cmd.SignOn("ann")),
        (10, cmd.Submit(Interaction(id="chat", queue="vip", channel="chat"))),
        (20, cmd.ChangePlan(wider.to_data())),
        (30, cmd.Tick()),
    ):
        kpis.take(float(at), journal.handle(command, float(at)))
    journal.flush()
    assert kpis.live(at=30.0).capacity == 4
    assert verify(store).ok
    assert replay(store).snapshot() == journal.engine.snapshot()
    assert replay(store)._state.agents["ann"].told == ann
    assert replay(store)._state.agents["ann"].pool == 4_000_000


def test_an_audit_knows_what_her_groups_let_her_hold() -> None:
    """A journal in which she was given too much is found out."""
    store = MemoryStore()
    small = Plan(
        queues={"default": Queue(auto_accept=True)},
        channels={"default": Channel()},
        groups={"two": Group(capacity=2)},
    )
    journal = record(Engine(small), store)
    journal.handle(cmd.AddAgent(Agent(id="ann", groups=("two",))), 0)
    journal.handle(cmd.SignOn("ann"), 0)
    for number in range(3):
        journal.handle(cmd.Submit(Interaction(id=f"i{number}")), 1)
    journal.flush()
    assert verify(store).ok
    journal.handle(cmd.Assign("i2", "ann", override=True), 2)
    journal.flush()
    forged = MemoryStore()
    forged.append(-1, [body.replace(b'"override"', b'"manual"') for body in store.load(0)])
    assert any("raised the load" in each for each in verify(forged).problems)


def test_lint_sees_agents_as_their_groups_make_them() -> None:
    found = lint(plan(), [Agent(id="ann", groups=("spanish",)), Agent(id="bob", groups=("nobody",))])
    named = {(each.kind, each.place) for each in found}
    assert ("unknown_name", "roster.bob") in named
    only_ann = lint(plan(), [Agent(id="ann", groups=("spanish",))])
    assert ("unserved_queue", "queues.default") in {(each.kind, each.place) for each in only_ann}


def test_a_roster_file_names_groups(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "plan.toml"
    shifts = 'shifts = [{ start = "08:00", end = "16:00" }]'
    roster = f'\n[[roster.teams]]\nname = "t"\nagents = 2\n{shifts}\ngroups = ["GROUP"]\n'
    file.write_text(PLAN + roster.replace("GROUP", "everybody"), encoding="utf-8")
    assert main(["lint", str(file)]) in (0, 1)
    capsys.readouterr()
    file.write_text(PLAN + roster.replace("GROUP", "nobody"), encoding="utf-8")
    assert main(["lint", str(file)]) == 2
    assert "roster.teams[0].groups: there is no group 'nobody'" in capsys.readouterr().err
