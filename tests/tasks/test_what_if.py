"""What another limit, policy or table would have done: the same reports, played under two cities."""

import csv
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from models.mapped_report import MappedReport
from models.vocabulary import ClockKind
from tasks.database import reading
from tasks.directory import DirectoryFaulty
from tasks.replay import FileRead, Replayed, play_reports
from tasks.what_if import compare, stored_reports, supposed_city, write_changes
from tests.cities import SMALL_CITY, a_small_city, changed
from tests.evaluation.test_freezing import MAY, Month
from tests.stored_cases import at


def a_report(name: str, opened: str, handled: str | None, class_code: str = "E0101") -> MappedReport:
    return MappedReport(
        "inspector", name, at(opened), None, at(handled) if handled else None, class_code, 1, "", "",
        "410184101001001", None, None, None, None, None, None, (),
    )  # fmt: skip


REPORTS = [
    a_report("one", "2019-05-06 08:00", "2019-05-06 09:00"),
    a_report("two", "2019-05-06 08:00", "2019-05-06 11:30"),
    a_report("open", "2019-05-06 08:00", None),
]


def played(documents: dict[str, str]) -> Replayed:
    city = a_small_city(documents)
    return play_reports(FileRead(3, REPORTS, 0, Counter(), 0), city, at("2019-05-08 18:00"), "city", zone=city.zone)


SHORTER = changed("catalogue.csv", "垃圾已清除,4 work_hour", "垃圾已清除,1 work_hour")
"""The first condition of E0101 due within one hour of work."""


def test_nothing_is_otherwise_under_the_same_rules() -> None:
    compared = compare(played(dict(SMALL_CITY)), played(dict(SMALL_CITY)), ["policy.yaml"])
    assert (compared.changes, set(compared.counted().values())) == ((), {0})
    assert all(before == after for before, after in compared.units.values())


def test_a_shorter_limit_moves_deadlines_and_turns_one_case_late(tmp_path: Path) -> None:
    file = tmp_path / "shorter.csv"
    file.write_text(SHORTER["catalogue.csv"], "utf-8")
    city = supposed_city(SMALL_CITY, {"limits": file})
    before = played(dict(SMALL_CITY))
    after = played(SHORTER)
    assert city.edition == a_small_city(SHORTER).edition
    compared = compare(before, after, ["catalogue.csv"])
    assert compared.counted() == {"unit": 0, "due_at": 3, "on_time": 1}
    (turned,) = [change for change in compared.changes if change.before.on_time != change.after.on_time]
    assert (turned.source_id, turned.before.on_time, turned.after.on_time) == ("two", True, False)
    ((unit, (now, then)),) = compared.units.items()
    assert (now.on_time, now.overdue, then.on_time, then.overdue) == (2, 0, 1, 1)
    out = tmp_path / "changed.csv"
    write_changes(out, compared, city)
    rows = list(csv.DictReader(out.open(encoding="utf-8")))
    assert {row["source_id"]: row["other_on_time"] for row in rows} == {"one": "true", "two": "false", "open": ""}
    assert {row["unit"] for row in rows} == {unit}


def test_another_table_of_responsibility_gives_the_cases_to_another_unit(tmp_path: Path) -> None:
    other = changed("responsibility.csv", "*,*,territory", "*,*,water")
    file = tmp_path / "table.csv"
    file.write_text(other["responsibility.csv"], "utf-8")
    assert supposed_city(SMALL_CITY, {"responsibility": file}).edition == a_small_city(other).edition
    compared = compare(played(dict(SMALL_CITY)), played(other), [])
    assert compared.counted()["unit"] == 3
    assert {unit: (now.cases, then.cases) for unit, (now, then) in compared.units.items()} == {
        "lihe": (3, 0),
        "water": (0, 3),
    }


def test_a_document_that_does_not_fit_is_refused_with_its_fault(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("nonsense: yes\n", "utf-8")
    with pytest.raises(DirectoryFaulty, match="nonsense"):
        supposed_city(SMALL_CITY, {"policy": file})


def test_a_stored_month_is_played_as_it_was_lived(engine: Engine) -> None:
    month = Month(engine)
    month.cases("2019-05-06", 3, "2019-05-06 09:00", "2019-05-06 10:00")
    month.cases("2019-05-07", 1, "2019-05-07 17:00", "2019-05-07 17:30")
    month.cases("2019-05-08", 1, None, None)
    with reading(engine) as connection:
        reports = stored_reports(connection, month.city, MAY)
        assert stored_reports(connection, month.city, "2019-04") == []
    assert [report.closed_at for report in reports] == [
        *([at("2019-05-06 09:00")] * 3),
        at("2019-05-07 17:00"),
        None,
    ]
    read = FileRead(len(reports), reports, 0, Counter(), 0)
    done = play_reports(read, month.city, at("2019-06-01 00:00"), "city", zone=month.city.zone)
    assert (done.tally.cases, done.tally.on_time, done.tally.overdue) == (5, 3, 1)
    handle = done.cases[0].case.last_clock(ClockKind.HANDLE)
    assert handle is not None
    assert handle.due_at > at("2019-05-06 08:00") + timedelta(hours=1)
