"""What an official reads in the Prefect UI of the evaluation of a province."""

PROVINCE_EVALUATION = "全省汇总"
CITY_FIGURES = "统计 {city.name} count one city"
TABLE = "各市县月度数字 · The cities' month"
CITY, VERSION, DUE, CLOSED, ON_TIME, OVERDUE = (
    "市县 City",
    "版本 Version",
    "应结案 Due",
    "结案 Closed",
    "按期结案 On time",
    "超期未结 Overdue",
)
CLOSURE_RATE, ON_TIME_RATE, PROBLEM = "结案率 Closure rate", "按期结案率 On-time rate", "未取得 Not had"
TOTAL, AS_IT_STANDS = "全省 Province", "未固定，按现状 as it stands"


def summed(month: str, had: int, cities: int) -> str:
    """The name of a run. Example: 全省汇总 2026-08 · 17/18."""
    return f"{PROVINCE_EVALUATION} {month} · {had}/{cities}"
