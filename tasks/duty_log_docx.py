"""A day of the duty log as a Word document, to be filed or amended by hand; the same day gives the same bytes."""

from tasks.duty_log_document import ENTRY_COLUMNS, STAND_COLUMNS, LogDocument
from tasks.word_document import CHINESE_TITLE, document_bytes, new_document, write_line, write_table

STAND_WIDTHS_MM, ENTRY_WIDTHS_MM = (35, 65, 70), (11, 14, 25, 24, 40, 34, 22)


def log_docx(document: LogDocument) -> bytes:
    """The Word document of a day."""
    file = new_document(f"{document.title} {document.day}", document.city, document.dated)
    write_line(file.add_paragraph(), document.title, 20, CHINESE_TITLE, centred=True)
    write_line(file.add_paragraph(), f"{document.city}　{document.day}", 12, centred=True)
    write_line(file.add_paragraph(), document.head("shifts"), 13, CHINESE_TITLE)
    if not document.shifts:
        write_line(file.add_paragraph(), document.head("no_shifts"))
    for shift in document.shifts:
        write_line(file.add_paragraph(), shift.span)
        write_table(file, [document.head(code) for code in STAND_COLUMNS], shift.rows, STAND_WIDTHS_MM)
    if document.handovers:
        write_line(file.add_paragraph(), document.head("handovers"), 13, CHINESE_TITLE)
    for line in document.handovers:
        write_line(file.add_paragraph(), line)
    write_line(file.add_paragraph(), document.head("entries"), 13, CHINESE_TITLE)
    if document.entries:
        heads = [document.head(code) for code in ENTRY_COLUMNS]
        write_table(file, heads, document.entries, ENTRY_WIDTHS_MM)
    else:
        write_line(file.add_paragraph(), document.head("none"))
    write_line(file.add_paragraph(), document.proof, 8)
    return document_bytes(file)
