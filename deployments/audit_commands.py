"""`zhihui audit`: prove that nothing was altered, or name the first row that does not fit."""

import json
import sys
from dataclasses import asdict
from datetime import datetime, time, timedelta
from typing import Annotated

import typer

from deployments.city_at_hand import city_to_read, now, print_json
from models.chain import Broken, Problem
from tasks.audit import AuditReport, OnProgress, verify_all
from tasks.database import open_database
from tasks.database_errors import DatabaseError
from tasks.day_seal import day_seal
from tasks.picture_store import PictureStore, StoreUnusable
from tasks.settings import SettingsError, read_settings

audit_app = typer.Typer(help="The proof that no event was altered.", no_args_is_help=True)

REFUSED = 1

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


@audit_app.callback()
def audit() -> None:
    """The proof that no event was altered."""


@audit_app.command()
def verify(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output, for programs.")] = False,
    files: Annotated[
        bool, typer.Option("--files", help="Read every picture's file too and compare its digest; takes its time.")
    ] = False,
) -> None:
    """Check every event against its hash chain, and the rows beside them against what the events say.

    Example: zhihui audit verify --json

    Those rows are the reports (by the seal that their first event holds), the closings and exemptions the evaluation
    counts, the pictures that events name, and where each case stands with its deadline. Also every append-only table
    for its triggers. With --files also the files of all pictures, once all rows fit.

    Exit code 0: all fits; 1: something was altered, or the database or the picture store cannot be read.
    """
    try:
        settings = read_settings()
        store = PictureStore(settings.pictures) if files else None
        engine = open_database(settings.database_url, migrate=False)
        try:
            shown = sys.stderr.isatty() and not as_json
            told = (_progress("条事件 · events checked"), _progress("个图片文件 · picture files read"))
            report = verify_all(engine, told[0] if shown else None, store, told[1] if shown else None)
        finally:
            engine.dispose()
    except (DatabaseError, SettingsError, StoreUnusable) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(REFUSED) from error
    typer.echo(json.dumps(_for_programs(report), ensure_ascii=False) if as_json else _for_people(report))
    if not report.intact:
        raise typer.Exit(REFUSED)


@audit_app.command()
def seal(
    day: Annotated[datetime, typer.Argument(metavar="DAY", formats=["%Y-%m-%d"], help="Such as 2026-08-31.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output, for programs.")] = False,
) -> None:
    """Compute the seal of a day: one hash over the heads of all chains as they stood when the day was over.

    Example: zhihui audit seal 2026-08-31

    A published bulletin names the seal of the day before its publication: the same one here proves that nothing that
    was recorded until then has changed since. It proves the chains only together with `zhihui audit verify`.

    Exit code 0: computed; 1: the day is not over, nothing was recorded by its end, or the database cannot be read.
    """
    with city_to_read() as (city, connection):
        over = now() >= datetime.combine(day.date() + timedelta(days=1), time(), city.zone)
        found = day_seal(connection, city, day.date()) if over else None
    if found is None:
        why = "当日尚无记录 · nothing was recorded by then" if over else "当日尚未结束 · the day is not over"
        typer.echo(f"{day:%Y-%m-%d} {why}", err=True)
        raise typer.Exit(REFUSED)
    if as_json:
        print_json({"day": f"{found.day}", "digest": found.digest, "chains": found.chains})
    else:
        typer.echo(f"{found.day} {found.digest}\n{found.short} · 记录链 {found.chains} 条 · chains")


def _progress(words: str) -> OnProgress:
    return lambda read: typer.echo(f"\r已核验 {read} {words}", nl=False, err=True)


_COUNTS = (
    *("cases", "events", "sealed", "unsealed", "closings", "exemptions", "pictures", "unnamed_pictures"),
    *("files", "unproven_deadlines", "flood_events", "evaluation_records"),
)


def _for_programs(report: AuditReport) -> dict[str, object]:
    return {
        "intact": report.intact,
        **{name: getattr(report, name) for name in _COUNTS},
        "broken": asdict(report.broken) | {"case": report.broken_case} if report.broken else None,
        "broken_stream": asdict(report.broken_stream) if report.broken_stream else None,
        "broken_record": asdict(report.broken_record) if report.broken_record else None,
        "damaged_editions": list(report.damaged_editions),
        "unguarded_tables": list(report.unguarded),
    }


def _for_people(report: AuditReport) -> str:
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
    return "\n".join(lines)


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
