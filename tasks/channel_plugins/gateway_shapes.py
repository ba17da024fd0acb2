"""What a gateway for short messages or calls wants to hear and how it says yes: a YAML file a gateway."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

SHAPES = Path(__file__).parent / "shapes"

BODY_PLACES = frozenset(
    {"phone", "phone_e164", "title", "text", "link", "timestamp", "timestamp_ms", "nonce", "key_id"}
)
SIGNED_PLACES = frozenset({"method", "path", "timestamp", "timestamp_ms", "nonce", "key_id", "body"})
HEADER_PLACES = frozenset({"timestamp", "timestamp_ms", "nonce", "key_id", "signature"})
"""What each part of a shape may name, besides the values of the address; no message gets into a header."""

_PLACE = re.compile(r"\{(\w+)(?::(\d+))?\}")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


class ShapeUnreadable(Exception):
    """A shape that cannot be used; its message says what is wrong and what would be right."""


class Signing(BaseModel):
    """How a request is signed: HMAC-SHA256 of a text under the secret of the address."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = "{timestamp}\n{nonce}\n{body}"
    encoding: Literal["hex", "base64"] = "hex"


class Success(BaseModel):
    """Where the answer holds its code, and which code means yes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    field: str = Field(min_length=1, description="A path such as Response.SendStatusSet[0].Code.")
    equals: str | int | bool


class Shape(BaseModel):
    """One kind of gateway."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    body: Literal["json", "form"]
    fields: dict[str, JsonValue] = Field(min_length=1)
    headers: dict[str, str] = {}
    sign: Signing | None = None
    success: Success
    too_fast: dict[str, float] = Field(
        default={}, description="Codes that ask to slow down, and the seconds to wait after each."
    )
    longest: int = Field(default=300, ge=20, le=20_000, description="Characters {text} may have, link included.")


def read_shape(name: str) -> Shape:
    """A shape by its name in `shapes/`, or by the path of a YAML file.

    Raises: ShapeUnreadable.
    """
    path = Path(name) if "/" in name else SHAPES / f"{name}.yaml"
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError as error:
        shipped = ", ".join(sorted(file.stem for file in SHAPES.glob("*.yaml")))
        raise ShapeUnreadable(
            f"{name} cannot be read ({error.strerror}). Name one of {shipped}, or the path of a YAML file."
        ) from error


@lru_cache(maxsize=32)
def _read(path: Path, changed_at: int) -> Shape:
    try:
        return Shape.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ShapeUnreadable(f"{path.name} is no YAML in UTF-8.") from error
    except ValidationError as error:
        # Without the values: a shape may hold a header of its own that is secret.
        wrong = (f"{'.'.join(map(str, e['loc'])) or 'the file'}: {e['msg']}" for e in error.errors(include_input=False))
        raise ShapeUnreadable(f"{path.name} is no shape. {'; '.join(wrong)}. See docs/channels.md.") from error


def filled(template: JsonValue, values: Mapping[str, str], shorten: Callable[[str, int], str]) -> JsonValue:
    """A template with every {name} replaced once, {name:35} by at most so many characters; numbers stay.

    Example: {"minor": "{title:4}"} with the title "暴露垃圾在路口" -> {"minor": "暴露垃…"}.
    Raises: ShapeUnreadable for a name that has no value.
    """
    if isinstance(template, dict):
        return {key: filled(value, values, shorten) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(value, values, shorten) for value in template]
    return filled_text(template, values, shorten) if isinstance(template, str) else template


def filled_text(template: str, values: Mapping[str, str], shorten: Callable[[str, int], str]) -> str:
    """The same for one text."""

    def replaced(place: re.Match[str]) -> str:
        if place[1] not in values:
            raise ShapeUnreadable(f"{{{place[1]}}} has no value here. There are {', '.join(sorted(values))}.")
        value = values[place[1]]
        return shorten(value, int(place[2])) if place[2] else value

    return _PLACE.sub(replaced, template)


def found_at(path: str, answer: Any) -> Any:
    """What an answer holds at a path; None where there is nothing.

    Example: found_at("Set[0].Code", {"Set": [{"Code": "Ok"}]}) -> "Ok".
    """
    for name, index in _STEP.findall(path):
        try:
            answer = answer[name] if name else answer[int(index)]
        except (KeyError, IndexError, TypeError):
            return None
    return answer
