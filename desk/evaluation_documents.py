"""`/evaluation/{token}/bulletin/{kind}`: the documents of a published month, to whoever may open it."""

import logging
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from desk.context import Desk
from desk.opened_month import opened_month
from desk.pages import form_word, page
from tasks.bulletin import KINDS
from tasks.bulletin_page import style_source
from tasks.bulletin_store import DocumentUnusable, newest_documents, read_document
from tasks.database import reading

LOG = logging.getLogger("zhihui.bulletin")

NOT_FOUND, BROKEN = 404, 500

_KINDS_TOLD: dict[str, object] = {kind: {} for kind in KINDS.values()}
"""For the description of the routes."""

_SHOWN = frozenset({"html", "pdf"})
"""What a browser shows; the others are saved."""


def document_routes(desk: Desk) -> APIRouter:
    """Each kind of document of the newest published version."""
    routes = APIRouter()

    @routes.get("/evaluation/{token}/bulletin/{kind}", responses={200: {"content": _KINDS_TOLD}})
    def document(request: Request, token: str, kind: str) -> Response:
        """The very bytes that were published."""
        with reading(desk.engine) as connection:
            opened = opened_month(connection, desk, request, token)
            if isinstance(opened, HTMLResponse):
                return opened
            found = newest_documents(connection, opened.subject).get(kind)
        if found is None:
            told = "bulletin_none" if kind in KINDS else "not_found"
            return page(request, "message.html", NOT_FOUND, title=told, help=f"{told}_help", city=None)
        try:
            content = read_document(desk.settings.bulletins, found)
        except DocumentUnusable as error:
            LOG.exception("%s", error, extra={"action": "bulletin_unusable"})
            return page(request, "message.html", BROKEN, title="bulletin_lost", help="bulletin_lost_help", city=None)
        return Response(content, media_type=KINDS[kind], headers=_headers(opened.subject, kind, content))

    return routes


def _headers(month: str, kind: str, content: bytes) -> dict[str, str]:
    name = quote(f"{form_word('evaluation', 'bulletin_file', 'zh').format(month=month)}.{kind}")
    shown = "inline" if kind in _SHOWN else "attachment"
    headers = {"Content-Disposition": f"{shown}; filename=\"bulletin-{month}.{kind}\"; filename*=UTF-8''{name}"}
    if kind == "html":
        style, nobody = style_source(content), "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        headers["Content-Security-Policy"] = f"default-src 'none'; style-src {style}; img-src data:; {nobody}"
    return headers
