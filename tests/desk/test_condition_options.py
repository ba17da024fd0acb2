"""The list of all filing conditions: long, so it stands on the page only where it is asked for."""

from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import Engine

from desk.condition_options import condition_options
from models.vocabulary import Role
from tasks.city_edition import current_city, load_city
from tasks.database import transaction
from tasks.directory import read_directory
from tasks.settings import Settings
from tests.cities import a_small_city, changed
from tests.desk.phone import phone_of
from tests.stored_cases import at, reports_taken_in

XINZHENG = Path(__file__).parents[2] / "deployments" / "cities" / "xinzheng"


def test_the_longest_form_of_a_real_city_fits_a_phones_page(
    client: TestClient, settings: Settings, sqlite_engine: Engine
) -> None:
    with transaction(sqlite_engine) as connection:
        load_city(connection, read_directory(XINZHENG), at("2019-05-06 08:00"), "admin")
        real = current_city(connection)
    (case,) = reports_taken_in(sqlite_engine, real, 1, at("2019-05-06 09:00"), source="leader_order", flags="odd")
    reader = phone_of(client, settings, real.posts_of(Role.ACCEPTOR)[0].code, case)
    assert len(reader.page().encode()) < 20_000, "the list of all filing conditions is a page of its own"
    page = reader.page("?form=correct")
    assert page.count("<option") > 500
    assert len(page.encode()) < 150_000


def test_each_condition_is_told_with_its_class_and_limit_and_is_text_whatever_it_says() -> None:
    city = a_small_city(changed("catalogue.csv", "井盖松动或有异响", "井盖<b>松动"))
    options = str(condition_options(city, "zh"))
    assert '<optgroup label="公用设施">' in options
    assert '<option value="C0101/2">C0101 上水井盖 · 井盖&lt;b&gt;松动（4工作时）</option>' in options
    assert "4 work hours" in str(condition_options(city, "en"))
