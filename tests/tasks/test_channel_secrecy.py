"""No token, password or telephone number of a channel is seen anywhere, whatever goes wrong and whoever listens."""

import logging
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.channel_outcomes import CannotReach
from tasks.channels import apprise_with_our_plugins, send
from tasks.rendering import Message
from tests.channel_addresses import CHANNELS, PHONE, as_json
from tests.channel_server import ChannelServer, Reply, channel_server

MESSAGE = Message("题目", "正文\n\nhttp://127.0.0.1:8200/c/s3cretlink")

HIDDEN = ("s3cret", PHONE)

HAPPENS = ("ok", "refused", "slow", "garbage", "echo", "429", "500", "silent", "reset", "drip", "huge", "gone")

ADDRESSES = {name: channel.address for name, channel in CHANNELS.items()} | {
    "json": lambda host, first: f"json://s3cretuser:s3cret@{host}/{first}/s3cret?+X-Key=s3cret&-key=s3cret",
    "form": lambda host, first: f"form://s3cretuser:s3cret@{host}/{first}/s3cret?+X-Key=s3cret",
    "mail": lambda host, first: f"mailto://s3cretuser:s3cret@{host}/s3cret@example.cn?from=s3cret2@example.cn",
    "secure": lambda host, first: f"jsons://s3cretuser:s3cret@{host}/{first}",
    "bad token": lambda host, first: f"dingtalk://s3cret@s3cret.token/{PHONE}",
    "bad phone": lambda host, first: f"gateway://s3cret:s3cret@{host}/{first}?to={PHONE}0000000000000",
    "bad endpoint": lambda host, first: f"dingtalk://s3cret@s3crettoken/{PHONE}?endpoint=http://s3cret.example",
    "bad scheme": lambda host, first: f"s3cret://s3cret:s3cret@{host}/{first}",
    "no scheme": lambda host, first: "s3cret",
    "bad shape": lambda host, first: f"gateway://s3cret:s3cret@{host}/{first}?to={PHONE}&shape=none",
}


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Every logger that exists says all it can, and the captor listens at each that keeps its records for itself."""
    apprise_with_our_plugins()
    names = ["apprise", "urllib3", "urllib3.connectionpool", "requests", "httpx", "httpcore", "http.client", "tasks"]
    caplog.set_level(1)
    for name in names:
        caplog.set_level(1, logger=name)
    logging.getLogger("apprise").addHandler(caplog.handler)
    yield caplog
    logging.getLogger("apprise").removeHandler(caplog.handler)


@pytest.fixture(scope="module")
def server() -> Iterator[ChannelServer]:
    with channel_server() as running:
        yield running


# Apprise's own plugins, of which form:// is one, read for as long as something comes.
CASES = [
    (name, happens) for name in ADDRESSES for happens in HAPPENS if name != "form" or happens not in ("drip", "huge")
]


@pytest.mark.parametrize(("name", "happens"), CASES)
def test_no_secret_is_seen(
    server: ChannelServer,
    everything_logged: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    name: str,
    happens: str,
) -> None:
    channel = CHANNELS.get(name)
    echo = as_json({"errcode": f"{PHONE} s3cret", "code": f"{PHONE} s3cret", "msg": "s3cret"})
    server.replies |= {"garbage": Reply(b"s3cret"), "echo": Reply(echo, headers={"X": "s3cret"})}
    if channel is not None:
        server.replies |= {"refused": Reply(as_json(channel.no)), "slow": Reply(as_json(channel.slow))}
    url = ADDRESSES[name]("127.0.0.1:1" if happens == "gone" else server.host, happens)
    sent = send(f"{url}{'&' if '?' in url else '?'}rto=0.1", MESSAGE)
    printed = capfd.readouterr()
    for place in (repr(sent), sent.outcome, everything_logged.text, printed.out, printed.err):
        assert all(secret not in place for secret in HIDDEN)


@pytest.mark.parametrize("name", CHANNELS)
def test_a_plugin_shows_its_scheme_alone(name: str) -> None:
    plugin = apprise_with_our_plugins().Apprise.instantiate(CHANNELS[name].address("127.0.0.1:1", "ok"))
    for shown in (str(plugin), repr(plugin), plugin.url(), plugin.url(privacy=False)):
        assert all(secret not in shown for secret in HIDDEN)


def test_what_a_failed_send_raises_inside_holds_no_address() -> None:
    """Should it ever be printed with what caused it."""
    from tasks.channel_plugins.deadline import Deadline

    for name, channel in CHANNELS.items():
        plugin = apprise_with_our_plugins().Apprise.instantiate(channel.address("127.0.0.1:1", "ok"))
        with pytest.raises(CannotReach) as raised:
            plugin.hand_over(MESSAGE, Deadline(1))
        told = "".join(traceback.format_exception(raised.value))
        assert all(secret not in told for secret in HIDDEN), name


def test_what_others_log_by_apprise_is_still_seen(everything_logged: pytest.LogCaptureFixture) -> None:
    apprise_with_our_plugins()
    logging.getLogger("apprise").warning("somebody else's")
    assert "somebody else's" in everything_logged.text


def test_a_wrong_shape_is_told_without_what_it_holds(
    everything_logged: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    shape = tmp_path / "own.yaml"
    shape.write_text("body: json\nfields: {a: b}\nheaders: {X-Key: [s3cret]}\nsuccess: {field: code, equals: 0}\n")
    assert send(f"gateway://k:s3cret@127.0.0.1:1/x?to={PHONE}&shape={shape}", MESSAGE).outcome == "bad_shape"
    assert "own.yaml is no shape. headers.X-Key: Input should be a valid string" in everything_logged.text
    assert "s3cret" not in everything_logged.text
