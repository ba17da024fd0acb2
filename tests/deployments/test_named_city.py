"""Which city a command works with, and that saying so costs no more than reading it."""

import subprocess
import sys
from pathlib import Path

import pytest

from deployments.named_city import CITIES, CityUnknown, city_folder, named_city
from tasks.directory import DirectoryFaulty
from tasks.settings import Settings
from tests.cities import SMALL_CITY


def a_folder(tmp_path: Path, **changed: str) -> Path:
    """The small city as a directory, some of its files changed."""
    for name, content in {**SMALL_CITY, **changed}.items():
        (tmp_path / name).write_text(content, "utf-8")
    return tmp_path


def test_a_shipped_city_is_found_by_name_and_another_by_its_folder(tmp_path: Path) -> None:
    assert city_folder("xinzheng") == CITIES / "xinzheng"
    assert city_folder(str(a_folder(tmp_path))) == tmp_path


def test_a_city_that_is_neither_is_refused_with_those_there_are() -> None:
    with pytest.raises(CityUnknown, match=r"ZHIHUI_CITY=atlantis: .* Shipped: .*xinzheng"):
        city_folder("atlantis")


def test_without_a_folder_it_is_the_city_of_this_machine(settings: Settings, tmp_path: Path) -> None:
    city, documents = named_city(None)
    assert (city.code, settings.city) == ("410184", "xinzheng")
    assert named_city(a_folder(tmp_path))[1] == SMALL_CITY != documents


def test_a_faulty_folder_is_refused_with_its_faults(tmp_path: Path) -> None:
    with pytest.raises(DirectoryFaulty, match=r"units\.csv"):
        named_city(a_folder(tmp_path, **{"units.csv": ""}))


def test_naming_a_city_loads_neither_the_demo_nor_the_database() -> None:
    program = (
        "import sys, deployments.named_city; print(sorted({'deployments.demo', 'tasks.database'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "[]\n"
