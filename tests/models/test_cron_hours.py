"""When a schedule fires: lists, ranges, steps; what cannot be judged is said."""

import pytest

from models.cron_hours import CronUnreadable, every_minute, fires_at, in_months, months_of
from tests.stored_cases import at


@pytest.mark.parametrize(
    ("cron", "moment", "fires"),
    [
        ("0,30 * * * *", "2021-07-20 08:30", True),
        ("0,30 * * * *", "2021-07-20 08:15", False),
        ("*/15 8-9 * * *", "2021-07-20 09:45", True),
        ("*/15 8-9 * * *", "2021-07-20 10:00", False),
        ("5/20 * * * *", "2021-07-20 10:45", True),
        ("* * * 5-9 *", "2021-09-30 23:59", True),
        ("* * * 5-9 *", "2021-10-01 00:00", False),
        ("0 8 * * 2", "2021-07-20 08:00", True),  # a Tuesday
        ("0 8 * * 7", "2021-07-18 08:00", True),  # a Sunday
        ("0 8 1 * 2", "2021-07-20 08:00", True),
        ("0 8 1 * 3", "2021-07-20 08:00", False),
    ],
)
def test_a_schedule_fires_in_the_minutes_it_names(cron: str, moment: str, fires: bool) -> None:
    assert fires_at(cron, at(moment)) is fires


def test_the_months_and_the_minutes_of_a_schedule() -> None:
    assert months_of("0 * * 1-4,10-12 *") == {1, 2, 3, 4, 10, 11, 12}
    assert (every_minute("* * * 5-9 *"), every_minute("0 * * * *"), every_minute("* 8-20 * * *")) == (
        True,
        False,
        False,
    )


@pytest.mark.parametrize("cron", ["* * * *", "@daily", "0 8 * MAY *", "60 * * * *", "5-1 * * * *", "*/0 * * * *", ""])
def test_what_is_no_schedule_says_so(cron: str) -> None:
    with pytest.raises(CronUnreadable, match="five fields"):
        fires_at(cron, at("2021-07-20 08:00"))


def test_a_schedule_is_put_into_other_months_and_nothing_else_of_it_changes() -> None:
    assert in_months("* * * 5-9 *", range(5, 11)) == "* * * 5-10 *"
    assert in_months("0 * * 1-4,10-12 *", {1, 2, 3, 4, 11, 12}) == "0 * * 1-4,11-12 *"
    assert in_months("5 7-21 * * 1", [7]) == "5 7-21 * 7 1"
    with pytest.raises(CronUnreadable):
        in_months("* * * 5-9 *", [])
