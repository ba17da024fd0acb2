"""`zhihui desk wall`: the address of the wall, for a screen of the command centre."""

from datetime import timedelta
from typing import Annotated

import typer

from deployments.city_at_hand import AsJson, By, city_to_read, now, post_of, print_json, refuse
from models.refusal import Refusal
from tasks.links import Link, Purpose, path_of
from tasks.monitoring_settings import read_monitoring_settings
from tasks.settings import SettingsError, read_settings
from tasks.wall_figures import WALL_ROLES

English = Annotated[bool, typer.Option("--english", help="A wall in English instead of Chinese.")]


def hang_up_wall(by: By, english: English = False, as_json: AsJson = False) -> None:
    """Print the address of the wall page for a screen of the command centre; whoever has it sees the wall.

    Example: zhihui desk wall --by shift-leader-1

    It is good for ZHIHUI_WALL_DAYS days, until the post ends, or until `zhihui desk revoke POST`.

    Exit code 0: the address was printed; 1: there is no such post, or it is one of a unit or an inspector.
    """
    with city_to_read() as (city, _):
        post_of(city, by)
        if city.posts[by].role not in WALL_ROLES:
            refuse(Refusal("no_wall_for_post", {"post": by, "roles": sorted(WALL_ROLES)}), city)
    try:
        settings, days = read_settings(), read_monitoring_settings().wall_days
        at = now()
        path = path_of(settings.secret_key("link"), Link(by, Purpose.WALL, "wall"), at)
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    address, until = f"{settings.desk_url}{path}?lang={'en' if english else 'zh'}", at + timedelta(days=days)
    if as_json:
        print_json({"address": address, "until": until})
        return
    typer.echo(address)
    typer.echo(f"有效至 Good until {until.astimezone(city.zone):%Y-%m-%d}", err=True)
