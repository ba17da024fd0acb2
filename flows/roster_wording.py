"""What an official reads in the Prefect UI of rosters: names of runs and steps, headings of tables."""

PROPOSE_ROSTER = "排班"
PUBLISH_ROSTER = "发布值班表"
DUTY_REMINDERS = "值班提醒"

WORK_OUT = "排出值班表 work the roster out"
PUT_IN_FORCE = "核对并发布 judge and publish"
REMIND = "提醒值班 remind of duty"

ROSTER_TABLE = "值班表 · The roster"
QUALITY_PAGE = "质量报告 · Its quality"
REFUSED_TABLE = "未办理的原因 · Why it was not done"
REFUSED_STATE = "Refused 未办理"


def roster_proposed(code: str, filled: int, wanted: int, uneven: int, gaps: int) -> str:
    """The name of a run that worked a roster out.

    Example: roster_proposed("ZB2021-1", 417, 417, 0, 0) is "排班 ZB2021-1 · 417/417 · 均衡".
    """
    told = [f"{PROPOSE_ROSTER} {code}", f"{filled}/{wanted}"]
    told.append(f"不均衡 {uneven} 处" if uneven else "均衡")
    if gaps:
        told.append(f"空缺 {gaps} 处")
    return " · ".join(told)


def roster_published(code: str, first: object, last: object) -> str:
    """The name of a run that published a roster. Example: "发布值班表 ZB2021-1 · 2021-05-15 – 2021-09-30"."""
    return f"{PUBLISH_ROSTER} {code} · {first} – {last}"


def not_done(what: str) -> str:
    """The name of a run that was refused."""
    return f"{what} · 未办理"


def reminded(day_before: int, week_ahead: int, lapsed: int) -> str:
    """The name of a run that reminded people, or that found nobody to remind.

    Example: reminded(3, 14, 0) is "明日值班 3 人 · 下周值班 14 人".
    """
    parts = [("明日值班", day_before, " 人"), ("下周值班", week_ahead, " 人"), ("调班失效", lapsed, " 件")]
    return " · ".join(f"{what} {count}{unit}" for what, count, unit in parts if count) or "无事可做"


def why_row(explanation: str) -> dict[str, object]:
    """Why something was not done, as a table of one row."""
    return {"说明 explanation": explanation}
