"""The page behind a link: the whole case for the post it was sent to, little for its reporter, nothing for others."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, update

from models.city import City
from models.directory.city_builder import DirectoryFiles
from tasks.acknowledge import NOTICES
from tasks.city_edition import load_city
from tasks.database import transaction
from tasks.lifecycle import move_cases
from tasks.links import Link, Purpose, sign_link
from tasks.personal_data import add_reporter
from tasks.settings import Settings
from tests.cities import changed
from tests.desk.phone import proof_of
from tests.notice_rows import notice, notices_of_kind
from tests.stored_cases import a_loaded_city, acts, at, reports_taken_in

MONDAY = "2019-05-06 "
NAME, PHONE = "王老五", "13800138000"
NUMBER = "E0101201905060001"


@pytest.fixture
def receipt(sqlite_engine: Engine, city: City, settings: Settings) -> str:
    """A citizen's case that was verified, dispatched, half handled, sent back, and asks for more time."""
    with transaction(sqlite_engine) as connection:
        reporter = add_reporter(connection, settings.secret_key("personal"), NAME, PHONE)
    (name,) = reports_taken_in(
        sqlite_engine,
        city,
        1,
        at(MONDAY + "08:00"),
        source="hotline_12345",
        reporter_id=reporter,
        class_code="E0101",
        place="中华路口<b>",
        description="垃圾桶外有垃圾",
    )
    for when, action, post, facts in (
        ("08:10", "order_verify", "acceptor-a", {"inspector": "inspector-a"}),
        ("08:20", "verify", "inspector-a", {"result": "true"}),
        ("08:25", "accept", "acceptor-a", {}),
        ("08:30", "file", "shift-leader", {}),
        ("08:40", "dispatch", "dispatcher", {"unit": "lihe"}),
        ("08:50", "receive", "lihe-liaison", {}),
        ("09:00", "report_handled", "lihe-liaison", {}),
        ("09:05", "order_check", "acceptor-a", {"inspector": "inspector-a"}),
        ("09:10", "check", "inspector-a", {"result": "failed", "reason": "墙角仍有残留"}),
        ("09:20", "ask", "lihe-liaison", {"kind": "extension", "reason": "需调度清运车"}),
        ("09:25", "ask", "lihe-head", {"kind": "extension", "reason": "试一试"}),
    ):
        acts(sqlite_engine, city, [name], action, post, at(MONDAY + when), **facts)
        move_cases(sqlite_engine, now=at(MONDAY + when))
    return name


@pytest.fixture
def path_of(settings: Settings) -> Callable[..., str]:
    """The path of a link."""

    def sign(recipient: str, subject: str, purpose: Purpose = Purpose.CASE) -> str:
        link = Link(recipient, purpose, subject)
        return "/c/" + sign_link(settings.secret_key("link"), link, at("2019-05-06 09:00"))

    return sign


def test_the_reader_sees_what_where_and_how_much_time_is_left_and_why(
    client: TestClient, receipt: str, path_of: Callable[..., str]
) -> None:
    answer = client.get(path_of("lihe-liaison", NUMBER))
    assert answer.status_code == 200
    for said in ("暴露垃圾", NUMBER, receipt, "中华路口&lt;b&gt;", "垃圾桶外有垃圾", "梨河镇值班员甲", "处置中"):
        assert said in answer.text
    # 4 work hours from 08:40, of which 09:00-09:10 did not count: at 10:00, 1 h 10 min are used.
    assert "2小时50分" in answer.text
    assert "5月6日（周一）14:50" in answer.text
    assert "按工作时间计" in answer.text
    assert "工作时间 working hours" in answer.text


def test_the_history_tells_who_did_what_when_and_what_was_said(
    client: TestClient, receipt: str, path_of: Callable[..., str]
) -> None:
    page = client.get(path_of("lihe-liaison", NUMBER)).text
    for said in (
        "核实 · 属实",
        "派遣 · 梨河镇",
        "核查 · 未通过",
        "墙角仍有残留",
        "提出申请 · 延期",
        "需调度清运车",
        "待审批",
        "上报来源 12345热线",
        "信息采集员甲",
        "5月6日（周一）09:10",
    ):
        assert said in page
    assert page.index("核实 · 属实") < page.index("派遣 · 梨河镇") < page.index("核查 · 未通过")


def test_a_refused_action_is_explained_to_the_one_who_tried_it_and_to_nobody_else(
    client: TestClient, receipt: str, path_of: Callable[..., str]
) -> None:
    assert "已有一件“延期”申请待审批" in client.get(path_of("lihe-head", NUMBER)).text
    assert "已有一件“延期”申请待审批" not in client.get(path_of("lihe-liaison", NUMBER)).text


def test_a_reporter_sees_how_far_it_is_and_nothing_of_the_citys_inside(
    client: TestClient, receipt: str, path_of: Callable[..., str]
) -> None:
    page = client.get(path_of(receipt, receipt, Purpose.REPORT)).text
    for said in (receipt, "您反映的问题", "正在处理", "暴露垃圾", "梨河镇", "派遣 · 梨河镇"):
        assert said in page
    for inside in ("墙角仍有残留", "需调度清运车", "信息采集员甲", "梨河镇值班员甲", "时限", NUMBER):
        assert inside not in page


@pytest.mark.parametrize("recipient", ["lihe-liaison", "acceptor-a", "leader"])
def test_no_page_holds_the_reporters_name_or_phone(
    client: TestClient, receipt: str, path_of: Callable[..., str], recipient: str
) -> None:
    for path in (path_of(recipient, NUMBER), path_of(receipt, receipt, Purpose.REPORT), "/", "/demo/inbox"):
        page = client.get(path).text
        assert NAME not in page
        assert PHONE not in page
        assert "reporter_id" not in page


def test_before_filing_the_receipt_number_names_the_case(
    client: TestClient, sqlite_engine: Engine, city: City, path_of: Callable[..., str]
) -> None:
    (name,) = reports_taken_in(sqlite_engine, city, 1, at(MONDAY + "09:50"), source="citizen")
    answer = client.get(path_of("acceptor-a", name))
    assert answer.status_code == 200
    assert "尚未派遣" in answer.text


def test_an_overdue_case_and_a_closed_one_say_so(
    client_at: Callable[[datetime], TestClient],
    sqlite_engine: Engine,
    city: City,
    receipt: str,
    path_of: Callable[..., str],
) -> None:
    path = path_of("lihe-liaison", NUMBER)
    assert "已超" in client_at(at(MONDAY + "16:00")).get(path).text
    for when, action, post, facts in (
        ("16:10", "report_handled", "lihe-liaison", {}),
        ("16:20", "order_check", "acceptor-a", {"inspector": "inspector-a"}),
        ("16:30", "check", "inspector-a", {"result": "passed"}),
        ("16:40", "close", "shift-leader", {}),
    ):
        acts(sqlite_engine, city, [NUMBER], action, post, at(MONDAY + when), **facts)
        move_cases(sqlite_engine, now=at(MONDAY + when))
    page = client_at(at(MONDAY + "17:00")).get(path).text
    assert "已结案" in page
    assert "超期处置" in page
    assert "还剩" not in page


def test_the_page_speaks_english_when_asked(client: TestClient, receipt: str, path_of: Callable[..., str]) -> None:
    page = client.get(path_of("lihe-liaison", NUMBER) + "?lang=en").text
    for said in ('lang="en"', "being handled", "2 h 50 min", "counted in working time", "extension"):
        assert said in page


def bad_links(path_of: Callable[..., str]) -> dict[str, str]:
    good = path_of("lihe-liaison", NUMBER)
    return {
        "nonsense": "/c/nonsense",
        "altered": good[:-2] + ("AA" if good[-2:] != "AA" else "BB"),
        "no such case": path_of("lihe-liaison", "E0101201905069999"),
        "no such post": path_of("nobody", NUMBER),
        "a post's link to a report": path_of("lihe-liaison", "R-unknown", Purpose.REPORT),
        "too long": "/c/" + "A" * 5000,
    }


def test_links_that_open_nothing_all_look_the_same_whether_a_case_exists_or_not(
    client: TestClient, receipt: str, path_of: Callable[..., str]
) -> None:
    answers = {name: client.get(path) for name, path in bad_links(path_of).items()}
    assert {answer.status_code for answer in answers.values()} == {403}
    assert len({answer.text for answer in answers.values()}) == 1
    assert "这个链接无效" in answers["nonsense"].text
    assert "请向指挥中心索取新的链接" in answers["nonsense"].text


def test_an_expired_link_says_so_and_how_to_get_a_new_one(
    client_at: Callable[[datetime], TestClient], receipt: str, path_of: Callable[..., str]
) -> None:
    late = client_at(at("2019-05-06 09:00") + timedelta(days=30, seconds=1))
    for path in (path_of("lihe-liaison", NUMBER), path_of("lihe-liaison", "E0101201905069999")):
        answer = late.get(path)
        assert answer.status_code == 410
        assert "这个链接已过期" in answer.text
        assert "请向指挥中心索取新的链接" in answer.text
        assert "暴露垃圾" not in answer.text


def test_a_post_that_has_ended_reads_no_more(
    client: TestClient, sqlite_engine: Engine, receipt: str, path_of: Callable[..., str]
) -> None:
    path = path_of("lihe-crew", NUMBER)
    assert client.get(path).status_code == 200
    ended = changed(
        "posts.csv",
        "lihe-crew,梨河镇处置队甲,lihe,specialized_department,,,,",
        "lihe-crew,梨河镇处置队甲,lihe,specialized_department,,,,2019-05-01",
    )
    with transaction(sqlite_engine) as connection:
        load_city(connection, DirectoryFiles(ended), at(MONDAY + "09:59"), "admin")
    assert client.get(path).status_code == 403


def test_reading_a_page_changes_nothing_and_nothing_can_be_posted_to_it(
    client: TestClient, receipt: str, path_of: Callable[..., str]
) -> None:
    path = path_of("lihe-liaison", NUMBER)
    first, second = (re.sub(r'name="(key|proof)" value="[^"]*"', "", client.get(path).text) for _ in range(2))
    assert first == second
    assert client.post(path).status_code == 405


def test_an_extended_limit_says_how_much_it_is_in_all(
    client: TestClient, sqlite_engine: Engine, city: City, receipt: str, path_of: Callable[..., str]
) -> None:
    decided = {"kind": "extension", "verdict": "granted"}
    acts(sqlite_engine, city, [NUMBER], "decide", "dispatcher", at(MONDAY + "09:40"), **decided)
    move_cases(sqlite_engine, now=at(MONDAY + "09:40"))
    page = client.get(path_of("lihe-liaison", NUMBER)).text
    assert "时限 4工作时 · 延期后共 8小时" in page
    assert "6小时50分" in page
    assert "派遣员甲 · 已批准" in page


def test_the_button_acknowledges_what_the_reader_was_told_and_the_page_says_who_said_so(
    client: TestClient, sqlite_engine: Engine, receipt: str, path_of: Callable[..., str]
) -> None:
    rework = told_of_the_rework(sqlite_engine)
    path = path_of("lihe-liaison", NUMBER)
    assert "收到</button>" in client.get(path).text
    assert notice(sqlite_engine, rework)["state"] == "sent", "opening a page acknowledges nothing"
    assert client.post(f"{path}/received").status_code == 403, "no page of ours drew this form"
    assert notice(sqlite_engine, rework)["state"] == "sent"
    proof = proof_of(client.get(path).text)
    first = client.post(f"{path}/received", data=proof, follow_redirects=False)
    assert (first.status_code, first.headers["location"]) == (303, path)
    row = notice(sqlite_engine, rework)
    assert (row["acknowledged_by"], row["acknowledged_how"]) == ("lihe-liaison", "page")
    again = client.post(f"{path}/received?lang=en", data=proof)
    assert "Acknowledged by 梨河镇值班员甲" in again.text
    assert "Received</button>" not in again.text
    assert notice(sqlite_engine, rework)["acknowledged_at"] == row["acknowledged_at"]


def test_only_a_link_to_the_case_acknowledges(
    client: TestClient, sqlite_engine: Engine, receipt: str, path_of: Callable[..., str]
) -> None:
    rework = told_of_the_rework(sqlite_engine)
    for path in bad_links(path_of).values():
        assert client.post(f"{path}/received").status_code == 403
    assert client.post(f"{path_of(receipt, receipt, Purpose.REPORT)}/received").status_code == 403
    head = path_of("lihe-head", NUMBER)
    assert client.post(f"{head}/received", data=proof_of(client.get(head).text)).status_code == 200
    assert notice(sqlite_engine, rework)["state"] == "sent"


def told_of_the_rework(engine: Engine) -> int:
    """The message about the failed check, as sent to the liaison at 09:30."""
    (row,) = notices_of_kind(engine, "rework")
    with transaction(engine) as connection:
        values = {"state": "sent", "settled_at": at(MONDAY + "09:30")}
        connection.execute(update(NOTICES).where(NOTICES.c.id == row["id"]).values(values))
    return int(row["id"])


def test_a_citys_rule_is_called_by_its_title_and_one_of_the_lifecycle_by_what_it_does(
    client_at: Callable[[datetime], TestClient], sqlite_engine: Engine, path_of: Callable[..., str]
) -> None:
    titled = changed("policy.yaml", "straight_through\n", "straight_through\n    title: 可信来源要素齐全自动办理\n")
    city = a_loaded_city(sqlite_engine, titled)
    (name,) = reports_taken_in(sqlite_engine, city, 1, at(MONDAY + "08:00"))
    move_cases(sqlite_engine, now=at(MONDAY + "08:00"))
    move_cases(sqlite_engine, now=at("2019-05-14 08:00"))
    page = client_at(at("2019-05-14 09:00")).get(path_of("lihe-liaison", name)).text
    assert "系统规则 可信来源要素齐全自动办理" in page
    assert "straight_through" not in page
    assert "系统规则 已超期" in page
    assert "处置超期" in page, "the reason a rule gives is said in words too"
    assert "ladder." not in page
