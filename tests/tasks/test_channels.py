"""From a contact point to an address, and what a send says of itself."""

from pathlib import Path

import pytest

from tasks import channel_outcomes
from tasks.channel_outcomes import CannotReach, Sent
from tasks.channels import Target, address_of, send
from tasks.rendering import Message
from tasks.words import city_words
from tests.channel_server import channel_server

DESK = "http://127.0.0.1:8200"


@pytest.mark.parametrize(
    ("desk_url", "recipient", "address"),
    [
        (DESK, "lihe-liaison", "json://127.0.0.1:8200/demo/inbox/lihe-liaison?-channel=dingtalk"),
        (
            "https://desk.example.cn/zhihui",
            "R2019",
            "jsons://desk.example.cn/zhihui/demo/inbox/R2019?-channel=dingtalk",
        ),
        (DESK, "a/b?c", "json://127.0.0.1:8200/demo/inbox/a%2Fb%3Fc?-channel=dingtalk"),
    ],
)
def test_a_demo_contact_point_is_the_desks_inbox_over_real_http(desk_url: str, recipient: str, address: str) -> None:
    assert address_of(Target(1, "dingtalk", "demo"), recipient, desk_url, {}) == address


def test_a_secret_address_comes_from_the_environment_when_it_is_needed() -> None:
    assert address_of(Target(1, "sms", "env:SMS"), "x", DESK, {"SMS": "json://gateway/token"}) == "json://gateway/token"


@pytest.mark.parametrize(
    ("address", "environ", "outcome"),
    [
        ("env:SMS", {}, "not_configured SMS"),
        ("env:SMS", {"SMS": "  "}, "not_configured SMS"),
        ("env:SMS", {"SMS": "not an address"}, "bad_address"),
        ("block:sms", {}, "bad_address"),
        ("", {}, "bad_address"),
    ],
)
def test_a_contact_point_that_means_no_address_says_why(address: str, environ: dict[str, str], outcome: str) -> None:
    with pytest.raises(CannotReach) as raised:
        address_of(Target(1, "sms", address), "x", DESK, environ)
    assert raised.value.outcome == outcome


@pytest.mark.parametrize("phone", [None, "", "ask my neighbour", "1380013/../8000", "138@evil.example", "१२३४५६७८९"])
def test_only_a_telephone_number_gets_into_an_address(phone: str | None) -> None:
    with pytest.raises(CannotReach) as raised:
        address_of(Target(1, "reporter", "json://sms/{phone}"), "R1", DESK, {}, lambda: phone)
    assert raised.value.outcome == "no_phone"


def test_the_phone_number_is_not_asked_for_where_the_address_has_no_place_for_it() -> None:
    def must_not_be_asked() -> str:
        raise AssertionError("the phone number was unsealed without need")

    assert address_of(Target(1, "demo", "demo"), "R1", DESK, {}, must_not_be_asked).endswith("/R1?-channel=demo")


def test_a_send_tells_ok_from_an_error_and_from_silence() -> None:
    message = Message("题目", "正文")
    with channel_server() as server:
        assert send(server.url("ok"), message) == Sent(True, "handed_over")
        assert send(server.url("429"), message) == Sent(False, "too_fast 429")
        assert send(server.url("silent"), message) == Sent(False, "no_answer")
        assert server.received[0][1]["title"] == "题目"
        assert server.received[0][1]["message"] == "正文"
    assert send(server.url("ok"), message) == Sent(False, "no_answer")
    assert send("nonsense://x", message) == Sent(False, "bad_address")


def test_of_a_channel_of_apprises_own_the_status_is_told() -> None:
    message = Message("题目", "正文")
    with channel_server() as server:
        form = f"form://{server.host}"
        assert send(f"{form}/ok", message) == Sent(True, "handed_over")
        assert send(f"{form}/500", message) == Sent(False, "http_error 500")
        assert send(f"{form}/429", message) == Sent(False, "too_fast 429")
        assert send(f"{form}/silent?rto=0.3", message) == Sent(False, "no_answer")


def test_every_outcome_has_its_words_in_both_languages_and_stands_on_the_page_of_channels() -> None:
    codes = {code for name, code in vars(channel_outcomes).items() if name.isupper()}
    assert codes >= {"handed_over", "refused_by_channel", "bad_shape"}
    assert codes <= city_words().codes("outcome")
    page = (Path(__file__).parents[2] / "docs" / "channels.md").read_text("utf-8")
    assert {code for code in codes if f"`{code}" not in page} == {"no_phone"}
