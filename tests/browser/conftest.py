"""A real Chromium in front of a real desk over the model city, with an engine that moves whatever is put at once."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine

from desk.app import create_app
from models.city import City
from tasks.city_edition import current_city, load_city
from tasks.database import reading, transaction
from tasks.directory import read_directory
from tasks.lifecycle import move_cases
from tasks.message_settings import MessageSettings
from tasks.notify import deliver_and_wait
from tasks.settings import Settings
from tasks.wake import Woken
from tests.browser.visits import PHONE, Visits
from tests.desk.served import free_socket, served
from tests.stored_cases import at

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
"""A browser of the machine's own; none is ever downloaded."""

QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)
"""What keeps a browser from calling home; the desk is on this very machine."""

XINZHENG = Path(__file__).parents[2] / "deployments" / "cities" / "xinzheng"
PICTURES = os.environ.get("ZHIHUI_TAKE_PICTURES", "")
"""Where pictures of the pages go, read before a test hides this machine's settings; none are taken without it."""
MORNING = at("2026-05-20 09:00")
"""A Wednesday in the flood season."""


@dataclass
class CityAtWork:
    """The model city, its desk's address, and a clock that goes on only when the test says so."""

    engine: Engine
    settings: Settings
    city: City
    url: str = ""
    now: datetime = MORNING

    def later(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)

    def send(self, _notice_id: int) -> None:
        """What the desk's courier would do for somebody who waits in front of the screen."""
        self._deliver(self.now)

    def wake(self, now: datetime) -> Woken:
        """What the engine would do: a visit, then the delivery of what it wrote."""
        move_cases(self.engine, now=now)
        self._deliver(now)
        return Woken.STARTED

    def _deliver(self, now: datetime) -> None:
        """In a thread of its own: the thread that drives the browser has an event loop already."""
        with ThreadPoolExecutor(1) as thread:
            thread.submit(deliver_and_wait, self.engine, self.city, self.settings, now=now).result()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the tests of a file. No longer: while it is there, this thread has an event loop that runs."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: install Debian's package `chromium` to run the tests of the pages")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def city_at_work(sqlite_engine: Engine, settings: Settings) -> Iterator[CityAtWork]:
    """The model city, served."""
    with transaction(sqlite_engine) as connection:
        load_city(connection, read_directory(XINZHENG), at("2026-01-01 00:00"), "admin-1")
    with reading(sqlite_engine) as connection:
        city = current_city(connection)
    listener = free_socket()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    work = CityAtWork(sqlite_engine, settings.model_copy(update={"desk_url": url}), city, url)
    app = create_app(
        work.settings, sqlite_engine, MessageSettings(), lambda: work.now, lambda _settings: work, send_soon=work.send
    )
    with served(app, listener):
        yield work


@pytest.fixture
def visits(chromium: Browser, city_at_work: CityAtWork) -> Iterator[Callable[..., Visits]]:
    """Opens a browser of its own for one person; every page looked at is examined."""
    opened: list[Visits] = []

    def open_for(post: str = "", screen: Mapping[str, int] = PHONE, language: str = "zh-CN") -> Visits:
        found = Visits(chromium, city_at_work.url, post, PICTURES, screen, language)
        opened.append(found)
        return found

    yield open_for
    for one in opened:
        one.close()
