"""Commands that change what becomes of messages: send anew, acknowledge, and decide about those the brake holds."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy import Connection

from deployments.city_at_hand import AsJson, By, city_to_change, now, post_of, print_json, refuse
from deployments.notice_printing import moment, post_name
from models.refusal import Refusal
from tasks.acknowledge import How, acknowledge_notice
from tasks.brake import drop_held, held_notices, release_held
from tasks.resend import resend as send_anew

Number = Annotated[int, typer.Argument(help="The message's number, as `notice list` shows it.", min=1)]
Numbers = Annotated[
    list[int] | None, typer.Argument(help="Numbers of held messages; with --all none is needed.", min=1)
]
Reason = Annotated[str, typer.Option(help="Why; it is kept with the message.")]
All = Annotated[bool, typer.Option("--all", help="All messages the brake holds.")]

Decide = Callable[[Connection, Sequence[int], str, str, datetime], list[int]]


def resend(number: Number, by: By, reason: Reason, as_json: AsJson = False) -> None:
    """Send a message anew that reached nobody, with the next delivery; who asked and why is kept.

    Example: zhihui notice resend 17 --by admin-1 --reason "robot was renewed"

    Exit code 0: it waits to be sent; 1: there is no such message, or it is not failed, expired or sent.
    """
    with city_to_change() as (city, connection):
        post_of(city, by)
        refusal = send_anew(connection, number, by, reason, now())
        if refusal:
            refuse(refusal, city)
    _say({"number": number, "state": "waiting"}, "等待重新发送 It waits to be sent anew.", as_json)


def acknowledge(
    number: Number, by: By, reason: Annotated[str, typer.Option(help="A remark, kept.")] = "", as_json: AsJson = False
) -> None:
    """Acknowledge a message for whoever said on the phone that it was received; its silence then ends.

    Example: zhihui notice ack 17 --by shift-leader-1 --reason "said so on the phone"

    Exit code 0: acknowledged, now or before (then it says by whom and when); 1: there is no such message.
    """
    with city_to_change() as (city, connection):
        post_of(city, by)
        found = acknowledge_notice(connection, number, by, How.COMMAND, now(), reason)
        if found is None:
            refuse(Refusal("unknown_notice", {"number": number}), city)
    if found.by is not None and found.at is not None:
        said = f"此前已由{post_name(city, found.by)}于{moment(found.at, city)}确认 Acknowledged before."
    else:
        said = "已确认 Acknowledged." if found.now else "这条消息不需要确认 Nothing to acknowledge."
    content = {"number": number, "acknowledged": list(found.now), "before_by": found.by, "before_at": found.at}
    _say(content, said, as_json)


def release(by: By, reason: Reason, numbers: Numbers = None, every: All = False, as_json: AsJson = False) -> None:
    """Let overdue messages go that the brake holds: they are true.

    Example: zhihui notice release --all --by admin-1 --reason "the outage is over, they are late indeed"

    Exit code 0: they go with the next delivery; 1: none of them is held.
    """
    done = _decided(release_held, by, reason, numbers, every)
    _say({"released": done}, f"已放行{len(done)}条 {len(done)} released.", as_json)


def drop(by: By, reason: Reason, numbers: Numbers = None, every: All = False, as_json: AsJson = False) -> None:
    """Take back overdue messages that the brake holds: they are not true. Nobody is told.

    Example: zhihui notice drop --all --by admin-1 --reason "calendar was wrong, corrected"

    Exit code 0: they are cancelled; 1: none of them is held.
    """
    done = _decided(drop_held, by, reason, numbers, every)
    _say({"dropped": done}, f"已撤销{len(done)}条 {len(done)} dropped.", as_json)


def _decided(decide: Decide, by: str, reason: str, numbers: list[int] | None, every: bool) -> list[int]:
    """The held messages that somebody decided about; refused where none of them is held."""
    with city_to_change() as (city, connection):
        post_of(city, by)
        done = decide(connection, held_notices(connection) if every else numbers or [], by, reason, now())
        if not done:
            refuse(Refusal("nothing_held", {}), city)
    return done


def _say(content: dict[str, object], said: str, as_json: bool) -> None:
    if as_json:
        print_json(content)
    else:
        typer.echo(said)
