"""The cookie of a shift: out of reach of scripts and other sites, and sent over TLS alone where there is TLS."""

from fastapi import Request
from fastapi.responses import Response

from desk.context import Desk

PLAIN, OVER_TLS = "zhihui-shift", "__Host-zhihui-shift"
"""Browsers take a name with __Host- from this very host over TLS only: no neighbour can put one in its place."""


def cookie_of(desk: Desk, request: Request) -> str:
    """What the browser brought; empty without."""
    return request.cookies.get(_name(desk, request), "")


def set_cookie(desk: Desk, request: Request, answer: Response, value: str, seconds: int) -> None:
    """Have the browser keep a shift; its end also stands in the database."""
    answer.set_cookie(
        _name(desk, request), value, max_age=seconds, path="/", secure=_tls(desk, request), httponly=True,
        samesite="strict",
    )  # fmt: skip


def drop_cookie(desk: Desk, request: Request, answer: Response) -> None:
    """Have the browser forget it."""
    answer.delete_cookie(
        _name(desk, request), path="/", secure=_tls(desk, request), httponly=True, samesite="strict"
    )  # fmt: skip


def comes_from_elsewhere(request: Request) -> bool:
    """Whether another site sent the browser here; of browsers that say nothing the form's proof is all there is."""
    return request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")


def _name(desk: Desk, request: Request) -> str:
    return OVER_TLS if _tls(desk, request) else PLAIN


def _tls(desk: Desk, request: Request) -> bool:
    """TLS here or at a proxy: trusted ones say so (`ZHIHUI_TRUSTED_PROXIES`), or it is the desk's public address."""
    return request.url.scheme == "https" or desk.settings.desk_url.startswith("https://")
