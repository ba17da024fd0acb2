"""A citizen with a phone: opens the public form, fills it in, sends it, follows their report."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import Engine

from desk.app import create_app
from tasks.public_settings import PublicSettings
from tasks.settings import Settings
from tasks.wake import Woken
from tests.desk.conftest import NOW

FIELDS = {"description": "人行道上井盖不见了", "place": "新华路口", "do": "send"}
"""What is enough for a report."""

HIDDEN = ("issued", "key", "proof")


@dataclass
class Citizen:
    """One desk, and browsers in front of it at the moment the test says."""

    settings: Settings
    engine: Engine
    rules: PublicSettings = field(default_factory=PublicSettings)
    now: datetime = NOW
    woken: list[datetime] = field(default_factory=list)
    client: TestClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.browser("testclient")

    def browser(self, address: str = "testclient") -> TestClient:
        """A browser at a network address."""
        app = create_app(
            self.settings, self.engine, clock=lambda: self.now, make_waker=lambda _: self, public=self.rules
        )
        return TestClient(app, raise_server_exceptions=False, client=(address, 50_000))

    def wake(self, now: datetime) -> Woken:
        """Takes the question about a visit and starts none."""
        self.woken.append(now)
        return Woken.STARTED

    def later(self, **length: int) -> None:
        """Lets time pass."""
        self.now += timedelta(**length)

    def drawn(self, client: TestClient | None = None) -> dict[str, str]:
        """What the form carries beside its fields."""
        return hidden_of((client or self.client).get("/report").text)

    def sends(self, drawn: Mapping[str, str] | None = None, files: Any = None, **fields: Any) -> Response:
        """Sends the form with these fields; the answer itself, no page it leads to."""
        data = FIELDS | dict(drawn or self.drawn()) | fields
        answer: Response = self.client.post("/report", data=data, files=files, follow_redirects=False)
        return answer

    def reports(self, **fields: Any) -> "Receipt":
        """Sends a report that is taken."""
        answer = self.sends(**fields)
        if answer.status_code != 303:
            raise AssertionError(f"{answer.status_code}: {text_of(answer.text)}")
        return receipt_on(self.client.get(answer.headers["location"]).text)


@dataclass(frozen=True)
class Receipt:
    """What the page after sending shows."""

    number: str
    code: str
    path: str


def receipt_on(page: str) -> Receipt:
    """The receipt number, the query code and the address of the report's page."""
    found = re.search(r"回执号</dt><dd>(\S+)</dd>\s*<dt>查询码</dt><dd>(\S+)</dd>.*?href=\"(/c/[^\"]+)\"", page, re.S)
    if found is None:
        raise AssertionError(text_of(page))
    return Receipt(*found.groups())


def hidden_of(page: str, names: tuple[str, ...] = HIDDEN) -> dict[str, str]:
    """The hidden fields of the first form of a page."""
    return {name: re.search(rf'name="{name}" value="([^"]+)"', page)[1] for name in names}  # type: ignore[index]


def text_of(page: str) -> str:
    """What a reader sees of a page, on one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.fixture
def citizen(settings: Settings, sqlite_engine: Engine, city: object) -> Citizen:
    """A citizen on Monday 6 May 2019, 10:00, in the small city."""
    return Citizen(settings, sqlite_engine)
