"""Exports: whole, harmless in a spreadsheet, masked, in constant memory, and each one on record."""

import csv
import io
import json
from typing import Any

import pytest
from sqlalchemy import Engine, select

from desk import audit_export
from desk.audit_rows import BOM, PIECE, csv_lines, safe_cell
from models.city import City
from tasks.case_store import EVENTS
from tasks.desk_records import RECORDS
from tasks.settings import Settings
from tests.desk.conftest import NOW
from tests.desk.signed_in import Signed
from tests.stored_cases import reports_taken_in, rows_of

PERIOD = "first=2019-05-06&last=2019-05-06"


@pytest.fixture
def browser(sqlite_engine: Engine, settings: Settings, city: City) -> Signed:
    found = Signed(sqlite_engine, settings)
    found.signs_in("auditor")
    return found


def table(browser: Signed, query: str) -> list[dict[str, str]]:
    """The rows of an export, by the names of its columns."""
    answer = browser.client.get(f"/audit/export.csv?{query}")
    assert answer.status_code == 200
    assert answer.text.startswith(BOM)
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix(BOM), newline="")))


def recorded(browser: Signed) -> list[tuple[str, str, str, Any]]:
    rows = rows_of(browser.engine, select(RECORDS).order_by(RECORDS.c.id))
    return [(row.kind, row.subject, row.by, json.loads(row.facts)) for row in rows]


def test_the_cases_of_a_filter_and_the_events_of_a_period_are_exported_whole(browser: Signed, city: City) -> None:
    receipts = reports_taken_in(browser.engine, city, 3, NOW, place="=HYPERLINK(1)")
    cases = table(browser, f"{PERIOD}&lang=en")
    assert {row["receipt"] for row in cases} == set(receipts)
    assert {row["place"] for row in cases} == {"'=HYPERLINK(1)"}
    events = table(browser, f"what=events&{PERIOD}&lang=en")
    stored = rows_of(browser.engine, select(EVENTS.c.hash, EVENTS.c.previous_hash).order_by(EVENTS.c.id))
    assert [(row["hash"], row["previous hash"]) for row in events] == [tuple(row) for row in stored]
    assert "reporter_id" not in "".join(row["facts"] for row in events)
    assert table(browser, "first=2019-05-07&last=2019-05-08") == []


def test_an_export_is_on_record_with_its_filter_and_its_rows(browser: Signed, city: City) -> None:
    reports_taken_in(browser.engine, city, 3, NOW)
    table(browser, f"unit=lihe&q=13800138000&{PERIOD}")
    filters = {"unit": "lihe", "name": "●●●", "first_day": "2019-05-06", "last_day": "2019-05-06"}
    assert recorded(browser) == [
        ("export_begun", "cases", "auditor", {"filter": filters}),
        ("export_ended", "cases", "auditor", {"filter": filters, "rows": 0, "complete": True}),
    ]
    table(browser, "")
    assert recorded(browser)[-1][3] == {"filter": {}, "rows": 3, "complete": True}


def test_an_export_that_is_broken_off_is_on_record_too(
    browser: Signed, city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports_taken_in(browser.engine, city, 3, NOW)
    monkeypatch.setattr(audit_export, "event_cells", lambda *_: 1 / 0)
    assert browser.client.get(f"/audit/export.csv?what=events&{PERIOD}").status_code in (200, 500)
    assert recorded(browser)[-1][3]["complete"] is False


@pytest.mark.parametrize("query", ["what=events", "what=events&first=2019-05-06", "state=lost", "what=reporters"])
def test_what_cannot_be_exported_leaves_nothing(browser: Signed, query: str) -> None:
    assert browser.client.get(f"/audit/export.csv?{query}").status_code == 400
    assert recorded(browser) == []


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_taken_for_a_formula(begin: str) -> None:
    assert safe_cell(f"{begin}1+1") == f"'{begin}1+1"
    assert safe_cell(f"1{begin}1") == f"1{begin}1"


def test_a_long_file_leaves_in_pieces() -> None:
    pieces = list(csv_lines(["a"], (["x" * 1000] for _ in range(1000))))
    assert len(pieces) > 10
    assert max(map(len, pieces)) < PIECE + 2000
    assert b"".join(pieces).count(b"\r\n") == 1001
