"""A program that speaks Open311 with the desk."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import Engine

from tasks.database import transaction
from tasks.open311_keys import issue_key
from tests.stored_cases import at

BASE = "/open311/v2"
SMOKE: Mapping[str, str] = {
    "service_code": "E0110",
    "lat": "34.395610",
    "long": "113.740210",
    "address_string": "新华路与人民路交叉口东北角",
    "description": "饭店油烟直排，联系138 0000 0000",
}
"""A whole service request of the small city."""


def a_key(engine: Engine, name: str = "随手拍") -> str:
    """A key in force."""
    with transaction(engine) as connection:
        key = issue_key(connection, name, "admin", at("2019-05-01 08:00"))
    if not isinstance(key, str):
        raise AssertionError(f"no key: {key}")
    return key


@dataclass
class Program:
    """One program with its key."""

    client: TestClient
    key: str = field(repr=False)

    def asks(self, path: str, **query: Any) -> Response:
        """GET below /open311/v2."""
        answer: Response = self.client.get(f"{BASE}/{path}", params=query)
        return answer

    def posts(self, form: str = "json", **changes: str) -> Response:
        """The usual service request, changed; a field set to nothing is as good as not sent."""
        answer: Response = self.client.post(f"{BASE}/requests.{form}", data={"api_key": self.key, **SMOKE, **changes})
        return answer

    def told(self, receipt: str, **query: Any) -> dict[str, Any]:
        """How a service request stands."""
        found = self.asks(f"requests/{receipt}.json", **query).json()
        return dict(found[0])
