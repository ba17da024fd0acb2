"""`zhihui audit`: prove that nothing was altered, or name the first row that does not fit."""

import json
import sys
from dataclasses import asdict
from datetime import datetime, time, timedelta
from typing import Annotated

import typer

from deployments.city_at_hand import city_to_read, now, print_json
from tasks.audit import AuditReport, OnProgress, verify_all
from tasks.audit_wording import report_lines
from tasks.database import open_database
from tasks.database_errors import DatabaseError
from tasks.day_seal import day_seal
from tasks.picture_store import PictureStore, StoreUnusable
from tasks.settings import SettingsError, read_settings

audit_app = typer.Typer(help="The proof that no event was altered.", no_args_is_help=True)

REFUSED = 1


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
    typer.echo(json.dumps(_for_programs(report), ensure_ascii=False) if as_json else "\n".join(report_lines(report)))
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
