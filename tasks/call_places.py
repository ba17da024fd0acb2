"""What the places of calls are called, and the duties in their chains."""

from models.city import City
from tasks.words import Language, city_words, word


def place_name(city: City, subject: str, language: Language) -> str:
    """The name of an area or a place, or its code where the city does not know it any more."""
    place = city.calls.place(subject) if city.calls else None
    if place is not None:
        return place.english_name if language == "en" else place.name
    area = city.areas.get(subject)
    return area.name if area is not None else subject


def is_place(city: City, subject: str) -> bool:
    """Whether the city knows an area, or a place of its calls, with this code."""
    return subject in city.areas or bool(city.calls and city.calls.place(subject))


def duty_name(duty: str, language: Language) -> str:
    """For what somebody is called: a duty of the chain, the leader on duty, or the role to which a silence climbed."""
    return word("call_duty" if duty in city_words().codes("call_duty") else "role", duty, language)
