"""Warnings that rise and end together leave, to the byte, what the same ones leave one after the other."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, select

from models.city import City
from models.flood_event import FloodEvent, FloodStream, Happened, Recording
from models.flood_warning import FloodWarning, Hazard, Severity, WarningSource
from models.notice import Notice
from models.tables import table_of
from tasks.database import transaction
from tasks.flood_events import broken_stream, read_events
from tasks.warning_batch import Raising, WarningBatch
from tasks.warnings import end_warning, open_warnings, raise_warning
from tests.replayed import at
from tests.water_cities import a_water_city

NOW = at("2021-07-20 08:00")
LATER = NOW + timedelta(minutes=30)
RECORDING = Recording(NOW, "flow", "edition-1")
ACTOR = "rule:threshold"
ORDERS = (
    *((table_of(FloodWarning), "id"), (table_of(FloodEvent), "id")),
    *((table_of(FloodStream), "stream"), (table_of(Notice), "id")),
)


@pytest.fixture
def city() -> City:
    return a_water_city()


def a_raising(subject: str, *, drill: bool = False, source: WarningSource = WarningSource.THRESHOLD) -> Raising:
    evidence = {"reading": 105.5, "rule": {"station_name": '梨河\\站"一', "value": 105.0, "clears_at": 104.8}}
    return Raising(
        Hazard.FLOOD, source, Severity.RED, subject, "410184101", NOW, evidence, "lihe-gauge", "rise", drill=drill
    )


def stored(connection: Connection) -> list[tuple[Any, ...]]:
    """Every row, in the order in which it was written; the numbers Postgres gives are not given back."""
    found = []
    for table, order in ORDERS:
        columns = [column for column in table.c if column.name != "id"]
        found += [tuple(row) for row in connection.execute(select(*columns).order_by(table.c[order]))]
    return found


def what_it_leaves(engine: Engine, work: Callable[[Connection], object]) -> list[tuple[Any, ...]]:
    with engine.connect() as connection, connection.begin() as begun:
        work(connection)
        assert broken_stream(connection) is None
        found = stored(connection)
        begun.rollback()
    return found


def raisings() -> Sequence[Raising]:
    plain = [a_raising(f"threshold:lihe-gauge:{n}") for n in range(5)]
    return [*plain, a_raising("signal:rain:1", source=WarningSource.SIGNAL), a_raising(plain[0].subject, drill=True)]


def test_a_batch_leaves_what_the_same_warnings_leave_one_after_the_other(engine: Engine, city: City) -> None:
    with transaction(engine) as connection:
        for subject in ("old:1", "old:2"):
            raise_warning(connection, city, a_raising(subject), RECORDING, ACTOR)

    def one_by_one(connection: Connection) -> None:
        end_warning(connection, city, "YJ20210720-001", LATER, {"why": "cleared"}, RECORDING, ACTOR)
        for one in (*raisings(), a_raising("old:1"), a_raising("old:2")):
            raise_warning(connection, city, one, RECORDING, ACTOR)
        over = raise_warning(connection, city, a_raising("over"), RECORDING, ACTOR, told=False)
        assert over is not None
        end_warning(connection, city, over.number, LATER, {"why": "cleared", "reading": 1.0}, RECORDING, ACTOR)
        raise_warning(connection, city, a_raising("over"), RECORDING, ACTOR)
        end_warning(connection, city, "YJ20210720-002", LATER, {"why": "withdrawn"}, RECORDING, ACTOR)

    def together(connection: Connection) -> None:
        batch = WarningBatch(connection, city, RECORDING, ACTOR)
        batch.end_warning("YJ20210720-001", LATER, {"why": "cleared"})
        numbers = [batch.raise_warning(one) for one in (*raisings(), a_raising("old:1"), a_raising("old:2"))]
        assert numbers[-1] is None, "one of its subject lasts"
        over = batch.raise_warning(a_raising("over"), told=False)
        assert over is not None
        batch.end_warning(over, LATER, {"why": "cleared", "reading": 1.0})
        assert batch.raise_warning(a_raising("over")) is not None
        batch.end_warning("YJ20210720-002", LATER, {"why": "withdrawn"})
        batch.write()

    left = what_it_leaves(engine, one_by_one)
    assert left == what_it_leaves(engine, together)
    assert len(left) > 50


def test_a_warning_that_has_ended_is_not_ended_again(engine: Engine, city: City) -> None:
    with transaction(engine) as connection:
        raise_warning(connection, city, a_raising("old"), RECORDING, ACTOR)
        assert end_warning(connection, city, "YJ20210720-001", LATER, {"why": "cleared"}, RECORDING, ACTOR)
        before = stored(connection)
        batch = WarningBatch(connection, city, RECORDING, ACTOR)
        batch.end_warning("YJ20210720-001", LATER, {"why": "withdrawn"})
        assert batch.write()["YJ20210720-001"].end_evidence == {"why": "cleared"}
        assert not end_warning(connection, city, "YJ20210720-001", LATER, {"why": "withdrawn"}, RECORDING, ACTOR)
        assert stored(connection) == before
        assert open_warnings(connection) == []


def test_what_else_befell_a_warning_stands_in_its_stream(engine: Engine, city: City) -> None:
    with transaction(engine) as connection:
        batch = WarningBatch(connection, city, RECORDING, ACTOR)
        number = batch.raise_warning(a_raising("one"))
        assert number == "YJ20210720-001"
        batch.record(number, Happened("warning_undone", NOW, ACTOR, {"why": "corrected"}))
        batch.write()
        assert [one.kind for one in read_events(connection, f"warning:{number}")] == [
            "warning_raised",
            "warning_undone",
        ]


def test_a_batch_of_hundreds_asks_the_database_a_few_times(engine: Engine, city: City) -> None:
    asked: list[str] = []
    with transaction(engine) as connection:
        event.listen(connection, "before_cursor_execute", lambda *told: asked.append(told[2]))
        batch = WarningBatch(connection, city, RECORDING, ACTOR)
        for n in range(300):
            batch.raise_warning(a_raising(f"threshold:lihe-gauge:{n}"))
        assert len(batch.write()) == 300
    assert len(asked) < 25
