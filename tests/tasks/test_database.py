"""Opening a database, and how transactions of two processes meet."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from models.case import Exemption, NumberSeries
from models.tables import table_of
from tasks.database import claim, is_postgres, open_database, reading, transaction
from tasks.database_engine import parse_address
from tasks.database_errors import BadAddress, DatabaseUnreachable
from tests.event_rows import MOMENT

SERIES = table_of(NumberSeries)


def add(engine: Engine, *new: str) -> None:
    with transaction(engine) as connection:
        for prefix in new:
            connection.execute(insert(SERIES), {"prefix": prefix, "last": 1})


def prefixes(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return list(connection.scalars(select(SERIES.c.prefix).order_by(SERIES.c.prefix)))


def test_a_transaction_commits_at_its_end_and_undoes_all_on_an_error(engine: Engine) -> None:
    add(engine, "kept")
    with pytest.raises(IntegrityError):
        add(engine, "lost", "kept")
    assert prefixes(engine) == ["kept"]


def test_reading_sees_one_state_while_others_write_and_cannot_write_itself(engine: Engine) -> None:
    add(engine, "a")
    with reading(engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM number_series")) == 1
        add(engine, "b")
        assert connection.scalar(text("SELECT count(*) FROM number_series")) == 1
        with pytest.raises(DBAPIError, match=r"read-?only"):
            connection.execute(text("DELETE FROM number_series"))
    assert prefixes(engine) == ["a", "b"]
    # The connection goes back to the pool as it was: the next one may write.
    add(engine, "c")


def test_sqlite_keeps_its_compiled_statements_from_one_page_to_the_next(sqlite_engine: Engine) -> None:
    said: list[str] = []
    event.listen(sqlite_engine, "before_cursor_execute", lambda *what: said.append(what[2]))
    for _ in range(3):
        prefixes(sqlite_engine)
    assert sum(statement.startswith("PRAGMA") for statement in said) <= 2
    add(sqlite_engine, "a")
    with reading(sqlite_engine) as connection, pytest.raises(DBAPIError, match="readonly"):
        connection.execute(text("DELETE FROM number_series"))


def test_foreign_keys_hold_in_every_transaction(engine: Engine) -> None:
    exemption = {"case_id": 1, "round": 1, "granted_at": MOMENT, "reason": ""}
    with pytest.raises(IntegrityError), transaction(engine) as connection:
        connection.execute(insert(table_of(Exemption)), exemption)


def test_two_transactions_that_read_before_they_write_lose_nothing(engine: Engine) -> None:
    add(engine, "serial")
    start = threading.Barrier(4)

    def count_up() -> None:
        start.wait()
        for _ in range(5):
            with transaction(engine) as connection:
                statement = select(SERIES.c.last).where(SERIES.c.prefix == "serial").with_for_update()
                last = connection.scalar(statement) or 0
                connection.execute(text("UPDATE number_series SET last = :next"), {"next": last + 1})

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with reading(engine) as connection:
        assert connection.scalar(select(SERIES.c.last)) == 21


def test_claiming_passes_over_what_another_visit_holds(postgres_engine: Engine) -> None:
    add(postgres_engine, "a")
    add(postgres_engine, "b")
    statement = select(SERIES.c.prefix).order_by(SERIES.c.prefix).limit(1)
    with transaction(postgres_engine) as one, transaction(postgres_engine) as other:
        assert one.scalars(claim(statement, one)).all() == ["a"]
        assert other.scalars(claim(statement, other)).all() == ["b"]


def test_claiming_adds_nothing_on_sqlite(sqlite_engine: Engine) -> None:
    statement = select(SERIES.c.prefix)
    with transaction(sqlite_engine) as connection:
        assert not is_postgres(connection)
        assert claim(statement, connection) is statement


def test_moments_come_back_in_utc_whatever_the_server_thinks(engine: Engine) -> None:
    with reading(engine) as connection:
        zone = connection.scalar(text("SHOW TIME ZONE")) if is_postgres(connection) else "UTC"
        assert zone == "UTC"


def test_sqlite_is_set_so_that_nothing_committed_is_lost(sqlite_engine: Engine) -> None:
    with reading(sqlite_engine) as connection:
        pragmas = ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers", "busy_timeout", "secure_delete")
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas]
    assert found == ["wal", 2, 1, 1, 30_000, 1]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO report (receipt_number, source, description) VALUES (:text, 'hotline', :text)",
        "INSERT INTO number_series (prefix, last) VALUES (:text, 1), (:text, 2)",
        "INSERT INTO nowhere VALUES (:text)",
    ],
)
def test_an_error_never_prints_the_row(engine: Engine, statement: str) -> None:
    with pytest.raises(DBAPIError) as error, transaction(engine) as connection:
        connection.execute(text(statement), {"text": "13800000000"})
    assert "13800000000" not in str(error.value)
    assert "13800000000" not in str(error.value.orig)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("zhihui.db", "no database address"),
        ("", "no database address"),
        ("mysql://desk:geheim@db/zhihui", "mysql is no database this program works with"),
        ("sqlite://", "must be a plain file"),
        ("sqlite:///:memory:", "must be a plain file"),
        ("sqlite:///file:x?mode=memory&uri=true", "must be a plain file"),
    ],
)
def test_an_address_of_no_use_is_refused_with_what_to_write(url: str, why: str) -> None:
    with pytest.raises(BadAddress, match=why) as error:
        open_database(url)
    assert "postgresql://USER:PASSWORD@HOST:5432/NAME" in str(error.value)
    assert "geheim" not in str(error.value)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgresql://desk@db/zhihui", "postgresql+psycopg://desk@db/zhihui"),
        ("postgresql+psycopg2://desk@db/zhihui", "postgresql+psycopg://desk@db/zhihui"),
        ("sqlite:////srv/zhihui.db", "sqlite+pysqlite:////srv/zhihui.db"),
    ],
)
def test_the_driver_is_ours_to_choose(given: str, used: str) -> None:
    assert parse_address(given).render_as_string() == used


def test_a_postgres_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(DatabaseUnreachable, match=r"postgresql\+psycopg://desk:\*\*\*@127\.0\.0\.1:1/zhihui") as error:
        open_database("postgresql://desk:geheim@127.0.0.1:1/zhihui")
    assert "geheim" not in str(error.value)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    file = tmp_path / "zhihui.db"
    file.write_bytes(b"id,name\r\n" * 1000)
    with pytest.raises(DatabaseUnreachable, match="file is not a database"):
        open_database(f"sqlite:///{file}")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseUnreachable, match=str(tmp_path / "file" / "data")):
        open_database(f"sqlite:///{tmp_path}/file/data/zhihui.db")


def test_a_missing_database_is_made_only_where_that_is_wanted(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new/zhihui.db"
    with pytest.raises(DatabaseUnreachable, match="There is no database file"):
        open_database(url, migrate=False)
    assert not (tmp_path / "new").exists()
    open_database(url).dispose()
    open_database(url, migrate=False).dispose()


def test_another_program_that_holds_the_file_makes_a_writer_wait_and_then_say_so(
    tmp_path: Path, sqlite_url: str
) -> None:
    impatient = create_engine(sqlite_url, connect_args={"timeout": 0.05, "isolation_level": None})
    holder = open_database(sqlite_url, migrate=False)
    with transaction(holder), pytest.raises(OperationalError, match="locked"), impatient.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    impatient.dispose()
    holder.dispose()
