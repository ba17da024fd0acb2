"""The roster as a spreadsheet and back: nothing is lost, and every wrong cell is named with what would be right."""

import io
from collections.abc import Callable

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import Engine

from models.city import City
from models.directory.fault import Severity
from models.refusal import Refusal
from tasks.database import reading, transaction
from tasks.intake_errors import FileDamaged, FileOfOtherKind
from tasks.roster_import import import_roster
from tasks.roster_reading import find_roster, places_of
from tasks.roster_workbook import write_workbook
from tasks.rosters import Proposal, publish_roster, quality_now
from tests.rosters import FOUR_WEEKS, flood_city_in, proposed, recording, stored_places, twenty_people

OFFICER = 9
"""Column of the officers: after shift, day, weekday, from, until, kind, leader, cadre."""


@pytest.fixture
def city(sqlite_engine: Engine) -> City:
    return flood_city_in(sqlite_engine, twenty_people())


@pytest.fixture
def workbook(sqlite_engine: Engine, city: City) -> bytes:
    """A proposal as a spreadsheet."""
    roster = proposed(sqlite_engine, city, *FOUR_WEEKS).roster
    with reading(sqlite_engine) as connection:
        return write_workbook(city, places_of(connection, city, roster), quality_now(connection, city, roster))


def edited(content: bytes, edit: Callable[[Worksheet], None]) -> bytes:
    book = load_workbook(io.BytesIO(content))
    edit(book.worksheets[0])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def imported(engine: Engine, city: City, content: bytes) -> tuple[Proposal | Refusal | None, list[str]]:
    with transaction(engine) as connection:
        found, faults = import_roster(connection, city, ("duty.xlsx", io.BytesIO(content)), "centre-head", recording())
    return found, [str(fault) if fault.severity is Severity.ERROR else f"warning: {fault}" for fault in faults]


def test_what_was_exported_comes_back_as_the_same_roster(sqlite_engine: Engine, city: City, workbook: bytes) -> None:
    found, faults = imported(sqlite_engine, city, workbook)
    assert isinstance(found, Proposal)
    assert faults == []
    assert (found.roster.code, found.roster.solver) == ("ZB2021-2", "import")
    with reading(sqlite_engine) as connection:
        first = find_roster(connection, "ZB2021-1")
    assert first is not None
    before, after = (stored_places(sqlite_engine, city, roster) for roster in (first, found.roster))
    assert [place.standing for place in before] == [place.standing for place in after]
    assert first.quality == found.roster.quality


def test_a_person_may_be_written_by_code_or_by_name(sqlite_engine: Engine, city: City, workbook: bytes) -> None:
    def by_code_and_name(sheet: Worksheet) -> None:
        for row in range(2, sheet.max_row + 1):
            code = str(sheet.cell(row, OFFICER).value).rpartition("(")[2].rstrip(")")
            sheet.cell(row, OFFICER).value = code if row % 2 else city.posts[code].name

    found, faults = imported(sqlite_engine, city, edited(workbook, by_code_and_name))
    assert faults == []
    assert isinstance(found, Proposal)


def test_a_cell_that_names_nobody_is_said_with_row_column_and_who_is_meant(
    sqlite_engine: Engine, city: City, workbook: bytes
) -> None:
    def misspell(sheet: Worksheet) -> None:
        sheet.cell(4, OFFICER).value = "oficer-3"

    found, faults = imported(sqlite_engine, city, edited(workbook, misspell))
    assert found is None
    assert faults == [
        'duty.xlsx row 4, column 值班员 (officer): "oficer-3" is nobody of the city. Did you mean "officer-3"?'
    ]


def test_a_broken_rule_is_said_at_its_cell(sqlite_engine: Engine, city: City, workbook: bytes) -> None:
    def twice(sheet: Worksheet) -> None:
        sheet.cell(3, OFFICER).value = sheet.cell(2, OFFICER).value

    found, faults = imported(sqlite_engine, city, edited(workbook, twice))
    assert found is None
    assert any(
        fault.startswith("duty.xlsx row 3, column 值班员 (officer): ")
        and "too little rest (also in the shift 2021-07-01T08:00)" in fault
        for fault in faults
    )


def test_an_empty_cell_is_refused_while_somebody_is_free(sqlite_engine: Engine, city: City, workbook: bytes) -> None:
    def empty(sheet: Worksheet) -> None:
        sheet.cell(2, OFFICER).value = None

    found, faults = imported(sqlite_engine, city, edited(workbook, empty))
    assert found is None
    assert len(faults) == 1
    assert "row 2, column 值班员 (officer): the place is empty and " in faults[0]
    assert "is free. Write officer-" in faults[0]


@pytest.mark.parametrize(
    ("row", "value", "said"),
    [
        (2, "1 July", 'row 2, column 班次 shift: "1 July" is no shift.'),
        (2, "2021-07-01T09:00", "by the pattern of duty.yaml no shift begins at 2021-07-01T09:00. That day has: "),
        (3, "2021-07-01T08:00", "the shift 2021-07-01T08:00 stands in row 2 already."),
        (1, "date", 'there is no column "班次".'),
    ],
)
def test_rows_that_are_no_shifts_of_the_pattern_are_said(
    sqlite_engine: Engine, city: City, workbook: bytes, row: int, value: str, said: str
) -> None:
    def write(sheet: Worksheet) -> None:
        sheet.cell(row, 1).value = value

    found, faults = imported(sqlite_engine, city, edited(workbook, write))
    assert found is None
    assert any(said in fault for fault in faults), faults


def test_a_day_left_out_is_said(sqlite_engine: Engine, city: City, workbook: bytes) -> None:
    found, faults = imported(sqlite_engine, city, edited(workbook, lambda sheet: sheet.delete_rows(5)))
    assert found is None
    assert "the shift 2021-07-04T08:00 is missing between the first and the last day." in faults[0]


def test_days_that_are_published_already_are_refused(sqlite_engine: Engine, city: City, workbook: bytes) -> None:
    with transaction(sqlite_engine) as connection:
        publish_roster(connection, city, "ZB2021-1", "centre-head", recording())
    found, _ = imported(sqlite_engine, city, workbook)
    assert isinstance(found, Refusal)
    assert found.code == "roster_days_taken"


def test_a_file_that_is_no_workbook_is_said(sqlite_engine: Engine, city: City) -> None:
    with pytest.raises((FileOfOtherKind, FileDamaged)):
        imported(sqlite_engine, city, b"day,officer\n2021-07-01,officer-1\n")
