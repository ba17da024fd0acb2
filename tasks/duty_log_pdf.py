"""A day of the duty log as PDF: set by Typst with fonts of its own, so that every machine sets it alike.

Texts go in as data, never as markup. The same day gives the same bytes.
"""

import json
from pathlib import Path

import pylopdf_fonts_zh_cn
import typst

from tasks.duty_log_document import ENTRY_COLUMNS, STAND_COLUMNS, LogDocument

TEMPLATE = Path(__file__).parent / "templates" / "duty_log.typ"


def log_pdf(document: LogDocument) -> bytes:
    """The PDF of a day."""
    heads = ("shifts", "handovers", "entries", "none", "no_shifts")
    content = {
        "title": document.title,
        "city": document.city,
        "day": document.day,
        "language": document.language,
        "heads": {code: document.head(code) for code in heads},
        "stand_heads": [document.head(code) for code in STAND_COLUMNS],
        "entry_heads": [document.head(code) for code in ENTRY_COLUMNS],
        "shifts": [{"span": shift.span, "rows": shift.rows} for shift in document.shifts],
        "handovers": document.handovers,
        "entries": document.entries,
        "proof": document.proof,
    }
    return typst.compile(
        TEMPLATE,
        font_paths=[pylopdf_fonts_zh_cn.sans_path().parent],
        ignore_system_fonts=True,
        sys_inputs={"content": json.dumps(content, ensure_ascii=False)},
        timestamp=int(document.dated.timestamp()),
        format="pdf",
    )
