"""What officials read in the Prefect UI, word for word."""

from typing import Any

import pytest

from flows import wording


@pytest.mark.parametrize(
    ("counts", "name"),
    [
        ((37, 2, 0, 0), "推进 37 件 · 超期 2"),
        ((37, 0, 0, 0), "推进 37 件"),
        ((1, 1, 3, 2), "推进 1 件 · 超期 1 · 拒绝 3 · 停滞 2 件"),
        ((0, 0, 1, 0), "拒绝 1"),
        ((0, 0, 0, 0), "无事可做"),
        ((0, 0, 0, 0, ["E1"]), "没有案件 E1"),
        ((2, 0, 0, 0, ["E1", "E2", "E3", "E4"]), "推进 2 件 · 没有案件 E1、E2、E3 等"),
    ],
)
def test_a_visit_is_named_by_what_it_moved(counts: tuple[Any, ...], name: str) -> None:
    assert wording.cases_moved(*counts) == name


def test_an_intake_is_named_by_what_it_took_in_and_what_it_refused() -> None:
    assert wording.reports_taken(30, 0, 2, 0) == "受理 30 件 · 退回 2"
    assert wording.reports_taken(0, 5, 0, 1) == "重复 5 · 无法读取 1 个文件"


def test_a_delivery_is_named_by_what_was_sent_and_what_failed() -> None:
    assert wording.notices_sent(12, 0) == "投递 12 条"
    assert wording.notices_sent(0, 1) == "失败 1"


def test_housekeeping_is_named_by_how_many_records_it_cleared() -> None:
    assert wording.runs_cleared(1440) == "清理空转记录 1,440 条"
    assert wording.runs_cleared(0) == "无事可做"
    assert wording.runs_cleared(0, 0, 4) == "延长汛期计划 4 项"


def test_an_action_is_named_by_case_action_and_outcome() -> None:
    assert wording.action_taken("E0110001", "结案", "refused") == "E0110001 结案 · 未办理"
    assert wording.action_taken("E0110001", "结案", "done") == "E0110001 结案 · 已办理"


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("rule:trusted", "系统规则 trusted"),
        ("source:hotline_12345", "上报来源 hotline_12345"),
        ("lihe-liaison", "梨河镇联络员"),
        ("a-post-that-has-gone", "a-post-that-has-gone"),
    ],
)
def test_who_moved_a_case_is_a_rule_a_source_or_a_post_by_its_name(by: str, said: str) -> None:
    assert wording.actor(by, {"lihe-liaison": "梨河镇联络员"}) == said


def test_a_moved_case_is_a_row_in_words() -> None:
    row = wording.moved_row("E0110001", "checking", "closed", ["check", "close"], ["甲", "系统规则 close"])
    assert list(row.values()) == ["E0110001", "核查中", "已结案", "核查、结案", "甲、系统规则 close"]
