"""What the citizen's form brings along: the map only where there are tiles, from files that are what they should be."""

from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import Engine

import desk
from models.city import City
from tasks.public_settings import PublicSettings
from tasks.settings import Settings
from tests.desk.citizen import Citizen, citizen

__all__ = ["citizen"]

LEAFLET = Path(desk.__file__).parent / "static" / "vendor" / "leaflet"
TILES = PublicSettings(map_tiles="https://tiles.example:8443/{z}/{x}/{y}.png", map_attribution='示例 <b>"地图"')


def test_each_file_of_the_map_is_the_one_that_was_released() -> None:
    lines = (LEAFLET / "SHA256SUMS").read_text("ascii").splitlines()
    listed = {name: digest for digest, name in (line.split() for line in lines)}
    there = {str(path.relative_to(LEAFLET)) for path in LEAFLET.rglob("*") if path.is_file()}
    assert set(listed) == there - {"SHA256SUMS"}
    assert {name: sha256((LEAFLET / name).read_bytes()).hexdigest() for name in listed} == listed
    assert "LICENSE" in listed


def test_without_tiles_there_is_no_map_and_no_script(citizen: Citizen) -> None:
    answer = citizen.client.get("/report")
    assert "<script" not in answer.text
    assert 'id="map"' not in answer.text
    assert "script-src" not in answer.headers["content-security-policy"]
    assert 'name="longitude"' in answer.text


def test_with_tiles_only_the_form_lets_our_script_and_that_one_host_in(
    settings: Settings, sqlite_engine: Engine, city: City
) -> None:
    citizen = Citizen(settings, sqlite_engine, TILES)
    answer = citizen.client.get("/report")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "img-src 'self' data: https://tiles.example:8443;" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "示例 &lt;b&gt;&#34;地图&#34;" in answer.text
    scripts = [line for line in answer.text.splitlines() if "<script" in line]
    assert all('src="/static/' in line for line in scripts)
    assert len(scripts) == 2
    refused = citizen.sends(place="")
    assert "script-src 'self'" in refused.headers["content-security-policy"]
    for address in ("/", "/report/find", citizen.reports().path):
        assert "script-src" not in citizen.client.get(address).headers["content-security-policy"]


def test_the_form_with_its_map_stays_below_150_kb_on_the_wire(
    settings: Settings, sqlite_engine: Engine, city: City
) -> None:
    citizen = Citizen(settings, sqlite_engine, TILES)
    parts = ("/report", *(f"/static/{name}" for name in (
        "desk.css", "public.css", "report-map.js", "vendor/leaflet/leaflet.css", "vendor/leaflet/leaflet.js",
    )))  # fmt: skip
    answers = [citizen.client.get(part, headers={"accept-encoding": "gzip"}) for part in parts]
    assert {answer.status_code for answer in answers} == {200}
    assert sum(answer.num_bytes_downloaded for answer in answers) < 150_000


def test_the_start_page_leads_to_the_form_and_to_finding_a_report(citizen: Citizen) -> None:
    page = citizen.client.get("/?lang=en").text
    assert 'href="/report?lang=en"><b>Report a problem' in page
    assert 'href="/report/find?lang=en"' in page


def test_only_files_travel_packed_and_never_a_page(citizen: Citizen) -> None:
    """A page's length, packed, would tell an attacker what stands in it."""
    packed = {"accept-encoding": "gzip"}
    assert citizen.client.get("/static/desk.css", headers=packed).headers["content-encoding"] == "gzip"
    for address in ("/report", "/", citizen.reports().path):
        assert "content-encoding" not in citizen.client.get(address, headers=packed).headers


@pytest.mark.parametrize("address", ["/report", "/report?browse=1", "/report/find"])
def test_every_field_has_its_label_and_nothing_is_styled_or_run_in_the_page(citizen: Citizen, address: str) -> None:
    page = citizen.client.get(address).text
    ids = [part.split('"')[0] for part in page.split('id="')[1:]]
    assert len(ids) == len(set(ids))
    labels = {part.split('"')[0] for part in page.split('label for="')[1:]}
    fields = {"receipt", "code"} if "find" in address else {"description", "place", "find", "phone", "pictures"}
    assert fields <= labels <= set(ids)
    assert "style=" not in page
    assert "onclick" not in page
