"""Rows are read from every kind of file, bad ones with their fault; what is no file of reports is a clear error."""

import gzip
import io
import json
import os
import pickle
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from models.raw_row import LONGEST_FIELD, RawRow
from tasks.intake_errors import (
    FileDamaged,
    FileEmpty,
    FileMissing,
    FileNotRegular,
    FileOfOtherKind,
    HeaderLacksColumns,
    HeaderMissing,
    HeaderRepeatsColumn,
    IntakeFileError,
)
from tasks.intake_reading import read_rows
from tests.source_files import HEADER, MAPPING, a_mapping, a_row, csv_bytes, write_file

ROWS = [a_row(1), a_row(2, 内容="第二行，带逗号\n和换行"), a_row(3)]


def read(folder: Path, content: bytes, name: str = "reports.csv", mapping: str = MAPPING) -> list[RawRow]:
    return list(read_rows(write_file(folder / name, content), a_mapping(mapping)))


def faults(rows: list[RawRow]) -> list[tuple[int, str | None]]:
    return [(row.number, row.fault.code if row.fault else None) for row in rows]


def workbook(*rows: tuple[object, ...]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize("name", ["reports.csv", "reports.csv.gz", "reports", "reports.xlsx"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_is_recognised_by_its_content(tmp_path: Path, name: str, encoding: str) -> None:
    rows = read(tmp_path, csv_bytes(ROWS, encoding=encoding), name)
    assert [dict(row.values) for row in rows] == ROWS
    assert faults(rows) == [(2, None), (3, None), (4, None)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_the_header_needs(tmp_path: Path, delimiter: str) -> None:
    text = f"编号{delimiter}时间{delimiter}内容\r\nA1{delimiter}2019-05-05 08:00:00{delimiter}垃圾\r\n"
    (row,) = read(tmp_path, text.encode())
    assert row.values == {"编号": "A1", "时间": "2019-05-05 08:00:00", "内容": "垃圾"}


@pytest.mark.parametrize("name", ["reports.jsonl", "reports.jsonl.gz", "reports.csv"])
def test_json_lines_are_read_with_numbers_as_written(tmp_path: Path, name: str) -> None:
    lines = [
        '{"编号": 12345678901234567890, "时间": "t", "经度": 113.70, "内容": null}',
        "",
        json.dumps({"编号": "A2", "时间": "t", "内容": {"a": [1, True]}}, ensure_ascii=False),
    ]
    rows = read(tmp_path, "\n".join(lines).encode(), name)
    assert rows[0].values == {"编号": "12345678901234567890", "时间": "t", "经度": "113.70", "内容": ""}
    assert (rows[1].number, rows[1].values["内容"]) == (3, '{"a": ["1", true]}')


@pytest.mark.parametrize("line", ["[1]", "x", '{"a": 1', "[" * 100_000, '{"a": NaN, }', '"text"'])
def test_a_line_that_is_no_json_object_is_refused_and_kept(tmp_path: Path, line: str) -> None:
    rows = read(tmp_path, f'{{"编号": "A1"}}\n{line}\n{{"编号": "A2"}}\n'.encode(), "reports.jsonl")
    assert faults(rows) == [(1, None), (2, "not_an_object"), (3, None)]
    assert rows[1].unparsed == line + "\n"


@pytest.mark.parametrize("name", ["reports.xlsx", "reports.xlsx.gz", "reports.csv"])
def test_a_workbook_gives_texts_as_the_spreadsheet_shows_them(tmp_path: Path, name: str) -> None:
    content = workbook(
        ("编号", "时间", "内容"),
        (1001.0, datetime(2019, 5, 5, 7, 59, 59, 999999), "垃圾"),  # noqa: DTZ001 - cells have no zone
        (),
        ("A2", date(2019, 5, 5), "=cmd|' /C calc'!A0"),
    )
    rows = read(tmp_path, content, name)
    assert rows[0].values == {"编号": "1001", "时间": "2019-05-05T08:00:00", "内容": "垃圾"}
    assert (rows[1].number, rows[1].values["内容"]) == (4, "=cmd|' /C calc'!A0")


def test_a_cell_beyond_the_header_of_a_workbook_is_a_refused_row(tmp_path: Path) -> None:
    rows = read(tmp_path, workbook(("编号", "时间", "内容"), ("A1", "t", "x", None, "更多"), ("A2",)), "reports.xlsx")
    assert faults(rows) == [(2, "wrong_column_count"), (3, None)]
    assert rows[0].unparsed == "A1\tt\tx\t\t更多"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("A2,2019-05-05 08:00:00", "wrong_column_count"),
        ("A2,2019-05-05 08:00:00,x,y", "wrong_column_count"),
        ('A2,2019-05-05 08:00:00,"offen', "broken_quotes"),
        ("A2,2019-05-05 08:00:00,a\0b", "nul_byte"),
        ("A2,2019-05-05 08:00:00," + "x" * (LONGEST_FIELD + 1), "field_too_long"),
        ("A2,2019-05-05 08:00:00,\udcff\udcfe", "undecodable"),
    ],
)
def test_a_bad_row_costs_itself_only_and_is_kept_whole(tmp_path: Path, line: str, code: str) -> None:
    lines = ["编号,时间,内容", "A1,2019-05-05 08:00:00,垃圾", line, "A3,2019-05-05 08:00:00,x"]
    rows = read(tmp_path, "\n".join(lines).encode(errors="surrogateescape"))
    assert faults(rows) == [(2, None), (3, code), (4, None)]
    kept = rows[1].unparsed or ",".join(rows[1].values.values())
    assert kept.rstrip("\n") == line


def test_bytes_that_are_no_gb18030_are_refused_and_kept(tmp_path: Path) -> None:
    content = csv_bytes(ROWS, encoding="gb18030").replace(b"A3", b"A\xff3")
    rows = read(tmp_path, content)
    assert faults(rows) == [(2, None), (3, None), (4, "undecodable")]
    assert rows[2].values["编号"].encode("utf-8", "surrogateescape") == b"A\xff3"


def test_chinese_far_behind_the_beginning_is_still_recognised(tmp_path: Path) -> None:
    ascii_rows = b"".join(b"A%06d,2019-05-05 08:00:00,x\n" % number for number in range(6000))
    mapping = MAPPING.replace("编号", "id").replace("时间", "t").replace("内容", "d")
    rows = read(tmp_path, b"id,t,d\n" + ascii_rows + "Z,2019-05-05 08:00:00,垃圾".encode("gb18030"), mapping=mapping)
    assert (len(rows), rows[-1].values["d"]) == (6001, "垃圾")


def test_an_encoding_the_mapping_names_is_not_guessed(tmp_path: Path) -> None:
    named = MAPPING + "format: {encoding: gb18030}\n"
    header = ",".join(HEADER).encode("gb18030")
    (row,) = read(tmp_path, header + b"\nA1,2019-05-05 08:00:00,\xff\xff\n", mapping=named)
    assert row.fault is not None
    assert row.fault.code == "undecodable"


def test_rows_without_any_value_are_no_rows(tmp_path: Path) -> None:
    rows = read(tmp_path, "编号,时间,内容\n,,\nA1,t,x\n , ,\n\n,,,,\n".encode())
    assert [row.number for row in rows] == [3]


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("empty.csv", b"", FileEmpty),
        ("empty.csv.gz", b"", FileEmpty),
        ("blank.csv", b"\xef\xbb\xbf \n\n", FileEmpty),
        ("empty.xlsx", workbook(), FileEmpty),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(100), FileOfOtherKind),
        ("program.csv", b"\x7fELF\2\1\1" + bytes(100), FileOfOtherKind),
        ("random.csv", bytes(range(256)) * 10, FileOfOtherKind),
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), FileOfOtherKind),
        ("page.xls", b"<html><table><tr><td>x</td></tr></table></html>", FileOfOtherKind),
        ("unicode.csv", "编号,时间".encode("utf-16"), FileOfOtherKind),
        ("list.json", b'[{"a": 1}]', FileOfOtherKind),
        ("archive.zip", b"PK\x03\x04 no zip at all", FileOfOtherKind),
        ("latin.csv", "编号,".encode() + b"\xff\xff\n" + b"\xff\xff\xff,\n" * 9, FileOfOtherKind),
        ("other.csv", "编号,内容\nA1,x\n".encode(), HeaderLacksColumns),
        ("headless.csv", "A1,2019-05-05 08:00:00,市民甲,13800000000\n".encode(), HeaderMissing),
        ("twice.csv", "编号,时间,编号\nA1,x,A2\n".encode(), HeaderRepeatsColumn),
        ("short.csv.gz", None, FileDamaged),
        ("short.xlsx", workbook(("编号", "时间"))[:-200], FileOfOtherKind),
    ],
)
def test_what_is_no_file_of_reports_is_a_clear_error(
    tmp_path: Path, name: str, content: bytes | None, error: type[IntakeFileError]
) -> None:
    path = tmp_path / name
    if content is None:
        path.write_bytes(gzip.compress(csv_bytes(ROWS))[:-20])
    else:
        write_file(path, content)
    with pytest.raises(error) as raised:
        list(read_rows(path, a_mapping()))
    chinese, english = str(raised.value).split("\n")
    assert name in chinese
    assert name in english
    assert "市民甲" not in chinese + english
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)  # noqa: S301 - our own bytes


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match=r"找不到文件 nothing\.csv"):
        list(read_rows(tmp_path / "nothing.csv", a_mapping()))
    with pytest.raises(FileNotRegular, match="可能是文件夹"):
        list(read_rows(tmp_path, a_mapping()))
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(FileNotRegular):
        list(read_rows(tmp_path / "pipe.csv", a_mapping()))


def test_a_header_without_a_needed_column_says_which_and_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(HeaderLacksColumns) as raised:
        read(tmp_path, "编号,日期,内容\n".encode())
    assert str(raised.value).split("\n")[1] == (
        "The header of reports.csv lacks the column 时间. It has: 编号, 日期, 内容. "
        "Add the column, or change the mapping."
    )


def test_rows_before_a_damage_are_read(tmp_path: Path) -> None:
    content = gzip.compress(csv_bytes(a_row(n, 内容=os.urandom(40).hex()) for n in range(20_000)))
    path = tmp_path / "reports.csv.gz"
    path.write_bytes(content[: len(content) // 2])
    rows: list[RawRow] = []
    with pytest.raises(FileDamaged) as raised:
        rows.extend(read_rows(path, a_mapping()))
    assert len(rows) > 1000
    assert raised.value.facts["row"] == rows[-1].number
