"""What an official reads in the Prefect UI of the daily audit."""

from datetime import date

DAILY_AUDIT = "每日存证"
VERIFY, SEAL = "核验全部记录 verify all records", "计算当日存证 seal the day"
SEAL_TABLE = "存证 · Seal of the day"
PAGE = "核验结果 · What was verified"
DAY, DIGEST, CHAINS = "日期 Day", "存证值 Seal", "记录链 Chains"
BROKEN_STATE = "Broken 记录不符"
NOTHING_RECORDED = "当日尚无记录 · Nothing was recorded by then"


def sealed(day: date, short: str) -> str:
    """The name of a run. Example: 每日存证 2026-08-31 3f2a 91bc 04d7 e6aa."""
    return f"{DAILY_AUDIT} {day} {short}"


def not_sealed(day: date) -> str:
    """The name of a run before anything was recorded. Example: 每日存证 2026-08-31 · 尚无记录."""
    return f"{DAILY_AUDIT} {day} · 尚无记录"


def broken(day: date) -> str:
    """The name of a run that found something altered. Example: 每日存证 2026-08-31 · 记录不符."""
    return f"{DAILY_AUDIT} {day} · 记录不符"
