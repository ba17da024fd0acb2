"""Notices and the cases they speak of as rows, ready to be delivered, and their delivery."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, RowMapping, insert, select

from models.case import Case, Report, Reporter
from models.city import City
from models.notice import Attempt, Notice, NoticeKind
from models.tables import table_of
from tasks.database import reading, transaction
from tasks.notify import Delivery, deliver_and_wait
from tasks.settings import Settings
from tests.cities import a_small_city, changed

NOW = datetime(2019, 5, 6, 2, 0, tzinfo=UTC)
"""Monday 6 May 2019, 10:00 in Shanghai."""

TASK_FACTS = {
    "number": "E0110201905060001",
    "receipt_number": "R20190506000001",
    "class_code": "E0101",
    "minor": "暴露垃圾",
    "place": "梨河镇中华路与人民路口",
    "unit": "梨河镇",
    "due_at": "2019-05-06T08:00:00+00:00",
    "limit": "4 work_hour",
}


DEMO_CONTACTS = "lihe-liaison,1,dingtalk,env:ZHIHUI_TEST_DINGTALK\nlihe-liaison,2,demo,demo\n"
TWO_CHANNELS = "lihe-liaison,1,json,env:FIRST\nlihe-liaison,2,email,env:SECOND\n"


def two_channel_city(rules: str | None = None, leave: str = "", contacts: str = TWO_CHANNELS) -> City:
    """The small city, whose liaison of 梨河镇 is reached by two channels: env:FIRST, then env:SECOND.

    `rules` replaces its messages.yaml; `leave` are rows of leave.csv.
    """
    documents = changed("contact_points.csv", DEMO_CONTACTS, contacts)
    documents = {**documents, "leave.csv": documents["leave.csv"] + leave}
    return a_small_city(documents | ({"messages.yaml": rules} if rules is not None else {}))


def hand_over(
    engine: Engine, settings: Settings, environ: dict[str, str], city: City | None = None, **options: Any
) -> Delivery:
    """Deliver at NOW, or another moment given as `now`, with these channels in the environment."""
    given: dict[str, Any] = {"now": NOW, "environ": environ} | options
    given.setdefault("clock", lambda: given["now"])
    return deliver_and_wait(engine, city or two_channel_city(), settings, **given)


def write_case(engine: Engine, **fields: Any) -> int:
    """A case with a unit, as a bare row."""
    row = {
        "number": "E0110201905060001",
        "receipt_number": "R20190506000001",
        "state": "dispatched",
        "source": "inspector",
        "class_code": "E0101",
        "place": "梨河镇中华路与人民路口",
        "edition": "edition-1",
        "calendar_edition": "calendar-1",
        "unit": "lihe",
        "opened_at": NOW,
        "last_event_at": NOW,
    } | fields
    with transaction(engine) as connection:
        return int(connection.scalar(insert(table_of(Case)).returning(table_of(Case).c.id), row) or 0)


def write_notice(engine: Engine, **fields: Any) -> int:
    """A waiting task for the liaison of the township; `facts` may be a dictionary."""
    facts = fields.pop("facts", TASK_FACTS)
    row = {
        "kind": NoticeKind.TASK.value,
        "recipient": "lihe-liaison",
        "priority": "routine",
        "dedupe_key": f"task:{uuid4().hex}",
        "facts": facts if isinstance(facts, str) else json.dumps(facts, ensure_ascii=False),
        "state": "waiting",
        "created_at": NOW,
    } | fields
    with transaction(engine) as connection:
        return int(connection.scalar(insert(table_of(Notice)).returning(table_of(Notice).c.id), row) or 0)


def write_attempt(engine: Engine, notice_id: int, **fields: Any) -> None:
    """An attempt that was begun and, unless more is said, never ended."""
    row = {"notice_id": notice_id, "contact_order": 1, "channel": "json", "started_at": NOW, "outcome": ""} | fields
    with transaction(engine) as connection:
        connection.execute(insert(table_of(Attempt)), row)


def write_report_with_reporter(engine: Engine, case_id: int, phone_sealed: bytes | None) -> int:
    """A reporter and their report of the case; returns the reporter's id."""
    reporters = table_of(Reporter)
    with transaction(engine) as connection:
        row = {"phone_sealed": phone_sealed}
        reporter_id = int(connection.scalar(insert(reporters).returning(reporters.c.id), row) or 0)
        connection.execute(
            insert(table_of(Report)),
            {
                "receipt_number": "R20190506000077",
                "source": "hotline_12345",
                "source_id": "77",
                "opened_at": NOW,
                "taken_at": NOW,
                "reporter_id": reporter_id,
                "case_id": case_id,
            },
        )
    return reporter_id


def notice(engine: Engine, notice_id: int) -> RowMapping:
    """A notice as it stands now."""
    notices = table_of(Notice)
    with reading(engine) as connection:
        return connection.execute(select(notices).where(notices.c.id == notice_id)).mappings().one()


def attempts(engine: Engine, notice_id: int) -> list[RowMapping]:
    """A notice's attempts in order."""
    tries = table_of(Attempt)
    with reading(engine) as connection:
        rows = connection.execute(select(tries).where(tries.c.notice_id == notice_id).order_by(tries.c.id))
        return list(rows.mappings())


def notices_of_kind(engine: Engine, kind: str) -> list[RowMapping]:
    """All notices of a kind, whatever became of them, in order."""
    notices = table_of(Notice)
    with reading(engine) as connection:
        rows = connection.execute(select(notices).where(notices.c.kind == kind).order_by(notices.c.id))
        return list(rows.mappings())
