"""What every Word document of the city has in common: page and fonts, and that the same content is the same bytes."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from io import BytesIO
from shutil import copyfileobj
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph
from docx.text.run import Run

WESTERN, CHINESE, CHINESE_TITLE = "Times New Roman", "仿宋", "黑体"
"""Fonts of official documents; Word takes the machine's own where one is missing."""

_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def new_document(title: str, author: str, at: datetime) -> Document:
    """An empty A4 document that says it was made at a moment of its content."""
    file = docx.Document()
    page = file.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(20)
    file.styles["Normal"].font.size = Pt(10.5)
    for language in file.styles.element.iter(qn("w:lang")):
        # Else a program may take the comma of Taiwan, which stands in the middle of its square.
        language.set(qn("w:eastAsia"), "zh-CN")
    properties = file.core_properties
    properties.title, properties.author, properties.comments = title, author, ""
    properties.created = properties.modified = at.astimezone(UTC).replace(tzinfo=None)
    return file


def write_line(
    paragraph: Paragraph, text: str, size: float = 10.5, chinese: str = CHINESE, *, centred: bool = False
) -> None:
    """Put a text into a paragraph."""
    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.space_after = Pt(4)
    _dress(paragraph.add_run(text), size, chinese)


def write_table(
    file: Document, heads: Sequence[str], rows: Sequence[Sequence[str]], widths_mm: Sequence[int] = ()
) -> None:
    """A table with its heads; without widths the columns share the page."""
    table = file.add_table(rows=1 + len(rows), cols=len(heads), style="Table Grid")
    table.autofit = not widths_mm
    for number, texts in enumerate([tuple(heads), *rows]):
        cells = table.rows[number].cells
        for cell, text in zip(cells, texts, strict=True):
            write_line(cell.paragraphs[0], text, 9.5, CHINESE if number else CHINESE_TITLE)
        for cell, width in zip(cells, widths_mm, strict=False):
            cell.width = Mm(width)


def document_bytes(file: Document) -> bytes:
    """The finished document."""
    made = BytesIO()
    file.save(made)
    return with_fixed_times(made.getvalue())


def with_fixed_times(packed: bytes, exchanged: Mapping[str, bytes] | None = None) -> bytes:
    """An Office file with one time in all its parts, in a fixed order: the packer writes down when it ran.

    `exchanged` are parts by name to be put in place of its own. Large parts are never held as a whole.
    """
    made = BytesIO()
    with ZipFile(BytesIO(packed)) as before, ZipFile(made, "w", ZIP_DEFLATED) as after:
        for name in sorted(before.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            part = ZipInfo(name, _ZIP_EPOCH)
            part.compress_type = ZIP_DEFLATED
            if exchanged and name in exchanged:
                after.writestr(part, exchanged[name])
                continue
            with before.open(name) as source, after.open(part, "w") as target:
                copyfileobj(source, target)
    return made.getvalue()


def _dress(run: Run, size: float, chinese: str) -> None:
    """Word keeps the font of Chinese characters apart from that of the others."""
    run.font.size, run.font.name = Pt(size), WESTERN
    fonts = run._element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), chinese)
