"""Serial numbers are unique and without gaps, also where several ask at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, insert, select

from models.case import NumberSeries as NumberSeriesRow
from models.tables import table_of
from tasks.database import transaction
from tasks.numbers import NumberSeries, numbered

SERIES = table_of(NumberSeriesRow)


def test_each_prefix_counts_from_one_and_goes_on_after_a_commit(engine: Engine) -> None:
    given = []
    for _ in range(2):
        with transaction(engine) as connection:
            series = NumberSeries(connection)
            given += [series.next("A"), series.next("A"), series.next("B")]
            series.save()
            series.save()
    assert given == [1, 2, 1, 3, 4, 2]


def test_a_number_that_was_not_committed_was_never_given(engine: Engine) -> None:
    def give_and_fail() -> None:
        with transaction(engine) as connection:
            series = NumberSeries(connection)
            series.next("A")
            series.save()
            raise InterruptedError

    with pytest.raises(InterruptedError):
        give_and_fail()
    with transaction(engine) as connection:
        assert NumberSeries(connection).next("A") == 1


def test_a_second_series_of_a_transaction_goes_on_where_the_first_was_saved(engine: Engine) -> None:
    with transaction(engine) as connection:
        first = NumberSeries(connection)
        first.next("A")
        first.save()
        assert NumberSeries(connection).next("A") == 2


def test_whoever_asks_at_the_same_time_gets_other_numbers_and_none_is_left_out(engine: Engine) -> None:
    def give(_: int) -> list[int]:
        with transaction(engine) as connection:
            series = NumberSeries(connection)
            given = [series.next("A") for _ in range(5)]
            series.save()
            return given

    with ThreadPoolExecutor(4) as pool:
        given = sorted(number for numbers in pool.map(give, range(12)) for number in numbers)
    assert given == list(range(1, 61))
    with transaction(engine) as connection:
        assert connection.scalars(select(SERIES.c.last)).all() == [60]


def test_a_serial_gets_longer_and_never_starts_again(sqlite_engine: Engine) -> None:
    with transaction(sqlite_engine) as connection:
        connection.execute(insert(SERIES), {"prefix": "R20190505#", "last": 98})
        series = NumberSeries(connection)
        numbers = [numbered(series, "R{date}{serial:02d}", {"date": "20190505"}) for _ in range(3)]
    assert numbers == ["R2019050599", "R20190505100", "R20190505101"]
