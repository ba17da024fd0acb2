"""What an official reads in the Prefect UI of runs that call people: names of runs and steps, rows of tables."""

from collections.abc import Sequence

from flows.wording import Row, joined

# What a run is called until it can say what it did.
FLOOD_CALLS = "巡检叫应"
START_CALL = "启动叫应"

# What a run's steps are called.
LOOK_AFTER = "启动到期叫应并逐级叫应 start and climb calls"
SEND_CALLS = "投递叫应消息 deliver calls"
BEGIN = "启动叫应 start a call"

STARTED_CALL = "本次叫应 · The call"
REFUSED_STATE = "Refused 未启动"

DRILL, REAL = "演练 drill", "实战 real"


def calls_looked_after(started: int, climbed: int, ended: int, sent: int) -> str:
    """The name of a sweep over the calls.

    Example: calls_looked_after(1, 3, 0, 25) is "启动叫应 1 次 · 逐级叫应 3 处 · 投递 25 条".
    """
    return joined(
        [("启动叫应", started, "次"), ("逐级叫应", climbed, "处"), ("结束叫应", ended, "次"), ("投递", sent, "条")]
    )


def call_started(number: str, drill: bool, called: int) -> str:
    """The name of a run that started a call. Example: call_started("JY20210720-001", False, 9)."""
    return f"{'【演练】' if drill else ''}{number} 已叫应 · {called} 处"


def call_refused(subject: str) -> str:
    """The name of a run that started none."""
    return f"{subject} · 未启动"


def call_row(number: str, drill: bool, called: int, explanation: str = "") -> Row:
    """The call as a table of one row."""
    return {
        "叫应编号 call": number,
        "性质 kind": DRILL if drill else REAL,
        "责任岗位 places": called,
        "说明 explanation": explanation,
    }


def call_numbers(numbers: Sequence[str]) -> list[Row]:
    """Calls that moved in a sweep, as a table."""
    return [{"叫应编号 call": number} for number in numbers]
