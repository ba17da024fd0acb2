"""Refusals into sentences: one text per code and language in `templates/refusals.yaml` and the files beside it."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml
from jinja2 import Environment, Undefined, pass_context
from jinja2.runtime import Context

from models.city import City
from tasks.template_environment import text_environment
from tasks.wording import clean
from tasks.words import TEMPLATES, Language


def render_refusal(code: str, facts: Mapping[str, Any], language: Language, city: City | None = None) -> str:
    """The sentence that tells a person why not, and what is possible instead.

    With a city, units and posts are called by their names and moments are shown in its zone.
    Example: render_refusal("hand_back_cap", {"hand_backs": 3}, "en") -> "The case was handed back 3 times and …".
    A code without a text is shown as it is, with its facts, so that nothing is ever swallowed.
    """
    source = _sources().get(code)
    if source is None:
        return f"{code}: {', '.join(f'{name}={_shown(value)}' for name, value in sorted(facts.items()))}".rstrip(": ")
    known = {name: clean(value) if isinstance(value, str) else value for name, value in facts.items()}
    zone = city.zone if city else None
    context = {**known, "language": language, "zone": zone, "said_at": None, "city": city}
    return _environment().from_string(source[language]).render(context)


def refusal_codes() -> frozenset[str]:
    """Every code that has a text."""
    return frozenset(_sources())


def _shown(value: object) -> str:
    return clean(str(value), 60)


@cache
def _sources() -> Mapping[str, Mapping[Language, str]]:
    found: dict[str, dict[Language, str]] = {}
    for file in sorted(TEMPLATES.glob("refusals*.yaml")):
        found |= yaml.safe_load(file.read_text("utf-8"))
    return found


@cache
def _environment() -> Environment:
    # Which facts a refusal carries is its rule's choice, so a missing one is empty here and no error.
    environment = text_environment(None, Undefined)
    environment.filters["named"] = _named
    environment.filters["duty_place"] = _duty_place
    return environment


@pass_context
def _named(context: Context, code: str | list[str]) -> str:
    """The name of a unit, post or area, where the city is at hand; the names of several."""
    city: City | None = context["city"]
    if isinstance(code, list):
        return ("、" if context["language"] == "zh" else ", ").join(_named(context, one) for one in code)
    if city is None:
        return code
    found = city.units.get(code) or city.posts.get(code) or city.areas.get(code)
    return found.name if found else code


@pass_context
def _duty_place(context: Context, code: str) -> str:
    """The name of a place in the duty room."""
    city: City | None = context["city"]
    found = city.duty.place(code) if city and city.duty else None
    if found is None:
        return code
    return found.name if context["language"] == "zh" else found.english_name
