"""The roster behind a duty link: mine first, the month, and every form acts once and says what became of it."""

import re
from datetime import datetime

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import Engine, func, select

from desk.app import create_app
from models.city import City
from tasks.database import reading
from tasks.links import Link, Purpose, sign_link
from tasks.message_settings import MessageSettings
from tasks.roster_change_rows import CHANGES
from tasks.settings import Settings
from tests.desk.conftest import QuietEngine
from tests.desk.phone import proof_of, text_of
from tests.rosters import FOUR_WEEKS, flood_city_in, in_force, place_at, published
from tests.stored_cases import at, rows_of

NOW = at("2021-07-05 10:00")  # A Monday


class Room:
    """A desk over four published weeks, and everybody's phone."""

    def __init__(self, engine: Engine, settings: Settings, now: datetime = NOW) -> None:
        self.engine, self.settings, self.now = engine, settings, now
        self.city: City = flood_city_in(engine)
        published(engine, self.city, *FOUR_WEEKS)
        app = create_app(settings, engine, MessageSettings(), lambda: self.now, lambda _: QuietEngine())
        self.client = TestClient(app, raise_server_exceptions=False, follow_redirects=False)

    def path(self, post: str, purpose: Purpose = Purpose.DUTY) -> str:
        link = Link(post, purpose, post)
        return f"/duty/{sign_link(self.settings.secret_key('link'), link, NOW)}/roster"

    def page(self, post: str, query: str = "") -> str:
        answer = self.client.get(self.path(post) + query)
        assert answer.status_code == 200
        return str(answer.text)

    def sends(self, post: str, what: str, query: str = "", **fields: str) -> Response:
        """Opens the page and sends one of its forms."""
        proof = proof_of(self.page(post, query))
        answer: Response = self.client.post(f"{self.path(post)}/{what}", data=proof | fields)
        return answer

    def chosen(self, post: str) -> tuple[str, list[str], list[str]]:
        """The first shift of a post that can be given away, who may take it, and what it may be swapped for."""
        for reference in re.findall(r"\?shift=([^\"&#]+)", self.page(post)):
            page = self.page(post, f"?shift={reference}")
            substitutes, swaps = (
                re.findall(r'option value="([^"]+)"', found)
                for found in re.findall(r"<select[^>]*(?:sub-to|swap-taken).*?</select>", page, re.DOTALL)
            )
            if substitutes and swaps:
                return reference.replace("%3A", ":").replace("%2F", "/"), substitutes, swaps
        raise AssertionError(f"{post} has no shift to give away")


@pytest.fixture
def room(sqlite_engine: Engine, settings: Settings) -> Room:
    return Room(sqlite_engine, settings)


def changes(room: Room) -> int:
    return int(rows_of(room.engine, select(func.count()).select_from(CHANGES))[0][0])


def test_my_shifts_stand_first_with_who_is_beside_me_then_the_month(room: Room) -> None:
    page = room.page("flood-officer-1")
    text = text_of(page)
    assert text.index("我的班次") < text.index("本月值班表 2021-07")
    mine = [code for (code, place), post in in_force(room.engine, room.city).items() if post == "flood-officer-1"]
    ahead = [code for code in mine if code >= "2021-07-05"]
    assert len(re.findall(r'<p class="when">', page)) == len(ahead)
    assert page.count('class="me"') == len(mine)
    assert "同班 带班领导" in text
    assert len(re.findall(r'<th scope="row">', page)) == 28


def test_another_month_is_a_link_away_and_an_empty_one_says_so(room: Room) -> None:
    assert "这个月没有已发布的班次" in text_of(room.page("flood-officer-1", "?month=2021-08"))
    for nonsense in ("2021-13", "soon", "9999-12", "0001-01"):
        assert "本月值班表 2021-07" in text_of(room.page("flood-officer-1", f"?month={nonsense}"))
    assert "Duty roster" in text_of(room.page("flood-officer-1", "?lang=en"))


def test_a_substitution_goes_from_asking_to_the_changed_roster(room: Room) -> None:
    me = str(place_at(room.engine, room.city, "2021-07-12T08:00").post)
    reference, substitutes, _ = room.chosen(me)
    other, shift = substitutes[0], reference.partition("/")[0]
    answer = room.sends(me, "ask", f"?shift={reference}", form="substitution", given=reference, to=other, reason="看病")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{room.path(me)}?said=asked")
    assert "已提交，等待对方同意" in text_of(room.page(me, "?said=asked"))
    assert "待我答复 1" in text_of(room.page(other))
    (code,) = [row.code for row in rows_of(room.engine, select(CHANGES))]
    assert room.sends(other, "answer", change=code, do="agree").headers["location"].endswith("said=agree")
    assert "待我答复" not in text_of(room.page(other)).split("我的班次")[0]
    assert room.sends("centre-head", "answer", change=code, do="grant", words="同意").status_code == 303
    assert place_at(room.engine, room.city, shift).post == other
    assert "已批准" in text_of(room.page(me))


def test_a_swap_lists_only_what_breaks_no_rule_and_moves_both(room: Room) -> None:
    me = str(place_at(room.engine, room.city, "2021-07-12T08:00").post)
    reference, _, swaps = room.chosen(me)
    theirs = swaps[0]
    other = str(place_at(room.engine, room.city, theirs.partition("/")[0]).post)
    room.sends(me, "ask", f"?shift={reference}", form="swap", given=reference, taken=theirs, reason="看病")
    (code,) = [row.code for row in rows_of(room.engine, select(CHANGES))]
    room.sends(other, "answer", change=code, do="agree")
    room.sends("centre-head", "answer", change=code, do="grant")
    assert place_at(room.engine, room.city, reference.partition("/")[0]).post == other
    assert place_at(room.engine, room.city, theirs.partition("/")[0]).post == me


def test_a_form_sent_twice_acts_once_and_a_late_decision_says_who_was_first(room: Room) -> None:
    me = str(place_at(room.engine, room.city, "2021-07-12T08:00").post)
    reference, substitutes, _ = room.chosen(me)
    proof = proof_of(room.page(me, f"?shift={reference}"))
    fields = {"form": "substitution", "given": reference, "to": substitutes[0], "reason": "看病"}
    first, second = (room.client.post(f"{room.path(me)}/ask", data=proof | fields) for _ in range(2))
    assert (first.status_code, second.status_code, changes(room)) == (303, 303, 1)
    (code,) = [row.code for row in rows_of(room.engine, select(CHANGES))]
    room.sends(substitutes[0], "answer", change=code, do="agree")
    room.sends("centre-head", "answer", change=code, do="refuse")
    late = room.sends("centre-head", "answer", change=code, do="grant")
    assert late.status_code == 409
    assert "未通过（运行中心负责人" in text_of(late.text)


def test_a_refusal_is_said_on_the_page_with_its_reason_and_what_was_typed(room: Room) -> None:
    me = str(place_at(room.engine, room.city, "2021-07-12T08:00").post)
    busy = str(place_at(room.engine, room.city, "2021-07-13T08:00").post)
    fields = {"form": "substitution", "given": "2021-07-12T08:00/officer", "to": busy, "reason": "看病"}
    answer = room.sends(me, "ask", **fields)
    assert answer.status_code == 409
    assert "休息时间不足" in text_of(answer.text)
    assert 'value="看病"' in answer.text
    assert changes(room) == 0


def test_leave_without_a_substitute_is_refused_and_with_one_is_asked(room: Room) -> None:
    me = str(place_at(room.engine, room.city, "2021-07-12T08:00").post)
    days = {"form": "leave", "first": "2021-07-12", "last": "2021-07-12", "reason": "外出培训"}
    assert "须指定接替人" in text_of(room.sends(me, "ask", **days).text)
    _, substitutes, _ = room.chosen(me)
    answers = [room.sends(me, "ask", **days, to=other) for other in substitutes]
    assert any(answer.headers.get("location", "").endswith("said=leave_asked") for answer in answers)


def test_only_who_may_publish_sees_and_sends_the_amendment(room: Room) -> None:
    assert "调班（由您直接调整）" not in room.page("flood-officer-1")
    me = str(place_at(room.engine, room.city, "2021-07-12T08:00").post)
    _, substitutes, _ = room.chosen(me)
    fields = {"form": "amendment", "given": "2021-07-12T08:00/officer", "reason": "住院"}
    free = [post for post in substitutes if "调班（由您直接调整）" in room.page("centre-head")]
    refused = room.sends("flood-officer-1", "ask", **fields, to=free[0])
    assert refused.status_code == 409
    done = [room.sends("centre-head", "ask", **fields, to=post).status_code for post in free]
    assert 303 in done
    assert place_at(room.engine, room.city, "2021-07-12T08:00").post != me


def test_a_form_of_another_page_does_nothing(room: Room) -> None:
    me = str(place_at(room.engine, room.city, "2021-07-12T08:00").post)
    proof = proof_of(room.page("flood-officer-2"))
    fields = {"form": "leave", "first": "2021-12-01", "last": "2021-12-02", "reason": "外出"}
    answer = room.client.post(f"{room.path(me)}/ask", data=proof | fields)
    assert answer.status_code == (303 if me == "flood-officer-2" else 409)
    assert changes(room) == 0


def test_the_calendar_holds_mine_or_everybodys(room: Room) -> None:
    path = room.path("flood-officer-1")
    mine, everybody = (room.client.get(f"{path}.ics{query}") for query in ("", "?all=1"))
    assert mine.headers["content-type"].startswith("text/calendar")
    held = [post for post in in_force(room.engine, room.city).values()]
    assert mine.text.count("BEGIN:VEVENT") == held.count("flood-officer-1")
    assert everybody.text.count("BEGIN:VEVENT") == 28


def test_whom_the_roster_does_not_concern_it_opens_for_nobody_and_no_form_does_anything(room: Room) -> None:
    for post in ("lihe-liaison", "water-head", "nobody"):
        for path in (room.path(post), f"{room.path(post)}.ics"):
            answer = room.client.get(path)
            assert answer.status_code == 403
            assert "flood" not in text_of(answer.text)
        proof = proof_of(room.page("flood-officer-1"))
        for what in ("ask", "answer"):
            fields = {"form": "leave", "first": "2021-12-01", "last": "2021-12-02", "reason": "外出", "do": "grant"}
            assert room.client.post(f"{room.path(post)}/{what}", data=proof | fields).status_code == 403
    assert changes(room) == 0


def test_a_link_for_another_purpose_opens_nothing(room: Room) -> None:
    for purpose in (Purpose.MINE, Purpose.WALL, Purpose.FLOOD):
        assert room.client.get(room.path("flood-officer-1", purpose)).status_code == 403
    with reading(room.engine) as connection:
        assert connection.execute(select(CHANGES)).first() is None
