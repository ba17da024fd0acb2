"""Whatever a result holds, its bulletin is made, well-formed, and no text in it becomes markup or a formula."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.evaluation_result import EvaluationResult
from tasks.bulletin import bulletin
from tasks.bulletin_document import compose
from tasks.bulletin_docx import bulletin_docx
from tasks.bulletin_look import on_paper, on_screen
from tasks.bulletin_page import bulletin_page
from tasks.bulletin_workbook import bulletin_workbook
from tasks.words import Language
from tests.evaluation.bulletin_reading import drawings_of, page_of, parts_of, texts_of_docx, workbook_of
from tests.evaluation.made_up_results import a_result, a_unit, counts, made_up_results, ranked

LANGUAGES = st.sampled_from(["zh", "en"])
FEW = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))


@FEW
@given(made_up_results(), LANGUAGES)
def test_every_unit_is_in_the_page_and_nothing_is_markup(result: EvaluationResult, language: Language) -> None:
    content = bulletin_page(compose(result, (), on_screen(language)))
    drawings_of(content)
    page = page_of(content)
    said = "".join("".join(page.texts).split())
    assert all("".join(unit.name.split()) in said for group in result.groups for unit in group.units)
    assert not page.tags - _TAGS


@FEW
@given(made_up_results(), LANGUAGES)
def test_the_workbook_holds_no_formula_and_missing_scores_are_dashes(
    result: EvaluationResult, language: Language
) -> None:
    made = compose(result, (), on_paper(language))
    content = bulletin_workbook(made, result, ())
    parts = parts_of(content)
    assert not [name for name, part in parts.items() if name.startswith("xl/worksheets/") and b"<f>" in part]
    book: Any = workbook_of(content)
    for group, sheet in zip(result.groups, book.worksheets[1:], strict=False):
        rows = list(sheet.iter_rows(min_row=2, values_only=True))
        assert [row[2] == "—" for row in rows] == [unit.score is None for unit in group.units]
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


@settings(FEW, max_examples=4)
@given(made_up_results())
def test_the_word_document_holds_every_text_and_no_tag(result: EvaluationResult) -> None:
    made = compose(result, (), on_paper("zh"))
    content = bulletin_docx(made)
    parts_of(content)
    said = "".join("".join(texts_of_docx(content)).split())
    for table in made.tables():
        assert all("".join(cell.split()) in said for row in table.rows for cell in row)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_empty_month_is_a_bulletin_that_says_so(language: Language) -> None:
    made = bulletin(a_result([]), (), language)
    assert len(made) == 4
    said = compose(a_result([]), (), on_paper(language)).said()
    assert ("本月全市没有上报、立案或到期的案件" if language == "zh" else "Nothing was reported") in said
    assert "0.00%" not in said


def test_one_unit_is_first_and_nobody_is_last() -> None:
    only = a_unit("a", "梨河镇", "townships", counts(3, 3, 3))
    said = compose(a_result([ranked("townships", "乡镇", "towns", [only])]), (), on_paper("zh")).said()
    assert "排名靠前的是：梨河镇（100.00分）" in said
    assert "排名靠后" not in said


def test_a_group_of_equal_scores_names_nobody_best_or_last() -> None:
    units = [a_unit(code, f"{code}镇", "townships", counts(3, 3, 3)) for code in "abc"]
    said = compose(a_result([ranked("townships", "乡镇", "towns", units)]), (), on_paper("zh")).said()
    assert "各单位得分相同，名次并列" in said
    assert "排名靠前" not in said


_TAGS = {
    *("html", "head", "meta", "title", "style", "body", "main", "header", "p", "span", "h1", "h2", "section", "ul"),
    *("li", "b", "div", "figure", "figcaption", "svg", "text", "rect", "line", "polyline", "circle", "details"),
    *("summary", "table", "caption", "thead", "tbody", "tr", "th", "td", "br"),
}
