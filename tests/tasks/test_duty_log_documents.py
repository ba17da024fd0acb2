"""A day of the log as PDF and Word: the same bytes twice, every character has its glyph, nothing typed is markup."""

import shutil
import subprocess
from datetime import date, timedelta
from io import BytesIO
from zipfile import ZipFile

import docx
import pylopdf_fonts_zh_cn
import pytest
from fontTools.ttLib import TTFont
from sqlalchemy import Engine

from tasks.database import reading, transaction
from tasks.duty_handover import confirm_handover
from tasks.duty_log import LogWords, write_log_entry
from tasks.duty_log_document import LogDocument, log_document
from tasks.duty_log_docx import log_docx
from tasks.duty_log_pdf import log_pdf
from tasks.duty_shift import hand_over_shifts
from tasks.duty_sign_in import sign_in
from tasks.words import TEMPLATES, Language
from tests.duty_rows import FIRST, acting, by_rule, write_shifts
from tests.flood_cities import OFFICERS, a_flood_city
from tests.stored_cases import at

CITY = a_flood_city()
START = at("2021-07-20 08:00")
DAY = date(2021, 7, 20)
MARKUP = '#panic("x") *粗* $x$ <b>&amp;</b> {{ city }} \\u{1F600}'


@pytest.fixture
def written(sqlite_engine: Engine) -> Engine:
    """A day with two shifts, a handover and three entries."""
    write_shifts(sqlite_engine, START - timedelta(days=1), (FIRST, FIRST))
    for moment, code in ((START - timedelta(days=1), "2021-07-19T08:00"), (START, "2021-07-20T08:00")):
        hand_over_shifts(sqlite_engine, CITY, by_rule(moment, CITY))
        with transaction(sqlite_engine) as connection:
            sign_in(connection, acting(CITY, OFFICERS[0], moment), code, "officer")
    officer = acting(CITY, OFFICERS[0], START + timedelta(hours=1))
    with transaction(sqlite_engine) as connection:
        confirm_handover(connection, officer, "2021-07-19T08:00", "望京楼水库每小时报水位")
        words = LogWords("新村镇涵洞积水40厘米", "新村镇", "转市政抢险队", "大雨", "32毫米", "双洎河93.21米")
        write_log_entry(connection, officer, words, "one")
        write_log_entry(connection, officer, LogWords(MARKUP), "two")
        write_log_entry(connection, officer, LogWords("积水应为50厘米", corrects="2021-07-20/1"), "three")
    return sqlite_engine


def document(engine: Engine, language: Language = "zh") -> LogDocument:
    with reading(engine) as connection:
        return log_document(connection, CITY, DAY, language)


def texts(found: LogDocument) -> list[str]:
    rows = [*found.entries, *(row for shift in found.shifts for row in shift.rows)]
    return [found.title, found.day, *found.handovers, found.proof, *(text for row in rows for text in row if text)]


def test_the_document_says_who_was_on_what_happened_and_how_it_was_handled(written: Engine) -> None:
    found = document(written)
    assert (found.title, found.day) == ("值班日志", "2021年7月20日")
    assert [shift.span for shift in found.shifts] == ["07-19 08:00至08:00", "08:00至07-21 08:00"]
    assert found.shifts[1].rows[2][2] == "08:00"
    assert found.handovers == (
        "08:00 · 防汛值班人员fficer-1于09:00交班确认 · 未接班 · 遗留问题：望京楼水库每小时报水位",
    )
    first, _, third = found.entries
    assert first[:2] == ("1", "09:00")
    assert first[3:] == (
        "新村镇",
        "新村镇涵洞积水40厘米（已由3号更正）",
        "转市政抢险队",
        "天气 大雨\n雨量 32毫米\n水位 双洎河93.21米",
    )
    assert third[4] == "积水应为50厘米（更正1号）"
    assert "共3条" in found.proof


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_same_day_gives_the_same_bytes(written: Engine, language: Language) -> None:
    for make in (log_pdf, log_docx):
        assert make(document(written, language)) == make(document(written, language))


def test_every_character_has_its_glyph(written: Engine) -> None:
    known = set(TTFont(pylopdf_fonts_zh_cn.sans_path()).getBestCmap())
    words = (TEMPLATES / "words_duty.yaml").read_text("utf-8")
    said = "".join([words, *texts(document(written)), *(post.name for post in CITY.posts.values())])
    assert not {character for character in said if ord(character) not in known and not character.isspace()}


def test_the_pdf_reads_back_as_it_was_written(written: Engine) -> None:
    program = shutil.which("pdftotext")
    if program is None:
        pytest.skip("pdftotext is not installed")
    made = subprocess.run([program, "-", "-"], input=log_pdf(document(written)), capture_output=True, check=True)
    said = "".join(made.stdout.decode().split())
    for text in ("值班日志", "新村镇", "转市政抢险队", "遗留问题：望京楼水库每小时报水位", '#panic("x")'):
        assert text in said
    assert "\ufffd" not in said


def test_the_word_document_reads_back_and_tells_no_time_of_its_own(written: Engine) -> None:
    made = log_docx(document(written))
    file = docx.Document(BytesIO(made))
    cells = {cell.text for table in file.tables for row in table.rows for cell in row.cells}
    assert {"转市政抢险队", MARKUP, "双洎河93.21米".join(["天气 大雨\n雨量 32毫米\n水位 ", ""])} <= cells
    created = file.core_properties.created
    assert created
    assert created.isoformat() == "2021-07-20T16:00:00+00:00"
    with ZipFile(BytesIO(made)) as parts:
        assert {part.date_time for part in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_day_without_anything_is_still_a_page(sqlite_engine: Engine) -> None:
    empty = document(sqlite_engine)
    assert (empty.shifts, empty.entries) == ((), ())
    assert log_pdf(empty).startswith(b"%PDF-")
    assert log_docx(empty).startswith(b"PK")
