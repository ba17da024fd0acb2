"""`zhihui case` and `zhihui act`: look at cases with everything explained, and put an action into the inbox."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, NoReturn

import typer
from sqlalchemy import Connection

from deployments.case_printing import plain_value, row_line, story_json, story_lines
from models.city import City
from models.refusal import Refusal
from models.vocabulary import ActionName, State
from tasks.case_story import explain_case, list_cases
from tasks.city_edition import CityEditionError, current_city
from tasks.database import open_database, reading, transaction
from tasks.database_errors import DatabaseError
from tasks.inbox import find_case, put_action
from tasks.refusals import render_refusal
from tasks.settings import Settings, SettingsError, read_settings
from tasks.wake import Waker
from tasks.words import word

case_app = typer.Typer(help="Look at cases: one with its whole story, or many in a list.", no_args_is_help=True)

REFUSED = 1

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output, for programs.")]


@case_app.command()
def show(
    number: Annotated[str, typer.Argument(help="Case number or receipt number.")],
    as_json: AsJson = False,
) -> None:
    """Tell the whole story of a case: its deadline explained, events with their flow runs, requests, notices.

    Example: zhihui case show E0110201905060001

    Exit code 0: shown; 1: there is no such case.
    """
    now = datetime.now(UTC)
    with _city_database() as (settings, city, connection):
        case_id = find_case(connection, number)
        story = explain_case(connection, city, case_id, now) if case_id is not None else None
    if story is None:
        _refuse(Refusal("unknown_case", {"case": number}), city, as_json)
        return
    if as_json:
        typer.echo(json.dumps(story_json(story, city, settings), ensure_ascii=False, default=plain_value))
    else:
        for line in story_lines(story, city, settings):
            typer.echo(line)


@case_app.command("list")
def list_(
    state: Annotated[list[State] | None, typer.Option(help="Only cases in this state; may be repeated.")] = None,
    unit: Annotated[str | None, typer.Option(help="Only cases of this unit, by its code.")] = None,
    class_code: Annotated[str | None, typer.Option("--class", help="Only cases of this subclass.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only cases whose unit is past its deadline now.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many to show; `count` counts them all.")] = 200,
    as_json: AsJson = False,
) -> None:
    """List cases by time left.

    Example: zhihui case list --state handling --unit lihe-town --overdue --json

    Exit code 0: listed, also where there are none.
    """
    now = datetime.now(UTC)
    with _city_database() as (_, city, connection):
        count, rows = list_cases(
            connection,
            states=[one.value for one in state or ()],
            unit=unit,
            class_code=class_code,
            overdue_at=now if overdue else None,
            limit=limit,
        )
    if as_json:
        typer.echo(json.dumps({"count": count, "cases": rows}, ensure_ascii=False, default=plain_value))
        return
    for row in rows:
        typer.echo(row_line(row, city))
    typer.echo(f"{count} cases, {len(rows)} shown", err=True)


def act(
    number: Annotated[str, typer.Argument(help="Case number or receipt number.")],
    action: Annotated[ActionName, typer.Argument(help="What to do.", show_choices=False)],
    by: Annotated[str, typer.Option("--by", help="The post that acts, by its code.")],
    reason: Annotated[str | None, typer.Option(help="Why; needed for returns, refusals and requests.")] = None,
    unit: Annotated[str | None, typer.Option(help="Unit to dispatch or assign to.")] = None,
    result: Annotated[
        str | None, typer.Option(help="true, false, not_found of verify; passed, failed of check.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="Which request: extension, suspension, promise, void, …")] = None,
    verdict: Annotated[str | None, typer.Option(help="granted or refused, to decide a request.")] = None,
    fact: Annotated[list[str] | None, typer.Option("--fact", help="Any further fact as NAME=VALUE.")] = None,
    key: Annotated[str | None, typer.Option(help="Idempotency key: the same key twice is one action.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put an action into the inbox and wake a visit, which takes it with the same refusals as everywhere.

    Example: zhihui act E0110201905060001 receive --by lihe-town-duty-1

    Exit code 0: it waits for the next visit (`zhihui case show` tells what became of it); 1: refused, with what is
    allowed; 2: wrong usage.
    """
    facts = {"reason": reason, "note": reason, "unit": unit, "result": result, "kind": kind, "verdict": verdict}
    facts |= _further(fact or ())
    facts = {name: value for name, value in facts.items() if value is not None}
    with _city_database(write=True) as (settings, city, connection):
        put = put_action(
            connection,
            city,
            case=number,
            action=action.value,
            by_post=by,
            facts=facts,
            origin="act",
            now=datetime.now(UTC),
            key=key,
        )
    if isinstance(put, Refusal):
        _refuse(put, city, as_json)
    Waker(settings).wake(datetime.now(UTC))
    if as_json:
        typer.echo(json.dumps({"waiting": True, "key": put.key, "already": put.already}))
    else:
        typer.echo(word("act", "already" if put.already else "waiting", "zh"))
        typer.echo(word("act", "already" if put.already else "waiting", "en"))


@contextmanager
def _city_database(*, write: bool = False) -> Iterator[tuple[Settings, City, Connection]]:
    """The city and an open connection; a clear line and exit code 1 where there is none."""
    try:
        settings = read_settings()
        engine = open_database(settings.database_url, migrate=False)
        with (transaction if write else reading)(engine) as connection:
            yield settings, current_city(connection), connection
        engine.dispose()
    except (CityEditionError, DatabaseError, SettingsError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(REFUSED) from error


def _further(pairs: Sequence[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise typer.BadParameter(f'"{pair}" is no NAME=VALUE, such as place=新华路口.')
        found[name.strip()] = value
    return found


def _refuse(refusal: Refusal, city: City, as_json: bool) -> NoReturn:
    if as_json:
        told = {"refused": refusal.code, "facts": dict(refusal.facts)}
        typer.echo(json.dumps(told, ensure_ascii=False, default=plain_value))
    else:
        typer.echo(render_refusal(refusal.code, refusal.facts, "zh", city), err=True)
        typer.echo(render_refusal(refusal.code, refusal.facts, "en", city), err=True)
    raise typer.Exit(REFUSED)
