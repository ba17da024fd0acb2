"""A day of the duty log as a Word document, to be filed or amended by hand; the same day gives the same bytes."""

from collections.abc import Sequence
from datetime import UTC
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from tasks.duty_log_document import ENTRY_COLUMNS, STAND_COLUMNS, LogDocument, Row

WESTERN, CHINESE, CHINESE_TITLE = "Times New Roman", "仿宋", "黑体"
"""Fonts of official documents; Word takes the machine's own where one is missing."""

_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def log_docx(document: LogDocument) -> bytes:
    """The Word document of a day."""
    file = docx.Document()
    section = file.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(20)
    file.styles["Normal"].font.size = Pt(10.5)
    properties = file.core_properties
    properties.title, properties.author, properties.comments = f"{document.title} {document.day}", document.city, ""
    properties.created = properties.modified = document.dated.astimezone(UTC).replace(tzinfo=None)
    _line(file.add_paragraph(), document.title, 20, CHINESE_TITLE, centred=True)
    _line(file.add_paragraph(), f"{document.city}　{document.day}", 12, centred=True)
    _line(file.add_paragraph(), document.head("shifts"), 13, CHINESE_TITLE)
    if not document.shifts:
        _line(file.add_paragraph(), document.head("no_shifts"))
    for shift in document.shifts:
        _line(file.add_paragraph(), shift.span)
        _table(file, [document.head(code) for code in STAND_COLUMNS], shift.rows, (35, 65, 70))
    if document.handovers:
        _line(file.add_paragraph(), document.head("handovers"), 13, CHINESE_TITLE)
    for line in document.handovers:
        _line(file.add_paragraph(), line)
    _line(file.add_paragraph(), document.head("entries"), 13, CHINESE_TITLE)
    if document.entries:
        heads = [document.head(code) for code in ENTRY_COLUMNS]
        _table(file, heads, document.entries, (11, 14, 25, 24, 40, 34, 22))
    else:
        _line(file.add_paragraph(), document.head("none"))
    _line(file.add_paragraph(), document.proof, 8)
    made = BytesIO()
    file.save(made)
    return _with_fixed_times(made.getvalue())


def _line(
    paragraph: Paragraph, text: str, size: float = 10.5, chinese: str = CHINESE, *, centred: bool = False
) -> None:
    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.space_after = Pt(4)
    _dress(paragraph.add_run(text), size, chinese)


def _dress(run: Run, size: float, chinese: str) -> None:
    """Word keeps the font of Chinese characters apart from that of the others."""
    run.font.size, run.font.name = Pt(size), WESTERN
    fonts = run._element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), chinese)


def _table(file: Document, heads: Sequence[str], rows: Sequence[Row], widths_mm: Sequence[int]) -> None:
    table = file.add_table(rows=1 + len(rows), cols=len(heads), style="Table Grid")
    table.autofit = False
    for number, texts in enumerate([tuple(heads), *rows]):
        for cell, text, width in zip(table.rows[number].cells, texts, widths_mm, strict=True):
            cell.width = Mm(width)
            _line(cell.paragraphs[0], text, 9.5, CHINESE_TITLE if number == 0 else CHINESE)


def _with_fixed_times(packed: bytes) -> bytes:
    """The same parts with one time in all of them: the packer would write down when it ran."""
    made = BytesIO()
    with ZipFile(BytesIO(packed)) as before, ZipFile(made, "w", ZIP_DEFLATED) as after:
        for name in before.namelist():
            part = ZipInfo(name, _ZIP_EPOCH)
            part.compress_type = ZIP_DEFLATED
            after.writestr(part, before.read(name))
    return made.getvalue()
