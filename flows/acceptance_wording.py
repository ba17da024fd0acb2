"""What an official reads in the Prefect UI of the acceptance self-check."""

ACCEPTANCE_CHECK = "验收自查"
CHECK = "逐项核对 look at each condition"
TABLE = "验收条件 · Conditions of acceptance"
CONDITION, FOUND, POINTS, OF, SOURCE = "条件 Condition", "现状 Found", "得分 Points", "满分 Of", "依据 Source"


def checked(reached: str, total: str) -> str:
    """The name of a run. Example: 验收自查 已得 78.5 / 100."""
    return f"{ACCEPTANCE_CHECK} 已得 {reached} / {total}"
