"""Warnings, consultations, decisions and reports in a database, and what became of them."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Table, insert, select, update

from models.city import City
from models.flood_event import Recording
from models.flood_rules import ResponseLevel
from models.flood_warning import Hazard
from models.notice import Notice
from models.refusal import Refusal
from models.response_rules import DecisionWish
from models.tables import table_of
from tasks.consultations import Consulted, open_consultations
from tasks.database import reading, transaction
from tasks.flood_events import read_events
from tasks.response import decide
from tasks.response_rows import WARNINGS, DecisionTold, in_force_at
from tests.stored_cases import at

TOWN, COUNTY = "410184101", "410184"
MORNING = at("2021-07-20 08:00")
"""A Tuesday."""

III_FOR_THE_TOWN = DecisionWish(
    "HS20210720-001",
    Hazard.FLOOD,
    TOWN,
    ResponseLevel.III,
    "橙色预警，雨仍在下",
    "centre",
    "leader",
    "leader",
)


def a_wish(**changes: Any) -> DecisionWish:
    """A valid decision for III in the town, with some of it changed."""
    return replace(III_FOR_THE_TOWN, **changes)


def a_warning(engine: Engine, number: str, severity: str, when: datetime = MORNING, **fields: Any) -> str:
    """An open warning of the town."""
    row = {
        "number": number,
        "drill": False,
        "hazard": "flood",
        "source": "signal",
        "severity": severity,
        "subject": f"signal:{number}",
        "area": TOWN,
        "raised_at": when,
        "recorded_at": when,
        "evidence": "{}",
        "end_evidence": "",
    }
    with transaction(engine) as connection:
        connection.execute(insert(WARNINGS).values(row | fields))
    return number


def ends(engine: Engine, number: str, when: datetime) -> None:
    """The warning is over."""
    with transaction(engine) as connection:
        connection.execute(update(WARNINGS).where(WARNINGS.c.number == number).values(ended_at=when))


def looks(engine: Engine, city: City, now: datetime = MORNING) -> Consulted:
    """One look of the sweep at the warnings."""
    with transaction(engine) as connection:
        return open_consultations(connection, city, now, Recording(now, "flow"))


def decides(
    engine: Engine, city: City, wish: DecisionWish, key: str = "key-1", now: datetime = MORNING, origin: str = "desk"
) -> DecisionTold | Refusal:
    """Somebody decides."""
    with transaction(engine) as connection:
        return decide(connection, city, wish, key, Recording(now, origin))


def levels(engine: Engine, now: datetime) -> dict[tuple[str, str], str]:
    """What is in force, by hazard and area."""
    with reading(engine) as connection:
        return {
            (str(hazard), area): one.level.name for (hazard, area), one in in_force_at(connection, now).items()
        }  # fmt: skip


def told(engine: Engine, kind: str) -> list[str]:
    """Who has a notice of a kind, in order."""
    notices = table_of(Notice)
    with reading(engine) as connection:
        return list(
            connection.scalars(select(notices.c.recipient).where(notices.c.kind == kind).order_by(notices.c.id))
        )


def happened(engine: Engine, stream: str) -> list[str]:
    """The kinds of events of a stream."""
    with reading(engine) as connection:
        return [event.kind for event in read_events(connection, stream)]


def rows_in(engine: Engine, table: Table) -> list[Any]:
    """Every row of a table."""
    with reading(engine) as connection:
        return list(connection.execute(select(table).order_by(table.c.id)))
