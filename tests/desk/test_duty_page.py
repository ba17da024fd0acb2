"""A person's own duty on a phone: what is asked of them, with its buttons; who may read and write the log."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import Engine, select

from desk.app import create_app
from desk.form_token import draw_form_token
from models.city import City
from models.duty_rules import DutyState
from tasks.audit import verify_all
from tasks.database import transaction
from tasks.duty_absence import climb_absences
from tasks.duty_shift import hand_over_shifts
from tasks.duty_state import set_duty_state
from tasks.flood_events import EVENTS
from tasks.handovers import HANDOVERS
from tasks.links import Link, Purpose, sign_link
from tasks.message_settings import MessageSettings
from tasks.settings import Settings
from tasks.spot_checks import CHECKS, watch_spot_checks
from tests.desk.conftest import QuietEngine
from tests.desk.phone import text_of
from tests.duty_rows import by_rule, stand, write_shifts
from tests.flood_cities import FLOOD_CITY, LEADERS, OFFICERS
from tests.stored_cases import a_loaded_city, at, rows_of

START = at("2021-07-20 08:00")
CODE, NEXT = "2021-07-20T08:00", "2021-07-21T08:00"
OFFICER = OFFICERS[0]


@pytest.fixture
def city(sqlite_engine: Engine) -> City:
    """The small city with its duty room, two shifts published, the first one open."""
    city = a_loaded_city(sqlite_engine, dict(FLOOD_CITY))
    write_shifts(sqlite_engine, START)
    hand_over_shifts(sqlite_engine, city, by_rule(START, city))
    return city


def after(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


@dataclass
class Clock:
    """What time it is at the desk."""

    now: datetime = START


class Reader:
    """Somebody with the link to their own duty."""

    def __init__(self, client: TestClient, clock: Clock, settings: Settings, post: str) -> None:
        key = settings.secret_key("link")
        self.token = sign_link(key, Link(post, Purpose.DUTY, post), START)
        self.drawn = draw_form_token(key, self.token)
        self._client, self._clock = client, clock

    def sees(self, minutes: int = 5, path: str = "", language: str = "") -> Response:
        self._clock.now = after(minutes)
        answer: Response = self._client.get(f"/duty/{self.token}{path}{language}")
        return answer

    def opens(self, path: str) -> Response:
        answer: Response = self._client.get(path)
        return answer

    def reads(self, minutes: int = 5, path: str = "") -> str:
        answer = self.sees(minutes, path)
        assert answer.status_code == 200
        return text_of(answer.text)

    def presses(self, minutes: int, do: str, **fields: str) -> Response:
        return self.posts(minutes, "act", do=do, **fields)

    def posts(self, minutes: int, path: str, **fields: str) -> Response:
        self._clock.now = after(minutes)
        form = {"key": self.drawn.drawn, "proof": self.drawn.proof, **fields}
        address = f"/duty/{self.token}/{path}"
        answer: Response = self._client.post(address, data=form, follow_redirects=False)
        return answer


Somebody = Callable[[str], Reader]


@pytest.fixture
def somebody(settings: Settings, sqlite_engine: Engine, city: City) -> Somebody:
    clock = Clock()
    app = create_app(settings, sqlite_engine, MessageSettings(), lambda: clock.now, lambda _settings: QuietEngine())
    client = TestClient(app, raise_server_exceptions=False)
    return lambda post: Reader(client, clock, settings, post)


def test_who_is_on_duty_signs_in_once_and_a_second_tap_says_who_and_when(
    somebody: Somebody, sqlite_engine: Engine
) -> None:
    officer = somebody(OFFICER)
    assert "签到 · 值班员" in officer.reads()
    assert officer.presses(6, "sign_in", shift=CODE, place="officer").status_code == 303
    assert stand(sqlite_engine, CODE, "officer").signed_in_at == after(6)
    again = officer.presses(7, "sign_in", shift=CODE, place="officer")
    assert again.status_code == 409
    assert "已经签到（2021年7月20日（周二）08:06），不用再签。" in text_of(again.text)
    page = officer.reads(8)
    assert "现在没有要您办理的事。" in page
    assert "08:06签到" in page


def test_looking_at_the_page_changes_nothing(somebody: Somebody, sqlite_engine: Engine) -> None:
    before = len(rows_of(sqlite_engine, select(EVENTS.c.id)))
    somebody(OFFICER).reads()
    assert len(rows_of(sqlite_engine, select(EVENTS.c.id))) == before
    assert stand(sqlite_engine, CODE, "officer").signed_in_at is None


def test_who_was_called_signs_in_instead(somebody: Somebody, city: City, sqlite_engine: Engine) -> None:
    backup = somebody(OFFICERS[2])
    assert "替班签到" not in backup.reads(14)
    with transaction(sqlite_engine) as connection:
        climb_absences(connection, city, by_rule(after(15), city))
    assert "替班签到 · 值班员" in backup.reads(16)
    assert backup.presses(17, "instead", shift=CODE, place="officer").status_code == 303
    assert stand(sqlite_engine, CODE, "officer").signed_in_by == OFFICERS[2]
    assert "08:17签到 · 替防汛值班人员fficer-1" in somebody(LEADERS[0]).reads(18)


def test_a_vacancy_is_seen_by_everybody_on_the_shift(somebody: Somebody, city: City, sqlite_engine: Engine) -> None:
    for minutes in (20, 31):
        with transaction(sqlite_engine) as connection:
            climb_absences(connection, city, by_rule(after(minutes), city))
    assert "空岗（08:31起）" in somebody(LEADERS[0]).reads(32)


def test_a_handover_is_confirmed_with_words_and_accepted(somebody: Somebody, city: City, sqlite_engine: Engine) -> None:
    officer, incoming = somebody(OFFICER), somebody(OFFICERS[1])
    officer.presses(1, "sign_in", shift=CODE, place="officer")
    officer.posts(60, "log", what="新村镇涵洞积水", handled="已派抢险队", place="新村镇")
    day = 24 * 60
    hand_over_shifts(sqlite_engine, city, by_rule(after(day), city))
    page = officer.reads(day + 2)
    assert "交班 · " in page
    assert "新村镇涵洞积水" in page
    assert officer.presses(day + 3, "confirm", shift=CODE, words="涵洞仍封闭").status_code == 303
    incoming.presses(day + 4, "sign_in", shift=NEXT, place="officer")
    page = incoming.reads(day + 5)
    assert "涵洞仍封闭" in page
    assert incoming.presses(day + 6, "accept", shift=CODE).status_code == 303
    (row,) = rows_of(sqlite_engine, select(HANDOVERS))
    assert (row.confirmed_by, row.accepted_by, row.words) == (OFFICER, OFFICERS[1], "涵洞仍封闭")
    assert verify_all(sqlite_engine).intact


def test_a_handover_nobody_accepts_stands_on_the_page_until_somebody_does(
    somebody: Somebody, city: City, sqlite_engine: Engine
) -> None:
    day = 24 * 60
    hand_over_shifts(sqlite_engine, city, by_rule(after(day), city))
    assert "未完成交接" not in somebody(OFFICERS[1]).reads(day + 5)
    assert "未完成交接" in somebody(OFFICERS[1]).reads(day + 31)


def test_a_spot_check_is_answered_on_the_page(somebody: Somebody, city: City, sqlite_engine: Engine) -> None:
    key = b"k" * 32
    for minutes in range(0, 40 * 60, 4):
        with transaction(sqlite_engine) as connection:
            watch_spot_checks(connection, city, key, by_rule(after(minutes), city))
        found = rows_of(sqlite_engine, select(CHECKS).order_by(CHECKS.c.id.desc()))
        if found:
            break
    asked = int((found[0].asked_at - START).total_seconds() // 60)
    reader = somebody(found[0].post)
    assert f"查岗 {found[0].code}" in reader.reads(asked + 1)
    assert reader.presses(asked + 1, "check", code=found[0].code, answer="在岗，小雨").status_code == 303
    (row,) = rows_of(sqlite_engine, select(CHECKS).where(CHECKS.c.code == found[0].code))
    assert (row.state, row.answer) == ("answered", "在岗，小雨")


def test_who_is_called_in_says_received_and_it_is_asked_no_more(
    somebody: Somebody, city: City, sqlite_engine: Engine
) -> None:
    with transaction(sqlite_engine) as connection:
        set_duty_state(connection, city, DutyState.RESPONSE, "四级响应", "leader", by_rule(after(60), city))
    leader = somebody(LEADERS[0])
    page = leader.reads(61)
    assert "响应值守" in page
    assert "收到" in page
    assert leader.presses(62, "receive").status_code == 303
    assert "表示您已看到并照办" not in leader.reads(63)


def test_everybody_of_the_pools_reads_the_log_and_only_the_shift_writes(
    somebody: Somebody, sqlite_engine: Engine
) -> None:
    officer, other = somebody(OFFICER), somebody(OFFICERS[4])
    refused = officer.posts(1, "log", what="来电")
    assert refused.status_code == 409
    assert "请先签到" in text_of(refused.text)
    officer.presses(1, "sign_in", shift=CODE, place="officer")
    for _ in range(2):  # The same form sent twice writes once.
        assert officer.posts(2, "log", what="雨势增大", rain="32毫米").status_code == 303
    assert len(rows_of(sqlite_engine, select(EVENTS).where(EVENTS.c.kind == "log_entry"))) == 1
    assert "雨势增大" in other.reads(3)
    assert "雨势增大" in other.reads(3, "/log/2021-07-20")
    assert other.posts(4, "log", what="不在班").status_code == 409
    stranger = somebody("lihe-liaison")
    assert "雨势增大" not in stranger.reads(5)
    for path in ("/log/2021-07-20", "/log/2021-07-20.pdf", "/log/2021-07-20.docx"):
        assert stranger.sees(5, path).status_code == 403


def test_the_days_log_is_downloaded_as_pdf_and_word(somebody: Somebody) -> None:
    officer = somebody(OFFICER)
    pdf, word = officer.sees(5, "/log/2021-07-20.pdf"), officer.sees(5, "/log/2021-07-20.docx")
    assert (pdf.status_code, pdf.content[:5]) == (200, b"%PDF-")
    assert (word.status_code, word.content[:2]) == (200, b"PK")
    for path in ("/log/yesterday", "/log/2021-02-30", "/log/2021-02-30.pdf"):
        assert officer.sees(5, path).status_code == 404


def test_a_form_of_another_page_is_worth_nothing(somebody: Somebody, sqlite_engine: Engine) -> None:
    officer, other = somebody(OFFICER), somebody(OFFICERS[4])
    officer.drawn = other.drawn
    for path, fields in (("act", {"do": "sign_in", "shift": CODE, "place": "officer"}), ("log", {"what": "x"})):
        assert officer.posts(1, path, **fields).status_code == 403
    assert officer.presses(1, "nonsense").status_code == 403
    assert stand(sqlite_engine, CODE, "officer").signed_in_at is None


def test_a_link_for_another_purpose_opens_nothing(somebody: Somebody, settings: Settings) -> None:
    officer = somebody(OFFICER)
    for purpose in set(Purpose) - {Purpose.DUTY}:
        officer.token = sign_link(settings.secret_key("link"), Link(OFFICER, purpose, OFFICER), START)
        for path in ("", "/log/2021-07-20", "/log/2021-07-20.pdf"):
            assert officer.sees(1, path).status_code == 403


def test_the_page_reads_in_english_too(somebody: Somebody) -> None:
    page = text_of(somebody(OFFICER).sees(5, "", "?lang=en").text)
    for said in ("Asked of you now", "Sign in · duty officer", "Sign in by 08:10", "in the room", "Log of today"):
        assert said in page
    for chinese in ("签到", "值班日志", "值守"):
        assert chinese not in page


def test_the_pages_of_the_season_lead_to_each_other(somebody: Somebody) -> None:
    officer = somebody(OFFICER)
    page = officer.sees().text
    ways = dict(re.findall(r'<a href="(/[^"]+)"(?: aria-current="page")?>(值班|值班表|总览|日报)</a>', page))
    assert sorted(ways.values()) == sorted(("值班", "值班表", "总览", "日报"))
    assert all(officer.opens(path).status_code == 200 for path in ways)
