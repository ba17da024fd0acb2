"""How the city stands is counted by indexes, on both databases alike."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, text

from models.case import IntakeBatch, RefusedRow
from models.notice import Priority
from models.tables import table_of
from models.vocabulary import ANY_OPEN, State
from tasks.city_figures import count_refused_rows, count_unreached, read_open, read_outbox
from tasks.database import reading, transaction
from tasks.wall_figures import read_wall
from tests.cities import a_small_city
from tests.notice_rows import NOW, write_case, write_notice

HOUR = timedelta(hours=1)


def write_cases(engine: Engine, *cases: dict[str, Any]) -> None:
    for number, fields in enumerate(cases):
        write_case(engine, **{"number": f"E{number}", "receipt_number": f"R{number}"} | fields)


def test_open_and_overdue_cases_are_counted_by_state_and_unit(engine: Engine) -> None:
    late, soon = {"handle_due_at": NOW - HOUR}, {"handle_due_at": NOW + HOUR}
    write_cases(
        engine,
        {"state": "dispatched", "unit": "water"} | late,
        {"state": "handling", "unit": "lihe"} | late,
        {"state": "handling", "unit": "lihe"} | late,
        {"state": "handling", "unit": None} | late,
        {"state": "handling", "unit": "lihe"} | soon,
        {"state": "handling", "unit": "lihe", "handle_due_at": NOW},
        {"state": "checking", "unit": "lihe"} | late,
        {"state": "closed", "unit": "lihe"} | late,
        {"state": "reported", "unit": None},
    )
    with reading(engine) as connection:
        found = read_open(connection, NOW)
    assert list(found.by_state) == [state for state in State if state in ANY_OPEN]
    assert {state.value: count for state, count in found.by_state.items() if count} == {
        "dispatched": 1,
        "handling": 5,
        "checking": 1,
        "reported": 1,
    }
    assert list(found.overdue_by_unit.items()) == [("lihe", 2), ("", 1), ("water", 1)]
    assert (found.total, found.overdue) == (8, 4)


def test_what_waits_for_its_hour_is_old_but_not_due(engine: Engine) -> None:
    write_notice(engine, created_at=NOW - 9 * HOUR, not_before=NOW + HOUR, waits_for="quiet_hours")
    write_notice(engine, created_at=NOW - 5 * HOUR, not_before=NOW - 2 * HOUR)
    write_notice(engine, created_at=NOW - HOUR, priority="urgent")
    write_notice(engine, created_at=NOW - 20 * HOUR, state="held")
    write_notice(engine, created_at=NOW - 20 * HOUR, state="sent")
    with reading(engine) as connection:
        found = read_outbox(connection, NOW)
    assert found.waiting == {Priority.ROUTINE: 2, Priority.URGENT: 1, Priority.EMERGENCY: 0}
    assert (found.oldest_waiting, found.oldest_due, found.held) == (NOW - 9 * HOUR, NOW - 2 * HOUR, 1)


def test_nothing_waits_in_an_empty_city(engine: Engine) -> None:
    with reading(engine) as connection:
        found = read_outbox(connection, NOW)
        assert (sum(found.waiting.values()), found.oldest_waiting, found.oldest_due) == (0, None, None)
        assert (read_open(connection, NOW).total, count_refused_rows(connection)) == (0, 0)


@pytest.mark.parametrize(
    ("state", "settled", "counted"),
    [("failed", -HOUR, 1), ("expired", -HOUR, 1), ("failed", -25 * HOUR, 0), ("sent", -HOUR, 0)],
)
def test_notices_given_up_count_for_a_day(sqlite_engine: Engine, state: str, settled: timedelta, counted: int) -> None:
    write_notice(sqlite_engine, state=state, settled_at=NOW + settled)
    with reading(sqlite_engine) as connection:
        assert count_unreached(connection, NOW - 24 * HOUR) == counted


def test_refused_rows_count_until_somebody_settles_them(sqlite_engine: Engine) -> None:
    with transaction(sqlite_engine) as connection:
        batch = table_of(IntakeBatch)
        row = {"source": "inspector", "name": "a.csv", "started_at": NOW, "rows": 2}
        connection.execute(insert(batch).values(**row, taken=0, duplicates=0, refused=2))
        for number, state in enumerate(("open", "open", "dropped")):
            connection.execute(
                insert(table_of(RefusedRow)).values(
                    batch_id=1, source="inspector", row_number=number, code="x", content_sealed=b"", state=state,
                    fingerprint=str(number), refused_at=NOW,
                )
            )  # fmt: skip
        assert count_refused_rows(connection) == 2


def test_no_figure_reads_all_that_is_stored(sqlite_engine: Engine) -> None:
    said: list[tuple[str, Any]] = []
    event.listen(sqlite_engine, "before_cursor_execute", lambda *a: said.append((a[2], a[3])))
    with reading(sqlite_engine) as connection:
        read_wall(connection, a_small_city(), NOW)
        read_outbox(connection, NOW)
        asked = [one for one in said if one[0].lstrip().startswith("SELECT")]
        plans = [
            row.detail
            for statement, values in asked
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]
        stored = connection.execute(text("SELECT count(*) FROM cases")).scalar_one()
    assert len(asked) >= 10, stored
    # These have a row for each shift, process or revocation.
    assert {plan for plan in plans if plan.startswith("SCAN") and "INDEX" not in plan} <= {
        "SCAN desk_session",
        "SCAN sweep",
        "SCAN anon_1",
    }
