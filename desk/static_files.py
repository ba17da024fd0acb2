"""Style and scripts of the pages: the same for everybody, so they travel packed and browsers keep them a while."""

from pathlib import Path
from typing import Any

from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware

STATIC = Path(__file__).parent / "static"

KEPT_SECONDS = 600
"""How long a browser may use a file without asking again; addresses stay the same when a new version is installed."""


class _KeptFiles(StaticFiles):
    def file_response(self, *args: Any, **options: Any) -> Response:
        answer = super().file_response(*args, **options)
        answer.headers["cache-control"] = f"public, max-age={KEPT_SECONDS}"
        return answer


def static_files() -> GZipMiddleware:
    """What lies under /static. Only this is packed: a packed page would tell of its secrets by its length."""
    return GZipMiddleware(_KeptFiles(directory=STATIC))
