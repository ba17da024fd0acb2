"""What the desk says of its own addresses is whole and true: any call gets an answer that is described there."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as bounds
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.python.asgi import get_client
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import Engine

from desk.api_page import document_of
from desk.app import create_app
from models.city import City
from tasks.access_settings import AccessSettings
from tasks.lifecycle import move_cases
from tasks.message_settings import MessageSettings
from tasks.settings import Settings
from tests.desk.conftest import NOW, QuietEngine
from tests.desk.insiders import Insider, Insiders
from tests.stored_cases import at, reports_taken_in

CHECKS = [
    not_a_server_error,  # the first, because /ready says 503 where something is not ready
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]

EXAMPLES = 5
"""Calls of each kind for each address: some 500 in all."""


@pytest.fixture
def app(settings: Settings, sqlite_engine: Engine, city: City) -> FastAPI:
    """A desk over a few cases that lets one address call as often as it likes."""
    reports_taken_in(sqlite_engine, city, 3, at("2019-05-06 08:00"))
    reports_taken_in(sqlite_engine, city, 2, at("2019-05-06 08:01"), source="citizen")
    move_cases(sqlite_engine, now=at("2019-05-06 08:02"))
    often = AccessSettings(open311_per_client=100_000, open311_per_key=100_000, asks_per_client=10_000)
    return create_app(settings, sqlite_engine, MessageSettings(), lambda: NOW, lambda _: QuietEngine(), often)


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_every_address_is_described_with_what_it_takes_and_gives(app: FastAPI, client: TestClient) -> None:
    document = document_of(app)
    described = {(method, path) for method, path, _ in operations(document)}
    assert len(described) > 30
    assert {path for path in client.get("/openapi.json").json()["paths"]} == {path for _, path in described}
    for method, path, operation in operations(document):
        assert operation["tags"][0] in {"Open311", "Water", "Monitoring", "Description", "Pages"}, path
        assert operation["description"], f"{method} {path} has no docstring"
        good = [answer for status, answer in operation["responses"].items() if status[0] in "23"]
        assert good, path
        assert "HTTPValidationError" not in str(operation), path
        if method == "post":
            assert "requestBody" in operation, path


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_lists_all_of_it_without_a_script(client: TestClient, language: str) -> None:
    page = client.get(f"/docs?lang={language}").text
    document = client.get("/openapi.json").json()
    for _, path, operation in operations(document):
        assert f"<code>{path}</code>" in page
        assert page.count(f'id="{operation["operationId"]}"') == 1
    for status in ("200", "303", "400", "403", "404", "413", "429"):
        assert f"<b>{status}</b>" in page
    assert ("接口说明" if language == "zh" else "What this desk answers") in page
    assert "<script" not in page
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    assert len(page.encode()) < 180_000


@pytest.mark.untraced
def test_whatever_is_sent_gets_an_answer_that_is_described(
    app: FastAPI, settings: Settings, sqlite_engine: Engine, city: City
) -> None:
    """Well-formed and malformed calls for each address, from strangers and from those who may; the same each time."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    insiders = Insiders(settings, sqlite_engine, city)
    wrong: list[str] = []
    with get_client(cast(Any, app)) as browser:
        for result in schema.get_all_operations():
            operation: Any = cast(Any, result).ok()
            modes = [GenerationMode.POSITIVE]
            if can_be_malformed(document_of(app)["paths"][operation.path][operation.method]):
                modes.append(GenerationMode.NEGATIVE)
            insider = insiders.of(operation.path)
            for mode in modes:
                wrong += calls(browser, operation, mode, Insider())
                if insider.is_known and (mode is GenerationMode.POSITIVE or insider.api_key):
                    wrong += calls(browser, operation, mode, insider)
    assert wrong == []


def can_be_malformed(operation: Mapping[str, Any]) -> bool:
    """Whether there is a call that does not fit the description: any text is a well-formed link, so not for all."""
    bounded = [each for each in operation.get("parameters", ()) if each["schema"].keys() - {"type", "title"}]
    return bool(bounded) or "requestBody" in operation


def calls(browser: Any, operation: Any, mode: GenerationMode, caller: Insider) -> list[str]:
    """Makes some calls of one address; what was not as described."""

    @bounds(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode))
    def call(case: Any) -> None:
        case.path_parameters = {**(case.path_parameters or {}), **caller.parts}
        case.body = caller.fills_in(case.body)
        browser.cookies.clear()
        checks = CHECKS[operation.path == "/ready" :]
        case.call_and_validate(checks=checks, session=browser, cookies=dict(caller.cookies))

    try:
        call()
    except FailureGroup as failures:
        return [f"{operation.label}: {failure}" for failure in failures.exceptions]
    return []
