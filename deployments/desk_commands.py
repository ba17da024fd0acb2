"""`zhihui desk`: run the desk alone."""

from typing import Annotated

import typer

from tasks.database_errors import DatabaseError
from tasks.settings import SettingsError, read_settings

REFUSED = 1


def desk(
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: ZHIHUI_DESK_HOST.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port. Default: ZHIHUI_DESK_PORT.")] = None,
) -> None:
    """Run the desk alone: the pages behind the links in messages, and the demo inbox.

    Example: zhihui desk --port 8201

    Links in messages begin with ZHIHUI_DESK_URL; set it where the desk is reached by another address than its own.

    Exit code 0: ended when told to; 1: the settings or the database cannot be used.
    """
    import uvicorn

    from desk.app import app_from_environment

    try:
        settings = read_settings()
        app = app_from_environment()
    except (SettingsError, DatabaseError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(REFUSED) from error
    # No access log: it would hold the links, and whoever has a link may read its case.
    uvicorn.run(app, host=host or settings.desk_host, port=port or settings.desk_port, access_log=False)
