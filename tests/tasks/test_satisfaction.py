"""How satisfied reporters are: one to five, for good, counted by period; the last answer of a round counts."""

from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, select
from sqlalchemy.exc import DBAPIError

from models.city import City
from models.refusal import Refusal
from tasks.database import reading, transaction
from tasks.reports import REPORTS
from tasks.satisfaction import ANSWERS, MOST_ANSWERS, Answered, Counts, counts, last_answer, record_answer
from tests.stored_cases import a_loaded_city, at, reports_taken_in, rows_of

MAY, JUNE, JULY = at("2019-05-01 00:00"), at("2019-06-01 00:00"), at("2019-07-01 00:00")


def two_reports(engine: Engine) -> tuple[Answered, Answered]:
    """Two reports with a case each."""
    city: City = a_loaded_city(engine)
    reports_taken_in(engine, city, 2, at("2019-05-06 08:00"))
    first, second = rows_of(engine, select(REPORTS.c.id, REPORTS.c.case_id).order_by(REPORTS.c.id))
    return Answered(first.id, first.case_id, 1), Answered(second.id, second.case_id, 1)


def answer(engine: Engine, key: str, about: Answered, score: int, when: str, words: str = "") -> Refusal | None:
    with transaction(engine) as connection:
        return record_answer(connection, key, about, score, words, at(when))


def counted(engine: Engine, since: object, until: object) -> Counts:
    with reading(engine) as connection:
        return counts(connection, since, until)  # type: ignore[arg-type]


def test_answers_are_counted_by_score_and_a_counted_month_stays(engine: Engine) -> None:
    first, second = two_reports(engine)
    empty = counted(engine, MAY, JUNE)
    assert (empty.answers, empty.total, empty.by_score) == (0, 0, {1: 0, 2: 0, 3: 0, 4: 0, 5: 0})
    answer(engine, "a", first, 1, "2019-05-10 08:00")
    answer(engine, "b", first, 4, "2019-05-10 09:00")
    answer(engine, "c", second, 2, "2019-05-31 23:59")
    answer(engine, "d", Answered(second.report_id, second.case_id, 2), 5, "2019-06-01 00:00")
    may = Counts(2, 6, {1: 0, 2: 1, 3: 0, 4: 1, 5: 0})
    assert counted(engine, MAY, JUNE) == may
    answer(engine, "e", second, 3, "2019-06-20 08:00")
    assert counted(engine, MAY, JUNE) == may
    assert counted(engine, JUNE, JULY) == Counts(2, 8, {1: 0, 2: 0, 3: 1, 4: 0, 5: 1})
    assert counted(engine, MAY, JULY) == Counts(3, 12, {1: 0, 2: 0, 3: 1, 4: 1, 5: 1})


def test_the_same_form_is_one_answer_and_the_last_one_is_told(engine: Engine) -> None:
    first, second = two_reports(engine)
    for _ in range(2):
        assert answer(engine, "a", first, 2, "2019-05-10 08:00", "电话13800138000") is None
    answer(engine, "b", first, 5, "2019-05-10 09:00")
    with reading(engine) as connection:
        last = last_answer(connection, first.report_id, 1)
        assert (last.score, last.words) == (5, "") if last else False
        assert last_answer(connection, second.report_id, 1) is None
    assert [row.words for row in rows_of(engine, select(ANSWERS).order_by(ANSWERS.c.id))] == ["电话●●●", ""]


def test_there_is_an_end_to_changing_ones_mind(sqlite_engine: Engine) -> None:
    first, second = two_reports(sqlite_engine)
    for number in range(MOST_ANSWERS):
        assert answer(sqlite_engine, str(number), first, 3, "2019-05-10 08:00") is None
    assert answer(sqlite_engine, "more", first, 3, "2019-05-10 08:00") == Refusal(
        "too_many_answers", {"most": MOST_ANSWERS}
    )
    assert answer(sqlite_engine, "other", second, 3, "2019-05-10 08:00") is None


@pytest.mark.parametrize("score", [0, 6, -1])
def test_a_score_is_one_to_five_for_the_database_too(engine: Engine, score: int) -> None:
    first, _ = two_reports(engine)
    refusal = answer(engine, "a", first, score, "2019-05-10 08:00")
    assert refusal is not None
    assert refusal.code == "score_out_of_range"
    row = {"key": "k", "report_id": first.report_id, "case_id": first.case_id, "round": 1, "words": "", "at": MAY}
    with pytest.raises(DBAPIError), transaction(engine) as connection:
        connection.execute(ANSWERS.insert().values(**row, score=score))


def test_counting_reads_the_period_and_not_all_that_is_stored(sqlite_engine: Engine) -> None:
    plans: list[str] = []

    def explain(connection: Connection, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        steps = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        plans.append(" ".join(step[-1] for step in steps))

    event.listen(sqlite_engine, "before_cursor_execute", explain)
    counted(sqlite_engine, MAY, JUNE)
    plan = " ".join(plans)
    assert "SCAN" not in plan
    assert "ix_satisfaction_at" in plan
