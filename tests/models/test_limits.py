"""How limits are written and read."""

import pickle
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.limits import (
    CHINESE_OF_UNIT,
    LONGEST_VALUE,
    Limit,
    LimitOutOfRange,
    LimitUnit,
    LimitUnreadable,
    parse_limit,
    read_limit,
)

LIMITS = st.builds(
    Limit,
    st.decimals(min_value="0.01", max_value=LONGEST_VALUE, places=2, allow_nan=False, allow_infinity=False),
    st.sampled_from(LimitUnit),
)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("4 work_hour", "4 work_hour"),
        ("4工作时", "4 work_hour"),
        ("4小时", "4 work_hour"),
        ("4个小时", "4 work_hour"),
        ("4 work hours", "4 work_hour"),
        ("４小时内", "4 work_hour"),
        ("1.5小时", "1.5 work_hour"),
        ("１．５　工作时", "1.5 work_hour"),
        ("2紧急工作时", "2 urgent_hour"),
        (" 2 URGENT_HOUR ", "2 urgent_hour"),
        ("1紧急工作日", "1 natural_day"),
        ("2自然日", "2 natural_day"),
        ("2天", "2 work_day"),
        ("2日", "2 work_day"),
        ("两天", "2 work_day"),
        ("十五天", "15 work_day"),
        ("三十五个工作日", "35 work_day"),
        ("半个工作日", "0.5 work_day"),
        ("0.5 work_day", "0.5 work_day"),
        ("15分钟", "15 minute"),
        ("15 minutes", "15 minute"),
    ],
)
def test_a_limit_is_read_from_what_officials_write(text: str, written: str) -> None:
    assert str(parse_limit(text)) == written


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4",
        "小时",
        "尽快",
        "-1 work_hour",
        "0工作时",
        "99999天",
        "1e3天",
        "三五天",
        "4工作时工作时",
        "٤天",
        "1个半小时",
    ],
)
def test_a_text_that_is_no_limit_is_refused_and_read_as_one_natural_day(text: str) -> None:
    with pytest.raises(LimitUnreadable) as refused:
        parse_limit(text)
    assert refused.value.text == text
    assert read_limit(text) == (Limit(Decimal(1), LimitUnit.NATURAL_DAY), False)


def test_a_readable_text_is_marked_as_read() -> None:
    assert read_limit("2天") == (Limit(Decimal(2), LimitUnit.WORK_DAY), True)


def test_the_refusal_names_the_text_the_units_and_what_to_write() -> None:
    assert str(LimitUnreadable("尽快")) == (
        '"尽快" is no limit: it is not a number above 0 (at most 10000) with a unit. Known units: '
        "urgent_hour 紧急工作时, work_hour 工作时, work_day 工作日, natural_day 自然日, minute 分钟. "
        'Write for example "2 urgent_hour" or "2紧急工作时" if nights count, "4 work_hour" or "4工作时" if not.'
    )


@pytest.mark.parametrize("value", ["0", "-1", "10000.01", "NaN", "Infinity"])
def test_a_value_that_is_no_length_of_time_is_refused(value: str) -> None:
    with pytest.raises(LimitOutOfRange, match=f"^A limit of {value} cannot be: the value must be above 0"):
        Limit(Decimal(value), LimitUnit.WORK_HOUR)


@pytest.mark.parametrize(
    ("unit", "chinese"),
    [
        (LimitUnit.URGENT_HOUR, "4紧急工作时"),
        (LimitUnit.WORK_HOUR, "4工作时"),
        (LimitUnit.WORK_DAY, "4工作日"),
        (LimitUnit.NATURAL_DAY, "4自然日"),
        (LimitUnit.MINUTE, "4分钟"),
    ],
)
def test_a_limit_is_written_in_both_languages(unit: LimitUnit, chinese: str) -> None:
    limit = Limit(Decimal("4.0"), unit)
    assert (str(limit), limit.chinese) == (f"4 {unit.value}", chinese)


@given(LIMITS)
def test_what_a_limit_writes_is_read_back_as_the_same_limit(limit: Limit) -> None:
    assert parse_limit(str(limit)) == parse_limit(limit.chinese) == limit


@given(
    st.text(max_size=12)
    | st.tuples(st.text("0123456789.半一十两", max_size=4), st.sampled_from([*CHINESE_OF_UNIT.values()])).map("".join)
)
def test_any_text_is_read_or_refused_and_never_breaks(text: str) -> None:
    limit, readable = read_limit(text)
    assert readable or str(limit) == "1 natural_day"


@pytest.mark.parametrize("error", [LimitUnreadable("尽快"), LimitOutOfRange(Decimal(0))])
def test_a_refusal_survives_pickling(error: Exception) -> None:
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - our own bytes
