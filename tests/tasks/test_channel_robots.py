"""What the robots of DingTalk, WeCom and Feishu are sent: signatures, mentions, lengths, and where to."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator

import pytest

from tasks.channel_outcomes import Sent
from tasks.channel_plugins import dingtalk, feishu
from tasks.channels import apprise_with_our_plugins, send
from tasks.rendering import Message
from tests.channel_addresses import CHANNELS, PHONE, SECRET, TOKEN, as_json
from tests.channel_server import ChannelServer, Posted, Reply, channel_server

LINK = "查看案件 Open the case: https://desk.example.cn/zhihui/c/" + "aZ09-_" * 20
MESSAGE = Message("【新任务】暴露垃圾", f"位置：梨河镇中华路与人民路口\n\n{LINK}")
LONG = Message("【新任务】暴露垃圾", '雨😀"\\，' * 8_000 + f"\n\n{LINK}")


@pytest.fixture
def server() -> Iterator[ChannelServer]:
    with channel_server() as running:
        yield running


def posted(server: ChannelServer, name: str, message: Message = MESSAGE) -> Posted:
    """What a robot that takes everything was sent."""
    server.replies["robot"] = Reply(as_json(CHANNELS[name].ok))
    assert send(CHANNELS[name].at(server, "robot"), message) == Sent(True, "handed_over")
    return server.requests[-1]


def text_of(request: Posted) -> str:
    """The text a robot would show."""
    content = request.json.get("text") or request.json["content"]
    text: str = content.get("content") or content["text"]
    return text


def test_dingtalk_gets_a_signed_text_that_mentions_the_phone_but_does_not_show_it(server: ChannelServer) -> None:
    request = posted(server, "dingtalk")
    assert (request.path, request.query["access_token"]) == ("/robot/robot/send", TOKEN)
    assert request.json == {
        "msgtype": "text",
        "text": {"content": f"{MESSAGE.title}\n{MESSAGE.body}"},
        "at": {"atMobiles": [PHONE], "isAtAll": False},
    }
    timestamp = request.query["timestamp"]
    signed = hmac.new(SECRET.encode(), f"{timestamp}\n{SECRET}".encode(), hashlib.sha256).digest()
    assert base64.b64decode(request.query["sign"]) == signed
    assert abs(int(timestamp) / 1000 - time.time()) < 60


def test_wecom_gets_a_text_that_mentions_the_phone(server: ChannelServer) -> None:
    request = posted(server, "wecombot")
    assert (request.path, request.query) == ("/robot/cgi-bin/webhook/send", {"key": TOKEN})
    assert request.json == {
        "msgtype": "text",
        "text": {"content": f"{MESSAGE.title}\n{MESSAGE.body}", "mentioned_mobile_list": [PHONE]},
    }
    assert "梨河镇".encode() in request.content, "WeCom refuses escaped characters (40033)"


@pytest.mark.parametrize("name", ["feishu", "lark"])
def test_feishu_and_lark_get_a_signed_text(server: ChannelServer, name: str) -> None:
    request = posted(server, name)
    assert (request.path, request.query) == (f"/robot/open-apis/bot/v2/hook/{TOKEN}", {})
    assert request.json["msg_type"] == "text"
    assert text_of(request) == f"{MESSAGE.title}\n{MESSAGE.body}"
    timestamp = request.json["timestamp"]
    signed = hmac.new(f"{timestamp}\n{SECRET}".encode(), b"", hashlib.sha256).digest()
    assert base64.b64decode(request.json["sign"]) == signed
    assert abs(int(timestamp) - time.time()) < 60


def test_signatures_of_a_known_moment_do_not_change() -> None:
    """Made once with openssl dgst -sha256 -hmac, from the two vendors' descriptions."""
    assert dingtalk.signature("SEC0", "1577808000000") == DINGTALK_SIGNED
    assert feishu.signature("SEC0", "1577808000") == FEISHU_SIGNED


DINGTALK_SIGNED = "BoDVWl/yA46AoMmSX52ioGhFjf7+zFk0d5ArAvM1hIE="
FEISHU_SIGNED = "LispUYtSvyQ+eylCk3aZm2+M50DwhFZkpNFKK4EGFqQ="


def test_robots_without_a_secret_or_a_phone_are_sent_neither(server: ChannelServer) -> None:
    for name, address in {
        "dingtalk": f"dingtalk://{TOKEN}/?endpoint=http://{server.host}/robot",
        "wecombot": f"wecombot://{TOKEN}/?endpoint=http://{server.host}/robot",
        "feishu": f"feishu://{TOKEN}/?endpoint=http://{server.host}/robot",
    }.items():
        server.replies["robot"] = Reply(as_json(CHANNELS[name].ok))
        assert send(address, MESSAGE).ok
    dingtalk_sent, wecom_sent, feishu_sent = server.requests
    assert dingtalk_sent.query == {"access_token": TOKEN}
    assert dingtalk_sent.json["at"]["atMobiles"] == []
    assert "mentioned_mobile_list" not in wecom_sent.json["text"]
    assert feishu_sent.json.keys() == {"msg_type", "content"}


@pytest.mark.parametrize(
    ("name", "longest"), [("dingtalk", 20_000), ("wecombot", 2048), ("feishu", 20_000), ("lark", 20_000)]
)
def test_a_text_is_cut_to_the_bytes_a_robot_takes_and_keeps_its_link(
    server: ChannelServer, name: str, longest: int
) -> None:
    request = posted(server, name, LONG)
    size = len(text_of(request).encode()) if name == "wecombot" else len(request.content)
    assert longest - 8 < size <= longest
    assert text_of(request).startswith(f"{LONG.title}\n雨😀")
    assert text_of(request).endswith(f"…\n{LINK}")


@pytest.mark.parametrize("tag", ['<at user_id="all">所有人</at>', '<AT user_id="all"></AT>', "<at\tid=all>"])
def test_nobody_calls_a_whole_feishu_group_by_what_he_reports(server: ChannelServer, tag: str) -> None:
    text = text_of(posted(server, "feishu", Message("题目", f"描述：{tag} <5厘米 <attention>")))
    assert "<at" not in text.lower().replace("<attention", "")
    assert "<5厘米 <attention>" in text


@pytest.mark.parametrize(
    ("endpoint", "accepted"),
    [
        ("http://example.cn", False),
        ("http://8.8.8.8", False),
        ("ftp://127.0.0.1", False),
        ("127.0.0.1", False),
        ("https://", False),
        ("https://user@ding.example.cn", False),
        ("https://ding.example.cn%3Fa=1", False),
        ("https://ding.example.cn:99999", False),
        ("http://127.0.0.1:1", True),
        ("http://localhost:1", True),
        ("http://[::1]:1", True),
        ("https://127.0.0.1:1/a/b/", True),
    ],
)
@pytest.mark.parametrize("name", ["dingtalk", "wecombot", "feishu", "lark"])
def test_a_token_travels_in_clear_only_inside_the_machine_and_its_network(
    name: str, endpoint: str, accepted: bool
) -> None:
    sent = send(f"{name}://{TOKEN}/?endpoint={endpoint}", MESSAGE)
    assert sent == Sent(False, "no_answer" if accepted else "bad_address")


@pytest.mark.parametrize(
    "url", ["wecombot://key/not-a-phone", "wecombot://key/@all", "dingtalk://bad.token", "feishu://a.b"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    assert send(url, MESSAGE) == Sent(False, "bad_address")


def test_a_webhook_as_wecom_shows_it_is_understood() -> None:
    """Its own host is not reached from a test: it is enough that the address is one."""
    plugin = apprise_with_our_plugins().Apprise.instantiate(
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc-1"
    )
    assert plugin.endpoint + plugin.target() == "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc-1"


def test_the_body_is_json_in_utf_8(server: ChannelServer) -> None:
    request = posted(server, "dingtalk")
    assert request.headers["Content-Type"] == "application/json; charset=utf-8"
    assert json.loads(request.content.decode("utf-8"))
