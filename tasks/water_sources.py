"""Where it is written how a source of readings writes: in the city's water.yaml first, then among those shipped."""

from pathlib import Path

from models.city import City
from models.directory.encoding import decode
from models.directory.fault import Fault
from models.directory.water_yaml import read_source
from models.source_mapping import SOURCE_NAME
from models.water_source import NATIVE, WaterSource
from tasks.intake_errors import MappingFaulty, MappingMissing

SHIPPED = Path(__file__).resolve().parent.parent / "deployments" / "water_sources"


def source_in_force(city: City, name: str) -> WaterSource:
    """The source with this name.

    Example: source_in_force(city, "native") for our own columns: station, element, at, value.
    Raises: MappingMissing naming those that exist; MappingFaulty with every fault.
    """
    if name == NATIVE.name:
        return NATIVE
    found = city.water_sources.get(name)
    return found if found is not None else _shipped(city, name)


def known_sources(city: City) -> list[str]:
    """The names of all sources of readings."""
    return sorted({NATIVE.name, *city.water_sources, *(path.stem for path in SHIPPED.glob("*.yaml"))})


def _shipped(city: City, name: str) -> WaterSource:
    path = SHIPPED / f"{name}.yaml"
    # A name is never a path: it comes from people, or from whoever may make folders there.
    if not SOURCE_NAME.fullmatch(name) or not path.is_file():
        raise MappingMissing(source=name, known=", ".join(known_sources(city)))
    content, faults = decode(path.name, path.read_bytes()), list[Fault]()
    source = read_source(path.name, content, faults) if isinstance(content, str) else None
    if source is None:
        raise MappingFaulty(file=path.name, faults="\n".join(map(str, faults)))
    return source
