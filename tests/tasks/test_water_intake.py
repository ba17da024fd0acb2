"""Files and answers of other programs become readings; what is none is kept with its reason and stops nothing."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest
from sqlalchemy import Engine

from models.city import City
from models.water import Element
from tasks.database import reading
from tasks.intake_errors import MappingMissing
from tasks.readings import series
from tasks.refused_observations import refused_rows
from tasks.water_intake import Intake, take_file, take_folder, take_rows
from tasks.water_pull import PullFailed, pull, sources_to_pull
from tasks.water_sources import known_sources, source_in_force
from tests.replayed import at
from tests.water_cities import a_water_city

NOW = at("2021-07-20 08:00")
HOUR = timedelta(hours=1)

BUREAU_CSV = """\
测站,时间,水位,蓄水量
梨河,2021-07-20 07:00,104.12,-
三库,2021-07-20 07:00,119.5,0.025
无名,2021-07-20 07:00,1,-
梨河,昨天,104,-
梨河,2021-07-20 07:30,很高,-
"""


@pytest.fixture
def city() -> City:
    return a_water_city()


def values(engine: Engine, station: str, element: Element) -> list[float]:
    with reading(engine) as connection:
        return [one.value for one in series(connection, station, element, NOW - 48 * HOUR, NOW)]


def test_a_sources_words_units_and_clock_become_ours(engine: Engine, city: City, tmp_path: Path) -> None:
    file = tmp_path / "bureau.csv"
    file.write_text(BUREAU_CSV, "gb18030")
    done = take_file(engine, city, source_in_force(city, "bureau"), file, NOW)
    assert (done.rows, done.taken.taken, done.refused) == (5, 3, 3)
    assert values(engine, "lihe-gauge", Element.LEVEL) == [104.12]
    assert values(engine, "sanku", Element.STORAGE) == [250.0]  # 0.025 hundred million are 250 ten thousand
    with reading(engine) as connection:
        codes = sorted(row["code"] for row in refused_rows(connection))
        assert codes == ["station_unknown", "time_unreadable", "value_unreadable"]
    again = take_file(engine, city, source_in_force(city, "bureau"), file, NOW)
    assert (again.taken.taken, again.taken.repeated) == (0, 3)
    with reading(engine) as connection:
        assert len(refused_rows(connection)) == 3


@pytest.mark.parametrize("hostile", ["nan", "inf", "1e400", "1_0", "", "0x10", "１０", "9e99"])
def test_a_value_that_is_no_number_of_water_is_never_one(
    sqlite_engine: Engine, city: City, tmp_path: Path, hostile: str
) -> None:
    file = tmp_path / "a.csv"
    file.write_text(f"station,element,at,value\nlihe-gauge,level,2021-07-20 07:00,{hostile}\n", "utf-8")
    take_file(sqlite_engine, city, source_in_force(city, "native"), file, NOW)
    assert [one for one in values(sqlite_engine, "lihe-gauge", Element.LEVEL) if one != 10] == []


def test_files_in_the_folder_are_taken_by_their_source_and_put_aside(
    sqlite_engine: Engine, city: City, tmp_path: Path
) -> None:
    folder = tmp_path / "readings"
    (folder / "bureau").mkdir(parents=True)
    (folder / "bureau" / "a.csv").write_text(BUREAU_CSV, "utf-8")
    (folder / "b.jsonl").write_text(
        '{"station": "rain-a", "element": "rain", "at": "2021-07-20T07:00:00+08:00", "value": 3.5}\n', "utf-8"
    )
    (folder / "c.csv").write_text("what\n1\n", "utf-8")
    (folder / "still.csv.part").write_text("station", "utf-8")
    for path in [*folder.glob("*.*"), *(folder / "bureau").iterdir()]:
        os.utime(path, (NOW.timestamp() - 60,) * 2)
    done = {one.name: (one.taken.taken, bool(one.problem)) for one in take_folder(sqlite_engine, city, folder, NOW)}
    assert done == {"a.csv": (3, False), "b.jsonl": (1, False), "c.csv": (0, True)}
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()) == [
        *("bureau/done/a.csv", "done/b.jsonl", "failed/c.csv", "failed/c.csv.reason.txt", "still.csv.part"),
    ]
    assert take_folder(sqlite_engine, city, folder, NOW) == []


def test_a_source_nobody_knows_names_those_there_are(city: City) -> None:
    assert {"native", "bureau", "yangtze_hourly", "yellow_river_daily", "nhatle_hourly"} == set(known_sources(city))
    for name in ("nothing", "../native"):
        with pytest.raises(MappingMissing, match="bureau"):
            source_in_force(city, name)


class Bureau(BaseHTTPRequestHandler):
    """Answers as the water bureau would, or as it should not."""

    answers: ClassVar[dict[str, tuple[int, bytes]]] = {
        "/good": (
            200,
            json.dumps(
                {"data": {"items": [{"测站": "梨河", "时间": "2021-07-20 07:00", "水位": 104.5}, "nonsense"]}}
            ).encode(),
        ),
        "/html": (200, b"<html>"),
        "/elsewhere": (200, b'{"rows": []}'),
        "/down": (503, b""),
        "/huge": (200, b"[" + b" " * 9_000_000 + b"]"),
    }

    def do_GET(self) -> None:
        status, body = self.answers[self.path.partition("?")[0]]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def bureau() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bureau)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_readings_are_pulled_from_the_address_of_the_environment(
    sqlite_engine: Engine, city: City, bureau: str
) -> None:
    (source,) = sources_to_pull(city)
    rows = pull(source, {"WATER_URL": f"{bureau}/good?token=secret"})
    done = take_rows(sqlite_engine, city, source, rows, source.name, NOW)
    assert done == Intake("bureau", 2, 1, done.taken)
    assert values(sqlite_engine, "lihe-gauge", Element.LEVEL) == [104.5]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/html", "no JSON"),
        ("/elsewhere", "no list at data.items"),
        ("/down", "status 503"),
        ("/huge", "longer than"),
        (None, "holds no address"),
        ("refused", "could not be asked"),
    ],
)
def test_a_source_that_does_not_answer_says_why_and_never_its_token(
    city: City, bureau: str, path: str | None, why: str
) -> None:
    (source,) = sources_to_pull(city)
    address = "http://127.0.0.1:9/?token=secret" if path == "refused" else f"{bureau}{path}?token=secret"
    with pytest.raises(PullFailed, match=why) as failed:
        pull(source, {} if path is None else {"WATER_URL": address})
    assert "secret" not in str(failed.value)


def test_a_time_without_a_zone_is_the_sources_own(sqlite_engine: Engine, city: City, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("station,element,at,value\nlihe-gauge,level,2021-07-20 07:00,104\n", "utf-8")
    take_file(sqlite_engine, city, source_in_force(city, "native"), file, NOW)
    with reading(sqlite_engine) as connection:
        (one,) = series(connection, "lihe-gauge", Element.LEVEL, NOW - HOUR, NOW)
    assert one.at == datetime(2021, 7, 19, 23, tzinfo=UTC)
