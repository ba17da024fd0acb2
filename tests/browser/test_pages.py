"""Every page beside the story, looked at by a real browser: in both languages, on a phone and on a screen."""

from collections.abc import Callable

import pytest

from desk.session_cookie import PLAIN
from tasks.database import transaction
from tasks.desk_sessions import open_session
from tasks.lifecycle import move_cases
from tasks.links import Link, Purpose, path_of
from tests.browser.conftest import CityAtWork
from tests.browser.visits import DESK, PHONE, WALL, Visits
from tests.stored_cases import reports_taken_in

Open = Callable[..., Visits]

AREA = "410184001001001"


@pytest.fixture
def some_cases(city_at_work: CityAtWork) -> list[str]:
    """A morning's reports: some are on their way, some wait for a seat, some are late."""
    work = city_at_work
    work.later(hours=-6)
    names = reports_taken_in(work.engine, work.city, 6, work.now, area=AREA)
    move_cases(work.engine, now=work.now)
    work.later(hours=6)
    names += reports_taken_in(work.engine, work.city, 3, work.now, source="hotline_12345", area=AREA)
    work.wake(work.now)
    return names


def link(work: CityAtWork, post: str, purpose: Purpose, subject: str) -> str:
    """The path behind a link."""
    return path_of(work.settings.secret_key("link"), Link(post, purpose, subject), work.now)


def sign_in(work: CityAtWork, person: Visits) -> None:
    """A shift without the way through the messages, which the story goes."""
    with transaction(work.engine) as connection:
        cookie = open_session(connection, work.settings.secret_key("link"), work.city, person.post, work.now, 8)
    person.page.context.add_cookies([{"name": PLAIN, "value": cookie, "url": work.url}])


@pytest.mark.parametrize(("language", "screen"), [("zh", PHONE), ("en", DESK)], ids=["zh-phone", "en-desk"])
def test_open_pages_are_sound(
    city_at_work: CityAtWork, visits: Open, some_cases: list[str], language: str, screen: dict[str, int]
) -> None:
    work, anybody = city_at_work, visits(screen=screen, language="zh-CN" if language == "zh" else "en-GB")
    for address, picture in (
        ("/", "start"),
        ("/report?find=井盖", ""),
        ("/docs", "api"),
        ("/demo/inbox", "desk-inbox"),
    ):
        anybody.goes(address)
        anybody.examines(picture if language == "zh" else "", refreshes=address == "/demo/inbox")
    for address in ("/c/nonsense", "/no/such/page", "/seat", "/audit"):
        anybody.goes(address, status=range(400, 500))
        anybody.examines()
    anybody.goes(link(work, "inspector-xinjianlu-1", Purpose.MINE, "inspector-xinjianlu-1"))
    anybody.examines()


@pytest.mark.parametrize(("language", "screen"), [("zh", WALL), ("en", PHONE)], ids=["zh-screen", "en-phone"])
def test_the_wall_is_sound(
    city_at_work: CityAtWork, visits: Open, some_cases: list[str], language: str, screen: dict[str, int]
) -> None:
    wall = visits(screen=screen, language="zh-CN" if language == "zh" else "en-GB")
    wall.goes(link(city_at_work, "shift-leader-1", Purpose.WALL, "wall"))
    wall.examines("wall" if language == "zh" else "", refreshes=True)


@pytest.mark.parametrize("screen", [PHONE, DESK], ids=["phone", "desk"])
def test_the_auditors_and_the_administrators_pages_are_sound(
    city_at_work: CityAtWork, visits: Open, some_cases: list[str], screen: dict[str, int]
) -> None:
    wide = screen is DESK
    auditor, administrator = visits("auditor", screen=screen), visits("admin-1", screen=screen)
    for person in (auditor, administrator):
        sign_in(city_at_work, person)
    for address, picture in (
        ("/audit", "audit-search"),
        (f"/audit/case/{some_cases[0]}", "audit-case"),
        ("/audit/records", ""),
    ):
        auditor.goes(address)
        auditor.examines(picture if wide else "")
    for address, picture in (("/admin", "admin"), ("/admin/post/xinjianlu-liaison", "admin-post")):
        administrator.goes(address)
        for folded in administrator.page.locator("details > summary").all():
            folded.click()
        administrator.examines(picture if wide else "")


def test_long_names_and_long_texts_fit_on_a_phone(city_at_work: CityAtWork, visits: Open) -> None:
    """Also words without any place to break."""
    work = city_at_work
    long = "新郑市城市综合执法与市政设施养护管理联合指挥调度服务中心" + "W" * 80
    (name,) = reports_taken_in(work.engine, work.city, 1, work.now, area=AREA, place=long, description=long * 20)
    work.wake(work.now)
    reader = visits("shift-leader-1")
    reader.goes(link(work, reader.post, Purpose.CASE, name))
    reader.examines()
