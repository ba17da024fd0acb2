"""A citizen with a phone is told of acceptance, rejection and result, over real HTTP, each with the report's link."""

import re

from fastapi.testclient import TestClient
from sqlalchemy import Engine

from desk.app import create_app
from tasks.lifecycle import move_cases
from tasks.notify import deliver_and_wait
from tasks.settings import Settings
from tests.cities import changed
from tests.desk.citizen import FIELDS, Citizen
from tests.desk.conftest import NOW
from tests.desk.served import free_socket, served
from tests.desk.test_public_report_page import CLASSED, CLOSED, moved
from tests.stored_cases import a_loaded_city

CITY = changed("contact_points.csv", "dingtalk,env:ZHIHUI_TEST_DINGTALK", "demo,demo")


def told(client: TestClient) -> list[tuple[str, str]]:
    """Title and link of each message to reporters, the newest first."""
    page = client.get("/demo/inbox").text
    articles = [part for part in page.split("<article")[1:] if "您反映的问题" in part]
    found = [(re.search(r"【(.+?)】", part), re.search(r'href="(/c/[^"]+)"', part)) for part in articles]
    return [(title[1], link[1]) for title, link in found if title and link]


def test_acceptance_rejection_and_result_arrive_and_their_links_open_the_report(
    sqlite_engine: Engine, settings: Settings
) -> None:
    city = a_loaded_city(sqlite_engine, CITY)
    listener = free_socket()
    settings = settings.model_copy(update={"desk_url": f"http://127.0.0.1:{listener.getsockname()[1]}"})
    citizen = Citizen(settings, sqlite_engine)
    app = create_app(settings, sqlite_engine, clock=lambda: citizen.now)
    handled = citizen.reports(phone="13800138000", **CLASSED)
    turned_down = citizen.reports(phone="13800138000", place="别处")
    silent = citizen.reports(place="又一处", **CLASSED)
    with served(app, listener):
        moved(citizen, city, turned_down, [("reject", "acceptor-a", {"reason": "属于物业管理范围"})])
        moved(citizen, city, handled, CLOSED)
        moved(citizen, city, silent, CLOSED)
        move_cases(sqlite_engine, now=citizen.now)
        deliver_and_wait(sqlite_engine, city, settings, now=citizen.now)
    messages = told(citizen.client)
    assert sorted(title for title, _ in messages) == ["已办结", "已受理", "未予受理"]
    for title, link in messages:
        page = citizen.client.get(link).text
        assert (turned_down if title == "未予受理" else handled).number in page
        assert silent.number not in page
    assert FIELDS["place"] in citizen.client.get(dict(messages)["已办结"]).text
    assert citizen.now > NOW
