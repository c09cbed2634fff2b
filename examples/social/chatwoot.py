"""Who answers a message that a Chatwoot webhook brings? `python examples/social/chatwoot.py`."""

from pathlib import Path

from workassign import Agent, Customer, Desk, Interaction, MemoryStore, Needs
from workassign import events as ev
from workassign.commands import AddAgent, SignOn, Submit
from workassign.engine import Engine
from workassign.social.mentions import Mention
from workassign.social.payloads.reading import read_payloads

desk = Desk(Engine(), MemoryStore())
for agent in (Agent(id="ann", skills={"refunds": 1}), Agent(id="bob", skills={"booking": 2})):
    desk.handle(AddAgent(agent))
    desk.handle(SignOn(agent.id))

for found in read_payloads("chatwoot", Path(__file__).with_suffix(".json")):
    if not isinstance(found, Mention):
        print(f"record {found.line}: {found.reason}")
    elif not found.ours:
        needs = Needs({"booking": 1}) if "booking" in found.text else Needs()
        customer = None if found.author is None else Customer(id=found.author)
        work = Interaction(id=found.key, needs=needs, customer=customer, ref=f"conversation {found.thread}")
        for event in desk.handle(Submit(work, key=f"in:{found.key}")):
            if isinstance(event, ev.Offered):
                print(f"{event.interaction} is offered to {event.agent}")
