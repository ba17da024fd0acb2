"""The demo inbox: takes what Apprise posts to the default contact points, and shows it. For demos only."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi import Path as PathParameter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from sqlalchemy import Connection, Row, delete, insert, select

from desk.context import Desk, city_or_none
from desk.pages import language_of, page
from models.city import City
from models.demo_inbox import DemoMessage
from models.notice import NoticeKind
from models.tables import table_of
from tasks.database import reading, transaction
from tasks.links import PATHS
from tasks.wording import moment_words
from tasks.words import Language, word

MESSAGES = table_of(DemoMessage)

PAGE_SIZE = 40
MOST_KEPT = 20_000
"""Messages; the oldest beyond it go, so that a demo left running does not fill the disk."""

_ENGLISH_PART = re.compile(r"^— English —$", re.MULTILINE)
_LABELLED = re.compile(r"^([^：:]{1,18})[：:]\s*(?!//)(.+)$")
_PRESSING = (
    NoticeKind.OVERDUE,
    NoticeKind.SUPERVISION,
    NoticeKind.ON_BULLETIN,
    NoticeKind.REWORK,
    NoticeKind.SEAT_LATE,
    NoticeKind.DUTY_SILENT,
    NoticeKind.DUTY_VACANT,
    NoticeKind.DUTY_HANDOVER_LATE,
    NoticeKind.SPOT_CHECK_MISSED,
    NoticeKind.CALL,
    NoticeKind.CALL_SILENT,
    NoticeKind.CONSULTATION_UNDECIDED,
    NoticeKind.INFO_REPORT_LATE,
    NoticeKind.INFO_REPORT_MISSING,
    NoticeKind.INCIDENT_CASUALTIES,
)

Recipient = Annotated[str, PathParameter(max_length=100, pattern=r"^[\w:.@-]+$")]


@dataclass(frozen=True, slots=True)
class ShownPart:
    """One language of a message: its title, and its lines as (label, text); lines without a label have none."""

    title: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """A message as the page shows it."""

    received: str
    recipient: str
    recipient_name: str
    channel: str
    part: ShownPart
    other: ShownPart | None
    """The same in the other language."""
    pressing: bool
    """Whether it speaks of something late or failed; shown in another colour."""
    link: str | None
    """Path of the page it opens; any other address in a message stays text."""


def demo_routes(desk: Desk) -> APIRouter:
    """`/demo/inbox`, while the settings say demo; otherwise nothing."""
    routes = APIRouter(prefix="/demo")
    if not desk.messages.demo_inbox:
        return routes

    @routes.get("", response_class=RedirectResponse)
    def short_address() -> RedirectResponse:
        """The shorter address leads to the inbox."""
        return RedirectResponse("/demo/inbox")

    @routes.post("/inbox/{recipient}", status_code=201, response_class=JSONResponse)
    async def take(
        request: Request, recipient: Recipient, channel: Annotated[str, Query(max_length=40)] = "demo"
    ) -> JSONResponse:
        """Keep one message as Apprise's json:// posts it."""
        title, body = _read(await request.body())
        await run_in_threadpool(_keep, desk, recipient, channel, title, body)
        return JSONResponse({"status": "taken"}, 201)

    @routes.get("/inbox")
    def show(
        request: Request,
        recipient: Annotated[str, Query(max_length=100)] = "",
        before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    ) -> HTMLResponse:
        """The newest messages, of everybody or of one recipient."""
        language = language_of(request)
        with reading(desk.engine) as connection:
            city = city_or_none(connection)
            rows = _newest(connection, recipient, before)
            recipients = connection.scalars(select(MESSAGES.c.recipient).distinct()).all()
        shown = [_shown(row, city, desk, language) for row in rows[:PAGE_SIZE]]
        return page(
            request,
            "demo_inbox.html",
            city=city,
            messages=shown,
            recipient=recipient,
            recipients=sorted((_name(code, city, language), code) for code in recipients),
            older=rows[PAGE_SIZE - 1].id if len(rows) > PAGE_SIZE else None,
            first_page=before is None,
        )

    return routes


def _read(body: bytes) -> tuple[str, str]:
    """Title and text of what was posted.

    Raises: HTTPException 400 for anything that is no such message.
    """
    try:
        posted: Any = json.loads(body)
        title, message = posted["title"], posted["message"]
    except (ValueError, RecursionError, TypeError, KeyError) as error:
        raise HTTPException(400, "a JSON object with title and message is wanted") from error
    if not isinstance(title, str) or not isinstance(message, str):
        raise HTTPException(400, "title and message must be texts")
    return _storable(title), _storable(message)


def _storable(text: str) -> str:
    """What both databases can hold: no NUL, no half of a character."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _keep(desk: Desk, recipient: str, channel: str, title: str, body: str) -> None:
    row = {"received_at": desk.clock(), "recipient": recipient, "channel": channel, "title": title, "body": body}
    with transaction(desk.engine) as connection:
        newest = connection.scalar(insert(MESSAGES).returning(MESSAGES.c.id), row) or 0
        connection.execute(delete(MESSAGES).where(MESSAGES.c.id <= newest - MOST_KEPT))


def _newest(connection: Connection, recipient: str, before: int | None) -> list[Row[Any]]:
    wanted = select(MESSAGES).order_by(MESSAGES.c.id.desc()).limit(PAGE_SIZE + 1)
    if recipient:
        wanted = wanted.where(MESSAGES.c.recipient == _storable(recipient))
    if before is not None:
        wanted = wanted.where(MESSAGES.c.id < before)
    return list(connection.execute(wanted).all())


def _shown(row: Row[Any], city: City | None, desk: Desk, language: Language) -> ShownMessage:
    text, link = _without_link(row.body, desk.settings.desk_url)
    chinese, english = _parts(row.title, text)
    part, other = (english, chinese) if language == "en" and english else (chinese, english)
    return ShownMessage(
        received=_when(row.received_at, city, desk.clock(), language),
        recipient=row.recipient,
        recipient_name=_name(row.recipient, city, language),
        channel=word("channel", row.channel, language),
        part=part,
        other=other,
        pressing=any(f"【{word('notice', kind, 'zh')}】" in row.title for kind in _PRESSING),
        link=link,
    )


def _without_link(text: str, desk_url: str) -> tuple[str, str | None]:
    """The text without the line that holds the link to one of our own pages, and that link's path."""
    begins = "|".join(map(re.escape, sorted(set(PATHS.values()))))
    found = re.search(rf"^.*{re.escape(desk_url)}((?:{begins})[\w.=-]+)\s*$", text, re.MULTILINE)
    if found is None:
        return text, None
    return text[: found.start()] + text[found.end() :], found[1]


def _parts(title: str, text: str) -> tuple[ShownPart, ShownPart | None]:
    chinese, *rest = _ENGLISH_PART.split(text, maxsplit=1)
    first = ShownPart(title, _lines(chinese))
    if not rest:
        return first, None
    english_title, _, english = rest[0].strip().partition("\n")
    return first, ShownPart(english_title, _lines(english))


def _lines(text: str) -> tuple[tuple[str, str], ...]:
    found = []
    for line in filter(None, map(str.strip, text.split("\n"))):
        labelled = _LABELLED.match(line)
        found.append((labelled[1], labelled[2]) if labelled else ("", line))
    return tuple(found)


def _when(at: datetime, city: City | None, now: datetime, language: Language) -> str:
    return moment_words(at, language, city.zone if city else None, now)


def _name(recipient: str, city: City | None, language: Language) -> str:
    """A post's name; a reporter is called by the receipt number alone."""
    post = city.posts.get(recipient) if city else None
    return post.name if post else recipient
