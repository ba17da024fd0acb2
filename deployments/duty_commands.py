"""`zhihui duty`: who is on duty, and the proof of a day's spot checks."""

from datetime import datetime, tzinfo
from typing import Annotated, Any

import typer

from deployments.city_at_hand import REFUSED, AsJson, city_to_read, now, print_json
from tasks.duty_shifts import shift_on
from tasks.duty_state import current_duty_state, place_name
from tasks.spot_check_proof import DayProof, prove_day
from tasks.words import word

duty_app = typer.Typer(help="The duty room: who is on duty, and the proof of its spot checks.", no_args_is_help=True)


@duty_app.callback()
def duty() -> None:
    """The duty room: who is on duty, and the proof of its spot checks."""


@duty_app.command()
def show(as_json: AsJson = False) -> None:
    """Who is on duty now, and whether they have signed in.

    Example: zhihui duty show

    Exit code 0: told; 1: nobody is on duty now by the published roster.
    """
    with city_to_read() as (city, connection):
        at = now()
        shift, state = shift_on(connection, city, at), current_duty_state(connection, city, at)
        people = [
            {"place": one.place, "post": one.stands, "signed_in_at": one.signed_in_at, "vacant_at": one.vacant_at}
            for one in (shift.stands if shift else ())
        ]
        if as_json:
            print_json({"state": state.value, "shift": shift.code if shift else None, "people": people})
        elif shift is None:
            typer.echo("值班表上现在没有班次 · the roster has no shift now", err=True)
        else:
            typer.echo(f"{shift.code} · {word('duty_state', state, 'zh')} · {word('duty_state', state, 'en')}")
            for one in shift.stands:
                found = city.posts.get(one.stands or "")
                signed = one.signed_in_at.astimezone(city.zone).strftime("%H:%M") if one.signed_in_at else "未签到 -"
                typer.echo(f"  {place_name(city, one.place)}  {found.name if found else one.stands or '-'}  {signed}")
    if shift is None:
        raise typer.Exit(REFUSED)


@duty_app.command("verify-checks")
def verify_checks(
    day: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="A day that is over, such as 2021-07-20.")],
    as_json: AsJson = False,
) -> None:
    """Prove the spot checks of a day: sealed before it began, the seed fits the seal, asked when and where it says.

    Example: zhihui duty verify-checks 2021-07-20

    Another program can do the same from what is printed: docs/decisions/0018 says how.

    Exit code 0: proved; 1: not, with what does not fit.
    """
    with city_to_read() as (city, connection):
        found = prove_day(connection, city, day.date(), now())
        zone = city.zone
    if as_json:
        print_json(_for_programs(found))
    else:
        for line in _for_people(found, zone):
            typer.echo(line)
    if not found.proved:
        raise typer.Exit(REFUSED)


def _for_programs(found: DayProof) -> dict[str, Any]:
    return {
        "day": found.day,
        "proved": found.proved,
        "problems": list(found.problems),
        "sealed_at": found.sealed_at,
        "sha256": found.digest,
        "revealed_at": found.revealed_at,
        "seed": found.seed,
        "checks": [
            {
                "number": one.number,
                "planned_at": one.planned_at,
                "shift": one.shift,
                "place": one.place,
                "asked_at": one.asked_at,
                "skipped": one.skipped,
                "lost_at": one.lost_at,
            }
            for one in found.checks
        ],
    }


def _for_people(found: DayProof, zone: tzinfo) -> list[str]:
    lines = [f"{found.day} 查岗 · spot checks"]
    if found.sealed_at:
        lines.append(f"  封存 sealed   {found.sealed_at.astimezone(zone):%Y-%m-%d %H:%M:%S}  sha256 {found.digest}")
    if found.revealed_at:
        lines.append(f"  公开 revealed {found.revealed_at.astimezone(zone):%Y-%m-%d %H:%M:%S}  seed {found.seed}")
    for one in found.checks:
        asked = f"{one.asked_at.astimezone(zone):%H:%M:%S}" if one.asked_at else f"未问 skipped ({one.skipped})"
        asked += "  系统中断、不计 lost to an outage" if one.lost_at else ""
        lines.append(f"  {one.number}  {one.planned_at.astimezone(zone):%H:%M}  {one.shift} {one.place}  {asked}")
    lines += [f"✗ {word('seal_problem', one, 'zh')} · {word('seal_problem', one, 'en')}" for one in found.problems]
    return [*lines, "已证明 · proved" if found.proved else "未能证明 · not proved"]
