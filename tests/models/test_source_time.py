"""Local times become instants; those that came twice or never when the clocks changed are told apart."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from models.source_time import read_instant, years_later

NEW_YORK = ZoneInfo("America/New_York")
FORMATS = ("%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M")


@pytest.mark.parametrize(
    ("text", "instant", "flag"),
    [
        ("2011-07-01 01:32:33", "2011-07-01 05:32:33", None),
        ("1.7.2011 01:32", "2011-07-01 05:32:00", None),
        ("2011-11-06 00:59:59", "2011-11-06 04:59:59", None),
        ("2011-11-06 01:30:00", "2011-11-06 05:30:00", "ambiguous_time"),
        ("2011-11-06 02:00:00", "2011-11-06 07:00:00", None),
        ("2012-03-11 01:59:59", "2012-03-11 06:59:59", None),
        ("2012-03-11 02:30:00", "2012-03-11 07:30:00", "nonexistent_time"),
        ("2012-03-11 03:00:00", "2012-03-11 07:00:00", None),
        ("2011-07-01T01:32:33", "2011-07-01 05:32:33", None),
        ("2011-07-01T01:32:33+08:00", "2011-06-30 17:32:33", None),
        ("2011-07-01T05:32:33Z", "2011-07-01 05:32:33", None),
    ],
)
def test_a_local_time_is_read_in_its_zone(text: str, instant: str, flag: str | None) -> None:
    expected = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert read_instant(text, FORMATS, NEW_YORK) == (expected, flag)


@pytest.mark.parametrize(
    "text",
    [
        *("", "-", "2011-02-30 10:00:00", "2011-07-01", "01:32", "43567.5", "=NOW()", "2011-07-01T25:00:00"),
        *("1" * 1000, "0001-01-01 00:00:00", "9999-12-31 23:59:59", "2011-07-01T"),
    ],
)
def test_what_is_no_time_is_none(text: str) -> None:
    zone = NEW_YORK if text.startswith("9999") else ZoneInfo("Asia/Shanghai")
    assert read_instant(text, FORMATS, zone) == (None, None)


def test_the_day_after_the_leap_day_is_reached_where_there_is_none() -> None:
    assert years_later(datetime(2016, 2, 29, 8, tzinfo=UTC), 5) == datetime(2021, 3, 1, 8, tzinfo=UTC)
    assert years_later(datetime(2016, 2, 28, 8, tzinfo=UTC), 5) == datetime(2021, 2, 28, 8, tzinfo=UTC)
