"""Every reason of the intake has its sentence, Chinese and English, and no sentence lies about unused."""

import re
from pathlib import Path

from tasks.csv_rows import LONGEST_ROW
from tasks.intake_errors import IntakeFileError
from tasks.intake_words import both_languages, intake_words, sentence

PROJECT = Path(__file__).parents[2]
WHERE_REASONS_ARE_GIVEN = (
    *("models/raw_row.py", "models/mapped_report.py", "tasks/intake_reading.py", "tasks/refused_rows.py"),
    "tasks/csv_rows.py",
)
_REASON = re.compile(r'(?:Refusal\(|None, )"(\w+)"')


def test_each_reason_has_a_sentence_and_each_sentence_a_reason() -> None:
    texts = ((PROJECT / name).read_text("utf-8") for name in WHERE_REASONS_ARE_GIVEN)
    of_rows = {code for text in texts for code in _REASON.findall(text)}
    of_files = {error.code for error in IntakeFileError.__subclasses__()}
    assert of_rows | of_files == intake_words().codes("refusal")


def test_a_sentence_says_what_was_found_and_what_to_do() -> None:
    assert both_languages("wrong_column_count", {"found": 3, "expected": 5}) == (
        "有 3 列，表头为 5 列；请核对分隔符和引号。\n"
        "It has 3 columns where the header has 5; check delimiters and quotes."
    )
    assert "piece 2" in sentence("row_too_long", {"part": 2, "most": LONGEST_ROW}, "en")
    assert sentence("not_an_object", {}, "zh") == '不是一个 JSON 对象；请写成 {"列名": "值"} 的形式，每行一条。'
