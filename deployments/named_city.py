"""The city a command is to work with: the folder it names, or the one this machine is set to."""

from collections.abc import Mapping
from pathlib import Path

from models.city import City
from tasks.directory import DirectoryFaulty, build_city, read_directory
from tasks.settings import read_settings

CITIES = Path(__file__).parent / "cities"
"""The cities that are shipped, a folder each."""


class CityUnknown(Exception):
    """The city named by ZHIHUI_CITY is neither a folder nor one of those shipped."""


def named_city(folder: Path | None) -> tuple[City, Mapping[str, str]]:
    """The city of a folder, else of ZHIHUI_CITY, with the documents it was built from.

    Raises: DirectoryFaulty with every fault; CityUnknown, SettingsError where no folder is named.
    """
    files = read_directory(folder or city_folder(read_settings().city))
    city, faults = build_city(files)
    if city is None:
        raise DirectoryFaulty(faults)
    return city, files.documents


def city_folder(city: str) -> Path:
    """The folder of a city: a path, or the name of one that is shipped.

    Raises: CityUnknown naming those there are.
    """
    for folder in (Path(city).expanduser(), CITIES / city):
        if (folder / "city.yaml").is_file():
            return folder
    shipped = ", ".join(sorted(path.parent.name for path in CITIES.glob("*/city.yaml")))
    raise CityUnknown(
        f"ZHIHUI_CITY={city}: no folder with a city.yaml, and no city of that name is shipped. Shipped: {shipped}."
    )
