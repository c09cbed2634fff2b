"""A Flask application with as many workers as you like, in front of the nodes of a shard.

    export WORKASSIGN_DSN=postgresql://...
    workassign node --shard desk &      # twice, on two machines
    gunicorn --chdir examples/web --workers 4 app:application

Each worker asks the leader through the store, and looks at a mirror of its own. Nothing is made
before the first request: what is made before a server forks does not work after it.
"""

import os
from functools import cache

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from workassign.commands import Accept, Command, Complete, Submit
from workassign.errors import JournalError, Overloaded, Stopped, UsageError
from workassign.events import Refused
from workassign.model import Interaction
from workassign.serve.inbox import Inbox
from workassign.serve.mirror import Mirror
from workassign.stores.postgres import PostgresStore
from workassign.wire import answer_to_json

application = Flask(__name__)

SHARD = os.environ.get("WORKASSIGN_SHARD", "desk")


@cache
def inbox() -> Inbox:
    return Inbox(os.environ["WORKASSIGN_DSN"], shard=SHARD, patience=30)


@cache
def mirror() -> Mirror:
    return Mirror(PostgresStore(os.environ["WORKASSIGN_DSN"], shard=SHARD, readonly=True))


def carried_out(command: Command) -> ResponseReturnValue:
    """Let the leader carry it out, and answer with its events."""
    events = inbox().handle(command)
    refused = any(isinstance(event, Refused) for event in events)
    return answer_to_json(events), 409 if refused else 200, {"Content-Type": "application/json"}


@application.post("/interactions")
def submit() -> ResponseReturnValue:
    body = request.get_json()
    interaction = Interaction(id=body["id"], queue=body.get("queue", "default"))
    return carried_out(Submit(interaction, key=f"in:{interaction.id}"))


@application.post("/offers/<int:offer>/accept")
def accept(offer: int) -> ResponseReturnValue:
    agent = request.get_json()["agent"]
    return carried_out(Accept(offer, agent, key=f"accept:{offer}:{agent}"))


@application.post("/interactions/<name>/complete")
def complete(name: str) -> ResponseReturnValue:
    body = request.get_json()
    return carried_out(Complete(name, body["agent"], fence=body["fence"], key=f"done:{name}:{body['fence']}"))


@application.get("/interactions/<name>")
def interaction(name: str) -> ResponseReturnValue:
    found = mirror().interaction(name)
    return jsonify(stage=found.stage, agent=found.agent, offer=found.offer, fence=found.fence)


@application.errorhandler(Exception)
def explain(error: Exception) -> ResponseReturnValue:
    """Say which of three it is: not so (400), not now (503, Retry-After), nobody knows (504)."""
    if isinstance(error, HTTPException):
        return error
    if isinstance(error, UsageError | KeyError):
        return jsonify(error=str(error)), 400
    if isinstance(error, Overloaded | Stopped):
        return jsonify(error=str(error)), 503, {"Retry-After": "1"}
    if isinstance(error, JournalError):
        return jsonify(error=str(error)), 504  # ask again: the keys make it safe
    raise error
