"""What cannot be taken in is kept whole and sealed; mended, it is taken in again."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from models.case import RefusedRow, Report
from models.refusal import Refusal
from models.tables import table_of
from tasks.database import reading, transaction
from tasks.intake import IntakeReport, take_in
from tasks.refused_rows import (
    RefusedContent,
    drop_refused,
    list_refused,
    mend_refused,
    read_refused,
    retry_refused,
)
from tests.cities import a_small_city
from tests.source_files import HEADER, a_mapping, a_row, csv_bytes, write_file

NOW = datetime(2019, 5, 5, 4, tzinfo=UTC)
KEY = bytes(32)
CITY = a_small_city()
BAD = a_row(1, 时间="gestern", 电话="13800000000")


def take(engine: Engine, tmp_path: Path, content: bytes) -> IntakeReport:
    return take_in(engine, CITY, KEY, write_file(tmp_path / "a.csv", content), a_mapping(), now=NOW)


def retry(engine: Engine, *ids: int) -> dict[int, Refusal | None]:
    with transaction(engine) as connection:
        return retry_refused(connection, CITY, KEY, a_mapping(), ids, now=NOW)


def mend(engine: Engine, row_id: int, **changes: str) -> Refusal | None:
    with transaction(engine) as connection:
        return mend_refused(connection, KEY, row_id, changes)


def test_a_refused_row_is_listed_with_its_place_and_reason_and_without_its_content(
    engine: Engine, tmp_path: Path
) -> None:
    take(engine, tmp_path, csv_bytes([a_row(9), BAD], (*HEADER, "电话")))
    with reading(engine) as connection:
        (row,) = list_refused(connection)
        content = read_refused(connection, KEY, row.id)
        stored = connection.execute(select(table_of(RefusedRow))).one()
    assert (row.source, row.row_number, row.refusal) == ("hotline", 3, Refusal("unreadable_time", {"column": "时间"}))
    assert content == RefusedContent(BAD)
    assert "13800000000" not in repr(content) + repr(row) + stored.facts
    assert b"13800000000" not in stored.content_sealed


def test_a_mended_row_is_taken_in_and_then_the_file_holds_only_duplicates(engine: Engine, tmp_path: Path) -> None:
    content = csv_bytes([BAD], (*HEADER, "电话"))
    take(engine, tmp_path, content)
    assert retry(engine, 1) == {1: Refusal("unreadable_time", {"column": "时间"})}
    assert mend(engine, 1, 时间="2019-05-05 08:00:00") is None
    assert retry(engine, 1) == {1: None}
    assert retry(engine, 1) == {1: Refusal("refused_row_settled", {"id": 1, "state": "taken"})}
    report = take(engine, tmp_path, content)
    assert (report.rows, report.taken, report.duplicates, report.refused) == (1, 0, 1, 0)
    with reading(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(table_of(Report))) == 1


def test_a_row_that_is_refused_again_says_what_is_wrong_now(sqlite_engine: Engine, tmp_path: Path) -> None:
    take(sqlite_engine, tmp_path, csv_bytes([BAD], (*HEADER, "电话")))
    mend(sqlite_engine, 1, 时间="2019-06-05 08:00:00")
    assert retry(sqlite_engine, 1) == {1: Refusal("opened_in_future", {"column": "时间"})}
    with reading(sqlite_engine) as connection:
        assert list_refused(connection)[0].refusal.code == "opened_in_future"


def test_a_mended_row_whose_report_is_there_already_stays_refused(sqlite_engine: Engine, tmp_path: Path) -> None:
    take(sqlite_engine, tmp_path, csv_bytes([BAD, a_row(1)], (*HEADER, "电话")))
    mend(sqlite_engine, 1, 时间="2019-05-05 08:00:00")
    assert retry(sqlite_engine, 1) == {1: Refusal("taken_already")}


@pytest.mark.parametrize(
    ("line", "code"),
    [(b"A1,2019-05-05 08:00:00", "wrong_column_count"), (b'A1,"x', "broken_quotes"), (b"A1,\0,x", "nul_byte")],
)
def test_a_text_that_is_no_row_waits_until_somebody_says_what_it_means(
    sqlite_engine: Engine, tmp_path: Path, line: bytes, code: str
) -> None:
    take(sqlite_engine, tmp_path, ",".join(HEADER).encode() + b"\n" + line)
    refused = retry(sqlite_engine, 1)[1]
    assert refused is not None
    assert refused.code == code
    assert mend(sqlite_engine, 1, 编号="A1", 时间="2019-05-05 08:00:00") is None
    assert retry(sqlite_engine, 1) == {1: None}


def test_undecodable_bytes_are_kept_to_the_byte_and_not_taken_until_mended(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    take(sqlite_engine, tmp_path, csv_bytes([a_row(1)]) + b"A2,2019-05-05 08:00:00,\xff\xfe\n")
    with reading(sqlite_engine) as connection:
        content = read_refused(connection, KEY, 1)
    assert isinstance(content, RefusedContent)
    assert content.values["内容"].encode("utf-8", "surrogateescape") == b"\xff\xfe"
    assert retry(sqlite_engine, 1) == {1: Refusal("undecodable", {"column": "内容"})}
    mend(sqlite_engine, 1, 内容="垃圾")
    assert retry(sqlite_engine, 1) == {1: None}


def test_a_row_or_column_that_is_not_there_cannot_be_mended(sqlite_engine: Engine, tmp_path: Path) -> None:
    take(sqlite_engine, tmp_path, csv_bytes([a_row(1, 时间="")]))
    refusal = mend(sqlite_engine, 1, 日期="2019-05-05 08:00:00")
    assert refusal == Refusal("no_such_column", {"column": "日期", "known": "编号, 时间, 内容"})
    assert mend(sqlite_engine, 7, 时间="x") == Refusal("no_such_refused_row", {"id": 7})
    assert retry(sqlite_engine, 7) == {7: Refusal("no_such_refused_row", {"id": 7})}


def test_a_dropped_row_is_settled_and_its_content_stays(sqlite_engine: Engine, tmp_path: Path) -> None:
    take(sqlite_engine, tmp_path, csv_bytes([BAD], (*HEADER, "电话")))
    with transaction(sqlite_engine) as connection:
        assert drop_refused(connection, 1, NOW) is None
        assert drop_refused(connection, 1, NOW) == Refusal("refused_row_settled", {"id": 1, "state": "dropped"})
        assert read_refused(connection, KEY, 1) == RefusedContent(BAD)
        assert list_refused(connection) == []
    assert take(sqlite_engine, tmp_path, csv_bytes([BAD], (*HEADER, "电话"))).refused == 1
