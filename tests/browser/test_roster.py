"""The roster page in a real browser: a swap is asked, answered and approved by three people with a few taps each."""

from collections.abc import Callable
from datetime import date

from models.flood_event import Recording
from models.refusal import Refusal
from tasks.database import reading, transaction
from tasks.links import Link, Purpose, path_of
from tasks.roster_reading import published_of
from tasks.rosters import Wish, propose_roster, publish_roster
from tests.browser.conftest import CityAtWork
from tests.browser.visits import DESK, Visits

Open = Callable[..., Visits]

HEAD, ME = "flood-office-head", "flood-officer-1"


def a_season(work: CityAtWork) -> None:
    """The rest of the season in force."""
    recording = Recording(work.now, "command", work.city.edition)
    found = propose_roster(work.engine, work.city, Wish(date(2026, 5, 21), date(2026, 9, 30), HEAD), recording)
    if isinstance(found, Refusal):
        raise AssertionError(found)
    with transaction(work.engine) as connection:
        publish_roster(connection, work.city, found.roster.code, HEAD, recording)


def roster_of(work: CityAtWork, post: str) -> str:
    """The roster behind a post's duty link."""
    return path_of(work.settings.secret_key("link"), Link(post, Purpose.DUTY, post), work.now) + "/roster"


def test_a_swap_goes_from_phone_to_phone_and_the_page_is_sound_also_in_english_and_without_a_shift(
    city_at_work: CityAtWork, visits: Open
) -> None:
    work = city_at_work
    a_season(work)
    me = visits(ME)
    me.goes(roster_of(work, ME))
    me.examines("roster-phone")
    me.follows(me.page.get_by_role("link", name="换班或替班").nth(1))
    me.examines("roster-change")
    chosen = me.page.locator("#swap-taken option").nth(1)
    theirs, label = str(chosen.get_attribute("value")), chosen.inner_text()
    me.page.select_option("#swap-taken", theirs)
    me.page.fill("#swap-reason", "参加培训")
    me.follows(me.page.locator("form:has(#swap-taken) button"))
    assert "已提交，等待对方同意" in me.text()
    name = label.rpartition("· ")[2]
    other = next(code for code, post in work.city.posts.items() if post.name.endswith(name) and "officer" in code)
    them = visits(other)
    them.goes(roster_of(work, other))
    them.examines()
    them.presses("同意接班")
    head = visits(HEAD, DESK)
    head.goes(roster_of(work, HEAD))
    head.examines("roster-desk")
    assert "已批准" in head.presses("批准")
    with reading(work.engine) as connection:
        mine = published_of(connection, work.city, ME, work.now, work.now.replace(year=2027))
    assert theirs in [place.reference for place in mine]
    english = visits(HEAD, DESK, "en-GB")
    assert "No shift of yours in the coming weeks" in english.goes(roster_of(work, HEAD))
    english.examines()
