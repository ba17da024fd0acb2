"""Water at the desk: who has a link sees it, the duty room enters signals, programs with a key send readings."""

import re
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select

from desk.app import create_app
from models.city import City
from models.flood_event import Recording
from models.notice import Notice, NoticeKind
from models.open311_key import KeyPurpose
from models.tables import table_of
from models.water import Element
from models.water_source import MappedReading
from tasks.access_settings import AccessSettings
from tasks.call_rows import CALLS
from tasks.database import reading, transaction
from tasks.judging import judge_waiting
from tasks.links import Link, Purpose, sign_link
from tasks.message_settings import MessageSettings
from tasks.observations import take_observations
from tasks.open311_keys import issue_key
from tasks.settings import Settings
from tasks.wake import Woken
from tasks.warnings import open_warnings
from tests.call_cities import CALL_CITY
from tests.desk.conftest import QuietEngine
from tests.replayed import at
from tests.stored_cases import a_loaded_city
from tests.water_cities import WATER_CITY, WATER_FILES

NOTICES = table_of(Notice)
NOW = at("2021-07-20 08:00")
HOUR = timedelta(hours=1)
OFFICER = "flood-officer-1"


class RungEngine:
    """An engine that notes whether it was woken for calls."""

    def __init__(self) -> None:
        self.rung = threading.Event()

    def wake(self, _now: datetime) -> Woken:
        self.rung.set()
        return Woken.STARTED


class WaterDesk:
    """The desk of the water city with a level above its warning stage."""

    def __init__(self, engine: Engine, settings: Settings, documents: Mapping[str, str] = WATER_CITY) -> None:
        self.engine, self.settings, self.sent = engine, settings, list[int]()
        self.engine_of_calls = RungEngine()
        self.city: City = a_loaded_city(engine, dict(documents))
        app = create_app(
            settings,
            engine,
            MessageSettings(),
            lambda: NOW,
            lambda _: QuietEngine(),
            access=AccessSettings(water_per_key=3),
            send_soon=self.sent.append,
            make_call_waker=lambda _: self.engine_of_calls,
        )
        self.client = TestClient(app, raise_server_exceptions=False)

    def level(self, *values: float) -> None:
        """Levels of the last hours, the last one now."""
        first = len(values) - 1
        ones = [
            MappedReading("lihe-gauge", Element.LEVEL, NOW - (first - n) * HOUR, value)
            for n, value in enumerate(values)
        ]
        with transaction(self.engine) as connection:
            take_observations(connection, self.city, ones, "native", NOW)
        judge_waiting(self.engine, self.city, Recording(NOW, "flow", self.city.edition))

    def token(self, subject: str, post: str = OFFICER) -> str:
        return sign_link(self.settings.secret_key("link"), Link(post, Purpose.FLOOD, subject), NOW)

    def page(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return str(answer.text)

    def post(self, path: str, drawn_on: str, **fields: str) -> int:
        form = dict(re.findall(r'name="(key|proof)" value="([^"]+)"', self.page(drawn_on)))
        return int(self.client.post(path, data=form | fields, follow_redirects=False).status_code)

    def open(self) -> list[Any]:
        with reading(self.engine) as connection:
            return open_warnings(connection)


@pytest.fixture
def desk(sqlite_engine: Engine, settings: Settings) -> WaterDesk:
    return WaterDesk(sqlite_engine, settings)


def test_a_warning_shows_rule_readings_drawing_and_who_was_told(desk: WaterDesk) -> None:
    desk.level(104.5, 104.8, 105.1)
    shown = desk.page(f"/flood/{desk.token('YJ20210720-001')}")
    told = desk.city.posts["admin"].name
    for text in ("梨河站 警戒水位", "105.1 米", "104.8 米", told, "未确认", "占位的拟写值", "距保证水位2.9米"):
        assert text in shown
    english = desk.page(f"/flood/{desk.token('YJ20210720-001')}?lang=en")
    assert "Who was told" in english
    assert "by the last hours" in english


def test_whoever_was_told_says_once_that_they_read_it(desk: WaterDesk) -> None:
    desk.level(105.1)
    token = desk.token("YJ20210720-001", "admin")
    assert "已收到" in desk.page(f"/flood/{token}")
    for _ in range(2):
        assert desk.client.post(f"/water/{token}/received", data={}).status_code == 403
    form = dict(re.findall(r'name="(key|proof)" value="([^"]+)"', desk.page(f"/flood/{token}")))
    for _ in range(2):
        assert desk.client.post(f"/water/{token}/received", data=form, follow_redirects=False).status_code == 303
    with reading(desk.engine) as connection:
        row = connection.execute(select(table_of(Notice))).one()
    assert (row.state, row.acknowledged_by) == ("acknowledged", "admin")
    assert "已确认" in desk.page(f"/flood/{token}")


def test_all_stations_stand_on_one_page_with_their_flags(desk: WaterDesk) -> None:
    desk.level(104.5, 104.8, 119.0)
    shown = desk.page(f"/water/{desk.token('overview')}")
    for text in ("梨河站", "119 米", "突变", "三库水库", "尚无读数", "<polyline"):
        assert text in shown
    assert desk.client.get(f"/water/{desk.token('YJ20210720-001')}").status_code == 403
    assert desk.client.get(f"/flood/{desk.token('YJ20210720-999')}").status_code == 403


def test_the_duty_room_enters_a_signal_once_and_cancels_it(desk: WaterDesk) -> None:
    path = f"/water/{desk.token('overview')}"
    entered = {"kind": "rainstorm", "colour": "red", "issued_at": "2021-07-20T07:50", "area-410184101": "yes"}
    assert desk.post(f"{path}/signal", path, **entered, text="<b>暴雨</b>") == 303
    assert desk.post(f"{path}/signal", path, **entered) == 303
    (warning,) = desk.open()
    assert (warning.severity, warning.area, warning.calls) == ("red", "410184101", True)
    shown = desk.page(f"/flood/{desk.token(warning.number)}")
    assert "&lt;b&gt;暴雨&lt;/b&gt;" in shown
    assert "暴雨红色预警信号" in desk.page(path)
    assert desk.post(f"{path}/signal", path, **entered | {"colour": "cancel"}) == 303
    assert desk.open() == []
    assert desk.post(f"{path}/signal", path, **entered | {"colour": "cancel"}) == 422


@pytest.mark.parametrize(
    "broken", [{"colour": "pink"}, {"issued_at": "soon"}, {"issued_at": "2021-07-21T08:00"}, {"area-999999": "yes"}]
)
def test_a_signal_that_cannot_be_is_shown_again_with_the_reason(desk: WaterDesk, broken: dict[str, str]) -> None:
    path = f"/water/{desk.token('overview')}"
    entered = {"kind": "rainstorm", "colour": "red", "issued_at": "2021-07-20T07:50"}
    assert desk.post(f"{path}/signal", path, **entered | broken) == 422
    assert desk.open() == []


def test_whoever_is_not_of_the_duty_room_sees_the_water_and_enters_nothing(desk: WaterDesk) -> None:
    path = f"/water/{desk.token('overview', 'lihe-liaison')}"
    assert "录入气象预警信号" not in desk.page(path)
    assert desk.client.post(f"{path}/signal", data={"colour": "red"}).status_code == 403


def send(desk: WaterDesk, key: str, content: Any, **headers: str) -> Any:
    return desk.client.post("/water/observations", json=content, headers={"Authorization": f"Bearer {key}"} | headers)


def a_key(desk: WaterDesk, purpose: KeyPurpose = KeyPurpose.WATER) -> str:
    with transaction(desk.engine) as connection:
        key = issue_key(connection, f"telemetry-{purpose}", "admin", NOW, purpose)
    assert isinstance(key, str)
    return key


def test_a_program_sends_readings_that_are_judged_and_told_before_it_is_answered(desk: WaterDesk) -> None:
    sent = {
        "observations": [
            {"station": "lihe-gauge", "element": "level", "at": "2021-07-20T08:00:00+08:00", "value": 105.25},
            {"station": "lihe-gauge", "element": "rain", "at": "2021-07-20T08:00:00+08:00", "value": 1},
            {"station": "rain-a", "element": "rain", "at": "2021-07-20T08:00:00+08:00", "value": -1},
        ]
    }
    key = a_key(desk)
    told = send(desk, key, sent).json()
    assert (told["taken"], told["warnings_raised"]) == (2, ["YJ20210720-001"])
    assert [one["code"] for one in told["refused"]] == ["element_not_measured"]
    assert [one["why"] for one in told["doubtful"]] == ["negative"]
    assert len(desk.sent) == 1
    again = send(desk, key, sent).json()
    assert (again["taken"], again["repeated"], again["warnings_raised"]) == (0, 2, [])


def test_a_reading_that_calls_people_has_the_first_of_them_called_before_it_is_answered(
    sqlite_engine: Engine, settings: Settings
) -> None:
    desk = WaterDesk(sqlite_engine, settings, {**CALL_CITY, **WATER_FILES})
    level = {"station": "lihe-gauge", "element": "level", "at": "2021-07-20T08:00:00+08:00", "value": 108.5}
    key = a_key(desk)
    assert send(desk, key, {"observations": [level]}).json()["warnings_raised"]
    with reading(desk.engine) as connection:
        calls = connection.execute(select(CALLS)).all()
        kinds = [row.kind for row in connection.execute(select(NOTICES).where(NOTICES.c.id.in_(desk.sent)))]
    assert [call.warning for call in calls] == [one.number for one in desk.open() if one.calls]
    assert NoticeKind.CALL in kinds
    assert NoticeKind.FLOOD_WARNING in kinds
    assert desk.engine_of_calls.rung.wait(5)
    send(desk, key, {"observations": [level]})
    with reading(desk.engine) as connection:
        assert connection.execute(select(CALLS)).all() == calls


def test_a_call_without_the_right_key_or_too_often_or_without_sense_is_refused(desk: WaterDesk) -> None:
    key = a_key(desk)
    assert desk.client.post("/water/observations", json={}).status_code == 401
    assert send(desk, "zhk_made_up", {}).status_code == 403
    assert send(desk, a_key(desk, KeyPurpose.OPEN311), {}).status_code == 403
    senseless: list[Any] = [{}, {"observations": 3}, []]
    assert [send(desk, key, content).status_code for content in senseless] == [400] * 3
    late = send(desk, key, {"observations": []})
    assert late.status_code == 429
    assert late.headers["Retry-After"]


def test_a_body_that_is_too_long_is_not_read(desk: WaterDesk) -> None:
    assert send(desk, a_key(desk), {"observations": ["x" * 70_000]}).status_code == 413
