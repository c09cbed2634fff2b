"""Each interaction goes where an engine of its own, with everybody idle, would send it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workassign import events as ev
from workassign.cli import main
from workassign.commands import Submit
from workassign.dry_run import Route, as_data, dry_run, text, totals
from workassign.engine import Engine
from workassign.errors import UsageError
from workassign.journal import record
from workassign.model import Agent, Channel, Customer, Interaction
from workassign.needs import Needs
from workassign.plan import Plan, Queue
from workassign.policies import capacity, scoring, selection, sla
from workassign.policies.escalation import Step
from workassign.social.files.readers import Columns
from workassign.social.interactions import Expected, read_interactions
from workassign.social.mentions import BadRecord
from workassign.social.settings import MentionSettings
from workassign.stores.memory import MemoryStore

PLAN = Plan(
    queues={
        "vip": Queue(
            tier=0,
            scoring=(scoring.sentiment(most=600), scoring.influence(most=600)),
            head_start_cap=900,
            selection=selection.best_skill,
            sticky_wait=60,
        ),
        "web": Queue(auto_accept=True, selection=selection.seeded_random(7)),
    },
    channels={"chat": Channel(units=1), "call": Channel(units=2)},
    skills=frozenset({"x", "y"}),
)
ROSTER = [
    Agent(id="ann", skills={"x": 1}, capacity=2),
    Agent(id="bob", skills={"x": 3, "y": 1}, queues={"vip": 1}),
    Agent(id="cid", skills={"y": 2}, channels={"chat": 2}, capacity=2),
]


def only(plan: Plan, roster: list[Agent], **fields: Any) -> Route:
    (route,) = dry_run(
        plan, roster, [Interaction(**{"id": "t", "queue": "vip", "channel": "chat", **fields})]
    )
    return route


def test_where_it_goes_and_what_head_start_it_gets() -> None:
    """The most proficient of the able comes first; terms are told before the cap."""
    star = Customer(id="c", influence=100)
    route = only(PLAN, ROSTER, needs=Needs({"x": 1}), sentiment=-1, customer=star)
    assert (route.outcome, route.agent, route.able, route.tier) == ("offered", "bob", 2, 0)
    assert (route.head_start, dict(route.terms)) == (900, {"sentiment": 600, "influence": 600})
    assert (route.reason, dict(route.lacking)) == ("", {"skill": 1})


def test_why_nobody_takes_it() -> None:
    """Everybody counts where she fails first."""
    route = only(PLAN, ROSTER, channel="call", needs=Needs({"y": 1}))
    assert (route.outcome, route.agent, route.able) == ("waiting", None, 0)
    assert route.reason == "of 3 agents: 1 not on the channel, 1 without a needed skill, 1 without room"
    assert only(PLAN, []).reason == "nobody is on the roster"


def test_what_the_engine_would_not_take_in() -> None:
    route = only(PLAN, ROSTER, queue="fax")
    assert (route.outcome, route.tier, route.head_start) == ("refused", None, None)
    assert route.reason == "there is no queue 'fax'"


def test_each_goes_by_itself() -> None:
    """Nobody is busy with the one before, and an agent whom it prefers comes first."""
    same = [Interaction(id=f"t{n}", queue="vip", channel="chat", needs=Needs({"x": 1})) for n in range(5)]
    assert [route.agent for route in dry_run(PLAN, ROSTER, same)] == ["bob"] * 5
    assert only(PLAN, ROSTER, needs=Needs({"x": 1}), prefers="ann").agent == "ann"


def test_one_id_twice_is_answered_as_the_engine_does() -> None:
    once, other = (Interaction(id="t", queue=queue, channel="chat") for queue in ("vip", "web"))
    outcomes = [route.outcome for route in dry_run(PLAN, ROSTER, [once, once, other])]
    assert outcomes == ["offered", "offered", "refused"]


def broken(interaction: Interaction, at: float) -> float:
    raise LookupError(interaction.id)


def test_a_policy_that_fails_is_told_of_every_interaction() -> None:
    """It is never switched off: then it would matter who came before."""
    plan = Plan(queues={"vip": Queue(scoring=(broken,))}, channels={"chat": Channel()}, strikes=1)
    items = [Interaction(id=f"t{n}", queue="vip", channel="chat") for n in range(3)]
    notes = [route.notes for route in dry_run(plan, ROSTER[:1], items)]
    assert notes == [
        (f"queues.vip.scoring.broken: broken failed (LookupError: t{n}): the default answered",)
        for n in range(3)
    ]


def test_an_agent_whom_the_plan_would_refuse() -> None:
    with pytest.raises(UsageError, match="agent 'eve' cannot be on the roster"):
        dry_run(PLAN, [Agent(id="eve", skills={"latin": 1})], [])


def test_as_text_and_as_data() -> None:
    """A row each, then how many of each queue and outcome; the same as data."""
    items = [
        Interaction(id="one", queue="vip", channel="chat", sentiment=-0.5),
        Interaction(id="two", queue="web", channel="chat"),
        Interaction(id="three", queue="vip", channel="chat", needs=Needs({"y": 9})),
    ]
    routes = dry_run(PLAN, ROSTER[:2], items)
    assert text(routes).splitlines() == [
        "interaction  queue  tier  head start  able  goes to",
        "one          vip       0       300 s     2  ann (offered); head start: sentiment 300",
        "two          web       1         0 s     1  ann (assigned)",
        "three        vip       0         0 s     0  waiting: of 2 agents: 2 without a needed skill",
        "",
        "queue  outcome   interactions",
        "vip    offered              1",
        "vip    waiting              1",
        "web    assigned             1",
    ]
    assert totals(routes) == {("vip", "offered"): 1, ("vip", "waiting"): 1, ("web", "assigned"): 1}
    data = json.loads(json.dumps(as_data(routes), allow_nan=False))
    assert data["routes"][0]["terms"] == {"sentiment": 300, "influence": 0}
    assert data["totals"][0] == {"queue": "vip", "outcome": "offered", "count": 1}


agents = st.builds(
    Agent,
    id=st.just("x"),
    skills=st.dictionaries(st.sampled_from("xy"), st.integers(0, 3)),
    queues=st.none() | st.dictionaries(st.sampled_from(["vip", "web"]), st.integers(1, 3), min_size=1),
    channels=st.none() | st.dictionaries(st.sampled_from(["chat", "call"]), st.integers(0, 2), min_size=1),
    capacity=st.sampled_from([0.5, 1, 2, 3]),
    attributes=st.sampled_from([{}, {"language": "es"}, {"language": ("de", "es")}]),
)
interactions = st.builds(
    Interaction,
    id=st.just("x"),
    queue=st.sampled_from(["vip", "web", "web", "fax"]),
    channel=st.sampled_from(["chat", "call"]),
    needs=st.dictionaries(st.sampled_from("xy"), st.integers(0, 3)).map(Needs),
    sentiment=st.none() | st.floats(-1, 1),
    tier=st.none() | st.integers(0, 3),
    prefers=st.none() | st.sampled_from(["a0", "a1", "zed"]),
)
rules = st.sampled_from(
    ["ANYBODY", 'language == "es"', 'NOT agent == "a1"', 'skills HAS "x" PREFER language == "es"']
).map(Needs)
conditions = st.fixed_dictionaries(
    {},
    optional={
        "after": st.sampled_from([0.0, 9.0]),
        "slack": st.sampled_from([30.0, 90.0]),
        "eligible_below": st.integers(1, 2),
        "free_below": st.integers(1, 2),
    },
)
EFFECTS: list[dict[str, Any]] = [
    {"drop": ("x", "language", "agent")},
    {"lower": {"x": 1, "y": 0}, "notify": "boss"},
    {"also": Needs({"y": 1})},
    {"tier": 0, "head_start": 60},
    {"queue": "vip"},
]
schedules = st.lists(st.tuples(conditions, st.sampled_from(EFFECTS)), max_size=3)
more_settings = st.fixed_dictionaries(
    {"vip": st.tuples(rules, schedules), "web": st.tuples(rules, schedules)}
)


def with_more(name: str, queue: Queue, more: Any, **fields: Any) -> Queue:
    """Give *queue* needs and steps; only from web things move."""
    needs, schedule = more[name]
    tables = [{**when, **effect} for when, effect in schedule if effect.get("queue") != name]
    return attrs.evolve(queue, needs=needs, steps=tuple(Step(**each) for each in tables), **fields)


def placed(item: Interaction, facts: list[ev.Event]) -> list[tuple[str, int, float, ev.Terms]]:
    """Return where it is in the end: nowhere if it was refused."""
    found: list[tuple[str, int, float, ev.Terms]] = []
    for fact in facts:
        if isinstance(fact, ev.Submitted | ev.Transferred):
            queue = fact.queue if isinstance(fact, ev.Transferred) else item.queue
            found = [(queue, fact.tier, fact.head_start, fact.terms)]
        elif isinstance(fact, ev.Escalated):
            ((queue, tier, head_start, terms),) = found
            tier = tier if fact.tier is None else fact.tier
            found = [(queue, tier, head_start + fact.head_start, terms)]
    return found


POLICIES = [None, capacity.one_at_a_time, capacity.one_channel_at_a_time]


@given(
    st.lists(agents, max_size=5),
    st.lists(interactions, max_size=12),
    st.sampled_from(POLICIES),
    st.sampled_from([selection.best_skill, selection.round_robin, selection.seeded_random(1)]),
    more_settings,
)
@settings(max_examples=200, deadline=None)
def test_it_is_what_an_engine_of_its_own_does(
    drawn: list[Agent], wanted: list[Interaction], policy: Any, chosen: Any, more: Any
) -> None:
    """And where somebody is able, somebody gets it, in whatever queue steps have put it at once."""
    own: dict[str, Any] = {"selection": chosen, "sla": sla.tightened(100, sentiment=[(-0.5, 50)])}
    queues = {name: with_more(name, queue, more, **own) for name, queue in PLAN.queues.items()}
    plan = attrs.evolve(PLAN, capacity=policy, queues=queues)
    roster = [attrs.evolve(agent, id=f"a{number}") for number, agent in enumerate(drawn)]
    items = [attrs.evolve(item, id=f"t{number}") for number, item in enumerate(wanted)]
    for item, route in zip(items, dry_run(plan, roster, items), strict=True):
        engine = Engine(plan)
        for agent in roster:
            engine.add_agent(agent, at=0)
            engine.sign_on(agent.id, at=0)
        facts = engine.submit(item, at=0)
        takers = [fact.agent for fact in facts if isinstance(fact, ev.Offered | ev.Assigned)]
        assert takers == ([] if route.agent is None else [route.agent])
        seen = (route.queue, route.tier, route.head_start, route.terms)
        assert placed(item, facts) == ([] if route.tier is None else [seen])
        assert (route.able > 0) == bool(takers)


def test_steps_that_are_due_at_once() -> None:
    """They are named, and it is told where they have put it; later ones are not taken."""
    spanish = Needs('language == "es"')
    steps = (Step(eligible_below=1, queue="web"), Step(head_start=60, tier=3), Step(after=9, tier=0))
    plan = Plan(queues={"vip": Queue(needs=spanish, steps=steps), "web": Queue(tier=2)})
    item = Interaction(id="t", queue="vip")
    (moved,) = dry_run(plan, [Agent(id="ann")], [item])
    assert (moved.queue, moved.agent, moved.tier, moved.steps) == ("web", "ann", 2, ("vip 1",))
    (stays,) = dry_run(plan, [Agent(id="eve", attributes={"language": "es"})], [item])
    assert (stays.queue, stays.agent, stays.tier, stays.head_start) == ("vip", "eve", 3, 60)
    assert text([stays]).splitlines()[1].endswith("eve (offered); steps at once: vip 2")


def test_slack_hangs_on_the_interaction_itself() -> None:
    """Of one kind, some are in a hurry at once, and some are not."""
    felt = sla.tightened(100, sentiment=[(-0.5, 50)])
    steps = (Step(slack=60, tier=0, lower={"x": 1}),)
    plan = Plan(queues={"vip": Queue(sla=felt, steps=steps), "web": Queue(steps=(Step(queue="vip"),))})
    items = [
        Interaction(id=f"{queue}{mood}", queue=queue, needs=Needs({"x": 2}), sentiment=mood)
        for queue in ("vip", "web")
        for mood in (0, -1)
    ]
    routes = dry_run(plan, [Agent(id="ann", skills={"x": 1})], items)
    assert [(route.outcome, route.tier) for route in routes] == [("waiting", 1), ("offered", 0)] * 2


# --- files --------------------------------------------------------------------------------------


def no_mentions() -> MentionSettings:
    raise AssertionError("only CSV files are mentions")


def read(folder: Path, *lines: str, name: str = "in.jsonl") -> Expected:
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_interactions(folder / name, no_mentions, Plan())


def test_interactions_are_read_as_a_journal_has_them(tmp_path: Path) -> None:
    item = Interaction(
        id="a",
        queue="vip",
        channel="chat",
        needs=Needs({"x": 2}),
        customer=Customer(id="c", followers=7),
        sentiment=-0.5,
        tier=2,
        prefers="ann",
        ref="r",
        attributes={"topic": "bags"},
    )
    store = MemoryStore()
    recorder = record(Engine(PLAN), store)
    recorder.handle(Submit(item), 0)
    recorder.flush()
    line = json.dumps(json.loads(list(store.load())[-1])["command"]["interaction"])
    assert read(tmp_path, line, "", '{"id": "b", "needs": null}').interactions == [item, Interaction(id="b")]


def test_every_bad_record_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    expected = read(
        tmp_path,
        '{"id": "good"}',
        "{",
        "[1]",
        '{"queue": "vip"}',
        '{"id": "a", "need": {}}',
        '{"id": "a", "customer": {"id": "c", "fans": 1}}',
        '{"id": "a", "customer": 1}',
        '{"id": "a", "attributes": [1]}',
        '{"id": "a", "sentiment": -3}',
        '{"id": "a", "tier": NaN}',
        '{"id": "a", "needs": {"x": -1}}',
        '{"id": "last"}',
    )
    assert [each.id for each in expected.interactions] == ["good", "last"]
    assert [each.line for each in expected.bad] == list(range(2, 12))
    reasons = [each.reason for each in expected.bad]
    assert reasons[2] == "id is missing"
    assert reasons[3].startswith("need: unknown; there are attributes, channel,")
    assert reasons[4].startswith("customer.fans: unknown")
    assert reasons[5:7] == ["customer must be an object, not int", "attributes must be an object"]


def test_a_csv_file_holds_mentions(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("id,at,text\na,1767268800,hello\nb,never,hello\n", encoding="utf-8")
    mentions = MentionSettings(
        columns=Columns(id="id", at="at", text="text"), channel="chat", queues={"*": "vip"}
    )
    plan = Plan(queues={"vip": Queue()}, channels={"chat": Channel()})
    expected = read_interactions(path, lambda: mentions, plan)
    assert [each.queue for each in expected.interactions] == ["vip"]
    assert [each.line for each in expected.bad] == [3]
    with pytest.raises(UsageError, match="must end in"):
        read(tmp_path, name="in.txt")


# --- in a terminal ------------------------------------------------------------------------------

FILE = """
[queues.vip]
scoring = [{ use = "sentiment", most = 3600 }]

[[roster.teams]]
name = "desk"
agents = 1
skills = { x = 1 }
shifts = [{ start = "00:00", end = "24:00" }]
"""


def linted(folder: Path, lines: str, *more: str, plan: str = FILE) -> int:
    (folder / "plan.toml").write_text(plan, encoding="utf-8")
    (folder / "in.jsonl").write_text(lines, encoding="utf-8")
    told = ["lint", folder / "plan.toml", "--interactions", folder / "in.jsonl", *more]
    return main([str(each) for each in told])


def test_lint_tells_where_each_would_go(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table, the totals and the bad records, as text and as JSON."""
    lines = '{"id": "a", "queue": "vip", "sentiment": -1}\n{"id": 1}\n'
    assert linted(tmp_path, lines, "--json", str(tmp_path / "out.json")) == 0
    out = capsys.readouterr().out
    assert "desk-1 (offered); head start: sentiment 3600" in out
    assert "Bad record on line 2: interaction id must be a string, not int" in out
    data = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert data["findings"] == []
    assert [(each["interaction"], each["agent"]) for each in data["routes"]] == [("a", "desk-1")]
    assert data["totals"] == [{"queue": "vip", "outcome": "offered", "count": 1}]
    assert [each["line"] for each in data["bad"]] == [2]


def test_what_is_expected_is_linted_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What nobody could do is an error; so is a file of which nothing can be used."""
    assert linted(tmp_path, '{"id": "a", "queue": "vip", "needs": {"y": 1}}\n') == 1
    assert "unroutable_needs" in capsys.readouterr().out
    assert linted(tmp_path, "{\n") == 1
    assert linted(tmp_path, "") == 0
    assert main(["lint", str(tmp_path / "plan.toml"), "--interactions", str(tmp_path / "none.jsonl")]) == 2


def test_lint_knows_the_plan_that_holds_now(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "old.toml").write_text("[queues.web]\n", encoding="utf-8")
    assert linted(tmp_path, "", "--before", str(tmp_path / "old.toml")) == 0
    assert "successors.web: was in the plan before" in capsys.readouterr().out


def test_lint_looks_at_the_table_of_mentions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Topics that nobody can do are named by the topic, those that are never found are found."""
    mentions = """
[mentions]
channel = "default"
queues = { "*" = "vip" }
topics = [
    { name = "refunds", words = ["refund*"], skills = { billing = 1 } },
    { name = "late refunds", words = ["refund late"] },
]
columns = { id = "id", at = "at", text = "text" }
"""
    assert linted(tmp_path, "", plan=mentions + FILE) == 1
    out = capsys.readouterr().out
    assert (
        "first: mention 1 (refunds)): nobody on queue vip, channel default meets the needs billing 1" in out
    )
    assert "mentions.topics[1]: late refunds is never found" in out
    assert "queues.vip.scoring[0]: gives mentions nothing" in out


def test_a_bad_record_says_where(tmp_path: Path) -> None:
    assert read(tmp_path, "{}").bad == (BadRecord(1, "id is missing"),)
