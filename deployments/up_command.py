"""`zhihui up`: run the whole city on this machine."""

from typing import Annotated

import typer

from tasks.settings import Settings, SettingsError, read_settings

REFUSED = 1


def up(
    demo: Annotated[
        bool, typer.Option("--demo/--no-demo", help="Made-up reports, and people who act on them, both marked as such.")
    ] = True,
) -> None:
    """Run the whole city on this machine: database, Prefect server, deployments, worker, desk.

    Example: zhihui up --no-demo

    Everything is kept in one state folder (ZHIHUI_HOME, default .zhihui). Stays until Ctrl-C or SIGTERM, then ends all
    it started. Other ports: ZHIHUI_PREFECT_PORT, ZHIHUI_DESK_PORT.

    Exit code 0: ended when told to; 1: could not start, or a part died again and again.
    """
    from deployments.local import up as bring_up

    raise typer.Exit(bring_up(_settings(), demo=demo))


def _settings() -> Settings:
    try:
        return read_settings()
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(REFUSED) from error
