"""What may be gone a moment later: others who write the same thing at the same moment, a database that is away."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
import psycopg.errors
import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import Engine, event, select
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from desk.app import create_app
from desk.form_token import draw_form_token
from models.flood_event import Happened, Recording
from tasks.database import open_database, reading, transaction
from tasks.database_errors import is_away
from tasks.duty_shift import hand_over_shifts
from tasks.flood_events import EVENTS, broken_stream, record_events
from tasks.links import Link, Purpose, sign_link
from tasks.message_settings import MessageSettings
from tasks.settings import Settings
from tests.desk.conftest import QuietEngine
from tests.duty_rows import by_rule, write_shifts
from tests.flood_cities import OFFICERS
from tests.response_cities import RESPONSE_CITY
from tests.stored_cases import a_loaded_city, at

START = at("2021-07-20 08:00")
NOW = at("2021-07-20 08:05")
OTHER = Happened("other", START, "rule:other")
FORMS = {
    "sign_in": (
        *(Purpose.DUTY, OFFICERS[0], OFFICERS[0], "/duty/{}/act"),
        {"do": "sign_in", "shift": "2021-07-20T08:00", "place": "officer"},
    ),
    "log": (Purpose.DUTY, OFFICERS[0], OFFICERS[0], "/duty/{}/log", {"what": "巡查正常"}),
    "leave": (
        *(Purpose.DUTY, OFFICERS[0], OFFICERS[0], "/duty/{}/roster/ask"),
        {"form": "leave", "first": "2021-12-01", "last": "2021-12-02", "reason": "外出"},
    ),
    "incident": (
        *(Purpose.FLOOD, "lihe-liaison", "overview", "/flood/{}/incident"),
        {"danger": "堤防管涌", "area": "410184101", "place": "双洎河右岸", "means": "phone", "evacuated": "0"},
    ),
}  # fmt: skip


@dataclass
class AtDesk:
    """Somebody at a desk over a database."""

    engine: Engine
    settings: Settings
    clock: Callable[[], datetime] = lambda: NOW

    def __post_init__(self) -> None:
        app = create_app(
            *(self.settings, self.engine, MessageSettings(), self.clock, lambda _: QuietEngine()),
            send_soon=lambda _: None, make_call_waker=lambda _: QuietEngine(),
        )  # fmt: skip
        self.client = TestClient(app, raise_server_exceptions=False)

    def sends(self, form: str) -> Response:
        purpose, post, subject, path, fields = FORMS[form]
        key = self.settings.secret_key("link")
        token = sign_link(key, Link(post, purpose, subject), START)
        drawn = draw_form_token(key, token)
        posted = {"key": drawn.drawn, "proof": drawn.proof, **fields}
        answer: Response = self.client.post(path.format(token), data=posted, follow_redirects=False)
        return answer


@pytest.fixture
def desk(postgres_engine: Engine, settings: Settings) -> AtDesk:
    """On Postgres: on SQLite whoever writes is alone."""
    city = a_loaded_city(postgres_engine, dict(RESPONSE_CITY))
    write_shifts(postgres_engine, START)
    hand_over_shifts(postgres_engine, city, by_rule(START, city))
    desk = AtDesk(postgres_engine, settings)
    assert desk.sends("sign_in").status_code == 303
    return desk


@contextmanager
def somebody_faster(engine: Engine, times: int) -> Iterator[list[str]]:
    """Somebody who has the first event of a stream stored just before it would be written, so many times."""
    others, streams = open_database(engine.url.render_as_string(hide_password=False)), list[str]()

    def first(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if statement.startswith("INSERT INTO flood_stream") and len(streams) < times:
            stream = values[0].strip('{}"')
            with transaction(others) as connection:
                record_events(connection, stream, [OTHER], Recording(NOW, "desk"))
            streams.append(stream)

    event.listen(engine, "before_cursor_execute", first)
    yield streams
    event.remove(engine, "before_cursor_execute", first)
    others.dispose()


@pytest.mark.parametrize("form", ["log", "leave", "incident"])
def test_who_is_second_at_the_first_event_of_a_stream_is_written_behind_the_other_one(desk: AtDesk, form: str) -> None:
    with somebody_faster(desk.engine, 1) as streams:
        answer = desk.sends(form)
    assert answer.status_code == 303, answer.text
    assert len(streams) == 1
    with reading(desk.engine) as connection:
        mine = select(EVENTS.c.kind).where(EVENTS.c.stream == streams[0]).order_by(EVENTS.c.seq)
        kinds = list(connection.scalars(mine))
        assert broken_stream(connection) is None
    assert kinds[0] == "other"
    assert len(kinds) > 1


def test_where_others_are_faster_each_time_nothing_is_kept_and_that_is_said(
    desk: AtDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.flood_events.update_rows", lambda *_: 0)
    with transaction(desk.engine) as connection:
        record_events(connection, "log:2021-07-20", [OTHER], Recording(NOW, "desk"))
        before = len(connection.execute(select(EVENTS.c.id)).all())
    answer = desk.sends("log")
    assert answer.status_code == 409
    assert "刚刚有别人办了同一件事" in answer.text
    with reading(desk.engine) as connection:
        assert len(connection.execute(select(EVENTS.c.id)).all()) == before


class Away(sqlite3.OperationalError):
    """What SQLite says of a file that somebody else keeps locked, without the wait."""

    sqlite_errorname = "SQLITE_BUSY"


def fails(*_: Any) -> None:
    raise OperationalError("", {}, Away("the database is locked"))


@pytest.mark.parametrize("path", ["/water/observations", "/report", "/open311/v2/requests.json"])
def test_while_the_database_is_away_whoever_asks_is_told_when_to_ask_again(
    sqlite_engine: Engine, settings: Settings, path: str
) -> None:
    a_loaded_city(sqlite_engine, dict(RESPONSE_CITY))
    desk = AtDesk(sqlite_engine, settings)
    event.listen(sqlite_engine, "before_cursor_execute", fails)
    try:
        bearer = {"Authorization": "Bearer zhk_any"}
        send = desk.client.get if path == "/report" else desk.client.post
        answer = send(path, headers=bearer)
    finally:
        event.remove(sqlite_engine, "before_cursor_execute", fails)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["content-security-policy"]
    if path.startswith("/water"):
        assert answer.json()["code"] == "database_away"
    if path.startswith("/open311"):
        assert answer.json()[0]["code"] == 503


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (OperationalError("", {}, Away("locked")), True),
        (OperationalError("", {}, sqlite3.OperationalError("no such table: cases")), False),
        (OperationalError("", {}, psycopg.OperationalError("connection refused")), True),
        (ProgrammingError("", {}, psycopg.errors.UndefinedTable("cases")), False),
        (ProgrammingError("", {}, psycopg.ProgrammingError("closed"), connection_invalidated=True), True),
    ],
)
def test_a_wrong_statement_is_no_database_that_is_away(error: DBAPIError, away: bool) -> None:
    assert is_away(error) is away
