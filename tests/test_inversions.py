"""How often was somebody passed over who was more urgent?"""

from workassign import Agent, Engine, Interaction, MemoryStore, Needs, Plan, Queue, record
from workassign import commands as cmd
from workassign.inversions import inversions
from workassign.policies import work


def told(plan: Plan, *said: tuple[cmd.Command, float]) -> MemoryStore:
    """The journal of what was said."""
    store = MemoryStore()
    recorder = record(Engine(plan), store)
    for command, at in said:
        recorder.handle(command, at)
    recorder.flush()
    return store


def two_queues(rank: work.WorkRank) -> MemoryStore:
    """One who serves two queues, the older interaction in her second."""
    plan = Plan(queues={"first": Queue(work=rank), "second": Queue(work=rank)})
    return told(
        plan,
        (cmd.AddAgent(Agent(id="ann", queues={"first": 1, "second": 2})), 0),
        (cmd.Submit(Interaction(id="old", queue="second")), 1),
        (cmd.Submit(Interaction(id="new", queue="first")), 2),
        (cmd.SignOn("ann"), 3),
    )


def test_under_greatest_need_nobody_is_passed_over() -> None:
    found = inversions(two_queues(work.greatest_need))
    assert (found.grants, found.inverted, found.share) == (1, 0, 0.0)


def test_a_policy_that_ranks_queues_passes_over_what_is_older() -> None:
    found = inversions(two_queues(work.queue_priority))
    assert (found.grants, found.inverted, found.by_queue) == (1, 1, {"first": 1})


def test_what_the_agent_could_not_have_taken_does_not_count() -> None:
    """Neither a skill that she lacks, nor what she has just declined."""
    skilled = Interaction(id="skilled", needs=Needs({"law": 1}))
    store = told(
        Plan(),
        (cmd.AddAgent(Agent(id="ann")), 0),
        (cmd.SignOn("ann"), 0),
        (cmd.Submit(skilled), 1),
        (cmd.Submit(Interaction(id="declined")), 2),
        (cmd.AddAgent(Agent(id="bob", skills={"law": 1}, channels={"default": 0})), 2),
        (cmd.Decline(1, "ann"), 3),
        (cmd.Submit(Interaction(id="plain")), 4),
    )
    found = inversions(store)
    assert (found.grants, found.inverted) == (2, 0)


def test_without_grants_there_is_no_share() -> None:
    assert inversions(told(Plan(), (cmd.Submit(Interaction(id="a")), 0))).share is None
