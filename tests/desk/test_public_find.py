"""A citizen finds their report again by receipt number and query code, and nobody finds another's."""

import pytest
from sqlalchemy import Engine

from models.city import City
from tasks.public_codes import query_code
from tasks.public_settings import PublicSettings
from tasks.settings import Settings
from tests.desk.citizen import Citizen, citizen, text_of
from tests.desk.conftest import NOW
from tests.stored_cases import reports_taken_in

__all__ = ["citizen"]


def test_the_code_that_was_shown_leads_to_the_report_however_it_is_typed(citizen: Citizen) -> None:
    receipt = citizen.reports()
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isalnum() else c for c in receipt.code)
    for number, code in (
        (receipt.number, receipt.code),
        (f" {receipt.number.lower()} ", receipt.code.lower().replace("-", " ")),
        (receipt.number, wide),
    ):
        answer = citizen.client.post("/report/find", data={"receipt": number, "code": code}, follow_redirects=False)
        assert answer.status_code == 303
        assert receipt.number in citizen.client.get(answer.headers["location"]).text


def test_every_report_has_a_code_also_one_that_came_by_the_hotline(
    citizen: Citizen, sqlite_engine: Engine, city: City, settings: Settings
) -> None:
    (number,) = reports_taken_in(sqlite_engine, city, 1, NOW, source="hotline_12345")
    code = query_code(settings.secret_key("link"), number)
    page = citizen.client.post("/report/find", data={"receipt": number, "code": code}).text
    assert "您反映的问题" in page


def test_a_wrong_code_and_a_report_that_is_not_there_get_the_same_answer(citizen: Citizen) -> None:
    receipt, other = citizen.reports(), citizen.reports(place="别处")
    answers = []
    for number, code in (
        (receipt.number, other.code),
        (receipt.number, ""),
        ("R20190506999999", receipt.code),
        ("", ""),
        ("'; --", "\0"),
        ("R" * 5000, "7" * 5000),
    ):
        answer = citizen.client.post("/report/find", data={"receipt": number, "code": code}, follow_redirects=False)
        answers.append((answer.status_code, text_of(answer.text)))
    assert {status for status, _ in answers} == {422}
    assert len({words for _, words in answers}) == 1
    assert "回执号或查询码不对" in answers[0][1]


def test_who_tries_too_often_waits_an_hour_even_with_the_right_code(
    settings: Settings, sqlite_engine: Engine, city: City
) -> None:
    citizen = Citizen(settings, sqlite_engine, PublicSettings(finds_per_client=3))
    receipt = citizen.reports()
    right, wrong = ({"receipt": receipt.number, "code": code} for code in (receipt.code, "22222-22222"))
    assert [citizen.client.post("/report/find", data=wrong).status_code for _ in range(3)] == [422] * 3
    assert citizen.client.post("/report/find", data=right).status_code == 429
    assert citizen.browser("192.0.2.1").post("/report/find", data=right).status_code == 200
    citizen.later(minutes=61)
    assert citizen.client.post("/report/find", data=right).status_code == 200


@pytest.mark.parametrize("address", ["/report/find", "/report/find?lang=en"])
def test_the_form_says_what_to_type(citizen: Citizen, address: str) -> None:
    page = citizen.client.get(address).text
    for field in ("receipt", "code"):
        assert f'<label for="{field}">' in page
