"""The daily water and duty report as a Word document; the same report gives the same bytes."""

from datetime import UTC
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from tasks.daily_report import DailyText, Section

WESTERN, CHINESE, CHINESE_TITLE = "Times New Roman", "仿宋", "黑体"
"""Fonts of official documents; Word takes the machine's own where one is missing."""

_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def daily_docx(report: DailyText) -> bytes:
    """The Word document of a report."""
    file = docx.Document()
    page = file.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(20)
    file.styles["Normal"].font.size = Pt(10.5)
    properties = file.core_properties
    properties.title, properties.author, properties.comments = report.title, report.city, ""
    properties.created = properties.modified = report.at.astimezone(UTC).replace(tzinfo=None)
    _line(file.add_paragraph(), f"{report.city}{report.title}", 20, CHINESE_TITLE, centred=True)
    for line in (*report.lead, report.issued):
        if line:
            _line(file.add_paragraph(), line, centred=True)
    for section in report.sections:
        _line(file.add_paragraph(), section.title, 13, CHINESE_TITLE)
        if section.rows:
            _table(file, section)
        else:
            _line(file.add_paragraph(), report.none)
    made = BytesIO()
    file.save(made)
    return _with_fixed_times(made.getvalue())


def _table(file: Any, section: Section) -> None:
    table = file.add_table(rows=1, cols=len(section.heads))
    table.style = "Table Grid"
    for cell, head in zip(table.rows[0].cells, section.heads, strict=True):
        _line(cell.paragraphs[0], head, 10.5, CHINESE_TITLE)
    for row in section.rows:
        for cell, said in zip(table.add_row().cells, row, strict=True):
            _line(cell.paragraphs[0], said)


def _line(paragraph: Any, text: str, size: float = 10.5, chinese: str = CHINESE, *, centred: bool = False) -> None:
    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.space_after = Pt(3)
    run = paragraph.add_run(text)
    run.font.size, run.font.name = Pt(size), WESTERN
    run._element.rPr.rFonts.set(qn("w:eastAsia"), chinese)


def _with_fixed_times(content: bytes) -> bytes:
    """The same archive without the moment at which it was made."""
    made = BytesIO()
    with ZipFile(BytesIO(content)) as before, ZipFile(made, "w", ZIP_DEFLATED) as after:
        for name in sorted(before.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            info = ZipInfo(name, _ZIP_EPOCH)
            info.compress_type = ZIP_DEFLATED
            after.writestr(info, before.read(name))
    return made.getvalue()
