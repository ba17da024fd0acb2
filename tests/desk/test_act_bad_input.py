"""Forms as attackers, old pages and broken phones send them: a plain page, nothing done, nothing told."""

import json
from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select

from desk.form_facts import FormCode, NoSuchForm, field_names, posted_fields, read_typed
from models.city import City
from models.vocabulary import ActionName, RequestKind
from tasks.inbox import INBOX
from tasks.lifecycle import move_cases
from tasks.links import Purpose
from tasks.settings import Settings
from tests.cities import a_small_city
from tests.desk.conftest import NOW
from tests.desk.phone import Phone, phone_of
from tests.desk.test_act import inbox
from tests.desk.ways_to_act import HANDLING
from tests.stored_cases import acts, at, reports_taken_in, rows_of

HOSTILE = {
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>\"'>",
    "a zero byte": "前\0后\x1b[31m",
    "turned around": "前\u202e后\u2066",
    "emoji": "👷🏽\u200d♂️🚧",
    "a template": "{{ 7*7 }}{% raise %}${7*7}",
    "a query": "'; DROP TABLE cases; --",
    "a path": "../../../../etc/passwd",
    "long": "长" * 1500,
    "half a character": "%ED%A0%80",
    "nothing but spaces": "  \t\r\n ",
}


@pytest.fixture
def case(sqlite_engine: Engine, city: City) -> str:
    """A case that 梨河镇 handles."""
    (name,) = reports_taken_in(sqlite_engine, city, 1, at("2019-05-06 08:55"), source="citizen", class_code="E0101")
    for minute, (post, action, facts) in enumerate(HANDLING):
        acts(sqlite_engine, city, [name], action, post, at(f"2019-05-06 09:0{minute}"), **facts)
        move_cases(sqlite_engine, now=at(f"2019-05-06 09:0{minute}"))
    return name


@pytest.fixture
def liaison(client: TestClient, settings: Settings, case: str) -> Phone:
    """The phone of 梨河镇's liaison."""
    return phone_of(client, settings, "lihe-liaison", case)


@pytest.mark.parametrize("what", HOSTILE)
def test_whatever_is_typed_is_text_and_breaks_nothing(sqlite_engine: Engine, liaison: Phone, what: str) -> None:
    pages = []
    for form in ("ask-suspension", "ask-correction", "add_note", "ask-promise"):
        fields = liaison.hidden(form) | {name: HOSTILE[what] for name in field_names(FormCode.read(form))}
        answer = liaison.sends(fields)
        assert answer.status_code in (303, 422)
        move_cases(sqlite_engine, now=NOW)
        pages += [answer.text, liaison.page()]
    for page in pages:
        assert "<script" not in page
        assert "<img src=x" not in page
        assert ">49<" not in page
        assert "\0" not in page
    assert len(liaison.page()) < 150_000


def test_a_text_over_its_limit_is_refused_with_what_was_typed(sqlite_engine: Engine, liaison: Phone) -> None:
    answer = liaison.acts("add_note", note="长" * 1001)
    assert answer.status_code == 422
    assert "填写的内容太长" in answer.text
    assert "长" * 1001 in answer.text
    assert liaison.acts("add_note", note="长" * 1000).status_code == 303
    assert [len(json.loads(row.facts)["note"]) for row in inbox(sqlite_engine)] == [1000]


def test_a_megabyte_is_turned_away(sqlite_engine: Engine, liaison: Phone) -> None:
    assert liaison.acts("add_note", note="x" * 1_000_000).status_code == 413
    assert inbox(sqlite_engine) == []


def test_phone_numbers_are_masked_before_they_are_kept(sqlite_engine: Engine, liaison: Phone) -> None:
    liaison.acts("add_note", note="联系13800138000")
    assert "13800138000" not in inbox(sqlite_engine)[0].facts


def test_only_the_fields_of_the_form_count_whatever_else_is_sent(sqlite_engine: Engine, liaison: Phone) -> None:
    more = {"kind": "void", "unit": "water", "by_post": "leader", "action": "force_close", "due_at": "2030-01-01"}
    assert liaison.acts("add_note", note="好", **more).status_code == 303
    (row,) = inbox(sqlite_engine)
    assert (row.action, row.by_post, json.loads(row.facts)) == ("add_note", "lihe-liaison", {"note": "好"})


def test_a_form_that_this_page_did_not_draw_does_nothing(
    client: TestClient, settings: Settings, sqlite_engine: Engine, case: str, liaison: Phone
) -> None:
    good = liaison.hidden("add_note") | {"note": "好"}
    head = phone_of(client, settings, "lihe-head", case)
    foreign = head.hidden("add_note")
    broken: list[dict[str, Any]] = [
        {},
        {"form": "add_note", "note": "好"},
        good | {"proof": ""},
        good | {"proof": good["proof"][:-2] + "AA"},
        good | {"proof": "é🚧" * 500},
        good | {"key": good["key"] + "x"},
        good | {"key": foreign["key"], "proof": foreign["proof"]},
        good | {"form": "no_such_form"},
        good | {"form": "decide"},
        good | {"form": "ask-nothing"},
        good | {"form": "receive-extension"},
        {f"field{n}": "x" for n in range(100)},
    ]
    for fields in broken:
        answer = liaison.sends(fields)
        assert answer.status_code == 403
        assert "没有办理：页面已失效" in answer.text
        assert f'href="{liaison.path}"' in answer.text
    assert inbox(sqlite_engine) == []


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"{}", b"a" * 60_000, b"%zz=%00&form=%ff", b"&&&===" * 100])
def test_what_is_no_form_at_all_does_nothing(sqlite_engine: Engine, liaison: Phone, body: bytes) -> None:
    answer = liaison.client.post(f"{liaison.path}/act", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 403
    assert inbox(sqlite_engine) == []


def test_links_that_open_nothing_take_nothing_and_tell_nothing(
    client: TestClient, settings: Settings, sqlite_engine: Engine, case: str, liaison: Phone
) -> None:
    fields = liaison.hidden("add_note") | {"note": "好"}
    paths = [
        "/c/nonsense",
        liaison.path[:-2] + ("AA" if liaison.path[-2:] != "AA" else "BB"),
        "/c/" + "A" * 5000,
        phone_of(client, settings, "lihe-liaison", "E0101201905069999").path,
        phone_of(client, settings, "nobody", case).path,
        phone_of(client, settings, "lihe-liaison", case, Purpose.REPORT).path,
    ]
    answers = [Phone(client, path).sends(fields) for path in paths]
    assert [answer.status_code for answer in answers] == [403] * len(paths)
    assert len({answer.text.replace("/act", "") for answer in answers}) == 1
    assert inbox(sqlite_engine) == []


def test_an_expired_link_takes_nothing(
    client_at: Callable[..., TestClient], settings: Settings, sqlite_engine: Engine, case: str, liaison: Phone
) -> None:
    fields = liaison.hidden("add_note") | {"note": "好"}
    late = phone_of(client_at(NOW + timedelta(days=40)), settings, "lihe-liaison", case)
    answer = late.sends(fields)
    assert (answer.status_code, "这个链接已过期" in answer.text) == (410, True)
    assert inbox(sqlite_engine) == []


def test_an_auditor_with_somebody_elses_form_does_nothing(
    client: TestClient, settings: Settings, sqlite_engine: Engine, case: str, liaison: Phone
) -> None:
    auditor = phone_of(client, settings, "auditor", case)
    assert auditor.sends(liaison.hidden("add_note") | {"note": "好"}).status_code == 403
    assert inbox(sqlite_engine) == []


def test_a_reporter_with_somebody_elses_form_does_nothing(
    client: TestClient, settings: Settings, sqlite_engine: Engine, case: str, liaison: Phone
) -> None:
    reporter = phone_of(client, settings, case, case, Purpose.REPORT)
    answer = reporter.sends(liaison.hidden("add_note") | {"note": "好"})
    assert (answer.status_code, "这个链接无效" in answer.text) == (403, True)
    assert inbox(sqlite_engine) == []


def test_a_unit_that_has_no_part_in_a_case_sees_nothing_of_it_and_cannot_act(
    client: TestClient, settings: Settings, sqlite_engine: Engine, case: str, liaison: Phone
) -> None:
    water = phone_of(client, settings, "water-liaison", case)
    assert client.get(water.path).status_code == 403
    assert water.sends(liaison.hidden("report_handled")).status_code == 403
    assert rows_of(sqlite_engine, select(INBOX).where(INBOX.c.origin == "desk")) == []


def test_an_unknown_form_in_the_address_opens_the_plain_page(liaison: Phone) -> None:
    for form in ("nonsense", "decide-void", "<b>", "ask-", "a" * 3000):
        assert 'id="report_handled"' in liaison.page(f"?form={form}")


@pytest.mark.parametrize("text", ["", "ask", "ask-", "ask-x", "receive-extension", "x", "decide-", "-"])
def test_names_of_no_form_are_told_apart(text: str) -> None:
    with pytest.raises(NoSuchForm):
        FormCode.read(text)


def test_every_form_has_a_name_that_is_read_back() -> None:
    kinds = {ActionName.ASK, ActionName.DECIDE, ActionName.WITHDRAW}
    codes = [FormCode(a) for a in ActionName if a not in kinds] + [
        FormCode(a, k) for a, k in product(kinds, RequestKind)
    ]
    assert [FormCode.read(str(code)) for code in codes] == codes


@pytest.mark.parametrize(
    ("form", "body", "facts"),
    [
        ("ask-promise", "wanted_until=2019-05-08T12:00", {"wanted_until": "2019-05-08T12:00:00+08:00"}),
        ("ask-promise", "wanted_until=2019-05-08T12:00Z", {"wanted_until": "2019-05-08T12:00:00+00:00"}),
        ("ask-promise", "wanted_until=gone", {"wanted_until": "gone"}),
        ("ask-correction", "condition=E0101/2", {"class_code": "E0101", "condition_no": "2"}),
        ("ask-correction", "condition=E0101", {"class_code": "E0101", "condition_no": ""}),
        ("ask-correction", "area=%E6%A2%A8%E6%B2%B3%E9%95%87", {"area": "410184101"}),
        ("ask-correction", "area=410184101001", {"area": "410184101001"}),
        ("add_note", "note=a%0D%0Ab&note=second", {"note": "a\nb"}),
        ("merge", "into=R1%00%0AR2", {"into": "R1 R2"}),
    ],
)
def test_what_a_form_says_becomes_facts(form: str, body: str, facts: dict[str, Any]) -> None:
    typed = read_typed(FormCode.read(form), posted_fields(body.encode()), a_small_city())
    assert {name: value for name, value in typed.facts.items() if name != "kind"} == facts
