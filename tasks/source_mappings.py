"""Where the mapping of a source is found: in the city's own directory first, then among those that are shipped."""

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Connection

from models.city import City
from models.directory.city_builder import SOURCES_FOLDER
from models.directory.encoding import decode
from models.directory.fault import Fault, quoted
from models.source_mapping import SOURCE_NAME, SourceMapping, read_mapping
from tasks.city_edition import documents_of_edition
from tasks.intake_errors import FileUnreadable, MappingFaulty, MappingMissing

SHIPPED = Path(__file__).resolve().parent.parent / "deployments" / "sources"


def mapping_in_force(connection: Connection, city: City, source: str) -> SourceMapping:
    """The mapping of a source under the edition of the city that is in force; see `find_mapping`."""
    return find_mapping(source, documents_of_edition(connection, city.edition))


def find_mapping(source: str, documents: Mapping[str, str]) -> SourceMapping:
    """The mapping of a source: `sources/<source>.yaml` of a city's documents, or the shipped one of that name.

    Example: find_mapping("boston311", read_directory(city_folder).documents)
    Raises: MappingMissing naming those that exist; MappingFaulty with every fault; FileUnreadable.
    """
    name = f"{source}.yaml"
    faults: list[Fault] = []
    # A name is never a path: --source comes from people, the name of a drop folder from whoever may write there.
    content = documents.get(SOURCES_FOLDER + name) or (
        _shipped(name, faults) if SOURCE_NAME.fullmatch(source) else None
    )
    if content is None and not faults:
        raise MappingMissing(source=source, known=", ".join(known_sources(documents)))
    mapping = read_mapping(name, content, faults) if content is not None else None
    if mapping is not None and mapping.source != source:
        problem = f"the file is named {name} and maps the source {quoted(mapping.source)}."
        faults.append(Fault(name, None, "source", mapping.source, problem, f"Write source: {source}."))
    if mapping is None or faults:
        raise MappingFaulty(file=name, faults="\n".join(map(str, faults)))
    return mapping


def known_sources(documents: Mapping[str, str]) -> list[str]:
    """The names of all sources that have a mapping."""
    own = {Path(name).stem for name in documents if name.startswith(SOURCES_FOLDER)}
    return sorted(own | {path.stem for path in SHIPPED.glob("*.yaml")})


def _shipped(name: str, faults: list[Fault]) -> str | None:
    path = SHIPPED / name
    if not path.is_file():
        return None
    try:
        content = decode(name, path.read_bytes())
    except OSError as error:
        raise FileUnreadable(file=name, why=error.strerror or str(error)) from error
    if isinstance(content, Fault):
        faults.append(content)
        return None
    return content
