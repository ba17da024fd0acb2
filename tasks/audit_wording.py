"""What the audit found, in words for people: the command and the daily run say the same."""

from models.chain import Broken, Problem
from tasks.audit import AuditReport

FAULTS = {
    Problem.GAP: "事件序号不连续：应为第 {expected} 号 · the events' numbers do not follow: {expected} was due",
    Problem.LINK: "事件没有接上前一事件的校验值 · the event does not carry the hash of the one before it",
    Problem.CONTENT: "事件内容与其校验值不符 · the event does not say what was hashed",
    Problem.HEAD: "案件登记的末尾与事件不符：登记 {expected}，实有 {found} · "
    "the case's row knows another last event: {expected} on record, {found} found",
    Problem.ORPHAN: "记录所属案件不存在 · the row's case does not exist",
    Problem.STORY: "事件接不上此前的经过：{found} · the event cannot follow the ones before it: {found}",
    Problem.SEAL: "上报记录与受理时的封存值不符：封存 {expected}，实为 {found} · "
    "the report is not what was sealed when it was taken in: {expected} sealed, {found} found",
    Problem.MISSING: "事件所记的 {expected} 没有对应记录 · the row that the events made is not there: {expected}",
    Problem.UNTOLD: "记录没有事件依据：{found} · no event made this row: {found}",
    Problem.FIGURE: "{column} 与事件推算不符：应为 {expected}，实为 {found} · "
    "{column} is not what the events add up to: {expected} expected, {found} found",
    Problem.FILE_MISSING: "图片文件不存在：{expected}（{column}） · the picture's file is not in the store: {expected}",
    Problem.FILE_ALTERED: "图片文件被改动：{column} 应为 {expected}，实为 {found} · "
    "the picture's file is not what its digest says: {expected} expected, {found} found",
}


def report_lines(report: AuditReport) -> list[str]:
    """What was read, and what does not fit; the last line says that everything is intact where it is."""
    lines = [
        f"已核验案件 {report.cases} 件、事件 {report.events} 条 · cases and events checked",
        f"封存的上报 {report.sealed} 件、结案 {report.closings} 次、免责 {report.exemptions} 次 · "
        "sealed reports, closings and exemptions checked",
        f"图片 {report.pictures} 张与事件相符 · pictures that events name checked",
    ]
    if report.unnamed_pictures:
        lines.append(
            f"事件未记载的图片 {report.unnamed_pictures} 张，随上报提交，或办理未定、被拒 · no event names them"
        )
    if report.files is None:
        lines.append(
            "图片文件未读取；记录相符时加 --files 逐个核对 · picture files not read; --files does, once rows fit"
        )
    else:
        lines.append(f"图片文件 {report.files} 个与摘要相符 · picture files that are what their digests say")
    if report.unsealed:
        lines.append(f"未封存的上报 {report.unsealed} 件，由旧版程序受理，未比对 · not sealed by an older program")
    if report.unproven_deadlines:
        lines.append(f"时限未复算 {report.unproven_deadlines} 件，所用日历已不可得 · deadlines on a calendar now gone")
    lines += _beside_the_cases(report)
    lines += [
        f"城市资料版本 {edition} 的文件被改动 · its documents were altered" for edition in report.damaged_editions
    ]
    lines += [f"{table}：防篡改触发器缺失或被改动 · triggers missing or altered" for table in report.unguarded]
    if report.intact:
        lines.append("完整，未被改动 · intact, nothing was altered")
    return lines


def _beside_the_cases(report: AuditReport) -> list[str]:
    lines = []
    if report.flood_events:
        lines.append(f"汛期事件 {report.flood_events} 条 · events of the flood season checked")
    if report.evaluation_records:
        lines.append(f"考评版次与人工录入 {report.evaluation_records} 条 · versions and entries of the evaluation")
    if report.broken:
        lines.append(_fault(report.broken, report.broken_case))
    if report.broken_stream:
        at = report.broken_stream
        lines.append(f"汛期事件 {at.stream} 第 {at.seq} 条不符（{at.why}） · an event of the flood season does not fit")
    if report.broken_record:
        record = report.broken_record
        where = f"{record.table}.id {record.number}（{record.problem}）"
        lines.append(f"考评记录不符：{where} · a record of the evaluation does not fit")
    return lines


def _fault(broken: Broken, name: str | None) -> str:
    row = f"{broken.table}.id {broken.row_id}" if broken.row_id is not None else broken.table
    at_event = f" 第 {broken.seq} 号事件" if broken.seq else ""
    # A picture of a report that is gone belongs to no case anybody knows.
    where = f"案件 {name or broken.case_id}{at_event}（{row}）" if name or broken.case_id else row
    texts = {"expected": broken.expected, "found": broken.found, "column": broken.column}
    return f"{where}：{FAULTS[broken.problem].format_map(texts)}"
