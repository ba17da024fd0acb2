"""`zhihui notice`: look at messages, what became of each and why one did not arrive; send anew, acknowledge, decide."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from deployments.city_at_hand import AsJson, city_to_read, print_json, refuse
from deployments.contact_commands import contacts, try_contact
from deployments.notice_change_commands import acknowledge, drop, release, resend
from deployments.notice_printing import line, story
from models.notice import NoticeKind, NoticeState
from models.refusal import Refusal
from tasks.inbox import find_case
from tasks.notice_list import Wanted, list_notices, show_notice

notice_app = typer.Typer(help="Messages: what waits, what was sent, what failed and why.", no_args_is_help=True)

for name, command in (
    ("resend", resend),
    ("ack", acknowledge),
    ("release", release),
    ("drop", drop),
    ("test-contact", try_contact),
    ("contacts", contacts),
):
    notice_app.command(name)(command)


@notice_app.command("list")
def list_(
    state: Annotated[list[NoticeState] | None, typer.Option(help="Only in this state; may be repeated.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Only to this post, by its code.")] = None,
    case: Annotated[str | None, typer.Option(help="Only of this case, by its number or receipt number.")] = None,
    kind: Annotated[list[NoticeKind] | None, typer.Option(help="Only of this kind; may be repeated.")] = None,
    channel: Annotated[str | None, typer.Option(help="Only those tried on this channel, such as dingtalk.")] = None,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="Only those written since then, in the city's time."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many to show; `count` counts them all.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List messages, the newest first.

    Example: zhihui notice list --state failed --since 2019-05-06 --json

    Exit code 0: listed, also where there are none; 1: there is no such case, or no database.
    """
    with city_to_read() as (city, connection):
        case_id = find_case(connection, case) if case else None
        if case and case_id is None:
            refuse(Refusal("unknown_case", {"case": case}), city)
        wanted = Wanted(
            [one.value for one in state or ()],
            to,
            case_id,
            [one.value for one in kind or ()],
            channel,
            since.replace(tzinfo=city.zone) if since else None,
        )
        count, notices = list_notices(connection, wanted, limit)
    if as_json:
        print_json({"count": count, "notices": [asdict(notice) for notice in notices]})
        return
    for notice in notices:
        typer.echo(line(notice, city))
    typer.echo(f"{count} messages, {len(notices)} shown", err=True)


@notice_app.command()
def show(
    number: Annotated[int, typer.Argument(help="The message's number, as `notice list` shows it.", min=1)],
    as_json: AsJson = False,
) -> None:
    """Show one message: what was said, every attempt, who acknowledged it, and to whom its silence climbed.

    Example: zhihui notice show 17

    Exit code 0: shown; 1: there is no such message, or no database.
    """
    with city_to_read() as (city, connection):
        shown = show_notice(connection, number)
    if shown is None:
        refuse(Refusal("unknown_notice", {"number": number}), city)
    if as_json:
        content = asdict(shown)
        print_json(content.pop("notice") | content)
        return
    for said in story(shown, city):
        typer.echo(said)
