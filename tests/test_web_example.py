"""The web application of the examples, with two workers of gunicorn, and a node behind them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from workassign.commands import AddAgent, SignOn
from workassign.model import Agent
from workassign.serve.inbox import Inbox

EXAMPLE = Path(__file__).parents[1] / "examples" / "web"


@pytest.fixture(scope="module")
def port(dsn: str) -> Iterator[int]:
    """Where the application listens, once its workers and a node are there."""
    shard = f"web-{uuid.uuid4()}"
    environment = {**os.environ, "WORKASSIGN_DSN": dsn, "WORKASSIGN_SHARD": shard}
    node = [sys.executable, "-m", "workassign.cli", "node", "--quiet", "--shard", shard]
    web = [sys.executable, "-m", "gunicorn", "--workers", "2", "--threads", "4", "--bind", "127.0.0.1:0"]
    with ExitStack() as held, Inbox(dsn, shard=shard, patience=60) as inbox:
        nodes = subprocess.Popen(node, env=environment)
        held.callback(_ended, nodes)
        server = subprocess.Popen(
            [*web, "--chdir", str(EXAMPLE), "app:application"], env=environment, stderr=-1, text=True
        )
        held.callback(_ended, server)
        for command in (AddAgent(Agent(id="ann")), SignOn("ann")):
            inbox.handle(command)
        assert server.stderr is not None
        [said] = [next(line for line in server.stderr if "Listening at" in line)]
        yield int(said.split("127.0.0.1:")[1].split()[0].rstrip(")"))


def _ended(program: subprocess.Popen[Any]) -> None:
    program.terminate()
    program.wait()
    if program.stderr is not None:
        program.stderr.close()


def asked(port: int, method: str, path: str, **body: object) -> tuple[int, Any]:
    """Ask on a connection of its own, so that any worker may answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    said = answer.status, json.loads(answer.read())
    connection.close()
    return said


def test_an_interaction_goes_its_way_through_whichever_worker_answers(port: int) -> None:
    status, [submitted, offered] = asked(port, "POST", "/interactions", id="tweet-1")
    assert (status, submitted["kind"], offered["kind"]) == (200, "Submitted", "Offered")
    for _ in range(6):  # said again and again: once
        assert asked(port, "POST", "/interactions", id="tweet-1") == (200, [submitted, offered])
    accept = f"/offers/{offered['offer']}/accept"
    _, [assigned] = asked(port, "POST", accept, agent="ann")
    for _ in range(6):  # every worker sees it
        status, found = asked(port, "GET", "/interactions/tweet-1")
        assert (status, found["stage"], found["fence"]) == (200, "assigned", assigned["fence"])
    status, [refused] = asked(
        port, "POST", "/interactions/tweet-1/complete", agent="ann", fence=assigned["fence"] + 1
    )
    assert (status, refused["kind"]) == (409, "Refused")
    status, answer = asked(
        port, "POST", "/interactions/tweet-1/complete", agent="ann", fence=assigned["fence"]
    )
    assert (status, answer[0]["kind"]) == (200, "Completed")


def test_mistakes_are_told_as_what_they_are(port: int) -> None:
    assert asked(port, "POST", "/interactions", no="id")[0] == 400
    assert asked(port, "POST", "/interactions", id="")[0] == 400
    assert asked(port, "GET", "/interactions/nobody-knows")[0] == 400
    assert asked(port, "POST", "/offers/99999/accept", agent="ann")[0] == 409
