"""`zhihui desk`: run the desk alone, end a post's ways to it, hang up a wall, keys of programs (`zhihui desk key`)."""

from typing import Annotated

import typer

from deployments.city_at_hand import AsJson, By, city_to_change, now, post_of, print_json, refuse
from deployments.open311_key_commands import key_app
from deployments.wall_command import hang_up_wall
from models.refusal import Refusal
from tasks.database_errors import DatabaseError
from tasks.revocation import revoke_access
from tasks.settings import SettingsError

REFUSED = 1

desk_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, invoke_without_command=True)
desk_app.add_typer(key_app, name="key")
desk_app.command("wall")(hang_up_wall)


@desk_app.callback()
def desk(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: ZHIHUI_DESK_HOST.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port. Default: ZHIHUI_DESK_PORT.")] = None,
) -> None:
    """Run the desk alone: the pages behind links, those of citizens and of the command centre, Open311, metrics.

    Example: zhihui desk --port 8201

    Links in messages begin with ZHIHUI_DESK_URL; set it where the desk is reached by another address than its own.

    As many processes as ZHIHUI_DESK_PROCESSES says share the port.

    Exit code 0: ended when told to; 1: the settings, the database or the port cannot be used, or its processes died
    again and again.
    """
    if context.invoked_subcommand is not None:
        return
    from desk.serving import CannotListen, serve

    try:
        raise typer.Exit(serve(host, port))
    except (SettingsError, DatabaseError, CannotListen) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(REFUSED) from error


@desk_app.command("revoke")
def revoke(
    post: Annotated[str, typer.Argument(help="Whose links and shifts end, by its code in posts.csv.")],
    by: By,
    reason: Annotated[str, typer.Option(help="Why; it is kept.")],
    as_json: AsJson = False,
) -> None:
    """End all links, codes and shifts of a post at once, for example when a phone was lost; new ones are good.

    Example: zhihui desk revoke lihe-liaison --by admin-1 --reason "phone lost"

    Exit code 0: nothing that is out opens a page any more; 1: there is no such post.
    """
    with city_to_change() as (city, connection):
        post_of(city, by)
        if post not in city.posts:
            refuse(Refusal("unknown_post", {"post": post}), city)
        at = now()
        revoke_access(connection, post, by, at, reason)
    if as_json:
        print_json({"post": post, "revoked_at": at})
    else:
        typer.echo("已全部失效 Revoked: links, codes and shifts of this post that were out by now open nothing.")
