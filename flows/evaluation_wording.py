"""What an official reads in the Prefect UI of the monthly evaluation: names of runs and steps, headings of tables."""

MONTHLY_EVALUATION = "月度考评"
PUBLISH_EVALUATION = "公布考评"

COUNT_AND_FREEZE = "统计、评分并固定 count, score and freeze"
PUBLISH = "核对申诉并公布 look at appeals and publish"

MAKE_DOCUMENTS = "编制通报 make the bulletin"
MEND_DOCUMENTS = "恢复丢失的通报 make lost documents again"
PROGRESS = "考评进度 · How far the evaluation has come"

DOCUMENTS_TABLE = "通报文件 · Documents of the bulletin"
READ_AT = "在考评页面下载 · To be read on the page of the evaluation:"
MENDED_TABLE = "丢失或被改动的通报文件 · Documents that were lost or altered"
BECAME = "处理 What was done"
PUT_BACK = "已重制，与公布时逐字节相同 made again, byte for byte what was published"
DIFFERENT = "重制结果与公布时不同，未采用，请从备份恢复 made anew it differs and is not used: restore it from a backup"
KIND, SIZE, DIGEST = "文件 Document", "字节 Bytes", "校验码 SHA-256"

RANKING_TABLE = "排名 · The ranking"
FIGURES_TABLE = "全市主要数字 · Key figures of the city"
REFUSED_STATE = "Refused 未办理"

RANK, UNIT, GROUP, SCORE, GRADE = "名次 Rank", "单位 Unit", "分组 Group", "得分 Score", "等次 Grade"
DUE, CLOSED, ON_TIME, OVERDUE = "应结案 Due", "结案 Closed", "按期结案 On time", "超期未结 Overdue"
MONTH, VERSION, WHY, UNTIL = "月份 Month", "版本 Version", "缘由 Why", "申诉截至 Appeals until"


def drafted(months: list[str]) -> str:
    """The name of a run that drafted months. Example: drafted(["2019-05"]) is "月度考评 2019-05"."""
    return f"{MONTHLY_EVALUATION} {'、'.join(months)}"


def published(months: list[str], waiting: list[str]) -> str:
    """The name of a run that published months, or found that appeals hold them up."""
    told = [f"{PUBLISH_EVALUATION} {'、'.join(months)}"] if months else [PUBLISH_EVALUATION]
    if waiting:
        told.append(f"{'、'.join(waiting)} 申诉未决")
    return " · ".join(told)


def documents_lost(months: list[str], waiting: list[str]) -> str:
    """The name of a run that found documents it cannot make again as they were."""
    return f"{published(months, waiting)} · 通报文件丢失"


def documents_page(month: str, version: int, where: str, rows: list[tuple[str, int, str]]) -> str:
    """The documents of a month as an auditor compares them: kind, size and digest, and where they are read."""
    lines = [f"## {month} 考评通报 第{version}版 · Bulletin, version {version}", "", f"{READ_AT} {where}", ""]
    lines += [f"| {KIND} | {SIZE} | {DIGEST} |", "| --- | ---: | --- |"]
    lines += [f"| {kind} | {size} | `{digest}` |" for kind, size, digest in rows]
    return "\n".join(lines)


def not_done() -> str:
    """The name of a run that was refused."""
    return f"{MONTHLY_EVALUATION} · 未办理"
