"""What is wrong in city.yaml, word for word."""

import pytest

from tests.cities import changed
from tests.models.directory.judging import texts_of_faults

FAULTS = [
    pytest.param(
        "city.yaml",
        '["14:00", "18:00"]',
        '["11:00", "18:00"]',
        [
            "city.yaml line 8, key work_hours: the working hours 08:00-12:00, 11:00-18:00 cannot be: "
            "a session must begin before it ends and after the one before it. Write the sessions in "
            'order, for example [["08:00", "12:00"], ["14:00", "18:00"]].',
        ],
        id="sessions that overlap",
    ),
    pytest.param(
        "city.yaml",
        '["14:00", "18:00"]',
        '["14:00"]',
        [
            'city.yaml line 8, key work_hours: here should stand a pair. Write it as ["08:00", "12:00"].',
        ],
        id="a session without an end",
    ),
    pytest.param(
        "city.yaml",
        '["14:00", "18:00"]',
        '["14:00", "25:00"]',
        [
            'city.yaml line 8, key work_hours: "25:00" is no time of the day. Write it as 00:00 to '
            "24:00, such as 08:00.",
        ],
        id="a session to no time of the day",
    ),
    pytest.param(
        "city.yaml",
        "Asia/Shanghai",
        "Asia/Zhengzhou",
        [
            'city.yaml line 4, key zone: "Asia/Zhengzhou" is no time zone. Write a name such as Asia/Shanghai.',
        ],
        id="an unknown zone",
    ),
    pytest.param(
        "city.yaml",
        "Asia/Shanghai",
        "Asia",
        [
            'city.yaml line 4, key zone: "Asia" is no time zone. Write a name such as Asia/Shanghai.',
        ],
        id="a zone that is a folder of zones",
    ),
    pytest.param(
        "city.yaml",
        '{date}{serial:04d}"',
        '{date}"',
        [
            'city.yaml line 6, key case_number_pattern: "{kind}{major}{minor}{date}" is no pattern '
            "for numbers. Write {kind}, {major}, {minor}, {date} and {serial:04d}, such as "
            "{kind}{major}{minor}{date}{serial:04d}.",
        ],
        id="numbers without a serial",
    ),
    pytest.param(
        "city.yaml",
        '{date}{serial:04d}"',
        '{date}{serial:04d}{unit}"',
        [
            "city.yaml line 6, key case_number_pattern: "
            '"{kind}{major}{minor}{date}{serial:04d}{unit}" is no pattern for numbers. Write {kind}, '
            "{major}, {minor}, {date} and {serial:04d}, such as "
            "{kind}{major}{minor}{date}{serial:04d}.",
        ],
        id="numbers with an unknown part",
    ),
    pytest.param(
        "city.yaml",
        "catalogue_edition: small-1\n",
        "",
        [
            "city.yaml line 1, key catalogue_edition: the key is missing. Add catalogue_edition: with its value.",
        ],
        id="a missing key",
    ),
    pytest.param(
        "city.yaml",
        "hours_per_work_day: 8",
        "hours_per_day: 8",
        [
            'city.yaml line 9, key hours_per_day: there is no key "hours_per_day" here. Did you mean '
            '"hours_per_work_day"? Rename or delete it.',
        ],
        id="an unknown key",
    ),
    pytest.param(
        "city.yaml",
        "hours_per_work_day: 8",
        "hours_per_work_day: 0",
        [
            'city.yaml line 9, key hours_per_work_day: "0" is no number above 0 and at most 24. '
            "Write digits with a point, such as 0.5 or 8.",
        ],
        id="a work day of no hours",
    ),
    pytest.param(
        "city.yaml",
        "hours_per_work_day: 8",
        "hours_per_work_day: 8\ncalendar_official_until: 2099-12-31",
        [
            "city.yaml, key calendar_official_until: calendar.csv is said to be complete for 2027 "
            "but holds no holiday of that year. Fill in the official holidays and make-up work days "
            "of 2027 in calendar.csv, or delete the key.",
        ],
        id="a calendar said to be complete that is empty",
    ),
    pytest.param(
        "city.yaml",
        "name: 小城市",
        "name: [小城市",
        [
            "city.yaml line 2, column 13: the file cannot be read as YAML: expected ',' or ']', but "
            "got ':'. Check the indentation (spaces, no tabs), the colons and the brackets of this "
            "line and the one above.",
        ],
        id="YAML that does not parse",
    ),
    pytest.param(
        "city.yaml",
        "name: 小城市",
        "name: 小城市\nname: 大城市",
        [
            "city.yaml line 2, key name: the key stands here twice. Keep one of them.",
        ],
        id="a key given twice",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "expected"), FAULTS)
def test_a_fault_is_told_with_place_reason_and_remedy(file: str, old: str, new: str, expected: list[str]) -> None:
    assert texts_of_faults(changed(file, old, new)) == expected
