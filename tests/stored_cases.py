"""Cases in a real database: a loaded city, reports taken in, people acting through the inbox."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, insert, select

from models.case import Report
from models.city import City
from models.directory.city_builder import DirectoryFiles
from tasks.case_opening import open_cases
from tasks.case_store import CASES, EVENTS, table
from tasks.city_edition import current_city, load_city
from tasks.database import reading, transaction
from tasks.inbox import Put, put_action
from tests.cities import SMALL_CITY

ZONE = ZoneInfo("Asia/Shanghai")
REPORTS = table(Report)


def at(text: str) -> datetime:
    """A moment in the city. Example: at("2019-05-06 08:00") is a Monday."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def a_loaded_city(engine: Engine, documents: dict[str, str] | None = None) -> City:
    """The small city, in force in this database."""
    with transaction(engine) as connection:
        load_city(connection, DirectoryFiles(documents or dict(SMALL_CITY)), at("2019-01-01 00:00"), "admin")
        return current_city(connection)


def reports_taken_in(engine: Engine, city: City, count: int, now: datetime, **fields: Any) -> list[str]:
    """Takes in reports of the small city (by default complete inspector's reports); returns their receipt numbers."""
    receipts = [f"R{now:%Y%m%d%H%M}{n:05}" for n in range(count)]
    rows = [a_report(receipt, now, **fields) for receipt in receipts]
    with transaction(engine) as connection:
        statement = insert(REPORTS).returning(REPORTS.c.id, sort_by_parameter_order=True)
        for row, row_id in zip(rows, connection.execute(statement, rows).scalars(), strict=True):
            row["id"] = row_id
        open_cases(connection, city, rows, now)
    return receipts


def a_report(receipt: str, now: datetime, **fields: Any) -> dict[str, Any]:
    """The columns of one complete inspector's report."""
    return {
        "receipt_number": receipt, "source": "inspector", "source_id": receipt, "opened_at": now, "taken_at": now,
        "class_code": "E0110", "condition_no": 1, "area": "410184101001001", "place": "新华路口",
        "description": "油烟直排", "flags": "", **fields,
    }  # fmt: skip


def acts(
    engine: Engine, city: City, names: Sequence[str], action: str, post: str, when: datetime, **facts: Any
) -> list[str]:
    """The same action of a post on several cases, put into the inbox; returns the keys."""
    keys = []
    with transaction(engine) as connection:
        for name in names:
            put = put_action(
                connection, city, case=name, action=action, by_post=post, facts=facts, origin="act", now=when
            )
            if not isinstance(put, Put):
                raise AssertionError(f"{action} on {name} never reached the inbox: {put}")
            keys.append(put.key)
    return keys


def rows_of(engine: Engine, statement: Any) -> list[Any]:
    """All rows of a select."""
    with reading(engine) as connection:
        return list(connection.execute(statement))


def states(engine: Engine) -> dict[str, int]:
    """How many cases stand in each state."""
    found: dict[str, int] = {}
    for row in rows_of(engine, select(CASES.c.state)):
        found[row.state] = found.get(row.state, 0) + 1
    return found


def actions_of(connection: Connection, receipt: str) -> list[str]:
    """The events of a case in order, by action."""
    case_id = connection.execute(select(CASES.c.id).where(CASES.c.receipt_number == receipt)).scalar_one()
    rows = connection.execute(select(EVENTS.c.action).where(EVENTS.c.case_id == case_id).order_by(EVENTS.c.seq))
    return list(rows.scalars())
