"""Each example of docs/open311.md is run, and gives the answer that stands below it."""

import json
import re
import shlex
from pathlib import Path
from urllib.parse import quote_plus, urlsplit

from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import Engine

from tests.desk.open311_program import a_key

PAGE = Path(__file__).parents[2] / "docs" / "open311.md"
EXAMPLE = re.compile(r"```sh\n(curl .+?)\n```\n\n```(json|xml)\n(.+?)\n```", re.DOTALL)


def test_the_examples_of_the_page_give_the_answers_that_stand_there(client: TestClient, sqlite_engine: Engine) -> None:
    key = a_key(sqlite_engine)
    examples = EXAMPLE.findall(PAGE.read_text("utf-8"))
    assert len(examples) == 8
    for command, kind, told in examples:
        answer = curl(client, command.replace("$KEY", key))
        if kind == "json":
            assert answer.json() == json.loads(told), command
        else:
            assert flat(answer.text) == flat(told), command


def curl(client: TestClient, command: str) -> Response:
    """What curl would be answered. Only the options of the page are known here."""
    words = iter(shlex.split(command.replace("\\\n", " "))[1:])
    url, fields = next(words), []
    for option in words:
        value = next(words)
        name, _, text = value.partition("=")
        if option == "--data-urlencode":
            fields.append(f"{name}={quote_plus(text)}")
        elif option == "-d":
            fields.append(value)
        else:
            raise ValueError(f"{option} of {command}")
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}"
    if not fields:
        got: Response = client.get(path)
        return got
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    sent: Response = client.post(path, content="&".join(fields), headers=form)
    return sent


def flat(xml: str) -> str:
    """XML as it is sent: without the line breaks a page puts in for its readers."""
    return re.sub(r"(?<=>)\s+(?=<)", "", xml.strip())
