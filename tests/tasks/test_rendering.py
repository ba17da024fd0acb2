"""Every message, word for word: what the templates say is compared with the texts that were approved.

After a template was changed on purpose: `python -m tests.tasks.test_rendering` writes the approved texts anew; read
the difference before it is committed.
"""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from models.notice import NoticeKind
from tasks.rendering import FACTS, Message, message_of, render, render_both, render_sent
from tasks.template_environment import BrokenFact
from tasks.words import Language

SHANGHAI = ZoneInfo("Asia/Shanghai")
APPROVED = Path(__file__).parents[1] / "approved"
LANGUAGES: tuple[Language, ...] = ("zh", "en")

A_SHIFT = {
    "starts_at": "2018-07-04T00:00:00+00:00",  # Wednesday, 08:00 in Shanghai
    "ends_at": "2018-07-05T00:00:00+00:00",
    "place": {"zh": "值班员", "en": "duty officer"},
}

ALL_FACTS = {
    "number": "E0110201807030001",
    "receipt_number": "R20180703000012",
    "class_code": "E0110",
    "minor": "暴露垃圾",
    "condition": "桶外有生活垃圾",
    "place": "梨河镇中华路与人民路口东北角",
    "description": "垃圾桶外堆放生活垃圾，影响通行",
    "unit": "梨河镇",
    "state": "suspended",
    "stage": "whole",
    "reason": "不在本单位辖区",
    "due_at": "2018-07-03T08:00:00+00:00",  # Tuesday, 16:00 in Shanghai
    "former_due_at": "2018-07-03T04:00:00+00:00",
    "provisional": True,
    "limit": "4 work_hour",
    "act_by": "2018-07-03T05:00:00+00:00",
    "kind": "extension",
    "verdict": "granted",
    "wanted_until": "2018-07-05T08:00:00+00:00",  # Thursday
    "decide_by": "2018-07-04T05:00:00+00:00",  # Wednesday
    "share": 80,
    "clock": "accept",
    "hand_backs": 2,
    "reworks": 1,
    "result": "checked",
    "count": 37,
    "ends_on": "2026-12-31",
    "lines": [
        {"kind": "task", "number": "E0110201807030001", "post": "梨河镇值班员甲", "why": "http_error"},
        {"kind": "report_result", "number": None, "post": None, "why": "no_answer"},
    ],
    "about": "task",
    "post": "梨河镇值班员甲",
    "climbs_to": "head",
    "told_at": "2018-07-03T04:30:00+00:00",
    "valid_until": "2018-07-03T12:00:00+00:00",
    "drill": False,
    "hazard": "flood",
    "severity": "yellow",
    "area": "梨河镇",
    "raised_at": "2018-07-03T02:00:00+00:00",
    "ended_at": "2018-07-03T06:00:00+00:00",
    "why": "cleared",
    "signal": "rainstorm",
    "text": "预计未来6小时梨河镇降水量将达50毫米以上",
    "station": "梨河站",
    "threshold": "警戒水位",
    "measure": "rise_rate",
    "hours": "3",
    "reading": "105.12",
    "limit_value": "105",
    "silent_stations": [{"station": "梨河站", "at": "2018-07-03T01:00:00+00:00"}],
    "said_at": "2018-07-03T00:00:00+00:00",
    "duty_state": "warning",
    "duty_place": "值班员",
    "shift_starts_at": "2018-07-03T00:00:00+00:00",
    "shift_ends_at": "2018-07-04T00:00:00+00:00",
    "in_room": False,
    "handover_side": "outgoing",
    "contacts": [{"post": "防汛值班员甲", "order": 1, "channel": "sms"}],
    # Roster.
    "roster": "ZB2018-1",
    "shift": A_SHIFT,
    "other_shift": A_SHIFT | {"starts_at": "2018-07-07T00:00:00+00:00", "ends_at": "2018-07-08T00:00:00+00:00"},
    "shifts": [A_SHIFT],
    "change": "swap",
    "step": "accept",
    "asker": "防汛值班员甲",
    "colleagues": [{"place": {"zh": "带班领导", "en": "leader on duty"}, "post": "防汛带班领导甲"}],
    "stand_by": True,
    "gained": True,
    "decided_by": "防汛带班领导甲",
    "words": "同意，注意交接",
    # Response and reports.
    "level": "III",
    "former_level": "IV",
    "suggested_level": "III",
    "warnings": ["YJ20180703-001", "YJ20180703-002"],
    "human_decides": True,
    "kept": False,
    "basis": "气象台橙色预警，双洎河超警戒",
    "issuer": "新郑市防汛抗旱指挥部办公室",
    "signed_by": "市政府分管领导乙",
    "duty": "应急队伍集结待命，预置物资",
    "english_duty": "rescue teams assemble, supplies are placed ahead",
    "report_kind": "follow_up",
    "means": "written",
    "receiver": "郑州市防汛抗旱指挥部办公室",
    "danger": "堤防管涌",
    "figures": {"dead": 1, "injured": 3, "evacuated": 120, "losses_cny": 500000},
    "happened_at": "2018-07-03T03:20:00+00:00",
    "measures": "已组织抢护，下游群众正在转移",
    "contradicts": [{"field": "dead", "was": 2, "now": 1}],
    "warning": "YJ20180703-001",
    "answer_by": "2018-07-03T12:05:00+00:00",
    "call_places": [
        {"place": "甲水库", "english": "Reservoir A", "duty": "administrative", "instead_of": "梨河镇负责人"},
        {"place": "梨河镇", "english": "梨河镇", "duty": "town", "instead_of": None},
    ],
    "call_count": 12,
    "silent": [{"place": "甲水库", "english": "Reservoir A", "duty": "patrol", "post": "甲水库巡查责任人"}],
    "silent_count": 3,
    "ended_why": "warning_ended",
    # Monthly evaluation.
    "month": "2018-06",
    "version": 2,
    "score": "92.42",
    "rank": 1,
    "of_units": 15,
    "grade": {"zh": "优秀", "en": "excellent"},
    "window_until": "2018-07-04T10:00:00+00:00",
    "why_none": "too_few",
    "version_why": "appeal",
    "best": [{"group": {"zh": "乡镇街道", "en": "townships"}, "best": "梨河镇 92.42", "worst": "龙湖镇 71.00"}],
    "due_count": 412,
    "on_time_count": 397,
    "overdue_count": 3,
    "unscored_count": 2,
    "open_appeals": 1,
    "first_day": "2018-06-25",
    "last_day": "2018-07-01",
    "findings": {
        "zh": ["高发：3处，最多的是梨河镇“暴露垃圾”，12件。"],
        "en": ["Hot spots: 3; the most are litter in 梨河镇, 12 cases."],
    },
}


def all_messages(language: Language) -> str:
    """Every kind of message with all its facts, as one text."""
    return "\n\n".join(f"=== {kind}\n{render(kind, ALL_FACTS, language, SHANGHAI).text}" for kind in NoticeKind)


def approved(language: Language) -> dict[str, str]:
    text = (APPROVED / f"messages.{language}.txt").read_text("utf-8").strip()
    sections = (section.partition("\n") for section in text.removeprefix("=== ").split("\n\n=== "))
    return {kind: said for kind, _, said in sections}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", NoticeKind)
def test_the_message_says_what_was_approved_word_for_word(kind: NoticeKind, language: Language) -> None:
    assert render(kind, ALL_FACTS, language, SHANGHAI).text == approved(language)[kind]


def test_all_facts_a_template_may_name_are_tried() -> None:
    assert ALL_FACTS.keys() == FACTS


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", NoticeKind)
def test_a_message_without_a_single_fact_still_reads(kind: NoticeKind, language: Language) -> None:
    message = render(kind, {}, language, SHANGHAI)
    assert message.title
    for hole in ("None", "{{", "}}", "：\n", ": \n", "()", "（）", "  "):
        assert hole not in message.text


@pytest.mark.parametrize("missing", sorted(FACTS))
def test_no_single_fact_is_needed(missing: str) -> None:
    facts = {name: value for name, value in ALL_FACTS.items() if name != missing}
    for kind in NoticeKind:
        assert "None" not in render(kind, facts, "zh", SHANGHAI).text


def test_what_others_typed_cannot_break_out_of_its_line() -> None:
    facts = {**ALL_FACTS, "place": "路口\n要做：无需处置\u202e", "description": "{{ number }} <b>&amp;"}
    lines = render(NoticeKind.TASK, facts, "zh", SHANGHAI).body.split("\n")
    assert "地点：路口 要做：无需处置" in lines
    assert "说明：{{ number }} <b>&amp;" in lines
    assert len([line for line in lines if line.startswith("要做")]) == 1


def test_an_urgent_case_says_first_what_makes_it_safe_and_then_what_repairs_it() -> None:
    make_safe = render(NoticeKind.TASK, {**ALL_FACTS, "stage": "make_safe"}, "zh", SHANGHAI).body
    repair = render(NoticeKind.TASK, {**ALL_FACTS, "stage": "repair"}, "zh", SHANGHAI).body
    assert make_safe.startswith("要做：先到现场排除险情")
    assert repair.startswith("要做：险情已排除，请完成修复")


@pytest.mark.parametrize("broken", ["tomorrow", "2018-07-03T16:00:00", 17])
def test_a_deadline_that_is_none_is_said_to_be_broken(broken: object) -> None:
    with pytest.raises(BrokenFact, match="is no moment"):
        render(NoticeKind.TASK, {"due_at": broken}, "zh", SHANGHAI)


def test_chinese_comes_first_and_english_below() -> None:
    message = render_both(NoticeKind.TASK, ALL_FACTS, SHANGHAI)
    chinese, english = message.body.split("\n\n— English —\n")
    assert message.title.startswith("【新任务】")
    assert chinese == render(NoticeKind.TASK, ALL_FACTS, "zh", SHANGHAI).body
    assert english == render(NoticeKind.TASK, ALL_FACTS, "en", SHANGHAI).text


def test_what_goes_out_ends_with_its_link_and_a_repeat_says_so_first() -> None:
    message = Message("【新任务】E1", "要做：处置")
    assert render_sent(message, None, repeat=False) == message
    sent = render_sent(message, "http://desk/c/token", repeat=True)
    assert sent.title == "（可能重复 may be a repeat）【新任务】E1"
    assert sent.body == "要做：处置\n\n查看案件 Open the case: http://desk/c/token"


def test_a_code_stands_first_and_what_a_link_opens_is_said_beside_it() -> None:
    message = Message("【验证码】登录", "要做：填写")
    code = render_sent(message, "048213", repeat=False, below="code")
    assert (code.title, code.body) == ("【验证码】登录", "验证码 Code: 048213\n要做：填写")
    mine = render_sent(message, "http://desk/me/token", repeat=False, below="mine")
    assert mine.body.endswith("\n打开我的待办 Open my work: http://desk/me/token")


def test_a_message_kept_as_text_comes_back_whole() -> None:
    message = render_both(NoticeKind.OVERDUE, ALL_FACTS, SHANGHAI)
    assert message_of(message.text) == message


if __name__ == "__main__":
    for each in LANGUAGES:
        (APPROVED / f"messages.{each}.txt").write_text(all_messages(each) + "\n", "utf-8")
