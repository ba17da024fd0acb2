"""A desk over a database of its own, with a clock the test sets."""

from collections.abc import Callable
from datetime import datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from desk.app import create_app
from models.city import City
from tasks.message_settings import MessageSettings
from tasks.settings import Settings
from tasks.wake import Woken
from tests.stored_cases import a_loaded_city, at


class QuietEngine:
    """Takes every question about a visit and starts none."""

    def wake(self, now: datetime) -> Woken:
        """As if a visit had been started."""
        return Woken.STARTED


NOW = at("2019-05-06 10:00")
"""A Monday."""


@pytest.fixture
def city(sqlite_engine: Engine) -> City:
    """The small city, in force."""
    return a_loaded_city(sqlite_engine)


@pytest.fixture
def client_at(settings: Settings, sqlite_engine: Engine, city: City) -> Callable[[datetime], TestClient]:
    """A browser in front of the desk at a moment."""

    def open_at(moment: datetime) -> TestClient:
        app = create_app(settings, sqlite_engine, MessageSettings(), lambda: moment, lambda _settings: QuietEngine())
        return TestClient(app, raise_server_exceptions=False)

    return open_at


@pytest.fixture
def client(client_at: Callable[[datetime], TestClient]) -> TestClient:
    """A browser in front of the desk on Monday 6 May 2019, 10:00."""
    return client_at(NOW)
