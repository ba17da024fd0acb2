"""What made-up reports are made of, from `templates/sample.yaml`: shares, hours, classes, roads, phrases."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from tasks.words import TEMPLATES


@dataclass(frozen=True, slots=True)
class Ingredients:
    """The file's content; its comments say what each means."""

    sources: Mapping[str, float]
    patrol_hours: tuple[float, ...]
    public_hours: tuple[float, ...]
    weekdays: tuple[float, ...]
    classes: Mapping[str, float]
    roads: tuple[str, ...]
    spots: tuple[str, ...]
    sides: tuple[str, ...]
    phrases: Mapping[str, tuple[str, ...]]
    no_class: tuple[str, ...]
    no_place: str
    names: tuple[str, ...]
    reasons: Mapping[str, str]


@cache
def ingredients() -> Ingredients:
    """The ingredients, read once."""
    found: dict[str, Any] = yaml.safe_load((TEMPLATES / "sample.yaml").read_text("utf-8"))
    found["phrases"] = {source: tuple(texts) for source, texts in found["phrases"].items()}
    for name, value in found.items():
        found[name] = tuple(value) if isinstance(value, list) else value
    return Ingredients(**found)
