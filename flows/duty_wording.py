"""What an official reads in the Prefect UI of the duty room: run names, step names, tables."""

from collections.abc import Callable, Sequence

from flows.wording import Row, joined

DUTY_SHIFT = "值班交接"
DUTY_WATCH = "值守巡查"

HAND_OVER = "交接班次 close and open shifts"
WATCH = "巡查值守 watch the duty room"

HANDED_OVER = "本次交接的班次 · Shifts closed and opened"
WATCHED = "本次巡查的记录 · What the watch recorded"


def shifts_moved(closed: int, opened: int, caught_up: int) -> str:
    """The name of a visit that closed and opened shifts.

    Example: shifts_moved(1, 1, 0) is "下班 1 班 · 开班 1 班".
    """
    return joined([("下班", closed, "班"), ("开班", opened, "班"), ("补办", caught_up, "次")])


_WATCHED = (
    ("催签到", ("sign_in_asked_again",)),
    ("叫替班", ("backup_called",)),
    ("报带班", ("absence_reported", "no_backup_free")),
    ("空岗", ("recorded_vacant",)),
    ("催交接", ("handover_climbed", "handover_unaccepted")),
    ("查岗", ("spot_check_asked",)),
    ("查岗未问", ("spot_check_skipped",)),
    ("未应答", ("spot_check_missed",)),
    ("中断不计", ("spot_check_lost",)),
    ("封存种子", ("spot_checks_sealed",)),
    ("公开种子", ("spot_checks_revealed",)),
)
"""What a visit of the watch is called by, from the kinds of events it recorded."""


def duty_watched(count: Callable[..., int], contacts_told: int) -> str:
    """The name of a visit of the watch; `count` counts its events of some kinds.

    Example: one asked again and one backup called is "催签到 1 · 叫替班 1".
    """
    parts = [(what, count(*kinds), "") for what, kinds in _WATCHED]
    return joined([*parts, ("催测试联系方式", contacts_told, "")])


def shift_row(at: str, closed: Sequence[str], opened: Sequence[str], notices: int) -> Row:
    """One handover as a row."""
    return {
        "时刻 at": at,
        "下班 closed": "、".join(closed),
        "开班 opened": "、".join(opened),
        "通知 notices": notices,
    }


def event_row(kind: str, facts: str) -> Row:
    """One thing the watch recorded, as a row."""
    return {"记录 event": kind, "内容 facts": facts}
