"""The bulletin as PDF, set by Typst with fonts of its own: the same on every machine, and the same bytes each time.

Texts go in as data, never as markup. Also: its pictures as PNG, for Word, which shows no drawing everywhere.
"""

import json
from collections.abc import Sequence
from typing import Any

import pylopdf_fonts_zh_cn
import typst

from tasks.bulletin_document import Bulletin, Part, Section
from tasks.bulletin_svg import Picture
from tasks.bulletin_tables import Table
from tasks.words import TEMPLATES, word

PIXELS_PER_INCH = 144.0
"""Of a picture in Word: sharp on paper at the width of a page."""

TALL = 320
"""From this height on a picture does not stay where it is named. Units: those of the drawing."""


def bulletin_pdf(bulletin: Bulletin) -> bytes:
    """The PDF."""
    content = {
        "language": bulletin.language,
        "red_head": bulletin.red_head,
        "number": bulletin.number,
        "version": bulletin.version,
        "title": bulletin.title,
        "addressed": bulletin.addressed,
        "lead": bulletin.lead,
        "sections": [_section(section) for section in bulletin.sections],
        "annexes": [_section(section) for section in bulletin.annexes],
        "annex_list": bulletin.annex_list,
        "issuer": bulletin.issuer,
        "date": bulletin.date,
        "proof": bulletin.proof,
        "sealed": bulletin.sealed,
        "page": word("bulletin", "page", bulletin.language),
    }
    made = typst.compile(
        TEMPLATES / "bulletin.typ",
        font_paths=[pylopdf_fonts_zh_cn.sans_path().parent],
        ignore_system_fonts=True,
        sys_inputs={"content": json.dumps(content, ensure_ascii=False)},
        timestamp=int(bulletin.dated.timestamp()),
        format="pdf",
    )
    return bytes(made)


def pictures_png(pictures: Sequence[Picture]) -> list[bytes]:
    """Each picture as PNG."""
    if not pictures:
        return []
    made: Any = typst.compile(
        TEMPLATES / "bulletin_pictures.typ",
        font_paths=[pylopdf_fonts_zh_cn.sans_path().parent],
        ignore_system_fonts=True,
        sys_inputs={"pictures": json.dumps([picture.svg for picture in pictures], ensure_ascii=False)},
        format="png",
        ppi=PIXELS_PER_INCH,
    )
    return [made] if isinstance(made, bytes) else list(made)


def _section(section: Section) -> dict[str, Any]:
    parts = [_told(part) for part in section.parts]
    return {"title": section.title, "label": section.label, "parts": parts}


def _told(part: Part) -> dict[str, Any]:
    if isinstance(part, Table):
        told = {"heads": part.heads, "rows": part.rows, "align": part.align, "widths": part.widths}
        return {"kind": "table", "name": part.name, "title": part.title, **told}
    if isinstance(part, Picture):
        return {"kind": "picture", "title": part.title, "svg": part.svg, "tall": part.height > TALL}
    return {"kind": "text", "text": part}
