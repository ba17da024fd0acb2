"""What a citizen typed into the form: cleaned, bounded, and what is wrong with it field by field."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from models.city import City
from models.mapped_report import read_position
from tasks.public_classes import LONGEST_SEARCH
from tasks.wording import clean

LONGEST: Mapping[str, int] = {
    "find": LONGEST_SEARCH,
    "class": 20,
    "description": 1000,
    "place": 200,
    "area": 20,
    "longitude": 20,
    "latitude": 20,
    "phone": 30,
    "name": 40,
}
"""Characters of each field."""

HONEYPOT = "website"
"""A field no person sees; what fills in every field it finds fills in this one."""

_PHONE = re.compile(r"\+?[0-9]{7,15}")


@dataclass(frozen=True, slots=True)
class TypedReport:
    """The fields as they may be shown again, and the code of what is wrong with each."""

    values: Mapping[str, str]
    faults: Mapping[str, str]

    def report_values(self, city: City) -> dict[str, str]:
        """The fields of the report: the class that was picked, else the words somebody searched with."""
        known = self.values["class"] in city.catalogue.subclasses
        return {**self.values, "class": self.values["class"] if known else self.values["find"]}


def read_typed_report(posted: Mapping[str, str], city: City) -> TypedReport:
    """The form as it came. What the form has no field for is left out, whoever added it."""
    raw = {name: posted.get(name, "") for name in LONGEST}
    values = {name: _cleaned(name, text) for name, text in raw.items()}
    values["phone"] = _phone(values["phone"])
    values["longitude"], values["latitude"] = (_plain(values[name]) for name in ("longitude", "latitude"))
    if values["area"] not in city.areas:
        values["area"] = ""
    too_long = {name: "too_long" for name, text in raw.items() if len(text.strip()) > LONGEST[name]}
    return TypedReport(values, _faults(values) | too_long)


def _faults(values: Mapping[str, str]) -> dict[str, str]:
    faults = {}
    if not values["description"]:
        faults["description"] = "no_description"
    positioned = bool(values["longitude"] or values["latitude"])
    if not values["place"] and not positioned:
        faults["place"] = "no_place"
    if positioned and read_position(values["longitude"], values["latitude"]) is None:
        faults["longitude"] = "odd_position"
    if values["phone"] and not _PHONE.fullmatch(values["phone"]):
        faults["phone"] = "odd_phone"
    return faults


def _cleaned(name: str, text: str) -> str:
    """A text without what no database or page can hold, never longer than the form lets it be."""
    if name != "description":
        return clean(text, LONGEST[name])
    lines = (clean(line, LONGEST[name]) for line in text[: 2 * LONGEST[name]].splitlines())
    return "\n".join(lines).strip()[: LONGEST[name]]


def _phone(text: str) -> str:
    """A number without what people put between its digits. Example: "０３７１-6269 0000" -> "037162690000"."""
    return re.sub(r"[\s().\-]", "", _plain(text))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)
