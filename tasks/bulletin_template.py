"""The Word template of the bulletin: `python -m tasks.bulletin_template` writes templates/bulletin.docx.

The file is kept beside the code, so that an office may open it in Word, move its own head and margins about and use it
in place of ours; what it says where is the tags of docxtpl. A test sees that file and builder are the same.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from tasks.word_document import CHINESE, CHINESE_TITLE, WESTERN, document_bytes, new_document
from tasks.words import TEMPLATES

TEMPLATE = TEMPLATES / "bulletin.docx"

RED, GREY = RGBColor(0xC8, 0x10, 0x2E), RGBColor(0x70, 0x70, 0x70)

CHINESE_HEAD = "方正小标宋简体"
"""The font of red heads and titles; where a machine has none of it, its other names and likenesses below."""

ALTERNATIVES = {
    CHINESE: "FangSong,仿宋_GB2312,STFangsong,Noto Serif SC,SimSun",
    CHINESE_TITLE: "SimHei,Noto Sans SC,Microsoft YaHei",
    CHINESE_HEAD: "STZhongsong,Noto Serif SC,SimSun",
}

_BODY, _TABLE, _TABLE_LINE = 14, 9, 12
"""Points. Official documents set their body in 三号 (16); a bulletin with tables has it a step smaller (?)."""

_MADE = datetime(2026, 1, 1, tzinfo=UTC)


def template_bytes() -> bytes:
    """The template."""
    file = new_document("zhihui bulletin template", "zhihui", _MADE)
    page = file.sections[0]
    # The margins of an official document. Source: GB/T 9704 as offices use it (?).
    page.top_margin, page.bottom_margin, page.left_margin, page.right_margin = Mm(37), Mm(35), Mm(28), Mm(26)
    _name_alternatives(file)
    _heading_style(file)
    _head(file)
    _body(file)
    _end(file)
    _annexes(file)
    _footer(page.footer.paragraphs[0])
    _sealed(page.footer.add_paragraph())
    return document_bytes(file)


def _head(file: Document) -> None:
    _line(file, "{{ red_head }}", 34, CHINESE_HEAD, colour=RED, centred=True, after=18)
    number = _line(file, "{{ number }}　{{ version }}\t{{ date }}", 12, CHINESE, after=2)
    number.paragraph_format.tab_stops.add_tab_stop(Mm(156), WD_TAB_ALIGNMENT.RIGHT)
    _border(number, "bottom", 18, "C8102E")
    _line(file, "{{ title }}", 20, CHINESE_HEAD, centred=True, before=26, after=18)
    _line(file, "{{ addressed }}", _BODY, CHINESE)


def _body(file: Document) -> None:
    _tag(file, "{%p for said in lead %}")
    _paragraph(file, "{{ said }}")
    _tag(file, "{%p endfor %}")
    _tag(file, "{%p for section in sections %}")
    heading = file.add_paragraph(style="Heading 1")
    _run(heading, "{{ section.title }}", 15, CHINESE_TITLE)
    _parts(file)
    _tag(file, "{%p endfor %}")


def _annexes(file: Document) -> None:
    """Each on a page of its own: its label on the left, its title in the middle."""
    _tag(file, "{%p for section in annexes %}")
    label = file.add_paragraph(style="Heading 1")
    label.paragraph_format.page_break_before, label.paragraph_format.space_before = True, Pt(0)
    _run(label, "{{ section.label }}", 15, CHINESE_TITLE)
    _line(file, "{{ section.title }}", 18, CHINESE_HEAD, centred=True, before=4, after=10)
    # At the end of everything it would now and then stand on a page of its own.
    _tag(file, "{%p if loop.last %}")
    _line(file, "{{ proof }}", 8, CHINESE, colour=GREY)
    _tag(file, "{%p endif %}")
    _parts(file)
    _tag(file, "{%p endfor %}")


def _parts(file: Document) -> None:
    """Paragraphs, pictures and tables of a section, as they come."""
    _tag(file, "{%p for part in section.parts %}")
    _tag(file, "{%p if part.kind == 'text' %}")
    _paragraph(file, "{{ part.text }}")
    _tag(file, "{%p endif %}")
    _tag(file, "{%p if part.kind == 'picture' %}")
    picture = _line(file, "{{ part.image }}", _BODY, CHINESE, centred=True, before=6)
    picture.paragraph_format.keep_with_next = True
    _line(file, "{{ part.title }}", 10.5, CHINESE_TITLE, centred=True, after=10)
    _tag(file, "{%p endif %}")
    _tag(file, "{%p if part.kind == 'table' %}")
    caption = _line(file, "{{ part.title }}", 10.5, CHINESE_TITLE, centred=True, before=8)
    caption.paragraph_format.keep_with_next = True
    _table(file)
    _line(file, "", 6, CHINESE)
    _tag(file, "{%p endif %}")
    _tag(file, "{%p endfor %}")


def _table(file: Document) -> None:
    """A head that is repeated on each page, and a row for each of the data; docxtpl makes the columns."""
    table = file.add_table(rows=4, cols=3, style="Table Grid")
    for number, texts in enumerate(
        (
            ("{%tc for head in part.heads %}", "{{ head }}", "{%tc endfor %}"),
            ("{%tr for row in part.rows %}", "", ""),
            ("{%tc for cell in row %}", "{{ cell }}", "{%tc endfor %}"),
            ("{%tr endfor %}", "", ""),
        )
    ):
        for cell, text in zip(table.rows[number].cells, texts, strict=True):
            cell.paragraphs[0].paragraph_format.space_after = Pt(0)
            # Fonts that stand in for one another are not equally high: so a page holds as many rows with each.
            cell.paragraphs[0].paragraph_format.line_spacing = Pt(_TABLE_LINE)
            _run(cell.paragraphs[0], text, _TABLE, CHINESE_TITLE if number == 0 else CHINESE)
    _row_mark(table.rows[0]._tr, "w:tblHeader")
    for row in table.rows:
        _row_mark(row._tr, "w:cantSplit")
    _cell_margins(table, sideways=40, above=30)


def _end(file: Document) -> None:
    _tag(file, "{%p for line in annex_list %}")
    listed = _line(file, "{{ line }}", _BODY, CHINESE, after=0)
    listed.paragraph_format.first_line_indent, listed.paragraph_format.line_spacing = Pt(2 * _BODY), Pt(26)
    listed.paragraph_format.keep_with_next = True
    _tag(file, "{%p endfor %}")
    issuer = _line(file, "{{ issuer }}", _BODY, CHINESE, before=30)
    issuer.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    issuer.paragraph_format.keep_with_next = True
    dated = _line(file, "{{ date }}　　", _BODY, CHINESE, after=18)
    dated.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _footer(paragraph: Paragraph) -> None:
    """The number of the page, between dashes as official documents have it."""
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _run(paragraph, "— ", 10.5, CHINESE)
    run = paragraph.add_run()
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        part: Any = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            part.set(qn("w:fldCharType"), kind)
        else:
            part.text = text
        run._element.append(part)
    _run(paragraph, " —", 10.5, CHINESE)


def _sealed(paragraph: Paragraph) -> None:
    """The seal of the day on every page."""
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _run(paragraph, "{{ sealed }}", 8, CHINESE, GREY)


def _paragraph(file: Document, text: str) -> None:
    paragraph = _line(file, text, _BODY, CHINESE, after=0)
    paragraph.paragraph_format.first_line_indent = Pt(2 * _BODY)
    paragraph.paragraph_format.line_spacing = Pt(26)


def _tag(file: Document, text: str) -> None:
    file.add_paragraph(text)


def _line(
    file: Document,
    text: str,
    size: float,
    chinese: str,
    *,
    colour: RGBColor | None = None,
    centred: bool = False,
    before: float = 0,
    after: float = 4,
) -> Paragraph:
    paragraph = file.add_paragraph()
    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(before), Pt(after)
    _run(paragraph, text, size, chinese, colour)
    return paragraph


def _run(paragraph: Paragraph, text: str, size: float, chinese: str, colour: RGBColor | None = None) -> None:
    run = paragraph.add_run(text)
    run.font.size, run.font.name = Pt(size), WESTERN
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), chinese)
    if colour is not None:
        run.font.color.rgb = colour


def _heading_style(file: Document) -> None:
    """A heading that stays with what follows it, in black."""
    style = file.styles["Heading 1"]
    style.font.color.rgb, style.font.bold = RGBColor(0, 0, 0), False
    style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(18), Pt(8)
    style.paragraph_format.keep_with_next = True


def _row_mark(row: Any, name: str) -> None:
    row.get_or_add_trPr().append(OxmlElement(name))


def _cell_margins(table: Any, *, sideways: int, above: int) -> None:
    """Room between the lines of a table and its texts. Units: twentieths of a point."""
    margins: Any = OxmlElement("w:tblCellMar")
    for side, width in (("top", above), ("left", sideways), ("bottom", above), ("right", sideways)):
        margin: Any = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), str(width))
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    look = table._tbl.tblPr.find(qn("w:tblLook"))
    look.addprevious(margins) if look is not None else table._tbl.tblPr.append(margins)


def _border(paragraph: Paragraph, side: str, eighths: int, colour: str) -> None:
    borders: Any = OxmlElement("w:pBdr")
    line: Any = OxmlElement(f"w:{side}")
    for name, value in (("val", "single"), ("sz", str(eighths)), ("space", "6"), ("color", colour)):
        line.set(qn(f"w:{name}"), value)
    borders.append(line)
    properties = paragraph._element.get_or_add_pPr()
    properties.insert_element_before(borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr")


def _name_alternatives(file: Document) -> None:
    """Other names of the fonts: Word takes the first one that the machine has."""
    table = next(part for part in file.part.package.iter_parts() if str(part.partname) == "/word/fontTable.xml")
    told = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{others}"/><w:charset w:val="86"/></w:font>'
        for name, others in ALTERNATIVES.items()
    )
    table._blob = table.blob.replace(b"</w:fonts>", told.encode() + b"</w:fonts>")


def write_template(path: Path = TEMPLATE) -> None:
    """Write the template to where the program reads it."""
    path.write_bytes(template_bytes())


if __name__ == "__main__":
    write_template()
