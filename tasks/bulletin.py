"""The monthly bulletin 考评通报: all documents made of one version of a month's evaluation."""

from collections.abc import Mapping, Sequence

from models.evaluation_result import EvaluationResult
from tasks.bulletin_cases import CaseBehind
from tasks.bulletin_document import compose
from tasks.bulletin_docx import bulletin_docx
from tasks.bulletin_look import on_paper, on_screen
from tasks.bulletin_page import bulletin_page
from tasks.bulletin_pdf import bulletin_pdf
from tasks.bulletin_workbook import bulletin_workbook
from tasks.day_seal import DaySeal
from tasks.words import Language

KINDS: Mapping[str, str] = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
}
"""The documents of a bulletin by the end of their names, with what a server calls each."""


def bulletin(
    result: EvaluationResult,
    previous: Sequence[EvaluationResult] = (),
    language: Language = "zh",
    *,
    cases: Sequence[CaseBehind] = (),
    issuer: str | None = None,
    number: str | None = None,
    seal: DaySeal | None = None,
) -> Mapping[str, bytes]:
    """The documents of a month by file name: Word, workbook, page and PDF. The same result gives the same bytes.

    `previous` are earlier months, in any order, and the version that this one replaces; `cases` go into the workbook;
    `seal` is named in the footer, `number` is that of the document, in which {year} and {month} are filled in.
    Example: bulletin(result, (july, june), "zh")["bulletin-2026-08-v1.zh.pdf"]
    """
    paper, screen = (
        compose(result, previous, look, issuer=issuer, number=number, seal=seal)
        for look in (on_paper(language), on_screen(language))
    )
    return {
        file_name(result, language, "docx"): bulletin_docx(paper),
        file_name(result, language, "xlsx"): bulletin_workbook(paper, result, previous, cases),
        file_name(result, language, "html"): bulletin_page(screen),
        file_name(result, language, "pdf"): bulletin_pdf(paper),
    }


def file_name(result: EvaluationResult, language: Language, kind: str) -> str:
    """What a document is called. Example: bulletin-2026-08-v1.zh.pdf."""
    return f"bulletin-{result.month}-v{result.version}.{language}.{kind}"
