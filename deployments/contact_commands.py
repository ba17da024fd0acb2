"""Commands about how posts are reached: send a test message, and list what was never tested."""

import os
from dataclasses import asdict
from typing import Annotated

import typer

from deployments.city_at_hand import REFUSED, AsJson, city_to_change, city_to_read, now, post_of, print_json, refuse
from deployments.notice_printing import moment, outcome_words, post_name
from models.refusal import Refusal
from tasks.contact_tests import contacts as contact_points
from tasks.contact_tests import record_test, send_test
from tasks.settings import read_settings
from tasks.words import word

BY_COMMAND = "command_line"


def try_contact(
    post: Annotated[str, typer.Argument(help="A post, by its code in posts.csv.")],
    order: Annotated[int | None, typer.Option(min=1, max=99, help="Only this contact point; without it, all.")] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="POST", help="Your post, kept with the test.")] = None,
    as_json: AsJson = False,
) -> None:
    """Send a real test message to a post, and mark its contact point as verified where it was handed over.

    Example: zhihui notice test-contact lihe-liaison --order 1

    Another address of the contact point makes it unverified again. Addresses come from this machine's environment.

    Exit code 0: all were handed over; 1: one was not, or there is no such post or contact point.
    """
    with city_to_read() as (city, _):
        post_of(city, post)
        points = [point for point in city.contacts_of(post) if order in (None, point.order)]
        if not points:
            refuse(Refusal("no_such_contact", {"post": post, "order": order or 1}), city)
    desk_url = read_settings().desk_url
    results = [(point, send_test(city, point, desk_url, os.environ)) for point in points]
    with city_to_change() as (city, connection):
        for point, sent in results:
            record_test(connection, point, sent, by or BY_COMMAND, now())
    tests = [{"order": p.order, "channel": p.channel, "ok": sent.ok, "outcome": sent.outcome} for p, sent in results]
    if as_json:
        print_json({"post": post, "tests": tests})
    else:
        for point, sent in results:
            typer.echo(f"{point.order}. {word('channel', point.channel, 'zh')}  {outcome_words(sent.outcome)}")
    if not all(sent.ok for _, sent in results):
        raise typer.Exit(REFUSED)


def contacts(
    to: Annotated[list[str] | None, typer.Option("--to", help="Only of this post; may be repeated.")] = None,
    unverified: Annotated[bool, typer.Option("--unverified", help="Only those that no test message reached.")] = False,
    as_json: AsJson = False,
) -> None:
    """List contact points, and which of them a test message has reached.

    Example: zhihui notice contacts --unverified

    Exit code 0: listed; 1: no database.
    """
    with city_to_read() as (city, connection):
        found = contact_points(connection, city, to or ())
    shown = [one for one in found if not (unverified and one.verified_at)]
    if as_json:
        print_json({"count": len(shown), "contacts": [asdict(one) for one in shown]})
        return
    for one in shown:
        verified = f"{moment(one.verified_at, city)} 已验证" if one.verified_at else "未验证 unverified"
        typer.echo(f"{post_name(city, one.post)}  {one.order}. {word('channel', one.channel, 'zh')}  {verified}")
    typer.echo(f"{len(shown)} of {len(found)} contact points", err=True)
