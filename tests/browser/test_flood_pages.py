"""Consultation, incident, overview and daily report, looked at by a real browser on a phone."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import insert

from models.flood_event import Recording
from tasks.consultations import open_consultations
from tasks.database import transaction
from tasks.links import Link, Purpose, path_of
from tasks.response_rows import WARNINGS
from tests.browser.conftest import CityAtWork
from tests.browser.visits import DESK, Visits


def link(work: CityAtWork, post: str, subject: str) -> str:
    return path_of(work.settings.secret_key("link"), Link(post, Purpose.FLOOD, subject), work.now)


def warned(work: CityAtWork) -> str:
    """An orange warning for the whole city has called a consultation; its number."""
    values = {"number": "YJ20260520-001", "drill": False, "hazard": "flood", "source": "signal", "severity": "orange"}
    values |= {"subject": "signal:1", "area": "410184", "evidence": "{}", "end_evidence": ""}
    with transaction(work.engine) as connection:
        connection.execute(insert(WARNINGS).values(**values, raised_at=work.now, recorded_at=work.now))
        return open_consultations(connection, work.city, work.now, Recording(work.now, "flow")).opened[0]


def test_the_pages_of_the_response_are_sound_and_decide_and_report(
    city_at_work: CityAtWork, visits: Callable[..., Visits]
) -> None:
    work, number = city_at_work, warned(city_at_work)
    leader = visits("government-leader-2")
    assert "建议 Ⅲ级" in leader.goes(link(work, "government-leader-2", number))
    leader.examines("desk-consultation")
    assert "启动Ⅲ级响应" in leader.presses("签发生效")
    leader.examines()

    unit = visits("emergency-liaison")
    assert "应急队伍集结待命" in unit.goes(link(work, "emergency-liaison", number))
    assert "已确认" in unit.presses("确认收到")
    unit.examines()

    office = visits("flood-office-liaison")
    office.goes(link(work, "flood-office-liaison", "overview"))
    office.page.locator("summary", has_text="报告险情灾情").click()
    office.page.get_by_label("险情灾情种类").fill("堤防管涌")
    office.page.get_by_label("地点").fill("双洎河右岸")
    form = office.page.locator("form[action*='/incident']")
    form.get_by_label("区域").select_option("410184104")
    form.get_by_label("转移").fill("120")
    office.follows(form.get_by_role("button", name="报送"))
    office.examines("desk-flood-overview")
    office.follows(office.page.get_by_role("link", name="堤防管涌"))
    office.examines()
    work.now += timedelta(minutes=5)
    office.goes(link(work, "flood-office-liaison", "overview"))
    assert "堤防管涌" in office.goes(link(work, "flood-office-liaison", "overview") + "/daily?at=2026-05-20T09:05")
    office.examines()

    english = visits("auditor", screen=DESK, language="en-GB")
    for subject in (number, "overview"):
        english.goes(link(work, "auditor", subject))
        english.examines()
