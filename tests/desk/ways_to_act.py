"""Every action a person takes, as a way from a case's page: how it came there, who acts, and what is typed."""

from typing import Any

Move = tuple[str, str, dict[str, Any]]

REPORTED: list[Move] = []
VERIFYING: list[Move] = [("acceptor-a", "order_verify", {"inspector": "inspector-a"})]
ACCEPTED: list[Move] = [("acceptor-a", "accept", {})]
FILED: list[Move] = [*ACCEPTED, ("shift-leader", "file", {})]
DISPATCHED: list[Move] = [*FILED, ("dispatcher", "dispatch", {"unit": "lihe"})]
AT_CENTRE: list[Move] = [*FILED, ("dispatcher", "dispatch", {"unit": "centre"})]
ASSIGNED: list[Move] = [*AT_CENTRE, ("centre-liaison", "assign", {"unit": "lihe"})]
HANDLING: list[Move] = [*DISPATCHED, ("lihe-liaison", "receive", {})]
CHECKING: list[Move] = [*HANDLING, ("lihe-liaison", "report_handled", {})]
ORDERED: list[Move] = [*CHECKING, ("acceptor-a", "order_check", {"inspector": "inspector-a"})]
CLOSING: list[Move] = [*CHECKING, ("inspector-a", "check", {"result": "passed"})]
CLOSED: list[Move] = [*CLOSING, ("shift-leader", "close", {})]
ASKED: list[Move] = [*HANDLING, ("lihe-liaison", "ask", {"kind": "extension", "reason": "等配件"})]
WAIT = {"kind": "suspension", "reason": "雨季", "wanted_until": "2019-08-01T08:00+08:00"}
GRANTED = {"kind": "suspension", "verdict": "granted"}
SUSPENDED: list[Move] = [
    *HANDLING,
    ("lihe-liaison", "ask", WAIT),
    ("dispatcher", "decide", GRANTED),
    ("shift-leader", "decide", GRANTED),
]
BACK: list[Move] = [("dispatcher", "dispatch", {"unit": "lihe"}), ("lihe-liaison", "hand_back", {"reason": "越界"})]
AT_THE_CAP: list[Move] = [*FILED, *BACK, *BACK, *BACK]
MERGED: list[Move] = [("acceptor-a", "merge", {"into": "OTHER"})]
LATE: list[Move] = [*HANDLING, ("", "wait", {"days": 6}), *CLOSED[len(HANDLING) :]]

WAYS: list[tuple[str, list[Move], str, str, dict[str, str], dict[str, Any]]] = [
    ("accept", REPORTED, "acceptor-a", "accept", {}, {}),
    ("reject", REPORTED, "acceptor-a", "reject", {"reason": "不属于受理范围"}, {"reason": "不属于受理范围"}),
    ("merge", REPORTED, "acceptor-a", "merge", {"into": "OTHER"}, {}),
    ("unmerge", MERGED, "acceptor-a", "unmerge", {"reason": "两处"}, {"reason": "两处"}),
    (
        "order_verify",
        REPORTED,
        "acceptor-a",
        "order_verify",
        {"inspector": "inspector-b"},
        {"inspector": "inspector-b"},
    ),
    ("verify", VERIFYING, "inspector-a", "verify", {"result": "true"}, {"result": "true"}),
    ("verify", VERIFYING, "inspector-a", "verify", {"result": "false", "reason": "没有"}, {"result": "false"}),
    ("verify by the deputy", VERIFYING, "inspector-b", "verify", {"result": "not_found"}, {"result": "not_found"}),
    (
        "correct",
        ACCEPTED,
        "acceptor-a",
        "correct",
        {"condition": "C0101/2"},
        {"class_code": "C0101", "condition_no": 2},
    ),
    ("file", ACCEPTED, "shift-leader", "file", {}, {}),
    ("return_to_acceptor", FILED, "dispatcher", "return_to_acceptor", {"reason": "类别有误"}, {}),
    ("dispatch", FILED, "dispatcher", "dispatch", {"unit": "water"}, {"unit": "water"}),
    ("arbitrate", AT_THE_CAP, "leader", "arbitrate", {"unit": "water", "reason": "裁定"}, {"unit": "water"}),
    ("redispatch", HANDLING, "dispatcher", "redispatch", {"unit": "water", "reason": "改派"}, {"unit": "water"}),
    ("receive", DISPATCHED, "lihe-crew", "receive", {}, {}),
    ("assign", AT_CENTRE, "centre-liaison", "assign", {"unit": "lihe", "note": "请速办"}, {"note": "请速办"}),
    ("revoke_assign", ASSIGNED, "centre-head", "revoke_assign", {"unit": "lihe"}, {"unit": "lihe"}),
    ("hand_back", DISPATCHED, "lihe-head", "hand_back", {"reason": "越界"}, {"reason": "越界"}),
    ("report_handled", HANDLING, "lihe-liaison", "report_handled", {"note": "已清运"}, {"note": "已清运"}),
    ("order_check", CHECKING, "acceptor-a", "order_check", {"inspector": "inspector-b"}, {}),
    ("check", ORDERED, "inspector-a", "check", {"result": "passed"}, {"result": "passed"}),
    ("check", ORDERED, "inspector-a", "check", {"result": "failed", "reason": "残留"}, {"reason": "残留"}),
    ("close", CLOSING, "shift-leader", "close", {}, {}),
    ("reopen", CLOSED, "acceptor-a", "reopen", {"reason": "问题仍在"}, {"reason": "问题仍在"}),
    ("resume", SUSPENDED, "leader", "resume", {"reason": "雨停"}, {}),
    ("supervise", HANDLING, "leader", "supervise", {"reason": "限今日办结"}, {"reason": "限今日办结"}),
    ("force_close", HANDLING, "leader", "force_close", {"reason": "统一处理"}, {"how": "forced"}),
    ("add_note", HANDLING, "evaluator", "add_note", {"note": "关注"}, {"note": "关注"}),
    ("ask", HANDLING, "lihe-liaison", "ask-extension", {"reason": "等配件"}, {"kind": "extension"}),
    (
        "ask",
        HANDLING,
        "lihe-liaison",
        "ask-suspension",
        {"reason": "雨季", "wanted_until": "2019-06-01T18:30"},
        {"wanted_until": "2019-06-01T10:30:00+00:00"},
    ),
    ("ask", HANDLING, "lihe-head", "ask-promise", {"reason": "施工", "wanted_until": "2019-05-08T12:00"}, {}),
    ("ask", HANDLING, "lihe-liaison", "ask-hand_back", {"reason": "越界"}, {"kind": "hand_back"}),
    ("ask", ACCEPTED, "acceptor-a", "ask-void", {"reason": "误报"}, {"kind": "void"}),
    (
        "ask",
        HANDLING,
        "lihe-liaison",
        "ask-correction",
        {"reason": "网格错", "area": "梨河村一格", "place": "河堤"},
        {"area": "410184101001001", "place": "河堤"},
    ),
    ("ask", LATE, "lihe-liaison", "ask-appeal", {"reason": "停电"}, {"kind": "appeal"}),
    ("decide", ASKED, "dispatcher", "decide-extension", {"verdict": "granted"}, {"verdict": "granted"}),
    ("decide", ASKED, "dispatcher", "decide-extension", {"verdict": "refused", "reason": "不足"}, {"reason": "不足"}),
    ("withdraw", ASKED, "lihe-head", "withdraw-extension", {}, {"kind": "extension"}),
]
"""(event, optionally with what is special; the moves before; post; form; fields; facts of the event)"""
