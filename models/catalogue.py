"""The catalogue 分类 of managed components and events, its filing conditions and limits, and who answers for what.

A limit belongs to the filing condition 立案条件, not to the subclass. The catalogue is versioned: each case keeps
the edition it was filed under, because the class order differs between editions of the standard.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from models.worktime import Limit


@dataclass(frozen=True, slots=True)
class FilingCondition:
    """One row of the catalogue: when it is filed, how long it may take, when it may be closed."""

    code: str
    """Subclass code, for example E0110: kind, major class 2, minor class 2."""
    number: int
    wording: str
    closing_condition: str
    limit: Limit
    follow_up_limit: Limit | None = None
    """Second, slower limit for the repair after an urgent case was made safe."""
    placeholder: bool = False


@dataclass(frozen=True, slots=True)
class Subclass:
    """A minor class 小类 with its filing conditions in order."""

    code: str
    kind: str
    """C component 部件 or E event 事件."""
    major: str
    minor: str
    conditions: tuple[FilingCondition, ...]

    @property
    def only_condition(self) -> int | None:
        """The number of its filing condition where it has a single one: then there is nothing to choose."""
        return self.conditions[0].number if len(self.conditions) == 1 else None


@dataclass(frozen=True, eq=False)
class Catalogue:
    """All subclasses of one edition."""

    edition: str
    subclasses: Mapping[str, Subclass]
    default_limit: Limit
    """Limit of a case whose condition nobody chose (Yuncheng: 4 工作时)."""

    def minor_name(self, code: str | None) -> str:
        """What a subclass is called, or its code where the catalogue has none (any more)."""
        found = self.subclasses.get(code or "")
        return found.minor if found else code or ""

    def condition(self, code: str | None, number: int | None) -> FilingCondition | None:
        """The filing condition of a subclass by its number, or None where it does not exist."""
        return self._conditions.get((code or "", number or 0))

    @cached_property
    def _conditions(self) -> dict[tuple[str, int], FilingCondition]:
        return {(c.code, c.number): c for s in self.subclasses.values() for c in s.conditions}


@dataclass(frozen=True, slots=True)
class ResponsibilityRow:
    """Class x area -> unit. `classes` is a subclass code, a prefix (`E01*`), or `*`; `area` a code prefix or `*`.

    `unit` is a unit code, or `territory`: the unit that answers for the area 属地.
    """

    classes: str
    area: str
    unit: str


@dataclass(frozen=True, eq=False)
class Responsibility:
    """Who answers for a class in an area: the most specific row wins, first by class, then by area."""

    rows: tuple[ResponsibilityRow, ...]
    territory: Mapping[str, str]
    """Area code -> unit, for rows that say `territory`."""

    def unit_for(self, code: str | None, area: str | None) -> str | None:
        """The responsible unit of a subclass in an area, or None where no row speaks or the area has no unit."""
        if not code:
            return None
        for classes in (code, code[:3] + "*", code[:1] + "*", "*"):
            for where in (*(area[:n] for n in (15, 12, 9, 6) if area and len(area) >= n), "*"):
                unit = self._by_key.get((classes, where))
                if unit is not None:
                    return self._territory_of(area) if unit == "territory" else unit
        return None

    def _territory_of(self, area: str | None) -> str | None:
        for n in (15, 12, 9, 6):
            if area and len(area) >= n and area[:n] in self.territory:
                return self.territory[area[:n]]
        return None

    @cached_property
    def _by_key(self) -> dict[tuple[str, str], str]:
        return {(row.classes, row.area): row.unit for row in self.rows}
