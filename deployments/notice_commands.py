"""`zhihui notice`: look at messages, what became of each, and why one did not arrive."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from models.city import City
from models.notice import NoticeState
from models.refusal import Refusal
from tasks.city_edition import CityEditionError, current_city
from tasks.database import open_database, reading
from tasks.database_errors import DatabaseError
from tasks.inbox import find_case
from tasks.notice_list import AttemptListed, NoticeListed, NoticeShown, list_notices, show_notice
from tasks.refusals import render_refusal
from tasks.settings import SettingsError, read_settings
from tasks.wording import moment_words
from tasks.words import word

notice_app = typer.Typer(help="Messages: what waits, what was sent, what failed and why.", no_args_is_help=True)

REFUSED = 1

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output, for programs.")]


@notice_app.command("list")
def list_(
    state: Annotated[list[NoticeState] | None, typer.Option(help="Only in this state; may be repeated.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Only to this post, by its code.")] = None,
    case: Annotated[str | None, typer.Option(help="Only of this case, by its number or receipt number.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many to show; `count` counts them all.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List messages, the newest first.

    Example: zhihui notice list --state failed --json

    Exit code 0: listed, also where there are none; 1: there is no such case, or no database.
    """
    with _city_database() as (city, connection):
        case_id = find_case(connection, case) if case else None
        if case and case_id is None:
            _refuse(Refusal("unknown_case", {"case": case}), city)
        states = [one.value for one in state or ()]
        count, notices = list_notices(connection, states=states, recipient=to, case_id=case_id, limit=limit)
    if as_json:
        _print_json({"count": count, "notices": [asdict(notice) for notice in notices]})
        return
    for notice in notices:
        typer.echo(_line(notice, city))
    typer.echo(f"{count} messages, {len(notices)} shown", err=True)


@notice_app.command()
def show(
    number: Annotated[int, typer.Argument(help="The message's number, as `notice list` shows it.", min=1)],
    as_json: AsJson = False,
) -> None:
    """Show one message: what was said, and every attempt to hand it over.

    Example: zhihui notice show 17

    Exit code 0: shown; 1: there is no such message, or no database.
    """
    with _city_database() as (city, connection):
        shown = show_notice(connection, number)
    if shown is None:
        _refuse(Refusal("unknown_notice", {"number": number}), city)
    elif as_json:
        _print_json(asdict(shown.notice) | {"text": shown.text, "attempts": [asdict(a) for a in shown.attempts]})
    else:
        for line in _story(shown, city):
            typer.echo(line)


def _story(shown: NoticeShown, city: City) -> Iterator[str]:
    yield _line(shown.notice, city)
    yield ""
    yield shown.text or word("notice_state", NoticeState.WAITING, "zh")
    for attempt in shown.attempts:
        yield ""
        yield _attempt_line(attempt, city)


def _line(notice: NoticeListed, city: City) -> str:
    """Example: 17  已发送  5月6日（周一）08:02  新任务  E0110201905060001  → 梨河镇值班员甲."""
    post = city.posts.get(notice.recipient or "")
    to = post.name if post else notice.recipient or word("role", "public", "zh")
    parts = (
        str(notice.id),
        word("notice_state", notice.state, "zh"),
        _moment(notice.created_at, city),
        word("notice", notice.kind, "zh"),
        notice.case or "",
        f"→ {to}",
    )
    return "  ".join(filter(None, parts))


def _attempt_line(attempt: AttemptListed, city: City) -> str:
    code, _, detail = attempt.outcome.partition(" ")
    outcome = word("outcome", code or "under_way", "zh") + (f" {detail}" if detail else "")
    run = f"  flow run {attempt.flow_run_id}" if attempt.flow_run_id else ""
    channel = word("channel", attempt.channel, "zh")
    return f"{attempt.contact_order}. {channel}  {_moment(attempt.started_at, city)}  {outcome}{run}"


def _moment(at: datetime, city: City) -> str:
    return moment_words(at, "zh", city.zone, datetime.now(UTC))


def _print_json(content: dict[str, Any]) -> None:
    typer.echo(json.dumps(content, ensure_ascii=False, default=_plain))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _refuse(refusal: Refusal, city: City) -> None:
    for language in ("zh", "en"):
        typer.echo(render_refusal(refusal.code, refusal.facts, language, city), err=True)
    raise typer.Exit(REFUSED)


@contextmanager
def _city_database() -> Iterator[tuple[City, Connection]]:
    """The city and an open connection; a clear line and exit code 1 where there is none."""
    try:
        engine = open_database(read_settings().database_url, migrate=False)
        with reading(engine) as connection:
            yield current_city(connection), connection
        engine.dispose()
    except (CityEditionError, DatabaseError, SettingsError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(REFUSED) from error
