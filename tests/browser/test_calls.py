"""The pages of a call in a real browser: the big button on a phone, the board on a phone and on the wall."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import update

from models.call import How
from tasks.call_figures import ATTEMPTS
from tasks.database import transaction
from tasks.links import Link, Purpose, path_of
from tests.browser.conftest import CityAtWork
from tests.browser.visits import PHONE, WALL, Visits
from tests.call_cities import Callers

Open = Callable[..., Visits]

MINUTE = timedelta(minutes=1)


def called(work: CityAtWork, *, drill: bool = False) -> str:
    """A call of the whole model city, six minutes old: some have answered, one chain is silent to its end."""
    town = Callers(work.engine, work.city)
    number = town.started("410184", work.now, drill=drill, reason="强降雨，河道和水库水位快速上涨")
    work.send(0)
    with transaction(work.engine) as connection:  # Attempts are stamped with the real time, which is another one here.
        connection.execute(update(ATTEMPTS).values(started_at=work.now + timedelta(seconds=2)))
    quick = ("reservoir-a-administrative", "reservoir-a-technical", "reservoir-c-patrol", "reservoir-c-technical")
    for post in (*quick, "reservoir-c-administrative"):
        town.answers(number, post, work.now + MINUTE)
    town.answers(number, "reservoir-a-patrol", work.now + 4 * MINUTE, How.VOICE, "flood-officer-3")
    town.climbs(work.now + 5 * MINUTE)
    work.later(minutes=6)
    return number


def link(work: CityAtWork, post: str, number: str) -> str:
    """The path behind a link."""
    return path_of(work.settings.secret_key("link"), Link(post, Purpose.FLOOD, number), work.now)


def test_whoever_is_called_presses_one_button_and_the_board_shows_who_does_not_answer(
    city_at_work: CityAtWork, visits: Open
) -> None:
    work, call = city_at_work, called(city_at_work)
    person = visits("reservoir-b-patrol")
    assert "演练" not in person.goes(link(work, "reservoir-b-patrol", call))
    person.examines("calls-person")
    for screen, picture in ((WALL, "calls-board"), (PHONE, "")):
        officer = visits("flood-officer-1", screen=screen)
        said = officer.goes(link(work, "flood-officer-1", call))
        for words in ("叫应看板", "乙水库", "全链叫不应", "电话已接通"):
            assert words in said
        officer.examines(picture, refreshes=True)
    officer.page.get_by_role("button", name="电话已接通 乙水库技术责任人").click()
    assert "乙水库技术责任人（占位）: " in officer.text()
    person.page.get_by_role("button", name="收到，已到岗").click()
    assert "已应答" in person.text()
    person.examines("")


def test_a_drill_says_so_to_whoever_is_called_and_on_the_board(city_at_work: CityAtWork, visits: Open) -> None:
    work, call = city_at_work, called(city_at_work, drill=True)
    assert "演练" in visits("reservoir-b-patrol").goes(link(work, "reservoir-b-patrol", call))
    officer = visits("flood-officer-1", screen=WALL)
    assert "演练" in officer.goes(link(work, "flood-officer-1", call))
    officer.examines("calls-drill", refreshes=True)
