"""The bulletin of a month: the same bytes twice, a glyph for every character, nothing typed is markup or a formula."""

import re
import tracemalloc
from collections.abc import Mapping
from hashlib import sha256
from html import unescape
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

import docx
import openpyxl
import pylopdf_fonts_zh_cn
import pytest
from fontTools.ttLib import TTFont
from hypothesis import HealthCheck, given, settings
from typer.testing import CliRunner

from deployments.command_line import app
from models.evaluation_result import EvaluationResult
from tasks.bulletin import bulletin, file_name
from tasks.bulletin_document import compose
from tasks.bulletin_look import on_paper
from tasks.bulletin_page import style_source
from tasks.bulletin_workbook import bulletin_workbook
from tests.evaluation.made_up_results import a_result, cases_of, made_up_results, xinzheng

A_MONTH = xinzheng("2026-07")
MONTH = xinzheng("2026-08", before=A_MONTH)
TAG = re.compile(r"<[^>]+>")


@pytest.fixture(scope="module")
def made() -> Mapping[str, bytes]:
    """A month of Xinzheng's made-up units, in Chinese."""
    return bulletin(MONTH, [A_MONTH], "zh", cases=cases_of(MONTH))


def part(made: Mapping[str, bytes], kind: str) -> bytes:
    return made[file_name(MONTH, "zh", kind)]


def text_of_the_page(made: Mapping[str, bytes]) -> str:
    return TAG.sub("", part(made, "html").decode())


def text_of_the_document(made: Mapping[str, bytes]) -> str:
    file = docx.Document(BytesIO(part(made, "docx")))
    cells = (cell.text for table in file.tables for row in table.rows for cell in row.cells)
    return "\n".join([*(paragraph.text for paragraph in file.paragraphs), *cells])


def test_a_month_is_told_as_word_document_workbook_page_and_pdf(made: Mapping[str, bytes]) -> None:
    assert [name.rsplit(".", 1)[1] for name in made] == ["docx", "xlsx", "html", "pdf"]
    assert part(made, "pdf").startswith(b"%PDF")


def test_the_same_result_gives_the_same_bytes(made: Mapping[str, bytes]) -> None:
    assert bulletin(MONTH, [A_MONTH], "zh", cases=cases_of(MONTH)) == made


def test_every_unit_stands_in_page_document_and_workbook(made: Mapping[str, bytes]) -> None:
    workbook = openpyxl.load_workbook(BytesIO(part(made, "xlsx")))
    cells = {
        str(cell.value) for sheet in workbook for row in sheet.iter_rows() for cell in row if cell.value is not None
    }
    page, document = text_of_the_page(made), text_of_the_document(made)
    for group in MONTH.groups:
        for unit in group.units:
            assert unit.name in page
            assert unit.name in document
            assert unit.name in cells


def test_a_proposal_is_called_one_and_the_digest_of_the_result_is_told(made: Mapping[str, bytes]) -> None:
    digest = sha256(MONTH.written()).hexdigest()
    for said in (text_of_the_document(made), text_of_the_page(made)):
        assert "建议方案" in said
        assert digest in said


def test_the_word_document_is_laid_out_as_an_official_one(made: Mapping[str, bytes]) -> None:
    """Head, number, title, text, list of annexes, who signs and when, then the annexes in their order."""
    lines = [line.text for line in docx.Document(BytesIO(part(made, "docx"))).paragraphs]
    wanted = [
        *("新郑市城市管理考评通报", "〔2026〕　　号　第1版\t2026年9月1日", "关于2026年8月城市管理考评情况的通报"),
        *(
            "一、总体情况",
            "二、考评排名",
            "附件：1．各组考评成绩",
            "新郑市数字化城市管理监督指挥中心",
            "2026年9月1日　　",
        ),
        *("附件1", "各组考评成绩", "附件2", "附件3", "超期未结案件", "附件5", "等级划分与指标口径"),
    ]
    places = [lines.index(line) for line in wanted]
    assert places == sorted(places)


def test_a_number_and_a_signature_of_the_citys_own_are_printed() -> None:
    told = bulletin(MONTH, (), "zh", issuer="城管局", number="新数指〔{year}〕{month}号")
    lines = [line.text for line in docx.Document(BytesIO(told[file_name(MONTH, "zh", "docx")])).paragraphs]
    assert "新数指〔2026〕8号　第1版\t2026年9月1日" in lines
    assert "城管局" in lines


def test_the_head_of_every_table_is_repeated_on_each_page(made: Mapping[str, bytes]) -> None:
    tables = docx.Document(BytesIO(part(made, "docx"))).tables
    assert len(tables) > 8
    assert all(table.rows[0]._tr.xpath("w:trPr/w:tblHeader") for table in tables)


def test_every_character_has_its_glyph(made: Mapping[str, bytes]) -> None:
    known = set(TTFont(pylopdf_fonts_zh_cn.sans_path()).getBestCmap())
    said = text_of_the_page(made) + text_of_the_document(made)
    assert not {each for each in said if ord(each) not in known and not each.isspace()}


def test_the_page_asks_no_other_address_and_runs_nothing(made: Mapping[str, bytes]) -> None:
    page = part(made, "html").decode()
    assert "<script" not in page
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?!data:|\#)""", page)
    assert not re.search(r"url\((?!data:)|@import", page)


def test_a_workbook_of_many_cases_is_not_held_in_memory() -> None:
    cases = cases_of(MONTH)[:800]
    paper = compose(MONTH, (), on_paper("zh"))
    tracemalloc.start()
    bulletin_workbook(paper, MONTH, (), cases)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000, "rows are written as they come: held whole they take twice as much"


def test_a_page_of_an_older_program_is_served_with_the_style_it_was_published_with(made: Mapping[str, bytes]) -> None:
    page = part(made, "html")
    assert style_source(page) in unescape(page.decode())
    assert style_source(page.replace(b"<style>", b"<style>/* older */")) != style_source(page)


def test_the_workbook_draws_its_own_charts(made: Mapping[str, bytes]) -> None:
    with ZipFile(BytesIO(part(made, "xlsx"))) as workbook:
        assert sum(name.startswith("xl/charts/chart") for name in workbook.namelist()) >= 4


@pytest.mark.parametrize("kind", ["docx", "xlsx"])
def test_every_part_of_an_office_file_is_sound(made: Mapping[str, bytes], kind: str) -> None:
    with ZipFile(BytesIO(part(made, kind))) as packed:
        names = [name for name in packed.namelist() if name.endswith((".xml", ".rels"))]
        roots = [ElementTree.fromstring(packed.read(name)).tag for name in names]  # noqa: S314 our own
    assert len(roots) > 5
    assert all(roots)


@given(made_up_results())
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_a_month_holds_it_can_be_told(result: EvaluationResult) -> None:
    for content in bulletin(result, (), "zh").values():
        assert content


def test_a_name_that_looks_like_a_formula_is_a_text(made: Mapping[str, bytes]) -> None:
    odd = MONTH.groups[0].units[0].model_copy(update={"name": "=1+1<b>"})
    group = MONTH.groups[0].model_copy(update={"units": (odd,)})
    told = bulletin(MONTH.model_copy(update={"groups": (group,)}), (), "zh")
    workbook = openpyxl.load_workbook(BytesIO(told[file_name(MONTH, "zh", "xlsx")]))
    found = [cell for sheet in workbook for row in sheet.iter_rows() for cell in row if "1+1<b>" in str(cell.value)]
    assert found
    assert {cell.data_type for cell in found} == {"s"}
    assert b"=1+1<b>" not in told[file_name(MONTH, "zh", "html")]


def test_the_command_writes_the_files_of_a_result_without_a_database(tmp_path: Path) -> None:
    file = tmp_path / "2026-08.json"
    file.write_bytes(a_result([]).written())
    done = CliRunner().invoke(app, ["bulletin", "2026-08", "--from", str(file), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert len(list((tmp_path / "out").iterdir())) == 4
