"""What a command about messages needs: the city with its database, and answers for people or programs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn

import typer
from sqlalchemy import Connection, Engine

from models.city import City
from models.refusal import Refusal
from tasks.city_edition import CityEditionError, current_city
from tasks.database import open_database, reading, transaction
from tasks.database_errors import DatabaseError
from tasks.flood_events import StreamMovedMeanwhile
from tasks.refusals import render_refusal
from tasks.settings import SettingsError, read_settings

REFUSED = 1

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output, for programs.")]
By = Annotated[str, typer.Option("--by", metavar="POST", help="Your post, by its code in posts.csv.")]


@contextmanager
def city_to_read() -> Iterator[tuple[City, Connection]]:
    """The city and a connection that changes nothing; a clear line and exit code 1 where there is none."""
    with engine_at_hand() as engine, reading(engine) as connection:
        yield current_city(connection), connection


@contextmanager
def city_to_change() -> Iterator[tuple[City, Connection]]:
    """The city and a transaction; a clear line and exit code 1 where there is none, or where somebody was faster."""
    try:
        with engine_at_hand() as engine, transaction(engine) as connection:
            yield current_city(connection), connection
    except StreamMovedMeanwhile as error:
        typer.echo(f"刚刚有别人写了同一记录（{error}），没有写入，请再执行一次。", err=True)
        typer.echo(f"Somebody else wrote to {error} just now; nothing was written. Call it again.", err=True)
        raise typer.Exit(REFUSED) from error


def post_of(city: City, code: str) -> None:
    """See that a post of today's directory acts; refuse otherwise."""
    post = city.posts.get(code)
    if post is None:
        refuse(Refusal("unknown_post", {"post": code}), city)
    if not post.exists_on(datetime.now(city.zone).date()):
        refuse(Refusal("post_ended", {"post": code}), city)


def refuse(refusal: Refusal, city: City) -> NoReturn:
    """Say why not and what is possible instead, Chinese first; exit code 1."""
    for language in ("zh", "en"):
        typer.echo(render_refusal(refusal.code, refusal.facts, language, city), err=True)
    raise typer.Exit(REFUSED)


def print_json(content: dict[str, Any]) -> None:
    """One JSON object; moments in ISO 8601 with their zone."""
    typer.echo(json.dumps(content, ensure_ascii=False, default=_plain))


def now() -> datetime:
    """The moment at which a command acts."""
    return datetime.now(UTC)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


@contextmanager
def engine_at_hand() -> Iterator[Engine]:
    """The city's database, for a command of several transactions; a clear line and exit code 1 where there is none."""
    try:
        engine = open_database(read_settings().database_url, migrate=False)
        try:
            yield engine
        finally:
            engine.dispose()
    except (CityEditionError, DatabaseError, SettingsError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(REFUSED) from error
