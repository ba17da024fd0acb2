"""The city a command is to work with: the folder it names, or the one this machine is set to."""

from collections.abc import Mapping
from pathlib import Path

from deployments.preparing import city_folder
from models.city import City
from tasks.directory import DirectoryFaulty, build_city, read_directory
from tasks.settings import read_settings


def named_city(folder: Path | None) -> tuple[City, Mapping[str, str]]:
    """The city of a folder, else of ZHIHUI_CITY, with the documents it was built from.

    Raises: DirectoryFaulty with every fault; CityUnknown, SettingsError where no folder is named.
    """
    files = read_directory(folder or city_folder(read_settings().city))
    city, faults = build_city(files)
    if city is None:
        raise DirectoryFaulty(faults)
    return city, files.documents
