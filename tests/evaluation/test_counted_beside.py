"""What zhihui counts of a unit beside its cases: empty duty posts, spot checks, late reports, dissatisfied citizens."""

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, text

from models.city import City
from models.duty import SpotCheck
from models.evaluation_result import ManualInput
from models.info_report import ReportOwed
from models.scheme import Counted
from models.tables import table_of
from tasks.city_edition import current_city
from tasks.counted_marks import month_period
from tasks.database import reading, transaction
from tasks.evaluation_counted import occurrences
from tasks.evaluation_entries import EntryWish, enter
from tasks.reports import REPORTS
from tasks.satisfaction import Answered, record_answer
from tests.duty_rows import ASSIGNMENTS, write_shifts
from tests.evaluation.test_entries import four_in_time
from tests.evaluation.test_freezing import MAY, NIGHT, Month, of_unit
from tests.stored_cases import at, rows_of
from tests.worlds import World

CHECKS, OWED = table_of(SpotCheck), table_of(ReportOwed)

PEOPLE = {"leader": "lihe-head", "officer": "lihe-liaison"}


@pytest.fixture
def month(world: World[City]) -> Month:
    return Month(*world(four_in_time))


def of_kind(month: Month, kind: Counted, until: str = NIGHT) -> dict[str, tuple[str, ...]]:
    with reading(month.engine) as connection:
        city = current_city(connection)
        return dict(occurrences(connection, city, kind, month_period(MAY, city).until(at(until))))


def input_of(month: Month, item: str) -> ManualInput:
    return next(each for each in of_unit(month.shown(), "lihe").inputs if each.code == item)


def stood_empty(engine: Engine, when: datetime) -> None:
    """The first place of the newest shift was found empty at a moment."""
    with transaction(engine) as connection:
        last = connection.scalar(text("SELECT max(id) FROM duty_assignment"))
        connection.execute(ASSIGNMENTS.update().where(ASSIGNMENTS.c.id == last).values(vacant_at=when))


def checked(engine: Engine, code: str, state: str, due: str) -> None:
    (place,) = rows_of(engine, select(ASSIGNMENTS.c.id).order_by(ASSIGNMENTS.c.id).limit(1))
    moment = at(due)
    with transaction(engine) as connection:
        number = (connection.scalar(text("SELECT count(*) FROM spot_check")) or 0) + 1
        connection.execute(
            insert(CHECKS).values(
                day=moment.date(), number=number, code=code, state=state, assignment_id=place.id, post="lihe-liaison",
                asked_at=moment - timedelta(minutes=3), due_at=moment, answer="",
            )
        )  # fmt: skip


def owed(engine: Engine, subject: str, state: str, due: str, given: str | None = None) -> None:
    moment = at(due)
    with transaction(engine) as connection:
        connection.execute(
            insert(OWED).values(
                key=subject, subject=subject, kind="initial", means="phone", unit="lihe", to="centre",
                owed_since=moment - timedelta(hours=1), due_at=moment, missing_at=moment + timedelta(hours=4),
                given_at=at(given) if given else None, state=state, rung=0,
            )
        )  # fmt: skip


def test_a_post_found_empty_counts_against_the_unit_of_who_should_have_stood_there(month: Month) -> None:
    for start, empty in (("2019-05-20 08:00", "2019-05-20 08:40"), ("2019-05-31 08:00", "2019-06-01 00:30")):
        write_shifts(month.engine, at(start), [PEOPLE])
        stood_empty(month.engine, at(empty))
    assert of_kind(month, Counted.VACANT_POSTS) == {"lihe": ("2019-05-20T08:00 officer",)}
    told = input_of(month, "vacant_posts")
    assert (str(told.value), told.origin, told.entries) == ("1", "counted", ("2019-05-20T08:00 officer",))
    assert str(of_unit(month.shown(), "lihe").score) == "99"


def test_only_checks_that_nobody_answered_count_and_none_that_was_lost(month: Month) -> None:
    write_shifts(month.engine, at("2019-05-20 08:00"), [PEOPLE])
    for code, state, due in (
        ("CG1", "missed", "2019-05-20 10:00"),
        ("CG2", "lost", "2019-05-20 11:00"),
        ("CG3", "late", "2019-05-20 12:00"),
        ("CG4", "answered", "2019-05-20 13:00"),
        ("CG5", "missed", "2019-06-01 00:00"),
    ):
        checked(month.engine, code, state, due)
    assert of_kind(month, Counted.MISSED_SPOT_CHECKS) == {"lihe": ("CG1",)}


def test_a_report_is_late_by_its_deadline_whether_it_came_afterwards_or_never(month: Month) -> None:
    owed(month.engine, "A", "late", "2019-05-10 10:00")
    owed(month.engine, "B", "given", "2019-05-10 11:00", "2019-05-10 11:00:01")
    owed(month.engine, "C", "given", "2019-05-10 12:00", "2019-05-10 12:00")
    owed(month.engine, "D", "missing", "2019-05-31 23:59")
    owed(month.engine, "E", "withdrawn", "2019-05-11 10:00")
    owed(month.engine, "F", "late", "2019-06-01 00:00")
    found = of_kind(month, Counted.LATE_REPORTS)["lihe"]
    assert [name.split()[0] for name in found] == ["A", "B", "D"]


def test_a_dissatisfied_citizen_counts_against_the_unit_that_ended_the_round(month: Month) -> None:
    reports = rows_of(month.engine, select(REPORTS.c.id, REPORTS.c.case_id).order_by(REPORTS.c.id))
    scores = (1, 2, 3, 5)
    for number, (row, score) in enumerate(zip(reports, scores, strict=True)):
        _answer(month, f"a{number}", row, score, "2019-05-20 09:00")
    # One changes their mind within the month, one when it is over.
    _answer(month, "b", reports[0], 5, "2019-05-21 09:00")
    _answer(month, "c", reports[1], 5, "2019-06-01 09:00")
    found = of_kind(month, Counted.DISSATISFIED_ANSWERS, "2019-06-20 09:00")
    (number,) = rows_of(month.engine, text(f"SELECT number FROM cases WHERE id = {int(reports[1].case_id)}"))  # noqa: S608
    assert found == {"lihe": (number.number,)}
    assert str(input_of(month, "dissatisfied_answers").value) == "1"


def _answer(month: Month, key: str, row: Any, score: int, when: str) -> None:
    with transaction(month.engine) as connection:
        assert record_answer(connection, key, Answered(row.id, row.case_id, 1), score, "", at(when)) is None


def test_what_is_entered_comes_on_top_of_what_is_counted(month: Month) -> None:
    write_shifts(month.engine, at("2019-05-20 08:00"), [PEOPLE])
    stood_empty(month.engine, at("2019-05-20 08:40"))
    wish = EntryWish(MAY, "lihe", "vacant_posts", Fraction(2), "夜查记录5月21日")
    with transaction(month.engine) as connection:
        city = current_city(connection)
        enter(connection, city, wish, city.posts["evaluator"], "k", at("2019-05-22 09:00"))
    told = input_of(month, "vacant_posts")
    assert (str(told.value), told.origin, len(told.entries)) == ("3", "both", 2)


def test_what_happens_after_the_moment_of_counting_is_not_in_it(month: Month) -> None:
    owed(month.engine, "A", "late", "2019-05-10 10:00")
    assert of_kind(month, Counted.LATE_REPORTS, "2019-05-10 09:00") == {}
