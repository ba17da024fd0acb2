"""Whoever asks for a link has it within seconds, without the engine: over real HTTP into the demo inbox."""

import re
import time

from fastapi.testclient import TestClient
from sqlalchemy import Engine

from desk.app import create_app
from desk.courier import FIRST_CALLS, send_calls_soon
from models.city import City
from tasks.settings import Settings
from tests.call_cities import STORM, TOWN, callers
from tests.desk.served import free_socket, served

PATIENCE_SECONDS = 10.0


def test_the_link_asked_for_arrives_and_opens_the_own_page(
    sqlite_engine: Engine, settings: Settings, city: City
) -> None:
    listener = free_socket()
    settings = settings.model_copy(update={"desk_url": f"http://127.0.0.1:{listener.getsockname()[1]}"})
    app = create_app(settings, sqlite_engine)
    client = TestClient(app)
    with served(app, listener):
        client.post("/me", data={"post": "受理员甲"})
        link = arrived(client)
        assert "现在没有待办" in client.get(link).text


def arrived(client: TestClient) -> str:
    """The path of the link, once its message stands in the inbox."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        found = re.search(r'class="button" href="(/me/[^"]+)"', client.get("/demo/inbox?recipient=acceptor-a").text)
        if found:
            return found[1]
    raise AssertionError(f"no link within {PATIENCE_SECONDS} seconds")


def test_the_first_messages_of_a_call_go_out_from_the_desk_at_once(sqlite_engine: Engine) -> None:
    callers(sqlite_engine).started(TOWN)
    sent: list[int] = []
    send_calls_soon(sqlite_engine, STORM, sent.append)
    assert len(sent) == FIRST_CALLS
