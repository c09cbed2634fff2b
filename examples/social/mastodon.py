"""Who answers what Mastodon notifies us of? `python examples/social/mastodon.py`."""

import json
from pathlib import Path

from workassign import Agent, Engine, Plan
from workassign import events as ev
from workassign.commands import AddAgent
from workassign.social.front import Front
from workassign.social.mentions import Mention
from workassign.social.payloads.reading import read_payload
from workassign.social.settings import MentionSettings
from workassign.social.texts.topics import Language, Topic

sent = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
bags = Topic(name="bags", words=("bag", "maleta*"), skills={"bags": 1})
spanish = Language(skills={"spanish": 1})
front = Front(MentionSettings(queues={"*": "default"}, topics=(bags,), languages={"es": spanish}), Plan())
engine = Engine()
for agent in (Agent(id="bob", skills={"bags": 2}), Agent(id="eva", skills={"bags": 1, "spanish": 3})):
    engine.handle(AddAgent(agent), at=0)
    engine.sign_on(agent.id, at=0)

for found in read_payload("mastodon", sent, ours={"air"}):
    if not isinstance(found, Mention):
        print(f"record {found.line}: {found.reason}")
        continue
    for command in front.take(found).commands:
        for event in engine.handle(command, at=found.at):
            if isinstance(event, ev.Offered):
                print(f"{found.key}, to {found.to}, is offered to {event.agent}")
