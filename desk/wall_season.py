"""The strip of the flood season on the wall, in one language."""

from dataclasses import dataclass
from os.path import commonprefix

from desk.pages import form_word
from models.city import City
from tasks.season_figures import PlaceNow, SeasonFigures
from tasks.words import Language, word

MOST_WARNINGS = 3


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """One place of the duty room."""

    place: str
    name: str
    said: str
    look: str
    """good, late or empty."""


@dataclass(frozen=True, slots=True)
class SeasonStrip:
    """What the strip says."""

    places: tuple[PlaceLine, ...]
    warnings: tuple[tuple[str, str], ...]
    """Severity as a code, and the words."""
    more: str
    count: int
    silent: int
    called: int
    unreached: int


def season_strip(figures: SeasonFigures | None, city: City, language: Language) -> SeasonStrip | None:
    """The strip; None where the city has nothing of a flood season."""
    if figures is None:
        return None
    # Names of one duty room all begin with the room: what tells them apart stands at their end.
    names = [post.name for one in figures.places if (post := city.posts.get(one.post or "")) is not None]
    begin = commonprefix(names) if len(names) > 1 else ""  # noqa: RUF071 - names, no paths
    rest = len(figures.warnings) - MOST_WARNINGS
    return SeasonStrip(
        tuple(_place(one, city, begin, language) for one in figures.places),
        tuple(
            (
                severity.value,
                f"{word('severity', severity, language)} {city.areas[area].name if area in city.areas else area}",
            )
            for severity, area in figures.warnings[:MOST_WARNINGS]
        ),
        form_word("wall_season", "more", language).format(count=rest) if rest > 0 else "",
        len(figures.warnings),
        figures.silent,
        figures.called,
        figures.unreached,
    )


def _place(one: PlaceNow, city: City, begin: str, language: Language) -> PlaceLine:
    place = city.duty.place(one.place) if city.duty else None
    named = (place.name if language == "zh" else place.english_name or place.name) if place else one.place
    post = city.posts.get(one.post or "")
    name = post.name if post else one.post or form_word("wall_season", "gap", language)
    code = "vacant" if one.vacant or one.post is None else "signed_in" if one.signed_in else "not_signed_in"
    look = "good" if one.signed_in else "late" if code == "vacant" or one.late else ""
    return PlaceLine(named, name.removeprefix(begin), form_word("wall_season", code, language), look)
