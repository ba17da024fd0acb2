"""Readings are pulled from the addresses of those who publish them: HTTP, JSON, one list of rows."""

import json
from collections.abc import Mapping
from typing import Any

import httpx

from models.city import City
from models.raw_row import RawRow
from models.water_source import WaterSource
from tasks.water_intake import row_of

SECONDS = 10.0
"""How long a source may take; it is asked again a minute later."""

LARGEST_ANSWER = 8_000_000
"""Bytes; some thousand stations have a tenth of it."""


class PullFailed(Exception):
    """A source that could not be asked, or answered with something that is no list of rows."""

    def __init__(self, source: str, why: str) -> None:
        super().__init__(source, why)
        self.source, self.why = source, why

    def __str__(self) -> str:
        return f"{self.source}: {self.why}"


def sources_to_pull(city: City) -> list[WaterSource]:
    """The sources of the city that have an address."""
    return [source for source in city.water_sources.values() if source.url is not None]


def pull(source: WaterSource, environ: Mapping[str, str], client: httpx.Client | None = None) -> list[RawRow]:
    """The rows a source publishes now.

    Raises: PullFailed; its text never holds the address, which may hold a token.
    """
    variable = (source.url or "").removeprefix("env:")
    address = environ.get(variable, "").strip()
    if not address.startswith(("http://", "https://")):
        raise PullFailed(source.name, f"the environment variable {variable} holds no address with http:// or https://")
    own = client or httpx.Client(timeout=SECONDS, follow_redirects=False)
    try:
        content = json.loads(_answer(own, source.name, address), parse_float=str, parse_int=str, parse_constant=str)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise PullFailed(source.name, f"it could not be asked: {type(error).__name__}") from error
    except (ValueError, RecursionError) as error:
        raise PullFailed(source.name, "its answer is no JSON") from error
    finally:
        if client is None:
            own.close()
    return _rows(source, content)


def _answer(client: httpx.Client, name: str, address: str) -> bytes:
    with client.stream("GET", address, headers={"Accept": "application/json"}) as answer:
        if answer.status_code != httpx.codes.OK:
            raise PullFailed(name, f"it answered with status {answer.status_code}")
        body = b""
        for piece in answer.iter_bytes():
            body += piece
            if len(body) > LARGEST_ANSWER:
                raise PullFailed(name, f"its answer is longer than {LARGEST_ANSWER:,} bytes")
        return body


def _rows(source: WaterSource, content: Any) -> list[RawRow]:
    for step in source.records:
        content = content.get(step) if isinstance(content, dict) else None
    if not isinstance(content, list):
        where = ".".join(source.records) or "its uppermost level"
        raise PullFailed(source.name, f"there is no list at {where}")
    return [row_of(number, values) for number, values in enumerate(content, 1)]
