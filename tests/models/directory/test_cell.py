"""What cells mean, also as spreadsheets and officials write them."""

from datetime import date, time
from decimal import Decimal

import pytest

from models.directory import cell
from models.limits import Limit, LimitUnit


@pytest.mark.parametrize("written", ["2019-05-05", "2019/5/5", "2019.5.5", "2019年5月5日", "2019-05-05 00:00:00"])
def test_a_date_is_read_as_spreadsheets_rewrite_it(written: str) -> None:
    assert cell.day(written) == date(2019, 5, 5)


@pytest.mark.parametrize(
    ("written", "minute"), [("00:00", 0), ("8:05", 485), ("08:05:00", 485), ("23:59", 1439), ("24:00", 1440)]
)
def test_a_time_of_the_day_is_minutes_after_midnight(written: str, minute: int) -> None:
    assert cell.minute_of_day(written) == minute


def test_a_session_that_ends_at_24_ends_at_midnight() -> None:
    assert cell.session_time("24:00") == time(0)


@pytest.mark.parametrize("written", ["4 work_hour", "4工作时", "4小时内", "４工作时"])
def test_a_limit_is_read_in_english_and_chinese(written: str) -> None:
    assert cell.handling_limit(written) == Limit(Decimal(4), LimitUnit.WORK_HOUR)


@pytest.mark.parametrize(
    ("written", "meant"), [("yes", True), ("YES", True), ("是", True), ("no", False), ("否", False)]
)
def test_yes_and_no_in_two_languages(written: str, meant: bool) -> None:
    assert cell.yes(written) is meant


def test_names_are_separated_by_semicolons_of_either_width() -> None:
    assert cell.names("梨河;梨河镇政府； 梨河办 ;") == ("梨河", "梨河镇政府", "梨河办")


@pytest.mark.parametrize("written", ["demo", "env:DINGTALK_LIHE", "block:dingtalk-lihe"])
def test_a_reference_to_an_address_is_no_secret(written: str) -> None:
    assert cell.contact_address(written) == written


@pytest.mark.parametrize(
    "written",
    [
        "https://oapi.dingtalk.com/robot/send?access_token=0123",
        "dingtalk://0123456789abcdef/",
        "env:https://example.org",
        "env:lower_case",
        "13812345678",
        "0123456789abcdef0123456789abcdef",
        "demo ",
    ],
)
def test_anything_else_as_address_is_refused_and_never_repeated(written: str) -> None:
    with pytest.raises(cell.Unreadable) as caught:
        cell.contact_address(written)
    assert caught.value.secret
    assert written not in str(caught.value)


@pytest.mark.parametrize("pattern", ["{kind}{major}{minor}{date}{serial:04d}", "YC{date}{serial}", "R-{serial:06d}"])
def test_a_pattern_of_numbers_holds_its_serial(pattern: str) -> None:
    assert cell.number_pattern(pattern) == pattern


@pytest.mark.parametrize(
    "pattern", ["", "{date}", "{serial", "{serial:d}{", "{serial:9999d}", "{0}{serial}", "{serial.real}"]
)
def test_a_pattern_that_would_repeat_or_fail_is_refused(pattern: str) -> None:
    with pytest.raises(cell.Unreadable, match="is no pattern for numbers"):
        cell.number_pattern(pattern)
