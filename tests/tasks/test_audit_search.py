"""What an auditor looks for is found on both databases, from an index, also beyond one page and one chunk."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, select

import tasks.audit_search as audit_search
from tasks.audit import verify_case
from tasks.audit_search import Search, cases_of_run, each_case, each_event, find_cases
from tasks.case_store import CASES, EVENTS
from tasks.database import reading
from tasks.lifecycle import move_cases
from tests.stored_cases import ZONE, a_loaded_city, at, reports_taken_in, rows_of

NOW = at("2019-05-06 10:00")
DAY = date(2019, 5, 6)
RUN = "0198aaaa-0000-7000-8000-000000000001"


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """Seven cases of three days, moved by one run."""
    city = a_loaded_city(engine)
    for day, count in enumerate((3, 3, 1)):
        reports_taken_in(engine, city, count, NOW + timedelta(days=day))
    move_cases(engine, now=NOW + timedelta(days=2), flow_run_id=RUN)
    return engine


def found(engine: Engine, search: Search) -> int:
    with reading(engine) as connection:
        return len(find_cases(connection, search, ZONE)[0])


@pytest.mark.parametrize("chunk", [2, 1000])
def test_cases_and_events_are_found_and_taken_out_whole(
    filled: Engine, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(audit_search, "CHUNK", chunk)
    assert found(filled, Search()) == 7
    assert found(filled, Search(first_day=DAY, last_day=DAY)) == 3
    assert found(filled, Search(unit="lihe", state="dispatched", last_day=DAY)) == 3
    assert found(filled, Search(state="closed")) == 0
    cases = [row.id for row in each_case(filled, Search(state="dispatched"), ZONE)]
    newest_first = select(CASES.c.id).order_by(CASES.c.opened_at.desc(), CASES.c.id.desc())
    assert cases == [row.id for row in rows_of(filled, newest_first)]
    events = [row.id for row in each_event(filled, DAY, DAY + timedelta(days=2), ZONE)]
    in_order = select(EVENTS.c.id).order_by(EVENTS.c.recorded_at, EVENTS.c.id)
    assert events == [row.id for row in rows_of(filled, in_order)]
    assert [row.seq for row in each_event(filled, DAY, DAY, ZONE)] == [1, 1, 1]


def test_a_run_names_the_cases_it_wrote_events_of(filled: Engine) -> None:
    with reading(filled) as connection:
        touched, more = cases_of_run(connection, RUN)
        assert cases_of_run(connection, "none such") == ([], False)
    assert (len(touched), more) == (7, False)
    written = rows_of(filled, select(EVENTS.c.id).where(EVENTS.c.flow_run_id == RUN))
    assert sum(one.events for one in touched) == len(written)


def test_one_case_is_proved_like_all(filled: Engine) -> None:
    (case,) = rows_of(filled, select(CASES).limit(1))
    with reading(filled) as connection:
        verdict = verify_case(connection, case.id)
        assert (verdict.events, verdict.sealed, verdict.deadlines_known, verdict.broken) == (
            case.events, True, True, None,
        )  # fmt: skip
        assert verify_case(connection, 999_999).events == 0


SEARCHES = [
    Search(),
    Search(state="closed"),
    Search(state="closed", first_day=DAY, last_day=DAY),
    Search(unit="lihe"),
    Search(unit="lihe", state="closed", first_day=DAY),
    Search(name="R1"),
]


def test_no_question_reads_a_whole_table(sqlite_engine: Engine) -> None:
    plans: list[str] = []

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            rows = connection.connection.driver_connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend(str(row[3]) for row in rows)

    event.listen(sqlite_engine, "before_cursor_execute", explain)
    with reading(sqlite_engine) as connection:
        for search in SEARCHES:
            find_cases(connection, search, ZONE)
        cases_of_run(connection, RUN)
        verify_case(connection, 1)
    for search in SEARCHES:
        list(each_case(sqlite_engine, search, ZONE))
    list(each_event(sqlite_engine, DAY, DAY, ZONE))
    read = [plan for plan in plans if plan.startswith("SCAN") and not plan.startswith("SCAN CONSTANT")]
    assert {plan.split(" ")[1] for plan in read} <= {"cases", "city_edition", "anon_1", "json_each"}
    assert all("USING INDEX" in plan for plan in read if plan.startswith("SCAN cases")), read
