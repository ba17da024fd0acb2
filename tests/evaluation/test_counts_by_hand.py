"""Counts worked out by hand, one story each: which month, which unit, what stands apart."""

from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from models.city import City
from models.evaluation_counts import CountName
from models.evaluation_marks import Cut
from tasks.audit import verify_all
from tasks.case_facts import FACTS
from tasks.city_edition import current_city
from tasks.counted_marks import ExemptSpan, month_period
from tasks.database import reading, transaction
from tasks.evaluation_counts import count
from tasks.lifecycle import move_cases
from tasks.migrate import bring_up_to_date
from tasks.retold_facts import retell_facts
from tests.stored_cases import a_loaded_city, acts, at, reports_taken_in, rows_of

MAY, JUNE = "2019-05", "2019-06"


def scoring(engine: Engine, month: str, now: str = "2019-08-01 00:00", **choice: Any) -> dict[str, int]:
    """What the whole city counts in a month, without zeros."""
    return _counted(engine, month, now, "scoring", **choice)


def workload(engine: Engine, month: str, now: str = "2019-08-01 00:00") -> dict[str, int]:
    return _counted(engine, month, now, "workload")


def _counted(engine: Engine, month: str, now: str, statistic: str, **choice: Any) -> dict[str, int]:
    with reading(engine) as connection:
        city = current_city(connection)
        total = count(connection, city, month_period(month, city), now=at(now), **choice).total
    return {name.value: number for name, number in getattr(total, statistic).items() if number}


def by_unit(engine: Engine, month: str) -> dict[str | None, dict[str, int]]:
    with reading(engine) as connection:
        city = current_city(connection)
        lines = count(connection, city, month_period(month, city), [Cut.UNIT], now=at("2019-08-01 00:00")).lines
    return {unit: {n.value: c for n, c in line.scoring.items() if c} for (unit,), line in lines.items()}


class Played:
    """A few cases of 梨河镇 (E0101: 4 work_hour), dispatched by rule on a morning, and what people do to them."""

    def __init__(self, engine: Engine, day: str, cases: int = 1) -> None:
        self.engine = engine
        self.city: City = a_loaded_city(engine)
        self.names = reports_taken_in(engine, self.city, cases, at(f"{day} 08:00"), class_code="E0101")
        move_cases(engine, now=at(f"{day} 08:00"))

    def does(self, action: str, post: str, when: str, **facts: Any) -> "Played":
        acts(self.engine, self.city, self.names, action, post, at(when), **facts)
        assert move_cases(self.engine, now=at(when)).refused == 0
        return self

    def closed(self, handled: str, checked: str, unit: str = "lihe") -> "Played":
        self.does("receive", f"{unit}-liaison", handled).does("report_handled", f"{unit}-liaison", handled)
        return self.does("check", "inspector-a", checked, result="passed")


def test_a_case_filed_in_may_belongs_to_june_where_its_deadline_lies_there(engine: Engine) -> None:
    """Reported on Friday 31 May 15:00: 3 work hours are left of the day, the deadline is Monday 3 June 09:00."""
    city = a_loaded_city(engine)
    reports_taken_in(engine, city, 1, at("2019-05-31 15:00"), class_code="E0101")
    move_cases(engine, now=at("2019-05-31 15:00"))
    assert "due_to_close" not in scoring(engine, MAY)
    assert scoring(engine, MAY)["filed"] == 1
    june = scoring(engine, JUNE)
    assert (june["due_to_close"], june["overdue_open"], june.get("filed")) == (1, 1, None)


def test_a_month_that_is_still_open_counts_a_deadline_once_it_is_past(engine: Engine) -> None:
    Played(engine, "2019-05-06")
    assert "due_to_close" not in scoring(engine, MAY, now="2019-05-06 12:00"), "at the deadline itself there is time"
    assert scoring(engine, MAY, now="2019-05-06 12:01")["overdue_open"] == 1


def test_closed_late_in_june_it_is_still_a_case_of_may_and_work_of_june(engine: Engine) -> None:
    Played(engine, "2019-05-06").closed("2019-06-03 09:00", "2019-06-03 09:20")
    may = scoring(engine, MAY)
    assert (may["due_to_close"], may["closed"], may["closed_late"], may.get("closed_on_time")) == (1, 1, 1, None)
    assert "closed" not in scoring(engine, JUNE)
    assert workload(engine, JUNE)["closed"] == 1
    assert "closed" not in workload(engine, MAY)
    as_it_stood = scoring(engine, MAY, now="2019-06-01 02:00")
    assert (as_it_stood["due_to_close"], as_it_stood["overdue_open"], as_it_stood.get("closed")) == (1, 1, None)


def test_an_extension_moves_the_case_to_another_month(engine: Engine) -> None:
    city = a_loaded_city(engine)
    names = reports_taken_in(engine, city, 1, at("2019-05-31 13:00"), class_code="E0101")
    move_cases(engine, now=at("2019-05-31 13:00"))
    before = [row.due_at for row in rows_of(engine, FACTS.select())]
    acts(engine, city, names, "ask", "lihe-liaison", at("2019-05-31 14:30"), kind="extension", reason="等配件")
    acts(engine, city, names, "decide", "dispatcher", at("2019-05-31 15:00"), kind="extension", verdict="granted")
    move_cases(engine, now=at("2019-05-31 15:00"))
    assert before == [at("2019-05-31 18:00")]
    assert "due_to_close" not in scoring(engine, MAY)
    assert scoring(engine, JUNE)["due_to_close"] == scoring(engine, JUNE)["extended"] == 1
    assert workload(engine, MAY)["extended"] == 1


def test_a_case_moved_between_units_is_due_of_the_last_and_handed_back_of_the_first(engine: Engine) -> None:
    played = Played(engine, "2019-05-06")
    played.does("hand_back", "lihe-liaison", "2019-05-06 09:00", reason="不属我镇")
    played.does("dispatch", "dispatcher", "2019-05-06 10:00", unit="water")
    found = by_unit(engine, MAY)
    assert (found["lihe"]["handed_back"], found["lihe"].get("due_to_close")) == (1, None)
    assert (found["lihe"]["dispatched"], found["lihe"].get("dispatched_right")) == (1, None)
    assert (found["water"]["due_to_close"], found["water"]["dispatched_right"]) == (1, 1)
    assert found["lihe"]["filed"] == 1, "what came before counts for the unit it was dispatched to first"


def test_rework_counts_once_for_the_score_and_each_time_for_the_work(engine: Engine) -> None:
    played = Played(engine, "2019-05-06").does("receive", "lihe-liaison", "2019-05-06 08:10")
    for hour in (8, 9):
        played.does("report_handled", "lihe-liaison", f"2019-05-06 0{hour}:20")
        played.does("check", "inspector-a", f"2019-05-06 0{hour}:30", result="failed", reason="未修好")
    played.does("report_handled", "lihe-liaison", "2019-05-06 10:20")
    played.does("check", "inspector-a", "2019-05-06 10:30", result="passed")
    assert scoring(engine, MAY)["reworked"] == 1
    assert workload(engine, MAY)["reworked"] == 2
    assert scoring(engine, MAY)["check_due"] == scoring(engine, MAY)["checked_on_time"] == 3
    assert workload(engine, MAY)["handled"] == 1


def test_suspended_and_closed_by_order_stand_apart(engine: Engine) -> None:
    played = Played(engine, "2019-05-06", cases=2)
    first, second = played.names
    played.names = [first]
    played.does(
        "ask",
        "lihe-liaison",
        "2019-05-06 09:00",
        kind="suspension",
        reason="雨季",
        wanted_until="2019-07-30T08:00+08:00",
    )
    played.does("decide", "dispatcher", "2019-05-06 09:30", kind="suspension", verdict="granted")
    played.does("decide", "shift-leader", "2019-05-06 09:40", kind="suspension", verdict="granted")
    played.names = [second]
    played.does("force_close", "leader", "2019-05-20 09:00", reason="统一处理")
    may = scoring(engine, MAY, now="2019-07-01 00:00")
    assert (may.get("due_to_close"), may["suspended"], may["force_closed"]) == (None, 1, 1)


def test_an_appeal_takes_a_late_case_out_of_the_score_and_leaves_the_record(engine: Engine) -> None:
    played = Played(engine, "2019-05-06").closed("2019-05-10 09:00", "2019-05-10 09:20")
    assert scoring(engine, MAY)["closed_late"] == 1
    played.does("ask", "lihe-liaison", "2019-05-10 10:00", kind="appeal", reason="台风封路")
    played.does("decide", "dispatcher", "2019-05-10 10:10", kind="appeal", verdict="granted")
    played.does("decide", "acceptor-a", "2019-05-10 10:20", kind="appeal", verdict="granted")
    may = scoring(engine, MAY)
    assert (may.get("due_to_close"), may.get("closed_late"), may["exempt"]) == (None, None, 1)
    assert workload(engine, MAY)["closed_late"] == 1


def test_days_in_which_a_unit_is_exempt_are_not_scored(engine: Engine) -> None:
    Played(engine, "2019-05-06")
    spans = [ExemptSpan("lihe", at("2019-05-06 00:00"), at("2019-05-07 00:00"))]
    assert scoring(engine, MAY, exempt=spans).get("due_to_close") is None
    assert scoring(engine, MAY, exempt=spans)["exempt"] == 1
    others = [ExemptSpan("water", at("2019-05-01 00:00"), at("2019-06-01 00:00"))]
    assert scoring(engine, MAY, exempt=others)["due_to_close"] == 1


def test_a_reopened_round_counts_on_its_own_and_the_closed_one_stays(engine: Engine) -> None:
    played = Played(engine, "2019-05-06").closed("2019-05-06 09:00", "2019-05-06 09:20")
    before = scoring(engine, MAY)
    played.does("reopen", "acceptor-a", "2019-05-07 08:00", reason="问题仍在")
    played.does("dispatch", "dispatcher", "2019-05-07 08:10", unit="lihe")
    after = scoring(engine, MAY)
    assert (before["due_to_close"], before["closed_on_time"]) == (1, 1)
    assert (after["due_to_close"], after["closed_on_time"], after["overdue_open"], after["filed"]) == (2, 1, 1, 2)
    assert after["reported"] == 1


def test_an_empty_month_has_no_line_and_every_count_at_nothing(engine: Engine) -> None:
    a_loaded_city(engine)
    with reading(engine) as connection:
        city = current_city(connection)
        found = count(connection, city, month_period(MAY, city), [Cut.UNIT], now=at("2019-08-01 00:00"))
    assert found.lines == {}
    assert set(found.total.scoring) == set(CountName)
    assert set(found.total.scoring.values()) == {0}


@pytest.mark.parametrize("table", ["case_fact", "case_fact_month"])
def test_facts_that_were_altered_or_removed_are_found_and_told_anew(engine: Engine, table: str) -> None:
    Played(engine, "2019-05-06", cases=2).closed("2019-06-03 09:00", "2019-06-03 09:20")
    assert verify_all(engine).intact
    counted = scoring(engine, MAY)
    with transaction(engine) as connection:
        connection.execute(text(f"DELETE FROM {table} WHERE case_id = 2"))  # noqa: S608
    broken = verify_all(engine).broken
    assert broken is not None
    assert (broken.table, broken.case_id) == (table, 2)
    with transaction(engine) as connection:
        assert retell_facts(connection).cases == 2
    assert verify_all(engine).intact
    assert scoring(engine, MAY) == counted


def test_a_fact_that_makes_a_late_case_on_time_is_found(engine: Engine) -> None:
    Played(engine, "2019-05-06").closed("2019-05-10 09:00", "2019-05-10 09:20")
    with transaction(engine) as connection:
        connection.execute(text("UPDATE case_fact SET on_time = true"))
    broken = verify_all(engine).broken
    assert broken is not None
    assert (broken.table, broken.column, broken.expected) == ("case_fact", "on_time", "False")


def test_an_older_database_gets_its_facts_when_it_is_migrated(engine: Engine) -> None:
    Played(engine, "2019-05-06", cases=2).closed("2019-06-03 09:00", "2019-06-03 09:20")
    counted = scoring(engine, MAY)
    with transaction(engine) as connection:
        _undo_later_revisions(connection)
        connection.execute(text("DROP TABLE case_fact_month"))
        connection.execute(text("DROP TABLE case_fact"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0015'"))
    bring_up_to_date(engine)
    assert scoring(engine, MAY) == counted
    assert verify_all(engine).intact


def _undo_later_revisions(connection: Connection) -> None:
    """What came after the facts: the evaluation's tables, and the season's."""
    for index in ("ix_flood_event_kind", "ix_report_owed_kind", "ix_flood_call_answered", "ix_request_kind"):
        connection.execute(text(f"DROP INDEX {index}"))
    connection.execute(text("ALTER TABLE flood_call DROP COLUMN lifted_at"))
    later = ("flood_call_warning", "evaluation_document", "evaluation_entry", "evaluation_publication")
    for table in (*later, "evaluation_behind", "evaluation_version"):
        connection.execute(text(f"DROP TABLE {table}"))
