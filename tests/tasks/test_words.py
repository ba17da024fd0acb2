"""Every member of the closed sets has words in both languages, in one file."""

from enum import StrEnum
from pathlib import Path

import pytest

from models.limits import CHINESE_OF_UNIT, LimitUnit
from models.notice import NoticeKind, NoticeState, Priority
from models.vocabulary import ActionName, ClockKind, ClockState, RequestKind, RequestState, Role, State
from tasks.words import WordsUnreadable, city_words, read_words, word

SETS: dict[str, type[StrEnum]] = {
    "state": State,
    "reporter_state": State,
    "action": ActionName,
    "role": Role,
    "clock": ClockKind,
    "clock_state": ClockState,
    "request": RequestKind,
    "request_state": RequestState,
    "notice": NoticeKind,
    "notice_state": NoticeState,
    "priority": Priority,
    "limit_unit": LimitUnit,
}


@pytest.mark.parametrize("group", SETS)
def test_every_member_of_a_closed_set_has_words_and_nothing_else_has(group: str) -> None:
    assert city_words().codes(group) == {member.value for member in SETS[group]}


@pytest.mark.parametrize("group", SETS)
def test_no_two_members_of_a_set_are_called_the_same(group: str) -> None:
    for language in ("zh", "en"):
        said = [word(group, member, language) for member in SETS[group]]
        assert len(set(said)) == len(said)


def test_limit_units_are_called_as_limits_are_written() -> None:
    assert {unit: word("limit_unit", unit, "zh") for unit in LimitUnit} == CHINESE_OF_UNIT


def test_a_code_without_words_is_shown_as_it_is() -> None:
    assert word("state", "levitating", "zh") == "levitating"
    assert word("no_such_group", 7, "en") == "7"


@pytest.mark.parametrize(
    "content",
    ["state:\n  reported: {zh: 已上报}\n", "result:\n  true: {zh: 属实, en: 'true'}\n"],
)
def test_a_file_that_lacks_a_language_or_has_a_code_that_is_no_text_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "words.yaml"
    file.write_text(content, "utf-8")
    with pytest.raises(WordsUnreadable, match=r"words\.yaml, (state|result):"):
        read_words(file)
