"""Acting from the page behind a link: every action a person takes, put into the inbox once, carried out by a visit."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select

from models.city import City
from models.lifecycle_table import EFFECT_OF, STEPS
from models.vocabulary import ActionName, RequestKind, Role
from tasks.case_store import CASES, EVENTS
from tasks.inbox import INBOX
from tasks.lifecycle import move_cases
from tasks.links import Purpose
from tasks.settings import Settings
from tests.desk.conftest import NOW
from tests.desk.phone import Phone, phone_of, text_of
from tests.desk.ways_to_act import (
    ASKED,
    CHECKING,
    DISPATCHED,
    FILED,
    HANDLING,
    ORDERED,
    REPORTED,
    SUSPENDED,
    WAYS,
    Move,
)
from tests.stored_cases import acts, at, reports_taken_in, rows_of


@pytest.fixture
def a_case(sqlite_engine: Engine, city: City) -> Callable[..., str]:
    """Brings a citizen's case to where a test wants it, by what people did from 09:00 on."""

    def bring(moves: list[Move]) -> str:
        when = at("2019-05-06 09:00") - timedelta(days=sum(facts.get("days", 0) for _, _, facts in moves))
        name, other = reports_taken_in(sqlite_engine, city, 2, when, source="hotline_12345", class_code="E0101")
        for post, action, facts in moves:
            when += timedelta(days=facts["days"]) if action == "wait" else timedelta(minutes=1)
            if action != "wait":
                said = {key: other if value == "OTHER" else value for key, value in facts.items()}
                acts(sqlite_engine, city, [name], action, post, when, **said)
                move_cases(sqlite_engine, now=when)
        return name

    return bring


@pytest.fixture
def phone(client: TestClient, settings: Settings) -> Callable[..., Phone]:
    """The phone of a post, with a link to a case."""
    return lambda post, case, purpose=Purpose.CASE: phone_of(client, settings, post, case, purpose)


def inbox(engine: Engine) -> list[Any]:
    """What lies in the inbox from the desk."""
    return rows_of(engine, select(INBOX).where(INBOX.c.origin == "desk").order_by(INBOX.c.id))


def newest_event(engine: Engine) -> Any:
    """The last thing a person did to any case."""
    return rows_of(engine, select(EVENTS).where(EVENTS.c.role != Role.RULE.value).order_by(EVENTS.c.id.desc()))[0]


@pytest.mark.parametrize(("name", "moves", "post", "form", "fields", "said"), WAYS)
def test_every_action_a_person_takes_is_taken_from_the_page(
    sqlite_engine: Engine,
    a_case: Callable[..., str],
    phone: Callable[..., Phone],
    name: str,
    moves: list[Move],
    post: str,
    form: str,
    fields: dict[str, str],
    said: dict[str, Any],
) -> None:
    case = a_case(moves)
    other = case[:-1] + "1"
    reader = phone(post, case)
    answer = reader.acts(form, **{key: other if value == "OTHER" else value for key, value in fields.items()})
    assert (answer.status_code, answer.headers["location"]) == (303, reader.path)
    assert "已收到，正在办理" in reader.page()
    move_cases(sqlite_engine, now=NOW)
    event = newest_event(sqlite_engine)
    assert (event.action, event.actor, event.origin) == (name.split()[0], post, "desk")
    assert said.items() <= json.loads(event.facts).items()
    page = reader.page()
    assert "已办理。" in page
    assert "下一步" in page or "案件" in page


def test_no_action_of_the_state_table_that_a_person_takes_lacks_a_form() -> None:
    by_people = {s.action for s in STEPS if s.by - {Role.RULE, Role.SOURCE, Role.PUBLIC}}
    with_pictures = {ActionName.QUICK_FIX, ActionName.ADD_PICTURE}
    assert {name.split()[0] for name, *_ in WAYS} == {action.value for action in by_people - with_pictures}
    assert {form for _, _, _, form, *_ in WAYS if form.startswith("ask-")} == {f"ask-{kind}" for kind in RequestKind}
    assert set(EFFECT_OF) == set(RequestKind)


def test_what_brings_the_case_on_stands_open_on_top_and_the_rest_is_folded(
    a_case: Callable[..., str], phone: Callable[..., Phone]
) -> None:
    page = phone("lihe-liaison", a_case(DISPATCHED)).page()
    assert page.index('id="receive"') < page.index('<div class="more">') < page.index('id="hand_back"')
    assert page.count('class="act primary"') == 1
    assert "请您办理 · 接收" in page
    assert "<details open" not in page


def test_a_form_has_exactly_the_fields_its_action_needs_and_says_which_are_required(
    a_case: Callable[..., str], phone: Callable[..., Phone]
) -> None:
    page = phone("lihe-liaison", a_case(HANDLING)).page()
    form = page[page.index('id="ask-suspension"') :].split("</form>")[0]
    assert form.count("必填") == 2
    assert 'name="wanted_until" value="" min="2019-05-06T10:01" max="2020-05-05T10:00" required' in form
    assert 'name="reason" rows="3" maxlength="1000" required' in form
    assert 'name="unit"' not in form


def test_units_and_inspectors_are_picked_from_lists_with_the_likely_one_chosen(
    a_case: Callable[..., str], phone: Callable[..., Phone]
) -> None:
    page = phone("dispatcher", a_case(FILED)).page()
    assert '<option value="lihe" selected>梨河镇</option>' in page, "the unit that answers for class and place"
    assert '<option value="water">供水公司</option>' in page
    orders = phone("acceptor-a", a_case([("", "wait", {"days": 1}), *CHECKING])).page()
    assert '<option value="inspector-a" selected>信息采集员甲 · 当班</option>' in orders


def test_a_decision_shows_what_is_asked_and_how_far_it_is(
    a_case: Callable[..., str], phone: Callable[..., Phone]
) -> None:
    asked = a_case(SUSPENDED[:-1])
    page = text_of(phone("shift-leader", asked).page())
    for said in ("审批：挂账", "雨季", "申请至 8月1日（周四）08:00", "第2步审批，共2步", "不批准时必填"):
        assert said in page
    assert "decide-suspension" not in phone("dispatcher", asked).forms()


def test_a_correction_is_decided_with_what_it_would_change_before_ones_eyes(
    sqlite_engine: Engine, a_case: Callable[..., str], phone: Callable[..., Phone]
) -> None:
    case = a_case(HANDLING)
    fields = {"reason": "实为井盖", "condition": "C0101/2", "area": "梨河村一格", "place": "河堤东侧"}
    assert phone("lihe-liaison", case).acts("ask-correction", **fields).status_code == 303
    move_cases(sqlite_engine, now=NOW)
    page = phone("shift-leader", case).page()
    about = page[page.index('class="about"') :].split("</div>")[0]
    for said in ("实为井盖", "上水井盖 · 井盖松动或有异响", "梨河村一格", "河堤东侧"):
        assert said in about


def test_a_page_in_english_stays_in_english(a_case: Callable[..., str], phone: Callable[..., Phone]) -> None:
    reader = phone("lihe-liaison", a_case(DISPATCHED))
    assert "For you to do · Receive" in reader.page("?lang=en")
    answer = reader.sends(reader.hidden("receive"), "?lang=en")
    assert answer.headers["location"] == reader.path + "?lang=en"
    assert "being carried out" in reader.page("?lang=en")


@pytest.mark.parametrize(("post", "purpose"), [("auditor", Purpose.CASE), ("RECEIPT", Purpose.REPORT)])
def test_an_auditor_and_a_reporter_have_nothing_to_press(
    a_case: Callable[..., str], phone: Callable[..., Phone], post: str, purpose: Purpose
) -> None:
    case = a_case(DISPATCHED)
    assert "<button" not in phone(case if post == "RECEIPT" else post, case, purpose).page()


def test_opening_pages_changes_nothing_and_one_form_acts_once_however_often_it_is_sent(
    sqlite_engine: Engine, a_case: Callable[..., str], phone: Callable[..., Phone]
) -> None:
    reader = phone("lihe-liaison", a_case(DISPATCHED))
    fields = reader.hidden("receive")
    assert inbox(sqlite_engine) == []
    assert [reader.sends(fields).status_code for _ in range(3)] == [303] * 3
    move_cases(sqlite_engine, now=NOW)
    assert reader.sends(fields).status_code == 303, "from a page that was kept open"
    assert [row.state for row in inbox(sqlite_engine)] == ["done"]


def test_both_buttons_of_one_form_are_one_answer(
    sqlite_engine: Engine, a_case: Callable[..., str], phone: Callable[..., Phone]
) -> None:
    reader = phone("dispatcher", a_case(ASKED))
    fields = reader.hidden("decide-extension")
    reader.sends(fields | {"verdict": "granted"})
    reader.sends(fields | {"verdict": "refused", "reason": "误按"})
    assert [json.loads(row.facts)["verdict"] for row in inbox(sqlite_engine)] == ["granted"]


def test_who_comes_second_is_told_who_did_it_and_when_before_and_after_the_visit(
    sqlite_engine: Engine, a_case: Callable[..., str], phone: Callable[..., Phone]
) -> None:
    case = a_case(DISPATCHED)
    liaison, head = phone("lihe-liaison", case), phone("lihe-head", case)
    fields = liaison.hidden("receive")
    assert head.acts("receive").status_code == 303
    for _ in range(2):
        answer = liaison.sends(fields)
        assert answer.status_code == 409
        assert "梨河镇负责人已于5月6日（周一）10:00办理：接收。" in answer.text
        assert "现在可以：" in answer.text
        move_cases(sqlite_engine, now=NOW)
    assert len(inbox(sqlite_engine)) == 1


def test_what_a_visit_refuses_is_explained_on_the_page_with_what_is_allowed_now(
    sqlite_engine: Engine, city: City, a_case: Callable[..., str], phone: Callable[..., Phone]
) -> None:
    case = a_case(DISPATCHED)
    reader = phone("lihe-liaison", case)
    reader.acts("receive")
    # Put elsewhere a moment earlier, and only now known.
    acts(sqlite_engine, city, [case], "redispatch", "dispatcher", at("2019-05-06 09:59"), unit="water", reason="改派")
    move_cases(sqlite_engine, now=NOW)
    page = text_of(reader.page())
    assert "未办理：接收" in page
    assert "派遣员甲已于5月6日（周一）09:59办理：重新派遣 · 供水公司。" in page
    assert "案件由供水公司负责，贵单位不能办理" in page


def test_while_the_engine_is_away_the_page_says_so_and_the_next_step_can_be_taken(
    client_at: Callable[[datetime], TestClient],
    settings: Settings,
    sqlite_engine: Engine,
    a_case: Callable[..., str],
    phone: Callable[..., Phone],
) -> None:
    case = a_case(DISPATCHED)
    assert phone("lihe-liaison", case).acts("receive").status_code == 303
    later = NOW + timedelta(minutes=5)
    again = phone_of(client_at(later), settings, "lihe-liaison", case)
    page = again.page()
    assert "已收到，系统恢复后自动办理" in page
    assert "http-equiv" not in page, "what is being typed must not be taken away"
    assert again.acts("report_handled", note="已清运").status_code == 303
    move_cases(sqlite_engine, now=later)
    assert rows_of(sqlite_engine, select(CASES.c.state).where(CASES.c.receipt_number == case))[0].state == "checking"


@pytest.mark.parametrize(
    ("moves", "post", "form", "fields", "told"),
    [
        (HANDLING, "lihe-liaison", "ask-extension", {}, "还缺少：理由"),
        (HANDLING, "lihe-liaison", "ask-suspension", {"reason": "雨"}, "还缺少：希望期限"),
        (HANDLING, "lihe-liaison", "ask-suspension", {"reason": "雨", "wanted_until": "2019-05-06T09:00"}, "已过"),
        (HANDLING, "lihe-liaison", "ask-suspension", {"reason": "雨", "wanted_until": "2021-05-06T09:00"}, "太远"),
        (HANDLING, "lihe-liaison", "ask-suspension", {"reason": "雨", "wanted_until": "明天"}, "无法识别"),
        (HANDLING, "lihe-liaison", "ask-suspension", {"reason": "雨", "wanted_until": "0001-01-01T00:00"}, "无法识别"),
        (HANDLING, "lihe-liaison", "ask-correction", {"reason": "错"}, "还缺少：类别"),
        (HANDLING, "lihe-liaison", "ask-correction", {"reason": "错", "condition": "X9/1"}, "X9"),
        (HANDLING, "lihe-liaison", "ask-correction", {"reason": "错", "condition": "E0101/x"}, "无法识别"),
        (HANDLING, "lihe-liaison", "ask-correction", {"reason": "错", "area": "月球"}, "月球"),
        (FILED, "dispatcher", "dispatch", {"unit": "nobody"}, "没有“nobody”这个单位"),
        (FILED, "dispatcher", "dispatch", {}, "还缺少：单位"),
        (REPORTED, "acceptor-a", "merge", {"into": "R-unknown"}, "R-unknown"),
        (REPORTED, "acceptor-a", "order_verify", {"inspector": "leader"}, "没有可派的信息采集员"),
        (ORDERED, "inspector-a", "check", {"result": "failed"}, "还缺少：理由"),
        (ORDERED, "inspector-a", "check", {}, "还缺少：结果"),
        (ORDERED, "inspector-a", "check", {"result": "maybe"}, "无法识别"),
        (ASKED, "dispatcher", "decide-extension", {"verdict": "refused"}, "还缺少：理由"),
    ],
)
def test_what_is_missing_or_cannot_be_is_said_in_the_form_with_what_was_typed(
    sqlite_engine: Engine,
    a_case: Callable[..., str],
    phone: Callable[..., Phone],
    moves: list[Move],
    post: str,
    form: str,
    fields: dict[str, str],
    told: str,
) -> None:
    answer = phone(post, a_case(moves)).acts(form, **fields)
    assert answer.status_code == 422
    inside = answer.text[answer.text.index(f'id="{form}"') :].split("</form>")[0]
    assert told in inside
    assert all(value in inside for name, value in fields.items() if name in ("reason", "into", "area"))
    top = answer.text[answer.text.index('class="banner refused"') :].split("</section>")[0]
    assert told in top
    assert f'href="#{form}"' in top, "the form may be far down the page"
    assert inbox(sqlite_engine) == []
