"""Databases come to the models' shape by migrations alone, once, and stay guarded."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, Table, insert, inspect, text
from sqlalchemy.exc import DBAPIError

from models.append_only import unguarded_tables
from models.frozen_parts import unpack
from models.tables import all_tables
from tasks.database import open_database, reading, transaction
from tasks.database_engine import MIGRATING, make_engine, parse_address
from tasks.database_errors import DatabaseOutdated, DatabaseTooNew
from tasks.migrate import bring_up_to_date, known_revisions, migration_config, newest_revision
from tests.databases import PostgresOfTheSession
from tests.event_rows import write_case

REBUILD = '''"""Rebuild a guarded table, as SQLite needs it for most changes."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"


def upgrade() -> None:
    with op.batch_alter_table("case_event", recreate="{recreate}") as batch:
        batch.add_column(sa.Column("remark", sa.String()))
'''


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    server: PostgresOfTheSession = request.getfixturevalue("postgres_server")
    url = server.empty_database()
    yield url
    server.drop(url)


def head(engine: Engine) -> str:
    with reading(engine) as connection:
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


def run_one_more(engine: Engine, folder: Path, revision: str) -> None:
    """Run the migrations and a further one from `folder`, as the next version of this program would."""
    (folder / "9999_one_more.py").write_text(revision)
    with engine.connect().execution_options(**{MIGRATING: True}) as connection, connection.begin():
        config = migration_config(connection)
        own = Path(str(config.get_main_option("script_location"))) / "versions"
        config.set_main_option("path_separator", "newline")
        config.set_main_option("version_locations", f"{own}\n{folder}")
        command.upgrade(config, "head")


def test_the_migrations_make_exactly_the_tables_of_the_models(engine: Engine) -> None:
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, all_tables()) == []


def test_the_revisions_told_without_alembic_are_those_alembic_finds(sqlite_engine: Engine) -> None:
    with reading(sqlite_engine) as connection:
        scripts = ScriptDirectory.from_config(migration_config(connection))
        in_order = [script.revision for script in scripts.walk_revisions()]
        assert MigrationContext.configure(connection).get_current_revision() == newest_revision()
    assert in_order == sorted(known_revisions(), reverse=True)
    assert scripts.get_current_head() == newest_revision()


def test_a_process_that_migrates_nothing_imports_neither_alembic_nor_the_workbook_library(sqlite_url: str) -> None:
    heavy = {"alembic", "openpyxl", "numpy", "pandas"}
    program = f"""
import sys, tasks.intake, tasks.lifecycle, tasks.notify
from tasks.database import open_database
open_database({sqlite_url!r}).dispose()
open_database({sqlite_url!r}, migrate=False).dispose()
print(sorted({heavy!r} & set(sys.modules)))
"""
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "[]\n"


def test_every_name_of_a_constraint_is_ours_so_that_later_migrations_can_refer_to_it(engine: Engine) -> None:
    with reading(engine) as connection:
        inspector = inspect(connection)
        for table in all_tables().tables:
            constraints = [*inspector.get_unique_constraints(table), *inspector.get_foreign_keys(table)]
            assert all(str(each["name"]).startswith((f"uq_{table}_", f"fk_{table}_")) for each in constraints)


def test_a_database_is_migrated_when_it_is_opened_and_again_changes_nothing(empty_url: str) -> None:
    first = open_database(empty_url)
    with transaction(first) as connection:
        write_case(connection, 1, length=2)
    first.dispose()
    again = open_database(empty_url)
    with reading(again) as connection:
        assert connection.scalar(text("SELECT count(*) FROM case_event")) == 2
        assert unguarded_tables(connection) == []
    again.dispose()


def test_processes_that_start_together_migrate_once(empty_url: str) -> None:
    program = f"from tasks.database import open_database; open_database({empty_url!r}).dispose(); print('opened')"
    starts = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said, complained = zip(*(start.communicate(timeout=90) for start in starts), strict=True)
    assert "".join(complained) == ""
    assert said == ("opened\n",) * 3


def test_a_database_that_was_not_migrated_is_refused_where_nothing_may_be_changed(empty_url: str) -> None:
    engine = make_engine(parse_address(empty_url))
    engine.connect().close()
    engine.dispose()
    with pytest.raises(DatabaseOutdated, match=r"is at revision none, this program needs \d{4}\. Make a copy"):
        open_database(empty_url, migrate=False)


@pytest.mark.parametrize("migrate", [True, False])
def test_a_database_of_a_newer_program_is_refused_and_left_alone(database_url: str, migrate: bool) -> None:
    engine = open_database(database_url)
    with transaction(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '2099'"))
    with pytest.raises(DatabaseTooNew, match="revision 2099, which this program does not know"):
        open_database(database_url, migrate=migrate)
    assert head(engine) == "2099"
    engine.dispose()


@pytest.mark.parametrize("recreate", ["always", "auto"])
def test_a_migration_that_rebuilds_a_guarded_table_leaves_it_guarded(
    engine: Engine, tmp_path: Path, recreate: str
) -> None:
    with transaction(engine) as connection:
        chain = write_case(connection, 1, length=3)
    run_one_more(engine, tmp_path, REBUILD.format(head=head(engine), recreate=recreate))
    with reading(engine) as connection:
        assert unguarded_tables(connection) == []
        hashes = list(connection.scalars(text("SELECT hash FROM case_event WHERE remark IS NULL ORDER BY seq")))
        assert hashes == [event["hash"] for event in chain]
    with pytest.raises(DBAPIError, match="UPDATE refused"), transaction(engine) as connection:
        connection.execute(text("UPDATE case_event SET remark = 'x'"))


def test_rebuilding_alone_would_have_dropped_the_triggers(sqlite_engine: Engine) -> None:
    with sqlite_engine.connect().execution_options(**{MIGRATING: True}) as connection, connection.begin():
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("case_event", recreate="always"):
            pass
        assert unguarded_tables(connection) == ["case_event"]


def test_a_migration_that_fails_halfway_leaves_nothing_behind(engine: Engine, tmp_path: Path) -> None:
    failing = REBUILD.format(head=head(engine), recreate="always") + '    op.drop_table("nowhere")\n'
    before = head(engine)
    with pytest.raises(DBAPIError, match="nowhere"):
        run_one_more(engine, tmp_path, failing)
    assert head(engine) == before
    with reading(engine) as connection:
        assert "remark" not in {column["name"] for column in inspect(connection).get_columns("case_event")}
        assert unguarded_tables(connection) == []


def test_triggers_that_are_missing_come_back_when_the_database_is_opened_and_the_log_says_so(
    sqlite_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with transaction(sqlite_engine) as connection:
        connection.execute(text("DROP TRIGGER exemption_refuses_delete"))
    bring_up_to_date(sqlite_engine)
    with reading(sqlite_engine) as connection:
        assert unguarded_tables(connection) == []
    assert [record.message for record in caplog.records if record.name == "tasks.migrate"] == [
        "Append-only triggers were missing on exemption and are back; run `zhihui audit verify`."
    ]


def test_calls_of_an_older_program_cover_the_warning_they_name_and_nobody_is_told_their_end(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Tables of revisions between are not there to be guarded yet.
    monkeypatch.setattr("models.append_only.ensure_append_only", lambda _: None)
    engine = make_engine(parse_address(empty_url))
    row = {"drill": False, "subject": "s", "reason": "", "started_by": "rule:calls", "started_at": datetime.now(UTC)}
    ended = row | {"ended_at": row["started_at"], "ended_why": "answered"}
    calls = [("JY1", "YJ1", row), ("JY2", "YJ2", ended), ("JY3", None, row)]
    with engine.connect().execution_options(**{MIGRATING: True}) as connection, connection.begin():
        command.upgrade(migration_config(connection), "0016")
        old = Table("flood_call", MetaData(), autoload_with=connection)
        for number, warning, fields in calls:
            connection.execute(insert(old).values(number=number, key=number, warning=warning, **fields))
        command.upgrade(migration_config(connection), "0018")
        covered = connection.execute(text("SELECT call_id, warning FROM flood_call_warning ORDER BY id")).all()
        lifted = connection.execute(text("SELECT lifted_at IS NOT NULL FROM flood_call ORDER BY id")).scalars().all()
    engine.dispose()
    assert [tuple(row) for row in covered] == [(1, "YJ1"), (2, "YJ2")]
    assert [bool(one) for one in lifted] == [False, True, False]


def test_cases_behind_months_that_an_older_program_froze_are_packed_by_unit(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.append_only.ensure_append_only", lambda _: None)
    engine = make_engine(parse_address(empty_url))
    version = {
        "scheme": "s", "made_at": datetime.now(UTC), "counted_at": datetime.now(UTC), "why": "first", "result": "{}",
        "window_until": datetime.now(UTC), "digest": "d", "previous_digest": "",
    }  # fmt: skip
    parts = [(1, "lihe", 2, 1, -2, 5), (1, "lihe", 1, 1, 1, 2**41), (1, "", 3, 1, 1, 1), (2, "lihe", 1, 2, 1, 4)]
    with engine.connect().execution_options(**{MIGRATING: True}) as connection, connection.begin():
        command.upgrade(migration_config(connection), "0019")
        versions, old = (
            Table(name, MetaData(), autoload_with=connection, resolve_fks=False)
            for name in ("evaluation_version", "evaluation_case")
        )
        for number, month in ((1, "2019-05"), (2, "2019-06")):
            connection.execute(insert(versions).values(id=number, month=month, version=1, **version))
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE evaluation_case DROP CONSTRAINT fk_evaluation_case_case_id"))
        names = ("version_id", "unit", "case_id", "round", "part", "marks")
        connection.execute(insert(old), [dict(zip(names, row, strict=True)) for row in parts])
        command.upgrade(migration_config(connection), "0020")
        found = connection.execute(text("SELECT version_id, unit, number, packed FROM evaluation_behind")).all()
        assert not inspect(connection).has_table("evaluation_case")
    engine.dispose()
    unpacked = [(version_id, unit, *part) for version_id, unit, _, packed in found for part in unpack(packed)]
    assert sorted(unpacked) == sorted(parts)
    assert sorted(number for _, _, number, _ in found) == [1, 1, 2]
