"""Many rows at once: what is written is what SQLAlchemy would have written, on both databases."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import DBAPIError

from models.case import IntakeBatch, Reporter
from models.tables import table_of
from tasks.bulk_rows import _stored_moment, insert_rows, read_rows, update_rows
from tasks.database import reading, transaction

BATCHES, REPORTERS = table_of(IntakeBatch), table_of(Reporter)
NOON = datetime(2019, 5, 6, 12, 0, 0, 250, tzinfo=ZoneInfo("Asia/Shanghai"))


def batch(name: str, **changed: Any) -> dict[str, Any]:
    return {"source": "测试", "name": name, "started_at": NOON, "ended_at": None, "rows": 3, "taken": 2} | changed


def all_of(engine: Engine, table: Any) -> list[dict[str, Any]]:
    with reading(engine) as connection:
        return [dict(row) for row in connection.execute(select(table).order_by(table.c.id)).mappings()]


def without_id(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "id"} for row in rows]


def test_rows_come_in_as_sqlalchemy_would_have_written_them(engine: Engine) -> None:
    rows = [batch("a", duplicates=0, refused=0), batch("b'\"%s ?", ended_at=NOON, duplicates=1, refused=2)]
    with transaction(engine) as connection:
        insert_rows(connection, BATCHES, rows)
        connection.execute(insert(BATCHES), rows)
    first, second, third, fourth = without_id(all_of(engine, BATCHES))
    assert (first, second) == (third, fourth)
    assert first["started_at"] == NOON
    assert first["started_at"].tzinfo is UTC


def test_bytes_and_nothing_keep_their_value(engine: Engine) -> None:
    sealed = b"\x00\xff'"
    with transaction(engine) as connection:
        insert_rows(connection, REPORTERS, [{"name_sealed": sealed, "phone_sealed": None, "erased_at": None}])
    (kept,) = without_id(all_of(engine, REPORTERS))
    assert kept == {"name_sealed": sealed, "phone_sealed": None, "erased_at": None}


def test_rows_are_found_by_what_they_must_match_and_counted(engine: Engine) -> None:
    with transaction(engine) as connection:
        insert_rows(connection, BATCHES, [batch(name, duplicates=0, refused=0) for name in "abc"])
    a, b, c = all_of(engine, BATCHES)
    told = [
        {"name": "A", "ended_at": NOON, "id": a["id"], "taken": 2},
        {"name": "B", "ended_at": None, "id": b["id"], "taken": 99},
        {"name": "C", "ended_at": NOON, "id": c["id"], "taken": 2},
    ]
    with transaction(engine) as connection:
        assert update_rows(connection, BATCHES, ("id", "taken"), told, count_up="taken") == 2
    found = [(row["name"], row["ended_at"], row["taken"]) for row in all_of(engine, BATCHES)]
    assert found == [("A", NOON, 3), ("b", None, 2), ("C", NOON, 3)]


@pytest.mark.parametrize(
    "text",
    ['"', "\\", '\\"', "a\\nb", "line\nline", "{a,b}", "NULL", "null", "", " ", "%s", "$1", "😀", "\u2028", "\t"],
)
def test_no_text_is_taken_for_anything_else_than_itself(engine: Engine, text: str) -> None:
    with transaction(engine) as connection:
        insert_rows(connection, BATCHES, [batch(text, duplicates=0, refused=0), batch("b", duplicates=0, refused=0)])
    assert [row["name"] for row in all_of(engine, BATCHES)] == [text, "b"]


def test_columns_that_are_not_named_stay_as_they_are(engine: Engine) -> None:
    with transaction(engine) as connection:
        insert_rows(connection, BATCHES, [batch("a", duplicates=0, refused=0)])
        (row,) = connection.execute(select(BATCHES)).mappings()
        told = [{"id": row["id"], "name": "A", "taken": 99, "ended_at": NOON}]
        assert update_rows(connection, BATCHES, ("id",), told, names=("name", "ended_at")) == 1
    (found,) = all_of(engine, BATCHES)
    assert (found["name"], found["ended_at"], found["taken"]) == ("A", NOON, 2)


@pytest.mark.parametrize("wanted", [[], ["a"], ["c", "a"], ["nobody"]])
def test_rows_are_read_as_sqlalchemy_reads_them(engine: Engine, wanted: list[str]) -> None:
    names = ("name", "started_at", "ended_at", "rows")
    with transaction(engine) as connection:
        insert_rows(connection, BATCHES, [batch(name, duplicates=0, refused=0) for name in "cba"])
    with reading(engine) as connection:
        columns = [BATCHES.c[name] for name in names]
        expected = connection.execute(select(*columns).where(BATCHES.c.name.in_(wanted)).order_by(BATCHES.c.id)).all()
        assert read_rows(connection, BATCHES, names, "name", wanted, "id") == list(map(tuple, expected))


@pytest.mark.parametrize("wanted", [[1], [1, 2]])
def test_a_question_the_database_refuses_is_refused_in_sqlalchemys_words(engine: Engine, wanted: list[int]) -> None:
    with reading(engine) as connection, pytest.raises(DBAPIError):
        read_rows(connection, BATCHES, ("id",), "id", wanted, "no_such_column")


def test_nothing_to_write_asks_the_database_nothing(engine: Engine) -> None:
    with reading(engine) as connection:
        insert_rows(connection, BATCHES, [])
        assert update_rows(connection, BATCHES, ("id",), []) == 0


@pytest.mark.parametrize("column", ["started_at", "ended_at"])
def test_a_moment_without_a_zone_is_refused(engine: Engine, column: str) -> None:
    naive = batch("a", duplicates=0, refused=0) | {column: NOON.replace(tzinfo=None)}
    with transaction(engine) as connection, pytest.raises(ValueError, match="has no zone"):
        insert_rows(connection, BATCHES, [naive])


@given(
    st.datetimes(
        min_value=datetime(1990, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
        timezones=st.one_of(
            st.just(UTC),
            st.just(ZoneInfo("Asia/Shanghai")),
            st.integers(-720, 720).map(lambda minutes: timezone(timedelta(minutes=minutes))),
        ),
    )
)
def test_a_moment_is_stored_as_sqlalchemy_stores_it(moment: datetime) -> None:
    stored = _stored_moment(moment)
    assert stored == moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
