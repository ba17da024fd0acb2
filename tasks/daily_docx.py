"""The daily water and duty report as a Word document; the same report gives the same bytes."""

from tasks.daily_report import DailyText
from tasks.word_document import CHINESE_TITLE, document_bytes, new_document, write_line, write_table


def daily_docx(report: DailyText) -> bytes:
    """The Word document of a report."""
    file = new_document(report.title, report.city, report.at)
    write_line(file.add_paragraph(), f"{report.city}{report.title}", 20, CHINESE_TITLE, centred=True)
    for line in (*report.lead, report.issued):
        if line:
            write_line(file.add_paragraph(), line, centred=True)
    for section in report.sections:
        write_line(file.add_paragraph(), section.title, 13, CHINESE_TITLE)
        if section.rows:
            write_table(file, section.heads, section.rows)
        else:
            write_line(file.add_paragraph(), report.none)
    return document_bytes(file)
