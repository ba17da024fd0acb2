"""`zhihui audit`: prove that no event was altered, or name the first row that does not fit."""

import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from models.chain import Broken, Problem
from tasks.audit import AuditReport, OnProgress, verify_all
from tasks.database import open_database
from tasks.database_errors import DatabaseError
from tasks.settings import SettingsError, read_settings

audit_app = typer.Typer(help="The proof that no event was altered.", no_args_is_help=True)

REFUSED = 1

FAULTS = {
    Problem.GAP: "事件序号不连续：应为第 {expected} 号 · the events' numbers do not follow: {expected} was due",
    Problem.LINK: "事件没有接上前一事件的校验值 · the event does not carry the hash of the one before it",
    Problem.CONTENT: "事件内容与其校验值不符 · the event does not say what was hashed",
    Problem.HEAD: "案件登记的末尾与事件不符：登记 {expected}，实有 {found} · "
    "the case's row knows another last event: {expected} on record, {found} found",
    Problem.ORPHAN: "事件所属案件不存在 · the event's case does not exist",
}


@audit_app.callback()
def audit() -> None:
    """The proof that no event was altered."""


@audit_app.command()
def verify(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output, for programs.")] = False,
) -> None:
    """Check every event of every case against its hash chain, and every append-only table for its triggers.

    Example: zhihui audit verify --json

    Exit code 0: all fits; 1: something was altered, or the database cannot be read.
    """
    try:
        engine = open_database(read_settings().database_url, migrate=False)
        try:
            report = verify_all(engine, None if as_json else _progress())
        finally:
            engine.dispose()
    except (DatabaseError, SettingsError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(REFUSED) from error
    typer.echo(json.dumps(_for_programs(report), ensure_ascii=False) if as_json else _for_people(report))
    if not report.intact:
        raise typer.Exit(REFUSED)


def _progress() -> OnProgress | None:
    if not sys.stderr.isatty():
        return None
    return lambda events: typer.echo(f"\r已核验 {events} 条事件 · events checked", nl=False, err=True)


def _for_programs(report: AuditReport) -> dict[str, object]:
    return {
        "intact": report.intact,
        "cases": report.cases,
        "events": report.events,
        "broken": asdict(report.broken) | {"case": report.broken_case} if report.broken else None,
        "unguarded_tables": list(report.unguarded),
    }


def _for_people(report: AuditReport) -> str:
    lines = [f"已核验案件 {report.cases} 件、事件 {report.events} 条 · cases and events checked"]
    if report.broken:
        lines.append(_fault(report.broken, report.broken_case))
    lines += [f"{table}：防篡改触发器缺失或被改动 · triggers missing or altered" for table in report.unguarded]
    if report.intact:
        lines.append("完整，未被改动 · intact, nothing was altered")
    return "\n".join(lines)


def _fault(broken: Broken, name: str | None) -> str:
    row = f"case_event.id {broken.event_id}" if broken.event_id is not None else f"cases.id {broken.case_id}"
    where = f"案件 {name or broken.case_id} 第 {broken.seq} 号事件（{row}）"
    return f"{where}：{FAULTS[broken.problem].format(expected=broken.expected, found=broken.found)}"
