"""A CRM that is slow, broken or lies never stops routing, and what was known of a customer can be seen."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workassign import Agent, Customer, Desk, Engine, Interaction, MemoryStore, Plan, Queue
from workassign.commands import AddAgent, SignOn, Submit
from workassign.errors import UsageError
from workassign.policies import scoring
from workassign.social.mentions import Mention
from workassign.social.people.crm import Answer, Late, Lookup
from workassign.social.people.customers import (
    BadFactsError,
    CustomerFacts,
    Directory,
    facts_of,
    identified,
    known,
)

LONG = 30.0
"""Seconds that no test takes, for what must not time out."""
SHORT = 0.002
"""Seconds to wait for what does not come."""
SECRET = "ann.secret@example.org"


class Clock:
    """Stands still unless it is told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Crm:
    """Knows everybody by her author's name, or does what it is told; keeps what it was asked."""

    def __init__(self, answer: Callable[[str, str], Any] | None = None) -> None:
        self.asked: list[tuple[str, str]] = []
        self.answer = answer or (lambda network, author: {"id": f"c-{author}"})

    def __call__(self, network: str, author: str) -> Any:
        self.asked.append((network, author))
        return self.answer(network, author)


class Hanging(Crm):
    """Does not answer before it is let go."""

    def __init__(self) -> None:
        super().__init__(self._hang)
        self.let_go = Event()

    def _hang(self, network: str, author: str) -> Any:
        self.let_go.wait()
        return {"id": f"c-{author}"}


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    """Return a CRM that hangs until the test is over."""
    crm = Hanging()
    yield crm
    crm.let_go.set()


def fails(network: str, author: str) -> Any:
    raise ConnectionError(SECRET)


def answered(how: str, author: str = "ann") -> Answer:
    return Answer(CustomerFacts(id=f"c-{author}"), how)  # type: ignore[arg-type]


# --- what it said is kept -------------------------------------------------------------------------


def test_an_author_is_asked_for_once_in_a_while() -> None:
    crm, clock = Crm(), Clock()
    lookup = Lookup(crm, timeout=LONG, keep=60, clock=clock)
    assert lookup.lookup("mastodon", "ann") == answered("asked")
    clock.now += 59.9
    assert lookup.lookup("mastodon", "ann") == answered("cached")
    clock.now += 0.1
    assert lookup.lookup("mastodon", "ann") == answered("asked")
    assert crm.asked == [("mastodon", "ann")] * 2
    assert lookup.counts | {"asked": 0, "cached": 0} == dict.fromkeys(lookup.counts, 0)


def test_that_nobody_knows_her_is_kept_too() -> None:
    crm, clock = Crm(lambda network, author: None), Clock()
    lookup = Lookup(crm, timeout=LONG, keep=60, clock=clock)
    assert [lookup.lookup("x", "bob") for _ in range(3)] == [Answer(None, "unknown")] * 3
    assert len(crm.asked) == 1
    clock.now += 60
    crm.answer = lambda network, author: CustomerFacts(id="c-bob", churn_risk=0.5)
    assert lookup.lookup("x", "bob") == Answer(CustomerFacts(id="c-bob", churn_risk=0.5), "asked")


def test_one_name_on_two_networks_is_two_authors() -> None:
    lookup = Lookup(lambda network, author: {"id": network}, timeout=LONG)
    found = [lookup.lookup(network, "ann").facts for network in ("x", "mastodon", "x")]
    assert [facts and facts.id for facts in found] == ["x", "mastodon", "x"]


def test_only_so_many_authors_are_kept() -> None:
    """The one that was asked for longest ago goes first."""
    crm = Crm()
    lookup = Lookup(crm, timeout=LONG, most=2)
    found = [lookup.lookup("x", author).how for author in ("a", "b", "a", "c", "a", "b")]
    assert found == ["asked", "asked", "cached", "asked", "cached", "asked"]


# --- it hangs, fails, lies ------------------------------------------------------------------------


def test_a_crm_that_hangs_costs_a_few_time_outs_and_no_more(hanging: Hanging) -> None:
    """Two thousand mentions: five wait, all others go on at once."""
    lookup = Lookup(hanging, timeout=SHORT, strikes=5, clock=Clock())
    found = [lookup.lookup("x", str(number)) for number in range(2_000)]
    assert found == [Answer(None, "timed out")] * 5 + [Answer(None, "off")] * 1_995
    assert lookup.off
    assert len(hanging.asked) <= 5
    counts = lookup.counts
    assert (counts["timed out"], counts["off"]) == (5, 1_995)


def test_one_author_who_writes_all_the_time_is_asked_for_once(hanging: Hanging) -> None:
    lookup = Lookup(hanging, timeout=SHORT, strikes=1_000)
    assert {lookup.lookup("x", "ann").how for _ in range(20)} == {"timed out"}
    assert len(hanging.asked) <= 1


def test_threads_are_few_however_many_calls_hang(hanging: Hanging) -> None:
    """And all of them end once the CRM lets go."""
    lookup = Lookup(hanging, timeout=SHORT, strikes=1_000, workers=2)
    before = threading.active_count()
    assert {lookup.lookup("x", str(number)).how for number in range(150)} == {"timed out"}
    assert threading.active_count() - before <= 66
    assert lookup.hanging <= 66
    hanging.let_go.set()
    lookup.close(within=LONG)
    assert lookup.hanging == 0
    assert not lookup._open
    assert len(hanging.asked) <= 66


def test_a_late_answer_is_kept_and_can_be_collected(hanging: Hanging) -> None:
    lookup = Lookup(hanging, timeout=SHORT, strikes=1_000)
    while not hanging.asked:  # a question that no thread took up in time is not asked at all
        assert lookup.lookup("x", "ann") == Answer(None, "timed out")
    assert lookup.late() == []
    hanging.let_go.set()
    lookup.close(within=LONG)
    assert lookup.lookup("x", "ann") == answered("cached")
    assert lookup.late() == [Late("x", "ann", CustomerFacts(id="c-ann"))]
    assert lookup.late() == []
    assert lookup.counts["late"] == 1


def test_what_was_known_earlier_holds_while_the_crm_is_down() -> None:
    crm, clock = Crm(), Clock()
    lookup = Lookup(crm, timeout=LONG, keep=60, strikes=2, rest=30, clock=clock)
    lookup.lookup("x", "ann")
    clock.now += 60
    crm.answer = fails
    assert [lookup.lookup("x", "ann") for _ in range(3)] == [answered("stale")] * 3
    assert lookup.lookup("x", "bob") == Answer(None, "off")
    assert len(crm.asked) == 3
    assert lookup.reasons == {"ConnectionError": 2}


def test_after_a_rest_the_crm_is_tried_once() -> None:
    """If that goes well it is asked as before, else it is left alone for as long again."""
    crm, clock = Crm(fails), Clock()
    lookup = Lookup(crm, timeout=LONG, strikes=3, rest=30, clock=clock)
    assert [lookup.lookup("x", "ann").how for _ in range(5)] == ["failed"] * 3 + ["off"] * 2
    clock.now += 30
    assert [lookup.lookup("x", "ann").how for _ in range(3)] == ["failed", "off", "off"]
    clock.now += 29.9
    assert lookup.lookup("x", "ann").how == "off"
    crm.answer = lambda network, author: {"id": f"c-{author}"}
    clock.now += 0.1
    assert lookup.lookup("x", "ann") == answered("asked")
    assert not lookup.off
    crm.answer = fails
    assert [lookup.lookup("x", "bob").how for _ in range(4)] == ["failed"] * 3 + ["off"]


def test_a_good_answer_ends_a_row_of_bad_ones() -> None:
    """Also that nobody is known by that name: it was an answer."""
    crm = Crm(lambda network, author: fails(network, author) if author.startswith("bad") else None)
    lookup = Lookup(crm, timeout=LONG, strikes=2)
    authors = [f"{kind}{number}" for number in range(10) for kind in ("bad", "good")]
    assert [lookup.lookup("x", author).how for author in authors] == ["failed", "unknown"] * 10


def test_while_one_tries_nobody_else_waits() -> None:
    crm, clock, entered, let_go = Crm(fails), Clock(), Event(), Event()
    lookup = Lookup(crm, timeout=LONG, strikes=1, rest=30, clock=clock)
    lookup.lookup("x", "ann")

    def slow(network: str, author: str) -> Any:
        entered.set()
        let_go.wait(LONG)
        return {"id": f"c-{author}"}

    crm.answer = slow
    clock.now += 30
    with ThreadPoolExecutor(1) as pool:
        trial = pool.submit(lookup.lookup, "x", "ann")
        assert entered.wait(LONG)
        assert [lookup.lookup("x", author).how for author in ("ann", "bob")] == ["off", "off"]
        let_go.set()
        assert trial.result() == answered("asked", "ann")
    assert lookup.lookup("x", "bob").how == "asked"


def test_a_trial_does_not_wait_for_a_call_that_hangs_since_yesterday(hanging: Hanging) -> None:
    """The CRM is back, but the old connections never end."""
    clock = Clock()
    lookup = Lookup(hanging, timeout=0.05, strikes=1, rest=30, workers=1, clock=clock)
    assert lookup.lookup("x", "ann") == Answer(None, "timed out")
    hanging.answer = lambda network, author: {"id": f"c-{author}"}
    for _ in range(50):  # a busy machine may need a second trial
        clock.now += 30
        found = lookup.lookup("x", "ann")
        if found.facts is not None:
            break
    assert found.facts == CustomerFacts(id="c-ann")


def test_a_slow_crm_takes_no_more_than_its_share_of_the_time() -> None:
    """Then nobody waits until the second is over; what is asked meanwhile is known to the next mention."""
    clock, let_go = Clock(), Event()

    def ask(network: str, author: str) -> Any:
        if author.startswith("later"):
            let_go.wait()
        else:
            clock.now += 0.0625
        return {"id": f"c-{author}"}

    lookup = Lookup(ask, timeout=LONG, share=0.125, strikes=1, clock=clock)
    authors = ("a", "b", "later 1", "later 2", "a")
    assert [lookup.lookup("x", author).how for author in authors] == [
        *("asked", "asked", "timed out", "timed out", "cached")
    ]
    assert not lookup.off  # nobody has waited in vain
    clock.now += 1
    assert lookup.lookup("x", "c").how == "asked"
    let_go.set()
    lookup.close(within=LONG)
    assert {each.author for each in lookup.late()} == {"later 1", "later 2"}
    assert lookup.lookup("x", "later 1") == answered("cached", "later 1")


def test_what_is_asked_without_waiting_is_bounded_and_dropped_when_the_crm_hangs(hanging: Hanging) -> None:
    """And the next one who tries finds a thread, though all hang."""
    clock = Clock()

    def slow(network: str, author: str) -> Any:
        clock.now += 0.25
        return None

    hanging.answer, hangs = slow, hanging.answer
    lookup = Lookup(hanging, timeout=0.5, share=0.25, strikes=1, rest=30, workers=2, clock=clock)
    assert lookup.lookup("x", "first").how == "unknown"
    hanging.answer = hangs
    assert {lookup.lookup("x", str(number)).how for number in range(3_000)} == {"timed out"}
    assert len(lookup._queue) <= 1_000
    clock.now += 1
    assert lookup.lookup("x", "somebody else").how == "timed out"
    assert lookup.off
    assert not lookup._queue
    hanging.answer = lambda network, author: {"id": f"c-{author}"}
    clock.now += 30
    assert lookup.lookup("x", "ann") == answered("asked")


@pytest.mark.parametrize("raised", [ValueError, SystemExit, KeyboardInterrupt, MemoryError, StopIteration])
def test_whatever_it_raises_is_counted_by_its_type_alone(raised: type[BaseException]) -> None:
    def ask(network: str, author: str) -> Any:
        raise raised(SECRET)

    lookup = Lookup(ask, timeout=LONG)
    assert [lookup.lookup("x", SECRET).how for _ in range(3)] == ["failed"] * 3
    assert lookup.reasons == {raised.__name__: 3}


def test_kinds_of_failures_are_counted_up_to_a_bound() -> None:
    def ask(network: str, author: str) -> Any:
        raise type(f"Error{author}", (Exception,), {})

    lookup = Lookup(ask, timeout=LONG, strikes=1_000)
    for number in range(200):
        lookup.lookup("x", str(number))
    assert len(lookup.reasons) == 51
    assert lookup.reasons["others"] == 150


class Endless(Mapping[str, object]):
    """A table that cannot be read."""

    def __getitem__(self, name: str) -> object:
        raise RuntimeError(SECRET)

    def __iter__(self) -> Iterator[str]:
        return iter(["id"])

    def __len__(self) -> int:
        return 1


RUBBISH: Mapping[str, tuple[object, str]] = {
    "text": (SECRET, "facts must be CustomerFacts(...), a table or None"),
    "number": (17, "facts must be CustomerFacts(...), a table or None"),
    "list": ([{"id": SECRET}], "facts must be CustomerFacts(...), a table or None"),
    "type": (CustomerFacts, "facts must be CustomerFacts(...), a table or None"),
    "a field misspelt": ({"id": "c", SECRET: 1}, "there is a field that is none of id"),
    "no name": ({17: 1}, "there is a field that is none of id"),
    "id: empty": ({"id": ""}, "id must be printable text of 1 to 200 characters"),
    "id: number": ({"id": 17}, "id must be printable text of 1 to 200 characters"),
    "id: NUL": ({"id": f"{SECRET}\0"}, "id must be printable text of 1 to 200 characters"),
    "segment: long": ({"segment": SECRET * 99}, "segment must be printable text of 1 to 200 characters"),
    "agent: list": ({"agent": [SECRET]}, "agent must be printable text of 1 to 200 characters"),
    "value: NaN": ({"value": math.nan}, "value must be a number from -1e+15 to 1e+15"),
    "value: huge": ({"value": 10**400}, "value must be a number from -1e+15 to 1e+15"),
    "value: text": ({"value": "1,200"}, "value must be a number from -1e+15 to 1e+15"),
    "value: yes": ({"value": True}, "value must be a number from -1e+15 to 1e+15"),
    "risk: per cent": ({"churn_risk": 85}, "churn_risk must be a number from 0 to 1"),
    "risk: below": ({"churn_risk": -0.1}, "churn_risk must be a number from 0 to 1"),
    "satisfaction: 0": ({"satisfaction": 0}, "satisfaction must be a number from 1 to 5"),
    "orders: half": ({"open_orders": 1.5}, "open_orders must be a whole number from 0 to 1000000"),
    "orders: below": ({"open_orders": -1}, "open_orders must be a whole number from 0 to 1000000"),
    "contacts: infinite": ({"contacts": math.inf}, "contacts must be a whole number from 0 to 1000000"),
    "contacts: huge": ({"contacts": 10**30}, "contacts must be a whole number from 0 to 1000000"),
}


@pytest.mark.parametrize("kind", RUBBISH)
def test_rubbish_is_refused_as_a_whole_with_the_rule_that_it_breaks(kind: str) -> None:
    """What is right beside it is not believed either; what stood there is told to nobody."""
    answer, rule = RUBBISH[kind]
    if isinstance(answer, dict) and "id" not in answer:
        answer = {"id": "c-17", **answer}
    lookup = Lookup(lambda network, author: answer, timeout=LONG)  # type: ignore[arg-type,return-value]
    assert lookup.lookup("x", "ann") == Answer(None, "rubbish")
    ((reason, number),) = lookup.reasons.items()
    assert number == 1
    assert reason.startswith(rule)
    assert SECRET not in reason


def test_a_table_that_raises_when_it_is_read_is_a_failure() -> None:
    lookup = Lookup(lambda network, author: Endless(), timeout=LONG)
    assert lookup.lookup("x", "ann").how == "failed"
    assert lookup.reasons == {"RuntimeError": 1}


def test_facts_that_the_callable_itself_builds_wrongly_are_rubbish() -> None:
    lookup = Lookup(lambda network, author: CustomerFacts(churn_risk=7.0), timeout=LONG)
    assert lookup.lookup("x", "ann").how == "rubbish"
    assert lookup.reasons == {"churn_risk must be a number from 0 to 1": 1}


JUNK = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just([1])
FIELDS = (
    "id",
    "value",
    "segment",
    "open_orders",
    "churn_risk",
    "satisfaction",
    "contacts",
    "agent",
    "language",
)


@given(table=st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=3), JUNK))
def test_any_table_is_facts_or_refused(table: dict[str, Any]) -> None:
    """And facts always make a customer, and attributes that an interaction takes."""
    try:
        facts = facts_of(table)
    except BadFactsError:
        return
    assert facts is not None
    customer, attributes = known(mention(), facts, 50.0, "asked")
    Interaction(id="i", customer=customer, attributes=attributes, prefers=facts.agent)


# --- from several threads -------------------------------------------------------------------------


def test_several_who_ask_for_the_same_author_at_once_ask_the_crm_once() -> None:
    crm, began = Hanging(), threading.Barrier(9)
    lookup = Lookup(crm, timeout=LONG)

    def look() -> Answer:
        began.wait(LONG)
        return lookup.lookup("x", "ann")

    with ThreadPoolExecutor(8) as pool:
        found = [pool.submit(look) for _ in range(8)]
        began.wait(LONG)
        crm.let_go.set()
        answers = [each.result().facts for each in found]
    assert answers == [CustomerFacts(id="c-ann")] * 8
    assert len(crm.asked) == 1


def test_many_threads_and_many_authors_are_never_mixed_up() -> None:
    """Nobody waits for ever, each answer is about whom it was asked for, and every one is counted."""
    crm = Crm()
    lookup = Lookup(crm, timeout=LONG, workers=3, most=50)

    def look(number: int) -> bool:
        authors = [str((number * 31 + step * 7) % 97) for step in range(200)]
        return all(lookup.lookup("x", each).facts == CustomerFacts(id=f"c-{each}") for each in authors)

    before = threading.active_count()
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(look, range(8)))
        assert threading.active_count() - before <= 8 + 3
    counts = lookup.counts
    assert counts["asked"] + counts["cached"] == sum(counts.values()) == 1_600
    lookup.close(within=LONG)
    assert len(lookup._kept) <= 50


# --- settings, the end ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"timeout": 0}, "timeout must be positive, from 0.001 to 60, not 0"),
        ({"timeout": math.nan}, "timeout must be positive"),
        ({"keep": -1}, "keep must be positive"),
        ({"rest": "30"}, "rest must be positive"),
        ({"most": 0}, "most must be a whole number from 1 to 100000000, not 0"),
        ({"workers": 1.5}, "workers must be a whole number from 1 to 64, not 1.5"),
        ({"strikes": True}, "strikes must be a whole number from 1 to 1000, not True"),
        ({"share": 0}, "share must be above 0 and at most 1, not 0"),
        ({"share": 1.5}, "share must be above 0 and at most 1, not 1.5"),
        ({"ask": None}, "ask must be a callable"),
    ],
)
def test_a_setting_out_of_its_range_is_refused(settings: dict[str, Any], rule: str) -> None:
    with pytest.raises(UsageError, match=rule):
        Lookup(**{"ask": Crm(), **settings})


def test_a_lookup_that_is_closed_asks_no_more_but_remembers() -> None:
    crm = Crm()
    lookup = Lookup(crm, timeout=LONG)
    lookup.lookup("x", "ann")
    lookup.close(within=LONG)
    assert lookup.lookup("x", "ann").how == "cached"
    assert lookup.lookup("x", "bob").how == "off"
    assert len(crm.asked) == 1
    lookup.close()


def test_a_lookup_does_not_print_what_it_keeps() -> None:
    lookup = Lookup(lambda network, author: {"id": SECRET}, timeout=LONG)
    lookup.lookup("x", SECRET)
    assert SECRET not in f"{lookup!r} {lookup.counts} {lookup.reasons}"


# --- one customer, several accounts ---------------------------------------------------------------


def mention(**fields: Any) -> Mention:
    blank = {"id": "1", "at": 0.0, "text": "where is it?", "network": "mastodon", "author": "ann"}
    return Mention(**{**blank, **fields})


def test_accounts_of_one_customer_are_one_customer() -> None:
    directory = Directory({"c-17": ["mastodon/ann", "twitter/4711", "walk-in"]})
    lookup = Lookup(identified(directory), timeout=LONG)
    authors = [("mastodon", "ann"), ("twitter", "4711"), ("", "walk-in"), ("twitter", "ann")]
    customers = []
    for network, author in authors:
        answer = lookup.lookup(network, author)
        customer, _ = known(mention(network=network, author=author), answer.facts)
        customers.append(customer and customer.id)
    assert customers == ["c-17", "c-17", "c-17", "twitter/ann"]


@pytest.mark.parametrize(
    ("accounts", "rule"),
    [
        ([], "a directory must be a table"),
        ({"": ["x/1"]}, "a customer of a directory must have 1 to 200 characters"),
        ({"c": "x/1"}, "accounts of customer 'c' must be a list"),
        ({"c": [1]}, "an account of customer 'c' must be a string, not int"),
        ({"c": ["x/1"], "d": ["x/1"]}, "customers 'c' and 'd' have the same account"),
    ],
)
def test_a_directory_that_cannot_be_is_refused(accounts: Any, rule: str) -> None:
    with pytest.raises(UsageError, match=rule):
        Directory(accounts)


def test_what_is_known_becomes_a_customer_and_attributes() -> None:
    told = {"churn_risk": 0.4, "satisfaction": 2.5, "contacts": 3, "open_orders": 2}
    person = {"id": "c-17", "value": 1_200.0, "segment": "gold", "agent": "cyd", "language": "es"}
    facts = facts_of({**told, **person})
    customer, attributes = known(mention(followers=40, value=9.0), facts, 61.5, "cached")
    assert customer == Customer(id="c-17", value=1_200.0, influence=61.5, followers=40, segment="gold")
    assert attributes == {**told, "customer_language": "es", "customer_lookup": "cached"}


def test_without_facts_a_customer_is_her_account() -> None:
    assert known(mention(value=9.0), None) == (Customer(id="mastodon/ann", value=9.0), {})
    assert known(mention(network=""), None)[0] == Customer(id="ann")
    assert known(mention(author=None), None, how="unknown") == (None, {"customer_lookup": "unknown"})
    assert known(mention(author=None), CustomerFacts(id="c-17"))[0] == Customer(id="c-17")


def test_an_account_that_can_be_no_id_is_no_customer() -> None:
    """Hostile names are no reason not to answer somebody."""
    for author in ("a\0b", "x" * 300, "\u202eann", ""):
        assert known(mention(author=author), None)[0] is None
    assert known(mention(followers=10**15, value=math.inf), None)[0] == Customer(
        id="mastodon/ann", followers=10**12
    )


# --- routing goes on ------------------------------------------------------------------------------


def desk_with_scorers() -> Desk:
    scorers = (
        scoring.churn_risk(most=300),
        scoring.satisfaction(most=300),
        scoring.repeat_contact(most=300, full=5),
        scoring.open_orders(most=120, full=3),
        scoring.topic_severity({"injury": 1800}),
    )
    desk = Desk(Engine(Plan(queues={"default": Queue(scoring=scorers)})), MemoryStore(), clock=Clock())
    desk.handle(AddAgent(Agent(id="cyd")))
    return desk


def submitted(desk: Desk, lookup: Lookup, author: str = "ann") -> str:
    """Submit a mention by what the lookup knows, let somebody have it, and return the explanation."""
    answer = lookup.lookup("mastodon", author)
    customer, attributes = known(mention(author=author), answer.facts, None, answer.how)
    attributes["topic"] = "injury"
    desk.handle(Submit(Interaction(id="t1", customer=customer, attributes=attributes)))
    desk.handle(SignOn("cyd"))
    explanation = desk.explain("t1")
    assert explanation.stage == "assigned" or explanation.decisions
    assert explanation.story[0].data["customer_lookup"] == answer.how
    return explanation.text()


def test_each_term_is_told_in_seconds_of_head_start() -> None:
    facts = {"churn_risk": 0.5, "satisfaction": 2, "contacts": 2, "open_orders": 1}
    told = submitted(desk_with_scorers(), Lookup(lambda network, author: facts, timeout=LONG))
    terms = (
        "churn_risk 150 s, satisfaction 200 s, repeat_contact 120 s, open_orders 40 s, topic_severity 1800 s"
    )
    assert f"(head start 2310 s: {terms}" in told
    assert "customer:" not in told


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (fails, "customer: not known (CRM failed)"),
        (lambda network, author: "rubbish", "customer: not known (CRM answered rubbish)"),
        (lambda network, author: None, "customer: not known to the CRM"),
    ],
)
def test_whatever_a_crm_does_the_mention_is_routed_and_it_is_told_why_so_little_is_known(
    answer: Callable[..., Any], told: str
) -> None:
    assert told in submitted(desk_with_scorers(), Lookup(Crm(answer), timeout=LONG))


def test_a_crm_that_hangs_is_told_of(hanging: Hanging) -> None:
    lookup = Lookup(hanging, timeout=SHORT, strikes=1)
    assert "customer: not known (CRM timed out)" in submitted(desk_with_scorers(), lookup)
    told = submitted(desk_with_scorers(), lookup)
    assert "customer: not known (CRM left alone after bad answers)" in told


def test_facts_of_yesterday_count_and_are_told_as_such() -> None:
    crm, clock = Crm(lambda network, author: {"churn_risk": 1}), Clock()
    lookup = Lookup(crm, timeout=LONG, keep=60, clock=clock)
    lookup.lookup("mastodon", "ann")
    clock.now += 60
    crm.answer = fails
    told = submitted(desk_with_scorers(), lookup)
    assert "churn_risk 300 s" in told
    assert "customer: as known earlier (CRM gave no good answer)" in told
