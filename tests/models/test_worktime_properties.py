"""What holds for every deadline, and that a second, foreign computation agrees."""

import random
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import chinese_calendar
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.worktime import Basis, DayOverride, ExplainedLine, LineKind, WorkCalendar, WorkHours

SHANGHAI = ZoneInfo("Asia/Shanghai")
CITIES = [
    WorkCalendar(SHANGHAI, WorkHours()),
    WorkCalendar(ZoneInfo("America/New_York"), WorkHours(), [DayOverride(date(2020, 3, 8), True, "spring")]),
]
NOTHING = timedelta(0)
pytestmark = pytest.mark.untraced

UNHURRIED = settings(deadline=None)  # the first example lays out the years

cities = st.sampled_from(CITIES)
bases = st.sampled_from(Basis)
amounts = st.timedeltas(NOTHING, timedelta(hours=300))
# Whole hours meet the edges of sessions; microseconds meet everything else.
starts = st.one_of(
    st.datetimes(datetime(2018, 1, 1), datetime(2026, 6, 1), timezones=st.just(SHANGHAI)),  # noqa: DTZ001 - zone beside
    st.integers(0, 73_000).map(lambda hours: datetime(2018, 1, 1, tzinfo=SHANGHAI) + timedelta(hours=hours)),
)


def next_start(city: WorkCalendar, moment: datetime) -> datetime:
    """The moment itself, or the start of the next session where it is the end of one."""
    tick = timedelta(microseconds=1)
    return city.due(moment, Basis.WORKING, tick).at - tick


@UNHURRIED
@given(cities, starts, bases, amounts)
def test_what_counts_up_to_a_deadline_is_the_amount(
    city: WorkCalendar, start: datetime, basis: Basis, amount: timedelta
) -> None:
    due = city.due(start, basis, amount).at
    assert city.counted(start, due, basis) == amount
    assert due == start or city.counted(start, due - timedelta(microseconds=1), basis) < amount


@UNHURRIED
@given(cities, starts, starts, bases, amounts, amounts)
def test_a_later_start_or_a_longer_limit_is_never_due_earlier(
    city: WorkCalendar, one: datetime, other: datetime, basis: Basis, amount: timedelta, more: timedelta
) -> None:
    early, late = sorted((one, other))
    assert city.due(early, basis, amount).at <= city.due(late, basis, amount).at
    assert city.due(early, basis, amount).at <= city.due(early, basis, amount + more).at


@UNHURRIED
@given(cities, starts, bases, amounts, amounts)
def test_two_limits_in_a_row_are_their_sum_up_to_the_edge_of_a_session(
    city: WorkCalendar, start: datetime, basis: Basis, first: timedelta, second: timedelta
) -> None:
    in_a_row = city.due(city.due(start, basis, first).at, basis, second).at
    assert in_a_row == city.due(start, basis, first + second).at


@UNHURRIED
@given(cities, starts, starts, starts, bases)
def test_the_parts_of_a_span_count_as_much_as_the_whole(
    city: WorkCalendar, one: datetime, two: datetime, three: datetime, basis: Basis
) -> None:
    begun, between, ended = sorted((one, two, three))
    parts = city.counted(begun, between, basis) + city.counted(between, ended, basis)
    assert parts == city.counted(begun, ended, basis)


@UNHURRIED
@given(cities, starts, bases, amounts, st.lists(st.tuples(amounts, amounts), max_size=4))
def test_an_explanation_sums_up_to_the_amount_and_leaves_no_gap(
    city: WorkCalendar,
    start: datetime,
    basis: Basis,
    amount: timedelta,
    pauses: list[tuple[timedelta, timedelta]],
) -> None:
    spans = [(start + after, start + after + length) for after, length in pauses]
    lines = city.explain(start, basis, amount, spans)
    assert sum((line.counted for line in lines), NOTHING) == amount
    assert all(before.end == after.start for before, after in pairwise(lines))
    assert not lines or lines[0].start == start
    if not spans:
        assert not lines or lines[-1].end == city.due(start, basis, amount).at


@UNHURRIED
@given(cities, starts, bases, amounts, amounts, amounts)
def test_a_pause_moves_the_deadline_as_a_clock_that_stops_and_resumes_would(
    city: WorkCalendar, start: datetime, basis: Basis, amount: timedelta, after: timedelta, length: timedelta
) -> None:
    stopped, resumed = start + after, start + after + length
    left = amount - city.counted(start, stopped, basis)
    due = city.due(resumed, basis, left).at if left > NOTHING else city.due(start, basis, amount).at
    lines: list[ExplainedLine] = city.explain(start, basis, amount, [(stopped, resumed)])
    assert (lines[-1].end if lines else start) == due
    assert all(line.counted == NOTHING for line in lines if line.kind is LineKind.PAUSE)


@pytest.fixture(scope="module")
def pandas_hours() -> pd.offsets.CustomBusinessHour:
    every_day = (date(2018, 1, 1) + timedelta(days=number) for number in range(9 * 365 + 2))
    return pd.offsets.CustomBusinessHour(  # type: ignore[call-arg]  # the stubs know no weekmask
        weekmask="Mon Tue Wed Thu Fri Sat Sun",
        holidays=[day for day in every_day if chinese_calendar.is_holiday(day)],
        start=["08:00", "14:00"],
        end=["12:00", "18:00"],
    )


def test_two_thousand_deadlines_of_2018_to_2026_equal_those_of_pandas(
    pandas_hours: pd.offsets.CustomBusinessHour,
) -> None:
    """Pandas moves a result at the end of a session to the start of the next; we let it stay."""
    draw, city = random.Random(2019), CITIES[0]
    offsets = {hours: hours * pandas_hours for hours in (1, 2, 3, 4, 5, 8, 10, 41, 119)}
    at_the_end = 0
    for number in range(2_000):
        naive = pd.Timestamp(2018, 1, 1) + timedelta(microseconds=draw.randrange(3_256 * 86_400_000_000))
        naive = naive.floor("h") if number % 4 == 0 else naive
        hours = draw.choice(list(offsets))
        theirs = (naive + offsets[hours]).tz_localize(SHANGHAI)
        start = naive.to_pydatetime().replace(tzinfo=SHANGHAI)
        ours = city.due(start, Basis.WORKING, timedelta(hours=hours)).at
        at_the_end += ours != theirs
        assert theirs in (ours, next_start(city, ours)), f"{start} + {hours} h: {ours}, pandas {theirs}"
    assert 0 < at_the_end < 1_000  # the choice was met, and most results leave none
