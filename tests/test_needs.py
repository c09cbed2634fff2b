"""What needs mean: rules, their one form, missing values, preferences, and what widens them."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workassign import Agent, Engine, Interaction, Needs, Plan, Queue, UsageError
from workassign import events as ev
from workassign.commands import Submit, Tick
from workassign.errors import PlanError
from workassign.journal import record, replay
from workassign.needs import ANYBODY
from workassign.policies.escalation import Step
from workassign.stores.memory import MemoryStore

# --- a second opinion: trees of tuples, asked one by one ---------------------------------------

SKILLS = ("billing", "refunds")
ATTRIBUTES = ("language", "team")
AGENTS = ("ann", "bob")
WORDS = ("es", "en", True)
COMPARE: dict[str, Callable[[float, float], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def same(a: object, b: object) -> bool:
    return isinstance(a, bool) == isinstance(b, bool) and a == b


def holds(tree: Any, agent: Agent) -> bool:
    kind, *rest = tree
    if kind == "and":
        return holds(rest[0], agent) and holds(rest[1], agent)
    if kind == "or":
        return holds(rest[0], agent) or holds(rest[1], agent)
    if kind == "not":
        return not holds(rest[0], agent)
    if kind == "has":
        return rest[0] in agent.skills
    if kind == "level":
        return rest[0] in agent.skills and COMPARE[rest[1]](agent.skills[rest[0]], rest[2])
    if kind == "between":
        return rest[0] in agent.skills and rest[1] <= agent.skills[rest[0]] <= rest[2]
    if kind == "agent":
        return agent.id in rest[0]
    if kind == "known":
        return rest[0] in agent.attributes
    held: Any = agent.attributes.get(rest[0], ())
    values = held if isinstance(held, tuple) else (held,)
    if kind == "number":
        return any(is_number(value) and COMPARE[rest[1]](value, rest[2]) for value in values)
    found = any(same(value, each) for value in values for each in rest[1])
    return found if kind == "in" else bool(values) and not found


def told(tree: Any) -> str:
    kind, *rest = tree
    if kind in ("and", "or"):
        return f"({told(rest[0])} {kind} {told(rest[1])})"
    if kind == "not":
        return f"not {told(rest[0])}"
    if kind == "has":
        return f'skills HAS "{rest[0]}"'
    if kind == "level":
        return f'level("{rest[0]}") {rest[1]} {rest[2]}'
    if kind == "between":
        return f"level('{rest[0]}') between {rest[1]} and {rest[2]}"
    if kind == "agent":
        return f"agent IN [{', '.join(map(shown, rest[0]))}]"
    if kind == "known":
        return f'attributes HAS "{rest[0]}"'
    if kind == "number":
        return f"{rest[0]} {rest[1]} {rest[2]}"
    return f"{rest[0]} {'IN' if kind == 'in' else 'NOT IN'} [{', '.join(map(shown, rest[1]))}]"


def shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool | int) else f'"{value}"'


levels = st.integers(0, 4)
values = st.sampled_from([*WORDS, 1, 2, 3])
leaves = st.one_of(
    st.tuples(st.just("has"), st.sampled_from(SKILLS)),
    st.tuples(st.just("level"), st.sampled_from(SKILLS), st.sampled_from(sorted(COMPARE)), levels),
    st.tuples(st.just("between"), st.sampled_from(SKILLS), st.integers(0, 2), st.integers(2, 4)),
    st.tuples(st.just("agent"), st.lists(st.sampled_from(AGENTS), min_size=1, max_size=2)),
    st.tuples(st.just("known"), st.sampled_from(ATTRIBUTES)),
    st.tuples(
        st.just("number"), st.sampled_from(ATTRIBUTES), st.sampled_from(["<", "<=", ">", ">="]), levels
    ),
    st.tuples(
        st.sampled_from(["in", "out"]),
        st.sampled_from(ATTRIBUTES),
        st.lists(values, min_size=1, max_size=3),
    ),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["and", "or"]), inner, inner), st.tuples(st.just("not"), inner)
    ),
    max_leaves=8,
)
agents = st.builds(
    Agent,
    id=st.sampled_from(AGENTS),
    skills=st.dictionaries(st.sampled_from(SKILLS), st.sampled_from([0, 1, 2, 2.5, 3, 4])),
    attributes=st.dictionaries(
        st.sampled_from(ATTRIBUTES), st.one_of(values, st.lists(values, min_size=1, max_size=3))
    ),
)


@given(trees, st.lists(agents, min_size=1, max_size=8))
def test_a_rule_means_what_it_says(tree: Any, roster: list[Agent]) -> None:
    needs = Needs(told(tree))
    for agent in roster:
        assert agent.meets(needs) == holds(tree, agent), (needs, agent)


@given(trees)
def test_the_one_form_of_a_rule_is_read_as_the_same_object(tree: Any) -> None:
    needs = Needs(told(tree))
    assert Needs(needs.data) is needs
    assert pickle.loads(pickle.dumps(needs)) is needs


@given(trees, trees, trees)
def test_needs_that_say_the_same_are_one_object(a: Any, b: Any, c: Any) -> None:
    def needs(*tree: Any) -> Needs:
        return Needs(told(tree))

    assert needs("and", a, b) is needs("and", b, a)
    assert needs("or", a, ("or", b, c)) is needs("or", ("or", c, a), b)
    assert needs("and", a, a) is Needs(told(a)) is needs("not", ("not", a))
    assert needs("not", ("and", a, b)) is needs("or", ("not", a), ("not", b))


@given(leaves, leaves, leaves)
def test_a_common_part_may_be_taken_out(a: Any, b: Any, c: Any) -> None:
    def needs(*tree: Any) -> Needs:
        return Needs(told(tree))

    assert needs("and", a, ("or", a, b)) is Needs(told(a))
    assert needs("or", a, ("and", a, b)) is Needs(told(a))
    together = needs("and", a, ("or", b, c))
    for agent in (Agent(id="ann", skills={"billing": 2}), Agent(id="bob", attributes={"team": 2})):
        assert agent.meets(together) == agent.meets(needs("or", ("and", a, b), ("and", a, c)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('skills HAS "a" AND level("b") >= 2', 'level("b") >= 2 and skills has "a"'),
        ("(x == 1 AND y == 1) OR (x == 1 AND z == 1)", "x == 1 AND (y == 1 OR z == 1)"),
        ("(x == 1 OR y == 1) AND (x == 1 OR z == 1)", "x == 1 OR (y == 1 AND z == 1)"),
        ('lang == "es" OR lang == "en"', 'lang IN ["en", "es", "en"]'),
        ('level("a") >= 2 AND level("a") >= 3', 'level("a") >= 3'),
        ('level("a") >= 2 AND level("a") <= 4', 'level("a") BETWEEN 2 AND 4'),
        ('level("a") > 1 AND NOT level("a") == 2', 'level("a") > 1 AND level("a") != 2'),
        ('lang != "es"', 'attributes HAS "lang" AND NOT lang IN ["es"]'),
        ('skills HAS "a" AND NOT skills HAS "a"', "NOBODY"),
        ("x == 1 OR NOT x == 1", "ANYBODY"),
        ('agent IN ["ann", "bob"] AND agent != "bob"', "agent == 'ann'"),
    ],
)
def test_two_ways_to_write_are_one_class(one: str, other: str) -> None:
    assert Needs(one) is Needs(other)


def test_a_rule_that_only_asks_for_skills_is_the_table_of_them() -> None:
    assert Needs('skills HAS "a" AND level("b") >= 2') is Needs({"a": 0, "b": 2})
    assert Needs('skills HAS "a" AND level("b") >= 2').data == {"a": 0.0, "b": 2.0}
    assert Needs("ANYBODY") is ANYBODY


@given(trees, agents)
def test_nobody_can_do_without_the_skills_that_needs_list(tree: Any, agent: Agent) -> None:
    needs = Needs(told(tree))
    if agent.meets(needs):
        assert all(agent.skills[skill] >= least for skill, least in needs.skills)


# --- missing values ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "met"),
    [
        ('level("a") < 3', False),
        ('NOT level("a") < 3', True),
        ('level("a") != 3', False),
        ('lang != "es"', False),
        ('NOT lang == "es"', True),
        ('lang NOT IN ["es"]', False),
        ("seniority >= 0", False),
        ('agent != "bob"', True),
    ],
)
def test_a_comparison_with_what_she_lacks_is_false_and_not_of_it_is_true(rule: str, met: bool) -> None:
    assert Agent(id="ann").meets(Needs(rule)) is met


@pytest.mark.parametrize(
    ("rule", "met"),
    [
        ('lang == "es"', True),
        ('lang != "es"', False),
        ('lang HAS "fr"', True),
        ('lang IN ["de", "fr"]', True),
        ('lang NOT IN ["de"]', True),
        ('lang == "es" AND lang == "fr"', True),
        ("lang == 1", False),
        ("on_call == true", True),
        ("on_call == 1", False),
        ('on_call == "true"', False),
    ],
)
def test_of_several_values_one_that_fits_is_enough_and_kinds_of_values_differ(rule: str, met: bool) -> None:
    ann = Agent(id="ann", attributes={"lang": ["es", "fr"], "on_call": True})
    assert ann.meets(Needs(rule)) is met


# --- what cannot be read -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("", "column 1: a comparison is expected, but the rule ends"),
        ("(" * 20_000, "at most 4096 characters, not 20000"),
        ("(" * 4_000, "column 33: more than 32 brackets and NOTs are open"),
        ("NOT " * 1_000 + "x == 1", "column 129: more than 32"),
        ("x == 1 " * 200_000, "at most 4096 characters, not 1400000"),
        (" AND ".join(f"x{i} == 1" for i in range(101)), "more than 100 comparisons"),
        ('foo("x")', "column 1: there is no function 'foo', only level(...)"),
        ("__import__('os').system('ls')", "column 1: there is no function '__import__'"),
        ("skills HAS billing", "column 12: a name in quotes is expected, but there is 'billing'"),
        ('level("a") >= "3"', "column 15: a number is expected, but there is '\"3\"'"),
        ("level(a) >= 3", "column 7: a name in quotes"),
        ("x = 3", "column 3: '= 3' means nothing here"),
        ('x == "open', "column 6: a text that does not end"),
        ("x == 1e400", "column 6: 1e400 is too large"),
        ("x == nan", "column 6: a value"),
        ("x IN []", "column 7: a value"),
        ("x == 1 y == 2", "column 8: AND, OR, PREFER or the end is expected"),
        ("x == 1 PREFER y == 1 WEIGHT 0", "column 29: a weight must be more than 0"),
        ('level("a") BETWEEN 3 AND 1', "column 20: BETWEEN 3 AND 1 holds nothing"),
        ('skills HAS ""', "column 12: a name must have 1 to 200 characters"),
        ("x == 1; drop", "column 7: '; drop' means nothing here"),
        ('x == "\ud800"', "column 6: a text holds a NUL or a lone surrogate"),
    ],
)
def test_a_rule_that_cannot_be_read_is_refused_with_its_column(rule: str, problem: str) -> None:
    with pytest.raises(UsageError) as raised:
        Needs(rule)
    assert problem in str(raised.value)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        needs = Needs(text)
    except UsageError:
        return
    assert Needs(needs.data) is needs


@pytest.mark.parametrize("weight", [0, -1, float("nan"), float("inf"), True, "2"])
def test_a_preference_weighs_something(weight: Any) -> None:
    with pytest.raises(UsageError, match="a weight must be more than 0"):
        ANYBODY.prefer(Needs({"a": 1}), weight)


def test_needs_put_together_stay_bounded() -> None:
    one, other = (" AND ".join(f"({name}{i} == 1 OR b{i} == 1)" for i in range(40)) for name in "ac")
    with pytest.raises(UsageError, match="at most 100 comparisons"):
        Needs(one) & Needs(other)


def test_what_a_queue_and_steps_add_may_be_larger_than_what_anybody_may_ask_for() -> None:
    """And a journal gives it back; what no step can add any more, it leaves."""
    rules = [" AND ".join(f"({n}{i} == 1 OR o{n}{i} == 1)" for i in range(50)) for n in "abcde"]
    steps = tuple(Step(after=i, also=Needs(rule)) for i, rule in enumerate(rules[2:], 1))
    engine, store = Engine(Plan(queues={"default": Queue(needs=Needs(rules[1]), steps=steps)})), MemoryStore()
    recorder = record(engine, store)
    recorder.handle(Submit(Interaction(id="i", needs=Needs(rules[0]))), 0)
    facts = recorder.handle(Tick(), 10)
    recorder.flush()
    assert [each.step for each in facts if isinstance(each, ev.Escalated)] == [1, 2, 3]
    assert [each.needs is None for each in facts if isinstance(each, ev.Escalated)] == [False, False, True]
    assert replay(store).snapshot() == engine.snapshot()
    large = facts[0].needs  # type: ignore[union-attr]
    assert pickle.loads(pickle.dumps(large)) is large


# --- what widens them ----------------------------------------------------------------------------


@given(trees, agents, st.data())
def test_whoever_met_the_needs_before_still_meets_them_relaxed(tree: Any, agent: Agent, data: Any) -> None:
    needs = Needs(told(tree))
    names = data.draw(st.lists(st.sampled_from([*SKILLS, *ATTRIBUTES, "agent"])))
    lower = data.draw(st.dictionaries(st.sampled_from(SKILLS), levels))
    wider = data.draw(st.dictionaries(st.sampled_from(ATTRIBUTES), st.lists(values, min_size=1)))
    other = Needs(told(data.draw(trees)))
    if agent.meets(needs):
        assert agent.meets(needs.without(names))
        assert agent.meets(needs.lowered(lower))
        assert agent.meets(needs.widened(wider))
        assert agent.meets(needs | other)


def test_needs_are_relaxed_part_by_part() -> None:
    needs = Needs('level("refunds") >= 3 AND lang == "es" AND team == "day" PREFER skills HAS "vip"')
    assert needs.without(["team", "refunds"]) is Needs('lang == "es" PREFER skills HAS "vip"')
    assert needs.lowered({"refunds": 1}) is Needs(
        'level("refunds") >= 1 AND lang == "es" AND team == "day" PREFER skills HAS "vip"'
    )
    assert needs.lowered({"refunds": 4, "other": 1}) is needs
    assert needs.widened({"lang": ["en"]}) is Needs(
        'level("refunds") >= 3 AND lang IN ["es", "en"] AND team == "day" PREFER skills HAS "vip"'
    )
    assert Needs({"a": 1}).lowered({"a": 0}) is Needs({"a": 0})
    assert Needs("ring <= 1").widened({"ring": [2]}).met_by({}, {"ring": 2})


# --- in the engine -------------------------------------------------------------------------------

ROSTER = (
    Agent(id="ann", skills={"billing": 2, "refunds": 4}, attributes={"language": ["es", "en"]}),
    Agent(id="bob", skills={"billing": 4}, attributes={"language": "en", "team": "night"}),
    Agent(id="cat", skills={"refunds": 1}, attributes={"language": "fr"}),
)


def desk(*roster: Agent, plan: Plan | None = None) -> Engine:
    engine = Engine(plan)
    for agent in roster or ROSTER:
        engine.add_agent(agent, 0)
        engine.sign_on(agent.id, 0)
    return engine


def offered_to(engine: Engine, needs: Any, at: float = 1) -> str | None:
    interaction = Interaction(id=f"i-{at}", needs=needs if isinstance(needs, Needs) else Needs(needs))
    found = [each.agent for each in engine.submit(interaction, at) if isinstance(each, ev.Offered)]
    engine.check()
    return found[0] if found else None


@pytest.mark.parametrize(
    ("rule", "agent"),
    [
        ('skills HAS "billing" AND language IN ["es", "fr"] AND level("refunds") >= 3', "ann"),
        ('level("billing") >= 3 OR level("refunds") < 2', "bob"),
        ('NOT skills HAS "billing"', "cat"),
        ('level("refunds") BETWEEN 1 AND 3', "cat"),
        ('attributes HAS "team" AND team != "day"', "bob"),
        ('agent == "cat"', "cat"),
        ('agent IN ["cat", "bob"] AND skills HAS "billing"', "bob"),
        ('NOT agent IN ["ann", "bob"]', "cat"),
        ('language == "de"', None),
    ],
)
def test_a_rule_decides_who_can_take_it(rule: str, agent: str | None) -> None:
    assert offered_to(desk(), rule) == agent


def test_agents_whom_a_later_rule_tells_apart_are_told_apart() -> None:
    twins = [Agent(id=f"a{i}", attributes={"desk": i, "floor": i % 2}) for i in range(6)]
    engine = desk(*twins)
    assert offered_to(engine, "ANYBODY", 1) == "a0"
    assert offered_to(engine, "desk == 4", 2) == "a4"
    assert offered_to(engine, "floor == 1", 3) == "a1"
    assert offered_to(engine, 'agent == "a5"', 4) == "a5"
    assert offered_to(engine, "desk == 4", 5) is None


def test_what_is_preferred_decides_among_the_free_and_keeps_nobody_waiting() -> None:
    engine = desk()
    needs = Needs('PREFER language == "fr" WEIGHT 2 PREFER level("billing") >= 3 WEIGHT 3')
    assert [offered_to(engine, needs, at) for at in (1, 2, 3)] == ["bob", "cat", "ann"]


def test_weights_of_what_she_has_are_added_up() -> None:
    needs = Needs(
        'PREFER skills HAS "billing" WEIGHT 2 PREFER skills HAS "refunds" WEIGHT 2 '
        'PREFER team == "night" WEIGHT 3'
    )
    engine = desk()
    assert [offered_to(engine, needs, at) for at in (1, 2, 3)] == ["bob", "ann", "cat"]


def test_a_queue_adds_its_own_needs_to_those_of_what_waits_there() -> None:
    plan = Plan.from_data(
        {"queues": {"default": {"needs": 'language == "en"'}, "back": {"needs": {"billing": 3}}}}
    )
    engine = desk(plan=plan)
    engine.sign_off("ann", 0)
    assert offered_to(engine, {"refunds": 1}) is None
    moved = engine.transfer("i-1", "back", 2)
    assert not any(isinstance(each, ev.Offered) for each in moved)
    assert offered_to(engine, "ANYBODY", 3) == "bob"
    assert Plan.from_data(plan.to_data()).hash == plan.hash


def test_names_that_the_plan_does_not_list_are_refused() -> None:
    plan = Plan(skills=frozenset({"billing"}), attributes=frozenset({"language"}))
    engine = Engine(plan)
    for needs, rule in (
        (Needs('skills HAS "biling" OR language == "en"'), "unknown_skill"),
        (Needs('langage == "en"'), "unknown_attribute"),
        (Needs('PREFER langage == "en"'), "unknown_attribute"),
    ):
        (refused,) = engine.submit(Interaction(id="i", needs=needs), 1)
        assert isinstance(refused, ev.Refused)
        assert refused.rule == rule
    (refused,) = engine.add_agent(Agent(id="ann", attributes={"langage": "en"}), 1)
    assert isinstance(refused, ev.Refused)
    assert refused.rule == "unknown_attribute"
    with pytest.raises(PlanError, match=r"queues.default.needs: there is no skill 'x'"):
        Plan(skills=frozenset(), queues={"default": Queue(needs=Needs({"x": 1}))})


@pytest.mark.parametrize("value", [["a", None], [], {"x": 1}, float("nan"), "a" * 5000, None])
def test_an_attribute_of_an_agent_is_a_value_or_several(value: Any) -> None:
    with pytest.raises(UsageError, match="attribute"):
        Agent(id="ann", attributes={"language": value})


def test_a_wrong_rule_in_a_plan_is_reported_with_its_path() -> None:
    with pytest.raises(PlanError) as raised:
        Plan.from_data({"queues": {"a": {"needs": "x = 1"}, "b": {"needs": 3}, "c": {"needs": {"x": -1}}}})
    assert [each.split(": ", 1)[0] for each in raised.value.problems] == [
        "queues.a.needs",
        "queues.b.needs",
        "queues.c.needs",
    ]
