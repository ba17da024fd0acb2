"""What `zhihui case show` prints of a case: words for codes, Chinese first."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import Engine

from deployments.case_printing import story_lines
from tasks.case_story import CaseStory, NoticeTold, explain_case
from tasks.database import reading
from tasks.lifecycle import move_cases
from tasks.settings import Settings
from tests.stored_cases import a_loaded_city, at, reports_taken_in

NOON = at("2019-05-06 12:00")


def a_story(engine: Engine) -> CaseStory:
    city = a_loaded_city(engine)
    reports_taken_in(engine, city, 1, at("2019-05-06 08:00"))
    move_cases(engine, now=at("2019-05-06 08:02"))
    with reading(engine) as connection:
        story = explain_case(connection, city, 1, NOON)
    if story is None:
        raise AssertionError("the case that was taken in cannot be told")
    return story


@pytest.mark.parametrize(
    ("attempts", "printed"),
    [
        ((), "Notice 新任务 -> lihe-liaison: 已发送"),
        ((("dingtalk", NOON, True, "handed_over"),), "Notice 新任务 -> lihe-liaison: 已发送 钉钉 已送达通道"),
        (
            (("sms", NOON, False, "http_error 503"), ("demo", NOON, None, "")),
            "Notice 新任务 -> lihe-liaison: 已发送 短信 通道返回错误 503; 演示 发送中",
        ),
    ],
)
def test_tries_are_told_in_words_with_their_detail(
    sqlite_engine: Engine,
    settings: Settings,
    attempts: tuple[tuple[str, datetime, bool | None, str], ...],
    printed: str,
) -> None:
    notice = NoticeTold("task", "lihe-liaison", "sent", NOON, attempts)
    story = replace(a_story(sqlite_engine), notices=(notice,))
    city = a_loaded_city(sqlite_engine)
    assert [line for line in story_lines(story, city, settings) if line.startswith("Notice")] == [printed]


def test_a_similar_case_without_a_position_is_told_without_a_distance(
    sqlite_engine: Engine, settings: Settings
) -> None:
    story = replace(a_story(sqlite_engine), similar=(("R1", 12.4, 3.04), ("R2", None, 1.0)))
    lines = list(story_lines(story, a_loaded_city(sqlite_engine), settings))
    assert [line for line in lines if "similar" in line] == [
        "  similar: R1, 12 m, 3.0 h apart",
        "  similar: R2, 1.0 h apart",
    ]


def test_a_picture_is_named_by_the_beginning_of_its_digest_and_a_bare_number_stays_whole(
    sqlite_engine: Engine, settings: Settings
) -> None:
    story = a_story(sqlite_engine)
    facts = {"pictures": ["ab" * 32, "cd" * 32], "deadline_hours": "4", "note": "1234567890"}
    story = replace(story, events=(replace(story.events[0], facts=facts),))
    (line,) = [line for line in story_lines(story, a_loaded_city(sqlite_engine), settings) if "abab" in line]
    assert "[pictures=['abababababab…', 'cdcdcdcdcdcd…'], deadline_hours=4, note=1234567890]" in line
