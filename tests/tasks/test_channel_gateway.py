"""Gateways for short messages and calls: the shapes, their signature, their yes, and nothing of ours in their way."""

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tasks.channel_outcomes import Sent
from tasks.channel_plugins.gateway_shapes import SHAPES, ShapeUnreadable, filled, found_at, read_shape
from tasks.channels import Target, address_of, send
from tasks.rendering import Message
from tests.channel_addresses import PHONE, as_json
from tests.channel_server import ChannelServer, Posted, Reply, channel_server

LINK = "http://127.0.0.1:8200/c/abc.def"
TITLE = "【新任务】E0110201905060001 暴露垃圾，5月6日（周一）16:00前，请即处置"
MESSAGE = Message(TITLE, f"位置：{{phone}}\n\n查看案件 Open the case: {LINK}")
KEY, SECRET = "zhihui", "s3cret"

VALUES = "&:sign_name=新郑城管&:template=SMS_1&:app=14000066&:show_number=037100000000"
CUT_TITLE = "【新任务】E0110201905060001 暴露垃圾，5月6日（周…"
"""35 characters."""


@pytest.fixture
def server() -> Iterator[ChannelServer]:
    with channel_server() as running:
        running.replies["send"] = Reply(as_json({"code": 0, "Code": "OK"}))
        yield running


def address(server: ChannelServer, shape: str, more: str = "") -> str:
    return f"gateway://{KEY}:{SECRET}@{server.host}/send?to={PHONE}&shape={shape}{more}"


def a_shape(tmp_path: Path, **changes: Any) -> str:
    """A shape of the test's own, as a file."""
    shape = {"body": "json", "fields": {"n": "{phone}"}, "success": {"field": "code", "equals": 0}} | changes
    file = tmp_path / "own.yaml"
    file.write_text(json.dumps(shape), "utf-8")  # JSON is YAML.
    return str(file)


@pytest.mark.parametrize(
    ("shape", "answer", "expected"),
    [
        ("plain", {"code": 0}, {"phone": PHONE, "text": f"{TITLE}\n{MESSAGE.body}"}),
        (
            "json_template",
            {"Response": {"SendStatusSet": [{"Code": "Ok"}]}},
            {
                "PhoneNumberSet": [f"+86{PHONE}"],
                "SmsSdkAppId": "14000066",
                "SignName": "新郑城管",
                "TemplateId": "SMS_1",
                "TemplateParamSet": [CUT_TITLE, LINK],
            },
        ),
        (
            "form_template",
            {"Code": "OK", "BizId": "1^0"},
            {
                "PhoneNumbers": PHONE,
                "SignName": "新郑城管",
                "TemplateCode": "SMS_1",
                "TemplateParam": {"title": CUT_TITLE, "link": LINK},
            },
        ),
        (
            "voice_form",
            {"Code": "OK"},
            {
                "CalledNumber": PHONE,
                "CalledShowNumber": "037100000000",
                "TtsCode": "SMS_1",
                "TtsParam": {"title": TITLE},
            },
        ),
    ],
)
def test_each_shipped_shape_is_posted_signed_and_its_yes_understood(
    server: ChannelServer, shape: str, answer: Any, expected: dict[str, Any]
) -> None:
    server.replies["send"] = Reply(as_json(answer))
    assert send(address(server, shape, VALUES), MESSAGE) == Sent(True, "handed_over")
    (request,) = server.requests
    assert said(request) == expected
    assert_signed(request)


def said(request: Posted) -> dict[str, Any]:
    """The fields of a body; in a form, those that hold JSON are read."""
    if request.headers["Content-Type"] == "application/json; charset=utf-8":
        fields: dict[str, Any] = request.json
        return fields
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded; charset=utf-8"
    return {name: json.loads(text) if text.startswith("{") else text for name, text in request.form.items()}


def assert_signed(request: Posted) -> None:
    """As docs/channels.md describes the signature."""
    timestamp, nonce = request.headers["X-Timestamp"], request.headers["X-Nonce"]
    signed = hmac.new(SECRET.encode(), f"{timestamp}\n{nonce}\n".encode() + request.content, hashlib.sha256)
    assert (request.headers["X-Key"], request.headers["X-Signature"]) == (KEY, signed.hexdigest())
    assert abs(int(timestamp) - time.time()) < 60
    assert re.fullmatch("[0-9a-f]{32}", nonce)


def test_every_shipped_shape_is_tested_and_can_be_read() -> None:
    shipped = {file.stem for file in SHAPES.glob("*.yaml")}
    assert shipped == {"plain", "json_template", "form_template", "voice_form"}
    for name in shipped:
        read_shape(name)


def test_no_two_requests_have_the_same_nonce(server: ChannelServer) -> None:
    for _ in range(3):
        send(address(server, "plain"), MESSAGE)
    assert len({request.headers["X-Nonce"] for request in server.requests}) == 3


def test_a_shape_may_sign_another_text_in_another_way(server: ChannelServer, tmp_path: Path) -> None:
    shape = a_shape(
        tmp_path,
        headers={"Authorization": "HMAC {key_id}:{signature}", "X-Region": "{region}"},
        sign={"text": "{method}|{path}|{timestamp_ms}|{region}|{body}", "encoding": "base64"},
        fields={"n": "{phone}", "at": "{timestamp_ms}", "fixed": [1, True, None]},
    )
    assert send(address(server, shape, "&:region=henan"), MESSAGE).ok
    (request,) = server.requests
    at = request.json["at"]
    text = f"POST|/send|{at}|henan|".encode() + request.content
    signed = base64.b64encode(hmac.digest(SECRET.encode(), text, hashlib.sha256)).decode()
    assert request.headers["Authorization"] == f"HMAC {KEY}:{signed}"
    assert request.headers["X-Region"] == "henan"
    assert request.json["fixed"] == [1, True, None]


@pytest.mark.parametrize(
    ("answer", "sent"),
    [
        ({"Code": "isv.MOBILE_NUMBER_ILLEGAL"}, Sent(False, "refused_by_channel isv.MOBILE_NUMBER_ILLEGAL")),
        ({"Code": "isv.BUSINESS_LIMIT_CONTROL"}, Sent(False, "too_fast isv.BUSINESS_LIMIT_CONTROL", 60.0)),
        ({"Code": "ok"}, Sent(False, "refused_by_channel ok")),
        ({"Code": f"bad number {PHONE}"}, Sent(False, "refused_by_channel")),
        ({"Code": f"bad.{PHONE}"}, Sent(False, "refused_by_channel")),
        ({"Code": f"key.{SECRET}"}, Sent(False, "refused_by_channel")),
        ({"Code": ""}, Sent(False, "refused_by_channel")),
        ({"Code": {"OK": "OK"}}, Sent(False, "garbage")),
        ({"Message": "OK"}, Sent(False, "garbage")),
        (["OK"], Sent(False, "garbage")),
    ],
)
def test_what_is_not_the_shapes_yes_is_a_no_and_shows_no_secret(server: ChannelServer, answer: Any, sent: Sent) -> None:
    server.replies["send"] = Reply(as_json(answer))
    assert send(address(server, "form_template", VALUES), MESSAGE) == sent


def test_a_long_text_is_cut_by_characters_and_keeps_its_link(server: ChannelServer, tmp_path: Path) -> None:
    shape = a_shape(tmp_path, fields={"t": "{text}"}, longest=70)
    assert send(address(server, shape), Message(TITLE, f"{'雨😀' * 200}\n\n查看 Open: {LINK}")).ok
    text = server.requests[0].json["t"]
    assert len(text.encode("utf-16-le")) // 2 in (69, 70)
    assert text.endswith(f"…\n查看 Open: {LINK}") or text.endswith(f"…\n{LINK}")


@pytest.mark.parametrize(
    ("changes", "more"),
    [
        ({"fields": {"n": "{nobody}"}}, ""),
        ({"fields": {"n": "{signature}"}}, ""),
        ({"fields": {}}, ""),
        ({"fields": ["n"]}, ""),
        ({"body": "xml"}, ""),
        ({"surprise": 1}, ""),
        ({"success": {"equals": 0}}, ""),
        ({"headers": {"X": "{title}"}}, ""),
        ({"headers": {"X": "{v}"}}, "&:v=a%0D%0AX-Evil%3A1"),
        ({"headers": {"X": "{v}"}}, f"&:v={quote('新郑')}"),
        ({"sign": {"text": "{phone}"}}, ""),
        ({"sign": {"encoding": "md5"}}, ""),
    ],
)
def test_a_shape_that_is_wrong_sends_nothing(
    server: ChannelServer, tmp_path: Path, changes: dict[str, Any], more: str
) -> None:
    assert send(address(server, a_shape(tmp_path, **changes), more), MESSAGE) == Sent(False, "bad_shape")
    assert not server.requests


@pytest.mark.parametrize("name", ["no_such_shape", "/no/such/file.yaml", "../plain"])
def test_a_shape_that_is_not_there_is_named(server: ChannelServer, name: str) -> None:
    assert send(address(server, name), MESSAGE) == Sent(False, "bad_shape")
    with pytest.raises(ShapeUnreadable, match=re.escape(name)):
        read_shape(name)


@pytest.mark.parametrize("content", [b"fields: [", b"\xff", b"", b"- 1"])
def test_a_file_that_is_no_shape_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "broken.yaml"
    file.write_bytes(content)
    with pytest.raises(ShapeUnreadable, match=r"broken\.yaml"):
        read_shape(str(file))


def test_a_changed_shape_is_read_anew(tmp_path: Path) -> None:
    name = a_shape(tmp_path, longest=70)
    assert read_shape(name).longest == 70
    a_shape(tmp_path, longest=71)
    assert read_shape(name).longest == 71


def test_a_shape_that_signs_needs_a_secret_in_the_address(server: ChannelServer) -> None:
    assert send(f"gateway://{server.host}/send?to={PHONE}", MESSAGE) == Sent(False, "bad_address")


@pytest.mark.parametrize(
    "to", ["", "{phone}", "12", "138;139", "1380013%0d%0a8000", "138&to=x", "１３８００１３８０００"]
)
def test_a_gateway_is_asked_for_telephone_numbers_only(server: ChannelServer, to: str) -> None:
    assert send(f"gateway://{KEY}:{SECRET}@{server.host}/send?to={to}", MESSAGE) == Sent(False, "bad_address")
    assert not server.requests


@pytest.mark.parametrize(
    ("phone", "e164"),
    [
        ("138 0013 8000", f"+86{PHONE}"),
        ("+86 138-0013-8000", f"+86{PHONE}"),
        ("１３８００１３８０００", f"+86{PHONE}"),
        ("0371-6235 0000", "037162350000"),
    ],
)
def test_a_reporters_number_gets_through_the_address_whole(
    server: ChannelServer, tmp_path: Path, phone: str, e164: str
) -> None:
    template = f"gateway://{KEY}:{SECRET}@{server.host}/send?to={{phone}}&shape="
    template += a_shape(tmp_path, fields={"n": "{phone_e164}"})
    url = address_of(Target(1, "reporter", template), "R1", "http://127.0.0.1:8200", {}, lambda: phone)
    assert send(url, MESSAGE).ok
    assert server.requests[0].json == {"n": e164}


def test_the_path_of_an_address_stays_a_path(server: ChannelServer) -> None:
    send(f"gateway://{KEY}:{SECRET}@{server.host}/send/a%20b%0d%0aX-Evil:1?to={PHONE}", MESSAGE)
    assert server.requests[0].target == "/send/a%20b%0D%0AX-Evil%3A1"
    assert "X-Evil" not in server.requests[0].headers


def test_places_are_filled_once_and_numbers_stay() -> None:
    values = {"title": "{phone}暴露垃圾", "phone": PHONE}
    assert filled({"t": ["{title}", 1, {"short": "{title:4}"}]}, values, lambda text, longest: text[:longest]) == {
        "t": ["{phone}暴露垃圾", 1, {"short": "{pho"}]
    }


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Code", "OK"),
        ("Set[0].Code", "Ok"),
        ("Set[1].Code", None),
        ("Set.Code", None),
        ("Code[0]", "O"),
        ("Nothing.Code", None),
    ],
)
def test_a_path_finds_what_an_answer_holds(path: str, expected: object) -> None:
    assert found_at(path, {"Code": "OK", "Set": [{"Code": "Ok"}]}) == expected


def test_the_shape_on_the_page_of_channels_works_as_it_stands(server: ChannelServer, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "channels.md").read_text("utf-8")
    file = tmp_path / "page.yaml"
    file.write_text(page.partition("```yaml\n")[2].partition("```")[0], "utf-8")
    server.replies["send"] = Reply(as_json({"data": [{"code": "OK"}]}))
    assert send(address(server, str(file), VALUES), MESSAGE) == Sent(True, "handed_over")
    assert said(server.requests[0]) == {
        "mobile": PHONE,
        "sign": "新郑城管",
        "params": {"what": CUT_TITLE, "link": LINK},
    }
    assert_signed(server.requests[0])
