"""`zhihui call`: start a call or a drill, watch who has not answered, record answers, end it."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import uuid4

import typer
from sqlalchemy import Row

from deployments.city_at_hand import AsJson, By, city_to_change, city_to_read, print_json, refuse
from models.call import How, TargetState
from models.call_rules import CLIMBED_STEP
from models.city import City
from models.flood_event import Recording
from models.refusal import Refusal
from tasks.call_answers import Answer, answer
from tasks.call_figures import Board, CallFigures, list_calls, read_board
from tasks.call_places import duty_name, place_name
from tasks.call_rows import find_call
from tasks.calls import Calling, end_call, start_call
from tasks.settings import read_settings
from tasks.wake import CALL_VISIT, Waker
from tasks.words import word

call_app = typer.Typer(help="Wake responsible people: start, board, answer, list, end.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(help="The call's number, such as JY20210720-001.")]


@call_app.command()
def start(
    subject: Annotated[str, typer.Argument(help="Code of an area, a station, or a place of calls.yaml.")],
    by: By,
    reason: Annotated[str, typer.Option(help="Why, in one sentence: the first thing people read.")],
    drill: Annotated[
        bool, typer.Option("--drill/--real", help="A drill, or the real thing. One of them must be said.")
    ],
    key: Annotated[str | None, typer.Option(help="Idempotency key: the same key twice is one call.")] = None,
    as_json: AsJson = False,
) -> None:
    """Call everybody responsible for a place; the engine is woken, so that the messages go out at once.

    Example: zhihui call start reservoir-a --drill --by flood-officer-1 --reason "汛前演练"

    Exit code 0: started, or there already under this key; 1: refused with a reason, or no database.
    """
    now = datetime.now(UTC)
    with city_to_change() as (city, connection):
        recording = Recording(now, "command", city.edition)
        calling = Calling(subject, reason, drill)
        found = start_call(connection, city, calling, by=by, key=key or f"command:{uuid4()}", recording=recording)
    if isinstance(found, Refusal):
        refuse(found, city)
    waker = Waker(read_settings(), deployment=CALL_VISIT)
    woken = waker.wake(datetime.now(UTC))
    waker.close()
    if as_json:
        print_json(asdict(found) | {"woken": woken.value})
        return
    typer.echo(f"{_mark(found.drill)}{found.number}  {found.called} places called; the engine: {woken.value}")


@call_app.command()
def board(number: Number, as_json: AsJson = False) -> None:
    """Show who has answered and who has not, by chain, with what was tried.

    Example: zhihui call board JY20210720-001

    Exit code 0: shown; 1: there is no such call, or no database.
    """
    with city_to_read() as (city, connection):
        call = find_call(connection, number)
        shown = read_board(connection, city, call) if call is not None else None
    if shown is None:
        refuse(Refusal("unknown_call", {"number": number}), city)
    if as_json:
        covers = {"warnings": list(shown.warnings), "places": _places_json(shown)}
        print_json(_call_json(shown.call, shown.figures) | covers)
        return
    typer.echo(_call_line(shown.call, shown.figures, city))
    for key, rows in shown.chains.items():
        awake = "✓" if key in shown.awake else "…"
        typer.echo(f"{awake} {place_name(city, key[0], 'zh')} {key[1]}")
        for row in rows:
            typer.echo(f"    {_target_line(row, shown, city)}")


@call_app.command("answer")
def answer_(
    number: Number,
    by: By,
    voice_of: Annotated[
        str | None, typer.Option("--voice-of", metavar="POST", help="Record that you reached this post by voice.")
    ] = None,
    words: Annotated[str, typer.Option(help="How it looks there.")] = "",
    as_json: AsJson = False,
) -> None:
    """Answer a call for your own post, or record an answer you heard on the phone or at the door.

    Example: zhihui call answer JY20210720-001 --by flood-officer-1 --voice-of reservoir-a-patrol

    Exit code 0: taken, or answered before; 1: refused with a reason, or no database.
    """
    now = datetime.now(UTC)
    given = Answer(by, How.COMMAND, words) if voice_of is None else Answer(voice_of, How.VOICE, words, by)
    with city_to_change() as (city, connection):
        found = answer(connection, city, number, given, Recording(now, "command", city.edition))
    if isinstance(found, Refusal):
        refuse(found, city)
    if as_json:
        print_json(asdict(found))
    elif found.places:
        typer.echo(
            f"{number}  answered for {found.places} places{'; the whole call is answered' if found.over else ''}"
        )
    else:
        typer.echo(f"{number}  was answered before, by {found.by} at {found.at}")


@call_app.command("list")
def list_(
    drill: Annotated[
        bool, typer.Option("--drill", help="Drills instead of real calls: they are counted apart.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to show.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List calls, the newest first, with first attempt, share answered in time and last answer.

    Example: zhihui call list --drill --json

    Exit code 0: listed, also where there are none; 1: no database.
    """
    with city_to_read() as (city, connection):
        found = list_calls(connection, drill=drill, limit=limit)
    if as_json:
        print_json({"count": len(found), "calls": [_call_json(call, figures) for call, figures in found]})
        return
    for call, figures in found:
        typer.echo(_call_line(call, figures, city))
    typer.echo(f"{len(found)} calls", err=True)


@call_app.command()
def end(number: Number, by: By, as_json: AsJson = False) -> None:
    """End a call by hand; everybody who was called hears of it.

    Example: zhihui call end YLJ20210601-001 --by flood-officer-1

    Exit code 0: ended, or had ended before; 1: refused with a reason, or no database.
    """
    with city_to_change() as (city, connection):
        found = end_call(connection, city, number, by, Recording(datetime.now(UTC), "command", city.edition))
    if isinstance(found, Refusal):
        refuse(found, city)
    if as_json:
        print_json({"number": number, "ended": found})
    else:
        typer.echo(f"{number}  {'ended' if found else 'had ended before'}")


def _mark(drill: bool) -> str:
    return word("drill", "title", "zh") if drill else ""


def _seconds(length: timedelta | None) -> float | None:
    return None if length is None else round(length.total_seconds(), 3)


def _call_json(call: Row[Any], figures: CallFigures) -> dict[str, Any]:
    named = ("number", "drill", "warning", "subject", "severity", "reason", "started_by", "started_at", "ended_at")
    counted = ("called", "answered", "silent", "in_time", "unreached", "undelivered", "last_answer_at")
    return {
        **{name: getattr(call, name) for name in (*named, "ended_why")},
        **{name: getattr(figures, name) for name in counted},
        "first_attempt_seconds": _seconds(figures.first_attempt),
        "share_in_time": round(figures.in_time / figures.called, 4) if figures.called else None,
    }


def _call_line(call: Row[Any], figures: CallFigures, city: City) -> str:
    share = f"{100 * figures.in_time // figures.called} %" if figures.called else "–"
    last = f"{figures.last_answer_at.astimezone(city.zone):%H:%M:%S}" if figures.last_answer_at else "–"
    first = _seconds(figures.first_attempt)
    said = [
        f"{_mark(call.drill)}{call.number}",
        place_name(city, call.subject, "zh"),
        f"{call.started_at.astimezone(city.zone):%Y-%m-%d %H:%M:%S}",
        f"{figures.answered}/{figures.called} answered",
        f"{share} in time",
        f"first attempt {first} s" if first is not None else "no attempt yet",
        f"last answer {last}",
        word("call_ended", call.ended_why, "zh") if call.ended_why else "",
    ]
    return "  ".join(filter(None, said))


def _target_line(row: Row[Any], shown: Board, city: City) -> str:
    reader = row.told or row.post
    tried = [f"{one.channel} {one.outcome}" for one in shown.tried.get(reader, ())]
    said = [
        f"{row.step if row.step < CLIMBED_STEP else '↑'}.",
        city.posts[reader].name if reader in city.posts else reader,
        duty_name(row.duty, "zh"),
        word("call_target", row.state, "zh"),
        f"{row.answered_at.astimezone(city.zone):%H:%M:%S}" if row.answered_at else "",
        word("call_how", row.how, "zh") if row.how else "",
        ", ".join(tried) if row.state != TargetState.WAITING else "",
    ]
    return "  ".join(filter(None, said))


def _places_json(shown: Board) -> list[dict[str, Any]]:
    named = ("subject", "chain", "step", "duty", "post", "told", "state", "told_at", "due_at", "answered_at")
    return [
        {name: getattr(row, name) for name in (*named, "answered_by", "how", "recorded_by", "words")}
        for rows in shown.chains.values()
        for row in rows
    ]
