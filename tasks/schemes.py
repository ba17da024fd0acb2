"""Where a scheme of evaluation is found: in the city's own directory first, then among those that are shipped."""

from collections.abc import Mapping, Sequence, Set
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from models.directory.encoding import decode
from models.directory.fault import Fault, Severity, quoted, suggestion
from models.directory.scheme_yaml import SCHEME_NAME, SCHEMES_FOLDER, read_scheme
from models.scheme import Scheme

if TYPE_CHECKING:
    from models.city import City

SHIPPED = Path(__file__).resolve().parent.parent / "deployments" / "schemes"


class SchemeMissing(ValueError):
    """There is no scheme of this name, or none that is in force on the day."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.problem, self.remedy = problem, remedy

    def __str__(self) -> str:
        return f"{self.problem} {self.remedy}".strip()


class SchemeFaulty(ValueError):
    """A scheme whose file has faults; carries all of them."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        return "\n".join(map(str, self.faults))


def find_scheme(name: str, documents: Mapping[str, str] | None = None, on: date | None = None) -> Scheme:
    """The scheme of this name: of a city's documents (`schemes/*.yaml`), else the one that is shipped.

    `on`: the day on which it has to be in force; a month is scored by the scheme of its first day. Without it, the
    latest edition.
    Example: find_scheme("yuncheng", {}, date(2026, 8, 1))
    Raises: SchemeMissing naming those that exist, or the days of the one that does; SchemeFaulty with every fault.
    """
    # A name is never a path: --scheme comes from people.
    if not SCHEME_NAME.fullmatch(name):
        raise SchemeMissing(f"{quoted(name)} is no name of a scheme.", "Write small letters, digits and underscores.")
    own = {file: text for file, text in (documents or {}).items() if file.startswith(SCHEMES_FOLDER)}
    schemes = _read(own)
    found = [scheme for scheme in schemes if scheme.name == name]
    if not found and (SHIPPED / f"{name}.yaml").is_file():
        found = _read(_shipped(name))
    return _in_force(name, found, {scheme.name for scheme in schemes}, on)


def city_scheme(city: "City", name: str, on: date) -> Scheme:
    """The same for a city that is loaded: one of its own schemes, else the one that is shipped.

    Raises: SchemeMissing, SchemeFaulty.
    """
    found = [scheme for scheme in city.schemes if scheme.name == name]
    if not found:
        return find_scheme(name, {}, on)
    return _in_force(name, found, {scheme.name for scheme in city.schemes}, on)


def _in_force(name: str, found: Sequence[Scheme], own: Set[str], on: date | None) -> Scheme:
    if not found:
        known = sorted(own | {path.stem for path in SHIPPED.glob("*.yaml")})
        raise SchemeMissing(f"there is no scheme {quoted(name)}.", suggestion(name, known))
    in_force = [scheme for scheme in found if on is None or scheme.in_force_on(on)]
    if not in_force:
        days = "; ".join(
            f"{scheme.file}: [{scheme.valid_from or '…'}, {scheme.valid_until or '…'})" for scheme in found
        )
        raise SchemeMissing(f"the scheme {quoted(name)} is not in force on {on}.", f"Known: {days}.")
    return max(in_force, key=lambda scheme: scheme.valid_from or date.min)


def known_schemes(documents: Mapping[str, str] | None = None) -> list[str]:
    """The names of all schemes, a city's own and those that are shipped."""
    own = {file: text for file, text in (documents or {}).items() if file.startswith(SCHEMES_FOLDER)}
    return sorted({scheme.name for scheme in _read(own)} | {path.stem for path in SHIPPED.glob("*.yaml")})


def _shipped(name: str) -> dict[str, str]:
    file = f"{name}.yaml"
    content = decode(file, (SHIPPED / file).read_bytes())
    if isinstance(content, Fault):
        raise SchemeFaulty((content,))
    return {file: content}


def _read(documents: Mapping[str, str]) -> list[Scheme]:
    faults: list[Fault] = []
    found = [read_scheme(file, content, faults) for file, content in sorted(documents.items())]
    if any(fault.severity is Severity.ERROR for fault in faults):
        raise SchemeFaulty(tuple(faults))
    return [scheme for scheme in found if scheme is not None]
