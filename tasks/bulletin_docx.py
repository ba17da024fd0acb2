"""The bulletin as a Word document laid out as Chinese offices do, to be signed, sealed and sent on."""

from collections.abc import Sequence
from datetime import UTC
from io import BytesIO
from typing import Any

from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docxtpl import DocxTemplate, InlineImage

from tasks.bulletin_document import Bulletin, Part, Section
from tasks.bulletin_pdf import pictures_png
from tasks.bulletin_svg import Picture
from tasks.bulletin_tables import Align, Table
from tasks.bulletin_template import TEMPLATE
from tasks.word_document import with_fixed_times

LINE_MM = 156.0
"""Between the margins of the template."""

WIDEST_MM = 142.0
"""A picture a little narrower than the line, so that a group's sentences and its ranking share a page."""

HIGHEST_MM = 205.0
"""A picture with its caption still fits on a page."""

_LATIN_HEAD = 22
"""Points of a red head in letters: those of characters would make three lines of it."""

_ALIGNS: dict[Align, WD_ALIGN_PARAGRAPH] = {
    "left": WD_ALIGN_PARAGRAPH.LEFT,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
    "center": WD_ALIGN_PARAGRAPH.CENTER,
}


def bulletin_docx(bulletin: Bulletin) -> bytes:
    """The Word document."""
    template = DocxTemplate(str(TEMPLATE))
    images = iter(pictures_png(bulletin.pictures()))
    context = {
        "red_head": bulletin.red_head,
        "number": bulletin.number,
        "version": bulletin.version,
        "date": bulletin.date,
        "title": bulletin.title,
        "addressed": bulletin.addressed,
        "lead": bulletin.lead,
        "issuer": bulletin.issuer,
        "proof": bulletin.proof,
        "sealed": bulletin.sealed,
        "sections": [_section(section, template, images) for section in bulletin.sections],
        "annex_list": bulletin.annex_list,
        "annexes": [_section(section, template, images) for section in bulletin.annexes],
    }
    template.render(context, autoescape=True)
    file: Any = template.docx
    for made, table in zip(file.tables, bulletin.tables(), strict=True):
        _set_columns(made, table)
    for shape, picture in zip(file.inline_shapes, bulletin.pictures(), strict=True):
        shape._inline.docPr.set("descr", picture.title)
    _signature_follows(file, bulletin)
    if bulletin.language != "zh":
        for run in file.paragraphs[0].runs:
            run.font.size = Pt(_LATIN_HEAD)
    properties = file.core_properties
    properties.title, properties.author, properties.comments = bulletin.title, bulletin.issuer, ""
    properties.created = properties.modified = bulletin.dated.astimezone(UTC).replace(tzinfo=None)
    made_file = BytesIO()
    file.save(made_file)
    return with_fixed_times(made_file.getvalue())


def _section(section: Section, template: DocxTemplate, images: Any) -> dict[str, Any]:
    parts = [_told(part, template, images) for part in section.parts]
    return {"title": section.title, "label": section.label, "parts": parts}


def _told(part: Part, template: DocxTemplate, images: Any) -> dict[str, Any]:
    if isinstance(part, Table):
        return {"kind": "table", "title": part.title, "heads": part.heads, "rows": part.rows}
    if isinstance(part, Picture):
        width = min(WIDEST_MM, HIGHEST_MM * part.width / part.height)
        image = InlineImage(template, BytesIO(next(images)), width=Mm(width))
        return {"kind": "picture", "title": part.title, "image": image}
    return {"kind": "text", "text": part}


def _signature_follows(file: Any, bulletin: Bulletin) -> None:
    """The last paragraph goes with the signature, which never stands on a page without a text."""
    last = bulletin.sections[-1].parts[-1] if bulletin.sections else None
    if isinstance(last, str):
        paragraph = next(each for each in reversed(file.paragraphs) if each.text == last)
        paragraph.paragraph_format.keep_with_next = paragraph.paragraph_format.keep_together = True


def _set_columns(made: Any, table: Table) -> None:
    """Widths and alignment of the columns; Word would make all of them equal."""
    whole = sum(table.widths)
    widths = [Mm(LINE_MM * width / whole) for width in table.widths]
    made.alignment, made.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    grid = made._tbl.tblGrid
    for column in list(grid):
        grid.remove(column)
    for width in widths:
        column = OxmlElement("w:gridCol")
        column.set(qn("w:w"), str(width.twips))
        grid.append(column)
    aligns: Sequence[Align] = table.align
    for row in made._tbl.tr_lst:
        for cell, width, align in zip(row.tc_lst, widths, aligns, strict=True):
            cell.width = width
            for paragraph in cell.p_lst:
                paragraph.get_or_add_pPr().jc_val = _ALIGNS[align]
