"""All subclasses with their filing conditions to pick from, written once for each edition of a city."""

from functools import lru_cache

from markupsafe import Markup

from models.city import City
from tasks.wording import clean, limit_words
from tasks.words import Language

LONGEST_WORDING = 36
"""Characters of a condition in the list; the whole wording stands on the case."""

_OPTION = Markup('<option value="{}/{}">{} {} · {}（{}）</option>')
_GROUP = Markup('<optgroup label="{}">{}</optgroup>')


@lru_cache(maxsize=4)
def condition_options(city: City, language: Language) -> Markup:
    """The options of a picking field, grouped by major class. Example of a value: E0110/1."""
    groups: dict[str, list[Markup]] = {}
    for subclass in city.catalogue.subclasses.values():
        for condition in subclass.conditions:
            wording = clean(condition.wording, LONGEST_WORDING)
            limit = limit_words(str(condition.limit), language)
            option = _OPTION.format(subclass.code, condition.number, subclass.code, subclass.minor, wording, limit)
            groups.setdefault(subclass.major, []).append(option)
    return Markup("").join(_GROUP.format(major, Markup("").join(options)) for major, options in groups.items())
