"""A person's own duty and the log of a day, looked at by a real browser on a phone and on a screen."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tasks.database import reading, transaction
from tasks.duty_handover import confirm_handover
from tasks.duty_log import LogWords, write_log_entry
from tasks.duty_shift import hand_over_shifts
from tasks.duty_sign_in import sign_in
from tasks.handovers import HANDOVERS, handovers_where
from tasks.links import Link, Purpose, path_of
from tests.browser.conftest import CityAtWork
from tests.browser.visits import DESK, Visits
from tests.duty_rows import FIRST, SECOND, acting, by_rule, write_shifts
from tests.flood_cities import OFFICERS

Open = Callable[..., Visits]

ENTRY, LEFT_OVER = "接新村镇电话：机场路涵洞积水约40厘米", "涵洞仍封闭，抢险队每小时来电"


@pytest.fixture
def handed_over(city_at_work: CityAtWork) -> CityAtWork:
    """The morning after a shift: its officer has confirmed, the next one has signed in and reads."""
    work = city_at_work
    start = work.now.replace(hour=8, minute=0) - timedelta(days=1)
    first, second = write_shifts(work.engine, start)
    hand_over_shifts(work.engine, work.city, by_rule(start, work.city))
    later = acting(work.city, OFFICERS[0], start + timedelta(hours=5))
    words = LogWords(ENTRY, "新村镇", "转市政抢险队，40分钟到场", rain="1小时32毫米")
    with transaction(work.engine) as connection:
        sign_in(connection, acting(work.city, FIRST["officer"], start), first, "officer")
        write_log_entry(connection, later, words, "one")
    hand_over_shifts(work.engine, work.city, by_rule(start + timedelta(days=1), work.city))
    morning = start + timedelta(days=1, minutes=3)
    with transaction(work.engine) as connection:
        confirm_handover(connection, acting(work.city, OFFICERS[0], morning), first, LEFT_OVER)
        sign_in(connection, acting(work.city, SECOND["officer"], morning), second, "officer")
    return work


def test_the_duty_room_is_taken_over_with_one_tap_and_its_pages_are_sound(
    handed_over: CityAtWork, visits: Open
) -> None:
    work, officer = handed_over, visits()
    link = Link(OFFICERS[1], Purpose.DUTY, OFFICERS[1])
    path = path_of(work.settings.secret_key("link"), link, work.now)
    english = visits(screen=DESK, language="en-GB")
    assert "Asked of you now 1" in english.goes(path)
    english.examines()
    page = officer.goes(path)
    assert "现在请您办理 1" in page
    assert LEFT_OVER in page, "what is left over stands before the button that takes it over"
    officer.examines("duty-page")
    log = officer.goes(f"{path}/log/{work.now - timedelta(days=1):%Y-%m-%d}")
    assert all(said in log for said in ("13:00", ENTRY, "1小时32毫米"))
    officer.examines("duty-log")
    officer.goes(path)
    page = officer.presses("接班")
    assert "现在请您办理 1" not in page
    assert "现在没有要您办理的事" in page
    officer.examines()
    assert "Nothing is asked of you now" in english.goes(path)
    with reading(work.engine) as connection:
        (handover,) = handovers_where(connection, work.city, HANDOVERS.c.accepted_at.is_not(None), 2)
    assert handover.accepted_by == OFFICERS[1]
