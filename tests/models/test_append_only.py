"""Rows that are proof stay as they are, on both databases, whoever asks and however."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, UniqueConstraint, insert, text
from sqlalchemy.exc import DBAPIError

from models.append_only import APPEND_ONLY, ensure_append_only, unguarded_tables
from models.case import CaseClosing, Exemption
from models.citizens import Satisfaction
from models.city_edition import CityDocument, CityEdition
from models.desk_access import AccessRevocation
from models.desk_record import DeskRecord
from models.evaluation import (
    EvaluationBehind,
    EvaluationDocument,
    EvaluationEntry,
    EvaluationPublication,
    EvaluationVersion,
)
from models.flood_event import NO_EVENT, FloodEvent, Happened, Recording, chained
from models.flood_response import ResponseDecision
from models.info_report import IncidentReport
from models.picture import Picture
from models.tables import all_tables, table_of
from tasks.database import reading, transaction
from tests.event_rows import MOMENT, write_case

TABLES = list(APPEND_ONLY)
REFUSED = "are proof: never changed, removed or replaced. Record a new row that corrects them."


@pytest.fixture
def rows(engine: Engine) -> Engine:
    """One row in each append-only table; the test runs on SQLite and on Postgres."""
    return with_rows(engine)


def with_rows(engine: Engine) -> Engine:
    with transaction(engine) as connection:
        write_case(connection, 1, length=1)
        for row in (
            CaseClosing(case_id=1, round=1, closed_at=MOMENT),
            Exemption(case_id=1, round=1, granted_at=MOMENT),
            CityDocument(digest="d", name="units.csv", content="code"),
            CityEdition(digest="e", city_code="410184", loaded_at=MOMENT, loaded_by="admin", manifest={}),
            a_picture(),
            AccessRevocation(post="lihe-liaison", at=MOMENT, by="admin"),
            DeskRecord(key="k", kind="access_revoked", subject="lihe-liaison", by="admin", at=MOMENT),
            Satisfaction(key="k", report_id=1, case_id=1, round=1, score=5, at=MOMENT),
            a_flood_event(),
            a_decision(),
            an_entry(),
            a_version(),
            EvaluationBehind(version_id=1, unit="lihe", number=1, packed=b"x"),
            EvaluationPublication(version_id=1, month="2019-05", published_at=MOMENT, by="rule:publish"),
            an_evaluation_entry(),
            EvaluationDocument(version_id=1, kind="pdf", sha256="s", size=1, made_at=MOMENT),
        ):
            connection.execute(insert(table_of(type(row))), row.model_dump(exclude={"id"}))
    return engine


def a_flood_event() -> FloodEvent:
    row = chained("log:2021-07-20", 0, NO_EVENT, [Happened("entry", MOMENT, "p")], Recording(MOMENT, "desk"))[0]
    return FloodEvent(**row)


def a_decision() -> ResponseDecision:
    return ResponseDecision(
        consultation="HS20210720-001", hazard="flood", area="410184", level=4, kept=False, former_level=0,
        suggested_level=4, basis="b", issuer="centre", signed_by="leader", by="leader", at=MOMENT, key="k",
        origin="desk",
    )  # fmt: skip


def an_entry() -> IncidentReport:
    return IncidentReport(
        subject="XQ20210720-001", kind="initial", means="phone", unit="lihe", by="lihe-liaison", at=MOMENT,
        recorded_at=MOMENT, key="k", origin="desk",
    )  # fmt: skip


def a_version() -> EvaluationVersion:
    return EvaluationVersion(
        month="2019-05", version=1, scheme="xinzheng", made_at=MOMENT, counted_at=MOMENT, why="first",
        window_until=MOMENT, result="{}", digest="d", previous_digest="",
    )  # fmt: skip


def an_evaluation_entry() -> EvaluationEntry:
    """The first row, which takes back itself, so that every key of the table has a value."""
    return EvaluationEntry(
        key="k", month="2019-05", unit="lihe", item="faked_results", value="1", by="evaluator", at=MOMENT,
        takes_back=1, digest="d", previous_digest="",
    )  # fmt: skip


def a_picture() -> Picture:
    """A picture of case 1, whose files nobody looks for here."""
    return Picture(
        key="k",
        case_id=1,
        kind="after",
        by="p",
        origin="desk",
        at=MOMENT,
        original_sha256="o",
        original_bytes=9,
        original_format="jpeg",
        sha256="s",
        bytes=8,
        width=4,
        height=3,
        small_sha256="t",
    )


def contents(engine: Engine, table: str) -> list[tuple[object, ...]]:
    with reading(engine) as connection:
        return [tuple(row) for row in connection.execute(text(f"SELECT * FROM {table}"))]  # noqa: S608


def change(table: str) -> str:
    column = APPEND_ONLY[table][0][0]
    return f"UPDATE {table} SET {column} = {column}"  # noqa: S608


def test_a_row_is_neither_changed_nor_removed(rows: Engine) -> None:
    for table in TABLES:
        refuses_change_and_removal(rows, table)


def refuses_change_and_removal(rows: Engine, table: str) -> None:
    before = contents(rows, table)
    assert len(before) == 1
    for statement, verb in ((change(table), "UPDATE"), (f"DELETE FROM {table}", "DELETE")):  # noqa: S608
        with (
            pytest.raises(DBAPIError, match=f"{verb} refused: rows of {table} {REFUSED}"),
            transaction(rows) as connection,
        ):
            connection.execute(text(statement))
    assert contents(rows, table) == before


def test_a_table_is_not_truncated_also_by_a_replica(postgres_engine: Engine) -> None:
    rows = with_rows(postgres_engine)
    for table in TABLES:
        for role in ("origin", "replica"):
            statement = f"SET LOCAL session_replication_role = {role}; TRUNCATE {table} CASCADE"
            with pytest.raises(DBAPIError, match=f"TRUNCATE refused: rows of {table}"), transaction(rows) as connection:
                connection.exec_driver_sql(statement)
        assert len(contents(rows, table)) == 1


def same_by(table: str, key: tuple[str, ...]) -> str:
    """A select of the rows of a table as they are; their id moves on where another key is in question."""
    names = [column.name for column in all_tables().tables[table].columns]
    chosen = ", ".join("id + 1000" if name == "id" and "id" not in key else name for name in names)
    return f"SELECT {chosen} FROM {table}"  # noqa: S608


REPLACEMENTS = [(table, key) for table, keys in APPEND_ONLY.items() for key in keys]


@pytest.mark.parametrize("recursive_triggers", ["ON", "OFF"])
def test_a_row_is_not_replaced_also_by_a_program_that_knows_nothing_of_our_pragmas(
    sqlite_engine: Engine, recursive_triggers: str
) -> None:
    rows = with_rows(sqlite_engine)
    with closing(sqlite3.connect(str(rows.url.database))) as foreign:
        foreign.execute(f"PRAGMA recursive_triggers = {recursive_triggers}")
        for table, key in REPLACEMENTS:
            before = contents(rows, table)
            with pytest.raises(sqlite3.IntegrityError, match=REFUSED):
                foreign.execute(f"INSERT OR REPLACE INTO {table} {same_by(table, key)}")
            foreign.rollback()
            assert contents(rows, table) == before


def test_a_row_is_not_changed_through_a_conflict(rows: Engine) -> None:
    for table, key in REPLACEMENTS:
        conflict = f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {key[0]} = excluded.{key[0]}"
        statement = f"INSERT INTO {table} {same_by(table, key)} WHERE true {conflict}"
        with pytest.raises(DBAPIError, match=REFUSED), transaction(rows) as connection:
            connection.execute(text(statement))


def test_new_rows_are_taken_as_ever(rows: Engine) -> None:
    with transaction(rows) as connection:
        write_case(connection, 2, length=50)
    assert len(contents(rows, "case_event")) == 51


@pytest.mark.parametrize("table", TABLES)
def test_every_key_by_which_a_row_could_be_replaced_is_guarded(table: str) -> None:
    definition = all_tables().tables[table]
    keys = {tuple(column.name for column in definition.primary_key.columns)}
    for constraint in definition.constraints:
        if isinstance(constraint, UniqueConstraint):
            keys.add(tuple(column.name for column in constraint.columns))
    assert keys == set(APPEND_ONLY[table])
    assert not [index for index in definition.indexes if index.unique]


def test_putting_the_triggers_in_place_twice_changes_nothing(engine: Engine) -> None:
    with transaction(engine) as connection:
        ensure_append_only(connection)
        ensure_append_only(connection)
    with reading(engine) as connection:
        assert unguarded_tables(connection) == []


def test_a_copy_of_the_file_is_guarded_too(sqlite_engine: Engine, tmp_path: Path) -> None:
    rows = with_rows(sqlite_engine)
    with (
        closing(sqlite3.connect(str(rows.url.database))) as source,
        closing(sqlite3.connect(tmp_path / "copy")) as copy,
    ):
        source.backup(copy)
        with pytest.raises(sqlite3.IntegrityError, match=REFUSED):
            copy.execute("DELETE FROM case_event")
