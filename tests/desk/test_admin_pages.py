"""An administrator changes contact points, deputies and leave at once, revokes at once; each once, and on record."""

import json
import re
from datetime import timedelta

import pytest
from httpx import Response
from sqlalchemy import Engine, select

from models.city import City
from tasks.city_edition import current_city
from tasks.database import reading
from tasks.desk_records import RECORDS
from tasks.revocation import REVOCATIONS
from tasks.settings import Settings
from tests.desk.conftest import NOW
from tests.desk.phone import text_of
from tests.desk.signed_in import Signed
from tests.stored_cases import rows_of

PAGE = "/admin/post/lihe-head"


@pytest.fixture
def browser(sqlite_engine: Engine, settings: Settings, city: City) -> Signed:
    found = Signed(sqlite_engine, settings)
    found.signs_in("admin")
    return found


def hidden(browser: Signed, path: str = PAGE) -> dict[str, str]:
    """What the page of a post puts into its forms."""
    page = browser.client.get(path).text
    names = ("key", "proof", "edition", "post")
    return {name: re.search(rf'name="{name}" value="([^"]+)"', page)[1] for name in names}  # type: ignore[index]


def sends(browser: Signed, path: str, fields: dict[str, str] | None = None, **more: str) -> Response:
    answer: Response = browser.client.post(path, data=(fields or hidden(browser)) | more)
    return answer


def now_in_force(browser: Signed) -> City:
    with reading(browser.engine) as connection:
        return current_city(connection)


def kinds(browser: Signed) -> list[str]:
    return [row.kind for row in rows_of(browser.engine, select(RECORDS).order_by(RECORDS.c.id))]


def test_an_administrator_lands_on_the_posts_and_finds_one(browser: Signed) -> None:
    assert "系统管理" in text_of(browser.client.get("/admin").text)
    page = browser.client.get("/admin?q=梨河镇负责&role=unit_head").text
    assert re.findall(r'href="(/admin/post/[^"]+)"', page) == [PAGE]
    assert "没有符合条件的岗位" in browser.client.get("/admin?q=' OR 1=1").text
    assert browser.client.get("/admin/post/nobody").status_code == 404


def test_a_contact_point_is_added_replaced_and_removed_at_once(browser: Signed) -> None:
    added = sends(browser, "/admin/contact", order="", channel="sms", address="env:HEAD_13800001234")
    assert (added.status_code, added.headers["location"]) == (303, f"{PAGE}?said=changed")
    page = browser.client.get(added.headers["location"]).text
    assert "已保存，立即生效" in page
    assert "env:HEAD_138****1234" in page
    assert "13800001234" not in page
    assert [p.channel for p in now_in_force(browser).contacts_of("lihe-head")] == ["demo", "sms"]
    assert sends(browser, "/admin/contact", order="2", channel="email", address="env:HEAD").status_code == 303
    assert [p.channel for p in now_in_force(browser).contacts_of("lihe-head")] == ["demo", "email"]
    assert sends(browser, "/admin/contact", order="2", do="remove").status_code == 303
    assert len(now_in_force(browser).contacts_of("lihe-head")) == 1
    assert kinds(browser) == ["directory_changed"] * 3
    assert "联系方式 · 移除" in text_of(browser.client.get("/admin").text)


def test_the_deputy_and_the_leave_are_changed_at_once(browser: Signed) -> None:
    details = {"name": "梨河镇负责人", "deputy": "梨河镇值班员甲", "valid_from": "", "valid_until": "2030-01-01"}
    assert sends(browser, "/admin/details", hidden(browser) | details).status_code == 303
    post = now_in_force(browser).posts["lihe-head"]
    assert (post.deputy, str(post.valid_until)) == ("lihe-liaison", "2030-01-01")
    assert sends(browser, "/admin/leave", first="2019-05-06", last="2019-05-08").status_code == 303
    assert now_in_force(browser).leave_of("lihe-head")[0].covers(NOW.date())
    assert "请假中" in browser.client.get(PAGE).text
    assert sends(browser, "/admin/leave", first="2019-05-06", do="remove").status_code == 303
    assert now_in_force(browser).leave_of("lihe-head") == ()


REFUSED = [
    ("/admin/contact", {"order": "1", "channel": "sms", "address": "13800001234"}, "地址只能写引用"),
    ("/admin/contact", {"order": "1", "channel": "sms", "address": "<script>"}, "地址只能写引用"),
    ("/admin/contact", {"order": "1", "do": "remove"}, "每个岗位至少要有一个联系方式"),
    ("/admin/details", {"name": "x", "deputy": "nobody"}, "代班岗位不存在"),
    ("/admin/details", {"name": "x" * 201, "deputy": ""}, "填写的内容太长"),
    ("/admin/leave", {"first": "2019-05-09", "last": "2019-05-08"}, "请假的结束日期有误"),
    ("/admin/revoke", {"reason": " "}, "请填写作废的理由"),
    ("/admin/test", {"order": "7"}, "没有这个联系方式"),
]


def test_what_the_city_s_checks_refuse_is_said_and_changes_nothing(browser: Signed) -> None:
    before, form = now_in_force(browser).edition, hidden(browser)
    for path, fields, says in REFUSED:
        answer = sends(browser, path, form | fields)
        assert (path, answer.status_code) == (path, 422)
        assert says in text_of(answer.text)
        assert "13800001234" not in answer.text
        assert "<script>" not in answer.text
    assert (now_in_force(browser).edition, kinds(browser)) == (before, [])


def test_the_second_of_two_administrators_sees_what_is_new_and_is_asked_again(browser: Signed) -> None:
    late = hidden(browser)
    sends(browser, "/admin/details", name="梨河镇新负责人", deputy="")
    answer = sends(browser, "/admin/details", late, name="梨河镇老负责人", deputy="")
    assert answer.status_code == 409
    assert "刚被他人修改" in text_of(answer.text)
    assert 'value="梨河镇新负责人"' in answer.text
    assert "老负责人" not in answer.text


def test_a_form_acts_once(browser: Signed) -> None:
    form = hidden(browser)
    first = [sends(browser, "/admin/revoke", form, reason="手机遗失 13800001234") for _ in range(2)]
    assert [answer.headers["location"].split("=")[1] for answer in first] == ["revoked", "already"]
    (revoked,) = rows_of(browser.engine, select(REVOCATIONS))
    assert (revoked.post, revoked.by, revoked.reason) == ("lihe-head", "admin", "手机遗失 ●●●")
    assert kinds(browser) == ["access_revoked"]
    assert "手机遗失" in browser.client.get("/admin").text


def test_a_revoked_link_opens_nothing_any_more(browser: Signed) -> None:
    link = browser.link("lihe-head")
    assert browser.client.get(link).status_code == 200
    sends(browser, "/admin/revoke", reason="离岗")
    browser.now = NOW + timedelta(minutes=1)
    assert browser.client.get(link).status_code == 403
    assert browser.client.get("/admin").status_code == 200


def test_a_test_message_that_is_not_handed_over_is_said_and_on_record(browser: Signed) -> None:
    answer = sends(browser, "/admin/test", hidden(browser, "/admin/post/lihe-liaison"), order="1")
    assert answer.status_code == 422
    assert "测试消息没有送出" in text_of(answer.text)
    (record,) = rows_of(browser.engine, select(RECORDS))
    assert (record.kind, json.loads(record.facts)) == ("contact_tested", {"order": 1, "channel": "dingtalk"})


def test_whoever_is_no_administrator_and_what_is_no_form_of_ours_change_nothing(browser: Signed) -> None:
    mine, form = browser.client, hidden(browser)
    fields = {"order": "1", "do": "remove", "first": "2019-05-06", "reason": "x", "name": "x"}
    unproved = {"post": "lihe-head", "edition": form["edition"]}
    browser.client = browser.another()
    browser.signs_in("auditor")
    for path in ("/admin/details", "/admin/contact", "/admin/leave", "/admin/revoke", "/admin/test"):
        answers = (
            browser.another().post(path, data=form | fields),
            browser.client.post(path, data=form | fields),
            mine.post(path, data=unproved | fields),
            mine.post(path, data=form | fields, headers={"sec-fetch-site": "cross-site"}),
            mine.post(path, data=form | fields | {"post": "nobody"}),
        )
        assert [answer.status_code for answer in answers] == [401] * 5
        assert len({answer.content for answer in answers}) == 1
    assert kinds(browser) == []


def test_the_pages_read_in_english_too(browser: Signed) -> None:
    assert "Posts and contact points" in browser.client.get("/admin?lang=en").text
    page = browser.client.get(f"{PAGE}?lang=en&said=changed").text
    assert "Saved, and in force at once." in page
    assert "Saved" not in browser.client.get(f"{PAGE}?lang=en&said=hacked").text
