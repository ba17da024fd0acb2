"""The citizen's form as its template shows it: fields, classes to choose from, areas, the map."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fastapi import Request
from fastapi.responses import HTMLResponse

from desk.context import Desk
from desk.form_token import FormToken
from desk.pages import page
from desk.protection import HEADERS
from desk.public_typed import HONEYPOT, LONGEST, TypedReport
from models.catalogue import Subclass
from models.city import Area, City
from models.picture_rules import LIMITS
from tasks.public_classes import find_subclasses, names_of
from tasks.public_settings import PublicSettings

NARROWEST_AREA = 12
"""Digits of a community's or village's code: nobody but an inspector knows the grids below."""

_TOWN = 9
_ZOOM = 13


@dataclass(frozen=True, slots=True)
class ClassGroup:
    """Subclasses of one major class."""

    title: str
    choices: tuple[tuple[str, str], ...]
    """(code, name)"""


@dataclass(frozen=True, slots=True)
class ClassChoices:
    """What there is to choose from."""

    groups: tuple[ClassGroup, ...]
    folded: bool
    """All of the catalogue: one major class is opened at a time."""
    nothing_found: bool


@dataclass(frozen=True, slots=True)
class AreaGroup:
    """A street or township with its communities and villages."""

    code: str
    name: str
    below: tuple[Area, ...]


@dataclass(frozen=True, slots=True)
class MapView:
    """What the map's script is told."""

    tiles: str
    attribution: str
    longitude: str
    latitude: str
    zoom: int = _ZOOM


@dataclass(frozen=True, slots=True)
class Drawn:
    """One drawing of the form: when, and its token."""

    issued: str
    token: FormToken


@dataclass(frozen=True, slots=True)
class ShownForm:
    """How the form came to be shown: empty, after a search, or with what is wrong."""

    drawn: Drawn
    typed: TypedReport
    told: Mapping[str, str] = field(default_factory=dict)
    """Field -> code of what is wrong, where the reader should be told."""
    pictures_refused: tuple[str, ...] = ()
    """Why pictures were not taken, in the reader's words."""
    pictures_lost: bool = False
    """Pictures were chosen and a browser does not keep them: they must be chosen again."""
    browse: bool = False


def form_page(desk: Desk, request: Request, city: City, shown: ShownForm, status: int = 200) -> HTMLResponse:
    """The page with the form."""
    shown_map = _map(desk.public)
    answer = page(
        request,
        "public_form.html",
        status,
        city=city,
        form=shown,
        values=shown.typed.values,
        classes=class_choices(city, shown.typed.values, browse=shown.browse),
        names=names_of(city.catalogue),
        areas=_areas(city),
        longest=LONGEST,
        honeypot=HONEYPOT,
        most_pictures=LIMITS.pictures,
        map=shown_map,
    )
    if shown_map:
        answer.headers["Content-Security-Policy"] = policy_with_map(desk.public)
    return answer


def policy_with_map(rules: PublicSettings) -> str:
    """The page's policy with our own scripts and the pictures of the map's one host let in."""
    policy = HEADERS["Content-Security-Policy"]
    return f"{policy.replace('data:', f'data: {rules.map_origin}')}; script-src 'self'"


def class_choices(city: City, values: Mapping[str, str], *, browse: bool) -> ClassChoices:
    """The subclasses to choose from: what a search found, or all; what is chosen already always among them."""
    subclasses = city.catalogue.subclasses
    found = find_subclasses(city.catalogue, values["find"])
    nothing_found = bool(values["find"]) and not found
    everything = nothing_found or (browse and not found)
    if everything:
        found = tuple(subclasses.values())
    chosen = subclasses.get(values["class"])
    groups = _grouped((chosen, *found) if chosen and chosen not in found else found)
    return ClassChoices(groups, folded=everything, nothing_found=nothing_found)


def _grouped(found: Iterable[Subclass]) -> tuple[ClassGroup, ...]:
    """By major class, in the order in which each first appears."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for subclass in found:
        groups.setdefault(subclass.major, []).append((subclass.code, subclass.minor))
    return tuple(ClassGroup(title, tuple(choices)) for title, choices in groups.items())


def _areas(city: City) -> tuple[AreaGroup, ...]:
    """Streets and townships with what lies below them, in the directory's order."""
    below: dict[str, list[Area]] = {}
    for area in city.areas.values():
        if _TOWN < len(area.code) <= NARROWEST_AREA:
            below.setdefault(area.code[:_TOWN], []).append(area)
    towns = (area for area in city.areas.values() if len(area.code) == _TOWN)
    return tuple(AreaGroup(town.code, town.name, tuple(below.get(town.code, ()))) for town in towns)


def _map(rules: PublicSettings) -> MapView | None:
    if not rules.map_tiles:
        return None
    longitude, latitude = rules.map_centre.split(",")
    return MapView(rules.map_tiles, rules.map_attribution, longitude, latitude)
