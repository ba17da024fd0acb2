"""Who may call an address of the desk: their links, shifts, forms and keys, for calls that get past the door."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine

from desk.form_token import draw_form_token
from desk.session_cookie import PLAIN
from models.city import City
from tasks.database import transaction
from tasks.desk_sessions import find_session, open_session
from tasks.links import Link, Purpose, sign_link
from tasks.settings import Settings
from tests.desk.conftest import NOW
from tests.desk.open311_program import SMOKE, a_key

UNIT_CASE, PUBLIC_CASE = "R20190506080000000", "R20190506080100000"

LINKS = {
    "/c/{token}/satisfaction": Link("", Purpose.REPORT, PUBLIC_CASE),
    "/c/{token}/reopen": Link("", Purpose.REPORT, PUBLIC_CASE),
    "/c/": Link("lihe-liaison", Purpose.CASE, UNIT_CASE),
    "/report/": Link("", Purpose.REPORT, PUBLIC_CASE),
    "/me/": Link("acceptor-a", Purpose.MINE, "acceptor-a"),
    "/duty/": Link("leader", Purpose.DUTY, "leader"),
    "/wall/": Link("shift-leader", Purpose.WALL, "shift-leader"),
    "/flood/": Link("centre-liaison", Purpose.FLOOD, "overview"),
}
SHIFTS = {"/seat": "acceptor-a", "/admin": "admin", "/audit": "auditor"}
"""Whose shift opens the addresses that begin so."""

PARTS = {
    "/open311/v2/tokens": {"token": UNIT_CASE},
    "/open311/": {"service_request_id": UNIT_CASE, "service_code": "C0101"},
    "/admin/": {"code": "lihe-liaison"},
    "/audit/": {"name": UNIT_CASE},
}

TYPED = ("reason", "note", "words", "score", "code", "first", "last", "do", "name", "address", "edition")
"""Fields that forms have: what was made up for fields nobody knows is typed into these."""


@dataclass(frozen=True)
class Insider:
    """What somebody brings along who may call an address; a stranger brings nothing."""

    parts: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    bound_to: str = ""
    """What the forms of the page are bound to."""
    link_key: bytes = b""
    api_key: str = ""

    @property
    def is_known(self) -> bool:
        """Whether this is anybody but a stranger."""
        return bool(self.parts or self.cookies or self.api_key)

    def fills_in(self, body: Any) -> Any:
        """A form with what only our own page, or a program with a key, puts in; anything else stays as it is."""
        if not isinstance(body, dict):
            return body
        if self.api_key:
            return {**body, **SMOKE, "api_key": self.api_key}
        if not self.bound_to:
            return body
        drawn = draw_form_token(self.link_key, self.bound_to)
        typed = dict(zip(TYPED, map(str, body.values()), strict=False))
        known = {"form": "hand_back", "post": "lihe-crew", "order": "1", "case": PUBLIC_CASE}
        return {**typed, **known, "key": drawn.drawn, "proof": drawn.proof}


class Insiders:
    """Those who may call, by address."""

    def __init__(self, settings: Settings, engine: Engine, city: City) -> None:
        self._link_key, self._api_key = settings.secret_key("link"), a_key(engine)
        self._engine, self._city = engine, city

    def of(self, path: str) -> Insider:
        """Who may call the address of this pattern."""
        link = next((link for start, link in LINKS.items() if path.startswith(start) and "{token}" in path), None)
        if link is not None:
            token = sign_link(self._link_key, link, NOW)
            return Insider({"token": token}, {}, token, self._link_key)
        known = next((parts for start, parts in PARTS.items() if path.startswith(start)), {})
        parts = {name: value for name, value in known.items() if f"{{{name}" in path}
        post = next((post for room, post in SHIFTS.items() if path.startswith(room)), None)
        if post is not None:
            cookie, secret = self._shift(post)
            return Insider(parts, {PLAIN: cookie}, secret, self._link_key)
        return Insider(parts, api_key=self._api_key if path.startswith("/open311/v2/requests.") else "")

    def _shift(self, post: str) -> tuple[str, str]:
        """The cookie of a new shift, and what its forms are bound to; the one before may have been signed out."""
        with transaction(self._engine) as connection:
            cookie = open_session(connection, self._link_key, self._city, post, NOW, 12)
            session = find_session(connection, self._link_key, self._city, cookie, NOW)
        if session is None:
            raise AssertionError(f"{post} has no shift at {NOW}")
        return cookie, session.secret
