"""What a webhook may be relied on for: it is signed, goes only where it may, and is heard or tried again."""

import base64
import hashlib
import hmac
import json
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workassign import commands as cmd
from workassign import events as ev
from workassign.desk import Desk
from workassign.errors import UsageError
from workassign.model import Agent, Interaction
from workassign.serve.network import Network
from workassign.serve.outbox import Notice, Outbox, Progress, Terms, Undelivered
from workassign.serve.webhooks import Unverified, Webhook, new_secret, signature, verify_webhook
from workassign.stores.memory import MemoryStore

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + base64.b64encode(b"another secret of 30 bytes....").decode()
NOW = 1_614_265_330.0
HERE = Network(allow=["127.0.0.0/8"])
NOTICE = Notice(shard="main", number=17, event=ev.AgentAdded(NOW, Agent(id="ann")))

Answer = int | bytes | Callable[["_Handler"], object]


class _Handler(BaseHTTPRequestHandler):
    """Answers the next thing of the script, and 204 when that is at its end."""

    protocol_version = "HTTP/1.1"
    server: "Receiver"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((dict(self.headers.items()), body, self.path))
        answer = self.server.script.pop(0) if self.server.script else 204
        if isinstance(answer, int):
            self.answer(answer)
        elif isinstance(answer, bytes):
            self.wfile.write(answer)
            self.close_connection = True
        else:
            answer(self)

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Send an answer of the usual kind."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class Receiver(ThreadingHTTPServer):
    """A server on this machine that answers by a script, and keeps what it heard."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: list[Answer] = []
        self.heard: list[tuple[dict[str, str], bytes, str]] = []
        self.connections = 0
        self.let_go = threading.Event()
        self._opened: list[Webhook] = []

    def opened(self, webhook: Webhook) -> Webhook:
        """Close *webhook* at the end."""
        self._opened.append(webhook)
        return webhook

    def end(self) -> None:
        """Hang up."""
        self.let_go.set()
        for webhook in self._opened:
            webhook.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hooks?of=us"

    def handle_error(self, *args: object) -> None:
        """Say nothing of connections that the other side closed."""


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    server = Receiver()
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.end()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


def to(receiver: Receiver, **settings: Any) -> Webhook:
    """A webhook to the receiver, at an instant that stands still."""
    return receiver.opened(
        Webhook(receiver.url, [SECRET], **{"network": HERE, "clock": lambda: NOW, **settings})
    )


def reason(webhook: Webhook) -> Undelivered:
    """Why it was not delivered."""
    with pytest.raises(Undelivered) as caught:
        webhook(NOTICE)
    return caught.value


# --- signing and verifying -----------------------------------------------------------------------


def test_the_signature_is_that_of_the_published_example() -> None:
    """The test vector of the reference libraries of Standard Webhooks."""
    found = signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_the_published_example_says_is_verified() -> None:
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert verify_webhook(headers, b'{"test": 2432232314}', [SECRET], NOW) == "msg_p5jXN8AQM9LWM0D4loKWxJek"


def test_a_request_is_what_the_format_says_reckoned_by_other_means(receiver: Receiver) -> None:
    to(receiver)(NOTICE)
    [(headers, body, path)] = receiver.heard
    assert path == "/hooks?of=us"
    assert (headers["Content-Type"], headers["Host"]) == (
        "application/json",
        f"127.0.0.1:{receiver.server_port}",
    )
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("main:17", "1614265330")
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    digest = hmac.new(key, b"main:17.1614265330." + body, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
    assert json.loads(body) == NOTICE.as_dict()


def said(body: bytes = b'{"a":1}', secret: str = SECRET, at: float = NOW) -> dict[str, str]:
    """The headers of something signed."""
    return {
        "Webhook-Id": "main:17",
        "WEBHOOK-TIMESTAMP": str(int(at)),
        "webhook-signature": signature(secret, "main:17", int(at), body),
    }


def test_whoever_has_one_of_several_secrets_is_believed_while_they_change() -> None:
    assert verify_webhook(said(), b'{"a":1}', [OTHER, SECRET], NOW) == "main:17"
    both = said()
    both["webhook-signature"] = f"v1a,xyz v1,wrong {said(secret=OTHER)['webhook-signature']}"
    assert verify_webhook(both, b'{"a":1}', [OTHER], NOW) == "main:17"


def test_a_webhook_with_two_secrets_is_believed_by_receivers_with_either(receiver: Receiver) -> None:
    receiver.opened(Webhook(receiver.url, [SECRET, OTHER], network=HERE, clock=lambda: NOW))(NOTICE)
    [(headers, body, _)] = receiver.heard
    for secret in (SECRET, OTHER):
        assert verify_webhook(headers, body, [secret], NOW) == "main:17"


@pytest.mark.parametrize(
    "altered",
    [
        {"Webhook-Id": "main:18"},
        {"Webhook-Id": ""},
        {"Webhook-Id": "main:17\n"},
        {"WEBHOOK-TIMESTAMP": "1614265331"},
        {"WEBHOOK-TIMESTAMP": "1614265330.0"},
        {"WEBHOOK-TIMESTAMP": "-1614265330"},
        {"WEBHOOK-TIMESTAMP": "\u0661"},
        {"WEBHOOK-TIMESTAMP": "9" * 5000},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,\udc80"},
        {"webhook-signature": "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
    ],
)
def test_an_altered_header_is_not_believed(altered: dict[str, str]) -> None:
    with pytest.raises(Unverified):
        verify_webhook({**said(), **altered}, b'{"a":1}', [SECRET], NOW)


@pytest.mark.parametrize("name", ["Webhook-Id", "WEBHOOK-TIMESTAMP", "webhook-signature"])
def test_a_missing_header_is_named(name: str) -> None:
    headers = said()
    del headers[name]
    with pytest.raises(Unverified, match=f"the header {name.lower()} is missing"):
        verify_webhook(headers, b'{"a":1}', [SECRET], NOW)


def test_neither_another_body_nor_another_secret_is_believed() -> None:
    for body, secret in ((b'{"a":2}', SECRET), (b'{"a": 1}', SECRET), (b"", SECRET), (b'{"a":1}', OTHER)):
        with pytest.raises(Unverified, match="no signature is of a secret that is known"):
            verify_webhook(said(), body, [secret], NOW)


@given(st.integers(0, 8 * 60 - 1))
def test_no_flipped_bit_is_believed(place: int) -> None:
    body = bytearray(b'{"id":"main:17","type":"Assigned","data":{"agent":"ann"}} xyz')
    headers = said(bytes(body))
    body[place // 8] ^= 1 << place % 8
    with pytest.raises(Unverified):
        verify_webhook(headers, bytes(body), [SECRET], NOW)


@pytest.mark.parametrize(
    ("late", "fine"), [(0, True), (300, True), (301, False), (-300, True), (-301, False)]
)
def test_what_is_said_again_much_later_is_not_believed(late: float, fine: bool) -> None:
    if fine:
        verify_webhook(said(), b'{"a":1}', [SECRET], NOW + late)
        return
    with pytest.raises(Unverified, match="more than 300 s ago"):
        verify_webhook(said(), b'{"a":1}', [SECRET], NOW + late)


@pytest.mark.parametrize("now", [nan, inf, -inf])
def test_a_receiver_without_a_clock_believes_nothing(now: float) -> None:
    with pytest.raises(Unverified):
        verify_webhook(said(), b'{"a":1}', [SECRET], now)


def test_a_body_that_was_read_already_is_refused() -> None:
    body: Any = '{"a":1}'
    with pytest.raises(UsageError, match="the bytes that came"):
        verify_webhook(said(), body, [SECRET], NOW)


def test_a_fresh_secret_is_one_and_never_the_same() -> None:
    made = {new_secret() for _ in range(10)}
    assert len(made) == 10
    for secret in made:
        verify_webhook(said(secret=secret), b'{"a":1}', [secret], NOW)


@pytest.mark.parametrize(
    "secrets",
    [
        [],
        SECRET,
        b"x" * 30,
        ["hunter2-hunter2-hunter2-hunter2"],
        [b"hunter2"],
        ["whsec_hunter2!"],
        ["whsec_" + "A" * 8],
        [b"hunter2" * 10],
        [SECRET, None],
    ],
)
def test_what_is_no_secret_is_refused_without_being_shown(secrets: Any) -> None:
    with pytest.raises(UsageError, match="secret") as caught:
        Webhook("https://crm.example/", secrets)
    assert "hunter2" not in str(caught.value)
    with pytest.raises(UsageError):
        verify_webhook(said(), b'{"a":1}', secrets, NOW)


def test_nothing_that_is_secret_is_shown(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the secret nor the path and query of the address, which often are as good as one."""
    caplog.set_level(logging.DEBUG)
    url = receiver.url.replace("/hooks?of=us", "/T0K3N?key=T0K3N")
    webhook = Webhook(url, [SECRET], network=HERE)
    receiver.script[:] = [500]
    store = MemoryStore()
    with Desk.open(store) as desk:
        outbox = Outbox(desk, store)
        outbox.add("crm", webhook, Terms(after=0))
        desk.handle(cmd.Submit(Interaction(id="a")))
        while outbox.turn("crm") == 0:
            pass
        shown = caplog.text + repr(webhook) + repr(outbox.consumers())
        outbox.stop()
    assert "answered 500" in shown
    assert repr(webhook) == f"Webhook('http://127.0.0.1:{receiver.server_port}')"
    for secret in ("T0K3N", "MfKQ9r8"):
        assert secret not in shown


# --- what is answered ----------------------------------------------------------------------------


def test_whatever_answers_2xx_has_it(receiver: Receiver) -> None:
    receiver.script[:] = [200, 201, 202, 204, 299]
    webhook = to(receiver)
    for _ in range(5):
        webhook(NOTICE)
    assert len(receiver.heard) == 5
    assert receiver.connections == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 404, 408, 422, 429, 500, 503])
def test_whatever_answers_otherwise_has_not_and_no_redirect_is_followed(
    receiver: Receiver, status: int
) -> None:
    receiver.script[:] = [lambda handler: handler.answer(status, Location=receiver.url)]
    why = reason(to(receiver))
    assert (why.reason, why.gone, why.retry_after) == (f"answered {status}", False, None)
    assert len(receiver.heard) == 1


def test_410_means_never_again(receiver: Receiver) -> None:
    receiver.script[:] = [410]
    assert reason(to(receiver)).gone


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("Thu, 25 Feb 2021 15:04:10 GMT", 120.0),
        ("Thu, 25 Feb 2021 15:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("1" * 400, None),
        ("Thu, 99 Feb 2021 15:04:10 GMT", None),
    ],
)
def test_retry_after_is_heard_as_seconds_or_as_a_date(
    receiver: Receiver, asked: str, seconds: float | None
) -> None:
    receiver.script[:] = [lambda handler: handler.answer(503, Retry_After=asked)]
    assert reason(to(receiver)).retry_after == seconds


def drip(handler: _Handler) -> None:
    """Send a byte now and then, and never come to an end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    while not handler.server.let_go.wait(0.02):
        handler.wfile.write(b"x")
    handler.close_connection = True


def hang(handler: _Handler) -> None:
    """Say nothing."""
    handler.server.let_go.wait(60)
    handler.close_connection = True


@pytest.mark.parametrize("slow", [hang, drip])
def test_a_receiver_that_is_too_slow_has_not_heard_it_however_it_is_slow(
    receiver: Receiver, slow: Answer
) -> None:
    receiver.script[:] = [slow]
    assert reason(to(receiver, timeout=0.2)).reason == "no answer in time"


@pytest.mark.parametrize(
    "rubbish",
    [
        b"",
        b"\r\n\r\n",
        b"hello\r\n",
        b"HTTP/1.1 2000000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200,
        b"HTTP/1.1 " + b"2" * 100_000,
        bytes(range(256)) * 10,
    ],
)
def test_what_is_no_answer_is_none(receiver: Receiver, rubbish: bytes) -> None:
    receiver.script[:] = [rubbish]
    assert reason(to(receiver)).reason.startswith("no answer: ")


def test_an_answer_without_an_end_is_heard_and_costs_its_connection(receiver: Receiver) -> None:
    receiver.script[:] = [
        lambda handler: handler.answer(200, b"x" * 1_000_000),
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nrubbish",
    ]
    webhook = to(receiver)
    for _ in range(4):
        webhook(NOTICE)
    assert receiver.connections == 4


def test_where_nobody_listens_it_is_not_heard() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    webhook = Webhook(f"http://127.0.0.1:{port}/", [SECRET], network=HERE)
    assert reason(webhook).reason == "no connection: Connection refused"


def test_a_connection_that_was_closed_meanwhile_is_made_anew_at_once(receiver: Receiver) -> None:
    def close(handler: _Handler) -> None:
        handler.answer(200)
        handler.close_connection = True  # without having said so

    receiver.script[:] = [close, close, close]
    webhook = to(receiver)
    for _ in range(3):
        webhook(NOTICE)
    assert len(receiver.heard) == 3
    assert receiver.connections == 3


# --- where it may go -----------------------------------------------------------------------------

INSIDE = [
    *("127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.5.4", "172.31.255.255", "192.168.1.1", "169.254.169.254"),
    *("0.0.0.0", "100.64.0.1", "198.18.0.1", "192.0.0.8", "224.0.0.1", "255.255.255.255", "203.0.113.9"),
    *("::1", "::", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1", "fec0::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:7f00:1::", "2001:0:7f00:1::"),
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_that_is_not_public_is_refused_when_the_webhook_is_made(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(UsageError, match="is not public, and not allowed"):
        Webhook(f"https://{host}/", [SECRET])


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_of_an_address_that_is_not_public_is_not_connected_to(address: str) -> None:
    network = Network(resolve=lambda host, port: [address])
    webhook = Webhook("https://innocent.example/", [SECRET], network=network)
    assert reason(webhook).reason.endswith("is not public, and not allowed")


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_a_public_address_may_be_named(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    Webhook(f"https://{host}/", [SECRET])


@pytest.mark.parametrize(
    "url", ["https://localhost/", "https://2130706433/", "https://0x7f.1/", "https://127.1/"]
)
def test_the_other_ways_to_write_this_machine_lead_nowhere(url: str) -> None:
    """They are names, which the system knows to be 127.0.0.1, or does not know."""
    assert reason(Webhook(url, [SECRET])).reason.startswith("no connection: ")


def test_it_goes_to_the_very_address_that_was_judged(receiver: Receiver) -> None:
    """A name is looked up once: what it means a moment later does not matter."""
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    network = Network(allow=["127.0.0.1/32"], resolve=resolve)
    url = f"http://hooks.localhost:{receiver.server_port}/"
    receiver.opened(Webhook(url, [SECRET], network=network))(NOTICE)
    assert asked == ["hooks.localhost"]
    assert receiver.heard[0][0]["Host"] == f"hooks.localhost:{receiver.server_port}"


def test_addresses_that_are_refused_or_dead_are_passed_over_for_one_that_is_not(receiver: Receiver) -> None:
    network = Network(
        allow=["127.0.0.0/8"], resolve=lambda host, port: ["10.0.0.1", "127.0.0.99", "127.0.0.1"]
    )
    url = f"http://hooks.localhost:{receiver.server_port}/"
    receiver.opened(Webhook(url, [SECRET], network=network))(NOTICE)
    assert len(receiver.heard) == 1


def test_a_name_that_is_none_is_tried_again_later() -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise socket.gaierror("no such name")

    webhook = Webhook("https://gone.example/", [SECRET], network=Network(resolve=resolve))
    assert reason(webhook).reason == "no connection: its name has no address"


def test_http_is_spoken_with_this_machine_only_unless_allowed() -> None:
    with pytest.raises(UsageError, match="must begin with https"):
        Webhook("http://crm.example/", [SECRET])
    with pytest.raises(UsageError, match="http is spoken with this machine only"):
        Webhook("http://8.8.8.8/", [SECRET])
    Webhook("http://8.8.8.8/", [SECRET], network=Network(plain_http=True))
    network = Network(allow=["10.0.0.0/8"], resolve=lambda host, port: ["10.0.0.1"])
    webhook = Webhook("http://evil.localhost/", [SECRET], network=network)
    assert reason(webhook).reason == "no connection: http is spoken with this machine only"


@pytest.mark.parametrize(
    "url",
    [
        *("", "crm.example", "ftp://crm.example/", "https://", "https:///path", "https://crm.example:99999/"),
        *(
            "https://user:hunter2@crm.example/",
            "https://hunter2@crm.example/",
            "https://crm.example/#hunter2",
        ),
        *(
            "https://crm.example/a b",
            "https://crm.example/\r\nX: y",
            "https://crm.example/ä",
            "file:///etc/passwd",
        ),
    ],
)
def test_what_is_no_address_of_a_webhook_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(UsageError, match="the address of a webhook") as caught:
        Webhook(url, [SECRET])
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("timeout", [0.0, -1.0, inf, nan])
def test_an_answer_is_waited_for_for_some_time(timeout: float) -> None:
    with pytest.raises(UsageError, match="timeout must be a positive number of seconds"):
        Webhook("https://crm.example/", [SECRET], timeout=timeout)


def test_what_is_no_network_cannot_be_allowed() -> None:
    with pytest.raises(UsageError, match="allow must list networks"):
        Network(allow=["10.0.0.1/8"])


# --- who is there --------------------------------------------------------------------------------

PEM = Path(__file__).resolve().parent / "golden" / "hooks.test.pem"


@contextmanager
def secured() -> Iterator[Receiver]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    with receiving(context) as receiver:
        yield receiver


def securely(receiver: Receiver, host: str, tls: ssl.SSLContext | None) -> Webhook:
    network = Network(allow=["127.0.0.0/8"], tls=tls, resolve=lambda host, port: ["127.0.0.1"])
    return receiver.opened(Webhook(f"https://{host}:{receiver.server_port}/", [SECRET], network=network))


def test_a_receiver_proves_by_its_certificate_that_it_is_who_it_should_be() -> None:
    with secured() as receiver:
        webhook = securely(receiver, "hooks.test", ssl.create_default_context(cafile=str(PEM)))
        webhook(NOTICE)
        webhook(NOTICE)
        assert len(receiver.heard) == 2


@pytest.mark.parametrize(("host", "is_known"), [("other.test", True), ("hooks.test", False)])
def test_who_cannot_prove_it_is_told_nothing(host: str, is_known: bool) -> None:
    tls = ssl.create_default_context(cafile=str(PEM)) if is_known else None
    with secured() as receiver:
        assert reason(securely(receiver, host, tls)).reason == "no answer: SSLCertVerificationError"
        assert receiver.heard == []


# --- with the outbox -----------------------------------------------------------------------------


def test_a_receiver_that_fails_in_every_way_has_everything_in_the_end_in_order(receiver: Receiver) -> None:
    receiver.script[:] = [
        204,
        500,
        b"rubbish",
        302,
        lambda handler: handler.answer(429, Retry_After="60"),
        204,
    ]
    store, pace = MemoryStore(), [0.0]
    with Desk.open(store, clock=lambda: NOW) as desk:
        outbox = Outbox(desk, store, shard="eu-1", pace=lambda: pace[0])
        outbox.add("crm", to(receiver), Terms(after=0))
        desk.handle_all([cmd.Submit(Interaction(id=f"t{n}")) for n in range(3)])
        while (pause := outbox.turn("crm")) < inf:
            pace[0] += pause
        assert [view.progress for view in outbox.consumers()] == [Progress.WORKING]
        outbox.stop()
    ids = [verify_webhook(headers, body, [SECRET], NOW) for headers, body, _ in receiver.heard]
    assert ids == ["eu-1:1", *["eu-1:2"] * 5, "eu-1:3"]
    assert len({body for _, body, _ in receiver.heard[1:6]}) == 1
    assert pace[0] >= 60
