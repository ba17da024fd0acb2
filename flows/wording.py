"""What an official reads in the Prefect UI that no template holds: run names and the headings and rows of tables."""

from collections.abc import Iterable, Mapping, Sequence

from tasks.words import word

# What a run is called until it can say what it did.
CASE_LIFECYCLE = "推进案件"
INTAKE = "受理来件"
NOTICES = "投递消息"
TAKE_ACTION = "办理动作"
HOUSEKEEPING = "清理空转记录"

# What a run's steps are called. The old interface draws no Chinese on its timeline, so English follows.
MOVE = "推进案件 move cases"
SEND = "投递消息 deliver notices"
CLIMB_SILENCE = "催促确认 climb where nobody answered"
TAKE_IN = "受理来件 take in reports"
PUT = "放入待办 put into the inbox"
OUTCOME = "读取结果 read the outcome"
CLEAR = "清理空转记录 clear idle runs"
FOLLOW_SEASON = "监测计划随汛期 schedules follow the season"
CLEAR_FILES = "清理无记录的图片文件 clear picture files without a row"

NOTHING_TO_DO = "无事可做"

STUCK_CASES = "规则无法推算的案件，一小时后再试 · Cases whose rules cannot be worked out"
MOVED_CASES = "本次推进的案件 · Cases this visit moved"
INTAKE_FILES = "本次受理的文件 · Files this visit took in"
ACTION_OUTCOME = "本次办理的结果 · What became of the action"

REFUSED_STATE = "Refused 未办理"
MOST_NAMED = 3
"""Unknown case numbers a run's name spells out."""
RESULTS = {"done": "已办理", "refused": "未办理", "waiting": "待办理"}

Row = dict[str, object]


def joined(parts: Iterable[tuple[str, int, str]]) -> str:
    """The parts of a run's name that count anything, or the words for an idle run.

    Example: joined([("推进", 37, "件"), ("超期", 2, "")]) is "推进 37 件 · 超期 2".
    """
    said = [f"{what} {count} {unit}".rstrip() for what, count, unit in parts if count]
    return " · ".join(said) or NOTHING_TO_DO


def cases_moved(moved: int, overdue: int, refused: int, stuck: int, unknown: Sequence[str] = ()) -> str:
    """The name of a visit that moved cases; numbers under which there is no case are named.

    Example: cases_moved(37, 2, 0, 0) is "推进 37 件 · 超期 2".
    """
    said = joined([("推进", moved, "件"), ("超期", overdue, ""), ("拒绝", refused, ""), ("停滞", stuck, "件")])
    if not unknown:
        return said
    missing = f"没有案件 {'、'.join(unknown[:MOST_NAMED])}{' 等' if len(unknown) > MOST_NAMED else ''}"
    return missing if said == NOTHING_TO_DO else f"{said} · {missing}"


def reports_taken(taken: int, duplicates: int, refused: int, unreadable: int) -> str:
    """The name of a visit that took in reports."""
    return joined(
        [("受理", taken, "件"), ("重复", duplicates, ""), ("退回", refused, ""), ("无法读取", unreadable, "个文件")]
    )


def notices_sent(sent: int, failed: int, expired: int = 0, held: int = 0, climbed: int = 0) -> str:
    """The name of a visit that delivered notices.

    Example: notices_sent(23, 1, climbed=2) is "投递 23 条 · 失败 1 · 催确认 2".
    """
    return joined(
        [("投递", sent, "条"), ("失败", failed, ""), ("过期", expired, ""), ("暂扣", held, ""), ("催确认", climbed, "")]
    )


def runs_cleared(cleared: int, files: int | None = 0, widened: int = 0) -> str:
    """The name of a visit that cleared away records of idle runs, and picture files no row names; or widened schedules.

    Example: runs_cleared(1440, 3) is "清理空转记录 1,440 条 · 清理图片文件 3 个"; None for files is an unusable store.
    """
    told = [f"{HOUSEKEEPING} {cleared:,} 条"] if cleared else []
    if files is None:
        told.append("图片存储不可用")
    elif files:
        told.append(f"清理图片文件 {files:,} 个")
    if widened:
        told.append(f"延长汛期计划 {widened} 项")
    return " · ".join(told) or NOTHING_TO_DO


def action_taken(case: str, action: str, result: str) -> str:
    """The name of a run that took one action, or did not.

    Example: action_taken("E0110001", "结案", "refused") is "E0110001 结案 · 未办理".
    """
    return f"{case} {action} · {RESULTS[result]}"


def moved_row(case: str, before: str, after: str, actions: Iterable[str], by: Iterable[str]) -> Row:
    """One moved case as a row of the table of moved cases."""
    return {
        "案件编号 case": case,
        "原状态 from": word("state", before, "zh"),
        "现状态 to": word("state", after, "zh"),
        "动作 actions": "、".join(word("action", action, "zh") for action in actions),
        "依据 rule or person": "、".join(by),
    }


def stuck_row(case: str, reason: str) -> Row:
    """One case whose rules could not be worked out."""
    return {"案件编号 case": case, "原因 reason": reason}


def file_row(name: str, taken: int, duplicates: int, refused: int, problem: str) -> Row:
    """One file as a row of the table of files taken in."""
    return {
        "文件 file": name,
        "受理 taken": taken,
        "重复 duplicates": duplicates,
        "退回 refused": refused,
        "说明 problem": problem,
    }


def outcome_row(case: str, action: str, result: str, explanation: str) -> Row:
    """What became of one action, as a table of one row."""
    return {
        "案件编号 case": case,
        "动作 action": action,
        "结果 outcome": RESULTS[result],
        "说明 explanation": explanation,
    }


def actor(by: str, post_names: Mapping[str, str]) -> str:
    """Who or what moved a case: a rule or source under its code, a post under its name.

    Example: actor("rule:trusted", {}) is "系统规则 trusted".
    """
    kind, _, code = by.partition(":")
    if code and kind in ("rule", "source"):
        return f"{word('role', kind, 'zh')} {code}"
    return post_names.get(by, by)
