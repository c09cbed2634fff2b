"""Who answers what Mastodon notifies us of? `python examples/social/mastodon.py`."""

import json
from collections import Counter
from pathlib import Path

from workassign import Agent, Engine
from workassign import events as ev
from workassign.commands import AddAgent
from workassign.social.mentions import Mention
from workassign.social.payloads.reading import read_payload
from workassign.social.topics import Language, Sorter, Topic

sent = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
bags = Topic(name="bags", words=("bag", "maleta*"), skills={"bags": 1})
sorter = Sorter("default", {"*": "default"}, (bags,), {"es": Language(skills={"spanish": 1})})
engine = Engine()
for agent in (Agent(id="bob", skills={"bags": 2}), Agent(id="eva", skills={"bags": 1, "spanish": 3})):
    engine.handle(AddAgent(agent), at=0)
    engine.sign_on(agent.id, at=0)

notes: Counter[str] = Counter()
for found in read_payload("mastodon", sent, ours={"air"}, notes=notes):
    if not isinstance(found, Mention):
        print(f"record {found.line}: {found.reason}")
    elif not found.ours:
        for event in engine.submit(sorter.interaction(found, "default"), at=found.at):
            if isinstance(event, ev.Offered):
                print(f"{found.key}, to {found.to}, is offered to {event.agent}")
print(dict(notes))
