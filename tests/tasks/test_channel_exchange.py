"""How requests travel: certificates, the machine's proxy, everything over in time; and what importing costs."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tasks.channel_outcomes import Sent
from tasks.channel_plugins.deadline import Deadline, reach
from tasks.channel_plugins.exchange import secure_context
from tasks.channels import send
from tasks.rendering import Message
from tests.certificates import make_certificate, server_context
from tests.channel_addresses import CHANNELS, PHONE, TOKEN
from tests.channel_server import Reply, channel_server

MESSAGE = Message("题目", "正文")


@pytest.fixture
def fresh_context() -> Iterator[None]:
    """The machine's certificates are read anew, before and after."""
    secure_context.cache_clear()
    yield
    secure_context.cache_clear()


@pytest.mark.usefixtures("fresh_context")
@pytest.mark.parametrize("url", ["dingtalk://token/?endpoint=https://{host}/ok", "jsons://{host}/ok"])
def test_only_a_server_whose_certificate_the_machine_knows_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    certificate = make_certificate(tmp_path)
    with channel_server(server_context(certificate)) as server:
        server.replies["ok"] = Reply(b'{"errcode": 0}')
        assert send(url.format(host=server.host), MESSAGE) == Sent(False, "bad_certificate")
        assert not server.requests
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        secure_context.cache_clear()
        assert send(url.format(host=server.host), MESSAGE) == Sent(True, "handed_over")


@pytest.mark.usefixtures("fresh_context")
def test_a_known_certificate_of_another_host_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = make_certificate(tmp_path, "127.0.0.2")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with channel_server(server_context(certificate)) as server:
        assert send(f"jsons://{server.host}/ok", MESSAGE) == Sent(False, "bad_certificate")


def test_a_tls_greeting_that_never_comes_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        url = f"jsons://127.0.0.1:{silent.getsockname()[1]}/ok?rto=0.5"
        assert send(url, MESSAGE) == Sent(False, "no_answer")
        assert time.monotonic() - began < 5


def test_the_machines_proxy_is_used_and_told_its_login(monkeypatch: pytest.MonkeyPatch) -> None:
    with channel_server() as proxy:
        monkeypatch.setenv("http_proxy", f"http://name:word@{proxy.host}")
        monkeypatch.setenv("no_proxy", "")
        assert send("json://channel.invalid/ok?-a=b", MESSAGE) == Sent(True, "handed_over")
        (request,) = proxy.requests
        assert request.target == "http://channel.invalid/ok?a=b"
        assert request.headers["Proxy-Authorization"] == "Basic bmFtZTp3b3Jk"
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert send(proxy.url("ok"), MESSAGE).ok
        assert proxy.requests[1].target == "/ok"


@pytest.mark.usefixtures("fresh_context")
def test_an_encrypted_send_goes_through_the_proxy_and_is_still_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path)
    with channel_server(server_context(certificate)) as server, tunnel() as (proxy, asked):
        server.replies["ok"] = Reply(b'{"errcode": 0}')
        monkeypatch.setenv("https_proxy", f"http://name:word@{proxy}")
        monkeypatch.setenv("no_proxy", "")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        url = f"dingtalk://{TOKEN}/?endpoint=https://{server.host}/ok"
        assert send(url, MESSAGE) == Sent(True, "handed_over")
        assert asked[0].startswith(f"CONNECT {server.host} HTTP/1.")
        assert "Proxy-Authorization: Basic bmFtZTp3b3Jk" in asked[0]
        assert TOKEN not in asked[0]
        assert "Proxy-Authorization" not in server.requests[0].headers


@contextmanager
def tunnel() -> Iterator[tuple[str, list[str]]]:
    """A proxy that connects once; its host and port, and what it was asked."""
    asked: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(3) as threads:

        def connect() -> None:
            near, _ = listening.accept()
            asked.append(near.recv(65_536).decode("ascii"))
            host, _, port = asked[0].split()[1].partition(":")
            with near, socket.create_connection((host, int(port))) as far:
                near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                done = threads.submit(pump, far, near)
                pump(near, far)
                done.result()

        threads.submit(connect)
        yield f"127.0.0.1:{listening.getsockname()[1]}", asked


def pump(source: socket.socket, sink: socket.socket) -> None:
    """Everything from one side to the other, and its end."""
    while part := source.recv(65_536):
        sink.sendall(part)
    with suppress(OSError):  # The other side may have hung up first.
        sink.shutdown(socket.SHUT_WR)


def test_a_proxy_that_will_not_connect_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with channel_server() as proxy:
        monkeypatch.setenv("https_proxy", f"http://{proxy.host}")
        monkeypatch.setenv("no_proxy", "")
        assert send("jsons://channel.invalid/ok", MESSAGE) == Sent(False, "no_answer")


@pytest.mark.parametrize("host", ["channel.invalid", "a" * 64 + ".invalid", "xn--a.invalid"])
def test_a_host_that_does_not_exist_is_told(host: str) -> None:
    assert send(f"dingtalk://token/?endpoint=https://{host}", MESSAGE).outcome in ("no_answer", "bad_address")


def test_no_address_is_tried_after_the_deadline() -> None:
    with channel_server() as server:
        host, _, port = server.host.partition(":")
        with pytest.raises(TimeoutError):
            reach((host, int(port)), Deadline(0))


def test_nothing_of_one_send_stays_with_the_next() -> None:
    with channel_server() as server:
        server.replies["ok"] = Reply(b'{"errcode": 0}')
        channel = CHANNELS["dingtalk"]
        outcomes = [send(channel.at(server, first), MESSAGE).outcome for first in ("ok", "500", "ok", "429", "ok")]
        assert outcomes == ["handed_over", "http_error 500", "handed_over", "too_fast 429", "handed_over"]


FIRST_SENDS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from tasks.channels import send
from tasks.rendering import Message
import tasks.notify

early = [name for name in ("apprise", "requests", "tasks.channel_plugins") if name in sys.modules]
assert not early, early
with ThreadPoolExecutor(16) as threads:
    sent = list(threads.map(lambda _: send(sys.argv[1], Message("a", "b")).outcome, range(16)))
print(set(sent))
"""


def test_apprise_is_imported_at_the_first_send_and_sixteen_first_sends_at_once_all_find_our_plugins() -> None:
    with channel_server() as server:
        server.replies["no"] = Reply(b'{"errcode": 93000}')
        url = f"wecombot://{TOKEN}/{PHONE}?endpoint=http://{server.host}/no"
        run = subprocess.run([sys.executable, "-c", FIRST_SENDS, url], capture_output=True, text=True, timeout=60)
    assert (run.stdout.strip(), run.stderr) == ("{'refused_by_channel 93000'}", "")
