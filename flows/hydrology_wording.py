"""What an official reads in the Prefect UI of the process that takes in and judges water."""

from collections.abc import Sequence

from flows.wording import Row, joined
from tasks.warning_notices import shown
from tasks.warning_rows import RaisedWarning
from tasks.water_intake import Intake
from tasks.words import word

HYDROLOGY = "水情雨情监测"

PULL = "读取来源 pull readings"
TAKE_FOLDER = "读取文件 take in files of readings"
JUDGE = "判断阈值 judge thresholds"
TELL_SILENT = "检查缺测 look for silent stations"

CROSSINGS = "本次发出和解除的预警 · Warnings this visit raised and ended"
DOUBTFUL = "存疑读数，已保存，不参与判断 · Readings that are kept and not used"
INTAKES = "本次读取的来源和文件 · Sources and files this visit took in"


def watched(done: Sequence[Intake], raised: int, ended: int, silent: int) -> str:
    """The name of a visit. Example: "读数 312 个 · 存疑 2 · 预警 1 条 · 解除 1 条"."""
    taken = sum(one.taken.taken for one in done)
    return joined(
        [
            ("读数", taken, "个"),
            ("更正", sum(one.taken.corrected for one in done), ""),
            ("存疑", sum(len(one.taken.doubtful) for one in done), ""),
            ("退回", sum(one.refused for one in done), "行"),
            ("来源不可用", sum(bool(one.problem) for one in done), "个"),
            ("预警", raised, "条"),
            ("解除", ended, "条"),
            ("缺测", silent, "个"),
        ]
    )


def crossing_row(warning: RaisedWarning, ended: bool) -> Row:
    """One warning as a row of the table of crossings."""
    rule = warning.evidence.get("rule", {})
    reading = warning.end_evidence.get("reading") if ended else warning.evidence.get("reading")
    return {
        "编号 number": warning.number,
        "结果 outcome": "解除 ended" if ended else "发出 raised",
        "测站 station": rule.get("station_name", warning.station),
        "阈值 threshold": rule.get("threshold_name", warning.threshold),
        "级别 severity": word("severity", warning.severity, "zh"),
        "实测 reading": shown(reading),
        "时间 at": str(warning.ended_at if ended else warning.raised_at),
        "依据 why": word("warning_end", warning.end_evidence.get("why", ""), "zh") if ended else "",
    }


def doubtful_rows(done: Sequence[Intake]) -> list[Row]:
    """Readings that are kept and not used, as rows of a table."""
    return [
        {
            "测站 station": one.station,
            "要素 element": word("measure", one.element, "zh"),
            "时间 at": str(one.at),
            "读数 reading": one.value,
            "原因 why": word("doubt", one.doubt, "zh"),
        }
        for intake in done
        for one in intake.taken.doubtful
    ]


def intake_row(done: Intake) -> Row:
    """One source or file as a row of a table."""
    return {
        "来源 source": done.name,
        "行 rows": done.rows,
        "新读数 taken": done.taken.taken,
        "重复 repeated": done.taken.repeated,
        "更正 corrected": done.taken.corrected,
        "退回 refused": done.refused,
        "说明 problem": done.problem,
    }
