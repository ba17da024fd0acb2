"""What an official reads in the Prefect UI of an analysis: names of runs and steps, headings of its tables."""

from datetime import date

WEEKLY = "每周分析"
PERIOD = "时段分析"
ANALYSE = "查找高发、复发和异常升高 find hot spots, recurrences and rises"
TELL = "告知考核员和值班长 tell evaluators and shift leaders"

HOT_TABLE = "高发区域（小类 × 乡镇街道） · Hot spots"
RECURRENCE_TABLE = "复发问题（同类、近距、结案后再发） · Recurrences"
RISE_TABLE = "异常升高（与前8周同一星期几比） · Rises against the usual"
DAY_TABLE = "每日案件与平常 · Day by day"
REFUSED_STATE = "Refused 未办理"


def analysed(name: str, first: date, last: date) -> str:
    """The name of a run. Example: 每周分析 2026-08-03 至 2026-08-09."""
    return f"{name} {first} 至 {last}"


def not_done(name: str) -> str:
    """The name of a run that was refused."""
    return f"{name} · 未办理"


def cut_off(rows: int, most: int) -> str:
    """What the description of a table says where it does not hold every row."""
    return f"（共 {rows} 行，列前 {most} 行，其余见报告文件 the first {most} of {rows}）" if rows > most else ""
