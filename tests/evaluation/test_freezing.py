"""A month is frozen with its figures and the cases behind them; later changes make a new version that says why."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from models.city import City
from models.evaluation_counts import BY_NAME, CountName
from models.evaluation_marks import Due
from models.evaluation_result import EvaluationResult, UnitResult, read_result
from models.frozen_parts import freeze_parts, unpack
from models.refusal import Refusal
from tasks.audit import verify_all
from tasks.city_edition import current_city
from tasks.database import reading, transaction
from tasks.evaluation_proof import BrokenRecord
from tasks.evaluations import (
    StoredVersion,
    cases_behind,
    evaluate,
    freeze,
    last_month_over,
    month_before,
    newest,
    versions,
)
from tasks.lifecycle import move_cases
from tests.evaluation_cities import an_evaluated_city
from tests.stored_cases import a_loaded_city, acts, at, reports_taken_in
from tests.worlds import World

MAY = "2019-05"
NIGHT = "2019-06-01 02:00"


class Month:
    """May 2019 in a city of four units: cases of 梨河镇 handled in time, late, or never."""

    def __init__(self, engine: Engine, city: City | None = None) -> None:
        self.engine = engine
        self.city: City = city or a_loaded_city(engine, an_evaluated_city())

    def cases(self, day: str, number: int, handled: str | None, checked: str | None) -> list[str]:
        names = reports_taken_in(self.engine, self.city, number, at(f"{day} 08:00"), class_code="E0101")
        move_cases(self.engine, now=at(f"{day} 08:00"))
        for action, post, when, facts in (
            ("receive", "lihe-liaison", handled, {}),
            ("report_handled", "lihe-liaison", handled, {}),
            ("check", "inspector-a", checked, {"result": "passed"}),
        ):
            if when is not None:
                self.does(names, action, post, when, **facts)
        return names

    def does(self, names: list[str], action: str, post: str, when: str, **facts: Any) -> None:
        acts(self.engine, self.city, names, action, post, at(when), **facts)
        assert move_cases(self.engine, now=at(when)).refused == 0

    def frozen(self, now: str = NIGHT, why: str = "") -> StoredVersion:
        with transaction(self.engine) as connection:
            found = freeze(connection, current_city(connection), MAY, at(now), why)
        assert isinstance(found, StoredVersion)
        return found

    def shown(self, now: str = NIGHT, **choice: Any) -> EvaluationResult:
        with reading(self.engine) as connection:
            return evaluate(connection, current_city(connection), MAY, at(now), **choice)


def a_month_of_may(engine: Engine) -> City:
    """Three cases in time, one late, one never handled."""
    told = Month(engine)
    told.cases("2019-05-06", 3, "2019-05-06 09:00", "2019-05-06 10:00")
    told.cases("2019-05-07", 1, "2019-05-07 17:00", "2019-05-07 17:30")
    told.cases("2019-05-08", 1, None, None)
    return told.city


@pytest.fixture
def month(world: World[City]) -> Month:
    return Month(*world(a_month_of_may))


def of_unit(result: EvaluationResult, unit: str) -> UnitResult:
    return next(each for each in result.units() if each.unit == unit)


def test_a_unit_is_scored_by_the_citys_scheme_and_the_steps_say_how(month: Month) -> None:
    lihe = of_unit(month.shown(), "lihe")
    counted = {name: lihe.scoring[name] for name in ("due_to_close", "closed", "closed_on_time", "overdue_open")}
    assert counted == {"due_to_close": 5, "closed": 4, "closed_on_time": 3, "overdue_open": 1}
    # 60 x 3/5 + 25 x 4/5 + 10 x (1 - 0/5) + 5 x (1 - 0/5)
    assert (str(lihe.score), lihe.grade, lihe.rank) == ("71", "pass", 1)
    assert [step["item"] for step in lihe.steps if step["kind"] == "item"] == [
        "on_time",
        "closure",
        "rework",
        "extension",
    ]


def test_units_without_a_case_due_have_no_score_and_no_rank_but_stand_in_their_group(month: Month) -> None:
    towns = next(group for group in month.shown().groups if group.code == "townships")
    assert [(unit.unit, unit.rank, unit.why_none) for unit in towns.units] == [
        ("lihe", 1, None),
        ("longhu", None, "too_few"),
        ("xincun", None, "too_few"),
    ]


def test_the_totals_are_the_sum_of_all_units(month: Month) -> None:
    result = month.shown()
    for name in result.scoring:
        if BY_NAME[CountName(name)].scoring.moment == "due_at":
            assert result.scoring[name] == sum(unit.scoring[name] for unit in result.units()), name


def test_the_days_of_the_month_say_what_came_and_what_was_closed(month: Month) -> None:
    days = month.shown().by_day
    assert len(days) == 31
    assert days["2019-05-06"] == {"reported": 3, "filed": 3, "closed": 3}
    assert sum(day["reported"] for day in days.values()) == 5


def test_a_frozen_month_reads_back_byte_for_byte(month: Month) -> None:
    stored = month.frozen()
    with reading(month.engine) as connection:
        written = connection.scalar(text("SELECT result FROM evaluation_version"))
    assert written is not None
    assert read_result(written.encode()).written() == written.encode() == stored.result.written()
    assert (stored.version, stored.why, stored.published_at) == (1, "first", None)


def test_freezing_the_same_figures_again_makes_no_new_version(month: Month) -> None:
    first = month.frozen()
    again = month.frozen("2019-06-03 09:00", "asked again")
    assert again.id == first.id
    assert (
        month.shown("2019-06-02 02:00").model_copy(
            update={"version": 1, "why": "first", "counted_at": first.result.counted_at}
        )
        == first.result
    )


def test_a_month_that_is_open_is_shown_and_not_frozen(month: Month) -> None:
    with transaction(month.engine) as connection:
        refused = freeze(connection, month.city, MAY, at("2019-05-20 00:00"), "")
    assert isinstance(refused, Refusal)
    assert refused.code == "month_open"
    assert month.shown("2019-05-20 00:00").open


def test_an_appeal_that_was_granted_makes_a_new_version_and_leaves_the_old_one_as_it_was(month: Month) -> None:
    first = month.frozen()
    _appealed(month, "2019-06-03 09:00")
    second = month.frozen("2019-06-06 09:00", "appeal granted")
    assert [(v.version, v.why) for v in _versions(month)] == [(1, "first"), (2, "appeal granted")]
    before, after = of_unit(first.result, "lihe"), of_unit(second.result, "lihe")
    assert (before.scoring["due_to_close"], before.scoring["exempt"]) == (5, 0)
    assert (after.scoring["due_to_close"], after.scoring["exempt"], after.scoring["closed_late"]) == (4, 1, 0)
    with reading(month.engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM case_closing WHERE NOT handled_on_time")) == 1, (
            "the record stays"
        )
    assert second.window_until == first.window_until, "a later version opens no second window"


def _appealed(month: Month, when: str) -> None:
    with reading(month.engine) as connection:
        late = [row.number for row in cases_behind(connection, _versions(month)[0].id, "lihe", CountName.CLOSED_LATE)]
    month.does(late, "ask", "lihe-liaison", when, kind="appeal", reason="暴雨停电")
    for post in ("dispatcher", "acceptor-a"):
        month.does(late, "decide", post, when, kind="appeal", verdict="granted", reason="属实")


def _versions(month: Month) -> list[StoredVersion]:
    with reading(month.engine) as connection:
        return versions(connection, MAY)


def test_behind_every_number_lie_as_many_cases(month: Month) -> None:
    stored = month.frozen()
    names = [name for name in CountName if isinstance(BY_NAME[name].scoring.marks, Due)]
    with reading(month.engine) as connection:
        behind = {name: len(cases_behind(connection, stored.id, "lihe", name)) for name in names}
    lihe = of_unit(stored.result, "lihe").scoring
    assert behind == {name: lihe[name] for name in names}


def test_the_cases_behind_a_number_are_read_a_page_at_a_time_in_the_order_they_were_taken_in(month: Month) -> None:
    stored = month.frozen()
    with reading(month.engine) as connection:
        whole = cases_behind(connection, stored.id, "lihe", CountName.DUE_TO_CLOSE)
        pages = [
            cases_behind(connection, stored.id, None, CountName.DUE_TO_CLOSE, limit=2, offset=offset)
            for offset in (0, 2, 4, 6)
        ]
    assert [case.case_id for case in whole] == sorted(case.case_id for case in whole)
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert [case for page in pages for case in page] == whole


def by_force(engine: Engine, table: str, statement: str, **values: Any) -> None:
    """As somebody would who owns the database."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        else:
            triggers = text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table")
            for name in connection.scalars(triggers, {"table": table}).all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text(statement), values)


def test_cases_behind_that_were_exchanged_in_the_database_are_found(month: Month) -> None:
    stored = month.frozen()
    assert verify_all(month.engine).intact
    with reading(month.engine) as connection:
        (packed,) = connection.scalars(text("SELECT packed FROM evaluation_behind WHERE unit = 'lihe'"))
    fewer, _ = freeze_parts({"lihe": list(unpack(packed))[1:]})
    for other in (fewer[0].packed, b"nonsense"):
        statement = "UPDATE evaluation_behind SET packed = :other WHERE unit = 'lihe'"
        by_force(month.engine, "evaluation_behind", statement, other=other)
        assert verify_all(month.engine).broken_record == BrokenRecord("evaluation_behind", stored.id, "content")


def test_what_happens_afterwards_moves_no_frozen_case(month: Month) -> None:
    stored = month.frozen()
    _appealed(month, "2019-06-03 09:00")
    with reading(month.engine) as connection:
        assert len(cases_behind(connection, stored.id, "lihe", CountName.DUE_TO_CLOSE)) == 5


def test_a_frozen_version_can_be_neither_changed_nor_removed(month: Month) -> None:
    month.frozen()
    for statement in ("UPDATE evaluation_version SET why = 'x'", "DELETE FROM evaluation_behind"):
        with pytest.raises(DBAPIError, match="refused"), transaction(month.engine) as connection:
            connection.execute(text(statement))


def test_the_month_before_and_the_year_before_are_named_where_they_were_evaluated(month: Month) -> None:
    month.frozen()
    with reading(month.engine) as connection:
        june = evaluate(connection, month.city, "2019-06", at("2019-07-01 02:00"))
        next_year = evaluate(connection, month.city, "2020-05", at("2020-06-01 02:00"))
    lihe = of_unit(june, "lihe").last_month
    assert lihe is not None
    assert (lihe.month, str(lihe.score), lihe.rank, lihe.counts["due_to_close"]) == (MAY, "71", 1, 5)
    year_before = of_unit(next_year, "lihe").last_year
    assert year_before is not None
    assert year_before.month == MAY
    assert of_unit(next_year, "lihe").last_month is None


def test_a_case_that_waits_since_an_earlier_month_stands_in_the_backlog(month: Month) -> None:
    with reading(month.engine) as connection:
        june = evaluate(connection, month.city, "2019-06", at("2019-07-01 02:00"))
    (waiting,) = june.backlog
    assert (waiting.unit, waiting.due_at.date().isoformat()) == ("lihe", "2019-05-08")


def test_an_empty_month_has_no_scores_and_every_count_at_nothing(engine: Engine) -> None:
    told = Month(engine)
    result = told.frozen().result
    assert set(result.scoring.values()) == {0}
    assert [unit.score for unit in result.units()] == [None] * len(result.units())
    assert result.system_score is None


def test_a_month_is_named_by_its_neighbours() -> None:
    assert (month_before("2026-01"), month_before("2026-08", 12)) == ("2025-12", "2025-08")


def test_the_month_that_is_over_is_told_by_the_citys_clock(month: Month) -> None:
    assert last_month_over(month.city, datetime.fromisoformat("2019-05-31T16:30+00:00")) == MAY


def test_nothing_stored_is_no_version(engine: Engine) -> None:
    Month(engine)
    with reading(engine) as connection:
        assert newest(connection, MAY) is None
