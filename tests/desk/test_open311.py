"""Programs report problems and ask how they stand, in JSON and XML (Open311 GeoReport v2)."""

from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, select, text

from desk.app import create_app
from desk.open311_answers import STATUS_OF, Format, answer
from desk.open311_rate import PerMinute, seconds_left
from desk.pages import page_words
from models.city import City
from models.vocabulary import ENDED, State
from tasks.access_settings import AccessSettings
from tasks.case_store import CASES
from tasks.database import transaction
from tasks.lifecycle import move_cases
from tasks.message_settings import MessageSettings
from tasks.open311_keys import revoke_key
from tasks.settings import Settings
from tasks.wake import Woken
from tests.desk.conftest import NOW, QuietEngine
from tests.desk.open311_program import BASE, SMOKE, Program, a_key
from tests.stored_cases import a_loaded_city, acts, at, reports_taken_in, rows_of


@pytest.fixture
def program(client: TestClient, sqlite_engine: Engine) -> Program:
    """A program with a key."""
    return Program(client, a_key(sqlite_engine))


def desk_told(settings: Settings, engine: Engine, **told: Any) -> TestClient:
    """A desk with other settings."""
    access = AccessSettings(**told)
    waker = lambda _settings: QuietEngine()  # noqa: E731
    return TestClient(create_app(settings, engine, MessageSettings(), lambda: NOW, waker, access))


def errors(xml: str) -> list[tuple[str, str]]:
    """Code and description of each error of an XML answer."""
    root = ET.fromstring(xml)  # noqa: S314 - our own
    assert root.tag == "errors"
    return [(error.findtext("code", ""), error.findtext("description", "")) for error in root.iterfind("error")]


PATHS = ("discovery", "services", "services/E0110", "requests", "requests/R20190506000001", "tokens/R20190506000001")


@pytest.mark.parametrize("path", PATHS)
def test_both_formats_say_the_same_and_what_they_are(program: Program, path: str) -> None:
    program.posts()
    as_json, as_xml = program.asks(f"{path}.json"), program.asks(f"{path}.xml")
    assert (as_json.status_code, as_xml.status_code) == (200, 200)
    assert as_json.headers["content-type"] == "application/json; charset=utf-8"
    assert as_xml.headers["content-type"] == "text/xml; charset=utf-8"
    assert as_xml.text.startswith('<?xml version="1.0" encoding="utf-8"?>\n')
    assert spark(ET.fromstring(as_xml.text)) == texts(as_json.json())  # noqa: S314 - our own


def spark(element: ET.Element) -> Any:
    """An element by the convention of the specification: a container of one kind of child is a list."""
    lists = {"services", "service_requests", "attributes", "values", "endpoints", "formats"}
    if element.tag in lists:
        return [spark(child) for child in element]
    return {child.tag: spark(child) for child in element} if len(element) else element.text or ""


def texts(content: Any) -> Any:
    """JSON with every value as the text XML has for it."""
    if isinstance(content, dict):
        return {name: texts(value) for name, value in content.items()}
    if isinstance(content, list):
        return [texts(value) for value in content]
    if isinstance(content, bool):
        return "true" if content else "false"
    return "" if content is None else str(content)


def test_a_report_wakes_a_visit_and_goes_the_way_of_all_reports(settings: Settings, sqlite_engine: Engine) -> None:
    rung = []

    class Noted(QuietEngine):
        def wake(self, now: Any) -> Woken:
            rung.append(now)
            return super().wake(now)

    client = TestClient(create_app(settings, sqlite_engine, clock=lambda: NOW, make_waker=lambda _: Noted()))
    city = a_loaded_city(sqlite_engine)
    program = Program(client, a_key(sqlite_engine))
    answer = program.posts("xml")
    assert answer.status_code == 200
    receipt = ET.fromstring(answer.text).findtext("request/service_request_id", "")  # noqa: S314 - our own
    assert program.told(receipt)["status_notes"] == "已收到"
    acts(sqlite_engine, city, [receipt], "reject", "acceptor-a", NOW + timedelta(minutes=1), reason="不属于受理范围")
    move_cases(sqlite_engine, now=NOW + timedelta(minutes=2))
    told = program.told(receipt, lang="en")
    assert (told["status"], told["status_notes"]) == ("closed", "not accepted")
    assert told["updated_datetime"] == "2019-05-06T10:01:00+08:00"
    assert rung == [NOW]


def test_two_taps_are_one_report(program: Program, sqlite_engine: Engine) -> None:
    first, again, other = program.posts(), program.posts("xml"), program.posts(device_id="other")
    assert first.json()[0]["service_request_id"] in again.text
    assert first.json() != other.json()
    assert len(rows_of(sqlite_engine, select(CASES.c.id))) == 2


def test_who_reported_and_what_they_wrote_is_told_to_nobody(
    program: Program, settings: Settings, sqlite_engine: Engine
) -> None:
    program.posts(first_name="晓", last_name="王", phone="13900000000", email="x@example.org", device_id="tablet-7")
    for path in ("requests.json?extensions=true", "requests.xml?extensions=true"):
        told = program.client.get(f"{BASE}/{path}").text
        for private in ("王", "13900000000", "example.org", "tablet-7", "油烟直排，", "0000"):
            assert private not in told.replace("R20190506000001", "")
    shown = Program(desk_told(settings, sqlite_engine, open311_descriptions=True), program.key)
    assert shown.told("R20190506000001")["description"] == "饭店油烟直排，联系●●●"


def test_a_case_under_way_tells_its_unit_its_deadline_and_more_where_that_is_asked_for(
    program: Program, sqlite_engine: Engine, city: City
) -> None:
    one, two = reports_taken_in(sqlite_engine, city, 2, at("2019-05-06 08:00"))
    move_cases(sqlite_engine, now=at("2019-05-06 08:01"))
    acts(sqlite_engine, city, [two], "receive", "lihe-liaison", at("2019-05-06 08:10"))
    move_cases(sqlite_engine, now=at("2019-05-06 08:11"))
    told = program.told(one, extensions="true")
    assert (told["status"], told["agency_responsible"], told["description"]) == ("open", "梨河镇", None)
    assert told["expected_datetime"] == told["extended_attributes"]["due_datetime"] == "2019-05-09T08:01:00+08:00"
    assert told["extended_attributes"]["state"] == "dispatched"
    assert "extended_attributes" not in program.told(one)
    states = {each["service_request_id"]: each["extended_attributes"]["state_en"]
              for each in program.asks("requests.json", extensions="true").json()}  # fmt: skip
    assert states == {one: "handed to the responsible unit", two: "being handled"}


def test_a_request_joined_with_another_is_closed_and_names_it(
    program: Program, sqlite_engine: Engine, city: City
) -> None:
    lead, same = reports_taken_in(sqlite_engine, city, 2, at("2019-05-06 08:00"), source="citizen")
    acts(sqlite_engine, city, [same], "merge", "acceptor-a", at("2019-05-06 08:10"), into=lead)
    move_cases(sqlite_engine, now=at("2019-05-06 08:11"))
    told = program.told(same, extensions="true")
    assert (told["status"], told["status_notes"]) == ("closed", "与同一问题合并办理")
    assert told["extended_attributes"]["joined_request_id"] == lead


def test_every_state_has_plain_words_and_is_open_or_closed(program: Program, sqlite_engine: Engine, city: City) -> None:
    (receipt,) = reports_taken_in(sqlite_engine, city, 1, at("2019-05-06 08:00"))
    for state in State:
        with transaction(sqlite_engine) as connection:
            connection.execute(CASES.update().values(state=state.value))
        told = program.told(receipt)
        assert told["status"] == ("closed" if state in ENDED else "open")
        assert told["status_notes"] != state.value


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("services/NONE.{}", 404),
        ("requests/NONE.{}", 404),
        ("requests/R20190506000001%00.{}", 404),
        ("tokens/NONE.{}", 404),
        ("nothing.{}", 404),
        ("services.{}?jurisdiction_id=410185", 404),
        ("requests.{}?jurisdiction_id=%00", 404),
        ("requests.{}?status=late", 400),
        ("requests.{}?start_date=2019-01-01", 400),
        ("services.{}?jurisdiction_id=" + "x" * 101, 400),
        ("services.yaml", 400),
    ],
)
def test_errors_come_in_the_format_asked_for(program: Program, path: str, status: int) -> None:
    as_json = program.client.get(f"{BASE}/{path.format('json')}")
    assert (as_json.status_code, as_json.json()[0]["code"]) == (status, status)
    assert as_json.headers["content-type"] == "application/json; charset=utf-8"
    if "{}" in path:
        as_xml = program.client.get(
            f"{BASE}/{path.format('xml')}&lang=en" if "?" in path else f"{BASE}/{path.format('xml')}?lang=en"
        )
        assert as_xml.status_code == status
        ((code, description),) = errors(as_xml.text)
        assert code == str(status)
        assert description.isascii()


@pytest.mark.parametrize(
    ("key", "code"), [("", "缺少"), ("zhk_wrong", "无效"), ("revoked", "无效"), ("\0", "无效"), ("é" * 300, "无效")]
)
def test_nobody_reports_without_a_key_in_force(program: Program, sqlite_engine: Engine, key: str, code: str) -> None:
    if key == "revoked":
        with transaction(sqlite_engine) as connection:
            revoke_key(connection, "随手拍", "admin", NOW)
        key = program.key
    refused = program.posts(api_key=key)
    assert refused.status_code == 403
    assert code in refused.json()[0]["description"]
    assert rows_of(sqlite_engine, select(CASES.c.id)) == []


def test_a_request_with_several_faults_names_them_and_is_not_taken(program: Program, sqlite_engine: Engine) -> None:
    refused = program.posts("xml", service_code="X", lat="99", phone="?")
    assert refused.status_code == 404
    assert [code for code, _ in errors(refused.text)] == ["404", "400", "400"]
    assert program.posts(jurisdiction_id="other").status_code == 404
    assert program.client.post(f"{BASE}/requests.json", json=SMOKE).status_code == 400
    assert program.client.post(f"{BASE}/requests.json", content=b"x" * 70_000).status_code == 413
    assert program.client.put(f"{BASE}/requests.json").json()[0]["code"] == 405
    assert rows_of(sqlite_engine, select(CASES.c.id)) == []


NASTY = (
    "<script>alert(1)</script>",
    "'; DROP TABLE report; --",
    "{{ 7 * 7 }}",
    "👩‍🚒🌊",
    "\u202eدعم",
    "a\x00b\x1fc\ufffe",
    "]]>&amp;",
)


@pytest.mark.parametrize("text", NASTY)
def test_whatever_is_typed_is_kept_as_text_and_given_out_well_formed(
    settings: Settings, sqlite_engine: Engine, city: City, text: str
) -> None:
    program = Program(desk_told(settings, sqlite_engine, open311_descriptions=True), a_key(sqlite_engine))
    posted = program.posts(address_string=text, description=text, account_id=text, last_name=text)
    assert posted.status_code == 200
    found = ET.fromstring(program.asks("requests.xml").text).find("request")  # noqa: S314 - our own
    assert found is not None
    kept = "".join(c for c in text if c not in "\u202e\x00\x1f")
    assert found.findtext("address") == found.findtext("description") == kept.replace("\ufffe", "")
    assert program.asks("requests.json").json()[0]["address"] == kept


def test_a_city_may_let_only_programs_with_a_key_read(
    settings: Settings, sqlite_engine: Engine, program: Program
) -> None:
    program.posts()
    closed = Program(desk_told(settings, sqlite_engine, open311_open_reading=False), program.key)
    for path in ("requests.json", "requests/R20190506000001.json"):
        assert closed.asks(path).status_code == 403
        assert closed.asks(path, api_key="wrong").status_code == 403
        assert closed.asks(path, api_key=program.key).status_code == 200
    assert closed.asks("services.json").status_code == 200


def test_a_city_may_tell_of_some_sources_only(settings: Settings, sqlite_engine: Engine, program: Program) -> None:
    receipt = program.posts().json()[0]["service_request_id"]
    for sources, status in (("citizen, open311", 200), ("citizen", 404)):
        told = Program(desk_told(settings, sqlite_engine, open311_sources=sources), program.key)
        assert told.asks(f"requests/{receipt}.json").status_code == status
        assert told.asks(f"tokens/{receipt}.json").status_code == status


def test_one_address_and_one_key_may_ask_only_so_often(settings: Settings, sqlite_engine: Engine, city: City) -> None:
    key = a_key(sqlite_engine)
    hasty = Program(desk_told(settings, sqlite_engine, open311_per_key=1), key)
    assert [hasty.posts().status_code for _ in range(2)] == [200, 429]
    crowd = Program(desk_told(settings, sqlite_engine, open311_per_client=2), key)
    assert [crowd.asks("services.xml").status_code for _ in range(2)] == [200, 200]
    refused = crowd.asks("services.xml")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert errors(refused.text)[0][0] == "429"


def test_a_minute_later_everybody_may_call_again() -> None:
    counter, now = PerMinute(1), at("2019-05-06 10:00:59")
    assert [counter.allows(who, now) for who in ("a", "a", "b")] == [True, False, True]
    assert seconds_left(now) == 1
    assert counter.allows("a", now + timedelta(seconds=1))


def test_before_a_city_is_loaded_programs_are_told_so(settings: Settings, sqlite_engine: Engine) -> None:
    client = TestClient(create_app(settings, sqlite_engine))
    refused = client.get(f"{BASE}/services.json")
    assert (refused.status_code, refused.json()[0]["code"]) == (400, 400)
    assert "尚未载入城市目录" in refused.text


def test_a_fault_of_ours_shows_no_trace(client: TestClient, sqlite_engine: Engine) -> None:
    with transaction(sqlite_engine) as connection:
        connection.execute(text("ALTER TABLE cases RENAME TO gone"))
    refused = client.get(f"{BASE}/requests.xml")
    assert refused.status_code == 500
    assert errors(refused.text) == [("500", "系统暂时出错，请稍后再试。")]
    assert refused.headers["x-content-type-options"] == "nosniff"


def test_xml_leaves_out_what_it_cannot_hold() -> None:
    told = answer(Format.XML, "services", [{"service_name": "a\x01<&\ud800\ufffe😀"}])
    assert "<service_name>a&lt;&amp;😀</service_name>" in bytes(told.body).decode()


def test_every_fault_has_words() -> None:
    assert set(STATUS_OF) <= page_words().codes("open311_fault")
