"""Every channel of ours against every answer that a server can give."""

import time

import pytest

from tasks.channel_outcomes import Sent
from tasks.channels import send
from tasks.rendering import Message
from tests.channel_addresses import CHANNELS, as_json
from tests.channel_server import Reply, channel_server

MESSAGE = Message("【新任务】暴露垃圾", "位置：梨河镇\n\n查看案件 Open the case: http://127.0.0.1:8200/c/abc.def")

HTML = b"<html><body>502 Bad Gateway</body></html>"

SHORT_SECONDS, SURELY_OVER_SECONDS = 0.5, 5.0

channels = pytest.mark.parametrize("name", CHANNELS)


@channels
def test_a_message_that_the_channel_takes_is_handed_over(name: str) -> None:
    assert answer(name, Reply(as_json(CHANNELS[name].ok))) == Sent(True, "handed_over")


@channels
@pytest.mark.parametrize("status", [200, 400])
def test_an_error_code_in_the_answer_is_a_refusal_also_where_http_says_200(name: str, status: int) -> None:
    channel = CHANNELS[name]
    assert answer(name, Reply(as_json(channel.no), status)) == Sent(False, f"refused_by_channel {channel.no_code}")


@channels
def test_a_channel_that_finds_us_too_fast_says_how_long_to_wait(name: str) -> None:
    channel = CHANNELS[name]
    code, seconds = channel.slow_sent
    assert answer(name, Reply(as_json(channel.slow))) == Sent(False, f"too_fast {code}", seconds)


@channels
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "99999999"}, 86_400.0),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"Retry-After": "²"}, None),
        ({"Retry-After": "soon"}, None),
        ({"x-ogw-ratelimit-reset": "52"}, 52.0),
        ({}, None),
    ],
)
def test_http_429_is_told_apart_with_the_wait_it_asks_for(
    name: str, headers: dict[str, str], seconds: float | None
) -> None:
    assert answer(name, Reply(HTML, 429, headers)) == Sent(False, "too_fast 429", seconds)


@channels
@pytest.mark.parametrize("status", [500, 503, 404, 204, 302])
def test_a_status_that_is_not_200_is_a_failure(name: str, status: int) -> None:
    expected = "garbage" if status == 204 else f"http_error {status}"
    assert answer(name, Reply(b"" if status == 204 else HTML, status)) == Sent(False, expected)


@channels
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"ok",
        HTML,
        b"[]",
        b"{}",
        b"null",
        b"0",
        b'{"errcode": null, "code": null}',
        b'{"errcode": {"errcode": 0}, "code": {"code": 0}}',
        b'{"errcode": 0',
        b"\xff\xfe\x00",
        b"[" * 60_000,
        b"9" * 5_000,
    ],
)
def test_an_answer_without_a_code_is_no_success(name: str, content: bytes) -> None:
    assert answer(name, Reply(content)) == Sent(False, "garbage")


@channels
@pytest.mark.parametrize("code", ["true", "13800138000", '"13800138000"'])
def test_what_is_no_code_does_not_get_into_the_outcome(name: str, code: str) -> None:
    sent = answer(name, Reply(f'{{"errcode": {code}, "code": {code}}}'.encode()))
    assert not sent.ok
    assert "13800138000" not in sent.outcome


@channels
def test_an_answer_in_another_encoding_is_read_where_its_code_stands(name: str) -> None:
    content = as_json(CHANNELS[name].ok | {"errmsg": "成功", "msg": "成功"}).decode("utf-8").encode("gb18030")
    assert answer(name, Reply(content)).ok


@channels
@pytest.mark.parametrize(
    ("first", "outcome"),
    [
        ("silent", "no_answer"),
        ("reset", "no_answer"),
        ("drip", "no_answer"),
        ("dripping", "no_answer"),
        ("huge", "garbage"),
    ],
)
def test_a_send_ends_in_its_time_whatever_the_channel_does(name: str, first: str, outcome: str) -> None:
    with channel_server() as server:
        began = time.monotonic()
        assert send(CHANNELS[name].at(server, first, SHORT_SECONDS), MESSAGE) == Sent(False, outcome)
        assert time.monotonic() - began < SURELY_OVER_SECONDS


@channels
def test_no_redirect_is_followed(name: str) -> None:
    with channel_server() as server:
        server.replies["away"] = Reply(status=302, headers={"Location": f"http://{server.host}/elsewhere"})
        assert send(CHANNELS[name].at(server, "away"), MESSAGE) == Sent(False, "http_error 302")
        assert len(server.requests) == 1


@channels
def test_neither_retries_nor_optional_are_left_to_the_address(name: str) -> None:
    with channel_server() as server:
        assert not send(CHANNELS[name].at(server, "500") + "&retry=3&wait=1&optional=yes", MESSAGE).ok
        assert len(server.requests) == 1


@channels
@pytest.mark.parametrize("asked", ["verify=no", "rto=0", "rto=-1", "rto=nan", "rto=600", "format=markdown"])
def test_an_address_that_asks_for_what_we_do_not_do_is_refused(name: str, asked: str) -> None:
    with channel_server() as server:
        url = CHANNELS[name].address(server.host, "ok")
        assert send(f"{url}{'&' if '?' in url else '?'}{asked}", MESSAGE) == Sent(False, "bad_address")
        assert not server.requests


@channels
def test_a_message_of_a_title_alone_or_with_half_a_character_goes_out(name: str) -> None:
    with channel_server() as server:
        server.replies["ok"] = Reply(as_json(CHANNELS[name].ok))
        assert send(CHANNELS[name].at(server, "ok"), Message("只有题目", "")).ok
        assert send(CHANNELS[name].at(server, "ok"), Message("题目\ud83d", "正文\udc00")).ok
        assert "只有题目" in server.requests[0].content.decode("utf-8")


@pytest.mark.parametrize(
    ("first", "sent"),
    [
        ("ok", Sent(True, "handed_over")),
        ("away", Sent(False, "http_error 307")),
        ("later", Sent(False, "too_fast 429", 7.0)),
        ("500", Sent(False, "http_error 500")),
        ("refused", Sent(True, "handed_over")),
        ("silent", Sent(False, "no_answer")),
        ("reset", Sent(False, "no_answer")),
        ("drip", Sent(False, "no_answer")),
        ("dripping", Sent(False, "no_answer")),
        ("huge", Sent(True, "handed_over")),
    ],
)
def test_of_a_system_that_takes_json_only_the_status_counts(first: str, sent: Sent) -> None:
    with channel_server() as server:
        server.replies = {
            "later": Reply(HTML, 429, {"Retry-After": "7"}),
            "away": Reply(status=307, headers={"Location": f"http://{server.host}/ok"}),
            "refused": Reply(b'{"errcode": 1}'),
        }
        began = time.monotonic()
        assert send(f"json://{server.host}/{first}?rto={SHORT_SECONDS}", MESSAGE) == sent
        assert time.monotonic() - began < SURELY_OVER_SECONDS


def answer(name: str, reply: Reply) -> Sent:
    """What a channel makes of a reply."""
    with channel_server() as server:
        server.replies["reply"] = reply
        return send(CHANNELS[name].at(server, "reply"), MESSAGE)
