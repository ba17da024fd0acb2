"""How moments, lengths of time, limits and texts of others are written."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tasks.wording import clean, day_words, duration_words, limit_words, moment_words, share_words
from tasks.words import Language

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("井盖破损\n速修", "井盖破损 速修"),
        ("第一行\r\n\t第二行\u2028第三行", "第一行 第二行 第三行"),
        ("电话\u202e83100831\u202c在此", "电话83100831在此"),
        ("\u2066a\u2069\u200f\u200e\u061cb", "ab"),
        ("nul\0 bell\a escape\x1b[31m", "nul bell escape[31m"),
        ("  多  余  空格  ", "多 余 空格"),
        ("😀 emoji 👨‍👩‍👧 stay", "😀 emoji 👨‍👩‍👧 stay"),
        ("half a character \ud800", "half a character"),
        ("", ""),
    ],
)
def test_texts_of_others_become_one_harmless_line(typed: str, shown: str) -> None:
    assert clean(typed) == shown


def test_a_long_text_is_cut_and_says_so() -> None:
    assert clean("长" * 1_000_000) == "长" * 299 + "…"
    assert clean("长" * 300) == "长" * 300


@pytest.mark.parametrize(
    ("at", "language", "said_at", "shown"),
    [
        # Tuesday 3 July 2018, 16:00 in Shanghai
        (datetime(2018, 7, 3, 8, tzinfo=UTC), "zh", datetime(2018, 1, 1, tzinfo=UTC), "7月3日（周二）16:00"),
        (datetime(2018, 7, 3, 8, tzinfo=UTC), "zh", None, "2018年7月3日（周二）16:00"),
        (datetime(2018, 7, 3, 8, tzinfo=UTC), "en", None, "Tue 2018-07-03 16:00"),
        # Saturday 29 February 2020, just after midnight in Shanghai
        (datetime(2020, 2, 28, 16, 5, tzinfo=UTC), "zh", None, "2020年2月29日（周六）00:05"),
        # said on 31 December in UTC, which is the new year in Shanghai
        (
            datetime(2019, 1, 2, 8, tzinfo=UTC),
            "zh",
            datetime(2018, 12, 31, 20, tzinfo=UTC),
            "1月2日（周三）16:00",
        ),
        (
            datetime(2019, 1, 2, 8, tzinfo=UTC),
            "zh",
            datetime(2018, 12, 31, 15, tzinfo=UTC),
            "2019年1月2日（周三）16:00",
        ),
    ],
)
def test_a_moment_is_written_in_local_time_with_its_weekday(
    at: datetime, language: Language, said_at: datetime | None, shown: str
) -> None:
    assert moment_words(at, language, SHANGHAI, said_at) == shown


def test_a_moment_without_a_city_keeps_its_own_zone() -> None:
    assert moment_words(datetime(2018, 7, 3, 8, tzinfo=UTC), "en", None) == "Tue 2018-07-03 08:00"


@pytest.mark.parametrize(
    ("length", "zh", "en"),
    [
        (timedelta(seconds=20), "不到1分钟", "under a minute"),
        (timedelta(minutes=7, seconds=59), "7分钟", "7 min"),
        (timedelta(hours=3), "3小时", "3 h"),
        (-timedelta(hours=2, minutes=15), "2小时15分", "2 h 15 min"),
        (timedelta(hours=95, minutes=59), "95小时59分", "95 h 59 min"),
        (timedelta(hours=100), "4天4小时", "4 d 4 h"),
    ],
)
def test_a_length_of_time_is_written_without_its_sign(length: timedelta, zh: str, en: str) -> None:
    assert (duration_words(length, "zh"), duration_words(length, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("limit", "zh", "en"),
    [
        ("2 urgent_hour", "2紧急工作时", "2 urgent hours"),
        ("1 work_day", "1工作日", "1 work day"),
        ("4工作时", "4工作时", "4 work hours"),
        ("source", "由上报来源指定", "set by the source"),
        ("whenever", "whenever", "whenever"),
    ],
)
def test_a_limit_is_written_in_words(limit: str, zh: str, en: str) -> None:
    assert (limit_words(limit, "zh"), limit_words(limit, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("share", "zh"), [(80, "80%"), ("0.8", "80%"), (1.0, "100%"), ("half", "half"), ("nan", "nan")]
)
def test_a_share_is_a_percentage_whether_given_as_one_or_as_a_fraction(share: object, zh: str) -> None:
    assert share_words(share, "zh") == zh


def test_a_day_is_written_without_a_time() -> None:
    assert day_words(date(2026, 12, 31), "zh") == "2026年12月31日"
