"""Every refusal has a sentence that says what is possible instead."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import models.lifecycle_rules
import tasks.inbox
from tasks.refusals import refusal_codes, render_refusal
from tasks.words import TEMPLATES
from tests.cities import a_small_city

PROMISED = """
    not_now not_yours missing_fact unknown_action wrong_unit hand_back_cap extension_after_overdue extension_cap
    suspension_cap suspension_too_long one_open_request no_open_request not_your_step reopen_cap objection_over
    unknown_unit unknown_class not_appealable appeal_once switched_off needs_approval handled_before_dispatch
    same_case wanted_in_past no_inspector
"""


def codes_in_use() -> set[str]:
    """Every code the rules of a case and its inbox return."""
    folder = Path(models.lifecycle_rules.__file__).parent
    files = [*folder.glob("lifecycle*.py"), folder / "step_facts.py", Path(tasks.inbox.__file__)]
    return {code for file in files for code in re.findall(r'Refusal\(\s*"(\w+)"', file.read_text("utf-8"))}


def test_no_code_stands_twice_or_the_second_would_speak_for_both() -> None:
    codes = re.findall(r"^(\w+):", (TEMPLATES / "refusals.yaml").read_text("utf-8"), re.MULTILINE)
    assert sorted(codes) == sorted(set(codes))


def test_every_refusal_of_the_rules_has_a_sentence() -> None:
    assert len(codes_in_use()) > 20
    assert codes_in_use() | set(PROMISED.split()) <= refusal_codes()


@pytest.mark.parametrize("code", sorted(refusal_codes()))
def test_a_refusal_without_its_facts_is_still_a_sentence_in_both_languages(code: str) -> None:
    for language, end in (("zh", "。"), ("en", ".")):
        sentence = render_refusal(code, {}, language)  # type: ignore[arg-type]
        assert sentence.endswith(end)
        assert "{" not in sentence
        assert "None" not in sentence


@pytest.mark.parametrize(
    ("code", "facts", "zh", "en"),
    [
        (
            "not_now",
            {"state": "filed", "action": "hand_back", "allowed": ["dispatch", "supervise"]},
            "案件当前为“已立案待派遣”，不能“退回案件”。现在可以：派遣、督办。",
            'The case is filed; "hand back" is not possible. Possible now: dispatch, supervise.',
        ),
        (
            "wrong_unit",
            {"unit": "lihe", "your_unit": "water"},
            "案件由梨河镇负责，贵单位不能办理。",
            "The case is with 梨河镇; your unit cannot act on it.",
        ),
        (
            "extension_after_overdue",
            {"due_at": datetime(2018, 7, 3, 8, tzinfo=UTC)},
            "已过期限（2018年7月3日（周二）16:00），不能再申请延期。请立即处置。",
            "The deadline has passed (Tue 2018-07-03 16:00), so no extension can be asked for. Handle it at once.",
        ),
        (
            "missing_fact",
            {"needs": ["reason", "picture_after"]},
            "还缺少：理由、处置后图片。请补充后再提交。",
            "Missing: a reason, a picture after. Add it and send it again.",
        ),
    ],
)
def test_a_refusal_says_why_and_what_instead(code: str, facts: Mapping[str, Any], zh: str, en: str) -> None:
    city = a_small_city()
    assert render_refusal(code, facts, "zh", city) == zh
    assert render_refusal(code, facts, "en", city) == en


def test_facts_that_were_stored_as_text_read_the_same() -> None:
    stored = {"due_at": "2018-07-03T08:00:00+00:00"}
    assert "2018年7月3日（周二）16:00" in render_refusal("extension_after_overdue", stored, "zh", a_small_city())


def test_a_code_without_a_sentence_is_shown_with_its_facts() -> None:
    assert render_refusal("brand_new", {"unit": "lihe", "count": 3}, "zh") == "brand_new: count=3, unit=lihe"
    assert render_refusal("brand_new", {}, "en") == "brand_new"


def test_what_somebody_typed_is_not_taken_for_a_template() -> None:
    assert "{{ 7 * 7 }}" in render_refusal("unknown_case", {"case": "{{ 7 * 7 }}"}, "zh")
